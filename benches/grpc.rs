//! What a check costs at the gRPC door: refused, unary, one a stream message, packed 256.
//!
//! `cargo bench --bench grpc` prints the server's CPU time per check from the kernel's accounting of the one check
//! runtime: the client (`saring bench check`'s own) shares the machine but not the figure. A call that is refused before
//! it is decoded costs [`saring::limits::CALL_OVERHEAD`]. `SARING_BENCH_IMEIS` sets the size of the register. Every answer is
//! verified.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use saring::{
    bench::{Measured, Mode, Order, Pace, Profile, deck::Deck, run::run_deck, script::SampleScript},
    check::{Checker, Clock, Explain, ExplainError, Explanation, Inquiry, When},
    config::NodeConfig,
    grpc::Access,
    hot::{Builder, HotSets, Published},
    page::PageContent,
    policy::settings::Timeline,
    revision::Revision,
    sample,
    serve::{LoadError, Loaded, Node, Stopper},
};
use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 7;
const IMEIS: u64 = 10_000_000;
/// The least of so many rounds counts: whatever else runs on the machine only adds.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(1);
/// Long enough to see that it works, where nothing is measured.
const ROUND_UNMEASURED: Duration = Duration::from_millis(20);

fn main() {
    let imeis = setup::imeis(IMEIS);
    let script = SampleScript::new(SEED, imeis, Profile::Storm);
    let bench = Bench::start();
    bench.print("refused", Mode::Unary, &script, |found| (found.failed, found.asked));
    bench.load(register(imeis));
    for (name, mode) in [("unary", Mode::Unary), ("stream", Mode::Stream), ("packed 256", Mode::Batch)] {
        bench.print(name, mode, &script, |found| (found.right + found.refused, found.asked));
    }
    bench.end();
}

fn register(imeis: u64) -> HotSets {
    let mut builder = Builder::new();
    for (id, registered) in sample::clustered(SEED, imeis) {
        builder.page(id, PageContent { registered, ..PageContent::default() }).unwrap();
    }
    builder.finish(Revision { epoch: 1, seq: 1 }, Arc::new(Timeline::default()))
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
    url: String,
    stopper: Stopper,
    to_load: mpsc::Sender<HotSets>,
    ready: mpsc::Receiver<()>,
    node: thread::JoinHandle<()>,
}

impl Bench {
    /// A node that has not loaded its register yet.
    fn start() -> Self {
        let (to_load, sets) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let (tell_ready, ready) = mpsc::channel();
        let node = thread::spawn(move || {
            let free = SocketAddr::from(([127, 0, 0, 1], 0));
            let config = NodeConfig { listen: free, http: free, threads: 1, ..NodeConfig::default() };
            let node = Node::start(&config, move |_: &_| loaded(&sets)).unwrap();
            tell.send((node.stopper(), node.grpc_addr())).unwrap();
            node.run(|_, _| tell_ready.send(()).unwrap()).unwrap();
        });
        let (stopper, address) = told.recv().unwrap();
        Self { url: format!("http://{address}"), stopper, to_load, ready, node }
    }

    /// Gives the node its register and waits until it answers.
    fn load(&self, sets: HotSets) {
        self.to_load.send(sets).unwrap();
        self.ready.recv().unwrap();
    }

    /// Asks in rounds. `ended`: how many must have ended as they should, and how many have.
    fn print(&self, name: &str, mode: Mode, script: &SampleScript, ended: impl Fn(&Measured) -> (u64, u64)) {
        let order = Order {
            duration: if setup::measures() { ROUND } else { ROUND_UNMEASURED },
            warm_up: Duration::from_millis(10),
            server_pid: Some(std::process::id()),
            questions: 1 << 16,
            ..Order::new(Access::plain(self.url.clone()), Profile::Storm, mode, Pace::Max)
        };
        let deck = Deck::new(script, mode, order.questions, order.per_message(), "");
        let mut best: Option<(f64, Measured)> = None;
        for _ in 0..if setup::measures() { ROUNDS } else { 1 } {
            // Where other work took the generator's core there are no figures; the other rounds do.
            let Ok(found) = run_deck(&order, &deck) else { continue };
            let (as_they_should, asked) = ended(&found);
            assert_eq!((as_they_should, found.wrong), (asked, 0), "{found:?}");
            // Per check that ended, whether it was answered or refused.
            let answered = (found.right * found.checks_per_message as u64).max(1);
            let checks = (asked * found.checks_per_message as u64).max(1);
            let nanos = found.server.unwrap().check_threads_ns * answered as f64 / checks as f64;
            if best.as_ref().is_none_or(|(least, _)| nanos < *least) {
                best = Some((nanos, found));
            }
        }
        let Some((nanos, found)) = best else { return println!("{name:<11} no figures: the machine is too busy") };
        println!(
            "{name:<11} {nanos:>8.1} ns of server CPU each, {:>6.2} M/s per core; p50 {:.0} us, p99 {:.0} us; client {:.0} ns",
            1e3 / nanos,
            found.latency_us.p50,
            found.latency_us.p99,
            found.generator.ns_per_check
        );
    }

    fn end(self) {
        self.stopper.stop();
        self.node.join().unwrap();
    }
}

fn loaded(sets: &mpsc::Receiver<HotSets>) -> Result<Loaded, LoadError> {
    let sets = Arc::new(Published::new(sets.recv()?));
    let explain = Arc::new(NoExplain(Checker::new(Arc::clone(&sets), Clock::system()?)));
    Ok(Loaded { sets, explain, registry: None })
}
