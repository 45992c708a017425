//! Calendars of blocking: the one in force, those that were proposed, what one would do, and the decision of another person.
//!
//! What always holds: who proposed a calendar does not put it in force, which the operation decides; a decision names the
//! digest of the document that was shown; a calendar that blocks nobody says so before it is proposed and before it is decided.

use super::{
    Console,
    approvals::{REASON_CHARS_MAX, unhex},
    desk::opens,
    fields::Fields,
    page::{Frame, Guest, Signed, grouped, show},
    registrations::{frame, registration_refused, said, term},
    sessions::hex,
};
use crate::{
    access::Rule,
    day::Day,
    desk::Agent,
    registration::{self, CalendarRecord, CalendarState, Moved, RegistrationError},
    words::Language,
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// Lines of a preview.
const LINES_MAX: usize = 200;
/// Bytes of a document that a form takes; longer ones come by the command line.
const DOCUMENT_BYTES_MAX: usize = 48 << 10;
/// Bytes of that form: each byte of the document may take three.
pub(super) const FORM_BYTES_MAX: usize = 160 << 10;

/// A calendar as a page shows it.
struct CalendarView {
    number: u64,
    state: String,
    mark: &'static str,
    class: &'static str,
    is_open: bool,
    proposed_by: String,
    proposed: String,
    decided_by: String,
    decided: String,
    reason: String,
    document: String,
    digest: String,
    blocks_nobody: bool,
}

impl CalendarView {
    fn of(record: &CalendarRecord, in_force: u64, language: Language) -> Self {
        let is_in_force = record.number == in_force;
        let (mark, class) = match record.state() {
            CalendarState::Proposed => ("◐", "grey"),
            CalendarState::Approved if is_in_force => ("✓", "white"),
            CalendarState::Approved => ("○", "unknown"),
            CalendarState::Rejected => ("✕", "black"),
        };
        let state = if is_in_force { "in-force" } else { record.state().name() };
        Self {
            number: record.number,
            state: term(language, "calendar", state),
            mark,
            class,
            is_open: record.state() == CalendarState::Proposed,
            proposed_by: record.proposed_by.clone(),
            proposed: language.moment(record.proposed_unix_s),
            decided_by: record.decided_by.clone(),
            decided: if record.decided_unix_s == 0 { String::new() } else { language.moment(record.decided_unix_s) },
            reason: record.reason.clone(),
            document: record.document.clone(),
            digest: hex(&record.sha256),
            blocks_nobody: record.blocks_nobody(),
        }
    }
}

/// What a calendar would do.
struct MovedView {
    day: String,
    moved: String,
    numbers: String,
    /// Operator, stage now, stage then, numbers.
    lines: Vec<[String; 4]>,
    lines_left: usize,
    blocks_nobody: bool,
}

impl MovedView {
    fn of(moved: &Moved, language: Language) -> Self {
        let line = |line: &registration::PreviewLine| {
            let stage = |stage: registration::Stage| term(language, "blocking", stage.name());
            [line.operator.clone(), stage(line.from), stage(line.to), grouped(language, line.numbers)]
        };
        Self {
            day: language.date(moved.day),
            moved: grouped(language, moved.moved),
            numbers: grouped(language, moved.numbers),
            lines: moved.lines.iter().take(LINES_MAX).map(line).collect(),
            lines_left: moved.lines.len().saturating_sub(LINES_MAX),
            blocks_nobody: moved.blocks_nobody,
        }
    }
}

#[derive(Template)]
#[template(path = "calendars.html")]
struct CalendarsPage {
    frame: Frame,
    calendars: Vec<CalendarView>,
    /// The one in force; 0: none.
    in_force: u64,
    may_propose: bool,
    may_count: bool,
}

/// `GET /calendars`: newest first.
pub(super) async fn calendars(State(console): State<Console>, signed: Signed) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let read =
        console.with_registrations(|all, _| Ok((all.calendars()?, all.calendar_on(registration::today())?.0))).await;
    match read {
        Some(Ok((calendars, in_force))) => show(&CalendarsPage {
            frame: frame(guest),
            calendars: calendars.iter().rev().map(|one| CalendarView::of(one, in_force, language)).collect(),
            in_force,
            may_propose: opens(guest, "/propose-calendar"),
            may_count: opens(guest, "/registrations"),
        }),
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// Who may count what a calendar moves: the rule of the call.
fn opens_preview(signed: &Signed) -> bool {
    let rule = Rule::of("/saring.v1.Registration/PreviewCalendar");
    rule.is_some_and(|rule| rule.lets_in(&signed.principal))
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    frame: Frame,
    calendar: CalendarView,
    /// None for who may not see counts.
    moved: Option<MovedView>,
    may_decide: bool,
    is_own: bool,
    on: String,
    wrong: String,
}

/// `GET /calendar/{number}`: the document, what it would do on a day, and the form that decides.
pub(super) async fn calendar(
    State(console): State<Console>,
    signed: Signed,
    Path(number): Path<u64>,
    axum::Form(fields): axum::Form<Vec<(String, String)>>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let on = Fields::new(fields).get("on").trim().chars().take(10).collect::<String>();
    let day = if on.is_empty() { Ok(registration::today()) } else { on.parse::<Day>() };
    let wrong = if day.is_err() { language.screen("wrong-day") } else { String::new() };
    let (day, may_count) = (day.unwrap_or_else(|_| registration::today()), opens_preview(&signed));
    let read = console.with_registrations(move |all, _| {
        let in_force = all.calendar_on(registration::today())?.0;
        let Some(record) = all.calendars()?.into_iter().find(|one| one.number == number) else { return Ok(None) };
        let counts = may_count && record.state() == CalendarState::Proposed;
        let moved = counts.then(|| all.preview(&record.document, day, false)).transpose()?;
        Ok(Some((record, in_force, moved)))
    });
    match read.await {
        Some(Ok(Some((record, in_force, moved)))) => {
            let page = CalendarPage {
                frame: frame(guest),
                is_own: record.proposed_by == signed.principal.name,
                calendar: CalendarView::of(&record, in_force, language),
                moved: moved.map(|moved| MovedView::of(&moved, language)),
                may_decide: opens(guest, "/calendar/{number}/decide"),
                on,
                wrong,
            };
            let status = if page.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            (status, show(&page)).into_response()
        }
        Some(Ok(None)) => guest.trouble(StatusCode::NOT_FOUND, "no-calendar"),
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// `POST /calendar/{number}/decide`
pub(super) async fn decide(
    State(console): State<Console>,
    signed: Signed,
    Path(number): Path<u64>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let (Some(seen), approve) = (unhex(fields.get("seen")).filter(|seen| seen.len() == 32), fields.get("decision"))
    else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    if !["approve", "reject"].contains(&approve) {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    }
    let approve = approve == "approve";
    let (by, reason) = (Agent::of(&signed.principal), reason_of(&fields));
    match console.with_registrations(move |all, _| all.decide(&by, number, Some(&seen), approve, &reason)).await {
        Some(Ok(_)) => Redirect::to("/calendars").into_response(),
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

fn reason_of(fields: &Fields) -> String {
    fields.get("reason").trim().chars().take(REASON_CHARS_MAX).collect()
}

#[derive(Template)]
#[template(path = "propose_calendar.html")]
struct ProposePage {
    frame: Frame,
    document: String,
    reason: String,
    moved: Option<MovedView>,
    /// What is wrong with the document, in English; empty: nothing.
    english: String,
    wrong: String,
}

impl ProposePage {
    fn of(guest: &Guest, document: String, reason: String) -> Self {
        let none = String::new;
        Self { frame: frame(guest), document, reason, moved: None, english: none(), wrong: none() }
    }
}

/// `GET /propose-calendar`: begins with the document in force.
pub(super) async fn blank(State(console): State<Console>, signed: Signed) -> Response {
    let guest = &signed.guest;
    let read = console.with_registrations(|all, _| {
        let in_force = all.calendar_on(registration::today())?.0;
        let document = all.calendars()?.into_iter().find(|one| one.number == in_force).map(|one| one.document);
        Ok(document.unwrap_or_default())
    });
    match read.await {
        Some(Ok(document)) => show(&ProposePage::of(guest, document, String::new())),
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// `POST /propose-calendar`: counts what the document would do, or proposes it.
pub(super) async fn propose(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    // Browsers send line ends as CR LF: the document has the digest that the command line gives it.
    let document = fields.get("document").replace("\r\n", "\n");
    let (by, reason) = (Agent::of(&signed.principal), reason_of(&fields));
    let proposes = fields.get("act") == "propose";
    let mut page = ProposePage::of(guest, document.clone(), reason.clone());
    let again = |page: &ProposePage| (StatusCode::UNPROCESSABLE_ENTITY, show(page)).into_response();
    if document.len() > DOCUMENT_BYTES_MAX {
        page.wrong = language.screen("wrong-calendar-long");
        return again(&page);
    }
    if proposes && reason.is_empty() {
        page.wrong = language.screen("wrong-reason");
        return again(&page);
    }
    let done = console.with_registrations(move |all, _| {
        if proposes {
            return Ok(Err(all.propose(&by, &document, &reason)?.number));
        }
        all.preview(&document, registration::today(), false).map(Ok)
    });
    match done.await {
        Some(Ok(Ok(moved))) => {
            page.moved = Some(MovedView::of(&moved, language));
            show(&page)
        }
        Some(Ok(Err(number))) => Redirect::to(&format!("/calendar/{number}")).into_response(),
        Some(Err(error @ RegistrationError::Calendar(_))) => {
            page.wrong = language.screen("wrong-calendar");
            page.english = said(&error, language).1;
            again(&page)
        }
        Some(Err(error)) => registration_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
