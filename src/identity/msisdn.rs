//! Subscriber numbers (E.164).

use super::{IdentityError, digits, without_separators};
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
        let msisdn = Self(number);
        if msisdn.is_indonesian() && number / (msisdn.after_country() / 10) % 10 == 0 {
            return Err(IdentityError::new("an MSISDN", number, Self::RULE_TRUNK));
        }
        Ok(msisdn)
    }

    /// The digits with country code as a number below 10^15.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Ten to the number of digits that follow the first two: 1,000 at least.
    const fn after_country(self) -> u64 {
        10_u64.pow(self.0.ilog10() - 1)
    }

    /// Whether the country code is 62.
    pub const fn is_indonesian(self) -> bool {
        self.0 / self.after_country() == COUNTRY_INDONESIA
    }

    /// The national significant number of a +62 number, without a leading 0.
    pub const fn national(self) -> Option<u64> {
        if self.is_indonesian() { Some(self.0 % self.after_country()) } else { None }
    }

    /// The number of a +62 national significant number.
    ///
    /// # Errors
    /// When it does not have 3 to 13 digits.
    pub fn from_national(number: u64) -> Result<Self, IdentityError> {
        if !(100..10_000_000_000_000).contains(&number) {
            return Err(IdentityError::new("a national number", number, Self::RULE));
        }
        Self::new(COUNTRY_INDONESIA * 10_u64.pow(number.ilog10() + 1) + number)
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
