//! Sets of devices as pages, filled in any order.
//!
//! What always holds: pages are handed out in ascending order and none is empty; the order in which devices came, and
//! how many threads brought them, does not show.

use super::digits::{Place, SERIAL_BITS};
use crate::{
    identity::{EquipmentKey, Tac},
    page::{PAGE_SERIALS, PageBits, PageId},
};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    mem,
    sync::{Mutex, PoisonError},
};

/// Hashes page numbers: they are trusted to be spread by one multiplication.
#[derive(Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(self.0 ^ u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

/// A set of devices as pages, filled in any order.
#[derive(Default)]
pub(super) struct PageSet {
    pages: Vec<(u64, PageBits)>,
    index: HashMap<u64, usize, BuildHasherDefault<Fold>>,
    /// Number and index of the page that was touched last: lists come in runs.
    last: Option<(u64, usize)>,
}

impl PageSet {
    /// The page of a number that [`page_of`] gives.
    #[inline]
    fn page(&mut self, number: u64) -> &mut PageBits {
        let index = match self.last {
            Some((last, index)) if last == number => index,
            _ => {
                let pages = &mut self.pages;
                *self.index.entry(number).or_insert_with(|| {
                    pages.push((number, PageBits::EMPTY));
                    pages.len() - 1
                })
            }
        };
        self.last = Some((number, index));
        &mut self.pages[index].1
    }

    /// `false` when it was in.
    #[inline]
    pub(super) fn insert(&mut self, place: Place) -> bool {
        self.page(page_of(place)).insert((place % u64::from(PAGE_SERIALS)) as u16)
    }

    /// Puts in the devices of one TAC from one serial number to another, both included. `false` when all
    /// were in.
    pub(super) fn insert_range(&mut self, from: EquipmentKey, to: EquipmentKey) -> bool {
        let mut new = false;
        let mut next = Some(from);
        while let Some(key) = next.filter(|key| *key <= to) {
            let id = PageId::of(key);
            let first = PageId::place(key);
            let last = if PageId::of(to) == id { PageId::place(to) } else { PAGE_SERIALS as u16 - 1 };
            let bits = self.page(page_of(place_of(key)));
            (first..=last).for_each(|place| new |= bits.insert(place));
            next = PageId::new(id.tac(), id.page() + 1).and_then(|id| id.key(0));
        }
        new
    }

    /// The pages, ascending.
    pub(super) fn into_pages(self) -> Vec<(PageId, PageBits)> {
        sorted(vec![self])
    }
}

/// The pages of sets that have none in common, ascending.
fn sorted(sets: Vec<PageSet>) -> Vec<(PageId, PageBits)> {
    let mut pages = Vec::with_capacity(sets.iter().map(|set| set.pages.len()).sum());
    for PageSet { pages: held, .. } in sets {
        pages.extend(held.into_iter().filter_map(|(number, bits)| Some((id_of(number)?, bits))));
    }
    pages.sort_unstable_by_key(|(id, _)| *id);
    pages
}

/// The place of a device.
pub(super) fn place_of(key: EquipmentKey) -> Place {
    u64::from(key.tac().get()) << SERIAL_BITS | u64::from(key.serial())
}

/// The number of the page of a place: pages sort by it.
#[inline]
const fn page_of(place: Place) -> u64 {
    place / PAGE_SERIALS as u64
}

fn id_of(number: u64) -> Option<PageId> {
    let pages = (1 << SERIAL_BITS) / u64::from(PAGE_SERIALS);
    PageId::new(Tac::new((number / pages) as u32).ok()?, (number % pages) as u16)
}

/// Sets that several threads fill at once, each page in one of them. Places wait until there are many for one set:
/// in a list without order each lies in another page, and pages far away cost more than all else that is done with a
/// row. Of one set out of [`SETS`] much lies in the cache.
pub(super) struct PageSets(Vec<Mutex<Waiting>>);

/// A set and what is to be put into it.
#[derive(Default)]
struct Waiting {
    set: PageSet,
    places: Vec<Place>,
}

const SETS_BITS: u32 = 6;
const SETS: usize = 1 << SETS_BITS;
/// Places that wait for a set.
const WAITING_MAX: usize = 16 << 10;

impl Default for PageSets {
    fn default() -> Self {
        Self((0..SETS).map(|_| Mutex::default()).collect())
    }
}

/// In which of the sets a page lies: runs of pages go to all of them.
#[inline]
const fn set_of(page: u64) -> usize {
    (page.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SETS_BITS)) as usize
}

impl PageSets {
    /// Puts places in.
    pub(super) fn add(&self, places: &[Place]) {
        let mut counts = [0_usize; SETS];
        places.iter().for_each(|place| counts[set_of(page_of(*place))] += 1);
        let mut next = [0_usize; SETS];
        let mut before = 0;
        for (next, count) in next.iter_mut().zip(counts) {
            *next = before;
            before += count;
        }
        let mut by_set = vec![0; places.len()];
        for place in places {
            let next = &mut next[set_of(page_of(*place))];
            by_set[*next] = *place;
            *next += 1;
        }
        for ((waiting, end), count) in self.0.iter().zip(next).zip(counts).filter(|(_, count)| *count > 0) {
            waiting.lock().unwrap_or_else(PoisonError::into_inner).add(&by_set[end - count..end]);
        }
    }

    /// The pages, ascending. None is left.
    pub(super) fn take_pages(&self) -> Vec<(PageId, PageBits)> {
        let set = |waiting: &Mutex<Waiting>| {
            let mut waiting = mem::take(&mut *waiting.lock().unwrap_or_else(PoisonError::into_inner));
            waiting.settle();
            waiting.set
        };
        sorted(self.0.iter().map(set).collect())
    }
}

impl Waiting {
    fn add(&mut self, mut places: &[Place]) {
        self.places.reserve_exact(WAITING_MAX - self.places.len());
        while let Some((fitting, more)) = places.split_at_checked(WAITING_MAX - self.places.len()) {
            self.places.extend_from_slice(fitting);
            self.settle();
            places = more;
        }
        self.places.extend_from_slice(places);
    }

    fn settle(&mut self) {
        for place in self.places.drain(..) {
            self.set.insert(place);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn key(number: u64) -> EquipmentKey {
        EquipmentKey::new(number).unwrap()
    }

    fn listed(pages: &[(PageId, PageBits)]) -> Vec<u64> {
        assert!(pages.is_sorted_by(|left, right| left.0 < right.0));
        pages.iter().flat_map(|(id, bits)| bits.iter().map(|place| id.key(place).unwrap().get())).collect()
    }

    proptest! {
        #[test]
        fn keys_and_ranges_like_a_sorted_set(
            keys in prop::collection::vec(0_u64..20_000_000, 0..60),
            ranges in prop::collection::vec((0_u64..3, 0_u64..1_000_000, 0_u64..6_000), 0..6),
        ) {
            let (mut set, mut model) = (PageSet::default(), BTreeSet::new());
            for number in keys {
                prop_assert_eq!(set.insert(place_of(key(number))), model.insert(number));
            }
            for (tac, from, length) in ranges {
                let from = tac * 1_000_000 + from;
                let to = (from + length).min(tac * 1_000_000 + 999_999);
                let before = model.len();
                model.extend(from..=to);
                prop_assert_eq!(set.insert_range(key(from), key(to)), model.len() > before);
            }
            prop_assert_eq!(listed(&set.into_pages()), model.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn threads_fill_sets_like_one_sorted_set(
            tacs in prop::collection::vec(0_u64..100_000_000, 1..4), seed in any::<u64>(), runs in 0_u64..40,
            length in 1_u64..9000, step in 1_u64..700,
        ) {
            let run = |run: u64| {
                let from = seed.rotate_left(run as u32) % 1_000_000;
                let tac = tacs[(run % tacs.len() as u64) as usize];
                (0..length).map(move |at| tac * 1_000_000 + (from + at * step) % 1_000_000)
            };
            let sets = PageSets::default();
            std::thread::scope(|scope| {
                for thread in 0..3 {
                    let sets = &sets;
                    scope.spawn(move || {
                        for places in (0..runs).filter(|at| at % 3 == thread).map(run) {
                            sets.add(&places.map(|number| place_of(key(number))).collect::<Vec<_>>());
                        }
                    });
                }
            });
            let model: BTreeSet<u64> = (0..runs).flat_map(run).collect();
            prop_assert_eq!(listed(&sets.take_pages()), model.into_iter().collect::<Vec<_>>());
        }
    }
}
