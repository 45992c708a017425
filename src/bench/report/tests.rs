//! When figures are told, and when not.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::{
    bench::{
        judge::Judge,
        script::SampleScript,
        wire::{Asked, Outcome, Sink, Traffic},
    },
    grpc::Access,
};
use proptest::prelude::*;

fn order(rate: f64) -> Order {
    Order {
        duration: Duration::from_secs(10),
        ..Order::new(Access::plain("http://node"), Profile::Attach, Mode::Unary, Pace::Rate(rate))
    }
}

fn deck() -> Deck {
    Deck::new(&SampleScript::new(1, 2_000, Profile::Attach), Mode::Unary, 4, 1, "")
}

/// A run of 1,000 questions a second, all answered after `latency`, taken up `late` after they were due.
fn counted(latency: Duration, late: Duration, busy: f64) -> (Counts, Own) {
    let mut counts = Counts::new().unwrap();
    let mut lateness = histogram().unwrap();
    for _ in 0..10_000 {
        counts.asked += 1;
        counts.right += 1;
        counts.latency.record(latency.as_nanos() as u64).unwrap();
        lateness.record(late.as_nanos() as u64).unwrap();
    }
    let clock = Duration::from_secs(10);
    let cpu = Cpu { ran: clock.mul_f64(busy), waited: Duration::ZERO };
    let traffic = Traffic { sent: 480_000, received: 360_000 };
    (counts, Own { late: lateness, cpu, messages: 10_000, clock, traffic, sent: 12_000 })
}

fn refusal(latency_us: u64, late_us: u64, busy: f64) -> Option<Bottleneck> {
    let part = counted(Duration::from_micros(latency_us), Duration::from_micros(late_us), busy);
    match Measured::new(&order(1000.0), &deck(), &[part], None) {
        Ok(_) => None,
        Err(BenchError::Bottleneck(bottleneck)) => Some(bottleneck),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_generator_that_was_what_was_slow_gives_no_figures() {
    assert_eq!(refusal(300, 20, 0.3), None);
    assert!(matches!(refusal(300, 20, 0.9), Some(Bottleneck::Busy { .. })));
    assert!(matches!(refusal(500, 400, 0.3), Some(Bottleneck::Late { .. })));
    assert_eq!(refusal(5_000, 400, 0.3), None, "late, but not what was measured");
    assert_eq!(refusal(120, 100, 0.3), None, "a sleep ends so much later anyway");
    let refused = refusal(500, 400, 0.3).unwrap().to_string();
    assert!(refused.contains("400 us late") && refused.contains("lower rate"), "{refused}");
}

#[test]
fn a_generator_that_asked_too_little_gives_no_figures() {
    let part = || counted(Duration::from_micros(300), Duration::ZERO, 0.1);
    assert!(Measured::new(&order(1000.0), &deck(), &[part()], None).is_ok());
    let short = Measured::new(&order(2000.0), &deck(), &[part()], None);
    assert!(matches!(short, Err(BenchError::Bottleneck(Bottleneck::Short { taken: 10_000, asked: 20_000 }))));
    assert!(Measured::new(&order(2000.0), &deck(), &[part(), part()], None).is_ok(), "threads add up");
}

#[test]
fn costs_are_for_one_question() {
    let part = counted(Duration::from_micros(300), Duration::ZERO, 0.01);
    let cpu = |millis| Cpu { ran: Duration::from_millis(millis), waited: Duration::ZERO };
    let measured = Measured::new(&order(1000.0), &deck(), &[part], Some((cpu(50), cpu(80)))).unwrap();
    let server = measured.server.unwrap();
    assert_eq!((server.check_threads_ns, server.process_ns, server.cores), (5_000.0, 8_000.0, 0.008));
    assert_eq!(measured.generator.ns_per_message, 10_000.0);
    assert_eq!(measured.checks_per_second, 1000.0);
    assert_eq!((measured.bytes_sent, measured.bytes_received), (40.0, 30.0));
    assert!(measured.is_flawless());
}

proptest! {
    /// A server that stalls: what was due meanwhile waited, though it was sent only afterwards. The histogram must hold
    /// what a list of all times holds.
    #[test]
    fn time_runs_from_when_a_question_was_due(
        dues in prop::collection::vec(0_u64..1_000_000_000, 1..300),
        stall in 1_000_000_u64..2_000_000_000,
    ) {
        let deck = deck();
        let mut judge = Judge::new(&deck, 0, u64::MAX, None).unwrap();
        let mut model = Vec::new();
        for due in dues {
            let asked = Asked { due, message: 0 };
            judge.due(due);
            // Nothing is read before the stall is over; then all of it at once.
            judge.now = due.max(stall);
            judge.done(asked, &Outcome::OK, Some(true));
            model.push((due.max(stall) - due).max(1));
        }
        model.sort_unstable();
        prop_assert_eq!(judge.counts.latency.len(), model.len() as u64);
        for quantile in [0.5, 0.9, 0.99, 1.0] {
            let rank = ((quantile * model.len() as f64).ceil() as usize).max(1) - 1;
            let found = judge.counts.latency.value_at_quantile(quantile);
            prop_assert!((found as f64 / model[rank] as f64 - 1.0).abs() < 0.002, "{found} of {}", model[rank]);
        }
    }
}
