//! The register, its copies, the questions, and the table that is printed.

use crate::setup;
use saring::{
    bench::{
        BenchError, Measured, Mode, Order, Pace, Profile,
        deck::Deck,
        node::{Node, Program},
        run::run_deck,
        script::NationalScript,
    },
    day::Day,
    grpc::Access,
    national::{National, Scale, Shape},
    scheduling,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

const IMEIS: u64 = 10_000_000;
const QUESTIONS: u64 = 1 << 20;
const QUESTIONS_TINY: u64 = 1 << 12;
/// So long unary calls are gathered before they leave together, where it says so: a load generator that sends a packet for
/// each takes most of a core, and could not ask ten times as much as a node can answer.
pub const GATHER: Duration = Duration::from_micros(100);
const WARM_UP: Duration = Duration::from_millis(500);
/// Where nothing is measured, everything is so many times shorter.
const SHORTER: u32 = 12;
/// How often a run is tried in which the load generator was what was slow.
const TRIES: usize = 3;
/// Files that never change once they are written: a copy may share them.
const SHARED: [&str; 2] = ["sst", "HOT"];

pub struct World {
    pub program: Program,
    scale: Scale,
    base: PathBuf,
    /// Removed at the end.
    place: tempfile::TempDir,
    began: Instant,
}

impl World {
    /// Takes the register that is there, or makes one.
    pub fn new() -> Self {
        let imeis = setup::imeis(IMEIS);
        let pairs = number("SARING_BENCH_PAIRS").unwrap_or(imeis * 7 / 40);
        let seed = number("SARING_BENCH_SEED").unwrap_or(1);
        let scale = Scale { imeis, pairs, seed, shape: Shape::Mix, shared: 1 };
        let program = Program::at(PathBuf::from(env!("CARGO_BIN_EXE_saring")));
        let given = env::var_os("SARING_BENCH_DATA").map(PathBuf::from);
        let parent = match &given {
            // Hard links do not leave a file system.
            Some(data) => fs::canonicalize(data).unwrap().parent().unwrap().to_owned(),
            None => env::var_os("SARING_BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from),
        };
        let place = tempfile::Builder::new().prefix("saring-duress-").tempdir_in(parent).unwrap();
        println!("{imeis} IMEIs, {pairs} pairings and subscribers, seed {seed}; one check runtime");
        let began = Instant::now();
        let base = given.unwrap_or_else(|| {
            let base = place.path().join("base");
            let numbers = [imeis, pairs, seed].map(|number| number.to_string());
            let [imeis, pairs, seed] = &numbers;
            let data = base.display().to_string();
            let words = ["generate", "--imeis", imeis, "--pairs", pairs, "--seed", seed, "--data", &data, "--json"];
            program.run(words).unwrap();
            base
        });
        println!("made in {:.1} s\n", began.elapsed().as_secs_f64());
        println!("| what | at least | aim | measured |\n|---|---|---|---|");
        Self { program, scale, base, place, began }
    }

    /// Without real-time scheduling and with it, where the system allows it.
    pub fn ways(&self) -> Vec<bool> {
        let allowed = thread::spawn(scheduling::go_first_here).join().unwrap();
        allowed.inspect_err(|error| eprintln!("  … {error}")).map_or_else(|_| vec![false], |()| vec![false, true])
    }

    /// A server with one check runtime.
    pub fn serve(&self, data: &Path, realtime: bool) -> Node {
        self.program.serve_with(data, 1, if realtime { &["--realtime"] } else { &[] }).unwrap()
    }

    pub fn imeis(&self) -> u64 {
        self.scale.imeis
    }

    pub fn national(&self) -> National {
        National::new(self.scale, &[]).unwrap()
    }

    /// Says on standard error what is done now.
    pub fn begin(&self, row: &str) {
        eprintln!("  … {row}, after {:.0} s", self.began.elapsed().as_secs_f64());
    }

    pub fn end(&self) {
        eprintln!("  … done after {:.0} s", self.began.elapsed().as_secs_f64());
    }

    /// Prints a row.
    pub fn row(&self, what: &str, least: &str, aim: &str, measured: &str) {
        println!("| {what} | {least} | {aim} | {measured} |");
    }

    /// Where a file of this run may lie.
    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A copy of the register to be changed. The one before of the same name goes.
    pub fn copy(&self, name: &str) -> PathBuf {
        self.copy_of(&self.base, name)
    }

    /// A copy of a register that nobody has open. The one before of the same name goes.
    pub fn copy_of(&self, data: &Path, name: &str) -> PathBuf {
        let to = self.path(name);
        let _ = fs::remove_dir_all(&to);
        copy(data, &to);
        to
    }

    /// Questions of a profile with their true answers.
    pub fn deck(&self, profile: Profile, mode: Mode) -> Deck {
        let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
        let script = NationalScript::new(self.national(), profile, today);
        let questions = if setup::measures() { QUESTIONS } else { QUESTIONS_TINY };
        let per_message = if mode == Mode::Batch { 256 } else { 1 };
        Deck::new(&script, mode, questions, per_message, "")
    }

    pub fn order(&self, node: &Node, mode: Mode, pace: Pace, duration: Duration) -> Order {
        self.order_with(Access::plain(node.url.clone()), node, mode, pace, duration)
    }

    pub fn order_with(&self, access: Access, node: &Node, mode: Mode, pace: Pace, duration: Duration) -> Order {
        Order {
            duration: self.time(duration),
            warm_up: self.time(WARM_UP),
            seed: self.scale.seed,
            server_pid: Some(node.pid()),
            ..Order::new(access, Profile::Attach, mode, pace)
        }
    }

    /// A time, shorter where nothing is measured.
    pub fn time(&self, time: Duration) -> Duration {
        if setup::measures() { time } else { time / SHORTER }
    }

    /// Asks, again where the load generator was what was slow; in the end: its words.
    pub fn ask(&self, order: &Order, deck: &Deck) -> Result<Measured, String> {
        (1..TRIES).find_map(|_| self.ask_once(order, deck).ok()).map_or_else(|| self.ask_once(order, deck), Ok)
    }

    /// Asks. Where the load generator was what was slow: its words.
    pub fn ask_once(&self, order: &Order, deck: &Deck) -> Result<Measured, String> {
        match run_deck(order, deck) {
            Ok(found) => {
                assert_eq!((found.wrong, found.failed), (0, 0), "{found:?}");
                Ok(found)
            }
            Err(BenchError::Bottleneck(why)) => Err(why.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|text| text.parse().ok())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let named = path.extension().or(path.file_name());
        if path.is_dir() {
            copy(&path, &target);
        } else if SHARED.iter().any(|shared| named.is_some_and(|named| named == *shared)) {
            fs::hard_link(&path, &target).unwrap();
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// What of a run was not answered, in words; empty where all was.
pub fn unanswered(found: &Measured) -> String {
    if found.is_flawless() {
        return String::new();
    }
    let Measured { asked, refused, late, lost, .. } = found;
    format!("; **of {asked} questions {refused} were refused, {late} too late, {lost} never answered**")
}

/// The way of [`World::ways`] in words, behind what is measured.
pub const fn told(realtime: bool) -> &'static str {
    if realtime { ", in real time" } else { "" }
}

/// Microseconds, with their unit.
pub fn us(micros: f64) -> String {
    if micros < 10_000.0 { format!("{micros:.0} us") } else { format!("{:.1} ms", micros / 1e3) }
}
