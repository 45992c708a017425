//! Plans worked out by hand, and what holds for all of them.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::bench::{
    Measured,
    measurements::{FORMAT, Machine},
    report::{Generator, Percentiles, ServerCpu},
    sweep::{Step, Sweep},
};
use proptest::prelude::*;

const FLAT: Percentiles = Percentiles { p50: 80.0, p90: 100.0, p99: 200.0, p999: 300.0, max: 400.0, mean: 90.0 };

fn measured(mode: Mode, rate: f64, check_ns: f64) -> Measured {
    let checks_per_message = if mode == Mode::Batch { 256 } else { 1 };
    Measured {
        profile: Profile::Attach,
        mode,
        checks_per_message,
        gathered_us: 0.0,
        asked_per_second: Some(rate),
        checks_per_second: rate,
        connections: 4,
        seconds: 10.0,
        asked: 1000,
        right: 1000,
        wrong: 0,
        refused: 0,
        late: 0,
        failed: 0,
        lost: 0,
        failures: Vec::new(),
        latency_us: FLAT,
        bytes_sent: 50.0,
        bytes_received: 40.0,
        generator: Generator { late_us: FLAT, ns_per_message: 500.0, ns_per_check: 500.0, busy: 0.1, waited: 0.0 },
        server: Some(ServerCpu { check_threads_ns: check_ns, process_ns: check_ns, cores: rate * check_ns / 1e9 }),
        wrong_answers: Vec::new(),
        timeline: None,
        recovery: None,
    }
}

fn swept(mode: Mode, most: f64, check_ns: f64) -> Swept {
    let step = |share: f64| {
        let rate = most * share;
        Step { rate, measured: Some(measured(mode, rate, check_ns)), bottleneck: None }
    };
    let sweep = Sweep::new(measured(mode, most, check_ns), [0.25, 0.5, 0.75].map(step).to_vec());
    Swept { profile: Profile::Attach, mode, sweep }
}

/// 1 byte of memory and 2 of disk an IMEI; 10 and 20 a pairing; 10 us a check.
pub(in crate::bench) fn measurements() -> Measurements {
    let cost = |pairs: u64| Cost {
        imeis: 1_000_000,
        pairs,
        memory_bytes: 1_000_000 + 10 * pairs,
        resident_bytes: 51_000_000 + 10 * pairs,
        disk_bytes: 2_000_000 + 20 * pairs,
        made_seconds: 1.0,
        made_cpu_seconds: 1.0,
        ready_seconds: 0.5,
        ready_after_kill_seconds: 0.1 + pairs as f64 / 1e6,
    };
    Measurements {
        format: FORMAT,
        made: "2026-11-22".into(),
        command: "saring bench all".into(),
        machine: Machine { processor: "a processor".into(), cores: 2, optimised: true, ..Machine::default() },
        server_threads: 1,
        costs: vec![cost(0), cost(200_000)],
        sweeps: vec![swept(Mode::Unary, 100_000.0, 10_000.0), swept(Mode::Batch, 10_000_000.0, 100.0)],
    }
}

fn demand() -> Demand {
    Demand { growth: 0.0, operators: 1, largest_share: 1.0, ..Demand::new(3_600_000.0, 2e9, 350e6) }
}

#[test]
fn a_plan_can_be_worked_out_by_hand() {
    let demand = Demand { profile: Profile::Attach, checks_per_hour: 240.0, ..demand() };
    let Plan { unit, needs, .. } = plan(&demand, &measurements()).unwrap();
    assert_eq!((unit.memory_per_imei, unit.memory_per_pair, unit.memory_beside), (1.0, 10.0, 50e6));
    assert_eq!((unit.disk_per_imei, unit.disk_per_pair), (2.0, 20.0));
    // The knee is at 0.75 of what is answered at most: 75,000 a core, of which 0.6 are used.
    assert_eq!((unit.check_ns, unit.checks_per_core), (10_000.0, 75_000.0));
    assert_eq!(needs.checks_per_second, 240_000.0);
    assert_eq!(needs.cores_largest, 6, "240,000 / 45,000");
    assert_eq!((needs.nodes, needs.cores), (2, 16), "one of eight cores, and one that may be lost");
    assert!((needs.node_memory_bytes / (1.25 * (2e9 + 3.5e9 + 50e6)) - 1.0).abs() < 1e-9);
    assert!((needs.node_disk_bytes / (3.0 * (4e9 + 7e9)) - 1.0).abs() < 1e-9);
    assert_eq!(unit.wire_bytes, 50.0 + 40.0 + 2.0 * 66.0);
    assert_eq!(needs.node_network_bits, 240_000.0 * 222.0 * 8.0);
    assert!((needs.ready_seconds - (200.0 + 350.0)).abs() < 1e-6);
    assert_eq!(unit.p99_us, Some(200.0));
}

#[test]
fn a_packed_check_is_planned_with_its_own_figures() {
    let unary = plan(&demand(), &measurements()).unwrap();
    let packed = plan(&Demand { mode: Mode::Batch, ..demand() }, &measurements()).unwrap();
    assert_eq!(packed.unit.check_ns, 100.0);
    assert!(packed.unit.wire_bytes < unary.unit.wire_bytes && packed.needs.cores_largest <= unary.needs.cores_largest);
    let refused = plan(&Demand { mode: Mode::Stream, ..demand() }, &measurements()).unwrap_err();
    assert!(refused.to_string().contains("saring bench all"), "{refused}");
    assert!(unary.sensitivity.iter().any(|row| row.change == "asked as batch"));
    assert!(unary.sensitivity.iter().all(|row| row.change != "asked as stream"), "it was not measured");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let refused = |demand: Demand, word: &str| {
        let error = plan(&demand, &measurements()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    refused(Demand { subscribers: 0.0, ..demand() }, "--subscribers");
    refused(Demand { imeis: f64::NAN, ..demand() }, "--imeis");
    refused(Demand { operators: 0, ..demand() }, "--operators");
    refused(Demand { load: 1.5, ..demand() }, "--load");
    refused(Demand { operators: 3, largest_share: 0.2, ..demand() }, "--largest-share");
    refused(Demand { growth: -1.0, ..demand() }, "--growth");
    let bare = |change: fn(&mut Measurements)| {
        let mut measurements = measurements();
        change(&mut measurements);
        plan(&demand(), &measurements).unwrap_err().to_string()
    };
    assert!(bare(|all| all.costs.clear()).contains("register"));
    assert!(bare(|all| all.sweeps[0].sweep.most.server = None).contains("CPU"));
    assert!(bare(|all| all.costs[1].imeis = 0).contains("no IMEI"));
}

#[test]
fn a_missing_file_says_how_to_make_it() {
    let missing = Measurements::read("/nowhere/figures.json".as_ref()).unwrap_err().to_string();
    assert!(missing.contains("saring bench all --out /nowhere/figures.json"), "{missing}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("figures.json");
    std::fs::write(&path, serde_json::to_string(&measurements()).unwrap()).unwrap();
    assert_eq!(Measurements::read(&path).unwrap(), measurements());
    std::fs::write(&path, "{}").unwrap();
    assert!(Measurements::read(&path).unwrap_err().to_string().contains("no measurements of this release"));
}

fn figures(needs: &Needs) -> [f64; 7] {
    let Needs { nodes, cores, cores_largest, node_memory_bytes, node_disk_bytes, ready_seconds, imeis, .. } = *needs;
    [
        f64::from(nodes),
        f64::from(cores),
        f64::from(cores_largest),
        node_memory_bytes,
        node_disk_bytes,
        ready_seconds,
        imeis,
    ]
}

proptest! {
    #[test]
    fn more_demand_never_needs_less(
        subscribers in 1e3..1e9_f64, imeis in 1e3..1e10_f64, pairs in 0.0..1e9_f64, growth in 0.0..2.0_f64,
        operators in 1_u32..9, cores_per_node in 1_u32..65, profile in 0_usize..3, more in 1.0..4.0_f64, which in 0_usize..5,
    ) {
        let small = Demand {
            growth, operators, cores_per_node, profile: Profile::ALL[profile],
            largest_share: (1.5 / f64::from(operators)).min(1.0), ..Demand::new(subscribers, imeis, pairs)
        };
        let mut large = small;
        match which {
            0 => large.subscribers *= more,
            1 => large.imeis *= more,
            2 => large.pairs *= more,
            3 => large.years *= more,
            _ => large.checks_per_hour *= more,
        }
        let of = |demand: &Demand| plan(demand, &measurements()).unwrap();
        let (small, large) = (of(&small), of(&large));
        for (less, more) in figures(&small.needs).into_iter().zip(figures(&large.needs)) {
            prop_assert!(less <= more && less >= 0.0, "{less} {more}");
        }
        // With one node of the largest operator lost, the others carry its checks within their load.
        let left = f64::from(small.needs.nodes_largest - 1) * f64::from(cores_per_node);
        let load = small.needs.checks_per_second_largest / (left * small.unit.checks_per_core);
        prop_assert!(load <= small.demand.load * 1.000001, "{load}");
        prop_assert!(small.needs.nodes_largest >= 2);
    }
}
