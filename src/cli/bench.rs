//! `saring bench`: asks a server as networks do, and says what that was like.

mod agents;
mod all;
mod show;

use super::{Exit, Failure, generate::amount, print, server::ServerFlags};
use crate::{
    bench::{
        self, BenchError, Burst, Measured, Mode, Order, Pace, Profile, Script,
        deck::Deck,
        script::NationalScript,
        sweep::{Step, Sweep, sweep},
    },
    day::Day,
    national::{National, Scale, Shape},
};
use std::time::Duration;

/// How finely the course of a run with a burst is kept.
const SLICE: Duration = Duration::from_millis(100);

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring bench check --server http://127.0.0.1:7400 --rate 50000 --imeis 10000000
  saring bench all --out figures.json
  saring bench report figures.json --out figures.html")]
pub(super) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Ask a server at a rate, verify every answer, and say how long they took
    Check(CheckArgs),
    /// Search at a console as many people, verify every page, and say how long they took
    Agents(agents::AgentsArgs),
    /// Measure this machine: registers are made, served, killed and asked; gives a file for report and plan
    All(all::AllArgs),
    /// Make a page of what was measured: one HTML file that needs no network
    Report(all::ReportArgs),
}

/// One run, or a sweep.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring generate --imeis 1e7 --pairs 1750e3 --data DIR        the register; then: saring serve --data DIR
  saring bench check --server http://127.0.0.1:7400 --imeis 1e7 --pairs 1750e3
  saring bench check --server http://127.0.0.1:7400 --rate 50000 --profile storm --duration 30s
  saring bench check --server http://127.0.0.1:7400 --rate 80000 --burst 300000@3s+5s --duration 15s --profile storm
  saring bench check --server http://127.0.0.1:7400 --rate max --mode batch
  saring bench check --server http://127.0.0.1:7400 --sweep --json >knee.json

The server must hold the register that saring generate makes of the same sizes and seed: then every answer is known.
A question's time runs from the moment at which it was due (open loop, Poisson), so what a stalled server makes
wait counts. With --rate max each answer brings the next question.

Exit codes: 0 no answer was wrong, 1 one was, the run broke off, or the load generator itself was what was slow:
then there are no figures.")]
struct CheckArgs {
    #[command(flatten)]
    there: ServerFlags,
    #[command(flatten)]
    register: RegisterArgs,
    /// Mix of questions: attach (a busy hour), storm (everybody comes back), attack (unknown and malformed)
    #[arg(long, default_value = "attach")]
    profile: Profile,
    /// Checks a second on average, or max: as many as are answered
    #[arg(long, value_name = "R|max", default_value = "max", conflicts_with = "sweep")]
    rate: Pace,
    /// With --rate: for a while another rate, as 300000@3s+5s (from the third second on, for five); tells how soon
    /// after it answers are as fast as before
    #[arg(long, value_name = "R@START+LENGTH", conflicts_with = "sweep", value_parser = burst)]
    burst: Option<Burst>,
    /// With --rate: what falls due within so long leaves together, in one packet, as 100us. Waiting for it is part of an
    /// answer's time; the load generator and the server handle a packet for less than the calls of it one by one
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    gather: Duration,
    /// How long is measured: 500ms, 10s, 2m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    duration: Duration,
    /// How long is asked before, unmeasured
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    warm_up: Duration,
    /// How questions travel: unary, stream (one a message), batch (packed)
    #[arg(long, default_value = "unary")]
    mode: Mode,
    /// Connections
    #[arg(long, value_name = "C", default_value_t = 4)]
    connections: usize,
    /// Threads of the load generator
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Schedule these threads in real time (the system must allow it: `ulimit -r 1`), so that other programs on this
    /// machine do not make them late
    #[arg(long)]
    realtime: bool,
    /// With --rate max: messages without an answer on each connection [default: 32 calls, 512 in a stream, 4 batches]
    #[arg(long, value_name = "N")]
    in_flight: Option<usize>,
    /// With --mode batch: checks in a message
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4096))]
    packed: u16,
    /// Different questions; asked again from the first when they are used up
    #[arg(long, value_name = "N", default_value_t = 1 << 20)]
    questions: u64,
    /// How long an answer is worth something; the server sees it as the deadline of a unary call. What could not be
    /// sent within half of it is given up [default: for ever; with --sweep 1s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// The operator for which is asked
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// The server's process on this machine: its CPU is told too
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Look for the knee: twelve rates, from a twentieth to more than is answered
    #[arg(long)]
    sweep: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which register the server holds.
#[derive(Clone, Debug, clap::Args)]
struct RegisterArgs {
    /// IMEIs of the register, as it was generated
    #[arg(long, value_name = "N", default_value = "1e7", value_parser = amount)]
    imeis: u64,
    /// Pairings of the register, as it was generated [default: none; of bench all: 175 for each 1,000 IMEIs]
    #[arg(long, value_name = "N", value_parser = amount)]
    pairs: Option<u64>,
    /// Seed of the register, as it was generated
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

impl RegisterArgs {
    fn national(&self) -> Result<National, BenchError> {
        let Self { imeis, seed, .. } = *self;
        let pairs = self.pairs.unwrap_or(0);
        let scale = Scale { imeis, pairs, seed, shape: Shape::Mix, shared: 1 };
        National::new(scale, &[]).map_err(|error| BenchError::Order(error.to_string()))
    }

    fn script(&self, profile: Profile) -> Result<Box<dyn Script>, BenchError> {
        let national = self.national()?;
        let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
        Ok(Box::new(NationalScript::new(national, profile, today)))
    }
}

pub(super) fn run(args: &BenchArgs) -> Result<Exit, Failure> {
    match &args.what {
        What::Check(args) => check(args),
        What::Agents(args) => agents::run(args),
        What::All(args) => all::all(args),
        What::Report(args) => all::report(args),
    }
}

fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let Some(access) = args.there.access()? else {
        eprintln!("saring: name a server with --server");
        return Ok(Exit::BadInput);
    };
    let script = args.register.script(args.profile)?;
    let order = Order {
        burst: args.burst,
        slice: args.burst.map(|_| SLICE),
        gather: args.gather,
        duration: args.duration,
        warm_up: args.warm_up,
        connections: args.connections,
        threads: args.threads,
        realtime: args.realtime,
        in_flight: args.in_flight.unwrap_or_else(|| args.mode.in_flight()),
        packed: usize::from(args.packed),
        questions: args.questions,
        timeout: args.timeout,
        operator: args.operator.clone(),
        seed: args.register.seed,
        server_pid: args.server_pid,
        ..Order::new(access, args.profile, args.mode, args.rate)
    };
    if args.sweep { look_for_the_knee(args, &order, &*script) } else { once(args, &order, &*script) }
}

fn once(args: &CheckArgs, order: &Order, script: &dyn Script) -> Result<Exit, Failure> {
    let measured = bench::run(order, script)?;
    print(&if args.json { serde_json::to_string(&measured)? } else { show::one(&measured) })?;
    judged(measured.wrong, &measured)
}

fn look_for_the_knee(args: &CheckArgs, order: &Order, script: &dyn Script) -> Result<Exit, Failure> {
    let deck = Deck::new(script, order.mode, order.questions, order.per_message(), &order.operator);
    let mut told: Result<(), Failure> = Ok(());
    if !args.json {
        print(show::SWEEP_HEAD)?;
    }
    let tell = |step: &Step| {
        if !args.json && told.is_ok() {
            told = print(&show::step(step));
        }
    };
    let found: Sweep = sweep(order, &deck, tell)?;
    told?;
    print(&if args.json { serde_json::to_string(&found)? } else { show::knee(&found) })?;
    judged(found.wrong(), &found.most)
}

fn judged(wrong: u64, measured: &Measured) -> Result<Exit, Failure> {
    if wrong == 0 && measured.right > 0 {
        return Ok(Exit::Ok);
    }
    for wrong in &measured.wrong_answers {
        let (question, expected, got) = (wrong.question, &wrong.expected, &wrong.got);
        eprintln!("saring: question {question} must be answered {expected}, and was answered {got}");
    }
    if wrong > 0 {
        return Err(
            format!("{wrong} answers were wrong: does the server hold the register of this seed and size?").into()
        );
    }
    Err("no question was answered right".into())
}

/// A time in words: 100us, 500ms, 10s, 2m.
fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is no length of time: write 100us, 500ms, 10s or 2m");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "us" => 0.000_001,
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(bad()),
    };
    let seconds = number.parse::<f64>().map_err(|_| bad())? * factor;
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// A burst in words: 300000@3s+5s.
fn burst(text: &str) -> Result<Burst, String> {
    let bad =
        || format!("{text:?} is no burst: write checks a second, when it begins and how long it lasts (3e5@3s+5s)");
    let (rate, when) = text.split_once('@').ok_or_else(bad)?;
    let (start, length) = when.split_once('+').ok_or_else(bad)?;
    let Ok(Pace::Rate(rate)) = rate.parse() else { return Err(bad()) };
    Ok(Burst { rate, start: duration(start)?, length: duration(length)? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bursts_are_read_with_their_moments() {
        let read = burst("3e5@500ms+1m").unwrap();
        let (start, length) = (Duration::from_millis(500), Duration::from_secs(60));
        assert_eq!(read, Burst { rate: 3e5, start, length });
        assert_eq!(read.end(), start + length);
        for bad in ["", "3e5", "3e5@1s", "3e5+1s", "max@1s+1s", "-1@1s+1s", "3e5@1s+1x"] {
            assert!(burst(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_read_with_their_units() {
        let millis = |text: &str| duration(text).unwrap().as_millis();
        assert_eq!(["500ms", "10s", "2m", "1.5s", "3"].map(millis), [500, 10_000, 120_000, 1_500, 3_000]);
        for bad in ["", "s", "ten", "1d", "-1s", "1e99s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
