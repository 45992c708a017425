//! Evidence of many devices at once.
//!
//! A check that reads one structure after the other waits for one line of memory after the other. Here 64 devices go
//! through the steps of a lookup together: hash, leaf, index, container, answer. Each step asks for the lines of the
//! next one and waits for none, and a step of devices, one of their pairs and one of the SIMs that ask come by turns; so a
//! single check waits for a third of what it reads.
//! What always holds: the evidence is that of [`HotSets::evidence`].

use super::{
    Address, HotSets, SubscriberEntry,
    bins::{Bin, Bins},
    details::{MarksChunk, PairsChunk, SubscribersChunk},
    devices::{DeviceChunk, Flags, Spots},
    directory::{self, Directory, Leaf},
};
use crate::{
    identity::{EquipmentKey, Imsi},
    listing::Mark,
    pairing::Pairs,
    policy::Evidence,
};

/// What tells where the leaves of a group lie.
type Slots<'a, V, const G: usize> = [Option<&'a Leaf<V>>; G];
/// The chunks of a group.
type Chunks<'a, V, const G: usize> = [Option<&'a V>; G];

impl HotSets {
    /// Devices and SIMs that are best asked for together.
    pub const TOGETHER: usize = 64;

    /// All evidence of many devices: calls `answer` with the index of each key and its evidence, in order.
    pub fn evidence_batch<'a>(&'a self, keys: &[EquipmentKey], mut answer: impl FnMut(usize, Evidence<'a>)) {
        for (group, keys) in keys.chunks(Self::TOGETHER).enumerate() {
            let mut asked = [None; Self::TOGETHER];
            asked.iter_mut().zip(keys).for_each(|(asked, key)| *asked = Some(*key));
            let found = self.evidence_group(asked.get(..keys.len()).unwrap_or(&[]));
            let found = found.into_iter().take(keys.len()).enumerate();
            found.for_each(|(index, evidence)| answer(group * Self::TOGETHER + index, evidence));
        }
    }

    /// All evidence of up to [`HotSets::TOGETHER`] devices, in their order; nothing is known of none.
    #[inline]
    pub fn evidence_group(&self, keys: &[Option<EquipmentKey>]) -> [Evidence<'_>; Self::TOGETHER] {
        self.evidence_of(keys, &[])
    }

    /// The evidence of one device, asked for together with what [`HotSets::subscriber`] reads of a SIM: that waits for
    /// nothing afterwards.
    #[inline]
    pub fn evidence_beside(&self, key: EquipmentKey, sim: Option<Imsi>) -> Evidence<'_> {
        let [evidence] = self.evidence_of::<1>(&[Some(key)], sim.as_slice());
        evidence
    }

    /// What the subscriber map says of up to [`HotSets::TOGETHER`] IMSIs, in their order.
    #[inline]
    pub fn subscribers_group(&self, imsis: &[Option<Imsi>]) -> [Option<SubscriberEntry>; Self::TOGETHER] {
        let mut addresses = [Address::NONE; Self::TOGETHER];
        addresses
            .iter_mut()
            .zip(imsis)
            .for_each(|(address, imsi)| *address = imsi.map_or(Address::NONE, Address::of_subscriber));
        let addresses = addresses.get(..imsis.len()).unwrap_or(&[]);
        let chunks = self.subscriber_chunks::<{ Self::TOGETHER }>(addresses);
        let bins = bins_of(&chunks, addresses, SubscribersChunk::plain);
        let mut found = [None; Self::TOGETHER];
        for ((found, (chunk, bin)), address) in found.iter_mut().zip(chunks.iter().zip(bins)).zip(addresses) {
            let msisdn = chunk.and_then(|chunk| chunk.read(bin, address.place));
            *found = msisdn.map(|msisdn| SubscriberEntry { msisdn });
        }
        found
    }

    /// Brings the entries of many IMSIs in the subscriber map near, so that asking for each of them waits for no
    /// memory.
    pub fn touch_subscribers(&self, imsis: &[Imsi]) {
        for imsis in imsis.chunks(Self::TOGETHER) {
            let mut addresses = [Address::NONE; Self::TOGETHER];
            addresses.iter_mut().zip(imsis).for_each(|(address, imsi)| *address = Address::of_subscriber(*imsi));
            let addresses = addresses.get(..imsis.len()).unwrap_or(&[]);
            let chunks = self.subscriber_chunks::<{ Self::TOGETHER }>(addresses);
            bins_of(&chunks, addresses, SubscribersChunk::plain);
        }
    }

    #[inline]
    fn subscriber_chunks<const G: usize>(&self, addresses: &[Address]) -> Chunks<'_, SubscribersChunk, G> {
        let slots = slots_of(&self.subscribers, addresses);
        let leaves = leaves_of(&slots);
        chunks_of::<_, G>(&leaves, addresses, |chunk, place| chunk.plain().touch_index(place))
    }

    /// The evidence of a group, with the map's entries of some SIMs on their way.
    #[inline]
    fn evidence_of<const G: usize>(&self, keys: &[Option<EquipmentKey>], sims: &[Imsi]) -> [Evidence<'_>; G] {
        let (mut devices, mut shelves) = ([Address::NONE; G], [Address::NONE; G]);
        for ((device, shelf), key) in devices.iter_mut().zip(&mut shelves).zip(keys) {
            *device = key.map_or(Address::NONE, Address::of_device);
            *shelf = device.shelf();
        }
        let mut sim = [Address::NONE; G];
        sim.iter_mut().zip(sims).for_each(|(address, imsi)| *address = Address::of_subscriber(*imsi));
        let sim = sim.get(..sims.len()).unwrap_or(&[]);
        let devices = devices.get(..keys.len()).unwrap_or(&[]);
        let shelves = shelves.get(..keys.len()).unwrap_or(&[]);
        // Nobody's pairs are looked for in a register that has none.
        let paired = if self.pairs.len() == 0 { &[] } else { shelves };

        let device_slots: Slots<'_, _, G> = slots_of(&self.devices, devices);
        let pair_slots: Slots<'_, _, G> = slots_of(&self.pairs, paired);
        let sim_slots: Slots<'_, _, G> = slots_of(&self.subscribers, sim);

        let (device_leaves, pair_leaves) = (leaves_of(&device_slots), leaves_of(&pair_slots));
        let sim_leaves = leaves_of(&sim_slots);

        let device_chunks = chunks_of(&device_leaves, devices, DeviceChunk::touch_index);
        let pair_chunks = chunks_of(&pair_leaves, paired, |chunk, place| chunk.plain().touch_index(place));
        let sim_chunks = chunks_of(&sim_leaves, sim, |chunk, place| chunk.plain().touch_index(place));

        let spots = spots_of(&device_chunks, devices);
        let bins = bins_of(&pair_chunks, paired, PairsChunk::plain);
        bins_of(&sim_chunks, sim, SubscribersChunk::plain);

        let mut found = [Evidence::default(); G];
        let mut flags = [Flags::default(); G];
        for (((flags, chunk), spots), device) in flags.iter_mut().zip(device_chunks).zip(&spots).zip(devices) {
            *flags = chunk.map(|chunk| chunk.read(spots, device.place)).unwrap_or_default();
        }
        let marks = self.marks_of(&flags, shelves);
        let pairs = pair_chunks.iter().zip(&bins);
        for (index, (((found, (pairs, bin)), shelf), key)) in
            found.iter_mut().zip(pairs).zip(shelves).zip(keys).enumerate()
        {
            let flags = flags[index];
            *found = Evidence {
                registered: flags.registered,
                grandfathered: flags.grandfathered,
                suspended: flags.suspended,
                marks: marks[index],
                pairs: pairs.map_or_else(Pairs::default, |chunk| chunk.read(*bin, shelf.place)),
                tac: key.map(|key| self.rules.get(key.tac())).unwrap_or_default(),
            };
        }
        found
    }

    /// The marks of those devices of a group that have any.
    #[inline]
    fn marks_of<const G: usize>(&self, flags: &[Flags; G], shelves: &[Address]) -> [&[Mark]; G] {
        let mut marks: [&[Mark]; G] = [&[]; G];
        let marked = || flags.iter().zip(shelves).enumerate().filter(|(_, (flags, _))| flags.marked);
        if marked().next().is_none() {
            return marks;
        }
        let mut slots: Slots<'_, MarksChunk, G> = [None; G];
        marked().for_each(|(index, (_, shelf))| slots[index] = self.marks.slot(shelf.chunk));
        let leaves = leaves_of(&slots);
        let mut chunks: Chunks<'_, MarksChunk, G> = [None; G];
        for (index, (_, shelf)) in marked() {
            let chunk = directory::find(leaves[index], shelf.chunk);
            chunk.inspect(|chunk| chunk.touch());
            chunks[index] = chunk;
        }
        for (index, (_, shelf)) in marked() {
            marks[index] = chunks[index].map_or(&[][..], |chunk| chunk.get(shelf.place));
        }
        marks
    }
}

/// What tells where the leaves of a group lie, on its way.
#[inline]
fn slots_of<'a, V: Clone, const G: usize>(directory: &'a Directory<V>, addresses: &[Address]) -> Slots<'a, V, G> {
    let mut slots: Slots<'_, V, G> = [None; G];
    slots.iter_mut().zip(addresses).for_each(|(slot, address)| *slot = directory.slot(address.chunk));
    slots
}

/// The leaves of a group, on their way.
#[inline]
fn leaves_of<'a, V, const G: usize>(slots: &Slots<'a, V, G>) -> [&'a [directory::Entry<V>]; G] {
    slots.map(directory::leaf)
}

/// The chunks of a group, their indexes on their way.
#[inline]
fn chunks_of<'a, V, const G: usize>(
    leaves: &[&'a [directory::Entry<V>]; G],
    addresses: &[Address],
    touch: impl Fn(&V, u16),
) -> Chunks<'a, V, G> {
    let mut chunks: Chunks<'_, V, G> = [None; G];
    for ((chunk, leaf), address) in chunks.iter_mut().zip(leaves).zip(addresses) {
        *chunk = directory::find(leaf, address.chunk);
        chunk.inspect(|chunk| touch(chunk, address.place));
    }
    chunks
}

/// Where the answers of a group lie, on their way.
#[inline]
fn spots_of<const G: usize>(chunks: &Chunks<'_, DeviceChunk, G>, addresses: &[Address]) -> [Spots; G] {
    let mut spots = [Spots::NONE; G];
    for ((spots, chunk), address) in spots.iter_mut().zip(chunks).zip(addresses) {
        if let Some(chunk) = chunk {
            *spots = chunk.spots(address.place);
            chunk.touch(spots, address.place);
        }
    }
    spots
}

/// In which bins the places of a group would be, on their way.
#[inline]
fn bins_of<V, const N: usize, const G: usize>(
    chunks: &Chunks<'_, V, G>,
    addresses: &[Address],
    bins: impl Fn(&V) -> &Bins<N>,
) -> [Bin; G] {
    let mut found = [Bin::default(); G];
    for ((found, chunk), address) in found.iter_mut().zip(chunks).zip(addresses) {
        if let Some(bins) = chunk.map(&bins) {
            *found = bins.bin(address.place);
            bins.touch(*found);
        }
    }
    found
}
