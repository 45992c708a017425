//! Wire to terms and back. Every value of a client is checked here, once.

mod cases;
mod desk;
mod explanation;
mod lookup;
pub(crate) mod registration;

pub(super) use cases::{case, case_device, case_figures, case_number, found_case};
pub(super) use desk::{audit_lines, audit_verified, breach_pack, looked, revealed};
pub(crate) use explanation::explanation;
pub(super) use explanation::malformed;
pub(crate) use lookup::{help, lookup};
pub(super) use registration::checked_registration;

use super::status::{Violation, masked};
use crate::{
    check::{Answer, AsOf, Basis, EquipmentValue, Inquiry, When},
    identity::{Imsi, Msisdn, Pei},
    limits,
    lookup::LookupOrder,
    pairing::PairStanding,
    policy::{Reason, Status, Verdict},
    proto,
    words::{Language, LanguageError},
};
use proto::check_request::{Equipment, SubscriberIdentity, SubscriberNumber};

/// What a state of the register is named by.
const AS_OF_RULE: &str = "a state is a revision as answers show it (1.42) or a time (2026-12-31, 2026-12-31T18:00, 2026-12-31T18:00:00+07:00)";

/// One question.
pub(super) fn inquiry(request: &proto::CheckRequest) -> Result<Inquiry, Violation> {
    let equipment = match &request.equipment {
        Some(Equipment::EquipmentKey(number)) => EquipmentValue::from_number(*number),
        Some(Equipment::EquipmentText(text)) => equipment_text("equipment_text", text)?,
        None => return Err(equipment_absent()),
    };
    let msisdn = match &request.subscriber_number {
        Some(SubscriberNumber::Msisdn(number)) => Some(msisdn_number(*number, || "msisdn".into())?),
        Some(SubscriberNumber::MsisdnText(text)) => Some(msisdn_text("msisdn_text", text)?),
        None => None,
    };
    let imsi = match &request.subscriber_identity {
        Some(SubscriberIdentity::Imsi(number)) => Some(imsi_number(*number, || "imsi".into())?),
        Some(SubscriberIdentity::ImsiText(text)) => Some(imsi_text("imsi_text", text)?),
        None => None,
    };
    Ok(Inquiry { equipment, msisdn, imsi, emergency: request.emergency })
}

/// A question in text, for people: an empty text is an absent value.
pub(super) fn explain_inquiry(request: &proto::ExplainRequest) -> Result<Inquiry, Violation> {
    if request.equipment.is_empty() {
        return Err(equipment_absent());
    }
    let given = |text: &'_ str| !text.is_empty();
    Ok(Inquiry {
        equipment: equipment_text("equipment", &request.equipment)?,
        msisdn: given(&request.msisdn).then(|| msisdn_text("msisdn", &request.msisdn)).transpose()?,
        imsi: given(&request.imsi).then(|| imsi_text("imsi", &request.imsi)).transpose()?,
        emergency: request.emergency,
    })
}

/// The moment and the state of the register of a question for people.
pub(super) fn explain_when(request: &proto::ExplainRequest) -> Result<When, Violation> {
    let as_of = match request.as_of.as_str() {
        "" => AsOf::Now,
        text => text.parse().map_err(|_| Violation::new("as_of", text, AS_OF_RULE))?,
    };
    Ok(When { on: request.on_unix_seconds, as_of })
}

/// What somebody looks up, who may see the subscribers of one operator only, or of all.
pub(super) fn lookup_order(request: &proto::FindRequest, only: Option<String>) -> Result<LookupOrder, Violation> {
    let given = |text: &'_ str| !text.is_empty();
    bounded("text", &request.text)?;
    let as_of = match request.as_of.as_str() {
        "" => AsOf::Now,
        text => text.parse().map_err(|_| Violation::new("as_of", text, AS_OF_RULE))?,
    };
    Ok(LookupOrder {
        text: request.text.clone(),
        msisdn: given(&request.msisdn).then(|| msisdn_text("msisdn", &request.msisdn)).transpose()?,
        imsi: given(&request.imsi).then(|| imsi_text("imsi", &request.imsi)).transpose()?,
        operator: operator(&request.operator)?.map(str::to_owned),
        when: When { on: request.on_unix_seconds, as_of },
        only,
    })
}

/// The language of a question. Empty: Indonesian.
pub(super) fn language(tag: &str) -> Result<Language, Violation> {
    if tag.is_empty() {
        return Ok(Language::default());
    }
    bounded("language", tag)?;
    tag.parse().map_err(|error: LanguageError| Violation::new("language", masked(tag), error.to_string()))
}

/// The questions of a batch.
pub(super) fn inquiries(request: &proto::CheckBatchRequest) -> Result<Vec<Inquiry>, Violation> {
    let count = request.equipment_key.len();
    if count == 0 {
        return Err(Violation::new("equipment_key", "", "a batch has at least one question"));
    }
    if count > limits::BATCH_QUESTIONS_MAX {
        let rule = format!("a batch has at most {} questions", limits::BATCH_QUESTIONS_MAX);
        return Err(Violation::new("equipment_key", count.to_string(), rule));
    }
    same_length("msisdn", request.msisdn.len(), count)?;
    same_length("imsi", request.imsi.len(), count)?;
    let mut inquiries = Vec::with_capacity(count);
    for (i, key) in request.equipment_key.iter().enumerate() {
        let msisdn = given(&request.msisdn, i).map(|n| msisdn_number(n, || format!("msisdn[{i}]"))).transpose()?;
        let imsi = given(&request.imsi, i).map(|n| imsi_number(n, || format!("imsi[{i}]"))).transpose()?;
        let equipment = EquipmentValue::from_number(*key);
        inquiries.push(Inquiry { equipment, msisdn, imsi, emergency: request.emergency });
    }
    Ok(inquiries)
}

/// The operator that asks. Empty: none.
pub(super) fn operator(name: &str) -> Result<Option<&str>, Violation> {
    if name.len() > limits::OPERATOR_BYTES_MAX {
        let rule = format!("an operator's name has at most {} bytes", limits::OPERATOR_BYTES_MAX);
        return Err(Violation::new("operator", masked(name), rule));
    }
    Ok((!name.is_empty()).then_some(name))
}

fn equipment_absent() -> Violation {
    Violation::new("equipment", "", "a question names its equipment: equipment_key or a text")
}

/// A text of any form is an answer; one that is too long to be any form is not even read.
fn equipment_text(field: &str, text: &str) -> Result<EquipmentValue, Violation> {
    bounded(field, text)?;
    Ok(Pei::parse(text).into())
}

fn msisdn_text(field: &str, text: &str) -> Result<Msisdn, Violation> {
    bounded(field, text)?;
    text.parse::<Msisdn>().map_err(|error| Violation::new(field, masked(text), error.rule()))
}

fn imsi_text(field: &str, text: &str) -> Result<Imsi, Violation> {
    bounded(field, text)?;
    text.parse::<Imsi>().map_err(|error| Violation::new(field, masked(text), error.rule()))
}

fn msisdn_number(number: u64, field: impl Fn() -> String) -> Result<Msisdn, Violation> {
    Msisdn::new(number).map_err(|error| Violation::new(field(), masked(&number.to_string()), error.rule()))
}

fn imsi_number(number: u64, field: impl Fn() -> String) -> Result<Imsi, Violation> {
    Imsi::from_number(number).map_err(|error| Violation::new(field(), masked(&number.to_string()), error.rule()))
}

fn bounded(field: &str, text: &str) -> Result<(), Violation> {
    if text.len() > limits::TEXT_BYTES_MAX {
        let rule = format!("a text has at most {} bytes", limits::TEXT_BYTES_MAX);
        return Err(Violation::new(field, masked(text), rule));
    }
    Ok(())
}

fn same_length(field: &str, length: usize, count: usize) -> Result<(), Violation> {
    if length != 0 && length != count {
        let rule = format!("is empty or has one entry a question, here {count}");
        return Err(Violation::new(field, format!("{length} entries"), rule));
    }
    Ok(())
}

/// The value of a packed array, where it has one: empty array and zero are absent.
fn given(values: &[u64], i: usize) -> Option<u64> {
    values.get(i).copied().filter(|value| *value != 0)
}

/// One answer.
pub(super) fn response(answer: &Answer) -> proto::CheckResponse {
    let (verdict, basis) = (Some(verdict(&answer.verdict)), Some(basis(&answer.basis)));
    proto::CheckResponse { verdict, basis, registration: None }
}

pub(super) fn verdict(verdict: &Verdict) -> proto::Verdict {
    proto::Verdict {
        status: status(verdict.status).into(),
        reason: reason(verdict.reason).into(),
        pairing: pairing(verdict.pairing).into(),
        valid_until: verdict.valid_until.map(|day| day.to_string()).unwrap_or_default(),
        sim_changed: verdict.sim_changed,
    }
}

pub(super) fn basis(basis: &Basis) -> proto::Basis {
    proto::Basis {
        revision: Some(proto::Revision { epoch: basis.revision.epoch, seq: basis.revision.seq }),
        settings_seq: basis.settings_seq,
        age_seconds: basis.age_seconds,
        override_seq: basis.override_seq,
    }
}

/// The answers of a batch, filled in by index.
pub(super) struct BatchAnswers(proto::CheckBatchResponse);

impl BatchAnswers {
    pub(super) fn new(count: usize, with_valid_until: bool) -> Self {
        Self(proto::CheckBatchResponse {
            statuses: vec![0; count],
            reasons: vec![0; count],
            pairings: vec![0; count],
            valid_until_day: if with_valid_until { vec![0; count] } else { Vec::new() },
            sim_changed: Vec::new(),
            basis: None,
        })
    }

    pub(super) fn set(&mut self, i: usize, verdict: &Verdict) {
        self.0.statuses[i] = status(verdict.status);
        self.0.reasons[i] = reason(verdict.reason);
        self.0.pairings[i] = pairing(verdict.pairing) as u8;
        if let (Some(day), Some(place)) = (verdict.valid_until, self.0.valid_until_day.get_mut(i)) {
            *place = u32::from(day.get());
        }
        if verdict.sim_changed {
            self.0.sim_changed.push(i as u32);
        }
    }

    pub(super) fn finish(mut self, basis: &Basis) -> proto::CheckBatchResponse {
        self.0.sim_changed.sort_unstable();
        self.0.basis = Some(self::basis(basis));
        self.0
    }
}

/// One more than the code of TS 29.272: zero is what an absent field reads as.
const fn status(status: Status) -> u8 {
    status.code() + 1
}

const fn pairing(standing: PairStanding) -> proto::Pairing {
    match standing {
        PairStanding::NotAsked => proto::Pairing::NotAsked,
        PairStanding::Unpaired => proto::Pairing::Unpaired,
        PairStanding::Paired => proto::Pairing::Paired,
        PairStanding::Mismatched => proto::Pairing::Mismatched,
    }
}

/// The register's codes are the wire's.
const fn reason(reason: Reason) -> u8 {
    reason.code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_reasons_have_the_same_names_and_numbers_on_the_wire() {
        for term in Status::ALL {
            let wire = proto::EquipmentStatus::try_from(i32::from(status(*term)));
            assert_eq!(wire.map(|wire| wire.as_str_name()), Ok(term.name()));
        }
        for term in Reason::ALL {
            let wire = proto::Reason::try_from(i32::from(reason(*term)));
            assert_eq!(wire.map(|wire| wire.as_str_name()), Ok(term.name()));
        }
    }

    #[test]
    fn an_empty_message_reads_as_no_verdict() {
        let verdict = proto::Verdict::default();
        assert_eq!(verdict.status(), proto::EquipmentStatus::Unspecified);
        assert_eq!(verdict.reason(), proto::Reason::Unspecified);
        assert_eq!(verdict.pairing(), proto::Pairing::Unspecified);
    }

    fn batch(keys: &[u64], msisdn: &[u64], imsi: &[u64]) -> proto::CheckBatchRequest {
        let (equipment_key, msisdn, imsi) = (keys.to_vec(), msisdn.to_vec(), imsi.to_vec());
        proto::CheckBatchRequest { equipment_key, msisdn, imsi, ..Default::default() }
    }

    #[test]
    fn a_bad_number_in_a_batch_names_its_index_and_is_masked() {
        let error = inquiries(&batch(&[1, 2, 3], &[0, 628_123_456_789, 6_281_234_567_890_123], &[])).err();
        let rule = "an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)";
        assert_eq!(error, Some(Violation::new("msisdn[2]", "62812********123", rule)));
        let error = inquiries(&batch(&[1], &[], &[99_999])).err();
        assert_eq!(error, Some(Violation::new("imsi[0]", "99***", "an IMSI is 6 to 15 decimal digits")));
    }

    #[test]
    fn arrays_of_a_batch_have_one_length() {
        let error = inquiries(&batch(&[1, 2], &[0], &[])).err();
        assert_eq!(error, Some(Violation::new("msisdn", "1 entries", "is empty or has one entry a question, here 2")));
        assert!(inquiries(&batch(&[], &[], &[])).is_err());
        assert!(inquiries(&batch(&[1; limits::BATCH_QUESTIONS_MAX], &[], &[])).is_ok());
        assert!(inquiries(&batch(&[1; limits::BATCH_QUESTIONS_MAX + 1], &[], &[])).is_err());
    }

    #[test]
    fn a_bad_equipment_value_is_never_an_error() {
        for (number, text) in
            [(0, "0"), (EQUIPMENT_LIMIT, "abc"), (u64::MAX, "00000000000000"), (7 * EQUIPMENT_LIMIT, "")]
        {
            for equipment in [Equipment::EquipmentKey(number), Equipment::EquipmentText(text.into())] {
                let request = proto::CheckRequest { equipment: Some(equipment), ..Default::default() };
                let asked = inquiry(&request).map(|inquiry| inquiry.equipment);
                assert_eq!(asked, Ok(EquipmentValue::Malformed), "{number} {text:?}");
            }
        }
    }

    const EQUIPMENT_LIMIT: u64 = crate::identity::EquipmentKey::LIMIT;
}
