//! A page: the numbers that share `MSISDN / 4096`, as columns.
//!
//! Pure. Columns that are the same for all numbers of a page are stored once; hashes lie in a row of their own, because
//! counts, previews and checks never need them (docs/storage.md has the bytes). What always holds: what is written is
//! read back; bytes that are no page are told and never panic.

use super::{Identity, Row, State};
use crate::{day::Day, store::Keyed};

/// Numbers of a page.
pub const PAGE_NUMBERS: usize = 4096;

/// Bytes of a hash, without the version of its key.
const HASH_BYTES: usize = size_of::<Keyed>() - 1;
const BITMAP_BYTES: usize = PAGE_NUMBERS / 8;

/// How the places of a page are told.
const LIST: u8 = 0;
const BITMAP: u8 = 1;
/// How a column is told.
const SAME: u8 = 0;
const EACH: u8 = 1;

/// A page in memory: its numbers ascend by their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Place in the page, below [`PAGE_NUMBERS`], and what is held of the number.
    pub rows: Vec<(u16, Row)>,
}

/// The page of a number, and its place there.
pub(super) const fn place(msisdn: u64) -> (u64, u16) {
    (msisdn / PAGE_NUMBERS as u64, (msisdn % PAGE_NUMBERS as u64) as u16)
}

/// The number at a place of a page.
pub(super) const fn number(page: u64, place: u16) -> u64 {
    page * PAGE_NUMBERS as u64 + place as u64
}

impl Page {
    /// What is held of the number at a place.
    pub fn at(&self, place: u16) -> Option<&Row> {
        self.rows.binary_search_by_key(&place, |(place, _)| *place).ok().map(|at| &self.rows[at].1)
    }

    /// The bytes of the columns and those of the hashes.
    pub fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = Vec::with_capacity(64 + 8 * self.rows.len());
        bytes.extend((self.rows.len() as u16).to_le_bytes());
        if self.rows.len() * 2 <= BITMAP_BYTES {
            bytes.push(LIST);
            self.rows.iter().for_each(|(place, _)| bytes.extend(place.to_le_bytes()));
        } else {
            bytes.push(BITMAP);
            let mut bits = [0; BITMAP_BYTES];
            self.rows.iter().for_each(|(place, _)| bits[usize::from(place / 8)] |= 1 << (place % 8));
            bytes.extend(bits);
        }
        let kind = |row: &Row| row.kind.map_or(0, Identity::code);
        self.column(&mut bytes, |row| [row.state.code() | kind(row) << 4]);
        self.column(&mut bytes, |row| [row.operator]);
        self.column(&mut bytes, |row| row.city.to_le_bytes());
        self.column(&mut bytes, |row| row.since.get().to_le_bytes());
        self.column(&mut bytes, |row| [row.hash.map_or(0, |hash| hash[0])]);
        let hashes = self.rows.iter().filter_map(|(_, row)| row.hash);
        (bytes, hashes.flat_map(|hash| <[u8; HASH_BYTES]>::try_from(&hash[1..]).unwrap_or_default()).collect())
    }

    fn column<const N: usize>(&self, bytes: &mut Vec<u8>, of: impl Fn(&Row) -> [u8; N]) {
        let first = self.rows.first().map_or([0; N], |(_, row)| of(row));
        if self.rows.iter().all(|(_, row)| of(row) == first) {
            bytes.push(SAME);
            bytes.extend(first);
        } else {
            bytes.push(EACH);
            self.rows.iter().for_each(|(_, row)| bytes.extend(of(row)));
        }
    }

    /// Reads a page. `hashes`: those of the page; none: they are not needed, and only the versions of their keys are
    /// read, with zeros behind. `None`: these are not the bytes of a page.
    pub fn decode(columns: &[u8], hashes: Option<&[u8]>) -> Option<Self> {
        let mut from = Reader(columns);
        let count = usize::from(u16::from_le_bytes(from.take()?));
        let places = from.places(count)?;
        let states = from.column::<1>(count)?;
        let operators = from.column::<1>(count)?;
        let cities = from.column::<2>(count)?;
        let days = from.column::<2>(count)?;
        let versions = from.column::<1>(count)?;
        if !from.0.is_empty() {
            return None;
        }
        let mut hashes = hashes.map(|hashes| hashes.chunks_exact(HASH_BYTES));
        let mut rows = Vec::with_capacity(count);
        for (at, place) in places.into_iter().enumerate() {
            let [packed] = states.at(at);
            let kind = match packed >> 4 {
                0 => None,
                code => Some(Identity::from_code(code)?),
            };
            let hash = match versions.at(at) {
                [0] => None,
                [version] => {
                    let mut hash = Keyed::default();
                    hash[0] = version;
                    if let Some(hashes) = &mut hashes {
                        hash[1..].copy_from_slice(hashes.next()?);
                    }
                    Some(hash)
                }
            };
            let row = Row {
                state: State::from_code(packed & 15)?,
                kind,
                operator: operators.at(at)[0],
                city: u16::from_le_bytes(cities.at(at)),
                since: Day::from_stored(u16::from_le_bytes(days.at(at)))?,
                hash,
            };
            rows.push((place, row));
        }
        let all_taken = hashes.is_none_or(|mut hashes| hashes.next().is_none() && hashes.remainder().is_empty());
        all_taken.then_some(Self { rows })
    }
}

/// A column that is being read.
enum Column<'a, const N: usize> {
    Same([u8; N]),
    Each(&'a [[u8; N]]),
}

impl<const N: usize> Column<'_, N> {
    fn at(&self, at: usize) -> [u8; N] {
        match self {
            Self::Same(value) => *value,
            Self::Each(values) => values.get(at).copied().unwrap_or([0; N]),
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    /// Ascending places.
    fn places(&mut self, count: usize) -> Option<Vec<u16>> {
        let places: Vec<u16> = match self.take()? {
            [LIST] => self.bytes(2 * count)?.as_chunks().0.iter().map(|two| u16::from_le_bytes(*two)).collect(),
            [BITMAP] => {
                let bits = self.bytes(BITMAP_BYTES)?;
                let set = (0..PAGE_NUMBERS as u16).filter(|place| bits[usize::from(place / 8)] & 1 << (place % 8) != 0);
                set.collect()
            }
            _ => return None,
        };
        let ascend = places.windows(2).all(|two| two[0] < two[1]);
        let fit = places.last().is_none_or(|last| usize::from(*last) < PAGE_NUMBERS);
        (places.len() == count && ascend && fit).then_some(places)
    }

    fn column<const N: usize>(&mut self, count: usize) -> Option<Column<'a, N>> {
        Some(match self.take()? {
            [SAME] => Column::Same(self.take()?),
            [EACH] => Column::Each(self.bytes(N * count)?.as_chunks().0),
            _ => return None,
        })
    }
}

/// The key of a page: big-endian, so that pages lie in the order of their numbers.
pub(super) const fn key(page: u64) -> [u8; 8] {
    page.to_be_bytes()
}

/// The page of a key.
pub(super) fn of_key(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}
