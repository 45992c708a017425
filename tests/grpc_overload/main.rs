//! Too many calls: most of the knee's answers are still given, the rest is refused at once, and nothing is answered
//! past its deadline. A failpoint makes the handler slow, so that a small client can overload the node.
//!
//! Answers are counted for each second of CPU that the check runtime was given, and a handler is so much work, not so
//! much time: what else runs on the machine takes from the knee and from the overload alike.

#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]
// The lock keeps the two tests apart; each has a runtime of its own.
#![allow(clippy::await_holding_lock)]

#[path = "../grpc_door/node.rs"]
mod node;
#[path = "../grpc_door/raw.rs"]
mod raw;

use bytes::Bytes;
use node::TestNode;
use saring::{
    bench::{self, BenchError, Expected, Measured, Mode, Order, Pace, Profile, Question, Script, script::Device},
    grpc::Access,
    metrics::Refusal,
    proto::{CheckRequest, EquipmentStatus, Reason, check_request::Equipment},
};
use std::{
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};
use tonic::Code;

/// What the handler costs, about: the knee of one runtime is then a little below 3,300 a second.
const HANDLER: Duration = Duration::from_micros(300);
/// Clients that wait for each answer: enough to keep one runtime busy, too few to make it lag.
const CALLERS_AT_KNEE: usize = 8;
const CONNECTIONS: usize = 8;
const PHASE: Duration = Duration::from_millis(1500);
const TIMES_THE_KNEE: f64 = 3.0;
/// How long an answer is worth something.
const DEADLINE: Duration = Duration::from_millis(150);
/// Rounds of knee and overload, of which one has to do: a client that gets no CPU for a while offers in bursts.
const ROUNDS: usize = 4;

/// One failpoint for the whole process: the tests here take turns.
static TURN: Mutex<()> = Mutex::new(());

fn message() -> Bytes {
    let request = CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() };
    raw::framed(&prost::Message::encode_to_vec(&request))
}

/// So much work that nothing can be left out of it.
fn work(steps: u64) {
    let done = (0..steps).fold(1_u64, |sum, step| std::hint::black_box(sum.wrapping_mul(step | 1)));
    std::hint::black_box(done);
}

/// The work that takes this long where nothing interrupts it.
fn steps_in(time: Duration) -> u64 {
    const STEPS: u64 = 100_000;
    let took = (0..20).map(|_| {
        let begun = Instant::now();
        work(STEPS);
        begun.elapsed()
    });
    let least = took.min().unwrap_or_default().max(Duration::from_nanos(1));
    (STEPS as f64 * time.as_secs_f64() / least.as_secs_f64()) as u64
}

/// Asks for one device that is registered.
struct OneDevice;

impl Script for OneDevice {
    fn question(&self, _: u64) -> (Question, Expected) {
        let expected = Expected { status: EquipmentStatus::Whitelisted, reason: Reason::Registered };
        (Question { device: Device::Key(node::REGISTERED), msisdn: None, imsi: None }, expected)
    }
}

/// One phase of the load generator. `None` where it was itself what was slow: other work had its core.
fn phase(url: &str, pace: Pace, in_flight: usize, timeout: Option<Duration>) -> Option<Measured> {
    let order = Order {
        duration: PHASE,
        warm_up: Duration::ZERO,
        connections: CONNECTIONS,
        in_flight,
        questions: 1,
        timeout,
        server_pid: Some(std::process::id()),
        ..Order::new(Access::plain(url), Profile::Storm, Mode::Unary, pace)
    };
    match bench::run(&order, &OneDevice) {
        Ok(measured) => Some(measured),
        Err(BenchError::Bottleneck(why)) => {
            println!("{why}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Answers a second of the check runtime's CPU.
fn a_second_of_cpu(measured: &Measured) -> f64 {
    1e9 / measured.server.unwrap().check_threads_ns
}

/// One round: the share of the knee's answers that is still given. `None` when nothing was refused: then the client
/// could not overload the runtime. Asserts what holds in every round.
fn kept(url: &str) -> Option<f64> {
    let knee = phase(url, Pace::Max, CALLERS_AT_KNEE / CONNECTIONS, None)?;
    let rate = knee.checks_per_second * TIMES_THE_KNEE;
    let busy = phase(url, Pace::Rate(rate), 1, Some(DEADLINE))?;
    let kept = a_second_of_cpu(&busy) / a_second_of_cpu(&knee);
    let Measured { asked, right, wrong, refused, late, failed, lost, .. } = busy;
    println!(
        "knee {:.0}/s; offered {asked}, answered {right}, refused {refused}, late {late}; kept {:.0} % for each second of CPU",
        knee.checks_per_second,
        100.0 * kept
    );
    assert_eq!((right + refused + late, wrong, failed, lost), (asked, 0, 0, 0), "every call ends one way or the other");
    (refused > 0).then_some(kept)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn at_three_times_the_knee_most_answers_are_still_given_and_the_rest_is_refused() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let steps = steps_in(HANDLER);
    fail::cfg_callback("check-slow", move || work(steps)).unwrap();
    let node = TestNode::with(|config| config.threads = 1);
    let url = format!("http://{}", node.grpc);
    // The load generator blocks: it has threads of its own.
    let rounds = tokio::task::spawn_blocking(move || {
        let mut best = 0.0_f64;
        for _ in 0..ROUNDS {
            best = best.max(kept(&url).unwrap_or(0.0));
            if best >= 0.7 {
                break;
            }
        }
        best
    });
    let best = rounds.await.unwrap();
    fail::remove("check-slow");
    assert!(best >= 0.7, "{:.0} % of the knee's answers", 100.0 * best);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_took_longer_than_its_deadline_is_not_given() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let node = TestNode::with(|config| config.threads = 1);
    let client = raw::connect(node.grpc).await;
    // Sleeping holds the runtime like work: it has one thread.
    fail::cfg_callback("check-slow", || std::thread::sleep(Duration::from_millis(60))).unwrap();
    let answer = raw::call(client.clone(), raw::CHECK, Some("20m"), message()).await.unwrap();
    fail::remove("check-slow");
    assert_eq!(answer.grpc_status.map(Code::from), Some(Code::DeadlineExceeded));
    assert!(answer.body.is_empty());
    assert_eq!(node.metrics.refused(Refusal::Late), 1);
    drop(client);
    node.stop().await.unwrap();
}

/// The transport counts what a client sends to a call that is over against its connection, and closes the connection
/// in the end: a refusal must not be such an end.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connection_bears_any_number_of_refusals() {
    const CALLERS: usize = 64;
    const CALLS_EACH: usize = 300;
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (load, loads) = mpsc::channel::<()>();
    let node = TestNode::loading(|config| config.threads = 1, move || Ok(loads.recv()?));
    let client = node.client().await;
    let question = CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() };
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (mut client, question) = (client.clone(), question.clone());
        callers.spawn(async move {
            for _ in 0..CALLS_EACH {
                let refusal = client.check(question.clone()).await.unwrap_err();
                assert_eq!(refusal.code(), Code::Unavailable, "{refusal:?}");
                assert!(refusal.message().contains("loaded"), "{refusal:?}");
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    load.send(()).unwrap();
    node.wait_ready();
    assert!(client.clone().check(question).await.is_ok());
    assert_eq!(node.metrics.refused(Refusal::Warming), (CALLERS * CALLS_EACH) as u64);
    drop(client);
    node.stop().await.unwrap();
}
