//! The fold against a naive model: random batches, states and removals on one page.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    batch::{BatchHeader, Declared},
    day::Day,
    identity::{Imsi, Msisdn},
    sample::SplitMix64,
};
use std::collections::BTreeSet;

const PLACES: u16 = 6;

fn id() -> PageId {
    PageId::of(EquipmentKey::new(35_000_001_004_096).unwrap())
}

/// A register of one page, and its history.
#[derive(Default)]
struct History {
    seq: u64,
    rows: Vec<Row>,
    batches: Batches,
    recorded: Vec<(u64, PageContent)>,
}

fn pick<T: Copy>(random: &mut SplitMix64, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize]
}

fn key(random: &mut SplitMix64) -> EquipmentKey {
    id().key(random.below(u64::from(PLACES)) as u16).unwrap()
}

fn day(random: &mut SplitMix64) -> Option<Day> {
    pick(random, &[None, None, Day::from_stored(20_000), Day::from_stored(21_000)])
}

fn bits(random: &mut SplitMix64) -> PageBits {
    let mut bits = PageBits::EMPTY;
    (0..=random.below(4)).for_each(|_| _ = bits.insert(random.below(u64::from(PLACES)) as u16));
    bits
}

fn msisdn(random: &mut SplitMix64) -> Msisdn {
    Msisdn::new(62_811_000_000 + random.below(3)).unwrap()
}

impl History {
    fn random(seed: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let mut history = Self::default();
        for _ in 0..=random.below(14) {
            history.seq += 1;
            let known: Vec<BatchNumber> = history.batches.iter().map(|(number, _)| number).collect();
            if known.is_empty() || random.below(3) == 0 {
                history.open(&mut random, &known);
            } else {
                use BatchState::{Active, Staged, Suspended, Withdrawn};
                let number = pick(&mut random, &known);
                let state = pick(&mut random, &[Active, Active, Active, Suspended, Withdrawn, Staged]);
                let suspended = state == Suspended;
                let black_from = day(&mut random).filter(|_| suspended);
                history.batches.change(number, history.seq, state, black_from);
            }
            let content = page_content(id(), &history.rows, &history.batches, history.seq);
            history.recorded.push((history.seq, content));
        }
        history
    }

    fn open(&mut self, random: &mut SplitMix64, known: &[BatchNumber]) {
        let class = pick(
            random,
            &[None, Some(Class::Registered), Some(Class::Registered), Some(Class::Grandfathered), Some(Class::Stolen)],
        );
        let door = pick(random, &[Door::TppImport, Door::OperatorTourist, Door::State, Door::Operator]);
        let header = BatchHeader {
            kind: String::new(),
            door,
            class,
            document: String::new(),
            valid_until: day(random),
            operator: String::new(),
            submitter: String::new(),
            declared: Declared::default(),
        };
        let number = self.seq;
        self.batches.open(number, header, BatchState::Staged);
        let target = (!known.is_empty() && random.below(2) == 0).then(|| pick(random, known));
        let plain = bits(random);
        // A device of a batch is plain or has attributes, never both.
        let place = PageId::place(key(random));
        let mark = BodyRow::Mark {
            key: id().key(place).unwrap(),
            until: day(random),
            since: day(random),
            number: (random.below(2) == 0).then(|| msisdn(random)),
        };
        let mut rows = Vec::new();
        if !plain.contains(place) {
            rows.push(mark);
        }
        rows.push(BodyRow::Page { id: id(), target: None, bits: Box::new(plain) });
        let key = key(random);
        let pairing = BodyRow::Pairing {
            key,
            number: msisdn(random).into(),
            target: None,
            kind: pick(random, &[PairingKind::Allowance, PairingKind::Binding]),
            imsi: (random.below(2) == 0).then(|| Imsi::from_number(510_101_234_567_890 + random.below(2)).unwrap()),
            until: day(random),
        };
        if let Some(target) = target {
            rows.push(BodyRow::Page { id: id(), target: Some(target), bits: Box::new(bits(random)) });
            let BodyRow::Pairing { kind, .. } = pairing else { unreachable!() };
            let number = msisdn(random).into();
            let key = id().key(random.below(u64::from(PLACES)) as u16).unwrap();
            rows.push(BodyRow::Pairing { key, number, target: Some(target), kind, imsi: None, until: None });
        }
        rows.push(pairing);
        self.rows.extend(rows.into_iter().map(|row| (number, row)));
        // As the store gives them: family by family, then batch by batch.
        let family = |row: &BodyRow| match row {
            BodyRow::Page { .. } => 1,
            BodyRow::Mark { .. } => 2,
            _ => 3,
        };
        self.rows.sort_by_key(|(batch, row)| (family(row), *batch));
    }

    /// What is in force for one place, told in words, row by row.
    fn naive(&self, place: u16, seq: u64) -> BTreeSet<String> {
        let key = id().key(place).unwrap();
        let state = |number: BatchNumber| {
            let states = &self.batches.get(number).unwrap().states;
            let last = states.iter().filter(|(since, _)| *since <= seq).map(|(_, state)| *state).next_back();
            last.filter(|state| matches!(state, BatchState::Active | BatchState::Suspended))
        };
        let gone = |from: BatchNumber| {
            self.rows.iter().any(|(remover, row)| {
                matches!(row, BodyRow::Page { target: Some(target), bits, .. } if *target == from && bits.contains(place))
                    && state(*remover).is_some()
            })
        };
        let mut told = BTreeSet::new();
        for (number, row) in &self.rows {
            let Some(state) = state(*number) else { continue };
            let header = &self.batches.get(*number).unwrap().header;
            let suspended = state == BatchState::Suspended;
            let batch = self.batches.get(*number).unwrap();
            let newest = batch.states.iter().rfind(|(since, _)| *since <= seq).unwrap().0;
            let black_from = batch.black_from.iter().find(|(since, _)| *since == newest).map(|(_, day)| *day);
            let first_day = |class, since| match suspended && class != Class::Grandfathered {
                true => black_from,
                false => since,
            };
            match row {
                BodyRow::Page { target: None, bits, .. } if bits.contains(place) && !gone(*number) => {
                    let Some(class) = header.class else { continue };
                    let bare = header.valid_until.is_none() && header.door != Door::OperatorTourist;
                    told.insert(if bare && class != Class::Stolen && !suspended {
                        format!("plain {class}")
                    } else if bare && class == Class::Registered && black_from.is_none() {
                        "suspended".to_owned()
                    } else {
                        mark_text(class, header.door, header.valid_until, first_day(class, None), None, suspended)
                    });
                }
                BodyRow::Mark { key: about, until, since, number: bound } if *about == key && !gone(*number) => {
                    let Some(class) = header.class else { continue };
                    let until = until.or(header.valid_until);
                    let since = first_day(class, *since);
                    told.insert(mark_text(class, header.door, until, since, bound.map(Number::from), suspended));
                }
                BodyRow::Pairing { key: about, number: paired, target: None, kind, imsi, until } if *about == key => {
                    let ended = self.rows.iter().any(|(remover, row)| {
                        matches!(row, BodyRow::Pairing { key: k, number: n, imsi: i, target: Some(t), .. }
                            if (k, n, i, t) == (about, paired, imsi, number))
                            && state_of(&self.batches, *remover, seq)
                    });
                    if ended {
                        continue;
                    }
                    let door = if header.door == Door::Operator { Door::OperatorTourist } else { header.door };
                    let door = if *kind == PairingKind::Binding { door } else { Door::Operator };
                    let until = until.or(header.valid_until);
                    told.insert(format!("{kind:?} {} {until:?} {door} first", paired.to_stored()));
                    if let Some(imsi) = imsi {
                        told.insert(format!("{kind:?} {} {until:?} {door} second", Number::from(*imsi).to_stored()));
                    }
                }
                _ => {}
            }
        }
        told
    }
}

fn state_of(batches: &Batches, number: BatchNumber, seq: u64) -> bool {
    batches.get(number).unwrap().state_at(seq).is_some_and(BatchState::is_evidence)
}

fn mark_text(
    class: Class,
    door: Door,
    until: Option<Day>,
    since: Option<Day>,
    number: Option<Number>,
    suspended: bool,
) -> String {
    format!("{class} {door} {until:?} {since:?} {:?} {suspended}", number.map(Number::to_stored))
}

fn tell_mark(mark: &Mark) -> String {
    mark_text(mark.class, mark.door, mark.until(), mark.since(), mark.number, mark.suspended)
}

fn tell_pair(pair: &Pair) -> String {
    let nth = if pair.second { "second" } else { "first" };
    format!("{:?} {} {:?} {} {nth}", pair.kind, pair.number.to_stored(), pair.until(), pair.door)
}

fn told(content: &PageContent, place: u16) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    if content.registered.contains(place) {
        told.insert(format!("plain {}", Class::Registered));
    }
    if content.grandfathered.contains(place) {
        told.insert(format!("plain {}", Class::Grandfathered));
    }
    if content.suspended.contains(place) {
        told.insert("suspended".to_owned());
    }
    told.extend(content.marks.iter().filter(|(at, _)| *at == place).map(|(_, mark)| tell_mark(mark)));
    told.extend(content.pairs.iter().filter(|(at, _)| *at == place).map(|(_, pair)| tell_pair(pair)));
    told
}

const HISTORIES: u64 = 1_500;

#[test]
fn a_page_holds_what_each_row_says() {
    let mut most = 0;
    for seed in 0..HISTORIES {
        let history = History::random(seed);
        for seq in 0..=history.seq {
            let content = page_content(id(), &history.rows, &history.batches, seq);
            for place in 0..PLACES {
                let expected = history.naive(place, seq);
                most = most.max(expected.len());
                assert_eq!(told(&content, place), expected, "seed {seed}, entry {seq}, place {place}");
            }
        }
    }
    assert!(most >= 4, "histories are too thin to prove anything: at most {most} rows count for one device");
}

#[test]
fn an_earlier_entry_shows_what_was_then_recorded() {
    for seed in 0..HISTORIES {
        let history = History::random(seed);
        for (seq, recorded) in &history.recorded {
            let content = page_content(id(), &history.rows, &history.batches, *seq);
            assert_eq!(&content, recorded, "seed {seed}, entry {seq}");
        }
    }
}

#[test]
fn a_page_is_what_its_devices_are() {
    for seed in 0..HISTORIES {
        let history = History::random(seed);
        for seq in [history.seq / 2, history.seq] {
            let content = page_content(id(), &history.rows, &history.batches, seq);
            for place in 0..PLACES {
                let key = id().key(place).unwrap();
                let device = device_evidence(key, &history.rows, &history.batches, seq);
                let mut of_device: BTreeSet<String> = device.marks.iter().map(tell_mark).collect();
                of_device.extend(device.pairs.iter().map(tell_pair));
                of_device.extend((!device.registered.is_empty()).then(|| format!("plain {}", Class::Registered)));
                of_device.extend((!device.grandfathered.is_empty()).then(|| format!("plain {}", Class::Grandfathered)));
                of_device.extend((!device.suspended.is_empty()).then(|| "suspended".to_owned()));
                assert_eq!(of_device, told(&content, place), "seed {seed}, entry {seq}, place {place}");
                let batches = device.mark_batches.iter().chain(&device.pair_batches).chain(&device.registered);
                assert!(batches.into_iter().all(|batch| state_of(&history.batches, *batch, seq)));
                assert_eq!(
                    (device.marks.len(), device.pairs.len()),
                    (device.mark_batches.len(), device.pair_batches.len())
                );
            }
        }
    }
}
