//! Capacity: how full the register is, by door and state, and in how many days it will be full.
//!
//! A register was 95 % full eight days after its launch, of phones that were planned and never made. So plans are
//! counted apart and take no place, and the days to a limit are told at two growth rates.
//! What always holds: an IMEI counts once for each batch that lists it, and once less for each that takes it off.
//! Pairings, subscribers and models are not counted: they have no limit of IMEIs.

use crate::{
    batch::{Batch, BatchNumber, BatchState, Batches},
    day::Day,
    hot::{EntryKind, Stats},
    journal::{BatchActivated, Change, Entry},
    listing::Door,
    store::{Store, StoreError},
};
use std::collections::BTreeMap;

/// What national registers were announced to hold.
pub const LIMIT_DEFAULT: u64 = 2_000_000_000;

/// Days of the mean growth.
const MEAN_DAYS: u16 = 30;
/// Days of a week in which growth was highest.
const PEAK_DAYS: u16 = 7;
/// Days in which that week is looked for.
const PEAK_WITHIN_DAYS: u16 = 90;

/// IMEIs of one door by the state of their batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoorUse {
    /// In force.
    pub active: u64,
    /// Suspended for investigation.
    pub suspended: u64,
    /// In force by the batch's state, but its last day is over. They still take their place.
    pub expired: u64,
    /// Approved as a plan, not realised and not lapsed.
    pub planned: u64,
    /// Planned, lapsed and never realised.
    pub lapsed: u64,
    /// Waiting for an approver.
    pub submitted: u64,
    /// Taken back.
    pub withdrawn: u64,
}

impl DoorUse {
    /// Names and figures, in the order in which they are shown.
    pub const fn states(&self) -> [(&'static str, u64); 7] {
        [
            ("active", self.active),
            ("suspended", self.suspended),
            ("expired", self.expired),
            ("planned", self.planned),
            ("lapsed", self.lapsed),
            ("submitted", self.submitted),
            ("withdrawn", self.withdrawn),
        ]
    }

    /// What takes a place in the register.
    pub const fn used(&self) -> u64 {
        self.active + self.suspended + self.expired
    }

    fn add(&mut self, other: Self) {
        let Self { active, suspended, expired, planned, lapsed, submitted, withdrawn } = other;
        self.active += active;
        self.suspended += suspended;
        self.expired += expired;
        self.planned += planned;
        self.lapsed += lapsed;
        self.submitted += submitted;
        self.withdrawn += withdrawn;
    }
}

/// What the bodies of a register bring, and when they came in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    bodies: BTreeMap<BatchNumber, (u64, u64)>,
    /// IMEIs more, by the day on which batches first came in force.
    grown: BTreeMap<Day, i64>,
}

impl Brought {
    /// Takes the next entry of the journal. `batches`: the table of all of them.
    pub fn take(&mut self, entry: &Entry, batches: &Batches) {
        let body = |body: &BatchActivated| (body.batch, (body.added, body.removed));
        let activated = match &entry.change {
            Some(Change::BatchActivated(activated)) => {
                self.bodies.extend([body(activated)]);
                activated.batch
            }
            Some(Change::BatchSubmitted(submitted)) => {
                self.bodies.extend(submitted.body.as_ref().map(body));
                return;
            }
            Some(Change::BatchStateChanged(changed)) => changed.batch,
            _ => return,
        };
        let Some(batch) = batches.get(activated).filter(|batch| batch.header.class.is_some()) else { return };
        let first = batch.states.iter().find(|(_, state)| *state == BatchState::Active);
        if first.is_some_and(|(seq, _)| *seq == entry.seq) {
            let (added, removed) = self.bodies.get(&activated).copied().unwrap_or_default();
            let day = Day::of_unix_seconds(entry.time_unix_ms.div_euclid(1000));
            let grown = self.grown.entry(day).or_default();
            *grown = grown.saturating_add_unsigned(added).saturating_sub_unsigned(removed);
        }
    }

    /// IMEIs a day.
    pub fn growth(&self, today: Day) -> Growth {
        let of_last = |days: u16, until: u16| -> i64 {
            let after = until.saturating_sub(days);
            self.grown.iter().filter(|(day, _)| day.get() > after && day.get() <= until).map(|(_, grown)| grown).sum()
        };
        let weeks = (0..=PEAK_WITHIN_DAYS - PEAK_DAYS).map(|ago| of_last(PEAK_DAYS, today.get().saturating_sub(ago)));
        Growth {
            mean: of_last(MEAN_DAYS, today.get()) as f64 / f64::from(MEAN_DAYS),
            peak: weeks.max().unwrap_or(0) as f64 / f64::from(PEAK_DAYS),
        }
    }

    /// IMEIs by door.
    pub fn doors(&self, batches: &Batches, today: Day) -> BTreeMap<Door, DoorUse> {
        let mut doors: BTreeMap<Door, DoorUse> = BTreeMap::new();
        let mut taken_off: BTreeMap<Door, u64> = BTreeMap::new();
        for (number, batch) in batches.iter().filter(|(_, batch)| batch.header.class.is_some()) {
            let (added, removed) = self.bodies.get(&number).copied().unwrap_or((batch.added, 0));
            let door = batch.header.door;
            doors.entry(door).or_default().add(of_batch(batch, added, today));
            if batch.newest().1.is_evidence() {
                *taken_off.entry(door).or_default() += removed;
            }
        }
        // A list takes off what its own door listed.
        for (door, mut gone) in taken_off {
            let Some(of_door) = doors.get_mut(&door) else { continue };
            for state in [&mut of_door.active, &mut of_door.suspended, &mut of_door.expired] {
                let taken = gone.min(*state);
                *state -= taken;
                gone -= taken;
            }
        }
        doors
    }
}

fn of_batch(batch: &Batch, added: u64, today: Day) -> DoorUse {
    let none = DoorUse::default();
    match batch.newest().1 {
        BatchState::Active if batch.header.valid_until.is_some_and(|last| last < today) => {
            DoorUse { expired: added, ..none }
        }
        BatchState::Active => DoorUse { active: added, ..none },
        BatchState::Suspended => DoorUse { suspended: added, ..none },
        BatchState::Planned if batch.header.declared.lapses.is_some_and(|last| last < today) => {
            DoorUse { lapsed: added, ..none }
        }
        BatchState::Planned => DoorUse { planned: added, ..none },
        BatchState::Expired => DoorUse { lapsed: added, ..none },
        BatchState::Submitted => DoorUse { submitted: added, ..none },
        BatchState::Withdrawn => DoorUse { withdrawn: added, ..none },
        BatchState::Staged | BatchState::Rejected | BatchState::Discarded => none,
    }
}

/// How fast a register grows, in IMEIs a day, by the days on which batches first came in force.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    /// Mean of the last 30 days.
    pub mean: f64,
    /// Mean of the 7 days of the last 90 in which it grew most.
    pub peak: f64,
}

/// Days until a limit is reached. `None`: never at this rate.
pub fn days_left(used: u64, limit: u64, rate: f64) -> Option<f64> {
    match limit.checked_sub(used) {
        None | Some(0) => Some(0.0),
        Some(left) if rate > 0.0 => Some(left as f64 / rate),
        Some(_) => None,
    }
}

/// What a billion IMEIs take, as measured on a register. `None` where it holds no IMEI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// IMEIs in the hot sets. One that is listed in two classes counts twice.
    pub imeis: u64,
    /// Bytes of all hot sets.
    pub memory: u64,
    /// Bytes of the live table files.
    pub disk: u64,
}

impl Cost {
    /// Measures: hot sets as they were loaded, and the live table files.
    pub fn measure(stats: &Stats, disk: u64) -> Self {
        let is_device =
            |kind: &EntryKind| matches!(kind, EntryKind::Registered | EntryKind::Grandfathered | EntryKind::Mark(_));
        let imeis = EntryKind::all().filter(is_device).map(|kind| stats.entries(kind)).sum();
        Self { imeis, memory: stats.total_bytes(), disk }
    }

    /// Bytes a billion IMEIs would take in memory, with all that this register holds beside each.
    pub fn memory_per_billion(&self) -> Option<u64> {
        per_billion(self.memory, self.imeis)
    }

    /// The same on the disk.
    pub fn disk_per_billion(&self) -> Option<u64> {
        per_billion(self.disk, self.imeis)
    }
}

fn per_billion(bytes: u64, imeis: u64) -> Option<u64> {
    const BILLION: u128 = 1_000_000_000;
    (u128::from(bytes) * BILLION).checked_div(u128::from(imeis)).map(|each| u64::try_from(each).unwrap_or(u64::MAX))
}

/// How full a register is.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    /// By door.
    pub doors: BTreeMap<Door, DoorUse>,
    /// IMEIs a day.
    pub growth: Growth,
}

impl Capacity {
    /// All doors together.
    pub fn total(&self) -> DoorUse {
        let mut total = DoorUse::default();
        self.doors.values().for_each(|door| total.add(*door));
        total
    }
}

/// How full a register is on a day, in one pass over the journal.
///
/// # Errors
/// When the journal is damaged.
pub fn capacity(store: &Store, today: Day) -> Result<Capacity, StoreError> {
    // First the entries, then the table: each entry that is read finds its batch there.
    let entries = store.entries(1)?;
    let batches = store.batches();
    let mut brought = Brought::default();
    for entry in entries {
        brought.take(&entry?, &batches);
    }
    Ok(Capacity { doors: brought.doors(&batches, today), growth: brought.growth(today) })
}

#[cfg(test)]
mod tests;
