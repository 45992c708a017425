//! Containers: one page's set of places in as few bits as its shape allows.
//!
//! Registers hold runs (a maker's whole production), random subsets of ranges, and thin scatters (single
//! passengers' phones). No one form is small for all three, so each page is written in the smallest of
//! six: empty, full, runs, places, blocks, bitmap. The form stands in the set's index, so empty and full cost
//! nothing. Blocks take more than Elias-Fano would (10.1 for 7.6 bits a device in all, where 5 % are in), but
//! nothing has to be searched: a place is found in a third of the time (docs/performance.md).
//!
//! Bytes, in 16-bit units, little-endian bit order:
//! - runs: count; per run its first and its last place
//! - places: count; each place
//! - blocks: `count | low_bits << 8`; ends of blocks of `2^low_bits` places, 8 bits each, after a 0: how many
//!   places lie in the blocks up to here; then `low_bits` bits of each place, ascending
//! - bitmap: 128 units
//!
//! What always holds: the form depends on the set alone, so that equal sets are equal bytes.

#[cfg(test)]
pub(super) mod tests;

use super::bits::{BitWriter, bit_at, unit_at, word_at};
use crate::page::{PAGE_SERIALS, PageBits};

/// In which form a page's set is written. 3 bits in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    Empty = 0,
    Full = 1,
    Runs = 2,
    Blocks = 3,
    Bitmap = 4,
    Places = 5,
}

impl Form {
    /// The form of a code; codes that do not exist read as empty.
    pub(super) const fn of_code(code: u16) -> Self {
        match code {
            1 => Self::Full,
            2 => Self::Runs,
            3 => Self::Blocks,
            4 => Self::Bitmap,
            5 => Self::Places,
            _ => Self::Empty,
        }
    }
}

const BITMAP_UNITS: u32 = PAGE_SERIALS / 16;
/// Bits of a place.
const PLACE_BITS: u32 = PAGE_SERIALS.ilog2();
/// Bits of the end of a block, and so the most places that blocks can hold.
const END_BITS: u32 = 8;
const BLOCKS_PLACES_MAX: u32 = (1 << END_BITS) - 1;
/// Bits of the places of a block on average, at most: then one block in a thousand goes beyond a word.
const BLOCK_BITS_MEAN_MAX: u32 = 28;
/// Above this blocks save too little over a bitmap for the time that their search takes.
const BLOCKS_UNITS_MAX: u32 = BITMAP_UNITS * 7 / 8;

/// Writes a set behind `units`, in its smallest form.
pub(super) fn encode(set: &PageBits, units: &mut Vec<u16>) -> Form {
    let count = set.count();
    if count == 0 {
        return Form::Empty;
    }
    if count == PAGE_SERIALS {
        return Form::Full;
    }
    let runs = 1 + 2 * runs_of(set);
    let places = 1 + count;
    let (low_bits, blocks) = blocks_shape(count);
    if runs <= places.min(blocks).min(BITMAP_UNITS) {
        encode_runs(set, units);
        Form::Runs
    } else if places <= blocks.min(BITMAP_UNITS) {
        units.push(count as u16);
        units.extend(set.iter());
        Form::Places
    } else if blocks <= BLOCKS_UNITS_MAX {
        encode_blocks(set, count, low_bits, units);
        Form::Blocks
    } else {
        units.extend(set.0.iter().flat_map(|word| (0..4).map(move |quarter| (word >> (quarter * 16)) as u16)));
        Form::Bitmap
    }
}

/// How many runs of consecutive places a set has.
fn runs_of(set: &PageBits) -> u32 {
    let mut carry = 0;
    let mut runs = 0;
    for word in set.0 {
        runs += (word & !(word << 1 | carry)).count_ones();
        carry = word >> 63;
    }
    runs
}

/// Low bits and units of the smallest blocks for so many places.
fn blocks_shape(count: u32) -> (u32, u32) {
    if count > BLOCKS_PLACES_MAX {
        return (0, u32::MAX);
    }
    let shape = |low_bits: u32| {
        let blocks = PAGE_SERIALS >> low_bits;
        (low_bits, 1 + ((blocks + 1) * END_BITS + count * low_bits).div_ceil(16))
    };
    // Nearly all blocks are to fit into the word that is read: smaller ones are worth a unit or two.
    let fits = |(low_bits, _): &(u32, u32)| count * low_bits <= (PAGE_SERIALS >> low_bits) * BLOCK_BITS_MEAN_MAX;
    (1..=PLACE_BITS).map(shape).filter(fits).min_by_key(|(_, units)| *units).unwrap_or((0, u32::MAX))
}

fn encode_runs(set: &PageBits, units: &mut Vec<u16>) {
    units.push(runs_of(set) as u16);
    let mut last = None;
    for place in set.iter() {
        match units.last_mut() {
            Some(end) if last.is_some_and(|last| last + 1 == place) => *end = place,
            _ => units.extend([place, place]),
        }
        last = Some(place);
    }
}

fn encode_blocks(set: &PageBits, count: u32, low_bits: u32, units: &mut Vec<u16>) {
    units.push((count | low_bits << END_BITS) as u16);
    let mut places = set.iter().map(u32::from).peekable();
    let mut writer = BitWriter::new(units);
    let mut end = 0;
    writer.push(end, END_BITS);
    for block in 0..PAGE_SERIALS >> low_bits {
        while places.next_if(|place| place >> low_bits == block).is_some() {
            end += 1;
        }
        writer.push(end, END_BITS);
    }
    for place in set.iter() {
        writer.push(u32::from(place) & ((1 << low_bits) - 1), low_bits);
    }
    writer.finish();
}

/// Whether a place is in the set that starts at a unit.
#[inline]
pub(super) fn contains(form: Form, words: &[u64], unit: usize, place: u16) -> bool {
    match form {
        Form::Empty => false,
        Form::Full => true,
        Form::Bitmap => bit_at(words, unit * 16 + usize::from(place)),
        Form::Runs => run_contains(words, unit, place),
        Form::Places => listed(words, unit).any(|listed| listed == place),
        Form::Blocks => blocks_contain(words, unit, place),
    }
}

#[inline]
fn run_contains(words: &[u64], unit: usize, place: u16) -> bool {
    let runs = usize::from(unit_at(words, unit));
    (0..runs).any(|run| {
        let edges = word_at(words, (unit + 1 + 2 * run) * 16);
        (edges as u16..=(edges >> 16) as u16).contains(&place)
    })
}

/// The places of a container that lists them.
#[inline]
fn listed(words: &[u64], unit: usize) -> impl Iterator<Item = u16> {
    let count = usize::from(unit_at(words, unit));
    (unit + 1..unit + 1 + count).map(|unit| unit_at(words, unit))
}

#[inline]
fn blocks_contain(words: &[u64], unit: usize, place: u16) -> bool {
    let parts = Blocks::read(words, unit);
    let (start, end) = parts.block(words, usize::from(place) >> parts.low_bits);
    let (places, wanted) = (end.saturating_sub(start), u64::from(place) & parts.mask());
    if places * parts.low_bits < 64 {
        lane_is_zero(parts.lows_from(words, start) ^ parts.lanes(wanted), parts.low_bits, places)
    } else {
        (start..end).any(|index| parts.low_of(words, index) == wanted)
    }
}

/// Whether one of the first lanes of so many bits is zero. Without a loop or a branch: how many places a
/// bucket has is random.
#[inline]
fn lane_is_zero(word: u64, width: u32, lanes: u32) -> bool {
    let Some(ones) = LANES.get(width as usize) else { return false };
    let tops = ones << width.saturating_sub(1);
    // Above the first zero lane a borrow may show another one: that does no harm, the answer is yes.
    word.wrapping_sub(*ones) & !word & tops & ((1 << (lanes * width)) - 1) != 0
}

/// A one at the foot of each whole lane, by the bits of a lane.
const LANES: [u64; PLACE_BITS as usize + 1] = {
    let mut lanes = [0; PLACE_BITS as usize + 1];
    let mut width = 1;
    while width < lanes.len() {
        let mut lane = 0;
        while (lane + 1) * width <= 64 {
            lanes[width] |= 1 << (lane * width);
            lane += 1;
        }
        width += 1;
    }
    lanes
};

/// Places in lists, one list a block.
struct Blocks {
    count: u32,
    low_bits: u32,
    ends: usize,
    lows: usize,
}

impl Blocks {
    #[inline]
    fn read(words: &[u64], unit: usize) -> Self {
        let head = u32::from(unit_at(words, unit));
        let low_bits = (head >> END_BITS).clamp(1, PLACE_BITS);
        let ends = (unit + 1) * 16;
        let blocks = (PAGE_SERIALS >> low_bits) as usize;
        Self { count: head & BLOCKS_PLACES_MAX, low_bits, ends, lows: ends + (blocks + 1) * END_BITS as usize }
    }

    /// The indexes at which the list of a block starts and ends.
    #[inline]
    fn block(&self, words: &[u64], block: usize) -> (u32, u32) {
        let ends = word_at(words, self.ends + block * END_BITS as usize) as u32;
        (ends & BLOCKS_PLACES_MAX, ends >> END_BITS & BLOCKS_PLACES_MAX)
    }

    #[inline]
    const fn mask(&self) -> u64 {
        (1 << self.low_bits) - 1
    }

    /// A value in every lane.
    #[inline]
    fn lanes(&self, value: u64) -> u64 {
        LANES.get(self.low_bits as usize).map_or(0, |ones| ones.wrapping_mul(value))
    }

    /// The low parts of the places from an index on, as many as a word holds.
    #[inline]
    fn lows_from(&self, words: &[u64], index: u32) -> u64 {
        word_at(words, self.lows + (index * self.low_bits) as usize)
    }

    #[inline]
    fn low_of(&self, words: &[u64], index: u32) -> u64 {
        self.lows_from(words, index) & self.mask()
    }
}

/// How many units a container takes.
pub(super) fn units_of(form: Form, words: &[u64], unit: usize) -> usize {
    match form {
        Form::Empty | Form::Full => 0,
        Form::Bitmap => BITMAP_UNITS as usize,
        Form::Runs => 1 + 2 * usize::from(unit_at(words, unit)),
        Form::Places => 1 + usize::from(unit_at(words, unit)),
        Form::Blocks => {
            let parts = Blocks::read(words, unit);
            1 + (parts.lows - parts.ends + (parts.count * parts.low_bits) as usize).div_ceil(16)
        }
    }
}

/// How many places are in.
pub(super) fn count(form: Form, words: &[u64], unit: usize) -> u32 {
    match form {
        Form::Empty => 0,
        Form::Full => PAGE_SERIALS,
        Form::Blocks => Blocks::read(words, unit).count,
        Form::Places => u32::from(unit_at(words, unit)),
        Form::Runs | Form::Bitmap => decode(form, words, unit).count(),
    }
}

/// The set that was written.
pub(super) fn decode(form: Form, words: &[u64], unit: usize) -> PageBits {
    let mut set = PageBits::EMPTY;
    match form {
        Form::Empty => {}
        Form::Full => set.0 = [u64::MAX; PageBits::WORDS],
        Form::Bitmap => set.0 = std::array::from_fn(|index| word_at(words, unit * 16 + index * 64)),
        Form::Runs => decode_runs(words, unit, &mut set),
        Form::Places => listed(words, unit).for_each(|place| _ = set.insert(place % PAGE_SERIALS as u16)),
        Form::Blocks => decode_blocks(words, unit, &mut set),
    }
    set
}

fn decode_runs(words: &[u64], unit: usize, set: &mut PageBits) {
    for run in 0..usize::from(unit_at(words, unit)) {
        let edges = word_at(words, (unit + 1 + 2 * run) * 16);
        set.insert_run(edges as u16, (edges >> 16) as u16);
    }
}

fn decode_blocks(words: &[u64], unit: usize, set: &mut PageBits) {
    let parts = Blocks::read(words, unit);
    for block in 0..PAGE_SERIALS >> parts.low_bits {
        let (start, end) = parts.block(words, block as usize);
        for index in start..end {
            let place = block << parts.low_bits | parts.low_of(words, index) as u32;
            set.insert((place % PAGE_SERIALS) as u16);
        }
    }
}
