//! `saring principal`: who may change the register.

mod password;
mod token;
mod view;

use super::{
    Exit, Failure,
    change::{Change, Reasoned, done},
    import::one_of,
    print,
    server::RegistryFlags,
};
use crate::{
    grpc::RegistryCaller,
    listing::Door,
    principal::{PrincipalKind, Role},
    proto::{self, propose_request},
};
use serde_json::json;
use token::TokenOut;

/// Principals, their roles and credentials.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring principal whoami
  saring principal add siti --kind person --title \"Siti, customs\" --token-out siti.token
  saring principal grant siti --role submitter --door customs-passenger --reason \"new clerk\"
  saring proposal approve 14                            by another administrator
  saring principal add telkomsel-mme --kind network-element --operator telkomsel --certificate telkomsel
  saring principal rotate --token-out new.token
  saring principal password siti --data DIR             the terminal asks for it
  saring principal revoke siti --reason \"left the office\"

The token of the caller stands in SARING_TOKEN or in --token-file, never on the command line.
A role, or a further token, takes two administrators: one proposes, another approves.")]
pub(super) struct PrincipalArgs {
    #[command(subcommand)]
    verb: PrincipalVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum PrincipalVerb {
    /// Show who the server takes one for
    Whoami,
    /// Show every principal with its roles and credentials
    List,
    /// Add a principal without roles, and make its first token
    Add(AddArgs),
    /// Ask for a role for a principal; another administrator approves
    Grant(GrantArgs),
    /// Ask for a further token or certificate for a principal; another administrator approves
    Issue(IssueArgs),
    /// Take a role back
    Withdraw {
        /// Number of the grant, as `saring principal list` shows it
        grant: u64,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Take a principal back, with all that it has
    Revoke {
        /// Its name
        name: String,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Take one token or certificate back
    RevokeCredential {
        /// Number of the credential, as `saring principal list` shows it
        credential: u64,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Set a person's password, which the terminal asks for; no server may run
    Password(password::PasswordArgs),
    /// Make a new token for oneself; the one that this call shows counts no more
    Rotate {
        /// How many days the new token counts [default: 365]
        #[arg(long)]
        days: Option<u32>,
        #[command(flatten)]
        out: TokenOut,
        #[command(flatten)]
        change: Change,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct AddArgs {
    /// Its name; it belongs to one principal for ever
    name: String,
    /// What it is
    #[arg(long, value_parser = one_of::<PrincipalKind>(PrincipalKind::ALL.iter().map(|kind| kind.name())))]
    kind: PrincipalKind,
    /// Who that is, in words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    title: String,
    /// The operator that it belongs to
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// Common name of its certificate's subject; it gets no token then
    #[arg(long, value_name = "CN", default_value = "", hide_default_value = true)]
    certificate: String,
    /// How many days token or certificate count [default: 365]
    #[arg(long)]
    days: Option<u32>,
    #[command(flatten)]
    out: TokenOut,
    #[command(flatten)]
    change: Change,
}

#[derive(Clone, Debug, clap::Args)]
struct GrantArgs {
    /// Who gets it
    name: String,
    /// The role
    #[arg(long, value_parser = one_of::<Role>(Role::ALL.iter().map(|role| role.name())))]
    role: Role,
    /// A door that it is for (submitter, approver); may be given several times
    #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
    door: Vec<Door>,
    #[command(flatten)]
    why: Reasoned,
}

#[derive(Clone, Debug, clap::Args)]
struct IssueArgs {
    /// Who gets it
    name: String,
    /// Common name of the certificate's subject; no token is made then
    #[arg(long, value_name = "CN", default_value = "", hide_default_value = true)]
    certificate: String,
    /// How many days it counts [default: 365]
    #[arg(long)]
    days: Option<u32>,
    #[command(flatten)]
    out: TokenOut,
    #[command(flatten)]
    why: Reasoned,
}

pub(super) fn run(args: &PrincipalArgs) -> Result<Exit, Failure> {
    let there = &args.there;
    if let PrincipalVerb::Password(args) = &args.verb {
        return password::run(args, there.json);
    }
    let caller = there.connect()?;
    match &args.verb {
        // Done above, without a server.
        PrincipalVerb::Password(_) => Ok(Exit::Ok),
        PrincipalVerb::Whoami => {
            let me = caller.who_am_i(proto::WhoAmIRequest {})?;
            print(&if there.json { view::json(&me).to_string() } else { view::one(&me) })?;
            Ok(Exit::Ok)
        }
        PrincipalVerb::List => {
            let all = caller.list_principals(proto::ListPrincipalsRequest {})?.principals;
            let json = || serde_json::Value::from(all.iter().map(view::json).collect::<Vec<_>>()).to_string();
            print(&if there.json { json() } else { view::all(&all) })?;
            Ok(Exit::Ok)
        }
        PrincipalVerb::Add(add) => run_add(there, &caller, add),
        PrincipalVerb::Grant(grant) => run_grant(there, &caller, grant),
        PrincipalVerb::Issue(issue) => run_issue(there, &caller, issue),
        PrincipalVerb::Withdraw { grant, why } => {
            let call = |request_id| {
                let reason = why.reason.clone();
                caller.withdraw_role(proto::WithdrawRoleRequest { request_id, grant: *grant, reason })
            };
            let receipt = why.change.carry_out(call)?;
            done(there.json, &format!("grant {grant} is taken back"), Some(&receipt), json!({"grant": grant}))
        }
        PrincipalVerb::Revoke { name, why } => {
            let call = |request_id| {
                let (name, reason) = (name.clone(), why.reason.clone());
                caller.revoke_principal(proto::RevokePrincipalRequest { request_id, name, reason })
            };
            let receipt = why.change.carry_out(call)?;
            done(there.json, &format!("{name} counts no more"), Some(&receipt), json!({"name": name}))
        }
        PrincipalVerb::RevokeCredential { credential, why } => {
            let call = |request_id| {
                let (credential, reason) = (*credential, why.reason.clone());
                caller.revoke_credential(proto::RevokeCredentialRequest { request_id, credential, reason })
            };
            let receipt = why.change.carry_out(call)?;
            let said = format!("credential {credential} counts no more");
            done(there.json, &said, Some(&receipt), json!({"credential": credential}))
        }
        PrincipalVerb::Rotate { days, out, change } => {
            let place = out.open()?;
            let call = |request_id| {
                let days = days.unwrap_or_default();
                caller.rotate_token(proto::RotateTokenRequest { request_id, days })
            };
            let made = change.carry_out(call)?;
            let said = format!("the old token counts no more; the new one is credential {}", made.credential);
            place.show(there.json, &said, made.receipt.as_ref(), &made.token, json!({"credential": made.credential}))
        }
    }
}

fn run_add(there: &RegistryFlags, caller: &RegistryCaller, add: &AddArgs) -> Result<Exit, Failure> {
    let place = add.out.open()?;
    let call = |request_id| {
        let request = proto::AddPrincipalRequest {
            request_id,
            name: add.name.clone(),
            kind: add.kind.name().to_owned(),
            title: add.title.clone(),
            operator: add.operator.clone(),
            certificate_subject: add.certificate.clone(),
            days: add.days.unwrap_or_default(),
        };
        caller.add_principal(request)
    };
    let made = add.change.carry_out(call)?;
    let by = if add.certificate.is_empty() { "by a token" } else { "by a certificate" };
    let said = format!("{} is known, {by} (credential {}), and has no role yet", add.name, made.credential);
    let more = json!({"name": add.name, "credential": made.credential});
    place.show(there.json, &said, made.receipt.as_ref(), &made.token, more)
}

fn run_grant(there: &RegistryFlags, caller: &RegistryCaller, grant: &GrantArgs) -> Result<Exit, Failure> {
    let change = propose_request::Change::GrantRole(proto::RoleOrder {
        principal: grant.name.clone(),
        role: grant.role.name().to_owned(),
        doors: grant.door.iter().map(|door| door.name().to_owned()).collect(),
    });
    super::proposal::propose(there, caller, &grant.why, change, "another administrator")
}

fn run_issue(there: &RegistryFlags, caller: &RegistryCaller, issue: &IssueArgs) -> Result<Exit, Failure> {
    let place = issue.out.open()?;
    let change = propose_request::Change::IssueCredential(proto::CredentialOrder {
        principal: issue.name.clone(),
        certificate_subject: issue.certificate.clone(),
        days: issue.days.unwrap_or_default(),
    });
    let made = super::proposal::ask(caller, &issue.why, change)?;
    let said = super::proposal::waits(made.proposal, "another administrator");
    place.show(there.json, &said, made.receipt.as_ref(), &made.token, json!({"proposal": made.proposal}))
}
