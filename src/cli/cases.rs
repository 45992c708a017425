//! `saring case`: a caller's complaint, from its opening to its end.

use super::{
    Exit, Failure,
    change::{BadInput, Change as Named, number},
    print,
    server::RegistryFlags,
    table::{lines, table, time},
};
use crate::{
    grpc::CasesCaller,
    identity::Msisdn,
    proto::{self, change_case_request::Change},
    words::{CaseTerm, Language},
};
use serde_json::{Value, json};

/// What to do with cases.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring case open paid-unlisted --imei 352099001761481 --msisdn 0812-3456-7890 --owner customs --note \"paid, PIB-7\"
  saring case list --owner customs --overdue
  saring case show K000-0174
  saring case note K000-0174 --seen 3 \"the receipt came by mail\"
  saring case hand-over K000-0174 --seen 4 --to operator --operator telkomsel \"listed, phone still dead\"
  saring case close K000-0174 --seen 5 \"works since this morning\"
  saring case state K000-0174 --secret ABCD2345          what the public sees

--seen is the version that `show` printed: where somebody else changed the case since, the change is refused and
tells what and by whom. The secret is printed once, when the case is opened: the caller keeps it.")]
pub(super) struct CaseArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Open a case
    Open(OpenArgs),
    /// Show a case with its history
    Show {
        /// Its number
        number: String,
    },
    /// List cases that are not closed, what is due first comes first
    List(ListArgs),
    /// Note something
    Note(Told),
    /// Give it to a person
    Assign {
        #[command(flatten)]
        which: Which,
        /// The person
        name: String,
    },
    /// Give it to another owner
    HandOver {
        #[command(flatten)]
        told: Told,
        /// operator, customs, ministry, dukcapil or 159
        #[arg(long, value_name = "OWNER")]
        to: String,
        /// The operator, where that is one
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        operator: String,
    },
    /// Wait for something that the caller must bring
    Wait(Told),
    /// Go on: what the caller had to bring came
    Resume(Told),
    /// Close it
    Close(Told),
    /// Open a closed case again
    Reopen(Told),
    /// Count cases by kind and owner
    Stats,
    /// Show what the public sees of a case
    State {
        /// Its number
        number: String,
        /// Its secret
        #[arg(long, value_name = "SECRET")]
        secret: String,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct OpenArgs {
    /// legal-blocked, paid-unlisted, second-slot, stolen, recovered, cloned, subscriber or other
    kind: String,
    /// The device
    #[arg(long, value_name = "IMEI", default_value = "", hide_default_value = true)]
    imei: String,
    /// The caller's number
    #[arg(long, value_name = "NUMBER")]
    msisdn: Option<String>,
    /// Who must act: operator, customs, ministry, dukcapil or 159
    #[arg(long, value_name = "OWNER", default_value = "159")]
    owner: String,
    /// The operator, where that is the owner
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// What the caller says
    #[arg(long, value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    named: Named,
}

#[derive(Clone, Debug, clap::Args)]
struct ListArgs {
    /// Of this owner
    #[arg(long, value_name = "OWNER", default_value = "", hide_default_value = true)]
    owner: String,
    /// Of this operator
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// Of this kind
    #[arg(long, value_name = "KIND", default_value = "", hide_default_value = true)]
    kind: String,
    /// That this person works on
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    assignee: String,
    /// Late ones only
    #[arg(long)]
    overdue: bool,
    /// Closed ones instead
    #[arg(long)]
    closed: bool,
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    number: u32,
}

#[derive(Clone, Debug, clap::Args)]
struct Which {
    /// Number of the case
    number: String,
    /// The version that you saw
    #[arg(long, value_name = "VERSION")]
    seen: u64,
    #[command(flatten)]
    named: Named,
}

#[derive(Clone, Debug, clap::Args)]
struct Told {
    #[command(flatten)]
    which: Which,
    /// What there is to say
    text: String,
}

pub(super) fn run(args: &CaseArgs) -> Result<Exit, Failure> {
    let (caller, is_json) = (CasesCaller::connect(&args.there.reach()?)?, args.there.json);
    let change = |which: &Which, change: Change| changed(&caller, which, change, is_json);
    match &args.action {
        Action::Open(open) => opened(&caller, open, is_json),
        Action::Show { number } => {
            let case = caller.show_case(proto::ShowCaseRequest { number: number.clone() })?;
            out(is_json, || as_json(&case), || shown(&case))
        }
        Action::List(list) => {
            let request = proto::ListCasesRequest {
                owner: list.owner.clone(),
                operator: list.operator.clone(),
                kind: list.kind.clone(),
                assignee: list.assignee.clone(),
                overdue: list.overdue,
                closed: list.closed,
                limit: list.number,
            };
            let cases = caller.list_cases(request)?.cases;
            out(is_json, || cases.iter().map(as_json).collect::<Vec<_>>().into(), || listed(&cases))
        }
        Action::Note(told) => change(&told.which, Change::Note(told.text.clone())),
        Action::Assign { which, name } => change(which, Change::Assign(name.clone())),
        Action::HandOver { told, to, operator } => {
            let (owner, operator, note) = (to.clone(), operator.clone(), told.text.clone());
            change(&told.which, Change::HandOver(proto::CaseHandOver { owner, operator, note }))
        }
        Action::Wait(told) => change(&told.which, Change::Wait(told.text.clone())),
        Action::Resume(told) => change(&told.which, Change::Resume(told.text.clone())),
        Action::Close(told) => change(&told.which, Change::Close(told.text.clone())),
        Action::Reopen(told) => change(&told.which, Change::Reopen(told.text.clone())),
        Action::Stats => {
            let figures = caller.get_case_figures(proto::GetCaseFiguresRequest {})?.figures;
            out(is_json, || figures.iter().map(figures_json).collect::<Vec<_>>().into(), || counted(&figures))
        }
        Action::State { number, secret } => {
            let request = proto::GetCaseStateRequest { number: number.clone(), secret: secret.clone() };
            let seen = caller.get_case_state(request)?;
            let object = || json!({"state": seen.state, "owner": seen.owner, "due": time(seen.due_unix_s)});
            out(is_json, object, || {
                lines(&[("state", seen.state.clone()), ("owner", seen.owner.clone()), ("due", time(seen.due_unix_s))])
            })
        }
    }
}

fn out(is_json: bool, object: impl Fn() -> Value, text: impl Fn() -> String) -> Result<Exit, Failure> {
    print(&if is_json { object().to_string() } else { text() })?;
    Ok(Exit::Ok)
}

fn opened(caller: &CasesCaller, open: &OpenArgs, is_json: bool) -> Result<Exit, Failure> {
    let msisdn = number::<Msisdn>("MSISDN", open.msisdn.as_deref())?;
    let opened = open.named.carry_out(|request_id| {
        caller.open_case(proto::OpenCaseRequest {
            request_id,
            kind: open.kind.clone(),
            imei: open.imei.clone(),
            msisdn: msisdn.clone(),
            owner: open.owner.clone(),
            operator: open.operator.clone(),
            note: open.note.clone(),
        })
    })?;
    let case = opened.case.ok_or_else(|| BadInput("the server named no case".to_owned()))?;
    let object = || json!({"case": as_json(&case), "secret": opened.secret, "repeated": opened.repeated});
    out(is_json, object, || {
        format!("{}\nsecret       {}  (for the caller; it is not shown again)", shown(&case), opened.secret)
    })
}

fn changed(caller: &CasesCaller, which: &Which, change: Change, is_json: bool) -> Result<Exit, Failure> {
    let changed = which.named.carry_out(|request_id| {
        let (number, seen_version) = (which.number.clone(), which.seen);
        caller.change_case(proto::ChangeCaseRequest { request_id, number, seen_version, change: Some(change) })
    })?;
    let case = changed.case.unwrap_or_default();
    out(is_json, || json!({"case": as_json(&case), "repeated": changed.repeated}), || shown(&case))
}

fn owner(case: &proto::Case) -> String {
    format!("{} {}", case.owner, case.operator).trim().to_owned()
}

/// A case with its history, for people.
pub(super) fn shown(case: &proto::Case) -> String {
    let steps = case.steps.iter().map(|step| {
        let to = if step.to.is_empty() { String::new() } else { format!(" to {}", step.to) };
        let text = if step.text.is_empty() { String::new() } else { format!(": {}", step.text) };
        format!("{}  {} by {}{to}{text}", time(step.unix_s), step.act, step.by)
    });
    let overdue = if case.overdue { " (late)" } else { "" };
    lines(&[
        ("case", format!("{}, version {}", case.number, case.version)),
        ("kind", case.kind.clone()),
        ("state", case.state.clone()),
        ("owner", owner(case)),
        ("assignee", case.assignee.clone()),
        ("due", format!("{}{overdue}", time(case.due_unix_s))),
        ("imei", case.imei.clone()),
        ("number", case.msisdn.clone()),
        ("history", steps.collect::<Vec<_>>().join("\n")),
    ])
}

/// A case on one line, in a language.
pub(super) fn line(case: &proto::Case, language: Language) -> String {
    let term = |term, name: &str| language.case_term(term, name);
    let late = if case.overdue { " !" } else { "" };
    let owner = format!("{} {}", term(CaseTerm::Owner, &case.owner), case.operator);
    let (kind, state) = (term(CaseTerm::Kind, &case.kind), term(CaseTerm::State, &case.state));
    format!("{} {kind} ({state}), {}, {}{late}", case.number, owner.trim(), language.moment(case.due_unix_s))
}

fn listed(cases: &[proto::Case]) -> String {
    let rows: Vec<[String; 8]> = cases
        .iter()
        .map(|case| {
            let late = if case.overdue { "late" } else { "" };
            [
                case.number.clone(),
                case.kind.clone(),
                case.state.clone(),
                owner(case),
                case.assignee.clone(),
                time(case.due_unix_s),
                late.to_owned(),
                case.version.to_string(),
            ]
        })
        .collect();
    table(["case", "kind", "state", "owner", "assignee", "due", "late", "version"], &rows)
}

fn counted(figures: &[proto::CaseFigures]) -> String {
    let rows: Vec<[String; 6]> = figures
        .iter()
        .map(|one| {
            let owner = format!("{} {}", one.owner, one.operator).trim().to_owned();
            let hours = one.mean_seconds_to_close.div_ceil(3600);
            let hours = if one.closed == 0 { String::new() } else { hours.to_string() };
            let [open, overdue, closed] = [one.open, one.overdue, one.closed].map(|count| count.to_string());
            [one.kind.clone(), owner, open, overdue, closed, hours]
        })
        .collect();
    table(["kind", "owner", "open", "late", "closed", "hours to close"], &rows)
}

fn figures_json(one: &proto::CaseFigures) -> Value {
    json!({
        "kind": one.kind,
        "owner": one.owner,
        "operator": one.operator,
        "open": one.open,
        "overdue": one.overdue,
        "closed": one.closed,
        "mean_seconds_to_close": one.mean_seconds_to_close,
    })
}

/// A case for programs.
pub(super) fn as_json(case: &proto::Case) -> Value {
    let steps = case.steps.iter().map(|step| {
        json!({
            "time": time(step.unix_s), "by": step.by, "act": step.act, "text": step.text, "to": step.to,
            "version": step.version,
        })
    });
    json!({
        "number": case.number,
        "version": case.version,
        "kind": case.kind,
        "imei": case.imei,
        "msisdn": case.msisdn,
        "owner": case.owner,
        "operator": case.operator,
        "assignee": case.assignee,
        "state": case.state,
        "opened": time(case.opened_unix_s),
        "due": time(case.due_unix_s),
        "overdue": case.overdue,
        "closed": time(case.closed_unix_s),
        "history": steps.collect::<Vec<_>>(),
        "erased": case.erased,
    })
}
