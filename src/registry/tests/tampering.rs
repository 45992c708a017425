//! What is changed behind the register's back is found by `verify`.

use super::{import, list, order, registry, verify};
use crate::{
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, RemovedRow, SubscriberRow, TacClassRow, TacRow},
    page::{PageBits, PageId},
    pairing::PairingKind,
    registry::Registry,
    store::tests::FAMILIES,
};
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
        Gathered { pairings: vec![paired.clone()], ..list(Kind::Pairing) },
        Gathered {
            pairings: vec![PairingRow { msisdn: None, remove: false, ..paired.clone() }],
            ..list(Kind::Pairing)
        },
        Gathered { pairings: vec![PairingRow { remove: true, ..paired }], ..list(Kind::Pairing) },
        Gathered {
            subscribers: vec![SubscriberRow { imsi, msisdn, operator: None, since: None, remove: false }],
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
