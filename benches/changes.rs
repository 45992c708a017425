//! What it costs when a whole batch takes another state, and what a dry run of it costs.
//!
//! `changes` makes a register of `SARING_BENCH_IMEIS` devices (50,000,000 if absent) of each shape with two batches of
//! 200,000 more, one of runs and one of a device a page, and prints: from the start of the commit of a suspension or
//! restoration to its publishing, with the slowest check meanwhile; and previews. `SARING_BENCH_DIR` names a directory
//! for the registers. Every answer is asserted.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use saring::{
    batch::{BatchNumber, BatchState, BatchStep},
    check::{Checker, Clock, EquipmentValue, Inquiry},
    hot::Published,
    identity::EquipmentKey,
    import::{Gathered, Kind, Mode},
    listing::{Door, TacBar, TacRule},
    load,
    page::{PageBits, PageId},
    policy::{Reason, Settings, Status},
    preview::{Hypothesis, Preview, preview},
    registry::{ImportOrder, Registry},
    sample,
    store::Hands,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 20_200_418;
const IMEIS: u64 = 50_000_000;
/// 5 % of each TAC.
const SCATTERED_PER_MILLE: u32 = 50;
/// Devices of a batch that is suspended.
const BATCH: usize = 200_000;
const ROUNDS: usize = 3;
/// Checks a second that go on meanwhile.
const CHECKS_A_SECOND: u64 = 100_000;

type Pages = BTreeMap<PageId, PageBits>;

fn main() {
    for shape in ["clustered", "scattered"] {
        let directory = match std::env::var_os("SARING_BENCH_DIR") {
            Some(parent) => tempfile::tempdir_in(parent).unwrap(),
            None => tempfile::tempdir().unwrap(),
        };
        run(shape, directory.path());
    }
}

fn run(shape: &str, directory: &Path) {
    let devices = setup::imeis(IMEIS);
    let base: Vec<(PageId, PageBits)> = match shape {
        "clustered" => sample::clustered(SEED, devices).collect(),
        _ => sample::scattered(SEED, devices, SCATTERED_PER_MILLE).collect(),
    };
    let size = BATCH.min(devices as usize / 10);
    let runs = runs_of(&base, size);
    let scattered = scatter_of(&base, &runs, size);
    let batches = [("runs", runs), ("one a page", scattered)];
    let tac = base[base.len() / 2].0.tac();
    let registry = Registry::open(directory, true).unwrap().0;
    let mut numbers = Vec::new();
    let started = Instant::now();
    import(&registry, Door::TppImport, base);
    for (_, pages) in &batches {
        let pages = pages.iter().map(|(id, bits)| (*id, bits.clone())).collect();
        numbers.push(import(&registry, Door::CustomsPassenger, pages));
    }
    registry.store().flush().unwrap();
    println!("{devices} IMEIs {shape}: made in {:.1} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let hot = load::hot_sets(registry.store(), &mut |_| {}).unwrap();
    println!("{devices} IMEIs {shape}: loaded in {:.2} s", started.elapsed().as_secs_f64());
    let published = Arc::new(Published::new(hot));
    registry.keep_published(Arc::clone(&published));
    let checker = Checker::new(published, Clock::system().unwrap());
    for ((name, pages), number) in batches.iter().zip(numbers) {
        let about = format!("{devices} IMEIs {shape}, batch of {size} on {} pages ({name})", pages.len());
        changes(&about, &registry, &checker, pages, number);
        let suspension = Hypothesis::Steps(vec![BatchStep::new(number, BatchState::Suspended)]);
        let shown = dry_run(&format!("{about}: preview of its suspension"), &registry, &checker, &suspension);
        // Run tiny, a dense register has not as many places free.
        assert_eq!(shown.imeis, pages.values().map(|bits| u64::from(bits.count())).sum::<u64>());
    }
    let about = format!("{devices} IMEIs {shape}: preview of");
    let barred = TacRule { barred: TacBar::Hard, ..TacRule::default() };
    let rule = Hypothesis::TacRules(vec![(tac, barred)]);
    assert!(dry_run(&format!("{about} a TAC rule"), &registry, &checker, &rule).imeis > 0);
    let settings = Settings::from_toml("[national]\nsuspended = \"black\"").unwrap();
    let settings = Hypothesis::Settings(Arc::new(settings));
    assert_eq!(dry_run(&format!("{about} a setting"), &registry, &checker, &settings).imeis, 0);
    let store = registry.store();
    let door = Hypothesis::of_door(store, Door::TppImport, BatchState::Active, BatchState::Suspended, None);
    let shown = dry_run(&format!("{about} the suspension of a door"), &registry, &checker, &door);
    assert!(shown.imeis.abs_diff(devices) < devices / 10);
    let Hypothesis::Steps(steps) = door else { unreachable!() };
    for state in [BatchState::Suspended, BatchState::Active] {
        let steps: Vec<_> = steps.iter().map(|step| BatchStep { state, ..*step }).collect();
        let started = Instant::now();
        registry.write_steps(&steps, &Hands::bootstrap()).unwrap();
        let memory = checker.sets().unwrap().stats().total_bytes();
        println!(
            "{devices} IMEIs {shape}: a whole door {} in force after {:.3} s; {:.1} MiB in memory",
            state.name(),
            started.elapsed().as_secs_f64(),
            memory as f64 / f64::from(1 << 20)
        );
        if state == BatchState::Suspended {
            let black = dry_run(&format!("{about} a setting that changes them"), &registry, &checker, &settings);
            assert_eq!(black.imeis, shown.imeis);
        }
    }
}

fn dry_run(about: &str, registry: &Registry, checker: &Checker, hypothesis: &Hypothesis) -> Preview {
    let hot = checker.sets().unwrap();
    let now = Clock::system().unwrap().unix_seconds();
    let mut best = Duration::MAX;
    let mut shown = None;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let preview = preview(registry.store(), &hot, hypothesis, now).unwrap();
        best = best.min(started.elapsed());
        assert!(shown.is_none_or(|shown| shown == preview), "a preview differs from the one before");
        shown = Some(preview);
    }
    let shown = shown.unwrap();
    println!("{about}: {:.3} s, {} IMEIs change on {} pages", best.as_secs_f64(), shown.imeis, shown.pages);
    shown
}

/// Suspends and restores, beside checks.
fn changes(about: &str, registry: &Registry, checker: &Checker, pages: &Pages, number: BatchNumber) {
    let keys: Vec<EquipmentKey> = sample::keys(SEED, pages.iter().map(|(id, bits)| (*id, bits.clone())), 1);
    let idle = slowest_check(checker, &keys, || thread::sleep(Duration::from_millis(400))).1;
    for round in 0..ROUNDS {
        for (state, reason) in [(BatchState::Suspended, Reason::Suspended), (BatchState::Active, Reason::Registered)] {
            let (took, slowest) = slowest_check(checker, &keys, || {
                registry.write_steps(&[BatchStep::new(number, state)], &Hands::bootstrap()).unwrap();
            });
            assert!(keys.iter().all(|key| reason_of(checker, *key) == (reason, reason == Reason::Registered)));
            if round > 0 {
                println!(
                    "{about}: {} in force after {:.3} s; slowest check {:.1} ms (idle {:.1} ms)",
                    state.name(),
                    took.as_secs_f64(),
                    slowest.as_secs_f64() * 1e3,
                    idle.as_secs_f64() * 1e3
                );
            }
        }
    }
}

fn reason_of(checker: &Checker, key: EquipmentKey) -> (Reason, bool) {
    let verdict = checker.check(&Inquiry::of(EquipmentValue::Key(key)), None).unwrap().verdict;
    (verdict.reason, verdict.status == Status::Whitelisted)
}

/// How long something takes, and how late the slowest check beside it is answered: each has its moment.
fn slowest_check(checker: &Checker, keys: &[EquipmentKey], work: impl FnOnce()) -> (Duration, Duration) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let checks = scope.spawn(|| {
            let (started, mut slowest, mut done) = (Instant::now(), Duration::ZERO, 0_u64);
            while !stop.load(Ordering::Relaxed) {
                let due = started + Duration::from_micros(done * 1_000_000 / CHECKS_A_SECOND);
                let now = Instant::now();
                if now < due {
                    // As a runtime without work: it sleeps until the next socket is ready.
                    thread::sleep((due - now).max(Duration::from_micros(50)));
                    continue;
                }
                let key = keys[done as usize % keys.len()];
                let (reason, _) = reason_of(checker, key);
                assert!(matches!(reason, Reason::Registered | Reason::Suspended));
                slowest = slowest.max(due.elapsed());
                done += 1;
            }
            slowest
        });
        let started = Instant::now();
        work();
        let took = started.elapsed();
        stop.store(true, Ordering::Relaxed);
        (took, checks.join().unwrap())
    })
}

/// New devices next to each other, a hundred pages or so.
fn runs_of(base: &[(PageId, PageBits)], size: usize) -> Pages {
    let mut pages = Pages::new();
    let mut left = size;
    for (id, bits) in base.iter().skip(base.len() / 3) {
        let mut free = PageBits::EMPTY;
        for place in (0..2048).filter(|place| !bits.contains(*place) && id.key(*place).is_some()).take(left) {
            free.insert(place);
        }
        left -= free.count() as usize;
        if !free.is_empty() {
            pages.insert(*id, free);
        }
        if left == 0 {
            break;
        }
    }
    pages
}

/// A new device a page, spread over the register, and over pages of their own where there are too few.
fn scatter_of(base: &[(PageId, PageBits)], runs: &Pages, size: usize) -> Pages {
    let step = (base.len() / size).max(1);
    let mut pages = Pages::new();
    for (id, bits) in base.iter().step_by(step).filter(|(id, _)| !runs.contains_key(id)) {
        if let Some(place) = (0..2048).rev().find(|place| !bits.contains(*place) && id.key(*place).is_some())
            && pages.len() < size
        {
            pages.entry(*id).or_insert(PageBits::EMPTY).insert(place);
        }
    }
    for id in
        base.iter().flat_map(|(id, _)| (0..saring::page::PAGES_PER_TAC).filter_map(|page| PageId::new(id.tac(), page)))
    {
        if pages.len() >= size {
            break;
        }
        if base.binary_search_by_key(&id, |(id, _)| *id).is_err() && !runs.contains_key(&id) {
            pages.entry(id).or_insert(PageBits::EMPTY).insert(7);
        }
    }
    pages
}

fn import(registry: &Registry, door: Door, pages: Vec<(PageId, PageBits)>) -> BatchNumber {
    let list = Gathered { pages, ..Gathered::new(Kind::Registered, door, None, None) };
    let order = ImportOrder::bootstrap(Mode::Add, "", 100);
    registry.import(list, &order).unwrap().batches[0]
}
