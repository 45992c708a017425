//! Bulk loading: bodies straight into the table files of a register that nobody has opened yet.
//!
//! An import writes rows through the log and the memtables, so that others may read and write meanwhile. An empty
//! register has no others: its rows are made in order, part by part on several threads, as table files that RocksDB
//! takes in as they are. Only the index of numbers has another order than the rows that it comes from; it is sorted
//! outside of memory. What always holds: what is made is byte for byte what an import would have made of the same
//! rows, salts apart; until the end a mark lies in the directory, and every opening refuses it, so that a load that
//! was cut off is never half a register.

mod sorter;
mod tables;

use super::{
    OpenMode, Store, StoreError, backup, cf,
    keys::{self, Family},
    ranges::Summing,
    rows::{BodyHasher, Salts, StoredRow, numbers_of},
    write::{BodySummary, family_name},
};
use crate::batch::{BatchNumber, BodyRow};
use fail::fail_point;
use rocksdb::IngestExternalFileOptions;
use sorter::{Record, Sorter};
use std::{
    fs::{self, File},
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tables::{Table, TableOptions};

/// Lies in a directory until its load is done.
const MARK: &str = "LOADING";
/// Below the directory: table files and sorted runs on their way.
const FOLDER: &str = "loading";

/// Refuses a directory whose load was cut off.
pub(super) fn refuse_unfinished(path: &Path) -> Result<(), StoreError> {
    if path.join(MARK).exists() { Err(StoreError::HalfLoaded { path: path.to_owned() }) } else { Ok(()) }
}

/// A register that is being loaded. Nobody else can open it before [`Loading::finish`].
#[derive(Debug)]
pub struct Loading {
    path: PathBuf,
    /// Held, so that no two processes load one directory.
    mark: File,
}

impl Loading {
    /// Marks a directory that is not there yet, or is empty, or holds a load that was cut off: that one is given up.
    ///
    /// # Errors
    /// When something else lies in the directory, or it cannot be written.
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        if !path.join(MARK).exists() {
            backup::check_free(path)?;
        }
        let failed = |error: io::Error| StoreError::Write {
            path: path.to_owned(),
            doing: "mark a directory for a load",
            reason: error.to_string(),
        };
        fs::create_dir_all(path).map_err(failed)?;
        let mark = File::create(path.join(MARK)).map_err(failed)?;
        mark.try_lock().map_err(|_| StoreError::Locked { path: path.to_owned() })?;
        let loading = Self { path: path.to_owned(), mark };
        loading.clear().map_err(failed)?;
        Ok(loading)
    }

    fn clear(&self) -> io::Result<()> {
        self.mark.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        backup::sync_parent(&self.path)?;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if entry.file_name() != MARK {
                fs::remove_file(entry.path())?;
            }
        }
        fs::create_dir(self.path.join(FOLDER))
    }

    /// Makes the register.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self) -> Result<Store, StoreError> {
        Store::open_marked(&self.path, OpenMode::Create)
    }

    /// The register may be opened from now on. The store must have been dropped.
    ///
    /// # Errors
    /// When files cannot be synced, or the mark cannot be taken away.
    pub fn finish(self) -> Result<(), StoreError> {
        fail_point!("bulk-before-end");
        let end = || {
            fs::remove_dir_all(self.path.join(FOLDER))?;
            backup::sync_all(&self.path)?;
            fs::remove_file(self.path.join(MARK))?;
            File::open(&self.path).and_then(|directory| directory.sync_all())
        };
        end().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::Write { path: self.path.clone(), doing: "load the register", reason: error.to_string() }
    }
}

/// A bulk load of a store that has no rows yet.
pub struct BulkLoad<'a> {
    store: &'a Store,
    folder: PathBuf,
    options: TableOptions,
    numbers: Sorter,
    tables: Mutex<Vec<Made>>,
    files: AtomicUsize,
    memory_bytes: usize,
}

/// A table file that is made.
#[derive(Debug)]
struct Made {
    family: &'static str,
    path: PathBuf,
}

/// A body that was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadedBody {
    /// The batch.
    pub batch: BatchNumber,
    /// Digest and size.
    pub summary: BodySummary,
    /// Devices, pairings, subscribers, models and classes that it brings.
    pub added: u64,
}

impl Store {
    /// Begins a bulk load. `memory_bytes` bounds what is gathered before it goes to sorted files.
    ///
    /// # Errors
    /// When the store cannot be written, or has batches with rows already.
    pub fn bulk(&self, memory_bytes: usize) -> Result<BulkLoad<'_>, StoreError> {
        if self.mode == OpenMode::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        self.check_whole()?;
        let folder = self.path.join(FOLDER);
        let mut rows = self.db.raw_iterator_cf(self.cf(cf::TOUCHED)?);
        rows.seek_to_first();
        if rows.valid() || !folder.is_dir() {
            return Err(StoreError::NotEmpty { path: self.path.clone() });
        }
        Ok(BulkLoad {
            store: self,
            options: TableOptions::new(),
            numbers: Sorter::new(folder.clone(), memory_bytes),
            folder,
            tables: Mutex::default(),
            files: AtomicUsize::new(0),
            memory_bytes,
        })
    }
}

impl<'a> BulkLoad<'a> {
    /// Begins a part: all rows of these batches, and of no others. Parts must not share pages, subscribers or models.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn part(&self, batches: Range<BatchNumber>) -> Result<BulkPart<'_>, StoreError> {
        let mut bodies = Vec::new();
        for _ in batches.clone() {
            bodies.push(Body::new()?);
        }
        Ok(BulkPart {
            load: self,
            first: batches.start,
            bodies,
            table: None,
            range: None,
            touched: Vec::new(),
            numbers: Vec::new(),
        })
    }

    /// Sorts the index of numbers and takes every file into the database. Rows count once their batches are activated.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn ingest(self, threads: usize) -> Result<(), StoreError> {
        self.write_numbers(threads)?;
        fail_point!("bulk-before-ingest");
        let tables = self.tables.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        for name in cf::ALL {
            let paths: Vec<_> = tables.iter().filter(|made| made.family == name).map(|made| &made.path).collect();
            if !paths.is_empty() {
                let done = self.store.db.ingest_external_file_cf_opts(self.store.cf(name)?, &options, paths);
                done.map_err(|error| self.store.failed_write("take in the tables of a load", &error))?;
                fail_point!("bulk-mid-ingest");
            }
        }
        Ok(())
    }

    /// The index of numbers, in ranges of numbers that each fit into memory.
    fn write_numbers(&self, threads: usize) -> Result<(), StoreError> {
        let ranges = self.numbers.ranges(threads);
        let next = AtomicUsize::new(0);
        let work = || -> Result<(), StoreError> {
            while let Some(range) = ranges.get(next.fetch_add(1, Ordering::Relaxed)) {
                let records = self.numbers.read(range).map_err(|error| self.failed(&error))?;
                let mut table = None;
                for record in records {
                    let table = match &mut table {
                        Some(table) => table,
                        None => table.insert(self.open_table(cf::NUMBERS)?),
                    };
                    self.put(table, &record.to_bytes(), &[])?;
                }
                if let Some(table) = table {
                    self.close_table(table)?;
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                done = done.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        })
    }

    fn open_table(&self, family: &'static str) -> Result<Table<'_>, StoreError> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{family}-{number}.sst"));
        let failed = |error| self.store.failed_write("begin a table of a load", &error);
        Table::open(self.options.of(family), family, path).map_err(failed)
    }

    fn close_table(&self, table: Table<'_>) -> Result<(), StoreError> {
        let failed = |error| self.store.failed_write("end a table of a load", &error);
        let (family, path) = table.finish().map_err(failed)?;
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).push(Made { family, path });
        Ok(())
    }

    fn put(&self, table: &mut Table<'_>, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        table.put(key, value).map_err(|error| self.store.failed_write("write a table of a load", &error))
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::Write { path: self.store.path.clone(), doing: "load the register", reason: error.to_string() }
    }
}

/// The digest of one body on its way.
struct Body {
    salts: Salts,
    hasher: BodyHasher,
    rows: u64,
    added: u64,
}

impl Body {
    fn new() -> Result<Self, StoreError> {
        Ok(Self { salts: Salts::random()?, hasher: BodyHasher::default(), rows: 0, added: 0 })
    }
}

/// The rows of one batch, family and head, whose sum is being made.
struct Open {
    key: Vec<u8>,
    family: Family,
    summing: Summing,
}

/// One part of a load. Its rows come family by family, and within one in the order of their keys.
pub struct BulkPart<'a> {
    load: &'a BulkLoad<'a>,
    first: BatchNumber,
    bodies: Vec<Body>,
    table: Option<(Family, Table<'a>)>,
    range: Option<Open>,
    touched: Vec<Record>,
    numbers: Vec<Record>,
}

impl BulkPart<'_> {
    /// Adds a row.
    ///
    /// # Errors
    /// When the batch is not of this part, the row's key does not come after the one before, or a file cannot be
    /// written. Holders are not loaded in bulk.
    pub fn push(&mut self, batch: BatchNumber, row: &BodyRow) -> Result<(), StoreError> {
        let body = batch.checked_sub(self.first).and_then(|at| self.bodies.get_mut(at as usize));
        let strange = || StoreError::damaged(&self.load.store.path, format!("batch {batch} is not of this load"));
        let body = body.ok_or_else(strange)?;
        let stored = StoredRow::encode(row, batch, &mut body.salts);
        body.hasher.add(&stored);
        body.rows += 1;
        body.added += added_by(row);
        if stored.family == Family::Holders {
            return Err(StoreError::damaged(&self.load.store.path, "holders cannot be loaded in bulk"));
        }
        let head = stored.family.head_bytes() + size_of::<BatchNumber>();
        let about = stored.key.get(..head).unwrap_or_default();
        if self.range.as_ref().is_none_or(|open| open.family != stored.family || open.key != about) {
            self.close_range();
            self.range = Some(Open { key: about.to_vec(), family: stored.family, summing: Summing::default() });
        }
        if let Some(open) = &mut self.range {
            open.summing.add(&stored.key, &stored.value);
        }
        for (number, key) in numbers_of(row) {
            self.numbers.push(Record([number.to_stored(), key.get(), batch]));
        }
        if self.numbers.len() * size_of::<Record>() > self.load.memory_bytes / 8 {
            self.spill()?;
        }
        self.put(&stored)
    }

    fn put(&mut self, row: &StoredRow) -> Result<(), StoreError> {
        if self.table.as_ref().is_none_or(|(family, _)| *family != row.family) {
            self.close_table()?;
            self.table = Some((row.family, self.load.open_table(family_name(row.family))?));
        }
        match &mut self.table {
            Some((_, table)) => self.load.put(table, &row.key, &row.value),
            None => Ok(()),
        }
    }

    fn close_table(&mut self) -> Result<(), StoreError> {
        self.table.take().map_or(Ok(()), |(_, table)| self.load.close_table(table))
    }

    fn close_range(&mut self) {
        let Some(Open { key, family, summing }) = self.range.take() else { return };
        if let Some(batch) = keys::batch_of(family, &key) {
            self.touched.push(Record::of_touched(batch, family, &key, summing.sum()));
        }
    }

    fn spill(&mut self) -> Result<(), StoreError> {
        let numbers = std::mem::take(&mut self.numbers);
        self.load.numbers.add(numbers).map_err(|error| self.load.failed(&error))
    }

    /// Ends the part. Gives its bodies in the order of their batches; one without rows has none.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(mut self) -> Result<Vec<LoadedBody>, StoreError> {
        self.close_range();
        self.close_table()?;
        self.spill()?;
        self.touched.sort_unstable();
        let mut touched = None;
        for record in &self.touched {
            let touched = match &mut touched {
                Some(touched) => touched,
                None => touched.insert(self.load.open_table(cf::TOUCHED)?),
            };
            let (key, sum) = record.to_touched();
            self.load.put(touched, &key, &sum)?;
        }
        if let Some(touched) = touched {
            self.load.close_table(touched)?;
        }
        fail_point!("bulk-mid-part");
        let bodies = (self.first..).zip(self.bodies).filter(|(_, body)| body.rows > 0);
        let loaded = bodies.map(|(batch, body)| LoadedBody {
            batch,
            summary: BodySummary { sha256: body.hasher.finish(), rows: body.rows },
            added: body.added,
        });
        Ok(loaded.collect())
    }
}

/// What a row adds, as an import counts it: links and holders come with a device.
fn added_by(row: &BodyRow) -> u64 {
    match row {
        BodyRow::Page { target: None, bits, .. } => u64::from(bits.count()),
        BodyRow::Link { .. } | BodyRow::Holder { .. } | BodyRow::Page { .. } => 0,
        BodyRow::Pairing { target, .. } => u64::from(target.is_none()),
        _ => u64::from(!row.takes_off()),
    }
}
