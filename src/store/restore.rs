//! Restoring: a backup becomes a register again, whole or as it was at an earlier entry.
//!
//! Files are copied, what later entries brought is taken out, and a new epoch begins with an entry that names what it
//! continues. All of that happens in a directory that is marked as unfinished; it is opened by nobody else.
//! What always holds: a restore that was cut off leaves a directory that every opening refuses, never half a register;
//! entries up to the point keep their bytes and their place in the journal's tree.

use super::{
    OpenMode, Store, StoreError, backup, cf,
    desk::open::DIRECTORY as DESK,
    keys,
    open::{META_APPLIED, encode_applied},
    registration::DIRECTORY as REGISTRATION,
    write::{Draft, Hands},
};
use crate::{
    journal::{Change, EpochStarted},
    revision::Revision,
    tree,
};
use fail::fail_point;
use rocksdb::{IteratorMode, WriteBatch};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Lies in a directory until its restore is done.
const MARK: &str = "RESTORING";

/// A register that is being restored. Nobody else can open it before [`Restoring::finish`].
#[derive(Debug)]
pub struct Restoring {
    path: PathBuf,
}

/// Refuses a directory whose restore was cut off.
pub(super) fn refuse_unfinished(path: &Path) -> Result<(), StoreError> {
    if path.join(MARK).exists() { Err(StoreError::Unfinished { path: path.to_owned() }) } else { Ok(()) }
}

impl Restoring {
    /// Copies a backup into a directory that is not there yet, or is empty.
    ///
    /// # Errors
    /// When there is no register in the backup, something lies in the directory, or a file cannot be copied.
    pub fn copy(backup: &Path, target: &Path) -> Result<Self, StoreError> {
        refuse_unfinished(backup)?;
        if !backup.join("CURRENT").exists() {
            return Err(StoreError::Missing { path: backup.to_owned() });
        }
        backup::check_free(target)?;
        copy_files(backup, target)
            .map_err(|error| StoreError::Copy { to: target.to_owned(), reason: error.to_string() })?;
        Ok(Self { path: target.to_owned() })
    }

    /// Opens the copy.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self, mode: OpenMode) -> Result<Store, StoreError> {
        Store::open_marked(&self.path, mode)
    }

    /// Begins an epoch behind an entry; what later entries brought is taken out first.
    ///
    /// # Errors
    /// When there is no such entry, the epoch is not a later one, or RocksDB cannot read or write.
    pub fn start_epoch(&self, behind: u64, epoch: Option<u32>) -> Result<Revision, StoreError> {
        let store = self.open(OpenMode::Write)?;
        let parent = store.revision_at(behind)?.ok_or_else(|| {
            let newest = store.applied();
            StoreError::Never { path: self.path.clone(), asked: behind, newest }
        })?;
        let epoch = epoch.unwrap_or(store.applied().epoch + 1);
        if epoch <= store.applied().epoch {
            return Err(StoreError::Epoch { asked: epoch, newest: store.applied() });
        }
        store.cut(parent)?;
        drop(store);
        fail_point!("restore-mid-epoch");
        let store = self.open(OpenMode::Write)?;
        let change = Change::EpochStarted(EpochStarted {
            register_id: store.register_id()?.to_vec(),
            parent_epoch: parent.epoch,
            parent_seq: parent.seq,
            parent_root: tree::head_at(parent.seq, &store)?.root.to_vec(),
        });
        let mut writer = store.writer()?;
        writer.begin_epoch(epoch);
        let draft = Draft { hands: Hands::bootstrap(), partition: String::new(), change };
        let revision = writer.commit(vec![draft], Vec::new())?;
        drop(writer);
        store.flush()?;
        Ok(revision)
    }

    /// The register may be opened from now on.
    ///
    /// # Errors
    /// When the mark cannot be taken away.
    pub fn finish(self) -> Result<(), StoreError> {
        fail_point!("restore-before-end");
        let failed = |error: io::Error| StoreError::Copy { to: self.path.clone(), reason: error.to_string() };
        backup::sync_all(&self.path).map_err(failed)?;
        fs::remove_file(self.path.join(MARK)).map_err(failed)?;
        File::open(&self.path).and_then(|directory| directory.sync_all()).map_err(failed)
    }
}

/// Copies the files of a register; the mark is durable before the first of them.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    backup::make_directory(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    File::create(to.join(MARK))?.sync_all()?;
    File::open(to)?.sync_all()?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !is_of_a_process(&entry.file_name().to_string_lossy()) {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
            fail_point!("restore-mid-copy");
        }
    }
    for beside in [DESK, REGISTRATION] {
        copy_beside(&from.join(beside), &to.join(beside))?;
    }
    backup::sync_all(to).map(|_| ())
}

/// Copies a database beside the register, where there is one: the desk's, that of registrations. What agents did and what
/// operators handed in stays on record whatever the point: nothing is cut.
fn copy_beside(from: &Path, to: &Path) -> io::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    backup::make_directory(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !is_of_a_process(&entry.file_name().to_string_lossy()) {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    backup::sync_all(to).map(|_| ())
}

/// RocksDB's lock and its diagnostics.
fn is_of_a_process(name: &str) -> bool {
    name == "LOCK" || name == "LOG" || name.starts_with("LOG.old")
}

impl Store {
    /// The revision of an entry. `None` when there is none of that number.
    ///
    /// # Errors
    /// When the entry is unreadable.
    pub fn revision_at(&self, seq: u64) -> Result<Option<Revision>, StoreError> {
        Ok(self.entry(seq)?.map(|entry| Revision { epoch: entry.epoch, seq: entry.seq }))
    }

    /// Takes out what entries behind a revision brought: bodies first, then the entries with their other effects.
    /// What this store keeps in memory is old then.
    fn cut(&self, last: Revision) -> Result<(), StoreError> {
        if last == self.applied() {
            return Ok(());
        }
        let writer = self.writer()?;
        let later: Vec<_> =
            self.with_batches(|batches| batches.iter().map(|(number, _)| number).filter(|n| *n > last.seq).collect());
        for number in later {
            writer.delete_body(number)?;
            fail_point!("restore-mid-cut");
        }
        let mut cut = WriteBatch::default();
        for (name, number_of) in EFFECTS {
            for row in self.db.iterator_cf(self.cf(name)?, IteratorMode::Start) {
                let (key, value) = row.map_err(|error| self.failed_read(&error))?;
                let number = number_of(&key, &value)
                    .ok_or_else(|| StoreError::damaged(&self.path, format!("a row of {name:?} is unreadable")))?;
                if number > last.seq {
                    cut.delete_cf(self.cf(name)?, key);
                }
            }
        }
        // Hashes are numbered in the order in which entries make them.
        for number in tree::stored_count(last.seq)..tree::stored_count(self.applied().seq) {
            cut.delete_cf(self.cf(cf::HASHES)?, keys::seq(number));
        }
        cut.put_cf(self.cf(cf::META)?, META_APPLIED, encode_applied(last));
        self.write_synced("the cut of a restore", cut)?;
        // The next opening must not hold the register against what was signed of the entries that are gone.
        super::signing::forget(&self.path)
    }
}

/// The entry of a row.
type NumberOf = fn(&[u8], &[u8]) -> Option<u64>;

/// Families with a row an entry, and how a row names its entry.
const EFFECTS: [(&str, NumberOf); 5] = [
    (cf::JOURNAL, |key, _| keys::read_seq(key)),
    (cf::SETTINGS, |key, _| keys::read_seq(key)),
    (cf::LEDGER, |key, _| keys::read_seq(key)),
    (cf::REQUESTS, |_, value| keys::read_seq(value)),
    (cf::BATCHES, |key, _| keys::read_batch_row(key).map(|(_, seq)| seq)),
];
