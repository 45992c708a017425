//! `saring override`: for a time the answers are what two administrators say.

use super::{
    Exit, Failure,
    change::{Change, Reasoned, done},
    print, proposal,
    server::RegistryFlags,
    table::{or, table, time},
};
use crate::{
    day,
    proto::{self, propose_request},
};
use serde_json::{Value, json};

/// Break-glass: two persons, until a time, with a reason, in every answer it touches.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring override set --answer white --until 2026-12-31T18:00 --operator xl --reason \"fire in the data centre\"
  saring proposal approve 14                            by another administrator
  saring override list
  saring override end 15 --reason \"over\"")]
pub(super) struct OverrideArgs {
    #[command(subcommand)]
    verb: OverrideVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum OverrideVerb {
    /// Ask for an override; another administrator approves
    Set(SetArgs),
    /// End an override before its time
    End {
        /// Its number
        number: u64,
        #[command(flatten)]
        why: Reasoned,
    },
    /// Show what is in force or to come
    List,
}

#[derive(Clone, Debug, clap::Args)]
struct SetArgs {
    /// What the answers are
    #[arg(long, value_parser = ["white", "grey", "as-usual"])]
    answer: String,
    /// When it ends by itself: 2026-12-31, 2026-12-31T18:00 (WIB)
    #[arg(long, value_name = "TIME", value_parser = day::moment)]
    until: i64,
    /// When it begins [default: as soon as it is approved]
    #[arg(long, value_name = "TIME", value_parser = day::moment)]
    from: Option<i64>,
    /// For this operator [default: for all]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    change: Change,
}

pub(super) fn run(args: &OverrideArgs) -> Result<Exit, Failure> {
    let there = &args.there;
    match &args.verb {
        OverrideVerb::Set(set) => {
            let order = proto::OverrideOrder {
                operator: set.operator.clone(),
                answer: set.answer.clone(),
                from_unix_s: set.from.unwrap_or_default(),
                until_unix_s: set.until,
            };
            let why = Reasoned { reason: set.reason.clone(), change: set.change.clone() };
            let change = propose_request::Change::SetOverride(order);
            proposal::propose(there, &there.connect()?, &why, change, "another administrator")
        }
        OverrideVerb::End { number, why } => {
            let caller = there.connect()?;
            let receipt = why.change.carry_out(|request_id| {
                caller.end_override(proto::EndOverrideRequest {
                    request_id,
                    number: *number,
                    reason: why.reason.clone(),
                })
            })?;
            done(there.json, &format!("override {number} is ended"), Some(&receipt), json!({"override": number}))
        }
        OverrideVerb::List => {
            let all = there.connect()?.list_overrides(proto::ListOverridesRequest {})?.overrides;
            let json = || Value::from(all.iter().map(as_json).collect::<Vec<_>>()).to_string();
            print(&if there.json { json() } else { listed(&all) })?;
            Ok(Exit::Ok)
        }
    }
}

fn listed(overrides: &[proto::Override]) -> String {
    if overrides.is_empty() {
        return "no override is in force or to come".to_owned();
    }
    let rows: Vec<[String; 6]> = overrides
        .iter()
        .map(|one| {
            let operator = or(&one.operator, "(all)").to_owned();
            let (from, until) = (time(one.from_unix_s), time(one.until_unix_s));
            [one.number.to_string(), operator, one.answer.clone(), from, until, one.reason.clone()]
        })
        .collect();
    table(["number", "operator", "answer", "from", "until", "reason"], &rows)
}

fn as_json(one: &proto::Override) -> Value {
    json!({
        "number": one.number,
        "operator": one.operator,
        "answer": one.answer,
        "from": time(one.from_unix_s),
        "until": time(one.until_unix_s),
        "reason": one.reason,
    })
}
