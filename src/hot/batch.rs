//! Evidence of many devices at once.
//!
//! A single check waits for one line of memory after the other. Here 64 devices go through the steps of
//! a lookup together: hash, leaf, index, container, answer. Each step asks for the lines of the next one and
//! waits for none, and a step of devices and one of their pairs come by turns.
//! What always holds: the evidence is that of [`HotSets::evidence`].

use super::{
    Address, HotSets,
    bins::{Bin, Bins},
    details::{PairsChunk, SubscribersChunk},
    devices::{DeviceChunk, Flags, Spots},
    directory::{self, Directory, Entry},
};
use crate::{
    identity::{EquipmentKey, Imsi},
    listing::Mark,
    pairing::Pairs,
    policy::Evidence,
};

/// Devices that go through the steps together.
const GROUP: usize = 64;

/// The leaves in which the chunks of a group would be.
type Leaves<'a, V> = [&'a [Entry<V>]; GROUP];
/// The chunks of a group.
type Chunks<'a, V> = [Option<&'a V>; GROUP];

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
        let (mut devices, mut shelves) = ([Address::default(); GROUP], [Address::default(); GROUP]);
        for ((device, shelf), key) in devices.iter_mut().zip(&mut shelves).zip(keys) {
            (*device, *shelf) = (Address::of_device(*key), Address::of_shelf(*key));
        }
        let devices = devices.get(..keys.len()).unwrap_or(&[]);
        let shelves = shelves.get(..keys.len()).unwrap_or(&[]);
        // Nobody's pairs are looked for in a register that has none.
        let paired = if self.pairs.len() == 0 { &[] } else { shelves };
        touch(&self.devices, devices);
        touch(&self.pairs, paired);
        let (device_leaves, pair_leaves) = (leaves_of(&self.devices, devices), leaves_of(&self.pairs, paired));
        let device_chunks = chunks_of(&device_leaves, devices, DeviceChunk::touch_index);
        let pair_chunks = chunks_of(&pair_leaves, paired, |chunk, place| chunk.plain().touch_index(place));
        let spots = spots_of(&device_chunks, devices);
        let bins = bins_of(&pair_chunks, paired, PairsChunk::plain);
        let mut flags = [Flags::default(); GROUP];
        for (((flags, chunk), spots), device) in flags.iter_mut().zip(device_chunks).zip(&spots).zip(devices) {
            *flags = chunk.map(|chunk| chunk.read(*spots, device.place)).unwrap_or_default();
        }
        let marks = self.marks_of(&flags, shelves);
        let found = flags.iter().zip(marks).zip(pair_chunks.iter().zip(&bins)).zip(shelves).zip(keys);
        for (index, ((((flags, marks), (pairs, bin)), shelf), key)) in found.enumerate() {
            let evidence = Evidence {
                registered: flags.registered,
                grandfathered: flags.grandfathered,
                suspended: flags.suspended,
                marks,
                pairs: pairs.map_or_else(Pairs::default, |chunk| chunk.read(*bin, shelf.place)),
                tac: self.rules.get(key.tac()),
            };
            answer(index, evidence);
        }
    }

    /// The marks of those devices of a group that have any.
    fn marks_of<'a>(&'a self, flags: &[Flags; GROUP], shelves: &[Address]) -> [&'a [Mark]; GROUP] {
        let marked = || flags.iter().zip(shelves).enumerate().filter(|(_, (flags, _))| flags.marked);
        let mut leaves: Leaves<'_, _> = [&[]; GROUP];
        for (index, (_, shelf)) in marked() {
            let leaf = self.marks.leaf(shelf.chunk);
            directory::touch(leaf);
            leaves[index % GROUP] = leaf;
        }
        let mut chunks: Chunks<'_, _> = [None; GROUP];
        for (index, (_, shelf)) in marked() {
            let chunk = directory::find(leaves[index % GROUP], shelf.chunk);
            chunk.inspect(|chunk| chunk.touch());
            chunks[index % GROUP] = chunk;
        }
        let mut marks: [&[Mark]; GROUP] = [&[]; GROUP];
        for (index, (_, shelf)) in marked() {
            marks[index % GROUP] = chunks[index % GROUP].map_or(&[][..], |chunk| chunk.get(shelf.place));
        }
        marks
    }

    /// Brings the entries of many IMSIs in the subscriber map near, so that asking for each of them waits for no
    /// memory.
    pub fn touch_subscribers(&self, imsis: &[Imsi]) {
        for imsis in imsis.chunks(GROUP) {
            let mut addresses = [Address::default(); GROUP];
            addresses.iter_mut().zip(imsis).for_each(|(address, imsi)| *address = Address::of_subscriber(*imsi));
            let addresses = addresses.get(..imsis.len()).unwrap_or(&[]);
            touch(&self.subscribers, addresses);
            let leaves = leaves_of(&self.subscribers, addresses);
            let chunks = chunks_of(&leaves, addresses, |chunk, place| chunk.plain().touch_index(place));
            bins_of(&chunks, addresses, SubscribersChunk::plain);
        }
    }
}

/// Asks for what tells where the leaves of a group lie.
#[inline]
fn touch<V: Clone>(directory: &Directory<V>, addresses: &[Address]) {
    addresses.iter().for_each(|address| directory.touch(address.chunk));
}

/// The leaves of a group, on their way.
#[inline]
fn leaves_of<'a, V: Clone>(directory: &'a Directory<V>, addresses: &[Address]) -> Leaves<'a, V> {
    let mut leaves: Leaves<'_, V> = [&[]; GROUP];
    for (leaf, address) in leaves.iter_mut().zip(addresses) {
        *leaf = directory.leaf(address.chunk);
        directory::touch(leaf);
    }
    leaves
}

/// The chunks of a group, their indexes on their way.
#[inline]
fn chunks_of<'a, V>(leaves: &Leaves<'a, V>, addresses: &[Address], touch: impl Fn(&V, u16)) -> Chunks<'a, V> {
    let mut chunks: Chunks<'_, V> = [None; GROUP];
    for ((chunk, leaf), address) in chunks.iter_mut().zip(leaves).zip(addresses) {
        *chunk = directory::find(leaf, address.chunk);
        chunk.inspect(|chunk| touch(chunk, address.place));
    }
    chunks
}

/// Where the answers of a group lie, on their way.
#[inline]
fn spots_of(chunks: &Chunks<'_, DeviceChunk>, addresses: &[Address]) -> [Spots; GROUP] {
    let mut spots = [Spots::NONE; GROUP];
    for ((spots, chunk), address) in spots.iter_mut().zip(chunks).zip(addresses) {
        if let Some(chunk) = chunk {
            *spots = chunk.spots(address.place);
            chunk.touch(spots);
        }
    }
    spots
}

/// In which bins the places of a group would be, on their way.
#[inline]
fn bins_of<V, const N: usize>(
    chunks: &Chunks<'_, V>,
    addresses: &[Address],
    bins: impl Fn(&V) -> &Bins<N>,
) -> [Bin; GROUP] {
    let mut found = [Bin::default(); GROUP];
    for ((found, chunk), address) in found.iter_mut().zip(chunks).zip(addresses) {
        if let Some(bins) = chunk.map(&bins) {
            *found = bins.bin(address.place);
            bins.touch(*found);
        }
    }
    found
}
