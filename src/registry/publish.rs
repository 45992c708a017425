//! Publishing: what was just made durable becomes visible to checks.
//!
//! The pages that a write touches are folded anew and put into the next root of the hot sets; readers keep
//! the root they have and never wait. What always holds: publishing follows the sync and precedes the
//! acknowledgement. If it fails, memory and disk disagree, and the process ends at once.

use super::{Registry, settings::timeline};
use crate::{
    batch::{BatchNumber, BodyRow},
    fold,
    hot::{Published, SubscriberEntry, Update},
    page::PageId,
    store::{Store, StoreError, Writer},
};
use std::{collections::BTreeSet, sync::Arc};

impl Registry {
    /// Keeps hot sets up to date with every change from now on. They must be of the store's newest revision.
    /// A second call changes nothing.
    pub fn keep_published(&self, published: Arc<Published>) {
        // The first stay: two sets of one register would both be right, but only one is read.
        let _ = self.published.set(published);
    }

    /// Principals, proposals and documents decide no check; overrides do.
    pub(super) fn publish_ledger(&self, writer: &Writer<'_>) {
        let overrides = |update: &mut Update| {
            update.overrides = Some(Arc::new(writer.store().ledger().overrides().clone()));
            Ok(())
        };
        publish(self, writer.store(), overrides);
    }

    pub(super) fn publish_settings(&self, writer: &Writer<'_>) {
        let settings = |update: &mut Update| {
            let store = writer.store();
            update.settings = Some(Arc::new(timeline(store, store.applied().seq)?));
            Ok(())
        };
        publish(self, writer.store(), settings);
    }
}

/// Publishes what became of a batch that took another state.
pub(super) fn publish_batch(registry: &Registry, writer: &Writer<'_>, number: BatchNumber) {
    if registry.published.get().is_none() {
        return;
    }
    let rows: Result<Vec<BodyRow>, StoreError> = writer.store().body(number).and_then(Iterator::collect);
    match rows {
        Ok(rows) => publish_rows(registry, writer, rows.iter()),
        Err(error) => publish(registry, writer.store(), |_| Err(error)),
    }
}

/// Publishes what rows changed. Called with the right to write, so that roots follow each other.
pub(super) fn publish_rows<'a>(registry: &Registry, writer: &Writer<'_>, rows: impl Iterator<Item = &'a BodyRow>) {
    let store = writer.store();
    publish(registry, store, |update| {
        let seq = store.applied().seq;
        let mut pages = BTreeSet::new();
        for row in rows {
            match row {
                BodyRow::Page { id, .. } => _ = pages.insert(*id),
                BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } => _ = pages.insert(PageId::of(*key)),
                BodyRow::Subscriber { imsi, .. } => {
                    let known = store.subscriber(*imsi, seq)?;
                    update.subscribers.push((*imsi, known.map(|(_, msisdn)| SubscriberEntry { msisdn })));
                }
                BodyRow::TacClass { tac, .. } => update.tac_rules.push((*tac, store.tac_rule(*tac, seq)?.0)),
                // Links, holders and the catalogue decide nothing.
                BodyRow::Link { .. } | BodyRow::Tac { .. } | BodyRow::Holder { .. } => {}
            }
        }
        for id in pages {
            let rows = store.page_rows(id)?;
            update.pages.push((id, fold::page_content(id, &rows, &store.batches_of(&rows), seq)));
        }
        Ok(())
    });
}

fn publish(registry: &Registry, store: &Store, fill: impl FnOnce(&mut Update) -> Result<(), StoreError>) {
    let Some(published) = registry.published.get() else { return };
    let mut update = Update { revision: store.applied(), ..Update::default() };
    if let Err(error) = fill(&mut update) {
        tracing::error!(%error, "a durable change could not be made visible: the process ends, start it again");
        std::process::abort();
    }
    let next = published.load().apply(update);
    published.publish(next);
}
