//! Tokens: 256 random bits that a service or a person shows. The register keeps their SHA-256 only.

use super::TokenHash;
use sha2::{Digest, Sha256};
use std::{fmt, fmt::Write as _};

/// Random bytes of a token.
const BYTES: usize = 32;
/// What every token begins with, so that one that was leaked is found by those who look for such things.
const PREFIX: &str = "saring_";

/// A token in clear. Shown once; never logged, so it has no `Debug` that tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new random token.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        let mut text = String::with_capacity(PREFIX.len() + 2 * BYTES);
        text.push_str(PREFIX);
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        Self::hash_of(&self.0)
    }

    /// What is kept of a token that somebody shows. Any text has a hash; only that of a token is known.
    pub fn hash_of(shown: &str) -> TokenHash {
        Sha256::digest(shown).into()
    }

    /// The token in clear, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tokens_differ_and_are_never_told_by_debug() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.reveal().len(), 71);
        assert_eq!(Token::hash_of(one.reveal()), one.hash());
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(&one.reveal()[7..20]));
    }
}
