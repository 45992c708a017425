//! Counting: one page before and after, group by group of equal evidence.
//!
//! Devices that are no more than bits fall into the few groups that the sets of the page form, before and after;
//! each group is decided once and counted by its bits. Those with marks or pairs of their own are looked at one by one,
//! and grouped by what their shape is answered.
//! What always holds: each device that the page knows, before or after, is in one group or looked at by itself.

use super::{
    Outcome,
    decided::{Decided, Decider, Hits, Plain, Scene, Side},
    digest::{PagesHasher, TacDigest},
    shape::{Judge, Judged, Singles},
    spread::Spread,
};
use crate::{
    digest,
    identity::Tac,
    listing::{Door, TacRule},
    page::{PageBits, PageContent, PageId},
    pairing::NumberKind,
};
use std::sync::Arc;

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
    judge: Judge,
    /// Devices of the page that were looked at one by one and are answered otherwise, by shape.
    judged: Vec<(Arc<Judged>, PageBits)>,
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
            judge: Judge::default(),
            judged: Vec::new(),
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
        let now = [&before.registered, &before.grandfathered, &before.suspended, &paired];
        let then = [&after.registered, &after.grandfathered, &after.suspended];
        // Where only rules or settings change, the sets are the same before and after.
        let same = std::ptr::eq(before, after);
        let planes = now.into_iter().chain(then.into_iter().filter(|_| !same)).collect::<Vec<_>>();
        self.split(page, rest, &planes, 1, &mut changed);
        let mut singles = Singles::new(page.contents);
        for place in apart.iter() {
            singles.go_to(place);
            self.single(page, place, &singles);
        }
        for (judged, group) in std::mem::take(&mut self.judged) {
            if self.count(page, &group, &judged.decided) {
                changed.union(&group);
            }
            for (hits, one) in self.tally.numbers.iter_mut().zip(&judged.hits) {
                hits.add(one.times(u64::from(group.count())));
            }
        }
        let is_changed = !changed.is_empty();
        if is_changed {
            self.tally.imeis += u64::from(changed.count());
            self.tally.spread.take(page.id, &changed);
        }
        if is_changed || !self.only_changed {
            let first = digest::of_page(page.id, before);
            self.hasher.add(page.id, [first, if same { first } else { digest::of_page(page.id, after) }]);
        }
    }

    /// Splits a group by the sets from one on; a group that is split by all is decided.
    fn split(
        &mut self,
        page: &PageChange<'_>,
        group: PageBits,
        planes: &[&PageBits],
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
        // The last set's bit is the lowest: now, paired, and then where that is another.
        let sets = flags.ilog2();
        let is = |set: u32| flags >> (sets - 1 - set) & 1 == 1;
        let plain = |side: Side| {
            let first = if side == Side::After && sets > 4 { 4 } else { 0 };
            Plain {
                registered: is(first),
                grandfathered: is(first + 1),
                suspended: is(first + 2),
                paired: is(3),
                ..self.bare(page.id, side)
            }
        };
        let sides = [plain(Side::Before), plain(Side::After)];
        let decided = [
            self.decider.decided(Side::Before, sides[0], &[], &[]),
            self.decider.decided(Side::After, sides[1], &[], &[]),
        ];
        if self.count(page, group, &decided) {
            changed.union(group);
        }
        let [before, after] = &decided;
        if before.by_own_number != after.by_own_number {
            let numbers = page.contents[0].pairs.iter().filter(|(place, _)| group.contains(*place)).count() as u64;
            for (hits, (from, to)) in
                self.tally.numbers.iter_mut().zip(before.by_own_number.iter().zip(&after.by_own_number))
            {
                hits.count(*from, *to, numbers);
            }
        }
    }

    /// What a device of a page is that has nothing.
    fn bare(&self, id: PageId, side: Side) -> Plain {
        Plain { rule: self.rules[side as usize], test_tac: id.tac().is_test(), ..Plain::default() }
    }

    /// Counts devices that are answered alike. Whether any policy answers otherwise.
    fn count(&mut self, page: &PageChange<'_>, group: &PageBits, [before, after]: &[Arc<Decided>; 2]) -> bool {
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

    /// Looks at one device by itself.
    fn single(&mut self, page: &PageChange<'_>, place: u16, singles: &Singles<'_>) {
        let plain = |side: Side| {
            let content = page.contents[side as usize];
            Plain {
                registered: content.registered.contains(place),
                grandfathered: content.grandfathered.contains(place),
                suspended: content.suspended.contains(place),
                ..self.bare(page.id, side)
            }
        };
        let sides = [plain(Side::Before), plain(Side::After)];
        let judged = self.judge.judged(&mut self.decider, sides, singles);
        if !judged.is_changed {
            return;
        }
        match self.judged.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &judged)) {
            Some((_, group)) => _ = group.insert(place),
            None => {
                let mut group = PageBits::EMPTY;
                group.insert(place);
                self.judged.push((judged, group));
            }
        }
    }
}

/// Devices to be looked at by themselves, and those whose only pairs are plain ones that stay.
fn apart_and_paired(before: &PageContent, after: &PageContent) -> (PageBits, PageBits) {
    let (mut apart, mut paired) = (PageBits::EMPTY, PageBits::EMPTY);
    for (place, _) in before.marks.iter().chain(&after.marks) {
        apart.insert(*place);
    }
    let same = std::ptr::eq(before, after) || before.pairs == after.pairs;
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
