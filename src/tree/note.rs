//! Signed checkpoints: a head that a register stands by, as a C2SP note (c2sp.org/tlog-checkpoint, signed-note).
//!
//! What always holds: a [`Checkpoint`] was signed by the key it was opened with, and its first line is that key's name:
//! a checkpoint of one register is none of another.

use super::Head;
use signed_note::{Note, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use std::fmt;
use tlog_tiles::{checkpoint, tlog};

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a verifier key.
    #[error("this is no key of a register: {0}. A key is one line `saring/ID+HASH+KEY`, as in the file journal.pub")]
    Public(#[from] signed_note::VerifierError),
    /// Not a signing key.
    #[error("this is no signing key: {0}")]
    Secret(#[from] signed_note::SignerError),
    /// A signing key that belongs to another verifier key.
    #[error("the signing key is not the one of {0}")]
    Pair(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(rand_core::Error),
}

/// Why a text is no checkpoint of a register.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or not by this key.
    #[error("it is not signed by {key}: {reason}")]
    Unsigned {
        /// Name of the key.
        key: String,
        /// What the library found.
        reason: signed_note::NoteError,
    },
    /// The note is no checkpoint.
    #[error("the signed text is no checkpoint: it wants origin, size and root, a line each")]
    Malformed,
    /// Signed by this key about another register.
    #[error("it is about {found}, and the key is that of {key}")]
    Origin {
        /// First line of the note.
        found: String,
        /// Name of the key.
        key: String,
    },
}

/// A public key, by which checkpoints are verified.
#[derive(Clone)]
pub struct Verifier {
    line: String,
    key: StandardVerifier,
}

impl Verifier {
    /// Reads a verifier key (C2SP vkey): `name+hash+key`.
    ///
    /// # Errors
    /// When it is none, or its hash does not belong to it.
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let line = line.trim();
        Ok(Self { key: StandardVerifier::new(line)?, line: line.to_owned() })
    }

    /// The key as one line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The name of the register: origin of its checkpoints.
    pub fn name(&self) -> &str {
        self.key.name()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.line)
    }
}

impl PartialEq for Verifier {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

/// A key that was just made: both lines, to be kept.
pub struct NewKey {
    /// The signing key. Whoever has it can sign in the register's name.
    pub secret: String,
    /// The verifier key, for everybody.
    pub public: String,
}

impl NewKey {
    /// Makes a key for a register of this name.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut random = rand_core::OsRng;
        // The library does not ask whether there are any.
        rand_core::RngCore::try_fill_bytes(&mut random, &mut [0; 32]).map_err(KeyError::Random)?;
        let (secret, public) = signed_note::generate_key(&mut random, name);
        Ok(Self { secret, public })
    }
}

/// A signing key with its public half.
#[derive(Clone)]
pub struct Signer {
    key: StandardSigner,
    public: Verifier,
}

impl Signer {
    /// Takes both halves of a key.
    ///
    /// # Errors
    /// When the secret half is none, or that of another key.
    pub fn new(secret: &str, public: Verifier) -> Result<Self, KeyError> {
        let signer = Self { key: StandardSigner::new(secret.trim())?, public };
        let head = Head { size: 0, root: tlog::EMPTY_HASH.0 };
        let signed = signer.sign(head).and_then(|signed| Checkpoint::open(signed.note(), &signer.public));
        signed.map_err(|_| KeyError::Pair(signer.public.line.clone()))?;
        Ok(signer)
    }

    /// The public half.
    pub const fn public(&self) -> &Verifier {
        &self.public
    }

    /// Signs a head.
    ///
    /// # Errors
    /// When the name of the key is none (as [`Verifier::parse`] refuses it).
    pub fn sign(&self, head: Head) -> Result<Checkpoint, CheckpointError> {
        let name = self.public.name();
        let unsigned = |reason| CheckpointError::Unsigned { key: name.to_owned(), reason };
        let text = checkpoint::Checkpoint::new(name, head.size, tlog::Hash(head.root), "")
            .map_err(|_| CheckpointError::Malformed)?;
        let mut note = Note::new(&text.to_bytes(), &[]).map_err(unsigned)?;
        note.add_sigs(&[&self.key]).map_err(unsigned)?;
        Ok(Checkpoint { head, note: String::from_utf8_lossy(&note.to_bytes()).into_owned() })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public.line)
    }
}

/// A head that is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    head: Head,
    note: String,
}

impl Checkpoint {
    /// Opens a checkpoint: its signature must be of this key.
    ///
    /// # Errors
    /// When it is not signed by the key, or about another register.
    pub fn open(note: &str, key: &Verifier) -> Result<Self, CheckpointError> {
        let unsigned = |reason| CheckpointError::Unsigned { key: key.name().to_owned(), reason };
        let signed = Note::from_bytes(note.as_bytes()).map_err(unsigned)?;
        signed.verify(&VerifierList::new(vec![Box::new(key.key.clone())])).map_err(unsigned)?;
        let text = checkpoint::Checkpoint::from_bytes(signed.text()).map_err(|_| CheckpointError::Malformed)?;
        if text.origin() != key.name() {
            return Err(CheckpointError::Origin { found: text.origin().to_owned(), key: key.name().to_owned() });
        }
        Ok(Self { head: Head { size: text.size(), root: text.hash().0 }, note: note.to_owned() })
    }

    /// Size and root that it vouches for.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The signed note: what an operator keeps.
    pub fn note(&self) -> &str {
        &self.note
    }
}
