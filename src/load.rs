//! Loading: the hot sets of a store, in one pass over its pages.
//!
//! What always holds: the hot sets are a projection of the store at one revision; a page without anything
//! in force is not in them.

use crate::{
    fold,
    hot::{Builder, HotSets, SubscriberEntry},
    registry,
    store::{Store, StoreError},
};
use std::sync::Arc;

/// Builds the hot sets of a store. `progress` is told now and then how many pages are in.
///
/// # Errors
/// When the store is damaged.
pub fn hot_sets(store: &Store, progress: &mut dyn FnMut(u64)) -> Result<HotSets, StoreError> {
    const PAGES_A_REPORT: u64 = 4096;
    let revision = store.applied();
    let batches = store.batches();
    let mut builder = Builder::new();
    let damaged = |what: String| StoreError::Damaged { path: store.path().to_owned(), what };
    for (done, page) in (1..).zip(store.scan_pages()?) {
        let (id, rows) = page?;
        let content = fold::page_content(id, &rows, &batches, revision.seq);
        builder.page(id, content).map_err(|error| damaged(error.to_string()))?;
        if done % PAGES_A_REPORT == 0 {
            progress(done);
        }
    }
    for (imsi, msisdn) in store.subscribers(revision.seq)? {
        builder.subscriber(imsi, SubscriberEntry { msisdn }).map_err(|error| damaged(error.to_string()))?;
    }
    for (tac, rule) in store.tac_rules(revision.seq)? {
        builder.tac_rule(tac, rule);
    }
    builder.overrides(store.ledger().overrides().clone());
    Ok(builder.finish(revision, Arc::new(registry::timeline(store, revision.seq)?)))
}
