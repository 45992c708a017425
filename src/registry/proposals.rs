//! Proposals: changes that take two persons.
//!
//! One asks, another approves, and the change is carried out in the very write that closes the proposal. What always
//! holds: the one who asked never approves, whatever token is shown; who may ask and who may approve is decided here,
//! from the ledger under the right to write.

use super::{
    Refusal, Registry, RegistryError,
    people::{CredentialOrder, Receipt, drafts, is_free, issued, known, require},
    previews::is_as_seen,
};
use crate::{
    day::Day,
    door_limits::Limits,
    journal::{
        BOOTSTRAP, Change, CredentialIssued, DocumentRegistered, LimitsApplied, OverrideEnded, OverrideSet,
        ProposalClosed, Proposed, RoleGranted, SettingsApplied,
    },
    ledger::{Ledger, OverrideAnswer, Proposal},
    listing::Door,
    policy::Settings,
    preview::Preview,
    principal::{Role, Token},
    store::{Draft, Hands},
    words::{Own, Value, Why},
};

/// Longest override, in seconds.
const OVERRIDE_SECONDS_MAX: i64 = 30 * 86_400;

/// A change that takes two persons, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A role for a principal.
    GrantRole {
        /// Who gets it.
        principal: String,
        /// The role.
        role: Role,
        /// The doors that it is for.
        doors: Vec<Door>,
    },
    /// Another credential for a principal.
    IssueCredential {
        /// Whose it is.
        principal: String,
        /// How it shows who it is.
        credential: CredentialOrder,
        /// Days that it counts; 0: a year.
        days: u32,
    },
    /// A document with a quantity.
    RegisterDocument {
        /// The door.
        door: Door,
        /// Its number.
        number: String,
        /// Units that it allows.
        quantity: u64,
        /// Brand; may be empty.
        brand: String,
        /// Model; may be empty.
        model: String,
        /// Last day on which batches may draw on it.
        valid_until: Option<Day>,
        /// Who applied for it.
        holder: String,
    },
    /// For a time the answers of an operator, or of all, are what this says.
    SetOverride {
        /// The operator; empty: all.
        operator: String,
        /// The answer.
        answer: OverrideAnswer,
        /// First second; 0: as soon as it is approved.
        from_unix_s: i64,
        /// First second after it.
        until_unix_s: i64,
    },
    /// A settings document.
    ApplySettings {
        /// The document.
        toml: String,
        /// From when it holds; 0: as soon as it is approved.
        effective_from_unix_s: i64,
    },
    /// The limits of the doors.
    ApplyLimits {
        /// The document.
        toml: String,
    },
}

/// What became of an order.
#[derive(Clone, Debug)]
pub struct ProposalMade {
    /// The change.
    pub receipt: Receipt,
    /// Number of the proposal; 0 for a request that had been carried out before.
    pub number: u64,
    /// The token that was made with it, if one was; it counts once the proposal is approved.
    pub token: Option<Token>,
}

impl Registry {
    /// Asks for a change that takes two persons. As long as a register has had one administrator only, that one may
    /// make a second by itself: nobody else could approve it.
    ///
    /// # Errors
    /// When the caller may not ask for it, or it makes no sense, or the store cannot write.
    pub fn propose(&self, hands: &Hands, order: &Order, reason: &str) -> Result<ProposalMade, RegistryError> {
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(ProposalMade { receipt, number: 0, token: None });
        }
        let ledger = self.store.ledger();
        let (change, token) = checked(&ledger, order)?;
        may_propose(&ledger, &hands.principal, order)?;
        let number = writer.next_seq();
        let proposed = Change::Proposed(Box::new(Proposed { reason: reason.to_owned(), change: Some(change.clone()) }));
        let mut changes = drafts(hands, vec![proposed]);
        if let Order::GrantRole { role: Role::Administrator, .. } = order
            && ledger.principals().count(Role::Administrator) == 1
            && !ledger.has_had_two_administrators()
        {
            let closed = ProposalClosed {
                proposal: number,
                approved: true,
                reason: Own::SecondAdministrator.recorded(),
                preview_sha256: Vec::new(),
            };
            let by_itself = Hands { principal: BOOTSTRAP.to_owned(), ..Hands::bootstrap() };
            changes.extend(drafts(&by_itself, vec![Change::ProposalClosed(closed)]));
            let both = Hands { request: String::new(), ..hands.clone() }.approved_by(BOOTSTRAP);
            changes.extend(drafts(&both, vec![change]));
        }
        let revision = writer.commit(changes, Vec::new())?;
        self.publish_ledger(&writer);
        Ok(ProposalMade { receipt: Receipt { revision, repeated: false }, number, token })
    }

    /// Approves a proposal of somebody else and carries it out. `preview_sha256` is the digest of the preview that was
    /// looked at; empty: none. Settings that change the answers of more IMEIs than a large batch has need one.
    ///
    /// # Errors
    /// When there is none, the caller made it or may not approve it, it would do something else than was looked at, or
    /// the store cannot write.
    pub fn approve_proposal(
        &self,
        hands: &Hands,
        number: u64,
        reason: &str,
        preview_sha256: &[u8],
    ) -> Result<Receipt, RegistryError> {
        // Long work happens before anybody is kept waiting, and is held against the revision under the lock.
        let change = self.store.ledger().open_proposals().get(&number).map(|proposal| proposal.change.clone());
        let mut seen = change.as_ref().map_or(Ok(None), |change| self.preview_of_change(change))?;
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(receipt);
        }
        let ledger = self.store.ledger();
        let proposal = waiting(&ledger, number)?;
        if proposal.proposer == hands.principal {
            return Err(Refusal::not_allowed(
                Why::OwnProposal.of([("name", hands.principal.as_str().into()), ("number", Value::number(number))]),
            ));
        }
        may_approve(&ledger, &hands.principal, proposal)?;
        may_still_ask(&ledger, number, proposal)?;
        if let Change::RoleGranted(RoleGranted { principal, .. })
        | Change::CredentialIssued(CredentialIssued { principal, .. }) = &proposal.change
        {
            known(&ledger, principal)?;
        }
        if let Change::CredentialIssued(issued) = &proposal.change
            && !issued.certificate_subject.is_empty()
        {
            let certificate = CredentialOrder::Certificate(issued.certificate_subject.clone());
            is_free(&ledger, &issued.principal, &certificate)?;
        }
        self.is_not_lapsed(proposal.time_unix_ms)?;
        if seen.as_ref().is_some_and(|preview| preview.revision != self.store.applied()) {
            seen = self.preview_of_change(&proposal.change)?;
        }
        let is_large = |preview: &Preview| preview.imeis > self.limits().large_batch || !preview.unlisted.is_empty();
        let is_large = seen.as_ref().is_some_and(is_large);
        is_as_seen(("proposal", number), seen.as_ref(), preview_sha256, is_large)?;
        let preview_sha256 = preview_sha256.to_vec();
        let closed = ProposalClosed { proposal: number, approved: true, reason: reason.to_owned(), preview_sha256 };
        let mut changes = drafts(hands, vec![Change::ProposalClosed(closed)]);
        let of_both =
            Hands { principal: proposal.proposer.clone(), approver: hands.principal.clone(), request: String::new() };
        let change = effective_now(proposal.change.clone(), &proposal.reason);
        let is_settings = matches!(change, Change::SettingsApplied(_));
        changes.push(Draft { hands: of_both, partition: String::new(), change });
        let revision = writer.commit(changes, Vec::new())?;
        self.publish_ledger(&writer);
        if is_settings {
            self.publish_settings(&writer);
        }
        Ok(Receipt { revision, repeated: false })
    }

    /// Refuses a proposal; the one who made it may take it back.
    ///
    /// # Errors
    /// When there is none, the caller may neither approve it nor made it, or the store cannot write.
    pub fn reject_proposal(&self, hands: &Hands, number: u64, reason: &str) -> Result<Receipt, RegistryError> {
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(receipt);
        }
        let ledger = self.store.ledger();
        let proposal = waiting(&ledger, number)?;
        if proposal.proposer != hands.principal {
            may_approve(&ledger, &hands.principal, proposal)?;
        }
        let reason = reason.to_owned();
        let closed = ProposalClosed { proposal: number, approved: false, reason, preview_sha256: Vec::new() };
        self.commit(&mut writer, hands, vec![Change::ProposalClosed(closed)])
    }

    /// Ends an override before its time. For administrators; one suffices, because it only puts back what is usual.
    ///
    /// # Errors
    /// When there is none that could end, the caller is no administrator, or the store cannot write.
    pub fn end_override(&self, hands: &Hands, number: u64, reason: &str) -> Result<Receipt, RegistryError> {
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(receipt);
        }
        let ledger = self.store.ledger();
        require(&ledger, &hands.principal, Role::Administrator)?;
        let set = ledger.overrides().get(&number).filter(|set| set.until_unix_s > jiff::Timestamp::now().as_second());
        set.ok_or_else(|| Refusal::not_found(Why::NoOverride.of([("number", Value::number(number))])))?;
        self.commit(
            &mut writer,
            hands,
            vec![Change::OverrideEnded(OverrideEnded { number, reason: reason.to_owned() })],
        )
    }

    /// Refuses what nobody has decided for too long.
    pub(super) fn is_not_lapsed(&self, made_unix_ms: i64) -> Result<(), RegistryError> {
        let days = i64::from(self.limits().waiting_days);
        if jiff::Timestamp::now().as_millisecond() - made_unix_ms > days * 86_400_000 {
            return Err(Refusal::state(Why::Lapsed.of([("days", Value::Text(days.to_string()))])));
        }
        Ok(())
    }

    /// The limits of the doors in force.
    pub fn limits(&self) -> Limits {
        let ledger = self.store.ledger();
        // It was read when it was taken in.
        ledger.limits().and_then(|(_, toml)| Limits::from_toml(toml).ok()).unwrap_or_default()
    }
}

fn waiting(ledger: &Ledger, number: u64) -> Result<&Proposal, RegistryError> {
    if let Some(proposal) = ledger.open_proposals().get(&number) {
        return Ok(proposal);
    }
    Err(match ledger.decided_proposals().get(&number) {
        Some((_, decided)) => {
            Refusal::state(Why::Decided.of([("number", Value::number(number)), ("name", decided.by.as_str().into())]))
        }
        None => Refusal::not_found(Why::NoProposal.of([("number", Value::number(number))])),
    })
}

/// What was to begin "as soon as it is approved" begins now.
fn effective_now(change: Change, reason: &str) -> Change {
    // The clock of the checks may lag by a tenth of a second: what is acknowledged holds for it too.
    let now = jiff::Timestamp::now().as_second() - 1;
    match change {
        Change::OverrideSet(set) => {
            let from_unix_s = if set.from_unix_s == 0 { now } else { set.from_unix_s };
            Change::OverrideSet(OverrideSet { from_unix_s, reason: reason.to_owned(), ..set })
        }
        Change::SettingsApplied(settings) if settings.effective_from_unix_s == 0 => {
            Change::SettingsApplied(SettingsApplied { effective_from_unix_s: now, ..settings })
        }
        other => other,
    }
}

fn no_principal(name: &str) -> RegistryError {
    Refusal::not_found(Why::NoPrincipal.of([("name", format!("{name:?}").into())]))
}

/// The change of an order, if the order makes sense, and the token that it brings.
fn checked(ledger: &Ledger, order: &Order) -> Result<(Change, Option<Token>), RegistryError> {
    Ok(match order {
        Order::GrantRole { principal, role, doors } => {
            known(ledger, principal).map_err(|_| no_principal(principal))?;
            if role.has_doors() == doors.is_empty() {
                let why = if doors.is_empty() { Why::RoleNeedsDoors } else { Why::RoleWithoutDoors };
                return Err(Refusal::invalid(why.of([("role", Value::role(*role))])));
            }
            let doors = doors.iter().map(|door| u32::from(door.code())).collect();
            let granted = RoleGranted { principal: principal.clone(), role: u32::from(role.code()), doors };
            (Change::RoleGranted(granted), None)
        }
        Order::IssueCredential { principal, credential, days } => {
            known(ledger, principal).map_err(|_| no_principal(principal))?;
            is_free(ledger, principal, credential)?;
            issued(principal, credential, *days)?
        }
        Order::RegisterDocument { door, number, quantity, brand, model, valid_until, holder } => {
            if number.trim().is_empty() || *quantity == 0 {
                return Err(Refusal::invalid(Why::EmptyDocument));
            }
            let registered = DocumentRegistered {
                door: u32::from(door.code()),
                number: number.clone(),
                quantity: *quantity,
                brand: brand.clone(),
                model: model.clone(),
                valid_until_plus_one: valid_until.map_or(0, |day| u32::from(day.get()) + 1),
                holder: holder.clone(),
            };
            (Change::DocumentRegistered(registered), None)
        }
        Order::SetOverride { operator, answer, from_unix_s, until_unix_s } => {
            let now = jiff::Timestamp::now().as_second();
            let from = if *from_unix_s == 0 { now } else { *from_unix_s };
            if *until_unix_s <= from.max(now) || until_unix_s - from > OVERRIDE_SECONDS_MAX {
                return Err(Refusal::invalid(Why::OverrideTime));
            }
            let set = OverrideSet {
                operator: operator.to_ascii_lowercase(),
                answer: u32::from(answer.code()),
                from_unix_s: *from_unix_s,
                until_unix_s: *until_unix_s,
                reason: String::new(),
            };
            (Change::OverrideSet(set), None)
        }
        Order::ApplySettings { toml, effective_from_unix_s } => {
            let settings = Settings::from_toml(toml).map_err(|error| RegistryError::Settings(error.to_string()))?;
            let applied = SettingsApplied { toml: settings.to_toml(), effective_from_unix_s: *effective_from_unix_s };
            (Change::SettingsApplied(applied), None)
        }
        Order::ApplyLimits { toml } => {
            let limits = Limits::from_toml(toml).map_err(|error| Refusal::invalid(error.to_string()))?;
            (Change::LimitsApplied(LimitsApplied { toml: limits.to_toml() }), None)
        }
    })
}

fn may_propose(ledger: &Ledger, name: &str, order: &Order) -> Result<(), RegistryError> {
    match order {
        Order::RegisterDocument { door, .. } => {
            let principal = known(ledger, name)?;
            if principal.has_for(Role::Submitter, *door) || principal.has_for(Role::Approver, *door) {
                return Ok(());
            }
            Err(Refusal::not_allowed(Why::NotOfDoor.of([("name", name.into()), ("door", (*door).into())])))
        }
        _ => require(ledger, name, Role::Administrator).map(|_| ()),
    }
}

/// Who was revoked, or lost the role, asks for nothing any more.
fn may_still_ask(ledger: &Ledger, number: u64, proposal: &Proposal) -> Result<(), RegistryError> {
    let may = match &proposal.change {
        Change::DocumentRegistered(document) => known(ledger, &proposal.proposer).is_ok_and(|principal| {
            let door = u8::try_from(document.door).ok().and_then(Door::from_code);
            let has = |role| door.is_some_and(|door| principal.has_for(role, door));
            has(Role::Submitter) || has(Role::Approver)
        }),
        _ => require(ledger, &proposal.proposer, Role::Administrator).is_ok(),
    };
    if may {
        return Ok(());
    }
    let name = proposal.proposer.as_str().into();
    Err(Refusal::state(Why::MayNoLonger.of([("name", name), ("number", Value::number(number))])))
}

fn may_approve(ledger: &Ledger, name: &str, proposal: &Proposal) -> Result<(), RegistryError> {
    match &proposal.change {
        Change::DocumentRegistered(document) => {
            let principal = known(ledger, name)?;
            let door = u8::try_from(document.door).ok().and_then(Door::from_code);
            if door.is_some_and(|door| principal.has_for(Role::Approver, door)) {
                return Ok(());
            }
            let door = door.map_or_else(|| "?".into(), Value::from);
            Err(Refusal::not_allowed(Why::NotApprover.of([("name", name.into()), ("door", door)])))
        }
        _ => require(ledger, name, Role::Administrator).map(|_| ()),
    }
}
