//! Which IMEIs are one phone.
//!
//! A phone with two SIM slots has two IMEIs, each listed by itself. A list links them by a second IMEI on
//! the line, or by one `device_id` on several lines. What always holds: a group has 2 to 16 IMEIs; a
//! larger one is a placeholder (`0`, `unknown`), not a phone, and links nothing.

use super::{
    desk::{At, Desk},
    gathered::Warning,
    merge::Places,
};
use crate::identity::EquipmentKey;
use xxhash_rust::xxh3::xxh3_128;

/// Most IMEIs of one phone.
pub(super) const GROUP_IMEIS_MAX: usize = 16;

/// Links as lists give them.
#[derive(Default)]
pub(super) struct Links {
    /// By the hash of a device id: 128 bits, so that two ids do not meet, and no text is held for a row.
    by_id: Vec<(u128, EquipmentKey, At)>,
    pairs: Vec<([EquipmentKey; 2], At)>,
}

impl Links {
    /// The IMEIs of one row.
    pub(super) fn add(&mut self, key: EquipmentKey, second: Option<EquipmentKey>, device_id: &str, at: At) {
        if !device_id.is_empty() {
            let id = xxh3_128(device_id.as_bytes());
            self.by_id.extend([Some(key), second].into_iter().flatten().map(|key| (id, key, at)));
        } else if let Some(second) = second {
            self.pairs.push(([key, second], at));
        }
    }

    /// Takes those of later rows.
    pub(super) fn append(&mut self, mut later: Self) {
        self.by_id.append(&mut later.by_id);
        self.pairs.append(&mut later.pairs);
    }

    /// Groups of two and more, without those of rejected lines.
    pub(super) fn into_groups(mut self, rejected: &Places, desk: &mut Desk<'_>) -> Vec<Vec<EquipmentKey>> {
        self.by_id.retain(|(.., at)| !rejected.contains(*at));
        self.by_id.sort_unstable();
        let mut groups = Vec::new();
        for members in self.by_id.chunk_by(|left, right| left.0 == right.0) {
            let mut group: Vec<EquipmentKey> = members.iter().map(|(_, key, _)| *key).collect();
            group.dedup();
            match group.len() {
                0 | 1 => {}
                2..=GROUP_IMEIS_MAX => groups.push(group),
                _ => desk.warn(Warning::LargeGroup, members.iter().map(|(.., at)| *at).min().unwrap_or_default()),
            }
        }
        for (mut pair, _) in self.pairs.into_iter().filter(|(_, at)| !rejected.contains(*at)) {
            pair.sort_unstable();
            groups.push(pair.to_vec());
        }
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}
