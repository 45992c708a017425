//! The service `saring.v1.Lookup`, at the Registry door: what agents ask.
//!
//! It reads the disk, so it runs on blocking threads of the side runtime, so many at a time. What always holds: whoever
//! belongs to an operator sees the subscribers of that operator only, whatever the question names.

use super::{
    convert,
    registry::{Caller, warming_or},
    status,
};
use crate::{
    check::{Clock, ExplainError},
    explain::Explainer,
    limits,
    lookup::{Finder, LookupError},
    proto::{self, lookup_server::Lookup as Service},
    registry::Registry,
};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

/// The service. Cloning copies references only.
#[derive(Clone)]
pub(super) struct LookupService {
    registry: Arc<OnceLock<Registry>>,
    places: Arc<Semaphore>,
}

impl LookupService {
    pub(super) fn new(registry: Arc<OnceLock<Registry>>) -> Self {
        Self { registry, places: Arc::new(Semaphore::new(limits::LOOKUPS_MAX)) }
    }
}

#[tonic::async_trait]
impl Service for LookupService {
    async fn find(&self, request: Request<proto::FindRequest>) -> Result<Response<proto::FindResponse>, Status> {
        let caller = Caller::of(&request)?;
        let own = caller.principal().operator.clone();
        let only = Some(own).filter(|operator| !operator.is_empty());
        let request = request.into_inner();
        let language = convert::language(&request.language)?;
        let order = convert::lookup_order(&request, only)?;
        let store = Arc::clone(warming_or(&self.registry)?.store());
        // A caller waits for its turn; its deadline says for how long.
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| status::busy())?;
        let found = tokio::task::spawn_blocking(move || {
            let clock = Clock::fixed(jiff::Timestamp::now().as_second());
            let found = Finder::new(Explainer::new(store, clock)).find(&order);
            drop(place);
            found.map(|found| convert::lookup(&found, language))
        });
        match found.await {
            Ok(Ok(found)) => Ok(Response::new(found)),
            Ok(Err(error)) => Err(refused(&error)),
            Err(error) => {
                tracing::error!(%error, "a lookup broke off");
                Err(Status::internal("the call broke off; the node's diagnostics say why"))
            }
        }
    }

    async fn help(&self, request: Request<proto::HelpRequest>) -> Result<Response<proto::HelpResponse>, Status> {
        Ok(Response::new(convert::help(convert::language(&request.get_ref().language)?)))
    }
}

fn refused(error: &LookupError) -> Status {
    match error {
        LookupError::Unread { .. } => Status::invalid_argument(format!("text: {error}")),
        LookupError::OtherOperator { .. } => Status::invalid_argument(format!("operator: {error}")),
        LookupError::NoBatch { .. } => Status::not_found(error.to_string()),
        LookupError::Explain(ExplainError::NotReady(_)) => status::warming(),
        LookupError::Explain(ExplainError::AsOf(error)) => Status::out_of_range(error.to_string()),
        LookupError::Explain(error) => {
            tracing::error!(%error, "a lookup failed");
            Status::internal("the register could not be read; the node's diagnostics say why")
        }
    }
}
