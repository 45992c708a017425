//! Device chunks: 65,536 serials of one TAC, each registered or not, grandfathered or not, marked or not,
//! suspended or not.
//!
//! One blob holds the four sets, so that a check finds all that most devices have behind one probe:
//! the section of each set, behind each other; the header lies beside the reference to the blob. The marked set says whether the marks need to be looked up
//! at all. Header: per set 16 bits, layout (2) and the word at which its section ends (14).
//! What always holds: a chunk is at most 32.3 KB, holds at least one device, and is never changed.

use super::{
    near,
    set::{CHUNK_PAGES, Layout, Section, Spot},
};
use crate::page::{PAGE_SERIALS, PageBits};
use std::sync::Arc;

/// Serials of a device chunk.
pub(super) const CHUNK_SERIALS: u32 = CHUNK_PAGES as u32 * PAGE_SERIALS;

/// The four sets of a chunk, in the order of their sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeviceSet {
    Registered = 0,
    Grandfathered = 1,
    Marked = 2,
    Suspended = 3,
}

impl DeviceSet {
    pub(super) const ALL: [Self; 4] = [Self::Registered, Self::Grandfathered, Self::Marked, Self::Suspended];
}

/// What the chunk says of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) registered: bool,
    pub(super) grandfathered: bool,
    pub(super) marked: bool,
    pub(super) suspended: bool,
}

/// Where the answers of one device lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spots {
    registered: Spot,
    /// Grandfathered, marked and suspended, where the chunk has any.
    others: Option<[Spot; 3]>,
}

impl Spots {
    pub(super) const NONE: Self = Self { registered: Spot::NONE, others: None };
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceChunk {
    /// Lies in the directory's leaf, so that a check knows where the index is before it reads the blob.
    header: u64,
    words: Arc<[u64]>,
}

impl DeviceChunk {
    /// The chunk with some pages replaced. `None` when no device is left.
    pub(super) fn replaced(old: Option<&Self>, changes: &[(usize, [&PageBits; 4])]) -> Option<Self> {
        let mut words = Vec::with_capacity(old.map_or(0, |old| old.words.len() + changes.len()));
        let mut header = 0;
        for set in DeviceSet::ALL {
            let section = old.map_or(Section { layout: Layout::Empty, words: &[] }, |old| old.section(set));
            let layout = section.replaced(changes.iter().map(|(page, sets)| (*page, sets[set as usize])), &mut words);
            header |= (layout as u64 | (words.len() as u64) << 2) << (set as u32 * 16);
        }
        (!words.is_empty()).then(|| Self { header, words: words.into() })
    }

    /// Layout, first word and end of a set's section.
    #[inline]
    fn bounds(&self, set: DeviceSet) -> (Layout, usize, usize) {
        let field = |index: u32| self.header >> (index * 16) & 0xffff;
        let start = if set as u32 == 0 { 0 } else { field(set as u32 - 1) >> 2 };
        let own = field(set as u32);
        (Layout::of_code(own & 3), start as usize, (own >> 2) as usize)
    }

    pub(super) fn section(&self, set: DeviceSet) -> Section<'_> {
        let (layout, start, end) = self.bounds(set);
        Section { layout, words: self.words.get(start..end).unwrap_or(&[]) }
    }

    /// What is said of a place.
    #[inline]
    pub(super) fn flags(&self, place: u16) -> Flags {
        self.read(self.spots(place), place)
    }

    /// First step of [`DeviceChunk::flags`]: brings the indexes near.
    #[inline]
    pub(super) fn touch_index(&self, place: u16) {
        let word = usize::from(place) / PAGE_SERIALS as usize / 4;
        for set in DeviceSet::ALL {
            let (layout, start, _) = self.bounds(set);
            if layout == Layout::Paged {
                near::bring(self.words.get(start + word));
            }
        }
    }

    /// Second step: reads the index.
    #[inline]
    pub(super) fn spots(&self, place: u16) -> Spots {
        const OTHER_LAYOUTS: u64 = 3 << 16 | 3 << 32 | 3 << 48;
        let spot = |set| {
            let (layout, start, end) = self.bounds(set);
            Spot::of(&self.words, layout, start, end, place)
        };
        let has_others = self.header & OTHER_LAYOUTS != 0;
        let others =
            has_others.then(|| [spot(DeviceSet::Grandfathered), spot(DeviceSet::Marked), spot(DeviceSet::Suspended)]);
        Spots { registered: spot(DeviceSet::Registered), others }
    }

    /// Third step: brings the containers' lines near.
    #[inline]
    pub(super) fn touch(&self, spots: &Spots) {
        spots.registered.touch(&self.words);
        spots.others.iter().flatten().for_each(|spot| spot.touch(&self.words));
    }

    /// Last step: reads the containers.
    #[inline]
    pub(super) fn read(&self, spots: Spots, place: u16) -> Flags {
        let [grandfathered, marked, suspended] =
            spots.others.map_or([false; 3], |others| others.map(|spot| spot.read(&self.words, place)));
        Flags { registered: spots.registered.read(&self.words, place), grandfathered, marked, suspended }
    }

    /// Whether a page has a device that is in any set.
    pub(super) fn holds(&self, page: usize) -> bool {
        DeviceSet::ALL.into_iter().any(|set| self.section(set).holds(page))
    }

    /// A chunk of its header and its words. `None` when it holds nothing.
    pub(super) fn of_parts(header: u64, words: Arc<[u64]>) -> Option<Self> {
        (!words.is_empty()).then_some(Self { header, words })
    }

    /// The header.
    pub(super) const fn header(&self) -> u64 {
        self.header
    }

    /// The chunk as it lies in memory.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{super::container::tests::page_bits, *};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn the_sets_of_a_page_do_not_meet(
            first in prop::array::uniform4(page_bits()),
            second in prop::array::uniform4(page_bits()),
            page in 0..CHUNK_PAGES,
        ) {
            let chunk = DeviceChunk::replaced(None, &[(page, first.each_ref())]);
            let other = (page + 5) % CHUNK_PAGES;
            let Some(chunk) = DeviceChunk::replaced(chunk.as_ref(), &[(other, second.each_ref())]) else {
                prop_assert!(first.iter().chain(&second).all(PageBits::is_empty));
                return Ok(());
            };
            for (page, sets) in [(page, &first), (other, &second)] {
                prop_assert_eq!(&DeviceSet::ALL.map(|set| chunk.section(set).page(page)), sets);
                for place in 0..PAGE_SERIALS as u16 {
                    let expected = Flags {
                        registered: sets[0].contains(place),
                        grandfathered: sets[1].contains(place),
                        marked: sets[2].contains(place),
                        suspended: sets[3].contains(place),
                    };
                    prop_assert_eq!(chunk.flags((page * 2048) as u16 + place), expected);
                }
            }
            let none = <[PageBits; 4]>::default();
            let emptied = [(page, none.each_ref()), (other, none.each_ref())];
            prop_assert_eq!(DeviceChunk::replaced(Some(&chunk), &emptied), None);
        }
    }

    #[test]
    fn the_largest_chunk_is_copied_within_the_limit() {
        let half = PageBits([0x5555_5555_5555_5555; PageBits::WORDS]);
        let pages: Vec<_> = (0..CHUNK_PAGES).map(|page| (page, [&half; 4])).collect();
        let chunk = DeviceChunk::replaced(None, &pages).unwrap();
        assert!(chunk.words().len() * 8 <= 65_536);
        assert!(chunk.flags(65_534).marked && !chunk.flags(65_535).marked);
    }
}
