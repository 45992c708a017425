//! `saring plan`: which machines a nation needs, by what was measured on one.

use super::{Exit, Failure, print};
use crate::bench::{
    Mode, Profile,
    measurements::Measurements,
    plan::{Demand, Needs, Plan, plan},
};
use std::path::PathBuf;

/// The demand. What is not given is an assumption, and is listed as one.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring bench all --out figures.json                          first: measure this machine
  saring plan --measurements figures.json --subscribers 159e6 --imeis 2e9 --pairs 350e6
  saring plan --measurements figures.json --subscribers 159e6 --imeis 2e9 --pairs 350e6 --profile attach --growth 0.2
      --operators 4 --largest-share 0.45

Every operator has nodes of its own, one of which may be lost; every node holds the whole register.")]
pub(super) struct PlanArgs {
    /// Subscribers of all operators
    #[arg(long, value_name = "N")]
    subscribers: f64,
    /// IMEIs in the register today
    #[arg(long, value_name = "N")]
    imeis: f64,
    /// Pairings today
    #[arg(long, value_name = "N")]
    pairs: f64,
    /// File with the figures of saring bench all
    #[arg(long, value_name = "FILE", default_value = "figures.json")]
    measurements: PathBuf,
    /// What is planned for: attach (the busy hour), storm (everybody comes back), attack
    #[arg(long, default_value = "storm")]
    profile: Profile,
    /// How checks travel: unary, stream, batch
    #[arg(long, default_value = "unary")]
    mode: Mode,
    /// Growth a year: 0.1 is a tenth
    #[arg(long, value_name = "SHARE", default_value_t = DEFAULT.growth)]
    growth: f64,
    /// Years for which the machines shall do
    #[arg(long, value_name = "N", default_value_t = DEFAULT.years)]
    years: f64,
    /// Operators
    #[arg(long, value_name = "N", default_value_t = DEFAULT.operators)]
    operators: u32,
    /// Share of the subscribers that the largest operator has [default: a half, or all of one]
    #[arg(long, value_name = "SHARE")]
    largest_share: Option<f64>,
    /// Checks of a subscriber in the busy hour
    #[arg(long, value_name = "N", default_value_t = DEFAULT.checks_per_hour)]
    checks_per_hour: f64,
    /// Seconds in which everybody comes back after an outage
    #[arg(long, value_name = "N", default_value_t = DEFAULT.storm_seconds)]
    storm_seconds: f64,
    /// So many times the busy hour's checks come in an attack
    #[arg(long, value_name = "N", default_value_t = DEFAULT.attack_factor)]
    attack_factor: f64,
    /// Share of its knee at which a core may run
    #[arg(long, value_name = "SHARE", default_value_t = DEFAULT.load)]
    load: f64,
    /// Cores of a node
    #[arg(long, value_name = "N", default_value_t = DEFAULT.cores_per_node)]
    cores_per_node: u32,
    /// Memory of a node above the most that was seen
    #[arg(long, value_name = "TIMES", default_value_t = DEFAULT.memory_reserve)]
    memory_reserve: f64,
    /// Disk of a node above what was seen: compaction, a restore beside it
    #[arg(long, value_name = "TIMES", default_value_t = DEFAULT.disk_reserve)]
    disk_reserve: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const DEFAULT: Demand = Demand::new(0.0, 0.0, 0.0);
const GIB: f64 = (1_u64 << 30) as f64;

pub(super) fn run(args: &PlanArgs) -> Result<Exit, Failure> {
    let even = 1.0 / f64::from(args.operators.max(1));
    let demand = Demand {
        profile: args.profile,
        mode: args.mode,
        growth: args.growth,
        years: args.years,
        operators: args.operators,
        largest_share: args.largest_share.unwrap_or_else(|| DEFAULT.largest_share.max(even)),
        checks_per_hour: args.checks_per_hour,
        storm_seconds: args.storm_seconds,
        attack_factor: args.attack_factor,
        load: args.load,
        cores_per_node: args.cores_per_node,
        memory_reserve: args.memory_reserve,
        disk_reserve: args.disk_reserve,
        ..Demand::new(args.subscribers, args.imeis, args.pairs)
    };
    let plan = plan(&demand, &Measurements::read(&args.measurements)?)?;
    print(&if args.json { serde_json::to_string(&plan)? } else { text(&plan) })?;
    Ok(Exit::Ok)
}

fn text(plan: &Plan) -> String {
    let Plan { demand, unit, needs, assumptions, sensitivity } = plan;
    let mut lines = vec![
        format!("profile {}, {} operators, one node of each may be lost\n", demand.profile.name(), demand.operators),
        row("checks a second, all operators", &rate(needs.checks_per_second)),
        row("checks a second, the largest", &rate(needs.checks_per_second_largest)),
        row("nodes", &format!("{} in all; {} of the largest operator", needs.nodes, needs.nodes_largest)),
        row("cores", &format!("{} in all; {} of each node", needs.cores, demand.cores_per_node)),
        row("busy cores of the largest", &needs.cores_largest.to_string()),
        row("memory of a node", &format!("{:.1} GiB", needs.node_memory_bytes / GIB)),
        row("disk of a node", &format!("{:.1} GiB", needs.node_disk_bytes / GIB)),
        row("network of a node", &format!("{:.0} Mbit/s, both ways together", needs.node_network_bits / 1e6)),
        row("from start to ready", &format!("{:.1} s", needs.ready_seconds)),
        "\nmeasured".to_owned(),
        row(
            "CPU of a check",
            &format!("{:.0} ns; {} checks/s a core at the knee", unit.check_ns, rate(unit.checks_per_core)),
        ),
        row("an IMEI", &format!("{:.2} bytes of memory, {:.2} of disk", unit.memory_per_imei, unit.disk_per_imei)),
        row("a pairing", &format!("{:.2} bytes of memory, {:.2} of disk", unit.memory_per_pair, unit.disk_per_pair)),
        row("a check on the wire", &format!("{:.0} bytes, both ways, with packets", unit.wire_bytes)),
    ];
    lines.extend(unit.p99_us.map(|micros| row("p99 near the planned load", &format!("{micros:.0} us"))));
    lines.push("\nassumed".to_owned());
    lines.extend(assumptions.iter().map(|assumption| format!("  - {assumption}")));
    lines.push(format!("\n{:<34}{}", "if it is otherwise", HEAD));
    lines.push(format!("  {:<32}{}", "as planned", figures(needs)));
    lines.extend(sensitivity.iter().map(|row| format!("  {:<32}{}", row.change, figures(&row.needs))));
    lines.join("\n")
}

const HEAD: &str = "  nodes  cores  memory GiB  disk GiB   checks/s";

fn figures(needs: &Needs) -> String {
    let (memory, disk) = (needs.node_memory_bytes / GIB, needs.node_disk_bytes / GIB);
    format!("{:>7}{:>7}{memory:>12.1}{disk:>10.1}{:>11}", needs.nodes, needs.cores, rate(needs.checks_per_second))
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<32}{value}")
}

fn rate(checks: f64) -> String {
    super::grouped(checks.round().max(0.0) as u64)
}
