//! Equipment key, and equipment as network elements name it.

use super::{IdentityError, Imei, Svn, Tac, digits, without_separators};
use std::{fmt, str::FromStr};

/// The 14 digits TAC (8) + SNR (6): the only form of a device that is stored and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EquipmentKey(u64);

impl EquipmentKey {
    /// One more than the highest key: 10^14.
    pub const LIMIT: u64 = 100_000_000_000_000;
    /// Serial numbers of one TAC: 10^6.
    pub const SERIALS: u32 = 1_000_000;

    /// A key from its number.
    ///
    /// # Errors
    /// When the number is 10^14 or more: it is then an IMEI of 15 digits, not a key.
    pub fn new(number: u64) -> Result<Self, IdentityError> {
        if number < Self::LIMIT {
            Ok(Self(number))
        } else {
            Err(IdentityError::new(
                "an equipment key",
                number,
                "an equipment key is below 10^14 (14 digits, no check digit)",
            ))
        }
    }

    /// The key of a TAC and a serial number.
    ///
    /// # Errors
    /// When the serial number has more than 6 digits.
    pub fn from_parts(tac: Tac, serial: u32) -> Result<Self, IdentityError> {
        if serial < Self::SERIALS {
            Ok(Self(u64::from(tac.get()) * u64::from(Self::SERIALS) + u64::from(serial)))
        } else {
            Err(IdentityError::new("a serial number", serial, "a serial number (SNR) has 6 digits"))
        }
    }

    /// The key as a number below 10^14.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The first 8 digits.
    pub const fn tac(self) -> Tac {
        Tac::of_key(self.0)
    }

    /// The last 6 digits (SNR).
    pub const fn serial(self) -> u32 {
        (self.0 % 1_000_000) as u32
    }

    /// Whether all 14 digits are zero: what broken devices send, never a device.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for EquipmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

impl FromStr for EquipmentKey {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match digits(text) {
            Some(number) if text.len() == 14 => Ok(Self(number)),
            _ => Err(IdentityError::of_text("an equipment key", text, "an equipment key is 14 decimal digits")),
        }
    }
}

/// In which form a device was named. Its key is the same in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EquipmentForm {
    /// 14 digits.
    Key,
    /// 15 digits. The last is whatever was sent: from a network it is a spare digit.
    Imei {
        /// The 15th digit as it was given, not verified.
        spare: u8,
    },
    /// 16 digits.
    Imeisv {
        /// The last two digits.
        svn: Svn,
    },
}

/// A device as a network element names it: 14, 15 or 16 digits.
///
/// The 15th digit is kept but never compared or rejected (TS 23.003 clause 6.2.1: "spare digit").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Equipment {
    key: EquipmentKey,
    form: EquipmentForm,
}

impl Equipment {
    const RULE: &'static str = "an IMEI or IMEISV is 14 to 16 decimal digits";

    /// The 14 digits that are stored and compared.
    pub const fn key(self) -> EquipmentKey {
        self.key
    }

    /// The form in which it was given.
    pub const fn form(self) -> EquipmentForm {
        self.form
    }

    /// Reads what a person typed: separators allowed; a 15th digit is verified.
    ///
    /// # Errors
    /// When it is not 14 to 16 digits, is all zeros, or its check digit is wrong.
    pub fn from_typed(text: &str) -> Result<Self, IdentityError> {
        let plain = without_separators(text);
        let equipment: Self = plain.parse().map_err(|_| IdentityError::of_text("an IMEI", text, Self::RULE))?;
        if equipment.key.is_zero() {
            return Err(IdentityError::of_text("an IMEI", text, "all zeros is no device"));
        }
        if let EquipmentForm::Imei { .. } = equipment.form {
            Imei::from_typed(text)?;
        }
        Ok(equipment)
    }
}

impl fmt::Display for Equipment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            EquipmentForm::Key => write!(f, "{}", self.key),
            EquipmentForm::Imei { spare } => write!(f, "{}{spare}", self.key),
            EquipmentForm::Imeisv { svn } => write!(f, "{}{svn}", self.key),
        }
    }
}

impl FromStr for Equipment {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || IdentityError::of_text("an IMEI", text, Self::RULE);
        let number = digits(text).ok_or_else(bad)?;
        let (key, form) = match text.len() {
            14 => (number, EquipmentForm::Key),
            15 => (number / 10, EquipmentForm::Imei { spare: (number % 10) as u8 }),
            16 => (number / 100, EquipmentForm::Imeisv { svn: Svn::new((number % 100) as u8)? }),
            _ => return Err(bad()),
        };
        Ok(Self { key: EquipmentKey(key), form })
    }
}

/// Permanent Equipment Identifier (TS 29.571 clause 5.3.2), also without its prefix.
///
/// Every text is one of these: the pattern of the specification ends in an open alternative, so a form
/// that is not known is an answer (`Other` or `Malformed`), never a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pei {
    /// `imei-…`, `imeisv-…`, or bare 14 to 16 digits that are not all zeros.
    Equipment(Equipment),
    /// `mac-…` or `eui-…`: legal, but no equipment that a register of IMEIs can know.
    Other,
    /// Anything else, with the rule that it breaks.
    Malformed(IdentityError),
}

impl Pei {
    /// Reads what a network element sends. Never fails.
    pub fn parse(text: &str) -> Self {
        let bare = text.strip_prefix("imei-").or_else(|| text.strip_prefix("imeisv-")).unwrap_or(text);
        match bare.parse::<Equipment>() {
            Ok(equipment) if equipment.key.is_zero() => {
                Self::Malformed(IdentityError::of_text("an IMEI", text, "all zeros is no device"))
            }
            Ok(equipment) => Self::Equipment(equipment),
            Err(_) if text.starts_with("mac-") || text.starts_with("eui-") => Self::Other,
            Err(error) => Self::Malformed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn typed(text: &str) -> String {
        Equipment::from_typed(text).unwrap_err().to_string()
    }

    #[test]
    fn a_pei_is_equipment_other_or_malformed_and_never_a_fault() {
        let key = |text: &str| match Pei::parse(text) {
            Pei::Equipment(equipment) => equipment.key().to_string(),
            Pei::Other => "other".to_owned(),
            Pei::Malformed(_) => "malformed".to_owned(),
        };
        for text in ["imei-260531793113830", "imeisv-2605317931138301", "26053179311383", "260531793113837"] {
            assert_eq!(key(text), "26053179311383", "{text}");
        }
        for text in ["mac-00-00-5E-00-53-00", "eui-02-00-5E-FF-FE-00-53-00", "mac-", "mac-00-untrusted"] {
            assert_eq!(key(text), "other", "{text}");
        }
        let wild =
            ["", "imei-", "imei-imei-26053179311383", "0", "00000000000000", "imei-000000000000000", "2605317931138"];
        let wilder =
            ["26053179311383011", "2605317931138*", "IMEI-26053179311383", " 26053179311383", "26053179311383\0"];
        let digits = ["２６０５３１７９３１１３８３", "٢٦٠٥٣١٧٩٣١١٣٨٣", "-6053179311383", "+6053179311383"];
        for text in wild.iter().chain(&wilder).chain(&digits) {
            assert_eq!(key(text), "malformed", "{text:?}");
        }
    }

    #[test]
    fn a_test_tac_keeps_its_zeros() {
        let equipment: Equipment = "00440112345678".parse().unwrap();
        assert_eq!(equipment.key().tac().to_string(), "00440112");
        assert!(equipment.key().tac().is_test());
        assert!(!EquipmentKey::new(1_000_000_000_000).unwrap().tac().is_test());
    }

    #[test]
    fn what_a_person_types_is_verified() {
        assert_eq!(Equipment::from_typed(" 26-053179-311383-7 ").unwrap().to_string(), "260531793113837");
        assert_eq!(Equipment::from_typed("26053179/311383").unwrap().form(), EquipmentForm::Key);
        insta::assert_snapshot!(typed("26-053179-311383-0"), @r#""26-053179-311383-0" is not an IMEI: its 15th digit does not fit the other 14 (Luhn): a digit is mistyped"#);
        insta::assert_snapshot!(typed("000000000000000"), @r#""000000000000000" is not an IMEI: all zeros is no device"#);
        insta::assert_snapshot!(typed("26053179311383x"), @r#""26053179311383x" is not an IMEI: an IMEI or IMEISV is 14 to 16 decimal digits"#);
        insta::assert_snapshot!(EquipmentKey::new(100_000_000_000_000).unwrap_err(), @r#""100000000000000" is not an equipment key: an equipment key is below 10^14 (14 digits, no check digit)"#);
        insta::assert_snapshot!("260531793113837".parse::<EquipmentKey>().unwrap_err(), @r#""260531793113837" is not an equipment key: an equipment key is 14 decimal digits"#);
        let tac = Tac::new(1).unwrap();
        insta::assert_snapshot!(EquipmentKey::from_parts(tac, 1_000_000).unwrap_err(), @r#""1000000" is not a serial number: a serial number (SNR) has 6 digits"#);
    }

    #[test]
    fn a_long_text_is_refused_and_not_repeated() {
        for unit in ["9", "x", "\u{1F4F1}", "- "] {
            let text = unit.repeat(1_000_000);
            assert!(typed(&text).len() < 400, "{unit}");
            assert!(matches!(Pei::parse(&text), Pei::Malformed(error) if error.value().chars().count() == 41));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn all_forms_of_a_phone_are_one_key(number in 1..EquipmentKey::LIMIT, spare in 0_u8..10, svn in 0_u8..100) {
            let key = EquipmentKey::new(number).unwrap();
            for text in [format!("{number:014}"), format!("{number:014}{spare}"), format!("{number:014}{svn:02}")] {
                let equipment: Equipment = text.parse().unwrap();
                prop_assert_eq!(equipment.key(), key);
                prop_assert_eq!(equipment.to_string(), text.clone());
                prop_assert_eq!(Pei::parse(&format!("imei-{text}")), Pei::Equipment(equipment));
            }
            prop_assert_eq!(Equipment::from_typed(&Imei::from_key(key).to_string()).unwrap().key(), key);
        }

        #[test]
        fn a_key_is_its_parts_and_its_text(number in 0..EquipmentKey::LIMIT) {
            let key = EquipmentKey::new(number).unwrap();
            prop_assert_eq!(EquipmentKey::from_parts(key.tac(), key.serial()), Ok(key));
            prop_assert_eq!(key.to_string().parse(), Ok(key));
            prop_assert_eq!(key.get(), number);
        }

        #[test]
        fn any_text_has_an_answer(text in "\\PC*|[0-9]{13,17}|(imei|imeisv|mac|eui)-[0-9*a-f-]{0,17}") {
            let is_form = |text: &str| (14..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            let bare = text.trim_start_matches("imeisv-").trim_start_matches("imei-");
            match Pei::parse(&text) {
                Pei::Equipment(_) => prop_assert!(is_form(bare)),
                Pei::Other => prop_assert!(text.starts_with("mac-") || text.starts_with("eui-")),
                Pei::Malformed(error) => prop_assert!(!is_form(&text) || error.rule() == "all zeros is no device"),
            }
            if let Ok(equipment) = Equipment::from_typed(&text) {
                prop_assert!(!equipment.key().is_zero());
            }
        }
    }
}
