//! Refusals: why the write path does not do what somebody asked for, in words for that person.

/// A change that the rules do not allow. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The asker may not do this.
    #[error("{0}")]
    NotAllowed(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Not in the state in which things are.
    #[error("{0}")]
    State(String),
    /// A limit or quota would be passed.
    #[error("{0}")]
    Limit(String),
    /// The order itself makes no sense.
    #[error("{0}")]
    Invalid(String),
}

impl Refusal {
    pub(super) fn not_allowed(words: impl Into<String>) -> super::RegistryError {
        Self::NotAllowed(words.into()).into()
    }

    pub(super) fn not_found(words: impl Into<String>) -> super::RegistryError {
        Self::NotFound(words.into()).into()
    }

    pub(super) fn state(words: impl Into<String>) -> super::RegistryError {
        Self::State(words.into()).into()
    }

    pub(super) fn limit(words: impl Into<String>) -> super::RegistryError {
        Self::Limit(words.into()).into()
    }

    pub(super) fn invalid(words: impl Into<String>) -> super::RegistryError {
        Self::Invalid(words.into()).into()
    }
}
