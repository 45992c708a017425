//! The decision, rank by rank.
//!
//! Every check of every network comes through here, so nothing is allocated, and pairs and marks are read
//! once each. First what the evidence says for *this* question is sorted out ([`PairFacts`], [`MarkFacts`]);
//! then the ranks are asked in order. What always holds: the order of marks and pairs does not matter.

use super::{
    Asked, Decisive, Evidence, Policy, Question, Reason, Status, Verdict,
    facts::{Asker, Found, MarkFacts, PairFacts},
};
use crate::{
    day::Day,
    listing::{Class, TacBar},
    pairing::PairStanding,
};

/// Decides. `policy` is the one in force for the operator that asks, `today` a day in WIB.
///
/// Total: every question has a verdict, whatever the evidence. The ranks are those of docs/architecture.md,
/// "Decision"; rank 16 (grace) is not among them yet.
pub fn decide(question: &Question, evidence: &Evidence<'_>, policy: &Policy, today: Day) -> Verdict {
    let asker = Asker::of(&question.subscriber);
    let mut pairs = PairFacts::gather(evidence.pairs, asker, today);
    let marks = MarkFacts::gather(evidence.marks, asker, &mut pairs, policy, today);
    let case = Case { question, evidence, policy, asker, pairs: &pairs, marks: &marks, today };
    let ruling = match question.asked {
        Asked::Malformed => Ruling::of(Reason::Malformed, policy.malformed, Decisive::Nothing),
        // A PEI that is no IMEI can be on no list: what unlisted devices get does not apply to it.
        Asked::Other => Ruling::of(Reason::NotRegistered, Status::Unknown, Decisive::Nothing),
        Asked::Device { test_tac } => case.device(test_tac),
    };
    Verdict {
        status: if question.emergency { policy.in_emergency(ruling.status) } else { ruling.status },
        reason: ruling.reason,
        pairing: case.standing(),
        valid_until: ruling.valid_until,
        sim_changed: question.subscriber.sim_changed,
        decisive: ruling.decisive,
    }
}

/// What one rank answers.
#[derive(Clone, Copy)]
struct Ruling {
    status: Status,
    reason: Reason,
    valid_until: Option<Day>,
    decisive: Decisive,
}

impl Ruling {
    const fn of(reason: Reason, status: Status, decisive: Decisive) -> Self {
        Self { status, reason, valid_until: None, decisive }
    }

    const fn of_mark(reason: Reason, status: Status, found: Found<'_>) -> Self {
        Self { status, reason, valid_until: found.mark.until(), decisive: Decisive::Mark(found.index) }
    }
}

/// A question with everything that is to be known to answer it.
struct Case<'a> {
    question: &'a Question,
    evidence: &'a Evidence<'a>,
    policy: &'a Policy,
    asker: Asker,
    pairs: &'a PairFacts,
    marks: &'a MarkFacts<'a>,
    today: Day,
}

impl Case<'_> {
    fn device(&self, test_tac: bool) -> Ruling {
        if let Some(ruling) = self.black_list().or_else(|| self.before_suspicion(test_tac)) {
            return ruling;
        }
        let below = self.listings().or_else(|| self.shortcomings()).unwrap_or_else(|| self.unlisted());
        // Rank 7 asks the ranks below first: suspicion never improves an answer.
        match self.marks.duplicate {
            Some(found) => Ruling::of_mark(Reason::Duplicate, self.policy.duplicate.max(below.status), found),
            None => below,
        }
    }

    /// Rank 2.
    fn black_list(&self) -> Option<Ruling> {
        if let Some(found) = self.marks.black {
            let reason = match found.mark.class {
                Class::Court => Reason::Court,
                Class::Stolen => Reason::Stolen,
                Class::Lost => Reason::Lost,
                _ => Reason::Barred,
            };
            return Some(Ruling::of_mark(reason, Status::Blacklisted, found));
        }
        (self.evidence.tac.barred == TacBar::Hard)
            .then(|| Ruling::of(Reason::TacBarred, Status::Blacklisted, Decisive::Tac))
    }

    /// Ranks 3 to 6.
    fn before_suspicion(&self, test_tac: bool) -> Option<Ruling> {
        if let Some(found) = self.marks.exempt {
            return Some(Ruling::of_mark(Reason::Exempt, Status::Whitelisted, found));
        }
        if self.is_roamer() {
            return Some(Ruling::of(Reason::Roamer, Status::Whitelisted, Decisive::Nothing));
        }
        if test_tac {
            return Some(Ruling::of(Reason::TestTac, self.policy.test_tac, Decisive::Nothing));
        }
        self.pairs.allowance.map(|pair| Ruling {
            valid_until: pair.until(),
            ..Ruling::of(Reason::Paired, Status::Whitelisted, Decisive::Pair(pair))
        })
    }

    /// Rank 4: the IMSI tells the home network; the number only where there is no IMSI.
    fn is_roamer(&self) -> bool {
        let subscriber = &self.question.subscriber;
        match (subscriber.imsi, subscriber.msisdn) {
            (Some(imsi), _) => !imsi.is_indonesian(),
            (None, Some(msisdn)) => !msisdn.is_indonesian(),
            (None, None) => false,
        }
    }

    /// Ranks 8 to 10: what lets the device be used.
    fn listings(&self) -> Option<Ruling> {
        let white = Status::Whitelisted;
        if self.evidence.registered {
            return Some(Ruling::of(Reason::Registered, white, Decisive::Registered));
        }
        if let Some(found) = self.marks.registered {
            let reason = if found.mark.until().is_some() { Reason::Temporary } else { Reason::Registered };
            return Some(Ruling::of_mark(reason, white, found));
        }
        if self.evidence.tac.exempt_type {
            return Some(Ruling::of(Reason::ExemptType, white, Decisive::Tac));
        }
        let status = self.policy.grandfathered;
        if self.evidence.grandfathered && !self.policy.is_paired_only() {
            return Some(Ruling::of(Reason::Grandfathered, status, Decisive::Grandfathered));
        }
        self.marks.grandfathered.map(|found| Ruling::of_mark(Reason::Grandfathered, status, found))
    }

    /// Ranks 11 to 15: what stands in the way although something is known of the device.
    fn shortcomings(&self) -> Option<Ruling> {
        if self.evidence.tac.barred == TacBar::Soft {
            return Some(Ruling::of(Reason::TacBarred, self.policy.tac_barred_soft, Decisive::Tac));
        }
        // Without end and without a day of its own: no suspended mark is better.
        if self.evidence.suspended {
            let status = self.policy.suspended_plain(self.today);
            return Some(Ruling::of(Reason::Suspended, status, Decisive::Suspended));
        }
        if let Some((status, found)) = self.marks.suspended {
            return Some(Ruling::of_mark(Reason::Suspended, status, found));
        }
        if let Some(decisive) = self.of_others() {
            let (reason, status) = if self.asker.has_number() {
                (Reason::PairingMismatch, self.policy.pairing_mismatch)
            } else {
                (Reason::NumberNeeded, self.policy.number_needed)
            };
            return Some(Ruling::of(reason, status, decisive));
        }
        self.marks.ended.map(|found| Ruling::of_mark(Reason::Expired, self.policy.expired, found))
    }

    /// What exists for other numbers only. An allowance is not named: its number is another person's.
    fn of_others(&self) -> Option<Decisive> {
        if let Some(found) = self.marks.of_others {
            return Some(Decisive::Mark(found.index));
        }
        // Without a number of its own a plain entry needs an allowance where entries are paired only.
        if self.evidence.grandfathered && self.policy.is_paired_only() {
            return Some(Decisive::Grandfathered);
        }
        self.pairs.has_allowance.then_some(Decisive::Nothing)
    }

    /// Rank 17.
    fn unlisted(&self) -> Ruling {
        let status = self.policy.unlisted(self.asker.has_number());
        Ruling::of(Reason::NotRegistered, status, Decisive::Nothing)
    }

    fn standing(&self) -> PairStanding {
        match (self.asker.has_number(), self.pairs.any_ours, self.pairs.any) {
            (false, _, _) => PairStanding::NotAsked,
            (true, true, _) => PairStanding::Paired,
            (true, false, true) => PairStanding::Mismatched,
            (true, false, false) => PairStanding::Unpaired,
        }
    }
}
