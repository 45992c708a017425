//! Edited files: a register that was changed over its doors, and then by hand, is refused or found out.

use crate::support::{
    Run,
    office::{Office, register, run},
    run as saring,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Bytes that are changed in each file.
const PLACES: u64 = 5;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn verify(data: &Path) -> Run {
    saring(["verify", "--json", "--data", data.to_str().unwrap()])
}

fn files(data: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let holds_rows = |path: &PathBuf| path.extension().is_some_and(|end| end == "sst" || end == "log");
    let mut files: Vec<_> = paths.filter(|path| holds_rows(path) && fs::metadata(path).unwrap().len() > 0).collect();
    files.sort();
    files
}

#[test]
fn a_byte_that_was_changed_by_hand_is_refused_or_changes_nothing() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let rows: String = (0..40).map(|i| format!("{}\n", 35_209_900_177_000_u64 + i)).collect();
        let batch = office.submit(&sari, &format!("imei\n{rows}"), "shipment-1").await.unwrap().batches[0];
        office.step(&agus, "approve", batch).await.unwrap();
        let (register, _) = office.close();
        let whole = verify(&register.data()).ok().json();

        let (mut found, mut tried) = (0, 0);
        for file in files(&register.data()) {
            let size = fs::metadata(&file).unwrap().len();
            for place in 0..PLACES {
                let at = size * (2 * place + 1) / (2 * PLACES);
                let edited = register.path("edited");
                copy(&register.data(), &edited);
                let target = edited.join(file.file_name().unwrap());
                let mut bytes = fs::read(&target).unwrap();
                bytes[at as usize] ^= 0x20;
                fs::write(&target, bytes).unwrap();
                let said = verify(&edited);
                let what = format!("byte {at} of {size} of {}", file.display());
                match said.code {
                    0 => assert_eq!(said.json(), whole, "{what}: another register, without a word"),
                    _ => {
                        said.refused(1, &[]);
                        assert!(!said.err.contains("panicked"), "{what}: {said:?}");
                        found += 1;
                    }
                }
                tried += 1;
                fs::remove_dir_all(edited).unwrap();
            }
        }
        assert!(found * 2 > tried, "{found} of {tried} edits were found");
    });
}
