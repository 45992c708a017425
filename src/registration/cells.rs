//! Cells: how many numbers are alike in all that a stage or a count can ask for.
//!
//! A pass over the columns of all pages makes them, and each list changes them by the pages that it touches; counts and
//! previews of calendars read cells only, so that they cost the same for a million numbers and for all of a nation.
//! What always holds: the cells are those of the pages; of who is registered or gone the day is left out, because no
//! stage can ask for it.

use super::{Identity, Page, RegistrationError, Registrations, Row, State};
use crate::{
    day::Day,
    store::{RegistrationFamily, StoreError},
};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, PoisonError},
};

/// What numbers of one cell have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The operator, by code.
    pub operator: u8,
    /// The city, by code.
    pub city: u16,
    /// How they stand.
    pub state: State,
    /// What was shown.
    pub kind: Option<Identity>,
    /// Since when; the first of all days for states without stages.
    pub since: Day,
}

impl Cell {
    const fn pack(row: &Row) -> u64 {
        let since = match row.state {
            State::Registered | State::Withdrawn => 0,
            _ => row.since.get(),
        };
        let kind = match row.kind {
            Some(kind) => kind.code(),
            None => 0,
        };
        (row.operator as u64) << 40
            | (row.city as u64) << 24
            | (row.state.code() as u64) << 20
            | (kind as u64) << 16
            | since as u64
    }

    fn unpack(packed: u64) -> Option<Self> {
        Some(Self {
            operator: (packed >> 40) as u8,
            city: (packed >> 24) as u16,
            state: State::from_code((packed >> 20) as u8 & 15)?,
            kind: Identity::from_code((packed >> 16) as u8 & 15),
            since: Day::from_stored(packed as u16)?,
        })
    }
}

/// A hash of one number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfNumber(u64);

impl Hasher for OfNumber {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 29;
    }
}

/// A map by numbers that nobody outside chooses.
pub(super) type ByNumber<T> = HashMap<u64, T, BuildHasherDefault<OfNumber>>;

/// The cells of all numbers.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    counts: ByNumber<u64>,
    /// Hashes by the version of their key.
    versions: [u64; 32],
}

impl PartialEq for Cells {
    fn eq(&self, other: &Self) -> bool {
        let held = |cells: &Self| cells.iter().collect::<std::collections::BTreeMap<_, _>>();
        self.versions == other.versions && held(self) == held(other)
    }
}

impl Cells {
    /// Counts a number in.
    pub fn add(&mut self, row: &Row) {
        *self.counts.entry(Cell::pack(row)).or_default() += 1;
        self.versions[version(row)] += 1;
    }

    /// Counts a number out.
    pub(super) fn remove(&mut self, row: &Row) {
        if let Some(count) = self.counts.get_mut(&Cell::pack(row)) {
            *count = count.saturating_sub(1);
        }
        let version = &mut self.versions[version(row)];
        *version = version.saturating_sub(1);
    }

    /// Cells that have numbers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Cell, u64)> + '_ {
        self.counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .filter_map(|(cell, count)| Some((Cell::unpack(*cell)?, *count)))
    }

    /// Numbers of an operator that are not withdrawn.
    pub fn held_by(&self, operator: u8) -> u64 {
        let held = self.iter().filter(|(cell, _)| cell.operator == operator && cell.state != State::Withdrawn);
        held.map(|(_, count)| count).sum()
    }

    /// How many hashes were made with each key, by its version. Keys from the 31st on count as one.
    pub fn by_key(&self) -> Vec<(u8, u64)> {
        let versions = self.versions.iter().enumerate().skip(1).filter(|(_, count)| **count > 0);
        versions.map(|(version, count)| (version as u8, *count)).collect()
    }
}

fn version(row: &Row) -> usize {
    row.hash.map_or(0, |hash| usize::from(hash[0]).min(31))
}

impl Registrations {
    /// The cells of now: from memory, or by a pass over all pages.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn cells(&self) -> Result<Arc<Cells>, RegistrationError> {
        let mut held = self.0.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cells) = &*held {
            return Ok(Arc::clone(cells));
        }
        let mut cells = Cells::default();
        self.each_page(false, |_, page| page.rows.iter().for_each(|(_, row)| cells.add(row)))?;
        let cells = Arc::new(cells);
        *held = Some(Arc::clone(&cells));
        Ok(cells)
    }

    /// Keeps the cells that a change made; none: they are made anew when they are asked for.
    pub(super) fn keep_cells(&self, cells: Option<Cells>) {
        *self.0.cells.lock().unwrap_or_else(PoisonError::into_inner) = cells.map(Arc::new);
    }

    /// Shows every page, in the order of numbers.
    pub(super) fn each_page(
        &self,
        with_hashes: bool,
        mut look: impl FnMut(u64, &Page),
    ) -> Result<(), RegistrationError> {
        let mut beside = if with_hashes { Some(self.0.db.rows(RegistrationFamily::Identities, &[])?) } else { None };
        for row in self.0.db.rows(RegistrationFamily::Pages, &[])? {
            let (key, columns) = row?;
            // Both rows of a page are written as one.
            let hashes = match &mut beside {
                None => None,
                Some(rows) => match rows.next().transpose()? {
                    Some((of, hashes)) if of == key => Some(hashes),
                    _ => return Err(self.damaged("a page of numbers lacks its hashes")),
                },
            };
            let number = super::page::of_key(&key);
            let page = Page::decode(&columns, hashes.as_deref());
            let (number, page) = number.zip(page).ok_or_else(|| self.damaged("a page of numbers is unreadable"))?;
            look(number, &page);
        }
        Ok(())
    }

    /// One page with its hashes; an empty one where there is none.
    pub(super) fn page(&self, number: u64) -> Result<Page, RegistrationError> {
        let key = super::page::key(number);
        let Some(columns) = self.0.db.get(RegistrationFamily::Pages, &key)? else { return Ok(Page::default()) };
        self.page_of(&key, &columns)
    }

    /// The page of columns, with its hashes.
    pub(super) fn page_of(&self, key: &[u8], columns: &[u8]) -> Result<Page, RegistrationError> {
        let hashes = self.0.db.get(RegistrationFamily::Identities, key)?.unwrap_or_default();
        Page::decode(columns, Some(&hashes)).ok_or_else(|| self.damaged("a page of numbers is unreadable"))
    }

    pub(super) fn damaged(&self, what: &str) -> RegistrationError {
        StoreError::Damaged { path: self.0.db.path().to_owned(), what: what.to_owned() }.into()
    }
}
