//! Walking: models and pages in order, for those who look at all of them.

use super::{CHUNK_SHELVES, HotSets, TAC_CHUNKS};
use crate::{
    identity::Tac,
    page::{PageContent, PageId},
};

impl HotSets {
    /// Every model with a device of which something is known, ascending.
    pub fn tacs(&self) -> Vec<Tac> {
        let devices = self.devices.iter().map(|(id, _)| id / TAC_CHUNKS);
        let pairs = self.pairs.iter().map(|(id, _)| id / (TAC_CHUNKS * CHUNK_SHELVES));
        let mut tacs: Vec<u64> = devices.chain(pairs).collect();
        tacs.sort_unstable();
        tacs.dedup();
        tacs.into_iter().filter_map(|tac| Tac::new(u32::try_from(tac).ok()?).ok()).collect()
    }

    /// The pages of a model that hold something, ascending.
    pub fn pages_of_tac(&self, tac: Tac) -> impl Iterator<Item = (PageId, PageContent)> {
        let first = u64::from(tac.get()) * TAC_CHUNKS;
        (first..first + TAC_CHUNKS).filter(|chunk| self.has_chunk(*chunk)).flat_map(|chunk| self.pages_of(chunk))
    }

    fn has_chunk(&self, chunk: u64) -> bool {
        let shelves = chunk * CHUNK_SHELVES..(chunk + 1) * CHUNK_SHELVES;
        self.devices.get(chunk).is_some()
            || self.pairs.len() > 0 && shelves.into_iter().any(|id| self.pairs.get(id).is_some())
    }
}
