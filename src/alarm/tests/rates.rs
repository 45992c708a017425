//! What is found and when, and how often an honest world alarms: measured on seeds that nothing was tuned on.
//!
//! Thresholds follow from the budget (see the head of `alarm`). Seeds below 2,000 served to look at the simulation
//! and to choose the few constants that no budget gives; these tests stand on others.

use super::{
    fraud::{How, commit},
    world::World,
};
use crate::alarm::{Alarm, History, Kind};
use std::collections::BTreeMap;

const SEEDS: std::ops::Range<u64> = 5_000..5_020;
const PAST: u16 = 60;
const APPLE: usize = 0;

/// Judges and folds one day; the alarms of submissions.
fn day(history: &mut History, submissions: &[crate::alarm::Submission]) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for submission in submissions {
        history.advance(submission.day);
        alarms.extend(history.judge(submission));
        history.add(submission);
    }
    alarms
}

/// A world with so many days behind it.
fn past(seed: u64, days: u16) -> (World, History) {
    let (mut world, mut history) = (World::new(seed), History::new());
    for _ in 0..days {
        let all = world.ordinary();
        all.iter().for_each(|submission| history.add(submission));
        world.day += 1;
    }
    (world, history)
}

/// Alarms of 90 ordinary days with two launches in them, after two months of history.
fn honest(seed: u64) -> Vec<(u16, Alarm)> {
    let (mut world, mut history) = past(seed, PAST);
    let mut found = Vec::new();
    for n in 0..90 {
        let mut all = world.ordinary();
        match n {
            30 | 31 => all.extend(world.launch(APPLE)),
            60 | 61 => all.extend(world.launch(1)),
            _ => {}
        }
        found.extend(day(&mut history, &all).into_iter().map(|alarm| (n, alarm)));
        found.extend(history.silent_doors(world.today()).into_iter().map(|alarm| (n, alarm)));
        world.day += 1;
    }
    found
}

/// The day, from 1, on which a fraud of ten days is first alarmed about, and the kinds of alarm of that day.
fn found_on(past: &(World, History), how: How, brand: usize, imeis: u64) -> Option<(u16, Vec<Kind>)> {
    let (mut world, mut history) = past.clone();
    for n in 1..=10 {
        let mut all = world.ordinary();
        commit(&mut world, how, brand, imeis, &mut all);
        let mut kinds: Vec<Kind> = day(&mut history, &all).iter().map(|alarm| alarm.kind).collect();
        if !kinds.is_empty() {
            kinds.sort();
            kinds.dedup();
            return Some((n, kinds));
        }
        world.day += 1;
    }
    None
}

/// Prints one line: in how many worlds the fraud was found on which day, and by what.
fn report(worlds: &[(World, History)], name: &str, how: How, brand: usize, imeis: u64) -> Vec<Option<u16>> {
    let (mut days, mut by) = (Vec::new(), BTreeMap::<Kind, u32>::new());
    for past in worlds {
        let found = found_on(past, how, brand, imeis);
        for kind in found.iter().flat_map(|(_, kinds)| kinds) {
            *by.entry(*kind).or_default() += 1;
        }
        days.push(found.map(|(day, _)| day));
    }
    let mut counts = BTreeMap::<String, u32>::new();
    for day in &days {
        *counts.entry(day.map_or("never".into(), |day| format!("day {day:>2}"))).or_default() += 1;
    }
    let text = |all: Vec<String>| all.join(", ");
    println!(
        "{name:<46} {:<44} {}",
        text(counts.iter().map(|(day, n)| format!("{day}: {n}")).collect()),
        text(by.iter().map(|(kind, n)| format!("{kind} {n}")).collect())
    );
    days
}

fn all_by(days: &[Option<u16>], last: u16) -> bool {
    days.iter().all(|day| day.is_some_and(|day| day <= last))
}

#[test]
fn ninety_days_and_two_launches_raise_at_most_one_alarm() {
    let mut worlds = BTreeMap::<usize, u32>::new();
    for seed in SEEDS {
        let found = honest(seed);
        for (n, alarm) in &found {
            println!("seed {seed} day {n}: {} {} {}: {}", alarm.kind, alarm.severity, alarm.subject, alarm.what);
        }
        *worlds.entry(found.len()).or_default() += 1;
    }
    println!("alarms in 90 days with two launches, and in how many worlds: {worlds:?}");
    assert!(worlds.keys().all(|alarms| *alarms <= 1), "{worlds:?}");
}

#[test]
fn frauds_are_found() {
    let worlds: Vec<(World, History)> = SEEDS.map(|seed| past(seed, PAST)).collect();
    let first = report(&worlds, "2022: undeclared, Apple, 19,000 a day", How::Undeclared, APPLE, 19_000);
    let honest = report(&worlds, "declared honestly, 19,000", How::Honest, APPLE, 19_000);
    let spread = report(&worlds, "declared honestly, five doors, 19,000", How::Spread, APPLE, 19_000);
    let small = report(&worlds, "undeclared, 500", How::Undeclared, APPLE, 500);
    let small_honest = report(&worlds, "declared honestly, 500", How::Honest, APPLE, 500);
    let small_spread = report(&worlds, "declared honestly, five doors, 500", How::Spread, APPLE, 500);
    let samsung = report(&worlds, "undeclared, Samsung, 19,000", How::Undeclared, 1, 19_000);
    report(&worlds, "declared honestly, five doors, Xiaomi, 500", How::Spread, 4, 500);
    let insider = report(&worlds, "by importers of that brand, 19,000", How::Insider, APPLE, 19_000);
    report(&worlds, "by importers of that brand, 500", How::Insider, APPLE, 500);
    report(&worlds, "by importers of that brand, Samsung, 500", How::Insider, 1, 500);
    report(&worlds, "doors of persons only, 19,000", How::Persons, APPLE, 19_000);
    report(&worlds, "doors of persons only, 500", How::Persons, APPLE, 500);
    report(&worlds, "a tenth of a corrupt importer's batches", How::Mixed, APPLE, 0);
    report(&worlds, "runs invented, by a newcomer, 19,000", How::FakedRuns, APPLE, 19_000);
    report(&worlds, "runs invented, by a newcomer, 500", How::FakedRuns, APPLE, 500);
    report(&worlds, "runs invented, by an importer of it, 19,000", How::FakedRunsInsider, APPLE, 19_000);
    for found in [&first, &honest, &spread, &samsung, &insider] {
        assert!(all_by(found, 1), "{found:?}");
    }
    for found in [&small, &small_honest, &small_spread] {
        assert!(all_by(found, 7), "{found:?}");
    }
}
