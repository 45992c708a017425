//! The desk's database: what the call centre keeps beside the register, in the directory `desk` of it.
//!
//! Audit entries, cases and refusals are no part of the register: cases change, personal values must be erasable, and
//! refusals come at the pace of checks. So they have a small database of their own, and the register's journal, format
//! and crash laws stay as they are (docs/decisions.md). A node opens it, or makes it, before its first check; checks
//! never wait for it or fail with it.
//! What always holds: an audit entry is synced before its number is told, and the signed head names no entry that was
//! not synced; entries are leaves of a Merkle tree and never change; after a failed write the handle refuses further
//! work.

mod audit;
pub(super) mod keys;
pub(super) mod open;
#[cfg(test)]
mod tests;

pub use audit::{AuditRecord, AuditRow};
pub use keys::{Keyed, NumberKeys};

use super::{StoreError, signing::Signing};
use crate::tree::{Checkpoint, Edge, Verifier};
use rocksdb::{
    BottommostLevelCompaction, ColumnFamily, CompactOptions, DB, Direction, IteratorMode, ReadOptions, WriteBatch,
    WriteOptions,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Version of the bytes that this build writes (docs/storage.md). A newer one on disk is refused.
pub const DESK_FORMAT: u32 = 1;

/// A kind of row. Names are forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskFamily {
    /// Format, key and rules.
    Meta,
    /// Audit entries by number.
    Audit,
    /// The personal values of audit entries, which can be erased.
    Values,
    /// Who looked at whom: keyed hash of a number, then the entry.
    Subjects,
    /// Hashes of the audit entries' tree.
    Hashes,
    /// Black answers by day, then device or number.
    Refusals,
    /// Cases by number.
    Cases,
    /// Cases by device, by number and by owner.
    CaseIndex,
}

impl DeskFamily {
    const ALL: [Self; 8] = [
        Self::Meta,
        Self::Audit,
        Self::Values,
        Self::Subjects,
        Self::Hashes,
        Self::Refusals,
        Self::Cases,
        Self::CaseIndex,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Audit => "audit",
            Self::Values => "values",
            Self::Subjects => "subjects",
            Self::Hashes => "hashes",
            Self::Refusals => "refusals",
            Self::Cases => "cases",
            Self::CaseIndex => "case_index",
        }
    }
}

/// A row that is put, or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskChange {
    /// The kind of row.
    pub family: DeskFamily,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value; none: the row goes.
    pub value: Option<Vec<u8>>,
}

/// Whether a write outlasts a loss of power once it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Synced.
    Synced,
    /// Written to the log of the process: it outlasts the process, and perhaps not the power.
    Soon,
}

/// A range of rows of one family.
#[derive(Clone, Copy, Debug)]
pub struct DeskRange<'a> {
    /// The kind of row.
    pub family: DeskFamily,
    /// What every key begins with.
    pub prefix: &'a [u8],
    /// The key at which it begins; none: at the first of the prefix.
    pub from: Option<&'a [u8]>,
    /// Rows at most.
    pub limit: usize,
}

/// The open database of the desk. Shared between threads.
pub struct DeskStore {
    db: DB,
    path: PathBuf,
    keys: NumberKeys,
    /// Who signs the heads of the audit entries' tree; none in a store that only reads.
    signing: Option<Signing>,
    key: Verifier,
    broken: AtomicBool,
    queue: Mutex<Vec<audit::Waiting>>,
    writing: Mutex<()>,
    changing: Mutex<()>,
    state: RwLock<DeskState>,
}

/// What the database keeps in memory of itself.
#[derive(Debug, Default)]
struct DeskState {
    edge: Edge,
    checkpoint: Option<Checkpoint>,
}

impl DeskStore {
    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys of the hashes of numbers.
    pub const fn keys(&self) -> &NumberKeys {
        &self.keys
    }

    /// Adds a key for the hashes of numbers. It counts once the database is opened anew. Gives its version.
    ///
    /// # Errors
    /// When the database was opened for reading, or the file cannot be written.
    pub fn add_number_key(&self) -> Result<u8, StoreError> {
        self.check_writes()?;
        Ok(NumberKeys::rotate(&self.path, keys::FILE)?.newest())
    }

    /// Leaves the keys of these versions, and the newest; the others are gone for good. Gives how many went.
    ///
    /// # Errors
    /// As [`DeskStore::add_number_key`].
    pub fn keep_number_keys(&self, versions: &BTreeSet<u8>) -> Result<usize, StoreError> {
        self.check_writes()?;
        NumberKeys::keep(&self.path, versions)
    }

    fn check_writes(&self) -> Result<(), StoreError> {
        match self.signing {
            Some(_) => Ok(()),
            None => Err(StoreError::ReadOnly { path: self.path.clone() }),
        }
    }

    /// The public key that signs the heads of the audit entries.
    pub const fn audit_key(&self) -> &Verifier {
        &self.key
    }

    /// Holds other changes of read rows off: for whoever reads, decides and writes.
    pub fn alone(&self) -> MutexGuard<'_, ()> {
        // A thread that panicked wrote as a whole or not at all.
        self.changing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, family: DeskFamily, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.get_cf(self.cf(family)?, key).map_err(|error| self.failed_read(&error))
    }

    /// Rows in the order of their keys.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn scan(&self, range: DeskRange<'_>) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let DeskRange { family, prefix, from, limit } = range;
        let from = from.unwrap_or(prefix);
        let mut options = ReadOptions::default();
        if let Some(end) = behind(prefix) {
            options.set_iterate_upper_bound(end);
        }
        let rows = self.db.iterator_cf_opt(self.cf(family)?, options, IteratorMode::From(from, Direction::Forward));
        let rows = rows.take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix))).take(limit);
        let read = rows.map(|row| row.map(|(key, value)| (key.into_vec(), value.into_vec())));
        read.collect::<Result<_, _>>().map_err(|error| self.failed_read(&error))
    }

    /// Writes rows as one: all of them, or none.
    ///
    /// # Errors
    /// When the database was opened for reading, an earlier write failed, or this one does.
    pub fn write(&self, changes: &[DeskChange], kept: Kept) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        for DeskChange { family, key, value } in changes {
            match value {
                Some(value) => batch.put_cf(self.cf(*family)?, key, value),
                None => batch.delete_cf(self.cf(*family)?, key),
            }
        }
        self.write_batch("rows of the desk", batch, kept)
    }

    /// Takes away every row of a family in front of a key.
    ///
    /// # Errors
    /// As [`DeskStore::write`].
    pub fn drop_before(&self, family: DeskFamily, end: &[u8]) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.delete_range_cf(self.cf(family)?, &[][..], end);
        self.write_batch("the end of old rows", batch, Kept::Soon)
    }

    /// Removes what was deleted from the files too: a value that was erased is in no file of this directory then.
    ///
    /// # Errors
    /// When RocksDB cannot write.
    pub fn compact(&self, family: DeskFamily) -> Result<(), StoreError> {
        self.check_whole()?;
        // A log is kept for as long as one family needs it.
        for each in DeskFamily::ALL {
            self.db.flush_cf(self.cf(each)?).map_err(|error| self.failed_write("flush", &error))?;
        }
        let mut options = CompactOptions::default();
        options.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
        self.db.compact_range_cf_opt(self.cf(family)?, None::<&[u8]>, None::<&[u8]>, &options);
        Ok(())
    }

    /// About how many rows a family has.
    pub fn rows_about(&self, family: DeskFamily) -> u64 {
        let Ok(cf) = self.cf(family) else { return 0 };
        self.db.property_int_value_cf(cf, "rocksdb.estimate-num-keys").ok().flatten().unwrap_or(0)
    }

    fn write_batch(&self, doing: &'static str, batch: WriteBatch, kept: Kept) -> Result<(), StoreError> {
        self.check_writes()?;
        self.check_whole()?;
        let mut options = WriteOptions::default();
        options.set_sync(kept == Kept::Synced);
        self.db.write_opt(batch, &options).map_err(|error| self.failed_write(doing, &error))
    }

    fn cf(&self, family: DeskFamily) -> Result<&ColumnFamily, StoreError> {
        let name = family.name();
        let found = self.db.cf_handle(name);
        found.ok_or_else(|| StoreError::damaged(&self.path, format!("column family {name:?} is missing")))
    }

    fn check_whole(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::Acquire) { Err(StoreError::Broken { path: self.path.clone() }) } else { Ok(()) }
    }

    fn failed_write(&self, doing: &'static str, error: &rocksdb::Error) -> StoreError {
        self.broken.store(true, Ordering::Release);
        StoreError::Write { path: self.path.clone(), doing, reason: error.to_string() }
    }

    fn failed_read(&self, error: &rocksdb::Error) -> StoreError {
        StoreError::damaged(&self.path, error.to_string())
    }
}

/// The first key behind all that begin with a prefix. `None`: there is none.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

impl std::fmt::Debug for DeskStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeskStore").field("path", &self.path).finish_non_exhaustive()
    }
}
