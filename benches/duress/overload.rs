//! Beyond the knee: what is still answered right and in time, and how soon all is as before when it is over.

use crate::{
    setup,
    world::{GATHER, World, us},
};
use saring::bench::{BenchError, Burst, Measured, Mode, Order, Pace, Profile, deck::Deck, sweep::sweep};
use std::time::Duration;

/// How long an answer is worth something.
const TIMEOUT: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(1_200);
/// A knee below this share of what is answered at most was found on a disturbed machine.
const EARLY: f64 = 0.5;
const SWEEPS: usize = 2;
const OVERLOAD: Duration = Duration::from_secs(4);
/// What is tried where the load generator cannot ask as much.
const FACTORS: [(f64, &[f64]); 2] = [(2.0, &[2.0]), (10.0, &[10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.5])];
/// Half of the knee, twice the knee for some seconds, half again.
const USUAL: f64 = 0.5;
const STORM: f64 = 2.0;
const BURST_START: Duration = Duration::from_secs(3);
const BURST: Duration = Duration::from_secs(4);
const STORM_RUN: Duration = Duration::from_secs(12);
const SLICE: Duration = Duration::from_millis(100);
const RUNS: usize = 3;

pub fn run(world: &World) {
    let data = world.copy("overload");
    let node = world.program.serve(&data, 1).unwrap();
    let deck = world.deck(Profile::Attach, Mode::Unary);
    let order = |pace, time| {
        let order = world.order(&node, Mode::Unary, pace, time);
        let gather = if pace == Pace::Max { Duration::ZERO } else { GATHER };
        Order { timeout: Some(TIMEOUT), gather, ..order }
    };
    let Some(knee) = knee(world, &Order { gather: GATHER, ..order(Pace::Max, STEP) }, &deck) else { return };
    for (wanted, factors) in FACTORS {
        goodput(world, wanted, factors, knee, &deck, |rate| order(Pace::Rate(rate), OVERLOAD));
    }
    let storm = world.deck(Profile::Storm, Mode::Unary);
    let burst = Burst { rate: STORM * knee, start: world.time(BURST_START), length: world.time(BURST) };
    let order = Order {
        burst: Some(burst),
        slice: Some(if setup::measures() { SLICE } else { SLICE / 10 }),
        profile: Profile::Storm,
        ..order(Pace::Rate(USUAL * knee), STORM_RUN)
    };
    recovery(world, &order, &storm);
}

/// The knee, as it is found; a machine that was disturbed for a moment is asked once more.
fn knee(world: &World, order: &Order, deck: &Deck) -> Option<f64> {
    let what = "the knee, unary";
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..SWEEPS {
        match sweep(order, deck, |_| {}) {
            Ok(found) => {
                assert_eq!(found.wrong(), 0);
                let (knee, most) = (found.knee.unwrap_or(0.0), found.most.checks_per_second);
                if best.is_none_or(|(before, _)| knee > before) {
                    best = Some((knee, most));
                }
                if knee > EARLY * most {
                    break;
                }
            }
            Err(BenchError::Bottleneck(why)) => {
                world.row(what, "", "", &why.to_string());
                return None;
            }
            Err(error) => panic!("{error}"),
        }
    }
    let (knee, most) = best?;
    world.row(what, "", "", &format!("{knee:.0} checks/s; as many as are answered: {most:.0}"));
    Some(if knee > 0.0 { knee } else { most })
}

fn goodput(world: &World, wanted: f64, factors: &[f64], knee: f64, deck: &Deck, order: impl Fn(f64) -> Order) {
    let what = format!("overload at {wanted} times the knee: right answers in time, of the knee");
    let mut refused = String::new();
    for factor in factors {
        match world.ask_once(&order(factor * knee), deck) {
            Ok(found) => {
                let share = 100.0 * found.checks_per_second / knee;
                let Measured { asked, right, refused, late, .. } = found;
                let less = if *factor < wanted { "; the load generator could ask no more" } else { "" };
                let counts = format!("asked {asked}, right {right}, refused {refused}, too late {late}");
                let p99 = us(found.latency_us.p99);
                let measured = format!("{share:.0} % at {factor} times{less}; p99 {p99}; {counts}");
                return world.row(&what, "70 %", "85 %", &measured);
            }
            Err(why) => refused = why,
        }
    }
    world.row(&what, "70 %", "85 %", &refused);
}

fn recovery(world: &World, order: &Order, deck: &Deck) {
    let what = "recovery after a storm of twice the knee: p99 as before";
    let mut told = Vec::new();
    for _ in 0..RUNS {
        told.push(match world.ask_once(order, deck) {
            Ok(found) => match found.recovery {
                Some(recovery) => {
                    let quiet = us(recovery.quiet_p99_us);
                    let after = |millis: f64| format!("{millis:.0} ms after its end (p99 before {quiet})");
                    recovery.after_ms.map_or_else(|| format!("not while it was measured (p99 before {quiet})"), after)
                }
                None => "nothing was answered before it".to_owned(),
            },
            Err(why) => why,
        });
    }
    world.row(what, "2 s", "0.5 s", &told.join("; "));
}
