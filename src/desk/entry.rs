//! An audit entry as it lies on the disk (docs/storage.md).
//!
//! Pure. What always holds: tags are forever; an entry has no personal value, only the salted commitment to them.

use crate::{identity::EquipmentKey, listing::coded, pairing::Number};
use prost::Message;
use sha2::{Digest, Sha256};

/// Bytes of a salt.
pub(super) const SALT_BYTES: usize = 16;

coded! {
    /// What was done.
    Deed, "a deed of the desk", {
        /// Something was looked up.
        LookUp = 1, "lookup";
        /// A number was shown in full.
        Reveal = 2, "reveal";
        /// Somebody asked who had looked at a number.
        Who = 3, "who";
        /// A breach pack was made.
        Breach = 4, "breach";
        /// Personal values were erased, because their time was over.
        Erased = 5, "erased";
        /// The rules of the desk were changed.
        Rules = 6, "rules";
        /// A case was shown.
        Case = 7, "case";
        /// A case was opened or changed.
        CaseChange = 8, "case-change";
        /// A list of subscribers, a calendar of blocking or a key was taken in.
        Registration = 9, "registration";
    }
}

/// An entry.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Entry {
    /// When, in milliseconds since the Unix epoch.
    #[prost(int64, tag = "1")]
    pub(super) time_unix_ms: i64,
    /// Who.
    #[prost(string, tag = "2")]
    pub(super) principal: String,
    /// The operator of that principal; empty: none.
    #[prost(string, tag = "3")]
    pub(super) operator: String,
    /// What: code of a [`Deed`].
    #[prost(uint32, tag = "4")]
    pub(super) deed: u32,
    /// What it was about: `device`, `number`, `document`, `batch`, `case`.
    #[prost(string, tag = "5")]
    pub(super) about: String,
    /// SHA-256 over salt and values.
    #[prost(bytes = "vec", tag = "6")]
    pub(super) commitment: Vec<u8>,
    /// Numbers that were shown masked.
    #[prost(uint32, tag = "7")]
    pub(super) masked: u32,
    /// Numbers that were shown or asked for in full.
    #[prost(uint32, tag = "8")]
    pub(super) in_full: u32,
    /// The revision of the register: epoch.
    #[prost(uint32, tag = "9")]
    pub(super) epoch: u32,
    /// The revision of the register: number.
    #[prost(uint64, tag = "10")]
    pub(super) seq: u64,
    /// Of an erasure: which values.
    #[prost(message, optional, tag = "11")]
    pub(super) erased: Option<Erased>,
}

/// Which values were erased.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Erased {
    /// Those of this deed.
    #[prost(uint32, tag = "1")]
    pub(super) deed: u32,
    /// First entry that was looked at.
    #[prost(uint64, tag = "2")]
    pub(super) first: u64,
    /// Last entry that was looked at.
    #[prost(uint64, tag = "3")]
    pub(super) last: u64,
    /// How many had values.
    #[prost(uint64, tag = "4")]
    pub(super) count: u64,
}

/// The personal values of an entry.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Values {
    /// What was asked for.
    #[prost(string, tag = "1")]
    pub(super) text: String,
    /// Why.
    #[prost(string, tag = "2")]
    pub(super) why: String,
    /// Numbers that were shown or asked for.
    #[prost(message, repeated, tag = "3")]
    pub(super) subjects: Vec<Subject>,
    /// Devices that were shown.
    #[prost(uint64, repeated, tag = "4")]
    pub(super) devices: Vec<u64>,
}

/// A number on a page.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Subject {
    /// The number as it is stored.
    #[prost(fixed64, tag = "1")]
    pub(super) number: u64,
    /// Whether it was shown, or known to who asked, in full.
    #[prost(bool, tag = "2")]
    pub(super) in_full: bool,
}

impl Entry {
    /// The deed.
    pub(super) fn deed(&self) -> Option<Deed> {
        u8::try_from(self.deed).ok().and_then(Deed::from_code)
    }
}

impl Values {
    /// The numbers that can be read.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (Number, bool)> + '_ {
        self.subjects.iter().filter_map(|one| Some((Number::from_stored(one.number)?, one.in_full)))
    }

    /// The devices that can be read.
    pub(super) fn devices(&self) -> impl Iterator<Item = EquipmentKey> + '_ {
        self.devices.iter().filter_map(|key| EquipmentKey::new(*key).ok())
    }

    /// The values behind a salt, as they are stored.
    pub(super) fn salted(&self, salt: [u8; SALT_BYTES]) -> Vec<u8> {
        let mut bytes = salt.to_vec();
        bytes.extend(self.encode_to_vec());
        bytes
    }

    /// Reads stored values.
    pub(super) fn read(stored: &[u8]) -> Option<Self> {
        Self::decode(stored.get(SALT_BYTES..)?).ok()
    }
}

/// What a device is known by in the index of the record. No number has a hash of so many bytes.
pub(super) fn device_subject(key: u64) -> [u8; 9] {
    let mut bytes = [b'd'; 9];
    bytes[1..].copy_from_slice(&key.to_be_bytes());
    bytes
}

/// What an entry has in the place of its values.
pub(super) fn commitment(stored: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(b"saring desk values 1\n").chain_update(stored).finalize().into()
}
