//! Verifying: does what is on the disk follow from the journal, and do the hot sets follow from the disk?
//!
//! Three ways to the same digest: the fold of journal entries and bodies (by batch), the scan of pages (as
//! start-up does it), and the hot sets. For devices and pairings the first two are independent; subscribers,
//! rules of models and settings are read alike in both. Every body is held against the digest in its entry,
//! the journal against its tree and its signed checkpoint, the stored states of batches and settings against the journal, and no row may lie in the register that no
//! body accounts for.

mod audit;

use super::timeline;
use crate::{
    batch::{BatchNumber, BatchState, Batches, BodyRow},
    digest::{self, RegisterDigest},
    fold::{self, Row},
    journal::{BatchActivated, Change, Entry, OutOfOrder},
    load,
    page::PageId,
    revision::Revision,
    store::{BodyAudit, DamagedRange, Store, StoreError, fold_entry},
    tree::Head,
};
use std::{collections::BTreeMap, fmt};

/// What was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The revision.
    pub revision: Revision,
    /// Entries of the journal.
    pub entries: u64,
    /// Size and root of the journal's tree, made anew from the entries.
    pub head: Head,
    /// Size of the checkpoint that was signed; `None`: none lies in the directory.
    pub signed: Option<u64>,
    /// Bodies whose digest is the one in their entry.
    pub bodies: u64,
    /// Pages of the register.
    pub pages: u64,
    /// The digest that all three ways gave.
    pub digest: RegisterDigest,
}

/// What does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry that cannot stand where it stands.
    #[error("the journal is damaged: {0}. Restore from a backup")]
    Journal(#[from] OutOfOrder),
    /// An entry is not the one that was hashed when it was made.
    #[error(
        "entry {seq} is not the one that was hashed into the journal's tree when it was made: the entry or the tree was altered. Restore from a backup"
    )]
    Tree {
        /// The entry.
        seq: u64,
    },
    /// The journal is not the one that was signed.
    #[error(
        "the first {size} entries are not those of the signed checkpoint: the journal was altered. Restore from a backup"
    )]
    Signed {
        /// Entries of the checkpoint.
        size: u64,
    },
    /// A body is not the one that was journalled.
    #[error(
        "the body of batch {batch} is not the one that entry {seq} activated: rows were altered, added or lost. Restore from a backup"
    )]
    Body {
        /// The batch.
        batch: BatchNumber,
        /// The entry.
        seq: u64,
    },
    /// A batch has more or fewer rows than its body.
    #[error(
        "{found} rows of batch {batch} are stored, and its body has {expected}: rows were added or lost. Restore from a backup"
    )]
    Rows {
        /// The batch.
        batch: BatchNumber,
        /// Rows of the body: 0 where the batch was discarded, or never opened.
        expected: u64,
        /// Rows that are stored.
        found: u64,
    },
    /// The index of numbers has other rows than the bodies bring.
    #[error("the stored index of numbers does not follow from the bodies. Restore from a backup")]
    Numbers,
    /// The stored states of batches are not those of the journal.
    #[error("the stored states of batches do not follow from the journal. Restore from a backup")]
    Batches,
    /// The stored settings are not those of the journal.
    #[error("the stored settings of entry {seq} are not those of the journal. Restore from a backup")]
    Settings {
        /// The entry.
        seq: u64,
    },
    /// What is stored of principals, proposals, documents and overrides is not what the journal says.
    #[error(
        "entry {seq} about principals, proposals, documents or overrides is not stored as the journal has it. Restore from a backup"
    )]
    Ledger {
        /// The entry.
        seq: u64,
    },
    /// Something does not hold, and this is where.
    #[error("{error}. Damaged: {ranges}")]
    Ranges {
        /// What does not hold.
        error: Box<VerifyError>,
        /// The rows that are not as they were written.
        ranges: Ranges,
    },
    /// Two ways gave different digests.
    #[error("the digest of {left} is not that of {right}: the register is damaged. Restore from a backup")]
    Digest {
        /// One way.
        left: &'static str,
        /// The other.
        right: &'static str,
    },
}

/// Ranges as a message names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges(pub Vec<DamagedRange>);

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        for (at, range) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{range}", if at == 0 { "" } else { "; " })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more ranges"),
        }
    }
}

/// Verifies a store as a whole.
///
/// # Errors
/// The first thing that does not hold; with the ranges that are damaged, where they can be told.
pub fn verify(store: &Store) -> Result<Verified, VerifyError> {
    verify_whole(store).map_err(|error| match store.damaged_ranges() {
        Ok(ranges) if !ranges.is_empty() => VerifyError::Ranges { error: Box::new(error), ranges: Ranges(ranges) },
        _ => error,
    })
}

fn verify_whole(store: &Store) -> Result<Verified, VerifyError> {
    let revision = store.applied();
    let (batches, head, expected) = verify_journal(store)?;
    let entries = head.size;
    let bodies = expected.rows.len() as u64;
    if entries != revision.seq {
        let what = format!("the journal ends with entry {entries}, but entry {} was applied", revision.seq);
        return Err(StoreError::Damaged { path: store.path().to_owned(), what }.into());
    }
    if store.stored_batches()? != batches || store.with_batches(|held| *held != batches) {
        return Err(VerifyError::Batches);
    }
    verify_rows(store, &batches, expected)?;
    store.read_the_rest()?;
    let of_journal = fold_bodies(store, &batches, revision)?;
    let (of_pages, pages) = scan(store, &batches, revision)?;
    if of_journal != of_pages {
        return Err(VerifyError::Digest { left: "journal and bodies", right: "the stored pages" });
    }
    if load::hot_sets(store, &mut |_| {})?.digest() != of_pages {
        return Err(VerifyError::Digest { left: "the hot sets", right: "the stored pages" });
    }
    let signed = store.checkpoint().map(|signed| signed.head().size);
    Ok(Verified { revision, entries, head, signed, bodies, pages, digest: of_pages })
}

/// What the bodies account for.
#[derive(Default)]
struct Expected {
    rows: BTreeMap<BatchNumber, u64>,
    numbers: u128,
}

impl Expected {
    fn add(&mut self, batch: BatchNumber, audit: &BodyAudit) {
        self.rows.insert(batch, audit.summary.rows);
        self.numbers = self.numbers.wrapping_add(audit.numbers);
    }
}

fn verify_journal(store: &Store) -> Result<(Batches, Head, Expected), VerifyError> {
    let mut batches = Batches::default();
    let mut audit = audit::Audit::new(store)?;
    let mut expected = Expected::default();
    let mut settings = store.settings(u64::MAX)?.into_iter();
    let mut ledger = store.ledger_entries(u64::MAX)?.into_iter();
    for stored in store.journal(1)? {
        let entry = audit.take(&stored?)?;
        fold_entry(&mut batches, &entry);
        match &entry.change {
            Some(Change::BatchActivated(_) | Change::BatchSubmitted(_)) => {
                let Some(activated) = body_of(&entry) else { continue };
                let audit = store.audit_body(activated.batch)?;
                let body = audit.summary;
                if (body.sha256.as_slice(), body.rows) != (&activated.body_sha256, activated.rows) {
                    return Err(VerifyError::Body { batch: activated.batch, seq: entry.seq });
                }
                expected.add(activated.batch, &audit);
            }
            Some(Change::SettingsApplied(applied)) => {
                let stored = settings.next().filter(|row| {
                    (row.seq, &row.toml, row.effective_from_unix_s)
                        == (entry.seq, &applied.toml, applied.effective_from_unix_s)
                });
                stored.ok_or(VerifyError::Settings { seq: entry.seq })?;
            }
            Some(change) if change.is_of_ledger() && ledger.next().as_ref() != Some(&entry) => {
                return Err(VerifyError::Ledger { seq: entry.seq });
            }
            _ => {}
        }
    }
    match (settings.next(), ledger.next()) {
        (Some(row), _) => Err(VerifyError::Settings { seq: row.seq }),
        (None, Some(entry)) => Err(VerifyError::Ledger { seq: entry.seq }),
        (None, None) => Ok((batches, audit.finish()?, expected)),
    }
}

/// The body that an entry vouches for.
fn body_of(entry: &Entry) -> Option<&BatchActivated> {
    match entry.change.as_ref()? {
        Change::BatchActivated(activated) => Some(activated),
        Change::BatchSubmitted(submitted) => submitted.body.as_ref(),
        _ => None,
    }
}

/// Holds the rows that are stored against the bodies. A staged batch may have rows: what its index names.
fn verify_rows(store: &Store, batches: &Batches, mut expected: Expected) -> Result<(), VerifyError> {
    for (number, batch) in batches.iter() {
        if batch.states.last().is_some_and(|(_, state)| *state == BatchState::Staged) {
            expected.add(number, &store.audit_body(number)?);
        }
    }
    let found = store.audit_rows()?;
    for &batch in expected.rows.keys().chain(found.keys()) {
        let of = |rows: &BTreeMap<BatchNumber, u64>| rows.get(&batch).copied().unwrap_or(0);
        let is_known = expected.rows.contains_key(&batch);
        let (expected, found) = (of(&expected.rows), of(&found));
        if expected != found || !is_known {
            return Err(VerifyError::Rows { batch, expected, found });
        }
    }
    if store.audit_numbers()? != expected.numbers {
        return Err(VerifyError::Numbers);
    }
    Ok(())
}

/// The digest of the state that journal and bodies give, read batch by batch.
fn fold_bodies(store: &Store, batches: &Batches, revision: Revision) -> Result<RegisterDigest, VerifyError> {
    let mut pages: BTreeMap<PageId, Vec<Row>> = BTreeMap::new();
    for (number, batch) in batches.iter() {
        if !batch.state_at(revision.seq).is_some_and(BatchState::is_evidence) {
            continue;
        }
        for row in store.body(number)? {
            let row = row?;
            let id = match &row {
                BodyRow::Page { id, .. } => *id,
                BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } => PageId::of(*key),
                _ => continue,
            };
            pages.entry(id).or_default().push((number, row));
        }
    }
    let mut digest = RegisterDigest::default();
    for (id, rows) in &pages {
        add_page(&mut digest, *id, rows, batches, revision);
    }
    add_others(&mut digest, store, revision)?;
    Ok(digest)
}

/// The digest of the stored pages, in page order, as start-up reads them.
fn scan(store: &Store, batches: &Batches, revision: Revision) -> Result<(RegisterDigest, u64), VerifyError> {
    let mut digest = RegisterDigest::default();
    let mut pages = 0;
    for page in store.scan_pages()? {
        let (id, rows) = page?;
        add_page(&mut digest, id, &rows, batches, revision);
        pages += 1;
    }
    add_others(&mut digest, store, revision)?;
    Ok((digest, pages))
}

fn add_page(digest: &mut RegisterDigest, id: PageId, rows: &[Row], batches: &Batches, revision: Revision) {
    let content = fold::page_content(id, rows, batches, revision.seq);
    digest.replace_in_tac(id.tac(), 0, digest::of_page(id, &content));
}

fn add_others(digest: &mut RegisterDigest, store: &Store, revision: Revision) -> Result<(), StoreError> {
    for (imsi, msisdn) in store.subscribers(revision.seq)? {
        digest.replace_subscriber(0, digest::of_subscriber(imsi, Some(msisdn)));
    }
    for (tac, rule) in store.tac_rules(revision.seq)? {
        digest.replace_in_tac(tac, 0, digest::of_tac_rule(tac, rule));
    }
    for entry in timeline(store, revision.seq)?.entries() {
        let text = entry.settings().to_toml();
        digest.replace_settings(0, digest::of_settings(entry.effective_from(), entry.seq(), &text));
    }
    Ok(())
}
