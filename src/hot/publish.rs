//! Publishing: how readers get the newest hot sets without ever waiting.
//!
//! One cell holds the root. A reader loads it once per check and reads everything from it; a writer makes
//! the next root aside and swaps it in. The cell is a trait so that the same path can be run under a
//! scheduler that tries the interleavings.
//! What always holds: a reader sees all of a change or nothing; the memory of an old root is given back by
//! a writer, never by a reader in the middle of a check.

use super::HotSets;
use arc_swap::{ArcSwap, Guard};
use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

/// A cell that holds one shared root.
pub trait RootCell {
    /// What a reader holds while it reads.
    type Guard: Deref<Target = Arc<HotSets>>;

    /// A cell with its first root.
    fn new(root: Arc<HotSets>) -> Self;

    /// The root of now.
    fn load(&self) -> Self::Guard;

    /// Puts the next root in and gives the one before.
    fn swap(&self, root: Arc<HotSets>) -> Arc<HotSets>;
}

impl RootCell for ArcSwap<HotSets> {
    type Guard = Guard<Arc<HotSets>>;

    fn new(root: Arc<HotSets>) -> Self {
        Self::new(root)
    }

    fn load(&self) -> Self::Guard {
        self.load()
    }

    fn swap(&self, root: Arc<HotSets>) -> Arc<HotSets> {
        self.swap(root)
    }
}

/// The newest hot sets, for any number of readers and one writer at a time.
#[derive(Debug)]
pub struct Published<C = ArcSwap<HotSets>> {
    cell: C,
    /// Old roots that a reader may still hold.
    retired: Mutex<Vec<Arc<HotSets>>>,
}

impl<C: RootCell> Published<C> {
    /// Publishes the first hot sets.
    pub fn new(first: HotSets) -> Self {
        Self { cell: C::new(Arc::new(first)), retired: Mutex::default() }
    }

    /// The newest hot sets. Never waits. Load once per check (or batch) and read all from it; do not hold it longer.
    pub fn load(&self) -> C::Guard {
        self.cell.load()
    }

    /// Publishes the next hot sets: a load that starts after this sees them.
    pub fn publish(&self, next: HotSets) {
        let old = self.cell.swap(Arc::new(next));
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.push(old);
        // Nobody can take a new reference to a root that left the cell: a count of one is ours and stays so.
        retired.retain(|root| Arc::strong_count(root) > 1);
    }
}
