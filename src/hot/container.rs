//! Containers: one page's set of places in as few bits as its shape allows.
//!
//! Registers hold runs (a maker's whole production), random subsets of ranges, and thin scatters (single
//! passengers' phones). No one form is small for all three, so each page is written in the smallest of
//! five: empty, full, runs, Elias-Fano, bitmap. The form stands in the set's index, so empty and full
//! cost nothing.
//!
//! Bytes, in 16-bit units, little-endian bit order:
//! - runs: count; per run its first and its last place
//! - Elias-Fano: `count | low_bits << 11`; high part: per bucket of `2^low_bits` places one 1 for each
//!   place in it, then a 0; low part: `low_bits` bits of each place, ascending
//! - bitmap: 128 units
//!
//! What always holds: the form depends on the set alone, so that equal sets are equal bytes.

#[cfg(test)]
pub(super) mod tests;

use super::bits::{BitWriter, bit_at, select, unit_at, word_at};
use crate::page::{PAGE_SERIALS, PageBits};

/// In which form a page's set is written. 3 bits in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    Empty = 0,
    Full = 1,
    Runs = 2,
    EliasFano = 3,
    Bitmap = 4,
}

impl Form {
    /// The form of a code; codes that do not exist read as empty.
    pub(super) const fn of_code(code: u16) -> Self {
        match code {
            1 => Self::Full,
            2 => Self::Runs,
            3 => Self::EliasFano,
            4 => Self::Bitmap,
            _ => Self::Empty,
        }
    }
}

const BITMAP_UNITS: u32 = PAGE_SERIALS / 16;
const COUNT_BITS: u32 = 11;
/// Above this an Elias-Fano container saves too little over a bitmap for the time that its search takes.
const ELIAS_FANO_UNITS_MAX: u32 = BITMAP_UNITS * 7 / 8;

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
    let (low_bits, sparse) = elias_fano_shape(count);
    if runs <= sparse.min(BITMAP_UNITS) {
        encode_runs(set, units);
        Form::Runs
    } else if sparse <= ELIAS_FANO_UNITS_MAX {
        encode_elias_fano(set, count, low_bits, units);
        Form::EliasFano
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

/// Low bits and units of the smallest Elias-Fano container of so many places.
fn elias_fano_shape(count: u32) -> (u32, u32) {
    (1..=COUNT_BITS)
        .map(|low_bits| (low_bits, 1 + (count * low_bits + count + (PAGE_SERIALS >> low_bits)).div_ceil(16)))
        // Of equals the one with more low bits: its high part is shorter to search.
        .min_by_key(|(low_bits, units)| (*units, COUNT_BITS - low_bits))
        .unwrap_or((0, u32::MAX))
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

fn encode_elias_fano(set: &PageBits, count: u32, low_bits: u32, units: &mut Vec<u16>) {
    units.push((count | low_bits << COUNT_BITS) as u16);
    let mut writer = BitWriter::new(units);
    let mut bucket = 0;
    for place in set.iter() {
        while bucket < u32::from(place) >> low_bits {
            writer.push(0, 1);
            bucket += 1;
        }
        writer.push(1, 1);
    }
    for _ in bucket..PAGE_SERIALS >> low_bits {
        writer.push(0, 1);
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
        Form::EliasFano => elias_fano_contains(words, unit, place),
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

#[inline]
fn elias_fano_contains(words: &[u64], unit: usize, place: u16) -> bool {
    let parts = EliasFano::read(words, unit);
    let bucket = usize::from(place) >> parts.low_bits;
    let wanted = u64::from(place) & parts.mask();
    let start = if bucket == 0 { 0 } else { zero_at(words, parts.high, bucket as u32 - 1) + 1 };
    // Each bit before the bucket is a place or the end of a bucket.
    let index = start - bucket;
    let places = word_at(words, parts.high + start).trailing_ones();
    if places * parts.low_bits < 64 {
        lane_is_zero(parts.lows_from(words, index) ^ parts.lanes(wanted), parts.low_bits, places)
    } else {
        parts.bucket_contains(words, start, index, wanted)
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
const LANES: [u64; COUNT_BITS as usize + 1] = {
    let mut lanes = [0; COUNT_BITS as usize + 1];
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

/// Where the zero of this rank lies, counted from a position.
#[inline]
fn zero_at(words: &[u64], position: usize, rank: u32) -> usize {
    let mut rest = rank;
    let mut base = 0;
    // A high part is shorter than this; the bound holds even for broken bytes.
    while base < 2 * PAGE_SERIALS as usize {
        let zeros = !word_at(words, position + base);
        let count = zeros.count_ones();
        if rest < count {
            return base + select(zeros, rest) as usize;
        }
        rest -= count;
        base += 64;
    }
    base
}

struct EliasFano {
    count: usize,
    low_bits: u32,
    high: usize,
    low: usize,
}

impl EliasFano {
    #[inline]
    fn read(words: &[u64], unit: usize) -> Self {
        let head = unit_at(words, unit);
        let count = usize::from(head & ((1 << COUNT_BITS) - 1));
        let low_bits = u32::from(head >> COUNT_BITS).clamp(1, COUNT_BITS);
        let high = (unit + 1) * 16;
        Self { count, low_bits, high, low: high + count + (PAGE_SERIALS as usize >> low_bits) }
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
    fn lows_from(&self, words: &[u64], index: usize) -> u64 {
        word_at(words, self.low + index * self.low_bits as usize)
    }

    /// Goes through a bucket with more places than a word holds.
    fn bucket_contains(&self, words: &[u64], start: usize, index: usize, wanted: u64) -> bool {
        let places = (index..self.count).zip(self.high + start..);
        let mut bucket = places.take_while(|(_, position)| bit_at(words, *position));
        bucket.any(|(index, _)| self.low_of(words, index) == wanted)
    }

    #[inline]
    fn low_of(&self, words: &[u64], index: usize) -> u64 {
        word_at(words, self.low + index * self.low_bits as usize) & self.mask()
    }
}

/// How many units a container takes.
pub(super) fn units_of(form: Form, words: &[u64], unit: usize) -> usize {
    match form {
        Form::Empty | Form::Full => 0,
        Form::Bitmap => BITMAP_UNITS as usize,
        Form::Runs => 1 + 2 * usize::from(unit_at(words, unit)),
        Form::EliasFano => {
            let parts = EliasFano::read(words, unit);
            1 + (parts.low - parts.high + parts.count * parts.low_bits as usize).div_ceil(16)
        }
    }
}

/// How many places are in.
pub(super) fn count(form: Form, words: &[u64], unit: usize) -> u32 {
    match form {
        Form::Empty => 0,
        Form::Full => PAGE_SERIALS,
        Form::EliasFano => EliasFano::read(words, unit).count as u32,
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
        Form::EliasFano => decode_elias_fano(words, unit, &mut set),
    }
    set
}

fn decode_runs(words: &[u64], unit: usize, set: &mut PageBits) {
    for run in 0..usize::from(unit_at(words, unit)) {
        let edges = word_at(words, (unit + 1 + 2 * run) * 16);
        for place in edges as u16..=((edges >> 16) as u16).min(PAGE_SERIALS as u16 - 1) {
            set.insert(place);
        }
    }
}

fn decode_elias_fano(words: &[u64], unit: usize, set: &mut PageBits) {
    let parts = EliasFano::read(words, unit);
    let (mut bucket, mut index) = (0_u64, 0);
    for position in parts.high..parts.low {
        if bit_at(words, position) {
            let place = bucket << parts.low_bits | parts.low_of(words, index);
            set.insert((place % u64::from(PAGE_SERIALS)) as u16);
            index += 1;
        } else {
            bucket += 1;
        }
    }
}
