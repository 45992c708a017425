//! What the model refuses, and why. Of several reasons the register may give any.

use super::model::{Batch, Model};
use crate::{
    batch::{BatchNumber, BatchState, PersonHash},
    day::Day,
    identity::EquipmentKey,
    listing::Door,
    principal::Role,
    registry::{Act, Operation, Order, Step, StepOrder, SubmitOrder},
};
use BatchState::{Active, Planned, Rejected, Submitted, Suspended, Withdrawn};
use std::collections::BTreeSet;

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    NotAllowed,
    NotFound,
    State,
    Limit,
    Invalid,
}

/// The reasons against something; none: it is done.
pub(super) type Against = BTreeSet<Why>;

pub(super) fn against(reasons: &[(bool, Why)]) -> Against {
    reasons.iter().filter(|(holds, _)| *holds).map(|(_, why)| *why).collect()
}

/// The state that a step leads to.
pub(super) fn next(batch: &Batch, step: Step) -> Option<BatchState> {
    Some(match (step, batch.state) {
        (Step::Approve, Submitted) if batch.planned => Planned,
        (Step::Approve, Submitted) | (Step::Restore, Suspended) | (Step::Realise, Planned) => Active,
        (Step::Reject, Submitted) => Rejected,
        (Step::Suspend, Active) if batch.kind.class(batch.door).is_some() => Suspended,
        (Step::Withdraw, Active | Suspended | Planned) => Withdrawn,
        _ => return None,
    })
}

impl Model {
    pub(super) fn against_submit(&self, name: &str, door: Door, operator: &str, order: &SubmitOrder) -> Against {
        let no_document =
            self.limits.of(door).needs_document && !self.documents.contains_key(&(door, order.document.clone()));
        against(&[
            (!self.has_for(name, Role::Submitter, door), Why::NotAllowed),
            (self.operator_of(name, operator).is_none(), Why::NotAllowed),
            (no_document, Why::State),
        ])
    }

    pub(super) fn is_large(&self, batch: &Batch) -> bool {
        batch.added() > self.limits.large_batch
    }

    /// Whether a further approver is needed after this one.
    pub(super) fn needs_another(&self, order: &StepOrder) -> bool {
        let batch = &self.batches[&order.batch];
        let state = next(batch, order.step);
        let is_endorsed = batch.endorsed.iter().any(|(to, by, seen)| {
            let may = by != &batch.submitter && self.has_for(by, Role::Approver, batch.lifted_by.unwrap_or(batch.door));
            Some(*to) == state && *seen == order.preview_sha256 && may
        });
        self.is_large(batch) && order.step != Step::Reject && !is_endorsed
    }

    pub(super) fn against_step(&self, name: &str, order: &StepOrder, is_digest_right: bool, today: Day) -> Against {
        let Some(batch) = self.batches.get(&order.batch) else { return [Why::NotFound].into() };
        let Some(state) = next(batch, order.step) else { return [Why::State].into() };
        let own = batch.submitter == name;
        let door = batch.lifted_by.unwrap_or(batch.door);
        let decides = if own { order.step == Step::Reject } else { self.has_for(name, Role::Approver, door) };
        let has_digest = !order.preview_sha256.is_empty();
        let no_digest = self.is_large(batch) && order.step != Step::Reject && !has_digest;
        let theirs = (state, name.to_owned(), order.preview_sha256.clone());
        let mut reasons = against(&[
            (!decides, Why::NotAllowed),
            (no_digest || has_digest && !is_digest_right, Why::State),
            (self.is_large(batch) && batch.endorsed.contains(&theirs), Why::NotAllowed),
        ]);
        let begins = matches!(order.step, Step::Approve | Step::Restore | Step::Realise);
        if begins && self.limits.of(batch.door).needs_document {
            let document = (batch.door, batch.document.clone());
            let others = self.batches.iter().filter(|(number, other)| {
                let drawn = matches!(other.state, Active | Suspended | Planned);
                **number != order.batch && drawn && (other.door, &other.document) == (document.0, &document.1)
            });
            let drawn: u64 = others.map(|(_, other)| other.added()).sum();
            match self.documents.get(&document) {
                None => _ = reasons.insert(Why::State),
                Some((quantity, until)) => reasons.extend(against(&[
                    (drawn + batch.added() > *quantity, Why::Limit),
                    (until.is_some_and(|day| day < today), Why::State),
                ])),
            }
        }
        reasons
    }

    pub(super) fn against_order(&self, name: &str, order: &Order) -> Against {
        let administrator = self.has(name, Role::Administrator);
        match order {
            Order::GrantRole { principal, role, doors } => against(&[
                (!administrator, Why::NotAllowed),
                (!self.operators.contains_key(principal), Why::NotFound),
                (role.has_doors() == doors.is_empty(), Why::Invalid),
            ]),
            Order::RegisterDocument { door, number, quantity, .. } => {
                let of_door = [Role::Submitter, Role::Approver].iter().any(|role| self.has_for(name, *role, *door));
                against(&[(!of_door, Why::NotAllowed), (number.is_empty() || *quantity == 0, Why::Invalid)])
            }
            _ => against(&[(!administrator, Why::NotAllowed)]),
        }
    }

    pub(super) fn against_decision(&self, name: &str, number: u64, is_approval: bool) -> Against {
        let Some((proposer, order)) = self.proposals.get(&number) else {
            return [if self.decided.contains(&number) { Why::State } else { Why::NotFound }].into();
        };
        let may = match order {
            Order::RegisterDocument { door, .. } => self.has_for(name, Role::Approver, *door),
            _ => self.has(name, Role::Administrator),
        };
        let may_still_ask = match order {
            Order::RegisterDocument { door, .. } => {
                [Role::Submitter, Role::Approver].iter().any(|role| self.has_for(proposer, *role, *door))
            }
            _ => self.has(proposer, Role::Administrator),
        };
        let own = proposer == name;
        let lost = (is_approval && !may_still_ask, Why::State);
        against(&[lost, (if is_approval { own || !may } else { !own && !may }, Why::NotAllowed)])
    }

    /// Phones of which a batch of this door in force lists something.
    fn phones(&self, door: Door, is_theirs: impl Fn(&Batch, EquipmentKey) -> bool) -> u32 {
        let of_door = self.batches.iter().filter(|(_, batch)| batch.door == door && batch.state == Active);
        let lists = |(number, batch): &(&BatchNumber, &Batch)| {
            batch.devices.keys().any(|key| is_theirs(batch, *key) && !self.is_taken(**number, *key))
        };
        of_door.filter(lists).count() as u32
    }

    /// The door of a single operation; none: there is no such batch.
    pub(super) fn door_of(&self, act: &Act) -> Option<Door> {
        Some(match act {
            Act::Report { kind, .. } | Act::Lift { kind, .. } => kind.default_door(),
            Act::Register { door, .. } => *door,
            Act::Correct { batch, .. } => self.batches.get(batch)?.door,
            Act::Pair { .. } | Act::Release { .. } | Act::ReleaseNumber { .. } => Door::Operator,
            Act::Resolve { genuine: Some(_), .. } => Door::Operator,
            Act::Resolve { genuine: None, .. } | Act::Suspect { .. } => Door::Barred,
            Act::Exempt { .. } => Door::State,
        })
    }

    /// Whether a phone has further IMEIs that are listed.
    fn is_part(&self, keys: &[EquipmentKey]) -> bool {
        let evidence = || self.batches.iter().filter(|(_, batch)| matches!(batch.state, Active | Suspended));
        let is_listed = |key: &EquipmentKey| {
            evidence().any(|(number, batch)| {
                batch.class().is_some() && batch.devices.contains_key(key) && !self.is_taken(*number, *key)
            })
        };
        let linked = |key: &EquipmentKey| {
            evidence().filter_map(|(_, batch)| batch.links.get(key)).flatten().copied().collect::<Vec<_>>()
        };
        keys.iter().flat_map(linked).any(|other| !keys.contains(&other) && is_listed(&other))
    }

    /// Whether it is no lifting, or that of an own report.
    fn lifts_own(&self, name: &str, operation: &Operation, operator: &str) -> bool {
        !matches!(operation.act, Act::Lift { .. }) || self.operators[name] == operator
    }

    /// Where an authority lifts an operator's report: the door of the other one, who decides.
    pub(super) fn lifted_by(&self, name: &str, operation: &Operation, operator: &str, door: Door) -> Option<Door> {
        let at_once = self.lifts_own(name, operation, operator) && self.has_for(name, Role::Submitter, door);
        let other = |(own, other)| self.has_for(name, Role::Approver, own).then_some(other);
        let authorities = [(Door::Barred, Door::Court), (Door::Court, Door::Barred)];
        authorities.into_iter().filter(|_| !at_once && matches!(operation.act, Act::Lift { .. })).find_map(other)
    }

    /// Reasons against a single operation, apart from that nothing is in force for it.
    pub(super) fn against_operation(&self, name: &str, operation: &Operation, today: Day) -> Against {
        let operator = self.operator_of(name, &operation.operator);
        let Some(door) = self.door_of(&operation.act) else { return [Why::NotFound].into() };
        let decided = operator.as_ref().and_then(|of| self.lifted_by(name, operation, of, door)).is_some();
        let own = operator.as_ref().is_some_and(|of| self.lifts_own(name, operation, of));
        let mut reasons = against(&[
            (operator.is_none(), Why::NotAllowed),
            (!(decided || own && self.has_for(name, Role::Submitter, door)), Why::NotAllowed),
        ]);
        let phone = |keys: &[EquipmentKey]| keys.is_empty() || keys.iter().collect::<BTreeSet<_>>().len() < keys.len();
        reasons.extend(match &operation.act {
            Act::Report { keys, .. } => {
                let invalid = phone(keys) || operation.document.is_empty() || self.is_part(keys);
                against(&[(invalid, Why::Invalid)])
            }
            Act::Lift { keys, .. } => against(&[(phone(keys) || self.is_part(keys), Why::Invalid)]),
            Act::Exempt { keys, .. } => against(&[(phone(keys), Why::Invalid)]),
            Act::Register { keys, .. } => {
                let mut reasons = against(&[(phone(keys), Why::Invalid)]);
                reasons.extend(self.against_registration(name, operation, today));
                reasons
            }
            Act::Correct { batch: number, wrong, right } => {
                let batch = &self.batches[number];
                let lists = batch.devices.contains_key(wrong) && !self.is_taken(*number, *wrong);
                let of_another = !operator.as_ref().is_some_and(|own| own.is_empty() || *own == batch.operator);
                against(&[
                    (!lists, Why::NotFound),
                    (batch.state != Active, Why::State),
                    (of_another, Why::NotAllowed),
                    (wrong == right, Why::Invalid),
                    (self.limits.of(door).correction_days.is_none(), Why::Limit),
                ])
            }
            _ => Against::new(),
        });
        reasons
    }

    fn against_registration(&self, name: &str, operation: &Operation, today: Day) -> Against {
        let Act::Register { door, keys, valid_until, number, person, arrived } = &operation.act else {
            return Against::new();
        };
        let limits = self.limits.of(*door);
        let known = matches!(door, Door::CustomsPassenger | Door::CustomsParcel | Door::OperatorTourist | Door::State);
        let day = |days: u16| Day::from_stored(today.get() + days);
        let longest = limits.days.and_then(day);
        let singles = |is_theirs: &dyn Fn(&Batch) -> bool| {
            let made = self.batches.values().filter(|batch| batch.door == *door && batch.is_single && is_theirs(batch));
            made.count() as u32
        };
        let person_phones = |person: PersonHash| {
            self.phones(*door, |batch, key| batch.holders.get(&key) == Some(&person) && !keys.contains(&key))
        };
        let document_phones = || self.phones(*door, |batch, _| batch.document == operation.document);
        let over = |count: &dyn Fn() -> u32, limit: Option<u32>| limit.is_some_and(|limit| count() >= limit);
        let late = limits.late_days.is_some_and(|late| {
            arrived.is_some_and(|day| i32::from(today.get()) - i32::from(day.get()) > i32::from(late))
        });
        against(&[
            (!known, Why::Invalid),
            (valid_until.is_some_and(|day| longest.is_some_and(|longest| day > longest)), Why::Limit),
            (valid_until.is_some_and(|day| day < today), Why::Invalid),
            (limits.needs_number && number.is_none() || limits.needs_person && person.is_none(), Why::Invalid),
            (limits.late_days.is_some() && arrived.is_none_or(|day| day > today), Why::Invalid),
            (late, Why::Limit),
            (limits.devices_a_document.is_some() && operation.document.is_empty(), Why::Invalid),
            (limits.outlet_a_day.is_some() && operation.outlet.is_empty(), Why::Invalid),
            (over(&|| singles(&|batch| batch.submitter == name), limits.clerk_a_day), Why::Limit),
            (over(&|| singles(&|batch| batch.outlet == operation.outlet), limits.outlet_a_day), Why::Limit),
            (over(&document_phones, limits.devices_a_document), Why::Limit),
            (person.is_some_and(|person| over(&|| person_phones(person), limits.devices_a_person)), Why::Limit),
        ])
    }
}
