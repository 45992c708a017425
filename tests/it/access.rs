//! Who may make which call: the table of access against the proto, and the door of the checks when it asks who calls.

use crate::support::{
    self, Asked, Register, batch_request, check_request,
    office::{Office, refused, register, run, shown},
    patiently, words,
};
use prost_reflect::{DescriptorPool, Value};
use saring::{
    access::{RULES, Who},
    proto::{self, ExplainRequest},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
};
use tonic::Code;

const PHONE: &str = "352099001762000";

/// What the proto says: the roles of every call of this project, by path.
fn said_by_the_proto() -> BTreeMap<String, BTreeSet<String>> {
    let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    let roles = pool.get_extension_by_name("saring.v1.roles").unwrap();
    let calls = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let said = calls.map(|call| {
        let path = format!("/{}/{}", call.parent_service().full_name(), call.name());
        let options = call.options();
        let named = options.get_extension(&roles);
        let Value::List(named) = &*named else { panic!("the roles of {path} are no list") };
        (path, named.iter().map(|role| role.as_str().unwrap().to_owned()).collect())
    });
    said.collect()
}

#[test]
fn the_proto_and_the_table_of_access_say_the_same() {
    let table: BTreeMap<String, BTreeSet<String>> = RULES
        .iter()
        .map(|rule| {
            let roles = match rule.who {
                Who::Everybody => ["everybody".to_owned()].into(),
                Who::AnyPrincipal => ["any-principal".to_owned()].into(),
                Who::Roles(roles) => roles.iter().map(|role| role.name().to_owned()).collect(),
            };
            (rule.path.to_owned(), roles)
        })
        .collect();
    assert_eq!(table.len(), RULES.len(), "a call has two rules");
    let said = said_by_the_proto();
    assert!(said.len() > 25 && said.values().all(|roles| !roles.is_empty()), "a call without a rule: {said:?}");
    assert_eq!(said, table);
}

#[test]
fn a_check_door_that_asks_who_calls_answers_nobody_else() {
    run(async {
        let office = Office::open_with(register(), &["--ask-who", "true"]);
        let second = office.second_administrator().await;
        let element = office.add_of("mme-1", "network-element", "telkomsel").await;
        office.grant(&second, "mme-1", "network-element", &[]).await;
        let agent = office.person(&second, "agnes", "agent", &[]).await;
        let nobody = office.add("nadia").await;

        let asked = Asked { imei: PHONE, ..Asked::default() };
        let check = |token: &str, operator: &str| {
            let question = shown(token, check_request(&asked, operator));
            async { office.server.client().await.check(question).await }
        };
        refused(check("", "").await, Code::Unauthenticated, "");
        refused(check("saring_0000", "").await, Code::Unauthenticated, "not known");
        refused(check(&nobody, "").await, Code::PermissionDenied, "nadia is none of these");
        refused(check(&office.admin, "").await, Code::PermissionDenied, "none of these");
        let answer = patiently(|| check(&element, "telkomsel")).await;
        assert_eq!(answer.verdict.unwrap().reason().as_str_name(), "REGISTERED");
        patiently(|| check(&element, "TELKOMSEL")).await;
        patiently(|| check(&element, "")).await;
        refused(check(&element, "xl").await, Code::InvalidArgument, "you ask for telkomsel and for nobody else");
        // An agent belongs to no operator: it asks for whom it likes.
        patiently(|| check(&agent, "xl")).await;

        // Packed and streamed questions go the same way.
        let packed = |token: &str, operator: &str| {
            let question = shown(token, batch_request(&[asked], operator));
            async { office.server.client().await.check_batch(question).await }
        };
        refused(packed("", "").await, Code::Unauthenticated, "");
        refused(packed(&element, "xl").await, Code::InvalidArgument, "nobody else");
        patiently(|| packed(&element, "telkomsel")).await;
        let streamed = |token: &str, operator: &str| {
            let questions = vec![check_request(&asked, operator)];
            let questions = shown(token, tokio_stream::iter(questions));
            async { office.server.client().await.check_stream(questions).await?.into_inner().message().await }
        };
        refused(streamed("", "").await, Code::Unauthenticated, "");
        refused(streamed(&element, "xl").await, Code::InvalidArgument, "nobody else");
        assert!(streamed(&element, "telkomsel").await.unwrap().is_some());

        // An explanation tells more than a check: it is not for network elements.
        let explain = |token: &str| {
            let question = shown(token, ExplainRequest { equipment: PHONE.into(), ..ExplainRequest::default() });
            async { office.server.client().await.explain(question).await }
        };
        refused(explain("").await, Code::Unauthenticated, "");
        refused(explain(&element).await, Code::PermissionDenied, "mme-1 is none of these");
        refused(explain(&nobody).await, Code::PermissionDenied, "none of these");
        patiently(|| explain(&agent)).await;
        patiently(|| explain(&office.admin)).await;

        // So the command line gives it the network's answer, and no more when it asks for more.
        let file = office.register.path("element.token");
        std::fs::write(&file, &element).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let at = format!("check {PHONE} --server {} --token-file {}", office.server.url(), file.display());
        let short = support::run(words(&at)).ok().out;
        assert!(short.contains("reason       REGISTERED") && !short.contains("came by"), "{short}");
        support::run(words(&(at + " --explain"))).refused(1, &["mme-1 is none of these"]);

        // Health tells nothing of the register.
        let channel = tonic::transport::Endpoint::from_shared(office.server.url()).unwrap().connect().await.unwrap();
        let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
        let service = "saring.v1.EquipmentCheck".to_owned();
        let healthy = health.check(tonic_health::pb::HealthCheckRequest { service }).await.unwrap().into_inner();
        assert_eq!(healthy.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
        assert_eq!(office.server.get("/readyz").0, 200);

        // Who is revoked asks no more.
        let revoke = proto::RevokePrincipalRequest {
            request_id: "the-element-is-gone".into(),
            name: "mme-1".into(),
            ..Default::default()
        };
        office.client().await.revoke_principal(shown(&office.admin, revoke)).await.unwrap();
        refused(check(&element, "telkomsel").await, Code::Unauthenticated, "revoked");
        let (_, diagnostics) = office.close();
        assert!(!diagnostics.contains(&element), "a token stands in the diagnostics");
    });
}

#[test]
fn a_loopback_door_asks_nobody_who_it_is() {
    let register = Register::new();
    register.import("registered", "imei\n35209900176200\n", "");
    run(async {
        let office = Office::open(register);
        assert_eq!(office.reason(PHONE).await, "REGISTERED");
    });
}
