//! Lists, registers and the real binary.

use saring::{
    batch::{BatchNumber, BatchState},
    store::{OpenMode, Store},
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

/// Devices of which the answers are compared: of no list, the base, the small list and both parts of the large one.
const ASKED: [u64; 8] = [
    35_000_001_000_000,
    35_000_001_000_050,
    35_000_001_999_999,
    35_000_002_000_003,
    35_000_002_000_004,
    35_000_003_000_001,
    35_000_003_160_000,
    35_000_004_000_007,
];

/// Devices of the larger operator in the large list: its body is written ahead in more than one chunk.
const LARGE: u64 = 175_000;

/// A list, as `saring import` is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    /// Two batches in one atomic write.
    Small,
    /// Two batches that are staged first.
    Large,
}

/// What a register holds, as far as people and networks see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Digest of the register.
    pub(crate) digest: String,
    entries: BTreeMap<String, u64>,
    answers: Vec<(String, String)>,
}

/// Lists, and the states of a register before and after each was taken in.
pub(crate) struct Fixture {
    directory: TempDir,
    pub(crate) before: Seen,
    after: BTreeMap<List, Seen>,
}

impl Fixture {
    /// Writes the lists and makes a register with a base to take copies of.
    pub(crate) fn new(lists: &[List]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("base.csv"), bare(35_000_001_000_000, 100)).unwrap();
        fs::write(path("small.csv"), small()).unwrap();
        if lists.contains(&List::Large) {
            fs::write(path("large.csv"), large()).unwrap();
        }
        let base = path("base");
        succeed(saring(&["import", "registered"]).arg(path("base.csv")).arg("--data").arg(&base));
        let before = look(&base);
        let mut fixture = Self { directory, before, after: BTreeMap::new() };
        for &list in lists {
            let copy = fixture.base();
            succeed(&mut fixture.import(list, copy.path()));
            fixture.after.insert(list, look(copy.path()));
        }
        fixture
    }

    /// A copy of the register with its base.
    pub(crate) fn base(&self) -> TempDir {
        copy(&self.directory.path().join("base"))
    }

    /// What a register holds once a list was taken in.
    pub(crate) fn after(&self, list: List) -> &Seen {
        &self.after[&list]
    }

    /// The command that takes a list in.
    pub(crate) fn import(&self, list: List, data: &Path) -> Command {
        let (kind, file) = match list {
            List::Small => ("stolen", "small.csv"),
            List::Large => ("registered", "large.csv"),
        };
        let mut command = saring(&["import", kind]);
        command.arg(self.directory.path().join(file)).arg("--data").arg(data);
        command
    }

    /// The text of a list.
    pub(crate) fn text(&self, list: List) -> String {
        let name = if list == List::Small { "small.csv" } else { "large.csv" };
        fs::read_to_string(self.directory.path().join(name)).unwrap()
    }
}

fn bare(first: u64, count: u64) -> String {
    (first..first + count).fold(String::from("imei\n"), |mut text, key| {
        writeln!(text, "{key}").unwrap();
        text
    })
}

fn small() -> String {
    (0..40_u64).fold(String::from("imei,reporting_date,status,operator\n"), |mut text, n| {
        let operator = if n % 2 == 0 { "indosat" } else { "telkomsel" };
        writeln!(text, "{},202603{:02},blacklist,{operator}", 35_000_002_000_000 + n, 1 + n % 28).unwrap();
        text
    })
}

/// Devices with a number each, so that a row is a mark, and personal, and in the index of numbers.
fn large() -> String {
    let mut text = String::from("imei,msisdn,operator\n");
    for n in 0..LARGE {
        writeln!(text, "{},{},telkomsel", 35_000_003_000_000 + n, 62_811_000_000_u64 + n).unwrap();
    }
    for n in 0..5_000 {
        writeln!(text, "{},{},xlsmart", 35_000_004_000_000 + n, 62_817_000_000_u64 + n).unwrap();
    }
    text
}

/// A copy of a directory without folders in it.
pub(crate) fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    to
}

/// The binary, with nothing of the environment that could change what it does.
pub(crate) fn saring(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saring"));
    command.args(args).env_remove("FAILPOINTS").env_remove("SARING_STOP_AT").stdin(Stdio::null());
    command
}

/// Runs a command that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?} ended with {}: {}", output.status, text(&output.stderr));
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Starts a command that stops at a failpoint, and kills it there.
pub(crate) fn kill_at(command: &mut Command, name: &str, nth: u64) {
    let mut child = stop_at(command, name, nth);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Starts a command that stops at a failpoint, and waits until it is there.
pub(crate) fn stop_at(command: &mut Command, name: &str, nth: u64) -> Child {
    let at = format!("{name}@{nth}");
    command.env("SARING_STOP_AT", &at).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let (mut told, mut line) = (String::new(), String::new());
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.trim_end() == format!("stopped at {at}") {
            return child;
        }
        told.push_str(&std::mem::take(&mut line));
    }
    panic!("never came to {at}: ended with {}, {told}", child.wait().unwrap());
}

/// Verifies a register, and reads what people and networks see of it.
pub(crate) fn look(data: &Path) -> Seen {
    let json = |command: &mut Command| -> serde_json::Value {
        serde_json::from_slice(&succeed(command.arg("--json").arg("--data").arg(data)).stdout).unwrap()
    };
    let digest = json(&mut saring(&["verify"]))["digest"].as_str().unwrap().to_owned();
    let classes = json(&mut saring(&["stats"]))["classes"].clone();
    let entries = classes.as_object().unwrap().iter();
    let entries = entries.map(|(name, class)| (name.clone(), class["entries"].as_u64().unwrap())).collect();
    Seen { digest, entries, answers: answers(data) }
}

/// Status and reason for each device that is asked about.
fn answers(data: &Path) -> Vec<(String, String)> {
    let mut asking = saring(&["check", "-", "--msisdn", "62811000001", "--json", "--data"]);
    let mut asking = asking.arg(data).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let questions: Vec<String> = ASKED.iter().map(u64::to_string).collect();
    asking.stdin.take().unwrap().write_all(questions.join("\n").as_bytes()).unwrap();
    let output = asking.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let answers = text(&output.stdout);
    let answers = answers.lines().map(|line| {
        let view: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = |field: &str| view[field].as_str().unwrap().to_owned();
        (name("status"), name("reason"))
    });
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers.len(), ASKED.len());
    answers
}

/// The digest of a register that must verify.
pub(crate) fn digest(data: &Path) -> String {
    let output = succeed(saring(&["verify", "--json", "--data"]).arg(data));
    let verified: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    verified["digest"].as_str().unwrap().to_owned()
}

/// The last state of each batch by number. Reads the journal too: no number may be missing.
pub(crate) fn batches(data: &Path) -> BTreeMap<BatchNumber, BatchState> {
    let store = Store::open(data, OpenMode::Read).unwrap();
    let seqs: Vec<u64> = store.entries(1).unwrap().map(|entry| entry.unwrap().seq).collect();
    assert_eq!(seqs, (1..=store.applied().seq).collect::<Vec<_>>());
    store.with_batches(|batches| {
        batches.iter().map(|(number, batch)| (number, batch.states.last().unwrap().1)).collect()
    })
}

/// Batches that were staged and never came further.
pub(crate) fn staged(data: &Path) -> Vec<BatchNumber> {
    let is_staged = |(number, state)| (state == BatchState::Staged).then_some(number);
    batches(data).into_iter().filter_map(is_staged).collect()
}

/// Takes a list in again after a crash: what was staged is discarded, no number is used twice, and all is there.
pub(crate) fn complete(fixture: &Fixture, list: List, data: &Path) {
    let left = if data.join("CURRENT").exists() {
        Store::open(data, OpenMode::Read).ok().map(|_| batches(data))
    } else {
        None
    };
    let left = left.unwrap_or_default();
    let again = succeed(&mut fixture.import(list, data));
    let now = batches(data);
    for (number, state) in &left {
        let expected = if *state == BatchState::Staged { BatchState::Discarded } else { *state };
        assert_eq!(now[number], expected, "batch {number}");
        let told = text(&again.stderr).contains(&format!("batch {number} was left unfinished"));
        assert_eq!(told, *state == BatchState::Staged, "batch {number}");
    }
    assert!(!now.values().any(|state| *state == BatchState::Staged));
    assert_eq!(now.keys().take(left.len()).collect::<Vec<_>>(), left.keys().collect::<Vec<_>>(), "numbers rise");
    assert_eq!(&look(data), fixture.after(list));
}

/// The data directory as messages name it.
pub(crate) fn without_path(message: &str, data: &Path) -> String {
    message.replace(&data.display().to_string(), "DIR")
}

/// A path in a directory that nobody else uses.
pub(crate) fn fresh(directory: &TempDir) -> PathBuf {
    directory.path().join("register")
}
