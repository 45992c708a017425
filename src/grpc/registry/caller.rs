//! Who calls: the token or certificate of a call, and the principal that it shows.

use crate::{
    access::Rule,
    grpc::peer::Peer,
    ledger::Ledger,
    principal::{NotLetIn, Principal, Token, TokenHash},
    registry::Registry,
    store::Hands,
};
use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tonic::{
    Request, Status,
    body::Body,
    codegen::{BoxFuture, Service},
};

/// Longest name of a request.
const REQUEST_CHARS_MAX: usize = 64;
const BEARER: &str = "Bearer ";

/// A principal that was let in, with the token that it showed. Travels with the request.
#[derive(Clone, Debug)]
pub(in crate::grpc) struct Caller {
    principal: Arc<Principal>,
    token: Option<TokenHash>,
}

impl Caller {
    /// The caller of a request that was let in.
    pub(in crate::grpc) fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let caller = request.extensions().get::<Self>().cloned();
        caller.ok_or_else(|| Status::unauthenticated("nobody is known to have made this call"))
    }

    pub(in crate::grpc) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(super) fn name(&self) -> &str {
        &self.principal.name
    }

    pub(super) const fn token(&self) -> Option<TokenHash> {
        self.token
    }
}

/// The hands of a caller and the name of its request.
pub(super) fn hands(caller: &Caller, request: &str) -> Result<Hands, Status> {
    let well = (8..=REQUEST_CHARS_MAX).contains(&request.len()) && request.bytes().all(|byte| byte.is_ascii_graphic());
    if !well {
        return Err(Status::invalid_argument(format!(
            "request_id: a name of 8 to {REQUEST_CHARS_MAX} visible characters, new for every request, so that a \
             repetition is known as one"
        )));
    }
    Ok(Hands::of(caller.name(), request))
}

/// Who a request shows to be: by token, else by certificate.
fn principal_of<B>(
    request: &http::Request<B>,
    ledger: &Ledger,
) -> Result<(Arc<Principal>, Option<TokenHash>), NotLetIn> {
    let now = jiff::Timestamp::now().as_second();
    let shown = request.headers().get(http::header::AUTHORIZATION);
    if let Some(token) = shown.and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix(BEARER)) {
        let hash = Token::hash_of(token.trim());
        return ledger.principals().by_token(&hash, now).map(|principal| (Arc::clone(principal), Some(hash)));
    }
    let certificate = request.extensions().get::<Peer>().and_then(Peer::certificate);
    let name = certificate.and_then(|certificate| certificate.subject_common_name.as_deref());
    let name = name.ok_or(NotLetIn::Unknown)?;
    ledger.principals().by_certificate(name, now).map(|principal| (Arc::clone(principal), None))
}

/// Lets a request in by the table of access, at any door: who it shows to be, where that one may make the call.
pub(in crate::grpc) fn let_in<B>(registry: &OnceLock<Registry>, request: &http::Request<B>) -> Result<Caller, Status> {
    let registry = registry.get().ok_or_else(crate::grpc::status::warming)?;
    let (principal, token) = principal_of(request, &registry.store().ledger())
        .map_err(|refused| Status::unauthenticated(refused.to_string()))?;
    let rule = Rule::of(request.uri().path());
    let rule = rule.ok_or_else(|| Status::permission_denied("this call is answered to nobody"))?;
    if !rule.lets_in(&principal) {
        let (name, whom) = (&principal.name, rule.whom());
        return Err(Status::permission_denied(format!("this call is for {whom}, and {name} is none of these")));
    }
    Ok(Caller { principal, token })
}

/// Holds a service behind [`let_in`], before anything of a call is decoded.
#[derive(Clone)]
pub(in crate::grpc) struct Doorkeeper<S> {
    inner: S,
    registry: Arc<OnceLock<Registry>>,
}

impl<S> Doorkeeper<S> {
    pub(super) const fn new(inner: S, registry: Arc<OnceLock<Registry>>) -> Self {
        Self { inner, registry }
    }
}

impl<S> Service<http::Request<Body>> for Doorkeeper<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        match let_in(&self.registry, &request) {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                Box::pin(self.inner.call(request))
            }
            Err(status) => {
                tracing::info!(path = request.uri().path(), reason = status.message(), "a call was not let in");
                Box::pin(async move { Ok(status.into_http()) })
            }
        }
    }
}
