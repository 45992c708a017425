//! Tests of the store: bytes, and writing. What needs a process that is killed is in `tests/crash`.

#![allow(clippy::unwrap_used)]

mod codec;
mod manifest;
mod pages;
mod upgrade;
mod writing;

use super::{Store, cf};
use rocksdb::IteratorMode;

/// The families whose rows follow from the journal and the bodies.
pub(crate) const FAMILIES: [&str; 13] = [
    cf::HASHES,
    cf::BATCHES,
    cf::SETTINGS,
    cf::PAGES,
    cf::MARKS,
    cf::PAIRINGS,
    cf::LINKS,
    cf::SUBSCRIBERS,
    cf::TACS,
    cf::TAC_CLASSES,
    cf::NUMBERS,
    cf::SIMS,
    cf::TOUCHED,
];

/// What no user of a store can do: change rows behind its back.
impl Store {
    pub(crate) fn rows_behind(&self, family: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = self.db.iterator_cf(self.cf(family).unwrap(), IteratorMode::Start);
        rows.map(|row| row.map(|(key, value)| (key.into_vec(), value.into_vec())).unwrap()).collect()
    }

    pub(crate) fn put_behind(&self, family: &'static str, key: &[u8], value: &[u8]) {
        self.db.put_cf(self.cf(family).unwrap(), key, value).unwrap();
    }

    pub(crate) fn delete_behind(&self, family: &'static str, key: &[u8]) {
        self.db.delete_cf(self.cf(family).unwrap(), key).unwrap();
    }
}
