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
