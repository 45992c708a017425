//! Bulk loads that are killed: no register, and loaded again as if nothing had been.

use crate::fixture::{kill_at, look, saring, succeed};
use saring::store::{OpenMode, Store, StoreError};

/// Failpoints of `saring generate --data`.
pub(crate) const LOAD: [(&str, u64); 8] = [
    ("store-before-first-entry", 1),
    ("bulk-after-stage", 1),
    ("bulk-mid-part", 2),
    ("bulk-before-ingest", 1),
    ("bulk-mid-ingest", 3),
    ("bulk-before-activate", 1),
    ("store-after-commit", 3),
    ("bulk-before-end", 1),
];

#[test]
fn a_load_that_is_killed_is_refused_and_done_again() {
    let whole = tempfile::tempdir().unwrap();
    let load = |target: &std::path::Path| {
        let mut command = saring(&["generate", "--imeis", "30000", "--pairs", "5000", "--shared", "8", "--data"]);
        command.arg(target);
        command
    };
    succeed(&mut load(whole.path()));
    let expected = look(whole.path());
    for (name, nth) in LOAD {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("register");
        kill_at(&mut load(&target), name, nth);
        for mode in [OpenMode::Read, OpenMode::Write, OpenMode::Create] {
            let refused = Store::open(&target, mode).unwrap_err();
            assert!(matches!(refused, StoreError::HalfLoaded { .. }), "{name}: {refused}");
        }
        succeed(&mut load(&target));
        assert_eq!(look(&target), expected, "{name}");
        assert!(!target.join("loading").exists());
    }
}

#[test]
fn a_load_takes_no_directory_with_something_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("letter.txt");
    std::fs::write(&file, "mine").unwrap();
    let refused = saring(&["generate", "--imeis", "1000", "--data"]).arg(directory.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(crate::fixture::text(&refused.stderr).contains("is not empty"));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}
