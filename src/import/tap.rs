//! What passes on its way from a raw file: counted and hashed.
//!
//! SHA-256 takes as long as all else that is done with a row of a bare list, and has to see the bytes in order. So a
//! long list is hashed beside its reading, by a thread of its own. What always holds: the digest is that of every byte
//! that passed; no more than a few pieces wait for it.

use sha2::{Digest, Sha256};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// Bytes that are not worth a thread.
const HERE_BYTES: u64 = 1 << 20;
/// Pieces that wait to be hashed, each as long as one read.
const PIECES_MAX: usize = 4;

/// Counts and hashes what is read from the raw file.
pub(super) struct Tap {
    bytes: AtomicU64,
    hash: Mutex<Hash>,
    beside: bool,
}

enum Hash {
    Here(Sha256),
    Beside { pieces: SyncSender<Vec<u8>>, spare: Receiver<Vec<u8>>, thread: JoinHandle<Sha256> },
}

impl Tap {
    /// Nothing has passed. `beside`: a thread may be taken for it.
    pub(super) fn new(beside: bool) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicU64::new(0), hash: Mutex::new(Hash::Here(Sha256::new())), beside })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    fn hash(&self) -> MutexGuard<'_, Hash> {
        self.hash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The digest of what has passed.
    pub(super) fn sha256(&self) -> [u8; 32] {
        let mut hash = self.hash();
        let all = match std::mem::replace(&mut *hash, Hash::Here(Sha256::new())) {
            Hash::Here(all) => all,
            Hash::Beside { pieces, thread, .. } => {
                drop(pieces);
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        };
        *hash = Hash::Here(all.clone());
        all.finalize().into()
    }

    pub(super) fn pass(&self, bytes: &[u8]) {
        let before = self.bytes.fetch_add(bytes.len() as u64, Relaxed);
        let mut hash = self.hash();
        match &mut *hash {
            Hash::Here(all) => {
                all.update(bytes);
                if self.beside && before >= HERE_BYTES {
                    *hash = beside(all.clone());
                }
            }
            Hash::Beside { pieces, spare, .. } => {
                let mut piece = spare.try_recv().unwrap_or_default();
                piece.clear();
                piece.extend_from_slice(bytes);
                // A thread that is gone has panicked, which `sha256` tells.
                let _ = pieces.send(piece);
            }
        }
    }
}

/// Hashes on in a thread, where there is one to be had.
fn beside(all: Sha256) -> Hash {
    let (pieces, waiting) = sync_channel::<Vec<u8>>(PIECES_MAX);
    let (done, spare) = channel();
    let mut on = all.clone();
    let hashing = move || {
        for piece in waiting {
            on.update(&piece);
            let _ = done.send(piece);
        }
        on
    };
    match thread::Builder::new().name("hash".to_owned()).spawn(hashing) {
        Ok(thread) => Hash::Beside { pieces, spare, thread },
        Err(_) => Hash::Here(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_beside_is_the_same() {
        let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
        for piece in [1000, 70_000, 300_000] {
            let (here, aside) = (Tap::new(false), Tap::new(true));
            for part in bytes.chunks(piece) {
                here.pass(part);
                aside.pass(part);
            }
            assert_eq!(aside.bytes(), bytes.len() as u64);
            // Asked twice, and gone on with.
            for _ in 0..2 {
                assert_eq!(aside.sha256(), <[u8; 32]>::from(Sha256::digest(&bytes)));
            }
            here.pass(b"more");
            aside.pass(b"more");
            assert_eq!(aside.sha256(), here.sha256());
        }
    }
}
