//! `saring registration`: operators' lists of subscribers, counts of them, the calendar of blocking.

mod here;
mod there;
mod view;

pub(super) use view::number_json;

use super::{
    Exit, Failure,
    change::{BadInput, Change, Sha256Hex},
    print,
    server::RegistryFlags,
};
use crate::{
    day::Day,
    proto,
    registration::{self, Generated, Mode},
    words::Language,
};
use serde_json::Value;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
    time::Instant,
};

/// What to do with registrations.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring registration generate --numbers 1e6 --out telkomsel.csv
  saring registration import telkomsel.csv --operator telkomsel --mode full --data DIR
  saring registration counts --by operator,city,stage --data DIR
  saring registration counts --city 3171 --from 2026-01-01       day by day, of a server
  saring registration show 0812-3456-7890 --purpose \"the subscriber calls\"
  saring registration calendar preview 2026.toml --by-city
  saring registration calendar propose 2026.toml --reason \"letter 7\"
  saring registration calendar approve 3
  saring registration above-limit

A list is CSV with a header: msisdn, state (registered, unregistered, kk-mismatch, nik-inactive, withdrawn), and where known
city, identity (ktp-el, suket, passport), nik (or its keyed hash, v1:…), since; a delta has change_type (add, update, remove).
Identity numbers are hashed with a key as they are read, and kept nowhere. A number that another operator holds is taken over
and counted. --data opens a directory that nobody serves; else a server is asked.")]
pub(super) struct RegistrationArgs {
    #[command(subcommand)]
    action: Action,
    /// Directory of the register, in the place of a server
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Take an operator's list in
    Import(ImportArgs),
    /// Count numbers, now or day by day
    Counts(CountsArgs),
    /// Show one number
    Show(ShowArgs),
    /// Show identities with more numbers than the limit
    AboveLimit {
        /// Numbers of one identity with one operator [default: that of the calendar]
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// The calendar of blocking
    Calendar {
        #[command(subcommand)]
        action: CalendarAction,
    },
    /// Add a key for the hashes of identities; rows get it when a list brings them again
    RotateKey {
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Show the lists on record, newest first
    Lists(ListsArgs),
    /// Make a list of a made-up nation, for trying and measuring
    Generate(GenerateArgs),
}

#[derive(Clone, Debug, clap::Args)]
struct ImportArgs {
    /// The list
    file: PathBuf,
    /// The operator whose numbers they are [default: yours]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// full: numbers that are not named are withdrawn; delta: a column says what becomes of each
    #[arg(long, value_name = "MODE", default_value = "delta", value_parser = Mode::from_str)]
    mode: Mode,
    /// One bad row keeps all others out
    #[arg(long)]
    all_or_nothing: bool,
    /// By how many percent a full list may be shorter than what is held
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u8).range(..=100))]
    max_drop: u8,
    /// How many percent of another operator's numbers a list may take over
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u8).range(..=100))]
    max_takeover: u8,
    #[command(flatten)]
    named: Change,
}

#[derive(Clone, Debug, clap::Args)]
struct CountsArgs {
    /// What they are told apart by: operator, city, state, identity, stage
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', default_value = "operator,state,stage")]
    by: Vec<String>,
    /// Of this operator
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// Of this city
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    city: String,
    /// At the end of this day [default: now]
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    on: Option<Day>,
    /// Day by day, from this one on
    #[arg(long, value_name = "DATE")]
    from: Option<Day>,
    /// Day by day, until this one
    #[arg(long, value_name = "DATE")]
    to: Option<Day>,
}

#[derive(Clone, Debug, clap::Args)]
struct ShowArgs {
    /// The number: 0812…, 62812… or +62 812-…
    number: String,
    /// The day [default: today]
    #[arg(long, value_name = "DATE")]
    on: Option<Day>,
    /// What it is looked up for; goes on record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    purpose: String,
    /// Language of the texts: id or en
    #[arg(long, value_name = "LANGUAGE", default_value = "id", value_parser = Language::from_str)]
    language: Language,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum CalendarAction {
    /// Show the one in force, and all that were proposed
    Show {
        /// The one in force at the end of this day [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<Day>,
        /// Print the document of this number
        #[arg(long, value_name = "NUMBER")]
        document: Option<u64>,
    },
    /// Propose one; another person approves it
    Propose {
        /// The document (TOML)
        file: PathBuf,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Put a proposed one in force
    Approve(DecideArgs),
    /// Reject a proposed one
    Reject(DecideArgs),
    /// See how many numbers one would move, from which stage to which
    Preview {
        /// The document (TOML)
        file: PathBuf,
        /// The day [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<Day>,
        /// City by city
        #[arg(long)]
        by_city: bool,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct DecideArgs {
    /// Its number
    number: u64,
    /// SHA-256 of the document that you saw, as `preview` printed it
    #[arg(long, value_name = "HEX", value_parser = Sha256Hex::from_str)]
    sha256: Option<Sha256Hex>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

#[derive(Clone, Debug, clap::Args)]
struct ListsArgs {
    /// Of this operator
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// Those that had the bytes of this file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    number: u32,
}

#[derive(Clone, Debug, clap::Args)]
struct GenerateArgs {
    /// How many numbers: 10000000 or 1e7
    #[arg(long, value_name = "N", value_parser = count)]
    numbers: u64,
    /// From which everything follows
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The how-manieth operator: each has numbers of its own
    #[arg(long, value_name = "N", default_value_t = 1)]
    operator: u64,
    /// The day of the list [default: today]
    #[arg(long, value_name = "DATE")]
    day: Option<Day>,
    /// The file [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A count as people write it.
fn count(text: &str) -> Result<u64, String> {
    let whole = |number: &f64| number.fract() == 0.0 && (1.0..=1e9).contains(number);
    let number = text.parse::<f64>().ok().filter(whole);
    number.map(|number| number as u64).ok_or_else(|| "a whole number from 1 to 1e9".to_owned())
}

pub(super) fn run(args: &RegistrationArgs) -> Result<Exit, Failure> {
    if let Action::Generate(order) = &args.action {
        return generated(order);
    }
    let asked = asked(&args.action)?;
    let begun = Instant::now();
    let told = match &args.data {
        Some(data) => here::answer(data, asked)?,
        None => there::answer(&args.there, asked)?,
    };
    let seconds = begun.elapsed().as_secs_f64();
    print(&if args.there.json { view::json(&told, seconds).to_string() } else { view::text(&told, seconds) })?;
    Ok(Exit::Ok)
}

/// What is asked, here or of a server.
enum Asked {
    Import { order: proto::RegistrationListOrder, file: PathBuf, named: Change },
    Lists(proto::GetListsRequest),
    Counts(proto::GetCountsRequest),
    Show(proto::ShowNumberRequest),
    AboveLimit(proto::GetAboveLimitRequest),
    Calendars(proto::GetCalendarsRequest, Option<u64>),
    Propose(proto::ProposeCalendarRequest),
    Decide(proto::DecideCalendarRequest),
    Preview(proto::PreviewCalendarRequest),
    Rotate(proto::RotateIdentityKeyRequest),
}

/// What is told.
enum Told {
    List(proto::SubmitListResponse),
    Lists(Vec<proto::RegistrationList>),
    Counts(proto::GetCountsResponse),
    Number(proto::ShowNumberResponse),
    AboveLimit(proto::GetAboveLimitResponse),
    Calendars(proto::GetCalendarsResponse),
    Document(String),
    Calendar(proto::BlockingCalendar),
    Moved(proto::PreviewCalendarResponse),
    Key(u32),
}

fn asked(action: &Action) -> Result<Asked, Failure> {
    let text = |day: &Option<Day>| super::change::text(day.as_ref());
    Ok(match action {
        Action::Import(import) => {
            let order = proto::RegistrationListOrder {
                request_id: String::new(),
                operator: import.operator.clone(),
                mode: import.mode.name().to_owned(),
                all_or_nothing: import.all_or_nothing,
                max_drop_percent: Some(import.max_drop.into()),
                max_takeover_percent: Some(import.max_takeover.into()),
                sha256: Vec::new(),
            };
            Asked::Import { order, file: import.file.clone(), named: import.named.clone() }
        }
        Action::Counts(counts) => Asked::Counts(proto::GetCountsRequest {
            by: counts.by.iter().filter(|name| !name.is_empty()).cloned().collect(),
            operator: counts.operator.clone(),
            city: counts.city.clone(),
            on: text(&counts.on),
            from: text(&counts.from),
            to: text(&counts.to),
        }),
        Action::Show(show) => Asked::Show(proto::ShowNumberRequest {
            msisdn: show.number.clone(),
            purpose: show.purpose.clone(),
            language: show.language.tag().to_owned(),
            on: text(&show.on),
        }),
        Action::AboveLimit { limit } => {
            Asked::AboveLimit(proto::GetAboveLimitRequest { limit: limit.unwrap_or_default() })
        }
        Action::RotateKey { reason } => Asked::Rotate(proto::RotateIdentityKeyRequest { reason: reason.clone() }),
        Action::Lists(lists) => Asked::Lists(proto::GetListsRequest {
            operator: lists.operator.clone(),
            sha256: lists.file.as_deref().map(there::digest).transpose()?.unwrap_or_default(),
            limit: lists.number,
        }),
        Action::Calendar { action } => match action {
            CalendarAction::Show { on, document } => {
                Asked::Calendars(proto::GetCalendarsRequest { on: text(on) }, *document)
            }
            CalendarAction::Propose { file, reason } => {
                Asked::Propose(proto::ProposeCalendarRequest { document: document(file)?, reason: reason.clone() })
            }
            CalendarAction::Approve(decide) => Asked::Decide(decision(decide, true)),
            CalendarAction::Reject(decide) => Asked::Decide(decision(decide, false)),
            CalendarAction::Preview { file, on, by_city } => Asked::Preview(proto::PreviewCalendarRequest {
                document: document(file)?,
                on: text(on),
                by_city: *by_city,
            }),
        },
        Action::Generate(_) => return Err(BadInput("a list is made here, and nobody is asked".to_owned()).into()),
    })
}

fn decision(args: &DecideArgs, approve: bool) -> proto::DecideCalendarRequest {
    let sha256 = args.sha256.clone().map(|digest| digest.0).unwrap_or_default();
    proto::DecideCalendarRequest { number: args.number, approve, sha256, reason: args.reason.clone() }
}

fn document(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()).into())
}

fn calendars(told: proto::GetCalendarsResponse, document: Option<u64>) -> Result<Told, Failure> {
    let Some(number) = document else { return Ok(Told::Calendars(told)) };
    let found = told.calendars.into_iter().find(|calendar| calendar.number == number);
    let found = found.ok_or_else(|| BadInput(format!("there is no calendar {number}")))?;
    Ok(Told::Document(found.document))
}

fn generated(args: &GenerateArgs) -> Result<Exit, Failure> {
    let GenerateArgs { numbers, seed, operator, day, out } = args;
    let order =
        Generated { numbers: *numbers, seed: *seed, operator: *operator, day: day.unwrap_or_else(registration::today) };
    let out: Box<dyn Write> = match out {
        Some(path) => Box::new(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 20, out);
    super::written(registration::generate(&order, &mut out).and_then(|()| out.flush()))?;
    Ok(Exit::Ok)
}

/// Whether JSON has something to say.
fn some(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}
