//! Tests of the write path against naive models, and of what `verify` finds.

#![allow(clippy::unwrap_used)]

mod devices;
mod loading;
mod newest;
mod operations;
mod pairings;
mod restoring;
mod sharing;
mod tampering;

use super::{ImportOrder, ImportSummary, Registry, RegistryError, verify};
use crate::{
    import::{Gathered, Kind, Mode},
    sample::SplitMix64,
};
use tempfile::TempDir;

fn registry() -> (TempDir, Registry) {
    let directory = tempfile::tempdir().unwrap();
    let (registry, _) = Registry::open(directory.path(), true).unwrap();
    (directory, registry)
}

/// A list with nothing in it.
fn list(kind: Kind) -> Gathered {
    Gathered::new(kind, kind.default_door(), None, None)
}

fn order(mode: Mode, document: &str) -> ImportOrder {
    ImportOrder::bootstrap(mode, document, 100)
}

/// Takes a list in. The register must verify then, and the same list again must change nothing.
fn import(registry: &Registry, list: &Gathered, order: &ImportOrder) -> ImportSummary {
    let summary = registry.import(list.clone(), order).unwrap();
    verify(registry.store()).unwrap_or_else(|error| panic!("{error}: {order:?} {list:?}"));
    let again = registry.import(list.clone(), order).unwrap();
    assert_eq!(again.batches, [] as [u64; 0], "a second batch of {order:?} {list:?}");
    assert_eq!((again.added, again.removed, again.revision), (0, 0, summary.revision));
    summary
}

fn pick<T: Clone>(random: &mut SplitMix64, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}
