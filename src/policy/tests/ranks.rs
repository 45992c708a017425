//! Every reason, and every pair of reasons that can meet in one question.

use super::*;

/// How to bring one reason about, beside whatever else is in the scenario.
struct Recipe {
    reason: Reason,
    status: Status,
    apply: fn(&mut Scenario),
}

const fn recipe(reason: Reason, status: Status, apply: fn(&mut Scenario)) -> Recipe {
    Recipe { reason, status, apply }
}

fn put(scenario: &mut Scenario, class: Class) {
    scenario.marks.push(mark(class));
}

/// In order of precedence, with the statuses of domain section 4.
fn recipes() -> Vec<Recipe> {
    use Status::{Blacklisted as Black, Greylisted as Grey, Whitelisted as White};
    vec![
        recipe(Reason::Malformed, Grey, |s| s.question.asked = Asked::Malformed),
        recipe(Reason::Court, Black, |s| put(s, Class::Court)),
        recipe(Reason::Barred, Black, |s| put(s, Class::Barred)),
        recipe(Reason::Stolen, Black, |s| put(s, Class::Stolen)),
        recipe(Reason::Lost, Black, |s| put(s, Class::Lost)),
        recipe(Reason::TacBarred, Black, |s| s.tac.barred = TacBar::Hard),
        recipe(Reason::Exempt, White, |s| put(s, Class::Exempt)),
        recipe(Reason::Roamer, White, |s| s.question.subscriber.imsi = Some(foreign_imsi())),
        recipe(Reason::TestTac, Grey, |s| s.question.asked = Asked::Device { test_tac: true }),
        recipe(Reason::Paired, White, |s| s.others.push(Pair::allowance(ani().into()))),
        recipe(Reason::Duplicate, Grey, |s| put(s, Class::Duplicate)),
        recipe(Reason::Registered, White, |s| s.registered = true),
        recipe(Reason::Temporary, White, |s| s.marks.push(mark(Class::Registered).with_until(Some(day(9))))),
        recipe(Reason::ExemptType, White, |s| s.tac.exempt_type = true),
        recipe(Reason::Grandfathered, White, |s| s.grandfathered = true),
        recipe(Reason::TacBarred, Black, |s| s.tac.barred = TacBar::Soft),
        recipe(Reason::Suspended, Grey, |s| s.marks.push(mark(Class::Registered).with_suspended(true))),
        recipe(Reason::PairingMismatch, Black, |s| s.marks.push(tourist(budi()))),
        recipe(Reason::NumberNeeded, Grey, |s| {
            s.marks.push(tourist(budi()));
            (s.question.subscriber.msisdn, s.question.subscriber.imsi) = (None, None);
        }),
        recipe(Reason::Expired, Black, |s| s.marks.push(mark(Class::Registered).with_until(Some(day(-1))))),
        recipe(Reason::NotRegistered, Black, |_| {}),
    ]
}

/// Pairs that no question can bring together.
fn cannot_meet(high: &Recipe, low: &Recipe) -> bool {
    match (high.reason, low.reason) {
        // They need a number in the question, and NUMBER_NEEDED that there is none.
        (Reason::Roamer | Reason::Paired | Reason::PairingMismatch, Reason::NumberNeeded) => true,
        // A value that is no IMEI has no TAC.
        (Reason::Malformed, Reason::TestTac) => true,
        // A model is barred hard or soft.
        (Reason::TacBarred, Reason::TacBarred) => true,
        _ => false,
    }
}

#[test]
fn every_reason_has_its_status() {
    let recipes = recipes();
    for recipe in &recipes {
        let mut scenario = Scenario::new();
        (recipe.apply)(&mut scenario);
        let status = match recipe.reason {
            Reason::Duplicate => Status::Blacklisted, // On no list below: NOT_REGISTERED is worse than grey.
            _ => recipe.status,
        };
        let verdict = scenario.decide();
        assert_eq!((verdict.reason, verdict.status), (recipe.reason, status));
    }
    let covered: std::collections::BTreeSet<_> = recipes.iter().map(|recipe| recipe.reason).collect();
    assert!(covered.iter().eq(Reason::ALL), "a reason has no recipe");
}

#[test]
fn of_every_two_reasons_that_meet_the_higher_rank_decides() {
    let recipes = recipes();
    let mut met = 0;
    for (place, high) in recipes.iter().enumerate() {
        for low in recipes.iter().skip(place + 1).filter(|low| !cannot_meet(high, low)) {
            let mut scenario = Scenario::new();
            (low.apply)(&mut scenario);
            (high.apply)(&mut scenario);
            let status = if high.reason == Reason::Duplicate { high.status.max(low.status) } else { high.status };
            for _ in 0..2 {
                let verdict = scenario.decide();
                let what = format!("{} over {}", high.reason, low.reason);
                assert_eq!((verdict.reason, verdict.status), (high.reason, status), "{what}");
                scenario.marks.reverse();
            }
            met += 1;
        }
    }
    assert_eq!(met, 210 - 5, "of 21 recipes all pairs but those that cannot meet");
}

#[test]
fn the_order_of_recipes_is_the_order_of_reasons() {
    let mut reasons: Vec<_> = recipes().iter().map(|recipe| recipe.reason).collect();
    let soft_bar = reasons.remove(15);
    assert_eq!(soft_bar, Reason::TacBarred);
    assert_eq!(reasons, Reason::ALL);
}
