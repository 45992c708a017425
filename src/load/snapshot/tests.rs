//! A snapshot gives what the register gives, or is ignored.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    identity::EquipmentKey,
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, SubscriberRow},
    listing::Door,
    load,
    national::{National, NationalSource, Profile, Scale, Shape},
    page::{PageBits, PageId},
    pairing::PairingKind,
    policy::Settings,
    registry::{ImportOrder, Registry},
    store::{Hands, OpenMode},
};
use tempfile::TempDir;

fn register() -> (TempDir, National) {
    let directory = tempfile::tempdir().unwrap();
    let scale = Scale { imeis: 30_000, pairs: 6_000, seed: 5, shape: Shape::Mix, shared: 8 };
    let national = National::new(scale, &[]).unwrap();
    let source = NationalSource::new(&national);
    registry::load(&directory.path().join("data"), &Settings::default(), &source, 1 << 20, &|_| {}).unwrap();
    (directory, national)
}

fn open(directory: &TempDir) -> Registry {
    Registry::open(&directory.path().join("data"), false).unwrap().0
}

/// What is read by the snapshot is what is read from the register.
fn assert_same(store: &Store, behind: Option<u64>) {
    let (hot, found) = load::ready(store, &mut |_| {}).unwrap();
    let whole = load::hot_sets(store, &mut |_| {}).unwrap();
    assert_eq!(found, behind);
    assert_eq!((hot.digest(), hot.stats(), hot.revision()), (whole.digest(), whole.stats(), whole.revision()));
}

fn order() -> ImportOrder {
    ImportOrder::bootstrap(Mode::Add, "", 100)
}

#[test]
fn a_snapshot_gives_the_register_and_later_entries_are_folded_over_it() {
    let (directory, national) = register();
    let registry = open(&directory);
    let store = registry.store();
    assert_same(store, None);
    let bytes = load::keep(store, &load::hot_sets(store, &mut |_| {}).unwrap()).unwrap();
    assert_eq!(std::fs::metadata(store.path().join(FILE)).unwrap().len(), bytes);
    assert_same(store, Some(0));
    let listed = national.device(12_345).unwrap();
    let near = (0..1000).filter_map(|serial| EquipmentKey::from_parts(listed.tac(), serial).ok());
    let key = near.into_iter().find(|key| !national.truth(*key).registered).unwrap();
    let mut bits = PageBits::EMPTY;
    bits.insert(PageId::place(key));
    let plain = Gathered::new(Kind::Registered, Door::CustomsPassenger, None, None);
    let until = "2027-05-01".parse().ok();
    let device = DeviceRow { key, valid_until: until, number: None, operator: None, since: None };
    let imsi = (0..).find_map(|index| national.question(Profile::Storm, index).imsi).unwrap();
    let msisdn = "6281100000001".parse().ok();
    let pairing = PairingRow {
        key,
        msisdn,
        imsi: None,
        binding: PairingKind::Allowance,
        valid_until: None,
        operator: None,
        remove: false,
    };
    let subscribers = vec![SubscriberRow { imsi, msisdn, operator: None, since: None, remove: false }].into();
    for list in [
        Gathered { pages: vec![(PageId::of(key), bits)], ..plain.clone() },
        Gathered { devices: vec![device], ..Gathered::new(Kind::Temporary, Door::State, None, None) },
        Gathered { pairings: vec![pairing].into(), ..Gathered::new(Kind::Pairing, Door::Operator, None, None) },
        Gathered { subscribers, ..Gathered::new(Kind::Subscriber, Door::Operator, None, None) },
    ] {
        let made = registry.import(list, &order()).unwrap();
        let step = crate::batch::BatchStep::new(made.batches[0], crate::batch::BatchState::Suspended);
        let behind = store.applied().seq;
        assert_same(store, Some(behind - first_behind(store)));
        if made.kind != Kind::Pairing && made.kind != Kind::Subscriber {
            registry.write_steps(&[step], &Hands::bootstrap()).unwrap();
            assert_same(store, Some(behind + 1 - first_behind(store)));
        }
    }
    registry.apply_settings("[national]\nsuspended = \"black\"", 0).unwrap();
    assert_same(store, Some(store.applied().seq - first_behind(store)));
}

/// The entry at which the snapshot was made.
fn first_behind(store: &Store) -> u64 {
    named(store, &File::open(store.path().join(FILE)).unwrap()).unwrap().unwrap().seq
}

#[test]
fn a_snapshot_that_is_damaged_or_foreign_is_passed_over() {
    let (directory, _) = register();
    let (other, _) = register();
    let registry = open(&directory);
    let store = registry.store();
    load::keep(store, &load::hot_sets(store, &mut |_| {}).unwrap()).unwrap();
    let path = store.path().join(FILE);
    let whole = std::fs::read(&path).unwrap();
    // The head, a length, an id, the middle, a checksum, the end.
    for at in [0, 14, 30, HEAD_BYTES, HEAD_BYTES + 6, whole.len() / 2, whole.len() - 6, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        std::fs::write(&path, damaged).unwrap();
        assert_same(store, None);
    }
    for length in [0, 10, HEAD_BYTES, HEAD_BYTES + 100, whole.len() - 4, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_same(store, None);
    }
    std::fs::write(&path, &whole).unwrap();
    assert_same(store, Some(0));
    // The same lists in another register are another journal.
    let other = Store::open(&other.path().join("data"), OpenMode::Read).unwrap();
    std::fs::write(other.path().join(FILE), &whole).unwrap();
    assert_same(&other, None);
}
