//! A verdict on a page: status with mark and word, reason, and the words of the catalogue.
//!
//! What always holds: a status is told by a word and a mark; colour only repeats it.

use crate::{
    check::Answer,
    identity::{EquipmentKey, Imei},
    policy::{Reason, Status, Verdict},
    words::{Audience, Language, Words},
};

/// A status as a page shows it.
pub(super) struct Badge {
    /// `white`, `grey`, `unknown`, `black`: for the style.
    pub(super) class: &'static str,
    /// A shape, for who does not see the colour.
    pub(super) mark: &'static str,
    pub(super) word: String,
    /// The reason's code.
    pub(super) reason: &'static str,
    /// The answer in a few words.
    pub(super) headline: String,
    /// Number of the override that made the status; 0: none.
    pub(super) overriding: u64,
}

impl Badge {
    pub(super) fn of(language: Language, verdict: &Verdict) -> Self {
        let headline = words(language, verdict).headline;
        Self { headline, ..Self::of_outcome(language, verdict.status, verdict.reason) }
    }

    /// A status and its reason, without words for a caller.
    pub(super) fn of_outcome(language: Language, status: Status, reason: Reason) -> Self {
        let mark = match status {
            Status::Whitelisted => "✓",
            Status::Greylisted => "◐",
            Status::Unknown => "?",
            Status::Blacklisted => "✕",
        };
        let (word, headline) = (language.status(status), String::new());
        Self { class: status.word(), mark, word, reason: reason.name(), headline, overriding: 0 }
    }

    pub(super) fn of_answer(language: Language, answer: &Answer) -> Self {
        Self { overriding: answer.basis.override_seq, ..Self::of(language, &answer.verdict) }
    }
}

pub(super) fn words(language: Language, verdict: &Verdict) -> Words {
    Words::of(language, Audience::Agent, verdict.status, verdict.reason, verdict.valid_until)
}

/// An IMEI as it stands on a box: `35-209900-176148-1`.
pub(super) fn imei(key: EquipmentKey) -> String {
    spread(&Imei::from_key(key).to_string())
}

pub(super) fn spread(digits: &str) -> String {
    match (digits.get(..2), digits.get(2..8), digits.get(8..14), digits.get(14..)) {
        (Some(body), Some(model), Some(serial), Some(check)) => format!("{body}-{model}-{serial}-{check}"),
        _ => digits.to_owned(),
    }
}
