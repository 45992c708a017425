//! Alarms of submissions: each is held against the past before it comes on record.
//!
//! The past is the fold of the batches that were submitted within the memory of the detector. It is read when the first
//! submission of a process comes, not when a register opens. What always holds: lists of the time before principals are
//! no past, because nobody submitted them.

use super::{Registry, RegistryError, steps::today};
use crate::{
    alarm::{Alarm, CatalogueModel, Document, Elsewhere, History, ModelCounts, Submission, Tally},
    batch::{Batch, BatchNumber, BodyRow, Declared},
    day::Day,
    identity::{EquipmentKey, Tac},
    import::Gathered,
    journal::{AlarmRaised, BOOTSTRAP, Change, REGISTER},
    listing::{Class, Door},
    store::{Hands, Store, StoreError},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Days of the past that are read.
const MEMORY_DAYS: u16 = 100;

/// The detector's memory; none until the first submission.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Option<History>>);

/// What the past says of a list.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) alarms: Vec<Alarm>,
    submission: Option<Submission>,
}

impl Registry {
    /// Judges a list by the past.
    pub(super) fn judge(
        &self,
        hands: &Hands,
        list: &Gathered,
        document: &str,
        declared: &Declared,
    ) -> Result<Judged, RegistryError> {
        if list.kind.class(list.door) != Some(Class::Registered) {
            return Ok(Judged::default());
        }
        let document = self.store.ledger().document(list.door, document).map(|known| {
            let (made, planned) = self.drawn(list.door, document);
            self::document(known, made + planned)
        });
        let submission = Submission {
            day: today(),
            door: list.door,
            document,
            operator: list.operator.as_deref().unwrap_or_default().into(),
            submitter: hands.principal.as_str().into(),
            desk: Some(declared.outlet.as_str().into()).filter(|_| !declared.outlet.is_empty()),
            planned: declared.planned,
            models: self.models_of(list)?,
        };
        let mut watch = self.watch.0.lock().unwrap_or_else(PoisonError::into_inner);
        let history = match &mut *watch {
            Some(history) => history,
            none => none.insert(past(&self.store)?),
        };
        history.advance(submission.day);
        Ok(Judged { alarms: history.judge(&submission), submission: Some(submission) })
    }

    /// Alarms that nobody was told of today. What is registered one by one says the same again with every device.
    pub(super) fn not_told_today(&self, alarms: &[Alarm]) -> Vec<Alarm> {
        let ledger = self.store.ledger();
        let since_ms = Day::from_stored(today().get().saturating_sub(1)).map_or(0, |day| day.end_unix_seconds() * 1000);
        let told = ledger.alarms().values().rev().take_while(|told| told.time_unix_ms >= since_ms);
        let told: Vec<_> = told.collect();
        let is_new = |alarm: &&Alarm| {
            let subject = format!("{}: ", alarm.subject);
            !told.iter().any(|told| told.kind == alarm.kind.name() && told.what.starts_with(&subject))
        };
        alarms.iter().filter(is_new).cloned().collect()
    }

    /// Makes a list that came on record part of the past.
    pub(super) fn remember(&self, judged: &Judged) {
        let mut watch = self.watch.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(history), Some(submission)) = (&mut *watch, &judged.submission) {
            history.add(submission);
        }
    }

    /// What the register does by itself, to be called now and then: marks as expired what lapsed, and raises the alarm
    /// where a door is silent beyond its rhythm, once a day and door. Returns how many entries that made.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn keep_house(&self) -> Result<usize, RegistryError> {
        let expired = self.expire_due(today())?.len();
        let Some(yesterday) = Day::from_stored(today().get().saturating_sub(1)) else { return Ok(expired) };
        let mut watch = self.watch.0.lock().unwrap_or_else(PoisonError::into_inner);
        let history = match &mut *watch {
            Some(history) => history,
            none => none.insert(past(&self.store)?),
        };
        history.advance(today());
        let since_ms = yesterday.end_unix_seconds() * 1000;
        let mut writer = self.store.writer()?;
        let ledger = self.store.ledger();
        let mut raised = Vec::new();
        for alarm in history.silent_doors(yesterday) {
            let entry = AlarmRaised::of(&alarm, 0, 0);
            let known = |known: &crate::ledger::Alarm| known.time_unix_ms >= since_ms && known.what == entry.what;
            if !ledger.alarms().values().any(known) {
                raised.push(Change::AlarmRaised(entry));
            }
        }
        let count = raised.len();
        if count > 0 {
            self.commit(&mut writer, &Hands::of(REGISTER, ""), raised)?;
        }
        Ok(expired + count)
    }

    fn models_of(&self, list: &Gathered) -> Result<Vec<ModelCounts>, RegistryError> {
        let published = self.published.get().map(|published| published.load());
        let mut paired: BTreeSet<EquipmentKey> = BTreeSet::new();
        list.links.iter().for_each(|group| paired.extend(group));
        let mut keys: Vec<EquipmentKey> = list.devices.iter().map(|row| row.key).collect();
        for (id, bits) in &list.pages {
            keys.extend(bits.iter().filter_map(|place| id.key(place)));
        }
        keys.sort_unstable();
        keys.dedup();
        let mut tally = Tally::new();
        for key in keys {
            let evidence = published.as_ref().map(|hot| hot.evidence(key)).unwrap_or_default();
            let elsewhere = Elsewhere {
                here: evidence.marks.iter().any(|mark| mark.door == list.door),
                other_door: evidence.registered
                    || evidence.suspended
                    || evidence.marks.iter().any(|mark| mark.class == Class::Registered),
                black: evidence.marks.iter().any(|mark| mark.class.is_blacklist()),
            };
            tally.add(key, paired.contains(&key), elsewhere);
        }
        Ok(finish(&self.store, tally)?)
    }
}

/// Counts with the models that the catalogue knows. A TAC of which it says nothing is unknown.
fn finish(store: &Store, tally: Tally) -> Result<Vec<ModelCounts>, StoreError> {
    let (seq, mut unread) = (store.applied().seq, None);
    let models = tally.finish(|tac| match catalogue(store, tac, seq) {
        Ok(model) => model,
        Err(error) => {
            unread = Some(error);
            None
        }
    });
    unread.map_or(Ok(models), Err)
}

fn catalogue(store: &Store, tac: Tac, seq: u64) -> Result<Option<CatalogueModel>, StoreError> {
    Ok(store.model(tac, seq)?.map(|(_, model)| {
        let brand = if model.brand.is_empty() { &model.manufacturer } else { &model.brand };
        CatalogueModel {
            brand: brand.as_str().into(),
            model: model.name.as_str().into(),
            allocated: model.allocated,
            dual_sim: None,
        }
    }))
}

fn document(document: &crate::ledger::Document, drawn: u64) -> Document {
    let named = |text: &str| Some(Arc::from(text)).filter(|text: &Arc<str>| !text.is_empty());
    Document {
        number: document.number.as_str().into(),
        quantity: document.quantity,
        drawn,
        brand: named(&document.brand),
        model: named(&document.model),
    }
}

/// The submissions of the last days, folded in order.
fn past(store: &Store) -> Result<History, StoreError> {
    let mut history = History::new();
    let oldest = today().get().saturating_sub(MEMORY_DAYS);
    let oldest_ms = Day::from_stored(oldest).map_or(0, |day| day.end_unix_seconds() * 1000);
    let since = store.last_entry_before(oldest_ms)?.unwrap_or(0);
    for (number, batch) in store.batches().iter().filter(|(number, _)| *number > since) {
        let header = &batch.header;
        let submitted = !header.submitter.is_empty() && header.submitter != BOOTSTRAP;
        if submitted && header.class == Some(Class::Registered) {
            let submission = submission_of(store, number, batch, header.door)?;
            history.advance(submission.day);
            history.add(&submission);
        }
    }
    Ok(history)
}

fn submission_of(store: &Store, number: BatchNumber, batch: &Batch, door: Door) -> Result<Submission, StoreError> {
    let header = &batch.header;
    let mut paired: BTreeSet<EquipmentKey> = BTreeSet::new();
    let mut keys: Vec<EquipmentKey> = Vec::new();
    for row in store.body(number)? {
        match row? {
            BodyRow::Page { id, target: None, bits } => keys.extend(bits.iter().filter_map(|place| id.key(place))),
            BodyRow::Mark { key, .. } => keys.push(key),
            BodyRow::Link { key, .. } => _ = paired.insert(key),
            _ => {}
        }
    }
    keys.sort_unstable();
    let mut tally = Tally::new();
    let nowhere = Elsewhere { here: false, other_door: false, black: false };
    keys.into_iter().for_each(|key| tally.add(key, paired.contains(&key), nowhere));
    let made = store.entry(number)?.map_or(0, |entry| entry.time_unix_ms);
    Ok(Submission {
        day: Day::of_unix_seconds(made.div_euclid(1000)),
        door,
        document: store.ledger().document(door, &header.document).map(|known| document(known, 0)),
        operator: header.operator.as_str().into(),
        submitter: header.submitter.as_str().into(),
        desk: Some(header.declared.outlet.as_str().into()).filter(|_| !header.declared.outlet.is_empty()),
        planned: header.declared.planned,
        models: finish(store, tally)?,
    })
}
