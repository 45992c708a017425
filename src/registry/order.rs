//! Orders: how a list is to be taken in, by whom, and what has to hold when it is written.

use super::RegistryError;
use crate::{
    alarm::Alarm,
    batch::Declared,
    import::Mode,
    store::{Hands, Store},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

/// How a list is to be taken in.
#[derive(Clone, Debug)]
pub struct ImportOrder {
    /// What it does to the door's list.
    pub mode: Mode,
    /// Document that it rests on; may be empty.
    pub document: String,
    /// By how many percent a full list may be shorter than the one it replaces.
    pub max_drop_percent: u8,
    /// Who brings it.
    pub hands: Hands,
    /// Whether it is in force at once, or waits for another person.
    pub goal: Goal,
    /// What the submitter declares of it.
    pub declared: Declared,
    /// What has to hold when it is written.
    pub guard: Guard,
    /// What looks wrong with it: journalled with it.
    pub alarms: Vec<Alarm>,
    /// Tells another thread how far it is.
    pub meter: Meter,
}

impl ImportOrder {
    /// A list of the time before there are principals: in force at once, approved by nobody.
    pub fn bootstrap(mode: Mode, document: &str, max_drop_percent: u8) -> Self {
        Self {
            mode,
            document: document.to_owned(),
            max_drop_percent,
            hands: Hands::bootstrap(),
            goal: Goal::InForce,
            declared: Declared::default(),
            guard: Guard::default(),
            alarms: Vec::new(),
            meter: Meter::default(),
        }
    }
}

/// How far a list of pairings or subscribers is on its way into the register. Clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Rows>);

#[derive(Debug, Default)]
struct Rows {
    is_writing: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Meter {
    pub(super) fn begin(&self, is_writing: bool, total: u64) {
        self.0.is_writing.store(is_writing, Relaxed);
        self.0.done.store(0, Relaxed);
        self.0.total.store(total, Relaxed);
    }

    pub(super) fn advance(&self) {
        self.0.done.fetch_add(1, Relaxed);
    }

    /// Whether rows are written (or else compared with what is in force), how many are, and of how many.
    pub fn read(&self) -> (bool, u64, u64) {
        (self.0.is_writing.load(Relaxed), self.0.done.load(Relaxed), self.0.total.load(Relaxed))
    }
}

/// What becomes of a list when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It is in force.
    InForce,
    /// It is on record and waits for an approver.
    Submitted,
}

/// Looks at the state under the right to write and refuses what must not be.
type Look = dyn Fn(&Store) -> Result<(), RegistryError> + Send + Sync;

/// What has to hold when a list is written, and what of the state that looks at: lists that look at the same do not
/// share a write.
#[derive(Clone, Default)]
pub struct Guard {
    look: Option<Arc<Look>>,
    subjects: BTreeSet<String>,
}

impl Guard {
    /// A guard that looks at these subjects (a person, an outlet, a document).
    pub(super) fn new(
        subjects: BTreeSet<String>,
        look: impl Fn(&Store) -> Result<(), RegistryError> + Send + Sync + 'static,
    ) -> Self {
        Self { look: Some(Arc::new(look)), subjects }
    }

    /// The same, and this has to hold too.
    pub(super) fn and(self, more: impl Fn(&Store) -> Result<(), RegistryError> + Send + Sync + 'static) -> Self {
        let first = self.look;
        let look = move |store: &Store| {
            more(store)?;
            first.as_ref().map_or(Ok(()), |first| first(store))
        };
        Self { look: Some(Arc::new(look)), subjects: self.subjects }
    }

    /// What it looks at.
    pub(super) const fn subjects(&self) -> &BTreeSet<String> {
        &self.subjects
    }

    pub(super) fn check(&self, store: &Store) -> Result<(), RegistryError> {
        self.look.as_ref().map_or(Ok(()), |look| look(store))
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("subjects", &self.subjects).finish_non_exhaustive()
    }
}
