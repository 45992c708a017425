//! Reading the record: what was done, and who looked at a number.

use super::{
    Agent, Deed, Desk, DeskError,
    entry::{Entry, Values, device_subject},
    look::Recorded,
    purpose,
};
use crate::{
    check::EquipmentValue,
    identity::{EquipmentKey, Imei},
    lookup::Sought,
    pairing::Number,
    revision::Revision,
    store::{AuditRow, StoreError},
};
use prost::Message;
use std::collections::BTreeMap;

/// Entries that are read at a time.
const CHUNK: u64 = 256;
/// Entries that one question is answered with at most.
const LINES_MAX: usize = 1000;

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this principal.
    pub principal: Option<String>,
    /// Of this deed.
    pub deed: Option<Deed>,
    /// Not before this second since the Unix epoch.
    pub from: Option<i64>,
    /// Before this second.
    pub to: Option<i64>,
    /// In front of this entry.
    pub before: Option<u64>,
    /// How many; 0: 100.
    pub limit: usize,
}

/// An entry as it is shown. Numbers are whole here: whoever shows them masks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number.
    pub seq: u64,
    /// When, in milliseconds since the Unix epoch.
    pub time_unix_ms: i64,
    /// Who.
    pub principal: String,
    /// The operator of that principal; empty: none.
    pub operator: String,
    /// What; none: written by a newer Saring.
    pub deed: Option<Deed>,
    /// What it was about: `device`, `number`, `document`, `batch`, `case`.
    pub about: String,
    /// The revision of the register.
    pub revision: Revision,
    /// What was asked for, masked where it is a number.
    pub text: String,
    /// Why.
    pub why: String,
    /// The numbers on the page, each with whether it was shown or asked for in full.
    pub subjects: Vec<(Number, bool)>,
    /// The devices on the page.
    pub devices: Vec<EquipmentKey>,
    /// Whether the personal values were erased: text, reason, numbers and devices are empty then.
    pub erased: bool,
}

impl Desk {
    /// Entries, newest first.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn audits(&self, agent: &Agent, filter: &AuditFilter) -> Result<Vec<AuditLine>, DeskError> {
        let limit = if filter.limit == 0 { 100 } else { filter.limit.min(LINES_MAX) };
        let mut lines = Vec::new();
        let mut end = filter.before.unwrap_or(u64::MAX).min(self.desk.audit_head().size + 1);
        while end > 1 && lines.len() < limit {
            let first = end.saturating_sub(CHUNK).max(1);
            let rows = self.desk.audits(first, usize::try_from(end - first).unwrap_or_default())?;
            for row in rows.into_iter().rev() {
                let line = self.line(row)?;
                // Groups are written in turn, so times rise up to the length of a write.
                if filter.from.is_some_and(|from| line.time_unix_ms < (from - 60).saturating_mul(1000)) {
                    return Ok(lines);
                }
                if lines.len() < limit && filter.takes(&line) && sees(agent, &line) {
                    lines.push(line);
                }
            }
            end = first;
        }
        Ok(lines)
    }

    /// Who looked at a number: the entries that have it, newest first. The question is on record itself.
    ///
    /// # Errors
    /// When the number is none, no purpose is stated, or the question cannot be recorded.
    pub fn who(&self, agent: &Agent, number: Number, why: &str) -> Result<Vec<AuditLine>, DeskError> {
        let why = purpose(why)?;
        let found = self.found_by(&number.to_stored().to_be_bytes())?;
        let subjects = BTreeMap::from([(number.to_stored(), true)]);
        self.record(agent, Deed::Who, Recorded { about: "number", why, subjects, ..Recorded::default() })?;
        // The question was about one number: others on the same page are nobody's business here.
        self.lines_of(agent, &found, |line| line.subjects.retain(|(subject, _)| *subject == number))
    }

    /// Who looked at a device, in the same way. No number is told: the question was about none.
    ///
    /// # Errors
    /// When no purpose is stated, or the question cannot be recorded.
    pub fn who_device(&self, agent: &Agent, device: EquipmentKey, why: &str) -> Result<Vec<AuditLine>, DeskError> {
        let why = purpose(why)?;
        let found = self.found_by(&device_subject(device.get()))?;
        // A device that nobody looked at is not kept: what was typed may be no device, but somebody's NIK.
        let devices = if found.is_empty() { Vec::new() } else { vec![device] };
        let recorded = Recorded { about: "device", why, devices, ..Recorded::default() };
        self.record(agent, Deed::Who, recorded)?;
        self.lines_of(agent, &found, |line| {
            line.subjects.clear();
            line.devices.retain(|shown| *shown == device);
        })
    }

    /// The entries that have something in their values, newest first.
    fn found_by(&self, subject: &[u8]) -> Result<Vec<u64>, DeskError> {
        let mut found = Vec::new();
        for hash in self.desk.keys().all(subject) {
            found.extend(self.desk.audits_about(&hash, usize::MAX)?);
        }
        found.sort_unstable();
        found.reverse();
        Ok(found)
    }

    fn lines_of(
        &self,
        agent: &Agent,
        found: &[u64],
        narrow: impl Fn(&mut AuditLine),
    ) -> Result<Vec<AuditLine>, DeskError> {
        let mut lines = Vec::new();
        for seq in found {
            let Some(row) = self.desk.audit(*seq)? else { continue };
            let mut line = self.line(row)?;
            if sees(agent, &line) && lines.len() < LINES_MAX {
                narrow(&mut line);
                lines.push(line);
            }
        }
        Ok(lines)
    }

    /// An entry that is read from its row.
    pub(super) fn line(&self, row: AuditRow) -> Result<AuditLine, DeskError> {
        let entry = self.entry(&row)?;
        let deed = entry.deed();
        let erased = row.value.is_none();
        let values = row.value.as_deref().and_then(Values::read).unwrap_or_default();
        let subjects = values.numbers().collect();
        let (text, is_number) = shown(&entry.about, &values.text);
        let devices = values.devices().filter(|_| !is_number).collect();
        Ok(AuditLine {
            seq: row.seq,
            time_unix_ms: entry.time_unix_ms,
            principal: entry.principal,
            operator: entry.operator,
            deed,
            revision: Revision { epoch: entry.epoch, seq: entry.seq },
            text,
            about: entry.about,
            why: values.why,
            subjects,
            devices,
            erased,
        })
    }

    pub(super) fn entry(&self, row: &AuditRow) -> Result<Entry, DeskError> {
        Entry::decode(&row.leaf[..]).map_err(|_| {
            let what = format!("audit entry {} is unreadable", row.seq);
            StoreError::Damaged { path: self.desk.path().to_owned(), what }.into()
        })
    }
}

/// What was asked for, as it may be shown, and whether it was a number in the place of a device. What was typed is shown
/// in the form in which it was understood: else it may be somebody's number.
fn shown(about: &str, text: &str) -> (String, bool) {
    match (about, Sought::read(text, &|_| false)) {
        ("number", Ok(Sought::Number(number))) => (number.masked(), false),
        ("device", Ok(Sought::Device(device))) if device.maybe_imsi => (String::new(), true),
        ("device", Ok(Sought::Device(device))) => match device.equipment {
            EquipmentValue::Key(key) => (Imei::from_key(key).to_string(), false),
            EquipmentValue::Malformed | EquipmentValue::Other => (String::new(), false),
        },
        ("number" | "device", _) => (String::new(), false),
        _ => (text.to_owned(), false),
    }
}

/// Whoever belongs to an operator sees the doings of that operator's people.
fn sees(agent: &Agent, line: &AuditLine) -> bool {
    agent.operator.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(&line.operator))
}

impl AuditFilter {
    fn takes(&self, line: &AuditLine) -> bool {
        let second = line.time_unix_ms.div_euclid(1000);
        self.principal.as_ref().is_none_or(|principal| *principal == line.principal)
            && self.deed.is_none_or(|deed| line.deed == Some(deed))
            && self.from.is_none_or(|from| second >= from)
            && self.to.is_none_or(|to| second < to)
    }
}
