//! What lies behind an answer, line by line: listings, pairings, model.

use super::{Heard, Subject};
use crate::{
    batch::BatchNumber,
    check::{EvidenceKind, EvidenceLine, EvidenceState, Model, PairingLine},
    day::Day,
    listing::{TacBar, TacRule},
    pairing::{Number, NumberKind, Pair, PairingKind},
    policy::{Decisive, Verdict},
    store::StoreError,
};

impl Subject<'_> {
    /// Everything listed of the device, what decides first.
    pub(crate) fn evidence_lines(&self, heard: &Heard, verdict: &Verdict) -> Vec<EvidenceLine> {
        let today = self.reading.today();
        let mut lines = self.listing_lines(verdict, today);
        lines.extend(self.pairing_evidence(&heard.met, verdict, today));
        lines.extend(self.model_lines(verdict));
        lines.sort_by_key(|line| !line.decisive);
        lines
    }

    fn line(&self, kind: EvidenceKind, class: &str, batch: BatchNumber) -> EvidenceLine {
        let header = self.reading.batches.get(batch).map(|batch| &batch.header);
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

    fn listing_lines(&self, verdict: &Verdict, today: Day) -> Vec<EvidenceLine> {
        let device = &self.device;
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

    fn pairing_evidence(&self, met: &[Pair], verdict: &Verdict, today: Day) -> Vec<EvidenceLine> {
        let lines = met.iter().zip(&self.device.pair_batches).map(|(pair, batch)| EvidenceLine {
            valid_until: pair.until(),
            state: if pair.is_current(today) { EvidenceState::Valid } else { EvidenceState::Expired },
            decisive: verdict.decisive == Decisive::Pair(*pair),
            ..self.line(EvidenceKind::Pairing, kind_name(pair.kind), *batch)
        });
        lines.collect()
    }

    fn model_lines(&self, verdict: &Verdict) -> Vec<EvidenceLine> {
        let rule = self.rule;
        let lines = self.rule_batches.iter().filter(|_| rule != TacRule::default()).map(|batch| EvidenceLine {
            decisive: verdict.decisive == Decisive::Tac,
            ..self.line(EvidenceKind::Model, rule_name(rule), *batch)
        });
        lines.collect()
    }

    /// The model, as the TAC catalogue has it.
    pub(crate) fn model(&self) -> Result<Option<Model>, StoreError> {
        let (Some(key), rule) = (self.key, self.rule) else { return Ok(None) };
        let known = self.reading.store.model(key.tac(), self.reading.revision.seq)?;
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

    /// The numbers that the device is paired with, as they are stored, and which of them is the one asked.
    pub(crate) fn pairing_lines(&self, heard: &Heard) -> Vec<PairingLine> {
        let (device, met, subscriber) = (&self.device, &heard.met, &heard.question.subscriber);
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
