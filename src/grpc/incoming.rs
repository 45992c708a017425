//! A second gRPC door: the connections of another address, plain or within TLS, as a stream for tonic's
//! `serve_with_incoming_shutdown`.
//!
//! It is for services that are no checks and run on the side runtime. What always holds: its connections are counted
//! apart from those of the check door, so that neither can use up the other's; every request on them carries its
//! [`super::Peer`].

use super::{
    connection::Connection,
    reception::{Places, Reception},
    server::GrpcError,
};
use crate::{metrics::Metrics, tls::Tls};
use std::{future::Future, io, net::SocketAddr, sync::Arc};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
};
use tokio_stream::{Stream, StreamExt, wrappers::UnboundedReceiverStream};

/// Where a second door listens.
#[derive(Clone, Debug)]
pub struct DoorConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Connections at a time, for example [`crate::limits::CONNECTIONS_APART_MAX`].
    pub connections_max: usize,
    /// TLS; without it the door speaks plainly.
    pub tls: Option<Tls>,
}

/// A bound address whose connections nobody takes yet.
pub struct Incoming {
    reception: Reception,
    accepted: mpsc::UnboundedReceiver<super::connection::Accepted>,
    runtime: Handle,
}

impl Incoming {
    /// Binds the address; the kernel keeps connections from now on. Handshakes will run on `runtime`.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn bind(config: &DoorConfig, metrics: &Metrics, runtime: &Handle) -> Result<Self, GrpcError> {
        let _entered = runtime.enter();
        // No more can wait in it than there are places.
        let (sender, accepted) = mpsc::unbounded_channel();
        let places = Places::Apart(Arc::new(Semaphore::new(config.connections_max)));
        let hand_on = move |connection| {
            // The service may have ended by itself; then the connection is closed.
            let _ = sender.send(connection);
        };
        let reception = Reception::bind(config.listen, config.tls.clone(), places, metrics.clone(), hand_on)
            .map_err(|error| GrpcError::Listen { address: config.listen, error })?;
        Ok(Self { reception, accepted, runtime: runtime.clone() })
    }

    /// The address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.reception.local()
    }

    /// Accepts until `stop` ends, then takes what the kernel has accepted already, and ends. A server on it needs no
    /// shutdown signal of its own (`std::future::pending`): tonic says GOAWAY and finishes calls when the stream ends.
    ///
    /// To be polled on the runtime that will serve the connections.
    pub fn connections(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> impl Stream<Item = io::Result<Connection>> + Send + 'static {
        let Self { mut reception, accepted, runtime } = self;
        runtime.spawn(async move {
            tokio::pin!(stop);
            loop {
                tokio::select! {
                    biased;
                    () = &mut stop => break,
                    () = reception.step() => {}
                }
            }
            reception.close().await;
        });
        UnboundedReceiverStream::new(accepted).map(super::connection::Accepted::register)
    }
}
