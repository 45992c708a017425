//! What was looked up, as JSON: names as on the wire, statuses and reasons by name, absent values null.

use crate::proto::{self, find_response::Found};
use serde_json::{Value, json};

/// What was found.
pub(super) fn found(found: &proto::FindResponse) -> Value {
    let (kind, page) = match &found.found {
        Some(Found::Device(page)) => ("device", device(page)),
        Some(Found::Number(page)) => ("number", number(page)),
        Some(Found::Document(page)) => ("document", document(page)),
        Some(Found::Batch(page)) => ("batch", batch(page)),
        Some(Found::Case(case)) => ("case", crate::cli::cases::as_json(case)),
        None => ("nothing", Value::Null),
    };
    json!({
        "found": kind,
        "revision": revision(found.revision),
        "unix_seconds": found.unix_seconds,
        "notes": found.notes,
        "refusals": found.refusals.iter().map(refused).collect::<Vec<_>>(),
        "cases": found.cases.iter().map(crate::cli::cases::as_json).collect::<Vec<_>>(),
        "registration": found.registration.as_ref().map(crate::cli::registration::number_json),
        "audit_entry": (found.audit_entry > 0).then_some(found.audit_entry),
        kind: page,
    })
}

fn refused(refused: &proto::RefusedChecks) -> Value {
    json!({
        "imei": refused.imei,
        "first_unix_seconds": refused.first_unix_s,
        "last_unix_seconds": refused.last_unix_s,
        "count": refused.count,
        "operator": text(&refused.operator),
        "reason": text(&refused.reason),
        "headline": text(&refused.headline),
        "number": text(&refused.number),
        "revision": revision(refused.revision),
    })
}

/// The questions of callers.
pub(super) fn help(help: &proto::HelpResponse) -> Value {
    let entries = help.entries.iter().map(|entry| {
        json!({ "name": entry.name, "question": entry.question, "answer": entry.answer, "contact": entry.contact })
    });
    entries.collect()
}

fn revision(revision: Option<proto::Revision>) -> Value {
    revision.map_or(Value::Null, |revision| format!("{}.{}", revision.epoch, revision.seq).into())
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn verdict(verdict: Option<&proto::Verdict>) -> Value {
    let Some(verdict) = verdict else { return Value::Null };
    json!({
        "status": verdict.status().as_str_name(),
        "reason": verdict.reason().as_str_name(),
        "pairing": verdict.pairing().as_str_name().trim_start_matches("PAIRING_"),
        "valid_until": text(&verdict.valid_until),
        "sim_changed": verdict.sim_changed,
    })
}

fn answer(answer: Option<&proto::GivenAnswer>) -> Value {
    let Some(answer) = answer else { return Value::Null };
    json!({
        "verdict": verdict(answer.verdict.as_ref()),
        "headline": answer.headline,
        "override": (answer.override_seq > 0).then_some(answer.override_seq),
    })
}

fn model(model: Option<&proto::Model>) -> Value {
    let Some(model) = model else { return Value::Null };
    json!({ "tac": model.tac, "manufacturer": model.manufacturer, "name": model.name, "rule": text(&model.rule) })
}

fn device(page: &proto::DevicePage) -> Value {
    let advice = page.advice.clone().unwrap_or_default();
    let suggestions = page.suggestions.iter().map(|one| json!({ "imei": one.imei, "known": one.known }));
    let operators = page.operators.iter().map(|one| {
        json!({
            "operator": text(&one.operator),
            "without_number": answer(one.without_number.as_ref()),
            "with_number": answer(one.with_number.as_ref()),
            "foreign_sim": answer(one.foreign_sim.as_ref()),
        })
    });
    let evidence = page.evidence.iter().map(|line| {
        json!({
            "kind": line.kind, "class": line.class, "door": text(&line.door), "batch": line.batch,
            "document": text(&line.document), "valid_until": text(&line.valid_until), "state": line.state,
            "decisive": line.decisive,
        })
    });
    let changes = page.changes.iter().map(|change| {
        let at = (change.unix_seconds > 0).then_some(change.unix_seconds);
        json!({ "kind": change.kind, "what": change.what, "unix_seconds": at, "answer": answer(change.answer.as_ref()) })
    });
    let pairings = page.pairings.iter().map(|pairing| {
        json!({
            "kind": pairing.kind, "number": pairing.number, "door": text(&pairing.door), "batch": pairing.batch,
            "valid_until": text(&pairing.valid_until), "asked": pairing.asked,
        })
    });
    let others = page.others.iter().map(|one| json!({ "imei": one.imei, "answer": answer(one.answer.as_ref()) }));
    json!({
        "imei": text(&page.imei),
        "key": text(&page.equipment_key),
        "malformed": text(&page.malformed),
        "suggestions": suggestions.collect::<Value>(),
        "verdict": verdict(page.verdict.as_ref()),
        "basis": page.basis.map(|basis| json!({
            "revision": revision(basis.revision), "settings": basis.settings_seq, "age_seconds": basis.age_seconds,
            "override": (basis.override_seq > 0).then_some(basis.override_seq),
        })),
        "headline": advice.headline,
        "say": advice.say,
        "next_step": advice.next_step,
        "contact": advice.contact,
        "operators": operators.collect::<Value>(),
        "evidence": evidence.collect::<Value>(),
        "changes": changes.collect::<Value>(),
        "pairings": pairings.collect::<Value>(),
        "pairings_hidden": page.pairings_hidden,
        "other_imeis": others.collect::<Value>(),
        "model": model(page.model.as_ref()),
        "in_process_batches": page.in_process_batches,
        "planned_batches": page.planned_batches,
        "history": page.history.iter().map(deed).collect::<Value>(),
    })
}

fn deed(deed: &proto::Deed) -> Value {
    json!({
        "revision": revision(deed.revision), "unix_seconds": deed.unix_seconds, "what": deed.what,
        "imei": text(&deed.imei), "state": deed.state, "batch": deed.batch, "door": deed.door,
        "document": text(&deed.document), "operator": text(&deed.operator), "reason": text(&deed.reason),
        "principal": deed.principal, "approver": text(&deed.approver),
    })
}

fn number(page: &proto::NumberPage) -> Value {
    let devices = page.devices.iter().map(|device| {
        json!({
            "imei": device.imei, "answer": answer(device.answer.as_ref()), "operator": text(&device.operator),
            "model": model(device.model.as_ref()), "in_force": device.in_force,
            "by_sim": text(&device.by_sim),
        })
    });
    json!({
        "kind": page.kind,
        "number": page.number,
        "msisdn": text(&page.msisdn),
        "sims": page.sims,
        "devices": devices.collect::<Value>(),
        "devices_left": page.devices_left,
        "history": page.history.iter().map(deed).collect::<Value>(),
    })
}

fn document(page: &proto::DocumentPage) -> Value {
    let documents = page.documents.iter().map(|one| {
        json!({
            "number": one.number, "door": one.door, "quantity": one.quantity, "drawn": one.drawn,
            "planned": one.planned, "valid_until": text(&one.valid_until), "goods": text(&one.goods),
            "holder": text(&one.holder),
        })
    });
    json!({
        "name": page.name,
        "documents": documents.collect::<Value>(),
        "batches": page.batches.iter().map(batch).collect::<Value>(),
        "batches_left": page.batches_left,
    })
}

fn batch(page: &proto::BatchPage) -> Value {
    let steps = page.steps.iter().map(|step| json!({ "unix_seconds": step.unix_seconds, "state": step.state }));
    json!({
        "number": page.number, "kind": page.kind, "door": page.door, "document": text(&page.document),
        "operator": text(&page.operator), "state": page.state, "added": page.added,
        "declared_quantity": page.declared_quantity, "goods": text(&page.goods),
        "valid_until": text(&page.valid_until), "steps": steps.collect::<Value>(),
    })
}
