//! The parts of `scripts/figures` that need the library: the lists to import, and batched hot lookups.
//!
//! `figures csv clustered` and `figures csv scattered` write a seeded list of IMEIs, one a line and in random order,
//! to standard output; `figures lookups` prints what one lookup costs in a batch of 64. `SARING_BENCH_IMEIS` sets the
//! size. Every answer is asserted.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use saring::{
    hot::{Builder, HotSets},
    identity::{EquipmentKey, Imei},
    page::{PageBits, PageContent, PageId},
    policy::settings::Timeline,
    revision::Revision,
    sample::{self, SplitMix64},
};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 20_200_418;
const IMEIS: u64 = 50_000_000;
/// 5 % of each TAC.
const SCATTERED_PER_MILLE: u32 = 50;
const SHAPES: [&str; 2] = ["clustered", "scattered"];
const GROUP: usize = 64;
/// Keys looked up: their lines of memory are far more than the processor's caches hold.
const KEYS: usize = 1 << 20;
const ROUNDS: usize = 7;
/// Times over the keys in a round: long against the ticks in which the kernel counts.
const PASSES: usize = 4;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["csv", shape] if SHAPES.contains(&shape) => write_csv(shape, &mut BufWriter::new(io::stdout().lock())),
        ["lookups"] => SHAPES.iter().try_for_each(|shape| lookups(shape)),
        _ => SHAPES.iter().try_for_each(|shape| {
            write_csv(shape, &mut io::sink())?;
            lookups(shape)
        }),
    }
}

fn pages(shape: &str) -> Box<dyn Iterator<Item = (PageId, PageBits)>> {
    let devices = setup::imeis(IMEIS);
    match shape {
        "clustered" => Box::new(sample::clustered(SEED, devices)),
        _ => Box::new(sample::scattered(SEED, devices, SCATTERED_PER_MILLE)),
    }
}

fn write_csv(shape: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "imei")?;
    for key in sample::keys(SEED, pages(shape), 1) {
        writeln!(out, "{}", Imei::from_key(key))?;
    }
    out.flush()
}

fn lookups(shape: &str) -> io::Result<()> {
    let hot = build(shape);
    let count: u64 = pages(shape).map(|(_, bits)| u64::from(bits.count())).sum();
    let mut hits = sample::keys(SEED, pages(shape), (count / KEYS as u64).max(1));
    hits.truncate(KEYS);
    let mut random = SplitMix64::new(!SEED);
    let misses: Vec<EquipmentKey> = hits
        .iter()
        .map(|key| EquipmentKey::from_parts(key.tac(), random.below(1_000_000) as u32).unwrap())
        .filter(|key| !hot.evidence(*key).registered)
        .collect();
    for (name, keys, expected) in [("hit", &hits, true), ("miss", &misses, false)] {
        let nanos = (0..ROUNDS).map(|_| round(&hot, keys, expected)).fold(f64::INFINITY, f64::min);
        println!("lookup in batches of {GROUP}, {count} IMEIs {shape}, {name}: {nanos:.1} ns");
    }
    Ok(())
}

fn build(shape: &str) -> HotSets {
    let mut builder = Builder::new();
    for (id, registered) in pages(shape) {
        builder.page(id, PageContent { registered, ..PageContent::default() }).unwrap();
    }
    builder.finish(Revision { epoch: 1, seq: 1 }, Arc::new(Timeline::default()))
}

/// Nanoseconds of CPU of one lookup, on average over all keys.
fn round(hot: &HotSets, keys: &[EquipmentKey], expected: bool) -> f64 {
    let this_thread = Path::new("/proc/thread-self");
    let before = setup::cpu_of(this_thread);
    let mut right = 0;
    for group in (0..PASSES).flat_map(|_| keys.chunks(GROUP)) {
        hot.evidence_batch(group, |_, evidence| right += usize::from(evidence.registered == expected));
    }
    let took = setup::cpu_of(this_thread).saturating_sub(before);
    assert_eq!(right, keys.len() * PASSES);
    took.as_nanos() as f64 / right as f64
}
