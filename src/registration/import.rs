//! Taking a list in: bytes to sorted rows, then into pages.
//!
//! The bytes are read once and kept nowhere: identity numbers are hashed as they come by, and what is sorted has the
//! hashes only. What always holds: nothing is written before the last byte was read and fits the digest that was named;
//! whoever belongs to an operator hands in that operator's numbers only; the same request is carried out once.

use super::{
    CsvError, ListRecord, Names, RegistrationError, Registrations, Reject, calendar,
    csv::{Cities, Shape},
    lists::ListState,
    sort::{RECORD_BYTES, Record, Sorted, Sorter},
};
use crate::{day::Day, desk::Agent, import::progress::Progress, listing::coded};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

coded! {
    /// What a list says of numbers that it does not name.
    Mode, "a mode of a list of registrations", {
        /// They are withdrawn.
        Full = 1, "full";
        /// Nothing; a column says what becomes of each number.
        Delta = 2, "delta";
    }
}

/// Bytes of the rows that are sorted at a time.
const SORT_BYTES: usize = 192 << 20;
/// Bytes of lines that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;
/// Bad rows that are told.
const REJECTS_MAX: usize = 1000;
/// Cities that one list may bring.
const CITIES_MAX: usize = 1000;
/// Threads that read lines at most: hashing is most of the work.
const THREADS_MAX: usize = 8;

/// What somebody hands in.
#[derive(Clone, Debug)]
pub struct ListOrder {
    /// Who.
    pub by: Agent,
    /// The operator whose numbers they are.
    pub operator: String,
    /// What becomes of numbers that are not named.
    pub mode: Mode,
    /// Whether one bad row keeps all others out.
    pub all_or_nothing: bool,
    /// By how much a full list may be shorter than what is held, in percent.
    pub max_drop_percent: u8,
    /// How many percent of another operator's numbers a list may take over.
    pub max_takeover_percent: u8,
    /// SHA-256 of the bytes, where it is known before.
    pub sha256: Option<[u8; 32]>,
    /// The name of the request; empty: none.
    pub request: String,
    /// Today.
    pub today: Day,
}

/// What became of a list.
#[derive(Clone, Debug)]
pub struct TakenIn {
    /// Its record.
    pub record: ListRecord,
    /// The first bad rows.
    pub rejects: Vec<Reject>,
    /// SHA-256 of the bytes. It is told, and kept as a keyed hash only.
    pub sha256: [u8; 32],
    /// Whether the same request had been carried out before.
    pub repeated: bool,
}

/// What was read of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) rejects: Vec<Reject>,
    pub(super) sha256: [u8; 32],
    pub(super) sorted: Sorted,
}

impl Registrations {
    /// Takes a list in.
    ///
    /// # Errors
    /// When it cannot be read, a rule of the order is broken, or it cannot be put on record or written: then nothing of
    /// it is in force, or it is gone on with when the register is opened next.
    pub fn take_in(
        &self,
        order: &ListOrder,
        input: &mut dyn Read,
        progress: &dyn Progress,
    ) -> Result<TakenIn, RegistrationError> {
        self.check_order(order)?;
        let incoming = self.0.db.incoming()?;
        let staged = Staged::new(&incoming)?;
        let reading = self.read_list(order, input, progress, &incoming, &staged.0)?;
        progress.finish();
        if order.sha256.is_some_and(|named| named != reading.sha256) {
            return Err(CsvError::Digest.into());
        }
        // A list of which nothing is understood is of another kind: its absent numbers are not withdrawn by it.
        let is_foreign = reading.rows > 0 && reading.rejected == reading.rows;
        if is_foreign || order.all_or_nothing && reading.rejected > 0 {
            let first = reading.rejects.first().map(ToString::to_string).unwrap_or_default();
            return Err(RegistrationError::AllOrNothing { rows: reading.rows, rejected: reading.rejected, first });
        }
        let _alone = self.alone();
        if let Some(record) = self.requested_before(order)? {
            if !self.is_content(&record, &reading.sha256) {
                let rule = "request_id: this request brought another list before: give the list a request of its own";
                return Err(RegistrationError::Invalid(rule.into()));
            }
            return Ok(TakenIn { record, rejects: reading.rejects, sha256: reading.sha256, repeated: true });
        }
        if let Some(last) = self.all_lists()?.pop().filter(|last| last.state() == ListState::Applying) {
            let words =
                format!("list {} was cut off by a fault: start the process again, and it is gone on with", last.number);
            return Err(RegistrationError::Conflict(words.into()));
        }
        self.check_drop(order, &reading)?;
        self.check_takeover(order, &reading, &staged.0)?;
        let record = self.begin(order, &reading, &staged.0)?;
        let record = self.apply(record)?;
        Ok(TakenIn { record, rejects: reading.rejects, sha256: reading.sha256, repeated: false })
    }

    /// Refuses an order for somebody else's numbers.
    pub fn check_order(&self, order: &ListOrder) -> Result<(), RegistrationError> {
        if let Some(own) = order.by.operator.as_ref().filter(|own| !own.eq_ignore_ascii_case(&order.operator)) {
            let (by, named) = (&order.by.name, &order.operator);
            let words = format!("operator: {by} belongs to {own} and hands in its numbers only, none of {named}");
            return Err(RegistrationError::NotAllowed(words.into()));
        }
        if !calendar::is_name(&order.operator) {
            let rule = "operator: name the operator whose numbers they are, 1 to 32 of a-z, 0-9, - _ and .";
            return Err(RegistrationError::Invalid(rule.into()));
        }
        if order.max_takeover_percent > 100 {
            return Err(RegistrationError::Invalid("max_takeover_percent: 0 to 100".into()));
        }
        if order.max_drop_percent > 100 {
            return Err(RegistrationError::Invalid("max_drop_percent: 0 to 100".into()));
        }
        Ok(())
    }

    fn requested_before(&self, order: &ListOrder) -> Result<Option<ListRecord>, RegistrationError> {
        if order.request.is_empty() {
            return Ok(None);
        }
        let mut lists = self.all_lists()?;
        lists.retain(|list| {
            list.request == order.request && list.by == order.by.name && list.state() != ListState::BrokenOff
        });
        Ok(lists.pop())
    }

    /// A full list that was cut off would withdraw what it does not name.
    fn check_drop(&self, order: &ListOrder, reading: &Reading) -> Result<(), RegistrationError> {
        let Some(operator) = self.names().operator_of(&order.operator).filter(|_| order.mode == Mode::Full) else {
            return Ok(());
        };
        let (old, new) = (self.cells()?.held_by(operator), reading.sorted.numbers);
        // In hundredths: a drop by one of two numbers is one by half.
        if new.saturating_mul(100) >= old.saturating_mul(100 - u64::from(order.max_drop_percent)) {
            return Ok(());
        }
        let (operator, max_drop_percent) = (order.operator.clone(), order.max_drop_percent);
        Err(RegistrationError::SuddenDrop { operator, old, new, max_drop_percent })
    }

    /// Reads all lines, on as many threads as there are, into a sorted file.
    fn read_list(
        &self,
        order: &ListOrder,
        input: &mut dyn Read,
        progress: &dyn Progress,
        incoming: &Path,
        staged: &Path,
    ) -> Result<Reading, RegistrationError> {
        let mut blocks = Blocks { input, sha256: Sha256::new(), rest: Vec::new(), line: 1, bytes: 0 };
        let header = blocks.first_line()?;
        let keys = self.0.db.keys();
        let shape = Shape::read(&header, order.mode, &order.operator, order.today, &keys)?;
        let most = self.0.growing.lock().unwrap_or_else(PoisonError::into_inner).cities() + CITIES_MAX;
        let threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, THREADS_MAX);
        let (give, take) = sync_channel::<(u64, Vec<u8>)>(threads);
        let (told, tell) = sync_channel::<Part>(threads);
        let take = Mutex::new(take);
        let sorter = Sorter::new(incoming, SORT_BYTES);
        thread::scope(|scope| {
            for _ in 0..threads {
                let (take, told, shape) = (&take, told.clone(), &shape);
                scope.spawn(move || work(shape, take, &told, &self.0.growing, most));
            }
            drop(told);
            let gatherer = scope.spawn(move || gather(&tell, sorter, staged));
            let read = blocks.pass_on(&give, progress);
            drop(give);
            let gathered = gatherer.join().unwrap_or_else(|_| Err(io::Error::other("a thread broke off").into()));
            read?;
            let mut reading = gathered?;
            reading.sha256 = blocks.sha256.finalize().into();
            Ok(reading)
        })
    }
}

/// A file with sorted rows that goes with its owner, unless it has got its number by then.
struct Staged(PathBuf);

impl Staged {
    fn new(incoming: &Path) -> Result<Self, RegistrationError> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(crate::store::StoreError::from)?;
        Ok(Self(incoming.join(format!("list-{:016x}", u64::from_be_bytes(bytes)))))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Mostly it has another name now.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Blocks of whole lines.
struct Blocks<'a> {
    input: &'a mut dyn Read,
    sha256: Sha256,
    /// The beginning of a line.
    rest: Vec<u8>,
    /// The number of the line with which `rest` begins.
    line: u64,
    bytes: u64,
}

impl Blocks<'_> {
    /// Reads more behind what is left. `false`: there is no more.
    fn more(&mut self) -> Result<bool, CsvError> {
        let from = self.rest.len();
        self.rest.resize(from + BLOCK_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.rest[from..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.rest.truncate(from + read);
        self.bytes += read as u64;
        self.sha256.update(&self.rest[from..]);
        if let Some(at) = memchr::memchr(0, &self.rest[from..]) {
            let before = memchr::memchr_iter(b'\n', &self.rest[..from + at]).count() as u64;
            return Err(CsvError::Binary(self.line + before));
        }
        Ok(read > 0)
    }

    fn first_line(&mut self) -> Result<Vec<u8>, CsvError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.rest) {
                let rest = self.rest.split_off(end + 1);
                self.line += 1;
                return Ok(std::mem::replace(&mut self.rest, rest));
            }
            if self.rest.len() > BLOCK_BYTES {
                return Err(CsvError::Binary(self.line));
            }
            if !self.more()? {
                return Ok(std::mem::take(&mut self.rest));
            }
        }
    }

    /// Gives blocks with the numbers of their first lines to whoever takes them.
    fn pass_on(&mut self, give: &SyncSender<(u64, Vec<u8>)>, progress: &dyn Progress) -> Result<(), CsvError> {
        loop {
            let more = self.more()?;
            let end = if more { memchr::memrchr(b'\n', &self.rest).map_or(0, |at| at + 1) } else { self.rest.len() };
            if end == 0 && self.rest.len() > BLOCK_BYTES {
                return Err(CsvError::Binary(self.line));
            }
            let rest = self.rest.split_off(end);
            let block = std::mem::replace(&mut self.rest, rest);
            let first = self.line;
            self.line += memchr::memchr_iter(b'\n', &block).count() as u64;
            if self.line > u64::from(u32::MAX) {
                return Err(CsvError::TooManyLines);
            }
            // Whoever takes has gone only after an error of its own, which is told.
            if !block.is_empty() && give.send((first, block)).is_err() {
                return Ok(());
            }
            progress.advance(self.bytes, self.line);
            if !more {
                return Ok(());
            }
        }
    }
}

/// What one block became.
#[derive(Default)]
struct Part {
    rows: u64,
    rejected: u64,
    rejects: Vec<Reject>,
    records: Vec<[u8; RECORD_BYTES]>,
}

fn work(
    shape: &Shape,
    take: &Mutex<Receiver<(u64, Vec<u8>)>>,
    told: &SyncSender<Part>,
    names: &Mutex<Names>,
    most: usize,
) {
    let (mut cities, mut heard) = (Cities::new(names, most), true);
    loop {
        let block = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((first, block)) = block else { return };
        // Nobody gathers any more: whoever gives blocks must not wait for ever.
        if !heard {
            continue;
        }
        let mut part = Part { records: Vec::with_capacity(block.len() / 32), ..Part::default() };
        for (nth, line) in block.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            part.rows += 1;
            match shape.row(first + nth as u64, line, &mut cities) {
                Ok(record) => part.records.push(record.to_bytes()),
                Err((reject, named)) => {
                    part.rejected += 1;
                    part.records.extend(named.map(Record::to_bytes));
                    if part.rejects.len() < REJECTS_MAX {
                        part.rejects.push(reject);
                    }
                }
            }
        }
        heard = told.send(part).is_ok();
    }
}

fn gather(tell: &Receiver<Part>, mut sorter: Sorter, staged: &Path) -> Result<Reading, RegistrationError> {
    let mut reading = Reading::default();
    for part in tell {
        reading.rows += part.rows;
        reading.rejected += part.rejected;
        reading.rejects.extend(part.rejects);
        if reading.rejects.len() > 4 * REJECTS_MAX {
            first_rejects(&mut reading.rejects);
        }
        sorter.add(&part.records)?;
    }
    first_rejects(&mut reading.rejects);
    reading.sorted = sorter.finish(staged)?;
    Ok(reading)
}

/// Threads end in any order: the first by their lines are kept.
fn first_rejects(rejects: &mut Vec<Reject>) {
    rejects.sort_by_key(|reject| reject.line);
    rejects.truncate(REJECTS_MAX);
}
