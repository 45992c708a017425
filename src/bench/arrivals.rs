//! When questions are due: a Poisson process, as many independent subscribers make one.
//!
//! Gaps are drawn from the exponential distribution whatever the server does (open loop). Several threads that each take
//! their share of the rate make the same process again, because the sum of Poisson processes is one.

use crate::sample::SplitMix64;

const NANOS: f64 = 1e9;

/// Moments in nanoseconds since the run began, ascending for ever.
#[derive(Clone, Debug)]
pub struct Arrivals {
    random: SplitMix64,
    mean_nanos: f64,
    at: f64,
}

impl Arrivals {
    /// So many a second on average. Below one a year there is none.
    pub fn new(seed: u64, per_second: f64) -> Self {
        Self { random: SplitMix64::new(seed), mean_nanos: NANOS / per_second.max(1e-8), at: 0.0 }
    }
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        // 53 bits, and never 0: the logarithm of 0 has no end.
        let share = ((self.random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        self.at -= share.ln() * self.mean_nanos;
        Some(self.at as u64)
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

    #[test]
    fn a_seed_gives_the_same_moments_every_time() {
        let first: Vec<u64> = Arrivals::new(7, 1000.0).take(100).collect();
        assert_eq!(first, Arrivals::new(7, 1000.0).take(100).collect::<Vec<_>>());
        assert_ne!(first, Arrivals::new(8, 1000.0).take(100).collect::<Vec<_>>());
    }
}
