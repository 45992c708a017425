//! Signed checkpoints in the data directory, and the key that signs them.
//!
//! RocksDB takes a log or a manifest whose end is missing for one that a crash cut off, and opens an older register
//! without a word. So once the write of a group is synced, the head of the journal's tree is signed and noted in the
//! file
//! `CHECKPOINT`; a register that holds less, or other entries, is refused when it is opened.
//! What always holds: `CHECKPOINT` never names an entry that was not synced. It is not synced itself: after a loss of
//! power it may name an older head, or lack its end, and then it only proves less. A note is written over one of the
//! same length by one write within one sector, which is there or is not; where the length changes, a new file takes the
//! place of the old one.
//! Anything else in it that the register's key has not signed is damage. The public key stands in `meta` too, so that
//! a key that is put in the place of another is found.

use super::StoreError;
use crate::tree::{Checkpoint, Head, KeyError, NewKey, Signer, Verifier};
use fail::fail_point;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The newest signed checkpoint.
pub(super) const CHECKPOINT: &str = "CHECKPOINT";
/// The next one, until it takes its place.
const CHECKPOINT_NEXT: &str = "CHECKPOINT.next";
/// A disk writes so many bytes as a whole.
const SECTOR_BYTES: usize = 512;
/// The signing key. Readable by its owner only.
pub(super) const KEY: &str = "journal.key";
/// The public key, for whoever verifies.
pub(super) const PUBLIC_KEY: &str = "journal.pub";

/// Signs, and notes what it signed.
pub(super) struct Signing {
    directory: PathBuf,
    signer: Signer,
}

impl Signing {
    /// Makes a key for a register that is being made, or that had none. Its files are synced before anything names
    /// them.
    pub(super) fn make(directory: &Path, name: &str) -> Result<Self, StoreError> {
        let damaged = |error: KeyError| StoreError::damaged(directory, format!("no key can be made: {error}"));
        let key = NewKey::generate(name).map_err(damaged)?;
        let public = Verifier::parse(&key.public).map_err(damaged)?;
        let signer = Signer::new(&key.secret, public).map_err(damaged)?;
        write_whole(directory, KEY, format!("{}\n", key.secret).as_bytes(), 0o600)
            .map_err(|error| failed(directory, &error))?;
        write_whole(directory, PUBLIC_KEY, format!("{}\n", key.public).as_bytes(), 0o644)
            .map_err(|error| failed(directory, &error))?;
        Ok(Self { directory: directory.to_owned(), signer })
    }

    /// Takes the key of a register. `public` is the one that stands in its `meta`.
    pub(super) fn open(directory: &Path, public: Verifier) -> Result<Self, StoreError> {
        let secret = fs::read_to_string(directory.join(KEY)).map_err(|error| {
            let what = format!("the signing key {KEY} cannot be read ({error}), and nothing can be signed without it");
            StoreError::damaged(directory, what)
        })?;
        let signer = Signer::new(&secret, public)
            .map_err(|error| StoreError::damaged(directory, format!("the signing key {KEY}: {error}")))?;
        // What a crash left of the next note must not shine through when it is written anew and that is cut off.
        match fs::remove_file(directory.join(CHECKPOINT_NEXT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(directory, &error)),
            _ => {}
        }
        let line = format!("{}\n", signer.public().line());
        match fs::read(directory.join(PUBLIC_KEY)) {
            Ok(found) if found == line.as_bytes() => {}
            Ok(_) => {
                let what = format!("{PUBLIC_KEY} is not the key of this register, which is {}", line.trim_end());
                return Err(StoreError::damaged(directory, what));
            }
            Err(_) => {
                write_whole(directory, PUBLIC_KEY, line.as_bytes(), 0o644).map_err(|error| failed(directory, &error))?
            }
        }
        Ok(Self { directory: directory.to_owned(), signer })
    }

    /// The public key.
    pub(super) const fn public(&self) -> &Verifier {
        self.signer.public()
    }

    /// Signs a head whose entries are synced, and notes it.
    pub(super) fn sign(&self, head: Head) -> Result<Checkpoint, StoreError> {
        let signed = self.signer.sign(head).map_err(|error| failed(&self.directory, &io::Error::other(error)))?;
        self.note(signed.note().as_bytes()).map_err(|error| failed(&self.directory, &error))?;
        Ok(signed)
    }

    /// Puts a note in the place of the last one.
    fn note(&self, note: &[u8]) -> io::Result<()> {
        let path = self.directory.join(CHECKPOINT);
        if note.len() <= SECTOR_BYTES
            && let Ok(last) = OpenOptions::new().write(true).open(&path)
            && last.metadata()?.len() == note.len() as u64
        {
            fail_point!("store-mid-checkpoint", |_| Ok(()));
            return last.write_all_at(note, 0);
        }
        let next = self.directory.join(CHECKPOINT_NEXT);
        fs::write(&next, note)?;
        fail_point!("store-mid-checkpoint", |_| Ok(()));
        fs::rename(next, path)
    }
}

/// Writes a file that is whole and synced, or not there.
pub(super) fn write_whole(directory: &Path, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let next = directory.join(format!("{name}.next"));
    // A file that a crash left may have another mode.
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(next, directory.join(name))?;
    File::open(directory)?.sync_all()
}

/// Takes the newest signed checkpoint away, durably.
pub(super) fn forget(directory: &Path) -> Result<(), StoreError> {
    let removed = match fs::remove_file(directory.join(CHECKPOINT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::open(directory).and_then(|directory| directory.sync_all()),
    };
    removed.map_err(|error| failed(directory, &error))
}

/// What lies in `CHECKPOINT`, to be held against the key. `None` where nothing was noted, or a loss of power took it.
///
/// # Errors
/// When there is a file that cannot be read.
pub(super) fn read_note(directory: &Path) -> Result<Option<String>, StoreError> {
    let damaged = |why: &dyn std::fmt::Display| StoreError::damaged(directory, format!("{CHECKPOINT} {why}"));
    let bytes = match read_settled(&directory.join(CHECKPOINT)) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(damaged(&format!("cannot be read: {error}"))),
    };
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if lacks_its_end(&bytes[..written]) {
        return Ok(None);
    }
    String::from_utf8(bytes).map(Some).map_err(|_| damaged(&"is no text"))
}

/// Reads a file over which another process may be writing: what is the same twice was not read in the middle of that.
pub(super) fn read_settled(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = fs::read(path)?;
    loop {
        let again = fs::read(path)?;
        if again == bytes {
            return Ok(bytes);
        }
        bytes = again;
    }
}

/// Bytes of a root, and of the hash of a key with a signature, in base64.
const ROOT_TEXT: usize = 44;
const SIGNATURE_TEXT: usize = 92;

/// Whether a note is too short for what it begins with: the power went before all of it was on the disk. A note that was
/// altered keeps its length; one that somebody cut proves as little as one that he took away.
fn lacks_its_end(note: &[u8]) -> bool {
    let mut lines = note.split(|byte| *byte == b'\n');
    // A line that is not ended is followed by none.
    let (Some(origin), Some(size), Some(_)) = (lines.next(), lines.next(), lines.next()) else { return true };
    // Origin, size, root and an empty line; a dash with its spaces, the origin again, the signature.
    let signature = "\u{2014} ".len() + origin.len() + 1 + SIGNATURE_TEXT + 1;
    let whole = origin.len() + 1 + size.len() + 1 + ROOT_TEXT + 1 + 1 + signature;
    size.iter().all(u8::is_ascii_digit) && note.len() < whole
}

/// Opens what lay in `CHECKPOINT`.
pub(super) fn open_note(directory: &Path, note: &str, key: &Verifier) -> Result<Checkpoint, StoreError> {
    Checkpoint::open(note, key).map_err(|error| {
        let what = format!("{CHECKPOINT} is not what this register signed: {error}");
        StoreError::damaged(directory, what)
    })
}

fn failed(directory: &Path, error: &io::Error) -> StoreError {
    StoreError::Write { path: directory.to_owned(), doing: "the signed checkpoint", reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    const HEAD: Head = Head { size: 3, root: [1; 32] };

    #[test]
    fn what_is_signed_is_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        assert_eq!(read_note(at).unwrap(), None);
        let made = Signing::make(at, "saring/00").unwrap();
        let signed = made.sign(HEAD).unwrap();
        let public = made.public().clone();
        assert_eq!(open_note(at, &read_note(at).unwrap().unwrap(), &public).unwrap(), signed);
        let opened = Signing::open(at, public.clone()).unwrap();
        let later = opened.sign(Head { size: 4, ..HEAD }).unwrap();
        assert_eq!(open_note(at, &read_note(at).unwrap().unwrap(), &public).unwrap(), later);
        assert_eq!(fs::metadata(at.join(KEY)).unwrap().permissions().mode() & 0o777, 0o600);
        // A note of the same length is written over the last one; for a longer one there is a new file.
        let file = || fs::metadata(at.join(CHECKPOINT)).unwrap().ino();
        let (first, read) = (file(), || open_note(at, &read_note(at).unwrap().unwrap(), &public).unwrap());
        for (size, is_same) in [(9, true), (10, false)] {
            assert_eq!(opened.sign(Head { size, ..HEAD }).unwrap(), read());
            assert_eq!(file() == first, is_same, "{size}");
        }
    }

    #[test]
    fn whoever_reads_beside_the_writer_reads_a_whole_note() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let made = Signing::make(at, "saring/00").unwrap();
        let sign = |size: u64| made.sign(Head { size, root: [size as u8; 32] }).unwrap();
        sign(1_000);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (1_001..3_000).for_each(|size| _ = sign(size)));
            let mut last = 0;
            while !writer.is_finished() {
                let read = open_note(at, &read_note(at).unwrap().unwrap(), made.public()).unwrap().head().size;
                assert!(read >= last, "{read} after {last}");
                last = read;
            }
        });
    }

    #[test]
    fn what_a_loss_of_power_leaves_proves_less_and_anything_else_is_damage() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let made = Signing::make(at, "saring/00").unwrap();
        let note = made.sign(HEAD).unwrap().note().to_owned();
        for cut in 0..note.len() {
            let begin = &note.as_bytes()[..cut];
            for left in [begin.to_vec(), [begin, &vec![0; note.len() - cut]].concat()] {
                fs::write(at.join(CHECKPOINT), left).unwrap();
                assert_eq!(read_note(at).unwrap(), None, "the first {cut} bytes");
            }
        }
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            fs::write(at.join(CHECKPOINT), bytes).unwrap();
            let opened = read_note(at).and_then(|note| open_note(at, &note.unwrap(), made.public()));
            assert!(matches!(opened, Err(StoreError::Damaged { .. })), "byte {place}");
        }
    }

    #[test]
    fn another_key_is_found_and_a_lost_public_one_is_written_again() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let public = Signing::make(one.path(), "saring/00").unwrap().public().clone();
        Signing::make(other.path(), "saring/00").unwrap();
        let open = || Signing::open(one.path(), public.clone()).map(|_| ()).map_err(|error| error.to_string());
        fs::remove_file(one.path().join(PUBLIC_KEY)).unwrap();
        open().unwrap();
        assert!(fs::read_to_string(one.path().join(PUBLIC_KEY)).unwrap().starts_with("saring/00+"));
        fs::copy(other.path().join(PUBLIC_KEY), one.path().join(PUBLIC_KEY)).unwrap();
        assert!(open().unwrap_err().contains("journal.pub is not the key of this register"));
        fs::remove_file(one.path().join(PUBLIC_KEY)).unwrap();
        fs::copy(other.path().join(KEY), one.path().join(KEY)).unwrap();
        assert!(open().unwrap_err().contains("the signing key is not the one of"));
        fs::remove_file(one.path().join(KEY)).unwrap();
        assert!(open().unwrap_err().contains("journal.key cannot be read"));
    }
}
