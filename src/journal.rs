//! The journal: every change of the register, numbered, in the order in which it was made.
//!
//! State is the fold of entries and bodies. Entry bytes are final: an [`Entry`] is encoded once, stored
//! and hashed as those bytes, and never written again. Fields are protobuf, so that an auditor can read
//! an export with any protobuf library; tags are forever (docs/storage.md).
//! What always holds: personal values stand in entries as digests of salted rows only.

use prost::{Message, Oneof};

/// Principal of the entries that are made before there are principals.
pub const BOOTSTRAP: &str = "bootstrap";

/// One change.
#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    /// Number, from 1, rising by exactly one.
    #[prost(uint64, tag = "1")]
    pub seq: u64,
    /// Lineage of the register.
    #[prost(uint32, tag = "2")]
    pub epoch: u32,
    /// When it was made, in milliseconds since the Unix epoch.
    #[prost(int64, tag = "3")]
    pub time_unix_ms: i64,
    /// Who made it; [`BOOTSTRAP`] before there are principals.
    #[prost(string, tag = "4")]
    pub principal: String,
    /// Who approved it; [`BOOTSTRAP`] before there are principals.
    #[prost(string, tag = "5")]
    pub approver: String,
    /// The operator whose partition it belongs to (pairings and subscribers); empty: national.
    #[prost(string, tag = "6")]
    pub partition: String,
    /// The change itself.
    #[prost(oneof = "Change", tags = "16, 17, 18, 19, 20")]
    pub change: Option<Change>,
}

/// What changed. Tags are forever; a retired one stays reserved.
#[derive(Clone, PartialEq, Oneof)]
pub enum Change {
    /// The register begins, or begins a new epoch.
    #[prost(message, tag = "16")]
    EpochStarted(EpochStarted),
    /// A batch takes its number.
    #[prost(message, tag = "17")]
    BatchStaged(BatchStaged),
    /// A batch comes into force.
    #[prost(message, tag = "18")]
    BatchActivated(BatchActivated),
    /// A staged batch is given up.
    #[prost(message, tag = "19")]
    BatchDiscarded(BatchDiscarded),
    /// A settings document is taken in.
    #[prost(message, tag = "20")]
    SettingsApplied(SettingsApplied),
}

/// The first entry of an epoch.
#[derive(Clone, PartialEq, Message)]
pub struct EpochStarted {
    /// 16 random bytes that tell this register from any other.
    #[prost(bytes = "vec", tag = "1")]
    pub register_id: Vec<u8>,
    /// Epoch that this one continues; 0 for the first.
    #[prost(uint32, tag = "2")]
    pub parent_epoch: u32,
    /// Last entry of the parent that this epoch keeps; 0 for the first.
    #[prost(uint64, tag = "3")]
    pub parent_seq: u64,
    /// Root of the parent's journal tree at that entry; empty for the first.
    #[prost(bytes = "vec", tag = "4")]
    pub parent_root: Vec<u8>,
}

/// A batch opens. Its number is the entry's `seq`.
#[derive(Clone, PartialEq, Message)]
pub struct BatchStaged {
    /// Kind of list.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Code of the door.
    #[prost(uint32, tag = "2")]
    pub door: u32,
    /// Code of the class; 0 for none.
    #[prost(uint32, tag = "3")]
    pub class: u32,
    /// Document that it rests on.
    #[prost(string, tag = "4")]
    pub document: String,
    /// Last day of rows without one, in days since 1970-01-01 plus 1; 0 for none.
    #[prost(uint32, tag = "5")]
    pub valid_until_plus_one: u32,
    /// Operator that reported or holds the rows.
    #[prost(string, tag = "6")]
    pub operator: String,
    /// Units that the document allows; 0 where none was declared.
    #[prost(uint64, tag = "7")]
    pub quantity: u64,
}

/// A staged batch comes into force.
#[derive(Clone, PartialEq, Message)]
pub struct BatchActivated {
    /// The batch.
    #[prost(uint64, tag = "1")]
    pub batch: u64,
    /// SHA-256 over the canonical rows of its body.
    #[prost(bytes = "vec", tag = "2")]
    pub body_sha256: Vec<u8>,
    /// Rows of the body.
    #[prost(uint64, tag = "3")]
    pub rows: u64,
    /// Devices, pairings, subscribers or models that it adds.
    #[prost(uint64, tag = "4")]
    pub added: u64,
    /// The same that it removes from earlier batches.
    #[prost(uint64, tag = "5")]
    pub removed: u64,
    /// Rows of the files that were refused.
    #[prost(uint64, tag = "6")]
    pub rejected: u64,
    /// The files.
    #[prost(message, repeated, tag = "7")]
    pub sources: Vec<Source>,
}

/// A file of which a batch was made.
#[derive(Clone, PartialEq, Message)]
pub struct Source {
    /// Its name without folders.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its size in bytes.
    #[prost(uint64, tag = "2")]
    pub bytes: u64,
    /// SHA-256 of the file as it came.
    #[prost(bytes = "vec", tag = "3")]
    pub sha256: Vec<u8>,
}

/// A staged batch is given up and its rows are removed.
#[derive(Clone, PartialEq, Message)]
pub struct BatchDiscarded {
    /// The batch.
    #[prost(uint64, tag = "1")]
    pub batch: u64,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// A settings document.
#[derive(Clone, PartialEq, Message)]
pub struct SettingsApplied {
    /// The document in canonical TOML.
    #[prost(string, tag = "1")]
    pub toml: String,
    /// From when it holds, in seconds since the Unix epoch.
    #[prost(int64, tag = "2")]
    pub effective_from_unix_s: i64,
}
