//! What was looked up, to the wire: numbers are masked here, and texts get their language.

use super::{
    basis,
    explanation::{day, evidence_line, model, pairing_line},
    verdict,
};
use crate::{
    check,
    history::Event,
    identity::{EquipmentKey, Imei},
    lookup::{
        Asking, BatchPage, DevicePage, DocumentPage, Found, Lookup, NumberDevice, NumberPage, OperatorAnswers, deed,
    },
    pairing::{Number, NumberKind},
    policy::Verdict,
    proto::{self, find_response},
    revision::Revision,
    words::{Audience, Language, Words},
};

/// What was looked up, in a language.
pub(crate) fn lookup(lookup: &Lookup, language: Language) -> proto::FindResponse {
    let teller = Teller { language };
    let found = match &lookup.found {
        Found::Device(page) => find_response::Found::Device(teller.device(page)),
        Found::Number(page) => find_response::Found::Number(teller.number(page)),
        Found::Document(page) => find_response::Found::Document(document(page)),
        Found::Batch(page) => find_response::Found::Batch(batch(page)),
    };
    proto::FindResponse {
        revision: Some(revision(lookup.revision)),
        unix_seconds: lookup.unix_seconds,
        notes: lookup.notes(language),
        found: Some(found),
        audit_entry: 0,
        refusals: Vec::new(),
        cases: Vec::new(),
        registration: lookup.registration.as_ref().map(|held| super::registration::number(held, language)),
    }
}

/// The questions of callers, in a language.
pub(crate) fn help(language: Language) -> proto::HelpResponse {
    let entries = language.help().into_iter().map(|help| proto::HelpEntry {
        name: help.name.to_owned(),
        question: help.question,
        answer: help.answer,
        contact: help.contact,
    });
    proto::HelpResponse { entries: entries.collect() }
}

pub(super) const fn revision(revision: Revision) -> proto::Revision {
    proto::Revision { epoch: revision.epoch, seq: revision.seq }
}

pub(super) fn imei(key: EquipmentKey) -> String {
    Imei::from_key(key).to_string()
}

/// Tells in one language.
struct Teller {
    language: Language,
}

impl Teller {
    fn words(&self, verdict: &Verdict) -> Words {
        Words::of(self.language, Audience::Agent, verdict.status, verdict.reason, verdict.valid_until)
    }

    fn hypothetical(&self, of: &Verdict) -> proto::GivenAnswer {
        proto::GivenAnswer { verdict: Some(verdict(of)), headline: self.words(of).headline, override_seq: 0 }
    }

    fn answer(&self, answer: &check::Answer) -> proto::GivenAnswer {
        proto::GivenAnswer { override_seq: answer.basis.override_seq, ..self.hypothetical(&answer.verdict) }
    }

    fn device(&self, page: &DevicePage) -> proto::DevicePage {
        let Words { headline, say, next_step, contact } = self.words(&page.answer.verdict);
        let suggestions = page.typing.iter().flat_map(|typing| &typing.suggestions);
        let suggestion = |(imei, known): &(Imei, bool)| proto::Suggestion { imei: imei.to_string(), known: *known };
        let others = page.linked.iter();
        let other = |(key, answer): &(_, _)| proto::OtherImei { imei: imei(*key), answer: Some(self.answer(answer)) };
        proto::DevicePage {
            imei: page.key.map(imei).unwrap_or_default(),
            equipment_key: page.key.map(|key| key.to_string()).unwrap_or_default(),
            malformed: page.malformed.unwrap_or_default().to_owned(),
            suggestions: suggestions.map(suggestion).collect(),
            verdict: Some(verdict(&page.answer.verdict)),
            basis: Some(basis(&page.answer.basis)),
            advice: Some(proto::Advice { headline, say, next_step, contact }),
            operators: page.operators.iter().map(|answers| self.operator(answers)).collect(),
            evidence: page.evidence.iter().map(evidence_line).collect(),
            changes: self.changes(page),
            pairings: page.pairings.iter().map(pairing_line).collect(),
            pairings_hidden: page.pairings_hidden as u32,
            others: others.map(other).collect(),
            model: page.model.as_ref().map(model),
            in_process_batches: page.in_process.clone(),
            planned_batches: page.planned.clone(),
            history: page.history.iter().rev().map(|event| self.deed(event, false)).collect(),
        }
    }

    fn operator(&self, answers: &OperatorAnswers) -> proto::OperatorAnswers {
        let of = |asking: Asking| {
            let answer = answers.answers.iter().find(|(asked, _)| *asked == asking);
            answer.map(|(_, answer)| self.answer(answer))
        };
        proto::OperatorAnswers {
            operator: answers.operator.clone().unwrap_or_default(),
            without_number: of(Asking::WithoutNumber),
            with_number: of(Asking::WithNumber),
            foreign_sim: of(Asking::ForeignSim),
        }
    }

    fn changes(&self, page: &DevicePage) -> Vec<proto::AnswerChange> {
        let remedies = page.outlook.remedies.iter().map(|(remedy, after)| proto::AnswerChange {
            what: self.language.remedy(*remedy),
            kind: remedy.key().to_owned(),
            unix_seconds: 0,
            answer: after.as_ref().map(|after| self.hypothetical(after)),
        });
        let turn = page.outlook.next.map(|turn| proto::AnswerChange {
            what: self.language.moment(turn.unix_seconds),
            kind: "time".to_owned(),
            unix_seconds: turn.unix_seconds,
            answer: Some(self.hypothetical(&turn.verdict)),
        });
        remedies.chain(turn).collect()
    }

    fn deed(&self, event: &Event, with_device: bool) -> proto::Deed {
        let (what, other) = deed(&event.said, &Number::masked);
        proto::Deed {
            revision: Some(revision(event.revision)),
            unix_seconds: event.unix_seconds,
            what: self.language.deed(what, &other),
            imei: event.device.filter(|_| with_device).map(imei).unwrap_or_default(),
            state: event.state.name().to_owned(),
            batch: event.batch,
            door: event.door.name().to_owned(),
            document: event.document.clone(),
            operator: event.operator.clone(),
            reason: event.reason.clone(),
            principal: event.principal.clone(),
            approver: event.approver.clone(),
        }
    }

    fn number(&self, page: &NumberPage) -> proto::NumberPage {
        let kind = match page.number.kind() {
            NumberKind::Msisdn(_) => "msisdn",
            NumberKind::Imsi(_) => "imsi",
        };
        proto::NumberPage {
            kind: kind.to_owned(),
            number: page.number.masked(),
            msisdn: page.msisdn.map(|msisdn| msisdn.masked()).unwrap_or_default(),
            sims: page.sims.iter().map(|sim| sim.masked()).collect(),
            devices: page.devices.iter().map(|device| self.number_device(device)).collect(),
            devices_left: page.devices_left as u32,
            history: page.history.iter().rev().map(|event| self.deed(event, true)).collect(),
        }
    }

    fn number_device(&self, device: &NumberDevice) -> proto::NumberDevice {
        proto::NumberDevice {
            imei: imei(device.key),
            answer: Some(self.answer(&device.answer)),
            operator: device.operator.clone().unwrap_or_default(),
            model: device.model.as_ref().map(model),
            in_force: device.in_force,
            by_sim: device.by_sim.map(|sim| sim.masked()).unwrap_or_default(),
        }
    }
}

fn goods(brand: &str, model: &str) -> String {
    format!("{brand} {model}").trim().to_owned()
}

fn document(page: &DocumentPage) -> proto::DocumentPage {
    let documents = page.uses.iter().map(|used| proto::DocumentUse {
        number: used.document.number.clone(),
        door: used.document.door.name().to_owned(),
        quantity: used.document.quantity,
        drawn: used.drawn,
        planned: used.planned,
        valid_until: day(used.document.valid_until),
        goods: goods(&used.document.brand, &used.document.model),
        holder: used.document.holder.clone(),
    });
    proto::DocumentPage {
        name: page.name.clone(),
        documents: documents.collect(),
        batches: page.batches.iter().map(batch).collect(),
        batches_left: page.batches_left as u32,
    }
}

fn batch(page: &BatchPage) -> proto::BatchPage {
    let header = &page.header;
    let moment = |(unix_seconds, state): &(i64, crate::batch::BatchState)| proto::BatchMoment {
        unix_seconds: *unix_seconds,
        state: state.name().to_owned(),
    };
    proto::BatchPage {
        number: page.number,
        kind: header.kind.clone(),
        door: header.door.name().to_owned(),
        document: header.document.clone(),
        operator: header.operator.clone(),
        state: page.state.name().to_owned(),
        added: page.added,
        declared_quantity: header.declared.quantity,
        goods: goods(&header.declared.brand, &header.declared.model),
        valid_until: day(header.valid_until),
        steps: page.steps.iter().map(moment).collect(),
    }
}
