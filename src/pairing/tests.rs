//! Plain pairs hold numbers and SIMs, and give them back.

#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

fn numbers() -> impl Strategy<Value = Number> {
    let msisdn = (10_000_u64..1_000_000_000_000_000).prop_filter_map("E.164", |n| Msisdn::new(n).ok());
    let national = (100_u64..10_000_000_000_000).prop_map(|n| Msisdn::from_national(n).unwrap());
    let imsi = "[0-9]{6,15}".prop_map(|text| text.parse::<Imsi>().unwrap());
    prop_oneof![msisdn.prop_map(Number::from), national.prop_map(Number::from), imsi.prop_map(Number::from)]
}

#[test]
fn the_forms_of_the_hot_sets_keep_their_sizes() {
    assert_eq!((size_of::<Number>(), size_of::<Option<Number>>()), (8, 8));
    assert_eq!(size_of::<Pair>(), 16);
}

#[test]
fn a_plain_pair_is_an_endless_allowance_of_an_indonesian_subscriber() {
    let ani: Number = Msisdn::new(6_281_234_567_890).unwrap().into();
    let plain = Pair::allowance(ani);
    assert_eq!(plain.to_plain().unwrap().0, 81_234_567_890_u64.to_le_bytes()[..6]);
    let imsi: Number = Imsi::from_number(510_101_234_567_890).unwrap().into();
    let sim = Pair::allowance(imsi);
    assert_eq!(sim.to_plain().unwrap().sim().map(Number::from), Some(imsi));
    assert_eq!(sim.with_second(true).to_plain().unwrap().sim(), None);
    let singapore: Number = Msisdn::new(6_581_234_567).unwrap().into();
    let foreign: Number = Imsi::from_number(502_101_234_567_890).unwrap().into();
    let short: Number = Imsi::from_number(51_010_123_456_789).unwrap().into();
    let others = [
        plain.with_until(Some(Day::MAX)),
        plain.with_second(true),
        Pair::binding(ani, Door::OperatorTourist),
        Pair { door: Door::State, ..plain },
        sim.with_until(Some(Day::MAX)),
        Pair::allowance(foreign),
        Pair::allowance(short),
        Pair::allowance(singapore),
    ];
    assert!(others.iter().all(|pair| pair.to_plain().is_none()));
    let none = PlainPair::OTHERS;
    assert_eq!((none.form(), none.sim(), none.to_pair()), (PlainForm::Others, None, None));
    assert!(Pair::allowance(Msisdn::from_national(9_999_999_999_999).unwrap().into()).to_plain().is_some());
}

#[test]
fn a_pair_counts_through_its_last_day() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let pair = Pair::allowance(Msisdn::new(6_281_234_567_890).unwrap().into());
    assert!(pair.is_current(Day::MAX));
    let ending = pair.with_until(Some(day("2026-05-01")));
    assert_eq!(ending.until(), Some(day("2026-05-01")));
    assert!(ending.is_current(day("2026-05-01")) && !ending.is_current(day("2026-05-02")));
}

#[test]
fn prints_for_diagnostics_are_masked() {
    let pair = Pair::allowance(Msisdn::new(6_281_234_567_890).unwrap().into());
    assert!(format!("{pair:?}").contains("Number(62812*****890)"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_number_is_its_stored_form(number in numbers()) {
        prop_assert_eq!(Number::from_stored(number.to_stored()), Some(number));
        let again = match number.kind() {
            NumberKind::Msisdn(msisdn) => Number::from(msisdn),
            NumberKind::Imsi(imsi) => Number::from(imsi),
        };
        prop_assert_eq!(again, number);
    }

    #[test]
    fn a_stored_form_is_one_number_or_none(kind in 0_u64..4, value in prop_oneof![0_u64..1 << 62, 0_u64..1 << 54, 0_u64..1 << 50]) {
        let stored = kind << 62 | value;
        match Number::from_stored(stored) {
            Some(number) => {
                prop_assert_eq!(number.to_stored(), stored);
                prop_assert_eq!(kind == 1, matches!(number.kind(), NumberKind::Msisdn(_)));
            }
            None => prop_assert!(kind != 1 || Msisdn::new(value).is_err()),
        }
    }

    #[test]
    fn plain_pairs_read_back_among_the_others(numbers in proptest::collection::vec(numbers(), 0..6)) {
        let second = |(at, number): (usize, Number)| Pair::allowance(number).with_second(at % 3 == 0);
        let pairs: Vec<Pair> = numbers.into_iter().enumerate().map(second).collect();
        let plain: Vec<_> = pairs.iter().filter_map(|pair| Some(pair.to_plain()?.to_bytes())).collect();
        let others: Vec<Pair> = pairs.iter().copied().filter(|pair| pair.to_plain().is_none()).collect();
        let both = Pairs { plain: Allowances::of(&plain), others: &others };
        let mut read: Vec<Pair> = both.iter().collect();
        let mut wanted = pairs.clone();
        read.sort();
        wanted.sort();
        prop_assert_eq!(read, wanted);
        prop_assert_eq!(both.is_empty(), pairs.is_empty());
    }
}
