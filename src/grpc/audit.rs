//! The service `saring.v1.Audit`, at the Registry door: the record of the desk.
//!
//! What always holds: numbers leave masked, but for a breach pack, which is for whoever must tell those it concerns.

use super::{
    convert,
    desk::{Desks, agent},
};
use crate::{
    desk::{AuditFilter, Deed, verify_audit},
    lookup::Sought,
    proto::{self, audit_server::Audit as Service},
};
use tonic::{Request, Response, Status};

/// The service. Cloning copies references only.
#[derive(Clone)]
pub(super) struct AuditService(Desks);

impl AuditService {
    pub(super) const fn new(desks: Desks) -> Self {
        Self(desks)
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[tonic::async_trait]
impl Service for AuditService {
    async fn list_entries(&self, request: Request<proto::ListEntriesRequest>) -> Answer<proto::ListEntriesResponse> {
        let agent = agent(&request)?;
        let request = request.into_inner();
        let deed = given(request.deed).map(|deed| deed.parse::<Deed>());
        let deed = deed.transpose().map_err(|error| Status::invalid_argument(format!("deed: {error}")))?;
        let filter = AuditFilter {
            principal: given(request.principal),
            deed,
            from: request.from_unix_s,
            to: request.to_unix_s,
            before: Some(request.before).filter(|before| *before > 0),
            limit: request.limit as usize,
        };
        self.0.run(move |desk| Ok(convert::audit_lines(&desk.audits(&agent, &filter)?))).await
    }

    async fn who_looked(&self, request: Request<proto::WhoLookedRequest>) -> Answer<proto::ListEntriesResponse> {
        let agent = agent(&request)?;
        let proto::WhoLookedRequest { number, purpose, imei } = request.into_inner();
        match (convert::case_device(&imei)?, number.is_empty()) {
            (Some(device), true) => {
                return self
                    .0
                    .run(move |desk| Ok(convert::audit_lines(&desk.who_device(&agent, device, &purpose)?)))
                    .await;
            }
            (Some(_), false) => return Err(Status::invalid_argument("imei: name a number or a device, not both")),
            (None, _) => {}
        }
        // A wrong number may still be somebody's: it is not repeated.
        let number = match Sought::read(&number, &|_| false) {
            Ok(Sought::Number(number)) => number,
            _ => return Err(Status::invalid_argument("number: this is no number (0812…, 62812…) and no imsi-510…")),
        };
        self.0.run(move |desk| Ok(convert::audit_lines(&desk.who(&agent, number, &purpose)?))).await
    }

    async fn verify_record(&self, request: Request<proto::VerifyRecordRequest>) -> Answer<proto::VerifyRecordResponse> {
        let kept = given(request.into_inner().kept);
        let alone = self.0.long()?;
        self.0
            .run(move |desk| {
                let verified = verify_audit(desk.database(), kept.as_deref());
                drop(alone);
                // Damage is the answer here, not a fault of the node.
                match verified {
                    Ok(verified) => Ok(Ok(convert::audit_verified(&verified, desk.database()))),
                    Err(error) => Ok(Err(Status::data_loss(error.to_string()))),
                }
            })
            .await?
            .into_inner()
            .map(Response::new)
    }

    async fn make_breach_pack(&self, request: Request<proto::BreachPackRequest>) -> Answer<proto::BreachPack> {
        let agent = agent(&request)?;
        let proto::BreachPackRequest { principal, from_unix_s, to_unix_s, purpose } = request.into_inner();
        let times = (from_unix_s, to_unix_s);
        let alone = self.0.long()?;
        self.0
            .run(move |desk| {
                let pack = desk.breach(&agent, &principal, times, &purpose);
                drop(alone);
                Ok(convert::breach_pack(&pack?))
            })
            .await
    }

    async fn get_desk_rules(&self, _: Request<proto::GetDeskRulesRequest>) -> Answer<proto::DeskRules> {
        self.0.run(|desk| rules(&desk.rules()?)).await
    }

    async fn set_desk_rules(&self, request: Request<proto::SetDeskRulesRequest>) -> Answer<proto::DeskRules> {
        let agent = agent(&request)?;
        let proto::SetDeskRulesRequest { document, purpose } = request.into_inner();
        self.0.run(move |desk| rules(&desk.set_rules(&agent, &document, &purpose)?)).await
    }
}

fn rules(rules: &crate::desk::DeskRules) -> Result<proto::DeskRules, crate::desk::DeskError> {
    Ok(proto::DeskRules { document: rules.document()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::desk::refused;

    #[test]
    fn a_refusal_of_the_desk_is_a_status_that_names_the_field() {
        let status = refused(&crate::desk::DeskError::Purpose);
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(status.message().starts_with("purpose: "), "{status:?}");
    }
}
