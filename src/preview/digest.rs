//! The digest of a preview: SHA-256 over the change, the settings in force and the pages that it touches.
//!
//! Canonical bytes, big-endian: `saring preview 1`, a zero; the change (1: steps by batch, each batch (8), state (1),
//! black from (2); 2: rules by TAC, each TAC (4) and rule (2); 3: the canonical text of the settings), each list
//! behind its length (8); the canonical text of the settings in force behind its length; then each touched TAC (4),
//! ascending, its rule now and then (2 each), and SHA-256 over its pages: number (2), digest now and then (16 each).
//! What always holds: the bytes are for ever within a version of the first line; order of steps and threads do
//! not matter.

use super::Hypothesis;
use crate::{
    day::Day,
    identity::Tac,
    listing::{TacBar, TacRule},
    page::PageId,
    policy::Settings,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const VERSION: &[u8] = b"saring preview 1\0";

/// A model of which pages are touched.
#[derive(Clone, Copy, Debug)]
pub(super) struct TacDigest {
    pub(super) tac: Tac,
    pub(super) rules: [TacRule; 2],
    pub(super) pages: [u8; 32],
}

/// The pages of a model on their way into the digest.
#[derive(Default)]
pub(super) struct PagesHasher {
    sha: Sha256,
    pub(super) count: u64,
}

impl PagesHasher {
    /// Adds a page; pages of a model ascend.
    pub(super) fn add(&mut self, id: PageId, digests: [u128; 2]) {
        self.count += 1;
        self.sha.update(id.page().to_be_bytes());
        digests.iter().for_each(|digest| self.sha.update(digest.to_be_bytes()));
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.sha.finalize().into()
    }
}

/// The digest of a preview.
pub(super) fn of(hypothesis: &Hypothesis, in_force: &Settings, tacs: &[TacDigest]) -> [u8; 32] {
    let mut sha = Sha256::new_with_prefix(VERSION);
    match hypothesis {
        Hypothesis::Steps(steps) => {
            let steps: BTreeMap<_, _> = steps.iter().map(|step| (step.batch, step)).collect();
            begin(&mut sha, 1, steps.len());
            for (batch, step) in steps {
                sha.update(batch.to_be_bytes());
                sha.update([step.state as u8]);
                sha.update(Day::to_stored(step.black_from).to_be_bytes());
            }
        }
        Hypothesis::TacRules(rules) => {
            let rules: BTreeMap<_, _> = rules.iter().copied().collect();
            begin(&mut sha, 2, rules.len());
            for (tac, rule) in rules {
                sha.update(tac.get().to_be_bytes());
                sha.update(bytes_of(rule));
            }
        }
        Hypothesis::Settings(settings) => add_text(&mut sha, 3, &settings.to_toml()),
    }
    add_text(&mut sha, 0, &in_force.to_toml());
    for tac in tacs {
        sha.update(tac.tac.get().to_be_bytes());
        tac.rules.iter().for_each(|rule| sha.update(bytes_of(*rule)));
        sha.update(tac.pages);
    }
    sha.finalize().into()
}

fn begin(sha: &mut Sha256, kind: u8, length: usize) {
    sha.update([kind]);
    sha.update((length as u64).to_be_bytes());
}

fn add_text(sha: &mut Sha256, kind: u8, text: &str) {
    begin(sha, kind, text.len());
    sha.update(text);
}

const fn bytes_of(rule: TacRule) -> [u8; 2] {
    let bar = match rule.barred {
        TacBar::None => 0,
        TacBar::Soft => 1,
        TacBar::Hard => 2,
    };
    [rule.exempt_type as u8, bar]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::batch::{BatchState, BatchStep};
    use std::{fmt::Write as _, sync::Arc};

    fn hex(digest: [u8; 32]) -> String {
        digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Approvals carry these digests in the journal: these bytes are for ever.
    #[test]
    fn digests_do_not_change_between_versions() {
        let tac = Tac::new(35_000_001).unwrap();
        let mut pages = PagesHasher::default();
        pages.add(PageId::new(tac, 3).unwrap(), [1, 2]);
        let rule = TacRule { exempt_type: true, barred: TacBar::Hard };
        let tacs = [TacDigest { tac, rules: [TacRule::default(), rule], pages: pages.finish() }];
        let first = BatchStep { batch: 7, state: BatchState::Suspended, black_from: Day::from_stored(20_000) };
        let second = BatchStep::new(9, BatchState::Withdrawn);
        let hypotheses = [
            Hypothesis::Steps(vec![first, second]),
            Hypothesis::Steps(vec![second, first]),
            Hypothesis::TacRules(vec![(tac, rule)]),
            Hypothesis::Settings(Arc::new(Settings::from_toml("[national]\nexpired = \"grey\"").unwrap())),
        ];
        let [steps, turned, rules, settings] = hypotheses.map(|what| hex(of(&what, &Settings::default(), &tacs)));
        assert_eq!(steps, turned);
        assert_eq!(steps, "e5a7ac56300f16b96a901b29e8aeb3803c62ae272af7f0763862d00317297bfe");
        assert_eq!(rules, "8c49d34c01037667cb11aa683bd6866b02ac19eb85a7be0f1afda3ace8c8d68b");
        assert_eq!(settings, "c6b8ef0ba6886ea1fda65dfb615320bf18c676a7f75108dce87e09b99cd345b5");
    }
}
