//! The dry run: what a change would do to whom, before anybody makes it.
//!
//! Legal phones have lost signal by "cleansing". So before a batch takes another state, a model gets another rule or
//! settings change, everybody can see how many IMEIs get another answer, from which to which, of which door and brand
//! and under which operator's policy, and how many paired numbers are hit. The policy runs once per distinct
//! combination of evidence and pages are counted as bit sets, so a whole register takes seconds.
//! What always holds: the counts are those that checks would give, asked without a number on the same day; nothing is
//! written; the digest is the same for the same change to the same pages under the same settings, whatever else changes.

mod count;
mod decided;
mod digest;
mod plan;
mod shape;
mod spread;
#[cfg(test)]
mod tests;
mod unlisted;

pub use unlisted::{Unlisted, UnlistedChange};

use crate::{
    batch::{BatchState, BatchStep},
    day::Day,
    hot::HotSets,
    identity::{EquipmentKey, Tac},
    listing::{Door, TacRule},
    policy::{Reason, Settings, Status},
    revision::Revision,
    store::{Store, StoreError},
};
use count::Tally;
use decided::Scene;
use plan::Plan;
use std::{collections::BTreeMap, sync::Arc};

/// A change that might be made.
#[derive(Clone, Debug)]
pub enum Hypothesis {
    /// Batches take states. Of several steps of one batch the last counts.
    Steps(Vec<BatchStep>),
    /// Models get rules. Of several rules of one model the last counts.
    TacRules(Vec<(Tac, TacRule)>),
    /// A settings document comes into force, at once.
    Settings(Arc<Settings>),
}

impl Hypothesis {
    /// All batches of a door that stand so take a state.
    pub fn of_door(store: &Store, door: Door, from: BatchState, state: BatchState, black_from: Option<Day>) -> Self {
        Self::Steps(store.with_batches(|batches| {
            let of_door = batches.iter().filter(|(_, batch)| batch.header.door == door && batch.newest().1 == from);
            of_door.map(|(batch, _)| BatchStep { batch, state, black_from }).collect()
        }))
    }
}

/// What a device is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome {
    /// What the network does.
    pub status: Status,
    /// Why.
    pub reason: Reason,
}

/// IMEIs that share everything that a preview tells of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The operator whose policy answers; empty: the national one.
    pub operator: String,
    /// What they are answered now.
    pub from: Outcome,
    /// What they would be answered.
    pub to: Outcome,
    /// The door: of the first batch, in the order of doors, that takes a state and names the device; for rules and
    /// settings that of the listing that decides now, where the hot sets know it (a plain registered bit has none).
    pub door: Option<Door>,
    /// The brand by the TAC catalogue, else its maker; empty where it is not in it.
    pub brand: String,
    /// How many IMEIs.
    pub imeis: u64,
}

/// Numbers hit under one policy. A number is hit where it is paired with a device, or bound or seen with it by a
/// listing, and the device asked with this number is answered otherwise. Each device of a number counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumbersHit {
    /// The operator whose policy answers; empty: the national one.
    pub operator: String,
    /// Pairs of device and number that get another status or reason.
    pub changed: u64,
    /// Those that get a worse status.
    pub worse: u64,
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The state that was looked at.
    pub revision: Revision,
    /// Binds the change to the pages it touches: an approval that carries it is of what was seen.
    pub digest: [u8; 32],
    /// IMEIs of the register that get another status or reason under at least one policy.
    pub imeis: u64,
    /// The same by policy, outcome, door and brand, ascending.
    pub changes: Vec<Change>,
    /// Numbers hit, by policy: the national one first.
    pub numbers: Vec<NumbersHit>,
    /// Questions about what no list names that get another answer: settings decide them, and no count finds them.
    pub unlisted: Vec<UnlistedChange>,
    /// At most [`SAMPLE_MAX`] of the IMEIs, spread over the pages, ascending; the same every time.
    pub sample: Vec<EquipmentKey>,
    /// Pages that the digest is taken over.
    pub pages: u64,
}

/// IMEIs of a sample at most.
pub const SAMPLE_MAX: usize = 20;
/// Models above which the whole catalogue is read at once.
const MODELS_MAX: usize = 256;

/// Runs a change dry. `now_unix_s` is the moment asked about, in seconds since the Unix epoch. `hot` are the hot sets
/// of the store's newest revision.
///
/// Two threads are used where there is much to do. An entry of the subscriber map that a batch brings is not
/// followed: only what is known of devices is.
///
/// # Errors
/// When the store is damaged.
pub fn preview(store: &Store, hot: &HotSets, hypothesis: &Hypothesis, now_unix_s: i64) -> Result<Preview, StoreError> {
    let in_force = hot.settings().at(now_unix_s).settings();
    let next = match hypothesis {
        Hypothesis::Settings(settings) => settings,
        Hypothesis::Steps(_) | Hypothesis::TacRules(_) => in_force,
    };
    let scene = Scene::new(hot, in_force, next, Day::of_unix_seconds(now_unix_s));
    let plan = Plan::of(store, hot, hypothesis)?;
    let tally = plan.carry_out(&scene)?;
    let brands = brands(store, plan.seq(), &tally)?;
    Ok(Preview {
        revision: plan.revision(),
        digest: digest::of(hypothesis, in_force, &tally.tacs),
        imeis: tally.imeis,
        changes: changes(&scene, &tally, &brands),
        numbers: scene.operators().zip(&tally.numbers).map(|(operator, hit)| hit.named(operator)).collect(),
        unlisted: unlisted::changes(&scene),
        sample: tally.spread.keys(),
        pages: tally.pages,
    })
}

fn changes(scene: &Scene<'_>, tally: &Tally, brands: &BTreeMap<Tac, String>) -> Vec<Change> {
    let operators: Vec<&str> = scene.operators().collect();
    let mut sums: BTreeMap<_, u64> = BTreeMap::new();
    for (tac, kind, imeis) in &tally.counts {
        let brand = brands.get(tac).map_or("", String::as_str);
        *sums.entry((kind.policy, kind.from, kind.to, kind.door, brand)).or_default() += imeis;
    }
    let named = sums.into_iter().map(|((policy, from, to, door, brand), imeis)| Change {
        operator: operators.get(policy).copied().unwrap_or_default().to_owned(),
        from,
        to,
        door,
        brand: brand.to_owned(),
        imeis,
    });
    named.collect()
}

/// The brands of the models that are counted.
fn brands(store: &Store, seq: u64, tally: &Tally) -> Result<BTreeMap<Tac, String>, StoreError> {
    let brand = |model: crate::batch::Model| if model.brand.is_empty() { model.manufacturer } else { model.brand };
    let mut tacs: Vec<Tac> = tally.counts.iter().map(|(tac, _, _)| *tac).collect();
    tacs.dedup();
    if tacs.len() > MODELS_MAX {
        return Ok(store.models(seq)?.into_iter().map(|(tac, model)| (tac, brand(model))).collect());
    }
    let mut brands = BTreeMap::new();
    for tac in tacs {
        if let Some((_, model)) = store.model(tac, seq)? {
            brands.insert(tac, brand(model));
        }
    }
    Ok(brands)
}
