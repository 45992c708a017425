//! Which doors are open beyond this machine without protection.
//!
//! A register that anybody on the network may ask tells who has which phone. So a door beyond loopback is refused
//! unless TLS with required client certificates stands before it (for pages: TLS, they sign people in), or the
//! configuration says in plain words that it shall be open.

use super::{ClientCertificates, NodeConfig};
use std::net::SocketAddr;

/// A door that is open beyond this machine without protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Its name: `gRPC`, `HTTP`.
    pub door: &'static str,
    /// Its address.
    pub address: SocketAddr,
    /// What is missing.
    pub lacks: &'static str,
}

/// Why a node with this configuration must not serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {door} door would be open to everybody who reaches {address}: {lacks}. Serve on loopback (127.0.0.1), or \
     write --allow-unprotected-beyond-loopback if something else protects it", door = .0.door, address = .0.address,
    lacks = .0.lacks
)]
pub struct Unprotected(pub Exposed);

impl NodeConfig {
    /// The doors of this configuration that are open beyond this machine without protection. They are allowed only
    /// where `allow_unprotected_beyond_loopback` says so.
    ///
    /// # Errors
    /// When there is one and it is not allowed.
    pub fn exposed(&self) -> Result<Vec<Exposed>, Unprotected> {
        let grpc = self.lacking().map(|lacks| Exposed { door: "gRPC", address: self.listen, lacks });
        // Its calls need a token or a certificate anyway; in clear, whoever listens has the token.
        let plain = self.tls_cert.is_none().then_some("it has no TLS (--tls-cert, --tls-key)");
        let registry = plain.map(|lacks| Exposed { door: "Registry", address: self.registry_address(), lacks });
        // The console signs people in; in clear, whoever listens has their sessions.
        let plain = self.http_tls_cert.is_none().then_some("it has no TLS (--http-tls-cert, --http-tls-key)");
        let http = plain.map(|lacks| Exposed { door: "HTTP", address: self.http, lacks });
        let beyond = |door: &Exposed| !is_loopback(door.address);
        let exposed: Vec<Exposed> = [grpc, registry, http].into_iter().flatten().filter(beyond).collect();
        match exposed.first() {
            Some(first) if !self.allow_unprotected_beyond_loopback => Err(Unprotected(first.clone())),
            _ => Ok(exposed),
        }
    }

    /// What a gRPC door of this configuration lacks to be open beyond this machine.
    fn lacking(&self) -> Option<&'static str> {
        match (&self.tls_cert, &self.tls_client_ca, self.tls_client_certs) {
            (None, ..) => Some("it has no TLS (--tls-cert, --tls-key, --tls-client-ca)"),
            (_, None, _) => Some("it asks clients for no certificate (--tls-client-ca)"),
            (.., ClientCertificates::Optional) => Some("it serves clients without certificate (--tls-client-certs)"),
            (.., ClientCertificates::Required) => None,
        }
    }
}

/// Whether only this machine reaches an address. A wildcard is every address of the machine.
fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(listen: &str, http: &str) -> NodeConfig {
        NodeConfig { listen: listen.parse().unwrap(), http: http.parse().unwrap(), ..NodeConfig::default() }
    }

    fn secured(listen: &str, http: &str) -> NodeConfig {
        let file = || Some("file.pem".into());
        NodeConfig { tls_cert: file(), tls_key: file(), tls_client_ca: file(), ..config(listen, http) }
    }

    #[test]
    fn only_a_door_beyond_this_machine_needs_protection() {
        assert_eq!(config("127.0.0.1:1", "[::1]:2").exposed().unwrap(), []);
        assert_eq!(config("[::ffff:127.0.0.1]:1", "127.9.9.9:2").exposed().unwrap(), []);
        for beyond in ["0.0.0.0:1", "[::]:1", "10.1.2.3:1", "[::ffff:10.1.2.3]:1"] {
            let refused = config(beyond, "127.0.0.1:2").exposed().unwrap_err();
            assert_eq!((refused.0.door, refused.0.address.to_string().as_str()), ("gRPC", beyond));
            assert_eq!(config("127.0.0.1:1", beyond).exposed().unwrap_err().0.door, "HTTP");
            assert_eq!(secured(beyond, "127.0.0.1:2").exposed().unwrap(), []);
        }
    }

    #[test]
    fn the_http_door_beyond_this_machine_has_tls_of_its_own() {
        let file = || Some("file.pem".into());
        let config = |cert| NodeConfig { http_tls_cert: cert, ..config("127.0.0.1:1", "0.0.0.0:2") };
        assert_eq!(config(file()).exposed().unwrap(), []);
        assert!(config(None).exposed().unwrap_err().0.lacks.contains("--http-tls-cert"));
    }

    #[test]
    fn half_of_the_protection_is_none() {
        let without = |change: fn(&mut NodeConfig)| {
            let mut config = secured("0.0.0.0:1", "127.0.0.1:2");
            change(&mut config);
            config.exposed().unwrap_err().0.lacks
        };
        assert!(without(|config| config.tls_cert = None).contains("no TLS"));
        assert!(without(|config| config.tls_client_ca = None).contains("no certificate"));
        assert!(without(|config| config.tls_client_certs = ClientCertificates::Optional).contains("without"));
    }

    #[test]
    fn whoever_says_so_in_plain_words_may_and_every_such_door_is_named() {
        let open = NodeConfig { allow_unprotected_beyond_loopback: true, ..config("0.0.0.0:1", "0.0.0.0:2") };
        let doors: Vec<&str> = open.exposed().unwrap().iter().map(|exposed| exposed.door).collect();
        assert_eq!(doors, ["gRPC", "Registry", "HTTP"]);
    }
}
