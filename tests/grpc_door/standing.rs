//! How a node stands: warming, ready, failed; health, reflection, figures.

use crate::node::{self, TestNode};
use saring::{
    config::NodeConfig,
    proto::{CheckRequest, check_request::Equipment, equipment_check_server::SERVICE_NAME},
    serve::{Node, ServeError},
};
use std::sync::mpsc;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tonic_types::StatusExt;

fn question() -> CheckRequest {
    CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() }
}

async fn health(node: &TestNode, service: &str) -> ServingStatus {
    let request = HealthCheckRequest { service: service.into() };
    HealthClient::new(node.channel().await).check(request).await.unwrap().into_inner().status()
}

#[tokio::test]
async fn a_node_that_loads_its_register_says_so_and_never_says_unknown() {
    let (open, gate) = mpsc::channel::<()>();
    let node = TestNode::loading(|_| {}, move || gate.recv().map_err(Into::into));
    let mut client = node.client().await;
    let refused = client.check(question()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.get_error_details().retry_info().unwrap().retry_delay.is_some());
    let stream = client.check_stream(tokio_stream::iter([question()])).await.unwrap_err();
    assert_eq!(stream.code(), Code::Unavailable);
    for service in ["", SERVICE_NAME] {
        assert_eq!(health(&node, service).await, ServingStatus::NotServing, "{service:?}");
    }
    assert_eq!((node.get("/healthz").0, node.get("/readyz").0), (200, 503));
    assert!(node.get("/metrics").1.contains("saring_ready 0\n"));

    let watch = HealthCheckRequest { service: SERVICE_NAME.into() };
    let mut watched = HealthClient::new(node.channel().await).watch(watch).await.unwrap().into_inner();
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    open.send(()).unwrap();
    node.wait_ready();
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    assert!(client.check(question()).await.is_ok());
    assert_eq!(node.get("/readyz"), (200, "ready\n".into()));

    drop(client);
    let stopped = tokio::spawn(node.stop());
    assert_eq!(watched.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop(watched);
    stopped.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_register_that_cannot_be_loaded_ends_the_node_with_its_error() {
    let node = TestNode::loading(|_| {}, || Err("the database is of a newer format".into()));
    let Err(ServeError::Load(error)) = node.ended().await else { panic!("the load's error must be the node's") };
    assert_eq!(error.to_string(), "the database is of a newer format");
    let node = TestNode::loading(|_| {}, || panic!("a broken loader"));
    assert!(matches!(node.ended().await, Err(ServeError::Load(_))));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let config = NodeConfig { listen, ..NodeConfig::default() };
    let error = Node::start(&config, |_| Err("never".into())).err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot listen for gRPC on {listen}: ")), "{error}");
    let free = "127.0.0.1:0".parse().unwrap();
    let config = NodeConfig { listen: free, http: listen, ..NodeConfig::default() };
    let error = Node::start(&config, |_| Err("never".into())).err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot listen for HTTP on {listen}: ")), "{error}");
}

#[tokio::test]
async fn reflection_lists_the_services_and_gives_their_comments_source() {
    let node = TestNode::ready();
    let mut client = ServerReflectionClient::new(node.channel().await);
    let ask = |message| ServerReflectionRequest { host: String::new(), message_request: Some(message) };
    let asked = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("saring.v1.EquipmentCheck".into())),
    ];
    let answers = client.server_reflection_info(tokio_stream::iter(asked)).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.unwrap().message_response.unwrap()).collect().await;
    let MessageResponse::ListServicesResponse(list) = &answers[0] else { panic!("{:?}", answers[0]) };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&SERVICE_NAME) && names.contains(&"grpc.health.v1.Health"), "{names:?}");
    let MessageResponse::FileDescriptorResponse(files) = &answers[1] else { panic!("{:?}", answers[1]) };
    assert!(!files.file_descriptor_proto.is_empty());
    drop(client);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn figures_count_verdicts_by_status_and_reason() {
    let node = TestNode::ready();
    let mut client = node.client().await;
    for _ in 0..5 {
        client.check(question()).await.unwrap();
    }
    let (status, text) = node.get("/metrics");
    assert_eq!(status, 200);
    let line = "saring_checks_total{status=\"WHITELISTED\",reason=\"REGISTERED\"} 5\n";
    assert!(text.contains(line), "{text}");
    for part in [
        "saring_ready 1\n",
        "saring_revision_seq 41\n",
        "saring_revision_epoch 3\n",
        "saring_data_age_seconds 0\n",
        "saring_hot_entries{kind=\"registered\"} 99\n",
        "saring_hot_entries{kind=\"stolen\"} 1\n",
        "saring_hot_bytes{kind=\"all\"}",
        "saring_handler_seconds_count{call=\"check\"}",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    drop(client);
    node.stop().await.unwrap();
}
