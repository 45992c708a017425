//! The journal's Merkle tree: what proves that nothing was slipped in, altered, reordered or dropped.
//!
//! The leaves are the entries as they are stored, hashed as RFC 9162 (section 2.1) asks. A tree of size N is that of
//! the entries 1 to N, so the leaf of an entry has the index seq - 1. Besides leaves, the hash of every whole subtree
//! is stored once, in the order in which they become whole; the number of a stored hash is its place in that order
//! (crate `tlog_tiles`). The right edge of the tree suffices to append.
//! What always holds: a [`Checkpoint`] exists only once its signature was verified or made here; a proof is held
//! against heads, never against bare hashes, so sizes cannot be mixed up.

mod note;
#[cfg(test)]
mod tests;
mod text;

pub use note::{Checkpoint, CheckpointError, KeyError, NewKey, Signer, Verifier};
pub use text::{Proof, ProofTextError};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::{cell::RefCell, fmt};
use tlog_tiles::tlog;

/// SHA-256 of a leaf or of a subtree.
pub type Hash = [u8; 32];

/// A tree's size and root: all of a journal up to an entry in 40 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries that it covers: 1 to `size`.
    pub size: u64,
    /// The hash of the tree.
    pub root: Hash,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.size, hash_text(&self.root))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({self})")
    }
}

/// A hash as checkpoints and proofs write it: base64.
pub fn hash_text(hash: &Hash) -> String {
    BASE64_STANDARD.encode(hash)
}

/// The hash of an entry's stored bytes.
pub fn leaf(entry: &[u8]) -> Hash {
    tlog::record_hash(entry).0
}

/// How many hashes are stored for a tree of so many entries. They have the numbers below.
pub fn stored_count(size: u64) -> u64 {
    tlog::stored_hash_count(size)
}

/// Where stored hashes are found.
pub trait StoredHashes {
    /// Why one cannot be read.
    type Error;

    /// The hash of a number.
    ///
    /// # Errors
    /// When it cannot be read, or is not there.
    fn stored_hash(&self, number: u64) -> Result<Hash, Self::Error>;
}

/// Why there is no proof.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E: std::error::Error> {
    /// No tree of that size has it.
    #[error("a tree of {size} entries has nothing to prove about {about}: name a number from 1 to {size}")]
    Range {
        /// The entry, or the size of the earlier tree.
        about: u64,
        /// The tree.
        size: u64,
    },
    /// A hash cannot be read.
    #[error(transparent)]
    Source(#[from] E),
}

/// A source as the library reads it. The library's errors have no room for ours: it is kept aside.
struct Reader<'a, S: StoredHashes> {
    source: &'a S,
    failure: RefCell<Option<S::Error>>,
}

impl<'a, S: StoredHashes<Error: std::error::Error>> Reader<'a, S> {
    const fn new(source: &'a S) -> Self {
        Self { source, failure: RefCell::new(None) }
    }

    fn finish<T>(self, done: Result<T, tlog::Error>, about: u64, size: u64) -> Result<T, ProofError<S::Error>> {
        done.map_err(|_| self.failure.into_inner().map_or(ProofError::Range { about, size }, ProofError::Source))
    }
}

impl<S: StoredHashes> tlog::HashReader for Reader<'_, S> {
    fn read_hashes(&self, numbers: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let read = numbers.iter().map(|&number| self.source.stored_hash(number).map(tlog::Hash));
        read.collect::<Result<_, _>>().map_err(|error| {
            *self.failure.borrow_mut() = Some(error);
            tlog::Error::IndexesNotInTree
        })
    }
}

/// The head of the first `size` entries.
///
/// # Errors
/// When a stored hash cannot be read.
pub fn head_at<S: StoredHashes>(size: u64, source: &S) -> Result<Head, S::Error> {
    Edge::read(size, source).map(|edge| edge.head())
}

/// The right edge of a tree: the hashes of its largest whole subtrees. An append needs no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// From the left, so from the largest.
    peaks: Vec<Hash>,
}

impl Edge {
    /// Reads the edge of a tree.
    ///
    /// # Errors
    /// When a stored hash cannot be read.
    pub fn read<S: StoredHashes>(size: u64, source: &S) -> Result<Self, S::Error> {
        let numbers = tlog::sub_tree_index(0, size, Vec::new());
        let peaks = numbers.into_iter().map(|number| source.stored_hash(number)).collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }

    /// Entries so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry. Gives the hashes to store, each with its number.
    pub fn append(&mut self, entry: &[u8]) -> Vec<(u64, Hash)> {
        let mut hash = tlog::record_hash(entry);
        let mut number = tlog::stored_hash_index(0, self.size);
        let mut stored = vec![(number, hash.0)];
        // A subtree is whole for each one-bit at the end of the size: its left half is the smallest peak.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = tlog::node_hash(tlog::Hash(left), hash);
            number += 1;
            stored.push((number, hash.0));
        }
        self.peaks.push(hash.0);
        self.size += 1;
        stored
    }

    /// Size and root of the tree.
    pub fn head(&self) -> Head {
        let hashes = self.peaks.iter().rev().map(|hash| tlog::Hash(*hash));
        let root = hashes.reduce(|right, left| tlog::node_hash(left, right)).unwrap_or(tlog::EMPTY_HASH);
        Head { size: self.size, root: root.0 }
    }
}

/// Proof that an entry is in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The entry.
    pub seq: u64,
    /// Size of the tree.
    pub size: u64,
    /// Hashes beside the way from the leaf to the root.
    pub path: Vec<Hash>,
}

impl Inclusion {
    /// Proves that a tree has an entry.
    ///
    /// # Errors
    /// When the tree has no such entry, or a hash cannot be read.
    pub fn prove<S>(seq: u64, size: u64, source: &S) -> Result<Self, ProofError<S::Error>>
    where
        S: StoredHashes<Error: std::error::Error>,
    {
        let Some(index) = seq.checked_sub(1) else { return Err(ProofError::Range { about: seq, size }) };
        let reader = Reader::new(source);
        let proof = tlog::prove_record(size, index, &reader);
        let proof = reader.finish(proof, seq, size)?;
        Ok(Self { seq, size, path: proof.into_iter().map(|hash| hash.0).collect() })
    }

    /// Whether it proves that these bytes are the entry of that number in the tree of this head.
    pub fn holds(&self, entry: &[u8], head: &Head) -> bool {
        let Some(index) = self.seq.checked_sub(1) else { return false };
        let path = library(&self.path);
        self.size == head.size
            && tlog::check_record(&path, head.size, tlog::Hash(head.root), index, tlog::record_hash(entry)).is_ok()
    }
}

/// Proof that a tree begins with all the entries of an earlier one, unaltered and in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// Size of the earlier tree.
    pub from: u64,
    /// Size of the tree.
    pub to: u64,
    /// Hashes from which both roots follow.
    pub path: Vec<Hash>,
}

impl Consistency {
    /// Proves that one tree goes on where another ended.
    ///
    /// # Errors
    /// When the earlier one is empty or larger, or a hash cannot be read.
    pub fn prove<S>(from: u64, to: u64, source: &S) -> Result<Self, ProofError<S::Error>>
    where
        S: StoredHashes<Error: std::error::Error>,
    {
        let reader = Reader::new(source);
        let proof = tlog::prove_tree(to, from, &reader);
        let proof = reader.finish(proof, from, to)?;
        Ok(Self { from, to, path: proof.into_iter().map(|hash| hash.0).collect() })
    }

    /// Whether it proves that the newer head has all entries of the older one, unaltered and in their order.
    pub fn holds(&self, older: &Head, newer: &Head) -> bool {
        let path = library(&self.path);
        (self.from, self.to) == (older.size, newer.size)
            && tlog::check_tree(&path, newer.size, tlog::Hash(newer.root), older.size, tlog::Hash(older.root)).is_ok()
    }
}

fn library(path: &[Hash]) -> Vec<tlog::Hash> {
    path.iter().map(|hash| tlog::Hash(*hash)).collect()
}
