//! What tells of the register: the journal and its proofs, the story of a device, capacity.

use crate::{
    capacity::{self, days_left},
    day::Day,
    history::{self, Event},
    identity::EquipmentKey,
    journal,
    pairing::{Number, NumberKind},
    proto,
    store::{Store, StoreError},
    transparency::{self, TransparencyError},
};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::Status;

/// Entries that wait for a client that reads slowly.
const ENTRIES_AHEAD: usize = 256;

fn unread(error: &StoreError) -> Status {
    tracing::error!(%error, "the register could not be read");
    Status::internal("the register could not be read; the node's diagnostics say why")
}

fn unproven(error: &TransparencyError) -> Status {
    match error {
        TransparencyError::Store(error) => unread(error),
        other => Status::out_of_range(other.to_string()),
    }
}

pub(super) fn checkpoint(store: &Store) -> Result<proto::Checkpoint, Status> {
    let signed = transparency::checkpoint(store).map_err(|error| unproven(&error))?;
    let key = store.journal_key().map_err(|error| unread(&error))?;
    Ok(proto::Checkpoint { note: signed.note().to_owned(), key: key.line().to_owned() })
}

pub(super) fn inclusion(store: &Store, seq: u64) -> Result<proto::Proof, Status> {
    let signed = transparency::checkpoint(store).map_err(|error| unproven(&error))?;
    let proof = transparency::prove_inclusion(store, seq, &signed).map_err(|error| unproven(&error))?;
    Ok(proto::Proof { text: proof.to_text() })
}

pub(super) fn consistency(store: &Store, size: u64) -> Result<proto::Proof, Status> {
    let proof = transparency::prove_consistency(store, size).map_err(|error| unproven(&error))?;
    Ok(proto::Proof { text: proof.to_text() })
}

/// Entries on their way to a client, read by a blocking thread that waits for it.
pub(in crate::grpc) struct Entries(mpsc::Receiver<Result<proto::JournalEntry, Status>>);

impl Entries {
    pub(super) fn read(store: Arc<Store>, from: u64) -> Self {
        let (sender, receiver) = mpsc::channel(ENTRIES_AHEAD);
        tokio::task::spawn_blocking(move || {
            let sent = send(&store, from, &sender);
            if let Err(error) = sent {
                // A client that went away needs no word of it.
                let _ = sender.blocking_send(Err(unread(&error)));
            }
        });
        Self(receiver)
    }
}

fn send(
    store: &Store,
    from: u64,
    sender: &mpsc::Sender<Result<proto::JournalEntry, Status>>,
) -> Result<(), StoreError> {
    for (bytes, entry) in store.journal(from)?.zip(store.entries(from)?) {
        let entry = entry?;
        let on_wire = proto::JournalEntry { seq: entry.seq, entry: bytes?, words: journal::words(&entry) };
        if sender.blocking_send(Ok(on_wire)).is_err() {
            break;
        }
    }
    Ok(())
}

impl Stream for Entries {
    type Item = Result<proto::JournalEntry, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

pub(super) fn history(store: &Store, key: EquipmentKey) -> Result<proto::GetHistoryResponse, Status> {
    let story = history::of_device(store, key, store.applied().seq).map_err(|error| unread(&error))?;
    Ok(proto::GetHistoryResponse { events: story.iter().map(event).collect() })
}

fn event(event: &Event) -> proto::HistoryEvent {
    proto::HistoryEvent {
        revision: Some(proto::Revision { epoch: event.revision.epoch, seq: event.revision.seq }),
        time_unix_s: event.unix_seconds,
        what: event.said.words(&masked),
        state: event.state.name().to_owned(),
        batch: event.batch,
        door: event.door.name().to_owned(),
        document: event.document.clone(),
        operator: event.operator.clone(),
        outlet: event.outlet.clone(),
        reason: event.reason.clone(),
        principal: event.principal.clone(),
        approver: event.approver.clone(),
    }
}

fn masked(number: Number) -> String {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => msisdn.masked(),
        NumberKind::Imsi(imsi) => imsi.masked(),
    }
}

pub(super) fn capacity(store: &Store, limit: u64) -> Result<proto::GetCapacityResponse, Status> {
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    let limit = if limit == 0 { capacity::LIMIT_DEFAULT } else { limit };
    let found = capacity::capacity(store, today).map_err(|error| unread(&error))?;
    let doors = found.doors.iter().map(|(door, figures)| proto::DoorUse {
        door: door.name().to_owned(),
        active: figures.active,
        suspended: figures.suspended,
        expired: figures.expired,
        planned: figures.planned,
        lapsed: figures.lapsed,
        submitted: figures.submitted,
        withdrawn: figures.withdrawn,
    });
    let used = found.total().used();
    Ok(proto::GetCapacityResponse {
        doors: doors.collect(),
        used,
        limit,
        mean_per_day: found.growth.mean,
        peak_per_day: found.growth.peak,
        days_left_at_mean: days_left(used, limit, found.growth.mean).unwrap_or(-1.0),
        days_left_at_peak: days_left(used, limit, found.growth.peak).unwrap_or(-1.0),
    })
}
