//! The mark of a directory in which a register is being loaded.
//!
//! What always holds: the mark is durable before the first file of the register, and goes after the last one is synced;
//! one process at a time loads a directory.

use super::super::{OpenMode, Store, StoreError, backup};
use fail::fail_point;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Lies in a directory until its load is done.
const MARK: &str = "LOADING";
/// Below the directory: table files and sorted runs on their way.
pub(super) const FOLDER: &str = "loading";

/// Refuses a directory whose load was cut off.
pub(in crate::store) fn refuse_unfinished(path: &Path) -> Result<(), StoreError> {
    if path.join(MARK).exists() { Err(StoreError::HalfLoaded { path: path.to_owned() }) } else { Ok(()) }
}

/// A register that is being loaded. Nobody else can open it before [`Loading::finish`].
#[derive(Debug)]
pub struct Loading {
    path: PathBuf,
    /// Held, so that no two processes load one directory.
    mark: File,
}

impl Loading {
    /// Marks a directory that is not there yet, or is empty, or holds a load that was cut off: that one is given up.
    ///
    /// # Errors
    /// When something else lies in the directory, or it cannot be written.
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        if !path.join(MARK).exists() {
            backup::check_free(path)?;
        }
        let failed = |error: io::Error| StoreError::Write {
            path: path.to_owned(),
            doing: "mark a directory for a load",
            reason: error.to_string(),
        };
        backup::make_directory(path).map_err(failed)?;
        let mark = File::create(path.join(MARK)).map_err(failed)?;
        mark.try_lock().map_err(|_| StoreError::Locked { path: path.to_owned() })?;
        let loading = Self { path: path.to_owned(), mark };
        loading.clear().map_err(failed)?;
        Ok(loading)
    }

    fn clear(&self) -> io::Result<()> {
        self.mark.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        backup::sync_parent(&self.path)?;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if entry.file_name() != MARK {
                fs::remove_file(entry.path())?;
            }
        }
        fs::create_dir(self.path.join(FOLDER))
    }

    /// Makes the register.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self) -> Result<Store, StoreError> {
        Store::open_marked(&self.path, OpenMode::Create)
    }

    /// The register may be opened from now on. The store must have been dropped.
    ///
    /// # Errors
    /// When files cannot be synced, or the mark cannot be taken away.
    pub fn finish(self) -> Result<(), StoreError> {
        fail_point!("bulk-before-end");
        let end = || {
            fs::remove_dir_all(self.path.join(FOLDER))?;
            backup::sync_all(&self.path)?;
            fs::remove_file(self.path.join(MARK))?;
            File::open(&self.path).and_then(|directory| directory.sync_all())
        };
        end().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::Write { path: self.path.clone(), doing: "load the register", reason: error.to_string() }
    }
}
