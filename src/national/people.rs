//! Subscribers of three operators, and which device each is paired with.
//!
//! Subscribers are numbered in the order of their IMSIs, pairings in the order of their devices; a shuffle leads from
//! one to the other. What always holds: every subscriber has one IMSI, one MSISDN and one pairing.

use super::random::{Shuffle, drawn};
use crate::{
    day::Day,
    identity::{Imsi, Msisdn},
    pairing::{Number, Pair, PairingKind},
};

/// An operator: name, network code, share of the subscriptions in millions, and the prefixes of its numbers.
struct Operator {
    name: &'static str,
    network: u64,
    millions: u64,
    prefixes: &'static [u64],
}

/// The three operators, in the order of their network codes; millions as of 2024.
const OPERATORS: [Operator; 3] = [
    Operator { name: "indosat", network: 51_001, millions: 95, prefixes: &[814, 815, 816, 855, 856, 857, 858] },
    Operator {
        name: "telkomsel",
        network: 51_010,
        millions: 159,
        prefixes: &[811, 812, 813, 821, 822, 823, 851, 852, 853],
    },
    Operator {
        name: "xlsmart",
        network: 51_011,
        millions: 83,
        prefixes: &[817, 818, 819, 831, 832, 833, 838, 859, 877, 878, 881, 882, 888],
    },
];
/// Their names.
pub(super) const OPERATOR_NAMES: [&str; 3] = [OPERATORS[0].name, OPERATORS[1].name, OPERATORS[2].name];

/// Subscriber parts of an IMSI: ten digits. Of a number behind its prefix: eight.
const MSINS: u64 = 10_000_000_000;
const PLACES: u64 = 100_000_000;
/// One in so many MSINs is in use, and one in so many numbers.
const MSIN_GAP_MAX: u64 = 12;
const NUMBER_GAP_MAX: u64 = 4;
/// Of so many paired devices one has two numbers: 5 %.
const TWO_IN: u64 = 20;
/// Which of them.
const TWO_AT: u64 = 7;

/// By what a pairing knows its subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Msisdn,
    Imsi,
    Both,
}

/// A pairing of the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pairing {
    /// The number by which it is known.
    pub(super) number: Number,
    /// The IMSI that came with an MSISDN.
    pub(super) imsi: Option<Imsi>,
    pub(super) kind: PairingKind,
    pub(super) until: Option<Day>,
    /// Its operator, by number.
    pub(super) operator: usize,
    /// Its subscriber.
    pub(super) subscriber: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct People {
    seed: u64,
    /// Pairings, and subscribers.
    pub(super) pairs: u64,
    devices: u64,
    /// Devices with a pairing.
    paired: u64,
    /// The first subscriber of each operator, and their number.
    firsts: [u64; 4],
    to_subscriber: Shuffle,
    /// From a subscriber of an operator to its number's place.
    to_number: [Shuffle; 3],
}

impl People {
    pub(super) const fn new(seed: u64, devices: u64, pairs: u64) -> Self {
        let paired = pairs / (TWO_IN + 1) * TWO_IN + paired_of_rest(pairs % (TWO_IN + 1));
        let all = OPERATORS[0].millions + OPERATORS[1].millions + OPERATORS[2].millions;
        let (first, second) = (OPERATORS[0].millions, OPERATORS[0].millions + OPERATORS[1].millions);
        let firsts = [0, pairs * first / all, pairs * second / all, pairs];
        let to_number = [
            Shuffle::new(seed ^ 0xa0, firsts[1] - firsts[0]),
            Shuffle::new(seed ^ 0xa1, firsts[2] - firsts[1]),
            Shuffle::new(seed ^ 0xa2, firsts[3] - firsts[2]),
        ];
        let to_subscriber = Shuffle::new(seed ^ 0x5b5, pairs);
        Self { seed, pairs, devices, paired, firsts, to_subscriber, to_number }
    }

    /// The subscribers of an operator.
    pub(super) fn of_operator(&self, operator: usize) -> std::ops::Range<u64> {
        self.firsts[operator]..self.firsts[operator + 1]
    }

    fn operator_of(&self, subscriber: u64) -> usize {
        usize::from(subscriber >= self.firsts[1]) + usize::from(subscriber >= self.firsts[2])
    }

    /// The SIM of a subscriber.
    pub(super) fn imsi(&self, subscriber: u64) -> Option<Imsi> {
        let operator = self.operator_of(subscriber);
        let gap = self.msin_gap(operator);
        let nth = subscriber - self.firsts[operator];
        let msin = nth * gap + drawn(self.seed ^ 0x1351, subscriber, gap);
        Imsi::from_number(OPERATORS[operator].network * MSINS + msin).ok()
    }

    /// The subscriber of a SIM.
    pub(super) fn of_imsi(&self, imsi: Imsi) -> Option<u64> {
        let number = imsi.to_string().parse::<u64>().ok()?;
        let operator = OPERATORS.iter().position(|operator| operator.network == number / MSINS)?;
        let subscriber = self.firsts[operator] + number % MSINS / self.msin_gap(operator);
        let own = self.of_operator(operator).contains(&subscriber);
        (own && self.imsi(subscriber) == Some(imsi)).then_some(subscriber)
    }

    fn msin_gap(&self, operator: usize) -> u64 {
        let count = self.firsts[operator + 1] - self.firsts[operator];
        (MSINS / count.max(1)).clamp(1, MSIN_GAP_MAX)
    }

    /// The number of a subscriber.
    pub(super) fn msisdn(&self, subscriber: u64) -> Option<Msisdn> {
        let operator = self.operator_of(subscriber);
        let place = self.to_number[operator].forth(subscriber - self.firsts[operator]);
        let prefixes = OPERATORS[operator].prefixes;
        let count = self.firsts[operator + 1] - self.firsts[operator];
        let each = count.div_ceil(prefixes.len() as u64).max(1);
        let gap = (PLACES / each).clamp(1, NUMBER_GAP_MAX);
        let prefix = *prefixes.get((place / each) as usize)?;
        let behind = place % each * gap + drawn(self.seed ^ 0x9b, subscriber, gap);
        Msisdn::from_national(prefix * PLACES + behind).ok()
    }

    /// The number of a tourist's local SIM: of a prefix that no subscriber has.
    pub(super) fn tourist_msisdn(rank: u64) -> Option<Msisdn> {
        Msisdn::from_national(895 * PLACES + rank % (5 * PLACES)).ok()
    }

    /// The rank of the n-th paired device. They lie all over the register.
    pub(super) fn rank_of_paired(&self, nth: u64) -> u64 {
        let (start, end) = (self.cell_start(nth), self.cell_start(nth + 1));
        start + drawn(self.seed ^ 0x9a1, nth, end - start)
    }

    fn cell_start(&self, nth: u64) -> u64 {
        (u128::from(nth) * u128::from(self.devices) / u128::from(self.paired.max(1))) as u64
    }

    /// Which paired device a rank is.
    fn paired_of_rank(&self, rank: u64) -> Option<u64> {
        if self.paired == 0 {
            return None;
        }
        let mut nth = (u128::from(rank) * u128::from(self.paired) / u128::from(self.devices.max(1))) as u64;
        while self.cell_start(nth + 1) <= rank {
            nth += 1;
        }
        (nth < self.paired && self.rank_of_paired(nth) == rank).then_some(nth)
    }

    /// The pairings of a device, by number.
    pub(super) fn pairings_of_rank(&self, rank: u64) -> std::ops::Range<u64> {
        let Some(nth) = self.paired_of_rank(rank) else { return 0..0 };
        let first = Self::first_pairing_of(nth);
        first..first + 1 + u64::from(nth % TWO_IN == TWO_AT && first + 1 < self.pairs)
    }

    /// The pairings of a stretch of devices; those of one device come one behind the other.
    pub(super) fn pairings_within(&self, ranks: &std::ops::Range<u64>) -> std::ops::Range<u64> {
        self.first_pairing_from(ranks.start)..self.first_pairing_from(ranks.end)
    }

    /// The first pairing of a device of this rank or above.
    fn first_pairing_from(&self, rank: u64) -> u64 {
        if rank >= self.devices || self.paired == 0 {
            return self.pairs;
        }
        let mut nth = (u128::from(rank) * u128::from(self.paired) / u128::from(self.devices)) as u64;
        nth = nth.saturating_sub(1);
        while nth < self.paired && self.rank_of_paired(nth) < rank {
            nth += 1;
        }
        if nth == self.paired { self.pairs } else { Self::first_pairing_of(nth) }
    }

    const fn first_pairing_of(nth: u64) -> u64 {
        let (twenty, rest) = (nth / TWO_IN, nth % TWO_IN);
        twenty * (TWO_IN + 1) + rest + if rest > TWO_AT { 1 } else { 0 }
    }

    /// The rank of the device of a pairing.
    pub(super) fn rank_of_pairing(&self, pairing: u64) -> u64 {
        let (group, rest) = (pairing / (TWO_IN + 1), pairing % (TWO_IN + 1));
        self.rank_of_paired(group * TWO_IN + rest - u64::from(rest > TWO_AT))
    }

    /// The subscriber of a pairing.
    pub(super) const fn subscriber_of(&self, pairing: u64) -> u64 {
        self.to_subscriber.forth(pairing)
    }

    /// The pairing of a subscriber.
    #[cfg(test)]
    pub(super) const fn pairing_of(&self, subscriber: u64) -> u64 {
        self.to_subscriber.back(subscriber)
    }

    /// A pairing. 60 % are by MSISDN, 20 % by IMSI only, 20 % by both; 1 % have an end, some of them behind them; 2 %
    /// are bindings.
    pub(super) fn pairing(&self, pairing: u64) -> Option<Pairing> {
        let subscriber = self.subscriber_of(pairing);
        let (msisdn, imsi) = (self.msisdn(subscriber)?, self.imsi(subscriber)?);
        let by = match drawn(self.seed ^ 0xb1, pairing, 10) {
            0 | 1 => By::Imsi,
            2 | 3 => By::Both,
            _ => By::Msisdn,
        };
        let (number, imsi) = match by {
            By::Msisdn => (msisdn.into(), None),
            By::Imsi => (imsi.into(), None),
            By::Both => (msisdn.into(), Some(imsi)),
        };
        let kind = match drawn(self.seed ^ 0xb2, pairing, 50) {
            0 => PairingKind::Binding,
            _ => PairingKind::Allowance,
        };
        let dated = drawn(self.seed ^ 0xb3, pairing, 100) == 0;
        let until = dated.then(|| super::day(drawn(self.seed ^ 0xb4, pairing, 730) as i64 - 365)).flatten();
        Some(Pairing { number, imsi, kind, until, operator: self.operator_of(subscriber), subscriber })
    }
}

impl Pairing {
    /// As the hot sets hold it.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Pair> {
        let make = |number: Number| match self.kind {
            PairingKind::Allowance => Pair::allowance(number),
            // An operator's binding binds the listings of visitors.
            PairingKind::Binding => Pair::binding(number, crate::listing::Door::OperatorTourist),
        };
        let first = make(self.number).with_until(self.until);
        let second = self.imsi.map(|imsi| make(imsi.into()).with_until(self.until).with_second(true));
        std::iter::once(first).chain(second)
    }
}

/// Devices that so few pairings have.
const fn paired_of_rest(rest: u64) -> u64 {
    rest - if rest > TWO_AT + 1 { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        #[test]
        fn people_and_devices_lead_to_each_other(seed in any::<u64>(), devices in 1_u64..3000, share in 0_u64..=100) {
            let pairs = devices * share / 100;
            let people = People::new(seed, devices, pairs);
            let mut found = Vec::new();
            for rank in 0..devices {
                for pairing in people.pairings_of_rank(rank) {
                    prop_assert_eq!(people.rank_of_pairing(pairing), rank);
                    found.push(pairing);
                }
            }
            prop_assert!(found.into_iter().eq(0..pairs));
            for middle in [0, devices / 3, devices / 2, devices] {
                let (before, behind) = (people.pairings_within(&(0..middle)), people.pairings_within(&(middle..devices)));
                prop_assert_eq!((before.start, before.end, behind.end), (0, behind.start, pairs));
                prop_assert!(before.clone().all(|pairing| people.rank_of_pairing(pairing) < middle));
                prop_assert!(behind.clone().all(|pairing| people.rank_of_pairing(pairing) >= middle));
            }
            let mut imsis = BTreeSet::new();
            let mut last = None;
            let mut numbers = BTreeSet::new();
            for subscriber in 0..pairs {
                let imsi = people.imsi(subscriber).unwrap();
                prop_assert_eq!(people.of_imsi(imsi), Some(subscriber));
                prop_assert!(last < Some(imsi.packed()));
                last = Some(imsi.packed());
                imsis.insert(imsi);
                numbers.insert(people.msisdn(subscriber).unwrap());
                prop_assert_eq!(people.subscriber_of(people.pairing_of(subscriber)), subscriber);
            }
            prop_assert_eq!((imsis.len() as u64, numbers.len() as u64), (pairs, pairs));
        }
    }
}
