//! A chunk says of every device what was put in, however it was arrived at.

#![allow(clippy::unwrap_used)]
use super::{super::container::tests::page_bits, *};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Sets = [PageBits; SETS];

/// Pages of all shapes; or few devices here and there, which make a list; or one set alone.
fn chunks() -> impl Strategy<Value = BTreeMap<usize, Sets>> {
    let pages = prop::collection::btree_map(0..CHUNK_PAGES, prop::array::uniform4(page_bits()), 0..6);
    let scatter = prop::collection::vec((any::<u16>(), 1..16_u8), 0..700).prop_map(|devices| {
        let mut pages: BTreeMap<usize, Sets> = BTreeMap::new();
        for (place, sets) in devices {
            let page = pages.entry(usize::from(place) / 2048).or_default();
            for (set, bits) in page.iter_mut().enumerate().filter(|(set, _)| sets >> set & 1 == 1) {
                assert!(set < SETS);
                bits.insert(place % 2048);
            }
        }
        pages
    });
    let alone = (0..SETS, prop::collection::btree_map(0..CHUNK_PAGES, page_bits(), 0..CHUNK_PAGES));
    let alone = alone.prop_map(|(set, pages)| {
        let of_page = |bits: PageBits| {
            let mut sets = Sets::default();
            sets[set] = bits;
            sets
        };
        pages.into_iter().map(|(page, bits)| (page, of_page(bits))).collect()
    });
    prop_oneof![pages, scatter, alone]
}

fn replaced(old: Option<&DeviceChunk>, pages: &BTreeMap<usize, Sets>) -> Option<DeviceChunk> {
    let changes: Vec<_> = pages.iter().map(|(page, sets)| (*page, sets.each_ref())).collect();
    DeviceChunk::replaced(old, &changes)
}

fn expected(sets: &Sets, place: u16) -> Flags {
    Flags {
        registered: sets[0].contains(place),
        grandfathered: sets[1].contains(place),
        marked: sets[2].contains(place),
        suspended: sets[3].contains(place),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn a_chunk_is_what_was_put_in(first in chunks(), second in chunks(), some in 1..4_usize) {
        let change: BTreeMap<usize, Sets> = second.into_iter().step_by(some).collect();
        let chunk = replaced(replaced(None, &first).as_ref(), &change);
        let mut model = first;
        model.extend(change);
        prop_assert_eq!(&chunk, &replaced(None, &model), "bytes depend on how they came about");
        let Some(chunk) = chunk else {
            prop_assert!(model.values().flatten().all(PageBits::is_empty));
            return Ok(());
        };
        let again = DeviceChunk::of_parts(chunk.header(), chunk.words().into());
        prop_assert_eq!(again.as_ref(), Some(&chunk));
        let empty = Sets::default();
        for page in 0..CHUNK_PAGES {
            let sets = model.get(&page).unwrap_or(&empty);
            for (set, bits) in DeviceSet::ALL.into_iter().zip(sets) {
                prop_assert_eq!(&chunk.page(set, page), bits);
                prop_assert_eq!(chunk.page_has(set, page), !bits.is_empty());
            }
            prop_assert_eq!(chunk.holds(page), sets.iter().any(|set| !set.is_empty()));
            for place in 0..PAGE_SERIALS as u16 {
                let at = (page * 2048) as u16 + place;
                chunk.touch_index(at);
                let spots = chunk.spots(at);
                chunk.touch(&spots, at);
                prop_assert_eq!(chunk.read(&spots, at), expected(sets, place), "page {} place {}", page, place);
            }
        }
        for (index, set) in DeviceSet::ALL.into_iter().enumerate() {
            let devices: u32 = model.values().map(|sets| sets[index].count()).sum();
            prop_assert_eq!(chunk.count(set).0, u64::from(devices));
        }
        let emptied: BTreeMap<usize, Sets> = model.keys().map(|page| (*page, Sets::default())).collect();
        prop_assert_eq!(replaced(Some(&chunk), &emptied), None);
    }
}

#[test]
fn the_largest_chunk_has_a_place_for_every_container() {
    let half = PageBits([0x5555_5555_5555_5555; PageBits::WORDS]);
    let pages: Vec<_> = (0..CHUNK_PAGES).map(|page| (page, [&half; 4])).collect();
    let chunk = DeviceChunk::replaced(None, &pages).unwrap();
    assert_eq!(chunk.words().len() * 8, 33_024);
    assert!(chunk.flags(65_534).marked && !chunk.flags(65_535).marked);
    assert!(chunk.flags(65_534).suspended && !chunk.flags(65_535).suspended);
}

#[test]
fn few_devices_are_listed_and_more_are_not() {
    let mut one = Sets::default();
    one[0].insert(7);
    let chunk = DeviceChunk::replaced(None, &[(3, one.each_ref())]).unwrap();
    assert!(chunk.is_listed());
    assert_eq!(chunk.words().len(), 1);
    one[2].insert(7);
    one[2].insert(9);
    let chunk = DeviceChunk::replaced(Some(&chunk), &[(3, one.each_ref())]).unwrap();
    assert_eq!((chunk.is_listed(), chunk.words().len()), (true, 2));
    assert_eq!(chunk.flags(3 * 2048 + 9), Flags { marked: true, ..Flags::default() });
    let full = PageBits([u64::MAX; PageBits::WORDS]);
    let none = PageBits::EMPTY;
    let chunk = DeviceChunk::replaced(Some(&chunk), &[(0, [&full, &none, &none, &none])]).unwrap();
    assert!(!chunk.is_listed());
    assert!(chunk.flags(2047).registered && !chunk.flags(2048).registered);
}

#[test]
fn broken_bytes_are_answered() {
    for header in [0xf, 0x1, 0x1f, 0x1f | 0xffff << COUNT_SHIFT] {
        let chunk = DeviceChunk::of_parts(header, [u64::MAX; 3].into()).unwrap();
        for place in [0, 2047, 2048, 65_535] {
            chunk.touch_index(place);
            chunk.touch(&chunk.spots(place), place);
            let _ = chunk.flags(place);
        }
    }
}
