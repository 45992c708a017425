//! Pages by list: which pages a batch is about, and the rows of many pages in one pass.
//!
//! A batch of scattered devices touches a page for each of them, and takes effect (or is tried out) on all of them at
//! once. Opening iterators page by page would cost more than the rows; so three walk side by side, stepping where
//! the next page is near and seeking where it is far. What always holds: the rows of a page are those of
//! [`Store::page_rows`] but for links, which decide nothing; pages come in the order in which they were asked for.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
    rows::StoredRow,
};
use crate::{
    batch::{BatchNumber, Batches},
    fold::Row,
    identity::{Imsi, Tac},
    page::PageId,
};
use rocksdb::{DBRawIterator, ReadOptions};

const FAMILIES: [(Family, &str); 3] =
    [(Family::Pages, cf::PAGES), (Family::Marks, cf::MARKS), (Family::Pairings, cf::PAIRINGS)];
/// Steps to the next row before a seek is cheaper: a seek reads the index of each level.
const STEPS_MAX: usize = 12;
/// Pages that lie on average so near that reading ahead is worth it.
const DENSE_GAP_MAX: u64 = 64;

/// In so many pieces a caller asks for his pages at most.
const PIECES_MAX: u64 = 32;
/// Of so many rows one is read: what lies between is read on the way.
const MOST_PART: u64 = 8;

/// What a batch is about, apart from links and holders: each ascending, without doubles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchHeads {
    /// Pages with listings or pairings of it.
    pub pages: Vec<PageId>,
    /// IMSIs that it says something of.
    pub subscribers: Vec<Imsi>,
    /// Models whose class it names.
    pub class_tacs: Vec<Tac>,
}

impl Store {
    /// What a batch is about.
    ///
    /// # Errors
    /// When an index row of the batch is unreadable.
    pub fn heads_of_batch(&self, number: BatchNumber) -> Result<BatchHeads, StoreError> {
        let damaged = || StoreError::damaged(&self.path, format!("an index row of batch {number} is unreadable"));
        let mut heads = BatchHeads::default();
        for touched in self.touched(number)? {
            let (family, head, _) = touched?;
            match family {
                Family::Pages | Family::Marks | Family::Pairings => {
                    heads.pages.push(keys::read_page(&head).ok_or_else(damaged)?);
                }
                Family::Subscribers => {
                    let packed = keys::read_seq(&head).ok_or_else(damaged)?;
                    heads.subscribers.push(Imsi::from_packed(packed).map_err(|_| damaged())?);
                }
                Family::TacClasses => {
                    heads.class_tacs.push(keys::read_tac(&head).ok_or_else(damaged)?);
                }
                Family::Links | Family::Tacs | Family::Holders => {}
            }
        }
        // Each family ascends; several of them may name one page, and both classes one model.
        heads.pages.sort();
        heads.pages.dedup();
        heads.class_tacs.dedup();
        Ok(heads)
    }

    /// Pages of which a batch lists or pairs devices, ascending.
    ///
    /// # Errors
    /// When an index row of the batch is unreadable.
    pub fn pages_of_batch(&self, number: BatchNumber) -> Result<Vec<PageId>, StoreError> {
        Ok(self.heads_of_batch(number)?.pages)
    }

    /// The rows of ascending pages, whatever the state of their batches; links are left out.
    ///
    /// # Errors
    /// When a column family is missing; each item when a row of its page is unreadable.
    pub fn rows_of_pages<'a>(&'a self, pages: &'a [PageId]) -> Result<PageRows<'a>, StoreError> {
        let mut walks = Vec::with_capacity(FAMILIES.len());
        for (family, name) in FAMILIES {
            let mut options = ReadOptions::default();
            if is_dense(pages) || self.is_most(pages) {
                options.set_readahead_size(1 << 20);
                options.fill_cache(false);
            }
            walks.push(Walk { family, rows: self.db.raw_iterator_cf_opt(self.cf(name)?, options), started: false });
        }
        Ok(PageRows { store: self, pages: pages.iter(), walks })
    }
}

impl Store {
    /// Whether so many pages are a good part of all there are, in however many pieces they are asked for.
    fn is_most(&self, pages: &[PageId]) -> bool {
        let key = "rocksdb.estimate-num-keys";
        let rows = self.cf(cf::PAGES).ok().and_then(|family| self.db.property_int_value_cf(family, key).ok().flatten());
        rows.is_some_and(|rows| pages.len() as u64 * PIECES_MAX > rows / MOST_PART)
    }
}

/// Whether pages lie so near to each other that most blocks between the first and the last are read.
fn is_dense(pages: &[PageId]) -> bool {
    let place = |id: &PageId| u64::from(id.tac().get()) * u64::from(crate::page::PAGES_PER_TAC) + u64::from(id.page());
    match pages {
        [first, .., last] => (place(last).saturating_sub(place(first))) / pages.len() as u64 <= DENSE_GAP_MAX,
        _ => false,
    }
}

/// Iterates over `(page, rows)`.
pub struct PageRows<'a> {
    store: &'a Store,
    pages: std::slice::Iter<'a, PageId>,
    walks: Vec<Walk<'a>>,
}

/// One family's rows on the way from page to page.
struct Walk<'a> {
    family: Family,
    rows: DBRawIterator<'a>,
    started: bool,
}

impl Walk<'_> {
    /// Goes to the first row at or behind `head`.
    fn go_to(&mut self, head: &[u8]) {
        let mut steps = if self.started { STEPS_MAX } else { 0 };
        self.started = true;
        while self.rows.key().is_some_and(|key| key < head) {
            if steps == 0 {
                return self.rows.seek(head);
            }
            self.rows.next();
            steps -= 1;
        }
        if !self.rows.valid() && steps == 0 {
            self.rows.seek(head);
        }
    }
}

impl PageRows<'_> {
    fn rows_of(&mut self, id: PageId) -> Result<Vec<Row>, StoreError> {
        let head = keys::page(id);
        let mut rows = Vec::new();
        for walk in &mut self.walks {
            walk.go_to(&head);
            while let Some((key, value)) = walk.rows.item().filter(|(key, _)| key.starts_with(&head)) {
                let row = StoredRow::decode(walk.family, key, value);
                rows.push(
                    row.ok_or_else(|| StoreError::damaged(&self.store.path, "a row about a device is unreadable"))?,
                );
                walk.rows.next();
            }
            walk.rows.status().map_err(|error| self.store.failed_read(&error))?;
        }
        Ok(rows)
    }
}

impl Iterator for PageRows<'_> {
    type Item = Result<(PageId, Vec<Row>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = *self.pages.next()?;
        Some(self.rows_of(id).map(|rows| (id, rows)))
    }
}

/// The batches that pages name, each looked up once.
#[derive(Debug)]
pub struct BatchTable<'a> {
    store: &'a Store,
    known: Batches,
}

impl<'a> BatchTable<'a> {
    /// A table that knows none yet.
    pub fn new(store: &'a Store) -> Self {
        Self { store, known: Batches::default() }
    }

    /// Learns the batches that these rows name. Gives those that were new.
    pub fn learn(&mut self, rows: &[Row]) -> Batches {
        if rows.iter().all(|(number, _)| self.known.get(*number).is_some()) {
            return Batches::default();
        }
        let mut new = self.store.batches_of(rows);
        new.retain(|number| self.known.get(number).is_none());
        self.known.extend(&new);
        new
    }

    /// The table.
    pub const fn known(&self) -> &Batches {
        &self.known
    }
}
