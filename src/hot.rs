//! Hot sets: the register as checks see it, exact and in memory.
//!
//! A check must not wait for a disk or a writer, and must never see a device between two lists. So all
//! that it needs hangs on one immutable root, [`HotSets`]: a change makes a new root that shares every
//! chunk that did not change, and [`Published`] swaps the roots. Memory decides how large a register one
//! machine bears, so sets are written in the smallest of several forms per page of 2,048 serials, and
//! pages lie together in chunks of 65,536.
//! What always holds: sets are exact; a root never changes; what lies in memory depends on the content
//! alone, not on the changes that led to it; nothing here knows the store.

mod batch;
mod bins;
mod bits;
mod build;
mod container;
mod details;
mod devices;
mod directory;
mod memory;
mod near;
mod publish;
mod rules;
mod shelf;
mod snapshot;
mod stats;
#[cfg(test)]
mod tests;
mod view;
mod walk;

pub use build::{BuildError, Builder, Rewritten, Update};
pub use publish::{Published, RootCell};
pub use stats::{EntryKind, Stats};
pub use view::{PageView, PairedBits};
pub use walk::Walk;

use crate::{
    digest::{self, RegisterDigest},
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    ledger::Override,
    listing::{Mark, TacRule},
    page::{PAGE_SERIALS, PageContent, PageId},
    pairing::Pairs,
    policy::{Evidence, settings::Timeline},
    revision::Revision,
};
use details::{MarksChunk, PairsChunk, SubscribersChunk};
use devices::{CHUNK_PAGES, DeviceChunk};
use directory::Directory;
use rules::TacRules;
use shelf::SHELF_PLACES;
use stats::Chunk;
use std::{collections::BTreeMap, sync::Arc};

/// Pages of a shelf of marks or pairs.
const SHELF_PAGES: u16 = SHELF_PLACES / PAGE_SERIALS as u16;
/// Device chunks of a TAC: 1,000,000 serials are 15.3 of them.
const TAC_CHUNKS: u64 = 16;
/// Shelves of a device chunk.
const CHUNK_SHELVES: u64 = CHUNK_PAGES as u64 / SHELF_PAGES as u64;

/// What the subscriber map says of an IMSI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriberEntry {
    /// Its number.
    pub msisdn: Msisdn,
}

/// One immutable state of all hot sets. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct HotSets {
    revision: Revision,
    settings: Arc<Timeline>,
    overrides: Arc<BTreeMap<u64, Override>>,
    devices: Directory<DeviceChunk>,
    marks: Directory<MarksChunk>,
    pairs: Directory<PairsChunk>,
    subscribers: Directory<SubscribersChunk>,
    rules: TacRules,
    tally: stats::Tally,
}

impl HotSets {
    /// All evidence of a device, borrowed.
    pub fn evidence(&self, key: EquipmentKey) -> Evidence<'_> {
        let device = Address::of_device(key);
        let flags = self.devices.get(device.chunk).map(|chunk| chunk.flags(device.place)).unwrap_or_default();
        let shelf = device.shelf();
        Evidence {
            registered: flags.registered,
            grandfathered: flags.grandfathered,
            suspended: flags.suspended,
            marks: if flags.marked { self.marks(shelf) } else { &[] },
            pairs: self.pairs.get(shelf.chunk).map_or_else(Pairs::default, |chunk| chunk.get(shelf.place)),
            tac: self.rules.get(key.tac()),
        }
    }

    fn marks(&self, shelf: Address) -> &[Mark] {
        self.marks.get(shelf.chunk).map_or(&[], |chunk| chunk.get(shelf.place))
    }

    /// The subscriber map's entry of an IMSI.
    pub fn subscriber(&self, imsi: Imsi) -> Option<SubscriberEntry> {
        let address = Address::of_subscriber(imsi);
        let msisdn = self.subscribers.get(address.chunk)?.get(address.place)?;
        Some(SubscriberEntry { msisdn })
    }

    /// The rule of a model; the default where there is none.
    pub fn tac_rule(&self, tac: Tac) -> TacRule {
        self.rules.get(tac)
    }

    /// Revision of the data.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// All settings documents with their dates.
    pub const fn settings(&self) -> &Arc<Timeline> {
        &self.settings
    }

    /// All overrides by number.
    pub const fn overrides(&self) -> &Arc<BTreeMap<u64, Override>> {
        &self.overrides
    }

    /// Every page that holds something, in ascending order.
    pub fn pages(&self) -> impl Iterator<Item = (PageId, PageContent)> {
        self.walk().pages()
    }

    /// What is known of the devices of a page.
    pub fn page(&self, id: PageId) -> PageContent {
        self.view(id).content()
    }

    /// Every entry of the subscriber map, in no order.
    pub fn subscribers(&self) -> impl Iterator<Item = (Imsi, SubscriberEntry)> {
        self.subscribers.iter().flat_map(|(chunk, shelves)| {
            shelves.iter().filter_map(move |(place, msisdn)| {
                let imsi = Imsi::from_packed(chunk * u64::from(SHELF_PLACES) + u64::from(place)).ok()?;
                Some((imsi, SubscriberEntry { msisdn }))
            })
        })
    }

    /// Every TAC with a rule, ascending.
    pub fn tac_rules(&self) -> impl Iterator<Item = (Tac, TacRule)> {
        self.rules.iter()
    }

    /// The digest of all effective evidence, computed anew.
    pub fn digest(&self) -> RegisterDigest {
        let mut digest = RegisterDigest::default();
        for (id, content) in self.pages() {
            digest.replace_in_tac(id.tac(), 0, digest::of_page(id, &content));
        }
        for (tac, rule) in self.tac_rules() {
            digest.replace_in_tac(tac, 0, digest::of_tac_rule(tac, rule));
        }
        for (imsi, entry) in self.subscribers() {
            digest.replace_subscriber(0, digest::of_subscriber(imsi, Some(entry.msisdn)));
        }
        for entry in self.settings.entries() {
            let text = entry.settings().to_toml();
            digest.replace_settings(0, digest::of_settings(entry.effective_from(), entry.seq(), &text));
        }
        digest
    }

    /// Bytes of all pairs and of the subscriber map, with their directories and what the allocator rounds up. Counted
    /// anew.
    pub fn paired_bytes(&self) -> (u64, u64) {
        let pairs: u64 = self.pairs.iter().map(|(_, chunk)| chunk.tally().allocated()).sum();
        let subscribers: u64 = self.subscribers.iter().map(|(_, chunk)| chunk.tally().allocated()).sum();
        (pairs + self.pairs.bytes(), subscribers + self.subscribers.bytes())
    }

    /// Entries and bytes.
    pub fn stats(&self) -> Stats {
        let directories = self.devices.bytes() + self.marks.bytes() + self.pairs.bytes() + self.subscribers.bytes();
        Stats::new(self.tally.clone(), directories)
    }
}

/// A chunk and a place within it.
#[derive(Clone, Copy, Debug)]
struct Address {
    chunk: u64,
    place: u16,
}

impl Address {
    /// Where nothing lies.
    const NONE: Self = Self { chunk: u64::MAX, place: 0 };

    #[inline]
    fn of_device(key: EquipmentKey) -> Self {
        let serial = key.serial();
        let chunk = u64::from(key.tac().get()) * TAC_CHUNKS + u64::from(serial / devices::CHUNK_SERIALS);
        Self { chunk, place: (serial % devices::CHUNK_SERIALS) as u16 }
    }

    /// The shelf of a device.
    #[inline]
    const fn shelf(self) -> Self {
        // Of nothing it is far beyond every TAC, too.
        let chunk = self.chunk.wrapping_mul(CHUNK_SHELVES) + (self.place / SHELF_PLACES) as u64;
        Self { chunk, place: self.place % SHELF_PLACES }
    }

    #[inline]
    const fn of_subscriber(imsi: Imsi) -> Self {
        let packed = imsi.packed();
        Self { chunk: packed / SHELF_PLACES as u64, place: (packed % SHELF_PLACES as u64) as u16 }
    }
}

/// The device chunk of a page, and which of its pages it is.
fn chunk_of_page(id: PageId) -> (u64, usize) {
    let page = usize::from(id.page());
    (u64::from(id.tac().get()) * TAC_CHUNKS + (page / CHUNK_PAGES) as u64, page % CHUNK_PAGES)
}

/// The shelf of a page, and the shelf's place at which the page starts.
fn shelf_of_page(id: PageId) -> (u64, u16) {
    let shelf = u64::from(id.tac().get()) * TAC_CHUNKS * CHUNK_SHELVES + u64::from(id.page() / SHELF_PAGES);
    (shelf, id.page() % SHELF_PAGES * PAGE_SERIALS as u16)
}
