//! The command line as scripts and people meet it: codes, lines in and lines out, help, completions.

use crate::support::{ANI, Register, Run, Server, command, run, run_with, words};
use serde_json::{Value, json};

fn register() -> Register {
    let register = Register::new();
    register.import("registered", "35440091000001\n", "");
    register.import("stolen", "35440091000002\n", "");
    register.import("pairing", &format!("imei,msisdn\n35440091000003,{ANI}\n"), "--operator xl");
    register
}

#[test]
fn exit_codes_say_what_a_script_must_know() {
    let register = register();
    let code = |line: &str| register.run(line).code;
    assert_eq!(code("check 35440091000001"), 0);
    assert_eq!(code("check 00123456000001"), 3, "grey");
    assert_eq!(code("check nonsense"), 3, "malformed is an answer: grey");
    assert_eq!(code("check 35440091000002"), 4, "black");
    assert_eq!(code("check mac-00-11-22-33-44-55"), 5, "unknown equipment");
    assert_eq!(code("check 35440091000001 --imsi x"), 2, "bad input");
    assert_eq!(code("check 35440091000001 --as-of 7.7"), 1, "failed");
    let server = Server::start(&register);
    for (imei, expected) in [("35440091000001", 0), ("00123456000001", 3), ("35440091000002", 4), ("eui-0011", 5)] {
        let run = run(["check", imei, "--server", &server.url()]);
        assert_eq!(run.code, expected, "{run:?}");
    }
    let url = server.url();
    server.stop();
    run(["check", "35440091000001", "--server", &url]).refused(1, &["no Saring answers at http://127.0.0.1:"]);
    run(["check", "35440091000001", "--server", "no where"]).refused(1, &["write http://HOST:PORT"]);
    run(["check", "35440091000001"]).refused(2, &["--data"]);
    run(["check", "35440091000001", "--data", "a", "--server", "b"]).refused(2, &["cannot be used with"]);
}

/// Lines with four that cannot be read among them.
const LINES: &[u8] = b"35440091000001\n\n 35440091000002 , 0812-3456-7801\n35440091000003,6281234567801,510101234567801\n\
    35440091000001,62812345678O1\n,6281234567801\n35440091000001,,5101\n3544\n35440091000001,\xff\xfe\n\"354400910000010\"\n00123456000001";

fn assert_answered(run: &Run, answers: &[(String, String)]) {
    assert_eq!(run.code, 2, "{run:?}");
    let expected = [
        ("35440091000001", "REGISTERED"),
        ("35440091000002", "STOLEN"),
        ("35440091000003", "PAIRED"),
        ("", "MALFORMED"),
        ("35440091000001", "REGISTERED"),
        ("00123456000001", "TEST_TAC"),
    ];
    let told: Vec<(&str, &str)> = answers.iter().map(|(key, reason)| (key.as_str(), reason.as_str())).collect();
    assert_eq!(told, expected, "{run:?}");
    let lines: Vec<&str> = run.err.lines().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(lines, ["line 5", "line 6", "line 7", "line 9"], "{run:?}");
}

fn of_json(run: &Run) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    run.json_lines().iter().map(|line| (text(line, "key"), text(line, "reason"))).collect()
}

fn of_csv(run: &Run) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_reader(run.out.as_bytes());
    let header: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..4], ["imei", "key", "status", "reason"]);
    reader.records().map(|row| row.unwrap()).map(|row| (row[1].to_owned(), row[3].to_owned())).collect()
}

#[test]
fn many_lines_are_answered_and_a_bad_one_costs_itself_only() {
    let register = register();
    let server = Server::start(&register);
    let there = words(&format!("check - --server {}", server.url()));
    let there_json = [there.clone(), words("--json")].concat();
    for run in [register.run_with("check - --json", LINES), run_with(&there_json, LINES)] {
        assert_answered(&run, &of_json(&run));
    }
    for run in [register.run_with("check -", LINES), run_with(&there, LINES)] {
        assert_answered(&run, &of_csv(&run));
    }
    server.stop();
    let good = register.run_with("check -", b"35440091000002\n").ok();
    insta::assert_snapshot!(good.out, @r"
    imei,key,status,reason,pairing,valid_until,door,batch,revision,age_seconds,note
    354400910000029,35440091000002,BLACKLISTED,STOLEN,NOT_ASKED,,stolen,5,1.11,0,
    ");
    assert_eq!(register.run_with("check -", b"").ok().out.lines().count(), 1, "the header");
}

#[test]
fn options_of_a_run_hold_for_every_line_that_names_none() {
    let register = register();
    let lines = b"35440091000003\n35440091000003,6281234567802\n";
    let run = register.run_with(&format!("check - --json --msisdn {ANI} --emergency"), lines).ok();
    let told: Vec<_> = run.json_lines().iter().map(|line| (line["status"].clone(), line["reason"].clone())).collect();
    assert_eq!(told, [(json!("WHITELISTED"), json!("PAIRED")), (json!("GREYLISTED"), json!("PAIRING_MISMATCH"))]);
}

#[test]
fn people_may_write_an_imei_with_separators_and_are_told_of_a_wrong_check_digit() {
    let register = register();
    for written in ["35-440091-000001-1", "35.440091.000001", "35440091/000001", "imei-354400910000010"] {
        assert_eq!(register.check(written, "").1["key"], "35440091000001", "{written}");
    }
    let good = register.check("354400910000011", "").1;
    let (imei, note) = (good["imei"].as_str().unwrap(), &good["note"]);
    assert_eq!((imei, note.as_str()), ("354400910000011", None), "{good}");
    let note = register.check("354400910000013", "").1["note"].as_str().unwrap().to_owned();
    assert!(note.contains("the answer is for the first 14 digits"), "{note}");
    let malformed = register.check("12", "").1;
    assert_eq!(malformed["note"], "an IMEI or IMEISV is 14 to 16 decimal digits");
    assert_eq!((&malformed["imei"], &malformed["key"]), (&json!("12"), &Value::Null));
}

#[test]
fn the_answer_for_people_is_the_one_for_machines() {
    let register = register();
    let text = register.run("check 35440091000002 --explain").out;
    let time = |line: &str| line.starts_with("history").then(|| line.split_whitespace().nth(1).unwrap().to_owned());
    let text = text.replace(&text.lines().find_map(time).unwrap(), "TIME");
    insta::assert_snapshot!(text, @r"
    IMEI         354400910000029
    status       BLACKLISTED
    reason       STOLEN
    pairing      NOT_ASKED
    came by      stolen, batch 5
    data         revision 1.8, settings 2, age 0 s
    evidence     listing stolen (valid), stolen, batch 5  <- decides
    history      TIME listed (stolen), batch active by stolen, batch 5 (bootstrap, approved by bootstrap)
    ");
}

/// The verbs that the help names.
fn verbs() -> Vec<String> {
    let help = run(["--help"]).ok().out;
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let verbs = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    verbs.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|verb| verb != "help").collect()
}

#[test]
fn every_verb_has_a_help_with_an_example() {
    let verbs = verbs();
    assert!(verbs.len() >= 8, "{verbs:?}");
    for verb in &verbs {
        let help = run([verb, "--help"]).ok().out;
        assert!(help.contains("Example"), "{verb} has no example:\n{help}");
        assert!(help.contains(&format!("  saring {verb}")) || help.contains(&format!("saring {verb} ")), "{help}");
        insta::with_settings!({prepend_module_to_snapshot => false}, {
            // INSTA_UPDATE=always cargo test --test it every_verb, where a help has changed on purpose.
            insta::assert_snapshot!(format!("help_{verb}"), help);
        });
    }
    insta::with_settings!({prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("help", run(["--help"]).ok().out);
    });
    assert!(run(["--version"]).ok().out.starts_with("saring 0."));
    assert_eq!(run::<[&str; 0]>([]).code, 2, "no verb");
}

#[test]
fn completions_name_every_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).ok().out;
        verbs().iter().for_each(|verb| assert!(script.contains(verb.as_str()), "{shell}: {verb}"));
    }
    let bash =
        std::process::Command::new("bash").args(["-n", "/dev/stdin"]).stdin(std::process::Stdio::piped()).spawn();
    // Where there is a bash, it reads its completions without complaint.
    if let Ok(mut bash) = bash {
        let script = run(["completions", "bash"]).out;
        std::io::Write::write_all(&mut bash.stdin.take().unwrap(), script.as_bytes()).unwrap();
        assert!(bash.wait().unwrap().success());
    }
}

#[test]
fn config_tells_where_each_value_came_from() {
    let register = Register::new();
    let file = register.file("node.toml", "threads = 3\nlog = \"warn\"\ndrain_seconds = 5\n");
    let config = |options: &[&str]| {
        let mut command = command();
        command.args(["config", "--config"]).arg(&file).args(options);
        command.env("SARING_LOG", "debug").env("SARING_DRAIN_SECONDS", "6");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let rows: Value = serde_json::from_str(&config(&["--json", "--drain-seconds", "7"])).unwrap();
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    let path = file.to_str().unwrap();
    assert_eq!(row("threads"), json!({"name": "threads", "value": "3", "origin": path}));
    assert_eq!(row("log"), json!({"name": "log", "value": "\"debug\"", "origin": "environment SARING_LOG"}));
    assert_eq!(row("drain_seconds"), json!({"name": "drain_seconds", "value": "7", "origin": "flag"}));
    assert_eq!(row("listen"), json!({"name": "listen", "value": "\"127.0.0.1:7400\"", "origin": "default"}));
    let text = config(&[]);
    assert!(text.lines().any(|line| line.starts_with("drain_seconds") && line.ends_with("SARING_DRAIN_SECONDS")));
    register.file("bad.toml", "treads = 3\n");
    run([words("config --config"), vec![register.path("bad.toml").to_str().unwrap().to_owned()]].concat())
        .refused(1, &["bad configuration", "treads"]);
    run(["config", "--config", "nowhere.toml"]).refused(1, &["cannot read the configuration file nowhere.toml"]);
}

#[test]
fn stats_count_what_the_register_holds() {
    let register = register();
    let stats = register.run("stats --json").ok().json();
    assert_eq!((&stats["revision"], &stats["age_seconds"]), (&json!("1.8"), &json!(0)));
    assert_eq!(stats["batches_active"], 3);
    for (class, entries) in [("registered", 1), ("stolen", 1), ("pairing", 1), ("exempt", 0), ("subscriber", 0)] {
        assert_eq!(stats["classes"][class]["entries"], entries, "{class}: {stats}");
    }
    let number = |name: &str| stats[name].as_u64().unwrap();
    let classes: u64 = stats["classes"].as_object().unwrap().values().map(|c| c["bytes"].as_u64().unwrap()).sum();
    assert_eq!(classes + number("directory_bytes"), number("memory_bytes"));
    assert!(number("disk_bytes") > 0);
    let text = register.run("stats").ok().out;
    assert!(text.starts_with("revision 1.8, age 0 s") && text.contains("memory in all"), "{text}");
}

#[test]
fn verify_proves_journal_pages_and_hot_sets() {
    let register = register();
    let verified = register.run("verify --json").ok().json();
    let digest = verified["digest"].as_str().unwrap();
    assert!(digest.len() >= 32 && digest.chars().all(|c| c.is_ascii_hexdigit() || c == '-'), "{digest}");
    let root = verified["root"].as_str().unwrap();
    let fields = json!({
        "revision": "1.8", "entries": 8, "root": root, "signed": 8, "bodies": 3, "pages": 1, "digest": digest,
    });
    assert_eq!(verified, fields);
    let text = register.run("verify").ok().out;
    assert!(text.contains(&format!("digest    {digest} (journal and bodies = stored pages = hot sets)")), "{text}");
    assert!(text.contains(&format!("tree      {root} (entries = stored hashes), signed up to entry 8")), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let register = register();
    let lines = "35440091000001\n".repeat(20_000);
    register.file("lines", lines);
    let line = format!(
        "{} check - --data {} < {} | head -n 1",
        env!("CARGO_BIN_EXE_saring"),
        register.data().display(),
        register.path("lines").display()
    );
    let output = std::process::Command::new("bash").args(["-o", "pipefail", "-c", &line]).output();
    let Ok(output) = output else { return println!("skipped: no bash here") };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{output:?}");
}
