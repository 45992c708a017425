//! `saring pairing`: which number a device is served with.

use super::{
    Exit, Failure,
    change::{number, text},
    device::{Office, Paper, digits, operate},
    server::RegistryFlags,
};
use crate::{
    day::Day,
    identity::{Imsi, Msisdn},
    proto::{self, operate_request::Operation},
};

/// Pairings of devices and numbers, in force at once.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring pairing add 352099001761481 --msisdn 081234567890 --operator telkomsel
  saring pairing add 352099001761481 --msisdn 081234567891 --instead-of 081234567890
  saring pairing release 352099001761481 --msisdn 081234567891
  saring pairing release-number --msisdn 081234567890      the number gets a new subscriber")]
pub(super) struct PairingArgs {
    #[command(subcommand)]
    verb: PairingVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum PairingVerb {
    /// Pair a device with a number
    Add(AddArgs),
    /// End a pairing
    Release {
        /// The device
        #[arg(value_parser = digits)]
        imei: String,
        #[command(flatten)]
        subscriber: Subscriber,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
    /// End every pairing of a number that gets a new subscriber
    ReleaseNumber {
        #[command(flatten)]
        subscriber: Subscriber,
        #[command(flatten)]
        paper: Paper,
        #[command(flatten)]
        office: Office,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct AddArgs {
    /// The device
    #[arg(value_parser = digits)]
    imei: String,
    #[command(flatten)]
    subscriber: Subscriber,
    /// Last day (WIB, included) [default: none]
    #[arg(long, value_name = "DATE")]
    valid_until: Option<Day>,
    /// The number that it replaces, released in the same step (a SIM change)
    #[arg(long, value_name = "MSISDN")]
    instead_of: Option<String>,
    /// The SIM (IMSI) that it replaces
    #[arg(long, value_name = "IMSI")]
    instead_of_imsi: Option<String>,
    #[command(flatten)]
    paper: Paper,
    #[command(flatten)]
    office: Office,
}

#[derive(Clone, Debug, clap::Args)]
struct Subscriber {
    /// The subscriber's number: 0812…, 62812… or +62 812-…
    #[arg(long, required_unless_present = "imsi")]
    msisdn: Option<String>,
    /// The subscriber's identity (IMSI)
    #[arg(long)]
    imsi: Option<String>,
}

impl Subscriber {
    /// Number and identity as they go to the server.
    fn read(&self) -> Result<(String, String), Failure> {
        Ok((number::<Msisdn>("MSISDN", self.msisdn.as_deref())?, number::<Imsi>("IMSI", self.imsi.as_deref())?))
    }

    /// The subscriber as it may be shown.
    fn shown(&self) -> String {
        let msisdn = self.msisdn.as_deref().and_then(|text| text.parse::<Msisdn>().ok()).map(Msisdn::masked);
        let imsi = self.imsi.as_deref().and_then(|text| text.parse::<Imsi>().ok()).map(|imsi| imsi.masked());
        msisdn.or(imsi).unwrap_or_default()
    }
}

pub(super) fn run(args: &PairingArgs) -> Result<Exit, Failure> {
    let (operation, paper, office, said) = match &args.verb {
        PairingVerb::Add(add) => {
            let (msisdn, imsi) = add.subscriber.read()?;
            let pair = proto::PairOperation {
                imei: add.imei.clone(),
                msisdn,
                imsi,
                valid_until: text(add.valid_until.as_ref()),
                instead_of_msisdn: number::<Msisdn>("MSISDN of --instead-of", add.instead_of.as_deref())?,
                instead_of_imsi: number::<Imsi>("IMSI of --instead-of-imsi", add.instead_of_imsi.as_deref())?,
            };
            let said = format!("{} is paired with {}", add.imei, add.subscriber.shown());
            (Operation::Pair(pair), &add.paper, &add.office, said)
        }
        PairingVerb::Release { imei, subscriber, paper, office } => {
            let (msisdn, imsi) = subscriber.read()?;
            let release = proto::ReleaseOperation { imei: imei.clone(), msisdn, imsi };
            let said = format!("{imei} is no longer paired with {}", subscriber.shown());
            (Operation::Release(release), paper, office, said)
        }
        PairingVerb::ReleaseNumber { subscriber, paper, office } => {
            let (msisdn, imsi) = subscriber.read()?;
            let release = proto::ReleaseNumberOperation { msisdn, imsi };
            let said = format!("no device is paired with {} any more", subscriber.shown());
            (Operation::ReleaseNumber(release), paper, office, said)
        }
    };
    operate(&args.there, operation, paper.document(), office, &said)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_subscriber_is_sent_whole_and_shown_masked() {
        let subscriber = Subscriber { msisdn: Some("0812-3456-7890".into()), imsi: None };
        assert_eq!(subscriber.read().unwrap(), ("6281234567890".to_owned(), String::new()));
        assert_eq!(subscriber.shown(), "62812*****890");
        let wrong = Subscriber { msisdn: Some("0812345678O1".into()), imsi: None };
        let error = wrong.read().unwrap_err().to_string();
        assert!(!error.contains("345678"), "{error}");
    }
}
