//! The first write of a register, and the one that brings an older register to this format.
//!
//! What always holds: format, key and first entry are one atomic synced write; so are the new format and the key of
//! an older register. Done again after a crash, both end the same.

use super::{
    FORMAT, Store, StoreError, cf, keys,
    open::{META_APPLIED, META_FORMAT, META_JOURNAL_KEY, encode_applied},
    write::now_unix_ms,
};
use crate::{
    journal::{BOOTSTRAP, Change, Entry, EpochStarted},
    revision::Revision,
    tree::{Edge, Verifier},
};
use fail::fail_point;
use prost::Message;
use rocksdb::WriteBatch;

impl Store {
    /// The first write of a register: format, key and first entry.
    pub(super) fn write_first_entry(&self, started: EpochStarted, key: &Verifier) -> Result<(), StoreError> {
        let revision = Revision { epoch: 1, seq: 1 };
        let entry = Entry {
            seq: revision.seq,
            epoch: revision.epoch,
            time_unix_ms: now_unix_ms(),
            principal: BOOTSTRAP.into(),
            approver: BOOTSTRAP.into(),
            partition: String::new(),
            request: String::new(),
            change: Some(Change::EpochStarted(started)),
        };
        let mut batch = WriteBatch::default();
        batch.put_cf(self.cf(cf::META)?, META_FORMAT, FORMAT.to_be_bytes());
        batch.put_cf(self.cf(cf::META)?, META_APPLIED, encode_applied(revision));
        batch.put_cf(self.cf(cf::META)?, META_JOURNAL_KEY, key.line());
        let bytes = entry.encode_to_vec();
        batch.put_cf(self.cf(cf::JOURNAL)?, keys::seq(revision.seq), &bytes);
        self.put_hashes(&mut batch, &mut Edge::default(), &bytes)?;
        fail_point!("store-before-first-entry");
        self.write_synced("the first entry", batch)
    }

    /// Brings a register of an older format to this one. Of format 1 the tree of its journal is built, the other families
    /// that came later are there and empty, as they would be if this build had written it; of format 2 and below the
    /// index from numbers to SIMs is. Done again after a crash, it ends the same.
    pub(super) fn write_upgrade(&self, found: u32, key: &Verifier) -> Result<(), StoreError> {
        if found < 2 {
            self.build_hashes()?;
        }
        self.build_sims()?;
        fail_point!("store-before-upgrade");
        let mut batch = WriteBatch::default();
        batch.put_cf(self.cf(cf::META)?, META_FORMAT, FORMAT.to_be_bytes());
        batch.put_cf(self.cf(cf::META)?, META_JOURNAL_KEY, key.line());
        self.write_synced("the new format", batch)
    }
}
