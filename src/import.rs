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
//! The way of a list: `container` (bytes) → `lines` (blocks of them) → `header` (which column says what) → `crew`
//! (a block a thread) → `fields` → `value` → one sink a kind (`plain`, `device`, `ranges`, `subscriber`, `tac`),
//! to which parts come in the order of the list → `merge`.

mod container;
mod crew;
mod desk;
mod device;
mod digits;
mod error;
mod fields;
mod gathered;
mod header;
mod kind;
mod lines;
mod links;
mod merge;
mod pages;
mod plain;
pub mod progress;
mod ranges;
mod rejects;
mod rows;
mod subscriber;
mod tac;
mod tap;
#[cfg(test)]
mod tests;
mod tray;
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
use desk::{Desk, Sink};
use header::{Column, Layout};
use lines::Lines;
use progress::Pulse;
use rejects::Rejects;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

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
    /// Threads that take rows apart, beside the one that reads; 1: that one does it too. Nothing else depends on it.
    pub threads: usize,
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
            threads: std::thread::available_parallelism().map_or(1, |threads| threads.get()),
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
    gather(&options.checked()?, inputs, &Pulse::new(progress, cancel), Manner::USUAL)
}

/// How rows are taken, where tests want it otherwise.
#[derive(Clone, Copy)]
struct Manner {
    /// The quick way for lists of bare IMEIs is allowed.
    quick: bool,
    /// Bytes of a block, [`lines::BLOCK_BYTES`] at most.
    block_bytes: usize,
}

impl Manner {
    const USUAL: Self = Self { quick: true, block_bytes: lines::BLOCK_BYTES };
}

/// [`read`] with checked options.
fn gather(options: &Options, inputs: &[Input], pulse: &Pulse<'_>, manner: Manner) -> Result<Gathered, ImportError> {
    let lists = open(options, inputs, pulse, manner)?;
    refuse_rejects_over_input(options.rejects.as_deref(), inputs)?;
    let plain = manner.quick && lists.iter().all(|list| list.layout.is_plain());
    match options.kind {
        Kind::Ranges => gather_into(ranges::Ranges::default(), options, lists, pulse),
        Kind::Pairing => gather_into(subscriber::Pairings::new(options), options, lists, pulse),
        Kind::Subscriber => gather_into(subscriber::Subscribers::new(options), options, lists, pulse),
        Kind::Tac => gather_into(tac::Tacs::default(), options, lists, pulse),
        Kind::ExemptTac | Kind::BarredTac => gather_into(tac::TacClasses::default(), options, lists, pulse),
        _ if plain => gather_into(plain::Plain::default(), options, lists, pulse),
        _ => gather_into(device::Devices::default(), options, lists, pulse),
    }
}

fn gather_into<S: Sink>(
    mut sink: S,
    options: &Options,
    lists: Vec<List>,
    pulse: &Pulse<'_>,
) -> Result<Gathered, ImportError> {
    let rejects = Rejects::new(options.rejects.clone())?;
    let operator = options.operator.as_deref().map(Arc::from);
    let mut gathered = Gathered::new(options.kind, options.door, options.valid_until, operator);
    let mut desk = Desk::new(options, rejects);
    let mut lines_before = 0;
    for List { mut lines, layout } in lists {
        let name = lines.opened().name.clone();
        desk.list(name.clone(), lines_before);
        lines.set_offset(lines_before);
        crew::take(&mut lines, &layout, &mut sink, &mut desk, pulse)?;
        lines_before += lines.line();
        let (bytes, sha256) = lines.opened().seal();
        gathered.sources.push(Source { name, bytes, sha256, anonymous: layout.is_anonymous() });
        pulse.list_done(lines.opened().tap.bytes());
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

fn open(options: &Options, inputs: &[Input], pulse: &Pulse<'_>, manner: Manner) -> Result<Vec<List>, ImportError> {
    if inputs.is_empty() {
        return Err(ImportError::NoInput);
    }
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(ImportError::StdinTwice);
    }
    let opened: Vec<Opened> =
        inputs.iter().map(|input| Opened::open(input, options.threads > 1)).collect::<Result<_, _>>()?;
    pulse.start(opened.iter().map(|opened| opened.size).sum());
    opened.into_iter().map(|opened| recognise(options, opened, pulse, manner)).collect()
}

fn recognise(options: &Options, opened: Opened, pulse: &Pulse<'_>, manner: Manner) -> Result<List, ImportError> {
    let file = opened.name.clone();
    let mut lines = Lines::open(opened, manner.block_bytes, pulse)?;
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
