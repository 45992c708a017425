//! Too many calls: most of the knee's answers are still given, the rest is refused at once, and nothing is answered
//! past its deadline. A failpoint makes the handler slow, so that a small client can overload the node.

#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]

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
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tonic::Code;

/// What the handler costs: the knee of one runtime is then a little below 3,300 a second.
const HANDLER: Duration = Duration::from_micros(300);
/// Clients that wait for each answer: enough to keep one runtime busy, too few to make it lag.
const CALLERS_AT_KNEE: usize = 8;
const CONNECTIONS: usize = 8;
const PHASE: Duration = Duration::from_millis(1500);
const TIMES_THE_KNEE: f64 = 3.0;

/// One failpoint for the whole process: the tests here take turns.
static TURN: Mutex<()> = Mutex::new(());

fn message() -> Bytes {
    let request = CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() };
    raw::framed(&prost::Message::encode_to_vec(&request))
}

fn spin(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
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

/// Answers a second when callers wait for each answer.
async fn knee(clients: &[SendRequest<Bytes>], counts: &Arc<Counts>) -> f64 {
    let begun = Instant::now();
    let callers = (0..CALLERS_AT_KNEE).map(|i| {
        let (client, counts) = (clients[i % clients.len()].clone(), Arc::clone(counts));
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
    Counts::of(&counts.answered) as f64 / begun.elapsed().as_secs_f64()
}

/// Offers calls at a rate whether or not they are answered; gives the answers a second.
async fn overload(clients: &[SendRequest<Bytes>], rate: f64, counts: &Arc<Counts>) -> f64 {
    let begun = Instant::now();
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
    let answered = Counts::of(&counts.answered) as f64 / begun.elapsed().as_secs_f64();
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    answered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn at_three_times_the_knee_most_answers_are_still_given_and_the_rest_is_refused() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    fail::cfg_callback("check-slow", || spin(HANDLER)).unwrap();
    let node = TestNode::with(|config| config.threads = 1);
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(raw::connect(node.grpc).await);
    }
    let (calm, busy) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let knee = knee(&clients, &calm).await;
    let answered = overload(&clients, knee * TIMES_THE_KNEE, &busy).await;
    fail::remove("check-slow");

    let [offered, ok, refused, late, other] =
        [&busy.offered, &busy.answered, &busy.refused, &busy.late, &busy.other].map(Counts::of);
    println!(
        "knee {knee:.0}/s, {} refused; offered {offered}, answered {ok} ({answered:.0}/s), refused {refused}, late {late}; kept {:.0} %",
        Counts::of(&calm.refused),
        100.0 * answered / knee
    );
    assert_eq!((ok + refused + late, other), (offered, 0), "every call is answered one way or the other");
    assert!(refused > offered / 4, "{refused} of {offered} refused");
    assert!(answered >= 0.7 * knee, "{answered:.0} a second of {knee:.0}");
    drop(clients);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_answer_that_took_longer_than_its_deadline_is_not_given() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let node = TestNode::with(|config| config.threads = 1);
    let client = raw::connect(node.grpc).await;
    fail::cfg_callback("check-slow", || spin(Duration::from_millis(60))).unwrap();
    let answer = raw::call(client.clone(), raw::CHECK, Some("20m"), message()).await.unwrap();
    fail::remove("check-slow");
    assert_eq!(answer.grpc_status.map(Code::from), Some(Code::DeadlineExceeded));
    assert!(answer.body.is_empty());
    assert_eq!(node.metrics.refused(Refusal::Late), 1);
    drop(client);
    node.stop().await.unwrap();
}
