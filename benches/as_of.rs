//! What a question as of an earlier revision costs, on the page on which most was written.
//!
//! `as_of` makes a register of one page with `SARING_BENCH_ROWS` rows (1,000 if absent) of a few hundred batches: lists,
//! reports, removals, suspensions. It asks for random devices as of random revisions, holds each answer against a naive
//! reading of what was written, and prints how long the answers took.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use saring::{
    batch::{BatchNumber, BatchState, BatchStep},
    check::{AsOf, Clock, EquipmentValue, Explain, Inquiry, When},
    explain::Explainer,
    identity::EquipmentKey,
    import::{DeviceRow, Gathered, Kind, Mode, RemovedRow},
    listing::Door,
    page::{PageBits, PageId},
    policy::Reason,
    registry::{ImportOrder, Registry},
    revision::Revision,
    sample::SplitMix64,
    store::{Hands, OpenMode, Store},
};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

const ROWS: usize = 1_000;
const ROWS_UNMEASURED: usize = 40;
const QUESTIONS: usize = 5_000;
const QUESTIONS_UNMEASURED: usize = 200;
/// Devices in play; few, so that each has a long story.
const DEVICES: u64 = 24;
const FIRST: u64 = 35_209_900_176_128;

/// A batch as it was written.
struct Said {
    number: BatchNumber,
    kind: Kind,
    lists: BTreeSet<u64>,
    takes: BTreeSet<(BatchNumber, u64)>,
    states: Vec<(u64, BatchState)>,
}

impl Said {
    fn state(&self, seq: u64) -> Option<BatchState> {
        self.states.iter().rev().find(|(since, _)| *since <= seq).map(|(_, state)| *state)
    }

    fn counts(&self, seq: u64) -> bool {
        matches!(self.state(seq), Some(BatchState::Active | BatchState::Suspended))
    }
}

struct World {
    registry: Registry,
    random: SplitMix64,
    said: Vec<Said>,
    rows: usize,
}

fn main() {
    let given = std::env::var("SARING_BENCH_ROWS").ok().and_then(|text| text.parse().ok());
    let rows = given.unwrap_or(if setup::measures() { ROWS } else { ROWS_UNMEASURED });
    let directory = tempfile::tempdir().unwrap();
    let (said, newest) = {
        let registry = Registry::open(directory.path(), true).unwrap().0;
        let mut world = World { registry, random: SplitMix64::new(7), said: Vec::new(), rows: 0 };
        while world.rows < rows {
            world.write();
        }
        world.registry.store().flush().unwrap();
        (world.said, world.registry.store().applied())
    };
    let store = Store::open(directory.path(), OpenMode::Read).unwrap();
    let explainer = Explainer::new(Arc::new(store), Clock::system().unwrap());
    let questions = if setup::measures() { QUESTIONS } else { QUESTIONS_UNMEASURED };
    let (mut random, mut took) = (SplitMix64::new(11), Vec::<Duration>::with_capacity(questions));
    for _ in 0..questions {
        let (device, seq) = (FIRST + random.below(DEVICES), 3 + random.below(newest.seq - 2));
        let inquiry = Inquiry::of(EquipmentValue::Key(EquipmentKey::new(device).unwrap()));
        let when = When { on: None, as_of: AsOf::Revision(Revision { seq, ..newest }) };
        let started = Instant::now();
        let told = explainer.explain(&inquiry, None, when).unwrap();
        took.push(started.elapsed());
        assert_eq!(told.answer.verdict.reason, reason(&said, device, seq), "{device} as of {seq}");
    }
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 1000].as_secs_f64() * 1e3;
    println!(
        "{questions} questions as of {} revisions of a page with {} rows: {:.3} ms at p50, {:.3} at p99, {:.3} at p99.9",
        newest.seq,
        written(&said),
        at(500),
        at(990),
        at(999)
    );
}

/// What a device was as of a revision, by everything that was written.
fn reason(said: &[Said], device: u64, seq: u64) -> Reason {
    let is_taken = |from: BatchNumber| said.iter().any(|by| by.counts(seq) && by.takes.contains(&(from, device)));
    let found = said.iter().filter(|batch| batch.lists.contains(&device) && !is_taken(batch.number));
    let mut best = Reason::NotRegistered;
    for batch in found {
        match (batch.state(seq), batch.kind) {
            // A suspension improves no answer.
            (Some(BatchState::Active | BatchState::Suspended), Kind::Stolen) => return Reason::Stolen,
            (Some(BatchState::Active), _) => best = Reason::Registered,
            (Some(BatchState::Suspended), Kind::Registered) if best != Reason::Registered => best = Reason::Suspended,
            _ => {}
        }
    }
    best
}

fn written(said: &[Said]) -> usize {
    said.iter().map(Said::rows).sum()
}

impl Said {
    /// Rows on the page: one for a list, one a device of a report, one for each batch that something is taken off.
    fn rows(&self) -> usize {
        let targets: BTreeSet<BatchNumber> = self.takes.iter().map(|(from, _)| *from).collect();
        let lists = if self.kind == Kind::Stolen { self.lists.len() } else { usize::from(!self.lists.is_empty()) };
        lists + targets.len()
    }
}

impl World {
    fn write(&mut self) {
        match self.random.below(20) {
            0..=10 => self.list(Kind::Registered),
            11..=13 => self.list(Kind::Stolen),
            14..=15 => self.take(Kind::Registered),
            16..=17 => self.take(Kind::Stolen),
            _ => self.step(),
        }
        self.rows = written(&self.said);
    }

    fn some(&mut self) -> BTreeSet<u64> {
        (0..=self.random.below(4)).map(|_| FIRST + self.random.below(DEVICES)).collect()
    }

    fn list(&mut self, kind: Kind) {
        let lists = self.some();
        let mut list = of(kind);
        for device in &lists {
            let key = EquipmentKey::new(*device).unwrap();
            match kind {
                Kind::Stolen => {
                    let (valid_until, number, operator, since) = (None, None, None, None);
                    list.devices.push(DeviceRow { key, valid_until, number, operator, since });
                }
                _ => {
                    let mut bits = PageBits::EMPTY;
                    list.pages.iter().for_each(|(_, page)| bits = page.clone());
                    bits.insert(PageId::place(key));
                    list.pages = vec![(PageId::of(key), bits)];
                }
            }
        }
        self.import(kind, list, lists, BTreeSet::new());
    }

    fn take(&mut self, kind: Kind) {
        let devices = self.some();
        let seq = self.registry.store().applied().seq;
        let mut takes = BTreeSet::new();
        for batch in self.said.iter().filter(|batch| batch.kind == kind) {
            let is_left = |device: &&u64| {
                let taken = |by: &Said| by.counts(seq) && by.takes.contains(&(batch.number, **device));
                batch.lists.contains(*device) && !self.said.iter().any(taken)
            };
            if batch.state(seq) == Some(BatchState::Active) {
                takes.extend(devices.iter().filter(is_left).map(|device| (batch.number, *device)));
            }
        }
        if takes.is_empty() {
            return;
        }
        let mut list = of(kind);
        let row = |device: &u64| RemovedRow { key: EquipmentKey::new(*device).unwrap(), operator: None };
        list.removed = devices.iter().map(row).collect();
        self.import(kind, list, BTreeSet::new(), takes);
    }

    fn import(&mut self, kind: Kind, list: Gathered, lists: BTreeSet<u64>, takes: BTreeSet<(BatchNumber, u64)>) {
        // Each names a document of its own, so that nothing is known already.
        let order = ImportOrder::bootstrap(Mode::Add, &format!("document {}", self.said.len()), 100);
        let summary = self.registry.import(list, &order).unwrap();
        let [number] = summary.batches[..] else { panic!("{summary:?}") };
        let states = vec![(summary.revision.seq, BatchState::Active)];
        self.said.push(Said { number, kind, lists, takes, states });
    }

    fn step(&mut self) {
        if self.said.is_empty() {
            return;
        }
        let at = self.random.below(self.said.len() as u64) as usize;
        let batch = &mut self.said[at];
        let state = match batch.states.last().unwrap().1 {
            BatchState::Active if self.random.below(3) > 0 => BatchState::Suspended,
            BatchState::Suspended => BatchState::Active,
            BatchState::Active => BatchState::Withdrawn,
            _ => return,
        };
        let steps = [BatchStep::new(batch.number, state)];
        let revision = self.registry.write_steps(&steps, &Hands::bootstrap()).unwrap();
        batch.states.push((revision.seq, state));
    }
}

fn of(kind: Kind) -> Gathered {
    let door = if kind == Kind::Stolen { Door::Stolen } else { Door::CustomsPassenger };
    Gathered::new(kind, door, None, None)
}
