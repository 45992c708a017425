//! Explaining: the same answer as a check gives, with all that lies behind it, read from the store.
//!
//! For people: a page of rows is read and folded by the same rules that make the hot sets, and the same
//! function decides. What always holds: as of the newest entry and at this moment, the verdict is the one
//! that a check gives; as of an earlier entry, it is the one that was given then.

use crate::{
    batch::{BatchNumber, BatchState, Batches, BodyRow},
    check::{
        self, Answer, AsOf, AsOfError, Basis, Clock, EquipmentValue, EvidenceKind, EvidenceLine, EvidenceState,
        Explain, ExplainError, Explanation, HistoryLine, Inquiry, Model, PairingLine, When,
    },
    day::Day,
    fold::{self, DeviceEvidence, Row},
    identity::{EquipmentKey, Imsi, Msisdn},
    journal::Entry,
    ledger::{self, Ledger},
    listing::{Door, TacBar, TacRule},
    page::PageId,
    pairing::{self, Number, NumberKind, Pair, PairingKind, Pairs, Subscriber},
    policy::{Asked, Decisive, Evidence, Question, Verdict, decide},
    registry,
    revision::Revision,
    store::{Store, StoreError},
};
use std::{collections::BTreeMap, sync::Arc};

/// Explains answers from a store. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Explainer {
    store: Arc<Store>,
    clock: Clock,
}

impl Explainer {
    /// An explainer of a store.
    pub const fn new(store: Arc<Store>, clock: Clock) -> Self {
        Self { store, clock }
    }

    fn resolve(&self, as_of: AsOf) -> Result<Revision, ExplainError> {
        let newest = self.store.applied();
        match as_of {
            AsOf::Now => Ok(newest),
            // After a restore the entries before it keep the epoch in which they were made.
            AsOf::Revision(asked) => match self.store.revision_at(asked.seq).map_err(stored)? {
                Some(known) if known == asked && asked <= newest => Ok(asked),
                _ => Err(AsOfError::Unknown { asked, newest }.into()),
            },
            AsOf::Time(then) => {
                let seq = self.store.last_entry_before(then.saturating_add(1).saturating_mul(1000)).map_err(stored)?;
                let known = seq.map(|seq| self.store.revision_at(seq)).transpose().map_err(stored)?.flatten();
                known.ok_or_else(|| {
                    let first = self.store.entry(1).ok().flatten().map_or(0, |entry| entry.time_unix_ms);
                    let first =
                        jiff::Timestamp::from_millisecond(first).map_or_else(|_| String::new(), |t| t.to_string());
                    AsOfError::BeforeFirst { first }.into()
                })
            }
        }
    }
}

impl Explain for Explainer {
    fn explain(&self, inquiry: &Inquiry, operator: Option<&str>, when: When) -> Result<Explanation, ExplainError> {
        let revision = self.resolve(when.as_of)?;
        let now = when.on.unwrap_or_else(|| match when.as_of {
            AsOf::Time(then) => then,
            AsOf::Now | AsOf::Revision(_) => self.clock.unix_seconds(),
        });
        let reading = Reading { store: &self.store, revision, now, batches: self.store.batches() };
        reading.explain(inquiry, operator).map_err(stored)
    }
}

fn stored(error: StoreError) -> ExplainError {
    ExplainError::Store(Box::new(error))
}

/// One state of the register at one moment.
struct Reading<'a> {
    store: &'a Store,
    revision: Revision,
    now: i64,
    batches: Arc<Batches>,
}

impl Reading<'_> {
    fn explain(&self, inquiry: &Inquiry, operator: Option<&str>) -> Result<Explanation, StoreError> {
        let today = Day::of_unix_seconds(self.now);
        let seq = self.revision.seq;
        let (key, rows) = match inquiry.equipment {
            EquipmentValue::Key(key) => (Some(key), self.store.page_rows(PageId::of(key))?),
            EquipmentValue::Malformed | EquipmentValue::Other => (None, Vec::new()),
        };
        let device = key.map(|key| fold::device_evidence(key, &rows, &self.batches, seq)).unwrap_or_default();
        let (rule, rule_batches) = match key {
            Some(key) => self.store.tac_rule(key.tac(), seq)?,
            None => (TacRule::default(), Vec::new()),
        };
        let timeline = registry::timeline(self.store, seq)?;
        let entry = timeline.at(self.now);
        let met = self.pairs_met(inquiry, &device.pairs)?;
        let evidence = match key {
            Some(_) => Evidence { pairs: Pairs { plain: &[], others: &met }, ..device.evidence(rule) },
            None => Evidence::default(),
        };
        let question = Question {
            asked: match inquiry.equipment {
                EquipmentValue::Key(key) => Asked::Device { test_tac: key.tac().is_test() },
                EquipmentValue::Malformed => Asked::Malformed,
                EquipmentValue::Other => Asked::Other,
            },
            subscriber: self.subscriber(inquiry)?,
            emergency: inquiry.emergency,
        };
        let usual = decide(&question, &evidence, entry.settings().policy(operator), today);
        let overriding = ledger::override_at(self.ledger()?.overrides(), operator, self.now);
        let verdict = check::overridden(usual, overriding.map(|(_, answer)| answer));
        let basis = Basis {
            revision: self.revision,
            settings_seq: entry.seq(),
            override_seq: overriding.map_or(0, |(number, _)| number),
            age_seconds: 0,
        };
        let mut lines = self.listing_lines(&device, &verdict, today);
        lines.extend(self.pairing_evidence(&device, &met, &verdict, today));
        lines.extend(self.model_lines(rule, &rule_batches, &verdict));
        lines.sort_by_key(|line| !line.decisive);
        Ok(Explanation {
            answer: Answer { verdict, basis },
            key,
            evidence: lines,
            pairings: pairing_lines(&device, &met, &question.subscriber),
            linked: device.links.clone(),
            model: self.model(key, rule)?,
            history: match key {
                Some(key) => self.history(key, &rows)?,
                None => Vec::new(),
            },
        })
    }

    /// The ledger as it was.
    fn ledger(&self) -> Result<Arc<Ledger>, StoreError> {
        // First the ledger, then the revision: what a write in between brings is not taken for what was there.
        let newest = self.store.ledger();
        if self.revision == self.store.applied() {
            return Ok(newest);
        }
        let mut ledger = Ledger::default();
        self.store.ledger_entries(self.revision.seq)?.iter().for_each(|entry| ledger.take(entry));
        Ok(Arc::new(ledger))
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

    /// The pairs of a device as a check meets them, in the same order.
    fn pairs_met(&self, inquiry: &Inquiry, pairs: &[Pair]) -> Result<Vec<Pair>, StoreError> {
        let (None, Some(asked)) = (inquiry.imsi, inquiry.msisdn) else { return Ok(pairs.to_vec()) };
        let mut unread = None;
        let met = pairing::as_asked_by(asked, Pairs { plain: &[], others: pairs }, |imsi| {
            let known = self.msisdn_of(imsi);
            known.map_err(|error| unread = Some(error)).is_ok_and(|known| known == Some(asked))
        });
        match unread {
            Some(error) => Err(error),
            None => Ok(met.unwrap_or_else(|| pairs.to_vec())),
        }
    }

    fn msisdn_of(&self, imsi: Imsi) -> Result<Option<Msisdn>, StoreError> {
        Ok(self.store.subscriber(imsi, self.revision.seq)?.map(|(_, msisdn)| msisdn))
    }

    fn line(&self, kind: EvidenceKind, class: &str, batch: BatchNumber) -> EvidenceLine {
        let header = self.batches.get(batch).map(|batch| &batch.header);
        EvidenceLine {
            kind,
            class: class.to_owned(),
            door: header.map_or_else(String::new, |header| header.door.to_string()),
            batch,
            document: header.map_or_else(String::new, |header| header.document.clone()),
            valid_until: None,
            state: EvidenceState::Valid,
            decisive: false,
        }
    }

    fn listing_lines(&self, device: &DeviceEvidence, verdict: &Verdict, today: Day) -> Vec<EvidenceLine> {
        let plain = |class: &'static str, decisive: Decisive| {
            let state = if decisive == Decisive::Suspended { EvidenceState::Suspended } else { EvidenceState::Valid };
            move |(index, batch): (usize, &BatchNumber)| EvidenceLine {
                state,
                decisive: verdict.decisive == decisive && index == 0,
                ..self.line(EvidenceKind::Listing, class, *batch)
            }
        };
        let registered = device.registered.iter().enumerate().map(plain("registered", Decisive::Registered));
        let grandfathered =
            device.grandfathered.iter().enumerate().map(plain("grandfathered", Decisive::Grandfathered));
        let suspended = device.suspended.iter().enumerate().map(plain("registered", Decisive::Suspended));
        let marks = device.marks.iter().zip(&device.mark_batches).enumerate().map(|(index, (mark, batch))| {
            let state = match (mark.suspended, mark.is_current(today)) {
                (_, false) => EvidenceState::Expired,
                (true, true) => EvidenceState::Suspended,
                (false, true) => EvidenceState::Valid,
            };
            EvidenceLine {
                valid_until: mark.until(),
                state,
                decisive: verdict.decisive == Decisive::Mark(index),
                ..self.line(EvidenceKind::Listing, mark.class.name(), *batch)
            }
        });
        registered.chain(grandfathered).chain(suspended).chain(marks).collect()
    }

    fn pairing_evidence(
        &self,
        device: &DeviceEvidence,
        met: &[Pair],
        verdict: &Verdict,
        today: Day,
    ) -> Vec<EvidenceLine> {
        let lines = met.iter().zip(&device.pair_batches).map(|(pair, batch)| EvidenceLine {
            valid_until: pair.until(),
            state: if pair.is_current(today) { EvidenceState::Valid } else { EvidenceState::Expired },
            decisive: verdict.decisive == Decisive::Pair(*pair),
            ..self.line(EvidenceKind::Pairing, kind_name(pair.kind), *batch)
        });
        lines.collect()
    }

    fn model_lines(&self, rule: TacRule, batches: &[BatchNumber], verdict: &Verdict) -> Vec<EvidenceLine> {
        let lines = batches.iter().filter(|_| rule != TacRule::default()).map(|batch| EvidenceLine {
            decisive: verdict.decisive == Decisive::Tac,
            ..self.line(EvidenceKind::Model, rule_name(rule), *batch)
        });
        lines.collect()
    }

    fn model(&self, key: Option<EquipmentKey>, rule: TacRule) -> Result<Option<Model>, StoreError> {
        let Some(key) = key else { return Ok(None) };
        let known = self.store.model(key.tac(), self.revision.seq)?;
        if known.is_none() && rule == TacRule::default() {
            return Ok(None);
        }
        let model = known.map(|(_, model)| model).unwrap_or_default();
        Ok(Some(Model {
            tac: key.tac(),
            manufacturer: model.manufacturer,
            name: if model.name.is_empty() { model.brand } else { model.name },
            rule: if rule == TacRule::default() { String::new() } else { rule_name(rule).to_owned() },
        }))
    }

    /// What happened to the device up to this state, newest first: each state of each batch that names it.
    fn history(&self, key: EquipmentKey, rows: &[Row]) -> Result<Vec<HistoryLine>, StoreError> {
        // A batch may say several things of a device: listed, and linked to another.
        let mut events: BTreeMap<(u64, BatchNumber, &str), String> = BTreeMap::new();
        for (number, row) in rows {
            let Some((batch, what)) = self.batches.get(*number).zip(phrase(row, key)) else { continue };
            for (seq, state) in batch.states.iter().filter(|(seq, _)| *seq <= self.revision.seq) {
                let subject = batch.header.class.map_or_else(|| batch.header.kind.clone(), |class| class.to_string());
                if *state != BatchState::Staged {
                    events.insert((*seq, *number, what), format!("{what} ({subject}), batch {}", state.name()));
                }
            }
        }
        let mut lines = Vec::with_capacity(events.len());
        for ((seq, batch, _), what) in events.into_iter().rev() {
            let entry = self.store.entry(seq)?.unwrap_or_default();
            lines.push(self.history_line(entry, seq, batch, what));
        }
        Ok(lines)
    }

    fn history_line(&self, entry: Entry, seq: u64, batch: BatchNumber, what: String) -> HistoryLine {
        let door = self.batches.get(batch).map(|batch| batch.header.door);
        HistoryLine {
            seq,
            unix_seconds: entry.time_unix_ms.div_euclid(1000),
            what,
            door: door.map_or_else(String::new, |door: Door| door.to_string()),
            batch,
            principal: entry.principal,
            approver: entry.approver,
        }
    }
}

/// The numbers that a device is paired with, as they are stored; `met` says which of them is the one asked.
fn pairing_lines(device: &DeviceEvidence, met: &[Pair], subscriber: &Subscriber) -> Vec<PairingLine> {
    let asked = |number: Number| match number.kind() {
        NumberKind::Msisdn(msisdn) => subscriber.msisdn == Some(msisdn),
        NumberKind::Imsi(imsi) => subscriber.imsi == Some(imsi),
    };
    let lines = device.pairs.iter().zip(met).zip(&device.pair_batches).map(|((pair, met), batch)| PairingLine {
        kind: pair.kind,
        number: pair.number,
        door: match pair.kind {
            PairingKind::Allowance => String::new(),
            PairingKind::Binding => pair.door.to_string(),
        },
        batch: *batch,
        valid_until: pair.until(),
        asked: asked(met.number),
    });
    let bound = device.marks.iter().zip(&device.mark_batches).filter_map(|(mark, batch)| {
        let number = mark.number?;
        Some(PairingLine {
            kind: PairingKind::Binding,
            number,
            door: mark.door.to_string(),
            batch: *batch,
            valid_until: mark.until(),
            asked: asked(number),
        })
    });
    lines.chain(bound).collect()
}

/// What a row does to a device; `None` when it is about another one.
fn phrase(row: &BodyRow, about: EquipmentKey) -> Option<&'static str> {
    let place = PageId::place(about);
    match row {
        BodyRow::Page { target: None, bits, .. } if bits.contains(place) => Some("listed"),
        BodyRow::Page { target: Some(_), bits, .. } if bits.contains(place) => Some("taken off"),
        BodyRow::Mark { key, .. } if *key == about => Some("listed"),
        BodyRow::Pairing { key, target: None, .. } if *key == about => Some("paired"),
        BodyRow::Pairing { key, target: Some(_), .. } if *key == about => Some("released"),
        BodyRow::Link { key, .. } if *key == about => Some("linked to the other IMEIs of its phone"),
        _ => None,
    }
}

const fn kind_name(kind: PairingKind) -> &'static str {
    match kind {
        PairingKind::Allowance => "allowance",
        PairingKind::Binding => "binding",
    }
}

const fn rule_name(rule: TacRule) -> &'static str {
    match (rule.barred, rule.exempt_type) {
        (TacBar::Hard, _) => "barred-hard",
        (TacBar::Soft, _) => "barred-soft",
        (TacBar::None, _) => "exempt-type",
    }
}
