//! The register as a source of a bulk load.

use super::{National, Part, Shape};
use crate::{
    batch::{BatchHeader, BodyRow},
    registry::BulkSource,
    store::StoreError,
};

/// A register and its parts, ready to be loaded.
#[derive(Debug)]
pub struct NationalSource<'a> {
    national: &'a National,
    parts: Vec<Part>,
}

impl<'a> NationalSource<'a> {
    /// The parts of a register.
    pub fn new(national: &'a National) -> Self {
        Self { national, parts: national.parts() }
    }
}

impl BulkSource for NationalSource<'_> {
    fn parts(&self) -> Vec<Vec<BatchHeader>> {
        self.parts.iter().map(|part| part.batches.clone()).collect()
    }

    fn rows(
        &self,
        part: usize,
        take: &mut dyn FnMut(usize, &BodyRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some(part) = self.parts.get(part) else { return Ok(()) };
        self.national.rows(part, &mut |batch, row| take(batch, &row))
    }

    fn name(&self) -> String {
        let scale = self.national.scale();
        let shape = match scale.shape {
            Shape::Mix => "mix",
            Shape::Worst => "worst",
            Shape::Sparse => "sparse",
        };
        format!("generated: {} IMEIs, {} pairings, seed {}, {shape}", scale.imeis, scale.pairs, scale.seed)
    }
}
