//! The rows of a list, taken by several threads.
//!
//! One thread reads blocks of whole lines and joins what became of them, in the order of the list; the others take
//! blocks apart as they come. What always holds: what is gathered, counted, told and rejected is the same for any
//! number of threads and any length of a block, since a block depends on no other: its lines are counted as it is read,
//! and operators are numbered as parts are joined. No more than some blocks a thread are under way.

use super::{
    Options,
    desk::{At, Desk, Operators, Part, RowView, Sink},
    error::ImportError,
    fields::{self, Cells},
    header::Layout,
    lines::{Block, Line, Lines, next_line},
    progress::Pulse,
    rejects::Fault,
    tray::Tray,
};
use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

/// Blocks under way for each thread: one that is taken, one that waits, one to be joined.
const BLOCKS_A_THREAD: usize = 3;

/// A block and what became of its rows.
struct Taken<'a, P> {
    block: Block,
    part: P,
    tray: Tray<'a>,
}

/// A block to be taken, and where to bring it.
struct Job<'a, P> {
    block: Block,
    part: P,
    done: mpsc::SyncSender<Taken<'a, P>>,
}

/// Takes every row of a list.
pub(super) fn take<S: Sink>(
    lines: &mut Lines,
    layout: &Layout,
    sink: &mut S,
    desk: &mut Desk<'_>,
    pulse: &Pulse<'_>,
) -> Result<(), ImportError> {
    let options = desk.options;
    if options.threads <= 1 || lines.is_last() {
        let mut cells = Cells::default();
        while let Some(block) = lines.next(pulse)? {
            take_here(&block, layout, &mut cells, sink, desk)?;
            lines.reuse(block);
        }
        return Ok(());
    }
    let (jobs, waiting) = mpsc::channel();
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| work(&waiting, layout, options));
        }
        let joined = feed(lines, layout, sink, desk, pulse, &jobs);
        drop(jobs);
        joined
    })
}

/// Reads and joins, until the list is at an end.
fn feed<'a, S: Sink>(
    lines: &mut Lines,
    layout: &Layout,
    sink: &mut S,
    desk: &mut Desk<'a>,
    pulse: &Pulse<'_>,
    jobs: &mpsc::Sender<Job<'a, S::Part>>,
) -> Result<(), ImportError> {
    let blocks_max = BLOCKS_A_THREAD * desk.options.threads;
    let mut under_way = VecDeque::with_capacity(blocks_max);
    let mut cells = Cells::default();
    let mut read = Ok(true);
    loop {
        while matches!(read, Ok(true)) && under_way.len() < blocks_max {
            read = lines.next(pulse).map(|block| match block {
                Some(block) => {
                    let (done, coming) = mpsc::sync_channel(1);
                    under_way.push_back(coming);
                    jobs.send(Job { block, part: sink.part(), done }).is_ok()
                }
                None => false,
            });
        }
        // What was read before an error is taken before the error is told.
        let Some(coming) = under_way.pop_front() else { return read.map(|_| ()) };
        // A thread that is gone has panicked, and takes this one with it where the scope ends.
        let Ok(taken) = coming.recv() else { return Err(ImportError::Cancelled) };
        lines.reuse(join(taken, layout, &mut cells, sink, desk)?);
    }
}

/// Takes blocks until no more come.
fn work<'a, P: Part>(waiting: &Mutex<mpsc::Receiver<Job<'a, P>>>, layout: &Layout, options: &'a Options) {
    let mut cells = Cells::default();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { block, mut part, done }) = job else { return };
        let mut tray = Tray::new(options, Operators::default());
        take_block(&block, layout, &mut cells, &mut part, &mut tray);
        // Nobody waits for it any more where the import has failed.
        let _ = done.send(Taken { block, part, tray });
    }
}

/// Joins what another thread took.
fn join<S: Sink>(
    taken: Taken<'_, S::Part>,
    layout: &Layout,
    cells: &mut Cells,
    sink: &mut S,
    desk: &mut Desk<'_>,
) -> Result<Block, ImportError> {
    let Taken { block, mut part, tray } = taken;
    match desk.operators.numbers(&tray.operators) {
        Some(numbers) if numbers.is_same() => {}
        Some(numbers) => part.renumber(&numbers),
        None => {
            // Which rows have to go, because there is no number left for their operators, shows in order only.
            take_here(&block, layout, cells, sink, desk)?;
            return Ok(block);
        }
    }
    desk.take(tray)?;
    sink.join(part, desk);
    sink.failure().map_or(Ok(block), |error| Err(error.into()))
}

/// Takes a block on this thread, which knows the operators of all blocks before.
fn take_here<S: Sink>(
    block: &Block,
    layout: &Layout,
    cells: &mut Cells,
    sink: &mut S,
    desk: &mut Desk<'_>,
) -> Result<(), ImportError> {
    let mut tray = Tray::new(desk.options, mem::take(&mut desk.operators));
    let mut part = sink.part();
    take_block(block, layout, cells, &mut part, &mut tray);
    desk.operators = mem::take(&mut tray.operators);
    desk.take(tray)?;
    sink.join(part, desk);
    sink.failure().map_or(Ok(()), |error| Err(error.into()))
}

/// Takes every row of a block.
fn take_block<P: Part>(block: &Block, layout: &Layout, cells: &mut Cells, part: &mut P, tray: &mut Tray<'_>) {
    let mut rest = block.bytes();
    let mut before = block.before;
    loop {
        let (bytes, lines) = part.run(rest, layout, before, tray);
        rest = &rest[bytes..];
        before += lines;
        tray.rows += lines;
        let Some(line) = next_line(&mut rest) else { break };
        before += 1;
        let Ok(at) = At::try_from(before) else {
            tray.too_many_lines = true;
            break;
        };
        let taken = match line {
            Line::TooLong => Err(Fault::row("the line is longer than 65,536 bytes")),
            Line::Text(text) if part.quick(text, layout, at, tray) => Ok(()),
            Line::Text(text) if is_blank(text) => continue,
            Line::Text(text) => take_row(text, layout, at, cells, part, tray),
        };
        tray.rows += 1;
        if let Err(fault) = taken {
            tray.faults.push((at, fault));
        }
    }
    part.settle();
}

fn take_row<P: Part>(
    line: &[u8],
    layout: &Layout,
    at: At,
    cells: &mut Cells,
    part: &mut P,
    tray: &mut Tray<'_>,
) -> Result<(), Fault> {
    cells.split(layout.dialect(), &fields::text(line)).map_err(Fault::row)?;
    if let Some(width) = layout.width() {
        // Blank columns past the end are what spreadsheets leave behind.
        let more = cells.iter().skip(width).any(|value| !value.is_empty());
        if cells.len() < width || more {
            return Err(Fault::row(format!("the row has {} columns, the header has {width}", cells.len())));
        }
    }
    part.row(&RowView { cells, layout, at }, tray)
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}
