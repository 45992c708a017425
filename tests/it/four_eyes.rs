//! Who may change the register: every way around the two persons is tried over a real socket, and refused.

use crate::support::{
    Server,
    office::{Office, refused, register, request_id, run, shown},
};
use saring::proto::{
    self, BatchOrder, BatchStepPreview, Chunk, DecisionRequest, LimitsOrder, SettingsOrder, StepRequest,
    SubmitBatchRequest, preview_request, propose_request::Change, submit_batch_request::Part,
};
use sha2::{Digest, Sha256};
use tonic::Code;

const PHONE: &str = "35209900176148";

#[test]
fn a_batch_is_in_force_when_another_person_says_so() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let list = format!("imei\n{PHONE}\n");
        let batch = office.submit(&sari, &list, "shipment-1").await.unwrap().batches[0];
        assert_eq!(office.reason(PHONE).await, "NOT_REGISTERED", "a submitted batch is seen by no check");
        assert_eq!(office.step(&agus, "approve", batch).await.unwrap().state, "active");
        assert_eq!(office.reason(PHONE).await, "REGISTERED");
        assert_eq!(office.step(&agus, "suspend", batch).await.unwrap().state, "suspended");
        assert_eq!(office.reason(PHONE).await, "SUSPENDED");
        assert_eq!(office.step(&agus, "restore", batch).await.unwrap().state, "active");
        assert_eq!(office.reason(PHONE).await, "REGISTERED");
        assert_eq!(office.step(&agus, "withdraw", batch).await.unwrap().state, "withdrawn");
        assert_eq!(office.reason(PHONE).await, "NOT_REGISTERED");
        refused(office.step(&agus, "restore", batch).await, Code::FailedPrecondition, "is withdrawn");
    });
}

#[test]
fn every_way_around_the_second_person_is_refused() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let list = format!("imei\n{PHONE}\n");
        let batch = office.submit(&sari, &list, "shipment-1").await.unwrap().batches[0];

        // One's own batch: not even with the role of an approver, and not with another token.
        let grant = office.propose(&office.admin, "sari", "approver", &doors).await.unwrap();
        office.decide(&second, grant).await.unwrap();
        refused(office.step(&sari, "approve", batch).await, Code::PermissionDenied, "another person");
        let rotate = proto::RotateTokenRequest { request_id: request_id(), days: 1 };
        let rotated = office.client().await.rotate_token(shown(&sari, rotate)).await.unwrap().into_inner().token;
        refused(office.step(&rotated, "approve", batch).await, Code::PermissionDenied, "another person");
        refused(office.step(&sari, "approve", batch).await, Code::Unauthenticated, "revoked");

        // One's own proposal, by whatever administrator made it.
        let own = office.propose(&office.admin, "agus", "auditor", &[]).await.unwrap();
        refused(office.decide(&office.admin, own).await, Code::PermissionDenied, "another person");

        // Without a token, with a wrong one, with another role, for another door.
        refused(office.step("", "approve", batch).await, Code::Unauthenticated, "not known");
        refused(office.step("saring_0000", "approve", batch).await, Code::Unauthenticated, "not known");
        refused(office.step(&office.admin, "approve", batch).await, Code::PermissionDenied, "for approver");
        let budi = office.person(&second, "budi", "approver", &["tpp-import"]).await;
        refused(office.step(&budi, "approve", batch).await, Code::PermissionDenied, "not an approver for door");
        refused(office.submit(&budi, &list, "shipment-2").await, Code::PermissionDenied, "for submitter");
        refused(office.propose(&agus, "agus", "administrator", &[]).await, Code::PermissionDenied, "administrator");

        // A request that is sent again is not carried out again.
        let approve = StepRequest { request_id: request_id(), batch, ..StepRequest::default() };
        let first = office.step_again(&agus, "approve", approve.clone()).await.unwrap();
        office.step(&agus, "suspend", batch).await.unwrap();
        let again = office.step_again(&agus, "approve", approve).await.unwrap();
        assert!(again.receipt.unwrap().repeated && !first.receipt.unwrap().repeated);
        assert_eq!(again.state, "suspended", "what was captured and sent again changes nothing");
        assert_eq!(office.reason(PHONE).await, "SUSPENDED");
        let submitted_again = office.submit(&rotated, &list, "shipment-1").await.unwrap();
        assert!(submitted_again.receipt.unwrap().repeated && submitted_again.batches == [batch]);

        // A revoked principal, on a connection that is open.
        let mut client = office.client().await;
        client.who_am_i(shown(&agus, proto::WhoAmIRequest {})).await.unwrap();
        let revoke =
            proto::RevokePrincipalRequest { request_id: request_id(), name: "agus".into(), ..Default::default() };
        client.revoke_principal(shown(&office.admin, revoke)).await.unwrap();
        refused(client.who_am_i(shown(&agus, proto::WhoAmIRequest {})).await, Code::Unauthenticated, "revoked");

        // The last administrators keep each other.
        let revoke = |name: &str| proto::RevokePrincipalRequest {
            request_id: request_id(),
            name: name.into(),
            ..Default::default()
        };
        let words = "two administrators have to stay";
        let second_of_two = client.revoke_principal(shown(&office.admin, revoke("ratna"))).await;
        refused(second_of_two, Code::FailedPrecondition, words);
        refused(client.revoke_principal(shown(&second, revoke("admin"))).await, Code::FailedPrecondition, words);
        // A third takes two, and then one may go.
        let dewi = office.add("dewi").await;
        let grant = office.propose(&office.admin, "dewi", "administrator", &[]).await.unwrap();
        let mut open = office.client().await;
        let waiting = proto::ListProposalsRequest { decided: false };
        let waiting = open.list_proposals(shown(&office.admin, waiting)).await.unwrap().into_inner().proposals;
        assert!(waiting.iter().any(|proposal| proposal.number == grant), "{waiting:?}");
        office.decide(&second, grant).await.unwrap();
        let of_ratna = office.propose(&second, "dewi", "auditor", &[]).await.unwrap();
        client.revoke_principal(shown(&office.admin, revoke("ratna"))).await.unwrap();
        refused(office.decide(&dewi, of_ratna).await, Code::FailedPrecondition, "may no longer ask");
    });
}

#[test]
fn a_large_step_is_what_two_approvers_saw_and_settings_too() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let budi = office.person(&second, "budi", "approver", &doors).await;
        let limits = Change::ApplyLimits(LimitsOrder { toml: "large_batch = 1".into() });
        let limits = office.ask(&office.admin, limits).await.unwrap();
        office.decide(&second, limits).await.unwrap();
        let list = format!("imei\n{PHONE}\n35209900176149\n");
        let batch = office.submit(&sari, &list, "shipment-1").await.unwrap().batches[0];
        let seen = |step: &str, black_from: &str| {
            let (step, black_from) = (step.to_owned(), black_from.to_owned());
            let change = preview_request::Change::Batch(BatchStepPreview { batch, step, black_from });
            async { office.preview(&agus, change).await }
        };
        let take = async |token: &str, step: &str, black_from: &str, preview_sha256: &[u8]| {
            let (black_from, preview_sha256) = (black_from.to_owned(), preview_sha256.to_vec());
            let request_id = request_id();
            let request = StepRequest { request_id, batch, black_from, preview_sha256, ..StepRequest::default() };
            office.step_again(token, step, request).await
        };
        refused(take(&agus, "approve", "", &[]).await, Code::FailedPrecondition, "large: look at a preview");
        let digest = seen("approve", "").await;
        assert!(take(&agus, "approve", "", &digest).await.unwrap().another_approver_needed);
        refused(take(&agus, "approve", "", &digest).await, Code::PermissionDenied, "a further person");
        assert_eq!(take(&budi, "approve", "", &digest).await.unwrap().state, "active");

        // Another day is another change: it has a digest of its own, and approvals of its own.
        let (at_once, later) = (seen("suspend", "").await, seen("suspend", "2099-01-01").await);
        let other = take(&agus, "suspend", "2099-01-01", &at_once).await;
        refused(other, Code::FailedPrecondition, "no longer do what was previewed");
        assert!(take(&agus, "suspend", "2099-01-01", &later).await.unwrap().another_approver_needed);
        assert!(take(&budi, "suspend", "", &at_once).await.unwrap().another_approver_needed, "agus saw another change");
        assert_eq!(office.reason(PHONE).await, "REGISTERED");
        // Who was revoked has approved nothing.
        let citra = office.person(&second, "citra", "approver", &doors).await;
        let revoke =
            proto::RevokePrincipalRequest { request_id: request_id(), name: "agus".into(), ..Default::default() };
        office.client().await.revoke_principal(shown(&office.admin, revoke)).await.unwrap();
        assert!(take(&citra, "suspend", "2099-01-01", &later).await.unwrap().another_approver_needed);
        assert_eq!(take(&budi, "suspend", "2099-01-01", &later).await.unwrap().state, "suspended");

        let toml = "[national]\nsuspended = \"unknown\"\n".to_owned();
        let proposal = office.ask(&office.admin, Change::ApplySettings(SettingsOrder { toml, ..Default::default() }));
        let proposal = proposal.await.unwrap();
        let decide = async |preview_sha256: &[u8]| {
            let (request_id, preview_sha256) = (request_id(), preview_sha256.to_vec());
            let request = DecisionRequest { request_id, proposal, preview_sha256, ..DecisionRequest::default() };
            office.client().await.approve_proposal(shown(&second, request)).await
        };
        refused(decide(&[]).await, Code::FailedPrecondition, "large: look at a preview");
        refused(decide(&[7; 32]).await, Code::FailedPrecondition, "no longer do what was previewed");
        let digest = office.preview(&second, preview_request::Change::Proposal(proposal)).await;
        decide(&digest).await.unwrap();
        // What is on no list is not counted, and is most: such a change is large in any register.
        let toml = "[national]\nnot_registered = \"grey\"\n".to_owned();
        let order = Change::ApplySettings(SettingsOrder { toml, ..Default::default() });
        let proposal = office.ask(&office.admin, order).await.unwrap();
        refused(office.decide(&second, proposal).await, Code::FailedPrecondition, "large: look at a preview");
        let request = proto::PreviewRequest { change: Some(preview_request::Change::Proposal(proposal)) };
        let shown_now = office.client().await.preview(shown(&second, request)).await.unwrap().into_inner();
        let told: Vec<_> =
            shown_now.unlisted.iter().map(|line| (line.what.as_str(), line.to_status.as_str())).collect();
        assert!(told.contains(&("unlisted-with-number", "GREYLISTED")), "{told:?}");
    });
}

#[test]
fn a_certificates_subject_is_one_principals() {
    run(async {
        let office = Office::open(register());
        let add = async |name: &str| {
            let request = proto::AddPrincipalRequest {
                request_id: request_id(),
                name: name.into(),
                kind: "network-element".into(),
                certificate_subject: "mme.example".into(),
                ..proto::AddPrincipalRequest::default()
            };
            office.client().await.add_principal(shown(&office.admin, request)).await
        };
        add("mme-1").await.unwrap();
        refused(add("mme-2").await, Code::FailedPrecondition, "are those of mme-1");
        let revoke =
            proto::RevokePrincipalRequest { request_id: request_id(), name: "mme-1".into(), ..Default::default() };
        office.client().await.revoke_principal(shown(&office.admin, revoke)).await.unwrap();
        add("mme-2").await.unwrap();
    });
}

#[test]
fn who_acts_for_an_operator_hands_in_no_rows_of_another() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let hand_in = async |operator: &str| {
            let list = format!("imei,msisdn,operator\n{PHONE},6281234567890,{operator}\n");
            let order = BatchOrder {
                request_id: request_id(),
                kind: "pairing".into(),
                door: "operator".into(),
                ..BatchOrder::default()
            };
            office.hand_in(&tina, &list, order).await
        };
        refused(hand_in("xl").await, Code::PermissionDenied, "rows of the list are of xl");
        assert_eq!(hand_in("telkomsel").await.unwrap().batches.len(), 1);
    });
}

#[test]
fn bytes_that_are_not_those_of_the_digest_are_no_batch() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let sari = office.person(&second, "sari", "submitter", &["customs-passenger"]).await;
        let order = BatchOrder {
            request_id: "shipment-9".into(),
            kind: "registered".into(),
            door: "customs-passenger".into(),
            file_name: "../../list.csv".into(),
            size: 10,
            sha256: Sha256::digest("imei\n11111").to_vec(),
            ..BatchOrder::default()
        };
        let part = |part| SubmitBatchRequest { part: Some(part) };
        let chunk = |offset, text: &str| part(Part::Chunk(Chunk { offset, data: text.as_bytes().to_vec() }));
        let send = |parts: Vec<SubmitBatchRequest>| {
            let request = shown(&sari, tokio_stream::iter(parts));
            async { office.client().await.submit_batch(request).await }
        };
        let broken = send(vec![part(Part::Order(order.clone())), chunk(0, "imei")]).await;
        refused(broken, Code::Aborted, "4 of 10 bytes");
        let upload = proto::GetUploadRequest { request_id: "shipment-9".into() };
        let upload = office.client().await.get_upload(shown(&sari, upload)).await.unwrap().into_inner();
        assert_eq!(upload.received, 4);
        let gap = send(vec![part(Part::Order(order.clone())), chunk(6, "1111")]).await;
        refused(gap, Code::FailedPrecondition, "4 bytes have arrived");
        let other = send(vec![part(Part::Order(order.clone())), chunk(4, "\n22222")]).await;
        refused(other, Code::InvalidArgument, "sha256");
        // Gone on with from the beginning: the bytes that did not fit are no more.
        let whole = send(vec![part(Part::Order(order)), chunk(0, "imei\n11111")]).await.unwrap().into_inner();
        assert_eq!(
            (whole.rejected, whole.batches),
            (1, Vec::new()),
            "a row that is no IMEI is named and makes no batch"
        );
        assert_eq!((&*whole.rejects[0].file, whole.rejects[0].line), ("list.csv", 2), "no path of the server");
    });
}

#[test]
fn after_the_first_administrator_an_import_only_hands_in() {
    let register = register();
    let mut server = Server::start(&register);
    let token = server.first_token();
    server.stop();
    register.file("list.csv", format!("imei\n{PHONE}\n"));
    let line = "import registered {}/list.csv --door customs-passenger";
    register.run(line).refused(1, &["principals", "SARING_TOKEN"]);
    assert_eq!(register.reason(PHONE, ""), "BLACKLISTED NOT_REGISTERED");
    let refused = register.run_as(&token, line);
    refused.refused(1, &["not a submitter"]);
}
