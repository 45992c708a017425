//! Building hot sets from pages, and making the next ones by a change.
//!
//! Both go the same way: pages are gathered by device chunk, the chunk and its shelves are written anew
//! with those pages replaced, and the directories take them in. A build has no older chunks and puts
//! each directory together once.

use super::{
    Address, HotSets, SubscriberEntry, chunk_of_page,
    details::{MarksChunk, PairsChunk, SubscribersChunk},
    devices::DeviceChunk,
    directory::Directory,
    rules::TacRules,
    shelf::SHELF_PLACES,
    shelf_of_page,
    snapshot::{self, BlockKind},
    stats::{Chunk, Tally},
};
use crate::{
    identity::{Imsi, Tac},
    ledger::Override,
    listing::TacRule,
    page::{PAGE_SERIALS, PageBits, PageContent, PageId},
    policy::settings::Timeline,
    revision::Revision,
};
use std::{collections::BTreeMap, sync::Arc};

/// One change of the hot sets.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Revision of the data after the change.
    pub revision: Revision,
    /// The new content of every page that it touches (empty: the page goes). Of one page the last counts.
    pub pages: Vec<(PageId, PageContent)>,
    /// New entries of the subscriber map (`None`: the entry goes). Of one IMSI the last counts.
    pub subscribers: Vec<(Imsi, Option<SubscriberEntry>)>,
    /// New rules of TACs (the default: the rule goes). Of one TAC the last counts.
    pub tac_rules: Vec<(Tac, TacRule)>,
    /// All settings documents, when they changed.
    pub settings: Option<Arc<Timeline>>,
    /// All overrides, when they changed.
    pub overrides: Option<Arc<BTreeMap<u64, Override>>>,
}

/// Why pages or subscribers cannot be built from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A page came after a later one, or twice.
    #[error(
        "page {page} of TAC {tac} came after a later page or twice: hot sets are built in ascending page order, read the store from its start"
    )]
    PageOrder {
        /// TAC of the page.
        tac: Tac,
        /// Its number.
        page: u16,
    },
    /// An IMSI came after a later one, or twice.
    #[error(
        "IMSI {0} came after a later one or twice: the subscriber map is built in the order of packed IMSIs, read the store from its start"
    )]
    SubscriberOrder(
        /// The IMSI, masked.
        String,
    ),
}

/// Builds hot sets from pages and subscribers, both in ascending order.
#[derive(Debug, Default)]
pub struct Builder {
    pages: Vec<(PageId, PageContent)>,
    last_page: Option<PageId>,
    subscribers: Vec<(Imsi, Option<SubscriberEntry>)>,
    last_subscriber: Option<Imsi>,
    rules: Vec<(Tac, TacRule)>,
    overrides: Arc<BTreeMap<u64, Override>>,
    changes: Changes,
}

impl Builder {
    /// Packed IMSIs that lie together: builders that are to be joined part the subscriber map at multiples of it.
    pub const SUBSCRIBERS: u64 = SHELF_PLACES as u64;

    /// A builder of empty hot sets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a page.
    ///
    /// # Errors
    /// When it does not come after all pages before it.
    pub fn page(&mut self, id: PageId, content: PageContent) -> Result<(), BuildError> {
        if self.last_page.is_some_and(|last| last >= id) {
            return Err(BuildError::PageOrder { tac: id.tac(), page: id.page() });
        }
        if self.last_page.is_some_and(|last| chunk_of_page(last).0 != chunk_of_page(id).0) {
            self.flush_pages();
        }
        self.last_page = Some(id);
        self.pages.push((id, content));
        Ok(())
    }

    /// Takes in an entry of the subscriber map.
    ///
    /// # Errors
    /// When its IMSI does not come after all before it (as [`Imsi::packed`] sorts).
    pub fn subscriber(&mut self, imsi: Imsi, entry: SubscriberEntry) -> Result<(), BuildError> {
        if self.last_subscriber.is_some_and(|last| last.packed() >= imsi.packed()) {
            return Err(BuildError::SubscriberOrder(imsi.masked()));
        }
        let chunk = |imsi| Address::of_subscriber(imsi).chunk;
        if self.last_subscriber.is_some_and(|last| chunk(last) != chunk(imsi)) {
            self.flush_subscribers();
        }
        self.last_subscriber = Some(imsi);
        self.subscribers.push((imsi, Some(entry)));
        Ok(())
    }

    /// Takes in the rule of a TAC. Of one TAC the last counts.
    pub fn tac_rule(&mut self, tac: Tac, rule: TacRule) {
        self.rules.push((tac, rule));
    }

    /// Takes in all overrides.
    pub fn overrides(&mut self, overrides: BTreeMap<u64, Override>) {
        self.overrides = Arc::new(overrides);
    }

    /// Takes in a block of a snapshot, in any order. `None`: it is not what was written, and nothing more may be built.
    pub fn block(&mut self, block: &[u8]) -> Option<()> {
        let (kind, chunks) = snapshot::open(block)?;
        let Changes { devices, marks, pairs, subscribers, tally } = &mut self.changes;
        match kind {
            BlockKind::Devices => snapshot::each(chunks, |id, chunk| put(devices, tally, id, None, Some(chunk))),
            BlockKind::Marks => snapshot::each(chunks, |id, chunk| put(marks, tally, id, None, Some(chunk))),
            BlockKind::Pairs => snapshot::each(chunks, |id, chunk| put(pairs, tally, id, None, Some(chunk))),
            BlockKind::Subscribers => {
                snapshot::each(chunks, |id, chunk| put(subscribers, tally, id, None, Some(chunk)))
            }
        }
    }

    /// Takes in what another builder took in: of other models, and of other stretches of [`Builder::SUBSCRIBERS`].
    pub fn join(&mut self, mut other: Self) {
        other.flush_pages();
        other.flush_subscribers();
        self.changes.extend(other.changes);
        self.rules.extend(other.rules);
    }

    fn flush_pages(&mut self) {
        let pages: Vec<_> = self.pages.iter().map(|(id, content)| (*id, content)).collect();
        self.changes.add_pages(None, &pages);
        self.pages.clear();
    }

    fn flush_subscribers(&mut self) {
        self.changes.add_subscribers(None, &self.subscribers);
        self.subscribers.clear();
    }

    /// The hot sets of everything taken in.
    pub fn finish(mut self, revision: Revision, settings: Arc<Timeline>) -> HotSets {
        self.flush_pages();
        self.flush_subscribers();
        let rules = TacRules::default().changed(&self.rules);
        let Changes { devices, marks, pairs, subscribers, mut tally } = self.changes;
        tally.add(&rules.tally());
        HotSets {
            revision,
            settings,
            overrides: self.overrides,
            devices: directory_of(devices),
            marks: directory_of(marks),
            pairs: directory_of(pairs),
            subscribers: directory_of(subscribers),
            rules,
            tally,
        }
    }
}

fn directory_of<V: Clone>(changes: ChunkChanges<V>) -> Directory<V> {
    Directory::build(changes.into_iter().filter_map(|(id, chunk)| Some((id, chunk?))).collect())
}

impl HotSets {
    /// The hot sets after a change. Chunks that it does not touch are shared; these hot sets stay as they are.
    pub fn apply(&self, update: Update) -> Self {
        self.apply_rewritten(update, Rewritten::default())
    }

    /// The same, with chunks that were written anew before, from these very hot sets. `update.pages` is of other models.
    pub fn apply_rewritten(&self, update: Update, rewritten: Rewritten) -> Self {
        let mut pages: Vec<_> = update.pages.iter().map(|(id, content)| (*id, content)).collect();
        keep_last(&mut pages);
        let mut rewritten = rewritten;
        rewritten.extend(Rewritten(self.rewrite_sorted(&pages)));
        let Rewritten(mut changes) = rewritten;
        changes.tally.add(&self.tally);
        let mut subscribers = update.subscribers;
        keep_last(&mut subscribers);
        let chunk = |imsi| Address::of_subscriber(imsi).chunk;
        for subscribers in subscribers.chunk_by(|(a, _), (b, _)| chunk(*a) == chunk(*b)) {
            changes.add_subscribers(Some(self), subscribers);
        }
        let rules = self.rules.changed(&update.tac_rules);
        changes.tally.subtract(&self.rules.tally());
        changes.tally.add(&rules.tally());
        Self {
            revision: update.revision,
            settings: update.settings.unwrap_or_else(|| Arc::clone(&self.settings)),
            overrides: update.overrides.unwrap_or_else(|| Arc::clone(&self.overrides)),
            devices: self.devices.changed(changes.devices),
            marks: self.marks.changed(changes.marks),
            pairs: self.pairs.changed(changes.pairs),
            subscribers: self.subscribers.changed(changes.subscribers),
            rules,
            tally: changes.tally,
        }
    }
}

/// Chunks written anew, on their way into the next root.
#[derive(Debug, Default)]
pub struct Rewritten(Changes);

impl Rewritten {
    /// Takes in others, of other models.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

impl HotSets {
    /// Writes the chunks of pages anew, ahead of [`HotSets::apply_rewritten`]: so that many pages need not be held at
    /// once, and threads can share the work. Pages ascend, without doubles; all that change in a model come together.
    pub fn rewrite(&self, pages: &[(PageId, PageContent)]) -> Rewritten {
        let pages: Vec<_> = pages.iter().map(|(id, content)| (*id, content)).collect();
        Rewritten(self.rewrite_sorted(&pages))
    }

    fn rewrite_sorted(&self, pages: &[(PageId, &PageContent)]) -> Changes {
        let mut changes = Changes::default();
        for pages in pages.chunk_by(|(a, _), (b, _)| chunk_of_page(*a).0 == chunk_of_page(*b).0) {
            changes.add_pages(Some(self), pages);
        }
        changes
    }
}

/// Sorts by key and keeps the last of several with one key.
fn keep_last<K: Ord + Copy, V>(entries: &mut Vec<(K, V)>) {
    entries.reverse();
    entries.sort_by_key(|(key, _)| *key);
    entries.dedup_by_key(|(key, _)| *key);
}

type ChunkChanges<V> = Vec<(u64, Option<V>)>;

/// Chunks written anew, and the tally of all chunks with them.
#[derive(Debug, Default)]
struct Changes {
    devices: ChunkChanges<DeviceChunk>,
    marks: ChunkChanges<MarksChunk>,
    pairs: ChunkChanges<PairsChunk>,
    subscribers: ChunkChanges<SubscribersChunk>,
    tally: Tally,
}

impl Changes {
    /// Takes in others, of other chunks.
    fn extend(&mut self, others: Self) {
        self.devices.extend(others.devices);
        self.marks.extend(others.marks);
        self.pairs.extend(others.pairs);
        self.subscribers.extend(others.subscribers);
        self.tally.add(&others.tally);
    }

    /// Pages of one device chunk, ascending.
    fn add_pages(&mut self, old: Option<&HotSets>, pages: &[(PageId, &PageContent)]) {
        let Some((first, _)) = pages.first() else { return };
        let marked: Vec<PageBits> = pages.iter().map(|(_, content)| marked(content)).collect();
        let sets = pages.iter().zip(&marked).map(|((id, content), marked)| {
            (chunk_of_page(*id).1, [&content.registered, &content.grandfathered, marked, &content.suspended])
        });
        let sets: Vec<_> = sets.collect();
        let id = chunk_of_page(*first).0;
        let old_chunk = old.and_then(|old| old.devices.get(id));
        let new = DeviceChunk::replaced(old_chunk, &sets);
        put(&mut self.devices, &mut self.tally, id, old_chunk, new);
        for pages in pages.chunk_by(|(a, _), (b, _)| shelf_of_page(*a).0 == shelf_of_page(*b).0) {
            self.add_marks(old, pages);
            self.add_pairs(old, pages);
        }
    }

    /// Marks of the pages of one shelf.
    fn add_marks(&mut self, old: Option<&HotSets>, pages: &[(PageId, &PageContent)]) {
        let Some((first, _)) = pages.first() else { return };
        let id = shelf_of_page(*first).0;
        let old = old.and_then(|old| old.marks.get(id));
        if old.is_none() && pages.iter().all(|(_, content)| content.marks.is_empty()) {
            return;
        }
        let marks = pages.iter().flat_map(|(id, content)| {
            let first = shelf_of_page(*id).1;
            content.marks.iter().map(move |(place, mark)| (first + place, *mark))
        });
        let shelf = old.map(|old| (**old).clone()).unwrap_or_default().replaced(|place| is_of(place, pages), marks);
        put(&mut self.marks, &mut self.tally, id, old, (!shelf.is_empty()).then(|| Arc::new(shelf)));
    }

    /// Pairs of the pages of one shelf.
    fn add_pairs(&mut self, old: Option<&HotSets>, pages: &[(PageId, &PageContent)]) {
        let Some((first, _)) = pages.first() else { return };
        let id = shelf_of_page(*first).0;
        let old = old.and_then(|old| old.pairs.get(id));
        let pairs: Vec<_> = pages
            .iter()
            .flat_map(|(id, content)| {
                let first = shelf_of_page(*id).1;
                content.pairs.iter().map(move |(place, pair)| (first + place, *pair))
            })
            .collect();
        if old.is_none() && pairs.is_empty() {
            return;
        }
        let chunk = old.unwrap_or(&PairsChunk::default()).replaced(|place| is_of(place, pages), &pairs);
        put(&mut self.pairs, &mut self.tally, id, old, (!chunk.is_empty()).then_some(chunk));
    }

    /// Entries of one chunk of the subscriber map, ascending.
    fn add_subscribers(&mut self, old: Option<&HotSets>, entries: &[(Imsi, Option<SubscriberEntry>)]) {
        let Some((first, _)) = entries.first() else { return };
        let id = Address::of_subscriber(*first).chunk;
        let old = old.and_then(|old| old.subscribers.get(id));
        let changes: Vec<_> = entries
            .iter()
            .map(|(imsi, entry)| (Address::of_subscriber(*imsi).place, entry.map(|entry| entry.msisdn)))
            .collect();
        let chunk = old.unwrap_or(&SubscribersChunk::default()).replaced(&changes);
        put(&mut self.subscribers, &mut self.tally, id, old, (!chunk.is_empty()).then_some(chunk));
    }
}

fn marked(content: &PageContent) -> PageBits {
    let mut marked = PageBits::EMPTY;
    content.marks.iter().for_each(|(place, _)| _ = marked.insert(*place));
    marked
}

/// Whether a place of a shelf lies in one of these pages of it.
fn is_of(place: u16, pages: &[(PageId, &PageContent)]) -> bool {
    pages.iter().any(|(id, _)| shelf_of_page(*id).1 == place / PAGE_SERIALS as u16 * PAGE_SERIALS as u16)
}

/// Puts a chunk in the place of an older one.
fn put<V: Chunk>(changes: &mut ChunkChanges<V>, tally: &mut Tally, id: u64, old: Option<&V>, new: Option<V>) {
    if let Some(old) = old {
        tally.subtract(&old.tally());
    }
    if let Some(new) = &new {
        tally.add(&new.tally());
    }
    if old.is_some() || new.is_some() {
        changes.push((id, new));
    }
}
