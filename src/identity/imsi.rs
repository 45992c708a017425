//! International Mobile Subscriber Identity.

use super::{IdentityError, decimal, digits};
use std::{fmt, str::FromStr};

/// Mobile Country Code of Indonesia.
pub const MCC_INDONESIA: u16 = 510;

/// An IMSI: 6 to 15 digits, MCC (3), MNC (2 or 3), MSIN (TS 23.003 clause 2.2).
///
/// The number of digits is part of it, since test networks have MCC 001.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imsi {
    number: u64,
    length: u8,
}

impl Imsi {
    const RULE: &'static str = "an IMSI is 6 to 15 decimal digits";
    const NUMBER_BITS: u32 = 50;

    /// An IMSI from its number, as the fast calls send it. Leading zeros are lost in a number: an IMSI
    /// of a test network (MCC 001) has to come as text.
    ///
    /// # Errors
    /// When it does not have 6 to 15 digits.
    pub fn from_number(number: u64) -> Result<Self, IdentityError> {
        if !(100_000..1_000_000_000_000_000).contains(&number) {
            return Err(IdentityError::new("an IMSI", number, Self::RULE));
        }
        Ok(Self { number, length: decimal::length(number) as u8 })
    }

    /// Its digits as a number, as the fast calls send it. Leading zeros are lost.
    pub const fn number(self) -> u64 {
        self.number
    }

    /// Number and length in 54 bits, the stored form. It sorts by length, then by number.
    pub const fn packed(self) -> u64 {
        (self.length as u64) << Self::NUMBER_BITS | self.number
    }

    /// The IMSI of a packed form.
    ///
    /// # Errors
    /// When it is not one that [`Imsi::packed`] makes.
    pub fn from_packed(packed: u64) -> Result<Self, IdentityError> {
        let number = packed & ((1 << Self::NUMBER_BITS) - 1);
        let length = packed >> Self::NUMBER_BITS;
        if (6..=15).contains(&length) && number < decimal::power(length as u32) {
            Ok(Self { number, length: length as u8 })
        } else {
            Err(IdentityError::new("a packed IMSI", packed, Self::RULE))
        }
    }

    /// The IMSI that [`Imsi::packed`] packed.
    pub(crate) const fn of_checked(packed: u64) -> Self {
        Self { number: packed & ((1 << Self::NUMBER_BITS) - 1), length: (packed >> Self::NUMBER_BITS) as u8 }
    }

    /// Mobile Country Code, the first 3 digits.
    pub const fn mcc(self) -> u16 {
        (self.number / decimal::power(self.length as u32 - 3)) as u16
    }

    /// Whether the subscriber's home network is in Indonesia (MCC 510).
    pub const fn is_indonesian(self) -> bool {
        decimal::begins_with(self.number, self.length as u32, MCC_INDONESIA as u64, 3)
    }

    /// The operator of a home network in Indonesia, by its MNC; none: no known one.
    pub const fn operator(self) -> Option<&'static str> {
        if !self.is_indonesian() || self.length < 15 {
            return None;
        }
        Some(match self.number / decimal::power(10) % 100 {
            1 | 21 => "Indosat",
            8 => "Axis",
            9 | 28 => "Smartfren",
            10 => "Telkomsel",
            11 => "XL",
            89 => "Tri",
            _ => return None,
        })
    }

    /// The IMSI with its MSIN hidden, for screens and diagnostics: `51010*******789`.
    pub fn masked(self) -> String {
        let text = self.to_string();
        let (head, tail) = if text.len() >= 10 { (5, 3) } else { (3, 0) };
        let hidden = "*".repeat(text.len() - head - tail);
        format!("{}{hidden}{}", &text[..head], &text[text.len() - tail..])
    }
}

impl fmt::Debug for Imsi {
    /// Masked: a debug print must not carry a person's identity into a diagnostic.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Imsi({})", self.masked())
    }
}

impl fmt::Display for Imsi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.number, width = usize::from(self.length))
    }
}

impl FromStr for Imsi {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim();
        let bare = bare.strip_prefix("imsi-").unwrap_or(bare);
        match digits(bare) {
            Some(number) if (6..=15).contains(&bare.len()) => Ok(Self { number, length: bare.len() as u8 }),
            _ => Err(IdentityError::of_text("an IMSI", text, Self::RULE)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_operator_of_a_sim_is_told_where_it_is_known() {
        let operator = |text: &str| text.parse::<Imsi>().unwrap().operator();
        assert_eq!(operator("510101234567890"), Some("Telkomsel"));
        assert_eq!(operator("510110000000000"), Some("XL"));
        assert_eq!([operator("510771234567890"), operator("525011234567890"), operator("51010123456")], [None; 3]);
    }

    #[test]
    fn a_test_network_keeps_its_zeros() {
        let imsi: Imsi = "001010123456789".parse().unwrap();
        assert_eq!((imsi.mcc(), imsi.is_indonesian()), (1, false));
        assert_eq!(imsi.to_string(), "001010123456789");
        assert_ne!(imsi, "01010123456789".parse().unwrap(), "one digit less is another IMSI");
        assert_eq!("000000".parse::<Imsi>().unwrap().to_string(), "000000");
        assert_eq!(Imsi::from_packed(imsi.packed()), Ok(imsi));
    }

    #[test]
    fn the_mcc_is_the_first_three_digits_at_any_length() {
        for text in ["510101", "5101012", "510101234567890", " imsi-510101234567890 "] {
            assert!(text.parse::<Imsi>().unwrap().is_indonesian(), "{text}");
        }
        for text in ["051010", "525011234567890", "001510"] {
            assert!(!text.parse::<Imsi>().unwrap().is_indonesian(), "{text}");
        }
    }

    #[test]
    fn errors_name_the_value_and_the_rule() {
        insta::assert_snapshot!("51010".parse::<Imsi>().unwrap_err(), @r#""51010" is not an IMSI: an IMSI is 6 to 15 decimal digits"#);
        insta::assert_snapshot!("５１０１０１２３４５".parse::<Imsi>().unwrap_err(), @r#""５１０１０１２３４５" is not an IMSI: an IMSI is 6 to 15 decimal digits"#);
        insta::assert_snapshot!(Imsi::from_number(99_999).unwrap_err(), @r#""99999" is not an IMSI: an IMSI is 6 to 15 decimal digits"#);
        insta::assert_snapshot!(Imsi::from_packed(7 << 50 | 10_000_000).unwrap_err(), @r#""7881299357898368" is not a packed IMSI: an IMSI is 6 to 15 decimal digits"#);
        assert!("9".repeat(1 << 20).parse::<Imsi>().unwrap_err().to_string().len() < 200);
        assert!(Imsi::from_number(u64::MAX).is_err() && Imsi::from_packed(u64::MAX).is_err());
    }

    #[test]
    fn prints_for_diagnostics_are_masked() {
        let imsi: Imsi = "510101234567890".parse().unwrap();
        assert_eq!(format!("{imsi:?}"), "Imsi(51010*******890)");
        assert_eq!("510101".parse::<Imsi>().unwrap().masked(), "510***");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_imsi_is_its_text_and_its_packed_form(text in "[0-9]{6,15}") {
            let imsi: Imsi = text.parse().unwrap();
            prop_assert_eq!(imsi.to_string(), text.clone());
            prop_assert_eq!(Imsi::from_packed(imsi.packed()), Ok(imsi));
            prop_assert!(imsi.packed() < 1 << 54);
            if !text.starts_with('0') {
                prop_assert_eq!(Imsi::from_number(text.parse().unwrap()), Ok(imsi));
            }
        }

        #[test]
        fn a_packed_form_is_one_imsi_or_none(packed in prop_oneof![any::<u64>(), 0_u64..1 << 54]) {
            if let Ok(imsi) = Imsi::from_packed(packed) {
                prop_assert_eq!(imsi.packed(), packed);
                prop_assert_eq!(imsi.to_string().parse(), Ok(imsi));
            }
        }
    }
}
