//! Devices that are looked at one by one, by their shape.
//!
//! A national register has hundreds of millions of pairs. What a device with marks or pairs of its own is answered does
//! not depend on which numbers these name, only on what they are: which of them are the same, and which number a SIM
//! has, where that can matter. So a device is answered once for each shape, without and with each of its numbers, and
//! the subscriber map is asked for those only where MSISDN and IMSI can meet.
//! What always holds: devices of one shape are answered alike, because a shape has all that a decision reads.

use super::decided::{Decided, Decider, Hits, Plain, Scene, Side};
use crate::{
    day::Day,
    listing::{Class, Mark},
    page::{PAGE_SERIALS, PageContent},
    pairing::{Number, NumberKind, Pair, Pairs},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// Shapes that are kept at most.
const KEPT_MAX: usize = 1 << 16;
/// Marks and pairs of a shape that is kept. A cloned device may have thousands: no other is like it.
const KEPT_VALUES_MAX: usize = 16;

/// Stands for the number of a mark that has none.
const NO_NUMBER: u64 = (1 << 14) - 1;

/// What devices of one shape are answered.
#[derive(Debug)]
pub(super) struct Judged {
    /// Before and after.
    pub(super) decided: [Arc<Decided>; 2],
    /// How many numbers of one device are hit, by policy.
    pub(super) hits: Vec<Hits>,
    /// Whether any answer is another.
    pub(super) is_changed: bool,
}

/// Judges shapes, and remembers. One a thread.
#[derive(Default)]
pub(super) struct Judge {
    known: HashMap<Box<[u64]>, Arc<Judged>>,
    /// The newest shape: neighbours are often alike.
    last: Option<(Vec<u64>, Arc<Judged>)>,
    shape: Vec<u64>,
    numbers: Vec<Number>,
    ends: Vec<u16>,
}

impl Judge {
    /// What a device is answered; `plain` is what it is before and after.
    pub(super) fn judged(
        &mut self,
        decider: &mut Decider<'_>,
        plain: [Plain; 2],
        singles: &Singles<'_>,
    ) -> Arc<Judged> {
        if singles.values() > KEPT_VALUES_MAX {
            return Arc::new(judge(decider, plain, singles));
        }
        self.write_shape(decider.scene(), plain, singles);
        if let Some((_, judged)) = self.last.as_ref().filter(|(shape, _)| *shape == self.shape) {
            return Arc::clone(judged);
        }
        let judged = match self.known.get(self.shape.as_slice()) {
            Some(known) => Arc::clone(known),
            None => {
                if self.known.len() >= KEPT_MAX {
                    self.known.clear();
                }
                let judged = Arc::new(judge(decider, plain, singles));
                self.known.insert(self.shape.as_slice().into(), Arc::clone(&judged));
                judged
            }
        };
        match &mut self.last {
            Some((shape, last)) => {
                shape.clone_from(&self.shape);
                *last = Arc::clone(&judged);
            }
            None => self.last = Some((self.shape.clone(), Arc::clone(&judged))),
        }
        judged
    }

    /// Writes all that a decision reads of a device. Numbers are told by what they are and by the first place where
    /// they stand.
    fn write_shape(&mut self, scene: &Scene<'_>, plain: [Plain; 2], singles: &Singles<'_>) {
        let Self { shape, numbers, ends, .. } = self;
        shape.clear();
        numbers.clear();
        let mut name = |number: Number| {
            let known = numbers.iter().position(|known| *known == number);
            known.unwrap_or_else(|| {
                numbers.push(number);
                numbers.len() - 1
            }) as u64
        };
        // Of an end only what a decision reads: whether there is one, whether it is over, and which comes first.
        ends.clear();
        let today = Day::to_stored(Some(scene.today()));
        let untils = singles.sides.iter().flat_map(|side| {
            let marks = side.marks.iter().map(|mark| mark.until());
            marks.chain(side.pairs.iter().map(|pair| pair.until())).map(Day::to_stored)
        });
        ends.extend(untils);
        ends.sort_unstable();
        ends.dedup();
        let end = |until: Option<Day>| {
            let stored = Day::to_stored(until);
            let rank = ends.binary_search(&stored).unwrap_or_default() as u64;
            until.map_or(0, |_| 1 + u64::from(stored >= today) + 2 * rank)
        };
        // A SIM whose number may meet one that the device has, or hides the second number of a pairing.
        let (mut has_msisdn, mut has_second) = (false, false);
        let mut meets = |number: Number| has_msisdn |= matches!(number.kind(), NumberKind::Msisdn(_));
        for (plain, side) in plain.into_iter().zip(&singles.sides) {
            shape.push(plain.code() | (side.marks.len() as u64) << 32 | (side.pairs.len() as u64) << 40);
            for mark in &side.marks {
                mark.number.into_iter().for_each(&mut meets);
                let days = end(mark.until()) << 16 | u64::from(Day::to_stored(mark.since()));
                let coded = u64::from(mark.class.code()) << 9 | u64::from(mark.door.code()) << 1;
                shape.push(
                    mark.number.map_or(NO_NUMBER, &mut name) << 50 | days << 18 | coded | u64::from(mark.suspended),
                );
            }
            for pair in &side.pairs {
                meets(pair.number);
                has_second |= pair.second;
                let coded = (pair.kind as u64) << 9 | u64::from(pair.door.code()) << 1 | u64::from(pair.second);
                shape.push(name(pair.number) << 50 | end(pair.until()) << 18 | coded);
            }
        }
        for at in 0..numbers.len() {
            let Some(number) = numbers.get(at) else { continue };
            shape.push(match number.kind() {
                NumberKind::Msisdn(msisdn) => u64::from(msisdn.is_indonesian()),
                NumberKind::Imsi(imsi) => {
                    let met = (has_msisdn || has_second) && singles.is_asked_or_first(*number);
                    let known = met.then(|| scene.msisdn_of(imsi)).map(|msisdn| match msisdn {
                        None => 1,
                        Some(msisdn) => {
                            let met = numbers.iter().position(|known| *known == Number::from(msisdn));
                            met.map_or(2, |met| 3 + met as u64)
                        }
                    });
                    2 | u64::from(imsi.is_indonesian()) | known.unwrap_or(0) << 2
                }
            });
        }
    }
}

/// Decides for a device itself.
fn judge(decider: &mut Decider<'_>, plain: [Plain; 2], singles: &Singles<'_>) -> Judged {
    let scene = decider.scene();
    let [before, after] = &singles.sides;
    let decided = [
        decider.decided(Side::Before, plain[0], &before.marks, &before.pairs),
        decider.decided(Side::After, plain[1], &after.marks, &after.pairs),
    ];
    let mut hits = scene.no_hits();
    let mut is_changed = decided[0].outcomes.iter().zip(&decided[1].outcomes).any(|((from, _), (to, _))| from != to);
    for number in singles.numbers(scene.today()) {
        let asked = |side: Side| {
            let SingleSide { marks, pairs, .. } = &singles.sides[side as usize];
            let plain = plain[side as usize];
            let evidence = plain.evidence(marks, Pairs { plain: &[], others: pairs });
            scene.asked_with(number, side, &evidence, plain.test_tac)
        };
        for (hits, (from, to)) in hits.iter_mut().zip(asked(Side::Before).iter().zip(&asked(Side::After))) {
            hits.count(*from, *to, 1);
            is_changed |= from != to;
        }
    }
    Judged { decided, hits, is_changed }
}

/// Marks and pairs of one device on one side.
struct SingleSide<'a> {
    content: &'a PageContent,
    next: [usize; 2],
    marks: Vec<Mark>,
    pairs: Vec<Pair>,
}

/// Devices of a page one after the other, ascending.
pub(super) struct Singles<'a> {
    sides: [SingleSide<'a>; 2],
}

impl<'a> Singles<'a> {
    pub(super) fn new(contents: [&'a PageContent; 2]) -> Self {
        let side = |content| SingleSide { content, next: [0; 2], marks: Vec::new(), pairs: Vec::new() };
        Self { sides: contents.map(side) }
    }

    pub(super) fn go_to(&mut self, place: u16) {
        debug_assert!(u32::from(place) < PAGE_SERIALS);
        for side in &mut self.sides {
            take(&side.content.marks, &mut side.next[0], place, &mut side.marks);
            take(&side.content.pairs, &mut side.next[1], place, &mut side.pairs);
        }
    }

    /// Marks and pairs of both sides.
    fn values(&self) -> usize {
        self.sides.iter().map(|side| side.marks.len() + side.pairs.len()).sum()
    }

    /// The numbers that the device is paired with, or bound to or seen with by a listing that has not ended, on
    /// either side.
    fn numbers(&self, today: Day) -> BTreeSet<Number> {
        let is_listing = |mark: &&Mark| matches!(mark.class, Class::Registered | Class::Grandfathered);
        let of_side = |side: &SingleSide<'_>| {
            let marks = side.marks.iter().filter(is_listing).filter(|mark| mark.is_current(today));
            let pairs = side.pairs.iter().filter(|pair| pair.is_current(today) && !pair.second);
            marks.filter_map(|mark| mark.number).chain(pairs.map(|pair| pair.number)).collect::<Vec<_>>()
        };
        self.sides.iter().flat_map(of_side).collect()
    }

    /// Whether it is asked with a number, or a question by MSISDN may meet it: its mark or pair need not be current.
    fn is_asked_or_first(&self, number: Number) -> bool {
        self.sides.iter().any(|side| {
            side.marks.iter().any(|mark| mark.number == Some(number))
                || side.pairs.iter().any(|pair| pair.number == number && !pair.second)
        })
    }
}

/// The values of a place; places are asked for in ascending order.
fn take<T: Copy>(of: &[(u16, T)], next: &mut usize, place: u16, into: &mut Vec<T>) {
    into.clear();
    let rest = of.get(*next..).unwrap_or(&[]);
    let skipped = rest.iter().take_while(|(at, _)| *at < place).count();
    into.extend(rest.iter().skip(skipped).take_while(|(at, _)| *at == place).map(|(_, value)| *value));
    *next += skipped + into.len();
}
