//! Lists of bare IMEIs: straight from digits into bits.
//!
//! National lists have tens of millions of rows that say nothing but that a device is listed. They are never
//! held as rows: a line is split, its digits are read, a bit is set. Whatever is odd about a line goes the
//! way of all rows, so the quick way and the slow way cannot differ.
//! What always holds: pages are handed out in ascending order and none is empty.

use super::{
    desk::{At, Desk, RowView, Sink},
    device::Device,
    error::ImportError,
    fields::Dialect,
    gathered::{Gathered, Warning},
    header::{Column, Layout},
    kind::CheckDigit,
    rejects::Fault,
    value::quick_imei,
};
use crate::{
    identity::EquipmentKey,
    page::{PAGE_SERIALS, PageBits, PageId},
};
use memchr::{memchr, memchr_iter};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Hashes page numbers: they are trusted to be spread by one multiplication.
#[derive(Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(self.0 ^ u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

/// A set of devices as pages, filled in any order.
#[derive(Default)]
pub(super) struct PageSet {
    pages: Vec<(PageId, PageBits)>,
    index: HashMap<u64, usize, BuildHasherDefault<Fold>>,
    /// Number and index of the page that was touched last: lists come in runs.
    last: Option<(u64, usize)>,
}

impl PageSet {
    fn page(&mut self, key: EquipmentKey) -> &mut PageBits {
        let number = u64::from(key.tac().get()) << 16 | u64::from(key.serial() / PAGE_SERIALS);
        let index = match self.last {
            Some((last, index)) if last == number => index,
            _ => {
                let pages = &mut self.pages;
                *self.index.entry(number).or_insert_with(|| {
                    pages.push((PageId::of(key), PageBits::EMPTY));
                    pages.len() - 1
                })
            }
        };
        self.last = Some((number, index));
        &mut self.pages[index].1
    }

    /// `false` when it was in.
    pub(super) fn insert(&mut self, key: EquipmentKey) -> bool {
        self.page(key).insert(PageId::place(key))
    }

    /// Puts in the devices of one TAC from one serial number to another, both included. `false` when all
    /// were in.
    pub(super) fn insert_range(&mut self, from: EquipmentKey, to: EquipmentKey) -> bool {
        let mut new = false;
        let mut next = Some(from);
        while let Some(key) = next.filter(|key| *key <= to) {
            let id = PageId::of(key);
            let first = PageId::place(key);
            let last = if PageId::of(to) == id { PageId::place(to) } else { PAGE_SERIALS as u16 - 1 };
            let bits = self.page(key);
            (first..=last).for_each(|place| new |= bits.insert(place));
            next = PageId::new(id.tac(), id.page() + 1).and_then(|id| id.key(0));
        }
        new
    }

    /// The pages, ascending.
    pub(super) fn into_pages(self) -> Vec<(PageId, PageBits)> {
        let mut pages = self.pages;
        drop(self.index);
        pages.sort_unstable_by_key(|(id, _)| *id);
        pages
    }
}

/// Keys that are sorted before they touch pages. In a list without order each key lies in another page, and
/// a touch of memory far away costs more than the sort: 50 M shuffled rows took 28 s of CPU without it.
const PENDING_KEYS_MAX: usize = 8 << 20;

/// Rows without attributes.
#[derive(Default)]
pub(super) struct Plain {
    pages: PageSet,
    pending: Vec<EquipmentKey>,
}

impl Plain {
    #[inline]
    fn take(&mut self, key: EquipmentKey, desk: &mut Desk<'_>) {
        self.pending.push(key);
        if self.pending.len() == PENDING_KEYS_MAX {
            self.settle(desk);
        }
    }

    fn settle(&mut self, desk: &mut Desk<'_>) {
        self.pending.sort_unstable();
        for key in self.pending.drain(..) {
            desk.accepted += u64::from(self.pages.insert(key));
        }
    }
}

impl Sink for Plain {
    #[inline]
    fn quick(&mut self, line: &[u8], layout: &Layout, at: At, desk: &mut Desk<'_>) -> bool {
        let Some((key, unfit)) = quick_field(line, layout).and_then(quick_imei) else { return false };
        if unfit {
            match desk.options.check_digit {
                CheckDigit::Verify => return false,
                CheckDigit::Warn => desk.warn(Warning::CheckDigit, at),
                CheckDigit::Ignore => {}
            }
        }
        self.take(key, desk);
        true
    }

    fn row(&mut self, row: &RowView<'_>, desk: &mut Desk<'_>) -> Result<(), Fault> {
        let (device, warning) = Device::read(row, desk)?;
        warning.into_iter().for_each(|warning| desk.warn(warning, row.at));
        self.take(device.key, desk);
        Ok(())
    }

    fn finish(mut self: Box<Self>, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        self.settle(desk);
        gathered.pages = self.pages.into_pages();
        Ok(())
    }
}

/// The bytes of the IMEI in a line without quotes that has as many fields as the header.
#[inline]
fn quick_field<'a>(line: &'a [u8], layout: &Layout) -> Option<&'a [u8]> {
    let separator = match layout.dialect() {
        Dialect::Csv(separator) => separator,
        Dialect::Pipe => b'|',
        Dialect::Literal | Dialect::Single => return Some(line),
    };
    let width = layout.width()?;
    if width == 1 {
        return Some(line);
    }
    let place = layout.place(Column::Imei)?;
    if memchr(b'"', line).is_some() {
        return None;
    }
    let (mut start, mut fields, mut found) = (0, 0, &line[..0]);
    for end in memchr_iter(separator, line).chain(std::iter::once(line.len())) {
        if fields == place {
            found = &line[start..end];
        }
        start = end + 1;
        fields += 1;
    }
    (fields == width).then_some(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn key(number: u64) -> EquipmentKey {
        EquipmentKey::new(number).unwrap()
    }

    fn listed(set: PageSet) -> Vec<u64> {
        let pages = set.into_pages();
        assert!(pages.is_sorted_by(|left, right| left.0 < right.0));
        pages.iter().flat_map(|(id, bits)| bits.iter().map(|place| id.key(place).unwrap().get())).collect()
    }

    proptest! {
        #[test]
        fn keys_and_ranges_like_a_sorted_set(
            keys in prop::collection::vec(0_u64..20_000_000, 0..60),
            ranges in prop::collection::vec((0_u64..3, 0_u64..1_000_000, 0_u64..6_000), 0..6),
        ) {
            let (mut set, mut model) = (PageSet::default(), BTreeSet::new());
            for number in keys {
                prop_assert_eq!(set.insert(key(number)), model.insert(number));
            }
            for (tac, from, length) in ranges {
                let from = tac * 1_000_000 + from;
                let to = (from + length).min(tac * 1_000_000 + 999_999);
                let before = model.len();
                model.extend(from..=to);
                prop_assert_eq!(set.insert_range(key(from), key(to)), model.len() > before);
            }
            prop_assert_eq!(listed(set), model.into_iter().collect::<Vec<_>>());
        }
    }
}
