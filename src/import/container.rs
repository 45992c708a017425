//! Files to bytes: plain text, gzip, zstd, or a zip with one file.
//!
//! A file must be what its suffix says, by its first bytes too: a list that was exported as something else
//! is refused here, before anything is read from it. What always holds: the raw bytes are hashed and
//! counted on their way, and a damaged or truncated archive is an error, never a shorter list.

use super::{error::ImportError, tap::Tap};
use flate2::{Crc, bufread::DeflateDecoder, bufread::MultiGzDecoder};
use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Compressed bytes are read in pieces of this size.
const PIECE_BYTES: usize = 256 << 10;

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A file that has another name for people: an upload.
    Named {
        /// Where it lies.
        path: PathBuf,
        /// What it is called.
        name: Arc<str>,
    },
    /// Standard input, named `-`.
    Stdin,
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path) }
    }
}

impl Input {
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::File(path) => path.to_string_lossy().into(),
            Self::Named { name, .. } => Arc::clone(name),
            Self::Stdin => "-".into(),
        }
    }
}

/// How the bytes of a list are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Plain,
    Gzip,
    Zstd,
    Zip,
}

impl Container {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain text",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }
}

const TEXT_SUFFIXES: [&str; 6] = ["csv", "tsv", "txt", "lst", "list", "dat"];
/// What is no list, also inside an archive.
const FOREIGN_SUFFIXES: [&str; 14] =
    ["xlsx", "xls", "xlsm", "ods", "json", "xml", "pdf", "parquet", "tar", "tgz", "7z", "rar", "doc", "docx"];
const FOREIGN_MAGICS: [(&[u8], &str); 7] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"PAR1", "Parquet"),
];

struct Tapped<R> {
    inner: R,
    tap: Arc<Tap>,
}

impl<R: Read> Read for Tapped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.tap.pass(&buffer[..length]);
        Ok(length)
    }
}

/// An opened list.
pub(super) struct Opened {
    pub(super) name: Arc<str>,
    /// The unpacked bytes.
    pub(super) reader: Box<dyn Read>,
    pub(super) tap: Arc<Tap>,
    /// Size of the raw file, where it is known.
    pub(super) size: Option<u64>,
    packed: bool,
    /// Size and hash of a zip, which is not read from end to end.
    whole: Option<(u64, [u8; 32])>,
}

impl Opened {
    /// Opens a list; `beside`: its bytes are hashed by a thread of their own.
    pub(super) fn open(input: &Input, beside: bool) -> Result<Self, ImportError> {
        let name = input.name();
        match input {
            Input::Stdin => Self::stream(name, None, io::stdin().lock(), None, beside),
            Input::File(path) | Input::Named { path, .. } => {
                let suffix = suffix_container(&name, Path::new(&*name))?;
                let unreadable = |source| ImportError::Unreadable { file: name.clone(), source };
                let file = File::open(path).map_err(unreadable)?;
                let size = file.metadata().map_err(unreadable)?;
                let size = size.is_file().then_some(size.len());
                Self::stream(name, size, file, suffix, beside)
            }
        }
    }

    fn stream(
        name: Arc<str>,
        size: Option<u64>,
        mut raw: impl IntoFile,
        suffix: Option<Container>,
        beside: bool,
    ) -> Result<Self, ImportError> {
        let mut head = Vec::new();
        raw.by_ref()
            .take(16)
            .read_to_end(&mut head)
            .map_err(|source| ImportError::Unreadable { file: name.clone(), source })?;
        let found = container_of(&name, &head, suffix)?;
        if found == Container::Zip {
            return Self::zip(name, raw.into_file().ok_or(ImportError::ZipStdin)?);
        }
        let tap = Tap::new(beside);
        let tapped = Tapped { inner: Cursor::new(head).chain(raw), tap: tap.clone() };
        let damaged = |error: io::Error| ImportError::Damaged { file: name.clone(), reason: error.to_string() };
        let reader: Box<dyn Read> = match found {
            Container::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(PIECE_BYTES, tapped))),
            Container::Zstd => {
                let pieces = BufReader::with_capacity(PIECE_BYTES, tapped);
                Box::new(zstd::stream::read::Decoder::with_buffer(pieces).map_err(damaged)?)
            }
            Container::Plain | Container::Zip => Box::new(tapped),
        };
        Ok(Self { name, reader, tap, size, packed: found != Container::Plain, whole: None })
    }

    fn zip(name: Arc<str>, mut file: File) -> Result<Self, ImportError> {
        let failed = |reason: String| ImportError::Damaged { file: name.clone(), reason };
        let whole = digest(&mut file).map_err(|error| failed(error.to_string()))?;
        let entry = only_entry(&name, &file)?;
        file.seek(SeekFrom::Start(entry.start)).map_err(|error| failed(error.to_string()))?;
        let tap = Tap::new(false);
        let tapped = Tapped { inner: file.take(entry.packed_bytes), tap: tap.clone() };
        let packed = BufReader::with_capacity(PIECE_BYTES, tapped);
        let inner: Box<dyn Read> =
            if entry.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        let reader = Box::new(Checked { inner, crc: Crc::new(), entry });
        Ok(Self { name, reader, tap, size: Some(entry.packed_bytes), packed: true, whole: Some(whole) })
    }

    /// What an error of the reader means.
    pub(super) fn failed(&self, error: io::Error) -> ImportError {
        let file = self.name.clone();
        if self.packed {
            ImportError::Damaged { file, reason: error.to_string() }
        } else {
            ImportError::Unreadable { file, source: error }
        }
    }

    /// Size and SHA-256 of the raw file, once its end was reached.
    pub(super) fn seal(&self) -> (u64, [u8; 32]) {
        self.whole.unwrap_or_else(|| (self.tap.bytes(), self.tap.sha256()))
    }
}

/// What can be read, and perhaps is a file in which one can seek.
trait IntoFile: Read + 'static {
    fn into_file(self) -> Option<File>;
}

impl IntoFile for File {
    fn into_file(self) -> Option<File> {
        Some(self)
    }
}

impl IntoFile for io::StdinLock<'static> {
    fn into_file(self) -> Option<File> {
        None
    }
}

/// What the suffix says. `None` without one: then the first bytes decide.
fn suffix_container(name: &Arc<str>, path: &Path) -> Result<Option<Container>, ImportError> {
    let lower = |path: &Path| path.extension().map(|suffix| suffix.to_string_lossy().to_ascii_lowercase());
    let Some(suffix) = lower(path) else { return Ok(None) };
    let container = match suffix.as_str() {
        "gz" => Container::Gzip,
        "zst" => Container::Zstd,
        "zip" => Container::Zip,
        text if TEXT_SUFFIXES.contains(&text) => Container::Plain,
        _ => return Err(ImportError::Suffix { file: name.clone(), suffix }),
    };
    let inner = path.file_stem().and_then(|stem| lower(Path::new(stem)));
    match inner {
        Some(suffix) if container != Container::Plain && FOREIGN_SUFFIXES.contains(&suffix.as_str()) => {
            Err(ImportError::Suffix { file: name.clone(), suffix })
        }
        _ => Ok(Some(container)),
    }
}

/// What the first bytes say, where it agrees with the suffix.
fn container_of(name: &Arc<str>, head: &[u8], suffix: Option<Container>) -> Result<Container, ImportError> {
    let mismatch = |says, found| Err(ImportError::Mismatch { file: name.clone(), says, found });
    let says = suffix.map_or("a list", Container::name);
    if let Some((_, found)) = FOREIGN_MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return mismatch(says, found);
    }
    let found = if head.starts_with(b"\x1f\x8b") {
        Container::Gzip
    } else if head.starts_with(b"\x28\xb5\x2f\xfd") {
        Container::Zstd
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Container::Zip
    } else {
        Container::Plain
    };
    match suffix {
        Some(suffix) if suffix != found => {
            // A workbook is a zip: say so to the person who renamed it.
            mismatch(says, if found == Container::Zip { "zip (or an Excel workbook)" } else { found.name() })
        }
        _ => Ok(found),
    }
}

fn digest(file: &mut File) -> io::Result<(u64, [u8; 32])> {
    file.seek(SeekFrom::Start(0))?;
    let tap = Tap::new(false);
    io::copy(&mut Tapped { inner: file, tap: tap.clone() }, &mut io::sink())?;
    Ok((tap.bytes(), tap.sha256()))
}

/// Where the one file of a zip lies.
#[derive(Clone, Copy)]
struct Entry {
    start: u64,
    packed_bytes: u64,
    bytes: u64,
    crc: u32,
    deflated: bool,
}

fn only_entry(name: &Arc<str>, file: &File) -> Result<Entry, ImportError> {
    let failed = |reason: String| ImportError::Damaged { file: name.clone(), reason };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| failed(error.to_string()))?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        if archive.by_index_raw(index).map_err(|error| failed(error.to_string()))?.is_file() {
            files.push(index);
        }
    }
    let [only] = files[..] else {
        return Err(ImportError::ZipFiles { file: name.clone(), count: files.len() });
    };
    let entry = archive.by_index_raw(only).map_err(|error| failed(error.to_string()))?;
    let inner = entry.name().map(|name| name.into_owned()).unwrap_or_default();
    if let Some(suffix) = Path::new(&inner).extension().map(|suffix| suffix.to_string_lossy().to_ascii_lowercase())
        && !TEXT_SUFFIXES.contains(&suffix.as_str())
    {
        return Err(ImportError::Suffix { file: format!("{name}: {inner}").into(), suffix });
    }
    let deflated = match entry.compression() {
        _ if entry.encrypted() => return Err(failed("the file in it is encrypted".to_owned())),
        zip::CompressionMethod::Stored => false,
        zip::CompressionMethod::Deflated => true,
        other => return Err(failed(format!("compression {other} is not supported, use deflate"))),
    };
    let start = entry.data_start().ok_or_else(|| failed("the file in it has no data".to_owned()))?;
    Ok(Entry { start, packed_bytes: entry.compressed_size(), bytes: entry.size(), crc: entry.crc32(), deflated })
}

/// Compares size and CRC of the one file of a zip at its end.
struct Checked {
    inner: Box<dyn Read>,
    crc: Crc,
    entry: Entry,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.crc.update(&buffer[..length]);
        if length == 0 && !buffer.is_empty() {
            let size_fits = u64::from(self.crc.amount()) == self.entry.bytes & u64::from(u32::MAX);
            if !size_fits || self.crc.sum() != self.entry.crc {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "size or CRC-32 of the file in the zip differ"));
            }
        }
        Ok(length)
    }
}
