//! `GET` and `POST /public`, `POST /public/case`: the page for anybody who has a phone in the hand.
//!
//! It asks no sign-in, gives no cookie and loads nothing from elsewhere. What always holds: the kind of answer and the next step, the
//! state of a case, and nothing else, leave here; a question comes in a form, is held to the limits of the public's door before it is
//! read, and stands neither in an address nor in the answer.

use super::{
    Console,
    fields::Fields,
    page::show,
    public::{Door, Outcome},
    verdict::Badge,
};
use crate::{
    desk::{Admission, CaseNumber, CaseSeen, DeskError, PublicAnswer, PublicError, public_answer},
    policy::Reason,
    words::{CaseTerm, Language},
};
use askama::Template;
use axum::{
    Form, Router,
    extract::{ConnectInfo, DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::{net::SocketAddr, sync::Arc};

/// Bytes of a form.
const BODY_BYTES_MAX: usize = 1024;

/// The routes.
pub(super) fn routes(door: &Arc<Door>) -> Router<Console> {
    let (devices, cases) = (Arc::clone(door), Arc::clone(door));
    let device = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap, form: Form<Pairs>| {
        let door = Arc::clone(&devices);
        async move { device(&door, peer, &headers, form) }
    };
    let case = move |State(console): State<Console>,
                     ConnectInfo(peer): ConnectInfo<SocketAddr>,
                     headers: HeaderMap,
                     form: Form<Pairs>| {
        let door = Arc::clone(&cases);
        async move { case(&console, &door, peer, &headers, form).await }
    };
    Router::new()
        .route("/public", get(blank).post(device))
        .route("/public/case", post(case))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

type Pairs = Vec<(String, String)>;

/// The catalogue, for the template.
struct Texts {
    language: Language,
}

impl Texts {
    fn t(&self, key: &str) -> String {
        self.language.screen(key)
    }

    /// The other language: tag and own name.
    const fn other(&self) -> (&'static str, &'static str) {
        match self.language {
            Language::Indonesian => ("en", "English"),
            Language::English => ("id", "Bahasa Indonesia"),
        }
    }
}

/// How a device stands.
struct AnswerView {
    badge: Badge,
    next_step: String,
    contact: String,
}

/// How a case stands.
struct CaseView {
    state: String,
    owner: String,
    due: String,
}

#[derive(Template)]
#[template(path = "public.html")]
struct PublicPage {
    frame: Texts,
    answer: Option<AnswerView>,
    case: Option<CaseView>,
    /// What is wrong with the question about a device, and with that about a case; empty: nothing.
    wrong: String,
    wrong_case: String,
}

impl PublicPage {
    const fn of(language: Language) -> Self {
        let frame = Texts { language };
        Self { frame, answer: None, case: None, wrong: String::new(), wrong_case: String::new() }
    }
}

fn language_of(fields: &Fields) -> Language {
    fields.get("language").parse().unwrap_or_default()
}

async fn blank(Form(asked): Form<Pairs>) -> Response {
    show(&PublicPage::of(language_of(&Fields::new(asked))))
}

/// Too many questions: wait so long.
fn later(page: &PublicPage, seconds: u32) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, show(page)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

fn device(door: &Door, peer: SocketAddr, headers: &HeaderMap, Form(asked): Form<Pairs>) -> Response {
    let fields = Fields::new(asked);
    let language = language_of(&fields);
    let page = PublicPage::of(language);
    if let Admission::Later(seconds) = door.admit(peer, headers) {
        door.count(Outcome::Limited);
        let wrong = language.screen_of("public-later", &seconds.to_string());
        return later(&PublicPage { wrong, ..page }, seconds);
    }
    match public_answer(door.checker(), fields.get("imei").trim(), language) {
        Ok(answer) => {
            door.count(Outcome::Answered);
            show(&PublicPage { answer: Some(AnswerView::of(answer, language)), ..page })
        }
        Err(error) => {
            door.count(Outcome::Refused);
            let (status, wrong) = match error {
                PublicError::NotReady => (StatusCode::SERVICE_UNAVAILABLE, language.screen("public-loading")),
                PublicError::Unread => (StatusCode::UNPROCESSABLE_ENTITY, language.screen("public-unread")),
                PublicError::CheckDigit => (StatusCode::UNPROCESSABLE_ENTITY, language.screen("public-digit")),
            };
            (status, show(&PublicPage { wrong, ..page })).into_response()
        }
    }
}

impl AnswerView {
    fn of(answer: PublicAnswer, language: Language) -> Self {
        let PublicAnswer { status, headline, next_step, contact } = answer;
        // The badge's reason is never shown here.
        let badge = Badge { headline, reason: "", ..Badge::of_outcome(language, status, Reason::NotRegistered) };
        Self { badge, next_step, contact }
    }
}

async fn case(
    console: &Console,
    door: &Door,
    peer: SocketAddr,
    headers: &HeaderMap,
    Form(asked): Form<Pairs>,
) -> Response {
    let fields = Fields::new(asked);
    let language = language_of(&fields);
    let page = PublicPage::of(language);
    if let Admission::Later(seconds) = door.admit(peer, headers) {
        door.count(Outcome::Limited);
        let wrong_case = language.screen_of("public-later", &seconds.to_string());
        return later(&PublicPage { wrong_case, ..page }, seconds);
    }
    // A number that cannot be one gets the answer of a wrong secret: nobody learns which numbers there are.
    let seen = match fields.get("number").parse::<CaseNumber>() {
        Ok(number) => {
            let secret = fields.get("secret").to_owned();
            console.with_desk(move |desk| desk.case_state(number, &secret)).await
        }
        Err(_) => Some(Err(DeskError::WrongSecret)),
    };
    let told = |status, wrong_case| (status, show(&PublicPage { wrong_case, ..page })).into_response();
    match seen {
        Some(Ok(seen)) => {
            door.count(Outcome::Answered);
            show(&PublicPage { case: Some(CaseView::of(seen, language)), ..PublicPage::of(language) })
        }
        Some(Err(DeskError::WrongSecret)) => {
            door.count(Outcome::Refused);
            told(StatusCode::UNPROCESSABLE_ENTITY, language.screen("public-wrong-secret"))
        }
        Some(Err(error)) => {
            tracing::error!(%error, "the state of a case cannot be told");
            told(StatusCode::INTERNAL_SERVER_ERROR, language.screen("public-broken"))
        }
        None => told(StatusCode::SERVICE_UNAVAILABLE, language.screen("public-loading")),
    }
}

impl CaseView {
    fn of(seen: CaseSeen, language: Language) -> Self {
        Self {
            state: language.case_term(CaseTerm::State, seen.state.name()),
            owner: language.case_term(CaseTerm::Owner, seen.owner.name()),
            due: if seen.state == crate::desk::State::Closed { String::new() } else { language.moment(seen.due) },
        }
    }
}
