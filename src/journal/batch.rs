//! Entries about batches: how a list comes in, and what becomes of it.

use prost::Message;

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
    /// Units that the submitter declares; 0 where none were declared.
    #[prost(uint64, tag = "7")]
    pub quantity: u64,
    /// Who brings it; empty before there are principals.
    #[prost(string, tag = "8")]
    pub submitter: String,
    /// Brand that the submitter declares; may be empty.
    #[prost(string, tag = "9")]
    pub brand: String,
    /// Model that the submitter declares; may be empty.
    #[prost(string, tag = "10")]
    pub model: String,
    /// Devices that are yet to be made: on approval they are a plan, and none of them is registered.
    #[prost(bool, tag = "11")]
    pub planned: bool,
    /// Last day of a plan, in days since 1970-01-01 plus 1; 0 for none.
    #[prost(uint32, tag = "12")]
    pub lapses_plus_one: u32,
    /// What the list does to the door's list: `add`, `delta`, `full`; empty: `add`.
    #[prost(string, tag = "13")]
    pub mode: String,
    /// Outlet, office or counter at which single operations were made; may be empty.
    #[prost(string, tag = "14")]
    pub outlet: String,
    /// Why, where a single operation asks for it (the letter of the police, the court's order); may be empty.
    #[prost(string, tag = "15")]
    pub reason: String,
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

/// A staged batch is complete.
#[derive(Clone, PartialEq, Message)]
pub struct BatchSubmitted {
    /// The batch, its body and the files.
    #[prost(message, optional, tag = "1")]
    pub body: Option<BatchActivated>,
}

/// A batch takes another state.
#[derive(Clone, PartialEq, Message)]
pub struct BatchStateChanged {
    /// The batch.
    #[prost(uint64, tag = "1")]
    pub batch: u64,
    /// Code of the state.
    #[prost(uint32, tag = "2")]
    pub state: u32,
    /// Why.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// Digest of the preview that the approver has seen; may be empty.
    #[prost(bytes = "vec", tag = "4")]
    pub preview_sha256: Vec<u8>,
    /// For a suspension: first day on which its devices are black, in days since 1970-01-01 plus 1; 0 for none.
    #[prost(uint32, tag = "5")]
    pub black_from_plus_one: u32,
}
