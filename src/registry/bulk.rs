//! Bulk loading: a whole register from a source, into an empty directory, at the speed of the machine.
//!
//! The journal says the same as after imports of the same lists: every batch is staged, which makes its number durable,
//! then its rows are made, then it comes into force. What always holds: nothing is loaded into a register that is in
//! use; a load that was cut off is no register, and loading again starts anew.

use super::{Registry, RegistryError, import};
use crate::{
    batch::{BatchHeader, BatchNumber, BodyRow},
    journal::{BatchActivated, Change, Source},
    policy::Settings,
    revision::Revision,
    store::{BulkLoad, Draft, Hands, LoadedBody, Loading, Store, StoreError},
};
use fail::fail_point;
use std::{
    ops::Range,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// Where the batches of a load come from, in parts that have no page, subscriber or model in common.
pub trait BulkSource: Sync {
    /// The headers of the batches of each part. Each batch must have rows.
    fn parts(&self) -> Vec<Vec<BatchHeader>>;

    /// Gives the rows of a part with the number of their batch within it: family by family, in the order of their keys.
    ///
    /// # Errors
    /// Those of `take`.
    fn rows(
        &self,
        part: usize,
        take: &mut dyn FnMut(usize, &BodyRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// What the journal names as the file of each batch.
    fn name(&self) -> String;
}

/// How far a load is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkStage {
    /// Rows are being made: so many parts of so many, with so many rows.
    Rows {
        /// Parts that are done.
        done: usize,
        /// All parts.
        parts: usize,
        /// Devices, pairings, subscribers and models in them.
        added: u64,
    },
    /// Indexes are being sorted: so many rows of so many.
    Indexes {
        /// Rows that are written.
        done: u64,
        /// All rows.
        all: u64,
    },
    /// Files are taken in.
    Tables,
    /// Batches come into force.
    Activating,
}

/// Is told how far a load is, from any thread.
pub type BulkProgress<'a> = &'a (dyn Fn(BulkStage) + Sync);

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Batches.
    pub batches: u64,
    /// Devices, pairings, subscribers, models and classes.
    pub added: u64,
    /// The register after it.
    pub revision: Revision,
}

/// Loads a source into a directory that is not there yet, or is empty, or holds a load that was cut off.
/// `memory_bytes` bounds what is gathered before it goes to sorted files; each thread has one part in memory beside it.
///
/// # Errors
/// When something lies in the directory, or it cannot be written.
pub fn load(
    path: &Path,
    settings: &Settings,
    source: &dyn BulkSource,
    memory_bytes: usize,
    progress: BulkProgress<'_>,
) -> Result<Loaded, RegistryError> {
    let loading = Loading::begin(path)?;
    let store = Arc::new(loading.open()?);
    let registry = Registry {
        store: Arc::clone(&store),
        queue: Arc::default(),
        published: Arc::default(),
        watch: Arc::default(),
        subscribers: Arc::default(),
        today: Arc::default(),
    };
    registry.seed_settings(settings)?;
    let loaded = Work::new(&store, source, progress)?.run(memory_bytes)?;
    store.flush()?;
    drop((registry, store));
    loading.finish()?;
    Ok(loaded)
}

struct Work<'a> {
    store: &'a Store,
    source: &'a dyn BulkSource,
    progress: BulkProgress<'a>,
    /// The header of each batch, and the numbers of the batches of each part.
    headers: Vec<BatchHeader>,
    parts: Vec<Range<BatchNumber>>,
    next: AtomicUsize,
    stopped: AtomicBool,
    bodies: Mutex<Vec<LoadedBody>>,
}

impl<'a> Work<'a> {
    /// Stages every batch.
    fn new(store: &'a Store, source: &'a dyn BulkSource, progress: BulkProgress<'a>) -> Result<Self, RegistryError> {
        let mut writer = store.writer()?;
        let (mut headers, mut parts) = (Vec::new(), Vec::new());
        let first = writer.next_seq();
        for part in source.parts() {
            let start = first + headers.len() as u64;
            parts.push(start..start + part.len() as u64);
            headers.extend(part);
        }
        let staged = headers.iter().map(|header| draft(header, import::staged(header)));
        writer.commit(staged.collect(), Vec::new())?;
        fail_point!("bulk-after-stage");
        Ok(Self {
            store,
            source,
            progress,
            headers,
            parts,
            next: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            bodies: Mutex::default(),
        })
    }

    fn run(self, memory_bytes: usize) -> Result<Loaded, RegistryError> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let load = self.store.bulk(memory_bytes)?;
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| self.make(&load))).collect();
            let mut done = self.make(&load);
            for other in others {
                done = done.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            done
        })?;
        let (all, done) = (load.index_rows(), AtomicU64::new(0));
        let tell = |rows: u64| {
            let done = done.fetch_add(rows, Ordering::Relaxed) + rows;
            (self.progress)(BulkStage::Indexes { done, all });
        };
        tell(0);
        load.write_indexes(threads, &tell)?;
        (self.progress)(BulkStage::Tables);
        load.ingest()?;
        fail_point!("bulk-before-activate");
        (self.progress)(BulkStage::Activating);
        self.activate()
    }

    /// Makes parts until there are no more.
    fn make(&self, load: &BulkLoad<'_>) -> Result<(), StoreError> {
        while !self.stopped.load(Ordering::Relaxed)
            && let at = self.next.fetch_add(1, Ordering::Relaxed)
            && let Some(numbers) = self.parts.get(at)
        {
            let made = self.make_part(load, at, numbers);
            let made = made.inspect_err(|_| self.stopped.store(true, Ordering::Relaxed))?;
            let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
            bodies.extend(made);
            let added = bodies.iter().map(|body| body.added).sum();
            drop(bodies);
            (self.progress)(BulkStage::Rows { done: at + 1, parts: self.parts.len(), added });
        }
        Ok(())
    }

    fn make_part(
        &self,
        load: &BulkLoad<'_>,
        at: usize,
        numbers: &Range<BatchNumber>,
    ) -> Result<Vec<LoadedBody>, StoreError> {
        let mut part = load.part(numbers.clone())?;
        self.source.rows(at, &mut |batch, row| part.push(numbers.start + batch as u64, row))?;
        part.finish()
    }

    fn activate(self) -> Result<Loaded, RegistryError> {
        let mut bodies = self.bodies.into_inner().unwrap_or_else(PoisonError::into_inner);
        bodies.sort_unstable_by_key(|body| body.batch);
        let named = Source { name: self.source.name(), bytes: 0, sha256: Vec::new() };
        let first = self.parts.first().map_or(0, |part| part.start);
        let drafts = bodies.iter().filter_map(|body| {
            let header = self.headers.get((body.batch - first) as usize)?;
            let activated = BatchActivated {
                batch: body.batch,
                body_sha256: body.summary.sha256.to_vec(),
                rows: body.summary.rows,
                added: body.added,
                removed: 0,
                rejected: 0,
                sources: vec![named.clone()],
            };
            Some(draft(header, Change::BatchActivated(activated)))
        });
        let drafts: Vec<Draft> = drafts.collect();
        let revision = self.store.writer()?.commit(drafts, Vec::new())?;
        let added = bodies.iter().map(|body| body.added).sum();
        Ok(Loaded { batches: bodies.len() as u64, added, revision })
    }
}

fn draft(header: &BatchHeader, change: Change) -> Draft {
    Draft { hands: Hands::bootstrap(), partition: import::partition(header), change }
}
