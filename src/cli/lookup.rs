//! `saring lookup`: what an agent needs of a device, a number, a document or a batch, on one screen.

mod json;
mod screen;

use super::{Exit, Failure, print, server::ServerFlags};
use crate::{
    check::{AsOf, Clock, When},
    day,
    explain::Explainer,
    grpc::{ClientError, LookupCaller, help_to_wire, lookup_to_wire},
    identity::{IdentityError, Imsi, Msisdn},
    lookup::{Finder, LookupError, LookupOrder},
    proto,
    store::{OpenMode, Store},
    words::Language,
};
use std::{path::PathBuf, str::FromStr, sync::Arc};

/// What is looked up, and where.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring lookup 35-209900-176148-1 --data DIR
  saring lookup 352099001761481 --msisdn 0812-3456-7890 --server http://127.0.0.1:7402
  saring lookup 0812-3456-7890 --data DIR              the devices of a number
  saring lookup imsi-510101234567890 --data DIR        those of a SIM
  saring lookup TPP-2026-0117 --data DIR               a document; `batch 17` is a batch
  saring lookup 352099001761481 --data DIR --language en --as-of 1.42 --on 2027-01-01
  saring lookup 352099001761481 --server URL --reveal '62812*****789' --purpose \"police letter 17/2026\"
  saring lookup --questions                            what callers ask, and what to answer

14 to 16 digits are an IMEI, 5 to 13 (and what begins with + or 628) a number; imei-, imsi-,
msisdn-, batch and document before the text say it outright. Numbers are masked. What a server
looks up goes on record (saring audit); --data reads files without one. The address of
--server is that of the Registry door; an agent of an operator sees that operator's numbers only.

Exit codes: 0 found, 2 bad input, 1 failed.")]
pub(super) struct LookupArgs {
    /// IMEI or IMEISV in any form, number, imsi-…, document, or batch N
    #[arg(required_unless_present = "questions")]
    text: Option<String>,
    /// The subscriber's number, for a device: 0812…, 62812… or +62 812-…
    #[arg(long)]
    msisdn: Option<String>,
    /// The subscriber's identity (IMSI), for a device
    #[arg(long)]
    imsi: Option<String>,
    /// The operator whose answer comes first
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Language of the texts: id or en
    #[arg(long, value_name = "LANGUAGE", default_value = "id", value_parser = Language::from_str)]
    language: Language,
    /// The moment: 2026-12-31, 2026-12-31T18:00 (WIB) [default: now]
    #[arg(long, value_name = "TIME", value_parser = day::moment)]
    on: Option<i64>,
    /// The state of the register: a revision (1.42) or a time [default: the newest]
    #[arg(long, value_name = "REVISION|TIME")]
    as_of: Option<String>,
    /// Directory of the register
    #[arg(long, value_name = "DIR", required_unless_present_any = ["server", "questions"])]
    #[arg(conflicts_with_all = ["server", "ca", "cert", "token_file"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    there: ServerFlags,
    /// What it is looked up for; goes on record
    #[arg(long, value_name = "TEXT", requires = "server")]
    purpose: Option<String>,
    /// Show in full the number that the page shows like this; needs --purpose and goes on record
    #[arg(long, value_name = "MASKED", requires_all = ["server", "purpose"])]
    reveal: Option<String>,
    /// Show the questions that callers ask, with their answers
    #[arg(long, conflicts_with = "text")]
    questions: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &LookupArgs) -> Result<Exit, Failure> {
    let Some(text) = args.text.as_deref().filter(|_| !args.questions) else {
        let help = help_to_wire(args.language);
        print(&if args.json { json::help(&help).to_string() } else { screen::help(&help) })?;
        return Ok(Exit::Ok);
    };
    if let (Some(masked), Some(access)) = (&args.reveal, args.there.access()?) {
        let request = proto::RevealRequest {
            text: text.to_owned(),
            number: masked.clone(),
            batch: 0,
            purpose: args.purpose.clone().unwrap_or_default(),
        };
        return match LookupCaller::connect(&access)?.reveal(request) {
            Err(ClientError::Refused { code: _, message }) if is_bad(&message) => bad_input(&message),
            Err(error) => Err(error.into()),
            Ok(revealed) if args.json => {
                let object = serde_json::json!({"numbers": revealed.numbers, "audit_entry": revealed.audit_entry});
                print(&object.to_string()).map(|()| Exit::Ok)
            }
            Ok(revealed) => print(&revealed.numbers.join("\n")).map(|()| Exit::Ok),
        };
    }
    let found = match (&args.data, args.there.access()?) {
        (Some(data), _) => match here(args, text, data) {
            Err(failure) if failure.is::<BadInput>() => return bad_input(&failure),
            other => other?,
        },
        (None, Some(access)) => match LookupCaller::connect(&access)?.find(request(args, text)) {
            Err(ClientError::Refused { code: _, message }) if is_bad(&message) => return bad_input(&message),
            other => other?,
        },
        (None, None) => return bad_input(&"name a register with --data, or a server with --server"),
    };
    print(&if args.json { json::found(&found).to_string() } else { screen::found(&found, args.language) })?;
    Ok(Exit::Ok)
}

/// What cannot be read of the input.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadInput(String);

fn bad_input(what: &dyn std::fmt::Display) -> Result<Exit, Failure> {
    eprintln!("saring: {what}");
    Ok(Exit::BadInput)
}

/// Whether the server refused a value of the question: it names the field first.
fn is_bad(message: &str) -> bool {
    ["text: ", "msisdn: ", "imsi: ", "operator: ", "as_of: ", "language: ", "number: ", "purpose: "]
        .iter()
        .any(|name| message.starts_with(name))
}

fn here(args: &LookupArgs, text: &str, data: &std::path::Path) -> Result<proto::FindResponse, Failure> {
    // A wrong number may still be somebody's: it is not repeated.
    fn number<T: FromStr<Err = IdentityError>>(what: &str, text: Option<&str>) -> Result<Option<T>, BadInput> {
        let unread = |error: IdentityError| BadInput(format!("the {what} cannot be read: {}", error.rule()));
        text.map(|text| text.parse().map_err(unread)).transpose()
    }
    let as_of = args.as_of.as_deref().map(str::parse::<AsOf>).transpose();
    let as_of = as_of.map_err(|error| BadInput(format!("--as-of: {error}")))?.unwrap_or_default();
    let order = LookupOrder {
        text: text.to_owned(),
        msisdn: number::<Msisdn>("MSISDN", args.msisdn.as_deref())?,
        imsi: number::<Imsi>("IMSI", args.imsi.as_deref())?,
        operator: args.operator.clone(),
        when: When { on: args.on, as_of },
        only: None,
    };
    let store = Arc::new(Store::open(data, OpenMode::Read)?);
    match Finder::new(Explainer::new(store, Clock::system()?)).find(&order) {
        Ok(found) => Ok(lookup_to_wire(&found, args.language)),
        Err(error @ LookupError::Unread { .. }) => Err(BadInput(error.to_string()).into()),
        Err(error) => Err(error.into()),
    }
}

fn request(args: &LookupArgs, text: &str) -> proto::FindRequest {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    proto::FindRequest {
        text: text.to_owned(),
        msisdn: given(&args.msisdn),
        imsi: given(&args.imsi),
        operator: given(&args.operator),
        language: args.language.tag().to_owned(),
        on_unix_seconds: args.on,
        as_of: given(&args.as_of),
        purpose: given(&args.purpose),
    }
}
