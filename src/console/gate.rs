//! The gate before every page: who asks, whether that one may, and whether a form is the one that was given out.
//!
//! What always holds: a route without a rule in [`crate::access`] is answered to nobody; who is signed in is looked up in the
//! register at every request, so who was revoked is out at the next one; a form is refused without the token of its
//! session, compared in constant time; every answer forbids other sites to frame it, scripts of others, and copies.

use super::{
    Console,
    fields::Fields,
    page::Guest,
    sessions::{Shown, Visit, hex, random},
};
use crate::{
    access::{Rule, Who},
    limits,
    principal::Principal,
    words::Language,
};
use axum::{
    Form,
    extract::{ConnectInfo, DefaultBodyLimit, FromRequest, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use sha2::{Digest, Sha256};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};
use subtle::ConstantTimeEq;

/// The cookie of the language.
pub(super) const LANGUAGE: &str = "saring_language";
/// The cookie of a session.
const SESSION: &str = "saring_session";
/// The cookie that stands behind the forms of who is not signed in.
const FORM: &str = "saring_form";

/// Nothing but what this console itself serves, and no script or style within a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Gives an answer the headers that it does not have.
pub(super) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// See the module.
pub(super) async fn gate(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let Some((guest, given)) = console.guest(&request, peer) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let response = match admit(&console, guest, route.as_str(), request).await {
        Ok(request) => next.run(request).await,
        Err(response) => *response,
    };
    console.with_form_cookie(response, given)
}

/// An address that leads nowhere.
pub(super) async fn nowhere(
    State(console): State<Console>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    match console.guest(&request, peer) {
        Some((guest, given)) => {
            let guest = Guest { here: "/".to_owned(), ..guest };
            console.with_form_cookie(guest.trouble(StatusCode::NOT_FOUND, "no-such-page"), given)
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a form of somebody without a session carries: it follows from the cookie, which no other site can read or set.
fn token_of(cookie: &str) -> String {
    hex(&Sha256::new().chain_update("form").chain_update(cookie).finalize())
}

/// Lets a request in, or says why not.
async fn admit(console: &Console, guest: Guest, route: &str, request: Request) -> Result<Request, Box<Response>> {
    let refused = |status, words| Err(Box::new(guest.trouble(status, words)));
    let Some(rule) = Rule::of_page(route) else { return refused(StatusCode::NOT_FOUND, "no-such-page") };
    let is_form = *request.method() == Method::POST;
    if is_form && !console.is_own(request.headers()) {
        return refused(StatusCode::FORBIDDEN, "strange-form");
    }
    match (&guest.signed, rule.who) {
        (_, Who::Everybody) => {}
        _ if console.registry().is_none() => {
            let mut response = guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading");
            response.headers_mut().insert(header::RETRY_AFTER, limits::RETRY_WARMING.as_secs().into());
            return Err(Box::new(response));
        }
        (None, _) => return Err(Box::new(Redirect::to("/sign-in").into_response())),
        (Some((principal, _)), _) if rule.lets_in(principal) => {}
        (Some(_), _) => return refused(StatusCode::FORBIDDEN, "not-for-you"),
    }
    if !is_form {
        let mut request = request;
        request.extensions_mut().insert(guest);
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let mut form = Request::from_parts(parts.clone(), body);
    if route == "/propose-calendar" {
        DefaultBodyLimit::max(super::calendars::FORM_BYTES_MAX).apply(&mut form);
    }
    let fields = match Form::<Vec<(String, String)>>::from_request(form, &()).await {
        Ok(Form(fields)) => Fields::new(fields),
        Err(error) => return refused(error.into_response().status(), "unread-form"),
    };
    let is_given_out: bool = fields.get("csrf").as_bytes().ct_eq(guest.csrf.as_bytes()).into();
    if !is_given_out {
        return refused(StatusCode::FORBIDDEN, "old-form");
    }
    let mut request = Request::from_parts(parts, axum::body::Body::empty());
    request.extensions_mut().insert(guest);
    request.extensions_mut().insert(fields);
    Ok(request)
}

/// A cookie of a request.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(given, _)| *given == name).map(|(_, value)| value)
}

pub(super) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

impl Console {
    /// Who asks, and the cookie that is to be given for the forms of who is not signed in. `None`: the system gives no random
    /// numbers.
    fn guest(&self, request: &Request, peer: SocketAddr) -> Option<(Guest, Option<String>)> {
        let headers = request.headers();
        let form = cookie(headers, &self.cookie_name(FORM)).filter(|value| value.len() == 64);
        let visit =
            cookie(headers, &self.cookie_name(SESSION)).and_then(|id| self.sessions().visit(id, Instant::now()));
        let signed = visit.and_then(|visit| Some((self.principal_of(&visit)?, visit)));
        let language = cookie(headers, LANGUAGE).and_then(|tag| tag.parse().ok()).unwrap_or_default();
        let mut given = None;
        let csrf = match (&signed, form) {
            (Some((_, visit)), _) => visit.csrf.clone(),
            (None, Some(cookie)) => token_of(cookie),
            (None, None) => {
                let random = random::<32>().inspect_err(|error| tracing::error!(%error, "no random numbers"));
                token_of(given.insert(random.ok()?))
            }
        };
        let path = request.uri().path();
        // Where a form's answer is a page, that page can be had again without the form.
        let has_page = *request.method() == Method::GET
            || ["/case/", "/open-case", "/who"].iter().any(|begin| path.starts_with(begin));
        let here = if has_page { path.to_owned() } else { "/".to_owned() };
        Some((Guest { language, csrf, address: self.address_of(headers, peer), here, signed }, given))
    }

    fn with_form_cookie(&self, mut response: Response, given: Option<String>) -> Response {
        if let Some(value) = given {
            set_cookie(&mut response, &self.cookie(FORM, &value, None));
        }
        response
    }

    /// Who a session is of, where that one still counts; else the session ends.
    fn principal_of(&self, visit: &Visit) -> Option<Arc<Principal>> {
        let registry = self.registry()?;
        let ledger = registry.store().ledger();
        let principal = match visit.shown {
            Shown::Token(token) => {
                ledger.principals().by_token(&token, jiff::Timestamp::now().as_second()).ok().cloned()
            }
            Shown::Password => {
                let known = ledger.principals().get(&visit.name).filter(|_| registry.may_show_password(&visit.name));
                known.cloned().map(Arc::new)
            }
        };
        if principal.is_none() {
            self.sessions().close(&visit.key);
        }
        principal
    }

    /// The name of a cookie: over TLS a browser takes it from this very host only.
    fn cookie_name(&self, name: &str) -> String {
        if self.site().https { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// A cookie that scripts do not see and other sites do not send.
    fn cookie(&self, name: &str, value: &str, max_age_s: Option<u64>) -> String {
        let name = self.cookie_name(name);
        let secure = if self.site().https { "; Secure" } else { "" };
        let age = max_age_s.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")
    }

    /// The cookie of a session; with none it is taken back.
    pub(super) fn session_cookie(&self, id: Option<&str>) -> String {
        self.cookie(SESSION, id.unwrap_or_default(), id.is_none().then_some(0))
    }

    /// Takes the cookie behind the forms of who is not signed in back: the next one begins anew.
    pub(super) fn end_form_cookie(&self) -> String {
        self.cookie(FORM, "", Some(0))
    }

    pub(super) fn language_cookie(&self, language: Language) -> String {
        let secure = if self.site().https { "; Secure" } else { "" };
        format!("{LANGUAGE}={language}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000{secure}")
    }

    /// Whether a form comes from this console itself, as far as the browser says.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if text("sec-fetch-site").is_some_and(|from| !matches!(from, "same-origin" | "none")) {
            return false;
        }
        // Pages that forbid a referrer have their own forms sent with `null`: that says nothing.
        let Some(origin) = text("origin").filter(|origin| *origin != "null") else { return true };
        match &self.site().origin {
            Some(own) => origin == own,
            None => {
                let scheme = if self.site().https { "https://" } else { "http://" };
                origin.strip_prefix(scheme).is_some_and(|host| Some(host) == text("host"))
            }
        }
    }

    /// The address of who asks: behind a proxy on this machine the one that the proxy names last.
    fn address_of(&self, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
        let behind = self.site().origin.is_some() && peer.ip().to_canonical().is_loopback();
        let named = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let named = named.and_then(|list| list.rsplit(',').next()).and_then(|last| last.trim().parse().ok());
        named.filter(|_| behind).unwrap_or_else(|| peer.ip())
    }
}
