//! Which pairings of a list are new, and which leave.
//!
//! What always holds: a pairing is one device and one number; it leaves the batch that brought it only.

use super::{Work, canonical_order, rows::Flow};
use crate::{
    batch::{BatchNumber, BodyRow},
    fold::Row,
    import::Mode,
    page::PageId,
    registry::Meter,
    store::StoreError,
};
use std::{collections::BTreeSet, iter::Peekable};

/// Whether a row of a list is about a pairing in force: the same device and number, and the same SIM where the
/// row names one beside the number. A row without SIM is about all SIMs of the number.
fn same_pair(row: &BodyRow, known: &BodyRow) -> bool {
    match (row, known) {
        (BodyRow::Pairing { key: a, number: m, imsi: i, .. }, BodyRow::Pairing { key: b, number: n, imsi: j, .. }) => {
            (a, m) == (b, n) && (i.is_none() || i == j)
        }
        _ => false,
    }
}

/// What a list says of one page.
struct Page {
    /// Its pairings, and whether each ends.
    wanted: Vec<(BodyRow, bool)>,
    /// Nothing of this list is in the register: no page needs to be read.
    is_new: bool,
}

impl Page {
    fn id(&self) -> Option<PageId> {
        self.wanted.first().and_then(|(row, _)| match row {
            BodyRow::Pairing { key, .. } => Some(PageId::of(*key)),
            _ => None,
        })
    }
}

impl Work<'_> {
    pub(super) fn is_unpaired(&self, number: BatchNumber, row: &BodyRow, rows: &[Row]) -> bool {
        let BodyRow::Pairing { key, number: paired, imsi, .. } = row else { return false };
        rows.iter().any(|(remover, removal)| {
            matches!(removal, BodyRow::Pairing { key: k, number: p, imsi: i, target: Some(t), .. }
                if (k, p, i, *t) == (key, paired, imsi, number))
                && self.batches.evidence_at(*remover, self.seq).is_some()
        })
    }

    pub(super) fn pairings(&mut self, meter: &Meter) -> Result<(), StoreError> {
        let mut others = BTreeSet::new();
        if self.mode == Mode::Full {
            others = self.touched_pages()?;
        }
        let mut others = others.into_iter().peekable();
        let is_new = self.is_new_list();
        let mut flow = Flow::new(self.store);
        let mut page = Page { wanted: Vec::new(), is_new };
        let part = self.part;
        meter.begin(false, part.pairings.len());
        for row in part.pairing_rows() {
            meter.advance();
            let (row, ends) = row?;
            let BodyRow::Pairing { key, .. } = &row else { continue };
            let id = PageId::of(*key);
            if let Some(before) = page.id().filter(|before| *before != id) {
                self.pages_until(before, &mut others, &mut page, &mut flow)?;
            }
            page.wanted.push((row, ends));
        }
        if let Some(last) = page.id() {
            self.pages_until(last, &mut others, &mut page, &mut flow)?;
        }
        for id in others {
            self.pairings_of_page(id, &page, &mut flow)?;
        }
        self.out.rows = flow.finish()?;
        Ok(())
    }

    /// The pages of a full list's door in front of a page of the list, and that page.
    fn pages_until(
        &mut self,
        id: PageId,
        others: &mut Peekable<impl Iterator<Item = PageId>>,
        page: &mut Page,
        flow: &mut Flow,
    ) -> Result<(), StoreError> {
        let named = std::mem::take(&mut page.wanted);
        while let Some(other) = others.next_if(|other| *other <= id) {
            if other < id {
                self.pairings_of_page(other, page, flow)?;
            }
        }
        page.wanted = named;
        self.pairings_of_page(id, page, flow)?;
        page.wanted.clear();
        Ok(())
    }

    fn pairings_of_page(&mut self, id: PageId, page: &Page, flow: &mut Flow) -> Result<(), StoreError> {
        let rows = if page.is_new { Vec::new() } else { self.store.page_rows(id)? };
        self.compare(&page.wanted, &rows);
        self.held.sort_by_cached_key(canonical_order);
        self.held.drain(..).try_for_each(|row| flow.push(&row))
    }

    fn compare(&mut self, wanted: &[(BodyRow, bool)], rows: &[Row]) {
        let standing: Vec<&Row> = rows
            .iter()
            .filter(|(number, row)| {
                matches!(row, BodyRow::Pairing { target: None, .. })
                    && self.is_of_list(*number)
                    && !self.is_unpaired(*number, row, rows)
            })
            .collect();
        for (row, ends) in wanted {
            let known = standing.iter().any(|(number, known)| !ends && known == row && self.is_same_source(*number));
            if known {
                self.out.unchanged += 1;
            } else if !ends {
                self.out.added += 1;
                self.held.push(row.clone());
            } else if !standing.iter().any(|(_, known)| same_pair(row, known)) {
                self.out.not_listed += 1;
            }
        }
        for (number, known) in standing {
            let mut named = wanted.iter().filter(|(row, _)| same_pair(row, known)).peekable();
            let is_named = named.peek().is_some();
            let ends = named.clone().any(|(_, ends)| *ends);
            // One row may end a pairing with the old SIM of a number and another one say it with the new SIM.
            let same = self.is_same_source(*number) && named.any(|(row, ends)| !ends && row == known);
            let goes = match self.mode {
                Mode::Add => ends,
                Mode::Delta => is_named,
                Mode::Full => true,
            };
            if goes
                && !same
                && let BodyRow::Pairing { key, number: paired, kind, imsi, until, .. } = known
            {
                self.out.removed += 1;
                let target = Some(*number);
                self.held.push(BodyRow::Pairing {
                    key: *key,
                    number: *paired,
                    target,
                    kind: *kind,
                    imsi: *imsi,
                    until: *until,
                });
            }
        }
    }
}
