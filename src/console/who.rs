//! Who looked at a number or at a device: for supervisors and auditors, who answer those that ask.
//!
//! What always holds: the question is on record itself, with its purpose; it comes in a form and stands in no address; of the numbers
//! on the pages that were shown only the one that was asked for is told.

use super::{
    Console,
    desk::{desk_refused, wrong},
    fields::Fields,
    page::{Frame, Signed, show},
    verdict::imei,
};
use crate::{
    check::EquipmentValue,
    desk::{Act, Agent, AuditLine, Deed},
    identity::EquipmentKey,
    lookup::Sought,
    pairing::Number,
    words::{CaseTerm, Language, Line, Teller, Value},
};
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// Somebody who looked.
pub(super) struct Seen {
    pub(super) entry: u64,
    pub(super) moment: String,
    pub(super) who: String,
    pub(super) operator: String,
    pub(super) deed: String,
    /// What was asked for, as it may be shown.
    pub(super) text: String,
    pub(super) in_full: bool,
    pub(super) why: String,
}

impl Seen {
    pub(super) fn of(line: &AuditLine, language: Language) -> Self {
        Self {
            entry: line.seq,
            moment: language.moment(line.time_unix_ms.div_euclid(1000)),
            who: line.principal.clone(),
            operator: line.operator.clone(),
            deed: line.deed.map(|deed| deed_words(language, deed)).unwrap_or_default(),
            text: if line.erased { language.screen("values-erased") } else { text_of(line, language) },
            in_full: line.subjects.iter().any(|(_, in_full)| *in_full),
            why: line.why.clone(),
        }
    }
}

/// What was asked for; of a case that was changed its number and the act in words, of registrations what was taken in.
fn text_of(line: &AuditLine, language: Language) -> String {
    if line.deed == Some(Deed::Registration) {
        return registration_text(&line.text, language).unwrap_or_else(|| line.text.clone());
    }
    let said = line.text.split_once(' ').filter(|_| line.deed == Some(Deed::CaseChange));
    let act = said.and_then(|(number, act)| {
        let known = Act::ALL.iter().find(|known| act.starts_with(known.name()))?;
        Some(format!("{number} {}{}", language.case_term(CaseTerm::Act, known.name()), &act[known.name().len()..]))
    });
    act.unwrap_or_else(|| line.text.clone())
}

/// A list, a calendar or a key, as it is recorded, in words. None: another build recorded it.
fn registration_text(text: &str, language: Language) -> Option<String> {
    let tell = |line: Line, values: &[(&'static str, Value)]| Teller::To(language).tell(line.key(), values);
    if text == "a key for the hashes of identities is added" {
        return Some(tell(Line::KeyAdded, &[]));
    }
    if let Some(rest) = text.strip_prefix("calendar ") {
        let (number, rest) = rest.split_once(" is ")?;
        let state = rest.split_once(", SHA-256")?.0;
        let state = Value::term("calendar", if state == "approved" { "in-force" } else { state });
        return Some(tell(Line::CalendarIs, &[("number", number.into()), ("state", state)]));
    }
    let (number, rest) = text.strip_prefix("list ")?.split_once(" of ")?;
    let (operator, rest) = rest.split_once(", ")?;
    let (mode, rest) = rest.split_once(": ")?;
    let (rows, rest) = rest.split_once(" rows, ")?;
    let rejected = rest.strip_suffix(" rejected")?;
    let values = [
        ("number", number.into()),
        ("operator", operator.into()),
        ("kind", Value::term("mode", mode)),
        ("added", Value::Count(rows.parse().ok()?)),
        ("count", Value::Count(rejected.parse().ok()?)),
    ];
    Some(tell(Line::ListIn, &values))
}

/// A deed of the desk in words.
pub(super) fn deed_words(language: Language, deed: Deed) -> String {
    match deed {
        Deed::LookUp => language.screen("deed-lookup"),
        Deed::Reveal => language.screen("deed-reveal"),
        Deed::Who => language.screen("deed-who"),
        Deed::Breach => language.screen("deed-breach"),
        Deed::Erased => language.screen("deed-erased"),
        Deed::Rules => language.screen("deed-rules"),
        Deed::Case => language.screen("deed-case"),
        Deed::CaseChange => language.screen("deed-case-change"),
        Deed::Registration => language.screen("deed-registration"),
    }
}

#[derive(Template)]
#[template(path = "who.html")]
struct WhoPage {
    frame: Frame,
    /// What is asked about, as it may be shown; empty: nothing was asked yet.
    subject: String,
    seen: Vec<Seen>,
    text: String,
    purpose: String,
    wrong: String,
}

/// What is asked about.
#[derive(Clone, Copy)]
enum Subject {
    Number(Number),
    Device(EquipmentKey),
}

fn read(text: &str) -> Option<Subject> {
    match Sought::read(text, &|_| false).ok()? {
        Sought::Number(number) => Some(Subject::Number(number)),
        Sought::Device(device) => match device.equipment {
            EquipmentValue::Key(key) => Some(Subject::Device(key)),
            EquipmentValue::Malformed | EquipmentValue::Other => None,
        },
        Sought::Document(_) | Sought::Batch(_) => None,
    }
}

/// `GET /who`
pub(super) async fn form(signed: Signed) -> Response {
    show(&WhoPage::blank(&signed))
}

impl WhoPage {
    fn blank(signed: &Signed) -> Self {
        let none = String::new;
        let frame = Frame::of(&signed.guest);
        Self { frame, subject: none(), seen: Vec::new(), text: none(), purpose: none(), wrong: none() }
    }
}

/// `POST /who`: `q` is a number or a device, or `from` the name of a search of the session.
pub(super) async fn ask(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let searched = fields.text("from").and_then(|id| console.sessions().search(&signed.visit.key, id));
    let text = searched.map_or_else(|| fields.get("q").trim().to_owned(), |search| search.text);
    let purpose = fields.get("purpose").trim().to_owned();
    let page = WhoPage { text: text.clone(), purpose: purpose.clone(), ..WhoPage::blank(&signed) };
    let again = |key: &str, page: WhoPage| {
        let page = WhoPage { wrong: language.screen(key), ..page };
        (StatusCode::UNPROCESSABLE_ENTITY, show(&page)).into_response()
    };
    let Some(subject) = read(&text) else { return again("wrong-who", page) };
    let agent = Agent::of(&signed.principal);
    let asked = console.with_desk(move |desk| match subject {
        Subject::Number(number) => desk.who(&agent, number, &purpose),
        Subject::Device(key) => desk.who_device(&agent, key, &purpose),
    });
    match asked.await {
        Some(Ok(lines)) => {
            let subject = match subject {
                Subject::Number(number) => number.masked(),
                Subject::Device(key) => imei(key),
            };
            let seen = lines.iter().map(|line| Seen::of(line, language)).collect();
            show(&WhoPage { subject, seen, text: String::new(), ..page })
        }
        Some(Err(error)) => match wrong(&error) {
            Some(key) => again(key, page),
            None => desk_refused(guest, &error),
        },
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
