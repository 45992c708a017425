//! A sample that is spread over pages and does not depend on the order in which they are looked at.
//!
//! What always holds: of the same changed devices the same are chosen: those of the smallest (turn, hash of the
//! page), where the turn is the how-manieth of its page a device is.

use super::SAMPLE_MAX;
use crate::{
    identity::EquipmentKey,
    page::{PageBits, PageId},
};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread(BTreeMap<(u32, u64, EquipmentKey), ()>);

impl Spread {
    /// Takes in the changed devices of a page.
    pub(super) fn take(&mut self, id: PageId, changed: &PageBits) {
        let count = changed.count();
        let hash = hash(id);
        // Up to so many, evenly over the page.
        let turns = count.min(SAMPLE_MAX as u32);
        for turn in 0..turns {
            if self.0.len() >= SAMPLE_MAX
                && self.0.last_key_value().is_some_and(|(last, ())| (turn, hash) > (last.0, last.1))
            {
                return;
            }
            let place = changed.iter().nth((turn * count / turns) as usize);
            if let Some(key) = place.and_then(|place| id.key(place)) {
                self.0.insert((turn, hash, key), ());
                self.cut();
            }
        }
    }

    /// Takes in another sample.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
        self.cut();
    }

    fn cut(&mut self) {
        while self.0.len() > SAMPLE_MAX {
            self.0.pop_last();
        }
    }

    /// The devices, ascending.
    pub(super) fn keys(&self) -> Vec<EquipmentKey> {
        let mut keys: Vec<_> = self.0.keys().map(|(_, _, key)| *key).collect();
        keys.sort_unstable();
        keys
    }
}

/// The finaliser of splitmix64 over TAC and page.
fn hash(id: PageId) -> u64 {
    let id = u64::from(id.tac().get()) << 16 | u64::from(id.page());
    let hash = (id ^ id >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}
