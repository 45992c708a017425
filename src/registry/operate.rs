//! Single operations: one phone, one number, in one step.
//!
//! Each becomes a small batch through its door, with the person who did it, written by the same path as a list. What
//! always holds: all IMEIs of a phone or none; the limits of the door hold at the moment of writing, so that two clerks
//! at once do not pass them together; a report is lifted by the operator that made it or by two authorities.

mod fill;
mod guards;
mod today;

pub(super) use today::Today;

use super::{Goal, ImportOrder, ImportSummary, Meter, Refusal, Registry, RegistryError, people::known, steps};
use crate::{
    batch::{BatchNumber, Declared, PersonHash},
    day::Day,
    door_limits::Limits,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow},
    listing::Door,
    pairing::PairingKind,
    principal::{Principal, Role},
    store::Hands,
};

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
        let limits = self.limits();
        let operator = operator_of(caller, &operation.operator, &limits)?;
        let way = way_of(caller, operation, door, &operator, &limits)?;
        let mut list = Gathered::new(
            Kind::Registered,
            door,
            None,
            Some(operator.as_str().into()).filter(|_| !operator.is_empty()),
        );
        let goal = if way == SINGLE { Goal::InForce } else { Goal::Submitted };
        // Before it is held against the state: what a release has released is not there to be released again.
        if let Some(summary) = self.imported_before(hands, list.kind, door, goal)? {
            return Ok(summary);
        }
        self.fill(&mut list, operation)?;
        list.counts.rows = (list.devices.len() + list.removed.len()) as u64 + list.pairings.len();
        list.counts.accepted = list.counts.rows;
        if list.counts.rows == 0 {
            return Err(Refusal::not_found("nothing in force matches this: nothing was changed"));
        }
        let declared = Declared { mode: way.to_owned(), outlet: operation.outlet.clone(), ..Declared::default() };
        let judged = self.judge(hands, &list, &operation.document, &declared)?;
        let order = ImportOrder {
            mode: Mode::Add,
            document: operation.document.clone(),
            max_drop_percent: 100,
            hands: hands.clone(),
            goal,
            declared,
            guard: self.guard_of(operation, door, &operator, &hands.principal)?,
            alarms: self.not_told_today(&judged.alarms),
            meter: Meter::default(),
        };
        let summary = self.import(list, &order)?;
        if !summary.batches.is_empty() && !summary.repeated {
            self.remember(&judged);
        }
        if summary.batches.is_empty() && !summary.repeated && summary.not_listed > 0 {
            return Err(Refusal::not_found(
                "nothing of that operator and door is in force for this: nothing was changed".to_owned(),
            ));
        }
        Ok(summary)
    }
}

/// Mode of a batch that a single operation makes.
pub(super) const SINGLE: &str = "single";

/// How an operation comes into force, as the mode of its batch: at once, by a submitter of its door; or, where an
/// authority lifts an operator's report, when the other authority approves. A report is lifted at once only by who
/// belongs to its operator or to its successor.
fn way_of(
    caller: &Principal,
    operation: &Operation,
    door: Door,
    operator: &str,
    limits: &Limits,
) -> Result<&'static str, RegistryError> {
    let lifts = matches!(operation.act, Act::Lift { .. });
    let is_own = !lifts || limits.acts_for(&caller.operator, operator);
    match caller {
        _ if is_own && caller.has_for(Role::Submitter, door) => Ok(SINGLE),
        _ if lifts && caller.has_for(Role::Approver, Door::Barred) => Ok(steps::LIFT_BY_BARRED),
        _ if lifts && caller.has_for(Role::Approver, Door::Court) => Ok(steps::LIFT_BY_COURT),
        _ if !is_own => Err(Refusal::not_allowed(format!(
            "{} does not belong to {operator}: its own people lift its reports, or the regulator and a court",
            caller.name
        ))),
        _ => Err(Refusal::not_allowed(format!("{} is not a submitter for door {door}", caller.name))),
    }
}

/// The operator for which somebody acts: where it has one, its own, and those that its own took over.
pub(super) fn operator_of(caller: &Principal, named: &str, limits: &Limits) -> Result<String, RegistryError> {
    let named = named.to_ascii_lowercase();
    match (caller.operator.as_str(), named.as_str()) {
        ("", _) => Ok(named),
        (own, "") => Ok(own.to_owned()),
        (own, named) if limits.acts_for(own, named) => Ok(named.to_owned()),
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
