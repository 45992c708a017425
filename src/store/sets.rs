//! The stored form of a set of places of one page (docs/storage.md, "Sets").
//!
//! One of three containers, whichever is smallest; of equal ones the first. Which one was chosen never
//! shows above this file: digests are taken over the places.

use crate::page::{PAGE_SERIALS, PageBits};

/// Runs: pairs of LEB128 numbers, places skipped and places taken (less one).
const RUNS: u8 = 1;
/// Gaps: LEB128 numbers, places skipped before the next one.
const GAPS: u8 = 2;
/// 256 bytes, least significant bit first.
const BITMAP: u8 = 3;

/// Bytes of a set as a bitmap, with its tag: no container is longer.
const BYTES_MAX: usize = 1 + PageBits::WORDS * 8;

/// Encodes a set.
pub(super) fn encode(bits: &PageBits) -> Vec<u8> {
    let (runs, gaps) = (encode_runs(bits), encode_gaps(bits));
    match () {
        () if runs.len() <= gaps.len() && runs.len() <= BYTES_MAX => runs,
        () if gaps.len() <= BYTES_MAX => gaps,
        () => encode_bitmap(bits),
    }
}

/// Decodes a set. `None` when the bytes are not one.
pub(super) fn decode(bytes: &[u8]) -> Option<PageBits> {
    let (tag, rest) = bytes.split_first()?;
    match *tag {
        RUNS => decode_runs(rest),
        GAPS => decode_gaps(rest),
        BITMAP => decode_bitmap(rest),
        _ => None,
    }
}

/// First and last place of every run, found a word at a time.
fn runs_of(bits: &PageBits) -> impl Iterator<Item = (u16, u16)> + '_ {
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = seek(bits, next, 0)?;
        next = seek(bits, first, u64::MAX).unwrap_or(PAGE_SERIALS as u16);
        Some((first, next - 1))
    })
}

/// The first place from `from` on whose bit is set in the bitmap turned by `turn`.
fn seek(bits: &PageBits, from: u16, turn: u64) -> Option<u16> {
    let mut index = usize::from(from / 64);
    let mut word = (bits.0.get(index)? ^ turn) & u64::MAX << (from % 64);
    while word == 0 {
        index += 1;
        word = bits.0.get(index)? ^ turn;
    }
    Some((index * 64) as u16 + word.trailing_zeros() as u16)
}

/// Runs, or something too long.
fn encode_runs(bits: &PageBits) -> Vec<u8> {
    let mut out = Vec::with_capacity(BYTES_MAX + 4);
    out.push(RUNS);
    let mut next = 0;
    for (first, last) in runs_of(bits) {
        if out.len() > BYTES_MAX {
            break;
        }
        push_leb(&mut out, first - next);
        push_leb(&mut out, last - first);
        next = last + 1;
    }
    out
}

fn decode_runs(mut bytes: &[u8]) -> Option<PageBits> {
    let mut bits = PageBits::EMPTY;
    let mut next = 0_u32;
    while !bytes.is_empty() {
        let first = next + u32::from(take_leb(&mut bytes)?);
        let last = first + u32::from(take_leb(&mut bytes)?);
        if last >= PAGE_SERIALS {
            return None;
        }
        (first..=last).for_each(|place| _ = bits.insert(place as u16));
        next = last + 1;
    }
    Some(bits)
}

/// Gaps, or something too long.
fn encode_gaps(bits: &PageBits) -> Vec<u8> {
    let mut out = Vec::with_capacity(BYTES_MAX + 4);
    out.push(GAPS);
    let mut next = 0;
    for (first, last) in runs_of(bits) {
        if out.len() > BYTES_MAX {
            break;
        }
        push_leb(&mut out, first - next);
        // Those behind the first skip nothing.
        let behind = usize::from(last - first).min(BYTES_MAX + 1 - out.len().min(BYTES_MAX));
        out.resize(out.len() + behind, 0);
        next = last + 1;
    }
    out
}

fn decode_gaps(mut bytes: &[u8]) -> Option<PageBits> {
    let mut bits = PageBits::EMPTY;
    let mut next = 0_u32;
    while !bytes.is_empty() {
        let place = next + u32::from(take_leb(&mut bytes)?);
        if place >= PAGE_SERIALS {
            return None;
        }
        bits.insert(place as u16);
        next = place + 1;
    }
    Some(bits)
}

fn encode_bitmap(bits: &PageBits) -> Vec<u8> {
    let words = bits.0.iter().flat_map(|word| word.to_le_bytes());
    std::iter::once(BITMAP).chain(words).collect()
}

fn decode_bitmap(bytes: &[u8]) -> Option<PageBits> {
    if bytes.len() != PageBits::WORDS * 8 {
        return None;
    }
    let mut bits = PageBits::EMPTY;
    for (word, chunk) in bits.0.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(chunk.try_into().ok()?);
    }
    Some(bits)
}

/// LEB128 of a number below 2^14.
fn push_leb(out: &mut Vec<u8>, number: u16) {
    if number >= 128 {
        out.push(number as u8 | 128);
        out.push((number >> 7) as u8);
    } else {
        out.push(number as u8);
    }
}

fn take_leb(bytes: &mut &[u8]) -> Option<u16> {
    let (first, rest) = bytes.split_first()?;
    if *first < 128 {
        *bytes = rest;
        return Some(u16::from(*first));
    }
    let (second, rest) = rest.split_first()?;
    *bytes = rest;
    (*second < 128).then(|| u16::from(first & 127) | u16::from(*second) << 7)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn bits_of(places: &BTreeSet<u16>) -> PageBits {
        let mut bits = PageBits::EMPTY;
        places.iter().for_each(|place| _ = bits.insert(*place));
        bits
    }

    /// Bytes of a set as runs: two numbers each, of one byte or two.
    fn runs_bytes<'a>(places: &BTreeSet<u16>, firsts: impl Iterator<Item = &'a u16>) -> usize {
        let bytes = |number: u16| if number < 128 { 1 } else { 2 };
        let mut next = 0;
        firsts.fold(1, |sum, first| {
            let last = (*first..).take_while(|place| places.contains(place)).last().unwrap();
            let sum = sum + bytes(first - next) + bytes(last - first);
            next = last + 1;
            sum
        })
    }

    fn places() -> impl Strategy<Value = BTreeSet<u16>> {
        let scattered = proptest::collection::btree_set(0..2048_u16, 0..2048);
        let few = proptest::collection::btree_set(0..2048_u16, 0..20);
        let runs = proptest::collection::vec((0..2048_u16, 0..900_u16), 0..4)
            .prop_map(|runs| runs.into_iter().flat_map(|(from, n)| from..(from + n).min(2048)).collect());
        prop_oneof![scattered, few, runs]
    }

    proptest! {
        #[test]
        fn every_container_gives_back_its_set(places in places()) {
            let bits = bits_of(&places);
            let containers = [encode_runs(&bits), encode_gaps(&bits), encode_bitmap(&bits)];
            let whole = containers.iter().filter(|bytes| bytes.len() <= BYTES_MAX);
            let chosen = encode(&bits);
            for bytes in whole.clone().chain([&chosen]) {
                prop_assert_eq!(decode(bytes), Some(bits.clone()));
            }
            prop_assert_eq!(Some(&chosen), whole.min_by_key(|bytes| bytes.len()));
            let runs = places.iter().filter(|place| !place.checked_sub(1).is_some_and(|before| places.contains(&before)));
            let longer = |bytes: &[u8]| bytes.len() > BYTES_MAX;
            prop_assert_eq!(longer(&containers[0]), runs_bytes(&places, runs) > BYTES_MAX);
        }

        #[test]
        fn any_bytes_are_a_set_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(bits) = decode(&bytes) {
                prop_assert_eq!(decode(&encode(&bits)), Some(bits));
            }
        }
    }

    #[test]
    fn a_full_page_is_four_bytes() {
        assert_eq!(encode(&PageBits([u64::MAX; PageBits::WORDS])), [RUNS, 0, 255, 15]);
    }
}
