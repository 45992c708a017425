//! What has to hold when a single operation is written: the limits of its door.

use super::{Act, Operation, Subscriber, today::Today};
use crate::{
    batch::{Batch, BatchNumber, BatchState, Batches, BodyRow, PersonHash},
    day::Day,
    door_limits::DoorLimits,
    fold::{self, Row},
    identity::{EquipmentKey, Imsi, Msisdn},
    listing::Door,
    page::PageId,
    pairing::Number,
    registry::{Guard, Refusal, Registry, RegistryError, people::known, steps::today},
    store::{Store, StoreError},
};
use std::{collections::BTreeSet, sync::Arc};

impl Registry {
    /// What has to hold when this operation is written.
    pub(super) fn guard_of(
        &self,
        operation: &Operation,
        door: Door,
        operator: &str,
        clerk: &str,
    ) -> Result<Guard, RegistryError> {
        let of = operator.to_owned();
        let (again, name, operator, limits) = (operation.clone(), clerk.to_owned(), operator.to_owned(), self.limits());
        // Who lost a role in between, lost it.
        let may = move |store: &Store| {
            let ledger = store.ledger();
            super::way_of(known(&ledger, &name)?, &again, door, &operator, &limits).map(|_| ())
        };
        Ok(self.limit_of(operation, door, &of, clerk)?.and(may))
    }

    fn limit_of(&self, operation: &Operation, door: Door, operator: &str, clerk: &str) -> Result<Guard, RegistryError> {
        let limits = self.limits().of(door);
        match &operation.act {
            Act::Register { keys, person, arrived, .. } => {
                is_in_time(&limits, door, *arrived)?;
                let count = Count {
                    door,
                    limits,
                    clerk: clerk.to_owned(),
                    outlet: operation.outlet.clone(),
                    document: operation.document.clone(),
                    person: *person,
                    keys: keys.clone(),
                    today: Arc::clone(&self.today),
                };
                count.check_paper()?;
                Ok(Guard::new(count.subjects(), move |store| count.check(store)))
            }
            Act::Report { keys, .. } | Act::Exempt { keys, .. } => {
                let count = Count {
                    limits: DoorLimits { devices_a_person: None, ..limits },
                    door,
                    clerk: clerk.to_owned(),
                    outlet: operation.outlet.clone(),
                    document: operation.document.clone(),
                    person: None,
                    keys: keys.clone(),
                    today: Arc::clone(&self.today),
                };
                count.check_paper()?;
                Ok(Guard::new(count.subjects(), move |store| count.check(store)))
            }
            Act::Pair { key, instead_of: Some(old), .. } => {
                let (key, old, operator) = (*key, *old, operator.to_owned());
                Ok(Guard::new(BTreeSet::new(), move |store| is_paired(store, key, old, &operator)))
            }
            Act::Correct { batch, wrong, .. } => {
                let (batch, wrong, days) = (*batch, *wrong, limits.correction_days);
                Ok(Guard::new(BTreeSet::new(), move |store| is_correctable(store, batch, wrong, days)))
            }
            _ => Ok(Guard::default()),
        }
    }
}

fn is_in_time(limits: &DoorLimits, door: Door, arrived: Option<Day>) -> Result<(), RegistryError> {
    let Some(late) = limits.late_days else { return Ok(()) };
    let Some(arrived) = arrived else {
        return Err(Refusal::invalid(format!("door {door} needs the day of arrival")));
    };
    let days = i32::from(today().get()) - i32::from(arrived.get());
    if days < 0 {
        return Err(Refusal::invalid(format!("the arrival of {arrived} is still to come")));
    }
    if days > i32::from(late) {
        let words =
            format!("door {door} registers up to {late} days after the arrival, and {arrived} is {days} days ago");
        return Err(Refusal::limit(words));
    }
    Ok(())
}

fn is_correctable(
    store: &Store,
    batch: BatchNumber,
    wrong: EquipmentKey,
    days: Option<u16>,
) -> Result<(), RegistryError> {
    // Two corrections of one device at once would make two of it.
    if !store.lists(batch, wrong)? {
        return Err(Refusal::not_found(format!("batch {batch} does not list {wrong}, or it was taken off")));
    }
    let Some(days) = days else {
        return Err(Refusal::limit("entries of this door are not corrected one by one: hand in a list"));
    };
    let made = store.entry(batch)?.map_or(0, |entry| entry.time_unix_ms);
    let age_ms = jiff::Timestamp::now().as_millisecond() - made;
    if age_ms > i64::from(days) * 86_400_000 {
        return Err(Refusal::limit(format!("batch {batch} is more than {days} days old: it is corrected no more")));
    }
    Ok(())
}

/// Whether an operator has paired a device with a subscriber: what is to be replaced has to be there.
fn is_paired(store: &Store, key: EquipmentKey, old: Subscriber, operator: &str) -> Result<(), RegistryError> {
    let rows = store.page_rows(PageId::of(key))?;
    let (batches, seq) = (store.batches_of(&rows), store.applied().seq);
    let number = old.msisdn.map(Number::from).or(old.imsi.map(Number::from));
    let sim = old.imsi.filter(|_| old.msisdn.is_some());
    let is_it = |paired: Number, with: Option<Imsi>| Some(paired) == number && (sim.is_none() || sim == with);
    let ended = |from: BatchNumber, paired: Number, with: Option<Imsi>| {
        rows.iter().any(|(by, row)| match row {
            BodyRow::Pairing { key: about, number, imsi, target: Some(target), .. } => {
                batches.evidence_at(*by, seq).is_some()
                    && (*target, *about, *number, *imsi) == (from, key, paired, with)
            }
            _ => false,
        })
    };
    let stands = rows.iter().any(|(by, row)| match row {
        BodyRow::Pairing { key: about, number, imsi, target: None, .. } => {
            let own = |batch: &Batch| {
                (batch.newest().1, batch.header.door, batch.header.operator.as_str())
                    == (BatchState::Active, Door::Operator, operator)
            };
            *about == key && is_it(*number, *imsi) && batches.get(*by).is_some_and(own) && !ended(*by, *number, *imsi)
        }
        _ => false,
    });
    if stands {
        return Ok(());
    }
    Err(Refusal::not_found(format!(
        "{key} is not paired by this operator with what is to be replaced: nothing was changed"
    )))
}

/// What an entry is counted against.
struct Count {
    door: Door,
    limits: DoorLimits,
    clerk: String,
    outlet: String,
    document: String,
    person: Option<PersonHash>,
    keys: Vec<EquipmentKey>,
    today: Arc<Today>,
}

impl Count {
    fn check_paper(&self) -> Result<(), RegistryError> {
        if self.limits.devices_a_document.is_some() && self.document.trim().is_empty() {
            return Err(Refusal::invalid(format!("door {} counts by consignment: name it as the document", self.door)));
        }
        if self.limits.outlet_a_day.is_some() && self.outlet.trim().is_empty() {
            return Err(Refusal::invalid(format!("door {} counts by outlet: name it", self.door)));
        }
        Ok(())
    }

    /// Two registrations that look at the same of these are written one after the other.
    fn subjects(&self) -> BTreeSet<String> {
        let mut subjects = BTreeSet::new();
        let door = self.door.name();
        if self.limits.clerk_a_day.is_some() {
            subjects.insert(format!("clerk {} {door}", self.clerk));
        }
        if self.limits.outlet_a_day.is_some() {
            subjects.insert(format!("outlet {} {door}", self.outlet));
        }
        if self.limits.devices_a_document.is_some() {
            subjects.insert(format!("document {} {door}", self.document));
        }
        if let Some(person) = self.person {
            subjects.insert(format!("person {person:?}"));
        }
        subjects
    }

    fn check(&self, store: &Store) -> Result<(), RegistryError> {
        self.check_person(store)?;
        // Nobody counts what has no limit.
        let is_counted = self.limits.clerk_a_day.is_some() || self.limits.outlet_a_day.is_some();
        let (by_clerk, by_outlet) = match is_counted {
            true => self.today.entries(store, self.door, &self.clerk, &self.outlet)?,
            false => (0, 0),
        };
        let over = |count: u32, limit: Option<u32>| limit.is_some_and(|limit| count >= limit);
        if over(by_clerk, self.limits.clerk_a_day) {
            let words =
                format!("{} has made {by_clerk} entries today, which is the limit of door {}", self.clerk, self.door);
            return Err(Refusal::limit(words));
        }
        if over(by_outlet, self.limits.outlet_a_day) {
            let words = format!(
                "outlet {} has made {by_outlet} entries today, which is the limit of door {}",
                self.outlet, self.door
            );
            return Err(Refusal::limit(words));
        }
        if let Some(limit) = self.limits.devices_a_document {
            let batches = store.batches();
            let of_document = batches.iter().filter(|(_, batch)| {
                batch.header.door == self.door
                    && batch.header.document == self.document
                    && batch.newest().1 == BatchState::Active
            });
            let mut phones = 0;
            for (number, _) in of_document {
                phones += u32::from(store.lists_anything(number)?);
            }
            if phones >= limit {
                let words =
                    format!("{} has brought {phones} devices, which is the limit of door {}", self.document, self.door);
                return Err(Refusal::limit(words));
            }
        }
        Ok(())
    }

    /// Phones, not IMEIs: what was registered in one step is one phone.
    fn check_person(&self, store: &Store) -> Result<(), RegistryError> {
        let (Some(person), Some(limit)) = (self.person, self.limits.devices_a_person) else { return Ok(()) };
        let days = i64::from(self.limits.person_days.unwrap_or(365));
        let oldest = jiff::Timestamp::now().as_millisecond() - days * 86_400_000;
        let since = store.last_entry_before(oldest)?.unwrap_or(0);
        let batches = store.batches();
        let of_person = store.devices_of_person(&person)?;
        let is_counted = |number| {
            let batch = batches.get(number);
            batch.is_some_and(|batch| batch.header.door == self.door && batch.newest().1 == BatchState::Active)
        };
        let mut counted = BTreeSet::new();
        for (key, number) in of_person {
            // A device that was corrected away is none of theirs.
            if number > since && !self.keys.contains(&key) && is_counted(number) && store.lists(number, key)? {
                counted.insert(store.first_of_phone(number)?);
            }
        }
        if counted.len() as u32 >= limit {
            let words = format!(
                "this person has registered {} devices within {days} days, which is the limit of door {}",
                counted.len(),
                self.door
            );
            return Err(Refusal::limit(words));
        }
        Ok(())
    }
}

/// When today began in Jakarta, in milliseconds since the Unix epoch.
pub(super) fn today_began_ms() -> i64 {
    let yesterday = Day::from_stored(today().get().saturating_sub(1));
    yesterday.map_or(0, |day| day.end_unix_seconds() * 1000)
}

/// What a batch says of a device that it lists now: last day, first day, number.
pub(super) fn said_of(
    rows: &[Row],
    batches: &Batches,
    seq: u64,
    number: BatchNumber,
    key: EquipmentKey,
) -> Option<(Option<Day>, Option<Day>, Option<Msisdn>)> {
    let device = fold::device_evidence(key, rows, batches, seq);
    if !device.registered.contains(&number) && !device.mark_batches.contains(&number) {
        return None;
    }
    let own = rows.iter().filter(|(batch, _)| *batch == number);
    own.filter_map(|(_, row)| match row {
        BodyRow::Mark { key: about, until, since, number } if *about == key => Some((*until, *since, *number)),
        BodyRow::Page { target: None, bits, .. } if bits.contains(PageId::place(key)) => Some((None, None, None)),
        _ => None,
    })
    .next()
}

impl Store {
    /// Whether a batch lists a device now.
    fn lists(&self, number: BatchNumber, key: EquipmentKey) -> Result<bool, StoreError> {
        let rows = self.page_rows(PageId::of(key))?;
        Ok(said_of(&rows, &self.batches_of(&rows), self.applied().seq, number, key).is_some())
    }

    /// Whether a batch lists any device now: one whose only device was corrected away does not.
    fn lists_anything(&self, number: BatchNumber) -> Result<bool, StoreError> {
        for row in self.body(number)? {
            let keys: Vec<EquipmentKey> = match row? {
                BodyRow::Page { id, target: None, bits } => bits.iter().filter_map(|place| id.key(place)).collect(),
                BodyRow::Mark { key, .. } => vec![key],
                _ => Vec::new(),
            };
            for key in keys {
                if self.lists(number, key)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The batch that first registered the phone of a batch: of a correction, the one that it corrects. So a phone that
    /// was corrected counts once.
    fn first_of_phone(&self, mut batch: BatchNumber) -> Result<BatchNumber, StoreError> {
        loop {
            let mut corrects = None;
            for row in self.body(batch)? {
                if let BodyRow::Page { target: Some(target), .. } = row? {
                    corrects = Some(target);
                    break;
                }
            }
            match corrects {
                Some(earlier) if earlier < batch => batch = earlier,
                _ => return Ok(batch),
            }
        }
    }

    /// The person of whom a batch says that a device is theirs.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub(crate) fn person_of(&self, key: EquipmentKey, batch: BatchNumber) -> Result<Option<PersonHash>, StoreError> {
        let rows = self.body(batch)?;
        for row in rows {
            if let BodyRow::Holder { key: about, person } = row?
                && about == key
            {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }
}
