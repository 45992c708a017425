//! What a register of the size of a nation costs: to load, to keep on disk and in memory, to start again, to ask.
//!
//! Prints a table for each shape. `SARING_BENCH_IMEIS` and `SARING_BENCH_PAIRS` set the size (2,000,000,000 and
//! 350,000,000 where it is measured, 20,000,000 and 3,500,000 where not), `SARING_BENCH_SHAPES` the shapes (`mix`,
//! `mix-8` and `mix-32` for pages that so many batches share, `worst`, `sparse`; all where nothing is measured, else
//! `mix`), `SARING_BENCH_DIR` the directory below which the registers are made. `SARING_BENCH_KEEP=1` leaves them there,
//! and takes one that is there already for what it is. Bits, bytes and answers are asserted; times are only printed.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;
#[path = "common/singles.rs"]
mod singles;

use saring::{
    check::{Checker, Clock, EquipmentValue, Inquiry},
    day::Day,
    hot::{EntryKind, HotSets, Published},
    identity::EquipmentKey,
    load,
    national::{National, NationalSource, Profile, Question, Scale, Shape},
    policy::Settings,
    registry::{self, BulkStage, Registry},
    sample::SplitMix64,
    store::{OpenMode, Store},
};
use std::{
    collections::BTreeMap,
    fs,
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 20_200_915;
const IMEIS: u64 = 2_000_000_000;
const PAIRS: u64 = 350_000_000;
const IMEIS_UNMEASURED: u64 = 20_000_000;
const MEMORY_BYTES: usize = 1 << 30;
const GROUP: usize = 64;
/// Questions of a packed check.
const PACKED: usize = 256;
const KEYS: usize = 1 << 20;
const ROUNDS: usize = 5;
/// Single registrations that are timed, each next to a raw sync.
const SINGLES: u32 = 200;
/// Checks of each profile whose answers are held against the truth.
const CHECKS: u64 = 100_000;
/// Below so many devices what is fixed weighs more than what they cost.
const ASSERTED_MIN: u64 = 10_000_000;

/// A shape, and what it may cost.
struct Case {
    name: &'static str,
    shape: Shape,
    shared: u16,
    /// Bits of a registered device in memory.
    bits_max: f64,
    /// Bytes of a device on disk, with provenance.
    bytes_max: f64,
}

const CASES: [Case; 5] = [
    Case { name: "mix", shape: Shape::Mix, shared: 1, bits_max: 8.0, bytes_max: 1.0 },
    Case { name: "mix-8", shape: Shape::Mix, shared: 8, bits_max: 8.0, bytes_max: 2.0 },
    Case { name: "mix-32", shape: Shape::Mix, shared: 32, bits_max: 8.0, bytes_max: 4.0 },
    Case { name: "worst", shape: Shape::Worst, shared: 1, bits_max: 22.0, bytes_max: 4.0 },
    Case { name: "sparse", shape: Shape::Sparse, shared: 1, bits_max: 60.0, bytes_max: 40.0 },
];

/// Bits of a pairing in memory, bytes on disk with its index: 30 are wanted, and 2 billion devices take 34
/// (docs/performance.md says why).
const PAIR_BITS_MAX: f64 = 100.0;
const PAIR_BYTES_MAX: f64 = 35.0;

fn main() {
    let usual = if setup::measures() { "mix" } else { "mix mix-8 mix-32 worst sparse" };
    let wanted = std::env::var("SARING_BENCH_SHAPES").unwrap_or_else(|_| usual.to_owned());
    let keep = std::env::var_os("SARING_BENCH_KEEP").is_some();
    for name in wanted.split([' ', ',']) {
        let case = CASES.iter().find(|case| case.name == name);
        let case = case.unwrap_or_else(|| panic!("{name:?} is no shape: mix, mix-8, mix-32, worst, sparse"));
        let parent = std::env::var_os("SARING_BENCH_DIR").unwrap_or_else(|| std::env::temp_dir().into());
        if keep {
            run(case, &Path::new(&parent).join(format!("national-{name}")));
        } else {
            let directory = tempfile::tempdir_in(parent).unwrap();
            run(case, &directory.path().join("register"));
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn say(what: &str, value: &str) {
    println!("  {what:<58} {value}");
}

fn run(case: &Case, directory: &Path) {
    let imeis = number("SARING_BENCH_IMEIS").unwrap_or(if setup::measures() { IMEIS } else { IMEIS_UNMEASURED });
    // Of the other shapes only what devices cost is asked.
    let pairs = if case.name == "mix" { imeis * PAIRS / IMEIS } else { 0 };
    let pairs = number("SARING_BENCH_PAIRS").unwrap_or(pairs).min(imeis);
    let scale = Scale { imeis, pairs, seed: SEED, shape: case.shape, shared: case.shared };
    let national = National::new(scale, &[]).unwrap();
    let (devices, models) = (national.devices(), national.models());
    println!("\n{}: {devices} IMEIs of {models} models, {pairs} pairings and subscribers", case.name);
    if directory.join("CURRENT").exists() {
        say("register", "is there already, and taken as it is");
    } else {
        make(&national, directory);
    }
    let asserted = devices >= ASSERTED_MIN;
    disk(case, &national, directory, asserted);
    let hot = restart(directory);
    memory(case, &national, &hot, asserted);
    lookups(&national, &hot);
    let published = Arc::new(Published::new(hot));
    checks(&national, &published);
    together(&national, &published);
    let registry = Registry::open(directory, false).unwrap().0;
    let singles = singles::singles(&national, directory, &registry, &published, SINGLES);
    say("one device registered durably and visibly; raw fdatasync", &singles.told());
}

fn make(national: &National, directory: &Path) {
    let source = NationalSource::new(national);
    let began = Instant::now();
    let cpu = cpu_of_process();
    let stage = |stage: BulkStage| match stage {
        BulkStage::Rows { done, parts, .. } if done < parts => {}
        BulkStage::Indexes { done, all } if done < all => {}
        stage => println!("  … {stage:?} after {:.1} s", began.elapsed().as_secs_f64()),
    };
    let loaded = registry::load(directory, &Settings::default(), &source, MEMORY_BYTES, &stage).unwrap();
    let (wall, cpu) = (began.elapsed().as_secs_f64(), (cpu_of_process() - cpu).as_secs_f64());
    say("loaded from the generator, wall (CPU)", &format!("{wall:.1} s ({cpu:.1} s), {} batches", loaded.batches));
    say("memory while it was loaded, at most", &format!("{:.2} GiB", peak_gib()));
}

fn disk(case: &Case, national: &National, directory: &Path, asserted: bool) {
    let store = Store::open(directory, OpenMode::Read).unwrap();
    let families = store.disk_bytes_by_family();
    let bytes = |names: &[&str]| names.iter().filter_map(|name| families.get(*name)).sum::<u64>() as f64;
    let (devices, pairs) = (national.devices() as f64, national.scale().pairs as f64);
    let of_devices = bytes(&["pages", "marks", "links", "batches", "journal", "hashes", "tacs", "tac_classes"]);
    if pairs == 0.0 {
        let all = of_devices + bytes(&["touched", "numbers"]);
        say("disk of a device, with provenance and indexes", &format!("{:.3} bytes", all / devices));
        assert!(!asserted || all / devices <= case.bytes_max, "more than {}", case.bytes_max);
    } else {
        let (pairings, subscribers) = (bytes(&["pairings", "numbers"]), bytes(&["subscribers", "touched"]));
        say("disk of a device, without its ranges' sums", &format!("{:.3} bytes", of_devices / devices));
        say("disk of a pairing, with the index of its numbers", &format!("{:.2} bytes", pairings / pairs));
        say("disk of a subscriber, with the sums of all ranges", &format!("{:.2} bytes", subscribers / pairs));
        say("disk of a subscriber in the index of SIMs", &format!("{:.2} bytes", bytes(&["sims"]) / pairs));
        assert!(!asserted || pairings / pairs <= PAIR_BYTES_MAX, "more than {PAIR_BYTES_MAX}");
    }
    let shown: Vec<String> =
        families.iter().map(|(name, bytes)| format!("{name} {:.1}", *bytes as f64 / f64::from(1 << 20))).collect();
    say("tables in MiB", &shown.join(", "));
}

fn restart(directory: &Path) -> HotSets {
    let (began, cpu) = (Instant::now(), cpu_of_process());
    let store = Store::open(directory, OpenMode::Read).unwrap();
    let opened = began.elapsed().as_secs_f64();
    // As `serve` starts: by the snapshot, where one was kept.
    let (hot, _) = load::ready(&store, &mut |_| {}).unwrap();
    let (wall, cpu) = (began.elapsed().as_secs_f64(), (cpu_of_process() - cpu).as_secs_f64());
    say("start to ready, wall (CPU)", &format!("{wall:.2} s ({cpu:.2} s), opened after {opened:.2} s"));
    hot
}

fn memory(case: &Case, national: &National, hot: &HotSets, asserted: bool) {
    let stats = hot.stats();
    let bits = |bytes: u64, of: u64| bytes as f64 * 8.0 / of.max(1) as f64;
    let plain = [EntryKind::Registered, EntryKind::Grandfathered].map(|kind| (stats.entries(kind), stats.bytes(kind)));
    let (entries, bytes) = plain.iter().fold((0, 0), |(entries, bytes), more| (entries + more.0, bytes + more.1));
    say("memory of the registered sets by themselves", &format!("{:.2} bits/IMEI", bits(bytes, entries)));
    let pairs = national.scale().pairs;
    let (of_pairs, of_subscribers) = hot.paired_bytes();
    let of_devices = stats.total_bytes() - of_pairs - of_subscribers;
    let all = bits(of_devices, national.devices());
    say("the same with marks, directories and rounding", &format!("{all:.2} bits/IMEI"));
    assert!(!asserted || all <= case.bits_max, "more than {}", case.bits_max);
    if pairs > 0 {
        say("memory of a pairing, all told", &format!("{:.1} bits", bits(of_pairs, pairs)));
        say("memory of a subscriber, all told", &format!("{:.1} bits", bits(of_subscribers, pairs)));
        assert!(!asserted || bits(of_pairs, pairs) <= PAIR_BITS_MAX, "more than {PAIR_BITS_MAX}");
    }
    say("hot sets", &format!("{:.2} GiB", stats.total_bytes() as f64 / f64::from(1 << 30)));
    say("VmHWM of this process, load and start included", &format!("{:.2} GiB", peak_gib()));
}

fn lookups(national: &National, hot: &HotSets) {
    let mut random = SplitMix64::new(!SEED);
    let listed = |key: EquipmentKey| {
        let truth = national.truth(key);
        truth.registered || truth.grandfathered
    };
    let mut hits: Vec<EquipmentKey> =
        (0..KEYS).filter_map(|_| national.device(random.below(national.devices()))).collect();
    let misses = hits.iter().filter_map(|key| EquipmentKey::from_parts(key.tac(), random.below(1_000_000) as u32).ok());
    let misses: Vec<EquipmentKey> = misses.filter(|key| !listed(*key)).collect();
    hits.retain(|key| listed(*key));
    for (name, keys, expected) in [("hit", &hits, true), ("miss in a listed model", &misses, false)] {
        let round = || {
            let before = setup::cpu_of(Path::new("/proc/thread-self"));
            let mut right = 0;
            for group in keys.chunks(GROUP) {
                hot.evidence_batch(group, |_, evidence| {
                    right += usize::from((evidence.registered || evidence.grandfathered) == expected);
                });
            }
            let took = setup::cpu_of(Path::new("/proc/thread-self")).saturating_sub(before);
            assert_eq!(right, keys.len());
            took.as_nanos() as f64 / keys.len() as f64
        };
        let nanos = (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min);
        say(&format!("lookup in batches of {GROUP}, with pairings, {name}"), &format!("{nanos:.1} ns"));
    }
}

/// What is answered must be what the generator knows.
fn checks(national: &National, published: &Arc<Published>) {
    let checker = Checker::new(Arc::clone(published), Clock::system().unwrap());
    let (settings, mut reasons) = (Settings::default(), BTreeMap::<&str, u64>::new());
    for &profile in Profile::ALL {
        let cpu = setup::cpu_of(Path::new("/proc/thread-self"));
        let questions: Vec<_> = (0..CHECKS).map(|index| national.question(profile, index)).collect();
        let asked = (setup::cpu_of(Path::new("/proc/thread-self")) - cpu).as_nanos() as f64 / CHECKS as f64;
        let cpu = setup::cpu_of(Path::new("/proc/thread-self"));
        let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
        let expected = |question| national.expected(question, settings.policy(None), today);
        let expected: Vec<_> = questions.iter().map(expected).collect();
        let known = (setup::cpu_of(Path::new("/proc/thread-self")) - cpu).as_nanos() as f64 / CHECKS as f64;
        for (question, expected) in questions.iter().zip(&expected) {
            let equipment = EquipmentValue::from_number(question.equipment);
            let inquiry = Inquiry { msisdn: question.msisdn, imsi: question.imsi, ..Inquiry::of(equipment) };
            let verdict = checker.check(&inquiry, None).unwrap().verdict;
            assert_eq!((verdict.status, verdict.reason), (expected.status, expected.reason), "{question:?}");
            *reasons.entry(verdict.reason.name()).or_default() += 1;
        }
        let cost = format!("{CHECKS} right; {asked:.0} ns to ask, {known:.0} ns to know the answer");
        say(&format!("checks of profile {profile}"), &cost);
    }
    let shown: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    say("their reasons", &shown.join(", "));
}

/// What a question of a packed check costs, by what it brings. The wire is not in it.
fn together(national: &National, published: &Arc<Published>) {
    let checker = Checker::new(Arc::clone(published), Clock::system().unwrap());
    let hot = published.load();
    let count = KEYS.min(national.devices() as usize) as u64;
    let inquiry = |question: Question| Inquiry {
        msisdn: question.msisdn,
        imsi: question.imsi,
        ..Inquiry::of(EquipmentValue::from_number(question.equipment))
    };
    let asked: Vec<Inquiry> = (0..count).map(|index| inquiry(national.question(Profile::Attach, index))).collect();
    let keys = asked.iter().filter_map(|inquiry| match inquiry.equipment {
        EquipmentValue::Key(key) => Some(key),
        _ => None,
    });
    let keys: Vec<EquipmentKey> = keys.collect();
    let nanos = best_of(keys.len(), || {
        keys.chunks(GROUP).for_each(|group| hot.evidence_batch(group, |_, evidence| _ = black_box(evidence)));
    });
    say("evidence of a device with its pairs, in batches of 64", &format!("{nanos:.1} ns"));
    let with = |name: &str, msisdn: bool, imsi: bool| {
        let asked: Vec<Inquiry> = asked
            .iter()
            .map(|inquiry| Inquiry {
                msisdn: inquiry.msisdn.filter(|_| msisdn),
                imsi: inquiry.imsi.filter(|_| imsi),
                ..*inquiry
            })
            .collect();
        let nanos = best_of(asked.len(), || {
            for group in asked.chunks(PACKED) {
                checker.check_batch(group, None, |_, verdict| _ = black_box(verdict)).unwrap();
            }
        });
        say(&format!("check in batches of {PACKED}, {name}"), &format!("{nanos:.1} ns"));
    };
    with("equipment alone", false, false);
    with("with the numbers that a busy hour brings", true, false);
    with("with its SIMs", false, true);
    with("with both, as it asks", true, true);
}

/// The least CPU that one of so many took, of several rounds, in nanoseconds.
fn best_of(count: usize, mut round: impl FnMut()) -> f64 {
    let mut once = || {
        let before = setup::cpu_of(Path::new("/proc/thread-self"));
        round();
        setup::cpu_of(Path::new("/proc/thread-self")).saturating_sub(before).as_nanos() as f64 / count as f64
    };
    (0..ROUNDS).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn cpu_of_process() -> Duration {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let own: Duration = threads.filter_map(Result::ok).map(|thread| setup::cpu_of(&thread.path())).sum();
    // Threads that ended are counted by the process only, in ticks of 10 ms: user and system time, behind the name.
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = text.rsplit(')').next().unwrap().split_whitespace();
    let ticks: u64 = behind_name.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    own.max(Duration::from_millis(ticks * 10))
}

/// The most memory that this process ever held.
fn peak_gib() -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / f64::from(1 << 20)
}
