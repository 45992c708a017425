//! Backups of a register, and registers of a backup: the same answers as then.

use crate::support::{ANI, BUDI, Register, Run, run, words};
use serde_json::Value;
use std::{fs, path::Path};

const FIRST: &str = "imei\n35440031000001\n35440031000002\n";
const SECOND: &str = "imei,valid_until,msisdn\n35440031000003,2091-01-01,6281234567801\n";
const ASKED: [&str; 5] = ["35440031000001", "35440031000002", "35440031000003", "35440031000004", "35440031000005"];

/// Runs a verb on a directory.
#[track_caller]
fn on(line: &str, data: &Path) -> Run {
    let mut args = words(line);
    args.extend(["--data".into(), data.to_str().unwrap().into()]);
    run(args)
}

/// Status and reason of every device with both numbers, and the digest.
#[track_caller]
fn seen(data: &Path, options: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for imei in ASKED {
        for number in [ANI, BUDI] {
            let answer = on(&format!("check {imei} --msisdn {number} --json {options}"), data).json();
            seen.push(format!("{imei} {} {} {}", answer["status"], answer["reason"], answer["batch"]));
        }
    }
    seen
}

fn digest(data: &Path) -> String {
    on("verify --json", data).ok().json()["digest"].as_str().unwrap().to_owned()
}

/// A register with a change of every kind behind its third batch.
fn register() -> Register {
    let register = Register::new();
    register.import("registered", FIRST, "--document TPP-1");
    register.import("temporary", SECOND, "");
    register.import("stolen", "imei,reporting_date,operator\n35440031000002,2026-01-01,xl\n", "");
    register
}

fn more(register: &Register) {
    register.import("registered", "imei\n35440031000004\n", "");
    register.import("stolen", "imei,operator,change_type\n35440031000002,xl,remove\n", "--mode delta --operator xl");
    register.import("pairing", "imei,msisdn\n35440031000005,6281234567802\n", "--operator xl");
    register.import("barred-tac", "tac\n35440031\n", "");
    register.file("policy.toml", "[national]\nnot_registered = \"grey\"\n");
    register.run("settings apply {}/policy.toml --effective-from 2020-01-01").ok();
}

#[test]
fn a_backup_gives_the_same_answers_however_the_register_went_on() {
    let register = register();
    let (then, then_digest) = (seen(&register.data(), ""), register.digest());
    let backup = register.path("backup");
    let made = register.run(&format!("backup create {} --json", backup.display())).ok().json();
    assert_eq!(seen(&backup, ""), then);
    more(&register);
    assert_ne!(seen(&register.data(), ""), then);
    let new = register.path("new");
    let told = on(&format!("backup restore {} --json", backup.display()), &new).ok().json();
    assert_eq!(told["backup"], made["revision"]);
    assert_eq!(told["dropped"], 0);
    let kept: Vec<&str> = told["kept"].as_str().unwrap().split('.').collect();
    assert_eq!(told["revision"], format!("2.{}", kept[1].parse::<u64>().unwrap() + 1));
    assert_eq!((seen(&new, ""), digest(&new)), (then, then_digest.clone()));
    // The backup itself is as it was, and another restore gives the same state.
    let other = register.path("other");
    on(&format!("backup restore {} --epoch 7", backup.display()), &other).ok();
    assert_eq!((digest(&backup), digest(&other)), (then_digest.clone(), then_digest));
    let revision = on(&format!("check {} --json", ASKED[0]), &other).json()["revision"].clone();
    assert!(revision.as_str().unwrap().starts_with("7."), "{revision}");
}

#[test]
fn a_register_as_it_was_answers_as_the_lost_one_did_as_of_then() {
    let register = register();
    more(&register);
    let backup = register.path("backup");
    register.run(&format!("backup create {}", backup.display())).ok();
    let stats = register.run("verify --json").ok().json();
    let last = stats["entries"].as_u64().unwrap();
    for seq in [1, 4, 5, 8, 11, last] {
        let new = register.path(&format!("until-{seq}"));
        let until = if seq % 2 == 0 { format!("{seq}") } else { format!("1.{seq}") };
        let told = on(&format!("backup restore {} --until {until} --json", backup.display()), &new).ok().json();
        assert_eq!((&told["kept"], &told["revision"]), (&format!("1.{seq}").into(), &format!("2.{}", seq + 1).into()));
        let then = seen(&register.data(), &format!("--as-of 1.{seq}"));
        assert_eq!(seen(&new, ""), then, "until {seq}");
        // What was before the restore is asked by its own revision.
        if seq > 3 {
            assert_eq!(seen(&new, "--as-of 1.3"), seen(&register.data(), "--as-of 1.3"));
        }
        let unknown = on(&format!("check {} --as-of 2.{seq}", ASKED[0]), &new);
        unknown.refused(1, &["never had revision"]);
        let gone = on(&format!("check {} --as-of 1.{}", ASKED[0], seq + 1), &new);
        gone.refused(1, &["never had revision"]);
    }
}

#[test]
fn a_restored_register_is_changed_served_and_restored_again() {
    let register = register();
    let backup = register.path("backup");
    register.run(&format!("backup create {}", backup.display())).ok();
    let new = register.path("new");
    let until = register.run("check 35440031000001 --json").json()["batch"].as_u64().unwrap() + 1;
    on(&format!("backup restore {} --until {until}", backup.display()), &new).ok();
    // The list that was dropped comes again, under the number that is free now.
    let list = register.file("again.csv", SECOND);
    let told = on(&format!("import temporary {} --json", list.display()), &new).ok().json();
    assert_eq!(told["batches"][0].as_u64().unwrap(), until + 2);
    digest(&new);
    let second = register.path("second");
    on(&format!("backup create {}", second.display()), &new).ok();
    let third = register.path("third");
    let told = on(&format!("backup restore {} --until 2.{} --json", second.display(), until + 1), &third).ok().json();
    assert_eq!(told["revision"], format!("3.{}", until + 2));
    assert_eq!(seen(&third, ""), seen(&register.data(), &format!("--as-of 1.{until}")));
    assert!(on("journal show 1", &third).ok().out.contains("1"));
    let exported = register.path("journal");
    on(&format!("journal export --output {}", exported.display()), &third).ok();
}

#[test]
fn what_cannot_be_copied_or_restored_is_refused_and_nothing_is_touched() {
    let register = register();
    let backup = register.path("backup");
    register.run(&format!("backup create {}", backup.display())).ok();
    register.run(&format!("backup create {}", backup.display())).refused(1, &["is not empty"]);
    let new = register.path("new");
    let restore = |options: &str| on(&format!("backup restore {} {options}", backup.display()), &new);
    restore("--until 99").refused(1, &["has no such point"]);
    restore("--until 2.2").refused(1, &["has no such point"]);
    restore("--until 0").refused(1, &["has no such point"]);
    restore("--until 1999-01-01").refused(1, &["has no such point"]);
    restore("--until yesterday").refused(2, &["--until"]);
    assert!(!new.exists());
    on(&format!("backup restore {}", backup.display()), &register.data()).refused(1, &["is not empty"]);
    on(&format!("backup restore {}", register.path("none").display()), &new).refused(1, &["holds no register"]);
    // A backup with a table that was changed is never a register.
    let table = fs::read_dir(&backup).unwrap().map(|entry| entry.unwrap().path());
    let table = table.filter(|path| path.extension().is_some_and(|suffix| suffix == "sst")).min().unwrap();
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    fs::remove_file(&table).unwrap();
    fs::write(&table, bytes).unwrap();
    assert_eq!(restore("").code, 1);
    if new.exists() {
        on("verify", &new).refused(1, &["is a restore that was cut off"]);
    }
    // The register's own tables are its own.
    register.digest();
}

#[test]
fn a_register_that_is_served_is_told_apart() {
    let register = register();
    let server = crate::support::Server::start(&register);
    let backup = register.path("backup");
    let refused = register.run(&format!("backup create {}", backup.display()));
    refused.refused(1, &["have the server make the backup"]);
    assert!(!backup.exists());
    server.stop();
    let told: Value = register.run(&format!("backup create {} --json", backup.display())).ok().json();
    assert!(told["bytes"].as_u64().unwrap() > 0);
}
