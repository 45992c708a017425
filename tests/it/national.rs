//! The national generator: lists, loads and checks are of one register.

use crate::support::command;
use saring::{
    check::{Checker, Clock, EquipmentValue, Inquiry},
    day::Day,
    hot::{EntryKind, Published},
    load,
    national::{National, NationalSource, Profile, Scale, Shape},
    policy::Settings,
    registry,
    store::{OpenMode, Store},
};
use std::{path::Path, process::Output, sync::Arc};

const SCALE: Scale = Scale { imeis: 60_000, pairs: 12_000, seed: 11, shape: Shape::Mix, shared: 1 };

fn generate(scale: Scale, more: &[&str], directory: &Path) -> Output {
    let numbers = [scale.imeis, scale.pairs, scale.seed, u64::from(scale.shared)].map(|number| number.to_string());
    let mut command = command();
    command.args(["generate", "--imeis", &numbers[0], "--pairs", &numbers[1], "--seed", &numbers[2]]);
    command.args(["--shared", &numbers[3]]);
    match scale.shape {
        Shape::Mix => {}
        Shape::Worst => _ = command.arg("--worst"),
        Shape::Sparse => _ = command.arg("--sparse"),
    }
    let output = command.args(more).arg(directory).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn verified(directory: &Path) -> registry::Verified {
    registry::verify(&Store::open(directory, OpenMode::Read).unwrap()).unwrap()
}

#[test]
fn loaded_and_imported_the_register_is_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let (lists, imported) = (directory.path().join("lists"), directory.path().join("imported"));
    let told = generate(SCALE, &["--lists"], &lists);
    let told = String::from_utf8(told.stdout).unwrap();
    let mut rows = 0;
    for line in told.lines() {
        let (count, words) = line.split_once(" rows  saring ").unwrap();
        let count: u64 = count.trim().replace(',', "").parse().unwrap();
        rows += count;
        if count > 0 {
            let words = words.split(' ').map(|word| if word == "DIR" { imported.to_str().unwrap() } else { word });
            let done = command().args(words).arg("--all-or-nothing").arg("--json").output().unwrap();
            assert!(done.status.success(), "{line}: {done:?}");
            let summary: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
            assert_eq!(summary["rejected"], 0, "{summary}");
            assert_eq!(summary["warnings"], 0, "{summary}");
        }
    }
    assert!(rows > 80_000, "{rows}");
    let expected = verified(&imported).digest;
    for shared in [1, 8, 32] {
        let loaded = directory.path().join(format!("loaded-{shared}"));
        generate(Scale { shared, ..SCALE }, &["--data"], &loaded);
        assert_eq!(verified(&loaded).digest, expected, "{shared} batches a page");
    }
}

#[test]
fn every_check_gets_the_answer_that_the_generator_knows() {
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    let settings = Settings::default();
    for shape in [Shape::Mix, Shape::Worst, Shape::Sparse] {
        let scale = Scale { shape, ..SCALE };
        let national = National::new(scale, &[]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let source = NationalSource::new(&national);
        let loaded = registry::load(directory.path(), &settings, &source, 1 << 20, &|_| {}).unwrap();
        let store = Store::open(directory.path(), OpenMode::Read).unwrap();
        let hot = load::hot_sets(&store, &mut |_| {}).unwrap();
        let held = |kind| hot.stats().entries(kind);
        assert_eq!(held(EntryKind::Subscriber), scale.pairs);
        assert!(loaded.added > national.devices() + 2 * scale.pairs);
        let checker = Checker::new(Arc::new(Published::new(hot)), Clock::system().unwrap());
        for &profile in Profile::ALL {
            for index in 0..4_000 {
                let question = national.question(profile, index);
                let equipment = EquipmentValue::from_number(question.equipment);
                let inquiry = Inquiry { msisdn: question.msisdn, imsi: question.imsi, ..Inquiry::of(equipment) };
                let verdict = checker.check(&inquiry, None).unwrap().verdict;
                let expected = national.expected(&question, settings.policy(None), today);
                let of = |verdict: saring::policy::Verdict| (verdict.status, verdict.reason, verdict.pairing, verdict.valid_until, verdict.sim_changed);
                assert_eq!(of(verdict), of(expected), "{shape:?} {profile} {index}: {question:?}");
            }
        }
    }
}

#[test]
fn checks_are_printed_with_their_answers() {
    let output = command()
        .args(["generate", "--imeis", "6e4", "--pairs", "12_000", "--checks", "attack", "--count", "200"])
        .args(["--on", "2026-11-01"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 201);
    assert_eq!(text.lines().next(), Some("imei,msisdn,imsi,status,reason"));
    for word in ["BLACKLISTED,NOT_REGISTERED", "GREYLISTED,MALFORMED", "BLACKLISTED,STOLEN"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let wrong = command().args(["generate", "--imeis", "0", "--checks", "storm"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let nothing = command().args(["generate", "--imeis", "5"]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
}
