//! Device chunks: 65,536 serials of one TAC, each registered or not, grandfathered or not, marked or not,
//! suspended or not.
//!
//! A check asks for all four sets, so what it needs of a device lies together: the index says for each page where the
//! containers of its sets are, beside each other, and these lie one behind the other. So a check reads one line of the
//! index and most often one of the containers. The marked set says whether the marks need to be looked up at all.
//! Chunks of few devices have a list instead of an index.
//!
//! The header lies beside the reference to the blob. Its bits: 0 to 3 which sets the chunk has; 4 whether it is a list; from
//! 16 on how many places that has. *Paged*: an index of 32 pages, for each page a unit of 16 bits for each set that the chunk
//! has (form of the container (3), where it begins (13), in pairs of units behind the index), then the containers page by
//! page. *Listed*: the places, ascending, 16 bits each, the last word filled up with the last place; where the chunk has more
//! than one set, four bits for each place that say in which it is.
//! What always holds: a chunk is at most 33 KB, holds at least one device, and is never changed; its bytes depend on the
//! sets alone, however they were arrived at.

mod build;
#[cfg(test)]
mod tests;

use super::{
    bits::{unit_at, word_at},
    container::{self, Form},
    near,
};
use crate::page::{PAGE_SERIALS, PageBits};
use std::sync::Arc;

/// Pages of a device chunk.
pub(super) const CHUNK_PAGES: usize = 32;
/// Serials of a device chunk.
pub(super) const CHUNK_SERIALS: u32 = CHUNK_PAGES as u32 * PAGE_SERIALS;

const SETS: usize = DeviceSet::ALL.len();
const UNIT_BITS: usize = 16;
/// Bits of the header.
const HAS_SETS: u64 = (1 << SETS) - 1;
const IS_LISTED: u64 = 1 << SETS;
const COUNT_SHIFT: u32 = 16;
/// An entry of the index: where a container begins, below its form.
const OFFSET_BITS: u32 = 13;
const OFFSET_MASK: u16 = (1 << OFFSET_BITS) - 1;
/// The forms in a word of entries. That of an empty container is 0.
const FORMS: u64 = 0xe000_e000_e000_e000;
/// A container begins at a multiple of so many units.
const OFFSET_UNITS: usize = 2;
/// Words of a line of memory, and up to how many lines of a list are brought near at once.
const LINE_WORDS: usize = 8;
const LIST_LINES_NEAR: usize = 4;

/// The four sets of a chunk.
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

impl Flags {
    /// One bit for each set.
    #[inline]
    fn of_bits(bits: u8) -> Self {
        let has = |set: DeviceSet| bits >> set as u8 & 1 == 1;
        Self {
            registered: has(DeviceSet::Registered),
            grandfathered: has(DeviceSet::Grandfathered),
            marked: has(DeviceSet::Marked),
            suspended: has(DeviceSet::Suspended),
        }
    }
}

/// Where the answers for one device lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spots {
    /// Entries of its page, for each set that the chunk has, the first one lowest.
    entries: u64,
    /// The words in which their containers begin and end.
    words: [u16; 2],
}

impl Spots {
    pub(super) const NONE: Self = Self { entries: 0, words: [0; 2] };
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceChunk {
    /// Lies in the directory's leaf, so that a check knows where the index is before it reads the blob.
    header: u64,
    words: Arc<[u64]>,
}

impl DeviceChunk {
    /// How many sets the chunk has.
    #[inline]
    const fn width(&self) -> usize {
        (self.header & HAS_SETS).count_ones() as usize
    }

    #[inline]
    const fn is_listed(&self) -> bool {
        self.header & IS_LISTED != 0
    }

    /// Which of the chunk's sets one is; none where it has none of it.
    const fn rank(&self, set: DeviceSet) -> Option<usize> {
        let below = self.header & ((1 << set as u64) - 1);
        if self.header >> set as u64 & 1 == 1 { Some(below.count_ones() as usize) } else { None }
    }

    /// What is said of a place.
    #[inline]
    pub(super) fn flags(&self, place: u16) -> Flags {
        self.read(&self.spots(place), place)
    }

    /// First step of [`DeviceChunk::flags`]: brings the index near.
    #[inline]
    pub(super) fn touch_index(&self, place: u16) {
        let page = usize::from(place) / PAGE_SERIALS as usize;
        near::bring(self.words.get(page * self.width() * UNIT_BITS / 64));
    }

    /// Second step: reads the index.
    #[inline]
    pub(super) fn spots(&self, place: u16) -> Spots {
        if self.is_listed() { Spots::NONE } else { self.spots_of_page(usize::from(place) / PAGE_SERIALS as usize) }
    }

    #[inline]
    fn spots_of_page(&self, page: usize) -> Spots {
        let width = self.width();
        let first = page * width;
        let all = word_at(&self.words, first * UNIT_BITS);
        // Of four sets it is the whole word; a shift by 64 would be none.
        let entries = all & (u64::MAX >> (64 - UNIT_BITS * width.clamp(1, SETS)));
        let behind = if page + 1 == CHUNK_PAGES { u16::MAX } else { unit_at(&self.words, first + width) };
        let word = |entry: u16| (self.unit(entry) / 4).min(self.words.len()) as u16;
        Spots { entries, words: [word(entries as u16), word(behind)] }
    }

    /// The unit at which a container begins.
    #[inline]
    const fn unit(&self, entry: u16) -> usize {
        CHUNK_PAGES * self.width() + (entry & OFFSET_MASK) as usize * OFFSET_UNITS
    }

    /// Third step: brings the containers' lines near.
    #[inline]
    pub(super) fn touch(&self, spots: &Spots, place: u16) {
        if self.is_listed() {
            return self.touch_list(place);
        }
        let [start, end] = spots.words.map(usize::from);
        if start < end {
            // The head, and where in containers a place lies that are as long as most of their kind.
            let within = usize::from(place) % PAGE_SERIALS as usize;
            near::bring(self.words.get(start));
            near::bring(
                self.words.get(
                    start + (end - start) * (within + PAGE_SERIALS as usize / 2) / (PAGE_SERIALS as usize * 3 / 2),
                ),
            );
            near::bring(self.words.get((start + LINE_WORDS).min(end)));
        }
    }

    /// Brings the lines of a list near that a search by halves reads: all of a short one; of a long one those that it
    /// begins with, and those where it ends where places are spread evenly.
    #[inline]
    fn touch_list(&self, place: u16) {
        let length = self.listed().len();
        let near = |word: usize| near::bring(self.words.get(word));
        if length <= LIST_LINES_NEAR * LINE_WORDS {
            (0..length).step_by(LINE_WORDS).for_each(near);
        } else {
            let likely = usize::from(place) * length / CHUNK_SERIALS as usize;
            [length / 2, length / 4, length / 4 * 3, likely, likely + LINE_WORDS].into_iter().for_each(near);
        }
    }

    /// Last step: reads the containers.
    #[inline]
    pub(super) fn read(&self, spots: &Spots, place: u16) -> Flags {
        if self.is_listed() {
            return Flags::of_bits(self.read_list(place));
        }
        let (mut found, mut rest) = (0, spots.entries & FORMS);
        while rest != 0 {
            let rank = rest.trailing_zeros() / UNIT_BITS as u32;
            let entry = (spots.entries >> (rank * UNIT_BITS as u32)) as u16;
            let form = Form::of_code(entry >> OFFSET_BITS);
            let within = place % PAGE_SERIALS as u16;
            found |= u8::from(container::contains(form, &self.words, self.unit(entry), within)) << rank;
            rest &= !(0xffff << (rank * UNIT_BITS as u32));
        }
        Flags::of_bits(SETS_OF[(self.header & HAS_SETS) as usize][usize::from(found)])
    }

    /// The words of the list's places.
    #[inline]
    fn listed(&self) -> &[u64] {
        let count = (self.header >> COUNT_SHIFT) as usize;
        self.words.get(..count.div_ceil(4)).unwrap_or(&[])
    }

    /// In which sets a place is, one bit each.
    #[inline]
    fn read_list(&self, place: u16) -> u8 {
        const ONES: u64 = 0x0001_0001_0001_0001;
        let places = self.listed();
        let after = places.partition_point(|word| *word as u16 <= place);
        let Some(index) = after.checked_sub(1) else { return 0 };
        let differences = places.get(index).map_or(u64::MAX, |word| word ^ (u64::from(place) * ONES));
        // The lowest lane of zeros is exact: nothing borrows below it.
        let zeros = differences.wrapping_sub(ONES) & !differences & (ONES << 15);
        if zeros == 0 { 0 } else { self.sets_listed(index * 4 + zeros.trailing_zeros() as usize / UNIT_BITS) }
    }

    /// In which sets the place of an index in the list is.
    #[inline]
    fn sets_listed(&self, index: usize) -> u8 {
        match self.header & HAS_SETS {
            one if one.is_power_of_two() => one as u8,
            _ => (word_at(&self.words, self.listed().len() * 64 + index * SETS) & HAS_SETS) as u8,
        }
    }

    /// Every listed place with its sets, ascending.
    fn list(&self) -> impl Iterator<Item = (u16, u8)> + '_ {
        let count = if self.is_listed() { (self.header >> COUNT_SHIFT) as usize } else { 0 };
        (0..count).map(|index| (unit_at(&self.words, index), self.sets_listed(index)))
    }

    /// Form and first unit of a set's container in a page.
    fn container(&self, set: DeviceSet, page: usize) -> (Form, usize) {
        match self.rank(set) {
            Some(rank) if !self.is_listed() => {
                let entry = unit_at(&self.words, page * self.width() + rank);
                (Form::of_code(entry >> OFFSET_BITS), self.unit(entry))
            }
            _ => (Form::Empty, 0),
        }
    }

    /// The devices of a page that are in a set.
    pub(super) fn page(&self, set: DeviceSet, page: usize) -> PageBits {
        let (form, unit) = self.container(set, page);
        let mut found = container::decode(form, &self.words, unit);
        let page_of = |place: u16| usize::from(place) / PAGE_SERIALS as usize;
        for (place, sets) in self.list().filter(|(place, _)| page_of(*place) == page) {
            if sets >> set as u8 & 1 == 1 {
                found.insert(place % PAGE_SERIALS as u16);
            }
        }
        found
    }

    /// Whether a page has a device that is in a set.
    pub(super) fn page_has(&self, set: DeviceSet, page: usize) -> bool {
        if self.is_listed() { !self.page(set, page).is_empty() } else { self.container(set, page).0 != Form::Empty }
    }

    /// Whether a page has a device that is in any set.
    pub(super) fn holds(&self, page: usize) -> bool {
        DeviceSet::ALL.into_iter().any(|set| self.page_has(set, page))
    }

    /// Devices of a set, and bytes that are for it alone.
    pub(super) fn count(&self, set: DeviceSet) -> (u64, u64) {
        if self.is_listed() {
            let devices = self.list().filter(|(_, sets)| sets >> set as u8 & 1 == 1).count() as u64;
            let bits = UNIT_BITS + if self.width() > 1 { SETS } else { 0 };
            return (devices, (devices * bits as u64).div_ceil(8));
        }
        let Some(_) = self.rank(set) else { return (0, 0) };
        (0..CHUNK_PAGES).map(|page| self.container(set, page)).fold((0, 0), |(devices, bytes), (form, unit)| {
            let units = 1 + container::units_of(form, &self.words, unit) as u64;
            (devices + u64::from(container::count(form, &self.words, unit)), bytes + units * 2)
        })
    }

    /// A chunk of its header and its words. `None` when it holds nothing.
    pub(super) fn of_parts(header: u64, words: Arc<[u64]>) -> Option<Self> {
        (!words.is_empty() && header & HAS_SETS != 0).then_some(Self { header, words })
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

/// By the sets that a chunk has and those of them in which a device is, as bits in their order: in which sets it is.
const SETS_OF: [[u8; 1 << SETS]; 1 << SETS] = {
    let mut table = [[0; 1 << SETS]; 1 << SETS];
    let mut has = 0;
    while has < table.len() {
        let mut found = 0;
        while found < table.len() {
            let (mut set, mut rank) = (0, 0);
            while set < SETS {
                if has >> set & 1 == 1 {
                    table[has][found] |= ((found >> rank & 1) << set) as u8;
                    rank += 1;
                }
                set += 1;
            }
            found += 1;
        }
        has += 1;
    }
    table
};
