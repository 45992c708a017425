//! Principals: who may change the register. Administrators add them, ask for roles and take back what counts no more.
//!
//! What always holds: a role, and a further token, takes two administrators, which the write path decides; a token is shown this once,
//! in the answer to a form; a form that is sent twice does what it does once.

use super::{
    Console,
    approvals::{REASON_CHARS_MAX, refused, request_of},
    desk::opens,
    fields::Fields,
    page::{Frame, Guest, Signed, show},
    sessions::{Shown, random},
};
use crate::{
    listing::Door,
    principal::{Grant, Principal, PrincipalKind, Role, ShownBy, Token},
    registry::{CredentialOrder, NewPrincipal, Order},
    store::Hands,
    words::Language,
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// Longest of a title or the name of an operator.
const TEXT_CHARS_MAX: usize = 200;

struct Person {
    name: String,
    title: String,
    kind: String,
    operator: String,
    revoked: bool,
    roles: Vec<(u64, String)>,
    credentials: Vec<CredentialRow>,
    /// When the last of them ends.
    until: String,
}

/// A credential that counts still.
struct CredentialRow {
    number: u64,
    what: String,
    until: String,
}

impl Person {
    fn of(one: &Principal, language: Language) -> Self {
        let now = jiff::Timestamp::now().as_second();
        let counting = one.credentials.iter().filter(|(_, one)| !one.revoked && now < one.expires_unix_s);
        let last = counting.clone().map(|(_, credential)| credential.expires_unix_s).max();
        let credential = |(number, one): (&u64, &crate::principal::Credential)| CredentialRow {
            number: *number,
            what: match &one.shown_by {
                ShownBy::Token(_) => language.screen("token"),
                ShownBy::Certificate(subject) => format!("{} {subject}", language.screen("certificate")),
            },
            until: language.moment(one.expires_unix_s),
        };
        Self {
            name: one.name.clone(),
            title: language.own(&one.title),
            kind: language.principal_kind(one.kind),
            operator: one.operator.clone(),
            revoked: one.revoked,
            roles: one.grants.iter().map(|(number, grant)| (*number, grant_words(grant, language))).collect(),
            credentials: counting.map(credential).collect(),
            until: last.map(|end| language.moment(end)).unwrap_or_default(),
        }
    }
}

/// A role, with the doors that it is for.
pub(super) fn grant_words(grant: &Grant, language: Language) -> String {
    let doors: Vec<_> = grant.doors.iter().map(|door| language.door(*door)).collect();
    let role = language.role(grant.role);
    if doors.is_empty() { role } else { format!("{role}: {}", doors.join(", ")) }
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    people: Vec<Person>,
    may_add: bool,
}

/// `GET /principals`
pub(super) async fn people(State(console): State<Console>, signed: Signed) -> Response {
    let guest = &signed.guest;
    let Some(registry) = console.registry() else { return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading") };
    let ledger = registry.store().ledger();
    let people = ledger.principals().iter().map(|one| Person::of(one, guest.language)).collect();
    show(&PeoplePage { frame: Frame::of(guest), people, may_add: opens(guest, "/add-principal") })
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    frame: Frame,
    person: Person,
    /// Whether who looks administrates.
    may_change: bool,
    /// Names and words.
    roles: Vec<(&'static str, String)>,
    doors: Vec<(&'static str, String)>,
    request: String,
}

/// `GET /principal/{name}`
pub(super) async fn person(State(console): State<Console>, signed: Signed, Path(name): Path<String>) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let Some(registry) = console.registry() else { return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading") };
    let ledger = registry.store().ledger();
    let Some(one) = ledger.principals().get(&name) else {
        return guest.trouble(StatusCode::NOT_FOUND, "no-principal");
    };
    let Ok(request) = random::<16>() else { return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken") };
    show(&PersonPage {
        frame: Frame::of(guest),
        person: Person::of(one, language),
        may_change: opens(guest, "/add-principal") && !one.revoked,
        roles: Role::ALL.iter().map(|role| (role.name(), language.role(*role))).collect(),
        doors: Door::ALL.iter().map(|door| (door.name(), language.door(*door))).collect(),
        request,
    })
}

/// What an administrator does with a principal.
enum Act {
    Propose(Order),
    Withdraw(u64),
    RevokeCredential(u64),
    Revoke,
}

/// Reads the form of a principal; else the text that says what is wrong with it.
fn act(fields: &Fields, name: &str) -> Option<Act> {
    let number = || fields.get("number").parse().ok();
    Some(match fields.get("act") {
        "grant" => {
            let doors = fields.all("door").map(str::parse::<Door>).collect::<Result<_, _>>().ok()?;
            Act::Propose(Order::GrantRole { principal: name.to_owned(), role: fields.get("role").parse().ok()?, doors })
        }
        "issue" => Act::Propose(Order::IssueCredential {
            principal: name.to_owned(),
            credential: credential(fields),
            days: days(fields)?,
        }),
        "withdraw" => Act::Withdraw(number()?),
        "revoke-credential" => Act::RevokeCredential(number()?),
        "revoke" => Act::Revoke,
        _ => return None,
    })
}

fn credential(fields: &Fields) -> CredentialOrder {
    fields
        .text("certificate")
        .map_or(CredentialOrder::Token, |subject| CredentialOrder::Certificate(subject.to_owned()))
}

/// Days; 0 where none are named.
fn days(fields: &Fields) -> Option<u32> {
    fields.text("days").map_or(Some(0), |days| days.parse().ok())
}

/// `POST /principal/{name}`
pub(super) async fn change(
    State(console): State<Console>,
    signed: Signed,
    Path(name): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let (Some(request), Some(act)) = (request_of(&fields), act(&fields, &name)) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let hands = Hands::of(&signed.principal.name, &request);
    let reason: String = fields.get("reason").trim().chars().take(REASON_CHARS_MAX).collect();
    let of = name.clone();
    let done = console.with_register(move |registry| {
        Ok(match act {
            Act::Propose(order) => {
                let made = registry.propose(&hands, &order, &reason)?;
                (made.number, made.token)
            }
            Act::Withdraw(grant) => registry.withdraw_role(&hands, grant, &reason).map(|_| (0, None))?,
            Act::RevokeCredential(number) => registry.revoke_credential(&hands, number, &reason).map(|_| (0, None))?,
            Act::Revoke => registry.revoke_principal(&hands, &of, &reason).map(|_| (0, None))?,
        })
    });
    match done.await {
        Some(Ok((proposal, Some(token)))) => token_page(guest, &name, &token, proposal),
        Some(Ok((0, None))) => Redirect::to(&format!("/principal/{name}")).into_response(),
        Some(Ok((_, None))) => Redirect::to("/approvals").into_response(),
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

#[derive(Template)]
#[template(path = "token.html")]
struct TokenPage {
    frame: Frame,
    name: String,
    token: String,
    /// The proposal that another administrator approves; 0: it counts at once.
    proposal: u64,
}

fn token_page(guest: &Guest, name: &str, token: &Token, proposal: u64) -> Response {
    let token = token.reveal().to_owned();
    show(&TokenPage { frame: Frame::of(guest), name: name.to_owned(), token, proposal })
}

#[derive(Template)]
#[template(path = "add_principal.html")]
struct AddPage {
    frame: Frame,
    /// Names and words.
    kinds: Vec<(&'static str, String)>,
    request: String,
}

/// `GET /add-principal`
pub(super) async fn add_form(signed: Signed) -> Response {
    let guest = &signed.guest;
    let Ok(request) = random::<16>() else { return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken") };
    let kinds = PrincipalKind::ALL.iter().map(|kind| (kind.name(), guest.language.principal_kind(*kind))).collect();
    show(&AddPage { frame: Frame::of(guest), kinds, request })
}

/// `POST /add-principal`
pub(super) async fn add(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let (Some(request), Ok(kind), Some(days)) = (request_of(&fields), fields.get("kind").parse(), days(&fields)) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let text = |name: &str| fields.get(name).trim().chars().take(TEXT_CHARS_MAX).collect::<String>();
    let name = fields.get("name").trim().to_lowercase();
    let new = NewPrincipal {
        name: name.clone(),
        kind,
        title: text("title"),
        operator: text("operator"),
        credential: credential(&fields),
        days,
    };
    let hands = Hands::of(&signed.principal.name, &request);
    match console.with_register(move |registry| registry.add_principal(&hands, &new)).await {
        Some(Ok(issued)) => match issued.token {
            Some(token) => token_page(guest, &name, &token, 0),
            None => Redirect::to(&format!("/principal/{name}")).into_response(),
        },
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// `POST /account/token`: a new token in the place of the one that the session was opened with. The session ends with it.
pub(super) async fn rotate(
    State(console): State<Console>,
    signed: Signed,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let (Some(request), Shown::Token(shown)) = (request_of(&fields), signed.visit.shown) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let hands = Hands::of(&signed.principal.name, &request);
    match console.with_register(move |registry| registry.rotate_token(&hands, &shown, 0)).await {
        Some(Ok(issued)) => {
            console.sessions().close(&signed.visit.key);
            match issued.token {
                Some(token) => token_page(guest, &signed.principal.name, &token, 0),
                None => Redirect::to("/sign-in").into_response(),
            }
        }
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}
