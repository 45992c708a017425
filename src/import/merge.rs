//! Rows of one key: duplicates merge, contradictions are rejected.
//!
//! What always holds: after [`merge`] rows ascend by key and no key is twice; every row that went is
//! either rejected with the line that it contradicts, or said nothing new.

use super::{
    desk::{At, Desk},
    error::ImportError,
    header::Column,
    rejects::Fault,
};

/// What can be merged.
pub(super) trait Row {
    /// What a row is about.
    type Key: Ord;

    /// Whether the first of rows that contradict each other stays. Otherwise all go.
    const FIRST_STAYS: bool = false;

    fn key(&self) -> Self::Key;

    /// Where it stands.
    fn at(&self) -> At;

    /// In which column two rows of one key contradict each other.
    fn contradicts(&self, other: &Self) -> Option<Column>;

    /// Takes over what a later row of the key adds without contradicting.
    fn absorb(&mut self, _later: &Self) {}

    /// The column and value by which a person finds the key.
    fn subject(&self) -> (Column, String);
}

/// A set of places.
#[derive(Default)]
pub(super) struct Places(Vec<u64>);

impl Places {
    /// `false` when it was in.
    pub(super) fn insert(&mut self, at: At) -> bool {
        let (word, bit) = (at as usize / 64, 1_u64 << (at % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }

    pub(super) fn contains(&self, at: At) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

/// Sorts and merges rows. Counts each accepted line once, also where it gave two rows (a phone with two
/// IMEIs), and rejects it once: a line stands or falls as a whole. Gives the rejected lines.
pub(super) fn merge<R: Row>(rows: &mut Vec<R>, desk: &mut Desk<'_>) -> Result<Places, ImportError> {
    rows.sort_unstable_by(|left, right| left.key().cmp(&right.key()).then(left.at().cmp(&right.at())));
    let mut rejected = Places::default();
    for group in rows.chunk_by(|left, right| left.key() == right.key()).filter(|group| group.len() > 1) {
        reject_contradictions(group, &mut rejected, desk)?;
    }
    rows.retain(|row| !rejected.contains(row.at()));
    rows.dedup_by(|later, first| {
        let same = later.key() == first.key();
        if same {
            first.absorb(later);
        }
        same
    });
    let mut kept = Places::default();
    desk.accepted += rows.iter().filter(|row| kept.insert(row.at())).count() as u64;
    Ok(rejected)
}

fn reject_contradictions<R: Row>(group: &[R], rejected: &mut Places, desk: &mut Desk<'_>) -> Result<(), ImportError> {
    let Some((first, later)) = group.split_first() else { return Ok(()) };
    let Some(odd) = later.iter().find(|row| row.contradicts(first).is_some()) else { return Ok(()) };
    // One line says on, another off: neither can be trusted, whatever the kind.
    let first_stays = R::FIRST_STAYS && later.iter().all(|row| row.contradicts(first) != Some(Column::ChangeType));
    for row in group {
        let (column, other) = match row.contradicts(first) {
            Some(column) => (column, first),
            None if first_stays => continue,
            None => (odd.contradicts(first).unwrap_or(Column::ChangeType), odd),
        };
        if rejected.insert(row.at()) {
            reject(row.at(), row.subject(), column, other.at(), desk)?;
        }
    }
    Ok(())
}

/// Rejects a row that contradicts another one in a column.
fn reject(
    at: At,
    (subject, value): (Column, String),
    column: Column,
    other: At,
    desk: &mut Desk<'_>,
) -> Result<(), ImportError> {
    let (file, line) = desk.place(other);
    let here = desk.place(at).0;
    let whose = if here == file { String::new() } else { format!(" of {file}") };
    let what = if column == Column::ChangeType { "one is on, the other off" } else { column.name() };
    let verb = if column == Column::ChangeType { ": " } else { " in " };
    desk.reject(at, Fault::new(subject, &value, format!("contradicts line {line}{whose}{verb}{what}")))
}

/// [`merge`] for rows that come sorted by key and place, one by one, each from a line of its own. Of rows of one key
/// that contradict each other all go.
pub(super) struct Merging<R> {
    first: Option<R>,
    /// Where the rows stand that said the same as the first.
    agreeing: Vec<At>,
    /// The first one that contradicted it.
    odd: Option<R>,
}

impl<R> Default for Merging<R> {
    fn default() -> Self {
        Self { first: None, agreeing: Vec::new(), odd: None }
    }
}

impl<R: Row> Merging<R> {
    /// Takes the next row. Gives what stays of the key before, once another key begins.
    pub(super) fn push(&mut self, row: R, desk: &mut Desk<'_>) -> Result<Option<R>, ImportError> {
        let Some(first) = self.first.as_mut().filter(|first| first.key() == row.key()) else {
            let before = self.end(desk);
            self.first = Some(row);
            return Ok(before);
        };
        match (row.contradicts(first), &self.odd) {
            (None, None) => {
                first.absorb(&row);
                self.agreeing.push(row.at());
            }
            (Some(column), None) => {
                for at in std::iter::once(first.at()).chain(self.agreeing.drain(..)) {
                    reject(at, first.subject(), column, row.at(), desk)?;
                }
                reject(row.at(), row.subject(), column, first.at(), desk)?;
                self.odd = Some(row);
            }
            (Some(column), Some(_)) => reject(row.at(), row.subject(), column, first.at(), desk)?,
            (None, Some(odd)) => {
                let column = odd.contradicts(first).unwrap_or(Column::ChangeType);
                reject(row.at(), row.subject(), column, odd.at(), desk)?;
            }
        }
        Ok(None)
    }

    /// What stays of the last key.
    pub(super) fn end(&mut self, desk: &mut Desk<'_>) -> Option<R> {
        self.agreeing.clear();
        let first = self.first.take().filter(|_| self.odd.is_none());
        self.odd = None;
        desk.accepted += u64::from(first.is_some());
        first
    }
}
