//! What can be wrong with a data directory, in words that say what to do.

use crate::revision::Revision;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is nothing to open.
    #[error("{} holds no register: make one with `saring import … --data {}`, or name the right directory", .path.display(), .path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// Something else than a directory.
    #[error("{} is a file, and a register is a directory: name another path", .path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Another process writes this directory.
    #[error(
        "{} is in use by another Saring process, and two must never write one register: stop the server (or wait for the import) and try again",
        .path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A RocksDB database, but not one of ours, or one that never finished its first write.
    #[error("{} is a RocksDB database but not a Saring register: name another directory", .path.display())]
    NotARegister {
        /// The directory.
        path: PathBuf,
    },
    /// Written by a newer build.
    #[error(
        "{} has storage format {found}, and this build knows formats up to {known}: run the newer Saring that wrote it",
        .path.display()
    )]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// Format on disk.
        found: u32,
        /// Highest format of this build.
        known: u32,
    },
    /// Written by an older build.
    #[error(
        "{} was written by an older Saring: open it once to write, with `saring serve`, and it is brought to this format",
        .path.display()
    )]
    OlderFormat {
        /// The directory.
        path: PathBuf,
    },
    /// Bytes that should not be there, or are gone.
    #[error("{} is damaged: {what}. Nothing was changed; restore the directory from a backup", .path.display())]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// Rows on their way could not be kept in a file, or not read back.
    #[error("rows that are being sorted cannot be kept on disk: {0}. Check disk and space, then try again")]
    Sorting(#[from] io::Error),
    /// The disk does not let it be opened.
    #[error("{} cannot be opened: {reason}. Check disk, space and permissions, then try again", .path.display())]
    Unopened {
        /// The directory.
        path: PathBuf,
        /// RocksDB's reason.
        reason: String,
    },
    /// The disk or RocksDB refused a write.
    #[error("writing to {} failed ({doing}): {reason}. This process writes no more; check disk and space, then start it again", .path.display())]
    Write {
        /// The directory.
        path: PathBuf,
        /// What was being written.
        doing: &'static str,
        /// RocksDB's reason.
        reason: String,
    },
    /// A write failed earlier.
    #[error("an earlier write to {} failed and it is unknown what reached the disk: start the process again", .path.display())]
    Broken {
        /// The directory.
        path: PathBuf,
    },
    /// Opened for reading only.
    #[error("{} was opened for reading only", .path.display())]
    ReadOnly {
        /// The directory.
        path: PathBuf,
    },
    /// Something lies where a copy should go.
    #[error("{} is not empty: name a directory that is not there yet, or is empty", .path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A backup or a restore could not be written.
    #[error("{} cannot be written: {reason}. What was written is incomplete: remove it, see to disk and space, and try again", .to.display())]
    Copy {
        /// The directory.
        to: PathBuf,
        /// Why.
        reason: String,
    },
    /// A restore that was cut off.
    #[error("{} is a restore that was cut off, and no register: remove it and restore again", .path.display())]
    Unfinished {
        /// The directory.
        path: PathBuf,
    },
    /// A bulk load that was cut off, or is still going on.
    #[error("{} is a load that was cut off or is still going on, and no register: load it again, which starts anew, or remove it", .path.display())]
    HalfLoaded {
        /// The directory.
        path: PathBuf,
    },
    /// A restore to an entry that the backup has not.
    #[error("{} has no entry {asked}: it ends with revision {newest}. Name an earlier point, or a later backup", .path.display())]
    Never {
        /// The directory.
        path: PathBuf,
        /// The entry.
        asked: u64,
        /// What it holds.
        newest: Revision,
    },
    /// An epoch that was there already.
    #[error("epoch {asked} is not later than that of the backup, which is at {newest}: name a higher one")]
    Epoch {
        /// The epoch.
        asked: u32,
        /// What the backup holds.
        newest: Revision,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl StoreError {
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }
}
