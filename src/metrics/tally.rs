//! What one check runtime counts, without contention.

use crate::policy::{Reason, Status};
use metrics::Histogram;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Places of a tally for one status: one a reason's code, the unused ones included.
const REASON_CODES: usize = 32;

const CELLS: usize = Status::ALL.len() * REASON_CODES;

const _: () = {
    let mut i = 0;
    while i < Reason::ALL.len() {
        assert!((Reason::ALL[i].code() as usize) < REASON_CODES, "a reason's code has a place");
        i += 1;
    }
};

/// The place of a status and a reason in a tally.
const fn cell(status: Status, reason: Reason) -> usize {
    status as usize * REASON_CODES + reason.code() as usize
}

/// Why a call was refused without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The register is being loaded.
    Warming,
    /// The runtime lags.
    Busy,
    /// The call's deadline passed, or is nearer than the runtime's lag.
    Late,
    /// The request breaks a rule.
    Invalid,
    /// The caller is not known, or may not ask.
    Stranger,
}

impl Refusal {
    /// All of them with their names.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Warming, "warming"),
        (Self::Busy, "busy"),
        (Self::Late, "late"),
        (Self::Invalid, "invalid"),
        (Self::Stranger, "stranger"),
    ];
}

/// What one check runtime has done. Written by that runtime only, read by whoever gathers.
#[derive(Debug)]
#[repr(align(128))]
pub struct Tally {
    checks: [AtomicU64; CELLS],
    refusals: [AtomicU64; Refusal::ALL.len()],
    lag_micros: AtomicU64,
    unary: Histogram,
    batch: Histogram,
}

impl Tally {
    /// A tally that nobody gathers, for tools and tests.
    pub fn detached() -> Self {
        Self::with(Histogram::noop(), Histogram::noop())
    }

    pub(super) fn with(unary: Histogram, batch: Histogram) -> Self {
        Self {
            checks: [const { AtomicU64::new(0) }; CELLS],
            refusals: [const { AtomicU64::new(0) }; Refusal::ALL.len()],
            lag_micros: AtomicU64::new(0),
            unary,
            batch,
        }
    }

    /// One verdict was given.
    pub fn count(&self, status: Status, reason: Reason) {
        add(&self.checks[cell(status, reason)], 1);
    }

    /// One call was refused.
    pub fn refuse(&self, refusal: Refusal) {
        add(&self.refusals[refusal as usize], 1);
    }

    /// How far the runtime lags now.
    pub fn set_lag(&self, lag: Duration) {
        self.lag_micros.store(u64::try_from(lag.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How far the runtime lagged when it was last measured, smoothed.
    pub fn lag(&self) -> Duration {
        Duration::from_micros(self.lag_micros.load(Ordering::Relaxed))
    }

    /// How long the handler of one timed single check took.
    pub fn time_check(&self, took: Duration) {
        self.unary.record(took.as_secs_f64());
    }

    /// How long the handler of one batch took.
    pub fn time_batch(&self, took: Duration) {
        self.batch.record(took.as_secs_f64());
    }

    /// Verdicts given so far.
    pub fn checks(&self) -> u64 {
        self.checks.iter().map(|cell| cell.load(Ordering::Relaxed)).sum()
    }

    /// Verdicts given so far with one status and reason.
    pub(crate) fn checks_of(&self, status: Status, reason: Reason) -> u64 {
        self.checks[cell(status, reason)].load(Ordering::Relaxed)
    }

    /// Calls refused so far for one cause.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refusals[refusal as usize].load(Ordering::Relaxed)
    }
}

/// One writer, so a load and a store do: no locked instruction on the check path.
fn add(cell: &AtomicU64, n: u64) {
    cell.store(cell.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
}
