//! A register of format 2 that is killed while it gets the index from numbers to SIMs, and lists of numbers that are
//! longer than the memory they may use.

use crate::fixture::{copy, kill_at, look, saring, staged, succeed};
use rocksdb::{DB, Options};
use saring::{
    identity::Msisdn,
    store::{OpenMode, Store, StoreError},
};
use std::{fs, path::Path};

/// Failpoints of bringing a register to this format.
pub(crate) const UPGRADE: [(&str, u64); 2] = [("store-mid-sims", 1), ("store-before-upgrade", 1)];

/// Failpoints of a list that is staged, and whether it is there afterwards.
const LIST: [(&str, u64, bool); 4] = [
    ("import-after-stage", 1, false),
    ("store-mid-body", 1, false),
    ("import-before-activate", 1, false),
    ("store-after-commit", 2, true),
];

/// Of either kind more than is written ahead at once.
const ROWS: u64 = 90_000;

/// In no order, some of them twice, and one bad.
fn subscribers() -> String {
    let rows = (0..ROWS + 100).map(|n| {
        let n = n * 7_919 % ROWS;
        format!("5101{:011},62811{:06}\n", n * 3, n / 2)
    });
    format!("imsi,msisdn\n{}51010x,0811\n", rows.collect::<String>())
}

fn pairings() -> String {
    let rows = (0..ROWS + 100).map(|n| {
        let n = n * 7_919 % ROWS;
        match n % 3 {
            0 => format!("{},62811{:06},\n", 35_000_001_000_000 + n * 11, n / 2),
            1 => format!("{},,5101{:011}\n", 35_000_001_000_000 + n * 11, n * 3),
            _ => format!("{},62811{:06},5101{:011}\n", 35_000_001_000_000 + n * 11, n / 2, n * 3),
        }
    });
    format!("imei,msisdn,imsi\n{}35000001000000,,\n", rows.collect::<String>())
}

fn import(kind: &str, list: &Path, data: &Path, memory: &str) -> std::process::Command {
    let mut command = saring(&["import", kind, "--operator", "xl", "--memory", memory]);
    command.arg(list).arg("--data").arg(data);
    command
}

fn to_format_2(data: &Path) {
    let options = Options::default();
    let mut db = DB::open_cf(&options, data, DB::list_cf(&options, data).unwrap()).unwrap();
    db.drop_cf("sims").unwrap();
    db.put_cf(db.cf_handle("meta").unwrap(), "format", 2_u32.to_be_bytes()).unwrap();
}

#[test]
fn an_upgrade_that_is_killed_is_done_again() {
    let directory = tempfile::tempdir().unwrap();
    let (list, data) = (directory.path().join("list.csv"), directory.path().join("register"));
    fs::write(&list, subscribers()).unwrap();
    succeed(&mut import("subscriber", &list, &data, "512"));
    let expected = look(&data);
    to_format_2(&data);
    for (name, nth) in UPGRADE {
        let target = copy(&data);
        let again = || import("subscriber", &list, target.path(), "512");
        kill_at(&mut again(), name, nth);
        let refused = Store::open(target.path(), OpenMode::Read).unwrap_err();
        assert!(matches!(refused, StoreError::OlderFormat { .. }), "{name}: {refused}");
        succeed(&mut again());
        assert_eq!(look(target.path()), expected, "{name}");
        let store = Store::open(target.path(), OpenMode::Read).unwrap();
        assert_eq!(store.sims_of(Msisdn::new(62_811_000_007).unwrap(), u64::MAX).unwrap().len(), 2, "{name}");
    }
}

#[test]
fn a_list_beyond_memory_is_whole_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let base = directory.path().join("base");
    let first = directory.path().join("first.csv");
    fs::write(&first, "imsi,msisdn\n510100000000001,62811999999\n").unwrap();
    succeed(&mut import("subscriber", &first, &base, "512"));
    let before = look(&base);
    for (kind, text) in [("pairing", pairings()), ("subscriber", subscribers())] {
        let list = directory.path().join(format!("{kind}.csv"));
        fs::write(&list, text).unwrap();
        let whole = copy(&base);
        succeed(&mut import(kind, &list, whole.path(), "512"));
        let after = look(whole.path());
        for (name, nth, is_there) in LIST {
            let data = copy(&base);
            // One MiB: some ten runs are sorted outside of memory.
            kill_at(&mut import(kind, &list, data.path(), "1"), name, nth);
            assert_eq!(look(data.path()), if is_there { after.clone() } else { before.clone() }, "{kind}, {name}");
            assert_eq!(staged(data.path()).len(), usize::from(!is_there), "{kind}, {name}");
            succeed(&mut import(kind, &list, data.path(), "1"));
            assert_eq!(look(data.path()), after, "{kind}, {name}");
            let names = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name());
            let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("saring-rows")).collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}
