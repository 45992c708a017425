//! What would change an answer: what somebody can do, and what time does by itself.
//!
//! Nothing is guessed: each remedy is taken for true and the decision is made again. What always holds: a remedy that is
//! named changes the answer, and never for the worse; overrides are left apart, since they pass.

use crate::{
    explain::{Facts, Heard, Subject},
    listing::{Class, Mark, TacBar},
    pairing::{Number, NumberKind, Pair, Subscriber},
    policy::{Reason, Status, Verdict, settings::Key},
    words::Remedy,
};
use std::collections::BTreeSet;

/// Moments in the future that are looked at.
const TURNS_MAX: usize = 64;

/// What would change an answer.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// What somebody can do, with the answer that it would bring; none where that depends on what is found then.
    pub remedies: Vec<(Remedy, Option<Verdict>)>,
    /// The next moment from which on the answer is another, if nobody does anything.
    pub next: Option<Turn>,
}

/// An answer changes by itself.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// From when on, in seconds since the Unix epoch.
    pub unix_seconds: i64,
    /// What is answered then.
    pub verdict: Verdict,
}

impl Outlook {
    pub(super) fn of(subject: &Subject<'_>, heard: &Heard, operator: Option<&str>) -> Self {
        let case = Case { subject, facts: subject.facts(heard), operator };
        let now = case.decide(&case.facts);
        Self { remedies: case.remedies(&now), next: case.next(&now) }
    }
}

struct Case<'a> {
    subject: &'a Subject<'a>,
    facts: Facts,
    operator: Option<&'a str>,
}

impl Case<'_> {
    fn decide(&self, facts: &Facts) -> Verdict {
        self.subject.answer_if(facts, self.operator, self.subject.reading.now)
    }

    fn remedies(&self, now: &Verdict) -> Vec<(Remedy, Option<Verdict>)> {
        if now.status == Status::Whitelisted {
            return Vec::new();
        }
        if self.subject.key.is_none() || now.reason == Reason::TestTac {
            return vec![(Remedy::CorrectImei, None)];
        }
        let helps = |remedy: &Remedy| {
            let after = self.with(*remedy).iter().map(|facts| self.decide(facts)).min_by_key(|after| after.status)?;
            let changes = (after.status, after.reason) != (now.status, now.reason);
            (changes && after.status <= now.status).then_some((*remedy, Some(after)))
        };
        Remedy::ALL.iter().filter_map(helps).collect()
    }

    /// What would be true if this were done; nothing where it cannot be.
    fn with(&self, remedy: Remedy) -> Vec<Facts> {
        let mut facts = self.facts.clone();
        let today = self.subject.reading.today();
        let marks = &mut facts.device.marks;
        match remedy {
            Remedy::CorrectImei => return Vec::new(),
            Remedy::LiftBlock => marks.retain(|mark| !mark.class.is_blacklist()),
            Remedy::ClearSuspicion => marks.retain(|mark| mark.class != Class::Duplicate),
            Remedy::LiftModel => facts.rule.barred = TacBar::None,
            Remedy::Restore => {
                marks.iter_mut().for_each(|mark| *mark = mark.with_suspended(false));
                facts.device.registered.append(&mut facts.device.suspended);
            }
            Remedy::Renew => {
                let ended = |mark: &Mark| mark.class == Class::Registered && !mark.is_current(today);
                marks.iter_mut().filter(|mark| ended(mark)).for_each(|mark| *mark = mark.with_until(Some(today)));
                let pairs = facts.met.iter_mut().filter(|pair| !pair.is_current(today));
                pairs.for_each(|pair| *pair = pair.with_until(Some(today)));
            }
            Remedy::NameNumber => return self.with_its_numbers(),
            Remedy::Pair => {
                let Subscriber { msisdn, imsi, .. } = facts.question.subscriber;
                let Some(number) = msisdn.map(Number::from).or(imsi.map(Number::from)) else { return Vec::new() };
                facts.met.push(Pair::allowance(number));
            }
            Remedy::Register => facts.device.registered.push(0),
        }
        vec![facts]
    }

    /// The same question with each of the numbers that the device is paired with.
    fn with_its_numbers(&self) -> Vec<Facts> {
        let today = self.subject.reading.today();
        let pairs = self.facts.met.iter().filter(|pair| pair.is_current(today)).map(|pair| pair.number);
        let marks = self.facts.device.marks.iter().filter_map(|mark| mark.number);
        let numbers: BTreeSet<Number> = pairs.chain(marks).collect();
        let with = |number: Number| {
            let mut facts = self.facts.clone();
            facts.question.subscriber = match number.kind() {
                NumberKind::Msisdn(msisdn) => Subscriber { msisdn: Some(msisdn), ..Subscriber::default() },
                NumberKind::Imsi(imsi) => Subscriber { imsi: Some(imsi), ..Subscriber::default() },
            };
            facts
        };
        numbers.into_iter().take(TURNS_MAX).map(with).collect()
    }

    /// The first moment at which the answer is another: something ends or begins to count, or settings do.
    fn next(&self, now: &Verdict) -> Option<Turn> {
        let reading = self.subject.reading;
        let mut moments = BTreeSet::new();
        let marks = &self.facts.device.marks;
        let ends = marks.iter().filter_map(Mark::until).chain(self.facts.met.iter().filter_map(Pair::until));
        moments.extend(ends.map(|day| day.end_unix_seconds()));
        let policy = reading.timeline.at(reading.now).settings().policy(self.operator);
        let black_from = match Key::SuspendedBlackFrom.of(policy) {
            Some(crate::policy::settings::Value::Day(day)) => Some(day),
            _ => None,
        };
        let begins = marks.iter().filter(|mark| mark.suspended).filter_map(Mark::since).chain(black_from);
        moments.extend(begins.map(|day| day.end_unix_seconds() - 24 * 3600));
        moments.extend(reading.timeline.entries().map(|entry| entry.effective_from()));
        let turns = moments.into_iter().filter(|at| *at > reading.now).take(TURNS_MAX).map(|unix_seconds| Turn {
            unix_seconds,
            verdict: self.subject.answer_if(&self.facts, self.operator, unix_seconds),
        });
        turns.into_iter().find(|turn| (turn.verdict.status, turn.verdict.reason) != (now.status, now.reason))
    }
}
