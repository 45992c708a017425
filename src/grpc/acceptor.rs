//! One acceptor for all check runtimes, and the phases of the door.
//!
//! It deals each connection to the next runtime, after the handshake where there is TLS. When the door drains it first says so (health, streams), then takes
//! what the kernel has already accepted, and only then closes the port: a client whose connect succeeded is served.

use super::{
    connection::Accepted,
    reception::{Places, Reception},
    server::{GrpcConfig, GrpcError},
};
use crate::{metrics::Metrics, proto::equipment_check_server::SERVICE_NAME};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use tonic_health::{ServingStatus, server::HealthReporter};

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

/// Accepts connections.
pub(super) struct Acceptor {
    reception: Reception,
    health: HealthReporter,
}

impl Acceptor {
    pub(super) fn bind(
        config: &GrpcConfig,
        dealers: Vec<mpsc::UnboundedSender<Accepted>>,
        metrics: Metrics,
        health: HealthReporter,
        side: &Handle,
    ) -> Result<Self, GrpcError> {
        let _entered = side.enter();
        let places = Places::Counted(metrics.clone(), config.connections_max);
        let reception = Reception::bind(config.listen, config.tls.clone(), places, metrics, deal(dealers))
            .map_err(|error| GrpcError::Listen { address: config.listen, error })?;
        Ok(Self { reception, health })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.reception.local()
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
                () = self.reception.step() => {}
            }
        }
        self.say(ServingStatus::NotServing).await;
        // Whoever watches has been told; a watch that stayed open would keep its connection open.
        for service in ["", SERVICE_NAME] {
            self.health.clear_service_status(service).await;
        }
        draining.send_replace(true);
        self.reception.close().await;
    }

    async fn say(&self, status: ServingStatus) {
        for service in ["", SERVICE_NAME] {
            self.health.set_service_status(service, status).await;
        }
    }
}

/// Deals connections round robin. The check runtimes see their end when this is dropped.
fn deal(dealers: Vec<mpsc::UnboundedSender<Accepted>>) -> impl Fn(Accepted) + Send + Sync + 'static {
    let next = AtomicUsize::new(0);
    move |accepted| {
        let dealer = &dealers[next.fetch_add(1, Ordering::Relaxed) % dealers.len()];
        if dealer.send(accepted).is_err() {
            tracing::error!("a check runtime is gone: a connection is dropped");
        }
    }
}
