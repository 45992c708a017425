//! Reading a calendar, and saying what is wrong with one and where.

use super::{Begin, Calendar, STAGES, Stage, State, Table};
use crate::day::Day;
use toml::{Table as Toml, Value};

/// Bytes of a document.
const DOCUMENT_BYTES_MAX: usize = 192 << 10;
/// Ten years.
const DAYS_MAX: i64 = 3653;
/// Most numbers of an identity that a limit may be.
const LIMIT_MAX: i64 = 1000;
/// Characters of a value that an error shows.
const SHOWN_CHARS_MAX: usize = 40;

/// Why a calendar is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Longer than any document need be.
    #[error("it has {0} bytes; at most {DOCUMENT_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not TOML; line and column stand in the words.
    #[error("it is not TOML: {0}")]
    Syntax(String),
    /// A place that breaks a rule.
    #[error("{place}: {rule}")]
    Place {
        /// The table and key, as `[operator.xl.stages.data] on`.
        place: String,
        /// What it must be.
        rule: String,
    },
}

fn wrong<T>(place: &str, rule: impl Into<String>) -> Result<T, CalendarError> {
    Err(CalendarError::Place { place: place.to_owned(), rule: rule.into() })
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(SHOWN_CHARS_MAX).collect()
}

/// Reads and checks a whole document.
pub(super) fn document(text: &str) -> Result<Calendar, CalendarError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(CalendarError::TooLong(text.len()));
    }
    let mut toml: Toml = text.parse().map_err(|error: toml::de::Error| {
        CalendarError::Syntax(error.to_string().trim_end().chars().take(400).collect())
    })?;
    let mut calendar = Calendar::default();
    if let Some(limit) = toml.remove("limit") {
        calendar.limit = Some(number("limit", &limit, 1, LIMIT_MAX)? as u32);
    }
    for (name, value) in tables("operator", toml.remove("operator"))? {
        let place = format!("operator.{name}");
        let mut table = as_table(&place, value)?;
        check_name(&place, &name, "an operator")?;
        for (city, value) in tables(&format!("{place}.city"), table.remove("city"))? {
            let place = format!("{place}.city.{city}");
            check_name(&place, &city, "a city")?;
            calendar.both.insert((name.clone(), city), read_table(&place, as_table(&place, value)?)?);
        }
        calendar.operators.insert(name, read_table(&place, table)?);
    }
    for (name, value) in tables("city", toml.remove("city"))? {
        let place = format!("city.{name}");
        check_name(&place, &name, "a city")?;
        calendar.cities.insert(name, read_table(&place, as_table(&place, value)?)?);
    }
    calendar.national = read_table("", toml)?;
    check_order(&calendar)?;
    Ok(calendar)
}

fn as_table(place: &str, value: Value) -> Result<Toml, CalendarError> {
    match value {
        Value::Table(table) => Ok(table),
        other => wrong(&format!("[{place}]"), format!("a table stands here, and not {}", shown(&other))),
    }
}

fn tables(place: &str, value: Option<Value>) -> Result<Toml, CalendarError> {
    value.map_or_else(|| Ok(Toml::new()), |value| as_table(place, value))
}

/// A name as lists have it.
pub(in crate::registration) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

fn check_name(place: &str, name: &str, what: &str) -> Result<(), CalendarError> {
    if is_name(name) {
        Ok(())
    } else {
        wrong(&format!("[{place}]"), format!("{what} is 1 to 32 of a-z, 0-9, - _ and ."))
    }
}

fn read_table(place: &str, toml: Toml) -> Result<Table, CalendarError> {
    let mut table = Table::default();
    for (key, value) in toml {
        let at = if place.is_empty() { key.clone() } else { format!("[{place}] {key}") };
        match key.as_str() {
            "states" => table.states = Some(states(&at, &value)?),
            "grace_days" => table.grace_days = Some(number(&at, &value, 0, DAYS_MAX)? as u16),
            "extension_days" => table.extension_days = Some(number(&at, &value, 0, DAYS_MAX)? as u16),
            "stages" => {
                let place = if place.is_empty() { "stages".to_owned() } else { format!("{place}.stages") };
                for (name, value) in as_table(&place, value)? {
                    let place = format!("{place}.{name}");
                    let nth = STAGES.iter().position(|stage| stage.name() == name);
                    let Some(nth) = nth else {
                        return wrong(&format!("[{place}]"), "stages are outgoing, incoming, data and total");
                    };
                    table.stages[nth] = Some(begin(&place, as_table(&place, value)?)?);
                }
            }
            _ => {
                let known = "known are limit (once), states, grace_days, extension_days, [stages.NAME], \
                             [operator.NAME], [city.NAME] and [operator.NAME.city.NAME]";
                return wrong(&at, format!("there is no such key here; {known}"));
            }
        }
    }
    Ok(table)
}

fn states(place: &str, value: &Value) -> Result<Vec<State>, CalendarError> {
    let Value::Array(values) = value else { return wrong(place, "a list of states stands here") };
    let state = |value: &Value| match value.as_str().and_then(|name| name.parse::<State>().ok()) {
        Some(State::Registered | State::Withdrawn) | None => {
            wrong(place, format!("{} is not one of unregistered, kk-mismatch, nik-inactive", shown(value)))
        }
        Some(state) => Ok(state),
    };
    values.iter().map(state).collect()
}

fn begin(place: &str, toml: Toml) -> Result<Option<Begin>, CalendarError> {
    let (mut begin, mut never) = (Begin { on: None, after_days: None }, false);
    for (key, value) in toml {
        let at = format!("[{place}] {key}");
        match (key.as_str(), &value) {
            ("on", value) => begin.on = Some(day(&at, value)?),
            ("after_days", value) => begin.after_days = Some(number(&at, value, 0, DAYS_MAX)? as u16),
            ("never", Value::Boolean(true)) => never = true,
            _ => return wrong(&at, "write on = \"YYYY-MM-DD\", after_days = N, or never = true"),
        }
    }
    match (begin, never) {
        (Begin { on: None, after_days: None }, true) => Ok(None),
        (Begin { on: None, after_days: None }, false) => {
            wrong(&format!("[{place}]"), "it names no day: on, after_days or never")
        }
        (_, true) => wrong(&format!("[{place}]"), "never stands alone"),
        (begin, false) => Ok(Some(begin)),
    }
}

fn day(place: &str, value: &Value) -> Result<Day, CalendarError> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(date) => date.to_string(),
        other => shown(other),
    };
    text.parse().or_else(|error: crate::day::DayError| wrong(place, error.to_string()))
}

fn number(place: &str, value: &Value, from: i64, to: i64) -> Result<i64, CalendarError> {
    match value.as_integer() {
        Some(number) if (from..=to).contains(&number) => Ok(number),
        _ => wrong(place, format!("{} is not a number from {from} to {to}", shown(value))),
    }
}

/// Later stages never begin before earlier ones by the same kind of day.
fn check_order(calendar: &Calendar) -> Result<(), CalendarError> {
    let named = calendar.both.keys().map(|(operator, city)| (operator.as_str(), city.as_str()));
    let operators = calendar.operators.keys().map(|operator| (operator.as_str(), ""));
    let cities = calendar.cities.keys().map(|city| ("", city.as_str()));
    // A city's table meets every operator's.
    let met = calendar
        .operators
        .keys()
        .flat_map(|operator| calendar.cities.keys().map(move |city| (operator.as_str(), city.as_str())));
    for (operator, city) in [("", "")].into_iter().chain(operators).chain(cities).chain(met).chain(named) {
        let begins = calendar.rule(operator, city).begins;
        let (mut on, mut after): (Option<(Day, Stage)>, Option<(u16, Stage)>) = (None, None);
        for (begin, stage) in begins.iter().zip(STAGES) {
            let Some(begin) = begin else { continue };
            let place = match (operator, city) {
                ("", "") => format!("[stages.{stage}]"),
                (_, "") => format!("[stages.{stage}] as it holds for operator {operator}"),
                ("", _) => format!("[stages.{stage}] as it holds for city {city}"),
                _ => format!("[stages.{stage}] as it holds for operator {operator} in city {city}"),
            };
            if let (Some(day), Some((before, earlier))) = (begin.on, on)
                && day < before
            {
                return wrong(&place, format!("on = {day} lies before that of {earlier}, {before}"));
            }
            if let (Some(days), Some((before, earlier))) = (begin.after_days, after)
                && days < before
            {
                return wrong(&place, format!("after_days = {days} is less than that of {earlier}, {before}"));
            }
            on = begin.on.map(|day| (day, stage)).or(on);
            after = begin.after_days.map(|days| (days, stage)).or(after);
        }
    }
    Ok(())
}
