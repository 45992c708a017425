//! Walking: models and pages in order, for those who look at all of them.

use super::{
    CHUNK_PAGES, CHUNK_SHELVES, HotSets, PageView, SHELF_PAGES, TAC_CHUNKS,
    details::{MarksChunk, PairsChunk},
    devices::DeviceChunk,
    directory::Directory,
};
use crate::{
    identity::Tac,
    page::{PageContent, PageId},
};
use std::ops::Range;

impl HotSets {
    /// Every model with a device of which something is known, ascending.
    pub fn tacs(&self) -> Vec<Tac> {
        let devices = self.devices.iter().map(|(id, _)| id / TAC_CHUNKS);
        let pairs = self.pairs.iter().map(|(id, _)| id / (TAC_CHUNKS * CHUNK_SHELVES));
        tacs(devices.chain(pairs))
    }

    /// All that is held, in order. Costs a moment for itself: for those who look at most of it.
    pub fn walk(&self) -> Walk<'_> {
        fn sorted<V: Clone>(directory: &Directory<V>) -> Vec<(u64, &V)> {
            let mut all: Vec<_> = directory.iter().collect();
            all.sort_unstable_by_key(|(id, _)| *id);
            all
        }
        Walk { devices: sorted(&self.devices), marks: sorted(&self.marks), pairs: sorted(&self.pairs) }
    }

    /// The pages of a model that may hold something, ascending.
    pub fn pages_of_tac(&self, tac: Tac) -> impl Iterator<Item = PageView<'_>> {
        let first = u64::from(tac.get()) * TAC_CHUNKS;
        let (chunks, shelves) =
            (first..first + TAC_CHUNKS, first * CHUNK_SHELVES..(first + TAC_CHUNKS) * CHUNK_SHELVES);
        fn held<V: Clone>(directory: &Directory<V>, ids: Range<u64>) -> Vec<(u64, &V)> {
            ids.filter_map(|id| Some((id, directory.get(id)?))).collect()
        }
        let walk = Walk {
            devices: held(&self.devices, chunks),
            marks: held(&self.marks, shelves.clone()),
            pairs: held(&self.pairs, shelves),
        };
        walk.pages_of_tac(tac).collect::<Vec<_>>().into_iter()
    }
}

/// See [`HotSets::walk`].
pub struct Walk<'a> {
    devices: Vec<(u64, &'a DeviceChunk)>,
    marks: Vec<(u64, &'a MarksChunk)>,
    pairs: Vec<(u64, &'a PairsChunk)>,
}

impl<'a> Walk<'a> {
    /// The pages of a model that may hold something, ascending.
    pub fn pages_of_tac(&self, tac: Tac) -> impl Iterator<Item = PageView<'a>> {
        let first = u64::from(tac.get()) * TAC_CHUNKS;
        let (chunks, shelves) =
            (first..first + TAC_CHUNKS, first * CHUNK_SHELVES..(first + TAC_CHUNKS) * CHUNK_SHELVES);
        let (marks, pairs) = (within(&self.marks, &shelves), within(&self.pairs, &shelves));
        let devices = within(&self.devices, &chunks);
        let named = devices.iter().map(|(id, _)| *id).chain(pairs.iter().map(|(id, _)| id / CHUNK_SHELVES));
        let mut chunks: Vec<u64> = named.collect();
        chunks.sort_unstable();
        chunks.dedup();
        chunks.into_iter().flat_map(move |chunk| {
            let shelves = chunk * CHUNK_SHELVES..(chunk + 1) * CHUNK_SHELVES;
            let device = find(devices, chunk);
            let (marks, pairs) = (within(marks, &shelves), within(pairs, &shelves));
            (0..CHUNK_PAGES).filter_map(move |page| {
                let shelf = chunk * CHUNK_SHELVES + page as u64 / u64::from(SHELF_PAGES);
                let (marks, pairs) = (find(marks, shelf), find(pairs, shelf));
                let id = PageId::new(tac, (chunk % TAC_CHUNKS) as u16 * CHUNK_PAGES as u16 + page as u16)?;
                let holds = pairs.is_some() || device.is_some_and(|chunk| chunk.holds(page));
                holds.then_some(PageView { id, devices: device, marks, pairs })
            })
        })
    }

    /// Every page that holds something, ascending.
    pub(super) fn pages(self) -> impl Iterator<Item = (PageId, PageContent)> {
        let devices = self.devices.iter().map(|(id, _)| id / TAC_CHUNKS);
        let pairs = self.pairs.iter().map(|(id, _)| id / (TAC_CHUNKS * CHUNK_SHELVES));
        let views =
            tacs(devices.chain(pairs)).into_iter().flat_map(move |tac| self.pages_of_tac(tac).collect::<Vec<_>>());
        views.map(|view| (view.id(), view.content())).filter(|(_, content)| !content.is_empty())
    }
}

fn tacs(all: impl Iterator<Item = u64>) -> Vec<Tac> {
    let mut tacs: Vec<u64> = all.collect();
    tacs.sort_unstable();
    tacs.dedup();
    tacs.into_iter().filter_map(|tac| Tac::new(u32::try_from(tac).ok()?).ok()).collect()
}

/// The entries of a stretch of ids.
fn within<'s, V>(all: &'s [(u64, V)], ids: &Range<u64>) -> &'s [(u64, V)] {
    let start = all.partition_point(|(id, _)| *id < ids.start);
    let count = all.get(start..).unwrap_or(&[]).partition_point(|(id, _)| *id < ids.end);
    all.get(start..start + count).unwrap_or(&[])
}

fn find<V: Copy>(all: &[(u64, V)], id: u64) -> Option<V> {
    let at = all.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    all.get(at).map(|(_, value)| *value)
}
