//! Principals: who may change the register, in which role, and how each shows who it is.
//!
//! Pure: the table is the fold of journal entries. What always holds: a name belongs to one principal for ever; a
//! token is known by its SHA-256 only; a principal, credential or role that was taken back counts no more, and nothing
//! is forgotten.

mod password;
mod token;

pub use password::{PASSWORD_CHARS_MAX, PasswordError, PasswordHash, check_password};
pub use token::Token;

use crate::listing::{Door, coded};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

coded! {
    /// What a principal may do.
    Role, "a role", {
        /// Asks whether equipment may be served.
        NetworkElement = 1, "network-element";
        /// Brings lists and single entries of its doors.
        Submitter = 2, "submitter";
        /// Approves, suspends and withdraws what others bring through its doors.
        Approver = 3, "approver";
        /// Looks numbers up for callers.
        Agent = 4, "agent";
        /// Leads agents.
        Supervisor = 5, "supervisor";
        /// Reads everything but personal values, and changes nothing.
        Auditor = 6, "auditor";
        /// Keeps principals, settings, limits and overrides.
        Administrator = 7, "administrator";
    }
}

impl Role {
    /// Whether the role is for named doors.
    pub const fn has_doors(self) -> bool {
        matches!(self, Self::Submitter | Self::Approver)
    }
}

coded! {
    /// What a principal is.
    PrincipalKind, "a kind of principal", {
        /// A human being.
        Person = 1, "person";
        /// A program of an agency or operator.
        Service = 2, "service";
        /// A network element of an operator.
        NetworkElement = 3, "network-element";
    }
}

/// SHA-256 of a token.
pub type TokenHash = [u8; 32];

/// How a principal shows who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// A random token of 256 bits.
    Token(TokenHash),
    /// A certificate whose subject has this common name.
    Certificate(String),
}

/// A way by which a principal shows who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Token or certificate.
    pub shown_by: ShownBy,
    /// First second at which it counts no more, since the Unix epoch.
    pub expires_unix_s: i64,
    /// Whether it was taken back.
    pub revoked: bool,
}

/// A role that a principal has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The doors that it is for; empty for roles without doors.
    pub doors: BTreeSet<Door>,
}

/// A person, a service or a network element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// Who that is, in words.
    pub title: String,
    /// The operator that it belongs to; empty: none.
    pub operator: String,
    /// Whether it was taken back.
    pub revoked: bool,
    /// Its roles, by the entry that granted each.
    pub grants: BTreeMap<u64, Grant>,
    /// Its credentials, by the entry that issued each.
    pub credentials: BTreeMap<u64, Credential>,
}

impl Principal {
    /// Whether it has a role, for whatever doors.
    pub fn has(&self, role: Role) -> bool {
        !self.revoked && self.grants.values().any(|grant| grant.role == role)
    }

    /// Whether it has a role for a door.
    pub fn has_for(&self, role: Role, door: Door) -> bool {
        !self.revoked && self.grants.values().any(|grant| grant.role == role && grant.doors.contains(&door))
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// Nobody has that token or certificate.
    #[error("this token or certificate is not known here: ask an administrator for one (saring principal add)")]
    Unknown,
    /// It was taken back, or its principal was.
    #[error("this token or certificate was revoked: ask an administrator for another")]
    Revoked,
    /// Its time is over.
    #[error("this token or certificate has expired: ask an administrator for another")]
    Expired,
}

/// All principals. Cloning shares those that stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principals {
    by_name: BTreeMap<String, Arc<Principal>>,
    tokens: HashMap<TokenHash, (Arc<str>, u64)>,
    certificates: BTreeMap<String, Vec<(Arc<str>, u64)>>,
}

impl Principals {
    /// A principal by its name.
    pub fn get(&self, name: &str) -> Option<&Principal> {
        self.by_name.get(name).map(Arc::as_ref)
    }

    /// Every principal, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Principal> {
        self.by_name.values().map(Arc::as_ref)
    }

    /// Whether there are none yet.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// How many principals have a role now.
    pub fn count(&self, role: Role) -> usize {
        self.iter().filter(|principal| principal.has(role)).count()
    }

    /// Who shows this token.
    ///
    /// # Errors
    /// When nobody has it, or it counts no more.
    pub fn by_token(&self, token: &TokenHash, now_unix_s: i64) -> Result<&Arc<Principal>, NotLetIn> {
        self.let_in(self.tokens.get(token), now_unix_s)
    }

    /// Who shows a certificate with this subject.
    ///
    /// # Errors
    /// When nobody has it, or it counts no more.
    pub fn by_certificate(&self, subject: &str, now_unix_s: i64) -> Result<&Arc<Principal>, NotLetIn> {
        let known = self.certificates.get(subject).map_or(&[][..], Vec::as_slice);
        let mut refused = NotLetIn::Unknown;
        for one in known.iter().rev() {
            match self.let_in(Some(one), now_unix_s) {
                Ok(principal) => return Ok(principal),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn let_in(&self, known: Option<&(Arc<str>, u64)>, now_unix_s: i64) -> Result<&Arc<Principal>, NotLetIn> {
        let (name, number) = known.ok_or(NotLetIn::Unknown)?;
        let principal = self.by_name.get(&**name).ok_or(NotLetIn::Unknown)?;
        let credential = principal.credentials.get(number).ok_or(NotLetIn::Unknown)?;
        if credential.revoked || principal.revoked {
            return Err(NotLetIn::Revoked);
        }
        if now_unix_s >= credential.expires_unix_s {
            return Err(NotLetIn::Expired);
        }
        Ok(principal)
    }

    /// The principal whose certificates have this subject, unless all of them were taken back.
    pub fn subject_of(&self, subject: &str) -> Option<&Principal> {
        let shown = |credential: &Credential| {
            !credential.revoked && credential.shown_by == ShownBy::Certificate(subject.to_owned())
        };
        self.iter().find(|principal| !principal.revoked && principal.credentials.values().any(shown))
    }

    /// The principal of a credential.
    pub fn holder_of(&self, credential: u64) -> Option<&Principal> {
        self.iter().find(|principal| principal.credentials.contains_key(&credential))
    }

    /// The principal of a grant.
    pub fn grantee_of(&self, grant: u64) -> Option<&Principal> {
        self.iter().find(|principal| principal.grants.contains_key(&grant))
    }

    pub(crate) fn add(&mut self, principal: Principal) {
        self.by_name.entry(principal.name.clone()).or_insert_with(|| Arc::new(principal));
    }

    pub(crate) fn issue(&mut self, name: &str, number: u64, credential: Credential) {
        let Some(principal) = self.by_name.get_mut(name).map(Arc::make_mut) else { return };
        match &credential.shown_by {
            ShownBy::Token(hash) => _ = self.tokens.insert(*hash, (name.into(), number)),
            ShownBy::Certificate(subject) => {
                self.certificates.entry(subject.clone()).or_default().push((name.into(), number));
            }
        }
        principal.credentials.insert(number, credential);
    }

    /// Changes the principal that `is_it` picks.
    pub(crate) fn change(&mut self, is_it: impl Fn(&Principal) -> bool, change: impl FnOnce(&mut Principal)) {
        if let Some(principal) = self.by_name.values_mut().find(|principal| is_it(principal)) {
            change(Arc::make_mut(principal));
        }
    }
}

/// Longest name of a principal.
pub const NAME_CHARS_MAX: usize = 64;

/// A name that no principal may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name for a principal: 2 to {NAME_CHARS_MAX} characters, small letters, digits, dot, dash, underscore and @, and a letter first; bootstrap and saring are taken"
)]
pub struct BadName(String);

impl BadName {
    /// What was given, cut to the length of a name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// Checks the name of a principal.
///
/// # Errors
/// When it is too long, has other characters, or is one of the register's own.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    let well = (2..=NAME_CHARS_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(allowed)
        && !["bootstrap", "saring"].contains(&name);
    if well { Ok(()) } else { Err(BadName(name.chars().take(NAME_CHARS_MAX).collect())) }
}

impl fmt::Display for Grant {
    /// `approver for customs-passenger, customs-parcel`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.name())?;
        let doors: Vec<_> = self.doors.iter().map(|door| door.name()).collect();
        if doors.is_empty() { Ok(()) } else { write!(f, " for {}", doors.join(", ")) }
    }
}
