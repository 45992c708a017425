//! The scan: every page of the register once, in order, with all its rows.
//!
//! Three families are walked side by side, so start-up and digests take one sequential pass and the
//! memory of one page.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
    rows::StoredRow,
};
use crate::{fold::Row, page::PageId};
use rocksdb::{DBRawIterator, ReadOptions};

const FAMILIES: [(Family, &str); 3] =
    [(Family::Pages, cf::PAGES), (Family::Marks, cf::MARKS), (Family::Pairings, cf::PAIRINGS)];

/// Iterates over `(page, rows)`.
pub struct PageScan<'a> {
    store: &'a Store,
    walks: Vec<(Family, DBRawIterator<'a>)>,
    failed: bool,
}

impl Store {
    /// Begins a scan of all pages.
    ///
    /// # Errors
    /// When a column family is missing.
    pub fn scan_pages(&self) -> Result<PageScan<'_>, StoreError> {
        let mut walks = Vec::with_capacity(FAMILIES.len());
        for (family, name) in FAMILIES {
            let mut options = ReadOptions::default();
            options.set_readahead_size(2 << 20);
            options.fill_cache(false);
            let mut walk = self.db.raw_iterator_cf_opt(self.cf(name)?, options);
            walk.seek_to_first();
            walks.push((family, walk));
        }
        Ok(PageScan { store: self, walks, failed: false })
    }
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
        let mut rows = Vec::new();
        for (family, walk) in &mut self.walks {
            while let Some((key, value)) = walk.item().filter(|(key, _)| key.starts_with(&head)) {
                rows.push(StoredRow::decode(*family, key, value).ok_or_else(damaged)?);
                walk.next();
            }
        }
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
