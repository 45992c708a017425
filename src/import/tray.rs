//! What the rows of one block bring, beside themselves, to the desk.
//!
//! Blocks of a list are taken by several threads at once, and a desk is one. So each block has a tray, on which its
//! rows lay down what is to be counted, told or rejected, and the desk takes trays in the order of the list. What
//! always holds: a tray knows nothing of the blocks before its own, unless it was given their operators.

use super::{
    Options,
    desk::{At, OperatorId, Operators, RowView},
    gathered::Warning,
    header::Column,
    rejects::Fault,
    value,
};
use crate::day::Day;

/// Warnings of each kind: how many, and where the first stands.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<(Warning, u64, At)>);

impl Tally {
    /// Adds some that stand behind those that are there.
    pub(super) fn add(&mut self, warning: Warning, count: u64, first: At) {
        match self.0.iter_mut().find(|(known, ..)| *known == warning) {
            Some((_, known, _)) => *known += count,
            None => self.0.push((warning, count, first)),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Warning, u64, At)> + '_ {
        self.0.iter().copied()
    }
}

/// See the module.
pub(super) struct Tray<'a> {
    pub(super) options: &'a Options,
    /// Operators by the numbers that rows of this block carry.
    pub(super) operators: Operators,
    /// Rows that were read, whatever became of them.
    pub(super) rows: u64,
    pub(super) warnings: Tally,
    pub(super) faults: Vec<(At, Fault)>,
    /// Whether there was a line that has no number any more. None behind it was taken.
    pub(super) too_many_lines: bool,
}

impl<'a> Tray<'a> {
    /// An empty one; `operators` are known and keep their numbers.
    pub(super) fn new(options: &'a Options, operators: Operators) -> Self {
        let (warnings, faults) = (Tally::default(), Vec::new());
        Self { options, operators, rows: 0, warnings, faults, too_many_lines: false }
    }

    pub(super) fn warn(&mut self, warning: Warning, at: At) {
        self.warnings.add(warning, 1, at);
    }

    /// The end date of a row in stored form, where it differs from the one for all rows.
    pub(super) fn until(&self, row: &RowView<'_>) -> Result<u16, Fault> {
        let until = value::day(Column::ValidUntil, row.get(Column::ValidUntil))?;
        Ok(Day::to_stored(until.filter(|day| self.options.valid_until != Some(*day))))
    }

    /// The operator of a row, where it differs from the one for all rows.
    pub(super) fn operator(&mut self, row: &RowView<'_>) -> Result<OperatorId, Fault> {
        let text = row.get(Column::Operator);
        let bad = |rule| Fault::new(Column::Operator, text, rule);
        match value::operator(text).map_err(bad)? {
            Some(name) if self.options.operator.as_deref() != Some(&name) => self.operators.id(&name).map_err(bad),
            _ => Ok(OperatorId::DEFAULT),
        }
    }

    /// Whether a row takes its entry off: a status or a change type says so.
    pub(super) fn removes(&self, row: &RowView<'_>) -> Result<bool, Fault> {
        let off = value::status(self.options.kind, row.get(Column::Status))?;
        match row.layout.place(Column::ChangeType) {
            Some(_) => Ok(value::change_type(row.get(Column::ChangeType))? || off),
            None => Ok(off),
        }
    }
}
