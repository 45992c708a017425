//! Mutated requests at the port: each is answered, and the node stays whole. `SARING_FUZZ_REQUESTS` changes their
//! number.

use crate::{
    node::{self, TestNode},
    raw,
};
use bytes::Bytes;
use prost::Message;
use saring::{
    proto::{
        CheckBatchRequest, CheckRequest, ExplainRequest,
        check_request::{Equipment, SubscriberIdentity, SubscriberNumber},
    },
    sample::SplitMix64,
};

const REQUESTS: usize = 100_000;
const AT_A_TIME: usize = 64;

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let request = CheckRequest {
        equipment: Some(Equipment::EquipmentText("350000010000079".into())),
        subscriber_number: Some(SubscriberNumber::MsisdnText("+62 812-3456-7890".into())),
        subscriber_identity: Some(SubscriberIdentity::Imsi(node::IMSI)),
        operator: "telkomsel".into(),
        access_technology: 4,
        procedure: 2,
        emergency: true,
        with_registration: true,
    };
    let batch = CheckBatchRequest {
        equipment_key: vec![node::REGISTERED; 9],
        msisdn: vec![node::MSISDN; 9],
        imsi: vec![node::IMSI; 9],
        with_valid_until: true,
        ..Default::default()
    };
    let explain =
        ExplainRequest { equipment: "35000001000300".into(), msisdn: "0812345678".into(), ..Default::default() };
    vec![
        (raw::CHECK, request.encode_to_vec()),
        (raw::CHECK_BATCH, batch.encode_to_vec()),
        ("/saring.v1.EquipmentCheck/CheckStream", request.encode_to_vec()),
        ("/saring.v1.EquipmentCheck/CheckBatchStream", batch.encode_to_vec()),
        ("/saring.v1.EquipmentCheck/Explain", explain.encode_to_vec()),
        ("/saring.v1.EquipmentCheck/Nothing", request.encode_to_vec()),
    ]
}

/// The same mutations every time: bytes changed, cut, doubled; sometimes the prefix of the frame too.
fn mutated(random: &mut SplitMix64, message: &[u8]) -> Bytes {
    let mut bytes = message.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(5) {
            0 => bytes[at] = random.next_u64() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => bytes.extend_from_within(at..),
            _ => bytes.insert(at, 0xff),
        }
    }
    let mut frame = raw::framed(&bytes).to_vec();
    if random.below(8) == 0 {
        let at = random.below(5) as usize;
        frame[at] = random.next_u64() as u8;
    }
    frame.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mutated_request_is_answered() {
    let requests = std::env::var("SARING_FUZZ_REQUESTS").map_or(REQUESTS, |count| count.parse().unwrap());
    let node = TestNode::ready();
    let seeds = seeds();
    let mut random = SplitMix64::new(20_260_415);
    let client = raw::connect(node.grpc).await;
    for _ in 0..requests / AT_A_TIME {
        let calls: Vec<_> = (0..AT_A_TIME)
            .map(|_| {
                let (path, message) = &seeds[random.below(seeds.len() as u64) as usize];
                let body = mutated(&mut random, message);
                (body.clone(), tokio::spawn(raw::call(client.clone(), path, None, body)))
            })
            .collect();
        for (body, call) in calls {
            let answer = call.await.unwrap().unwrap_or_else(|error| panic!("{body:?}: {error}"));
            assert!(answer.grpc_status.is_some(), "{body:?}: {answer:?}");
        }
    }
    let message = raw::framed(&seeds[0].1);
    let answer = raw::call(client, raw::CHECK, None, message).await.unwrap();
    assert_eq!(answer.grpc_status, Some(0), "the node answers as before");
    node.stop().await.unwrap();
}
