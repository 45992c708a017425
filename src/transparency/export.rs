//! A journal as one file, and its verification without a register.
//!
//! ```text
//! "saring journal 1\n"                      17 bytes
//! register id                               16 bytes
//! length (4), verifier key                  one line, as in journal.pub
//! length (4), signed checkpoint             C2SP note of SIZE entries
//! SIZE times: length (4), entry as stored   entries 1 to SIZE
//! ```
//!
//! Lengths are big-endian. Nothing follows. The same register and checkpoint give the same bytes.
//! What always holds: nothing that the file says of itself is believed but what follows from the entries and the
//! signature.

use super::{TransparencyError, checkpoint};
use crate::{
    journal::{Chain, Entry, OutOfOrder, register_name},
    store::Store,
    tree::{Checkpoint, CheckpointError, Head, KeyError, Verifier},
};
use std::io::{self, Read, Write};

const MAGIC: &[u8; 17] = b"saring journal 1\n";
/// A verifier key or a checkpoint longer than this is none.
const LINE_BYTES_MAX: u32 = 1 << 16;
/// An entry longer than this is none: a settings document is the largest.
const ENTRY_BYTES_MAX: u32 = 1 << 28;

/// Why an export is refused.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read.
    #[error("the export cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Something else.
    #[error("this is no export of a journal: {0}")]
    NotAnExport(&'static str),
    /// Its key is none.
    #[error("the key in the export: {0}")]
    Key(#[from] KeyError),
    /// Signed by another register than the one that is trusted.
    #[error("the export is signed by {found}, and the key that is trusted is {trusted}")]
    OtherKey {
        /// Key of the export.
        found: String,
        /// Key that was given.
        trusted: String,
    },
    /// The checkpoint of the export does not stand.
    #[error("the checkpoint of the export: {0}")]
    Checkpoint(CheckpointError),
    /// The kept checkpoint does not stand.
    #[error("the kept checkpoint: {0}")]
    Kept(CheckpointError),
    /// An entry cannot stand where it stands.
    #[error("{0}: the export was altered")]
    Entry(#[from] OutOfOrder),
    /// The file ends too early.
    #[error("the export ends with entry {last}, and {size} are signed: entries were dropped")]
    Short {
        /// Last whole entry.
        last: u64,
        /// Entries of the checkpoint.
        size: u64,
    },
    /// The file goes on.
    #[error("the export goes on behind entry {size}, the last that is signed: entries were added")]
    Long {
        /// Entries of the checkpoint.
        size: u64,
    },
    /// It names another register than its first entry.
    #[error("the export is of {found}, and its key is that of {key}")]
    Register {
        /// Name by its first entry.
        found: String,
        /// Name of the key.
        key: String,
    },
    /// The entries are not those that were signed.
    #[error("the root of the {} entries is not the signed one: an entry {} was altered", .size, whence(*.sound))]
    Root {
        /// Entries.
        size: u64,
        /// Entries that are those of the kept checkpoint; 0: not known.
        sound: u64,
    },
    /// The journal is another than the one of the kept checkpoint.
    #[error(
        "the first {size} entries are not those of the kept checkpoint: the register signed them, and now it shows others. Entries were altered, dropped, added or reordered since"
    )]
    Rewritten {
        /// Entries of the kept checkpoint.
        size: u64,
    },
    /// The journal is shorter than the kept checkpoint.
    #[error(
        "the kept checkpoint is of {kept} entries, and the export has {size}: it is older, or entries were dropped"
    )]
    Older {
        /// Entries of the kept checkpoint.
        kept: u64,
        /// Entries of the export.
        size: u64,
    },
}

fn whence(sound: u64) -> String {
    if sound == 0 { "of it".into() } else { format!("behind entry {sound}") }
}

/// What was proven of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedExport {
    /// The key that signed.
    pub key: String,
    /// Size and root.
    pub head: Head,
    /// When the last entry was made, in milliseconds since the Unix epoch.
    pub time_unix_ms: i64,
    /// Size of the kept checkpoint that it continues.
    pub continues: Option<u64>,
}

/// Writes the journal up to its newest signed checkpoint. Gives that checkpoint.
///
/// # Errors
/// When there is none, the register cannot be read, or the file cannot be written.
pub fn export(store: &Store, out: &mut impl Write) -> Result<Checkpoint, TransparencyError> {
    let signed = checkpoint(store)?;
    let key = store.journal_key()?;
    let framed = |out: &mut dyn Write, bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("an entry of more than 4 GiB"))?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(bytes)
    };
    out.write_all(MAGIC)?;
    out.write_all(&store.register_id()?)?;
    framed(out, key.line().as_bytes())?;
    framed(out, signed.note().as_bytes())?;
    let size = usize::try_from(signed.head().size).unwrap_or(usize::MAX);
    for entry in store.journal(1)?.take(size) {
        framed(out, &entry?)?;
    }
    out.flush()?;
    Ok(signed)
}

/// Verifies an export. `trusted` is the key that signed, as it is known from elsewhere; without it the export's own
/// key is taken, which proves only that the file is whole. `kept` is an earlier checkpoint that somebody kept. Each
/// entry is shown to `see` as it is read, before the whole is proven.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify_export(
    file: impl Read,
    trusted: Option<&Verifier>,
    kept: Option<&str>,
    see: &mut dyn FnMut(&Entry),
) -> Result<VerifiedExport, ExportError> {
    let mut file = io::BufReader::new(file);
    let (register_id, key, signed) = read_header(&mut file, trusted)?;
    let head = signed.head();
    let kept = kept.map(|note| Checkpoint::open(note, &key).map_err(ExportError::Kept)).transpose()?;
    let kept = kept.map(|kept| kept.head());
    let mut chain = Chain::default();
    let mut continues = None;
    while let Some(stored) = read_frame(&mut file, ENTRY_BYTES_MAX)? {
        if chain.size() == head.size {
            return Err(ExportError::Long { size: head.size });
        }
        let Frame::Whole(stored) = stored else {
            return Err(ExportError::Short { last: chain.size(), size: head.size });
        };
        let (entry, _) = chain.push(&stored)?;
        see(&entry);
        if kept.is_some_and(|kept| kept == chain.head()) {
            continues = Some(chain.size());
        }
    }
    if chain.size() < head.size {
        return Err(ExportError::Short { last: chain.size(), size: head.size });
    }
    if chain.head() != head {
        return Err(ExportError::Root { size: head.size, sound: continues.unwrap_or(0) });
    }
    if chain.register_id() != register_id {
        return Err(ExportError::Register { found: register_name(chain.register_id()), key: key.name().to_owned() });
    }
    match kept {
        Some(kept) if kept.size > head.size => Err(ExportError::Older { kept: kept.size, size: head.size }),
        Some(kept) if continues.is_none() => Err(ExportError::Rewritten { size: kept.size }),
        _ => Ok(VerifiedExport { key: key.line().to_owned(), head, time_unix_ms: chain.time_unix_ms(), continues }),
    }
}

/// Reads what stands before the entries: id, key and checkpoint, which must belong together.
fn read_header(
    file: &mut impl Read,
    trusted: Option<&Verifier>,
) -> Result<([u8; 16], Verifier, Checkpoint), ExportError> {
    let cut = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ExportError::NotAnExport("it ends before the first entry"),
        _ => ExportError::Io(error),
    };
    let mut magic = [0; MAGIC.len()];
    let mut register_id = [0; 16];
    file.read_exact(&mut magic).map_err(cut)?;
    if magic != *MAGIC {
        return Err(ExportError::NotAnExport("it does not begin with `saring journal 1`"));
    }
    file.read_exact(&mut register_id).map_err(cut)?;
    let mut line = || match read_frame(file, LINE_BYTES_MAX)? {
        Some(Frame::Whole(bytes)) => {
            String::from_utf8(bytes).map_err(|_| ExportError::NotAnExport("key or checkpoint is no text"))
        }
        _ => Err(ExportError::NotAnExport("it ends before the first entry")),
    };
    let (key, note) = (line()?, line()?);
    let key = Verifier::parse(&key)?;
    if let Some(trusted) = trusted.filter(|trusted| **trusted != key) {
        return Err(ExportError::OtherKey { found: key.line().to_owned(), trusted: trusted.line().to_owned() });
    }
    let name = register_name(&register_id);
    if name != key.name() {
        return Err(ExportError::Register { found: name, key: key.name().to_owned() });
    }
    let signed = Checkpoint::open(&note, &key).map_err(ExportError::Checkpoint)?;
    Ok((register_id, key, signed))
}

enum Frame {
    Whole(Vec<u8>),
    Cut,
}

/// Reads a length and so many bytes. `None` at the end of the file.
fn read_frame(file: &mut impl Read, most: u32) -> Result<Option<Frame>, io::Error> {
    let mut length = Vec::with_capacity(4);
    file.take(4).read_to_end(&mut length)?;
    if length.is_empty() {
        return Ok(None);
    }
    let Ok(length) = <[u8; 4]>::try_from(length) else { return Ok(Some(Frame::Cut)) };
    let length = u32::from_be_bytes(length);
    // A length that was altered must not ask for all memory: bytes are taken as they come.
    let mut bytes = Vec::new();
    file.take(u64::from(length.min(most))).read_to_end(&mut bytes)?;
    let is_whole = bytes.len() == length as usize;
    Ok(Some(if is_whole { Frame::Whole(bytes) } else { Frame::Cut }))
}
