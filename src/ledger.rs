//! The ledger: principals, proposals, documents, overrides and limits, as the fold of their journal entries.
//!
//! Pure. Small beside the register itself, so it is held in memory and folded anew when a register opens. What always
//! holds: taking the same entries in the same order gives the same ledger, so any earlier one can be had.

use crate::{
    batch::BatchState,
    day::Day,
    journal::{AlarmRaised, Change, DocumentRegistered, Entry, Proposed},
    listing::{Door, coded},
    principal::{Credential, Grant, Principal, PrincipalKind, Principals, Role, ShownBy},
};
use std::collections::BTreeMap;

/// Digest of a preview (SHA-256); empty: none was made.
pub type PreviewDigest = Vec<u8>;

/// A change that waits for another person, or waited.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Who asked for it.
    pub proposer: String,
    /// Why.
    pub reason: String,
    /// What is to be done.
    pub change: Change,
    /// When it was made, in milliseconds since the Unix epoch.
    pub time_unix_ms: i64,
}

/// How a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The entry.
    pub seq: u64,
    /// Whether it was approved.
    pub approved: bool,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// An approval that is not the last one needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// By whom.
    pub by: String,
    /// The entry.
    pub seq: u64,
    /// What the approver had seen.
    pub preview: PreviewDigest,
}

/// A document with a quantity that batches draw down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The door that it is for.
    pub door: Door,
    /// Its number.
    pub number: String,
    /// Units that it allows.
    pub quantity: u64,
    /// Brand; may be empty.
    pub brand: String,
    /// Model; may be empty.
    pub model: String,
    /// Last day on which batches may draw on it.
    pub valid_until: Option<Day>,
    /// Who applied for it.
    pub holder: String,
    /// The entry that brought it.
    pub seq: u64,
}

coded! {
    /// What an override answers.
    OverrideAnswer, "an answer of an override", {
        /// Everything white.
        White = 1, "white";
        /// Everything grey.
        Grey = 2, "grey";
        /// As usual: the operator is left out of an override of all.
        AsUsual = 3, "as-usual";
    }
}

/// For a time the answers of an operator, or of all, are what this says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The operator; empty: all.
    pub operator: String,
    /// The answer.
    pub answer: OverrideAnswer,
    /// First second, since the Unix epoch.
    pub from_unix_s: i64,
    /// First second after it; an early end moves it.
    pub until_unix_s: i64,
    /// Why.
    pub reason: String,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// What kind.
    pub kind: String,
    /// In words.
    pub what: String,
    /// As it was raised, to be told in other languages.
    pub raised: AlarmRaised,
    /// The batch that raised it; 0: none.
    pub batch: u64,
    /// When, in milliseconds since the Unix epoch.
    pub time_unix_ms: i64,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    principals: Principals,
    open: BTreeMap<u64, Proposal>,
    decided: BTreeMap<u64, (Proposal, Decided)>,
    endorsed: BTreeMap<(u64, u8), Vec<Endorsement>>,
    documents: BTreeMap<(Door, String), Document>,
    overrides: BTreeMap<u64, Override>,
    alarms: BTreeMap<u64, Alarm>,
    limits: Option<(u64, String)>,
    two_administrators: bool,
}

impl Ledger {
    /// Who there is.
    pub const fn principals(&self) -> &Principals {
        &self.principals
    }

    /// The proposals that wait, by number.
    pub const fn open_proposals(&self) -> &BTreeMap<u64, Proposal> {
        &self.open
    }

    /// The proposals that were decided, by number.
    pub const fn decided_proposals(&self) -> &BTreeMap<u64, (Proposal, Decided)> {
        &self.decided
    }

    /// Who has approved a proposal (`None`), or a step of a batch to a state, so far.
    pub fn endorsements(&self, subject: u64, state: Option<BatchState>) -> &[Endorsement] {
        self.endorsed.get(&(subject, state.map_or(0, |state| state as u8))).map_or(&[], Vec::as_slice)
    }

    /// A document of a door.
    pub fn document(&self, door: Door, number: &str) -> Option<&Document> {
        self.documents.get(&(door, number.to_owned()))
    }

    /// Every document, by door and number.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    /// Every override, by number.
    pub const fn overrides(&self) -> &BTreeMap<u64, Override> {
        &self.overrides
    }

    /// Every alarm, by number.
    pub const fn alarms(&self) -> &BTreeMap<u64, Alarm> {
        &self.alarms
    }

    /// The limits of the doors: the entry that brought them, and their text. `None`: the built-in ones.
    pub const fn limits(&self) -> Option<&(u64, String)> {
        self.limits.as_ref()
    }

    /// Whether there have ever been two administrators at a time: from then on nobody is one by a single hand.
    pub const fn has_had_two_administrators(&self) -> bool {
        self.two_administrators
    }

    /// Takes an entry in. Entries that are not of the ledger change nothing.
    pub fn take(&mut self, entry: &Entry) {
        let Some(change) = &entry.change else { return };
        match change {
            Change::Proposed(proposed) => self.propose(entry, proposed),
            Change::Endorsed(endorsed) => {
                let state = u8::try_from(endorsed.state).unwrap_or_default();
                let preview = endorsed.preview_sha256.clone();
                let endorsement = Endorsement { by: entry.principal.clone(), seq: entry.seq, preview };
                self.endorsed.entry((endorsed.subject, state)).or_default().push(endorsement);
            }
            Change::ProposalClosed(closed) => {
                if let Some(proposal) = self.open.remove(&closed.proposal) {
                    let by = entry.principal.clone();
                    let reason = closed.reason.clone();
                    let decided = Decided { seq: entry.seq, approved: closed.approved, by, reason };
                    self.decided.insert(closed.proposal, (proposal, decided));
                }
            }
            Change::DocumentRegistered(document) => self.register(entry.seq, document),
            Change::OverrideSet(set) => {
                if let Some(answer) = u8::try_from(set.answer).ok().and_then(OverrideAnswer::from_code) {
                    let made = Override {
                        operator: set.operator.clone(),
                        answer,
                        from_unix_s: set.from_unix_s,
                        until_unix_s: set.until_unix_s,
                        reason: set.reason.clone(),
                    };
                    self.overrides.insert(entry.seq, made);
                }
            }
            Change::OverrideEnded(ended) => {
                if let Some(set) = self.overrides.get_mut(&ended.number) {
                    // A second before: the clock of the checks may lag by a tenth of one.
                    set.until_unix_s = set.until_unix_s.min(entry.time_unix_ms.div_euclid(1000) - 1);
                }
            }
            Change::AlarmRaised(raised) => {
                let (kind, what) = (raised.kind.clone(), raised.what.clone());
                let (batch, time_unix_ms) = (raised.batch, entry.time_unix_ms);
                let alarm = Alarm { kind, what, raised: raised.clone(), batch, time_unix_ms };
                self.alarms.insert(entry.seq, alarm);
            }
            Change::LimitsApplied(limits) => self.limits = Some((entry.seq, limits.toml.clone())),
            other => {
                self.take_people(entry.seq, other);
                self.two_administrators |= self.principals.count(Role::Administrator) > 1;
            }
        }
    }

    fn propose(&mut self, entry: &Entry, proposed: &Proposed) {
        let Some(change) = proposed.change.clone() else { return };
        let (proposer, reason) = (entry.principal.clone(), proposed.reason.clone());
        self.open.insert(entry.seq, Proposal { proposer, reason, change, time_unix_ms: entry.time_unix_ms });
    }

    fn register(&mut self, seq: u64, document: &DocumentRegistered) {
        let Some(door) = u8::try_from(document.door).ok().and_then(Door::from_code) else { return };
        let registered = Document {
            door,
            number: document.number.clone(),
            quantity: document.quantity,
            brand: document.brand.clone(),
            model: document.model.clone(),
            valid_until: day(document.valid_until_plus_one),
            holder: document.holder.clone(),
            seq,
        };
        self.documents.insert((door, document.number.clone()), registered);
    }

    fn take_people(&mut self, seq: u64, change: &Change) {
        let principals = &mut self.principals;
        match change {
            Change::PrincipalAdded(added) => {
                let Some(kind) = u8::try_from(added.kind).ok().and_then(PrincipalKind::from_code) else { return };
                principals.add(Principal {
                    name: added.name.clone(),
                    kind,
                    title: added.title.clone(),
                    operator: added.operator.clone(),
                    revoked: false,
                    grants: BTreeMap::new(),
                    credentials: BTreeMap::new(),
                });
            }
            Change::CredentialIssued(issued) => {
                let token = issued.token_sha256.as_slice().try_into().ok().map(ShownBy::Token);
                let shown_by = token.unwrap_or_else(|| ShownBy::Certificate(issued.certificate_subject.clone()));
                let credential = Credential { shown_by, expires_unix_s: issued.expires_unix_s, revoked: false };
                principals.issue(&issued.principal, seq, credential);
            }
            Change::CredentialRevoked(revoked) => principals.change(
                |principal| principal.credentials.contains_key(&revoked.credential),
                |principal| {
                    if let Some(credential) = principal.credentials.get_mut(&revoked.credential) {
                        credential.revoked = true;
                    }
                },
            ),
            Change::PrincipalRevoked(revoked) => {
                principals.change(|principal| principal.name == revoked.name, |principal| principal.revoked = true);
            }
            Change::RoleGranted(granted) => {
                let Some(role) = u8::try_from(granted.role).ok().and_then(Role::from_code) else { return };
                let doors =
                    granted.doors.iter().filter_map(|code| Door::from_code(u8::try_from(*code).ok()?)).collect();
                let grant = Grant { role, doors };
                principals.change(
                    |principal| principal.name == granted.principal,
                    |principal| _ = principal.grants.insert(seq, grant),
                );
            }
            Change::RoleWithdrawn(withdrawn) => principals.change(
                |principal| principal.grants.contains_key(&withdrawn.grant),
                |principal| _ = principal.grants.remove(&withdrawn.grant),
            ),
            _ => {}
        }
    }
}

/// The override in force for an operator at a moment, with its number. One for the operator itself goes before one for
/// all, and of several the newest counts; one that says "as usual" leaves the operator out.
pub fn override_at(
    overrides: &BTreeMap<u64, Override>,
    operator: Option<&str>,
    now_unix_s: i64,
) -> Option<(u64, OverrideAnswer)> {
    if overrides.is_empty() {
        return None;
    }
    let now = |set: &&Override| (set.from_unix_s..set.until_unix_s).contains(&now_unix_s);
    let newest = |is_for: &dyn Fn(&Override) -> bool| {
        overrides.iter().rev().find(|(_, set)| is_for(set) && now(set)).map(|(number, set)| (*number, set.answer))
    };
    let own =
        operator.and_then(|name| newest(&|set| !set.operator.is_empty() && set.operator.eq_ignore_ascii_case(name)));
    let found = own.or_else(|| newest(&|set| set.operator.is_empty()));
    found.filter(|(_, answer)| *answer != OverrideAnswer::AsUsual)
}

/// A day of an entry: days since 1970-01-01 plus 1.
fn day(plus_one: u32) -> Option<Day> {
    Day::from_stored(u16::try_from(plus_one.checked_sub(1)?).ok()?)
}
