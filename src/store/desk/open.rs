//! Opening the desk's database, and the copy that goes into a backup of its register.

use super::{
    super::{
        OpenMode, Store, StoreError, backup, found,
        open::open_error,
        signing::{self, Signing},
    },
    DESK_FORMAT, DeskFamily, DeskState, DeskStore, NumberKeys, keys,
};
use crate::{
    journal::register_name,
    tree::{Edge, Verifier, head_at},
};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, IteratorMode, Options, WriteBatch,
    WriteOptions, checkpoint::Checkpoint as Copying,
};
use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex, RwLock, atomic::AtomicBool},
};

/// The directory of the desk's database in that of its register.
pub(in crate::store) const DIRECTORY: &str = "desk";
/// The files beside RocksDB's own.
const BESIDE: [&str; 4] = [signing::CHECKPOINT, signing::KEY, signing::PUBLIC_KEY, keys::FILE];
const META_FORMAT: &[u8] = b"format";
const META_KEY: &[u8] = b"audit_key";
const CACHE_BYTES: usize = 16 << 20;
const DOING: &str = "make the desk's database";

impl Store {
    /// The desk's database of this register; it is opened, and made where there is none, when it is first asked for.
    ///
    /// # Errors
    /// When it is damaged, its format is newer, or the register was opened to read and has none.
    pub fn desk(&self) -> Result<Arc<DeskStore>, StoreError> {
        let mut open = self.desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(open) = &*open {
            return Ok(Arc::clone(open));
        }
        let name = format!("{}/desk", register_name(&self.register_id()?));
        let made = Arc::new(DeskStore::open(&self.path().join(DIRECTORY), self.mode, &name)?);
        *open = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Whether the register has a desk's database.
    pub fn has_desk(&self) -> bool {
        self.path().join(DIRECTORY).join("CURRENT").exists()
    }
}

impl DeskStore {
    /// Opens a directory. `name`: of the key that signs.
    fn open(path: &Path, mode: OpenMode, name: &str) -> Result<Self, StoreError> {
        let exists = path.join("CURRENT").exists();
        if !exists && found::has_table_or_log(path) {
            return Err(StoreError::damaged(path, "tables or logs are there, but the file CURRENT is missing"));
        }
        if mode == OpenMode::Read && !exists {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        // Before the database: a writer beside this reader may sign more meanwhile.
        let note = signing::read_note(path)?;
        let failed = |error: &dyn std::fmt::Display| StoreError::Write {
            path: path.to_owned(),
            doing: DOING,
            reason: error.to_string(),
        };
        if !exists {
            backup::make_directory(path).map_err(|error| failed(&error))?;
        }
        let db = open_database(path, mode, exists)?;
        let meta = |key: &[u8]| {
            let family = db.cf_handle(DeskFamily::Meta.name());
            let family = family.ok_or_else(|| StoreError::damaged(path, "the column family \"meta\" is missing"))?;
            db.get_cf(family, key).map_err(|error| StoreError::damaged(path, error.to_string()))
        };
        let key = match meta(META_FORMAT)? {
            Some(format) => {
                check_format(path, &format)?;
                let line = meta(META_KEY)?.unwrap_or_default();
                let key = Verifier::parse(&String::from_utf8_lossy(&line));
                key.map_err(|_| StoreError::damaged(path, "the key of the audit entries is unreadable"))?
            }
            // Made by us, and cut off before the first write; or somebody else's, or robbed of its first rows.
            None if note.is_some() || mode == OpenMode::Read || !is_blank(&db) => {
                return Err(StoreError::damaged(path, "it has rows, but not its format"));
            }
            None => {
                let key = Signing::make(path, name)?.public().clone();
                NumberKeys::open(path, true)?;
                let mut batch = WriteBatch::default();
                let family = db.cf_handle(DeskFamily::Meta.name()).ok_or_else(|| failed(&"no family"))?;
                batch.put_cf(family, META_FORMAT, DESK_FORMAT.to_be_bytes());
                batch.put_cf(family, META_KEY, key.line());
                let mut options = WriteOptions::default();
                options.set_sync(true);
                db.write_opt(batch, &options).map_err(|error| failed(&error))?;
                key
            }
        };
        let signing = if mode == OpenMode::Read { None } else { Some(Signing::open(path, key.clone())?) };
        let keys = NumberKeys::open(path, false)?;
        let desk = Self {
            db,
            path: path.to_owned(),
            keys,
            signing,
            key,
            broken: AtomicBool::new(false),
            queue: Mutex::default(),
            writing: Mutex::default(),
            changing: Mutex::default(),
            state: RwLock::default(),
        };
        let state = desk.load(note.as_deref())?;
        Ok(Self { state: RwLock::new(state), ..desk })
    }

    /// Reads the edge of the tree, and holds it against what was signed.
    fn load(&self, note: Option<&str>) -> Result<DeskState, StoreError> {
        let last = self.db.iterator_cf(self.cf(DeskFamily::Audit)?, IteratorMode::End).next();
        let last = last.transpose().map_err(|error| self.failed_read(&error))?;
        let size = match last {
            None => 0,
            Some((key, _)) => super::super::keys::read_seq(&key)
                .ok_or_else(|| StoreError::damaged(&self.path, "an audit entry has no number"))?,
        };
        let edge = Edge::read(size, self)?;
        let signed = note.map(|note| signing::open_note(&self.path, note, &self.key)).transpose()?;
        if let Some(signed) = &signed {
            let head = signed.head();
            if head.size > size {
                let what =
                    format!("audit entry {} was acknowledged, but the last one that is left is {size}", head.size);
                return Err(StoreError::damaged(&self.path, what));
            }
            if head_at(head.size, self)? != head {
                let what = format!("its first {} audit entries are not those that were signed", head.size);
                return Err(StoreError::damaged(&self.path, what));
            }
        }
        let head = edge.head();
        let checkpoint = match (&self.signing, signed) {
            (Some(signing), signed) if size > 0 && signed.as_ref().is_none_or(|signed| signed.head() != head) => {
                Some(signing.sign(head)?)
            }
            (_, signed) => signed,
        };
        Ok(DeskState { edge, checkpoint })
    }

    /// Copies the database with the files beside it into a directory that is not there yet.
    pub(in crate::store) fn copy(&self, target: &Path) -> io::Result<()> {
        // The signed head first: it never names an entry that the copy lacks.
        let mut beside = Vec::new();
        for name in BESIDE {
            match signing::read_settled(&self.path.join(name)) {
                Ok(bytes) => beside.push((name, fs::metadata(self.path.join(name))?.permissions(), bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Copying::new(&self.db)
            .and_then(|copying| copying.create_checkpoint(target))
            .map_err(|error| io::Error::other(error.to_string()))?;
        for (name, mode, bytes) in beside {
            fs::write(target.join(name), bytes)?;
            fs::set_permissions(target.join(name), mode)?;
        }
        fs::set_permissions(target, fs::metadata(&self.path)?.permissions())?;
        backup::sync_all(target).map(|_| ())
    }
}

fn open_database(path: &Path, mode: OpenMode, exists: bool) -> Result<DB, StoreError> {
    let mut options = Options::default();
    options.create_if_missing(!exists);
    // A directory that was made and cut off has perhaps not all of them.
    options.create_missing_column_families(mode != OpenMode::Read);
    options.set_paranoid_checks(true);
    options.set_keep_log_file_num(2);
    options.set_max_background_jobs(1);
    options.set_max_total_wal_size(64 << 20);
    let cache = Cache::new_lru_cache(CACHE_BYTES);
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&cache);
    table.set_bloom_filter(10.0, false);
    let mut family = Options::default();
    family.set_block_based_table_factory(&table);
    family.set_compression_type(DBCompressionType::Lz4);
    family.set_write_buffer_size(4 << 20);
    family.set_paranoid_checks(true);
    let families = DeskFamily::ALL.map(|each| ColumnFamilyDescriptor::new(each.name(), family.clone()));
    let opened = match mode {
        OpenMode::Read => DB::open_cf_descriptors_read_only(&options, path, families, false),
        OpenMode::Write | OpenMode::Create => DB::open_cf_descriptors(&options, path, families),
    };
    opened.map_err(|error| open_error(path, &error, exists))
}

fn check_format(path: &Path, format: &[u8]) -> Result<(), StoreError> {
    let found = <[u8; 4]>::try_from(format).map(u32::from_be_bytes);
    match found {
        Ok(DESK_FORMAT) => Ok(()),
        Ok(found) if found > DESK_FORMAT => {
            Err(StoreError::NewerFormat { path: path.to_owned(), found, known: DESK_FORMAT })
        }
        _ => Err(StoreError::damaged(path, "the format of the desk's database is unreadable")),
    }
}

fn is_blank(db: &DB) -> bool {
    DeskFamily::ALL.iter().all(|family| {
        db.cf_handle(family.name()).is_some_and(|cf| db.iterator_cf(cf, IteratorMode::Start).next().is_none())
    })
}
