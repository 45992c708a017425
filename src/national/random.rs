//! Chance without order: what is drawn for one thing does not depend on what was drawn before.

use crate::sample::SplitMix64;

/// The draws for one thing.
pub(super) struct Dice(SplitMix64);

impl Dice {
    /// The dice of the n-th thing of a seed.
    pub(super) const fn new(seed: u64, nth: u64) -> Self {
        Self(SplitMix64::new(mixed(seed, nth)))
    }

    /// A number below `limit`; 0 when `limit` is 0.
    pub(super) const fn below(&mut self, limit: u32) -> u32 {
        self.0.below(limit as u64) as u32
    }

    /// A number below `limit`; 0 when `limit` is 0.
    pub(super) const fn below_u64(&mut self, limit: u64) -> u64 {
        self.0.below(limit)
    }
}

/// 64 bits for the n-th thing of a seed.
pub(super) const fn mixed(seed: u64, nth: u64) -> u64 {
    SplitMix64::new(seed ^ nth.wrapping_mul(0xd605_1f4b_8a5e_9c71)).next_u64()
}

/// A number below `limit` for the n-th thing of a seed.
pub(super) const fn drawn(seed: u64, nth: u64, limit: u64) -> u64 {
    ((mixed(seed, nth) as u128 * limit as u128) >> 64) as u64
}

/// A shuffle of the numbers below a limit: each goes to a place of its own.
///
/// A Feistel network over two digits of the root of the limit; what falls beyond the limit walks on until it does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shuffle {
    limit: u64,
    side: u64,
    seed: u64,
}

impl Shuffle {
    const ROUNDS: u64 = 4;

    /// The shuffle of the numbers below `limit`.
    pub(super) const fn new(seed: u64, limit: u64) -> Self {
        let root = limit.isqrt();
        Self { limit, side: if root * root < limit { root + 1 } else { root }, seed }
    }

    /// Where a number goes. A number that is not below the limit stays.
    pub(super) const fn forth(&self, number: u64) -> u64 {
        if number >= self.limit {
            return number;
        }
        let mut number = number;
        loop {
            let (mut left, mut right) = (number / self.side, number % self.side);
            let mut round = 0;
            while round < Self::ROUNDS {
                let next = (left + drawn(self.seed ^ round, right, self.side)) % self.side;
                (left, right) = (right, next);
                round += 1;
            }
            number = left * self.side + right;
            if number < self.limit {
                return number;
            }
        }
    }

    /// Where a number came from.
    #[cfg(test)]
    pub(super) const fn back(&self, number: u64) -> u64 {
        if number >= self.limit {
            return number;
        }
        let mut number = number;
        loop {
            let (mut left, mut right) = (number / self.side, number % self.side);
            let mut round = Self::ROUNDS;
            while round > 0 {
                round -= 1;
                let before = (right + self.side - drawn(self.seed ^ round, left, self.side)) % self.side;
                (left, right) = (before, left);
            }
            number = left * self.side + right;
            if number < self.limit {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_shuffle_leads_back(seed in any::<u64>(), limit in 1_u64..5000) {
            let shuffle = Shuffle::new(seed, limit);
            let mut all: Vec<u64> = (0..limit).map(|number| shuffle.forth(number)).collect();
            prop_assert!((0..limit).all(|number| shuffle.back(all[number as usize]) == number));
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..limit));
        }
    }

    #[test]
    fn a_shuffle_scatters_neighbours() {
        let shuffle = Shuffle::new(1, 350_000_000);
        let near = (0..1000).filter(|n| shuffle.forth(*n).abs_diff(shuffle.forth(*n + 1)) < 1_000_000).count();
        assert!(near < 20, "{near}");
    }
}
