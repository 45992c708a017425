//! Evidence sorted out for one question: which pair, which listing of each rank counts.
//!
//! Of several that serve the same rank the best counts: one without end, else the one that ends last.
//! What always holds: equal evidence in another order gives the same choice.

use super::{Policy, Status};
use crate::{
    day::Day,
    listing::{Class, Door, Mark},
    pairing::{Allowances, Number, Pair, PairingKind, Pairs, Subscriber},
};
use std::cmp::Reverse;

/// The numbers of a question, in the form in which pairs and marks hold theirs.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    msisdn: Option<Number>,
    imsi: Option<Number>,
}

impl Asker {
    pub(super) fn of(subscriber: &Subscriber) -> Self {
        Self { msisdn: subscriber.msisdn.map(Number::from), imsi: subscriber.imsi.map(Number::from) }
    }

    pub(super) const fn has_number(self) -> bool {
        self.msisdn.is_some() || self.imsi.is_some()
    }

    fn is(self, number: Option<Number>) -> bool {
        number.is_some() && (number == self.msisdn || number == self.imsi)
    }

    /// What endless allowances for it look like, the best first.
    fn plain(self) -> impl Iterator<Item = Pair> {
        let second = self.imsi.filter(|_| self.msisdn.is_none());
        let second = second.map(|imsi| Pair::allowance(imsi).with_second(true));
        self.msisdn.into_iter().chain(self.imsi).map(Pair::allowance).chain(second)
    }

    /// Where both numbers of a pairing are known, MSISDN decides: the IMSI then counts only for a
    /// question without MSISDN, so that a recycled or swapped SIM does not keep the old pairing.
    fn is_of(self, pair: &Pair) -> bool {
        Some(pair.number) == self.msisdn || Some(pair.number) == self.imsi && !(pair.second && self.msisdn.is_some())
    }
}

/// What the current pairs say.
#[derive(Default)]
pub(super) struct PairFacts {
    /// The best allowance for the number that asks.
    pub(super) allowance: Option<Pair>,
    /// There is an allowance, for whomever.
    pub(super) has_allowance: bool,
    /// There is a pair, bound listing or paired-only entry with a number.
    pub(super) any: bool,
    /// One of them is for the number that asks.
    pub(super) any_ours: bool,
    /// Doors whose listings are bound, and those bound to the number that asks.
    bound: Doors,
    ours: Doors,
}

impl PairFacts {
    pub(super) fn gather(pairs: Pairs<'_>, asker: Asker, today: Day) -> Self {
        let mut facts = Self::default();
        if !pairs.plain.is_empty() {
            facts.add_plain(pairs.plain, asker);
        }
        for pair in pairs.others.iter().filter(|pair| pair.is_current(today)) {
            facts.add(pair, asker);
        }
        facts
    }

    fn add_plain(&mut self, plain: Allowances<'_>, asker: Asker) {
        self.has_allowance = true;
        self.any = true;
        let is_there = |ours: &Pair| ours.to_plain().is_some_and(|ours| plain.contains(ours));
        self.allowance = asker.plain().find(is_there);
        self.any_ours = self.allowance.is_some();
    }

    fn add(&mut self, pair: &Pair, asker: Asker) {
        let ours = asker.is_of(pair);
        self.any = true;
        self.any_ours |= ours;
        match pair.kind {
            PairingKind::Allowance => {
                self.has_allowance = true;
                let order = |pair: &Pair| (Reverse(Day::to_stored(pair.until())), *pair);
                if ours && self.allowance.is_none_or(|best| order(pair) < order(&best)) {
                    self.allowance = Some(*pair);
                }
            }
            PairingKind::Binding => {
                self.bound.add(pair.door);
                if ours {
                    self.ours.add(pair.door);
                }
            }
        }
    }

    fn add_number(&mut self, number: Option<Number>, asker: Asker) {
        self.any |= number.is_some();
        self.any_ours |= asker.is(number);
    }
}

/// A set of doors, one bit for each code.
#[derive(Clone, Copy, Default)]
struct Doors(u64);

impl Doors {
    const fn bit(door: Door) -> u64 {
        1 << (door.code() % 64)
    }

    const fn add(&mut self, door: Door) {
        self.0 |= Self::bit(door);
    }

    const fn has(self, door: Door) -> bool {
        self.0 & Self::bit(door) != 0
    }
}

/// A mark and its place in the evidence.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) index: usize,
    pub(super) mark: &'a Mark,
}

impl Found<'_> {
    /// Smallest is best. The mark itself breaks ties, so that the order of the evidence does not.
    fn order(&self) -> (Reverse<u16>, &Mark) {
        (Reverse(Day::to_stored(self.mark.until())), self.mark)
    }
}

/// Keeps the better of two.
fn keep<'a>(slot: &mut Option<Found<'a>>, found: Found<'a>) {
    if slot.is_none_or(|best| found.order() < best.order()) {
        *slot = Some(found);
    }
}

/// The best mark for each rank.
#[derive(Default)]
pub(super) struct MarkFacts<'a> {
    /// Rank 2: the first of court, barred, stolen, lost.
    pub(super) black: Option<Found<'a>>,
    /// Rank 3. An exemption is no listing: one that has ended or is suspended is as none.
    pub(super) exempt: Option<Found<'a>>,
    /// Rank 7.
    pub(super) duplicate: Option<Found<'a>>,
    /// Rank 8.
    pub(super) registered: Option<Found<'a>>,
    /// Rank 10.
    pub(super) grandfathered: Option<Found<'a>>,
    /// Rank 12: what would count but for its suspension, with the status that it gets.
    pub(super) suspended: Option<(Status, Found<'a>)>,
    /// Ranks 13 and 14: a listing for other numbers, in force or suspended. If a suspended one did not count
    /// here, suspending it could turn a mismatch into something better.
    pub(super) of_others: Option<Found<'a>>,
    /// Rank 15.
    pub(super) ended: Option<Found<'a>>,
}

impl<'a> MarkFacts<'a> {
    pub(super) fn gather(marks: &'a [Mark], asker: Asker, pairs: &mut PairFacts, policy: &Policy, today: Day) -> Self {
        let mut facts = Self::default();
        for (index, mark) in marks.iter().enumerate() {
            let found = Found { index, mark };
            match mark.class {
                Class::Registered | Class::Grandfathered => facts.add_listing(found, asker, pairs, policy, today),
                _ if !mark.is_current(today) => {}
                // Neither a black mark nor suspicion yields to a suspension: it would improve an answer.
                Class::Stolen | Class::Lost | Class::Barred | Class::Court => facts.add_black(found),
                Class::Duplicate => keep(&mut facts.duplicate, found),
                Class::Exempt if mark.suspended => {}
                Class::Exempt => keep(&mut facts.exempt, found),
            }
        }
        facts
    }

    fn add_black(&mut self, found: Found<'a>) {
        let precedence = |found: &Found<'_>| match found.mark.class {
            Class::Court => 0,
            Class::Barred => 1,
            Class::Stolen => 2,
            _ => 3,
        };
        match self.black {
            Some(best) if precedence(&best) < precedence(&found) => {}
            Some(best) if precedence(&best) == precedence(&found) => keep(&mut self.black, found),
            _ => self.black = Some(found),
        }
    }

    fn add_listing(&mut self, found: Found<'a>, asker: Asker, pairs: &mut PairFacts, policy: &Policy, today: Day) {
        let mark = found.mark;
        if mark.class == Class::Grandfathered && mark.since().is_some_and(|seen| seen > policy.grandfathered_cutoff) {
            return; // Seen after the cut-off: no evidence at all, not even of an ended listing.
        }
        if !mark.is_current(today) {
            return keep(&mut self.ended, found);
        }
        // A binding binds every listing of its door that is a mark; the plain bit and other doors stand by themselves.
        let bound = match mark.class {
            // Free, its number is evidence only; paired only, it counts with that number or by an allowance (rank 6).
            Class::Grandfathered => policy.is_paired_only(),
            _ => mark.number.is_some() || pairs.bound.has(mark.door),
        };
        let ours = asker.is(mark.number) || mark.class == Class::Registered && pairs.ours.has(mark.door);
        if bound {
            pairs.add_number(mark.number, asker);
        }
        match mark.class {
            _ if bound && !ours => keep(&mut self.of_others, found),
            _ if mark.suspended => self.add_suspended(policy.suspended_status(mark, today), found),
            Class::Grandfathered => keep(&mut self.grandfathered, found),
            _ => keep(&mut self.registered, found),
        }
    }

    fn add_suspended(&mut self, status: Status, found: Found<'a>) {
        if self.suspended.is_none_or(|(best, other)| (status, found.order()) < (best, other.order())) {
            self.suspended = Some((status, found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_has_a_bit_of_its_own() {
        assert!(Door::ALL.iter().all(|door| door.code() < 64));
    }
}
