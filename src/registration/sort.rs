//! Rows of a list on their way into pages: sorted by number in bounded memory, then one file that outlasts a crash.
//!
//! What always holds: rows of one number keep the order in which they stood in the list; no identity number is in any
//! file, only keyed hashes; what lies in the directory beside a finished file is nameless and ends with the process.

use super::{Identity, Row, State};
use crate::{day::Day, store::Keyed};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Bytes of a row: number (8), line (4), state and kind (1), city (2), day (2), hash (17); big-endian.
pub(super) const RECORD_BYTES: usize = 29 + 5;
type Bytes = [u8; RECORD_BYTES];

/// One row of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) msisdn: u64,
    pub(super) line: u32,
    /// None: the row is bad but for its number, which is named all the same.
    pub(super) state: Option<State>,
    pub(super) kind: Option<Identity>,
    pub(super) city: u16,
    pub(super) since: Day,
    pub(super) hash: Option<Keyed>,
}

impl Record {
    pub(super) fn to_bytes(self) -> Bytes {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(&self.msisdn.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.line.to_be_bytes());
        bytes[12] = self.state.map_or(0, State::code) | self.kind.map_or(0, Identity::code) << 4;
        bytes[13..15].copy_from_slice(&self.city.to_be_bytes());
        bytes[15..17].copy_from_slice(&self.since.get().to_be_bytes());
        bytes[17..].copy_from_slice(&self.hash.unwrap_or_default());
        bytes
    }

    pub(super) fn of_bytes(bytes: &Bytes) -> Self {
        let number =
            |from: usize, to: usize| bytes[from..to].iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let mut hash = Keyed::default();
        hash.copy_from_slice(&bytes[17..]);
        Self {
            msisdn: number(0, 8),
            line: number(8, 12) as u32,
            state: State::from_code(bytes[12] & 15),
            kind: Identity::from_code(bytes[12] >> 4),
            city: number(13, 15) as u16,
            since: Day::from_stored(number(15, 17) as u16).unwrap_or(Day::MAX),
            hash: (hash[0] != 0).then_some(hash),
        }
    }

    /// What the operator's page holds of the number after this row. `None`: the row says nothing of it.
    pub(super) fn row(&self, operator: u8) -> Option<Row> {
        let Self { state, kind, city, since, hash, .. } = *self;
        Some(Row { state: state?, kind, operator, city, since, hash })
    }
}

/// Takes rows in any order.
pub(super) struct Sorter {
    folder: PathBuf,
    rows_max: usize,
    held: Vec<Bytes>,
    runs: Vec<File>,
}

/// A sorted file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// Rows.
    pub(super) rows: u64,
    /// Numbers that they name.
    pub(super) numbers: u64,
}

impl Sorter {
    /// A sorter that holds about so many bytes.
    pub(super) fn new(folder: &Path, memory_bytes: usize) -> Self {
        let rows_max = (memory_bytes / RECORD_BYTES).max(1024);
        Self { folder: folder.to_owned(), rows_max, held: Vec::new(), runs: Vec::new() }
    }

    pub(super) fn add(&mut self, rows: &[Bytes]) -> io::Result<()> {
        if self.held.len() + rows.len() > self.rows_max && !self.held.is_empty() {
            self.spill()?;
        }
        self.held.extend_from_slice(rows);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.held.sort_unstable();
        let path = self.folder.join(format!("run-{}-{:?}", self.runs.len(), std::thread::current().id()));
        let file = open(&path)?;
        fs::remove_file(&path)?;
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        self.held.iter().try_for_each(|row| out.write_all(row))?;
        out.flush()?;
        drop(out);
        self.held.clear();
        self.runs.push(file);
        Ok(())
    }

    /// Writes all rows, sorted and synced, to a file.
    pub(super) fn finish(mut self, path: &Path) -> io::Result<Sorted> {
        let file = open(path)?;
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        let (mut sorted, mut last) = (Sorted::default(), None);
        let mut put = |row: &Bytes| {
            sorted.rows += 1;
            let number = &row[..8];
            if last.as_ref().is_none_or(|last: &[u8; 8]| last != number) {
                sorted.numbers += 1;
                last = number.try_into().ok();
            }
            out.write_all(row)
        };
        if self.runs.is_empty() {
            self.held.sort_unstable();
            self.held.iter().try_for_each(&mut put)?;
        } else {
            self.spill()?;
            let mut runs = self.runs.into_iter().map(Rows::of).collect::<io::Result<Vec<_>>>()?;
            let mut heads = BinaryHeap::new();
            for (at, run) in runs.iter_mut().enumerate() {
                heads.extend(run.next_bytes()?.map(|row| Reverse((row, at))));
            }
            while let Some(Reverse((row, at))) = heads.pop() {
                put(&row)?;
                heads.extend(runs[at].next_bytes()?.map(|row| Reverse((row, at))));
            }
        }
        out.flush()?;
        drop(out);
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(sorted)
    }
}

/// Numbers of persons lie in it.
fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// The rows of a sorted file, in their order.
pub(super) struct Rows {
    from: BufReader<File>,
    /// The next one, where it was looked at.
    next: Option<Record>,
}

impl Rows {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?)
    }

    fn of(mut file: File) -> io::Result<Self> {
        io::Seek::rewind(&mut file)?;
        Ok(Self { from: BufReader::with_capacity(1 << 20, file), next: None })
    }

    fn next_bytes(&mut self) -> io::Result<Option<Bytes>> {
        let mut row = [0; RECORD_BYTES];
        let first = self.from.read(&mut row[..1])?;
        if first == 0 {
            return Ok(None);
        }
        self.from.read_exact(&mut row[1..])?;
        Ok(Some(row))
    }

    /// The next row, which stays.
    pub(super) fn peek(&mut self) -> io::Result<Option<Record>> {
        if self.next.is_none() {
            self.next = self.next_bytes()?.map(|bytes| Record::of_bytes(&bytes));
        }
        Ok(self.next)
    }

    /// The next row.
    pub(super) fn take(&mut self) -> io::Result<Option<Record>> {
        let next = self.peek()?;
        self.next = None;
        Ok(next)
    }
}
