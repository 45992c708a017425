//! A start after `kill -9`: by the snapshot of the hot sets, with what was registered since.
//!
//! A process of this bench writes the later entries and is killed where it stands, as a server would be.

use crate::{setup, singles::list_of, world::World};
use saring::{
    check::{Checker, Clock, EquipmentValue, Inquiry},
    grpc::{Access, ExplainClient},
    hot::Published,
    identity::EquipmentKey,
    import::Mode,
    load,
    national::National,
    proto::{CheckRequest, check_request::Equipment},
    registry::{ImportOrder, Registry},
    sample::SplitMix64,
};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Where, how many lists, and how many devices each has, of the process that writes.
const WRITER: &str = "SARING_BENCH_WRITER";
const LATER: u64 = 1_000_000;
const LATER_TINY: u64 = 2_000;
const LIST: u64 = 1_000;
/// Lists that wait together share a sync.
const WRITERS: usize = 64;
/// So long is written at most: what is not written by then is told.
const WRITTEN_FOR: Duration = Duration::from_secs(45);

pub fn run(world: &World) {
    let least = ("60 s", "10 s");
    let kept = world.copy("kept");
    keep(&kept);
    let data = world.copy_of(&kept, "restart");
    let row = |what: &str, node: &saring::bench::node::Node| {
        let cpu = node.cpu().unwrap().as_secs_f64();
        world.row(what, least.0, least.1, &format!("{:.2} s ({cpu:.2} s of CPU)", node.ready.as_secs_f64()));
    };
    drop(world.program.serve(&data, 1).unwrap());
    let node = world.program.serve(&data, 1).unwrap();
    row("restart to ready after kill -9, by the snapshot, nothing later", &node);
    drop(node);
    let later = if setup::measures() { LATER } else { LATER_TINY };
    for devices in [LIST, 1] {
        let data = world.copy_of(&kept, "restart");
        let (written, took, last) = killed_writer(world, &data, later / devices, devices);
        let node = world.program.serve(&data, 1).unwrap();
        let answer = ExplainClient::connect(&Access::plain(node.url.clone()))
            .unwrap()
            .check(CheckRequest { equipment: Some(Equipment::EquipmentKey(last)), ..CheckRequest::default() });
        let reason = answer.unwrap().verdict.unwrap().reason().as_str_name();
        assert_eq!(reason, "REGISTERED", "a durable entry is lost: {last}");
        let imeis = written * devices;
        let what = format!("… {written} later batches of {devices}: {imeis} IMEIs, written in {took:.1} s");
        row(&what, &node);
    }
}

/// Writes the snapshot, whatever the size of the register.
fn keep(data: &Path) {
    let registry = Registry::open(data, false).unwrap().0;
    let (hot, _) = load::ready(registry.store(), &mut |_| {}).unwrap();
    load::keep(registry.store(), &hot).unwrap();
}

/// Starts the process that writes, and kills it when it has written. Gives its batches, its seconds, and a device of
/// the last one.
fn killed_writer(world: &World, data: &Path, lists: u64, devices: u64) -> (u64, f64, u64) {
    let national = world.national();
    let scale = national.scale();
    let mut writer = Command::new(env::current_exe().unwrap())
        .env(WRITER, data)
        .args([lists, devices, scale.imeis, scale.pairs, scale.seed].map(|number| number.to_string()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(writer.stdout.take().unwrap()).read_line(&mut line).unwrap();
    writer.kill().unwrap();
    writer.wait().unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let [written, seconds, last] = words[..] else { panic!("the writer said {line:?}") };
    (written.parse().unwrap(), seconds.parse().unwrap(), last.parse().unwrap())
}

/// Whether this is the process that writes.
pub fn is_writer() -> bool {
    env::var_os(WRITER).is_some()
}

/// Writes lists of devices of listed models until all are written or the time is over, and waits to be killed.
pub fn write() {
    let data = PathBuf::from(env::var_os(WRITER).unwrap());
    let numbers: Vec<u64> = env::args().filter_map(|word| word.parse().ok()).collect();
    let [lists, devices, imeis, pairs, seed] = numbers[..] else { panic!("five numbers, not {numbers:?}") };
    let scale = saring::national::Scale { imeis, pairs, seed, shape: saring::national::Shape::Mix, shared: 1 };
    let national = National::new(scale, &[]).unwrap();
    let registry = Registry::open(&data, false).unwrap().0;
    let published = Arc::new(Published::new(load::ready(registry.store(), &mut |_| {}).unwrap().0));
    registry.keep_published(Arc::clone(&published));
    let checker = Checker::new(published, Clock::system().unwrap());
    let (next, written, last) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(None));
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                while began.elapsed() < WRITTEN_FOR {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= lists {
                        break;
                    }
                    let keys = keys(&national, &checker, nth, devices);
                    let summary = registry
                        .import(list_of(&keys), &ImportOrder::bootstrap(Mode::Add, &format!("later {nth}"), 100));
                    assert_eq!(summary.unwrap().batches.len(), 1);
                    written.fetch_add(1, Ordering::Relaxed);
                    *last.lock().unwrap() = keys.last().copied();
                }
            });
        }
    });
    let last = last.into_inner().unwrap().unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "{} {} {}", written.into_inner(), began.elapsed().as_secs_f64(), last.get()).unwrap();
    out.flush().unwrap();
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

/// Devices next to each other, of a listed model; the last one is on no list yet.
fn keys(national: &National, checker: &Checker, nth: u64, count: u64) -> Vec<EquipmentKey> {
    let mut random = SplitMix64::new(!national.scale().seed ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    loop {
        let tac = national.device(random.below(national.devices())).unwrap().tac();
        let first = random.below(1_000_000 - count);
        let keys = (first..first + count).map(|serial| EquipmentKey::from_parts(tac, serial as u32).unwrap());
        let keys: Vec<EquipmentKey> = keys.collect();
        let last = Inquiry::of(EquipmentValue::Key(*keys.last().unwrap()));
        if checker.check(&last, None).unwrap().verdict.reason.name() == "NOT_REGISTERED" {
            return keys;
        }
    }
}
