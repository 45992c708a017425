//! The scan: every page of the register once, in order, with all its rows.
//!
//! Three families are walked side by side, so start-up and digests take one sequential pass and the
//! memory of one page. Stretches of models can be walked by several threads at once.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
    rows::StoredRow,
};
use crate::{
    batch::{BatchNumber, BodyRow},
    fold::Row,
    identity::{Imsi, Msisdn, Tac},
    page::PageId,
};
use rocksdb::{DBRawIterator, ReadOptions};

const FAMILIES: [(Family, &str); 3] =
    [(Family::Pages, cf::PAGES), (Family::Marks, cf::MARKS), (Family::Pairings, cf::PAIRINGS)];

/// Iterates over `(page, rows)`.
pub struct PageScan<'a> {
    store: &'a Store,
    walks: Vec<(Family, DBRawIterator<'a>)>,
    /// Rows of the page before: the next one has about as many.
    usual: usize,
    failed: bool,
}

impl Store {
    /// Begins a scan of all pages.
    ///
    /// # Errors
    /// When a column family is missing.
    pub fn scan_pages(&self) -> Result<PageScan<'_>, StoreError> {
        self.scan_pages_within(Stretch::ALL)
    }

    /// Begins a scan of the pages of a stretch of models.
    ///
    /// # Errors
    /// When a column family is missing.
    pub fn scan_pages_within(&self, models: Stretch<Tac>) -> Result<PageScan<'_>, StoreError> {
        let mut walks = Vec::with_capacity(FAMILIES.len());
        let bound = |tac: Tac| tac.get().to_be_bytes().to_vec();
        for (family, name) in FAMILIES {
            walks.push((family, self.walk_within(name, models.from.map(bound), models.to.map(bound))?));
        }
        Ok(PageScan { store: self, walks, usual: 0, failed: false })
    }

    fn walk_within(
        &self,
        family: &'static str,
        from: Option<Vec<u8>>,
        to: Option<Vec<u8>>,
    ) -> Result<DBRawIterator<'_>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_readahead_size(2 << 20);
        options.fill_cache(false);
        if let Some(to) = to {
            options.set_iterate_upper_bound(to);
        }
        let mut walk = self.db.raw_iterator_cf_opt(self.cf(family)?, options);
        match from {
            Some(from) => walk.seek(from),
            None => walk.seek_to_first(),
        }
        Ok(walk)
    }

    /// Tells every IMSI of a stretch that has a number as of an entry, ascending.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn scan_subscribers(
        &self,
        stretch: Stretch<u64>,
        seq: u64,
        tell: &mut dyn FnMut(Imsi, Msisdn),
    ) -> Result<(), StoreError> {
        self.walk_subscribers(stretch, seq, &mut |imsi, _, msisdn| {
            tell(imsi, msisdn);
            Ok(())
        })
    }

    /// The same, with the batch that says so.
    ///
    /// # Errors
    /// When a row of that family is unreadable; those of `tell`.
    pub fn walk_subscribers(
        &self,
        stretch: Stretch<u64>,
        seq: u64,
        tell: &mut dyn FnMut(Imsi, BatchNumber, Msisdn) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let bound = |packed: u64| packed.to_be_bytes().to_vec();
        let mut walk = self.walk_within(cf::SUBSCRIBERS, stretch.from.map(bound), stretch.to.map(bound))?;
        let batches = self.batches();
        // Rows of one SIM come one behind the other, and mostly those of one batch do.
        let (mut newest, mut known) = (None::<(Imsi, Option<(BatchNumber, Msisdn)>)>, None);
        while let Some((key, value)) = walk.item() {
            let row = StoredRow::decode(Family::Subscribers, key, value);
            let Some((number, BodyRow::Subscriber { imsi, msisdn, .. })) = row else {
                return Err(StoreError::damaged(&self.path, "a row about a subscriber is unreadable"));
            };
            let is_evidence = match known {
                Some((known, is)) if known == number => is,
                _ => batches.evidence_at(number, seq).is_some(),
            };
            known = Some((number, is_evidence));
            if let Some((last, Some((batch, msisdn)))) = newest
                && last != imsi
            {
                tell(last, batch, msisdn)?;
            }
            let says = msisdn.map(|msisdn| (number, msisdn));
            match &mut newest {
                Some((last, newest)) if *last == imsi && is_evidence => *newest = says,
                Some((last, _)) if *last == imsi => {}
                newest => *newest = Some((imsi, says.filter(|_| is_evidence))),
            }
            walk.next();
        }
        walk.status().map_err(|error| self.failed_read(&error))?;
        match newest {
            Some((last, Some((batch, msisdn)))) => tell(last, batch, msisdn),
            _ => Ok(()),
        }
    }

    /// The models in stretches of about the same number of rows, as the files lie; one where there is little.
    ///
    /// # Errors
    /// When RocksDB does not tell its files.
    pub fn stretches_of_models(&self) -> Result<Vec<Stretch<Tac>>, StoreError> {
        self.stretches(&FAMILIES.map(|(_, name)| name), |key| keys::read_page(key).map(PageId::tac))
    }

    /// The subscriber map in stretches, which begin at multiples of `step`.
    ///
    /// # Errors
    /// When RocksDB does not tell its files.
    pub fn stretches_of_subscribers(&self, step: u64) -> Result<Vec<Stretch<u64>>, StoreError> {
        self.stretches(&[cf::SUBSCRIBERS], |key| {
            keys::read_subscriber_row(key).map(|(imsi, _)| imsi.packed() / step * step)
        })
    }

    fn stretches<T: Copy + Ord>(
        &self,
        families: &[&str],
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<Stretch<T>>, StoreError> {
        let files = self.db.live_files().map_err(|error| self.failed_read(&error))?;
        let files = files.into_iter().filter(|file| families.contains(&file.column_family_name.as_str()));
        let mut starts: Vec<T> = files.filter_map(|file| read(&file.start_key?)).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut bounds: Vec<Option<T>> = starts.into_iter().skip(1).map(Some).collect();
        bounds.insert(0, None);
        bounds.push(None);
        Ok(bounds.windows(2).map(|two| Stretch { from: two[0], to: two[1] }).collect())
    }
}

/// From one (included) to another (not included); none: without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<T> {
    /// The first.
    pub from: Option<T>,
    /// The one behind the last.
    pub to: Option<T>,
}

impl<T> Stretch<T> {
    /// Everything.
    pub const ALL: Self = Self { from: None, to: None };
}

impl PageScan<'_> {
    fn next_page(&mut self) -> Result<Option<(PageId, Vec<Row>)>, StoreError> {
        let damaged = || StoreError::damaged(&self.store.path, "a row about a device is unreadable");
        let mut first: Option<PageId> = None;
        for (_, walk) in &self.walks {
            match walk.key() {
                Some(key) => {
                    let id = keys::read_page(key).ok_or_else(damaged)?;
                    first = Some(first.map_or(id, |first| first.min(id)));
                }
                None => walk.status().map_err(|error| self.store.failed_read(&error))?,
            }
        }
        let Some(id) = first else { return Ok(None) };
        let head = keys::page(id);
        let mut rows = Vec::with_capacity(self.usual);
        for (family, walk) in &mut self.walks {
            while let Some((key, value)) = walk.item().filter(|(key, _)| key.starts_with(&head)) {
                rows.push(StoredRow::decode(*family, key, value).ok_or_else(damaged)?);
                walk.next();
            }
        }
        self.usual = rows.len();
        Ok(Some((id, rows)))
    }
}

impl Iterator for PageScan<'_> {
    type Item = Result<(PageId, Vec<Row>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let page = self.next_page().transpose();
        self.failed = matches!(page, Some(Err(_)));
        page
    }
}
