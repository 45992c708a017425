//! A new key for the hashes of numbers: for who fears that the old one is known.
//!
//! The record's index is written anew under the new key, and the old keys go, but for those that the secrets of cases follow from. What
//! always holds: whatever it is cut off in, every key that a row needs is in the file; done again, it ends.

use super::{
    Agent, Deed, Desk, DeskError,
    cases::Case,
    entry::{Values, device_subject},
    look::Recorded,
    purpose,
};
use crate::store::{DeskChange, DeskFamily, DeskRange, Kept, OpenMode, Store};
use prost::Message;
use std::{collections::BTreeSet, path::Path, sync::Arc};

/// Rows that are read at a time.
const CHUNK: usize = 1024;

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    /// Version of the new key.
    pub version: u8,
    /// Entries of the record that are found by it now.
    pub entries: u64,
    /// Keys that are gone.
    pub dropped: usize,
    /// Older keys that stay, because secrets of cases follow from them.
    pub kept: Vec<u8>,
}

/// Renews the key of a register that no process serves.
///
/// # Errors
/// When no purpose is stated, the register is in use, or its desk cannot be read or written.
pub fn rekey(data: &Path, why: &str) -> Result<Rekeyed, DeskError> {
    let why = purpose(why)?;
    let version = Store::open(data, OpenMode::Write)?.desk()?.add_number_key()?;
    // Opened anew, the new key is the newest.
    let desk = Desk::open(&Arc::new(Store::open(data, OpenMode::Write)?))?;
    let recorded = Recorded { about: "key", text: format!("number key {version}"), why, ..Recorded::default() };
    desk.record(&Agent::register(), Deed::Rules, recorded)?;
    let entries = desk.renew_index()?;
    let secrets = desk.versions_of_secrets()?;
    let dropped = desk.desk.keep_number_keys(&secrets)?;
    let kept = secrets.into_iter().filter(|kept| *kept != version).collect();
    Ok(Rekeyed { version, entries, dropped, kept })
}

impl Desk {
    /// Writes the index anew with the newest key; gives how many entries it has.
    fn renew_index(&self) -> Result<u64, DeskError> {
        let keys = self.desk.keys();
        let (mut from, mut entries) = (1, 0);
        loop {
            let rows = self.desk.audits(from, CHUNK)?;
            let mut changes = Vec::new();
            for row in &rows {
                from = row.seq + 1;
                let Some(values) = row.value.as_deref().and_then(Values::read) else { continue };
                entries += 1;
                let numbers = values.subjects.iter().map(|one| one.number.to_be_bytes().to_vec());
                let devices = values.devices.iter().map(|key| device_subject(*key).to_vec());
                for subject in numbers.chain(devices) {
                    let of = |hash: &[u8], value| {
                        let key = [hash, &row.seq.to_be_bytes()[..]].concat();
                        DeskChange { family: DeskFamily::Subjects, key, value }
                    };
                    changes.extend(keys.all(&subject).iter().map(|hash| of(hash, None)));
                    changes.push(of(&keys.hash(&subject), Some(Vec::new())));
                }
            }
            self.desk.write(&changes, Kept::Synced)?;
            if rows.len() < CHUNK {
                break;
            }
        }
        self.desk.compact(DeskFamily::Subjects)?;
        Ok(entries)
    }

    /// The keys that secrets of cases follow from.
    fn versions_of_secrets(&self) -> Result<BTreeSet<u8>, DeskError> {
        let (mut versions, mut from) = (BTreeSet::new(), 0u64);
        loop {
            let begin = from.to_be_bytes();
            let range = DeskRange { family: DeskFamily::Cases, prefix: &[], from: Some(&begin), limit: CHUNK };
            let rows = self.desk.scan(range)?;
            for (key, value) in &rows {
                let number = key.as_slice().try_into().map(u64::from_be_bytes).unwrap_or(from);
                from = number + 1;
                let case = Case::decode(&value[..]).map_err(|_| self.unreadable_case(number))?;
                versions.extend(case.secret_version());
            }
            if rows.len() < CHUNK {
                return Ok(versions);
            }
        }
    }
}
