//! Figures of a journal that is made by hand, held against a count of single IMEIs.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::{
    batch::{BatchHeader, Declared},
    journal::{BatchStateChanged, BatchSubmitted},
    listing::Class,
    store::fold_entry,
};
use proptest::prelude::*;

const TODAY: u16 = 20_000;

#[derive(Default)]
struct Journal {
    batches: Batches,
    entries: Vec<Entry>,
}

impl Journal {
    fn push(&mut self, day: u16, change: Change) -> u64 {
        let seq = self.entries.len() as u64 + 1;
        let time_unix_ms = (i64::from(day) * 86_400 + 3600) * 1000;
        let entry = Entry { seq, time_unix_ms, change: Some(change), ..Entry::default() };
        fold_entry(&mut self.batches, &entry);
        self.entries.push(entry);
        seq
    }

    fn stage(&mut self, door: Door, class: Option<Class>, until: Option<u16>, lapses: Option<u16>) -> u64 {
        let header = BatchHeader {
            kind: "registered".into(),
            door,
            class,
            document: String::new(),
            valid_until: until.and_then(Day::from_stored),
            operator: String::new(),
            submitter: String::new(),
            declared: Declared {
                planned: lapses.is_some(),
                lapses: lapses.and_then(Day::from_stored),
                ..Declared::default()
            },
        };
        let seq = self.push(TODAY, Change::BatchStaged(crate::journal::BatchStaged::default()));
        self.batches.open(seq, header, BatchState::Staged);
        seq
    }

    fn submit(&mut self, batch: u64, added: u64, removed: u64) {
        let body = Some(BatchActivated { batch, added, removed, ..BatchActivated::default() });
        self.push(TODAY, Change::BatchSubmitted(BatchSubmitted { body }));
    }

    fn activate(&mut self, day: u16, batch: u64, added: u64, removed: u64) {
        self.push(day, Change::BatchActivated(BatchActivated { batch, added, removed, ..BatchActivated::default() }));
    }

    fn change(&mut self, day: u16, batch: u64, state: BatchState) {
        let change = BatchStateChanged { batch, state: state as u32, ..BatchStateChanged::default() };
        self.push(day, Change::BatchStateChanged(change));
    }

    fn brought(&self) -> Brought {
        let mut brought = Brought::default();
        self.entries.iter().for_each(|entry| brought.take(entry, &self.batches));
        brought
    }

    fn of(&self, door: Door) -> DoorUse {
        self.brought().doors(&self.batches, Day::from_stored(TODAY).unwrap())[&door]
    }

    fn growth(&self) -> Growth {
        self.brought().growth(Day::from_stored(TODAY).unwrap())
    }
}

#[test]
fn every_state_has_its_figure_and_plans_take_no_place() {
    let mut journal = Journal::default();
    let registered = Some(Class::Registered);
    let put = |journal: &mut Journal, added, until, lapses, states: &[BatchState]| {
        let batch = journal.stage(Door::TppImport, registered, until, lapses);
        journal.submit(batch, added, 0);
        states.iter().for_each(|state| journal.change(TODAY, batch, *state));
    };
    use BatchState::{Active, Expired, Planned, Rejected, Suspended, Withdrawn};
    put(&mut journal, 1, None, None, &[Active]);
    put(&mut journal, 10, None, None, &[Active, Suspended]);
    put(&mut journal, 100, Some(TODAY - 1), None, &[Active]);
    put(&mut journal, 2, Some(TODAY), None, &[Active]);
    put(&mut journal, 1_000, None, Some(TODAY), &[Planned]);
    put(&mut journal, 4, None, Some(TODAY), &[Planned, Active]);
    put(&mut journal, 10_000, None, Some(TODAY - 1), &[Planned, Expired]);
    put(&mut journal, 20_000, None, Some(TODAY - 1), &[Planned]);
    put(&mut journal, 100_000, None, None, &[]);
    put(&mut journal, 1_000_000, None, None, &[Active, Suspended, Withdrawn]);
    put(&mut journal, 10_000_000, None, None, &[Rejected]);
    let pairing = journal.stage(Door::Operator, None, None, None);
    journal.activate(TODAY, pairing, 77, 0);
    let found = journal.of(Door::TppImport);
    let figures = found.states().map(|(_, figure)| figure);
    assert_eq!(figures, [7, 10, 100, 1_000, 30_000, 100_000, 1_000_000]);
    assert_eq!(found.used(), 117);
    assert_eq!(journal.brought().doors(&journal.batches, Day::from_stored(TODAY).unwrap()).len(), 1);
}

#[test]
fn what_is_taken_off_is_not_counted_and_what_comes_back_is() {
    let mut journal = Journal::default();
    let first = journal.stage(Door::Stolen, Some(Class::Stolen), None, None);
    journal.activate(TODAY - 3, first, 50, 0);
    let second = journal.stage(Door::Stolen, Some(Class::Stolen), None, None);
    journal.activate(TODAY - 1, second, 5, 20);
    assert_eq!(journal.of(Door::Stolen).used(), 35);
    journal.change(TODAY, second, BatchState::Withdrawn);
    assert_eq!((journal.of(Door::Stolen).active, journal.of(Door::Stolen).withdrawn), (50, 5));
    assert!((journal.growth().mean - 35.0 / 30.0).abs() < 1e-9, "growth is by the day in which it came in force");
}

#[test]
fn growth_counts_a_batch_once_and_only_the_days_that_it_says() {
    let mut journal = Journal::default();
    for (ago, added) in [(0, 30), (29, 30), (30, 900), (36, 100), (89, 10_000), (90, 1_000_000)] {
        let batch = journal.stage(Door::TppImport, Some(Class::Registered), None, None);
        journal.submit(batch, added, 0);
        journal.change(TODAY - ago, batch, BatchState::Active);
        journal.change(TODAY, batch, BatchState::Suspended);
        journal.change(TODAY, batch, BatchState::Active);
    }
    let growth = journal.growth();
    assert!((growth.mean - 2.0).abs() < 1e-9, "{growth:?}");
    assert!((growth.peak - 10_000.0 / 7.0).abs() < 1e-9, "{growth:?}");
    assert_eq!(Brought::default().growth(Day::from_stored(3).unwrap()), Growth::default());
}

#[test]
fn days_and_costs() {
    assert_eq!(days_left(0, 100, 4.0), Some(25.0));
    assert_eq!([days_left(100, 100, 0.0), days_left(101, 100, 4.0)], [Some(0.0); 2]);
    assert_eq!([days_left(0, 100, 0.0), days_left(0, 100, -4.0)], [None; 2]);
    let cost = Cost { imeis: 4, memory: 10, disk: 1 };
    assert_eq!((cost.memory_per_billion(), cost.disk_per_billion()), (Some(2_500_000_000), Some(250_000_000)));
    assert_eq!(Cost { imeis: 0, ..cost }.memory_per_billion(), None);
}

proptest! {
    /// The highest week, found day by day.
    #[test]
    fn the_peak_is_that_of_a_naive_search(batches in proptest::collection::vec((0_u16..120, 0_u64..1_000, 0_u64..100), 0..60)) {
        let mut journal = Journal::default();
        let mut days = [0_i64; 130];
        for (ago, added, removed) in batches {
            let batch = journal.stage(Door::TppImport, Some(Class::Registered), None, None);
            journal.activate(TODAY - ago, batch, added, removed);
            days[usize::from(ago)] += added as i64 - removed as i64;
        }
        let growth = journal.growth();
        let peak = (0..84).map(|ago| days[ago..ago + 7].iter().sum::<i64>()).max().unwrap();
        prop_assert!((growth.peak - peak as f64 / 7.0).abs() < 1e-6);
        prop_assert!((growth.mean - days[..30].iter().sum::<i64>() as f64 / 30.0).abs() < 1e-6);
    }
}
