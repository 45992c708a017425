//! Who may ask: the table of access at the door of the checks.
//!
//! On loopback the door is open, as every program of this machine is. Beyond it a call needs a token or a certificate of
//! a principal with the role that the table names, and the principal of an operator asks for that operator only. What
//! always holds: who is revoked is let in no more from the entry on that says so, on connections that are open too.

use super::registry::let_in;
use crate::registry::Registry;
use http::Extensions;
use std::sync::{Arc, OnceLock};
use tonic::{Status, body::Body};

/// The operator of the one who asks. Travels with the request.
#[derive(Clone, Debug)]
pub(super) struct AskerOperator(Arc<str>);

impl AskerOperator {
    /// The operator of a request's caller; none where nobody was asked who it is, or it belongs to no operator.
    pub(super) fn of(extensions: &Extensions) -> Option<Arc<str>> {
        extensions.get::<Self>().map(|operator| Arc::clone(&operator.0)).filter(|operator| !operator.is_empty())
    }
}

/// Lets callers in by the ledger of the register. Cloning copies a reference.
#[derive(Clone)]
pub(super) struct Asking(Arc<OnceLock<Registry>>);

impl Asking {
    pub(super) const fn new(registry: Arc<OnceLock<Registry>>) -> Self {
        Self(registry)
    }

    /// The caller of a request, where it may make the call.
    pub(super) fn let_in(&self, request: &http::Request<Body>) -> Result<AskerOperator, Status> {
        let caller = let_in(&self.0, request)?;
        Ok(AskerOperator(caller.principal().operator.as_str().into()))
    }
}
