//! Lists of ranges: from one serial number of a TAC to another, both included.
//!
//! What always holds: a range lies within one TAC, since the serial numbers of two models are nobody's run.

use super::{
    desk::{Desk, RowView, Sink},
    device::imei,
    error::ImportError,
    gathered::Gathered,
    header::Column,
    plain::PageSet,
    rejects::Fault,
};

/// Ranges on their way.
#[derive(Default)]
pub(super) struct Ranges(PageSet);

impl Sink for Ranges {
    fn row(&mut self, row: &RowView<'_>, desk: &mut Desk<'_>) -> Result<(), Fault> {
        let (from, odd_from) = imei(row, Column::From, desk)?;
        let (to, odd_to) = imei(row, Column::To, desk)?;
        let bad = |rule| Err(Fault::new(Column::To, row.get(Column::To), rule));
        if from.tac() != to.tac() {
            return bad("a range lies within one TAC: split it");
        }
        if from > to {
            return bad("a range ends at or above its start");
        }
        if desk.removes(row)? {
            let status = row.get(Column::Status);
            return Err(Fault::new(Column::Status, status, "a range takes nothing off: list the IMEIs one by one"));
        }
        [odd_from, odd_to].into_iter().flatten().for_each(|warning| desk.warn(warning, row.at));
        desk.accepted += u64::from(self.0.insert_range(from, to));
        Ok(())
    }

    fn finish(self: Box<Self>, _desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        gathered.pages = self.0.into_pages();
        Ok(())
    }
}
