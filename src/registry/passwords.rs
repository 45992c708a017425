//! Passwords: a person sets its own, and shows who it is with it.
//!
//! The hashes lie in a file of their own beside the register (`passwords`, mode 0600), because the journal is for everybody to
//! verify and keeps everything for ever. What always holds: a principal that is revoked, or has no token or certificate
//! that still counts, is let in by no password either; nobody learns from the time of an answer whether a name exists.

use super::{Refusal, Registry, RegistryError, people::known};
use crate::{
    ledger::Ledger,
    principal::{PasswordHash, Principal, PrincipalKind, check_password},
    store::{PASSWORDS as FILE, StoreError},
};
use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    sync::{Mutex, OnceLock, PoisonError},
};

const DOING: &str = "a password";
/// One thread at a time changes the file.
static CHANGING: Mutex<()> = Mutex::new(());

impl Registry {
    /// Sets the password of a person; the earlier one counts no more. Blocking, and costly.
    ///
    /// # Errors
    /// When it is no person, the password is too plain, or the file can be neither read nor written.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), RegistryError> {
        let ledger = self.store.ledger();
        if known(&ledger, name)?.kind != PrincipalKind::Person {
            return Err(Refusal::not_allowed("only a person has a password: a program shows its token"));
        }
        check_password(name, password).map_err(|error| Refusal::invalid(error.to_string()))?;
        let hash = PasswordHash::of(password);
        let hash = hash.ok_or_else(|| Refusal::state("the system gives no random numbers: try again"))?;
        let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.passwords()?;
        kept.insert(name.to_owned(), hash);
        let lines: String = kept.iter().map(|(name, hash)| format!("{name} {}\n", hash.as_str())).collect();
        Ok(self.store.write_beside(FILE, lines.as_bytes(), DOING)?)
    }

    /// Whether this is the password of a principal that is let in by one. Blocking, and costly, whatever the name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn password_is(&self, name: &str, password: &str) -> Result<bool, RegistryError> {
        let kept = self.passwords()?;
        let hash = kept.get(name);
        let right = hash.map_or_else(|| is_of_nobody(password), |hash| hash.is_of(password));
        Ok(right && hash.is_some() && self.may_show_password(name))
    }

    /// Whether a principal may be let in by its password now: not revoked, and with a token or certificate that counts.
    pub fn may_show_password(&self, name: &str) -> bool {
        let ledger: &Ledger = &self.store.ledger();
        ledger.principals().get(name).is_some_and(counts)
    }

    /// Whether a principal has a password.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_password(&self, name: &str) -> Result<bool, RegistryError> {
        Ok(self.passwords()?.contains_key(name))
    }

    fn passwords(&self) -> Result<BTreeMap<String, PasswordHash>, RegistryError> {
        let path = self.store.path();
        let damaged = |what: String| StoreError::Damaged { path: path.to_owned(), what };
        let text = match fs::read_to_string(path.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(damaged(format!("{FILE} cannot be read: {error}")).into()),
        };
        let mut kept = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let read = line.split_once(' ').and_then(|(name, hash)| Some((name, PasswordHash::parse(hash)?)));
            let (name, hash) = read.ok_or_else(|| damaged(format!("line {} of {FILE} cannot be read", at + 1)))?;
            kept.insert(name.to_owned(), hash);
        }
        Ok(kept)
    }
}

fn counts(principal: &Principal) -> bool {
    let now = jiff::Timestamp::now().as_second();
    let counts = principal.credentials.values().any(|one| !one.revoked && now < one.expires_unix_s);
    !principal.revoked && principal.kind == PrincipalKind::Person && counts
}

/// What is tried where nobody has the name, so that this takes as long.
fn is_of_nobody(password: &str) -> bool {
    static NOBODY: OnceLock<Option<PasswordHash>> = OnceLock::new();
    NOBODY
        .get_or_init(|| PasswordHash::of("nobody has this password"))
        .as_ref()
        .is_some_and(|hash| hash.is_of(password))
}
