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

impl Work<'_> {
    pub(super) fn is_unpaired(&self, number: BatchNumber, row: &BodyRow, rows: &[Row]) -> bool {
        let BodyRow::Pairing { key, number: paired, .. } = row else { return false };
        rows.iter().any(|(remover, removal)| {
            matches!(removal, BodyRow::Pairing { key: k, number: p, target: Some(t), .. }
                if (k, p, *t) == (key, paired, number))
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
        let list = self.list_batches();
        for (id, wanted) in wanted {
            let rows = if list.is_empty() { Vec::new() } else { self.store.page_rows(id)? };
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
        let same_pair = |a: &BodyRow, b: &BodyRow| match (a, b) {
            (BodyRow::Pairing { key: a, number: m, .. }, BodyRow::Pairing { key: b, number: n, .. }) => {
                (a, m) == (b, n)
            }
            _ => false,
        };
        for (row, ends) in wanted {
            let known = standing.iter().any(|(number, known)| !ends && known == row && self.is_same_source(*number));
            if known {
                self.out.unchanged += 1;
            } else if !ends {
                self.out.added += 1;
                self.out.rows.push(row.clone());
            } else if !standing.iter().any(|(_, known)| same_pair(known, row)) {
                self.out.not_listed += 1;
            }
        }
        for (number, known) in standing {
            let named = wanted.iter().find(|(row, _)| same_pair(row, known));
            let same = named.is_some_and(|(row, ends)| !ends && row == known && self.is_same_source(*number));
            let goes = match (self.mode, named) {
                (_, Some((_, true))) => true,
                (Mode::Full, _) => !same,
                (Mode::Delta, Some(_)) => !same,
                _ => false,
            };
            if goes && let BodyRow::Pairing { key, number: paired, kind, imsi, until, .. } = known {
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
