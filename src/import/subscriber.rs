//! Lists of pairings and of subscribers.
//!
//! Both hold numbers of persons: whatever is rejected is masked. What always holds: a pairing has a number
//! or a SIM, and one row for each device, number and SIM; a subscriber has one row for each SIM.

use super::{
    desk::{At, Desk, RowView, Sink},
    device::imei,
    error::ImportError,
    gathered::{Gathered, PairingRow, SubscriberRow},
    header::Column,
    merge::{Row, merge},
    rejects::Fault,
    value,
};
use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    pairing::PairingKind,
};

struct Held<R> {
    row: R,
    at: At,
}

/// Pairings on their way.
#[derive(Default)]
pub(super) struct Pairings(Vec<Held<PairingRow>>);

impl Row for Held<PairingRow> {
    type Key = (EquipmentKey, Option<Msisdn>, Option<Imsi>);

    fn key(&self) -> Self::Key {
        (self.row.key, self.row.msisdn, self.row.imsi)
    }

    fn at(&self) -> At {
        self.at
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        let (row, other) = (&self.row, &other.row);
        let on = !row.remove;
        [
            (row.remove != other.remove, Column::ChangeType),
            (row.operator != other.operator, Column::Operator),
            (on && row.binding != other.binding, Column::Binding),
            (on && row.valid_until != other.valid_until, Column::ValidUntil),
        ]
        .into_iter()
        .find_map(|(differs, column)| differs.then_some(column))
    }

    fn subject(&self) -> (Column, String) {
        (Column::Imei, self.row.key.to_string())
    }
}

impl Sink for Pairings {
    fn row(&mut self, row: &RowView<'_>, desk: &mut Desk<'_>) -> Result<(), Fault> {
        let (key, odd) = imei(row, Column::Imei, desk)?;
        let (msisdn, imsi) = (value::msisdn(row.get(Column::Msisdn))?, value::imsi(row.get(Column::Imsi))?);
        if msisdn.is_none() && imsi.is_none() {
            return Err(Fault::row("a pairing needs a number: msisdn, imsi or both"));
        }
        let usual = if desk.options.binding { PairingKind::Binding } else { PairingKind::Allowance };
        let operator = desk.operator(row)?;
        let pairing = PairingRow {
            key,
            msisdn,
            imsi,
            binding: value::binding(row.get(Column::Binding))?.unwrap_or(usual),
            valid_until: Day::from_stored(desk.until(row)?),
            operator: desk.operators.name(operator),
            remove: desk.removes(row)?,
        };
        odd.into_iter().for_each(|warning| desk.warn(warning, row.at));
        self.0.push(Held { row: pairing, at: row.at });
        Ok(())
    }

    fn finish(mut self: Box<Self>, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        merge(&mut self.0, desk)?;
        gathered.pairings = self.0.into_iter().map(|held| held.row).collect();
        Ok(())
    }
}

/// Subscribers on their way.
#[derive(Default)]
pub(super) struct Subscribers(Vec<Held<SubscriberRow>>);

impl Row for Held<SubscriberRow> {
    type Key = Imsi;

    fn key(&self) -> Imsi {
        self.row.imsi
    }

    fn at(&self) -> At {
        self.at
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        let (row, other) = (&self.row, &other.row);
        [
            (row.remove != other.remove, Column::ChangeType),
            (row.msisdn != other.msisdn, Column::Msisdn),
            (row.operator != other.operator, Column::Operator),
            (row.since != other.since, Column::Since),
        ]
        .into_iter()
        .find_map(|(differs, column)| differs.then_some(column))
    }

    fn subject(&self) -> (Column, String) {
        (Column::Imsi, self.row.imsi.to_string())
    }
}

impl Sink for Subscribers {
    fn row(&mut self, row: &RowView<'_>, desk: &mut Desk<'_>) -> Result<(), Fault> {
        let missing = |column, rule| Fault::new(column, "", rule);
        let imsi = value::imsi(row.get(Column::Imsi))?.ok_or_else(|| missing(Column::Imsi, "the IMSI is missing"))?;
        let (msisdn, remove) = (value::msisdn(row.get(Column::Msisdn))?, desk.removes(row)?);
        if msisdn.is_none() && !remove {
            return Err(missing(Column::Msisdn, "the MSISDN is missing"));
        }
        let operator = desk.operator(row)?;
        let subscriber = SubscriberRow {
            imsi,
            msisdn,
            operator: desk.operators.name(operator),
            since: value::day(Column::Since, row.get(Column::Since))?,
            remove,
        };
        self.0.push(Held { row: subscriber, at: row.at });
        Ok(())
    }

    fn finish(mut self: Box<Self>, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        merge(&mut self.0, desk)?;
        gathered.subscribers = self.0.into_iter().map(|held| held.row).collect();
        Ok(())
    }
}
