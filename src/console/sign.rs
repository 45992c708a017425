//! Signing in and out, and the password of who is signed in.
//!
//! What always holds: a sign-in gets a new session, whatever the browser had; passwords are looked at on blocking threads, two at a
//! time, after the lockout; what was typed is never logged, nor a name that nobody has.

use super::{
    Console,
    fields::{Fields, local},
    gate::set_cookie,
    page::{Frame, Guest, Signed, show},
    people::grant_words,
    sessions::{Shown, random},
};
use crate::{
    principal::{NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PrincipalKind, Token},
    registry::{Registry, RegistryError},
};
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::time::{Duration, Instant};

/// How long somebody waits for others' passwords to be looked at.
const TURN_MAX: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    /// What went wrong; empty: nothing did.
    wrong: String,
    by_token: bool,
}

fn sign_in_page(guest: &Guest, status: StatusCode, wrong: String, by_token: bool) -> Response {
    (status, show(&SignInPage { frame: Frame::of(guest), wrong, by_token })).into_response()
}

/// `GET /sign-in`
pub(super) async fn form(guest: Guest) -> Response {
    if guest.signed.is_some() {
        return Redirect::to("/").into_response();
    }
    sign_in_page(&guest, StatusCode::OK, String::new(), false)
}

/// `POST /sign-in`: name and password.
pub(super) async fn by_password(
    State(console): State<Console>,
    guest: Guest,
    Extension(fields): Extension<Fields>,
) -> Response {
    let Some(registry) = console.registry().cloned() else {
        return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading");
    };
    let (name, password) = (fields.get("name").trim().to_lowercase(), fields.get("password").to_owned());
    if name.len() > NAME_CHARS_MAX || password.len() > 4 * PASSWORD_CHARS_MAX {
        return sign_in_page(&guest, StatusCode::UNAUTHORIZED, guest.language.screen("wrong-password"), false);
    }
    let attempt = match console.lockout().attempt(Some(&name), guest.address, Instant::now()) {
        Ok(attempt) => attempt,
        Err(wait) => return locked(&guest, wait, false),
    };
    let asked = name.clone();
    match console.with_passwords(registry.clone(), move |registry| registry.password_is(&asked, &password)).await {
        Some(Ok(true)) => {
            console.lockout().succeed(&attempt);
            enter(&console, &guest, &name, Shown::Password)
        }
        Some(Ok(false)) => {
            let known =
                registry.store().ledger().principals().get(&name).map_or("nobody", |_| name.as_str()).to_owned();
            tracing::warn!(name = known, address = %guest.address, "a sign-in failed");
            sign_in_page(&guest, StatusCode::UNAUTHORIZED, guest.language.screen("wrong-password"), false)
        }
        Some(Err(error)) => {
            tracing::error!(%error, "passwords could not be read");
            guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken")
        }
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// `POST /sign-in/token`
pub(super) async fn by_token(
    State(console): State<Console>,
    guest: Guest,
    Extension(fields): Extension<Fields>,
) -> Response {
    let Some(registry) = console.registry() else {
        return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading");
    };
    let attempt = match console.lockout().attempt(None, guest.address, Instant::now()) {
        Ok(attempt) => attempt,
        Err(wait) => return locked(&guest, wait, true),
    };
    let token = Token::hash_of(fields.get("token").trim());
    let ledger = registry.store().ledger();
    match ledger.principals().by_token(&token, jiff::Timestamp::now().as_second()) {
        Ok(principal) => {
            console.lockout().succeed(&attempt);
            enter(&console, &guest, &principal.name, Shown::Token(token))
        }
        Err(reason) => {
            tracing::warn!(%reason, address = %guest.address, "a sign-in by token failed");
            sign_in_page(&guest, StatusCode::UNAUTHORIZED, guest.language.screen("wrong-token"), true)
        }
    }
}

fn locked(guest: &Guest, wait: Duration, by_token: bool) -> Response {
    let seconds = wait.as_secs() + 1;
    let wrong = guest.language.screen_of("wait-seconds", &seconds.to_string());
    let mut response = sign_in_page(guest, StatusCode::TOO_MANY_REQUESTS, wrong, by_token);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

/// Opens a session; what the browser had before counts no more.
fn enter(console: &Console, guest: &Guest, name: &str, shown: Shown) -> Response {
    if let Some((_, visit)) = &guest.signed {
        console.sessions().close(&visit.key);
    }
    match console.sessions().open(name, shown, Instant::now()) {
        Ok(id) => {
            tracing::info!(name, address = %guest.address, "signed in");
            let mut response = Redirect::to("/").into_response();
            set_cookie(&mut response, &console.session_cookie(Some(&id)));
            set_cookie(&mut response, &console.end_form_cookie());
            response
        }
        Err(error) => {
            tracing::error!(%error, "the system gives no random numbers");
            guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken")
        }
    }
}

/// `POST /sign-out`
pub(super) async fn out(State(console): State<Console>, signed: Signed) -> Response {
    console.sessions().close(&signed.visit.key);
    let mut response = Redirect::to("/sign-in").into_response();
    set_cookie(&mut response, &console.session_cookie(None));
    response
}

/// `POST /language`
pub(super) async fn language(State(console): State<Console>, Extension(fields): Extension<Fields>) -> Response {
    let mut response = Redirect::to(&local(fields.get("to"))).into_response();
    if let Ok(language) = fields.get("language").parse() {
        set_cookie(&mut response, &console.language_cookie(language));
    }
    response
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    title: String,
    roles: Vec<String>,
    is_person: bool,
    /// The present password has to be named.
    asks_present: bool,
    /// The name of the form that makes a new token; empty: no token was shown.
    rotates: String,
    /// What went wrong; empty: nothing did.
    wrong: String,
    done: bool,
}

fn account_page(signed: &Signed, status: StatusCode, wrong: String, done: bool) -> Response {
    let principal = &signed.principal;
    let page = AccountPage {
        frame: Frame::of(&signed.guest),
        title: signed.guest.language.own(&principal.title),
        roles: principal.grants.values().map(|grant| grant_words(grant, signed.guest.language)).collect(),
        is_person: principal.kind == PrincipalKind::Person,
        asks_present: signed.visit.shown == Shown::Password,
        rotates: match signed.visit.shown {
            Shown::Token(_) => random::<16>().unwrap_or_default(),
            Shown::Password => String::new(),
        },
        wrong,
        done,
    };
    (status, show(&page)).into_response()
}

/// `GET /account`
pub(super) async fn account(signed: Signed) -> Response {
    account_page(&signed, StatusCode::OK, String::new(), false)
}

/// `POST /account`: a new password. Other sessions of the same person end.
pub(super) async fn set_password(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let wrong = |key: &str| account_page(&signed, StatusCode::UNPROCESSABLE_ENTITY, guest.language.screen(key), false);
    let Some(registry) = console.registry().cloned() else {
        return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading");
    };
    let (new, present) = (fields.get("new").to_owned(), fields.get("present").to_owned());
    if new != fields.get("again") {
        return wrong("passwords-differ");
    }
    let attempt = match console.lockout().attempt(Some(&signed.principal.name), guest.address, Instant::now()) {
        Ok(attempt) => attempt,
        Err(_) => return wrong("wait"),
    };
    let (name, asks_present) = (signed.principal.name.clone(), signed.visit.shown == Shown::Password);
    let change = move |registry: &Registry| {
        let right = !asks_present || registry.password_is(&name, &present)?;
        if right {
            registry.set_password(&name, &new)?;
        }
        Ok(right)
    };
    match console.with_passwords(registry, change).await {
        Some(Ok(true)) => {
            console.lockout().succeed(&attempt);
            console.sessions().close_others(&signed.principal.name, &signed.visit.key);
            tracing::info!(name = signed.principal.name, "a password was set");
            account_page(&signed, StatusCode::OK, String::new(), true)
        }
        Some(Ok(false)) => wrong("wrong-password"),
        Some(Err(RegistryError::Refused(_))) => {
            console.lockout().succeed(&attempt);
            wrong("wrong-weak-password")
        }
        Some(Err(error)) => {
            tracing::error!(%error, "a password could not be set");
            guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken")
        }
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

impl Console {
    /// Does what costs as much as a password, on a blocking thread, so many at a time. `None`: too many wait, or it broke off.
    async fn with_passwords<T: Send + 'static>(
        &self,
        registry: Registry,
        work: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Option<Result<T, RegistryError>> {
        let place = tokio::time::timeout(TURN_MAX, self.password_places().acquire_owned()).await.ok()?.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&registry);
            drop(place);
            done
        });
        done.await.inspect_err(|error| tracing::error!(%error, "a sign-in broke off")).ok()
    }
}
