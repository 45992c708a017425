//! Submitting: a list comes on record and waits for another person.
//!
//! What always holds: nothing of a submitted list is visible to a check; it is of a door whose submitter brought it;
//! what looks wrong is said to the submitter and stands in the journal before anybody can approve.

use super::{
    Goal, Guard, ImportOrder, ImportSummary, Meter, Refusal, Registry, RegistryError, import::sources,
    operate::operator_of, people::known,
};
use crate::{
    alarm::Alarm,
    batch::Declared,
    import::{Gathered, Mode},
    journal::{BatchSubmitted, Change},
    ledger::Ledger,
    listing::Door,
    principal::{Principal, Role},
    store::Hands,
    words::Why,
};
use std::collections::BTreeSet;

/// What goes with a submitted list.
#[derive(Clone, Debug)]
pub struct SubmitOrder {
    /// What the list does to the door's list.
    pub mode: Mode,
    /// Document that it rests on; may be empty.
    pub document: String,
    /// By how many percent a full list may be shorter than the one it replaces.
    pub max_drop_percent: u8,
    /// What the submitter declares.
    pub declared: Declared,
    /// Tells another thread how far it is.
    pub meter: Meter,
}

/// What became of a submission.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// What the list amounts to, and its batches.
    pub summary: ImportSummary,
    /// What looks wrong.
    pub alarms: Vec<Alarm>,
}

impl Registry {
    /// The operator for which somebody submits.
    ///
    /// # Errors
    /// When the caller is no submitter of the door, or acts for another operator.
    pub fn may_submit(&self, hands: &Hands, door: Door, operator: &str) -> Result<String, RegistryError> {
        let ledger = self.store.ledger();
        operator_of(may_submit(&ledger, &hands.principal, door)?, operator, &self.limits())
    }

    /// What a request that comes again made when it came first.
    fn submitted_before(&self, mut summary: ImportSummary, list: &Gathered) -> Result<Submitted, RegistryError> {
        let entry = self.store.entry(summary.revision.seq)?;
        if let Some(Change::BatchSubmitted(BatchSubmitted { body: Some(body), .. })) = entry.and_then(|e| e.change) {
            if body.sources != sources(list) {
                return Err(Refusal::invalid(
                    "this request brought another file before: give the list a request of its own (--request)",
                ));
            }
            summary.batches = vec![body.batch];
        }
        Ok(Submitted { summary, alarms: Vec::new() })
    }

    /// Refuses rows of other operators from who belongs to one.
    fn is_of_own(&self, hands: &Hands, list: &Gathered, own: &str) -> Result<(), RegistryError> {
        let ledger = self.store.ledger();
        if known(&ledger, &hands.principal)?.operator.is_empty() {
            return Ok(());
        }
        let devices = list.devices.iter().map(|row| &row.operator);
        let removed = list.removed.iter().map(|row| &row.operator);
        let (pairings, subscribers) = (list.pairings.operators(), list.subscribers.operators());
        let mut named = devices.chain(removed).chain(&pairings).chain(&subscribers).flatten();
        match named.find(|operator| operator.as_ref() != own) {
            Some(other) => {
                let name = &hands.principal;
                Err(Refusal::not_allowed(format!("{name} acts for {own}, and rows of the list are of {other}")))
            }
            None => Ok(()),
        }
    }

    /// Brings a list on record.
    ///
    /// # Errors
    /// When the caller may not, the list replaces too much, its document is unknown, or the store cannot write.
    pub fn submit(&self, hands: &Hands, list: Gathered, order: SubmitOrder) -> Result<Submitted, RegistryError> {
        let own = self.may_submit(hands, list.door, list.operator.as_deref().unwrap_or_default())?;
        self.is_of_own(hands, &list, &own)?;
        // Before it is judged: a list that comes twice is no second list in the past that later ones are held against.
        if let Some(summary) = self.imported_before(hands, list.kind, list.door, Goal::Submitted)? {
            return self.submitted_before(summary, &list);
        }
        let ledger = self.store.ledger();
        if self.limits().of(list.door).needs_document && ledger.document(list.door, &order.document).is_none() {
            let (door, name) = (list.door, &order.document);
            let document = format!("{name:?}").into();
            return Err(Refusal::state(Why::NoDocument.of([("door", door.into()), ("document", document)])));
        }
        let judged = self.judge(hands, &list, &order.document, &order.declared)?;
        let (name, door) = (hands.principal.clone(), list.door);
        let order = ImportOrder {
            mode: order.mode,
            document: order.document,
            max_drop_percent: order.max_drop_percent,
            hands: hands.clone(),
            goal: Goal::Submitted,
            declared: order.declared,
            guard: Guard::new(BTreeSet::new(), move |store| may_submit(&store.ledger(), &name, door).map(|_| ())),
            alarms: judged.alarms.clone(),
            meter: order.meter,
        };
        let summary = self.import(list, &order)?;
        if !summary.batches.is_empty() && !summary.repeated {
            self.remember(&judged);
        }
        Ok(Submitted { summary, alarms: judged.alarms })
    }
}

/// The caller, if it is a submitter of a door.
fn may_submit<'a>(ledger: &'a Ledger, name: &str, door: Door) -> Result<&'a Principal, RegistryError> {
    let caller = known(ledger, name)?;
    if caller.has_for(Role::Submitter, door) {
        return Ok(caller);
    }
    Err(Refusal::not_allowed(format!("{name} is not a submitter for door {door}")))
}
