//! What lets others watch a register: signed checkpoints, proofs that hold against them, and exports.
//!
//! Whoever keeps a checkpoint can have it proven later that the journal still begins with exactly those entries: by a
//! consistency proof, which is short, or by an export, which has all entries. An inclusion proof shows one entry.
//! What always holds: a proof is made against a signed checkpoint of this register, and checked with no more than the
//! key and the checkpoints in hand.

mod export;

pub use export::{ExportError, VerifiedExport, export, verify_export};

use crate::{
    journal::Entry,
    store::{Store, StoreError},
    tree::{Checkpoint, CheckpointError, Consistency, Head, Inclusion, Proof, ProofError, Verifier, head_at},
};
use prost::Message;

/// Why something cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum TransparencyError {
    /// The register cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing is signed yet.
    #[error(
        "the register has no signed checkpoint (the file CHECKPOINT): open it once for writing, and it signs what it holds"
    )]
    Unsigned,
    /// No such entry or size.
    #[error("{about} is not within the {size} entries that are signed: name a number from 1 to {size}")]
    Range {
        /// The entry, or the size of the earlier journal.
        about: u64,
        /// Entries of the checkpoint.
        size: u64,
    },
    /// A checkpoint that is not of this register, or not signed by it.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint that the register signed, and that its journal does not bear out.
    #[error(
        "the register's first {size} entries are not those of the checkpoint: it signed others once. Entries were altered, dropped, added or reordered since"
    )]
    Rewritten {
        /// Entries of the checkpoint.
        size: u64,
    },
    /// A file cannot be written.
    #[error("cannot write: {0}")]
    Io(#[from] std::io::Error),
}

impl From<ProofError<StoreError>> for TransparencyError {
    fn from(error: ProofError<StoreError>) -> Self {
        match error {
            ProofError::Range { about, size } => Self::Range { about, size },
            ProofError::Source(error) => Self::Store(error),
        }
    }
}

/// The newest signed checkpoint.
///
/// # Errors
/// When nothing is signed.
pub fn checkpoint(store: &Store) -> Result<Checkpoint, TransparencyError> {
    store.checkpoint().ok_or(TransparencyError::Unsigned)
}

/// Opens a checkpoint that somebody kept: this register must have signed it, and still begin with its entries.
///
/// # Errors
/// When it is another's, or the register holds other entries, or fewer.
pub fn kept(store: &Store, note: &str) -> Result<Checkpoint, TransparencyError> {
    let kept = Checkpoint::open(note, &store.journal_key()?)?;
    let (head, size) = (kept.head(), checkpoint(store)?.head().size);
    if head.size > size {
        return Err(TransparencyError::Range { about: head.size, size });
    }
    if head_at(head.size, store)? != head {
        return Err(TransparencyError::Rewritten { size: head.size });
    }
    Ok(kept)
}

/// Proof that an entry is in the tree of `size` entries.
///
/// # Errors
/// When the tree is larger than what is signed, or has no such entry.
pub fn inclusion(store: &Store, seq: u64, size: u64) -> Result<Inclusion, TransparencyError> {
    within(store, size)?;
    Ok(Inclusion::prove(seq, size, store)?)
}

/// Proof that the tree of `to` entries begins with that of `from`.
///
/// # Errors
/// When the tree is larger than what is signed, or smaller than the other.
pub fn consistency(store: &Store, from: u64, to: u64) -> Result<Consistency, TransparencyError> {
    within(store, to)?;
    Ok(Consistency::prove(from, to, store)?)
}

/// What was written and not signed yet is proven to nobody: a crash may take it back.
fn within(store: &Store, about: u64) -> Result<(), TransparencyError> {
    let size = checkpoint(store)?.head().size;
    if about <= size { Ok(()) } else { Err(TransparencyError::Range { about, size }) }
}

/// Proof of an entry, to be checked elsewhere: with the entry, and the checkpoint that it leads to.
///
/// # Errors
/// As [`inclusion`].
pub fn prove_inclusion(store: &Store, seq: u64, signed: &Checkpoint) -> Result<Proof, TransparencyError> {
    let Inclusion { seq, size, path } = inclusion(store, seq, signed.head().size)?;
    let entry = store.journal(seq)?.next().transpose()?.ok_or(TransparencyError::Range { about: seq, size })?;
    Ok(Proof::Inclusion { seq, entry, path, note: signed.note().to_owned() })
}

/// Proof that the journal begins with an earlier one, to be checked elsewhere: with the newest checkpoint.
///
/// # Errors
/// As [`consistency`].
pub fn prove_consistency(store: &Store, from: u64) -> Result<Proof, TransparencyError> {
    let newest = checkpoint(store)?;
    let Consistency { from, path, .. } = consistency(store, from, newest.head().size)?;
    Ok(Proof::Consistency { from, path, note: newest.note().to_owned() })
}

/// What a proof has shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Proven {
    /// The entry is in the journal of that checkpoint.
    Included {
        /// The entry. `None`: this build cannot read it.
        entry: Option<Box<Entry>>,
        /// Its number.
        seq: u64,
        /// The journal.
        head: Head,
    },
    /// One journal goes on where the other ended.
    Continued {
        /// The earlier one.
        from: Head,
        /// The later one.
        to: Head,
    },
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub enum ProofRefused {
    /// The checkpoint that it leads to does not stand.
    #[error("the checkpoint of the proof: {0}")]
    Checkpoint(CheckpointError),
    /// The kept checkpoint does not stand.
    #[error("the kept checkpoint: {0}")]
    Kept(CheckpointError),
    /// A consistency proof is about two checkpoints.
    #[error(
        "this proves that a journal continues the one of {from} entries: name the checkpoint of that size that you kept"
    )]
    NoneKept {
        /// Entries of the earlier journal.
        from: u64,
    },
    /// It is about other checkpoints than those in hand.
    #[error("the proof is about a journal of {about} entries, and the kept checkpoint is of {kept}")]
    OtherSize {
        /// Entries that it is about.
        about: u64,
        /// Entries of the kept checkpoint.
        kept: u64,
    },
    /// It proves nothing.
    #[error("the proof does not hold: what it shows is not in the journal of that checkpoint")]
    False,
}

/// Checks a proof with no register at hand. `kept` is a checkpoint that somebody kept: the earlier one of a consistency
/// proof; with an inclusion proof it must be the one that the proof leads to.
///
/// # Errors
/// When it does not hold.
pub fn check(proof: &Proof, key: &Verifier, kept: Option<&str>) -> Result<Proven, ProofRefused> {
    let head = Checkpoint::open(proof.note(), key).map_err(ProofRefused::Checkpoint)?.head();
    let kept = kept.map(|note| Checkpoint::open(note, key).map_err(ProofRefused::Kept)).transpose()?;
    let kept = kept.map(|kept| kept.head());
    match proof {
        Proof::Inclusion { seq, entry, path, .. } => {
            if let Some(kept) = kept.filter(|kept| kept.size != head.size) {
                return Err(ProofRefused::OtherSize { about: head.size, kept: kept.size });
            }
            let proof = Inclusion { seq: *seq, size: head.size, path: path.clone() };
            let is_kept = kept.is_none_or(|kept| kept == head);
            if !is_kept || !proof.holds(entry, &head) {
                return Err(ProofRefused::False);
            }
            let entry = Entry::decode(entry.as_slice()).ok().map(Box::new);
            if entry.as_ref().is_some_and(|entry| entry.seq != *seq) {
                return Err(ProofRefused::False);
            }
            Ok(Proven::Included { entry, seq: *seq, head })
        }
        Proof::Consistency { from, path, .. } => {
            let kept = kept.ok_or(ProofRefused::NoneKept { from: *from })?;
            if kept.size != *from {
                return Err(ProofRefused::OtherSize { about: *from, kept: kept.size });
            }
            let proof = Consistency { from: *from, to: head.size, path: path.clone() };
            if proof.holds(&kept, &head) {
                Ok(Proven::Continued { from: kept, to: head })
            } else {
                Err(ProofRefused::False)
            }
        }
    }
}
