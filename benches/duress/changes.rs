//! Checks beside changes: single registrations at a rate of their own, and a list as large as a shipment of a year.
//!
//! Both enter by the Registry door of the running server, with the people who may. The devices are of models that no
//! question of the load generator names, so that its answers stay the true ones.

use crate::{
    QUIET_RUNS,
    people::{self, BATCHES, PARCELS, People, request},
    quiet_rate, setup,
    world::{GATHER, World, told, unanswered, us},
};
use saring::{
    bench::{Measured, Mode, Order, Pace, Profile, arrivals::Arrivals, deck::Deck, node::Node},
    grpc::{Access, Dialled, ExplainClient, RegistryCaller, Token, Transfer},
    proto::{
        BatchOrder, BatchStepPreview, CheckRequest, OperateRequest, PreviewRequest, RegisterOperation, StepRequest,
        check_request::Equipment, operate_request::Operation, preview_request, registry_client::RegistryClient,
    },
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// Checks a second that travel in packs.
const PACKED: f64 = 200_000.0;
const PACKED_TINY: f64 = 20_000.0;
/// Single registrations a second.
const CHANGES: f64 = 1_000.0;
const CHANGES_TINY: f64 = 100.0;
/// So many may wait for their answers; the next waits here, and its time runs.
const IN_FLIGHT: usize = 256;
/// Devices of the large list; of a smaller register as many as it has.
const BATCH: u64 = 10_000_000;
/// Models that no generated question names: singles, and lists one behind the other.
const SINGLE_TAC_FIRST: u64 = 98_000_000;
const SINGLE_TACS: u64 = 500;
const BATCH_TAC_FIRST: u64 = 97_000_000;
const SERIALS: u64 = 1_000_000;
const SLICE: Duration = Duration::from_millis(100);
const QUIET: Duration = Duration::from_secs(5);
const CHANGED: Duration = Duration::from_secs(8);
/// The list must be in force by then.
const WITH_BATCH: Duration = Duration::from_secs(20);

pub fn run(world: &World) {
    world.ways().into_iter().for_each(|realtime| beside(world, realtime));
}

fn beside(world: &World, realtime: bool) {
    let data = world.copy("changes");
    let people = people::found(&data);
    let node = world.serve(&data, realtime);
    let office = Office { node, people, lists: world.path("lists"), size: BATCH.min(world.imeis()) };
    fs::create_dir_all(&office.lists).unwrap();
    let packed = if setup::measures() { PACKED } else { PACKED_TINY };
    let (mut singles, mut devices) = (0, 0);
    let gathered = format!("unary, calls of {} us in a packet,", GATHER.as_micros());
    let ways =
        [(gathered.as_str(), Mode::Unary, quiet_rate(), GATHER), ("packed 256", Mode::Batch, packed, Duration::ZERO)];
    for (name, mode, rate, gather) in ways {
        let deck = world.deck(Profile::Attach, mode);
        let order = |time| Order { realtime, gather, ..world.order(&office.node, mode, Pace::Rate(rate), time) };
        let name = format!("{name} at {rate:.0} checks/s{}", told(realtime));
        let quiet = P99::middle(world, &order(QUIET), &deck);
        world.row(&format!("{name}, quiet: p99"), "", "", &quiet.told(None));
        let (found, changed) = office.beside(&mut singles, || world.ask(&order(CHANGED), &deck));
        let what = format!("{name} while changes are applied: p99");
        world.row(&what, "3 times quiet", "1.5 times", &P99::of(found).told(Some(&quiet)));
        world.row("… changes applied meanwhile, durable and visible", "1000/s", "", &changed);
        let (found, imported, changed) =
            office.beside_batch(world, &mut singles, &mut devices, &order(WITH_BATCH), &deck);
        let seconds = (imported.end - imported.start).as_secs_f64();
        let what = format!("{name} while changes and a batch of {} are applied: p99", office.size);
        let measured = P99::during(found, imported).told(Some(&quiet));
        let measured = format!("{measured}; from its first byte to in force {seconds:.1} s");
        world.row(&what, "3 times quiet", "1.5 times", &measured);
        world.row("… changes applied meanwhile, durable and visible", "", "", &changed);
    }
}

/// The slowest of a hundred, in microseconds, and what was not answered; or why there is no such figure.
struct P99(Result<(f64, String), String>);

impl P99 {
    fn of(found: Result<Measured, String>) -> Self {
        Self(found.map(|found| (found.latency_us.p99, unanswered(&found))))
    }

    /// The middle of some runs: a machine may be disturbed for a moment, and others are held against this.
    fn middle(world: &World, order: &Order, deck: &Deck) -> Self {
        let p99 = |run: &Self| run.0.as_ref().map_or(f64::INFINITY, |(p99, _)| *p99);
        let mut runs: Vec<Self> = (0..QUIET_RUNS).map(|_| Self::of(world.ask(order, deck))).collect();
        runs.sort_by(|one, other| p99(one).total_cmp(&p99(other)));
        runs.swap_remove(QUIET_RUNS / 2)
    }

    /// Of the questions that were due then.
    fn during(found: Result<Measured, String>, time: Range<Duration>) -> Self {
        Self(found.and_then(|found| {
            let during = found.timeline.as_ref().and_then(|timeline| timeline.between(time));
            let nothing = || "nothing was answered while it was imported".to_owned();
            Ok((during.ok_or_else(nothing)?.p99, unanswered(&found)))
        }))
    }

    fn told(&self, quiet: Option<&Self>) -> String {
        match (&self.0, quiet.map(|quiet| &quiet.0)) {
            (Ok((p99, less)), Some(Ok((quiet, _)))) => format!("{}: {:.2} times{less}", us(*p99), p99 / quiet),
            (Ok((p99, less)), _) => us(*p99) + less,
            (Err(why), _) => why.clone(),
        }
    }
}

struct Office {
    node: Node,
    people: People,
    lists: PathBuf,
    /// Devices of a large list.
    size: u64,
}

impl Office {
    fn access(&self, token: &str) -> Access {
        Access { url: self.node.registry.clone(), token: Some(Token::new(token).unwrap()), ..Access::default() }
    }

    /// Registers one device after the other while something is done. Gives what that gave, and how it went.
    fn beside<T>(&self, singles: &mut u64, work: impl FnOnce() -> T) -> (T, String) {
        let stop = AtomicBool::new(false);
        let first = *singles;
        let (done, changed) = thread::scope(|scope| {
            let changes = scope.spawn(|| change(&self.access(&self.people.submitter), first, &stop));
            let done = work();
            stop.store(true, Ordering::Relaxed);
            (done, changes.join().unwrap())
        });
        *singles += changed.asked;
        for nth in [first, first + changed.asked / 2, first + changed.asked - 1] {
            self.assert_reason(single(nth), "REGISTERED");
        }
        self.assert_reason(single(*singles), "NOT_REGISTERED");
        (done, changed.told())
    }

    /// The same with a list that is handed in and approved by two. Gives also from when to when that was, since the
    /// checks began.
    fn beside_batch(
        &self,
        world: &World,
        singles: &mut u64,
        devices: &mut u64,
        order: &Order,
        deck: &Deck,
    ) -> (Result<Measured, String>, Range<Duration>, String) {
        let path = self.lists.join("list.csv");
        let range = *devices..*devices + self.size;
        let sha256 = write_list(&path, range.clone());
        *devices = range.end;
        self.assert_reason(of_batch(range.start), "NOT_REGISTERED");
        let order = Order { slice: Some(SLICE), ..order.clone() };
        let ((found, imported), changed) = self.beside(singles, || {
            thread::scope(|scope| {
                let began = Instant::now();
                let import = scope.spawn(move || {
                    thread::sleep(world.time(Duration::from_secs(1)));
                    let from = began.elapsed();
                    self.hand_in(&path, sha256);
                    from..began.elapsed()
                });
                // Asked once: the list is handed in once.
                let found = world.ask_once(&order, deck);
                (found, import.join().unwrap())
            })
        });
        for nth in [range.start, range.start + self.size / 2, range.end - 1] {
            self.assert_reason(of_batch(nth), "REGISTERED");
        }
        // The run began when its connections stood and its warm-up was over.
        let measured = |moment: Duration| moment.saturating_sub(order.warm_up);
        (found, measured(imported.start)..measured(imported.end), changed)
    }

    /// One hands a list in, two others look at what it does and approve it.
    fn hand_in(&self, path: &Path, sha256: Vec<u8>) {
        let order = BatchOrder {
            request_id: request(),
            kind: "registered".into(),
            door: BATCHES.name().into(),
            file_name: "list.csv".into(),
            size: fs::metadata(path).unwrap().len(),
            sha256,
            ..BatchOrder::default()
        };
        let submitter = RegistryCaller::connect(&self.access(&self.people.submitter)).unwrap();
        let transfer = Transfer { order, path: path.to_owned() };
        let sent: Arc<dyn Fn(u64) + Send + Sync> = Arc::new(|_| {});
        let submitted = submitter.submit_batch(&transfer, &sent).unwrap();
        assert_eq!((submitted.added, submitted.rejected), (self.size, 0), "{submitted:?}");
        let batch = submitted.batches[0];
        let mut state = String::new();
        for token in &self.people.approvers {
            let approver = RegistryCaller::connect(&self.access(token)).unwrap();
            let step = BatchStepPreview { batch, step: "approve".into(), ..BatchStepPreview::default() };
            let shown = PreviewRequest { change: Some(preview_request::Change::Batch(step)) };
            let preview_sha256 = approver.preview(shown).unwrap().sha256;
            let step = StepRequest { request_id: request(), batch, preview_sha256, ..StepRequest::default() };
            let answer = approver.approve_batch(step).unwrap();
            state = answer.state;
            if !answer.another_approver_needed {
                break;
            }
        }
        assert_eq!(state, "active");
    }

    fn assert_reason(&self, key: u64, reason: &str) {
        let client = ExplainClient::connect(&Access::plain(self.node.url.clone())).unwrap();
        let equipment = Some(Equipment::EquipmentKey(key));
        let answer = client.check(CheckRequest { equipment, ..CheckRequest::default() }).unwrap();
        assert_eq!(answer.verdict.unwrap().reason().as_str_name(), reason, "{key}");
    }
}

/// A device that is registered by itself: each lies on another page than the one before.
const fn single(nth: u64) -> u64 {
    (SINGLE_TAC_FIRST + nth % SINGLE_TACS) * SERIALS + (nth / SINGLE_TACS * 7_919) % SERIALS
}

/// A device of a large list: models are full.
const fn of_batch(nth: u64) -> u64 {
    BATCH_TAC_FIRST * SERIALS + nth
}

fn write_list(path: &Path, devices: Range<u64>) -> Vec<u8> {
    let mut list = String::with_capacity((devices.end - devices.start) as usize * 15 + 5);
    list.push_str("imei\n");
    for nth in devices {
        writeln!(list, "{:014}", of_batch(nth)).unwrap();
    }
    fs::write(path, &list).unwrap();
    Sha256::digest(&list).to_vec()
}

/// How changes went.
#[derive(Default)]
struct Changed {
    asked: u64,
    seconds: f64,
    /// From when each was due to when it was acknowledged.
    took: Vec<Duration>,
    refused: BTreeMap<String, u64>,
}

impl Changed {
    fn told(mut self) -> String {
        assert!(!self.took.is_empty(), "nothing was changed: {:?}", self.refused);
        assert!(self.refused.is_empty(), "{:?}", self.refused);
        self.took.sort_unstable();
        let at = |share: f64| us(self.took[((self.took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6);
        let rate = self.took.len() as f64 / self.seconds;
        let (due, p50, p99) = (rate_of_changes(), at(0.5), at(0.99));
        format!("{rate:.0}/s of {due:.0}/s that were due; p50 {p50}, p99 {p99}, slowest {}", at(1.0))
    }
}

fn rate_of_changes() -> f64 {
    if setup::measures() { CHANGES } else { CHANGES_TINY }
}

/// Registers one device after the other, each at its moment whatever became of those before, until it is told to stop.
fn change(access: &Access, first: u64, stop: &AtomicBool) -> Changed {
    let Dialled { runtime, channel } = Dialled::connect_patiently(access).unwrap();
    let rate = rate_of_changes();
    let (all, room) = (Arc::new(Mutex::new(Changed::default())), Arc::new(Semaphore::new(IN_FLIGHT)));
    let began = Instant::now();
    let mut asked = 0;
    runtime.block_on(async {
        for due in Arrivals::new(first + 1, rate) {
            let due = began + Duration::from_nanos(due);
            // At the beginning one is asked for whatever happens.
            if stop.load(Ordering::Relaxed) && asked > 0 {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            let permit = Arc::clone(&room).acquire_owned().await.unwrap();
            let (mut client, all) = (RegistryClient::new(channel.clone()), Arc::clone(&all));
            let request = registration(first + asked);
            asked += 1;
            tokio::spawn(async move {
                let answer = client.operate(request).await;
                let mut all = all.lock().unwrap();
                match answer {
                    Ok(_) => all.took.push(due.elapsed()),
                    Err(status) => *all.refused.entry(status.to_string()).or_default() += 1,
                }
                drop(permit);
            });
        }
        // All permits are back when all is answered.
        let _ = room.acquire_many(IN_FLIGHT as u32).await.unwrap();
    });
    let changed = std::mem::take(&mut *all.lock().unwrap());
    Changed { asked, seconds: began.elapsed().as_secs_f64(), ..changed }
}

fn registration(nth: u64) -> OperateRequest {
    let operation = RegisterOperation {
        door: PARCELS.name().into(),
        imeis: vec![format!("{:014}", single(nth))],
        ..RegisterOperation::default()
    };
    OperateRequest {
        request_id: format!("single-{nth:08}"),
        document: format!("parcel {nth}"),
        operation: Some(Operation::Register(operation)),
        ..OperateRequest::default()
    }
}
