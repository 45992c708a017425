//! The search: one box for everything, and its result.
//!
//! A search is posted, remembered in the session, and its result has an address of its own that says nothing: so a result can be
//! read again, printed and left by the back button, and no number comes into a history or a log.
//! What always holds: a result is asked of the register anew whenever it is shown, and is on record before; whoever belongs to an operator sees the
//! subscribers of that operator only.

use super::{
    Console,
    cases::CaseRow,
    desk::opens,
    device::DeviceView,
    fields::Fields,
    number::NumberView,
    page::{Frame, Signed, show},
    paper::{BatchView, DocumentView},
    registration::RegistrationView,
    sessions::Search,
    verdict::imei,
};
use crate::{
    access::Rule,
    check::{AsOf, ExplainError, When},
    day,
    desk::{Agent, CaseNumber, DeskError, Looked, Refused},
    identity::Msisdn,
    limits,
    lookup::{Found, Lookup, LookupError, LookupOrder, Sought},
    pairing::{Number, NumberKind},
    words::Language,
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// What the boxes hold; what was typed comes back to whoever typed it.
#[derive(Default)]
pub(super) struct Boxes {
    pub(super) text: String,
    pub(super) number: String,
    pub(super) operator: String,
    pub(super) on: String,
    pub(super) as_of: String,
}

impl Boxes {
    fn of(fields: &Fields) -> Self {
        let text = |name| fields.get(name).to_owned();
        Self {
            text: text("q"),
            number: text("number"),
            operator: text("operator"),
            on: text("on"),
            as_of: text("as_of"),
        }
    }

    /// Whether more than the one box is filled in.
    pub(super) fn has_more(&self) -> bool {
        [&self.number, &self.operator, &self.on, &self.as_of].iter().any(|text| !text.is_empty())
    }
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    boxes: Boxes,
    wrong: String,
    /// The rule that was broken, in English; empty: none.
    rule: String,
    /// Where the one who asks belongs to an operator, only that one is asked for.
    is_bound: bool,
}

fn search_page(signed: &Signed, status: StatusCode, boxes: Boxes, wrong: String, rule: String) -> Response {
    let is_bound = !signed.principal.operator.is_empty();
    (status, show(&SearchPage { frame: Frame::of(&signed.guest), boxes, wrong, rule, is_bound })).into_response()
}

/// `GET /`: the search, or the first page of who may not search.
pub(super) async fn first(signed: Signed) -> Response {
    if Rule::of_page("/search").is_some_and(|rule| rule.lets_in(&signed.principal)) {
        return search_page(&signed, StatusCode::OK, Boxes::default(), String::new(), String::new());
    }
    let frame = Frame::of(&signed.guest);
    Redirect::to(frame.links.first().map_or("/account", |link| link.href)).into_response()
}

/// `POST /search`
pub(super) async fn search(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    match CaseNumber::asked(fields.get("q")) {
        Some(Ok(number)) => return Redirect::to(&format!("/case/{number}")).into_response(),
        Some(Err(_)) => {
            let wrong = signed.guest.language.screen("wrong-case-number");
            return search_page(&signed, StatusCode::UNPROCESSABLE_ENTITY, Boxes::of(&fields), wrong, String::new());
        }
        None => {}
    }
    let base = fields.text("from").and_then(|id| console.sessions().search(&signed.visit.key, id));
    let search = match read(&fields, base.unwrap_or_default()) {
        Ok(search) => search,
        Err((key, rule)) => {
            let wrong = signed.guest.language.screen(key);
            return search_page(&signed, StatusCode::UNPROCESSABLE_ENTITY, Boxes::of(&fields), wrong, rule);
        }
    };
    match console.sessions().keep(&signed.visit.key, search) {
        Some(id) => Redirect::to(&format!("/result/{id}")).into_response(),
        None => signed.guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// Reads what is asked. What a form does not name stays as it was in `base`, the search that it belongs to.
fn read(fields: &Fields, base: Search) -> Result<Search, (&'static str, String)> {
    let mut search = Search { text: fields.get("q").trim().to_owned(), ..base.clone() };
    if search.text.is_empty() {
        return Err(("wrong-empty", String::new()));
    }
    // The digits of the search stay where they are: they may be somebody's.
    if fields.get("as") == "imsi" {
        let digits: String = base.text.chars().filter(char::is_ascii_digit).collect();
        search.text = format!("imsi-{digits}");
    }
    if fields.get("with") == "number"
        && let Ok(Sought::Number(number)) = Sought::read(&base.text, &|_| false)
    {
        match number.kind() {
            NumberKind::Msisdn(msisdn) => search.msisdn = Some(msisdn),
            NumberKind::Imsi(imsi) => search.imsi = Some(imsi),
        }
    }
    if let Some(number) = fields.text("number") {
        let read = number.parse::<Msisdn>().map_err(|error| ("wrong-number", error.rule().to_owned()))?;
        (search.msisdn, search.imsi) = (Some(read), None);
    }
    if let Some(operator) = fields.text("operator") {
        if operator.len() > limits::OPERATOR_BYTES_MAX {
            return Err(("wrong-operator", String::new()));
        }
        search.operator = Some(operator.to_owned());
    }
    if let Some(on) = fields.text("on") {
        let on = day::moment(on).map_err(|error| ("wrong-moment", error.to_string()))?;
        search.when = When { on: Some(on), ..search.when };
    }
    if let Some(as_of) = fields.text("as_of") {
        let as_of = as_of.parse::<AsOf>().map_err(|error| ("wrong-moment", error.to_string()))?;
        search.when = When { as_of, ..search.when };
    }
    Ok(search)
}

/// What was found, as a page shows it.
enum View {
    Device(Box<DeviceView>),
    Number(NumberView),
    Document(DocumentView),
    Batch(BatchView),
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    frame: Frame,
    /// The name of the search, for forms that go on from it.
    id: String,
    notes: Vec<String>,
    view: View,
    /// That of the number which was asked about or with.
    registration: Option<RegistrationView>,
    /// The state of the register and the moment.
    basis: String,
    /// The number that was asked with, masked; empty: none.
    with: String,
    /// When and where it was refused, newest first.
    refusals: Vec<RefusalView>,
    /// Cases of the device or number that are not closed.
    cases: Vec<CaseRow>,
    may_open: bool,
    may_reveal: bool,
    may_ask_who: bool,
}

/// Refusals of a device with a number on a day.
struct RefusalView {
    moment: String,
    imei: String,
    /// The number or SIM of the question, masked; empty: none came.
    number: String,
    operator: String,
    reason: &'static str,
    count: u64,
}

impl RefusalView {
    fn of(refused: &Refused, language: Language) -> Self {
        Self {
            moment: language.moment(refused.last),
            imei: imei(refused.key),
            number: refused.number.map(Number::masked).unwrap_or_default(),
            operator: refused.operator.clone(),
            reason: refused.reason.map_or("", |reason| reason.name()),
            count: refused.count,
        }
    }
}

/// `GET /result/{id}`
pub(super) async fn result(State(console): State<Console>, signed: Signed, Path(id): Path<String>) -> Response {
    let guest = &signed.guest;
    let Some(search) = console.sessions().search(&signed.visit.key, &id) else {
        return guest.trouble(StatusCode::NOT_FOUND, "no-result");
    };
    let with = search.msisdn.map(|msisdn| msisdn.masked()).or_else(|| search.imsi.map(|imsi| imsi.masked()));
    let boxes = Boxes { text: search.text.clone(), ..Boxes::default() };
    let (agent, order) = (Agent::of(&signed.principal), order(search));
    let language = guest.language;
    match console.with_desk(move |desk| desk.look_up(&agent, order, "")).await {
        Some(Ok(Looked { lookup: found, refusals, cases, .. })) => {
            let cases = cases.iter().map(|case| CaseRow::of(case, language)).collect();
            let refusals = refusals.iter().map(|refused| RefusalView::of(refused, language)).collect();
            let notes = found.notes(language);
            let (revision, moment) = (found.revision, language.moment(found.unix_seconds));
            let basis = format!("{} {revision} · {moment}", language.screen("revision"));
            let is_of_subject = matches!(found.found, Found::Device(_) | Found::Number(_));
            let registration = found.registration.as_ref().map(|held| RegistrationView::of(held, language));
            show(&ResultPage {
                frame: Frame::of(guest),
                id,
                notes,
                registration,
                view: view(found, language),
                basis,
                with: with.unwrap_or_default(),
                refusals,
                cases,
                may_open: is_of_subject && opens(guest, "/open-case"),
                may_reveal: opens(guest, "/reveal"),
                may_ask_who: is_of_subject && opens(guest, "/who"),
            })
        }
        Some(Err(DeskError::Lookup(error))) => refused(&signed, &error, boxes),
        Some(Err(error)) => {
            tracing::error!(%error, "nothing is shown that cannot be recorded");
            guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken")
        }
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// What is looked up; the desk adds whose subscribers may be seen.
pub(super) fn order(search: Search) -> LookupOrder {
    LookupOrder {
        text: search.text,
        msisdn: search.msisdn,
        imsi: search.imsi,
        operator: search.operator,
        when: search.when,
        only: None,
    }
}

fn view(found: Lookup, language: Language) -> View {
    match found.found {
        Found::Device(page) => View::Device(Box::new(DeviceView::of(&page, language))),
        Found::Number(page) => View::Number(NumberView::of(&page, language)),
        Found::Document(page) => View::Document(DocumentView::of(&page, language)),
        Found::Batch(page) => View::Batch(BatchView::of(&page, language)),
    }
}

fn refused(signed: &Signed, error: &LookupError, boxes: Boxes) -> Response {
    let (status, key, rule) = match error {
        LookupError::Unread { rule } => (StatusCode::UNPROCESSABLE_ENTITY, "wrong-text", (*rule).to_owned()),
        LookupError::NoBatch { .. } => (StatusCode::NOT_FOUND, "wrong-batch", String::new()),
        LookupError::OtherOperator { .. } => (StatusCode::FORBIDDEN, "wrong-other-operator", String::new()),
        LookupError::Explain(ExplainError::NotReady(_)) => {
            return signed.guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading");
        }
        LookupError::Explain(ExplainError::AsOf(error)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "wrong-as-of", error.to_string())
        }
        LookupError::Explain(error) => {
            tracing::error!(%error, "a lookup failed");
            return signed.guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken");
        }
    };
    search_page(signed, status, boxes, signed.guest.language.screen(key), rule)
}
