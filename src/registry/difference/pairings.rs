//! Which pairings of a list are new, and which leave.
//!
//! What always holds: a pairing is one device and one number; it leaves the batch that brought it only.

use super::Work;
use crate::{
    batch::{BatchNumber, BodyRow},
    fold::Row,
    import::Mode,
    page::PageId,
    store::StoreError,
};
use std::collections::BTreeMap;

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

impl Work<'_> {
    pub(super) fn is_unpaired(&self, number: BatchNumber, row: &BodyRow, rows: &[Row]) -> bool {
        let BodyRow::Pairing { key, number: paired, imsi, .. } = row else { return false };
        rows.iter().any(|(remover, removal)| {
            matches!(removal, BodyRow::Pairing { key: k, number: p, imsi: i, target: Some(t), .. }
                if (k, p, i, *t) == (key, paired, imsi, number))
                && self.batches.evidence_at(*remover, self.seq).is_some()
        })
    }

    pub(super) fn pairings(&mut self) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<PageId, Vec<&(BodyRow, bool)>> = BTreeMap::new();
        for pairing in &self.part.pairings {
            if let BodyRow::Pairing { key, .. } = &pairing.0 {
                wanted.entry(PageId::of(*key)).or_default().push(pairing);
            }
        }
        if self.part.header.kind == "pairing" && self.mode == Mode::Full {
            for id in self.touched_pages()? {
                wanted.entry(id).or_default();
            }
        }
        let is_new = wanted.is_empty() || self.is_new_list();
        for (id, wanted) in wanted {
            let rows = if is_new { Vec::new() } else { self.store.page_rows(id)? };
            self.pairings_of_page(&wanted, &rows);
        }
        Ok(())
    }

    fn pairings_of_page(&mut self, wanted: &[&(BodyRow, bool)], rows: &[Row]) {
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
                self.out.rows.push(row.clone());
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
                self.out.rows.push(BodyRow::Pairing {
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
