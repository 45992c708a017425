//! Rows of which the newest counts, and of which memory holds all: models, classes of models.
//!
//! What always holds: a list is held against what its own door has in force, so a full list takes nothing off that
//! another door brought.

use super::Work;
use crate::{
    batch::{BodyRow, TacClass},
    identity::Tac,
    import::Mode,
    store::StoreError,
};
use std::collections::{BTreeMap, BTreeSet};

impl Work<'_> {
    /// What is in force of the rows of which the newest counts, as rows.
    pub(super) fn in_force_newest(&self) -> Result<Vec<BodyRow>, StoreError> {
        let header = &self.part.header;
        Ok(match header.kind.as_str() {
            "tac" => {
                let models = self.store.models(self.seq)?;
                models.into_iter().map(|(tac, model)| BodyRow::Tac { tac, model: Some(Box::new(model)) }).collect()
            }
            "exempt-tac" | "barred-tac" => {
                let rows = self.store.tac_class_rows(self.seq)?.into_iter();
                rows.filter(|(batch, _)| self.is_of_list(*batch)).map(|(_, row)| row).collect()
            }
            _ => Vec::new(),
        })
    }

    pub(super) fn newest(&mut self) -> Result<(), StoreError> {
        if self.part.newest.is_empty() && self.mode != Mode::Full {
            return Ok(());
        }
        let known: BTreeMap<Subject, BodyRow> =
            self.in_force_newest()?.into_iter().filter_map(|row| Some((subject(&row)?, row))).collect();
        let mut named = BTreeSet::new();
        for row in &self.part.newest {
            let Some(subject) = subject(row) else { continue };
            named.insert(subject);
            match (row.takes_off(), known.get(&subject)) {
                (true, None) => self.out.not_listed += 1,
                (false, Some(known)) if known == row => self.out.unchanged += 1,
                (off, _) => {
                    *(if off { &mut self.out.removed } else { &mut self.out.added }) += 1;
                    self.held.push(row.clone());
                }
            }
        }
        if self.mode == Mode::Full {
            for (_, row) in known.iter().filter(|(subject, _)| !named.contains(*subject)) {
                self.out.removed += 1;
                self.held.push(taken_off(row));
            }
        }
        Ok(())
    }
}

/// What a row is about, where the newest row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Tac(Tac),
    TacClass(Tac, bool),
}

fn subject(row: &BodyRow) -> Option<Subject> {
    Some(match row {
        BodyRow::Tac { tac, .. } => Subject::Tac(*tac),
        BodyRow::TacClass { tac, class, .. } => Subject::TacClass(*tac, *class == TacClass::Bar),
        _ => return None,
    })
}

fn taken_off(row: &BodyRow) -> BodyRow {
    match row.clone() {
        BodyRow::Tac { tac, .. } => BodyRow::Tac { tac, model: None },
        BodyRow::TacClass { tac, class, .. } => BodyRow::TacClass { tac, class, level: 0 },
        other => other,
    }
}
