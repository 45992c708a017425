//! What was previewed is what is applied: steps and proposals carry the digest of the preview that was looked at.
//!
//! What always holds: a large step is taken only with the digest of a preview of that very step, over pages that are
//! still as they were.

use super::{
    Refusal, Registry, RegistryError,
    steps::{Step, cannot},
};
use crate::{
    batch::{BatchNumber, BatchState, BatchStep},
    day::Day,
    identity::Tac,
    journal::Change,
    listing::{Door, TacRule},
    policy::Settings,
    preview::{Hypothesis, Preview, preview},
    words::{Value, Why},
};
use std::sync::Arc;

/// How long to wait for the publishing of a write that is under way.
const PUBLISHED_SOON: std::time::Duration = std::time::Duration::from_micros(500);

/// What is to be run dry.
#[derive(Clone, Debug)]
pub enum PreviewOrder {
    /// A step of a batch; for a suspension with the first day on which its devices are black.
    Batch(BatchNumber, Step, Option<Day>),
    /// Every batch of a door that can, takes a state.
    Door(Door, BatchState),
    /// A settings document, in force at once.
    Settings(String),
    /// A rule of a model.
    TacRule(Tac, TacRule),
    /// A proposal that waits.
    Proposal(u64),
}

impl Registry {
    /// Runs a change dry.
    ///
    /// # Errors
    /// When there is no such thing, checks are not answered here, or the store cannot be read.
    pub fn preview(&self, order: &PreviewOrder) -> Result<Preview, RegistryError> {
        let hypothesis = match order {
            PreviewOrder::Batch(number, step, black_from) => {
                return self.preview_of_step(*number, *step, *black_from);
            }
            PreviewOrder::Door(door, state) => {
                let from = match state {
                    BatchState::Suspended => BatchState::Active,
                    BatchState::Active => BatchState::Suspended,
                    BatchState::Withdrawn => BatchState::Active,
                    _ => return Err(Refusal::invalid("a door's batches are suspended, put back or withdrawn")),
                };
                Hypothesis::of_door(&self.store, *door, from, *state, None)
            }
            PreviewOrder::Settings(toml) => settings(toml)?,
            PreviewOrder::TacRule(tac, rule) => Hypothesis::TacRules(vec![(*tac, *rule)]),
            PreviewOrder::Proposal(number) => {
                let ledger = self.store.ledger();
                let proposal = ledger.open_proposals().get(number);
                let proposal = proposal
                    .ok_or_else(|| Refusal::not_found(Why::NotWaiting.of([("number", Value::number(*number))])))?;
                let nothing = || match &proposal.change {
                    Change::OverrideSet(_) => Refusal::invalid(Why::NothingOfOverride),
                    _ => Refusal::invalid(Why::NothingOfProposal),
                };
                return self.preview_of_change(&proposal.change)?.ok_or_else(nothing);
            }
        };
        self.run_dry(&hypothesis)
    }

    /// The preview of what a proposal would do; none where it changes no answer of a device by itself.
    pub(super) fn preview_of_change(&self, change: &Change) -> Result<Option<Preview>, RegistryError> {
        match change {
            Change::SettingsApplied(applied) => self.run_dry(&settings(&applied.toml)?).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn preview_of_step(
        &self,
        number: BatchNumber,
        step: Step,
        black_from: Option<Day>,
    ) -> Result<Preview, RegistryError> {
        let batches = self.store.batches();
        let batch = batches
            .get(number)
            .ok_or_else(|| Refusal::not_found(Why::NoBatch.of([("number", Value::number(number))])))?;
        let state = step.leads_to(batch).ok_or_else(|| cannot(step, number, batch))?;
        self.run_dry(&Hypothesis::Steps(vec![BatchStep { batch: number, state, black_from }]))
    }

    fn run_dry(&self, hypothesis: &Hypothesis) -> Result<Preview, RegistryError> {
        let published = self.published.get().ok_or_else(|| Refusal::state(Why::NotPublished))?;
        // The hot sets follow the store by the moment between a write and its publishing.
        let mut hot = published.load();
        while hot.revision() != self.store.applied() {
            std::thread::sleep(PUBLISHED_SOON);
            hot = published.load();
        }
        Ok(preview(&self.store, &hot, hypothesis, jiff::Timestamp::now().as_second())?)
    }
}

/// Holds a decision on a batch or a proposal against the preview that it names. `is_large`: it needs one.
pub(super) fn is_as_seen(
    (kind, number): (&'static str, u64),
    now: Option<&Preview>,
    seen: &[u8],
    is_large: bool,
) -> Result<(), RegistryError> {
    let why = |why: Why| why.of([("kind", kind.into()), ("number", Value::number(number))]);
    if seen.is_empty() && is_large {
        return Err(Refusal::state(why(Why::PreviewNeeded)));
    }
    match now {
        Some(now) if !seen.is_empty() && now.digest.as_slice() != seen => Err(Refusal::state(why(Why::PreviewOld))),
        None if !seen.is_empty() => Err(Refusal::invalid(why(Why::NoPreview))),
        _ => Ok(()),
    }
}

fn settings(toml: &str) -> Result<Hypothesis, RegistryError> {
    let settings = Settings::from_toml(toml).map_err(|error| RegistryError::Settings(error.to_string()))?;
    Ok(Hypothesis::Settings(Arc::new(settings)))
}
