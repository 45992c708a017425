//! What came through each door: for figures and alarms.

use crate::{
    journal::Change,
    listing::Door,
    store::{Store, StoreError},
};
use std::collections::BTreeMap;

/// What came through one door since the register began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoorFigures {
    /// Batches that were put in force.
    pub batches: u64,
    /// Devices, pairings, subscribers, models or classes that they added.
    pub added: u64,
    /// The same that they removed.
    pub removed: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// When the last one was put in force, in seconds since the Unix epoch. The age of the door counts from here.
    pub last_unix_seconds: i64,
}

/// The figures of every door through which something came, in one pass over the journal.
///
/// # Errors
/// When the journal is damaged.
pub fn doors(store: &Store) -> Result<BTreeMap<Door, DoorFigures>, StoreError> {
    let mut doors: BTreeMap<Door, DoorFigures> = BTreeMap::new();
    for entry in store.entries(1)? {
        let entry = entry?;
        let Some(Change::BatchActivated(activated)) = &entry.change else { continue };
        let door = store.with_batches(|batches| batches.get(activated.batch).map(|batch| batch.header.door));
        if let Some(door) = door {
            let figures = doors.entry(door).or_default();
            figures.batches += 1;
            figures.added += activated.added;
            figures.removed += activated.removed;
            figures.rejected += activated.rejected;
            figures.last_unix_seconds = entry.time_unix_ms.div_euclid(1000);
        }
    }
    Ok(doors)
}
