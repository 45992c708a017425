//! Lists of ranges: from one serial number of a TAC to another, both included.
//!
//! What always holds: a range lies within one TAC, since the serial numbers of two models are nobody's run.

use super::{
    desk::{Desk, Part, RowView, Sink},
    device::imei,
    error::ImportError,
    gathered::Gathered,
    header::Column,
    pages::PageSet,
    rejects::Fault,
    tray::Tray,
};
use crate::identity::EquipmentKey;

/// Ranges on their way.
#[derive(Default)]
pub(super) struct Ranges(PageSet);

/// Ranges of one block: whether one says something new shows where they come together.
#[derive(Default)]
pub(super) struct Ends(Vec<(EquipmentKey, EquipmentKey)>);

impl Part for Ends {
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let (from, odd_from) = imei(row, Column::From, tray)?;
        let (to, odd_to) = imei(row, Column::To, tray)?;
        let bad = |rule| Err(Fault::new(Column::To, row.get(Column::To), rule));
        if from.tac() != to.tac() {
            return bad("a range lies within one TAC: split it");
        }
        if from > to {
            return bad("a range ends at or above its start");
        }
        if tray.removes(row)? {
            let status = row.get(Column::Status);
            return Err(Fault::new(Column::Status, status, "a range takes nothing off: list the IMEIs one by one"));
        }
        [odd_from, odd_to].into_iter().flatten().for_each(|warning| tray.warn(warning, row.at));
        self.0.push((from, to));
        Ok(())
    }
}

impl Sink for Ranges {
    type Part = Ends;

    fn part(&self) -> Ends {
        Ends::default()
    }

    fn join(&mut self, part: Ends, desk: &mut Desk<'_>) {
        desk.accepted += part.0.into_iter().filter(|(from, to)| self.0.insert_range(*from, *to)).count() as u64;
    }

    fn finish(self, _desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        gathered.pages = self.0.into_pages();
        Ok(())
    }
}
