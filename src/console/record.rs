//! The record of the desk: what was done there, by whom and when, for supervisors and auditors.
//!
//! What always holds: numbers stand masked; a filter is of a person who acted, a deed and a time, and never of a number or a
//! device, so the address of the page tells nothing of a subscriber; whoever belongs to an operator sees the doings of that
//! operator's people.

use super::{
    Console,
    desk::{Choice, desk_refused, opens},
    page::{Frame, Signed, show},
    who::{Seen, deed_words},
};
use crate::{
    day,
    desk::{Agent, AuditFilter, AuditLine, Deed},
    words::Language,
};
use askama::Template;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::collections::BTreeMap;

/// Entries of a page.
const ENTRIES: usize = 50;
/// Numbers of an entry that are named.
const NUMBERS_MAX: usize = 5;
/// Characters of a filter.
const FILTER_CHARS_MAX: usize = 64;

/// An entry.
struct Row {
    seen: Seen,
    /// Numbers on the page that was shown, masked.
    numbers: Vec<String>,
    /// How many more there are.
    more: usize,
    devices: usize,
}

impl Row {
    fn of(line: &AuditLine, language: Language) -> Self {
        let numbers = line.subjects.iter().map(|(number, _)| number.masked());
        Self {
            seen: Seen::of(line, language),
            numbers: numbers.take(NUMBERS_MAX).collect(),
            more: line.subjects.len().saturating_sub(NUMBERS_MAX),
            devices: line.devices.len(),
        }
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    frame: Frame,
    rows: Vec<Row>,
    principal: String,
    from: String,
    to: String,
    deeds: Vec<Choice>,
    /// The page of earlier entries; empty: there are none.
    earlier: String,
    is_newest: bool,
    may_ask_who: bool,
    may_export: bool,
    wrong: String,
}

/// `GET /record`: filters stand in the address.
pub(super) async fn record(
    State(console): State<Console>,
    signed: Signed,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let of = |name: &str| {
        let text = asked.get(name).map_or("", |value| value.trim());
        text.chars().take(FILTER_CHARS_MAX).collect::<String>()
    };
    let some = |name: &str| Some(of(name)).filter(|value| !value.is_empty());
    let (from, to) = (some("from").map(|text| day::moment(&text)), some("to").map(|text| day::moment(&text)));
    let deed = of("deed");
    let mut page = RecordPage {
        frame: Frame::of(guest),
        rows: Vec::new(),
        principal: of("principal").to_lowercase(),
        from: of("from"),
        to: of("to"),
        deeds: deeds(language, &deed),
        earlier: String::new(),
        is_newest: true,
        may_ask_who: opens(guest, "/who"),
        may_export: opens(guest, "/breach"),
        wrong: String::new(),
    };
    let (Ok(from), Ok(to)) = (from.transpose(), to.transpose()) else {
        page.wrong = language.screen("wrong-moment");
        return (StatusCode::UNPROCESSABLE_ENTITY, show(&page)).into_response();
    };
    let before = of("before").parse::<u64>().ok().filter(|before| *before > 0);
    let filter = AuditFilter {
        principal: Some(page.principal.clone()).filter(|name| !name.is_empty()),
        deed: deed.parse().ok(),
        from,
        to,
        before,
        limit: ENTRIES + 1,
    };
    let agent = Agent::of(&signed.principal);
    match console.with_desk(move |desk| desk.audits(&agent, &filter)).await {
        Some(Ok(mut lines)) => {
            let is_cut = lines.len() > ENTRIES;
            lines.truncate(ENTRIES);
            page.is_newest = before.is_none();
            if let Some(last) = lines.last().filter(|_| is_cut) {
                page.earlier = address(&page, &deed, last.seq);
            }
            page.rows = lines.iter().map(|line| Row::of(line, language)).collect();
            show(&page)
        }
        Some(Err(error)) => desk_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// The deeds to choose from.
fn deeds(language: Language, chosen: &str) -> Vec<Choice> {
    let choice = |deed: &Deed| Choice {
        value: deed.name(),
        word: deed_words(language, *deed),
        is_chosen: deed.name() == chosen,
    };
    Deed::ALL.iter().map(choice).collect()
}

/// The same filters in front of an entry. What a browser sends for a moment is in no need of escapes but the colon's.
fn address(page: &RecordPage, deed: &str, before: u64) -> String {
    let mut address = format!("/record?before={before}");
    for (name, value) in [("principal", &*page.principal), ("deed", deed), ("from", &page.from), ("to", &page.to)] {
        if !value.is_empty() {
            let escaped = value.bytes().map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            });
            address.push_str(&format!("&{name}={}", escaped.collect::<String>()));
        }
    }
    address
}
