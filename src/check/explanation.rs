//! An answer with all that lies behind it, in plain terms: what doors for people show.
//!
//! Whoever can read the store implements [`Explain`]; doors only translate. Personal numbers are masked by whoever
//! shows them, so the terms here hold them whole and print them masked.

use super::{Answer, Inquiry};
use crate::{
    day::{self, Day, MomentError},
    identity::{EquipmentKey, Tac},
    pairing::{Number, PairingKind},
    revision::Revision,
};
use std::str::FromStr;

/// Explains answers. Blocking: it may read the disk, so doors call it away from the checks.
pub trait Explain: Send + Sync {
    /// The answer to a question with all that is known behind it.
    ///
    /// # Errors
    /// When the register is not ready or cannot be read.
    fn explain(&self, inquiry: &Inquiry, operator: Option<&str>, when: When) -> Result<Explanation, ExplainError>;
}

/// At which moment, and as of which state of the register, a question is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// The moment, in seconds since the Unix epoch. None: now, or that of the state.
    pub on: Option<i64>,
    /// The state.
    pub as_of: AsOf,
}

/// A state of the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest.
    #[default]
    Now,
    /// As of an entry.
    Revision(Revision),
    /// As it was at a moment, in seconds since the Unix epoch.
    Time(i64),
}

impl FromStr for AsOf {
    type Err = MomentError;

    /// A revision as answers show it (`1.42`), or a moment.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(revision) => Ok(Self::Revision(revision)),
            Err(_) => day::moment(text).map(Self::Time),
        }
    }
}

/// Why there is no such state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// A revision that this register never had.
    #[error("this register never had revision {asked}: it is at {newest}, and its revisions begin with 1.1")]
    Unknown {
        /// What was asked.
        asked: Revision,
        /// The newest.
        newest: Revision,
    },
    /// A moment before the first entry.
    #[error("the register did not exist then: its first entry was made at {first}")]
    BeforeFirst {
        /// When the first entry was made.
        first: String,
    },
}

/// Why an answer could not be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The register is being loaded.
    #[error(transparent)]
    NotReady(#[from] super::NotReady),
    /// There is no such state of the register.
    #[error(transparent)]
    AsOf(#[from] AsOfError),
    /// The register could not be read.
    #[error("the register could not be read: {0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// An answer with all that lies behind it.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What a check of the same question answers.
    pub answer: Answer,
    /// The device. `None`: the equipment value names none.
    pub key: Option<EquipmentKey>,
    /// Everything listed of the device, what decides first.
    pub evidence: Vec<EvidenceLine>,
    /// Numbers that it is paired with.
    pub pairings: Vec<PairingLine>,
    /// The other IMEIs of the same phone.
    pub linked: Vec<EquipmentKey>,
    /// What the TAC catalogue has.
    pub model: Option<Model>,
    /// What happened to it, newest first.
    pub history: Vec<HistoryLine>,
}

/// What a line of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// A listing.
    Listing,
    /// A pairing.
    Pairing,
    /// What is said of the model.
    Model,
}

impl EvidenceKind {
    /// The name on the wire and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Pairing => "pairing",
            Self::Model => "model",
        }
    }
}

/// How a line of evidence stands today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceState {
    /// In force.
    Valid,
    /// Suspended for investigation.
    Suspended,
    /// Ended.
    Expired,
    /// Staged, not approved yet.
    Planned,
    /// Taken back.
    Withdrawn,
}

impl EvidenceState {
    /// The name on the wire and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Planned => "planned",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One listing, pairing or model rule that speaks of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLine {
    /// What it is.
    pub kind: EvidenceKind,
    /// Class of a listing, kind of a pairing, rule of a model.
    pub class: String,
    /// The door. Empty: none.
    pub door: String,
    /// The batch; 0: none.
    pub batch: u64,
    /// The document that the batch names. Empty: none.
    pub document: String,
    /// Last day.
    pub valid_until: Option<Day>,
    /// How it stands.
    pub state: EvidenceState,
    /// Whether it decided.
    pub decisive: bool,
}

/// A number that the device is paired with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingLine {
    /// What the pairing does.
    pub kind: PairingKind,
    /// The number.
    pub number: Number,
    /// The door whose listings a binding binds. Empty for an allowance.
    pub door: String,
    /// The batch.
    pub batch: u64,
    /// Last day.
    pub valid_until: Option<Day>,
    /// Whether it is the number of the question.
    pub asked: bool,
}

/// A model, as the TAC catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its TAC.
    pub tac: Tac,
    /// Who makes it.
    pub manufacturer: String,
    /// What it is called.
    pub name: String,
    /// `exempt-type`, `barred-soft`, `barred-hard` or empty.
    pub rule: String,
}

/// One thing that happened to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// The journal entry.
    pub seq: u64,
    /// When, in seconds since the Unix epoch.
    pub unix_seconds: i64,
    /// What, as a phrase.
    pub what: String,
    /// By which door. Empty: none.
    pub door: String,
    /// The batch; 0: none.
    pub batch: u64,
    /// Who submitted it.
    pub principal: String,
    /// Who approved it. Empty: nobody had to.
    pub approver: String,
}
