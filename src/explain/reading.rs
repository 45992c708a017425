//! One state of the register at one moment, and a device in it: what every question for people is answered from.
//!
//! What always holds: as of the newest entry and now, [`Subject::answer`] is what a check of the same question answers.

use crate::{
    batch::{BatchNumber, Batches},
    check::{self, Answer, Basis, EquipmentValue, Inquiry},
    day::Day,
    fold::{self, DeviceEvidence, Row},
    identity::{EquipmentKey, Imsi, Msisdn},
    ledger::{self, Ledger},
    listing::TacRule,
    page::PageId,
    pairing::{self, Pair, Pairs, Subscriber},
    policy::{Asked, Evidence, Question, Verdict, decide, settings::Timeline},
    registry,
    revision::Revision,
    store::{Store, StoreError},
};
use std::sync::Arc;

/// One state of the register at one moment.
pub(crate) struct Reading<'a> {
    pub(crate) store: &'a Store,
    pub(crate) revision: Revision,
    /// In seconds since the Unix epoch.
    pub(crate) now: i64,
    pub(crate) batches: Arc<Batches>,
    pub(crate) timeline: Timeline,
    pub(crate) ledger: Arc<Ledger>,
}

/// A device as such a state has it.
pub(crate) struct Subject<'a> {
    pub(crate) reading: &'a Reading<'a>,
    equipment: EquipmentValue,
    /// `None`: the value names no device.
    pub(crate) key: Option<EquipmentKey>,
    /// Every row of its page, whatever the state of the batch.
    pub(crate) rows: Vec<Row>,
    pub(crate) device: DeviceEvidence,
    pub(crate) rule: TacRule,
    pub(super) rule_batches: Vec<BatchNumber>,
}

/// A question, resolved against the map of subscribers.
pub(crate) struct Heard {
    pub(crate) question: Question,
    /// The pairs of the device as the question meets them, in the order of the device.
    pub(crate) met: Vec<Pair>,
}

/// What is taken for true of a device.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) device: DeviceEvidence,
    pub(crate) rule: TacRule,
    pub(crate) question: Question,
    pub(crate) met: Vec<Pair>,
}

impl<'a> Reading<'a> {
    /// Reads what all questions need.
    pub(super) fn new(store: &'a Store, revision: Revision, now: i64) -> Result<Self, StoreError> {
        let timeline = registry::timeline(store, revision.seq)?;
        let ledger = ledger_at(store, revision)?;
        Ok(Self { store, revision, now, batches: store.batches(), timeline, ledger })
    }

    pub(crate) fn today(&self) -> Day {
        Day::of_unix_seconds(self.now)
    }

    /// Reads what is known of a device.
    pub(crate) fn subject(&self, equipment: EquipmentValue) -> Result<Subject<'_>, StoreError> {
        let seq = self.revision.seq;
        let (key, rows) = match equipment {
            EquipmentValue::Key(key) => (Some(key), self.store.page_rows(PageId::of(key))?),
            EquipmentValue::Malformed | EquipmentValue::Other => (None, Vec::new()),
        };
        let device = key.map(|key| fold::device_evidence(key, &rows, &self.batches, seq)).unwrap_or_default();
        let (rule, rule_batches) = match key {
            Some(key) => self.store.tac_rule(key.tac(), seq)?,
            None => (TacRule::default(), Vec::new()),
        };
        Ok(Subject { reading: self, equipment, key, rows, device, rule, rule_batches })
    }

    /// The number that the map has for a SIM.
    pub(crate) fn msisdn_of(&self, imsi: Imsi) -> Result<Option<Msisdn>, StoreError> {
        Ok(self.store.subscriber(imsi, self.revision.seq)?.map(|(_, msisdn)| msisdn))
    }

    /// As a check resolves it: the map gives the MSISDN of an IMSI.
    fn subscriber(&self, inquiry: &Inquiry) -> Result<Subscriber, StoreError> {
        let known = match inquiry.imsi {
            Some(imsi) => self.msisdn_of(imsi)?,
            None => None,
        };
        Ok(Subscriber {
            msisdn: inquiry.msisdn.or(known),
            imsi: inquiry.imsi,
            sim_changed: matches!((inquiry.msisdn, known), (Some(asked), Some(known)) if asked != known),
        })
    }
}

/// The ledger as it was.
fn ledger_at(store: &Store, revision: Revision) -> Result<Arc<Ledger>, StoreError> {
    // First the ledger, then the revision: what a write in between brings is not taken for what was there.
    let newest = store.ledger();
    if revision == store.applied() {
        return Ok(newest);
    }
    let mut ledger = Ledger::default();
    store.ledger_entries(revision.seq)?.iter().for_each(|entry| ledger.take(entry));
    Ok(Arc::new(ledger))
}

impl Subject<'_> {
    /// Hears a question about the device.
    pub(crate) fn heard(&self, inquiry: &Inquiry) -> Result<Heard, StoreError> {
        let question = Question {
            asked: match self.equipment {
                EquipmentValue::Key(key) => Asked::Device { test_tac: key.tac().is_test() },
                EquipmentValue::Malformed => Asked::Malformed,
                EquipmentValue::Other => Asked::Other,
            },
            subscriber: self.reading.subscriber(inquiry)?,
            emergency: inquiry.emergency,
        };
        Ok(Heard { question, met: self.pairs_met(inquiry)? })
    }

    /// The pairs of a device as a check meets them, in the same order.
    fn pairs_met(&self, inquiry: &Inquiry) -> Result<Vec<Pair>, StoreError> {
        let pairs = &self.device.pairs;
        let (None, Some(asked)) = (inquiry.imsi, inquiry.msisdn) else { return Ok(pairs.clone()) };
        let mut unread = None;
        let met = pairing::as_asked_by(asked, Pairs::in_full(pairs), |imsi| {
            let known = self.reading.msisdn_of(imsi);
            known.map_err(|error| unread = Some(error)).is_ok_and(|known| known == Some(asked))
        });
        match unread {
            Some(error) => Err(error),
            None => Ok(met.unwrap_or_else(|| pairs.clone())),
        }
    }

    /// What a check of the question answers.
    pub(crate) fn answer(&self, heard: &Heard, operator: Option<&str>) -> Answer {
        let Reading { revision, now, .. } = *self.reading;
        let overriding = ledger::override_at(self.reading.ledger.overrides(), operator, now);
        let usual = self.decided(&self.device, self.rule, (&heard.question, &heard.met), operator, now);
        let basis = Basis {
            revision,
            settings_seq: self.reading.timeline.at(now).seq(),
            override_seq: overriding.map_or(0, |(number, _)| number),
            age_seconds: 0,
        };
        Answer { verdict: check::overridden(usual, overriding.map(|(_, answer)| answer)), basis }
    }

    /// What is true of the device and the question.
    pub(crate) fn facts(&self, heard: &Heard) -> Facts {
        Facts { device: self.device.clone(), rule: self.rule, question: heard.question, met: heard.met.clone() }
    }

    /// What would be answered at a moment if this were true, overrides apart.
    pub(crate) fn answer_if(&self, facts: &Facts, operator: Option<&str>, at: i64) -> Verdict {
        self.decided(&facts.device, facts.rule, (&facts.question, &facts.met), operator, at)
    }

    fn decided(
        &self,
        device: &DeviceEvidence,
        rule: TacRule,
        (question, met): (&Question, &[Pair]),
        operator: Option<&str>,
        at: i64,
    ) -> Verdict {
        let evidence = match self.key {
            Some(_) => Evidence { pairs: Pairs::in_full(met), ..device.evidence(rule) },
            None => Evidence::default(),
        };
        let policy = self.reading.timeline.at(at).settings().policy(operator);
        decide(question, &evidence, policy, Day::of_unix_seconds(at))
    }
}
