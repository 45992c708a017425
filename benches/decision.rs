//! What the decision costs, by the rank that decides: evidence at hand, verdict out. Every answer is asserted.

#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use saring::{
    day::Day,
    identity::{Imsi, Msisdn},
    listing::{Class, Door, Mark, TacBar, TacRule},
    pairing::{Allowances, Pair, Pairs, PlainPair, Subscriber},
    policy::{Asked, Evidence, Policy, Question, Reason, decide},
};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2026-03-10, and days around it.
fn day(distance: i32) -> Day {
    Day::from_stored((20_522 + distance) as u16).unwrap()
}

fn ani() -> Msisdn {
    Msisdn::new(6_281_234_567_890).unwrap()
}

fn budi() -> Msisdn {
    Msisdn::new(6_281_398_765_432).unwrap()
}

/// Evidence that owns its lists.
#[derive(Default)]
struct Known {
    registered: bool,
    grandfathered: bool,
    marks: Vec<Mark>,
    allowed: Vec<[u8; PlainPair::BYTES]>,
    tac: TacRule,
}

impl Known {
    fn mark(class: Class, door: Door, change: impl Fn(Mark) -> Mark) -> Self {
        Self { marks: vec![change(Mark::new(class, door))], ..Self::default() }
    }

    fn allowing(number: Msisdn) -> Self {
        let plain = Pair::allowance(number.into()).to_plain();
        Self { allowed: plain.map(PlainPair::to_bytes).into_iter().collect(), ..Self::default() }
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            registered: self.registered,
            grandfathered: self.grandfathered,
            suspended: false,
            marks: &self.marks,
            pairs: Pairs { plain: Allowances::of(&self.allowed), others: &[] },
            tac: self.tac,
        }
    }
}

fn by_number() -> Question {
    let subscriber = Subscriber { msisdn: Some(ani()), ..Subscriber::default() };
    Question { asked: Asked::Device { test_tac: false }, subscriber, emergency: false }
}

fn malformed() -> Question {
    Question { asked: Asked::Malformed, ..by_number() }
}

fn of_roamer() -> Question {
    let imsi = Imsi::from_number(525_011_234_567_890).ok();
    Question { subscriber: Subscriber { imsi, ..Subscriber::default() }, ..by_number() }
}

fn of_test_tac() -> Question {
    Question { asked: Asked::Device { test_tac: true }, ..by_number() }
}

fn without_number() -> Question {
    Question { subscriber: Subscriber::default(), ..by_number() }
}

fn cases() -> Vec<(Reason, Question, Known)> {
    let plain = |mark: Mark| mark;
    let tac = |exempt_type, barred| Known { tac: TacRule { exempt_type, barred }, ..Known::default() };
    vec![
        (Reason::Malformed, malformed(), Known::default()),
        (Reason::Stolen, by_number(), Known::mark(Class::Stolen, Door::Stolen, plain)),
        (Reason::TacBarred, by_number(), tac(false, TacBar::Hard)),
        (Reason::Exempt, by_number(), Known::mark(Class::Exempt, Door::State, plain)),
        (Reason::Roamer, of_roamer(), Known::default()),
        (Reason::TestTac, of_test_tac(), Known::default()),
        (Reason::Paired, by_number(), Known::allowing(ani())),
        (Reason::Duplicate, by_number(), Known::mark(Class::Duplicate, Door::Barred, plain)),
        (Reason::Registered, by_number(), Known { registered: true, ..Known::default() }),
        (Reason::Temporary, by_number(), temporary(30)),
        (Reason::ExemptType, by_number(), tac(true, TacBar::None)),
        (Reason::Grandfathered, by_number(), Known { grandfathered: true, ..Known::default() }),
        (Reason::Suspended, by_number(), suspended()),
        (Reason::PairingMismatch, by_number(), Known::allowing(budi())),
        (Reason::NumberNeeded, without_number(), Known::allowing(budi())),
        (Reason::Expired, by_number(), temporary(-1)),
        (Reason::NotRegistered, by_number(), Known::default()),
    ]
}

fn temporary(until: i32) -> Known {
    Known::mark(Class::Registered, Door::CustomsPassenger, |mark| mark.with_until(Some(day(until))))
}

fn suspended() -> Known {
    Known::mark(Class::Registered, Door::CustomsPassenger, |mark| mark.with_suspended(true))
}

fn decisions(c: &mut Criterion) {
    let policy = Policy::default();
    let mut group = c.benchmark_group("decide");
    for (reason, question, known) in cases() {
        group.bench_function(reason.name(), |b| {
            b.iter(|| {
                let verdict = decide(black_box(&question), &black_box(&known).evidence(), &policy, day(0));
                assert_eq!(verdict.reason, reason);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
