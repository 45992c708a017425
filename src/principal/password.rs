//! Passwords of persons: what they must be, and what is kept of them.
//!
//! A token is random, so its hash is kept plain; a password is not, so it is kept as argon2id with a salt (RFC 9106), which costs
//! whoever stole the hashes memory and time for every guess. What always holds: a password is never logged or kept.

use argon2::{
    Argon2, PasswordVerifier,
    password_hash::{PasswordHash as Parsed, PasswordHasher, SaltString},
};
use std::fmt;

/// Fewest characters of a password (NIST SP 800-63B-4: 15 where it is the only factor).
const PASSWORD_CHARS_MIN: usize = 15;
/// Most characters of a password.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Fewest different characters.
const DIFFERENT_MIN: usize = 6;
const SALT_BYTES: usize = 16;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error(
        "a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters: four or five words that do not belong together are well"
    )]
    Length,
    /// Guessed at once.
    #[error("this password is guessed at once: it has the name in it, or repeats a few characters")]
    Plain,
}

/// Checks what a person wants as a password.
///
/// # Errors
/// When it is too short, too long or too plain.
pub fn check_password(name: &str, password: &str) -> Result<(), PasswordError> {
    let count = password.chars().count();
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&count) {
        return Err(PasswordError::Length);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT_MIN || password.to_lowercase().contains(name) {
        return Err(PasswordError::Plain);
    }
    Ok(())
}

/// What is kept of a password: argon2id with its parameters and its salt (PHC string).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash of a password under a new salt. Takes 19 MiB and some tens of milliseconds: never on a thread of checks.
    /// `None`: the system gives no random numbers.
    pub fn of(password: &str) -> Option<Self> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).ok()?;
        let salt = SaltString::encode_b64(&salt).ok()?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt).ok()?;
        Some(Self(hash.to_string()))
    }

    /// Reads what was kept. `None`: it is no hash of a password.
    pub fn parse(text: &str) -> Option<Self> {
        let hash = Parsed::new(text).ok()?;
        (hash.algorithm.as_str() == "argon2id" && hash.hash.is_some()).then(|| Self(text.to_owned()))
    }

    /// Whether it is the hash of this password. As costly as [`PasswordHash::of`].
    pub fn is_of(&self, password: &str) -> bool {
        let well = password.len() <= 4 * PASSWORD_CHARS_MAX;
        let parsed = Parsed::new(&self.0);
        well && parsed.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_password_is_known_again_and_nothing_else_is() {
        let (one, other) =
            (PasswordHash::of("kuda laut makan sore").unwrap(), PasswordHash::of("kuda laut makan sore"));
        assert_ne!(Some(&one), other.as_ref(), "each has its salt");
        let kept = PasswordHash::parse(one.as_str()).unwrap();
        assert!(kept.is_of("kuda laut makan sore"));
        assert!(!kept.is_of("kuda laut makan sore ") && !kept.is_of(""));
        assert!(kept.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "RFC 9106 and OWASP's least");
        assert_eq!(format!("{kept:?}"), "PasswordHash(…)");
        for text in ["", "x", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", "$argon2id$v=19$m=19456,t=2,p=1"]
        {
            assert_eq!(PasswordHash::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_guessed_at_once_is_refused() {
        assert_eq!(check_password("siti", "kuda laut makan"), Ok(()));
        assert_eq!(check_password("siti", "kuda laut makn"), Err(PasswordError::Length));
        assert_eq!(check_password("siti", &"ab".repeat(70)), Err(PasswordError::Length));
        assert_eq!(check_password("siti", "aaaaaaaaaaaaaaaaaaaa"), Err(PasswordError::Plain));
        assert_eq!(check_password("siti", "Siti makan kuda laut"), Err(PasswordError::Plain));
    }
}
