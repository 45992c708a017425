//! `saring device`: one operation on one phone.

mod person;

use super::{
    Exit, Failure,
    change::{Change, done, number, text},
    check::without_separators,
    grouped,
    import::one_of,
    server::RegistryFlags,
};
use crate::{
    day::Day,
    identity::{Imei, Imsi, Msisdn},
    listing::Door,
    proto::{self, operate_request::Operation},
};
use person::PersonArgs;
use serde_json::json;

/// How an IMEI is named in the help.
pub(super) const IMEI: &str = "IMEI";

/// Single operations on phones, in force at once, within the limits of the door.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring device report --kind stolen --imei 352099001761481,352099001761499 --document LP-2026-3311
  saring device lift --kind stolen --imei 352099001761481,352099001761499 --document LP-2026-3311
  saring device register --door customs-passenger --imei 352099001761481 --person - --arrived 2026-10-20
  saring device correct --door customs-passenger --batch 88 --wrong 352099001761481 --right 352099001761507
  saring device exempt --imei 356172097000076 --valid-until 2026-12-31 --document NOTE-12
  saring device suspect 352099001761481
  saring device resolve 352099001761481 --msisdn 081234567890

All IMEIs of the phone, or none of them. A passport's number stands in a file (--person-file) or comes by
standard input (--person -): other users of the machine can see a command line.")]
pub(super) struct DeviceArgs {
    #[command(subcommand)]
    verb: DeviceVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum DeviceVerb {
    /// Report a phone stolen or lost
    Report {
        /// What happened
        #[arg(long, value_parser = KINDS)]
        kind: String,
        #[command(flatten)]
        phone: Phone,
        /// The letter of the police
        #[arg(long, value_name = "LETTER")]
        document: String,
        /// Day of the loss [default: today]
        #[arg(long, value_name = "DATE")]
        since: Option<Day>,
        /// The number of the one who reports
        #[arg(long)]
        msisdn: Option<String>,
        #[command(flatten)]
        office: Office,
    },
    /// Take a phone that was found off the black list
    Lift {
        /// What had happened
        #[arg(long, value_parser = KINDS)]
        kind: String,
        #[command(flatten)]
        phone: Phone,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
    /// Register a person's phone
    Register {
        /// The door
        #[arg(long, value_parser = REGISTERING)]
        door: String,
        #[command(flatten)]
        phone: Phone,
        /// Last day (WIB, included) [default: as the door says]
        #[arg(long, value_name = "DATE")]
        valid_until: Option<Day>,
        /// The number that the phone is for
        #[arg(long)]
        msisdn: Option<String>,
        #[command(flatten)]
        person: PersonArgs,
        /// Day of arrival
        #[arg(long, value_name = "DATE")]
        arrived: Option<Day>,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
    /// Correct a typing error of a registration
    Correct {
        /// The door
        #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
        door: Door,
        /// The batch of the registration
        #[arg(long)]
        batch: u64,
        /// What was typed
        #[arg(long, value_name = IMEI, value_parser = digits)]
        wrong: String,
        /// What was meant
        #[arg(long, value_name = IMEI, value_parser = imei)]
        right: String,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
    /// Exempt devices until a day
    Exempt {
        #[command(flatten)]
        phone: Phone,
        /// Last day (WIB, included)
        #[arg(long, value_name = "DATE")]
        valid_until: Day,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
    /// Put a device under suspicion of duplication
    Suspect {
        /// The device
        #[arg(value_parser = digits)]
        imei: String,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
    /// End the suspicion: for the number of the genuine device, or for all
    Resolve {
        /// The device
        #[arg(value_parser = digits)]
        imei: String,
        /// The number of the genuine device
        #[arg(long)]
        msisdn: Option<String>,
        /// The SIM (IMSI) of the genuine device
        #[arg(long)]
        imsi: Option<String>,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
}

const KINDS: [&str; 2] = ["stolen", "lost"];
const REGISTERING: [&str; 4] = ["customs-passenger", "customs-parcel", "operator-tourist", "state"];

#[derive(Clone, Debug, clap::Args)]
struct Phone {
    /// All IMEIs of the phone, 14 to 16 digits: separated by commas, or given several times
    #[arg(long, required = true, value_name = IMEI, value_parser = imei, value_delimiter = ',')]
    imei: Vec<String>,
}

/// For whom and where it is done.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Office {
    /// The operator [default: that of the caller]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    operator: String,
    /// The outlet, office or counter
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    outlet: String,
    #[command(flatten)]
    change: Change,
}

/// What it rests on.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Paper {
    /// Letter or document that it rests on
    #[arg(long, value_name = "REF", default_value = "", hide_default_value = true)]
    document: String,
}

impl Paper {
    /// Its number; may be empty.
    pub(super) fn document(&self) -> &str {
        &self.document
    }
}

pub(super) fn run(args: &DeviceArgs) -> Result<Exit, Failure> {
    let (operation, document, office, said) = match &args.verb {
        DeviceVerb::Report { kind, phone, document, since, msisdn, office } => {
            let report = proto::ReportOperation {
                kind: kind.clone(),
                imeis: phone.imei.clone(),
                since: text(since.as_ref()),
                msisdn: number::<Msisdn>("MSISDN", msisdn.as_deref())?,
            };
            (Operation::Report(report), document, office, format!("reported {kind}"))
        }
        DeviceVerb::Lift { kind, phone, paper, office } => {
            let lift = proto::LiftOperation { kind: kind.clone(), imeis: phone.imei.clone() };
            (Operation::Lift(lift), &paper.document, office, format!("no longer reported {kind}"))
        }
        DeviceVerb::Register { door, phone, valid_until, msisdn, person, arrived, paper, office } => {
            let register = proto::RegisterOperation {
                door: door.clone(),
                imeis: phone.imei.clone(),
                valid_until: text(valid_until.as_ref()),
                msisdn: number::<Msisdn>("MSISDN", msisdn.as_deref())?,
                person: person.read()?,
                arrived: text(arrived.as_ref()),
            };
            (Operation::Register(register), &paper.document, office, format!("registered through {door}"))
        }
        DeviceVerb::Correct { door, batch, wrong, right, paper, office } => {
            let correct = proto::CorrectOperation {
                door: door.name().to_owned(),
                batch: *batch,
                wrong_imei: wrong.clone(),
                right_imei: right.clone(),
            };
            (Operation::Correct(correct), &paper.document, office, format!("{wrong} is corrected to {right}"))
        }
        DeviceVerb::Exempt { phone, valid_until, paper, office } => {
            let exempt = proto::ExemptOperation { imeis: phone.imei.clone(), valid_until: valid_until.to_string() };
            (Operation::Exempt(exempt), &paper.document, office, format!("exempt until {valid_until}"))
        }
        DeviceVerb::Suspect { imei, paper, office } => {
            let suspect = proto::SuspectOperation { imei: imei.clone() };
            (Operation::Suspect(suspect), &paper.document, office, format!("{imei} is under suspicion"))
        }
        DeviceVerb::Resolve { imei, msisdn, imsi, paper, office } => {
            let resolve = proto::ResolveOperation {
                imei: imei.clone(),
                genuine_msisdn: number::<Msisdn>("MSISDN", msisdn.as_deref())?,
                genuine_imsi: number::<Imsi>("IMSI", imsi.as_deref())?,
            };
            (Operation::Resolve(resolve), &paper.document, office, format!("the suspicion of {imei} is resolved"))
        }
    };
    operate(&args.there, operation, document, office, &said)
}

/// Carries one operation out and says what became of it.
pub(super) fn operate(
    there: &RegistryFlags,
    operation: Operation,
    document: &str,
    office: &Office,
    said: &str,
) -> Result<Exit, Failure> {
    let is_lift = matches!(operation, Operation::Lift(_));
    let caller = there.connect()?;
    let answer = office.change.carry_out(|request_id| {
        caller.operate(proto::OperateRequest {
            request_id,
            operator: office.operator.clone(),
            outlet: office.outlet.clone(),
            document: document.to_owned(),
            operation: Some(operation),
        })
    })?;
    // A lift in place of the operator waits for the other authority.
    let waits = match (is_lift, answer.batches.first()) {
        (true, Some(batch)) => caller.show_batch(proto::ShowBatchRequest { batch: *batch })?.state == "submitted",
        _ => false,
    };
    let batches: Vec<String> = answer.batches.iter().map(ToString::to_string).collect();
    let counted = format!("{} added, {} removed", grouped(answer.added), grouped(answer.removed));
    let said = match batches.as_slice() {
        [] => format!("{said}: that was so already\nregister     {counted}"),
        [batch, ..] if waits => {
            format!("batch {batch} waits for an approver of door barred or court: saring batch approve {batch}")
        }
        _ => format!("{said}\nbatch        {}\nregister     {counted}", batches.join(", ")),
    };
    let more = json!({"batches": answer.batches, "added": answer.added, "removed": answer.removed, "waiting": waits});
    done(there.json, &said, answer.receipt.as_ref(), more)
}

/// 14 to 16 digits, however they are set apart.
pub(super) fn digits(text: &str) -> Result<String, String> {
    let plain = without_separators(text);
    let is_one = (14..=16).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { Ok(plain) } else { Err("an IMEI or IMEISV is 14 to 16 decimal digits".to_owned()) }
}

/// The same; a check digit that does not fit is a typing error.
pub(super) fn imei(text: &str) -> Result<String, String> {
    let plain = digits(text)?;
    match plain.len() {
        15 if plain.parse::<Imei>().is_err() => {
            Err("the 15th digit does not fit the other 14: a digit is mistyped (write the first 14 if they are right)"
                .to_owned())
        }
        _ => Ok(plain),
    }
}

#[cfg(test)]
mod tests;
