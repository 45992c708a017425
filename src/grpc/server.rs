//! Check runtimes, the acceptor that deals them connections, and the end of both.
//!
//! A check runtime is one thread with a runtime of its own: a call is read, answered and written by one thread, so no
//! lock and no wake-up of another core lies on its way. One acceptor on the side runtime deals sockets round robin.
//! What always holds: the port answers from the first moment (UNAVAILABLE while the register is loaded); when the
//! server drains, every connection that the kernel had accepted is served, and every call that was read is answered.

use super::{
    acceptor::{Acceptor, Phase},
    asking::Asking,
    connection::Accepted,
    gate::Gate,
    service::{CheckService, Explanations, Runtime},
};
use crate::{
    check::{Checker, Explain},
    desk::{self, BlackRing},
    limits,
    metrics::Metrics,
    proto::{self, equipment_check_server::EquipmentCheckServer},
    registry::Registry,
    scheduling::{self, NotRealtime},
    tls::Tls,
};
use std::{
    future::pending,
    io,
    net::SocketAddr,
    os::unix::thread::JoinHandleExt,
    sync::{Arc, OnceLock, mpsc as std_mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use tokio_stream::{StreamExt, wrappers::UnboundedReceiverStream};
use tonic::transport::Server;
use tonic_health::{
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

/// Where and how the gRPC door listens.
#[derive(Clone, Debug)]
pub struct GrpcConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Check runtimes, one a core.
    pub runtimes: usize,
    /// Connections at a time.
    pub connections_max: usize,
    /// Whether check runtimes are scheduled in real time.
    pub realtime: bool,
    /// Whether a caller has to show who it is.
    pub ask_who: bool,
    /// TLS; without it the door speaks plainly.
    pub tls: Option<Tls>,
}

/// Why the gRPC door could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// The address is taken, not ours, or not allowed.
    #[error("cannot listen for gRPC on {address}: {error}; give another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        error: io::Error,
    },
    /// The system gave no thread or no runtime.
    #[error("cannot start a check runtime: {0}")]
    Runtime(#[source] io::Error),
    /// Real-time scheduling is wanted, and not allowed.
    #[error(transparent)]
    NotRealtime(#[from] NotRealtime),
    /// The compiled descriptors are not what reflection expects.
    #[error("cannot offer reflection: {0}")]
    Reflection(#[source] tonic_reflection::server::Error),
}

/// The gRPC door, open until it is drained.
pub struct GrpcServer {
    local: SocketAddr,
    phase: watch::Sender<Phase>,
    draining: watch::Sender<bool>,
    abandoned: watch::Sender<bool>,
    explanations: Arc<Explanations>,
    black: Option<BlackRing>,
    registry: Arc<OnceLock<Registry>>,
    ended: std_mpsc::Receiver<()>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl GrpcServer {
    /// Binds the address and answers from then on: UNAVAILABLE until `checker` is ready. `side` runs the acceptor and
    /// the explanations; it must outlive the server.
    ///
    /// # Errors
    /// When the address cannot be bound, the system gives no threads or does not allow real-time scheduling.
    pub fn start(config: &GrpcConfig, checker: &Checker, metrics: &Metrics, side: &Handle) -> Result<Self, GrpcError> {
        let (phase, _) = watch::channel(Phase::Warming);
        let (draining, _) = watch::channel(false);
        let (abandoned, _) = watch::channel(false);
        let (ended_tx, ended) = std_mpsc::channel();
        let explanations = Arc::new(Explanations::new(side.clone()));
        let registry = Arc::new(OnceLock::new());
        let health = HealthReporter::new();
        let (mut dealers, mut threads) = (Vec::new(), Vec::new());
        let (senders, black) = desk::black_ring(config.runtimes);
        for (i, (tally, sender)) in metrics.tallies().iter().zip(senders).enumerate() {
            let (dealer, dealt) = mpsc::unbounded_channel();
            let runtime = Arc::new(Runtime::new(checker.clone(), Arc::clone(tally), sender));
            let service = CheckService::new(Arc::clone(&runtime), Arc::clone(&explanations), draining.subscribe());
            let asking = config.ask_who.then(|| Asking::new(Arc::clone(&registry)));
            let worker =
                Worker { runtime, service, health: health.clone(), dealt, abandoned: abandoned.subscribe(), asking };
            let thread = worker.spawn(i, ended_tx.clone())?;
            if config.realtime {
                scheduling::go_first(thread.as_pthread_t())?;
            }
            threads.push(thread);
            dealers.push(dealer);
        }
        let acceptor = Acceptor::bind(config, dealers, metrics.clone(), health, side)?;
        let local = acceptor.local();
        side.spawn(acceptor.run(phase.subscribe(), draining.clone()));
        Ok(Self { local, phase, draining, abandoned, explanations, black: Some(black), registry, ended, threads })
    }

    /// The address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Where the black answers of all check runtimes come out. Given once.
    pub fn take_black_answers(&mut self) -> Option<BlackRing> {
        self.black.take()
    }

    /// The checker is ready: health says SERVING and explanations are given.
    pub fn serve(&self, explain: Arc<dyn Explain>, registry: Option<Registry>) {
        if let Some(registry) = registry {
            // Given once, with the explanations.
            let _ = self.registry.set(registry);
        }
        if self.explanations.explain.set(explain).is_err() {
            tracing::warn!("the explanations were given twice; the first stay");
        }
        self.phase.send_replace(Phase::Serving);
    }

    /// Stops accepting, says NOT_SERVING and GOAWAY, answers every accepted call, ends streams, and waits for all of
    /// that for `grace` at most. Blocks: not for a runtime's thread. Whether everything ended in time.
    pub fn drain(self, grace: Duration) -> bool {
        self.phase.send_replace(Phase::Draining);
        let end = Instant::now() + grace;
        let in_time = self.threads.iter().all(|_| {
            let left = end.saturating_duration_since(Instant::now());
            self.ended.recv_timeout(left) != Err(std_mpsc::RecvTimeoutError::Timeout)
        });
        self.draining.send_replace(true);
        self.abandoned.send_replace(true);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a check runtime ended by a panic");
            }
        }
        in_time
    }
}

/// One check runtime before it runs.
struct Worker {
    runtime: Arc<Runtime>,
    service: CheckService,
    health: HealthReporter,
    dealt: mpsc::UnboundedReceiver<Accepted>,
    abandoned: watch::Receiver<bool>,
    asking: Option<Asking>,
}

impl Worker {
    fn spawn(self, index: usize, ended: std_mpsc::Sender<()>) -> Result<thread::JoinHandle<()>, GrpcError> {
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .map_err(GrpcError::Reflection)?;
        let executor =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(GrpcError::Runtime)?;
        let work = move || {
            executor.block_on(self.run(reflection));
            drop(executor);
            // Nobody listens when the server was dropped without draining.
            let _ = ended.send(());
        };
        thread::Builder::new().name(format!("check-{index}")).spawn(work).map_err(GrpcError::Runtime)
    }

    async fn run<R>(self, reflection: R)
    where
        Gate<R>: tower::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<tonic::body::Body>,
                Error = std::convert::Infallible,
                Future: Send,
            > + Clone
            + Send
            + 'static,
    {
        let Self { runtime, service, health, dealt, mut abandoned, asking } = self;
        // A task like any other, so that it queues behind the calls that wait.
        let probe = tokio::spawn({
            let runtime = Arc::clone(&runtime);
            async move { runtime.lag.probe().await }
        });
        let check = EquipmentCheckServer::new(service).max_decoding_message_size(limits::MESSAGE_BYTES_MAX);
        let health = HealthServer::new(HealthService::from_health_reporter(health));
        let gate = Gate::new(check, health, reflection, runtime, asking);
        let incoming = UnboundedReceiverStream::new(dealt).map(Accepted::register);
        // It ends when the acceptor has dealt its last socket and every connection has come to its end.
        let served = transport().serve_with_incoming_shutdown(gate, incoming, pending());
        tokio::select! {
            ended = served => if let Err(error) = ended {
                tracing::error!(%error, "a check runtime stopped serving");
            },
            _ = abandoned.wait_for(|abandoned| *abandoned) => {}
        }
        probe.abort();
    }
}

/// HTTP/2 as every gRPC door speaks it.
pub(super) fn transport() -> Server {
    Server::builder()
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION_MAX)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .http2_keepalive_interval(Some(limits::KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(limits::KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(limits::HEADER_BYTES_MAX)
}
