//! Backup and restore: a copy of a register at one revision, and the way back, to its end or to an earlier entry.
//!
//! What always holds: a register that was restored has been verified as a whole before it can be opened, and begins a
//! new epoch, so that no revision of it is taken for one that the lost register gave after the point.

use super::{Registry, Verified, VerifyError, carry::carried_over, verify};
use crate::{
    day::{self, MomentError},
    journal::REGISTER,
    ledger::Ledger,
    revision::Revision,
    store::{BackedUp, Draft, Hands, OpenMode, Restoring, Store, StoreError},
};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path, str::FromStr};

/// Copies a register while it is served and changed; makes the folder in which the copy lies. See [`Store::backup`].
///
/// # Errors
/// When the directory is not empty or cannot be written.
pub fn backup(registry: &Registry, target: &Path) -> Result<BackedUp, StoreError> {
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // Numbers of persons lie in a backup.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| StoreError::Copy { to: target.to_owned(), reason: error.to_string() })?;
    }
    registry.store().backup(target)
}

/// Up to where a register is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// An entry, whatever its epoch.
    Seq(u64),
    /// A revision that the register had.
    Revision(Revision),
    /// Everything that was made up to the end of this second, since the Unix epoch.
    Time(i64),
}

impl FromStr for Until {
    type Err = MomentError;

    /// A number of an entry (`42`), a revision as answers show it (`1.42`), or a moment.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(seq) = text.parse() {
            return Ok(Self::Seq(seq));
        }
        match text.parse() {
            Ok(revision) => Ok(Self::Revision(revision)),
            Err(_) => day::moment(text).map(Self::Time),
        }
    }
}

/// A register that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup held.
    pub backup: Revision,
    /// The last entry that was kept.
    pub kept: Revision,
    /// Entries about people and credentials that were made again, because they must outlive the point.
    pub carried: usize,
    /// What was verified at the end: the new register with its new epoch.
    pub verified: Verified,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A directory cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backup, or what became of it, does not hold together.
    #[error("what was restored does not verify: {0}. The directory stays marked as unfinished: use another backup")]
    Verify(#[from] VerifyError),
    /// A point before the first entry, or that the register never had.
    #[error("the backup has no such point: it goes from {first} to {newest}")]
    NoSuchPoint {
        /// When the first entry was made.
        first: String,
        /// The newest revision.
        newest: Revision,
    },
}

/// Makes a register of a backup, in a directory that is not there yet or is empty. With `until`, what was entered
/// later is left out with all its effects, but for who counts no more and by what people show themselves. `epoch` is the number of the new epoch; the next one where none is named.
///
/// # Errors
/// When the backup cannot be read or has no such point, or the directory cannot be written; and when the outcome does
/// not verify: then the directory stays unfinished, and every opening refuses it.
pub fn restore(from: &Path, target: &Path, until: Option<Until>, epoch: Option<u32>) -> Result<Restored, RestoreError> {
    let (newest, kept, ledger) = {
        let store = Store::open(from, OpenMode::Read)?;
        (store.applied(), point(&store, until)?, store.ledger())
    };
    let restoring = Restoring::copy(from, target)?;
    restoring.start_epoch(kept.seq, epoch)?;
    let carried = carry(&restoring, &ledger)?;
    let verified = verify(&restoring.open(OpenMode::Read)?)?;
    restoring.finish()?;
    Ok(Restored { backup: newest, kept, carried, verified })
}

/// Makes the entries about principals that outlive the point. How many there are.
fn carry(restoring: &Restoring, newest: &Ledger) -> Result<usize, StoreError> {
    let store = restoring.open(OpenMode::Write)?;
    let changes = carried_over(newest.principals(), store.ledger().principals());
    let drafts =
        changes.into_iter().map(|change| Draft { hands: Hands::of(REGISTER, ""), partition: String::new(), change });
    let drafts: Vec<Draft> = drafts.collect();
    let carried = drafts.len();
    if carried > 0 {
        store.writer()?.commit(drafts, Vec::new())?;
        store.flush()?;
    }
    Ok(carried)
}

/// The last entry that is kept.
fn point(store: &Store, until: Option<Until>) -> Result<Revision, RestoreError> {
    let newest = store.applied();
    let known = match until {
        None => Some(newest),
        Some(Until::Seq(seq)) => store.revision_at(seq)?,
        Some(Until::Revision(asked)) => store.revision_at(asked.seq)?.filter(|known| *known == asked),
        Some(Until::Time(then)) => match store.last_entry_before(then.saturating_add(1).saturating_mul(1000))? {
            Some(seq) => store.revision_at(seq)?,
            None => None,
        },
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let first = store.entry(1)?.map_or(0, |entry| entry.time_unix_ms);
    let first = jiff::Timestamp::from_millisecond(first).map_or_else(|_| String::new(), |time| time.to_string());
    Err(RestoreError::NoSuchPoint { first, newest })
}
