//! How far an import has come, and whether it is to stop.

use super::error::ImportError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    cell::Cell,
    io::IsTerminal,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

/// How often a bar looks how far work is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Who is told how far an import has come.
pub trait Progress {
    /// Reading starts. `bytes_total` is the size of all raw files, where every one is known.
    fn start(&self, bytes_total: Option<u64>);
    /// So many raw bytes and lines have been read.
    fn advance(&self, bytes: u64, lines: u64);
    /// Everything was read; what follows is sorting and comparing.
    fn finish(&self);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _bytes_total: Option<u64>) {}
    fn advance(&self, _bytes: u64, _lines: u64) {}
    fn finish(&self) {}
}

/// A bar with rate and time left on standard error.
#[derive(Clone, Debug)]
pub struct Bar(ProgressBar);

impl Progress for Bar {
    fn start(&self, bytes_total: Option<u64>) {
        let template = match bytes_total {
            Some(total) => {
                self.0.set_length(total);
                "{bar:30} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {eta} left  {msg}"
            }
            None => "{spinner} {bytes}  {binary_bytes_per_sec}  {elapsed}  {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    fn advance(&self, bytes: u64, lines: u64) {
        self.0.set_position(bytes);
        // A transfer counts no lines.
        if lines > 0 {
            self.0.set_message(format!("{lines} lines"));
        }
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// Does work while a bar on standard error tells how far it is, where that is a terminal: `look` gives what is done,
/// how many rows are, and of how many.
pub fn watched<T>(look: impl Fn() -> (&'static str, u64, u64) + Sync, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let template = "{bar:30} {human_pos}/{human_len} rows {msg}  {per_sec}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut before = "";
            while !is_done.load(Relaxed) {
                let (what, done, total) = look();
                if what != before {
                    bar.set_message(what);
                    bar.reset();
                    before = what;
                }
                bar.set_length(total);
                bar.set_position(done);
                std::thread::park_timeout(LOOK_EVERY);
            }
            bar.finish_and_clear();
        });
        let _done = Done { is_done: &is_done, watching: watching.thread() };
        work()
    })
}

/// Ends the bar, also where work panics.
struct Done<'a> {
    is_done: &'a AtomicBool,
    watching: &'a std::thread::Thread,
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.is_done.store(true, Relaxed);
        self.watching.unpark();
    }
}

/// A [`Bar`] where standard error is a terminal, else [`Silent`].
pub fn on_terminal() -> Box<dyn Progress + Send + Sync> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())))
    } else {
        Box::new(Silent)
    }
}

/// Passes progress on and notices an interruption, once a block.
pub(super) struct Pulse<'a> {
    progress: &'a dyn Progress,
    cancel: &'a AtomicBool,
    /// Raw bytes of the lists that are done.
    bytes_done: Cell<u64>,
}

impl<'a> Pulse<'a> {
    pub(super) const fn new(progress: &'a dyn Progress, cancel: &'a AtomicBool) -> Self {
        Self { progress, cancel, bytes_done: Cell::new(0) }
    }

    pub(super) fn start(&self, bytes_total: Option<u64>) {
        self.progress.start(bytes_total);
    }

    pub(super) fn beat(&self, bytes: u64, lines: u64) -> Result<(), ImportError> {
        self.progress.advance(self.bytes_done.get() + bytes, lines);
        self.go_on()
    }

    pub(super) fn list_done(&self, bytes: u64) {
        self.bytes_done.set(self.bytes_done.get() + bytes);
    }

    pub(super) fn finish(&self) {
        self.progress.finish();
    }

    pub(super) fn go_on(&self) -> Result<(), ImportError> {
        if self.cancel.load(Relaxed) { Err(ImportError::Cancelled) } else { Ok(()) }
    }
}
