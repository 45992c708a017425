//! The acknowledged revision of a register of format 1: the least that it must hold when it is opened.
//!
//! Format 1 noted the revision of each group here once its write was synced. Signed checkpoints (`signing.rs`) prove
//! that and more; the file is read until the register is brought to format 2, and taken away then.
//! What always holds: the file never names a revision that was not synced. It was not synced itself: after a loss of
//! power it may name an older one, or nothing, and then it only proves less.

use super::StoreError;
use crate::revision::Revision;
use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};
use xxhash_rust::xxh3::xxh3_64;

/// Name of the file in the data directory.
pub(super) const FILE: &str = "ACKNOWLEDGED";

const REVISION_BYTES: usize = 12;
const FILE_BYTES: usize = REVISION_BYTES + 8;

/// Takes the file away: a signed checkpoint says more.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path.join(FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let reason = format!("{FILE} cannot be removed: {error}");
            Err(StoreError::Write { path: path.to_owned(), doing: "open the register", reason })
        }
        _ => Ok(()),
    }
}

/// The revision that a directory must hold at least. `None` where none was noted, or the note was torn.
///
/// # Errors
/// When there is a file that cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<Revision>, StoreError> {
    let mut bytes = Vec::with_capacity(FILE_BYTES);
    let file = match File::open(path.join(FILE)) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(StoreError::damaged(path, format!("{FILE} cannot be read: {error}"))),
    };
    file.take(FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| StoreError::damaged(path, format!("{FILE} cannot be read: {error}")))?;
    Ok(decode(&bytes))
}

fn decode(bytes: &[u8]) -> Option<Revision> {
    let (revision, check) = bytes.split_at_checked(REVISION_BYTES)?;
    let is_whole = check == xxh3_64(revision).to_be_bytes();
    is_whole.then(|| super::open::decode_applied(revision)).flatten()
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn encode(revision: Revision) -> [u8; FILE_BYTES] {
        let mut bytes = [0; FILE_BYTES];
        bytes[..REVISION_BYTES].copy_from_slice(&crate::store::open::encode_applied(revision));
        let check = xxh3_64(&bytes[..REVISION_BYTES]);
        bytes[REVISION_BYTES..].copy_from_slice(&check.to_be_bytes());
        bytes
    }

    /// As format 1 noted it.
    pub(in crate::store) fn write(path: &Path, revision: Revision) {
        fs::write(path.join(FILE), encode(revision)).unwrap();
    }

    #[test]
    fn a_note_is_read_back_and_a_torn_one_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path()).unwrap(), None);
        for seq in [1, 2, u64::MAX] {
            write(directory.path(), Revision { epoch: 7, seq });
            assert_eq!(read(directory.path()).unwrap(), Some(Revision { epoch: 7, seq }));
        }
        remove(directory.path()).unwrap();
        remove(directory.path()).unwrap();
        assert_eq!(read(directory.path()).unwrap(), None);
        let whole = encode(Revision { epoch: 7, seq: 300 });
        for at in 0..FILE_BYTES {
            let mut flipped = whole;
            flipped[at] ^= 1;
            assert_eq!((decode(&flipped), decode(&whole[..at])), (None, None));
        }
        assert_eq!(decode(&[&whole[..], &[0]].concat()), None);
    }
}
