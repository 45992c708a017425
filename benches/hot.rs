//! What the hot sets cost: bits per device, and time per lookup, alone and in batches of 64.
//!
//! `SARING_BENCH_IMEIS` sets the number of devices (1,000,000 if absent). Every answer is asserted. `lines` says what a line of
//! memory costs on this machine that lies anywhere in `SARING_BENCH_LINES_MIB` (16 if absent): no lookup is below its lines.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use saring::{
    hot::{Builder, EntryKind, HotSets, Update},
    identity::{EquipmentKey, Msisdn},
    page::{PageBits, PageContent, PageId},
    pairing::Pair,
    policy::settings::Timeline,
    revision::Revision,
    sample::{self, SplitMix64},
};
use std::{hint::black_box, sync::Arc, time::Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 20_200_418;
const GROUP: usize = 64;
/// Keys looked up, a power of two: far more than fit the caches near the processor.
const KEYS: usize = 1 << 17;

fn devices() -> u64 {
    setup::imeis(1_000_000)
}

fn sample_of(name: &str) -> Box<dyn Iterator<Item = (PageId, PageBits)>> {
    match name {
        "clustered" => Box::new(sample::clustered(SEED, devices())),
        "random5" => Box::new(sample::scattered(SEED, devices(), 50)),
        _ => Box::new(sample::scattered(SEED, devices(), 1)),
    }
}

fn build(pages: impl Iterator<Item = (PageId, PageContent)>) -> HotSets {
    let mut builder = Builder::new();
    pages.for_each(|(id, content)| builder.page(id, content).unwrap());
    builder.finish(Revision { epoch: 1, seq: 1 }, Arc::new(Timeline::default()))
}

fn registered((id, registered): (PageId, PageBits)) -> (PageId, PageContent) {
    (id, PageContent { registered, ..PageContent::default() })
}

/// Bytes that the process holds, by the system's count.
fn resident_bytes() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * 4096.0
}

/// Builds a sample, prints what it costs, and gives it with keys that are in it.
fn report(name: &str) -> (HotSets, Vec<EquipmentKey>) {
    let generating = Instant::now();
    let count: u64 = sample_of(name).map(|(_, bits)| u64::from(bits.count())).sum();
    let generated = generating.elapsed();
    let (resident, started) = (resident_bytes(), Instant::now());
    let hot = build(sample_of(name).map(registered));
    let built = started.elapsed().saturating_sub(generated);
    let stats = hot.stats();
    assert_eq!(stats.entries(EntryKind::Registered), count);
    let per_device = |bytes: f64| bytes * 8.0 / count as f64;
    println!(
        "{name}: {count} devices, {:.2} bits each ({:.2} in sets, {:.2} resident), built in {built:.2?}",
        per_device(stats.total_bytes() as f64),
        per_device(stats.bytes(EntryKind::Registered) as f64),
        per_device(resident_bytes() - resident),
    );
    let mut keys = sample::keys(SEED, sample_of(name), (count / (KEYS as u64 * 2)).max(1));
    keys.truncate(KEYS);
    (hot, keys)
}

/// Keys beside registered ones that are not registered themselves.
fn near_misses(hot: &HotSets, hits: &[EquipmentKey]) -> Vec<EquipmentKey> {
    let mut random = SplitMix64::new(SEED);
    let near = |key: &EquipmentKey| {
        (0..4000).find_map(|_| {
            let serial = (key.serial() + random.below(4096) as u32) % EquipmentKey::SERIALS;
            let key = EquipmentKey::from_parts(key.tac(), serial).unwrap();
            (!hot.evidence(key).registered).then_some(key)
        })
    };
    hits.iter().filter_map(near).collect()
}

/// Keys of TACs anywhere, none of them registered.
fn far_misses(hot: &HotSets) -> Vec<EquipmentKey> {
    let mut random = SplitMix64::new(!SEED);
    let keys = (0..KEYS).map(|_| EquipmentKey::new(random.below(EquipmentKey::LIMIT)).unwrap());
    keys.filter(|key| !hot.evidence(*key).registered).collect()
}

fn bench_keys(c: &mut Criterion, name: &str, hot: &HotSets, keys: &[EquipmentKey], expected: bool) {
    let mut group = c.benchmark_group("hot");
    group.sample_size(20);
    group.throughput(Throughput::Elements(1));
    let mut next = 0;
    group.bench_function(BenchmarkId::new("single", name), |b| {
        b.iter(|| {
            next = (next + 1) % keys.len();
            assert_eq!(hot.evidence(keys[next]).registered, expected);
        });
    });
    group.throughput(Throughput::Elements(GROUP as u64));
    let groups: Vec<_> = keys.chunks_exact(GROUP).collect();
    group.bench_function(BenchmarkId::new("batch64", name), |b| {
        b.iter(|| {
            next = (next + 1) % groups.len();
            let mut seen = 0;
            hot.evidence_batch(groups[next], |_, evidence| seen += usize::from(evidence.registered == expected));
            assert_eq!(seen, GROUP);
        });
    });
    group.finish();
}

fn lookups(c: &mut Criterion) {
    for name in ["clustered", "random5"] {
        let (hot, hits) = report(name);
        bench_keys(c, &format!("{name}/hit"), &hot, &hits, true);
        bench_keys(c, &format!("{name}/near"), &hot, &near_misses(&hot, &hits), false);
        bench_keys(c, &format!("{name}/far"), &hot, &far_misses(&hot), false);
    }
    drop(report("random0.1"));
}

/// Lines of memory anywhere, as many asked for together as devices are.
fn lines(c: &mut Criterion) {
    let mib = std::env::var("SARING_BENCH_LINES_MIB").map_or(16, |mib| mib.parse::<u64>().unwrap());
    let words: Vec<u64> = (0..mib << 17).collect();
    let mut random = SplitMix64::new(SEED);
    let mut group = c.benchmark_group("hot");
    group.throughput(Throughput::Elements(GROUP as u64));
    group.bench_function(BenchmarkId::new("lines64", format!("{mib} MiB")), |b| {
        b.iter(|| {
            let asked: [u64; GROUP] = std::array::from_fn(|_| random.below(words.len() as u64));
            assert_eq!(asked.map(|index| words[index as usize]), asked);
        });
    });
    group.finish();
}

/// One device comes or goes, one page each time.
fn changes(c: &mut Criterion) {
    for name in ["clustered", "random5"] {
        let mut hot = build(sample_of(name).map(registered));
        let (id, _) = sample_of(name).take(41).last().unwrap();
        let mut place = 0;
        c.bench_function(&format!("hot/apply/{name}"), |b| {
            b.iter(|| {
                place = (place + 7) % 512;
                let mut content = hot.page(id);
                let came = content.registered.insert(place);
                if !came {
                    content.registered.remove(place);
                }
                hot = hot.apply(Update { pages: vec![(id, content)], ..Update::default() });
                assert_eq!(hot.evidence(id.key(place).unwrap()).registered, came);
            });
        });
    }
}

/// One device in five has a number.
fn pairs(c: &mut Criterion) {
    let paired = |place: u16| place.wrapping_mul(40_503).is_multiple_of(5);
    let number = |key: EquipmentKey| Msisdn::new(62_811_000_000_000 + key.get() % 1_000_000_000).unwrap();
    let hot = build(sample_of("clustered").map(|(id, bits)| {
        let places = bits.iter().filter(|place| paired(*place));
        let pairs = places.map(|place| (place, Pair::allowance(number(id.key(place).unwrap()).into()))).collect();
        (id, PageContent { registered: bits, pairs, ..PageContent::default() })
    }));
    let stats = hot.stats();
    let count = stats.entries(EntryKind::Allowance);
    let bits = (stats.total_bytes() - stats.bytes(EntryKind::Registered)) as f64 * 8.0 / count as f64;
    println!("pairs: {count}, {bits:.1} bits each");
    let keys = sample::keys(SEED, sample_of("clustered"), (devices() / (KEYS as u64 * 2)).max(1));
    let groups: Vec<_> = keys.chunks_exact(GROUP).collect();
    let mut group = c.benchmark_group("hot");
    group.throughput(Throughput::Elements(GROUP as u64));
    let mut next = 0;
    group.bench_function(BenchmarkId::new("batch64", "pairs"), |b| {
        b.iter(|| {
            next = (next + 1) % groups.len();
            let mut right = 0;
            hot.evidence_batch(groups[next], |index, evidence| {
                let place = PageId::place(groups[next][index]);
                right += usize::from(evidence.pairs.is_empty() != paired(place));
                black_box(evidence.pairs.plain.iter().next());
            });
            assert_eq!(right, GROUP);
        });
    });
    group.finish();
}

criterion_group!(benches, lookups, changes, pairs, lines);
criterion_main!(benches);
