//! The load generator against the real server: every answer is held against the truth, whatever way it travels.

use crate::support::{
    Register, Server,
    office::{Office, register as people, run as block_on},
    run, words,
};
use saring::{
    bench::{
        self, BenchError, Burst, Measured, Mode, Order, Pace, Profile, Script,
        script::{Device, Expected, Question, SampleScript},
    },
    grpc::{Access, Token},
    identity::Imei,
    proto::{EquipmentStatus, Reason},
    sample,
};
use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

const SEED: u64 = 7;
const DEVICES: u64 = 2_000;

/// A register that holds the sample.
fn sampled() -> Register {
    let register = Register::new();
    let keys = sample::keys(SEED, sample::clustered(SEED, DEVICES), 1);
    let list: String = keys.into_iter().map(|key| format!("{}\n", Imei::from_key(key))).collect();
    register.import("registered", &list, "");
    register
}

/// A short run in which each answer brings the next question, so that no machine is too busy for it.
fn order(access: Access, mode: Mode) -> Order {
    Order {
        duration: Duration::from_millis(300),
        warm_up: Duration::ZERO,
        connections: 2,
        in_flight: 3,
        packed: 7,
        questions: 500,
        ..Order::new(access, Profile::Attack, mode, Pace::Max)
    }
}

fn url(server: &Server) -> Access {
    Access::plain(server.url())
}

/// Asks until the generator was not what was slow: other tests share the machine.
#[track_caller]
fn measured(order: &Order, script: &dyn Script) -> Measured {
    for _ in 0..20 {
        match bench::run(order, script) {
            Ok(measured) => return measured,
            Err(BenchError::Bottleneck(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the load generator was the bottleneck twenty times")
}

/// What is neither right nor refused is a fault of one side.
#[track_caller]
fn assert_answered(measured: &Measured) {
    let Measured { asked, right, wrong, refused, late, failed, lost, .. } = measured;
    assert!(*right > 0, "{measured:?}");
    assert_eq!((*wrong, *failed, *lost, right + refused + late), (0, 0, 0, *asked), "{measured:?}");
}

#[test]
fn every_answer_of_every_way_of_asking_is_verified() {
    let register = sampled();
    let server = Server::start(&register);
    for profile in Profile::ALL.iter().copied() {
        let script = SampleScript::new(SEED, DEVICES, profile);
        for mode in Mode::ALL {
            let order = Order { profile, ..order(url(&server), mode) };
            assert_answered(&measured(&order, &script));
            let threads = Order { threads: 2, connections: 3, timeout: Some(Duration::from_secs(5)), ..order };
            assert_answered(&measured(&threads, &script));
        }
    }
    server.stop();
}

#[test]
fn questions_come_at_their_rate_and_their_time_runs_from_when_they_were_due() {
    let register = sampled();
    let server = Server::start(&register);
    let script = SampleScript::new(SEED, DEVICES, Profile::Attach);
    for (mode, rate) in [(Mode::Unary, 400.0), (Mode::Stream, 400.0), (Mode::Batch, 2_800.0)] {
        let open = Order {
            pace: Pace::Rate(rate),
            duration: Duration::from_secs(1),
            server_pid: Some(server.pid()),
            ..order(url(&server), mode)
        };
        let open = measured(&open, &script);
        assert_answered(&open);
        // A Poisson process of 400 has a standard deviation of 20.
        assert!((300..500).contains(&open.asked), "{open:?}");
        assert!(open.latency_us.p50 >= open.generator.late_us.p50, "its own lateness is part of the time: {open:?}");
        assert!(open.server.unwrap().check_threads_ns > 0.0, "{open:?}");
    }
    server.stop();
}

#[test]
fn a_burst_has_its_rate_and_the_course_of_the_run_is_kept() {
    let register = sampled();
    let server = Server::start(&register);
    let millis = Duration::from_millis;
    let burst = Burst { rate: 3_000.0, start: millis(400), length: millis(400) };
    let order = Order {
        pace: Pace::Rate(200.0),
        burst: Some(burst),
        slice: Some(millis(100)),
        duration: millis(1_600),
        threads: 2,
        ..order(url(&server), Mode::Unary)
    };
    let script = SampleScript::new(SEED, DEVICES, Profile::Storm);
    let found = measured(&order, &script);
    assert_answered(&found);
    let timeline = found.timeline.as_ref().unwrap();
    let asked: Vec<u64> = timeline.slices.iter().map(|slice| slice.asked).collect();
    assert_eq!((asked.len(), asked.iter().sum::<u64>()), (16, found.asked), "{found:?}");
    let of_burst: u64 = asked[4..8].iter().sum();
    // Poisson processes of 1,200 and 240.
    assert!((1_000..1_400).contains(&of_burst) && (160..320).contains(&(found.asked - of_burst)), "{asked:?}");
    assert_eq!(timeline.slices.iter().map(|slice| slice.right).sum::<u64>(), found.right);
    assert!(found.recovery.unwrap().quiet_p99_us > 0.0, "{found:?}");
    let kept: Measured = serde_json::from_str(&serde_json::to_string(&found).unwrap()).unwrap();
    assert_eq!(kept.recovery, found.recovery);
    let refused = |order: Order| assert!(matches!(bench::run(&order, &script), Err(BenchError::Order(_))));
    refused(Order { pace: Pace::Max, ..order.clone() });
    refused(Order { burst: Some(Burst { start: order.duration, ..burst }), ..order.clone() });
    refused(Order { burst: Some(Burst { length: Duration::ZERO, ..burst }), ..order.clone() });
    // Calls are gathered at a rate, for a small part of the run and of the time that they have.
    let gathered = Order { burst: None, gather: millis(5), ..order };
    assert_answered(&measured(&gathered, &script));
    refused(Order { pace: Pace::Max, ..gathered.clone() });
    refused(Order { gather: gathered.duration, ..gathered.clone() });
    refused(Order { timeout: Some(millis(10)), ..gathered });
    server.stop();
}

/// A script that errs once.
struct ErrsAt(SampleScript, u64);

impl Script for ErrsAt {
    fn question(&self, n: u64) -> (Question, Expected) {
        let (question, expected) = self.0.question(n);
        let other = Expected { status: EquipmentStatus::Blacklisted, reason: Reason::Stolen };
        (question, if n == self.1 { other } else { expected })
    }
}

#[test]
fn one_wrong_answer_among_many_is_found_and_named() {
    let register = sampled();
    let server = Server::start(&register);
    for mode in Mode::ALL {
        let script = ErrsAt(SampleScript::new(SEED, DEVICES, Profile::Attach), 123);
        let found = measured(&order(url(&server), mode), &script);
        assert!(found.wrong > 0 && found.right > found.wrong && !found.is_flawless(), "{found:?}");
        let shown = &found.wrong_answers[0];
        assert_eq!((shown.question, shown.expected.as_str()), (123, "BLACKLISTED STOLEN"), "{mode:?}");
        assert_ne!(shown.got, shown.expected);
    }
    server.stop();
}

/// Asks what breaks a rule of the door.
struct Nonsense;

impl Script for Nonsense {
    fn question(&self, _: u64) -> (Question, Expected) {
        let expected = Expected { status: EquipmentStatus::Whitelisted, reason: Reason::Registered };
        (Question { device: Device::Key(1), msisdn: Some(1), imsi: None }, expected)
    }
}

/// Asks for devices that nobody knows.
struct Strangers;

impl Script for Strangers {
    fn question(&self, n: u64) -> (Question, Expected) {
        let expected = Expected { status: EquipmentStatus::Blacklisted, reason: Reason::NotRegistered };
        (Question { device: Device::Key(99_000_000_000_000 + n), msisdn: None, imsi: None }, expected)
    }
}

#[test]
fn errors_are_no_answers() {
    let register = sampled();
    let server = Server::start(&register);
    for mode in Mode::ALL {
        let found = measured(&order(url(&server), mode), &Nonsense);
        assert_eq!((found.right, found.wrong), (0, 0), "{found:?}");
        // A machine that is too busy refuses some before they are read.
        assert_eq!(found.failed + found.refused, found.asked, "{found:?}");
        assert!(found.failures[0].contains("msisdn"), "{found:?}");
    }
    server.stop();
}

#[test]
fn a_protected_door_is_asked_with_certificate_and_token() {
    let register = sampled();
    let dir = register.path("certs");
    run(["certs", "init", "--dir", dir.to_str().unwrap(), "--operator", "xl"]).ok();
    let file = |name: &str| dir.join(name);
    let text = |name: &str| file(name).to_str().unwrap().to_owned();
    let (cert, key, ca) = (text("server.pem"), text("server.key"), text("ca.pem"));
    let server = Server::start_with(&register, &["--tls-cert", &cert, "--tls-key", &key, "--tls-client-ca", &ca]);
    let access = Access {
        url: format!("https://localhost:{}", server.grpc.port()),
        ca: Some(file("ca.pem")),
        cert: Some(file("operator-xl.pem")),
        key: Some(file("operator-xl.key")),
        token: None,
    };
    let script = SampleScript::new(SEED, DEVICES, Profile::Attach);
    for mode in Mode::ALL {
        assert_answered(&measured(&order(access.clone(), mode), &script));
    }
    let bare = order(Access { ca: None, ..access.clone() }, Mode::Unary);
    assert!(matches!(bench::run(&bare, &script), Err(BenchError::Client(_))));
    server.stop();

    block_on(async {
        let office = Office::open_with(people(), &["--ask-who", "true"]);
        let second = office.second_administrator().await;
        let token = office.add_of("mme-1", "network-element", "telkomsel").await;
        office.grant(&second, "mme-1", "network-element", &[]).await;
        let url = office.server.url();
        let asked = |token: Option<Token>| {
            measured(&order(Access { url: url.clone(), token, ..Access::default() }, Mode::Unary), &Strangers)
        };
        let stranger = asked(None);
        assert_eq!((stranger.right, stranger.failed), (0, stranger.asked), "{stranger:?}");
        assert_answered(&asked(Some(Token::new(&token).unwrap())));
    });
}

#[test]
fn what_is_no_server_is_told() {
    let nobody = run(["bench", "check", "--server", "http://127.0.0.1:1", "--imeis", "1000", "--duration", "10ms"]);
    nobody.refused(1, &["no Saring answers at http://127.0.0.1:1"]);
    run(["bench", "check"]).refused(2, &["--server"]);
    run(["bench", "check", "--server", "http://127.0.0.1:1", "--rate", "fast"]).refused(2, &["checks a second"]);
    run(["bench", "check", "--server", "http://127.0.0.1:1", "--duration", "1d"]).refused(2, &["500ms"]);
    run(["bench", "check", "--server", "http://127.0.0.1:1", "--burst", "3e5"]).refused(2, &["3e5@3s+5s"]);
    let register = sampled();
    let server = Server::start(&register);
    let burst = format!("bench check --server {} --imeis 1000 --burst 3e5@1s+1s", server.url());
    run(words(&burst)).refused(1, &["a burst is a change of rate"]);
    let http = format!("http://{}", server.http);
    let other = run(["bench", "check", "--server", &http, "--imeis", "1000", "--duration", "100ms"]);
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.err.contains("no question was answered right") && other.out.contains("HTTP 404"), "{other:?}");
    server.stop();
}

#[test]
fn agents_search_at_the_console_and_every_page_is_verified() {
    let register = Register::new();
    register.run("generate --imeis 20e3 --pairs 3500 --seed 3").ok();
    let office = Office::open(register);
    let mut token = String::new();
    block_on(async {
        let second = office.second_administrator().await;
        token = office.person(&second, "ayu", "agent", &[]).await;
    });
    let file = office.register.file("token", &token);
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let console = office.server.http;
    let search = |seed: &str, options: &str| {
        let line = format!(
            "bench agents --console {console} --token-file {} --imeis 20e3 --pairs 3500 --seed {seed} --duration 1s \
             --warm-up 0s {options}",
            file.display()
        );
        run(words(&line))
    };
    // Other tests share the machine.
    let mut tries = std::iter::repeat_with(|| search("3", "--agents 12 --rate 4 --json")).take(20);
    let told = tries.find(|told| !told.err.contains("no figures")).expect("the agents were the bottleneck");
    let told = told.ok().json();
    let count = |name: &str| told[name].as_u64().unwrap();
    assert!(count("right") > 5 && count("right") == count("asked"), "{told}");
    assert_eq!((count("wrong"), count("failed")), (0, 0), "{told}");
    let other = search("4", "--agents 3 --rate 9");
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.err.contains("expected, the page says") && other.err.contains("showed another answer"), "{other:?}");
    let (_register, _) = office.close();
    search("3", "--agents 1").refused(1, &["onnection refused"]);
}
