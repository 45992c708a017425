//! A masked number in full, for a stated purpose.
//!
//! What always holds: purpose, number and who asked are on record before the number is shown; the number stands in the answer to a
//! form and in no address; who may not see a number masked does not see it in full.

use super::{
    Console,
    desk::{desk_refused, wrong},
    fields::{Fields, local},
    page::{Frame, Signed, show},
    search::order,
};
use crate::{
    desk::{Agent, CaseNumber},
    lookup::LookupOrder,
    pairing::{Number, NumberKind},
};
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

#[derive(Template)]
#[template(path = "reveal.html")]
struct RevealPage {
    frame: Frame,
    /// In full; empty: it was not shown.
    numbers: Vec<String>,
    masked: String,
    purpose: String,
    entry: u64,
    /// The page on which it stands masked.
    back: String,
    /// The name of the search, or the number of the case.
    from: String,
    batch: String,
    wrong: String,
}

/// A number as it is dialled.
fn in_full(number: Number) -> String {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => format!("+{msisdn}"),
        NumberKind::Imsi(imsi) => format!("IMSI {imsi}"),
    }
}

/// `POST /reveal`: `from` is the name of a search of the session, or the number of a case.
pub(super) async fn reveal(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let from = fields.get("from").trim().to_owned();
    // The name of a search is hexadecimal: it begins with no K.
    let case = from.starts_with('K').then(|| from.parse::<CaseNumber>().ok()).flatten();
    let (order, back) = match case {
        Some(number) => {
            let order = LookupOrder { text: number.to_string(), ..LookupOrder::default() };
            (order, format!("/case/{number}"))
        }
        None => match console.sessions().search(&signed.visit.key, &from) {
            Some(search) => (order(search), local(&format!("/result/{from}"))),
            None => return guest.trouble(StatusCode::NOT_FOUND, "no-result"),
        },
    };
    let (masked, purpose) = (fields.get("masked").trim().to_owned(), fields.get("purpose").trim().to_owned());
    let batch = fields.text("batch").and_then(|batch| batch.parse::<u64>().ok());
    let page = RevealPage {
        frame: Frame::of(guest),
        numbers: Vec::new(),
        masked: masked.clone(),
        purpose: purpose.clone(),
        entry: 0,
        back,
        from,
        batch: batch.map(|batch| batch.to_string()).unwrap_or_default(),
        wrong: String::new(),
    };
    let agent = Agent::of(&signed.principal);
    match console.with_desk(move |desk| desk.reveal(&agent, order, &masked, batch, &purpose)).await {
        Some(Ok(revealed)) => {
            let numbers = revealed.numbers.iter().copied().map(in_full).collect();
            show(&RevealPage { numbers, entry: revealed.entry, ..page })
        }
        Some(Err(error)) => match wrong(&error) {
            Some(key) => {
                let page = RevealPage { wrong: guest.language.screen(key), ..page };
                (StatusCode::UNPROCESSABLE_ENTITY, show(&page)).into_response()
            }
            None => desk_refused(guest, &error),
        },
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
