//! The course of a run: what was asked and answered in each slice of time, and how soon a burst was over for those
//! who asked after it.
//!
//! A slice has the questions that were due in it, whenever they were answered. What always holds: all slices are kept,
//! also those in which nothing was answered; slices have two digits where the whole run has three.

use super::{Burst, report::Percentiles};
use hdrhistogram::{CreationError, Histogram};
use serde::{Deserialize, Serialize};
use std::{ops::Range, time::Duration};

/// What is told apart in a slice: from a microsecond to a minute.
const SHORTEST_NANOS: u64 = 1_000;
const LONGEST_NANOS: u64 = 60_000_000_000;
/// Slices of a run at most: a finer course than that is no course any more.
const SLICES_MAX: u64 = 10_000;
/// Answers are as fast as before when the slowest of a hundred takes at most so many times as long,
const SLOWER_MAX: f64 = 2.0;
/// or so many microseconds, whichever is more,
const P99_US_ALLOWED: f64 = 1_000.0;
/// of a hundred questions so many are answered,
const ANSWERED_MIN: f64 = 0.99;
/// and that lasts for so many slices.
const STEADY_SLICES: usize = 5;

/// What one thread counts.
#[derive(Clone, Debug)]
pub struct Course {
    slice: Duration,
    slices: Vec<Counted>,
}

#[derive(Clone, Debug)]
struct Counted {
    asked: u64,
    right: u64,
    latency: Histogram<u32>,
}

fn histogram() -> Result<Histogram<u32>, CreationError> {
    Histogram::new_with_bounds(SHORTEST_NANOS, LONGEST_NANOS, 2)
}

impl Course {
    /// Nothing yet. A slice is at least a ten-thousandth of the run.
    ///
    /// # Errors
    /// When there is no place for a histogram.
    pub fn new(slice: Duration, run: Duration) -> Result<Self, CreationError> {
        let nanos = (slice.as_nanos() as u64).max(run.as_nanos() as u64 / SLICES_MAX).max(1);
        let counted = Counted { asked: 0, right: 0, latency: histogram()? };
        let count = (run.as_nanos() as u64).div_ceil(nanos).max(1);
        Ok(Self { slice: Duration::from_nanos(nanos), slices: vec![counted; count as usize] })
    }

    fn at(&mut self, due: u64) -> Option<&mut Counted> {
        self.slices.get_mut((due / self.slice.as_nanos() as u64) as usize)
    }

    /// A message is due, so many nanoseconds after the beginning.
    pub fn asked(&mut self, due: u64) {
        if let Some(counted) = self.at(due) {
            counted.asked += 1;
        }
    }

    /// One that was due then was answered right, so many nanoseconds later.
    pub fn right(&mut self, due: u64, took: u64) {
        if let Some(counted) = self.at(due) {
            counted.right += 1;
            counted.latency.saturating_record(took.max(SHORTEST_NANOS));
        }
    }

    /// Adds what another thread counted in the same slices.
    pub fn add(&mut self, other: &Self) {
        for (counted, other) in self.slices.iter_mut().zip(&other.slices) {
            counted.asked += other.asked;
            counted.right += other.right;
            // Both have the same bounds.
            let _ = counted.latency.add(&other.latency);
        }
    }

    /// The figures.
    pub fn timeline(&self) -> Timeline {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        let slices = self.slices.iter().map(|counted| Slice {
            asked: counted.asked,
            right: counted.right,
            p50_us: micros(counted.latency.value_at_quantile(0.5)),
            p99_us: micros(counted.latency.value_at_quantile(0.99)),
            recorded: counted.latency.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())).collect(),
        });
        Timeline { slice_ms: self.slice.as_secs_f64() * 1e3, slices: slices.collect() }
    }
}

/// The course of a run. Counts are messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// How long a slice is, in milliseconds.
    pub slice_ms: f64,
    /// From when it is measured, one after the other.
    pub slices: Vec<Slice>,
}

/// What was due in one slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Messages that were due.
    pub asked: u64,
    /// Of these, answered right and in time.
    pub right: u64,
    /// Half of them were answered so many microseconds after they were due; 0 where none was.
    pub p50_us: f64,
    /// 99 of 100.
    pub p99_us: f64,
    /// Nanoseconds, and how many took so long: for [`Timeline::between`].
    #[serde(skip)]
    recorded: Vec<(u64, u32)>,
}

/// How a burst passed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// Before the burst, in microseconds.
    pub quiet_p99_us: f64,
    /// Milliseconds from the end of the burst to the first slice from which on answers were as fast again; none: they
    /// were not while it was measured.
    pub after_ms: Option<f64>,
}

impl Timeline {
    /// What the questions that were due between two moments took; none where none was answered. Slices that lie only
    /// partly between them count.
    pub fn between(&self, during: Range<Duration>) -> Option<Percentiles> {
        let nanos = |moment: Duration| moment.as_secs_f64() * 1e3 / self.slice_ms;
        let (first, end) = (nanos(during.start).floor() as usize, nanos(during.end).ceil() as usize);
        self.merged(first..end.min(self.slices.len()))
    }

    fn merged(&self, slices: Range<usize>) -> Option<Percentiles> {
        let mut all = Histogram::<u64>::new_with_bounds(SHORTEST_NANOS, LONGEST_NANOS, 2).ok()?;
        for (nanos, count) in self.slices.get(slices)?.iter().flat_map(|slice| &slice.recorded) {
            all.saturating_record_n(*nanos, u64::from(*count));
        }
        (!all.is_empty()).then(|| Percentiles::of(&all))
    }

    /// How soon answers were as fast again as before a burst; none where nothing was answered before it.
    pub fn recovery(&self, burst: &Burst) -> Option<Recovery> {
        let quiet = self.between(Duration::ZERO..burst.start)?.p99;
        let allowed = (SLOWER_MAX * quiet).max(P99_US_ALLOWED);
        let end_ms = burst.end().as_secs_f64() * 1e3;
        let first = (end_ms / self.slice_ms).floor() as usize;
        let after: Vec<bool> = self.slices.iter().skip(first).map(|slice| slice.is_well(allowed)).collect();
        let well = after.windows(STEADY_SLICES).position(|slices| slices.iter().all(|well| *well));
        let after_ms = well.map(|slices| ((first + slices) as f64 * self.slice_ms - end_ms).max(0.0));
        Some(Recovery { quiet_p99_us: quiet, after_ms })
    }
}

impl Slice {
    fn is_well(&self, allowed_us: f64) -> bool {
        self.right as f64 >= ANSWERED_MIN * self.asked as f64 && self.p99_us <= allowed_us
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const SLICE: Duration = Duration::from_millis(100);
    const MILLI: u64 = 1_000_000;

    /// 20 questions a slice for five seconds; each takes what `took` says of the moment at which it was due, in ms.
    fn course(took: impl Fn(u64) -> Option<f64>) -> Timeline {
        let mut course = Course::new(SLICE, Duration::from_secs(5)).unwrap();
        for due in (0..5_000).step_by(5) {
            course.asked(due * MILLI);
            if let Some(took) = took(due) {
                course.right(due * MILLI, (took * 1e6) as u64);
            }
        }
        course.timeline()
    }

    fn burst() -> Burst {
        Burst { rate: 1e5, start: Duration::from_secs(1), length: Duration::from_secs(2) }
    }

    fn after(timeline: &Timeline) -> Option<f64> {
        timeline.recovery(&burst()).unwrap().after_ms
    }

    #[test]
    fn a_burst_is_over_when_answers_are_as_fast_as_before() {
        let slow_until = |end: u64| move |due: u64| if (1_000..end).contains(&due) { Some(50.0) } else { Some(0.3) };
        assert_eq!(after(&course(slow_until(3_000))), Some(0.0));
        assert_eq!(after(&course(slow_until(3_450))), Some(500.0), "the slice in which it ends is not well");
        assert_eq!(after(&course(slow_until(5_000))), None);
        assert_eq!(after(&course(slow_until(4_700))), None, "three slices are not steady");
        let again =
            |due: u64| Some(if (1_000..3_000).contains(&due) || (3_300..3_400).contains(&due) { 50.0 } else { 0.3 });
        assert_eq!(after(&course(again)), Some(400.0), "what comes back at once was not over");
        let refused = |due: u64| (!(1_000..3_200).contains(&due)).then_some(0.3);
        assert_eq!(after(&course(refused)), Some(200.0), "who gets no answer is not served");
        let slower = |due: u64| Some(if due < 1_000 { 4.0 } else { 7.9 });
        assert_eq!(after(&course(slower)), Some(0.0), "twice as slow is as fast");
        assert_eq!(course(|due| (due > 3_000).then_some(1.0)).recovery(&burst()), None);
    }

    #[test]
    fn slices_are_those_of_when_questions_were_due() {
        let timeline = course(|due| (due < 2_000).then_some(due as f64));
        assert_eq!(timeline.slices.len(), 50);
        assert!(timeline.slices.iter().all(|slice| slice.asked == 20));
        assert!(timeline.slices.iter().enumerate().all(|(at, slice)| slice.right == if at < 20 { 20 } else { 0 }));
        let json = serde_json::to_string(&timeline).unwrap();
        assert!(!json.contains("recorded"), "{json}");
        assert!(timeline.between(Duration::from_secs(3)..Duration::from_secs(4)).is_none());
    }

    proptest! {
        /// Two threads and a window: as a list of all times says.
        #[test]
        fn a_window_has_what_was_due_in_it(
            times in prop::collection::vec((0..5_000_u64, 1..30_000_u64, any::<bool>()), 1..300),
            window in (0..50_u64, 1..20_u64),
        ) {
            let empty = || Course::new(SLICE, Duration::from_secs(5)).unwrap();
            let mut threads = [empty(), empty()];
            for (due, micros, second) in &times {
                threads[usize::from(*second)].asked(due * MILLI);
                threads[usize::from(*second)].right(due * MILLI, micros * 1_000);
            }
            let [mut all, other] = threads;
            all.add(&other);
            let (from, until) = (window.0 * 100, (window.0 + window.1) * 100);
            let due = times.iter().filter(|(due, ..)| (from..until).contains(due));
            let mut model: Vec<f64> = due.map(|(_, micros, _)| *micros as f64).collect();
            model.sort_unstable_by(f64::total_cmp);
            let found = all.timeline().between(Duration::from_millis(from)..Duration::from_millis(until));
            prop_assert_eq!(found.is_some(), !model.is_empty());
            if let Some(found) = found {
                let rank = ((0.99 * model.len() as f64).ceil() as usize).max(1) - 1;
                prop_assert!((found.p99 - model[rank]).abs() < (0.02 * model[rank]).max(2.0), "{}", found.p99);
            }
        }
    }
}
