//! Counting: one page before and after, group by group of equal evidence.
//!
//! Devices that are no more than bits fall into the few groups that the sets of the page form, before and after;
//! each group is decided once and counted by its bits. Those with marks or pairs of their own are looked at one by one.
//! What always holds: each device that the page knows, before or after, is in one group or looked at by itself.

use super::{
    Outcome,
    decided::{Decided, Decider, Hits, Plain, Scene, Side},
    digest::{PagesHasher, TacDigest},
    spread::Spread,
};
use crate::{
    digest,
    identity::Tac,
    listing::{Class, Door, Mark, TacRule},
    page::{PAGE_SERIALS, PageBits, PageContent, PageId},
    pairing::{Number, NumberKind, Pair, Pairs},
};
use std::collections::BTreeSet;

/// What IMEIs that are counted together share, within a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Index of the policy.
    pub(super) policy: usize,
    pub(super) from: Outcome,
    pub(super) to: Outcome,
    pub(super) door: Option<Door>,
}

/// What was counted.
#[derive(Default)]
pub(super) struct Tally {
    /// Ascending by model.
    pub(super) counts: Vec<(Tac, Kind, u64)>,
    pub(super) imeis: u64,
    pub(super) numbers: Vec<Hits>,
    pub(super) spread: Spread,
    /// Ascending.
    pub(super) tacs: Vec<TacDigest>,
    pub(super) pages: u64,
}

impl Tally {
    /// Takes in what was counted of later models.
    pub(super) fn extend(&mut self, later: Self) {
        self.counts.extend(later.counts);
        self.imeis += later.imeis;
        self.numbers.iter_mut().zip(later.numbers).for_each(|(mine, theirs)| mine.add(theirs));
        self.spread.extend(later.spread);
        self.tacs.extend(later.tacs);
        self.pages += later.pages;
    }
}

/// One page before and after.
pub(super) struct PageChange<'a> {
    pub(super) id: PageId,
    pub(super) contents: [&'a PageContent; 2],
    /// Devices by door of the batches that take states, in the order of doors. `None`: the listing that decides tells.
    pub(super) doors: Option<&'a [(Door, PageBits)]>,
}

/// Counts pages, ascending. One a thread.
pub(super) struct Counter<'a> {
    decider: Decider<'a>,
    tally: Tally,
    /// The model that is being counted.
    tac: Option<Tac>,
    rules: [TacRule; 2],
    counts: Vec<(Kind, u64)>,
    hasher: PagesHasher,
    /// Pages count only where something changes.
    only_changed: bool,
}

impl<'a> Counter<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, only_changed: bool) -> Self {
        Self {
            decider: Decider::new(scene),
            tally: Tally { numbers: scene.no_hits(), ..Tally::default() },
            tac: None,
            rules: [TacRule::default(); 2],
            counts: Vec::new(),
            hasher: PagesHasher::default(),
            only_changed,
        }
    }

    /// Begins a model; `next` is its rule after the change, where that is another.
    pub(super) fn begin(&mut self, tac: Tac, next: Option<TacRule>) {
        if self.tac == Some(tac) {
            return;
        }
        self.end_tac();
        let rule = self.decider.scene().hot().tac_rule(tac);
        self.tac = Some(tac);
        self.rules = [rule, next.unwrap_or(rule)];
    }

    fn end_tac(&mut self) {
        let hasher = std::mem::take(&mut self.hasher);
        if let Some(tac) = self.tac.take() {
            self.tally.counts.extend(self.counts.drain(..).map(|(kind, imeis)| (tac, kind, imeis)));
            if hasher.count > 0 {
                self.tally.pages += hasher.count;
                self.tally.tacs.push(TacDigest { tac, rules: self.rules, pages: hasher.finish() });
            }
        }
    }

    pub(super) fn finish(mut self) -> Tally {
        self.end_tac();
        self.tally
    }

    /// Counts a page of the model that was begun.
    pub(super) fn page(&mut self, page: &PageChange<'_>) {
        let [before, after] = page.contents;
        let (apart, paired) = apart_and_paired(before, after);
        let mut changed = PageBits::EMPTY;
        let mut rest = PageBits::EMPTY;
        for set in [before, after].iter().flat_map(|c| [&c.registered, &c.grandfathered, &c.suspended]) {
            rest.union(set);
        }
        rest.union(&paired);
        rest.subtract(&apart);
        let planes = [
            &before.registered,
            &before.grandfathered,
            &before.suspended,
            &after.registered,
            &after.grandfathered,
            &after.suspended,
            &paired,
        ];
        self.split(page, rest, &planes, 1, &mut changed);
        let mut singles = Singles::new(page.contents);
        for place in apart.iter() {
            singles.go_to(place);
            self.single(page, place, &singles, &mut changed);
        }
        let is_changed = !changed.is_empty();
        if is_changed {
            self.tally.imeis += u64::from(changed.count());
            self.tally.spread.take(page.id, &changed);
        }
        if is_changed || !self.only_changed {
            let first = digest::of_page(page.id, before);
            let same = std::ptr::eq(before, after);
            self.hasher.add(page.id, [first, if same { first } else { digest::of_page(page.id, after) }]);
        }
    }

    /// Splits a group by the sets from one on; a group that is split by all is decided.
    fn split(
        &mut self,
        page: &PageChange<'_>,
        group: PageBits,
        planes: &[&PageBits; 7],
        flags: u32,
        changed: &mut PageBits,
    ) {
        if group.is_empty() {
            return;
        }
        // Behind a leading one, a bit for each set that was split by.
        let Some(plane) = planes.get(flags.ilog2() as usize) else { return self.group(page, &group, flags, changed) };
        let mut within = group.clone();
        within.intersect(plane);
        let mut without = group;
        without.subtract(plane);
        self.split(page, within, planes, flags << 1 | 1, changed);
        self.split(page, without, planes, flags << 1, changed);
    }

    fn group(&mut self, page: &PageChange<'_>, group: &PageBits, flags: u32, changed: &mut PageBits) {
        // Bit 6 is the first set, bit 0 the last.
        let is = |set: u32| flags >> (6 - set) & 1 == 1;
        let plain = |side: Side| Plain {
            registered: is(side as u32 * 3),
            grandfathered: is(side as u32 * 3 + 1),
            suspended: is(side as u32 * 3 + 2),
            paired: is(6),
            ..self.bare(page.id, side)
        };
        let sides = [plain(Side::Before), plain(Side::After)];
        let before = self.decider.decided(Side::Before, sides[0], &[], &[]);
        let after = self.decider.decided(Side::After, sides[1], &[], &[]);
        if self.count(page, group, &before, &after) {
            changed.union(group);
        }
        if before.by_own_number != after.by_own_number {
            let numbers = page.contents[0].pairs.iter().filter(|(place, _)| group.contains(*place)).count() as u64;
            self.hit(&before.by_own_number, &after.by_own_number, numbers);
        }
    }

    /// What a device of a page is that has nothing.
    fn bare(&self, id: PageId, side: Side) -> Plain {
        Plain { rule: self.rules[side as usize], test_tac: id.tac().is_test(), ..Plain::default() }
    }

    /// Counts devices that are answered alike. Whether any policy answers otherwise.
    fn count(&mut self, page: &PageChange<'_>, group: &PageBits, before: &Decided, after: &Decided) -> bool {
        let mut is_changed = false;
        for (policy, ((from, now_by), (to, then_by))) in before.outcomes.iter().zip(&after.outcomes).enumerate() {
            if from == to {
                continue;
            }
            is_changed = true;
            let kind = Kind { policy, from: *from, to: *to, door: None };
            match page.doors {
                None => self.add(Kind { door: now_by.or(*then_by), ..kind }, group),
                Some(doors) => {
                    let mut rest = group.clone();
                    for (door, devices) in doors {
                        let mut theirs = rest.clone();
                        theirs.intersect(devices);
                        rest.subtract(devices);
                        self.add(Kind { door: Some(*door), ..kind }, &theirs);
                    }
                    self.add(kind, &rest);
                }
            }
        }
        is_changed
    }

    fn add(&mut self, kind: Kind, group: &PageBits) {
        let imeis = u64::from(group.count());
        match self.counts.iter_mut().find(|(known, _)| *known == kind) {
            _ if imeis == 0 => {}
            Some((_, sum)) => *sum += imeis,
            None => self.counts.push((kind, imeis)),
        }
    }

    fn hit(&mut self, before: &[Outcome], after: &[Outcome], numbers: u64) {
        for (hits, (from, to)) in self.tally.numbers.iter_mut().zip(before.iter().zip(after)) {
            hits.count(*from, *to, numbers);
        }
    }

    /// Looks at one device by itself.
    fn single(&mut self, page: &PageChange<'_>, place: u16, singles: &Singles<'_>, changed: &mut PageBits) {
        let mut decided = |side: Side| {
            let content = page.contents[side as usize];
            let plain = Plain {
                registered: content.registered.contains(place),
                grandfathered: content.grandfathered.contains(place),
                suspended: content.suspended.contains(place),
                ..self.bare(page.id, side)
            };
            let SingleSide { marks, pairs, .. } = &singles.sides[side as usize];
            (plain, self.decider.decided(side, plain, marks, pairs))
        };
        let (before, after) = (decided(Side::Before), decided(Side::After));
        let mut device = PageBits::EMPTY;
        device.insert(place);
        if self.count(page, &device, &before.1, &after.1) {
            changed.union(&device);
        }
        let scene = self.decider.scene();
        for number in singles.numbers(scene) {
            let asked = |side: Side, plain: Plain| {
                let SingleSide { marks, pairs, .. } = &singles.sides[side as usize];
                let evidence = plain.evidence(marks, Pairs { plain: &[], others: pairs });
                scene.asked_with(number, side, &evidence, plain.test_tac)
            };
            let outcomes = [asked(Side::Before, before.0), asked(Side::After, after.0)];
            self.hit(&outcomes[0], &outcomes[1], 1);
        }
    }
}

/// Devices to be looked at by themselves, and those whose only pairs are plain ones that stay.
fn apart_and_paired(before: &PageContent, after: &PageContent) -> (PageBits, PageBits) {
    let (mut apart, mut paired) = (PageBits::EMPTY, PageBits::EMPTY);
    for (place, _) in before.marks.iter().chain(&after.marks) {
        apart.insert(*place);
    }
    let same = before.pairs == after.pairs;
    for (place, pair) in &before.pairs {
        let by_number = matches!(pair.number.kind(), NumberKind::Msisdn(_));
        let set = if same && by_number && pair.to_plain().is_some() { &mut paired } else { &mut apart };
        set.insert(*place);
    }
    for (place, _) in after.pairs.iter().filter(|_| !same) {
        apart.insert(*place);
    }
    paired.subtract(&apart);
    (apart, paired)
}

/// Marks and pairs of one device on one side.
struct SingleSide<'a> {
    content: &'a PageContent,
    next: [usize; 2],
    marks: Vec<Mark>,
    pairs: Vec<Pair>,
}

/// Devices one after the other, ascending.
struct Singles<'a> {
    sides: [SingleSide<'a>; 2],
}

impl<'a> Singles<'a> {
    fn new(contents: [&'a PageContent; 2]) -> Self {
        let side = |content| SingleSide { content, next: [0; 2], marks: Vec::new(), pairs: Vec::new() };
        Self { sides: contents.map(side) }
    }

    fn go_to(&mut self, place: u16) {
        debug_assert!(u32::from(place) < PAGE_SERIALS);
        for side in &mut self.sides {
            take(&side.content.marks, &mut side.next[0], place, &mut side.marks);
            take(&side.content.pairs, &mut side.next[1], place, &mut side.pairs);
        }
    }

    /// The numbers that the device is paired with, or bound to or seen with by a listing that has not ended, on
    /// either side.
    fn numbers(&self, scene: &Scene<'_>) -> BTreeSet<Number> {
        let today = scene.today();
        let is_listing = |mark: &&Mark| matches!(mark.class, Class::Registered | Class::Grandfathered);
        let of_side = |side: &SingleSide<'_>| {
            let marks = side.marks.iter().filter(is_listing).filter(|mark| mark.is_current(today));
            let pairs = side.pairs.iter().filter(|pair| pair.is_current(today) && !pair.second);
            marks.filter_map(|mark| mark.number).chain(pairs.map(|pair| pair.number)).collect::<Vec<_>>()
        };
        self.sides.iter().flat_map(of_side).collect()
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
