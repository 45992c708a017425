//! Backups and restores that are killed: whole, or refused as what they are.

use crate::fixture::{Fixture, List, kill_at, look, saring, succeed};
use saring::store::{OpenMode, Store, StoreError};

/// Failpoints of `saring backup create`.
pub(crate) const CREATE: [(&str, u64); 2] = [("backup-mid-copy", 1), ("backup-before-name", 1)];

/// Failpoints of `saring backup restore --until`.
pub(crate) const RESTORE: [(&str, u64); 8] = [
    ("restore-mid-copy", 1),
    ("restore-mid-copy", 4),
    ("restore-mid-cut", 1),
    ("restore-mid-cut", 2),
    ("restore-mid-epoch", 1),
    ("store-before-commit", 1),
    ("store-after-commit", 1),
    ("restore-before-end", 1),
];

#[test]
fn a_backup_that_is_killed_has_no_name_and_harms_nothing() {
    let fixture = Fixture::new(&[]);
    for (name, nth) in CREATE {
        let data = fixture.base();
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("backup");
        let create = || {
            let mut command = saring(&["backup", "create"]);
            command.arg(&target).arg("--data").arg(data.path());
            command
        };
        kill_at(&mut create(), name, nth);
        assert!(!target.exists(), "{name}");
        assert_eq!(look(data.path()), fixture.before, "{name}");
        let refused = create().output().unwrap();
        assert!(crate::fixture::text(&refused.stderr).contains("backup.unfinished is not empty"), "{name}");
        std::fs::remove_dir_all(directory.path().join("backup.unfinished")).unwrap();
        succeed(&mut create());
        assert_eq!(look(&target), fixture.before, "{name}");
    }
}

#[test]
fn a_restore_that_is_killed_is_refused_and_done_again() {
    let fixture = Fixture::new(&[List::Small]);
    let backup = fixture.base();
    let base = Store::open(backup.path(), OpenMode::Read).unwrap().applied().seq;
    succeed(&mut fixture.import(List::Small, backup.path()));
    let after = look(backup.path());
    for (name, nth) in RESTORE {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("restored");
        let restore = || {
            let mut command = saring(&["backup", "restore"]);
            command.arg(backup.path()).args(["--until", &base.to_string(), "--data"]).arg(&target);
            command
        };
        kill_at(&mut restore(), name, nth);
        for mode in [OpenMode::Read, OpenMode::Write, OpenMode::Create] {
            let refused = Store::open(&target, mode).unwrap_err();
            assert!(matches!(refused, StoreError::Unfinished { .. }), "{name}: {refused}");
        }
        assert!(!restore().output().unwrap().status.success(), "{name}: the directory is not empty");
        std::fs::remove_dir_all(&target).unwrap();
        succeed(&mut restore());
        assert_eq!(look(&target), fixture.before, "{name}");
    }
    assert_eq!(look(backup.path()), after, "the backup is not changed");
}
