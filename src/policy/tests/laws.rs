//! What holds of every decision, on random evidence and policies.

use super::*;
use proptest::{prelude::*, sample::select};

fn numbers() -> impl Strategy<Value = Number> {
    let imsi: Number = ani_imsi().into();
    select(vec![ani().into(), budi().into(), imsi, foreign_imsi().into(), Msisdn::new(6_581_234_567).unwrap().into()])
}

/// Around today, and around the cut-off.
fn days() -> impl Strategy<Value = Option<Day>> {
    let days = [-2_500, -2_152, -2_151, -9, -1, 0, 1, 9].map(|distance| Some(day(distance)));
    prop_oneof![Just(None), select(days.to_vec())]
}

fn marks() -> impl Strategy<Value = Mark> {
    let doors = vec![Door::CustomsPassenger, Door::OperatorTourist, Door::Grandfathered];
    let suspended = proptest::bool::weighted(0.4);
    (select(Class::ALL), select(doors), proptest::option::of(numbers()), days(), days(), suspended).prop_map(
        |(class, door, number, until, since, suspended)| {
            Mark::new(class, door).with_number(number).with_until(until).with_since(since).with_suspended(suspended)
        },
    )
}

fn of_class(mut mark: Mark, class: Class) -> Mark {
    mark.class = class;
    mark
}

/// Listings more often than what comes before them, or the lower ranks are hardly met.
fn mark_lists() -> impl Strategy<Value = Vec<Mark>> {
    let classes = select(vec![Class::Registered, Class::Grandfathered]);
    let listing = (marks(), classes).prop_map(|(mark, class)| of_class(mark, class));
    proptest::collection::vec(prop_oneof![4 => listing, 1 => marks()], 0..5)
}

fn pairs() -> impl Strategy<Value = Pair> {
    let doors = vec![Door::CustomsPassenger, Door::OperatorTourist, Door::Grandfathered];
    (numbers(), proptest::option::of(select(doors)), days(), any::<bool>()).prop_map(|(number, door, until, second)| {
        let pair = door.map_or(Pair::allowance(number), |door| Pair::binding(number, door));
        pair.with_until(until).with_second(second && matches!(number.kind(), crate::pairing::NumberKind::Imsi(_)))
    })
}

fn subscribers() -> impl Strategy<Value = Subscriber> {
    let msisdn = select(vec![None, Some(ani()), Some(budi()), Some(Msisdn::new(6_581_234_567).unwrap())]);
    let imsi = prop_oneof![2 => Just(None), 2 => Just(Some(ani_imsi())), 1 => Just(Some(foreign_imsi()))];
    (msisdn, imsi, any::<bool>()).prop_map(|(msisdn, imsi, sim_changed)| Subscriber { msisdn, imsi, sim_changed })
}

/// Every key with the values that it may have, once more: the document refuses all others.
const CHOICES: &[(&str, &[&str])] = &[
    ("malformed", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("test_tac", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("duplicate", &["'grey'", "'black'"]),
    ("grandfathered", &["'white'", "'grey'"]),
    ("grandfathered_mode", &["'free'", "'paired-only'"]),
    ("grandfathered_cutoff", &["2020-04-18", "2020-04-17"]),
    ("tac_barred_soft", &["'grey'", "'unknown'", "'black'"]),
    ("suspended", &["'grey'", "'unknown'", "'black'"]),
    ("suspended_black_from", &["2026-03-10", "2026-03-11", "2100-01-01"]),
    ("pairing_mismatch", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("number_needed", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("expired", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("not_registered", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("not_registered_without_number", &["'white'", "'grey'", "'unknown'", "'black'"]),
    ("emergency_never_black", &["true", "false"]),
];

fn policies() -> impl Strategy<Value = Policy> {
    proptest::collection::vec(any::<proptest::sample::Index>(), CHOICES.len()).prop_map(|picks| {
        let line =
            |((key, values), pick): (&(&str, &[&str]), &proptest::sample::Index)| match pick.index(values.len() + 1) {
                0 => String::new(),
                n => format!("{key} = {}\n", values[n - 1]),
            };
        let national: String = CHOICES.iter().zip(&picks).map(line).collect();
        Scenario::new().with(&national).policy
    })
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let asked = prop_oneof![
        1 => Just(Asked::Malformed),
        1 => Just(Asked::Other),
        1 => Just(Asked::Device { test_tac: true }),
        20 => Just(Asked::Device { test_tac: false }),
    ];
    let bars = prop_oneof![6 => Just(TacBar::None), 1 => Just(TacBar::Soft), 1 => Just(TacBar::Hard)];
    let tac = (proptest::bool::weighted(0.1), bars).prop_map(|(exempt_type, barred)| TacRule { exempt_type, barred });
    let bits = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.2), proptest::bool::weighted(0.2));
    let pairs = proptest::collection::vec(pairs(), 0..3);
    (asked, subscribers(), any::<bool>(), bits, mark_lists(), pairs, tac, policies()).prop_map(
        |(asked, subscriber, emergency, (registered, grandfathered, suspended), marks, pairs, tac, policy)| {
            let question = Question { asked, subscriber, emergency };
            let base =
                Scenario { question, registered, grandfathered, suspended, marks, tac, policy, ..Scenario::new() };
            pairs.into_iter().fold(base, Scenario::pair)
        },
    )
}

/// A verdict without the places of what decided: those differ with the order of the evidence.
fn told(scenario: &Scenario) -> (Verdict, Option<Mark>) {
    let mark = scenario.decisive_mark();
    let verdict = scenario.decide();
    let decisive = if mark.is_some() { Decisive::Nothing } else { verdict.decisive };
    (Verdict { decisive, ..verdict }, mark)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_decision_is_that_of_the_plain_model(scenario in scenarios()) {
        let verdict = scenario.decide();
        let short = (verdict.status, verdict.reason, verdict.valid_until, verdict.pairing);
        prop_assert_eq!(short, model::verdict(&scenario));
        prop_assert_eq!(verdict.sim_changed, scenario.question.subscriber.sim_changed);
    }

    #[test]
    fn the_order_of_evidence_does_not_matter(scenario in scenarios(), turn in 0_usize..4) {
        let mut turned = scenario.clone();
        let by = turn.min(turned.marks.len());
        turned.marks.rotate_left(by);
        turned.marks.reverse();
        turned.others.reverse();
        prop_assert_eq!(told(&scenario), told(&turned));
    }

    #[test]
    fn the_date_shown_is_that_of_what_decided(scenario in scenarios()) {
        let verdict = scenario.decide();
        let of_decisive = match verdict.decisive {
            Decisive::Mark(index) => scenario.marks[index].until(),
            Decisive::Pair(pair) => pair.until(),
            _ => None,
        };
        let is_of_others = matches!(verdict.reason, Reason::PairingMismatch | Reason::NumberNeeded);
        prop_assert_eq!(verdict.valid_until, of_decisive.filter(|_| !is_of_others));
        let ended = verdict.valid_until.is_some_and(|until| until < scenario.today);
        prop_assert_eq!(ended, verdict.reason == Reason::Expired);
    }

    #[test]
    fn suspending_never_improves_an_answer(scenario in scenarios(), mark in marks(), black_from in days()) {
        let mut before = Scenario { question: Question { emergency: false, ..scenario.question }, ..scenario };
        let mark = mark.with_suspended(false);
        before.marks.push(mark);
        let mut after = before.clone();
        let since = if mark.class == Class::Grandfathered { mark.since() } else { black_from };
        after.marks.pop();
        after.marks.push(mark.with_suspended(true).with_since(since));
        prop_assert!(after.status() >= before.status(), "{} became {}", before.answer(), after.answer());
        prop_assert_eq!(after.decide().pairing, before.decide().pairing);
    }

    #[test]
    fn suspending_what_the_plain_bits_stood_for_never_improves_an_answer(scenario in scenarios()) {
        let mut before = Scenario { question: Question { emergency: false, ..scenario.question }, ..scenario };
        before.registered = true;
        let mut after = before.clone();
        after.registered = false;
        after.marks.push(mark(Class::Registered).with_suspended(true));
        prop_assert!(after.status() >= before.status());
        let mut bit = after.clone();
        bit.marks.pop();
        bit.suspended = true;
        prop_assert!(bit.status() >= before.status());
        before.registered = false;
        before.grandfathered = true;
        after.clone_from(&before);
        after.grandfathered = false;
        after.marks.push(mark(Class::Grandfathered).with_suspended(true));
        prop_assert!(after.status() >= before.status());
    }

    #[test]
    fn suspecting_never_improves_an_answer(scenario in scenarios(), suspicion in marks()) {
        let before = Scenario { question: Question { emergency: false, ..scenario.question }, ..scenario };
        let after = before.clone().mark(of_class(suspicion, Class::Duplicate));
        prop_assert!(after.status() >= before.status(), "{} became {}", before.answer(), after.answer());
    }

    #[test]
    fn an_emergency_is_never_answered_black(scenario in scenarios()) {
        let calm = Scenario { question: Question { emergency: false, ..scenario.question }, ..scenario.clone() };
        let urgent = scenario.in_emergency();
        prop_assert_eq!(urgent.reason(), calm.reason());
        match calm.status() {
            Status::Blacklisted if urgent.policy.emergency_never_black => prop_assert_eq!(urgent.status(), Status::Greylisted),
            status => prop_assert_eq!(urgent.status(), status),
        }
    }

    #[test]
    fn an_ended_mark_matters_only_where_there_is_no_better_listing(scenario in scenarios(), mark in marks()) {
        let after = scenario.clone().mark(mark.with_until(Some(day(-5))));
        let (was, is) = (scenario.decide(), after.decide());
        let without = |verdict: Verdict| Verdict { decisive: Decisive::Nothing, valid_until: None, ..verdict };
        match (was.reason, is.reason) {
            (Reason::NotRegistered | Reason::Expired, Reason::Expired) => prop_assert_eq!(was.pairing, is.pairing),
            // Suspected, the status is that of the ranks below, where it may have become EXPIRED.
            (Reason::Duplicate, Reason::Duplicate) => {}
            _ => prop_assert_eq!(without(was), without(is)),
        }
    }

    #[test]
    fn a_black_mark_is_black_whatever_else_is_known(scenario in scenarios(), mark in marks()) {
        let classes = [Class::Court, Class::Barred, Class::Stolen, Class::Lost];
        let mark = of_class(mark, classes[usize::from(mark.class.code()) % 4]).with_until(None);
        let mut listed = scenario.mark(mark);
        listed.question.asked = Asked::Device { test_tac: false };
        listed.question.emergency = false;
        prop_assert_eq!(listed.status(), Status::Blacklisted);
        prop_assert_eq!(listed.decide().reason.rank(), 2);
    }
}
