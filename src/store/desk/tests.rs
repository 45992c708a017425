//! Over a real RocksDB: what was told is there again, and what was altered is found.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::{OpenMode, Store};
use std::{fs, sync::Arc, thread};

fn record(text: &str, subject: u8) -> AuditRecord {
    AuditRecord {
        leaf: text.as_bytes().to_vec(),
        value: format!("value of {text}").into_bytes(),
        subjects: vec![[subject; 17]],
    }
}

fn store(path: &Path) -> Store {
    Store::open(path, OpenMode::Create).unwrap()
}

#[test]
fn what_was_recorded_is_there_again_in_its_order() {
    let dir = tempfile::tempdir().unwrap();
    let head = {
        let store = store(dir.path());
        assert!(!store.has_desk());
        let desk = store.desk().unwrap();
        assert!(Arc::ptr_eq(&desk, &store.desk().unwrap()));
        assert_eq!((1..=3).map(|n| desk.record(record(&n.to_string(), 7)).unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
        desk.audit_head()
    };
    let store = store(dir.path());
    assert!(store.has_desk());
    let desk = store.desk().unwrap();
    assert_eq!((desk.audit_head(), desk.audit_checkpoint().unwrap().head()), (head, head));
    assert_eq!(desk.audits(2, 9).unwrap().iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(desk.audit(1).unwrap().unwrap().value.unwrap(), b"value of 1");
    assert_eq!(desk.audits_about(&[7; 17], 9).unwrap(), [1, 2, 3]);
    assert_eq!(desk.audits_about(&[8; 17], 9).unwrap(), Vec::<u64>::new());
    desk.erase(&[(2, vec![[7; 17]])]).unwrap();
    desk.clean().unwrap();
    assert_eq!(desk.audit(2).unwrap().unwrap().value, None);
    assert_eq!(desk.audits_about(&[7; 17], 9).unwrap(), [1, 3]);
    let files = fs::read_dir(desk.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    assert!(!files.into_iter().any(|bytes| bytes.windows(10).any(|part| part == b"value of 2")), "in no file any more");
}

#[test]
fn many_at_a_time_get_numbers_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let desk = store.desk().unwrap();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let desk = Arc::clone(&desk);
            thread::spawn(move || {
                (0..50)
                    .map(|n| {
                        let text = format!("{thread} {n}");
                        let seq = desk.record(record(&text, 1)).unwrap();
                        assert_eq!(desk.audit(seq).unwrap().unwrap().leaf, text.into_bytes());
                        seq
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut seqs: Vec<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=400).collect::<Vec<_>>());
    assert_eq!(desk.audit_head(), desk.audit_head_at(400).unwrap());
}

#[test]
fn a_desk_that_lost_or_changed_what_it_signed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let old = {
        let store = store(dir.path());
        let desk = store.desk().unwrap();
        desk.record(record("one", 1)).unwrap();
        let old = dir.path().join("desk/CHECKPOINT");
        desk.record(record("two", 1)).unwrap();
        fs::read(old).unwrap()
    };
    let desk = dir.path().join("desk");
    // A tree that was cut back.
    {
        let store = store(dir.path());
        let desk = store.desk().unwrap();
        let delete = |family, key: u64| DeskChange { family, key: key.to_be_bytes().to_vec(), value: None };
        desk.write(&[delete(DeskFamily::Audit, 2)], Kept::Synced).unwrap();
    }
    let error = store(dir.path()).desk().unwrap_err().to_string();
    assert!(error.contains("audit entry 2 was acknowledged, but the last one that is left is 1"), "{error}");
    fs::write(desk.join("CHECKPOINT"), "saring/other\n1\nAAAA\n").unwrap();
    assert!(store(dir.path()).desk().is_ok(), "a note without its end proves less");
    fs::write(desk.join("CHECKPOINT"), [&old[..], b"x"].concat()).unwrap();
    assert!(store(dir.path()).desk().unwrap_err().to_string().contains("CHECKPOINT"));
    fs::remove_file(desk.join("CHECKPOINT")).unwrap();
    fs::remove_file(desk.join("number.key")).unwrap();
    assert!(store(dir.path()).desk().unwrap_err().to_string().contains("number.key"));
    // The register is another thing.
    assert_eq!(store(dir.path()).applied().seq, 1);
}

#[test]
fn a_backup_has_the_desk_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to, back) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("c"));
    let store = store(&from);
    store.desk().unwrap().record(record("one", 1)).unwrap();
    store.backup(&to).unwrap();
    store.desk().unwrap().record(record("two", 1)).unwrap();
    let restoring = crate::store::Restoring::copy(&to, &back).unwrap();
    restoring.start_epoch(1, None).unwrap();
    restoring.finish().unwrap();
    for path in [&to, &back] {
        let copy = Store::open(path, OpenMode::Read).unwrap().desk().unwrap();
        assert_eq!(copy.audits(1, 9).unwrap().len(), 1);
        assert_eq!(copy.keys().all(b"x"), store.desk().unwrap().keys().all(b"x"));
        assert!(copy.record(record("three", 1)).is_err(), "opened to read");
    }
    let restored = Store::open(&back, OpenMode::Write).unwrap();
    assert_eq!(restored.desk().unwrap().record(record("two again", 1)).unwrap(), 2);
}

#[test]
fn a_second_key_finds_what_the_first_one_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let first = store(dir.path()).desk().unwrap().keys().hash(b"x");
    let file = dir.path().join("desk/number.key");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}2 {}\n", "ab".repeat(32))).unwrap();
    let store = store(dir.path());
    let desk = store.desk().unwrap();
    assert_eq!((desk.keys().newest(), desk.keys().all(b"x")[0]), (2, first));
    assert_ne!(desk.keys().hash(b"x"), first);
    drop(desk);
    drop(store);
    fs::write(&file, "1 abc\n").unwrap();
    assert!(super::super::Store::open(dir.path(), OpenMode::Write).unwrap().desk().is_err());
}

#[test]
fn the_end_of_a_prefix_is_behind_all_that_begin_with_it() {
    assert_eq!(behind(&[1, 2]), Some(vec![1, 3]));
    assert_eq!(behind(&[1, 255, 255]), Some(vec![2]));
    assert_eq!((behind(&[255]), behind(&[])), (None, None));
}
