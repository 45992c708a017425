//! Lists of models: the catalogue, and the classes of exempt and barred ones.
//!
//! What always holds: a messy name costs no TAC. Of rows that name one model differently the first stays
//! and the later ones are rejected, because a catalogue is for people to read and decides nothing.

use super::{
    desk::{At, Desk, Part, RowView, Sink},
    error::ImportError,
    fields::Dialect,
    gathered::{Gathered, TacClassRow, TacRow},
    header::Column,
    merge::{Row, merge},
    rejects::Fault,
    tray::Tray,
    value,
};
use crate::identity::Tac;

/// Models on their way.
#[derive(Default)]
pub(super) struct Tacs(Vec<HeldTac>);

struct HeldTac {
    row: TacRow,
    at: At,
}

impl Row for HeldTac {
    type Key = Tac;
    const FIRST_STAYS: bool = true;

    fn key(&self) -> Tac {
        self.row.tac
    }

    fn at(&self) -> At {
        self.at
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        let (row, other) = (&self.row, &other.row);
        let on = !row.remove;
        [
            (row.remove != other.remove, Column::ChangeType),
            (on && row.manufacturer != other.manufacturer, Column::Manufacturer),
            (on && row.brand != other.brand, Column::Brand),
            (on && row.model != other.model, Column::Model),
            (on && row.device_type != other.device_type, Column::DeviceType),
            (on && row.allocation_date != other.allocation_date, Column::AllocationDate),
        ]
        .into_iter()
        .find_map(|(differs, column)| differs.then_some(column))
    }

    fn subject(&self) -> (Column, String) {
        (Column::Tac, self.row.tac.to_string())
    }
}

impl Tacs {
    /// A row of a header-less list: TAC, manufacturer, and a model that may have commas in it.
    fn literal(row: &RowView<'_>) -> Result<TacRow, Fault> {
        let tac = value::tac(row.cells.get(0))?;
        let manufacturer = value::name(Column::Manufacturer, row.cells.get(1))?;
        let mut model: Vec<&str> = row.cells.iter().skip(2).collect();
        while model.last().is_some_and(|part| part.is_empty()) {
            model.pop();
        }
        let model = value::name(Column::Model, &model.join(", "))?;
        Ok(TacRow {
            tac,
            manufacturer,
            brand: String::new(),
            model,
            device_type: String::new(),
            allocation_date: None,
            remove: false,
        })
    }

    fn named(row: &RowView<'_>, tray: &Tray<'_>) -> Result<TacRow, Fault> {
        let name = |column| value::name(column, row.get(column));
        let tac = value::tac(row.get(Column::Tac))?;
        let models = [name(Column::Model)?, name(Column::MarketingName)?, name(Column::InternalModel)?];
        let allocated = name(Column::AllocationDate)?;
        Ok(TacRow {
            tac,
            manufacturer: name(Column::Manufacturer)?,
            brand: name(Column::Brand)?,
            model: models.into_iter().find(|model| !model.is_empty()).unwrap_or_default(),
            device_type: name(Column::DeviceType)?,
            allocation_date: value::day(Column::AllocationDate, &allocated)?,
            remove: tray.removes(row)?,
        })
    }
}

impl Part for Tacs {
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let literal = row.layout.dialect() == Dialect::Literal;
        let model = if literal { Self::literal(row)? } else { Self::named(row, tray)? };
        self.0.push(HeldTac { row: model, at: row.at });
        Ok(())
    }
}

impl Sink for Tacs {
    type Part = Self;

    fn part(&self) -> Self {
        Self::default()
    }

    fn join(&mut self, mut part: Self, _desk: &mut Desk<'_>) {
        self.0.append(&mut part.0);
    }

    fn finish(mut self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        merge(&mut self.0, desk)?;
        gathered.tacs = self.0.into_iter().map(|held| held.row).collect();
        Ok(())
    }
}

/// Classes of models on their way.
#[derive(Default)]
pub(super) struct TacClasses(Vec<(TacClassRow, At)>);

impl Row for (TacClassRow, At) {
    type Key = Tac;

    fn key(&self) -> Tac {
        self.0.tac
    }

    fn at(&self) -> At {
        self.1
    }

    fn contradicts(&self, other: &Self) -> Option<Column> {
        let (row, other) = (&self.0, &other.0);
        if row.remove != other.remove {
            Some(Column::ChangeType)
        } else {
            (!row.remove && row.hard != other.hard).then_some(Column::Bar)
        }
    }

    fn subject(&self) -> (Column, String) {
        (Column::Tac, self.0.tac.to_string())
    }
}

impl Part for TacClasses {
    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let tac = value::tac(row.get(Column::Tac))?;
        let hard = value::hard(row.get(Column::Bar))?.unwrap_or(tray.options.hard);
        self.0.push((TacClassRow { tac, hard, remove: tray.removes(row)? }, row.at));
        Ok(())
    }
}

impl Sink for TacClasses {
    type Part = Self;

    fn part(&self) -> Self {
        Self::default()
    }

    fn join(&mut self, mut part: Self, _desk: &mut Desk<'_>) {
        self.0.append(&mut part.0);
    }

    fn finish(mut self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        merge(&mut self.0, desk)?;
        gathered.tac_classes = self.0.into_iter().map(|(row, _)| row).collect();
        Ok(())
    }
}
