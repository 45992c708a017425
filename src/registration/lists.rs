//! Lists on record: who handed in what, and what became of it.
//!
//! What always holds: a record is durable before the first page of its list is written, and its audit entry before the
//! record; tags are forever. The digest of a list's bytes is kept as a keyed hash: a list of one row would else be an
//! unkeyed hash of that person's identity number.

use super::{Mode, RegistrationError, Registrations};
use crate::{
    day::Day,
    listing::coded,
    store::{RegistrationChange, RegistrationFamily, StoreError},
};
use prost::Message;

coded! {
    /// How far a list has come.
    ListState, "a state of a list of registrations", {
        /// Its pages are being written.
        Applying = 1, "applying";
        /// It is in force.
        Applied = 2, "applied";
        /// It was cut off and its rows are gone: some pages are written. Handed in again it is taken in whole.
        BrokenOff = 3, "broken-off";
    }
}

/// What became of rows.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Outcome {
    /// Numbers that were not held, or had been withdrawn.
    #[prost(uint64, tag = "1")]
    pub added: u64,
    /// Numbers of which something else is held now.
    #[prost(uint64, tag = "2")]
    pub updated: u64,
    /// Rows that said what was held.
    #[prost(uint64, tag = "3")]
    pub unchanged: u64,
    /// Numbers that rows withdrew.
    #[prost(uint64, tag = "4")]
    pub withdrawn: u64,
    /// Numbers that a full list withdrew because it did not name them.
    #[prost(uint64, tag = "5")]
    pub unnamed: u64,
    /// Numbers taken over from another operator.
    #[prost(uint64, tag = "6")]
    pub ported_in: u64,
    /// Removals of numbers that were not held.
    #[prost(uint64, tag = "7")]
    pub absent: u64,
    /// Removals of numbers that another operator holds: nothing was done.
    #[prost(uint64, tag = "8")]
    pub not_own: u64,
    /// Numbers taken over, by the operator that held them.
    #[prost(message, repeated, tag = "9")]
    pub ported_from: Vec<PortedFrom>,
}

/// Numbers taken over from an operator.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct PortedFrom {
    /// Its name.
    #[prost(string, tag = "1")]
    pub operator: String,
    /// How many.
    #[prost(uint64, tag = "2")]
    pub numbers: u64,
}

/// A list.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ListRecord {
    /// Its number.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// When it was on record, in seconds since the Unix epoch.
    #[prost(int64, tag = "2")]
    pub unix_s: i64,
    /// Who handed it in.
    #[prost(string, tag = "3")]
    pub by: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub operator: String,
    /// Code of its [`Mode`].
    #[prost(uint32, tag = "5")]
    pub mode_code: u32,
    /// The name of the request; may be empty.
    #[prost(string, tag = "6")]
    pub request: String,
    /// Keyed hash of the SHA-256 of its bytes, behind the version of the key.
    #[prost(bytes = "vec", tag = "7")]
    pub content: Vec<u8>,
    /// Rows.
    #[prost(uint64, tag = "8")]
    pub rows: u64,
    /// Rows that were bad.
    #[prost(uint64, tag = "9")]
    pub rejected: u64,
    /// Code of its [`ListState`].
    #[prost(uint32, tag = "10")]
    pub state_code: u32,
    /// What became of its rows, so far.
    #[prost(message, optional, tag = "11")]
    pub outcome: Option<Outcome>,
    /// The desk's audit entry.
    #[prost(uint64, tag = "12")]
    pub audit_entry: u64,
    /// The day of the list: numbers that it does not name are withdrawn since then.
    #[prost(uint32, tag = "13")]
    pub day: u32,
    /// When it was in force, in seconds since the Unix epoch; 0: it is not.
    #[prost(int64, tag = "14")]
    pub applied_unix_s: i64,
    /// The first page that is not written yet.
    #[prost(uint64, tag = "15")]
    pub next_page: u64,
    /// Rows that were sorted, bad ones with a good number among them.
    #[prost(uint64, tag = "16")]
    pub sorted: u64,
}

impl ListRecord {
    /// How far it has come.
    pub fn state(&self) -> ListState {
        u8::try_from(self.state_code).ok().and_then(ListState::from_code).unwrap_or(ListState::BrokenOff)
    }

    /// What becomes of numbers that it does not name.
    pub fn mode(&self) -> Mode {
        u8::try_from(self.mode_code).ok().and_then(Mode::from_code).unwrap_or(Mode::Delta)
    }

    /// The day of the list.
    pub fn list_day(&self) -> Day {
        u16::try_from(self.day).ok().and_then(Day::from_stored).unwrap_or(Day::MAX)
    }

    /// The row of the record.
    pub(super) fn change(&self) -> RegistrationChange {
        RegistrationChange {
            family: RegistrationFamily::Lists,
            key: self.number.to_be_bytes().to_vec(),
            value: Some(self.encode_to_vec()),
        }
    }
}

impl Registrations {
    /// Every list, oldest first.
    pub(super) fn all_lists(&self) -> Result<Vec<ListRecord>, StoreError> {
        let read = |row: Result<(_, Box<[u8]>), StoreError>| {
            let (_, value): (Box<[u8]>, _) = row?;
            ListRecord::decode(&value[..]).map_err(|_| StoreError::Damaged {
                path: self.0.db.path().to_owned(),
                what: "the record of a list is unreadable".to_owned(),
            })
        };
        self.0.db.rows(RegistrationFamily::Lists, &[])?.map(read).collect()
    }

    /// Lists of an operator (none: of all), newest first; `sha256`: those with these bytes only.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn lists(
        &self,
        operator: Option<&str>,
        sha256: Option<&[u8; 32]>,
        limit: usize,
    ) -> Result<Vec<ListRecord>, RegistrationError> {
        let mut lists = self.all_lists()?;
        lists.reverse();
        lists.retain(|list| operator.is_none_or(|operator| list.operator.eq_ignore_ascii_case(operator)));
        lists.retain(|list| sha256.is_none_or(|sha256| self.is_content(list, sha256)));
        lists.truncate(limit);
        Ok(lists)
    }

    /// What is kept in the place of a digest.
    pub(super) fn content(&self, sha256: &[u8; 32]) -> Vec<u8> {
        self.0.db.keys().hash(&message(sha256)).to_vec()
    }

    /// Whether a list had these bytes.
    pub(super) fn is_content(&self, list: &ListRecord, sha256: &[u8; 32]) -> bool {
        self.0.db.keys().all(&message(sha256)).iter().any(|hash| hash[..] == list.content)
    }
}

/// No identity number has this form.
fn message(sha256: &[u8; 32]) -> Vec<u8> {
    [b"list:".as_slice(), sha256].concat()
}
