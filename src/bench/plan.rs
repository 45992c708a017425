//! From measurements to machines: cores, memory, disk, network and nodes.
//!
//! What always holds: the plan is a function of demand and measurements alone, it reads no clock and no machine; more
//! demand never gives less of anything; every number that is no measurement is listed as an assumption.

mod words;

use super::{
    Mode, Profile,
    measurements::{Cost, Measurements, Swept},
};
use serde::Serialize;
use words::listed;

/// Seconds of an hour.
const HOUR: f64 = 3600.0;
/// Octets of Ethernet, IP and TCP around a packet.
const PACKET_BYTES: f64 = 66.0;
/// Octets of payload that a packet holds.
const PAYLOAD_BYTES: f64 = 1448.0;

/// What is asked for, and what nobody can measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Demand {
    /// Subscribers of all operators.
    pub subscribers: f64,
    /// IMEIs in the register today.
    pub imeis: f64,
    /// Pairings today.
    pub pairs: f64,
    /// What the networks go through.
    #[serde(serialize_with = "super::order::by_name::serialize")]
    pub profile: Profile,
    /// How checks travel.
    pub mode: Mode,
    /// Growth of IMEIs and pairings a year: 0.1 is a tenth.
    pub growth: f64,
    /// Years for which the machines shall do.
    pub years: f64,
    /// Operators, each with nodes of its own.
    pub operators: u32,
    /// Share of the subscribers that the largest operator has.
    pub largest_share: f64,
    /// Checks of a subscriber in the busy hour.
    pub checks_per_hour: f64,
    /// Seconds in which everybody comes back after an outage.
    pub storm_seconds: f64,
    /// So many times the busy hour's checks come in an attack.
    pub attack_factor: f64,
    /// Share of its knee at which a core is planned to run.
    pub load: f64,
    /// Cores of a node.
    pub cores_per_node: u32,
    /// Memory above the most that was seen: 1.25 is a quarter more.
    pub memory_reserve: f64,
    /// Disk above what was seen: for compaction, a restore beside it, and journals.
    pub disk_reserve: f64,
}

impl Demand {
    /// A demand with usual assumptions.
    pub const fn new(subscribers: f64, imeis: f64, pairs: f64) -> Self {
        Self {
            subscribers,
            imeis,
            pairs,
            profile: Profile::Storm,
            mode: Mode::Unary,
            growth: 0.1,
            years: 3.0,
            operators: 3,
            largest_share: 0.5,
            checks_per_hour: 4.0,
            storm_seconds: 600.0,
            attack_factor: 5.0,
            load: 0.6,
            cores_per_node: 8,
            memory_reserve: 1.25,
            disk_reserve: 3.0,
        }
    }

    fn check(&self) -> Result<(), PlanError> {
        let named = [
            ("--subscribers", self.subscribers),
            ("--imeis", self.imeis),
            ("--storm-seconds", self.storm_seconds),
            ("--checks-per-hour", self.checks_per_hour),
            ("--attack-factor", self.attack_factor),
            ("--load", self.load),
            ("--largest-share", self.largest_share),
            ("--memory-reserve", self.memory_reserve),
            ("--disk-reserve", self.disk_reserve),
        ];
        if let Some((name, _)) = named.into_iter().find(|(_, value)| !value.is_finite() || *value <= 0.0) {
            return Err(PlanError::Demand(format!("{name} must be more than 0")));
        }
        if self.pairs.is_nan() || self.pairs < 0.0 || self.growth.is_nan() || self.growth <= -1.0 || self.years < 0.0 {
            return Err(PlanError::Demand("--pairs and --years cannot be negative, nor --growth -1 or less".into()));
        }
        if self.operators == 0 || self.cores_per_node == 0 {
            return Err(PlanError::Demand("--operators and --cores-per-node must be one at least".into()));
        }
        if self.load > 1.0 || self.largest_share > 1.0 || self.largest_share * f64::from(self.operators) < 0.999 {
            let rule = "--load and --largest-share are at most 1, and the largest of N operators has 1/N at least";
            return Err(PlanError::Demand(rule.into()));
        }
        Ok(())
    }

    /// Checks a second of all operators at the worst moment of the profile.
    fn checks_per_second(&self) -> f64 {
        let busy_hour = self.subscribers * self.checks_per_hour / HOUR;
        match self.profile {
            Profile::Attach => busy_hour,
            Profile::Storm => busy_hour.max(self.subscribers / self.storm_seconds),
            Profile::Attack => busy_hour * self.attack_factor.max(1.0),
        }
    }

    fn grown(&self) -> f64 {
        (1.0 + self.growth).powf(self.years)
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The demand makes no sense.
    #[error("{0}")]
    Demand(String),
    /// Something was not measured.
    #[error("the measurements have no {0}; make them again with: saring bench all")]
    Missing(&'static str),
    /// A figure is not one.
    #[error("the measurements cannot be planned with: {0}; make them again with: saring bench all")]
    Nonsense(&'static str),
}

/// What one thing costs, out of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// Nanoseconds of the server's CPU for a check.
    pub check_ns: f64,
    /// Checks a second that one core answers well: the knee over the cores that it took.
    pub checks_per_core: f64,
    /// p99 in microseconds at about the planned load.
    pub p99_us: Option<f64>,
    /// Octets on the wire for a check, both ways, with packets.
    pub wire_bytes: f64,
    /// Memory of an IMEI, in bytes.
    pub memory_per_imei: f64,
    /// Memory of a pairing with its subscriber, in bytes.
    pub memory_per_pair: f64,
    /// Memory of a server beside its hot sets, in bytes.
    pub memory_beside: f64,
    /// Disk of an IMEI, in bytes.
    pub disk_per_imei: f64,
    /// Disk of a pairing with its subscriber, in bytes.
    pub disk_per_pair: f64,
    /// Seconds until ready after a kill, for an IMEI.
    pub ready_per_imei: f64,
    /// The same for a pairing.
    pub ready_per_pair: f64,
}

impl Unit {
    fn of(measurements: &Measurements, demand: &Demand) -> Result<Self, PlanError> {
        let swept = measurements.sweep(demand.profile, demand.mode).ok_or(PlanError::Missing("sweep of this mode"))?;
        let with = measurements.costs.iter().rfind(|cost| cost.pairs > 0).or(measurements.costs.last());
        let with = with.ok_or(PlanError::Missing("register"))?;
        let without = measurements.costs.iter().find(|cost| cost.pairs == 0);
        if with.imeis == 0 {
            return Err(PlanError::Nonsense("the register holds no IMEI"));
        }
        let [memory, disk, ready] = [
            parts(with, without, |cost| cost.memory_bytes as f64),
            parts(with, without, |cost| cost.disk_bytes as f64),
            parts(with, without, |cost| cost.ready_after_kill_seconds),
        ];
        let (check_ns, checks_per_core) = core(swept)?;
        let rate = checks_per_core * demand.load;
        Ok(Self {
            check_ns,
            checks_per_core,
            p99_us: p99_at(swept, rate),
            wire_bytes: wire(swept),
            memory_per_imei: memory.0,
            memory_per_pair: memory.1,
            memory_beside: with.resident_bytes.saturating_sub(with.memory_bytes) as f64,
            disk_per_imei: disk.0,
            disk_per_pair: disk.1,
            ready_per_imei: ready.0,
            ready_per_pair: ready.1,
        })
    }
}

/// What an IMEI and what a pairing costs. Where only one register was measured, an IMEI carries all of it.
fn parts(with: &Cost, without: Option<&Cost>, of: fn(&Cost) -> f64) -> (f64, f64) {
    let Some(without) = without.filter(|without| without.imeis > 0 && with.pairs > 0) else {
        return (of(with) / with.imeis as f64, 0.0);
    };
    let per_imei = of(without) / without.imeis as f64;
    // Noise may make the larger register the cheaper one: a pairing never costs less than nothing.
    let rest = (of(with) - per_imei * with.imeis as f64).max(0.0);
    (per_imei, rest / with.pairs as f64)
}

/// CPU of a check, and checks a second of a core at the knee.
fn core(swept: &Swept) -> Result<(f64, f64), PlanError> {
    let server = swept.sweep.most.server.ok_or(PlanError::Missing("CPU of the server"))?;
    let check_ns = server.process_ns;
    if !check_ns.is_finite() || check_ns <= 0.0 {
        return Err(PlanError::Nonsense("a check cost no CPU"));
    }
    let most = swept.sweep.most.checks_per_second;
    // What a full core answers, less the part of it that is beyond the knee.
    let share = swept.sweep.knee.map_or(0.5, |knee| (knee / most.max(1.0)).min(1.0));
    Ok((check_ns, 1e9 / check_ns * share))
}

/// The p99 of the slowest step at or below a rate a core.
fn p99_at(swept: &Swept, per_core: f64) -> Option<f64> {
    let server = swept.sweep.most.server?;
    let cores = server.cores.max(0.01);
    let below = swept.sweep.steps.iter().filter(|step| step.rate <= per_core * cores * 1.05);
    below.filter_map(|step| Some(step.measured.as_ref()?.latency_us.p99)).next_back()
}

/// Octets a check with packets. Unary calls at a low rate share none.
fn wire(swept: &Swept) -> f64 {
    let most = &swept.sweep.most;
    let checks = most.checks_per_message.max(1) as f64;
    let packets = |bytes: f64| (bytes * checks / PAYLOAD_BYTES).ceil().max(1.0) / checks;
    let each = |bytes: f64| bytes + packets(bytes) * PACKET_BYTES;
    each(most.bytes_sent) + each(most.bytes_received)
}

/// What has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Needs {
    /// IMEIs at the end of the years.
    pub imeis: f64,
    /// Pairings at the end of the years.
    pub pairs: f64,
    /// Checks a second of all operators.
    pub checks_per_second: f64,
    /// Checks a second of the largest operator.
    pub checks_per_second_largest: f64,
    /// Cores that answer checks, of the largest operator, without the spare node.
    pub cores_largest: u32,
    /// Nodes of the largest operator, with one that may be lost.
    pub nodes_largest: u32,
    /// Nodes of all operators.
    pub nodes: u32,
    /// Cores of all nodes.
    pub cores: u32,
    /// Memory of a node in bytes.
    pub node_memory_bytes: f64,
    /// Disk of a node in bytes.
    pub node_disk_bytes: f64,
    /// Bits a second at a node when one is lost.
    pub node_network_bits: f64,
    /// Seconds from start to ready.
    pub ready_seconds: f64,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// What was asked for.
    pub demand: Demand,
    /// What one thing costs.
    pub unit: Unit,
    /// What has to be there.
    pub needs: Needs,
    /// What is believed and not measured.
    pub assumptions: Vec<String>,
    /// What changes when one of them is wrong.
    pub sensitivity: Vec<Sensitivity>,
}

/// The needs when one thing is otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensitivity {
    /// What is otherwise.
    pub change: String,
    /// The needs then.
    pub needs: Needs,
}

/// Makes a plan.
///
/// # Errors
/// When the demand makes no sense, or something was not measured.
pub fn plan(demand: &Demand, measurements: &Measurements) -> Result<Plan, PlanError> {
    demand.check()?;
    let unit = Unit::of(measurements, demand)?;
    let needs = needs(demand, &unit);
    let sensitivity = variants(demand).into_iter().filter_map(|(change, other)| {
        let unit = Unit::of(measurements, &other).ok()?;
        Some(Sensitivity { change, needs: self::needs(&other, &unit) })
    });
    let sensitivity = sensitivity.collect();
    Ok(Plan { demand: *demand, unit, needs, assumptions: listed(demand, measurements), sensitivity })
}

fn needs(demand: &Demand, unit: &Unit) -> Needs {
    let (imeis, pairs) = (demand.imeis * demand.grown(), demand.pairs * demand.grown());
    let checks = demand.checks_per_second();
    let operators = f64::from(demand.operators);
    let largest = checks * demand.largest_share;
    // The others share what is left evenly.
    let other = if demand.operators > 1 { (checks - largest) / (operators - 1.0) } else { 0.0 };
    let cores = |rate: f64| (rate / (unit.checks_per_core * demand.load)).ceil().max(1.0);
    let nodes = |rate: f64| (cores(rate) / f64::from(demand.cores_per_node)).ceil() + 1.0;
    let all = nodes(largest) + (operators - 1.0) * nodes(other);
    let memory = imeis * unit.memory_per_imei + pairs * unit.memory_per_pair + unit.memory_beside;
    let disk = imeis * unit.disk_per_imei + pairs * unit.disk_per_pair;
    Needs {
        imeis,
        pairs,
        checks_per_second: checks,
        checks_per_second_largest: largest,
        cores_largest: cores(largest) as u32,
        nodes_largest: nodes(largest) as u32,
        nodes: all as u32,
        cores: (all * f64::from(demand.cores_per_node)) as u32,
        node_memory_bytes: memory * demand.memory_reserve,
        node_disk_bytes: disk * demand.disk_reserve,
        node_network_bits: largest / (nodes(largest) - 1.0) * unit.wire_bytes * 8.0,
        ready_seconds: imeis * unit.ready_per_imei + pairs * unit.ready_per_pair,
    }
}

/// One thing otherwise at a time.
fn variants(demand: &Demand) -> Vec<(String, Demand)> {
    let of = |change: &str, other: Demand| (change.to_owned(), other);
    let mut variants = vec![
        of("twice the checks a subscriber", Demand { checks_per_hour: 2.0 * demand.checks_per_hour, ..*demand }),
        of("everybody back in half the time", Demand { storm_seconds: demand.storm_seconds / 2.0, ..*demand }),
        of("an attack twice as strong", Demand { attack_factor: 2.0 * demand.attack_factor, ..*demand }),
        of("twice the growth", Demand { growth: 2.0 * demand.growth, ..*demand }),
        of("two years longer", Demand { years: demand.years + 2.0, ..*demand }),
        of("half more pairings", Demand { pairs: 1.5 * demand.pairs, ..*demand }),
        of("cores half as loaded", Demand { load: demand.load / 2.0, ..*demand }),
        of("nodes of twice the cores", Demand { cores_per_node: 2 * demand.cores_per_node, ..*demand }),
    ];
    for mode in Mode::ALL.into_iter().filter(|mode| *mode != demand.mode) {
        variants.push(of(&format!("asked as {}", mode.name()), Demand { mode, ..*demand }));
    }
    for profile in Profile::ALL.iter().copied().filter(|profile| *profile != demand.profile) {
        variants.push(of(&format!("profile {}", profile.name()), Demand { profile, ..*demand }));
    }
    variants
}

#[cfg(test)]
pub(super) mod tests;
