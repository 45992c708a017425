//! Counting a batch: millions of devices to a few counts a model.
//!
//! What always holds: one pass, memory for the models only; the catalogue is asked once a model. Devices
//! come in ascending order, as a body has them; those of another order are counted, but look scattered.

use super::{ModelCounts, Name};
use crate::{
    day::Day,
    identity::{EquipmentKey, Tac},
    page::{PageBits, PageId},
};
use std::collections::BTreeMap;

/// What the catalogue says of a TAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueModel {
    /// Brand, else the manufacturer.
    pub brand: Name,
    /// Model.
    pub model: Name,
    /// When the TAC was allocated, where that is known.
    pub allocated: Option<Day>,
    /// Whether the model has two SIMs, where that is known.
    pub dual_sim: Option<bool>,
}

/// Where a device is listed already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Through the same door.
    pub here: bool,
    /// Through another door.
    pub other_door: bool,
    /// On the black list.
    pub black: bool,
}

/// Counts a batch by model.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    done: BTreeMap<Tac, ModelCounts>,
    open: Option<Open>,
}

/// The page that is being counted, and its model so far.
#[derive(Clone, Debug)]
struct Open {
    page: PageId,
    in_page: u64,
    counts: ModelCounts,
}

impl Open {
    fn close_page(&mut self) {
        if self.in_page < Tally::THIN_PAGE {
            self.counts.thin += self.in_page;
        }
        self.in_page = 0;
    }
}

impl Tally {
    /// Pages with fewer devices of the batch than this are thin: 16 of 2,048 is one carton of phones. A consignment of
    /// one model fills its pages tens to hundreds deep; phones gathered one by one hardly share a page.
    pub const THIN_PAGE: u64 = 16;

    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one device: whether another IMEI of the batch is linked with it as the same phone, and where it is
    /// listed already.
    pub fn add(&mut self, key: EquipmentKey, paired: bool, listed: Elsewhere) {
        let counts = self.page(PageId::of(key), 1);
        counts.lone += u64::from(!paired);
        counts.listed_here += u64::from(listed.here);
        counts.listed_elsewhere += u64::from(listed.other_door);
        counts.blacklisted += u64::from(listed.black);
    }

    /// Counts a whole page at once: `lone` of its devices have no other IMEI in the batch; `here`, `other_door` and
    /// `black` are what the same door, other doors and the black list have of this page.
    pub fn add_page(
        &mut self,
        id: PageId,
        bits: &PageBits,
        lone: u64,
        here: &PageBits,
        other_door: &PageBits,
        black: &PageBits,
    ) {
        let both =
            |held: &PageBits| bits.0.iter().zip(held.0).map(|(a, b)| u64::from((a & b).count_ones())).sum::<u64>();
        let total = bits.0.iter().map(|word| u64::from(word.count_ones())).sum();
        let counts = self.page(id, total);
        counts.lone += lone.min(total);
        counts.listed_here += both(here);
        counts.listed_elsewhere += both(other_door);
        counts.blacklisted += both(black);
    }

    fn page(&mut self, id: PageId, imeis: u64) -> &mut ModelCounts {
        let mut open = match self.open.take() {
            Some(mut open) if open.page.tac() == id.tac() => {
                if open.page != id {
                    open.close_page();
                    open.page = id;
                }
                open
            }
            other => {
                self.put(other);
                let fresh = || ModelCounts { tac: Some(id.tac()), ..ModelCounts::default() };
                let counts = self.done.remove(&id.tac()).unwrap_or_else(fresh);
                Open { page: id, in_page: 0, counts }
            }
        };
        open.in_page += imeis;
        open.counts.imeis += imeis;
        &mut self.open.insert(open).counts
    }

    fn put(&mut self, open: Option<Open>) {
        if let Some(mut open) = open {
            open.close_page();
            self.done.insert(open.page.tac(), open.counts);
        }
    }

    /// The counts in the order of TACs, with what the catalogue says of each.
    pub fn finish(mut self, mut catalogue: impl FnMut(Tac) -> Option<CatalogueModel>) -> Vec<ModelCounts> {
        let open = self.open.take();
        self.put(open);
        let name = |(tac, counts)| ModelCounts { model: catalogue(tac), ..counts };
        self.done.into_iter().map(name).collect()
    }
}
