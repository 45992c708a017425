//! Batches as the command line shows them.

use crate::{
    cli::{
        grouped,
        table::{lines, or, table, time},
    },
    proto::{Alarm, Batch},
};
use serde_json::{Value, json};

/// Batches in a table.
pub(super) fn listed(batches: &[Batch]) -> String {
    if batches.is_empty() {
        return "there are no such batches".to_owned();
    }
    let rows: Vec<[String; 9]> = batches
        .iter()
        .map(|batch| {
            [
                batch.number.to_string(),
                state(batch),
                batch.kind.clone(),
                batch.door.clone(),
                or(&batch.operator, "-").to_owned(),
                or(&batch.document, "-").to_owned(),
                grouped(batch.added),
                batch.submitter.clone(),
                if batch.alarms.is_empty() { String::new() } else { batch.alarms.len().to_string() },
            ]
        })
        .collect();
    table(["batch", "state", "kind", "door", "operator", "document", "added", "submitter", "alarms"], &rows)
}

fn state(batch: &Batch) -> String {
    let plan = if batch.planned { " (planned)" } else { "" };
    format!("{}{plan}", batch.state)
}

/// One batch with its story.
pub(super) fn one(batch: &Batch) -> String {
    let quantity = |units: u64| if units == 0 { String::new() } else { format!(", {} declared", grouped(units)) };
    let mut parts = vec![lines(&[
        ("batch", format!("{} {} through {}", batch.number, batch.kind, batch.door)),
        ("state", state(batch)),
        ("approved by", batch.endorsed_by.join(", ")),
        ("document", batch.document.clone()),
        ("operator", batch.operator.clone()),
        ("outlet", batch.outlet.clone()),
        ("mode", batch.mode.clone()),
        ("adds", format!("{}{}", grouped(batch.added), quantity(batch.declared_quantity))),
        ("declared", format!("{} {}", batch.brand, batch.model).trim().to_owned()),
        ("valid until", batch.valid_until.clone()),
        ("lapses", batch.lapses.clone()),
        ("submitter", batch.submitter.clone()),
        ("reason", batch.reason.clone()),
    ])];
    let rows: Vec<[String; 6]> = batch
        .steps
        .iter()
        .map(|step| {
            let black = Some(&step.black_from).filter(|day| !day.is_empty());
            let state = black.map_or_else(|| step.state.clone(), |day| format!("{}, black from {day}", step.state));
            let approvers = step.endorsed_by.iter().chain(Some(&step.approver).filter(|name| !name.is_empty()));
            let approvers = approvers.map(String::as_str).collect::<Vec<_>>().join(", ");
            let approvers = or(&approvers, "-").to_owned();
            let (by, reason) = (step.principal.clone(), step.reason.clone());
            [step.seq.to_string(), time(step.time_unix_s), state, by, approvers, reason]
        })
        .collect();
    if !rows.is_empty() {
        parts.push(table(["entry", "time", "state", "by", "approver", "reason"], &rows));
    }
    parts.extend(batch.alarms.iter().map(alarm));
    parts.join("\n")
}

/// An alarm for people.
pub(super) fn alarm(alarm: &Alarm) -> String {
    lines(&[("ALARM", format!("{}: {}", alarm.kind, alarm.what))])
}

pub(super) fn alarm_json(alarm: &Alarm) -> Value {
    json!({
        "number": alarm.number,
        "kind": alarm.kind,
        "what": alarm.what,
        "batch": alarm.batch,
        "time": time(alarm.time_unix_s),
    })
}

pub(super) fn as_json(batch: &Batch) -> Value {
    let steps = batch.steps.iter().map(|step| {
        json!({
            "seq": step.seq,
            "time": time(step.time_unix_s),
            "state": step.state,
            "principal": step.principal,
            "approver": step.approver,
            "endorsed_by": step.endorsed_by,
            "black_from": step.black_from,
            "reason": step.reason,
        })
    });
    json!({
        "batch": batch.number,
        "kind": batch.kind,
        "door": batch.door,
        "state": batch.state,
        "planned": batch.planned,
        "document": batch.document,
        "operator": batch.operator,
        "outlet": batch.outlet,
        "submitter": batch.submitter,
        "mode": batch.mode,
        "added": batch.added,
        "declared_quantity": batch.declared_quantity,
        "brand": batch.brand,
        "model": batch.model,
        "valid_until": batch.valid_until,
        "lapses": batch.lapses,
        "reason": batch.reason,
        "endorsed_by": batch.endorsed_by,
        "steps": steps.collect::<Vec<_>>(),
        "alarms": batch.alarms.iter().map(alarm_json).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::BatchStep;

    #[test]
    fn a_batch_is_shown_with_its_story() {
        let step = |seq, state: &str, principal: &str, approver: &str| BatchStep {
            seq,
            time_unix_s: 1_790_000_000 + seq.cast_signed(),
            state: state.into(),
            principal: principal.into(),
            approver: approver.into(),
            ..BatchStep::default()
        };
        let batch = Batch {
            number: 12,
            kind: "registered".into(),
            door: "tpp-import".into(),
            document: "TPP-2026-0117".into(),
            submitter: "siti".into(),
            state: "active".into(),
            added: 191_965,
            declared_quantity: 200_000,
            brand: "Aurora".into(),
            steps: vec![
                step(12, "submitted", "siti", ""),
                BatchStep { endorsed_by: vec!["ayu".into()], ..step(14, "active", "siti", "budi") },
                BatchStep { black_from: "2027-01-31".into(), ..step(20, "suspended", "budi", "ayu") },
            ],
            alarms: vec![Alarm { kind: "brand-mix".into(), what: "92 % are of one brand".into(), ..Alarm::default() }],
            ..Batch::default()
        };
        insta::assert_snapshot!(one(&batch), @r"
        batch        12 registered through tpp-import
        state        active
        document     TPP-2026-0117
        adds         191,965, 200,000 declared
        declared     Aurora
        submitter    siti
        entry  time                  state                             by    approver
           12  2026-09-21T14:13:32Z  submitted                         siti  -
           14  2026-09-21T14:13:34Z  active                            siti  ayu, budi
           20  2026-09-21T14:13:40Z  suspended, black from 2027-01-31  budi  ayu
        ALARM        brand-mix: 92 % are of one brand
        ");
        insta::assert_snapshot!(listed(&[batch]), @r"
        batch  state   kind        door        operator  document         added  submitter  alarms
           12  active  registered  tpp-import  -         TPP-2026-0117  191,965  siti            1
        ");
    }
}
