//! Cases, to the wire and back: numbers are masked here.

use super::{
    super::status::{Violation, masked},
    lookup::{imei, revision},
};
use crate::{
    desk::{Act, Case, CaseFigures, Kind, Owner},
    identity::{Equipment, EquipmentKey, Msisdn, may_hold_nik},
    limits,
    pairing::Number,
    proto::{self, find_response},
    revision::Revision,
};
use std::collections::BTreeMap;

/// The device of a case; empty: none.
pub(in crate::grpc) fn case_device(text: &str) -> Result<Option<EquipmentKey>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |rule: &str| Violation::new("imei", masked(text), rule);
    if text.len() > limits::TEXT_BYTES_MAX {
        return Err(wrong("too long"));
    }
    if may_hold_nik(text) {
        return Err(wrong("it may be a NIK or the number of a KK, which are not kept: write an IMEI with 15 digits"));
    }
    let read = Equipment::from_typed(text.trim()).map_err(|error| wrong(error.rule()))?;
    if read.key().is_zero() { Err(wrong("all digits are zero")) } else { Ok(Some(read.key())) }
}

/// The caller's number; empty: none.
pub(in crate::grpc) fn case_number(text: &str) -> Result<Option<Number>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse::<Msisdn>().map_err(|error| Violation::new("msisdn", masked(text), error.rule()))?;
    Ok(Some(read.into()))
}

/// A case; `whole`: with its history.
pub(in crate::grpc) fn case(case: &Case, whole: bool) -> proto::Case {
    let Owner { party, operator } = case.owner();
    let step = |step: &crate::desk::Step| proto::CaseStep {
        unix_s: step.time,
        by: step.by.clone(),
        act: u8::try_from(step.act_code).ok().and_then(Act::from_code).map_or("", Act::name).to_owned(),
        text: step.text.clone(),
        to: step.to.clone(),
        version: step.version,
    };
    proto::Case {
        number: case.case_number().to_string(),
        version: case.version,
        kind: case.kind().name().to_owned(),
        imei: case.device().map(imei).unwrap_or_default(),
        msisdn: case.caller().map(Number::masked).unwrap_or_default(),
        owner: party.name().to_owned(),
        operator,
        assignee: case.assignee.clone(),
        state: case.state().name().to_owned(),
        opened_unix_s: case.opened,
        due_unix_s: case.due,
        overdue: case.is_overdue(jiff::Timestamp::now().as_second()),
        closed_unix_s: case.closed,
        steps: if whole { case.steps.iter().map(step).collect() } else { Vec::new() },
        erased: case.erased,
    }
}

/// A case that was looked up.
pub(in crate::grpc) fn found_case(found: &Case, at: Revision) -> proto::FindResponse {
    proto::FindResponse {
        revision: Some(revision(at)),
        unix_seconds: jiff::Timestamp::now().as_second(),
        found: Some(find_response::Found::Case(case(found, true))),
        ..proto::FindResponse::default()
    }
}

/// Counts.
pub(in crate::grpc) fn case_figures(figures: &BTreeMap<(Kind, Owner), CaseFigures>) -> proto::GetCaseFiguresResponse {
    let figures = figures.iter().map(|((kind, owner), one)| proto::CaseFigures {
        kind: kind.name().to_owned(),
        owner: owner.party.name().to_owned(),
        operator: owner.operator.clone(),
        open: one.open,
        overdue: one.overdue,
        closed: one.closed,
        mean_seconds_to_close: one.closed_seconds.checked_div(one.closed).unwrap_or_default(),
    });
    proto::GetCaseFiguresResponse { figures: figures.collect() }
}
