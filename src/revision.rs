//! Which state of the register an answer rests on.

use std::{fmt, str::FromStr};

/// Epoch and sequence number of the newest journal entry that a state holds.
///
/// `seq` rises by exactly one with every entry. A restore or a promotion starts a new epoch, so two
/// registers that parted never show the same revision for different contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// Lineage of the register, from 1.
    pub epoch: u32,
    /// Number of the newest entry, from 1.
    pub seq: u64,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

/// Why a text is not a revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a revision: write EPOCH.SEQ as answers show it, for example 1.42")]
pub struct RevisionError(String);

impl FromStr for Revision {
    type Err = RevisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('.')
            .and_then(|(epoch, seq)| Some(Self { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? }))
            .ok_or_else(|| RevisionError(text.chars().take(40).collect()))
    }
}
