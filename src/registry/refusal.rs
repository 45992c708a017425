//! Refusals: why the write path does not do what somebody asked for, in words for that person.
//!
//! What always holds: what a form of the console can meet is a sentence of the catalogue with its values ([`crate::words::Why`]), so that
//! it can be told in every language; the rest is told in English.

use crate::words::{Said, Teller};

/// A change that the rules do not allow. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The asker may not do this.
    #[error("{0}")]
    NotAllowed(Said),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(Said),
    /// Not in the state in which things are.
    #[error("{0}")]
    State(Said),
    /// A limit or quota would be passed.
    #[error("{0}")]
    Limit(Said),
    /// The order itself makes no sense.
    #[error("{0}")]
    Invalid(Said),
}

impl Refusal {
    /// Why, to be told in any language.
    pub const fn said(&self) -> &Said {
        match self {
            Self::NotAllowed(said)
            | Self::NotFound(said)
            | Self::State(said)
            | Self::Limit(said)
            | Self::Invalid(said) => said,
        }
    }

    /// Why, as it is told; none: it has no words in that language.
    pub fn told(&self, teller: Teller) -> Option<String> {
        self.said().told(teller)
    }

    pub(super) fn not_allowed(words: impl Into<Said>) -> super::RegistryError {
        Self::NotAllowed(words.into()).into()
    }

    pub(super) fn not_found(words: impl Into<Said>) -> super::RegistryError {
        Self::NotFound(words.into()).into()
    }

    pub(super) fn state(words: impl Into<Said>) -> super::RegistryError {
        Self::State(words.into()).into()
    }

    pub(super) fn limit(words: impl Into<Said>) -> super::RegistryError {
        Self::Limit(words.into()).into()
    }

    pub(super) fn invalid(words: impl Into<Said>) -> super::RegistryError {
        Self::Invalid(words.into()).into()
    }
}
