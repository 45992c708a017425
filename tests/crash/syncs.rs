//! Nothing is acknowledged before RocksDB has synced it.

use crate::fixture::{Fixture, List};
use saring::{
    import::{self, Input, Kind, Mode, Options},
    journal::{Change, SettingsApplied},
    policy::Settings,
    registry::{ImportOrder, Registry},
    store::{Draft, Hands, Store},
};
use std::sync::atomic::AtomicBool;

fn synced(store: &Store) -> u64 {
    store.tickers().wal_synced
}

#[test]
fn synced_writes_rise_before_each_acknowledgement() {
    let directory = tempfile::tempdir().unwrap();
    let (registry, _) = Registry::open(directory.path(), true).unwrap();
    let store = registry.store();
    assert!(synced(store) >= 2, "the first entry and the first settings");
    for n in 0..20 {
        let before = synced(store);
        let change = SettingsApplied { toml: Settings::default().to_toml(), effective_from_unix_s: n };
        let draft =
            Draft { hands: Hands::bootstrap(), partition: String::new(), change: Change::SettingsApplied(change) };
        let revision = store.writer().unwrap().commit(vec![draft], Vec::new()).unwrap();
        assert!(synced(store) > before, "{revision}");
    }
}

#[test]
fn an_import_is_synced_once_and_a_staged_one_twice() {
    let fixture = Fixture::new(&[List::Small, List::Large]);
    let directory = tempfile::tempdir().unwrap();
    let (registry, _) = Registry::open(directory.path(), true).unwrap();
    for (list, kind, syncs) in [(List::Small, Kind::Stolen, 1), (List::Large, Kind::Registered, 2)] {
        let path = directory.path().join("list.csv");
        std::fs::write(&path, fixture.text(list)).unwrap();
        let input = Input::File(path);
        let progress = import::progress::on_terminal();
        let gathered = import::read(&Options::new(kind), &[input], &*progress, &AtomicBool::new(false)).unwrap();
        let order = ImportOrder::bootstrap(Mode::Add, "", 50);
        let before = synced(registry.store());
        let summary = registry.import(gathered.clone(), &order).unwrap();
        assert_eq!(summary.batches.len(), 2);
        assert!(synced(registry.store()) >= before + syncs, "{list:?}");
        let before = synced(registry.store());
        let again = registry.import(gathered, &order).unwrap();
        assert_eq!((again.batches, again.revision, again.added), (vec![], summary.revision, 0));
        assert_eq!(synced(registry.store()), before, "what changes nothing writes nothing");
    }
}
