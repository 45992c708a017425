//! Settings documents by example.

#![allow(clippy::unwrap_used)]

mod laws;

use super::{key::Allowed, *};
use crate::policy::Status;
use std::sync::Arc;

fn refused(text: &str) -> String {
    Settings::from_toml(text).unwrap_err().to_string()
}

#[test]
fn defaults_are_indonesias_and_never_change() {
    let shown: Vec<_> =
        Timeline::default().at(0).effective().iter().map(|s| format!("{} = {}", s.name, s.value)).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    national.malformed = grey
    national.test_tac = grey
    national.duplicate = grey
    national.grandfathered = white
    national.grandfathered_mode = free
    national.grandfathered_cutoff = 2020-04-18
    national.grandfathered_enforcement = 2020-09-15
    national.tac_barred_soft = black
    national.suspended = grey
    national.suspended_black_from = not set
    national.pairing_mismatch = black
    national.number_needed = grey
    national.expired = black
    national.not_registered = black
    national.not_registered_without_number = not set
    national.tourist_days = 90
    national.emergency_never_black = true
    bounds.malformed = white, grey, unknown, black
    bounds.test_tac = white, grey, black
    bounds.grandfathered_mode = free, paired-only
    bounds.number_needed = white, grey, black
    bounds.not_registered = white, grey, unknown, black
    bounds.not_registered_without_number = white, grey, unknown, black
    ");
    assert!(Timeline::default().at(0).effective().iter().all(|s| s.origin == Origin::Default));
    assert_eq!(Settings::from_toml("").unwrap(), Settings::default());
    assert_eq!(Settings::default().to_toml(), "");
}

const DOCUMENT: &str = "
    [operator.telkomsel]
    not_registered = 'unknown'
    grandfathered_mode = 'paired-only'
    [national]
    tourist_days = 60
    suspended_black_from = 2026-07-01
    expired = 'grey'
    [operator.indosat]
    test_tac = 'black'
    [bounds]
    test_tac = ['black', 'grey', 'black']
    malformed = []
";

#[test]
fn the_canonical_text_is_in_one_order() {
    let settings = Settings::from_toml(DOCUMENT).unwrap();
    insta::assert_snapshot!(settings.to_toml(), @r#"
    [national]
    suspended_black_from = 2026-07-01
    expired = "grey"
    tourist_days = 60

    [operator.indosat]
    test_tac = "black"

    [operator.telkomsel]
    grandfathered_mode = "paired-only"
    not_registered = "unknown"

    [bounds]
    malformed = []
    test_tac = ["grey", "black"]
    "#);
    assert_eq!(Settings::from_toml(&settings.to_toml()).unwrap(), settings);
}

#[test]
fn operators_inherit_the_national_policy_and_choose_within_bounds() {
    let settings = Settings::from_toml(DOCUMENT).unwrap();
    let value = |operator, key: Key| key.of(settings.policy(operator)).map(|value| value.to_string());
    assert_eq!(value(None, Key::NotRegistered).as_deref(), Some("black"));
    assert_eq!(value(Some("telkomsel"), Key::NotRegistered).as_deref(), Some("unknown"));
    assert_eq!(value(Some("Telkomsel"), Key::GrandfatheredMode).as_deref(), Some("paired-only"));
    assert_eq!(value(Some("telkomsel"), Key::Expired).as_deref(), Some("grey"), "inherited");
    assert_eq!(settings.policy(Some("telkomsel")).tourist_days(), 60);
    assert_eq!(settings.policy(Some("nobody")), settings.policy(None));
    assert_eq!(settings.operators().collect::<Vec<_>>(), ["indosat", "telkomsel"]);
}

#[test]
fn each_setting_says_where_it_came_from() {
    let entry = TimelineEntry::new(0, 41, Arc::new(Settings::from_toml(DOCUMENT).unwrap()));
    let lines = entry.effective().into_iter().filter(|setting| setting.origin != Origin::Default);
    let lines: Vec<_> = lines.map(|s| format!("{} = {} ({})", s.name, s.value, s.origin)).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    national.suspended_black_from = 2026-07-01 (document 41)
    national.expired = grey (document 41)
    national.tourist_days = 60 (document 41)
    bounds.malformed = none (document 41)
    bounds.test_tac = grey, black (document 41)
    operator.indosat.test_tac = black (operator's choice in document 41)
    operator.telkomsel.grandfathered_mode = paired-only (operator's choice in document 41)
    operator.telkomsel.not_registered = unknown (operator's choice in document 41)
    ");
}

#[test]
fn a_wrong_document_is_told_key_value_rule_and_what_to_do() {
    let wrong = [
        "[national]\nnot_registered = 'purple'",
        "[national]\nnot_registered = 'WHITE'",
        "[national]\nstolen = 'grey'",
        "[national]\ngrandfathered = 'black'",
        "[national]\nsuspended = 'white'",
        "[national]\ntourist_days = 0",
        "[national]\ntourist_days = '90'",
        "[national]\ngrandfathered_cutoff = 2020-04-31",
        "[national]\ngrandfathered_cutoff = 2020-04-18T00:00:00Z",
        "[national]\ngrandfathered_cutoff = 2020-09-16",
        "[national]\nemergency_never_black = 'yes'",
        "[nation]\nmalformed = 'grey'",
        "national = 3",
        "[operator]\nindosat = 1",
        "[operator.Indosat]\nmalformed = 'grey'",
        "[operator.indosat]\ntest_tac = 'unknown'",
        "[operator.indosat]\nexpired = 'grey'",
        "[bounds]\nnot_registered = ['black']\n[operator.indosat]\nnot_registered = 'white'",
        "[bounds]\ntest_tac = 'grey'",
        "[bounds]\ntest_tac = ['red']",
        "[bounds]\ntourist_days = [90]",
        "[national]\nmalformed = 'grey'\nmalformed = 'black'",
    ];
    let told: Vec<_> = wrong.iter().map(|text| refused(text)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    [national] not_registered = "purple": not allowed; write "white" or "grey" or "unknown" or "black"
    [national] not_registered = "WHITE": not allowed; write "white" or "grey" or "unknown" or "black"
    [national] stolen: there is no such setting here; known are: malformed, test_tac, duplicate, grandfathered, grandfathered_mode, grandfathered_cutoff, grandfathered_enforcement, tac_barred_soft, suspended, suspended_black_from, pairing_mismatch, number_needed, expired, not_registered, not_registered_without_number, tourist_days, emergency_never_black
    [national] grandfathered = "black": not allowed; write "white" or "grey"
    [national] suspended = "white": not allowed; write "grey" or "unknown" or "black"
    [national] tourist_days = 0: not allowed; write a whole number of days from 1 to 366
    [national] tourist_days = "90": not allowed; write a whole number of days from 1 to 366
    the settings are not TOML: TOML parse error at line 2, column 24
      |
    2 | grandfathered_cutoff = 2020-04-31
      |                        ^^^^^^^^^^
    invalid date, expected day between 01 and 30
    [national] grandfathered_cutoff = 2020-04-18T00:00:00Z: not allowed; write a date, for example 2020-04-18
    [national] grandfathered_enforcement lies before grandfathered_cutoff: make it that day or a later one
    [national] emergency_never_black = "yes": not allowed; write true or false
    "nation" is not a table of the settings; known are: [national], [bounds], [operator.NAME]
    "national" is not a table of the settings; known are: [national], [bounds], [operator.NAME]
    "operator.indosat" is not a table of the settings; known are: [national], [bounds], [operator.NAME]
    "Indosat" is not an operator's name: write 1 to 32 of a-z, 0-9, - and _
    [operator.indosat] test_tac = unknown: outside the regulator's bound (white, grey, black); choose a value of the bound, or have the regulator change [bounds] test_tac
    [operator.indosat] expired = grey: outside the regulator's bound (none: national only); choose a value of the bound, or have the regulator change [bounds] expired
    [operator.indosat] not_registered = white: outside the regulator's bound (black); choose a value of the bound, or have the regulator change [bounds] not_registered
    [bounds] test_tac = "grey": not allowed; write a list of "white" or "grey" or "unknown" or "black"; an empty one for none
    [bounds] test_tac = "red": not allowed; write "white" or "grey" or "unknown" or "black"
    [bounds] tourist_days: there is no such setting here; known are: malformed, test_tac, duplicate, grandfathered, grandfathered_mode, tac_barred_soft, suspended, pairing_mismatch, number_needed, expired, not_registered, not_registered_without_number
    the settings are not TOML: TOML parse error at line 3, column 1
      |
    3 | malformed = 'black'
      | ^^^^^^^^^
    duplicate key
    "#);
}

#[test]
fn a_hostile_document_is_refused_in_few_words() {
    let long = "x".repeat(60_000);
    for text in [
        format!("[{long}]"),
        format!("[national]\n{long} = 1"),
        format!("[national]\nexpired = '{long}'"),
        format!("[operator.{long}]"),
        format!("{long} = = 1"),
    ] {
        assert!(refused(&text).len() < 700, "{}", refused(&text).len());
    }
    assert_eq!(
        refused(&" ".repeat(1 << 20)),
        "the settings have 1048576 bytes; at most 65536 are read: leave out comments"
    );
    let many: String = (0..33).map(|n| format!("[operator.o{n}]\n")).collect();
    assert_eq!(refused(&many), "33 operators have settings of their own; at most 32 may");
}

#[test]
fn a_document_takes_effect_at_its_own_time() {
    let entry = |from, seq, days: u16| {
        let settings = Settings::from_toml(&format!("[national]\ntourist_days = {days}")).unwrap();
        TimelineEntry::new(from, seq, Arc::new(settings))
    };
    let timeline = Timeline::new(vec![entry(300, 7, 30), entry(100, 2, 10), entry(200, 9, 25), entry(200, 5, 20)]);
    let at = |seconds| (timeline.at(seconds).seq(), timeline.at(seconds).settings().policy(None).tourist_days());
    assert_eq!(at(i64::MIN), (2, 10), "before the first: the first");
    assert_eq!((at(100), at(199)), ((2, 10), (2, 10)));
    assert_eq!((at(200), at(299)), ((9, 25), (9, 25)), "of two with one date the one journalled last");
    assert_eq!((at(300), at(i64::MAX)), ((7, 30), (7, 30)));
    assert_eq!(timeline.entries().map(TimelineEntry::seq).collect::<Vec<_>>(), [2, 5, 9, 7]);
    assert_eq!(timeline.clone(), timeline);
    assert_ne!(timeline, Timeline::default());
}

#[test]
fn names_of_keys_lead_back_and_defaults_keep_to_the_rules() {
    for &key in Key::ALL {
        assert_eq!(Key::from_name(key.name()), Some(key));
        let Allowed::Words(words) = key.allowed() else {
            assert!(key.default_bound().is_empty());
            continue;
        };
        assert!(key.of(&Policy::default()).is_none_or(|value| words.contains(&value)), "{key}");
        assert!(key.default_bound().iter().all(|value| words.contains(value)), "{key}");
        assert!(key.default_bound().is_sorted(), "{key}: a bound reads the same from a document");
    }
    assert!(Key::ALL.is_sorted(), "the order of the canonical text");
}

#[test]
fn what_suspension_leads_to_is_never_better_than_what_it_takes_away() {
    let words = |key: Key| match key.allowed() {
        Allowed::Words(words) => words.to_vec(),
        _ => Vec::new(),
    };
    let worst = words(Key::Grandfathered).into_iter().max().unwrap();
    for key in [Key::Suspended, Key::TacBarredSoft] {
        assert!(words(key).iter().all(|value| *value >= worst), "{key}");
    }
    assert!(worst < Value::Status(Status::Blacklisted));
}
