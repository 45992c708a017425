//! Subscriber numbers (E.164).

use super::{IdentityError, decimal, digits, without_separators};
use std::{fmt, str::FromStr};

/// Country code of Indonesia.
pub const COUNTRY_INDONESIA: u64 = 62;

/// An MSISDN: an E.164 number of 5 to 15 digits with its country code (TS 23.003 clause 3.3).
///
/// `0812…` (national), `62812…` and `+62 812-…` are one number. The number is personal: [`fmt::Display`]
/// writes it whole, so screens and diagnostics use [`Msisdn::masked`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn(u64);

impl Msisdn {
    const RULE: &'static str =
        "an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)";
    const RULE_TRUNK: &'static str = "E.164 has no 0 after the country code 62: leave it out (62812…)";

    /// A number with its country code.
    ///
    /// # Errors
    /// When it does not have 5 to 15 digits, or has a 0 after 62 (a trunk 0 that only text may carry).
    pub fn new(number: u64) -> Result<Self, IdentityError> {
        if !(10_000..1_000_000_000_000_000).contains(&number) {
            return Err(IdentityError::new("an MSISDN", number, Self::RULE));
        }
        let length = decimal::length(number);
        if decimal::begins_with(number, length, COUNTRY_INDONESIA * 10, 3) {
            return Err(IdentityError::new("an MSISDN", number, Self::RULE_TRUNK));
        }
        Ok(Self(number))
    }

    /// The number that [`Msisdn::get`] gave.
    pub(crate) const fn of_checked(number: u64) -> Self {
        Self(number)
    }

    /// The digits with country code as a number below 10^15.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether the country code is 62.
    pub const fn is_indonesian(self) -> bool {
        decimal::begins_with(self.0, decimal::length(self.0), COUNTRY_INDONESIA, 2)
    }

    /// The national significant number of a +62 number, without a leading 0.
    pub const fn national(self) -> Option<u64> {
        let country = COUNTRY_INDONESIA * decimal::power(decimal::length(self.0).saturating_sub(2));
        if self.is_indonesian() { Some(self.0 - country) } else { None }
    }

    /// The number of a +62 national significant number.
    ///
    /// # Errors
    /// When it does not have 3 to 13 digits.
    pub fn from_national(number: u64) -> Result<Self, IdentityError> {
        if !(100..10_000_000_000_000).contains(&number) {
            return Err(IdentityError::new("a national number", number, Self::RULE));
        }
        // Written by its digits, it has no 0 in front.
        Ok(Self(COUNTRY_INDONESIA * decimal::power(decimal::length(number)) + number))
    }

    /// The number with its middle hidden, for screens and diagnostics: `62812*****789`.
    pub fn masked(self) -> String {
        let text = self.to_string();
        let (head, tail) = if text.len() >= 10 { (5, 3) } else { (2, 1) };
        let hidden = "*".repeat(text.len() - head - tail);
        format!("{}{hidden}{}", &text[..head], &text[text.len() - tail..])
    }
}

impl fmt::Debug for Msisdn {
    /// Masked: a debug print must not carry a person's number into a diagnostic.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Msisdn({})", self.masked())
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Msisdn {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || IdentityError::of_text("an MSISDN", text, Self::RULE);
        let bare = text.trim();
        let bare = without_separators(bare.strip_prefix("msisdn-").unwrap_or(bare));
        let (plus, number) = match bare.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, bare.as_str()),
        };
        // `+62 (0)812…`: people write the trunk 0 of the national form after the country code.
        let national = number.strip_prefix("620").or_else(|| number.strip_prefix('0').filter(|_| !plus));
        let msisdn = match national {
            Some(national) if national.starts_with('0') => None,
            Some(national) => digits(national).and_then(|n| Self::from_national(n).ok()),
            None if number.starts_with('0') || number.len() > 15 => None,
            None => digits(number).and_then(|n| Self::new(n).ok()),
        };
        msisdn.ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_ways_to_write_a_number_are_one_number() {
        let number = Msisdn::new(6_281_234_567_890).unwrap();
        let ways = [
            "081234567890",
            "6281234567890",
            "+6281234567890",
            "+62 812-3456-7890",
            "+62 (0)812 3456 7890",
            "62081234567890",
            "(0812) 3456.7890",
            " 0812\u{2011}3456\u{2013}7890 ",
            "msisdn-6281234567890",
            "+62\u{a0}812\u{a0}3456\u{a0}7890",
        ];
        for way in ways {
            assert_eq!(way.parse(), Ok(number), "{way:?}");
        }
    }

    #[test]
    fn a_number_of_another_country_is_as_it_is() {
        let singapore: Msisdn = "+65 8123 4567".parse().unwrap();
        assert_eq!(singapore.to_string(), "6581234567");
        assert_eq!((singapore.is_indonesian(), singapore.national()), (false, None));
        assert!(!"6312345".parse::<Msisdn>().unwrap().is_indonesian());
        assert!("62123".parse::<Msisdn>().unwrap().is_indonesian());
    }

    #[test]
    fn errors_name_the_value_and_the_rule() {
        insta::assert_snapshot!(Msisdn::new(9_999).unwrap_err(), @r#""9999" is not an MSISDN: an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)"#);
        insta::assert_snapshot!(Msisdn::new(62_081_234_567_890).unwrap_err(), @r#""62081234567890" is not an MSISDN: E.164 has no 0 after the country code 62: leave it out (62812…)"#);
        insta::assert_snapshot!(Msisdn::from_national(99).unwrap_err(), @r#""99" is not a national number: an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)"#);
        insta::assert_snapshot!("0062812345678".parse::<Msisdn>().unwrap_err(), @r#""0062812345678" is not an MSISDN: an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)"#);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let wild =
            ["", "+", "0", "62", "620", "6200812345678", "+0812345678", "++62812345678", "08l2345678", "62812+3456"];
        let digits = ["０８１２３４５６７８", "٠٨١٢٣٤٥٦٧٨", "1234567890123456"];
        for text in wild.iter().chain(&digits) {
            assert!(text.parse::<Msisdn>().is_err(), "{text:?}");
        }
        for unit in ["8", "(", "+62 ", "é"] {
            assert!(unit.repeat(1_000_000).parse::<Msisdn>().unwrap_err().to_string().len() < 400);
        }
        assert!(Msisdn::new(u64::MAX).is_err() && Msisdn::from_national(u64::MAX).is_err());
    }

    #[test]
    fn prints_for_diagnostics_are_masked() {
        assert_eq!(format!("{:?}", Msisdn::new(6_281_234_567_890).unwrap()), "Msisdn(62812*****890)");
        assert_eq!(Msisdn::new(12_345).unwrap().masked(), "12**5");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_number_is_its_text(number in prop_oneof![10_000_u64..1_000_000, 10_000_u64..1_000_000_000_000_000, 62_000_u64..63_000]) {
            match Msisdn::new(number) {
                Ok(msisdn) => {
                    prop_assert_eq!(msisdn.to_string().parse(), Ok(msisdn));
                    prop_assert_eq!(format!("+{msisdn}").parse(), Ok(msisdn));
                    prop_assert_eq!(msisdn.is_indonesian(), number.to_string().starts_with("62"));
                    prop_assert_eq!(msisdn.national().is_some(), msisdn.is_indonesian());
                }
                Err(_) => prop_assert!(number.to_string().starts_with("620")),
            }
        }

        #[test]
        fn a_national_number_leads_to_one_number_and_back(digits in 3_u32..=13, pick in any::<u64>()) {
            let low = 10_u64.pow(digits - 1);
            let national = low + pick % (9 * low);
            let msisdn = Msisdn::from_national(national).unwrap();
            prop_assert_eq!(msisdn.national(), Some(national));
            prop_assert_eq!(msisdn.to_string(), format!("62{national}"));
            prop_assert_eq!(format!("0{national}").parse(), Ok(msisdn));
            prop_assert_eq!(format!("+62 (0) {national}").parse(), Ok(msisdn));
        }

        #[test]
        fn any_text_is_a_number_or_refused(text in "\\PC*|[+0-9 ()-]{0,20}") {
            if let Ok(msisdn) = text.parse::<Msisdn>() {
                prop_assert_eq!(msisdn.to_string().parse(), Ok(msisdn));
                prop_assert_eq!(Msisdn::new(msisdn.get()), Ok(msisdn));
            }
        }
    }
}
