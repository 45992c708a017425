//! The questions that callers ask, with the core of each answer and whom to turn to.

use super::page::{Frame, Guest, show};
use crate::words::Help;
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
    questions: Vec<Help>,
}

/// `GET /help`
pub(super) async fn help(guest: Guest) -> Response {
    show(&HelpPage { frame: Frame::of(&guest), questions: guest.language.help() })
}
