//! Devices that are looked at one by one, by their shape.
//!
//! A national register has hundreds of millions of pairs. What a device with marks or pairs of its own is answered does
//! not depend on which numbers these name, only on what they are: which of them are the same, and which number a SIM
//! has, where that can matter. So a device is answered once for each shape, without and with each of its numbers, and
//! the subscriber map is asked only where MSISDN and IMSI can meet and one of the numbers that a SIM might have changes an
//! answer.
//! What always holds: devices of one shape are answered alike, because a shape has all that a decision reads.

use super::decided::{Decided, Decider, Hits, Plain, Scene, Side};
use crate::{
    day::Day,
    hot::PageView,
    identity::{Imsi, Msisdn},
    listing::{Class, Mark},
    page::PageContent,
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
/// So many combinations of numbers that SIMs might have are tried at most.
const NUMBERS_TRIED_MAX: usize = 64;

/// What devices of one shape are answered, where that changes.
#[derive(Debug)]
pub(super) struct Judged {
    /// Before and after.
    pub(super) decided: [Arc<Decided>; 2],
    /// How many numbers of one device are hit, by policy.
    pub(super) hits: Vec<Hits>,
}

/// What is known of a shape.
#[derive(Clone, Debug)]
enum Known {
    /// Nothing changes.
    Same,
    Changed(Arc<Judged>),
    /// That depends on the numbers of its SIMs.
    Depends,
}

impl Known {
    fn of(judged: Option<Judged>) -> Self {
        judged.map_or(Self::Same, |judged| Self::Changed(Arc::new(judged)))
    }
}

/// Judges shapes, and remembers. One a thread.
#[derive(Default)]
pub(super) struct Judge {
    known: HashMap<Box<[u64]>, Known>,
    /// The newest shape: neighbours are often alike.
    last: Option<(Vec<u64>, Known)>,
    shape: Vec<u64>,
    numbers: Vec<Number>,
    /// SIMs whose numbers belong to the shape.
    open: Vec<Imsi>,
    ends: Vec<u16>,
}

impl Judge {
    /// What a device is answered, where that changes; `plain` is what it is before and after.
    pub(super) fn judged(
        &mut self,
        decider: &mut Decider<'_>,
        plain: [Plain; 2],
        singles: &Singles,
    ) -> Option<Arc<Judged>> {
        let scene = decider.scene();
        let of_sim = |imsi| scene.msisdn_of(imsi);
        if singles.values() > KEPT_VALUES_MAX {
            return judge(decider, plain, singles, &of_sim).map(Arc::new);
        }
        self.write_shape(scene, plain, singles);
        let mut known = self.look_up(|open, met| match open {
            [] => Known::of(judge(decider, plain, singles, &of_sim)),
            _ if is_same_anyway(decider, plain, singles, open, met) => Known::Same,
            _ => Known::Depends,
        });
        if matches!(known, Known::Depends) {
            let Self { shape, numbers, open, .. } = self;
            shape.extend(open.iter().map(|imsi| match scene.msisdn_of(*imsi) {
                None => 0,
                Some(msisdn) => {
                    let met = numbers.iter().position(|number| *number == Number::from(msisdn));
                    met.map_or(1, |met| 2 + met as u64)
                }
            }));
            known = self.look_up(|_, _| Known::of(judge(decider, plain, singles, &of_sim)));
        }
        match known {
            Known::Changed(judged) => Some(judged),
            Known::Same | Known::Depends => None,
        }
    }

    /// What is known of the shape that was written; `find` finds it out, by the SIMs whose numbers belong to it and the
    /// numbers of the device.
    fn look_up(&mut self, find: impl FnOnce(&[Imsi], &[Number]) -> Known) -> Known {
        if let Some((_, known)) = self.last.as_ref().filter(|(shape, _)| *shape == self.shape) {
            return known.clone();
        }
        let known = match self.known.get(self.shape.as_slice()) {
            Some(known) => known.clone(),
            None => {
                if self.known.len() >= KEPT_MAX {
                    self.known.clear();
                }
                let known = find(&self.open, &self.numbers);
                self.known.insert(self.shape.as_slice().into(), known.clone());
                known
            }
        };
        match &mut self.last {
            Some((shape, last)) => {
                shape.clone_from(&self.shape);
                last.clone_from(&known);
            }
            None => self.last = Some((self.shape.clone(), known.clone())),
        }
        known
    }

    /// Writes all that a decision reads of a device, but for the numbers of its SIMs. Numbers are told by what they are
    /// and by the first place where they stand.
    fn write_shape(&mut self, scene: &Scene<'_>, plain: [Plain; 2], singles: &Singles) {
        let Self { shape, numbers, open, ends, .. } = self;
        shape.clear();
        numbers.clear();
        open.clear();
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
        let untils = singles.told().iter().flat_map(|side| {
            let marks = side.marks.iter().filter_map(|mark| mark.until());
            marks.chain(side.pairs.iter().filter_map(|pair| pair.until())).map(|until| Day::to_stored(Some(until)))
        });
        ends.extend(untils);
        ends.sort_unstable();
        ends.dedup();
        let end = |until: Option<Day>| {
            let Some(until) = until.map(|until| Day::to_stored(Some(until))) else { return 0 };
            let rank = ends.binary_search(&until).unwrap_or_default() as u64;
            1 + u64::from(until >= today) + 2 * rank
        };
        // A SIM whose number may meet one that the device has, or hides the second number of a pairing.
        let (mut has_msisdn, mut has_second) = (false, false);
        let mut meets = |number: Number| has_msisdn |= matches!(number.kind(), NumberKind::Msisdn(_));
        shape.push(plain[0].code() << 32 | plain[1].code());
        for side in singles.told() {
            shape.push((side.marks.len() as u64) << 32 | side.pairs.len() as u64);
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
        for number in numbers {
            shape.push(match number.kind() {
                NumberKind::Msisdn(msisdn) => u64::from(msisdn.is_indonesian()),
                NumberKind::Imsi(imsi) => {
                    let is_open = (has_msisdn || has_second) && singles.is_asked_or_first(*number);
                    if is_open {
                        open.push(imsi);
                    }
                    2 | u64::from(imsi.is_indonesian()) | u64::from(is_open) << 2
                }
            });
        }
    }
}

/// Whether nothing changes, whichever numbers some SIMs have: none, one that the device has, or another.
fn is_same_anyway(
    decider: &mut Decider<'_>,
    plain: [Plain; 2],
    singles: &Singles,
    open: &[Imsi],
    numbers: &[Number],
) -> bool {
    let met: Vec<Msisdn> = numbers
        .iter()
        .filter_map(|number| match number.kind() {
            NumberKind::Msisdn(msisdn) => Some(msisdn),
            NumberKind::Imsi(_) => None,
        })
        .collect();
    let mut others = (81_100_000_000..).filter_map(|national| Msisdn::from_national(national).ok());
    let choices: Vec<Option<Msisdn>> =
        met.iter().copied().map(Some).chain([None, others.find(|other| !met.contains(other))]).collect();
    let combinations = u32::try_from(open.len()).ok().and_then(|open| choices.len().checked_pow(open));
    let Some(combinations) = combinations.filter(|all| *all <= NUMBERS_TRIED_MAX) else { return false };
    (0..combinations).all(|which| {
        let of_sim = |imsi| {
            let at = open.iter().position(|open| *open == imsi)?;
            *choices.get(which / choices.len().pow(at as u32) % choices.len())?
        };
        judge(decider, plain, singles, &of_sim).is_none()
    })
}

/// Decides for a device itself. `None`: nothing changes. `of_sim`: the number of a SIM.
fn judge(
    decider: &mut Decider<'_>,
    plain: [Plain; 2],
    singles: &Singles,
    of_sim: &dyn Fn(Imsi) -> Option<Msisdn>,
) -> Option<Judged> {
    let scene = decider.scene();
    let [before, after] = singles.sides();
    let decided = [
        decider.decided(Side::Before, plain[0], &before.marks, &before.pairs),
        decider.decided(Side::After, plain[1], &after.marks, &after.pairs),
    ];
    let mut hits = scene.no_hits();
    let mut is_changed = !decided[0].is_answered_as(&decided[1]);
    for number in singles.numbers(scene.today()) {
        let asked = |side: Side, of: &SingleSide| {
            let plain = plain[side as usize];
            let evidence = plain.evidence(&of.marks, Pairs::in_full(&of.pairs));
            scene.asked_with(number, side, &evidence, plain.test_tac, of_sim)
        };
        let (now, then) = (asked(Side::Before, before), asked(Side::After, after));
        for (hits, (from, to)) in hits.iter_mut().zip(now.iter().zip(&then)) {
            hits.count(*from, *to, 1);
            is_changed |= from != to;
        }
    }
    is_changed.then_some(Judged { decided, hits })
}

/// Marks and pairs of one device on one side.
#[derive(Default)]
struct SingleSide {
    marks: Vec<Mark>,
    pairs: Vec<Pair>,
}

/// Marks and pairs of one device before and after.
#[derive(Default)]
pub(super) struct Singles {
    sides: [SingleSide; 2],
    /// The first side is the second one too.
    is_same: bool,
}

impl Singles {
    /// Takes a device of a page before and after.
    pub(super) fn take(&mut self, contents: [&PageContent; 2], place: u16) {
        self.is_same = false;
        for (side, content) in self.sides.iter_mut().zip(contents) {
            take(&content.marks, place, &mut side.marks);
            take(&content.pairs, place, &mut side.pairs);
        }
    }

    /// Takes a device of a page that stays as it is.
    pub(super) fn take_same(&mut self, view: &PageView<'_>, place: u16) {
        self.is_same = true;
        let [side, _] = &mut self.sides;
        side.marks.clear();
        side.marks.extend(view.marks(place));
        side.pairs.clear();
        side.pairs.extend(view.pairs(place).iter());
    }

    fn sides(&self) -> [&SingleSide; 2] {
        let [before, after] = &self.sides;
        [before, if self.is_same { before } else { after }]
    }

    /// The sides that differ.
    fn told(&self) -> &[SingleSide] {
        self.sides.get(..if self.is_same { 1 } else { 2 }).unwrap_or(&[])
    }

    /// Marks and pairs of both sides.
    fn values(&self) -> usize {
        self.told().iter().map(|side| side.marks.len() + side.pairs.len()).sum()
    }

    /// The numbers that the device is paired with, or bound to or seen with by a listing that has not ended, on
    /// either side.
    fn numbers(&self, today: Day) -> BTreeSet<Number> {
        let is_listing = |mark: &&Mark| matches!(mark.class, Class::Registered | Class::Grandfathered);
        let of_side = |side: &SingleSide| {
            let marks = side.marks.iter().filter(is_listing).filter(|mark| mark.is_current(today));
            let pairs = side.pairs.iter().filter(|pair| pair.is_current(today) && !pair.second);
            marks.filter_map(|mark| mark.number).chain(pairs.map(|pair| pair.number)).collect::<Vec<_>>()
        };
        self.told().iter().flat_map(of_side).collect()
    }

    /// Whether it is asked with a number, or a question by MSISDN may meet it: its mark or pair need not be current.
    fn is_asked_or_first(&self, number: Number) -> bool {
        self.told().iter().any(|side| {
            side.marks.iter().any(|mark| mark.number == Some(number))
                || side.pairs.iter().any(|pair| pair.number == number && !pair.second)
        })
    }
}

/// The values of a place; they are sorted.
fn take<T: Copy>(of: &[(u16, T)], place: u16, into: &mut Vec<T>) {
    into.clear();
    let rest = of.get(of.partition_point(|(at, _)| *at < place)..).unwrap_or(&[]);
    into.extend(rest.iter().take_while(|(at, _)| *at == place).map(|(_, value)| *value));
}
