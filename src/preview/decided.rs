//! What evidence is answered, under every policy, before and after.
//!
//! A register has few distinct combinations of evidence: the decision runs once for each and is looked up then. For a
//! question without a number it does not matter which number a mark or pair has, only that it has one.
//! What always holds: an outcome is that of [`decide`] for the evidence itself.

use super::{NumbersHit, Outcome, Unlisted};
use crate::{
    day::Day,
    hot::HotSets,
    identity::{Imsi, Msisdn},
    listing::{Door, Mark, TacBar, TacRule},
    pairing::{self, Allowances, Number, NumberKind, Pair, Pairs, PlainPair, Subscriber},
    policy::{Asked, Decisive, Evidence, Policy, Question, Settings, decide},
};
use std::{collections::HashMap, sync::Arc};

/// Combinations that are kept at most.
const KEPT_MAX: usize = 1 << 16;

/// Before the change and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before = 0,
    After = 1,
}

/// The policies of a preview, and what else holds for all its questions.
pub(super) struct Scene<'a> {
    hot: &'a HotSets,
    today: Day,
    /// The national one, then those of operators, ascending.
    operators: Vec<String>,
    policies: [Vec<Policy>; 2],
}

impl<'a> Scene<'a> {
    pub(super) fn new(hot: &'a HotSets, before: &Settings, after: &Settings, today: Day) -> Self {
        let mut named: Vec<String> = before.operators().chain(after.operators()).map(str::to_ascii_lowercase).collect();
        named.sort_unstable();
        named.dedup();
        let operators: Vec<String> = std::iter::once(String::new()).chain(named).collect();
        let policies = [before, after].map(|settings| {
            let of = |name: &String| *settings.policy((!name.is_empty()).then_some(name));
            operators.iter().map(of).collect()
        });
        Self { hot, today, operators, policies }
    }

    /// The operators by policy; empty: the national one.
    pub(super) fn operators(&self) -> impl Iterator<Item = &str> {
        self.operators.iter().map(String::as_str)
    }

    pub(super) const fn hot(&self) -> &'a HotSets {
        self.hot
    }

    pub(super) const fn today(&self) -> Day {
        self.today
    }

    /// No pair under any policy is hit yet.
    pub(super) fn no_hits(&self) -> Vec<Hits> {
        vec![Hits::default(); self.operators.len()]
    }

    /// What each policy answers before and after to a question that finds nothing.
    pub(super) fn unlisted(&self, what: Unlisted) -> Vec<[Outcome; 2]> {
        let asked = match what {
            Unlisted::Malformed => Asked::Malformed,
            _ => Asked::Device { test_tac: what == Unlisted::TestTac },
        };
        let msisdn = own_number().map(|(msisdn, _)| msisdn).filter(|_| what == Unlisted::WithNumber);
        let subscriber = Subscriber { msisdn, ..Subscriber::default() };
        let question = Question { asked, subscriber, emergency: false };
        let side = |policy| outcome(&question, &Evidence::default(), policy, self.today).0;
        let [before, after] = &self.policies;
        before.iter().zip(after).map(|(before, after)| [side(before), side(after)]).collect()
    }

    /// The number of a SIM.
    pub(super) fn msisdn_of(&self, imsi: Imsi) -> Option<Msisdn> {
        self.hot.subscriber(imsi).map(|entry| entry.msisdn)
    }

    /// The verdict of each policy's side for a device asked with a number, as a check asks. `known`: the number of a SIM.
    pub(super) fn asked_with(
        &self,
        number: Number,
        side: Side,
        evidence: &Evidence<'_>,
        test_tac: bool,
        known: &dyn Fn(Imsi) -> Option<Msisdn>,
    ) -> Vec<Outcome> {
        let mut met = None;
        let subscriber = match number.kind() {
            NumberKind::Msisdn(msisdn) => {
                met = pairing::as_asked_by(msisdn, evidence.pairs, |imsi| known(imsi) == Some(msisdn));
                Subscriber { msisdn: Some(msisdn), imsi: None, sim_changed: false }
            }
            NumberKind::Imsi(imsi) => Subscriber { msisdn: known(imsi), imsi: Some(imsi), sim_changed: false },
        };
        let pairs = met.as_deref().map_or(evidence.pairs, Pairs::in_full);
        let evidence = Evidence { pairs, ..*evidence };
        let question = Question { asked: Asked::Device { test_tac }, subscriber, emergency: false };
        self.policies[side as usize].iter().map(|policy| outcome(&question, &evidence, policy, self.today).0).collect()
    }
}

fn outcome(question: &Question, evidence: &Evidence<'_>, policy: &Policy, today: Day) -> (Outcome, Option<Door>) {
    let verdict = decide(question, evidence, policy, today);
    let door = match verdict.decisive {
        Decisive::Mark(index) => evidence.marks.get(index).map(|mark| mark.door),
        Decisive::Pair(pair) => Some(pair.door),
        Decisive::Grandfathered => Some(Door::Grandfathered),
        Decisive::Registered | Decisive::Suspended | Decisive::Tac | Decisive::Nothing => None,
    };
    (Outcome { status: verdict.status, reason: verdict.reason }, door)
}

/// How many pairs are hit under one policy.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hits {
    changed: u64,
    worse: u64,
}

impl Hits {
    /// So many numbers get another answer, or the same.
    pub(super) fn count(&mut self, from: Outcome, to: Outcome, numbers: u64) {
        if from != to {
            self.changed += numbers;
            self.worse += if to.status > from.status { numbers } else { 0 };
        }
    }

    /// The same for so many devices.
    pub(super) const fn times(self, devices: u64) -> Self {
        Self { changed: self.changed * devices, worse: self.worse * devices }
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.changed += other.changed;
        self.worse += other.worse;
    }

    pub(super) fn named(self, operator: &str) -> NumbersHit {
        NumbersHit { operator: operator.to_owned(), changed: self.changed, worse: self.worse }
    }
}

/// What a combination of evidence is answered under each policy.
#[derive(Debug)]
pub(super) struct Decided {
    /// Asked without a number, and the door of the listing that decides.
    pub(super) outcomes: Vec<(Outcome, Option<Door>)>,
    /// Asked with a number of its own, where the only pairs are plain ones.
    pub(super) by_own_number: Vec<Outcome>,
}

impl Decided {
    /// Whether status and reason are the same under every policy, asked without a number.
    pub(super) fn is_answered_as(&self, other: &Self) -> bool {
        self.outcomes.iter().map(|(outcome, _)| outcome).eq(other.outcomes.iter().map(|(outcome, _)| outcome))
    }
}

/// Plain pairs of a device that do not meet: whichever number asks, the answer is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PlainPairs {
    /// None.
    #[default]
    None = 0,
    /// By MSISDN.
    Msisdn = 1,
    /// By IMSI alone. The number of the SIM is on no list of the device.
    Sim = 2,
    /// By MSISDN, with IMSIs that came together with one.
    Both = 3,
}

impl PlainPairs {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Msisdn, Self::Sim, Self::Both];

    /// Any number that asks, and pairs that stand for all.
    fn example(self) -> Option<(Subscriber, Vec<[u8; PlainPair::BYTES]>)> {
        let (msisdn, imsi) = own_number()?;
        let by_msisdn = Subscriber { msisdn: Some(msisdn), ..Subscriber::default() };
        let (subscriber, pairs) = match self {
            Self::None => return None,
            Self::Msisdn => (by_msisdn, vec![Pair::allowance(msisdn.into())]),
            Self::Sim => (Subscriber { imsi: Some(imsi), ..Subscriber::default() }, vec![Pair::allowance(imsi.into())]),
            Self::Both => {
                let second = Pair::allowance(imsi.into()).with_second(true);
                (by_msisdn, vec![Pair::allowance(msisdn.into()), second])
            }
        };
        let bytes = |pair: Pair| Some(pair.to_plain()?.to_bytes());
        Some((subscriber, pairs.into_iter().map(bytes).collect::<Option<_>>()?))
    }
}

/// What a device is, apart from marks and pairs that have to be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) registered: bool,
    pub(super) grandfathered: bool,
    pub(super) suspended: bool,
    /// Its plain pairs, where it has no others and one of them can stand for all.
    pub(super) pairs: PlainPairs,
    pub(super) rule: TacRule,
    pub(super) test_tac: bool,
}

/// Decides, and remembers. One a thread.
pub(super) struct Decider<'a> {
    scene: &'a Scene<'a>,
    known: HashMap<Box<[u64]>, Arc<Decided>>,
    key: Vec<u64>,
}

impl<'a> Decider<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self { scene, known: HashMap::new(), key: Vec::new() }
    }

    pub(super) const fn scene(&self) -> &'a Scene<'a> {
        self.scene
    }

    /// What a device is answered; `pairs` are those that are not told by `plain.paired`.
    pub(super) fn decided(&mut self, side: Side, plain: Plain, marks: &[Mark], pairs: &[Pair]) -> Arc<Decided> {
        self.write_key(side, plain, marks, pairs);
        if let Some(known) = self.known.get(self.key.as_slice()) {
            return Arc::clone(known);
        }
        if self.known.len() >= KEPT_MAX {
            self.known.clear();
        }
        let decided = Arc::new(self.decide(side, plain, marks, pairs));
        self.known.insert(self.key.as_slice().into(), Arc::clone(&decided));
        decided
    }

    fn write_key(&mut self, side: Side, plain: Plain, marks: &[Mark], pairs: &[Pair]) {
        self.key.clear();
        self.key.push(plain.code() << 1 | side as u64 | (marks.len() as u64) << 32);
        self.key.extend(marks.iter().map(|mark| {
            let days = u64::from(Day::to_stored(mark.until())) << 16 | u64::from(Day::to_stored(mark.since()));
            let coded = u64::from(mark.class.code()) << 8 | u64::from(mark.door.code());
            days << 18 | coded << 2 | u64::from(mark.suspended) << 1 | u64::from(mark.number.is_some())
        }));
        self.key.extend(pairs.iter().map(|pair| {
            let coded = (pair.kind as u64) << 8 | u64::from(pair.door.code());
            u64::from(Day::to_stored(pair.until())) << 18 | coded << 2 | u64::from(pair.second)
        }));
        // The decision does not ask for the order.
        let (marks, pairs) = self.key.split_at_mut(1 + marks.len());
        if let Some(marks) = marks.get_mut(1..) {
            marks.sort_unstable();
        }
        pairs.sort_unstable();
    }

    fn decide(&self, side: Side, plain: Plain, marks: &[Mark], pairs: &[Pair]) -> Decided {
        let (own, paired) = plain.pairs.example().unzip();
        let evidence =
            plain.evidence(marks, Pairs { plain: Allowances::of(paired.as_deref().unwrap_or(&[])), others: pairs });
        let asked = Asked::Device { test_tac: plain.test_tac };
        let question = Question { asked, subscriber: Subscriber::default(), emergency: false };
        let policies = &self.scene.policies[side as usize];
        let today = self.scene.today;
        let outcomes = policies.iter().map(|policy| outcome(&question, &evidence, policy, today)).collect();
        let by_own_number = own.map(|subscriber| {
            let question = Question { subscriber, ..question };
            policies.iter().map(|policy| outcome(&question, &evidence, policy, today).0).collect()
        });
        Decided { outcomes, by_own_number: by_own_number.unwrap_or_default() }
    }
}

impl Plain {
    /// In a few bits.
    pub(super) fn code(self) -> u64 {
        let flags = [
            self.registered,
            self.grandfathered,
            self.suspended,
            self.pairs as u8 & 1 == 1,
            self.pairs as u8 & 2 == 2,
            self.test_tac,
            self.rule.exempt_type,
            self.rule.barred == TacBar::Soft,
            self.rule.barred == TacBar::Hard,
        ];
        flags.iter().fold(0, |word, flag| word << 1 | u64::from(*flag))
    }

    /// With these sets (registered, grandfathered, suspended) and plain pairs.
    pub(super) const fn with(self, [registered, grandfathered, suspended]: [bool; 3], pairs: PlainPairs) -> Self {
        Self { registered, grandfathered, suspended, pairs, ..self }
    }

    /// With these marks and pairs.
    pub(super) const fn evidence<'e>(self, marks: &'e [Mark], pairs: Pairs<'e>) -> Evidence<'e> {
        Evidence {
            registered: self.registered,
            grandfathered: self.grandfathered,
            suspended: self.suspended,
            marks,
            pairs,
            tac: self.rule,
        }
    }
}

/// Any numbers that plain pairs can hold: all of them are answered alike.
fn own_number() -> Option<(Msisdn, Imsi)> {
    Msisdn::from_national(81_100_000_000).ok().zip(Imsi::from_number(510_000_000_000_000).ok())
}
