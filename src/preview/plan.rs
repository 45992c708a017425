//! Which pages are looked at, and where their contents come from.
//!
//! Steps of batches are told by the rows of their pages, folded twice: as things are, and as if the steps were taken.
//! A model's rule or a setting leaves the contents as they are, so the hot sets tell them without a disk.
//! What always holds: no model is split between threads, so that its pages are one sequence; both folds are of the
//! entry that was the newest when the preview began.

use super::{
    Hypothesis,
    count::{Counter, PageChange, Tally},
    decided::Scene,
};
use crate::{
    batch::{BatchNumber, BatchStep, Batches, BodyRow},
    fold::{self, Row},
    hot::{HotSets, Walk},
    identity::Tac,
    listing::{Door, TacRule},
    page::{PageBits, PageId},
    revision::Revision,
    store::{BatchTable, Store, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Threads that count what is in memory, and those that read pages first: these wait for the disk. A door of 24 million
/// IMEIs whose pages are on disk only took 21 s with four of them and 12 s with eight, on two cores; no longer where the
/// pages are near.
const THREADS: usize = 2;
const READERS: usize = 8;
/// The threads share the work in about so many pieces, since models differ in size by orders of magnitude.
const PIECES: usize = 32;
/// Pieces are not smaller: pages of the store, and models of the hot sets.
const PAGES_ALONE_MAX: usize = if cfg!(test) { 2 } else { 2_048 };
const TACS_ALONE_MAX: usize = if cfg!(test) { 1 } else { 16 };

/// See the module.
pub(super) struct Plan<'a> {
    store: &'a Store,
    revision: Revision,
    /// Rules that models get.
    rules: BTreeMap<Tac, TacRule>,
    scope: Scope,
}

enum Scope {
    Pages { steps: BTreeMap<BatchNumber, BatchStep>, pages: Vec<PageId> },
    Models(Vec<Tac>),
}

impl<'a> Plan<'a> {
    pub(super) fn of(store: &'a Store, hot: &HotSets, hypothesis: &Hypothesis) -> Result<Self, StoreError> {
        let revision = store.applied();
        let (rules, scope) = match hypothesis {
            Hypothesis::Settings(_) => (BTreeMap::new(), Scope::Models(hot.tacs())),
            Hypothesis::TacRules(rules) => {
                let rules: BTreeMap<_, _> = rules.iter().copied().collect();
                let tacs = rules.keys().copied().collect();
                (rules, Scope::Models(tacs))
            }
            Hypothesis::Steps(steps) => {
                let steps: BTreeMap<_, _> = steps.iter().map(|step| (step.batch, *step)).collect();
                let (mut pages, mut class_tacs) = (Vec::new(), BTreeSet::new());
                for batch in steps.keys() {
                    let heads = store.heads_of_batch(*batch)?;
                    pages.extend(heads.pages);
                    class_tacs.extend(heads.class_tacs);
                }
                let rules = rules_after(store, &steps, &class_tacs, revision.seq)?;
                pages.extend(rules.keys().flat_map(|tac| {
                    hot.pages_of_tac(*tac).filter(|page| !page.content().is_empty()).map(|page| page.id())
                }));
                pages.sort_unstable();
                pages.dedup();
                (rules, Scope::Pages { steps, pages })
            }
        };
        Ok(Self { store, revision, rules, scope })
    }

    pub(super) const fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) const fn seq(&self) -> u64 {
        self.revision.seq
    }

    pub(super) fn carry_out(&self, scene: &Scene<'_>) -> Result<Tally, StoreError> {
        match &self.scope {
            Scope::Pages { steps, pages } => {
                let pieces = pieces(pages, PAGES_ALONE_MAX, |id| id.tac());
                shared(READERS, &pieces, |pages| self.fold_twice(scene, steps, pages))
            }
            Scope::Models(tacs) => {
                let pieces = pieces(tacs, TACS_ALONE_MAX, |tac| *tac);
                let walk = (pieces.len() > 1).then(|| scene.hot().walk());
                shared(THREADS, &pieces, |tacs| Ok(self.walk(scene, walk.as_ref(), tacs)))
            }
        }
    }

    fn fold_twice(
        &self,
        scene: &Scene<'_>,
        steps: &BTreeMap<BatchNumber, BatchStep>,
        pages: &[PageId],
    ) -> Result<Tally, StoreError> {
        let mut counter = Counter::new(scene);
        let mut table = BatchTable::new(self.store);
        let mut after = Batches::default();
        for page in self.store.rows_of_pages(pages)? {
            let (id, rows) = page?;
            let new = table.learn(&rows);
            after.extend(&changed(new, steps, self.seq()));
            let contents = [table.known(), &after].map(|table| fold::page_content(id, &rows, table, self.seq()));
            let doors = doors(&rows, steps, table.known());
            counter.begin(id.tac(), self.rules.get(&id.tac()).copied());
            counter.page(&PageChange { id, contents: [&contents[0], &contents[1]], doors: &doors });
        }
        Ok(counter.finish())
    }

    fn walk(&self, scene: &Scene<'_>, walk: Option<&Walk<'_>>, tacs: &[Tac]) -> Tally {
        let mut counter = Counter::new(scene);
        for tac in tacs {
            counter.begin(*tac, self.rules.get(tac).copied());
            match walk {
                Some(walk) => walk.pages_of_tac(*tac).for_each(|page| counter.same_page(&page)),
                None => scene.hot().pages_of_tac(*tac).for_each(|page| counter.same_page(&page)),
            }
        }
        counter.finish()
    }
}

/// Cuts into pieces between two models.
fn pieces<T>(all: &[T], least: usize, tac: impl Fn(&T) -> Tac) -> Vec<&[T]> {
    let size = (all.len() / PIECES).max(least);
    let (mut pieces, mut rest) = (Vec::new(), all);
    while let Some(last) = rest.get(size.saturating_sub(1)).or(rest.last()) {
        let last = tac(last);
        let (piece, after) = rest.split_at(rest.partition_point(|item| tac(item) <= last));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Does the pieces on some threads and puts their tallies together in order.
fn shared<T: Sync>(
    threads: usize,
    pieces: &[&[T]],
    work: impl Fn(&[T]) -> Result<Tally, StoreError> + Sync,
) -> Result<Tally, StoreError> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match pieces.get(at) {
                Some(piece) => done.push((at, work(piece)?)),
                None => return Ok::<_, StoreError>(done),
            }
        }
    };
    let mut done = thread::scope(|scope| -> Result<_, StoreError> {
        let others: Vec<_> = (1..threads.min(pieces.len())).map(|_| scope.spawn(take)).collect();
        let mut done = take()?;
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(done)
    })?;
    done.sort_unstable_by_key(|(at, _)| *at);
    let mut tallies = done.into_iter().map(|(_, tally)| tally);
    let mut sum = match tallies.next() {
        Some(first) => first,
        // Nothing is touched.
        None => return work(&[]),
    };
    tallies.for_each(|tally| sum.extend(tally));
    Ok(sum)
}

/// Batches as they stand when the steps are taken. The steps count as of the newest entry: an entry that another
/// thread makes meanwhile comes after both folds.
fn changed(mut batches: Batches, steps: &BTreeMap<BatchNumber, BatchStep>, seq: u64) -> Batches {
    let theirs: Vec<_> = batches.iter().filter_map(|(number, _)| steps.get(&number)).copied().collect();
    for step in theirs {
        batches.change(step.batch, seq, step.state, step.black_from);
    }
    batches
}

/// The devices of a page that the batches name, by door.
fn doors(rows: &[Row], steps: &BTreeMap<BatchNumber, BatchStep>, batches: &Batches) -> Vec<(Door, PageBits)> {
    let mut doors: Vec<(Door, PageBits)> = Vec::new();
    for (number, row) in rows.iter().filter(|(number, _)| steps.contains_key(number)) {
        let Some(door) = batches.get(*number).map(|batch| batch.header.door) else { continue };
        let at = doors.iter().position(|(known, _)| *known == door).unwrap_or_else(|| {
            doors.push((door, PageBits::EMPTY));
            doors.len() - 1
        });
        let devices = &mut doors[at].1;
        match row {
            BodyRow::Page { bits, .. } => devices.union(bits),
            BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } => _ = devices.insert(PageId::place(*key)),
            _ => {}
        }
    }
    doors.sort_unstable_by_key(|(door, _)| *door);
    doors
}

/// The rules that models get when batches that class them take states.
fn rules_after(
    store: &Store,
    steps: &BTreeMap<BatchNumber, BatchStep>,
    tacs: &BTreeSet<Tac>,
    seq: u64,
) -> Result<BTreeMap<Tac, TacRule>, StoreError> {
    let mut rules = BTreeMap::new();
    for tac in tacs {
        let door_of = |number: BatchNumber| {
            let known = store.with_batches(|batches| batches.only([number]));
            let after = changed(known, steps, seq);
            after.evidence_at(number, seq).map(|(batch, _)| batch.header.door)
        };
        rules.insert(*tac, store.tac_rule_by(*tac, &door_of)?);
    }
    Ok(rules)
}
