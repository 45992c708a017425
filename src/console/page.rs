//! What every page shares: who sees it, its frame, and what it says when something is wrong.
//!
//! What always holds: texts come from the catalogue of [`crate::words`]; whatever else stands in a page is escaped by the
//! templates; a page that says what is wrong repeats nothing of what was asked.

use super::sessions::Visit;
use crate::{access::Rule, principal::Principal, words::Language};
use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use std::{net::IpAddr, sync::Arc};

/// Who asks for a page.
#[derive(Clone, Debug)]
pub(super) struct Guest {
    pub(super) language: Language,
    /// What every form carries.
    pub(super) csrf: String,
    pub(super) address: IpAddr,
    /// The path of the page, to come back to.
    pub(super) here: String,
    pub(super) signed: Option<(Arc<Principal>, Visit)>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) guest: Guest,
    pub(super) principal: Arc<Principal>,
    pub(super) visit: Visit,
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // Without the gate nothing is answered.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::FORBIDDEN)
    }
}

impl<S: Sync> FromRequestParts<S> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let guest = Guest::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        match guest.signed.clone() {
            Some((principal, visit)) => Ok(Self { guest, principal, visit }),
            None => Err(Redirect::to("/sign-in").into_response()),
        }
    }
}

/// A page of the navigation.
pub(super) struct Link {
    pub(super) href: &'static str,
    pub(super) word: String,
    /// The key that leads there with the browser's modifier.
    pub(super) key: &'static str,
    pub(super) is_here: bool,
}

/// Pages that the navigation leads to: path, word, key.
const PAGES: &[(&str, &str, &str)] = &[
    ("/", "nav-search", "s"),
    ("/cases", "nav-cases", "c"),
    ("/help", "nav-help", "h"),
    ("/approvals", "nav-approvals", "a"),
    ("/batches", "nav-batches", "b"),
    ("/who", "nav-who", "w"),
    ("/record", "nav-record", "r"),
    ("/registrations", "nav-registrations", "k"),
    ("/status", "nav-status", "t"),
    ("/journal", "nav-journal", "j"),
    ("/principals", "nav-people", "p"),
    ("/breach", "nav-breach", "x"),
];

/// What stands around every page.
pub(super) struct Frame {
    pub(super) language: Language,
    pub(super) csrf: String,
    pub(super) here: String,
    /// The name of who is signed in; empty: nobody is.
    pub(super) name: String,
    /// The operator that it belongs to; empty: none.
    pub(super) operator: String,
    pub(super) links: Vec<Link>,
}

impl Frame {
    pub(super) fn of(guest: &Guest) -> Self {
        let language = guest.language;
        let principal = guest.signed.as_ref().map(|(principal, _)| principal);
        let link = |(href, word, key): &(&'static str, &str, &'static str)| Link {
            href,
            word: language.screen(word),
            key,
            is_here: guest.here == *href,
        };
        // The first page is everybody's who may search; others have another first page.
        let route = |href: &'static str| if href == "/" { "/search" } else { href };
        let opens =
            |href| principal.is_some_and(|who| Rule::of_page(route(href)).is_some_and(|rule| rule.lets_in(who)));
        Self {
            language,
            csrf: guest.csrf.clone(),
            here: guest.here.clone(),
            name: principal.map(|who| who.name.clone()).unwrap_or_default(),
            operator: principal.map(|who| who.operator.clone()).unwrap_or_default(),
            links: PAGES.iter().filter(|(href, ..)| opens(href)).map(link).collect(),
        }
    }

    /// A text of the catalogue.
    pub(super) fn t(&self, key: &str) -> String {
        self.language.screen(key)
    }

    /// A text of the catalogue that names something.
    pub(super) fn t_of(&self, key: &str, other: impl ToString) -> String {
        self.language.screen_of(key, &other.to_string())
    }

    /// The other languages: tag and own name.
    pub(super) fn others(&self) -> Vec<(&'static str, &'static str)> {
        let names = [(Language::Indonesian, "Bahasa Indonesia"), (Language::English, "English")];
        let others = names.into_iter().filter(|(language, _)| *language != self.language);
        others.map(|(language, name)| (language.tag(), name)).collect()
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    frame: Frame,
    heading: String,
    text: String,
    /// What the register says besides; empty: nothing.
    said: String,
    /// What it says in English only; empty: nothing.
    english: String,
}

impl Guest {
    /// A page that says what is wrong: the texts `trouble-…` and `trouble-…-text`.
    pub(super) fn trouble(&self, status: StatusCode, words: &str) -> Response {
        let text = |part: &str| self.language.screen(&format!("trouble-{words}{part}"));
        self.trouble_in(status, text(""), text("-text"), String::new(), String::new())
    }

    /// The same in these words, with the register's own where it has any.
    pub(super) fn trouble_in(
        &self,
        status: StatusCode,
        heading: String,
        text: String,
        said: String,
        english: String,
    ) -> Response {
        let page = Trouble { frame: Frame::of(self), heading, text, said, english };
        (status, show(&page)).into_response()
    }
}

/// A page as it is sent.
pub(super) fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A figure with a sign between thousands.
pub(super) fn grouped(language: Language, number: u64) -> String {
    language.grouped(number)
}
