//! `saring proposal`: changes that take two persons.

use super::{
    Exit, Failure,
    change::{Reasoned, done},
    preview::{self, Looked},
    print,
    server::RegistryFlags,
    table::{lines, or, table, time},
};
use crate::{
    day,
    grpc::RegistryCaller,
    proto::{self, preview_request, propose_request},
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Changes that wait for a second person.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring proposal list
  saring proposal approve 14
  saring proposal reject 15 --reason \"the consignment is not ours\"
  saring proposal settings policy.toml --effective-from 2027-01-01 --reason \"decree 12/2026\"
  saring proposal limits limits.toml --reason \"decree 12/2026\"

Roles, tokens, documents and overrides are proposed by `saring principal`, `saring document` and
`saring override`. Nobody approves what he proposed himself; the first administrator makes the second
one alone, because there is nobody else.")]
pub(super) struct ProposalArgs {
    #[command(subcommand)]
    verb: ProposalVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum ProposalVerb {
    /// Show what waits
    List {
        /// Also what was decided
        #[arg(long)]
        decided: bool,
    },
    /// Approve what somebody else proposed; it is carried out at once
    Approve {
        /// Number of the proposal
        number: u64,
        #[command(flatten)]
        looked: Looked,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Refuse what somebody proposed, or take one's own back
    Reject {
        /// Number of the proposal
        number: u64,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Ask for other settings, for the whole register; administrators
    Settings {
        /// The document (TOML), as `saring settings` describes it
        file: PathBuf,
        /// From when it is in force [default: as soon as it is approved]
        #[arg(long, value_name = "TIME", value_parser = day::moment)]
        effective_from: Option<i64>,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Ask for other limits of the doors; administrators
    Limits {
        /// The document (TOML)
        file: PathBuf,
        #[command(flatten)]
        why: Reasoned,
    },
}

pub(super) fn run(args: &ProposalArgs) -> Result<Exit, Failure> {
    let there = &args.there;
    match &args.verb {
        ProposalVerb::List { decided } => {
            let request = proto::ListProposalsRequest { decided: *decided };
            let all = there.connect()?.list_proposals(request)?.proposals;
            let json = || Value::from(all.iter().map(as_json).collect::<Vec<_>>()).to_string();
            print(&if there.json { json() } else { listed(&all) })?;
            Ok(Exit::Ok)
        }
        ProposalVerb::Approve { number, looked, why } => approve(there, *number, looked, why),
        ProposalVerb::Reject { number, why } => {
            let caller = there.connect()?;
            let receipt = why
                .change
                .carry_out(|request_id| caller.reject_proposal(decision(request_id, *number, why, Vec::new())))?;
            done(there.json, &format!("proposal {number} is rejected"), Some(&receipt), json!({"proposal": number}))
        }
        ProposalVerb::Settings { file, effective_from, why } => {
            let effective_from_unix_s = effective_from.unwrap_or_default();
            let order = proto::SettingsOrder { toml: preview::document(file)?, effective_from_unix_s };
            let change = propose_request::Change::ApplySettings(order);
            propose(there, &there.connect()?, why, change, "another administrator")
        }
        ProposalVerb::Limits { file, why } => {
            let change = propose_request::Change::ApplyLimits(proto::LimitsOrder { toml: preview::document(file)? });
            propose(there, &there.connect()?, why, change, "another administrator")
        }
    }
}

/// Asks for a change that takes two persons.
pub(super) fn ask(
    caller: &RegistryCaller,
    why: &Reasoned,
    change: propose_request::Change,
) -> Result<proto::ProposeResponse, Failure> {
    why.change.carry_out(|request_id| {
        caller.propose(proto::ProposeRequest { request_id, reason: why.reason.clone(), change: Some(change) })
    })
}

/// Asks for a change and says who must approve it.
pub(super) fn propose(
    there: &RegistryFlags,
    caller: &RegistryCaller,
    why: &Reasoned,
    change: propose_request::Change,
    whom: &str,
) -> Result<Exit, Failure> {
    let made = ask(caller, why, change)?;
    let waiting = caller.list_proposals(proto::ListProposalsRequest { decided: false })?.proposals;
    let is_waiting = waiting.iter().any(|proposal| proposal.number == made.proposal);
    let said = match made.proposal {
        0 => "this was asked for before: saring proposal list --decided shows it".to_owned(),
        number if is_waiting => waits(number, whom),
        // The second administrator of a register: nobody else could approve it.
        number => format!("proposal {number} is carried out at once: there was nobody else to approve it"),
    };
    done(there.json, &said, made.receipt.as_ref(), json!({"proposal": made.proposal, "waiting": is_waiting}))
}

/// That a proposal waits, and for whom.
pub(super) fn waits(proposal: u64, whom: &str) -> String {
    format!("proposal {proposal} waits for {whom}: saring proposal approve {proposal}")
}

fn decision(request_id: String, proposal: u64, why: &Reasoned, preview_sha256: Vec<u8>) -> proto::DecisionRequest {
    proto::DecisionRequest { request_id, proposal, reason: why.reason.clone(), preview_sha256 }
}

fn approve(there: &RegistryFlags, number: u64, looked: &Looked, why: &Reasoned) -> Result<Exit, Failure> {
    let caller = there.connect()?;
    let waiting = caller.list_proposals(proto::ListProposalsRequest { decided: false })?.proposals;
    if let Some(proposal) = waiting.iter().find(|proposal| proposal.number == number) {
        looked.show(there, &shown(proposal))?;
    }
    let what = format!("Approve proposal {number}?");
    let change = preview_request::Change::Proposal(number);
    let Some(digest) = looked.digest(there, &caller, change, &what)? else { return Ok(Exit::Failed) };
    let call = |request_id| caller.approve_proposal(decision(request_id, number, why, digest.clone()));
    let step = why.change.carry_out(call)?;
    let said = if step.another_approver_needed {
        format!("proposal {number} is approved by you; it is large and needs another approver before it happens")
    } else {
        format!("proposal {number} is carried out")
    };
    let more = json!({"proposal": number, "another_approver_needed": step.another_approver_needed});
    done(there.json, &said, step.receipt.as_ref(), more)
}

/// One proposal for the one who decides.
fn shown(proposal: &proto::Proposal) -> String {
    lines(&[
        ("proposal", proposal.number.to_string()),
        ("what", proposal.what.clone()),
        ("by", proposal.proposer.clone()),
        ("at", time(proposal.time_unix_s)),
        ("reason", proposal.reason.clone()),
        ("approved by", proposal.endorsed_by.join(", ")),
    ])
}

fn listed(proposals: &[proto::Proposal]) -> String {
    if proposals.is_empty() {
        return "no proposal waits".to_owned();
    }
    let rows: Vec<[String; 7]> = proposals
        .iter()
        .map(|proposal| {
            let by = proposal.endorsed_by.iter().chain(Some(&proposal.decided_by).filter(|name| !name.is_empty()));
            [
                proposal.number.to_string(),
                time(proposal.time_unix_s),
                proposal.state.clone(),
                proposal.proposer.clone(),
                or(&by.map(String::as_str).collect::<Vec<_>>().join(", "), "-").to_owned(),
                proposal.what.clone(),
                proposal.reason.clone(),
            ]
        })
        .collect();
    table(["number", "time", "state", "proposed by", "decided by", "what", "reason"], &rows)
}

fn as_json(proposal: &proto::Proposal) -> Value {
    json!({
        "number": proposal.number,
        "time": time(proposal.time_unix_s),
        "state": proposal.state,
        "proposer": proposal.proposer,
        "what": proposal.what,
        "reason": proposal.reason,
        "decided_by": proposal.decided_by,
        "endorsed_by": proposal.endorsed_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposals_stand_in_a_table() {
        let proposal = |number, state: &str, decided_by: &str| proto::Proposal {
            number,
            proposer: "ani".into(),
            reason: "new clerk".into(),
            what: "siti is auditor".into(),
            time_unix_s: 1_790_000_000,
            state: state.into(),
            decided_by: decided_by.into(),
            ..proto::Proposal::default()
        };
        let all = [proposal(14, "waiting", ""), proposal(9, "approved", "budi")];
        insta::assert_snapshot!(listed(&all), @r"
        number  time                  state     proposed by  decided by  what             reason
            14  2026-09-21T14:13:20Z  waiting   ani          -           siti is auditor  new clerk
             9  2026-09-21T14:13:20Z  approved  ani          budi        siti is auditor  new clerk
        ");
        insta::assert_snapshot!(shown(&all[0]), @r"
        proposal     14
        what         siti is auditor
        by           ani
        at           2026-09-21T14:13:20Z
        reason       new clerk
        ");
        assert_eq!(listed(&[]), "no proposal waits");
    }
}
