//! The policy that a decision is made with.

use super::{Key, Value, Values};
use crate::{
    day::Day,
    listing::{Class, Mark},
    policy::Status,
};

/// Whether a grandfathered entry counts for every number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrandfatheredMode {
    /// With any number.
    Free,
    /// With its evidence number, or one that is allowed, only.
    PairedOnly,
}

impl GrandfatheredMode {
    /// The word of the settings document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::PairedOnly => "paired-only",
        }
    }
}

/// The policy in force for one operator (or for none) at one time: small, `Copy`, ready to decide with.
///
/// It comes from [`super::Settings`] only, so its values keep to the laws of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(in crate::policy) malformed: Status,
    pub(in crate::policy) test_tac: Status,
    pub(in crate::policy) duplicate: Status,
    pub(in crate::policy) grandfathered: Status,
    pub(in crate::policy) grandfathered_mode: GrandfatheredMode,
    pub(in crate::policy) grandfathered_cutoff: Day,
    pub(in crate::policy) grandfathered_enforcement: Day,
    pub(in crate::policy) tac_barred_soft: Status,
    pub(in crate::policy) suspended: Status,
    pub(in crate::policy) suspended_black_from: Option<Day>,
    pub(in crate::policy) pairing_mismatch: Status,
    pub(in crate::policy) number_needed: Status,
    pub(in crate::policy) expired: Status,
    pub(in crate::policy) not_registered: Status,
    pub(in crate::policy) not_registered_without_number: Option<Status>,
    pub(in crate::policy) tourist_days: u16,
    pub(in crate::policy) emergency_never_black: bool,
}

impl Default for Policy {
    /// Indonesia's. Part of the format of settings documents: never changed.
    fn default() -> Self {
        Self {
            malformed: Status::Greylisted,
            test_tac: Status::Greylisted,
            duplicate: Status::Greylisted,
            grandfathered: Status::Whitelisted,
            grandfathered_mode: GrandfatheredMode::Free,
            grandfathered_cutoff: CUTOFF,
            grandfathered_enforcement: ENFORCEMENT,
            tac_barred_soft: Status::Blacklisted,
            suspended: Status::Greylisted,
            suspended_black_from: None,
            pairing_mismatch: Status::Blacklisted,
            number_needed: Status::Greylisted,
            expired: Status::Blacklisted,
            not_registered: Status::Blacklisted,
            not_registered_without_number: None,
            tourist_days: 90,
            emergency_never_black: true,
        }
    }
}

fn is_due(from: Option<Day>, today: Day) -> bool {
    from.is_some_and(|from| from <= today)
}

/// 2020-04-18: the rule's own date.
const CUTOFF: Day = day_of(18_370);
/// 2020-09-15: blocking began at 22:00 WIB.
const ENFORCEMENT: Day = day_of(18_520);

const fn day_of(days: u16) -> Day {
    match Day::from_stored(days) {
        Some(day) => day,
        None => Day::MAX,
    }
}

impl Policy {
    /// Whether grandfathered entries count for their numbers only.
    pub const fn is_paired_only(&self) -> bool {
        matches!(self.grandfathered_mode, GrandfatheredMode::PairedOnly)
    }

    /// The last day on which a device counts as seen before the rule.
    pub const fn grandfathered_cutoff(&self) -> Day {
        self.grandfathered_cutoff
    }

    /// How many days a tourist's listing lasts.
    pub const fn tourist_days(&self) -> u16 {
        self.tourist_days
    }

    /// What an unlisted device gets. A question without number gets the same, unless that is set apart.
    pub(in crate::policy) const fn unlisted(&self, has_number: bool) -> Status {
        match self.not_registered_without_number {
            Some(apart) if !has_number => apart,
            _ => self.not_registered,
        }
    }

    /// What an emergency question gets instead of a status.
    pub(in crate::policy) const fn in_emergency(&self, status: Status) -> Status {
        match status {
            Status::Blacklisted if self.emergency_never_black => Status::Greylisted,
            other => other,
        }
    }

    /// What a suspended listing gets: black from its own day or from the policy's. A grandfathered entry
    /// has no day of its own, because its day is that of first sight.
    pub(in crate::policy) fn suspended_status(&self, mark: &Mark, today: Day) -> Status {
        let own = mark.since().filter(|_| mark.class != Class::Grandfathered);
        if is_due(own, today) { Status::Blacklisted } else { self.suspended_plain(today) }
    }

    /// What a suspended listing without a day of its own gets: never worse than one with a day.
    pub(in crate::policy) fn suspended_plain(&self, today: Day) -> Status {
        if is_due(self.suspended_black_from, today) { Status::Blacklisted } else { self.suspended }
    }

    /// The same policy with the values of a document's table.
    pub(super) fn with_all(mut self, values: &Values) -> Self {
        for (&key, &value) in values {
            self.set(key, value);
        }
        self
    }

    /// A value of another kind than its key's changes nothing: reading a document has refused it.
    pub(in crate::policy) fn set(&mut self, key: Key, value: Value) {
        match (key, value) {
            (Key::Malformed, Value::Status(status)) => self.malformed = status,
            (Key::TestTac, Value::Status(status)) => self.test_tac = status,
            (Key::Duplicate, Value::Status(status)) => self.duplicate = status,
            (Key::Grandfathered, Value::Status(status)) => self.grandfathered = status,
            (Key::GrandfatheredMode, Value::Mode(mode)) => self.grandfathered_mode = mode,
            (Key::GrandfatheredCutoff, Value::Day(day)) => self.grandfathered_cutoff = day,
            (Key::GrandfatheredEnforcement, Value::Day(day)) => self.grandfathered_enforcement = day,
            (Key::TacBarredSoft, Value::Status(status)) => self.tac_barred_soft = status,
            (Key::Suspended, Value::Status(status)) => self.suspended = status,
            (Key::SuspendedBlackFrom, Value::Day(day)) => self.suspended_black_from = Some(day),
            (Key::PairingMismatch, Value::Status(status)) => self.pairing_mismatch = status,
            (Key::NumberNeeded, Value::Status(status)) => self.number_needed = status,
            (Key::Expired, Value::Status(status)) => self.expired = status,
            (Key::NotRegistered, Value::Status(status)) => self.not_registered = status,
            (Key::NotRegisteredWithoutNumber, Value::Status(status)) => {
                self.not_registered_without_number = Some(status)
            }
            (Key::TouristDays, Value::Days(days)) => self.tourist_days = days,
            (Key::EmergencyNeverBlack, Value::Flag(flag)) => self.emergency_never_black = flag,
            _ => {}
        }
    }
}
