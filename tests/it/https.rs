//! TLS of the HTTP door: people sign in over it, and whoever speaks something else is let go.

use crate::support::{
    Register, Server,
    browser::{Browser, trusting},
    office::Office,
};
use saring::certs;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
};
use tokio_rustls::rustls::ClientConnection;

/// A register with certificates beside it.
fn register() -> (Register, PathBuf) {
    let register = Register::new();
    register.import("registered", "35440121000001\n", "");
    let dir = register.path("certs");
    certs::init(&dir, &[], &[]).unwrap();
    (register, dir)
}

fn serve(register: &Register, dir: &std::path::Path, http: &str) -> Server {
    let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (cert, key) = (file("server.pem"), file("server.key"));
    Server::start_at(register, "127.0.0.1:0", http, &["--http-tls-cert", &cert, "--http-tls-key", &key])
}

/// What a port says to plain HTTP.
fn plain(address: SocketAddr) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(b"GET /sign-in HTTP/1.1\r\nHost: node\r\n\r\n").unwrap();
    let mut said = String::new();
    socket.read_to_string(&mut said).unwrap();
    said
}

#[test]
fn people_sign_in_over_tls_of_the_node_itself() {
    let (register, dir) = register();
    let server = serve(&register, &dir, "127.0.0.1:0");
    let office = Office::of(server, register);
    let (http, ca) = (office.server.http, dir.join("ca.pem"));
    let mut browser = Browser::secure(http, &ca);
    let page = browser.get("/sign-in");
    assert_eq!(page.status, 200);
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure") && cookie.contains("HttpOnly"), "{cookie}");
    // The form of a page that came without TLS is somebody else's.
    let (csrf, token) = (browser.csrf.clone(), office.admin.clone());
    let origin = |scheme: &str| format!("{scheme}://{http}");
    let fields = [("token", token.as_str())];
    let forged = browser.post_with("/sign-in/token", &csrf, &fields, &[("Origin", &origin("http"))]);
    assert_eq!(forged.status, 403);
    let entered = browser.post_with("/sign-in/token", &csrf, &fields, &[("Origin", &origin("https"))]);
    assert_eq!((entered.status, entered.location()), (303, "/"), "{}", entered.body);
    assert!(browser.cookies.keys().all(|name| name.starts_with("__Host-")), "{:?}", browser.cookies.keys());
    assert_eq!(browser.get("/approvals").status, 200);
    assert_eq!(browser.get("/readyz").status, 200);
    assert!(browser.get("/metrics").body.contains("saring_"));

    // Whoever speaks plain HTTP is told so, and gets no page.
    let said = plain(http);
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("https://") && !said.contains("<html"), "{said}");
    // Who wants another protocol, or another authority, gets none.
    let mut config = Arc::unwrap_or_clone(trusting(&ca));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut session = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(http).unwrap();
    assert!(session.complete_io(&mut socket).is_err());
    let (_, diagnostics) = office.close();
    assert!(!diagnostics.contains(&token), "a token stands in the diagnostics");
}

#[test]
fn who_connects_and_says_nothing_holds_nobody_up() {
    let (register, dir) = register();
    let server = serve(&register, &dir, "127.0.0.1:0");
    // More than there are handshakes at a time; each would take its whole time.
    let silent: Vec<_> = (0..300).map(|_| TcpStream::connect(server.http).unwrap()).collect();
    for _ in 0..3 {
        assert_eq!(Browser::secure(server.http, &dir.join("ca.pem")).get("/healthz").body, "alive\n");
    }
    drop(silent);
    server.stop();
}

#[test]
fn beyond_this_machine_the_http_door_serves_with_tls_only() {
    let (register, dir) = register();
    register.run("serve --listen 127.0.0.1:0 --http 0.0.0.0:0").refused(1, &["the HTTP door", "--http-tls-cert"]);
    let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let half = format!("serve --listen 127.0.0.1:0 --http 0.0.0.0:0 --http-tls-cert {}", file("server.pem"));
    register.run(&half).refused(1, &["http_tls_key"]);
    let other = format!("{half} --http-tls-key {}", file("ca.key"));
    register.run(&other).refused(1, &["is not that of the certificate"]);
    let server = serve(&register, &dir, "0.0.0.0:0");
    let here = SocketAddr::from(([127, 0, 0, 1], server.http.port()));
    assert_eq!(Browser::secure(here, &dir.join("ca.pem")).get("/sign-in").status, 200);
    let diagnostics = server.stop();
    assert!(!diagnostics.contains("open beyond this machine"), "{diagnostics}");
}
