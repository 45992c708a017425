//! What all benches share: how large the register is, and whether anything is measured.

use std::{env, fs, path::Path, time::Duration};

/// Devices where nothing is measured: `cargo test --benches` runs every bench once, to see that it works.
const IMEIS_UNMEASURED: u64 = 20_000;

/// Whether `cargo bench` runs this.
pub fn measures() -> bool {
    env::args().any(|arg| arg == "--bench")
}

/// Devices of the register: `SARING_BENCH_IMEIS`, else so many (few where nothing is measured).
pub fn imeis(default: u64) -> u64 {
    let given = env::var("SARING_BENCH_IMEIS").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(if measures() { default } else { IMEIS_UNMEASURED })
}

/// CPU time of a thread by its directory in `/proc`, as the kernel counts it in nanoseconds.
pub fn cpu_of(thread: &Path) -> Duration {
    let text = fs::read_to_string(thread.join("schedstat")).expect("Linux counts the CPU time of threads");
    Duration::from_nanos(text.split(' ').next().expect("three numbers").parse().expect("a number"))
}
