//! What settings change for devices that no list names.
//!
//! Most phones of a country that are not registered are on no page, so no count finds them, and the setting that decides
//! about them changes more answers than any other. What always holds: a kind of question is named here when its answer
//! differs, whatever the register holds.

use super::{Outcome, decided::Scene};

/// A kind of question that finds nothing in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unlisted {
    /// A device that is on no list, without a number.
    WithoutNumber,
    /// A device that is on no list, with a number.
    WithNumber,
    /// A device of a test TAC.
    TestTac,
    /// A value that is no IMEI.
    Malformed,
}

impl Unlisted {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::WithoutNumber, Self::WithNumber, Self::TestTac, Self::Malformed];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WithoutNumber => "unlisted-without-number",
            Self::WithNumber => "unlisted-with-number",
            Self::TestTac => "test-tac",
            Self::Malformed => "malformed",
        }
    }
}

/// Questions that find nothing and would be answered otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlistedChange {
    /// The operator whose policy answers; empty: the national one.
    pub operator: String,
    /// Which questions.
    pub what: Unlisted,
    /// What they are answered now.
    pub from: Outcome,
    /// What they would be answered.
    pub to: Outcome,
}

/// All that change, by policy.
pub(super) fn changes(scene: &Scene<'_>) -> Vec<UnlistedChange> {
    let mut changes = Vec::new();
    for what in Unlisted::ALL {
        for (operator, [from, to]) in scene.operators().zip(scene.unlisted(what)) {
            if from != to {
                changes.push(UnlistedChange { operator: operator.to_owned(), what, from, to });
            }
        }
    }
    changes
}
