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
