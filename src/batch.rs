//! Batches: how every entry came into the register, and the rows that a batch brings.
//!
//! Nothing enters without a batch. A batch has a header (door, document, class, time), a body of rows and
//! states that follow each other; its number is the `seq` of the journal entry that opened it.
//! What always holds: a body is a set of [`BodyRow`]s in canonical order, and its digest does not depend
//! on the container or the file in which the rows came.

use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    listing::{Class, Door},
    page::{PageBits, PageId},
    pairing::{Number, PairingKind},
};
use std::collections::BTreeMap;

/// Number of a batch: the `seq` of the entry that opened it.
pub type BatchNumber = u64;

/// Where a batch stands. Codes are stored and are forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BatchState {
    /// Its number is taken and rows may be on disk; no check sees them.
    Staged = 1,
    /// Handed in, waiting for an approver.
    Submitted = 2,
    /// In force.
    Active = 3,
    /// In force no more while it is investigated.
    Suspended = 4,
    /// Taken back.
    Withdrawn = 5,
    /// Refused by the approver.
    Rejected = 6,
    /// Lapsed.
    Expired = 7,
    /// Given up before it was handed in; its rows are gone.
    Discarded = 8,
}

impl BatchState {
    /// The state of a stored code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Staged,
            2 => Self::Submitted,
            3 => Self::Active,
            4 => Self::Suspended,
            5 => Self::Withdrawn,
            6 => Self::Rejected,
            7 => Self::Expired,
            8 => Self::Discarded,
            _ => return None,
        })
    }

    /// The name that people and JSON use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Submitted => "submitted",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Discarded => "discarded",
        }
    }

    /// Whether rows of the batch are evidence (a suspended listing is evidence too: of a suspension).
    pub const fn is_evidence(self) -> bool {
        matches!(self, Self::Active | Self::Suspended)
    }
}

/// What a batch says of all its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Kind of list, as the import names it (`registered`, `stolen`, `pairing`, …).
    pub kind: String,
    /// How it came.
    pub door: Door,
    /// What it says of a device; none for pairings, subscribers and models.
    pub class: Option<Class>,
    /// Document that it rests on; empty when none was named.
    pub document: String,
    /// Last day of every row that names none of its own.
    pub valid_until: Option<Day>,
    /// Operator that reported or holds the rows; empty: national.
    pub operator: String,
}

/// Everything that is known of a batch, but its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its header.
    pub header: BatchHeader,
    /// Its states: `seq` of the entry that brought it about, and the state. Ascending, never empty.
    pub states: Vec<(u64, BatchState)>,
}

impl Batch {
    /// The state as of an entry. `None` before the batch was opened.
    pub fn state_at(&self, seq: u64) -> Option<BatchState> {
        self.states.iter().rev().find(|(since, _)| *since <= seq).map(|(_, state)| *state)
    }
}

/// All batches of a register by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches(BTreeMap<BatchNumber, Batch>);

impl Batches {
    /// A batch that is evidence as of an entry, with its state then.
    pub fn evidence_at(&self, number: BatchNumber, seq: u64) -> Option<(&Batch, BatchState)> {
        let batch = self.0.get(&number)?;
        let state = batch.state_at(seq)?;
        state.is_evidence().then_some((batch, state))
    }

    /// A batch, whatever its state.
    pub fn get(&self, number: BatchNumber) -> Option<&Batch> {
        self.0.get(&number)
    }

    /// Every batch, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (BatchNumber, &Batch)> {
        self.0.iter().map(|(number, batch)| (*number, batch))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A batch opens, with its number and first state.
    pub fn open(&mut self, number: BatchNumber, header: BatchHeader, state: BatchState) {
        self.0.insert(number, Batch { header, states: vec![(number, state)] });
    }

    /// A batch changes its state. `false` when there is no such batch.
    pub fn change(&mut self, number: BatchNumber, seq: u64, state: BatchState) -> bool {
        match self.0.get_mut(&number) {
            Some(batch) => {
                batch.states.push((seq, state));
                true
            }
            None => false,
        }
    }
}

/// What a model's class row says. Codes are stored and are forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum TacClass {
    /// Outside the rule (non-HKT), or no more.
    ExemptType = 1,
    /// Barred, soft or hard, or no more.
    Bar = 2,
}

/// What the TAC catalogue says of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// Maker.
    pub manufacturer: String,
    /// Brand, where the list names one.
    pub brand: String,
    /// Marketing or model name.
    pub name: String,
    /// Kind of device (handset, tablet, modem …), as the list says it.
    pub device_type: String,
    /// Day on which the TAC was allocated.
    pub allocated: Option<Day>,
}

impl Model {
    /// Bytes of a text that a row holds at most.
    pub const TEXT_BYTES_MAX: usize = 255;

    /// A text cut to what a row holds, at the end of a character.
    pub fn clip(mut text: String) -> String {
        let mut end = text.len().min(Self::TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text
    }
}

/// One row of a body. Rows sort by family, then by what they are about.
///
/// `target` is the batch that a removal takes the row off; `None` for an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyRow {
    /// Devices of one page that need no more than their bit (or that leave the target batch).
    Page {
        /// The page.
        id: PageId,
        /// The batch that the devices leave.
        target: Option<BatchNumber>,
        /// The devices. Never empty.
        bits: PageBits,
    },
    /// A device with attributes of its own.
    Mark {
        /// The device.
        key: EquipmentKey,
        /// Last day, where it differs from the header's.
        until: Option<Day>,
        /// First seen, or reported on.
        since: Option<Day>,
        /// Bound number, or number in evidence.
        number: Option<Msisdn>,
    },
    /// A device and a subscriber.
    Pairing {
        /// The device.
        key: EquipmentKey,
        /// The number by which it is known: the MSISDN where there is one, else the IMSI.
        number: Number,
        /// The batch that the pairing leaves.
        target: Option<BatchNumber>,
        /// Allowance or binding.
        kind: PairingKind,
        /// The IMSI that came together with an MSISDN.
        imsi: Option<Imsi>,
        /// Last day, where it differs from the header's.
        until: Option<Day>,
    },
    /// The other IMEIs of the phone that a device belongs to.
    Link {
        /// The device.
        key: EquipmentKey,
        /// The others, ascending.
        others: Vec<EquipmentKey>,
    },
    /// A subscriber of an operator. The newest row of an IMSI counts.
    Subscriber {
        /// The SIM.
        imsi: Imsi,
        /// Its number; `None` takes the IMSI off the map.
        msisdn: Option<Msisdn>,
        /// Since when.
        since: Option<Day>,
    },
    /// A model of the TAC catalogue. The newest row of a TAC counts.
    Tac {
        /// The model's code.
        tac: Tac,
        /// What is said of it; `None` takes it off the catalogue.
        model: Option<Model>,
    },
    /// A class of a model. Of each door the newest row of a TAC and class counts, and of several doors the strictest.
    TacClass {
        /// The model's code.
        tac: Tac,
        /// The class.
        class: TacClass,
        /// 0 no more, 1 yes (soft bar), 2 hard bar.
        level: u8,
    },
}

impl BodyRow {
    /// Whether it takes its subject off, where the newest row counts: a subscriber, a model, a class of one.
    pub const fn takes_off(&self) -> bool {
        matches!(
            self,
            Self::Subscriber { msisdn: None, .. } | Self::Tac { model: None, .. } | Self::TacClass { level: 0, .. }
        )
    }
}
