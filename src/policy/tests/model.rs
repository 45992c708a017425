//! The decision once more, slow and plain: a list of listings, a list of ranks, the first that applies.

use super::*;
use crate::pairing::PairingKind;
use crate::policy::settings::GrandfatheredMode;

/// A listing with the numbers that it is bound to, if it is bound.
struct Listing {
    class: Class,
    numbers: Option<Vec<Pair>>,
    until: Option<Day>,
    since: Option<Day>,
    suspended: bool,
}

fn is_ours(subscriber: &Subscriber, pair: &Pair) -> bool {
    let by_msisdn = subscriber.msisdn.map(Number::from) == Some(pair.number);
    let by_imsi = subscriber.imsi.map(Number::from) == Some(pair.number);
    by_msisdn || by_imsi && !(pair.second && subscriber.msisdn.is_some())
}

fn current_pairs(scenario: &Scenario) -> Vec<Pair> {
    let pairs = Pairs { plain: Allowances::of(&scenario.plain), others: &scenario.others };
    pairs.iter().filter(|pair| pair.until().is_none_or(|until| until >= scenario.today)).collect()
}

fn listings(scenario: &Scenario) -> Vec<Listing> {
    let paired_only = scenario.policy.grandfathered_mode == GrandfatheredMode::PairedOnly;
    let plain = |class, numbers| Listing { class, numbers, until: None, since: None, suspended: false };
    let mut listings = Vec::new();
    if scenario.registered {
        listings.push(plain(Class::Registered, None));
    }
    if scenario.grandfathered {
        listings.push(plain(Class::Grandfathered, paired_only.then(Vec::new)));
    }
    if scenario.suspended {
        listings.push(Listing { suspended: true, ..plain(Class::Registered, None) });
    }
    for mark in &scenario.marks {
        let own = mark.number.map(Pair::allowance).into_iter();
        let numbers = match mark.class {
            Class::Grandfathered if mark.since().is_some_and(|seen| seen > scenario.policy.grandfathered_cutoff) => {
                continue;
            }
            Class::Grandfathered => paired_only.then(|| own.collect()),
            Class::Registered => {
                let bindings = current_pairs(scenario).into_iter();
                let of_door = bindings.filter(|pair| pair.kind == PairingKind::Binding && pair.door == mark.door);
                Some(own.chain(of_door).collect()).filter(|numbers: &Vec<Pair>| !numbers.is_empty())
            }
            _ => continue,
        };
        let since = mark.since().filter(|_| mark.class == Class::Registered);
        listings.push(Listing { class: mark.class, numbers, until: mark.until(), since, suspended: mark.suspended });
    }
    listings
}

/// The verdict but for what decided.
pub(super) fn verdict(scenario: &Scenario) -> (Status, Reason, Option<Day>, PairStanding) {
    let (reason, status, until) = ruling(scenario);
    let softened = scenario.question.emergency && scenario.policy.emergency_never_black;
    let status = if softened && status == Status::Blacklisted { Status::Greylisted } else { status };
    (status, reason, until, standing(scenario))
}

type Ruling = (Reason, Status, Option<Day>);

/// Without end, else the latest end; `None` of nothing.
fn best(untils: impl Iterator<Item = Option<Day>>) -> Option<Option<Day>> {
    untils.max_by_key(|until| until.map_or(u16::MAX, Day::get))
}

fn ruling(scenario: &Scenario) -> Ruling {
    use Status::{Blacklisted as Black, Whitelisted as White};
    let policy = &scenario.policy;
    let test_tac = match scenario.question.asked {
        Asked::Malformed => return (Reason::Malformed, policy.malformed, None),
        Asked::Other => return (Reason::NotRegistered, Status::Unknown, None),
        Asked::Device { test_tac } => test_tac,
    };
    let marks = |class| {
        let today = scenario.today;
        let current = scenario.marks.iter().filter(move |mark| mark.class == class && mark.is_current(today));
        best(current.filter(move |mark| class != Class::Exempt || !mark.suspended).map(|mark| mark.until()))
    };
    let subscriber = &scenario.question.subscriber;
    let foreign = match subscriber.imsi {
        Some(imsi) => imsi.mcc() != 510,
        None => subscriber.msisdn.is_some_and(|msisdn| !msisdn.to_string().starts_with("62")),
    };
    let allowances = current_pairs(scenario).into_iter().filter(|pair| pair.kind == PairingKind::Allowance);
    let allowed = best(allowances.filter(|pair| is_ours(subscriber, pair)).map(|pair| pair.until()));
    let hard = (scenario.tac.barred == TacBar::Hard).then_some(None);
    let ranks = [
        (Reason::Court, Black, marks(Class::Court)),
        (Reason::Barred, Black, marks(Class::Barred)),
        (Reason::Stolen, Black, marks(Class::Stolen)),
        (Reason::Lost, Black, marks(Class::Lost)),
        (Reason::TacBarred, Black, hard),
        (Reason::Exempt, White, marks(Class::Exempt)),
        (Reason::Roamer, White, foreign.then_some(None)),
        (Reason::TestTac, policy.test_tac, test_tac.then_some(None)),
        (Reason::Paired, White, allowed),
        (Reason::Duplicate, policy.duplicate.max(below(scenario).1), marks(Class::Duplicate)),
    ];
    first(&ranks).unwrap_or_else(|| below(scenario))
}

fn first(ranks: &[(Reason, Status, Option<Option<Day>>)]) -> Option<Ruling> {
    ranks.iter().find_map(|&(reason, status, applies)| Some((reason, status, applies?)))
}

fn below(scenario: &Scenario) -> Ruling {
    let (policy, today, subscriber) = (&scenario.policy, scenario.today, &scenario.question.subscriber);
    let listings = listings(scenario);
    let (current, ended): (Vec<_>, Vec<_>) = listings.iter().partition(|l| l.until.is_none_or(|until| until >= today));
    let ours = |l: &&&Listing| l.numbers.as_ref().is_none_or(|numbers| numbers.iter().any(|n| is_ours(subscriber, n)));
    let in_force =
        |class| best(current.iter().filter(ours).filter(|l| l.class == class && !l.suspended).map(|l| l.until));
    let registered = in_force(Class::Registered);
    let is_black = |l: &&Listing| [l.since, policy.suspended_black_from].iter().flatten().any(|from| *from <= today);
    let (black, grey): (Vec<&Listing>, Vec<&Listing>) =
        current.iter().copied().filter(|l| ours(&l) && l.suspended).partition(is_black);
    // Where suspended listings are black anyway, one that is due is no worse than one that is not.
    let (grey, black) = match policy.suspended {
        Status::Blacklisted => (Vec::new(), grey.into_iter().chain(black).collect()),
        _ => (grey, black),
    };
    let has_number = subscriber.msisdn.is_some() || subscriber.imsi.is_some();
    let allowance = current_pairs(scenario).iter().any(|pair| pair.kind == PairingKind::Allowance);
    let of_others = (allowance || current.iter().any(|l| !ours(&l))).then_some(None);
    let ranks = [
        (Reason::Registered, Status::Whitelisted, registered.filter(Option::is_none)),
        (Reason::Temporary, Status::Whitelisted, registered),
        (Reason::ExemptType, Status::Whitelisted, scenario.tac.exempt_type.then_some(None)),
        (Reason::Grandfathered, policy.grandfathered, in_force(Class::Grandfathered)),
        (Reason::TacBarred, policy.tac_barred_soft, (scenario.tac.barred == TacBar::Soft).then_some(None)),
        (Reason::Suspended, policy.suspended, best(grey.iter().map(|l| l.until))),
        (Reason::Suspended, Status::Blacklisted, best(black.iter().map(|l| l.until))),
        (Reason::PairingMismatch, policy.pairing_mismatch, of_others.filter(|_| has_number)),
        (Reason::NumberNeeded, policy.number_needed, of_others),
        (Reason::Expired, policy.expired, best(ended.iter().map(|l| l.until))),
    ];
    let apart = policy.not_registered_without_number.filter(|_| !has_number);
    let unlisted = apart.unwrap_or(policy.not_registered);
    first(&ranks).unwrap_or((Reason::NotRegistered, unlisted, None))
}

fn standing(scenario: &Scenario) -> PairStanding {
    let subscriber = &scenario.question.subscriber;
    let listings = listings(scenario);
    let current = listings.iter().filter(|l| l.until.is_none_or(|until| until >= scenario.today));
    let bound = current.filter_map(|l| l.numbers.clone()).flatten();
    let known: Vec<_> = current_pairs(scenario).into_iter().chain(bound).collect();
    if subscriber.msisdn.is_none() && subscriber.imsi.is_none() {
        PairStanding::NotAsked
    } else if known.iter().any(|pair| is_ours(subscriber, pair)) {
        PairStanding::Paired
    } else if known.is_empty() {
        PairStanding::Unpaired
    } else {
        PairStanding::Mismatched
    }
}
