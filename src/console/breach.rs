//! The breach pack: what somebody saw in a time, as a file for the report to those whom it concerns and to the authority.
//!
//! What always holds: its making is on record with its purpose before anything of it is sent; it has numbers in full, so it
//! comes as the answer to a form of an administrator, stands in no address, and is kept nowhere here; one is made at a time.

use super::{
    Console,
    desk::desk_refused,
    fields::Fields,
    page::{Frame, Signed, show},
};
use crate::{
    day,
    desk::{Agent, DeskError},
    registry::Registry,
};
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

#[derive(Template)]
#[template(path = "breach.html")]
struct BreachPage {
    frame: Frame,
    principals: Vec<String>,
    principal: String,
    from: String,
    to: String,
    purpose: String,
    wrong: String,
}

impl BreachPage {
    fn blank(signed: &Signed, registry: Option<&Registry>) -> Self {
        let none = String::new;
        let principals = registry.map(|registry| {
            let ledger = registry.store().ledger();
            ledger.principals().iter().map(|one| one.name.clone()).collect()
        });
        Self {
            frame: Frame::of(&signed.guest),
            principals: principals.unwrap_or_default(),
            principal: none(),
            from: none(),
            to: none(),
            purpose: none(),
            wrong: none(),
        }
    }
}

/// `GET /breach`
pub(super) async fn form(State(console): State<Console>, signed: Signed) -> Response {
    show(&BreachPage::blank(&signed, console.registry()))
}

/// `POST /breach`: the pack as a file.
pub(super) async fn export(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let text = |name: &str, most: usize| fields.get(name).trim().chars().take(most).collect::<String>();
    let page = BreachPage {
        principal: text("principal", 64).to_lowercase(),
        from: text("from", 32),
        to: text("to", 32),
        purpose: text("purpose", 400),
        ..BreachPage::blank(&signed, console.registry())
    };
    let again = |key: &str, page: BreachPage| {
        let page = BreachPage { wrong: language.screen(key), ..page };
        (StatusCode::UNPROCESSABLE_ENTITY, show(&page)).into_response()
    };
    let (Ok(from), Ok(to)) = (day::moment(&page.from), day::moment(&page.to)) else {
        return again("wrong-moment", page);
    };
    // A name that is nobody's is a slip of the pen, and no pack.
    if !page.principals.contains(&page.principal) {
        return again("wrong-nobody", page);
    }
    let agent = Agent::of(&signed.principal);
    let Ok(alone) = console.preview_places().acquire_owned().await else {
        return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy");
    };
    let (principal, purpose) = (page.principal.clone(), page.purpose.clone());
    let made = console.with_desk(move |desk| {
        let pack = desk.breach(&agent, &principal, (from, to), &purpose);
        drop(alone);
        let pack = pack?;
        Ok((pack.entry, format!("{:#}\n", pack.export())))
    });
    match made.await {
        Some(Ok((entry, json))) => {
            let name = format!("attachment; filename=\"saring-breach-{entry}.json\"");
            let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (headers, json).into_response()
        }
        Some(Err(DeskError::Purpose)) => again("wrong-breach-purpose", page),
        Some(Err(DeskError::Invalid { field: "to", .. })) => again("wrong-range", page),
        Some(Err(error)) => desk_refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
