//! Cases: a caller's complaint, from its opening to its end, in the hands of one owner at a time.
//!
//! What always holds: each change names the version that it saw, and one that saw an older version is refused and told
//! what changed and by whom; a change is on the desk's record before it is made, and durable before it is told; the history is never shortened, but for texts whose
//! time is over.

mod change;
mod list;
mod number;
mod open;
mod outside;
mod terms;

pub use change::{CaseChange, Changed};
pub use list::{CaseFigures, CaseFilter};
pub use number::CaseNumber;
pub use open::{CaseOrder, Opened};
pub use outside::CaseSeen;
pub use terms::{Act, Kind, Owner, Party, State};

use super::{Agent, Deed, Desk, DeskError, look::Recorded};
use crate::{
    identity::EquipmentKey,
    pairing::Number,
    store::{DeskChange, DeskFamily, StoreError},
};
use prost::Message;

/// Most characters of a note.
const TEXT_CHARS_MAX: usize = 2000;

/// A case as it lies on the disk. Tags are forever.
#[derive(Clone, PartialEq, Message)]
pub struct Case {
    /// Its number, without the check digit.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// Rises by one with each change.
    #[prost(uint64, tag = "2")]
    pub version: u64,
    /// Code of its [`Kind`].
    #[prost(uint32, tag = "3")]
    pub kind_code: u32,
    /// The device; 0: none.
    #[prost(uint64, tag = "4")]
    pub device: u64,
    /// The caller's number as it is stored; 0: none, or erased.
    #[prost(fixed64, tag = "5")]
    pub caller: u64,
    /// Code of the owner's [`Party`].
    #[prost(uint32, tag = "6")]
    pub owner_code: u32,
    /// The operator, where an operator is the owner.
    #[prost(string, tag = "7")]
    pub operator: String,
    /// Who works on it; empty: nobody yet.
    #[prost(string, tag = "8")]
    pub assignee: String,
    /// Code of its [`State`].
    #[prost(uint32, tag = "9")]
    pub state_code: u32,
    /// When it was opened, in seconds since the Unix epoch.
    #[prost(int64, tag = "10")]
    pub opened: i64,
    /// When its owner is late.
    #[prost(int64, tag = "11")]
    pub due: i64,
    /// When it was closed; 0: it is not.
    #[prost(int64, tag = "12")]
    pub closed: i64,
    /// The operator of who opened it; empty: none.
    #[prost(string, tag = "13")]
    pub opened_operator: String,
    /// Makes the secret, with the key of this version.
    #[prost(uint32, tag = "14")]
    pub(super) secret_key: u32,
    /// Makes the secret.
    #[prost(bytes = "vec", tag = "15")]
    pub(super) secret_salt: Vec<u8>,
    /// Wrong secrets in a row.
    #[prost(uint32, tag = "16")]
    pub(super) wrong: u32,
    /// When the last of them came.
    #[prost(int64, tag = "17")]
    pub(super) wrong_last: i64,
    /// What happened, oldest first.
    #[prost(message, repeated, tag = "18")]
    pub steps: Vec<Step>,
    /// Whether texts and number were erased because their time was over.
    #[prost(bool, tag = "19")]
    pub erased: bool,
}

/// One change of a case.
#[derive(Clone, PartialEq, Message)]
pub struct Step {
    /// When, in seconds since the Unix epoch.
    #[prost(int64, tag = "1")]
    pub time: i64,
    /// Who.
    #[prost(string, tag = "2")]
    pub by: String,
    /// Code of an [`Act`].
    #[prost(uint32, tag = "3")]
    pub act_code: u32,
    /// What was said.
    #[prost(string, tag = "4")]
    pub text: String,
    /// To whom it went: an owner, an operator, a person. May be empty.
    #[prost(string, tag = "5")]
    pub to: String,
    /// The version that it made.
    #[prost(uint64, tag = "6")]
    pub version: u64,
}

impl Case {
    /// Its number.
    pub const fn case_number(&self) -> CaseNumber {
        CaseNumber::new(self.number)
    }

    /// Its kind; that of no other where a newer Saring wrote it.
    pub fn kind(&self) -> Kind {
        u8::try_from(self.kind_code).ok().and_then(Kind::from_code).unwrap_or(Kind::Other)
    }

    /// Its state.
    pub fn state(&self) -> State {
        u8::try_from(self.state_code).ok().and_then(State::from_code).unwrap_or(State::Open)
    }

    /// Who must act.
    pub fn owner(&self) -> Owner {
        let party = u8::try_from(self.owner_code).ok().and_then(Party::from_code).unwrap_or(Party::CallCentre);
        Owner { party, operator: self.operator.clone() }
    }

    /// The device.
    pub fn device(&self) -> Option<EquipmentKey> {
        EquipmentKey::new(self.device).ok().filter(|key| !key.is_zero())
    }

    /// The caller's number.
    pub fn caller(&self) -> Option<Number> {
        Number::from_stored(self.caller)
    }

    /// The version of the key that its secret follows from.
    pub(super) fn secret_version(&self) -> Option<u8> {
        self.secret_key.try_into().ok()
    }

    /// Whether its owner is late at this second.
    pub fn is_overdue(&self, now: i64) -> bool {
        self.state() != State::Closed && self.due < now
    }

    /// Whoever belongs to an operator sees the cases that it owns, and those that its people opened.
    fn is_seen_by(&self, agent: &Agent) -> bool {
        agent.operator.as_ref().is_none_or(|own| {
            own.eq_ignore_ascii_case(&self.operator) || own.eq_ignore_ascii_case(&self.opened_operator)
        })
    }

    /// The rows that find it.
    fn index(&self) -> Vec<Vec<u8>> {
        let row = |kind: u8, parts: &[&[u8]]| [&[kind], &parts.concat()[..], &self.number.to_be_bytes()].concat();
        let mut rows = Vec::new();
        if self.device > 0 {
            rows.push(row(b'd', &[&self.device.to_be_bytes()]));
        }
        if self.caller > 0 {
            rows.push(row(b'n', &[&self.caller.to_be_bytes()]));
        }
        if self.state() == State::Closed {
            // Closed ones by the time at which they were: for the end of their texts.
            if !self.erased {
                rows.push(row(b'c', &[&self.closed.to_be_bytes()]));
            }
        } else {
            rows.push(row(b'o', &[&[self.owner().party.code()], &self.due.to_be_bytes()]));
        }
        rows
    }

    /// The writes that put it in the place of what was there.
    fn changes(&self, before: Option<&Self>) -> Vec<DeskChange> {
        let row = |family, key, value| DeskChange { family, key, value };
        let key = self.number.to_be_bytes().to_vec();
        let old = before.map(Self::index).unwrap_or_default();
        let new = self.index();
        let gone = old.into_iter().filter(|key| !new.contains(key)).map(|key| row(DeskFamily::CaseIndex, key, None));
        let mut changes: Vec<_> = gone.collect();
        changes.extend(new.into_iter().map(|key| row(DeskFamily::CaseIndex, key, Some(Vec::new()))));
        changes.push(row(DeskFamily::Cases, key, Some(self.encode_to_vec())));
        changes
    }
}

impl Desk {
    /// Shows a case, on record.
    ///
    /// # Errors
    /// When there is none of that number that the agent sees, or it cannot be recorded.
    pub fn case(&self, agent: &Agent, number: CaseNumber) -> Result<Case, DeskError> {
        let case = self.seen_case(agent, number)?;
        let recorded = Recorded {
            about: "case",
            text: number.to_string(),
            subjects: case.caller().map(|caller| (caller.to_stored(), false)).into_iter().collect(),
            devices: case.device().into_iter().collect(),
            revision: self.store.applied(),
            ..Recorded::default()
        };
        self.record(agent, Deed::Case, recorded)?;
        Ok(case)
    }

    /// Records what is done with a case, before it is: who, which case, which act and to whom, and none of its texts.
    fn record_change(&self, agent: &Agent, case: &Case, what: &str, caller_in_full: bool) -> Result<(), DeskError> {
        let caller = case.caller().map(|caller| (caller.to_stored(), caller_in_full));
        let recorded = Recorded {
            about: "case",
            text: format!("{} {what}", case.case_number()),
            subjects: caller.into_iter().collect(),
            devices: case.device().into_iter().collect(),
            revision: self.store.applied(),
            ..Recorded::default()
        };
        self.record(agent, Deed::CaseChange, recorded).map(drop)
    }

    pub(super) fn seen_case(&self, agent: &Agent, number: CaseNumber) -> Result<Case, DeskError> {
        let case = self.stored_case(number.get())?.filter(|case| case.is_seen_by(agent));
        case.ok_or(DeskError::NoCase(number))
    }

    fn stored_case(&self, number: u64) -> Result<Option<Case>, DeskError> {
        let stored = self.desk.get(DeskFamily::Cases, &number.to_be_bytes())?;
        let read = stored.map(|bytes| Case::decode(&bytes[..])).transpose();
        read.map_err(|_| self.unreadable_case(number))
    }

    pub(super) fn unreadable_case(&self, number: u64) -> DeskError {
        let what = format!("case {} is unreadable", CaseNumber::new(number));
        StoreError::Damaged { path: self.desk.path().to_owned(), what }.into()
    }
}

/// A text of a case as it is kept.
fn text(text: &str) -> Result<String, DeskError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        return Err(DeskError::Invalid { field: "note", rule: format!("a note has 1 to {TEXT_CHARS_MAX} characters") });
    }
    super::without_nik("note", text)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
