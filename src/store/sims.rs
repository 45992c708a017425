//! The index from numbers to SIMs, for a register that was written before there was one.
//!
//! Its rows are written with those of subscribers. What always holds: it is a function
//! of the rows of subscribers alone; built again after a crash, it is the same.

use super::{
    Store, StoreError, cf,
    keys::Family,
    rows::{StoredRow, sim_of},
};
use crate::spool::{Record, Room, Sorting};
use fail::fail_point;
use rocksdb::{WriteBatch, WriteOptions};
use std::io;

/// Memory for what is sorted.
const MEMORY_BYTES: usize = 256 << 20;
/// Bytes that are written at once.
const CHUNK_BYTES: usize = 4 << 20;
/// Rows between two lines of progress.
const TELL_EVERY: u64 = 10_000_000;

impl Store {
    /// Builds it. Sorted first, so that RocksDB gets its keys in order; past the log, since the tables are written before
    /// the format says that the index is there.
    pub(super) fn build_sims(&self) -> Result<(), StoreError> {
        let mut sorting = Sorting::<3>::new(&Room { folder: self.path.clone(), memory_bytes: MEMORY_BYTES });
        let (mut rows, mut failed) = (0_u64, None::<io::Error>);
        self.walk(cf::SUBSCRIBERS, &[], &mut |key, value| {
            let (batch, row) = StoredRow::decode(Family::Subscribers, key, value)?;
            if let Some((msisdn, imsi)) = sim_of(&row) {
                rows += 1;
                let pushed = sorting.push(Record([msisdn.get(), imsi.packed(), batch]));
                failed = failed.take().or(pushed.err());
                if rows.is_multiple_of(TELL_EVERY) {
                    tracing::info!(rows, "the index from numbers to SIMs is built: subscribers are sorted");
                }
            }
            Some(())
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        if rows == 0 {
            return Ok(());
        }
        let (mut chunk, mut done) = (WriteBatch::default(), 0_u64);
        sorting.finish(|record| -> Result<(), StoreError> {
            let mut key = Vec::with_capacity(Record::<3>::BYTES);
            record.put(&mut key);
            chunk.put_cf(self.cf(cf::SIMS)?, key, []);
            done += 1;
            if done.is_multiple_of(TELL_EVERY) {
                tracing::info!(done, rows, "the index from numbers to SIMs is built: rows are written");
            }
            if chunk.size_in_bytes() > CHUNK_BYTES {
                self.write_past_log(std::mem::take(&mut chunk))?;
            }
            Ok(())
        })?;
        self.write_past_log(chunk)?;
        let flushed = self.db.flush_cf(self.cf(cf::SIMS)?);
        flushed.map_err(|error| self.failed_write("the index from numbers to SIMs", &error))?;
        tracing::info!(rows, "the index from numbers to SIMs is built");
        Ok(())
    }

    fn write_past_log(&self, chunk: WriteBatch) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        let written = self.db.write_opt(chunk, &options);
        written.map_err(|error| self.failed_write("the index from numbers to SIMs", &error))?;
        fail_point!("store-mid-sims");
        Ok(())
    }
}
