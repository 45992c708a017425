//! The same questions to a directory that nobody serves.
//!
//! What always holds: what reads writes nothing, and is on no record; what changes something needs no token before there
//! are principals, and one whose roles allow the call from then on.

use super::{Asked, BadInput, Failure, Told, calendars};
use crate::{
    access::Rule,
    day::Day,
    desk::Agent,
    grpc::registrations_to_wire as wire,
    identity::Msisdn,
    import::progress::on_terminal,
    proto,
    registration::{self, By, CountFilter, ListOrder, Mode, RegistrationError, Registrations},
    registry::Registry,
    store::{Hands, OpenMode, Store},
    words::Language,
};
use std::{fs::File, path::Path, sync::Arc};

/// Answers from a directory.
pub(super) fn answer(data: &Path, asked: Asked) -> Result<Told, Failure> {
    told(match asked {
        Asked::Import { order, file, named } => import(data, order, &file, named.request.unwrap_or_default()),
        Asked::Propose(request) => {
            let (all, by) = writing(data, "ProposeCalendar")?;
            all.propose(&by, &request.document, &request.reason).map(|record| Told::Calendar(wire::calendar(&record)))
        }
        Asked::Decide(request) => {
            let (all, by) = writing(data, "DecideCalendar")?;
            let seen = Some(request.sha256.as_slice()).filter(|sha256| !sha256.is_empty());
            let decided = all.decide(&by, request.number, seen, request.approve, &request.reason);
            decided.map(|record| Told::Calendar(wire::calendar(&record)))
        }
        Asked::Rotate(request) => {
            let (all, by) = writing(data, "RotateIdentityKey")?;
            all.rotate_key(&by, &request.reason).map(|version| Told::Key(version.into()))
        }
        Asked::Lists(request) => {
            let sha256 = <[u8; 32]>::try_from(request.sha256.as_slice()).ok();
            let lists =
                reading(data)?.lists(given(&request.operator).as_deref(), sha256.as_ref(), request.limit as usize);
            lists.map(|lists| Told::Lists(lists.iter().map(wire::list).collect()))
        }
        Asked::Counts(request) => counts(&reading(data)?, &request),
        Asked::Show(request) => show(&reading(data)?, &request),
        Asked::AboveLimit(request) => {
            let above = reading(data)?.above_limit(Some(request.limit).filter(|limit| *limit > 0), None);
            above.map(|above| Told::AboveLimit(wire::above_limit(&above, 0)))
        }
        Asked::Calendars(request, document) => {
            let (all, day) = (reading(data)?, day(&request.on).unwrap_or_else(registration::today));
            let records = all.calendars()?.iter().map(wire::calendar).collect();
            let in_force = all.calendar_on(day)?.0;
            return calendars(proto::GetCalendarsResponse { in_force, calendars: records }, document);
        }
        Asked::Preview(request) => {
            let day = day(&request.on).unwrap_or_else(registration::today);
            let moved = reading(data)?.preview(&request.document, day, request.by_city);
            moved.map(|moved| Told::Moved(wire::moved(&moved)))
        }
    })
}

/// What breaks a rule is bad input here as at a server.
fn told(told: Result<Told, RegistrationError>) -> Result<Told, Failure> {
    told.map_err(|error| match error {
        RegistrationError::List(_) | RegistrationError::Calendar(_) | RegistrationError::Invalid(_) => {
            BadInput(error.to_string()).into()
        }
        error => error.into(),
    })
}

fn given(text: &str) -> Option<String> {
    Some(text.to_ascii_lowercase()).filter(|text| !text.is_empty())
}

/// A day that the command line has read already.
fn day(text: &str) -> Option<Day> {
    text.parse().ok()
}

fn reading(data: &Path) -> Result<Registrations, Failure> {
    let store = Arc::new(Store::open(data, OpenMode::Read)?);
    if !store.has_registration() {
        return Err("this register has no registrations of subscribers yet: saring registration import".into());
    }
    Ok(Registrations::open(&store)?)
}

/// Opens to write, and says who does.
fn writing(data: &Path, call: &str) -> Result<(Registrations, Agent), Failure> {
    let (registry, discarded) = Registry::open(data, true)?;
    for batch in discarded {
        eprintln!("saring: batch {batch} was left unfinished by an earlier import and is discarded");
    }
    let ledger = registry.store().ledger();
    let by = if ledger.principals().is_empty() {
        Agent { name: Hands::bootstrap().principal, operator: None }
    } else {
        let name = super::super::hands(&registry)?.principal;
        let principal = ledger.principals().get(&name).ok_or("this token is known no more")?;
        let rule = Rule::of(&format!("/saring.v1.Registration/{call}")).ok_or("nobody may do this")?;
        if !rule.lets_in(principal) {
            return Err(format!("this is for {}, and {name} is none of these", rule.whom()).into());
        }
        Agent::of(principal)
    };
    Ok((registry.registrations()?, by))
}

fn import(
    data: &Path,
    order: proto::RegistrationListOrder,
    file: &Path,
    request: String,
) -> Result<Told, RegistrationError> {
    let failed = |error: Failure| RegistrationError::Conflict(error.to_string().into());
    let unread = |error: std::io::Error| {
        RegistrationError::Invalid(format!("{}: cannot be read: {error}", file.display()).into())
    };
    let mut input = File::open(file).map_err(unread)?;
    let (all, by) = writing(data, "SubmitList").map_err(failed)?;
    let progress = on_terminal();
    progress.start(input.metadata().ok().map(|file| file.len()));
    let order = ListOrder {
        operator: given(&order.operator).or_else(|| by.operator.clone()).unwrap_or_default(),
        by,
        mode: order.mode.parse().unwrap_or(Mode::Delta),
        all_or_nothing: order.all_or_nothing,
        max_drop_percent: order.max_drop_percent.and_then(|percent| u8::try_from(percent).ok()).unwrap_or(20),
        max_takeover_percent: order.max_takeover_percent.and_then(|percent| u8::try_from(percent).ok()).unwrap_or(20),
        sha256: None,
        request,
        today: registration::today(),
    };
    let taken = all.take_in(&order, &mut input, progress.as_ref());
    progress.finish();
    Ok(Told::List(wire::taken_in(&taken?)))
}

fn counts(all: &Registrations, request: &proto::GetCountsRequest) -> Result<Told, RegistrationError> {
    let by = By::read(request.by.iter().map(String::as_str))?;
    let filter = CountFilter {
        operator: given(&request.operator),
        city: given(&request.city),
        on: day(&request.on),
        from: day(&request.from),
        to: day(&request.to),
    };
    let keys = all.cells()?.by_key();
    Ok(Told::Counts(wire::counts(&all.count(by, &filter)?, &keys)))
}

fn show(all: &Registrations, request: &proto::ShowNumberRequest) -> Result<Told, RegistrationError> {
    // A wrong number may still be somebody's: it is not repeated.
    let read = request.msisdn.parse::<Msisdn>();
    let msisdn = read.map_err(|error| RegistrationError::Invalid(format!("msisdn: {}", error.rule()).into()))?;
    let language = request.language.parse::<Language>().unwrap_or_default();
    let held = all.held(msisdn, day(&request.on).unwrap_or_else(registration::today), None)?;
    let registration = held.map(|held| wire::number(&held, language));
    Ok(Told::Number(proto::ShowNumberResponse { registration, audit_entry: 0 }))
}
