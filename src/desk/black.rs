//! Black answers on record: when and where a phone was refused. The agent's first question.
//!
//! A row a day and device, and one a day and number that leads to devices; a day goes as a whole when its time is over,
//! or when there are too many rows. What always holds: a device has so many lines a day at most, and the same operator,
//! reason and number are one line with a count; nothing here is waited for by a check.

use super::{Agent, Desk, DeskError};
use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    pairing::Number,
    policy::Reason,
    revision::Revision,
    store::{DeskChange, DeskFamily, DeskRange, Kept},
};
use prost::Message;
use std::collections::BTreeMap;

/// Lines of one device and day.
const LINES_MAX: usize = 8;
/// Devices of one number and day.
const DEVICES_MAX: usize = 8;
/// Lines of a page.
const SHOWN_MAX: usize = 20;
const DEVICE: u8 = b'd';
const NUMBER: u8 = b'n';

/// A black answer that a network got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlackAnswer {
    /// The device.
    pub key: EquipmentKey,
    /// The number of the question.
    pub msisdn: Option<Msisdn>,
    /// The SIM of the question.
    pub imsi: Option<Imsi>,
    /// The operator that asked; none: not told.
    pub operator: Option<Box<str>>,
    /// Why.
    pub reason: Reason,
    /// What the answer rests on.
    pub revision: Revision,
}

/// Equal refusals of one device on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The device.
    pub key: EquipmentKey,
    /// First time, in seconds since the Unix epoch.
    pub first: i64,
    /// Last time.
    pub last: i64,
    /// How often.
    pub count: u64,
    /// The operator that asked; empty: not told.
    pub operator: String,
    /// Why; none: a reason of a newer Saring.
    pub reason: Option<Reason>,
    /// What the last answer rested on.
    pub revision: Revision,
    /// The number, or the SIM, of the question.
    pub number: Option<Number>,
}

/// A row: lines of a device and day, the newest last.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(message, repeated, tag = "1")]
    lines: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(int64, tag = "1")]
    first: i64,
    #[prost(int64, tag = "2")]
    last: i64,
    #[prost(uint64, tag = "3")]
    count: u64,
    #[prost(string, tag = "4")]
    operator: String,
    #[prost(uint32, tag = "5")]
    reason: u32,
    #[prost(uint32, tag = "6")]
    epoch: u32,
    #[prost(uint64, tag = "7")]
    seq: u64,
    /// As it is stored; 0: none.
    #[prost(fixed64, tag = "8")]
    number: u64,
}

/// A row of a number: its devices on a day, the newest last.
#[derive(Clone, PartialEq, Message)]
struct Devices {
    #[prost(uint64, repeated, tag = "1")]
    keys: Vec<u64>,
}

/// day (2), kind (1), device or number (8).
fn row_key(day: Day, kind: u8, of: u64) -> Vec<u8> {
    let mut key = day.get().to_be_bytes().to_vec();
    key.push(kind);
    key.extend(of.to_be_bytes());
    key
}

impl Desk {
    /// Takes black answers on record that were given at this second. Gives how many: none where the desk is full.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn take_black_answers(&self, answers: &[BlackAnswer], now: i64) -> Result<u64, DeskError> {
        if self.desk.rows_about(DeskFamily::Refusals) > self.rules()?.refusals.rows_max {
            return Ok(0);
        }
        let day = Day::of_unix_seconds(now);
        let (mut rows, mut numbers) = (BTreeMap::<_, Row>::new(), BTreeMap::<_, Devices>::new());
        for answer in answers {
            let number = answer.msisdn.map(Number::from).or(answer.imsi.map(Number::from)).map_or(0, Number::to_stored);
            let key = row_key(day, DEVICE, answer.key.get());
            if !rows.contains_key(&key) {
                rows.insert(key.clone(), self.refusal_row(&key)?);
            }
            if let Some(row) = rows.get_mut(&key) {
                row.take(answer, number, now);
            }
            if number == 0 {
                continue;
            }
            let key = row_key(day, NUMBER, number);
            if !numbers.contains_key(&key) {
                numbers.insert(key.clone(), self.refusal_row(&key)?);
            }
            if let Some(devices) = numbers.get_mut(&key) {
                devices.take(answer.key.get());
            }
        }
        let put = |(key, value)| DeskChange { family: DeskFamily::Refusals, key, value: Some(value) };
        let rows = rows.into_iter().map(|(key, row)| (key, row.encode_to_vec()));
        let numbers = numbers.into_iter().map(|(key, devices)| (key, devices.encode_to_vec()));
        let changes: Vec<_> = rows.chain(numbers).map(put).collect();
        self.desk.write(&changes, Kept::Soon)?;
        Ok(answers.len() as u64)
    }

    /// A row; one that is not there or cannot be read any more begins anew.
    fn refusal_row<T: Message + Default>(&self, key: &[u8]) -> Result<T, DeskError> {
        let stored = self.desk.get(DeskFamily::Refusals, key)?;
        Ok(stored.and_then(|bytes| T::decode(&bytes[..]).ok()).unwrap_or_default())
    }

    /// The last refusals of a device, newest first; an operator's people see those at that operator.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn refusals_of_device(&self, agent: &Agent, device: EquipmentKey, now: i64) -> Result<Vec<Refused>, DeskError> {
        let mut found = Vec::new();
        for day in self.refusal_days(now)? {
            self.add_refusals(agent, device, day, &mut found)?;
            if found.len() >= SHOWN_MAX {
                break;
            }
        }
        Ok(newest(found))
    }

    /// The last refusals of a number or a SIM, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn refusals_of_number(&self, agent: &Agent, number: Number, now: i64) -> Result<Vec<Refused>, DeskError> {
        let mut found = Vec::new();
        for day in self.refusal_days(now)? {
            let devices: Devices = self.refusal_row(&row_key(day, NUMBER, number.to_stored()))?;
            for device in devices.keys.iter().filter_map(|key| EquipmentKey::new(*key).ok()) {
                let mut of_device = Vec::new();
                self.add_refusals(agent, device, day, &mut of_device)?;
                found.extend(of_device.into_iter().filter(|refused| refused.number == Some(number)));
            }
            if found.len() >= SHOWN_MAX {
                break;
            }
        }
        Ok(newest(found))
    }

    fn add_refusals(
        &self,
        agent: &Agent,
        device: EquipmentKey,
        day: Day,
        found: &mut Vec<Refused>,
    ) -> Result<(), DeskError> {
        let row: Row = self.refusal_row(&row_key(day, DEVICE, device.get()))?;
        let lines = row.lines.into_iter().rev().map(|line| line.refused(device));
        let sees =
            |refused: &Refused| agent.operator.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(&refused.operator));
        found.extend(lines.filter(sees));
        Ok(())
    }

    /// The days that have rows, newest first.
    fn refusal_days(&self, now: i64) -> Result<impl Iterator<Item = Day>, DeskError> {
        let today = Day::of_unix_seconds(now).get();
        let first = self.first_refusal_day()?.unwrap_or(today);
        Ok((first..=today).rev().filter_map(Day::from_stored))
    }

    fn first_refusal_day(&self) -> Result<Option<u16>, DeskError> {
        let range = DeskRange { family: DeskFamily::Refusals, prefix: &[], from: None, limit: 1 };
        let rows = self.desk.scan(range)?;
        Ok(rows.first().and_then(|(key, _)| Some(u16::from_be_bytes(key.get(..2)?.try_into().ok()?))))
    }

    /// Drops the days whose time is over, and the oldest while there are more rows than may be.
    pub(super) fn keep_refusals(&self, now: i64) -> Result<(), DeskError> {
        let rules = self.rules()?;
        let today = Day::of_unix_seconds(now).get();
        let kept = u16::try_from(rules.retention_days.refusal).unwrap_or(u16::MAX);
        let first = self.first_refusal_day()?.unwrap_or(today);
        let mut end = today.saturating_sub(kept);
        if self.desk.rows_about(DeskFamily::Refusals) > rules.refusals.rows_max {
            end = end.max(first.saturating_add(1)).min(today);
        }
        if first < end {
            self.desk.drop_before(DeskFamily::Refusals, &end.to_be_bytes())?;
            self.desk.compact(DeskFamily::Refusals)?;
            tracing::info!(days = end - first, "refusals were dropped: their time was over, or there were too many");
        }
        Ok(())
    }
}

/// The newest of lines that were found.
fn newest(mut found: Vec<Refused>) -> Vec<Refused> {
    found.sort_by_key(|refused| std::cmp::Reverse((refused.last, refused.first)));
    found.truncate(SHOWN_MAX);
    found
}

impl Row {
    fn take(&mut self, answer: &BlackAnswer, number: u64, now: i64) {
        let BlackAnswer { operator, reason, revision, .. } = answer;
        let (operator, reason) = (operator.as_deref().unwrap_or_default(), u32::from(reason.code()));
        let is_same = |line: &Line| (line.operator.as_str(), line.reason, line.number) == (operator, reason, number);
        let mut line = match self.lines.iter().position(is_same) {
            Some(place) => self.lines.remove(place),
            None => Line { first: now, operator: operator.to_owned(), reason, number, ..Line::default() },
        };
        line.last = line.last.max(now);
        line.count += 1;
        (line.epoch, line.seq) = (revision.epoch, revision.seq);
        self.lines.push(line);
        if self.lines.len() > LINES_MAX {
            self.lines.remove(0);
        }
    }
}

impl Devices {
    fn take(&mut self, key: u64) {
        self.keys.retain(|known| *known != key);
        self.keys.push(key);
        if self.keys.len() > DEVICES_MAX {
            self.keys.remove(0);
        }
    }
}

impl Line {
    fn refused(self, key: EquipmentKey) -> Refused {
        Refused {
            key,
            first: self.first,
            last: self.last,
            count: self.count,
            operator: self.operator,
            reason: Reason::ALL.iter().copied().find(|reason| u32::from(reason.code()) == self.reason),
            revision: Revision { epoch: self.epoch, seq: self.seq },
            number: Number::from_stored(self.number),
        }
    }
}
