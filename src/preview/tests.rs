//! Previews against what really happens: the change is made in earnest, and every IMEI and number is asked before and
//! after.
#![allow(clippy::unwrap_used)]

mod world;

use super::*;
use crate::{
    batch::BodyRow,
    check::{Checker, Clock, EquipmentValue, Inquiry},
    hot::{Published, Update},
    identity::EquipmentKey,
    listing::{Class, TacBar},
    load,
    page::PageId,
    pairing::{Number, NumberKind},
    sample::SplitMix64,
    store::Hands,
};
use std::collections::BTreeSet;
use world::{NOW, World, keys, pick};

const WORLDS: u64 = 60;

fn is_known(hot: &HotSets, key: EquipmentKey) -> bool {
    let evidence = hot.evidence(key);
    let bits = [evidence.registered, evidence.grandfathered, evidence.suspended];
    bits.contains(&true) || !evidence.marks.is_empty() || !evidence.pairs.is_empty()
}

/// The numbers known of a device that still count.
fn numbers_of(hot: &HotSets, key: EquipmentKey) -> BTreeSet<Number> {
    let today = Day::of_unix_seconds(NOW);
    let evidence = hot.evidence(key);
    let listings = evidence.marks.iter().filter(|mark| matches!(mark.class, Class::Registered | Class::Grandfathered));
    let listed = listings.filter(|mark| mark.is_current(today)).filter_map(|mark| mark.number);
    let pairs = evidence.pairs.iter().filter(|pair| pair.is_current(today) && !pair.second);
    listed.chain(pairs.map(|pair| pair.number)).collect()
}

fn ask(hot: &HotSets, operator: &str, key: EquipmentKey, number: Option<Number>) -> Outcome {
    let checker = Checker::new(Arc::new(Published::new(hot.clone())), Clock::fixed(NOW));
    let mut inquiry = Inquiry::of(EquipmentValue::Key(key));
    match number.map(Number::kind) {
        Some(NumberKind::Msisdn(msisdn)) => inquiry.msisdn = Some(msisdn),
        Some(NumberKind::Imsi(imsi)) => inquiry.imsi = Some(imsi),
        None => {}
    }
    let verdict = checker.check(&inquiry, (!operator.is_empty()).then_some(operator)).unwrap().verdict;
    Outcome { status: verdict.status, reason: verdict.reason }
}

/// What a preview has to say, but for its sample and digest.
#[derive(Debug, Default, PartialEq, Eq)]
struct Naive {
    imeis: BTreeSet<EquipmentKey>,
    changes: BTreeMap<(String, Outcome, Outcome, Option<Door>, String), u64>,
    numbers: BTreeMap<String, (u64, u64)>,
}

fn naive(world: &World, before: &HotSets, after: &HotSets, door: impl Fn(EquipmentKey) -> Option<Door>) -> Naive {
    let mut naive = Naive::default();
    let names = [before, after].map(|hot| hot.settings().at(NOW).settings().operators().map(str::to_owned).collect());
    let [first, second]: [Vec<String>; 2] = names;
    let operators: BTreeSet<String> = first.into_iter().chain(second).chain([String::new()]).collect();
    for (operator, key) in operators.iter().flat_map(|operator| keys().map(move |key| (operator, key))) {
        let hits = naive.numbers.entry(operator.clone()).or_default();
        if !is_known(before, key) && !is_known(after, key) {
            continue;
        }
        let (from, to) = (ask(before, operator, key, None), ask(after, operator, key, None));
        if from != to {
            naive.imeis.insert(key);
            let brand = world.brand(key.tac());
            *naive.changes.entry((operator.clone(), from, to, door(key), brand)).or_default() += 1;
        }
        for number in &numbers_of(before, key) | &numbers_of(after, key) {
            let [from, to] = [before, after].map(|hot| ask(hot, operator, key, Some(number)));
            hits.0 += u64::from(from != to);
            hits.1 += u64::from(to.status > from.status);
        }
    }
    naive
}

fn told(preview: &Preview, with_doors: bool) -> Naive {
    let mut told = Naive { imeis: preview.sample.iter().copied().collect(), ..Naive::default() };
    for change in preview.changes.clone() {
        let door = change.door.filter(|_| with_doors);
        *told.changes.entry((change.operator, change.from, change.to, door, change.brand)).or_default() += change.imeis;
    }
    for hit in &preview.numbers {
        told.numbers.insert(hit.operator.clone(), (hit.changed, hit.worse));
    }
    told
}

fn compare(preview: &Preview, mut naive: Naive, with_doors: bool, what: &str) {
    assert_eq!(preview.imeis, naive.imeis.len() as u64, "{what}");
    assert_eq!(preview.sample.len(), naive.imeis.len().min(SAMPLE_MAX), "{what}");
    assert!(preview.sample.is_sorted() && preview.sample.iter().all(|key| naive.imeis.contains(key)), "{what}");
    naive.imeis = preview.sample.iter().copied().collect();
    assert_eq!(told(preview, with_doors), naive, "{what}");
}

#[test]
fn steps_do_what_their_preview_says() {
    let mut changed = 0;
    for seed in 0..WORLDS {
        let mut random = SplitMix64::new(seed);
        let world = World::random(&mut random);
        let hypothesis = world.random_steps(&mut random);
        let Hypothesis::Steps(steps) = &hypothesis else { unreachable!() };
        let before = world.hot();
        let shown = preview(world.store(), &before, &hypothesis, NOW).unwrap();
        let door = |key: EquipmentKey| {
            let rows = world.store().page_rows(PageId::of(key)).unwrap();
            let place = PageId::place(key);
            let named = rows.iter().filter(|(number, row)| {
                steps.iter().any(|step| step.batch == *number)
                    && match row {
                        BodyRow::Page { bits, .. } => bits.contains(place),
                        BodyRow::Mark { key: about, .. } | BodyRow::Pairing { key: about, .. } => *about == key,
                        _ => false,
                    }
            });
            named.map(|(number, _)| world.store().with_batches(|b| b.get(*number).unwrap().header.door)).min()
        };
        // The digest is of what happens, and of nothing else.
        assert_eq!(preview(world.store(), &before, &hypothesis, NOW).unwrap(), shown);
        world.list_elsewhere();
        let again = preview(world.store(), &world.hot(), &hypothesis, NOW).unwrap();
        assert_eq!(again, Preview { revision: again.revision, ..shown.clone() });
        let more = [steps.as_slice(), &[BatchStep::new(1_000_000, BatchState::Withdrawn)]].concat();
        let other = preview(world.store(), &world.hot(), &Hypothesis::Steps(more), NOW).unwrap();
        assert!(other.digest != shown.digest && other.imeis == shown.imeis);

        world.registry.write_steps(steps, &Hands::bootstrap()).unwrap();
        let after = load::hot_sets(world.store(), &mut |_| {}).unwrap();
        assert_eq!(world.hot().digest(), after.digest(), "what was published is what is stored");
        compare(&shown, naive(&world, &before, &after, door), true, &format!("seed {seed}: {hypothesis:?}"));
        changed += shown.imeis;
    }
    assert!(changed > 200, "{changed} changes prove little");
}

#[test]
fn rules_do_what_their_preview_says() {
    let mut changed = 0;
    for seed in 0..WORLDS {
        let mut random = SplitMix64::new(seed);
        let world = World::random(&mut random);
        let before = world.hot();
        let bars = [TacBar::None, TacBar::Soft, TacBar::Hard];
        let tacs: BTreeSet<Tac> = keys().map(EquipmentKey::tac).collect();
        let rule = |random: &mut SplitMix64| TacRule { exempt_type: random.below(2) == 0, barred: pick(random, &bars) };
        let rules: Vec<_> = tacs.into_iter().map(|tac| (tac, rule(&mut random))).skip(seed as usize % 3).collect();
        let hypothesis = Hypothesis::TacRules(rules.clone());
        let shown = preview(world.store(), &before, &hypothesis, NOW).unwrap();
        let after = before.apply(Update { tac_rules: rules, revision: before.revision(), ..Update::default() });
        compare(&shown, naive(&world, &before, &after, |_| None), false, &format!("seed {seed}: {hypothesis:?}"));
        changed += shown.imeis;
    }
    assert!(changed > 200, "{changed} changes prove little");
}

#[test]
fn settings_do_what_their_preview_says() {
    let mut changed = 0;
    for seed in 0..WORLDS {
        let mut random = SplitMix64::new(seed);
        let world = World::random(&mut random);
        let before = world.hot();
        let document = world::random_settings(&mut random);
        let hypothesis = Hypothesis::Settings(Arc::new(Settings::from_toml(&document).unwrap()));
        let shown = preview(world.store(), &before, &hypothesis, NOW).unwrap();
        world.registry.apply_settings(&document, NOW).unwrap();
        let after = world.hot();
        compare(&shown, naive(&world, &before, &after, |_| None), false, &format!("seed {seed}: {document}"));
        let again = preview(world.store(), &after, &hypothesis, NOW).unwrap();
        assert_eq!((again.imeis, again.changes.len(), again.pages), (0, 0, 0));
        changed += shown.imeis;
    }
    assert!(changed > 50, "{changed} changes prove little");
}

#[test]
fn a_change_to_a_touched_page_changes_the_digest() {
    for seed in 0..WORLDS / 4 {
        let mut random = SplitMix64::new(seed);
        let world = World::random(&mut random);
        let hypothesis = world.random_steps(&mut random);
        let shown = preview(world.store(), &world.hot(), &hypothesis, NOW).unwrap();
        let Hypothesis::Steps(steps) = &hypothesis else { unreachable!() };
        let Some(page) = steps.iter().find_map(|step| world.store().pages_of_batch(step.batch).unwrap().pop()) else {
            continue;
        };
        // A device that no list names yet.
        world.list_one(page.key(77).unwrap());
        let again = preview(world.store(), &world.hot(), &hypothesis, NOW).unwrap();
        assert_ne!(again.digest, shown.digest);
        world.registry.apply_settings("[national]\ntourist_days = 77", NOW).unwrap();
        let under_others = preview(world.store(), &world.hot(), &hypothesis, NOW).unwrap();
        assert_ne!(under_others.digest, again.digest);
    }
}
