//! The journal as its watchers meet it: exports, proofs and checkpoints, by the binary, and what is refused.

use crate::support::{Register, Run, run};
use rocksdb::{ColumnFamilyDescriptor, DB, Options};
use saring::transparency::verify_export;
use serde_json::json;
use std::{fs, path::Path};

/// A register with three lists, one after the other.
fn register() -> Register {
    let register = Register::new();
    import(&register, 1);
    import(&register, 2);
    import(&register, 3);
    register
}

fn import(register: &Register, n: u64) {
    register.import("registered", &format!("imei\n{}\n", 35_000_001_000_000 + n), &format!("--document D-{n}"));
}

/// Runs a verb that needs no register.
fn apart(register: &Register, line: &str) -> Run {
    let folder = register.path("");
    run(line.replace("{}", folder.to_str().unwrap().trim_end_matches('/')).split_whitespace())
}

/// The newest checkpoint, kept in a file.
fn keep(register: &Register, name: &str) {
    let note = register.run("journal checkpoint").ok().out;
    register.file(name, note);
}

fn export(register: &Register) -> Vec<u8> {
    register.run("journal export -o {}/journal.export").ok();
    fs::read(register.path("journal.export")).unwrap()
}

/// Header and frames of an export.
fn frames(export: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let frame = |at: usize| {
        let length = u32::from_be_bytes(export[at..at + 4].try_into().unwrap()) as usize;
        at + 4 + length
    };
    let entries = frame(frame(17 + 16));
    let (mut at, mut rest) = (entries, Vec::new());
    while at < export.len() {
        rest.push(export[at..frame(at)].to_vec());
        at = frame(at);
    }
    (export[..entries].to_vec(), rest)
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn entries_are_shown_in_words() {
    let register = register();
    let tail = register.run("journal tail -n 2").ok().out;
    let lines: Vec<&str> = tail.lines().collect();
    assert_eq!(lines.len(), 2, "{tail}");
    assert!(
        lines[0].starts_with("7  20") && lines[0].contains(" WIB  bootstrap  batch 7 staged: registered"),
        "{tail}"
    );
    assert!(lines[1].contains("batch 7 comes into force: 1 added, 0 removed, from \"list.csv\""), "{tail}");
    let all = register.run("journal list --json").ok().json_lines();
    let seqs: Vec<u64> = all.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=8).collect::<Vec<_>>());
    assert_eq!((&all[0]["change"], &all[1]["change"]), (&json!("epoch_started"), &json!("settings_applied")));
    assert_eq!(register.run("journal list --first 3 --last 4").ok().out.lines().count(), 2);
    let shown = register.run("journal show 3").ok().out;
    assert!(shown.contains("entry      3 of 8, epoch 1") && shown.contains("document \"D-1\""), "{shown}");
    for seq in [0, 9] {
        register.run(&format!("journal show {seq}")).refused(1, &["the journal has the entries 1 to 8"]);
    }
}

#[test]
fn an_export_verifies_without_a_register() {
    let register = register();
    let first = export(&register);
    assert_eq!(export(&register), first, "the same register gives the same bytes");
    let piped = register.path("piped");
    register.run("journal checkpoint").ok();
    fs::copy(register.data().join("journal.pub"), register.path("journal.pub")).unwrap();
    fs::rename(register.data(), &piped).unwrap();
    let told = apart(&register, "journal verify {}/journal.export --key {}/journal.pub").ok().out;
    assert!(told.contains("entries   8, none missing") && told.contains("(as you named it)"), "{told}");
    let own = apart(&register, "journal verify {}/journal.export --json").ok().json();
    assert_eq!((&own["size"], &own["key_is_trusted"], &own["continues"]), (&json!(8), &json!(false), &json!(null)));
    let other = self::register();
    fs::copy(other.data().join("journal.pub"), register.path("other.pub")).unwrap();
    apart(&register, "journal verify {}/journal.export --key {}/other.pub").refused(1, &["the key that is trusted is"]);
    keep(&other, "other.checkpoint");
    fs::copy(other.path("other.checkpoint"), register.path("other.checkpoint")).unwrap();
    apart(&register, "journal verify {}/journal.export --checkpoint {}/other.checkpoint")
        .refused(1, &["the kept checkpoint: it is not signed by"]);
}

#[test]
fn every_edit_of_an_export_is_refused() {
    let register = register();
    let export = export(&register);
    let refused = |what: &str, bytes: &[u8]| {
        let refused = verify_export(bytes, None, None, &mut |_| {}).map(|_| ());
        refused.expect_err(what).to_string()
    };
    verify_export(export.as_slice(), None, None, &mut |_| {}).unwrap();
    for at in 0..export.len() {
        for bit in [0, 3, 7] {
            let mut altered = export.clone();
            altered[at] ^= 1 << bit;
            refused(&format!("bit {bit} of byte {at}"), &altered);
        }
        refused(&format!("cut after {at} bytes"), &export[..at]);
    }
    let (head, entries) = frames(&export);
    assert_eq!(entries.len(), 8);
    let joined = |entries: &[Vec<u8>]| [head.clone(), entries.concat()].concat();
    for at in 0..entries.len() {
        let mut dropped = entries.clone();
        dropped.remove(at);
        let told = refused("dropped", &joined(&dropped));
        let is_last = at + 1 == entries.len();
        let want =
            if is_last { "ends with entry 7, and 8 are signed".into() } else { format!("entry {} is missing", at + 1) };
        assert!(told.contains(&want) || at == 0, "{told}");
        let mut doubled = entries.clone();
        doubled.insert(at, entries[at].clone());
        refused("doubled", &joined(&doubled));
        let mut swapped = entries.clone();
        swapped.swap(at, (at + 1) % entries.len());
        refused("reordered", &joined(&swapped));
    }
    let added = [joined(&entries), entries[7].clone()].concat();
    assert!(refused("added", &added).contains("goes on behind entry 8"));
    // An edit that leaves everything readable is found by the root; what the kept checkpoint covers is told apart.
    let mut edited = entries.clone();
    let document = edited[6].windows(3).position(|bytes| bytes == b"D-3").unwrap();
    edited[6][document + 2] = b'9';
    register.file("journal.export", joined(&edited));
    apart(&register, "journal verify {}/journal.export")
        .refused(1, &["the root of the 8 entries is not the signed one"]);
}

#[test]
fn a_kept_checkpoint_is_proven_to_be_continued() {
    let register = register();
    keep(&register, "kept");
    import(&register, 4);
    export(&register);
    let key = format!("--key {}", register.data().join("journal.pub").display());
    let told = apart(&register, "journal verify {}/journal.export --checkpoint {}/kept").ok().out;
    assert!(told.contains("the first 8 entries are those of the kept checkpoint"), "{told}");
    register.run("journal prove consistency {}/kept -o {}/proof").ok();
    let told = apart(&register, &format!("journal check-proof {{}}/proof --checkpoint {{}}/kept {key}")).ok().out;
    assert_eq!(told, "proven  the journal of 10 entries begins with the 8 of the kept checkpoint\n");
    apart(&register, &format!("journal check-proof {{}}/proof {key}")).refused(1, &["name the checkpoint"]);
    apart(&register, "journal check-proof {}/proof --checkpoint {}/kept").refused(1, &["name it with --key"]);
    let by_size = register.run("journal prove consistency 8").ok().out;
    assert_eq!(by_size, fs::read_to_string(register.path("proof")).unwrap());
    for (line, from, to) in [(0, "old 8", "old 7"), (1, "A", "B")] {
        let mut lines: Vec<String> = by_size.lines().map(str::to_owned).collect();
        let altered = lines[line].replacen(from, to, 1);
        lines[line] = if altered == lines[line] { lines[2].clone() } else { altered };
        register.file("altered", lines.join("\n") + "\n");
        apart(&register, &format!("journal check-proof {{}}/altered --checkpoint {{}}/kept {key}")).refused(1, &[]);
    }
    for size in [0, 11] {
        register.run(&format!("journal prove consistency {size}")).refused(1, &["is not within the 10 entries"]);
    }
}

#[test]
fn an_entry_is_proven_to_be_in_the_journal() {
    let register = register();
    keep(&register, "kept");
    import(&register, 4);
    let key = format!("--key {}", register.data().join("journal.pub").display());
    for seq in 1..=10 {
        register.run(&format!("journal prove inclusion {seq} -o {{}}/proof")).ok();
        let proven = apart(&register, &format!("journal check-proof {{}}/proof --json {key}")).ok().json();
        assert_eq!((&proven["seq"], &proven["size"], &proven["entry"]["seq"]), (&json!(seq), &json!(10), &json!(seq)));
    }
    register.run("journal prove inclusion 5 --checkpoint {}/kept -o {}/proof").ok();
    let told = apart(&register, &format!("journal check-proof {{}}/proof --checkpoint {{}}/kept {key}")).ok().out;
    assert!(told.starts_with("proven     entry 5 is one of the 8 entries of"), "{told}");
    assert!(told.contains("batch 5 staged: registered through tpp-import, document \"D-2\""), "{told}");
    let proof = fs::read_to_string(register.path("proof")).unwrap();
    for (from, to) in [("index 4", "index 5"), ("extra CAU", "extra CAY")] {
        register.file("altered", proof.replacen(from, to, 1));
        assert_ne!(fs::read_to_string(register.path("altered")).unwrap(), proof);
        apart(&register, &format!("journal check-proof {{}}/altered {key}")).refused(1, &["does not hold"]);
    }
    register.run("journal prove inclusion 9 --checkpoint {}/kept").refused(1, &["9 is not within the 8 entries"]);
}

#[test]
fn a_register_that_was_rebuilt_otherwise_is_found() {
    let register = register();
    let before = register.path("before");
    copy_dir(&register.data(), &before);
    import(&register, 4);
    keep(&register, "kept");
    let later = register.path("later");
    fs::rename(register.data(), &later).unwrap();
    fs::rename(&before, register.data()).unwrap();
    // The register as it was, with its own key and checkpoint, goes on otherwise.
    import(&register, 5);
    register.run("journal prove consistency {}/kept").refused(1, &["first 10 entries are not those of the checkpoint"]);
    export(&register);
    apart(&register, "journal verify {}/journal.export").ok();
    apart(&register, "journal verify {}/journal.export --checkpoint {}/kept")
        .refused(1, &["the first 10 entries are not those of the kept checkpoint"]);
    // What the rebuilt one proves of itself does not fit either.
    register.run("journal prove consistency 10 -o {}/proof").ok();
    let key = format!("--key {}", register.data().join("journal.pub").display());
    apart(&register, &format!("journal check-proof {{}}/proof --checkpoint {{}}/kept {key}"))
        .refused(1, &["does not hold"]);
}

#[test]
fn a_register_that_was_cut_back_is_refused() {
    let register = register();
    let before = register.path("before");
    copy_dir(&register.data(), &before);
    import(&register, 4);
    fs::copy(register.data().join("CHECKPOINT"), before.join("CHECKPOINT")).unwrap();
    fs::rename(register.data(), register.path("later")).unwrap();
    fs::rename(&before, register.data()).unwrap();
    let words = ["entry 10 was acknowledged, but the last one that is left is 8"];
    register.run("verify").refused(1, &words);
    register.file("list.csv", "imei\n35000001000005\n");
    register.run("import registered {}/list.csv").refused(1, &words);
    register.run("journal export").refused(1, &words);
}

/// Opens a register past every check of ours, and writes into one of its families.
fn write_behind(data: &Path, family: &str, edit: impl FnOnce(&DB, &rocksdb::ColumnFamily)) {
    let options = Options::default();
    let names = DB::list_cf(&options, data).unwrap();
    let families = names.iter().map(|name| ColumnFamilyDescriptor::new(name, Options::default()));
    let db = DB::open_cf_descriptors(&options, data, families).unwrap();
    let family = db.cf_handle(family).unwrap();
    edit(&db, family);
    db.flush_cf(family).unwrap();
}

#[test]
fn an_entry_that_was_edited_in_the_database_is_named() {
    let register = register();
    write_behind(&register.data(), "journal", |db, journal| {
        let key = 5_u64.to_be_bytes();
        let mut entry = db.get_cf(journal, key).unwrap().unwrap();
        let document = entry.windows(3).position(|bytes| bytes == b"D-2").unwrap();
        entry[document + 2] = b'7';
        db.put_cf(journal, key, entry).unwrap();
    });
    register.run("verify").refused(1, &["entry 5 is not the one that was hashed into the journal's tree"]);
    export(&register);
    apart(&register, "journal verify {}/journal.export")
        .refused(1, &["the root of the 8 entries is not the signed one"]);
}
