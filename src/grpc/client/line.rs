//! A bare connection to the door, plain or within TLS, that never blocks: for the load generator, whose own HTTP/2
//! costs a tenth of a library's.
//!
//! What always holds: what [`Dialled`](super::Dialled) refuses is refused here: the same rules of address, files and
//! token hold.

use super::{
    ClientError,
    dial::{Access, TIMEOUT, causes, endpoint},
};
use crate::tls::{Material, read_certificates, read_identity};
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, crypto::ring, pki_types::ServerName};

/// The only protocol that is spoken within TLS.
const ALPN_HTTP2: &[u8] = b"h2";

/// A connection. Reads and writes give [`io::ErrorKind::WouldBlock`] where they would have to wait.
#[derive(Debug)]
pub struct Line {
    socket: TcpStream,
    session: Option<Box<ClientConnection>>,
    authority: String,
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Line {
    /// Connects; with https the handshake is done when this returns.
    ///
    /// # Errors
    /// When address, files and token do not fit together, or nobody answers.
    pub fn connect(access: &Access) -> Result<Self, ClientError> {
        let endpoint = endpoint(access)?;
        let url = || ClientError::Url { url: access.url.clone() };
        let failed =
            |error: &dyn std::error::Error| ClientError::Connect { url: access.url.clone(), why: causes(error) };
        let uri = endpoint.uri();
        let secure = uri.scheme_str() == Some("https");
        let authority = uri.authority().ok_or_else(url)?.to_string();
        let host = uri.host().ok_or_else(url)?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let addresses = (host.as_str(), port).to_socket_addrs().map_err(|error| failed(&error))?;
        let mut socket = Err(io::Error::other("the name has no address"));
        for address in addresses {
            socket = TcpStream::connect_timeout(&address, TIMEOUT);
            if socket.is_ok() {
                break;
            }
        }
        let socket = socket.map_err(|error| failed(&error))?;
        let mut line = Self { socket, session: None, authority };
        if secure {
            line.session = Some(Box::new(session(access, &host)?));
        }
        line.open().map_err(|error| failed(&error))?;
        Ok(line)
    }

    /// Host and port as a request names them.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether TLS is spoken.
    pub const fn is_secure(&self) -> bool {
        self.session.is_some()
    }

    /// Finishes the handshake, then never blocks again.
    fn open(&mut self) -> io::Result<()> {
        self.socket.set_nodelay(true)?;
        self.socket.set_read_timeout(Some(TIMEOUT))?;
        if let Some(session) = &mut self.session {
            while session.is_handshaking() {
                session.complete_io(&mut self.socket)?;
            }
            if session.alpn_protocol() != Some(ALPN_HTTP2) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the server speaks no HTTP/2 (ALPN h2)"));
            }
        }
        self.socket.set_nonblocking(true)
    }

    /// Whether bytes that were taken wait for the socket: [`Line::push`] when it can take more.
    pub fn has_unsent(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.wants_write())
    }

    /// Sends what was taken before.
    ///
    /// # Errors
    /// Those of the socket; that it would block is none.
    pub fn push(&mut self) -> io::Result<()> {
        if let Some(session) = &mut self.session {
            while session.wants_write() {
                match session.write_tls(&mut self.socket) {
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

impl Read for Line {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.read(into) };
        loop {
            match session.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            if session.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            session.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.write(bytes) };
        let taken = session.writer().write(bytes)?;
        self.push()?;
        if taken == 0 && !bytes.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push()
    }
}

fn session(access: &Access, host: &str) -> Result<ClientConnection, ClientError> {
    let url = &access.url;
    let refused = |why: String| ClientError::Connect { url: url.clone(), why };
    let ca = access.ca.as_ref().ok_or_else(|| ClientError::NoAuthority { url: url.clone() })?;
    let mut roots = RootCertStore::empty();
    for root in read_certificates(ca)?.1 {
        roots.add(root).map_err(|error| refused(error.to_string()))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?
        .with_root_certificates(roots);
    let mut config = match (&access.cert, &access.key) {
        (None, None) => builder.with_no_client_auth(),
        (None, Some(_)) => return Err(ClientError::KeyAlone),
        (Some(cert), key) => {
            let Material { certificates, key, .. } = read_identity(cert, key.as_ref().unwrap_or(cert))?;
            builder.with_client_auth_cert(certificates, key).map_err(|error| refused(error.to_string()))?
        }
    };
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ClientError::Url { url: url.clone() })?;
    ClientConnection::new(Arc::new(config), name).map_err(|error| refused(error.to_string()))
}
