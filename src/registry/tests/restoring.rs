//! Backups beside writers, and what a cut leaves of every kind of row.

use super::{import, list, order, registry, verify};
use crate::{
    batch::BatchState,
    identity::EquipmentKey,
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow},
    journal::{
        AlarmRaised, BatchStaged, Change, CredentialIssued, CredentialRevoked, PrincipalAdded, PrincipalRevoked,
        RoleGranted, RoleWithdrawn,
    },
    pairing::{Number, PairingKind},
    principal::{NotLetIn, Role},
    registry::{Registry, Until, backup, restore},
    store::{Draft, Hands, OpenMode, Store},
};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

fn device(n: u64) -> DeviceRow {
    let key = EquipmentKey::new(35_000_001_000_000 + n).unwrap();
    DeviceRow { key, valid_until: None, number: None, operator: None, since: None }
}

#[test]
fn backups_that_are_made_while_lists_come_in_are_whole_and_have_what_was_acknowledged() {
    let (_directory, registry) = registry();
    let beside = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..3 {
            let (registry, stop) = (&registry, &stop);
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::Acquire) {
                        break;
                    }
                    let devices = (0..50).map(|at| device(writer * 300_000 + n * 77 + at)).collect();
                    let list = Gathered { devices, ..list(Kind::Registered) };
                    registry.import(list, &order(Mode::Add, "")).unwrap();
                }
            });
        }
        for n in 0..12 {
            let target = beside.path().join(n.to_string());
            let before = registry.store().applied();
            let made = backup(&registry, &target).unwrap();
            assert!(made.revision >= before);
            let copy = Store::open(&target, OpenMode::Read).unwrap();
            assert_eq!(copy.applied(), made.revision);
            assert!(copy.checkpoint().unwrap().head().size <= made.revision.seq);
            verify(&copy).unwrap();
        }
        stop.store(true, Ordering::Release);
    });
    verify(registry.store()).unwrap();
}

fn commit(registry: &Registry, request: &str, change: Change) -> u64 {
    let draft = Draft { hands: Hands::of("ani", request), partition: String::new(), change };
    registry.store().writer().unwrap().commit(vec![draft], Vec::new()).unwrap().seq
}

#[test]
fn a_cut_leaves_nothing_of_what_came_later() {
    let (_directory, registry) = registry();
    import(&registry, &Gathered { devices: vec![device(1)], ..list(Kind::Registered) }, &order(Mode::Add, ""));
    commit(&registry, "first", Change::AlarmRaised(AlarmRaised::default()));
    let staged =
        commit(&registry, "", Change::BatchStaged(BatchStaged { door: 1, class: 1, ..BatchStaged::default() }));
    let kept = registry.store().applied();
    let (then, hashes) = (registry.store().ledger(), registry.store().hashes().unwrap().count());
    commit(&registry, "second", Change::AlarmRaised(AlarmRaised::default()));
    registry.store().writer().unwrap().discard_staged().unwrap();
    let pairing = PairingRow {
        key: device(9).key,
        msisdn: crate::identity::Msisdn::new(62_811_000_001).ok(),
        imsi: None,
        binding: PairingKind::Allowance,
        valid_until: None,
        operator: None,
        remove: false,
    };
    import(&registry, &Gathered { pairings: vec![pairing].into(), ..list(Kind::Pairing) }, &order(Mode::Add, ""));
    registry.apply_settings("[national]\nnot_registered = \"grey\"\n", 5).unwrap();
    let beside = tempfile::tempdir().unwrap();
    let (copy, new) = (beside.path().join("backup"), beside.path().join("new"));
    backup(&registry, &copy).unwrap();
    let restored = restore(&copy, &new, Some(Until::Revision(kept)), None).unwrap();
    assert_eq!((restored.kept, restored.verified.revision.epoch), (kept, 2));
    let store = Store::open(&new, OpenMode::Write).unwrap();
    assert_eq!((store.applied().epoch, store.applied().seq), (2, kept.seq + 1));
    assert_eq!(store.batches().get(staged).unwrap().newest(), (staged, BatchState::Staged));
    assert_eq!(*store.ledger(), *then);
    assert_eq!(
        (store.request("ani", "first").unwrap().is_some(), store.request("ani", "second").unwrap()),
        (true, None)
    );
    assert_eq!(store.settings(u64::MAX).unwrap().len(), 1);
    assert!(store.devices_of(Number::from(crate::identity::Msisdn::new(62_811_000_001).unwrap())).unwrap().is_empty());
    assert!(store.hashes().unwrap().count() > hashes);
    let Some(Change::EpochStarted(started)) = store.entry(kept.seq + 1).unwrap().unwrap().change else { panic!() };
    assert_eq!((started.parent_epoch, started.parent_seq), (1, kept.seq));
    assert_eq!(started.parent_root, crate::tree::head_at(kept.seq, registry.store().as_ref()).unwrap().root);
    assert_eq!(started.register_id, registry.store().register_id().unwrap());
    assert_eq!(store.checkpoint().unwrap().head().size, kept.seq + 1);
    drop(store);
    // The next one who writes gives up what was staged then.
    let (again, discarded) = Registry::open(&new, false).unwrap();
    assert_eq!(discarded, [staged]);
    import(&again, &Gathered { devices: vec![device(2)], ..list(Kind::Registered) }, &order(Mode::Add, ""));
}

#[test]
fn who_was_taken_back_later_stays_so_and_newer_tokens_count() {
    let (_directory, registry) = registry();
    let added = |name: &str| {
        commit(
            &registry,
            "",
            Change::PrincipalAdded(PrincipalAdded { name: name.into(), kind: 1, ..Default::default() }),
        );
    };
    let issue = |name: &str, token: u8| {
        let issued = CredentialIssued {
            principal: name.into(),
            token_sha256: vec![token; 32],
            expires_unix_s: i64::MAX,
            ..Default::default()
        };
        commit(&registry, "", Change::CredentialIssued(issued))
    };
    let grant = |name: &str, role: Role| {
        let granted = RoleGranted { principal: name.into(), role: role as u32, ..Default::default() };
        commit(&registry, "", Change::RoleGranted(granted))
    };
    ["ani", "budi", "citra"].into_iter().for_each(added);
    let (old, _) = (issue("ani", 1), issue("budi", 2));
    let withdrawn = [grant("ani", Role::Administrator), grant("citra", Role::Agent)][1];
    grant("budi", Role::Administrator);
    let kept = registry.store().applied();
    issue("ani", 3);
    commit(&registry, "", Change::CredentialRevoked(CredentialRevoked { credential: old, reason: "lost".into() }));
    commit(&registry, "", Change::PrincipalRevoked(PrincipalRevoked { name: "budi".into(), reason: "gone".into() }));
    commit(&registry, "", Change::RoleWithdrawn(RoleWithdrawn { grant: withdrawn, reason: "moved".into() }));
    added("dewi");
    issue("dewi", 4);
    let beside = tempfile::tempdir().unwrap();
    let copy = beside.path().join("backup");
    backup(&registry, &copy).unwrap();
    let shown = |until: Option<Until>, name: &str| {
        let new = beside.path().join(name);
        let restored = restore(&copy, &new, until, None).unwrap();
        let ledger = Store::open(&new, OpenMode::Read).unwrap().ledger();
        let known = [1, 2, 3, 4].map(|token| ledger.principals().by_token(&[token; 32], 0).map(|p| p.name.clone()));
        (restored.carried, known, ledger.principals().count(Role::Agent))
    };
    let (revoked, unknown) = (Err(NotLetIn::Revoked), Err(NotLetIn::Unknown));
    let (carried, known, agents) = shown(Some(Until::Revision(kept)), "point");
    assert_eq!((carried, agents), (4, 0));
    assert_eq!(known, [revoked.clone(), revoked.clone(), Ok("ani".into()), unknown.clone()]);
    let (carried, known, _) = shown(None, "whole");
    assert_eq!((carried, known), (0, [revoked.clone(), revoked, Ok("ani".into()), Ok("dewi".into())]));
    // Nobody would be left who may administrate: then who was one at the point is one.
    commit(&registry, "", Change::PrincipalRevoked(PrincipalRevoked { name: "ani".into(), reason: "gone".into() }));
    let copy = beside.path().join("later");
    backup(&registry, &copy).unwrap();
    let new = beside.path().join("left");
    restore(&copy, &new, Some(Until::Revision(kept)), None).unwrap();
    let ledger = Store::open(&new, OpenMode::Read).unwrap().ledger();
    assert_eq!(ledger.principals().count(Role::Administrator), 2);
    assert_eq!(ledger.principals().by_token(&[1; 32], 0).map(|p| p.name.clone()), Ok("ani".into()));
}
