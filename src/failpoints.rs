//! Failpoints of a process, for the crash tests. Not in any build that serves.
//!
//! `SARING_STOP_AT=name@n` stops the process for good when it comes to the named failpoint for the n-th time,
//! after a line on standard error that says so: whoever reads the line can kill the process exactly there.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

const VARIABLE: &str = "SARING_STOP_AT";

/// Sets the failpoint that the environment names. A wrong name never stops anything; a wrong form ends the process.
pub(crate) fn stop_where_told() {
    let Ok(told) = std::env::var(VARIABLE) else { return };
    let parsed = told.split_once('@').and_then(|(name, nth)| Some((name.to_owned(), nth.parse::<u64>().ok()?)));
    let Some((name, nth)) = parsed else {
        eprintln!("{VARIABLE} is {told:?}: write name@n");
        std::process::exit(2);
    };
    let hits = AtomicU64::new(0);
    let at = name.clone();
    let stop = move || {
        if hits.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            eprintln!("stopped at {at}@{nth}");
            loop {
                thread::sleep(Duration::from_secs(3600));
            }
        }
    };
    if let Err(error) = fail::cfg_callback(name, stop) {
        eprintln!("{VARIABLE}: {error}");
        std::process::exit(2);
    }
}
