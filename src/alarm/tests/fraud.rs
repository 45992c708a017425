//! Frauds: how somebody would bring grey-market devices in.

use super::world::{DOORS, World, counts};
use crate::{
    alarm::{Document, ModelCounts, Name, Submission},
    listing::Door,
};

/// How it is brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// 2022: uploaded without a document at the importers' door, 92 % of one brand, by a newcomer.
    Undeclared,
    /// Under documents that name brand and model truly, by a newcomer at the importers' door.
    Honest,
    /// Honest, over all five doors alike.
    Spread,
    /// Honest, over both document doors, by submitters of long standing of that brand.
    Insider,
    /// Honest, over the three doors of persons only, by existing desks.
    Persons,
    /// Honest and by a newcomer, whole runs with both IMEIs and lately allocated TACs: serials invented.
    FakedRuns,
    /// As that, by a submitter of long standing.
    FakedRunsInsider,
    /// One tenth of each of a corrupt submitter's ordinary batches.
    Mixed,
}

/// A day's fraud of about `imeis`, put into the day's submissions at random places.
pub(super) fn commit(world: &mut World, how: How, brand: usize, imeis: u64, day: &mut Vec<Submission>) {
    let mut parts = match how {
        How::Mixed => return mix(world, brand, day),
        How::Spread => (0..5).flat_map(|door| at_door(world, how, door, brand, imeis / 5)).collect(),
        How::Persons => (2..5).flat_map(|door| at_door(world, how, door, brand, imeis / 3)).collect(),
        How::Insider => (0..2).flat_map(|door| at_door(world, how, door, brand, imeis / 2)).collect(),
        _ => at_door(world, how, 1, brand, imeis),
    };
    while let Some(part) = parts.pop() {
        let at = world.rng.below(day.len() + 1);
        day.insert(at, part);
    }
}

fn at_door(world: &mut World, how: How, door: usize, brand: usize, imeis: u64) -> Vec<Submission> {
    let batches = if door < 2 { 1 + imeis / 3000 } else { (imeis / 150).clamp(2, 25) };
    let mut all = Vec::new();
    for _ in 0..batches {
        let n = imeis / batches;
        let main = n * 92 / 100;
        let tacs = (n as usize / 12).clamp(8, 120);
        let models: Vec<ModelCounts> = if matches!(how, How::FakedRuns | How::FakedRunsInsider) {
            let mut info = world.tacs[brand][world.rng.below(8)].clone();
            info.model.allocated = crate::day::Day::from_stored(world.day - 100);
            vec![counts(&info, n, n / 200, 0)]
        } else {
            let other = (brand + 1 + world.rng.below(5)) % 16;
            let rest = if how == How::Undeclared || door >= 2 { n - main } else { 0 };
            let mut models = {
                let lone = world.lone;
                world.scattered(brand, n - rest, tacs, 0.0, lone)
            };
            models.extend({
                let lone = world.lone;
                world.scattered(other, rest, 6, 0.0, lone)
            });
            models
        };
        let old = matches!(how, How::Insider | How::FakedRunsInsider);
        let submitter: Name = if old { world.established(door, brand) } else { "front-company".into() };
        let model = models.first().and_then(|part| part.model.as_ref()).map(|model| model.model.clone());
        let one = models.iter().all(|part| part.model.as_ref().map(|m| &m.model) == model.as_ref());
        let mut submission = world.submission(DOORS[door], &submitter, models);
        if how != How::Undeclared && door < 2 {
            let quantity = submission.imeis();
            let document: Document = world.document(brand, model.filter(|_| one), quantity);
            submission.document = Some(document);
        }
        if door >= 2 {
            let desk = world.desk(door);
            submission.submitter = desk.clone();
            submission.desk = Some(desk);
        }
        all.push(submission);
    }
    all
}

/// The corrupt submitter: 10 % of his devices are grey. Declared as the rest, whose model they are not.
fn mix(world: &mut World, brand: usize, day: &mut [Submission]) {
    let corrupt = world.established(1, brand);
    for submission in day.iter_mut().filter(|s| s.submitter == corrupt && s.door == Door::TppImport) {
        let n = submission.imeis() / 10;
        submission.models.iter_mut().for_each(|part| {
            part.imeis -= part.imeis / 10;
            part.thin -= part.thin / 10;
            part.lone -= part.lone / 10;
        });
        submission.models.extend({
            let lone = world.lone;
            world.scattered(brand, n, (n as usize / 12).clamp(4, 60), 0.0, lone)
        });
        // He declares the brand only, so that no model contradicts him.
        let imeis = submission.imeis();
        if let Some(document) = &mut submission.document {
            document.model = None;
            document.quantity = document.quantity.max(imeis);
        }
    }
}
