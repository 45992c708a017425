//! The acknowledged revision: the least that a register must hold when it is opened.
//!
//! RocksDB takes a log whose end is missing for one that a crash cut off, and a manifest likewise: both open as an
//! older state without a word. So the revision of each group is noted in a small file beside the tables once its
//! write is synced, and a register that opens with less is refused.
//! What always holds: the file never names a revision that was not synced. It is not synced itself: after a loss of
//! power it may name an older one, or nothing, and then it only proves less.

use super::StoreError;
use crate::revision::Revision;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
};
use xxhash_rust::xxh3::xxh3_64;

/// Name of the file in the data directory.
pub(super) const FILE: &str = "ACKNOWLEDGED";

const REVISION_BYTES: usize = 12;
const FILE_BYTES: usize = REVISION_BYTES + 8;

/// The file, open to be written.
pub(super) struct Acknowledged(File);

impl Acknowledged {
    /// Opens the file of a directory, and makes it where there is none.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().create(true).truncate(false).write(true).open(path.join(FILE)).map(Self)
    }

    /// Notes a revision whose write is synced.
    pub(super) fn note(&self, revision: Revision) -> io::Result<()> {
        self.0.write_all_at(&encode(revision), 0)
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

fn encode(revision: Revision) -> [u8; FILE_BYTES] {
    let mut bytes = [0; FILE_BYTES];
    bytes[..REVISION_BYTES].copy_from_slice(&super::open::encode_applied(revision));
    let check = xxh3_64(&bytes[..REVISION_BYTES]);
    bytes[REVISION_BYTES..].copy_from_slice(&check.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Revision> {
    let (revision, check) = bytes.split_at_checked(REVISION_BYTES)?;
    let is_whole = check == xxh3_64(revision).to_be_bytes();
    is_whole.then(|| super::open::decode_applied(revision)).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_note_is_read_back_and_a_torn_one_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path()).unwrap(), None);
        let file = Acknowledged::open(directory.path()).unwrap();
        assert_eq!(read(directory.path()).unwrap(), None);
        for seq in [1, 2, u64::MAX] {
            file.note(Revision { epoch: 7, seq }).unwrap();
            assert_eq!(read(directory.path()).unwrap(), Some(Revision { epoch: 7, seq }));
        }
        let whole = encode(Revision { epoch: 7, seq: 300 });
        for at in 0..FILE_BYTES {
            let mut flipped = whole;
            flipped[at] ^= 1;
            assert_eq!((decode(&flipped), decode(&whole[..at])), (None, None));
        }
        assert_eq!(decode(&[&whole[..], &[0]].concat()), None);
    }
}
