//! What is changed behind the register's back is found by `verify`.

use super::{import, list, order, registry, verify};
use crate::{
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, RemovedRow, SubscriberRow, TacClassRow, TacRow},
    journal::Entry,
    page::{PageBits, PageId},
    pairing::PairingKind,
    registry::{Registry, VerifyError},
    store::{Damage, DamagedRange, Store, tests::FAMILIES},
    transparency::{self, TransparencyError},
    tree::Edge,
};
use prost::Message;
use tempfile::TempDir;

fn key(n: u64) -> EquipmentKey {
    EquipmentKey::new(35_000_001_000_000 + n).unwrap()
}

/// A register with rows of every family.
fn with_everything() -> (TempDir, Registry) {
    let (directory, registry) = registry();
    let mut bits = PageBits::EMPTY;
    (0..9).for_each(|place| _ = bits.insert(place * 3));
    let msisdn = Msisdn::new(62_811_000_001).ok();
    let imsi: Imsi = "510101234567890".parse().unwrap();
    let tac = Tac::new(35_000_001).unwrap();
    let bound = DeviceRow { key: key(1), valid_until: None, number: msisdn, operator: None, since: None };
    let dated = DeviceRow { key: key(5), since: crate::day::Day::from_stored(20_000), number: None, ..bound.clone() };
    let paired = PairingRow {
        key: key(0),
        msisdn,
        imsi: Some(imsi),
        binding: PairingKind::Allowance,
        valid_until: None,
        operator: None,
        remove: false,
    };
    let model = TacRow {
        tac,
        manufacturer: "Maker".into(),
        brand: "B".into(),
        model: "M".into(),
        device_type: "T".into(),
        allocation_date: None,
        remove: false,
    };
    let lists = [
        Gathered {
            pages: vec![(PageId::of(key(0)), bits)],
            devices: vec![bound, dated],
            links: vec![vec![key(0), key(3)]],
            ..list(Kind::Registered)
        },
        Gathered { removed: vec![RemovedRow { key: key(3), operator: None }], ..list(Kind::Registered) },
        Gathered { pairings: vec![paired.clone()].into(), ..list(Kind::Pairing) },
        Gathered {
            pairings: vec![PairingRow { msisdn: None, remove: false, ..paired.clone() }].into(),
            ..list(Kind::Pairing)
        },
        Gathered { pairings: vec![PairingRow { remove: true, ..paired }].into(), ..list(Kind::Pairing) },
        Gathered {
            subscribers: vec![SubscriberRow { imsi, msisdn, operator: None, since: None, remove: false }].into(),
            ..list(Kind::Subscriber)
        },
        Gathered { tacs: vec![model], ..list(Kind::Tac) },
        Gathered { tac_classes: vec![TacClassRow { tac, hard: true, remove: false }], ..list(Kind::BarredTac) },
    ];
    for list in &lists {
        import(&registry, list, &order(Mode::Add, ""));
    }
    (directory, registry)
}

/// Verifies, must find something, and puts back what was there.
fn is_found(registry: &Registry, what: &str, undo: impl FnOnce()) {
    let found = verify(registry.store());
    assert!(found.is_err(), "{what} is not found");
    undo();
    verify(registry.store()).unwrap_or_else(|error| panic!("{what} and put back: {error}"));
}

#[test]
fn a_row_that_is_deleted_is_found() {
    let (_directory, registry) = with_everything();
    let store = registry.store();
    for family in FAMILIES.into_iter().chain(["journal"]) {
        let rows = store.rows_behind(family);
        assert!(!rows.is_empty(), "{family} has no row to delete");
        for (key, value) in rows {
            store.delete_behind(family, &key);
            is_found(&registry, &format!("the loss of row {key:?} of {family}"), || {
                store.put_behind(family, &key, &value)
            });
        }
    }
}

#[test]
fn a_row_that_is_altered_is_found() {
    let (_directory, registry) = with_everything();
    let store = registry.store();
    for family in FAMILIES {
        for (key, value) in store.rows_behind(family) {
            for at in 0..value.len() {
                let mut altered = value.clone();
                altered[at] ^= 1;
                store.put_behind(family, &key, &altered);
                let what = format!("bit 0 of byte {at} of the value {value:?} of {key:?} of {family}");
                is_found(&registry, &what, || store.put_behind(family, &key, &value));
            }
        }
    }
}

#[test]
fn a_row_that_is_added_is_found() {
    let (_directory, registry) = with_everything();
    let store = registry.store();
    for family in FAMILIES {
        for (key, value) in store.rows_behind(family) {
            for at in 0..key.len() {
                let mut other = key.clone();
                other[at] ^= 1;
                if store.rows_behind(family).iter().any(|(known, _)| *known == other) {
                    continue;
                }
                store.put_behind(family, &other, &value);
                let what = format!("a row {other:?} beside {key:?} of {family}");
                is_found(&registry, &what, || store.delete_behind(family, &other));
            }
        }
    }
}

#[test]
fn a_row_under_another_key_is_found() {
    let (_directory, registry) = with_everything();
    let store = registry.store();
    for family in FAMILIES {
        for (key, value) in store.rows_behind(family) {
            let mut other = key.clone();
            *other.last_mut().unwrap() ^= 2;
            if store.rows_behind(family).iter().any(|(known, _)| *known == other) {
                continue;
            }
            store.delete_behind(family, &key);
            store.put_behind(family, &other, &value);
            is_found(&registry, &format!("row {key:?} of {family} as {other:?}"), || {
                store.delete_behind(family, &other);
                store.put_behind(family, &key, &value);
            });
        }
    }
}

#[test]
fn an_entry_that_is_altered_is_named() {
    let (_directory, registry) = with_everything();
    let store = registry.store();
    for (key, value) in store.rows_behind("journal") {
        let seq = u64::from_be_bytes(key.clone().try_into().unwrap());
        for at in 0..value.len() {
            let mut altered = value.clone();
            altered[at] ^= 1;
            store.put_behind("journal", &key, &altered);
            let found = verify(store).unwrap_err().to_string();
            assert!(found.contains(&format!("entry {seq} ")), "byte {at} of entry {seq}: {found}");
            store.put_behind("journal", &key, &value);
        }
    }
}

/// Puts another approver into an entry and makes the whole tree anew, as somebody would who can write the directory.
fn rewrite(store: &Store, seq: u64) {
    let (key, bytes) = store.rows_behind("journal").swap_remove(seq as usize - 1);
    let mut entry = Entry::decode(bytes.as_slice()).unwrap();
    entry.approver = "somebody".into();
    store.put_behind("journal", &key, &entry.encode_to_vec());
    let mut edge = Edge::default();
    for (_, bytes) in store.rows_behind("journal") {
        for (number, hash) in edge.append(&bytes) {
            store.put_behind("hashes", &number.to_be_bytes(), &hash);
        }
    }
}

#[test]
fn a_journal_that_is_rewritten_with_its_tree_is_not_what_was_signed() {
    let (directory, registry) = with_everything();
    let kept = registry.store().checkpoint().unwrap();
    rewrite(registry.store(), 3);
    let found = verify(registry.store()).unwrap_err().to_string();
    assert!(found.contains("entries are not those of the signed checkpoint"), "{found}");
    drop(registry);
    for create in [false, true] {
        let refused = Registry::open(directory.path(), create).unwrap_err().to_string();
        assert!(refused.contains("are not those of the checkpoint that it signed"), "{refused}");
    }
    // Without its checkpoint the register signs what it finds; whoever kept one still knows.
    std::fs::remove_file(directory.path().join("CHECKPOINT")).unwrap();
    let (registry, _) = Registry::open(directory.path(), false).unwrap();
    verify(registry.store()).unwrap();
    let kept = transparency::kept(registry.store(), kept.note());
    assert!(matches!(kept, Err(TransparencyError::Rewritten { .. })), "{kept:?}");
}

/// The ranges that `verify` names.
fn damaged(registry: &Registry) -> Vec<DamagedRange> {
    match verify(registry.store()).unwrap_err() {
        VerifyError::Ranges { ranges, .. } => ranges.0,
        error => panic!("names no range: {error}"),
    }
}

#[test]
fn a_damaged_row_is_named_by_its_range() {
    let (_directory, registry) = with_everything();
    let store = registry.store();
    for family in ["pages", "marks", "pairings", "links", "subscribers", "tacs", "tac_classes"] {
        for (key, value) in store.rows_behind(family) {
            let is = |damage: Damage| {
                let ranges = damaged(&registry);
                assert_eq!(ranges.len(), 1, "{ranges:?}");
                let range = &ranges[0];
                assert_eq!((range.family, range.damage), (family, damage));
                assert_eq!(range.tac.map(Tac::get), (family != "subscribers").then_some(35_000_001));
                let paged = ["pages", "marks", "pairings", "links"].contains(&family);
                assert_eq!(range.pages, paged.then_some((0, 0)));
                assert!(key.windows(8).any(|part| part == range.batch.to_be_bytes()), "{range}");
            };
            let mut altered = value.clone();
            *altered.last_mut().unwrap() ^= 1;
            store.put_behind(family, &key, &altered);
            is(Damage::Altered);
            store.delete_behind(family, &key);
            let ranges = damaged(&registry);
            assert!(ranges.iter().all(|range| range.family == family && range.damage != Damage::Strange), "{ranges:?}");
            store.put_behind(family, &key, &value);
            verify(store).unwrap();
        }
    }
}

#[test]
fn neighbouring_pages_are_one_range_and_a_row_that_nobody_brought_is_named() {
    let (_directory, registry) = registry();
    let mut bits = PageBits::EMPTY;
    bits.insert(7);
    let page = |number: u16| PageId::new(Tac::new(35_000_001).unwrap(), number).unwrap();
    let pages = (0..9).map(|number| (page(number), bits.clone())).collect();
    import(&registry, &Gathered { pages, ..list(Kind::Registered) }, &order(Mode::Add, ""));
    let store = registry.store();
    let rows = store.rows_behind("pages");
    for at in [2, 3, 4, 7] {
        store.delete_behind("pages", &rows[at].0);
    }
    let told = verify(store).unwrap_err().to_string();
    assert!(
        told.contains("TAC 35000001, pages 2 to 4 (serials 004096 to 010239), batch 3: pages are lost; "),
        "{told}"
    );
    assert!(told.contains("pages 7 to 7 (serials 014336 to 016383), batch 3: pages are lost"), "{told}");
    for at in [2, 3, 4, 7] {
        store.put_behind("pages", &rows[at].0, &rows[at].1);
    }
    let mut strange = rows[0].0.clone();
    strange[5] = 100;
    store.put_behind("pages", &strange, &rows[0].1);
    let ranges = damaged(&registry);
    assert_eq!((ranges[0].pages, ranges[0].damage, ranges.len()), (Some((100, 100)), Damage::Strange, 1));
}
