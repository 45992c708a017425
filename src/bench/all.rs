//! Everything that a report and a plan need, measured on this machine: registers are generated, served, killed, served
//! again and asked.

use super::{
    Mode, Order, Pace, Profile, Script,
    deck::Deck,
    measurements::{Cost, FORMAT, Machine, Measurements, Swept},
    node::{Program, disk_bytes, kilobytes},
    run::BenchError,
    sweep::sweep,
};
use crate::grpc::Access;
use std::{fs, path::Path, thread, time::Duration};

/// What is swept: the busy hour each way, the others as most networks ask.
const SWEPT: [(Profile, Mode); 5] = [
    (Profile::Attach, Mode::Unary),
    (Profile::Attach, Mode::Stream),
    (Profile::Attach, Mode::Batch),
    (Profile::Storm, Mode::Unary),
    (Profile::Attack, Mode::Unary),
];

/// What shall be measured.
#[derive(Clone, Debug)]
pub struct All {
    /// IMEIs of the registers.
    pub imeis: u64,
    /// Pairings of the second one.
    pub pairs: u64,
    /// Seed of both.
    pub seed: u64,
    /// How long each rate is asked.
    pub duration: Duration,
    /// Check runtimes of the server; the load generator needs a core too.
    pub server_threads: usize,
    /// How to make it again.
    pub command: String,
    /// When.
    pub made: String,
}

/// Measures all of it in a directory, which is left empty.
///
/// # Errors
/// When a step fails, or the load generator was the bottleneck where it must not be.
pub fn all(
    order: &All,
    program: &Program,
    directory: &Path,
    script: impl Fn(Profile) -> Result<Box<dyn Script>, BenchError>,
    tell: &mut dyn FnMut(&str),
) -> Result<Measurements, BenchError> {
    let mut costs = Vec::new();
    let mut sweeps = Vec::new();
    let data = directory.join("data");
    let sizes = if order.pairs > 0 { vec![0, order.pairs] } else { vec![0] };
    let last = sizes.len() - 1;
    for (nth, pairs) in sizes.into_iter().enumerate() {
        tell(&format!("generating {} IMEIs and {pairs} pairings", order.imeis));
        let numbers = [order.imeis, pairs, order.seed].map(|number| number.to_string());
        let [imeis, with_pairs, seed] = &numbers;
        let directory = data.display().to_string();
        let words = ["generate", "--imeis", imeis, "--pairs", with_pairs, "--seed", seed, "--data", &directory];
        let made = program.run(words)?;
        let stats: serde_json::Value =
            serde_json::from_str(&program.run(["stats", "--json", "--data", &directory])?.out)
                .map_err(|error| BenchError::Order(format!("saring stats gives no JSON: {error}")))?;
        tell("starting, killing and starting again");
        let ready = program.serve(&data, order.server_threads)?.ready;
        let node = program.serve(&data, order.server_threads)?;
        if nth == last {
            for (profile, mode) in SWEPT {
                tell(&format!("asking: {}, {}", profile.name(), mode.name()));
                let access = Access::plain(node.url.clone());
                let ask = Order {
                    duration: order.duration,
                    warm_up: order.duration.min(Duration::from_secs(1)),
                    seed: order.seed,
                    server_pid: Some(node.pid()),
                    ..Order::new(access, profile, mode, Pace::Max)
                };
                let deck = Deck::new(&*script(profile)?, mode, ask.questions, ask.per_message(), "");
                let sweep = sweep(&ask, &deck, |_| {})?;
                if sweep.wrong() > 0 {
                    return Err(BenchError::Order(format!("{} answers were wrong", sweep.wrong())));
                }
                sweeps.push(Swept { profile, mode, sweep });
            }
        }
        costs.push(Cost {
            imeis: order.imeis,
            pairs,
            memory_bytes: stats["memory_bytes"].as_u64().unwrap_or(0),
            resident_bytes: node.resident_bytes()?,
            disk_bytes: disk_bytes(&data)?,
            made_seconds: made.clock.as_secs_f64(),
            made_cpu_seconds: made.cpu.as_secs_f64(),
            ready_seconds: ready.as_secs_f64(),
            ready_after_kill_seconds: node.ready.as_secs_f64(),
        });
        drop(node);
        fs::remove_dir_all(&data)?;
    }
    Ok(Measurements {
        format: FORMAT,
        made: order.made.clone(),
        command: order.command.clone(),
        machine: machine(),
        server_threads: order.server_threads,
        costs,
        sweeps,
    })
}

/// This machine.
fn machine() -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let name = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let release = read("/proc/sys/kernel/osrelease");
    Machine {
        processor: name.map_or("unknown", |name| name.trim_start_matches([' ', '\t', ':'])).to_owned(),
        cores: thread::available_parallelism().map_or(1, std::num::NonZero::get),
        memory_bytes: kilobytes(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0),
        system: format!("{} {}", std::env::consts::OS, release.trim()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        optimised: !cfg!(debug_assertions),
    }
}
