//! The desk's record, to the wire: numbers are masked here, but for a breach pack.

use super::lookup::{imei, revision};
use crate::{
    desk::{AuditLine, AuditVerified, BreachPack, Deed, Looked, Refused, Revealed},
    pairing::{Number, NumberKind},
    policy::{Reason, Status},
    proto,
    store::DeskStore,
    tree::{Checkpoint, hash_text},
    words::{Audience, Language, Words},
};

/// A page with the number of its audit entry.
pub(in crate::grpc) fn looked(looked: &Looked, language: Language) -> proto::FindResponse {
    let refusals = looked.refusals.iter().map(|refused| refused_checks(refused, language)).collect();
    let cases = looked.cases.iter().map(|case| super::case(case, false)).collect();
    proto::FindResponse { audit_entry: looked.entry, refusals, cases, ..super::lookup(&looked.lookup, language) }
}

fn refused_checks(refused: &Refused, language: Language) -> proto::RefusedChecks {
    let words = |reason| Words::of(language, Audience::Agent, Status::Blacklisted, reason, None);
    proto::RefusedChecks {
        imei: imei(refused.key),
        first_unix_s: refused.first,
        last_unix_s: refused.last,
        count: refused.count,
        operator: refused.operator.clone(),
        reason: refused.reason.map_or("", Reason::name).to_owned(),
        headline: refused.reason.map(words).map(|words| words.headline).unwrap_or_default(),
        number: refused.number.map(Number::masked).unwrap_or_default(),
        revision: Some(revision(refused.revision)),
    }
}

/// Numbers in full.
pub(in crate::grpc) fn revealed(revealed: &Revealed) -> proto::RevealResponse {
    let numbers = revealed.numbers.iter().map(|number| whole(*number)).collect();
    proto::RevealResponse { numbers, audit_entry: revealed.entry }
}

/// Entries, with numbers masked.
pub(in crate::grpc) fn audit_lines(lines: &[AuditLine]) -> proto::ListEntriesResponse {
    proto::ListEntriesResponse { entries: lines.iter().map(|line| entry(line, &Number::masked)).collect() }
}

/// A record that holds together.
pub(in crate::grpc) fn audit_verified(verified: &AuditVerified, desk: &DeskStore) -> proto::VerifyRecordResponse {
    proto::VerifyRecordResponse {
        size: verified.head.size,
        root: hash_text(&verified.head.root),
        values: verified.values,
        erased: verified.erased,
        checkpoint: note(desk.audit_checkpoint().as_ref()),
        key: desk.audit_key().line().to_owned(),
    }
}

/// A breach pack, with numbers in full.
pub(in crate::grpc) fn breach_pack(pack: &BreachPack) -> proto::BreachPack {
    let subject = |(number, seen): &(Number, crate::desk::Exposure)| proto::ExposedSubject {
        kind: match number.kind() {
            NumberKind::Msisdn(_) => "msisdn".to_owned(),
            NumberKind::Imsi(_) => "imsi".to_owned(),
        },
        number: whole(*number),
        first_unix_ms: seen.first_unix_ms,
        last_unix_ms: seen.last_unix_ms,
        times: seen.times,
        in_full: seen.in_full,
    };
    proto::BreachPack {
        principal: pack.principal.clone(),
        from_unix_s: pack.from,
        to_unix_s: pack.to,
        made_by: pack.made_by.clone(),
        audit_entry: pack.entry,
        checkpoint: note(pack.checkpoint.as_ref()),
        entries: pack.lines.iter().map(|line| entry(line, &whole)).collect(),
        subjects: pack.subjects.iter().map(subject).collect(),
        devices: pack.devices.iter().map(|key| imei(*key)).collect(),
        erased: pack.erased,
    }
}

fn note(checkpoint: Option<&Checkpoint>) -> String {
    checkpoint.map(|checkpoint| checkpoint.note().to_owned()).unwrap_or_default()
}

/// A number with all its digits.
pub(super) fn whole(number: Number) -> String {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => msisdn.to_string(),
        NumberKind::Imsi(imsi) => imsi.to_string(),
    }
}

fn entry(line: &AuditLine, show: &dyn Fn(Number) -> String) -> proto::AuditEntry {
    let subject = |(number, in_full): &(Number, bool)| proto::AuditSubject { number: show(*number), in_full: *in_full };
    proto::AuditEntry {
        seq: line.seq,
        time_unix_ms: line.time_unix_ms,
        principal: line.principal.clone(),
        operator: line.operator.clone(),
        deed: line.deed.map_or("", Deed::name).to_owned(),
        about: line.about.clone(),
        text: line.text.clone(),
        why: line.why.clone(),
        subjects: line.subjects.iter().map(subject).collect(),
        devices: line.devices.iter().map(|key| imei(*key)).collect(),
        erased: line.erased,
        revision: Some(revision(line.revision)),
    }
}
