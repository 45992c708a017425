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

    /// The day in the calendar.
    pub(crate) fn date(self) -> jiff::civil::Date {
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

/// Why a text is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a moment: write 2026-12-31 (from 00:00 WIB), 2026-12-31T18:00 (WIB) or 2026-12-31T18:00:00+07:00"
)]
pub struct MomentError(String);

/// Reads a moment as people write it, in seconds since the Unix epoch. A date is its first second in WIB, a
/// time without offset is WIB.
///
/// # Errors
/// When it is none of the three forms.
pub fn moment(text: &str) -> Result<i64, MomentError> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(timestamp.as_second());
    }
    let wib = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
    text.parse::<jiff::civil::DateTime>()
        .and_then(|local| local.to_zoned(wib))
        .map(|zoned| zoned.timestamp().as_second())
        .map_err(|_| MomentError(text.chars().take(40).collect()))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Seconds of a moment in UTC.
    fn utc(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_in_wib() {
        assert_eq!(Day::of_unix_seconds(utc("2026-03-10T16:59:59Z")), day("2026-03-10"));
        assert_eq!(Day::of_unix_seconds(utc("2026-03-10T17:00:00Z")), day("2026-03-11"));
        assert_eq!(day("2026-03-10").end_unix_seconds(), utc("2026-03-10T17:00:00Z"));
        assert_eq!(Day::of_unix_seconds(utc("2020-09-15T22:00:00+07:00")), day("2020-09-15"));
    }

    #[test]
    fn leap_years_are_those_of_the_calendar() {
        for (before, after) in
            [("2024-02-29", "2024-03-01"), ("2100-02-28", "2100-03-01"), ("2000-02-29", "2000-03-01")]
        {
            assert_eq!(day(before).get() + 1, day(after).get());
        }
        for text in ["2023-02-29", "2100-02-29", "20230229", "2026-13-01", "2026-00-10", "2026-04-31"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_limits_are_the_first_and_the_last_day() {
        assert_eq!(day("1970-01-01").get(), 0);
        assert_eq!(day("2149-06-05"), Day::MAX);
        assert!("2149-06-06".parse::<Day>().is_err() && "1969-12-31".parse::<Day>().is_err());
        assert_eq!((Day::from_stored(Day::NONE), Day::to_stored(None)), (None, Day::NONE));
        for (seconds, wanted) in [(i64::MIN, "1970-01-01"), (-1, "1970-01-01"), (i64::MAX, "2149-06-05")] {
            assert_eq!(Day::of_unix_seconds(seconds), day(wanted));
        }
        assert_eq!(Day::MAX.end_unix_seconds(), utc("2149-06-05T17:00:00Z"));
    }

    #[test]
    fn errors_name_the_value_and_the_rule() {
        insta::assert_snapshot!("10/03/2026".parse::<Day>().unwrap_err(), @r#""10/03/2026" is not a date: write YYYY-MM-DD or YYYYMMDD, from 1970-01-01 to 2149-06-05"#);
        let wild = [
            "",
            "2026-3-10",
            "2026-03-1٠",
            "２０２６０３１０",
            "+2026031",
            "2026-W1-1",
            "20260310T",
            "2026031",
            "----------",
        ];
        for text in wild {
            assert!(text.parse::<Day>().is_err(), "{text:?}");
        }
        assert!("-".repeat(1 << 20).parse::<Day>().unwrap_err().to_string().len() < 200);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_day_is_its_text_its_json_and_its_stored_form(stored in 0..Day::NONE) {
            let day = Day::from_stored(stored).unwrap();
            let text = day.to_string();
            prop_assert_eq!(text.parse(), Ok(day));
            prop_assert_eq!(text.replace('-', "").parse(), Ok(day));
            prop_assert_eq!(Day::to_stored(Some(day)), stored);
            let json = serde_json::to_string(&day).unwrap();
            prop_assert_eq!(serde_json::from_str::<Day>(&json).unwrap(), day);
            prop_assert_eq!(Day::of_unix_seconds(day.end_unix_seconds() - 1), day);
            prop_assert_eq!(Day::of_unix_seconds(day.end_unix_seconds() - 86_400), day);
        }

        #[test]
        fn any_text_is_a_day_or_refused(text in "\\PC{0,12}|[0-9-]{8,10}") {
            if let Ok(day) = text.parse::<Day>() {
                prop_assert_eq!(day.to_string().replace('-', ""), text.replace('-', ""));
            }
        }
    }
}
