//! Sorting more records than memory holds: sorted runs in files, read back in ranges.
//!
//! What always holds: the ranges ascend and do not overlap, and together they have every record once.

use super::super::{keys::Family, ranges::Sum};
use crate::batch::BatchNumber;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// A record of an index: its key in three numbers that sort as its bytes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record(pub(super) [u64; 3]);

impl Record {
    const BYTES: usize = 24;

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        for (to, number) in bytes.chunks_exact_mut(8).zip(self.0) {
            to.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let mut numbers = [0; 3];
        for (number, from) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = from.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        }
        Self(numbers)
    }

    /// The record of a `touched` row: batch (8), family (1), head (up to 8, filled up with zeros), sum (4).
    pub(super) fn of_touched(batch: BatchNumber, family: Family, row_key: &[u8], sum: Sum) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&batch.to_be_bytes());
        bytes[8] = family as u8;
        for (to, from) in bytes[9..17].iter_mut().zip(row_key.iter().take(family.head_bytes())) {
            *to = *from;
        }
        bytes[17..21].copy_from_slice(&sum);
        Self::of_bytes(&bytes)
    }

    /// Key and value of the `touched` row.
    pub(super) fn to_touched(self) -> (Vec<u8>, Sum) {
        let bytes = self.to_bytes();
        let head = Family::from_code(bytes[8]).map_or(0, Family::head_bytes);
        (bytes[..9 + head].to_vec(), [bytes[17], bytes[18], bytes[19], bytes[20]])
    }
}

/// A sorted file.
struct Run {
    file: File,
    records: u64,
    /// Every so-many-th record, from the first on.
    samples: Vec<Record>,
}

/// See the module.
pub(super) struct Sorter {
    folder: PathBuf,
    memory_bytes: usize,
    runs: Mutex<Vec<Run>>,
}

/// Records from one (included) to another (not included); none: without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    from: Option<Record>,
    to: Option<Record>,
}

impl Sorter {
    /// Records between two samples of a run.
    const SAMPLE_EVERY: usize = 4096;

    pub(super) fn new(folder: PathBuf, memory_bytes: usize) -> Self {
        Self { folder, memory_bytes, runs: Mutex::default() }
    }

    /// Sorts records into a file of their own.
    pub(super) fn add(&self, mut records: Vec<Record>) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        records.sort_unstable();
        let number = self.held().len();
        let path = self.folder.join(format!("run-{number}-{:?}", std::thread::current().id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        // Open it stays; whatever ends this process ends the file.
        std::fs::remove_file(&path)?;
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        for record in &records {
            out.write_all(&record.to_bytes())?;
        }
        out.flush()?;
        drop(out);
        let samples = records.iter().step_by(Self::SAMPLE_EVERY).copied().collect();
        self.held().push(Run { file, records: records.len() as u64, samples });
        Ok(())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stretches that fit into memory, so many at once as there are threads.
    pub(super) fn ranges(&self, threads: usize) -> Vec<Stretch> {
        let runs = self.held();
        let mut samples: Vec<Record> = runs.iter().flat_map(|run| &run.samples).copied().collect();
        samples.sort_unstable();
        let room = self.memory_bytes / threads.max(1) / Record::BYTES;
        // Of each run up to a sample's distance more may come in at either end.
        let slack = 2 * runs.len() * Self::SAMPLE_EVERY;
        let step = (room.saturating_sub(slack) / Self::SAMPLE_EVERY).max(1);
        let mut bounds: Vec<Option<Record>> = samples.iter().skip(step).step_by(step).copied().map(Some).collect();
        bounds.dedup();
        bounds.insert(0, None);
        bounds.push(None);
        bounds.windows(2).map(|two| Stretch { from: two[0], to: two[1] }).collect()
    }

    /// The records of a stretch, ascending.
    pub(super) fn read(&self, stretch: &Stretch) -> io::Result<Vec<Record>> {
        let mut all = Vec::new();
        let runs = self.held().len();
        for number in 0..runs {
            let (file, from, to) = {
                let runs = self.held();
                let run = &runs[number];
                // From the last sample before the stretch to the first one behind it.
                let before = |bound: Record| run.samples.partition_point(|sample| *sample < bound);
                let from = stretch.from.map_or(0, |from| before(from).saturating_sub(1) * Self::SAMPLE_EVERY);
                let to = stretch.to.map_or(run.records, |to| (before(to) * Self::SAMPLE_EVERY) as u64);
                (run.file.try_clone()?, from as u64, to.min(run.records))
            };
            let mut bytes = vec![0; (to.saturating_sub(from)) as usize * Record::BYTES];
            file.read_exact_at(&mut bytes, from * Record::BYTES as u64)?;
            let within = bytes.chunks_exact(Record::BYTES).map(Record::of_bytes).filter(|record| {
                stretch.from.is_none_or(|from| *record >= from) && stretch.to.is_none_or(|to| *record < to)
            });
            all.extend(within);
        }
        all.sort_unstable();
        Ok(all)
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
            memory in 1_000_usize..2_000_000, threads in 1_usize..3,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let sorter = Sorter::new(folder.path().to_owned(), memory);
            let mut all = Vec::new();
            for run in runs {
                let records: Vec<Record> = run.iter().map(|r| Record(r.map(u64::from))).collect();
                all.extend(records.iter().copied());
                sorter.add(records).unwrap();
            }
            all.sort_unstable();
            let mut read = Vec::new();
            for range in sorter.ranges(threads) {
                read.extend(sorter.read(&range).unwrap());
            }
            prop_assert_eq!(read, all);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_touched_row_comes_back() {
        let key = [2, 25, 66, 172, 0, 86, 0, 0, 0, 0, 0, 0, 0, 3];
        let (touched, sum) = Record::of_touched(3, Family::Pages, &key, [1, 2, 3, 4]).to_touched();
        assert_eq!((touched, sum), (super::super::keys::touched(3, Family::Pages, &key), [1, 2, 3, 4]));
        let key = [0, 61, 207, 239, 50, 226, 202, 210, 0, 0, 0, 0, 0, 0, 0, 3];
        let (touched, _) = Record::of_touched(3, Family::Subscribers, &key, [0; 4]).to_touched();
        assert_eq!(touched, super::super::keys::touched(3, Family::Subscribers, &key));
    }
}
