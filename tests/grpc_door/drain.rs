//! Shutting down loses nothing that was accepted.

use crate::{
    node::{self, TestNode},
    raw,
};
use saring::proto::{CheckRequest, check_request::Equipment};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::Code;

const CONNECTIONS: usize = 6;
const CALLERS_PER_CONNECTION: usize = 24;
/// Answers before the node is told to stop, so that it stops under load.
const WARM_UP: u64 = 2_000;

fn question() -> CheckRequest {
    CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_call_is_answered_while_the_node_drains() {
    let node = TestNode::ready();
    let message = raw::framed(&prost::Message::encode_to_vec(&question()));
    let answered = Arc::new(AtomicU64::new(0));
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        let connection = raw::connect(node.grpc).await;
        for _ in 0..CALLERS_PER_CONNECTION {
            let (connection, message, answered) = (connection.clone(), message.clone(), Arc::clone(&answered));
            callers.push(tokio::spawn(async move {
                loop {
                    match raw::call(connection.clone(), raw::CHECK, None, message.clone()).await {
                        Ok(answer) if answer.grpc_status == Some(Code::Ok as i32) => {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        // A busy machine makes the runtime lag: that is an answer too, and no verdict.
                        Ok(answer) => {
                            assert_eq!(answer.grpc_status, Some(Code::ResourceExhausted as i32), "{answer:?}");
                        }
                        // The node said that it accepts no more, or the connection had ended in good order before.
                        Err(error) => return error,
                    }
                }
            }));
        }
    }
    while answered.load(Ordering::Relaxed) < WARM_UP {
        tokio::task::yield_now().await;
    }
    let metrics = node.metrics.clone();
    node.stop().await.unwrap();
    for caller in callers {
        let error = caller.await.unwrap();
        let refused = error.is_go_away() || error.is_library() || error.is_io();
        assert!(refused, "{error:?}");
    }
    // The strong half of the proof: no verdict was given that no client received.
    assert_eq!(answered.load(Ordering::Relaxed), metrics.checks());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_gets_the_answers_to_all_it_sent_and_is_then_told_to_end() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let (send, questions) = mpsc::channel(64);
    let mut answers = client.check_stream(ReceiverStream::new(questions)).await.unwrap().into_inner();
    for _ in 0..50 {
        send.send(question()).await.unwrap();
        assert!(answers.next().await.unwrap().is_ok());
    }
    let stopped = tokio::spawn(node.stop());
    let end = answers.next().await.unwrap().unwrap_err();
    assert_eq!(end.code(), Code::Unavailable, "{end:?}");
    drop((answers, send, client));
    stopped.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_can_be_stopped_while_it_loads() {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let node = TestNode::loading(|_| {}, move || gate.recv().map_err(Into::into));
    node.stop().await.unwrap();
    drop(open);
}
