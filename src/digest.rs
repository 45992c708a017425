//! Digests: whether two states of the register hold the same.
//!
//! The digest of a TAC is the sum modulo 2^128 of the hashes (xxh3, 128 bits) of its pages and its rule;
//! subscribers and settings have sums of their own. A sum does not care for order, and a change takes the
//! old hash off and adds the new one, so digests are kept up to date at the cost of what changes.
//! Store and hot sets compute theirs independently; sums that differ name the TACs to look at.
//! What always holds: container, order and clock do not matter; an empty page, a rule that says nothing
//! and an absent subscriber count as nothing. A digest detects accidents, not intent.
//!
//! Canonical bytes, little-endian, behind one byte that says what follows:
//! - 1, page: TAC (4), page (2); registered and grandfathered: 0, or 1 and 256 bytes of bitmap; number of
//!   marks (4), each place (2), number (8, 0 is none), until (2), since (2), class, door, suspended; number
//!   of pairs (4), each place (2), number (8), until (2), kind, door, second; where a plain listing is suspended,
//!   1 and 256 bytes of bitmap
//! - 2, subscriber: packed IMSI (8), MSISDN (8)
//! - 3, TAC rule: TAC (4), exempt type, bar
//! - 4, settings document: first second in force (8), journal entry (8), its canonical text

use crate::{
    day::Day,
    identity::{Imsi, Msisdn, Tac},
    listing::{Mark, TacBar, TacRule},
    page::{PageBits, PageContent, PageId},
    pairing::Pair,
};
use std::{collections::BTreeMap, fmt};
use xxhash_rust::xxh3::xxh3_128;

const PAGE: u8 = 1;
const SUBSCRIBER: u8 = 2;
const TAC_RULE: u8 = 3;
const SETTINGS: u8 = 4;

/// The digest of a page. 0 when nothing is known of any of its devices.
pub fn of_page(id: PageId, content: &PageContent) -> u128 {
    if content.is_empty() {
        return 0;
    }
    let mut bytes = Vec::with_capacity(1024);
    bytes.push(PAGE);
    bytes.extend(id.tac().get().to_le_bytes());
    bytes.extend(id.page().to_le_bytes());
    write_bits(&content.registered, &mut bytes);
    write_bits(&content.grandfathered, &mut bytes);
    bytes.extend((content.marks.len() as u32).to_le_bytes());
    content.marks.iter().for_each(|(place, mark)| write_mark(*place, mark, &mut bytes));
    bytes.extend((content.pairs.len() as u32).to_le_bytes());
    content.pairs.iter().for_each(|(place, pair)| write_pair(*place, pair, &mut bytes));
    if !content.suspended.is_empty() {
        write_bits(&content.suspended, &mut bytes);
    }
    xxh3_128(&bytes)
}

fn write_bits(bits: &PageBits, bytes: &mut Vec<u8>) {
    bytes.push(u8::from(!bits.is_empty()));
    if !bits.is_empty() {
        bytes.extend(bits.0.iter().flat_map(|word| word.to_le_bytes()));
    }
}

fn write_mark(place: u16, mark: &Mark, bytes: &mut Vec<u8>) {
    bytes.extend(place.to_le_bytes());
    bytes.extend(mark.number.map_or(0, |number| number.to_stored()).to_le_bytes());
    bytes.extend(Day::to_stored(mark.until()).to_le_bytes());
    bytes.extend(Day::to_stored(mark.since()).to_le_bytes());
    bytes.extend([mark.class.code(), mark.door.code(), u8::from(mark.suspended)]);
}

fn write_pair(place: u16, pair: &Pair, bytes: &mut Vec<u8>) {
    bytes.extend(place.to_le_bytes());
    bytes.extend(pair.number.to_stored().to_le_bytes());
    bytes.extend(Day::to_stored(pair.until()).to_le_bytes());
    bytes.extend([pair.kind as u8, pair.door.code(), u8::from(pair.second)]);
}

/// The digest of an entry of the subscriber map. 0 when there is none.
pub fn of_subscriber(imsi: Imsi, msisdn: Option<Msisdn>) -> u128 {
    let Some(msisdn) = msisdn else { return 0 };
    let mut bytes = [SUBSCRIBER; 17];
    bytes[1..9].copy_from_slice(&imsi.packed().to_le_bytes());
    bytes[9..].copy_from_slice(&msisdn.get().to_le_bytes());
    xxh3_128(&bytes)
}

/// The digest of a TAC's rule. 0 when it says nothing.
pub fn of_tac_rule(tac: Tac, rule: TacRule) -> u128 {
    if rule == TacRule::default() {
        return 0;
    }
    let bar = match rule.barred {
        TacBar::None => 0,
        TacBar::Soft => 1,
        TacBar::Hard => 2,
    };
    let [a, b, c, d] = tac.get().to_le_bytes();
    xxh3_128(&[TAC_RULE, a, b, c, d, u8::from(rule.exempt_type), bar])
}

/// The digest of one settings document: from which second on it is in force, the `seq` of its journal entry,
/// and its canonical text.
pub fn of_settings(effective_from: i64, seq: u64, canonical: &str) -> u128 {
    let mut bytes = vec![SETTINGS];
    bytes.extend(effective_from.to_le_bytes());
    bytes.extend(seq.to_le_bytes());
    bytes.extend(canonical.as_bytes());
    xxh3_128(&bytes)
}

/// The digest of a whole register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterDigest {
    tacs: BTreeMap<Tac, u128>,
    subscribers: u128,
    settings: u128,
}

impl RegisterDigest {
    /// Replaces what a TAC's page or rule had as digest by what it has now; 0 is nothing.
    pub fn replace_in_tac(&mut self, tac: Tac, old: u128, new: u128) {
        let sum = self.tacs.entry(tac).or_default();
        *sum = sum.wrapping_sub(old).wrapping_add(new);
        // So that a TAC that came and went leaves no trace.
        if *sum == 0 {
            self.tacs.remove(&tac);
        }
    }

    /// Replaces the digest of a subscriber; 0 is nothing.
    pub const fn replace_subscriber(&mut self, old: u128, new: u128) {
        self.subscribers = self.subscribers.wrapping_sub(old).wrapping_add(new);
    }

    /// Replaces the digest of a settings document; 0 is nothing.
    pub const fn replace_settings(&mut self, old: u128, new: u128) {
        self.settings = self.settings.wrapping_sub(old).wrapping_add(new);
    }

    /// The digest of everything.
    pub fn total(&self) -> u128 {
        self.tacs.values().fold(self.subscribers.wrapping_add(self.settings), |sum, tac| sum.wrapping_add(*tac))
    }

    /// The digest of one TAC. 0 when nothing is known of it.
    pub fn of_tac(&self, tac: Tac) -> u128 {
        self.tacs.get(&tac).copied().unwrap_or(0)
    }

    /// The digest of the subscriber map.
    pub const fn of_subscribers(&self) -> u128 {
        self.subscribers
    }

    /// The TACs in which two registers differ, ascending.
    pub fn differing_tacs(&self, other: &Self) -> Vec<Tac> {
        let mut tacs: Vec<_> = self.tacs.keys().chain(other.tacs.keys()).copied().collect();
        tacs.sort_unstable();
        tacs.dedup();
        tacs.retain(|tac| self.of_tac(*tac) != other.of_tac(*tac));
        tacs
    }
}

impl fmt::Display for RegisterDigest {
    /// The total as 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.total())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::listing::{Class, Door};

    fn content() -> PageContent {
        let mut content = PageContent::default();
        content.registered.insert(5);
        content.marks.push((9, Mark::new(Class::Stolen, Door::Stolen)));
        content.pairs.push((5, Pair::allowance(Msisdn::new(62_811_000_001).unwrap().into())));
        content
    }

    fn page(tac: u32, page: u16) -> PageId {
        PageId::new(Tac::new(tac).unwrap(), page).unwrap()
    }

    /// Digests are compared between nodes of different versions: these bytes are for ever.
    #[test]
    fn digests_do_not_change_between_versions() {
        insta::assert_snapshot!(format!("{:032x}", of_page(page(35_000_001, 3), &content())), @"442e9f1644777c1db52e117ebf91085d");
        let imsi = "510101234567890".parse().unwrap();
        let subscriber = of_subscriber(imsi, Some(Msisdn::new(62_811_000_001).unwrap()));
        insta::assert_snapshot!(format!("{subscriber:032x}"), @"b83dc72bd1ca6db6cc7745d6c06487bd");
        let rule = TacRule { exempt_type: true, barred: TacBar::Soft };
        insta::assert_snapshot!(format!("{:032x}", of_tac_rule(Tac::new(1).unwrap(), rule)), @"bbe8820128706868175839b3b54cd4f5");
        insta::assert_snapshot!(format!("{:032x}", of_settings(1_700_000_000, 3, "")), @"1a5a4f4fd933c9dc9bb4ec13817c3567");
    }

    #[test]
    fn everything_in_a_page_counts() {
        let digest = |change: fn(&mut PageContent)| {
            let mut changed = content();
            change(&mut changed);
            of_page(page(35_000_001, 3), &changed)
        };
        let mut digests = vec![
            digest(|_| {}),
            digest(|page| page.registered = PageBits::EMPTY),
            digest(|page| std::mem::swap(&mut page.registered, &mut page.grandfathered)),
            digest(|page| std::mem::swap(&mut page.registered, &mut page.suspended)),
            digest(|page| page.marks[0].0 = 8),
            digest(|page| page.marks[0].1.suspended = true),
            digest(|page| page.marks[0].1.class = Class::Lost),
            digest(|page| page.marks[0].1.door = Door::GsmaBlocklist),
            digest(|page| page.marks[0].1 = page.marks[0].1.with_until(Day::from_stored(1))),
            digest(|page| page.marks[0].1 = page.marks[0].1.with_since(Day::from_stored(1))),
            digest(|page| page.pairs[0].0 = 6),
            digest(|page| page.pairs[0].1 = page.pairs[0].1.with_second(true)),
            digest(|page| page.pairs[0].1 = page.pairs[0].1.with_until(Day::from_stored(1))),
            digest(|page| page.pairs.clear()),
            of_page(page(35_000_001, 4), &content()),
            of_page(page(35_000_002, 3), &content()),
        ];
        let count = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), count);
    }

    #[test]
    fn what_comes_and_goes_leaves_no_trace() {
        let tac = Tac::new(35_000_001).unwrap();
        let (first, second) = (of_page(page(35_000_001, 3), &content()), of_page(page(35_000_001, 4), &content()));
        let mut digest = RegisterDigest::default();
        digest.replace_in_tac(tac, 0, first);
        digest.replace_in_tac(tac, 0, second);
        let other = RegisterDigest::default();
        assert_eq!(digest.differing_tacs(&other), [tac]);
        assert_eq!(digest.of_tac(tac), first.wrapping_add(second));
        digest.replace_in_tac(tac, first, 0);
        digest.replace_in_tac(tac, second, 0);
        assert_eq!(digest, other);
        assert_eq!(digest.to_string(), "0".repeat(32));
    }
}
