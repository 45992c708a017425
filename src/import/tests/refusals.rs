//! Every way in which a list is refused as a whole, with the words that a person reads.

use super::*;

fn refused(options: &Options, bytes: impl AsRef<[u8]>) -> String {
    let lists = Lists::new().with("list.csv", bytes);
    let options = Options { rejects: Some(lists.path("rejects.csv")), ..options.clone() };
    let error = lists.read(&options).unwrap_err();
    if !matches!(error, ImportError::AllOrNothing { .. }) {
        assert!(!lists.path("rejects.csv").exists(), "a refused list leaves no rejects file behind");
    }
    lists.plain(&error.to_string())
}

fn of(kind: Kind, bytes: impl AsRef<[u8]>) -> String {
    refused(&Options::new(kind), bytes)
}

#[test]
fn encodings() {
    insta::assert_snapshot!(of(Kind::Registered, ""), @"list.csv: the file is empty, not even a header is in it");
    insta::assert_snapshot!(of(Kind::Registered, "\n \r\n"), @"list.csv: the file is empty, not even a header is in it");
    insta::assert_snapshot!(of(Kind::Registered, b"\xff\xfei\0m\0e\0i\0"), @"list.csv: the text is UTF-16; save it as UTF-8");
    insta::assert_snapshot!(of(Kind::Registered, b"i\0m\0e\0i\0"), @"list.csv: a zero byte after line 0: this is binary data or UTF-16 text; export the list as CSV in UTF-8");
    insta::assert_snapshot!(of(Kind::Registered, b"imei\n\x01\x02"), @"list.csv: byte 0x01 at offset 5: this is binary data; export the list as CSV in UTF-8");
    insta::assert_snapshot!(of(Kind::Registered, "imei\r35824005000001\r"), @"list.csv: lines end in a lone carriage return (old Macintosh text); save it with LF or CRLF line ends");
    let late = ["imei\n", &"35824005000001\n".repeat(100_000), "\0"].concat();
    let late = Lists::new().with("list.csv", late).read(&Options::new(Kind::Registered)).unwrap_err();
    assert!(matches!(late, ImportError::ZeroByte { line, .. } if line > 0), "{late}");
}

#[test]
fn headers() {
    insta::assert_snapshot!(of(Kind::BarredTac, "10000110\n10000220\n"), @r#"list.csv: no header is recognised for a list of kind barred-tac. Found: "10000110". Known headers: tac [,status,hard] (a header is demanded)"#);
    insta::assert_snapshot!(of(Kind::ExemptTac, "10000110\n"), @r#"list.csv: no header is recognised for a list of kind exempt-tac. Found: "10000110". Known headers: tac [,status] (a header is demanded)"#);
    insta::assert_snapshot!(of(Kind::Registered, "InvalidIMEI\n35824005000001\n"), @r#"list.csv: no header is recognised for a list of kind registered. Found: "InvalidIMEI". Known headers: imei | approved_imei | golden_imei [,status,imei2,device_id,valid_until,msisdn,operator,first_seen] | none: one column of IMEIs"#);
    insta::assert_snapshot!(of(Kind::Registered, "35824005000001,628123456789\n"), @r#"list.csv: no header is recognised for a list of kind registered. Found: "35824005******,62812345****". Known headers: imei | approved_imei | golden_imei [,status,imei2,device_id,valid_until,msisdn,operator,first_seen] | none: one column of IMEIs"#);
    insta::assert_snapshot!(of(Kind::Registered, "TAC,make\n35824005,x\n"), @"list.csv: a list of kind registered needs a column imei (also approved_imei, golden_imei). Found: tac, make. Known headers: imei | approved_imei | golden_imei [,status,imei2,device_id,valid_until,msisdn,operator,first_seen] | none: one column of IMEIs");
    insta::assert_snapshot!(of(Kind::Stolen, "imei,IMEI\n"), @r#"list.csv: the columns "imei" and "imei" of the header mean the same: keep one"#);
    insta::assert_snapshot!(of(Kind::Stolen, "imei,approved_imei\n"), @r#"list.csv: the columns "imei" and "approved_imei" of the header mean the same: keep one"#);
    insta::assert_snapshot!(of(Kind::Stolen, "imei,a,a\n"), @r#"list.csv: the columns "a" and "a" of the header mean the same: keep one"#);
    insta::assert_snapshot!(of(Kind::Pairing, "imei,valid_until\n"), @"list.csv: a list of kind pairing needs a column msisdn or imsi. Found: imei, valid_until. Known headers: imei,imsi,msisdn (imsi or msisdn may be left out) [,binding,valid_until,operator]");
    insta::assert_snapshot!(of(Kind::Subscriber, "imsi;operator\n"), @"list.csv: a list of kind subscriber needs a column msisdn. Found: imsi, operator. Known headers: imsi,msisdn [,operator,since]");
    insta::assert_snapshot!(of(Kind::Ranges, "from,until\n"), @"list.csv: a list of kind ranges needs a column to (also imei_to, end). Found: from, until. Known headers: from,to | imei_from,imei_to | start,end | none: two columns of digits");
    insta::assert_snapshot!(of(Kind::Tac, "BlankTac|x\n"), @r#"list.csv: no header is recognised for a list of kind tac. Found: "BlankTac|x". Known headers: TAC|Marketing Name|…|Device Type | tac|manufacturer|model_name|… | tac,manufacturer,model | none: TAC,manufacturer,model"#);
}

#[test]
fn modes_and_options() {
    let usual = Options::new(Kind::Registered);
    let delta = Options { mode: Mode::Delta, ..usual.clone() };
    let full = Options { mode: Mode::Full, ..usual.clone() };
    let list = "imei\n35824005000001\n";
    insta::assert_snapshot!(refused(&delta, list), @"list.csv: mode delta needs a column change_type (add, remove, update). Found: imei");
    insta::assert_snapshot!(refused(&delta, "35824005000001\n"), @"list.csv: mode delta needs a column change_type (add, remove, update). Found: 35824005******");
    insta::assert_snapshot!(refused(&full, "imei,change_type\n"), @"list.csv: a column change_type is obeyed in mode delta only, and mode full would list what it removes: use --mode delta, or drop the column");
    insta::assert_snapshot!(of(Kind::Temporary, list), @"list.csv: a list of kind temporary needs end dates: a column valid_until, or the option --valid-until DATE");
    insta::assert_snapshot!(refused(&Options { door: Door::Stolen, ..usual.clone() }, list), @"entries of kind registered do not come through the door stolen; they come through: tpp-import, tpp-production, customs-passenger, customs-parcel, state");
    insta::assert_snapshot!(refused(&Options { hard: true, ..usual.clone() }, list), @"--hard means nothing for a list of kind registered: leave it out");
    insta::assert_snapshot!(refused(&Options { mode: Mode::Delta, ..Options::new(Kind::Ranges) }, "from,to\n"), @"--mode delta means nothing for a list of kind ranges: leave it out");
    insta::assert_snapshot!(refused(&Options { operator: Some("a/b".to_owned()), ..usual.clone() }, list), @r#"--operator "a/b": the name of an operator has 1 to 32 letters, digits, blanks, and . - _"#);
    let all = Options { all_or_nothing: true, ..usual };
    insta::assert_snapshot!(refused(&all, "imei\n35824005000001\nInvalidIMEI\n"), @r#"1 of 2 rows are rejected and all or nothing was asked for: nothing is imported. First: list.csv line 3, column imei: "InvalidIMEI": an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators"#);
}

#[test]
fn inputs() {
    let read = |inputs: &[Input], options: &Options| {
        read(options, inputs, &progress::Silent, &AtomicBool::new(false)).unwrap_err().to_string()
    };
    let usual = Options::new(Kind::Registered);
    insta::assert_snapshot!(read(&[], &usual), @"no list to import: name at least one file, or - for standard input");
    insta::assert_snapshot!(read(&[Input::Stdin, Input::from(PathBuf::from("-"))], &usual), @"standard input (-) can be read once only");
    insta::assert_snapshot!(read(&[Input::File("/nowhere/a.csv".into())], &usual), @"/nowhere/a.csv: cannot be read: No such file or directory (os error 2)");
    let lists = Lists::new().with("a.csv", "imei\n");
    let over = Options { rejects: Some(lists.path("a.csv")), ..usual.clone() };
    insta::assert_snapshot!(lists.plain(&lists.read(&over).unwrap_err().to_string()), @"a.csv: the rejects would overwrite a list that is being imported: name another file");
    assert_eq!(std::fs::read(lists.path("a.csv")).unwrap(), b"imei\n");
    let nowhere = Options { rejects: Some("/nowhere/rejects.csv".into()), ..usual };
    insta::assert_snapshot!(lists.read(&nowhere).unwrap_err(), @"/nowhere/rejects.csv: the rejects cannot be written: No such file or directory (os error 2)");
}

#[test]
fn one_bad_list_refuses_all() {
    let lists = Lists::new().with("a.csv", "imei\n35824005000001\n").with("b.csv", "tac\n35824005\n");
    assert!(matches!(lists.read(&Options::new(Kind::Registered)), Err(ImportError::MissingColumn { .. })));
}

#[test]
fn an_interruption_stops_it() {
    let lists = Lists::new().with("a.csv", "imei\n35824005000001\n");
    let stopped = read(&Options::new(Kind::Registered), &lists.inputs, &progress::Silent, &AtomicBool::new(true));
    insta::assert_snapshot!(stopped.unwrap_err(), @"the import was interrupted: nothing is imported");
}
