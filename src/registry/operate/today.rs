//! What was entered one by one today, by clerk and by outlet.
//!
//! A busy day has a million registrations, and the limits of a door are looked at with each of them: so entries are
//! counted as they come and not from the morning on each time. What always holds: the counts are those of the batches of
//! the register, whoever wrote them.

use super::{SINGLE, guards::today_began_ms};
use crate::{
    batch::BatchNumber,
    listing::Door,
    store::{Store, StoreError},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// See the module.
#[derive(Debug, Default)]
pub(in crate::registry) struct Today(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// When the day began, in milliseconds since the Unix epoch.
    began_ms: i64,
    /// The newest batch that is counted.
    last: BatchNumber,
    clerks: HashMap<(Door, String), u32>,
    outlets: HashMap<(Door, String), u32>,
}

impl Today {
    /// Entries of a clerk and of an outlet through a door.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn entries(
        &self,
        store: &Store,
        door: Door,
        clerk: &str,
        outlet: &str,
    ) -> Result<(u32, u32), StoreError> {
        let began_ms = today_began_ms();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.began_ms != began_ms {
            let last = store.last_entry_before(began_ms)?.unwrap_or(0);
            *counts = Counts { began_ms, last, ..Counts::default() };
        }
        let mut last = counts.last;
        for (number, batch) in store.batches().above(counts.last) {
            last = last.max(number);
            let header = &batch.header;
            if header.declared.mode == SINGLE {
                *counts.clerks.entry((header.door, header.submitter.clone())).or_default() += 1;
                *counts.outlets.entry((header.door, header.declared.outlet.clone())).or_default() += 1;
            }
        }
        counts.last = last;
        let of = |all: &HashMap<(Door, String), u32>, name: &str| {
            all.get(&(door, name.to_owned())).copied().unwrap_or_default()
        };
        Ok((of(&counts.clerks, clerk), of(&counts.outlets, outlet)))
    }
}
