//! TAC rules: what the regulator says of models.
//!
//! Few of the hundred million TACs have a rule, and every check asks. A filter of one bit, sixteen times
//! as wide as there are rules, answers nearly all of them from the nearest cache; the sorted rules behind
//! it are exact. A change copies all rules: they are some ten thousand, and change by decree.

use super::{
    memory,
    stats::{Chunk, EntryKind, Tally},
};
use crate::{identity::Tac, listing::TacRule};
use std::{collections::BTreeMap, sync::Arc};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TacRules {
    rules: Arc<[(Tac, TacRule)]>,
    filter: Arc<[u64]>,
}

impl Default for TacRules {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl TacRules {
    const FILTER_WORDS_MIN: usize = 64;

    fn new(rules: BTreeMap<Tac, TacRule>) -> Self {
        let words = (rules.len() / 4).next_power_of_two().max(Self::FILTER_WORDS_MIN);
        let mut filter = vec![0; words];
        for tac in rules.keys() {
            let (word, bit) = place(*tac, words);
            filter[word] |= bit;
        }
        Self { rules: rules.into_iter().collect(), filter: filter.into() }
    }

    /// The rules with some put in or replaced; a rule that says nothing goes.
    pub(super) fn changed(&self, changes: &[(Tac, TacRule)]) -> Self {
        if changes.is_empty() {
            return self.clone();
        }
        let mut rules: BTreeMap<_, _> = self.iter().collect();
        rules.extend(changes.iter().copied());
        rules.retain(|_, rule| *rule != TacRule::default());
        Self::new(rules)
    }

    /// The rule of a TAC; the default where there is none.
    #[inline]
    pub(super) fn get(&self, tac: Tac) -> TacRule {
        let (word, bit) = place(tac, self.filter.len());
        if self.filter.get(word).is_none_or(|word| word & bit == 0) {
            return TacRule::default();
        }
        let found = self.rules.binary_search_by_key(&tac, |(tac, _)| *tac).ok();
        found.and_then(|index| self.rules.get(index)).map_or_else(TacRule::default, |(_, rule)| *rule)
    }

    /// All rules, ascending by TAC.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Tac, TacRule)> {
        self.rules.iter().copied()
    }
}

#[inline]
fn place(tac: Tac, words: usize) -> (usize, u64) {
    let hash = u64::from(tac.get()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (((u128::from(hash) * words as u128) >> 64) as usize, 1 << (hash >> 20 & 63))
}

impl Chunk for TacRules {
    fn tally(&self) -> Tally {
        let filter = memory::of_shared_slice::<u64>(self.filter.len());
        let rules = memory::of_shared_slice::<(Tac, TacRule)>(self.rules.len());
        let mut tally = Tally::of_allocation(filter + rules);
        let bytes = self.rules.len() * size_of::<(Tac, TacRule)>();
        tally.count(EntryKind::TacRule, self.rules.len() as u64, bytes as u64);
        tally
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::listing::TacBar;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn rules_are_a_map(changes in prop::collection::vec((0..4000_u32, 0..4_u8), 0..2000)) {
            let rule = |code: u8| TacRule {
                exempt_type: code & 1 == 1,
                barred: if code & 2 == 2 { TacBar::Soft } else { TacBar::None },
            };
            let changes: Vec<_> =
                changes.into_iter().map(|(tac, code)| (Tac::new(35_000_000 + tac).unwrap(), rule(code))).collect();
            let (first, second) = changes.split_at(changes.len() / 2);
            let rules = TacRules::default().changed(first).changed(second);
            let mut model: BTreeMap<_, _> = changes.into_iter().collect();
            for tac in (0..4000).map(|tac| Tac::new(35_000_000 + tac).unwrap()) {
                prop_assert_eq!(rules.get(tac), model.get(&tac).copied().unwrap_or_default());
            }
            model.retain(|_, rule| *rule != TacRule::default());
            prop_assert_eq!(rules.iter().collect::<BTreeMap<_, _>>(), model);
        }
    }
}
