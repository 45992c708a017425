//! Explanations to the wire.

use super::{basis, verdict};
use crate::{
    check::{EvidenceLine, Explanation, HistoryLine, Model, PairingLine},
    day::Day,
    identity::{Imei, Pei},
    pairing::PairingKind,
    proto,
};

/// Which rule an equipment value breaks. Empty: none.
pub(in crate::grpc) fn malformed(text: &str) -> String {
    match Pei::parse(text) {
        Pei::Malformed(error) => error.rule().to_owned(),
        Pei::Equipment(_) | Pei::Other => String::new(),
    }
}

/// An answer with all that lies behind it. Numbers are masked here.
pub(crate) fn explanation(explanation: &Explanation) -> proto::ExplainResponse {
    let imei = |key| Imei::from_key(key).to_string();
    proto::ExplainResponse {
        verdict: Some(verdict(&explanation.answer.verdict)),
        basis: Some(basis(&explanation.answer.basis)),
        imei: explanation.key.map(imei).unwrap_or_default(),
        equipment_key: explanation.key.map(|key| key.to_string()).unwrap_or_default(),
        malformed: String::new(),
        evidence: explanation.evidence.iter().map(evidence_line).collect(),
        pairings: explanation.pairings.iter().map(pairing_line).collect(),
        linked_imeis: explanation.linked.iter().copied().map(imei).collect(),
        model: explanation.model.as_ref().map(model),
        history: explanation.history.iter().map(history_line).collect(),
    }
}

pub(super) fn day(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

pub(super) fn evidence_line(line: &EvidenceLine) -> proto::EvidenceLine {
    proto::EvidenceLine {
        kind: line.kind.name().into(),
        class: line.class.clone(),
        door: line.door.clone(),
        batch: line.batch,
        document: line.document.clone(),
        valid_until: day(line.valid_until),
        state: line.state.name().into(),
        decisive: line.decisive,
    }
}

pub(super) fn pairing_line(line: &PairingLine) -> proto::PairingLine {
    let kind = match line.kind {
        PairingKind::Allowance => "allowance",
        PairingKind::Binding => "binding",
    };
    proto::PairingLine {
        kind: kind.into(),
        number: line.number.masked(),
        door: line.door.clone(),
        batch: line.batch,
        valid_until: day(line.valid_until),
        asked: line.asked,
    }
}

pub(super) fn model(model: &Model) -> proto::Model {
    proto::Model {
        tac: model.tac.to_string(),
        manufacturer: model.manufacturer.clone(),
        name: model.name.clone(),
        rule: model.rule.clone(),
    }
}

fn history_line(line: &HistoryLine) -> proto::HistoryLine {
    proto::HistoryLine {
        seq: line.seq,
        unix_seconds: line.unix_seconds,
        what: line.what.clone(),
        door: line.door.clone(),
        batch: line.batch,
        principal: line.principal.clone(),
        approver: line.approver.clone(),
    }
}
