//! The lists that single operations are, as the model sees them, and random lists and operations.

use super::model::{Model, Said};
use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, RemovedRow},
    listing::{Class, Door},
    page::{PageBits, PageId},
    pairing::{Number, NumberKind, PairingKind},
    registry::{Act, Operation, Subscriber, tests::pick},
    sample::SplitMix64,
};
use std::{collections::BTreeMap, sync::Arc};

/// Phones: one with two IMEIs on one page, one with IMEIs of two models, and two with one IMEI.
pub(super) const PHONES: [&[u64]; 4] = [
    &[35_000_001_000_001, 35_000_001_000_002],
    &[35_000_001_000_003, 35_000_002_000_001],
    &[35_000_001_004_096],
    &[35_000_002_000_000],
];

pub(super) fn keys(of: &[u64]) -> Vec<EquipmentKey> {
    of.iter().map(|number| EquipmentKey::new(*number).unwrap()).collect()
}

pub(super) fn msisdn(n: u64) -> Msisdn {
    Msisdn::new(62_811_000_000 + n).unwrap()
}

pub(super) fn imsi(n: u64) -> Imsi {
    Imsi::from_number(510_101_234_567_890 + n).unwrap()
}

/// A day so many days from today.
pub(super) fn day(today: Day, days: i32) -> Day {
    Day::from_stored(u16::try_from(i32::from(today.get()) + days).unwrap()).unwrap()
}

fn device((key, (valid_until, since, number)): (EquipmentKey, Said)) -> DeviceRow {
    DeviceRow { key, valid_until, number, operator: None, since }
}

fn named_by(number: Number, sim: Option<Imsi>) -> Subscriber {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => Subscriber { msisdn: Some(msisdn), imsi: sim },
        NumberKind::Imsi(imsi) => Subscriber { msisdn: None, imsi: Some(imsi) },
    }
}

fn named(operator: &str) -> Option<Arc<str>> {
    Some(Arc::from(operator)).filter(|name: &Arc<str>| !name.is_empty())
}

fn pairing(key: EquipmentKey, subscriber: &Subscriber, remove: bool) -> PairingRow {
    let Subscriber { msisdn, imsi } = *subscriber;
    let binding = PairingKind::Allowance;
    PairingRow { key, msisdn, imsi, binding, valid_until: None, operator: None, remove }
}

impl Model {
    /// The list that a single operation is. Only for one that nothing speaks against.
    pub(super) fn list_of(&self, operation: &Operation, operator: &str, today: Day) -> Gathered {
        let mut list = Gathered::new(Kind::Pairing, Door::Operator, None, named(operator));
        let phone = |list: &mut Gathered, keys: &[EquipmentKey], said: Said| {
            list.devices = keys.iter().map(|key| device((*key, said))).collect();
            list.links = if keys.len() > 1 { vec![keys.to_vec()] } else { Vec::new() };
        };
        let removed = |keys: &[EquipmentKey]| keys.iter().map(|key| RemovedRow { key: *key, operator: None }).collect();
        match &operation.act {
            Act::Report { kind, keys, since } => {
                (list.kind, list.door) = (*kind, kind.default_door());
                phone(&mut list, keys, (None, since.or(Some(today)), None));
            }
            Act::Lift { kind, keys } => {
                (list.kind, list.door) = (*kind, kind.default_door());
                list.removed = removed(keys);
            }
            Act::Register { door, keys, valid_until, number, person, .. } => {
                let (limits, visitor) = (self.limits.of(*door), *door == Door::OperatorTourist);
                let brief = matches!(door, Door::OperatorTourist | Door::State);
                (list.kind, list.door) = (if brief { Kind::Temporary } else { Kind::Registered }, *door);
                let until = valid_until.or(limits.days.map(|days| day(today, i32::from(days))));
                phone(&mut list, keys, (until, None, number.filter(|_| limits.needs_number || visitor)));
                list.holders = person.map_or_else(Vec::new, |person| keys.iter().map(|key| (*key, person)).collect());
            }
            Act::Correct { batch, wrong, right } => {
                let batch = &self.batches[batch];
                list = Gathered::new(batch.kind, batch.door, batch.until, named(&batch.operator));
                list.devices = vec![device((*right, batch.devices[wrong]))];
                list.removed = removed(&[*wrong]);
                list.holders = batch.holders.get(wrong).map(|person| (*right, *person)).into_iter().collect();
            }
            Act::Pair { key, subscriber, valid_until, instead_of } => {
                let mut rows = vec![PairingRow { valid_until: *valid_until, ..pairing(*key, subscriber, false) }];
                rows.extend(instead_of.iter().map(|old| pairing(*key, old, true)));
                list.pairings = rows.into();
            }
            Act::Release { key, subscriber } => list.pairings = vec![pairing(*key, subscriber, true)].into(),
            Act::ReleaseNumber { subscriber } => list.pairings = self.pairings_with(subscriber).into(),
            Act::Exempt { keys, valid_until } => {
                (list.kind, list.door) = (Kind::Exempt, Door::State);
                phone(&mut list, keys, (*valid_until, None, None));
            }
            Act::Suspect { key } | Act::Resolve { key, genuine: None } => {
                (list.kind, list.door) = (Kind::Duplicate, Door::Barred);
                match operation.act {
                    Act::Suspect { .. } => phone(&mut list, &[*key], Said::default()),
                    _ => list.removed = removed(&[*key]),
                }
            }
            Act::Resolve { key, genuine: Some(subscriber) } => {
                list.pairings = vec![pairing(*key, subscriber, false)].into()
            }
        }
        list
    }

    /// Lets an operation be about what is there, mostly.
    pub(super) fn aim(&self, random: &mut SplitMix64, operation: &mut Operation) {
        if random.below(5) == 0 {
            return;
        }
        match &mut operation.act {
            Act::Lift { kind, keys } => {
                let reports = self.batches.values().filter(|batch| batch.kind == *kind && batch.is_single);
                let reports: Vec<_> = reports.filter(|report| !report.devices.is_empty()).collect();
                if !reports.is_empty() {
                    let report = pick(random, &reports);
                    *keys = report.devices.keys().copied().collect();
                    operation.operator.clone_from(&report.operator);
                }
            }
            Act::Correct { batch, wrong, .. } => {
                let is_there = |number, key| random.below(8) == 0 || !self.is_taken(number, key);
                let mut is_there = is_there;
                let mut found = Vec::new();
                for (number, known) in self.batches.iter().filter(|(_, known)| known.is_single) {
                    found
                        .extend(known.devices.keys().filter(|key| is_there(*number, **key)).map(|key| (*number, *key)));
                }
                if !found.is_empty() {
                    (*batch, *wrong) = pick(random, &found);
                }
            }
            Act::Release { key, subscriber } | Act::Pair { key, instead_of: Some(subscriber), .. } => {
                let pairs: Vec<_> = self.batches.values().flat_map(|batch| &batch.pairs).collect();
                if !pairs.is_empty() {
                    let pair = pick(random, &pairs);
                    (*key, *subscriber) = (pair.key, named_by(pair.number, pair.sim));
                }
            }
            _ => {}
        }
    }

    /// Removals of every pairing of a subscriber that is in force, whoever holds it.
    fn pairings_with(&self, subscriber: &Subscriber) -> Vec<PairingRow> {
        let numbers = [subscriber.msisdn.map(Number::from), subscriber.imsi.map(Number::from)];
        let is_theirs = |number: Number| numbers.contains(&Some(number));
        let mut rows = Vec::new();
        for (number, batch) in self.batches.iter().filter(|(_, batch)| batch.state == crate::batch::BatchState::Active)
        {
            for pair in batch.pairs.iter().filter(|pair| !self.is_parted(*number, pair)) {
                if is_theirs(pair.number) || pair.sim.is_some_and(|sim| is_theirs(sim.into())) {
                    let named = named_by(pair.number, pair.sim);
                    let operator = Some(Arc::from(batch.operator.as_str()));
                    rows.push(PairingRow { operator, ..pairing(pair.key, &named, true) });
                }
            }
        }
        rows
    }
}

pub(super) fn phone(random: &mut SplitMix64) -> Vec<EquipmentKey> {
    let mut keys = keys(pick(random, &PHONES));
    match random.below(12) {
        0 => keys.push(keys[0]),
        1 => keys.truncate(1),
        2..=4 => keys.reverse(),
        _ => {}
    }
    keys
}

pub(super) fn one(random: &mut SplitMix64) -> EquipmentKey {
    let keys = keys(pick(random, &PHONES));
    pick(random, &keys)
}

fn subscriber(random: &mut SplitMix64) -> Subscriber {
    match random.below(4) {
        0 => Subscriber { msisdn: None, imsi: Some(imsi(random.below(2))) },
        1 => Subscriber { msisdn: Some(msisdn(random.below(2))), imsi: Some(imsi(random.below(2))) },
        _ => Subscriber { msisdn: Some(msisdn(random.below(2))), imsi: None },
    }
}

/// A random list of a kind of devices or pairings.
pub(super) fn random_list(random: &mut SplitMix64, mode: Mode, today: Day) -> Gathered {
    let (kind, door) = pick(
        random,
        &[
            (Kind::Registered, Door::TppImport),
            (Kind::Registered, Door::TppImport),
            (Kind::Registered, Door::State),
            (Kind::Grandfathered, Door::Grandfathered),
            (Kind::Stolen, Door::Stolen),
            (Kind::Barred, Door::Barred),
            (Kind::Temporary, Door::OperatorTourist),
            (Kind::Pairing, Door::Operator),
        ],
    );
    let operator = pick(random, &["", "", "xl", "tsel"]);
    let until = pick(random, &[None, None, None, Some(day(today, 30)), Some(day(today, -30))]);
    let mut list = Gathered::new(kind, door, until, named(operator));
    let mut rows: BTreeMap<EquipmentKey, u64> = BTreeMap::new();
    (0..=random.below(5)).for_each(|_| _ = rows.insert(one(random), random.below(6)));
    let mut pages: BTreeMap<PageId, PageBits> = BTreeMap::new();
    let mut pairings = Vec::new();
    for (key, what) in rows {
        let remove = what == 0 && mode != Mode::Full;
        if kind == Kind::Pairing {
            pairings.push(pairing(key, &subscriber(random), remove));
            continue;
        }
        match what {
            0 if remove => list.removed.push(RemovedRow { key, operator: None }),
            1 => list.devices.push(device((key, (Some(day(today, 60)), None, None)))),
            2 => list.devices.push(device((key, (None, Some(day(today, -5)), Some(msisdn(random.below(2))))))),
            _ => _ = pages.entry(PageId::of(key)).or_default().insert(PageId::place(key)),
        }
    }
    list.pairings = pairings.into();
    list.pages = pages.into_iter().collect();
    debug_assert!(kind.class(door) != Some(Class::Lost));
    list
}

/// A random single operation.
pub(super) fn random_operation(random: &mut SplitMix64, today: Day) -> Operation {
    let kind = pick(random, &[Kind::Stolen, Kind::Stolen, Kind::Lost]);
    let until = pick(random, &[None, None, Some(day(today, 20)), Some(day(today, 200)), Some(day(today, -20))]);
    let act = match random.below(22) {
        0..=2 => Act::Report { kind, keys: phone(random), since: Some(day(today, -1)) },
        3..=4 => Act::Lift { kind, keys: phone(random) },
        5..=9 => Act::Register {
            door: pick(
                random,
                &[Door::CustomsPassenger, Door::CustomsParcel, Door::OperatorTourist, Door::State, Door::TppImport],
            ),
            keys: phone(random),
            valid_until: until,
            number: pick(random, &[None, Some(msisdn(0)), Some(msisdn(1))]),
            person: pick(random, &[None, Some([1; 16]), Some([1; 16]), Some([2; 16])]),
            arrived: pick(random, &[None, Some(day(today, -3)), Some(day(today, -3)), Some(day(today, -90))]),
        },
        10..=12 => Act::Correct { batch: 1, wrong: one(random), right: one(random) },
        13..=14 => Act::Pair {
            key: one(random),
            subscriber: subscriber(random),
            valid_until: until,
            instead_of: (random.below(3) == 0).then(|| subscriber(random)),
        },
        15 => Act::Release { key: one(random), subscriber: subscriber(random) },
        16 => Act::ReleaseNumber { subscriber: subscriber(random) },
        17 => Act::Exempt { keys: phone(random), valid_until: until },
        18..=19 => Act::Suspect { key: one(random) },
        _ => Act::Resolve { key: one(random), genuine: (random.below(3) == 0).then(|| subscriber(random)) },
    };
    Operation {
        act,
        operator: pick(random, &["", "", "", "", "", "", "xl", "tsel"]).to_owned(),
        outlet: pick(random, &["", "counter 1", "counter 1"]).to_owned(),
        document: pick(random, &["", "LP/1", "LP/1", "LP/2"]).to_owned(),
    }
}
