//! Alarms: each rule by itself, the memory, and the rates in a simulated world.
#![allow(clippy::unwrap_used)]

mod fraud;
mod rates;
mod world;

use super::*;
use crate::{
    identity::EquipmentKey,
    page::{PageBits, PageId},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use world::World;

fn day(n: u16) -> Day {
    Day::from_stored(20_000 + n).unwrap()
}

fn model(brand: &str, name: &str, age: u16) -> CatalogueModel {
    let allocated = Day::from_stored(20_000 - age);
    CatalogueModel { brand: brand.into(), model: name.into(), allocated, dual_sim: Some(true) }
}

fn of(brand: &str, name: &str, imeis: u64) -> ModelCounts {
    ModelCounts { model: Some(model(brand, name, 100)), imeis, ..ModelCounts::default() }
}

fn submission(door: Door, models: Vec<ModelCounts>) -> Submission {
    let brand = (door == Door::TppImport).then(|| "Aurora".into());
    let document =
        Some(Document { number: "PI-1".into(), quantity: 1 << 40, drawn: 0, brand, model: Some("S".into()) });
    let (operator, submitter) = ("".into(), "importer".into());
    Submission { day: day(100), door, document, operator, submitter, desk: None, planned: false, models }
}

fn kinds(alarms: &[Alarm]) -> Vec<Kind> {
    alarms.iter().map(|alarm| alarm.kind).collect()
}

#[test]
fn an_ordinary_first_batch_raises_nothing() {
    let history = History::new();
    assert_eq!(history.judge(&submission(Door::TppImport, vec![of("AURORA ", "s", 10_000)])), []);
    assert_eq!(history.judge(&submission(Door::TppImport, vec![])), []);
}

#[test]
fn each_rule_tells_what_it_saw_and_what_it_expected() {
    let judge = |models: Vec<ModelCounts>| History::new().judge(&submission(Door::TppImport, models));
    let show = |alarms: Vec<Alarm>| -> String {
        let line = |a: &Alarm| format!("{} {} [{}] {}", a.kind, a.severity, a.subject, a.what);
        alarms.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(show(judge(vec![of("Aurora", "S", 900), of("Borealis", "X", 100)])), @r#"BRAND_MIX warning [document PI-1] 100 of 1000 IMEIs (10 %) are of another brand than declared; usual here 0.00 %, tolerated 1 % (document PI-1: Aurora S)"#);
    insta::assert_snapshot!(show(judge(vec![of("Aurora", "S", 900), of("Aurora", "T", 150)])), @r#"TAC_MIX critical [document PI-1] 150 of 1050 IMEIs (14 %) are of another model than declared; usual here 0.00 %, tolerated 2 % (document PI-1: Aurora S)"#);
    let unknown = ModelCounts { imeis: 60, ..ModelCounts::default() };
    insta::assert_snapshot!(show(judge(vec![of("Aurora", "S", 900), unknown])), @r#"UNKNOWN_TACS warning [submission] 60 of 960 IMEIs (6 %) are of TACs unknown to the catalogue; usual here 0.00 %, tolerated 0.50 %"#);
    let listed = ModelCounts { listed_here: 80, listed_elsewhere: 70, blacklisted: 9, ..of("Aurora", "S", 900) };
    insta::assert_snapshot!(show(judge(vec![listed])), @r#"
ALREADY_LISTED warning [submission] 80 of 900 IMEIs (9 %) are listed through this door already; usual here 0.00 %, tolerated 0.50 %
ALREADY_LISTED warning [submission] 70 of 900 IMEIs (8 %) are listed already, here or elsewhere; usual here 0.00 %, tolerated 0.50 %
ALREADY_LISTED critical [submission] 9 of 900 IMEIs (1 %) are on the black list; usual here 0.00 %, tolerated 0.05 %
"#);
    let half = ModelCounts { lone: 500, ..of("Aurora", "S", 900) };
    insta::assert_snapshot!(show(judge(vec![half])), @r#"HALF_OF_DUAL_SIM critical [submission] 500 of 900 IMEIs (56 %) of two-SIM models come without their other IMEI; usual here 0.00 %, tolerated 20 %"#);
    let mut beyond = submission(Door::TppImport, vec![of("Aurora", "S", 900)]);
    beyond.document.as_mut().unwrap().quantity = 1_000;
    beyond.document.as_mut().unwrap().drawn = 200;
    insta::assert_snapshot!(show(History::new().judge(&beyond)), @r#"OVER_QUOTA critical [document PI-1] 900 IMEIs, and 200 were drawn before, of 1000 that the document allows"#);
}

#[test]
fn one_sim_models_have_no_half() {
    let mut one = ModelCounts { lone: 900, ..of("Aurora", "S", 900) };
    one.model.as_mut().unwrap().dual_sim = Some(false);
    assert_eq!(kinds(&History::new().judge(&submission(Door::TppImport, vec![one.clone()]))), []);
    one.model.as_mut().unwrap().dual_sim = None;
    assert_eq!(kinds(&History::new().judge(&submission(Door::TppImport, vec![one]))), []);
}

#[test]
fn a_door_is_silent_by_its_own_rhythm() {
    let mut history = History::new();
    let at = |door, n: u16| Submission { day: day(n), ..submission(door, vec![of("Aurora", "S", 10)]) };
    // Working days only at one door, every day at the other. Day 20,000 is Friday, 2024-10-04.
    assert_eq!((day(0).to_string().as_str(), silence::weekday(day(0))), ("2024-10-04", 4));
    let works = |n: u16| silence::weekday(day(n)) < 5;
    for n in 0..60 {
        if works(n) {
            history.add(&at(Door::TppImport, n));
        }
        history.add(&at(Door::CustomsPassenger, n));
        assert_eq!(history.silent_doors(day(n)), [], "day {n}");
    }
    let silent = |history: &History, door, from: u16| {
        (from..from + 30).find(|n| history.silent_doors(day(*n)).iter().any(|a| a.subject == Subject::Door(door)))
    };
    let import = silent(&history, Door::TppImport, 60).unwrap();
    let working = (60..=import).filter(|n| works(*n)).count();
    assert!((3..=4).contains(&working), "{working} working days");
    assert!((62..=63).contains(&silent(&history, Door::CustomsPassenger, 60).unwrap()));
    // It does not get used to it.
    assert_eq!(history.silent_doors(day(300)).len(), 2);
    history.add(&at(Door::TppImport, 80));
    assert_eq!(kinds(&history.silent_doors(day(80))), [Kind::DoorSilent]);
}

#[test]
fn a_clerk_far_above_its_peers_is_told_and_a_large_outlet_is_not() {
    let mut history = History::new();
    let outlet = |name: &str, n: u16, imeis: u64| Submission {
        day: day(n),
        desk: Some(name.into()),
        ..submission(Door::OperatorTourist, vec![of("Aurora", "S", imeis)])
    };
    for n in 0..30 {
        for i in 0..40_u64 {
            history.add(&outlet(&format!("outlet-{i}"), n, 20 + (i * 7 + u64::from(n) * 13) % 20));
        }
        history.add(&outlet("airport", n, 400));
    }
    let judged = |name: &str, imeis| kinds(&history.judge(&outlet(name, 30, imeis)));
    assert!(judged("outlet-3", 45).is_empty());
    assert!(judged("airport", 500).is_empty());
    assert!(judged("outlet-3", 900).contains(&Kind::ClerkFarAbovePeers));
    assert!(judged("never-seen", 900).contains(&Kind::ClerkFarAbovePeers));
}

#[test]
fn judging_changes_nothing_and_folding_is_the_same_everywhere() {
    let mut world = World::new(77);
    let (mut one, mut two) = (History::new(), History::new());
    for _ in 0..20 {
        for submission in world.ordinary() {
            let judged = one.judge(&submission);
            assert_eq!(judged, one.judge(&submission));
            assert_eq!(judged, two.judge(&submission));
            one.add(&submission);
            two.add(&submission);
        }
        world.day += 1;
    }
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut history = History::new();
    for n in 0..30_u16 {
        for i in 0..1_000_u32 {
            let name = format!("{n}-{i}");
            let mut one = submission(Door::CustomsParcel, vec![of(&name, &name, 5)]);
            (one.day, one.desk) = (day(n), Some(name.as_str().into()));
            history.add(&one);
            let mut two = submission(Door::TppImport, vec![of(&name, &name, 5)]);
            (two.day, two.submitter) = (day(n), name.as_str().into());
            history.add(&two);
        }
    }
    history.advance(day(31));
    let sizes = history.sizes();
    assert!(sizes.iter().all(|(size, most)| size <= most), "{sizes:?}");
    // What was forgotten is the eldest; the newest is still known.
    assert!(sizes[2].0 > 10_000, "{sizes:?}");
}

#[test]
fn days_that_come_late_count_for_the_day_that_runs() {
    let mut history = History::new();
    let at = |n| Submission { day: day(n), ..submission(Door::TppImport, vec![of("Aurora", "S", 10)]) };
    history.add(&at(50));
    history.add(&at(10));
    assert_eq!(history.judge(&at(5)), []);
    history.add(&at(u16::MAX - 20_001));
    history.advance(day(0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tally_counts_as_a_naive_one(
        keys in prop::collection::btree_set((0_u32..3, prop_oneof![0_u32..60, 0_u32..1_000_000]), 0..200),
        paired in 1_u64..4,
    ) {
        let key = |(tac, serial): (u32, u32)| {
            EquipmentKey::from_parts(Tac::new(35_000_000 + tac).unwrap(), serial).unwrap()
        };
        let keys: BTreeSet<EquipmentKey> = keys.into_iter().map(key).collect();
        let is_paired = |key: EquipmentKey| key.get() % 4 < paired;
        let here = |key: EquipmentKey| {
            let every = |n: u64| key.get().is_multiple_of(n);
            Elsewhere { here: every(3), other_door: every(5), black: every(7) }
        };
        let mut tally = Tally::new();
        keys.iter().for_each(|key| tally.add(*key, is_paired(*key), here(*key)));
        let catalogue = |tac: Tac| tac.get().is_multiple_of(2).then(|| model("Aurora", "S", 5));
        let found = tally.finish(catalogue);

        let mut pages = BTreeMap::<PageId, Vec<EquipmentKey>>::new();
        keys.iter().for_each(|key| pages.entry(PageId::of(*key)).or_default().push(*key));
        let mut naive = BTreeMap::<Tac, ModelCounts>::new();
        for (page, keys) in &pages {
            let counts = naive.entry(page.tac()).or_default();
            counts.tac = Some(page.tac());
            counts.model = catalogue(page.tac());
            counts.imeis += keys.len() as u64;
            counts.thin += if (keys.len() as u64) < Tally::THIN_PAGE { keys.len() as u64 } else { 0 };
            let count = |of: &dyn Fn(EquipmentKey) -> bool| keys.iter().filter(|key| of(**key)).count() as u64;
            counts.lone += count(&|key| !is_paired(key));
            counts.listed_here += count(&|key| here(key).here);
            counts.listed_elsewhere += count(&|key| here(key).other_door);
            counts.blacklisted += count(&|key| here(key).black);
        }
        prop_assert_eq!(&found, &naive.into_values().collect::<Vec<_>>());

        // Whole pages give the same.
        let bits = |of: &dyn Fn(EquipmentKey) -> bool, keys: &[EquipmentKey]| {
            let mut bits = PageBits::EMPTY;
            keys.iter().filter(|key| of(**key)).for_each(|key| { bits.insert(PageId::place(*key)); });
            bits
        };
        let mut tally = Tally::new();
        for (page, keys) in &pages {
            let lone = keys.iter().filter(|key| !is_paired(**key)).count() as u64;
            let held = [bits(&|key| here(key).here, keys), bits(&|key| here(key).other_door, keys)];
            let black = bits(&|key| here(key).black, keys);
            tally.add_page(*page, &bits(&|_| true, keys), lone, &held[0], &held[1], &black);
        }
        prop_assert_eq!(tally.finish(catalogue), found);
    }

    #[test]
    fn a_surprise_bounds_the_chance(of in 1_u64..60, hits in 0_u64..60, expected in 0.01_f64..0.9) {
        let hits = hits.min(of);
        // The exact tail of the binomial.
        let ln_choose = |k: u64| (1..=k).map(|i| ((of - k + i) as f64).ln() - (i as f64).ln()).sum::<f64>();
        let tail: f64 = (hits..=of)
            .map(|k| (ln_choose(k) + k as f64 * expected.ln() + (of - k) as f64 * (1.0 - expected).ln()).exp())
            .sum();
        prop_assert!(tail <= (-judge::surprise(hits, of, expected)).exp() * (1.0 + 1e-9));
    }

    #[test]
    fn wild_counts_never_break_it(
        imeis in prop::collection::vec((0_u64..1 << 50, 0_u64..1 << 50, 0_u16..40_000), 0..6),
        door in 0..Door::ALL.len(),
        days in prop::collection::vec(0_u16..400, 1..8),
    ) {
        let mut history = History::new();
        for n in days {
            let counts = |(imeis, part, age): &(u64, u64, u16)| ModelCounts {
                model: Some(CatalogueModel { allocated: Day::from_stored(*age), ..model("Aurora", "S", 0) }),
                imeis: *imeis,
                thin: *part,
                lone: *part,
                listed_here: *part,
                listed_elsewhere: *part,
                blacklisted: *part,
                ..ModelCounts::default()
            };
            let wild = Submission { day: day(n), ..submission(Door::ALL[door], imeis.iter().map(counts).collect()) };
            for alarm in history.judge(&wild) {
                let what = alarm.what.to_string();
                prop_assert!(!what.contains("NaN") && !what.contains("inf"), "{what}");
            }
            history.add(&wild);
        }
    }
}
