//! Fields to values.
//!
//! What always holds: a list is read as machines write it. Separators that people put into an IMEI are not
//! accepted, since a shifted column would pass for one; blanks around a value, quotes, and the apostrophe
//! by which Excel marks text are.

use super::{
    gathered::Warning,
    header::Column,
    kind::{CheckDigit, Kind},
    rejects::Fault,
};
use crate::{
    day::Day,
    identity::{EquipmentKey, Imei, Imsi, Msisdn, Tac},
    pairing::PairingKind,
};

const RULE_IMEI: &str = "an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators";
const RULE_ZERO: &str = "all zeros is no device";
const RULE_CHECK: &str = "its 15th digit does not fit the other 14 (Luhn): a digit is mistyped";
const RULE_EXCEL: &str =
    "scientific notation, as Excel writes long numbers: digits are lost; format the column as text and export again";

/// Without the apostrophe by which Excel marks text.
fn plain(value: &str) -> &str {
    value.strip_prefix('\'').map_or(value, str::trim_start)
}

/// Whether a value is like `3.5E+14` or `3,5E+14`.
pub(super) fn is_scientific(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(exponent) && mantissa.split(['.', ',']).all(digits) && mantissa.split(['.', ',']).count() <= 2
        // Excel keeps one digit before the point; 35E120 with 14 places and more is something else.
        && value.len() < 14
}

/// The device that an IMEI of 14 to 16 digits names, and what is odd about it.
pub(super) fn imei(value: &str, check: CheckDigit) -> Result<(EquipmentKey, Option<Warning>), &'static str> {
    let value = plain(value);
    if value.is_empty() {
        return Err("the IMEI is missing");
    }
    if is_scientific(value) {
        return Err(RULE_EXCEL);
    }
    let (head, tail) = match value.len() {
        14..=16 => value.as_bytes().split_at(14),
        _ => return Err(RULE_IMEI),
    };
    let key = digits14(head).ok_or(RULE_IMEI)?;
    if key.is_zero() {
        return Err(RULE_ZERO);
    }
    if tail.iter().all(u8::is_ascii_digit) {
        let mistyped = matches!(tail, [digit] if !Imei::from_key(key).check_digit().eq(&(digit - b'0')));
        return match check {
            CheckDigit::Verify if mistyped => Err(RULE_CHECK),
            CheckDigit::Warn if mistyped => Ok((key, Some(Warning::CheckDigit))),
            _ => Ok((key, None)),
        };
    }
    let sent_by_networks = tail.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'#'));
    if check != CheckDigit::Verify && sent_by_networks { Ok((key, Some(Warning::Suffix))) } else { Err(RULE_IMEI) }
}

fn digits14(digits: &[u8]) -> Option<EquipmentKey> {
    let number = digits
        .iter()
        .try_fold(0_u64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))?;
    EquipmentKey::new(number).ok()
}

/// The quick half of [`imei`] for clean values: 14 to 16 digits, not all zeros, and no message to make.
/// `None` where [`imei`] has to look. The flag says that a 15th digit does not fit.
#[inline]
pub(super) fn quick_imei(value: &[u8]) -> Option<(EquipmentKey, bool)> {
    if !(14..=16).contains(&value.len()) {
        return None;
    }
    let (mut number, mut sum, mut wrong) = (0_u64, 0_u32, false);
    for pair in value[..14].chunks_exact(2) {
        let (left, right) = (pair[0].wrapping_sub(b'0'), pair[1].wrapping_sub(b'0'));
        wrong |= left > 9 || right > 9;
        number = number * 100 + u64::from(left) * 10 + u64::from(right);
        // Every second digit from the left is doubled; 10 and more lose 9.
        let doubled = u32::from(right) * 2;
        sum += u32::from(left) + doubled - if doubled > 9 { 9 } else { 0 };
    }
    wrong |= value[14..].iter().any(|byte| !byte.is_ascii_digit());
    if wrong || number == 0 {
        return None;
    }
    let key = EquipmentKey::new(number).ok()?;
    let unfit = value.len() == 15 && (sum + u32::from(value[14] - b'0')) % 10 != 0;
    Some((key, unfit))
}

/// A day: `YYYY-MM-DD`, `YYYYMMDD`, or `DD-Mon-YYYY` as GSMA writes it. Empty is none.
pub(super) fn day(column: Column, value: &str) -> Result<Option<Day>, Fault> {
    let value = plain(value);
    if value.is_empty() {
        return Ok(None);
    }
    let rule = "a date is YYYY-MM-DD, YYYYMMDD or DD-Mon-YYYY, from 1970-01-01 to 2149-06-05";
    value.parse().ok().or_else(|| gsma_day(value)).map(Some).ok_or_else(|| Fault::new(column, value, rule))
}

fn gsma_day(value: &str) -> Option<Day> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut parts = value.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))? + 1;
    let fits = parts.next().is_none() && year.len() == 4 && (1..=2).contains(&day.len());
    fits.then(|| format!("{year}-{month:02}-{day:0>2}").parse().ok())?
}

/// A subscriber's number. Empty is none.
pub(super) fn msisdn(value: &str) -> Result<Option<Msisdn>, Fault> {
    let value = plain(value);
    if value.is_empty() {
        return Ok(None);
    }
    if let Some(number) = international(value) {
        return Ok(Some(number));
    }
    let rule = |rule| if is_scientific(value) { RULE_EXCEL } else { rule };
    value
        .parse()
        .map(Some)
        .map_err(|error: crate::identity::IdentityError| Fault::new(Column::Msisdn, value, rule(error.rule())))
}

/// The quick half of [`msisdn`]: digits with country code and nothing else, as machines write it. `None` where
/// [`msisdn`] has to look.
fn international(value: &str) -> Option<Msisdn> {
    if value.len() > 15 || value.starts_with('0') || value.starts_with("620") {
        return None;
    }
    let digit = |number: u64, byte: u8| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'));
    // Too short a one is none either, but that is for the slow way to say.
    let number = value.bytes().try_fold(0, digit).filter(|number| *number >= 10_000)?;
    Msisdn::new(number).ok()
}

/// A SIM. Empty is none.
pub(super) fn imsi(value: &str) -> Result<Option<Imsi>, Fault> {
    let value = plain(value);
    if value.is_empty() {
        return Ok(None);
    }
    let rule = |rule| if is_scientific(value) { RULE_EXCEL } else { rule };
    value
        .parse()
        .map(Some)
        .map_err(|error: crate::identity::IdentityError| Fault::new(Column::Imsi, value, rule(error.rule())))
}

/// A model's code.
pub(super) fn tac(value: &str) -> Result<Tac, Fault> {
    let value = plain(value);
    let rule = if value.is_empty() { "the TAC is missing" } else { "a TAC is 8 decimal digits" };
    value.parse().map_err(|_| Fault::new(Column::Tac, value, rule))
}

/// The name of an operator in the one form in which it is compared: lower case. Empty is none.
pub(super) fn operator(value: &str) -> Result<Option<String>, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    match value.len() {
        0 => Ok(None),
        1..=32 if value.chars().all(fits) => Ok(Some(value.to_ascii_lowercase())),
        _ => Err("the name of an operator has 1 to 32 letters, digits, blanks, and . - _"),
    }
}

/// Whether a status takes an entry off the list.
pub(super) fn status(kind: Kind, value: &str) -> Result<bool, Fault> {
    let says = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    let (on, off, rule): (&[&str], &[&str], _) = if kind.is_black() {
        let rule = "the status of a black list is empty, blacklist, recovered, found or whitelist";
        (&["", "blacklist"], &["recovered", "found", "whitelist"], rule)
    } else {
        let rule = "the status of a white list is empty, whitelist, recovered, removed or withdrawn";
        (&["", "whitelist"], &["recovered", "removed", "withdrawn"], rule)
    };
    match (says(on), says(off)) {
        (true, _) => Ok(false),
        (_, true) => Ok(true),
        _ => Err(Fault::new(Column::Status, value, rule)),
    }
}

/// Whether a change type takes an entry off the list.
pub(super) fn change_type(value: &str) -> Result<bool, Fault> {
    match value.to_ascii_lowercase().as_str() {
        "add" | "update" => Ok(false),
        "remove" => Ok(true),
        _ => Err(Fault::new(Column::ChangeType, value, "a change type is add, remove or update")),
    }
}

/// What a pairing does, where the list says so.
pub(super) fn binding(value: &str) -> Result<Option<PairingKind>, Fault> {
    match value.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "allowance" | "no" | "false" | "0" => Ok(Some(PairingKind::Allowance)),
        "binding" | "yes" | "true" | "1" => Ok(Some(PairingKind::Binding)),
        _ => Err(Fault::new(Column::Binding, value, "a pairing is an allowance or a binding (also yes, no)")),
    }
}

/// Whether a bar is hard, where the list says so.
pub(super) fn hard(value: &str) -> Result<Option<bool>, Fault> {
    match value.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "hard" | "yes" | "true" | "1" => Ok(Some(true)),
        "soft" | "no" | "false" | "0" => Ok(Some(false)),
        _ => Err(Fault::new(Column::Bar, value, "a bar is hard or soft (also yes, no)")),
    }
}

/// A name: GSMA's way to leave it out is none, and control characters are no name.
pub(super) fn name(column: Column, value: &str) -> Result<String, Fault> {
    if value.chars().any(char::is_control) {
        return Err(Fault::new(column, value, "a control character is in a name"));
    }
    Ok(if value.eq_ignore_ascii_case("not known") { String::new() } else { value.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn key(number: u64) -> EquipmentKey {
        EquipmentKey::new(number).unwrap()
    }

    #[test]
    fn imei_of_a_list() {
        use CheckDigit::{Ignore, Verify, Warn};
        let good = key(26_053_179_311_383);
        type Read = Result<(EquipmentKey, Option<Warning>), &'static str>;
        let table: &[(&str, CheckDigit, Read)] = &[
            ("26053179311383", Verify, Ok((good, None))),
            ("260531793113837", Verify, Ok((good, None))),
            ("'260531793113837", Verify, Ok((good, None))),
            ("2605317931138301", Verify, Ok((good, None))),
            ("260531793113830", Verify, Err(RULE_CHECK)),
            ("260531793113830", Warn, Ok((good, Some(Warning::CheckDigit)))),
            ("260531793113830", Ignore, Ok((good, None))),
            ("26053179311383a", Warn, Ok((good, Some(Warning::Suffix)))),
            ("26053179311383a", Ignore, Ok((good, Some(Warning::Suffix)))),
            ("26053179311383a", Verify, Err(RULE_IMEI)),
            ("26053179-31138", Warn, Err(RULE_IMEI)),
            ("26053179311383-", Warn, Err(RULE_IMEI)),
            ("2605317931138", Warn, Err(RULE_IMEI)),
            ("26053179311383012", Warn, Err(RULE_IMEI)),
            ("62#222222222222", Warn, Err(RULE_IMEI)),
            ("00000000000000", Warn, Err(RULE_ZERO)),
            ("000000000000001", Warn, Err(RULE_ZERO)),
            ("3.5E+14", Warn, Err(RULE_EXCEL)),
            ("3,58E14", Warn, Err(RULE_EXCEL)),
            ("", Warn, Err("the IMEI is missing")),
            ("２６０５３", Warn, Err(RULE_IMEI)),
        ];
        for (value, check, expected) in table {
            assert_eq!(imei(value, *check), *expected, "{value} {check}");
        }
    }

    #[test]
    fn days_in_three_forms() {
        let read = |value| day(Column::ValidUntil, value).ok().map(|day| day.map(|day| day.to_string()));
        assert_eq!(read("2020-04-18"), Some(Some("2020-04-18".to_owned())));
        assert_eq!(read("20200418"), Some(Some("2020-04-18".to_owned())));
        assert_eq!(read("18-Apr-2020"), Some(Some("2020-04-18".to_owned())));
        assert_eq!(read("1-APR-2020"), Some(Some("2020-04-01".to_owned())));
        assert_eq!(read(""), Some(None));
        for wrong in ["Sep-23-2011", "31-Feb-2020", "2020-13-01", "18-Apr-20", "18/04/2020", "1-Apr-2020-", "-Apr-2020"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn words_of_a_status() {
        assert_eq!(status(Kind::Stolen, "BlackList"), Ok(false));
        assert_eq!(status(Kind::Stolen, "recovered"), Ok(true));
        assert_eq!(status(Kind::Stolen, "whitelist"), Ok(true));
        assert!(status(Kind::Stolen, "greylist").is_err());
        assert_eq!(status(Kind::Registered, "whitelist"), Ok(false));
        assert_eq!(status(Kind::Registered, "Withdrawn"), Ok(true));
        assert!(status(Kind::Registered, "blacklist").is_err());
        assert_eq!(change_type("REMOVE"), Ok(true));
        assert!(change_type("").is_err());
    }

    proptest! {
        #[test]
        fn quick_is_the_slow_one(value in "[0-9]{13,17}|[0-9]{14}[0-9a#]{0,2}|0{14,16}|[ -~]{14,16}") {
            let slow = imei(&value, CheckDigit::Warn);
            match quick_imei(value.as_bytes()) {
                Some((key, unfit)) => prop_assert_eq!(slow, Ok((key, unfit.then_some(Warning::CheckDigit)))),
                None => prop_assert!(!matches!(slow, Ok((_, None | Some(Warning::CheckDigit))) if !value.starts_with('\''))),
            }
        }

        #[test]
        fn international_is_the_slow_one(value in "[0-9]{3,17}|(62|620|0|\\+62|1)[0-9]{3,14}|[0-9 +()-]{5,17}|\\PC{0,6}") {
            let slow = value.parse::<Msisdn>();
            if let Some(number) = international(&value) {
                prop_assert_eq!(slow, Ok(number));
            }
        }
    }
}
