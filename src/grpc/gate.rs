//! The first thing that a call meets on a check runtime: it is let in, or refused before it is decoded.
//!
//! A refused call has read nothing of the register, and its message is not decoded. What always holds: nothing is
//! answered once its deadline has passed; health and reflection are never refused.

use super::{
    asking::Asking,
    service::{CheckService, Runtime},
    status,
};
use crate::{metrics::Refusal, proto::equipment_check_server::EquipmentCheckServer};
use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tonic::{
    Status,
    body::Body,
    codegen::{Body as _, BoxFuture},
};
use tonic_health::{pb::health_server::HealthServer, server::HealthService};
use tower::Service;

type Request = http::Request<Body>;
type Response = http::Response<Body>;

const CHECK_PREFIX: &str = "/saring.v1.EquipmentCheck/";
/// How the names of the calls end to which a client sends more than one message.
const STREAM_SUFFIX: &str = "Stream";
const GRPC_TIMEOUT_HEADER: &str = "grpc-timeout";
const HEALTH_PREFIX: &str = "/grpc.health.v1.Health/";

/// When the answer to a call is worth nothing any more. Travels with the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// Whether it has passed.
    pub(super) fn is_past(self) -> bool {
        Instant::now() >= self.0
    }
}

/// The services of one check runtime. Cloned for every call, so it is one reference.
pub(super) struct Gate<R>(Arc<Services<R>>);

struct Services<R> {
    check: EquipmentCheckServer<CheckService>,
    health: HealthServer<HealthService>,
    reflection: R,
    runtime: Arc<Runtime>,
    /// Who may ask; none: whoever reaches the door.
    asking: Option<Asking>,
}

impl<R> Clone for Gate<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Gate<R> {
    pub(super) fn new(
        check: EquipmentCheckServer<CheckService>,
        health: HealthServer<HealthService>,
        reflection: R,
        runtime: Arc<Runtime>,
        asking: Option<Asking>,
    ) -> Self {
        Self(Arc::new(Services { check, health, reflection, runtime, asking }))
    }

    /// Why a check is not let in.
    fn refusal(&self, patience: Option<Patience>) -> Option<(Refusal, Status)> {
        let Runtime { lag, checker, .. } = &*self.0.runtime;
        if !checker.is_ready() {
            return Some((Refusal::Warming, status::warming()));
        }
        if patience.is_some_and(|patience| patience.timeout <= lag.now(patience.arrived)) {
            return Some((Refusal::Late, status::busy()));
        }
        lag.refuses().then(|| (Refusal::Busy, status::busy()))
    }

    fn check(&self, mut request: Request) -> Outcome {
        if let Some(asking) = &self.0.asking {
            match asking.let_in(&request) {
                Ok(caller) => _ = request.extensions_mut().insert(caller),
                Err(status) => {
                    self.0.runtime.tally.refuse(Refusal::Stranger);
                    return Outcome::Refused { response: ready(Ok(status.into_http())), unread: unread(request) };
                }
            }
        }
        // A clock read costs as much as the lookup: only a call with a deadline pays for one.
        let patience = timeout(&request).map(|timeout| Patience { arrived: Instant::now(), timeout });
        if let Some((refusal, status)) = self.refusal(patience) {
            self.0.runtime.tally.refuse(refusal);
            return Outcome::Refused { response: ready(Ok(status.into_http())), unread: unread(request) };
        }
        let deadline = patience.and_then(Patience::deadline);
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        let answer = self.0.check.clone().call(request);
        Outcome::Check { answer, deadline, runtime: Arc::clone(&self.0.runtime) }
    }
}

/// How long a client waits, and since when.
#[derive(Clone, Copy)]
struct Patience {
    arrived: Instant,
    timeout: Duration,
}

impl Patience {
    fn deadline(self) -> Option<Deadline> {
        self.arrived.checked_add(self.timeout).map(Deadline)
    }
}

impl<R> Service<Request> for Gate<R>
where
    R: Service<Request, Response = Response, Error = Infallible, Future = BoxFuture<Response, Infallible>> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Outcome;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Outcome {
        let path = request.uri().path();
        if path.starts_with(CHECK_PREFIX) {
            self.check(request)
        } else if path.starts_with(HEALTH_PREFIX) {
            Outcome::Other(self.0.health.clone().call(request))
        } else {
            // Reflection answers any path that nobody knows with UNIMPLEMENTED.
            Outcome::Other(self.0.reflection.clone().call(request))
        }
    }
}

/// How a call goes on.
pub(super) enum Outcome {
    /// It was refused.
    Refused {
        /// The refusal.
        response: Ready<Result<Response, Infallible>>,
        /// The message, where it is thrown away first.
        unread: Option<Body>,
    },
    /// It is a check.
    Check {
        /// The check.
        answer: BoxFuture<Response, Infallible>,
        /// When it is worth nothing any more.
        deadline: Option<Deadline>,
        /// Where it runs.
        runtime: Arc<Runtime>,
    },
    /// It is something else.
    Other(BoxFuture<Response, Infallible>),
}

impl Future for Outcome {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Refused { response, unread } => {
                if let Some(body) = unread {
                    while let Some(Ok(_)) = std::task::ready!(Pin::new(&mut *body).poll_frame(cx)) {}
                }
                Pin::new(response).poll(cx)
            }
            Self::Other(response) => response.as_mut().poll(cx),
            Self::Check { answer, deadline, runtime } => {
                let late = || {
                    let late = deadline.is_some_and(Deadline::is_past);
                    late.then(|| runtime.tally.refuse(Refusal::Late))
                };
                // Before: it waited too long, so no work is done for it. After: the work took too long.
                if late().is_some() {
                    return Poll::Ready(Ok(status::late().into_http()));
                }
                let polled = answer.as_mut().poll(cx);
                if polled.is_ready() && late().is_some() {
                    return Poll::Ready(Ok(status::late().into_http()));
                }
                polled
            }
        }
    }
}

/// The message of a refused call, where it comes to an end by itself. It has to be taken in before the refusal: the
/// transport resets a call that is over before its message has come, counts what still comes against the connection,
/// and closes that after some thousand calls, with every call on it. A stream of questions goes on for as long as its
/// client likes, so it is refused as it is.
fn unread(request: Request) -> Option<Body> {
    (!request.uri().path().ends_with(STREAM_SUFFIX)).then(|| request.into_body())
}

/// How long the client waits, as the header `grpc-timeout` says. One that cannot be read is none: tonic ignores it too.
fn timeout(request: &Request) -> Option<Duration> {
    let text = request.headers().get(GRPC_TIMEOUT_HEADER)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_of_a_timeout_and_ignores_what_is_none() {
        let of = |text: &str| {
            let request = http::Request::builder().header(GRPC_TIMEOUT_HEADER, text).body(Body::empty());
            request.ok().and_then(|request| timeout(&request))
        };
        assert_eq!(of("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(of("3M"), Some(Duration::from_secs(180)));
        assert_eq!(of("4S"), Some(Duration::from_secs(4)));
        assert_eq!(of("50m"), Some(Duration::from_millis(50)));
        assert_eq!(of("99999999u"), Some(Duration::from_micros(99_999_999)));
        assert_eq!(of("7n"), Some(Duration::from_nanos(7)));
        for bad in ["", "S", "100000000S", "-1S", "1s", "1.5S", "+1S", "S1"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
