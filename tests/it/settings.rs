//! Settings are register data: with a date, a journal entry, and bounds for operators.

use crate::support::{Asked, Register, Server, answers_of_all_doors};
use serde_json::json;

const DOCUMENT: &str = "\
[national]
not_registered = \"grey\"
not_registered_without_number = \"grey\"
[bounds]
not_registered_without_number = [\"grey\", \"unknown\", \"black\"]
[operator.telkomsel]
not_registered_without_number = \"unknown\"
";

fn register() -> Register {
    let register = Register::new();
    register.import("registered", "35440061000001\n", "");
    register.file("settings.toml", DOCUMENT);
    register
}

#[test]
fn a_document_takes_effect_on_its_date_by_itself() {
    let register = register();
    let told = register.run("settings apply {}/settings.toml --effective-from 2030-01-01 --json").ok().json();
    assert_eq!(told, json!({"changed": true, "revision": "1.5", "effective_from": "2029-12-31T17:00:00Z"}));
    let on = |on: &str, options: &str| register.reason("35440061000002", &format!("--on {on} {options}"));
    assert_eq!(on("2029-12-31T23:59:59", ""), "BLACKLISTED NOT_REGISTERED");
    assert_eq!(on("2030-01-01", ""), "GREYLISTED NOT_REGISTERED");
    assert_eq!(on("2030-01-01", "--operator telkomsel"), "UNKNOWN NOT_REGISTERED");
    assert_eq!(on("2030-01-01", "--operator xl"), "GREYLISTED NOT_REGISTERED");
    let (code, answer) = register.check("35440061000002", "--on 2030-01-01 --operator telkomsel");
    assert_eq!((code, &answer["settings"]), (5, &json!(5)));
    assert_eq!(register.check("35440061000002", "").1["settings"], 2, "the seed is in force until then");

    let again = register.run("settings apply {}/settings.toml --effective-from 2030-01-01 --json").ok().json();
    assert_eq!((&again["changed"], &again["revision"]), (&json!(false), &json!("1.5")));
    let shown = register.run("settings show --on 2030-02-01").ok().out;
    let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("operator.telkomsel.not_registered").contains("operator's choice in document 5"), "{shown}");
    assert!(line("national.not_registered ").contains("grey"), "{shown}");
    let json = register.run("settings show --json").ok().json();
    assert!(json.as_array().unwrap().len() > 20, "{json}");
}

#[test]
fn every_door_uses_the_settings_in_force_and_those_of_the_operator() {
    let register = register();
    register.run("settings apply {}/settings.toml").ok();
    let server = Server::start(&register);
    let asked = ["35440061000002", "354400610000028", "35440061000001"].map(|imei| Asked { imei, ..Asked::default() });
    let status = |operator: &str| -> Vec<String> {
        answers_of_all_doors(&register, &server, &asked, operator).into_iter().map(|answer| answer.0).collect()
    };
    assert_eq!(status(""), ["GREYLISTED", "GREYLISTED", "WHITELISTED"]);
    assert_eq!(status("telkomsel"), ["UNKNOWN", "UNKNOWN", "WHITELISTED"]);
    assert_eq!(status("indosat"), ["GREYLISTED", "GREYLISTED", "WHITELISTED"]);
    server.stop();
}

#[test]
fn a_document_that_breaks_a_rule_changes_nothing() {
    let register = register();
    let digest = register.digest();
    let outside = "[bounds]\nnot_registered = []\n[operator.telkomsel]\nnot_registered = \"white\"\n";
    for (document, word) in [
        (outside, "[operator.telkomsel] not_registered = white: outside the regulator's bound (none: national only)"),
        (
            "[bounds]\nexpired = [\"grey\"]\n[operator.xl]\nexpired = \"black\"\n",
            "outside the regulator's bound (grey)",
        ),
        ("[national]\nstolen = \"white\"\n", "[national] stolen: there is no such setting here"),
        ("[national]\nexpired = \"green\"\n", "not allowed; write"),
        ("[nation]\n", "\"nation\" is not a table of the settings"),
        ("[national\n", "the settings are not TOML"),
    ] {
        register.file("bad.toml", document);
        register.run("settings apply {}/bad.toml").refused(1, &["the settings are refused: ", word]);
    }
    register.run("settings apply {}/nowhere.toml").refused(1, &["nowhere.toml: cannot be read"]);
    assert_eq!(register.digest(), digest);
    let piped = register.run_with("settings apply - --json", DOCUMENT.as_bytes()).ok().json();
    assert_eq!(piped["revision"], "1.5");
}

#[test]
fn an_emergency_is_never_answered_black_unless_the_settings_say_so() {
    let register = register();
    register.import("stolen", "35440061000003\n", "");
    assert_eq!(register.reason("35440061000003", "--emergency"), "GREYLISTED STOLEN");
    register.run_with("settings apply -", b"[national]\nemergency_never_black = false\n").ok();
    assert_eq!(register.reason("35440061000003", "--emergency"), "BLACKLISTED STOLEN");
}

#[test]
fn grandfathered_devices_can_be_bound_to_their_numbers() {
    let register = register();
    let list = "imei,first_seen,msisdn\n35440061000004,2019-01-01,6281234567801\n35440061000005,2020-06-01,\n";
    register.import("grandfathered", list, "");
    let asked = |imei: &str, options: &str| register.reason(imei, options);
    assert_eq!(asked("35440061000004", "--msisdn 6281234567802"), "WHITELISTED GRANDFATHERED");
    assert_eq!(asked("35440061000005", ""), "BLACKLISTED NOT_REGISTERED");
    let document = b"[national]\ngrandfathered_mode = \"paired-only\"\ngrandfathered_cutoff = \"2020-08-01\"\n";
    register.run_with("settings apply -", document).ok();
    assert_eq!(asked("35440061000004", "--msisdn 6281234567801"), "WHITELISTED GRANDFATHERED");
    assert_eq!(asked("35440061000004", "--msisdn 6281234567802"), "BLACKLISTED PAIRING_MISMATCH");
    assert_eq!(asked("35440061000004", ""), "GREYLISTED NUMBER_NEEDED");
    assert_eq!(asked("35440061000005", ""), "GREYLISTED NUMBER_NEEDED", "the later cut-off takes it in");
}
