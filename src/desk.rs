//! The desk of the call centre: lookups that are on record, numbers that are revealed for a purpose, who looked at whom.
//!
//! What agents do goes into a chained record of its own ([`crate::store::DeskStore`]), beside the register. What always
//! holds: nothing personal is shown before the entry that says so is durable; whoever belongs to an operator sees that
//! operator's subscribers only, and as supervisor the doings of that operator's agents only; personal values lie
//! apart from the entries, so that they can be erased and the record still be verified.

mod black;
mod breach;
mod cases;
mod entry;
mod house;
mod look;
mod public;
mod record;
mod registration;
mod rekey;
mod ring;
mod rules;
#[cfg(test)]
mod tests;
mod verify;

pub use black::{BlackAnswer, Refused};
pub use breach::{BreachPack, Exposure};
pub use cases::{
    Act, Case, CaseChange, CaseFigures, CaseFilter, CaseNumber, CaseOrder, CaseSeen, Changed, Kind, Opened, Owner,
    Party, State, Step,
};
pub use entry::Deed;
pub use look::{Looked, Revealed};
pub use public::{Admission, Limiter, PublicAnswer, PublicError, PublicLimits, public_answer};
pub use record::{AuditFilter, AuditLine};
pub use rekey::{Rekeyed, rekey};
pub use ring::{BlackFigures, BlackRing, BlackSender, BlackWriter, black_ring};
pub use rules::{DeskRules, Refusals, Retention, RulesError};
pub use verify::{AuditVerified, verify_audit};

use crate::{
    identity::may_hold_nik,
    lookup::LookupError,
    principal::Principal,
    revision::Revision,
    store::{DeskStore, Store, StoreError},
};
use std::sync::Arc;

/// Fewest characters of a purpose: a word that says something.
const PURPOSE_CHARS_MIN: usize = 8;
/// Most characters of a purpose.
const PURPOSE_CHARS_MAX: usize = 200;

/// Who acts at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The principal's name.
    pub name: String,
    /// The operator that it belongs to; none: all subscribers may be seen.
    pub operator: Option<String>,
}

impl Agent {
    /// A principal at the desk.
    pub fn of(principal: &Principal) -> Self {
        let operator = Some(principal.operator.clone()).filter(|operator| !operator.is_empty());
        Self { name: principal.name.clone(), operator }
    }

    /// The register itself: what happens by the passing of time.
    fn register() -> Self {
        Self { name: crate::journal::REGISTER.to_owned(), operator: None }
    }
}

/// Why the desk does not do something.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// What was to be looked up.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The desk's database: nothing is shown that cannot be recorded.
    #[error("the desk's record cannot be used: {0}")]
    Store(#[from] StoreError),
    /// A purpose that says nothing.
    #[error("purpose: say in {PURPOSE_CHARS_MIN} to {PURPOSE_CHARS_MAX} characters what the number is needed for")]
    Purpose,
    /// A masked number that is on no page that the agent sees.
    #[error("number: no such number stands on that page as far as you may see it; give it as the page shows it")]
    NotShown,
    /// No such case, or one that the agent does not see.
    #[error("there is no case {0} that you may see")]
    NoCase(CaseNumber),
    /// Somebody else changed the case meanwhile.
    #[error(
        "case {number} is at version {version}, and you saw version {seen}: {since}. Look at it again, then decide"
    )]
    Stale {
        /// The case.
        number: CaseNumber,
        /// How it stands.
        version: u64,
        /// What the agent saw.
        seen: u64,
        /// What changed since, and by whom.
        since: String,
    },
    /// Number and secret of a case do not belong together.
    #[error("number: this number and secret are not those of a case; after ten wrong ones wait an hour")]
    WrongSecret,
    /// A value of the order that breaks a rule.
    #[error("{field}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// The rules of the desk.
    #[error("rules: {0}")]
    Rules(#[from] RulesError),
}

/// The desk. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Desk {
    store: Arc<Store>,
    desk: Arc<DeskStore>,
}

impl Desk {
    /// The desk of a register; its database is made where there is none.
    ///
    /// # Errors
    /// When the database is damaged or cannot be made. Checks do not need it.
    pub fn open(store: &Arc<Store>) -> Result<Self, DeskError> {
        Ok(Self { store: Arc::clone(store), desk: store.desk()? })
    }

    /// The newest revision of the register.
    pub fn revision(&self) -> Revision {
        self.store.applied()
    }

    /// The database.
    pub fn database(&self) -> &DeskStore {
        &self.desk
    }
}

/// Now, in seconds since the Unix epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A purpose as it is recorded.
fn purpose(text: &str) -> Result<String, DeskError> {
    let text = text.trim();
    if !(PURPOSE_CHARS_MIN..=PURPOSE_CHARS_MAX).contains(&text.chars().count()) {
        return Err(DeskError::Purpose);
    }
    without_nik("purpose", text)?;
    Ok(text.to_owned())
}

/// Refuses a text that would keep somebody's NIK or the number of a KK.
fn without_nik(field: &'static str, text: &str) -> Result<(), DeskError> {
    if may_hold_nik(text) {
        let rule = "16 digits in it look like a NIK or the number of a KK, which are not kept here: leave them out \
                    (write an IMEI with 15 digits)";
        return Err(DeskError::Invalid { field, rule: rule.to_owned() });
    }
    Ok(())
}
