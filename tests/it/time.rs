//! The clock and the data can be moved apart from each other.

use crate::support::{ANI, Register};
use serde_json::json;

fn temporary() -> Register {
    let register = Register::new();
    register.import("temporary", "imei,valid_until\n35440051000001,2030-05-31\n", "");
    register.import("exempt", "35440051000002\n", "--valid-until 2030-05-31");
    register.import("stolen", "35440051000003\n", "--valid-until 2030-05-31");
    register.import("pairing", &format!("imei,msisdn,valid_until\n35440051000004,{ANI},2030-05-31\n"), "");
    register
}

#[test]
fn an_end_date_is_inclusive_and_ends_at_midnight_in_western_indonesia() {
    let register = temporary();
    let pair = format!("35440051000004,{ANI}");
    let lines = format!("35440051000001\n35440051000002\n35440051000003\n{pair}\n");
    let reasons = |on: &str| -> Vec<String> {
        let answers = register.run_with(&format!("check - --json --on {on}"), lines.as_bytes()).ok().json_lines();
        answers.iter().map(|answer| answer["reason"].as_str().unwrap().to_owned()).collect()
    };
    let before = ["TEMPORARY", "EXEMPT", "STOLEN", "PAIRED"];
    let after = ["EXPIRED", "NOT_REGISTERED", "NOT_REGISTERED", "NOT_REGISTERED"];
    for on in ["2030-05-31", "2030-05-31T23:59:59", "2030-05-31T23:59:59+07:00", "2030-05-31T16:59:59Z"] {
        assert_eq!(reasons(on), before, "{on}");
    }
    for on in ["2030-06-01", "2030-06-01T00:00", "2030-06-01T00:00:00+07:00", "2030-05-31T17:00:00Z"] {
        assert_eq!(reasons(on), after, "{on}");
    }
    let (code, answer) = register.check("35440051000001", "--on 2030-06-01");
    assert_eq!((code, &answer["valid_until"]), (4, &json!("2030-05-31")), "the day on which it ended");
}

#[test]
fn an_earlier_revision_answers_as_it_did() {
    let register = Register::new();
    register.import("registered", "35440051000001\n", "");
    register.import("stolen", "35440051000001\n", "");
    register.import("stolen", "imei,status\n35440051000001,recovered\n", "");
    let table: Vec<String> =
        (1..=8).map(|seq| register.reason("35440051000001", &format!("--as-of 1.{seq}"))).collect();
    // Entries: 1 the register, 2 its settings, then each list is staged and activated.
    let expected = [
        "BLACKLISTED NOT_REGISTERED",
        "BLACKLISTED NOT_REGISTERED",
        "BLACKLISTED NOT_REGISTERED",
        "WHITELISTED REGISTERED",
        "WHITELISTED REGISTERED",
        "BLACKLISTED STOLEN",
        "BLACKLISTED STOLEN",
        "WHITELISTED REGISTERED",
    ];
    assert_eq!(table, expected);
    assert_eq!(register.check("35440051000001", "--as-of 1.6").1["revision"], "1.6");
    for state in ["1.9", "2.4", "1.0"] {
        let run = register.run(&format!("check 35440051000001 --as-of {state}"));
        run.refused(1, &[&format!("this register never had revision {state}: it is at 1.8")]);
    }
}

#[test]
fn a_time_before_an_import_answers_without_it() {
    let register = Register::new();
    register.import("registered", "35440051000001\n", "");
    let explained = register.check("35440051000001", "--explain").1;
    let made = explained["explanation"]["history"][0]["time"].as_str().unwrap().to_owned();
    assert_eq!(register.reason("35440051000001", &format!("--as-of {made}")), "WHITELISTED REGISTERED");
    // The journal's times are whole seconds apart for people: wait until the next second has begun.
    let made: jiff::Timestamp = made.parse().unwrap();
    while jiff::Timestamp::now().as_second() <= made.as_second() + 1 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    register.import("stolen", "35440051000001\n", "");
    assert_eq!(register.reason("35440051000001", &format!("--as-of {made}")), "WHITELISTED REGISTERED");
    assert_eq!(register.reason("35440051000001", "--as-of 2090-01-01"), "BLACKLISTED STOLEN");
    let early = register.run("check 35440051000001 --as-of 2001-01-01");
    early.refused(1, &["the register did not exist then: its first entry was made at "]);
}

#[test]
fn clock_and_data_move_independently() {
    let register = Register::new();
    register.import("registered", "35440051000001\n", "--valid-until 2030-05-31");
    register.import("registered", "35440051000001\n", "");
    let at = |as_of: &str, on: &str| register.reason("35440051000001", &format!("--as-of {as_of} --on {on}"));
    assert_eq!(at("1.4", "2030-05-31"), "WHITELISTED TEMPORARY");
    assert_eq!(at("1.4", "2030-06-01"), "BLACKLISTED EXPIRED");
    assert_eq!(at("1.6", "2030-06-01"), "WHITELISTED REGISTERED");
}
