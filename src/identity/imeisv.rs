//! IMEI with software version number.

use super::{EquipmentKey, IdentityError, digits};
use std::{fmt, str::FromStr};

/// Software Version Number, 2 digits (TS 23.003 clause 6.2.2). Information, never identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Svn(u8);

impl Svn {
    /// A version number from 0 to 99.
    ///
    /// # Errors
    /// When it has more than 2 digits.
    pub fn new(number: u8) -> Result<Self, IdentityError> {
        if number < 100 { Ok(Self(number)) } else { Err(IdentityError::new("an SVN", number, "an SVN has 2 digits")) }
    }

    /// The version as a number from 0 to 99.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Svn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl FromStr for Svn {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match digits(text) {
            Some(number) if text.len() == 2 => Ok(Self(number as u8)),
            _ => Err(IdentityError::of_text("an SVN", text, "an SVN is 2 decimal digits")),
        }
    }
}

/// IMEISV: the 14 digits of the equipment key and the SVN, no check digit (TS 23.003 clause 6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imeisv {
    key: EquipmentKey,
    svn: Svn,
}

impl Imeisv {
    /// An IMEISV of its two parts.
    pub const fn new(key: EquipmentKey, svn: Svn) -> Self {
        Self { key, svn }
    }

    /// The 14 digits that are stored and compared.
    pub const fn key(self) -> EquipmentKey {
        self.key
    }

    /// The software version.
    pub const fn svn(self) -> Svn {
        self.svn
    }
}

impl fmt::Display for Imeisv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.key, self.svn)
    }
}

impl FromStr for Imeisv {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match digits(text) {
            Some(number) if text.len() == 16 => {
                Ok(Self { key: EquipmentKey::new(number / 100)?, svn: Svn((number % 100) as u8) })
            }
            _ => Err(IdentityError::of_text("an IMEISV", text, "an IMEISV is 16 decimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_name_the_value_and_the_rule() {
        insta::assert_snapshot!("260531793113837".parse::<Imeisv>().unwrap_err(), @r#""260531793113837" is not an IMEISV: an IMEISV is 16 decimal digits"#);
        insta::assert_snapshot!("1".parse::<Svn>().unwrap_err(), @r#""1" is not an SVN: an SVN is 2 decimal digits"#);
        insta::assert_snapshot!(Svn::new(100).unwrap_err(), @r#""100" is not an SVN: an SVN has 2 digits"#);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_imeisv_is_its_text(number in 0..EquipmentKey::LIMIT, svn in 0_u8..100) {
            let imeisv = Imeisv::new(EquipmentKey::new(number).unwrap(), Svn::new(svn).unwrap());
            prop_assert_eq!(imeisv.to_string(), format!("{number:014}{svn:02}"));
            prop_assert_eq!(imeisv.to_string().parse(), Ok(imeisv));
            prop_assert_eq!(imeisv.svn().to_string().parse(), Ok(imeisv.svn()));
        }
    }
}
