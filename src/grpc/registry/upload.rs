//! Lists on their way in: bytes go to a file beside the register until the last one is there and the digest fits.
//!
//! A transfer that breaks off is gone on with under the same request. What always holds: nothing is read of a list
//! before its bytes are those that the submitter's digest names; the file is deleted when the batch is on record, or
//! refused; a name of a file is made of digests, never of what a caller wrote.

use super::{
    answer,
    caller::{Caller, hands},
    order,
};
use crate::{
    import::{self, Input, Options},
    proto::{self, submit_batch_request::Part},
    registry::{Refusal, Registry, RegistryError, SubmitOrder},
    spool::Room,
    store::Hands,
};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};
use tonic::{Status, Streaming};

/// Folder of unfinished uploads in the data directory.
const FOLDER: &str = "uploads";
/// How long an upload that broke off can be gone on with.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Largest file.
const SIZE_BYTES_MAX: u64 = 64 << 30;

/// A file that has arrived whole.
pub(super) struct Upload {
    path: PathBuf,
    hands: Hands,
    order: proto::BatchOrder,
    options: Options,
    submit: SubmitOrder,
}

/// How many bytes of a request have arrived.
pub(super) fn received(registry: &Registry, caller: &Caller, request: &str) -> Result<u64, Status> {
    let hands = hands(caller, request)?;
    Ok(fs::metadata(path_of(registry, &hands)).map_or(0, |metadata| metadata.len()))
}

/// Takes the bytes of a list in.
pub(super) async fn receive(
    registry: &Registry,
    caller: &Caller,
    mut parts: Streaming<proto::SubmitBatchRequest>,
) -> Result<Upload, Status> {
    let first = parts.message().await?.and_then(|message| message.part);
    let Some(Part::Order(order)) = first else {
        return Err(Status::invalid_argument("the first message is the order, the bytes of the file follow it"));
    };
    let hands = hands(caller, &order.request_id)?;
    let options = order::list_options(&order)?;
    let submit = order::submit_order(&order)?;
    if order.sha256.len() != 32 {
        return Err(Status::invalid_argument("sha256: the 32 bytes of the file's SHA-256"));
    }
    if order.size == 0 || order.size > SIZE_BYTES_MAX {
        return Err(Status::invalid_argument(format!("size: a list has 1 to {SIZE_BYTES_MAX} bytes")));
    }
    // Before a byte is taken in: who may not submit shall not fill the disk.
    let operator = options.operator.clone().unwrap_or_default();
    let operator = registry.may_submit(&hands, options.door, &operator).map_err(|error| answer::refused(&error))?;
    let options = Options { operator: Some(operator).filter(|name| !name.is_empty()), ..options };
    let path = path_of(registry, &hands);
    sweep(&path);
    let mut file = open(&path, order.size).map_err(|error| failed(&error))?;
    let mut at = file.metadata().map_err(|error| failed(&error))?.len();
    while let Some(message) = parts.message().await? {
        let Some(Part::Chunk(chunk)) = message.part else {
            return Err(Status::invalid_argument("after the order come chunks"));
        };
        if chunk.offset != at {
            return Err(Status::failed_precondition(format!(
                "{at} bytes have arrived, and this chunk begins at {}: go on where GetUpload says",
                chunk.offset
            )));
        }
        at += chunk.data.len() as u64;
        if at > order.size {
            return Err(Status::invalid_argument("more bytes came than the order says"));
        }
        file.write_all(&chunk.data).map_err(|error| failed(&error))?;
    }
    if at < order.size {
        return Err(Status::aborted(format!("{at} of {} bytes have arrived: go on from there", order.size)));
    }
    Ok(Upload { path, hands, order, options, submit })
}

impl Upload {
    /// Reads the list and brings it on record.
    pub(super) fn submit(self, registry: &Registry) -> Result<proto::SubmitBatchResponse, RegistryError> {
        let submitted = self.read(registry);
        // Whatever became of it, the same bytes are not gone on with.
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "an upload could not be removed");
        }
        submitted
    }

    fn read(&self, registry: &Registry) -> Result<proto::SubmitBatchResponse, RegistryError> {
        let digest =
            digest(&self.path).map_err(|error| Refusal::State(format!("the upload cannot be read: {error}").into()))?;
        if digest != self.order.sha256 {
            return Err(Refusal::Invalid(
                "the bytes that arrived are not those that sha256 names: send the file again".into(),
            )
            .into());
        }
        let name = Path::new(&self.order.file_name).file_name().map_or("list".into(), |name| name.to_string_lossy());
        let input = Input::Named { path: self.path.clone(), name: name.as_ref().into() };
        // Checks need the memory and the cores of this machine more than a list does.
        let room = self.path.parent().map(|folder| Room::within(folder).share(4)).unwrap_or_default();
        let options = Options { room, threads: 1, ..self.options.clone() };
        let list = import::read(&options, &[input], &import::progress::Silent, &AtomicBool::new(false))
            .map_err(|error| Refusal::Invalid(error.to_string().into()))?;
        let rejects = list.sample_rejects.iter().map(|reject| proto::RejectedRow {
            file: reject.file.to_string(),
            line: reject.line,
            column: reject.column.to_owned(),
            value: reject.value.clone(),
            reason: reject.rule.to_string(),
        });
        let (rejects, counts) = (rejects.collect(), list.counts);
        let submitted = registry.submit(&self.hands, list, self.submit.clone())?;
        let summary = submitted.summary;
        let batch = summary.batches.first().copied().unwrap_or(0);
        let alarms = submitted.alarms.iter().map(|alarm| proto::Alarm {
            kind: alarm.kind.name().to_owned(),
            what: format!("{}: {}", alarm.subject, alarm.what),
            batch,
            ..proto::Alarm::default()
        });
        Ok(proto::SubmitBatchResponse {
            receipt: Some(proto::Receipt {
                revision: Some(proto::Revision { epoch: summary.revision.epoch, seq: summary.revision.seq }),
                repeated: summary.repeated,
            }),
            rows: counts.rows,
            accepted: counts.accepted,
            rejected: counts.rejected,
            repeated_rows: counts.duplicates,
            added: summary.added,
            removed: summary.removed,
            unchanged: summary.unchanged,
            rejects,
            alarms: alarms.collect(),
            batches: summary.batches,
        })
    }
}

/// Where the bytes of a request lie.
fn path_of(registry: &Registry, hands: &Hands) -> PathBuf {
    let name = Sha256::new().chain_update(&hands.principal).chain_update([0]).chain_update(&hands.request).finalize();
    let name: String = name[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    registry.store().path().join(FOLDER).join(name)
}

/// Removes what nobody went on with.
fn sweep(beside: &Path) {
    let Some(files) = beside.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    for file in files.filter_map(Result::ok) {
        let touched = file.metadata().and_then(|metadata| metadata.modified());
        let is_old = touched.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > KEPT));
        if is_old && let Err(error) = fs::remove_file(file.path()) {
            tracing::warn!(%error, "an upload that nobody went on with could not be removed");
        }
    }
}

fn open(path: &Path, size: u64) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    // Another file under the same request: from the beginning.
    if file.metadata()?.len() > size {
        file.set_len(0)?;
    }
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

fn digest(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_vec()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn failed(error: &io::Error) -> Status {
    tracing::error!(%error, "an upload could not be kept");
    Status::internal("the upload could not be kept; the node's diagnostics say why")
}
