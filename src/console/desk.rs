//! What pages of the desk share: its database on blocking threads, its refusals as pages, and the terms of cases in words.
//!
//! What always holds: what cannot be recorded is not shown; a refusal names what was wrong and repeats nothing of it.

use super::{Console, page::Guest};
use crate::{
    access::Rule,
    desk::{Desk, DeskError, Kind, Owner, Party, State},
    words::{CaseTerm, Language},
};
use axum::{http::StatusCode, response::Response};

/// A choice of a form: value, word, and whether it is the one that is chosen.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) word: String,
    pub(super) is_chosen: bool,
}

fn choices(language: Language, term: CaseTerm, names: impl Iterator<Item = &'static str>, chosen: &str) -> Vec<Choice> {
    let choice = |value| Choice { value, word: language.case_term(term, value), is_chosen: value == chosen };
    names.map(choice).collect()
}

/// The kinds of a case.
pub(super) fn kinds(language: Language, chosen: &str) -> Vec<Choice> {
    choices(language, CaseTerm::Kind, Kind::ALL.iter().map(|kind| kind.name()), chosen)
}

/// Who can own a case.
pub(super) fn parties(language: Language, chosen: &str) -> Vec<Choice> {
    choices(language, CaseTerm::Owner, Party::ALL.iter().map(|party| party.name()), chosen)
}

/// How a case can stand.
pub(super) fn states(language: Language, chosen: &str) -> Vec<Choice> {
    choices(language, CaseTerm::State, State::ALL.iter().map(|state| state.name()), chosen)
}

/// An owner in words.
pub(super) fn owner_words(language: Language, owner: &Owner) -> String {
    format!("{} {}", language.case_term(CaseTerm::Owner, owner.party.name()), owner.operator).trim_end().to_owned()
}

/// The text that says what is wrong with a form of a case; none: it is no fault of the form.
pub(super) const fn wrong(error: &DeskError) -> Option<&'static str> {
    match error {
        DeskError::Purpose => Some("wrong-purpose"),
        DeskError::NotShown => Some("wrong-not-shown"),
        DeskError::Invalid { field, .. } => Some(match field.as_bytes() {
            b"note" => "wrong-note",
            b"imei" => "wrong-nothing-named",
            b"operator" => "wrong-owner-operator",
            b"assign" => "wrong-assign",
            _ => "wrong-change",
        }),
        _ => None,
    }
}

/// A refusal as a page.
pub(super) fn desk_refused(guest: &Guest, error: &DeskError) -> Response {
    match (error, wrong(error)) {
        (DeskError::NoCase(_), _) => guest.trouble(StatusCode::NOT_FOUND, "no-case"),
        (_, Some(key)) => {
            let heading = guest.language.screen("trouble-refused");
            guest.trouble_in(
                StatusCode::UNPROCESSABLE_ENTITY,
                heading,
                guest.language.screen(key),
                String::new(),
                String::new(),
            )
        }
        _ => {
            tracing::error!(%error, "the desk cannot do what a page asks");
            guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken")
        }
    }
}

/// Whether a page is for who looks.
pub(super) fn opens(guest: &Guest, route: &str) -> bool {
    let principal = guest.signed.as_ref().map(|(principal, _)| principal);
    principal.is_some_and(|who| Rule::of_page(route).is_some_and(|rule| rule.lets_in(who)))
}

impl Console {
    /// Works at the desk on a blocking thread; who comes waits for its turn. `None`: the register is not loaded, or the work broke
    /// off.
    pub(super) async fn with_desk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Desk) -> Result<T, DeskError> + Send + 'static,
    ) -> Option<Result<T, DeskError>> {
        let store = std::sync::Arc::clone(self.registry()?.store());
        let place = self.lookup_places().acquire_owned().await.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = Desk::open(&store).and_then(|desk| work(&desk));
            drop(place);
            done
        });
        done.await.inspect_err(|error| tracing::error!(%error, "work at the desk broke off")).ok()
    }
}
