//! Backups: a copy of a register that is being written, consistent at one revision.
//!
//! RocksDB makes the copy (its checkpoint: tables are linked where the file system allows it, copied otherwise), and
//! the files beside it are added. The copy is made under another name and gets its own when it is whole and synced.
//! What always holds: a directory of the name that was asked for is a whole backup or was never made; the signed
//! checkpoint is read before RocksDB's copy is made, so it never names an entry that the copy lacks.

use super::{OpenMode, Store, StoreError, acknowledged, desk, registration, signing};
use crate::revision::Revision;
use fail::fail_point;
use rocksdb::checkpoint::Checkpoint;
use std::{
    fs::{self, DirBuilder, File, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The files beside RocksDB's own that a register needs. What a register had not, its backup has not.
pub(super) const BESIDE: [&str; 6] =
    [signing::CHECKPOINT, signing::KEY, signing::PUBLIC_KEY, PERSON_KEY, PASSWORDS, acknowledged::FILE];

/// The key of the hashes of persons: without it the limits of a person begin anew.
pub(crate) const PERSON_KEY: &str = "person.key";

/// The hashes of persons' passwords: without it they sign in by token and choose new ones.
pub(crate) const PASSWORDS: &str = "passwords";

/// What a backup has behind its name until it is whole.
const UNFINISHED: &str = ".unfinished";

/// A backup that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The revision that it holds.
    pub revision: Revision,
    /// Bytes of its files.
    pub bytes: u64,
}

impl Store {
    /// Copies the register to a directory that is not there yet, or is empty. Changes go on meanwhile; the copy has
    /// those that were acknowledged before this was called, and perhaps later ones.
    ///
    /// # Errors
    /// When the store was opened for reading, the directory holds something, or nothing can be written there.
    pub fn backup(&self, target: &Path) -> Result<BackedUp, StoreError> {
        if self.mode == OpenMode::Read {
            return Err(StoreError::ReadOnly { path: self.path.clone() });
        }
        self.check_whole()?;
        let failed =
            |error: &dyn std::fmt::Display| StoreError::Copy { to: target.to_owned(), reason: error.to_string() };
        check_free(target)?;
        let unfinished = unfinished_name(target).map_err(|error| failed(&error))?;
        check_free(&unfinished)?;
        // RocksDB makes the directory itself.
        let _ = fs::remove_dir(&unfinished);
        let beside = self.read_beside().map_err(|error| failed(&error))?;
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(&unfinished))
            .map_err(|error| failed(&error))?;
        fail_point!("backup-mid-copy");
        fs::set_permissions(&unfinished, Permissions::from_mode(0o700)).map_err(|error| failed(&error))?;
        if self.has_desk() {
            self.desk()?.copy(&unfinished.join(desk::open::DIRECTORY)).map_err(|error| failed(&error))?;
        }
        if self.has_registration() {
            self.registration()?.copy(&unfinished.join(registration::DIRECTORY)).map_err(|error| failed(&error))?;
        }
        let bytes = finish(&unfinished, &beside).map_err(|error| failed(&error))?;
        let revision = Self::open(&unfinished, OpenMode::Read)?.applied();
        fail_point!("backup-before-name");
        fs::rename(&unfinished, target).and_then(|()| sync_parent(target)).map_err(|error| failed(&error))?;
        Ok(BackedUp { revision, bytes })
    }

    /// The files beside RocksDB's own, each with its mode.
    fn read_beside(&self) -> io::Result<Vec<(&'static str, u32, Vec<u8>)>> {
        let mut files = Vec::new();
        for name in BESIDE {
            let path = self.path.join(name);
            match signing::read_settled(&path) {
                Ok(bytes) => files.push((name, fs::metadata(&path)?.permissions().mode(), bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }
}

/// Refuses a directory in which something lies.
pub(super) fn check_free(target: &Path) -> Result<(), StoreError> {
    match fs::read_dir(target) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(StoreError::NotEmpty { path: target.to_owned() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(StoreError::NotADirectory { path: target.to_owned() })
        }
        Err(error) => Err(StoreError::Copy { to: target.to_owned(), reason: error.to_string() }),
    }
}

fn unfinished_name(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| io::Error::other("the path has no last name"))?;
    let mut unfinished = name.to_owned();
    unfinished.push(UNFINISHED);
    Ok(target.with_file_name(unfinished))
}

/// Adds the files beside RocksDB's, and syncs all. Gives the bytes of all files.
fn finish(directory: &Path, beside: &[(&str, u32, Vec<u8>)]) -> io::Result<u64> {
    for (name, mode, bytes) in beside {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(*mode).open(directory.join(name))?;
        file.write_all(bytes)?;
    }
    sync_all(directory)
}

/// Syncs every file of a directory and the directory. Gives the bytes of all files.
pub(super) fn sync_all(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let file = File::open(entry?.path())?;
        file.sync_all()?;
        bytes += file.metadata()?.len();
    }
    File::open(directory)?.sync_all()?;
    Ok(bytes)
}

/// Makes a directory with those above it that are not there, and makes its name durable and theirs. Nothing that is
/// synced in a directory outlasts a loss of power that takes the directory's name.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let missing = path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
    let missing: Vec<_> = missing.skip(1).collect();
    // Numbers of persons lie in it.
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    missing.into_iter().try_for_each(sync_parent)?;
    // A directory that was there may have been made a moment ago, by a process that was killed.
    sync_parent(path)
}

/// Syncs the directory in which a path lies, so that its name is durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
