//! CPU time of threads, as the kernel counts it (`schedstat`): what else runs on the machine changes it little.

use std::{
    collections::BTreeMap,
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

/// What each thread of a server's process had so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfServer(BTreeMap<PathBuf, OfThread>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OfThread {
    cpu: Cpu,
    answers_checks: bool,
}

impl OfServer {
    /// Reads all threads of a process on this machine.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(PathBuf::from(format!("/proc/{pid}/task")))? {
            let thread = entry?.path();
            // A thread may end while it is looked at.
            let Ok(cpu) = Cpu::of(&thread) else { continue };
            let name = fs::read_to_string(thread.join("comm")).unwrap_or_default();
            threads.insert(thread, OfThread { cpu, answers_checks: name.starts_with(CHECK_THREADS) });
        }
        Ok(Self(threads))
    }

    /// What the threads had since that live now: those that answer checks (zero where it is no Saring), and all. What a
    /// thread had that has ended in between is nowhere counted.
    pub fn since(&self, before: &Self) -> (Cpu, Cpu) {
        let mut sums = (Cpu::default(), Cpu::default());
        for (thread, now) in &self.0 {
            let had = now.cpu.since(before.0.get(thread).map_or_else(Cpu::default, |before| before.cpu));
            sums.1 = plus(sums.1, had);
            if now.answers_checks {
                sums.0 = plus(sums.0, had);
            }
        }
        sums
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
        let all = OfServer::of(std::process::id()).unwrap().since(&OfServer::default()).1;
        assert!(all.ran >= Duration::from_millis(20));
        assert!(OfServer::of(u32::MAX).is_err());
        assert_eq!(Cpu::read("7 8 9\n").map(|cpu| cpu.waited.as_nanos()), Some(8));
        assert_eq!(Cpu::read("7"), None);
    }

    #[test]
    fn a_thread_that_has_ended_takes_nothing_from_those_that_live() {
        let millis = |ran: u64| Cpu { ran: Duration::from_millis(ran), waited: Duration::ZERO };
        let of = |threads: &[(&str, u64)]| {
            let each = threads.iter().map(|(name, ran)| {
                (PathBuf::from(name), OfThread { cpu: millis(*ran), answers_checks: name.starts_with(CHECK_THREADS) })
            });
            OfServer(each.collect())
        };
        let before = of(&[("check-0", 5), ("side", 7), ("snapshot", 900)]);
        let after = of(&[("check-0", 8), ("side", 7), ("registrations", 4)]);
        assert_eq!(after.since(&before), (millis(3), millis(7)));
    }
}
