//! Reading a settings document, and saying what is wrong with one.

use super::{
    Key, Settings, Value, Values,
    key::{Allowed, TOURIST_DAYS_MAX},
};
use std::collections::BTreeMap;
use toml::{Table, Value as Toml};

/// Why a settings document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Longer than any document need be.
    #[error("the settings have {bytes} bytes; at most {} are read: leave out comments", Settings::SIZE_BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not TOML.
    #[error("the settings are not TOML: {message}")]
    Syntax {
        /// The parser's words, with line and column.
        message: String,
    },
    /// A table that settings do not have, or a value in a table's place.
    #[error("{name:?} is not a table of the settings; known are: [national], [bounds], [operator.NAME]")]
    Table {
        /// Its name.
        name: String,
    },
    /// A key that there is not.
    #[error("[{table}] {key}: there is no such setting here; known are: {known}")]
    UnknownKey {
        /// Where.
        table: String,
        /// The key.
        key: String,
        /// Keys that may stand there.
        known: String,
    },
    /// A value that the key may not have.
    #[error("[{table}] {key} = {value}: not allowed; write {allowed}")]
    Value {
        /// Where.
        table: String,
        /// The key.
        key: Key,
        /// The value as written, cut after 40 characters.
        value: String,
        /// What may be written.
        allowed: String,
    },
    /// An operator's choice that the regulator has not opened.
    #[error(
        "[operator.{operator}] {key} = {value}: outside the regulator's bound ({bound}); choose a value of the bound, or have the regulator change [bounds] {key}"
    )]
    Bound {
        /// The operator.
        operator: String,
        /// The key.
        key: Key,
        /// The operator's choice.
        value: Value,
        /// What the operator may choose.
        bound: String,
    },
    /// A name that no operator may have.
    #[error("{name:?} is not an operator's name: write 1 to 32 of a-z, 0-9, - and _")]
    OperatorName {
        /// The name, cut after 40 characters.
        name: String,
    },
    /// More operators than are allowed.
    #[error("{count} operators have settings of their own; at most {} may", Settings::OPERATORS_MAX)]
    TooManyOperators {
        /// How many.
        count: usize,
    },
    /// Enforcement before the cut-off.
    #[error("[national] grandfathered_enforcement lies before grandfathered_cutoff: make it that day or a later one")]
    EnforcementBeforeCutoff,
}

/// Reads and checks a whole document.
pub(super) fn document(text: &str) -> Result<Settings, SettingsError> {
    if text.len() > Settings::SIZE_BYTES_MAX {
        return Err(SettingsError::TooLong { bytes: text.len() });
    }
    let mut document: Table = text.parse().map_err(|error: toml::de::Error| SettingsError::Syntax {
        message: cut(error.to_string().trim_end(), MESSAGE_CHARS_MAX),
    })?;
    let national = table(&mut document, "national")?;
    let bounds = table(&mut document, "bounds")?;
    let operators = table(&mut document, "operator")?;
    if let Some(name) = document.keys().next() {
        return Err(SettingsError::Table { name: shown(name) });
    }
    let settings = Settings::new(values("national", &national)?, read_bounds(&bounds)?, read_operators(operators)?);
    check_bounds(&settings)?;
    let policy = settings.policy(None);
    if policy.grandfathered_enforcement < policy.grandfathered_cutoff {
        return Err(SettingsError::EnforcementBeforeCutoff);
    }
    Ok(settings)
}

fn table(document: &mut Table, name: &str) -> Result<Table, SettingsError> {
    match document.remove(name) {
        None => Ok(Table::new()),
        Some(Toml::Table(table)) => Ok(table),
        Some(_) => Err(SettingsError::Table { name: name.to_owned() }),
    }
}

fn values(name: &str, table: &Table) -> Result<Values, SettingsError> {
    let read = |(text, value): (&String, &Toml)| {
        let key = key(name, text, Key::ALL)?;
        Ok((key, read_value(name, key, value)?))
    };
    table.iter().map(read).collect()
}

fn key(table: &str, text: &str, known: &[Key]) -> Result<Key, SettingsError> {
    Key::from_name(text).filter(|key| known.contains(key)).ok_or_else(|| SettingsError::UnknownKey {
        table: table.to_owned(),
        key: shown(text),
        known: known.iter().map(|key| key.name()).collect::<Vec<_>>().join(", "),
    })
}

fn read_value(table: &str, key: Key, value: &Toml) -> Result<Value, SettingsError> {
    let read = match (key.allowed(), value) {
        (Allowed::Words(words), Toml::String(text)) => words.iter().copied().find(|word| word.to_string() == *text),
        (Allowed::Day, Toml::String(text)) => text.parse().ok().map(Value::Day),
        (Allowed::Day, Toml::Datetime(date)) => date.to_string().parse().ok().map(Value::Day),
        (Allowed::Days, Toml::Integer(days)) => {
            u16::try_from(*days).ok().filter(|days| (1..=TOURIST_DAYS_MAX).contains(days)).map(Value::Days)
        }
        (Allowed::Flag, Toml::Boolean(flag)) => Some(Value::Flag(*flag)),
        _ => None,
    };
    read.ok_or_else(|| SettingsError::Value {
        table: table.to_owned(),
        key,
        value: shown(&value.to_string()),
        allowed: allowed(key),
    })
}

fn allowed(key: Key) -> String {
    match key.allowed() {
        Allowed::Words(words) => words.iter().map(Value::toml).collect::<Vec<_>>().join(" or "),
        Allowed::Day => "a date, for example 2020-04-18".to_owned(),
        Allowed::Days => format!("a whole number of days from 1 to {TOURIST_DAYS_MAX}"),
        Allowed::Flag => "true or false".to_owned(),
    }
}

/// Bounds are lists of words, so only settings that have words can be opened to operators.
fn read_bounds(table: &Table) -> Result<BTreeMap<Key, Vec<Value>>, SettingsError> {
    let open: Vec<Key> = Key::ALL.iter().copied().filter(|key| matches!(key.allowed(), Allowed::Words(_))).collect();
    let read = |(text, value): (&String, &Toml)| {
        let key = key("bounds", text, &open)?;
        let Toml::Array(list) = value else {
            return Err(SettingsError::Value {
                table: "bounds".to_owned(),
                key,
                value: shown(&value.to_string()),
                allowed: format!("a list of {}; an empty one for none", allowed(key)),
            });
        };
        let mut bound = list.iter().map(|value| read_value("bounds", key, value)).collect::<Result<Vec<_>, _>>()?;
        bound.sort_unstable();
        bound.dedup();
        Ok((key, bound))
    };
    table.iter().map(read).collect()
}

fn read_operators(tables: Table) -> Result<BTreeMap<String, Values>, SettingsError> {
    if tables.len() > Settings::OPERATORS_MAX {
        return Err(SettingsError::TooManyOperators { count: tables.len() });
    }
    let mut operators = BTreeMap::new();
    for (name, value) in tables {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if !(1..=32).contains(&name.len()) || !name.bytes().all(is_plain) {
            return Err(SettingsError::OperatorName { name: shown(&name) });
        }
        let place = format!("operator.{name}");
        let Toml::Table(table) = value else { return Err(SettingsError::Table { name: place }) };
        let values = values(&place, &table)?;
        if !values.is_empty() {
            operators.insert(name, values);
        }
    }
    Ok(operators)
}

fn check_bounds(settings: &Settings) -> Result<(), SettingsError> {
    for (operator, values) in &settings.operators {
        for (&key, &value) in values {
            let bound = settings.bound(key);
            if !bound.contains(&value) {
                let words: Vec<_> = bound.iter().map(Value::to_string).collect();
                let bound = if words.is_empty() { "none: national only".to_owned() } else { words.join(", ") };
                return Err(SettingsError::Bound { operator: operator.clone(), key, value, bound });
            }
        }
    }
    Ok(())
}

/// Values longer than this are cut in messages, so that a hostile document cannot flood a diagnostic.
const SHOWN_CHARS_MAX: usize = 40;
/// The parser's words are cut after so many characters: they quote the whole line.
const MESSAGE_CHARS_MAX: usize = 400;

fn shown(text: &str) -> String {
    cut(text, SHOWN_CHARS_MAX)
}

fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
