//! One number: how it stands, what is blocked, what follows.

use super::{Identity, RegistrationError, Registrations, Stage, State, Turn, page};
use crate::{day::Day, identity::Msisdn};

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

impl Registrations {
    /// What is held of a number, with the stage of a day. `only`: none but this operator's numbers may be seen.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn held(&self, msisdn: Msisdn, day: Day, only: Option<&str>) -> Result<Option<Held>, RegistrationError> {
        let (number, place) = page::place(msisdn.get());
        let found = self.page(number)?.at(place).copied();
        let names = self.names();
        let Some(row) = found.filter(|row| only.is_none_or(|own| own.eq_ignore_ascii_case(names.operator(row.operator))))
        else {
            return Ok(None);
        };
        let (operator, city) = (names.operator(row.operator).to_owned(), names.city(row.city).to_owned());
        let (calendar, of) = self.calendar_on(day)?;
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
}
