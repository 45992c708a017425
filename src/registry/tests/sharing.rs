//! Changes from several threads, and what checks see of them.

use super::super::*;
use crate::{
    check::{Checker, Clock, EquipmentValue, Inquiry},
    hot::Published,
    identity::{EquipmentKey, Tac},
    import::{self, Input, Kind, Mode, Options},
    load,
    policy::Reason,
};
use std::{sync::atomic::AtomicBool, thread};

fn order() -> ImportOrder {
    ImportOrder::bootstrap(Mode::Add, "", 50)
}

fn list(dir: &Path, name: &str, kind: Kind, rows: &str) -> import::Gathered {
    let path = dir.join(name);
    std::fs::write(&path, rows).unwrap();
    let (options, inputs) = (Options::new(kind), [Input::from(path)]);
    import::read(&options, &inputs, &import::progress::Silent, &AtomicBool::new(false)).unwrap()
}

fn key(tac: u32, serial: u32) -> EquipmentKey {
    EquipmentKey::from_parts(Tac::new(tac).unwrap(), serial).unwrap()
}

#[test]
fn lists_of_many_threads_share_synced_writes_and_are_seen_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let (registry, _) = Registry::open(&dir.path().join("data"), true).unwrap();
    let sets = Arc::new(Published::new(load::hot_sets(registry.store(), &mut |_| {}).unwrap()));
    registry.keep_published(Arc::clone(&sets));
    let checker = Checker::new(sets, Clock::fixed(1_800_000_000));
    let (threads, lists) = (16, 20);
    let synced = registry.store().tickers().wal_synced;
    thread::scope(|scope| {
        for thread in 0..threads {
            let (registry, checker, dir) = (&registry, &checker, dir.path());
            scope.spawn(move || {
                for serial in 0..lists {
                    let key = key(35_000_000 + thread, serial * 5_000);
                    let rows = format!("imei\n{key}\n");
                    let gathered = list(dir, &format!("{thread}-{serial}.csv"), Kind::Registered, &rows);
                    let summary = registry.import(gathered, &order()).unwrap();
                    assert_eq!((summary.added, summary.batches.len()), (1, 1));
                    let answer = checker.check(&Inquiry::of(EquipmentValue::Key(key)), None).unwrap();
                    assert_eq!(answer.verdict.reason, Reason::Registered);
                    assert!(answer.basis.revision >= summary.revision, "told before it was visible");
                }
            });
        }
    });
    let (all, syncs) = (u64::from(threads * lists), registry.store().tickers().wal_synced - synced);
    assert!(syncs >= 1 && syncs < all, "{syncs} syncs for {all} lists: nothing was shared");
    // Settings take two entries at the start; every list two.
    assert_eq!(registry.store().applied().seq, 2 + 2 * all);
    let verified = verify(registry.store()).unwrap();
    assert_eq!(verified.digest, load::hot_sets(registry.store(), &mut |_| {}).unwrap().digest());
}

#[test]
fn a_change_is_visible_at_once_and_hot_sets_stay_those_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let (registry, _) = Registry::open(&dir.path().join("data"), true).unwrap();
    let sets = Arc::new(Published::new(load::hot_sets(registry.store(), &mut |_| {}).unwrap()));
    registry.keep_published(Arc::clone(&sets));
    let checker = Checker::new(Arc::clone(&sets), Clock::fixed(1_800_000_000));
    let phone = key(35_209_900, 176_148);
    let expect = |kind, rows: String, reason| {
        let gathered = list(dir.path(), &format!("{kind}.csv"), kind, &rows);
        registry.import(gathered, &order()).unwrap();
        let answer = checker.check(&Inquiry::of(EquipmentValue::Key(phone)), None).unwrap();
        assert_eq!(answer.verdict.reason, reason, "{kind}");
        assert_eq!(sets.load().digest(), load::hot_sets(registry.store(), &mut |_| {}).unwrap().digest(), "{kind}");
    };
    expect(Kind::Grandfathered, format!("imei\n{phone}\n"), Reason::Grandfathered);
    expect(Kind::Registered, format!("imei\n{phone}\n"), Reason::Registered);
    expect(Kind::Pairing, format!("imei,imsi,msisdn\n{phone},510101234567890,081234567890\n"), Reason::Registered);
    expect(Kind::Subscriber, "imsi,msisdn\n510101234567890,081234567890\n".to_owned(), Reason::Registered);
    expect(Kind::BarredTac, format!("tac,hard\n{},yes\n", phone.tac()), Reason::TacBarred);
    expect(Kind::Stolen, format!("imei\n{phone}\n"), Reason::Stolen);
    expect(Kind::Stolen, format!("imei,status\n{phone},recovered\n"), Reason::TacBarred);
    let document = "[national]\nnot_registered = \"grey\"\n";
    assert!(registry.apply_settings(document, 0).unwrap().is_some());
    let stranger = Inquiry::of(EquipmentValue::Key(key(35_999_999, 1)));
    assert_eq!(checker.check(&stranger, None).unwrap().verdict.status, crate::policy::Status::Greylisted);
    assert_eq!(registry.apply_settings(document, 0).unwrap(), None, "the same document twice");
}
