//! How much the hot sets hold, and what it costs in memory.
//!
//! Counted chunk by chunk when chunks change, so that asking is cheap at any size.
//! What always holds: the bytes of all kinds and the directory bytes add up to what was allocated.

use super::{
    devices::{DeviceChunk, DeviceSet},
    memory,
};
use crate::listing::Class;

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Devices with an unbound listing without end.
    Registered,
    /// Devices with a plain grandfathered entry.
    Grandfathered,
    /// Devices whose plain listing is suspended.
    Suspended,
    /// Marks of a class.
    Mark(Class),
    /// Allowances.
    Allowance,
    /// Bindings.
    Binding,
    /// IMSIs in the subscriber map.
    Subscriber,
    /// TACs with a rule.
    TacRule,
}

impl EntryKind {
    const COUNT: usize = 7 + Class::ALL.len();

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let plain = [Self::Registered, Self::Grandfathered, Self::Suspended];
        let marks = Class::ALL.iter().copied().map(Self::Mark);
        plain.into_iter().chain(marks).chain([Self::Allowance, Self::Binding, Self::Subscriber, Self::TacRule])
    }

    /// The name in figures and JSON.
    pub fn name(self) -> String {
        match self {
            Self::Registered => "registered".to_owned(),
            Self::Grandfathered => "grandfathered".to_owned(),
            Self::Suspended => "suspended".to_owned(),
            // Registered devices that are marks have an end date or a bound number.
            Self::Mark(Class::Registered) => "temporary".to_owned(),
            Self::Mark(Class::Grandfathered) => "grandfathered_dated".to_owned(),
            Self::Mark(class) => class.name().to_owned(),
            Self::Allowance => "pairing".to_owned(),
            Self::Binding => "binding".to_owned(),
            Self::Subscriber => "subscriber".to_owned(),
            Self::TacRule => "tac_rule".to_owned(),
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Registered => 0,
            Self::Grandfathered => 1,
            Self::Allowance => 2,
            Self::Binding => 3,
            Self::Subscriber => 4,
            Self::TacRule => 5,
            Self::Suspended => 6,
            Self::Mark(class) => 7 + Class::ALL.iter().position(|other| *other == class).unwrap_or(0),
        }
    }
}

/// Entries and bytes of the hot sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    tally: Tally,
    directories: u64,
}

impl Stats {
    pub(super) const fn new(tally: Tally, directories: u64) -> Self {
        Self { tally, directories }
    }

    /// Number of entries of a kind.
    pub fn entries(&self, kind: EntryKind) -> u64 {
        self.tally.entries[kind.index()]
    }

    /// Bytes that the entries of a kind take by themselves.
    pub fn bytes(&self, kind: EntryKind) -> u64 {
        self.tally.bytes[kind.index()]
    }

    /// Bytes of directories, chunk headers, indexes, the marked sets, and what the allocator rounds up.
    pub fn directory_bytes(&self) -> u64 {
        self.total_bytes() - self.tally.bytes.iter().sum::<u64>()
    }

    /// All bytes that the hot sets take, as the allocator counts them.
    pub const fn total_bytes(&self) -> u64 {
        self.tally.allocated + self.directories
    }
}

/// Counts that can be added and taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    entries: [u64; EntryKind::COUNT],
    bytes: [u64; EntryKind::COUNT],
    allocated: u64,
}

impl Tally {
    /// A tally of no entries that has allocated so many bytes.
    pub(super) fn of_allocation(bytes: u64) -> Self {
        Self { allocated: bytes, ..Self::default() }
    }

    /// Bytes that are allocated.
    pub(super) const fn allocated(&self) -> u64 {
        self.allocated
    }

    pub(super) fn count(&mut self, kind: EntryKind, entries: u64, bytes: u64) {
        self.entries[kind.index()] += entries;
        self.bytes[kind.index()] += bytes;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_add);
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.combine(other, u64::wrapping_sub);
    }

    fn combine(&mut self, other: &Self, by: impl Fn(u64, u64) -> u64) {
        self.entries.iter_mut().zip(other.entries).for_each(|(mine, theirs)| *mine = by(*mine, theirs));
        self.bytes.iter_mut().zip(other.bytes).for_each(|(mine, theirs)| *mine = by(*mine, theirs));
        self.allocated = by(self.allocated, other.allocated);
    }
}

/// A chunk that can be counted.
pub(super) trait Chunk {
    /// What it holds and what it has allocated.
    fn tally(&self) -> Tally;
}

impl Chunk for DeviceChunk {
    fn tally(&self) -> Tally {
        let mut tally = Tally::of_allocation(memory::of_shared_slice::<u64>(self.words().len()));
        for (set, kind) in [
            (DeviceSet::Registered, EntryKind::Registered),
            (DeviceSet::Grandfathered, EntryKind::Grandfathered),
            (DeviceSet::Suspended, EntryKind::Suspended),
        ] {
            let (devices, bytes) = self.count(set);
            tally.count(kind, devices, bytes);
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        let mut places: Vec<_> = EntryKind::all().map(EntryKind::index).collect();
        places.sort_unstable();
        assert_eq!(places, (0..EntryKind::COUNT).collect::<Vec<_>>());
    }
}
