//! The lists of the demo's register: what ministries, customs, operators and the regulator would send.
//!
//! About 100,000 IMEIs of invented models, the same every time, as files in the shapes that `saring import`
//! reads. Only end dates move with the day on which the demo runs. What always holds: the devices of the
//! questions ([`super::cases`]) are on exactly the lists that their stories tell.

use crate::{
    cli::Failure,
    day::Day,
    identity::{EquipmentKey, Imei, Tac},
    import::Kind,
    listing::Door,
    sample,
};
use std::{fmt::Write as _, fs, path::Path};

pub(super) const MADE_HERE: &str = "352099010000178";
pub(super) const STOLEN: &str = "863107040042110";
pub(super) const LOST: &str = "352099020123457";
pub(super) const TOURIST: &str = "358807221000017";
pub(super) const TOURIST_ENDED: &str = "358807221000025";
pub(super) const TOURIST_THEN_CUSTOMS: &str = "358807221000033";
pub(super) const OF_ONE_NUMBER: &str = "358807222000016";
pub(super) const OLD: &str = "354801150003211";
pub(super) const EXEMPT: &str = "356172097000076";
pub(super) const COUNTERFEIT: &str = "359113070000995";
pub(super) const BROUGHT_ALONG: &str = "869991010000206";
const COURT: &str = "864152010006660";

/// The tourist's local number.
pub(super) const TOURIST_MSISDN: &str = "6281110000011";
/// The number that may use an unlisted phone, and its SIM.
pub(super) const PAIRED_MSISDN: &str = "6281510000022";
/// The SIM of [`PAIRED_MSISDN`], as the subscriber map has it.
pub(super) const PAIRED_IMSI: &str = "510011000000022";

/// Devices of the sample; the ones above come on top.
const DEVICES: u64 = 100_000;
const SEED: u64 = 2020;
/// How long the listing of the tourist lasts, and ago how long that of the others ended.
const TOURIST_DAYS: u16 = 60;
const ENDED_DAYS: u16 = 30;

/// A model, and through which door its devices came.
struct Model {
    tac: u32,
    manufacturer: &'static str,
    name: &'static str,
    device_type: &'static str,
}

const fn model(tac: u32, manufacturer: &'static str, name: &'static str, device_type: &'static str) -> Model {
    Model { tac, manufacturer, name, device_type }
}

/// The models that the sample fills, by list.
const PRODUCED: [Model; 2] =
    [model(35_209_901, "Nusatek", "N7", "Smartphone"), model(35_209_902, "Nusatek", "N7 Lite", "Smartphone")];
const IMPORTED: [Model; 3] = [
    model(86_310_704, "Lumina", "Note 12", "Smartphone"),
    model(86_310_705, "Lumina", "Note 12 Pro", "Smartphone"),
    model(86_415_201, "Zefir", "A3", "Feature phone"),
];
const IMPORTED_IN_RANGES: [Model; 1] = [model(86_415_202, "Zefir", "Tab 8", "Tablet")];
const BROUGHT: [Model; 1] = [model(35_617_209, "Corvus", "X Pro", "Smartphone")];
const OLDER: [Model; 3] = [
    model(35_480_115, "Kestrel", "4G", "Smartphone"),
    model(35_480_116, "Kestrel", "Duo", "Feature phone"),
    model(86_310_650, "Lumina", "Note 8", "Smartphone"),
];
/// The models of single devices.
const OTHERS: [Model; 4] = [
    model(35_880_722, "Aurora", "S", "Smartphone"),
    model(TERMINALS, "Bayar", "EDC P2", "Payment terminal"),
    model(COUNTERFEITS, "unknown", "T-Phone 15 Max", "Smartphone"),
    model(UNSOLD, "Orbit", "16", "Smartphone"),
];
/// Payment terminals: outside the rule.
const TERMINALS: u32 = 86_744_503;
/// A counterfeit model: no device of it may be used.
const COUNTERFEITS: u32 = 35_911_307;
/// A model that may not be sold here; a traveller's own unit may be used.
const UNSOLD: u32 = 86_999_101;

/// A list that was written.
pub(super) struct List {
    pub(super) file: &'static str,
    pub(super) kind: Kind,
    pub(super) door: Door,
    /// The document that it rests on.
    pub(super) document: &'static str,
}

/// Writes every list into a directory, in the order in which they are to be imported.
pub(super) fn write(directory: &Path, today: Day) -> Result<Vec<List>, Failure> {
    let sample = Sample::new();
    let texts = [
        ("models.csv", Kind::Tac, Door::GsmaTac, "", catalogue()),
        ("exempt-models.csv", Kind::ExemptTac, Door::NonHkt, "SE-NON-HKT-7", format!("tac\n{TERMINALS}\n")),
        ("barred-models.csv", Kind::BarredTac, Door::Barred, "KEP-81", barred_models()),
        ("production.csv", Kind::Registered, Door::TppProduction, "TPP-P-2026-0117", sample.produced()?),
        ("import.txt", Kind::Registered, Door::TppImport, "TPP-I-2026-0420", sample.imported()?),
        ("import-ranges.csv", Kind::Ranges, Door::TppImport, "TPP-I-2026-0421", sample.ranges()?),
        ("passengers.csv", Kind::Registered, Door::CustomsPassenger, "BC-2.2-2026-08", sample.passengers()?),
        ("base-2020.csv", Kind::Grandfathered, Door::Grandfathered, "BASE-2020-09-15", sample.base()?),
        ("exempt.csv", Kind::Exempt, Door::State, "ND-VVIP-12", exempt(today)),
        ("tourists.csv", Kind::Temporary, Door::OperatorTourist, "", tourists(today)),
        ("pairings.csv", Kind::Pairing, Door::Operator, "", pairings()),
        ("subscribers.csv", Kind::Subscriber, Door::Operator, "", subscribers()),
        ("stolen.csv", Kind::Stolen, Door::Stolen, "LP-2026-3311", reported(STOLEN, "telkomsel", today)),
        ("lost.csv", Kind::Lost, Door::Lost, "LP-2026-3312", reported(LOST, "indosat", today)),
        ("court.csv", Kind::Barred, Door::Court, "PN-JKT-77-2026", format!("imei\n{COURT}\n")),
    ];
    let mut lists = Vec::new();
    for (file, kind, door, document, text) in texts {
        fs::write(directory.join(file), text)?;
        lists.push(List { file, kind, door, document });
    }
    Ok(lists)
}

/// The serials of the sample, one list a model.
struct Sample(Vec<Vec<u32>>);

impl Sample {
    fn new() -> Self {
        let mut models: Vec<Vec<u32>> = Vec::new();
        let mut last = None;
        for (page, bits) in sample::clustered(SEED, DEVICES) {
            if last != Some(page.tac()) {
                last = Some(page.tac());
                models.push(Vec::new());
            }
            if let Some(serials) = models.last_mut() {
                serials.extend(bits.iter().filter_map(|place| page.key(place)).map(EquipmentKey::serial));
            }
        }
        Self(models)
    }

    /// The IMEIs of models, whose serials lie in the sample from this place on.
    fn imeis(&self, first: usize, models: &[Model]) -> Result<Vec<String>, Failure> {
        let mut imeis = Vec::new();
        for (model, serials) in models.iter().zip(self.0.iter().skip(first)) {
            for &serial in serials {
                imeis.push(imei(model, serial)?);
            }
        }
        Ok(imeis)
    }

    fn produced(&self) -> Result<String, Failure> {
        let mut text = String::from("imei\n");
        let devices = self.imeis(0, &PRODUCED)?;
        // A counterfeit got onto a maker's list once: the bar of its model counts all the same.
        devices
            .iter()
            .map(String::as_str)
            .chain([MADE_HERE, LOST, COUNTERFEIT])
            .for_each(|imei| line(&mut text, &[imei]));
        Ok(text)
    }

    /// One column without header, as importers send it.
    fn imported(&self) -> Result<String, Failure> {
        let mut text = String::new();
        let devices = self.imeis(2, &IMPORTED)?;
        devices.iter().map(String::as_str).chain([STOLEN, COURT]).for_each(|imei| line(&mut text, &[imei]));
        Ok(text)
    }

    fn ranges(&self) -> Result<String, Failure> {
        let mut text = String::from("from,to\n");
        for (model, serials) in IMPORTED_IN_RANGES.iter().zip(self.0.iter().skip(5)) {
            for run in serials.chunk_by(|a, b| a + 1 == *b) {
                if let [first, .., last] | [first @ last] = run {
                    line(&mut text, &[&imei(model, *first)?, &imei(model, *last)?]);
                }
            }
        }
        Ok(text)
    }

    /// Phones of two slots: both IMEIs in one row. Some rows are as wrong as they come in real lists.
    fn passengers(&self) -> Result<String, Failure> {
        let mut text = String::from("imei,imei2\n");
        for phone in self.imeis(6, &BROUGHT)?.chunks(2) {
            line(&mut text, &[&phone[0], phone.get(1).map_or("", String::as_str)]);
        }
        for device in [TOURIST_THEN_CUSTOMS, BROUGHT_ALONG, BROUGHT_ALONG, "35617209O000017", "3561720900001"] {
            line(&mut text, &[device, ""]);
        }
        Ok(text)
    }

    fn base(&self) -> Result<String, Failure> {
        let mut text = String::from("imei,operator,first_seen\n");
        let operators = ["telkomsel", "indosat", "xlsmart"];
        let devices = self.imeis(7, &OLDER)?;
        let all = devices.iter().map(String::as_str).chain([OLD]);
        all.zip(operators.iter().cycle()).for_each(|(imei, operator)| line(&mut text, &[imei, operator, "2019-11-30"]));
        Ok(text)
    }
}

fn imei(model: &Model, serial: u32) -> Result<String, Failure> {
    Ok(Imei::from_key(EquipmentKey::from_parts(Tac::new(model.tac)?, serial)?).to_string())
}

fn line(text: &mut String, cells: &[&str]) {
    text.push_str(&cells.join(","));
    text.push('\n');
}

fn catalogue() -> String {
    let mut text = String::from("tac,manufacturer,model_name,device_type\n");
    let models =
        PRODUCED.iter().chain(&IMPORTED).chain(&IMPORTED_IN_RANGES).chain(&BROUGHT).chain(&OLDER).chain(&OTHERS);
    for model in models {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{},{},{},{}", model.tac, model.manufacturer, model.name, model.device_type);
    }
    text
}

fn barred_models() -> String {
    format!("tac,bar\n{COUNTERFEITS},hard\n{UNSOLD},soft\n")
}

fn exempt(today: Day) -> String {
    format!("golden_imei,valid_until\n{EXEMPT},{}\n", moved(today, i32::from(TOURIST_DAYS)))
}

fn tourists(today: Day) -> String {
    let (until, ended) = (moved(today, i32::from(TOURIST_DAYS)), moved(today, -i32::from(ENDED_DAYS)));
    format!(
        "imei,valid_until,msisdn,operator\n\
         {TOURIST},{until},{TOURIST_MSISDN},telkomsel\n\
         {TOURIST_ENDED},{ended},6281710000012,xlsmart\n\
         {TOURIST_THEN_CUSTOMS},{ended},6281510000013,indosat\n"
    )
}

fn pairings() -> String {
    format!("imei,msisdn,operator\n{OF_ONE_NUMBER},{PAIRED_MSISDN},indosat\n")
}

/// Some subscribers of each operator, so that a question with a SIM alone finds its number.
fn subscribers() -> String {
    const EACH: u32 = 1_000;
    let mut text = String::from("imsi,msisdn,operator\n");
    for (network, prefix, operator) in
        [("51010", "62811", "telkomsel"), ("51001", "62815", "indosat"), ("51011", "62817", "xlsmart")]
    {
        for number in 0..EACH {
            // 10 digits of the SIM, 8 of the number.
            let _ = writeln!(text, "{network}1{number:09},{prefix}1{number:07},{operator}");
        }
    }
    text
}

fn reported(imei: &str, operator: &str, today: Day) -> String {
    format!("imei,reporting_date,status,operator\n{imei},{},blacklist,{operator}\n", moved(today, -3))
}

/// A day so many days later. Past the calendar's ends: the day itself.
fn moved(day: Day, days: i32) -> Day {
    let moved = u16::try_from(i32::from(day.get()) + days).ok().and_then(Day::from_stored);
    moved.unwrap_or(day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_sample_has_a_model_for_each_of_its_tacs() {
        let models = PRODUCED.len() + IMPORTED.len() + IMPORTED_IN_RANGES.len() + BROUGHT.len() + OLDER.len();
        let sample = Sample::new();
        assert_eq!(sample.0.len(), models);
        let devices: usize = sample.0.iter().map(Vec::len).sum();
        assert!((95_000..105_000).contains(&devices), "{devices}");
    }

    #[test]
    fn devices_that_are_named_have_the_right_check_digit() {
        let named = [MADE_HERE, STOLEN, LOST, TOURIST, TOURIST_ENDED, TOURIST_THEN_CUSTOMS, OF_ONE_NUMBER, OLD];
        for imei in named.into_iter().chain([EXEMPT, COUNTERFEIT, BROUGHT_ALONG, COURT]) {
            assert!(Imei::from_typed(imei).is_ok(), "{imei}");
        }
    }
}
