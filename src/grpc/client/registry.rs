//! The client of the Registry: who may change the register, and the changes.
//!
//! What always holds: a call whose fate is not known is told as [`ClientError::Broken`], never as a refusal; only a
//! server that asks to be asked again is asked again.

use super::{Access, Authorised, ClientError, Dialled, dial};
use crate::{
    limits,
    proto::{self, registry_client::RegistryClient},
};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt;

/// Time after which an answer is waited for no longer: a preview over the whole register takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

/// For how long a server that is busy or starts is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Bytes of a file in one message: the largest that the door takes, less what frames them.
const CHUNK_BYTES: usize = limits::MESSAGE_BYTES_MAX - 1024;

/// How often a broken transfer is taken up again without a byte of progress.
const ATTEMPTS_MAX: u32 = 8;

/// Changes the register and reads what became of it: one blocking call after the other.
#[derive(Debug)]
pub struct RegistryCaller {
    runtime: tokio::runtime::Runtime,
    client: RegistryClient<Authorised>,
}

macro_rules! calls {
    ($($name:ident: $request:ident -> $answer:ident;)+) => {
        impl RegistryCaller {
            $(
                #[doc = concat!("The call `", stringify!($name), "` of the service Registry.\n\n# Errors\n",
                    "When the server refuses it, or it is not known whether it did.")]
                pub fn $name(&self, request: proto::$request) -> Result<proto::$answer, ClientError> {
                    self.ask(|mut client| {
                        let request = patient(request.clone());
                        async move { client.$name(request).await }
                    })
                }
            )+
        }
    };
}

calls! {
    who_am_i: WhoAmIRequest -> Principal;
    list_principals: ListPrincipalsRequest -> ListPrincipalsResponse;
    add_principal: AddPrincipalRequest -> TokenResponse;
    rotate_token: RotateTokenRequest -> TokenResponse;
    revoke_credential: RevokeCredentialRequest -> Receipt;
    revoke_principal: RevokePrincipalRequest -> Receipt;
    withdraw_role: WithdrawRoleRequest -> Receipt;
    propose: ProposeRequest -> ProposeResponse;
    approve_proposal: DecisionRequest -> StepResponse;
    reject_proposal: DecisionRequest -> Receipt;
    list_proposals: ListProposalsRequest -> ListProposalsResponse;
    get_upload: GetUploadRequest -> Upload;
    approve_batch: StepRequest -> StepResponse;
    reject_batch: StepRequest -> StepResponse;
    suspend_batch: StepRequest -> StepResponse;
    restore_batch: StepRequest -> StepResponse;
    withdraw_batch: StepRequest -> StepResponse;
    realise_batch: StepRequest -> StepResponse;
    list_batches: ListBatchesRequest -> ListBatchesResponse;
    show_batch: ShowBatchRequest -> Batch;
    list_documents: ListDocumentsRequest -> ListDocumentsResponse;
    preview: PreviewRequest -> PreviewResponse;
    operate: OperateRequest -> OperateResponse;
    end_override: EndOverrideRequest -> Receipt;
    create_backup: CreateBackupRequest -> Backup;
    list_overrides: ListOverridesRequest -> ListOverridesResponse;
    list_alarms: ListAlarmsRequest -> ListAlarmsResponse;
}

/// A file to hand in.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// What goes before its bytes; names size and SHA-256.
    pub order: proto::BatchOrder,
    /// The file.
    pub path: PathBuf,
}

impl RegistryCaller {
    /// Connects to a server.
    ///
    /// # Errors
    /// When address, files and token do not fit together, or nobody answers.
    pub fn connect(access: &Access) -> Result<Self, ClientError> {
        let Dialled { runtime, channel } = Dialled::connect_patiently(access)?;
        Ok(Self { runtime, client: RegistryClient::new(channel) })
    }

    /// Hands a file in. A transfer that breaks is taken up where the server says that it broke, for as long as that
    /// gets on. `sent` is told how many bytes have left.
    ///
    /// # Errors
    /// When the file cannot be read, the server refuses it, or the transfer breaks for good: it can then be taken up
    /// by another call with the same request.
    pub fn submit_batch(
        &self,
        transfer: &Transfer,
        sent: &Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<proto::SubmitBatchResponse, ClientError> {
        let request_id = transfer.order.request_id.clone();
        let (mut offset, mut attempts, mut resumed) = (self.received(&request_id)?, 0, false);
        loop {
            let broken = match self.submit_from(transfer, offset, sent) {
                Err(error @ (ClientError::Broken { .. } | ClientError::Refused { code: Code::Aborted, .. })) => error,
                // More had arrived meanwhile than the server had said.
                Err(error @ ClientError::Refused { code: Code::FailedPrecondition, .. }) if resumed => error,
                other => return other,
            };
            (attempts, resumed) = (attempts + 1, true);
            if attempts >= ATTEMPTS_MAX {
                return Err(broken);
            }
            std::thread::sleep(Duration::from_millis(250) * attempts);
            // Nobody there yet: the next round asks again.
            let Ok(received) = self.received(&request_id) else { continue };
            if received > offset {
                attempts = 0;
            }
            offset = received;
        }
    }

    /// How many bytes of a transfer the server has; none where it does not know it.
    fn received(&self, request_id: &str) -> Result<u64, ClientError> {
        match self.get_upload(proto::GetUploadRequest { request_id: request_id.to_owned() }) {
            Ok(upload) => Ok(upload.received),
            Err(ClientError::Refused { code: Code::NotFound, .. }) => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn submit_from(
        &self,
        transfer: &Transfer,
        offset: u64,
        sent: &Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<proto::SubmitBatchResponse, ClientError> {
        let mut file = File::open(&transfer.path)?;
        file.seek(SeekFrom::Start(offset))?;
        let chunks = Chunks { file, at: offset, sent: Arc::clone(sent) };
        let order = proto::submit_batch_request::Part::Order(transfer.order.clone());
        let parts = std::iter::once(order).chain(chunks.map(proto::submit_batch_request::Part::Chunk));
        let messages = tokio_stream::iter(parts.map(|part| proto::SubmitBatchRequest { part: Some(part) }));
        let mut client = self.client.clone();
        match self.runtime.block_on(client.submit_batch(messages)) {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(in_words(&status)),
        }
    }

    fn ask<T, F>(&self, call: impl Fn(RegistryClient<Authorised>) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let asked = Instant::now();
        loop {
            let status = match self.runtime.block_on(call(self.client.clone())) {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            let again = status.get_details_retry_info().and_then(|info| info.retry_delay);
            match again {
                Some(delay) if asked.elapsed() + delay < ASK_AGAIN => std::thread::sleep(delay),
                _ => return Err(in_words(&status)),
            }
        }
    }
}

fn patient<T>(request: T) -> Request<T> {
    let mut request = Request::new(request);
    request.set_timeout(PATIENCE);
    request
}

/// A refusal, or a break that leaves open whether the call was carried out.
fn in_words(status: &Status) -> ClientError {
    let open = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled);
    let asks_again = status.get_details_retry_info().is_some();
    match dial::refused(status) {
        ClientError::Refused { message, .. }
            if (open || std::error::Error::source(status).is_some()) && !asks_again =>
        {
            ClientError::Broken { why: message }
        }
        refused => refused,
    }
}

/// The bytes of a file from where it stands, in chunks. A file that cannot be read on ends early: the server misses
/// the rest, and says so.
struct Chunks {
    file: File,
    at: u64,
    sent: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Iterator for Chunks {
    type Item = proto::Chunk;

    fn next(&mut self) -> Option<proto::Chunk> {
        let mut data = Vec::with_capacity(CHUNK_BYTES);
        let read = (&self.file).take(CHUNK_BYTES as u64).read_to_end(&mut data).ok()?;
        if read == 0 {
            return None;
        }
        let offset = self.at;
        self.at += read as u64;
        (self.sent)(self.at);
        Some(proto::Chunk { offset, data })
    }
}
