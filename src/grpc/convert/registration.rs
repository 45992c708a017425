//! Registrations of subscribers, to the wire: numbers are masked here, and texts get their language.

use crate::{
    identity::Msisdn,
    proto::{self, BlockingStage, RegistrationState},
    registration::{
        AboveLimit, CalendarRecord, Counted, Held, Hot, Identity, ListRecord, Moved, Reject, Stage, State, TakenIn,
    },
    words::{Language, Words},
};

/// What a check tells of a number. `own`: the operator of who asks, who hears of no other's numbers.
pub(in crate::grpc) fn checked_registration(
    hot: Option<&Hot>,
    msisdn: Msisdn,
    own: Option<&str>,
) -> proto::CheckedRegistration {
    let Some(hot) = hot else { return proto::CheckedRegistration::default() };
    let found = hot.at(msisdn).filter(|found| own.is_none_or(|own| own.eq_ignore_ascii_case(&found.operator)));
    let state = match found.as_ref().map(|found| found.state) {
        None => RegistrationState::Unspecified,
        Some(State::Registered) => RegistrationState::RegistrationRegistered,
        Some(State::Unregistered) => RegistrationState::RegistrationUnregistered,
        Some(State::Mismatch) => RegistrationState::RegistrationKkMismatch,
        Some(State::Inactive) => RegistrationState::RegistrationNikInactive,
        Some(State::Withdrawn) => RegistrationState::RegistrationWithdrawn,
    };
    let stage = match found.map_or(Stage::Open, |found| found.stage) {
        Stage::Open => BlockingStage::BlockingNone,
        Stage::Outgoing => BlockingStage::BlockingOutgoing,
        Stage::Incoming => BlockingStage::BlockingIncoming,
        Stage::Data => BlockingStage::BlockingData,
        Stage::Total => BlockingStage::BlockingTotal,
    };
    proto::CheckedRegistration { state: state.into(), stage: stage.into(), day: hot.day().to_string() }
}

/// What is held of a number, with what an agent says.
pub(crate) fn number(held: &Held, language: Language) -> proto::NumberRegistration {
    let Words { headline, say, next_step, contact } = held.words(language);
    proto::NumberRegistration {
        number: held.msisdn.masked(),
        operator: held.operator.clone(),
        city: held.city.clone(),
        state: held.state.name().to_owned(),
        identity: held.identity.map_or("", Identity::name).to_owned(),
        since: held.since.to_string(),
        stage: held.stage.name().to_owned(),
        next_stage: held.next.map_or("", |turn| turn.stage.name()).to_owned(),
        next_day: held.next.map(|turn| turn.day.to_string()).unwrap_or_default(),
        calendar: held.calendar,
        key_version: held.key_version.into(),
        headline,
        say,
        next_step,
        contact,
    }
}

/// A list on record.
pub(crate) fn list(record: &ListRecord) -> proto::RegistrationList {
    let outcome = record.outcome.clone().unwrap_or_default();
    let from = outcome.ported_from.iter();
    let from = from.map(|from| proto::PortedFrom { operator: from.operator.clone(), numbers: from.numbers });
    proto::RegistrationList {
        number: record.number,
        unix_s: record.unix_s,
        by: record.by.clone(),
        operator: record.operator.clone(),
        mode: record.mode().name().to_owned(),
        state: record.state().name().to_owned(),
        applied_unix_s: record.applied_unix_s,
        rows: record.rows,
        rejected: record.rejected,
        added: outcome.added,
        updated: outcome.updated,
        unchanged: outcome.unchanged,
        withdrawn: outcome.withdrawn,
        unnamed: outcome.unnamed,
        ported_in: outcome.ported_in,
        ported_from: from.collect(),
        absent: outcome.absent,
        not_own: outcome.not_own,
        audit_entry: record.audit_entry,
    }
}

/// What became of a list.
pub(crate) fn taken_in(taken: &TakenIn) -> proto::SubmitListResponse {
    let reject = |reject: &Reject| proto::RejectedListRow {
        line: reject.line,
        column: reject.column.to_owned(),
        value: reject.value.clone(),
        rule: reject.rule.to_owned(),
    };
    proto::SubmitListResponse {
        list: Some(list(&taken.record)),
        rejects: taken.rejects.iter().map(reject).collect(),
        repeated: taken.repeated,
    }
}

/// Counts.
pub(crate) fn counts(days: &[Counted], keys: &[(u8, u64)]) -> proto::GetCountsResponse {
    let day = |counted: &Counted| proto::DayCounts {
        day: counted.day.to_string(),
        calendar: counted.calendar,
        counts: counted
            .lines
            .iter()
            .map(|line| proto::RegistrationCount {
                operator: line.operator.clone().unwrap_or_default(),
                city: line.city.clone().unwrap_or_default(),
                state: line.state.map_or("", State::name).to_owned(),
                identity: line.identity.map_or("", |kind| kind.map_or("none", Identity::name)).to_owned(),
                stage: line.stage.map_or("", Stage::name).to_owned(),
                numbers: line.numbers,
            })
            .collect(),
    };
    let key = |(version, numbers): &(u8, u64)| proto::KeyCount { version: (*version).into(), numbers: *numbers };
    proto::GetCountsResponse { days: days.iter().map(day).collect(), keys: keys.iter().map(key).collect() }
}

/// Identities above the limit.
pub(crate) fn above_limit(above: &AboveLimit, audit_entry: u64) -> proto::GetAboveLimitResponse {
    let operators = above.operators.iter().map(|one| proto::OperatorAboveLimit {
        operator: one.operator.clone(),
        identities: one.identities,
        numbers: one.numbers,
        most: one.most,
    });
    let largest = above.largest.iter().map(|(operator, hash, count, numbers)| proto::IdentityAboveLimit {
        operator: operator.clone(),
        hash: hash.clone(),
        count: *count,
        numbers: numbers.iter().map(|number| number.masked()).collect(),
    });
    proto::GetAboveLimitResponse {
        limit: above.limit.unwrap_or(0),
        operators: operators.collect(),
        largest: largest.collect(),
        audit_entry,
    }
}

/// A calendar on record.
pub(crate) fn calendar(record: &CalendarRecord) -> proto::BlockingCalendar {
    proto::BlockingCalendar {
        number: record.number,
        document: record.document.clone(),
        sha256: record.sha256.clone(),
        state: record.state().name().to_owned(),
        proposed_by: record.proposed_by.clone(),
        proposed_unix_s: record.proposed_unix_s,
        decided_by: record.decided_by.clone(),
        decided_unix_s: record.decided_unix_s,
        reason: record.reason.clone(),
        audit_entries: record.audit_entries.clone(),
        blocks_nobody: record.blocks_nobody(),
    }
}

/// What a calendar would do.
pub(crate) fn moved(moved: &Moved) -> proto::PreviewCalendarResponse {
    let moves = moved.lines.iter().map(|line| proto::StageMove {
        operator: line.operator.clone(),
        city: line.city.clone().unwrap_or_default(),
        from: line.from.name().to_owned(),
        to: line.to.name().to_owned(),
        numbers: line.numbers,
    });
    proto::PreviewCalendarResponse {
        day: moved.day.to_string(),
        calendar: moved.calendar,
        sha256: moved.sha256.to_vec(),
        moves: moves.collect(),
        moved: moved.moved,
        numbers: moved.numbers,
        blocks_nobody: moved.blocks_nobody,
    }
}
