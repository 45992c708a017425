//! CPU time of threads, as the kernel counts it (`schedstat`): what else runs on the machine changes it little.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The threads of a server that answer checks are called this, with a number behind.
const CHECK_THREADS: &str = "check-";

/// What a thread had of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// On a core.
    pub ran: Duration,
    /// Ready to run while others had the cores.
    pub waited: Duration,
}

impl Cpu {
    /// What this thread had so far.
    ///
    /// # Errors
    /// Where the kernel does not count.
    pub fn of_this_thread() -> io::Result<Self> {
        Self::of(Path::new("/proc/thread-self"))
    }

    /// What a thread had so far, by its directory in `/proc`.
    ///
    /// # Errors
    /// When the thread is gone, or the kernel does not count.
    pub fn of(thread: &Path) -> io::Result<Self> {
        Self::read(&fs::read_to_string(thread.join("schedstat"))?)
            .ok_or_else(|| io::Error::other("schedstat is not as expected"))
    }

    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(|number| number.parse().ok().map(Duration::from_nanos));
        Some(Self { ran: numbers.next()??, waited: numbers.next()?? })
    }

    /// What it had since.
    pub fn since(self, before: Self) -> Self {
        Self { ran: self.ran.saturating_sub(before.ran), waited: self.waited.saturating_sub(before.waited) }
    }
}

/// What a server's process had so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfServer {
    /// The threads that answer checks; zero where it is no Saring.
    pub checks: Cpu,
    /// All threads that live.
    pub all: Cpu,
}

impl OfServer {
    /// Reads all threads of a process on this machine.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let mut sum = Self::default();
        for entry in fs::read_dir(PathBuf::from(format!("/proc/{pid}/task")))? {
            let thread = entry?.path();
            // A thread may end while it is looked at.
            let Ok(cpu) = Cpu::of(&thread) else { continue };
            let name = fs::read_to_string(thread.join("comm")).unwrap_or_default();
            sum.all = plus(sum.all, cpu);
            if name.starts_with(CHECK_THREADS) {
                sum.checks = plus(sum.checks, cpu);
            }
        }
        Ok(sum)
    }
}

fn plus(one: Cpu, other: Cpu) -> Cpu {
    Cpu { ran: one.ran + other.ran, waited: one.waited + other.waited }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn work_is_counted() {
        let before = Cpu::of_this_thread().unwrap();
        let begun = std::time::Instant::now();
        while Cpu::of_this_thread().unwrap().since(before).ran < Duration::from_millis(20) {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing is counted");
        }
        assert!(OfServer::of(std::process::id()).unwrap().all.ran >= Duration::from_millis(20));
        assert!(OfServer::of(u32::MAX).is_err());
        assert_eq!(Cpu::read("7 8 9\n").map(|cpu| cpu.waited.as_nanos()), Some(8));
        assert_eq!(Cpu::read("7"), None);
    }
}
