//! Detail chunks: marks and pairs of 4,096 serials, and the subscriber map of 4,096 IMSIs.
//!
//! Most devices have neither mark nor pair, so these lie apart from the device chunks. Indonesian numbers take
//! five bytes and plain pairs six and lie in bins, all others on a shelf.
//! What always holds: a chunk holds at least one value; one change copies about 64 KiB at most, as long
//! as devices have one pair or mark each.

use super::{
    bins::{Bin, Bins},
    memory,
    shelf::{Shelf, Value},
    stats::{Chunk, EntryKind, Tally},
};
use crate::{
    day::Day,
    identity::Msisdn,
    listing::{Class, Door, Mark},
    pairing::{Allowances, Number, Pair, PairingKind, Pairs, PlainPair},
};
use std::{ops::Range, sync::Arc};

/// Marks of 4,096 serials.
pub(super) type MarksChunk = Arc<Shelf<Mark>>;

/// Pairs of 4,096 serials, shared. Lies in the directory's leaf, so that a check knows where the index is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PairsChunk {
    /// Plain pairs; of a device that has others too, [`PlainPair::OTHERS`] behind them.
    plain: Bins<{ PlainPair::BYTES }>,
    others: Option<Arc<Shelf<Pair>>>,
}

impl PairsChunk {
    /// The chunk without the places that `gone` names, and with these pairs.
    pub(super) fn replaced(&self, gone: impl Fn(u16) -> bool, new: &[(u16, Pair)]) -> Self {
        let kept = self.plain.iter().filter(|(place, plain)| !gone(*place) && *plain != PlainPair::OTHERS.to_bytes());
        let plain = new.iter().filter_map(|(place, pair)| Some((*place, pair.to_plain()?.to_bytes())));
        let plain: Vec<_> = kept.chain(plain).collect();
        let others = new.iter().filter(|(_, pair)| pair.to_plain().is_none()).copied();
        let shelf = self.others.as_deref().cloned().unwrap_or_default().replaced(&gone, others);
        Self::of_sorts(plain, shelf)
    }

    fn of_sorts(mut plain: Vec<(u16, [u8; PlainPair::BYTES])>, others: Shelf<Pair>) -> Self {
        let mut places: Vec<u16> = others.iter().map(|(place, _)| place).collect();
        places.dedup();
        plain.extend(places.into_iter().map(|place| (place, PlainPair::OTHERS.to_bytes())));
        Self { plain: Bins::new(plain), others: (!others.is_empty()).then(|| Arc::new(others)) }
    }

    /// The two put together.
    pub(super) fn of_parts(plain: Bins<{ PlainPair::BYTES }>, others: Shelf<Pair>) -> Self {
        Self { plain, others: (!others.is_empty()).then(|| Arc::new(others)) }
    }

    pub(super) const fn plain(&self) -> &Bins<{ PlainPair::BYTES }> {
        &self.plain
    }

    pub(super) fn others(&self) -> Option<&Shelf<Pair>> {
        self.others.as_deref()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// The pairs of a place.
    #[inline]
    pub(super) fn get(&self, place: u16) -> Pairs<'_> {
        self.pairs(self.plain.get(place), place)
    }

    /// The same, by its bin.
    #[inline]
    pub(super) fn read(&self, bin: Bin, place: u16) -> Pairs<'_> {
        self.pairs(self.plain.read(bin, place), place)
    }

    #[inline]
    fn pairs<'a>(&'a self, found: &'a [[u8; PlainPair::BYTES]], place: u16) -> Pairs<'a> {
        match found.split_last() {
            Some((last, plain)) if *last == PlainPair::OTHERS.to_bytes() => {
                let others = self.others.as_ref().map_or(&[][..], |others| others.get(place));
                Pairs { plain: Allowances::of(plain), others }
            }
            _ => Pairs { plain: Allowances::of(found), others: &[] },
        }
    }

    /// Plain pairs of a stretch of places, and [`PlainPair::OTHERS`] once for each place that has others.
    pub(super) fn plain_within(&self, places: Range<u16>) -> impl Iterator<Item = (u16, PlainPair)> {
        self.plain.within(places).map(|(place, plain)| (place, PlainPair::from_bytes(plain)))
    }

    /// The pairs of a stretch of places, sorted.
    pub(super) fn within(&self, places: Range<u16>) -> Vec<(u16, Pair)> {
        let plain =
            self.plain_within(places.clone()).flat_map(|(place, plain)| plain.to_pair().map(|pair| (place, pair)));
        let others = self.others.iter().flat_map(|others| others.within(places.clone()));
        let mut pairs: Vec<_> = plain.chain(others).collect();
        pairs.sort_unstable();
        pairs
    }
}

/// The subscriber map of 4,096 consecutive packed IMSIs, shared. Lies in the directory's leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SubscribersChunk {
    /// Indonesian numbers.
    plain: Bins<PLAIN_NUMBER_BYTES>,
    others: Option<Arc<Shelf<Msisdn>>>,
}

impl SubscribersChunk {
    /// The chunk with these numbers put in, replaced or (`None`) taken out; `changes` ascend by place.
    pub(super) fn replaced(&self, changes: &[(u16, Option<Msisdn>)]) -> Self {
        let gone = |place: u16| changes.binary_search_by_key(&place, |(place, _)| *place).is_ok();
        let new = || changes.iter().filter_map(|(place, msisdn)| Some((*place, (*msisdn)?)));
        let plain = new().filter_map(|(place, msisdn)| Some((place, plain(msisdn)?)));
        let plain = self.plain.iter().filter(|(place, _)| !gone(*place)).chain(plain).collect();
        let others = new().filter(|(_, msisdn)| self::plain(*msisdn).is_none());
        let others = self.others.as_deref().cloned().unwrap_or_default().replaced(gone, others);
        Self::of_parts(Bins::new(plain), others)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.others.is_none()
    }

    /// The two put together.
    pub(super) fn of_parts(plain: Bins<PLAIN_NUMBER_BYTES>, others: Shelf<Msisdn>) -> Self {
        Self { plain, others: (!others.is_empty()).then(|| Arc::new(others)) }
    }

    pub(super) const fn plain(&self) -> &Bins<PLAIN_NUMBER_BYTES> {
        &self.plain
    }

    pub(super) fn others(&self) -> Option<&Shelf<Msisdn>> {
        self.others.as_deref()
    }

    /// The number of a place.
    #[inline]
    pub(super) fn get(&self, place: u16) -> Option<Msisdn> {
        if self.plain.is_empty() { self.other(place) } else { self.read(self.plain.bin(place), place) }
    }

    /// The same, by its bin.
    #[inline]
    pub(super) fn read(&self, bin: Bin, place: u16) -> Option<Msisdn> {
        self.plain.read(bin, place).first().map_or_else(|| self.other(place), |plain| msisdn(*plain))
    }

    fn other(&self, place: u16) -> Option<Msisdn> {
        self.others.as_ref()?.get(place).first().copied()
    }

    /// Every place with its number, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, Msisdn)> {
        let plain = self.plain.iter().filter_map(|(place, plain)| Some((place, msisdn(plain)?)));
        plain.chain(self.others.iter().flat_map(|others| others.iter()))
    }
}

/// Bytes of the national number of a +62 MSISDN, little-endian.
pub(super) const PLAIN_NUMBER_BYTES: usize = 5;

/// Five bytes, where that is enough.
fn plain(msisdn: Msisdn) -> Option<[u8; PLAIN_NUMBER_BYTES]> {
    let [a, b, c, d, e, 0, 0, 0] = msisdn.national()?.to_le_bytes() else { return None };
    Some([a, b, c, d, e])
}

fn msisdn([a, b, c, d, e]: [u8; PLAIN_NUMBER_BYTES]) -> Option<Msisdn> {
    Msisdn::from_national(u64::from_le_bytes([a, b, c, d, e, 0, 0, 0])).ok()
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

/// Bytes of a shelf that may be there.
fn shelf_bytes<T: Copy>(shelf: Option<&Shelf<T>>) -> u64 {
    shelf.map_or(0, |shelf| memory::of_shared::<Shelf<T>>() + shelf.bytes())
}

impl Chunk for PairsChunk {
    fn tally(&self) -> Tally {
        let mut tally = Tally::of_allocation(self.plain.bytes() + shelf_bytes(self.others()));
        let plain = self.plain.iter().filter(|(_, plain)| *plain != PlainPair::OTHERS.to_bytes()).count() as u64;
        tally.count(EntryKind::Allowance, plain, plain * Bins::<{ PlainPair::BYTES }>::VALUE_BYTES);
        for (_, pair) in self.others.iter().flat_map(|others| others.iter()) {
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
        let mut tally = Tally::of_allocation(self.plain.bytes() + shelf_bytes(self.others()));
        let (plain, others) = (self.plain.len() as u64, self.others().map_or(0, |others| others.len() as u64));
        let bytes = plain * Bins::<PLAIN_NUMBER_BYTES>::VALUE_BYTES + others * value_bytes::<Msisdn>();
        tally.count(EntryKind::Subscriber, plain + others, bytes);
        tally
    }
}
