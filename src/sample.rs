//! Synthetic registers for benches, the demo and tests: the same every time for the same seed.
//!
//! *Clustered* is how registers look: TACs whose sizes follow Zipf's law, filled by batches that are runs
//! (a production), random parts of ranges (what came into the country) or strides (phones of two slots
//! whose IMEIs lie some numbers apart). *Scattered* is the worst case: a share of each TAC at random.
//! What always holds: pages come in ascending order, and only pages that hold a device come.

use crate::{
    identity::{EquipmentKey, Tac},
    page::{PAGE_SERIALS, PAGES_PER_TAC, PageBits, PageId},
};

/// SplitMix64: a small generator whose sequence is fixed for ever.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `limit`; 0 when `limit` is 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        ((self.next_u64() as u128 * limit as u128) >> 64) as u64
    }
}

/// The first TAC of a sample; the others follow with gaps.
const TAC_FIRST: u32 = 35_000_000;
/// Devices a TAC has on average in a clustered sample.
const CLUSTERED_TAC_MEAN: u64 = 10_000;
/// No TAC is filled beyond this.
const TAC_FILL_MAX: u64 = 700_000;

/// How often sizes are scaled up where TACs were cut at their most, and from which shortage on.
const SCALINGS_MAX: usize = 16;
const SHORT_MIN: f64 = 1.0005;

/// About `devices` devices as registers hold them. The exact number differs by some per mille.
pub fn clustered(seed: u64, devices: u64) -> impl Iterator<Item = (PageId, PageBits)> {
    let sizes = zipf_sizes(seed, devices);
    tacs(seed, sizes.len()).zip(sizes).flat_map(move |(tac, size)| {
        let mut serials = Serials::new();
        serials.fill_in_batches(&mut SplitMix64::new(seed ^ u64::from(tac.get()) << 20), size);
        serials.pages(tac)
    })
}

/// About `devices` devices, `per_mille` thousandths of each TAC at random.
pub fn scattered(seed: u64, devices: u64, per_mille: u32) -> impl Iterator<Item = (PageId, PageBits)> {
    let each = u64::from(EquipmentKey::SERIALS) * u64::from(per_mille) / 1000;
    let count = devices.div_ceil(each.max(1)) as usize;
    tacs(seed, count).enumerate().flat_map(move |(index, tac)| {
        let mut serials = Serials::new();
        let size = each.min(devices - index as u64 * each);
        serials.fill_at_random(&mut SplitMix64::new(seed ^ u64::from(tac.get()) << 20), size);
        serials.pages(tac)
    })
}

/// Devices of a sample, chosen evenly and in random order.
pub fn keys(seed: u64, pages: impl Iterator<Item = (PageId, PageBits)>, one_in: u64) -> Vec<EquipmentKey> {
    let mut random = SplitMix64::new(seed);
    let mut keys = Vec::new();
    for (id, bits) in pages {
        keys.extend(bits.iter().filter(|_| random.below(one_in.max(1)) == 0).filter_map(|place| id.key(place)));
    }
    for index in (1..keys.len()).rev() {
        keys.swap(index, random.below(index as u64 + 1) as usize);
    }
    keys
}

/// TACs in ascending order, one to twelve apart, so that many between them hold nothing.
pub(crate) fn tacs(seed: u64, count: usize) -> impl Iterator<Item = Tac> {
    let mut random = SplitMix64::new(seed);
    let mut number = TAC_FIRST;
    std::iter::from_fn(move || {
        number += 1 + random.below(12) as u32;
        Tac::new(number).ok()
    })
    .take(count)
}

/// Sizes of TACs by Zipf's law with exponent 0.8, in random order.
pub(crate) fn zipf_sizes(seed: u64, devices: u64) -> Vec<u64> {
    let count = (devices / CLUSTERED_TAC_MEAN).max(8);
    let weights: Vec<f64> = (1..=count).map(|rank| (rank as f64).powf(-0.8)).collect();
    let total: f64 = weights.iter().sum();
    let sizes_at = |scale: f64| -> Vec<u64> {
        weights.iter().map(|weight| ((scale * weight / total).round() as u64).clamp(1, TAC_FILL_MAX)).collect()
    };
    let mut scale = devices as f64;
    let mut sizes = sizes_at(scale);
    // What the largest TACs cannot hold goes to the others.
    for _ in 0..SCALINGS_MAX {
        let short = devices as f64 / sizes.iter().sum::<u64>() as f64;
        if short < SHORT_MIN {
            break;
        }
        scale *= short;
        sizes = sizes_at(scale);
    }
    let mut random = SplitMix64::new(!seed);
    for index in (1..sizes.len()).rev() {
        sizes.swap(index, random.below(index as u64 + 1) as usize);
    }
    sizes
}

/// The serials of one TAC.
struct Serials {
    pages: Vec<PageBits>,
    count: u64,
}

impl Serials {
    fn new() -> Self {
        Self { pages: vec![PageBits::EMPTY; usize::from(PAGES_PER_TAC)], count: 0 }
    }

    fn insert(&mut self, serial: u64) {
        if serial < u64::from(EquipmentKey::SERIALS)
            && let Some(page) = self.pages.get_mut(serial as usize / PAGE_SERIALS as usize)
        {
            self.count += u64::from(page.insert((serial % u64::from(PAGE_SERIALS)) as u16));
        }
    }

    /// Batches of some hundred to 20,000 devices until so many serials are in: of ten batches four are
    /// runs, three random parts of ranges, three strides.
    fn fill_in_batches(&mut self, random: &mut SplitMix64, size: u64) {
        while self.count < size {
            let length = (200 + random.below(20_000)).min(size - self.count);
            let start = random.below(u64::from(EquipmentKey::SERIALS));
            match random.below(10) {
                0..4 => (start..start + length).for_each(|serial| self.insert(serial)),
                4..7 => self.fill_part(random, start, length),
                _ => self.fill_stride(random, start, length),
            }
        }
    }

    /// One in two to one in eight of a range.
    fn fill_part(&mut self, random: &mut SplitMix64, start: u64, length: u64) {
        let one_in = 2 + random.below(7);
        for serial in start..start + length * one_in {
            if random.below(one_in) == 0 {
                self.insert(serial);
            }
        }
    }

    /// Phones of two slots, one every three to ten serials, their IMEIs next to each other.
    fn fill_stride(&mut self, random: &mut SplitMix64, start: u64, length: u64) {
        let stride = 3 + random.below(8);
        for phone in 0..length / 2 {
            self.insert(start + phone * stride);
            self.insert(start + phone * stride + 1);
        }
        // A batch of one device would never end the loop above.
        self.insert(start);
    }

    fn fill_at_random(&mut self, random: &mut SplitMix64, size: u64) {
        while self.count < size {
            self.insert(random.below(u64::from(EquipmentKey::SERIALS)));
        }
    }

    fn pages(self, tac: Tac) -> impl Iterator<Item = (PageId, PageBits)> {
        (0..)
            .zip(self.pages)
            .filter_map(move |(page, bits)| Some((PageId::new(tac, page)?, bits)))
            .filter(|(_, bits)| !bits.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pages: &[(PageId, PageBits)]) -> u64 {
        pages.iter().map(|(_, bits)| u64::from(bits.count())).sum()
    }

    #[test]
    fn samples_are_of_their_size_and_ascend() {
        for pages in [clustered(1, 200_000).collect::<Vec<_>>(), scattered(1, 200_000, 50).collect()] {
            assert!((190_000..220_000).contains(&count(&pages)), "{}", count(&pages));
            assert!(pages.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert!(pages.iter().all(|(id, bits)| bits.iter().all(|place| id.key(place).is_some())));
        }
        assert_eq!(count(&scattered(3, 120_000, 50).collect::<Vec<_>>()), 120_000);
    }

    #[test]
    fn a_seed_gives_the_same_sample_every_time() {
        let first: Vec<_> = clustered(7, 30_000).collect();
        assert_eq!(first, clustered(7, 30_000).collect::<Vec<_>>());
        assert_ne!(first, clustered(8, 30_000).collect::<Vec<_>>());
        assert_eq!(SplitMix64::new(0).next_u64(), 0xe220_a839_7b1d_cdaf);
        let keys = keys(1, first.into_iter(), 10);
        assert!((2_000..4_000).contains(&keys.len()));
    }
}
