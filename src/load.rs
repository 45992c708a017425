//! Loading: the hot sets of a store, in one pass over its pages and its subscribers, or by a snapshot beside it.
//!
//! The register is read in stretches, as its files lie, by as many threads as there are cores.
//! What always holds: the hot sets are a projection of the store at one revision; a page without anything
//! in force is not in them; how many threads there were does not show in them.

mod snapshot;

pub use snapshot::keep;

use crate::{
    fold,
    hot::{Builder, HotSets, SubscriberEntry},
    identity::Tac,
    registry,
    store::{Store, StoreError, Stretch},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// The hot sets of a store by the quickest way: by its snapshot, where there is one that can be trusted. Says how many
/// entries the snapshot was behind; `None`: the register was read as [`hot_sets`] does.
///
/// # Errors
/// When the store is damaged.
pub fn ready(store: &Store, progress: &mut dyn FnMut(u64)) -> Result<(HotSets, Option<u64>), StoreError> {
    match snapshot::read(store)? {
        Some((hot, behind)) => Ok((hot, Some(behind))),
        None => Ok((hot_sets(store, progress)?, None)),
    }
}

/// A portion of the register.
#[derive(Clone, Copy)]
enum Portion {
    Models(Stretch<Tac>),
    Subscribers(Stretch<u64>),
}

/// Builds the hot sets of a store. `progress` is told now and then how many pages are in.
///
/// # Errors
/// When the store is damaged.
pub fn hot_sets(store: &Store, progress: &mut dyn FnMut(u64)) -> Result<HotSets, StoreError> {
    let revision = store.applied();
    let models = store.stretches_of_models()?.into_iter().map(Portion::Models);
    let subscribers = store.stretches_of_subscribers(Builder::SUBSCRIBERS)?.into_iter().map(Portion::Subscribers);
    let work = Work {
        store,
        portions: models.chain(subscribers).collect(),
        next: AtomicUsize::new(0),
        pages: AtomicU64::new(0),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(work.portions.len());
    let mut builder = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work.build(&mut |_| {}))).collect();
        let mut builder = work.build(progress)?;
        for other in others {
            builder.join(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok::<_, StoreError>(builder)
    })?;
    add_small(store, &mut builder)?;
    Ok(builder.finish(revision, Arc::new(registry::timeline(store, revision.seq)?)))
}

/// Rules of models and overrides: few, and read anew whatever way the rest came.
fn add_small(store: &Store, builder: &mut Builder) -> Result<(), StoreError> {
    for (tac, rule) in store.tac_rules(store.applied().seq)? {
        builder.tac_rule(tac, rule);
    }
    builder.overrides(store.ledger().overrides().clone());
    Ok(())
}

struct Work<'a> {
    store: &'a Store,
    portions: Vec<Portion>,
    next: AtomicUsize,
    pages: AtomicU64,
}

impl Work<'_> {
    /// Builds portions, in their order, until there are no more.
    fn build(&self, progress: &mut dyn FnMut(u64)) -> Result<Builder, StoreError> {
        let mut builder = Builder::new();
        while let Some(portion) = self.portions.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            match portion {
                Portion::Models(models) => self.add_models(&mut builder, *models, progress)?,
                Portion::Subscribers(stretch) => self.add_subscribers(&mut builder, *stretch)?,
            }
        }
        Ok(builder)
    }

    fn add_models(
        &self,
        builder: &mut Builder,
        models: Stretch<Tac>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        const PAGES_A_REPORT: u64 = 4096;
        let (batches, seq) = (self.store.batches(), self.store.applied().seq);
        for page in self.store.scan_pages_within(models)? {
            let (id, rows) = page?;
            let content = fold::page_content(id, &rows, &batches, seq);
            builder.page(id, content).map_err(|error| self.damaged(&error))?;
            let done = self.pages.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(PAGES_A_REPORT) {
                progress(done);
            }
        }
        Ok(())
    }

    fn add_subscribers(&self, builder: &mut Builder, stretch: Stretch<u64>) -> Result<(), StoreError> {
        let mut added = Ok(());
        self.store.scan_subscribers(stretch, self.store.applied().seq, &mut |imsi, msisdn| {
            if added.is_ok() {
                added = builder.subscriber(imsi, SubscriberEntry { msisdn });
            }
        })?;
        added.map_err(|error| self.damaged(&error))
    }

    fn damaged(&self, error: &crate::hot::BuildError) -> StoreError {
        StoreError::Damaged { path: self.store.path().to_owned(), what: error.to_string() }
    }
}
