//! Walking: models and pages in order, for those who look at all of them.

use super::{
    CHUNK_PAGES, CHUNK_SHELVES, HotSets, SHELF_PAGES, TAC_CHUNKS,
    details::{MarksChunk, PairsChunk},
    devices::{DeviceChunk, DeviceSet},
    directory::Directory,
};
use crate::{
    identity::Tac,
    page::{PAGE_SERIALS, PageContent, PageId},
};
use std::ops::Range;

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

    /// All that is held, in order. Costs a moment for itself: for those who look at most of it.
    pub fn walk(&self) -> Walk<'_> {
        fn sorted<V: Clone>(directory: &Directory<V>) -> Vec<(u64, &V)> {
            let mut all: Vec<_> = directory.iter().collect();
            all.sort_unstable_by_key(|(id, _)| *id);
            all
        }
        Walk { devices: sorted(&self.devices), marks: sorted(&self.marks), pairs: sorted(&self.pairs) }
    }

    /// The pages of a model that hold something, ascending.
    pub fn pages_of_tac(&self, tac: Tac) -> impl Iterator<Item = (PageId, PageContent)> {
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

impl Walk<'_> {
    /// The pages of a model that hold something, ascending.
    pub fn pages_of_tac(&self, tac: Tac) -> impl Iterator<Item = (PageId, PageContent)> {
        let first = u64::from(tac.get()) * TAC_CHUNKS;
        let chunks = first..first + TAC_CHUNKS;
        let shelves = first * CHUNK_SHELVES..(first + TAC_CHUNKS) * CHUNK_SHELVES;
        let (marks, pairs) = (within(&self.marks, &shelves), within(&self.pairs, &shelves));
        let devices = within(&self.devices, &chunks);
        let named = devices.iter().map(|(id, _)| *id).chain(pairs.iter().map(|(id, _)| id / CHUNK_SHELVES));
        let mut chunks: Vec<u64> = named.collect();
        chunks.sort_unstable();
        chunks.dedup();
        chunks.into_iter().flat_map(move |chunk| {
            let shelves = chunk * CHUNK_SHELVES..(chunk + 1) * CHUNK_SHELVES;
            let device = devices.iter().find(|(id, _)| *id == chunk).map(|(_, chunk)| *chunk);
            contents_of(chunk, device, within(marks, &shelves), within(pairs, &shelves))
        })
    }

    /// Every page that holds something, ascending.
    pub(super) fn pages(self) -> impl Iterator<Item = (PageId, PageContent)> {
        let devices = self.devices.iter().map(|(id, _)| id / TAC_CHUNKS);
        let pairs = self.pairs.iter().map(|(id, _)| id / (TAC_CHUNKS * CHUNK_SHELVES));
        let mut tacs: Vec<u64> = devices.chain(pairs).collect();
        tacs.sort_unstable();
        tacs.dedup();
        let tacs = tacs.into_iter().filter_map(|tac| Tac::new(u32::try_from(tac).ok()?).ok());
        tacs.flat_map(move |tac| self.pages_of_tac(tac).collect::<Vec<_>>())
    }
}

/// The entries of a stretch of ids.
fn within<'s, V>(all: &'s [(u64, V)], ids: &Range<u64>) -> &'s [(u64, V)] {
    let start = all.partition_point(|(id, _)| *id < ids.start);
    let count = all.get(start..).unwrap_or(&[]).partition_point(|(id, _)| *id < ids.end);
    all.get(start..start + count).unwrap_or(&[])
}

/// The pages of a chunk that hold something, ascending. Each part of the chunk is read once, whatever is in it.
fn contents_of(
    chunk: u64,
    devices: Option<&DeviceChunk>,
    marks: &[(u64, &MarksChunk)],
    pairs: &[(u64, &PairsChunk)],
) -> impl Iterator<Item = (PageId, PageContent)> + use<> {
    let mut contents: [Option<Box<PageContent>>; CHUNK_PAGES] = [const { None }; CHUNK_PAGES];
    for set in DeviceSet::ALL {
        for (page, bits) in devices.into_iter().flat_map(|chunk| chunk.section(set).pages()) {
            let Some(content) = contents.get_mut(page) else { continue };
            let content = content.get_or_insert_default();
            match set {
                DeviceSet::Registered => content.registered = bits,
                DeviceSet::Grandfathered => content.grandfathered = bits,
                DeviceSet::Suspended => content.suspended = bits,
                // The marks themselves tell.
                DeviceSet::Marked => {}
            }
        }
    }
    let page_of = |shelf: u64, place: u16| {
        usize::from((shelf % CHUNK_SHELVES) as u16 * SHELF_PAGES + place / PAGE_SERIALS as u16)
    };
    for (place, shelf, mark) in marks.iter().flat_map(|(id, marks)| marks.iter().map(move |(at, mark)| (at, id, mark)))
    {
        if let Some(content) = contents.get_mut(page_of(*shelf, place)) {
            content.get_or_insert_default().marks.push((place % PAGE_SERIALS as u16, mark));
        }
    }
    for (place, shelf, pair) in pairs.iter().flat_map(|(id, pairs)| pairs.iter().map(move |(at, pair)| (at, id, pair)))
    {
        if let Some(content) = contents.get_mut(page_of(*shelf, place)) {
            content.get_or_insert_default().pairs.push((place % PAGE_SERIALS as u16, pair));
        }
    }
    let tac = Tac::new((chunk / TAC_CHUNKS) as u32).ok();
    let first = (chunk % TAC_CHUNKS) as u16 * CHUNK_PAGES as u16;
    (first..).zip(contents).filter_map(move |(page, content)| {
        let (id, mut content) = (PageId::new(tac?, page)?, *content?);
        // Both are runs in order: they are merged and not sorted.
        content.marks.sort();
        content.pairs.sort();
        (!content.is_empty()).then_some((id, content))
    })
}
