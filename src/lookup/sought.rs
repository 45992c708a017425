//! What somebody typed or scanned: which of all things it is.
//!
//! What always holds: every form of one device or number is the same thing; digits of a person are never repeated in an
//! error; a wrong check digit is told and never in the way.

use super::LookupError;
use crate::{
    batch::BatchNumber,
    check::EquipmentValue,
    identity::{Equipment, EquipmentForm, Imei, Imsi, Msisdn, Pei, check_digit},
    pairing::Number,
};

/// Longest text that can be anything.
const TEXT_CHARS_MAX: usize = 120;
/// A document's name with as many digits would be a mistyped IMEI.
const IMEI_DIGITS_MIN: usize = 12;

/// A device, or a value that is none, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoughtDevice {
    /// The value.
    pub equipment: EquipmentValue,
    /// The rule that a malformed value breaks.
    pub malformed: Option<&'static str>,
    /// The check digit that would be right, where another was typed.
    pub right_digit: Option<u8>,
    /// Devices that have two digits the other way round, where the check digit is wrong.
    pub transposed: Vec<Imei>,
    /// The digits may also be an IMSI.
    pub maybe_imsi: bool,
    /// The known operator of that IMSI.
    pub imsi_operator: Option<&'static str>,
}

/// Something to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// A device, or a value that is none.
    Device(SoughtDevice),
    /// A number or a SIM.
    Number(Number),
    /// A document, by its name.
    Document(String),
    /// A batch.
    Batch(BatchNumber),
}

impl Sought {
    /// Reads a text. `is_document`: whether there is a document of that name.
    ///
    /// # Errors
    /// When it is nothing that can be looked up.
    pub fn read(text: &str, is_document: &dyn Fn(&str) -> bool) -> Result<Self, LookupError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
            return Err(LookupError::Unread { rule: "name an IMEI, a number, an IMSI, a document or a batch" });
        }
        if let Some(named) = Self::read_prefixed(text) {
            return named;
        }
        if is_document(text) {
            return Ok(Self::Document(text.to_owned()));
        }
        let plain: String = without_version(text).chars().filter(|c| !is_separator(*c)).collect();
        let digits = plain.chars().filter(char::is_ascii_digit).count();
        let is_digits = digits == plain.chars().count();
        // No TAC begins with 62: it is the country code before a long number.
        let is_number =
            plain.starts_with('+') || is_digits && (digits < 14 || digits == 14 && plain.starts_with("628"));
        match plain.parse::<Msisdn>() {
            Ok(msisdn) if is_number => return Ok(Self::Number(msisdn.into())),
            Err(error) if is_number => return Err(LookupError::Unread { rule: error.rule() }),
            _ => {}
        }
        let is_device =
            is_digits || digits >= IMEI_DIGITS_MIN || plain.starts_with("mac-") || plain.starts_with("eui-");
        if is_device || text.starts_with("mac-") || text.starts_with("eui-") {
            return Ok(Self::device(if is_digits { &plain } else { text }));
        }
        Ok(Self::Document(text.to_owned()))
    }

    /// A text that says what it is.
    fn read_prefixed(text: &str) -> Option<Result<Self, LookupError>> {
        let rest = |prefixes: &[&str]| {
            let lower = text.to_lowercase();
            let prefix = prefixes.iter().find(|prefix| lower.starts_with(**prefix))?;
            text.get(prefix.len()..).map(|rest| rest.trim_start_matches([' ', ':', '-', '#']).trim())
        };
        if let Some(imei) = rest(&["imeisv", "imei"]) {
            let plain: String = without_version(without_slot(imei)).chars().filter(|c| !is_separator(*c)).collect();
            return Some(Ok(Self::device(&plain)));
        }
        if let Some(imsi) = rest(&["imsi"]) {
            let read = imsi.parse::<Imsi>().map(|imsi| Self::Number(imsi.into()));
            return Some(read.map_err(|error| LookupError::Unread { rule: error.rule() }));
        }
        if let Some(msisdn) = rest(&["msisdn", "nomor ", "tel:"]) {
            let read = msisdn.parse::<Msisdn>().map(|msisdn| Self::Number(msisdn.into()));
            return Some(read.map_err(|error| LookupError::Unread { rule: error.rule() }));
        }
        if let Some(number) = rest(&["batch", "#"]) {
            let read = number.parse().map(Self::Batch);
            return Some(read.map_err(|_| LookupError::Unread { rule: "a batch is named by its number: batch 17" }));
        }
        rest(&["dokumen ", "dokumen:", "document ", "document:"]).map(|name| Ok(Self::Document(name.to_owned())))
    }

    fn device(text: &str) -> Self {
        let pei = Pei::parse(text);
        let malformed = match &pei {
            Pei::Malformed(error) => Some(error.rule()),
            Pei::Equipment(_) | Pei::Other => None,
        };
        let (mut right_digit, mut transposed) = (None, Vec::new());
        if let Pei::Equipment(equipment) = &pei
            && let EquipmentForm::Imei { spare } = equipment.form()
            && check_digit(equipment.key()) != spare
        {
            right_digit = Some(check_digit(equipment.key()));
            transposed = transpositions(equipment);
        }
        let imsi = text.parse::<Imsi>().ok().filter(|imsi| right_digit.is_some() && imsi.is_indonesian());
        let (maybe_imsi, imsi_operator) = (imsi.is_some(), imsi.and_then(Imsi::operator));
        let equipment = pei.into();
        Self::Device(SoughtDevice { equipment, malformed, right_digit, transposed, maybe_imsi, imsi_operator })
    }
}

/// Without the slot that a phone prints behind the word: `1: …`, `1 …`, `(slot 2) …`.
fn without_slot(imei: &str) -> &str {
    let bare = |text: &'_ str| -> usize { text.len() - text.trim_start_matches([' ', ':', '-', '#', '.']).len() };
    let imei = match imei.strip_prefix('(').and_then(|slot| slot.split_once(')')) {
        Some((slot, rest)) if slot.chars().filter(char::is_ascii_digit).count() < 2 => rest,
        _ => imei,
    };
    let imei = imei.get(bare(imei)..).unwrap_or(imei);
    let Some(rest) = imei.strip_prefix(['1', '2', '3', '4']) else { return imei };
    let behind = bare(rest);
    let numbered = behind > 0
        && rest.get(behind..).is_some_and(|rest| {
            // Digits one by one are an IMEI that is spelled out.
            rest.chars().take(2).all(|c| c.is_ascii_digit()) && rest.chars().filter(char::is_ascii_digit).count() >= 14
        });
    if numbered { rest.get(behind..).unwrap_or(imei) } else { imei }
}

/// Without the software version that a phone prints behind 15 digits: `…/01`.
fn without_version(imei: &str) -> &str {
    let is_imei = |text: &str| text.chars().filter(char::is_ascii_digit).count() == 15;
    match imei.rsplit_once('/') {
        Some((imei, version)) if version.len() == 2 && is_imei(imei) && version.parse::<u8>().is_ok() => imei,
        _ => imei,
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}')
}

/// The IMEIs that the 15 digits give when two neighbours change places.
fn transpositions(typed: &Equipment) -> Vec<Imei> {
    let digits = typed.to_string().into_bytes();
    let swapped = (1..digits.len()).filter_map(|place| {
        let mut digits = digits.clone();
        digits.swap(place - 1, place);
        String::from_utf8(digits).ok()?.parse::<Imei>().ok().filter(|imei| !imei.key().is_zero())
    });
    let mut found: Vec<Imei> = swapped.collect();
    found.dedup();
    found
}
