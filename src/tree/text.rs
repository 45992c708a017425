//! Proofs as texts that can be checked without a register.
//!
//! An inclusion is a C2SP proof (c2sp.org/tlog-proof@v1) whose extra data is the entry; a consistency is the body of
//! a C2SP witness request (c2sp.org/tlog-witness): `old SIZE`, hashes. Both end with the signed checkpoint that they
//! lead to.
//! What always holds: reading checks the form only. Nothing is proven before the checkpoint is opened with a key.

use super::{Hash, hash_text};
use base64::prelude::{BASE64_STANDARD, Engine as _};

const INCLUSION: &str = "c2sp.org/tlog-proof@v1";

/// A proof and the signed checkpoint that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An entry is in the journal.
    Inclusion {
        /// The entry's number.
        seq: u64,
        /// The entry as stored.
        entry: Vec<u8>,
        /// Hashes beside the way from leaf to root.
        path: Vec<Hash>,
        /// The signed checkpoint.
        note: String,
    },
    /// The journal begins with an earlier one.
    Consistency {
        /// Size of the earlier one.
        from: u64,
        /// Hashes from which both roots follow.
        path: Vec<Hash>,
        /// The signed checkpoint.
        note: String,
    },
}

/// Why a text is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {want}")]
pub struct ProofTextError {
    /// The line, from 1.
    pub line: usize,
    /// What should stand there.
    pub want: &'static str,
}

impl Proof {
    /// The text.
    pub fn to_text(&self) -> String {
        let (mut text, path, note) = match self {
            Self::Inclusion { seq, entry, path, note } => {
                let entry = BASE64_STANDARD.encode(entry);
                (format!("{INCLUSION}\nextra {entry}\nindex {}\n", seq.saturating_sub(1)), path, note)
            }
            Self::Consistency { from, path, note } => (format!("old {from}\n"), path, note),
        };
        for hash in path {
            text.push_str(&hash_text(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(note);
        text
    }

    /// Reads a text.
    ///
    /// # Errors
    /// When it has another form.
    pub fn from_text(text: &str) -> Result<Self, ProofTextError> {
        let wrong = |line, want| ProofTextError { line, want };
        let (head, note) =
            text.split_once("\n\n").ok_or(wrong(1, "a proof ends with an empty line and a checkpoint"))?;
        let note = note.to_owned();
        let lines: Vec<&str> = head.split('\n').collect();
        let path = |from: usize| {
            let hashes = lines.iter().enumerate().skip(from);
            let read = hashes.map(|(at, line)| read_hash(line).ok_or(wrong(at + 1, "a hash of 32 bytes in base64")));
            read.collect::<Result<Vec<_>, _>>()
        };
        let field = |at: usize, name: &str| lines.get(at).and_then(|line| line.strip_prefix(name));
        if lines.first() == Some(&INCLUSION) {
            let entry = field(1, "extra ").and_then(|data| BASE64_STANDARD.decode(data).ok());
            let entry = entry.ok_or(wrong(2, "`extra` and the entry in base64"))?;
            let index = field(2, "index ").and_then(read_number).and_then(|index| index.checked_add(1));
            let seq = index.ok_or(wrong(3, "`index` and the number of the entry less one"))?;
            return Ok(Self::Inclusion { seq, entry, path: path(3)?, note });
        }
        let from = field(0, "old ").and_then(read_number);
        let from = from.ok_or(wrong(1, "`c2sp.org/tlog-proof@v1`, or `old` and the size of the earlier journal"))?;
        Ok(Self::Consistency { from, path: path(1)?, note })
    }

    /// The signed checkpoint that it leads to; not yet verified.
    pub fn note(&self) -> &str {
        match self {
            Self::Inclusion { note, .. } | Self::Consistency { note, .. } => note,
        }
    }
}

fn read_hash(line: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(line).ok()?.try_into().ok()
}

/// A number in the one way in which it is written.
fn read_number(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}
