//! The pages of documents and batches: state, quantities, counts.

use super::Desk;
use crate::{
    batch::{Batch, BatchHeader, BatchNumber, BatchState},
    ledger::Document,
    store::StoreError,
};

/// Batches that a document's page shows.
const BATCHES_MAX: usize = 50;

/// Everything of a document.
#[derive(Clone, Debug)]
pub struct DocumentPage {
    /// Its name.
    pub name: String,
    /// The documents of that name that are registered, one a door at most.
    pub uses: Vec<DocumentUse>,
    /// The batches that rest on it, newest first.
    pub batches: Vec<BatchPage>,
    /// How many more there are.
    pub batches_left: usize,
}

/// A registered document with what is drawn from it.
#[derive(Clone, Debug)]
pub struct DocumentUse {
    /// The document.
    pub document: Document,
    /// Devices in force or suspended.
    pub drawn: u64,
    /// Devices that are planned.
    pub planned: u64,
}

/// Everything of a batch but its rows.
#[derive(Clone, Debug)]
pub struct BatchPage {
    /// Its number.
    pub number: BatchNumber,
    /// What it says of itself.
    pub header: BatchHeader,
    /// Its state.
    pub state: BatchState,
    /// Devices, pairings, subscribers or models that it brings.
    pub added: u64,
    /// Its states and when each began, in seconds since the Unix epoch; oldest first. Empty on a document's page.
    pub steps: Vec<(i64, BatchState)>,
}

impl Desk<'_> {
    /// Whether a document or a batch has this name.
    pub(super) fn knows_document(&self, name: &str) -> bool {
        let named = self.reading.ledger.documents().any(|document| document.number.eq_ignore_ascii_case(name));
        named || self.resting_on(name).next().is_some()
    }

    /// The batches that rest on a document, newest first.
    fn resting_on<'b>(&'b self, name: &'b str) -> impl Iterator<Item = (BatchNumber, &'b Batch, BatchState)> {
        let seq = self.reading.revision.seq;
        let batches = self.reading.batches.iter().rev();
        let named = batches
            .filter(move |(number, batch)| batch.header.document.eq_ignore_ascii_case(name) && self.sees(*number));
        named.filter_map(move |(number, batch)| Some((number, batch, batch.state_at(seq)?)))
    }

    pub(super) fn document(&self, name: &str) -> DocumentPage {
        let documents = self.reading.ledger.documents().filter(|one| one.number.eq_ignore_ascii_case(name));
        let uses = documents.map(|document| {
            let (mut drawn, mut planned) = (0, 0);
            for (_, batch, state) in self.resting_on(name).filter(|(_, batch, _)| batch.header.door == document.door) {
                match state {
                    BatchState::Active | BatchState::Suspended => drawn += batch.added,
                    BatchState::Planned => planned += batch.added,
                    _ => {}
                }
            }
            DocumentUse { document: document.clone(), drawn, planned }
        });
        let page = |(number, batch, state): (BatchNumber, &Batch, BatchState)| BatchPage {
            number,
            header: batch.header.clone(),
            state,
            added: batch.added,
            steps: Vec::new(),
        };
        DocumentPage {
            name: name.to_owned(),
            uses: uses.collect(),
            batches: self.resting_on(name).take(BATCHES_MAX).map(page).collect(),
            batches_left: self.resting_on(name).count().saturating_sub(BATCHES_MAX),
        }
    }

    /// `None`: there is no such batch, or it may not be seen.
    pub(super) fn batch(&self, number: BatchNumber) -> Result<Option<BatchPage>, StoreError> {
        let seq = self.reading.revision.seq;
        let Some(batch) = self.reading.batches.get(number).filter(|_| self.sees(number)) else { return Ok(None) };
        let Some(state) = batch.state_at(seq) else { return Ok(None) };
        let mut steps = Vec::new();
        for (since, state) in batch.states.iter().filter(|(since, _)| *since <= seq) {
            let entry = self.reading.store.entry(*since)?.unwrap_or_default();
            steps.push((entry.time_unix_ms.div_euclid(1000), *state));
        }
        Ok(Some(BatchPage { number, header: batch.header.clone(), state, added: batch.added, steps }))
    }
}
