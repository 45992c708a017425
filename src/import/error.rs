//! Why an import is refused as a whole.
//!
//! What always holds: an [`ImportError`] means that nothing was returned, hence nothing can change. Each
//! message names the file, what was found, the rule, and what to do.

use super::{
    gathered::Counts,
    kind::{Kind, Mode},
    rejects::Reject,
};
use crate::listing::Door;
use std::{io, path::PathBuf, sync::Arc};

/// Why an import is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No file was named.
    #[error("no list to import: name at least one file, or - for standard input")]
    NoInput,
    /// `-` was named more than once.
    #[error("standard input (-) can be read once only")]
    StdinTwice,
    /// A file cannot be opened or read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// What the system says.
        source: io::Error,
    },
    /// The suffix of a file is not one of a list.
    #[error(
        "{file}: the suffix {suffix:?} is not one of a list; known are .csv, .tsv, .txt, .lst, .list, .dat, .gz, .zst and .zip with one file. Export the list as CSV in UTF-8"
    )]
    Suffix {
        /// The file.
        file: Arc<str>,
        /// The suffix without its dot.
        suffix: String,
    },
    /// The first bytes of a file are not what its suffix says.
    #[error("{file}: the suffix says {says}, the first bytes say {found}: rename the file, or export it again")]
    Mismatch {
        /// The file.
        file: Arc<str>,
        /// What the suffix says.
        says: &'static str,
        /// What the first bytes say.
        found: &'static str,
    },
    /// A zip does not hold exactly one file.
    #[error("{file}: the zip holds {count} files; it must hold exactly one list")]
    ZipFiles {
        /// The file.
        file: Arc<str>,
        /// How many it holds.
        count: usize,
    },
    /// A zip on standard input.
    #[error("a zip cannot be read from standard input: name the file, or unpack it first")]
    ZipStdin,
    /// An archive is cut short or damaged.
    #[error("{file}: the archive is damaged or cut short ({reason}): get the file again")]
    Damaged {
        /// The file.
        file: Arc<str>,
        /// What the decoder says.
        reason: String,
    },
    /// UTF-16 or UTF-32 text.
    #[error("{file}: the text is UTF-16; save it as UTF-8")]
    Utf16 {
        /// The file.
        file: Arc<str>,
    },
    /// A zero byte.
    #[error(
        "{file}: a zero byte after line {line}: this is binary data or UTF-16 text; export the list as CSV in UTF-8"
    )]
    ZeroByte {
        /// The file.
        file: Arc<str>,
        /// Whole lines before the block that holds it.
        line: u64,
    },
    /// Control characters that no text has.
    #[error("{file}: byte {byte:#04x} at offset {offset}: this is binary data; export the list as CSV in UTF-8")]
    Binary {
        /// The file.
        file: Arc<str>,
        /// The byte.
        byte: u8,
        /// Where it stands, from 0.
        offset: usize,
    },
    /// Lines end in a lone carriage return.
    #[error("{file}: lines end in a lone carriage return (old Macintosh text); save it with LF or CRLF line ends")]
    LoneCarriageReturn {
        /// The file.
        file: Arc<str>,
    },
    /// Nothing is in the file, not even a header.
    #[error("{file}: the file is empty, not even a header is in it")]
    Empty {
        /// The file.
        file: Arc<str>,
    },
    /// No header is recognised.
    #[error("{file}: no header is recognised for a list of kind {kind}. Found: {found:?}. Known headers: {known}")]
    NoHeader {
        /// The file.
        file: Arc<str>,
        /// What was asked for.
        kind: Kind,
        /// The first line, cut and masked.
        found: String,
        /// What is known.
        known: &'static str,
    },
    /// The header lacks a column that the kind needs.
    #[error("{file}: a list of kind {kind} needs a column {missing}. Found: {found}. Known headers: {known}")]
    MissingColumn {
        /// The file.
        file: Arc<str>,
        /// What was asked for.
        kind: Kind,
        /// The column, with its other names.
        missing: &'static str,
        /// The columns that were found.
        found: String,
        /// What is known.
        known: &'static str,
    },
    /// Two columns of the header say the same.
    #[error("{file}: the columns {first:?} and {second:?} of the header mean the same: keep one")]
    RepeatedColumn {
        /// The file.
        file: Arc<str>,
        /// The first.
        first: String,
        /// The second.
        second: String,
    },
    /// A delta without `change_type`.
    #[error("{file}: mode delta needs a column change_type (add, remove, update). Found: {found}")]
    NoChangeType {
        /// The file.
        file: Arc<str>,
        /// The columns that were found.
        found: String,
    },
    /// A `change_type` column where nothing would obey it.
    #[error(
        "{file}: a column change_type is obeyed in mode delta only, and mode {mode} would list what it removes: use --mode delta, or drop the column"
    )]
    UnaskedChangeType {
        /// The file.
        file: Arc<str>,
        /// The mode.
        mode: Mode,
    },
    /// A list of temporary devices without any end date.
    #[error("{file}: a list of kind temporary needs end dates: a column valid_until, or the option --valid-until DATE")]
    NoEndDate {
        /// The file.
        file: Arc<str>,
    },
    /// A door through which such entries do not come.
    #[error("entries of kind {kind} do not come through the door {door}; they come through: {}", .kind.doors().iter().map(|door| door.name()).collect::<Vec<_>>().join(", "))]
    Door {
        /// The kind.
        kind: Kind,
        /// The door.
        door: Door,
    },
    /// An option that means nothing for a kind.
    #[error("{option} means nothing for a list of kind {kind}: leave it out")]
    Option {
        /// The option.
        option: &'static str,
        /// The kind.
        kind: Kind,
    },
    /// The name of an operator in the options is not one.
    #[error("--operator {value:?}: {rule}")]
    Operator {
        /// The value.
        value: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The rejects file cannot be written.
    #[error("{}: the rejects cannot be written: {source}", .path.display())]
    Rejects {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The rejects file is one of the lists.
    #[error("{}: the rejects would overwrite a list that is being imported: name another file", .path.display())]
    RejectsOverInput {
        /// The file.
        path: PathBuf,
    },
    /// More lines than one import with attributes can hold.
    #[error("the lists have more than {} lines: import them in several parts", u32::MAX)]
    TooManyLines,
    /// Rows on their way could not be kept in a file, or not read back.
    #[error("rows that are being sorted cannot be kept on disk: {0}. Check disk and space, then try again")]
    Sorting(#[from] io::Error),
    /// Rows were rejected, and all or nothing was asked for.
    #[error("{} of {} rows are rejected and all or nothing was asked for: nothing is imported. First: {}", .counts.rejected, .counts.rows, .sample.first().map(ToString::to_string).unwrap_or_default())]
    AllOrNothing {
        /// How many rows of each fate.
        counts: Counts,
        /// The first rejects.
        sample: Vec<Reject>,
    },
    /// The import was interrupted.
    #[error("the import was interrupted: nothing is imported")]
    Cancelled,
}
