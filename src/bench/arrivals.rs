//! When questions are due: a Poisson process, as many independent subscribers make one.
//!
//! Gaps are drawn from the exponential distribution whatever the server does (open loop). Several threads that each take
//! their share of the rate make the same process again, because the sum of Poisson processes is one. For a stretch of
//! time the rate may be another one: what is drawn is then how much of the process passes, not how much time.

use crate::sample::SplitMix64;
use std::{ops::Range, time::Duration};

const NANOS: f64 = 1e9;

/// Moments in nanoseconds since the run began, ascending for ever.
#[derive(Clone, Debug)]
pub struct Arrivals {
    random: SplitMix64,
    mean_nanos: f64,
    at: f64,
    burst: Option<Stretch>,
}

/// A stretch of time with a rate of its own, in nanoseconds since the run began.
#[derive(Clone, Debug)]
struct Stretch {
    mean_nanos: f64,
    from: f64,
    until: f64,
}

impl Arrivals {
    /// So many a second on average. Below one a year there is none.
    pub fn new(seed: u64, per_second: f64) -> Self {
        Self { random: SplitMix64::new(seed), mean_nanos: mean_nanos(per_second), at: 0.0, burst: None }
    }

    /// The same, but with another rate between two moments of the run.
    #[must_use]
    pub fn with_burst(mut self, per_second: f64, during: Range<Duration>) -> Self {
        let nanos = |moment: Duration| moment.as_nanos() as f64;
        let Range { start, end } = during;
        self.burst = Some(Stretch { mean_nanos: mean_nanos(per_second), from: nanos(start), until: nanos(end) });
        self
    }

    /// The mean gap at the moment, and until when it is that.
    fn now(&self) -> (f64, f64) {
        match &self.burst {
            Some(burst) if self.at < burst.from => (self.mean_nanos, burst.from),
            Some(burst) if self.at < burst.until => (burst.mean_nanos, burst.until),
            _ => (self.mean_nanos, f64::INFINITY),
        }
    }
}

fn mean_nanos(per_second: f64) -> f64 {
    NANOS / per_second.max(1e-8)
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        // 53 bits, and never 0: the logarithm of 0 has no end.
        let share = ((self.random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let mut gaps = -share.ln();
        loop {
            let (mean_nanos, until) = self.now();
            let next = self.at + gaps * mean_nanos;
            if next < until {
                self.at = next;
                return Some(self.at as u64);
            }
            gaps -= (until - self.at) / mean_nanos;
            self.at = until;
        }
    }
}

/// When what is due leaves: at once, or together with all that falls due within some time, when that is over.
#[derive(Clone, Debug)]
pub struct Departures {
    arrivals: Arrivals,
    /// In nanoseconds; what is not gathered leaves in its own.
    gather: u64,
}

/// A question that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// From when its time runs, in nanoseconds since the run began.
    pub due: u64,
    /// When it leaves.
    pub leaves: u64,
}

impl Departures {
    /// Departures of a process.
    pub fn new(arrivals: Arrivals, gather: Duration) -> Self {
        Self { arrivals, gather: (gather.as_nanos() as u64).max(1) }
    }
}

impl Iterator for Departures {
    type Item = Departure;

    fn next(&mut self) -> Option<Departure> {
        let due = self.arrivals.next()?;
        Some(Departure { due, leaves: due.checked_next_multiple_of(self.gather).unwrap_or(u64::MAX) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn gaps_are_exponential(seed in any::<u64>(), per_second in 1.0..1e7_f64) {
            const COUNT: usize = 20_000;
            let moments: Vec<u64> = Arrivals::new(seed, per_second).take(COUNT).collect();
            prop_assert!(moments.windows(2).all(|pair| pair[0] <= pair[1]));
            let mean = *moments.last().unwrap() as f64 / COUNT as f64;
            let asked = NANOS / per_second;
            prop_assert!((mean / asked - 1.0).abs() < 0.05, "mean {mean} of {asked}");
            // The standard deviation of an exponential distribution is its mean; that of even steps would be 0.
            let gaps = moments.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
            let variance = gaps.map(|gap| (gap - mean).powi(2)).sum::<f64>() / COUNT as f64;
            prop_assert!((variance.sqrt() / mean - 1.0).abs() < 0.1, "deviation {} of {mean}", variance.sqrt());
        }

        /// The count in a stretch varies as much as it is large: that is what makes queues.
        #[test]
        fn counts_vary_as_much_as_they_are(seed in any::<u64>()) {
            const STRETCH: u64 = 1_000_000;
            const MEAN: f64 = 50.0;
            let mut counts = vec![0_f64; 2000];
            for moment in Arrivals::new(seed, MEAN * NANOS / STRETCH as f64) {
                match counts.get_mut((moment / STRETCH) as usize) {
                    Some(count) => *count += 1.0,
                    None => break,
                }
            }
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64;
            prop_assert!((mean / MEAN - 1.0).abs() < 0.05, "{mean}");
            prop_assert!((variance / mean - 1.0).abs() < 0.25, "{variance} of {mean}");
        }
    }

    proptest! {
        /// What is gathered falls due at the same moments, leaves at the next multiple, and never before it is due.
        #[test]
        fn what_is_gathered_leaves_together(seed in any::<u64>(), per_second in 1e3..1e6_f64, micros in 0..2_000_u64) {
            const COUNT: usize = 2_000;
            let arrivals = Arrivals::new(seed, per_second);
            let gathered = Departures::new(arrivals.clone(), Duration::from_micros(micros));
            for (due, departure) in arrivals.take(COUNT).zip(gathered) {
                prop_assert_eq!(departure.due, due);
                let (waits, together) = (departure.leaves - due, micros * 1_000);
                if micros == 0 {
                    prop_assert_eq!(waits, 0);
                } else {
                    prop_assert!(waits < together && departure.leaves % together == 0, "{departure:?}");
                }
            }
        }
    }

    proptest! {
        /// Before, in and after a burst there are as many as its rates say, whichever is the higher one.
        #[test]
        fn a_burst_has_a_rate_of_its_own(seed in any::<u64>(), usual in 1e3..1e5_f64, other in 1e3..1e5_f64) {
            let second = Duration::from_secs(1);
            let mut counts = [0_f64; 3];
            for moment in Arrivals::new(seed, usual).with_burst(other, second..2 * second) {
                match counts.get_mut((moment / 1_000_000_000) as usize) {
                    Some(count) => *count += 1.0,
                    None => break,
                }
            }
            for (count, rate) in counts.into_iter().zip([usual, other, usual]) {
                prop_assert!((count - rate).abs() < 6.0 * rate.sqrt(), "{count} of {rate}");
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_moments_every_time() {
        let first: Vec<u64> = Arrivals::new(7, 1000.0).take(100).collect();
        assert_eq!(first, Arrivals::new(7, 1000.0).take(100).collect::<Vec<_>>());
        assert_ne!(first, Arrivals::new(8, 1000.0).take(100).collect::<Vec<_>>());
    }
}
