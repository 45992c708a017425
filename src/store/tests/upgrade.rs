//! A register of format 1 becomes one of this format.

use crate::{
    batch::BodyRow,
    identity::{Imsi, Msisdn},
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
    to_format_1(directory.path(), &[&cf::SINCE_2[..], &cf::SINCE_3].concat());
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

/// A register with subscribers, as format 2 had it: without the index from numbers to SIMs.
fn of_format_2(path: &std::path::Path, subscribers: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let store = Store::open(path, OpenMode::Create).unwrap();
    let mut writer = store.writer().unwrap();
    let number = writer.next_seq();
    let mut body = writer.body(number, false).unwrap();
    for n in 0..subscribers {
        let imsi = Imsi::from_number(510_101_000_000_000 + n).unwrap();
        let msisdn = (n % 7 > 0).then(|| Msisdn::new(62_811_000_000 + n * 7919 % subscribers).unwrap());
        body.push(&BodyRow::Subscriber { imsi, msisdn, since: None }).unwrap();
    }
    writer.commit(vec![writing::staged(), writing::activated(number, &body)], vec![body]).unwrap();
    let index = store.rows_behind(cf::SIMS);
    index.iter().for_each(|(key, _)| store.delete_behind(cf::SIMS, key));
    store.put_behind(cf::META, META_FORMAT, &2_u32.to_be_bytes());
    index
}

#[test]
fn a_register_of_format_2_gets_the_index_from_numbers_to_sims() {
    let directory = tempfile::tempdir().unwrap();
    let index = of_format_2(directory.path(), 50_000);
    assert!(index.len() > 40_000);
    let refused = Store::open(directory.path(), OpenMode::Read).unwrap_err();
    assert!(matches!(refused, StoreError::OlderFormat { .. }), "{refused}");
    // Done again after a crash, it ends the same.
    for _ in 0..2 {
        let store = Store::open(directory.path(), OpenMode::Write).unwrap();
        assert_eq!(store.rows_behind(cf::SIMS), index);
        let bodies = store.with_batches(|batches| batches.iter().map(|(number, _)| number).collect::<Vec<_>>());
        let sum = bodies.iter().fold(0, |sum: u128, n| sum.wrapping_add(store.audit_body(*n).unwrap().numbers));
        assert_eq!(store.audit_numbers().unwrap(), sum);
        store.put_behind(cf::META, META_FORMAT, &2_u32.to_be_bytes());
        index.iter().skip(9).for_each(|(key, _)| store.delete_behind(cf::SIMS, key));
    }
    // As format 2 left it: the family is not there.
    let mut db = DB::open_cf(&Options::default(), directory.path(), cf::ALL).unwrap();
    db.drop_cf(cf::SIMS).unwrap();
    drop(db);
    let refused = Store::open(directory.path(), OpenMode::Read).unwrap_err();
    assert!(matches!(refused, StoreError::OlderFormat { .. }), "{refused}");
    drop(Store::open(directory.path(), OpenMode::Write).unwrap());
    assert_eq!(Store::open(directory.path(), OpenMode::Read).unwrap().rows_behind(cf::SIMS), index);
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
