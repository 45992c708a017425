//! International Mobile Equipment Identity with its check digit.

use super::{EquipmentKey, IdentityError, digits, without_separators};
use std::{fmt, str::FromStr};

/// An IMEI of 15 digits whose check digit is right (TS 23.003 clause 6.2.1, annex B).
///
/// This is the form that people read off a box, a screen or `*#06#`. Over the air the 15th digit is a
/// spare and never compared: what a network element sends is an [`super::Equipment`], not an `Imei`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imei(EquipmentKey);

impl Imei {
    /// The IMEI of an equipment key: the check digit is computed.
    pub const fn from_key(key: EquipmentKey) -> Self {
        Self(key)
    }

    /// The 14 digits that are stored and compared.
    pub const fn key(self) -> EquipmentKey {
        self.0
    }

    /// The 15th digit.
    pub fn check_digit(self) -> u8 {
        check_digit(self.0)
    }

    /// Reads what a person typed: 15 digits, separators allowed, the check digit verified.
    ///
    /// # Errors
    /// When it is not 15 digits, or the check digit is wrong (one digit is mistyped or two are swapped).
    pub fn from_typed(text: &str) -> Result<Self, IdentityError> {
        without_separators(text)
            .parse()
            .map_err(|error: IdentityError| IdentityError::of_text("an IMEI", text, error.rule()))
    }
}

/// The Luhn check digit over the 14 digits of a key (TS 23.003 annex B).
pub fn check_digit(key: EquipmentKey) -> u8 {
    let mut rest = key.get();
    let mut sum = 0;
    for place in 0..14 {
        let digit = rest % 10;
        rest /= 10;
        // The rightmost of the 14 digits is doubled, then every second one.
        sum += if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    }
    ((10 - sum % 10) % 10) as u8
}

impl fmt::Display for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0, self.check_digit())
    }
}

impl FromStr for Imei {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = match digits(text) {
            Some(number) if text.len() == 15 => number,
            _ => return Err(IdentityError::of_text("an IMEI", text, "an IMEI is 15 decimal digits")),
        };
        let imei = Self(EquipmentKey::new(number / 10)?);
        if u64::from(imei.check_digit()) == number % 10 {
            Ok(imei)
        } else {
            Err(IdentityError::of_text(
                "an IMEI",
                text,
                "its 15th digit does not fit the other 14 (Luhn): a digit is mistyped",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_digit_is_that_of_the_specification() {
        let key: EquipmentKey = "26053179311383".parse().unwrap();
        assert_eq!(check_digit(key), 7);
        assert_eq!(Imei::from_key(key).to_string(), "260531793113837");
        assert_eq!(Imei::from_typed("26-053179-311383-7").unwrap().key(), key);
        assert_eq!(check_digit(EquipmentKey::new(0).unwrap()), 0);
    }

    #[test]
    fn errors_name_the_value_and_the_rule() {
        insta::assert_snapshot!("260531793113830".parse::<Imei>().unwrap_err(), @r#""260531793113830" is not an IMEI: its 15th digit does not fit the other 14 (Luhn): a digit is mistyped"#);
        insta::assert_snapshot!("26053179311383".parse::<Imei>().unwrap_err(), @r#""26053179311383" is not an IMEI: an IMEI is 15 decimal digits"#);
        insta::assert_snapshot!(Imei::from_typed("26 053179 311383 0").unwrap_err(), @r#""26 053179 311383 0" is not an IMEI: its 15th digit does not fit the other 14 (Luhn): a digit is mistyped"#);
        assert!("２６０５３１７９３１１３８３７".parse::<Imei>().is_err());
    }

    /// The sum as the specification words it: double every other digit from the right, add all digits.
    fn luhn_sum(imei: &str) -> u32 {
        let digits = imei.chars().rev().map(|c| c.to_digit(10).unwrap());
        digits.enumerate().map(|(place, d)| if place % 2 == 1 { 2 * d / 10 + 2 * d % 10 } else { d }).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_imei_is_its_text_and_one_wrong_digit_is_found(
            number in 0..EquipmentKey::LIMIT, place in 0_usize..15, other in 1_u8..10
        ) {
            let imei = Imei::from_key(EquipmentKey::new(number).unwrap());
            let text = imei.to_string();
            prop_assert_eq!(text.parse(), Ok(imei));
            prop_assert_eq!(luhn_sum(&text) % 10, 0);
            let mut wrong = text.into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + other) % 10;
            prop_assert!(String::from_utf8(wrong).unwrap().parse::<Imei>().is_err());
        }
    }
}
