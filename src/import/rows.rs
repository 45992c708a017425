//! Rows of lists that may be longer than memory: pairings and subscribers.
//!
//! A row is four words on its way, not the 200 bytes that it would take with its texts. What always holds: rows come in
//! order, each as it was taken, whether they lie in memory or in a file.

use super::{
    desk::{At, OperatorId},
    gathered::{PairingRow, SubscriberRow},
};
use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    pairing::{Number, NumberKind, PairingKind},
    spool::{Record, Spooled},
};
use std::{collections::BTreeSet, fmt, io, sync::Arc};

/// A row as it travels.
pub(super) type Words = Record<4>;

/// A row that has a short form.
pub trait Packed: Clone + PartialEq + fmt::Debug {
    /// What rows are sorted by: that of the batch that they become (docs/storage.md).
    #[doc(hidden)]
    fn order(&self) -> [u64; 3];

    /// Its operator, where it differs from that of all rows.
    #[doc(hidden)]
    fn operator(&self) -> Option<&Arc<str>>;

    /// The short form. It sorts by the order of rows, then by place.
    #[doc(hidden)]
    fn pack(&self, at: u32, operator: u16) -> Record<4>;

    /// Which word of the short form has the operator.
    #[doc(hidden)]
    const OPERATOR_WORD: usize;

    /// The row of a short form, without its operator, and its tail.
    #[doc(hidden)]
    fn unpack(words: Record<4>) -> Option<(Self, Tail)>;

    /// The same row of an operator.
    #[doc(hidden)]
    fn with_operator(self, operator: Option<Arc<str>>) -> Self;
}

/// What every short form ends with.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Tail {
    at: At,
    operator: u16,
    day: u16,
    flags: u8,
}

const REMOVE: u8 = 1;
const BINDING: u8 = 2;
/// Bits of a place that share a word with a packed IMSI, which has 54.
const AT_HIGH_BITS: u32 = 10;
const AT_LOW_BITS: u32 = 22;
/// Where an operator lies in its word.
const OPERATOR_SHIFT: u32 = 26;

impl Tail {
    /// A packed IMSI (or 0) and this, in two words that sort by IMSI, then by place.
    const fn behind(self, imsi: u64) -> [u64; 2] {
        let low = (self.at as u64 & ((1 << AT_LOW_BITS) - 1)) << 42;
        let rest = (self.operator as u64) << OPERATOR_SHIFT | (self.day as u64) << 10 | self.flags as u64;
        [imsi << AT_HIGH_BITS | (self.at >> AT_LOW_BITS) as u64, low | rest]
    }

    const fn read(words: [u64; 2]) -> (u64, Self) {
        let high = (words[0] & ((1 << AT_HIGH_BITS) - 1)) << AT_LOW_BITS;
        let at = (high | words[1] >> 42) as u32;
        let (operator, day, flags) = ((words[1] >> OPERATOR_SHIFT) as u16, (words[1] >> 10) as u16, words[1] as u8);
        (words[0] >> AT_HIGH_BITS, Self { at, operator, day, flags })
    }
}

const fn flag(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

impl Packed for PairingRow {
    const OPERATOR_WORD: usize = 3;

    fn order(&self) -> [u64; 3] {
        let (number, sim) = match (self.msisdn, self.imsi) {
            (Some(msisdn), sim) => (Some(Number::from(msisdn)), sim),
            (None, sim) => (sim.map(Number::from), None),
        };
        [self.key.get(), number.map_or(0, Number::to_stored), sim.map_or(0, Imsi::packed)]
    }

    fn operator(&self) -> Option<&Arc<str>> {
        self.operator.as_ref()
    }

    fn pack(&self, at: u32, operator: u16) -> Record<4> {
        let [key, number, sim] = self.order();
        let flags = flag(self.remove, REMOVE) | flag(self.binding == PairingKind::Binding, BINDING);
        let [third, fourth] = Tail { at, operator, day: Day::to_stored(self.valid_until), flags }.behind(sim);
        Record([key, number, third, fourth])
    }

    fn unpack(Record([key, number, third, fourth]): Record<4>) -> Option<(Self, Tail)> {
        let (sim, tail) = Tail::read([third, fourth]);
        let (msisdn, imsi) = match Number::from_stored(number)?.kind() {
            NumberKind::Msisdn(msisdn) if sim == 0 => (Some(msisdn), None),
            NumberKind::Msisdn(msisdn) => (Some(msisdn), Some(Imsi::from_packed(sim).ok()?)),
            NumberKind::Imsi(imsi) => (None, Some(imsi)),
        };
        let binding = tail.flags & BINDING != 0;
        let row = Self {
            key: EquipmentKey::new(key).ok()?,
            msisdn,
            imsi,
            binding: if binding { PairingKind::Binding } else { PairingKind::Allowance },
            valid_until: Day::from_stored(tail.day),
            operator: None,
            remove: tail.flags & REMOVE != 0,
        };
        Some((row, tail))
    }

    fn with_operator(self, operator: Option<Arc<str>>) -> Self {
        Self { operator, ..self }
    }
}

impl Packed for SubscriberRow {
    const OPERATOR_WORD: usize = 1;

    fn order(&self) -> [u64; 3] {
        [self.imsi.packed(), 0, 0]
    }

    fn operator(&self) -> Option<&Arc<str>> {
        self.operator.as_ref()
    }

    fn pack(&self, at: u32, operator: u16) -> Record<4> {
        let tail = Tail { at, operator, day: Day::to_stored(self.since), flags: flag(self.remove, REMOVE) };
        let [first, second] = tail.behind(self.imsi.packed());
        Record([first, second, self.msisdn.map_or(0, Msisdn::get), 0])
    }

    fn unpack(Record([first, second, msisdn, _]): Record<4>) -> Option<(Self, Tail)> {
        let (imsi, tail) = Tail::read([first, second]);
        let row = Self {
            imsi: Imsi::from_packed(imsi).ok()?,
            msisdn: if msisdn == 0 { None } else { Some(Msisdn::new(msisdn).ok()?) },
            operator: None,
            since: Day::from_stored(tail.day),
            remove: tail.flags & REMOVE != 0,
        };
        Some((row, tail))
    }

    fn with_operator(self, operator: Option<Arc<str>>) -> Self {
        Self { operator, ..self }
    }
}

/// The row of a short form, with the operator that `name` gives, and its place.
pub(super) fn unpacked<R: Packed>(
    words: Words,
    name: impl Fn(OperatorId) -> Option<Arc<str>>,
) -> io::Result<(R, At, OperatorId)> {
    let altered = || io::Error::new(io::ErrorKind::InvalidData, "a row came back altered");
    let (row, tail) = R::unpack(words).ok_or_else(altered)?;
    let operator = OperatorId::from_number(tail.operator);
    Ok((row.with_operator(name(operator)), tail.at, operator))
}

/// The same short form with another number of its operator.
pub(super) fn renumbered<R: Packed>(Record(mut words): Words, new: impl Fn(OperatorId) -> OperatorId) -> Words {
    let word = &mut words[R::OPERATOR_WORD];
    let operator = new(OperatorId::from_number((*word >> OPERATOR_SHIFT) as u16)).number();
    *word = *word & !(u64::from(u16::MAX) << OPERATOR_SHIFT) | u64::from(operator) << OPERATOR_SHIFT;
    Record(words)
}

/// Rows in order. Cloning copies a reference where they are many.
#[derive(Clone, Debug)]
pub struct Rows<R> {
    held: Held<R>,
}

#[derive(Clone, Debug)]
enum Held<R> {
    Few(Vec<R>),
    Many { records: Spooled<4>, names: Arc<[Arc<str>]>, operators: BTreeSet<Option<Arc<str>>> },
}

impl<R: Packed> Rows<R> {
    /// Rows of a list: its operators by number, and those that rows are of.
    pub(super) fn of_list(records: Spooled<4>, names: Arc<[Arc<str>]>, operators: BTreeSet<Option<Arc<str>>>) -> Self {
        Self { held: Held::Many { records, names, operators } }
    }

    /// How many.
    pub fn len(&self) -> u64 {
        match &self.held {
            Held::Few(rows) => rows.len() as u64,
            Held::Many { records, .. } => records.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The operators that rows are of; none: that of all rows.
    pub fn operators(&self) -> BTreeSet<Option<Arc<str>>> {
        match &self.held {
            Held::Few(rows) => rows.iter().map(|row| row.operator().cloned()).collect(),
            Held::Many { operators, .. } => operators.clone(),
        }
    }

    /// The rows, in order.
    ///
    /// # Errors
    /// Each item when a file cannot be read.
    pub fn iter(&self) -> Box<dyn Iterator<Item = io::Result<R>> + '_> {
        match &self.held {
            Held::Few(rows) => Box::new(rows.iter().cloned().map(Ok)),
            Held::Many { records, names, .. } => {
                Box::new(records.iter().map(|words| unpacked(words?, |id| id.of(names)).map(|(row, ..)| row)))
            }
        }
    }
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { held: Held::Few(Vec::new()) }
    }
}

impl<R: Packed> From<Vec<R>> for Rows<R> {
    fn from(mut rows: Vec<R>) -> Self {
        rows.sort_by_key(Packed::order);
        Self { held: Held::Few(rows) }
    }
}

impl<R: Packed> FromIterator<R> for Rows<R> {
    fn from_iter<T: IntoIterator<Item = R>>(rows: T) -> Self {
        rows.into_iter().collect::<Vec<_>>().into()
    }
}

impl<R: Packed> PartialEq for Rows<R> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(one, other): (io::Result<R>, io::Result<R>)| matches!((one, other), (Ok(a), Ok(b)) if a == b);
        self.len() == other.len() && self.iter().zip(other.iter()).all(same)
    }
}

impl<R: Packed> Eq for Rows<R> {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::{option, prelude::*};

    fn msisdn() -> impl Strategy<Value = Msisdn> {
        (62_800_000_000_u64..62_899_999_999).prop_map(|number| Msisdn::new(number).unwrap())
    }

    fn imsi() -> impl Strategy<Value = Imsi> {
        "[0-9]{6,15}".prop_map(|text| text.parse().unwrap())
    }

    proptest! {
        #[test]
        fn a_row_comes_back_and_sorts_by_order_and_place(
            key in 0..100_000_000_000_000_u64, numbers in (option::of(msisdn()), imsi(), any::<bool>()),
            (days, flags) in (any::<[u16; 2]>(), any::<[bool; 3]>()),
            (at, later, operator) in (any::<u32>(), any::<u32>(), any::<u16>()),
        ) {
            let imsi = Some(numbers.1).filter(|_| numbers.0.is_none() || numbers.2);
            let pairing = PairingRow {
                key: EquipmentKey::new(key).unwrap(),
                msisdn: numbers.0,
                imsi,
                binding: if flags[0] { PairingKind::Binding } else { PairingKind::Allowance },
                valid_until: Day::from_stored(days[0]),
                operator: None,
                remove: flags[1],
            };
            let subscriber = SubscriberRow {
                imsi: numbers.1, msisdn: numbers.0, operator: None, since: Day::from_stored(days[1]), remove: flags[2],
            };
            let name = |id: OperatorId| Some(Arc::from(id.number().to_string().as_str()));
            let (row, place, id) = unpacked::<PairingRow>(pairing.pack(at, operator), name).unwrap();
            prop_assert_eq!((row.operator.clone(), place, id.number()), (name(id), at, operator));
            prop_assert_eq!(row.with_operator(None), pairing.clone());
            let other = |_: OperatorId| OperatorId::from_number(!operator);
            prop_assert_eq!(renumbered::<PairingRow>(pairing.pack(at, operator), other), pairing.pack(at, !operator));
            prop_assert_eq!(
                renumbered::<SubscriberRow>(subscriber.pack(at, operator), other), subscriber.pack(at, !operator)
            );
            let (row, place, id) = unpacked::<SubscriberRow>(subscriber.pack(at, operator), name).unwrap();
            prop_assert_eq!((place, id.number()), (at, operator));
            prop_assert_eq!(row.with_operator(None), subscriber.clone());
            let other = PairingRow { binding: PairingKind::Allowance, valid_until: None, ..pairing.clone() };
            prop_assert_eq!(pairing.pack(at, operator) < other.pack(later, 0), at < later || at == later
                && pairing.pack(at, operator) < other.pack(at, 0));
            let gone = SubscriberRow { msisdn: None, since: None, remove: true, ..subscriber.clone() };
            prop_assert!(at == later || (subscriber.pack(at, operator) < gone.pack(later, 0)) == (at < later));
        }
    }
}
