//! Writes, syncs and renames that fail, or do half: the n-th of a run.
//!
//! What always holds: whoever is told that it was done finds it, even if the power goes behind it; whoever is told that
//! it failed is told what failed, and finds all of it or nothing. A sync that failed has lost what it should have made
//! durable, and no later one brings it back.

use super::{
    applied, below,
    record::Recorded,
    recorded, sample,
    served::Watched,
    states::{Run, Truth, scratch},
};
use crate::{
    fixture::{Fixture, List, text},
    it::support::office::{phone, register, run},
    moments::random,
};
use saring::{proto::BatchOrder, sample::SplitMix64};
use std::{collections::BTreeSet, ops::Range, path::Path};

/// What can go wrong with a call. The last one is no failure: whoever called has to go on.
const FAULTS: [&str; 4] = ["eio", "enospc", "torn", "short"];

/// Faults at calls all over a run.
fn faults(calls: u64, random: &mut SplitMix64) -> Vec<String> {
    let every = (calls / sample(0).moments as u64).max(1);
    let first = random.below(FAULTS.len() as u64) as usize;
    let at = (0..calls / every).map(|n| 1 + n * every + random.below(every));
    at.zip(FAULTS.into_iter().cycle().skip(first)).map(|(n, fault)| format!("{fault}:{n}")).collect()
}

/// Takes a list in while a call fails. Gives whether the import failed.
fn import(fixture: &Fixture, root: &Path, had: u64, groups: &BTreeSet<u64>, fault: &str) -> bool {
    let recorded = Recorded::begin(root);
    let data = root.join("data");
    let output = recorded.watch(&mut fixture.import(List::Small, &data), fault).output().unwrap();
    let told = text(&output.stderr);
    let run = Run { before: recorded.before(), ops: recorded.ops() };
    let what = format!("{fault} {:?}", run.failed());
    match output.status.code() {
        Some(0) => assert_eq!(told, "", "{what}"),
        Some(1) => {
            assert!(!run.failed().is_empty() && !fault.starts_with("short"), "{what}: {told}");
            assert!(told.starts_with("saring: ") && told.contains(&data.display().to_string()), "{what}: {told}");
            assert!(!told.contains("is damaged"), "a disk that fails is no damage: {what}: {told}");
        }
        other => panic!("{what}: ended with {other:?}: {told}"),
    }
    let truth = Truth::of(root, "data", had, groups.clone());
    run.at_the_end(1, |root, told| truth.judge(root, told)).unwrap_or_else(|wrong| panic!("{what}: {wrong}; {told}"));
    output.status.code() == Some(1)
}

#[test]
fn an_import_whose_disk_fails_is_whole_or_not_there_and_says_so() {
    let fixture = Fixture::new(&[List::Small]);
    let base = fixture.base();
    let had = applied(base.path());
    let mut random = random();
    let (new, old) = (scratch(), below(base.path()));
    for (root, had, groups) in [(&new, 0, BTreeSet::from([0, 1, 2, 6])), (&old, had, BTreeSet::from([had, had + 4]))] {
        let whole = recorded(root.path(), &mut fixture.import(List::Small, &root.path().join("data")));
        let faults = faults(whole.calls(), &mut random);
        let failed = faults.iter().filter(|fault| {
            let root = if had == 0 { scratch() } else { below(base.path()) };
            import(&fixture, root.path(), had, &groups, fault)
        });
        let failed = failed.count();
        println!("{failed} of {} faults of {} calls failed the import", faults.len(), whole.calls());
        assert!(failed > faults.len() / 4);
    }
}

/// Hands a list in and takes it through its states until that fails. Gives what was told then; `None`: nothing failed.
async fn change(watched: &Watched, people: &[String; 2], lists: Range<u64>) -> Option<String> {
    let (office, [sari, agus]) = (&watched.office, people);
    for n in lists {
        let list = phone(35_209_900_170_000 + n * 10, 4).join("\n");
        let door = "customs-passenger".into();
        let order = BatchOrder { request_id: format!("shipment-{n}"), door, ..BatchOrder::default() };
        let submitted = match office.hand_in(sari, &format!("imei\n{list}\n"), order).await {
            Ok(submitted) => submitted,
            Err(status) => return Some(status.message().to_owned()),
        };
        watched.told(submitted.receipt.unwrap().revision.unwrap());
        for step in ["approve", "suspend", "restore"] {
            match office.step(agus, step, submitted.batches[0]).await {
                Ok(taken) => watched.told(taken.receipt.unwrap().revision.unwrap()),
                Err(status) => return Some(status.message().to_owned()),
            }
        }
    }
    None
}

/// The people of a served register.
async fn people(watched: &Watched) -> [String; 2] {
    let (office, doors) = (&watched.office, ["customs-passenger"]);
    let second = office.second_administrator().await;
    let sari = office.person(&second, "sari", "submitter", &doors).await;
    [sari, office.person(&second, "agus", "approver", &doors).await]
}

#[test]
fn a_server_whose_disk_fails_refuses_changes_and_answers_checks() {
    run(async {
        let mut random = random();
        // How many calls there are until the people are there, and from then on.
        let watched = Watched::serve(register(), "");
        let people_of_whole = people(&watched).await;
        let of = |watched: &Watched| Run { before: watched.recorded.before(), ops: watched.recorded.ops() }.calls();
        let begin = of(&watched);
        assert_eq!(change(&watched, &people_of_whole, 0..4).await, None);
        let end = of(&watched);
        drop(watched);
        for (n, fault) in FAULTS.into_iter().cycle().take(12).enumerate() {
            let at = begin + 4 + random.below(end - begin);
            let register = register();
            let had = applied(&register.data());
            let watched = Watched::serve(register, &format!("{fault}:{at}"));
            let people = people(&watched).await;
            let told = change(&watched, &people, 0..12).await;
            // Whatever has failed: who asks is answered, from what was acknowledged.
            watched.shown().await;
            // A list that could not be kept was not begun with. Behind a write of the register nothing is written.
            if let Some(told) = told.as_ref().filter(|told| !told.starts_with("the upload could not be kept")) {
                let again = change(&watched, &people, 20..22).await;
                assert!(again.is_some(), "after a write that failed nothing is written: {told}");
            }
            let Watched { office, recorded } = watched;
            office.server.signal("KILL");
            let (server, register) = (office.server, office.register);
            let (_, diagnostics) = server.ended();
            let run = Run { before: recorded.before(), ops: recorded.ops() };
            let what = format!("{n}: {fault}:{at} {:?}, told {told:?}", run.failed());
            println!("{what}");
            // A list that is on record and whose file stays behind for a while harms nobody.
            let is_left = |failed: &&str| failed.starts_with("unlink") && failed.contains("/uploads/");
            let harms = fault != "short" && !run.failed().iter().all(is_left);
            assert_eq!(told.is_some(), harms, "{what}");
            let is_named = ["failed", "os error"].iter().any(|word| diagnostics.contains(word));
            assert!(told.is_none() || is_named, "{what}: {diagnostics}");
            let newest = applied(&register.data());
            let groups = run.groups().into_iter().chain([newest]).collect();
            let truth = Truth::of(&register.data(), "", had, groups);
            run.at_the_end(1, |root, told| truth.judge(root, told)).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
        }
    });
}
