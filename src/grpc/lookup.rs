//! The service `saring.v1.Lookup`, at the Registry door: what agents ask.
//!
//! It reads the disk, so it runs on blocking threads of the side runtime, so many at a time. What always holds: whoever
//! belongs to an operator sees the subscribers of that operator only, whatever the question names.

use super::{
    convert,
    desk::{Desks, agent},
    status,
};
use crate::{
    check::ExplainError,
    desk::CaseNumber,
    lookup::{LookupError, LookupOrder},
    proto::{self, lookup_server::Lookup as Service},
};
use tonic::{Request, Response, Status};

/// The service. Cloning copies references only.
#[derive(Clone)]
pub(super) struct LookupService(Desks);

impl LookupService {
    pub(super) const fn new(desks: Desks) -> Self {
        Self(desks)
    }
}

#[tonic::async_trait]
impl Service for LookupService {
    async fn find(&self, request: Request<proto::FindRequest>) -> Result<Response<proto::FindResponse>, Status> {
        let agent = agent(&request)?;
        let request = request.into_inner();
        let language = convert::language(&request.language)?;
        if let Some(number) = CaseNumber::asked(&request.text) {
            let number = number.map_err(|error| Status::invalid_argument(format!("text: {error}")))?;
            return self.0.run(move |desk| Ok(convert::found_case(&desk.case(&agent, number)?, desk.revision()))).await;
        }
        let order = convert::lookup_order(&request, agent.operator.clone())?;
        let found = self.0.run(move |desk| {
            let looked = desk.look_up(&agent, order, &request.purpose)?;
            Ok(convert::looked(&looked, language))
        });
        found.await
    }

    async fn reveal(&self, request: Request<proto::RevealRequest>) -> Result<Response<proto::RevealResponse>, Status> {
        let agent = agent(&request)?;
        let proto::RevealRequest { text, number, batch, purpose } = request.into_inner();
        let order = LookupOrder { text, only: agent.operator.clone(), ..LookupOrder::default() };
        let batch = Some(batch).filter(|batch| *batch > 0);
        self.0.run(move |desk| Ok(convert::revealed(&desk.reveal(&agent, order, &number, batch, &purpose)?))).await
    }

    async fn help(&self, request: Request<proto::HelpRequest>) -> Result<Response<proto::HelpResponse>, Status> {
        Ok(Response::new(convert::help(convert::language(&request.get_ref().language)?)))
    }
}

pub(super) fn refused(error: &LookupError) -> Status {
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
