//! Lists of pairings: random imports against sets of statements, and numbers that change their SIM.

use super::{import, list, order, pick, registry};
use crate::{
    batch::BodyRow,
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{Gathered, Kind, Mode, PairingRow},
    listing::Door,
    page::PageId,
    pairing::{Number, PairingKind},
    registry::Registry,
    sample::SplitMix64,
};
use std::collections::{BTreeMap, BTreeSet};

fn msisdn(n: u64) -> Msisdn {
    Msisdn::new(62_811_000_000 + n).unwrap()
}

fn imsi(n: u64) -> Imsi {
    Imsi::from_number(510_101_234_567_890 + n).unwrap()
}

fn key(n: u64) -> EquipmentKey {
    EquipmentKey::new(35_000_001_000_000 + n).unwrap()
}

fn row(key: EquipmentKey, msisdn: Option<Msisdn>, imsi: Option<Imsi>) -> PairingRow {
    PairingRow { key, msisdn, imsi, binding: PairingKind::Allowance, valid_until: None, operator: None, remove: false }
}

fn pairings(rows: Vec<PairingRow>) -> Gathered {
    let mut rows = rows;
    rows.sort_by_key(|row| (row.key, row.msisdn, row.imsi));
    Gathered { pairings: rows.into(), ..list(Kind::Pairing) }
}

/// What a list says of one pairing: operator, document, device and number; kind, second number and end.
type Subject = (EquipmentKey, Number);
type Statement = (String, Subject, PairingKind, Option<Imsi>, Option<Day>);

fn subject_of(row: &PairingRow) -> Subject {
    (row.key, row.msisdn.map(Number::from).or(row.imsi.map(Number::from)).unwrap())
}

fn statement(row: &PairingRow, document: &str) -> Statement {
    let second = row.imsi.filter(|_| row.msisdn.is_some());
    (document.into(), subject_of(row), row.binding, second, row.valid_until)
}

fn random_list(random: &mut SplitMix64) -> Gathered {
    let mut subjects = BTreeSet::new();
    let mut rows = Vec::new();
    for _ in 0..random.below(7) {
        let with = random.below(3);
        let row = PairingRow {
            binding: pick(random, &[PairingKind::Allowance, PairingKind::Binding]),
            valid_until: pick(random, &[None, Day::from_stored(20_000)]),
            operator: pick(random, &[None, Some("xl".into())]),
            remove: random.below(4) == 0,
            ..row(
                key(random.below(3)),
                (with > 0).then(|| msisdn(random.below(3))),
                (with != 1).then(|| imsi(random.below(2))),
            )
        };
        if subjects.insert(subject_of(&row))
            && row.imsi.is_none_or(|imsi| subjects.insert((row.key, imsi.into())) || with == 0)
        {
            rows.push(row);
        }
    }
    pairings(rows)
}

fn in_force(registry: &Registry) -> Vec<(String, Statement)> {
    let store = registry.store();
    let batches = store.batches();
    let mut found = Vec::new();
    for page in store.scan_pages().unwrap() {
        let (_, rows) = page.unwrap();
        let ended = |number, about: &EquipmentKey, paired: &Number, sim: &Option<Imsi>| {
            rows.iter().any(|(_, row)| {
                matches!(row, BodyRow::Pairing { key, number: n, imsi, target: Some(target), .. }
                    if (key, n, imsi, *target) == (about, paired, sim, number))
            })
        };
        for (number, row) in &rows {
            if let BodyRow::Pairing { key, number: paired, target: None, kind, imsi, until } = row
                && !ended(*number, key, paired, imsi)
            {
                let header = &batches.get(*number).unwrap().header;
                assert_eq!(header.door, Door::Operator);
                found.push((header.operator.clone(), (header.document.clone(), (*key, *paired), *kind, *imsi, *until)));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn imports_do_to_pairings_what_they_say() {
    for seed in 0..20 {
        let mut random = SplitMix64::new(seed);
        let (_directory, registry) = registry();
        let mut held: BTreeMap<String, BTreeSet<Statement>> = BTreeMap::new();
        for step in 0..8 {
            let mode = pick(&mut random, &[Mode::Add, Mode::Delta, Mode::Full]);
            let order = order(mode, pick(&mut random, &["", "A"]));
            let list = random_list(&mut random);
            let mut parts: BTreeMap<String, Vec<&PairingRow>> = BTreeMap::from([(String::new(), Vec::new())]);
            let rows: Vec<PairingRow> = list.pairings.iter().map(Result::unwrap).collect();
            for row in &rows {
                parts.entry(row.operator.as_deref().unwrap_or_default().into()).or_default().push(row);
            }
            for (operator, rows) in parts {
                let held = held.entry(operator).or_default();
                let said: BTreeSet<Statement> =
                    rows.iter().filter(|row| !row.remove).map(|row| statement(row, &order.document)).collect();
                let bare = |(_, subject, kind, imsi, until): &Statement| (*subject, *kind, *imsi, *until);
                let is_said = |known: &Statement| said.iter().any(|said| bare(said) == bare(known));
                held.retain(|known| {
                    // A row with a number and a SIM is about that SIM, one with a number about all of its SIMs.
                    let sim_of = |row: &PairingRow| row.imsi.filter(|_| row.msisdn.is_some());
                    let is_about = |row: &PairingRow| sim_of(row).is_none_or(|sim| Some(sim) == known.3);
                    let mut named = rows.iter().filter(|row| subject_of(row) == known.1 && is_about(row)).peekable();
                    let is_named = named.peek().is_some();
                    match (mode, named.any(|row| row.remove)) {
                        (_, true) => false,
                        (Mode::Add, _) => true,
                        (Mode::Delta, _) => !is_named || said.contains(known),
                        (Mode::Full, _) => is_said(known),
                    }
                });
                let known = held.clone();
                let is_new = |said: &&Statement| match mode {
                    Mode::Full => !known.iter().any(|known| bare(known) == bare(said)),
                    _ => !known.contains(*said),
                };
                held.extend(said.iter().filter(is_new).cloned());
            }
            import(&registry, &list, &order);
            let mut expected: Vec<_> =
                held.iter().flat_map(|(op, all)| all.iter().map(|s| (op.clone(), s.clone()))).collect();
            expected.sort();
            assert_eq!(in_force(&registry), expected, "seed {seed}, step {step}: {order:?} {list:?}");
        }
    }
}

#[test]
fn two_sims_of_one_number_on_one_device_are_both_kept() {
    let (_directory, registry) = registry();
    let (device, number) = (key(1), msisdn(1));
    let rows = vec![
        row(device, None, Some(imsi(2))),
        row(device, Some(number), Some(imsi(1))),
        row(device, Some(number), Some(imsi(2))),
        row(device, Some(number), Some(imsi(3))),
    ];
    import(&registry, &pairings(rows.clone()), &order(Mode::Add, ""));
    let found: BTreeSet<u64> = in_force(&registry)
        .into_iter()
        .flat_map(|(_, (_, (_, number), _, second, _))| std::iter::once(number).chain(second.map(Number::from)))
        .map(Number::to_stored)
        .collect();
    let expected = [Number::from(number), imsi(1).into(), imsi(2).into(), imsi(3).into()].map(Number::to_stored);
    assert_eq!(found, BTreeSet::from(expected));
    let ending = rows.into_iter().map(|row| PairingRow { remove: true, ..row }).collect();
    import(&registry, &pairings(ending), &order(Mode::Add, ""));
    assert_eq!(in_force(&registry), []);
    let (page, store) = (PageId::of(device), registry.store());
    assert!(!store.page_rows(page).unwrap().is_empty(), "what ended is still on record");
}

#[test]
fn a_number_that_changes_its_sim_stays_paired() {
    for mode in [Mode::Add, Mode::Delta] {
        for (old, new) in [(imsi(1), imsi(2)), (imsi(2), imsi(1))] {
            let (_directory, registry) = registry();
            import(&registry, &pairings(vec![row(key(1), Some(msisdn(1)), Some(old))]), &order(Mode::Add, ""));
            let change = pairings(vec![
                PairingRow { remove: true, ..row(key(1), Some(msisdn(1)), Some(old)) },
                row(key(1), Some(msisdn(1)), Some(new)),
            ]);
            let summary = import(&registry, &change, &order(mode, ""));
            assert_eq!((summary.added, summary.removed), (1, 1), "{mode:?}");
            let seconds: Vec<_> = in_force(&registry).into_iter().map(|(_, statement)| statement.3).collect();
            assert_eq!(seconds, [Some(new)], "{mode:?}");
        }
    }
}
