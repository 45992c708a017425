//! Terms of the register: doors, classes and marks.
//!
//! A *listing* is what puts a device on a list: a batch says that it came through a *door* and is of a
//! *class*. In memory most listings are one bit in a page set; a [`Mark`] is a listing that needs more
//! than its bit (an end date, a bound number, a class that few devices have).
//! What always holds: codes of doors and classes are stored and are forever; a retired code stays reserved.

use crate::{day::Day, pairing::Number};

/// A field-less enum whose variants have a code that is stored or sent, and a name.
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident, $what:literal, { $($(#[$vmeta:meta])* $variant:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant = $code,)+ }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The stored code.
            pub const fn code(self) -> u8 { self as u8 }

            /// The value of a stored code.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The name that people and files use.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { f.pad(self.name()) }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::listing::TermError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::listing::TermError::new(text, $what, &[$($text),+])),
                }
            }
        }
    };
}
pub(crate) use coded;

/// A name that is not one of the known ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {what}; known are: {known}")]
pub struct TermError {
    value: String,
    what: &'static str,
    known: String,
}

impl TermError {
    /// Values longer than this are cut in the message.
    const SHOWN_CHARS_MAX: usize = 40;

    pub(crate) fn new(value: &str, what: &'static str, known: &[&str]) -> Self {
        Self { value: value.chars().take(Self::SHOWN_CHARS_MAX).collect(), what, known: known.join(", ") }
    }
}

coded! {
    /// The way by which an entry comes into the register.
    Door, "a door", {
        /// Kemenperin: makers, against a TPP document.
        TppProduction = 1, "tpp-production";
        /// Kemenperin: official importers, against a TPP document.
        TppImport = 2, "tpp-import";
        /// Bea Cukai: devices of arriving passengers.
        CustomsPassenger = 3, "customs-passenger";
        /// Bea Cukai: devices sent by post or courier.
        CustomsParcel = 4, "customs-parcel";
        /// An operator's outlet: a visitor's device, for a time, bound to a local number.
        OperatorTourist = 5, "operator-tourist";
        /// Komdigi: VVIP, diplomats, defence, events.
        State = 6, "state";
        /// Operators, once: devices in the base before the cut-off.
        Grandfathered = 7, "grandfathered";
        /// Stolen, reported through the subscriber's operator.
        Stolen = 8, "stolen";
        /// Lost, reported through the subscriber's operator.
        Lost = 9, "lost";
        /// GSMA Block List feed.
        GsmaBlocklist = 10, "gsma-blocklist";
        /// Regulator: barred devices and models.
        Barred = 11, "barred";
        /// A court's order.
        Court = 12, "court";
        /// Regulator: models outside the rule (non-HKT).
        NonHkt = 13, "non-hkt";
        /// Operators: pairings and the subscriber map.
        Operator = 14, "operator";
        /// GSMA TAC catalogue.
        GsmaTac = 15, "gsma-tac";
    }
}

coded! {
    /// What a listing says of a device.
    Class, "a class", {
        /// May use the networks. With an end date it is a temporary listing.
        Registered = 1, "registered";
        /// In the base before the cut-off.
        Grandfathered = 2, "grandfathered";
        /// Exempt from every rule but the black list.
        Exempt = 3, "exempt";
        /// On the black list: stolen.
        Stolen = 4, "stolen";
        /// On the black list: lost.
        Lost = 5, "lost";
        /// On the black list: barred by the regulator.
        Barred = 6, "barred";
        /// On the black list: barred by a court.
        Court = 7, "court";
        /// Under suspicion of duplication.
        Duplicate = 8, "duplicate";
    }
}

impl Class {
    /// Whether the class puts a device on the black list.
    pub const fn is_blacklist(self) -> bool {
        matches!(self, Self::Stolen | Self::Lost | Self::Barred | Self::Court)
    }
}

/// One listing of one device that needs more than a bit. 16 bytes, as the hot sets hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The bound number of a listing, the evidence number of a grandfathered entry, or none.
    pub number: Option<Number>,
    /// Last day on which the listing is valid, as [`Day::to_stored`].
    until: u16,
    /// First seen (grandfathered) or black from (suspended), as [`Day::to_stored`].
    since: u16,
    /// What it says.
    pub class: Class,
    /// How it came.
    pub door: Door,
    /// Whether its batch is suspended for investigation.
    pub suspended: bool,
}

impl Mark {
    /// A mark without dates or number.
    pub const fn new(class: Class, door: Door) -> Self {
        Self { number: None, until: Day::NONE, since: Day::NONE, class, door, suspended: false }
    }

    /// The same mark with a last day.
    #[must_use]
    pub const fn with_until(mut self, until: Option<Day>) -> Self {
        self.until = Day::to_stored(until);
        self
    }

    /// The same mark with a first-seen day (grandfathered) or a black-from day (suspended).
    #[must_use]
    pub const fn with_since(mut self, since: Option<Day>) -> Self {
        self.since = Day::to_stored(since);
        self
    }

    /// The same mark with a number.
    #[must_use]
    pub const fn with_number(mut self, number: Option<Number>) -> Self {
        self.number = number;
        self
    }

    /// The same mark, suspended or not.
    #[must_use]
    pub const fn with_suspended(mut self, suspended: bool) -> Self {
        self.suspended = suspended;
        self
    }

    /// Last day on which the listing is valid. `None`: without end.
    pub const fn until(&self) -> Option<Day> {
        Day::from_stored(self.until)
    }

    /// First seen (grandfathered), black from (suspended), else reported on.
    pub const fn since(&self) -> Option<Day> {
        Day::from_stored(self.since)
    }

    /// Whether the listing has not ended on this day.
    pub const fn is_current(&self, today: Day) -> bool {
        // NONE is above every day.
        self.until == Day::NONE || self.until >= today.get()
    }
}

/// What the regulator says of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TacRule {
    /// Outside the rule (non-HKT): never blocked for being unregistered.
    pub exempt_type: bool,
    /// Whether the model is barred.
    pub barred: TacBar,
}

/// How a model is barred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TacBar {
    /// Not barred.
    #[default]
    None,
    /// May not be sold; individual registrations stand.
    Soft,
    /// Every device of the model is on the black list.
    Hard,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::identity::Msisdn;

    #[test]
    fn codes_of_stored_forms_never_change() {
        let doors: Vec<_> = (0..=16).map(|code| Door::from_code(code).map_or("-", Door::name)).collect();
        insta::assert_snapshot!(doors.join(" "), @"- tpp-production tpp-import customs-passenger customs-parcel operator-tourist state grandfathered stolen lost gsma-blocklist barred court non-hkt operator gsma-tac -");
        let classes: Vec<_> = (0..=9).map(|code| Class::from_code(code).map_or("-", Class::name)).collect();
        insta::assert_snapshot!(classes.join(" "), @"- registered grandfathered exempt stolen lost barred court duplicate -");
    }

    #[test]
    fn names_and_codes_lead_back() {
        for &door in Door::ALL {
            assert_eq!(door.to_string().parse(), Ok(door));
            assert_eq!(Door::from_code(door.code()), Some(door));
        }
        for &class in Class::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
            assert_eq!(Class::from_code(class.code()), Some(class));
        }
    }

    #[test]
    fn the_black_list_is_four_classes() {
        let black: Vec<_> = Class::ALL.iter().filter(|class| class.is_blacklist()).map(|class| class.name()).collect();
        assert_eq!(black, ["stolen", "lost", "barred", "court"]);
    }

    #[test]
    fn errors_name_the_value_and_what_is_known() {
        insta::assert_snapshot!("Stolen".parse::<Class>().unwrap_err(), @r#""Stolen" is not a class; known are: registered, grandfathered, exempt, stolen, lost, barred, court, duplicate"#);
        assert!("x".repeat(1 << 20).parse::<Door>().unwrap_err().to_string().len() < 400);
    }

    #[test]
    fn a_mark_keeps_what_it_is_given_in_16_bytes() {
        let day = |text: &str| Some(text.parse::<Day>().unwrap());
        let number = Some(Msisdn::new(6_281_234_567_890).unwrap().into());
        let mark = Mark::new(Class::Registered, Door::OperatorTourist);
        assert_eq!((mark.until(), mark.since(), mark.number, mark.suspended), (None, None, None, false));
        let full =
            mark.with_until(day("2026-05-01")).with_since(day("2026-04-01")).with_number(number).with_suspended(true);
        assert_eq!((full.until(), full.since()), (day("2026-05-01"), day("2026-04-01")));
        assert_eq!((full.number, full.suspended), (number, true));
        assert_eq!(full.with_until(None).with_since(None).with_number(None).with_suspended(false), mark);
        assert_eq!(size_of::<Mark>(), 16);
    }

    #[test]
    fn an_end_date_is_inclusive() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let mark = Mark::new(Class::Registered, Door::State);
        assert!(mark.is_current(Day::MAX));
        let ending = mark.with_until(Some(day("2026-05-01")));
        assert!(ending.is_current(day("2026-05-01")) && !ending.is_current(day("2026-05-02")));
    }
}
