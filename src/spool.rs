//! More records than memory may hold: sorted in runs, and kept in files without a name.
//!
//! Lists of a nation have a hundred million rows, and a machine that answers checks has no memory to spare for them.
//! So rows become records of a few words each; what exceeds the memory that was given goes to files. What always
//! holds: records come back as they went in; the files have no name, are for their owner only, and end with the
//! process, whatever ends it: numbers of persons are in them.

mod sorter;

pub use sorter::{Sorter, Sorting, Stretch};

use std::{
    fmt, fs,
    fs::File,
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A record: words that sort as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record<const N: usize>(pub [u64; N]);

impl<const N: usize> Record<N> {
    /// Bytes of a record in a file.
    pub const BYTES: usize = N * size_of::<u64>();

    /// Its words, big-endian, behind what is there.
    pub fn put(self, out: &mut Vec<u8>) {
        out.extend(self.0.iter().flat_map(|word| word.to_be_bytes()));
    }

    /// The record of [`Record::BYTES`] bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut words = [0; N];
        for (word, from) in words.iter_mut().zip(bytes.chunks_exact(size_of::<u64>())) {
            *word = from.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Self(words)
    }
}

/// How much memory may be used, and where the rest goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// A directory that is there and can be written.
    pub folder: PathBuf,
    /// Bytes of records that are held at a time.
    pub memory_bytes: usize,
}

impl Room {
    /// What lists may use where nobody says otherwise.
    pub const MEMORY_BYTES: usize = 512 << 20;

    /// The usual memory, and a directory for the rest.
    pub fn within(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), memory_bytes: Self::MEMORY_BYTES }
    }

    /// The same with part of the memory.
    #[must_use]
    pub fn share(&self, parts: usize) -> Self {
        Self { folder: self.folder.clone(), memory_bytes: self.memory_bytes / parts }
    }

    /// A file that nobody else can open.
    fn file(&self) -> io::Result<File> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(".saring-rows-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = self.folder.join(name);
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        // Open it stays; whatever ends this process ends the file.
        fs::remove_file(&path)?;
        Ok(file)
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::within(&std::env::temp_dir())
    }
}

/// Bytes that are written or read at once.
const BLOCK_BYTES: usize = 1 << 20;

/// Records on their way, kept in the order in which they come.
#[derive(Debug)]
pub struct Spool<const N: usize> {
    room: Room,
    held: Vec<Record<N>>,
    file: Option<File>,
    in_file: u64,
}

impl<const N: usize> Spool<N> {
    /// Nothing yet.
    pub const fn new(room: Room) -> Self {
        Self { room, held: Vec::new(), file: None, in_file: 0 }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When memory is used up and the disk refuses a file.
    pub fn push(&mut self, record: Record<N>) -> io::Result<()> {
        self.held.push(record);
        let most = if self.file.is_some() { BLOCK_BYTES } else { self.room.memory_bytes };
        if self.held.len() * Record::<N>::BYTES > most { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(self.room.file()?),
        };
        let mut bytes = Vec::with_capacity(BLOCK_BYTES + Record::<N>::BYTES);
        for records in self.held.chunks(BLOCK_BYTES / Record::<N>::BYTES) {
            bytes.clear();
            records.iter().for_each(|record| record.put(&mut bytes));
            file.write_all_at(&bytes, self.in_file * Record::<N>::BYTES as u64)?;
            self.in_file += records.len() as u64;
        }
        self.held = Vec::new();
        Ok(())
    }

    /// No more will come.
    ///
    /// # Errors
    /// When the disk refuses the rest.
    pub fn finish(mut self) -> io::Result<Spooled<N>> {
        if self.file.is_some() {
            self.spill()?;
        }
        Ok(Spooled(Arc::new(Kept { held: self.held, file: self.file, in_file: self.in_file })))
    }
}

struct Kept<const N: usize> {
    held: Vec<Record<N>>,
    file: Option<File>,
    in_file: u64,
}

/// Records that can be read any number of times. Cloning copies a reference.
#[derive(Clone)]
pub struct Spooled<const N: usize>(Arc<Kept<N>>);

impl<const N: usize> Spooled<N> {
    /// How many records.
    pub fn len(&self) -> u64 {
        self.0.held.len() as u64 + self.0.in_file
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<Record<N>>> + '_ {
        let Kept { held, file, in_file } = &*self.0;
        let block = (BLOCK_BYTES / Record::<N>::BYTES) as u64;
        let blocks = (0..in_file.div_ceil(block)).flat_map(move |at| {
            let records = block.min(in_file - at * block) as usize;
            let mut bytes = vec![0; records * Record::<N>::BYTES];
            let read = file.as_ref().map(|file| file.read_exact_at(&mut bytes, at * block * Record::<N>::BYTES as u64));
            let (failed, bytes) = match read {
                Some(Err(error)) => (Some(Err(error)), Vec::new()),
                _ => (None, bytes),
            };
            let records = (0..bytes.len() / Record::<N>::BYTES)
                .map(move |at| Ok(Record::of_bytes(&bytes[at * Record::<N>::BYTES..][..Record::<N>::BYTES])));
            failed.into_iter().chain(records)
        });
        held.iter().copied().map(Ok).chain(blocks)
    }
}

impl<const N: usize> fmt::Debug for Spooled<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records", self.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn records_come_back_as_they_went_in(
            count in 0_u64..120_000, memory_bytes in prop_oneof![Just(0), 0_usize..4_000_000], seed in any::<u64>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let record = |at: u64| Record([at.wrapping_mul(seed | 1), at, !at]);
            let mut spool = Spool::new(Room { folder: folder.path().to_owned(), memory_bytes });
            (0..count).for_each(|at| spool.push(record(at)).unwrap());
            let spooled = spool.finish().unwrap();
            prop_assert_eq!(spooled.len(), count);
            for _ in 0..2 {
                prop_assert!(spooled.iter().map(Result::unwrap).eq((0..count).map(record)));
            }
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
