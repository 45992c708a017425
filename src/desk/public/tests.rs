//! The limiter against a naive model; the answer against the check.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    check::Clock,
    hot::{HotSets, Published},
    identity::{EquipmentKey, Imei},
    page::{PageContent, PageId},
    policy::Reason,
    revision::Revision,
};
use proptest::prelude::*;
use std::{net::Ipv4Addr, sync::Arc};

const SMALL: PublicLimits = PublicLimits { burst: 3, refill_seconds: 5, total_per_second: 4, addresses_max: 6 };

fn address(n: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, n).into()
}

proptest! {
    #[test]
    fn nobody_gets_more_than_the_limits_say(asked in prop::collection::vec((0u8..9, 0i64..3), 1..200)) {
        let mut limiter = Limiter::new(SMALL);
        let (mut now, mut answered) = (1000, Vec::new());
        for (who, later) in asked {
            now += later;
            let admission = limiter.admit(address(who), now);
            let in_second = answered.iter().filter(|(_, at)| *at == now).count();
            // One more is too many, if since one of those before it there were more than time gave back.
            let own: Vec<i64> = answered.iter().filter(|(whom, _)| *whom == who).map(|(_, at)| *at).collect();
            let since = |(nth, at): (usize, &i64)| ((own.len() - nth) as i64 + 1 - 3) * 5 > now - at;
            let is_too_many = own.iter().enumerate().any(since);
            match admission {
                Admission::Answered => {
                    prop_assert!(in_second < 4 && !is_too_many);
                    answered.push((who, now));
                }
                Admission::Later(seconds) => {
                    prop_assert!((1..=15).contains(&seconds));
                    let is_full = limiter.addresses() == 6;
                    prop_assert!(in_second == 4 || is_too_many || is_full, "refused without a cause");
                }
            }
            prop_assert!(limiter.addresses() <= 6);
        }
    }
}

#[test]
fn a_burst_a_wait_and_one_more() {
    let mut limiter = Limiter::new(SMALL);
    let ask = |limiter: &mut Limiter, now| limiter.admit(address(1), now);
    assert_eq!(
        [1, 1, 1, 1].map(|now| ask(&mut limiter, now)),
        [Admission::Answered, Admission::Answered, Admission::Answered, Admission::Later(5)]
    );
    assert_eq!(
        [5, 6, 6].map(|now| ask(&mut limiter, now)),
        [Admission::Later(1), Admission::Answered, Admission::Later(5)]
    );
    // A household has a whole network of IPv6; an IPv4 address in the form of IPv6 is that address.
    let mut limiter = Limiter::new(SMALL);
    for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"] {
        assert_eq!(limiter.admit(host.parse().unwrap(), 1), Admission::Answered);
    }
    assert_eq!(limiter.admit("2001:db8::4".parse().unwrap(), 1), Admission::Later(5));
    assert_eq!(limiter.admit("2001:db8:0:1::4".parse().unwrap(), 1), Admission::Answered);
    assert_eq!(limiter.addresses(), 2);
    limiter.admit("::ffff:192.0.2.1".parse().unwrap(), 2);
    limiter.admit(address(1), 2);
    assert_eq!(limiter.addresses(), 3);
}

#[test]
fn the_public_hears_the_kind_of_answer_that_the_network_gets() {
    let mut builder = crate::hot::Builder::new();
    let known = EquipmentKey::new(35_209_900_176_148).unwrap();
    let mut content = PageContent::default();
    content.registered.insert(PageId::place(known));
    builder.page(PageId::of(known), content).unwrap();
    let sets: HotSets = builder.finish(Revision { epoch: 1, seq: 1 }, Arc::default());
    let checker = Checker::new(Arc::new(Published::new(sets)), Clock::fixed(1_800_000_000));
    for (key, reason) in
        [(known, Reason::Registered), (EquipmentKey::new(35_880_722_400_001).unwrap(), Reason::NotRegistered)]
    {
        let imei = Imei::from_key(key).to_string();
        let told = public_answer(&checker, &imei, Language::English).unwrap();
        let network = checker.check(&Inquiry::of(EquipmentValue::Key(key)), None).unwrap().verdict;
        assert_eq!((told.status, network.reason), (network.status, reason));
        assert!(!told.headline.is_empty() && !told.next_step.is_empty() && !told.contact.is_empty());
        let dashed = format!("{}-{}-{}-{}", &imei[..2], &imei[2..8], &imei[8..14], &imei[14..]);
        assert_eq!(public_answer(&checker, &dashed, Language::English).unwrap(), told);
        let wrong = format!("{}{}", &imei[..14], (imei[14..].parse::<u8>().unwrap() + 1) % 10);
        assert_eq!(public_answer(&checker, &wrong, Language::English), Err(PublicError::CheckDigit));
    }
    for text in ["", "081234567890", "35209900176148", "3520990017614811", "35209900176148x", &"9".repeat(40)] {
        let error = public_answer(&checker, text, Language::English).unwrap_err();
        assert!(error == PublicError::Unread && !error.to_string().contains("0812"), "{text}");
    }
    let warming = Checker::warming(Clock::fixed(0));
    assert_eq!(public_answer(&warming, "352099001761481", Language::English), Err(PublicError::NotReady));
}
