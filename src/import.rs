//! Import: list files to a checked, merged, sorted [`Gathered`] value.
//!
//! Lists come from ministries, customs, operators and GSMA in many dialects, and a wrong one can cut off a
//! million phones a line. So a list is first recognised as a whole: container, encoding and header of every
//! file are checked before the first row is read, and what is not understood is refused with what was found
//! and what is known. Then each row is taken or rejected by itself, with line, column, value and rule.
//! Nothing here knows a store: what [`read`] gives becomes a batch elsewhere.
//!
//! What always holds: `rows == accepted + rejected + duplicates`; an error means that nothing is given;
//! the same lists give the same value, whatever their container, column order, or dialect.
//!
//! The way of a list: `container` (bytes) → `lines` → `header` (which column says what) → `fields` → `value`
//! → one sink a kind (`plain`, `device`, `ranges`, `subscriber`, `tac`) → `merge`.

mod container;
mod desk;
mod device;
mod error;
mod fields;
mod gathered;
mod header;
mod kind;
mod lines;
mod links;
mod merge;
mod plain;
pub mod progress;
mod ranges;
mod rejects;
mod rows;
mod subscriber;
mod tac;
#[cfg(test)]
mod tests;
mod value;

pub use container::Input;
pub use error::ImportError;
pub use gathered::{
    Counts, DeviceRow, Gathered, PairingRow, RemovedRow, Source, SubscriberRow, TacClassRow, TacRow, Warning, Warnings,
};
pub use kind::{CheckDigit, Kind, Mode, UnknownName};
pub use progress::Progress;
pub use rejects::Reject;
pub use rows::{Packed, Rows};

use crate::{day::Day, listing::Door, spool::Room};
use container::Opened;
use desk::{At, Desk, RowView, Sink};
use fields::Cells;
use header::{Column, Layout};
use lines::{Line, Lines};
use progress::Pulse;
use rejects::{Fault, Rejects};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

/// Rows after which is looked whether the disk has refused some.
const ROWS_BETWEEN_LOOKS: u64 = 65_536;

/// How lists are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What they hold.
    pub kind: Kind,
    /// The door through which they come.
    pub door: Door,
    /// Last day of every row that names none of its own.
    pub valid_until: Option<Day>,
    /// Operator of every row that names none of its own.
    pub operator: Option<String>,
    /// What they do to what the door has brought before.
    pub mode: Mode,
    /// What a 15th digit that does not fit does to its row.
    pub check_digit: CheckDigit,
    /// Pairings that do not say what they do are bindings, not allowances.
    pub binding: bool,
    /// Bars that do not say how they bar are hard, not soft.
    pub hard: bool,
    /// One rejected row refuses everything.
    pub all_or_nothing: bool,
    /// Where rejected rows are written.
    pub rejects: Option<PathBuf>,
    /// Memory for rows that are sorted, and where the rest goes.
    pub room: Room,
}

impl Options {
    /// The usual options of a kind.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            door: kind.default_door(),
            valid_until: None,
            operator: None,
            mode: Mode::Add,
            check_digit: CheckDigit::Warn,
            binding: false,
            hard: false,
            all_or_nothing: false,
            rejects: None,
            room: Room::default(),
        }
    }

    /// The options with the operator in the form in which it is compared.
    fn checked(&self) -> Result<Self, ImportError> {
        let kind = self.kind;
        if !kind.doors().contains(&self.door) {
            return Err(ImportError::Door { kind, door: self.door });
        }
        let dated = kind.is_device() || matches!(kind, Kind::Ranges | Kind::Pairing);
        let senseless = [
            (self.binding && kind != Kind::Pairing, "--binding"),
            (self.hard && kind != Kind::BarredTac, "--hard"),
            (self.valid_until.is_some() && !dated, "--valid-until"),
            (self.mode == Mode::Delta && kind == Kind::Ranges, "--mode delta"),
        ];
        if let Some((_, option)) = senseless.into_iter().find(|(senseless, _)| *senseless) {
            return Err(ImportError::Option { option, kind });
        }
        let given = self.operator.clone().unwrap_or_default();
        let operator =
            value::operator(given.trim()).map_err(|rule| ImportError::Operator { value: given.clone(), rule })?;
        Ok(Self { operator, ..self.clone() })
    }
}

/// One list, opened and recognised.
struct List {
    lines: Lines,
    layout: Layout,
}

/// Reads lists as one import.
///
/// Every input is opened and recognised before a row is read. `cancel` is looked at about once every
/// 256 KiB.
///
/// # Errors
/// When a list is refused as a whole, the import is cancelled, or a row is rejected and all or nothing was
/// asked for. Nothing is given then; a rejects file may have been begun.
pub fn read(
    options: &Options,
    inputs: &[Input],
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Result<Gathered, ImportError> {
    gather(&options.checked()?, inputs, &Pulse::new(progress, cancel), true)
}

/// [`read`] with checked options; `quick` allows the quick way for lists of bare IMEIs.
fn gather(options: &Options, inputs: &[Input], pulse: &Pulse<'_>, quick: bool) -> Result<Gathered, ImportError> {
    let mut lists = open(options, inputs, pulse)?;
    refuse_rejects_over_input(options.rejects.as_deref(), inputs)?;
    let rejects = Rejects::new(options.rejects.clone())?;
    let operator = options.operator.as_deref().map(Arc::from);
    let mut gathered = Gathered::new(options.kind, options.door, options.valid_until, operator);
    let mut sink = sink(options, quick && lists.iter().all(|list| list.layout.is_plain()));
    let mut desk = Desk::new(options, rejects);
    let mut lines_before = 0;
    for list in &mut lists {
        desk.list(list.lines.opened().name.clone(), lines_before);
        take(list, lines_before, sink.as_mut(), &mut desk, pulse)?;
        lines_before += list.lines.line();
        let (bytes, sha256) = list.lines.opened().seal();
        let anonymous = list.layout.is_anonymous();
        gathered.sources.push(Source { name: list.lines.opened().name.clone(), bytes, sha256, anonymous });
        pulse.list_done(list.lines.opened().tap.bytes());
    }
    pulse.finish();
    sink.finish(&mut desk, &mut gathered)?;
    pulse.go_on()?;
    desk.close(&mut gathered)?;
    if options.all_or_nothing && gathered.counts.rejected > 0 {
        return Err(ImportError::AllOrNothing { counts: gathered.counts, sample: gathered.sample_rejects });
    }
    Ok(gathered)
}

fn open(options: &Options, inputs: &[Input], pulse: &Pulse<'_>) -> Result<Vec<List>, ImportError> {
    if inputs.is_empty() {
        return Err(ImportError::NoInput);
    }
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(ImportError::StdinTwice);
    }
    let opened: Vec<Opened> = inputs.iter().map(Opened::open).collect::<Result<_, _>>()?;
    pulse.start(opened.iter().map(|opened| opened.size).sum());
    opened.into_iter().map(|opened| recognise(options, opened, pulse)).collect()
}

fn recognise(options: &Options, opened: Opened, pulse: &Pulse<'_>) -> Result<List, ImportError> {
    let file = opened.name.clone();
    let mut lines = Lines::open(opened, pulse)?;
    let layout = Layout::recognise(&file, options.kind, options.mode, lines.peek()?)?;
    let dated = layout.place(Column::ValidUntil).is_some() || options.valid_until.is_some();
    if options.kind == Kind::Temporary && !dated {
        return Err(ImportError::NoEndDate { file });
    }
    if layout.has_header() {
        lines.skip_first(pulse)?;
    }
    Ok(List { lines, layout })
}

fn refuse_rejects_over_input(rejects: Option<&Path>, inputs: &[Input]) -> Result<(), ImportError> {
    let Some(Ok(path)) = rejects.map(std::fs::canonicalize) else { return Ok(()) };
    let same = |input: &Input| matches!(input, Input::File(file) if file.canonicalize().is_ok_and(|file| file == path));
    if inputs.iter().any(same) { Err(ImportError::RejectsOverInput { path }) } else { Ok(()) }
}

fn sink(options: &Options, plain: bool) -> Box<dyn Sink> {
    match options.kind {
        Kind::Ranges => Box::<ranges::Ranges>::default(),
        Kind::Pairing => Box::new(subscriber::Pairings::new(options)),
        Kind::Subscriber => Box::new(subscriber::Subscribers::new(options)),
        Kind::Tac => Box::<tac::Tacs>::default(),
        Kind::ExemptTac | Kind::BarredTac => Box::<tac::TacClasses>::default(),
        _ if plain => Box::<plain::Plain>::default(),
        _ => Box::<device::Devices>::default(),
    }
}

/// Takes every row of a list.
fn take(
    list: &mut List,
    lines_before: u64,
    sink: &mut dyn Sink,
    desk: &mut Desk<'_>,
    pulse: &Pulse<'_>,
) -> Result<(), ImportError> {
    let List { lines, layout } = list;
    let mut cells = Cells::default();
    lines.set_offset(lines_before);
    let mut at = lines_before + lines.line();
    while let Some(line) = lines.next(pulse)? {
        at += 1;
        let at = At::try_from(at).map_err(|_| ImportError::TooManyLines)?;
        let taken = match line {
            Line::TooLong => Err(Fault::row("the line is longer than 65,536 bytes")),
            Line::Text(text) if sink.quick(text, layout, at, desk) => Ok(()),
            Line::Text(text) if is_blank(text) => continue,
            Line::Text(text) => take_row(text, layout, at, &mut cells, sink, desk),
        };
        desk.rows += 1;
        if let Err(fault) = taken {
            desk.reject(at, fault)?;
        }
        if desk.rows.is_multiple_of(ROWS_BETWEEN_LOOKS)
            && let Some(error) = sink.failure()
        {
            return Err(error.into());
        }
    }
    Ok(())
}

fn take_row(
    line: &[u8],
    layout: &Layout,
    at: At,
    cells: &mut Cells,
    sink: &mut dyn Sink,
    desk: &mut Desk<'_>,
) -> Result<(), Fault> {
    cells.split(layout.dialect(), &fields::text(line)).map_err(Fault::row)?;
    if let Some(width) = layout.width() {
        // Blank columns past the end are what spreadsheets leave behind.
        let more = cells.iter().skip(width).any(|value| !value.is_empty());
        if cells.len() < width || more {
            return Err(Fault::row(format!("the row has {} columns, the header has {width}", cells.len())));
        }
    }
    sink.row(&RowView { cells, layout, at }, desk)
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}
