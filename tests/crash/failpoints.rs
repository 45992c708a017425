//! kill -9 at every named failpoint.

use crate::fixture::{Fixture, List, batches, complete, fresh, kill_at, look, staged};
use saring::batch::BatchState;
use std::{collections::BTreeSet, fs, path::Path};

/// What a kill leaves to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    All,
}

use Left::{All, Nothing};

/// Failpoint, which time it is come to, and what is left: a small list into a register.
const SMALL: [(&str, u64, Left); 6] = [
    ("import-before-stage", 1, Nothing),
    ("import-before-activate", 1, Nothing),
    ("store-before-commit", 1, Nothing),
    ("store-after-commit", 1, All),
    ("store-mid-checkpoint", 1, All),
    ("import-after-activate", 1, All),
];

/// A large list: staged, written ahead in two chunks, activated.
const LARGE: [(&str, u64, Left); 10] = [
    ("import-before-stage", 1, Nothing),
    ("store-before-commit", 1, Nothing),
    ("store-after-commit", 1, Nothing),
    ("import-after-stage", 1, Nothing),
    ("store-mid-body", 1, Nothing),
    ("store-mid-body", 2, Nothing),
    ("import-before-activate", 1, Nothing),
    ("store-before-commit", 2, Nothing),
    ("store-after-commit", 2, All),
    ("import-after-activate", 1, All),
];

/// A small list into no register: format and first entry, first settings, then the list.
const FIRST: [(&str, u64, Left); 8] = [
    ("store-before-first-entry", 1, Nothing),
    ("store-mid-checkpoint", 1, Nothing),
    ("store-before-commit", 1, Nothing),
    ("store-after-commit", 1, Nothing),
    ("import-before-stage", 1, Nothing),
    ("store-before-commit", 2, Nothing),
    ("store-after-commit", 2, All),
    ("import-after-activate", 1, All),
];

/// The same list into a register with two batches that a killed import has staged; the first has many rows.
const DISCARD: [(&str, u64, Left); 9] = [
    ("store-mid-delete", 1, Nothing),
    ("store-mid-discard", 1, Nothing),
    ("store-before-commit", 1, Nothing),
    ("store-after-commit", 1, Nothing),
    ("store-mid-discard", 2, Nothing),
    ("store-before-commit", 2, Nothing),
    ("store-after-commit", 2, Nothing),
    ("import-before-stage", 1, Nothing),
    ("store-after-commit", 3, All),
];

/// Failpoints of other tests.
const ELSEWHERE: [&str; 1] = ["check-slow"];

#[test]
fn every_failpoint_of_the_sources_is_killed_at() {
    let mut named = BTreeSet::new();
    // Cargo runs tests in the package's directory.
    walk(Path::new("src"), &mut named);
    assert!(!named.is_empty());
    let points = SMALL.iter().chain(&LARGE).chain(&FIRST).chain(&DISCARD).map(|(name, ..)| *name);
    let copies = crate::restore::CREATE
        .iter()
        .chain(&crate::restore::RESTORE)
        .chain(&crate::loading::LOAD)
        .chain(&crate::registration::LIST)
        .chain(&crate::upgrade::UPGRADE)
        .map(|(name, _)| *name);
    let covered: BTreeSet<String> = points.chain(copies).chain(ELSEWHERE).map(str::to_owned).collect();
    assert_eq!(named, covered);
}

fn walk(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, named);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let names = source.split("fail_point!(\"").skip(1).filter_map(|rest| rest.split('"').next());
            named.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn a_small_import_is_whole_or_not_there() {
    let fixture = Fixture::new(&[List::Small]);
    for (name, nth, left) in SMALL {
        let data = fixture.base();
        kill_at(&mut fixture.import(List::Small, data.path()), name, nth);
        assert_left(&fixture, List::Small, data.path(), left, name);
        assert!(staged(data.path()).is_empty(), "{name}: a small list is never staged by itself");
        complete(&fixture, List::Small, data.path());
    }
}

#[test]
fn a_large_import_is_whole_or_not_there() {
    let fixture = Fixture::new(&[List::Large]);
    for (name, nth, left) in LARGE {
        let data = fixture.base();
        kill_at(&mut fixture.import(List::Large, data.path()), name, nth);
        assert_left(&fixture, List::Large, data.path(), left, name);
        complete(&fixture, List::Large, data.path());
    }
}

#[test]
fn a_register_that_was_being_made_is_as_good_as_new() {
    let fixture = Fixture::new(&[List::Small]);
    let directory = tempfile::tempdir().unwrap();
    let data = fresh(&directory);
    crate::fixture::succeed(&mut fixture.import(List::Small, &data));
    let after = look(&data);
    for (name, nth, left) in FIRST {
        let directory = tempfile::tempdir().unwrap();
        let data = fresh(&directory);
        kill_at(&mut fixture.import(List::Small, &data), name, nth);
        if name != "store-before-first-entry" {
            assert_eq!(look(&data) == after, left == All, "{name}@{nth}");
        }
        crate::fixture::succeed(&mut fixture.import(List::Small, &data));
        assert_eq!(look(&data), after, "{name}@{nth}");
    }
}

#[test]
fn a_staged_batch_is_discarded_however_often_that_is_cut_off() {
    let fixture = Fixture::new(&[List::Small, List::Large]);
    let left_staged = fixture.base();
    kill_at(&mut fixture.import(List::Large, left_staged.path()), "import-before-activate", 1);
    assert_eq!(staged(left_staged.path()).len(), 2);
    for (name, nth, left) in DISCARD {
        let data = crate::fixture::copy(left_staged.path());
        kill_at(&mut fixture.import(List::Small, data.path()), name, nth);
        assert_left(&fixture, List::Small, data.path(), left, name);
        complete(&fixture, List::Small, data.path());
        let gone = batches(data.path()).into_values().filter(|state| *state == BatchState::Discarded).count();
        assert_eq!(gone, 2, "{name}@{nth}");
    }
}

fn assert_left(fixture: &Fixture, list: List, data: &Path, left: Left, name: &str) {
    let seen = look(data);
    let expected = if left == All { fixture.after(list) } else { &fixture.before };
    assert_eq!(&seen, expected, "{name}");
}
