//! Opening a case: the form, filled in from a device or number that was looked up, and the slip with number and secret.
//!
//! What always holds: a form opens one case, however often it is sent; nothing of what was typed is lost when something is wrong; what
//! fills the form in comes from the session and stands in no address.

use super::{
    Console,
    approvals::request_of,
    cases::CaseRow,
    desk::{Choice, desk_refused, kinds, parties, wrong},
    fields::Fields,
    page::{Frame, Guest, Signed, show},
    sessions::{Search, random},
};
use crate::{
    check::EquipmentValue,
    desk::{Agent, CaseOrder, DeskError, Owner, Party},
    identity::{Equipment, EquipmentKey, Imei, Msisdn, may_hold_nik},
    lookup::Sought,
    pairing::{Number, NumberKind},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// What the form holds; what was typed comes back to whoever typed it.
#[derive(Clone, Default)]
struct Boxes {
    kind: String,
    imei: String,
    number: String,
    owner: String,
    operator: String,
    note: String,
}

#[derive(Template)]
#[template(path = "case_open.html")]
struct OpenPage {
    frame: Frame,
    boxes: Boxes,
    kinds: Vec<Choice>,
    owners: Vec<Choice>,
    request: String,
    wrong: String,
}

fn open_page(guest: &Guest, status: StatusCode, boxes: Boxes, request: String, wrong: String) -> Response {
    let page = OpenPage {
        frame: Frame::of(guest),
        kinds: kinds(guest.language, &boxes.kind),
        owners: parties(guest.language, &boxes.owner),
        boxes,
        request,
        wrong,
    };
    (status, show(&page)).into_response()
}

fn blank_page(guest: &Guest, boxes: Boxes) -> Response {
    match random::<16>() {
        Ok(request) => open_page(guest, StatusCode::OK, boxes, request, String::new()),
        Err(_) => guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken"),
    }
}

/// `GET /open-case`
pub(super) async fn blank(signed: Signed) -> Response {
    blank_page(&signed.guest, Boxes { operator: signed.principal.operator.clone(), ..Boxes::default() })
}

/// `GET /open-case/{id}`: filled in from a search of the session.
pub(super) async fn about(State(console): State<Console>, signed: Signed, Path(id): Path<String>) -> Response {
    let Some(search) = console.sessions().search(&signed.visit.key, &id) else {
        return signed.guest.trouble(StatusCode::NOT_FOUND, "no-result");
    };
    let boxes = prefilled(&search, &signed.principal.operator);
    blank_page(&signed.guest, boxes)
}

/// The device and number of a search, as the agent named them.
fn prefilled(search: &Search, own: &str) -> Boxes {
    let mut boxes = Boxes { operator: own.to_owned(), ..Boxes::default() };
    let mut msisdn = search.msisdn;
    match Sought::read(&search.text, &|_| false) {
        Ok(Sought::Device(device)) => {
            if let EquipmentValue::Key(key) = device.equipment
                && !may_hold_nik(&search.text)
            {
                boxes.imei = Imei::from_key(key).to_string();
            }
        }
        Ok(Sought::Number(number)) => {
            if let NumberKind::Msisdn(named) = number.kind() {
                msisdn = Some(named);
            }
        }
        _ => {}
    }
    boxes.number = msisdn.map(|msisdn| msisdn.to_string()).unwrap_or_default();
    boxes
}

#[derive(Template)]
#[template(path = "case_slip.html")]
struct SlipPage {
    frame: Frame,
    case: CaseRow,
    secret: String,
    /// The same form had opened it before.
    repeated: bool,
}

/// `POST /open-case`
pub(super) async fn open(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let Some(request) = request_of(&fields) else { return guest.trouble(StatusCode::BAD_REQUEST, "unread-form") };
    let text = |name: &str| fields.get(name).trim().to_owned();
    let boxes = Boxes {
        kind: text("kind"),
        imei: text("imei"),
        number: text("number"),
        owner: text("owner"),
        operator: text("operator"),
        note: fields.get("note").replace("\r\n", "\n"),
    };
    let again = |boxes: Boxes, key: &str| {
        let wrong = guest.language.screen(key);
        open_page(guest, StatusCode::UNPROCESSABLE_ENTITY, boxes, text("request"), wrong)
    };
    let order = match order(&boxes, request) {
        Ok(order) => order,
        Err(key) => return again(boxes, key),
    };
    let agent = Agent::of(&signed.principal);
    match console.with_desk(move |desk| desk.open_case(&agent, &order)).await {
        Some(Ok(opened)) => show(&SlipPage {
            frame: Frame::of(guest),
            case: CaseRow::of(&opened.case, guest.language),
            secret: spread(&opened.secret),
            repeated: opened.repeated,
        }),
        Some(Err(error)) => match wrong(&error) {
            Some(key) => again(boxes, key),
            None => desk_refused(guest, &error),
        },
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// Reads the form; else the text that says what is wrong.
fn order(boxes: &Boxes, request: String) -> Result<CaseOrder, &'static str> {
    Ok(CaseOrder {
        kind: boxes.kind.parse().map_err(|_| "wrong-kind")?,
        device: device(&boxes.imei)?,
        caller: number(&boxes.number)?,
        owner: owner(&boxes.owner, &boxes.operator)?,
        note: boxes.note.clone(),
        request,
    })
}

/// An owner; an operator's name beside another owner is what an agent of that operator's form begins with, and counts for nothing.
pub(super) fn owner(party: &str, operator: &str) -> Result<Owner, &'static str> {
    let party: Party = party.parse().map_err(|_| "wrong-owner")?;
    let operator = if party == Party::Operator { operator.to_owned() } else { String::new() };
    Ok(Owner { party, operator })
}

/// A device in any form, its check digit verified; none from nothing. What may be a NIK is not kept.
fn device(text: &str) -> Result<Option<EquipmentKey>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    if may_hold_nik(text) {
        return Err("wrong-case-imei");
    }
    Equipment::from_typed(text).map(|equipment| Some(equipment.key())).map_err(|_| "wrong-case-imei")
}

/// A number in any form; none from nothing.
fn number(text: &str) -> Result<Option<Number>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse::<Msisdn>().map(|msisdn| Some(msisdn.into())).map_err(|_| "wrong-number")
}

/// A secret as it is said: four signs, and four.
fn spread(secret: &str) -> String {
    secret.split_at_checked(4).map_or_else(|| secret.to_owned(), |(head, tail)| format!("{head} {tail}"))
}

/// Whether a refusal is that somebody else was first.
pub(super) const fn is_stale(error: &DeskError) -> bool {
    matches!(error, DeskError::Stale { .. })
}
