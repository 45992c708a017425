//! The page of a case: how it stands, what happened, and the forms that change it.
//!
//! Whoever changes a case names the version that it saw. What always holds: of two who change it at a time the second is shown what
//! the first did, and finds in the form what it had typed; a form changes a case once, however often it is sent.

use super::{
    Console,
    approvals::request_of,
    cases::CaseRow,
    desk::{Choice, desk_refused, opens, owner_words, parties, wrong},
    fields::Fields,
    opening::{is_stale, owner},
    page::{Frame, Signed, show},
    sessions::random,
};
use crate::{
    desk::{Act, Agent, Case, CaseChange, CaseNumber, Owner, Party, State as CaseState, Step},
    words::{CaseTerm, Language},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// A line of the history.
struct StepRow {
    moment: String,
    what: String,
    by: String,
    text: String,
    /// It happened after the page that who looks had before.
    is_new: bool,
}

impl StepRow {
    fn of(step: &Step, language: Language, seen: u64) -> Self {
        let act = u8::try_from(step.act_code).ok().and_then(Act::from_code);
        let word = language.case_term(CaseTerm::Act, act.map_or("changed", Act::name));
        let to = match step.to.split_once(' ').unwrap_or((&step.to, "")) {
            ("", _) => String::new(),
            (party, operator) => party.parse::<Party>().map_or_else(
                |_| step.to.clone(),
                |party| owner_words(language, &Owner { party, operator: operator.to_owned() }),
            ),
        };
        Self {
            moment: language.moment(step.time),
            what: if to.is_empty() { word } else { format!("{word} → {to}") },
            by: step.by.clone(),
            text: step.text.clone(),
            is_new: step.version > seen,
        }
    }
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    frame: Frame,
    case: CaseRow,
    /// The caller's number, masked; empty: none.
    caller: String,
    closed: String,
    erased: bool,
    version: u64,
    steps: Vec<StepRow>,
    /// What somebody else did since who looks had the page: told on top.
    since: Vec<StepRow>,
    forms: Option<Forms>,
    may_reveal: bool,
    wrong: String,
}

/// The forms, as far as the state allows them.
struct Forms {
    request: String,
    is_open: bool,
    is_waiting: bool,
    is_closed: bool,
    is_own: bool,
    /// What was typed, where it was not taken.
    act: String,
    text: String,
    to: String,
    operator: String,
    owners: Vec<Choice>,
}

/// What was typed into a form that was not taken.
#[derive(Default)]
struct Typed {
    act: String,
    text: String,
    to: String,
    owner: String,
    operator: String,
    /// The version that it saw.
    seen: Option<u64>,
    wrong: String,
}

fn case_page(signed: &Signed, status: StatusCode, case: &Case, typed: Typed) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let Ok(request) = random::<16>() else { return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken") };
    let seen = typed.seen.unwrap_or(u64::MAX);
    let row = |step: &Step| StepRow::of(step, language, seen);
    let state = case.state();
    let forms = opens(guest, "/open-case").then(|| Forms {
        request,
        is_open: state == CaseState::Open,
        is_waiting: state == CaseState::Waiting,
        is_closed: state == CaseState::Closed,
        is_own: case.assignee == signed.principal.name,
        act: typed.act,
        text: typed.text,
        to: typed.to,
        operator: typed.operator,
        owners: parties(language, &typed.owner),
    });
    let page = CasePage {
        frame: Frame::of(guest),
        case: CaseRow::of(case, language),
        caller: case.caller().map(|caller| caller.masked()).unwrap_or_default(),
        closed: if case.closed == 0 { String::new() } else { language.moment(case.closed) },
        erased: case.erased,
        version: case.version,
        steps: case.steps.iter().rev().map(row).collect(),
        since: case.steps.iter().filter(|step| step.version > seen).map(row).collect(),
        forms,
        may_reveal: opens(guest, "/reveal"),
        wrong: typed.wrong,
    };
    (status, show(&page)).into_response()
}

/// `GET /case/{number}`
pub(super) async fn case(State(console): State<Console>, signed: Signed, Path(number): Path<String>) -> Response {
    match number.parse() {
        Ok(number) => shown(&console, &signed, number, StatusCode::OK, Typed::default()).await,
        Err(_) => signed.guest.trouble(StatusCode::NOT_FOUND, "no-case"),
    }
}

async fn shown(console: &Console, signed: &Signed, number: CaseNumber, status: StatusCode, typed: Typed) -> Response {
    let agent = Agent::of(&signed.principal);
    match console.with_desk(move |desk| desk.case(&agent, number)).await {
        Some(Ok(case)) => case_page(signed, status, &case, typed),
        Some(Err(error)) => desk_refused(&signed.guest, &error),
        None => signed.guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// `POST /case/{number}`
pub(super) async fn change(
    State(console): State<Console>,
    signed: Signed,
    Path(number): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let Ok(number) = number.parse::<CaseNumber>() else { return guest.trouble(StatusCode::NOT_FOUND, "no-case") };
    let (Some(request), Ok(seen)) = (request_of(&fields), fields.get("seen").parse::<u64>()) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let text = |name: &str| fields.get(name).trim().to_owned();
    let typed = |wrong: &str| Typed {
        act: text("act"),
        text: fields.get("text").replace("\r\n", "\n"),
        to: text("to"),
        owner: text("owner"),
        operator: text("operator"),
        seen: None,
        wrong: guest.language.screen(wrong),
    };
    let change = match read(&fields, &signed.principal.name) {
        Ok(change) => change,
        Err(key) => return shown(&console, &signed, number, StatusCode::UNPROCESSABLE_ENTITY, typed(key)).await,
    };
    let agent = Agent::of(&signed.principal);
    match console.with_desk(move |desk| desk.change_case(&agent, number, seen, &change, &request)).await {
        Some(Ok(_)) => Redirect::to(&format!("/case/{number}")).into_response(),
        Some(Err(error)) if is_stale(&error) => {
            let typed = Typed { seen: Some(seen), ..typed("wrong-stale") };
            shown(&console, &signed, number, StatusCode::CONFLICT, typed).await
        }
        Some(Err(error)) => match wrong(&error) {
            Some(key) => shown(&console, &signed, number, StatusCode::UNPROCESSABLE_ENTITY, typed(key)).await,
            None => desk_refused(guest, &error),
        },
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// Reads a form; else the text that says what is wrong.
fn read(fields: &Fields, own: &str) -> Result<CaseChange, &'static str> {
    let said = fields.get("text").replace("\r\n", "\n");
    Ok(match fields.get("act") {
        "note" => CaseChange::Note(said),
        "take" => CaseChange::Assign(own.to_owned()),
        "assign" => CaseChange::Assign(fields.get("to").trim().to_lowercase()),
        "hand-over" => CaseChange::HandOver(owner(fields.get("owner"), fields.get("operator").trim())?, said),
        "wait" => CaseChange::Wait(said),
        "resume" => CaseChange::Resume(said),
        "close" => CaseChange::Close(said),
        "reopen" => CaseChange::Reopen(said),
        _ => return Err("wrong-change"),
    })
}
