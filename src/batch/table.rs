//! The table of all batches.

use super::{Batch, BatchHeader, BatchNumber, BatchState};
use crate::day::Day;
use std::{collections::BTreeMap, sync::Arc};

/// All batches of a register by number.
///
/// In stretches that are shared: the table is copied by each change that somebody looks on at, and a register where phones
/// are registered one by one has millions of batches. No stretch is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batches(BTreeMap<u64, Arc<Stretch>>);

/// Batches whose numbers have all but the lowest bits in common.
type Stretch = BTreeMap<BatchNumber, Arc<Batch>>;

/// Numbers of a stretch, as a power of two.
const STRETCH_BITS: u32 = 9;

impl Batches {
    fn stretch(&mut self, number: BatchNumber) -> &mut Stretch {
        Arc::make_mut(self.0.entry(number >> STRETCH_BITS).or_default())
    }

    fn get_mut(&mut self, number: BatchNumber) -> Option<&mut Batch> {
        let stretch = self.0.get_mut(&(number >> STRETCH_BITS)).map(Arc::make_mut)?;
        stretch.get_mut(&number).map(Arc::make_mut)
    }

    /// A batch that is evidence as of an entry, with its state then.
    pub fn evidence_at(&self, number: BatchNumber, seq: u64) -> Option<(&Batch, BatchState)> {
        let batch = self.get(number)?;
        let state = batch.state_at(seq)?;
        state.is_evidence().then_some((batch, state))
    }

    /// A batch, whatever its state.
    pub fn get(&self, number: BatchNumber) -> Option<&Batch> {
        self.0.get(&(number >> STRETCH_BITS))?.get(&number).map(Arc::as_ref)
    }

    /// The table of these batches only. Shares them with this one.
    pub fn only(&self, numbers: impl IntoIterator<Item = BatchNumber>) -> Self {
        let mut only = Self::default();
        for number in numbers {
            if let Some(batch) = self.0.get(&(number >> STRETCH_BITS)).and_then(|stretch| stretch.get(&number)) {
                only.stretch(number).insert(number, Arc::clone(batch));
            }
        }
        only
    }

    /// Takes in the batches of another table; of one number those of the other count. Shares them with it.
    pub fn extend(&mut self, other: &Self) {
        for (number, batch) in other.0.values().flat_map(|stretch| stretch.iter()) {
            self.stretch(*number).insert(*number, Arc::clone(batch));
        }
    }

    /// Keeps the batches of these numbers only.
    pub fn retain(&mut self, mut keep: impl FnMut(BatchNumber) -> bool) {
        self.0.retain(|_, stretch| {
            let stretch = Arc::make_mut(stretch);
            stretch.retain(|number, _| keep(*number));
            !stretch.is_empty()
        });
    }

    /// Every batch, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (BatchNumber, &Batch)> {
        self.0.values().flat_map(|stretch| stretch.iter()).map(|(number, batch)| (*number, batch.as_ref()))
    }

    /// Every batch above a number, descending.
    pub fn above(&self, number: BatchNumber) -> impl Iterator<Item = (BatchNumber, &Batch)> {
        let stretches = self.0.range(number >> STRETCH_BITS..).rev();
        let batches = stretches.flat_map(|(_, stretch)| stretch.iter().rev());
        batches.map(|(number, batch)| (*number, batch.as_ref())).take_while(move |(other, _)| *other > number)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values().map(|stretch| stretch.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A batch opens, with its number and first state.
    pub fn open(&mut self, number: BatchNumber, header: BatchHeader, state: BatchState) {
        let batch = Batch { header, states: vec![(number, state)], added: 0, black_from: Vec::new() };
        self.stretch(number).insert(number, Arc::new(batch));
    }

    /// A batch has this many devices, pairings, subscribers or models.
    pub fn count(&mut self, number: BatchNumber, added: u64) {
        if let Some(batch) = self.get_mut(number) {
            batch.added = added;
        }
    }

    /// A batch changes its state. `false` when there is no such batch.
    pub fn change(&mut self, number: BatchNumber, seq: u64, state: BatchState, black_from: Option<Day>) -> bool {
        let Some(batch) = self.get_mut(number) else { return false };
        batch.states.push((seq, state));
        batch.black_from.extend(black_from.map(|day| (seq, day)));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{batch::Declared, listing::Door};
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Open(BatchNumber),
        Change(BatchNumber),
        Retain(BatchNumber),
        Only(BatchNumber),
    }

    fn header() -> BatchHeader {
        BatchHeader {
            kind: "registered".into(),
            door: Door::State,
            class: None,
            document: String::new(),
            valid_until: None,
            operator: String::new(),
            submitter: String::new(),
            declared: Declared::default(),
        }
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        // Around the edges of stretches, and far apart.
        let number = || prop_oneof![0..4_u64, 500..530_u64, 1_000..1_100_u64, any::<u32>().prop_map(u64::from)];
        let step = prop_oneof![
            6 => number().prop_map(Step::Open),
            3 => number().prop_map(Step::Change),
            1 => (1..7_u64).prop_map(Step::Retain),
            1 => (1..7_u64).prop_map(Step::Only),
        ];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn the_table_is_a_map_and_an_older_one_stays(steps in steps(), above in any::<u32>()) {
            let (mut table, mut model) = (Batches::default(), BTreeMap::<BatchNumber, usize>::new());
            for (seq, step) in (10_000_000_000..).zip(steps) {
                let (held, before) = (table.clone(), model.clone());
                match step {
                    Step::Open(number) => {
                        table.open(number, header(), BatchState::Planned);
                        model.insert(number, 1);
                    }
                    Step::Change(number) => {
                        let changed = table.change(number, seq, BatchState::Active, None);
                        prop_assert_eq!(changed, model.get_mut(&number).map(|states| *states += 1).is_some());
                    }
                    Step::Retain(part) => {
                        table.retain(|number| number % part == 0);
                        model.retain(|number, _| number % part == 0);
                    }
                    Step::Only(part) => {
                        table = table.only(model.keys().copied().filter(|number| number % part == 0));
                        model.retain(|number, _| number % part == 0);
                    }
                }
                let listed = |table: &Batches| {
                    table.iter().map(|(number, batch)| (number, batch.states.len())).collect::<Vec<_>>()
                };
                prop_assert_eq!(listed(&held), before.into_iter().collect::<Vec<_>>(), "an older table changed");
                prop_assert_eq!(listed(&table), model.clone().into_iter().collect::<Vec<_>>());
                prop_assert_eq!((table.len(), table.is_empty()), (model.len(), model.is_empty()));
            }
            for above in model.keys().copied().chain([0, u64::from(above)]) {
                let numbers: Vec<_> = table.above(above).map(|(number, _)| number).collect();
                prop_assert_eq!(numbers, model.range(above + 1..).rev().map(|(number, _)| *number).collect::<Vec<_>>());
            }
            let mut again = Batches::default();
            again.extend(&table);
            prop_assert_eq!(again, table);
        }
    }
}
