//! Evidence of many devices at once.
//!
//! A single check waits for one line of memory after the other. Here 64 devices go through the steps of
//! a lookup together: hash, leaf, index, container, answer. The loads of one step do not depend on
//! each other, so the processor has many of them under way at a time.

use super::{
    Address, HotSets,
    details::PairBuckets,
    devices::Spots,
    directory::{Entry, find},
};
use crate::{
    identity::{EquipmentKey, Imsi},
    pairing::Pairs,
    policy::Evidence,
};
use std::hint::black_box;

/// Devices that go through the steps together.
const GROUP: usize = 64;

impl HotSets {
    /// Devices and SIMs that are best asked for together.
    pub const TOGETHER: usize = GROUP;

    /// All evidence of many devices: calls `answer` with the index of each key and its evidence, in order.
    pub fn evidence_batch<'a>(&'a self, keys: &[EquipmentKey], mut answer: impl FnMut(usize, Evidence<'a>)) {
        for (group, keys) in keys.chunks(GROUP).enumerate() {
            self.evidence_group(keys, |index, evidence| answer(group * GROUP + index, evidence));
        }
    }

    fn evidence_group<'a>(&'a self, keys: &[EquipmentKey], mut answer: impl FnMut(usize, Evidence<'a>)) {
        let devices = DeviceProbes::new(self, keys);
        let pairs = (self.pairs.len() > 0).then(|| PairProbes::new(self, keys));
        for (index, key) in keys.iter().enumerate() {
            let device = Address::of_device(*key);
            let flags = devices.read(index, device.place);
            let shelf = Address::of_shelf(*key);
            let evidence = Evidence {
                registered: flags.registered,
                grandfathered: flags.grandfathered,
                suspended: flags.suspended,
                marks: if flags.marked { self.marks(shelf) } else { &[] },
                pairs: pairs.as_ref().map_or_else(Pairs::default, |pairs| pairs.read(index, shelf.place)),
                tac: self.rules.get(key.tac()),
            };
            answer(index, evidence);
        }
    }

    /// Brings the entries of many IMSIs in the subscriber map near, so that asking for each of them waits for no
    /// memory.
    pub fn touch_subscribers(&self, imsis: &[Imsi]) {
        for imsis in imsis.chunks(GROUP) {
            let mut addresses = [Address { chunk: 0, place: 0 }; GROUP];
            addresses.iter_mut().zip(imsis).for_each(|(address, imsi)| *address = Address::of_subscriber(*imsi));
            let addresses = addresses.get(..imsis.len()).unwrap_or(&[]);
            let chunks = chunks_of(&self.subscribers, addresses);
            let held = || chunks.iter().zip(addresses).filter_map(|(chunk, address)| Some(((*chunk)?, address.place)));
            held().for_each(|(chunk, _)| _ = black_box(chunk.is_empty()));
            let mut buckets = [const { 0..0 }; GROUP];
            for (bucket, (chunk, place)) in buckets.iter_mut().zip(held()) {
                *bucket = chunk.bucket(place);
            }
            held().zip(&buckets).for_each(|((chunk, _), bucket)| chunk.touch(bucket));
        }
    }
}

/// The leaves of a group's chunks, then the chunks.
fn chunks_of<'a, V: Clone>(
    directory: &'a super::directory::Directory<V>,
    addresses: &[Address],
) -> [Option<&'a V>; GROUP] {
    let mut leaves: [&[Entry<V>]; GROUP] = [&[]; GROUP];
    for (leaf, address) in leaves.iter_mut().zip(addresses) {
        *leaf = directory.leaf(address.chunk);
    }
    let mut chunks = [None; GROUP];
    for ((chunk, leaf), address) in chunks.iter_mut().zip(leaves).zip(addresses) {
        *chunk = find(leaf, address.chunk);
    }
    chunks
}

/// The addresses of a group; those past its end mean nothing.
fn addresses_of(keys: &[EquipmentKey], of: impl Fn(EquipmentKey) -> Address) -> [Address; GROUP] {
    let mut addresses = [Address { chunk: 0, place: 0 }; GROUP];
    addresses.iter_mut().zip(keys).for_each(|(address, key)| *address = of(*key));
    addresses
}

struct DeviceProbes<'a> {
    chunks: [Option<&'a super::devices::DeviceChunk>; GROUP],
    spots: [Spots; GROUP],
}

impl<'a> DeviceProbes<'a> {
    fn new(hot: &'a HotSets, keys: &[EquipmentKey]) -> Self {
        let addresses = addresses_of(keys, Address::of_device);
        let addresses = addresses.get(..keys.len()).unwrap_or(&[]);
        let chunks = chunks_of(&hot.devices, addresses);
        let near = chunks
            .iter()
            .zip(addresses)
            .filter_map(|(chunk, address)| Some(chunk.as_ref()?.touch_index(address.place)));
        black_box(near.fold(0, |sum, value| sum ^ value));
        let mut spots = [Spots::NONE; GROUP];
        for ((spot, chunk), address) in spots.iter_mut().zip(chunks).zip(addresses) {
            if let Some(chunk) = chunk {
                *spot = chunk.spots(address.place);
            }
        }
        let near = chunks.iter().zip(&spots).filter_map(|(chunk, spots)| Some(chunk.as_ref()?.touch(spots)));
        black_box(near.fold(0, |sum, value| sum ^ value));
        Self { chunks, spots }
    }

    #[inline]
    fn read(&self, index: usize, place: u16) -> super::devices::Flags {
        let Some(Some(chunk)) = self.chunks.get(index) else { return super::devices::Flags::default() };
        self.spots.get(index).map(|spots| chunk.read(*spots, place)).unwrap_or_default()
    }
}

struct PairProbes<'a> {
    chunks: [Option<&'a super::details::PairsChunk>; GROUP],
    buckets: [PairBuckets; GROUP],
}

impl<'a> PairProbes<'a> {
    fn new(hot: &'a HotSets, keys: &[EquipmentKey]) -> Self {
        let addresses = addresses_of(keys, Address::of_shelf);
        let addresses = addresses.get(..keys.len()).unwrap_or(&[]);
        let chunks = chunks_of(&hot.pairs, addresses);
        for chunk in chunks.iter().flatten() {
            black_box(chunk.is_empty());
        }
        let mut buckets = [const { (0..0, 0..0) }; GROUP];
        for ((bucket, chunk), address) in buckets.iter_mut().zip(chunks).zip(addresses) {
            if let Some(chunk) = chunk {
                *bucket = chunk.buckets(address.place);
            }
        }
        for (chunk, buckets) in chunks.iter().zip(&buckets) {
            if let Some(chunk) = chunk {
                chunk.touch(buckets);
            }
        }
        Self { chunks, buckets }
    }

    #[inline]
    fn read(&self, index: usize, place: u16) -> Pairs<'a> {
        let Some(Some(chunk)) = self.chunks.get(index).copied() else { return Pairs::default() };
        self.buckets.get(index).map_or_else(Pairs::default, |buckets| chunk.read(buckets.clone(), place))
    }
}
