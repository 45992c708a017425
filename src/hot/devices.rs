//! Device chunks: 65,536 serials of one TAC, each registered or not, grandfathered or not, marked or not.
//!
//! One blob holds the three sets, so that a check finds all that most devices have behind one probe:
//! header word, then the section of each set. The marked set says whether the marks need to be looked up
//! at all. Header: per set 16 bits, layout (2) and the word at which its section ends (14).
//! What always holds: a chunk is at most 24.2 KB, holds at least one device, and is never changed.

use super::set::{CHUNK_PAGES, Layout, Section, Spot};
use crate::page::{PAGE_SERIALS, PageBits};
use std::sync::Arc;

/// Serials of a device chunk.
pub(super) const CHUNK_SERIALS: u32 = CHUNK_PAGES as u32 * PAGE_SERIALS;

/// The three sets of a chunk, in the order of their sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeviceSet {
    Registered = 0,
    Grandfathered = 1,
    Marked = 2,
}

impl DeviceSet {
    pub(super) const ALL: [Self; 3] = [Self::Registered, Self::Grandfathered, Self::Marked];
}

/// What the chunk says of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) registered: bool,
    pub(super) grandfathered: bool,
    pub(super) marked: bool,
}

/// Where the answers of one device lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spots([Spot; 3]);

impl Spots {
    pub(super) const NONE: Self = Self([Spot::NONE; 3]);
}

/// One page's sets: registered, grandfathered, marked.
pub(super) type PageSets = [PageBits; 3];

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceChunk(Arc<[u64]>);

impl DeviceChunk {
    /// The chunk with some pages replaced. `None` when no device is left.
    pub(super) fn replaced(old: Option<&Self>, changes: &[(usize, PageSets)]) -> Option<Self> {
        let mut words = vec![0];
        let mut header = 0;
        for set in DeviceSet::ALL {
            let sets: Vec<_> = changes.iter().map(|(page, sets)| (*page, sets[set as usize].clone())).collect();
            let section = old.map_or(Section { layout: Layout::Empty, words: &[] }, |old| old.section(set));
            let layout = section.replaced(&sets, &mut words);
            header |= (layout as u64 | (words.len() as u64) << 2) << (set as u32 * 16);
        }
        words[0] = header;
        (words.len() > 1).then(|| Self(words.into()))
    }

    #[inline]
    pub(super) fn section(&self, set: DeviceSet) -> Section<'_> {
        let header = self.0.first().copied().unwrap_or(0);
        let field = |index: u32| header >> (index * 16) & 0xffff;
        let start = if set as u32 == 0 { 1 } else { field(set as u32 - 1) >> 2 } as usize;
        let own = field(set as u32);
        let words = self.0.get(start..(own >> 2) as usize).unwrap_or(&[]);
        Section { layout: Layout::of_code(own & 3), words }
    }

    /// What is said of a place.
    #[inline]
    pub(super) fn flags(&self, place: u16) -> Flags {
        self.read(self.spots(place), place)
    }

    /// First step of [`DeviceChunk::flags`]: reads header and index.
    #[inline]
    pub(super) fn spots(&self, place: u16) -> Spots {
        Spots(DeviceSet::ALL.map(|set| self.section(set).spot(place)))
    }

    /// Second step: brings the containers' lines near.
    #[inline]
    pub(super) fn touch(&self, spots: Spots, place: u16) -> u64 {
        DeviceSet::ALL.iter().fold(0, |sum, set| sum ^ self.section(*set).touch(spots.0[*set as usize], place))
    }

    /// Last step: reads the containers.
    #[inline]
    pub(super) fn read(&self, spots: Spots, place: u16) -> Flags {
        let read = |set: DeviceSet| self.section(set).read(spots.0[set as usize], place);
        Flags {
            registered: read(DeviceSet::Registered),
            grandfathered: read(DeviceSet::Grandfathered),
            marked: read(DeviceSet::Marked),
        }
    }

    /// The sets of one page.
    pub(super) fn page(&self, page: usize) -> PageSets {
        DeviceSet::ALL.map(|set| self.section(set).page(page))
    }

    /// The chunk as it lies in memory.
    pub(super) fn words(&self) -> &[u64] {
        &self.0
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
            first in prop::array::uniform3(page_bits()),
            second in prop::array::uniform3(page_bits()),
            page in 0..CHUNK_PAGES,
        ) {
            let chunk = DeviceChunk::replaced(None, &[(page, first.clone())]);
            let other = (page + 5) % CHUNK_PAGES;
            let Some(chunk) = DeviceChunk::replaced(chunk.as_ref(), &[(other, second.clone())]) else {
                prop_assert!(first.iter().chain(&second).all(PageBits::is_empty));
                return Ok(());
            };
            for (page, sets) in [(page, &first), (other, &second)] {
                prop_assert_eq!(&chunk.page(page), sets);
                for place in 0..PAGE_SERIALS as u16 {
                    let expected = Flags {
                        registered: sets[0].contains(place),
                        grandfathered: sets[1].contains(place),
                        marked: sets[2].contains(place),
                    };
                    prop_assert_eq!(chunk.flags((page * 2048) as u16 + place), expected);
                }
            }
            let emptied = [(page, PageSets::default()), (other, PageSets::default())];
            prop_assert_eq!(DeviceChunk::replaced(Some(&chunk), &emptied), None);
        }
    }

    #[test]
    fn the_largest_chunk_is_copied_within_the_limit() {
        let half = PageBits([0x5555_5555_5555_5555; PageBits::WORDS]);
        let pages: Vec<_> = (0..CHUNK_PAGES).map(|page| (page, [half.clone(), half.clone(), half.clone()])).collect();
        let chunk = DeviceChunk::replaced(None, &pages).unwrap();
        assert!(chunk.words().len() * 8 <= 65_536);
        assert!(chunk.flags(65_534).marked && !chunk.flags(65_535).marked);
    }
}
