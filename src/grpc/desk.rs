//! What the services of the desk share: its database on blocking threads, and refusals as statuses.
//!
//! What always holds: a desk that cannot be opened refuses its own calls and no others.

use super::{
    lookup,
    registry::{Caller, warming_or},
    status,
};
use crate::{
    desk::{Agent, Desk, DeskError},
    limits,
    registry::Registry,
};
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Status};

/// Longest name of a request.
const REQUEST_CHARS_MAX: usize = 64;

/// The desk of the register behind a door. Cloning copies references only.
#[derive(Clone)]
pub(super) struct Desks {
    registry: Arc<OnceLock<Registry>>,
    places: Arc<Semaphore>,
    /// What reads the whole record does so alone.
    long: Arc<Semaphore>,
}

impl Desks {
    pub(super) fn new(registry: Arc<OnceLock<Registry>>) -> Self {
        Self { registry, places: Arc::new(Semaphore::new(limits::LOOKUPS_MAX)), long: Arc::new(Semaphore::new(1)) }
    }

    /// Leave to read the whole record, one at a time: another caller is asked to come again.
    pub(super) fn long(&self) -> Result<OwnedSemaphorePermit, Status> {
        Arc::clone(&self.long).try_acquire_owned().map_err(|_| status::busy())
    }

    /// Runs work on a blocking thread, so many at a time: a caller waits for its turn, and its deadline says how long.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Desk) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let store = Arc::clone(warming_or(&self.registry)?.store());
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| status::busy())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = Desk::open(&store).and_then(|desk| work(&desk));
            drop(place);
            done
        });
        match done.await {
            Ok(Ok(done)) => Ok(Response::new(done)),
            Ok(Err(error)) => Err(refused(&error)),
            Err(error) => {
                tracing::error!(%error, "a call at the desk broke off");
                Err(Status::internal("the call broke off; the node's diagnostics say why"))
            }
        }
    }
}

/// Who asks.
pub(super) fn agent<T>(request: &Request<T>) -> Result<Agent, Status> {
    Ok(Agent::of(Caller::of(request)?.principal()))
}

/// The name of a request, which may be empty.
pub(super) fn request_name(name: String) -> Result<String, Status> {
    let well = name.len() <= REQUEST_CHARS_MAX && name.bytes().all(|byte| byte.is_ascii_graphic());
    if well { Ok(name) } else { Err(Status::invalid_argument("request_id: at most 64 visible characters")) }
}

/// A refusal as a status.
pub(super) fn refused(error: &DeskError) -> Status {
    match error {
        DeskError::Lookup(error) => lookup::refused(error),
        DeskError::NoCase(_) | DeskError::WrongSecret => Status::not_found(error.to_string()),
        // The client looks again and decides anew.
        DeskError::Stale { .. } => Status::aborted(error.to_string()),
        DeskError::Purpose | DeskError::NotShown | DeskError::Invalid { .. } | DeskError::Rules(_) => {
            Status::invalid_argument(error.to_string())
        }
        DeskError::Store(error) => {
            tracing::error!(%error, "the desk's record cannot be used");
            Status::internal("the desk's record cannot be used, so nothing is shown; the node's diagnostics say why")
        }
    }
}
