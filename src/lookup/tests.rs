//! What a typed text is taken for.

#![allow(clippy::unwrap_used)]

use super::{LookupError, Sought, SoughtDevice};
use crate::{check::EquipmentValue, identity::check_digit};
use proptest::prelude::*;

fn read(text: &str) -> Sought {
    Sought::read(text, &|name| name.eq_ignore_ascii_case("TPP-2026-0117")).unwrap()
}

fn device(text: &str) -> SoughtDevice {
    match read(text) {
        Sought::Device(device) => device,
        other => panic!("{text}: {other:?}"),
    }
}

/// In a word or two; numbers masked.
fn told(text: &str) -> String {
    match Sought::read(text, &|name| name.eq_ignore_ascii_case("TPP-2026-0117")) {
        Ok(Sought::Device(SoughtDevice { equipment: EquipmentValue::Key(key), right_digit, .. })) => {
            format!("device {key}{}", right_digit.map_or(String::new(), |digit| format!(", check digit {digit}")))
        }
        Ok(Sought::Device(SoughtDevice { malformed, .. })) => format!("no device {}", malformed.is_some()),
        Ok(Sought::Number(number)) => format!("number {}", number.masked()),
        Ok(Sought::Document(name)) => format!("document {name}"),
        Ok(Sought::Batch(number)) => format!("batch {number}"),
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn labels_and_versions_that_phones_print_are_read() {
    let read = |text: &str| Sought::read(text, &|_| false).unwrap();
    let phone = read("352099001761481");
    for text in [
        "imei1 352099001761481",
        "IMEI 1: 352099001761481",
        "IMEI2: 35-209900-176148-1",
        "IMEI (slot 2) 352099001761481",
        "IMEI (1): 352099001761481/01",
        "IMEI 3 5 2 0 9 9 0 0 1 7 6 1 4 8 1",
        "352099001761481/01",
    ] {
        assert_eq!(read(text), phone, "{text}");
    }
    // An IMEI that begins with the digit of a slot is whole.
    assert_eq!(read("IMEI 1 0 1 2 3 4 5 6 7 8 9 0 1 2 8"), read("101234567890128"));
}

#[test]
fn one_box_recognises_everything() {
    let texts = [
        "35-209900-176148-1",
        "352099001761481",
        "35209900176148",
        "3520990017614823",
        " 35 209900 176148 1 ",
        "imei-352099001761481",
        "IMEI: 35-209900-176148-1",
        "imeisv-3520990017614823",
        "352099001761480",
        "0812-3456-7890",
        "6281234567890",
        "+62 812-3456-7890",
        "62895123456789",
        "msisdn-6281234567890",
        "imsi-510101234567890",
        "IMSI 510101234567890",
        "TPP-2026-0117",
        "tpp-2026-0117",
        "dokumen X/7",
        "SK 12 of 2026",
        "batch 17",
        "#17",
        "Batch:17",
        "00000000000000",
        "35209900176148x",
        "mac-00-00-5E-00-53-00",
        "35209900176148123",
        "1",
        "",
        "batch x",
        "imsi-5101x",
        "+62812345x7890",
    ];
    let lines: Vec<_> = texts.iter().map(|text| format!("{text:?}: {}", told(text))).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_transposition_is_suggested() {
    let meant = "352099001761481";
    // The neighbours 4 and 8 changed places.
    let typed = device("352099001761841");
    assert_eq!(typed.right_digit, Some(check_digit("35209900176184".parse().unwrap())));
    let suggested: Vec<_> = typed.transposed.iter().map(ToString::to_string).collect();
    assert!(suggested.contains(&meant.to_owned()), "{suggested:?}");
    assert!(device(meant).transposed.is_empty());
}

#[test]
fn digits_of_a_person_are_not_repeated() {
    for text in ["+62812345678901234", "081", "imsi-5101012345678901", "msisdn-81234567890123456"] {
        match Sought::read(text, &|_| false) {
            Err(error @ LookupError::Unread { .. }) => assert!(!error.to_string().contains("8123"), "{error}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_form_of_a_phone_is_one_device(number in 10_000_000_000_000_u64..62_000_000_000_000, svn in 0_u8..100) {
        let text = format!("{number:014}");
        let key = text.parse().unwrap();
        let (head, tail) = text.split_at(8);
        let digit = check_digit(key);
        for form in [text.clone(), format!("{text}{digit}"), format!("{head}-{tail}-{digit}"), format!("{text}{svn:02}"),
            format!("imei-{text}{digit}"), format!("imeisv-{text}{svn:02}")] {
            let found = device(&form);
            prop_assert_eq!(found.equipment, EquipmentValue::Key(key));
            prop_assert_eq!(found.right_digit, None);
        }
    }

    #[test]
    fn two_digits_that_changed_places_are_found(number in 10_000_000_000_000_u64..62_000_000_000_000, place in 1_usize..15) {
        let key: crate::identity::EquipmentKey = format!("{number:014}").parse().unwrap();
        let meant = crate::identity::Imei::from_key(key);
        let mut digits = meant.to_string().into_bytes();
        digits.swap(place - 1, place);
        let typed = String::from_utf8(digits).unwrap();
        let found = device(&typed);
        // Luhn does not see 0 and 9 change places.
        prop_assert!(found.right_digit.is_none() || found.transposed.contains(&meant), "{} {:?}", typed, found);
    }

    #[test]
    fn any_text_is_something_or_refused(text in "\\PC{0,40}|[0-9]{0,20}|(imei|imsi|batch|#|msisdn|dokumen)[ :-]?\\PC{0,20}") {
        let _ = Sought::read(&text, &|_| false);
    }
}
