//! Publishing: what was just made durable becomes visible to checks.
//!
//! The pages that a write touches are folded anew and put into the next root of the hot sets; readers keep
//! the root they have and never wait. A whole batch that takes another state goes the same way, over two threads
//! where it touches many pages: a scattered one has a page for each of its devices.
//! What always holds: publishing follows the sync and precedes the acknowledgement. If it fails, memory and disk
//! disagree, and the process ends at once.

use super::{Registry, settings::timeline};
use crate::{
    batch::{BatchNumber, BodyRow},
    fold,
    hot::{HotSets, Published, Rewritten, SubscriberEntry, Update},
    identity::{Imsi, Tac},
    page::{PageContent, PageId},
    store::{BatchTable, Store, StoreError, Writer},
};
use std::{collections::BTreeSet, sync::Arc, thread};

/// Pages above which a second thread is worth its start.
const PAGES_ALONE_MAX: usize = if cfg!(test) { 4 } else { 4_096 };
/// Pages that are folded before their chunks are written: enough to share chunks, few enough for the caches.
const PAGES_TOGETHER: usize = if cfg!(test) { 1 } else { 64 };

impl Registry {
    /// Keeps hot sets up to date with every change from now on. They must be of the store's newest revision.
    /// A second call changes nothing.
    pub fn keep_published(&self, published: Arc<Published>) {
        // The first stay: two sets of one register would both be right, but only one is read.
        let _ = self.published.set(published);
    }

    /// Principals, proposals and documents decide no check; overrides do.
    pub(super) fn publish_ledger(&self, writer: &Writer<'_>) {
        publish(self, writer.store(), |_, update| {
            update.overrides = Some(Arc::new(writer.store().ledger().overrides().clone()));
            Ok(Rewritten::default())
        });
    }

    pub(super) fn publish_settings(&self, writer: &Writer<'_>) {
        let store = writer.store();
        publish(self, store, |_, update| {
            update.settings = Some(Arc::new(timeline(store, store.applied().seq)?));
            Ok(Rewritten::default())
        });
    }
}

/// What a change is about, as far as checks see it.
#[derive(Default)]
struct Touched {
    pages: BTreeSet<PageId>,
    subscribers: BTreeSet<Imsi>,
    class_tacs: BTreeSet<Tac>,
}

impl Touched {
    /// All that a batch is about.
    fn add(&mut self, store: &Store, number: BatchNumber) -> Result<(), StoreError> {
        let heads = store.heads_of_batch(number)?;
        self.pages.extend(heads.pages);
        self.subscribers.extend(heads.subscribers);
        self.class_tacs.extend(heads.class_tacs);
        Ok(())
    }

    fn put(self, store: &Store, hot: &HotSets, update: &mut Update) -> Result<Rewritten, StoreError> {
        let seq = store.applied().seq;
        for imsi in self.subscribers {
            let known = store.subscriber(imsi, seq)?;
            update.subscribers.push((imsi, known.map(|(_, msisdn)| SubscriberEntry { msisdn })));
        }
        for tac in self.class_tacs {
            update.tac_rules.push((tac, store.tac_rule(tac, seq)?.0));
        }
        let pages: Vec<PageId> = self.pages.into_iter().collect();
        rewritten(store, hot, &pages, seq)
    }
}

/// Publishes what rows changed. Called with the right to write, so that roots follow each other.
pub(super) fn publish_rows(
    registry: &Registry,
    writer: &Writer<'_>,
    each: impl FnOnce(&mut dyn FnMut(&BodyRow)) -> Result<(), StoreError>,
) {
    publish(registry, writer.store(), |hot, update| {
        let mut touched = Touched::default();
        each(&mut |row| match row {
            BodyRow::Page { id, .. } => _ = touched.pages.insert(*id),
            BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } => _ = touched.pages.insert(PageId::of(*key)),
            BodyRow::Subscriber { imsi, .. } => _ = touched.subscribers.insert(*imsi),
            BodyRow::TacClass { tac, .. } => _ = touched.class_tacs.insert(*tac),
            // Links, holders and the catalogue decide nothing.
            BodyRow::Link { .. } | BodyRow::Tac { .. } | BodyRow::Holder { .. } => {}
        })?;
        touched.put(writer.store(), hot, update)
    });
}

/// Publishes all that batches say, in one root: they took another state.
pub(super) fn publish_batches(registry: &Registry, writer: &Writer<'_>, numbers: &[BatchNumber]) {
    let store = writer.store();
    publish(registry, store, |hot, update| {
        let mut touched = Touched::default();
        for number in numbers {
            touched.add(store, *number)?;
        }
        touched.put(store, hot, update)
    });
}

/// Hot sets of an earlier entry of this register brought up to its newest one: what batches that took another state
/// since are about is folded anew.
///
/// # Errors
/// When the store is damaged.
pub fn catch_up(store: &Store, hot: &HotSets) -> Result<HotSets, StoreError> {
    let since = hot.revision().seq;
    let mut update = Update { revision: store.applied(), ..Update::default() };
    let mut touched = Touched::default();
    let batches = store.batches();
    for (number, _) in batches.iter().filter(|(_, batch)| batch.newest().0 > since) {
        touched.add(store, number)?;
    }
    let rewritten = touched.put(store, hot, &mut update)?;
    Ok(hot.apply_rewritten(update, rewritten))
}

/// The chunks of ascending pages, folded and written anew.
fn rewritten(store: &Store, hot: &HotSets, pages: &[PageId], seq: u64) -> Result<Rewritten, StoreError> {
    // Between two models, so that no chunk is written by both.
    let half = pages.get(pages.len() / 2).filter(|_| pages.len() > PAGES_ALONE_MAX);
    let (first, second) = pages.split_at(pages.partition_point(|id| half.is_some_and(|half| id.tac() < half.tac())));
    if first.is_empty() {
        return rewritten_alone(store, hot, second, seq);
    }
    thread::scope(|scope| {
        let other = scope.spawn(|| rewritten_alone(store, hot, second, seq));
        let mut rewritten = rewritten_alone(store, hot, first, seq)?;
        rewritten.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        Ok(rewritten)
    })
}

fn rewritten_alone(store: &Store, hot: &HotSets, pages: &[PageId], seq: u64) -> Result<Rewritten, StoreError> {
    let mut batches = BatchTable::new(store);
    let (mut rewritten, mut waiting) = (Rewritten::default(), Vec::<(PageId, PageContent)>::new());
    for page in store.rows_of_pages(pages)? {
        let (id, rows) = page?;
        batches.learn(&rows);
        let is_full = waiting.len() >= PAGES_TOGETHER && waiting.last().is_some_and(|(last, _)| last.tac() != id.tac());
        if is_full {
            rewritten.extend(hot.rewrite(&waiting));
            waiting.clear();
        }
        waiting.push((id, fold::page_content(id, &rows, batches.known(), seq)));
    }
    rewritten.extend(hot.rewrite(&waiting));
    Ok(rewritten)
}

fn publish(
    registry: &Registry,
    store: &Store,
    fill: impl FnOnce(&HotSets, &mut Update) -> Result<Rewritten, StoreError>,
) {
    let Some(published) = registry.published.get() else { return };
    let root = Arc::clone(&published.load());
    let mut update = Update { revision: store.applied(), ..Update::default() };
    let rewritten = fill(&root, &mut update).unwrap_or_else(|error| {
        tracing::error!(%error, "a durable change could not be made visible: the process ends, start it again");
        std::process::abort()
    });
    let next = root.apply_rewritten(update, rewritten);
    // Whoever publishes gives the old root back, unless a reader holds it.
    drop(root);
    published.publish(next);
}
