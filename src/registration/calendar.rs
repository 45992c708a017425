//! The calendar of blocking: when which stage begins, for whom.
//!
//! Pure. What always holds: the most specific table wins, key by key: operator and city, then city, then operator, then
//! all; a stage is a function of state, day, operator, city, calendar and today, and never goes back as days pass; who is
//! registered or gone is never blocked.

mod read;
#[cfg(test)]
mod tests;

pub use read::CalendarError;
pub(super) use read::is_name;

use super::State;
use crate::{day::Day, listing::coded};
use std::collections::BTreeMap;

coded! {
    /// What is blocked. A later stage holds all earlier ones.
    Stage, "a stage of blocking", {
        /// Nothing.
        Open = 0, "none";
        /// Outgoing calls and messages. 4444 stays reachable.
        Outgoing = 1, "outgoing";
        /// Incoming ones too.
        Incoming = 2, "incoming";
        /// Data too.
        Data = 3, "data";
        /// Everything.
        Total = 4, "total";
    }
}

/// Stages that begin on a day.
pub(super) const STAGES: [Stage; 4] = [Stage::Outgoing, Stage::Incoming, Stage::Data, Stage::Total];

/// When a stage begins: the later of both days, where both are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begin {
    /// Not before this day.
    pub(super) on: Option<Day>,
    /// So many days after the state began.
    pub(super) after_days: Option<u16>,
}

/// One table of the document: what it does not name is that of a less specific one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) states: Option<Vec<State>>,
    pub(super) grace_days: Option<u16>,
    pub(super) extension_days: Option<u16>,
    /// By stage; `Some(None)`: never.
    pub(super) stages: [Option<Option<Begin>>; 4],
}

/// What holds for an operator and a city.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// States that are blocked, as bits by their codes.
    states: u8,
    grace_days: u16,
    extension_days: u16,
    begins: [Option<Begin>; 4],
}

/// The next stage of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The stage.
    pub stage: Stage,
    /// Its first day.
    pub day: Day,
}

/// A calendar. The one that nobody put in force blocks nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Numbers of one identity with one operator, at most; none: no limit.
    pub limit: Option<u32>,
    pub(super) national: Table,
    pub(super) operators: BTreeMap<String, Table>,
    pub(super) cities: BTreeMap<String, Table>,
    pub(super) both: BTreeMap<(String, String), Table>,
}

impl Calendar {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown word, or a value out of its bounds; the error names the place.
    pub fn read(document: &str) -> Result<Self, CalendarError> {
        read::document(document)
    }

    /// What holds for an operator and a city; either may be empty.
    pub fn rule(&self, operator: &str, city: &str) -> Rule {
        let both = self.both.get(&(operator.to_owned(), city.to_owned()));
        // The least specific first.
        let tables = [Some(&self.national), self.operators.get(operator), self.cities.get(city), both];
        let mut rule = Rule::default();
        for table in tables.into_iter().flatten() {
            if let Some(states) = &table.states {
                rule.states = states.iter().fold(0, |bits, state| bits | 1 << state.code());
            }
            rule.grace_days = table.grace_days.unwrap_or(rule.grace_days);
            rule.extension_days = table.extension_days.unwrap_or(rule.extension_days);
            for (begins, named) in rule.begins.iter_mut().zip(table.stages) {
                *begins = named.unwrap_or(*begins);
            }
        }
        rule
    }

    /// Whether it blocks nobody: no state with a stage that begins stands anywhere in it.
    pub fn blocks_nobody(&self) -> bool {
        let of = |(operator, city): (&str, &str)| self.rule(operator, city);
        let operators = || self.operators.keys().map(String::as_str).chain([""]);
        let cities = || self.cities.keys().map(String::as_str).chain([""]);
        let crossed = operators().flat_map(|operator| cities().map(move |city| (operator, city)));
        let both = self.both.keys().map(|(operator, city)| (operator.as_str(), city.as_str()));
        crossed.chain(both).map(of).all(|rule| rule.states == 0 || rule.begins.iter().all(Option::is_none))
    }

    /// The stage of one number.
    pub fn stage(&self, state: State, since: Day, operator: &str, city: &str, today: Day) -> Stage {
        self.rule(operator, city).stage(state, since, today)
    }
}

impl Rule {
    /// Whether a state is blocked at all.
    pub const fn blocks(&self, state: State) -> bool {
        self.states & 1 << state.code() != 0
    }

    /// The stage of a number that stands so since a day.
    pub fn stage(&self, state: State, since: Day, today: Day) -> Stage {
        if !self.blocks(state) {
            return Stage::Open;
        }
        let begun = |nth: &usize| self.first_day(*nth, since).is_some_and(|day| day <= today);
        (0..STAGES.len()).rev().find(begun).map_or(Stage::Open, |nth| STAGES[nth])
    }

    /// The stage that follows, with its first day. `None`: none follows.
    pub fn next(&self, state: State, since: Day, today: Day) -> Option<Turn> {
        if !self.blocks(state) {
            return None;
        }
        let now = self.stage(state, since, today);
        let later = (0..STAGES.len()).filter(|nth| STAGES[*nth] > now);
        let days = later.filter_map(|nth| Some(Turn { stage: STAGES[nth], day: self.first_day(nth, since)? }));
        // Of stages that begin on one day the last counts.
        days.filter(|turn| turn.day > today).min_by_key(|turn| (turn.day, std::cmp::Reverse(turn.stage)))
    }

    /// The first day of the nth stage.
    fn first_day(&self, nth: usize, since: Day) -> Option<Day> {
        let begin = self.begins[nth]?;
        let after = begin.after_days.map_or(since, |days| later(since, days));
        let first = after.max(later(since, self.grace_days)).max(begin.on.unwrap_or(since));
        Some(later(first, self.extension_days))
    }
}

fn later(day: Day, days: u16) -> Day {
    Day::from_stored(day.get().saturating_add(days)).unwrap_or(Day::MAX)
}
