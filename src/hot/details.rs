//! Detail chunks: marks and pairs of 4,096 serials, and the subscriber map of 4,096 IMSIs.
//!
//! Most devices have neither mark nor pair, so these lie apart from the device chunks. Indonesian numbers take
//! five bytes and plain pairs six, all others lie on a second shelf.
//! What always holds: a chunk holds at least one value; one change copies about 64 KiB at most, as long
//! as devices have one pair or mark each.

use super::{
    memory,
    shelf::{Shelf, Value},
    stats::{Chunk, EntryKind, Tally},
};
use crate::{
    day::Day,
    identity::Msisdn,
    listing::{Class, Door, Mark},
    pairing::{Number, Pair, PairingKind, Pairs, PlainPair},
};
use std::{ops::Range, sync::Arc};

/// Marks of 4,096 serials.
pub(super) type MarksChunk = Arc<Shelf<Mark>>;

/// Pairs of 4,096 serials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PairShelves {
    plain: Shelf<PlainPair>,
    others: Shelf<Pair>,
}

/// Pairs of 4,096 serials, shared.
pub(super) type PairsChunk = Arc<PairShelves>;

/// Where the pairs of a place are.
pub(super) type PairBuckets = (Range<usize>, Range<usize>);

impl PairShelves {
    /// The shelves without the places that `gone` names, and with these pairs.
    pub(super) fn replaced(&self, gone: impl Fn(u16) -> bool, new: &[(u16, Pair)]) -> Self {
        let plain = new.iter().filter_map(|(place, pair)| Some((*place, pair.to_plain()?)));
        let others = new.iter().filter(|(_, pair)| pair.to_plain().is_none()).copied();
        Self { plain: self.plain.replaced(&gone, plain), others: self.others.replaced(&gone, others) }
    }

    /// The two shelves put together.
    pub(super) const fn of_parts(plain: Shelf<PlainPair>, others: Shelf<Pair>) -> Self {
        Self { plain, others }
    }

    pub(super) const fn plain(&self) -> &Shelf<PlainPair> {
        &self.plain
    }

    pub(super) const fn others(&self) -> &Shelf<Pair> {
        &self.others
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.others.is_empty()
    }

    /// The pairs of a place.
    #[inline]
    pub(super) fn get(&self, place: u16) -> Pairs<'_> {
        Pairs { plain: self.plain.get(place), others: self.others.get(place) }
    }

    /// First step of [`PairShelves::get`].
    #[inline]
    pub(super) fn buckets(&self, place: u16) -> PairBuckets {
        (self.plain.bucket(place), self.others.bucket(place))
    }

    /// Second step.
    #[inline]
    pub(super) fn touch(&self, buckets: &PairBuckets) {
        self.plain.touch(&buckets.0);
        self.others.touch(&buckets.1);
    }

    /// Last step.
    #[inline]
    pub(super) fn read(&self, buckets: PairBuckets, place: u16) -> Pairs<'_> {
        Pairs { plain: self.plain.read(buckets.0, place), others: self.others.read(buckets.1, place) }
    }

    /// The pairs of a stretch of places, sorted.
    pub(super) fn within(&self, places: Range<u16>) -> Vec<(u16, Pair)> {
        let plain =
            self.plain.within(places.clone()).flat_map(|(place, plain)| plain.to_pair().map(|pair| (place, pair)));
        let mut pairs: Vec<_> = plain.chain(self.others.within(places)).collect();
        pairs.sort_unstable();
        pairs
    }
}

/// The subscriber map of 4,096 consecutive packed IMSIs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SubscriberShelves {
    plain: Shelf<PlainNumber>,
    others: Shelf<Msisdn>,
}

/// The subscriber map of 4,096 consecutive packed IMSIs, shared.
pub(super) type SubscribersChunk = Arc<SubscriberShelves>;

impl SubscriberShelves {
    /// The shelves with these numbers put in, replaced or (`None`) taken out; `changes` ascend by place.
    pub(super) fn replaced(&self, changes: &[(u16, Option<Msisdn>)]) -> Self {
        let gone = |place: u16| changes.binary_search_by_key(&place, |(place, _)| *place).is_ok();
        let new = || changes.iter().filter_map(|(place, msisdn)| Some((*place, (*msisdn)?)));
        let plain = new().filter_map(|(place, msisdn)| Some((place, plain(msisdn)?)));
        let others = new().filter(|(_, msisdn)| self::plain(*msisdn).is_none());
        Self { plain: self.plain.replaced(gone, plain), others: self.others.replaced(gone, others) }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.others.is_empty()
    }

    /// The two shelves put together.
    pub(super) const fn of_parts(plain: Shelf<PlainNumber>, others: Shelf<Msisdn>) -> Self {
        Self { plain, others }
    }

    pub(super) const fn plain(&self) -> &Shelf<PlainNumber> {
        &self.plain
    }

    pub(super) const fn others(&self) -> &Shelf<Msisdn> {
        &self.others
    }

    /// Among which Indonesian numbers that of a place would be.
    pub(super) fn bucket(&self, place: u16) -> Range<usize> {
        self.plain.bucket(place)
    }

    /// Brings them near.
    pub(super) fn touch(&self, bucket: &Range<usize>) {
        self.plain.touch(bucket);
    }

    /// The number of a place.
    pub(super) fn get(&self, place: u16) -> Option<Msisdn> {
        let whole = || self.others.get(place).first().copied();
        self.plain.get(place).first().map_or_else(whole, |plain| msisdn(*plain))
    }

    /// Every place with its number, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, Msisdn)> {
        let plain = self.plain.iter().filter_map(|(place, plain)| Some((place, msisdn(plain)?)));
        plain.chain(self.others.iter())
    }
}

/// The national number of a +62 MSISDN, little-endian.
pub(super) type PlainNumber = [u8; 5];

/// Five bytes, where that is enough.
fn plain(msisdn: Msisdn) -> Option<PlainNumber> {
    let [a, b, c, d, e, 0, 0, 0] = msisdn.national()?.to_le_bytes() else { return None };
    Some([a, b, c, d, e])
}

fn msisdn([a, b, c, d, e]: PlainNumber) -> Option<Msisdn> {
    Msisdn::from_national(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])).ok()
}

impl Value for PlainNumber {
    const BYTES: usize = 5;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self);
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

impl Value for PlainPair {
    const BYTES: usize = 6;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.to_bytes());
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_bytes(bytes.try_into().ok()?))
    }
}

impl Value for Msisdn {
    const BYTES: usize = 8;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.get().to_le_bytes());
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        Self::new(u64::from_le_bytes(bytes.try_into().ok()?)).ok()
    }
}

impl Value for Pair {
    const BYTES: usize = 13;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.number.to_stored().to_le_bytes());
        out.extend(Day::to_stored(self.until()).to_le_bytes());
        out.extend([self.kind as u8, self.door.code(), u8::from(self.second)]);
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, until, more, kind, door, second] = *<&[u8; 13]>::try_from(bytes).ok()?;
        let number = Number::from_stored(u64::from_le_bytes([a, b, c, d, e, f, g, h]))?;
        let until = Day::from_stored(u16::from_le_bytes([until, more]));
        let mut pair = Self::allowance(number);
        pair.kind = PairingKind::from_code(kind)?;
        pair.door = Door::from_code(door)?;
        Some(pair.with_until(until).with_second(second == 1))
    }
}

impl Value for Mark {
    const BYTES: usize = 15;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.number.map_or(0, Number::to_stored).to_le_bytes());
        out.extend(Day::to_stored(self.until()).to_le_bytes());
        out.extend(Day::to_stored(self.since()).to_le_bytes());
        out.extend([self.class.code(), self.door.code(), u8::from(self.suspended)]);
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        let [until, more, since, and, class, door, suspended] = *<&[u8; 7]>::try_from(rest).ok()?;
        let number = match u64::from_le_bytes(*number) {
            0 => None,
            stored => Some(Number::from_stored(stored)?),
        };
        let mark = Self::new(Class::from_code(class)?, Door::from_code(door)?).with_number(number);
        let mark = mark.with_until(Day::from_stored(u16::from_le_bytes([until, more])));
        Some(mark.with_since(Day::from_stored(u16::from_le_bytes([since, and]))).with_suspended(suspended == 1))
    }
}

/// Bytes of one value on a shelf: its place and itself.
const fn value_bytes<T>() -> u64 {
    (size_of::<u16>() + size_of::<T>()) as u64
}

impl Chunk for MarksChunk {
    fn tally(&self) -> Tally {
        let mut tally = Tally::of_allocation(memory::of_shared::<Shelf<Mark>>() + self.bytes());
        self.iter().for_each(|(_, mark)| tally.count(EntryKind::Mark(mark.class), 1, value_bytes::<Mark>()));
        tally
    }
}

impl Chunk for PairsChunk {
    fn tally(&self) -> Tally {
        let shelves = self.plain.bytes() + self.others.bytes();
        let mut tally = Tally::of_allocation(memory::of_shared::<PairShelves>() + shelves);
        let plain = self.plain.len() as u64;
        tally.count(EntryKind::Allowance, plain, plain * value_bytes::<PlainPair>());
        for (_, pair) in self.others.iter() {
            let kind = match pair.kind {
                PairingKind::Allowance => EntryKind::Allowance,
                PairingKind::Binding => EntryKind::Binding,
            };
            tally.count(kind, 1, value_bytes::<Pair>());
        }
        tally
    }
}

impl Chunk for SubscribersChunk {
    fn tally(&self) -> Tally {
        let shelves = self.plain.bytes() + self.others.bytes();
        let mut tally = Tally::of_allocation(memory::of_shared::<SubscriberShelves>() + shelves);
        let (plain, others) = (self.plain.len() as u64, self.others.len() as u64);
        let bytes = plain * value_bytes::<PlainNumber>() + others * value_bytes::<Msisdn>();
        tally.count(EntryKind::Subscriber, plain + others, bytes);
        tally
    }
}
