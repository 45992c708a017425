//! One number: how it stands, what is blocked, what follows.

use super::{Identity, Names, Page, RegistrationError, Registrations, Row, Stage, State, Turn, calendars, page};
use crate::{
    day::Day,
    identity::Msisdn,
    store::{RegistrationFamily, RegistrationStore, Store, StoreError},
    words::{Language, Words},
};

/// What is held of a number, on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The number.
    pub msisdn: Msisdn,
    /// The operator.
    pub operator: String,
    /// The city; empty: not told.
    pub city: String,
    /// How it stands.
    pub state: State,
    /// What was shown.
    pub identity: Option<Identity>,
    /// The day since which it stands so.
    pub since: Day,
    /// What is blocked.
    pub stage: Stage,
    /// The next stage.
    pub next: Option<Turn>,
    /// The version of the key of its hash; 0: it has none.
    pub key_version: u8,
    /// The calendar; 0: none was in force.
    pub calendar: u64,
    /// The day.
    pub day: Day,
}

impl Held {
    /// What an agent says of it.
    pub fn words(&self, language: Language) -> Words {
        let next = self.next.map(|turn| (turn.stage.name(), turn.day));
        let suket = self.identity == Some(Identity::Suket);
        language.registration(self.state.name(), self.stage.name(), suket, next)
    }
}

impl Registrations {
    /// What is held of a number, with the stage of a day. `only`: none but this operator's numbers may be seen.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn held(&self, msisdn: Msisdn, day: Day, only: Option<&str>) -> Result<Option<Held>, RegistrationError> {
        Ok(held_in(&self.0.db, &self.names(), msisdn, day, only)?)
    }
}

/// As [`Registrations::held`], for whoever has the register only. One that has no registrations holds none.
///
/// # Errors
/// When it cannot be read.
pub fn held(store: &Store, msisdn: Msisdn, day: Day, only: Option<&str>) -> Result<Option<Held>, StoreError> {
    if !store.has_registration() {
        return Ok(None);
    }
    let db = store.registration()?;
    held_in(&db, &Names::read(&db)?, msisdn, day, only)
}

fn held_in(
    db: &RegistrationStore,
    names: &Names,
    msisdn: Msisdn,
    day: Day,
    only: Option<&str>,
) -> Result<Option<Held>, StoreError> {
    let (number, place) = page::place(msisdn.get());
    let Some(columns) = db.get(RegistrationFamily::Pages, &page::key(number))? else { return Ok(None) };
    let page = Page::decode(&columns, None).ok_or_else(|| StoreError::Damaged {
        path: db.path().to_owned(),
        what: "a page of numbers is unreadable".to_owned(),
    })?;
    let seen = |row: &Row| only.is_none_or(|own| own.eq_ignore_ascii_case(names.operator(row.operator)));
    let Some(row) = page.at(place).copied().filter(seen) else { return Ok(None) };
    let (operator, city) = (names.operator(row.operator).to_owned(), names.city(row.city).to_owned());
    let (calendar, of) = calendars::in_force(db, day)?;
    let rule = of.rule(&operator, &city);
    Ok(Some(Held {
        msisdn,
        state: row.state,
        identity: row.kind,
        since: row.since,
        stage: rule.stage(row.state, row.since, day),
        next: rule.next(row.state, row.since, day),
        key_version: row.hash.map_or(0, |hash| hash[0]),
        operator,
        city,
        calendar,
        day,
    }))
}
