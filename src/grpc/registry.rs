//! The Registry door: how people and services change the register.
//!
//! It has an address of its own and runs on the side runtime, so that no upload, preview or write ever sits on a check
//! runtime. Every call meets the table of [`crate::access`] first; what it asks for is then carried out on a blocking
//! thread by the write path, which decides for itself whether that principal may. What always holds: no call without a
//! principal; a refusal says what to do, and is a status, never an answer.

mod answer;
mod caller;
mod door;
mod journal;
mod order;
mod upload;

pub(super) use caller::{Caller, let_in};
pub use door::RegistryDoor;

use super::status;
use crate::{
    proto::{self, registry_server::Registry as Service},
    registry::{self, PreviewOrder, Registry, RegistryError, Step},
    store::Store,
};
use caller::{Doorkeeper, hands};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

/// The service. Cloning copies references only.
#[derive(Clone)]
pub(super) struct RegistryService {
    registry: Arc<OnceLock<Registry>>,
    /// A preview takes both cores for as long as a second and more: few at a time.
    previews: Arc<Semaphore>,
    /// Where backups are made.
    backups: Arc<Path>,
}

/// Previews at a time.
const PREVIEWS_MAX: usize = 2;

type Answer<T> = Result<Response<T>, Status>;

/// The register, where it is loaded.
pub(super) fn warming_or(registry: &OnceLock<Registry>) -> Result<Registry, Status> {
    registry.get().cloned().ok_or_else(status::warming)
}

impl RegistryService {
    pub(super) fn new(registry: Arc<OnceLock<Registry>>, backups: &Path) -> Self {
        Self { registry, previews: Arc::new(Semaphore::new(PREVIEWS_MAX)), backups: backups.into() }
    }

    fn registry(&self) -> Result<Registry, Status> {
        warming_or(&self.registry)
    }

    /// Runs work that reads or writes the disk on a blocking thread.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Answer<T> {
        let registry = self.registry()?;
        let done = tokio::task::spawn_blocking(move || work(&registry)).await;
        match done {
            Ok(Ok(done)) => Ok(Response::new(done)),
            Ok(Err(error)) => Err(answer::refused(&error)),
            Err(error) => {
                tracing::error!(%error, "a call of the Registry door broke off");
                Err(Status::internal("the call broke off; the node's diagnostics say why"))
            }
        }
    }

    /// Runs work that reads the store on a blocking thread.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, Status> + Send + 'static,
    ) -> Answer<T> {
        let store = Arc::clone(self.registry()?.store());
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.map_err(|_| Status::internal("the call broke off; the node's diagnostics say why"))?.map(Response::new)
    }

    async fn step(&self, request: Request<proto::StepRequest>, step: Step) -> Answer<proto::StepResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let order = order::step(request, step)?;
        self.run(move |registry| Ok(answer::step(registry.step(&hands, &order)?))).await
    }
}

#[tonic::async_trait]
impl Service for RegistryService {
    async fn who_am_i(&self, request: Request<proto::WhoAmIRequest>) -> Answer<proto::Principal> {
        Ok(Response::new(answer::principal(Caller::of(&request)?.principal())))
    }

    async fn list_principals(&self, _: Request<proto::ListPrincipalsRequest>) -> Answer<proto::ListPrincipalsResponse> {
        let ledger = self.registry()?.store().ledger();
        let principals = ledger.principals().iter().map(answer::principal).collect();
        Ok(Response::new(proto::ListPrincipalsResponse { principals }))
    }

    async fn add_principal(&self, request: Request<proto::AddPrincipalRequest>) -> Answer<proto::TokenResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let new = order::principal(request)?;
        self.run(move |registry| Ok(answer::token(registry.add_principal(&hands, &new)?))).await
    }

    async fn rotate_token(&self, request: Request<proto::RotateTokenRequest>) -> Answer<proto::TokenResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let shown = caller.token().ok_or_else(|| Status::failed_precondition("only a token can be rotated"))?;
        self.run(move |registry| Ok(answer::token(registry.rotate_token(&hands, &shown, request.days)?))).await
    }

    async fn revoke_credential(&self, request: Request<proto::RevokeCredentialRequest>) -> Answer<proto::Receipt> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let (number, reason) = (request.credential, request.reason);
        self.run(move |registry| Ok(answer::receipt(registry.revoke_credential(&hands, number, &reason)?))).await
    }

    async fn revoke_principal(&self, request: Request<proto::RevokePrincipalRequest>) -> Answer<proto::Receipt> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let (name, reason) = (request.name, request.reason);
        self.run(move |registry| Ok(answer::receipt(registry.revoke_principal(&hands, &name, &reason)?))).await
    }

    async fn withdraw_role(&self, request: Request<proto::WithdrawRoleRequest>) -> Answer<proto::Receipt> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let (grant, reason) = (request.grant, request.reason);
        self.run(move |registry| Ok(answer::receipt(registry.withdraw_role(&hands, grant, &reason)?))).await
    }

    async fn propose(&self, request: Request<proto::ProposeRequest>) -> Answer<proto::ProposeResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let reason = request.reason.clone();
        let order = order::proposal(request)?;
        self.run(move |registry| Ok(answer::proposed(registry.propose(&hands, &order, &reason)?))).await
    }

    async fn approve_proposal(&self, request: Request<proto::DecisionRequest>) -> Answer<proto::StepResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        self.run(move |registry| {
            let proto::DecisionRequest { proposal, reason, preview_sha256, .. } = request;
            let receipt = registry.approve_proposal(&hands, proposal, &reason, &preview_sha256)?;
            Ok(proto::StepResponse { receipt: Some(answer::receipt(receipt)), ..proto::StepResponse::default() })
        })
        .await
    }

    async fn reject_proposal(&self, request: Request<proto::DecisionRequest>) -> Answer<proto::Receipt> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        self.run(move |registry| {
            Ok(answer::receipt(registry.reject_proposal(&hands, request.proposal, &request.reason)?))
        })
        .await
    }

    async fn list_proposals(
        &self,
        request: Request<proto::ListProposalsRequest>,
    ) -> Answer<proto::ListProposalsResponse> {
        let ledger = self.registry()?.store().ledger();
        let proposals = answer::proposals(&ledger, request.get_ref().decided);
        Ok(Response::new(proto::ListProposalsResponse { proposals }))
    }

    async fn submit_batch(
        &self,
        request: Request<Streaming<proto::SubmitBatchRequest>>,
    ) -> Answer<proto::SubmitBatchResponse> {
        let caller = Caller::of(&request)?;
        let registry = self.registry()?;
        let upload = upload::receive(&registry, &caller, request.into_inner()).await?;
        self.run(move |registry| upload.submit(registry)).await
    }

    async fn get_upload(&self, request: Request<proto::GetUploadRequest>) -> Answer<proto::Upload> {
        let caller = Caller::of(&request)?;
        let received = upload::received(&self.registry()?, &caller, &request.get_ref().request_id)?;
        Ok(Response::new(proto::Upload { received }))
    }

    async fn approve_batch(&self, request: Request<proto::StepRequest>) -> Answer<proto::StepResponse> {
        self.step(request, Step::Approve).await
    }

    async fn reject_batch(&self, request: Request<proto::StepRequest>) -> Answer<proto::StepResponse> {
        self.step(request, Step::Reject).await
    }

    async fn suspend_batch(&self, request: Request<proto::StepRequest>) -> Answer<proto::StepResponse> {
        self.step(request, Step::Suspend).await
    }

    async fn restore_batch(&self, request: Request<proto::StepRequest>) -> Answer<proto::StepResponse> {
        self.step(request, Step::Restore).await
    }

    async fn withdraw_batch(&self, request: Request<proto::StepRequest>) -> Answer<proto::StepResponse> {
        self.step(request, Step::Withdraw).await
    }

    async fn realise_batch(&self, request: Request<proto::StepRequest>) -> Answer<proto::StepResponse> {
        self.step(request, Step::Realise).await
    }

    async fn list_batches(&self, request: Request<proto::ListBatchesRequest>) -> Answer<proto::ListBatchesResponse> {
        let request = request.into_inner();
        let wanted = order::BatchFilter::of(&request)?;
        self.run(move |registry| Ok(proto::ListBatchesResponse { batches: answer::batches(registry, &wanted)? })).await
    }

    async fn show_batch(&self, request: Request<proto::ShowBatchRequest>) -> Answer<proto::Batch> {
        let number = request.get_ref().batch;
        self.run(move |registry| answer::batch(registry, number)).await
    }

    async fn list_documents(&self, _: Request<proto::ListDocumentsRequest>) -> Answer<proto::ListDocumentsResponse> {
        self.run(|registry| Ok(proto::ListDocumentsResponse { documents: answer::documents(registry) })).await
    }

    async fn preview(&self, request: Request<proto::PreviewRequest>) -> Answer<proto::PreviewResponse> {
        let order: PreviewOrder = order::preview(request.into_inner())?;
        let permit = Arc::clone(&self.previews).try_acquire_owned();
        let permit = permit.map_err(|_| status::many_previews())?;
        self.run(move |registry| {
            let _permit = permit;
            answer::preview(registry, &order)
        })
        .await
    }

    async fn operate(&self, request: Request<proto::OperateRequest>) -> Answer<proto::OperateResponse> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        let registry = self.registry()?;
        let operation = order::operation(request, |text| registry.person(text))?;
        self.run(move |registry| Ok(answer::operated(registry.operate(&hands, &operation)?))).await
    }

    async fn end_override(&self, request: Request<proto::EndOverrideRequest>) -> Answer<proto::Receipt> {
        let caller = Caller::of(&request)?;
        let request = request.into_inner();
        let hands = hands(&caller, &request.request_id)?;
        self.run(move |registry| Ok(answer::receipt(registry.end_override(&hands, request.number, &request.reason)?)))
            .await
    }

    async fn get_checkpoint(&self, _: Request<proto::GetCheckpointRequest>) -> Answer<proto::Checkpoint> {
        self.read(journal::checkpoint).await
    }

    async fn prove_inclusion(&self, request: Request<proto::ProveInclusionRequest>) -> Answer<proto::Proof> {
        let seq = request.get_ref().seq;
        self.read(move |store| journal::inclusion(store, seq)).await
    }

    async fn prove_consistency(&self, request: Request<proto::ProveConsistencyRequest>) -> Answer<proto::Proof> {
        let size = request.get_ref().size;
        self.read(move |store| journal::consistency(store, size)).await
    }

    type ReadJournalStream = journal::Entries;

    async fn read_journal(&self, request: Request<proto::ReadJournalRequest>) -> Answer<Self::ReadJournalStream> {
        let store = Arc::clone(self.registry()?.store());
        Ok(Response::new(journal::Entries::read(store, request.get_ref().from_seq.max(1))))
    }

    async fn get_history(&self, request: Request<proto::GetHistoryRequest>) -> Answer<proto::GetHistoryResponse> {
        let key = order::imei("imei", &request.get_ref().imei)?;
        self.read(move |store| journal::history(store, key)).await
    }

    async fn list_alarms(&self, request: Request<proto::ListAlarmsRequest>) -> Answer<proto::ListAlarmsResponse> {
        let ledger = self.registry()?.store().ledger();
        let limit = match request.get_ref().limit {
            0 => 100,
            limit => limit as usize,
        };
        Ok(Response::new(proto::ListAlarmsResponse { alarms: answer::alarms(&ledger, limit) }))
    }

    async fn get_capacity(&self, request: Request<proto::GetCapacityRequest>) -> Answer<proto::GetCapacityResponse> {
        let limit = request.get_ref().limit;
        self.read(move |store| journal::capacity(store, limit)).await
    }

    async fn create_backup(&self, request: Request<proto::CreateBackupRequest>) -> Answer<proto::Backup> {
        let caller = Caller::of(&request)?;
        let name = order::backup_name(request.into_inner().name)?;
        let target = self.backups.join(&name);
        tracing::info!(%name, by = caller.name(), "a backup is made");
        self.run(move |registry| {
            let made = registry::backup(registry, &target)?;
            Ok(answer::backup(made, &target))
        })
        .await
    }

    async fn list_overrides(&self, _: Request<proto::ListOverridesRequest>) -> Answer<proto::ListOverridesResponse> {
        let ledger = self.registry()?.store().ledger();
        Ok(Response::new(proto::ListOverridesResponse { overrides: answer::overrides(&ledger) }))
    }
}
