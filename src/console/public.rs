//! `GET` and `POST /public/check`: what anybody is told of a device, as JSON.
//!
//! What always holds: the kind of answer and the next step, and nothing else, leave here; questions are held to
//! [`PublicLimits`] before they are read; nothing of a question goes to a log or back to who asked.

use crate::{
    check::Checker,
    desk::{Admission, Limiter, PublicError, PublicLimits, public_answer},
    metrics::Metrics,
    words::Language,
};
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of a question.
const BODY_BYTES_MAX: usize = 1024;
/// What a proxy on this machine says of whom it asks for.
const FORWARDED: &str = "x-forwarded-for";

/// The routes, for any router.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(door: &Arc<Door>) -> Router<S> {
    let (door, posted) = (Arc::clone(door), Arc::clone(door));
    let by_query = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap, RawQuery(query): RawQuery| {
        let door = Arc::clone(&door);
        async move { door.answer(peer, &headers, || Asked::of_query(&query.unwrap_or_default())) }
    };
    let by_body = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap, body: String| {
        let door = Arc::clone(&posted);
        async move { door.answer(peer, &headers, || Asked::of_json(&body)) }
    };
    Router::new().route("/public/check", get(by_query).post(by_body).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
}

/// The public's door: what it asks, and how often it may.
pub(super) struct Door {
    checker: Checker,
    limiter: Mutex<Limiter>,
    answered: metrics::Counter,
    refused: metrics::Counter,
    limited: metrics::Counter,
}

/// A question of the public.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    imei: String,
    language: Language,
}

impl Asked {
    /// `imei=35-209900-176148-1&language=en`.
    fn of_query(query: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.replace(['+'], " ").replace("%20", " "))
        };
        Self::of(value("imei")?, value("language").as_deref())
    }

    /// `{"imei": "…", "language": "en"}`.
    fn of_json(body: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(body).ok()?;
        Self::of(value.get("imei")?.as_str()?.to_owned(), value.get("language").and_then(Value::as_str))
    }

    fn of(imei: String, language: Option<&str>) -> Option<Self> {
        let language = language.map_or(Ok(Language::default()), str::parse).ok()?;
        Some(Self { imei, language })
    }
}

/// What came of a question, for the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered.
    Answered,
    /// It was none.
    Refused,
    /// There were too many.
    Limited,
}

impl Door {
    /// A door that nobody came through yet.
    pub(super) fn new(checker: &Checker, metrics: &Metrics) -> Arc<Self> {
        let counter = |outcome| metrics.counter("saring_public_checks_total", &[("outcome", outcome)]);
        Arc::new(Self {
            checker: checker.clone(),
            limiter: Mutex::new(Limiter::new(PublicLimits::default())),
            answered: counter("answered"),
            refused: counter("refused"),
            limited: counter("limited"),
        })
    }

    pub(super) const fn checker(&self) -> &Checker {
        &self.checker
    }

    /// Counts a question.
    pub(super) fn count(&self, outcome: Outcome) {
        match outcome {
            Outcome::Answered => self.answered.increment(1),
            Outcome::Refused => self.refused.increment(1),
            Outcome::Limited => self.limited.increment(1),
        }
    }

    /// Whether a question is answered now.
    pub(super) fn admit(&self, peer: SocketAddr, headers: &HeaderMap) -> Admission {
        let now = jiff::Timestamp::now().as_second();
        // A thread that panicked left whole counts behind.
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.admit(who_asks(peer, headers), now)
    }

    fn answer(&self, peer: SocketAddr, headers: &HeaderMap, asked: impl FnOnce() -> Option<Asked>) -> Response {
        if let Admission::Later(seconds) = self.admit(peer, headers) {
            self.count(Outcome::Limited);
            let error = json!({"error": "too many questions: wait a little", "retry_after_seconds": seconds});
            let mut response = told(StatusCode::TOO_MANY_REQUESTS, &error);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            return response;
        }
        let Some(Asked { imei, language }) = asked() else {
            self.count(Outcome::Refused);
            let error = json!({"error": "ask with imei (15 digits) and, if you like, language (id or en)"});
            return told(StatusCode::BAD_REQUEST, &error);
        };
        match public_answer(&self.checker, &imei, language) {
            Ok(answer) => {
                self.count(Outcome::Answered);
                let (status, headline) = (answer.status.name(), answer.headline);
                let (next_step, contact) = (answer.next_step, answer.contact);
                let answer = json!({"status": status, "answer": headline, "next_step": next_step, "contact": contact});
                told(StatusCode::OK, &answer)
            }
            Err(error) => {
                self.count(Outcome::Refused);
                let status = match error {
                    PublicError::NotReady => StatusCode::SERVICE_UNAVAILABLE,
                    PublicError::Unread | PublicError::CheckDigit => StatusCode::BAD_REQUEST,
                };
                told(status, &json!({"error": error.to_string()}))
            }
        }
    }
}

/// Whose question it is: a proxy on this machine asks for others and says for whom; nobody else is believed.
fn who_asks(peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    if !peer.ip().to_canonical().is_loopback() {
        return peer.ip();
    }
    // The last one is the proxy's own word: those in front of it are whatever the client wrote.
    let named = headers.get_all(FORWARDED).iter().next_back().and_then(|value| value.to_str().ok());
    named.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).unwrap_or(peer.ip())
}

fn told(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn questions_are_read_from_either_form() {
        let asked = |imei: &str, language| Some(Asked { imei: imei.to_owned(), language });
        assert_eq!(Asked::of_query("imei=35-1&language=en"), asked("35-1", Language::English));
        assert_eq!(Asked::of_query("x=1&imei=35+1"), asked("35 1", Language::Indonesian));
        assert_eq!(Asked::of_json(r#"{"imei": "351", "language": "id"}"#), asked("351", Language::Indonesian));
        for query in ["", "imei", "language=en", "imei=1&language=fr"] {
            assert_eq!(Asked::of_query(query), None, "{query}");
        }
        for body in ["", "{}", r#"{"imei": 35}"#, "[1]"] {
            assert_eq!(Asked::of_json(body), None, "{body}");
        }
    }

    #[test]
    fn only_a_proxy_on_this_machine_says_for_whom_it_asks() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED, "203.0.113.1, 198.51.100.7".parse().unwrap());
        let who = |peer: &str, headers: &HeaderMap| who_asks(peer.parse().unwrap(), headers).to_string();
        assert_eq!(who("127.0.0.1:1", &headers), "198.51.100.7");
        assert_eq!(who("192.0.2.9:1", &headers), "192.0.2.9");
        assert_eq!(who("[::1]:1", &HeaderMap::new()), "::1");
        headers.insert(FORWARDED, "nobody".parse().unwrap());
        assert_eq!(who("127.0.0.1:1", &headers), "127.0.0.1");
    }
}
