//! The journal: what was changed, by whom.

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
    /// What was changed, in the reader's language.
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
        let what = journal::told(&entry, language);
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
