//! The page of a device.

use super::{Desk, Outlook, SoughtDevice};
use crate::{
    batch::{BatchNumber, BatchState, BodyRow},
    check::{Answer, EquipmentValue, EvidenceKind, EvidenceLine, Inquiry, Model, PairingLine},
    explain::{Reading, Subject},
    history::{self, Event},
    identity::{EquipmentKey, Imei, Imsi},
    page::PageId,
    store::StoreError,
};
use std::collections::{BTreeMap, BTreeSet};

/// An IMSI of no network: MCC 999 is for internal use (E.212), so it is abroad and on no map.
const FOREIGN_SIM: u64 = 999_990_000_000_000;
/// Other IMEIs and suggestions that are looked into.
const OTHERS_MAX: usize = 8;

/// What a question brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asking {
    /// No number.
    WithoutNumber,
    /// The number or SIM that was named.
    WithNumber,
    /// A foreign SIM.
    ForeignSim,
}

/// What an operator's network gets.
#[derive(Clone, Debug)]
pub struct OperatorAnswers {
    /// The operator; none: one without settings or overrides of its own.
    pub operator: Option<String>,
    /// Its answers.
    pub answers: Vec<(Asking, Answer)>,
}

/// What is odd about the digits that were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// The check digit that the first 14 digits need.
    pub right_digit: u8,
    /// What may have been meant: two digits changed places. Whether the register knows it, those that it knows first.
    pub suggestions: Vec<(Imei, bool)>,
    /// The digits may also be an IMSI.
    pub maybe_imsi: bool,
    /// The known operator of that IMSI.
    pub imsi_operator: Option<&'static str>,
}

/// Everything of a device.
#[derive(Clone, Debug)]
pub struct DevicePage {
    /// The device; none: the value names none.
    pub key: Option<EquipmentKey>,
    /// The rule that a malformed value breaks.
    pub malformed: Option<&'static str>,
    /// What is odd about the digits.
    pub typing: Option<Typing>,
    /// The answer for the operator of the order, with the number where one was named.
    pub answer: Answer,
    /// The answers that each operator's network gets; the national ones first.
    pub operators: Vec<OperatorAnswers>,
    /// Everything listed, what decides first, then in the order of precedence.
    pub evidence: Vec<EvidenceLine>,
    /// What would change the answer.
    pub outlook: Outlook,
    /// Pairings that may be seen.
    pub pairings: Vec<PairingLine>,
    /// How many may not.
    pub pairings_hidden: usize,
    /// The other IMEIs of the same phone, each with its own answer.
    pub linked: Vec<(EquipmentKey, Answer)>,
    /// The model.
    pub model: Option<Model>,
    /// Batches with the device that wait for approval.
    pub in_process: Vec<BatchNumber>,
    /// Plans that it is in.
    pub planned: Vec<BatchNumber>,
    /// What happened, oldest first.
    pub history: Vec<Event>,
}

impl Desk<'_> {
    pub(super) fn device(&self, sought: &SoughtDevice) -> Result<DevicePage, StoreError> {
        let SoughtDevice { equipment, malformed, right_digit, ref transposed, maybe_imsi, imsi_operator } = *sought;
        let subject = self.reading.subject(equipment)?;
        let inquiry = self.inquiry(equipment);
        let heard = subject.heard(&inquiry)?;
        let answer = subject.answer(&heard, self.operator());
        let mut evidence = subject.evidence_lines(&heard, &answer.verdict);
        evidence.retain(|line| line.kind != EvidenceKind::Pairing || self.sees_numbers_of(line.batch));
        evidence.sort_by_key(|line| (!line.decisive, precedence(line)));
        let all = subject.pairing_lines(&heard);
        let count = all.len();
        let pairings: Vec<_> = all.into_iter().filter(|pair| self.sees_numbers_of(pair.batch)).collect();
        let history = match subject.key {
            Some(key) => self.seen(history::of_device(self.reading.store, key, self.reading.revision.seq)?),
            None => Vec::new(),
        };
        let typing = match right_digit {
            Some(right_digit) => {
                let suggestions = self.suggestions(transposed)?;
                Some(Typing { right_digit, suggestions, maybe_imsi, imsi_operator })
            }
            None => None,
        };
        Ok(DevicePage {
            key: subject.key,
            malformed,
            typing,
            answer,
            operators: self.operators(&subject, &inquiry)?,
            evidence,
            outlook: Outlook::of(&subject, &heard, self.operator()),
            pairings_hidden: count - pairings.len(),
            pairings,
            linked: self.linked(&subject)?,
            model: subject.model()?,
            in_process: self.waiting(&subject, BatchState::Submitted),
            planned: self.waiting(&subject, BatchState::Planned),
            history,
        })
    }

    fn inquiry(&self, equipment: EquipmentValue) -> Inquiry {
        Inquiry { msisdn: self.order.msisdn, imsi: self.order.imsi, ..Inquiry::of(equipment) }
    }

    /// What each operator's network gets: those with settings or overrides of their own, the one that asks, and those
    /// whose subscribers the device is paired with. Others get what none in particular gets.
    fn operators(&self, subject: &Subject<'_>, inquiry: &Inquiry) -> Result<Vec<OperatorAnswers>, StoreError> {
        let reading = self.reading;
        let settings = reading.timeline.at(reading.now).settings();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let overrides = reading.ledger.overrides().values().map(|set| set.operator.as_str());
        let paired = subject.device.pair_batches.iter().filter(|batch| self.sees_numbers_of(**batch));
        let paired = paired.filter_map(|batch| reading.batches.get(*batch)).map(|batch| batch.header.operator.as_str());
        for name in settings.operators().chain(overrides).chain(self.operator()).chain(paired) {
            if !name.is_empty() {
                names.entry(name.to_lowercase()).or_insert_with(|| name.to_owned());
            }
        }
        let mut inquiries = vec![(Asking::WithoutNumber, Inquiry { msisdn: None, imsi: None, ..*inquiry })];
        if inquiry.msisdn.is_some() || inquiry.imsi.is_some() {
            inquiries.push((Asking::WithNumber, *inquiry));
        }
        if let Ok(imsi) = Imsi::from_number(FOREIGN_SIM) {
            inquiries.push((Asking::ForeignSim, Inquiry { msisdn: None, imsi: Some(imsi), ..*inquiry }));
        }
        let mut heard = Vec::with_capacity(inquiries.len());
        for (asking, inquiry) in &inquiries {
            heard.push((*asking, subject.heard(inquiry)?));
        }
        let of = |operator: Option<String>| {
            let answers = heard.iter().map(|(asking, heard)| (*asking, subject.answer(heard, operator.as_deref())));
            OperatorAnswers { answers: answers.collect(), operator }
        };
        Ok(std::iter::once(None).chain(names.into_values().map(Some)).map(of).collect())
    }

    /// The other IMEIs of the phone with the answers that the same question gets.
    fn linked(&self, subject: &Subject<'_>) -> Result<Vec<(EquipmentKey, Answer)>, StoreError> {
        let mut linked = Vec::new();
        for &key in subject.device.links.iter().take(OTHERS_MAX) {
            linked.push((key, answer_of(self.reading, &self.inquiry(EquipmentValue::Key(key)), self.operator())?));
        }
        Ok(linked)
    }

    /// Batches in a state in which no check sees them, with a row about the device.
    fn waiting(&self, subject: &Subject<'_>, state: BatchState) -> Vec<BatchNumber> {
        let Some(key) = subject.key else { return Vec::new() };
        let place = PageId::place(key);
        let names = |row: &BodyRow| match row {
            BodyRow::Page { target: None, bits, .. } => bits.contains(place),
            BodyRow::Mark { key: about, .. } => *about == key,
            _ => false,
        };
        let at = |batch: BatchNumber| self.reading.batches.get(batch)?.state_at(self.reading.revision.seq);
        let rows =
            subject.rows.iter().filter(|(batch, row)| names(row) && at(*batch) == Some(state) && self.sees(*batch));
        rows.map(|(batch, _)| *batch).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn suggestions(&self, transposed: &[Imei]) -> Result<Vec<(Imei, bool)>, StoreError> {
        let mut suggestions = Vec::new();
        for imei in transposed.iter().take(OTHERS_MAX) {
            let subject = self.reading.subject(EquipmentValue::Key(imei.key()))?;
            let device = &subject.device;
            let listed = !(device.registered.is_empty() && device.grandfathered.is_empty());
            suggestions.push((*imei, listed || !device.suspended.is_empty() || !device.marks.is_empty()));
        }
        suggestions.sort_by_key(|(_, known)| !known);
        Ok(suggestions)
    }
}

/// The answer to a question about another device of the same reading.
pub(super) fn answer_of(
    reading: &Reading<'_>,
    inquiry: &Inquiry,
    operator: Option<&str>,
) -> Result<Answer, StoreError> {
    let subject = reading.subject(inquiry.equipment)?;
    Ok(subject.answer(&subject.heard(inquiry)?, operator))
}

/// Where a line stands in the order of the ranks.
fn precedence(line: &EvidenceLine) -> u8 {
    use crate::check::EvidenceState::{Expired, Suspended};
    match (line.class.as_str(), line.state) {
        ("court", _) => 0,
        ("barred", _) => 1,
        ("stolen", _) => 2,
        ("lost", _) => 3,
        ("barred-hard", _) => 4,
        ("exempt", _) => 5,
        (_, Expired) => 14,
        (_, Suspended) => 13,
        ("allowance", _) => 6,
        ("duplicate", _) => 7,
        ("registered", _) => 8,
        ("binding", _) => 9,
        ("exempt-type", _) => 10,
        ("grandfathered", _) => 11,
        _ => 12,
    }
}
