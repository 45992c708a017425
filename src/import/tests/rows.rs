//! What rows of each kind give; those of models have a file of their own.

use super::*;

#[test]
fn any_header_any_order_any_case() {
    let headers = [
        "imei\n35824005111111\n",
        "IMEI\r\n358240051111110\r\n",
        "\u{feff}Approved_IMEI\n'35824005111111",
        "golden imei\n3582400511111101\n\n",
        "make,IMEI,model\nx,35824005111111,\"y, z\"\n",
        "make;IMEI;status\n\"a;b\";35824005111111;whitelist\n",
        "status\tImEi\n\t35824005111111\n",
        "colour|APPROVED-IMEI|\nred|\"35824005111111\"|\n",
        "35824005111111",
        "\n  \n \"358240051111110\" \n",
    ];
    for text in headers {
        let gathered = gathered(Kind::Registered, text);
        assert_eq!((gathered.counts.rows, gathered.counts.accepted), (1, 1), "{text}");
        let (id, bits) = &gathered.pages[0];
        assert_eq!(id.key(bits.iter().next().unwrap()).unwrap().to_string(), "35824005111111", "{text}");
    }
}

#[test]
fn registered_with_attributes() {
    let text = "\
APPROVED_IMEI,imei2,status,device_id,valid_until,msisdn,operator,make
35824005000001,,,1,,,,a
35824005000002,,whitelist,1,2030-01-31,0812-3456-789,Telkomsel,b
35824005000003,35824005000004,,,,,,c
35824005000005,,removed,,,,,d
35824005000006,,blacklist,,,,,e
35824005000007,3582,,,,,,f
35824005000008,,,,31/12/2030,,,g
35824005000009,,,,,0812x,,h
35824005000010,35824005000010,,,,,,i
35824005000011,,,,,,a!b,j
short,
35824005000012,,,,,,,k,,
35824005000013,,,,,,,\"l
";
    insta::assert_snapshot!(told(&gathered(Kind::Registered, text)), @r"
    13 rows: 6 accepted, 7 rejected, 0 duplicates, 1 warnings
    plain 35824005000001
    plain 35824005000003
    plain 35824005000004
    plain 35824005000010
    plain 35824005000012
    device 35824005000002 until 2030-01-31 number 628123456789 operator telkomsel
    removed 35824005000005 None
    link 35824005000001 35824005000002
    link 35824005000003 35824005000004
    reject line 6 [status] [blacklist] the status of a white list is empty, whitelist, recovered, removed or withdrawn
    reject line 7 [imei2] [3582] an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators
    reject line 8 [valid_until] [31/12/2030] a date is YYYY-MM-DD, YYYYMMDD or DD-Mon-YYYY, from 1970-01-01 to 2149-06-05
    reject line 9 [msisdn] [*****] an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)
    reject line 11 [operator] [a!b] the name of an operator has 1 to 32 letters, digits, blanks, and . - _
    reject line 12 [] [] the row has 2 columns, the header has 8
    reject line 14 [] [] a quote is not closed on its line
    warning 1 x line 10: imei2 is the same device as imei; no second one is listed
    ");
}

#[test]
fn defaults_of_the_options_are_no_attributes_of_a_row() {
    let text =
        "imei,valid_until,operator\n35824005000001,2030-01-31,XL\n35824005000001,,\n35824005000002,2030-02-01,tsel\n";
    let options = Options {
        valid_until: Some("2030-01-31".parse().unwrap()),
        operator: Some(" xl".to_owned()),
        ..Options::new(Kind::Registered)
    };
    let gathered = Lists::new().with("a.csv", text).read(&options).unwrap();
    insta::assert_snapshot!(told(&gathered), @r"
    3 rows: 2 accepted, 0 rejected, 1 duplicates, 0 warnings
    plain 35824005000001
    device 35824005000002 until 2030-02-01 operator tsel
    ");
    assert_eq!(gathered.operator.as_deref(), Some("xl"));
}

#[test]
fn stolen_reports_of_operators_stand_separately() {
    let text = "\
IMEI,reporting_date,status,operator,msisdn
35824005000001,2020-05-02,,xl,08123456789
35824005000001,2020-05-01,blacklist,XL,
35824005000001,,,telkomsel,
35824005000001,,,,
35824005000002,,recovered,xl,
35824005000002,,,telkomsel,
35824005000003,,recovered,,
35824005000003,,,,
35824005000004,,stolen,,
";
    insta::assert_snapshot!(told(&gathered(Kind::Stolen, text)), @r#"
    9 rows: 5 accepted, 3 rejected, 1 duplicates, 0 warnings
    plain 35824005000001
    device 35824005000001 operator telkomsel
    device 35824005000001 operator xl since 2020-05-01
    device 35824005000002 operator telkomsel
    removed 35824005000002 Some("xl")
    reject line 10 [status] [stolen] the status of a black list is empty, blacklist, recovered, found or whitelist
    reject line 8 [imei] [35824005000003] contradicts line 9: one is on, the other off
    reject line 9 [imei] [35824005000003] contradicts line 8: one is on, the other off
    "#);
}

#[test]
fn contradictions_name_each_other() {
    let text = "\
imei,imei2,valid_until,msisdn,operator
35824005000001,,2030-01-01,,
35824005000001,,2030-01-02,,
35824005000002,,,0812345678,
35824005000002,,,0812345679,
35824005000003,35824005000004,,,
35824005000004,,,,xl
35824005000003,,,,
35824005000005,,,,
35824005000005,,,,
";
    insta::assert_snapshot!(told(&gathered(Kind::Registered, text)), @r"
    9 rows: 2 accepted, 6 rejected, 1 duplicates, 0 warnings
    plain 35824005000003
    plain 35824005000005
    reject line 2 [imei] [35824005000001] contradicts line 3 in valid_until
    reject line 3 [imei] [35824005000001] contradicts line 2 in valid_until
    reject line 4 [imei] [35824005000002] contradicts line 5 in msisdn
    reject line 5 [imei] [35824005000002] contradicts line 4 in msisdn
    reject line 6 [imei] [35824005000004] contradicts line 7 in operator
    reject line 7 [imei] [35824005000004] contradicts line 6 in operator
    ");
}

#[test]
fn temporary_and_grandfathered() {
    let text = "imei,valid_until,msisdn\n35824005000001,2030-01-01,62812345678\n35824005000002,,62812345678\n";
    insta::assert_snapshot!(told(&gathered(Kind::Temporary, text)), @r"
    2 rows: 1 accepted, 1 rejected, 0 duplicates, 0 warnings
    device 35824005000001 until 2030-01-01 number 62812345678
    reject line 3 [valid_until] [] a temporary listing needs an end date
    ");
    let text = "imei,operator,msisdn,first_seen\n35824005000001,xl,62812345678,2020-04-18\n35824005000001,xl,62812345678,20200101\n";
    insta::assert_snapshot!(told(&gathered(Kind::Grandfathered, text)), @r"
    2 rows: 1 accepted, 0 rejected, 1 duplicates, 0 warnings
    device 35824005000001 number 62812345678 operator xl since 2020-01-01
    ");
}

#[test]
fn ranges_lie_within_a_tac() {
    let text = "\
start;end;status
35824005002046;35824005002049;
358240050020482;358240050020490;
35824005000009;35824005000001;
35824005999999;35824006000000;
35824005000001;35824005000001;removed
35824005999998;3582400599999901;whitelist
";
    insta::assert_snapshot!(told(&gathered(Kind::Ranges, text)), @r"
    6 rows: 2 accepted, 3 rejected, 1 duplicates, 2 warnings
    plain 35824005002046
    plain 35824005002047
    plain 35824005002048
    plain 35824005002049
    plain 35824005999998
    plain 35824005999999
    reject line 4 [to] [35824005000001] a range ends at or above its start
    reject line 5 [to] [35824006000000] a range lies within one TAC: split it
    reject line 6 [status] [removed] a range takes nothing off: list the IMEIs one by one
    warning 2 x line 3: the 15th digit does not fit the other 14 (Luhn); the first 14 are taken
    ");
    assert_eq!(gathered(Kind::Ranges, "35824005000000,35824005999999\n").listed_devices(), 1_000_000);
    assert_eq!(gathered(Kind::Ranges, "To;From\n35824005000001;35824005000000\n").listed_devices(), 2);
}

#[test]
fn pairings() {
    let text = "\
iMeI,imSI,mSiSdn,binding,valid_until
98888888888888,777777777777777,888888888888888,,
97777777777777a,777777777777777,,binding,2030-01-01
98888888888888,777777777777777,888888888888888,allowance,
98888888888888,510101234567890,08123456789,yes,
98888888888888,510101234567890,628123456789,no,
96666666666666,,,,
96666666666666,12,,,
96666666666666,,InvalidMSIDN,,
96666666666666,,6.28E+12,,
96666666666666,,08123456789,maybe,
";
    insta::assert_snapshot!(told(&gathered(Kind::Pairing, text)), @r"
    10 rows: 2 accepted, 7 rejected, 1 duplicates, 1 warnings
    PairingRow { key: EquipmentKey(97777777777777), msisdn: None, imsi: Some(Imsi(77777*******777)), binding: Binding, valid_until: Some(Day(21915)), operator: None, remove: false }
    PairingRow { key: EquipmentKey(98888888888888), msisdn: Some(Msisdn(88888*******888)), imsi: Some(Imsi(77777*******777)), binding: Allowance, valid_until: None, operator: None, remove: false }
    reject line 7 [] [] a pairing needs a number: msisdn, imsi or both
    reject line 8 [imsi] [**] an IMSI is 6 to 15 decimal digits
    reject line 9 [msisdn] [Inval****IDN] an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)
    reject line 10 [msisdn] [6.*****2] scientific notation, as Excel writes long numbers: digits are lost; format the column as text and export again
    reject line 11 [binding] [maybe] a pairing is an allowance or a binding (also yes, no)
    reject line 5 [imei] [98888888888888] contradicts line 6 in binding
    reject line 6 [imei] [98888888888888] contradicts line 5 in binding
    warning 1 x line 3: a 15th or 16th character is not a digit; the first 14 are taken
    ");
    assert_eq!(gathered(Kind::Pairing, "imei,msisdn\n12345678901234,22545678901235\n").counts.accepted, 1);
}

#[test]
fn a_delta_obeys_its_change_type() {
    let delta = |kind| Options { mode: Mode::Delta, ..Options::new(kind) };
    let text = "imsi,msisdn,change_type\n510101234567890,628123456789,ADD\n510101234567891,,remove\n510101234567892,,update\n510101234567893,628123456789,drop\n510101234567890,628123456789,remove\n";
    let lists = Lists::new().with("a.csv", text);
    insta::assert_snapshot!(told(&lists.read(&delta(Kind::Subscriber)).unwrap()), @r"
    5 rows: 1 accepted, 4 rejected, 0 duplicates, 0 warnings
    SubscriberRow { imsi: Imsi(51010*******891), msisdn: None, operator: None, since: None, remove: true }
    reject line 4 [msisdn] [] the MSISDN is missing
    reject line 5 [change_type] [drop] a change type is add, remove or update
    reject line 2 [imsi] [51010*******890] contradicts line 6: one is on, the other off
    reject line 6 [imsi] [51010*******890] contradicts line 2: one is on, the other off
    ");
    let text = "imei,change_type\n35824005000001,update\n35824005000002,Remove\n35824005000003,\n";
    let lists = Lists::new().with("a.csv", text);
    insta::assert_snapshot!(told(&lists.read(&delta(Kind::Registered)).unwrap()), @r"
    3 rows: 2 accepted, 1 rejected, 0 duplicates, 0 warnings
    plain 35824005000001
    removed 35824005000002 None
    reject line 4 [change_type] [] a change type is add, remove or update
    ");
}

#[test]
fn subscribers_have_one_number() {
    let text = "msisdn,imsi,operator,since\n08123456789,510101234567890,xl,2020-01-01\n08123456789,510101234567890,xl,2020-01-01\n08123456788,510101234567891,,\n08123456787,510101234567891,,\n";
    insta::assert_snapshot!(told(&gathered(Kind::Subscriber, text)), @r#"
    4 rows: 1 accepted, 2 rejected, 1 duplicates, 0 warnings
    SubscriberRow { imsi: Imsi(51010*******890), msisdn: Some(Msisdn(62812****789)), operator: Some("xl"), since: Some(Day(18262)), remove: false }
    reject line 4 [imsi] [51010*******891] contradicts line 5 in msisdn
    reject line 5 [imsi] [51010*******891] contradicts line 4 in msisdn
    "#);
}

#[test]
fn links_of_devices() {
    let many: String = (0..17).map(|serial| format!("3582400600{serial:04},,x\n")).collect();
    let text = format!(
        "imei,imei2,device_id\n35824005000003,,b\n35824005000001,35824005000002,b\n35824005000001,35824005000002,b\n\
         35824005000005,35824005000004,\n35824005000004,35824005000005,\n35824005000006,,alone\n{many}"
    );
    let gathered = gathered(Kind::Registered, &text);
    let links: Vec<String> = gathered.links.iter().map(|group| format!("{group:?}")).collect();
    assert_eq!(links.len(), 2, "{links:?}");
    assert_eq!(gathered.links[0].len(), 3);
    assert_eq!(gathered.links[1].len(), 2);
    assert_eq!(gathered.warnings[0].warning, Warning::LargeGroup);
    assert_eq!(gathered.counts.rows, 23);
    assert_eq!(gathered.counts.duplicates, 2);
    assert_eq!(gathered.listed_devices(), 6 + 17);
}

#[test]
fn check_digits_verify_warn_ignore() {
    let lists = Lists::new().with("a.txt", "260531793113837\n260531793113839\n26053179311384a\n2605317931138599\n");
    let counts = |check_digit| {
        let gathered = lists.read(&Options { check_digit, ..Options::new(Kind::Registered) }).unwrap();
        let Counts { accepted, rejected, duplicates, warnings, .. } = gathered.counts;
        [accepted, rejected, duplicates, warnings]
    };
    assert_eq!(counts(CheckDigit::Verify), [2, 2, 0, 0]);
    assert_eq!(counts(CheckDigit::Warn), [3, 0, 1, 2]);
    assert_eq!(counts(CheckDigit::Ignore), [3, 0, 1, 1]);
}

#[test]
fn odd_lines_cost_themselves_only() {
    let long = "9".repeat(70_000);
    let longest = "9".repeat(300_000);
    let text = format!("35824005000001\n{long}\n3.58E+14\n{longest}\n00000000000000\n35824005000002\n{longest}");
    insta::assert_snapshot!(told(&gathered(Kind::Registered, &text)), @r"
    7 rows: 2 accepted, 5 rejected, 0 duplicates, 0 warnings
    plain 35824005000001
    plain 35824005000002
    reject line 2 [] [] the line is longer than 65,536 bytes
    reject line 3 [imei] [3.58E+14] scientific notation, as Excel writes long numbers: digits are lost; format the column as text and export again
    reject line 4 [] [] the line is longer than 65,536 bytes
    reject line 5 [imei] [00000000000000] all zeros is no device
    reject line 7 [] [] the line is longer than 65,536 bytes
    ");
}

#[test]
fn rejects_are_written_with_masked_numbers() {
    let lists = Lists::new()
        .with("a.csv", "imei,msisdn\n35824005000001,0812x3456789\n12,\n")
        .with("b.csv", "imei,msisdn\n13,\n");
    let options = Options { rejects: Some(lists.path("rejects.csv")), ..Options::new(Kind::Registered) };
    lists.read(&options).unwrap();
    let written = std::fs::read_to_string(lists.path("rejects.csv")).unwrap();
    insta::assert_snapshot!(lists.plain(&written), @r#"
    file,line,column,value,rule
    a.csv,2,msisdn,0812x****789,"an MSISDN is 5 to 15 digits with country code (62812…), or national with a leading 0 (0812…)"
    a.csv,3,imei,12,"an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators"
    b.csv,2,imei,13,"an IMEI or IMEISV in a list is 14 to 16 decimal digits, without separators"
    "#);
}

#[test]
fn several_lists_are_one_import() {
    let lists = Lists::new()
        .with("a.csv", "imei\n35824005000001\n\n35824005000002\n")
        .with("b.csv", "imei,msisdn\n35824005000001,0812345678\n35824005000002,\n35824005000003,\n");
    let gathered = lists.read(&Options::new(Kind::Registered)).unwrap();
    insta::assert_snapshot!(lists.plain(&told(&gathered)), @r"
    5 rows: 2 accepted, 2 rejected, 1 duplicates, 0 warnings
    plain 35824005000002
    plain 35824005000003
    reject line 2 [imei] [35824005000001] contradicts line 2 of b.csv in msisdn
    reject line 2 [imei] [35824005000001] contradicts line 2 of a.csv in msisdn
    ");
    let named: Vec<String> =
        gathered.sources.iter().map(|source| format!("{} {}", lists.plain(&source.name), source.bytes)).collect();
    assert_eq!(named, ["a.csv 36", "b.csv 70"]);
}
