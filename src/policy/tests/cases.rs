//! The paragraphs and counter-examples of domain section 4 on all but listings, one test each.

use super::*;

// Counter-examples: why the order matters.

#[test]
fn an_ended_tourist_entry_does_not_spoil_a_later_customs_registration() {
    let phone = Scenario::new().mark(tourist(budi()).with_until(Some(day(-30)))).mark(registered());
    for number in [Some(ani()), Some(budi()), None] {
        assert_eq!(phone.clone().asked_by(number, None).reason(), Reason::Registered);
    }
}

#[test]
fn a_payment_terminal_stays_exempt_after_a_sim_change_in_a_paired_only_base() {
    let mut terminal = Scenario::new().with(PAIRED_ONLY).mark(grandfathered().with_number(Some(budi().into())));
    assert_eq!(terminal.answer(), "PAIRING_MISMATCH black MISMATCHED");
    terminal.tac.exempt_type = true;
    assert_eq!(terminal.answer(), "EXEMPT_TYPE white MISMATCHED");
}

#[test]
fn a_duty_paid_unit_of_a_softly_barred_model_is_registered() {
    let mut unit = Scenario::new().mark(registered());
    unit.tac.barred = TacBar::Soft;
    assert_eq!(unit.reason(), Reason::Registered);
    unit.tac.barred = TacBar::Hard;
    assert_eq!(unit.reason(), Reason::TacBarred);
}

// Rank 1, and what is no IMEI.

#[test]
fn a_pei_that_is_no_imei_is_unknown_equipment_whatever_the_settings() {
    let mut other = Scenario::new().with("not_registered = 'white'\nmalformed = 'white'");
    other.question.asked = Asked::Other;
    assert_eq!(other.answer(), "NOT_REGISTERED unknown UNPAIRED");
    other.question.asked = Asked::Malformed;
    assert_eq!(other.answer(), "MALFORMED white UNPAIRED");
}

// Rank 2.

#[test]
fn a_black_mark_counts_through_its_last_day_and_though_suspended() {
    let stolen = Scenario::new().mark(mark(Class::Stolen).with_until(Some(day(0))).with_suspended(true));
    assert_eq!(stolen.answer(), "STOLEN black until 2026-03-10 UNPAIRED");
    assert_eq!(stolen.on(1).reason(), Reason::NotRegistered);
}

#[test]
fn of_several_reports_the_gravest_then_the_longest_is_named() {
    let lost = mark(Class::Lost);
    let stolen = mark(Class::Stolen).with_until(Some(day(5)));
    let longer = mark(Class::Stolen).with_until(Some(day(7)));
    let reported = Scenario::new().mark(lost).mark(stolen).mark(longer);
    assert_eq!(reported.answer(), "STOLEN black until 2026-03-17 UNPAIRED");
    assert_eq!(reported.mark(mark(Class::Stolen)).answer(), "STOLEN black UNPAIRED");
}

#[test]
fn an_allowance_never_helps_against_the_black_list() {
    let allowed = Scenario::new().pair(Pair::allowance(ani().into()));
    assert_eq!(allowed.answer(), "PAIRED white PAIRED");
    assert_eq!(allowed.mark(mark(Class::Stolen)).answer(), "STOLEN black PAIRED");
}

// Rank 3.

#[test]
fn an_exemption_that_is_suspended_or_ended_is_as_none() {
    let exempt = mark(Class::Exempt).with_until(Some(day(3)));
    assert_eq!(Scenario::new().mark(exempt).answer(), "EXEMPT white until 2026-03-13 UNPAIRED");
    assert_eq!(Scenario::new().mark(exempt).on(4).answer(), "NOT_REGISTERED black UNPAIRED");
    assert_eq!(Scenario::new().mark(exempt.with_suspended(true)).reason(), Reason::NotRegistered);
}

// Rank 4.

#[test]
fn the_imsi_tells_a_roamer_and_the_number_only_where_there_is_none() {
    let singapore = Msisdn::new(6_581_234_567).unwrap();
    let reason = |msisdn, imsi| Scenario::new().asked_by(msisdn, imsi).reason();
    assert_eq!(reason(None, Some(foreign_imsi())), Reason::Roamer);
    assert_eq!(reason(Some(ani()), Some(foreign_imsi())), Reason::Roamer);
    assert_eq!(reason(Some(singapore), None), Reason::Roamer);
    assert_eq!(reason(Some(singapore), Some(ani_imsi())), Reason::NotRegistered);
    assert_eq!(reason(None, None), Reason::NotRegistered);
    assert_eq!(reason(None, Some("001010123456789".parse().unwrap())), Reason::Roamer, "a test network");
}

// Rank 6 and the matching of numbers.

#[test]
fn an_allowance_helps_a_device_that_is_unlisted_grandfathered_suspended_expired_or_suspected() {
    let ended = registered().with_until(Some(day(-1)));
    let old = grandfathered().with_number(Some(budi().into()));
    for spoilt in [suspended(), ended, mark(Class::Duplicate), old] {
        let scenario = Scenario::new().with(PAIRED_ONLY).mark(spoilt).pair(Pair::allowance(ani().into()));
        assert_eq!(scenario.answer(), "PAIRED white PAIRED", "{spoilt:?}");
    }
}

#[test]
fn of_several_allowances_the_longest_is_shown() {
    let short = Pair::allowance(ani().into()).with_until(Some(day(2)));
    let long = Pair::allowance(ani_imsi().into()).with_until(Some(day(6)));
    let both = Scenario::new().pair(short).pair(long).asked_by(Some(ani()), Some(ani_imsi()));
    assert_eq!(both.answer(), "PAIRED white until 2026-03-16 PAIRED");
    assert_eq!(both.decide().decisive, Decisive::Pair(long));
    assert_eq!(both.clone().on(7).answer(), "NOT_REGISTERED black UNPAIRED", "ended allowances are as none");
    assert_eq!(both.pair(Pair::allowance(ani().into())).answer(), "PAIRED white PAIRED");
}

#[test]
fn where_a_pairing_has_both_numbers_the_msisdn_decides() {
    let by_both =
        Scenario::new().pair(Pair::allowance(ani().into())).pair(Pair::allowance(ani_imsi().into()).with_second(true));
    let answer = |msisdn, imsi| by_both.clone().asked_by(msisdn, imsi).answer();
    assert_eq!(answer(Some(ani()), Some(ani_imsi())), "PAIRED white PAIRED");
    assert_eq!(answer(None, Some(ani_imsi())), "PAIRED white PAIRED");
    assert_eq!(answer(Some(budi()), Some(ani_imsi())), "PAIRING_MISMATCH black MISMATCHED");
    let by_imsi = Scenario::new().pair(Pair::allowance(ani_imsi().into()));
    assert_eq!(by_imsi.asked_by(Some(budi()), Some(ani_imsi())).answer(), "PAIRED white PAIRED");
}

#[test]
fn a_sim_change_is_reported_beside_the_verdict() {
    let mut scenario = Scenario::new();
    assert!(!scenario.decide().sim_changed);
    scenario.question.subscriber.sim_changed = true;
    assert!(scenario.decide().sim_changed);
}

// Rank 7.

#[test]
fn suspicion_gives_grey_or_what_is_worse() {
    let suspected = Scenario::new().mark(mark(Class::Duplicate));
    assert_eq!(suspected.answer(), "DUPLICATE black UNPAIRED");
    assert_eq!(suspected.clone().mark(registered()).answer(), "DUPLICATE grey UNPAIRED");
    assert_eq!(suspected.clone().with("not_registered = 'unknown'").status(), Status::Unknown);
    assert_eq!(suspected.clone().mark(registered()).with("duplicate = 'black'").status(), Status::Blacklisted);
    let doubted = Scenario::new().mark(registered()).mark(mark(Class::Duplicate).with_suspended(true));
    assert_eq!(doubted.reason(), Reason::Duplicate, "a suspended suspicion stands: lifting it would improve");
}

// Rank 17.

#[test]
fn what_an_unlisted_device_gets_is_set_apart_for_questions_without_number() {
    let unlisted = Scenario::new().with("not_registered = 'unknown'\nnot_registered_without_number = 'grey'");
    assert_eq!(unlisted.answer(), "NOT_REGISTERED unknown UNPAIRED");
    assert_eq!(unlisted.clone().asked_by(None, Some(ani_imsi())).status(), Status::Unknown);
    assert_eq!(unlisted.asked_by(None, None).answer(), "NOT_REGISTERED grey NOT_ASKED");
}

// Emergency.

#[test]
fn an_emergency_is_answered_grey_instead_of_black_by_setting() {
    let stolen = Scenario::new().mark(mark(Class::Stolen)).in_emergency();
    assert_eq!(stolen.answer(), "STOLEN grey UNPAIRED");
    assert_eq!(stolen.with("emergency_never_black = false").answer(), "STOLEN black UNPAIRED");
    let unknown = Scenario::new().with("not_registered = 'unknown'").in_emergency();
    assert_eq!(unknown.status(), Status::Unknown, "only black is softened");
}
