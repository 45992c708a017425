//! What lies in a data directory, found out before RocksDB may write a byte of it.
//!
//! RocksDB opened to write would add our column families to somebody else's database, put a family that was lost
//! back without its rows, and begin anew where only its first file is missing. So the directory is looked at first.

use super::{FORMAT, Store, StoreError, cf, open};
use rocksdb::{ColumnFamilyDescriptor, DB, IteratorMode, Options};
use std::path::Path;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No database: a register may be made here.
    Nothing,
    /// A database of ours that never got its first entry: as good as nothing.
    Unfinished,
    /// A database with exactly our column families.
    Register,
    /// A register of an earlier format, which lacks the families that came later.
    Older,
}

impl Found {
    /// Whether families may be made when it is opened.
    pub(super) const fn may_grow(self) -> bool {
        !matches!(self, Self::Register)
    }

    /// Whether a register lies there.
    pub(super) const fn is_register(self) -> bool {
        matches!(self, Self::Register | Self::Older)
    }
}

/// Looks at a directory without changing it.
///
/// # Errors
/// When what lies there is not ours, newer, or lacks a part.
pub(super) fn look(path: &Path) -> Result<Found, StoreError> {
    if path.exists() && !path.is_dir() {
        return Err(StoreError::NotADirectory { path: path.to_owned() });
    }
    if !path.join("CURRENT").exists() {
        if has_table_or_log(path) {
            return Err(StoreError::damaged(path, "tables or logs are there, but the file CURRENT is missing"));
        }
        return Ok(Found::Nothing);
    }
    check_manifest(path)?;
    let on_disk = DB::list_cf(&Options::default(), path).map_err(|error| open::open_error(path, &error, true))?;
    let is_ours = |name: &str| cf::ALL.contains(&name);
    let missing = cf::ALL.into_iter().find(|name| !on_disk.iter().any(|found| found == name));
    let strange = on_disk.iter().find(|name| *name != DEFAULT && !is_ours(name));
    match (missing, strange) {
        (None, None) => Ok(Found::Register),
        _ => peek(path, &on_disk, missing, strange),
    }
}

/// Bytes of a block of RocksDB's logs, and of the head of a record: checksum (4), length (2), type (1).
const BLOCK_BYTES: usize = 32 << 10;
const RECORD_HEAD_BYTES: usize = 7;
/// Types of records in files that are used again. RocksDB reads on for ever where such a one stands in a manifest and is damaged, and
/// writes none of them there: one flipped bit makes one of a whole record.
const RECYCLED: std::ops::RangeInclusive<u8> = 5..=8;

/// Refuses a manifest that RocksDB would not come back from. What cannot be read here is RocksDB's to name.
fn check_manifest(path: &Path) -> Result<(), StoreError> {
    let Ok(name) = std::fs::read_to_string(path.join("CURRENT")) else { return Ok(()) };
    let Ok(bytes) = std::fs::read(path.join(name.trim_end())) else { return Ok(()) };
    for (number, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
        let mut at = 0;
        while let Some(head) = block.get(at..at + RECORD_HEAD_BYTES) {
            let (length, kind) = (usize::from(u16::from_le_bytes([head[4], head[5]])), head[6]);
            if RECYCLED.contains(&kind) {
                let place = number * BLOCK_BYTES + at;
                let what = format!("{} has a record of an unknown type at byte {place}", name.trim_end());
                return Err(StoreError::damaged(path, what));
            }
            at += RECORD_HEAD_BYTES + length;
        }
    }
    Ok(())
}

/// RocksDB's own family. It is always there and nothing of ours is in it.
const DEFAULT: &str = "default";

/// Whether a table or a log of RocksDB is there: then there was a database.
pub(super) fn has_table_or_log(path: &Path) -> bool {
    let names = std::fs::read_dir(path).into_iter().flatten();
    let mut names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.any(|name| {
        let digits = name.strip_suffix(".sst").or_else(|| name.strip_suffix(".log"));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Tells a database with other families than ours from one that was never finished.
fn peek(
    path: &Path,
    on_disk: &[String],
    missing: Option<&'static str>,
    strange: Option<&String>,
) -> Result<Found, StoreError> {
    let families = on_disk.iter().map(|name| ColumnFamilyDescriptor::new(name, Options::default()));
    let db = DB::open_cf_descriptors_read_only(&Options::default(), path, families, false)
        .map_err(|error| open::open_error(path, &error, true))?;
    let format = db.cf_handle(cf::META).map(|meta| db.get_cf(meta, open::META_FORMAT)).transpose();
    let format = format.map_err(|error| StoreError::damaged(path, error.to_string()))?.flatten();
    if let Some(format) = format {
        let format = open::check_known(path, &format)?;
        let is_later = |name: &str| match format {
            1 => cf::SINCE_2.contains(&name) || cf::SINCE_3.contains(&name),
            _ => cf::SINCE_3.contains(&name),
        };
        let has_its_own = cf::ALL.iter().all(|name| is_later(name) || on_disk.iter().any(|found| found == name));
        if format < FORMAT && strange.is_none() && has_its_own {
            return Ok(Found::Older);
        }
        let what = match (missing, strange) {
            (Some(missing), _) => format!("column family {missing:?} is missing"),
            (None, strange) => format!("column family {:?} is not of format {FORMAT}", strange.map_or("", |s| s)),
        };
        return Err(StoreError::damaged(path, what));
    }
    if strange.is_some() || !is_empty(path, &db, on_disk)? {
        return Err(StoreError::NotARegister { path: path.to_owned() });
    }
    Ok(Found::Unfinished)
}

fn is_empty(path: &Path, db: &DB, families: &[String]) -> Result<bool, StoreError> {
    for name in families {
        let Some(family) = db.cf_handle(name) else { continue };
        if let Some(row) = db.iterator_cf(family, IteratorMode::Start).next() {
            row.map_err(|error| StoreError::damaged(path, error.to_string()))?;
            return Ok(false);
        }
    }
    Ok(true)
}

impl Store {
    /// Whether no family of ours has a row.
    pub(super) fn is_blank(&self) -> Result<bool, StoreError> {
        is_empty(&self.path, &self.db, &cf::ALL.map(str::to_owned))
    }
}
