//! Which threads go first where cores are short.
//!
//! A phone that attaches waits for a check; lists, pages and backups can wait for a core. So work beside the checks gives
//! way by its niceness, which every system allows. Where the system allows more, threads of checks are scheduled in
//! real time and need not wait until another thread's slice of some milliseconds is over.
//! What always holds: nothing here changes an answer, and what was not asked for is not done.

use std::io;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadId, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// The niceness of all work beside the checks: a third of their share where both want the same core (nice(7)).
const SIDE_NICENESS: i32 = 5;

/// Why a thread is not scheduled in real time.
#[derive(Debug, thiserror::Error)]
#[error(
    "the system does not allow real-time scheduling ({0}): its administrator can (LimitRTPRIO=1 in the unit, a limit \
     `rtprio`, or the capability CAP_SYS_NICE); or leave realtime out"
)]
pub struct NotRealtime(io::Error);

/// Lets checks go first where cores are short. Threads that this one starts give way as well.
pub fn give_way() {
    use rustix::process::{getpriority_process, setpriority_process};
    if getpriority_process(None).is_ok_and(|niceness| niceness < SIDE_NICENESS) {
        // Where the system refuses, everything runs as it did.
        let _ = setpriority_process(None, SIDE_NICENESS);
    }
}

/// Schedules a thread in real time: before all that is not, and by turns with its like (SCHED_RR at the lowest of its
/// priorities, sched(7)). Threads that it starts from then on are too.
///
/// # Errors
/// When the system does not allow it.
pub fn go_first(thread: ThreadId) -> Result<(), NotRealtime> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    set_thread_priority_and_policy(thread, ThreadPriority::Min, policy).map_err(|error| {
        NotRealtime(match error {
            thread_priority::Error::OS(number) => io::Error::from_raw_os_error(number),
            other => io::Error::other(format!("{other:?}")),
        })
    })
}

/// [`go_first`] for the thread that calls it.
///
/// # Errors
/// As there.
pub fn go_first_here() -> Result<(), NotRealtime> {
    go_first(thread_native_id())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{fs, thread};

    /// Real-time priority and policy of the thread that calls (proc(5), fields 40 and 41 of `stat`).
    fn scheduled() -> (u32, u32) {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        (fields[37].parse().unwrap(), fields[38].parse().unwrap())
    }

    #[test]
    fn a_thread_goes_first_or_is_told_what_to_allow() {
        const ROUND_ROBIN: u32 = 2;
        thread::spawn(|| {
            assert_eq!(scheduled(), (0, 0));
            match go_first_here() {
                Ok(()) => assert_eq!(scheduled(), (1, ROUND_ROBIN)),
                Err(error) => {
                    assert_eq!(scheduled(), (0, 0));
                    assert!(error.to_string().contains("not permitted") && error.to_string().contains("LimitRTPRIO=1"));
                }
            }
        })
        .join()
        .unwrap();
        assert_eq!(scheduled(), (0, 0), "others are as they were");
    }
}
