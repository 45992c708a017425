//! Subscribers, models and classes: the newest row counts.

use super::{RegistryError, import, list, order, pick, registry};
use crate::{
    identity::{Imsi, Msisdn, Tac},
    import::{Gathered, Kind, Mode, SubscriberRow, TacClassRow, TacRow},
    listing::{Door, TacBar},
    registry::ImportOrder,
    sample::SplitMix64,
};
use std::{collections::BTreeMap, sync::Arc};

fn tac(n: u32) -> Tac {
    Tac::new(35_000_000 + n).unwrap()
}

fn model(n: u32, name: &str) -> TacRow {
    TacRow {
        tac: tac(n),
        manufacturer: "Maker".into(),
        brand: String::new(),
        model: name.into(),
        device_type: "handset".into(),
        allocation_date: None,
        remove: false,
    }
}

fn models(rows: Vec<TacRow>) -> Gathered {
    Gathered { tacs: rows, ..list(Kind::Tac) }
}

fn classes(kind: Kind, tacs: impl Iterator<Item = u32>) -> Gathered {
    let rows = tacs.map(|n| TacClassRow { tac: tac(n), hard: false, remove: false });
    Gathered { tac_classes: rows.collect(), ..list(kind) }
}

#[test]
fn subscribers_are_what_their_operator_said_last() {
    for seed in 0..15 {
        let mut random = SplitMix64::new(seed);
        let (_directory, registry) = registry();
        // By IMSI: the operator that said it last, and the number.
        let mut held: BTreeMap<Imsi, (String, Msisdn)> = BTreeMap::new();
        for step in 0..6 {
            let mode = pick(&mut random, &[Mode::Add, Mode::Delta, Mode::Full]);
            let operator = pick(&mut random, &["", "xl"]);
            let mut rows = BTreeMap::new();
            for _ in 0..random.below(6) {
                let imsi = Imsi::from_number(510_101_234_567_890 + random.below(5)).unwrap();
                let msisdn = Msisdn::new(62_811_000_000 + random.below(3)).unwrap();
                let remove = random.below(4) == 0;
                rows.insert(imsi, SubscriberRow { imsi, msisdn: Some(msisdn), operator: None, since: None, remove });
            }
            let mut list = list(Kind::Subscriber);
            list.operator = (!operator.is_empty()).then(|| Arc::from(operator));
            list.subscribers = rows.values().cloned().collect();
            let is_own =
                |held: &BTreeMap<Imsi, (String, Msisdn)>, imsi| held.get(imsi).is_some_and(|(by, _)| by == operator);
            for (imsi, row) in &rows {
                if !row.remove {
                    held.insert(*imsi, (operator.into(), row.msisdn.unwrap()));
                } else if is_own(&held, imsi) {
                    held.remove(imsi);
                }
            }
            if mode == Mode::Full {
                held.retain(|imsi, (by, _)| by != operator || rows.contains_key(imsi));
            }
            import(&registry, &list, &order(mode, ""));
            let found = registry.store().subscribers(u64::MAX).unwrap();
            let expected: Vec<_> = held.iter().map(|(imsi, (_, msisdn))| (*imsi, *msisdn)).collect();
            assert_eq!(found, expected, "seed {seed}, step {step}, {mode:?}");
            // The other way round, by the index.
            for number in (62_811_000_000..62_811_000_004).map(|number| Msisdn::new(number).unwrap()) {
                let sims = registry.store().sims_of(number, u64::MAX).unwrap();
                let theirs = held.iter().filter(|(_, (_, has))| *has == number).map(|(imsi, _)| *imsi);
                assert!(sims.iter().map(|(imsi, _)| *imsi).eq(theirs), "seed {seed}, step {step}, {number}: {sims:?}");
                let by = |batch| registry.store().batches().get(batch).unwrap().header.operator.clone();
                assert!(sims.iter().all(|(imsi, batch)| by(*batch) == held[imsi].0), "seed {seed}, step {step}");
            }
        }
    }
}

#[test]
fn a_model_with_a_long_name_is_the_same_when_it_comes_again() {
    let (_directory, registry) = registry();
    let long = format!("{}€", "x".repeat(254));
    let summary = import(&registry, &models(vec![model(1, &long), model(2, "short")]), &order(Mode::Add, ""));
    assert_eq!(summary.added, 2);
    let found = registry.store().models(u64::MAX).unwrap();
    assert_eq!((found[&tac(1)].name.len(), found[&tac(2)].name.as_str()), (254, "short"));
}

#[test]
fn a_catalogue_is_added_to_replaced_and_taken_from() {
    let (_directory, registry) = registry();
    import(&registry, &models((1..=5).map(|n| model(n, "a")).collect()), &order(Mode::Add, ""));
    let summary = import(&registry, &models(vec![model(2, "b"), model(6, "a")]), &order(Mode::Add, ""));
    assert_eq!((summary.added, summary.removed), (2, 0));
    let gone = TacRow { remove: true, ..model(3, "a") };
    let unknown = TacRow { remove: true, ..model(9, "a") };
    let summary = import(&registry, &models(vec![gone, unknown]), &order(Mode::Delta, ""));
    assert_eq!((summary.removed, summary.not_listed), (1, 1));
    import(&registry, &models(vec![model(1, "a"), model(7, "c")]), &order(Mode::Full, ""));
    let found = registry.store().models(u64::MAX).unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [tac(1), tac(7)]);
    let earlier = registry.store().models(4).unwrap();
    assert_eq!(earlier.into_keys().collect::<Vec<_>>(), (1..=5).map(tac).collect::<Vec<_>>(), "as of an earlier entry");
}

#[test]
fn bars_and_exemptions_are_two_lists() {
    let (_directory, registry) = registry();
    import(&registry, &classes(Kind::BarredTac, 1..=100), &order(Mode::Add, ""));
    import(&registry, &classes(Kind::ExemptTac, 50..=51), &order(Mode::Add, ""));
    // The guard counts what this list has in force, not what the other one has.
    let guarded = ImportOrder { max_drop_percent: 50, ..order(Mode::Full, "") };
    import(&registry, &classes(Kind::ExemptTac, 51..=52), &guarded);
    let rule = |n| registry.store().tac_rule(tac(n), u64::MAX).unwrap().0;
    let both: Vec<_> = (49..=53).map(|n| (rule(n).exempt_type, rule(n).barred)).collect();
    let bar = TacBar::Soft;
    assert_eq!(both, [(false, bar), (false, bar), (true, bar), (true, bar), (false, bar)]);
    let refused = registry.import(classes(Kind::BarredTac, 1..=49), &guarded).unwrap_err();
    assert!(matches!(refused, RegistryError::SuddenDrop { old: 100, new: 49, .. }), "{refused}");
    import(&registry, &classes(Kind::BarredTac, 60..=61), &order(Mode::Full, ""));
    let barred = registry.store().tac_rules(u64::MAX).unwrap();
    assert_eq!(barred.into_iter().map(|(tac, _)| tac).collect::<Vec<_>>(), [51, 52, 60, 61].map(tac));
}

#[test]
fn no_list_softens_the_bar_of_another_door() {
    let (_directory, registry) = registry();
    let bar = |door, hard, remove| Gathered {
        door,
        tac_classes: vec![TacClassRow { tac: tac(1), hard, remove }],
        ..list(Kind::BarredTac)
    };
    let level = |seq| registry.store().tac_rule(tac(1), seq).unwrap().0.barred;
    import(&registry, &bar(Door::Court, true, false), &order(Mode::Add, ""));
    import(&registry, &bar(Door::Barred, false, false), &order(Mode::Add, ""));
    assert_eq!(level(u64::MAX), TacBar::Hard, "a later soft bar of the regulator");
    import(&registry, &bar(Door::Barred, false, true), &order(Mode::Delta, ""));
    assert_eq!(level(u64::MAX), TacBar::Hard, "the regulator takes off its own bar only");
    let before = registry.store().applied().seq;
    import(&registry, &bar(Door::Barred, true, false), &order(Mode::Add, ""));
    import(&registry, &bar(Door::Barred, false, false), &order(Mode::Add, ""));
    import(&registry, &bar(Door::Court, true, true), &order(Mode::Delta, ""));
    assert_eq!((level(u64::MAX), level(before)), (TacBar::Soft, TacBar::Hard), "of one door the newest row counts");
    assert_eq!(registry.store().tac_rules(u64::MAX).unwrap()[0].1.barred, TacBar::Soft);
}
