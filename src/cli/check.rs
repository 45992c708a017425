//! `saring check`: the answer of the network, for people.

use super::{
    Exit, Failure, print,
    server::ServerFlags,
    view::{self, View},
    written,
};
use crate::{
    check::{AsOf, Clock, EquipmentValue, Explain, Inquiry, When},
    day,
    explain::Explainer,
    grpc::{ClientError, ExplainClient},
    identity::{IdentityError, Imsi, Msisdn, Pei},
    proto,
    store::{OpenMode, Store},
};
use std::{
    io::{BufRead, BufWriter, StdoutLock, Write},
    path::PathBuf,
    str::FromStr,
    sync::Arc,
};

/// The question.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring check 352099001761481 --data DIR
  saring check 35-209900-176148-1 --msisdn 0812-3456-7890 --data DIR --explain
  saring check 35209900176148 --server http://127.0.0.1:7400 --json
  saring check 35209900176148 --server https://eir.example:7400 --ca ca.pem --cert me.pem
  saring check 352099001761481 --data DIR --on 2027-01-01      moves the clock
  saring check 352099001761481 --data DIR --as-of 1.42         moves the data
  cut -d, -f1 phones.csv | saring check - --data DIR           many lines in, CSV out

A line of standard input is IMEI[,MSISDN[,IMSI]]. With --json one object a line comes out.

Exit codes: 0 whitelisted, 3 greylisted, 4 blacklisted, 5 unknown equipment, 2 bad input, 1 failed.
With many lines: 0, or 2 when a line could not be read.

A server tells agents and auditors all that it knows. Asked with the certificate or token of a
network element, it gives the answer alone, as the network hears it.")]
pub(super) struct CheckArgs {
    /// IMEI or IMEISV of 14 to 16 digits, or - for many lines from standard input
    imei: String,
    /// The subscriber's number: 0812…, 62812… or +62 812-…
    #[arg(long)]
    msisdn: Option<String>,
    /// The subscriber's identity (IMSI)
    #[arg(long)]
    imsi: Option<String>,
    /// The operator that asks: its own settings hold
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// An emergency attach or call
    #[arg(long)]
    emergency: bool,
    /// The moment at which it is asked: 2026-12-31, 2026-12-31T18:00 (WIB) [default: now]
    #[arg(long, value_name = "TIME", value_parser = day::moment)]
    on: Option<i64>,
    /// The state of the register that is asked: a revision (1.42) or a time [default: the newest]
    #[arg(long, value_name = "REVISION|TIME")]
    as_of: Option<String>,
    /// Directory of the register
    #[arg(long, value_name = "DIR", required_unless_present = "server")]
    #[arg(conflicts_with_all = ["server", "ca", "cert", "token_file"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    there: ServerFlags,
    /// Show all that lies behind the answer
    #[arg(long)]
    explain: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Where answers come from.
enum Source {
    Here(Explainer),
    There(Box<ExplainClient>),
}

/// One question in text.
#[derive(Clone, Copy)]
struct Asked<'a> {
    imei: &'a str,
    msisdn: Option<Msisdn>,
    imsi: Option<Imsi>,
}

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let as_of = match args.as_of.as_deref().map(str::parse::<AsOf>).transpose() {
        Ok(as_of) => as_of.unwrap_or_default(),
        Err(error) => return bad_input(&format_args!("--as-of: {error}")),
    };
    let number = |given: &Option<String>| given.as_deref().unwrap_or_default().to_owned();
    let usual = match Asked::read(&args.imei, &number(&args.msisdn), &number(&args.imsi)) {
        Ok(asked) => asked,
        Err(error) => return bad_input(&error),
    };
    let source = match (&args.data, args.there.access()?) {
        (Some(data), _) => Source::Here(Explainer::new(Arc::new(Store::open(data, OpenMode::Read)?), Clock::system()?)),
        (None, Some(access)) => Source::There(Box::new(ExplainClient::connect(&access)?)),
        (None, None) => return bad_input(&"name a register with --data, or a server with --server"),
    };
    let when = When { on: args.on, as_of };
    if args.imei == "-" {
        return many(args, &source, usual, when);
    }
    let mut view = answer(args, &source, &usual, when)?;
    view.note = view.note.or_else(|| view::typing_note(&args.imei));
    print(&if args.json { serde_json::to_string(&view)? } else { view.text() })?;
    Ok(match view.status.as_str() {
        "WHITELISTED" => Exit::Ok,
        "GREYLISTED" => Exit::Grey,
        "BLACKLISTED" => Exit::Black,
        _ => Exit::Unknown,
    })
}

fn bad_input(what: &dyn std::fmt::Display) -> Result<Exit, Failure> {
    eprintln!("saring: {what}");
    Ok(Exit::BadInput)
}

/// Many lines in, CSV or JSON lines out, in the same order. A line that cannot be read costs itself only.
fn many(args: &CheckArgs, source: &Source, usual: Asked<'_>, when: When) -> Result<Exit, Failure> {
    let mut exit = Exit::Ok;
    let mut out = Lines::new(args.json)?;
    for (number, line) in (1..).zip(std::io::stdin().lock().split(b'\n')) {
        // Bytes that are no text make a value that cannot be read, not a reason to give up the rest.
        let line = String::from_utf8_lossy(&line?).into_owned();
        if line.trim().is_empty() {
            continue;
        }
        let answered = match usual.with_line(&line) {
            Ok(asked) => answer(args, source, &asked, when),
            Err(error) => Err(error.into()),
        };
        match answered {
            Ok(view) => out.write(&view)?,
            Err(failure) if is_bad_line(&failure) => {
                eprintln!("saring: line {number}: {failure}");
                exit = Exit::BadInput;
            }
            Err(failure) => return Err(failure),
        }
    }
    out.flush()?;
    Ok(exit)
}

/// What is wrong with one line, here or in the words of the server.
fn is_bad_line(failure: &Failure) -> bool {
    failure.is::<LineError>() || failure.downcast_ref::<ClientError>().is_some_and(ClientError::is_bad_question)
}

/// Answers on standard output, one a line.
enum Lines {
    Csv(Box<csv::Writer<StdoutLock<'static>>>),
    Json(BufWriter<StdoutLock<'static>>),
}

impl Lines {
    fn new(json: bool) -> Result<Self, Failure> {
        let out = std::io::stdout().lock();
        if json {
            return Ok(Self::Json(BufWriter::new(out)));
        }
        let mut csv = Box::new(csv::Writer::from_writer(out));
        csv.write_record(View::CSV_HEADER)?;
        Ok(Self::Csv(csv))
    }

    fn write(&mut self, view: &View) -> Result<(), Failure> {
        written(match self {
            Self::Csv(csv) => csv.write_record(view.csv()).map_err(of_the_system),
            Self::Json(out) => writeln!(out, "{}", serde_json::to_string(view)?),
        })
    }

    fn flush(&mut self) -> Result<(), Failure> {
        written(match self {
            Self::Csv(csv) => csv.flush(),
            Self::Json(out) => out.flush(),
        })
    }
}

/// The system's error behind that of a CSV writer, so that its kind can be seen.
fn of_the_system(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// Why a question cannot be read. A wrong number may still be somebody's: it is not repeated.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("the {what} cannot be read: {rule}")]
    Number { what: &'static str, rule: &'static str },
    #[error("the IMEI is missing; write IMEI[,MSISDN[,IMSI]]")]
    NoImei,
}

impl<'a> Asked<'a> {
    /// A question of three texts; an empty number is none.
    fn read(imei: &'a str, msisdn: &str, imsi: &str) -> Result<Self, LineError> {
        fn number<T: FromStr<Err = IdentityError>>(what: &'static str, text: &str) -> Result<Option<T>, LineError> {
            let unread = |error: IdentityError| LineError::Number { what, rule: error.rule() };
            (!text.is_empty()).then(|| text.parse().map_err(unread)).transpose()
        }
        Ok(Self { imei, msisdn: number("MSISDN", msisdn)?, imsi: number("IMSI", imsi)? })
    }

    /// The question of a line; what it leaves out is as in this one.
    fn with_line<'b>(&self, line: &'b str) -> Result<Asked<'b>, LineError> {
        let mut fields = line.split(',').map(|field| field.trim().trim_matches('"'));
        let mut given = || fields.next().unwrap_or_default();
        let asked = Asked::read(given(), given(), given())?;
        if asked.imei.is_empty() {
            return Err(LineError::NoImei);
        }
        Ok(Asked { msisdn: asked.msisdn.or(self.msisdn), imsi: asked.imsi.or(self.imsi), ..asked })
    }
}

/// People put blanks and hyphens into an IMEI, a network does not. A PEI with its prefix stays as it is.
pub(super) fn without_separators(imei: &str) -> String {
    if imei.starts_with(char::is_alphabetic) {
        return imei.to_owned();
    }
    imei.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/')).collect()
}

fn answer(args: &CheckArgs, source: &Source, asked: &Asked<'_>, when: When) -> Result<View, Failure> {
    let plain = without_separators(asked.imei);
    match source {
        Source::Here(explainer) => {
            let pei = Pei::parse(&plain);
            let malformed = match &pei {
                Pei::Malformed(error) => Some(error.rule().to_owned()),
                Pei::Equipment(_) | Pei::Other => None,
            };
            let equipment = EquipmentValue::from(pei);
            let inquiry = Inquiry { equipment, msisdn: asked.msisdn, imsi: asked.imsi, emergency: args.emergency };
            let explanation = explainer.explain(&inquiry, args.operator.as_deref(), when)?;
            Ok(view::local(asked.imei, &explanation, malformed, args.explain))
        }
        Source::There(client) => {
            let request = proto::ExplainRequest {
                equipment: plain,
                msisdn: asked.msisdn.map_or_else(String::new, |msisdn| msisdn.to_string()),
                imsi: asked.imsi.map_or_else(String::new, |imsi| imsi.to_string()),
                operator: args.operator.clone().unwrap_or_default(),
                emergency: args.emergency,
                on_unix_seconds: when.on,
                as_of: args.as_of.clone().unwrap_or_default(),
            };
            match client.explain(request.clone()) {
                // Whoever has the role of a network element only hears what a network hears.
                Err(error) if error.is_denied() && !args.explain && when == When::default() => {
                    let answer = client.check(as_a_network_asks(request))?;
                    let (verdict, basis) = (answer.verdict, answer.basis);
                    let answer = proto::ExplainResponse { verdict, basis, ..proto::ExplainResponse::default() };
                    Ok(View::of(asked.imei, &answer, false))
                }
                explained => Ok(View::of(asked.imei, &explained?, args.explain)),
            }
        }
    }
}

fn as_a_network_asks(request: proto::ExplainRequest) -> proto::CheckRequest {
    use proto::check_request::{Equipment, SubscriberIdentity, SubscriberNumber};
    proto::CheckRequest {
        equipment: Some(Equipment::EquipmentText(request.equipment)),
        subscriber_number: Some(request.msisdn).filter(|text| !text.is_empty()).map(SubscriberNumber::MsisdnText),
        subscriber_identity: Some(request.imsi).filter(|text| !text.is_empty()).map(SubscriberIdentity::ImsiText),
        operator: request.operator,
        emergency: request.emergency,
        ..proto::CheckRequest::default()
    }
}
