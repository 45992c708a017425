//! Steps of a batch: approved, rejected, suspended, restored, withdrawn, realised.
//!
//! What always holds: the one who submitted a batch never puts it into force; each door's agency decides on what came
//! through it; a large batch takes a preview and two approvers; a document is never overdrawn; a step is durable and
//! visible to checks before anybody is told.

use super::{
    Refusal, Registry, RegistryError,
    people::{Receipt, known},
    previews::is_as_seen,
    states::write_steps,
};
use crate::{
    batch::{Batch, BatchNumber, BatchState, BatchStep},
    day::Day,
    journal::{BatchStateChanged, Change, Endorsed, REGISTER},
    ledger::{Endorsement, Ledger},
    listing::Door,
    principal::Role,
    store::Hands,
    words::{Own, Value, Why},
};
use BatchState::{Active, Expired, Planned, Rejected, Submitted, Suspended, Withdrawn};

/// What is to become of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A submitted batch comes into force, or on record as a plan.
    Approve,
    /// A submitted batch is refused.
    Reject,
    /// A batch goes out of force while it is investigated.
    Suspend,
    /// A suspended batch comes back into force.
    Restore,
    /// A batch goes out of force for good.
    Withdraw,
    /// The devices of a plan were made.
    Realise,
}

impl Step {
    /// The state that a batch has afterwards. `None` when it cannot take this step.
    pub fn leads_to(self, batch: &Batch) -> Option<BatchState> {
        match (self, batch.newest().1) {
            (Self::Approve, Submitted) if batch.header.declared.planned => Some(Planned),
            (Self::Approve, Submitted) | (Self::Restore, Suspended) | (Self::Realise, Planned) => Some(Active),
            (Self::Reject, Submitted) => Some(Rejected),
            (Self::Suspend, Active) if batch.header.class.is_some() => Some(Suspended),
            (Self::Withdraw, Active | Suspended | Planned) => Some(Withdrawn),
            _ => None,
        }
    }

    /// The word for what was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::Suspend => "suspended",
            Self::Restore => "restored",
            Self::Withdraw => "withdrawn",
            Self::Realise => "realised",
        }
    }

    /// Whether it puts entries into force.
    const fn puts_into_force(self) -> bool {
        matches!(self, Self::Approve | Self::Restore | Self::Realise)
    }
}

/// A step that somebody asks for.
#[derive(Clone, Debug)]
pub struct StepOrder {
    /// The batch.
    pub batch: BatchNumber,
    /// The step.
    pub step: Step,
    /// Why.
    pub reason: String,
    /// Digest of the preview that was looked at; empty: none.
    pub preview_sha256: Vec<u8>,
    /// For a suspension: first day on which the devices are black.
    pub black_from: Option<Day>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTaken {
    /// The change.
    pub receipt: Receipt,
    /// The state of the batch now.
    pub state: BatchState,
    /// Another approver is needed before anything happens.
    pub another_needed: bool,
}

impl Registry {
    /// Takes a step of a batch.
    ///
    /// # Errors
    /// When the caller may not, the batch is in another state, a preview or another approver is needed and missing, a
    /// document would be overdrawn, or the store cannot write.
    pub fn step(&self, hands: &Hands, order: &StepOrder) -> Result<StepTaken, RegistryError> {
        // Before the preview: a batch that took this step already cannot be previewed taking it.
        if let Some(taken) = self.taken_before(hands, order.batch)? {
            return Ok(taken);
        }
        let preview = || self.preview_of_step(order.batch, order.step, order.black_from);
        // Long work happens before anybody is kept waiting, and is held against the revision under the lock.
        let mut seen = (!order.preview_sha256.is_empty()).then(preview).transpose()?;
        let mut writer = self.store.writer()?;
        let number = order.batch;
        if let Some(taken) = self.taken_before(hands, number)? {
            return Ok(taken);
        }
        let (ledger, batches) = (self.store.ledger(), self.store.batches());
        let batch = batches
            .get(number)
            .ok_or_else(|| Refusal::not_found(Why::NoBatch.of([("number", Value::number(number))])))?;
        let state = order.step.leads_to(batch).ok_or_else(|| cannot(order.step, number, batch))?;
        may_step(&ledger, &hands.principal, number, batch, order.step)?;
        if order.step == Step::Approve {
            let opened = self.store.entry(number)?.map_or(0, |entry| entry.time_unix_ms);
            self.is_not_lapsed(opened)?;
        }
        if order.step.puts_into_force() || state == Planned {
            self.check_document(&ledger, number, batch)?;
        }
        if seen.as_ref().is_some_and(|preview| preview.revision != self.store.applied()) {
            seen = Some(preview()?);
        }
        let is_large = batch.added > self.limits().large_batch && order.step != Step::Reject;
        is_as_seen(("batch", number), seen.as_ref(), &order.preview_sha256, is_large)?;
        let preview_sha256 = order.preview_sha256.clone();
        let endorsed = ledger.endorsements(number, Some(state));
        // An endorsement of an earlier round (before a suspension, say) is no endorsement of this one, who looked at
        // another preview approved something else, and who may no longer approve has not.
        let is_of_this = |one: &&Endorsement| {
            let may = || may_step(&ledger, &one.by, number, batch, order.step).is_ok();
            one.seq > batch.newest().0 && one.preview == preview_sha256 && may()
        };
        let mut endorsed = endorsed.iter().filter(is_of_this).peekable();
        if is_large && endorsed.peek().is_none() {
            let subject = number;
            let endorsement = Change::Endorsed(Endorsed { subject, state: state as u32, preview_sha256 });
            drop(batches);
            let receipt = self.commit(&mut writer, hands, vec![endorsement])?;
            return Ok(StepTaken { receipt, state: self.state_of(number), another_needed: true });
        }
        if is_large && endorsed.any(|one| one.by == hands.principal) {
            return Err(Refusal::not_allowed(Why::ApprovedAlready));
        }
        let taken = BatchStep { batch: number, state, black_from: order.black_from };
        let submitter = batch.header.submitter.clone();
        drop(batches);
        // The entry names both: who brought the batch, and who decided on it.
        let both = match order.step {
            Step::Approve | Step::Realise => {
                Hands { principal: submitter, approver: hands.principal.clone(), ..hands.clone() }
            }
            _ => hands.clone(),
        };
        let revision = write_steps(self, &mut writer, &[taken], &both, &order.reason, &preview_sha256)?;
        Ok(StepTaken { receipt: Receipt { revision, repeated: false }, state, another_needed: false })
    }

    /// Whether somebody may take a step of a batch at all, whatever state it is in.
    ///
    /// # Errors
    /// When there is no such batch, or another person has to decide on it.
    pub fn may_take(&self, name: &str, number: BatchNumber, step: Step) -> Result<(), RegistryError> {
        let (ledger, batches) = (self.store.ledger(), self.store.batches());
        let batch = batches
            .get(number)
            .ok_or_else(|| Refusal::not_found(Why::NoBatch.of([("number", Value::number(number))])))?;
        may_step(&ledger, name, number, batch, step)
    }

    /// Marks what nobody decided and what was never made as expired. Returns those batches.
    ///
    /// # Errors
    /// When the store cannot write.
    pub fn expire_due(&self, today: Day) -> Result<Vec<BatchNumber>, RegistryError> {
        let waiting_days = i64::from(self.limits().waiting_days);
        let oldest = jiff::Timestamp::now().as_millisecond() - waiting_days * 86_400_000;
        let mut writer = self.store.writer()?;
        let mut due = Vec::new();
        for (number, batch) in self.store.batches().iter() {
            let (since, state) = batch.newest();
            let lapsed = match state {
                Submitted => self.store.entry(since)?.is_some_and(|entry| entry.time_unix_ms < oldest),
                Planned => batch.header.declared.lapses.is_some_and(|day| day < today),
                _ => false,
            };
            if lapsed {
                due.push(number);
            }
        }
        let hands = Hands::of(REGISTER, "");
        let expired = |&batch: &BatchNumber| {
            let reason = Own::TimeOver.recorded();
            let state = Expired as u32;
            Change::BatchStateChanged(BatchStateChanged { batch, state, reason, ..BatchStateChanged::default() })
        };
        if !due.is_empty() {
            self.commit(&mut writer, &hands, due.iter().map(expired).collect())?;
        }
        Ok(due)
    }

    fn taken_before(&self, hands: &Hands, batch: BatchNumber) -> Result<Option<StepTaken>, RegistryError> {
        let done = self.done_before(hands)?;
        Ok(done.map(|receipt| StepTaken { receipt, state: self.state_of(batch), another_needed: false }))
    }

    fn state_of(&self, number: BatchNumber) -> BatchState {
        self.store.batches().get(number).map_or(BatchState::Discarded, |batch| batch.newest().1)
    }

    /// Units that batches have drawn from a document: those in force or suspended, and those planned.
    pub fn drawn(&self, door: Door, document: &str) -> (u64, u64) {
        let (mut made, mut planned) = (0, 0);
        for (_, batch) in self.store.batches().iter() {
            if batch.header.door == door && batch.header.document == document {
                match batch.newest().1 {
                    Active | Suspended => made += batch.added,
                    Planned => planned += batch.added,
                    _ => {}
                }
            }
        }
        (made, planned)
    }

    /// Whether the document of a batch has room for it.
    fn check_document(&self, ledger: &Ledger, number: BatchNumber, batch: &Batch) -> Result<(), RegistryError> {
        let (door, name) = (batch.header.door, batch.header.document.as_str());
        if !self.limits().of(door).needs_document {
            return Ok(());
        }
        let document = ledger.document(door, name).ok_or_else(|| {
            let document = format!("{name:?}").into();
            Refusal::state(Why::NoDocument.of([("door", door.into()), ("document", document)]))
        })?;
        if document.valid_until.is_some_and(|day| day < today()) {
            return Err(Refusal::state(Why::DocumentEnded.of([("document", name.into())])));
        }
        let (made, planned) = self.drawn(door, name);
        let own = if batch.newest().1 == Planned { batch.added } else { 0 };
        let others = made + planned - own - if batch.newest().1 == Suspended { batch.added } else { 0 };
        if others + batch.added > document.quantity {
            return Err(Refusal::limit(Why::Overdrawn.of([
                ("document", name.into()),
                ("quantity", Value::Count(document.quantity)),
                ("drawn", Value::Count(others)),
                ("number", Value::number(number)),
                ("added", Value::Count(batch.added)),
            ])));
        }
        Ok(())
    }
}

/// Why a batch cannot take a step.
pub(super) fn cannot(step: Step, number: BatchNumber, batch: &Batch) -> RegistryError {
    if step == Step::Suspend && batch.header.class.is_none() {
        return Refusal::state(Why::NotSuspended.of([("number", Value::number(number))]));
    }
    let (done, now) = (Value::term("step", step.done()), Value::state(batch.newest().1));
    Refusal::state(Why::CannotStep.of([("number", Value::number(number)), ("state", now), ("done", done)]))
}

/// Who decides on a batch: an approver of its door who did not submit it. A submitter may take its own back.
fn may_step(ledger: &Ledger, name: &str, number: BatchNumber, batch: &Batch, step: Step) -> Result<(), RegistryError> {
    let principal = known(ledger, name)?;
    let own = batch.header.submitter == name;
    if own && step == Step::Reject {
        return Ok(());
    }
    if own {
        return Err(Refusal::not_allowed(Why::OwnBatch.of([("name", name.into()), ("number", Value::number(number))])));
    }
    let door = deciding_door(batch);
    if principal.has_for(Role::Approver, door) {
        return Ok(());
    }
    Err(Refusal::not_allowed(Why::NotApprover.of([("name", name.into()), ("door", door.into())])))
}

/// The door whose approvers decide on a batch: its own; for a report that an authority lifts, the other authority.
fn deciding_door(batch: &Batch) -> Door {
    match batch.header.declared.mode.as_str() {
        LIFT_BY_BARRED => Door::Court,
        LIFT_BY_COURT => Door::Barred,
        _ => batch.header.door,
    }
}

/// The day in Jakarta.
pub(super) fn today() -> Day {
    Day::of_unix_seconds(jiff::Timestamp::now().as_second())
}

/// Modes of a batch by which an authority takes off what an operator reported, by the door of who asked for it. The other
/// one decides, whatever roles the asker has by then.
pub(super) const LIFT_BY_BARRED: &str = "lift-by-barred";
pub(super) const LIFT_BY_COURT: &str = "lift-by-court";
