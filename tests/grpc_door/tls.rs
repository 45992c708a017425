//! TLS at the door: who is served, who is refused, and that nobody holds others up.

use crate::{
    node::{self, TestNode},
    raw,
};
use rcgen::{CertificateParams, DnType, Issuer, KeyPair, date_time_ymd};
use saring::{
    certs,
    config::{ClientCertificates, NodeConfig},
    grpc::{DoorConfig, Incoming, Peer},
    limits,
    metrics::Metrics,
    proto::{
        CheckBatchRequest, CheckRequest, EquipmentStatus, check_request::Equipment,
        equipment_check_client::EquipmentCheckClient,
    },
    serve::{Node, ServeError},
    tls::{ClientRoots, Speaks, Tls, TlsFiles},
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    future::pending,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Handle,
    sync::oneshot,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};
use tokio_stream::StreamExt;
use tonic::{
    Request, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server},
};
use tonic_health::{
    pb::{HealthCheckRequest, health_client::HealthClient, health_server::HealthServer},
    server::{HealthReporter, HealthService},
};

/// Certificates in a directory of their own.
struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let office = Self { dir: tempfile::tempdir().unwrap() };
        certs::init(office.dir.path(), &[], &["telkomsel".into(), "xl".into()]).unwrap();
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn tls(&self, config: &mut NodeConfig) {
        config.tls_cert = Some(self.path("server.pem"));
        config.tls_key = Some(self.path("server.key"));
        config.tls_client_ca = Some(self.path("ca.pem"));
    }

    fn identity(&self, operator: &str) -> Shown {
        let file = |suffix: &str| self.text(&format!("operator-{operator}.{suffix}"));
        Shown { cert: file("pem"), key: file("key") }
    }

    /// A client certificate of this authority that ran out long ago.
    fn expired(&self) -> Shown {
        let key = KeyPair::from_pem(&self.text("ca.key")).unwrap();
        let issuer = Issuer::from_ca_cert_pem(&self.text("ca.pem"), key).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "telkomsel");
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        let key = KeyPair::generate().unwrap();
        Shown { cert: params.signed_by(&key, &issuer).unwrap().pem(), key: key.serialize_pem() }
    }

    /// A client that believes this office and shows an identity.
    async fn ask(&self, address: SocketAddr, identity: Option<Shown>) -> Result<EquipmentStatus, String> {
        let channel = self.channel(address, identity).await?;
        let answer = EquipmentCheckClient::new(channel).check(question()).await;
        answer.map(|answer| answer.into_inner().verdict.unwrap().status()).map_err(|status| format!("{status:?}"))
    }

    async fn channel(&self, address: SocketAddr, identity: Option<Shown>) -> Result<Channel, String> {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.text("ca.pem")));
        if let Some(identity) = identity {
            tls = tls.identity(Identity::from_pem(identity.cert, identity.key));
        }
        let url = format!("https://localhost:{}", address.port());
        let endpoint = Endpoint::from_shared(url).unwrap().tls_config(tls).unwrap();
        endpoint.connect().await.map_err(|error| format!("{error:?}"))
    }
}

/// What a client shows, PEM.
#[derive(Clone)]
struct Shown {
    cert: String,
    key: String,
}

/// A client of TLS and nothing above it: what the door says first, or why it refuses.
async fn first_byte(office: &Office, address: SocketAddr, shown: Option<Shown>, alpn: &[&str]) -> Result<u8, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(office.path("ca.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        Some(Shown { cert, key }) => {
            let cert = CertificateDer::from_pem_slice(cert.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![cert], PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connected = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    let mut stream = connected.map_err(|error| error.to_string())?;
    stream.read_u8().await.map_err(|error| error.to_string())
}

fn question() -> CheckRequest {
    CheckRequest { equipment: Some(Equipment::EquipmentKey(node::REGISTERED)), ..Default::default() }
}

#[tokio::test]
async fn the_right_client_is_served_and_every_other_is_refused() {
    let (office, foreign) = (Office::new(), Office::new());
    let node = TestNode::with(|config| office.tls(config));
    assert_eq!(office.ask(node.grpc, Some(office.identity("telkomsel"))).await, Ok(EquipmentStatus::Whitelisted));
    // A certificate for servers is no client's.
    let servers = Shown { cert: office.text("server.pem"), key: office.text("server.key") };
    for (wrong, shown, word) in [
        ("no certificate", None, "CertificateRequired"),
        ("another authority's", Some(foreign.identity("telkomsel")), "UnknownCA"),
        ("expired", Some(office.expired()), "CertificateExpired"),
        ("for servers", Some(servers), "alert"),
    ] {
        assert!(office.ask(node.grpc, shown.clone()).await.is_err(), "{wrong}");
        let refused = first_byte(&office, node.grpc, shown, &["h2"]).await.unwrap_err();
        assert!(refused.contains(word), "{wrong}: {refused}");
    }
    // A client that does not know the node's authority does not speak to it.
    let stranger = foreign.ask(node.grpc, Some(foreign.identity("xl"))).await.unwrap_err();
    assert!(stranger.contains("UnknownIssuer"), "{stranger}");
    // Plain words are not understood.
    let plain = Channel::from_shared(format!("http://{}", node.grpc)).unwrap().connect().await;
    if let Ok(channel) = plain {
        assert!(EquipmentCheckClient::new(channel).check(question()).await.is_err());
    }
    let (_, figures) = node.get("/metrics");
    let counted = figures.lines().find_map(|line| line.strip_prefix("saring_handshakes_refused_total "));
    assert!(counted.unwrap().parse::<u64>().unwrap() >= 9, "{counted:?}");
    assert_eq!(node.metrics.checks(), 1, "one question was answered");
    node.stop().await.unwrap();
}

#[tokio::test]
async fn optional_means_none_and_not_any() {
    let (office, foreign) = (Office::new(), Office::new());
    let node = TestNode::with(|config| {
        office.tls(config);
        config.tls_client_certs = ClientCertificates::Optional;
    });
    assert!(office.ask(node.grpc, None).await.is_ok());
    assert!(office.ask(node.grpc, Some(office.identity("xl"))).await.is_ok());
    assert!(office.ask(node.grpc, Some(foreign.identity("xl"))).await.is_err());
    assert!(office.ask(node.grpc, Some(office.expired())).await.is_err());
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_connection_bears_all_kinds_of_calls_after_it_changed_its_runtime() {
    let office = Office::new();
    let node = TestNode::with(|config| office.tls(config));
    // Both runtimes have one.
    for operator in ["telkomsel", "xl", "telkomsel"] {
        let channel = office.channel(node.grpc, Some(office.identity(operator))).await.unwrap();
        let mut client = EquipmentCheckClient::new(channel);
        let keys = limits::BATCH_QUESTIONS_MAX;
        let batch = CheckBatchRequest { equipment_key: vec![node::STOLEN; keys], ..Default::default() };
        let answers = client.check_batch(batch).await.unwrap().into_inner();
        assert_eq!(answers.statuses, vec![EquipmentStatus::Blacklisted as u8; keys]);
        let questions = tokio_stream::iter(vec![question(); 2_000]);
        let answers = client.check_stream(questions).await.unwrap().into_inner();
        let statuses: Vec<_> = answers.map(|answer| answer.unwrap().verdict.unwrap().status()).collect().await;
        assert_eq!(statuses, vec![EquipmentStatus::Whitelisted; 2_000]);
    }
    node.stop().await.unwrap();
}

#[tokio::test]
async fn silent_clients_hold_nobody_up() {
    let office = Office::new();
    let node = TestNode::with(|config| office.tls(config));
    let mut silent = Vec::new();
    for half in 0..limits::HANDSHAKES_MAX + 20 {
        let mut socket = TcpStream::connect(node.grpc).await.unwrap();
        if half % 2 == 0 {
            // The beginning of a record that never comes.
            socket.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).await.unwrap();
        }
        silent.push(socket);
    }
    assert!(office.ask(node.grpc, Some(office.identity("xl"))).await.is_ok());
    // The first of them had to go, for the client that had something to say.
    assert!(silent[0].read(&mut [0; 64]).await.map_or(true, |bytes| bytes == 0));
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_node_drains_with_connections_open_and_handshakes_begun() {
    let office = Office::new();
    let node = TestNode::with(|config| office.tls(config));
    let channel = office.channel(node.grpc, Some(office.identity("xl"))).await.unwrap();
    let mut client = EquipmentCheckClient::new(channel);
    assert!(client.check(question()).await.is_ok());
    let silent = TcpStream::connect(node.grpc).await.unwrap();
    node.stop().await.unwrap();
    drop(silent);
    assert!(client.check(question()).await.is_err());
}

#[tokio::test]
async fn within_tls_nothing_but_http2_is_spoken() {
    let office = Office::new();
    let node = TestNode::with(|config| {
        office.tls(config);
        config.tls_client_ca = None;
    });
    for (protocols, spoken) in [(&["h2"][..], true), (&["http/1.1"], false), (&[], false)] {
        // What a server says first on HTTP/2: its settings, three bytes of length before.
        let heard = first_byte(&office, node.grpc, None, protocols).await;
        assert_eq!(heard.is_ok(), spoken, "{protocols:?}: {heard:?}");
    }
    node.stop().await.unwrap();
}

/// A health service that notes who asked it.
fn noting(seen: &Arc<Mutex<Vec<Peer>>>) -> impl Fn(Request<()>) -> Result<Request<()>, Status> + Clone + use<> {
    let seen = Arc::clone(seen);
    move |request| {
        let peer = request.extensions().get::<Peer>().cloned().ok_or_else(|| Status::internal("no peer"))?;
        seen.lock().unwrap().push(peer);
        Ok(request)
    }
}

/// Serves a second door until `stop` is told.
fn second_door(
    tls: Option<Tls>,
    seen: &Arc<Mutex<Vec<Peer>>>,
) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let config = DoorConfig { listen: "127.0.0.1:0".parse().unwrap(), connections_max: 2, tls };
    let incoming = Incoming::bind(&config, &Metrics::new(1).unwrap(), &Handle::current()).unwrap();
    let address = incoming.local_addr();
    let (stop, stopped) = oneshot::channel();
    let connections = incoming.connections(async { stopped.await.unwrap_or(()) });
    let health =
        HealthServer::with_interceptor(HealthService::from_health_reporter(HealthReporter::new()), noting(seen));
    let served = tokio::spawn(async move {
        Server::builder().serve_with_incoming_shutdown(health, connections, pending()).await.unwrap();
    });
    (address, stop, served)
}

async fn health(channel: Channel) -> Result<(), Status> {
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.map(|_| ())
}

#[tokio::test]
async fn requests_of_a_second_door_say_who_asks() {
    let office = Office::new();
    let files = TlsFiles {
        cert: office.path("server.pem"),
        key: office.path("server.key"),
        clients: Some(ClientRoots { ca: office.path("ca.pem"), required: false }),
    };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (address, stop, served) = second_door(Some(Tls::load(&files, Speaks::Http2).unwrap()), &seen);
    let xl = office.channel(address, Some(office.identity("xl"))).await.unwrap();
    health(xl.clone()).await.unwrap();
    let nobody = office.channel(address, None).await.unwrap();
    health(nobody.clone()).await.unwrap();
    // Two places, both taken.
    assert!(office.ask(address, None).await.is_err());
    let peers = std::mem::take(&mut *seen.lock().unwrap());
    assert!(peers.iter().all(|peer| peer.is_loopback() && peer.address().port() != address.port()));
    let shown = peers[0].certificate().unwrap();
    assert_eq!(shown.subject_common_name.as_deref(), Some("xl"));
    let der = CertificateDer::from_pem_file(office.path("operator-xl.pem")).unwrap();
    assert_eq!(shown.fingerprint, <[u8; 32]>::from(Sha256::digest(&der)));
    assert_eq!(peers[1].certificate(), None);
    stop.send(()).unwrap();
    // It ends in order although both are open: they are told to go.
    served.await.unwrap();
    drop((xl, nobody));
}

#[tokio::test]
async fn a_plain_second_door_knows_addresses_only() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (address, stop, served) = second_door(None, &seen);
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    health(channel.clone()).await.unwrap();
    let peer = seen.lock().unwrap()[0].clone();
    assert!(peer.is_loopback() && peer.certificate().is_none());
    stop.send(()).unwrap();
    served.await.unwrap();
}

fn start_error(change: impl FnOnce(&mut NodeConfig)) -> ServeError {
    let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut config = NodeConfig { listen: free, http: free, threads: 1, ..NodeConfig::default() };
    change(&mut config);
    Node::start(&config, |_| Err("never".into())).err().unwrap()
}

#[test]
fn half_of_tls_and_doors_for_everybody_do_not_open() {
    let file = |path: &Path| Some(path.to_owned());
    let (office, beyond): (_, SocketAddr) = (Office::new(), "0.0.0.0:0".parse().unwrap());
    let (cert, key) = (office.path("server.pem"), office.path("server.key"));
    type Change = Box<dyn FnOnce(&mut NodeConfig)>;
    let (first, second, third) = (file(&cert), file(&key), file(&cert));
    let changes: [(Change, &str); 5] = [
        (Box::new(|config| config.tls_cert = first), "tls_cert is given without tls_key"),
        (Box::new(|config| config.tls_key = second), "tls_key is given without tls_cert"),
        (Box::new(|config| config.tls_client_ca = third), "tls_client_ca is given without tls_cert"),
        (Box::new(move |config| config.listen = beyond), "the gRPC door would be open to everybody"),
        (Box::new(move |config| config.http = beyond), "the HTTP door would be open to everybody"),
    ];
    for (change, words) in changes {
        let error = start_error(change).to_string();
        assert!(error.contains(words), "{error}");
    }
    let swapped = start_error(|config| {
        office.tls(config);
        config.tls_key = Some(office.path("ca.key"));
    });
    assert!(swapped.to_string().contains("is not that of the certificate in"), "{swapped}");
}

#[tokio::test]
async fn a_protected_door_opens_beyond_loopback_and_an_open_one_where_it_is_wanted() {
    let office = Office::new();
    let node = TestNode::with(|config| {
        office.tls(config);
        config.listen = "0.0.0.0:0".parse().unwrap();
        // This node has hot sets only: nobody is known to it.
        config.ask_who = Some(false);
    });
    assert!(office.ask(node.grpc, Some(office.identity("xl"))).await.is_ok());
    node.stop().await.unwrap();
    let node = TestNode::with(|config| {
        config.listen = "0.0.0.0:0".parse().unwrap();
        config.allow_unprotected_beyond_loopback = true;
    });
    let address = SocketAddr::from(([127, 0, 0, 1], node.grpc.port()));
    let client = raw::connect(address).await;
    let body = raw::framed(&prost::Message::encode_to_vec(&question()));
    assert_eq!(raw::call(client, raw::CHECK, None, body).await.unwrap().grpc_status, Some(0));
    node.stop().await.unwrap();
}
