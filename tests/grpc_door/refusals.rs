//! What is no verdict: bad requests, limits, deadlines.

use crate::{
    node::{self, TestNode},
    raw,
};
use saring::{
    limits,
    proto::{
        CheckBatchRequest, CheckRequest,
        check_request::{Equipment, SubscriberIdentity, SubscriberNumber},
    },
};
use tokio_stream::StreamExt;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn good() -> CheckRequest {
    CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() }
}

/// Field and description of the one violation that a status carries.
fn violation(status: &Status) -> (String, String) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let [violation] = &details.bad_request().unwrap().field_violations[..] else {
        panic!("one violation: {details:?}")
    };
    (violation.field.clone(), violation.description.clone())
}

#[tokio::test]
async fn a_bad_request_names_field_value_and_rule() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let imsi = |imsi| CheckRequest { subscriber_identity: Some(imsi), ..good() };
    let number = |number| CheckRequest { subscriber_number: Some(number), ..good() };
    let cases = [
        (CheckRequest::default(), "equipment", "a question names its equipment"),
        (number(SubscriberNumber::Msisdn(9_999)), "msisdn", "\"99**\": an MSISDN is 5 to 15 digits"),
        (number(SubscriberNumber::Msisdn(6_281_234_567_890_123)), "msisdn", "\"62812********123\": an MSISDN is"),
        (number(SubscriberNumber::MsisdnText("08l2-3456-7890".into())), "msisdn_text", "\"08l2-******890\": an MSISDN"),
        (imsi(SubscriberIdentity::Imsi(99_999)), "imsi", "\"99***\": an IMSI is 6 to 15 decimal digits"),
        (imsi(SubscriberIdentity::ImsiText("51010x".into())), "imsi_text", "\"51****\": an IMSI is 6 to 15"),
        (
            CheckRequest { operator: "x".repeat(65), ..good() },
            "operator",
            "\"xxxxx***************…\": an operator's name",
        ),
    ];
    for (request, field, description) in cases {
        let (told, said) = violation(&client.check(request).await.unwrap_err());
        assert_eq!(told, field);
        assert!(said.starts_with(description), "{said}");
    }
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_batch_is_refused_as_a_whole_and_names_the_index() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let mut batch = CheckBatchRequest {
        equipment_key: vec![node::REGISTERED; 20],
        msisdn: vec![node::MSISDN; 20],
        ..Default::default()
    };
    batch.msisdn[17] = 1_000_000_000_000_000;
    let (field, said) = violation(&client.check_batch(batch.clone()).await.unwrap_err());
    assert_eq!(field, "msisdn[17]");
    assert!(said.starts_with("\"10000********000\""), "{said}");

    batch.msisdn.truncate(19);
    assert_eq!(violation(&client.check_batch(batch.clone()).await.unwrap_err()).0, "msisdn");
    batch.msisdn.clear();
    batch.imsi = vec![0; 21];
    assert_eq!(violation(&client.check_batch(batch).await.unwrap_err()).0, "imsi");
    let many = |count| CheckBatchRequest { equipment_key: vec![node::REGISTERED; count], ..Default::default() };
    assert_eq!(violation(&client.check_batch(many(0)).await.unwrap_err()).0, "equipment_key");
    let (_, said) = violation(&client.check_batch(many(limits::BATCH_QUESTIONS_MAX + 1)).await.unwrap_err());
    assert_eq!(said, "\"4097\": a batch has at most 4096 questions");
    let most = client.check_batch(many(limits::BATCH_QUESTIONS_MAX)).await.unwrap().into_inner();
    assert_eq!(most.statuses.len(), limits::BATCH_QUESTIONS_MAX);
    assert_eq!(node.metrics.checks(), limits::BATCH_QUESTIONS_MAX as u64, "a refused batch gives no verdict");
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_question_ends_its_stream_after_the_answers_before_it() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let bad = CheckRequest { subscriber_number: Some(SubscriberNumber::Msisdn(1)), ..good() };
    for before in [0, 2, 63, 64, 300] {
        let questions = std::iter::repeat_n(good(), before).chain([bad.clone(), good(), bad.clone()]);
        let mut answers = client.check_stream(tokio_stream::iter(questions)).await.unwrap().into_inner();
        for _ in 0..before {
            assert!(answers.next().await.unwrap().is_ok());
        }
        let refused = answers.next().await.unwrap().unwrap_err();
        assert_eq!(violation(&refused).0, format!("message[{before}].msisdn"));
        assert!(answers.next().await.is_none());
    }
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_before_it_is_read() {
    let node = TestNode::ready();
    let client = raw::connect(node.grpc).await;
    let mut head = vec![0_u8];
    head.extend_from_slice(&(limits::MESSAGE_BYTES_MAX as u32 + 1).to_be_bytes());
    let answered = raw::call(client, raw::CHECK, None, head.into()).await.unwrap();
    assert_eq!(answered.grpc_status, Some(Code::OutOfRange as i32));
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_connection_has_a_limit_of_streams_and_a_node_of_connections() {
    let node = TestNode::with(|config| config.connections_max = 2);
    let first = raw::connect(node.grpc).await;
    let message = prost::Message::encode_to_vec(&good());
    raw::call(first.clone(), raw::CHECK, None, raw::framed(&message)).await.unwrap();
    assert_eq!(first.current_max_send_streams(), limits::STREAMS_PER_CONNECTION_MAX as usize);
    let second = raw::connect(node.grpc).await;
    raw::call(second.clone(), raw::CHECK, None, raw::framed(&message)).await.unwrap();
    let third = raw::connect(node.grpc).await;
    assert!(raw::call(third, raw::CHECK, None, raw::framed(&message)).await.is_err());
    let figures = node.get("/metrics").1;
    assert!(figures.contains("saring_connections 2\n") && figures.contains("saring_connections_refused_total 1\n"));
    drop((first, second));
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_deadline_that_has_passed_gets_no_verdict() {
    let node = TestNode::ready();
    let client = raw::connect(node.grpc).await;
    let message = raw::framed(&prost::Message::encode_to_vec(&good()));
    for timeout in ["0n", "1n", "1u"] {
        let answered = raw::call(client.clone(), raw::CHECK, Some(timeout), message.clone()).await.unwrap();
        let refused = [Some(Code::DeadlineExceeded as i32), Some(Code::ResourceExhausted as i32)];
        assert!(refused.contains(&answered.grpc_status), "{timeout}: {answered:?}");
        assert!(answered.body.is_empty());
    }
    let answered = raw::call(client, raw::CHECK, Some("10S"), message).await.unwrap();
    assert_eq!(answered.grpc_status, Some(Code::Ok as i32));
    node.stop().await.unwrap();
}
