//! Snapshots: the chunks of hot sets as bytes, so that a node need not fold two billion devices to start.
//!
//! A snapshot is a sequence of blocks. A block has chunks of one kind, each behind its id, and a checksum; blocks are
//! written one after the other and can be read in any order, by several threads. What is small (rules, settings, overrides)
//! is not in it. What always holds: a block that is not exactly what was written is refused; chunks that were read are
//! equal to those that were written, so nothing shows how hot sets came about.

use super::{
    HotSets,
    bins::Bins,
    details::{MarksChunk, PairsChunk, SubscribersChunk},
    devices::DeviceChunk,
    directory::Directory,
    shelf::{Shelf, Value},
};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a block before it is closed.
const BLOCK_BYTES: usize = 1 << 20;
/// Kind (1) in front, checksum (8) behind.
const KIND_BYTES: usize = 1;
const SUM_BYTES: usize = 8;

/// What the chunks of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum BlockKind {
    Devices = 1,
    Marks = 2,
    Pairs = 3,
    Subscribers = 4,
}

/// A chunk that has a form in bytes.
pub(super) trait Encoded: Sized {
    /// Appends its bytes.
    fn put(&self, out: &mut Vec<u8>);

    /// Takes it from the front of bytes. `None` when they are not one.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

impl HotSets {
    /// Tells every block, in order.
    ///
    /// # Errors
    /// Those of `tell`.
    pub fn blocks<E>(&self, tell: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        blocks_of(BlockKind::Devices, &self.devices, tell)?;
        blocks_of(BlockKind::Marks, &self.marks, tell)?;
        blocks_of(BlockKind::Pairs, &self.pairs, tell)?;
        blocks_of(BlockKind::Subscribers, &self.subscribers, tell)
    }
}

fn blocks_of<V: Clone + Encoded, E>(
    kind: BlockKind,
    chunks: &Directory<V>,
    tell: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut block = vec![kind as u8];
    let close = |block: &mut Vec<u8>, tell: &mut dyn FnMut(&[u8]) -> Result<(), E>| {
        if block.len() == KIND_BYTES {
            return Ok(());
        }
        block.extend(xxh3_64(block).to_le_bytes());
        let told = tell(block);
        block.truncate(KIND_BYTES);
        told
    };
    for (id, chunk) in chunks.iter() {
        block.extend(id.to_le_bytes());
        chunk.put(&mut block);
        if block.len() >= BLOCK_BYTES {
            close(&mut block, tell)?;
        }
    }
    close(&mut block, tell)
}

/// Kind and chunks of a block. `None`: it is not what was written.
pub(super) fn open(block: &[u8]) -> Option<(BlockKind, &[u8])> {
    let (body, sum) = block.split_at_checked(block.len().checked_sub(SUM_BYTES)?)?;
    if xxh3_64(body).to_le_bytes() != *sum {
        return None;
    }
    let (kind, chunks) = body.split_first()?;
    let kind = match kind {
        1 => BlockKind::Devices,
        2 => BlockKind::Marks,
        3 => BlockKind::Pairs,
        4 => BlockKind::Subscribers,
        _ => return None,
    };
    Some((kind, chunks))
}

/// Tells the chunks of a block with their ids. `None` when the bytes are not chunks.
pub(super) fn each<V: Encoded>(mut chunks: &[u8], mut tell: impl FnMut(u64, V)) -> Option<()> {
    while !chunks.is_empty() {
        let id = take_u64(&mut chunks)?;
        tell(id, V::take(&mut chunks)?);
    }
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?))
}

fn take_len(bytes: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(take(bytes, 4)?.try_into().ok()?) as usize)
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend((len as u32).to_le_bytes());
}

impl Encoded for DeviceChunk {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.header().to_le_bytes());
        put_len(out, self.words().len());
        out.extend(self.words().iter().flat_map(|word| word.to_le_bytes()));
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let header = take_u64(bytes)?;
        let count = take_len(bytes)?;
        let words = take(bytes, count.checked_mul(8)?)?.chunks_exact(8);
        let words: Arc<[u64]> = words.filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?))).collect();
        Self::of_parts(header, words)
    }
}

impl<T: Value> Encoded for Shelf<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_len(out, self.units().len());
        put_len(out, self.len());
        out.extend(self.units().iter().flat_map(|unit| unit.to_le_bytes()));
        self.values().iter().for_each(|value| value.put(out));
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (units, values) = (take_len(bytes)?, take_len(bytes)?);
        let units =
            take(bytes, units.checked_mul(2)?)?.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        let units: Box<[u16]> = units.collect();
        let values = take(bytes, values.checked_mul(T::BYTES)?)?.chunks_exact(T::BYTES).map(T::get);
        Self::of_parts(units, values.collect::<Option<_>>()?)
    }
}

impl Encoded for MarksChunk {
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Shelf::take(bytes).map(Arc::new)
    }
}

impl<const N: usize> Encoded for Bins<N> {
    fn put(&self, out: &mut Vec<u8>) {
        put_len(out, self.blob().len());
        out.extend(self.blob());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let count = take_len(bytes)?;
        Self::of_blob(take(bytes, count)?.into())
    }
}

/// A shelf that may be there: one of no values is as none.
fn put_shelf<T: Value>(shelf: Option<&Shelf<T>>, out: &mut Vec<u8>) {
    shelf.unwrap_or(&Shelf::default()).put(out);
}

impl Encoded for PairsChunk {
    fn put(&self, out: &mut Vec<u8>) {
        self.plain().put(out);
        put_shelf(self.others(), out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self::of_parts(Bins::take(bytes)?, Shelf::take(bytes)?))
    }
}

impl Encoded for SubscribersChunk {
    fn put(&self, out: &mut Vec<u8>) {
        self.plain().put(out);
        put_shelf(self.others(), out);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self::of_parts(Bins::take(bytes)?, Shelf::take(bytes)?))
    }
}
