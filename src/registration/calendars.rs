//! Calendars on record: proposed by one person, put in force by another, kept for ever.
//!
//! What always holds: who proposed a calendar never puts it in force; one that was proposed before another came into
//! force is proposed again; each step is on the desk's record before it is taken; which calendar was in force on a day
//! can be told later.

use super::{Calendar, RegistrationError, Registrations, Stage, counts::Stager, page};
use crate::{
    day::Day,
    desk::Agent,
    journal::BOOTSTRAP,
    listing::coded,
    store::{RegistrationChange, RegistrationFamily, RegistrationStore, StoreError},
    words::{Said, Value, Why},
};
use prost::Message;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

coded! {
    /// What became of a calendar.
    CalendarState, "a state of a calendar", {
        /// It waits for another person.
        Proposed = 1, "proposed";
        /// It was put in force, and is until a later one is.
        Approved = 2, "approved";
        /// Somebody did not want it.
        Rejected = 3, "rejected";
    }
}

/// A calendar on record. Tags are forever.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct CalendarRecord {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// The document.
    #[prost(string, tag = "2")]
    pub document: String,
    /// SHA-256 of the document.
    #[prost(bytes = "vec", tag = "3")]
    pub sha256: Vec<u8>,
    /// Who proposed it.
    #[prost(string, tag = "4")]
    pub proposed_by: String,
    /// When, in seconds since the Unix epoch.
    #[prost(int64, tag = "5")]
    pub proposed_unix_s: i64,
    /// Why.
    #[prost(string, tag = "6")]
    pub reason: String,
    /// Code of its [`CalendarState`].
    #[prost(uint32, tag = "7")]
    pub state_code: u32,
    /// Who decided; empty: nobody yet.
    #[prost(string, tag = "8")]
    pub decided_by: String,
    /// When; 0: not yet.
    #[prost(int64, tag = "9")]
    pub decided_unix_s: i64,
    /// The calendar that was in force when it was proposed; 0: none.
    #[prost(uint64, tag = "10")]
    pub based_on: u64,
    /// The how-manieth that was put in force; 0: it was not.
    #[prost(uint64, tag = "11")]
    pub nth: u64,
    /// The desk's audit entries of both steps.
    #[prost(uint64, repeated, tag = "12")]
    pub audit_entries: Vec<u64>,
}

impl CalendarRecord {
    /// What became of it.
    pub fn state(&self) -> CalendarState {
        u8::try_from(self.state_code).ok().and_then(CalendarState::from_code).unwrap_or(CalendarState::Rejected)
    }

    /// Whether it blocks nobody.
    pub fn blocks_nobody(&self) -> bool {
        Calendar::read(&self.document).is_ok_and(|calendar| calendar.blocks_nobody())
    }

    fn change(&self) -> RegistrationChange {
        RegistrationChange {
            family: RegistrationFamily::Calendars,
            key: page::key(self.number).to_vec(),
            value: Some(self.encode_to_vec()),
        }
    }
}

/// Numbers that a calendar moves from one stage to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewLine {
    /// The operator.
    pub operator: String,
    /// The city; none: all of them.
    pub city: Option<String>,
    /// The stage by the calendar in force.
    pub from: Stage,
    /// The stage by the other.
    pub to: Stage,
    /// How many numbers.
    pub numbers: u64,
}

/// What a calendar would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// On this day.
    pub day: Day,
    /// The calendar in force; 0: none.
    pub calendar: u64,
    /// SHA-256 of the document.
    pub sha256: [u8; 32],
    /// The numbers that move.
    pub lines: Vec<PreviewLine>,
    /// How many numbers move.
    pub moved: u64,
    /// How many are held.
    pub numbers: u64,
    /// Whether the calendar blocks nobody, whoever is registered how.
    pub blocks_nobody: bool,
}

impl Registrations {
    /// Every calendar, oldest first.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn calendars(&self) -> Result<Vec<CalendarRecord>, RegistrationError> {
        Ok(all(&self.0.db)?)
    }

    /// The calendar that was in force at the end of a day, with its number; the empty one is 0.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn calendar_on(&self, day: Day) -> Result<(u64, Arc<Calendar>), RegistrationError> {
        Ok(in_force(&self.0.db, day)?)
    }

    /// Proposes a calendar. Gives its record.
    ///
    /// # Errors
    /// When the document is refused, or it cannot be put on record.
    pub fn propose(&self, by: &Agent, document: &str, reason: &str) -> Result<CalendarRecord, RegistrationError> {
        self.is_national(by)?;
        Calendar::read(document)?;
        let _alone = self.alone();
        let calendars = self.calendars()?;
        let number = calendars.last().map_or(0, |last| last.number) + 1;
        let sha256 = Sha256::digest(document.as_bytes()).to_vec();
        let text = format!("calendar {number} is proposed, SHA-256 {}", hex(&sha256));
        let record = CalendarRecord {
            number,
            document: document.to_owned(),
            sha256,
            proposed_by: by.name.clone(),
            proposed_unix_s: jiff::Timestamp::now().as_second(),
            reason: reason.chars().take(500).collect(),
            state_code: CalendarState::Proposed.code().into(),
            based_on: self.calendar_on(super::today())?.0,
            audit_entries: vec![self.note(by, "calendar", &text, reason)?],
            ..CalendarRecord::default()
        };
        self.0.db.write(vec![record.change()])?;
        Ok(record)
    }

    /// Puts a calendar in force, or rejects it. `sha256`: of the document that the decider saw.
    ///
    /// # Errors
    /// When there is no such proposal, its proposer wants to put it in force, another came into force since, or the
    /// digest is another; when it cannot be put on record.
    pub fn decide(
        &self,
        by: &Agent,
        number: u64,
        sha256: Option<&[u8]>,
        approve: bool,
        reason: &str,
    ) -> Result<CalendarRecord, RegistrationError> {
        self.is_national(by)?;
        let _alone = self.alone();
        let conflict = |said: Said| Err(RegistrationError::Conflict(said));
        let named = || ("number", Value::number(number));
        let calendars = self.calendars()?;
        let Some(mut record) = calendars.iter().find(|one| one.number == number).cloned() else {
            return Err(RegistrationError::Invalid(Why::NoCalendar.of([named()])));
        };
        if record.state() != CalendarState::Proposed {
            let state = Value::term("calendar", record.state().name());
            let name = record.decided_by.as_str().into();
            return conflict(Why::CalendarDecided.of([named(), ("state", state), ("name", name)]));
        }
        if sha256.is_some_and(|seen| seen != record.sha256) {
            return conflict(Why::CalendarOther.of([named()]));
        }
        if approve {
            // As with every change before there are principals.
            let founding = self.0.store.ledger().principals().is_empty();
            if record.proposed_by == by.name && !(founding && by.name == BOOTSTRAP) {
                let said = Why::OwnCalendar.of([("name", by.name.as_str().into()), named()]);
                return Err(RegistrationError::NotAllowed(said));
            }
            let in_force = self.calendar_on(super::today())?.0;
            if in_force != record.based_on {
                return conflict(Why::CalendarOld.of([named(), ("other", Value::number(in_force))]));
            }
            record.nth = calendars.iter().map(|one| one.nth).max().unwrap_or(0) + 1;
        }
        let state = if approve { CalendarState::Approved } else { CalendarState::Rejected };
        let text = format!("calendar {number} is {state}, SHA-256 {}", hex(&record.sha256));
        record.audit_entries.push(self.note(by, "calendar", &text, reason)?);
        record.state_code = state.code().into();
        record.decided_by = by.name.clone();
        record.decided_unix_s = jiff::Timestamp::now().as_second();
        self.0.db.write(vec![record.change()])?;
        if approve {
            let today = super::today();
            if self.0.live.load().is_some() {
                self.warm_alone(today)?;
            }
            let row = self.snapshot(&*self.cells()?, today)?;
            self.0.db.write(vec![row])?;
        }
        Ok(record)
    }

    /// Calendars hold for all operators: who belongs to one has no part in them.
    fn is_national(&self, by: &Agent) -> Result<(), RegistrationError> {
        match &by.operator {
            None => Ok(()),
            Some(own) => Err(RegistrationError::NotAllowed(
                Why::NotNational.of([("name", by.name.as_str().into()), ("operator", own.as_str().into())]),
            )),
        }
    }

    /// How many numbers a calendar would move, from which stage to which, on a day; `by_city`: city by city.
    ///
    /// # Errors
    /// When the document is refused, or the numbers cannot be read.
    pub fn preview(&self, document: &str, day: Day, by_city: bool) -> Result<Moved, RegistrationError> {
        let other = Arc::new(Calendar::read(document)?);
        let (calendar, now) = self.calendar_on(super::today())?;
        let names = self.names();
        let (mut before, mut after) = (Stager::new(&now, &names, day), Stager::new(&other, &names, day));
        let mut moves: BTreeMap<_, u64> = BTreeMap::new();
        let (mut moved, mut all) = (0, 0);
        for (cell, numbers) in self.cells()?.iter() {
            all += numbers;
            let from = before.stage(cell.operator, cell.city, cell.state, cell.since);
            let to = after.stage(cell.operator, cell.city, cell.state, cell.since);
            if from != to {
                moved += numbers;
                let city = by_city.then(|| names.city(cell.city).to_owned());
                *moves.entry((names.operator(cell.operator).to_owned(), city, from, to)).or_default() += numbers;
            }
        }
        let line = |((operator, city, from, to), numbers)| PreviewLine { operator, city, from, to, numbers };
        let lines = moves.into_iter().map(line).collect();
        let sha256 = Sha256::digest(document.as_bytes()).into();
        let blocks_nobody = other.blocks_nobody();
        Ok(Moved { day, calendar, sha256, lines, moved, numbers: all, blocks_nobody })
    }
}

fn damaged(db: &RegistrationStore, what: &str) -> StoreError {
    StoreError::Damaged { path: db.path().to_owned(), what: what.to_owned() }
}

fn all(db: &RegistrationStore) -> Result<Vec<CalendarRecord>, StoreError> {
    let mut calendars = Vec::new();
    for row in db.rows(RegistrationFamily::Calendars, &[])? {
        let record = CalendarRecord::decode(&row?.1[..]);
        calendars.push(record.map_err(|_| damaged(db, "the record of a calendar is unreadable"))?);
    }
    Ok(calendars)
}

/// The calendar that was in force at the end of a day.
pub(super) fn in_force(db: &RegistrationStore, day: Day) -> Result<(u64, Arc<Calendar>), StoreError> {
    let approved = all(db)?.into_iter().filter(|one| one.state() == CalendarState::Approved);
    let begun = approved.filter(|one| Day::of_unix_seconds(one.decided_unix_s) <= day);
    let Some(record) = begun.max_by_key(|one| one.nth) else { return Ok((0, Arc::default())) };
    // It was read when it was proposed.
    let calendar = Calendar::read(&record.document);
    Ok((record.number, Arc::new(calendar.map_err(|_| damaged(db, "a calendar in force is unreadable"))?)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
