//! What all kinds of rows share while lists are read: places, fates, operators, warnings.

use super::{
    Options,
    error::ImportError,
    fields::Cells,
    gathered::{Gathered, Warning, Warnings},
    header::{Column, Layout},
    rejects::{Fault, Rejects},
    tray::{Tally, Tray},
};
use std::{collections::HashMap, io, sync::Arc};

/// A line of the whole import: the lines of all lists, one list after the other, from 1.
pub(super) type At = u32;

/// One row, taken apart.
pub(super) struct RowView<'a> {
    pub(super) cells: &'a Cells,
    pub(super) layout: &'a Layout,
    pub(super) at: At,
}

impl RowView<'_> {
    /// The value of a column; empty where the list has none.
    pub(super) fn get(&self, column: Column) -> &str {
        self.layout.place(column).map_or("", |place| self.cells.get(place))
    }
}

/// Rows of one block on their way. Every block has a part of its own, filled by whichever thread is free.
pub(super) trait Part: Send {
    /// Takes whole lines at the head of a block without taking them apart, where that is enough. Gives how many bytes
    /// and lines it took; the next line goes the way of all rows.
    #[inline]
    fn run(&mut self, _bytes: &[u8], _layout: &Layout, _before: u64, _tray: &mut Tray<'_>) -> (usize, u64) {
        (0, 0)
    }

    /// Takes a line without taking it apart, where that is enough. `false`: it was not looked at.
    #[inline]
    fn quick(&mut self, _line: &[u8], _layout: &Layout, _at: At, _tray: &mut Tray<'_>) -> bool {
        false
    }

    /// Takes a row.
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault>;

    /// Its block is at an end: does what needs no other block.
    fn settle(&mut self) {}

    /// Gives operators the numbers that they have in the whole import.
    fn renumber(&mut self, _new: &Numbers) {}
}

/// Rows of one kind: parts come together.
pub(super) trait Sink {
    /// What it is made of.
    type Part: Part;

    /// A part for the next block.
    fn part(&self) -> Self::Part;

    /// Takes a part. Parts come in the order of the list.
    fn join(&mut self, part: Self::Part, desk: &mut Desk<'_>);

    /// What keeps it from taking more rows, once.
    fn failure(&mut self) -> Option<io::Error> {
        None
    }

    /// Sorts, merges and compares what was taken.
    fn finish(self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError>;
}

/// What all kinds of rows share.
pub(super) struct Desk<'a> {
    pub(super) options: &'a Options,
    pub(super) rejects: Rejects,
    pub(super) operators: Operators,
    /// Rows that were read, whatever became of them.
    pub(super) rows: u64,
    /// Rows that brought something.
    pub(super) accepted: u64,
    places: Vec<(u64, Arc<str>)>,
    warnings: Tally,
}

impl<'a> Desk<'a> {
    pub(super) fn new(options: &'a Options, rejects: Rejects) -> Self {
        let (operators, warnings) = (Operators::default(), Tally::default());
        Self { options, rejects, operators, rows: 0, accepted: 0, places: Vec::new(), warnings }
    }

    /// A list begins: its lines follow `lines_before` lines of others.
    pub(super) fn list(&mut self, name: Arc<str>, lines_before: u64) {
        self.places.push((lines_before, name));
    }

    /// File and line of a place.
    pub(super) fn place(&self, at: At) -> (Arc<str>, u64) {
        let list = self.places.partition_point(|(before, _)| *before < u64::from(at)).saturating_sub(1);
        self.places.get(list).map_or(("".into(), 0), |(before, name)| (name.clone(), u64::from(at) - before))
    }

    pub(super) fn reject(&mut self, at: At, fault: Fault) -> Result<(), ImportError> {
        let (file, line) = self.place(at);
        self.rejects.add(&file, line, fault)
    }

    pub(super) fn warn(&mut self, warning: Warning, at: At) {
        self.warnings.add(warning, 1, at);
    }

    /// Takes what a tray has on it, but for operators. Trays come in the order of the list.
    pub(super) fn take(&mut self, tray: Tray<'_>) -> Result<(), ImportError> {
        self.rows += tray.rows;
        tray.warnings.iter().for_each(|(warning, count, first)| self.warnings.add(warning, count, first));
        tray.faults.into_iter().try_for_each(|(at, fault)| self.reject(at, fault))?;
        if tray.too_many_lines { Err(ImportError::TooManyLines) } else { Ok(()) }
    }

    /// Writes counts and warnings. What is neither rejected nor accepted has been said before.
    pub(super) fn close(self, gathered: &mut Gathered) -> Result<(), ImportError> {
        let told = |(warning, count, at)| Warnings { warning, count, first: self.place(at) };
        gathered.warnings = self.warnings.iter().map(told).collect();
        gathered.warnings.sort_by_key(|warnings| warnings.warning);
        let counts = &mut gathered.counts;
        counts.rows = self.rows;
        counts.accepted = self.accepted;
        counts.rejected = self.rejects.count();
        counts.duplicates = self.rows - self.accepted - counts.rejected;
        counts.warnings = gathered.warnings.iter().map(|warnings| warnings.count).sum();
        gathered.sample_rejects = self.rejects.finish()?;
        Ok(())
    }
}

/// An operator of this import in two bytes. Order is that of names once [`Operators::by_name`] was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OperatorId(u16);

impl OperatorId {
    /// The operator for all rows, or none.
    pub(super) const DEFAULT: Self = Self(0);

    pub(super) const fn number(self) -> u16 {
        self.0
    }

    pub(super) const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// Its name among those of an import.
    pub(super) fn of(self, names: &[Arc<str>]) -> Option<Arc<str>> {
        usize::from(self.0).checked_sub(1).and_then(|place| names.get(place)).cloned()
    }
}

/// What the operators of a block are called in the whole import.
#[derive(Debug)]
pub(super) struct Numbers(Vec<OperatorId>);

impl Numbers {
    /// Whether no number changes.
    pub(super) fn is_same(&self) -> bool {
        self.0.iter().zip(1..).all(|(id, number)| id.0 == number)
    }

    pub(super) fn of(&self, id: OperatorId) -> OperatorId {
        usize::from(id.0).checked_sub(1).and_then(|place| self.0.get(place)).copied().unwrap_or(OperatorId::DEFAULT)
    }
}

/// The operators that rows name.
#[derive(Debug, Default)]
pub(super) struct Operators {
    ids: HashMap<Arc<str>, OperatorId>,
    names: Vec<Arc<str>>,
}

impl Operators {
    /// The number of an operator, a new one where it has none.
    pub(super) fn id(&mut self, name: &str) -> Result<OperatorId, &'static str> {
        if let Some(id) = self.ids.get(name) {
            return Ok(*id);
        }
        let number = u16::try_from(self.names.len() + 1).map_err(|_| "more than 65,535 operators are in one import")?;
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.ids.insert(name, OperatorId(number));
        Ok(OperatorId(number))
    }

    /// The numbers here of the operators of a block, new ones in the order in which the block named them. `None` when
    /// there is no number left.
    pub(super) fn numbers(&mut self, block: &Self) -> Option<Numbers> {
        let new = block.names.iter().map(|name| self.id(name).ok()).collect::<Option<_>>()?;
        Some(Numbers(new))
    }

    /// Numbers the operators anew, by name. Gives the new number of each old one.
    pub(super) fn by_name(&mut self) -> impl Fn(OperatorId) -> OperatorId + use<> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by(|left, right| self.names[*left].cmp(&self.names[*right]));
        let mut renumbered = vec![OperatorId::DEFAULT; order.len() + 1];
        for (new, old) in order.iter().enumerate() {
            renumbered[old + 1] = OperatorId(new as u16 + 1);
        }
        self.names = order.into_iter().map(|old| self.names[old].clone()).collect();
        self.ids.values_mut().for_each(|id| *id = renumbered[usize::from(id.0)]);
        move |old| renumbered[usize::from(old.0)]
    }

    pub(super) fn name(&self, id: OperatorId) -> Option<Arc<str>> {
        id.of(&self.names)
    }

    /// All names, in the order of their numbers.
    pub(super) fn names(&self) -> Arc<[Arc<str>]> {
        self.names.as_slice().into()
    }
}
