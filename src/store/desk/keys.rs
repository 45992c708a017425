//! The keys of keyed hashes: a file beside the database, so that who has the database alone cannot search it.
//!
//! The desk hashes numbers with its own, the registration of subscribers hashes identities with its own. What always
//! holds: each hash names the version of its key; new hashes are made with the newest key, and every key that is left in
//! the file still finds its own.

use super::super::{StoreError, signing};
use crate::keyed::{Hmac, hmac};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::Path,
};

/// The desk's file: a line `VERSION KEY` for each key, KEY as 64 hexadecimal digits. Mode 0600.
pub(super) const FILE: &str = "number.key";
const KEY_BYTES: usize = 32;
const HASH_BYTES: usize = 16;

/// A keyed hash: the version of its key, then HMAC-SHA-256 (RFC 2104) cut to 16 bytes.
pub type Keyed = [u8; 1 + HASH_BYTES];

/// Keys by version.
pub struct NumberKeys(BTreeMap<u8, [u8; KEY_BYTES]>);

impl NumberKeys {
    /// Reads the keys of a directory. With `make` a first one is made where there is none, and is durable before any
    /// hash is made with it.
    pub(super) fn open(directory: &Path, make: bool) -> Result<Self, StoreError> {
        Self::open_named(directory, FILE, make)
    }

    /// The same for a file of another name.
    pub(in crate::store) fn open_named(directory: &Path, file: &str, make: bool) -> Result<Self, StoreError> {
        let text = match fs::read_to_string(directory.join(file)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                let first = Self(BTreeMap::from([(1, random()?)]));
                first.write(directory, file)?;
                return Ok(first);
            }
            Err(error) => {
                let what = format!("{file} cannot be read ({error}), and what is hashed is known by it");
                return Err(StoreError::damaged(directory, what));
            }
        };
        let keys: Option<BTreeMap<_, _>> = text.lines().filter(|line| !line.trim().is_empty()).map(key).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => Err(StoreError::damaged(directory, format!("{file} has a line that is not VERSION KEY"))),
        }
    }

    /// Adds a key, durably; from then on new hashes are made with it. Gives all of them.
    pub(in crate::store) fn rotate(directory: &Path, file: &str) -> Result<Self, StoreError> {
        let mut keys = Self::open_named(directory, file, false)?;
        let next = keys.newest().checked_add(1);
        let next = next.ok_or_else(|| StoreError::damaged(directory, format!("{file} has 255 keys, and no more")))?;
        keys.0.insert(next, random()?);
        keys.write(directory, file)?;
        Ok(keys)
    }

    /// Leaves the keys of these versions, and the newest, in the desk's file. Gives how many went.
    pub(super) fn keep(directory: &Path, versions: &BTreeSet<u8>) -> Result<usize, StoreError> {
        let mut keys = Self::open(directory, false)?;
        let (before, newest) = (keys.0.len(), keys.newest());
        keys.0.retain(|version, _| *version == newest || versions.contains(version));
        if keys.0.len() < before {
            keys.write(directory, FILE)?;
        }
        Ok(before - keys.0.len())
    }

    fn write(&self, directory: &Path, file: &str) -> Result<(), StoreError> {
        let line = |(version, key): (&u8, &[u8; KEY_BYTES])| {
            format!("{version} {}\n", key.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        };
        let text: String = self.0.iter().map(line).collect();
        signing::write_whole(directory, file, text.as_bytes(), 0o600).map_err(|error| StoreError::Write {
            path: directory.to_owned(),
            doing: "a key of hashes",
            reason: error.to_string(),
        })
    }

    /// The hash of a value with the newest key.
    pub fn hash(&self, value: &[u8]) -> Keyed {
        self.all(value).last().copied().unwrap_or_default()
    }

    /// The hashes of a value with every key, oldest first.
    pub fn all(&self, value: &[u8]) -> Vec<Keyed> {
        let hash = |(version, key): (&u8, &[u8; KEY_BYTES])| {
            let mut hash = Keyed::default();
            hash[0] = *version;
            hash[1..].copy_from_slice(&hmac(key, value)[..HASH_BYTES]);
            hash
        };
        self.0.iter().map(hash).collect()
    }

    /// The version of the newest key.
    pub fn newest(&self) -> u8 {
        self.0.last_key_value().map_or(0, |(version, _)| *version)
    }

    /// Whether a version has a key.
    pub fn has(&self, version: u8) -> bool {
        self.0.contains_key(&version)
    }

    /// The newest key with its version, made ready for many hashes.
    pub fn ready(&self) -> (u8, Hmac) {
        self.0.last_key_value().map_or_else(|| (0, Hmac::new(&[])), |(version, key)| (*version, Hmac::new(key)))
    }

    /// A secret of 32 bytes that follows from a value and the key of a version. `None`: that key is gone.
    pub fn secret(&self, version: u8, value: &[u8]) -> Option<[u8; 32]> {
        self.0.get(&version).map(|key| hmac(key, value))
    }
}

fn random() -> Result<[u8; KEY_BYTES], StoreError> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key)?;
    Ok(key)
}

fn key(line: &str) -> Option<(u8, [u8; KEY_BYTES])> {
    let (version, key) = line.trim().split_once(' ')?;
    let key = key.trim();
    if key.len() != 2 * KEY_BYTES || !key.is_ascii() {
        return None;
    }
    let mut bytes = [0; KEY_BYTES];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(key.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some((version.parse().ok()?, bytes))
}

impl fmt::Debug for NumberKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberKeys({} keys)", self.0.len())
    }
}
