//! Sums of ranges: which rows of the register are not as they were written.
//!
//! The digest in a journal entry says that a body was damaged, not where. So the index row of each range (the rows of
//! one batch, of one family, about one page, model or subscriber) holds a sum of the rows that it leads to.
//! What always holds: a sum is written with the rows that it covers. It finds accidents; intent is found by the digest
//! in the entry. Index rows of format 1 have no sum, and only prove that there are rows.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
    rows::StoredRow,
    write::family_name,
};
use crate::{
    batch::BatchNumber,
    identity::Tac,
    page::{PAGE_SERIALS, PageId},
};
use rocksdb::ReadOptions;
use std::{collections::BTreeMap, fmt};
use xxhash_rust::xxh3::Xxh3;

/// The sum of a range: the low half of the xxh3_64 of its rows.
pub(super) type Sum = [u8; 4];

/// Sums the rows of one range, in order: each key and value behind its length.
#[derive(Clone, Default)]
pub(super) struct Summing(Xxh3);

impl Summing {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        for part in [key, value] {
            self.0.update(&(part.len() as u32).to_be_bytes());
            self.0.update(part);
        }
    }

    pub(super) fn sum(&self) -> Sum {
        let [.., a, b, c, d] = self.0.digest().to_be_bytes();
        [a, b, c, d]
    }
}

/// The sums of a body whose rows come in order.
#[derive(Default)]
pub(super) struct BodySums {
    range: Option<(Family, Vec<u8>)>,
    summing: Summing,
}

impl BodySums {
    /// Takes the next row; gives the sum of its range up to it.
    pub(super) fn add(&mut self, row: &StoredRow) -> Sum {
        let head = row.key.get(..row.family.head_bytes()).unwrap_or_default();
        if self.range.as_ref().is_none_or(|(family, known)| *family != row.family || known != head) {
            self.range = Some((row.family, head.to_vec()));
            self.summing = Summing::default();
        }
        self.summing.add(&row.key, &row.value);
        self.summing.sum()
    }
}

/// The sum of rows of one range.
pub(super) fn sum_of<'a>(rows: impl IntoIterator<Item = &'a StoredRow>) -> Sum {
    let mut summing = Summing::default();
    rows.into_iter().for_each(|row| summing.add(&row.key, &row.value));
    summing.sum()
}

/// What is wrong with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// Its rows are others than were written, or some are gone.
    Altered,
    /// All its rows are gone.
    Lost,
    /// Rows that no index leads to.
    Strange,
}

/// Rows that are not as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRange {
    /// The batch.
    pub batch: BatchNumber,
    /// The column family.
    pub family: &'static str,
    /// The model; none for subscribers.
    pub tac: Option<Tac>,
    /// First and last page; none where the family knows no pages.
    pub pages: Option<(u16, u16)>,
    /// What is wrong.
    pub damage: Damage,
}

impl fmt::Display for DamagedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tac) = self.tac {
            write!(f, "TAC {tac}, ")?;
        }
        if let Some((first, last)) = self.pages {
            let serials = (u32::from(first) * PAGE_SERIALS, (u32::from(last) + 1) * PAGE_SERIALS - 1);
            write!(f, "pages {first} to {last} (serials {:06} to {:06}), ", serials.0, serials.1.min(999_999))?;
        }
        let damage = match self.damage {
            Damage::Altered => "altered",
            Damage::Lost => "lost",
            Damage::Strange => "there, though no batch brought them",
        };
        write!(f, "batch {}: {} are {damage}", self.batch, self.family)
    }
}

/// Pages by what else a range says of itself.
type Found = BTreeMap<(Option<Tac>, BatchNumber, u8, Damage), Vec<Option<u16>>>;

impl Store {
    /// The rows that are not as they were written, as ranges of neighbouring pages. Reads the whole register.
    ///
    /// # Errors
    /// When RocksDB cannot read it.
    pub fn damaged_ranges(&self) -> Result<Vec<DamagedRange>, StoreError> {
        let mut found = Found::new();
        let mut add = |family: Family, head: &[u8], batch, damage| {
            let page = keys::read_page(head).filter(|_| family.head_bytes() == keys::PAGE_BYTES);
            let tac = if family == Family::Subscribers { None } else { keys::read_tac(head) };
            found.entry((tac, batch, family as u8, damage)).or_default().push(page.map(PageId::page));
        };
        self.walk(cf::TOUCHED, &[], &mut |key, value| {
            let Some((batch, (family, head))) = keys::batch_of_touched(key).zip(keys::read_touched(key)) else {
                return Some(());
            };
            match self.sum_of_range(family, head, batch).ok()? {
                None => add(family, head, batch, Damage::Lost),
                Some(sum) if !value.is_empty() && sum != value => add(family, head, batch, Damage::Altered),
                Some(_) => {}
            }
            Some(())
        })?;
        for family in Family::ALL {
            self.walk(family_name(family), &[], &mut |key, _| {
                let Some(batch) = keys::batch_of(family, key) else { return Some(()) };
                let index = self.db.get_pinned_cf(self.cf(cf::TOUCHED).ok()?, keys::touched(batch, family, key));
                if index.ok()?.is_none() {
                    add(family, key.get(..family.head_bytes())?, batch, Damage::Strange);
                }
                Some(())
            })?;
        }
        Ok(in_ranges(found))
    }

    /// The sum of the rows of a range as they are stored, readable or not. `None`: there are none.
    fn sum_of_range(&self, family: Family, head: &[u8], batch: BatchNumber) -> Result<Option<Sum>, StoreError> {
        let prefix = [head, &batch.to_be_bytes()].concat();
        let mut options = ReadOptions::default();
        options.set_iterate_range(rocksdb::PrefixRange(prefix.as_slice()));
        let mut rows = self.db.raw_iterator_cf_opt(self.cf(family_name(family))?, options);
        rows.seek(&prefix);
        let mut summing = None;
        while let Some((key, value)) = rows.item() {
            summing.get_or_insert_with(Summing::default).add(key, value);
            rows.next();
        }
        rows.status().map_err(|error| self.failed_read(&error))?;
        Ok(summing.map(|summing| summing.sum()))
    }
}

/// Neighbouring pages become one range.
fn in_ranges(found: Found) -> Vec<DamagedRange> {
    let mut ranges: Vec<DamagedRange> = Vec::new();
    for ((tac, batch, family, damage), mut pages) in found {
        let Some(family) = Family::from_code(family).map(family_name) else { continue };
        pages.sort_unstable();
        pages.dedup();
        for page in pages {
            match (ranges.last_mut(), page) {
                (Some(DamagedRange { pages: Some((_, last)), tac: t, batch: b, family: f, damage: d }), Some(page))
                    if (*t, *b, *f, *d) == (tac, batch, family, damage) && page == *last + 1 =>
                {
                    *last = page;
                }
                _ => ranges.push(DamagedRange { batch, family, tac, pages: page.map(|page| (page, page)), damage }),
            }
        }
    }
    ranges
}
