//! Registrations of subscribers: counts, and what pages of registrations share.
//!
//! What always holds: whoever belongs to an operator sees that operator's numbers only; what is told is counts, and no number of
//! somebody's identity card stands anywhere here.

use super::{
    Console,
    desk::opens,
    page::{Frame, Guest, Signed, grouped, show},
};
use crate::{
    day::Day,
    desk::Agent,
    registration::{
        By, CountFilter, CountLine, Counted, Identity, RegistrationError, Registrations, Stage, State as Standing,
    },
    registry::Registry,
    words::{Language, Teller, Value},
};
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Lines of a table of counts.
const LINES_MAX: usize = 500;
/// Characters of a filter.
pub(super) const FILTER_CHARS_MAX: usize = 32;

/// What counts can be told apart by: name on the wire and text.
const COLUMNS: [(&str, &str); 5] = [
    ("operator", "by-operator"),
    ("city", "by-city"),
    ("state", "by-state"),
    ("identity", "by-identity"),
    ("stage", "by-stage"),
];

/// A term of registrations in words.
pub(super) fn term(language: Language, of: &str, name: &str) -> String {
    Teller::To(language).value(&Value::term(of, name))
}

/// A refusal as a page.
pub(super) fn registration_refused(guest: &Guest, error: &RegistrationError) -> Response {
    let status = match error {
        RegistrationError::NotAllowed(_) => StatusCode::FORBIDDEN,
        RegistrationError::Invalid(_) | RegistrationError::Calendar(_) => StatusCode::UNPROCESSABLE_ENTITY,
        RegistrationError::Conflict(_) => StatusCode::CONFLICT,
        _ => {
            tracing::error!(%error, "a page of registrations failed");
            return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken");
        }
    };
    let language = guest.language;
    let because = match error {
        RegistrationError::NotAllowed(_) => language.screen("because-not-allowed"),
        RegistrationError::Conflict(_) => language.screen("because-state"),
        _ => language.screen("because-invalid"),
    };
    let (said, english) = said(error, language);
    guest.trouble_in(status, language.screen("trouble-refused"), because, said, english)
}

/// Why it is refused in the reader's language, and what only English has.
pub(super) fn said(error: &RegistrationError, language: Language) -> (String, String) {
    let told = match error {
        RegistrationError::NotAllowed(said) | RegistrationError::Invalid(said) | RegistrationError::Conflict(said) => {
            said.told(Teller::To(language))
        }
        _ => None,
    };
    let english = if told.is_none() { error.to_string() } else { String::new() };
    (told.unwrap_or_default(), english)
}

/// What was asked of counts.
#[derive(Default)]
struct Asked {
    by: By,
    filter: CountFilter,
    /// The fields as they were typed.
    operator: String,
    city: String,
    from: String,
    to: String,
}

fn read(fields: &[(String, String)], own: Option<&str>) -> Result<Asked, ()> {
    let of = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim());
        found.chars().take(FILTER_CHARS_MAX).collect::<String>().to_ascii_lowercase()
    };
    let chosen: Vec<&str> = fields.iter().filter(|(field, _)| field == "by").map(|(_, value)| &**value).collect();
    let chosen = if chosen.is_empty() { vec!["operator", "state"] } else { chosen };
    let by = By::read(chosen).map_err(|_| ())?;
    let day = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<Day>().map(Some).map_err(|_| ()) };
    let (operator, city, from, to) = (of("operator"), of("city"), of("from"), of("to"));
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let filter = CountFilter {
        operator: own.map(str::to_ascii_lowercase).or_else(|| given(&operator)),
        city: given(&city),
        on: None,
        from: day(&from)?,
        to: day(&to)?,
    };
    Ok(Asked { by, filter, operator, city, from, to })
}

/// A line of counts: its cells in the order of the columns.
struct Line {
    cells: Vec<String>,
    numbers: String,
}

/// A column that can be chosen.
struct Column {
    name: &'static str,
    word: String,
    is_chosen: bool,
}

/// Pages of registrations that who looks may open.
pub(super) struct Tabs {
    pub(super) here: &'static str,
    pub(super) limit: bool,
}

impl Tabs {
    pub(super) fn of(guest: &Guest, here: &'static str) -> Self {
        Self { here, limit: opens(guest, "/registrations/limit") }
    }
}

#[derive(Template)]
#[template(path = "registrations.html")]
struct CountsPage {
    frame: Frame,
    tabs: Tabs,
    /// Headline figures of today: held, on a letter, blocked; by stage.
    held: String,
    suket: String,
    blocked: String,
    stages: Vec<(String, String)>,
    calendar: u64,
    columns: Vec<Column>,
    lines: Vec<Line>,
    lines_left: usize,
    total: String,
    is_by_day: bool,
    is_bound: bool,
    operator: String,
    city: String,
    from: String,
    to: String,
    wrong: String,
}

/// `GET /registrations`: counts, by what is chosen.
pub(super) async fn counts(
    State(console): State<Console>,
    signed: Signed,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let own = Agent::of(&signed.principal).operator;
    let (asked, wrong) = match read(&fields, own.as_deref()) {
        Ok(asked) => (asked, String::new()),
        Err(()) => (read(&[], own.as_deref()).unwrap_or_default(), language.screen("wrong-day")),
    };
    let (by, filter, is_bound) = (asked.by, asked.filter.clone(), own.is_some());
    let counted = console.with_registrations(move |all, _| {
        let by_all = By { state: true, identity: true, stage: true, ..By::default() };
        let now = all.count(by_all, &CountFilter { operator: own, ..CountFilter::default() })?;
        Ok((now, all.count(by, &filter)?))
    });
    match counted.await {
        Some(Ok((now, counted))) => {
            let now = now.into_iter().next_back();
            let calendar = now.as_ref().map_or(0, |now| now.calendar);
            let lines = now.map(|now| now.lines).unwrap_or_default();
            let sum = |takes: &dyn Fn(&CountLine) -> bool| {
                let held = lines.iter().filter(|line| line.state != Some(Standing::Withdrawn));
                grouped(language, held.filter(|line| takes(line)).map(|line| line.numbers).sum())
            };
            let stages = Stage::ALL.iter().filter(|stage| **stage != Stage::Open);
            let is_by_day = asked.filter.from.is_some() || asked.filter.to.is_some();
            let (shown, lines_left, total) = told(&counted, by, is_by_day, language);
            let page = CountsPage {
                frame: frame(guest),
                tabs: Tabs::of(guest, "counts"),
                held: sum(&|_| true),
                suket: sum(&|line| line.identity == Some(Some(Identity::Suket))),
                blocked: sum(&|line| line.stage.is_some_and(|stage| stage != Stage::Open)),
                stages: stages
                    .map(|stage| (term(language, "blocking", stage.name()), sum(&|line| line.stage == Some(*stage))))
                    .collect(),
                calendar,
                columns: columns(by, language),
                lines: shown,
                lines_left,
                total,
                is_by_day,
                is_bound,
                operator: asked.operator,
                city: asked.city,
                from: asked.from,
                to: asked.to,
                wrong,
            };
            let status = if page.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            (status, show(&page)).into_response()
        }
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

fn columns(by: By, language: Language) -> Vec<Column> {
    let chosen = [by.operator, by.city, by.state, by.identity, by.stage];
    let column =
        |((name, key), is_chosen): ((&'static str, &str), bool)| Column { name, word: language.screen(key), is_chosen };
    COLUMNS.into_iter().zip(chosen).map(column).collect()
}

/// Lines of a table, how many are left out, and the sum of the last day.
fn told(counted: &[Counted], by: By, is_by_day: bool, language: Language) -> (Vec<Line>, usize, String) {
    let line = |day: Day, line: &CountLine| {
        let mut cells = Vec::new();
        if is_by_day {
            cells.push(language.date(day));
        }
        let none = || language.screen("not-told");
        let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty()).unwrap_or_else(none);
        if by.operator {
            cells.push(named(&line.operator));
        }
        if by.city {
            cells.push(named(&line.city));
        }
        if by.state {
            cells.push(line.state.map(|state| term(language, "holding", state.name())).unwrap_or_default());
        }
        if by.identity {
            let identity = line.identity.flatten();
            cells.push(identity.map_or_else(none, |identity| term(language, "identity", identity.name())));
        }
        if by.stage {
            cells.push(line.stage.map(|stage| term(language, "blocking", stage.name())).unwrap_or_default());
        }
        Line { cells, numbers: grouped(language, line.numbers) }
    };
    let all = counted.iter().flat_map(|day| day.lines.iter().map(|line| (day.day, line)));
    let lines: Vec<_> = all.clone().take(LINES_MAX).map(|(day, one)| line(day, one)).collect();
    let total = counted.last().map_or(0, |last| last.lines.iter().map(|line| line.numbers).sum());
    let left = all.count() - lines.len();
    (lines, left, grouped(language, total))
}

/// The frame of a page of registrations: the navigation shows where it belongs.
pub(super) fn frame(guest: &Guest) -> Frame {
    let mut frame = Frame::of(guest);
    frame.links.iter_mut().for_each(|link| link.is_here |= link.href == "/registrations");
    frame
}

impl Console {
    /// Works with registrations on a blocking thread, one at a time: each may go over every number. `None`: the register is
    /// not loaded, or the work broke off.
    pub(super) async fn with_registrations<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registrations, &Registry) -> Result<T, RegistrationError> + Send + 'static,
    ) -> Option<Result<T, RegistrationError>> {
        let registry = self.registry()?.clone();
        let place = self.preview_places().acquire_owned().await.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = registry.registrations().and_then(|all| work(&all, &registry));
            drop(place);
            done
        });
        done.await.inspect_err(|error| tracing::error!(%error, "a page of registrations broke off")).ok()
    }
}
