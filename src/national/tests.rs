//! The generator as a list and at random is the same, and what it says is what a register answers.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    listing::Door,
    policy::{Reason, Settings, Status},
};
use std::collections::BTreeMap;

pub(super) fn small(shape: Shape) -> National {
    National::new(Scale { imeis: 200_000, pairs: 35_000, seed: 7, shape, shared: 1 }, &[]).unwrap()
}

#[test]
fn every_device_is_found_by_its_rank_and_by_its_key() {
    for shape in [Shape::Mix, Shape::Worst, Shape::Sparse] {
        let national = small(shape);
        assert!(national.devices().abs_diff(200_000) < 2_000, "{}", national.devices());
        let mut last = None;
        let mut by_door: BTreeMap<Door, u64> = BTreeMap::new();
        for rank in 0..national.devices() {
            let key = national.device(rank).unwrap();
            let (lot, nth) = national.plan.find(key).unwrap();
            assert_eq!(lot.first_rank + u64::from(nth), rank);
            assert!(last < Some(key), "ranks ascend as keys do");
            last = Some(key);
            *by_door.entry(lot.door).or_default() += 1;
        }
        assert_eq!(national.device(national.devices()), None);
        if shape == Shape::Mix {
            let new = by_door[&Door::TppProduction] + by_door[&Door::TppImport];
            assert!((50..95).contains(&(new * 100 / national.devices())), "{by_door:?}");
            assert!((1_000..4_000).contains(&by_door[&Door::CustomsPassenger]), "{by_door:?}");
            assert!(by_door[&Door::OperatorTourist] > 50, "{by_door:?}");
        }
    }
}

#[test]
fn checks_are_the_same_every_time_and_of_every_kind() {
    let (national, again) = (small(Shape::Mix), small(Shape::Mix));
    let settings = Settings::default();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for &profile in Profile::ALL {
        for index in 0..20_000 {
            let question = national.question(profile, index);
            assert_eq!(question, again.question(profile, index));
            let verdict = national.expected(&question, settings.policy(None), day(0).unwrap());
            *reasons.entry(verdict.reason.name()).or_default() += 1;
            if profile == Profile::Attach && verdict.reason == Reason::Registered {
                assert_eq!(verdict.status, Status::Whitelisted);
            }
        }
    }
    for reason in
        ["PAIRED", "REGISTERED", "GRANDFATHERED", "STOLEN", "ROAMER", "NOT_REGISTERED", "MALFORMED", "TEMPORARY"]
    {
        assert!(reasons.get(reason).is_some_and(|count| *count > 10), "{reason}: {reasons:?}");
    }
}

#[test]
fn a_storm_brings_every_subscriber_once() {
    let national = small(Shape::Mix);
    let pairs = national.scale().pairs;
    let mut numbers: Vec<_> = (0..pairs)
        .filter_map(|index| national.question(Profile::Storm, index).imsi.filter(|imsi| imsi.is_indonesian()))
        .collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    // Those few that come with another device may come twice.
    assert!(numbers.len() * 100 > all * 97, "{} of {all}", numbers.len());
}

#[test]
fn what_cannot_be_is_refused() {
    let scale = *small(Shape::Mix).scale();
    let refused = |scale: Scale| National::new(scale, &[]).unwrap_err().to_string();
    insta::assert_snapshot!(refused(Scale { imeis: 0, ..scale }), @"a national register has 1 to 20,000,000,000 IMEIs, not 0");
    insta::assert_snapshot!(refused(Scale { shared: 3, ..scale }), @"pages are shared by 1, 8 or 32 batches, not 3");
    assert!(refused(Scale { pairs: 300_000, ..scale }).contains("pairings, not 300000"));
}
