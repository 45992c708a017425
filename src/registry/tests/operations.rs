//! Random sequences of all operations against a naive model: who may do what, what is answered, and what was.
//!
//! After every operation the answers of the hot sets are those of the model, for every device, number and operator of
//! a small world, and what the register refused is what the model refuses. At the end the rebuilt store and hot sets
//! loaded anew are the live ones, and questions as of earlier revisions get the answers that were given then.

mod lists;
mod model;
mod people;
mod rules;
mod single;

use super::{super::*, pick};
use crate::{
    batch::{BatchState, Declared},
    check::{AsOf, Checker, Clock, EquipmentValue, Explain, Inquiry, When},
    day::Day,
    explain::Explainer,
    hot::Published,
    identity::{EquipmentKey, Msisdn},
    import::Mode,
    load,
    policy::{Reason, Status},
    principal::Role,
    revision::Revision,
    sample::SplitMix64,
    store::Hands,
};
use lists::{imsi, msisdn};
use model::{Ask, Model, Way};
use rules::{Against, Why, next};
use std::{collections::BTreeMap, thread};
use tempfile::TempDir;

const SEQUENCES: u64 = 200;
/// Questions as of earlier revisions, each about every device, for each sequence.
const LOOKS_BACK: usize = 4;

/// How many there are at once.
const THREADS: u64 = 8;

/// What was done, and why things were refused, with how often.
type Tally = (BTreeMap<&'static str, u64>, BTreeMap<Why, u64>);

/// What each question about each device is answered.
type Answers = Vec<Vec<(Status, Reason)>>;

/// A register, the model of it, and what happened so far.
struct World {
    random: SplitMix64,
    registry: Registry,
    checker: Checker,
    now: i64,
    today: Day,
    model: Model,
    keys: Vec<EquipmentKey>,
    asks: Vec<Ask>,
    recorded: Vec<(Revision, Answers)>,
    /// What happened, for who reads a failure.
    story: Vec<String>,
    requests: u64,
    /// Operations that were done and that were refused.
    done: BTreeMap<&'static str, u64>,
    refused: BTreeMap<Why, u64>,
    _directory: TempDir,
}

fn why_of(error: &RegistryError) -> Option<Why> {
    Some(match error {
        RegistryError::Refused(Refusal::NotAllowed(_)) => Why::NotAllowed,
        RegistryError::Refused(Refusal::NotFound(_)) => Why::NotFound,
        RegistryError::Refused(Refusal::State(_)) => Why::State,
        RegistryError::Refused(Refusal::Limit(_)) => Why::Limit,
        RegistryError::Refused(Refusal::Invalid(_)) | RegistryError::Settings(_) => Why::Invalid,
        _ => return None,
    })
}

impl World {
    fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (registry, _) = Registry::open(directory.path(), true).unwrap();
        let sets = Arc::new(Published::new(load::hot_sets(registry.store(), &mut |_| {}).unwrap()));
        registry.keep_published(Arc::clone(&sets));
        // Overrides and settings that begin when they are approved have begun by then.
        let now = jiff::Timestamp::now().as_second() + 3_600;
        let foreign = Msisdn::new(4_915_112_345_678).unwrap();
        let by_number = [None, Some(msisdn(0)), Some(msisdn(1)), Some(foreign)].map(|msisdn| (msisdn, None));
        let numbers = by_number.into_iter().chain([(None, Some(imsi(0))), (Some(msisdn(0)), Some(imsi(1)))]);
        let operators = [None, Some("xl"), Some("tsel")];
        let asks = numbers.flat_map(|(msisdn, imsi)| operators.map(|operator| Ask { msisdn, imsi, operator }));
        let mut world = Self {
            random: SplitMix64::new(seed),
            checker: Checker::new(sets, Clock::fixed(now)),
            now,
            today: Day::of_unix_seconds(now),
            model: Model::default(),
            keys: lists::PHONES.iter().flat_map(|phone| lists::keys(phone)).collect(),
            asks: asks.collect(),
            recorded: Vec::new(),
            story: vec![format!("seed {seed}")],
            requests: 0,
            done: BTreeMap::new(),
            refused: BTreeMap::new(),
            registry,
            _directory: directory,
        };
        world.found();
        world
    }

    fn story(&self) -> String {
        self.story.join("\n")
    }

    /// Whose hands: mostly with a request of their own, at times with one that was there before.
    fn hands(&mut self, name: &str) -> Hands {
        self.requests += 1;
        let request = match self.random.below(8) {
            0 => String::new(),
            1 => format!("request {}", 1 + self.random.below(self.requests)),
            _ => format!("request {}", self.requests),
        };
        Hands::of(name, &request)
    }

    fn is_repeated(&self, hands: &Hands) -> bool {
        self.model.requests.contains(&(hands.principal.clone(), hands.request.clone()))
    }

    fn remember(&mut self, hands: &Hands) {
        if !hands.request.is_empty() {
            self.model.requests.insert((hands.principal.clone(), hands.request.clone()));
        }
    }

    /// Whether the register did what the model does. What was done, if it was.
    fn settle<T>(
        &mut self,
        what: &'static str,
        hands: &Hands,
        against: &Against,
        done: Result<(T, bool), RegistryError>,
    ) -> Option<T> {
        let again = self.is_repeated(hands);
        let told = match &done {
            Ok((_, repeated)) => format!("done, repeated: {repeated}"),
            Err(error) => format!("refused: {error}"),
        };
        self.story.push(format!("   {told}; the model: against {against:?}, repeated {again}"));
        match done {
            Ok((_, true)) if again => None,
            Ok((done, false)) if !again && against.is_empty() => {
                *self.done.entry(what).or_default() += 1;
                Some(done)
            }
            Err(error) if why_of(&error).is_some_and(|why| against.contains(&why)) => {
                // One who may no longer do it is told so, whatever was done before.
                assert!(!again || why_of(&error) == Some(Why::NotAllowed), "{}", self.story());
                why_of(&error).into_iter().for_each(|why| *self.refused.entry(why).or_default() += 1);
                None
            }
            _ => panic!("the register and the model disagree:\n{}", self.story()),
        }
    }

    fn submit(&mut self) {
        let mode = pick(&mut self.random, &[Mode::Add, Mode::Add, Mode::Delta, Mode::Full]);
        let list = lists::random_list(&mut self.random, mode, self.today);
        let planned = list.kind == crate::import::Kind::Registered && self.random.below(3) == 0;
        let name = self.somebody(Role::Submitter, list.door);
        let hands = self.hands(&name);
        let order = SubmitOrder {
            meter: Default::default(),
            mode,
            document: pick(&mut self.random, &["", "PI-1", "PI-1", "PI-2"]).to_owned(),
            max_drop_percent: 100,
            declared: Declared {
                planned,
                lapses: pick(&mut self.random, &[None, Some(lists::day(self.today, -9))]).filter(|_| planned),
                ..Declared::default()
            },
        };
        self.story.push(format!("{} submits {list:?} {order:?}", hands.principal));
        let operator = list.operator.clone().unwrap_or_default();
        let against = self.model.against_submit(&name, list.door, &operator, &order);
        let way = Way {
            mode,
            document: order.document.clone(),
            submitter: name,
            outlet: String::new(),
            is_single: false,
            lifted_by: None,
            planned,
            lapses: order.declared.lapses,
            state: BatchState::Submitted,
        };
        let done = self.registry.submit(&hands, list.clone(), order).map(|done| {
            let repeated = done.summary.repeated;
            (done.summary, repeated)
        });
        if let Some(summary) = self.settle("submit", &hands, &against, done) {
            self.take_in(&hands, &list, &way, &summary);
        }
    }

    /// Puts the batches of a list into the model, which must be those that the register made.
    fn take_in(&mut self, hands: &Hands, list: &crate::import::Gathered, way: &Way, summary: &ImportSummary) {
        let (batches, _) = self.model.difference(list, way);
        let added: u64 = batches.iter().map(model::Batch::added).sum();
        let made = (summary.batches.len(), summary.added);
        assert_eq!(made, (batches.len(), added), "batches and entries of:\n{}", self.story());
        if !batches.is_empty() {
            self.remember(hands);
        }
        self.story.push(format!("   batches {:?}: {batches:?}", summary.batches));
        self.model.batches.extend(summary.batches.iter().copied().zip(batches));
    }

    fn step(&mut self) {
        let numbers: Vec<u64> = self.model.batches.keys().copied().collect();
        let Some(number) = (!numbers.is_empty()).then(|| pick(&mut self.random, &numbers)) else { return };
        let state = self.model.batches[&number].state;
        let fitting: &[Step] = match state {
            BatchState::Submitted => &[Step::Approve, Step::Approve, Step::Approve, Step::Reject],
            BatchState::Active => &[Step::Suspend, Step::Suspend, Step::Withdraw],
            BatchState::Suspended => &[Step::Restore, Step::Restore, Step::Withdraw],
            BatchState::Planned => &[Step::Realise, Step::Realise, Step::Withdraw],
            _ => &[Step::Approve, Step::Restore],
        };
        let mut step = pick(&mut self.random, fitting);
        if self.random.below(8) == 0 {
            let all = [Step::Approve, Step::Reject, Step::Suspend, Step::Restore, Step::Withdraw, Step::Realise];
            step = pick(&mut self.random, &all);
        }
        let days = pick(&mut self.random, &[None, None, Some(-2), Some(0), Some(9)]);
        let black_from = days.filter(|_| step == Step::Suspend).map(|days| lists::day(self.today, days));
        let reason = "as the papers say".to_owned();
        let mut order = StepOrder { batch: number, step, reason, preview_sha256: Vec::new(), black_from };
        let batch = &self.model.batches[&number];
        let (door, submitter) = (batch.lifted_by.unwrap_or(batch.door), batch.submitter.clone());
        let own = self.random.below(8) == 0;
        let name = if own { submitter } else { self.somebody(Role::Approver, door) };
        let hands = self.hands(&name);
        let (is_large, looks) = (self.model.is_large(&self.model.batches[&number]), self.random.below(8));
        if (is_large && looks > 0 || looks == 1)
            && let Ok(preview) = self.registry.preview_of_step(number, order.step, order.black_from)
        {
            order.preview_sha256 = preview.digest.to_vec();
        }
        let is_digest_right = looks != 2 || order.preview_sha256.is_empty();
        if !is_digest_right {
            order.preview_sha256[0] ^= 1;
        }
        self.story.push(format!("{name} asks for {order:?} of {number}"));
        let against = self.model.against_step(&name, &order, is_digest_right, self.today);
        let done = self.registry.step(&hands, &order).map(|taken| (taken, taken.receipt.repeated));
        let Some(taken) = self.settle(step.done(), &hands, &against, done) else { return };
        self.remember(&hands);
        let state = next(&self.model.batches[&number], step).unwrap();
        assert_eq!(taken.another_needed, self.model.needs_another(&order), "{}", self.story());
        let batch = self.model.batches.get_mut(&number).unwrap();
        if taken.another_needed {
            batch.endorsed.push((state, name, order.preview_sha256));
            return;
        }
        assert_eq!(taken.state, state, "{}", self.story());
        (batch.state, batch.black_from) = (state, black_from);
        batch.endorsed.clear();
    }

    fn expire(&mut self) {
        let due = self.registry.expire_due(self.today).unwrap();
        let lapsed = |batch: &model::Batch| {
            batch.state == BatchState::Planned && batch.lapses.is_some_and(|day| day < self.today)
        };
        let expected: Vec<u64> =
            self.model.batches.iter().filter(|(_, batch)| lapsed(batch)).map(|(number, _)| *number).collect();
        self.story.push(format!("plans expire: {due:?}"));
        assert_eq!(due, expected, "{}", self.story());
        for number in due {
            let batch = self.model.batches.get_mut(&number).unwrap();
            batch.state = BatchState::Expired;
            batch.endorsed.clear();
        }
    }

    fn inquiry(key: EquipmentKey, ask: &Ask) -> Inquiry {
        Inquiry { equipment: EquipmentValue::Key(key), msisdn: ask.msisdn, imsi: ask.imsi, emergency: false }
    }

    /// Checks answer what the model answers.
    fn compare(&mut self) {
        let mut answers = Answers::new();
        for key in &self.keys {
            let expected = self.model.answers(*key, &self.asks, self.today);
            for (ask, expected) in self.asks.iter().zip(&expected) {
                let answer = self.checker.check(&Self::inquiry(*key, ask), ask.operator).unwrap();
                let given = (answer.verdict.status, answer.verdict.reason);
                assert_eq!(given, *expected, "{key} {ask:?} after:\n{}", self.story());
            }
            answers.push(expected);
        }
        self.recorded.push((self.registry.store().applied(), answers));
    }

    /// The rebuilt store and hot sets loaded anew are the live ones; what was answered then is answered still.
    fn look_back(&mut self) {
        let store = self.registry.store();
        let verified = verify(store).unwrap_or_else(|error| panic!("{error}:\n{}", self.story()));
        let anew = load::hot_sets(store, &mut |_| {}).unwrap().digest();
        assert_eq!(self.checker.sets().unwrap().digest(), anew, "hot sets after:\n{}", self.story());
        assert_eq!(verified.digest, anew, "the rebuilt store after:\n{}", self.story());
        let explainer = Explainer::new(Arc::clone(store), Clock::fixed(self.now));
        for _ in 0..LOOKS_BACK {
            let (revision, answers) = pick(&mut self.random, &self.recorded);
            let when = When { on: None, as_of: AsOf::Revision(revision) };
            for (key, answers) in self.keys.iter().zip(&answers) {
                let at = self.random.below(self.asks.len() as u64) as usize;
                let ask = &self.asks[at];
                let told = explainer.explain(&Self::inquiry(*key, ask), ask.operator, when).unwrap();
                let given = (told.answer.verdict.status, told.answer.verdict.reason);
                assert_eq!(given, answers[at], "{key} {ask:?} as of {revision} after:\n{}", self.story());
            }
        }
    }
}

/// One sequence: what was done in it, and what was refused.
fn sequence(seed: u64) -> Tally {
    let mut world = World::new(seed);
    for _ in 0..30 + world.random.below(31) {
        match world.random.below(20) {
            0..=4 => world.submit(),
            5..=10 => world.step(),
            11..=15 => world.operate(),
            16 => world.propose(),
            17..=18 => world.decide(),
            _ if world.random.below(3) == 0 => world.expire(),
            _ => world.take_back(),
        }
        world.compare();
    }
    world.look_back();
    (world.done, world.refused)
}

#[test]
fn the_register_does_what_a_naive_model_does() {
    let (mut done, mut refused) = Tally::default();
    // Several at once: each waits for the disk most of the time.
    let threads: Vec<_> = (0..THREADS)
        .map(|first| {
            thread::spawn(move || (first..SEQUENCES).step_by(THREADS as usize).map(sequence).collect::<Vec<_>>())
        })
        .collect();
    for (did, did_not) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
        did.into_iter().for_each(|(what, times)| *done.entry(what).or_default() += times);
        did_not.into_iter().for_each(|(why, times)| *refused.entry(why).or_default() += times);
    }
    assert!(done.len() >= 21 && done.values().all(|times| *times >= 3), "too little was done: {done:?}");
    assert!(refused.len() == 5 && refused.values().all(|times| *times >= 50), "too little was refused: {refused:?}");
}
