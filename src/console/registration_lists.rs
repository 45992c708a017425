//! The lists of subscribers that operators handed in, with what became of them; and identities with more numbers than the limit.
//!
//! What always holds: whoever belongs to an operator sees that operator's lists and numbers only; numbers stand masked, and who
//! saw them is on record.

use super::{
    Console,
    page::{Frame, Guest, Signed, grouped, show},
    registrations::{FILTER_CHARS_MAX, Tabs, frame, registration_refused, term},
};
use crate::{
    desk::{Agent, Desk},
    registration::{AboveLimit, ListRecord, ListState},
    words::Language,
};
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Lists that a page shows.
const LISTS_MAX: usize = 100;

/// A list that was handed in.
struct ListRow {
    number: u64,
    moment: String,
    operator: String,
    by: String,
    mode: String,
    state: String,
    mark: &'static str,
    class: &'static str,
    rows: String,
    rejected: String,
    /// What became of its rows: word and count, what did not happen left out.
    outcome: Vec<(String, String)>,
    /// Numbers taken over, by whose they were.
    ported: Vec<(String, String)>,
}

impl ListRow {
    fn of(list: &ListRecord, language: Language) -> Self {
        use ListState::{Applied, Applying, BrokenOff};
        let (mark, class) = match list.state() {
            Applied => ("✓", "white"),
            Applying => ("◐", "grey"),
            BrokenOff => ("✕", "black"),
        };
        let outcome = list.outcome.clone().unwrap_or_default();
        let counts = [
            ("outcome-added", outcome.added),
            ("outcome-updated", outcome.updated),
            ("outcome-unchanged", outcome.unchanged),
            ("outcome-withdrawn", outcome.withdrawn),
            ("outcome-unnamed", outcome.unnamed),
            ("outcome-ported", outcome.ported_in),
            ("outcome-absent", outcome.absent),
            ("outcome-not-own", outcome.not_own),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        let ported = outcome.ported_from.iter();
        Self {
            number: list.number,
            moment: language.moment(list.unix_s),
            operator: list.operator.clone(),
            by: list.by.clone(),
            mode: term(language, "mode", list.mode().name()),
            state: term(language, "list", list.state().name()),
            mark,
            class,
            rows: grouped(language, list.rows),
            rejected: if list.rejected == 0 { String::new() } else { grouped(language, list.rejected) },
            outcome: counts.map(|(key, count)| (language.screen(key), grouped(language, count))).collect(),
            ported: ported.map(|from| (from.operator.clone(), grouped(language, from.numbers))).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "registration_lists.html")]
struct ListsPage {
    frame: Frame,
    tabs: Tabs,
    lists: Vec<ListRow>,
    operator: String,
    is_bound: bool,
    is_cut: bool,
}

/// `GET /registrations/lists`: newest first.
pub(super) async fn lists(
    State(console): State<Console>,
    signed: Signed,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let own = Agent::of(&signed.principal).operator;
    let operator = fields.iter().find(|(field, _)| field == "operator").map_or("", |(_, value)| value.trim());
    let operator: String = operator.chars().take(FILTER_CHARS_MAX).collect::<String>().to_ascii_lowercase();
    let is_bound = own.is_some();
    let only = own.or_else(|| Some(operator.clone()).filter(|name| !name.is_empty()));
    match console.with_registrations(move |all, _| all.lists(only.as_deref(), None, LISTS_MAX + 1)).await {
        Some(Ok(found)) => show(&ListsPage {
            frame: frame(guest),
            tabs: Tabs::of(guest, "lists"),
            lists: found.iter().take(LISTS_MAX).map(|list| ListRow::of(list, language)).collect(),
            operator,
            is_bound,
            is_cut: found.len() > LISTS_MAX,
        }),
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// An identity with many numbers.
struct Holder {
    operator: String,
    /// The beginning of its keyed hash.
    hash: String,
    numbers: String,
    /// The first of them, masked.
    first: Vec<String>,
}

#[derive(Template)]
#[template(path = "registration_limit.html")]
struct LimitPage {
    frame: Frame,
    tabs: Tabs,
    /// The limit; 0: the calendar has none.
    limit: u32,
    /// What was typed; empty: that of the calendar.
    asked: String,
    /// Operator, identities, numbers, most numbers of one.
    operators: Vec<[String; 4]>,
    largest: Vec<Holder>,
    entry: u64,
    wrong: String,
}

/// `GET /registrations/limit`: identities with more numbers than the limit. Who saw the numbers is on record.
pub(super) async fn limit(
    State(console): State<Console>,
    signed: Signed,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let asked = fields.iter().find(|(field, _)| field == "limit").map_or("", |(_, value)| value.trim());
    let asked: String = asked.chars().take(8).collect();
    let limit = asked.parse::<u32>().ok().filter(|limit| (1..=1000).contains(limit));
    let wrong = if limit.is_none() && !asked.is_empty() { language.screen("wrong-limit") } else { String::new() };
    let by = Agent::of(&signed.principal);
    let found = console.with_registrations(move |all, registry| {
        let above = all.above_limit(limit, by.operator.as_deref())?;
        let numbers = above.largest.iter().flat_map(|(.., numbers)| numbers);
        let numbers: Vec<_> = numbers.map(|number| (*number, false)).collect();
        let entry = Desk::open(registry.store())?.note_numbers(&by, "limit", &numbers, "")?;
        Ok((above, entry))
    });
    match found.await {
        Some(Ok((above, entry))) => {
            let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            (status, show(&limit_page(guest, &above, entry, asked, wrong))).into_response()
        }
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

fn limit_page(guest: &Guest, above: &AboveLimit, entry: u64, asked: String, wrong: String) -> LimitPage {
    let language = guest.language;
    let count = |number| grouped(language, number);
    let operators = above.operators.iter();
    let largest = above.largest.iter().map(|(operator, hash, numbers, first)| Holder {
        operator: operator.clone(),
        hash: hash.clone(),
        numbers: count(*numbers),
        first: first.iter().map(|number| number.masked()).collect(),
    });
    LimitPage {
        frame: frame(guest),
        tabs: Tabs::of(guest, "limit"),
        limit: above.limit.unwrap_or(0),
        asked,
        operators: operators
            .map(|one| [one.operator.clone(), count(one.identities), count(one.numbers), count(one.most)])
            .collect(),
        largest: largest.collect(),
        entry,
        wrong,
    }
}
