//! The audit: whether index rows and rows belong together.
//!
//! Bodies are read by their index (`touched`), pages and models by their own keys: a row without its index row, or an
//! index row without its row, would be seen on one way only. The audit counts both.

use super::{
    BodySummary, Store, StoreError, cf,
    keys::{self, Family},
    rows::{BodyHasher, numbers_of, sim_of},
    write::family_name,
};
use crate::{
    batch::{BatchNumber, BodyRow},
    identity::EquipmentKey,
    pairing::Number,
};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_128;

/// A body as it lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyAudit {
    /// Digest and number of rows.
    pub summary: BodySummary,
    /// Sum of the hashes of the rows that it brings to the indexes of numbers, SIMs and persons.
    pub numbers: u128,
}

impl Store {
    /// Reads the body of a batch by its index.
    ///
    /// # Errors
    /// When a row is unreadable, or missing where the index names one.
    pub fn audit_body(&self, number: BatchNumber) -> Result<BodyAudit, StoreError> {
        let mut hasher = BodyHasher::default();
        let (mut rows, mut numbers) = (0, 0_u128);
        // Two pairings of one device and number share an index row. Rows of one device follow each other.
        let mut of_device: (Option<EquipmentKey>, Vec<Number>) = (None, Vec::new());
        for row in self.body_rows(number)? {
            let (stored, body) = row?;
            hasher.add(&stored);
            rows += 1;
            if let BodyRow::Holder { key, person } = &body {
                numbers = numbers.wrapping_add(xxh3_128(&keys::person_row(person, *key, number)));
            }
            if let Some((msisdn, imsi)) = sim_of(&body) {
                numbers = numbers.wrapping_add(xxh3_128(&keys::sim_row(msisdn, imsi, number)));
            }
            for (about, key) in numbers_of(&body) {
                if of_device.0.replace(key) != Some(key) {
                    of_device.1.clear();
                }
                if !of_device.1.contains(&about) {
                    of_device.1.push(about);
                    numbers = numbers.wrapping_add(xxh3_128(&keys::number_row(about, key, number)));
                }
            }
        }
        Ok(BodyAudit { summary: BodySummary { sha256: hasher.finish(), rows }, numbers })
    }

    /// How many rows each batch has, counted without any index. A batch that only the index names has none.
    ///
    /// # Errors
    /// When a key is unreadable.
    pub fn audit_rows(&self) -> Result<BTreeMap<BatchNumber, u64>, StoreError> {
        let mut rows = BTreeMap::new();
        for family in Family::ALL {
            self.walk(family_name(family), &[], &mut |key, _| {
                *rows.entry(keys::batch_of(family, key)?).or_default() += 1;
                Some(())
            })?;
        }
        self.walk(cf::TOUCHED, &[], &mut |key, _| {
            keys::read_touched(key)?;
            rows.entry(keys::batch_of_touched(key)?).or_default();
            Some(())
        })?;
        Ok(rows)
    }

    /// Sum of the hashes of all rows of the indexes of numbers, SIMs and persons.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn audit_numbers(&self) -> Result<u128, StoreError> {
        let mut sum = 0_u128;
        for index in [cf::NUMBERS, cf::SIMS, cf::PERSONS] {
            self.walk(index, &[], &mut |key, _| {
                sum = sum.wrapping_add(xxh3_128(key));
                Some(())
            })?;
        }
        Ok(sum)
    }
}
