//! A register of the size of a nation, made from a seed: its devices, its subscribers, and checks with their answers.
//!
//! Nothing is drawn in sequence: what is known of a device, a subscriber or the n-th check follows from the seed and a
//! small plan alone. So lists and bodies stream without end, a load generator knows every answer without a database,
//! and a part of the register can be made by itself. The proportions are those of Indonesia where they are public
//! (operators, doors, size), and else stated beside the constants.
//! What always holds: the same [`Scale`] and catalogue give the same register and the same checks; the expected
//! answer is [`crate::policy::decide`] over what the generator knows, never what a register says.

mod checks;
mod lists;
mod load;
mod lot;
mod parts;
mod people;
mod plan;
mod random;
mod rows;
#[cfg(test)]
mod tests;
mod truth;

pub use checks::{Profile, Question};
pub use lists::{Format, ListWritten};
pub use load::NationalSource;
pub use parts::Part;
pub use rows::Take;
pub use truth::Truth;

use crate::{batch::Model, day::Day, identity::Tac};
use people::People;
use plan::Plan;
use std::collections::BTreeMap;

/// The day on which the register is as it should be: visitors' listings end in the year before and up to 90 days
/// behind it. Fixed, so that a register depends on its seed alone: 1 November 2026.
const REFERENCE_DAY: u16 = 20_758;

/// A day some days behind (or before) the reference day.
fn day(offset: i64) -> Option<Day> {
    Day::from_stored(u16::try_from(i64::from(REFERENCE_DAY) + offset).ok()?)
}

/// How the devices of models lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As registers are: runs, random parts and phones of two slots, over models whose sizes follow Zipf's law.
    Mix,
    /// 5 % of the serials of each model at random: the worst that is likely.
    Worst,
    /// 0.1 % of the serials of each model at random.
    Sparse,
}

/// How large a register is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Registered and grandfathered devices; the register has about so many.
    pub imeis: u64,
    /// Pairings, and subscribers: exactly so many.
    pub pairs: u64,
    /// Everything else follows from it.
    pub seed: u64,
    /// How devices lie.
    pub shape: Shape,
    /// How many batches share the devices of a page: 1, 8 or 32.
    pub shared: u16,
}

/// Why there can be no such register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// No devices, or more than serials.
    #[error("a national register has 1 to 20,000,000,000 IMEIs, not {0}")]
    Imeis(u64),
    /// More pairings than devices, or than numbers.
    #[error("a register of {imeis} IMEIs has at most {most} pairings, not {pairs}")]
    Pairs {
        /// Devices.
        imeis: u64,
        /// Pairings asked for.
        pairs: u64,
        /// What is possible.
        most: u64,
    },
    /// Another number of batches a page.
    #[error("pages are shared by 1, 8 or 32 batches, not {0}")]
    Shared(u16),
}

/// A national register, as a function of its scale. About 3 MB for each billion devices; shared between threads.
#[derive(Debug)]
pub struct National {
    scale: Scale,
    plan: Plan,
    people: People,
    names: BTreeMap<Tac, Model>,
}

impl National {
    /// Plans a register. `catalogue`: models that are to be used first; others are made up where they do not suffice.
    ///
    /// # Errors
    /// When there can be no register of such a size.
    pub fn new(scale: Scale, catalogue: &[Tac]) -> Result<Self, ScaleError> {
        const IMEIS_MAX: u64 = 20_000_000_000;
        const PAIRS_MAX: u64 = 1_000_000_000;
        if !(1..=IMEIS_MAX).contains(&scale.imeis) {
            return Err(ScaleError::Imeis(scale.imeis));
        }
        if ![1, 8, 32].contains(&scale.shared) {
            return Err(ScaleError::Shared(scale.shared));
        }
        let plan = Plan::new(&scale, catalogue);
        let most = PAIRS_MAX.min(plan.devices);
        if scale.pairs > most {
            return Err(ScaleError::Pairs { imeis: plan.devices, pairs: scale.pairs, most });
        }
        let people = People::new(scale.seed, plan.devices, scale.pairs);
        Ok(Self { scale, plan, people, names: BTreeMap::new() })
    }

    /// The same, with the names of models.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = (Tac, Model)>) -> Self {
        self.names.extend(names);
        self
    }

    /// Its scale.
    pub const fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Devices: those that were asked for, but for some per mille.
    pub const fn devices(&self) -> u64 {
        self.plan.devices
    }

    /// Models with a device.
    pub const fn models(&self) -> usize {
        self.plan.models.len()
    }

    /// The device of a rank below [`National::devices`]; ranks ascend by model and lot.
    pub fn device(&self, rank: u64) -> Option<crate::identity::EquipmentKey> {
        self.plan.key(rank)
    }
}
