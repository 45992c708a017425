//! Bit fields in blobs of 64-bit words.
//!
//! Chunks are blobs of `u64`, so that one allocation holds everything and a word is read by one load;
//! containers within them are counted in 16-bit units, so that a page of few devices wastes little.
//! What always holds: reading past the end of a blob gives zeros, never a panic: a check must not die
//! of a broken offset.

/// 64 bits from a bit position on. Bits past the end are zero.
#[inline]
pub(super) fn word_at(words: &[u64], position: usize) -> u64 {
    let (index, shift) = (position / 64, position % 64);
    let at = |index: usize| words.get(index).copied().unwrap_or(0);
    // In two shifts, so that a shift by 64 needs no branch: positions within a word are random.
    at(index) >> shift | at(index + 1) << 1 << (63 - shift)
}

/// Up to 16 bits that do not cross a word, as every aligned 16-bit unit.
#[inline]
pub(super) fn unit_at(words: &[u64], unit: usize) -> u16 {
    (words.get(unit / 4).copied().unwrap_or(0) >> (unit % 4 * 16)) as u16
}

/// One bit.
#[inline]
pub(super) fn bit_at(words: &[u64], position: usize) -> bool {
    words.get(position / 64).is_some_and(|word| word >> (position % 64) & 1 == 1)
}

/// The position of the one bit of this rank (0 is the lowest). The word has more than `rank` ones.
///
/// Without a loop or a branch: what it is asked is random, and a wrong guess costs more than the sums.
#[inline]
pub(super) const fn select(word: u64, rank: u32) -> u32 {
    let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
    let nibbles = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    // Byte i holds how many ones lie in bytes 0 to i.
    let sums = ((nibbles + (nibbles >> 4)) & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(ONES);
    let shift = (bytes_up_to(sums, rank) * 8) & 63;
    let rest = rank.wrapping_sub((sums << 8 >> shift) as u32 & 0xff);
    // Byte i holds bit i of the chosen byte, then how many of its ones lie in bits 0 to i.
    let spread = (word >> shift & 0xff).wrapping_mul(ONES) & 0x8040_2010_0804_0201;
    let bits = (((spread & !TOPS) + !TOPS) | spread) & TOPS;
    shift + bytes_up_to((bits >> 7).wrapping_mul(ONES), rest)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// How many of eight bytes, each below 128, are at most `limit`.
#[inline]
const fn bytes_up_to(bytes: u64, limit: u32) -> u32 {
    let at_most = ((limit as u64).wrapping_mul(ONES) | TOPS).wrapping_sub(bytes) & TOPS;
    ((at_most >> 7).wrapping_mul(ONES) >> 56) as u32
}

/// Packs 16-bit units into words, lowest first, the last word filled up with `fill`.
pub(super) fn pack(units: &[u16], fill: u16, words: &mut Vec<u64>) {
    words.extend(units.chunks(4).map(|four| {
        (0..4).rev().fold(0, |word, place| word << 16 | u64::from(four.get(place).copied().unwrap_or(fill)))
    }));
}

/// Appends bit fields to 16-bit units.
pub(super) struct BitWriter<'a> {
    units: &'a mut Vec<u16>,
    pending: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    /// Writes behind what is there.
    pub(super) fn new(units: &'a mut Vec<u16>) -> Self {
        Self { units, pending: 0, count: 0 }
    }

    /// Appends the low `width` bits of a value that has no others; `width` is at most 32.
    pub(super) fn push(&mut self, value: u32, width: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += width;
        while self.count >= 16 {
            self.units.push(self.pending as u16);
            self.pending >>= 16;
            self.count -= 16;
        }
    }

    /// Writes the last unit, filled up with zeros.
    pub(super) fn finish(self) {
        if self.count > 0 {
            self.units.push(self.pending as u16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn select_finds_every_one(word: u64) {
            let ones: Vec<u32> = (0..64).filter(|place| word >> place & 1 == 1).collect();
            for (rank, place) in ones.iter().enumerate() {
                prop_assert_eq!(select(word, rank as u32), *place);
            }
        }

        #[test]
        fn fields_come_back(fields in prop::collection::vec((any::<u32>(), 1_u32..=32), 0..60)) {
            let mut units = Vec::new();
            let mut writer = BitWriter::new(&mut units);
            for (value, width) in &fields {
                writer.push((u64::from(*value) & ((1 << width) - 1)) as u32, *width);
            }
            writer.finish();
            let mut words = Vec::new();
            pack(&units, 0, &mut words);
            let mut position = 0;
            for (value, width) in &fields {
                let mask = (1_u64 << width) - 1;
                prop_assert_eq!(word_at(&words, position) & mask, u64::from(*value) & mask);
                prop_assert_eq!(bit_at(&words, position), value & 1 == 1);
                position += *width as usize;
            }
            for (index, unit) in units.iter().enumerate() {
                prop_assert_eq!(unit_at(&words, index), *unit);
            }
        }
    }

    #[test]
    fn past_the_end_is_zero() {
        assert_eq!(word_at(&[u64::MAX], 60), 0xf);
        assert_eq!(word_at(&[u64::MAX], 64), 0);
        assert_eq!(unit_at(&[u64::MAX], 4), 0);
        assert!(!bit_at(&[u64::MAX], 64));
    }
}
