//! `saring`: parse, call, exit code.

#[cfg(feature = "failpoints")]
mod failpoints;

use std::process::ExitCode;

/// The checks' memory allocator: 0.73 of the default's cost for a call (docs/decisions.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    failpoints::stop_where_told();
    saring::cli::main()
}
