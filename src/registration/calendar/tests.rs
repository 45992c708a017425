//! Stages against a naive model; documents that are refused, with their places.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// As applied in 2018, with what a city announced.
const DOCUMENT: &str = r#"
limit = 3
states = ["unregistered", "kk-mismatch", "nik-inactive"]

[stages.outgoing]
on = "2018-03-01"
[stages.incoming]
on = 2018-04-01
[stages.data]
on = "2018-05-01"

[operator.xl]
extension_days = 7
[city.3171.stages.outgoing]
after_days = 30
[city.3171.stages.incoming]
after_days = 45
[operator.xl.city.3273]
states = []
"#;

#[test]
fn the_most_specific_table_wins_key_by_key() {
    let calendar = Calendar::read(DOCUMENT).unwrap();
    let stage = |operator, city, since: &str, today: &str| {
        calendar.stage(State::Unregistered, day(since), operator, city, day(today)).name()
    };
    for (today, expected) in
        [("2018-02-28", "none"), ("2018-03-01", "outgoing"), ("2018-04-01", "incoming"), ("2018-05-01", "data")]
    {
        assert_eq!(stage("telkomsel", "3578", "2017-10-31", today), expected);
    }
    assert_eq!(stage("xl", "3578", "2017-10-31", "2018-03-07"), "none");
    assert_eq!(stage("xl", "3578", "2017-10-31", "2018-03-08"), "outgoing");
    assert_eq!(stage("telkomsel", "3171", "2018-04-10", "2018-05-09"), "data", "the national stage goes on");
    assert_eq!(stage("telkomsel", "3171", "2018-01-01", "2018-01-31"), "outgoing");
    assert_eq!(stage("telkomsel", "3171", "2018-01-01", "2018-02-15"), "incoming");
    assert_eq!(stage("xl", "3171", "2018-01-01", "2018-01-31"), "none", "the operator's extension holds in the city");
    assert_eq!(stage("xl", "3273", "2017-10-31", "2020-01-01"), "none");
    let calm = |state| calendar.stage(state, day("2017-01-01"), "telkomsel", "", day("2030-01-01"));
    assert_eq!((calm(State::Registered), calm(State::Withdrawn)), (Stage::Open, Stage::Open));
    let rule = calendar.rule("telkomsel", "3578");
    let turn = rule.next(State::Inactive, day("2017-10-31"), day("2018-03-15"));
    assert_eq!(turn, Some(Turn { stage: Stage::Incoming, day: day("2018-04-01") }));
    assert_eq!(rule.next(State::Inactive, day("2017-10-31"), day("2018-05-01")), None);
    assert_eq!(calendar.limit, Some(3));
}

#[test]
fn a_wrong_document_is_refused_with_the_place() {
    let cases = [
        ("limit = 0", "limit: 0 is not a number from 1 to 1000"),
        ("limits = 3", "limits: there is no such key here"),
        ("states = [\"registered\"]", "states: \"registered\" is not one of unregistered"),
        ("[stages.voice]\non = \"2018-03-01\"", "[stages.voice]: stages are outgoing"),
        ("[stages.data]\non = \"2018-02-30\"", "[stages.data] on: \"2018-02-30\" is not a date"),
        ("[stages.data]", "[stages.data]: it names no day"),
        ("[stages.data]\nnever = true\nafter_days = 3", "[stages.data]: never stands alone"),
        ("[stages.data]\nafter = 3", "[stages.data] after: write on"),
        ("[operator.XL]\ngrace_days = 1", "[operator.XL]: an operator is 1 to 32"),
        ("[operator.xl]\ngrace_days = 99999", "[operator.xl] grace_days: 99999 is not a number from 0 to 3653"),
        ("[operator.xl.city.3171]\nlimit = 2", "[operator.xl.city.3171] limit: there is no such key here"),
        ("[stages.outgoing]\nafter_days = 9\n[stages.data]\nafter_days = 8", "[stages.data]: after_days = 8 is less"),
        (
            "[stages.outgoing]\non = \"2018-03-01\"\n[city.a.stages.data]\non = \"2018-02-01\"",
            "[stages.data] as it holds for city a: on = 2018-02-01 lies before that of outgoing, 2018-03-01",
        ),
        ("[[", "it is not TOML: "),
        ("operator = 3", "[operator]: a table stands here"),
    ];
    for (document, words) in cases {
        let error = Calendar::read(document).unwrap_err().to_string();
        assert!(error.starts_with(words), "{document:?}: {error}");
    }
    assert!(Calendar::read(&"#".repeat(300 << 10)).unwrap_err().to_string().contains("at most"));
    assert_eq!(Calendar::read("").unwrap(), Calendar::default());
}

/// A table as a test draws it: states, grace, extension, stages.
type Drawn = (Option<Vec<u8>>, Option<u16>, Option<u16>, [Option<Option<(Option<u16>, Option<u16>)>>; 4]);

fn drawn() -> impl Strategy<Value = Drawn> {
    let stage = prop::option::of(prop::option::of((prop::option::of(100_u16..160), prop::option::of(0_u16..50))));
    let states = prop::option::of(prop::collection::vec(2_u8..5, 0..3));
    (states, prop::option::of(0_u16..20), prop::option::of(0_u16..20), prop::array::uniform4(stage))
}

fn table((states, grace_days, extension_days, stages): &Drawn) -> Table {
    let begin = |(on, after_days): (Option<u16>, Option<u16>)| Begin { on: on.and_then(Day::from_stored), after_days };
    Table {
        states: states.as_ref().map(|codes| codes.iter().filter_map(|code| State::from_code(*code)).collect()),
        grace_days: *grace_days,
        extension_days: *extension_days,
        stages: stages.map(|named| named.map(|begins| begins.map(begin))),
    }
}

/// What a person with the tables and a pencil finds: day by day, most specific table first.
fn naive(tables: &[&Drawn], state: u8, since: u16, today: u16) -> u8 {
    let states = tables.iter().find_map(|one| one.0.clone()).unwrap_or_default();
    if !states.contains(&state) {
        return 0;
    }
    let grace = tables.iter().find_map(|one| one.1).unwrap_or(0);
    let extension = tables.iter().find_map(|one| one.2).unwrap_or(0);
    let mut reached = 0;
    for nth in 0..4 {
        let Some(Some((on, after))) = tables.iter().find_map(|one| one.3[nth]) else { continue };
        let allowed = (0..today.saturating_add(1)).any(|day| {
            let day = i32::from(day) - i32::from(extension);
            let since = i32::from(since);
            day >= since
                && day >= since + i32::from(grace)
                && on.is_none_or(|on| day >= i32::from(on))
                && after.is_none_or(|after| day >= since + i32::from(after))
        });
        if allowed {
            reached = nth as u8 + 1;
        }
    }
    reached
}

proptest! {
    #[test]
    fn stages_are_those_of_the_naive_model_and_never_go_back(
        tables in prop::array::uniform4(drawn()), state in 1_u8..6, since in 80_u16..150, today in 80_u16..240,
    ) {
        let [national, operator, city, both] = &tables;
        let calendar = Calendar {
            limit: None,
            national: table(national),
            operators: BTreeMap::from([("xl".to_owned(), table(operator))]),
            cities: BTreeMap::from([("3171".to_owned(), table(city))]),
            both: BTreeMap::from([(("xl".to_owned(), "3171".to_owned()), table(both))]),
        };
        let places: [(&str, &str, Vec<&Drawn>); 4] = [
            ("", "", vec![national]),
            ("xl", "", vec![operator, national]),
            ("", "3171", vec![city, national]),
            ("xl", "3171", vec![both, city, operator, national]),
        ];
        let (state_code, state) = (state, State::from_code(state).unwrap());
        let (since_day, today_day) = (Day::from_stored(since).unwrap(), Day::from_stored(today).unwrap());
        for (operator, city, order) in places {
            let rule = calendar.rule(operator, city);
            let stage = calendar.stage(state, since_day, operator, city, today_day);
            prop_assert_eq!(stage.code(), naive(&order, state_code, since, today));
            let tomorrow = rule.stage(state, since_day, later(today_day, 1));
            prop_assert!(tomorrow >= stage);
            match rule.next(state, since_day, today_day) {
                Some(turn) => {
                    prop_assert_eq!(rule.stage(state, since_day, turn.day), turn.stage);
                    prop_assert_eq!(rule.stage(state, since_day, Day::from_stored(turn.day.get() - 1).unwrap()), stage);
                }
                None => prop_assert_eq!(rule.stage(state, since_day, Day::MAX), stage),
            }
        }
    }
}
