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
use h2::client::SendRequest;
use node::TestNode;
use saring::{
    metrics::Refusal,
    proto::{CheckRequest, check_request::Equipment},
};
use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
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

/// CPU time of the one check runtime, as the kernel counts it.
fn server_cpu() -> Duration {
    let threads = fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
    let mut checks = threads.filter(|path| fs::read_to_string(path.join("comm")).is_ok_and(|name| name == "check-0\n"));
    let text = fs::read_to_string(checks.next().expect("a check runtime").join("schedstat")).unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

#[derive(Default)]
struct Counts {
    offered: AtomicU64,
    answered: AtomicU64,
    refused: AtomicU64,
    late: AtomicU64,
    other: AtomicU64,
}

impl Counts {
    fn take(&self, status: Option<i32>) {
        let count = match status.map(Code::from) {
            Some(Code::Ok) => &self.answered,
            Some(Code::ResourceExhausted) => &self.refused,
            Some(Code::DeadlineExceeded) => &self.late,
            _ => &self.other,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn of(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }
}

/// Answers a second on the clock, and a second of the runtime's CPU.
#[derive(Clone, Copy)]
struct Rate {
    clock: f64,
    cpu: f64,
}

/// Callers wait for each answer.
async fn knee(clients: &[SendRequest<Bytes>]) -> Rate {
    let (counts, begun, before) = (Arc::new(Counts::default()), Instant::now(), server_cpu());
    let callers = (0..CALLERS_AT_KNEE).map(|i| {
        let (client, counts) = (clients[i % clients.len()].clone(), Arc::clone(&counts));
        tokio::spawn(async move {
            while begun.elapsed() < PHASE {
                let answer = raw::call(client.clone(), raw::CHECK, None, message()).await.unwrap();
                counts.take(answer.grpc_status);
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let answered = Counts::of(&counts.answered) as f64;
    Rate { clock: answered / begun.elapsed().as_secs_f64(), cpu: answered / (server_cpu() - before).as_secs_f64() }
}

/// Offers calls at a rate whether or not they are answered; gives the answers a second of CPU.
async fn overload(clients: &[SendRequest<Bytes>], rate: f64, counts: &Arc<Counts>) -> f64 {
    let (begun, before) = (Instant::now(), server_cpu());
    let mut calls = tokio::task::JoinSet::new();
    while begun.elapsed() < PHASE {
        let due = (begun.elapsed().as_secs_f64() * rate) as u64;
        while Counts::of(&counts.offered) < due {
            let nth = counts.offered.fetch_add(1, Ordering::Relaxed) as usize;
            let (client, counts) = (clients[nth % clients.len()].clone(), Arc::clone(counts));
            calls.spawn(async move {
                let answer = raw::call(client, raw::CHECK, Some("150m"), message()).await.unwrap();
                counts.take(answer.grpc_status);
            });
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let answered = Counts::of(&counts.answered) as f64 / (server_cpu() - before).as_secs_f64();
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    answered
}

/// One round: the share of the knee's answers that is still given. `None` when nothing was refused: then the client
/// could not overload the runtime. Asserts what holds in every round.
async fn kept(clients: &[SendRequest<Bytes>]) -> Option<f64> {
    let knee = knee(clients).await;
    let busy = Arc::new(Counts::default());
    let answered = overload(clients, knee.clock * TIMES_THE_KNEE, &busy).await;
    let [offered, ok, refused, late, other] =
        [&busy.offered, &busy.answered, &busy.refused, &busy.late, &busy.other].map(Counts::of);
    let kept = answered / knee.cpu;
    println!(
        "knee {:.0}/s, {:.0} a second of CPU; offered {offered}, answered {ok} ({answered:.0} a second of CPU), refused {refused}, late {late}; kept {:.0} %",
        knee.clock,
        knee.cpu,
        100.0 * kept
    );
    assert_eq!((ok + refused + late, other), (offered, 0), "every call is answered one way or the other");
    (refused > 0).then_some(kept)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn at_three_times_the_knee_most_answers_are_still_given_and_the_rest_is_refused() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let steps = steps_in(HANDLER);
    fail::cfg_callback("check-slow", move || work(steps)).unwrap();
    let node = TestNode::with(|config| config.threads = 1);
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(raw::connect(node.grpc).await);
    }
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        best = best.max(kept(&clients).await.unwrap_or(0.0));
        if best >= 0.7 {
            break;
        }
    }
    fail::remove("check-slow");
    assert!(best >= 0.7, "{:.0} % of the knee's answers", 100.0 * best);
    drop(clients);
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
