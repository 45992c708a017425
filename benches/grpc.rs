//! What a check costs at the gRPC door: unary, one a stream message, packed 256.
//!
//! `cargo bench --bench grpc` measures rates as a client sees them. `cargo bench --bench grpc -- --cpu` prints the
//! server's CPU time per check instead, from the kernel's accounting of the one check runtime: the client shares the
//! machine but not the figure; and what a refused call costs ([`saring::limits::CALL_OVERHEAD`]).
//! `SARING_BENCH_IMEIS` sets the size of the register. Every answer is asserted.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use criterion::{Criterion, Throughput};
use saring::{
    check::{Checker, Clock, Explain, ExplainError, Explanation, Inquiry, When},
    config::NodeConfig,
    hot::{Builder, HotSets, Published},
    metrics::{Metrics, Refusal},
    page::PageContent,
    policy::settings::Timeline,
    proto::{
        CheckBatchRequest, CheckRequest, EquipmentStatus, Reason, check_request::Equipment,
        equipment_check_client::EquipmentCheckClient,
    },
    revision::Revision,
    sample,
    serve::{LoadError, Loaded, Node, Stopper},
};
use std::{
    fs,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio_stream::StreamExt;
use tonic::{Code, Response, Status, transport::Channel};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const IMEIS: u64 = 10_000_000;
const CONNECTIONS: usize = 4;
const CALLERS_PER_CONNECTION: usize = 32;
const PACKED: usize = 256;
/// Keys that the questions go round.
const KEYS: usize = 1 << 16;
/// The least of so many phases counts: whatever else runs on the machine only adds.
const CPU_PHASES: usize = 7;
const CPU_PHASE: Duration = Duration::from_secs(1);

fn main() {
    let (sets, keys) = register();
    let bench = Bench::start(keys);
    if std::env::args().any(|arg| arg == "--cpu") {
        bench.print_cpu("refused", 8192, Bench::refused);
        bench.load(sets);
        bench.print_cpu("unary", 8192, Bench::unary);
        bench.print_cpu("stream", 131_072, Bench::stream);
        bench.print_cpu("packed 256", 1 << 20, Bench::packed);
    } else {
        bench.load(sets);
        let mut criterion = Criterion::default().configure_from_args();
        bench.rates(&mut criterion);
        criterion.final_summary();
    }
    bench.end();
}

/// The register and some of its keys.
fn register() -> (HotSets, Vec<u64>) {
    let imeis = setup::imeis(IMEIS);
    let step = (imeis / KEYS as u64).max(1);
    let (mut builder, mut keys, mut seen) = (Builder::new(), Vec::new(), 0_u64);
    for (id, registered) in sample::clustered(7, imeis) {
        for place in registered.iter() {
            if seen % step == 0 {
                keys.push(id.key(place).unwrap().get());
            }
            seen += 1;
        }
        builder.page(id, PageContent { registered, ..PageContent::default() }).unwrap();
    }
    // Neighbours in the register must not be neighbours in the questions.
    let mut random = sample::SplitMix64::new(11);
    for i in (1..keys.len()).rev() {
        keys.swap(i, random.below(i as u64 + 1) as usize);
    }
    eprintln!("{seen} IMEIs registered");
    (builder.finish(Revision { epoch: 1, seq: 1 }, Arc::new(Timeline::default())), keys)
}

struct NoExplain(Checker);

impl Explain for NoExplain {
    fn explain(&self, inquiry: &Inquiry, operator: Option<&str>, _: When) -> Result<Explanation, ExplainError> {
        let answer = self.0.check(inquiry, operator)?;
        let (evidence, pairings, linked, history) = Default::default();
        Ok(Explanation { answer, key: None, evidence, pairings, linked, model: None, history })
    }
}

struct Bench {
    client_runtime: tokio::runtime::Runtime,
    clients: Vec<EquipmentCheckClient<Channel>>,
    keys: Arc<Vec<u64>>,
    metrics: Metrics,
    stopper: Stopper,
    to_load: mpsc::Sender<HotSets>,
    ready: mpsc::Receiver<()>,
    node: thread::JoinHandle<()>,
}

impl Bench {
    /// A node that has not loaded its register yet.
    fn start(keys: Vec<u64>) -> Self {
        let (to_load, sets) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let (tell_ready, ready) = mpsc::channel();
        let node = thread::spawn(move || {
            let free = SocketAddr::from(([127, 0, 0, 1], 0));
            let config = NodeConfig { listen: free, http: free, threads: 1, ..NodeConfig::default() };
            let node = Node::start(&config, move |_: &_| loaded(&sets)).unwrap();
            tell.send((node.metrics().clone(), node.stopper(), node.grpc_addr())).unwrap();
            node.run(|_, _| tell_ready.send(()).unwrap()).unwrap();
        });
        let (metrics, stopper, address) = told.recv().unwrap();
        let client_runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let connect = || client_runtime.block_on(EquipmentCheckClient::connect(format!("http://{address}"))).unwrap();
        let clients = (0..CONNECTIONS).map(|_| connect()).collect();
        Self { client_runtime, clients, keys: Arc::new(keys), metrics, stopper, to_load, ready, node }
    }

    /// Gives the node its register and waits until it answers.
    fn load(&self, sets: HotSets) {
        self.to_load.send(sets).unwrap();
        self.ready.recv().unwrap();
    }

    fn rates(&self, criterion: &mut Criterion) {
        let calls: [(&str, usize, fn(&Self, usize)); 3] =
            [("unary", 4096, Self::unary), ("stream", 65_536, Self::stream), ("packed256", 262_144, Self::packed)];
        for (name, checks, call) in calls {
            let mut group = criterion.benchmark_group("grpc");
            group.throughput(Throughput::Elements(checks as u64)).sample_size(10);
            group.bench_function(name, |bencher| bencher.iter(|| call(self, checks)));
            group.finish();
        }
    }

    fn print_cpu(&self, name: &str, checks: usize, call: fn(&Self, usize)) {
        call(self, checks);
        let mut most_lag = Duration::ZERO;
        let phases = (0..CPU_PHASES).map(|_| {
            let (begun, before, mut done) = (Instant::now(), server_cpu(), 0);
            while begun.elapsed() < CPU_PHASE {
                call(self, checks);
                done += checks;
                most_lag = most_lag.max(self.metrics.tallies()[0].lag());
            }
            (server_cpu() - before).as_nanos() as f64 / done as f64
        });
        let nanos = phases.fold(f64::INFINITY, f64::min);
        let busy = self.metrics.refused(Refusal::Busy);
        println!(
            "{name:<11} {nanos:>8.1} ns of server CPU each, {:>6.2} M/s per core; lag up to {most_lag:?}, {busy} refused as busy",
            1e3 / nanos
        );
    }

    /// Calls to a node that is not ready.
    fn refused(&self, calls: usize) {
        let each = calls / (CONNECTIONS * CALLERS_PER_CONNECTION);
        self.callers(CALLERS_PER_CONNECTION, |mut client, keys, caller| async move {
            for i in 0..each {
                let answer = client.check(question(key(&keys, caller * each + i))).await;
                let status = answer.expect_err("the register is not loaded");
                assert_eq!(status.code(), Code::Unavailable, "{status:?}");
            }
        });
    }

    /// Questions over all connections, each caller waiting for each answer.
    fn unary(&self, checks: usize) {
        let each = checks / (CONNECTIONS * CALLERS_PER_CONNECTION);
        self.callers(CALLERS_PER_CONNECTION, |client, keys, caller| async move {
            for i in 0..each {
                let request = question(key(&keys, caller * each + i));
                let answer = again(|| {
                    let (mut client, request) = (client.clone(), request.clone());
                    async move { client.check(request).await }
                })
                .await;
                assert_eq!(answer.verdict.unwrap().reason(), Reason::Registered);
            }
        });
    }

    /// One stream a connection.
    fn stream(&self, checks: usize) {
        let each = checks / CONNECTIONS;
        self.callers(1, |client, keys, caller| async move {
            let questions = |keys: Arc<Vec<u64>>| (0..each).map(move |i| question(key(&keys, caller * each + i)));
            let ask = || {
                let (mut client, questions) = (client.clone(), tokio_stream::iter(questions(Arc::clone(&keys))));
                async move { client.check_stream(questions).await }
            };
            let mut answers = again(ask).await;
            let mut count = 0;
            while let Some(answer) = answers.next().await {
                assert_eq!(answer.unwrap().verdict.unwrap().reason(), Reason::Registered);
                count += 1;
            }
            assert_eq!(count, each);
        });
    }

    /// One stream of batches a connection.
    fn packed(&self, checks: usize) {
        let each = checks / CONNECTIONS / PACKED;
        self.callers(1, |client, keys, caller| async move {
            let batch = move |keys: &[u64], batch: usize| {
                let first = (caller * each + batch) * PACKED;
                let equipment_key = (first..first + PACKED).map(|i| key(keys, i)).collect();
                CheckBatchRequest { equipment_key, ..Default::default() }
            };
            let ask = || {
                let (mut client, keys) = (client.clone(), Arc::clone(&keys));
                let batches = tokio_stream::iter((0..each).map(move |i| batch(&keys, i)));
                async move { client.check_batch_stream(batches).await }
            };
            let mut answers = again(ask).await;
            let mut count = 0;
            while let Some(answer) = answers.next().await {
                let statuses = answer.unwrap().statuses;
                assert!(statuses.iter().all(|status| i32::from(*status) == EquipmentStatus::Whitelisted as i32));
                count += statuses.len();
            }
            assert_eq!(count, each * PACKED);
        });
    }

    fn callers<F: Future<Output = ()> + Send + 'static>(
        &self,
        per_connection: usize,
        call: impl Fn(EquipmentCheckClient<Channel>, Arc<Vec<u64>>, usize) -> F,
    ) {
        let callers: Vec<_> = (0..CONNECTIONS * per_connection)
            .map(|caller| {
                let client = self.clients[caller % CONNECTIONS].clone();
                self.client_runtime.spawn(call(client, Arc::clone(&self.keys), caller))
            })
            .collect();
        self.client_runtime.block_on(async {
            for caller in callers {
                caller.await.unwrap();
            }
        });
    }

    fn end(self) {
        drop(self.clients);
        self.stopper.stop();
        self.node.join().unwrap();
    }
}

fn loaded(sets: &mpsc::Receiver<HotSets>) -> Result<Loaded, LoadError> {
    let sets = Arc::new(Published::new(sets.recv()?));
    let explain = Arc::new(NoExplain(Checker::new(Arc::clone(&sets), Clock::system()?)));
    Ok(Loaded { sets, explain, registry: None })
}

/// Asks until the node is not too busy, as a client must.
async fn again<A, F: Future<Output = Result<Response<A>, Status>>>(ask: impl Fn() -> F) -> A {
    loop {
        match ask().await {
            Ok(answer) => return answer.into_inner(),
            Err(status) if status.code() == Code::ResourceExhausted => tokio::task::yield_now().await,
            Err(status) => panic!("{status:?}"),
        }
    }
}

fn question(key: u64) -> CheckRequest {
    CheckRequest { equipment: Some(Equipment::EquipmentKey(key)), ..Default::default() }
}

fn key(keys: &[u64], i: usize) -> u64 {
    keys[i % keys.len()]
}

/// CPU time of the check runtime's thread, as the kernel counts it in nanoseconds (`schedstat`).
fn server_cpu() -> Duration {
    let threads = fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
    let mut checks = threads.filter(|path| fs::read_to_string(path.join("comm")).is_ok_and(|name| name == "check-0\n"));
    let thread = checks.next().expect("the check runtime has a thread of its own");
    setup::cpu_of(&thread)
}
