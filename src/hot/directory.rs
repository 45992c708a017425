//! Directory: from the id of a chunk to the chunk.
//!
//! A hash table in three levels of shared slices: root, branches, leaves of about three
//! sorted entries without empty slots, which are two lines of memory. A change copies the root's references,
//! one branch and one leaf, so readers of an older root never see it. Each reference that is copied is counted somewhere in
//! memory, so a branch has about as many leaves as the root has branches. Ids are hashed because chunks crowd in few TACs.
//! What always holds: entries of a leaf ascend by id; only the writer rebuilds, when leaves have doubled.

use super::{memory, near};
use std::sync::Arc;

/// Leaves of a branch, as a power of two: at least, and at most.
const BRANCH_BITS: [u32; 2] = [6, 11];
/// Entries of a leaf after building.
const LEAF_TARGET: usize = 2;
/// Mean entries of a leaf above which the table is rebuilt with more branches.
const LEAF_MEAN_MAX: usize = 4;

/// Steps of a search by halves in a leaf of up to 8 entries.
const HALVES: [usize; 3] = [4, 2, 1];
/// Entries of the smallest kind in a line of memory.
const ENTRIES_A_LINE: usize = 2;

/// A chunk and its id.
#[derive(Clone, Debug)]
pub(super) struct Entry<V> {
    id: u64,
    value: V,
}

/// Its entries ascend by id.
pub(super) type Leaf<V> = Arc<[Entry<V>]>;
type Branch<V> = Arc<[Leaf<V>]>;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Directory<V> {
    root: Arc<[Branch<V>]>,
    /// A branch has two to the power of this leaves.
    branch_bits: u32,
    len: usize,
}

impl<V: Clone> Default for Directory<V> {
    fn default() -> Self {
        Self::build(Vec::new())
    }
}

impl<V: Clone> Directory<V> {
    /// A directory of these chunks; ids are distinct.
    pub(super) fn build(entries: Vec<(u64, V)>) -> Self {
        let len = entries.len();
        let [least, most] = BRANCH_BITS;
        let branch_bits = (len / LEAF_TARGET).max(1).ilog2().div_ceil(2).clamp(least, most);
        let branch_leaves = 1 << branch_bits;
        let branches = (len / (LEAF_TARGET * branch_leaves)).max(1);
        let leaves = branches * branch_leaves;
        let mut placed: Vec<_> =
            entries.into_iter().map(|(id, value)| (leaf_of(id, leaves), Entry { id, value })).collect();
        placed.sort_unstable_by_key(|(leaf, entry)| (*leaf, entry.id));
        let mut rest = placed.into_iter().peekable();
        let mut next_leaf = |leaf: usize| -> Leaf<V> {
            let mut entries = Vec::new();
            while let Some((_, entry)) = rest.next_if(|(place, _)| *place == leaf) {
                entries.push(entry);
            }
            entries.into()
        };
        let root = (0..branches)
            .map(|branch| (0..branch_leaves).map(|leaf| next_leaf(branch * branch_leaves + leaf)).collect())
            .collect();
        Self { root, branch_bits, len }
    }

    #[inline]
    fn leaves(&self) -> usize {
        self.root.len() << self.branch_bits
    }

    /// The branch that an id is in, and its leaf there.
    #[inline]
    fn place(&self, id: u64) -> (usize, usize) {
        let leaf = leaf_of(id, self.leaves());
        (leaf >> self.branch_bits, leaf & ((1 << self.branch_bits) - 1))
    }

    /// Number of chunks.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// First step of [`Directory::get`]: what tells where the leaf of an id lies, on its way. Reads the root only.
    #[inline]
    pub(super) fn slot(&self, id: u64) -> Option<&Leaf<V>> {
        let (branch, leaf) = self.place(id);
        let slot = self.root.get(branch).and_then(|branch| branch.get(leaf));
        near::bring(slot);
        slot
    }

    /// The chunk of an id.
    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<&V> {
        find(self.slot(id)?, id)
    }

    /// The directory with some chunks put in, replaced or (`None`) taken out. Ids are distinct.
    pub(super) fn changed(&self, changes: Vec<(u64, Option<V>)>) -> Self {
        let mut next = self.clone();
        for (id, value) in changes {
            next.change(id, value);
        }
        if next.len > next.leaves() * LEAF_MEAN_MAX {
            next = Self::build(next.iter().map(|(id, value)| (id, value.clone())).collect());
        }
        next
    }

    fn change(&mut self, id: u64, value: Option<V>) {
        let (branch, leaf) = self.place(id);
        // Shared slices are copied by the first change to them, later ones find them their own.
        let branches = Arc::make_mut(&mut self.root);
        let Some(branch) = branches.get_mut(branch).map(Arc::make_mut) else { return };
        let Some(leaf) = branch.get_mut(leaf) else { return };
        let (before, rest) = leaf.split_at(leaf.partition_point(|entry| entry.id < id));
        let (old, after) = rest.split_at(usize::from(rest.first().is_some_and(|entry| entry.id == id)));
        self.len = self.len - old.len() + usize::from(value.is_some());
        let new = value.map(|value| Entry { id, value });
        let entries: Vec<_> = before.iter().cloned().chain(new).chain(after.iter().cloned()).collect();
        *leaf = entries.into();
    }

    /// All chunks, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.root
            .iter()
            .flat_map(|branch| branch.iter())
            .flat_map(|leaf| leaf.iter())
            .map(|entry| (entry.id, &entry.value))
    }

    /// Bytes of the table itself, without the chunks.
    pub(super) fn bytes(&self) -> u64 {
        let branch = memory::of_shared_slice::<Leaf<V>>(1 << self.branch_bits);
        let leaves = self.root.iter().flat_map(|branch| branch.iter());
        memory::of_shared_slice::<Branch<V>>(self.root.len())
            + self.root.len() as u64 * branch
            + leaves.map(|leaf| memory::of_shared_slice::<Entry<V>>(leaf.len())).sum::<u64>()
    }
}

/// Second step: the leaf, its lines on their way.
#[inline]
pub(super) fn leaf<V>(slot: Option<&Leaf<V>>) -> &[Entry<V>] {
    let leaf: &[_] = slot.map_or(&[], |leaf| leaf);
    // As many as most leaves have, whatever this one has: to ask twice costs less than to guess its length wrong.
    let last = leaf.len().saturating_sub(1);
    (0..=LEAF_MEAN_MAX).step_by(ENTRIES_A_LINE).for_each(|index| near::bring(leaf.get(index.min(last))));
    leaf
}

/// Last step: finds an id in its leaf.
#[inline]
pub(super) fn find<V>(leaf: &[Entry<V>], id: u64) -> Option<&V> {
    // By halves, always as many as most leaves need, and without a branch on what is loaded: how long a leaf is and where
    // in it an entry lies is random, and each wrong guess ends the overlap of the misses of several keys.
    let last = leaf.len().checked_sub(1)?;
    let mut index = 0;
    let mut step = |half: usize| {
        let probe = index + half;
        let is_before = leaf.get(probe.min(last)).map_or(0, |entry| usize::from(entry.id <= id));
        index += half * (is_before & usize::from(probe <= last));
    };
    if last >= HALVES[0] * 2 {
        // Rare: as long as it takes, from the highest power of two that fits.
        (0..=last.ilog2()).rev().for_each(|bit| step(1 << bit));
    } else {
        HALVES.into_iter().for_each(step);
    }
    leaf.get(index).filter(|entry| entry.id == id).map(|entry| &entry.value)
}

/// Which of so many leaves holds an id.
#[inline]
fn leaf_of(id: u64, leaves: usize) -> usize {
    // The finaliser of splitmix64: every bit of the id moves every bit of the hash.
    let hash = (id ^ id >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((u128::from(hash ^ hash >> 31) * leaves as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn listed(directory: &Directory<Arc<u64>>) -> BTreeMap<u64, u64> {
        directory.iter().map(|(id, value)| (id, **value)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn a_directory_is_a_map(
            first in prop::collection::btree_map(0..3000_u64, any::<u64>(), 0..1500),
            rounds in prop::collection::vec(prop::collection::btree_map(0..3000_u64, any::<Option<u64>>(), 0..800), 0..4),
        ) {
            let mut model = first.clone();
            let mut directory = Directory::build(first.into_iter().map(|(id, value)| (id, Arc::new(value))).collect());
            for round in rounds {
                let (before, held) = (model.clone(), directory.clone());
                directory = directory.changed(round.iter().map(|(id, value)| (*id, value.map(Arc::new))).collect());
                for (id, value) in round {
                    match value {
                        Some(value) => model.insert(id, value),
                        None => model.remove(&id),
                    };
                }
                prop_assert_eq!(listed(&held), before, "an older directory changed");
            }
            prop_assert_eq!(directory.len(), model.len());
            prop_assert_eq!(listed(&directory), model.clone());
            for id in 0..3000 {
                prop_assert_eq!(directory.get(id).map(|value| **value), model.get(&id).copied());
            }
        }
    }

    #[test]
    fn a_change_copies_few_references_however_large_the_directory_is() {
        for len in [1_usize, 1_000, 100_000, 1_000_000] {
            let directory = Directory::build((0..len as u64).map(|id| (id, ())).collect());
            let copied = directory.root.len() + directory.root[0].len();
            assert!(copied <= 65 + 3 * (len / LEAF_TARGET).isqrt(), "{copied} of {len}");
            assert!(directory.root.iter().all(|branch| branch.len() == 1 << directory.branch_bits));
        }
    }

    #[test]
    fn it_grows_from_nothing() {
        let mut directory = Directory::default();
        for id in 0..20_000_u64 {
            directory = directory.changed(vec![(id * 16, Some(Arc::new(id)))]);
        }
        assert!(directory.root.len() > 8);
        assert!((0..20_000).all(|id| directory.get(id * 16).is_some_and(|value| **value == id)));
        assert!(directory.get(8).is_none());
        let longest = directory.root.iter().flat_map(|branch| branch.iter()).map(|leaf| leaf.len()).max();
        assert!(longest < Some(60), "{longest:?} entries in one leaf");
    }
}
