//! Scenarios: a question, the evidence and the policy, built up by sentences.

#![allow(clippy::unwrap_used)]

mod cases;
mod laws;
mod listings;
mod model;
mod ranks;

use super::*;
use crate::{
    identity::{Imsi, Msisdn},
    listing::{Class, Door, TacBar},
    pairing::{Allowances, Number, Pair, PlainPair},
};

/// A day by its distance from the day of every scenario, 2026-03-10.
fn day(distance: i32) -> Day {
    Day::from_stored((20_522 + distance) as u16).unwrap()
}

fn ani() -> Msisdn {
    Msisdn::new(6_281_234_567_890).unwrap()
}

fn budi() -> Msisdn {
    Msisdn::new(6_281_398_765_432).unwrap()
}

fn ani_imsi() -> Imsi {
    Imsi::from_number(510_101_234_567_890).unwrap()
}

fn foreign_imsi() -> Imsi {
    Imsi::from_number(525_011_234_567_890).unwrap()
}

/// A listing of a class with the door by which that class comes.
fn mark(class: Class) -> Mark {
    let door = match class {
        Class::Registered => Door::CustomsPassenger,
        Class::Grandfathered => Door::Grandfathered,
        Class::Exempt => Door::State,
        Class::Stolen => Door::Stolen,
        Class::Lost => Door::Lost,
        Class::Barred | Class::Duplicate => Door::Barred,
        Class::Court => Door::Court,
    };
    Mark::new(class, door)
}

fn tourist(number: impl Into<Number>) -> Mark {
    Mark::new(Class::Registered, Door::OperatorTourist).with_number(Some(number.into())).with_until(Some(day(80)))
}

fn registered() -> Mark {
    mark(Class::Registered)
}

fn suspended() -> Mark {
    registered().with_suspended(true)
}

fn grandfathered() -> Mark {
    mark(Class::Grandfathered)
}

const PAIRED_ONLY: &str = "grandfathered_mode = 'paired-only'";

/// Everything that a decision depends on.
#[derive(Clone, Debug)]
struct Scenario {
    question: Question,
    registered: bool,
    grandfathered: bool,
    suspended: bool,
    marks: Vec<Mark>,
    plain: Vec<[u8; PlainPair::BYTES]>,
    others: Vec<Pair>,
    tac: TacRule,
    policy: Policy,
    today: Day,
}

impl Scenario {
    /// Ani asks for a device of which nothing is known.
    fn new() -> Self {
        let subscriber = Subscriber { msisdn: Some(ani()), imsi: None, sim_changed: false };
        Self {
            question: Question { asked: Asked::Device { test_tac: false }, subscriber, emergency: false },
            registered: false,
            grandfathered: false,
            suspended: false,
            marks: Vec::new(),
            plain: Vec::new(),
            others: Vec::new(),
            tac: TacRule::default(),
            policy: Policy::default(),
            today: day(0),
        }
    }

    fn mark(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }

    /// A plain allowance where it can be one, as the hot sets hold it.
    fn pair(mut self, pair: Pair) -> Self {
        match pair.to_plain() {
            Some(plain) => self.plain.push(plain.to_bytes()),
            None => self.others.push(pair),
        }
        self
    }

    fn asked_by(mut self, msisdn: Option<Msisdn>, imsi: Option<Imsi>) -> Self {
        self.question.subscriber = Subscriber { msisdn, imsi, sim_changed: false };
        self
    }

    fn on(mut self, distance: i32) -> Self {
        self.today = day(distance);
        self
    }

    fn in_emergency(mut self) -> Self {
        self.question.emergency = true;
        self
    }

    /// With national settings, written as in a document.
    fn with(mut self, national: &str) -> Self {
        self.policy = *Settings::from_toml(&format!("[national]\n{national}")).unwrap().policy(None);
        self
    }

    fn decide(&self) -> Verdict {
        let pairs = Pairs { plain: Allowances::of(&self.plain), others: &self.others };
        let (registered, grandfathered, tac) = (self.registered, self.grandfathered, self.tac);
        let suspended = self.suspended;
        let evidence = Evidence { registered, grandfathered, suspended, marks: &self.marks, pairs, tac };
        decide(&self.question, &evidence, &self.policy, self.today)
    }

    fn reason(&self) -> Reason {
        self.decide().reason
    }

    fn status(&self) -> Status {
        self.decide().status
    }

    /// `REASON status until pairing`, as short as a table of cases wants it.
    fn answer(&self) -> String {
        let verdict = self.decide();
        let until = verdict.valid_until.map_or(String::new(), |day| format!(" until {day}"));
        format!("{} {}{until} {}", verdict.reason, verdict.status.word(), verdict.pairing.name())
    }

    fn decisive_mark(&self) -> Option<Mark> {
        match self.decide().decisive {
            Decisive::Mark(index) => self.marks.get(index).copied(),
            _ => None,
        }
    }
}
