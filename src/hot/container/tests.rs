//! Every form gives back its set, and the smallest form is chosen.

use super::{super::bits::pack, *};
use proptest::prelude::*;

/// Sets of every shape that a page can have.
pub(in crate::hot) fn page_bits() -> impl Strategy<Value = PageBits> {
    let scatter = |max: usize| {
        prop::collection::vec(0..PAGE_SERIALS as u16, 0..max).prop_map(|places| {
            let mut set = PageBits::EMPTY;
            places.into_iter().for_each(|place| {
                set.insert(place);
            });
            set
        })
    };
    let runs = prop::collection::vec((0..PAGE_SERIALS as u16, 1..400_u16), 1..6).prop_map(|runs| {
        let mut set = PageBits::EMPTY;
        for (start, length) in runs {
            (start..(start + length).min(PAGE_SERIALS as u16)).for_each(|place| {
                set.insert(place);
            });
        }
        set
    });
    let comb = (0..1500_u16, 2..5_u16, 1..80_u16).prop_map(|(start, step, count)| {
        let mut set = PageBits::EMPTY;
        (0..count).for_each(|tooth| _ = set.insert(start + tooth * step));
        set
    });
    let dense = prop::array::uniform32(any::<u64>()).prop_map(PageBits);
    let full = PageBits([u64::MAX; PageBits::WORDS]);
    prop_oneof![
        2 => Just(PageBits::EMPTY),
        1 => Just(full),
        2 => scatter(4),
        3 => scatter(150),
        2 => scatter(900),
        3 => runs,
        3 => comb,
        2 => dense,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_set_comes_back(set in page_bits(), before in prop::collection::vec(any::<u16>(), 0..5)) {
        let mut units = before.clone();
        let form = encode(&set, &mut units);
        let used = units.len() - before.len();
        // What lies behind a container must not be read as part of it.
        units.extend([0xffff; 3]);
        let mut words = Vec::new();
        pack(&units, 0xffff, &mut words);
        prop_assert_eq!(&decode(form, &words, before.len()), &set);
        prop_assert_eq!(units_of(form, &words, before.len()), used);
        prop_assert_eq!(count(form, &words, before.len()), set.count());
        prop_assert!(used <= BITMAP_UNITS as usize);
        for place in 0..PAGE_SERIALS as u16 {
            prop_assert_eq!(contains(form, &words, before.len(), place), set.contains(place), "place {}", place);
        }
    }
}

#[test]
fn each_form_is_chosen_where_it_is_smallest() {
    let form_of = |places: &[u16]| {
        let mut set = PageBits::EMPTY;
        places.iter().for_each(|place| {
            set.insert(*place);
        });
        let mut units = Vec::new();
        (encode(&set, &mut units), units.len())
    };
    assert_eq!(form_of(&[]), (Form::Empty, 0));
    assert_eq!(form_of(&[5]), (Form::Places, 2));
    assert_eq!(form_of(&[5, 6]), (Form::Runs, 3));
    assert_eq!(form_of(&[5, 700, 1400]), (Form::Places, 4));
    assert_eq!(form_of(&(0..2048).step_by(100).collect::<Vec<_>>()).0, Form::Blocks);
    assert_eq!(form_of(&(0..2048).collect::<Vec<_>>()), (Form::Full, 0));
    assert_eq!(form_of(&(100..900).collect::<Vec<_>>()), (Form::Runs, 3));
    assert_eq!(form_of(&(0..2048).step_by(20).collect::<Vec<_>>()).0, Form::Blocks);
    // More places than the end of a block can say.
    assert_eq!(form_of(&(0..2048).step_by(8).collect::<Vec<_>>()).0, Form::Bitmap);
    assert_eq!(form_of(&(0..2048).step_by(2).collect::<Vec<_>>()), (Form::Bitmap, 128));
}

#[test]
fn broken_bytes_are_answered() {
    for form in [Form::Runs, Form::Places, Form::Blocks, Form::Bitmap] {
        for unit in [0, 7, 40_000] {
            let words = [u64::MAX; 4];
            decode(form, &words[..3], unit).count();
            let _ = contains(form, &words, unit, 2047);
        }
    }
}
