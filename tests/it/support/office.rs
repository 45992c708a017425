//! A served register with the people who may change it, as their clients meet it over a real socket.

use super::{Asked, Register, Server, check_digit, check_request, patiently};
use saring::proto::{
    self, BatchOrder, CheckResponse, Chunk, DecisionRequest, OperateRequest, OperateResponse, PreviewRequest,
    ProposeRequest, RoleOrder, StepRequest, SubmitBatchRequest, operate_request::Operation, preview_request,
    propose_request::Change, registry_client::RegistryClient, submit_batch_request::Part,
};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use tonic::{Code, Request, Status, transport::Channel};

/// A served register with the people of a story.
pub struct Office {
    pub server: Server,
    pub register: Register,
    pub admin: String,
}

/// A new name for each request.
pub fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The IMEIs of a phone with so many slots, with their check digits.
pub fn phone(first: u64, slots: u64) -> Vec<String> {
    (first..first + slots).map(|key| format!("{key}{}", check_digit(&key.to_string()))).collect()
}

pub fn shown<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    if !token.is_empty() {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
}

impl Office {
    pub fn open(register: Register) -> Self {
        Self::open_with(register, &[])
    }

    pub fn open_with(register: Register, options: &[&str]) -> Self {
        let server = Server::start_with(&register, options);
        Self::of(server, register)
    }

    /// The office of a server that was just started for the first time.
    pub fn of(mut server: Server, register: Register) -> Self {
        let admin = server.first_token();
        Self { server, register, admin }
    }

    pub async fn client(&self) -> RegistryClient<Channel> {
        RegistryClient::connect(format!("http://{}", self.server.registry)).await.unwrap()
    }

    pub async fn add(&self, name: &str) -> String {
        self.add_of(name, "person", "").await
    }

    pub async fn add_of(&self, name: &str, kind: &str, operator: &str) -> String {
        let request = proto::AddPrincipalRequest {
            request_id: request_id(),
            name: name.into(),
            kind: kind.into(),
            operator: operator.into(),
            ..proto::AddPrincipalRequest::default()
        };
        self.client().await.add_principal(shown(&self.admin, request)).await.unwrap().into_inner().token
    }

    pub async fn propose(&self, token: &str, name: &str, role: &str, doors: &[&str]) -> Result<u64, Status> {
        let doors = doors.iter().map(|door| (*door).to_owned()).collect();
        self.ask(token, Change::GrantRole(RoleOrder { principal: name.into(), role: role.into(), doors })).await
    }

    /// Asks for a change that takes two persons.
    pub async fn ask(&self, token: &str, change: Change) -> Result<u64, Status> {
        let request = ProposeRequest { request_id: request_id(), reason: "why".into(), change: Some(change) };
        Ok(self.client().await.propose(shown(token, request)).await?.into_inner().proposal)
    }

    pub async fn decide(&self, token: &str, proposal: u64) -> Result<(), Status> {
        let request = DecisionRequest { request_id: request_id(), proposal, ..DecisionRequest::default() };
        self.client().await.approve_proposal(shown(token, request)).await.map(|_| ())
    }

    /// A person with a role, granted by two administrators.
    pub async fn person(&self, second: &str, name: &str, role: &str, doors: &[&str]) -> String {
        self.person_of(second, name, "", role, doors).await
    }

    /// A person of an operator with a role.
    pub async fn person_of(&self, second: &str, name: &str, operator: &str, role: &str, doors: &[&str]) -> String {
        let token = self.add_of(name, "person", operator).await;
        self.grant(second, name, role, doors).await;
        token
    }

    /// A role, granted by two administrators.
    pub async fn grant(&self, second: &str, name: &str, role: &str, doors: &[&str]) {
        let proposal = self.propose(&self.admin, name, role, doors).await.unwrap();
        self.decide(second, proposal).await.unwrap();
    }

    pub async fn second_administrator(&self) -> String {
        let token = self.add("ratna").await;
        self.propose(&self.admin, "ratna", "administrator", &[]).await.unwrap();
        token
    }

    pub async fn submit(
        &self,
        token: &str,
        list: &str,
        request_id: &str,
    ) -> Result<proto::SubmitBatchResponse, Status> {
        let door = "customs-passenger".into();
        self.hand_in(token, list, BatchOrder { request_id: request_id.into(), door, ..BatchOrder::default() }).await
    }

    /// Hands a list in, with what the order says of it; registered devices if it does not say.
    pub async fn hand_in(
        &self,
        token: &str,
        list: &str,
        order: BatchOrder,
    ) -> Result<proto::SubmitBatchResponse, Status> {
        let kind = if order.kind.is_empty() { "registered".into() } else { order.kind };
        let order = BatchOrder {
            kind,
            file_name: "list.csv".into(),
            size: list.len() as u64,
            sha256: Sha256::digest(list).to_vec(),
            ..order
        };
        let chunk = Chunk { offset: 0, data: list.as_bytes().to_vec() };
        let parts = [Part::Order(order), Part::Chunk(chunk)].map(|part| SubmitBatchRequest { part: Some(part) });
        let request = shown(token, tokio_stream::iter(parts));
        Ok(self.client().await.submit_batch(request).await?.into_inner())
    }

    /// The digest of what a change would do.
    pub async fn preview(&self, token: &str, change: preview_request::Change) -> Vec<u8> {
        let request = PreviewRequest { change: Some(change) };
        self.client().await.preview(shown(token, request)).await.unwrap().into_inner().sha256
    }

    pub async fn step(&self, token: &str, step: &str, batch: u64) -> Result<proto::StepResponse, Status> {
        let request = StepRequest { request_id: request_id(), batch, reason: "why".into(), ..StepRequest::default() };
        self.step_again(token, step, request).await
    }

    pub async fn step_again(
        &self,
        token: &str,
        step: &str,
        request: StepRequest,
    ) -> Result<proto::StepResponse, Status> {
        let (mut client, request) = (self.client().await, shown(token, request));
        let answer = match step {
            "approve" => client.approve_batch(request).await,
            "reject" => client.reject_batch(request).await,
            "suspend" => client.suspend_batch(request).await,
            "restore" => client.restore_batch(request).await,
            "withdraw" => client.withdraw_batch(request).await,
            _ => client.realise_batch(request).await,
        };
        answer.map(tonic::Response::into_inner)
    }

    /// Carries a single operation out; `order` has what goes with it.
    pub async fn operate_with(
        &self,
        token: &str,
        order: OperateRequest,
        operation: Operation,
    ) -> Result<OperateResponse, Status> {
        let request = OperateRequest { request_id: request_id(), operation: Some(operation), ..order };
        Ok(self.client().await.operate(shown(token, request)).await?.into_inner())
    }

    /// Carries a single operation out.
    pub async fn operate(&self, token: &str, operation: Operation) -> Result<OperateResponse, Status> {
        self.operate_with(token, OperateRequest::default(), operation).await
    }

    /// The answer to one question.
    pub async fn answer(&self, asked: &Asked<'_>, operator: &str) -> CheckResponse {
        patiently(|| async { self.server.client().await.check(check_request(asked, operator)).await }).await
    }

    /// Why a device gets its answer.
    pub async fn reason(&self, imei: &str) -> String {
        self.reason_with(imei, "").await
    }

    /// Why a device with a number gets its answer.
    pub async fn reason_with(&self, imei: &str, msisdn: &str) -> String {
        let answer = self.answer(&Asked { imei, msisdn, imsi: "" }, "").await;
        answer.verdict.unwrap().reason().as_str_name().to_owned()
    }

    /// Ends the server: the register with all that was done, and the diagnostics.
    pub fn close(self) -> (Register, String) {
        let Self { server, register, .. } = self;
        (register, server.stop())
    }
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, words: &str) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert!(status.message().contains(words), "{status:?}");
}

pub fn run(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(story);
}

pub fn register() -> Register {
    let register = Register::new();
    register.import("registered", "imei\n35209900176200\n", "");
    register
}
