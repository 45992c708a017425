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
}

/// Looks at a directory without changing it.
///
/// # Errors
/// When what lies there is not ours, newer, or lacks a part.
pub(super) fn look(path: &Path) -> Result<Found, StoreError> {
    if !path.join("CURRENT").exists() {
        return match table_or_log(path) {
            Some(name) => Err(StoreError::damaged(path, format!("{name} is there, but the file CURRENT is missing"))),
            None => Ok(Found::Nothing),
        };
    }
    let on_disk = DB::list_cf(&Options::default(), path).map_err(|error| open::open_error(path, &error, true))?;
    let is_ours = |name: &str| cf::ALL.contains(&name);
    let missing = cf::ALL.into_iter().find(|name| !on_disk.iter().any(|found| found == name));
    let strange = on_disk.iter().find(|name| *name != DEFAULT && !is_ours(name));
    match (missing, strange) {
        (None, None) => Ok(Found::Register),
        _ => peek(path, &on_disk, missing, strange),
    }
}

/// RocksDB's own family. It is always there and nothing of ours is in it.
const DEFAULT: &str = "default";

/// A table or a log of RocksDB: where one is, there was a database.
fn table_or_log(path: &Path) -> Option<String> {
    let names = std::fs::read_dir(path).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names = names.filter(|name| {
        let digits = name.strip_suffix(".sst").or_else(|| name.strip_suffix(".log"));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    });
    names.next()
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
        open::check_known(path, &format)?;
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
