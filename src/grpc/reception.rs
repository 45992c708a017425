//! Taking connections at one address: places, handshakes, and what the kernel still holds when a door closes.
//!
//! Handshakes run here, on the side runtime: signing and verifying take as long as many checks. What always holds:
//! so many at a time and no more; each has its time; a client that connects and says nothing holds nobody up, since
//! the oldest handshake that has had its time to itself gives way to one that waits.

use super::connection::Accepted;
use crate::{
    limits,
    metrics::{Metrics, OpenConnection},
    tls::Tls,
};
use std::{
    collections::VecDeque,
    io,
    net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: u32 = 1024;

/// How long to wait when the system has no more file descriptors.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// How many connections there may be.
#[derive(Clone, Debug)]
pub(super) enum Places {
    /// Those of the check door, which the figures count.
    Counted(Metrics, usize),
    /// Those of another door, so that neither takes the other's.
    Apart(Arc<Semaphore>),
}

/// The place of one connection.
#[derive(Debug)]
#[expect(dead_code, reason = "they are kept to be dropped")]
pub(super) enum Place {
    Counted(OpenConnection),
    Apart(OwnedSemaphorePermit),
}

impl Places {
    fn take(&self) -> Option<Place> {
        match self {
            Self::Counted(metrics, max) => metrics.open_connection(*max).map(Place::Counted),
            Self::Apart(places) => Arc::clone(places).try_acquire_owned().ok().map(Place::Apart),
        }
    }
}

/// Takes connections at one address and hands each on.
pub(super) struct Reception {
    listener: TcpListener,
    local: SocketAddr,
    tls: Option<Tls>,
    places: Places,
    metrics: Metrics,
    hand_on: Arc<dyn Fn(Accepted) + Send + Sync>,
    handshakes: JoinSet<()>,
    /// Since when each handshake runs, oldest first.
    begun: VecDeque<(Instant, AbortHandle)>,
}

impl Reception {
    /// Binds the address, for the runtime that calls this.
    pub(super) fn bind(
        address: SocketAddr,
        tls: Option<Tls>,
        places: Places,
        metrics: Metrics,
        hand_on: impl Fn(Accepted) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (listener, local) = listen(address)?;
        let (handshakes, begun) = (JoinSet::new(), VecDeque::new());
        Ok(Self { listener, local, tls, places, metrics, hand_on: Arc::new(hand_on), handshakes, begun })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Takes the next connection, or sees one handshake end. May be dropped at any time: nothing is lost.
    pub(super) async fn step(&mut self) {
        let full = self.handshakes.len() >= limits::HANDSHAKES_MAX;
        let gives_way = self.begun.front().map(|(begun, _)| *begun + limits::HANDSHAKE_UNDISTURBED);
        tokio::select! {
            biased;
            Some(_) = self.handshakes.join_next() => self.forget_ended(),
            () = sleep_until(gives_way.unwrap_or_else(Instant::now)), if full => self.let_oldest_go().await,
            accepted = self.listener.accept(), if !full => match accepted.and_then(|(socket, _)| socket.into_std()) {
                Ok(socket) => self.receive(socket),
                // One peer that went away at once is nothing; no descriptors left would spin.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(OUT_OF_SOCKETS).await;
                }
            },
        }
    }

    /// Takes what the kernel had accepted, closes the port, and lets the handshakes end that are not silent.
    pub(super) async fn close(mut self) {
        // Never registered again, so the reactor need not have seen the sockets.
        if let Some(listener) = self.listen_no_more() {
            while let Ok((socket, _)) = listener.accept() {
                if socket.set_nonblocking(true).is_ok() {
                    self.receive(socket);
                }
            }
        }
        drop(self.listener);
        let ended = async { while self.handshakes.join_next().await.is_some() {} };
        if timeout(limits::HANDSHAKE_UNDISTURBED, ended).await.is_err() {
            tracing::info!("TLS handshakes that did not end were given up: the door closes");
        }
    }

    fn listen_no_more(&mut self) -> Option<StdListener> {
        use std::os::fd::{AsFd, OwnedFd};
        let fd: OwnedFd = self.listener.as_fd().try_clone_to_owned().ok()?;
        let listener = StdListener::from(fd);
        listener.set_nonblocking(true).ok()?;
        Some(listener)
    }

    fn receive(&mut self, socket: StdStream) {
        let Some(place) = self.places.take() else {
            tracing::warn!(door = %self.local, "a connection was refused: too many are open");
            return;
        };
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "a connection went away before it was served");
            return;
        }
        let Some(tls) = self.tls.clone() else {
            match Accepted::plain(socket, place) {
                Ok(accepted) => (self.hand_on)(accepted),
                Err(error) => tracing::debug!(%error, "a connection went away before it was served"),
            }
            return;
        };
        let (hand_on, metrics) = (Arc::clone(&self.hand_on), self.metrics.clone());
        let refused = Refused { metrics, peer: socket.peer_addr().ok(), refused: true };
        let handshake = self.handshakes.spawn(async move {
            match timeout(limits::HANDSHAKE_TIMEOUT, Accepted::secured(socket, &tls, place)).await {
                Ok(Ok(accepted)) => {
                    refused.it_was_not();
                    hand_on(accepted);
                }
                Ok(Err(error)) => tracing::info!(peer = refused.peer(), %error, "a TLS handshake failed"),
                Err(_) => tracing::info!(peer = refused.peer(), "a TLS handshake took too long"),
            }
        });
        self.begun.push_back((Instant::now(), handshake));
    }

    async fn let_oldest_go(&mut self) {
        if let Some((_, oldest)) = self.begun.pop_front() {
            tracing::info!("a TLS handshake was given up for one that waits");
            oldest.abort();
        }
        // Its place is free when it has ended, not when it was told to; until then the next oldest need not go too.
        let _ = self.handshakes.join_next().await;
        self.forget_ended();
    }

    fn forget_ended(&mut self) {
        self.begun.retain(|(_, handshake)| !handshake.is_finished());
    }
}

/// Counts a handshake as refused unless it is told otherwise: one that is given up never comes to its end.
struct Refused {
    metrics: Metrics,
    peer: Option<SocketAddr>,
    refused: bool,
}

impl Refused {
    fn it_was_not(mut self) {
        self.refused = false;
    }

    fn peer(&self) -> String {
        self.peer.map_or_else(String::new, |peer| peer.to_string())
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        if self.refused {
            self.metrics.refuse_handshake();
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
