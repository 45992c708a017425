//! A register of format 1 becomes one of this format.

use crate::{
    store::{
        OpenMode, Store, StoreError, acknowledged, cf,
        open::{META_FORMAT, META_JOURNAL_KEY},
        signing,
        tests::writing,
    },
    tree::Edge,
};
use rocksdb::{DB, Options};
use std::fs;

/// Takes off what format 2 added, as if format 1 had written it.
fn to_format_1(path: &std::path::Path, without: &[&str]) {
    let mut db = DB::open_cf(&Options::default(), path, cf::ALL).unwrap();
    without.iter().for_each(|name| db.drop_cf(name).unwrap());
    db.put_cf(db.cf_handle(cf::META).unwrap(), META_FORMAT, 1_u32.to_be_bytes()).unwrap();
    db.delete_cf(db.cf_handle(cf::META).unwrap(), META_JOURNAL_KEY).unwrap();
    for file in [signing::CHECKPOINT, signing::KEY, signing::PUBLIC_KEY] {
        fs::remove_file(path.join(file)).unwrap();
    }
}

#[test]
fn an_older_register_is_brought_to_this_format_and_keeps_what_it_had() {
    let (directory, store) = writing::store();
    let revision = writing::commit_settings(&store);
    let journal: Vec<_> = store.journal(1).unwrap().map(Result::unwrap).collect();
    drop(store);
    // Killed in between, an upgrade leaves some families, or all but the format.
    for without in [&cf::SINCE_2[2..], &[]] {
        to_format_1(directory.path(), without);
        drop(Store::open(directory.path(), OpenMode::Write).unwrap());
    }
    to_format_1(directory.path(), &cf::SINCE_2);
    acknowledged::tests::write(directory.path(), revision);
    let refused = Store::open(directory.path(), OpenMode::Read).unwrap_err();
    assert!(matches!(refused, StoreError::OlderFormat { .. }), "{refused}");
    for mode in [OpenMode::Write, OpenMode::Write, OpenMode::Read] {
        let store = Store::open(directory.path(), mode).unwrap();
        assert_eq!(store.applied(), revision);
        assert_eq!(store.journal(1).unwrap().map(Result::unwrap).collect::<Vec<_>>(), journal);
        let mut edge = Edge::default();
        let hashes: Vec<_> = journal.iter().flat_map(|entry| edge.append(entry)).collect();
        assert_eq!(store.hashes().unwrap().map(Result::unwrap).collect::<Vec<_>>(), hashes);
        assert_eq!(store.checkpoint().unwrap().head(), edge.head());
    }
    assert!(!directory.path().join("ACKNOWLEDGED").exists());
}

#[test]
fn an_older_register_that_holds_less_than_was_acknowledged_is_not_brought_to_this_format() {
    let (directory, store) = writing::store();
    let mut revision = writing::commit_settings(&store);
    drop(store);
    to_format_1(directory.path(), &cf::SINCE_2);
    revision.seq += 1;
    acknowledged::tests::write(directory.path(), revision);
    for _ in 0..2 {
        let refused = Store::open(directory.path(), OpenMode::Write).unwrap_err().to_string();
        assert!(refused.contains("was acknowledged, but the last one that is left is"), "{refused}");
    }
}

#[test]
fn a_family_that_this_format_lost_is_damage_and_not_an_older_format() {
    let (directory, store) = writing::store();
    drop(store);
    let mut db = DB::open_cf(&Options::default(), directory.path(), cf::ALL).unwrap();
    db.drop_cf(cf::LEDGER).unwrap();
    drop(db);
    let refused = Store::open(directory.path(), OpenMode::Write).unwrap_err();
    assert!(refused.to_string().contains("\"ledger\" is missing"), "{refused}");
}
