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

    /// A number with its country code.
    ///
    /// # Errors
    /// When it does not have 5 to 15 digits.
    pub fn new(number: u64) -> Result<Self, IdentityError> {
        if (10_000..1_000_000_000_000_000).contains(&number) {
            Ok(Self(number))
        } else {
            Err(IdentityError::new("an MSISDN", number, Self::RULE))
        }
    }

    /// The digits with country code as a number below 10^15.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether the country code is 62.
    pub const fn is_indonesian(self) -> bool {
        let mut head = self.0;
        while head >= 100 {
            head /= 10;
        }
        head == COUNTRY_INDONESIA
    }

    /// The national significant number of a +62 number, without a leading 0.
    pub const fn national(self) -> Option<u64> {
        let mut power = 1_000;
        while self.0 / power >= 100 {
            power *= 10;
        }
        if self.0 / power == COUNTRY_INDONESIA && self.0 % power >= power / 10 { Some(self.0 % power) } else { None }
    }

    /// The number of a +62 national significant number.
    ///
    /// # Errors
    /// When it does not have 3 to 13 digits.
    pub fn from_national(number: u64) -> Result<Self, IdentityError> {
        let mut power = 1_000;
        while number >= power && power < 100_000_000_000_000 {
            power *= 10;
        }
        if number < power / 10 || number >= power || power > 10_000_000_000_000 {
            return Err(IdentityError::new("a national number", number, Self::RULE));
        }
        Self::new(COUNTRY_INDONESIA * power + number)
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
        match number.strip_prefix('0') {
            // A national number: one trunk 0, then the significant number.
            Some(national) if !plus && !national.starts_with('0') => {
                digits(national).and_then(|n| Self::from_national(n).ok()).ok_or_else(bad)
            }
            Some(_) => Err(bad()),
            None if number.len() <= 15 => digits(number).and_then(|n| Self::new(n).ok()).ok_or_else(bad),
            None => Err(bad()),
        }
    }
}
