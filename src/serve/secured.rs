//! TLS of the doors as the configuration wants it.
//!
//! What always holds: half of what TLS takes is refused, and files are read before a door is opened.

use super::ServeError;
use crate::{
    config::{ClientCertificates, NodeConfig},
    tls::{ClientRoots, Speaks, Tls, TlsFiles},
};

/// TLS as the configuration wants it; None: plain. Every gRPC door of the node speaks the same.
pub(super) fn grpc(config: &NodeConfig) -> Result<Option<Tls>, ServeError> {
    let half = |given, missing| Err(ServeError::HalfTls { given, missing });
    let (cert, key) = match (&config.tls_cert, &config.tls_key) {
        (Some(cert), Some(key)) => (cert.clone(), key.clone()),
        (Some(_), None) => return half("tls_cert", "tls_key"),
        (None, Some(_)) => return half("tls_key", "tls_cert"),
        (None, None) if config.tls_client_ca.is_some() => return half("tls_client_ca", "tls_cert"),
        (None, None) => return Ok(None),
    };
    let required = config.tls_client_certs == ClientCertificates::Required;
    let clients = config.tls_client_ca.clone().map(|ca| ClientRoots { ca, required });
    Ok(Some(Tls::load(&TlsFiles { cert, key, clients }, Speaks::Http2)?))
}

/// TLS of the HTTP door; None: plain. Browsers are asked for no certificate: people sign in.
pub(super) fn http(config: &NodeConfig) -> Result<Option<Tls>, ServeError> {
    let half = |given, missing| Err(ServeError::HalfTls { given, missing });
    match (&config.http_tls_cert, &config.http_tls_key) {
        (Some(cert), Some(key)) => {
            let files = TlsFiles { cert: cert.clone(), key: key.clone(), clients: None };
            Ok(Some(Tls::load(&files, Speaks::Http1)?))
        }
        (Some(_), None) => half("http_tls_cert", "http_tls_key"),
        (None, Some(_)) => half("http_tls_key", "http_tls_cert"),
        (None, None) => Ok(None),
    }
}
