//! Lists of pairings and of subscribers.
//!
//! Both hold numbers of persons: whatever is rejected is masked. They may be as long as a nation: rows are sorted in
//! bounded memory, and what stays of them is kept the same way. What always holds: a pairing has a number or a SIM, and
//! one row for each device, number and SIM; a subscriber has one row for each SIM.

use super::{
    Options,
    desk::{At, Desk, Numbers, OperatorId, Part, RowView, Sink},
    device::imei,
    error::ImportError,
    gathered::{Gathered, PairingRow, SubscriberRow},
    header::Column,
    merge::{Merging, Row},
    rejects::Fault,
    rows::{self, Packed, Rows, Words, unpacked},
    tray::Tray,
    value,
};
use crate::{
    day::Day,
    pairing::PairingKind,
    spool::{Room, Sorting, Spool},
};
use std::{collections::BTreeSet, io, marker::PhantomData};

/// Rows that are sorted.
struct Sorted {
    sorting: Sorting<4>,
    room: Room,
    failed: Option<io::Error>,
}

impl Sorted {
    fn new(options: &Options) -> Self {
        // One half for rows that come; of the other half, one for what is read back and one for what stays.
        Self { sorting: Sorting::new(&options.room.share(2)), room: options.room.share(4), failed: None }
    }

    fn join(&mut self, rows: Vec<Words>) {
        if self.failed.is_none() {
            self.failed = rows.into_iter().try_for_each(|row| self.sorting.push(row)).err();
        }
    }

    /// Merges them. Gives what stays.
    fn finish<R: Packed>(self, desk: &mut Desk<'_>) -> Result<Rows<R>, ImportError>
    where
        Held<R>: Row,
    {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let names = desk.operators.names();
        let (mut stays, mut operators) = (Spool::new(self.room), BTreeSet::new());
        let mut merging = Merging::default();
        let mut keep = |held: Option<Held<R>>| -> io::Result<()> {
            let Some(held) = held else { return Ok(()) };
            operators.insert(held.operator);
            stays.push(held.words)
        };
        self.sorting.finish(|words| -> Result<(), ImportError> {
            let (row, at, operator) = unpacked(words, |id| id.of(&names))?;
            Ok(keep(merging.push(Held { row, at, operator, words }, desk)?)?)
        })?;
        keep(merging.end(desk))?;
        let operators = operators.into_iter().map(|id| id.of(&names)).collect();
        Ok(Rows::of_list(stays.finish()?, names, operators))
    }
}

/// A row with its place and its short form.
struct Held<R> {
    row: R,
    at: At,
    operator: OperatorId,
    words: Words,
}

/// Rows of one block in their short form.
pub(super) struct Short<R>(Vec<Words>, PhantomData<R>);

impl<R: Packed> Short<R> {
    fn new() -> Self {
        Self(Vec::new(), PhantomData)
    }

    fn push(&mut self, row: &R, at: At, operator: OperatorId) {
        self.0.push(row.pack(at, operator.number()));
    }

    fn renumbered(&mut self, new: &Numbers) {
        self.0.iter_mut().for_each(|words| *words = rows::renumbered::<R>(*words, |operator| new.of(operator)));
    }
}

/// Pairings on their way.
pub(super) struct Pairings(Sorted);

impl Pairings {
    pub(super) fn new(options: &Options) -> Self {
        Self(Sorted::new(options))
    }
}

impl Row for Held<PairingRow> {
    type Key = [u64; 3];

    fn key(&self) -> Self::Key {
        self.row.order()
    }

    fn at(&self) -> At {
        self.at
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        let (row, theirs) = (&self.row, &other.row);
        let on = !row.remove;
        [
            (row.remove != theirs.remove, Column::ChangeType),
            (self.operator != other.operator, Column::Operator),
            (on && row.binding != theirs.binding, Column::Binding),
            (on && row.valid_until != theirs.valid_until, Column::ValidUntil),
        ]
        .into_iter()
        .find_map(|(differs, column)| differs.then_some(column))
    }

    fn subject(&self) -> (Column, String) {
        (Column::Imei, self.row.key.to_string())
    }
}

impl Part for Short<PairingRow> {
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let (key, odd) = imei(row, Column::Imei, tray)?;
        let (msisdn, imsi) = (value::msisdn(row.get(Column::Msisdn))?, value::imsi(row.get(Column::Imsi))?);
        if msisdn.is_none() && imsi.is_none() {
            return Err(Fault::row("a pairing needs a number: msisdn, imsi or both"));
        }
        let usual = if tray.options.binding { PairingKind::Binding } else { PairingKind::Allowance };
        let operator = tray.operator(row)?;
        let pairing = PairingRow {
            key,
            msisdn,
            imsi,
            binding: value::binding(row.get(Column::Binding))?.unwrap_or(usual),
            valid_until: Day::from_stored(tray.until(row)?),
            operator: None,
            remove: tray.removes(row)?,
        };
        odd.into_iter().for_each(|warning| tray.warn(warning, row.at));
        self.push(&pairing, row.at, operator);
        Ok(())
    }

    fn renumber(&mut self, new: &Numbers) {
        self.renumbered(new);
    }
}

impl Sink for Pairings {
    type Part = Short<PairingRow>;

    fn part(&self) -> Self::Part {
        Short::new()
    }

    fn join(&mut self, part: Self::Part, _desk: &mut Desk<'_>) {
        self.0.join(part.0);
    }

    fn failure(&mut self) -> Option<io::Error> {
        self.0.failed.take()
    }

    fn finish(self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        gathered.pairings = self.0.finish(desk)?;
        Ok(())
    }
}

/// Subscribers on their way.
pub(super) struct Subscribers(Sorted);

impl Subscribers {
    pub(super) fn new(options: &Options) -> Self {
        Self(Sorted::new(options))
    }
}

impl Row for Held<SubscriberRow> {
    type Key = [u64; 3];

    fn key(&self) -> Self::Key {
        self.row.order()
    }

    fn at(&self) -> At {
        self.at
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        let (row, theirs) = (&self.row, &other.row);
        [
            (row.remove != theirs.remove, Column::ChangeType),
            (row.msisdn != theirs.msisdn, Column::Msisdn),
            (self.operator != other.operator, Column::Operator),
            (row.since != theirs.since, Column::Since),
        ]
        .into_iter()
        .find_map(|(differs, column)| differs.then_some(column))
    }

    fn subject(&self) -> (Column, String) {
        (Column::Imsi, self.row.imsi.to_string())
    }
}

impl Part for Short<SubscriberRow> {
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let missing = |column, rule| Fault::new(column, "", rule);
        let imsi = value::imsi(row.get(Column::Imsi))?.ok_or_else(|| missing(Column::Imsi, "the IMSI is missing"))?;
        let (msisdn, remove) = (value::msisdn(row.get(Column::Msisdn))?, tray.removes(row)?);
        if msisdn.is_none() && !remove {
            return Err(missing(Column::Msisdn, "the MSISDN is missing"));
        }
        let operator = tray.operator(row)?;
        let since = value::day(Column::Since, row.get(Column::Since))?;
        let subscriber = SubscriberRow { imsi, msisdn, operator: None, since, remove };
        self.push(&subscriber, row.at, operator);
        Ok(())
    }

    fn renumber(&mut self, new: &Numbers) {
        self.renumbered(new);
    }
}

impl Sink for Subscribers {
    type Part = Short<SubscriberRow>;

    fn part(&self) -> Self::Part {
        Short::new()
    }

    fn join(&mut self, part: Self::Part, _desk: &mut Desk<'_>) {
        self.0.join(part.0);
    }

    fn failure(&mut self) -> Option<io::Error> {
        self.0.failed.take()
    }

    fn finish(self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        gathered.subscribers = self.0.finish(desk)?;
        Ok(())
    }
}
