//! The hot sets as a whole against naive models, and readers beside a writer.
#![allow(clippy::unwrap_used)]

use super::{container::tests::page_bits, *};
use crate::{
    day::Day,
    listing::{Class, Door, TacBar},
    page::PageBits,
    pairing::{Number, Pair},
    sample,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

mod publishing;

type Model = BTreeMap<PageId, PageContent>;

fn tac(number: u32) -> Tac {
    Tac::new(number).unwrap()
}

fn page_id(tac_number: u32, page: u16) -> PageId {
    PageId::new(tac(tac_number), page).unwrap()
}

/// Few TACs and pages, so that changes meet; the first and the last page of a TAC are among them.
fn page_ids() -> impl Strategy<Value = PageId> {
    (0..3_u32, prop_oneof![0..5_u16, 30..34_u16, Just(487), Just(488)])
        .prop_map(|(tac, page)| page_id(35_000_000 + tac, page))
}

fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        3 => (62_811_000_000..62_811_999_999_u64).prop_map(|number| Msisdn::new(number).unwrap().into()),
        1 => (10_000..1_000_000_000_000_000_u64).prop_filter_map("no MSISDN", |number| Some(Msisdn::new(number).ok()?.into())),
        1 => (510_000_000_000_000..520_000_000_000_000_u64).prop_map(|imsi| Imsi::from_number(imsi).unwrap().into()),
    ]
}

fn marks() -> impl Strategy<Value = Mark> {
    let coded = (prop::sample::select(Class::ALL), prop::sample::select(Door::ALL));
    (coded, prop::option::of(numbers()), any::<(u16, u16, bool)>()).prop_map(|((class, door), number, rest)| {
        Mark::new(class, door)
            .with_number(number)
            .with_until(Day::from_stored(rest.0))
            .with_since(Day::from_stored(rest.1))
            .with_suspended(rest.2)
    })
}

fn pairs() -> impl Strategy<Value = Pair> {
    (numbers(), any::<bool>(), prop::option::weighted(0.2, any::<u16>()), prop::bool::weighted(0.1)).prop_map(
        |(number, binding, until, second)| {
            let pair = if binding { Pair::binding(number, Door::OperatorTourist) } else { Pair::allowance(number) };
            pair.with_until(until.and_then(Day::from_stored)).with_second(second)
        },
    )
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values.dedup();
    values
}

/// A page clear of places past the last serial of its TAC.
fn pages() -> impl Strategy<Value = (PageId, PageContent)> {
    let places = || 0..PAGE_SERIALS as u16;
    let filled = (
        page_bits(),
        prop_oneof![2 => Just(PageBits::EMPTY), 1 => page_bits()],
        prop_oneof![2 => Just(PageBits::EMPTY), 1 => page_bits()],
        prop::collection::vec((places(), marks()), 0..8),
        prop_oneof![
            2 => prop::collection::vec((places(), pairs()), 0..8),
            1 => prop::collection::vec((places(), pairs()), 100..300),
        ],
    )
        .prop_map(|(registered, grandfathered, suspended, marks, pairs)| PageContent {
            registered,
            grandfathered,
            suspended,
            marks: sorted(marks),
            pairs: sorted(pairs),
        });
    (page_ids(), prop_oneof![3 => filled, 1 => Just(PageContent::default())]).prop_map(|(id, mut content)| {
        let real = |place: &u16| id.key(*place).is_some();
        for place in (0..PAGE_SERIALS as u16).filter(|place| !real(place)) {
            content.registered.remove(place);
            content.grandfathered.remove(place);
            content.suspended.remove(place);
        }
        content.marks.retain(|(place, _)| real(place));
        content.pairs.retain(|(place, _)| real(place));
        (id, content)
    })
}

fn build(model: &Model) -> HotSets {
    let mut builder = Builder::new();
    model.iter().for_each(|(id, content)| builder.page(*id, content.clone()).unwrap());
    builder.finish(Revision { epoch: 1, seq: 1 }, Arc::default())
}

fn evidence_of(hot: &HotSets, key: EquipmentKey) -> (bool, bool, bool, Vec<Mark>, Vec<Pair>, TacRule) {
    owned(hot.evidence(key))
}

fn owned(evidence: Evidence<'_>) -> (bool, bool, bool, Vec<Mark>, Vec<Pair>, TacRule) {
    let marks = sorted(evidence.marks.to_vec());
    (
        evidence.registered,
        evidence.grandfathered,
        evidence.suspended,
        marks,
        sorted(evidence.pairs.iter().collect()),
        evidence.tac,
    )
}

/// Every key of the model's pages and of the pages beside them is answered as the model says.
fn assert_answers(hot: &HotSets, model: &Model) -> Result<(), TestCaseError> {
    let beside = model.keys().filter_map(|id| PageId::new(id.tac(), id.page() + 1));
    let keys: Vec<_> = model
        .keys()
        .copied()
        .chain(beside)
        .flat_map(|id| (0..PAGE_SERIALS as u16).filter_map(move |place| id.key(place)))
        .collect();
    let nothing = PageContent::default();
    let mut seen = 0;
    let mut wrong = Vec::new();
    hot.evidence_batch(&keys, |index, evidence| {
        let key = keys[index];
        let (page, place) = (model.get(&PageId::of(key)).unwrap_or(&nothing), PageId::place(key));
        let marks: Vec<_> = page.marks.iter().filter(|(at, _)| *at == place).map(|(_, mark)| *mark).collect();
        let pairs: Vec<_> = page.pairs.iter().filter(|(at, _)| *at == place).map(|(_, pair)| *pair).collect();
        let expected = (
            page.registered.contains(place),
            page.grandfathered.contains(place),
            page.suspended.contains(place),
            marks,
            pairs,
            TacRule::default(),
        );
        let batched = owned(evidence);
        let beside = owned(hot.evidence_beside(key, Imsi::from_number(key.get()).ok()));
        if batched != expected || beside != expected || evidence_of(hot, key) != expected || index != seen {
            wrong.push((key, batched, expected));
        }
        seen += 1;
    });
    prop_assert_eq!(seen, keys.len());
    prop_assert!(wrong.is_empty(), "{:?}", wrong.first());
    Ok(())
}

/// A view tells what the content does, whatever of it is looked at.
fn assert_view(view: &PageView<'_>, content: &PageContent) -> Result<(), TestCaseError> {
    prop_assert_eq!(&view.content(), content);
    let PageContent { registered, grandfathered, suspended, marks, pairs } = content;
    prop_assert_eq!(&view.sets(), &[registered.clone(), grandfathered.clone(), suspended.clone()]);
    let places = |of: &dyn Fn(&Pair) -> bool| {
        let mut bits = PageBits::EMPTY;
        pairs.iter().filter(|(_, pair)| of(pair)).for_each(|(place, _)| _ = bits.insert(*place));
        bits
    };
    let is_plain = |pair: &Pair| pair.to_plain().is_some();
    let is_sim = |pair: &Pair| matches!(pair.number.kind(), crate::pairing::NumberKind::Imsi(_));
    let by = PairedBits {
        msisdn: places(&|pair| is_plain(pair) && !is_sim(pair)),
        sim: places(&|pair| is_plain(pair) && is_sim(pair) && !pair.second),
        second: places(&|pair| is_plain(pair) && pair.second),
        other: places(&|pair| !is_plain(pair)),
    };
    prop_assert_eq!(&view.paired(), &by);
    prop_assert_eq!(&PairedBits::of(pairs), &by);
    let meeting = by.meeting();
    let mut firsts = 0;
    let mut marked = PageBits::EMPTY;
    for place in 0..PAGE_SERIALS as u16 {
        let theirs: Vec<_> = marks.iter().filter(|(at, _)| *at == place).map(|(_, mark)| *mark).collect();
        let mut paired: Vec<_> = view.pairs(place).iter().collect();
        paired.sort_unstable();
        prop_assert_eq!(view.marks(place), &theirs);
        prop_assert_eq!(
            &paired,
            &pairs.iter().filter(|(at, _)| *at == place).map(|(_, pair)| *pair).collect::<Vec<_>>()
        );
        prop_assert_eq!(view.flags(place), [registered, grandfathered, suspended].map(|set| set.contains(place)));
        // One pair can stand for all that a number may meet.
        let firsts_of = paired.iter().filter(|pair| !pair.second);
        let kinds = [firsts_of.clone().any(is_sim), firsts_of.clone().any(|pair| !is_sim(pair))];
        let needs = !paired.iter().all(is_plain)
            || paired.iter().any(|pair| pair.second) && kinds != [false, true]
            || kinds == [true, true];
        prop_assert_eq!(meeting.contains(place), needs);
        firsts += if needs { 0 } else { firsts_of.count() as u64 };
        if !theirs.is_empty() {
            marked.insert(place);
        }
    }
    prop_assert_eq!(view.marked(), marked);
    let mut rest = PageBits([u64::MAX; PageBits::WORDS]);
    rest.subtract(&meeting);
    prop_assert_eq!(view.plain_pairs_of(&rest), firsts);
    Ok(())
}

fn assert_same(hot: &HotSets, model: &Model) -> Result<(), TestCaseError> {
    let kept: Model = model.iter().filter(|(_, content)| !content.is_empty()).map(|(i, c)| (*i, c.clone())).collect();
    let pages: Vec<_> = hot.pages().collect();
    prop_assert!(pages.windows(2).all(|pair| pair[0].0 < pair[1].0), "pages do not ascend");
    prop_assert_eq!(pages.into_iter().collect::<Model>(), kept.clone());
    for (id, content) in &kept {
        assert_view(&hot.view(*id), content)?;
    }
    let (walk, tacs) = (hot.walk(), hot.tacs());
    for view in tacs.iter().flat_map(|tac| walk.pages_of_tac(*tac).chain(hot.pages_of_tac(*tac))) {
        assert_view(&view, kept.get(&view.id()).unwrap_or(&PageContent::default()))?;
    }
    let rebuilt = build(&kept);
    prop_assert_eq!(hot.digest(), rebuilt.digest());
    for kind in EntryKind::all() {
        prop_assert_eq!(hot.stats().entries(kind), rebuilt.stats().entries(kind), "{:?}", kind);
        prop_assert_eq!(hot.stats().bytes(kind), rebuilt.stats().bytes(kind), "{:?}", kind);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn built_sets_answer_as_the_model(model in prop::collection::btree_map(page_ids(), Just(()), 0..6)
        .prop_flat_map(|ids| prop::collection::vec(pages(), ids.len())))
    {
        let model: Model = model.into_iter().collect();
        let hot = build(&model);
        assert_answers(&hot, &model)?;
        assert_same(&hot, &model)?;
    }

    #[test]
    fn changes_in_turn_equal_a_rebuild(
        first in prop::collection::vec(pages(), 0..5),
        rounds in prop::collection::vec(prop::collection::vec(pages(), 0..4), 1..6),
    ) {
        let mut model: Model = first.into_iter().collect();
        let mut hot = build(&model);
        let mut digest = hot.digest();
        for (seq, round) in (2..).zip(rounds) {
            let before = (hot.clone(), model.clone());
            hot = hot.apply(Update { revision: Revision { epoch: 1, seq }, pages: round.clone(), ..Update::default() });
            for (id, content) in round {
                let old = model.get(&id).map_or(0, |old| digest::of_page(id, old));
                digest.replace_in_tac(id.tac(), old, digest::of_page(id, &content));
                model.insert(id, content);
            }
            prop_assert_eq!(hot.revision(), Revision { epoch: 1, seq });
            prop_assert_eq!(hot.digest(), digest.clone(), "a digest kept up to date is the digest computed anew");
            assert_same(&before.0, &before.1)?;
        }
        assert_answers(&hot, &model)?;
        assert_same(&hot, &model)?;
    }

    #[test]
    fn the_subscriber_map_is_a_map(
        first in subscribers(300), rounds in prop::collection::vec(subscribers(60), 0..4),
    ) {
        let mut builder = Builder::new();
        let mut model = BTreeMap::new();
        for (packed, msisdn) in first {
            let Some(msisdn) = msisdn else { continue };
            builder.subscriber(Imsi::from_packed(packed).unwrap(), SubscriberEntry { msisdn }).unwrap();
            model.insert(packed, msisdn);
        }
        let mut hot = builder.finish(Revision::default(), Arc::default());
        for round in rounds {
            let entry = |(packed, msisdn): (&u64, &Option<Msisdn>)| {
                (Imsi::from_packed(*packed).unwrap(), msisdn.map(|msisdn| SubscriberEntry { msisdn }))
            };
            let old = hot.digest();
            hot = hot.apply(Update { subscribers: round.iter().map(entry).collect(), ..Update::default() });
            let mut digest = old;
            for (packed, msisdn) in round {
                let imsi = Imsi::from_packed(packed).unwrap();
                let old = match msisdn {
                    Some(msisdn) => model.insert(packed, msisdn),
                    None => model.remove(&packed),
                };
                digest.replace_subscriber(digest::of_subscriber(imsi, old), digest::of_subscriber(imsi, msisdn));
            }
            prop_assert_eq!(digest, hot.digest());
        }
        // Numbers that are there and numbers beside them, and questions without any.
        let asked: Vec<Option<Imsi>> = model.keys().enumerate()
            .flat_map(|(index, packed)| [Some(*packed), Some(packed + 1), (index % 3 == 0).then_some(packed - 1)])
            .map(|packed| packed.and_then(|packed| Imsi::from_packed(packed).ok()))
            .collect();
        for asked in asked.chunks(HotSets::TOGETHER) {
            let found = hot.subscribers_group(asked);
            for (asked, found) in asked.iter().zip(found) {
                prop_assert_eq!(found, asked.and_then(|imsi| hot.subscriber(imsi)));
            }
        }
        for (packed, msisdn) in &model {
            for near in [packed - 1, *packed, packed + 1] {
                let entry = Imsi::from_packed(near).ok().and_then(|imsi| hot.subscriber(imsi));
                prop_assert_eq!(entry.map(|entry| entry.msisdn), model.get(&near).copied());
            }
            prop_assert!(msisdn.get() > 0);
        }
        prop_assert_eq!(hot.stats().entries(EntryKind::Subscriber), model.len() as u64);
    }
}

/// Packed IMSIs close together, each with a number or none.
fn subscribers(max: usize) -> impl Strategy<Value = BTreeMap<u64, Option<Msisdn>>> {
    let base = Imsi::from_number(510_101_000_000_000).unwrap().packed();
    let msisdn = prop_oneof![62_811_000_000..62_811_999_999_u64, 10_000..1_000_000_000_000_000_u64];
    let number = prop::option::weighted(0.8, msisdn.prop_filter_map("no MSISDN", |number| Msisdn::new(number).ok()));
    prop::collection::btree_map((0..9000_u64).prop_map(move |offset| base + offset), number, 0..max)
}

#[test]
fn disorder_is_refused() {
    let mut builder = Builder::new();
    builder.page(page_id(35_000_001, 4), PageContent::default()).unwrap();
    let error = builder.page(page_id(35_000_001, 4), PageContent::default()).unwrap_err();
    insta::assert_snapshot!(error, @"page 4 of TAC 35000001 came after a later page or twice: hot sets are built in ascending page order, read the store from its start");
    let imsi: Imsi = "510101234567890".parse().unwrap();
    let entry = SubscriberEntry { msisdn: Msisdn::new(62_811_000_001).unwrap() };
    builder.subscriber(imsi, entry).unwrap();
    let error = builder.subscriber("510101234567889".parse().unwrap(), entry).unwrap_err();
    insta::assert_snapshot!(error, @"IMSI 51010*******889 came after a later one or twice: the subscriber map is built in the order of packed IMSIs, read the store from its start");
}

#[test]
fn a_change_shares_what_it_does_not_touch() {
    let model: Model = sample::clustered(1, 100_000)
        .map(|(id, registered)| (id, PageContent { registered, ..PageContent::default() }))
        .collect();
    let hot = build(&model);
    let (id, _) = model.first_key_value().unwrap();
    let next = hot.apply(Update { pages: vec![(*id, PageContent::default())], ..Update::default() });
    let old: BTreeMap<u64, _> = hot.devices.iter().map(|(id, chunk)| (id, chunk.words().as_ptr())).collect();
    let changed = next.devices.iter().filter(|(id, chunk)| old.get(id) != Some(&chunk.words().as_ptr())).count();
    assert!(changed <= 1 && old.len() > 20, "{changed} of {} chunks changed", old.len());
    assert_eq!(next.page(*id), PageContent::default());
    assert_eq!(hot.page(*id), model[id]);
}

#[test]
fn rules_and_settings_change_with_the_rest() {
    let rule = TacRule { exempt_type: false, barred: TacBar::Hard };
    let hot = build(&Model::new());
    let settings = Arc::new(Timeline::default());
    let next = hot.apply(Update {
        tac_rules: vec![(tac(35_000_001), rule)],
        settings: Some(Arc::clone(&settings)),
        ..Update::default()
    });
    let key = EquipmentKey::from_parts(tac(35_000_001), 5).unwrap();
    assert_eq!((hot.evidence(key).tac, next.evidence(key).tac), (TacRule::default(), rule));
    assert!(Arc::ptr_eq(next.settings(), &settings));
    assert_eq!(next.digest().differing_tacs(&hot.digest()), [tac(35_000_001)]);
    assert_eq!(next.stats().entries(EntryKind::TacRule), 1);
}

#[test]
fn memory_stays_within_its_targets() {
    let bits = |pages: &mut dyn Iterator<Item = (PageId, PageBits)>| {
        let model = pages.map(|(id, registered)| (id, PageContent { registered, ..PageContent::default() })).collect();
        let stats = build(&model).stats();
        stats.total_bytes() as f64 * 8.0 / stats.entries(EntryKind::Registered) as f64
    };
    let clustered = bits(&mut sample::clustered(1, 1_000_000));
    let random = bits(&mut sample::scattered(1, 500_000, 50));
    let thin = bits(&mut sample::scattered(1, 100_000, 1));
    assert!(clustered < 10.0 && random < 24.0 && thin < 60.0, "{clustered} {random} {thin} bits a device");
}
