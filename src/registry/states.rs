//! Batches take states: one entry each, one synced write, one root.
//!
//! What always holds: who calls this has checked that the steps may be taken; a reader sees all of them or none.

use super::{Registry, RegistryError, import::partition, publish};
use crate::{
    batch::BatchStep,
    journal::{BatchStateChanged, Change},
    revision::Revision,
    store::{Draft, Hands, StoreError, Writer},
};

impl Registry {
    /// Writes steps of batches and makes them visible, before there are principals. Does not check that the states may
    /// follow those of now.
    ///
    /// # Errors
    /// When there are principals, or the store cannot write.
    pub fn write_steps(&self, steps: &[BatchStep], hands: &Hands) -> Result<Revision, RegistryError> {
        let mut writer = self.store.writer()?;
        self.is_founding()?;
        Ok(write_steps(self, &mut writer, steps, hands, "", &[])?)
    }
}

/// Writes steps of batches, in one atomic write, and publishes what they change.
pub(super) fn write_steps(
    registry: &Registry,
    writer: &mut Writer<'_>,
    steps: &[BatchStep],
    hands: &Hands,
    reason: &str,
    preview_sha256: &[u8],
) -> Result<Revision, StoreError> {
    let drafts = steps.iter().map(|step| {
        let changed = BatchStateChanged {
            batch: step.batch,
            state: step.state as u32,
            reason: reason.to_owned(),
            preview_sha256: preview_sha256.to_vec(),
            black_from_plus_one: step.black_from.map_or(0, |day| u32::from(day.get()) + 1),
        };
        // As the entries that brought the batch.
        let known =
            writer.store().with_batches(|batches| batches.get(step.batch).map(|batch| partition(&batch.header)));
        Draft { hands: hands.clone(), partition: known.unwrap_or_default(), change: Change::BatchStateChanged(changed) }
    });
    let drafts = drafts.collect();
    let revision = writer.commit(drafts, Vec::new())?;
    let numbers: Vec<_> = steps.iter().map(|step| step.batch).collect();
    publish::publish_batches(registry, writer, &numbers);
    Ok(revision)
}
