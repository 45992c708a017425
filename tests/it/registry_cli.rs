//! The story of four eyes by commands: the real binary against the real Registry door.

use crate::support::{Register, Run, Server, command, run, words};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

const IMEI: &str = "35209900176148";

/// A served register and who may change it.
struct Office {
    register: Register,
    server: Server,
    admin: String,
}

impl Office {
    fn open() -> Self {
        let register = Register::new();
        register.import("registered", "35440091000001\n", "");
        let mut server = Server::start(&register);
        let admin = server.first_token();
        Self { register, server, admin }
    }

    /// Runs a command as somebody; `{}` is the folder beside the register.
    fn by(&self, token: &str, line: &str) -> Run {
        self.at(self.server.registry, token, line)
    }

    fn at(&self, registry: SocketAddr, token: &str, line: &str) -> Run {
        let folder = self.register.path("");
        let output = command()
            .args(words(&line.replace("{}", folder.to_str().unwrap().trim_end_matches('/'))))
            .env("SARING_TOKEN", token)
            .env("SARING_SERVER", format!("http://{registry}"))
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A new person; gives the token.
    fn person(&self, name: &str) -> String {
        let file = format!("{name}.token");
        self.by(&self.admin, &format!("principal add {name} --kind person --token-out {{}}/{file}")).ok();
        std::fs::read_to_string(self.register.path(&file)).unwrap().trim().to_owned()
    }

    /// Proposes as one, approves as another.
    fn both(&self, one: &str, other: &str, line: &str) {
        let proposal = number(&self.by(one, &format!("{line} --json")).ok().json(), "proposal");
        self.by(other, &format!("proposal approve {proposal} --yes")).ok();
    }

    /// The answer of the checks, asked as somebody who may ask.
    fn asked(&self, token: &str) -> String {
        let run = self.by(token, &format!("check {IMEI} --json --server {}", self.server.url()));
        run.json()["status"].as_str().unwrap().to_owned()
    }
}

/// Refused by the server, after what was looked at was shown.
#[track_caller]
fn denied(run: &Run, words: &str) {
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains(words), "{run:?}");
}

fn number(object: &Value, name: &str) -> u64 {
    object[name].as_u64().unwrap_or_else(|| panic!("{name} of {object}"))
}

#[test]
fn four_eyes_by_commands() {
    let office = Office::open();
    let admin = office.admin.as_str();
    assert_eq!(office.by(admin, "principal whoami --json").ok().json()["name"], "admin");

    // The second administrator is made by the first alone; from then on it takes two.
    let budi = office.person("budi");
    let granted = office.by(admin, "principal grant budi --role administrator").ok();
    assert!(granted.out.contains("carried out at once"), "{}", granted.out);
    let (siti, dewi) = (office.person("siti"), office.person("dewi"));
    let grant = "principal grant siti --role submitter --door tpp-import --reason clerk";
    let proposal = number(&office.by(admin, &format!("{grant} --json")).ok().json(), "proposal");
    denied(&office.by(admin, &format!("proposal approve {proposal} --yes")), "another person has to approve it");
    let listed = office.by(&budi, "proposal list").ok().out;
    assert!(listed.contains("siti is submitter for tpp-import"), "{listed}");
    denied(&office.by(&budi, &format!("proposal approve {proposal}")), "add --yes");
    office.by(&budi, &format!("proposal approve {proposal} --yes")).ok();
    office.both(admin, &budi, "principal grant dewi --role approver --door tpp-import");
    office.both(&siti, &dewi, "document add D-1 --door tpp-import --quantity 10 --holder Aurora");

    // Handed in by one, put into force by another.
    office.register.file("phones.csv", format!("{IMEI}\n35209900176149\n"));
    let submit = "batch submit registered {}/phones.csv --door tpp-import --document D-1 --quantity 2 --json";
    let submitted = office.by(&siti, &format!("{submit} --request phones-1")).ok().json();
    let batch = submitted["batches"][0].as_u64().unwrap();
    assert_eq!((&submitted["added"], &submitted["repeated"]), (&2.into(), &false.into()), "{submitted}");
    let again = office.by(&siti, &format!("{submit} --request phones-1")).ok().json();
    assert_eq!(again["repeated"], true, "{again}");
    assert_ne!(office.asked(&siti), "WHITELISTED", "it waits");
    denied(&office.by(&siti, &format!("batch approve {batch} --yes")), "PermissionDenied");
    denied(&office.by(&siti, "device report --kind stolen --imei 352099001761481 --document L-1"), "submitter");
    let approved = office.by(&dewi, &format!("batch approve {batch} --yes")).ok().out;
    assert!(approved.contains("digest ") && approved.contains(&format!("batch {batch} is active")), "{approved}");
    assert_eq!(office.asked(&siti), "WHITELISTED");

    // What was previewed is what is applied.
    let preview = office.by(&dewi, &format!("batch preview {batch} --step suspend --json")).ok().json();
    assert_eq!(preview["imeis_changed"], 2, "{preview}");
    let digest = preview["sha256"].as_str().unwrap();
    let suspended = office.by(&dewi, &format!("batch suspend {batch} --preview {digest} --reason letter --json"));
    assert_eq!(suspended.ok().json()["state"], "suspended");
    assert_eq!(office.asked(&siti), "GREYLISTED");
    let shown = office.by(&dewi, &format!("batch show {batch}")).ok().out;
    assert!(shown.contains("letter") && shown.contains("D-1"), "{shown}");
    let wrong = "00".repeat(32);
    assert_eq!(office.by(&dewi, &format!("batch restore {batch} --preview {wrong}")).code, 1);
    office.by(&dewi, &format!("batch restore {batch} --yes")).ok();
    assert_eq!(office.asked(&siti), "WHITELISTED");
    let documents = office.by(&dewi, "document list --json").ok().json();
    assert_eq!((number(&documents[0], "quantity"), number(&documents[0], "drawn")), (10, 2));

    // Break-glass, by two, in every answer, ended.
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    office.both(admin, &budi, &format!("override set --answer grey --until {until} --reason fire"));
    assert_eq!(office.asked(&siti), "GREYLISTED");
    let overrides = office.by(&siti, "override list --json").ok().json();
    let end = format!("override end {} --reason over", number(&overrides[0], "number"));
    denied(&office.by(&siti, &end), "PermissionDenied");
    office.by(admin, &end).ok();
    assert_eq!(office.asked(&siti), "WHITELISTED");

    // A new token ends the old one; who is revoked is nobody.
    let rotated = office.by(&siti, "principal rotate").ok();
    let new = rotated.out.trim_end().lines().last().unwrap().to_owned();
    assert!(rotated.out.contains("export SARING_TOKEN=") && new.starts_with("saring_"), "a token on the last line");
    denied(&office.by(&siti, "principal whoami"), "revoked");
    office.by(&new, "principal whoami").ok();
    office.by(admin, "principal revoke siti --reason left").ok();
    denied(&office.by(&new, "principal whoami"), "revoked");
    denied(&office.by("nobody", "batch list"), "not known here");
    office.by(admin, "principal add other --kind person --request short").refused(2, &["request_id"]);
    office.server.stop();
}

/// Passes bytes on, and cuts the first connection that has brought so many.
fn cutting(to: SocketAddr, after: usize) -> (SocketAddr, &'static AtomicBool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let cut: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(to).unwrap());
            let (from, back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || pass(client, server, || (!cut.load(Relaxed)).then_some(after), cut));
            std::thread::spawn(move || pass(from, back, || None, cut));
        }
    });
    (address, cut)
}

fn pass(mut from: TcpStream, mut to: TcpStream, limit: impl Fn() -> Option<usize>, cut: &AtomicBool) {
    let (mut block, mut passed) = (vec![0; 16 * 1024], 0);
    while let Ok(read @ 1..) = from.read(&mut block) {
        passed += read;
        if limit().is_some_and(|limit| passed > limit) {
            cut.store(true, Relaxed);
            break;
        }
        if to.write_all(&block[..read]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn a_transfer_that_breaks_goes_on() {
    let office = Office::open();
    let admin = office.admin.as_str();
    let budi = office.person("budi");
    office.by(admin, "principal grant budi --role administrator").ok();
    let (siti, dewi) = (office.person("siti"), office.person("dewi"));
    office.both(admin, &budi, "principal grant siti --role submitter --door tpp-import");
    office.both(admin, &budi, "principal grant dewi --role approver --door tpp-import");
    office.both(&siti, &dewi, "document add D-1 --door tpp-import --quantity 200000");
    let list: String = (0..200_000).map(|serial| format!("35209900{serial:06}\n")).collect();
    office.register.file("many.csv", &list);
    let (through, cut) = cutting(office.server.registry, list.len() / 2);
    let submitted =
        office.at(through, &siti, "batch submit registered {}/many.csv --door tpp-import --document D-1 --json").ok();
    assert_eq!(number(&submitted.json(), "added"), 200_000);
    assert!(cut.load(Relaxed), "the transfer broke once");
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    denied(&office.at(dead, &siti, "principal whoami"), "no Saring answers");
    office.server.stop();
}

#[test]
fn a_server_that_runs_makes_backups_below_its_own_directory() {
    let office = Office::open();
    office.person("sari");
    let made = office.by(&office.admin, "backup create monday --json").ok().json();
    let path = made["path"].as_str().unwrap();
    assert_eq!(path, format!("{}-backups/monday", office.register.data().display()));
    // It has what was acknowledged, and verifies, while the server goes on.
    let verified = run(["verify", "--json", "--data", path]).ok().json();
    assert_eq!(verified["revision"], made["revision"]);
    let listed = office.by(&office.admin, "principal list --json").ok();
    assert!(listed.out.contains("sari"));
    let told = office.by(&office.admin, "backup create tuesday").ok();
    assert!(told.out.contains("prove it with: saring verify --data"), "{}", told.out);
    office.by(&office.admin, "backup create monday").refused(1, &["monday is not empty"]);
    for name in ["../elsewhere", "/tmp/elsewhere", ".hidden", "a/b"] {
        office.by(&office.admin, &format!("backup create {name}")).refused(1, &["name", "directory of backups"]);
    }
    let clerk = office.person("agus");
    office.by(&clerk, "backup create theirs").refused(1, &["administrator"]);
    let restored = office.register.path("restored");
    run(["backup", "restore", path, "--data", restored.to_str().unwrap()]).ok();
    assert_eq!(
        run(["check", "35440091000001", "--json", "--data", restored.to_str().unwrap()]).json()["reason"],
        "REGISTERED"
    );
}
