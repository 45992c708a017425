//! The database of subscriber registrations: in the directory `registration` of the register.
//!
//! Another block, another cause, another cure than that of equipment: so it is no part of the register's journal, and
//! has a small database of its own as the desk has (docs/decisions.md). Rows are bytes here; their meaning stands in
//! `crate::registration`.
//! What always holds: a write is there as a whole or not at all, and synced before it is told; after a failed write the
//! handle refuses further work; the keys of the hashes of identities lie beside the database, never in it.

use super::{NumberKeys, OpenMode, Store, StoreError, backup, found, open::open_error};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, Direction, IteratorMode,
    Options, ReadOptions, WriteBatch, WriteOptions, checkpoint::Checkpoint,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// Version of the bytes that this build writes (docs/storage.md). A newer one on disk is refused.
pub const REGISTRATION_FORMAT: u32 = 1;

/// The directory in that of the register.
pub(in crate::store) const DIRECTORY: &str = "registration";
/// Sorted rows of lists that are being taken in.
const INCOMING: &str = "incoming";
/// The keys of the hashes of identities.
const KEY: &str = "nik.key";
const META_FORMAT: &[u8] = b"format";
const CACHE_BYTES: usize = 32 << 20;

/// A kind of row. Names are forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationFamily {
    /// Format, names by code, the list that is being taken in.
    Meta,
    /// Pages of numbers, without what identifies persons.
    Pages,
    /// The keyed hashes of their identities, page by page.
    Identities,
    /// Lists by number.
    Lists,
    /// Calendars by number.
    Calendars,
    /// Counts by day.
    Counts,
}

impl RegistrationFamily {
    const ALL: [Self; 6] = [Self::Meta, Self::Pages, Self::Identities, Self::Lists, Self::Calendars, Self::Counts];

    const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Pages => "pages",
            Self::Identities => "identities",
            Self::Lists => "lists",
            Self::Calendars => "calendars",
            Self::Counts => "counts",
        }
    }
}

/// A row that is put, or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationChange {
    /// The kind of row.
    pub family: RegistrationFamily,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value; none: the row goes.
    pub value: Option<Vec<u8>>,
}

/// The open database. Shared between threads.
pub struct RegistrationStore {
    db: DB,
    path: PathBuf,
    mode: OpenMode,
    keys: RwLock<Arc<NumberKeys>>,
    broken: AtomicBool,
}

impl Store {
    /// The database of registrations; it is opened, and made where there is none, when it is first asked for.
    ///
    /// # Errors
    /// When it is damaged, its format is newer, or the register was opened to read and has none.
    pub fn registration(&self) -> Result<Arc<RegistrationStore>, StoreError> {
        let mut open = self.registration.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*open {
            return Ok(Arc::clone(open));
        }
        let made = Arc::new(RegistrationStore::open(&self.path().join(DIRECTORY), self.mode)?);
        *open = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Whether the register has a database of registrations.
    pub fn has_registration(&self) -> bool {
        self.path().join(DIRECTORY).join("CURRENT").exists()
    }
}

impl RegistrationStore {
    fn open(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        let exists = path.join("CURRENT").exists();
        if !exists && found::has_table_or_log(path) {
            return Err(StoreError::damaged(path, "tables or logs are there, but the file CURRENT is missing"));
        }
        if mode == OpenMode::Read && !exists {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let failed = |error: &dyn std::fmt::Display| StoreError::Write {
            path: path.to_owned(),
            doing: "make the database of registrations",
            reason: error.to_string(),
        };
        if !exists {
            backup::make_directory(path).map_err(|error| failed(&error))?;
        }
        let db = open_database(path, mode, exists)?;
        let meta = db.cf_handle(RegistrationFamily::Meta.name());
        let meta = meta.ok_or_else(|| StoreError::damaged(path, "the column family \"meta\" is missing"))?;
        let format = db.get_cf(meta, META_FORMAT).map_err(|error| StoreError::damaged(path, error.to_string()))?;
        match format.map(|format| <[u8; 4]>::try_from(format).map(u32::from_be_bytes)) {
            Some(Ok(REGISTRATION_FORMAT)) => {}
            Some(Ok(found)) if found > REGISTRATION_FORMAT => {
                return Err(StoreError::NewerFormat { path: path.to_owned(), found, known: REGISTRATION_FORMAT });
            }
            // Made by us, and cut off before the first write.
            None if mode != OpenMode::Read && is_blank(&db) => {
                NumberKeys::open_named(path, KEY, true)?;
                let mut batch = WriteBatch::default();
                batch.put_cf(meta, META_FORMAT, REGISTRATION_FORMAT.to_be_bytes());
                db.write_opt(batch, &synced()).map_err(|error| failed(&error))?;
            }
            _ => return Err(StoreError::damaged(path, "the format of the database of registrations is unreadable")),
        }
        let keys = RwLock::new(Arc::new(NumberKeys::open_named(path, KEY, false)?));
        Ok(Self { db, path: path.to_owned(), mode, keys, broken: AtomicBool::new(false) })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was opened for reading only.
    pub fn is_read_only(&self) -> bool {
        self.mode == OpenMode::Read
    }

    /// The keys of the hashes of identities.
    pub fn keys(&self) -> Arc<NumberKeys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds a key: hashes are made with it from now on. Gives its version.
    ///
    /// # Errors
    /// When the database was opened for reading, or the file cannot be written.
    pub fn rotate_key(&self) -> Result<u8, StoreError> {
        self.check_writes()?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = Arc::new(NumberKeys::rotate(&self.path, KEY)?);
        Ok(keys.newest())
    }

    /// The directory of sorted rows of lists that are being taken in; it is made where there is none.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn incoming(&self) -> Result<PathBuf, StoreError> {
        self.check_writes()?;
        let path = self.path.join(INCOMING);
        backup::make_directory(&path).map_err(|error| StoreError::Write {
            path: path.clone(),
            doing: "make the directory of incoming lists",
            reason: error.to_string(),
        })?;
        Ok(path)
    }

    /// One row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, family: RegistrationFamily, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.get_cf(self.cf(family)?, key).map_err(|error| self.failed_read(&error))
    }

    /// Rows in the order of their keys, from a key on, as they stand now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn rows(
        &self,
        family: RegistrationFamily,
        from: &[u8],
    ) -> Result<impl Iterator<Item = Result<(Box<[u8]>, Box<[u8]>), StoreError>> + '_, StoreError> {
        let mut options = ReadOptions::default();
        // A pass over everything must not drive out what is read one by one.
        options.fill_cache(false);
        options.set_readahead_size(4 << 20);
        let mode = IteratorMode::From(from, Direction::Forward);
        let rows = self.db.iterator_cf_opt(self.cf(family)?, options, mode);
        Ok(rows.map(|row| row.map_err(|error| self.failed_read(&error))))
    }

    /// The last row of a family.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last(&self, family: RegistrationFamily) -> Result<Option<(Box<[u8]>, Box<[u8]>)>, StoreError> {
        let last = self.db.iterator_cf(self.cf(family)?, IteratorMode::End).next();
        last.transpose().map_err(|error| self.failed_read(&error))
    }

    /// Writes rows as one, synced: all of them, or none.
    ///
    /// # Errors
    /// When the database was opened for reading, an earlier write failed, or this one does.
    pub fn write(&self, changes: Vec<RegistrationChange>) -> Result<(), StoreError> {
        self.check_writes()?;
        let mut batch = WriteBatch::default();
        for RegistrationChange { family, key, value } in changes {
            match value {
                Some(value) => batch.put_cf(self.cf(family)?, key, value),
                None => batch.delete_cf(self.cf(family)?, key),
            }
        }
        self.db.write_opt(batch, &synced()).map_err(|error| {
            self.broken.store(true, Ordering::Release);
            StoreError::Write { path: self.path.clone(), doing: "rows of registrations", reason: error.to_string() }
        })
    }

    /// Writes everything that is only in the write-ahead log into table files, and what was replaced out of them.
    ///
    /// # Errors
    /// When RocksDB cannot write.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.check_writes()?;
        for family in RegistrationFamily::ALL {
            self.db.flush_cf(self.cf(family)?).map_err(|error| self.failed_read(&error))?;
        }
        Ok(())
    }

    /// Bytes of the table files.
    pub fn disk_bytes(&self) -> u64 {
        self.db.live_files().map_or(0, |files| files.iter().map(|file| file.size as u64).sum())
    }

    fn check_writes(&self) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        if self.broken.load(Ordering::Acquire) { Err(StoreError::Broken { path: self.path.clone() }) } else { Ok(()) }
    }

    fn cf(&self, family: RegistrationFamily) -> Result<&ColumnFamily, StoreError> {
        let name = family.name();
        let found = self.db.cf_handle(name);
        found.ok_or_else(|| StoreError::damaged(&self.path, format!("column family {name:?} is missing")))
    }

    fn failed_read(&self, error: &rocksdb::Error) -> StoreError {
        StoreError::damaged(&self.path, error.to_string())
    }

    /// Copies the database with its keys into a directory that is not there yet. The rows of a list that is being taken
    /// in stay behind: in the copy that list is one that broke off.
    pub(in crate::store) fn copy(&self, target: &Path) -> io::Result<()> {
        Checkpoint::new(&self.db)
            .and_then(|copying| copying.create_checkpoint(target))
            .map_err(|error| io::Error::other(error.to_string()))?;
        // After the database: a key that its rows name is never missing.
        fs::copy(self.path.join(KEY), target.join(KEY))?;
        fs::set_permissions(target, fs::metadata(&self.path)?.permissions())?;
        backup::sync_all(target).map(|_| ())
    }
}

fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

fn open_database(path: &Path, mode: OpenMode, exists: bool) -> Result<DB, StoreError> {
    let mut options = Options::default();
    options.create_if_missing(!exists);
    // A directory that was made and cut off has perhaps not all of them.
    options.create_missing_column_families(mode != OpenMode::Read);
    options.set_paranoid_checks(true);
    options.set_keep_log_file_num(2);
    options.set_max_background_jobs(2);
    options.set_max_total_wal_size(256 << 20);
    let cache = Cache::new_lru_cache(CACHE_BYTES);
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&cache);
    table.set_block_size(32 << 10);
    let family = |family: RegistrationFamily| {
        let mut options = Options::default();
        options.set_block_based_table_factory(&table);
        // Hashes cannot be made smaller.
        options.set_compression_type(match family {
            RegistrationFamily::Identities => DBCompressionType::None,
            _ => DBCompressionType::Zstd,
        });
        options.set_write_buffer_size(32 << 20);
        options.set_paranoid_checks(true);
        ColumnFamilyDescriptor::new(family.name(), options)
    };
    let families = RegistrationFamily::ALL.map(family);
    let opened = match mode {
        OpenMode::Read => DB::open_cf_descriptors_read_only(&options, path, families, false),
        OpenMode::Write | OpenMode::Create => DB::open_cf_descriptors(&options, path, families),
    };
    opened.map_err(|error| open_error(path, &error, exists))
}

fn is_blank(db: &DB) -> bool {
    RegistrationFamily::ALL.iter().all(|family| {
        db.cf_handle(family.name()).is_some_and(|cf| db.iterator_cf(cf, IteratorMode::Start).next().is_none())
    })
}

impl std::fmt::Debug for RegistrationStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistrationStore").field("path", &self.path).finish_non_exhaustive()
    }
}
