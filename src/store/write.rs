//! Writing: one writer, one atomic synced write for entry, effects and applied revision.
//!
//! What a crash leaves: before the write of a group, nothing of it; after it, all of it. Rows of a large
//! body are written ahead under the number of a batch whose `staged` entry is durable; no reader counts
//! them until the entry that activates the batch, and a writer that finds a staged batch discards it.

use super::{
    Store, StoreError, cf, keys,
    open::{META_APPLIED, OpenMode, encode_applied},
    ranges::BodySums,
    rows::{BodyHasher, Salts, StoredRow, numbers_of, sim_of},
    waiting::Waiting,
};
use crate::{
    batch::{BatchNumber, BatchState, BodyRow},
    journal::{BOOTSTRAP, BatchDiscarded, Change, Entry},
    revision::Revision,
};
use fail::fail_point;
use prost::Message;
use rocksdb::{WriteBatch, WriteOptions};
use std::sync::{Arc, MutexGuard};

/// Bytes of a body that are written ahead at once. Also the size up to which a body goes whole into the
/// atomic write of its entries.
const CHUNK_BYTES: usize = 4 << 20;

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hands {
    /// Who asked for it.
    pub principal: String,
    /// Who approved it; empty where one person suffices.
    pub approver: String,
    /// The name that the asker gave the request; may be empty.
    pub request: String,
}

impl Hands {
    /// Before there are principals.
    pub fn bootstrap() -> Self {
        Self { principal: BOOTSTRAP.into(), approver: BOOTSTRAP.into(), request: String::new() }
    }

    /// One person.
    pub fn of(principal: &str, request: &str) -> Self {
        Self { principal: principal.into(), approver: String::new(), request: request.into() }
    }

    /// The same, approved by another.
    #[must_use]
    pub fn approved_by(mut self, approver: &str) -> Self {
        self.approver = approver.into();
        self
    }
}

/// A change that waits for its number.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who makes it.
    pub hands: Hands,
    /// The operator whose partition it belongs to; empty: national.
    pub partition: String,
    /// The change.
    pub change: Change,
}

/// The right to write. One at a time in a process, and one process a directory.
pub struct Writer<'a> {
    store: &'a Store,
    applied: Revision,
    _alone: MutexGuard<'a, ()>,
}

/// What a body amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodySummary {
    /// SHA-256 over its canonical rows.
    pub sha256: [u8; 32],
    /// Rows.
    pub rows: u64,
}

impl Store {
    /// Takes the right to write.
    ///
    /// # Errors
    /// When the store was opened for reading, or an earlier write failed.
    pub fn writer(&self) -> Result<Writer<'_>, StoreError> {
        if self.mode == OpenMode::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        self.check_whole()?;
        let alone = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Writer { store: self, applied: self.applied(), _alone: alone })
    }

    pub(super) fn write_synced(&self, doing: &'static str, batch: WriteBatch) -> Result<(), StoreError> {
        self.check_whole()?;
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.db.write_opt(batch, &options).map_err(|error| self.failed_write(doing, &error))
    }
}

impl<'a> Writer<'a> {
    /// The number that the next entry gets.
    pub const fn next_seq(&self) -> u64 {
        self.applied.seq + 1
    }

    /// The next entries are of this epoch.
    pub(super) const fn begin_epoch(&mut self, epoch: u32) {
        self.applied.epoch = epoch;
    }

    /// The store that this writes.
    pub const fn store(&self) -> &'a Store {
        self.store
    }

    /// Begins the body of a batch. Rows must come in canonical order.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn body(&self, number: BatchNumber, staged: bool) -> Result<BodyWriter<'a>, StoreError> {
        Ok(BodyWriter {
            store: self.store,
            number,
            staged,
            salts: Salts::random()?,
            hasher: BodyHasher::default(),
            rows: 0,
            sums: BodySums::default(),
            waiting: Waiting::new(number),
        })
    }

    /// Writes a group: numbers the drafts, derives their effects, and writes all with the rows that are
    /// still waiting in bodies, in one atomic synced write. Returns the new revision.
    ///
    /// # Errors
    /// When RocksDB cannot write; then nothing of the group is visible and the store refuses further work.
    pub fn commit(&mut self, drafts: Vec<Draft>, mut bodies: Vec<BodyWriter<'a>>) -> Result<Revision, StoreError> {
        let mut group = WriteBatch::default();
        for body in &mut bodies {
            body.waiting.put(self.store, &mut group)?;
        }
        let mut revision = self.applied;
        // Entries are asked for by time: a clock that was set back must not put one before its predecessor.
        let (last_entry_unix_ms, mut edge) = {
            let state = self.store.state_read();
            (state.last_entry_unix_ms, state.edge.clone())
        };
        let time_unix_ms = now_unix_ms().max(last_entry_unix_ms);
        let mut entries = Vec::with_capacity(drafts.len());
        for draft in drafts {
            revision.seq += 1;
            let entry = Entry {
                seq: revision.seq,
                epoch: revision.epoch,
                time_unix_ms,
                principal: draft.hands.principal,
                approver: draft.hands.approver,
                partition: draft.partition,
                request: draft.hands.request,
                change: Some(draft.change),
            };
            let bytes = entry.encode_to_vec();
            group.put_cf(self.store.cf(cf::JOURNAL)?, keys::seq(entry.seq), &bytes);
            self.store.put_hashes(&mut group, &mut edge, &bytes)?;
            self.put_effects(&mut group, &entry, &bytes)?;
            entries.push(entry);
        }
        group.put_cf(self.store.cf(cf::META)?, META_APPLIED, encode_applied(revision));
        fail_point!("store-before-commit");
        self.store.write_synced("a group of entries", group)?;
        fail_point!("store-after-commit");
        let signed = self.store.sign(edge.head())?;
        self.applied = revision;
        let mut state = self.store.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.applied = revision;
        state.last_entry_unix_ms = time_unix_ms;
        state.edge = edge;
        state.checkpoint = Some(signed);
        for entry in &entries {
            super::read::fold_entry(Arc::make_mut(&mut state.batches), entry);
            if entry.change.as_ref().is_some_and(Change::is_of_ledger) {
                Arc::make_mut(&mut state.ledger).take(entry);
            }
        }
        Ok(revision)
    }

    fn put_effects(&self, group: &mut WriteBatch, entry: &Entry, bytes: &[u8]) -> Result<(), StoreError> {
        let store = self.store;
        if let Some((number, value)) = batch_row_of(entry) {
            group.put_cf(store.cf(cf::BATCHES)?, keys::batch_row(number, entry.seq), value);
        }
        if let Some(Change::SettingsApplied(settings)) = &entry.change {
            group.put_cf(store.cf(cf::SETTINGS)?, keys::seq(entry.seq), settings.encode_to_vec());
        }
        if entry.change.as_ref().is_some_and(Change::is_of_ledger) {
            group.put_cf(store.cf(cf::LEDGER)?, keys::seq(entry.seq), bytes);
        }
        if !entry.request.is_empty() {
            // Of two persons the last one made the request.
            let by = if entry.approver.is_empty() { &entry.principal } else { &entry.approver };
            let key = keys::request(by, &entry.request);
            group.put_cf(store.cf(cf::REQUESTS)?, key, keys::seq(entry.seq));
        }
        Ok(())
    }

    /// Gives up every batch that was staged and never handed in: its rows go, its number stays taken.
    /// Returns their numbers.
    ///
    /// # Errors
    /// When RocksDB cannot read or write.
    pub fn discard_staged(&mut self) -> Result<Vec<BatchNumber>, StoreError> {
        let staged: Vec<BatchNumber> = self.store.with_batches(|batches| {
            let is_staged = |state: &(u64, BatchState)| state.1 == BatchState::Staged;
            batches.iter().filter(|(_, batch)| batch.states.last().is_some_and(is_staged)).map(|(n, _)| n).collect()
        });
        for &number in &staged {
            self.delete_body(number)?;
            fail_point!("store-mid-discard");
            let reason = "staged by a process that ended before it was done".to_owned();
            let change = Change::BatchDiscarded(BatchDiscarded { batch: number, reason });
            self.commit(vec![Draft { hands: Hands::bootstrap(), partition: String::new(), change }], Vec::new())?;
        }
        Ok(staged)
    }

    /// Deletes the rows of a batch that was never in force. What leads to a row goes in the same atomic write as the
    /// row, so that a crash leaves a shorter staged batch, and done again it ends the same.
    pub(super) fn delete_body(&self, number: BatchNumber) -> Result<(), StoreError> {
        let store = self.store;
        let mut deletes = WriteBatch::default();
        for head in store.touched(number)? {
            let (family, head, _) = head?;
            for (row, body) in store.rows_of_batch(family, &head, number)? {
                deletes.delete_cf(store.cf(family_name(family))?, &row.key);
                for (about, key) in numbers_of(&body) {
                    deletes.delete_cf(store.cf(cf::NUMBERS)?, keys::number_row(about, key, number));
                }
                if let Some((msisdn, imsi)) = sim_of(&body) {
                    deletes.delete_cf(store.cf(cf::SIMS)?, keys::sim_row(msisdn, imsi, number));
                }
                if let BodyRow::Holder { key, person } = &body {
                    deletes.delete_cf(store.cf(cf::PERSONS)?, keys::person_row(person, *key, number));
                }
            }
            deletes.delete_cf(store.cf(cf::TOUCHED)?, keys::touched(number, family, &head));
            if deletes.size_in_bytes() > CHUNK_BYTES {
                store.write_synced("the end of a staged batch", std::mem::take(&mut deletes))?;
                fail_point!("store-mid-delete");
            }
        }
        store.write_synced("the end of a staged batch", deletes)
    }
}

/// The rows of one batch on their way to the disk.
pub struct BodyWriter<'a> {
    store: &'a Store,
    number: BatchNumber,
    staged: bool,
    salts: Salts,
    hasher: BodyHasher,
    rows: u64,
    sums: BodySums,
    waiting: Waiting,
}

impl BodyWriter<'_> {
    /// Adds a row. A staged batch writes ahead what exceeds a chunk; one that is not staged keeps all for
    /// the atomic write.
    ///
    /// # Errors
    /// When RocksDB cannot write.
    pub fn push(&mut self, row: &BodyRow) -> Result<(), StoreError> {
        let stored = StoredRow::encode(row, self.number, &mut self.salts);
        self.hasher.add_encoded(&stored, row);
        let sum = self.sums.add(&stored);
        self.rows += 1;
        self.waiting.push(row, stored, sum);
        if self.staged && self.waiting.bytes() > CHUNK_BYTES {
            self.write_ahead()?;
        }
        Ok(())
    }

    fn write_ahead(&mut self) -> Result<(), StoreError> {
        self.store.check_whole()?;
        let mut batch = WriteBatch::default();
        self.waiting.put(self.store, &mut batch)?;
        // Not synced: the sync of the activating entry covers every earlier byte of the log.
        self.store.db.write(batch).map_err(|error| self.store.failed_write("the body of a batch", &error))?;
        fail_point!("store-mid-body");
        Ok(())
    }

    /// Digest and size of what was pushed so far.
    pub fn summary(&self) -> BodySummary {
        BodySummary { sha256: self.hasher.clone().finish(), rows: self.rows }
    }
}

/// The row that an entry brings to the table of batches: the batch and the row's value.
fn batch_row_of(entry: &Entry) -> Option<(BatchNumber, Vec<u8>)> {
    Some(match entry.change.as_ref()? {
        Change::BatchStaged(staged) => {
            let mut value = vec![BatchState::Staged as u8];
            value.extend(staged.encode_to_vec());
            (entry.seq, value)
        }
        Change::BatchActivated(activated) => (activated.batch, counted(BatchState::Active, activated.added)),
        Change::BatchDiscarded(discarded) => (discarded.batch, vec![BatchState::Discarded as u8]),
        Change::BatchSubmitted(submitted) => {
            let body = submitted.body.as_ref()?;
            (body.batch, counted(BatchState::Submitted, body.added))
        }
        Change::BatchStateChanged(changed) => {
            let mut value = vec![u8::try_from(changed.state).ok()?];
            if changed.black_from_plus_one > 0 {
                value.extend((changed.black_from_plus_one - 1).to_be_bytes());
            }
            (changed.batch, value)
        }
        _ => return None,
    })
}

/// A state, and how much the batch brings.
fn counted(state: BatchState, added: u64) -> Vec<u8> {
    let mut value = vec![state as u8];
    value.extend(added.to_be_bytes());
    value
}

pub(super) fn family_name(family: keys::Family) -> &'static str {
    match family {
        keys::Family::Pages => cf::PAGES,
        keys::Family::Marks => cf::MARKS,
        keys::Family::Pairings => cf::PAIRINGS,
        keys::Family::Links => cf::LINKS,
        keys::Family::Subscribers => cf::SUBSCRIBERS,
        keys::Family::Tacs => cf::TACS,
        keys::Family::TacClasses => cf::TAC_CLASSES,
        keys::Family::Holders => cf::HOLDERS,
    }
}

pub(super) fn now_unix_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
