//! The decision: evidence, question and time in, verdict out.
//!
//! One pure function, [`decide`], answers the network, agents, console, command line and reports; they
//! differ in words only. The first rank that applies decides (docs/architecture.md, "Decision").
//! What always holds: suspicion and suspension never improve an answer; an end date is inclusive and
//! ends at 24:00 WIB; nothing here reads a clock, a set or a store.

mod answer;
mod decide;
mod facts;
pub mod settings;
#[cfg(test)]
mod tests;

use crate::{
    day::Day,
    listing::{Mark, TacRule},
    pairing::{PairStanding, Pairs, Subscriber},
};
pub use answer::{Reason, Status};
pub use decide::decide;
pub use settings::{Policy, Settings};

/// What equipment a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A device, by its TAC's test flag: the key itself is not needed to decide.
    Device {
        /// Whether its TAC is of the test ranges.
        test_tac: bool,
    },
    /// A value that is no IMEI, or all zeros.
    Malformed,
    /// A legal PEI that is no IMEI (`mac-…`, `eui-…`): unknown equipment.
    Other,
}

/// What is asked, apart from the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The equipment.
    pub asked: Asked,
    /// The subscriber, resolved against the subscriber map.
    pub subscriber: Subscriber,
    /// An emergency attach: never answered black (by setting).
    pub emergency: bool,
}

/// All that the register knows of a device, as borrowed from the hot sets or read from the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// An unbound listing without end, in force.
    pub registered: bool,
    /// A plain grandfathered entry (first seen before the cut-off or without a date), in force.
    pub grandfathered: bool,
    /// An unbound listing without end that is suspended, without a day on which it turns black.
    pub suspended: bool,
    /// Every other listing, in any order.
    pub marks: &'a [Mark],
    /// Pairings.
    pub pairs: Pairs<'a>,
    /// What is said of the model.
    pub tac: TacRule,
}

/// Which evidence decided, so that a door and a batch can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decisive {
    /// No listing: the question itself, the model, or nothing known.
    Nothing,
    /// The plain registered bit.
    Registered,
    /// The plain grandfathered bit.
    Grandfathered,
    /// The suspended bit.
    Suspended,
    /// `evidence.marks[i]`.
    Mark(usize),
    /// A pair, equal to this one.
    Pair(crate::pairing::Pair),
    /// The model's class.
    Tac,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the network does.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// How the pair stands, whatever the reason.
    pub pairing: PairStanding,
    /// Last day of what decided; for `EXPIRED` the day on which the best listing ended.
    pub valid_until: Option<Day>,
    /// The MSISDN that was asked is not the one known for the IMSI.
    pub sim_changed: bool,
    /// What decided.
    pub decisive: Decisive,
}
