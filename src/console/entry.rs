//! What the register says of itself, as pages show it: alarms, and why something was refused.
//!
//! What always holds: words come from the catalogue in the reader's language; what is on record in English only is marked as
//! English, and a general sentence stands before it.

use crate::{
    ledger::Alarm,
    registry::{Refusal, RegistryError},
    words::{Language, Teller},
};

/// An alarm.
pub(super) struct AlarmView {
    pub(super) moment: String,
    pub(super) kind: String,
    /// The figures.
    pub(super) what: String,
    /// The figures where they are on record in English only; else empty.
    pub(super) english: String,
    /// The batch that raised it; 0: none.
    pub(super) batch: u64,
}

impl AlarmView {
    pub(super) fn of(alarm: &Alarm, language: Language) -> Self {
        let what = alarm.raised.told(language);
        Self {
            moment: language.moment(alarm.time_unix_ms.div_euclid(1000)),
            kind: language.alarm(&alarm.kind),
            english: if what.is_none() { alarm.what.clone() } else { String::new() },
            what: what.unwrap_or_default(),
            batch: alarm.batch,
        }
    }
}

/// Why the register did not do it, in a general sentence.
pub(super) fn because(error: &RegistryError, language: Language) -> String {
    match error {
        RegistryError::Refused(Refusal::NotAllowed(_)) => language.screen("because-not-allowed"),
        RegistryError::Refused(Refusal::NotFound(_)) => language.screen("because-not-found"),
        RegistryError::Refused(Refusal::State(_)) => language.screen("because-state"),
        RegistryError::Refused(Refusal::Limit(_)) => language.screen("because-limit"),
        _ => language.screen("because-invalid"),
    }
}

/// The same to the point: in the reader's language, and what only English has.
pub(super) fn said(error: &RegistryError, language: Language) -> (String, String) {
    let told = match error {
        RegistryError::Refused(refusal) => refusal.told(Teller::To(language)),
        _ => None,
    };
    let english = if told.is_none() { error.to_string() } else { String::new() };
    (told.unwrap_or_default(), english)
}
