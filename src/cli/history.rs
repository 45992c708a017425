//! `saring history`: the whole story of a device or a number.

use super::{Exit, Failure, print};
use crate::{
    history::{self, Event},
    identity::{Imei, Imsi, Msisdn, Pei},
    pairing::{Number, NumberKind},
    store::{OpenMode, Store},
};
use std::path::PathBuf;

/// Whose story.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring history 352099001761481 --data DIR
  saring history 0812-3456-7890 --data DIR
  saring history --imsi 510101234567890 --data DIR --json

14 to 16 digits are an IMEI, fewer are a number; +62… is a number. Numbers are masked unless --reveal is said.
Times are in Western Indonesia Time (WIB). Runs beside a server.")]
pub(super) struct HistoryArgs {
    /// IMEI or IMEISV of 14 to 16 digits, or an MSISDN
    #[arg(value_name = "IMEI|MSISDN", required_unless_present = "imsi", conflicts_with = "imsi")]
    subject: Option<String>,
    /// A SIM
    #[arg(long)]
    imsi: Option<String>,
    /// Directory of the register
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Show numbers whole
    #[arg(long)]
    reveal: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &HistoryArgs) -> Result<Exit, Failure> {
    // What cannot be read may still be somebody's number: it is not repeated.
    let unread = |rule: &str| {
        eprintln!("saring: the IMEI or number cannot be read: {rule}");
        Ok(Exit::BadInput)
    };
    let subject = match (&args.subject, &args.imsi) {
        (_, Some(imsi)) => imsi.parse::<Imsi>().map(|imsi| Subject::Number(imsi.into())),
        (Some(text), None) => Subject::read(text),
        (None, None) => return unread("none was named"),
    };
    let subject = match subject {
        Ok(subject) => subject,
        Err(error) => return unread(error.rule()),
    };
    let store = Store::open(&args.data, OpenMode::Read)?;
    let seq = store.applied().seq;
    let story = match subject {
        Subject::Device(key) => history::of_device(&store, key, seq)?,
        Subject::Number(number) => history::of_number(&store, number, seq)?,
    };
    let show = |number: Number| if args.reveal { whole(number) } else { number.masked() };
    if args.json {
        let events: Vec<_> = story.iter().map(|event| json(event, &show)).collect();
        return print(&serde_json::Value::from(events).to_string()).map(|()| Exit::Ok);
    }
    if story.is_empty() {
        print("nothing was ever said of it")?;
    }
    for event in &story {
        print(&text(event, &show, matches!(subject, Subject::Number(_))))?;
    }
    Ok(Exit::Ok)
}

#[derive(Clone, Copy)]
enum Subject {
    Device(crate::identity::EquipmentKey),
    Number(Number),
}

impl Subject {
    fn read(text: &str) -> Result<Self, crate::identity::IdentityError> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/')).collect();
        let is_number = plain.starts_with('+') || plain.len() < 14;
        match Pei::parse(&plain) {
            Pei::Equipment(equipment) if !is_number => Ok(Self::Device(equipment.key())),
            Pei::Malformed(error) if !is_number => Err(error),
            _ => plain.parse::<Msisdn>().map(|msisdn| Self::Number(msisdn.into())),
        }
    }
}

fn whole(number: Number) -> String {
    match number.kind() {
        NumberKind::Msisdn(msisdn) => msisdn.to_string(),
        NumberKind::Imsi(imsi) => imsi.to_string(),
    }
}

/// A moment in WIB, to the second.
fn wib(unix_seconds: i64) -> String {
    let wib = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
    jiff::Timestamp::from_second(unix_seconds)
        .map_or_else(|_| String::new(), |time| time.to_zoned(wib).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn text(event: &Event, show: &dyn Fn(Number) -> String, with_device: bool) -> String {
    let device = match event.device {
        Some(key) if with_device => format!("{} ", Imei::from_key(key)),
        _ => String::new(),
    };
    let mut line = format!(
        "{} WIB  {:<9} {device}{}: batch {} {} ({}, {}",
        wib(event.unix_seconds),
        event.revision.to_string(),
        event.said.words(show),
        event.batch,
        event.step(),
        event.kind,
        event.door
    );
    for (name, value) in
        [("operator", &event.operator), ("document", &event.document), ("at", &event.outlet), ("reason", &event.reason)]
    {
        if !value.is_empty() {
            line += &format!(", {name} {value}");
        }
    }
    line += &format!(") by {}", event.principal);
    if !event.approver.is_empty() {
        line += &format!(", approved by {}", event.approver);
    }
    line
}

fn json(event: &Event, show: &dyn Fn(Number) -> String) -> serde_json::Value {
    serde_json::json!({
        "revision": event.revision.to_string(),
        "time": jiff::Timestamp::from_second(event.unix_seconds).map_or_else(|_| String::new(), |t| t.to_string()),
        "imei": event.device.map(|key| Imei::from_key(key).to_string()),
        "what": event.said.words(show),
        "step": event.step(),
        "batch": event.batch,
        "door": event.door.name(),
        "kind": event.kind,
        "document": event.document,
        "operator": event.operator,
        "outlet": event.outlet,
        "reason": event.reason,
        "principal": event.principal,
        "approver": event.approver,
    })
}
