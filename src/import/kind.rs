//! What a list holds, and how it is to be read.
//!
//! What always holds: a kind has one door that is meant when none is named, and takes only doors through
//! which such entries may come (docs/architecture.md, "Who may list what").

use crate::listing::{Class, Door};
use std::{fmt, str::FromStr};

/// A name that is not one of the known ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {what}; known are: {known}")]
pub struct UnknownName {
    value: String,
    what: &'static str,
    known: String,
}

macro_rules! named {
    ($(#[$meta:meta])* $name:ident, $what:literal, { $($(#[$vmeta:meta])* $variant:ident = $text:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name that people and files use.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.name()) }
        }

        impl FromStr for $name {
            type Err = UnknownName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownName { value: text.chars().take(40).collect(), what: $what, known: [$($text),+].join(", ") }),
                }
            }
        }
    };
}

named! {
    /// What a list holds.
    Kind, "a kind of list", {
        /// Devices that may use the networks.
        Registered = "registered";
        /// The same as ranges from one serial number to another.
        Ranges = "ranges";
        /// Devices in the base before the cut-off.
        Grandfathered = "grandfathered";
        /// Devices exempt from every rule but the black list.
        Exempt = "exempt";
        /// Stolen devices.
        Stolen = "stolen";
        /// Lost devices.
        Lost = "lost";
        /// Devices barred by the regulator or a court.
        Barred = "barred";
        /// Devices under suspicion of duplication.
        Duplicate = "duplicate";
        /// Devices registered for a time.
        Temporary = "temporary";
        /// Which equipment may be used with which subscriber.
        Pairing = "pairing";
        /// IMSI to MSISDN.
        Subscriber = "subscriber";
        /// The catalogue of models.
        Tac = "tac";
        /// Models outside the rule (non-HKT).
        ExemptTac = "exempt-tac";
        /// Models that are barred, soft or hard.
        BarredTac = "barred-tac";
    }
}

named! {
    /// What a list does to what its door has brought before.
    Mode, "a mode", {
        /// Adds its entries; a status column may take entries off.
        Add = "add";
        /// Replaces the door's list.
        Full = "full";
        /// Obeys its `change_type` column: add, remove, update.
        Delta = "delta";
    }
}

named! {
    /// What a 15th digit that does not fit the other 14 does to its row.
    CheckDigit, "a way to treat check digits", {
        /// The row is rejected.
        Verify = "verify";
        /// The row is accepted and counted as a warning: lists made from network data have a spare digit there.
        Warn = "warn";
        /// The row is accepted.
        Ignore = "ignore";
    }
}

impl Kind {
    /// The door that is meant when none is named.
    pub const fn default_door(self) -> Door {
        self.doors()[0]
    }

    /// The doors through which such entries may come, the usual one first.
    pub const fn doors(self) -> &'static [Door] {
        match self {
            Self::Registered | Self::Ranges => {
                &[Door::TppImport, Door::TppProduction, Door::CustomsPassenger, Door::CustomsParcel, Door::State]
            }
            Self::Grandfathered => &[Door::Grandfathered],
            Self::Exempt => &[Door::State],
            Self::Stolen => &[Door::Stolen, Door::GsmaBlocklist],
            Self::Lost => &[Door::Lost, Door::GsmaBlocklist],
            Self::Barred | Self::BarredTac => &[Door::Barred, Door::Court],
            Self::Duplicate => &[Door::Barred],
            Self::Temporary => &[Door::OperatorTourist, Door::State],
            Self::Pairing => &[Door::Operator, Door::OperatorTourist],
            Self::Subscriber => &[Door::Operator],
            Self::Tac => &[Door::GsmaTac],
            Self::ExemptTac => &[Door::NonHkt],
        }
    }

    /// What a listing through this door says of a device. `None` for pairings, subscribers and models.
    pub const fn class(self, door: Door) -> Option<Class> {
        Some(match self {
            Self::Registered | Self::Ranges | Self::Temporary => Class::Registered,
            Self::Grandfathered => Class::Grandfathered,
            Self::Exempt => Class::Exempt,
            Self::Stolen => Class::Stolen,
            Self::Lost => Class::Lost,
            Self::Barred => match door {
                Door::Court => Class::Court,
                _ => Class::Barred,
            },
            Self::Duplicate => Class::Duplicate,
            Self::Pairing | Self::Subscriber | Self::Tac | Self::ExemptTac | Self::BarredTac => return None,
        })
    }

    /// Whether a row is one device, named by its IMEI.
    pub const fn is_device(self) -> bool {
        matches!(
            self,
            Self::Registered
                | Self::Grandfathered
                | Self::Exempt
                | Self::Stolen
                | Self::Lost
                | Self::Barred
                | Self::Duplicate
                | Self::Temporary
        )
    }

    /// Whether the list is a black one, so that its status column says `blacklist`.
    pub(super) const fn is_black(self) -> bool {
        matches!(self, Self::Stolen | Self::Lost | Self::Barred | Self::BarredTac)
    }

    /// Whether reports of one device by several operators stand separately.
    pub(super) const fn is_reported(self) -> bool {
        matches!(self, Self::Stolen | Self::Lost)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_kind_has_the_doors_of_its_class() {
        let table: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| {
                let doors: Vec<String> = kind
                    .doors()
                    .iter()
                    .map(|door| match kind.class(*door) {
                        Some(class) => format!("{door}={class}"),
                        None => door.to_string(),
                    })
                    .collect();
                format!("{kind}: {}", doors.join(" "))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
    registered: tpp-import=registered tpp-production=registered customs-passenger=registered customs-parcel=registered state=registered
    ranges: tpp-import=registered tpp-production=registered customs-passenger=registered customs-parcel=registered state=registered
    grandfathered: grandfathered=grandfathered
    exempt: state=exempt
    stolen: stolen=stolen gsma-blocklist=stolen
    lost: lost=lost gsma-blocklist=lost
    barred: barred=barred court=court
    duplicate: barred=duplicate
    temporary: operator-tourist=registered state=registered
    pairing: operator operator-tourist
    subscriber: operator
    tac: gsma-tac
    exempt-tac: non-hkt
    barred-tac: barred court
    ");
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), *kind);
        }
        insta::assert_snapshot!("delete".parse::<Mode>().unwrap_err(), @r#""delete" is not a mode; known are: add, full, delta"#);
        insta::assert_snapshot!("off".parse::<CheckDigit>().unwrap_err(), @r#""off" is not a way to treat check digits; known are: verify, warn, ignore"#);
    }
}
