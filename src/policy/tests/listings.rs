//! Domain section 4 on listings, ranks 8 to 15: which one counts, bindings, suspension, ends.

use super::*;

// Rank 8 and binding.

#[test]
fn of_several_listings_one_without_end_counts_then_the_one_that_ends_last() {
    let week = registered().with_until(Some(day(7)));
    let month = registered().with_until(Some(day(30)));
    let listed = Scenario::new().mark(week).mark(month).mark(suspended());
    assert_eq!(listed.answer(), "TEMPORARY white until 2026-04-09 UNPAIRED");
    assert_eq!(listed.decisive_mark(), Some(month));
    assert_eq!(listed.clone().on(30).reason(), Reason::Temporary, "the last day is inclusive");
    assert_eq!(listed.mark(registered()).answer(), "REGISTERED white UNPAIRED");
}

#[test]
fn a_bound_listing_counts_with_its_numbers_only() {
    let bound = Scenario::new().mark(tourist(ani()));
    assert_eq!(bound.answer(), "TEMPORARY white until 2026-05-29 PAIRED");
    assert_eq!(bound.clone().asked_by(Some(budi()), None).answer(), "PAIRING_MISMATCH black MISMATCHED");
    assert_eq!(bound.clone().asked_by(None, Some(ani_imsi())).answer(), "PAIRING_MISMATCH black MISMATCHED");
    assert_eq!(bound.clone().asked_by(None, None).answer(), "NUMBER_NEEDED grey NOT_ASKED");
    let by_imsi = Scenario::new().mark(tourist(ani_imsi()));
    assert_eq!(by_imsi.asked_by(None, Some(ani_imsi())).reason(), Reason::Temporary);
}

#[test]
fn a_binding_binds_all_listings_of_its_door_and_no_others() {
    let unbound = Mark::new(Class::Registered, Door::OperatorTourist);
    let binding = Pair::binding(ani().into(), Door::OperatorTourist);
    let bound = Scenario::new().mark(unbound).mark(tourist(budi())).pair(binding);
    let other = Msisdn::new(6_281_111_111_111).unwrap();
    assert_eq!(bound.answer(), "REGISTERED white PAIRED");
    assert_eq!(bound.clone().asked_by(Some(budi()), None).reason(), Reason::Temporary, "the mark's own number");
    assert_eq!(bound.clone().asked_by(Some(other), None).answer(), "PAIRING_MISMATCH black MISMATCHED");
    let customs = bound.clone().mark(registered()).asked_by(Some(other), None);
    assert_eq!(customs.answer(), "REGISTERED white MISMATCHED", "the listing of another door");
    let mut plain = bound.asked_by(Some(other), None);
    plain.registered = true;
    assert_eq!(plain.answer(), "REGISTERED white MISMATCHED", "the plain bit");
}

#[test]
fn an_ended_binding_binds_nothing_and_one_without_listing_allows_nothing() {
    let binding = Pair::binding(budi().into(), Door::CustomsPassenger).with_until(Some(day(-1)));
    assert_eq!(Scenario::new().mark(registered()).pair(binding).answer(), "REGISTERED white UNPAIRED");
    let alone = Scenario::new().pair(Pair::binding(ani().into(), Door::OperatorTourist));
    assert_eq!(alone.answer(), "NOT_REGISTERED black PAIRED");
}

// Rank 10.

#[test]
fn grandfathered_evidence_counts_up_to_the_cut_off() {
    let seen = |date: &str| Scenario::new().mark(grandfathered().with_since(Some(date.parse().unwrap())));
    assert_eq!(seen("2020-04-18").answer(), "GRANDFATHERED white UNPAIRED");
    assert_eq!(seen("2020-04-19").answer(), "NOT_REGISTERED black UNPAIRED");
    assert_eq!(seen("2020-04-19").with("grandfathered_cutoff = 2020-09-15").reason(), Reason::Grandfathered);
    assert_eq!(Scenario::new().mark(grandfathered()).reason(), Reason::Grandfathered);
    let late = grandfathered().with_since(Some("2021-01-01".parse().unwrap())).with_until(Some(day(-1)));
    assert_eq!(Scenario::new().mark(late).reason(), Reason::NotRegistered, "too late to have been a listing");
}

#[test]
fn a_paired_only_entry_counts_with_its_number_or_an_allowance() {
    let old = Scenario::new().mark(grandfathered().with_number(Some(ani().into())));
    assert_eq!(old.answer(), "GRANDFATHERED white UNPAIRED", "free: the number says nothing");
    let old = old.with(PAIRED_ONLY);
    assert_eq!(old.answer(), "GRANDFATHERED white PAIRED");
    assert_eq!(old.clone().asked_by(Some(budi()), None).answer(), "PAIRING_MISMATCH black MISMATCHED");
    assert_eq!(old.clone().asked_by(None, None).answer(), "NUMBER_NEEDED grey NOT_ASKED");
    let mut plain = Scenario::new().with(PAIRED_ONLY);
    plain.grandfathered = true;
    assert_eq!(plain.answer(), "PAIRING_MISMATCH black UNPAIRED", "it has no number at all");
    assert_eq!(plain.pair(Pair::allowance(ani().into())).answer(), "PAIRED white PAIRED");
}

// Rank 12.

#[test]
fn a_suspended_listing_is_grey_then_black() {
    let listed = Scenario::new().mark(suspended().with_since(Some(day(5))));
    assert_eq!(listed.answer(), "SUSPENDED grey UNPAIRED");
    assert_eq!(listed.clone().on(4).status(), Status::Greylisted);
    assert_eq!(listed.on(5).status(), Status::Blacklisted);
    let listed = Scenario::new().mark(suspended()).with("suspended_black_from = 2026-03-11");
    assert_eq!(listed.status(), Status::Greylisted);
    assert_eq!(listed.on(1).status(), Status::Blacklisted);
}

#[test]
fn the_day_of_first_sight_does_not_turn_a_suspended_entry_black() {
    let seen = Some("2019-01-01".parse().unwrap());
    let old = Scenario::new().mark(grandfathered().with_since(seen).with_suspended(true));
    assert_eq!(old.answer(), "SUSPENDED grey UNPAIRED");
    assert_eq!(old.with("suspended_black_from = '2026-01-01'").status(), Status::Blacklisted);
}

#[test]
fn of_several_suspended_listings_the_best_counts() {
    let black = suspended().with_since(Some(day(-1)));
    let grey = suspended().with_until(Some(day(3)));
    let listed = Scenario::new().mark(black).mark(grey);
    assert_eq!(listed.answer(), "SUSPENDED grey until 2026-03-13 UNPAIRED");
    assert_eq!(listed.decisive_mark(), Some(grey));
}

#[test]
fn a_suspended_bound_listing_is_still_for_its_number_only() {
    let bound = Scenario::new().mark(tourist(ani()).with_suspended(true));
    assert_eq!(bound.answer(), "SUSPENDED grey until 2026-05-29 PAIRED");
    assert_eq!(bound.clone().asked_by(Some(budi()), None).answer(), "PAIRING_MISMATCH black MISMATCHED");
    assert_eq!(bound.asked_by(None, None).answer(), "NUMBER_NEEDED grey NOT_ASKED");
    let old =
        Scenario::new().with(PAIRED_ONLY).mark(grandfathered().with_suspended(true).with_number(Some(ani().into())));
    assert_eq!(old.reason(), Reason::Suspended);
    assert_eq!(old.asked_by(Some(budi()), None).reason(), Reason::PairingMismatch);
}

// Ranks 13 to 15.

#[test]
fn an_allowance_for_another_number_only_is_a_mismatch_and_names_no_one() {
    let others = Scenario::new().pair(Pair::allowance(budi().into()));
    assert_eq!(others.answer(), "PAIRING_MISMATCH black MISMATCHED");
    assert_eq!(others.decide().decisive, Decisive::Nothing);
    assert_eq!(others.asked_by(None, None).answer(), "NUMBER_NEEDED grey NOT_ASKED");
}

#[test]
fn ended_bound_listings_and_allowances_are_no_mismatch() {
    let ended = Scenario::new().mark(tourist(budi()).with_until(Some(day(-2))));
    assert_eq!(ended.answer(), "EXPIRED black until 2026-03-08 UNPAIRED");
    let allowance = Pair::allowance(budi().into()).with_until(Some(day(-1)));
    assert_eq!(Scenario::new().pair(allowance).answer(), "NOT_REGISTERED black UNPAIRED");
}

#[test]
fn expired_tells_when_the_last_listing_ended_suspended_or_not() {
    let first = registered().with_until(Some(day(-20)));
    let last = suspended().with_until(Some(day(-3)));
    let ended = Scenario::new().mark(first).mark(last);
    assert_eq!(ended.answer(), "EXPIRED black until 2026-03-07 UNPAIRED");
    assert_eq!(Scenario::new().mark(first).answer(), "EXPIRED black until 2026-02-18 UNPAIRED");
}
