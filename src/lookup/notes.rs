//! The notes beside what was looked up, in a language.
//!
//! Every door that shows a lookup shows these. What always holds: no note names a number.

use super::{DevicePage, Found, Lookup};
use crate::words::{Language, Note};

/// Seconds after which data are no longer taken for those of the register.
const OUTDATED_SECONDS: u32 = 3600;

impl Lookup {
    /// What has to be known beside it.
    pub fn notes(&self, language: Language) -> Vec<String> {
        let mut notes = Vec::new();
        if self.is_past {
            let (moment, revision) = (language.moment(self.unix_seconds), self.revision.to_string());
            notes.push(language.note(Note::NotNow, &[("moment", &moment), ("revision", &revision)]));
        }
        if self.may_be_nik {
            notes.push(language.note(Note::MaybeNik, &[]));
        }
        match &self.found {
            Found::Device(page) => of_device(page, language, &mut notes),
            Found::Number(_) | Found::Document(_) | Found::Batch(_) => {}
        }
        notes
    }
}

fn of_device(page: &DevicePage, language: Language, notes: &mut Vec<String>) {
    let basis = page.answer.basis;
    let mut note = |note: Note, values: &[(&'static str, &str)]| notes.push(language.note(note, values));
    if let Some(typing) = &page.typing {
        note(Note::CheckDigit, &[("digit", &typing.right_digit.to_string())]);
        match typing.imsi_operator {
            Some(operator) => note(Note::TwoReadings, &[("operator", operator)]),
            None if typing.maybe_imsi => note(Note::MaybeImsi, &[]),
            None => {}
        }
    }
    page.in_process.iter().for_each(|batch| note(Note::InProcess, &[("batch", &batch.to_string())]));
    page.planned.iter().for_each(|batch| note(Note::Planned, &[("batch", &batch.to_string())]));
    if basis.override_seq > 0 {
        note(Note::Override, &[("number", &basis.override_seq.to_string())]);
    }
    if page.answer.verdict.sim_changed {
        note(Note::SimChanged, &[]);
    }
    if basis.age_seconds > OUTDATED_SECONDS {
        let age = format!("{} h {} min", basis.age_seconds / 3600, basis.age_seconds / 60 % 60);
        note(Note::Outdated, &[("age", &age)]);
    }
    if page.pairings_hidden > 0 {
        note(Note::OthersHidden, &[("count", &page.pairings_hidden.to_string())]);
    }
}
