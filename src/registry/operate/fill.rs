//! From a single operation to the list that it is.

use super::{Act, Operation, Subscriber, check_phone, device, guards, pairing, phone};
use crate::{
    batch::{BatchNumber, BatchState, BodyRow, PersonHash},
    day::Day,
    fold,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{DeviceRow, Gathered, Kind, PairingRow, RemovedRow},
    listing::Door,
    page::PageId,
    pairing::{Number, NumberKind},
    registry::{Refusal, Registry, RegistryError, steps::today},
    words::{Value, Why},
};
use std::sync::Arc;

impl Registry {
    pub(super) fn fill(&self, list: &mut Gathered, operation: &Operation) -> Result<(), RegistryError> {
        match &operation.act {
            Act::Report { kind, keys, since } => {
                if operation.document.trim().is_empty() {
                    return Err(Refusal::invalid("a report needs the letter of the police: name it as the document"));
                }
                list.kind = *kind;
                phone(list, keys, |key| DeviceRow { since: since.or_else(|| Some(today())), ..device(key) })?;
                self.is_whole_phone(keys)?;
            }
            Act::Lift { kind, keys } => {
                list.kind = *kind;
                check_phone(keys)?;
                self.is_whole_phone(keys)?;
                list.removed = keys.iter().map(|key| RemovedRow { key: *key, operator: None }).collect();
                list.removed.sort_by_key(|row| row.key);
            }
            Act::Register { door, keys, valid_until, number, person, .. } => {
                self.register(list, *door, keys, *valid_until, *number, *person)?
            }
            Act::Correct { batch, wrong, right } => self.correct(list, *batch, *wrong, *right)?,
            Act::Pair { key, subscriber, valid_until, instead_of } => {
                list.kind = Kind::Pairing;
                let mut rows = vec![PairingRow { valid_until: *valid_until, ..pairing(*key, *subscriber)? }];
                if let Some(old) = instead_of {
                    rows.push(PairingRow { remove: true, ..pairing(*key, *old)? });
                }
                list.pairings = rows.into();
            }
            Act::Release { key, subscriber } => {
                list.kind = Kind::Pairing;
                list.pairings = vec![PairingRow { remove: true, ..pairing(*key, *subscriber)? }].into();
            }
            Act::ReleaseNumber { subscriber } => self.release_number(list, *subscriber)?,
            Act::Exempt { keys, valid_until } => {
                list.kind = Kind::Exempt;
                phone(list, keys, |key| DeviceRow { valid_until: *valid_until, ..device(key) })?;
            }
            Act::Suspect { key } => {
                list.kind = Kind::Duplicate;
                list.devices.push(device(*key));
            }
            Act::Resolve { key, genuine: None } => {
                list.kind = Kind::Duplicate;
                list.removed.push(RemovedRow { key: *key, operator: None });
            }
            Act::Resolve { key, genuine: Some(subscriber) } => {
                list.kind = Kind::Pairing;
                list.pairings = vec![pairing(*key, *subscriber)?].into();
            }
        }
        Ok(())
    }

    /// Refuses a part of a phone: with one slot blocked and the other not, nobody is helped.
    fn is_whole_phone(&self, keys: &[EquipmentKey]) -> Result<(), RegistryError> {
        let seq = self.store.applied().seq;
        let device = |key: EquipmentKey| -> Result<fold::DeviceEvidence, RegistryError> {
            let rows = self.store.page_rows(PageId::of(key))?;
            Ok(fold::device_evidence(key, &rows, &self.store.batches_of(&rows), seq))
        };
        for key in keys {
            for other in device(*key)?.links {
                // What was corrected away is linked still, and listed nowhere.
                if !keys.contains(&other) && device(other)?.is_listed() {
                    return Err(Refusal::invalid(format!(
                        "{key} is one phone with {other}: name all of its IMEIs, or one slot would be blocked and the other not"
                    )));
                }
            }
        }
        Ok(())
    }

    fn register(
        &self,
        list: &mut Gathered,
        door: Door,
        keys: &[EquipmentKey],
        valid_until: Option<Day>,
        number: Option<Msisdn>,
        person: Option<PersonHash>,
    ) -> Result<(), RegistryError> {
        list.kind = match door {
            Door::CustomsPassenger | Door::CustomsParcel => Kind::Registered,
            Door::OperatorTourist | Door::State => Kind::Temporary,
            _ => return Err(Refusal::invalid(format!("devices do not come through door {door} one by one"))),
        };
        let limits = self.limits().of(door);
        let longest = limits.days.and_then(|days| Day::from_stored(today().get().checked_add(days)?));
        let valid_until = match (valid_until, longest) {
            (Some(day), Some(longest)) if day > longest => {
                return Err(Refusal::limit(format!("door {door} registers until {longest} at most, not until {day}")));
            }
            (Some(day), _) if day < today() => {
                return Err(Refusal::invalid(format!("{day} is over: nothing would be registered")));
            }
            (day, longest) => day.or(longest),
        };
        if limits.needs_number && number.is_none() {
            return Err(Refusal::invalid(format!("door {door} binds the listing to a number: name the MSISDN")));
        }
        if limits.needs_person && person.is_none() {
            return Err(Refusal::invalid(format!("door {door} counts devices by person: name the passport")));
        }
        if limits.devices_a_document.is_some() && list.kind == Kind::Registered && keys.is_empty() {
            return Err(Refusal::invalid("no IMEI was named"));
        }
        let number = number.filter(|_| limits.needs_number || door == Door::OperatorTourist);
        phone(list, keys, |key| DeviceRow { valid_until, number, ..device(key) })?;
        list.holders = person.map_or_else(Vec::new, |person| keys.iter().map(|key| (*key, person)).collect());
        Ok(())
    }

    /// The wrong device leaves and the right one comes, with what was said of the wrong one.
    fn correct(
        &self,
        list: &mut Gathered,
        number: BatchNumber,
        wrong: EquipmentKey,
        right: EquipmentKey,
    ) -> Result<(), RegistryError> {
        let batches = self.store.batches();
        let batch = batches
            .get(number)
            .ok_or_else(|| Refusal::not_found(Why::NoBatch.of([("number", Value::number(number))])))?;
        if wrong == right {
            return Err(Refusal::invalid("what was typed and what was meant are the same"));
        }
        let (own, now) = (list.operator.as_deref().unwrap_or_default(), batch.newest().1);
        if !own.is_empty() && own != batch.header.operator {
            return Err(Refusal::not_allowed(format!("batch {number} is of another operator than {own}")));
        }
        // What it lists is under suspicion: a correction would put it back into force.
        if now != BatchState::Active {
            return Err(Refusal::state(format!("batch {number} is {}: it is not corrected", now.name())));
        }
        let rows = self.store.page_rows(PageId::of(wrong))?;
        let found = guards::said_of(&rows, &self.store.batches_of(&rows), self.store.applied().seq, number, wrong);
        let (until, since, bound) = found
            .ok_or_else(|| Refusal::not_found(format!("batch {number} does not list {wrong}, or it was taken off")))?;
        list.kind = batch.header.kind.parse().map_err(|_| Refusal::invalid("this batch lists no devices"))?;
        list.operator = Some(batch.header.operator.as_str().into()).filter(|_| !batch.header.operator.is_empty());
        list.valid_until = batch.header.valid_until;
        list.removed.push(RemovedRow { key: wrong, operator: None });
        list.devices.push(DeviceRow { valid_until: until, since, number: bound, ..device(right) });
        if let Some(person) = self.store.person_of(wrong, number)? {
            list.holders.push((right, person));
        }
        Ok(())
    }

    fn release_number(&self, list: &mut Gathered, subscriber: Subscriber) -> Result<(), RegistryError> {
        list.kind = Kind::Pairing;
        let named = [subscriber.msisdn.map(Number::from), subscriber.imsi.map(Number::from)].into_iter().flatten();
        let mut numbers: Vec<(Number, bool)> = named.map(|number| (number, false)).collect();
        if let Some(msisdn) = subscriber.msisdn {
            // Whoever has the number has what its SIMs are paired with; a row that names another number beside is another's.
            let sims = self.store.sims_of(msisdn, self.store.applied().seq)?;
            numbers.extend(sims.into_iter().map(|(imsi, _)| (Number::from(imsi), true)));
        }
        let mut ending = Vec::new();
        for (number, alone) in numbers {
            for (key, batch) in self.store.devices_of(number)? {
                let batches = self.store.batches();
                let operator = batches.get(batch).map(|batch| batch.header.operator.clone()).unwrap_or_default();
                // The empty name is one too: a pairing that no operator holds ends with the others.
                let own = list.operator.as_deref().unwrap_or_default();
                let operator = Some(Arc::from(operator.as_str())).filter(|name: &Arc<str>| **name != *own);
                for (_, row) in self.store.page_rows(PageId::of(key))?.iter().filter(|(own, _)| *own == batch) {
                    let BodyRow::Pairing { key: about, number: paired, imsi, target: None, .. } = row else { continue };
                    if *about == key && (*paired == number || !alone && imsi.map(Number::from) == Some(number)) {
                        let row = pairing(key, subscriber_of(*paired, *imsi))?;
                        ending.push(PairingRow { remove: true, operator: operator.clone(), ..row });
                    }
                }
            }
        }
        ending.sort_by_key(|row| (row.key, row.operator.clone()));
        ending.dedup();
        list.pairings = ending.into();
        Ok(())
    }
}

fn subscriber_of(number: Number, imsi: Option<Imsi>) -> Subscriber {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => Subscriber { msisdn: Some(msisdn), imsi },
        NumberKind::Imsi(imsi) => Subscriber { msisdn: None, imsi: Some(imsi) },
    }
}
