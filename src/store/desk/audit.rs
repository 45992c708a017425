//! Audit entries: appended in groups, hashed into a tree, signed.
//!
//! Whoever has something to record queues it and waits for the turn to write; the first one writes what all have queued
//! with one sync. So many lookups at a time cost one write of the disk, without a thread of its own.

use super::{DeskFamily, DeskRange, DeskStore, Kept, Keyed, StoreError};
use crate::{
    store::keys as rows,
    tree::{Checkpoint, Head, StoredHashes, head_at},
};
use rocksdb::WriteBatch;
use std::sync::{Arc, OnceLock};

/// Stands in `meta` while values that were erased may still lie in files.
const META_UNCLEAN: &[u8] = b"unclean";

/// What is recorded. Its bytes never change.
#[derive(Clone, Debug, Default)]
pub struct AuditRecord {
    /// The entry, a leaf of the tree.
    pub leaf: Vec<u8>,
    /// The personal values that it commits to, with their salt. They lie apart and can be erased.
    pub value: Vec<u8>,
    /// Keyed hashes of the numbers in them.
    pub subjects: Vec<Keyed>,
}

/// A recorded entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1.
    pub seq: u64,
    /// The entry.
    pub leaf: Vec<u8>,
    /// The personal values with their salt; none: they were erased.
    pub value: Option<Vec<u8>>,
}

/// An entry that waits to be written, and where its number is told.
pub(super) struct Waiting {
    record: AuditRecord,
    told: Arc<OnceLock<Result<u64, String>>>,
}

impl DeskStore {
    /// Records something, durably. Gives the number of the entry.
    ///
    /// # Errors
    /// When the database was opened for reading or cannot be written: then nothing may be shown of what was recorded.
    pub fn record(&self, record: AuditRecord) -> Result<u64, StoreError> {
        let told = Arc::new(OnceLock::new());
        self.queue_lock().push(Waiting { record, told: Arc::clone(&told) });
        let turn = self.writing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if told.get().is_none() {
            let group = std::mem::take(&mut *self.queue_lock());
            let written = self.write_group(&group).map_err(|error| error.to_string());
            for (nth, waiting) in group.iter().enumerate() {
                let seq = written.as_ref().map(|first| first + nth as u64).map_err(Clone::clone);
                // Told once: nobody else has taken this group.
                let _ = waiting.told.set(seq);
            }
        }
        drop(turn);
        match told.get() {
            Some(Ok(seq)) => Ok(*seq),
            Some(Err(reason)) => {
                Err(StoreError::Write { path: self.path.clone(), doing: "an audit entry", reason: reason.clone() })
            }
            None => Err(StoreError::Broken { path: self.path.clone() }),
        }
    }

    fn queue_lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Writes a group with one sync; gives the number of the first.
    fn write_group(&self, group: &[Waiting]) -> Result<u64, StoreError> {
        let Some(signing) = &self.signing else { return Err(StoreError::ReadOnly { path: self.path.clone() }) };
        let mut edge = self.state_read().edge.clone();
        let first = edge.size() + 1;
        let mut batch = WriteBatch::default();
        let (audit, values) = (self.cf(DeskFamily::Audit)?, self.cf(DeskFamily::Values)?);
        let (subjects, hashes) = (self.cf(DeskFamily::Subjects)?, self.cf(DeskFamily::Hashes)?);
        for Waiting { record, .. } in group {
            let seq = edge.size() + 1;
            batch.put_cf(audit, rows::seq(seq), &record.leaf);
            batch.put_cf(values, rows::seq(seq), &record.value);
            record.subjects.iter().for_each(|subject| batch.put_cf(subjects, subject_key(subject, seq), []));
            for (number, hash) in edge.append(&record.leaf) {
                batch.put_cf(hashes, rows::seq(number), hash);
            }
        }
        self.write_batch("audit entries", batch, Kept::Synced)?;
        let signed = signing.sign(edge.head());
        let signed = signed.inspect_err(|_| self.broken.store(true, std::sync::atomic::Ordering::Release))?;
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.edge = edge;
        state.checkpoint = Some(signed);
        Ok(first)
    }

    pub(super) fn state_read(&self) -> std::sync::RwLockReadGuard<'_, super::DeskState> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Size and root of the tree of all entries.
    pub fn audit_head(&self) -> Head {
        self.state_read().edge.head()
    }

    /// The tree of the first entries, by the stored hashes.
    ///
    /// # Errors
    /// When a hash is missing.
    pub fn audit_head_at(&self, size: u64) -> Result<Head, StoreError> {
        head_at(size, self)
    }

    /// The newest signed head. `None`: nothing was recorded yet.
    pub fn audit_checkpoint(&self) -> Option<Checkpoint> {
        self.state_read().checkpoint.clone()
    }

    /// Entries in order, from a number on.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn audits(&self, from: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
        let from = rows::seq(from);
        let range = DeskRange { family: DeskFamily::Audit, prefix: &[], from: Some(&from), limit };
        let rows = self.scan(range)?.into_iter().map(|(key, leaf)| {
            let seq = rows::read_seq(&key);
            let seq = seq.ok_or_else(|| StoreError::damaged(&self.path, "an audit entry has no number"))?;
            Ok(AuditRow { seq, leaf, value: self.get(DeskFamily::Values, &key)? })
        });
        rows.collect()
    }

    /// One entry.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn audit(&self, seq: u64) -> Result<Option<AuditRow>, StoreError> {
        let key = rows::seq(seq);
        let Some(leaf) = self.get(DeskFamily::Audit, &key)? else { return Ok(None) };
        Ok(Some(AuditRow { seq, leaf, value: self.get(DeskFamily::Values, &key)? }))
    }

    /// The entries that have a number in their values, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn audits_about(&self, subject: &Keyed, limit: usize) -> Result<Vec<u64>, StoreError> {
        let range = DeskRange { family: DeskFamily::Subjects, prefix: subject, from: None, limit };
        let rows = self.scan(range)?;
        Ok(rows.iter().filter_map(|(key, _)| rows::read_seq(key.get(subject.len()..)?)).collect())
    }

    /// Erases the personal values of entries, with what finds them. The entries stay. In the files they lie until
    /// [`DeskStore::clean`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn erase(&self, erased: &[(u64, Vec<Keyed>)]) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        let (values, about) = (self.cf(DeskFamily::Values)?, self.cf(DeskFamily::Subjects)?);
        for (seq, subjects) in erased {
            batch.delete_cf(values, rows::seq(*seq));
            subjects.iter().for_each(|subject| batch.delete_cf(about, subject_key(subject, *seq)));
        }
        batch.put_cf(self.cf(DeskFamily::Meta)?, META_UNCLEAN, []);
        self.write_batch("the erasure of personal values", batch, Kept::Synced)
    }

    /// Removes what was erased from the files too, where that is still to be done.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clean(&self) -> Result<(), StoreError> {
        if self.get(DeskFamily::Meta, META_UNCLEAN)?.is_none() {
            return Ok(());
        }
        self.compact(DeskFamily::Values)?;
        self.compact(DeskFamily::Subjects)?;
        let done = super::DeskChange { family: DeskFamily::Meta, key: META_UNCLEAN.to_vec(), value: None };
        self.write(&[done], Kept::Soon)
    }
}

fn subject_key(subject: &Keyed, seq: u64) -> Vec<u8> {
    [&subject[..], &rows::seq(seq)[..]].concat()
}

impl StoredHashes for DeskStore {
    type Error = StoreError;

    fn stored_hash(&self, number: u64) -> Result<crate::tree::Hash, StoreError> {
        let hash = self.get(DeskFamily::Hashes, &rows::seq(number))?.and_then(|bytes| bytes.try_into().ok());
        hash.ok_or_else(|| StoreError::damaged(&self.path, format!("hash {number} of the audit entries is missing")))
    }
}
