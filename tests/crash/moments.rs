//! kill -9 at random moments of an import.

use crate::fixture::{Fixture, List, complete, digest};
use saring::sample::SplitMix64;
use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

/// How many random moments.
pub(crate) fn runs() -> u64 {
    std::env::var("SARING_CRASH_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// Random moments, the same in every run, or those that `SARING_CRASH_SEED` asks for: a number, or `clock` for others
/// each time. The seed goes to standard output, so that a failure can be had again.
pub(crate) fn random() -> SplitMix64 {
    let seed = match std::env::var("SARING_CRASH_SEED").ok().as_deref() {
        None => 1,
        Some("clock") => std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64,
        Some(text) => text.parse().unwrap_or_else(|_| panic!("SARING_CRASH_SEED is a number or \"clock\"")),
    };
    println!("SARING_CRASH_SEED={seed}");
    SplitMix64::new(seed)
}

/// A moment within a duration.
pub(crate) fn moment(random: &mut SplitMix64, within: Duration) -> Duration {
    Duration::from_nanos(random.below(within.as_nanos() as u64))
}

#[test]
fn an_import_killed_at_any_moment_is_whole_or_not_there() {
    let fixture = Fixture::new(&[List::Small, List::Large]);
    let took = [List::Small, List::Large].map(|list| {
        let data = fixture.base();
        let begun = Instant::now();
        crate::fixture::succeed(&mut fixture.import(list, data.path()));
        begun.elapsed()
    });
    let mut random = random();
    let mut left_all = 0;
    for run in 0..runs() {
        let list = if run % 4 == 0 { List::Large } else { List::Small };
        let data = fixture.base();
        let mut command = fixture.import(list, data.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(moment(&mut random, took[list as usize]));
        child.kill().unwrap();
        child.wait().unwrap();
        let digest = digest(data.path());
        let is_all = digest == fixture.after(list).digest;
        assert!(is_all || digest == fixture.before.digest, "run {run}, {list:?}: neither nothing nor all");
        left_all += u64::from(is_all);
        complete(&fixture, list, data.path());
    }
    println!("{left_all} of {} kills left the list in force", runs());
}
