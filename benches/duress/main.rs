//! What a node is like under duress: at a rate, beside changes, beyond what it can answer, protected, and killed.
//!
//! `cargo bench --bench duress` prints a row for each promise: what, at least, aim, measured. Real `saring serve`
//! processes with one check runtime, on a register of `SARING_BENCH_IMEIS` (10,000,000 if absent), `SARING_BENCH_PAIRS`
//! (175 for each 1,000) and `SARING_BENCH_SEED` (1). `SARING_BENCH_DATA` names one that `saring generate` made of these,
//! and that was never served. It stays as it is: each row works on a copy beside it whose tables are hard links.
//! `SARING_BENCH_DIR` names a directory for a register that is made. `SARING_BENCH_ROWS` picks rows: quiet, changes,
//! overload, tls, single, restart. Every answer is asserted; times are only printed, and where the load generator itself
//! was what was slow, that is printed in their place. Where the system allows it, rows about times are repeated with check
//! runtimes and load generator scheduled in real time (`--realtime`): programs that share two cores keep each other
//! waiting for slices of some milliseconds, and what is measured otherwise is that.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

mod changes;
mod overload;
mod people;
mod restart;
mod tls;
mod world;

#[path = "../common/setup.rs"]
mod setup;
#[path = "../common/singles.rs"]
mod singles;

use saring::{
    bench::{Mode, Order, Pace, Profile, deck::Deck},
    hot::Published,
    load,
    registry::Registry,
};
use std::{sync::Arc, time::Duration};
use world::{World, told, unanswered, us};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: [(&str, fn(&World)); 6] = [
    ("quiet", quiet),
    ("changes", changes::run),
    ("overload", overload::run),
    ("tls", tls::run),
    ("single", single),
    ("restart", restart::run),
];
/// Checks a second of a quiet node, one a call.
const QUIET: f64 = 50_000.0;
const QUIET_TINY: f64 = 2_000.0;
const QUIET_RUNS: usize = 3;
const SINGLES: u32 = 400;
const SINGLES_TINY: u32 = 10;

fn main() {
    if restart::is_writer() {
        return restart::write();
    }
    let wanted = std::env::var("SARING_BENCH_ROWS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split([' ', ',']).filter(|name| !name.is_empty()).collect();
    for name in &wanted {
        assert!(ROWS.iter().any(|(row, _)| row == name), "{name:?} is no row: {:?}", ROWS.map(|(row, _)| row));
    }
    let world = World::new();
    for (name, run) in ROWS.iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(name)) {
        world.begin(name);
        run(&world);
    }
    world.end();
}

/// The rate at which a quiet node is asked, one check a call.
fn quiet_rate() -> f64 {
    if setup::measures() { QUIET } else { QUIET_TINY }
}

fn quiet(world: &World) {
    let data = world.copy("quiet");
    let deck = world.deck(Profile::Attach, Mode::Unary);
    for realtime in world.ways() {
        let node = world.serve(&data, realtime);
        let order = world.order(&node, Mode::Unary, Pace::Rate(quiet_rate()), Duration::from_secs(6));
        let what = format!("unary at {:.0} checks/s, Poisson, one core serving{}", quiet_rate(), told(realtime));
        quiet_runs(world, &deck, &Order { realtime, ..order }, &format!("{what}: p99"));
    }
}

fn quiet_runs(world: &World, deck: &Deck, order: &Order, what: &str) {
    let (mut runs, mut refused) = (Vec::new(), String::new());
    for _ in 0..QUIET_RUNS {
        match world.ask(order, deck) {
            Ok(found) => runs.push(found),
            Err(why) => refused = why,
        }
    }
    runs.sort_by(|one, other| one.latency_us.p99.total_cmp(&other.latency_us.p99));
    let Some(middle) = runs.get(runs.len() / 2) else {
        return world.row(what, "300 us", "90 us", &refused);
    };
    let all: Vec<String> = runs.iter().map(|found| us(found.latency_us.p99)).collect();
    let measured = format!(
        "{} (of {} runs: {}); p50 {}, p99.9 {}; server {:.2} cores{}",
        us(middle.latency_us.p99),
        all.len(),
        all.join(", "),
        us(middle.latency_us.p50),
        us(middle.latency_us.p999),
        middle.server.unwrap().cores,
        unanswered(middle),
    );
    world.row(what, "300 us", "90 us", &measured);
    let own = &middle.generator;
    let late = format!(
        "p50 {}, p99 {}, p99.9 {}; {:.1} us of CPU a call, waited for a core {:.0} % of the time",
        us(own.late_us.p50),
        us(own.late_us.p99),
        us(own.late_us.p999),
        own.ns_per_message / 1e3,
        100.0 * own.waited
    );
    world.row("… of which the load generator itself was late", "", "", &late);
}

fn single(world: &World) {
    let data = world.copy("single");
    let registry = Registry::open(&data, false).unwrap().0;
    let published = Arc::new(Published::new(load::ready(registry.store(), &mut |_| {}).unwrap().0));
    let count = if setup::measures() { SINGLES } else { SINGLES_TINY };
    let singles = singles::singles(&world.national(), &data, &registry, &published, count);
    let what = "one registered IMEI more, durable and visible, against a raw write and fdatasync in the same run";
    world.row(what, "3 times", "1.5 times", &singles.told());
}
