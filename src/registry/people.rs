//! Principals: they come, show who they are, and go.
//!
//! A principal without a role can do nothing, so one administrator may add it; a role takes two (`proposals`). What
//! always holds: a token is given out once and kept as its hash; taking away needs one person, so that a leak is
//! stopped at once; one administrator always remains.

use super::{Refusal, Registry, RegistryError, import::repeated};
use crate::{
    journal::{
        Change, CredentialIssued, CredentialRevoked, PrincipalAdded, PrincipalRevoked, RoleGranted, RoleWithdrawn,
    },
    ledger::Ledger,
    principal::{Principal, PrincipalKind, Role, ShownBy, Token, TokenHash, check_name},
    revision::Revision,
    store::{Draft, Hands, Writer},
    words::{Own, Value, Why},
};

/// Days that a credential counts where nobody says otherwise.
const DAYS: u32 = 365;
/// Days that a credential counts at most.
const DAYS_MAX: u32 = 3 * 366;
const SECONDS_PER_DAY: i64 = 86_400;

/// A change that is durable and visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its newest entry.
    pub revision: Revision,
    /// The request had been carried out before; nothing was done now.
    pub repeated: bool,
}

/// How a principal is to show who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialOrder {
    /// By a token that is made now.
    Token,
    /// By a certificate with this common name.
    Certificate(String),
}

/// A principal that is to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPrincipal {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// Who that is, in words.
    pub title: String,
    /// The operator that it belongs to; empty: none.
    pub operator: String,
    /// How it shows who it is.
    pub credential: CredentialOrder,
    /// Days that this counts; 0: a year.
    pub days: u32,
}

/// A credential that was given out.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The change.
    pub receipt: Receipt,
    /// The token; none for a certificate, and none for a request that had been carried out before.
    pub token: Option<Token>,
    /// Number of the credential; 0 for a request that had been carried out before.
    pub credential: u64,
}

impl Registry {
    /// Makes the first administrator of a register without principals, and its token. From then on nothing enters the
    /// register unapproved. `None` when there are principals already.
    ///
    /// # Errors
    /// When the name is no name, or the store cannot write.
    pub fn found_administrator(&self, name: &str) -> Result<Option<Issued>, RegistryError> {
        let mut writer = self.store.writer()?;
        if !self.store.ledger().principals().is_empty() {
            return Ok(None);
        }
        let new = NewPrincipal {
            name: name.to_owned(),
            kind: PrincipalKind::Person,
            title: Own::FirstAdministrator.recorded(),
            operator: String::new(),
            credential: CredentialOrder::Token,
            days: 0,
        };
        let (mut changes, token) = added(&new)?;
        let role = u32::from(Role::Administrator.code());
        changes.push(Change::RoleGranted(RoleGranted { principal: new.name, role, doors: Vec::new() }));
        let credential = writer.next_seq() + 1;
        let receipt = self.commit(&mut writer, &Hands::bootstrap(), changes)?;
        Ok(Some(Issued { receipt, token, credential }))
    }

    /// Adds a principal without roles. For administrators.
    ///
    /// # Errors
    /// When the caller is none, the name is taken or no name, or the store cannot write.
    pub fn add_principal(&self, hands: &Hands, new: &NewPrincipal) -> Result<Issued, RegistryError> {
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(Issued { receipt, token: None, credential: 0 });
        }
        let ledger = self.store.ledger();
        require(&ledger, &hands.principal, Role::Administrator)?;
        if ledger.principals().get(&new.name).is_some() {
            return Err(Refusal::state(Why::NameTaken.of([("name", new.name.as_str().into())])));
        }
        is_free(&ledger, &new.name, &new.credential)?;
        let (changes, token) = added(new)?;
        let credential = writer.next_seq() + 1;
        let receipt = self.commit(&mut writer, hands, changes)?;
        Ok(Issued { receipt, token, credential })
    }

    /// Gives the caller a new token; the one that it shows counts no more.
    ///
    /// # Errors
    /// When the shown token is not the caller's, or the store cannot write.
    pub fn rotate_token(&self, hands: &Hands, shown: &TokenHash, days: u32) -> Result<Issued, RegistryError> {
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(Issued { receipt, token: None, credential: 0 });
        }
        let ledger = self.store.ledger();
        let known = ledger.principals().get(&hands.principal).filter(|principal| !principal.revoked);
        let old = known
            .and_then(|principal| credential_of(principal, shown))
            .ok_or_else(|| Refusal::not_allowed(Why::OnlyOwnToken))?;
        let (issued, token) = issued(&hands.principal, &CredentialOrder::Token, days)?;
        let reason = Own::Rotated.recorded();
        let changes = vec![issued, Change::CredentialRevoked(CredentialRevoked { credential: old, reason })];
        let credential = writer.next_seq();
        let receipt = self.commit(&mut writer, hands, changes)?;
        Ok(Issued { receipt, token, credential })
    }

    /// Takes a credential back. For administrators.
    ///
    /// # Errors
    /// When the caller is none, there is no such credential, or the store cannot write.
    pub fn revoke_credential(&self, hands: &Hands, credential: u64, reason: &str) -> Result<Receipt, RegistryError> {
        self.take_back(hands, |ledger| {
            let holder = ledger.principals().holder_of(credential);
            let holder = holder
                .ok_or_else(|| Refusal::not_found(Why::NoCredential.of([("number", Value::number(credential))])))?;
            let others = holder.credentials.iter().filter(|(number, one)| **number != credential && !one.revoked);
            if others.count() == 0 {
                keep_an_administrator(ledger, holder)?;
            }
            Ok(Change::CredentialRevoked(CredentialRevoked { credential, reason: reason.to_owned() }))
        })
    }

    /// Takes a principal back, with all that it has. For administrators.
    ///
    /// # Errors
    /// When the caller is none, there is no such principal, it is the last administrator, or the store cannot write.
    pub fn revoke_principal(&self, hands: &Hands, name: &str, reason: &str) -> Result<Receipt, RegistryError> {
        self.take_back(hands, |ledger| {
            let known = ledger.principals().get(name).filter(|principal| !principal.revoked);
            let known =
                known.ok_or_else(|| Refusal::not_found(Why::NoPrincipal.of([("name", format!("{name:?}").into())])))?;
            keep_an_administrator(ledger, known)?;
            Ok(Change::PrincipalRevoked(PrincipalRevoked { name: name.to_owned(), reason: reason.to_owned() }))
        })
    }

    /// Takes a role back. For administrators.
    ///
    /// # Errors
    /// When the caller is none, there is no such grant, it is the last administrator's, or the store cannot write.
    pub fn withdraw_role(&self, hands: &Hands, grant: u64, reason: &str) -> Result<Receipt, RegistryError> {
        self.take_back(hands, |ledger| {
            let grantee = ledger.principals().grantee_of(grant);
            let grantee =
                grantee.ok_or_else(|| Refusal::not_found(Why::NoGrant.of([("number", Value::number(grant))])))?;
            if grantee.grants.get(&grant).is_some_and(|grant| grant.role == Role::Administrator) {
                keep_an_administrator(ledger, grantee)?;
            }
            Ok(Change::RoleWithdrawn(RoleWithdrawn { grant, reason: reason.to_owned() }))
        })
    }

    fn take_back(
        &self,
        hands: &Hands,
        change: impl FnOnce(&Ledger) -> Result<Change, RegistryError>,
    ) -> Result<Receipt, RegistryError> {
        let mut writer = self.store.writer()?;
        if let Some(receipt) = self.done_before(hands)? {
            return Ok(receipt);
        }
        let ledger = self.store.ledger();
        require(&ledger, &hands.principal, Role::Administrator)?;
        let change = change(&ledger)?;
        self.commit(&mut writer, hands, vec![change])
    }

    /// The receipt of a request that was carried out before.
    pub(super) fn done_before(&self, hands: &Hands) -> Result<Option<Receipt>, RegistryError> {
        let done = repeated(&self.store, hands)?;
        let revision = self.store.applied();
        Ok(done.map(|seq| Receipt { revision: Revision { seq, ..revision }, repeated: true }))
    }

    /// Writes changes that no check reads. The request is named by the last of them.
    pub(super) fn commit(
        &self,
        writer: &mut Writer<'_>,
        hands: &Hands,
        changes: Vec<Change>,
    ) -> Result<Receipt, RegistryError> {
        let drafts = drafts(hands, changes);
        let revision = writer.commit(drafts, Vec::new())?;
        self.publish_ledger(writer);
        Ok(Receipt { revision, repeated: false })
    }
}

/// The drafts of one person's changes.
pub(super) fn drafts(hands: &Hands, changes: Vec<Change>) -> Vec<Draft> {
    let draft = |change| Draft { hands: hands.clone(), partition: String::new(), change };
    changes.into_iter().map(draft).collect()
}

/// The caller, if it is known and not revoked.
pub(super) fn known<'a>(ledger: &'a Ledger, name: &str) -> Result<&'a Principal, RegistryError> {
    let known = ledger.principals().get(name).filter(|principal| !principal.revoked);
    known.ok_or_else(|| Refusal::not_allowed(Why::NotKnown.of([("name", name.into())])))
}

/// The caller, if it has a role.
pub(super) fn require<'a>(ledger: &'a Ledger, name: &str, role: Role) -> Result<&'a Principal, RegistryError> {
    let principal = known(ledger, name)?;
    if principal.has(role) {
        return Ok(principal);
    }
    Err(Refusal::not_allowed(Why::NotRole.of([("role", Value::role(role)), ("name", name.into())])))
}

fn keep_an_administrator(ledger: &Ledger, leaving: &Principal) -> Result<(), RegistryError> {
    let administrators = ledger.principals().count(Role::Administrator);
    let least = if ledger.has_had_two_administrators() { 3 } else { 2 };
    if leaving.has(Role::Administrator) && administrators < least {
        return Err(Refusal::state(Why::KeepTwo));
    }
    Ok(())
}

fn credential_of(principal: &Principal, shown: &TokenHash) -> Option<u64> {
    let mut credentials = principal.credentials.iter();
    let found = credentials.find(|(_, one)| !one.revoked && one.shown_by == ShownBy::Token(*shown));
    found.map(|(number, _)| *number)
}

fn added(new: &NewPrincipal) -> Result<(Vec<Change>, Option<Token>), RegistryError> {
    check_name(&new.name)
        .map_err(|error| Refusal::invalid(Why::BadName.of([("name", format!("{:?}", error.name()).into())])))?;
    let added = PrincipalAdded {
        name: new.name.clone(),
        kind: u32::from(new.kind.code()),
        title: new.title.chars().take(200).collect(),
        operator: new.operator.to_ascii_lowercase(),
    };
    let (issued, token) = issued(&new.name, &new.credential, new.days)?;
    Ok((vec![Change::PrincipalAdded(added), issued], token))
}

/// Refuses a certificate whose subject is another principal's: who shows it would be taken for somebody else.
pub(super) fn is_free(ledger: &Ledger, name: &str, order: &CredentialOrder) -> Result<(), RegistryError> {
    let CredentialOrder::Certificate(subject) = order else { return Ok(()) };
    match ledger.principals().subject_of(subject) {
        Some(other) if other.name != name => Err(Refusal::state(
            Why::CertificateTaken
                .of([("subject", format!("{subject:?}").into()), ("name", other.name.as_str().into())]),
        )),
        _ => Ok(()),
    }
}

/// A credential for a principal, and the token where it is one.
pub(super) fn issued(name: &str, order: &CredentialOrder, days: u32) -> Result<(Change, Option<Token>), RegistryError> {
    let days = if days == 0 { DAYS } else { days };
    if days > DAYS_MAX {
        return Err(Refusal::invalid(
            Why::TooManyDays.of([("most", Value::Count(DAYS_MAX.into())), ("days", Value::Count(days.into()))]),
        ));
    }
    let token = match order {
        CredentialOrder::Token => Some(Token::random().map_err(crate::store::StoreError::from)?),
        CredentialOrder::Certificate(subject) if subject.trim().is_empty() => {
            return Err(Refusal::invalid(Why::NoSubject));
        }
        CredentialOrder::Certificate(_) => None,
    };
    let issued = CredentialIssued {
        principal: name.to_owned(),
        token_sha256: token.as_ref().map_or_else(Vec::new, |token| token.hash().to_vec()),
        certificate_subject: match order {
            CredentialOrder::Certificate(subject) => subject.clone(),
            CredentialOrder::Token => String::new(),
        },
        expires_unix_s: jiff::Timestamp::now().as_second() + i64::from(days) * SECONDS_PER_DAY,
    };
    Ok((Change::CredentialIssued(issued), token))
}
