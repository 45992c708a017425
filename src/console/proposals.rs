//! A proposal that waits: what it is, what it would do, and the form that decides.

use super::{
    Console,
    approvals::{REASON_CHARS_MAX, refused, request_of, unhex},
    fields::Fields,
    page::{Frame, Signed, show},
    preview::PreviewView,
    sessions::random,
};
use crate::{
    journal::{self, Change},
    registry::PreviewOrder,
    store::Hands,
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

#[derive(Template)]
#[template(path = "proposal.html")]
struct ProposalPage {
    frame: Frame,
    number: u64,
    what: String,
    /// The document that it would put in force; empty: none.
    document: String,
    proposer: String,
    reason: String,
    moment: String,
    is_own: bool,
    preview: Option<PreviewView>,
    request: String,
}

/// `GET /proposal/{number}`
pub(super) async fn proposal(State(console): State<Console>, signed: Signed, Path(number): Path<u64>) -> Response {
    let guest = &signed.guest;
    let language = guest.language;
    let Some(registry) = console.registry() else { return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading") };
    let ledger = registry.store().ledger();
    let Some(proposal) = ledger.open_proposals().get(&number) else {
        return guest.trouble(StatusCode::NOT_FOUND, "no-proposal");
    };
    let Ok(request) = random::<16>() else { return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken") };
    let (document, is_counted) = match &proposal.change {
        Change::SettingsApplied(settings) => (settings.toml.clone(), true),
        Change::LimitsApplied(limits) => (limits.toml.clone(), false),
        _ => (String::new(), false),
    };
    let preview = if is_counted {
        let order = PreviewOrder::Proposal(number);
        match console.with_preview(move |registry| Ok(PreviewView::of(&registry.preview(&order)?, language))).await {
            Some(Ok(preview)) => Some(preview),
            Some(Err(error)) => return refused(guest, &error),
            None => return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
        }
    } else {
        None
    };
    show(&ProposalPage {
        frame: Frame::of(guest),
        number,
        what: journal::order_told(&proposal.change, language),
        document,
        proposer: proposal.proposer.clone(),
        reason: proposal.reason.clone(),
        moment: language.moment(proposal.time_unix_ms.div_euclid(1000)),
        is_own: proposal.proposer == signed.principal.name,
        preview,
        request,
    })
}

/// `POST /proposal/{number}`
pub(super) async fn decide(
    State(console): State<Console>,
    signed: Signed,
    Path(number): Path<u64>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let (Some(seen), Some(request)) = (unhex(fields.get("preview")), request_of(&fields)) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let approves = match fields.get("decision") {
        "approve" => true,
        "reject" => false,
        _ => return guest.trouble(StatusCode::BAD_REQUEST, "unread-form"),
    };
    let hands = Hands::of(&signed.principal.name, &request);
    let reason: String = fields.get("reason").trim().chars().take(REASON_CHARS_MAX).collect();
    let decided = console.with_preview(move |registry| {
        if approves {
            registry.approve_proposal(&hands, number, &reason, &seen)
        } else {
            registry.reject_proposal(&hands, number, &reason)
        }
    });
    match decided.await {
        Some(Ok(_)) => Redirect::to("/approvals").into_response(),
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
