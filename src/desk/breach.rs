//! The breach pack: what somebody saw in a time, as one export for the report within three days (UU PDP art. 46).

use super::{Agent, AuditFilter, AuditLine, Deed, Desk, DeskError, look::Recorded, purpose};
use crate::{
    identity::{EquipmentKey, Imei},
    pairing::{Number, NumberKind},
    tree::Checkpoint,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Entries that one page of reading brings.
const PAGE: usize = 1000;

/// What was exposed of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// First time, in milliseconds since the Unix epoch.
    pub first_unix_ms: i64,
    /// Last time.
    pub last_unix_ms: i64,
    /// How often.
    pub times: u64,
    /// How often in full, or known to who asked.
    pub in_full: u64,
}

/// A breach pack. Numbers are whole: whom it concerns must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachPack {
    /// Whose doings.
    pub principal: String,
    /// From this second since the Unix epoch.
    pub from: i64,
    /// Up to this second.
    pub to: i64,
    /// Who made it.
    pub made_by: String,
    /// The audit entry of its making.
    pub entry: u64,
    /// The signed head of the record when it was made.
    pub checkpoint: Option<Checkpoint>,
    /// What was done, oldest first.
    pub lines: Vec<AuditLine>,
    /// Whom it concerns.
    pub subjects: Vec<(Number, Exposure)>,
    /// Devices that were shown.
    pub devices: Vec<EquipmentKey>,
    /// Entries whose personal values were erased before: of these is known when and by whom, not whom they concern.
    pub erased: u64,
}

impl Desk {
    /// What a principal saw from a second on and before another.
    ///
    /// # Errors
    /// When the times are none, no purpose is stated, or it cannot be recorded.
    pub fn breach(
        &self,
        agent: &Agent,
        principal: &str,
        (from, to): (i64, i64),
        why: &str,
    ) -> Result<BreachPack, DeskError> {
        let why = purpose(why)?;
        if from >= to {
            return Err(DeskError::Invalid { field: "to", rule: "the end is not behind the beginning".to_owned() });
        }
        if principal.trim().is_empty() {
            return Err(DeskError::Invalid { field: "principal", rule: "name the principal".to_owned() });
        }
        let recorded = Recorded { about: "principal", text: principal.to_owned(), why, ..Recorded::default() };
        let entry = self.record(agent, Deed::Breach, recorded)?;
        let mut lines: Vec<AuditLine> = Vec::new();
        loop {
            let before = lines.last().map_or(entry, |line| line.seq);
            let filter = AuditFilter {
                principal: Some(principal.to_owned()),
                from: Some(from),
                to: Some(to),
                before: Some(before),
                limit: PAGE,
                deed: None,
            };
            let page = self.audits(agent, &filter)?;
            let is_last = page.len() < PAGE;
            lines.extend(page);
            if is_last {
                break;
            }
        }
        lines.reverse();
        let mut subjects: BTreeMap<u64, (Number, Exposure)> = BTreeMap::new();
        let mut devices = Vec::new();
        for line in &lines {
            devices.extend(&line.devices);
            let time = line.time_unix_ms;
            for (number, in_full) in &line.subjects {
                let new = Exposure { first_unix_ms: time, last_unix_ms: time, times: 0, in_full: 0 };
                let (_, seen) = subjects.entry(number.to_stored()).or_insert((*number, new));
                seen.first_unix_ms = seen.first_unix_ms.min(time);
                seen.last_unix_ms = seen.last_unix_ms.max(time);
                seen.times += 1;
                seen.in_full += u64::from(*in_full);
            }
        }
        devices.sort_unstable();
        devices.dedup();
        let erased = lines.iter().filter(|line| line.erased).count() as u64;
        Ok(BreachPack {
            principal: principal.to_owned(),
            from,
            to,
            made_by: agent.name.clone(),
            entry,
            checkpoint: self.desk.audit_checkpoint(),
            lines,
            subjects: subjects.into_values().collect(),
            devices,
            erased,
        })
    }
}

impl BreachPack {
    /// The pack as a file, in the form that the command line prints it.
    pub fn export(&self) -> Value {
        let subjects = self.subjects.iter().map(|(number, seen)| {
            json!({
                "kind": match number.kind() { NumberKind::Msisdn(_) => "msisdn", NumberKind::Imsi(_) => "imsi" },
                "number": whole(*number),
                "first": time(seen.first_unix_ms),
                "last": time(seen.last_unix_ms),
                "times": seen.times,
                "in_full": seen.in_full,
            })
        });
        json!({
            "principal": self.principal,
            "from": time(self.from.saturating_mul(1000)),
            "to": time(self.to.saturating_mul(1000)),
            "made_by": self.made_by,
            "audit_entry": self.entry,
            "checkpoint": self.checkpoint.as_ref().map(Checkpoint::note).unwrap_or_default(),
            "subjects": subjects.collect::<Vec<_>>(),
            "devices": devices(&self.devices),
            "erased_before": self.erased,
            "entries": self.lines.iter().map(entry).collect::<Vec<_>>(),
        })
    }
}

fn entry(line: &AuditLine) -> Value {
    let numbers = line.subjects.iter().map(|(number, in_full)| json!({"number": whole(*number), "in_full": in_full}));
    json!({
        "entry": line.seq,
        "time": time(line.time_unix_ms),
        "principal": line.principal,
        "operator": line.operator,
        "deed": line.deed.map_or("", Deed::name),
        "about": line.about,
        "text": line.text,
        "purpose": line.why,
        "numbers": numbers.collect::<Vec<_>>(),
        "devices": devices(&line.devices),
        "erased": line.erased,
    })
}

fn devices(keys: &[EquipmentKey]) -> Vec<String> {
    keys.iter().map(|key| Imei::from_key(*key).to_string()).collect()
}

fn whole(number: Number) -> String {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => msisdn.to_string(),
        NumberKind::Imsi(imsi) => imsi.to_string(),
    }
}

fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| String::new(), |time| time.to_string())
}
