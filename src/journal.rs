//! The journal: every change of the register, numbered, in the order in which it was made.
//!
//! State is the fold of entries and bodies. Entry bytes are final: an [`Entry`] is encoded once, stored
//! and hashed as those bytes, and never written again. Fields are protobuf, so that an auditor can read
//! an export with any protobuf library; tags are forever (docs/storage.md).
//! What always holds: personal values stand in entries as digests of salted rows only.

mod alarm;
mod batch;
mod chain;
mod orders;
mod people;
mod phrase;

pub use batch::{BatchActivated, BatchDiscarded, BatchStaged, BatchStateChanged, BatchSubmitted, Source};
pub use chain::{Chain, OutOfOrder, register_name};
pub use orders::{
    AlarmRaised, DocumentRegistered, Endorsed, Figure, LimitsApplied, OverrideEnded, OverrideSet, ProposalClosed,
    Proposed,
};
pub use people::{CredentialIssued, CredentialRevoked, PrincipalAdded, PrincipalRevoked, RoleGranted, RoleWithdrawn};
pub use phrase::{hands, kind, order_told, order_words, time_text, told, words};

use prost::{Message, Oneof};

/// Principal of the entries that are made before there are principals.
pub const BOOTSTRAP: &str = "bootstrap";

/// Principal of the entries that the register makes by itself: alarms, and what lapses.
pub const REGISTER: &str = "saring";

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
    /// Who approved it: another person; [`BOOTSTRAP`] before there are principals; empty where one person suffices.
    #[prost(string, tag = "5")]
    pub approver: String,
    /// The operator whose partition it belongs to (pairings and subscribers); empty: national.
    #[prost(string, tag = "6")]
    pub partition: String,
    /// The name that the last of the two persons gave the request, so that the same request is never carried out twice;
    /// may be empty.
    #[prost(string, tag = "7")]
    pub request: String,
    /// The change itself.
    #[prost(
        oneof = "Change",
        tags = "16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36"
    )]
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
    /// A principal is known from now on.
    #[prost(message, tag = "21")]
    PrincipalAdded(PrincipalAdded),
    /// A principal may show itself by a token or a certificate.
    #[prost(message, tag = "22")]
    CredentialIssued(CredentialIssued),
    /// A token or certificate counts no more.
    #[prost(message, tag = "23")]
    CredentialRevoked(CredentialRevoked),
    /// A principal counts no more, with all its credentials and roles.
    #[prost(message, tag = "24")]
    PrincipalRevoked(PrincipalRevoked),
    /// A principal has a role.
    #[prost(message, tag = "25")]
    RoleGranted(RoleGranted),
    /// A principal has a role no more.
    #[prost(message, tag = "26")]
    RoleWithdrawn(RoleWithdrawn),
    /// A change that takes two persons is asked for.
    #[prost(message, boxed, tag = "27")]
    Proposed(Box<Proposed>),
    /// A proposal, or a step of a batch, that needs several approvers has one more.
    #[prost(message, tag = "28")]
    Endorsed(Endorsed),
    /// A proposal is decided. What was approved follows as an entry of its own.
    #[prost(message, tag = "29")]
    ProposalClosed(ProposalClosed),
    /// A staged batch is complete and waits for an approver.
    #[prost(message, tag = "30")]
    BatchSubmitted(BatchSubmitted),
    /// A batch takes another state.
    #[prost(message, tag = "31")]
    BatchStateChanged(BatchStateChanged),
    /// A document with a quantity that batches draw down.
    #[prost(message, tag = "32")]
    DocumentRegistered(DocumentRegistered),
    /// For a time the answers of an operator, or of all, are what this says.
    #[prost(message, tag = "33")]
    OverrideSet(OverrideSet),
    /// An override ends before its time.
    #[prost(message, tag = "34")]
    OverrideEnded(OverrideEnded),
    /// Something looks wrong.
    #[prost(message, tag = "35")]
    AlarmRaised(AlarmRaised),
    /// The limits of the doors.
    #[prost(message, tag = "36")]
    LimitsApplied(LimitsApplied),
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

impl Change {
    /// Whether it is of the ledger: principals, proposals, documents, overrides, alarms, limits. A register reads
    /// these entries when it opens.
    pub const fn is_of_ledger(&self) -> bool {
        match self {
            Self::EpochStarted(_)
            | Self::BatchStaged(_)
            | Self::BatchActivated(_)
            | Self::BatchDiscarded(_)
            | Self::BatchSubmitted(_)
            | Self::BatchStateChanged(_)
            | Self::SettingsApplied(_) => false,
            Self::PrincipalAdded(_)
            | Self::CredentialIssued(_)
            | Self::CredentialRevoked(_)
            | Self::PrincipalRevoked(_)
            | Self::RoleGranted(_)
            | Self::RoleWithdrawn(_)
            | Self::Proposed(_)
            | Self::Endorsed(_)
            | Self::ProposalClosed(_)
            | Self::DocumentRegistered(_)
            | Self::OverrideSet(_)
            | Self::OverrideEnded(_)
            | Self::AlarmRaised(_)
            | Self::LimitsApplied(_) => true,
        }
    }
}
