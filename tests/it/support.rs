//! The binary, its registers and its servers, as people and networks meet them.
//!
//! What always holds: no number of [`PERSONS`] is written whole to any output of any run; a server ends with its test.

pub mod browser;
pub mod chromium;
pub mod office;

use saring::proto::{
    self, CheckBatchRequest, CheckRequest, ExplainRequest,
    check_request::{Equipment, SubscriberIdentity, SubscriberNumber},
    equipment_check_client::EquipmentCheckClient,
};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};
use tonic::{Code, Status, transport::Channel};

/// MSISDNs of the tests, without country code, so that every way of writing them is found.
pub const PERSONS: [&str; 7] = [
    "81234567801",
    "81234567802",
    "81234567803",
    "81234567804",
    "510101234567801",
    "510101234567802",
    "510101234567803",
];
pub const ANI: &str = "6281234567801";
pub const BUDI: &str = "6281234567802";
pub const CITRA: &str = "6281234567803";
pub const DEWI: &str = "6281234567804";
pub const ANI_SIM: &str = "510101234567801";
pub const BUDI_SIM: &str = "510101234567802";
pub const CITRA_SIM: &str = "510101234567803";

/// What a run of the binary left.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// One object a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Failed with this code, nothing on standard output, and these words for people.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        words.iter().for_each(|word| assert!(self.err.contains(word), "{word:?} is missing: {self:?}"));
        assert!(self.err.starts_with("saring: ") || self.err.starts_with("error: "), "{self:?}");
    }
}

/// Fails when a person's number stands somewhere in full.
#[track_caller]
pub fn assert_masked(text: &str) {
    let found = PERSONS.iter().find(|number| text.contains(*number));
    assert!(found.is_none(), "a number stands in full in: {text}");
}

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saring"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SARING_")) {
        command.env_remove(name);
    }
    command.env("COLUMNS", "100").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the binary with bytes on standard input.
#[track_caller]
pub fn run_with<I: IntoIterator<Item: AsRef<OsStr>>>(args: I, input: &[u8]) -> Run {
    let mut child = command().args(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that refuses its arguments never reads.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_masked(&run.out);
    assert_masked(&run.err);
    run
}

#[track_caller]
pub fn run<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Run {
    run_with(args, b"")
}

/// The words of a command line.
pub fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A register of one test, with a folder beside it for lists.
pub struct Register {
    dir: tempfile::TempDir,
}

impl Register {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file beside the register.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Runs a verb on this register; `{}` in the line is the folder with the lists.
    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.run_with(line, b"")
    }

    #[track_caller]
    pub fn run_with(&self, line: &str, input: &[u8]) -> Run {
        let folder = self.dir.path().to_str().unwrap();
        let mut args = words(&line.replace("{}", folder));
        args.push("--data".into());
        args.push(self.data().to_str().unwrap().into());
        run_with(args, input)
    }

    /// Runs a verb on this register with a token.
    #[track_caller]
    pub fn run_as(&self, token: &str, line: &str) -> Run {
        let folder = self.dir.path().to_str().unwrap();
        let mut command = command();
        command.env("SARING_TOKEN", token).args(words(&line.replace("{}", folder))).arg("--data").arg(self.data());
        let output = command.output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Takes in a list that must be taken in. `options` follow the file.
    #[track_caller]
    pub fn import(&self, kind: &str, list: &str, options: &str) -> Value {
        self.file("list.csv", list);
        self.run(&format!("import {kind} {{}}/list.csv --json {options}")).ok().json()
    }

    /// The answer of `check --json` with its exit code.
    #[track_caller]
    pub fn check(&self, imei: &str, options: &str) -> (i32, Value) {
        let run = self.run(&format!("check {imei} --json {options}"));
        (run.code, run.json())
    }

    /// Status and reason of `check --json`.
    #[track_caller]
    pub fn reason(&self, imei: &str, options: &str) -> String {
        let (_, answer) = self.check(imei, options);
        format!("{} {}", answer["status"].as_str().unwrap(), answer["reason"].as_str().unwrap())
    }

    /// The digest that journal, pages and hot sets agree on.
    #[track_caller]
    pub fn digest(&self) -> String {
        self.run("verify --json").ok().json()["digest"].as_str().unwrap().to_owned()
    }
}

/// A served register. Killed with its test where the test did not stop it.
pub struct Server {
    child: Child,
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub registry: SocketAddr,
    out: BufReader<ChildStdout>,
    diagnostics: PathBuf,
}

impl Server {
    #[track_caller]
    pub fn start(register: &Register) -> Self {
        Self::start_with(register, &[])
    }

    #[track_caller]
    pub fn start_with(register: &Register, options: &[&str]) -> Self {
        Self::start_at(register, "127.0.0.1:0", "127.0.0.1:0", options)
    }

    #[track_caller]
    pub fn start_at(register: &Register, listen: &str, http: &str, options: &[&str]) -> Self {
        Self::start_by(command(), register, listen, http, options)
    }

    /// Starts the server by a command that has the binary and its environment.
    #[track_caller]
    pub fn start_by(mut command: Command, register: &Register, listen: &str, http: &str, options: &[&str]) -> Self {
        let diagnostics = register.path("diagnostics");
        let mut child = command
            .args(["serve", "--listen", listen, "--http", http, "--threads", "2", "--data"])
            .arg(register.data())
            .args(options)
            .stderr(fs::File::create(&diagnostics).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = |after: &str| -> SocketAddr {
            let rest = line.split_once(after).unwrap_or_else(|| panic!("{line:?}; {}", read(&diagnostics))).1;
            rest.split(',').next().unwrap().parse().unwrap()
        };
        let (grpc, registry, http) = (address("gRPC on "), address("Registry on "), address("://"));
        Self { child, grpc, http, registry, out, diagnostics }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// The token of the first administrator, shown where nobody could change the register before.
    #[track_caller]
    pub fn first_token(&mut self) -> String {
        let mut line = String::new();
        while !line.contains("SARING_TOKEN=") {
            line.clear();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "no token was shown");
        }
        line.split_once('=').unwrap().1.trim().to_owned()
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{signal} {}", self.child.id())).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; gives exit status and diagnostics, in which no person's number may stand.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let diagnostics = read(&self.diagnostics);
        assert_masked(&diagnostics);
        (status, diagnostics)
    }

    #[track_caller]
    pub fn stop(self) -> String {
        self.signal("TERM");
        let (status, diagnostics) = self.ended();
        assert_eq!(status.code(), Some(0), "{diagnostics}");
        diagnostics
    }

    pub async fn client(&self) -> EquipmentCheckClient<Channel> {
        EquipmentCheckClient::connect(self.url()).await.unwrap()
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        get(self.http, path).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only a test that failed comes here with a live server.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Asks until a busy server takes the question: under the load of other tests a refusal is its right.
pub async fn patiently<T, F: Future<Output = Result<tonic::Response<T>, Status>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..200 {
        match ask().await {
            Err(status) if status.code() == Code::ResourceExhausted => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            answer => return answer.unwrap().into_inner(),
        }
    }
    panic!("the server was busy for ten seconds")
}

/// Status and body of one HTTP request.
pub fn get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut socket = TcpStream::connect(address)?;
    write!(socket, "GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    socket.read_to_string(&mut text)?;
    let broken = || std::io::Error::other(format!("no HTTP: {text:?}"));
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    Ok((status, text.split_once("\r\n\r\n").ok_or_else(broken)?.1.to_owned()))
}

/// One question, with what the tests vary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    pub imei: &'a str,
    pub msisdn: &'a str,
    pub imsi: &'a str,
}

/// Status, reason, pairing, last day, whether the SIM changed: what all doors must agree on.
pub type Answer = (String, String, String, String, bool);

fn of_verdict(verdict: &proto::Verdict) -> Answer {
    (
        verdict.status().as_str_name().into(),
        verdict.reason().as_str_name().into(),
        verdict.pairing().as_str_name().trim_start_matches("PAIRING_").into(),
        verdict.valid_until.clone(),
        verdict.sim_changed,
    )
}

fn of_json(line: &Value) -> Answer {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let sim_changed = line["sim_changed"].as_bool().unwrap();
    (text("status"), text("reason"), text("pairing"), text("valid_until"), sim_changed)
}

/// Asks every door the same questions and fails where two of them differ.
#[track_caller]
pub fn answers_of_all_doors(register: &Register, server: &Server, asked: &[Asked<'_>], operator: &str) -> Vec<Answer> {
    let lines: String = asked.iter().map(|a| format!("{},{},{}\n", a.imei, a.msisdn, a.imsi)).collect();
    let operator_option = if operator.is_empty() { String::new() } else { format!("--operator {operator}") };
    let many = register.run_with(&format!("check - --json {operator_option}"), lines.as_bytes()).ok();
    let offline: Vec<Answer> = many.json_lines().iter().map(of_json).collect();
    assert_eq!(offline.len(), asked.len());
    let url = server.url();
    let served = run_with(words(&format!("check - --json {operator_option} --server {url}")), lines.as_bytes()).ok();
    assert_eq!(served.json_lines().iter().map(of_json).collect::<Vec<_>>(), offline, "check --server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls = runtime.block_on(async {
        let client = server.client().await;
        let mut calls = Vec::new();
        for question in asked {
            let explain = patiently(|| {
                let mut client = client.clone();
                async move { client.explain(explain_request(question, operator)).await }
            });
            let explain = explain.await.verdict.unwrap();
            let check = patiently(|| {
                let mut client = client.clone();
                async move { client.check(check_request(question, operator)).await }
            });
            calls.push((of_verdict(&explain), of_verdict(&check.await.verdict.unwrap())));
        }
        let batch = patiently(|| {
            let mut client = client.clone();
            async move { client.check_batch(batch_request(asked, operator)).await }
        });
        let batch = batch.await;
        (calls, batch)
    });
    for (i, (explained, checked)) in calls.0.iter().enumerate() {
        assert_eq!(explained, &offline[i], "Explain {:?}", asked[i]);
        assert_eq!(checked, &offline[i], "Check {:?}", asked[i]);
        assert_eq!(of_batch(&calls.1, i), offline[i], "CheckBatch {:?}", asked[i]);
    }
    offline
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub fn check_request(asked: &Asked<'_>, operator: &str) -> CheckRequest {
    CheckRequest {
        equipment: Some(Equipment::EquipmentText(asked.imei.into())),
        subscriber_number: some(asked.msisdn).map(SubscriberNumber::MsisdnText),
        subscriber_identity: some(asked.imsi).map(SubscriberIdentity::ImsiText),
        operator: operator.into(),
        ..Default::default()
    }
}

fn explain_request(asked: &Asked<'_>, operator: &str) -> ExplainRequest {
    ExplainRequest {
        equipment: asked.imei.into(),
        msisdn: asked.msisdn.into(),
        imsi: asked.imsi.into(),
        operator: operator.into(),
        ..Default::default()
    }
}

/// Keys are the first 14 digits; what has other than 14 to 16 digits is asked as the malformed key 0.
pub fn batch_request(asked: &[Asked<'_>], operator: &str) -> CheckBatchRequest {
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    let key = |text: &str| if (14..=16).contains(&text.len()) { number(&text[..14]) } else { 0 };
    CheckBatchRequest {
        equipment_key: asked.iter().map(|a| key(a.imei)).collect(),
        msisdn: asked.iter().map(|a| number(a.msisdn)).collect(),
        imsi: asked.iter().map(|a| number(a.imsi)).collect(),
        operator: operator.into(),
        with_valid_until: true,
        ..Default::default()
    }
}

fn of_batch(batch: &proto::CheckBatchResponse, i: usize) -> Answer {
    let day = batch.valid_until_day[i];
    let until = u16::try_from(day).ok().filter(|day| *day > 0).and_then(saring::day::Day::from_stored);
    of_verdict(&proto::Verdict {
        status: i32::from(batch.statuses[i]),
        reason: i32::from(batch.reasons[i]),
        pairing: i32::from(batch.pairings[i]),
        valid_until: until.map_or_else(String::new, |day| day.to_string()),
        sim_changed: batch.sim_changed.contains(&(i as u32)),
    })
}

/// The check digit of 14 digits (Luhn), written down anew so that the product is held against another hand.
pub fn check_digit(fourteen: &str) -> u32 {
    let sum: u32 = fourteen
        .chars()
        .rev()
        .enumerate()
        .map(|(place, c)| {
            let digit = c.to_digit(10).unwrap() * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

/// A device as 14 digits, as an IMEI with its check digit, with a spare 0, and as two IMEISVs.
pub fn forms(fourteen: &str) -> [String; 5] {
    [
        fourteen.to_owned(),
        format!("{fourteen}{}", check_digit(fourteen)),
        format!("{fourteen}0"),
        format!("{fourteen}00"),
        format!("{fourteen}77"),
    ]
}
