//! Batches: how every entry came into the register, and the rows that a batch brings.
//!
//! Nothing enters without a batch. A batch has a header (door, document, class, time), a body of rows and
//! states that follow each other; its number is the `seq` of the journal entry that opened it.
//! What always holds: a body is a set of [`BodyRow`]s in canonical order, and its digest does not depend
//! on the container or the file in which the rows came.

mod table;

pub use table::Batches;

use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    listing::{Class, Door},
    page::{PageBits, PageId},
    pairing::{Number, PairingKind},
};

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
    /// Approved as a plan: none of its devices is registered until it is realised.
    Planned = 9,
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
            9 => Self::Planned,
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
            Self::Planned => "planned",
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
    /// Who brought it; empty before there were principals.
    pub submitter: String,
    /// What it declares of itself.
    pub declared: Declared,
}

/// What a submitter declares of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Units; 0: not declared.
    pub quantity: u64,
    /// Brand; may be empty.
    pub brand: String,
    /// Model; may be empty.
    pub model: String,
    /// The devices are yet to be made.
    pub planned: bool,
    /// Last day of a plan.
    pub lapses: Option<Day>,
    /// What the list does to the door's list: `add`, `delta`, `full`; empty: `add`.
    pub mode: String,
    /// Outlet, office or counter of a single operation; may be empty.
    pub outlet: String,
    /// Why, where a single operation asks for it; may be empty.
    pub reason: String,
}

/// Everything that is known of a batch, but its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its header.
    pub header: BatchHeader,
    /// Its states: `seq` of the entry that brought it about, and the state. Ascending, never empty.
    pub states: Vec<(u64, BatchState)>,
    /// Devices, pairings, subscribers or models that it brings.
    pub added: u64,
    /// From when on its devices are black, for each suspension that says so: `seq` of the entry, and the day.
    pub black_from: Vec<(u64, Day)>,
}

impl Batch {
    /// The state as of an entry. `None` before the batch was opened.
    pub fn state_at(&self, seq: u64) -> Option<BatchState> {
        self.step_at(seq).map(|(_, state)| state)
    }

    /// The state as of an entry, and the entry that brought it about.
    fn step_at(&self, seq: u64) -> Option<(u64, BatchState)> {
        self.states.iter().rev().find(|(since, _)| *since <= seq).copied()
    }

    /// The newest state, and the entry that brought it about.
    pub fn newest(&self) -> (u64, BatchState) {
        self.states.last().copied().unwrap_or((0, BatchState::Discarded))
    }

    /// The day from which on its suspended devices are black, where the suspension in force names one.
    pub fn black_from_at(&self, seq: u64) -> Option<Day> {
        let (since, state) = self.step_at(seq)?;
        let named = self.black_from.iter().find(|(named, _)| *named == since);
        named.filter(|_| state == BatchState::Suspended).map(|(_, day)| *day)
    }
}

/// A batch takes another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchStep {
    /// The batch.
    pub batch: BatchNumber,
    /// Its next state.
    pub state: BatchState,
    /// For a suspension: the first day on which its devices are black.
    pub black_from: Option<Day>,
}

impl BatchStep {
    /// A step without a day.
    pub const fn new(batch: BatchNumber, state: BatchState) -> Self {
        Self { batch, state, black_from: None }
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

/// A person: keyed hash of the passport or identity number (never that itself), under a key outside of the register.
pub type PersonHash = [u8; 16];

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
        /// The devices. Never empty. Apart, so that rows of other kinds stay small: lists have a hundred million.
        bits: Box<PageBits>,
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
    /// The person whose device it is, where the door asks.
    Holder {
        /// The device.
        key: EquipmentKey,
        /// The person.
        person: PersonHash,
    },
    /// A model of the TAC catalogue. The newest row of a TAC counts.
    Tac {
        /// The model's code.
        tac: Tac,
        /// What is said of it; `None` takes it off the catalogue.
        model: Option<Box<Model>>,
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
