//! Chunk sets: which of 65,536 serials are in, as a list or page by page.
//!
//! A set lies in a section of a chunk's blob. *Sparse*: the places, ascending, 16 bits each, the last word
//! filled up with the last place. *Paged*: an index of 32 units (form and offset of each page's container),
//! then the containers. The smaller one is written; an empty set takes nothing.
//! What always holds: the layout depends on the set alone, however it was arrived at.

use super::{
    bits::{pack, unit_at},
    container::{self, Form},
    near,
};
use crate::page::{PAGE_SERIALS, PageBits};

/// Pages of a device chunk.
pub(super) const CHUNK_PAGES: usize = 32;
const INDEX_UNITS: usize = CHUNK_PAGES;
/// So few places are less as a list than an index with any container is.
const LISTED_ALWAYS_MAX: usize = INDEX_UNITS;
/// Words of a line of memory, and up to how many lines of a list are brought near at once.
const LINE_WORDS: usize = 8;
const LIST_LINES_NEAR: usize = 4;
const OFFSET_BITS: u32 = 13;
const OFFSET_MASK: u16 = (1 << OFFSET_BITS) - 1;

/// How a section is written. 2 bits in the chunk's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Layout {
    Empty = 0,
    Sparse = 1,
    Paged = 2,
}

impl Layout {
    /// The layout of a code; codes that do not exist read as empty.
    pub(super) const fn of_code(code: u64) -> Self {
        match code {
            1 => Self::Sparse,
            2 => Self::Paged,
            _ => Self::Empty,
        }
    }
}

/// One set in its section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    pub(super) layout: Layout,
    pub(super) words: &'a [u64],
}

/// Where the answer for one place lies: found by the header and the index, read later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    layout: Layout,
    form: Form,
    /// First unit of the page's container, or of the list.
    unit: u16,
    /// Units of the list.
    units: u16,
    /// The words that are read, about: the first and the last.
    words: [u16; 2],
}

impl Spot {
    /// Where nothing lies.
    pub(super) const NONE: Self = Self { layout: Layout::Empty, form: Form::Empty, unit: 0, units: 0, words: [0; 2] };

    /// Where the answer for a place lies in the section from word `start` to word `end` of a blob.
    #[inline]
    pub(super) fn of(words: &[u64], layout: Layout, start: usize, end: usize, place: u16) -> Self {
        match layout {
            Layout::Empty => Self::NONE,
            Layout::Paged => {
                let page = usize::from(place) / PAGE_SERIALS as usize;
                let (entry, next) = (unit_at(words, start * 4 + page), unit_at(words, start * 4 + page + 1));
                let (form, offset) = (Form::of_code(entry >> OFFSET_BITS), entry & OFFSET_MASK);
                let behind = if page + 1 == CHUNK_PAGES { (end.saturating_sub(start) * 4) as u16 } else { next };
                let units = (behind & OFFSET_MASK).wrapping_sub(offset);
                // Where in a container a place lies can be told from the place, about. Only a bitmap has no head;
                // no branch on that, because forms are random.
                let head = if form == Form::Bitmap { 0 } else { units / 3 };
                let behind_head = u32::from(units.saturating_sub(head)) * (u32::from(place) % PAGE_SERIALS);
                let unit = (start * 4) as u16 + offset;
                let word = unit.wrapping_add(head + (behind_head / PAGE_SERIALS) as u16) / 4;
                let first = if form == Form::Bitmap { word } else { unit / 4 };
                Self { layout, form, unit, units: 0, words: [first, word] }
            }
            Layout::Sparse => {
                let length = end.saturating_sub(start);
                // Places are spread evenly more often than not.
                let word = start + usize::from(place) * length / (CHUNK_PAGES * PAGE_SERIALS as usize);
                let (unit, units) = ((start * 4) as u16, (length * 4) as u16);
                Self { layout, form: Form::Empty, unit, units, words: [word as u16, word as u16 + 8] }
            }
        }
    }

    /// Brings the lines of a spot near.
    #[inline]
    pub(super) fn touch(&self, words: &[u64]) {
        match self.layout {
            Layout::Empty => {}
            // Where empty or full pages lie nothing is read.
            Layout::Paged if matches!(self.form, Form::Empty | Form::Full) => {}
            Layout::Paged => self.words.iter().for_each(|word| near::bring(words.get(usize::from(*word)))),
            Layout::Sparse => self.touch_list(words),
        }
    }

    /// Brings the lines of a list near that a search by halves reads: all of a short one; of a long one those that it
    /// begins with, and those where it ends where places are spread evenly.
    #[inline]
    fn touch_list(&self, words: &[u64]) {
        let (start, length) = (usize::from(self.unit / 4), usize::from(self.units / 4));
        let near = |word: usize| near::bring(words.get(word));
        if length <= LIST_LINES_NEAR * LINE_WORDS {
            (0..length).step_by(LINE_WORDS).for_each(|word| near(start + word));
        } else {
            [length / 2, length / 4, length / 4 * 3].iter().for_each(|word| near(start + word));
            self.words.iter().for_each(|word| near(usize::from(*word)));
        }
    }

    /// Whether a place is in, by its spot.
    #[inline]
    pub(super) fn read(&self, words: &[u64], place: u16) -> bool {
        let unit = usize::from(self.unit);
        match self.layout {
            Layout::Empty => false,
            Layout::Paged => container::contains(self.form, words, unit, place % PAGE_SERIALS as u16),
            Layout::Sparse => {
                let list = words.get(unit / 4..(unit + usize::from(self.units)) / 4).unwrap_or(&[]);
                sparse_contains(list, place)
            }
        }
    }
}

impl Section<'_> {
    #[inline]
    fn entry(&self, page: usize) -> (Form, usize) {
        let entry = unit_at(self.words, page);
        (Form::of_code(entry >> OFFSET_BITS), usize::from(entry & OFFSET_MASK))
    }

    /// The places of a sparse section, with the fill.
    fn sparse_places(&self) -> impl Iterator<Item = u16> + '_ {
        (0..self.words.len() * 4).map(|unit| unit_at(self.words, unit))
    }

    /// The places of one page.
    pub(super) fn page(&self, page: usize) -> PageBits {
        match self.layout {
            Layout::Empty => PageBits::EMPTY,
            Layout::Paged => {
                let (form, unit) = self.entry(page);
                container::decode(form, self.words, unit)
            }
            Layout::Sparse => {
                let mut set = PageBits::EMPTY;
                self.listed(page).for_each(|place| _ = set.insert(place % PAGE_SERIALS as u16));
                set
            }
        }
    }

    /// Whether a page has a place that is in.
    pub(super) fn holds(&self, page: usize) -> bool {
        match self.layout {
            Layout::Empty => false,
            Layout::Paged => self.entry(page).0 != Form::Empty,
            Layout::Sparse => self.listed(page).next().is_some(),
        }
    }

    /// The places of one page in a sparse section; the last one of all comes several times.
    fn listed(&self, page: usize) -> impl Iterator<Item = u16> + '_ {
        let page_of = |place: u16| usize::from(place) / PAGE_SERIALS as usize;
        let before = self.words.partition_point(|word| page_of((word >> 48) as u16) < page);
        let places = (before * 4..self.words.len() * 4).map(|unit| unit_at(self.words, unit));
        places.skip_while(move |place| page_of(*place) < page).take_while(move |place| page_of(*place) == page)
    }

    /// How many places are in.
    pub(super) fn count(&self) -> u64 {
        match self.layout {
            Layout::Empty => 0,
            Layout::Paged => (0..CHUNK_PAGES).map(|page| u64::from(self.piece(page).count())).sum(),
            Layout::Sparse => {
                let repeated = self.sparse_places().zip(self.sparse_places().skip(1)).filter(|(a, b)| a == b).count();
                (self.words.len() * 4 - repeated) as u64
            }
        }
    }

    /// A page as it is written, where pages are.
    fn piece(&self, page: usize) -> Piece<'_> {
        match self.layout {
            Layout::Paged => {
                let (form, unit) = self.entry(page);
                Piece::Written { form, words: self.words, unit }
            }
            Layout::Sparse | Layout::Empty => Piece::Fresh(&PageBits::EMPTY),
        }
    }

    /// Writes the same set with some pages replaced. Containers of other pages are copied as they are.
    pub(super) fn replaced<'a>(
        &'a self,
        changes: impl Iterator<Item = (usize, &'a PageBits)>,
        words: &mut Vec<u64>,
    ) -> Layout {
        let listed = self.listed_pages();
        let mut pieces: [Piece<'_>; CHUNK_PAGES] = std::array::from_fn(|page| self.piece(page));
        let mut put = |page: usize, set| {
            if let Some(piece) = pieces.get_mut(page) {
                *piece = Piece::Fresh(set);
            }
        };
        listed.iter().for_each(|(page, set)| put(*page, set));
        changes.for_each(|(page, set)| put(page, set));
        encode(&pieces, words)
    }

    /// The pages of a sparse section that hold something, in one pass over its list.
    fn listed_pages(&self) -> Vec<(usize, PageBits)> {
        let mut pages: Vec<(usize, PageBits)> = Vec::new();
        for place in self.sparse_places().take_while(|_| self.layout == Layout::Sparse) {
            let page = usize::from(place) / PAGE_SERIALS as usize;
            if pages.last().is_none_or(|(last, _)| *last != page) {
                pages.push((page, PageBits::EMPTY));
            }
            if let Some((_, set)) = pages.last_mut() {
                set.insert(place % PAGE_SERIALS as u16);
            }
        }
        pages
    }
}

/// One page on its way into a section.
enum Piece<'a> {
    Written { form: Form, words: &'a [u64], unit: usize },
    Fresh(&'a PageBits),
}

impl Piece<'_> {
    fn count(&self) -> u32 {
        match self {
            Self::Written { form, words, unit } => container::count(*form, words, *unit),
            Self::Fresh(set) => set.count(),
        }
    }

    fn write(&self, units: &mut Vec<u16>) -> Form {
        match self {
            Self::Written { form, words, unit } => {
                let length = container::units_of(*form, words, *unit);
                units.extend((*unit..*unit + length).map(|unit| unit_at(words, unit)));
                *form
            }
            Self::Fresh(set) => container::encode(set, units),
        }
    }

    fn set(&self) -> PageBits {
        match self {
            Self::Written { form, words, unit } => container::decode(*form, words, *unit),
            Self::Fresh(set) => (*set).clone(),
        }
    }
}

fn encode(pieces: &[Piece<'_>; CHUNK_PAGES], words: &mut Vec<u64>) -> Layout {
    let count: usize = pieces.iter().map(|piece| piece.count() as usize).sum();
    if count == 0 {
        return Layout::Empty;
    }
    if count <= LISTED_ALWAYS_MAX {
        return encode_sparse(pieces, &mut Vec::with_capacity(count), words);
    }
    let mut units = vec![0; INDEX_UNITS];
    for (page, piece) in pieces.iter().enumerate() {
        let offset = units.len() as u16;
        let form = piece.write(&mut units);
        units[page] = (form as u16) << OFFSET_BITS | offset;
    }
    if count.div_ceil(4) < units.len().div_ceil(4) {
        units.clear();
        encode_sparse(pieces, &mut units, words)
    } else {
        pack(&units, 0, words);
        Layout::Paged
    }
}

fn encode_sparse(pieces: &[Piece<'_>; CHUNK_PAGES], units: &mut Vec<u16>, words: &mut Vec<u64>) -> Layout {
    for (page, piece) in pieces.iter().enumerate() {
        let first = (page * PAGE_SERIALS as usize) as u16;
        match piece {
            Piece::Fresh(set) => units.extend(set.iter().map(|place| first + place)),
            Piece::Written { form: Form::Empty, .. } => {}
            Piece::Written { .. } => units.extend(piece.set().iter().map(|place| first + place)),
        }
    }
    pack(units, units.last().copied().unwrap_or(0), words);
    Layout::Sparse
}

/// Whether a sorted list, four places a word, holds a place.
#[inline]
fn sparse_contains(words: &[u64], place: u16) -> bool {
    const ONES: u64 = 0x0001_0001_0001_0001;
    let after = words.partition_point(|word| *word as u16 <= place);
    let Some(word) = after.checked_sub(1).and_then(|index| words.get(index)) else { return false };
    let differences = word ^ (u64::from(place) * ONES);
    differences.wrapping_sub(ONES) & !differences & ONES << 15 != 0
}

#[cfg(test)]
mod tests {
    use super::{super::container::tests::page_bits, *};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const NOTHING: Section<'_> = Section { layout: Layout::Empty, words: &[] };

    fn refs(changes: &[(usize, PageBits)]) -> impl Iterator<Item = (usize, &PageBits)> {
        changes.iter().map(|(page, set)| (*page, set))
    }

    fn pages(max: usize) -> impl Strategy<Value = Vec<(usize, PageBits)>> {
        prop::collection::btree_map(0..CHUNK_PAGES, page_bits(), 0..max).prop_map(|pages| pages.into_iter().collect())
    }

    fn scatter() -> impl Strategy<Value = Vec<(usize, PageBits)>> {
        prop::collection::btree_set(any::<u16>(), 0..120).prop_map(|places| {
            let mut pages = vec![PageBits::EMPTY; CHUNK_PAGES];
            for place in places {
                pages[usize::from(place) / 2048].insert(place % 2048);
            }
            pages.into_iter().enumerate().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn a_set_is_what_was_put_in(
            first in prop_oneof![pages(CHUNK_PAGES), scatter()],
            change in pages(3),
            probes in prop::collection::vec(any::<u16>(), 200),
        ) {
            let mut words = Vec::new();
            let layout = NOTHING.replaced(refs(&first), &mut words);
            let section = Section { layout, words: &words };
            let mut changed = Vec::new();
            let changed_layout = section.replaced(refs(&change), &mut changed);

            let mut model: std::collections::BTreeMap<usize, PageBits> = first.iter().cloned().collect();
            model.extend(change.iter().cloned());
            let mut rebuilt = Vec::new();
            let all: Vec<_> = model.clone().into_iter().collect();
            prop_assert_eq!(NOTHING.replaced(refs(&all), &mut rebuilt), changed_layout);
            prop_assert_eq!(&rebuilt, &changed);

            let section = Section { layout: changed_layout, words: &changed };
            let places: BTreeSet<u16> = all.iter()
                .flat_map(|(page, set)| set.iter().map(|place| (*page * 2048) as u16 + place).collect::<Vec<_>>())
                .collect();
            prop_assert_eq!(section.count(), places.len() as u64);
            for page in 0..CHUNK_PAGES {
                prop_assert_eq!(&section.page(page), model.get(&page).unwrap_or(&PageBits::EMPTY));
            }
            let near = places.iter().flat_map(|place| [place.wrapping_sub(1), *place, place.wrapping_add(1)]);
            for place in near.chain(probes) {
                let spot = Spot::of(&changed, changed_layout, 0, changed.len(), place);
                spot.touch(&changed);
                prop_assert_eq!(spot.read(&changed, place), places.contains(&place), "place {}", place);
            }
        }
    }

    #[test]
    fn few_places_are_listed() {
        let mut words = Vec::new();
        let mut set = PageBits::EMPTY;
        set.insert(7);
        assert_eq!(NOTHING.replaced(refs(&[(3, set)]), &mut words), Layout::Sparse);
        assert_eq!(words.len(), 1);
        assert_eq!(NOTHING.replaced(refs(&[]), &mut words), Layout::Empty);
    }
}
