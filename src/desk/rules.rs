//! The rules of the desk, as data: how long personal values are kept, how long cases may take.
//!
//! One TOML document, kept in the desk's database; a change of it is on record. What always holds: a document with an
//! unknown word is refused as a whole.

use super::{Agent, Deed, Desk, DeskError, Kind, Party, look::Recorded};
use crate::{
    listing::TermError,
    store::{DeskChange, DeskFamily, Kept},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const META_RULES: &[u8] = b"rules";
/// Ten years.
const DAYS_MAX: u32 = 3653;
/// A year.
const HOURS_MAX: u32 = 8784;
/// Bytes of a document.
const DOCUMENT_BYTES_MAX: usize = 64 << 10;

/// The rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskRules {
    /// Hours in which an owner must act, where no other rule says more.
    pub due_hours_default: DueHours,
    /// How long personal values are kept.
    pub retention_days: Retention,
    /// How much is kept of refusals.
    pub refusals: Refusals,
    /// The same by kind of case, then by owner: `[due_hours.paid-unlisted]`, `customs = 48`.
    pub due_hours: BTreeMap<String, BTreeMap<String, u32>>,
}

/// Hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueHours(u32);

impl Default for DueHours {
    /// Two days: what officials promise.
    fn default() -> Self {
        Self(48)
    }
}

/// How much is kept of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refusals {
    /// Rows (a device or number and day is one), about, from which on the oldest days go and nothing is added today.
    pub rows_max: u64,
}

impl Default for Refusals {
    /// About 2 GB.
    fn default() -> Self {
        Self { rows_max: 20_000_000 }
    }
}

/// Days after which personal values are erased, by kind. The entries stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Of lookups, and of questions who looked at a number.
    pub lookup: u32,
    /// Of numbers that were revealed.
    pub reveal: u32,
    /// Of refusals: their days go as a whole.
    pub refusal: u32,
    /// Of cases, after they were closed.
    pub case: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { lookup: 365, reveal: 1826, refusal: 90, case: 730 }
    }
}

impl Retention {
    /// Days for the values of a deed.
    pub const fn of(&self, deed: Deed) -> u32 {
        match deed {
            Deed::Reveal | Deed::Breach | Deed::Erased | Deed::Rules | Deed::Registration => self.reveal,
            Deed::LookUp | Deed::Who | Deed::Case | Deed::CaseChange => self.lookup,
        }
    }
}

/// Why a document is refused.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Not TOML, or with unknown words.
    #[error("the document cannot be read: {0}")]
    Unread(#[from] toml::de::Error),
    /// It cannot be written.
    #[error("the rules cannot be written: {0}")]
    Unwritten(#[from] toml::ser::Error),
    /// A number out of its bounds.
    #[error("{name} is {value}: {rule}")]
    Bounds {
        /// Which.
        name: &'static str,
        /// Its value.
        value: u32,
        /// What it must be.
        rule: &'static str,
    },
    /// A kind or an owner that there is not.
    #[error(transparent)]
    Term(#[from] TermError),
    /// More than a document of rules.
    #[error("the document has more than {DOCUMENT_BYTES_MAX} bytes")]
    TooLong,
}

impl DeskRules {
    /// Reads a document; what it does not name is as built in.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown word, or a number is out of its bounds.
    pub fn read(document: &str) -> Result<Self, RulesError> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(RulesError::TooLong);
        }
        let rules: Self = toml::from_str(document)?;
        let Retention { lookup, reveal, refusal, case } = rules.retention_days;
        let bounded = [
            ("retention_days.lookup", lookup),
            ("retention_days.reveal", reveal),
            ("retention_days.refusal", refusal),
            ("retention_days.case", case),
        ];
        for (name, value) in bounded {
            if value == 0 || value > DAYS_MAX {
                return Err(RulesError::Bounds { name, value, rule: "1 to 3653 days" });
            }
        }
        rules.check_due()?;
        Ok(rules)
    }

    fn check_due(&self) -> Result<(), RulesError> {
        let named = self
            .due_hours
            .iter()
            .flat_map(|(kind, owners)| owners.iter().map(move |(owner, hours)| (kind, owner, *hours)));
        for (kind, owner, hours) in named {
            kind.parse::<Kind>()?;
            owner.parse::<Party>()?;
            check_hours("due_hours", hours)?;
        }
        check_hours("due_hours_default", self.due_hours_default.0)
    }

    /// Hours in which an owner must act on a kind of case.
    pub fn due_hours(&self, kind: Kind, owner: Party) -> u32 {
        let named = self.due_hours.get(kind.name()).and_then(|owners| owners.get(owner.name()));
        named.copied().unwrap_or(self.due_hours_default.0)
    }

    /// The document.
    ///
    /// # Errors
    /// Never, with the fields that there are.
    pub fn document(&self) -> Result<String, RulesError> {
        Ok(toml::to_string(self)?)
    }
}

fn check_hours(name: &'static str, value: u32) -> Result<(), RulesError> {
    if value == 0 || value > HOURS_MAX {
        return Err(RulesError::Bounds { name, value, rule: "1 to 8784 hours" });
    }
    Ok(())
}

impl Desk {
    /// The rules in force.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn rules(&self) -> Result<DeskRules, DeskError> {
        match self.desk.get(DeskFamily::Meta, META_RULES)? {
            Some(document) => Ok(DeskRules::read(&String::from_utf8_lossy(&document))?),
            None => Ok(DeskRules::default()),
        }
    }

    /// Changes the rules.
    ///
    /// # Errors
    /// When the document is refused or cannot be kept.
    pub fn set_rules(&self, agent: &Agent, document: &str, why: &str) -> Result<DeskRules, DeskError> {
        let rules = DeskRules::read(document)?;
        let why = super::purpose(why)?;
        let recorded = Recorded { about: "rules", text: rules.document()?, why, ..Recorded::default() };
        self.record(agent, Deed::Rules, recorded)?;
        let value = Some(rules.document()?.into_bytes());
        let change = DeskChange { family: DeskFamily::Meta, key: META_RULES.to_vec(), value };
        self.desk.write(&[change], Kept::Synced)?;
        Ok(rules)
    }
}
