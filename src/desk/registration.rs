//! What is done about the registration of subscribers, on the desk's record.
//!
//! What always holds: a list, a calendar or a key is on record before anything of it is in force; who looked at a number
//! can be asked, as of a lookup.

use super::{Agent, Deed, Desk, DeskError, look::Recorded};
use crate::identity::Msisdn;
use std::collections::BTreeMap;

/// Characters of a reason that are recorded.
const WHY_CHARS_MAX: usize = 200;

impl Desk {
    /// Puts a list, a calendar or a key on record. The text says nothing personal. Gives the entry.
    ///
    /// # Errors
    /// When it cannot be recorded: then it must not be done.
    pub fn note_registration(
        &self,
        agent: &Agent,
        about: &'static str,
        text: &str,
        why: &str,
    ) -> Result<u64, DeskError> {
        let why = why.trim().chars().take(WHY_CHARS_MAX).collect();
        let recorded = Recorded { about, text: text.to_owned(), why, revision: self.revision(), ..Recorded::default() };
        self.record(agent, Deed::Registration, recorded)
    }

    /// Puts it on record that somebody looks at numbers: each with whether it was named in full.
    ///
    /// # Errors
    /// When it cannot be recorded: then nothing must be shown.
    pub fn note_numbers(
        &self,
        agent: &Agent,
        about: &'static str,
        numbers: &[(Msisdn, bool)],
        why: &str,
    ) -> Result<u64, DeskError> {
        let subjects: BTreeMap<u64, bool> = numbers
            .iter()
            .map(|(number, in_full)| (crate::pairing::Number::from(*number).to_stored(), *in_full))
            .collect();
        let why = why.trim().chars().take(WHY_CHARS_MAX).collect();
        let recorded = Recorded { about, why, subjects, revision: self.revision(), ..Recorded::default() };
        self.record(agent, Deed::LookUp, recorded)
    }
}
