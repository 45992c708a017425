//! Power that goes, and disks that fail, at every step of real runs.
//!
//! A small library between the binary and libc (`faults/record.c`) records each change of a file, each sync and each
//! acknowledgement in order, or lets one of these calls fail. From the record each state is made that a loss of power
//! could leave (`faults/disk.rs`), and each of them is opened, verified and written to (`faults/states.rs`).
//! What always holds: taken to its end, the record leads to the very directory that the run left, so nothing was
//! missed. `SARING_FAULTS_MOMENTS` says at how many steps of a run (default 24), `SARING_CRASH_SEED` which ones.

mod disk;
mod failing;
mod record;
mod served;
mod states;

use crate::{
    fixture::{Fixture, List, fresh, saring, succeed},
    moments,
};
use record::Recorded;
use saring::store::{OpenMode, Store, StoreError};
use states::{Run, Sample, Truth, acknowledged, scratch};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Moments of a run that are looked at, and how often each in part.
fn sample(parts: u64) -> Sample {
    let moments = std::env::var("SARING_FAULTS_MOMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    Sample { moments, parts, seed: moments::random().next_u64() }
}

/// Runs a command below a root and gives the record.
fn recorded(root: &Path, command: &mut Command) -> Run {
    let recorded = Recorded::begin(root);
    succeed(recorded.watch(command, ""));
    Run { before: recorded.before(), ops: recorded.ops() }
}

/// Copies a register below a new root, as `data`.
fn below(register: &Path) -> tempfile::TempDir {
    let root = scratch();
    fs::create_dir(root.path().join("data")).unwrap();
    for entry in fs::read_dir(register).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), root.path().join("data").join(entry.file_name())).unwrap();
    }
    root
}

fn applied(data: &Path) -> u64 {
    Store::open(data, OpenMode::Read).unwrap().applied().seq
}

/// Takes a list in and judges each state that it can leave. Gives the run.
fn import(fixture: &Fixture, list: List, root: &Path, had: u64, sample: Sample) -> Run {
    let run = recorded(root, &mut fixture.import(list, &root.join("data")));
    let truth = Truth::of(root, "data", had, run.groups());
    let told: String = run.told();
    assert_eq!(acknowledged(&told), applied(&root.join("data")), "the import told its revision: {told}");
    let states = run.at_every_loss(sample, |root, told| truth.judge(root, told));
    println!("{list:?}: {} steps, {states} states", run.ops.len());
    run
}

#[test]
fn a_register_is_made_whatever_is_lost() {
    let fixture = Fixture::new(&[List::Small]);
    let root = scratch();
    let run = import(&fixture, List::Small, root.path(), 0, sample(2));
    assert_eq!(run.groups(), BTreeSet::from([1, 2, 6]), "first entry, first settings, the list");
}

#[test]
fn a_small_import_is_whole_or_not_there_whatever_is_lost() {
    let fixture = Fixture::new(&[List::Small]);
    let root = below(fixture.base().path());
    let had = applied(&root.path().join("data"));
    let run = import(&fixture, List::Small, root.path(), had, sample(2));
    assert_eq!(run.groups(), BTreeSet::from([had + 4]));
}

#[test]
fn a_large_import_is_whole_or_not_there_whatever_is_lost() {
    let fixture = Fixture::new(&[List::Large]);
    let root = below(fixture.base().path());
    let had = applied(&root.path().join("data"));
    let few = Sample { moments: sample(1).moments / 4, ..sample(1) };
    let run = import(&fixture, List::Large, root.path(), had, few);
    assert_eq!(run.groups(), BTreeSet::from([had + 2, had + 4]));
}

#[test]
fn opening_after_a_crash_loses_nothing_whatever_is_lost_then() {
    let fixture = Fixture::new(&[List::Small, List::Large]);
    let left = fixture.base();
    crate::fixture::kill_at(&mut fixture.import(List::Large, left.path()), "import-before-activate", 1);
    let root = below(left.path());
    let had = applied(&root.path().join("data"));
    let few = Sample { moments: sample(1).moments / 2, ..sample(1) };
    let run = import(&fixture, List::Small, root.path(), had, few);
    assert_eq!(run.groups(), BTreeSet::from([had + 1, had + 2, had + 6]), "both discards, the list");
}

#[test]
fn settings_are_in_force_or_not_whatever_is_lost() {
    let fixture = Fixture::new(&[]);
    let root = below(fixture.base().path());
    let data = root.path().join("data");
    let had = applied(&data);
    let folder = scratch();
    let document = fresh(&folder);
    fs::write(&document, "[national]\ntourist_days = 91\n").unwrap();
    let mut command = saring(&["settings", "apply"]);
    let run = recorded(root.path(), command.arg(&document).arg("--data").arg(&data));
    let truth = Truth::of(root.path(), "data", had, run.groups());
    run.at_every_loss(sample(2), |root, told| truth.judge(root, told));
}

#[test]
fn a_backup_has_its_name_only_when_it_is_whole_whatever_is_lost() {
    let fixture = Fixture::new(&[]);
    let root = below(fixture.base().path());
    let had = applied(&root.path().join("data"));
    let mut command = saring(&["backup", "create"]);
    command.arg(root.path().join("backup")).arg("--data").arg(root.path().join("data"));
    let run = recorded(root.path(), &mut command);
    let groups = BTreeSet::from([had]);
    let register = Truth::of(root.path(), "data", had, groups.clone());
    let copy = Truth::of(root.path(), "backup", had, groups);
    let states = run.at_every_loss(sample(2), |root, told| {
        let is_there = root.join("backup").exists();
        if !told.is_empty() && !is_there {
            return Err("the backup was told of and is gone".into());
        }
        if is_there {
            copy.judge(root, "").map_err(|what| format!("the backup: {what}"))?;
        }
        register.judge(root, "")
    });
    println!("backup: {} steps, {states} states", run.ops.len());
}

#[test]
fn a_restore_is_a_register_only_when_it_is_whole_whatever_is_lost() {
    let fixture = Fixture::new(&[List::Small]);
    let backup = fixture.base();
    let until = applied(backup.path());
    succeed(&mut fixture.import(List::Small, backup.path()));
    let root = scratch();
    let mut command = saring(&["backup", "restore"]);
    let target = root.path().join("data");
    command.arg(backup.path()).args(["--until", &until.to_string(), "--data"]).arg(&target);
    let run = recorded(root.path(), &mut command);
    let truth = Truth::of(root.path(), "data", until + 1, BTreeSet::from([until + 1]));
    let states = run.at_every_loss(sample(2), |root, told| {
        match Store::open(&root.join("data"), OpenMode::Read) {
            Err(StoreError::Unfinished { .. } | StoreError::Missing { .. }) if told.is_empty() => Ok(()),
            // Nothing was written into it by then.
            _ => truth.judge(root, told),
        }
    });
    println!("restore: {} steps, {states} states", run.ops.len());
}
