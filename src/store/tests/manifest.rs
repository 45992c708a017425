//! A manifest that RocksDB would read for ever.

use crate::store::{OpenMode, Store, tests::writing};
use std::fs;

#[test]
fn a_record_of_a_type_that_no_manifest_has_is_damage() {
    let (directory, store) = writing::store();
    drop(store);
    let name = fs::read_to_string(directory.path().join("CURRENT")).unwrap();
    let path = directory.path().join(name.trim_end());
    let mut bytes = fs::read(&path).unwrap();
    // The first record: a whole one, of type 1. One bit makes 5 of it.
    assert_eq!(bytes[6], 1);
    bytes[6] ^= 4;
    fs::write(&path, bytes).unwrap();
    for mode in [OpenMode::Read, OpenMode::Write, OpenMode::Create] {
        let refused = Store::open(directory.path(), mode).unwrap_err().to_string();
        assert!(refused.contains("record of an unknown type at byte 0"), "{refused}");
    }
}
