//! The journal, and the principals: what was changed by whom, and who may.

use super::{
    Console,
    approvals::refused,
    page::{Frame, Signed, show},
};
use crate::{journal, registry::Registry, store::StoreError, words::Language};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

/// Entries of a page.
const ENTRIES: u64 = 50;

struct Line {
    seq: u64,
    moment: String,
    principal: String,
    approver: String,
    /// In English, as the journal says it everywhere.
    what: String,
}

#[derive(Template)]
#[template(path = "journal.html")]
struct JournalPage {
    frame: Frame,
    lines: Vec<Line>,
    newest: u64,
    /// The first entry of the page before this one, and of the one behind; none: there is none.
    later: Option<u64>,
    earlier: Option<u64>,
    /// The signed head, for whoever keeps it.
    checkpoint: String,
}

/// `GET /journal`: the newest entries.
pub(super) async fn newest(console: State<Console>, signed: Signed) -> Response {
    entries(console, signed, Path(u64::MAX)).await
}

/// `GET /journal/{last}`: the entries up to this one, newest first.
pub(super) async fn entries(State(console): State<Console>, signed: Signed, Path(last): Path<u64>) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let frame = Frame::of(guest);
    match console.with_register(move |registry| Ok(journal_page(registry, language, last, frame)?)).await {
        Some(Ok(page)) => show(&page),
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

fn journal_page(registry: &Registry, language: Language, last: u64, frame: Frame) -> Result<JournalPage, StoreError> {
    let store = registry.store();
    let newest = store.applied().seq;
    let last = last.clamp(1, newest.max(1));
    let first = (last + 1).saturating_sub(ENTRIES).max(1);
    let mut lines = Vec::new();
    for entry in store.entries(first)?.take((last + 1 - first) as usize) {
        let entry = entry?;
        let what = journal::words(&entry);
        let moment = language.moment(entry.time_unix_ms.div_euclid(1000));
        lines.push(Line { seq: entry.seq, moment, principal: entry.principal, approver: entry.approver, what });
    }
    lines.reverse();
    Ok(JournalPage {
        frame,
        lines,
        newest,
        later: (last < newest).then(|| (last + ENTRIES).min(newest)),
        earlier: (first > 1).then(|| first - 1),
        checkpoint: store.checkpoint().map(|signed| signed.note().to_owned()).unwrap_or_default(),
    })
}

struct Person {
    name: String,
    title: String,
    kind: &'static str,
    operator: String,
    revoked: bool,
    roles: Vec<String>,
    /// Credentials that count still, and when the last of them ends.
    credentials: usize,
    until: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    people: Vec<Person>,
}

/// `GET /principals`
pub(super) async fn people(State(console): State<Console>, signed: Signed) -> Response {
    let guest = &signed.guest;
    let Some(registry) = console.registry() else { return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading") };
    let now = jiff::Timestamp::now().as_second();
    let ledger = registry.store().ledger();
    let person = |one: &crate::principal::Principal| {
        let count = |credential: &&crate::principal::Credential| !credential.revoked && now < credential.expires_unix_s;
        let counting = one.credentials.values().filter(count);
        let until = counting.clone().map(|credential| credential.expires_unix_s).max();
        Person {
            name: one.name.clone(),
            title: one.title.clone(),
            kind: one.kind.name(),
            operator: one.operator.clone(),
            revoked: one.revoked,
            roles: one.grants.values().map(ToString::to_string).collect(),
            credentials: counting.count(),
            until: until.map(|end| guest.language.moment(end)).unwrap_or_default(),
        }
    };
    show(&PeoplePage { frame: Frame::of(guest), people: ledger.principals().iter().map(person).collect() })
}
