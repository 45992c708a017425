//! Rows of a body that wait to be written together, with all that leads to them.
//!
//! RocksDB sorts what it is given by searching a place for each key. Rows come in the order of their keys, but numbers,
//! SIMs and persons in none, and each of these searches goes through memory far apart. So what leads to rows is sorted
//! here first, and a range's sum is written once for all of its rows that wait. What always holds: after the write the
//! register is the one that writing row by row would have made.

use super::{
    Store, StoreError, cf, keys,
    ranges::Sum,
    rows::{StoredRow, numbers_of, sim_of},
    write::family_name,
};
use crate::batch::{BatchNumber, BodyRow};
use rocksdb::WriteBatch;

/// See the module.
pub(super) struct Waiting {
    batch: BatchNumber,
    /// Each with the sum of its range up to this row.
    rows: Vec<(StoredRow, Sum)>,
    numbers: Vec<[u8; 24]>,
    sims: Vec<[u8; 24]>,
    persons: Vec<[u8; 32]>,
    bytes: usize,
}

impl Waiting {
    /// None of a batch yet.
    pub(super) const fn new(batch: BatchNumber) -> Self {
        Self { batch, rows: Vec::new(), numbers: Vec::new(), sims: Vec::new(), persons: Vec::new(), bytes: 0 }
    }

    /// About how many bytes wait.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a row in its stored form.
    pub(super) fn push(&mut self, row: &BodyRow, stored: StoredRow, sum: Sum) {
        let batch = self.batch;
        // Each row brings an index row of about the same key.
        self.bytes += 2 * stored.key.len() + stored.value.len();
        self.numbers.extend(numbers_of(row).into_iter().map(|(number, key)| keys::number_row(number, key, batch)));
        self.sims.extend(sim_of(row).map(|(msisdn, imsi)| keys::sim_row(msisdn, imsi, batch)));
        if let BodyRow::Holder { key, person } = row {
            self.persons.push(keys::person_row(person, *key, batch));
        }
        self.rows.push((stored, sum));
    }

    /// Puts everything into one atomic write. Nothing waits any more.
    pub(super) fn put(&mut self, store: &Store, write: &mut WriteBatch) -> Result<(), StoreError> {
        let touched = store.cf(cf::TOUCHED)?;
        let mut range: Option<(Vec<u8>, Sum)> = None;
        for (row, sum) in self.rows.drain(..) {
            write.put_cf(store.cf(family_name(row.family))?, &row.key, &row.value);
            // The last row of a range leaves the sum of all of it.
            let key = keys::touched(self.batch, row.family, &row.key);
            if let Some((before, sum)) = range.replace((key, sum))
                && range.as_ref().is_some_and(|(now, _)| *now != before)
            {
                write.put_cf(touched, before, sum);
            }
        }
        if let Some((key, sum)) = range {
            write.put_cf(touched, key, sum);
        }
        put_sorted(store, write, cf::NUMBERS, &mut self.numbers)?;
        put_sorted(store, write, cf::SIMS, &mut self.sims)?;
        put_sorted(store, write, cf::PERSONS, &mut self.persons)?;
        self.bytes = 0;
        Ok(())
    }
}

/// Puts index rows, which are keys alone.
fn put_sorted<const N: usize>(
    store: &Store,
    write: &mut WriteBatch,
    family: &'static str,
    rows: &mut Vec<[u8; N]>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let family = store.cf(family)?;
    rows.sort_unstable();
    rows.drain(..).for_each(|row| write.put_cf(family, row, []));
    Ok(())
}
