//! What a change would do, as a page shows it: counts by outcome, numbers hit, and a sample.

use super::{
    approvals::digest,
    page::grouped,
    verdict::{Badge, imei},
};
use crate::{
    preview::{Outcome, Preview},
    words::Language,
};

/// Lines that a page shows.
const LINES_MAX: usize = 200;

/// See the module.
pub(super) struct PreviewView {
    /// Binds a decision to what was seen.
    pub(super) digest: String,
    pub(super) imeis: String,
    pub(super) numbers: String,
    pub(super) worse: String,
    pub(super) lines: Vec<Line>,
    pub(super) lines_left: usize,
    pub(super) unlisted: Vec<Line>,
    pub(super) sample: Vec<String>,
    pub(super) revision: String,
}

/// IMEIs that share everything that is told of them.
pub(super) struct Line {
    /// The operator whose policy answers; empty: the national one.
    pub(super) operator: String,
    /// Door and brand, or the question about what no list names.
    pub(super) of: String,
    pub(super) from: Badge,
    pub(super) to: Badge,
    pub(super) imeis: String,
}

fn badge(language: Language, outcome: Outcome) -> Badge {
    Badge::of_outcome(language, outcome.status, outcome.reason)
}

impl PreviewView {
    pub(super) fn of(seen: &Preview, language: Language) -> Self {
        let lines = seen.changes.iter().take(LINES_MAX).map(|change| {
            let door = change.door.map(|door| language.door(door)).unwrap_or_default();
            let of = [door, change.brand.clone()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
            Line {
                operator: change.operator.clone(),
                of: of.join(" · "),
                from: badge(language, change.from),
                to: badge(language, change.to),
                imeis: grouped(language, change.imeis),
            }
        });
        let unlisted = seen.unlisted.iter().map(|change| Line {
            operator: change.operator.clone(),
            of: language.unlisted(change.what.name()),
            from: badge(language, change.from),
            to: badge(language, change.to),
            imeis: String::new(),
        });
        let national = seen.numbers.first();
        Self {
            digest: digest(&seen.digest),
            imeis: grouped(language, seen.imeis),
            numbers: grouped(language, national.map_or(0, |hit| hit.changed)),
            worse: grouped(language, national.map_or(0, |hit| hit.worse)),
            lines: lines.collect(),
            lines_left: seen.changes.len().saturating_sub(LINES_MAX),
            unlisted: unlisted.collect(),
            sample: seen.sample.iter().map(|key| imei(*key)).collect(),
            revision: seen.revision.to_string(),
        }
    }
}
