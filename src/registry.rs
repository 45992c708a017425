//! The registry: the write path. Changes come in, are checked against the state, numbered, made durable.
//!
//! What always holds: an import becomes visible as a whole or not at all; the same list twice leaves the
//! same state and makes no second batch; whoever is told of a revision finds it after a crash.

mod alarms;
mod backup;
mod bulk;
mod carry;
mod difference;
mod doors;
mod import;
mod operate;
mod order;
mod part;
mod passwords;
mod people;
mod persons;
mod previews;
mod proposals;
mod publish;
mod queue;
mod refusal;
mod settings;
mod states;
mod steps;
mod submit;
#[cfg(test)]
mod tests;
mod verify;

pub use backup::{RestoreError, Restored, Until, backup, restore};
pub use bulk::{BulkProgress, BulkSource, BulkStage, Loaded, load};
pub use doors::{DoorFigures, doors};
pub use import::ImportSummary;
pub use operate::{Act, Operation, Subscriber};
pub use order::{Goal, Guard, ImportOrder, Meter};
pub use people::{CredentialOrder, Issued, NewPrincipal, Receipt};
pub use previews::PreviewOrder;
pub use proposals::{Order, ProposalMade};
pub use publish::catch_up;
pub use refusal::Refusal;
pub use settings::timeline;
pub use steps::{Step, StepOrder, StepTaken};
pub use submit::{SubmitOrder, Submitted};
pub use verify::{Ranges, Verified, VerifyError, verify};

use crate::{
    batch::BatchNumber,
    hot::Published,
    policy::Settings,
    principal::{NotLetIn, Token},
    registration::{Live, RegistrationError, Registrations},
    store::{OpenMode, Store, StoreError},
};
use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Why a change is refused.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A full list that is much shorter than the one it would replace.
    #[error(
        "this full list has {new} entries and door {door} has {old} in force: a drop by more than {max_drop_percent} % is refused, because a cut-off file would take legal devices off. If it is meant, say --max-drop 100"
    )]
    SuddenDrop {
        /// The door whose list it is.
        door: crate::listing::Door,
        /// Entries in force.
        old: u64,
        /// Entries of the new list.
        new: u64,
        /// What is allowed.
        max_drop_percent: u8,
    },
    /// The write that this change shared with others failed.
    #[error("{0}")]
    Group(String),
    /// The rules do not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A settings document that cannot be taken in.
    #[error("the settings are refused: {0}")]
    Settings(String),
}

/// An open register that can be changed. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Registry {
    store: Arc<Store>,
    queue: Arc<queue::Queue>,
    published: Arc<OnceLock<Arc<Published>>>,
    watch: Arc<alarms::Watch>,
    subscribers: Arc<Subscribers>,
    today: Arc<operate::Today>,
}

/// The registrations of subscribers beside a register.
#[derive(Debug, Default)]
struct Subscribers {
    /// None before they are needed: opened once, because one process goes on with what was cut off.
    open: Mutex<Option<Registrations>>,
    /// What checks read, also before.
    live: Arc<Live>,
}

impl Registry {
    /// Opens a register to change it. Batches that an earlier process staged and never finished are
    /// discarded first; their numbers come back.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(path: &Path, create: bool) -> Result<(Self, Vec<BatchNumber>), RegistryError> {
        let mode = if create { OpenMode::Create } else { OpenMode::Write };
        let store = Arc::new(Store::open(path, mode)?);
        let discarded = store.writer()?.discard_staged()?;
        let registry = Self {
            store,
            queue: Arc::default(),
            published: Arc::default(),
            watch: Arc::default(),
            subscribers: Arc::default(),
            today: Arc::default(),
        };
        registry.seed_settings(&Settings::default())?;
        Ok((registry, discarded))
    }

    /// Makes a register that begins with these settings.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn found(path: &Path, settings: &Settings) -> Result<Self, RegistryError> {
        let store = Arc::new(Store::open(path, OpenMode::Create)?);
        let registry = Self {
            store,
            queue: Arc::default(),
            published: Arc::default(),
            watch: Arc::default(),
            subscribers: Arc::default(),
            today: Arc::default(),
        };
        registry.seed_settings(settings)?;
        Ok(registry)
    }

    /// Refuses what one hand may do only before there are principals.
    fn is_founding(&self) -> Result<(), RegistryError> {
        if self.store.ledger().principals().is_empty() { Ok(()) } else { Err(Refusal::not_allowed(import::FOUNDED)) }
    }

    /// The principal of a token, for a caller that opens the directory itself.
    ///
    /// # Errors
    /// When nobody has it, or it counts no more.
    pub fn principal_of_token(&self, shown: &str) -> Result<String, NotLetIn> {
        let now = jiff::Timestamp::now().as_second();
        let ledger = self.store.ledger();
        let principal = ledger.principals().by_token(&Token::hash_of(shown.trim()), now)?;
        Ok(principal.name.clone())
    }

    /// The registrations of subscribers; their database is made where there is none, and a list that was cut off is gone
    /// on with.
    ///
    /// # Errors
    /// As [`Registrations::open`].
    pub fn registrations(&self) -> Result<Registrations, RegistrationError> {
        let mut open = self.subscribers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*open {
            return Ok(open.clone());
        }
        let made = Registrations::open_with(&self.store, Arc::clone(&self.subscribers.live))?;
        *open = Some(made.clone());
        Ok(made)
    }

    /// The registrations, where somebody needed them already.
    pub fn registrations_if_open(&self) -> Option<Registrations> {
        self.subscribers.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What checks read of registrations; nothing before they are loaded.
    pub fn live_registrations(&self) -> &Arc<Live> {
        &self.subscribers.live
    }

    /// The store below.
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }
}
