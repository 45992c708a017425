//! Persons: a passport or identity number becomes a keyed hash before it goes anywhere.
//!
//! The key lies in a file of its own beside the register (`person.key`, mode 0600): who has the database without the
//! key cannot search it for a passport. What always holds: the number itself is never written or logged; no second key
//! is made where hashes of a first one are stored, because nobody would be found with it.

use super::{Refusal, Registry, RegistryError};
use crate::{
    batch::PersonHash,
    keyed::hmac,
    store::{PERSON_KEY as FILE, StoreError},
};
use std::{fs, io::ErrorKind, sync::Mutex};

const DOING: &str = "the key of persons";
/// One thread makes the key.
static MAKING: Mutex<()> = Mutex::new(());
const KEY_BYTES: usize = 32;

impl Registry {
    /// The keyed hash (HMAC-SHA-256, RFC 2104, cut to 16 bytes) of a passport or identity number.
    ///
    /// # Errors
    /// When it has no letter or digit, or the key can be neither read nor made.
    pub fn person(&self, number: &str) -> Result<PersonHash, RegistryError> {
        let plain: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
        if plain.len() < 4 || plain.len() > 32 {
            return Err(Refusal::invalid("a passport or identity number has 4 to 32 letters and digits"));
        }
        let mac = hmac(&self.person_key()?, plain.to_ascii_uppercase().as_bytes());
        let mut hash = PersonHash::default();
        hash.copy_from_slice(&mac[..size_of::<PersonHash>()]);
        Ok(hash)
    }

    /// The key; made where there is none, and durable before any hash is made with it: another key would find nobody.
    fn person_key(&self) -> Result<Vec<u8>, RegistryError> {
        let path = self.store.path().join(FILE);
        let failed = |error: std::io::Error| {
            let reason = format!("{}: {error}", path.display());
            StoreError::Write { path: self.store.path().to_owned(), doing: DOING, reason }
        };
        match fs::read(&path) {
            Ok(key) if key.len() == KEY_BYTES => return Ok(key),
            Ok(_) => {
                let what = format!("{FILE} does not hold {KEY_BYTES} bytes");
                return Err(StoreError::Damaged { path: self.store.path().to_owned(), what }.into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error).into()),
        }
        let making = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if path.exists() {
            drop(making);
            return self.person_key();
        }
        if self.store.knows_persons()? {
            let what = format!("{FILE} is missing, and persons are known by it: put it back from a backup");
            return Err(StoreError::Damaged { path: self.store.path().to_owned(), what }.into());
        }
        let mut key = vec![0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(StoreError::from)?;
        self.store.write_beside(FILE, &key, DOING)?;
        Ok(key)
    }
}
