//! Bulk loading: bodies straight into the table files of a register that nobody has opened yet.
//!
//! An import writes rows through the log and the memtables, so that others may read and write meanwhile. An empty
//! register has no others: its rows are made in order, part by part on several threads, as table files that RocksDB
//! takes in as they are. Only the indexes of numbers and SIMs have another order than the rows that they come from; they are sorted
//! outside of memory. What always holds: what is made is byte for byte what an import would have made of the same
//! rows, salts apart; until the end a mark lies in the directory, and every opening refuses it, so that a load that
//! was cut off is never half a register.

mod mark;
mod tables;
mod touched;

pub use mark::Loading;
pub(super) use mark::refuse_unfinished;

use super::{
    OpenMode, Store, StoreError, cf,
    keys::{self, Family},
    ranges::Summing,
    rows::{BodyHasher, Salts, StoredRow, numbers_of, sim_of},
    write::{BodySummary, family_name},
};
use crate::{
    batch::{BatchNumber, BodyRow},
    spool::{Record, Room, Sorter},
};
use fail::fail_point;
use mark::FOLDER;
use rocksdb::IngestExternalFileOptions;
use std::{
    io,
    ops::Range,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tables::{Table, TableOptions};

/// A bulk load of a store that has no rows yet.
pub struct BulkLoad<'a> {
    store: &'a Store,
    folder: PathBuf,
    options: TableOptions,
    numbers: Sorter<3>,
    sims: Sorter<3>,
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
            numbers: Sorter::new(Room { folder: folder.clone(), memory_bytes }),
            sims: Sorter::new(Room { folder: folder.clone(), memory_bytes }),
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
            sims: Vec::new(),
        })
    }

    /// Rows that [`BulkLoad::write_indexes`] will write.
    pub fn index_rows(&self) -> u64 {
        self.numbers.records() + self.sims.records()
    }

    /// Sorts the indexes of numbers and SIMs into files. `written` hears how many rows each of them got, from any thread.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn write_indexes(&self, threads: usize, written: &(dyn Fn(u64) + Sync)) -> Result<(), StoreError> {
        self.write_index(cf::NUMBERS, &self.numbers, threads, written)?;
        self.write_index(cf::SIMS, &self.sims, threads, written)
    }

    /// Takes every file into the database. Rows count once their batches are activated.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn ingest(self) -> Result<(), StoreError> {
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

    /// An index by number, in ranges of numbers that each fit into memory.
    fn write_index(
        &self,
        family: &'static str,
        rows: &Sorter<3>,
        threads: usize,
        written: &(dyn Fn(u64) + Sync),
    ) -> Result<(), StoreError> {
        let ranges = rows.ranges(threads);
        let next = AtomicUsize::new(0);
        let work = || -> Result<(), StoreError> {
            while let Some(range) = ranges.get(next.fetch_add(1, Ordering::Relaxed)) {
                let records = rows.read(range).map_err(|error| self.failed(&error))?;
                let (mut table, mut key) = (None, Vec::with_capacity(Record::<3>::BYTES));
                let count = records.len() as u64;
                for record in records {
                    key.clear();
                    record.put(&mut key);
                    let table = match &mut table {
                        Some(table) => table,
                        None => table.insert(self.open_table(family)?),
                    };
                    self.put(table, &key, &[])?;
                }
                if let Some(table) = table {
                    self.close_table(table)?;
                }
                written(count);
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
    touched: Vec<Record<3>>,
    numbers: Vec<Record<3>>,
    sims: Vec<Record<3>>,
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
        body.hasher.add_encoded(&stored, row);
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
        if let Some((msisdn, imsi)) = sim_of(row) {
            self.sims.push(Record([msisdn.get(), imsi.packed(), batch]));
        }
        if (self.numbers.len() + self.sims.len()) * Record::<3>::BYTES > self.load.memory_bytes / 8 {
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
            self.touched.push(touched::record_of(batch, family, &key, summing.sum()));
        }
    }

    fn spill(&mut self) -> Result<(), StoreError> {
        for (index, rows) in [(&self.load.numbers, &mut self.numbers), (&self.load.sims, &mut self.sims)] {
            index.add(std::mem::take(rows)).map_err(|error| self.load.failed(&error))?;
        }
        Ok(())
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
        let mut table = None;
        for record in &self.touched {
            let table = match &mut table {
                Some(table) => table,
                None => table.insert(self.load.open_table(cf::TOUCHED)?),
            };
            let (key, sum) = touched::row_of(*record);
            self.load.put(table, &key, &sum)?;
        }
        if let Some(table) = table {
            self.load.close_table(table)?;
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
