//! The port of the HTTP door: plain connections as they come, or those whose TLS handshake is done.
//!
//! Handshakes run on the side runtime, where the console is: checks wait for none. What always holds: so many handshakes at a
//! time and no more, each with its time; when as many run as may, the oldest gives way to who comes, so a client that
//! connects and says nothing holds nobody up; who speaks HTTP to a port with TLS is told so in one line and let go.

use crate::{
    limits::{HANDSHAKE_TIMEOUT, HANDSHAKES_MAX},
    tls::{Stream, Tls},
};
use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    middleware::Next,
    response::Response,
    serve::{IncomingStream, Listener},
};
use std::{collections::VecDeque, future, io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

/// How long to wait when the system has no more file descriptors.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);
/// Connections whose handshake is done and that nobody serves yet.
const AHEAD: usize = 64;
/// The first byte of a connection that wants TLS: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;
/// Bytes that are still read of somebody who speaks plain HTTP: so that the answer arrives before the end.
const PLAIN_BYTES_MAX: u64 = 64 * 1024;
/// What they are told.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
                     Content-Length: 55\r\n\r\nThis port speaks TLS: write https:// and not http://.\r\n";

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, Port>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Tells pages the address of who asks, whatever port it came by.
pub(super) async fn tell_address(
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(ConnectInfo(peer));
    next.run(request).await
}

/// Connections within TLS. Its handshakes end with it.
pub(super) struct Port {
    done: mpsc::Receiver<(Stream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
    _taking: JoinSet<()>,
}

impl Port {
    pub(super) fn new(listener: TcpListener, tls: Tls) -> io::Result<Self> {
        let (give, done) = mpsc::channel(AHEAD);
        let (local, mut taking) = (listener.local_addr()?, JoinSet::new());
        taking.spawn(take(listener, tls, give));
        Ok(Self { done, local, _taking: taking })
    }
}

impl Listener for Port {
    type Io = Stream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.done.recv().await {
            Some(taken) => taken,
            None => future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

/// Accepts, and has handshakes done.
async fn take(listener: TcpListener, tls: Tls, give: mpsc::Sender<(Stream<TcpStream>, SocketAddr)>) {
    let (mut handshakes, mut order) = (JoinSet::new(), VecDeque::<AbortHandle>::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = handshakes.join_next() => continue,
        };
        let (socket, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection of the HTTP door was not taken");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
                continue;
            }
        };
        while order.front().is_some_and(AbortHandle::is_finished) {
            order.pop_front();
        }
        if handshakes.len() >= HANDSHAKES_MAX || order.len() >= 2 * HANDSHAKES_MAX {
            order.retain(|handshake| !handshake.is_finished());
            if let Some(oldest) = order.pop_front().filter(|_| handshakes.len() >= HANDSHAKES_MAX) {
                oldest.abort();
            }
        }
        let (tls, give) = (tls.clone(), give.clone());
        order.push_back(handshakes.spawn(async move {
            match timeout(HANDSHAKE_TIMEOUT, shake(socket, &tls)).await {
                // The door may have closed meanwhile.
                Ok(Ok(stream)) => drop(give.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS with this client"),
                Err(_) => tracing::debug!(%address, "a client took too long for its TLS handshake"),
            }
        }));
    }
}

async fn shake(mut socket: TcpStream, tls: &Tls) -> io::Result<Stream<TcpStream>> {
    let mut first = [0];
    if socket.peek(&mut first).await? == 0 || first[0] == TLS_HANDSHAKE {
        return tls.accept(socket).await;
    }
    socket.write_all(PLAIN.as_bytes()).await?;
    socket.shutdown().await?;
    tokio::io::copy(&mut socket.take(PLAIN_BYTES_MAX), &mut tokio::io::sink()).await?;
    Err(io::Error::new(io::ErrorKind::InvalidData, "the client speaks plain HTTP"))
}

#[cfg(test)]
mod tests {
    use super::PLAIN;

    #[test]
    fn the_plain_answer_is_whole() {
        let length = PLAIN.split_once("\r\n\r\n").map(|(_, body)| body.len());
        assert_eq!(length, Some(55));
    }
}
