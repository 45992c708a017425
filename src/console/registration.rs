//! The registration of a SIM on a page: beside the answer for the equipment, and never in it.

use crate::{registration::Held, words::Language};

/// See the module.
pub(super) struct RegistrationView {
    pub(super) headline: String,
    pub(super) say: String,
    pub(super) next_step: String,
    pub(super) contact: String,
    pub(super) operator: String,
    /// The code of the city; empty: not told.
    pub(super) city: String,
    pub(super) since: String,
}

impl RegistrationView {
    pub(super) fn of(held: &Held, language: Language) -> Self {
        let words = held.words(language);
        Self {
            headline: words.headline,
            say: words.say,
            next_step: words.next_step,
            contact: words.contact,
            operator: held.operator.clone(),
            city: held.city.clone(),
            since: language.date(held.since),
        }
    }
}
