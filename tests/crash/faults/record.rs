//! The record of what a process did to the files below a directory, and the library that makes it (`record.c`).

use super::disk;
use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
};
use tempfile::TempDir;

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// Number of the opening, where the step goes to an open file.
    pub(crate) file: u64,
    /// Path, where the step goes to a name.
    pub(crate) path: String,
}

/// What was done.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Open {
        created: bool,
        truncated: bool,
        is_folder: bool,
    },
    Write {
        at: usize,
        bytes: Arc<Vec<u8>>,
    },
    Length(usize),
    Sync,
    SyncFailed,
    Rename {
        to: String,
    },
    Link {
        to: String,
    },
    Unlink,
    MakeFolder,
    /// Words on standard output, or those that the test adds: an acknowledgement.
    Told(String),
    /// A call was made to fail: which one.
    Failed(String),
}

/// A directory whose changes are recorded.
pub(crate) struct Recorded {
    outside: TempDir,
    root: PathBuf,
    before: disk::Disk,
}

impl Recorded {
    /// Records what happens below a directory from now on.
    pub(crate) fn begin(root: &Path) -> Self {
        let root = root.canonicalize().unwrap();
        let before = disk::Disk::load(&root);
        Self { outside: tempfile::tempdir().unwrap(), root, before }
    }

    fn log(&self) -> PathBuf {
        self.outside.path().join("record")
    }

    /// Makes a command leave its record here. `fail` is the fault that it meets; empty: none.
    pub(crate) fn watch<'a>(&self, command: &'a mut Command, fail: &str) -> &'a mut Command {
        if !fail.is_empty() {
            command.env("FAULTS_FAIL", fail);
        }
        command.env("LD_PRELOAD", library()).env("FAULTS_ROOT", &self.root).env("FAULTS_LOG", self.log())
    }

    /// Writes down that something was acknowledged by now.
    pub(crate) fn told(&self, words: &str) {
        let mut record = vec![b'A'];
        record.extend([0; 20]);
        record.extend((words.len() as u32).to_le_bytes());
        record.extend([0; 4]);
        record.extend(words.as_bytes());
        fs::OpenOptions::new().append(true).open(self.log()).unwrap().write_all(&record).unwrap();
    }

    /// What was there before the first step.
    pub(crate) fn before(&self) -> disk::Disk {
        self.before.clone()
    }

    /// The steps so far. Taken one after the other they lead to what lies in the directory: nothing was missed.
    pub(crate) fn ops(&self) -> Vec<Op> {
        let ops = read(&fs::read(self.log()).unwrap());
        let mut disk = self.before();
        ops.iter().for_each(|op| disk.take(op));
        let (replayed, there) =
            (disk.left(disk::Loss::Nothing), disk::Disk::load(&self.root).left(disk::Loss::Nothing));
        assert_eq!(replayed.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>(), "names were changed unseen");
        for (path, bytes) in &there {
            assert!(replayed[path] == *bytes, "{} was changed unseen", path.display());
        }
        ops
    }
}

/// The library, built once for all tests of this process.
fn library() -> &'static OsStr {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record.so");
        // Held in here: a build that several checkouts share may have been made in another one.
        let source = directory.path().join("record.c");
        fs::write(&source, include_str!("record.c")).unwrap();
        let options = ["-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o"];
        let built = Command::new("cc").args(options).arg(&path).arg(source).status().unwrap();
        assert!(built.success(), "cc cannot build the recorder");
        (directory, path)
    });
    path.as_os_str()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        u32::from_le_bytes(self.take(4).try_into().unwrap()) as usize
    }

    fn long(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }
}

fn read(bytes: &[u8]) -> Vec<Op> {
    let mut reader = Reader(bytes);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut ops = Vec::new();
    while !reader.0.is_empty() {
        let kind = reader.take(1)[0];
        let (file, offset, flags) = (reader.long(), reader.long() as usize, reader.number());
        let lengths = (reader.number(), reader.number());
        let (one, two) = (reader.take(lengths.0), text(reader.take(lengths.1)));
        let has = |flag: usize| flags & flag != 0;
        let path = if matches!(kind, b'W' | b'A') { String::new() } else { text(one) };
        let kind = match kind {
            b'O' => Kind::Open { created: has(1), truncated: has(2), is_folder: has(4) },
            b'W' => Kind::Write { at: offset, bytes: Arc::new(one.to_vec()) },
            b'T' => Kind::Length(offset),
            b'S' => Kind::Sync,
            b'F' => Kind::SyncFailed,
            b'R' => Kind::Rename { to: two },
            b'L' => Kind::Link { to: two },
            b'U' => Kind::Unlink,
            b'M' => Kind::MakeFolder,
            b'A' => Kind::Told(text(one)),
            b'X' => Kind::Failed(format!("{} {two}", text(one))),
            other => panic!("{other} is no kind of step"),
        };
        ops.push(Op { kind, file, path });
    }
    ops
}
