//! Lists of registrations that are killed: nothing of them, or they are gone on with to the end.

use crate::fixture::{kill_at, saring, succeed};
use std::path::Path;

/// Failpoints of `saring registration import`, with what the killed list leaves: nothing, or itself once the register is
/// opened to write again.
pub(crate) const LIST: [(&str, u64); 5] = [
    ("registration-before-begin", 1),
    ("registration-after-begin", 1),
    ("registration-mid-list", 1),
    ("registration-mid-list", 2),
    ("registration-before-end", 1),
];

fn generate(seed: &str, path: &Path) {
    // Pages of so many numbers are written in three batches.
    let mut command =
        saring(&["registration", "generate", "--numbers", "450000", "--day", "2026-01-01", "--seed", seed, "--out"]);
    succeed(command.arg(path));
}

/// All that is told of the numbers, but for the lists and their days.
fn told(data: &Path) -> serde_json::Value {
    let json = |args: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&succeed(saring(args).arg("--data").arg(data)).stdout).unwrap()
    };
    let counts = json(&["registration", "counts", "--by", "operator,city,state,identity", "--json"]);
    let above = json(&["registration", "above-limit", "--limit", "6", "--json"]);
    serde_json::json!([counts["days"], counts["keys"], above["operators"], above["largest"]])
}

#[test]
fn a_list_that_is_killed_is_gone_on_with() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    generate("1", &path("first.csv"));
    generate("2", &path("second.csv"));
    let import = |file: &str, data: &Path| {
        let mut command = saring(&["registration", "import", "--operator", "telkomsel", "--mode", "full"]);
        command.arg(path(file)).arg("--data").arg(data);
        command
    };
    let base = path("base");
    succeed(&mut import("first.csv", &base));
    let before = told(&base);
    // With the key, so that hashes are the same.
    let whole = copy(&base);
    succeed(&mut import("second.csv", whole.path()));
    let after = told(whole.path());
    assert_ne!(before, after);
    for (name, nth) in LIST {
        let data = copy(&base);
        kill_at(&mut import("second.csv", data.path()), name, nth);
        // Whatever was written, it can be read.
        told(data.path());
        let mut rotate = saring(&["registration", "rotate-key"]);
        succeed(rotate.arg("--data").arg(data.path()));
        let expected = if name == "registration-before-begin" { &before } else { &after };
        assert_eq!(&told(data.path()), expected, "{name}@{nth}");
        assert_eq!(std::fs::read_dir(data.path().join("registration/incoming")).unwrap().count(), 0, "{name}@{nth}");
    }
}

/// A copy of a register with the databases beside it.
fn copy(from: &Path) -> tempfile::TempDir {
    fn all(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                all(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let to = tempfile::tempdir().unwrap();
    all(from, to.path());
    to
}
