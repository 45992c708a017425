//! How late a check runtime runs, and which calls it refuses for it.
//!
//! A runtime that cannot keep up lets ready tasks queue. A probe task that should run every few milliseconds sees how
//! late it runs: that is how long a call waits before anybody looks at it. Between two limits of that lag a rising
//! share of the calls is refused, spread evenly, so that the lag settles where what is let in equals what can be
//! borne; there is no edge at which a node flips between serving all and serving none.
//!
//! A refusal is no present: it costs all of a call but its handler. Where the handler is cheap, refusing more than a
//! quarter of the calls would cost more answers than it saves, so the share is bounded by the handler's measured cost.
//! Beyond that bound the limit of streams a connection keeps the queue finite and the client's deadline keeps it honest.

use crate::{limits, metrics::Tally};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Shares are counted in 1/2^16.
const WHOLE: u32 = 1 << 16;

/// The lag of one check runtime. Written by that runtime only.
#[derive(Debug)]
pub struct Lag {
    start: Instant,
    /// When the probe should run next, in microseconds since `start`.
    probe_due: AtomicU64,
    /// Lag as the probe saw it last, smoothed, in microseconds.
    seen: AtomicU32,
    /// Cost of a handler, smoothed, in nanoseconds.
    handler_nanos: AtomicU32,
    /// Share of calls that is refused now.
    share: AtomicU32,
    /// What is left of refusals that were not whole yet.
    owed: AtomicU32,
    tally: Arc<Tally>,
}

impl Lag {
    /// The lag of a runtime that counts into this tally.
    pub fn new(tally: Arc<Tally>) -> Self {
        Self {
            start: Instant::now(),
            probe_due: AtomicU64::new(u64::MAX),
            seen: AtomicU32::new(0),
            handler_nanos: AtomicU32::new(0),
            share: AtomicU32::new(0),
            owed: AtomicU32::new(0),
            tally,
        }
    }

    /// Measures for as long as it is polled.
    pub(super) async fn probe(&self) {
        loop {
            let due = Instant::now() + limits::LAG_PROBE_INTERVAL;
            self.probe_due.store(self.micros_at(due), Ordering::Relaxed);
            tokio::time::sleep_until(due.into()).await;
            // The timer wakes this task; it then queues behind every call that is ready. That queue is the lag. The
            // timer itself is up to a millisecond late, which is below every limit.
            self.observe(due.elapsed());
        }
    }

    /// Takes one measurement into account.
    pub(super) fn observe(&self, lag: Duration) {
        let before = self.seen.load(Ordering::Relaxed);
        let now = u32::try_from(lag.as_micros()).unwrap_or(u32::MAX);
        // Half old, half new: one late wake-up alone refuses nobody for long.
        let smoothed = before / 2 + now / 2;
        self.seen.store(smoothed, Ordering::Relaxed);
        let handler = Duration::from_nanos(self.handler_nanos.load(Ordering::Relaxed).into());
        self.share.store(share(Duration::from_micros(smoothed.into()), handler), Ordering::Relaxed);
        self.tally.set_lag(Duration::from_micros(smoothed.into()));
    }

    /// How long a call waits now before its handler runs: as the probe saw it, or longer where the probe itself is
    /// overdue.
    pub(super) fn now(&self, now: Instant) -> Duration {
        let overdue = self.micros_at(now).saturating_sub(self.probe_due.load(Ordering::Relaxed));
        Duration::from_micros(overdue.max(self.seen.load(Ordering::Relaxed).into()))
    }

    /// Takes the time of one handler into account.
    pub(super) fn handled(&self, took: Duration) {
        let before = self.handler_nanos.load(Ordering::Relaxed);
        let now = u32::try_from(took.as_nanos()).unwrap_or(u32::MAX);
        self.handler_nanos.store(before - before / 8 + now / 8, Ordering::Relaxed);
    }

    /// Whether the next call is refused. Refusals are spread evenly over the calls.
    pub(super) fn refuses(&self) -> bool {
        let share = self.share.load(Ordering::Relaxed);
        if share == 0 {
            return false;
        }
        let owed = self.owed.load(Ordering::Relaxed) + share;
        self.owed.store(owed % WHOLE, Ordering::Relaxed);
        owed >= WHOLE
    }

    fn micros_at(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }
}

/// The share of calls to refuse at a lag, in 1/2^16.
fn share(lag: Duration, handler: Duration) -> u32 {
    let beyond = lag.saturating_sub(limits::LAG_TOLERATED).as_secs_f64();
    let span = (limits::LAG_LIMIT - limits::LAG_TOLERATED).as_secs_f64();
    ((beyond / span).min(1.0) * share_max(handler) * f64::from(WHOLE)) as u32
}

/// The greatest share whose refusals still leave [`limits::ANSWERS_KEPT_PERCENT`] of the knee's answers.
///
/// With overhead o a call and handler time h a runtime answers 1 / (o + h) a second at the knee and, refusing the
/// share p, (1 - p) / (o + (1 - p) h). Solved for p at the ratio k: p = 1 - k o / (o + (1 - k) h).
fn share_max(handler: Duration) -> f64 {
    let kept = f64::from(limits::ANSWERS_KEPT_PERCENT) / 100.0;
    let overhead = limits::CALL_OVERHEAD.as_secs_f64();
    1.0 - kept * overhead / (overhead + (1.0 - kept) * handler.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag() -> Lag {
        Lag::new(Arc::new(Tally::detached()))
    }

    /// Answers of a saturated runtime, relative to its knee, when it refuses this share.
    fn kept(share: f64, handler: Duration) -> f64 {
        let (o, h) = (limits::CALL_OVERHEAD.as_secs_f64(), handler.as_secs_f64());
        (1.0 - share) * (o + h) / (o + (1.0 - share) * h)
    }

    #[test]
    fn refusals_leave_the_promised_share_of_answers_whatever_a_handler_costs() {
        for micros in [0, 1, 4, 50, 200, 5_000] {
            let handler = Duration::from_micros(micros);
            let most = f64::from(share(Duration::from_secs(9), handler)) / f64::from(WHOLE);
            assert!((kept(most, handler) - 0.75).abs() < 0.01, "{micros} us: {most}");
        }
    }

    #[test]
    fn nobody_is_refused_at_a_tolerated_lag() {
        let lag = lag();
        for _ in 0..100 {
            lag.observe(limits::LAG_TOLERATED);
            assert!(!lag.refuses());
        }
    }

    #[test]
    fn refusals_are_spread_evenly() {
        let lag = lag();
        lag.share.store(WHOLE / 3, Ordering::Relaxed);
        let refused: Vec<usize> = (0..3_000).filter(|_| lag.refuses()).collect();
        assert_eq!(refused.len(), 999);
        assert!(refused.windows(2).all(|pair| (3..=4).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn an_overdue_probe_counts_as_lag() {
        let lag = lag();
        let now = Instant::now();
        assert_eq!(lag.now(now), Duration::ZERO);
        lag.probe_due.store(lag.micros_at(now), Ordering::Relaxed);
        assert_eq!(lag.now(now + Duration::from_millis(70)).as_millis(), 70);
    }

    #[test]
    fn lag_that_is_over_refuses_nobody_soon() {
        let lag = lag();
        (0..20).for_each(|_| lag.observe(Duration::from_secs(1)));
        assert!(lag.share.load(Ordering::Relaxed) > 0);
        (0..10).for_each(|_| lag.observe(Duration::ZERO));
        assert_eq!(lag.share.load(Ordering::Relaxed), 0);
    }
}
