//! Cases: the queues with their filters, and the counts by kind and owner.
//!
//! What always holds: a filter stands in the address, so that a queue can be kept as a bookmark, and no filter is of a person's
//! number or device; a case that is late says so in words.

use super::{
    Console,
    desk::{Choice, desk_refused, kinds, opens, owner_words, parties, states},
    page::{Frame, Signed, grouped, show},
    verdict::imei,
};
use crate::{
    desk::{Agent, Case, CaseFilter, State as CaseState},
    words::{CaseTerm, Language},
};
use askama::Template;
use axum::{Form, extract::State, http::StatusCode, response::Response};
use std::collections::BTreeMap;

/// Cases that a queue shows.
const LISTED_MAX: usize = 200;

/// A case in a list.
pub(super) struct CaseRow {
    pub(super) number: String,
    pub(super) kind: String,
    pub(super) owner: String,
    pub(super) assignee: String,
    pub(super) state: String,
    pub(super) mark: &'static str,
    pub(super) class: &'static str,
    pub(super) due: String,
    pub(super) opened: String,
    pub(super) is_late: bool,
    pub(super) imei: String,
}

impl CaseRow {
    pub(super) fn of(case: &Case, language: Language) -> Self {
        let state = case.state();
        let (mark, class) = match state {
            CaseState::Open => ("●", "unknown"),
            CaseState::Waiting => ("◐", "grey"),
            CaseState::Closed => ("✓", "white"),
        };
        Self {
            number: case.case_number().to_string(),
            kind: language.case_term(CaseTerm::Kind, case.kind().name()),
            owner: owner_words(language, &case.owner()),
            assignee: case.assignee.clone(),
            state: language.case_term(CaseTerm::State, state.name()),
            mark,
            class,
            due: language.moment(case.due),
            opened: language.moment(case.opened),
            is_late: case.is_overdue(jiff::Timestamp::now().as_second()),
            imei: case.device().map(imei).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    frame: Frame,
    rows: Vec<CaseRow>,
    late: usize,
    kinds: Vec<Choice>,
    owners: Vec<Choice>,
    states: Vec<Choice>,
    operator: String,
    is_late: bool,
    is_mine: bool,
    /// More than a page shows.
    is_cut: bool,
    may_open: bool,
}

/// `GET /cases`: what is due first comes first.
pub(super) async fn cases(
    State(console): State<Console>,
    signed: Signed,
    Form(asked): Form<BTreeMap<String, String>>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let of = |name: &str| asked.get(name).map_or("", |value| value.trim()).to_owned();
    let some = |name: &str| Some(of(name)).filter(|value| !value.is_empty());
    let (kind, owner, state) = (of("kind"), of("owner"), of("state"));
    let state_asked = state.parse::<CaseState>().ok();
    let is_mine = some("mine").is_some();
    let filter = CaseFilter {
        party: owner.parse().ok(),
        operator: some("operator"),
        kind: kind.parse().ok(),
        assignee: is_mine.then(|| signed.principal.name.clone()),
        state: state_asked,
        overdue: some("late").is_some(),
        closed: state_asked == Some(CaseState::Closed),
        limit: LISTED_MAX,
    };
    let (agent, is_late) = (Agent::of(&signed.principal), filter.overdue);
    match console.with_desk(move |desk| desk.cases(&agent, &filter)).await {
        Some(Ok(found)) => {
            let rows: Vec<_> = found.iter().map(|case| CaseRow::of(case, language)).collect();
            show(&CasesPage {
                frame: Frame::of(guest),
                late: rows.iter().filter(|row| row.is_late).count(),
                is_cut: rows.len() == LISTED_MAX,
                rows,
                kinds: kinds(language, &kind),
                owners: parties(language, &owner),
                states: states(language, &state),
                operator: of("operator"),
                is_late,
                is_mine,
                may_open: opens(guest, "/open-case"),
            })
        }
        Some(Err(error)) => desk_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

struct Figure {
    kind: String,
    owner: String,
    open: String,
    late: String,
    is_late: bool,
    closed: String,
    /// Mean time from opening to closing; empty: none was closed.
    took: String,
}

#[derive(Template)]
#[template(path = "case_figures.html")]
struct FiguresPage {
    frame: Frame,
    figures: Vec<Figure>,
    open: String,
    late: String,
    closed: String,
}

/// `GET /cases/figures`
pub(super) async fn figures(State(console): State<Console>, signed: Signed) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let agent = Agent::of(&signed.principal);
    match console.with_desk(move |desk| desk.case_figures(&agent)).await {
        Some(Ok(counts)) => {
            let sum = |of: fn(&crate::desk::CaseFigures) -> u64| grouped(language, counts.values().map(of).sum());
            let figure = |((kind, owner), count): (&(crate::desk::Kind, crate::desk::Owner), &_)| {
                let count: &crate::desk::CaseFigures = count;
                Figure {
                    kind: language.case_term(CaseTerm::Kind, kind.name()),
                    owner: owner_words(language, owner),
                    open: grouped(language, count.open),
                    late: grouped(language, count.overdue),
                    is_late: count.overdue > 0,
                    closed: grouped(language, count.closed),
                    took: count.closed_seconds.checked_div(count.closed).map_or_else(String::new, |mean| {
                        let hours = mean.div_ceil(3600).max(1);
                        language.screen_of("hours", &grouped(language, hours))
                    }),
                }
            };
            show(&FiguresPage {
                frame: Frame::of(guest),
                open: sum(|count| count.open),
                late: sum(|count| count.overdue),
                closed: sum(|count| count.closed),
                figures: counts.iter().map(figure).collect(),
            })
        }
        Some(Err(error)) => desk_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
