//! Damage: a clear error, or the whole register; never a panic, and never a shorter register without a word.

use crate::{
    fixture::{Fixture, List, copy, digest, kill_at, saring, stop_at, succeed, text, without_path},
    moments::random,
};
use rocksdb::{ColumnFamilyDescriptor, DB, Options};
use saring::{
    registry::{Registry, verify},
    store::{OpenMode, Store},
};
use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Places that are damaged in each kind of file.
const PLACES: u64 = 24;

/// Registers to damage, and what is in them.
struct Damageable {
    register: TempDir,
    digest: String,
}

impl Damageable {
    /// Everything lies in table files.
    fn in_tables(fixture: &Fixture) -> Self {
        let register = fixture.base();
        succeed(&mut fixture.import(List::Small, register.path()));
        Self { digest: digest(register.path()), register }
    }

    /// The newest import lies in the write-ahead log only.
    fn in_log(fixture: &Fixture) -> Self {
        let register = fixture.base();
        kill_at(&mut fixture.import(List::Small, register.path()), "import-after-activate", 1);
        Self { digest: digest(register.path()), register }
    }

    fn files(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let names = fs::read_dir(self.register.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string());
        let mut names: Vec<String> = names.map(Result::unwrap).filter(|name| is_wanted(name)).collect();
        names.sort();
        assert!(!names.is_empty());
        names
    }

    /// Damages a copy of one file and opens the register in both ways.
    fn damaged(&self, what: &str, file: &str, damage: impl Fn(&Path)) -> Outcome {
        let data = copy(self.register.path());
        damage(&data.path().join(file));
        let read = self.outcome(what, Store::open(data.path(), OpenMode::Read).map_err(|error| error.to_string()));
        let written = Registry::open(data.path(), true).map_err(|error| error.to_string());
        let written = self.outcome(
            what,
            written.and_then(|(registry, _)| {
                registry.store().flush().map_err(|error| error.to_string())?;
                drop(registry);
                Store::open(data.path(), OpenMode::Read).map_err(|error| error.to_string())
            }),
        );
        Outcome { read, written }
    }

    /// The error, where the register is refused; else it is whole.
    fn outcome(&self, what: &str, store: Result<Store, String>) -> Option<String> {
        let verified = store.and_then(|store| verify(&store).map_err(|error| error.to_string()));
        match verified {
            Ok(verified) => {
                assert_eq!(verified.digest.to_string(), self.digest, "{what}: another register, without a word");
                None
            }
            Err(told) => Some(told),
        }
    }
}

/// What two processes are told of a damaged register; `None` where it is whole.
struct Outcome {
    read: Option<String>,
    written: Option<String>,
}

impl Outcome {
    fn refused(&self) -> u64 {
        u64::from(self.read.is_some() || self.written.is_some())
    }
}

fn flip(path: &Path, at: u64, bit: u8) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1 << bit], at).unwrap();
}

fn truncate(path: &Path, bytes: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(bytes).unwrap();
}

fn size(register: &Damageable, file: &str) -> u64 {
    fs::metadata(register.register.path().join(file)).unwrap().len()
}

/// Flips a bit at many places of some files. Gives how many registers were refused.
fn flip_many(register: &Damageable, files: &[String]) -> u64 {
    let mut random = random();
    (0..PLACES)
        .map(|_| {
            let file = &files[random.below(files.len() as u64) as usize];
            let (at, bit) = (random.below(size(register, file).max(1)), random.below(8) as u8);
            if size(register, file) == 0 {
                return 0;
            }
            register.damaged(&format!("bit {bit} of byte {at} of {file}"), file, |path| flip(path, at, bit)).refused()
        })
        .sum()
}

/// Cuts a file at many places. Gives how many registers were refused.
fn cut_many(register: &Damageable, file: &str) -> u64 {
    let bytes = size(register, file);
    (0..PLACES)
        .map(|n| {
            let left = bytes * n / PLACES;
            register
                .damaged(&format!("{file} cut after {left} of {bytes} bytes"), file, |path| truncate(path, left))
                .refused()
        })
        .sum()
}

fn is_table(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "sst")
}

fn is_log(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "log")
}

fn is_manifest(name: &str) -> bool {
    name.starts_with("MANIFEST-")
}

#[test]
fn a_flipped_bit_in_a_table_is_found() {
    let register = Damageable::in_tables(&Fixture::new(&[List::Small]));
    assert!(flip_many(&register, &register.files(is_table)) > 0);
}

#[test]
fn a_flipped_bit_in_the_log_is_found() {
    let register = Damageable::in_log(&Fixture::new(&[List::Small]));
    assert!(flip_many(&register, &register.files(is_log)) > PLACES / 2);
}

#[test]
fn a_flipped_bit_in_the_manifest_is_found() {
    let register = Damageable::in_tables(&Fixture::new(&[List::Small]));
    assert!(flip_many(&register, &register.files(is_manifest)) > PLACES / 2);
}

#[test]
fn a_log_or_manifest_that_lost_its_end_is_found() {
    let fixture = Fixture::new(&[List::Small]);
    let register = Damageable::in_log(&fixture);
    for file in register.files(is_log).iter().filter(|file| size(&register, file) > 0) {
        assert!(cut_many(&register, file) > PLACES / 2, "{file}");
    }
    for register in [register, Damageable::in_tables(&fixture)] {
        for file in register.files(is_manifest) {
            assert!(cut_many(&register, &file) > PLACES / 2, "{file}");
        }
    }
}

#[test]
fn a_missing_file_is_found() {
    let fixture = Fixture::new(&[List::Small]);
    for register in [Damageable::in_tables(&fixture), Damageable::in_log(&fixture)] {
        let is_needed = |name: &str| is_table(name) || is_log(name) || is_manifest(name) || name == "CURRENT";
        for file in register.files(is_needed).into_iter().filter(|file| size(&register, file) > 0) {
            let outcome = register.damaged(&format!("{file} is gone"), &file, |path| fs::remove_file(path).unwrap());
            assert!(outcome.read.is_some() && outcome.written.is_some(), "{file}");
        }
    }
}

#[test]
fn a_checkpoint_that_a_loss_of_power_took_does_no_harm_and_an_altered_one_is_refused() {
    let register = Damageable::in_tables(&Fixture::new(&[List::Small]));
    let whole = |outcome: Outcome| assert_eq!((outcome.read, outcome.written), (None, None));
    whole(register.damaged("no checkpoint", "CHECKPOINT", |path| fs::remove_file(path).unwrap()));
    whole(register.damaged("an empty checkpoint", "CHECKPOINT", |path| truncate(path, 0)));
    let zeroes = |path: &Path| fs::write(path, vec![0; fs::metadata(path).unwrap().len() as usize]).unwrap();
    whole(register.damaged("a checkpoint of zeroes", "CHECKPOINT", zeroes));
    for file in ["CHECKPOINT", "journal.key", "journal.pub"] {
        for at in (0..size(&register, file)).step_by(11) {
            let outcome = register.damaged("a flipped bit", file, |path| flip(path, at, 1));
            assert!(outcome.written.is_some_and(|told| told.contains(file)), "byte {at} of {file}");
            assert_eq!(outcome.read.is_some(), file == "CHECKPOINT", "a reader needs no key of its own");
        }
    }
}

/// What the commands say of a directory: a line for each saying.
fn told(data: &Path, list: &Path) -> String {
    let mut sayings: Vec<(Vec<&str>, String)> = Vec::new();
    for args in [&["verify"][..], &["check", "350000010000007"], &["import", "registered"]] {
        let mut command = saring(args);
        if args[0] == "import" {
            command.arg(list);
        }
        let output = command.arg("--data").arg(data).output().unwrap();
        let said = if output.status.success() { text(&output.stdout) } else { text(&output.stderr) };
        let said = without_path(&said, data).lines().next().unwrap_or_default().to_owned();
        let saying = format!("({}) {said}", output.status.code().unwrap());
        match sayings.iter_mut().find(|(_, known)| *known == saying) {
            Some((verbs, _)) => verbs.push(args[0]),
            None => sayings.push((vec![args[0]], saying)),
        }
    }
    let lines: Vec<String> = sayings.iter().map(|(verbs, saying)| format!("{} {saying}", verbs.join(", "))).collect();
    lines.join("\n")
}

fn one_device(directory: &TempDir) -> PathBuf {
    let list = directory.path().join("one.csv");
    fs::write(&list, "imei\n35000001000005\n").unwrap();
    list
}

#[test]
fn damage_is_named() {
    let fixture = Fixture::new(&[List::Small]);
    let lists = tempfile::tempdir().unwrap();
    let list = one_device(&lists);
    let (tables, log) = (Damageable::in_tables(&fixture), Damageable::in_log(&fixture));
    let manifest = &tables.files(is_manifest)[0];
    let damaged = |register: &Damageable, file: &str, damage: &dyn Fn(&Path)| {
        let data = copy(register.register.path());
        damage(&data.path().join(file));
        told(data.path(), &list).replace(manifest, "MANIFEST")
    };
    insta::assert_snapshot!(damaged(&tables, "CURRENT", &|path| fs::remove_file(path).unwrap()), @"verify, check, import (1) saring: DIR is damaged: tables or logs are there, but the file CURRENT is missing. Nothing was changed; restore the directory from a backup");
    insta::assert_snapshot!(damaged(&tables, "CURRENT", &|path| truncate(path, 0)), @"verify, check, import (1) saring: DIR is damaged: Corruption: CURRENT file does not end with newline. Nothing was changed; restore the directory from a backup");
    insta::assert_snapshot!(damaged(&tables, manifest, &|path| truncate(path, 0)), @"verify, check, import (1) saring: DIR is damaged: Corruption: no log_file_number, next_file_number, last_sequence entry in MANIFEST  The file DIR/MANIFEST may be corrupted.. Nothing was changed; restore the directory from a backup");
    insta::assert_snapshot!(damaged(&tables, manifest, &|path| flip(path, 20, 0)), @"verify, check, import (1) saring: DIR is damaged: Corruption: checksum mismatch  The file DIR/MANIFEST may be corrupted.. Nothing was changed; restore the directory from a backup");
    let wal = log.files(is_log).into_iter().max_by_key(|file| size(&log, file)).unwrap();
    insta::assert_snapshot!(damaged(&log, &wal, &|path| flip(path, 40, 0)), @"verify, check, import (1) saring: DIR is damaged: Corruption: checksum mismatch. Nothing was changed; restore the directory from a backup");
    insta::assert_snapshot!(damaged(&log, &wal, &|path| truncate(path, 0)), @"verify, check, import (1) saring: DIR is damaged: entry 8 was acknowledged, but the last one that is left is 4. Nothing was changed; restore the directory from a backup");
    insta::assert_snapshot!(damaged(&log, &wal, &|path| truncate(path, fs::metadata(path).unwrap().len() - 1)), @"verify, check, import (1) saring: DIR is damaged: entry 8 was acknowledged, but the last one that is left is 4. Nothing was changed; restore the directory from a backup");
}

#[test]
fn a_flipped_bit_in_a_row_is_named() {
    let fixture = Fixture::new(&[List::Small]);
    let register = Damageable::in_tables(&fixture);
    let found = register.files(is_table).into_iter().find_map(|file| {
        let outcome = register.damaged("the first byte of a table", &file, |path| flip(path, 0, 0));
        outcome.read.filter(|told| told.contains("checksum"))
    });
    let told = found.unwrap();
    assert!(told.contains(" is damaged: Corruption: block checksum mismatch"), "{told}");
}

/// Opens a register past every check of ours, and writes into one of its families.
fn write_behind(data: &Path, family: &str, key: &[u8], value: &[u8]) {
    let options = Options::default();
    let names = DB::list_cf(&options, data).unwrap();
    let families = names.iter().map(|name| ColumnFamilyDescriptor::new(name, Options::default()));
    let db = DB::open_cf_descriptors(&options, data, families).unwrap();
    db.put_cf(db.cf_handle(family).unwrap(), key, value).unwrap();
    db.flush_cf(db.cf_handle(family).unwrap()).unwrap();
}

#[test]
fn other_formats_are_named() {
    let fixture = Fixture::new(&[]);
    let lists = tempfile::tempdir().unwrap();
    let list = one_device(&lists);
    let newer = fixture.base();
    write_behind(newer.path(), "meta", b"format", &7_u32.to_be_bytes());
    insta::assert_snapshot!(told(newer.path(), &list), @"verify, check, import (1) saring: DIR has storage format 7, and this build knows formats up to 3: run the newer Saring that wrote it");
    let more = fixture.base();
    write_behind(more.path(), "meta", b"format", &7_u32.to_be_bytes());
    {
        let options = Options::default();
        let names = DB::list_cf(&options, more.path()).unwrap();
        let mut db = DB::open_cf(&options, more.path(), names).unwrap();
        db.create_cf("of_format_7", &options).unwrap();
    }
    insta::assert_snapshot!(told(more.path(), &list), @"verify, check, import (1) saring: DIR has storage format 7, and this build knows formats up to 3: run the newer Saring that wrote it");
    let odd = fixture.base();
    write_behind(odd.path(), "meta", b"format", b"one");
    insta::assert_snapshot!(told(odd.path(), &list), @"verify, check, import (1) saring: DIR is damaged: the format version is not 4 bytes. Nothing was changed; restore the directory from a backup");
    let less = fixture.base();
    {
        let options = Options::default();
        let names = DB::list_cf(&options, less.path()).unwrap();
        let mut db = DB::open_cf(&options, less.path(), names).unwrap();
        db.drop_cf("touched").unwrap();
    }
    insta::assert_snapshot!(told(less.path(), &list), @r#"verify, check, import (1) saring: DIR is damaged: column family "touched" is missing. Nothing was changed; restore the directory from a backup"#);
}

#[test]
fn other_databases_are_named_and_left_alone() {
    let lists = tempfile::tempdir().unwrap();
    let list = one_device(&lists);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    let plain = tempfile::tempdir().unwrap();
    DB::open(&options, plain.path()).unwrap().put(b"theirs", b"1").unwrap();
    insta::assert_snapshot!(told(plain.path(), &list), @"verify, check, import (1) saring: DIR is a RocksDB database but not a Saring register: name another directory");
    assert_eq!(DB::list_cf(&options, plain.path()).unwrap(), ["default"]);
    assert_eq!(DB::open(&options, plain.path()).unwrap().get(b"theirs").unwrap().unwrap(), b"1");
    let families = tempfile::tempdir().unwrap();
    drop(DB::open_cf(&options, families.path(), ["default", "meta", "theirs"]).unwrap());
    insta::assert_snapshot!(told(families.path(), &list), @"verify, check, import (1) saring: DIR is a RocksDB database but not a Saring register: name another directory");
    assert_eq!(DB::list_cf(&options, families.path()).unwrap().len(), 3);
}

#[test]
fn what_is_no_register_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let list = one_device(&directory);
    let file = directory.path().join("a file");
    fs::write(&file, "x").unwrap();
    insta::assert_snapshot!(told(&file, &list), @"verify, check, import (1) saring: DIR is a file, and a register is a directory: name another path");
    let absent = directory.path().join("absent");
    let verify = saring(&["verify", "--data"]).arg(&absent).output().unwrap();
    insta::assert_snapshot!(without_path(&text(&verify.stderr), &absent), @"saring: DIR holds no register: make one with `saring import … --data DIR`, or name the right directory");
    assert!(!absent.exists(), "reading makes nothing");
    let serve = saring(&["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"]).arg(&absent).output();
    insta::assert_snapshot!(without_path(&text(&serve.unwrap().stderr), &absent).lines().last().unwrap(), @"saring: cannot load the register: DIR holds no register: make one with `saring import … --data DIR`, or name the right directory");
    let empty = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(told(empty.path(), &list), @r"
    verify, check (1) saring: DIR holds no register: make one with `saring import … --data DIR`, or name the right directory
    import (0) registered through tpp-import: batch 3
    ");
    let begun = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    drop(DB::open_cf(&options, begun.path(), ["meta", "journal"]).unwrap());
    insta::assert_snapshot!(told(begun.path(), &list), @r"
    verify, check (1) saring: DIR holds no register: make one with `saring import … --data DIR`, or name the right directory
    import (0) registered through tpp-import: batch 3
    ");
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let fixture = Fixture::new(&[List::Small]);
    let data = fixture.base();
    let mut first = stop_at(&mut fixture.import(List::Small, data.path()), "import-before-activate", 1);
    let second = fixture.import(List::Small, data.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    insta::assert_snapshot!(without_path(&text(&second.stderr), data.path()), @"saring: DIR is in use by another Saring process, and two must never write one register: stop the server (or wait for the import) and try again");
    assert_eq!(digest(data.path()), fixture.before.digest);
    first.kill().unwrap();
    first.wait().unwrap();
    let held = Store::open(data.path(), OpenMode::Write).unwrap();
    let same_process = Store::open(data.path(), OpenMode::Write).unwrap_err().to_string();
    insta::assert_snapshot!(without_path(&same_process, data.path()), @"DIR is in use by another Saring process, and two must never write one register: stop the server (or wait for the import) and try again");
    drop(held);
    succeed(&mut fixture.import(List::Small, data.path()));
}

#[test]
fn a_reader_beside_a_writer_always_sees_a_whole_register() {
    let fixture = Fixture::new(&[List::Large]);
    let data = fixture.base();
    let mut import = fixture.import(List::Large, data.path());
    let mut import = import.stdout(std::process::Stdio::null()).spawn().unwrap();
    let mut seen = 0;
    while import.try_wait().unwrap().is_none() {
        let verified = verify(&Store::open(data.path(), OpenMode::Read).unwrap()).unwrap().digest.to_string();
        assert!([&fixture.before.digest, &fixture.after(List::Large).digest].contains(&&verified));
        seen += 1;
    }
    assert!(seen > 0);
    assert_eq!(digest(data.path()), fixture.after(List::Large).digest);
}
