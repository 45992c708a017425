//! A serving node: doors open at once, checks answered as soon as the register is loaded, and an orderly end.
//!
//! What always holds: the gRPC port answers UNAVAILABLE while a thread of its own loads the register; a failed load
//! closes the doors and is the node's error; checks, explanations and figures run on threads of their own.

mod house;
mod secured;

use crate::{
    check::{Checker, Clock, Explain},
    config::{NodeConfig, Unprotected},
    console::{Console, Site},
    desk::{BlackFigures, BlackWriter, Desk},
    grpc::{DoorConfig, GrpcConfig, GrpcError, GrpcServer, RegistryDoor},
    hot::Published,
    limits,
    metrics::Metrics,
    registry::Registry,
    revision::Revision,
    scheduling,
    tls::{Tls, TlsError},
};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Threads of the side runtime: console, acceptor, waiting for explanations.
const SIDE_THREADS: usize = 2;

/// A loaded register.
pub struct Loaded {
    /// What checks read.
    pub sets: Arc<Published>,
    /// What explains answers.
    pub explain: Arc<dyn Explain>,
    /// What changes it; it ends after the last answer. None: nothing changes it here.
    pub registry: Option<Registry>,
}

/// Any reason why a register could not be loaded.
pub type LoadError = Box<dyn std::error::Error + Send + Sync>;

/// Why a node does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A door would be open to everybody.
    #[error(transparent)]
    Unprotected(#[from] Unprotected),
    /// Some keys of TLS are given and others are missing.
    #[error("{given} is given without {missing}: TLS needs tls_cert and tls_key, and tls_client_ca needs both")]
    HalfTls {
        /// A key of the configuration that is given.
        given: &'static str,
        /// One that is not.
        missing: &'static str,
    },
    /// TLS cannot be offered.
    #[error("cannot offer TLS: {0}")]
    Tls(#[from] TlsError),
    /// The gRPC door cannot be opened.
    #[error(transparent)]
    Grpc(#[from] GrpcError),
    /// The HTTP door cannot be opened.
    #[error("cannot listen for HTTP on {address}: {error}; give another address with --http")]
    Http {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        error: io::Error,
    },
    /// The system gave no thread, runtime or signal handler.
    #[error("cannot start the node: {0}")]
    System(#[from] io::Error),
    /// The exporter refuses its own bounds.
    #[error("cannot set up the figures: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The register cannot be loaded.
    #[error("cannot load the register: {0}")]
    Load(#[source] LoadError),
    /// The thread that loads the register broke off.
    #[error("loading the register broke off; the diagnostics above say where")]
    LoadBroke,
}

/// What happens to a node from outside or inside.
enum Event {
    Loaded(Result<Loaded, LoadError>),
    Stop,
}

/// A serving node.
pub struct Node {
    grpc: GrpcServer,
    http: SocketAddr,
    https: bool,
    console: Console,
    checker: Checker,
    metrics: Metrics,
    draining: watch::Sender<bool>,
    side: tokio::runtime::Runtime,
    events: mpsc::Receiver<Event>,
    stop: mpsc::Sender<Event>,
    grace: Duration,
    registry: RegistryDoor,
    kept: Option<Registry>,
    black: Option<BlackWriter>,
}

/// Stops a node from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(mpsc::Sender<Event>);

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Loaded(_) => "Loaded",
            Self::Stop => "Stop",
        })
    }
}

impl Stopper {
    /// The node drains and ends. Again: nothing happens.
    pub fn stop(&self) {
        // A node that has ended already needs no telling.
        let _ = self.0.send(Event::Stop);
    }
}

impl Node {
    /// Opens the doors and begins to load the register on a thread of its own.
    ///
    /// # Errors
    /// When a door would be open to everybody, TLS cannot be offered, an address cannot be bound or the system gives
    /// no threads.
    pub fn start(
        config: &NodeConfig,
        load: impl FnOnce(&Metrics) -> Result<Loaded, LoadError> + Send + 'static,
    ) -> Result<Self, ServeError> {
        for door in config.exposed()? {
            tracing::warn!(door = door.door, address = %door.address, "open beyond this machine: {}", door.lacks);
        }
        let (tls, http_tls) = (secured::grpc(config)?, secured::http(config)?);
        let side = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(SIDE_THREADS)
            .thread_name("side")
            .on_thread_start(scheduling::give_way)
            .enable_all()
            .build()?;
        let metrics = Metrics::new(config.runtimes())?;
        let checker = Checker::warming(Clock::system()?);
        let door = DoorConfig {
            listen: config.registry_address(),
            connections_max: limits::CONNECTIONS_APART_MAX,
            tls: tls.clone(),
        };
        let registry = RegistryDoor::start(&door, &config.backups_directory(), &metrics, side.handle())?;
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if config.realtime && config.runtimes() >= cores {
            tracing::warn!(
                runtimes = config.runtimes(),
                cores,
                "check runtimes in real time may take every core: leave one for changes and pages (threads)"
            );
        }
        let grpc_config = GrpcConfig {
            listen: config.listen,
            runtimes: config.runtimes(),
            connections_max: config.connections_max,
            realtime: config.realtime,
            ask_who: config.asks_who(),
            tls,
        };
        let grpc = GrpcServer::start(&grpc_config, &checker, &metrics, side.handle())?;
        let (draining, drained) = watch::channel(false);
        let https = http_tls.is_some();
        let site = Site::of(config.console_url.as_deref(), https);
        let console = Console::new(checker.clone(), metrics.clone(), drained, site);
        let http = open_console(&side, console.clone(), config.http, http_tls)?;
        let (stop, events) = mpsc::channel();
        spawn_loader(load, metrics.clone(), stop.clone())?;
        let grace = Duration::from_secs(config.drain_seconds);
        Ok(Self {
            grpc,
            http,
            https,
            console,
            checker,
            metrics,
            draining,
            side,
            events,
            stop,
            grace,
            registry,
            kept: None,
            black: None,
        })
    }

    /// The address of the gRPC door.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc.local_addr()
    }

    /// The address of the Registry door.
    pub const fn registry_addr(&self) -> SocketAddr {
        self.registry.local_addr()
    }

    /// The address of the HTTP door.
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// The address of the HTTP door as a browser writes it, without a path.
    pub fn http_url(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.http)
    }

    /// The read path, for tools inside of the process.
    pub fn checker(&self) -> &Checker {
        &self.checker
    }

    /// The figures.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What stops the node from another thread or a signal handler's thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Blocks until the node is told to stop and everything accepted is answered. `ready` is called once, when checks
    /// are answered.
    ///
    /// # Errors
    /// When the register cannot be loaded.
    pub fn run(mut self, ready: impl FnOnce(&Self, Revision)) -> Result<(), ServeError> {
        let outcome = match self.events.recv() {
            Ok(Event::Loaded(Ok(loaded))) => {
                let revision = self.open(loaded);
                ready(&self, revision);
                self.wait()
            }
            Ok(Event::Loaded(Err(error))) => Err(ServeError::Load(error)),
            Ok(Event::Stop) => Ok(()),
            Err(_) => Err(ServeError::LoadBroke),
        };
        self.end();
        outcome
    }

    fn open(&mut self, loaded: Loaded) -> Revision {
        let revision = loaded.sets.load().revision();
        if let Some(registry) = &loaded.registry {
            self.registry.open(registry.clone());
            self.console.open(registry.clone());
            self.checker.give_registrations(Arc::clone(registry.live_registrations()));
            house::load_registrations(registry.clone());
            self.side.spawn(house::keep(registry.clone(), self.metrics.clone(), self.draining.subscribe()));
        }
        if let (Some(registry), Some(ring)) = (&loaded.registry, self.grpc.take_black_answers()) {
            let store = Arc::clone(registry.store());
            // Now, and not at the first black answer: no check is followed by a read of the store.
            if let Err(error) = Desk::open(&store) {
                tracing::error!(%error, "the desk cannot be used: lookups and cases are refused, checks are answered");
            }
            let counter = |name| self.metrics.counter(name, &[]);
            let figures = BlackFigures {
                recorded: counter("saring_black_answers_recorded_total"),
                dropped: counter("saring_black_answers_dropped_total"),
            };
            match ring.write_to(store, self.checker.clone(), figures) {
                Ok(writer) => self.black = Some(writer),
                Err(error) => tracing::error!(%error, "black answers are not recorded: the system gave no thread"),
            }
        }
        self.kept = loaded.registry;
        self.checker.make_ready(loaded.sets);
        self.grpc.serve(loaded.explain, self.kept.clone());
        revision
    }

    fn wait(&self) -> Result<(), ServeError> {
        loop {
            match self.events.recv() {
                Ok(Event::Loaded(_)) => {}
                Ok(Event::Stop) | Err(_) => return Ok(()),
            }
        }
    }

    /// Drains both doors; what was kept ends last.
    fn end(self) {
        let Self { grpc, draining, side, grace, registry, kept, black, .. } = self;
        draining.send_replace(true);
        let begun = Instant::now();
        let changes = registry.stop();
        if grpc.drain(grace) {
            tracing::info!(took = ?begun.elapsed(), "every accepted call was answered");
        } else {
            tracing::warn!(?grace, "calls were still open when the time to finish them was over");
        }
        let left = grace.saturating_sub(begun.elapsed());
        if side.block_on(async { tokio::time::timeout(left, changes).await }).is_err() {
            tracing::warn!("changes were still under way; each is made as a whole or not at all");
        }
        side.shutdown_timeout(grace.saturating_sub(begun.elapsed()));
        if let Some(writer) = black {
            writer.stop();
        }
        drop(kept);
    }
}

fn open_console(
    side: &tokio::runtime::Runtime,
    console: Console,
    address: SocketAddr,
    tls: Option<Tls>,
) -> Result<SocketAddr, ServeError> {
    let bound = side.block_on(Console::bind(address));
    let (listener, local) = bound.map_err(|error| ServeError::Http { address, error })?;
    side.spawn(async move {
        if let Err(error) = console.serve(listener, tls).await {
            tracing::error!(%error, "the HTTP door broke");
        }
    });
    Ok(local)
}

fn spawn_loader(
    load: impl FnOnce(&Metrics) -> Result<Loaded, LoadError> + Send + 'static,
    metrics: Metrics,
    events: mpsc::Sender<Event>,
) -> io::Result<()> {
    thread::Builder::new().name("load".into()).spawn(move || {
        // A panic must end the node, not leave it warming for ever.
        let loaded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| load(&metrics)));
        let loaded = loaded.unwrap_or_else(|_| Err(ServeError::LoadBroke.into()));
        // The node may have been stopped meanwhile; then nobody listens and the register is closed again.
        let _ = events.send(Event::Loaded(loaded));
    })?;
    Ok(())
}

/// Serves until SIGTERM or SIGINT. A second signal ends the process at once.
///
/// # Errors
/// When the doors cannot be opened or the register cannot be loaded.
pub fn run(
    config: &NodeConfig,
    load: impl FnOnce(&Metrics) -> Result<Loaded, LoadError> + Send + 'static,
    ready: impl FnOnce(&Node, Revision),
) -> Result<(), ServeError> {
    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        iterator::Signals,
    };
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let node = Node::start(config, load)?;
    let stopper = node.stopper();
    let handle = signals.handle();
    thread::Builder::new().name("signals".into()).spawn(move || {
        for (nth, signal) in signals.forever().enumerate() {
            if nth > 0 {
                // The shell's convention for a process that a signal ended.
                std::process::exit(128 + signal);
            }
            tracing::info!(signal, "shutting down: accepted calls are finished first");
            stopper.stop();
        }
    })?;
    let outcome = node.run(ready);
    handle.close();
    outcome
}
