//! The served register as an orchestrator meets it: signals, readiness, figures, one server a directory.

#[path = "../grpc_door/raw.rs"]
#[expect(dead_code, reason = "the other test binary uses the rest")]
mod raw;

use crate::support::{Asked, Register, Server, check_request, command, get, patiently, run};
use saring::sample;
use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::Code;

const CONNECTIONS: usize = 4;
const CALLERS_PER_CONNECTION: usize = 16;
/// Answers before the server is told to stop, so that it stops under load.
const WARM_UP: u64 = 2_000;

fn register() -> Register {
    let register = Register::new();
    register.import("registered", "35440111000001\n", "");
    register.import("stolen", "35440111000002\n", "");
    register
}

fn question() -> saring::proto::CheckRequest {
    check_request(&Asked { imei: "35440111000001", ..Asked::default() }, "")
}

/// The sum of a counter over all its labels.
fn sum(figures: &str, name: &str) -> u64 {
    let lines = figures.lines().filter(|line| line.starts_with(name));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_every_accepted_call() {
    let register = register();
    let server = Server::start(&register);
    // Before the load begins: the stream is accepted.
    let mut client = server.client().await;
    let (send, questions) = mpsc::channel(64);
    let mut answers = client.check_stream(ReceiverStream::new(questions)).await.unwrap().into_inner();
    let message = raw::framed(&prost::Message::encode_to_vec(&question()));
    let answered = Arc::new(AtomicU64::new(0));
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        let connection = raw::connect(server.grpc).await;
        for _ in 0..CALLERS_PER_CONNECTION {
            let (connection, message, answered) = (connection.clone(), message.clone(), Arc::clone(&answered));
            callers.push(tokio::spawn(async move {
                loop {
                    match raw::call(connection.clone(), raw::CHECK, None, message.clone()).await {
                        // Too busy: refused, not accepted.
                        Ok(answer) if answer.grpc_status == Some(Code::ResourceExhausted as i32) => {}
                        Ok(answer) => {
                            assert_eq!(answer.grpc_status, Some(0), "{answer:?}");
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => return error,
                    }
                }
            }));
        }
    }
    let mut streamed = 0;
    while answered.load(Ordering::Relaxed) < WARM_UP {
        send.send(question()).await.unwrap();
        assert!(answers.next().await.unwrap().is_ok());
        streamed += 1;
    }
    // Figures are read until the door closes: no verdict was counted that nobody received.
    let http = server.http;
    let (read, mut reading) = tokio::sync::mpsc::unbounded_channel();
    let figures = tokio::task::spawn_blocking(move || {
        let mut last = String::new();
        while let Ok((_, figures)) = get(http, "/metrics") {
            last = figures;
            // Only the first is waited for.
            let _ = read.send(());
        }
        last
    });
    reading.recv().await.unwrap();
    server.signal("TERM");
    let end = answers.next().await.unwrap().unwrap_err();
    assert_eq!(end.code(), Code::Unavailable, "{end:?}");
    drop((answers, send, client));
    for caller in callers {
        let error = caller.await.unwrap();
        assert!(error.is_go_away() || error.is_library() || error.is_io(), "{error:?}");
    }
    let counted = sum(&figures.await.unwrap(), "saring_checks_total{");
    let (status, diagnostics) = tokio::task::spawn_blocking(|| server.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{diagnostics}");
    assert!(diagnostics.contains("every accepted call was answered"), "{diagnostics}");
    let received = answered.load(Ordering::Relaxed) + streamed;
    assert!((WARM_UP..=received).contains(&counted), "{received} received, {counted} counted");
}

#[test]
fn sigint_ends_a_server_too_and_an_idle_connection_does_not_hold_it() {
    let register = register();
    let server = Server::start(&register);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = runtime.block_on(server.client());
    let ask = || {
        let mut client = client.clone();
        async move { client.check(question()).await }
    };
    runtime.block_on(patiently(ask));
    server.signal("INT");
    let (status, diagnostics) = server.ended();
    assert_eq!(status.code(), Some(0), "{diagnostics}");
}

#[test]
fn figures_count_checks_and_show_what_is_held() {
    let register = register();
    let server = Server::start(&register);
    assert_eq!(server.get("/healthz"), (200, "alive\n".into()));
    assert_eq!(server.get("/readyz"), (200, "ready\n".into()));
    assert_eq!(server.get("/nothing").0, 404);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = server.client().await;
        for (imei, times) in [("35440111000001", 3), ("35440111000002", 2), ("35440111000003", 1), ("12", 1)] {
            for _ in 0..times {
                patiently(|| {
                    let mut client = client.clone();
                    async move { client.check(check_request(&Asked { imei, ..Asked::default() }, "")).await }
                })
                .await;
            }
        }
    });
    let figures = server.get("/metrics").1;
    let figure = |name: &str| -> f64 {
        let line = figures.lines().find(|line| line.rsplit_once(' ').is_some_and(|(key, _)| key == name));
        line.unwrap_or_else(|| panic!("{name} is missing:\n{figures}")).rsplit(' ').next().unwrap().parse().unwrap()
    };
    let checks =
        |status: &str, reason: &str| figure(&format!("saring_checks_total{{status=\"{status}\",reason=\"{reason}\"}}"));
    assert_eq!(checks("WHITELISTED", "REGISTERED"), 3.0);
    assert_eq!(checks("BLACKLISTED", "STOLEN"), 2.0);
    assert_eq!(checks("BLACKLISTED", "NOT_REGISTERED"), 1.0);
    assert_eq!(checks("GREYLISTED", "MALFORMED"), 1.0);
    assert_eq!(sum(&figures, "saring_checks_total{"), 7);
    assert_eq!(figure("saring_ready"), 1.0);
    assert_eq!((figure("saring_revision_epoch"), figure("saring_revision_seq")), (1.0, 9.0));
    assert_eq!(figure("saring_data_age_seconds"), 0.0);
    assert_eq!(figure("saring_hot_entries{kind=\"registered\"}"), 1.0);
    assert_eq!(figure("saring_hot_entries{kind=\"stolen\"}"), 1.0);
    assert_eq!(figure("saring_import_batches{door=\"stolen\"}"), 1.0);
    assert_eq!(figure("saring_import_added{door=\"tpp-import\"}"), 1.0);
    let stats = register.run("stats --json").ok().json();
    assert_eq!(figure("saring_hot_bytes{kind=\"all\"}") as u64, stats["memory_bytes"].as_u64().unwrap());
    assert!(figures.contains("saring_handler_seconds"), "latencies");
    // Every figure is explained.
    let names: BTreeSet<&str> = figures
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let base = name.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
        assert!(figures.contains(&format!("# HELP {base} ")), "{base} has no help text");
        assert!(figures.contains(&format!("# TYPE {base} ")), "{base} has no type");
    }
    server.stop();
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let register = register();
    let server = Server::start(&register);
    let second = register.run("serve --listen 127.0.0.1:0 --http 127.0.0.1:0");
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("is in use by another Saring process"), "{second:?}");
    let taken = Register::new();
    taken.import("registered", "35440111000001\n", "");
    let listen = taken.run(&format!("serve --listen {} --http 127.0.0.1:0", server.grpc));
    assert!(listen.err.contains("give another address with --listen"), "{listen:?}");
    let http = taken.run(&format!("serve --listen 127.0.0.1:0 --http {}", server.http));
    assert!(http.err.contains("give another address with --http"), "{http:?}");
    assert_eq!(server.get("/readyz").0, 200, "the first goes on");
    server.stop();
}

#[test]
fn diagnostics_are_json_where_asked_for() {
    let register = register();
    let server = Server::start_with(&register, &["--log-format", "json"]);
    let diagnostics = server.stop();
    let messages: Vec<String> = diagnostics
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .map(|event| event["fields"]["message"].as_str().unwrap().to_owned())
        .collect();
    for message in ["loaded", "ready", "every accepted call was answered"] {
        assert!(messages.iter().any(|told| told == message), "{message}: {messages:?}");
    }
    let bad = register.run("serve --listen 127.0.0.1:0 --http 127.0.0.1:0 --log saring=loud");
    assert!(bad.err.contains("is no log filter"), "{bad:?}");
    run(["serve", "--log-format", "xml"]).refused(2, &["write text or json"]);
}

/// How a server stood each time it was asked, from its first answer until it was ready.
fn standing_while_it_loads(register: &Register) -> Vec<u16> {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--http", &free.to_string(), "--data"])
        .arg(register.data())
        .spawn()
        .unwrap();
    let standing = ask_until_ready(free, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    standing
}

fn ask_until_ready(http: SocketAddr, child: &mut std::process::Child) -> Vec<u16> {
    let mut standing = Vec::new();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "the server has ended");
        if let Ok((status, _)) = get(http, "/readyz") {
            standing.push(status);
            if status == 200 {
                return standing;
            }
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_server_is_not_ready_while_it_loads() {
    let register = Register::new();
    let devices: String = sample::scattered(7, 1_000_000, 50)
        .flat_map(|(id, bits)| bits.iter().filter_map(|place| id.key(place)).collect::<Vec<_>>())
        .map(|key| format!("{key}\n"))
        .collect();
    register.import("registered", &devices, "");
    // A poll may come too late on a busy machine, so the server is started until one has come in time.
    let seen = (0..20).any(|_| {
        let standing = standing_while_it_loads(&register);
        let loading = standing.iter().take_while(|status| **status == 503).count();
        assert_eq!(loading + 1, standing.len(), "loading, then ready: {standing:?}");
        loading > 0
    });
    assert!(seen, "no server was ever seen loading");
}

/// A field of proc_pid_stat(5) of each thread of a process, by its name.
fn of_threads(pid: u32, field: usize) -> Vec<(String, i32)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
    stats
        .map(|stat| {
            let (name, fields) = stat.split_once('(').unwrap().1.rsplit_once(')').unwrap();
            // The first one behind the name is the third.
            (name.to_owned(), fields.split_whitespace().nth(field - 3).unwrap().parse().unwrap())
        })
        .collect()
}

const NICENESS: usize = 19;
const POLICY: usize = 41;

#[test]
fn checks_alone_are_scheduled_in_real_time_or_the_node_says_what_to_allow() {
    const ROUND_ROBIN: i32 = 2;
    let register = register();
    let allowed = std::thread::spawn(saring::scheduling::go_first_here).join().unwrap();
    if let Err(why) = allowed {
        let refused = register.run("serve --realtime --listen 127.0.0.1:0 --http 127.0.0.1:0");
        assert!(refused.code != 0 && refused.err.contains(&why.to_string()), "{refused:?}");
        return;
    }
    let server = Server::start_with(&register, &["--realtime"]);
    let threads = of_threads(server.pid(), POLICY);
    assert!(threads.iter().any(|(name, _)| name.starts_with("check-")), "{threads:?}");
    for (name, policy) in &threads {
        assert_eq!(*policy == ROUND_ROBIN, name.starts_with("check-"), "{threads:?}");
    }
    server.stop();
}

#[test]
fn work_beside_checks_gives_way_to_them() {
    let register = register();
    let server = Server::start(&register);
    let own = of_threads(std::process::id(), NICENESS)[0].1;
    let threads = of_threads(server.pid(), NICENESS);
    let of = |name: &str| threads.iter().filter(|(other, _)| other.starts_with(name)).map(|(_, nice)| *nice).collect();
    let (checks, side): (BTreeSet<i32>, BTreeSet<i32>) = (of("check-"), of("side"));
    assert_eq!(checks, BTreeSet::from([own]), "{threads:?}");
    assert_eq!(side, BTreeSet::from([own.max(5)]), "{threads:?}");
    server.stop();
}
