//! The service `saring.v1.Cases`, at the Registry door.
//!
//! What always holds: numbers leave masked; a wrong value names its field and is not repeated where it may be personal.

use super::{
    convert,
    desk::{Desks, agent, request_name},
};
use crate::{
    desk::{CaseChange, CaseFilter, CaseNumber, CaseOrder, Owner},
    proto::{self, cases_server::Cases as Service, change_case_request::Change},
};
use std::{fmt::Display, str::FromStr};
use tonic::{Request, Response, Status};

/// The service. Cloning copies references only.
#[derive(Clone)]
pub(super) struct CasesService(Desks);

impl CasesService {
    pub(super) const fn new(desks: Desks) -> Self {
        Self(desks)
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn read<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T, Status> {
    text.parse().map_err(|error| Status::invalid_argument(format!("{field}: {error}")))
}

fn given<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<Option<T>, Status> {
    if text.is_empty() { Ok(None) } else { read(field, text).map(Some) }
}

fn owner(party: &str, operator: String) -> Result<Owner, Status> {
    Ok(Owner { party: read("owner", party)?, operator })
}

#[tonic::async_trait]
impl Service for CasesService {
    async fn open_case(&self, request: Request<proto::OpenCaseRequest>) -> Answer<proto::OpenCaseResponse> {
        let agent = agent(&request)?;
        let proto::OpenCaseRequest { request_id, kind, imei, msisdn, owner: party, operator, note } =
            request.into_inner();
        let order = CaseOrder {
            kind: read("kind", &kind)?,
            device: convert::case_device(&imei)?,
            caller: convert::case_number(&msisdn)?,
            owner: owner(&party, operator)?,
            note,
            request: request_name(request_id)?,
        };
        self.0
            .run(move |desk| {
                let opened = desk.open_case(&agent, &order)?;
                let case = Some(convert::case(&opened.case, true));
                Ok(proto::OpenCaseResponse { case, secret: opened.secret, repeated: opened.repeated })
            })
            .await
    }

    async fn show_case(&self, request: Request<proto::ShowCaseRequest>) -> Answer<proto::Case> {
        let agent = agent(&request)?;
        let number: CaseNumber = read("number", &request.get_ref().number)?;
        self.0.run(move |desk| Ok(convert::case(&desk.case(&agent, number)?, true))).await
    }

    async fn list_cases(&self, request: Request<proto::ListCasesRequest>) -> Answer<proto::ListCasesResponse> {
        let agent = agent(&request)?;
        let request = request.into_inner();
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let filter = CaseFilter {
            party: given("owner", &request.owner)?,
            operator: some(request.operator),
            kind: given("kind", &request.kind)?,
            assignee: some(request.assignee),
            state: None,
            overdue: request.overdue,
            closed: request.closed,
            limit: request.limit as usize,
        };
        self.0
            .run(move |desk| {
                let cases = desk.cases(&agent, &filter)?;
                Ok(proto::ListCasesResponse { cases: cases.iter().map(|case| convert::case(case, false)).collect() })
            })
            .await
    }

    async fn change_case(&self, request: Request<proto::ChangeCaseRequest>) -> Answer<proto::ChangeCaseResponse> {
        let agent = agent(&request)?;
        let proto::ChangeCaseRequest { request_id, number, seen_version, change } = request.into_inner();
        let number: CaseNumber = read("number", &number)?;
        let name = request_name(request_id)?;
        let change = match change {
            Some(Change::Note(text)) => CaseChange::Note(text),
            Some(Change::Assign(name)) => CaseChange::Assign(name),
            Some(Change::HandOver(to)) => CaseChange::HandOver(owner(&to.owner, to.operator)?, to.note),
            Some(Change::Wait(text)) => CaseChange::Wait(text),
            Some(Change::Resume(text)) => CaseChange::Resume(text),
            Some(Change::Close(text)) => CaseChange::Close(text),
            Some(Change::Reopen(text)) => CaseChange::Reopen(text),
            None => return Err(Status::invalid_argument("change: say what is to be changed")),
        };
        self.0
            .run(move |desk| {
                let changed = desk.change_case(&agent, number, seen_version, &change, &name)?;
                let case = Some(convert::case(&changed.case, true));
                Ok(proto::ChangeCaseResponse { case, repeated: changed.repeated })
            })
            .await
    }

    async fn get_case_figures(
        &self,
        request: Request<proto::GetCaseFiguresRequest>,
    ) -> Answer<proto::GetCaseFiguresResponse> {
        let agent = agent(&request)?;
        self.0.run(move |desk| Ok(convert::case_figures(&desk.case_figures(&agent)?))).await
    }

    async fn get_case_state(&self, request: Request<proto::GetCaseStateRequest>) -> Answer<proto::CaseState> {
        let proto::GetCaseStateRequest { number, secret } = request.into_inner();
        let number: CaseNumber = read("number", &number)?;
        self.0
            .run(move |desk| {
                let seen = desk.case_state(number, &secret)?;
                let (state, owner) = (seen.state.name().to_owned(), seen.owner.name().to_owned());
                Ok(proto::CaseState { state, owner, due_unix_s: seen.due })
            })
            .await
    }
}
