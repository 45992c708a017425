//! Changing a case: by whoever has seen its newest version.

use super::{
    Act, Case, CaseNumber, Owner, State, Step,
    open::{checked, request_key},
    text,
};
use crate::{
    desk::{Agent, Desk, DeskError, now},
    principal::check_name,
    store::{DeskChange, DeskFamily, Kept},
};

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseChange {
    /// Something is noted.
    Note(String),
    /// A person works on it from now on.
    Assign(String),
    /// Another owner must act; why.
    HandOver(Owner, String),
    /// The caller must bring something: what.
    Wait(String),
    /// The owner must act again; what came.
    Resume(String),
    /// It is done: how.
    Close(String),
    /// It is not done after all: why.
    Reopen(String),
}

/// A case that was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The case.
    pub case: Case,
    /// Whether the same request had changed it before: nothing was done now.
    pub repeated: bool,
}

impl Desk {
    /// Changes a case. `seen`: the version that the agent saw; `request` may be empty.
    ///
    /// # Errors
    /// When another version stands by now (told with what changed and by whom), the change does not fit the state, a
    /// value breaks a rule, or the case cannot be kept.
    pub fn change_case(
        &self,
        agent: &Agent,
        number: CaseNumber,
        seen: u64,
        change: &CaseChange,
        request: &str,
    ) -> Result<Changed, DeskError> {
        let rules = self.rules()?;
        let _alone = self.desk.alone();
        let before = self.seen_case(agent, number)?;
        let request = request_key(agent, request);
        if self.request_of(request.as_deref())? == Some(number.get()) {
            return Ok(Changed { case: before, repeated: true });
        }
        if before.version != seen {
            return Err(DeskError::Stale { number, version: before.version, seen, since: since(&before, seen) });
        }
        self.check_assignee(change)?;
        let (act, said, to) = fits(before.state(), change, number)?;
        let time = now();
        let mut case = before.clone();
        case.version += 1;
        let step =
            Step { time, by: agent.name.clone(), act_code: act.code().into(), text: said, to, version: case.version };
        case.steps.push(step);
        match change {
            CaseChange::Note(_) => {}
            CaseChange::Assign(name) => case.assignee.clone_from(name),
            CaseChange::HandOver(owner, _) => {
                let owner = checked(owner)?;
                case.due = time + i64::from(rules.due_hours(case.kind(), owner.party)) * 3600;
                (case.owner_code, case.operator) = (owner.party.code().into(), owner.operator);
                case.assignee.clear();
                case.state_code = State::Open.code().into();
            }
            CaseChange::Wait(_) => case.state_code = State::Waiting.code().into(),
            CaseChange::Resume(_) => case.state_code = State::Open.code().into(),
            CaseChange::Close(_) => (case.state_code, case.closed) = (State::Closed.code().into(), time),
            CaseChange::Reopen(_) => {
                case.due = time + i64::from(rules.due_hours(case.kind(), case.owner().party)) * 3600;
                (case.state_code, case.closed) = (State::Open.code().into(), 0);
            }
        }
        let told = case.steps.last().map(|step| format!("{act} {}", step.to)).unwrap_or_default();
        self.record_change(agent, &case, told.trim_end(), false)?;
        let mut changes = case.changes(Some(&before));
        let value = Some(number.get().to_be_bytes().to_vec());
        changes.extend(request.map(|key| DeskChange { family: DeskFamily::CaseIndex, key, value }));
        self.desk.write(&changes, Kept::Synced)?;
        Ok(Changed { case, repeated: false })
    }
}

impl Desk {
    /// A case in the hands of nobody would wait for ever.
    fn check_assignee(&self, change: &CaseChange) -> Result<(), DeskError> {
        let CaseChange::Assign(name) = change else { return Ok(()) };
        let ledger = self.store.ledger();
        let principals = ledger.principals();
        if principals.is_empty() || principals.get(name).is_some_and(|principal| !principal.revoked) {
            return Ok(());
        }
        Err(DeskError::Invalid {
            field: "assign",
            rule: format!("nobody is called {name:?} here: see saring principal list"),
        })
    }
}

/// What goes into the history, where the change fits the state.
fn fits(state: State, change: &CaseChange, number: CaseNumber) -> Result<(Act, String, String), DeskError> {
    let invalid = |rule: String| Err(DeskError::Invalid { field: "change", rule });
    match (state, change) {
        (State::Closed, CaseChange::Note(_) | CaseChange::Reopen(_)) => {}
        (State::Closed, _) => return invalid(format!("{number} is closed: reopen it first")),
        (_, CaseChange::Reopen(_)) => return invalid(format!("{number} is not closed")),
        (State::Open, CaseChange::Resume(_)) => return invalid(format!("{number} does not wait for its caller")),
        _ => {}
    }
    Ok(match change {
        CaseChange::Note(said) => (Act::Noted, text(said)?, String::new()),
        CaseChange::Assign(name) => {
            check_name(name).map_err(|error| DeskError::Invalid { field: "assign", rule: error.to_string() })?;
            (Act::Assigned, String::new(), name.clone())
        }
        CaseChange::HandOver(owner, said) => (Act::HandedOver, text(said)?, checked(owner)?.to_string()),
        CaseChange::Wait(said) => (Act::Waits, text(said)?, String::new()),
        CaseChange::Resume(said) => (Act::Resumed, text(said)?, String::new()),
        CaseChange::Close(said) => (Act::Closed, text(said)?, String::new()),
        CaseChange::Reopen(said) => (Act::Reopened, text(said)?, String::new()),
    })
}

/// What changed since a version, and by whom: without texts, which may be personal.
fn since(case: &Case, seen: u64) -> String {
    let told = case.steps.iter().filter(|step| step.version > seen).map(|step| {
        let act = u8::try_from(step.act_code).ok().and_then(Act::from_code).map_or("changed", Act::name);
        let to = if step.to.is_empty() { String::new() } else { format!(" to {}", step.to) };
        format!("{} by {}{to}", act, step.by)
    });
    told.collect::<Vec<_>>().join(", ")
}
