//! What an entry must be behind the entries before it: the journal read from its beginning, with its tree.
//!
//! The register's own journal and an export of it are read by these same rules.
//! What always holds: numbers rise by exactly one from 1; the first entry starts the first epoch and names the
//! register; times never fall; an epoch begins with an entry that names what it continues, by number and root.

use super::{Change, Entry};
use crate::tree::{Edge, Hash, Head};
use prost::Message;

/// Why an entry cannot stand where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} {what}")]
pub struct OutOfOrder {
    /// The number that the entry must have.
    pub seq: u64,
    /// What is wrong.
    pub what: String,
}

/// A journal as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    edge: Edge,
    epoch: u32,
    time_unix_ms: i64,
    register_id: Vec<u8>,
}

impl Chain {
    /// Reads the next entry as it is stored. Gives it decoded, and the hashes that the tree stores for it.
    ///
    /// # Errors
    /// When it is unreadable, or cannot stand here. Nothing is taken over then.
    pub fn push(&mut self, stored: &[u8]) -> Result<(Entry, Vec<(u64, Hash)>), OutOfOrder> {
        let seq = self.edge.size() + 1;
        let wrong = |what: String| OutOfOrder { seq, what };
        let entry = Entry::decode(stored).map_err(|error| wrong(format!("is unreadable: {error}")))?;
        if entry.seq != seq {
            return Err(wrong(format!("is missing: entry {} stands in its place", entry.seq)));
        }
        self.check_epoch(&entry).map_err(wrong)?;
        if seq > 1 && entry.time_unix_ms < self.time_unix_ms {
            return Err(wrong("was made before the entry in front of it".into()));
        }
        if let (1, Some(Change::EpochStarted(started))) = (seq, &entry.change) {
            self.register_id.clone_from(&started.register_id);
        }
        (self.epoch, self.time_unix_ms) = (entry.epoch, entry.time_unix_ms);
        let hashes = self.edge.append(stored);
        Ok((entry, hashes))
    }

    fn check_epoch(&self, entry: &Entry) -> Result<(), String> {
        let started = match &entry.change {
            Some(Change::EpochStarted(started)) => Some(started),
            _ => None,
        };
        match (self.edge.size(), started) {
            (0, Some(_)) => Ok(()),
            (0, None) => Err("does not start a register".into()),
            (_, None) if entry.epoch == self.epoch => Ok(()),
            (_, None) => Err(format!("is of epoch {}, and nothing ended epoch {}", entry.epoch, self.epoch)),
            (before, Some(started)) => {
                let parent = (started.parent_epoch, started.parent_seq);
                let is_later = entry.epoch > self.epoch;
                let root = &started.parent_root;
                let is_root = root.is_empty() || root.as_slice() == self.edge.head().root;
                if is_later && parent == (self.epoch, before) && is_root {
                    Ok(())
                } else {
                    Err(format!("starts epoch {} and does not continue {}.{before}", entry.epoch, self.epoch))
                }
            }
        }
    }

    /// Entries so far.
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Size and root of the tree of the entries so far.
    pub fn head(&self) -> Head {
        self.edge.head()
    }

    /// The id of the register, as its first entry names it.
    pub fn register_id(&self) -> &[u8] {
        &self.register_id
    }

    /// When the last entry was made, in milliseconds since the Unix epoch.
    pub const fn time_unix_ms(&self) -> i64 {
        self.time_unix_ms
    }
}

/// The name under which a register signs: origin of its checkpoints.
pub fn register_name(register_id: &[u8]) -> String {
    register_id.iter().fold("saring/".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::journal::{EpochStarted, SettingsApplied};

    fn entry(seq: u64, epoch: u32, time_unix_ms: i64, change: Change) -> Vec<u8> {
        Entry { seq, epoch, time_unix_ms, change: Some(change), ..Entry::default() }.encode_to_vec()
    }

    fn settings() -> Change {
        Change::SettingsApplied(SettingsApplied::default())
    }

    fn begun() -> Chain {
        let mut chain = Chain::default();
        let started = EpochStarted { register_id: vec![7; 16], ..EpochStarted::default() };
        chain.push(&entry(1, 1, 5, Change::EpochStarted(started))).unwrap();
        chain
    }

    #[test]
    fn numbers_times_and_epochs_are_held() {
        let mut chain = begun();
        assert_eq!(chain.register_id(), [7; 16]);
        let refused = |chain: &Chain, stored: Vec<u8>| chain.clone().push(&stored).unwrap_err().to_string();
        assert_eq!(refused(&chain, entry(3, 1, 5, settings())), "entry 2 is missing: entry 3 stands in its place");
        assert_eq!(refused(&chain, entry(2, 1, 4, settings())), "entry 2 was made before the entry in front of it");
        assert_eq!(refused(&chain, entry(2, 2, 5, settings())), "entry 2 is of epoch 2, and nothing ended epoch 1");
        assert!(refused(&chain, vec![0xff]).starts_with("entry 2 is unreadable"));
        assert_eq!(refused(&Chain::default(), entry(1, 1, 5, settings())), "entry 1 does not start a register");
        chain.push(&entry(2, 1, 5, settings())).unwrap();
        assert_eq!((chain.size(), chain.time_unix_ms()), (2, 5));
    }

    #[test]
    fn an_epoch_names_what_it_continues() {
        let mut chain = begun();
        let root = chain.head().root.to_vec();
        let started = |parent_epoch, parent_seq, parent_root: &[u8]| {
            let parent_root = parent_root.to_vec();
            Change::EpochStarted(EpochStarted { register_id: vec![7; 16], parent_epoch, parent_seq, parent_root })
        };
        for wrong in [started(1, 2, &root), started(2, 1, &root), started(1, 1, &[0; 32])] {
            assert!(chain.clone().push(&entry(2, 2, 5, wrong)).is_err());
        }
        assert!(chain.clone().push(&entry(2, 1, 5, started(1, 1, &root))).is_err(), "the same epoch");
        assert!(chain.clone().push(&entry(2, 2, 5, started(1, 1, &[]))).is_ok());
        chain.push(&entry(2, 2, 5, started(1, 1, &root))).unwrap();
        chain.push(&entry(3, 2, 5, settings())).unwrap();
    }

    #[test]
    fn a_register_signs_under_its_id() {
        assert_eq!(register_name(&[0, 0xab, 16]), "saring/00ab10");
    }
}
