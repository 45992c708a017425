//! Calendar days in Western Indonesia Time (WIB, UTC+7, no daylight saving).
//!
//! End dates in the register are inclusive and end at 24:00 WIB, wherever the node's clock zone is.
//! What always holds: `Day` is 16 bits, from 1970-01-01 to 2149-06-05, one below the value that the
//! stored and the hot forms use for "no day".

use std::{fmt, str::FromStr};

/// WIB is 7 hours ahead of UTC.
pub const WIB_OFFSET_SECONDS: i64 = 7 * 3600;

/// A calendar day in WIB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u16);

impl Day {
    /// The stored form of "no day".
    pub const NONE: u16 = u16::MAX;
    /// The last day that can be written.
    pub const MAX: Day = Day(u16::MAX - 1);

    /// A day from the number of days since 1970-01-01. `None` for [`Day::NONE`].
    pub const fn from_stored(days: u16) -> Option<Self> {
        if days == Self::NONE { None } else { Some(Self(days)) }
    }

    /// The number of days since 1970-01-01.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The stored form of a day or of none.
    pub const fn to_stored(day: Option<Self>) -> u16 {
        match day {
            Some(day) => day.0,
            None => Self::NONE,
        }
    }

    /// The WIB day of a moment in seconds since the Unix epoch, held within the range of `Day`.
    pub const fn of_unix_seconds(seconds: i64) -> Self {
        let days = seconds.saturating_add(WIB_OFFSET_SECONDS).div_euclid(86_400);
        if days < 0 {
            Self(0)
        } else if days > Self::MAX.0 as i64 {
            Self::MAX
        } else {
            Self(days as u16)
        }
    }

    /// The first second after this day in WIB, in seconds since the Unix epoch.
    pub const fn end_unix_seconds(self) -> i64 {
        (self.0 as i64 + 1) * 86_400 - WIB_OFFSET_SECONDS
    }

    fn date(self) -> jiff::civil::Date {
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(i64::from(self.0)))
    }
}

/// Why a text is not a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date: write YYYY-MM-DD or YYYYMMDD, from 1970-01-01 to 2149-06-05")]
pub struct DayError(String);

impl fmt::Display for Day {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date())
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || DayError(text.chars().take(40).collect());
        let bytes = text.as_bytes();
        let shaped = match bytes.len() {
            8 => bytes.iter().all(u8::is_ascii_digit),
            10 => bytes[4] == b'-' && bytes[7] == b'-',
            _ => false,
        };
        if !shaped {
            return Err(bad());
        }
        let date: jiff::civil::Date = text.parse().map_err(|_| bad())?;
        let days = (date - jiff::civil::date(1970, 1, 1)).get_days();
        match u16::try_from(days) {
            Ok(days) if days <= Self::MAX.0 => Ok(Self(days)),
            _ => Err(bad()),
        }
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
