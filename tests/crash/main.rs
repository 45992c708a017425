//! Crashes, damage and failed writes: what is left must be a register that holds all of a batch or nothing.
//!
//! The real binary is killed at every named failpoint and at random moments. `SARING_CRASH_RUNS` says how many random
//! moments (default 50), `SARING_CRASH_SEED` which ones (`clock`: others each time).
#![allow(clippy::unwrap_used)]

mod damage;
mod failpoints;
mod faults;
mod fixture;
mod limits;
mod loading;
mod moments;
mod registration;
mod restore;
mod serving;
mod signals;
mod syncs;
mod upgrade;

/// Served registers and their people, as the other tests have them.
#[path = "../it"]
mod it {
    #[allow(dead_code, unreachable_pub)]
    pub(crate) mod support;
}
