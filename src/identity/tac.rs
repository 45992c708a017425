//! Type Allocation Code: the model of a device.

use super::{IdentityError, digits};
use std::{fmt, str::FromStr};

/// Type Allocation Code, 8 digits: Reporting Body Identifier (2) and a number of its own (6)
/// (TS 23.003 clause 6.2.1). One TAC stands for up to 10^6 serial numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tac(u32);

impl Tac {
    /// One more than the highest TAC.
    pub const LIMIT: u32 = 100_000_000;

    /// A TAC from its number.
    ///
    /// # Errors
    /// When the number has more than 8 digits.
    pub fn new(number: u32) -> Result<Self, IdentityError> {
        if number < Self::LIMIT {
            Ok(Self(number))
        } else {
            Err(IdentityError::new("a TAC", number, "a TAC has 8 digits"))
        }
    }

    pub(super) const fn of_key(key: u64) -> Self {
        Self((key / 1_000_000) as u32)
    }

    /// The TAC as a number below 10^8.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The Reporting Body Identifier, the first two digits.
    pub const fn reporting_body(self) -> u8 {
        (self.0 / 1_000_000) as u8
    }

    /// Whether this is a TAC of the test ranges (`00......`), which no maker may sell.
    pub const fn is_test(self) -> bool {
        self.reporting_body() == 0
    }
}

impl fmt::Display for Tac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

impl FromStr for Tac {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match digits(text) {
            Some(number) if text.len() == 8 => Ok(Self(number as u32)),
            _ => Err(IdentityError::of_text("a TAC", text, "a TAC is 8 decimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tac_is_its_text() {
        for number in [0, 1, 440_112, 35_000_000, Tac::LIMIT - 1] {
            let tac = Tac::new(number).unwrap();
            assert_eq!(tac.to_string().parse(), Ok(tac));
            assert_eq!(tac.to_string().len(), 8);
        }
    }

    #[test]
    fn test_tacs_are_those_of_reporting_body_00() {
        let is_test = |text: &str| text.parse::<Tac>().unwrap().is_test();
        assert!(is_test("00440112") && is_test("00999999"));
        assert!(!is_test("01000000") && !is_test("35000000"));
        assert_eq!("35123456".parse::<Tac>().unwrap().reporting_body(), 35);
    }

    #[test]
    fn errors_name_the_value_and_the_rule() {
        insta::assert_snapshot!(Tac::new(Tac::LIMIT).unwrap_err(), @r#""100000000" is not a TAC: a TAC has 8 digits"#);
        insta::assert_snapshot!("3500000".parse::<Tac>().unwrap_err(), @r#""3500000" is not a TAC: a TAC is 8 decimal digits"#);
        insta::assert_snapshot!("３５００００００".parse::<Tac>().unwrap_err(), @r#""３５００００００" is not a TAC: a TAC is 8 decimal digits"#);
    }
}
