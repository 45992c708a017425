//! Every call gives the same answers.

use crate::node::{self, TestNode};
use saring::proto::{
    self, CheckBatchRequest, CheckRequest, EquipmentStatus, ExplainRequest, Pairing, Reason,
    check_request::{Equipment, SubscriberIdentity, SubscriberNumber},
};
use tokio_stream::StreamExt;
use tonic::Code;

fn asked(equipment: Equipment) -> CheckRequest {
    CheckRequest { equipment: Some(equipment), ..Default::default() }
}

fn text(text: impl Into<String>) -> CheckRequest {
    asked(Equipment::EquipmentText(text.into()))
}

fn key(key: u64) -> CheckRequest {
    asked(Equipment::EquipmentKey(key))
}

/// Key, MSISDN and the answer that the register must give.
const CASES: [(u64, u64, EquipmentStatus, Reason, Pairing); 9] = [
    (node::REGISTERED, 0, EquipmentStatus::Whitelisted, Reason::Registered, Pairing::NotAsked),
    (node::REGISTERED, node::MSISDN, EquipmentStatus::Whitelisted, Reason::Registered, Pairing::Unpaired),
    (node::STOLEN, node::MSISDN, EquipmentStatus::Blacklisted, Reason::Stolen, Pairing::Unpaired),
    (node::TEMPORARY, 0, EquipmentStatus::Whitelisted, Reason::Temporary, Pairing::NotAsked),
    (node::PAIRED, node::MSISDN, EquipmentStatus::Whitelisted, Reason::Paired, Pairing::Paired),
    (node::PAIRED, node::OTHER_MSISDN, EquipmentStatus::Blacklisted, Reason::PairingMismatch, Pairing::Mismatched),
    (node::GRANDFATHERED, 0, EquipmentStatus::Whitelisted, Reason::Grandfathered, Pairing::NotAsked),
    (node::UNLISTED, node::MSISDN, EquipmentStatus::Blacklisted, Reason::NotRegistered, Pairing::Unpaired),
    (0, node::MSISDN, EquipmentStatus::Greylisted, Reason::Malformed, Pairing::Unpaired),
];

fn requests() -> Vec<CheckRequest> {
    let number = |msisdn| (msisdn != 0).then_some(SubscriberNumber::Msisdn(msisdn));
    CASES.map(|case| CheckRequest { subscriber_number: number(case.1), ..key(case.0) }).into()
}

fn batch() -> CheckBatchRequest {
    CheckBatchRequest {
        equipment_key: CASES.map(|case| case.0).into(),
        msisdn: CASES.map(|case| case.1).into(),
        with_valid_until: true,
        ..Default::default()
    }
}

fn assert_answer(response: &proto::CheckResponse, case: usize) {
    let (key, msisdn, status, reason, pairing) = CASES[case];
    let verdict = response.verdict.as_ref().unwrap();
    let told = (verdict.status(), verdict.reason(), verdict.pairing());
    assert_eq!(told, (status, reason, pairing), "{key:014} with {msisdn}");
    let end = if reason == Reason::Temporary { "2140-12-31" } else { "" };
    assert_eq!(verdict.valid_until, end);
    assert_basis(response.basis.as_ref());
}

fn assert_basis(basis: Option<&proto::Basis>) {
    let revision = proto::Revision { epoch: node::REVISION.epoch, seq: node::REVISION.seq };
    assert_eq!(
        basis,
        Some(&proto::Basis { revision: Some(revision), settings_seq: 0, age_seconds: 0, override_seq: 0 })
    );
}

fn assert_batch(response: &proto::CheckBatchResponse) {
    let codes = |code: fn(usize) -> i32| (0..CASES.len()).map(|i| code(i) as u8).collect::<Vec<u8>>();
    assert_eq!(response.statuses, codes(|i| CASES[i].2.into()));
    assert_eq!(response.reasons, codes(|i| CASES[i].3.into()));
    assert_eq!(response.pairings, codes(|i| CASES[i].4.into()));
    let end = u32::from(node::last_day().get());
    let days: Vec<u32> = CASES.iter().map(|case| if case.3 == Reason::Temporary { end } else { 0 }).collect();
    assert_eq!(response.valid_until_day, days);
    assert_basis(response.basis.as_ref());
}

#[tokio::test]
async fn all_four_calls_give_the_same_answers() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    for (case, request) in requests().into_iter().enumerate() {
        assert_answer(client.check(request).await.unwrap().get_ref(), case);
    }
    assert_batch(client.check_batch(batch()).await.unwrap().get_ref());

    let mut answers = client.check_stream(tokio_stream::iter(requests())).await.unwrap().into_inner();
    for case in 0..CASES.len() {
        assert_answer(&answers.next().await.unwrap().unwrap(), case);
    }
    assert!(answers.next().await.is_none(), "the stream ends with the questions");

    let batches = tokio_stream::iter(std::iter::repeat_n(batch(), 3));
    let answers = client.check_batch_stream(batches).await.unwrap().into_inner();
    let answers: Vec<_> = answers.collect().await;
    assert_eq!(answers.len(), 3);
    answers.iter().for_each(|answer| assert_batch(answer.as_ref().unwrap()));
    let counted = node.metrics.checks();
    assert_eq!(counted, CASES.len() as u64 * 6, "every verdict is counted once");
    drop(client);
    node.stop().await.unwrap();
}

/// Questions that arrive together are answered together: each as if it had come alone.
#[tokio::test]
async fn a_question_of_a_stream_gets_the_answer_that_it_gets_alone() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let devices =
        [node::REGISTERED, node::STOLEN, node::TEMPORARY, node::PAIRED, node::GRANDFATHERED, node::UNLISTED, 0];
    let numbers =
        [None, Some(node::MSISDN), Some(node::OTHER_MSISDN)].map(|msisdn| msisdn.map(SubscriberNumber::Msisdn));
    let sims = [None, Some(node::IMSI), Some(node::IMSI + 1)].map(|imsi| imsi.map(SubscriberIdentity::Imsi));
    let questions: Vec<CheckRequest> = (0..1_000_usize)
        .map(|n| CheckRequest {
            subscriber_number: numbers[n / 7 % 3].clone(),
            subscriber_identity: sims[n / 21 % 3].clone(),
            emergency: n % 11 == 0,
            operator: if n % 50 < 3 { "xl".into() } else { String::new() },
            with_registration: n % 13 == 0,
            ..key(devices[n % 7])
        })
        .collect();
    let answers = client.check_stream(tokio_stream::iter(questions.clone())).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(Result::unwrap).collect().await;
    assert_eq!(answers.len(), questions.len());
    for (question, answer) in questions.into_iter().zip(answers) {
        let alone = client.check(question.clone()).await.unwrap().into_inner();
        assert_eq!(answer, alone, "{question:?}");
    }
    assert_eq!(node.metrics.checks(), 2_000, "every verdict is counted once");
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn the_three_forms_of_a_phone_and_its_key_are_one_device() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    for form in
        ["35000001000007", "350000010000079", "imei-350000010000070", "3500000100000712", "imeisv-3500000100000799"]
    {
        let answer = client.check(text(form)).await.unwrap().into_inner();
        assert_eq!(answer.verdict.unwrap().reason(), Reason::Stolen, "{form}");
    }
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_equipment_value_is_malformed_and_other_equipment_is_unknown() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let mut malformed: Vec<CheckRequest> =
        ["", "0", "abc", "0000000000000000", "3500000100000", "35000001000007123", "३५", "imei-"].map(text).into();
    malformed.extend([key(0), key(100_000_000_000_000), key(350_000_010_000_079), key(u64::MAX)]);
    for request in malformed {
        let shown = format!("{request:?}");
        let verdict = client.check(request).await.unwrap().into_inner().verdict.unwrap();
        assert_eq!((verdict.reason(), verdict.status()), (Reason::Malformed, EquipmentStatus::Greylisted), "{shown}");
    }
    for pei in ["mac-00-11-22-33-44-55", "eui-0011223344556677"] {
        let verdict = client.check(text(pei)).await.unwrap().into_inner().verdict.unwrap();
        assert_eq!((verdict.reason(), verdict.status()), (Reason::NotRegistered, EquipmentStatus::Unknown), "{pei}");
    }
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn the_subscriber_map_gives_the_number_and_a_changed_sim_is_reported() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let imsi = Some(SubscriberIdentity::Imsi(node::IMSI));
    let by_imsi = CheckRequest { subscriber_identity: imsi.clone(), ..key(node::PAIRED) };
    let verdict = client.check(by_imsi).await.unwrap().into_inner().verdict.unwrap();
    assert_eq!((verdict.reason(), verdict.sim_changed), (Reason::Paired, false));

    let number = Some(SubscriberNumber::MsisdnText("0811-1111-1111".into()));
    let both = CheckRequest { subscriber_identity: imsi, subscriber_number: number, ..key(node::PAIRED) };
    let verdict = client.check(both).await.unwrap().into_inner().verdict.unwrap();
    assert_eq!((verdict.reason(), verdict.sim_changed), (Reason::PairingMismatch, true));

    let batch = CheckBatchRequest {
        equipment_key: vec![node::PAIRED; 3],
        msisdn: vec![node::MSISDN, node::OTHER_MSISDN, 0],
        imsi: vec![node::IMSI; 3],
        ..Default::default()
    };
    let answer = client.check_batch(batch).await.unwrap().into_inner();
    assert_eq!(answer.sim_changed, [1]);
    assert!(answer.valid_until_day.is_empty(), "days come only where asked for");
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn an_explanation_masks_numbers_and_says_what_is_wrong_with_a_value() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    let request =
        ExplainRequest { equipment: "35000001000300".into(), msisdn: "+62 812-3456-7890".into(), ..Default::default() };
    let told = client.explain(request).await.unwrap().into_inner();
    assert_eq!(told.verdict.unwrap().reason(), Reason::Paired);
    assert_eq!((told.equipment_key.as_str(), told.imei.len()), ("35000001000300", 15));
    assert_eq!(told.pairings[0].number, "62812*****890");
    assert_eq!((told.evidence[0].state.as_str(), told.evidence[0].decisive), ("valid", true));
    assert_eq!(told.malformed, "");

    let request = ExplainRequest { equipment: "12".into(), ..Default::default() };
    let told = client.explain(request).await.unwrap().into_inner();
    assert_eq!(told.malformed, "an IMEI or IMEISV is 14 to 16 decimal digits");
    let refused = client.explain(ExplainRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    drop(client);
    node.stop().await.unwrap();
}
