//! The journal's tree on disk: the hash of every leaf and of every whole subtree, each written with the entry that
//! makes it whole.
//!
//! Key: number of the hash, 8 bytes; value: 32 bytes. The right edge of the tree is kept in memory, so that an append
//! reads nothing.
//! What always holds: an entry and its hashes are in the same atomic write; a hash is never written again.

use super::{Store, StoreError, cf, keys};
use crate::tree::{Edge, Hash, StoredHashes};
use rocksdb::{IteratorMode, WriteBatch};

/// Bytes of hashes that are written at once when a tree is built anew.
const CHUNK_BYTES: usize = 4 << 20;

impl StoredHashes for Store {
    type Error = StoreError;

    fn stored_hash(&self, number: u64) -> Result<Hash, StoreError> {
        let key = keys::seq(number);
        let stored = self.db.get_cf(self.cf(cf::HASHES)?, key).map_err(|error| self.failed_read(&error))?;
        stored.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
            StoreError::damaged(&self.path, format!("hash {number} of the journal's tree is missing or unreadable"))
        })
    }
}

impl Store {
    /// Appends an entry's stored bytes to the tree: its hashes go into the write that the entry goes into.
    pub(super) fn put_hashes(&self, group: &mut WriteBatch, edge: &mut Edge, entry: &[u8]) -> Result<(), StoreError> {
        let family = self.cf(cf::HASHES)?;
        for (number, hash) in edge.append(entry) {
            group.put_cf(family, keys::seq(number), hash);
        }
        Ok(())
    }

    /// All stored hashes with their numbers, in order.
    ///
    /// # Errors
    /// When the column family is missing; each item when it is unreadable.
    pub fn hashes(&self) -> Result<impl Iterator<Item = Result<(u64, Hash), StoreError>> + '_, StoreError> {
        let rows = self.db.iterator_cf(self.cf(cf::HASHES)?, IteratorMode::Start);
        Ok(rows.map(|row| {
            let (key, value) = row.map_err(|error| self.failed_read(&error))?;
            let row = keys::read_seq(&key).zip(Hash::try_from(&*value).ok());
            row.ok_or_else(|| StoreError::damaged(&self.path, "a row of \"hashes\" is unreadable"))
        }))
    }

    /// Builds the tree of all entries: for a register that was written before there was one. Done again after a
    /// crash, it ends the same. Not synced: the write that makes the register one of this format comes behind it in
    /// the same log.
    pub(super) fn build_hashes(&self) -> Result<(), StoreError> {
        let mut edge = Edge::default();
        let mut chunk = WriteBatch::default();
        let write = |chunk| self.db.write(chunk).map_err(|error| self.failed_write("the journal's tree", &error));
        for entry in self.journal(1)? {
            self.put_hashes(&mut chunk, &mut edge, &entry?)?;
            if chunk.size_in_bytes() > CHUNK_BYTES {
                write(std::mem::take(&mut chunk))?;
            }
        }
        write(chunk)
    }
}
