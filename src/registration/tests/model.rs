//! Lists in any order against a map that is filled by hand, and everything that is told of it.

use super::*;
use crate::identity::Msisdn;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const OPERATORS: [&str; 3] = ["telkomsel", "indosat", "xl"];
const CITIES: [&str; 3] = ["", "3171", "3273"];
const NIKS: [&str; 4] = [NIK, OTHER_NIK, "9912342001910003", "9912342101910004"];
/// Numbers in three pages, two of them beside each other.
const NUMBERS: [u64; 8] = [
    6_281_200_000_001,
    6_281_200_000_002,
    6_281_200_003_000,
    6_281_200_006_000,
    6_281_200_006_001,
    6_281_200_009_000,
    6_281_999_000_000,
    6_281_999_000_001,
];

/// What the map holds of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    state: State,
    kind: Option<Identity>,
    operator: usize,
    city: usize,
    since: u16,
    nik: Option<usize>,
}

/// A row as a test draws it: number, change, state, city, day, person, whether it is bad.
type Line = (usize, u8, u8, usize, u16, usize, bool);
/// A list: operator, whether it is full, rows.
type List = (usize, bool, Vec<Line>);

fn lists() -> impl Strategy<Value = Vec<List>> {
    let line = (
        0..NUMBERS.len(),
        0_u8..6,
        1_u8..6,
        0..CITIES.len(),
        17_000_u16..17_200,
        0..NIKS.len(),
        prop::bool::weighted(0.1),
    );
    prop::collection::vec((0..OPERATORS.len(), any::<bool>(), prop::collection::vec(line, 0..14)), 1..7)
}

fn line_day(since: u16) -> Day {
    Day::from_stored(since).unwrap()
}

/// The text of a list, and what becomes of the map.
fn naive(map: &mut BTreeMap<usize, Told>, (operator, full, lines): &List, outcome: &mut BTreeMap<&str, u64>) -> String {
    let mut text = String::from(if *full {
        "msisdn,state,city,since,identity,nik\n"
    } else {
        "msisdn,state,city,since,identity,nik,change_type\n"
    });
    let (mut named, today) = (BTreeSet::new(), today().get());
    for line in lines {
        let (number, change, state, city, since, nik, bad) = line;
        let state = State::from_code(*state).unwrap();
        let with_identity = state == State::Registered || (state != State::Withdrawn && nik % 2 == 0);
        let kind = if nik % 3 == 0 { Identity::Suket } else { Identity::KtpEl };
        let identity = if with_identity { format!("{kind},{}", NIKS[*nik]) } else { ",".to_owned() };
        let city_text = if *bad { "no city!" } else { CITIES[*city] };
        let gone = is_gone(*full, line);
        let verb = if *change == 0 { "remove" } else { "update" };
        let end = if *full { String::new() } else { format!(",{verb}") };
        text.push_str(&format!("{},{state},{city_text},{},{identity}{end}\n", NUMBERS[*number], line_day(*since)));
        named.insert(*number);
        if is_refused(*full, line) {
            *outcome.entry("rejected").or_default() += 1;
            continue;
        }
        let said = Told {
            state: if gone { State::Withdrawn } else { state },
            kind: (with_identity && !gone).then_some(kind),
            operator: *operator,
            city: if gone { 0 } else { *city },
            since: *since,
            nik: (with_identity && !gone).then_some(*nik),
        };
        let what = match map.get(number).cloned() {
            None if gone => "absent",
            None => {
                map.insert(*number, said);
                "added"
            }
            Some(held) if held.operator != *operator && gone => "not_own",
            Some(held) if held.state == State::Withdrawn && gone => "unchanged",
            Some(held) if held == said => "unchanged",
            Some(held) => {
                let (other, was_gone) = (held.operator != *operator, held.state == State::Withdrawn);
                map.insert(*number, said);
                match (was_gone, other, gone) {
                    (true, _, _) => "added",
                    (_, true, _) => "ported_in",
                    (_, _, true) => "withdrawn",
                    _ => "updated",
                }
            }
        };
        *outcome.entry(what).or_default() += 1;
    }
    if *full {
        for (number, held) in map.iter_mut() {
            if held.operator == *operator && held.state != State::Withdrawn && !named.contains(number) {
                *held = Told { state: State::Withdrawn, kind: None, city: 0, since: today, nik: None, ..held.clone() };
                *outcome.entry("unnamed").or_default() += 1;
            }
        }
    }
    text
}

const CALENDAR: &str = "limit = 1\nstates = [\"unregistered\", \"kk-mismatch\"]\n\
    [stages.outgoing]\nafter_days = 100\n[stages.total]\non = \"2020-01-01\"\n[city.3171]\nextension_days = 90\n";

/// Whether a row says that the number is nobody's any more.
fn is_gone(full: bool, line: &Line) -> bool {
    State::from_code(line.2).unwrap() == State::Withdrawn || (!full && line.1 == 0)
}

/// Whether a row is refused: a removal has no need of a city, so a bad one does it no harm.
fn is_refused(full: bool, line: &Line) -> bool {
    line.6 && !is_gone(full, line)
}

/// Whether no row of a list is good: then nothing of it is taken in.
fn is_foreign((_, full, lines): &List) -> bool {
    !lines.is_empty() && lines.iter().all(|line| is_refused(*full, line))
}

fn check(world: &World, map: &BTreeMap<usize, Told>) {
    let (all, calendar) = (world.all(), Calendar::read(CALENDAR).unwrap());
    let keys = all.0.db.keys();
    let on = day("2016-11-20");
    let stage = |told: &Told, day| {
        calendar.stage(told.state, line_day(told.since), OPERATORS[told.operator], CITIES[told.city], day)
    };
    // One by one, with hashes; another operator's agent sees nothing.
    for (nth, number) in NUMBERS.iter().enumerate() {
        let msisdn = Msisdn::new(*number).unwrap();
        let Some(told) = map.get(&nth) else {
            assert_eq!(all.held(msisdn, on, None).unwrap(), None);
            continue;
        };
        let held = all.held(msisdn, on, Some(OPERATORS[told.operator])).unwrap().unwrap();
        assert_eq!((held.operator.as_str(), held.city.as_str()), (OPERATORS[told.operator], CITIES[told.city]));
        assert_eq!((held.state, held.identity, held.since), (told.state, told.kind, line_day(told.since)));
        assert_eq!(all.held(msisdn, on, Some("another")).unwrap(), None);
        let (page, place) = page::place(*number);
        let hash = all.page(page).unwrap().at(place).unwrap().hash;
        assert_eq!(hash, told.nik.map(|nik| keys.hash(format!("nik:{}", NIKS[nik]).as_bytes())));
    }
    // Counts against a count of the map, from kept cells and from a pass.
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for told in map.values() {
        let key = (OPERATORS[told.operator], CITIES[told.city], told.state, told.kind, stage(told, today()));
        *counts.entry(key).or_default() += 1;
    }
    let by = By::read(["operator", "city", "state", "identity", "stage"]).unwrap();
    let counted = all.count(by, &CountFilter::default()).unwrap().remove(0).lines;
    let line = |line: &CountLine| {
        (
            line.operator.clone().unwrap(),
            line.city.clone().unwrap(),
            line.state.unwrap(),
            line.identity.unwrap(),
            line.stage.unwrap(),
        )
    };
    let counted: BTreeMap<_, _> = counted.iter().map(|one| (line(one), one.numbers)).collect();
    let counts: BTreeMap<_, _> = counts
        .into_iter()
        .map(|((operator, city, state, kind, stage), count)| {
            ((operator.to_owned(), city.to_owned(), state, kind, stage), count)
        })
        .collect();
    assert_eq!(counted, counts);
    let kept = all.cells().unwrap();
    all.keep_cells(None);
    assert_eq!(*all.cells().unwrap(), *kept);
    // Identities above the limit of one.
    let mut holders: BTreeMap<(&str, usize), u64> = BTreeMap::new();
    for told in map.values() {
        if let Some(nik) = told.nik {
            *holders.entry((OPERATORS[told.operator], nik)).or_default() += 1;
        }
    }
    let above: u64 = holders.values().filter(|count| **count > 1).count() as u64;
    for at_once in [1, 3, 1000] {
        let found = all.above_limit_by(None, None, at_once).unwrap();
        assert_eq!(found.operators.iter().map(|one| one.identities).sum::<u64>(), above);
        let told = found.largest.iter().map(|(_, _, count, numbers)| (*count, numbers.len() as u64));
        assert!(told.clone().all(|(count, numbers)| count == numbers && count > 1));
        assert_eq!(told.count() as u64, above);
    }
    // What checks read.
    let hot = all.live().load().unwrap();
    for (nth, number) in NUMBERS.iter().enumerate() {
        let read = hot.at(Msisdn::new(*number).unwrap());
        let expected = map.get(&nth).map(|told| HotAnswer {
            operator: OPERATORS[told.operator].to_owned(),
            state: told.state,
            stage: stage(told, today()),
        });
        assert_eq!(read, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_lists_leave_what_the_map_holds(lists in lists(), warm_at in 0_usize..4, reopen_at in 0_usize..6) {
        let mut world = World::new();
        world.calendar(CALENDAR);
        let mut map = BTreeMap::new();
        for (nth, list) in lists.iter().enumerate() {
            if nth >= warm_at && world.all().live().load().is_none() {
                world.all().warm(today()).unwrap();
            }
            let mut expected = BTreeMap::new();
            let mode = if list.1 { Mode::Full } else { Mode::Delta };
            if is_foreign(list) {
                let text = naive(&mut map.clone(), list, &mut expected);
                prop_assert!(world.take_in(&order(OPERATORS[list.0], mode), &text).is_err());
                continue;
            }
            let text = naive(&mut map, list, &mut expected);
            let taken = world.take_in(&order(OPERATORS[list.0], mode), &text).unwrap();
            let outcome = taken.record.outcome.clone().unwrap();
            let told = [
                ("added", outcome.added), ("updated", outcome.updated), ("unchanged", outcome.unchanged),
                ("withdrawn", outcome.withdrawn), ("unnamed", outcome.unnamed), ("ported_in", outcome.ported_in),
                ("absent", outcome.absent), ("not_own", outcome.not_own), ("rejected", taken.record.rejected),
            ];
            let told: BTreeMap<_, _> = told.into_iter().filter(|(_, count)| *count > 0).collect();
            prop_assert_eq!(told, expected);
            let from: u64 = outcome.ported_from.iter().map(|from| from.numbers).sum();
            prop_assert_eq!(from, outcome.ported_in);
            if nth == reopen_at {
                world.reopen();
            }
        }
        world.all().warm(today()).unwrap();
        check(&world, &map);
    }

    #[test]
    fn what_checks_read_goes_on_with_lists(lists in lists()) {
        let world = World::new();
        world.calendar(CALENDAR);
        world.all().warm(today()).unwrap();
        let mut map = BTreeMap::new();
        for list in lists.iter().filter(|list| !is_foreign(list)) {
            let text = naive(&mut map, list, &mut BTreeMap::new());
            let mode = if list.1 { Mode::Full } else { Mode::Delta };
            world.take_in(&order(OPERATORS[list.0], mode), &text).unwrap();
        }
        check(&world, &map);
    }
}
