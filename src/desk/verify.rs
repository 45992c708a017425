//! Verifying the record: that nothing in it was altered, dropped, slipped in or erased without saying so.

use super::entry::{Entry, Erased, Values, commitment};
use crate::{
    store::{DeskFamily, DeskStore, StoreError},
    tree::{Checkpoint, Edge, Head, StoredHashes},
};
use prost::Message;

/// Entries that are read at a time.
const CHUNK: usize = 1024;

/// A record that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerified {
    /// Size and root of the tree of all entries.
    pub head: Head,
    /// Entries whose personal values are there and are those that were recorded.
    pub values: u64,
    /// Entries whose personal values were erased, each by an erasure that is on record.
    pub erased: u64,
}

/// Verifies a record. `kept`: a signed head that somebody kept elsewhere, as a note.
///
/// # Errors
/// When anything does not hold together; the error says which entry.
pub fn verify_audit(desk: &DeskStore, kept: Option<&str>) -> Result<AuditVerified, StoreError> {
    let damaged = |what: String| StoreError::Damaged { path: desk.path().to_owned(), what };
    let head = desk.audit_head();
    let mut edge = Edge::default();
    let (mut values, mut missing, mut erasures) = (0, Vec::new(), Vec::new());
    while edge.size() < head.size {
        let rows = desk.audits(edge.size() + 1, CHUNK)?;
        if rows.is_empty() {
            return Err(damaged(format!("audit entry {} is missing", edge.size() + 1)));
        }
        for row in rows.into_iter().take(usize::try_from(head.size - edge.size()).unwrap_or(usize::MAX)) {
            let seq = row.seq;
            if seq != edge.size() + 1 {
                return Err(damaged(format!("audit entry {} is missing", edge.size() + 1)));
            }
            for (number, hash) in edge.append(&row.leaf) {
                if desk.stored_hash(number)? != hash {
                    return Err(damaged(format!("audit entry {seq} is not the one that was recorded")));
                }
            }
            let entry = Entry::decode(&row.leaf[..]);
            let entry = entry.map_err(|_| damaged(format!("audit entry {seq} is unreadable")))?;
            erasures.extend(entry.erased);
            match row.value {
                None => missing.push((seq, entry.deed)),
                Some(value) if commitment(&value)[..] != entry.commitment[..] => {
                    return Err(damaged(format!("the values of audit entry {seq} are not those that were recorded")));
                }
                Some(value) => {
                    values += 1;
                    check_index(desk, seq, &value)?;
                }
            }
        }
    }
    let is_erased =
        |(seq, deed): &(u64, u32), erased: &Erased| erased.deed == *deed && (erased.first..=erased.last).contains(seq);
    if let Some((seq, _)) = missing.iter().find(|one| !erasures.iter().any(|erased| is_erased(one, erased))) {
        return Err(damaged(format!("the values of audit entry {seq} are gone, and no erasure is on record")));
    }
    check_head(desk, &edge.head(), kept)?;
    Ok(AuditVerified { head, values, erased: missing.len() as u64 })
}

/// Every number of an entry finds it.
fn check_index(desk: &DeskStore, seq: u64, value: &[u8]) -> Result<(), StoreError> {
    let damaged = |what: String| StoreError::Damaged { path: desk.path().to_owned(), what };
    let values =
        Values::read(value).ok_or_else(|| damaged(format!("the values of audit entry {seq} are unreadable")))?;
    for subject in &values.subjects {
        let mut found = false;
        for hash in desk.keys().all(&subject.number.to_be_bytes()) {
            let key = [&hash[..], &seq.to_be_bytes()[..]].concat();
            found |= desk.get(DeskFamily::Subjects, &key)?.is_some();
        }
        if !found {
            return Err(damaged(format!("a number of audit entry {seq} does not find it any more")));
        }
    }
    Ok(())
}

/// Holds the tree against what was signed, here and by whoever kept a head.
fn check_head(desk: &DeskStore, made: &Head, kept: Option<&str>) -> Result<(), StoreError> {
    let damaged = |what: String| StoreError::Damaged { path: desk.path().to_owned(), what };
    if *made != desk.audit_head() {
        return Err(damaged("the audit entries do not give the root that was signed".to_owned()));
    }
    let signed = desk.audit_checkpoint();
    for note in signed.as_ref().map(Checkpoint::note).into_iter().chain(kept) {
        let signed = Checkpoint::open(note, desk.audit_key())
            .map_err(|error| damaged(format!("the checkpoint is not one of this record: {error}")))?;
        let head = signed.head();
        if head.size > made.size || desk.audit_head_at(head.size)? != head {
            let what = format!("the first {} audit entries are not those of the checkpoint", head.size);
            return Err(damaged(what));
        }
    }
    Ok(())
}
