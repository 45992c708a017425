//! What a second list does to what the first one brought.

use crate::support::{ANI, ANI_SIM, BUDI, BUDI_SIM, Register, Run, run_with, words};
use serde_json::{Value, json};
use std::io::Write;

const LIST: &str = "imei\n35440031000001\n35440031000002\n354400310000034\n35440031000004\n";
const DEVICES: [&str; 4] = ["35440031000001", "35440031000002", "35440031000003", "35440031000004"];

fn counted(told: &Value) -> [u64; 4] {
    ["added", "removed", "unchanged", "not_listed"].map(|name| told[name].as_u64().unwrap())
}

fn reasons(register: &Register, devices: &[&str]) -> Vec<String> {
    devices.iter().map(|imei| register.check(imei, "").1["reason"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_same_list_twice_makes_no_second_batch() {
    for (kind, list, options) in [
        ("registered", LIST, ""),
        ("registered", "imei,imei2\n35440031000001,35440031000002\n", "--document TPP-1"),
        ("ranges", "from,to\n35440031000000,35440031004999\n", ""),
        ("grandfathered", "imei,first_seen,operator,msisdn\n35440031000001,2019-01-01,xl,6281234567801\n", ""),
        ("exempt", LIST, "--valid-until 2091-01-01"),
        ("stolen", "imei,reporting_date,operator\n35440031000001,2026-01-01,xl\n35440031000001,2026-01-02,isat\n", ""),
        ("lost", LIST, "--operator xl"),
        ("barred", LIST, "--door court"),
        ("temporary", "imei,valid_until,msisdn\n35440031000001,2091-01-01,6281234567801\n", ""),
        ("pairing", "imei,imsi,msisdn\n35440031000001,510101234567801,6281234567801\n", "--operator xl"),
        ("pairing", "imei,imsi,valid_until\n35440031000001,510101234567801,2091-01-01\n", "--binding"),
        ("subscriber", "imsi,msisdn,operator,since\n510101234567801,6281234567801,xl,2025-01-01\n", ""),
        ("tac", "35440031,PT Merek,Satu, Dua\n35440032,PT Merek,Tiga\n", ""),
        ("exempt-tac", "tac\n35440031\n", ""),
        ("barred-tac", "tac,hard\n35440031,yes\n35440032,no\n", ""),
    ] {
        let register = Register::new();
        let first = register.import(kind, list, options);
        let digest = register.digest();
        for mode in ["add", "full"] {
            let again = register.import(kind, list, &format!("{options} --mode {mode}"));
            assert_eq!(again["batches"], json!([]), "{kind} {options} {mode}: {again}");
            assert_eq!(counted(&again), [0, 0, counted(&first)[0], 0], "{kind} {options} {mode}: {again}");
            assert_eq!(again["revision"], first["revision"]);
        }
        assert_eq!(register.digest(), digest, "{kind} {options}");
    }
}

#[test]
fn every_container_and_standard_input_give_the_same_register() {
    let zipped = || {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("list.csv", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(LIST.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let gzipped = || {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(LIST.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    let first = Register::new();
    let told = first.import("registered", LIST, "");
    let zstd = zstd::stream::encode_all(LIST.as_bytes(), 3).unwrap();
    let settings_and_pages = digest_of_devices(&first);
    for (name, bytes) in [("list.csv.gz", gzipped()), ("list.csv.zst", zstd), ("list.zip", zipped())] {
        let register = Register::new();
        register.file(name, bytes);
        let packed = register.run(&format!("import registered {{}}/{name} --json")).ok().json();
        assert_eq!(packed, told, "{name}");
        assert_eq!(digest_of_devices(&register), settings_and_pages, "{name}");
    }
    for bytes in [LIST.as_bytes().to_vec(), gzipped()] {
        let register = Register::new();
        let piped = register.run_with("import registered - --json", &bytes).ok().json();
        assert_eq!(piped, told);
        assert_eq!(digest_of_devices(&register), settings_and_pages);
    }
}

/// Two registers with the same lists differ in nothing that their digest sees.
fn digest_of_devices(register: &Register) -> String {
    register.digest()
}

#[test]
fn a_full_list_replaces_the_doors_list_and_no_other() {
    let register = Register::new();
    register.import("registered", LIST, "");
    register.import("registered", "imei\n35440031000004\n", "--door customs-passenger");
    let told = register.import("registered", "imei\n35440031000001\n35440031000009\n35440031000003\n", "--mode full");
    assert_eq!(counted(&told), [1, 2, 2, 0], "{told}");
    assert_eq!(
        reasons(&register, &[&DEVICES[..], &["35440031000009"]].concat()),
        ["REGISTERED", "NOT_REGISTERED", "REGISTERED", "REGISTERED", "REGISTERED"]
    );
    assert_eq!(register.check(DEVICES[3], "").1["door"], "customs-passenger");
}

#[test]
fn a_full_list_that_is_cut_off_is_refused_unless_it_is_meant() {
    let register = Register::new();
    register.import("registered", LIST, "");
    let digest = register.digest();
    register.file("short.csv", "imei\n35440031000001\n");
    let refused = register.run("import registered {}/short.csv --mode full");
    let words = "this full list has 1 entries and door tpp-import has 4 in force: a drop by more than 50 % is refused";
    refused.refused(1, &[words, "--max-drop 100"]);
    assert_eq!(register.digest(), digest);
    // Half of the list is just allowed.
    let told = register.import("registered", "imei\n35440031000001\n35440031000002\n", "--mode full");
    assert_eq!(counted(&told), [0, 2, 2, 0]);
    register.file("none.csv", "imei\n");
    register.run("import registered {}/none.csv --mode full --max-drop 99").refused(1, &["has 0 entries"]);
    let told = register.run("import registered {}/none.csv --mode full --max-drop 100 --json").ok().json();
    assert_eq!(counted(&told), [0, 2, 0, 0]);
    assert_eq!(reasons(&register, &DEVICES), ["NOT_REGISTERED"; 4]);
}

#[test]
fn models_of_another_class_do_not_count_in_the_drop_of_a_full_list() {
    let register = Register::new();
    let many: String = (0..20).map(|n| format!("354400{n:02}\n")).collect();
    register.import("exempt-tac", &format!("tac\n{many}"), "");
    register.import("barred-tac", "tac\n35440131\n35440132\n", "");
    let told = register.import("barred-tac", "tac\n35440131\n", "--mode full");
    assert_eq!(counted(&told), [0, 1, 1, 0], "{told}");
    assert_eq!(register.reason("35440132000001", ""), "BLACKLISTED NOT_REGISTERED");
    assert_eq!(register.reason("35440131000001", ""), "BLACKLISTED TAC_BARRED");
    assert_eq!(register.reason("35440005000001", ""), "WHITELISTED EXEMPT_TYPE");
}

#[test]
fn a_full_list_of_one_door_leaves_the_models_that_another_door_barred() {
    let register = Register::new();
    register.import("barred-tac", "tac\n35440131\n35440132\n", "--door court --hard");
    register.import("barred-tac", "tac\n35440133\n35440134\n", "");
    let told = register.import("barred-tac", "tac\n35440133\n", "--mode full");
    assert_eq!(counted(&told), [0, 1, 1, 0], "{told}");
    let models = ["35440131000001", "35440132000001", "35440133000001", "35440134000001"];
    assert_eq!(reasons(&register, &models), ["TAC_BARRED", "TAC_BARRED", "TAC_BARRED", "NOT_REGISTERED"]);
}

#[test]
fn a_delta_obeys_its_change_types() {
    let register = Register::new();
    register.import("temporary", "imei,valid_until\n35440031000001,2090-01-01\n35440031000002,2090-01-01\n", "");
    let delta = "change_type,imei,valid_until\n\
        update,35440031000001,2090-06-30\n\
        REMOVE,35440031000002,2090-01-01\n\
        add,35440031000003,2090-12-31\n\
        remove,35440031000007,2090-12-31\n";
    let told = register.import("temporary", delta, "--mode delta");
    assert_eq!(counted(&told), [2, 2, 0, 1], "{told}");
    assert_eq!(register.check(DEVICES[0], "").1["valid_until"], "2090-06-30");
    assert_eq!(reasons(&register, &DEVICES[..3]), ["TEMPORARY", "NOT_REGISTERED", "TEMPORARY"]);
    let again = register.import("temporary", delta, "--mode delta");
    assert_eq!(again["batches"], json!([]), "{again}");
    assert_eq!(counted(&again), [0, 0, 2, 2], "{again}");

    register.import("pairing", &format!("imei,msisdn\n35440031000005,{ANI}\n"), "--operator xl");
    let moved = format!("imei,msisdn,change_type\n35440031000005,{ANI},remove\n35440031000005,{BUDI},add\n");
    let told = register.import("pairing", &moved, "--operator xl --mode delta");
    assert_eq!(counted(&told), [1, 1, 0, 0], "{told}");
    assert_eq!(register.reason("35440031000005", &format!("--msisdn {ANI}")), "BLACKLISTED PAIRING_MISMATCH");
    assert_eq!(register.reason("35440031000005", &format!("--msisdn {BUDI}")), "WHITELISTED PAIRED");
}

#[test]
fn a_delta_lengthens_a_listing_that_had_a_number() {
    let register = Register::new();
    register.import("temporary", &format!("imei,valid_until,msisdn\n35440031000001,2090-01-01,{ANI}\n"), "");
    let longer = format!("imei,valid_until,msisdn,change_type\n35440031000001,2091-01-01,{BUDI},update\n");
    register.import("temporary", &longer, "--mode delta");
    assert_eq!(register.reason(DEVICES[0], &format!("--msisdn {ANI}")), "BLACKLISTED PAIRING_MISMATCH");
    let (_, answer) = register.check(DEVICES[0], &format!("--msisdn {BUDI}"));
    assert_eq!((&answer["reason"], &answer["valid_until"]), (&json!("TEMPORARY"), &json!("2091-01-01")));
}

#[test]
fn a_recovered_phone_leaves_the_black_list_and_the_history_shows_it() {
    let register = Register::new();
    register.import("registered", "35440031000001\n", "");
    register.import("stolen", "imei,reporting_date,status\n35440031000001,2026-01-01,blacklist\n", "");
    assert_eq!(register.reason(DEVICES[0], ""), "BLACKLISTED STOLEN");
    let told = register.import("stolen", "imei,reporting_date,status\n35440031000001,,Recovered\n", "");
    assert_eq!(counted(&told), [0, 1, 0, 0], "{told}");
    let (_, answer) = register.check(DEVICES[0], "--explain");
    assert_eq!(answer["reason"], "REGISTERED");
    let what: Vec<&str> =
        answer["explanation"]["history"].as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap()).collect();
    assert_eq!(
        what,
        ["taken off (stolen), batch active", "listed (stolen), batch active", "listed (registered), batch active"]
    );
    let told = register.import("stolen", "imei,status\n35440031000001,found\n", "");
    assert_eq!((counted(&told), &told["batches"]), ([0, 0, 0, 1], &json!([])));
    // Stolen again: a removal takes off what was reported before it only.
    register.import("stolen", "imei,reporting_date,status\n35440031000001,2026-03-01,\n", "");
    assert_eq!(register.reason(DEVICES[0], ""), "BLACKLISTED STOLEN");
}

#[test]
fn reports_of_two_operators_stand_separately() {
    let register = Register::new();
    let told = register.import("stolen", "imei,operator\n35440031000001,telkomsel\n35440031000001,Indosat\n", "");
    assert_eq!((&told["accepted"], told["batches"].as_array().unwrap().len()), (&json!(2), 2));
    let off = register.import("stolen", "imei,operator,status\n35440031000001,INDOSAT,recovered\n", "");
    assert_eq!(counted(&off), [0, 1, 0, 0]);
    assert_eq!(register.reason(DEVICES[0], ""), "BLACKLISTED STOLEN");
    // Somebody who never reported it takes nothing off.
    let off = register.import("stolen", "imei,status\n35440031000001,recovered\n", "");
    assert_eq!(counted(&off), [0, 0, 0, 1]);
    assert_eq!(register.reason(DEVICES[0], ""), "BLACKLISTED STOLEN");
    let off = register.import("stolen", "imei,status\n35440031000001,recovered\n", "--operator telkomsel");
    assert_eq!(counted(&off), [0, 1, 0, 0]);
    assert_eq!(register.reason(DEVICES[0], ""), "BLACKLISTED NOT_REGISTERED");
}

#[test]
fn a_newer_number_of_an_imsi_counts_and_a_removed_one_no_more() {
    let register = Register::new();
    register.import("pairing", &format!("imei,msisdn\n35440031000001,{ANI}\n"), "--operator xl");
    let by_imsi = || register.reason(DEVICES[0], "--imsi 510101234567801");
    assert_eq!(by_imsi(), "BLACKLISTED PAIRING_MISMATCH");
    register.import("subscriber", &format!("imsi,msisdn\n510101234567801,{ANI}\n"), "--operator xl");
    assert_eq!(by_imsi(), "WHITELISTED PAIRED");
    register.import("subscriber", &format!("imsi,msisdn\n510101234567801,{BUDI}\n"), "--operator xl");
    assert_eq!(by_imsi(), "BLACKLISTED PAIRING_MISMATCH");
    register.import("subscriber", &format!("imsi,msisdn\n510101234567801,{ANI}\n"), "--operator xl");
    assert_eq!(by_imsi(), "WHITELISTED PAIRED");
    let delta = "imsi,msisdn,change_type\n510101234567801,,remove\n";
    assert_eq!(counted(&register.import("subscriber", delta, "--operator xl --mode delta")), [0, 1, 0, 0]);
    assert_eq!(by_imsi(), "BLACKLISTED PAIRING_MISMATCH");
}

#[test]
fn many_lists_are_one_import() {
    let register = Register::new();
    register.file("a.csv", "imei\n35440031000001\n");
    register.file("b.txt", "35440031000002\n354400310000010\n");
    let mut args = words("import registered --json");
    args.extend(["a.csv", "b.txt"].map(|name| register.path(name).to_str().unwrap().to_owned()));
    args.extend(["--data".into(), register.data().to_str().unwrap().to_owned()]);
    let told = Run::ok(run_with(args, b"")).json();
    assert_eq!((&told["rows"], &told["duplicates"], &told["batches"]), (&json!(3), &json!(1), &json!([3])));
}

#[test]
fn a_number_with_two_sims_stays_paired() {
    let register = Register::new();
    let list = format!(
        "imei,imsi,msisdn\n35440031000001,{ANI_SIM},{ANI}\n35440031000001,{BUDI_SIM},{ANI}\n35440031000001,,{ANI}\n\
         35440031000002,,{ANI}\n35440031000002,{ANI_SIM},{ANI}\n"
    );
    let told = register.import("pairing", &list, "--operator xl");
    let counts = ["accepted", "rejected", "duplicates", "added"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [5, 0, 0, 5], "{told}");
    register.digest();
    for asked in [format!("--msisdn {ANI}"), format!("--imsi {ANI_SIM}"), format!("--msisdn {ANI} --imsi {BUDI_SIM}")] {
        assert_eq!(register.reason(DEVICES[0], &asked), "WHITELISTED PAIRED", "{asked}");
        assert_eq!(register.reason(DEVICES[1], &asked), "WHITELISTED PAIRED", "{asked}");
    }
    assert_eq!(register.import("pairing", &list, "--operator xl")["batches"], json!([]));
    // A SIM is exchanged: the old row goes, the new one is there already or comes.
    let delta = format!(
        "imei,imsi,msisdn,change_type\n35440031000001,{ANI_SIM},{ANI},remove\n35440031000001,{BUDI_SIM},{ANI},add\n"
    );
    register.import("pairing", &delta, "--operator xl --mode delta");
    assert_eq!(register.reason(DEVICES[0], &format!("--imsi {BUDI_SIM}")), "WHITELISTED PAIRED");
    assert_eq!(register.reason(DEVICES[0], &format!("--msisdn {ANI}")), "WHITELISTED PAIRED");
    assert_eq!(register.reason(DEVICES[0], &format!("--imsi {ANI_SIM}")), "BLACKLISTED PAIRING_MISMATCH");
    register.digest();
}

#[test]
fn a_subscriber_who_changes_the_operator_is_not_lost_by_the_full_list_that_says_so() {
    let register = Register::new();
    register.import("pairing", &format!("imei,msisdn\n35440031000001,{ANI}\n"), "--operator xl");
    register.import("subscriber", &format!("imsi,msisdn,operator\n{ANI_SIM},{ANI},xl\n{BUDI_SIM},{BUDI},xl\n"), "");
    let moved = format!("imsi,msisdn,operator\n{ANI_SIM},{ANI},telkomsel\n{BUDI_SIM},{BUDI},xl\n");
    let told = register.import("subscriber", &moved, "--mode full");
    assert_eq!(counted(&told), [1, 0, 1, 0], "{told}");
    assert_eq!(register.reason(DEVICES[0], &format!("--imsi {ANI_SIM}")), "WHITELISTED PAIRED");
    assert_eq!(register.import("subscriber", &moved, "--mode full")["batches"], json!([]));
}

#[test]
fn one_sim_under_two_numbers_is_indexed_once() {
    let register = Register::new();
    let list = format!(
        "imei,imsi,msisdn\n35440031000001,{ANI_SIM},{ANI}\n35440031000001,{ANI_SIM},\n35440031000001,{ANI_SIM},{BUDI}\n"
    );
    register.import("pairing", &list, "");
    register.digest();
}
