//! Which settings there are, and which values each may have.
//!
//! The lists here hold the laws of the decision: the black list is black and a valid listing white, whatever
//! a document says, so there is no key for either; and what a suspended listing gets, or falls to, is never
//! better than what it gets in force (`grandfathered` is at worst grey, `suspended` and `tac_barred_soft`
//! at best).

use super::{GrandfatheredMode, Policy};
use crate::{day::Day, policy::Status};
use std::fmt;

/// The name of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Status of a value that is no IMEI.
    Malformed,
    /// Status of test TACs.
    TestTac,
    /// Status of a device under suspicion of duplication, unless it would be worse off without.
    Duplicate,
    /// Status of a grandfathered entry that counts.
    Grandfathered,
    /// Whether a grandfathered entry counts for every number.
    GrandfatheredMode,
    /// Last day on which a device counts as seen before the rule.
    GrandfatheredCutoff,
    /// Day on which blocking began.
    GrandfatheredEnforcement,
    /// Status of models under a soft bar.
    TacBarredSoft,
    /// Status of a suspended listing until it turns black.
    Suspended,
    /// Day from which every suspended listing is black.
    SuspendedBlackFrom,
    /// Status of a device that is listed or allowed for other numbers only.
    PairingMismatch,
    /// The same where the question brought no number.
    NumberNeeded,
    /// Status of a device whose best listing has ended.
    Expired,
    /// Status of a device that is on no list.
    NotRegistered,
    /// The same where the question brought no number.
    NotRegisteredWithoutNumber,
    /// How many days a tourist's listing lasts.
    TouristDays,
    /// Whether an emergency question is never answered black.
    EmergencyNeverBlack,
}

/// The value of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `white`, `grey`, `unknown`, `black`.
    Status(Status),
    /// `free`, `paired-only`.
    Mode(GrandfatheredMode),
    /// A date.
    Day(Day),
    /// A number of days.
    Days(u16),
    /// `true`, `false`.
    Flag(bool),
}

/// Which values a key may have.
pub(super) enum Allowed {
    /// One of these words.
    Words(&'static [Value]),
    /// Any date.
    Day,
    /// A number of days from 1 to [`TOURIST_DAYS_MAX`].
    Days,
    /// Yes or no.
    Flag,
}

/// Longest tourist listing, in days.
pub(super) const TOURIST_DAYS_MAX: u16 = 366;

const WHITE: Value = Value::Status(Status::Whitelisted);
const GREY: Value = Value::Status(Status::Greylisted);
const UNKNOWN: Value = Value::Status(Status::Unknown);
const BLACK: Value = Value::Status(Status::Blacklisted);
const FREE: Value = Value::Mode(GrandfatheredMode::Free);
const PAIRED_ONLY: Value = Value::Mode(GrandfatheredMode::PairedOnly);

impl Key {
    /// All of them, in the order in which documents and screens show them.
    pub const ALL: &'static [Self] = &[
        Self::Malformed,
        Self::TestTac,
        Self::Duplicate,
        Self::Grandfathered,
        Self::GrandfatheredMode,
        Self::GrandfatheredCutoff,
        Self::GrandfatheredEnforcement,
        Self::TacBarredSoft,
        Self::Suspended,
        Self::SuspendedBlackFrom,
        Self::PairingMismatch,
        Self::NumberNeeded,
        Self::Expired,
        Self::NotRegistered,
        Self::NotRegisteredWithoutNumber,
        Self::TouristDays,
        Self::EmergencyNeverBlack,
    ];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TestTac => "test_tac",
            Self::Duplicate => "duplicate",
            Self::Grandfathered => "grandfathered",
            Self::GrandfatheredMode => "grandfathered_mode",
            Self::GrandfatheredCutoff => "grandfathered_cutoff",
            Self::GrandfatheredEnforcement => "grandfathered_enforcement",
            Self::TacBarredSoft => "tac_barred_soft",
            Self::Suspended => "suspended",
            Self::SuspendedBlackFrom => "suspended_black_from",
            Self::PairingMismatch => "pairing_mismatch",
            Self::NumberNeeded => "number_needed",
            Self::Expired => "expired",
            Self::NotRegistered => "not_registered",
            Self::NotRegisteredWithoutNumber => "not_registered_without_number",
            Self::TouristDays => "tourist_days",
            Self::EmergencyNeverBlack => "emergency_never_black",
        }
    }

    /// The key of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.name() == name)
    }

    pub(super) const fn allowed(self) -> Allowed {
        match self {
            Self::Grandfathered => Allowed::Words(&[WHITE, GREY]),
            Self::Duplicate => Allowed::Words(&[GREY, BLACK]),
            Self::Suspended | Self::TacBarredSoft => Allowed::Words(&[GREY, UNKNOWN, BLACK]),
            Self::Malformed
            | Self::TestTac
            | Self::PairingMismatch
            | Self::NumberNeeded
            | Self::Expired
            | Self::NotRegistered
            | Self::NotRegisteredWithoutNumber => Allowed::Words(&[WHITE, GREY, UNKNOWN, BLACK]),
            Self::GrandfatheredMode => Allowed::Words(&[FREE, PAIRED_ONLY]),
            Self::GrandfatheredCutoff | Self::GrandfatheredEnforcement | Self::SuspendedBlackFrom => Allowed::Day,
            Self::TouristDays => Allowed::Days,
            Self::EmergencyNeverBlack => Allowed::Flag,
        }
    }

    /// The bound of a document that does not name this key: among these values operators may choose.
    pub(super) const fn default_bound(self) -> &'static [Value] {
        match self {
            Self::NotRegistered | Self::NotRegisteredWithoutNumber | Self::Malformed => &[WHITE, GREY, UNKNOWN, BLACK],
            Self::TestTac | Self::NumberNeeded => &[WHITE, GREY, BLACK],
            Self::GrandfatheredMode => &[FREE, PAIRED_ONLY],
            _ => &[],
        }
    }

    /// The value in a policy. `None`: it is not set.
    pub fn of(self, policy: &Policy) -> Option<Value> {
        Some(match self {
            Self::Malformed => Value::Status(policy.malformed),
            Self::TestTac => Value::Status(policy.test_tac),
            Self::Duplicate => Value::Status(policy.duplicate),
            Self::Grandfathered => Value::Status(policy.grandfathered),
            Self::GrandfatheredMode => Value::Mode(policy.grandfathered_mode),
            Self::GrandfatheredCutoff => Value::Day(policy.grandfathered_cutoff),
            Self::GrandfatheredEnforcement => Value::Day(policy.grandfathered_enforcement),
            Self::TacBarredSoft => Value::Status(policy.tac_barred_soft),
            Self::Suspended => Value::Status(policy.suspended),
            Self::SuspendedBlackFrom => Value::Day(policy.suspended_black_from?),
            Self::PairingMismatch => Value::Status(policy.pairing_mismatch),
            Self::NumberNeeded => Value::Status(policy.number_needed),
            Self::Expired => Value::Status(policy.expired),
            Self::NotRegistered => Value::Status(policy.not_registered),
            Self::NotRegisteredWithoutNumber => Value::Status(policy.not_registered_without_number?),
            Self::TouristDays => Value::Days(policy.tourist_days),
            Self::EmergencyNeverBlack => Value::Flag(policy.emergency_never_black),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Value {
    /// The value as a document has it.
    pub(super) fn toml(&self) -> String {
        match self {
            Self::Status(_) | Self::Mode(_) => format!("\"{self}\""),
            Self::Day(_) | Self::Days(_) | Self::Flag(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => f.pad(status.word()),
            Self::Mode(mode) => f.pad(mode.name()),
            Self::Day(day) => day.fmt(f),
            Self::Days(days) => days.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}
