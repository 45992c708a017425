//! Counting: one page before and after, group by group of equal evidence.
//!
//! Devices that are no more than bits and plain pairs fall into the few groups that the sets of the page form, before
//! and after; each group is decided once and counted by its bits. Those with marks or pairs of another kind are looked at
//! one by one, and grouped by what their shape is answered. Where no group of a model can change, its sets are not read.
//! What always holds: each device that the page knows, before or after, is in one group or looked at by itself.

use super::{
    Outcome,
    decided::{Decided, Decider, Hits, Plain, PlainPairs, Scene, Side},
    digest::{PagesHasher, TacDigest},
    shape::{Judge, Judged, Singles},
    spread::Spread,
};
use crate::{
    digest,
    hot::{PageView, PairedBits},
    identity::Tac,
    listing::{Door, TacRule},
    page::{PageBits, PageContent, PageId},
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
    /// Devices by door of the batches that take states, in the order of doors.
    pub(super) doors: &'a [(Door, PageBits)],
}

/// A page while it is counted.
struct Page<'p> {
    id: PageId,
    /// As in [`PageChange`]. `None`: the listing that decides tells.
    doors: Option<&'p [(Door, PageBits)]>,
    /// How many plain pairs some devices have, those by a second number left out.
    plain_pairs_of: &'p dyn Fn(&PageBits) -> u64,
}

/// Counts pages, ascending. One a thread.
pub(super) struct Counter<'a> {
    decider: Decider<'a>,
    judge: Judge,
    singles: Singles,
    /// Devices of the page that were looked at one by one and are answered otherwise, by shape.
    judged: Vec<(Arc<Judged>, PageBits)>,
    tally: Tally,
    /// The model that is being counted.
    tac: Option<Tac>,
    rules: [TacRule; 2],
    /// Whether no group of a model with these rules can change, and which they are.
    calm: Option<(Plain, Plain, bool)>,
    counts: Vec<(Kind, u64)>,
    hasher: PagesHasher,
}

impl<'a> Counter<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self {
            decider: Decider::new(scene),
            judge: Judge::default(),
            singles: Singles::default(),
            judged: Vec::new(),
            tally: Tally { numbers: scene.no_hits(), ..Tally::default() },
            tac: None,
            rules: [TacRule::default(); 2],
            calm: None,
            counts: Vec::new(),
            hasher: PagesHasher::default(),
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
    pub(super) fn page(&mut self, change: &PageChange<'_>) {
        let [before, after] = change.contents;
        let mut paired = PairedBits::of(&before.pairs);
        let mut apart = PageBits::EMPTY;
        if before.pairs != after.pairs {
            before.pairs.iter().chain(&after.pairs).for_each(|(place, _)| _ = apart.insert(*place));
            paired = PairedBits::default();
        }
        before.marks.iter().chain(&after.marks).for_each(|(place, _)| _ = apart.insert(*place));
        apart.union(&paired.meeting());
        let plain_pairs_of = |devices: &PageBits| {
            before.pairs.iter().filter(|(place, pair)| !pair.second && devices.contains(*place)).count() as u64
        };
        let page = Page { id: change.id, doors: Some(change.doors), plain_pairs_of: &plain_pairs_of };
        let [now, then] =
            change.contents.map(|content| [&content.registered, &content.grandfathered, &content.suspended]);
        let mut changed = self.groups(&page, &paired, &apart, now, Some(then));
        for place in apart.iter() {
            self.singles.take(change.contents, place);
            let flags = [now, then].map(|sets| sets.map(|set| set.contains(place)));
            self.single(&page, place, flags);
        }
        self.end_singles(&page, &mut changed);
        self.tell(page.id, &changed);
        self.hasher.add(page.id, change.contents.map(|content| digest::of_page(page.id, content)));
    }

    /// Counts a page of the model that was begun, which stays as it is. It belongs to the digest only where something
    /// changes.
    pub(super) fn same_page(&mut self, view: &PageView<'_>) {
        let paired = view.paired();
        let mut apart = paired.meeting();
        apart.union(&view.marked());
        let plain_pairs_of = |devices: &PageBits| view.plain_pairs_of(devices);
        let page = Page { id: view.id(), doors: None, plain_pairs_of: &plain_pairs_of };
        let mut changed = PageBits::EMPTY;
        if !self.is_calm(page.id) {
            let [registered, grandfathered, suspended] = &view.sets();
            changed = self.groups(&page, &paired, &apart, [registered, grandfathered, suspended], None);
        }
        for place in apart.iter() {
            self.singles.take_same(view, place);
            self.single(&page, place, [view.flags(place); 2]);
        }
        self.end_singles(&page, &mut changed);
        if !changed.is_empty() {
            self.tell(page.id, &changed);
            let digest = digest::of_page(page.id, &view.content());
            self.hasher.add(page.id, [digest; 2]);
        }
    }

    /// Whether no device without marks and other pairs can change, whatever it is.
    fn is_calm(&mut self, id: PageId) -> bool {
        let [before, after] = [self.bare(id, Side::Before), self.bare(id, Side::After)];
        if let Some((known, then, is_calm)) = self.calm
            && (known, then) == (before, after)
        {
            return is_calm;
        }
        let kinds = (0..8_u8).flat_map(|flags| PlainPairs::ALL.map(|pairs| (flags, pairs)));
        let is_calm = kinds.into_iter().all(|(flags, pairs)| {
            let of = |bare: Plain| bare.with([flags & 4 > 0, flags & 2 > 0, flags & 1 > 0], pairs);
            let [now, then] = self.decided([of(before), of(after)]);
            now.is_answered_as(&then) && now.by_own_number == then.by_own_number
        });
        self.calm = Some((before, after, is_calm));
        is_calm
    }

    fn decided(&mut self, [before, after]: [Plain; 2]) -> [Arc<Decided>; 2] {
        [self.decider.decided(Side::Before, before, &[], &[]), self.decider.decided(Side::After, after, &[], &[])]
    }

    /// Counts the devices that are not apart. Those that change.
    fn groups(
        &mut self,
        page: &Page<'_>,
        paired: &PairedBits,
        apart: &PageBits,
        now: [&PageBits; 3],
        then: Option<[&PageBits; 3]>,
    ) -> PageBits {
        let by = [&paired.msisdn, &paired.sim, &paired.second];
        // The sets of a device now, its pairs, and then the sets where these may be others.
        let planes: Vec<_> = now.into_iter().chain(by).chain(then.into_iter().flatten()).collect();
        let mut rest = PageBits::EMPTY;
        planes.iter().for_each(|plane| rest.union(plane));
        rest.subtract(apart);
        let mut changed = PageBits::EMPTY;
        self.split(page, rest, &planes, 1, &mut changed);
        changed
    }

    /// Counts the devices that were looked at one by one.
    fn end_singles(&mut self, page: &Page<'_>, changed: &mut PageBits) {
        for (judged, group) in std::mem::take(&mut self.judged) {
            if self.count(page, &group, &judged.decided) {
                changed.union(&group);
            }
            for (hits, one) in self.tally.numbers.iter_mut().zip(&judged.hits) {
                hits.add(one.times(u64::from(group.count())));
            }
        }
    }

    fn tell(&mut self, id: PageId, changed: &PageBits) {
        self.tally.imeis += u64::from(changed.count());
        self.tally.spread.take(id, changed);
    }

    /// Splits a group by the sets from one on; a group that is split by all is decided.
    fn split(&mut self, page: &Page<'_>, group: PageBits, planes: &[&PageBits], flags: u32, changed: &mut PageBits) {
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

    fn group(&mut self, page: &Page<'_>, group: &PageBits, flags: u32, changed: &mut PageBits) {
        // The last set's bit is the lowest.
        let sets = flags.ilog2();
        let is = |set: u32| flags >> (sets - 1 - set) & 1 == 1;
        // A SIM beside an MSISDN, and a second number alone, are apart.
        let pairs = match (is(3), is(4), is(5)) {
            (true, _, false) => PlainPairs::Msisdn,
            (true, _, true) => PlainPairs::Both,
            (false, true, _) => PlainPairs::Sim,
            (false, false, _) => PlainPairs::None,
        };
        let plain = |side: Side| {
            let first = if side == Side::After && sets > 6 { 6 } else { 0 };
            self.bare(page.id, side).with([is(first), is(first + 1), is(first + 2)], pairs)
        };
        let decided = self.decided([plain(Side::Before), plain(Side::After)]);
        if self.count(page, group, &decided) {
            changed.union(group);
        }
        let [before, after] = &decided;
        if before.by_own_number != after.by_own_number {
            let numbers = (page.plain_pairs_of)(group);
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
    fn count(&mut self, page: &Page<'_>, group: &PageBits, [before, after]: &[Arc<Decided>; 2]) -> bool {
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

    /// Looks at one device by itself, which was taken.
    fn single(&mut self, page: &Page<'_>, place: u16, [now, then]: [[bool; 3]; 2]) {
        let sides = [
            self.bare(page.id, Side::Before).with(now, PlainPairs::None),
            self.bare(page.id, Side::After).with(then, PlainPairs::None),
        ];
        let Some(judged) = self.judge.judged(&mut self.decider, sides, &self.singles) else { return };
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
