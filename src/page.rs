//! Pages: the unit of everything that is kept of devices.
//!
//! A page is the 2,048 serial numbers of one TAC that share `serial / 2048`. Bodies on disk, updates of the
//! hot sets and digests all work on pages, because registers hold serials in runs and clusters.
//! What always holds: pages of a register sort by [`PageId`], and a [`PageContent`] is the same logical
//! content, hence the same digest, whether it was read from the store or from the hot sets.

use crate::{
    identity::{EquipmentKey, Tac},
    listing::Mark,
    pairing::Pair,
};

/// Serials of one page.
pub const PAGE_SERIALS: u32 = 2048;
/// Pages of one TAC: 489 (the last one is not full).
pub const PAGES_PER_TAC: u16 = EquipmentKey::SERIALS.div_ceil(PAGE_SERIALS) as u16;

/// TAC and number of a page within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId {
    tac: Tac,
    page: u16,
}

impl PageId {
    /// The page of a device.
    pub const fn of(key: EquipmentKey) -> Self {
        Self { tac: key.tac(), page: (key.serial() / PAGE_SERIALS) as u16 }
    }

    /// A page by its number. `None` above [`PAGES_PER_TAC`].
    pub const fn new(tac: Tac, page: u16) -> Option<Self> {
        if page < PAGES_PER_TAC { Some(Self { tac, page }) } else { None }
    }

    /// The model.
    pub const fn tac(self) -> Tac {
        self.tac
    }

    /// The number of the page within its TAC, below [`PAGES_PER_TAC`].
    pub const fn page(self) -> u16 {
        self.page
    }

    /// The key of a place in this page. `None` past the last serial of the TAC.
    pub fn key(self, place: u16) -> Option<EquipmentKey> {
        let serial = u32::from(self.page) * PAGE_SERIALS + u32::from(place);
        EquipmentKey::from_parts(self.tac, serial).ok()
    }

    /// The place of a key within its page, below [`PAGE_SERIALS`].
    pub const fn place(key: EquipmentKey) -> u16 {
        (key.serial() % PAGE_SERIALS) as u16
    }
}

/// A set of places of one page, one bit each.
#[derive(Clone, PartialEq, Eq)]
pub struct PageBits(pub [u64; PageBits::WORDS]);

impl PageBits {
    /// Words of a page.
    pub const WORDS: usize = (PAGE_SERIALS / 64) as usize;
    /// No place.
    pub const EMPTY: Self = Self([0; Self::WORDS]);

    /// Puts a place in. `false` when it was there.
    pub const fn insert(&mut self, place: u16) -> bool {
        let (word, bit) = (place as usize / 64, 1_u64 << (place % 64));
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }

    /// Puts a run of places in, both ends included. What lies past the page is left out.
    pub fn insert_run(&mut self, first: u16, last: u16) {
        let (first, last) = (usize::from(first), usize::from(last).min(PAGE_SERIALS as usize - 1));
        for (index, word) in self.0.iter_mut().enumerate().take(last / 64 + 1).skip(first / 64) {
            let from = first.saturating_sub(index * 64);
            let to = (last - index * 64).min(63);
            if from <= to {
                *word |= u64::MAX << from & u64::MAX >> (63 - to);
            }
        }
    }

    /// Takes a place out. `false` when it was not there.
    pub const fn remove(&mut self, place: u16) -> bool {
        let (word, bit) = (place as usize / 64, 1_u64 << (place % 64));
        let old = self.0[word] & bit != 0;
        self.0[word] &= !bit;
        old
    }

    /// Whether a place is in.
    pub const fn contains(&self, place: u16) -> bool {
        self.0[place as usize / 64] >> (place % 64) & 1 == 1
    }

    /// How many places are in.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether no place is in.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The places, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            std::iter::successors((word != 0).then_some(word), |rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |rest| (index * 64) as u16 + rest.trailing_zeros() as u16)
        })
    }

    /// Puts all places of another set in.
    pub fn union(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Keeps the places of another set only.
    pub fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
    }

    /// Takes all places of another set out.
    pub fn subtract(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
    }
}

impl std::fmt::Debug for PageBits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Default for PageBits {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The effective evidence of one page: what the active batches say of its devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageContent {
    /// Devices with an unbound listing without end.
    pub registered: PageBits,
    /// Devices with a plain grandfathered entry.
    pub grandfathered: PageBits,
    /// Devices whose unbound listing without end is suspended, without a day on which it turns black.
    pub suspended: PageBits,
    /// Other listings: (place, mark), sorted, no two equal.
    pub marks: Vec<(u16, Mark)>,
    /// Pairings: (place, pair), sorted, no two equal.
    pub pairs: Vec<(u16, Pair)>,
}

impl PageContent {
    /// Whether nothing is known of any device of the page.
    pub fn is_empty(&self) -> bool {
        let sets = [&self.registered, &self.grandfathered, &self.suspended];
        self.marks.is_empty() && self.pairs.is_empty() && sets.iter().all(|set| set.is_empty())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::{collection::btree_set, prelude::*};
    use std::collections::BTreeSet;

    fn bits(places: &BTreeSet<u16>) -> PageBits {
        let mut bits = PageBits::EMPTY;
        places.iter().for_each(|&place| assert!(bits.insert(place)));
        bits
    }

    fn places() -> impl Strategy<Value = BTreeSet<u16>> {
        let run = (0_u16..2048, 0_u16..200).prop_map(|(from, length)| (from..2048.min(from + length)).collect());
        prop_oneof![btree_set(0_u16..2048, 0..60), run, Just((0..2048).collect())]
    }

    #[test]
    fn the_last_page_of_a_tac_is_not_full() {
        let tac = Tac::new(35_123_456).unwrap();
        assert_eq!(PageId::new(tac, PAGES_PER_TAC), None);
        let last = PageId::new(tac, PAGES_PER_TAC - 1).unwrap();
        assert_eq!(last.key(575).unwrap().serial(), 999_999);
        assert_eq!(last.key(576), None);
        assert_eq!(PageId::of(last.key(575).unwrap()), last);
    }

    #[test]
    fn content_is_empty_when_nothing_is_in_it() {
        let tac = Tac::new(35_123_456).unwrap();
        let mark = Mark::new(crate::listing::Class::Stolen, crate::listing::Door::Stolen);
        let pair = Pair::allowance(crate::identity::Msisdn::new(6_281_234_567_890).unwrap().into());
        let bit = bits(&BTreeSet::from([PageId::place(EquipmentKey::from_parts(tac, 2049).unwrap())]));
        assert!(PageContent::default().is_empty());
        let full = [
            PageContent { registered: bit.clone(), ..PageContent::default() },
            PageContent { grandfathered: bit.clone(), ..PageContent::default() },
            PageContent { suspended: bit, ..PageContent::default() },
            PageContent { marks: vec![(1, mark)], ..PageContent::default() },
            PageContent { pairs: vec![(1, pair)], ..PageContent::default() },
        ];
        assert!(full.iter().all(|content| !content.is_empty()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_key_is_its_page_and_place(number in 0..EquipmentKey::LIMIT) {
            let key = EquipmentKey::new(number).unwrap();
            let page = PageId::of(key);
            prop_assert_eq!(page.key(PageId::place(key)), Some(key));
            prop_assert_eq!(PageId::new(page.tac(), page.page()), Some(page));
            prop_assert!(u32::from(PageId::place(key)) < PAGE_SERIALS);
        }

        #[test]
        fn pages_sort_as_their_keys(one in 0..EquipmentKey::LIMIT, step in 0_u64..10_000_000) {
            let other = EquipmentKey::new((one + step).min(EquipmentKey::LIMIT - 1)).unwrap();
            prop_assert!(PageId::of(EquipmentKey::new(one).unwrap()) <= PageId::of(other));
        }

        #[test]
        fn a_run_is_its_places(start in places(), first in 0_u16..2100, length in 0_u16..2100) {
            let mut mine = bits(&start);
            mine.insert_run(first, first + length);
            let run = (first..=first + length).filter(|place| *place < 2048);
            prop_assert_eq!(mine, bits(&start.into_iter().chain(run).collect()));
        }

        #[test]
        fn bits_are_a_set_of_places(one in places(), other in places(), place in 0_u16..2048) {
            let mut set = one.clone();
            let mut mine = bits(&set);
            prop_assert_eq!(mine.contains(place), set.contains(&place));
            prop_assert_eq!(mine.insert(place), set.insert(place));
            prop_assert_eq!(mine.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(mine.remove(place), set.remove(&place));
            prop_assert_eq!(mine.remove(place), false);
            prop_assert_eq!((mine.count() as usize, mine.is_empty()), (set.len(), set.is_empty()));
            let (mut union, mut rest, mut both) = (mine.clone(), mine.clone(), mine.clone());
            both.intersect(&bits(&other));
            prop_assert_eq!(both, bits(&(&set & &other)));
            union.union(&bits(&other));
            rest.subtract(&bits(&other));
            prop_assert_eq!(union, bits(&(&set | &other)));
            prop_assert_eq!(rest, bits(&(&set - &other)));
            prop_assert_eq!(&mine, &bits(&set));
        }
    }
}
