//! The snapshot of the hot sets beside a register: what a node reads to start, if it can be trusted.
//!
//! It names the entry at which it was made by epoch, number and root of the journal's tree, so that one of another
//! register, or of another history of this one, is not taken. Later entries are folded over it. What always holds: a
//! snapshot that is damaged, foreign or of another build's form is passed over, and the register is read instead; a
//! snapshot changes how soon a node is ready, and nothing else.

use crate::{
    hot::{Builder, HotSets},
    registry,
    revision::Revision,
    store::{Store, StoreError},
    tree,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// The file, beside those of the register.
const FILE: &str = "HOT";
/// Its first bytes. Another number with every change of the forms in memory.
const MAGIC: &[u8; 13] = b"saring hot 3\n";
/// Magic, epoch (4), seq (8), root (32).
const HEAD_BYTES: usize = MAGIC.len() + 4 + 8 + 32;
/// A block's length stands in front of it; 0 ends the file.
const LENGTH_BYTES: u64 = 4;
/// No block is longer: one chunk above a mebibyte.
const BLOCK_BYTES_MAX: u32 = 64 << 20;

/// Writes the snapshot of hot sets of this register, in the place of an older one. Gives its bytes.
///
/// # Errors
/// When it cannot be written. The older one is left then.
pub fn keep(store: &Store, hot: &HotSets) -> Result<u64, StoreError> {
    let head = head(store, hot.revision())?;
    let path = store.path().join(FILE);
    let next = store.path().join(format!("{FILE}.next"));
    write(&next, &head, hot)
        .and_then(|bytes| {
            fs::rename(&next, &path)?;
            File::open(store.path())?.sync_all()?;
            Ok(bytes)
        })
        .map_err(|error| StoreError::Copy { to: path, reason: error.to_string() })
}

fn head(store: &Store, revision: Revision) -> Result<[u8; HEAD_BYTES], StoreError> {
    let mut head = [0; HEAD_BYTES];
    let (magic, rest) = head.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    rest[..4].copy_from_slice(&revision.epoch.to_be_bytes());
    rest[4..12].copy_from_slice(&revision.seq.to_be_bytes());
    rest[12..].copy_from_slice(&tree::head_at(revision.seq, store)?.root);
    Ok(head)
}

fn write(path: &Path, head: &[u8], hot: &HotSets) -> io::Result<u64> {
    // It has numbers of persons in it, as the register has.
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(head)?;
    let mut bytes = head.len() as u64 + LENGTH_BYTES;
    hot.blocks(&mut |block| {
        bytes += LENGTH_BYTES + block.len() as u64;
        out.write_all(&(block.len() as u32).to_be_bytes())?;
        out.write_all(block)
    })?;
    out.write_all(&[0; LENGTH_BYTES as usize])?;
    out.into_inner()?.sync_all()?;
    Ok(bytes)
}

/// The hot sets of the register's newest entry, by its snapshot, and how many entries that was behind. `None`: there is
/// none that can be trusted.
///
/// # Errors
/// When the store is damaged.
pub(super) fn read(store: &Store) -> Result<Option<(HotSets, u64)>, StoreError> {
    let Ok(file) = File::open(store.path().join(FILE)) else { return Ok(None) };
    let Some(revision) = named(store, &file)? else { return Ok(None) };
    let Some(mut builder) = blocks(&file).and_then(|blocks| build(&file, &blocks)) else {
        tracing::warn!("the snapshot of the hot sets is damaged and passed over: the register is read instead");
        return Ok(None);
    };
    super::add_small(store, &mut builder)?;
    let settings = Arc::new(registry::timeline(store, store.applied().seq)?);
    let hot = registry::catch_up(store, &builder.finish(revision, settings))?;
    Ok(Some((hot, store.applied().seq - revision.seq)))
}

/// The entry at which a snapshot of this register was made.
fn named(store: &Store, file: &File) -> Result<Option<Revision>, StoreError> {
    let mut found = [0; HEAD_BYTES];
    if file.read_exact_at(&mut found, 0).is_err() {
        return Ok(None);
    }
    let number = |from: usize, to: usize| found[from..to].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let applied = store.applied();
    let seq = number(MAGIC.len() + 4, MAGIC.len() + 12);
    // Of an earlier epoch it would be of another history; a later entry is of none.
    let of_this = seq <= applied.seq && head(store, Revision { seq, ..applied })? == found;
    Ok(of_this.then_some(Revision { seq, ..applied }))
}

/// Where the blocks lie. `None`: the file does not end as it should.
fn blocks(file: &File) -> Option<Vec<(u64, u32)>> {
    let mut at = HEAD_BYTES as u64;
    let mut blocks = Vec::new();
    loop {
        let mut length = [0; LENGTH_BYTES as usize];
        file.read_exact_at(&mut length, at).ok()?;
        at += LENGTH_BYTES;
        let length = u32::from_be_bytes(length);
        if length == 0 {
            return (file.metadata().ok()?.len() == at).then_some(blocks);
        }
        if length > BLOCK_BYTES_MAX {
            return None;
        }
        blocks.push((at, length));
        at += u64::from(length);
    }
}

/// Reads all blocks on all cores.
fn build(file: &File, blocks: &[(u64, u32)]) -> Option<Builder> {
    let (next, wrong) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let (mut builder, mut bytes) = (Builder::new(), Vec::new());
        while !wrong.load(Ordering::Relaxed)
            && let Some((at, length)) = blocks.get(next.fetch_add(1, Ordering::Relaxed))
        {
            bytes.resize(*length as usize, 0);
            let whole = file.read_exact_at(&mut bytes, *at).is_ok();
            if !whole || builder.block(&bytes).is_none() {
                wrong.store(true, Ordering::Relaxed);
            }
        }
        builder
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let builder = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut builder = work();
        for other in others {
            builder.join(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        builder
    });
    (!wrong.into_inner()).then_some(builder)
}

#[cfg(test)]
mod tests;
