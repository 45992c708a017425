//! Lists of devices: random imports against sets of statements.

use super::{RegistryError, import, list, order, pick, registry, verify};
use crate::{
    batch::BatchNumber,
    day::Day,
    fold,
    identity::{EquipmentKey, Msisdn},
    import::{DeviceRow, Gathered, Kind, Mode, RemovedRow},
    listing::Door,
    page::{PageBits, PageId},
    registry::{ImportOrder, Registry},
    sample::SplitMix64,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const REGISTERS: u64 = 25;
const IMPORTS: u64 = 8;

/// Devices: two models, two pages of the first.
fn device(random: &mut SplitMix64) -> EquipmentKey {
    let first = pick(random, &[35_000_001_002_040, 35_000_001_002_050, 35_000_002_000_000]);
    EquipmentKey::new(first + random.below(5)).unwrap()
}

fn day(random: &mut SplitMix64) -> Option<Day> {
    pick(random, &[None, None, Day::from_stored(20_000), Day::from_stored(21_000)])
}

type Attributes = (Option<Day>, Option<Day>, Option<Msisdn>);

/// What a list says of one device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    key: EquipmentKey,
    document: String,
    for_all_until: Option<Day>,
    attributes: Attributes,
}

impl Statement {
    fn says(&self) -> (EquipmentKey, Option<Day>, Attributes) {
        (self.key, self.for_all_until, self.attributes)
    }
}

/// What an operator has on a door's list.
type Lists = BTreeMap<(Door, String), BTreeSet<Statement>>;

/// One operator's part of a list.
#[derive(Default)]
struct Said {
    listed: BTreeSet<Statement>,
    removed: BTreeSet<EquipmentKey>,
}

fn said(list: &Gathered, document: &str) -> BTreeMap<String, Said> {
    let own = list.operator.as_deref().unwrap_or_default();
    let mut said: BTreeMap<String, Said> = BTreeMap::from([(own.to_owned(), Said::default())]);
    let statement =
        |key, attributes| Statement { key, document: document.into(), for_all_until: list.valid_until, attributes };
    for (id, bits) in &list.pages {
        let listed = bits.iter().map(|place| statement(id.key(place).unwrap(), (None, None, None)));
        said.get_mut(own).unwrap().listed.extend(listed);
    }
    for row in &list.devices {
        let part = said.entry(row.operator.as_deref().unwrap_or(own).to_owned()).or_default();
        part.listed.insert(statement(row.key, (row.valid_until, row.since, row.number)));
    }
    for row in &list.removed {
        said.entry(row.operator.as_deref().unwrap_or(own).to_owned()).or_default().removed.insert(row.key);
    }
    said
}

/// Takes a part in; gives how many statements came, and how many devices went.
fn apply(held: &mut BTreeSet<Statement>, said: &Said, mode: Mode) -> (u64, u64) {
    let before = held.clone();
    let is_said = |held: &Statement| said.listed.iter().any(|listed| listed.says() == held.says());
    let is_named = |held: &Statement| said.listed.iter().any(|listed| listed.key == held.key);
    held.retain(|statement| match mode {
        Mode::Add => !said.removed.contains(&statement.key),
        Mode::Delta => {
            !said.removed.contains(&statement.key) && (said.listed.contains(statement) || !is_named(statement))
        }
        Mode::Full => is_said(statement),
    });
    let gone: BTreeSet<EquipmentKey> = before.difference(held).map(|statement| statement.key).collect();
    let mut added = 0;
    for listed in &said.listed {
        let known = match mode {
            Mode::Full => held.iter().any(|held| held.says() == listed.says()),
            Mode::Add | Mode::Delta => held.contains(listed),
        };
        if !known {
            held.insert(listed.clone());
            added += 1;
        }
    }
    (added, gone.len() as u64)
}

fn random_list(random: &mut SplitMix64, mode: Mode) -> Gathered {
    let kind = pick(random, &[Kind::Registered, Kind::Registered, Kind::Stolen, Kind::Grandfathered]);
    let mut list = list(kind);
    list.operator = pick(random, &[None, None, Some(Arc::from("xl"))]);
    list.valid_until = day(random);
    let mut taken = BTreeSet::new();
    let mut pages: BTreeMap<PageId, PageBits> = BTreeMap::new();
    let own = list.operator.clone();
    for _ in 0..random.below(8) {
        let key = device(random);
        let operator = pick(random, &[None, None, Some(Arc::from("telkomsel")), Some(Arc::from("xl"))])
            .filter(|name| Some(name) != own.as_ref());
        if !taken.insert((key, operator.clone().or(own.clone()))) {
            continue;
        }
        let until = day(random).filter(|day| list.valid_until != Some(*day));
        let number = pick(random, &[None, None, Msisdn::new(62_811_000_001).ok()]);
        let row = DeviceRow { key, valid_until: until, number, operator: operator.clone(), since: day(random) };
        let is_plain = (row.valid_until, row.number, row.since, &row.operator) == (None, None, None, &None);
        if is_plain {
            pages.entry(PageId::of(key)).or_default().insert(PageId::place(key));
        } else if random.below(4) == 0 && mode != Mode::Full {
            list.removed.push(RemovedRow { key, operator });
        } else {
            list.devices.push(row);
        }
    }
    list.pages = pages.into_iter().collect();
    list.devices.sort_by(|a, b| (a.key, &a.operator).cmp(&(b.key, &b.operator)));
    list.removed.sort_by(|a, b| (a.key, &a.operator).cmp(&(b.key, &b.operator)));
    list
}

type Effect = (Door, String, String, EquipmentKey, Option<Day>, Option<Day>, Option<u64>);

/// What is in force, read from the register device by device.
fn in_force(registry: &Registry) -> Vec<Effect> {
    let store = registry.store();
    let batches = store.batches();
    let mut effects = Vec::new();
    for page in store.scan_pages().unwrap() {
        let (id, rows) = page.unwrap();
        for key in (0..2048).filter_map(|place| id.key(place)) {
            let device = fold::device_evidence(key, &rows, &batches, store.applied().seq);
            let header = |number: BatchNumber| {
                let header = &batches.get(number).unwrap().header;
                (header.door, header.operator.clone(), header.document.clone())
            };
            for batch in device.registered.iter().chain(&device.grandfathered) {
                let (door, operator, document) = header(*batch);
                effects.push((door, operator, document, key, None, None, None));
            }
            for (mark, batch) in device.marks.iter().zip(&device.mark_batches) {
                let (door, operator, document) = header(*batch);
                let number = mark.number.map(|number| number.to_stored());
                effects.push((door, operator, document, key, mark.until(), mark.since(), number));
            }
        }
    }
    effects.sort();
    effects
}

fn expected(lists: &Lists) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ((door, operator), held) in lists {
        effects.extend(held.iter().map(|statement| {
            let (until, since, number) = statement.attributes;
            let number = number.map(|number| crate::pairing::Number::from(number).to_stored());
            let until = until.or(statement.for_all_until);
            (*door, operator.clone(), statement.document.clone(), statement.key, until, since, number)
        }));
    }
    effects.sort();
    effects
}

#[test]
fn imports_do_to_a_doors_list_what_they_say() {
    let mut removed_in_all = 0;
    for seed in 0..REGISTERS {
        let mut random = SplitMix64::new(seed);
        let (_directory, registry) = registry();
        let mut lists = Lists::new();
        for step in 0..IMPORTS {
            let mode = pick(&mut random, &[Mode::Add, Mode::Add, Mode::Delta, Mode::Full]);
            let order = order(mode, pick(&mut random, &["", "A", "B"]));
            let list = random_list(&mut random, mode);
            let at = format!("seed {seed}, step {step}: {order:?} {list:?}");
            let (mut added, mut removed, mut parts) = (0, 0, 0);
            for (operator, said) in said(&list, &order.document) {
                let (came, went) = apply(lists.entry((list.door, operator)).or_default(), &said, mode);
                (added, removed, parts) = (added + came, removed + went, parts + usize::from(came + went > 0));
            }
            let summary = import(&registry, &list, &order);
            assert_eq!(in_force(&registry), expected(&lists), "{at}");
            assert_eq!((summary.added, summary.removed, summary.batches.len()), (added, removed, parts), "{at}");
            removed_in_all += removed;
        }
    }
    assert!(removed_in_all > REGISTERS, "too few removals to prove anything");
}

fn plain(kind: Kind, keys: impl Iterator<Item = u64>) -> Gathered {
    let mut pages: BTreeMap<PageId, PageBits> = BTreeMap::new();
    for key in keys.map(|key| EquipmentKey::new(key).unwrap()) {
        pages.entry(PageId::of(key)).or_default().insert(PageId::place(key));
    }
    Gathered { pages: pages.into_iter().collect(), ..list(kind) }
}

#[test]
fn a_sudden_drop_is_refused_and_changes_nothing() {
    let (_directory, registry) = registry();
    let first = 35_000_001_000_000;
    import(&registry, &plain(Kind::Registered, first..first + 100), &order(Mode::Add, ""));
    let before = (registry.store().applied(), in_force(&registry));
    let half = ImportOrder { max_drop_percent: 50, ..order(Mode::Full, "") };
    let refused = registry.import(plain(Kind::Registered, first..first + 49), &half).unwrap_err();
    assert!(matches!(refused, RegistryError::SuddenDrop { old: 100, new: 49, max_drop_percent: 50, .. }), "{refused}");
    assert_eq!((registry.store().applied(), in_force(&registry)), before);
    import(&registry, &plain(Kind::Registered, first..first + 50), &half);
    assert_eq!(in_force(&registry).len(), 50);
    verify(registry.store()).unwrap();
}

#[test]
fn a_report_is_taken_off_by_its_own_operator_only() {
    let (_directory, registry) = registry();
    let key = EquipmentKey::new(35_000_001_000_000).unwrap();
    let by = |operator: &str| Some(Arc::<str>::from(operator));
    let row = |operator| DeviceRow { key, valid_until: None, number: None, operator, since: None };
    let mut reports = list(Kind::Stolen);
    reports.devices = vec![row(by("indosat")), row(by("xl"))];
    assert_eq!(import(&registry, &reports, &order(Mode::Add, "")).batches.len(), 2);
    let recovered = |operator| Gathered { removed: vec![RemovedRow { key, operator }], ..list(Kind::Stolen) };
    let summary = import(&registry, &recovered(by("telkomsel")), &order(Mode::Delta, ""));
    assert_eq!((summary.removed, summary.not_listed, summary.batches.len()), (0, 1, 0));
    let summary = import(&registry, &recovered(by("xl")), &order(Mode::Delta, ""));
    assert_eq!((summary.removed, summary.not_listed), (1, 0));
    let left: Vec<String> = in_force(&registry).into_iter().map(|effect| effect.1).collect();
    assert_eq!(left, ["indosat"]);
}
