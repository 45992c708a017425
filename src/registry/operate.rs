//! Single operations: one phone, one number, in one step.
//!
//! Each becomes a small batch through its door, with the person who did it, written by the same path as a list. What
//! always holds: all IMEIs of a phone or none; the limits of the door hold at the moment of writing, so that two clerks
//! at once do not pass them together; a report is lifted by the operator that made it or by two authorities.

mod guards;

use super::{
    Goal, ImportOrder, ImportSummary, Refusal, Registry, RegistryError,
    people::known,
    steps::{LIFT, today},
};
use crate::{
    batch::{BatchNumber, BodyRow, Declared, PersonHash},
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, RemovedRow},
    listing::Door,
    page::PageId,
    pairing::{Number, NumberKind, PairingKind},
    principal::{Principal, Role},
    store::Hands,
};
use std::sync::Arc;

/// Most IMEIs that one phone has.
const IMEIS_MAX: usize = 8;

/// A single operation, and what goes with it.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What is to be done.
    pub act: Act,
    /// The operator for which it is done; empty: that of the caller, or none.
    pub operator: String,
    /// The outlet, office or counter; may be empty.
    pub outlet: String,
    /// The letter of the police, the consignment or another paper.
    pub document: String,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Act {
    /// A phone was stolen or lost.
    Report {
        /// [`Kind::Stolen`] or [`Kind::Lost`].
        kind: Kind,
        /// All IMEIs of the phone.
        keys: Vec<EquipmentKey>,
        /// Since when.
        since: Option<Day>,
    },
    /// A reported phone was found.
    Lift {
        /// [`Kind::Stolen`] or [`Kind::Lost`].
        kind: Kind,
        /// All IMEIs of the phone.
        keys: Vec<EquipmentKey>,
    },
    /// A person's device is registered.
    Register {
        /// The door.
        door: Door,
        /// All IMEIs of the phone.
        keys: Vec<EquipmentKey>,
        /// Last day; `None`: as the door says.
        valid_until: Option<Day>,
        /// The number that the listing is bound to.
        number: Option<Msisdn>,
        /// The person, as keyed hash.
        person: Option<PersonHash>,
        /// The day of arrival.
        arrived: Option<Day>,
    },
    /// A typing error is corrected.
    Correct {
        /// The batch of the registration.
        batch: BatchNumber,
        /// What was typed.
        wrong: EquipmentKey,
        /// What was meant.
        right: EquipmentKey,
    },
    /// A device may be used with a subscriber.
    Pair {
        /// The device.
        key: EquipmentKey,
        /// The subscriber.
        subscriber: Subscriber,
        /// Last day.
        valid_until: Option<Day>,
        /// The subscriber that it replaces (a SIM change).
        instead_of: Option<Subscriber>,
    },
    /// A pairing ends.
    Release {
        /// The device.
        key: EquipmentKey,
        /// The subscriber.
        subscriber: Subscriber,
    },
    /// Every pairing of a number ends, because it gets a new subscriber.
    ReleaseNumber {
        /// The number.
        subscriber: Subscriber,
    },
    /// Devices are exempt from every rule but the black list.
    Exempt {
        /// The devices.
        keys: Vec<EquipmentKey>,
        /// Last day.
        valid_until: Option<Day>,
    },
    /// A device is suspected of having duplicates.
    Suspect {
        /// The device.
        key: EquipmentKey,
    },
    /// The suspicion ends: for the number of the genuine device, or for all.
    Resolve {
        /// The device.
        key: EquipmentKey,
        /// The number of the genuine one; `None`: for all.
        genuine: Option<Subscriber>,
    },
}

/// A subscriber by one or both names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// The number.
    pub msisdn: Option<Msisdn>,
    /// The SIM.
    pub imsi: Option<Imsi>,
}

impl Act {
    /// The door through which it goes.
    fn door(&self, registry: &Registry) -> Result<Door, RegistryError> {
        Ok(match self {
            Self::Report { kind, .. } | Self::Lift { kind, .. } => kind.default_door(),
            Self::Register { door, .. } => *door,
            Self::Correct { batch, .. } => {
                let batches = registry.store.batches();
                let known = batches.get(*batch);
                known.ok_or_else(|| Refusal::not_found(format!("there is no batch {batch}")))?.header.door
            }
            Self::Pair { .. } | Self::Release { .. } | Self::ReleaseNumber { .. } => Door::Operator,
            Self::Resolve { genuine: Some(_), .. } => Door::Operator,
            Self::Exempt { .. } => Door::State,
            Self::Suspect { .. } | Self::Resolve { genuine: None, .. } => Door::Barred,
        })
    }
}

impl Registry {
    /// Carries a single operation out.
    ///
    /// # Errors
    /// When the caller may not, a limit of the door would be passed, it makes no sense, or the store cannot write.
    pub fn operate(&self, hands: &Hands, operation: &Operation) -> Result<ImportSummary, RegistryError> {
        let ledger = self.store.ledger();
        let caller = known(&ledger, &hands.principal)?;
        let door = operation.act.door(self)?;
        let operator = operator_of(caller, &operation.operator)?;
        let authority = matches!(operation.act, Act::Lift { .. })
            && (caller.has_for(Role::Approver, Door::Barred) || caller.has_for(Role::Approver, Door::Court));
        if !authority && !caller.has_for(Role::Submitter, door) {
            return Err(Refusal::not_allowed(format!("{} is not a submitter for door {door}", caller.name)));
        }
        let mut list = Gathered::new(
            Kind::Registered,
            door,
            None,
            Some(operator.as_str().into()).filter(|_| !operator.is_empty()),
        );
        self.fill(&mut list, operation)?;
        list.counts.rows = (list.devices.len() + list.removed.len() + list.pairings.len()) as u64;
        list.counts.accepted = list.counts.rows;
        if list.counts.rows == 0 {
            return Err(Refusal::not_found("nothing in force matches this: nothing was changed"));
        }
        let by_authority = authority && !caller.has_for(Role::Submitter, door);
        let order = ImportOrder {
            mode: Mode::Add,
            document: operation.document.clone(),
            max_drop_percent: 100,
            hands: hands.clone(),
            goal: if by_authority { Goal::Submitted } else { Goal::InForce },
            declared: Declared {
                mode: if by_authority { LIFT.to_owned() } else { "single".to_owned() },
                outlet: operation.outlet.clone(),
                ..Declared::default()
            },
            guard: self.guard_of(operation, door, &hands.principal)?,
            alarms: Vec::new(),
        };
        let summary = self.import(list, &order)?;
        if summary.batches.is_empty() && !summary.repeated && summary.not_listed > 0 {
            return Err(Refusal::not_found(
                "nothing of that operator and door is in force for this: nothing was changed".to_owned(),
            ));
        }
        Ok(summary)
    }

    fn fill(&self, list: &mut Gathered, operation: &Operation) -> Result<(), RegistryError> {
        match &operation.act {
            Act::Report { kind, keys, since } => {
                if operation.document.trim().is_empty() {
                    return Err(Refusal::invalid("a report needs the letter of the police: name it as the document"));
                }
                list.kind = *kind;
                phone(list, keys, |key| DeviceRow { since: since.or_else(|| Some(today())), ..device(key) })?;
            }
            Act::Lift { kind, keys } => {
                list.kind = *kind;
                check_phone(keys)?;
                list.removed = keys.iter().map(|key| RemovedRow { key: *key, operator: None }).collect();
            }
            Act::Register { door, keys, valid_until, number, person, .. } => {
                self.register(list, *door, keys, *valid_until, *number, *person)?
            }
            Act::Correct { batch, wrong, right } => self.correct(list, *batch, *wrong, *right)?,
            Act::Pair { key, subscriber, valid_until, instead_of } => {
                list.kind = Kind::Pairing;
                list.pairings.push(PairingRow { valid_until: *valid_until, ..pairing(*key, *subscriber)? });
                if let Some(old) = instead_of {
                    list.pairings.push(PairingRow { remove: true, ..pairing(*key, *old)? });
                }
            }
            Act::Release { key, subscriber } => {
                list.kind = Kind::Pairing;
                list.pairings.push(PairingRow { remove: true, ..pairing(*key, *subscriber)? });
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
                list.pairings.push(pairing(*key, *subscriber)?);
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
        let batch = batches.get(number).ok_or_else(|| Refusal::not_found(format!("there is no batch {number}")))?;
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
        for number in [subscriber.msisdn.map(Number::from), subscriber.imsi.map(Number::from)].into_iter().flatten() {
            for (key, batch) in self.store.devices_of(number)? {
                let batches = self.store.batches();
                let operator = batches.get(batch).map(|batch| batch.header.operator.clone()).unwrap_or_default();
                let operator = Some(Arc::from(operator.as_str())).filter(|name: &Arc<str>| !name.is_empty());
                let operator = operator.filter(|name| list.operator.as_ref() != Some(name));
                for (_, row) in self.store.page_rows(PageId::of(key))?.iter().filter(|(own, _)| *own == batch) {
                    let BodyRow::Pairing { key: about, number: paired, imsi, target: None, .. } = row else { continue };
                    if *about == key && (*paired == number || imsi.map(Number::from) == Some(number)) {
                        let row = pairing(key, subscriber_of(*paired, *imsi))?;
                        list.pairings.push(PairingRow { remove: true, operator: operator.clone(), ..row });
                    }
                }
            }
        }
        list.pairings.sort_by_key(|row| (row.key, row.operator.clone()));
        list.pairings.dedup();
        Ok(())
    }
}

fn subscriber_of(number: Number, imsi: Option<Imsi>) -> Subscriber {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => Subscriber { msisdn: Some(msisdn), imsi },
        NumberKind::Imsi(imsi) => Subscriber { msisdn: None, imsi: Some(imsi) },
    }
}

/// The operator for which somebody acts: its own, and only its own where it has one.
pub(super) fn operator_of(caller: &Principal, named: &str) -> Result<String, RegistryError> {
    let named = named.to_ascii_lowercase();
    match (caller.operator.as_str(), named.as_str()) {
        ("", _) => Ok(named),
        (own, "") => Ok(own.to_owned()),
        (own, named) if own == named => Ok(named.to_owned()),
        (own, named) => Err(Refusal::not_allowed(format!("{} acts for {own}, not for {named}", caller.name))),
    }
}

const fn device(key: EquipmentKey) -> DeviceRow {
    DeviceRow { key, valid_until: None, number: None, operator: None, since: None }
}

fn pairing(key: EquipmentKey, subscriber: Subscriber) -> Result<PairingRow, RegistryError> {
    let Subscriber { msisdn, imsi } = subscriber;
    if msisdn.is_none() && imsi.is_none() {
        return Err(Refusal::invalid("a pairing needs an MSISDN or an IMSI"));
    }
    let binding = PairingKind::Allowance;
    Ok(PairingRow { key, msisdn, imsi, binding, valid_until: None, operator: None, remove: false })
}

fn check_phone(keys: &[EquipmentKey]) -> Result<(), RegistryError> {
    if keys.is_empty() || keys.len() > IMEIS_MAX {
        return Err(Refusal::invalid(format!("a phone has 1 to {IMEIS_MAX} IMEIs, not {}", keys.len())));
    }
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() < keys.len() {
        return Err(Refusal::invalid("the same IMEI was named twice"));
    }
    Ok(())
}

/// All IMEIs of a phone, linked.
fn phone(
    list: &mut Gathered,
    keys: &[EquipmentKey],
    row: impl Fn(EquipmentKey) -> DeviceRow,
) -> Result<(), RegistryError> {
    check_phone(keys)?;
    list.devices = keys.iter().map(|key| row(*key)).collect();
    list.devices.sort_by_key(|row| row.key);
    if keys.len() > 1 {
        let mut group = keys.to_vec();
        group.sort_unstable();
        list.links.push(group);
    }
    Ok(())
}
