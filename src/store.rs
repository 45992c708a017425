//! The store: the register on disk, in RocksDB.
//!
//! One column family for each kind of row; bodies are page-first, so that everything known of a device,
//! now or as of an earlier entry, lies in one short range, and start-up is one pass in page order
//! (docs/storage.md has the bytes, docs/decisions.md the reason).
//! What always holds: a row is never overwritten; entry, effects and applied revision go into one atomic
//! write that is synced before anybody is told; one process writes a directory; after a failed write the
//! handle refuses further work, because what reached the disk is then unknown.

mod acknowledged;
mod audit;
mod backup;
mod begin;
mod bulk;
mod desk;
mod error;
mod found;
mod hashes;
mod keys;
mod newest;
mod open;
mod pages;
mod ranges;
mod read;
mod registration;
mod restore;
mod rows;
mod scan;
mod sets;
mod signing;
mod sims;
#[cfg(test)]
pub(crate) mod tests;
mod waiting;
mod write;

pub use audit::BodyAudit;
pub use backup::BackedUp;
pub(crate) use backup::{PASSWORDS, PERSON_KEY};
pub use bulk::{BulkLoad, BulkPart, LoadedBody, Loading};
pub use desk::{
    AuditRecord, AuditRow, DESK_FORMAT, DeskChange, DeskFamily, DeskRange, DeskStore, Kept, Keyed, NumberKeys,
};
pub use error::StoreError;
pub use open::OpenMode;
pub use pages::{BatchHeads, BatchTable, PageRows};
pub use ranges::{Damage, DamagedRange};
pub use read::{SettingsRow, fold_entry};
pub use registration::{REGISTRATION_FORMAT, RegistrationChange, RegistrationFamily, RegistrationStore};
pub use restore::Restoring;
pub use scan::{PageScan, Stretch};
pub use write::{BodySummary, BodyWriter, Draft, Hands, Writer};

use crate::{
    batch::Batches,
    fold::Row,
    ledger::Ledger,
    revision::Revision,
    tree::{Checkpoint, Edge, Head, Verifier},
};
use rocksdb::{ColumnFamily, DB, Options, statistics::Ticker};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Version of the bytes that this build writes (docs/storage.md). A newer one on disk is refused.
pub const FORMAT: u32 = 3;

/// The column families. Names are forever.
mod cf {
    pub(super) const META: &str = "meta";
    pub(super) const JOURNAL: &str = "journal";
    pub(super) const BATCHES: &str = "batches";
    pub(super) const SETTINGS: &str = "settings";
    pub(super) const PAGES: &str = "pages";
    pub(super) const MARKS: &str = "marks";
    pub(super) const PAIRINGS: &str = "pairings";
    pub(super) const LINKS: &str = "links";
    pub(super) const SUBSCRIBERS: &str = "subscribers";
    pub(super) const TACS: &str = "tacs";
    pub(super) const TAC_CLASSES: &str = "tac_classes";
    pub(super) const NUMBERS: &str = "numbers";
    pub(super) const TOUCHED: &str = "touched";
    /// Leaves of personal rows that were erased. Part of the format; nothing writes it yet.
    pub(super) const ERASED: &str = "erased";

    /// Hashes of the journal's tree.
    pub(super) const HASHES: &str = "hashes";
    /// Entries about principals, proposals, documents and overrides, as they stand in the journal.
    pub(super) const LEDGER: &str = "ledger";
    /// Requests that were carried out, so that none is carried out twice.
    pub(super) const REQUESTS: &str = "requests";
    /// Persons whose device it is.
    pub(super) const HOLDERS: &str = "holders";
    /// The index from a person to devices.
    pub(super) const PERSONS: &str = "persons";

    /// The index from a number to SIMs.
    pub(super) const SIMS: &str = "sims";

    /// What format 2 added to format 1.
    pub(super) const SINCE_2: [&str; 5] = [HASHES, LEDGER, REQUESTS, HOLDERS, PERSONS];
    /// What format 3 added to format 2.
    pub(super) const SINCE_3: [&str; 1] = [SIMS];

    pub(super) const ALL: [&str; 20] = [
        META,
        JOURNAL,
        BATCHES,
        SETTINGS,
        PAGES,
        MARKS,
        PAIRINGS,
        LINKS,
        SUBSCRIBERS,
        TACS,
        TAC_CLASSES,
        NUMBERS,
        TOUCHED,
        ERASED,
        HASHES,
        LEDGER,
        REQUESTS,
        HOLDERS,
        PERSONS,
        SIMS,
    ];
}

/// An open register on disk. Shared between threads; one [`Writer`] at a time.
pub struct Store {
    db: DB,
    options: Options,
    path: PathBuf,
    mode: OpenMode,
    /// Who signs each synced head of the journal's tree; none in a store that only reads.
    signing: Option<signing::Signing>,
    /// The key that signs; none before the register was loaded.
    journal_key: Option<Verifier>,
    broken: AtomicBool,
    writing: Mutex<()>,
    state: RwLock<State>,
    /// The desk's database; none before it is needed.
    desk: Mutex<Option<Arc<DeskStore>>>,
    /// The database of registrations; none before it is needed.
    registration: Mutex<Option<Arc<RegistrationStore>>>,
}

/// What a store keeps in memory of itself.
#[derive(Debug, Default)]
struct State {
    applied: Revision,
    last_entry_unix_ms: i64,
    batches: Arc<Batches>,
    ledger: Arc<Ledger>,
    /// The right edge of the journal's tree.
    edge: Edge,
    /// The newest head that is signed.
    checkpoint: Option<Checkpoint>,
}

/// Counts of RocksDB itself, for tests and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreTickers {
    /// Keys read by gets.
    pub keys_read: u64,
    /// Seeks of iterators.
    pub seeks: u64,
    /// Syncs of the write-ahead log.
    pub wal_synced: u64,
}

impl Store {
    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Revision of the newest entry that the store holds.
    pub fn applied(&self) -> Revision {
        self.state_read().applied
    }

    /// The table of batches as of the newest entry. Shared, not copied; whoever holds it long makes the next write copy
    /// the table.
    pub fn batches(&self) -> Arc<Batches> {
        Arc::clone(&self.state_read().batches)
    }

    /// The newest signed checkpoint: of a store that writes, of everything that it holds; of one that reads, as it was
    /// noted when it was opened. `None`: nothing was noted.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.state_read().checkpoint.clone()
    }

    /// The public key that signs the checkpoints of this register.
    ///
    /// # Errors
    /// When the register has none.
    pub fn journal_key(&self) -> Result<Verifier, StoreError> {
        self.journal_key.clone().ok_or_else(|| StoreError::damaged(&self.path, "the journal's key is missing"))
    }

    /// Runs a function over the table of batches.
    pub fn with_batches<T>(&self, look: impl FnOnce(&Batches) -> T) -> T {
        look(&self.state_read().batches)
    }

    /// The table of the batches that these rows name.
    pub fn batches_of(&self, rows: &[Row]) -> Batches {
        let mut numbers: Vec<_> = rows.iter().map(|(number, _)| *number).collect();
        numbers.dedup();
        self.batches().only(numbers)
    }

    /// Principals, proposals, documents and overrides as of the newest entry.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.state_read().ledger)
    }

    /// RocksDB's own counts since the store was opened.
    pub fn tickers(&self) -> StoreTickers {
        StoreTickers {
            keys_read: self.options.get_ticker_count(Ticker::NumberKeysRead),
            seeks: self.options.get_ticker_count(Ticker::NumberDbSeek),
            wal_synced: self.options.get_ticker_count(Ticker::WalFileSynced),
        }
    }

    /// Bytes of the live table files.
    pub fn disk_bytes(&self) -> u64 {
        self.db.live_files().map_or(0, |files| files.iter().map(|file| file.size as u64).sum())
    }

    /// The same for each column family that has any.
    pub fn disk_bytes_by_family(&self) -> BTreeMap<String, u64> {
        let mut families = BTreeMap::new();
        for file in self.db.live_files().unwrap_or_default() {
            *families.entry(file.column_family_name).or_default() += file.size as u64;
        }
        families
    }

    /// Writes everything that is only in the write-ahead log into table files.
    ///
    /// # Errors
    /// When RocksDB cannot write, or an earlier write failed.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.check_whole()?;
        for name in cf::ALL {
            self.db.flush_cf(self.cf(name)?).map_err(|error| self.failed_write("flush", &error))?;
        }
        Ok(())
    }

    /// Writes a small file beside the database, for its owner only: after a crash it is whole and there, or not there.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write_beside(&self, name: &str, bytes: &[u8], doing: &'static str) -> Result<(), StoreError> {
        signing::write_whole(&self.path, name, bytes, 0o600).map_err(|error| StoreError::Write {
            path: self.path.clone(),
            doing,
            reason: error.to_string(),
        })
    }

    fn state_read(&self) -> std::sync::RwLockReadGuard<'_, State> {
        // A thread that panicked in here left whole values behind: they are replaced, never half changed.
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn cf(&self, name: &'static str) -> Result<&ColumnFamily, StoreError> {
        self.db
            .cf_handle(name)
            .ok_or_else(|| StoreError::damaged(&self.path, format!("column family {name:?} is missing")))
    }

    fn check_whole(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::Acquire) { Err(StoreError::Broken { path: self.path.clone() }) } else { Ok(()) }
    }

    fn failed_write(&self, doing: &'static str, error: &rocksdb::Error) -> StoreError {
        self.broken.store(true, Ordering::Release);
        StoreError::Write { path: self.path.clone(), doing, reason: error.to_string() }
    }

    /// Signs the head of entries whose write is synced.
    fn sign(&self, head: Head) -> Result<Checkpoint, StoreError> {
        let Some(signing) = &self.signing else { return Err(StoreError::ReadOnly { path: self.path.clone() }) };
        signing.sign(head).inspect_err(|_| self.broken.store(true, Ordering::Release))
    }

    fn failed_read(&self, error: &rocksdb::Error) -> StoreError {
        StoreError::damaged(&self.path, error.to_string())
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).field("applied", &self.applied()).finish_non_exhaustive()
    }
}
