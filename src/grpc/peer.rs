//! Who is at the other end of a connection: its address and, with TLS, the certificate that it proved to own.
//!
//! It is made once a connection and travels with every request as one counted reference. What always holds: a
//! certificate stands here only if the handshake proved its key and led it back to a root of `tls_client_ca`; a plain
//! connection has none. A name is taken only where the subject has exactly one, so that two readers of a certificate
//! cannot see two people in it.

use sha2::{Digest, Sha256};
use std::{net::SocketAddr, sync::Arc};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

/// Characters of a common name at most (X.520, ub-common-name).
const COMMON_NAME_MAX: usize = 64;

/// The other end of a connection. In the extensions of every request; cloning copies a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer(Arc<End>);

#[derive(Debug, PartialEq, Eq)]
struct End {
    address: SocketAddr,
    certificate: Option<PeerCertificate>,
}

/// The client certificate of a connection, proved by the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The common name of the subject. None: the subject has none or several, or one that is no text of 1 to 64
    /// printable characters.
    pub subject_common_name: Option<String>,
    /// SHA-256 of the certificate's DER.
    pub fingerprint: [u8; 32],
}

impl Peer {
    /// The other end at this address.
    pub fn new(address: SocketAddr, certificate: Option<PeerCertificate>) -> Self {
        Self(Arc::new(End { address, certificate }))
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        // A socket of both families shows IPv4 addresses within IPv6.
        self.0.address.ip().to_canonical().is_loopback()
    }

    /// Its address and port.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Its certificate; None on plain connections and where certificates are optional and it gave none.
    pub fn certificate(&self) -> Option<&PeerCertificate> {
        self.0.certificate.as_ref()
    }
}

impl PeerCertificate {
    /// Reads a certificate that a handshake has proved.
    pub(super) fn read(der: &[u8]) -> Self {
        let subject_common_name = X509Certificate::from_der(der).ok().and_then(|(_, certificate)| name(&certificate));
        Self { subject_common_name, fingerprint: Sha256::digest(der).into() }
    }

    /// The fingerprint as people compare it: 64 hexadecimal digits.
    pub fn fingerprint_hex(&self) -> String {
        self.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn name(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut names = certificate.subject().iter_common_name();
    let (first, None) = (names.next()?, names.next()) else { return None };
    let name = first.as_str().ok()?;
    let printable = !name.chars().any(char::is_control) && name.trim() == name;
    ((1..=COMMON_NAME_MAX).contains(&name.chars().count()) && printable).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    fn named(names: &[&str]) -> PeerCertificate {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // The library's own type can stand in a subject once only; its number a second time.
        for (name, kind) in names.iter().zip([DnType::CommonName, DnType::CustomDnType(vec![2, 5, 4, 3])]) {
            params.distinguished_name.push(kind, *name);
        }
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(PeerCertificate::read(made.der()).fingerprint, <[u8; 32]>::from(Sha256::digest(made.der())));
        PeerCertificate::read(made.der())
    }

    #[test]
    fn one_printable_name_is_taken_and_nothing_else() {
        let name = |names: &[&str]| named(names).subject_common_name;
        assert_eq!(name(&["telkomsel"]).as_deref(), Some("telkomsel"));
        assert_eq!(name(&["Balai Uji 7"]).as_deref(), Some("Balai Uji 7"));
        let long = "x".repeat(65);
        for bad in ["", " xl", "xl\n", "xl\0", long.as_str()] {
            assert_eq!(name(&[bad]), None, "{bad:?}");
        }
        assert_eq!(name(&[]), None);
        assert_eq!(name(&["xl", "telkomsel"]), None, "two readers could see two");
        assert_eq!(PeerCertificate::read(b"no certificate").subject_common_name, None);
        assert_eq!(named(&["xl"]).fingerprint_hex().len(), 64);
    }

    #[test]
    fn this_machine_is_known_in_every_way_of_writing_it() {
        let loopback = |text: &str| Peer::new(text.parse().unwrap(), None).is_loopback();
        assert!(["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"].map(loopback).iter().all(|yes| *yes));
        assert!(["10.0.0.1:1", "0.0.0.0:1", "[::]:1", "[::ffff:10.0.0.1]:1"].map(loopback).iter().all(|yes| !*yes));
    }
}
