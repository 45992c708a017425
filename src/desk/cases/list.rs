//! Queues, what is late, and counts; and the end of texts whose time is over.

use super::{Act, Case, Kind, Owner, Party, State, Step};
use crate::{
    desk::{Agent, Deed, Desk, DeskError, look::Recorded, now},
    identity::EquipmentKey,
    pairing::Number,
    store::{DeskFamily, DeskRange, Kept},
};
use prost::Message;
use std::collections::BTreeMap;

/// Cases that one question is answered with at most.
const CASES_MAX: usize = 1000;
/// Cases that are read at a time.
const CHUNK: usize = 1024;
const DAY_S: i64 = 86_400;

/// Which cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Of this owner.
    pub party: Option<Party>,
    /// Of this operator.
    pub operator: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Given to this person.
    pub assignee: Option<String>,
    /// In this state; of closed ones only where these are asked for.
    pub state: Option<State>,
    /// Late ones only.
    pub overdue: bool,
    /// Closed ones instead of those that are not.
    pub closed: bool,
    /// How many; 0: 100.
    pub limit: usize,
}

/// Counts of one kind at one owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseFigures {
    /// Not closed.
    pub open: u64,
    /// Of these, late.
    pub overdue: u64,
    /// Closed.
    pub closed: u64,
    /// Seconds from opening to closing of the closed ones, summed up.
    pub closed_seconds: u64,
}

impl Desk {
    /// Cases: those that are not closed by the time at which their owner is late, closed ones the newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn cases(&self, agent: &Agent, filter: &CaseFilter) -> Result<Vec<Case>, DeskError> {
        let limit = if filter.limit == 0 { 100 } else { filter.limit.min(CASES_MAX) };
        let time = now();
        let takes = |case: &Case| filter.takes(case, time) && case.is_seen_by(agent);
        let mut found = Vec::new();
        let parties: Vec<Party> = filter.party.map_or_else(|| Party::ALL.to_vec(), |party| vec![party]);
        let prefixes = if filter.closed { vec![vec![b'c']] } else { parties.iter().map(queue).collect() };
        for prefix in prefixes {
            for number in self.indexed(&prefix)? {
                found.extend(self.stored_case(number)?.filter(takes));
            }
        }
        if filter.closed {
            found.sort_by_key(|case| std::cmp::Reverse(case.closed));
        } else {
            found.sort_by_key(|case| (case.due, case.number));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The cases of a device that are not closed, as far as the agent sees them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_cases_of_device(&self, agent: &Agent, device: EquipmentKey) -> Result<Vec<Case>, DeskError> {
        self.open_of(agent, &[b"d", &device.get().to_be_bytes()[..]].concat())
    }

    /// The cases of a number that are not closed, as far as the agent sees them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_cases_of_number(&self, agent: &Agent, number: Number) -> Result<Vec<Case>, DeskError> {
        self.open_of(agent, &[b"n", &number.to_stored().to_be_bytes()[..]].concat())
    }

    fn open_of(&self, agent: &Agent, prefix: &[u8]) -> Result<Vec<Case>, DeskError> {
        let mut found = Vec::new();
        for number in self.indexed(prefix)? {
            let case = self.stored_case(number)?;
            found.extend(case.filter(|case| case.state() != State::Closed && case.is_seen_by(agent)));
        }
        Ok(found)
    }

    /// Counts by kind and owner.
    ///
    /// # Errors
    /// When the cases cannot be read.
    pub fn case_figures(&self, agent: &Agent) -> Result<BTreeMap<(Kind, Owner), CaseFigures>, DeskError> {
        let mut figures: BTreeMap<_, CaseFigures> = BTreeMap::new();
        let (time, mut from) = (now(), 1u64);
        loop {
            let begin = from.to_be_bytes();
            let range = DeskRange { family: DeskFamily::Cases, prefix: &[], from: Some(&begin), limit: CHUNK };
            let rows = self.desk.scan(range)?;
            for case in rows.iter().filter_map(|(_, value)| Case::decode(&value[..]).ok()) {
                from = case.number + 1;
                if !case.is_seen_by(agent) {
                    continue;
                }
                let one = figures.entry((case.kind(), case.owner())).or_default();
                match case.state() {
                    State::Closed => {
                        one.closed += 1;
                        one.closed_seconds += u64::try_from(case.closed - case.opened).unwrap_or_default();
                    }
                    State::Open | State::Waiting => {
                        one.open += 1;
                        one.overdue += u64::from(case.is_overdue(time));
                    }
                }
            }
            if rows.len() < CHUNK {
                return Ok(figures);
            }
        }
    }

    /// For each owner: cases that are not closed, and of these the late ones.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn case_queues(&self, now: i64) -> Result<Vec<(Party, u64, u64)>, DeskError> {
        let mut queues = Vec::new();
        for party in Party::ALL {
            let prefix = queue(party);
            let range = DeskRange { family: DeskFamily::CaseIndex, prefix: &prefix, from: None, limit: usize::MAX };
            let rows = self.desk.scan(range)?;
            let due = |key: &[u8]| key.get(2..10).and_then(|due| due.try_into().ok()).map_or(now, i64::from_be_bytes);
            let overdue = rows.iter().filter(|(key, _)| due(key) < now).count();
            queues.push((*party, rows.len() as u64, overdue as u64));
        }
        Ok(queues)
    }

    fn indexed(&self, prefix: &[u8]) -> Result<Vec<u64>, DeskError> {
        let range = DeskRange { family: DeskFamily::CaseIndex, prefix, from: None, limit: usize::MAX };
        let rows = self.desk.scan(range)?;
        let number = |key: &[u8]| Some(u64::from_be_bytes(key.get(key.len().checked_sub(8)?..)?.try_into().ok()?));
        Ok(rows.iter().filter_map(|(key, _)| number(key)).collect())
    }

    /// Erases texts and numbers of cases that were closed so long ago. Gives how many.
    pub(in crate::desk) fn erase_cases(&self, now: i64) -> Result<u64, DeskError> {
        let end = now - i64::from(self.rules()?.retention_days.case) * DAY_S;
        let alone = self.desk.alone();
        let mut changes = Vec::new();
        let mut count = 0;
        for number in self.indexed(b"c")? {
            let Some(before) = self.stored_case(number)? else { continue };
            // In the order of their closing.
            if before.closed >= end {
                break;
            }
            let mut case = Case { caller: 0, erased: true, version: before.version + 1, ..before.clone() };
            case.steps.iter_mut().for_each(|step| step.text.clear());
            let (by, version) = (Agent::register().name, case.version);
            let act_code = Act::Erased.code().into();
            case.steps.push(Step { time: now, by, act_code, version, ..Step::default() });
            changes.extend(case.changes(Some(&before)));
            count += 1;
        }
        if count > 0 {
            let text = format!("{count} cases erased");
            let recorded = Recorded { about: "case", text, revision: self.store.applied(), ..Recorded::default() };
            self.record(&Agent::register(), Deed::CaseChange, recorded)?;
            self.desk.write(&changes, Kept::Synced)?;
        }
        // Files are written anew while agents go on.
        drop(alone);
        if count > 0 {
            self.desk.compact(DeskFamily::Cases)?;
            self.desk.compact(DeskFamily::CaseIndex)?;
        }
        Ok(count)
    }
}

/// The rows of an owner's queue.
fn queue(party: &Party) -> Vec<u8> {
    vec![b'o', party.code()]
}

impl CaseFilter {
    fn takes(&self, case: &Case, now: i64) -> bool {
        let owner = case.owner();
        self.party.is_none_or(|party| party == owner.party)
            && self.operator.as_ref().is_none_or(|operator| operator.eq_ignore_ascii_case(&owner.operator))
            && self.kind.is_none_or(|kind| kind == case.kind())
            && self.assignee.as_ref().is_none_or(|name| *name == case.assignee)
            && self.state.is_none_or(|state| state == case.state())
            && (!self.overdue || case.is_overdue(now))
    }
}
