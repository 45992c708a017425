//! One acceptor for all check runtimes, and the phases of the door.
//!
//! It deals each socket to the next runtime. When the door drains it first says so (health, streams), then takes
//! what the kernel has already accepted, and only then closes the port: a client whose connect succeeded is served.

use super::server::{GrpcConfig, GrpcError};
use crate::{
    metrics::{Metrics, OpenConnection},
    proto::equipment_check_server::SERVICE_NAME,
};
use std::{
    io::{self, IoSlice},
    net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::Handle,
    sync::{mpsc, watch},
};
use tonic::transport::server::{Connected, TcpConnectInfo};
use tonic_health::{ServingStatus, server::HealthReporter};

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: u32 = 1024;

/// How long to wait when the system has no more file descriptors.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// What the door does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The register is being loaded.
    Warming,
    /// Checks are answered.
    Serving,
    /// What was accepted is finished.
    Draining,
}

/// One socket on its way to a check runtime.
#[derive(Debug)]
pub(super) struct Dealt {
    socket: StdStream,
    open: OpenConnection,
}

impl Dealt {
    /// The socket on the runtime that calls this.
    pub(super) fn register(self) -> io::Result<Connection> {
        Ok(Connection { socket: TcpStream::from_std(self.socket)?, _open: self.open })
    }
}

/// Accepts connections.
pub(super) struct Acceptor {
    listener: TcpListener,
    local: SocketAddr,
    dealers: Vec<mpsc::UnboundedSender<Dealt>>,
    next: usize,
    connections_max: usize,
    metrics: Metrics,
    health: HealthReporter,
}

impl Acceptor {
    pub(super) fn bind(
        config: &GrpcConfig,
        dealers: Vec<mpsc::UnboundedSender<Dealt>>,
        metrics: Metrics,
        health: HealthReporter,
        side: &Handle,
    ) -> Result<Self, GrpcError> {
        let _entered = side.enter();
        let (listener, local) =
            listen(config.listen).map_err(|error| GrpcError::Listen { address: config.listen, error })?;
        Ok(Self { listener, local, dealers, next: 0, connections_max: config.connections_max, metrics, health })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Accepts until the door drains; then sets `draining`, deals what is left and ends.
    pub(super) async fn run(mut self, mut phase: watch::Receiver<Phase>, draining: watch::Sender<bool>) {
        self.say(ServingStatus::NotServing).await;
        loop {
            tokio::select! {
                biased;
                changed = phase.changed() => {
                    let now = *phase.borrow_and_update();
                    match now {
                        Phase::Warming => {}
                        Phase::Serving if changed.is_ok() => self.say(ServingStatus::Serving).await,
                        Phase::Serving | Phase::Draining => break,
                    }
                    if changed.is_err() {
                        break;
                    }
                }
                accepted = self.listener.accept() => self.take(accepted).await,
            }
        }
        self.say(ServingStatus::NotServing).await;
        // Whoever watches has been told; a watch that stayed open would keep its connection open.
        for service in ["", SERVICE_NAME] {
            self.health.clear_service_status(service).await;
        }
        draining.send_replace(true);
        self.deal_backlog();
    }

    async fn say(&self, status: ServingStatus) {
        for service in ["", SERVICE_NAME] {
            self.health.set_service_status(service, status).await;
        }
    }

    async fn take(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted.and_then(|(socket, _)| socket.into_std()) {
            Ok(socket) => self.deal(socket),
            // One peer that went away at once is nothing; no descriptors left would spin.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }

    /// Deals what the kernel had accepted before the port is closed.
    fn deal_backlog(mut self) {
        // Never registered again, so the reactor need not have seen the sockets.
        let Some(listener) = self.listen_no_more() else { return };
        while let Ok((socket, _)) = listener.accept() {
            if socket.set_nonblocking(true).is_ok() {
                self.deal(socket);
            }
        }
    }

    fn listen_no_more(&mut self) -> Option<StdListener> {
        use std::os::fd::{AsFd, OwnedFd};
        let fd: OwnedFd = self.listener.as_fd().try_clone_to_owned().ok()?;
        let listener = StdListener::from(fd);
        listener.set_nonblocking(true).ok()?;
        Some(listener)
    }

    fn deal(&mut self, socket: StdStream) {
        let Some(open) = self.metrics.open_connection(self.connections_max) else {
            tracing::warn!(max = self.connections_max, "a connection was refused: too many are open");
            return;
        };
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a connection went away before it was served");
            return;
        }
        let dealer = &self.dealers[self.next % self.dealers.len()];
        self.next = self.next.wrapping_add(1);
        if dealer.send(Dealt { socket, open }).is_err() {
            tracing::error!("a check runtime is gone: a connection is dropped");
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for connections of the last run to leave TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let local = listener.local_addr()?;
    Ok((listener, local))
}

/// A connection, counted as open for as long as it lives.
pub(super) struct Connection {
    socket: TcpStream,
    _open: OpenConnection,
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.socket.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
