//! Laws of settings documents and timelines, on random ones.

use super::*;
use proptest::{prelude::*, sample::select};

/// A value that the key may have in `[national]`.
fn value_of(key: Key) -> BoxedStrategy<(Key, Value)> {
    match key.allowed() {
        Allowed::Words(words) => select(words).boxed(),
        Allowed::Day if key == Key::GrandfatheredCutoff => Just(Value::Day("2019-12-31".parse().unwrap())).boxed(),
        Allowed::Day => {
            (18_520_u16..40_000).prop_map(|days| Value::Day(crate::day::Day::from_stored(days).unwrap())).boxed()
        }
        Allowed::Days => (1_u16..=366).prop_map(Value::Days).boxed(),
        Allowed::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
    }
    .prop_map(move |value| (key, value))
    .boxed()
}

fn national() -> impl Strategy<Value = Values> {
    proptest::collection::vec(select(Key::ALL).prop_flat_map(value_of), 0..8).prop_map(Values::from_iter)
}

fn open_keys() -> Vec<Key> {
    Key::ALL.iter().copied().filter(|key| matches!(key.allowed(), Allowed::Words(_))).collect()
}

fn bounds() -> impl Strategy<Value = BTreeMap<Key, Vec<Value>>> {
    let bound = select(open_keys()).prop_flat_map(|key| (Just(key), proptest::collection::vec(value_of(key), 0..4)));
    proptest::collection::vec(bound, 0..6).prop_map(|bounds| {
        let sorted = |values: Vec<(Key, Value)>| {
            Vec::from_iter(std::collections::BTreeSet::from_iter(values.into_iter().map(|(_, value)| value)))
        };
        bounds.into_iter().map(|(key, values)| (key, sorted(values))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_text_reads_back(national in national(), bounds in bounds(), key in select(open_keys()), name in "[a-z0-9_-]{1,32}") {
        let chosen = bounds.get(&key).and_then(|bound| bound.first()).map(|value| Values::from([(key, *value)]));
        let operators = chosen.map(|values| (name, values)).into_iter().collect();
        let settings = Settings::new(national, bounds, operators);
        prop_assert_eq!(Settings::from_toml(&settings.to_toml()), Ok(settings));
    }

    #[test]
    fn an_operator_chooses_within_the_bounds_and_only_there(bounds in bounds(), (key, value) in select(open_keys()).prop_flat_map(value_of)) {
        let operators = BTreeMap::from([("indosat".to_owned(), Values::from([(key, value)]))]);
        let settings = Settings::new(Values::new(), bounds, operators);
        let within = settings.bound(key).contains(&value);
        match Settings::from_toml(&settings.to_toml()) {
            Ok(read) => {
                prop_assert!(within);
                prop_assert_eq!(key.of(read.policy(Some("indosat"))), Some(value));
                prop_assert_eq!(read.policy(None), &Policy::default());
            }
            Err(error) => {
                prop_assert!(!within);
                let expected = format!("[operator.indosat] {key} = {value}: outside the regulator's bound");
                prop_assert!(error.to_string().starts_with(&expected));
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\[(national|bounds|operator\\.[a-z]{0,3})\\]\n|[a-z_]{0,12} = ('black'|\\['grey'\\]|3|true|2020-01-01)\n|.){0,8}") {
        if let Ok(settings) = Settings::from_toml(&text) {
            prop_assert_eq!(Settings::from_toml(&settings.to_toml()), Ok(settings));
        }
    }

    #[test]
    fn the_timeline_is_that_of_a_plain_search(documents in proptest::collection::vec((-5_i64..5, 0_u64..9), 1..8), at in -7_i64..7) {
        let entries: Vec<_> = documents.iter().map(|&(from, seq)| TimelineEntry::new(from, seq, Arc::default())).collect();
        let first = documents.iter().min();
        let wanted = documents.iter().filter(|(from, _)| *from <= at).max().or(first).copied();
        let timeline = Timeline::new(entries);
        let found = timeline.at(at);
        prop_assert_eq!(Some((found.effective_from(), found.seq())), wanted);
    }
}
