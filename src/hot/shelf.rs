//! Shelves: values by place, for what few devices have: marks, and pairs that are not plain.
//!
//! A shelf covers 4,096 places. The sorted places stand in one slice, the values in another, so that all
//! values of a place are one borrowed slice. Above 64 values an index in front of the places says where
//! each bucket of 64 places starts: a search then reads one line of the index and one of the places.
//! What always holds: places ascend, and values of one place keep the order in which they came.

use super::{memory, near};
use std::ops::Range;

/// Places of a shelf.
pub(super) const SHELF_PLACES: u16 = 4096;
const BUCKETS: usize = 64;
const BUCKET_PLACES: u16 = SHELF_PLACES / BUCKETS as u16;
/// From so many values on a shelf has an index.
const INDEXED_MIN: usize = BUCKETS + 1;
/// Up to so many, since an index entry has 16 bits.
const INDEXED_MAX: usize = 60_000;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shelf<T> {
    units: Box<[u16]>,
    values: Box<[T]>,
}

/// A value that has a form in bytes.
pub(super) trait Value: Copy {
    /// How many bytes.
    const BYTES: usize;

    /// Appends its bytes.
    fn put(&self, out: &mut Vec<u8>);

    /// The value of so many bytes. `None` when they are not one.
    fn get(bytes: &[u8]) -> Option<Self>;
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { units: Box::default(), values: Box::default() }
    }
}

impl<T: Copy> Shelf<T> {
    /// A shelf of these values, sorted by place.
    pub(super) fn new(mut entries: Vec<(u16, T)>) -> Self {
        entries.sort_by_key(|(place, _)| *place);
        let indexed = (INDEXED_MIN..=INDEXED_MAX).contains(&entries.len());
        let start_of =
            |bucket: usize| entries.partition_point(|(place, _)| usize::from(*place / BUCKET_PLACES) < bucket);
        let index = (0..if indexed { BUCKETS } else { 0 }).map(|bucket| start_of(bucket) as u16);
        let units = index.chain(entries.iter().map(|(place, _)| *place)).collect();
        Self { units, values: entries.iter().map(|(_, value)| *value).collect() }
    }

    /// The shelf without the places that `gone` names, and with these values.
    pub(super) fn replaced(&self, gone: impl Fn(u16) -> bool, new: impl IntoIterator<Item = (u16, T)>) -> Self {
        Self::new(self.iter().filter(|(place, _)| !gone(*place)).chain(new).collect())
    }

    /// A shelf of its two slices. `None` when they are not of one length.
    pub(super) fn of_parts(units: Box<[u16]>, values: Box<[T]>) -> Option<Self> {
        let shelf = Self { units, values };
        (shelf.places().len() == shelf.len() && shelf.units.len() >= shelf.len()).then_some(shelf)
    }

    /// The index, where there is one, and the places.
    pub(super) const fn units(&self) -> &[u16] {
        &self.units
    }

    /// The values by place.
    pub(super) const fn values(&self) -> &[T] {
        &self.values
    }

    /// Number of values.
    pub(super) const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    #[inline]
    fn is_indexed(&self) -> bool {
        (INDEXED_MIN..=INDEXED_MAX).contains(&self.values.len())
    }

    #[inline]
    fn places(&self) -> &[u16] {
        self.units.get(if self.is_indexed() { BUCKETS } else { 0 }..).unwrap_or(&[])
    }

    /// Among which values those of a place are.
    #[inline]
    fn bucket(&self, place: u16) -> Range<usize> {
        if !self.is_indexed() {
            return 0..self.values.len();
        }
        let bucket = usize::from(place / BUCKET_PLACES);
        let start_of = |bucket: usize| self.units.get(bucket).map_or(0, |start| usize::from(*start));
        start_of(bucket)..if bucket + 1 < BUCKETS { start_of(bucket + 1) } else { self.values.len() }
    }

    #[inline]
    fn read(&self, bucket: Range<usize>, place: u16) -> &[T] {
        let places = self.places().get(bucket.clone()).unwrap_or(&[]);
        let start = places.partition_point(|other| *other < place);
        let count = places.iter().skip(start).take_while(|other| **other == place).count();
        self.values.get(bucket.start + start..bucket.start + start + count).unwrap_or(&[])
    }

    /// Brings what a search reads first near.
    #[inline]
    pub(super) fn touch(&self) {
        near::bring(self.units.first());
        near::bring(self.values.first());
    }

    /// The values of a place.
    #[inline]
    pub(super) fn get(&self, place: u16) -> &[T] {
        if self.is_empty() { &[] } else { self.read(self.bucket(place), place) }
    }

    /// Every place with its value, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, T)> {
        self.places().iter().copied().zip(self.values.iter().copied())
    }

    /// Places and values of a stretch of places.
    pub(super) fn within(&self, places: Range<u16>) -> impl Iterator<Item = (u16, T)> {
        let all = self.places();
        let start = all.partition_point(|place| *place < places.start);
        let end = all.partition_point(|place| *place < places.end);
        (start..end).filter_map(|index| Some((*self.places().get(index)?, *self.values.get(index)?)))
    }

    /// Bytes that the shelf's slices take, without the shelf itself.
    pub(super) const fn bytes(&self) -> u64 {
        memory::of_boxed_slice::<u16>(self.units.len()) + memory::of_boxed_slice::<T>(self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn a_shelf_is_a_multimap(
            entries in prop_oneof![
                prop::collection::vec((0..SHELF_PLACES, any::<u32>()), 0..70),
                prop::collection::vec((0..SHELF_PLACES, any::<u32>()), 0..3000),
                prop::collection::vec((100..104_u16, any::<u32>()), 0..300),
            ],
            gone in 0..SHELF_PLACES,
        ) {
            let shelf = Shelf::new(entries.clone());
            let values = |place: u16| {
                entries.iter().filter(|(other, _)| *other == place).map(|(_, value)| *value).collect::<Vec<_>>()
            };
            for place in (0..SHELF_PLACES).step_by(7).chain(entries.iter().map(|(place, _)| *place)) {
                prop_assert_eq!(shelf.get(place), values(place));
            }
            let half = shelf.within(0..2048).chain(shelf.within(2048..4096)).collect::<Vec<_>>();
            prop_assert_eq!(&half, &shelf.iter().collect::<Vec<_>>());
            let less = shelf.replaced(|place| place == gone, [(gone, 1)]);
            prop_assert_eq!(less.get(gone), [1]);
            prop_assert_eq!(less.len(), entries.len() - values(gone).len() + 1);
        }
    }

    #[test]
    fn more_values_than_an_index_can_count() {
        let entries: Vec<_> = (0..70_000_u32).map(|value| ((value % 4096) as u16, value)).collect();
        let shelf = Shelf::new(entries);
        assert_eq!(shelf.get(4095).first(), Some(&4095));
        assert_eq!(shelf.get(0).len(), 18);
    }
}
