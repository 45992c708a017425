//! Lists of devices with attributes: end dates, numbers, operators, the second IMEI of a phone.
//!
//! What always holds: a line stands or falls as a whole, with both IMEIs of its phone. Dates of evidence
//! (first seen, reported on) never contradict: the earliest counts, so a phone that was reported twice
//! stays on the list.

use super::{
    desk::{At, Desk, Numbers, OperatorId, Part, RowView, Sink},
    error::ImportError,
    gathered::{DeviceRow, Gathered, RemovedRow, Warning},
    header::Column,
    kind::Kind,
    links::Links,
    merge::{Row, merge},
    rejects::Fault,
    tray::Tray,
    value,
};
use crate::{
    day::Day,
    identity::{EquipmentKey, Msisdn},
    page::{PageBits, PageId},
};

/// One device of a row. 40 bytes: lists with attributes are held as rows.
#[derive(Clone, Copy)]
pub(super) struct Device {
    pub(super) key: EquipmentKey,
    number: Option<Msisdn>,
    at: At,
    operator: OperatorId,
    until: u16,
    since: u16,
    remove: bool,
    /// Whether reports of several operators stand separately.
    reported: bool,
}

impl Device {
    /// The device of a row, and what is odd about its IMEI.
    pub(super) fn read(row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(Self, Option<Warning>), Fault> {
        let kind = tray.options.kind;
        let (key, warning) = imei(row, Column::Imei, tray)?;
        let device = Self {
            key,
            number: value::msisdn(row.get(Column::Msisdn))?,
            at: row.at,
            operator: tray.operator(row)?,
            until: tray.until(row)?,
            since: Day::to_stored(value::day(Column::Since, row.get(Column::Since))?),
            remove: tray.removes(row)?,
            reported: kind.is_reported(),
        };
        let endless = row.get(Column::ValidUntil).is_empty() && tray.options.valid_until.is_none();
        if kind == Kind::Temporary && endless && !device.remove {
            return Err(Fault::new(Column::ValidUntil, "", "a temporary listing needs an end date"));
        }
        Ok((device, warning))
    }

    fn is_plain(&self) -> bool {
        self.number.is_none()
            && self.operator == OperatorId::DEFAULT
            && self.until == Day::NONE
            && self.since == Day::NONE
    }
}

/// The device that a column names.
pub(super) fn imei(
    row: &RowView<'_>,
    column: Column,
    tray: &Tray<'_>,
) -> Result<(EquipmentKey, Option<Warning>), Fault> {
    let text = row.get(column);
    value::imei(text, tray.options.check_digit).map_err(|rule| Fault::new(column, text, rule))
}

impl Row for Device {
    type Key = (EquipmentKey, OperatorId);

    fn key(&self) -> Self::Key {
        (self.key, if self.reported { self.operator } else { OperatorId::DEFAULT })
    }

    fn at(&self) -> At {
        self.at
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        // What is taken off needs no more than its key and operator.
        let on = !self.remove;
        [
            (self.remove != other.remove, Column::ChangeType),
            (self.operator != other.operator, Column::Operator),
            (on && self.until != other.until, Column::ValidUntil),
            (on && self.number != other.number, Column::Msisdn),
        ]
        .into_iter()
        .find_map(|(differs, column)| differs.then_some(column))
    }

    fn absorb(&mut self, later: &Self) {
        // No day is above every day.
        self.since = self.since.min(later.since);
    }

    fn subject(&self) -> (Column, String) {
        (Column::Imei, self.key.to_string())
    }
}

/// Rows with attributes.
#[derive(Default)]
pub(super) struct Devices {
    rows: Vec<Device>,
    links: Links,
}

impl Part for Devices {
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let (device, warning) = Device::read(row, tray)?;
        let second = match row.get(Column::Imei2) {
            "" => None,
            _ => Some(imei(row, Column::Imei2, tray)?),
        };
        let warnings = [warning, second.and_then(|(_, warning)| warning)];
        warnings.into_iter().flatten().for_each(|warning| tray.warn(warning, row.at));
        let second = second.map(|(key, _)| key).filter(|key| *key != device.key);
        if second.is_none() && !row.get(Column::Imei2).is_empty() {
            tray.warn(Warning::SameImei, row.at);
        }
        self.rows.push(device);
        self.rows.extend(second.map(|key| Device { key, ..device }));
        if !device.remove {
            self.links.add(device.key, second, row.get(Column::DeviceId), row.at);
        }
        Ok(())
    }

    fn renumber(&mut self, new: &Numbers) {
        self.rows.iter_mut().for_each(|row| row.operator = new.of(row.operator));
    }
}

impl Sink for Devices {
    type Part = Self;

    fn part(&self) -> Self {
        Self::default()
    }

    fn join(&mut self, mut part: Self, _desk: &mut Desk<'_>) {
        self.rows.append(&mut part.rows);
        self.links.append(part.links);
    }

    fn finish(self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        let Self { mut rows, links } = self;
        let renumbered = desk.operators.by_name();
        rows.iter_mut().for_each(|row| row.operator = renumbered(row.operator));
        let rejected = merge(&mut rows, desk)?;
        gathered.links = links.into_groups(&rejected, desk);
        for device in rows {
            hand_out(&device, desk, gathered);
        }
        Ok(())
    }
}

fn hand_out(device: &Device, desk: &Desk<'_>, gathered: &mut Gathered) {
    let operator = desk.operators.name(device.operator);
    if device.remove {
        gathered.removed.push(RemovedRow { key: device.key, operator });
    } else if device.is_plain() {
        let id = PageId::of(device.key);
        if gathered.pages.last().is_none_or(|(last, _)| *last != id) {
            gathered.pages.push((id, PageBits::EMPTY));
        }
        if let Some((_, bits)) = gathered.pages.last_mut() {
            bits.insert(PageId::place(device.key));
        }
    } else {
        gathered.devices.push(DeviceRow {
            key: device.key,
            valid_until: Day::from_stored(device.until),
            number: device.number,
            operator,
            since: Day::from_stored(device.since),
        });
    }
}
