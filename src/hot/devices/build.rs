//! Writing a device chunk: from another one and the pages that change.

use super::{
    CHUNK_PAGES, COUNT_SHIFT, DeviceChunk, DeviceSet, HAS_SETS, IS_LISTED, OFFSET_BITS, OFFSET_UNITS, SETS, UNIT_BITS,
};
use crate::{
    hot::{
        bits::{pack, unit_at},
        container::{self, Form},
    },
    page::{PAGE_SERIALS, PageBits},
};

/// So few devices are less as a list than an index is.
const LISTED_ALWAYS_MAX: u32 = 32;
/// So many, each counted once for each of its sets, are no list: an index with containers would be as small.
const LISTED_MAX: u32 = 1024;

/// A set of a page, on its way into a chunk.
#[derive(Clone, Copy)]
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

    fn is_empty(&self) -> bool {
        match self {
            Self::Written { form, .. } => *form == Form::Empty,
            Self::Fresh(set) => set.is_empty(),
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

/// All sets of all pages.
type Pieces<'a> = [[Piece<'a>; SETS]; CHUNK_PAGES];

impl DeviceChunk {
    /// The chunk with some pages replaced. Containers of other pages are copied as they are. `None` when no device is
    /// left.
    pub(in crate::hot) fn replaced(old: Option<&Self>, changes: &[(usize, [&PageBits; SETS])]) -> Option<Self> {
        let listed = old.map(Self::listed_pages).unwrap_or_default();
        let mut pieces: Pieces<'_> = std::array::from_fn(|page| {
            DeviceSet::ALL.map(|set| match old {
                Some(old) => {
                    let (form, unit) = old.container(set, page);
                    Piece::Written { form, words: &old.words, unit }
                }
                None => Piece::Fresh(&PageBits::EMPTY),
            })
        });
        let listed = listed.iter().map(|(page, sets)| (*page, sets.each_ref()));
        for (page, sets) in listed.chain(changes.iter().copied()) {
            if let Some(pieces) = pieces.get_mut(page) {
                *pieces = sets.map(Piece::Fresh);
            }
        }
        Self::of_pieces(&pieces)
    }

    fn of_pieces(pieces: &Pieces<'_>) -> Option<Self> {
        let all = || pieces.iter().flat_map(|sets| sets.iter().enumerate());
        let has = all().filter(|(_, piece)| !piece.is_empty()).fold(0, |has, (set, _)| has | 1 << set);
        if has == 0 {
            return None;
        }
        let count: u32 = all().map(|(_, piece)| piece.count()).sum();
        let list = (count <= LISTED_MAX).then(|| listed(pieces, has));
        let chunk = match list {
            Some(list) if count <= LISTED_ALWAYS_MAX => list,
            Some(list) => {
                Some(paged(pieces, has)).filter(|paged| paged.words.len() <= list.words.len()).unwrap_or(list)
            }
            None => paged(pieces, has),
        };
        Some(chunk)
    }

    /// The pages of a list that hold something.
    fn listed_pages(&self) -> Vec<(usize, [PageBits; SETS])> {
        let mut pages: Vec<(usize, [PageBits; SETS])> = Vec::new();
        for (place, sets) in self.list() {
            let page = usize::from(place) / PAGE_SERIALS as usize;
            if pages.last().is_none_or(|(last, _)| *last != page) {
                pages.push((page, Default::default()));
            }
            let into = pages.last_mut().into_iter().flat_map(|(_, into)| into.iter_mut().enumerate());
            into.filter(|(set, _)| sets >> set & 1 == 1).for_each(|(_, into)| {
                into.insert(place % PAGE_SERIALS as u16);
            });
        }
        pages
    }
}

fn listed(pieces: &Pieces<'_>, has: u64) -> DeviceChunk {
    let mut places = Vec::new();
    let mut sets_of: Vec<u16> = Vec::new();
    for (page, pieces) in pieces.iter().enumerate().filter(|(_, sets)| sets.iter().any(|piece| !piece.is_empty())) {
        let sets = pieces.map(|piece| piece.set());
        let mut any = PageBits::EMPTY;
        sets.iter().for_each(|set| any.union(set));
        for place in any.iter() {
            let nibble = (0..).zip(&sets).map(|(set, bits)| u16::from(bits.contains(place)) << set).sum::<u16>();
            let (unit, shift) = (places.len() / 4, places.len() % 4 * SETS);
            sets_of.resize(unit + 1, 0);
            sets_of[unit] |= nibble << shift;
            places.push((page * PAGE_SERIALS as usize) as u16 + place);
        }
    }
    let mut words = Vec::with_capacity(places.len() / 2);
    pack(&places, places.last().copied().unwrap_or(0), &mut words);
    if has.count_ones() > 1 {
        pack(&sets_of, 0, &mut words);
    }
    let header = has | IS_LISTED | (places.len() as u64) << COUNT_SHIFT;
    DeviceChunk { header, words: words.into() }
}

fn paged(pieces: &Pieces<'_>, has: u64) -> DeviceChunk {
    let width = (has & HAS_SETS).count_ones() as usize;
    let index = CHUNK_PAGES * width;
    let mut units = vec![0; index];
    for (page, sets) in pieces.iter().enumerate() {
        let of_chunk = sets.iter().enumerate().filter(|(set, _)| has >> set & 1 == 1);
        for (rank, (_, piece)) in of_chunk.enumerate() {
            units.resize(units.len().next_multiple_of(OFFSET_UNITS), 0);
            let offset = (units.len() - index) / OFFSET_UNITS;
            let form = piece.write(&mut units);
            // What is empty or full needs no place, and behind full bitmaps there would be none.
            let offset = offset.min((1 << OFFSET_BITS) - 1) as u16;
            units[page * width + rank] = (form as u16) << OFFSET_BITS | offset;
        }
    }
    let mut words = Vec::with_capacity(units.len() * UNIT_BITS / 64 + 1);
    pack(&units, 0, &mut words);
    DeviceChunk { header: has, words: words.into() }
}
