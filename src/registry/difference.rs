//! The difference between a list and what its door has in force: the rows of the new batch.
//!
//! Only what is new becomes a row, so that the same list twice makes no second batch. What always holds:
//! *add* never takes anything off but what the list itself takes off; *full* leaves the door with exactly
//! this list; *delta* replaces the rows that it names.

mod newest;
mod pairings;
mod rows;
mod subscribers;

use super::{Meter, RegistryError, part::Part};
use crate::{
    batch::{Batch, BatchNumber, BatchState, Batches, BodyRow},
    fold::{self, Row},
    identity::{EquipmentKey, Imsi},
    import::Mode,
    page::{PAGE_SERIALS, PageBits, PageId},
    store::{Store, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

/// The rows of a new batch and what they amount to.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// In canonical order.
    pub(super) rows: rows::Rows,
    /// Devices, pairings, subscribers, models or classes that come.
    pub(super) added: u64,
    /// The same that leave earlier batches.
    pub(super) removed: u64,
    /// Rows that say what is in force already.
    pub(super) unchanged: u64,
    /// Removals of what is not in force.
    pub(super) not_listed: u64,
}

/// Computes the difference of one operator's part.
pub(super) fn difference(
    store: &Store,
    part: &Part,
    mode: Mode,
    max_drop_percent: u8,
    meter: &Meter,
) -> Result<Difference, RegistryError> {
    let seq = store.applied().seq;
    let batches = store.batches();
    let (out, out_pages) = (Difference::default(), BTreeMap::new());
    let mut work = Work { store, part, mode, seq, batches, out, held: Vec::new(), out_pages };
    if mode == Mode::Full {
        work.guard_drop(max_drop_percent)?;
    }
    match part.header.kind.as_str() {
        "pairing" => work.pairings(meter)?,
        "subscriber" => work.subscribers(meter)?,
        _ => {
            work.devices()?;
            work.links()?;
            work.holders();
            work.newest()?;
            return Ok(work.finish());
        }
    }
    Ok(work.out)
}

struct Work<'a> {
    store: &'a Store,
    part: &'a Part,
    mode: Mode,
    seq: u64,
    batches: Arc<Batches>,
    out: Difference,
    /// Rows of the new batch but pages, pairings and subscribers.
    held: Vec<BodyRow>,
    /// Page rows of the new batch: additions under no target, removals under theirs.
    out_pages: BTreeMap<(PageId, Option<BatchNumber>), PageBits>,
}

impl Work<'_> {
    /// Whether a batch is of this door's list: same door, class and operator, and in force.
    fn is_of_list(&self, number: BatchNumber) -> bool {
        let header = &self.part.header;
        self.batches.get(number).is_some_and(|batch| {
            let same = (batch.header.door, batch.header.class) == (header.door, header.class);
            same && batch.header.operator == header.operator && self.in_force(batch) && self.same_family(batch)
        })
    }

    /// Whether a row of this batch says exactly what the same row of the new one would.
    fn is_same_source(&self, number: BatchNumber) -> bool {
        let header = &self.part.header;
        self.is_of_list(number)
            && self.batches.get(number).is_some_and(|batch| {
                batch.header.valid_until == header.valid_until
                    // A full list names the state of the door, whatever its document.
                    && (self.mode == Mode::Full || batch.header.document == header.document)
            })
    }

    fn in_force(&self, batch: &Batch) -> bool {
        batch.state_at(self.seq) == Some(BatchState::Active)
    }

    /// Doors without a class (pairings, subscribers, models) are told apart by their kind.
    fn same_family(&self, batch: &Batch) -> bool {
        batch.header.class.is_some() || batch.header.kind == self.part.header.kind
    }

    fn list_batches(&self) -> Vec<BatchNumber> {
        self.batches.iter().map(|(number, _)| number).filter(|number| self.is_of_list(*number)).collect()
    }

    /// Whether no batch of this list is in force. Ends with the first one that is: there may be very many.
    fn is_new_list(&self) -> bool {
        !self.batches.iter().any(|(number, _)| self.is_of_list(number))
    }

    fn guard_drop(&self, max_drop_percent: u8) -> Result<(), RegistryError> {
        let old = self.in_force_entries()?;
        let new = self.part.entries().map_err(StoreError::from)?;
        if u128::from(new) * 100 < u128::from(old) * u128::from(100 - max_drop_percent.min(100)) {
            return Err(RegistryError::SuddenDrop { door: self.part.header.door, old, new, max_drop_percent });
        }
        Ok(())
    }

    fn in_force_entries(&self) -> Result<u64, StoreError> {
        let mut keys = BTreeSet::new();
        let mut plain: BTreeMap<PageId, PageBits> = BTreeMap::new();
        let mut others = 0;
        for id in self.touched_pages()? {
            let rows = self.store.page_rows(id)?;
            for (number, bits) in self.plain_by_batch(&rows) {
                if self.is_of_list(number) {
                    plain.entry(id).or_default().union(&bits);
                }
            }
            for (number, row) in &rows {
                match row {
                    BodyRow::Mark { key, .. } if self.is_of_list(*number) && !is_taken(*number, *key, &rows, self) => {
                        keys.insert(*key);
                    }
                    BodyRow::Pairing { target: None, .. }
                        if self.is_of_list(*number) && !self.is_unpaired(*number, row, &rows) =>
                    {
                        others += 1;
                    }
                    _ => {}
                }
            }
        }
        let bits: u64 = plain.values().map(|bits| u64::from(bits.count())).sum();
        let newest = match self.part.header.kind.as_str() {
            "subscriber" => self.count_own_subscribers()?,
            _ => self.in_force_newest()?.len() as u64,
        };
        Ok(bits + keys.len() as u64 + others + newest)
    }

    /// Every page on which a batch of this door's list has rows.
    fn touched_pages(&self) -> Result<BTreeSet<PageId>, StoreError> {
        let mut pages = BTreeSet::new();
        for number in self.list_batches() {
            for row in self.store.body(number)? {
                pages.extend(match row? {
                    BodyRow::Page { id, .. } => Some(id),
                    BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } => Some(PageId::of(key)),
                    _ => None,
                });
            }
        }
        Ok(pages)
    }

    /// The plain devices in force by batch, after removals.
    fn plain_by_batch(&self, rows: &[Row]) -> Vec<(BatchNumber, PageBits)> {
        let mut plain = Vec::new();
        for (number, row) in rows {
            if let BodyRow::Page { target: None, bits, .. } = row {
                let mut bits = PageBits::clone(bits);
                for (remover, removal) in rows {
                    match removal {
                        BodyRow::Page { target: Some(target), bits: gone, .. }
                            if target == number && self.batches.evidence_at(*remover, self.seq).is_some() =>
                        {
                            bits.subtract(gone);
                        }
                        _ => {}
                    }
                }
                plain.push((*number, bits));
            }
        }
        plain
    }

    fn devices(&mut self) -> Result<(), StoreError> {
        if self.part.header.class.is_none() {
            return Ok(());
        }
        let mut pages: BTreeSet<PageId> = self.part.pages.keys().copied().collect();
        pages.extend(self.part.marks.keys().map(|key| PageId::of(*key)));
        pages.extend(self.part.removed.iter().map(|key| PageId::of(*key)));
        let is_new = self.is_new_list();
        if self.mode == Mode::Full {
            pages.extend(self.touched_pages()?);
        }
        for id in pages {
            // Nothing of this list is in the register: no page needs to be read.
            let rows = if is_new { Vec::new() } else { self.store.page_rows(id)? };
            self.devices_of_page(id, &rows);
        }
        Ok(())
    }

    fn devices_of_page(&mut self, id: PageId, rows: &[Row]) {
        let mut new = self.part.pages.get(&id).cloned().unwrap_or_default();
        let listed = new.clone();
        let replaces = self.mode != Mode::Add;
        let mut leaving = PageBits::EMPTY;
        for key in range_of(id, &self.part.removed) {
            leaving.insert(PageId::place(*key));
        }
        let mut left = PageBits::EMPTY;
        for (number, bits) in self.plain_by_batch(rows) {
            if !self.is_of_list(number) {
                continue;
            }
            let mut kept = bits.clone();
            if self.is_same_source(number) {
                let mut known = bits.clone();
                intersect(&mut known, &listed);
                new.subtract(&known);
            }
            // What the list names otherwise, or (full) does not name, leaves this batch.
            let mut going = bits;
            match self.mode {
                Mode::Full if self.is_same_source(number) => going.subtract(&listed),
                Mode::Full => {}
                _ => {
                    let mut named = leaving.clone();
                    if replaces && !self.is_same_source(number) {
                        named.union(&listed);
                    }
                    if replaces {
                        self.marks_of_page(id).for_each(|(key, _)| _ = named.insert(PageId::place(*key)));
                    }
                    intersect(&mut going, &named);
                }
            }
            kept.subtract(&going);
            self.take_off(id, number, &going, &mut left);
        }
        let mut known_marks = BTreeSet::new();
        for (number, row) in rows {
            let BodyRow::Mark { key, .. } = row else { continue };
            if !self.is_of_list(*number) || is_taken(*number, *key, rows, self) {
                continue;
            }
            let same = self.is_same_source(*number) && self.part.marks.get(key) == Some(row);
            if same {
                known_marks.insert(*key);
            }
            let named = self.part.lists(*key);
            let goes = match self.mode {
                Mode::Add => leaving.contains(PageId::place(*key)),
                Mode::Delta => leaving.contains(PageId::place(*key)) || (named && !same),
                Mode::Full => !same,
            };
            if goes {
                let mut one = PageBits::EMPTY;
                one.insert(PageId::place(*key));
                self.take_off(id, *number, &one, &mut left);
            }
        }
        self.out.not_listed += u64::from(leaving.count());
        intersect(&mut leaving, &left);
        self.out.not_listed -= u64::from(leaving.count());
        self.put_on(id, &listed, new, &known_marks);
    }

    fn take_off(&mut self, id: PageId, from: BatchNumber, going: &PageBits, left: &mut PageBits) {
        if !going.is_empty() {
            let mut fresh = going.clone();
            fresh.subtract(left);
            self.out.removed += u64::from(fresh.count());
            left.union(going);
            self.out_pages.entry((id, Some(from))).or_default().union(going);
        }
    }

    fn put_on(&mut self, id: PageId, listed: &PageBits, new: PageBits, known_marks: &BTreeSet<EquipmentKey>) {
        let added = u64::from(new.count());
        self.out.added += added;
        self.out.unchanged += u64::from(listed.count()) - added;
        if !new.is_empty() {
            self.out_pages.insert((id, None), new);
        }
        let marks = self.part.marks.range(page_keys(id));
        for (key, row) in marks {
            if known_marks.contains(key) {
                self.out.unchanged += 1;
            } else {
                self.out.added += 1;
                self.held.push(row.clone());
            }
        }
    }

    fn marks_of_page(&self, id: PageId) -> impl Iterator<Item = (&EquipmentKey, &BodyRow)> {
        self.part.marks.range(page_keys(id))
    }

    fn links(&mut self) -> Result<(), StoreError> {
        for (key, others) in &self.part.links {
            let rows = if self.batches.is_empty() { Vec::new() } else { self.store.page_rows(PageId::of(*key))? };
            let known = fold::device_evidence(*key, &rows, &self.batches, self.seq).links;
            if !others.iter().all(|other| known.contains(other)) {
                self.held.push(BodyRow::Link { key: *key, others: others.clone() });
            }
        }
        Ok(())
    }

    /// A person is named by the very batch that lists the device: what was unchanged needs no holder anew.
    fn holders(&mut self) {
        let marked: BTreeSet<EquipmentKey> = self
            .held
            .iter()
            .filter_map(|row| match row {
                BodyRow::Mark { key, .. } => Some(*key),
                _ => None,
            })
            .collect();
        for (key, person) in &self.part.holders {
            let bits = self.out_pages.get(&(PageId::of(*key), None));
            if marked.contains(key) || bits.is_some_and(|bits| bits.contains(PageId::place(*key))) {
                self.held.push(BodyRow::Holder { key: *key, person: *person });
            }
        }
    }

    fn finish(mut self) -> Difference {
        let pages =
            self.out_pages.into_iter().map(|((id, target), bits)| BodyRow::Page { id, target, bits: Box::new(bits) });
        self.held.extend(pages);
        self.held.sort_by_cached_key(canonical_order);
        Difference { rows: self.held.into(), ..self.out }
    }
}

fn is_taken(number: BatchNumber, key: EquipmentKey, rows: &[Row], work: &Work<'_>) -> bool {
    rows.iter().any(|(remover, row)| {
        matches!(row, BodyRow::Page { target: Some(target), bits, .. }
            if *target == number && bits.contains(PageId::place(key)))
            && work.batches.evidence_at(*remover, work.seq).is_some()
    })
}

fn intersect(bits: &mut PageBits, other: &PageBits) {
    bits.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
}

/// The keys of a page, as a range.
fn page_keys(id: PageId) -> impl std::ops::RangeBounds<EquipmentKey> {
    let key = |place| id.key(place).map_or(Bound::Unbounded, Bound::Included);
    let last = (0..PAGE_SERIALS as u16).rev().find_map(|place| id.key(place));
    (key(0), last.map_or(Bound::Unbounded, Bound::Included))
}

/// The keys of a page within a sorted list.
fn range_of(id: PageId, sorted: &[EquipmentKey]) -> &[EquipmentKey] {
    let from = sorted.partition_point(|key| PageId::of(*key) < id);
    let until = sorted.partition_point(|key| PageId::of(*key) <= id);
    &sorted[from..until]
}

/// Rows of a body sort by family, subject, and the batch that a removal names (docs/storage.md).
fn canonical_order(row: &BodyRow) -> (u8, u64, u64, u64, u64) {
    let page = |id: PageId| u64::from(id.tac().get()) << 16 | u64::from(id.page());
    match row {
        BodyRow::Page { id, target, .. } => (1, page(*id), target.unwrap_or(0), 0, 0),
        BodyRow::Mark { key, .. } => (2, key.get(), 0, 0, 0),
        BodyRow::Pairing { key, number, imsi, target, .. } => {
            let target = target.unwrap_or(0);
            (3, key.get(), number.to_stored(), imsi.map_or(0, Imsi::packed), target)
        }
        BodyRow::Link { key, .. } => (4, key.get(), 0, 0, 0),
        BodyRow::Subscriber { imsi, .. } => (5, imsi.packed(), 0, 0, 0),
        BodyRow::Tac { tac, .. } => (6, u64::from(tac.get()), 0, 0, 0),
        BodyRow::TacClass { tac, class, .. } => (7, u64::from(tac.get()), *class as u64, 0, 0),
        BodyRow::Holder { key, .. } => (8, key.get(), 0, 0, 0),
    }
}
