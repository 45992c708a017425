//! Opening a register: what is checked before a single answer rests on it.

use super::{
    FORMAT, State, Store, StoreError, acknowledged, backup, bulk, cf,
    found::{self, Found},
    keys, restore,
    signing::{self, Signing},
};
use crate::{
    batch::Batches,
    journal::{Change, EpochStarted, register_name},
    ledger::Ledger,
    revision::Revision,
    tree::{self, Checkpoint, Edge, Verifier},
};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, ErrorKind, IteratorMode,
    Options,
};
use std::{
    path::Path,
    sync::{Arc, Mutex, RwLock, atomic::AtomicBool},
    time::Duration,
};

/// What lay beside the database when it was opened.
struct Noted {
    /// Of a register of format 1: the revision that it must hold at least.
    acknowledged: Option<Revision>,
    /// What lies in `CHECKPOINT`.
    note: Option<String>,
}

/// What a register is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// To read, beside a process that writes it: a view of the moment of opening.
    Read,
    /// To write an existing register.
    Write,
    /// To write, and to make the register where there is none.
    Create,
}

/// `meta` key of the storage format: u32.
pub(super) const META_FORMAT: &[u8] = b"format";
/// `meta` key of the key that signs the journal: a line.
pub(super) const META_JOURNAL_KEY: &[u8] = b"journal_key";
/// `meta` key of the applied revision: epoch u32, seq u64.
pub(super) const META_APPLIED: &[u8] = b"applied";

/// Memory of the block cache. Checks never read it; it serves imports, explanations and start-up.
const BLOCK_CACHE_BYTES: usize = 64 << 20;
/// Memory of one memtable of a family that holds bodies.
const WRITE_BUFFER_BYTES: usize = 32 << 20;
/// How often a reader tries again: a writer beside it may take away a file between the reading of the manifest that
/// names it and its opening.
const READ_TRIES: u32 = 5;
/// A flipped bit in the log is refused; an end that is only missing was never acknowledged and is cut off.
const WHOLE_LOG: DBRecoveryMode = DBRecoveryMode::TolerateCorruptedTailRecords;
/// The log counts up to the first record that is not whole.
const TORN_LOG: DBRecoveryMode = DBRecoveryMode::PointInTime;
const READ_PAUSE: Duration = Duration::from_millis(20);

impl Store {
    /// Opens a register.
    ///
    /// # Errors
    /// When there is none (and none may be made), another process writes it, its format is newer, or
    /// anything that is read here is damaged.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        restore::refuse_unfinished(path)?;
        bulk::refuse_unfinished(path)?;
        Self::open_marked(path, mode)
    }

    /// Opens a register that may still be marked as unfinished.
    pub(super) fn open_marked(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        // Before the database: a writer beside this reader may acknowledge more while we open.
        let noted = Noted { acknowledged: acknowledged::read(path)?, note: signing::read_note(path)? };
        let mut tries = 0;
        loop {
            match Self::open_database(path, mode, WHOLE_LOG) {
                Err(StoreError::Damaged { .. }) if mode == OpenMode::Read && tries < READ_TRIES => {
                    tries += 1;
                    std::thread::sleep(READ_PAUSE);
                }
                // What a reader finds first is more to the point than why the end of the log is not taken for torn.
                Err(StoreError::Damaged { path, what }) => {
                    return Self::open_torn(&path, mode, &noted)
                        .map_err(|_| StoreError::Damaged { path: path.clone(), what });
                }
                opened => return opened?.into_loaded(&noted),
            }
        }
    }

    /// Opens a register whose log ends with records of which the power took a part. They were not acknowledged, if all
    /// that was signed is in front of them. That is found out by reading, before anything is changed.
    fn open_torn(path: &Path, mode: OpenMode, noted: &Noted) -> Result<Self, StoreError> {
        let read = Self::open_database(path, OpenMode::Read, TORN_LOG)?.into_loaded(noted)?;
        if mode == OpenMode::Read {
            return Ok(read);
        }
        drop(read);
        Self::open_database(path, mode, TORN_LOG)?.into_loaded(noted)
    }

    fn open_database(path: &Path, mode: OpenMode, recovery: DBRecoveryMode) -> Result<Self, StoreError> {
        let found = found::look(path)?;
        if mode != OpenMode::Create && !found.is_register() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        if mode == OpenMode::Read && found == Found::Older {
            return Err(StoreError::OlderFormat { path: path.to_owned() });
        }
        if !found.is_register() {
            // RocksDB makes the directory too, and leaves its name to chance.
            backup::make_directory(path).map_err(|error| StoreError::Write {
                path: path.to_owned(),
                doing: "make the directory",
                reason: error.to_string(),
            })?;
        }
        let options = database_options(found, recovery);
        let cache = Cache::new_lru_cache(BLOCK_CACHE_BYTES);
        let families = cf::ALL.map(|name| ColumnFamilyDescriptor::new(name, family_options(name, &cache)));
        let db = match mode {
            OpenMode::Read => DB::open_cf_descriptors_read_only(&options, path, families, false),
            OpenMode::Write | OpenMode::Create => DB::open_cf_descriptors(&options, path, families),
        }
        .map_err(|error| open_error(path, &error, found.is_register()))?;
        Ok(Self {
            db,
            options,
            path: path.to_owned(),
            mode,
            signing: None,
            journal_key: None,
            broken: AtomicBool::new(false),
            writing: Mutex::new(()),
            state: RwLock::new(State::default()),
            desk: Mutex::new(None),
            registration: Mutex::new(None),
        })
    }

    /// Checks format, revision and signature, and loads what a store keeps in memory.
    fn into_loaded(mut self, noted: &Noted) -> Result<Self, StoreError> {
        self.check_format(noted)?;
        let key = self.stored_key()?.ok_or_else(|| StoreError::damaged(&self.path, "the journal's key is missing"))?;
        if self.mode != OpenMode::Read {
            self.signing = Some(Signing::open(&self.path, key.clone())?);
        }
        let mut state = self.load_state()?;
        check_acknowledged(&self.path, state.applied, noted.acknowledged)?;
        state.checkpoint = self.check_signed(state.applied, noted.note.as_deref(), &key)?;
        let head = state.edge.head();
        if self.mode != OpenMode::Read && state.checkpoint.as_ref().is_none_or(|signed| signed.head() != head) {
            state.checkpoint = Some(self.sign(head)?);
        }
        if self.mode != OpenMode::Read {
            acknowledged::remove(&self.path)?;
        }
        self.journal_key = Some(key);
        self.state = RwLock::new(state);
        Ok(self)
    }

    /// Refuses what is newer than we are; an older register is brought to this format; a directory that was just made
    /// gets its first entry.
    fn check_format(&self, noted: &Noted) -> Result<(), StoreError> {
        match self.meta(META_FORMAT)? {
            Some(bytes) if check_known(&self.path, &bytes)? == FORMAT => Ok(()),
            Some(_) if self.mode == OpenMode::Read => Err(StoreError::OlderFormat { path: self.path.clone() }),
            Some(bytes) => {
                check_acknowledged(&self.path, self.check_journal_end()?, noted.acknowledged)?;
                let key = match self.stored_key()? {
                    Some(key) => key,
                    None => Signing::make(&self.path, &register_name(&self.register_id()?))?.public().clone(),
                };
                self.write_upgrade(check_known(&self.path, &bytes)?, &key)
            }
            // Made by us, but killed before the first write: as good as new.
            None if self.is_blank()? => {
                check_acknowledged(&self.path, Revision::default(), noted.acknowledged)?;
                if noted.note.is_some() {
                    let what = "it has a signed checkpoint (the file CHECKPOINT), and no entry is left";
                    return Err(StoreError::damaged(&self.path, what));
                }
                if self.mode == OpenMode::Create {
                    self.found_register()
                } else {
                    Err(StoreError::Missing { path: self.path.clone() })
                }
            }
            None => Err(StoreError::NotARegister { path: self.path.clone() }),
        }
    }

    fn found_register(&self) -> Result<(), StoreError> {
        let mut register_id = vec![0; 16];
        getrandom::fill(&mut register_id)?;
        let signing = Signing::make(&self.path, &register_name(&register_id))?;
        let started = EpochStarted { register_id, ..EpochStarted::default() };
        self.write_first_entry(started, signing.public())
    }

    /// The public key that stands in `meta`.
    fn stored_key(&self) -> Result<Option<Verifier>, StoreError> {
        let unreadable = |_| StoreError::damaged(&self.path, "the journal's key is unreadable");
        let line = self.meta(META_JOURNAL_KEY)?;
        line.map(|line| Verifier::parse(&String::from_utf8_lossy(&line)).map_err(unreadable)).transpose()
    }

    /// The id of the register, as its first entry names it.
    ///
    /// # Errors
    /// When the first entry is unreadable or names none.
    pub fn register_id(&self) -> Result<[u8; 16], StoreError> {
        let id = self.entry(1)?.and_then(|entry| match entry.change {
            Some(Change::EpochStarted(started)) => started.register_id.try_into().ok(),
            _ => None,
        });
        id.ok_or_else(|| StoreError::damaged(&self.path, "the first entry does not name the register"))
    }

    /// Refuses a register that holds less than it signed, or other entries.
    fn check_signed(
        &self,
        applied: Revision,
        note: Option<&str>,
        key: &Verifier,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let Some(note) = note else { return Ok(None) };
        let signed = signing::open_note(&self.path, note, key)?;
        let head = signed.head();
        check_acknowledged(&self.path, applied, Some(Revision { epoch: applied.epoch, seq: head.size }))?;
        if tree::head_at(head.size, self)? != head {
            let what = format!(
                "its first {} entries are not those of the checkpoint that it signed: the journal was altered",
                head.size
            );
            return Err(StoreError::damaged(&self.path, what));
        }
        Ok(Some(signed))
    }

    pub(super) fn meta(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.get_cf(self.cf(cf::META)?, key).map_err(|error| self.failed_read(&error))
    }

    /// Reads the applied revision, and holds the journal's end against it.
    fn check_journal_end(&self) -> Result<Revision, StoreError> {
        let applied = self
            .meta(META_APPLIED)?
            .and_then(|bytes| decode_applied(&bytes))
            .ok_or_else(|| StoreError::damaged(&self.path, "the applied revision is missing or unreadable"))?;
        let last = self.db.iterator_cf(self.cf(cf::JOURNAL)?, IteratorMode::End).next();
        let last = last.transpose().map_err(|error| self.failed_read(&error))?;
        let last = last.and_then(|(key, _)| keys::read_seq(&key));
        if last != Some(applied.seq) {
            let last = last.map_or_else(|| "no entry".to_owned(), |seq| format!("entry {seq}"));
            let what = format!("the journal ends with {last}, but entry {} was applied", applied.seq);
            return Err(StoreError::damaged(&self.path, what));
        }
        Ok(applied)
    }

    /// Reads what a store keeps in memory.
    fn load_state(&self) -> Result<State, StoreError> {
        let applied = self.check_journal_end()?;
        let edge = Edge::read(applied.seq, self)?;
        let last_entry_unix_ms = self.entry(applied.seq)?.map_or(0, |entry| entry.time_unix_ms);
        let mut ledger = Ledger::default();
        self.ledger_entries(u64::MAX)?.iter().for_each(|entry| ledger.take(entry));
        Ok(State {
            applied,
            last_entry_unix_ms,
            batches: Arc::new(self.stored_batches()?),
            ledger: Arc::new(ledger),
            edge,
            checkpoint: None,
        })
    }

    /// The table of batches as it lies on the disk, read anew.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub fn stored_batches(&self) -> Result<Batches, StoreError> {
        let mut batches = Batches::default();
        for row in self.db.iterator_cf(self.cf(cf::BATCHES)?, IteratorMode::Start) {
            let (key, value) = row.map_err(|error| self.failed_read(&error))?;
            super::read::fold_batch_row(&mut batches, &key, &value)
                .ok_or_else(|| StoreError::damaged(&self.path, "a batch row is unreadable"))?;
        }
        Ok(batches)
    }
}

pub(super) fn encode_applied(revision: Revision) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&revision.epoch.to_be_bytes());
    bytes[4..].copy_from_slice(&revision.seq.to_be_bytes());
    bytes
}

pub(super) fn decode_applied(bytes: &[u8]) -> Option<Revision> {
    let (epoch, seq) = bytes.split_at_checked(4)?;
    Some(Revision { epoch: u32::from_be_bytes(epoch.try_into().ok()?), seq: u64::from_be_bytes(seq.try_into().ok()?) })
}

/// The format of a register. Refuses one that this build does not know.
pub(super) fn check_known(path: &Path, format: &[u8]) -> Result<u32, StoreError> {
    let found = <[u8; 4]>::try_from(format)
        .map(u32::from_be_bytes)
        .map_err(|_| StoreError::damaged(path, "the format version is not 4 bytes"))?;
    if found > FORMAT {
        return Err(StoreError::NewerFormat { path: path.to_owned(), found, known: FORMAT });
    }
    Ok(found)
}

/// Refuses a register that holds less than was acknowledged.
fn check_acknowledged(path: &Path, held: Revision, acknowledged: Option<Revision>) -> Result<(), StoreError> {
    let Some(least) = acknowledged.filter(|least| held < *least) else { return Ok(()) };
    let what = format!("entry {} was acknowledged, but the last one that is left is {}", least.seq, held.seq);
    Err(StoreError::damaged(path, what))
}

fn database_options(found: Found, recovery: DBRecoveryMode) -> Options {
    let mut options = Options::default();
    options.create_if_missing(!found.is_register());
    options.create_missing_column_families(found.may_grow());
    options.set_paranoid_checks(true);
    options.set_wal_recovery_mode(recovery);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_open_files(-1);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(4);
    options.set_max_total_wal_size(256 << 20);
    options.enable_statistics();
    options
}

pub(super) fn family_options(name: &str, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_block_size(16 << 10);
    table.set_format_version(5);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    // Sets are gaps of a byte each: LZ4 finds nothing in them, the entropy coder of Zstandard a third
    // (docs/performance.md). What else comes in is small, and LZ4 is good enough until it is compacted.
    let fresh = if name == cf::PAGES { DBCompressionType::Zstd } else { DBCompressionType::Lz4 };
    options.set_compression_type(fresh);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options.set_paranoid_checks(true);
    if matches!(name, cf::PAGES | cf::MARKS | cf::PAIRINGS | cf::NUMBERS | cf::SUBSCRIBERS | cf::SIMS) {
        options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    } else {
        options.set_write_buffer_size(4 << 20);
    }
    options
}

/// What RocksDB's text for a failed opening means.
pub(super) fn open_error(path: &Path, error: &rocksdb::Error, exists: bool) -> StoreError {
    let text = error.to_string();
    if text.contains("While lock file") || text.contains("lock hold by current process") {
        return StoreError::Locked { path: path.to_owned() };
    }
    if exists {
        // A file that is not there is damage; a disk that is full, or does not answer, is not. The crate makes sure of
        // the directory before RocksDB is called, and says what the disk said to that in words of its own.
        let is_of_disk = (error.kind() == ErrorKind::IOError && !text.contains("No such file"))
            || text.starts_with("Failed to create RocksDB directory");
        if is_of_disk {
            StoreError::Unopened { path: path.to_owned(), reason: text }
        } else {
            StoreError::damaged(path, text)
        }
    } else {
        StoreError::Write { path: path.to_owned(), doing: "make the directory", reason: text }
    }
}
