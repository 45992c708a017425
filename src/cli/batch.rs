//! `saring batch`: lists that one person hands in and another puts into force.

mod submit;
mod view;

use super::{
    Exit, Failure,
    change::{Reasoned, done, text},
    import::one_of,
    preview::{self, Looked},
    print,
    server::RegistryFlags,
};
use crate::{
    day::Day,
    grpc::{ClientError, RegistryCaller},
    listing::Door,
    proto::{self, preview_request},
};
use serde_json::{Value, json};

/// Batches: handed in by one person, approved by another.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring batch submit registered phones.csv --door tpp-import --document TPP-2026-0117 --quantity 1000
  saring batch list --state submitted
  saring batch show 12
  saring batch approve 12                               shows a preview and asks
  saring batch approve 12 --yes --json                  in a script
  saring batch preview 12 --step suspend
  saring batch suspend 12 --reason \"letter of the ministry\"
  saring batch restore 12

Nobody approves what he submitted himself. A transfer that broke goes on where it stopped, when it is
submitted again with the same --request.")]
pub(super) struct BatchArgs {
    #[command(subcommand)]
    verb: BatchVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum BatchVerb {
    /// Hand a list in; it waits for an approver
    Submit(Box<submit::SubmitArgs>),
    /// Show batches, newest first
    List(ListArgs),
    /// Show one batch, with its states and who brought each about
    Show {
        /// Number of the batch
        batch: u64,
    },
    /// See what a step would change, without taking it
    Preview {
        /// Number of the batch
        batch: u64,
        /// The step
        #[arg(long, value_parser = one_of::<Step>(Step::ALL.iter().filter(|step| **step != Step::Reject).map(|step| step.name())))]
        step: Step,
        /// For a suspension: first day on which the devices would be black [default: by the settings]
        #[arg(long, value_name = "DATE")]
        black_from: Option<Day>,
    },
    /// Put a submitted batch into force (or on record as a plan)
    Approve(StepArgs),
    /// Refuse a submitted batch, or take one's own back
    Reject {
        /// Number of the batch
        batch: u64,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Take a batch out of force while it is investigated
    Suspend {
        #[command(flatten)]
        step: StepArgs,
        /// First day on which the devices are black [default: by the settings]
        #[arg(long, value_name = "DATE")]
        black_from: Option<Day>,
    },
    /// Put a suspended batch back into force
    Restore(StepArgs),
    /// Take a batch out of force for good
    Withdraw(StepArgs),
    /// The devices of a planned batch were made: put it into force
    Realise(StepArgs),
}

#[derive(Clone, Debug, clap::Args)]
struct ListArgs {
    /// Only of this state
    #[arg(long, value_parser = STATES)]
    state: Option<String>,
    /// Only of this door
    #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
    door: Option<Door>,
    /// Only of this document
    #[arg(long, value_name = "REF", default_value = "", hide_default_value = true)]
    document: String,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Only with smaller numbers than this: the next page
    #[arg(long, value_name = "BATCH")]
    before: Option<u64>,
}

const STATES: [&str; 8] = ["staged", "submitted", "planned", "active", "suspended", "withdrawn", "rejected", "expired"];

#[derive(Clone, Debug, clap::Args)]
struct StepArgs {
    /// Number of the batch
    batch: u64,
    #[command(flatten)]
    looked: Looked,
    #[command(flatten)]
    why: Reasoned,
}

/// A step of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Approve,
    Reject,
    Suspend,
    Restore,
    Withdraw,
    Realise,
}

impl Step {
    const ALL: [Self; 6] = [Self::Approve, Self::Reject, Self::Suspend, Self::Restore, Self::Withdraw, Self::Realise];

    const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Suspend => "suspend",
            Self::Restore => "restore",
            Self::Withdraw => "withdraw",
            Self::Realise => "realise",
        }
    }

    fn take(self, caller: &RegistryCaller, request: proto::StepRequest) -> Result<proto::StepResponse, ClientError> {
        match self {
            Self::Approve => caller.approve_batch(request),
            Self::Reject => caller.reject_batch(request),
            Self::Suspend => caller.suspend_batch(request),
            Self::Restore => caller.restore_batch(request),
            Self::Withdraw => caller.withdraw_batch(request),
            Self::Realise => caller.realise_batch(request),
        }
    }
}

impl std::str::FromStr for Step {
    type Err = super::change::BadInput;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let step = Self::ALL.into_iter().find(|step| step.name() == text);
        step.ok_or_else(|| super::change::BadInput(format!("{text:?} is no step of a batch")))
    }
}

pub(super) fn run(args: &BatchArgs) -> Result<Exit, Failure> {
    let there = &args.there;
    match &args.verb {
        BatchVerb::Submit(submit) => submit::run(there, submit),
        BatchVerb::List(list) => run_list(there, list),
        BatchVerb::Show { batch } => {
            let batch = there.connect()?.show_batch(proto::ShowBatchRequest { batch: *batch })?;
            print(&if there.json { view::as_json(&batch).to_string() } else { view::one(&batch) })?;
            Ok(Exit::Ok)
        }
        BatchVerb::Preview { batch, step, black_from } => preview::show(there, change(*batch, *step, *black_from)),
        BatchVerb::Approve(step) => take(there, Step::Approve, step, None),
        BatchVerb::Reject { batch, why } => {
            let caller = there.connect()?;
            rejected(there, *batch, why, &caller)
        }
        BatchVerb::Suspend { step, black_from } => take(there, Step::Suspend, step, *black_from),
        BatchVerb::Restore(step) => take(there, Step::Restore, step, None),
        BatchVerb::Withdraw(step) => take(there, Step::Withdraw, step, None),
        BatchVerb::Realise(step) => take(there, Step::Realise, step, None),
    }
}

fn run_list(there: &RegistryFlags, list: &ListArgs) -> Result<Exit, Failure> {
    let request = proto::ListBatchesRequest {
        state: text(list.state.as_ref()),
        door: text(list.door.as_ref()),
        document: list.document.clone(),
        limit: list.limit,
        before: list.before.unwrap_or_default(),
    };
    let all = there.connect()?.list_batches(request)?.batches;
    let json = || Value::from(all.iter().map(view::as_json).collect::<Vec<_>>()).to_string();
    print(&if there.json { json() } else { view::listed(&all) })?;
    Ok(Exit::Ok)
}

fn change(batch: u64, step: Step, black_from: Option<Day>) -> preview_request::Change {
    let (step, black_from) = (step.name().to_owned(), text(black_from.as_ref()));
    preview_request::Change::Batch(proto::BatchStepPreview { batch, step, black_from })
}

fn rejected(there: &RegistryFlags, batch: u64, why: &Reasoned, caller: &RegistryCaller) -> Result<Exit, Failure> {
    let call = |request_id| {
        let reason = why.reason.clone();
        Step::Reject.take(caller, proto::StepRequest { request_id, batch, reason, ..proto::StepRequest::default() })
    };
    told(there, batch, &why.change.carry_out(call)?)
}

/// Shows the batch and what the step changes, asks, and takes it.
fn take(there: &RegistryFlags, step: Step, args: &StepArgs, black_from: Option<Day>) -> Result<Exit, Failure> {
    let caller = there.connect()?;
    let batch = args.batch;
    let shown = caller.show_batch(proto::ShowBatchRequest { batch })?;
    args.looked.show(there, &view::one(&shown))?;
    let asked = format!("{} batch {batch}?", step.name());
    let digest = args.looked.digest(there, &caller, change(batch, step, black_from), &asked)?;
    let Some(preview_sha256) = digest else { return Ok(Exit::Failed) };
    let call = |request_id| {
        let (reason, black_from) = (args.why.reason.clone(), text(black_from.as_ref()));
        step.take(&caller, proto::StepRequest { request_id, batch, reason, preview_sha256, black_from })
    };
    told(there, batch, &args.why.change.carry_out(call)?)
}

fn told(there: &RegistryFlags, batch: u64, step: &proto::StepResponse) -> Result<Exit, Failure> {
    let said = if step.another_approver_needed {
        format!("batch {batch} is approved by you; it is large and needs another approver before anything happens")
    } else {
        format!("batch {batch} is {}", step.state)
    };
    let more = json!({"batch": batch, "state": step.state, "another_approver_needed": step.another_approver_needed});
    done(there.json, &said, step.receipt.as_ref(), more)
}

#[cfg(test)]
mod tests;
