//! Table files of one family, made outside of the database.

use super::super::{cf, open};
use rocksdb::{Cache, DBCompressionType, Error, Options, SstFileWriter};
use std::{collections::BTreeMap, path::PathBuf};

/// The options by which each family's tables are made: as those of its last level, where they will lie.
pub(super) struct TableOptions {
    families: BTreeMap<&'static str, Options>,
    plain: Options,
}

impl TableOptions {
    /// Level of Zstandard. Half as fast at the usual 3 as at 1, for a twentieth less (docs/performance.md).
    const LEVEL: i32 = 1;

    pub(super) fn new() -> Self {
        // Writing reads no cache.
        let cache = Cache::new_lru_cache(0);
        let families = cf::ALL.map(|name| {
            let mut options = open::family_options(name, &cache);
            options.set_compression_type(DBCompressionType::Zstd);
            options.set_bottommost_compression_type(DBCompressionType::Zstd);
            options.set_compression_options(-14, Self::LEVEL, 0, 0);
            (name, options)
        });
        Self { families: families.into_iter().collect(), plain: Options::default() }
    }

    pub(super) fn of(&self, family: &'static str) -> &Options {
        self.families.get(family).unwrap_or(&self.plain)
    }
}

/// A table file that is being written. Keys must ascend.
pub(super) struct Table<'a> {
    family: &'static str,
    path: PathBuf,
    writer: SstFileWriter<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn open(options: &'a Options, family: &'static str, path: PathBuf) -> Result<Self, Error> {
        let writer = SstFileWriter::create(options);
        writer.open(&path)?;
        Ok(Self { family, path, writer })
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.writer.put(key, value)
    }

    /// Ends the file. Gives its family and where it lies.
    pub(super) fn finish(mut self) -> Result<(&'static str, PathBuf), Error> {
        self.writer.finish()?;
        Ok((self.family, self.path))
    }
}
