//! The rows of a new batch, between the difference and the write.
//!
//! Pairings and subscribers of a nation are more than memory holds, so these are kept as records. What always holds:
//! rows come in canonical order, as often as they are asked for.

use crate::{
    batch::BodyRow,
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    pairing::{Number, PairingKind},
    spool::{Record, Room, Spool, Spooled},
    store::{Store, StoreError},
};
use std::io;

/// Memory for records of a difference.
const MEMORY_BYTES: usize = if cfg!(test) { 100 } else { 64 << 20 };

/// Takes the rows of pairings or subscribers, in canonical order.
pub(super) struct Flow(Spool<5>);

impl Flow {
    pub(super) fn new(store: &Store) -> Self {
        Self(Spool::new(Room { folder: store.path().to_owned(), memory_bytes: MEMORY_BYTES }))
    }

    pub(super) fn push(&mut self, row: &BodyRow) -> Result<(), StoreError> {
        let record = packed(row).ok_or_else(|| io::Error::other("a row of another kind"))?;
        Ok(self.0.push(record)?)
    }

    pub(super) fn finish(self) -> Result<Rows, StoreError> {
        Ok(Rows(Kept::Spooled(self.0.finish()?)))
    }
}

/// The rows of a new batch.
#[derive(Debug)]
pub(in crate::registry) struct Rows(Kept);

#[derive(Debug)]
enum Kept {
    Held(Vec<BodyRow>),
    Spooled(Spooled<5>),
}

impl Default for Rows {
    fn default() -> Self {
        Self(Kept::Held(Vec::new()))
    }
}

impl From<Vec<BodyRow>> for Rows {
    fn from(rows: Vec<BodyRow>) -> Self {
        Self(Kept::Held(rows))
    }
}

impl Rows {
    pub(in crate::registry) fn len(&self) -> u64 {
        match &self.0 {
            Kept::Held(rows) => rows.len() as u64,
            Kept::Spooled(rows) => rows.len(),
        }
    }

    pub(in crate::registry) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives each row.
    pub(in crate::registry) fn each(
        &self,
        take: &mut dyn FnMut(&BodyRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match &self.0 {
            Kept::Held(rows) => rows.iter().try_for_each(take),
            Kept::Spooled(rows) => {
                let altered = || io::Error::new(io::ErrorKind::InvalidData, "a row came back altered");
                rows.iter().try_for_each(|record| take(&unpacked(record?).ok_or_else(altered)?))
            }
        }
    }
}

const PAIRING: u64 = 1;
const SUBSCRIBER: u64 = 2;

fn packed(row: &BodyRow) -> Option<Record<5>> {
    Some(Record(match row {
        BodyRow::Pairing { key, number, target, kind, imsi, until } => [
            key.get(),
            number.to_stored(),
            imsi.map_or(0, Imsi::packed),
            target.unwrap_or(0),
            u64::from(Day::to_stored(*until)) << 16 | (*kind as u64) << 8 | PAIRING,
        ],
        BodyRow::Subscriber { imsi, msisdn, since } => {
            let since = u64::from(Day::to_stored(*since)) << 16;
            [imsi.packed(), msisdn.map_or(0, Msisdn::get), 0, 0, since | SUBSCRIBER]
        }
        _ => return None,
    }))
}

fn unpacked(Record([first, second, third, target, tail]): Record<5>) -> Option<BodyRow> {
    let day = Day::from_stored((tail >> 16) as u16);
    Some(match tail & 0xff {
        PAIRING => BodyRow::Pairing {
            key: EquipmentKey::new(first).ok()?,
            number: Number::from_stored(second)?,
            target: (target > 0).then_some(target),
            kind: PairingKind::from_code((tail >> 8) as u8)?,
            imsi: if third == 0 { None } else { Some(Imsi::from_packed(third).ok()?) },
            until: day,
        },
        SUBSCRIBER => BodyRow::Subscriber {
            imsi: Imsi::from_packed(first).ok()?,
            msisdn: if second == 0 { None } else { Some(Msisdn::new(second).ok()?) },
            since: day,
        },
        _ => return None,
    })
}
