//! Limits of doors: how much a person, a consignment, an outlet or a clerk may bring, as data.
//!
//! Built in are the limits of ../docs/operating.md, "Limits of the doors"; a document (TOML) that two administrators took
//! in replaces what it names. What always holds: a document with an unknown key, door or senseless value is refused as
//! a whole.

use crate::listing::Door;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Devices above which a step of a batch needs a preview and a second approver.
    pub large_batch: u64,
    /// Days after which a submitted batch or a proposal that nobody decided lapses.
    pub waiting_days: u16,
    /// Operators that are no more, each with the one that took over its subscribers and reports.
    pub successor: BTreeMap<String, String>,
    /// Limits by door.
    pub door: BTreeMap<String, DoorLimits>,
}

/// Limits of one door; what is absent is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DoorLimits {
    /// Batches need a registered document, and draw on its quantity.
    pub needs_document: bool,
    /// A single registration needs the person (as keyed hash).
    pub needs_person: bool,
    /// A single registration needs a number, and the listing is bound to it.
    pub needs_number: bool,
    /// Devices that a person may register within `person_days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices_a_person: Option<u32>,
    /// Days over which a person's devices are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_days: Option<u16>,
    /// Devices that one document (a consignment) may bring by single registrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices_a_document: Option<u32>,
    /// Days that a single registration lasts at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// Days after the arrival within which a device may be registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_days: Option<u16>,
    /// Days after the registration within which a typing error may be corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction_days: Option<u16>,
    /// Single registrations of one outlet a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlet_a_day: Option<u32>,
    /// Single registrations of one clerk or officer a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clerk_a_day: Option<u32>,
}

impl Default for Limits {
    /// What holds in Indonesia until a document says otherwise.
    fn default() -> Self {
        let of = |door: Door, limits| (door.name().to_owned(), limits);
        let tpp = DoorLimits { needs_document: true, ..DoorLimits::default() };
        let passenger = DoorLimits {
            needs_person: true,
            devices_a_person: Some(2),
            person_days: Some(365),
            late_days: Some(60),
            correction_days: Some(30),
            clerk_a_day: Some(300),
            ..DoorLimits::default()
        };
        let parcel = DoorLimits {
            devices_a_document: Some(2),
            correction_days: Some(30),
            clerk_a_day: Some(300),
            ..DoorLimits::default()
        };
        let tourist = DoorLimits {
            needs_person: true,
            needs_number: true,
            devices_a_person: Some(2),
            person_days: Some(90),
            days: Some(90),
            correction_days: Some(7),
            outlet_a_day: Some(200),
            clerk_a_day: Some(60),
            ..DoorLimits::default()
        };
        Self {
            large_batch: 10_000,
            waiting_days: 30,
            successor: BTreeMap::new(),
            door: [
                of(Door::TppProduction, tpp.clone()),
                of(Door::TppImport, tpp),
                of(Door::CustomsPassenger, passenger),
                of(Door::CustomsParcel, parcel),
                of(Door::OperatorTourist, tourist),
            ]
            .into(),
        }
    }
}

/// A document of limits that is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these limits are refused: {0}")]
pub struct LimitsError(String);

impl Limits {
    /// Reads a document. A door that it names gets exactly what it says; a door that it does not name keeps the built-in
    /// limits.
    ///
    /// # Errors
    /// When it is not TOML, or has an unknown key or door, or a limit of zero.
    pub fn from_toml(text: &str) -> Result<Self, LimitsError> {
        let mut read: Self = toml::from_str(text).map_err(|error| LimitsError(error.to_string()))?;
        for (name, limits) in &read.door {
            name.parse::<Door>().map_err(|error| LimitsError(error.to_string()))?;
            let zero = [limits.devices_a_person, limits.devices_a_document, limits.outlet_a_day, limits.clerk_a_day];
            let no_days = [limits.days, limits.person_days, limits.late_days, limits.correction_days];
            if zero.contains(&Some(0)) || no_days.contains(&Some(0)) {
                return Err(LimitsError(format!("a limit of door {name} is 0: leave it out, or give at least 1")));
            }
        }
        if read.waiting_days == 0 {
            return Err(LimitsError("waiting_days is 0: give at least 1".to_owned()));
        }
        for name in read.successor.keys() {
            if read.last_successor(name).is_none() {
                return Err(LimitsError(format!("successor: {name} comes after itself; name who took over at last")));
            }
        }
        for (name, limits) in Self::default().door {
            read.door.entry(name).or_insert(limits);
        }
        Ok(read)
    }

    /// The limits as a document that reads back as the same.
    pub fn to_toml(&self) -> String {
        // Maps with text keys and plain values have a text in TOML.
        toml::to_string(self).unwrap_or_default()
    }

    /// Who acts for an operator today: itself, or the last of those that took over. `None`: they go in a circle.
    fn last_successor<'a>(&'a self, operator: &'a str) -> Option<&'a str> {
        let mut last = operator;
        for _ in 0..=self.successor.len() {
            match self.successor.get(last) {
                Some(next) => last = next,
                None => return Some(last),
            }
        }
        None
    }

    /// Whether one operator acts for another: for itself, and for those that it took over.
    pub fn acts_for(&self, operator: &str, other: &str) -> bool {
        operator == other || self.last_successor(other) == Some(operator)
    }

    /// The limits of a door.
    pub fn of(&self, door: Door) -> DoorLimits {
        self.door.get(door.name()).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn limits_read_back_and_name_only_what_they_change() {
        let built_in = Limits::default();
        assert_eq!(Limits::from_toml(&built_in.to_toml()).unwrap(), built_in);
        assert_eq!(Limits::from_toml("").unwrap(), built_in);
        let changed = Limits::from_toml("large_batch = 5\n[door.operator-tourist]\ndays = 30\n").unwrap();
        assert_eq!((changed.large_batch, changed.of(Door::OperatorTourist).days), (5, Some(30)));
        assert!(!changed.of(Door::OperatorTourist).needs_number, "a named door gets exactly what it says");
        assert_eq!(changed.of(Door::CustomsPassenger), built_in.of(Door::CustomsPassenger));
    }

    #[test]
    fn senseless_limits_are_refused_with_the_place() {
        let told = |text| Limits::from_toml(text).unwrap_err().to_string();
        assert!(told("[door.airport]\ndays = 3").contains("airport"));
        assert!(told("[door.state]\ndays = 0").contains("door state is 0"));
        assert!(told("[door.state]\nday = 3").contains("day"));
        assert!(told("waiting_days = 0").contains("waiting_days"));
        assert!(told("[successor]\na = \"b\"\nb = \"a\"").contains("comes after itself"));
    }

    #[test]
    fn who_took_over_at_last_acts_for_all_that_went_before() {
        let limits =
            Limits::from_toml("[successor]\naxis = \"xl\"\nxl = \"xlsmart\"\nsmartfren = \"xlsmart\"\n").unwrap();
        assert_eq!(Limits::from_toml(&limits.to_toml()).unwrap(), limits);
        for other in ["axis", "xl", "smartfren", "xlsmart"] {
            assert!(limits.acts_for("xlsmart", other), "{other}");
        }
        assert!(!limits.acts_for("xl", "axis"), "it was taken over itself");
        assert!(!limits.acts_for("xl", "xlsmart") && !limits.acts_for("xlsmart", "telkomsel"));
        assert!(limits.acts_for("telkomsel", "telkomsel"));
    }
}
