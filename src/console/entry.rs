//! What the register says of itself in English, in a few words of the catalogue: entries of the journal, alarms and refusals.
//!
//! What always holds: the full sentence stands beside it, as it is recorded; an entry of a newer Saring has words too.

use crate::{
    journal::{Change, Entry, kind},
    registry::{Refusal, RegistryError},
    words::Language,
};

/// What a change is about: a number, or a name.
fn subject(entry: &Entry) -> String {
    let seq = entry.seq.to_string();
    match &entry.change {
        Some(Change::BatchActivated(body)) => body.batch.to_string(),
        Some(Change::BatchDiscarded(discarded)) => discarded.batch.to_string(),
        Some(Change::BatchSubmitted(submitted)) => {
            submitted.body.as_ref().map(|body| body.batch.to_string()).unwrap_or_default()
        }
        Some(Change::BatchStateChanged(changed)) => changed.batch.to_string(),
        Some(Change::PrincipalAdded(added)) => added.name.clone(),
        Some(Change::CredentialIssued(issued)) => issued.principal.clone(),
        Some(Change::CredentialRevoked(revoked)) => revoked.credential.to_string(),
        Some(Change::PrincipalRevoked(revoked)) => revoked.name.clone(),
        Some(Change::RoleGranted(granted)) => granted.principal.clone(),
        Some(Change::RoleWithdrawn(withdrawn)) => withdrawn.grant.to_string(),
        Some(Change::Endorsed(endorsed)) => endorsed.subject.to_string(),
        Some(Change::ProposalClosed(closed)) => closed.proposal.to_string(),
        Some(Change::DocumentRegistered(document)) => document.number.clone(),
        Some(Change::OverrideEnded(ended)) => ended.number.to_string(),
        Some(Change::AlarmRaised(alarm)) => alarm.batch.to_string(),
        _ => seq,
    }
}

/// An entry in a few words.
pub(super) fn brief(entry: &Entry, language: Language) -> String {
    let of = subject(entry);
    match (&entry.change, kind(entry)) {
        (Some(Change::BatchStateChanged(changed)), _) => {
            let state = u8::try_from(changed.state).ok().and_then(crate::batch::BatchState::from_code);
            let state = state.map(|state| language.batch_state(state)).unwrap_or_default();
            format!("{} {state}", language.screen_of("entry-batch-state", &of))
        }
        (Some(Change::AlarmRaised(raised)), _) => {
            format!("{}: {}", language.screen_of("entry-alarm", &of), alarm(&raised.kind, language))
        }
        (Some(Change::ProposalClosed(closed)), _) if closed.approved => {
            language.screen_of("entry-proposal-approved", &of)
        }
        (_, "epoch_started") => language.screen_of("entry-epoch", &of),
        (_, "batch_staged") => language.screen_of("entry-batch-staged", &of),
        (_, "batch_activated") => language.screen_of("entry-batch-active", &of),
        (_, "batch_discarded") => language.screen_of("entry-batch-discarded", &of),
        (_, "batch_submitted") => language.screen_of("entry-batch-submitted", &of),
        (_, "settings_applied") => language.screen_of("entry-settings", &of),
        (_, "principal_added") => language.screen_of("entry-principal-added", &of),
        (_, "credential_issued") => language.screen_of("entry-credential-issued", &of),
        (_, "credential_revoked") => language.screen_of("entry-credential-revoked", &of),
        (_, "principal_revoked") => language.screen_of("entry-principal-revoked", &of),
        (_, "role_granted") => language.screen_of("entry-role-granted", &of),
        (_, "role_withdrawn") => language.screen_of("entry-role-withdrawn", &of),
        (_, "proposed") => language.screen_of("entry-proposed", &of),
        (_, "endorsed") => language.screen_of("entry-endorsed", &of),
        (_, "proposal_closed") => language.screen_of("entry-proposal-rejected", &of),
        (_, "document_registered") => language.screen_of("entry-document", &of),
        (_, "override_set") => language.screen_of("entry-override", &of),
        (_, "override_ended") => language.screen_of("entry-override-ended", &of),
        (_, "limits_applied") => language.screen_of("entry-limits", &of),
        _ => language.screen_of("entry-other", &of),
    }
}

/// The kind of an alarm in words; one that the catalogue does not have stays as it is.
pub(super) fn alarm(kind: &str, language: Language) -> String {
    match kind {
        "BRAND_MIX" => language.screen("alarm-brand-mix"),
        "TAC_MIX" => language.screen("alarm-tac-mix"),
        "UNKNOWN_TACS" => language.screen("alarm-unknown-tacs"),
        "ALREADY_LISTED" => language.screen("alarm-already-listed"),
        "HALF_OF_DUAL_SIM" => language.screen("alarm-half-of-dual-sim"),
        "DOOR_SILENT" => language.screen("alarm-door-silent"),
        "CLERK_FAR_ABOVE_PEERS" => language.screen("alarm-clerk"),
        "OVER_QUOTA" => language.screen("alarm-over-quota"),
        other => other.to_owned(),
    }
}

/// Why the register did not do it, in a sentence; its own words follow.
pub(super) fn because(error: &RegistryError, language: Language) -> String {
    match error {
        RegistryError::Refused(Refusal::NotAllowed(_)) => language.screen("because-not-allowed"),
        RegistryError::Refused(Refusal::NotFound(_)) => language.screen("because-not-found"),
        RegistryError::Refused(Refusal::State(_)) => language.screen("because-state"),
        RegistryError::Refused(Refusal::Limit(_)) => language.screen("because-limit"),
        _ => language.screen("because-invalid"),
    }
}
