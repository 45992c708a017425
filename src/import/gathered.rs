//! What an import brings, checked, merged and sorted.
//!
//! What always holds: `counts.rows == counts.accepted + counts.rejected + counts.duplicates`; every vector
//! ascends by its key; no two rows of a vector have the same key, except that devices of kinds `stolen` and
//! `lost` have one row an operator, because reports by several operators stand separately.

use super::{kind::Kind, rows::Rows};
use crate::{
    batch::PersonHash,
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    listing::Door,
    page::{PageBits, PageId},
    pairing::PairingKind,
};
use std::{fmt, sync::Arc};

/// What an import brings. Values that the options give for all rows stand here once, and a row carries only
/// what differs from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// What the lists hold.
    pub kind: Kind,
    /// The door through which they come.
    pub door: Door,
    /// Last day of every row that names none of its own (option `--valid-until`).
    pub valid_until: Option<Day>,
    /// Operator of every row that names none of its own (option `--operator`).
    pub operator: Option<Arc<str>>,
    /// Plain devices: nothing more is known of them than that they are listed. Never an empty page.
    pub pages: Vec<(PageId, PageBits)>,
    /// Devices with attributes of their own, by key, then operator.
    pub devices: Vec<DeviceRow>,
    /// Devices that a status or a change type takes off the list, by key, then operator.
    pub removed: Vec<RemovedRow>,
    /// Pairings by key, number (MSISDN where there is one, else IMSI), IMSI.
    pub pairings: Rows<PairingRow>,
    /// Subscribers by IMSI.
    pub subscribers: Rows<SubscriberRow>,
    /// Models by TAC.
    pub tacs: Vec<TacRow>,
    /// Classes of models by TAC (kinds `exempt-tac` and `barred-tac`).
    pub tac_classes: Vec<TacClassRow>,
    /// The IMEIs of one phone: 2 to 16, ascending. No two groups are equal; a device may be in several.
    pub links: Vec<Vec<EquipmentKey>>,
    /// The person whose device it is, where a single operation says so.
    pub holders: Vec<(EquipmentKey, PersonHash)>,
    /// How many rows of each fate.
    pub counts: Counts,
    /// What was accepted with a warning, by kind of warning.
    pub warnings: Vec<Warnings>,
    /// The first rejects, for the summary.
    pub sample_rejects: Vec<super::Reject>,
    /// The files that were read, in the order in which they were named.
    pub sources: Vec<Source>,
}

impl Gathered {
    /// Nothing yet.
    pub fn new(kind: Kind, door: Door, valid_until: Option<Day>, operator: Option<Arc<str>>) -> Self {
        Self {
            kind,
            door,
            valid_until,
            operator,
            pages: Vec::new(),
            devices: Vec::new(),
            removed: Vec::new(),
            pairings: Rows::default(),
            subscribers: Rows::default(),
            tacs: Vec::new(),
            tac_classes: Vec::new(),
            links: Vec::new(),
            holders: Vec::new(),
            counts: Counts::default(),
            warnings: Vec::new(),
            sample_rejects: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// How many devices the lists put on, the plain ones and those with attributes.
    pub fn listed_devices(&self) -> u64 {
        self.pages.iter().map(|(_, bits)| u64::from(bits.count())).sum::<u64>() + self.devices.len() as u64
    }
}

/// A device with attributes of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// The device.
    pub key: EquipmentKey,
    /// Last day, where it differs from [`Gathered::valid_until`].
    pub valid_until: Option<Day>,
    /// Bound number (registered, temporary, exempt) or number in evidence (grandfathered).
    pub number: Option<Msisdn>,
    /// Operator, where it differs from [`Gathered::operator`].
    pub operator: Option<Arc<str>>,
    /// First seen (grandfathered) or reported on (stolen, lost, barred).
    pub since: Option<Day>,
}

/// A device that leaves the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedRow {
    /// The device.
    pub key: EquipmentKey,
    /// Operator that takes it off, where it differs from [`Gathered::operator`].
    pub operator: Option<Arc<str>>,
}

/// A device and a subscriber. At least one number is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingRow {
    /// The device.
    pub key: EquipmentKey,
    /// The number.
    pub msisdn: Option<Msisdn>,
    /// The SIM.
    pub imsi: Option<Imsi>,
    /// What the pairing does.
    pub binding: PairingKind,
    /// Last day, where it differs from [`Gathered::valid_until`].
    pub valid_until: Option<Day>,
    /// Operator, where it differs from [`Gathered::operator`].
    pub operator: Option<Arc<str>>,
    /// Whether the pairing ends.
    pub remove: bool,
}

/// A subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberRow {
    /// The SIM.
    pub imsi: Imsi,
    /// Its number. `None` only where the row is a removal.
    pub msisdn: Option<Msisdn>,
    /// Operator, where it differs from [`Gathered::operator`].
    pub operator: Option<Arc<str>>,
    /// Since when.
    pub since: Option<Day>,
    /// Whether the subscriber leaves the map.
    pub remove: bool,
}

/// A model of the TAC catalogue. Texts are trimmed and shorter than 64 KiB; empty: not named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TacRow {
    /// The model's code.
    pub tac: Tac,
    /// Maker.
    pub manufacturer: String,
    /// Brand.
    pub brand: String,
    /// Model name, else marketing name, else internal name.
    pub model: String,
    /// Kind of device, as the list says it.
    pub device_type: String,
    /// Day on which the TAC was allocated.
    pub allocation_date: Option<Day>,
    /// Whether the model leaves the catalogue.
    pub remove: bool,
}

/// A class of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TacClassRow {
    /// The model's code.
    pub tac: Tac,
    /// Whether a bar is hard: every device of the model is on the black list.
    pub hard: bool,
    /// Whether the model leaves the class.
    pub remove: bool,
}

/// How many rows of each fate. A row is a line that is neither the header nor blank, and has one fate:
/// `rows == accepted + rejected + duplicates`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows read.
    pub rows: u64,
    /// Rows that brought something (a removal too).
    pub accepted: u64,
    /// Rows that break a rule, or contradict another.
    pub rejected: u64,
    /// Rows that say what others of this import have said.
    pub duplicates: u64,
    /// Warnings, no fate of their own: their rows were taken, and rejected only where another contradicts.
    pub warnings: u64,
}

/// What a list may have wrong without losing its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Warning {
    /// A 15th digit does not fit the other 14.
    CheckDigit,
    /// A 15th or 16th character is not a digit.
    Suffix,
    /// The second IMEI of a phone is its first again.
    SameImei,
    /// More than 16 IMEIs under one device id: they are listed, but not linked.
    LargeGroup,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CheckDigit => "the 15th digit does not fit the other 14 (Luhn); the first 14 are taken",
            Self::Suffix => "a 15th or 16th character is not a digit; the first 14 are taken",
            Self::SameImei => "imei2 is the same device as imei; no second one is listed",
            Self::LargeGroup => "more than 16 IMEIs have one device_id; they are listed, but not linked",
        })
    }
}

/// All warnings of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warnings {
    /// What is wrong.
    pub warning: Warning,
    /// How often.
    pub count: u64,
    /// File and line of the first.
    pub first: (Arc<str>, u64),
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name as it was given; `-` for standard input.
    pub name: Arc<str>,
    /// Its size in bytes as it lies on disk, compressed where it is.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
    /// Whether every column is known to say nothing of a person. The digest of another list must not be published:
    /// what is in a short list could be guessed from it.
    pub anonymous: bool,
}
