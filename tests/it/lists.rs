//! Every kind of list goes in by the command line, and every door then gives the same answers.

use crate::support::{ANI, ANI_SIM, Asked, BUDI, BUDI_SIM, CITRA, CITRA_SIM, DEWI, Register, Server};
use crate::support::{answers_of_all_doors, forms};
use serde_json::{Value, json};

/// A small national register in the shapes of the lists that authorities and operators send.
const REGISTERED: &str = "\
APPROVED_IMEI,make,model,status,model_number,brand_name,device_type,radio_interface,device_id
35440011000010,Merek,A1,whitelist,,,,,D1
354400110000282,Merek,A1,,,,,,D1
3544001100003601,,,WhiteList,,,,,D2
35440013000005,,,,,,,,D3
35440014000005,,,,,,,,D4
35440015000001,,,,,,,,D5
35440015000002,,,,,,,,D6
35440015000003,,,,,,,,D7
35440015000004,,,,,,,,D8
";
const RANGES: &str = "from,to\n35440012000000,35440012000999\n";
const GRANDFATHERED: &str = "\
IMEI,first_seen,operator,msisdn
35440020000001,2019-11-03,telkomsel,6281234567804
35440020000002,18-Apr-2020,telkomsel,
35440020000003,20200419,telkomsel,
35440020000004,,,
";
const EXEMPT: &str = "golden_imei\n35440015000001\n35440016000001\n";
const STOLEN: &str = "IMEI,reporting_date,status\n35440015000001,2026-02-01,\n35440015000002,,blacklist\n";
const LOST: &str = "IMEI|reporting_date|status\n35440015000002|2026-02-01|\n35440015000003||\n";
const BARRED: &str = "35440015000003\n35440015000004\n";
const COURT: &str = "imei\n35440015000004\n";
const TEMPORARY: &str = "\
imei,valid_until,msisdn
35440017000001,2090-12-31,6281234567801
35440017000002,2021-05-01,6281234567801
35440017000003,2091-01-31,
";
const PAIRING: &str = "\
IMEI,IMSI,MSISDN
35440018000001,,6281234567801
35440018000002,510101234567802,
35440018000003,510101234567803,6281234567803
35440017000002,,081234567802
";
const BINDING: &str = "imei,msisdn\n35440017000003,+62 812-3456-7802\n";
const SUBSCRIBER: &str = "\
imsi,msisdn,operator,since
510101234567801,6281234567801,telkomsel,2025-01-01
510101234567802,6281234567802,telkomsel,
";
const TAC: &str = "\
TAC|Marketing Name|Internal Model Name|Manufacturer|Bands|Allocation Date|Country Code|Fixed Code|Manufacturer Code|Radio Interface|Brand Name|Model Name|Operating System|NFC|Bluetooth|WLAN|Device Type
35440011|Satu \"Pro\"|S-1|PT Merek|GSM 900|01-Jan-2019|ID|1|2|GSM|Merek|Satu|Not Known|N|Y|Y|Smartphone
86012345|EDC 9|E9|Terminal Co|GSM 900|Not Known|CN|1|2|GSM|Term|E9||N|N|N|Mobile POS
";
const EXEMPT_TAC: &str = "tac\n86012345\n";
const BARRED_TAC: &str = "tac\n35440013\n";
const HARD: &str = "TAC,status\n35440014,\n";

/// Device, MSISDN, IMSI: status, reason, pairing, last day, door that decided.
type Expected = (&'static str, &'static str, &'static str, &'static str, &'static str);

const ANSWERS: &[(&str, &str, &str, Expected)] = &[
    ("35440011000010", "", "", ("WHITELISTED", "REGISTERED", "NOT_ASKED", "", "tpp-import")),
    ("35440011000028", DEWI, "", ("WHITELISTED", "REGISTERED", "UNPAIRED", "", "tpp-import")),
    ("35440011000036", "", "", ("WHITELISTED", "REGISTERED", "NOT_ASKED", "", "tpp-import")),
    ("35440011000011", "", "", ("BLACKLISTED", "NOT_REGISTERED", "NOT_ASKED", "", "")),
    ("35440012000000", "", "", ("WHITELISTED", "REGISTERED", "NOT_ASKED", "", "tpp-production")),
    ("35440012000999", "", "", ("WHITELISTED", "REGISTERED", "NOT_ASKED", "", "tpp-production")),
    ("35440012001000", "", "", ("BLACKLISTED", "NOT_REGISTERED", "NOT_ASKED", "", "")),
    ("35440013000005", "", "", ("WHITELISTED", "REGISTERED", "NOT_ASKED", "", "tpp-import")),
    ("35440013000006", "", "", ("BLACKLISTED", "TAC_BARRED", "NOT_ASKED", "", "barred")),
    ("35440014000005", "", "", ("BLACKLISTED", "TAC_BARRED", "NOT_ASKED", "", "barred")),
    ("35440015000001", "", "", ("BLACKLISTED", "STOLEN", "NOT_ASKED", "", "stolen")),
    ("35440015000002", "", "", ("BLACKLISTED", "STOLEN", "NOT_ASKED", "", "stolen")),
    ("35440015000003", "", "", ("BLACKLISTED", "BARRED", "NOT_ASKED", "", "barred")),
    ("35440015000004", "", "", ("BLACKLISTED", "COURT", "NOT_ASKED", "", "court")),
    ("35440016000001", "", "", ("WHITELISTED", "EXEMPT", "NOT_ASKED", "", "state")),
    ("35440017000001", ANI, "", ("WHITELISTED", "TEMPORARY", "PAIRED", "2090-12-31", "operator-tourist")),
    ("35440017000001", "", ANI_SIM, ("WHITELISTED", "TEMPORARY", "PAIRED", "2090-12-31", "operator-tourist")),
    ("35440017000001", BUDI, "", ("BLACKLISTED", "PAIRING_MISMATCH", "MISMATCHED", "", "operator-tourist")),
    ("35440017000001", "", "", ("GREYLISTED", "NUMBER_NEEDED", "NOT_ASKED", "", "operator-tourist")),
    ("35440017000002", ANI, "", ("BLACKLISTED", "PAIRING_MISMATCH", "MISMATCHED", "", "")),
    ("35440017000002", BUDI, "", ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    ("35440017000003", BUDI, "", ("WHITELISTED", "TEMPORARY", "PAIRED", "2091-01-31", "operator-tourist")),
    ("35440017000003", ANI, "", ("BLACKLISTED", "PAIRING_MISMATCH", "MISMATCHED", "", "operator-tourist")),
    ("35440018000001", ANI, "", ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    ("35440018000001", ANI, ANI_SIM, ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    ("35440018000001", "", ANI_SIM, ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    ("35440018000001", BUDI, "", ("BLACKLISTED", "PAIRING_MISMATCH", "MISMATCHED", "", "")),
    ("35440018000001", "", "", ("GREYLISTED", "NUMBER_NEEDED", "NOT_ASKED", "", "")),
    ("35440018000002", "", BUDI_SIM, ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    // The pairing is by IMSI alone, and the subscriber map knows its number.
    ("35440018000002", BUDI, "", ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    ("35440018000002", ANI, "", ("BLACKLISTED", "PAIRING_MISMATCH", "MISMATCHED", "", "")),
    ("35440018000003", CITRA, "", ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    ("35440018000003", "", CITRA_SIM, ("WHITELISTED", "PAIRED", "PAIRED", "", "operator")),
    // Both are known and disagree: the number decides.
    ("35440018000003", ANI, CITRA_SIM, ("BLACKLISTED", "PAIRING_MISMATCH", "MISMATCHED", "", "")),
    ("35440020000001", BUDI, "", ("WHITELISTED", "GRANDFATHERED", "UNPAIRED", "", "grandfathered")),
    ("35440020000002", "", "", ("WHITELISTED", "GRANDFATHERED", "NOT_ASKED", "", "grandfathered")),
    ("35440020000003", "", "", ("BLACKLISTED", "NOT_REGISTERED", "NOT_ASKED", "", "")),
    ("35440020000004", "", "", ("WHITELISTED", "GRANDFATHERED", "NOT_ASKED", "", "grandfathered")),
    ("86012345000001", "", "", ("WHITELISTED", "EXEMPT_TYPE", "NOT_ASKED", "", "non-hkt")),
    ("00123456000001", "", "", ("GREYLISTED", "TEST_TAC", "NOT_ASKED", "", "")),
    ("35440019000001", "6581234567", "", ("WHITELISTED", "ROAMER", "UNPAIRED", "", "")),
    ("35440019000001", "", "525011234567890", ("WHITELISTED", "ROAMER", "UNPAIRED", "", "")),
    ("35440015000001", "6581234567", "", ("BLACKLISTED", "STOLEN", "UNPAIRED", "", "stolen")),
];

/// The register, with what each import said of itself.
fn register() -> (Register, Vec<Value>) {
    let register = Register::new();
    let lists: &[(&str, &str, &str)] = &[
        ("registered", REGISTERED, "--document TPP-2026-0117"),
        ("ranges", RANGES, "--door tpp-production"),
        ("grandfathered", GRANDFATHERED, ""),
        ("exempt", EXEMPT, ""),
        ("stolen", STOLEN, ""),
        ("lost", LOST, ""),
        ("barred", BARRED, ""),
        ("barred", COURT, "--door court"),
        ("temporary", TEMPORARY, ""),
        ("pairing", PAIRING, "--operator telkomsel"),
        ("pairing", BINDING, "--binding --door operator-tourist"),
        ("subscriber", SUBSCRIBER, ""),
        ("tac", TAC, ""),
        ("exempt-tac", EXEMPT_TAC, ""),
        ("barred-tac", BARRED_TAC, ""),
        ("barred-tac", HARD, "--hard"),
    ];
    let told = lists.iter().map(|(kind, list, options)| register.import(kind, list, options)).collect();
    (register, told)
}

/// What an import says that took everything in, in as many batches as operators are in it.
fn told(kind: &str, door: &str, batches: &[u64], rows: u64, revision: &str) -> Value {
    json!({
        "kind": kind, "door": door, "batch": batches[0], "batches": batches, "state": "active",
        "rows": rows, "accepted": rows, "rejected": 0, "duplicates": 0, "warnings": 0,
        "added": rows, "removed": 0, "unchanged": 0, "not_listed": 0,
        "revision": revision, "rejects_sample": [],
    })
}

#[test]
fn every_listed_device_has_its_answer_in_every_form_at_every_door() {
    let (register, imports) = register();
    let mut ranges = told("ranges", "tpp-production", &[5], 1, "1.6");
    ranges["added"] = json!(1000);
    let expected = [
        told("registered", "tpp-import", &[3], 9, "1.4"),
        ranges,
        told("grandfathered", "grandfathered", &[7, 8], 4, "1.10"),
        told("exempt", "state", &[11], 2, "1.12"),
        told("stolen", "stolen", &[13], 2, "1.14"),
        told("lost", "lost", &[15], 2, "1.16"),
        told("barred", "barred", &[17], 2, "1.18"),
        told("barred", "court", &[19], 1, "1.20"),
        told("temporary", "operator-tourist", &[21], 3, "1.22"),
        told("pairing", "operator", &[23], 4, "1.24"),
        told("pairing", "operator-tourist", &[25], 1, "1.26"),
        told("subscriber", "operator", &[27], 2, "1.28"),
        told("tac", "gsma-tac", &[29], 2, "1.30"),
        told("exempt-tac", "non-hkt", &[31], 1, "1.32"),
        told("barred-tac", "barred", &[33], 1, "1.34"),
        told("barred-tac", "barred", &[35], 1, "1.36"),
    ];
    for (told, expected) in imports.iter().zip(&expected) {
        assert_eq!(told, expected);
    }
    assert_eq!(imports.len(), expected.len());

    let in_forms: Vec<[String; 5]> = ANSWERS.iter().map(|(key, ..)| forms(key)).collect();
    let mut asked = Vec::new();
    for ((_, msisdn, imsi, _), forms) in ANSWERS.iter().zip(&in_forms) {
        asked.extend(forms.iter().map(|imei| Asked { imei, msisdn, imsi }));
    }
    let malformed = ["3544001100001", "35440011000010123", "0000000000000000", "3544A011000010"];
    asked.extend(malformed.map(|imei| Asked { imei, ..Asked::default() }));
    let server = Server::start(&register);
    let answers = answers_of_all_doors(&register, &server, &asked, "");
    let (listed, rest) = answers.split_at(ANSWERS.len() * 5);
    for ((key, msisdn, imsi, expected), of_forms) in ANSWERS.iter().zip(listed.chunks(5)) {
        for answer in of_forms {
            let told = (answer.0.as_str(), answer.1.as_str(), answer.2.as_str(), answer.3.as_str());
            assert_eq!(told, (expected.0, expected.1, expected.2, expected.3), "{key} {msisdn} {imsi}");
            assert!(!answer.4, "the map knows no other number: {key} {msisdn} {imsi}");
        }
    }
    for answer in rest {
        assert_eq!((answer.0.as_str(), answer.1.as_str()), ("GREYLISTED", "MALFORMED"));
    }
    server.stop();
}

#[test]
fn an_answer_names_the_door_and_the_batch_that_decided() {
    let (register, _) = register();
    let lines: String = ANSWERS.iter().map(|(key, msisdn, imsi, _)| format!("{key},{msisdn},{imsi}\n")).collect();
    let answers = register.run_with("check - --json", lines.as_bytes()).ok().json_lines();
    for ((key, msisdn, imsi, expected), answer) in ANSWERS.iter().zip(&answers) {
        let door = answer["door"].as_str().unwrap_or_default();
        assert_eq!(door, expected.4, "{key} {msisdn} {imsi}: {answer}");
        assert_eq!(answer["batch"].is_null(), door.is_empty(), "{answer}");
    }
    let (code, answer) = register.check("35440011000010", "");
    let expected = json!({
        "imei": "354400110000100", "key": "35440011000010", "status": "WHITELISTED", "reason": "REGISTERED",
        "pairing": "NOT_ASKED", "valid_until": null, "door": "tpp-import", "batch": 3, "document": "TPP-2026-0117",
        "sim_changed": false, "revision": "1.36", "settings": 2, "age_seconds": 0,
    });
    assert_eq!((code, answer), (0, expected));
}

#[test]
fn a_changed_sim_is_reported_and_the_number_decides() {
    let (register, _) = register();
    let server = Server::start(&register);
    let asked = [
        Asked { imei: "35440018000001", msisdn: ANI, imsi: BUDI_SIM },
        Asked { imei: "35440018000001", msisdn: BUDI, imsi: ANI_SIM },
        Asked { imei: "mac", ..Asked::default() },
    ];
    let answers = answers_of_all_doors(&register, &server, &asked, "");
    assert_eq!((answers[0].1.as_str(), answers[0].4), ("PAIRED", true));
    assert_eq!((answers[1].1.as_str(), answers[1].4), ("PAIRING_MISMATCH", true));
    let text = register.run(&format!("check 35440018000001 --msisdn {ANI} --imsi {BUDI_SIM}")).ok().out;
    assert!(text.contains("SIM          the number asked is not the one known for this IMSI"), "{text}");
    server.stop();
}

#[test]
fn an_explanation_shows_what_lies_behind() {
    let (register, _) = register();
    let (_, answer) = register.check("35440011000010", "--explain");
    let behind = &answer["explanation"];
    let model = json!({"tac": "35440011", "manufacturer": "PT Merek", "name": "Satu", "rule": ""});
    assert_eq!(behind["model"], model);
    assert_eq!(behind["linked_imeis"], json!(["354400110000282"]), "one phone has one device id");
    assert_eq!(behind["evidence"][0]["document"], "TPP-2026-0117");
    let what: Vec<_> = behind["history"].as_array().unwrap().iter().map(|event| event["what"].clone()).collect();
    let both =
        ["listed (registered), batch active", "linked to the other IMEIs of its phone (registered), batch active"];
    assert_eq!(what, both);
    let text = register.run(&format!("check 35440018000003 --msisdn {CITRA} --explain")).ok().out;
    assert!(text.contains("allowance 62812*****803, batch 23  <- the number asked"), "{text}");
    assert!(text.contains("allowance 51010*******803, batch 23"), "{text}");
}

#[test]
fn people_are_told_what_an_import_did() {
    let register = Register::new();
    let list =
        "imei,status\n35440011000010,whitelist\n354400110000289,\n35440011000010,\n3544,\n35440011000036,stolen\n";
    register.file("list.csv", list);
    let text = register.run("import registered {}/list.csv --rejects {}/rejects.csv").ok().out;
    let folder = register.path("");
    let text = text.replace(folder.to_str().unwrap(), "DIR/");
    insta::assert_snapshot!(text, @r#"
    registered through tpp-import: batch 3
    rows        5 = 2 accepted + 2 rejected + 1 duplicates
    register    2 added, 0 removed, 0 in force already
    warning     1 x the 15th digit does not fit the other 14 (Luhn); the first 14 are taken (first: DIR/list.csv, line 3)
    rejected    DIR/list.csv line 5, column imei: "3544": an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators
    rejected    DIR/list.csv line 6, column status: "stolen": the status of a white list is empty, whitelist, recovered, removed or withdrawn
                every rejected row is in DIR/rejects.csv
    revision    1.4
    "#);
    let text = register.run("import registered {}/list.csv").ok().out.replace(folder.to_str().unwrap(), "DIR/");
    assert!(text.starts_with("registered through tpp-import: nothing new, no batch was made\n"), "{text}");
}

#[test]
fn every_pairing_by_imsi_meets_the_number_of_its_sim() {
    let register = Register::new();
    // Two SIMs of one number: the pairing with one has ended. A third SIM is foreign, by somebody's mistake.
    let pairings = format!(
        "imei,imsi,valid_until\n35440018000011,{ANI_SIM},2021-01-01\n35440018000011,{BUDI_SIM},\n35440018000012,525011234567890,2021-01-01\n"
    );
    register.import("pairing", &pairings, "");
    register.import(
        "subscriber",
        &format!("imsi,msisdn\n{ANI_SIM},{ANI}\n{BUDI_SIM},{ANI}\n525011234567890,{ANI}\n"),
        "",
    );
    let server = Server::start(&register);
    let asked = ["35440018000011", "35440018000012"].map(|imei| Asked { imei, msisdn: ANI, imsi: "" });
    let answers = answers_of_all_doors(&register, &server, &asked, "");
    assert_eq!(answers[0].1, "PAIRED");
    assert_eq!(answers[1].1, "NOT_REGISTERED", "the question came from an Indonesian number");
    let explained = register.run(&format!("check 35440018000011 --msisdn {ANI} --explain")).ok().out;
    assert!(explained.contains("allowance 51010*******802, batch 3  <- the number asked"), "{explained}");
    server.stop();
}

#[test]
fn how_many_threads_take_a_list_does_not_show() {
    // Longer than some blocks, with rows that are rejected, doubled and of several operators.
    let imeis: String = (0..60_000_u64)
        .map(|at| match at % 997 {
            0 => format!("{at}\n"),
            1 => format!(" \"{}\" \r\n", 35_440_030_000_000 + at),
            2 => "\n".to_owned(),
            _ => format!("{}{}\n", 35_440_030_000_000 + at * 7919 % 50_000, at % 10),
        })
        .collect();
    let pairings: String = (0..20_000_u64)
        .chain(100..400)
        .map(|at| {
            let operator = ["telkomsel", "xlsmart", "Indosat", "a/b"][(at % 301 % 4) as usize];
            format!("{},{},{operator}\n", 35_440_030_000_000 + at * 31 % 9_000, 6_281_200_000_000 + at % 1_700)
        })
        .collect();
    let told = [1, 2, 5].map(|threads| {
        let register = Register::new();
        let rejects = register.path("rejects.csv");
        let options = format!("--threads {threads} --rejects {}", rejects.display());
        let lists = [("registered", imeis.clone()), ("pairing", format!("imei,msisdn,operator\n{pairings}"))];
        let mut told = Vec::new();
        for (kind, list) in lists {
            let mut summary = register.import(kind, &list, &options);
            assert!(
                summary["rejected"].as_u64().unwrap() > 50 && summary["duplicates"].as_u64().unwrap() > 50,
                "{summary}"
            );
            assert!(summary["added"].as_u64().unwrap() > 5_000, "{summary}");
            let plain = |text: &str| text.replace(register.path("").to_str().unwrap(), "");
            summary["rejects_sample"] = plain(&summary["rejects_sample"].to_string()).into();
            told.push((summary, plain(&std::fs::read_to_string(&rejects).unwrap())));
        }
        (told, register.digest())
    });
    assert!(told[0] == told[1] && told[0] == told[2], "{told:#?}");
}
