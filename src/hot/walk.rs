//! Walking: models and pages in order, for those who look at all of them.

use super::{CHUNK_PAGES, CHUNK_SHELVES, HotSets, SHELF_PAGES, TAC_CHUNKS, devices::DeviceSet};
use crate::{
    identity::Tac,
    page::{PAGE_SERIALS, PageContent, PageId},
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
        (first..first + TAC_CHUNKS).flat_map(|chunk| self.pages_of(chunk))
    }

    /// The pages of a chunk that hold something, ascending. Each part of the chunk is read once, whatever is in it.
    pub(super) fn pages_of(&self, chunk: u64) -> impl Iterator<Item = (PageId, PageContent)> + use<> {
        let mut contents: [Option<Box<PageContent>>; CHUNK_PAGES] = [const { None }; CHUNK_PAGES];
        let devices = self.devices.get(chunk);
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
        for shelf in 0..CHUNK_SHELVES {
            let id = chunk * CHUNK_SHELVES + shelf;
            let page_of = |place: u16| usize::from(shelf as u16 * SHELF_PAGES + place / PAGE_SERIALS as u16);
            for (place, mark) in self.marks.get(id).into_iter().flat_map(|marks| marks.iter()) {
                if let Some(content) = contents.get_mut(page_of(place)) {
                    content.get_or_insert_default().marks.push((place % PAGE_SERIALS as u16, mark));
                }
            }
            for (place, pair) in self.pairs.get(id).into_iter().flat_map(|pairs| pairs.iter()) {
                if let Some(content) = contents.get_mut(page_of(place)) {
                    content.get_or_insert_default().pairs.push((place % PAGE_SERIALS as u16, pair));
                }
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
}
