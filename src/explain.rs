//! Explaining: the same answer as a check gives, with all that lies behind it, read from the store.
//!
//! For people: a page of rows is read and folded by the same rules that make the hot sets, and the same
//! function decides. What always holds: as of the newest entry and at this moment, the verdict is the one
//! that a check gives; as of an earlier entry, it is the one that was given then.

mod lines;
mod reading;

pub(crate) use reading::{Facts, Heard, Reading, Subject};

use crate::{
    batch::{BatchNumber, BatchState, BodyRow},
    check::{AsOf, AsOfError, Clock, Explain, ExplainError, Explanation, HistoryLine, Inquiry, When},
    fold::Row,
    identity::EquipmentKey,
    journal::Entry,
    listing::Door,
    page::PageId,
    revision::Revision,
    store::{Store, StoreError},
};
use std::{collections::BTreeMap, sync::Arc};

/// Explains answers from a store. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Explainer {
    store: Arc<Store>,
    clock: Clock,
}

impl Explainer {
    /// An explainer of a store.
    pub const fn new(store: Arc<Store>, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The state and the moment that a question names.
    pub(crate) fn reading(&self, when: When) -> Result<Reading<'_>, ExplainError> {
        let revision = self.resolve(when.as_of)?;
        let now = when.on.unwrap_or_else(|| match when.as_of {
            AsOf::Time(then) => then,
            AsOf::Now | AsOf::Revision(_) => self.clock.unix_seconds(),
        });
        Reading::new(&self.store, revision, now).map_err(stored)
    }

    fn resolve(&self, as_of: AsOf) -> Result<Revision, ExplainError> {
        let newest = self.store.applied();
        match as_of {
            AsOf::Now => Ok(newest),
            // After a restore the entries before it keep the epoch in which they were made.
            AsOf::Revision(asked) => match self.store.revision_at(asked.seq).map_err(stored)? {
                Some(known) if known == asked && asked <= newest => Ok(asked),
                _ => Err(AsOfError::Unknown { asked, newest }.into()),
            },
            AsOf::Time(then) => {
                let seq = self.store.last_entry_before(then.saturating_add(1).saturating_mul(1000)).map_err(stored)?;
                let known = seq.map(|seq| self.store.revision_at(seq)).transpose().map_err(stored)?.flatten();
                known.ok_or_else(|| {
                    let first = self.store.entry(1).ok().flatten().map_or(0, |entry| entry.time_unix_ms);
                    let first =
                        jiff::Timestamp::from_millisecond(first).map_or_else(|_| String::new(), |t| t.to_string());
                    AsOfError::BeforeFirst { first }.into()
                })
            }
        }
    }
}

impl Explain for Explainer {
    fn explain(&self, inquiry: &Inquiry, operator: Option<&str>, when: When) -> Result<Explanation, ExplainError> {
        let reading = self.reading(when)?;
        reading.explain(inquiry, operator).map_err(stored)
    }
}

pub(crate) fn stored(error: StoreError) -> ExplainError {
    ExplainError::Store(Box::new(error))
}

impl Reading<'_> {
    fn explain(&self, inquiry: &Inquiry, operator: Option<&str>) -> Result<Explanation, StoreError> {
        let subject = self.subject(inquiry.equipment)?;
        let heard = subject.heard(inquiry)?;
        let answer = subject.answer(&heard, operator);
        Ok(Explanation {
            answer,
            key: subject.key,
            evidence: subject.evidence_lines(&heard, &answer.verdict),
            pairings: subject.pairing_lines(&heard),
            linked: subject.device.links.clone(),
            model: subject.model()?,
            history: match subject.key {
                Some(key) => self.history(key, &subject.rows)?,
                None => Vec::new(),
            },
        })
    }

    /// What happened to the device up to this state, newest first: each state of each batch that names it.
    fn history(&self, key: EquipmentKey, rows: &[Row]) -> Result<Vec<HistoryLine>, StoreError> {
        // A batch may say several things of a device: listed, and linked to another.
        let mut events: BTreeMap<(u64, BatchNumber, &str), String> = BTreeMap::new();
        for (number, row) in rows {
            let Some((batch, what)) = self.batches.get(*number).zip(phrase(row, key)) else { continue };
            for (seq, state) in batch.states.iter().filter(|(seq, _)| *seq <= self.revision.seq) {
                let subject = batch.header.class.map_or_else(|| batch.header.kind.clone(), |class| class.to_string());
                if *state != BatchState::Staged {
                    events.insert((*seq, *number, what), format!("{what} ({subject}), batch {}", state.name()));
                }
            }
        }
        let mut lines = Vec::with_capacity(events.len());
        for ((seq, batch, _), what) in events.into_iter().rev() {
            let entry = self.store.entry(seq)?.unwrap_or_default();
            lines.push(self.history_line(entry, seq, batch, what));
        }
        Ok(lines)
    }

    fn history_line(&self, entry: Entry, seq: u64, batch: BatchNumber, what: String) -> HistoryLine {
        let door = self.batches.get(batch).map(|batch| batch.header.door);
        HistoryLine {
            seq,
            unix_seconds: entry.time_unix_ms.div_euclid(1000),
            what,
            door: door.map_or_else(String::new, |door: Door| door.to_string()),
            batch,
            principal: entry.principal,
            approver: entry.approver,
        }
    }
}

/// What a row does to a device; `None` when it is about another one.
fn phrase(row: &BodyRow, about: EquipmentKey) -> Option<&'static str> {
    let place = PageId::place(about);
    match row {
        BodyRow::Page { target: None, bits, .. } if bits.contains(place) => Some("listed"),
        BodyRow::Page { target: Some(_), bits, .. } if bits.contains(place) => Some("taken off"),
        BodyRow::Mark { key, .. } if *key == about => Some("listed"),
        BodyRow::Pairing { key, target: None, .. } if *key == about => Some("paired"),
        BodyRow::Pairing { key, target: Some(_), .. } if *key == about => Some("released"),
        BodyRow::Link { key, .. } if *key == about => Some("linked to the other IMEIs of its phone"),
        _ => None,
    }
}
