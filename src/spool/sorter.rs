//! Sorting more records than memory holds: sorted runs in files, read back in ranges.
//!
//! What always holds: the ranges ascend and do not overlap, and together they have every record once.

use super::{BLOCK_BYTES, Record, Room};
use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

/// A run is no shorter, whatever the memory: each is an open file.
const RUN_RECORDS_MIN: usize = 16;

/// A sorted file.
struct Run<const N: usize> {
    file: File,
    records: u64,
    /// Every so-many-th record, from the first on.
    samples: Vec<Record<N>>,
}

/// See the module. Several threads may add runs.
pub struct Sorter<const N: usize> {
    room: Room,
    runs: Mutex<Vec<Run<N>>>,
}

/// Records from one (included) to another (not included); none: without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<const N: usize> {
    from: Option<Record<N>>,
    to: Option<Record<N>>,
}

impl<const N: usize> Sorter<N> {
    /// Records between two samples of a run.
    const SAMPLE_EVERY: usize = 4096;

    /// Nothing yet. The room's memory bounds what is read back at a time.
    pub const fn new(room: Room) -> Self {
        Self { room, runs: Mutex::new(Vec::new()) }
    }

    /// Sorts records into a file of their own.
    ///
    /// # Errors
    /// When the disk refuses the file.
    pub fn add(&self, mut records: Vec<Record<N>>) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        records.sort_unstable();
        let mut file = self.room.file()?;
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        for block in records.chunks((BLOCK_BYTES / Record::<N>::BYTES).max(1)) {
            bytes.clear();
            block.iter().for_each(|record| record.put(&mut bytes));
            file.write_all(&bytes)?;
        }
        let samples = records.iter().step_by(Self::SAMPLE_EVERY).copied().collect();
        self.held().push(Run { file, records: records.len() as u64, samples });
        Ok(())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<Run<N>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of records.
    pub fn records(&self) -> u64 {
        self.held().iter().map(|run| run.records).sum()
    }

    /// Stretches that fit into memory, so many at once as there are threads.
    pub fn ranges(&self, threads: usize) -> Vec<Stretch<N>> {
        let runs = self.held();
        let mut samples: Vec<Record<N>> = runs.iter().flat_map(|run| &run.samples).copied().collect();
        samples.sort_unstable();
        let room = self.room.memory_bytes / threads.max(1) / Record::<N>::BYTES;
        // Of each run up to a sample's distance more may come in at either end.
        let slack = 2 * runs.len() * Self::SAMPLE_EVERY;
        let step = (room.saturating_sub(slack) / Self::SAMPLE_EVERY).max(1);
        let mut bounds: Vec<Option<Record<N>>> = samples.iter().skip(step).step_by(step).copied().map(Some).collect();
        bounds.dedup();
        bounds.insert(0, None);
        bounds.push(None);
        bounds.windows(2).map(|two| Stretch { from: two[0], to: two[1] }).collect()
    }

    /// The records of a stretch, ascending.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(&self, stretch: &Stretch<N>) -> io::Result<Vec<Record<N>>> {
        let mut all = Vec::new();
        let runs = self.held().len();
        for number in 0..runs {
            let (file, from, to) = {
                let runs = self.held();
                let run = &runs[number];
                // From the last sample before the stretch to the first one behind it.
                let before = |bound: Record<N>| run.samples.partition_point(|sample| *sample < bound);
                let from = stretch.from.map_or(0, |from| before(from).saturating_sub(1) * Self::SAMPLE_EVERY);
                let to = stretch.to.map_or(run.records, |to| (before(to) * Self::SAMPLE_EVERY) as u64);
                (run.file.try_clone()?, from as u64, to.min(run.records))
            };
            let mut bytes = vec![0; (to.saturating_sub(from)) as usize * Record::<N>::BYTES];
            file.read_exact_at(&mut bytes, from * Record::<N>::BYTES as u64)?;
            let within = bytes.chunks_exact(Record::<N>::BYTES).map(Record::of_bytes).filter(|record| {
                stretch.from.is_none_or(|from| *record >= from) && stretch.to.is_none_or(|to| *record < to)
            });
            all.extend(within);
        }
        all.sort_unstable();
        Ok(all)
    }
}

impl<const N: usize> std::fmt::Debug for Sorter<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} runs", self.held().len())
    }
}

/// Takes records one by one and gives them back in order. A run is sorted and written by a second thread while more
/// records come; few records see no file.
#[derive(Debug)]
pub struct Sorting<const N: usize> {
    sorter: Arc<Sorter<N>>,
    held: Vec<Record<N>>,
    records_max: usize,
    busy: Option<JoinHandle<io::Result<()>>>,
    has_runs: bool,
}

impl<const N: usize> Sorting<N> {
    /// Nothing yet.
    pub fn new(room: &Room) -> Self {
        // Half of the memory takes records, while the other half is being sorted and written; then it reads them back,
        // twice for a moment: as bytes and as records.
        let half = room.share(2);
        let records_max = (half.memory_bytes / Record::<N>::BYTES).max(RUN_RECORDS_MIN);
        let sorter = Arc::new(Sorter::new(half));
        Self { sorter, held: Vec::new(), records_max, busy: None, has_runs: false }
    }

    /// Takes a record.
    ///
    /// # Errors
    /// When memory is used up and the disk refuses a file.
    #[inline]
    pub fn push(&mut self, record: Record<N>) -> io::Result<()> {
        if self.held.len() == self.records_max {
            self.spill()?;
        }
        self.held.push(record);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.settle()?;
        let records = std::mem::take(&mut self.held);
        self.has_runs = true;
        let sorter = Arc::clone(&self.sorter);
        self.busy = Some(thread::spawn(move || sorter.add(records)));
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        match self.busy.take() {
            Some(busy) => busy.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => Ok(()),
        }
    }

    /// Gives every record, ascending.
    ///
    /// # Errors
    /// When a file cannot be written or read; those of `take`.
    pub fn finish<E: From<io::Error>>(mut self, mut take: impl FnMut(Record<N>) -> Result<(), E>) -> Result<(), E> {
        if !self.has_runs {
            self.held.sort_unstable();
            return self.held.into_iter().try_for_each(take);
        }
        self.spill()?;
        self.settle()?;
        for stretch in self.sorter.ranges(1) {
            self.sorter.read(&stretch)?.into_iter().try_for_each(&mut take)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn ranges_give_every_record_once_in_order(
            runs in prop::collection::vec(prop::collection::vec(any::<[u16; 3]>(), 0..9000), 0..6),
            memory_bytes in 1_000_usize..2_000_000, threads in 1_usize..3,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let room = Room { folder: folder.path().to_owned(), memory_bytes };
            let sorter = Sorter::new(room.clone());
            let mut sorting = Sorting::new(&Room { memory_bytes: memory_bytes.max(20_000), ..room });
            let mut all = Vec::new();
            for run in runs {
                let records: Vec<Record<3>> = run.iter().map(|r| Record(r.map(u64::from))).collect();
                all.extend(records.iter().copied());
                records.iter().for_each(|record| sorting.push(*record).unwrap());
                sorter.add(records).unwrap();
            }
            all.sort_unstable();
            let mut read = Vec::new();
            for range in sorter.ranges(threads) {
                read.extend(sorter.read(&range).unwrap());
            }
            prop_assert_eq!(&read, &all);
            let mut one_by_one = Vec::new();
            let take = |record| -> io::Result<()> {
                one_by_one.push(record);
                Ok(())
            };
            sorting.finish(take).unwrap();
            prop_assert_eq!(one_by_one, all);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
