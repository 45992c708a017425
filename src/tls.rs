//! TLS of the doors: certificate, key and the roots of clients, read once when a door opens.
//!
//! What always holds: a key that others on the machine can read is refused; nothing is served over TLS but the one
//! protocol of the door (HTTP/2 for gRPC, HTTP/1.1 for pages);
//! a connection is proved anew each time (no tickets, no resumption, no early data), so a certificate that has run
//! out cannot come back with an old session. Which connections get in is the handshake's matter, which principal
//! they are is not.

mod files;

pub use files::{FileError, FileFault};
pub(crate) use files::{Material, read_certificates, read_identity, read_secret};

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::{CryptoProvider, ring},
        server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    },
    server::TlsStream,
};

/// A connection whose handshake is done.
pub(crate) type Stream<S> = TlsStream<S>;

/// The only protocol that a door speaks within TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// gRPC: a client has to ask for it (ALPN `h2`).
    Http2,
    /// Pages: what a client gets that asks for nothing.
    Http1,
}

impl Speaks {
    /// Its name within TLS.
    const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http2 => b"h2",
            Self::Http1 => b"http/1.1",
        }
    }
}

/// Where the material of a door lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The node's certificate and what stands between it and its root, PEM.
    pub cert: PathBuf,
    /// The key of that certificate, PEM.
    pub key: PathBuf,
    /// Whose certificates clients may show. None: clients are not asked for one.
    pub clients: Option<ClientRoots>,
}

/// Whose certificates clients may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRoots {
    /// Certificates of the authorities, PEM.
    pub ca: PathBuf,
    /// Whether a client without certificate is refused. One with a wrong certificate always is.
    pub required: bool,
}

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key is not that of the certificate.
    #[error("the key in {key} is not that of the certificate in {cert}", key = key.display(), cert = cert.display())]
    NotItsKey {
        /// File of the key.
        key: PathBuf,
        /// File of the certificate.
        cert: PathBuf,
    },
    /// The library refuses the material.
    #[error("{path} cannot be used for TLS: {error}", path = path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The library's word.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl TlsError {
    fn refused(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused { path: path.to_owned(), error: error.into() }
    }
}

/// TLS as a door offers it. Cloning copies a reference.
#[derive(Clone)]
pub struct Tls(TlsAcceptor, Speaks);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else, others can read the key, or the key is another one's.
    pub fn load(files: &TlsFiles, speaks: Speaks) -> Result<Self, TlsError> {
        use tokio_rustls::rustls::Error;
        let provider = Arc::new(ring::default_provider());
        let material = read_identity(&files.cert, &files.key)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::refused(&files.cert, error))?;
        let builder = match &files.clients {
            Some(roots) => builder.with_client_cert_verifier(verifier(roots, provider)?),
            None => builder.with_no_client_auth(),
        };
        let Material { certificates, key, .. } = material;
        let mut config = builder.with_single_cert(certificates, key).map_err(|error| match error {
            Error::InconsistentKeys(_) => TlsError::NotItsKey { key: files.key.clone(), cert: files.cert.clone() },
            error => TlsError::refused(&files.cert, error),
        })?;
        config.alpn_protocols = vec![speaks.alpn().to_vec()];
        // Network elements keep few connections for long: a resumed session saves nothing and is not proved anew.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self(TlsAcceptor::from(Arc::new(config)), speaks))
    }

    /// One handshake, to its end.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: S) -> io::Result<TlsStream<S>> {
        let stream = self.0.accept(socket).await?;
        if self.1 == Speaks::Http2 && stream.get_ref().1.alpn_protocol() != Some(self.1.alpn()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the client did not ask for HTTP/2 (ALPN h2)"));
        }
        Ok(stream)
    }
}

/// The client's certificate (DER), as the handshake proved it.
pub(crate) fn certificate<S>(stream: &TlsStream<S>) -> Option<&[u8]> {
    stream.get_ref().1.peer_certificates()?.first().map(AsRef::as_ref)
}

fn verifier(roots: &ClientRoots, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut store = RootCertStore::empty();
    for root in files::read_authorities(&roots.ca)? {
        store.add(root).map_err(|error| TlsError::refused(&roots.ca, error))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider);
    let builder = if roots.required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| TlsError::refused(&roots.ca, error))
}

#[cfg(test)]
mod tests;
