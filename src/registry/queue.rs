//! Group commit: lists that several threads bring at once share one atomic synced write.
//!
//! The first thread that finds nobody at work leads: it takes everything that waits, holds each list against
//! the state, and writes those together that touch different devices; a list that touches what an earlier
//! one of the group changes begins the next group, so that it is held against the state it will meet.
//! What always holds: nobody is told of a list before its write is synced and published.

use super::{
    Registry, RegistryError,
    import::{ImportSummary, Prepared, write_group},
    order::ImportOrder,
    publish,
};
use crate::{
    import::{Gathered, Mode},
    page::PageId,
    store::{StoreError, Writer},
};
use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// Pages up to which a list shares its write with others.
const SHARED_PAGES_MAX: usize = 256;
/// Pairings up to which the same holds.
const SHARED_PAIRINGS_MAX: u64 = 4_096;

/// Lists that wait, and whether somebody leads.
#[derive(Debug, Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Job>,
    led: bool,
}

#[derive(Debug)]
struct Job {
    gathered: Gathered,
    order: ImportOrder,
    reply: Arc<Reply>,
}

/// Where the thread that brought a list waits for its fate.
#[derive(Debug, Default)]
struct Reply {
    outcome: Mutex<Option<Result<ImportSummary, RegistryError>>>,
    told: Condvar,
}

impl Queue {
    pub(super) fn submit(
        &self,
        registry: &Registry,
        gathered: Gathered,
        order: ImportOrder,
    ) -> Result<ImportSummary, RegistryError> {
        let reply = Arc::new(Reply::default());
        let mut line = held(&self.line);
        line.waiting.push(Job { gathered, order, reply: Arc::clone(&reply) });
        if line.led {
            drop(line);
        } else {
            line.led = true;
            drop(line);
            self.lead(registry);
        }
        let mut outcome = held(&reply.outcome);
        loop {
            match outcome.take() {
                Some(outcome) => return outcome,
                None => outcome = reply.told.wait(outcome).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Works until nobody waits.
    fn lead(&self, registry: &Registry) {
        loop {
            let mut line = held(&self.line);
            let jobs = std::mem::take(&mut line.waiting);
            if jobs.is_empty() {
                line.led = false;
                return;
            }
            drop(line);
            match registry.store.writer() {
                Ok(mut writer) => work(registry, &mut writer, jobs),
                Err(error) => refuse(jobs.into_iter().map(|job| job.reply), &error),
            }
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(registry: &Registry, writer: &mut Writer<'_>, jobs: Vec<Job>) {
    let mut group = Group::default();
    for job in jobs {
        let reach = Reach::of(&job);
        if !group.reach.is_apart(&reach) {
            std::mem::take(&mut group).write(registry, writer);
        }
        match Prepared::new(writer.store(), job.gathered, &job.order) {
            Ok(prepared) => {
                group.reach.extend(reach);
                group.lists.push(prepared);
                group.replies.push(job.reply);
            }
            Err(error) => job.reply.tell(Err(error)),
        }
    }
    group.write(registry, writer);
}

fn refuse(replies: impl Iterator<Item = Arc<Reply>>, error: &StoreError) {
    replies.for_each(|reply| reply.tell(Err(RegistryError::Group(error.to_string()))));
}

impl Reply {
    fn tell(&self, outcome: Result<ImportSummary, RegistryError>) {
        *held(&self.outcome) = Some(outcome);
        self.told.notify_one();
    }
}

/// Lists that share a write.
#[derive(Default)]
struct Group {
    reach: Reach,
    lists: Vec<Prepared>,
    replies: Vec<Arc<Reply>>,
}

impl Group {
    fn write(mut self, registry: &Registry, writer: &mut Writer<'_>) {
        if self.lists.is_empty() {
            return;
        }
        match write_group(writer, &mut self.lists) {
            Ok(()) => {
                publish::publish_rows(registry, writer, |take| {
                    self.lists.iter().filter(|list| list.is_in_force()).try_for_each(|list| list.each_row(take))
                });
                for (list, reply) in self.lists.into_iter().zip(self.replies) {
                    reply.tell(Ok(list.summary));
                }
            }
            Err(error) => refuse(self.replies.into_iter(), &error),
        }
    }
}

/// What a list looks at and may change.
#[derive(Default)]
struct Reach {
    pages: BTreeSet<PageId>,
    /// What else it looks at.
    subjects: BTreeSet<String>,
    /// It looks at more than its own pages: a full list, subscribers, models, or many pages.
    wide: bool,
}

impl Reach {
    fn of(job: &Job) -> Self {
        let list = &job.gathered;
        let newest = !list.subscribers.is_empty() || !list.tacs.is_empty() || !list.tac_classes.is_empty();
        if job.order.mode == Mode::Full
            || newest
            || list.pages.len() > SHARED_PAGES_MAX
            || list.pairings.len() > SHARED_PAIRINGS_MAX
        {
            return Self { wide: true, ..Self::default() };
        }
        let devices = list.devices.iter().map(|row| row.key);
        let removed = list.removed.iter().map(|row| row.key);
        let Ok(pairings) = list.pairings.iter().map(|row| Ok(row?.key)).collect::<io::Result<Vec<_>>>() else {
            return Self { wide: true, ..Self::default() };
        };
        let links = list.links.iter().flatten().copied();
        let mut pages: BTreeSet<PageId> = devices.chain(removed).chain(pairings).chain(links).map(PageId::of).collect();
        pages.extend(list.pages.iter().map(|(id, _)| *id));
        let wide = pages.len() > SHARED_PAGES_MAX;
        let mut subjects = job.order.guard.subjects().clone();
        let hands = &job.order.hands;
        if !hands.request.is_empty() {
            subjects.insert(format!("request {} {}", hands.principal, hands.request));
        }
        Self { pages, subjects, wide }
    }

    fn is_apart(&self, other: &Self) -> bool {
        let nothing_yet = !self.wide && self.pages.is_empty() && self.subjects.is_empty();
        let apart = || self.pages.is_disjoint(&other.pages) && self.subjects.is_disjoint(&other.subjects);
        nothing_yet || (!self.wide && !other.wide && apart())
    }

    fn extend(&mut self, other: Self) {
        self.pages.extend(other.pages);
        self.subjects.extend(other.subjects);
        self.wide |= other.wide;
    }
}
