//! Principals as the command line shows them.

use crate::{
    cli::table::{clean, lines, or, time},
    proto::{Credential, Principal, RoleGrant},
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One principal.
pub(super) fn one(principal: &Principal) -> String {
    let mut text = lines(&[
        ("name", principal.name.clone()),
        ("kind", principal.kind.clone()),
        ("title", principal.title.clone()),
        ("operator", principal.operator.clone()),
        ("state", if principal.revoked { "revoked".to_owned() } else { String::new() }),
    ]);
    text.push('\n');
    text.push_str(&under(principal));
    text.truncate(text.trim_end().len());
    text
}

/// All of them.
pub(super) fn all(principals: &[Principal]) -> String {
    let mut text = String::new();
    for principal in principals {
        let more: Vec<&str> = [principal.title.as_str(), principal.operator.as_str()]
            .into_iter()
            .chain(principal.revoked.then_some("revoked"))
            .filter(|word| !word.is_empty())
            .collect();
        let head = format!("{:<20} {:<16} {}", principal.name, principal.kind, more.join(", "));
        let _ = writeln!(text, "{}", clean(head.trim_end()));
        for line in under(principal).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.truncate(text.trim_end().len());
    or(&text, "there are no principals").to_owned()
}

/// Roles and credentials, a line each.
fn under(principal: &Principal) -> String {
    let mut text = String::new();
    for RoleGrant { number, role, doors } in &principal.grants {
        let doors = if doors.is_empty() { String::new() } else { format!(" for {}", doors.join(", ")) };
        let _ = writeln!(text, "{}", clean(&format!("{:<12} {role}{doors}", format!("grant {number}"))));
    }
    for credential in &principal.credentials {
        let Credential { number, kind, certificate_subject, expires_unix_s, revoked } = credential;
        let subject = if certificate_subject.is_empty() { String::new() } else { format!(" {certificate_subject:?}") };
        let state = if *revoked { "revoked".to_owned() } else { format!("until {}", time(*expires_unix_s)) };
        let _ = writeln!(text, "{}", clean(&format!("{:<12} {kind}{subject}, {state}", format!("cred. {number}"))));
    }
    text
}

pub(super) fn json(principal: &Principal) -> Value {
    let grants = principal.grants.iter();
    let grants = grants.map(|grant| json!({"number": grant.number, "role": grant.role, "doors": grant.doors}));
    let credentials = principal.credentials.iter().map(|credential| {
        json!({
            "number": credential.number,
            "kind": credential.kind,
            "certificate_subject": credential.certificate_subject,
            "expires": time(credential.expires_unix_s),
            "revoked": credential.revoked,
        })
    });
    json!({
        "name": principal.name,
        "kind": principal.kind,
        "title": principal.title,
        "operator": principal.operator,
        "revoked": principal.revoked,
        "grants": grants.collect::<Vec<_>>(),
        "credentials": credentials.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_shown_with_all_that_it_has() {
        let principal = Principal {
            name: "siti".into(),
            kind: "person".into(),
            title: "Siti, customs".into(),
            grants: vec![RoleGrant { number: 7, role: "submitter".into(), doors: vec!["customs-passenger".into()] }],
            credentials: vec![
                Credential { number: 3, kind: "token".into(), expires_unix_s: 1_790_000_000, ..Credential::default() },
                Credential {
                    number: 9,
                    kind: "certificate".into(),
                    certificate_subject: "siti\u{7}".into(),
                    revoked: true,
                    ..Credential::default()
                },
            ],
            ..Principal::default()
        };
        insta::assert_snapshot!(one(&principal), @r#"
        name         siti
        kind         person
        title        Siti, customs
        grant 7      submitter for customs-passenger
        cred. 3      token, until 2026-09-21T14:13:20Z
        cred. 9      certificate "siti\u{7}", revoked
        "#);
        insta::assert_snapshot!(all(&[principal]), @r#"
        siti                 person           Siti, customs
          grant 7      submitter for customs-passenger
          cred. 3      token, until 2026-09-21T14:13:20Z
          cred. 9      certificate "siti\u{7}", revoked
        "#);
        insta::assert_snapshot!(all(&[]), @"there are no principals");
    }
}
