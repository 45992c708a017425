//! Counts: numbers by operator, city, state, kind of identity and stage, now and on days before.
//!
//! A snapshot is kept with each list and with each day that a node serves: what a city asks its operators for is how the
//! counts went on. What always holds: a snapshot has the stages as they were on its day, by the calendar of that day.

use super::{Calendar, Cells, Identity, Names, RegistrationError, Registrations, Rule, Stage, State};
use crate::{
    day::Day,
    store::{RegistrationChange, RegistrationFamily, StoreError},
};
use prost::Message;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What counts are told apart by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the answer")]
pub struct By {
    /// Operators.
    pub operator: bool,
    /// Cities.
    pub city: bool,
    /// States.
    pub state: bool,
    /// Kinds of identities.
    pub identity: bool,
    /// Stages.
    pub stage: bool,
}

impl By {
    /// Reads names of columns.
    ///
    /// # Errors
    /// When one is none.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, RegistrationError> {
        let mut by = Self::default();
        for name in names {
            match name {
                "operator" => by.operator = true,
                "city" => by.city = true,
                "state" => by.state = true,
                "identity" => by.identity = true,
                "stage" => by.stage = true,
                _ => {
                    let rule = "by: operator, city, state, identity or stage".to_owned();
                    return Err(RegistrationError::Invalid(rule.into()));
                }
            }
        }
        Ok(by)
    }
}

/// Which numbers are counted, and of which days.
#[derive(Clone, Debug, Default)]
pub struct CountFilter {
    /// Of this operator.
    pub operator: Option<String>,
    /// Of this city.
    pub city: Option<String>,
    /// As they were at the end of this day; the last count before it, where that day has none.
    pub on: Option<Day>,
    /// From this day on, day by day.
    pub from: Option<Day>,
    /// Until this day.
    pub to: Option<Day>,
}

/// Counts of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The day.
    pub day: Day,
    /// The number of the calendar by which stages are told; 0: none was in force.
    pub calendar: u64,
    /// The counts, in the order of their columns.
    pub lines: Vec<CountLine>,
}

/// One count.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountLine {
    /// The operator; none: all of them.
    pub operator: Option<String>,
    /// The city; none: all of them.
    pub city: Option<String>,
    /// The state.
    pub state: Option<State>,
    /// The kind of identity; `Some(None)`: nothing was shown.
    pub identity: Option<Option<Identity>>,
    /// The stage.
    pub stage: Option<Stage>,
    /// How many numbers.
    pub numbers: u64,
}

/// The counts of a day as they are stored. Tags are forever.
#[derive(Clone, PartialEq, Message)]
struct Snapshot {
    /// The number of the calendar.
    #[prost(uint64, tag = "1")]
    calendar: u64,
    /// Column by column: operators, by code.
    #[prost(uint32, repeated, tag = "2")]
    operators: Vec<u32>,
    /// Cities, by code.
    #[prost(uint32, repeated, tag = "3")]
    cities: Vec<u32>,
    /// State, and kind of identity times 16.
    #[prost(uint32, repeated, tag = "4")]
    states: Vec<u32>,
    /// Stages.
    #[prost(uint32, repeated, tag = "5")]
    stages: Vec<u32>,
    /// How many numbers.
    #[prost(uint64, repeated, tag = "6")]
    numbers: Vec<u64>,
}

/// A cell of a snapshot: operator, city, state, kind, stage.
type Counts = BTreeMap<(u8, u16, u8, u8, u8), u64>;

/// Tells stages by the codes of operators and cities.
pub(super) struct Stager {
    calendar: Arc<Calendar>,
    names: Arc<Names>,
    rules: HashMap<(u8, u16), Rule>,
    today: Day,
}

impl Stager {
    pub(super) fn new(calendar: &Arc<Calendar>, names: &Arc<Names>, today: Day) -> Self {
        Self { calendar: Arc::clone(calendar), names: Arc::clone(names), rules: HashMap::new(), today }
    }

    pub(super) fn stage(&mut self, operator: u8, city: u16, state: State, since: Day) -> Stage {
        if matches!(state, State::Registered | State::Withdrawn) {
            return Stage::Open;
        }
        let Self { calendar, names, rules, today } = self;
        let rule = rules.entry((operator, city));
        rule.or_insert_with(|| calendar.rule(names.operator(operator), names.city(city))).stage(state, since, *today)
    }
}

fn counts(cells: &Cells, stager: &mut Stager) -> Counts {
    let mut counts = Counts::new();
    for (cell, numbers) in cells.iter() {
        let stage = stager.stage(cell.operator, cell.city, cell.state, cell.since).code();
        let key = (cell.operator, cell.city, cell.state.code(), cell.kind.map_or(0, Identity::code), stage);
        *counts.entry(key).or_default() += numbers;
    }
    counts
}

impl Registrations {
    /// The row that keeps the counts of a day.
    pub(super) fn snapshot(&self, cells: &Cells, day: Day) -> Result<RegistrationChange, RegistrationError> {
        let (number, calendar) = self.calendar_on(day)?;
        let names = self.names();
        let mut snapshot = Snapshot { calendar: number, ..Snapshot::default() };
        for ((operator, city, state, kind, stage), numbers) in counts(cells, &mut Stager::new(&calendar, &names, day)) {
            snapshot.operators.push(operator.into());
            snapshot.cities.push(city.into());
            snapshot.states.push(u32::from(state) | u32::from(kind) << 4);
            snapshot.stages.push(stage.into());
            snapshot.numbers.push(numbers);
        }
        let (family, key) = (RegistrationFamily::Counts, day.get().to_be_bytes().to_vec());
        Ok(RegistrationChange { family, key, value: Some(snapshot.encode_to_vec()) })
    }

    /// Keeps the counts of a day, where no list of that day did.
    pub(super) fn keep_counts_alone(&self, day: Day) -> Result<(), RegistrationError> {
        if self.0.db.get(RegistrationFamily::Counts, &day.get().to_be_bytes())?.is_some() {
            return Ok(());
        }
        let row = self.snapshot(&*self.cells()?, day)?;
        Ok(self.0.db.write(vec![row])?)
    }

    /// Counts, a day each: now, on a day, or day by day.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn count(&self, by: By, filter: &CountFilter) -> Result<Vec<Counted>, RegistrationError> {
        let names = self.names();
        let told = |day: Day, calendar: u64, counts: Counts| {
            let mut lines: BTreeMap<CountLine, u64> = BTreeMap::new();
            for ((operator, city, state, kind, stage), numbers) in counts {
                let (operator, city) = (names.operator(operator), names.city(city));
                let others = filter.operator.as_ref().is_some_and(|only| !only.eq_ignore_ascii_case(operator))
                    || filter.city.as_ref().is_some_and(|only| only != city);
                if others {
                    continue;
                }
                let line = CountLine {
                    operator: by.operator.then(|| operator.to_owned()),
                    city: by.city.then(|| city.to_owned()),
                    state: State::from_code(state).filter(|_| by.state),
                    identity: by.identity.then(|| Identity::from_code(kind)),
                    stage: Stage::from_code(stage).filter(|_| by.stage),
                    numbers: 0,
                };
                *lines.entry(line).or_default() += numbers;
            }
            let lines = lines.into_iter().map(|(line, numbers)| CountLine { numbers, ..line }).collect();
            Counted { day, calendar, lines }
        };
        let CountFilter { on, from, to, .. } = *filter;
        if on.is_none() && from.is_none() && to.is_none() {
            let today = super::today();
            let (number, calendar) = self.calendar_on(today)?;
            let counts = counts(&*self.cells()?, &mut Stager::new(&calendar, &names, today));
            return Ok(vec![told(today, number, counts)]);
        }
        let begin = from.filter(|_| on.is_none()).map_or(0, Day::get);
        let end = on.or(to).unwrap_or(Day::MAX);
        let mut found = Vec::new();
        for row in self.0.db.rows(RegistrationFamily::Counts, &begin.to_be_bytes())? {
            let (key, value) = row?;
            let day = key[..].try_into().ok().map(u16::from_be_bytes).and_then(Day::from_stored);
            let day = day.ok_or_else(|| self.damaged("the day of a count is unreadable"))?;
            if day > end {
                break;
            }
            if on.is_some() {
                found.clear();
            }
            found.push((day, value));
        }
        let read = |(day, value): (Day, Box<[u8]>)| {
            let (calendar, counts) = read_snapshot(&value).ok_or_else(|| StoreError::Damaged {
                path: self.0.db.path().to_owned(),
                what: "a count is unreadable".to_owned(),
            })?;
            Ok(told(day, calendar, counts))
        };
        found.into_iter().map(read).collect()
    }
}

fn read_snapshot(value: &[u8]) -> Option<(u64, Counts)> {
    let Snapshot { calendar, operators, cities, states, stages, numbers } = Snapshot::decode(value).ok()?;
    let lengths = [operators.len(), cities.len(), states.len(), stages.len()];
    if lengths.iter().any(|length| *length != numbers.len()) {
        return None;
    }
    let cell = |at: usize| {
        let state = u8::try_from(states[at]).ok()?;
        let key = (u8::try_from(operators[at]).ok()?, u16::try_from(cities[at]).ok()?, state & 15, state >> 4);
        Some(((key.0, key.1, key.2, key.3, u8::try_from(stages[at]).ok()?), numbers[at]))
    };
    Some((calendar, (0..numbers.len()).map(cell).collect::<Option<_>>()?))
}
