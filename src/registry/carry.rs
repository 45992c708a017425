//! What a restore to an earlier point keeps of what came later: who counts no more, and by what people show themselves.
//!
//! A token is taken back because somebody has it who must not. A register that is restored to a point before that would
//! let him in again, and would not know the token that the owner got instead. So what was taken back stays so, and
//! credentials that were issued later to somebody who was there then are issued again. Roles that were granted later are
//! not: they take two persons. What always holds: where nobody would be left who may administrate, administrators of the point
//! stay, because otherwise nobody could ever open the register's doors again.

use crate::{
    journal::{Change, CredentialIssued, CredentialRevoked, PrincipalRevoked, RoleWithdrawn},
    principal::{Principal, Principals, Role, ShownBy},
    words::Own,
};

/// The entries that make principals as they were at a point (`then`) what later ones (`newest`) left of them.
pub(super) fn carried_over(newest: &Principals, then: &Principals) -> Vec<Change> {
    let is_left = then.iter().any(|principal| {
        principal.has(Role::Administrator)
            && newest.get(&principal.name).is_some_and(|later| later.has(Role::Administrator))
    });
    let mut changes = Vec::new();
    for principal in then.iter().filter(|principal| !principal.revoked) {
        let Some(later) = newest.get(&principal.name) else { continue };
        if is_left || !principal.has(Role::Administrator) {
            take_back(principal, later, &mut changes);
        }
        issue_again(principal, later, &mut changes);
    }
    changes
}

fn take_back(then: &Principal, later: &Principal, changes: &mut Vec<Change>) {
    let reason = || Own::Carried.recorded();
    if later.revoked {
        let revoked = PrincipalRevoked { name: then.name.clone(), reason: reason() };
        return changes.push(Change::PrincipalRevoked(revoked));
    }
    let counts_no_more = |number: &u64| later.credentials.get(number).is_some_and(|credential| credential.revoked);
    let revoked = then.credentials.iter().filter(|(number, credential)| !credential.revoked && counts_no_more(number));
    changes.extend(
        revoked
            .map(|(number, _)| Change::CredentialRevoked(CredentialRevoked { credential: *number, reason: reason() })),
    );
    let withdrawn = then.grants.keys().filter(|grant| !later.grants.contains_key(grant));
    changes.extend(withdrawn.map(|grant| Change::RoleWithdrawn(RoleWithdrawn { grant: *grant, reason: reason() })));
}

fn issue_again(then: &Principal, later: &Principal, changes: &mut Vec<Change>) {
    if later.revoked {
        return;
    }
    let issued = later
        .credentials
        .iter()
        .filter(|(number, credential)| !credential.revoked && !then.credentials.contains_key(number));
    changes.extend(issued.map(|(_, credential)| {
        let (token_sha256, certificate_subject) = match &credential.shown_by {
            ShownBy::Token(hash) => (hash.to_vec(), String::new()),
            ShownBy::Certificate(subject) => (Vec::new(), subject.clone()),
        };
        let (principal, expires_unix_s) = (then.name.clone(), credential.expires_unix_s);
        Change::CredentialIssued(CredentialIssued { principal, token_sha256, certificate_subject, expires_unix_s })
    }));
}
