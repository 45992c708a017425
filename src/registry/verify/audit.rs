//! The tree of the journal, made anew from the entries and held against what is stored and what was signed.

use super::VerifyError;
use crate::{
    journal::{Chain, Entry},
    store::{Store, StoreError},
    tree::{Hash, Head},
};

/// The journal as far as it was read, with the stored hashes behind it.
pub(super) struct Audit<'a> {
    chain: Chain,
    hashes: Box<dyn Iterator<Item = Result<(u64, Hash), StoreError>> + 'a>,
    signed: Option<Head>,
}

impl<'a> Audit<'a> {
    pub(super) fn new(store: &'a Store) -> Result<Self, VerifyError> {
        let signed = store.checkpoint().map(|signed| signed.head());
        Ok(Self { chain: Chain::default(), hashes: Box::new(store.hashes()?), signed })
    }

    /// Takes the next entry as it is stored.
    pub(super) fn take(&mut self, stored: &[u8]) -> Result<Entry, VerifyError> {
        let (entry, hashes) = self.chain.push(stored)?;
        for hash in hashes {
            if self.hashes.next().transpose()? != Some(hash) {
                return Err(VerifyError::Tree { seq: entry.seq });
            }
        }
        match self.signed {
            Some(signed) if signed.size == self.chain.size() && signed != self.chain.head() => {
                Err(VerifyError::Signed { size: signed.size })
            }
            _ => Ok(entry),
        }
    }

    /// The whole tree. Nothing may be stored beyond it, and nothing signed.
    pub(super) fn finish(mut self) -> Result<Head, VerifyError> {
        let head = self.chain.head();
        if self.hashes.next().transpose()?.is_some() {
            return Err(VerifyError::Tree { seq: head.size + 1 });
        }
        match self.signed {
            Some(signed) if signed.size > head.size => Err(VerifyError::Signed { size: signed.size }),
            _ => Ok(head),
        }
    }
}
