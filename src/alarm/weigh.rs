//! How irregular a device is: from 0, as makers and importers bring them, to 1, as a grey market does; and thrice
//! that from a submitter who never brought its brand.
//!
//! No sign decides alone: a spare-parts consignment is scattered and old, a new importer is unknown, a passenger's
//! phone is a single one. Each sign is a share of doubt, and doubts combine as independent ones do: what is
//! left of trust is the product of what each leaves. The shares are no probabilities; they only set how much a
//! sign counts beside the others, and the tests of `stream` learn what each door's usual sum is.
//! What always holds: a weight lies within 0 and [`NEWCOMER_TIMES`], and no sign makes it less.

use super::{ModelCounts, Submission, rests_on_documents, same_name};
use crate::day::Day;

/// Doubt of scattered serials alone: some honest consignments are picked from all over the world.
const SCATTERED: f64 = 0.15;
/// More doubt when they are of old models too: what is on sale new is allocated lately.
const SCATTERED_OLD: f64 = 0.60;
/// And when only one IMEI of a two-SIM phone came.
const SCATTERED_LONE: f64 = 0.25;
/// Doubt of half phones that are not scattered.
const LONE: f64 = 0.30;
/// Doubt of a maker's or importer's devices without a document, or of another brand than it names.
const OFF_DOCUMENT: f64 = 0.90;
/// Doubt of devices beyond the document's quantity.
const OVER_QUOTA: f64 = 0.50;
/// What doubts are worth of a submitter who has not brought this brand before. Being new is no doubt in itself: there
/// are honest beginners with large batches, but they bring runs.
const NEWCOMER_TIMES: f64 = 5.0;
/// A consignment leaves leftovers of runs: the scattered share counts by its square.
const LEFTOVERS: i32 = 2;
/// Weight of a person's single device of a model of this year: these vary with launches abroad.
const PERSON_RECENT: f64 = 0.25;

/// A model is recent up to this age in days, and old from the second.
const RECENT_DAYS: f64 = 180.0;
const OLD_DAYS: f64 = 540.0;

/// 0 for a recent model to 1 for an old one. A model of unknown age is half old.
fn oldness(counts: &ModelCounts, day: Day) -> f64 {
    match counts.model.as_ref().and_then(|model| model.allocated) {
        Some(allocated) => {
            let age = f64::from(day.get()) - f64::from(allocated.get());
            ((age - RECENT_DAYS) / (OLD_DAYS - RECENT_DAYS)).clamp(0.0, 1.0)
        }
        None => 0.5,
    }
}

/// The share of a part.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Whether the model has two SIMs: as the catalogue says, else unknown counts as no.
pub(super) fn is_dual(counts: &ModelCounts) -> bool {
    counts.model.as_ref().and_then(|model| model.dual_sim) == Some(true)
}

/// How irregular the devices of one model in a submission are. `newcomer`: the submitter is new to the brand.
pub(super) fn weight(counts: &ModelCounts, of: &Submission, newcomer: bool) -> f64 {
    let old = oldness(counts, of.day);
    if !rests_on_documents(of.door) {
        return PERSON_RECENT + (1.0 - PERSON_RECENT) * old;
    }
    let lone = if is_dual(counts) { share(counts.lone, counts.imeis) } else { 0.0 };
    let thin = share(counts.thin, counts.imeis);
    let scattered = thin.powi(LEFTOVERS) * (SCATTERED + SCATTERED_OLD * old + SCATTERED_LONE * lone);
    let brand = counts.model.as_ref().map(|model| &model.brand);
    let off_document = match (of.declared_brand(), brand) {
        (Some(declared), Some(brand)) => !same_name(declared, brand),
        (declared, _) => declared.is_none(),
    };
    let doubt = |is: bool, share: f64| if is { share } else { 0.0 };
    let doubts = [scattered.max(LONE * lone), doubt(off_document, OFF_DOCUMENT), doubt(of.is_over_quota(), OVER_QUOTA)];
    let doubt = 1.0 - doubts.iter().map(|doubt| 1.0 - doubt).product::<f64>();
    if newcomer { doubt * NEWCOMER_TIMES } else { doubt }
}
