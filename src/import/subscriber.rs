//! Lists of pairings and of subscribers.
//!
//! Both hold numbers of persons: whatever is rejected is masked. What always holds: a pairing has a number
//! or a SIM, and one row for each device and number (or SIM, where it has no number), as batches hold them; a
//! subscriber has one row for each SIM.

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

impl Held<PairingRow> {
    /// Whether two rows would be one in a batch: a device and a number, whatever the SIM.
    fn is_of_one_number(&self, other: &Self) -> bool {
        let (row, other) = (&self.row, &other.row);
        let on = !row.remove && !other.remove && row.msisdn.is_some();
        on && (row.key, row.msisdn) == (other.key, other.msisdn)
    }
}

/// Of several SIMs under one number the one that is named first stays: the pairing is by the number, and its
/// holder must not lose it because a SIM was exchanged. A row without a SIM adds nothing to one with.
fn one_sim_a_number(
    mut rows: Vec<Held<PairingRow>>,
    desk: &mut Desk<'_>,
) -> Result<Vec<Held<PairingRow>>, ImportError> {
    let order = |held: &Held<PairingRow>| {
        let row = &held.row;
        (row.key, row.msisdn, row.operator.clone(), row.remove, row.imsi.is_none(), held.at)
    };
    rows.sort_unstable_by_key(order);
    let mut kept: Vec<Held<PairingRow>> = Vec::with_capacity(rows.len());
    for held in rows {
        let same = |first: &&Held<PairingRow>| held.is_of_one_number(first) && held.row.operator == first.row.operator;
        let Some(first) = kept.last().filter(same) else {
            kept.push(held);
            continue;
        };
        desk.accepted -= 1;
        let odd = [
            (held.row.binding != first.row.binding, Column::Binding),
            (held.row.valid_until != first.row.valid_until, Column::ValidUntil),
            (held.row.imsi.is_some(), Column::Imsi),
        ];
        if let Some((_, column)) = odd.into_iter().find(|(differs, _)| *differs) {
            let (_, line) = desk.place(first.at);
            let rule = format!("contradicts line {line} in {}: one device and number are one pairing", column.name());
            let (subject, value) = held.subject();
            desk.reject(held.at, Fault::new(subject, &value, rule))?;
        }
    }
    kept.sort_unstable_by_key(Row::key);
    Ok(kept)
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
        let is_twice = |pair: &[Held<PairingRow>]| pair[1].is_of_one_number(&pair[0]);
        if self.0.windows(2).any(is_twice) {
            self.0 = one_sim_a_number(self.0, desk)?;
        }
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
