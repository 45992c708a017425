//! Alarms: what an approver must see before he lets a batch in, and who is called when a door falls silent.
//!
//! Pure rules over counts. [`Tally`] counts the devices of a batch by model, [`Submission`] adds where they come
//! from and what was said of them, [`History`] is the folded memory of the submissions before, and
//! [`History::judge`] holds one against the other. No clock, no store, no random number: the same submissions in
//! the same order give the same alarms on every node, so the memory is rebuilt from the journal and never stored.
//!
//! **What tells a fraud from a launch.** Volume does not: 19,000 slipped-in phones were 7 % of a day, and a launch
//! brings 75,000. A maker or an importer ships runs of serials of a few recent models, both IMEIs of each phone, under
//! a document that names them, as he did before. Devices gathered from a grey market are single serials of many
//! models that are years old, often with one IMEI, of a brand that their submitter never brought. So what is
//! counted is not devices but *irregular* devices: each is weighed by these signs (see `weigh`), and
//! the sum for each brand and door, and over all doors, is held against its own past by a sequential test
//! (see `stream`), so that a small shift that lasts is found as surely as a large one that does not.
//!
//! **The budget.** At most one false alarm in 90 days over all doors together, launches included. A third of it goes
//! to each of three families, and every threshold follows from its share:
//! - *Sequential tests* of brands and models, about 600 at a time, 54,000 stream-days in 90 days: 0.33 / 54,000 =
//!   6e-6 a stream-day. A CUSUM of standard normal values with reference 1 crosses h about once in e^(2h) days: h = 6
//!   is 6e-6 (`stream::ALARM_AT`).
//! - *Shares* within one submission (unknown models, listed elsewhere, half phones, other brand or model than
//!   declared): about 500 submissions a day and 6 tests of each, 270,000 tests: 1.2e-6 each. The chance that a share is
//!   that far above its expectation is at most e^-nats (Chernoff), so 14 nats would do
//!   (`judge::SURPRISE_NATS`).
//! - *Desks* against their own past and their peers: 25,000 desk-days, 1.3e-5 each (`desk`).
//!
//! Real counts have heavier tails than these models: logarithms, variances learned from each door, values that
//! are clipped before they teach, and expectations taken with a margin are there for that. What was measured, and
//! what is not found, stands in docs/decisions.md.
//!
//! What always holds: judging changes nothing and folding forgets in bounded memory; an alarm decides
//! nothing, it is shown; more irregular devices of a brand never lower the test of that brand.

mod desk;
mod history;
mod judge;
mod silence;
mod stream;
mod tally;
#[cfg(test)]
mod tests;
mod weigh;

use crate::{
    day::Day,
    identity::Tac,
    listing::{Door, coded},
    words::{About, Said},
};
pub use history::History;
use std::{fmt, sync::Arc};
pub use tally::{CatalogueModel, Elsewhere, Tally};

/// A name that is shared by many counts: of a brand, a model, a principal.
pub type Name = Arc<str>;

coded! {
    /// What an alarm is about.
    Kind, "a kind of alarm", {
        /// A brand far from what the document declares, or far above what the door or all doors know of it.
        BrandMix = 1, "BRAND_MIX";
        /// Other models than declared, far more models than the door's batches have, or a model far above its past.
        TacMix = 2, "TAC_MIX";
        /// TACs that the catalogue does not know.
        UnknownTacs = 3, "UNKNOWN_TACS";
        /// IMEIs that are listed already: by this door, another door, or on the black list.
        AlreadyListed = 4, "ALREADY_LISTED";
        /// A dual-SIM model that arrives with half its IMEIs.
        HalfOfDualSim = 5, "HALF_OF_DUAL_SIM";
        /// A door that is silent beyond its rhythm.
        DoorSilent = 6, "DOOR_SILENT";
        /// A clerk, outlet or officer far above its own past and its peers.
        ClerkFarAbovePeers = 7, "CLERK_FAR_ABOVE_PEERS";
        /// More devices than the document has left.
        OverQuota = 8, "OVER_QUOTA";
    }
}

coded! {
    /// How far an alarm lies beyond its threshold.
    Severity, "a severity", {
        /// Beyond the threshold: look before approving.
        Warning = 1, "warning";
        /// Beyond twice the threshold, on the black list, or beyond the quota: no error of counting.
        Critical = 2, "critical";
    }
}

/// What an alarm points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The submission itself.
    Submission,
    /// A document, by its number.
    Document(Name),
    /// A brand at one door, or over all doors.
    Brand {
        /// The door; none: all doors together.
        door: Option<Door>,
        /// The brand, as the catalogue writes it.
        brand: Name,
    },
    /// A model over all doors: brand and model.
    Model(Name),
    /// A clerk, outlet or officer.
    Desk(Name),
    /// A door.
    Door(Door),
}

impl Subject {
    /// In words of the catalogue.
    pub fn said(&self) -> Said {
        let of = |about: About| Said::of(about.key(), []);
        match self {
            Self::Submission => of(About::Submission),
            Self::Document(number) => of(About::Document).with("document", &**number),
            Self::Brand { door: Some(door), brand } => of(About::BrandAt).with("brand", &**brand).with("door", *door),
            Self::Brand { door: None, brand } => of(About::Brand).with("brand", &**brand),
            Self::Model(model) => of(About::Model).with("model", &**model),
            Self::Desk(desk) => of(About::Desk).with("desk", &**desk),
            Self::Door(door) => of(About::Door).with("door", *door),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said().fmt(f)
    }
}

/// One alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub kind: Kind,
    /// How far beyond the threshold.
    pub severity: Severity,
    /// What it points at.
    pub subject: Subject,
    /// The figures: observed and expected. Names of brands, doors, documents and desks, never a device.
    pub what: Said,
}

/// The document that a submission rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its number.
    pub number: Name,
    /// Devices that it allows.
    pub quantity: u64,
    /// Devices that batches before this one have drawn from it.
    pub drawn: u64,
    /// Declared brand.
    pub brand: Option<Name>,
    /// Declared model.
    pub model: Option<Name>,
}

/// What a submission brings of one TAC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCounts {
    /// The TAC. `None` only as a default.
    pub tac: Option<Tac>,
    /// What the catalogue says of it; none: unknown.
    pub model: Option<CatalogueModel>,
    /// IMEIs.
    pub imeis: u64,
    /// Of these, IMEIs of pages that hold fewer than [`Tally::THIN_PAGE`] of this submission.
    pub thin: u64,
    /// Of these, IMEIs that no other IMEI of the submission is linked with as the same phone.
    pub lone: u64,
    /// Of these, listed through the same door already.
    pub listed_here: u64,
    /// Of these, listed through another door.
    pub listed_elsewhere: u64,
    /// Of these, on the black list.
    pub blacklisted: u64,
}

/// One submission, as it is judged and remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The WIB day on which it was handed in.
    pub day: Day,
    /// The door.
    pub door: Door,
    /// The document, where it names one.
    pub document: Option<Document>,
    /// The operator that reports; empty: national.
    pub operator: Name,
    /// The principal that handed it in.
    pub submitter: Name,
    /// The clerk, outlet or officer, where one is named; else the submitter is counted.
    pub desk: Option<Name>,
    /// Planned devices, not yet made or imported. They have a history of their own.
    pub planned: bool,
    /// Counts by TAC, each TAC once.
    pub models: Vec<ModelCounts>,
}

impl Submission {
    /// IMEIs in all.
    pub fn imeis(&self) -> u64 {
        self.models.iter().map(|counts| counts.imeis).sum()
    }

    /// The declared brand, where there is one.
    fn declared_brand(&self) -> Option<&Name> {
        self.document.as_ref().and_then(|document| document.brand.as_ref())
    }

    /// Whether it asks for more than its document has left.
    fn is_over_quota(&self) -> bool {
        self.document.as_ref().is_some_and(|document| document.drawn.saturating_add(self.imeis()) > document.quantity)
    }
}

/// Whether a door's batches come from makers and importers under documents; else persons bring single devices.
const fn rests_on_documents(door: Door) -> bool {
    matches!(door, Door::TppProduction | Door::TppImport)
}

/// Names are compared without regard to letter case, blanks and hyphens: lists and catalogues write them differently.
fn same_name(a: &str, b: &str) -> bool {
    let folded = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    a == b || folded(a) == folded(b)
}
