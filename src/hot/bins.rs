//! Bins: values of a few bytes by place, each place beside its values.
//!
//! Nearly all pairs and numbers of subscribers have one small form, and a check of a large register waits for memory
//! line by line. So one blob holds what 4,096 places have: an index says where each of 64 bins starts, and a bin has
//! the places of its values and then the values. A search reads one line of the index and one or two of the bin.
//!
//! Bytes, little-endian: up to 64 values, the place of each (2) and then the values. Above, 65 numbers (2; from 65,536
//! values on 4): how many values lie before each bin, and how many there are; then bin by bin the place of each value
//! within its bin (1), and the values.
//! What always holds: places ascend, values of one place keep the order in which they came, and the length of a blob
//! tells its form.

use super::{memory, near, shelf::SHELF_PLACES};
use std::{ops::Range, sync::Arc};

const BINS: usize = 64;
const BIN_PLACES: u16 = SHELF_PLACES / BINS as u16;
/// Up to so many values need no index.
const LISTED_MAX: usize = 64;
/// Numbers of the index.
const INDEX: usize = BINS + 1;
/// From so many values on the numbers of the index have four bytes.
const WIDE_MIN: usize = 1 << 16;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bins<const N: usize>(Arc<[u8]>);

/// Where the values of a place are: found by the index, read later.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bin {
    /// First byte of its places.
    at: usize,
    /// How many values.
    count: usize,
    /// Whether its places have two bytes: it is a list of all.
    is_listed: bool,
}

/// How a blob is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Listed,
    /// Bytes of a number of the index.
    Indexed(usize),
}

impl<const N: usize> Default for Bins<N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<const N: usize> Bins<N> {
    /// Bytes of a value with its place, where there are many.
    pub(super) const VALUE_BYTES: u64 = N as u64 + 1;

    /// Bins of these values, sorted by place.
    pub(super) fn new(mut entries: Vec<(u16, [u8; N])>) -> Self {
        entries.sort_by_key(|(place, _)| *place);
        let mut bytes = Vec::with_capacity(INDEX * 4 + entries.len() * (N + 1));
        if entries.len() <= LISTED_MAX {
            bytes.extend(entries.iter().flat_map(|(place, _)| place.to_le_bytes()));
            bytes.extend(entries.iter().flat_map(|(_, value)| *value));
            return Self(bytes.into());
        }
        let starts = (0..INDEX).map(|bin| entries.partition_point(|(place, _)| usize::from(*place / BIN_PLACES) < bin));
        for start in starts {
            if entries.len() < WIDE_MIN {
                bytes.extend((start as u16).to_le_bytes());
            } else {
                bytes.extend((start as u32).to_le_bytes());
            }
        }
        for bin in entries.chunk_by(|(one, _), (other, _)| one / BIN_PLACES == other / BIN_PLACES) {
            bytes.extend(bin.iter().map(|(place, _)| (place % BIN_PLACES) as u8));
            bytes.extend(bin.iter().flat_map(|(_, value)| *value));
        }
        Self(bytes.into())
    }

    /// The bins of a blob. `None` when it is not one.
    pub(super) fn of_blob(blob: Arc<[u8]>) -> Option<Self> {
        let bins = Self(blob);
        let rest = match bins.form() {
            Form::Listed => bins.0.len() % (N + 2),
            Form::Indexed(width) => {
                let starts: Vec<usize> = (0..INDEX).map(|bin| bins.start(width, bin)).collect();
                let ascend = starts.first() == Some(&0) && starts.is_sorted();
                let wanted = INDEX * width + starts.last()? * (N + 1);
                bins.0.len().abs_diff(wanted) + usize::from(!ascend)
            }
        };
        (rest == 0).then_some(bins)
    }

    /// The blob.
    pub(super) fn blob(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are no values.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        match self.form() {
            Form::Listed => self.0.len() / (N + 2),
            Form::Indexed(width) => (self.0.len() - INDEX * width) / (N + 1),
        }
    }

    #[inline]
    fn form(&self) -> Form {
        match self.0.len() {
            bytes if bytes <= LISTED_MAX * (N + 2) => Form::Listed,
            bytes if bytes < INDEX * 2 + WIDE_MIN * (N + 1) => Form::Indexed(2),
            _ => Form::Indexed(4),
        }
    }

    /// How many values lie before a bin.
    #[inline]
    fn start(&self, width: usize, bin: usize) -> usize {
        let number = self.0.get(bin * width..).unwrap_or(&[]);
        match (width, number.first_chunk(), number.first_chunk()) {
            (2, Some(two), _) => usize::from(u16::from_le_bytes(*two)),
            (_, _, Some(four)) => u32::from_le_bytes(*four) as usize,
            _ => 0,
        }
    }

    #[inline]
    fn bin_of(&self, width: usize, bin: usize) -> Bin {
        let (start, end) = (self.start(width, bin), self.start(width, bin + 1));
        Bin { at: INDEX * width + start * (N + 1), count: end.saturating_sub(start), is_listed: false }
    }

    fn list(&self) -> Bin {
        Bin { at: 0, count: self.0.len() / (N + 2), is_listed: true }
    }

    /// First step of [`Bins::get`]: brings the index near.
    #[inline]
    pub(super) fn touch_index(&self, place: u16) {
        near::bring(self.0.get(usize::from(place / BIN_PLACES) * 2));
    }

    /// Second step: reads the index.
    #[inline]
    pub(super) fn bin(&self, place: u16) -> Bin {
        match self.form() {
            Form::Listed => self.list(),
            Form::Indexed(width) => self.bin_of(width, usize::from(place / BIN_PLACES)),
        }
    }

    /// Third step: brings the bin near.
    #[inline]
    pub(super) fn touch(&self, bin: Bin) {
        near::bring(self.0.get(bin.at));
        near::bring(self.0.get(bin.at + bin.count * (N + 1) / 2));
    }

    /// Last step: the values of a place within its bin.
    #[inline]
    pub(super) fn read(&self, bin: Bin, place: u16) -> &[[u8; N]] {
        let bytes = self.0.get(bin.at..).unwrap_or(&[]);
        let (start, end, values) = if bin.is_listed {
            let (places, values) = bytes.split_at_checked(bin.count * 2).unwrap_or_default();
            let (start, end) = stretch(places.as_chunks::<2>().0, |other| u16::from_le_bytes(*other), place);
            (start, end, values)
        } else {
            let (places, values) = bytes.split_at_checked(bin.count).unwrap_or_default();
            let (start, end) = stretch(places, |other| u16::from(*other), place % BIN_PLACES);
            (start, end, values)
        };
        values.as_chunks().0.get(start..end).unwrap_or(&[])
    }

    /// The values of a place.
    #[inline]
    pub(super) fn get(&self, place: u16) -> &[[u8; N]] {
        if self.is_empty() { &[] } else { self.read(self.bin(place), place) }
    }

    /// Every place with its value, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, [u8; N])> {
        self.within(0..SHELF_PLACES)
    }

    /// Places and values of a stretch of places.
    pub(super) fn within(&self, places: Range<u16>) -> impl Iterator<Item = (u16, [u8; N])> {
        let (form, bins) = match self.form() {
            Form::Listed => (0, 0..1),
            Form::Indexed(width) => {
                let end = places.end.div_ceil(BIN_PLACES).min(BINS as u16);
                (width, usize::from(places.start / BIN_PLACES)..usize::from(end))
            }
        };
        bins.flat_map(move |bin| {
            let (found, first) = match form {
                0 => (self.list(), 0),
                width => (self.bin_of(width, bin), bin as u16 * BIN_PLACES),
            };
            let width = if found.is_listed { 2 } else { 1 };
            let bytes = self.0.get(found.at..found.at + found.count * (N + width)).unwrap_or(&[]);
            let (places, values) = bytes.split_at_checked(found.count * width).unwrap_or_default();
            let places = places.chunks_exact(width).map(move |place| match *place {
                [low, high] => u16::from_le_bytes([low, high]),
                [place] => first + u16::from(place),
                _ => 0,
            });
            places.zip(values.as_chunks().0.iter().copied())
        })
        .filter(move |(place, _)| places.contains(place))
    }

    /// Bytes that the blob takes.
    pub(super) fn bytes(&self) -> u64 {
        memory::of_shared_slice::<u8>(self.0.len())
    }
}

/// From where to where sorted places are the one wanted.
#[inline]
fn stretch<P>(places: &[P], number: impl Fn(&P) -> u16, wanted: u16) -> (usize, usize) {
    let start = places.partition_point(|place| number(place) < wanted);
    let count = places.iter().skip(start).take_while(|place| number(place) == wanted).count();
    (start, start + count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn bins_are_a_multimap(
            entries in prop_oneof![
                prop::collection::vec((0..SHELF_PLACES, any::<[u8; 5]>()), 0..70),
                prop::collection::vec((0..SHELF_PLACES, any::<[u8; 5]>()), 0..3000),
                prop::collection::vec((100..104_u16, any::<[u8; 5]>()), 0..300),
            ],
            stretch in (0..SHELF_PLACES, 0..=SHELF_PLACES),
        ) {
            let bins = Bins::new(entries.clone());
            let values = |place: u16| {
                entries.iter().filter(|(other, _)| *other == place).map(|(_, value)| *value).collect::<Vec<_>>()
            };
            for place in (0..SHELF_PLACES).step_by(7).chain(entries.iter().map(|(place, _)| *place)) {
                bins.touch_index(place);
                bins.touch(bins.bin(place));
                prop_assert_eq!(bins.get(place), values(place));
            }
            prop_assert_eq!(bins.len(), entries.len());
            let mut sorted = entries.clone();
            sorted.sort_by_key(|(place, _)| *place);
            prop_assert_eq!(&bins.iter().collect::<Vec<_>>(), &sorted);
            let within = stretch.0..stretch.1;
            sorted.retain(|(place, _)| within.contains(place));
            prop_assert_eq!(bins.within(within).collect::<Vec<_>>(), sorted);
            prop_assert_eq!(Bins::of_blob(bins.blob().into()), Some(bins));
        }

        #[test]
        fn any_bytes_are_bins_or_none(blob in prop::collection::vec(any::<u8>(), 0..1200), place in 0..SHELF_PLACES) {
            if let Some(bins) = Bins::<5>::of_blob(blob.into()) {
                bins.get(place);
                prop_assert!(bins.iter().count() <= bins.len());
            }
        }
    }

    #[test]
    fn more_values_than_two_bytes_can_count() {
        for count in [64, 65, 65_535, 65_536, 70_000_u32] {
            let entries: Vec<_> = (0..count).map(|value| ((value % 4096) as u16, value.to_le_bytes())).collect();
            let bins = Bins::new(entries);
            assert_eq!(bins.len(), count as usize);
            assert_eq!(bins.get(63).first(), Some(&63_u32.to_le_bytes()));
            assert_eq!(bins.get(0).len() as u32, count.div_ceil(4096));
            assert_eq!(bins.iter().count(), count as usize);
            assert_eq!(Bins::of_blob(bins.blob().into()), Some(bins));
        }
    }
}
