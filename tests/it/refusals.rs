//! What is wrong with a list is told in full, and changes nothing.

use crate::support::{ANI, Register, Server, assert_masked};
use serde_json::json;
use std::fs;

#[test]
fn rejected_rows_are_in_the_rejects_file_with_line_column_value_and_rule() {
    let register = Register::new();
    let list = "imei,valid_until,msisdn,operator\n\
        35440041000001,2090-01-01,6281234567801,xl\n\
        3544004100000,2090-01-01,,\n\
        35440041000003,31-02-2090,,\n\
        35440041000004,2090-01-01,812345678O1,\n\
        \n\
        35440041000005,2090-01-01\n\
        35440041000006,,,\n\
        35440041000007,2090-01-01,,\n\
        35440041000007,2090-01-02,,\n\
        354400410000080,2090-01-01,,\n\
        35440041000001,2090-01-01,+62 812 3456 7801,XL\n";
    register.file("list.csv", list);
    let run = register.run("import temporary {}/list.csv --json --rejects {}/rejects.csv --check-digit verify").ok();
    let told = run.json();
    let counts = ["rows", "accepted", "rejected", "duplicates"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [10, 1, 8, 1], "{told}");
    let folder = register.path("").to_str().unwrap().to_owned();
    let rejects = fs::read_to_string(register.path("rejects.csv")).unwrap().replace(&folder, "");
    insta::assert_snapshot!(rejects, @r#"
    file,line,column,value,rule
    list.csv,3,imei,3544004100000,"an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators"
    list.csv,4,valid_until,31-02-2090,"a date is YYYY-MM-DD, YYYYMMDD or DD-Mon-YYYY, from 1970-01-01 to 2149-06-05"
    list.csv,5,msisdn,81234***8O1,"an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)"
    list.csv,7,,,"the row has 2 columns, the header has 4"
    list.csv,8,valid_until,,a temporary listing needs an end date
    list.csv,11,imei,354400410000080,its 15th digit does not fit the other 14 (Luhn): a digit is mistyped
    list.csv,9,imei,35440041000007,contradicts line 10 in valid_until
    list.csv,10,imei,35440041000007,contradicts line 9 in valid_until
    "#);
    assert_masked(&rejects);
    assert_eq!(told["rejects_sample"].as_array().unwrap().len(), 8);
    assert_eq!(register.reason("35440041000001", &format!("--msisdn {ANI}")), "WHITELISTED TEMPORARY");
    assert_eq!(register.reason("35440041000007", ""), "BLACKLISTED NOT_REGISTERED");
}

#[test]
fn one_bad_row_refuses_all_where_all_or_nothing_was_asked_for() {
    let register = Register::new();
    register.file("list.csv", "imei\n35440041000001\n3544\n");
    let run = register.run("import registered {}/list.csv --all-or-nothing --rejects {}/rejects.csv");
    run.refused(2, &["1 of 2 rows are rejected and all or nothing was asked for", "line 3, column imei"]);
    assert!(!register.data().exists());
    assert!(fs::read_to_string(register.path("rejects.csv")).unwrap().contains(",3,imei,3544,"));
    register.import("registered", "imei\n35440041000001\n35440041000002\n", "--all-or-nothing");
    assert_eq!(register.reason("35440041000002", ""), "WHITELISTED REGISTERED");
}

/// File name, content, kind and options, and words of the message.
const REFUSED: &[(&str, &[u8], &str, &[&str])] = &[
    ("a.csv", b"", "registered", &["the file is empty, not even a header is in it"]),
    ("a.csv", b"name,colour\nx,red\n", "registered", &["no header is recognised", "Known headers: imei"]),
    ("a.csv", b"imei,msisdn\n35440041000001,62812\n", "subscriber", &["needs a column imsi", "Known headers:"]),
    ("a.csv", b"imei,msisdn\n", "stolen --mode delta", &["needs a column change_type"]),
    ("a.csv", b"imei,change_type\n", "stolen", &["use --mode delta, or drop the column"]),
    ("a.csv", b"imei\n35440041000001\n", "temporary", &["--valid-until DATE"]),
    ("a.csv", b"imei,Approved_IMEI\n", "registered", &["mean the same: keep one"]),
    ("a.xlsx", b"PK\x03\x04....", "registered", &["the suffix \"xlsx\" is not one of a list"]),
    ("a.csv", b"PK\x03\x04....", "registered", &["the first bytes say zip (or an Excel workbook)"]),
    ("a.csv.gz", b"imei\n", "registered", &["the suffix says gzip, the first bytes say plain text"]),
    ("a.csv.zst", b"\x28\xb5\x2f\xfd\x00", "registered", &["the archive is damaged or cut short"]),
    ("a.csv", b"\xff\xfei\0m\0e\0i\0", "registered", &["UTF-16; save it as UTF-8"]),
    ("a.csv", b"imei\n354400\x0041000001\n", "registered", &["a zero byte"]),
    ("a.csv", b"imei\r35440041000001\r", "registered", &["lone carriage return"]),
    ("a.csv", b"imei\n", "registered --door court", &["do not come through the door court"]),
    ("a.csv", b"imei\n", "registered --hard", &["--hard means nothing for a list of kind registered"]),
    ("a.csv", b"tac\n", "tac --valid-until 2090-01-01", &["--valid-until means nothing for a list of kind tac"]),
    ("a.csv", b"imei\n", "stolen --operator tel/kom", &["--operator \"tel/kom\""]),
    ("a.csv", b"35440041000001,6281234567801\n", "pairing", &["no header is recognised", "35440041******"]),
    ("b.csv", b"imei\n", "registered", &["a.csv: cannot be read"]),
];

#[test]
fn a_list_that_is_not_understood_leaves_nothing_behind_and_the_register_as_it_was() {
    let known = Register::new();
    known.import("registered", "imei\n35440041000001\n", "");
    let digest = known.digest();
    for (name, content, kind, words) in REFUSED {
        let asked = if *name == "b.csv" { "a.csv" } else { name };
        let (kind, options) = kind.split_once(' ').unwrap_or((kind, ""));
        let fresh = Register::new();
        for register in [&known, &fresh] {
            // Of an earlier case; it must not be there where another name is asked for.
            let _ = fs::remove_file(register.path("a.csv"));
            register.file(name, content);
            register.run(&format!("import {kind} {{}}/{asked} {options}")).refused(2, words);
        }
        assert!(!fresh.data().exists(), "{kind} {options} left a directory behind");
    }
    assert_eq!(known.digest(), digest);
}

#[test]
fn the_command_line_is_refused_with_its_reason() {
    let register = Register::new();
    register.file("a.csv", "imei\n");
    for (line, word) in [
        ("import stollen {}/a.csv", "possible values: registered, ranges"),
        ("import stolen {}/a.csv --mode replace", "possible values: add, full, delta"),
        ("import stolen {}/a.csv --valid-until 31-12-2090", "write YYYY-MM-DD"),
        ("import stolen {}/a.csv --max-drop 101", "101"),
        ("import stolen", "<FILE>"),
        ("check 35440041000001 --on yesterday", "is not a moment"),
        ("check 35440041000001 --as-of 1.x", "--as-of"),
        ("check 35440041000001 --imsi 12", "IMSI"),
        ("dump", "unrecognized subcommand"),
    ] {
        let run = register.run(line);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{line}: {run:?}");
        assert!(run.err.contains(word), "{line}: {run:?}");
    }
    assert!(!register.data().exists());
}

#[test]
fn two_processes_never_write_one_register() {
    let register = Register::new();
    register.import("registered", "imei\n35440041000001\n", "");
    let server = Server::start(&register);
    register.file("more.csv", "imei\n35440041000002\n");
    let busy = ["is in use by another Saring process", "stop the server (or wait for the import) and try again"];
    register.run("import registered {}/more.csv").refused(1, &busy);
    register.file("settings.toml", "[national]\nnot_registered = \"grey\"\n");
    register.run("settings apply {}/settings.toml").refused(1, &busy);
    // Reading is allowed beside a server.
    assert_eq!(register.reason("35440041000001", ""), "WHITELISTED REGISTERED");
    assert_eq!(register.run("stats --json").ok().json()["revision"], "1.7");
    server.stop();
    // The server made the first administrator: nothing enters by one hand any more.
    register.run("import registered {}/more.csv").refused(1, &["this register has principals"]);
}

#[test]
fn a_directory_without_a_register_is_named() {
    let register = Register::new();
    for line in
        ["check 35440041000001", "stats", "verify", "settings show", "serve --listen 127.0.0.1:0 --http 127.0.0.1:0"]
    {
        let run = register.run(line);
        assert_eq!(run.code, 1, "{line}: {run:?}");
        assert!(run.err.contains("holds no register: make one with `saring import"), "{line}: {run:?}");
        assert!(!register.data().exists(), "{line} made a directory");
    }
}

#[test]
fn a_rejects_file_never_overwrites_a_list() {
    let register = Register::new();
    register.file("a.csv", "imei\n3544\n");
    register.run("import registered {}/a.csv --rejects {}/a.csv").refused(2, &["name another file"]);
    assert_eq!(fs::read_to_string(register.path("a.csv")).unwrap(), "imei\n3544\n");
}

#[test]
fn numbers_in_lists_are_masked_wherever_a_row_is_refused() {
    let register = Register::new();
    // Shifted columns: a number stands where a status, a date or an operator should.
    let lists = [
        ("pairing", "imei,imsi,msisdn\n35440041000001,,6281234567801x\n35440041000001,510101234567801x,\n".to_owned()),
        ("stolen", format!("imei,reporting_date,status\n35440041000001,{0},\n35440041000002,,{0}\n", ANI)),
        ("temporary", format!("imei,valid_until,operator\n35440041000001,{ANI},\n35440041000002,2090-01-01,/{ANI}\n")),
        (
            "subscriber",
            format!(
                "imsi,msisdn,since\n510101234567801,{ANI},{ANI}\n510101234567801,{ANI},2020-01-01\n510101234567801,6281234567802,\n"
            ),
        ),
        ("pairing", format!("imei,msisdn,binding\n35440041000001,{ANI},{ANI}\n")),
    ];
    for (kind, list) in lists {
        register.file("list.csv", list);
        // The runner fails where a person's number stands in full in an output.
        let told = register.run(&format!("import {kind} {{}}/list.csv --json --rejects {{}}/rejects.csv")).ok().json();
        assert_ne!(told["rejected"], json!(0), "{told}");
        assert_masked(&fs::read_to_string(register.path("rejects.csv")).unwrap());
        register.run(&format!("import {kind} {{}}/list.csv")).ok();
    }
}
