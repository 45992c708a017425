//! Registration of subscribers: who may use a number, and what is blocked until that is known.
//!
//! Another block than that of equipment, with another cause and another cure: it stands beside a verdict and never in
//! it. Operators hand in lists ([`csv`], [`import`]), which become pages of numbers ([`page`]); a calendar that is data
//! ([`calendar`]) says which stage of blocking a number has reached; counts are made of cells ([`cells`]), checks read a
//! byte or two a number from memory ([`hot`]).
//! What always holds: an identity number is hashed with a key when it is read, and is in no row, error or diagnostic;
//! a bad row changes nothing and spoils no other; stages are a pure function of a number's columns, the calendar and the
//! day; every list is on record before its first page is written, and one that was cut off is gone on with.

mod apply;
mod calendar;
mod calendars;
mod cells;
mod counts;
mod csv;
mod generate;
mod hot;
mod import;
mod limit;
mod lists;
mod names;
mod page;
mod show;
mod sort;
mod takeover;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, CalendarError, Rule, Stage, Turn};
pub use calendars::{CalendarRecord, CalendarState, Moved, PreviewLine};
pub use cells::{Cell, Cells};
pub use counts::{By, CountFilter, CountLine, Counted};
pub use csv::{CsvError, Reject};
pub use generate::{Generated, generate};
pub use hot::{Hot, HotAnswer, Live};
pub use import::{ListOrder, Mode, TakenIn};
pub use limit::{AboveLimit, OperatorAbove};
pub use lists::{ListRecord, ListState, Outcome};
pub use names::Names;
pub use page::{PAGE_NUMBERS, Page};
pub use show::{Held, held};

use crate::{
    day::Day,
    desk::DeskError,
    listing::coded,
    store::{Keyed, RegistrationStore, Store, StoreError},
    words::Said,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

coded! {
    /// How a number stands with its operator.
    State, "a state of registration", {
        /// Registered with an identity.
        Registered = 1, "registered";
        /// Not registered.
        Unregistered = 2, "unregistered";
        /// NIK and family card do not match.
        Mismatch = 3, "kk-mismatch";
        /// Dukcapil says that the NIK is inactive.
        Inactive = 4, "nik-inactive";
        /// Given back, or on the operator's list no more.
        Withdrawn = 5, "withdrawn";
    }
}

coded! {
    /// What somebody showed.
    Identity, "a kind of identity", {
        /// An electronic identity card.
        KtpEl = 1, "ktp-el";
        /// A temporary letter in the place of a card.
        Suket = 2, "suket";
        /// A passport.
        Passport = 3, "passport";
    }
}

/// What is held of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// How it stands.
    pub state: State,
    /// What was shown; none: nothing, or it is held no more.
    pub kind: Option<Identity>,
    /// The operator, by its code in [`Names`].
    pub operator: u8,
    /// The city, by its code; 0: not told.
    pub city: u16,
    /// The day since which it stands so.
    pub since: Day,
    /// The keyed hash of the identity number.
    pub hash: Option<Keyed>,
}

/// Why something of registrations is not done. Says nothing personal.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The desk's record, without which nothing is done.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// A list that cannot be read.
    #[error(transparent)]
    List(#[from] CsvError),
    /// A calendar document.
    #[error("the calendar is refused: {0}")]
    Calendar(#[from] CalendarError),
    /// The disk refused the rows of a list.
    #[error("the rows of the list cannot be sorted: {0}; check disk and space")]
    Sort(#[from] std::io::Error),
    /// Rows were rejected, and all or nothing was asked for.
    #[error(
        "{rejected} of {rows} rows are rejected, and either all were to be taken or none is good: nothing is taken in. First: {first}"
    )]
    AllOrNothing {
        /// Rows of the list.
        rows: u64,
        /// How many of them are bad.
        rejected: u64,
        /// The first of them.
        first: String,
    },
    /// A full list that is much shorter than what is held.
    #[error(
        "this full list names {new} numbers and {old} of {operator} are held: a drop by more than {max_drop_percent} % is refused, because a list that was cut off would withdraw the others. If it is meant, say --max-drop 100"
    )]
    SuddenDrop {
        /// The operator.
        operator: String,
        /// Numbers that are held and not withdrawn.
        old: u64,
        /// Numbers of the list.
        new: u64,
        /// What is allowed.
        max_drop_percent: u8,
    },
    /// A list that takes very many numbers over from another operator.
    #[error(
        "this list of {operator} would take {taken} of the {held} numbers that {from} holds: more than {max_takeover_percent} % at once is refused, because it may be another operator's list. If it is meant, say --max-takeover 100"
    )]
    SuddenTakeover {
        /// The operator of the list.
        operator: String,
        /// Who holds the numbers.
        from: String,
        /// How many would be taken over.
        taken: u64,
        /// Numbers that the other holds.
        held: u64,
        /// What is allowed.
        max_takeover_percent: u8,
    },
    /// Somebody asks for what is another's.
    #[error("{0}")]
    NotAllowed(Said),
    /// A value of the order that breaks a rule; the field stands first.
    #[error("{0}")]
    Invalid(Said),
    /// As things stand it cannot be done.
    #[error("{0}")]
    Conflict(Said),
}

/// The registrations of a register. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Registrations(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    db: Arc<RegistrationStore>,
    /// The names that are durable.
    names: RwLock<Arc<Names>>,
    /// Those and what lists that are being read have added.
    growing: Mutex<Names>,
    /// One change at a time.
    changing: Mutex<()>,
    /// Counts of now; none before they are asked for, or after a change broke off.
    cells: Mutex<Option<Arc<Cells>>>,
    live: Arc<Live>,
}

impl Registrations {
    /// Opens the registrations of a register; where it may be written, the database is made if there is none, and a
    /// list that was cut off is gone on with.
    ///
    /// # Errors
    /// When the database is damaged or cannot be made, or the register was opened to read and has none.
    pub fn open(store: &Arc<Store>) -> Result<Self, RegistrationError> {
        Self::open_with(store, Arc::default())
    }

    /// The same, where checks read what is published somewhere already. Once in a process: it goes on with what was cut
    /// off, and clears away what nobody goes on with.
    ///
    /// # Errors
    /// As [`Registrations::open`].
    pub fn open_with(store: &Arc<Store>, live: Arc<Live>) -> Result<Self, RegistrationError> {
        let db = store.registration()?;
        let names = Names::read(&db)?;
        let inner = Inner {
            store: Arc::clone(store),
            db,
            growing: Mutex::new(names.clone()),
            names: RwLock::new(Arc::new(names)),
            changing: Mutex::new(()),
            cells: Mutex::new(None),
            live,
        };
        let opened = Self(Arc::new(inner));
        if !opened.0.db.is_read_only() {
            opened.go_on()?;
        }
        Ok(opened)
    }

    /// What checks read.
    pub fn live(&self) -> &Arc<Live> {
        &self.0.live
    }

    /// The names behind codes.
    pub fn names(&self) -> Arc<Names> {
        Arc::clone(&self.0.names.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of the table files.
    pub fn disk_bytes(&self) -> u64 {
        self.0.db.disk_bytes()
    }

    /// Holds other changes off.
    fn alone(&self) -> MutexGuard<'_, ()> {
        // A thread that panicked wrote as a whole or not at all.
        self.0.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a key for the hashes of identities. Rows keep theirs until a list brings them again.
    ///
    /// # Errors
    /// When it cannot be put on record or written.
    pub fn rotate_key(&self, by: &crate::desk::Agent, why: &str) -> Result<u8, RegistrationError> {
        let _alone = self.alone();
        self.note(by, "key", "a key for the hashes of identities is added", why)?;
        Ok(self.0.db.rotate_key()?)
    }

    /// Puts what somebody does on the desk's record.
    fn note(&self, by: &crate::desk::Agent, about: &'static str, text: &str, why: &str) -> Result<u64, DeskError> {
        crate::desk::Desk::open(&self.0.store)?.note_registration(by, about, text, why)
    }
}

/// Today, in Western Indonesia Time.
pub fn today() -> Day {
    Day::of_unix_seconds(jiff::Timestamp::now().as_second())
}
