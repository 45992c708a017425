//! Entries about orders: what takes two persons, what they decided, and what watches over all of it.

use super::Change;
use prost::Message;

/// A change that waits for another person. Its number is the entry's `seq`.
#[derive(Clone, PartialEq, Message)]
pub struct Proposed {
    /// Why.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// What is to be done.
    #[prost(
        oneof = "Change",
        tags = "16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36"
    )]
    pub change: Option<Change>,
}

/// One of several approvers has approved.
#[derive(Clone, PartialEq, Message)]
pub struct Endorsed {
    /// The proposal, or the batch.
    #[prost(uint64, tag = "1")]
    pub subject: u64,
    /// Code of the state that the batch is to take; 0 for a proposal.
    #[prost(uint32, tag = "2")]
    pub state: u32,
    /// Digest of the preview that the approver has seen; may be empty.
    #[prost(bytes = "vec", tag = "3")]
    pub preview_sha256: Vec<u8>,
}

/// A proposal is decided.
#[derive(Clone, PartialEq, Message)]
pub struct ProposalClosed {
    /// The proposal.
    #[prost(uint64, tag = "1")]
    pub proposal: u64,
    /// Whether it was approved.
    #[prost(bool, tag = "2")]
    pub approved: bool,
    /// Why.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// Digest of the preview that the approver has seen; may be empty.
    #[prost(bytes = "vec", tag = "4")]
    pub preview_sha256: Vec<u8>,
}

/// A document of an agency. Of one door and number the newest counts.
#[derive(Clone, PartialEq, Message)]
pub struct DocumentRegistered {
    /// Code of the door.
    #[prost(uint32, tag = "1")]
    pub door: u32,
    /// Its number.
    #[prost(string, tag = "2")]
    pub number: String,
    /// Units that it allows.
    #[prost(uint64, tag = "3")]
    pub quantity: u64,
    /// Brand; may be empty.
    #[prost(string, tag = "4")]
    pub brand: String,
    /// Model; may be empty.
    #[prost(string, tag = "5")]
    pub model: String,
    /// Last day on which batches may draw on it, in days since 1970-01-01 plus 1; 0 for none.
    #[prost(uint32, tag = "6")]
    pub valid_until_plus_one: u32,
    /// Who applied for it.
    #[prost(string, tag = "7")]
    pub holder: String,
}

/// An override. Its number is the entry's `seq`.
#[derive(Clone, PartialEq, Message)]
pub struct OverrideSet {
    /// The operator; empty: all.
    #[prost(string, tag = "1")]
    pub operator: String,
    /// Code of the answer: 1 white, 2 grey, 3 as usual (an operator is left out of an override of all).
    #[prost(uint32, tag = "2")]
    pub answer: u32,
    /// First second, since the Unix epoch.
    #[prost(int64, tag = "3")]
    pub from_unix_s: i64,
    /// First second after it.
    #[prost(int64, tag = "4")]
    pub until_unix_s: i64,
    /// Why.
    #[prost(string, tag = "5")]
    pub reason: String,
}

/// An override ends before its time.
#[derive(Clone, PartialEq, Message)]
pub struct OverrideEnded {
    /// The override.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// Something looks wrong.
#[derive(Clone, PartialEq, Message)]
pub struct AlarmRaised {
    /// What kind of alarm.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// In words, with the figures.
    #[prost(string, tag = "2")]
    pub what: String,
    /// The batch that raised it; 0: none.
    #[prost(uint64, tag = "3")]
    pub batch: u64,
    /// Code of the door; 0: none.
    #[prost(uint32, tag = "4")]
    pub door: u32,
    /// What it points at: a key of the catalogue of words. Empty in entries of older builds.
    #[prost(string, tag = "5")]
    pub about: String,
    /// What was found: a key of the catalogue. Empty in entries of older builds.
    #[prost(string, tag = "6")]
    pub finding: String,
    /// The values that both name.
    #[prost(message, repeated, tag = "7")]
    pub figures: Vec<Figure>,
}

/// A value of an alarm.
#[derive(Clone, PartialEq, Message)]
pub struct Figure {
    /// What it is of.
    #[prost(string, tag = "1")]
    pub name: String,
    /// How it is read: 0 text, 1 count, 2 share in percent, 3 day, 4 door.
    #[prost(uint32, tag = "2")]
    pub sort: u32,
    /// The value.
    #[prost(string, tag = "3")]
    pub text: String,
}

/// The limits of the doors.
#[derive(Clone, PartialEq, Message)]
pub struct LimitsApplied {
    /// The document in canonical TOML.
    #[prost(string, tag = "1")]
    pub toml: String,
}
