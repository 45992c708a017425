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

/// Encodes a set.
pub(super) fn encode(bits: &PageBits) -> Vec<u8> {
    let candidates = [encode_runs(bits), encode_gaps(bits), encode_bitmap(bits)];
    candidates.into_iter().min_by_key(Vec::len).unwrap_or_default()
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

fn encode_runs(bits: &PageBits) -> Vec<u8> {
    let mut out = vec![RUNS];
    let mut places = bits.iter().peekable();
    let mut next = 0;
    while let Some(first) = places.next() {
        let mut last = first;
        while places.next_if_eq(&(last + 1)).is_some() {
            last += 1;
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

fn encode_gaps(bits: &PageBits) -> Vec<u8> {
    let mut out = vec![GAPS];
    let mut next = 0;
    for place in bits.iter() {
        push_leb(&mut out, place - next);
        next = place + 1;
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
            for bytes in [encode_runs(&bits), encode_gaps(&bits), encode_bitmap(&bits), encode(&bits)] {
                prop_assert_eq!(decode(&bytes), Some(bits.clone()));
            }
            prop_assert!(encode(&bits).len() <= 257);
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
