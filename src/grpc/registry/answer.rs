//! Terms to wire: what became of a call, in the words of the proto.

use super::order::BatchFilter;
use crate::{
    batch::{Batch, BatchNumber, BatchState},
    day::Day,
    identity::{EquipmentKey, check_digit},
    journal::{self, Change, Entry},
    ledger::{Alarm, Ledger, Proposal},
    principal::{Principal, ShownBy},
    proto,
    registry::{
        ImportSummary, Issued, PreviewOrder, ProposalMade, Receipt, Refusal, Registry, RegistryError, StepTaken,
    },
    revision::Revision,
    store::{BackedUp, StoreError},
    words::{Value, Why},
};
use std::path::Path;
use tonic::Status;

/// The status of a change that was not made.
pub(super) fn refused(error: &RegistryError) -> Status {
    let words = error.to_string();
    match error {
        RegistryError::Refused(refusal) => match refusal {
            Refusal::NotAllowed(_) => Status::permission_denied(words),
            Refusal::NotFound(_) => Status::not_found(words),
            Refusal::State(_) => Status::failed_precondition(words),
            Refusal::Limit(_) => Status::resource_exhausted(words),
            Refusal::Invalid(_) => Status::invalid_argument(words),
        },
        RegistryError::SuddenDrop { .. }
        | RegistryError::Store(StoreError::NotEmpty { .. } | StoreError::Copy { .. }) => {
            Status::failed_precondition(words)
        }
        RegistryError::Settings(_) => Status::invalid_argument(words),
        RegistryError::Store(_) | RegistryError::Group(_) => {
            tracing::error!(%error, "a change could not be made");
            Status::internal("the register could not be read or written; the node's diagnostics say why")
        }
    }
}

const fn revision(revision: Revision) -> proto::Revision {
    proto::Revision { epoch: revision.epoch, seq: revision.seq }
}

pub(super) const fn receipt(receipt: Receipt) -> proto::Receipt {
    proto::Receipt { revision: Some(revision(receipt.revision)), repeated: receipt.repeated }
}

pub(super) fn token(issued: Issued) -> proto::TokenResponse {
    proto::TokenResponse {
        receipt: Some(receipt(issued.receipt)),
        token: issued.token.map_or_else(String::new, |token| token.reveal().to_owned()),
        credential: issued.credential,
    }
}

pub(super) fn proposed(made: ProposalMade) -> proto::ProposeResponse {
    proto::ProposeResponse {
        receipt: Some(receipt(made.receipt)),
        proposal: made.number,
        token: made.token.map_or_else(String::new, |token| token.reveal().to_owned()),
    }
}

pub(super) fn step(taken: StepTaken) -> proto::StepResponse {
    proto::StepResponse {
        receipt: Some(receipt(taken.receipt)),
        state: taken.state.name().to_owned(),
        another_approver_needed: taken.another_needed,
    }
}

pub(super) fn operated(summary: ImportSummary) -> proto::OperateResponse {
    proto::OperateResponse {
        receipt: Some(receipt(Receipt { revision: summary.revision, repeated: summary.repeated })),
        added: summary.added,
        removed: summary.removed,
        batches: summary.batches,
    }
}

pub(super) fn principal(principal: &Principal) -> proto::Principal {
    let grants = principal.grants.iter().map(|(number, grant)| proto::RoleGrant {
        number: *number,
        role: grant.role.name().to_owned(),
        doors: grant.doors.iter().map(|door| door.name().to_owned()).collect(),
    });
    let credentials = principal.credentials.iter().map(|(number, credential)| {
        let (kind, subject) = match &credential.shown_by {
            ShownBy::Token(_) => ("token", String::new()),
            ShownBy::Certificate(subject) => ("certificate", subject.clone()),
        };
        proto::Credential {
            number: *number,
            kind: kind.to_owned(),
            certificate_subject: subject,
            expires_unix_s: credential.expires_unix_s,
            revoked: credential.revoked,
        }
    });
    proto::Principal {
        name: principal.name.clone(),
        kind: principal.kind.name().to_owned(),
        title: principal.title.clone(),
        operator: principal.operator.clone(),
        revoked: principal.revoked,
        grants: grants.collect(),
        credentials: credentials.collect(),
    }
}

pub(super) fn proposals(ledger: &Ledger, decided: bool) -> Vec<proto::Proposal> {
    let endorsed = |number: u64| ledger.endorsements(number, None).iter().map(|one| one.by.clone()).collect();
    let on_wire = |number: u64, proposal: &Proposal, state: &str, by: &str| proto::Proposal {
        number,
        proposer: proposal.proposer.clone(),
        reason: proposal.reason.clone(),
        what: what(&proposal.change),
        time_unix_s: proposal.time_unix_ms.div_euclid(1000),
        state: state.to_owned(),
        decided_by: by.to_owned(),
        endorsed_by: endorsed(number),
    };
    let open = ledger.open_proposals().iter().map(|(number, proposal)| on_wire(*number, proposal, "waiting", ""));
    let closed = ledger.decided_proposals().iter().filter(|_| decided).map(|(number, (proposal, decided))| {
        on_wire(*number, proposal, if decided.approved { "approved" } else { "rejected" }, &decided.by)
    });
    let mut proposals: Vec<_> = open.chain(closed).collect();
    proposals.sort_by_key(|proposal| proposal.number);
    proposals
}

/// What a proposal is about, in words.
fn what(change: &Change) -> String {
    let document = match change {
        Change::SettingsApplied(settings) => format!(":\n{}", settings.toml),
        Change::LimitsApplied(limits) => format!(":\n{}", limits.toml),
        _ => String::new(),
    };
    journal::order_words(change) + &document
}

fn day(day: Option<Day>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// A batch with its states.
pub(super) fn batch(registry: &Registry, number: BatchNumber) -> Result<proto::Batch, RegistryError> {
    let batches = registry.store().batches();
    let found = batches.get(number);
    let batch = found.ok_or_else(|| Refusal::NotFound(Why::NoBatch.of([("number", Value::number(number))])))?;
    let header = &batch.header;
    let ledger = registry.store().ledger();
    let mut steps = Vec::with_capacity(batch.states.len());
    let mut before = 0;
    for (seq, state) in &batch.states {
        let entry = registry.store().entry(*seq)?.unwrap_or_default();
        let endorsed = ledger.endorsements(number, Some(*state)).iter().filter(|one| (before..*seq).contains(&one.seq));
        steps.push(proto::BatchStep {
            endorsed_by: endorsed.map(|one| one.by.clone()).collect(),
            black_from: day(batch.black_from_at(*seq)),
            ..batch_step(entry, *seq, *state)
        });
        before = *seq;
    }
    let alarms = ledger.alarms().iter().filter(|(_, alarm)| alarm.batch == number);
    let alarms = alarms.map(|(number, alarm)| on_wire(*number, alarm));
    let (since, _) = batch.newest();
    let states = [BatchState::Active, BatchState::Suspended, BatchState::Withdrawn, BatchState::Planned];
    let endorsed = states.into_iter().flat_map(|state| ledger.endorsements(number, Some(state)));
    let endorsed_by = endorsed.filter(|one| one.seq > since).map(|one| one.by.clone()).collect();
    Ok(proto::Batch {
        number,
        kind: header.kind.clone(),
        door: header.door.name().to_owned(),
        document: header.document.clone(),
        operator: header.operator.clone(),
        submitter: header.submitter.clone(),
        state: batch.newest().1.name().to_owned(),
        added: batch.added,
        declared_quantity: header.declared.quantity,
        brand: header.declared.brand.clone(),
        model: header.declared.model.clone(),
        planned: header.declared.planned,
        lapses: day(header.declared.lapses),
        valid_until: day(header.valid_until),
        mode: header.declared.mode.clone(),
        outlet: header.declared.outlet.clone(),
        reason: header.declared.reason.clone(),
        steps,
        alarms: alarms.collect(),
        endorsed_by,
    })
}

fn batch_step(entry: Entry, seq: u64, state: BatchState) -> proto::BatchStep {
    let reason = match entry.change {
        Some(Change::BatchStateChanged(changed)) => changed.reason,
        Some(Change::BatchDiscarded(discarded)) => discarded.reason,
        _ => String::new(),
    };
    proto::BatchStep {
        seq,
        time_unix_s: entry.time_unix_ms.div_euclid(1000),
        state: state.name().to_owned(),
        principal: entry.principal,
        approver: entry.approver,
        reason,
        ..proto::BatchStep::default()
    }
}

/// Batches, newest first.
pub(super) fn batches(registry: &Registry, wanted: &BatchFilter) -> Result<Vec<proto::Batch>, RegistryError> {
    let batches = registry.store().batches();
    let wants = |(number, batch): &(BatchNumber, &Batch)| *number < wanted.before && wanted.wants(batch);
    batches.iter().rev().filter(wants).take(wanted.limit).map(|(number, _)| batch(registry, number)).collect()
}

/// Every document with what is drawn from it.
pub(super) fn documents(registry: &Registry) -> Vec<proto::Document> {
    let ledger = registry.store().ledger();
    let documents = ledger.documents().map(|document| {
        let (made, planned) = registry.drawn(document.door, &document.number);
        proto::Document {
            door: document.door.name().to_owned(),
            number: document.number.clone(),
            quantity: document.quantity,
            drawn: made + planned,
            planned,
            brand: document.brand.clone(),
            model: document.model.clone(),
            valid_until: day(document.valid_until),
            holder: document.holder.clone(),
        }
    });
    documents.collect()
}

/// Alarms, newest first.
pub(super) fn alarms(ledger: &Ledger, limit: usize) -> Vec<proto::Alarm> {
    ledger.alarms().iter().rev().take(limit).map(|(number, alarm)| on_wire(*number, alarm)).collect()
}

fn on_wire(number: u64, alarm: &Alarm) -> proto::Alarm {
    proto::Alarm {
        number,
        kind: alarm.kind.clone(),
        what: alarm.what.clone(),
        batch: alarm.batch,
        time_unix_s: alarm.time_unix_ms.div_euclid(1000),
    }
}

/// Every override, newest first.
pub(super) fn overrides(ledger: &Ledger) -> Vec<proto::Override> {
    let overrides = ledger.overrides().iter().rev().map(|(number, set)| proto::Override {
        number: *number,
        operator: set.operator.clone(),
        answer: set.answer.name().to_owned(),
        from_unix_s: set.from_unix_s,
        until_unix_s: set.until_unix_s,
        reason: set.reason.clone(),
    });
    overrides.collect()
}

/// A backup that was made.
pub(super) fn backup(made: BackedUp, path: &Path) -> proto::Backup {
    proto::Backup { revision: Some(revision(made.revision)), bytes: made.bytes, path: path.display().to_string() }
}

/// What a change would do.
pub(super) fn preview(registry: &Registry, order: &PreviewOrder) -> Result<proto::PreviewResponse, RegistryError> {
    let seen = registry.preview(order)?;
    let national = seen.numbers.first();
    let lines = seen.changes.iter().map(|change| proto::PreviewLine {
        operator: change.operator.clone(),
        door: change.door.map_or_else(String::new, |door| door.name().to_owned()),
        brand: change.brand.clone(),
        from_status: change.from.status.name().to_owned(),
        from_reason: change.from.reason.name().to_owned(),
        to_status: change.to.status.name().to_owned(),
        to_reason: change.to.reason.name().to_owned(),
        imeis: change.imeis,
    });
    let unlisted = seen.unlisted.iter().map(|change| proto::UnlistedLine {
        operator: change.operator.clone(),
        what: change.what.name().to_owned(),
        from_status: change.from.status.name().to_owned(),
        from_reason: change.from.reason.name().to_owned(),
        to_status: change.to.status.name().to_owned(),
        to_reason: change.to.reason.name().to_owned(),
    });
    let typed = |key: &EquipmentKey| format!("{key}{}", check_digit(*key));
    Ok(proto::PreviewResponse {
        sha256: seen.digest.to_vec(),
        lines: lines.collect(),
        imeis_changed: seen.imeis,
        numbers_changed: national.map_or(0, |hit| hit.changed),
        numbers_worse: national.map_or(0, |hit| hit.worse),
        sample: seen.sample.iter().map(typed).collect(),
        revision: Some(revision(seen.revision)),
        unlisted: unlisted.collect(),
    })
}
