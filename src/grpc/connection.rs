//! A connection on its way from the runtime that accepted it to the one that serves it.
//!
//! A runtime's reactor knows a socket from its registration on, and a socket cannot be registered with two. So an
//! accepted socket travels unregistered ([`Accepted`]) and is registered by whoever serves it ([`Connection`]). With
//! TLS the socket lies within the session: it is taken out of the one reactor in place ([`Socket::park`]), the
//! session keeps what it has read already, and the socket is registered with the other.

use super::{
    peer::{Peer, PeerCertificate},
    reception::Place,
};
use crate::tls::{self, Tls};
use std::{
    io::{self, IoSlice},
    net::TcpStream as StdStream,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// A socket that can leave its reactor and enter another.
#[derive(Debug)]
pub(super) enum Socket {
    /// With the reactor of the runtime that polls it.
    Registered(TcpStream),
    /// With none.
    Parked(StdStream),
    /// Lost between the two: the system refused.
    Gone,
}

impl Socket {
    fn parked(self) -> io::Result<Self> {
        Ok(match self {
            Self::Registered(socket) => Self::Parked(socket.into_std()?),
            other => other,
        })
    }

    fn registered(self) -> io::Result<Self> {
        Ok(match self {
            Self::Parked(socket) => Self::Registered(TcpStream::from_std(socket)?),
            other => other,
        })
    }

    /// Takes it out of its reactor, in place.
    fn park(&mut self) -> io::Result<()> {
        *self = std::mem::replace(self, Self::Gone).parked()?;
        Ok(())
    }

    /// Enters it with the reactor of the runtime that calls this, in place.
    fn register(&mut self) -> io::Result<()> {
        *self = std::mem::replace(self, Self::Gone).registered()?;
        Ok(())
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        match self.get_mut() {
            Self::Registered(socket) => Ok(Pin::new(socket)),
            Self::Parked(_) | Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Plain or within TLS.
enum Line {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

/// A connection that no reactor knows yet.
pub(super) struct Accepted {
    line: Line,
    peer: Peer,
    place: Place,
}

impl Accepted {
    /// A connection without TLS.
    pub(super) fn plain(socket: StdStream, place: Place) -> io::Result<Self> {
        let peer = Peer::new(socket.peer_addr()?, None);
        Ok(Self { line: Line::Plain(Socket::Parked(socket)), peer, place })
    }

    /// Does the handshake on the runtime that calls this.
    pub(super) async fn secured(socket: StdStream, tls: &Tls, place: Place) -> io::Result<Self> {
        let address = socket.peer_addr()?;
        let mut stream = tls.accept(Socket::Parked(socket).registered()?).await?;
        let peer = Peer::new(address, tls::certificate(&stream).map(PeerCertificate::read));
        stream.get_mut().0.park()?;
        Ok(Self { line: Line::Tls(Box::new(stream)), peer, place })
    }

    /// The connection on the runtime that calls this.
    pub(super) fn register(self) -> io::Result<Connection> {
        let line = match self.line {
            Line::Plain(socket) => Line::Plain(socket.registered()?),
            Line::Tls(mut stream) => {
                stream.get_mut().0.register()?;
                Line::Tls(stream)
            }
        };
        Ok(Connection { line, peer: self.peer, _place: self.place })
    }
}

/// An accepted connection, plain or within TLS, counted as open for as long as it lives. Requests on it have its
/// [`Peer`] in their extensions.
pub struct Connection {
    line: Line,
    peer: Peer,
    _place: Place,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

macro_rules! delegate {
    ($line:expr, $socket:ident => $call:expr) => {
        match &mut $line {
            Line::Plain($socket) => $call,
            Line::Tls($socket) => $call,
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self.line, socket => Pin::new(socket).poll_read(cx, buf))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self.line, socket => Pin::new(socket).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self.line, socket => Pin::new(socket).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.line {
            Line::Plain(socket) => socket.is_write_vectored(),
            Line::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.line, socket => Pin::new(socket).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.line, socket => Pin::new(socket).poll_shutdown(cx))
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
