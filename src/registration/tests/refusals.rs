//! What is refused, and that nothing personal stands in any of it.

use super::*;

#[test]
fn a_bad_row_is_told_by_line_column_and_rule_and_spoils_no_other() {
    let world = World::new();
    let list = format!(
        "msisdn,city,identity,nik,state,since,operator\n\
         0812x,3171,ktp-el,{NIK},registered,2018-01-02,\n\
         081234567801,3171,ktp-el,99123415019000,registered,2018-01-02,\n\
         081234567801,3171,ktp-el,9912341513900001,registered,2018-01-02,\n\
         081234567801,{NIK},ktp-el,{NIK},registered,2018-01-02,\n\
         081234567801,3171,{NIK},{NIK},registered,2018-01-02,\n\
         081234567801,3171,ktp-el,,registered,2018-01-02,\n\
         081234567801,3171,,{NIK},unregistered,2018-01-02,\n\
         081234567801,3171,ktp-el,{NIK},{NIK},2018-01-02,\n\
         081234567801,3171,ktp-el,{NIK},registered,{NIK},\n\
         081234567801,3171,ktp-el,{NIK},registered,2099-01-01,\n\
         081234567801,3171,ktp-el,{NIK},registered,2018-13-01,\n\
         081234567801,3171,passport,A-1,registered,2018-01-02,\n\
         081234567801,3171,ktp-el,{NIK},registered,2018-01-02,xl\n\
         081234567801,\"3171,ktp-el,{NIK},registered,2018-01-02,\n\
         {NIK}\n\
         \"0812-3456-7802\",\"3171\",suket,{NIK},registered,2018-01-02,telkomsel\n\n"
    );
    let taken = world.take_in(&order("telkomsel", Mode::Full), &list).unwrap();
    let told: Vec<String> = taken.rejects.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
    let all = format!("{told:?}");
    assert!(!all.contains("9912") && !all.contains("4567801"), "{all}");
    assert_eq!((taken.record.rows, taken.record.rejected, taken.record.outcome.unwrap().added), (16, 15, 1));
}

#[test]
fn a_column_that_slipped_does_not_use_up_the_codes_of_cities() {
    let world = World::new();
    let rows: String = (0..1003).map(|n| format!("0812345{n:05},unregistered,c{n}\n")).collect();
    let list = format!("msisdn,state,city\n{rows}");
    let taken = world.take_in(&order("telkomsel", Mode::Full), &list).unwrap();
    assert_eq!((taken.record.rejected, taken.rejects[0].column), (3, "city"));
    let taken = world.take_in(&order("telkomsel", Mode::Full), &list).unwrap();
    assert_eq!((taken.record.rejected, taken.record.outcome.unwrap().unchanged), (0, 1000));
}

#[test]
fn a_number_whose_row_is_bad_is_not_withdrawn_by_a_full_list() {
    let world = World::new();
    let list = "msisdn,state\n081234567801,unregistered\n081234567802,unregistered\n081234567803,unregistered\n";
    assert_eq!(world.full("telkomsel", list).added, 3);
    let outcome = world.full("telkomsel", "msisdn,state\n081234567801,unregistred\n081234567803,unregistered\n");
    assert_eq!((outcome.unnamed, outcome.updated), (1, 0));
    // A list of which nothing is good withdraws nobody.
    let foreign = world.take_in(&order("telkomsel", Mode::Full), "msisdn,state\n081234567801,unregistred\n");
    let foreign = foreign.unwrap_err().to_string();
    assert!(foreign.starts_with("1 of 1 rows are rejected") && foreign.contains("none is good"), "{foreign}");
    let all_or_nothing = ListOrder { all_or_nothing: true, ..order("telkomsel", Mode::Full) };
    let error = world.take_in(&all_or_nothing, "msisdn,state\n081234567801,unregistred\n").unwrap_err().to_string();
    assert!(error.starts_with("1 of 1 rows are rejected") && error.contains("line 2, state"), "{error}");
}

#[test]
fn orders_are_refused_before_anything_is_written() {
    let world = World::new();
    let list = "msisdn,state\n081234567801,unregistered\n081234567802,unregistered\n";
    let refused = |order: &ListOrder, list: &str, words: &str| {
        let error = world.take_in(order, list).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    };
    let own = order("telkomsel", Mode::Full);
    refused(&ListOrder { operator: "xl".into(), ..own.clone() }, list, "operator: tina belongs to telkomsel");
    refused(
        &ListOrder { by: person("a", None), operator: "X L".into(), ..own.clone() },
        list,
        "operator: name the operator",
    );
    refused(&ListOrder { sha256: Some([0; 32]), ..own.clone() }, list, "the bytes that arrived are not those");
    refused(&own, &format!("{NIK},registered\n"), "line 1: the header lacks msisdn, state");
    refused(&own, "msisdn,state,change_type\n", "line 1: a full list obeys no change_type");
    refused(&own, "msisdn,state,status\n", "line 1: two columns mean state");
    refused(&order("telkomsel", Mode::Delta), list, "line 1: the header lacks change_type");
    refused(&own, "msisdn,state\n0812\0\n", "line 2: this is no list");
    refused(&own, &"a".repeat(3 << 20), "line 1: this is no list");
    refused(&own, &format!("msisdn,state\n{}", "a".repeat(3 << 20)), "line 2: this is no list");
    assert_eq!(world.all().lists(None, None, 9).unwrap(), []);
    world.full("telkomsel", list);
    let short = ListOrder { max_drop_percent: 10, ..own };
    refused(&short, "msisdn,state\n081234567801,unregistered\n", "this full list names 1 numbers and 2 of telkomsel");
    assert_eq!(std::fs::read_dir(world.all().0.db.incoming().unwrap()).unwrap().count(), 0);
}

#[test]
fn a_calendar_takes_two_persons_of_no_operator() {
    let world = World::new();
    let all = world.all();
    let (rina, dewi, tono) = (person("rina", None), person("dewi", None), person("tono", Some("xl")));
    let told = |outcome: Result<CalendarRecord, RegistrationError>| outcome.unwrap_err().to_string();
    assert!(told(all.propose(&tono, "", "")).contains("belongs to xl"));
    assert!(
        told(all.propose(&rina, "grace = 1", "")).starts_with("the calendar is refused: grace: there is no such key")
    );
    let first = all.propose(&rina, "limit = 3", "a letter").unwrap();
    let second = all.propose(&dewi, "limit = 4", "").unwrap();
    assert!(told(all.decide(&rina, first.number, None, true, "")).contains("another person puts it in force"));
    assert!(told(all.decide(&tono, first.number, None, true, "")).contains("belongs to xl"));
    assert!(told(all.decide(&dewi, first.number, Some(&[1; 32]), true, "")).contains("another digest"));
    assert!(told(all.decide(&dewi, 9, None, true, "")).contains("there is no calendar 9"));
    let approved = all.decide(&dewi, first.number, Some(&first.sha256), true, "").unwrap();
    assert_eq!((approved.state(), approved.audit_entries.len()), (CalendarState::Approved, 2));
    assert!(told(all.decide(&rina, first.number, None, true, "")).contains("is approved already, by dewi"));
    assert!(told(all.decide(&rina, second.number, None, true, "")).contains("propose it again"));
    all.decide(&rina, second.number, None, false, "").unwrap();
    assert_eq!(all.calendar_on(today()).unwrap().1.limit, Some(3));
    assert_eq!(all.calendar_on(day("2020-01-01")).unwrap().0, 0, "nothing was in force then");
    assert_eq!(all.calendars().unwrap().len(), 2);
}

/// Every file below a directory.
fn files(path: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_identity_number_is_in_any_byte_of_the_directory() {
    let world = World::new();
    let list = format!(
        "msisdn,identity,nik,state\n081234567801,ktp-el,{NIK},registered\n081234567802,passport,x7654321,registered\n"
    );
    world.full("telkomsel", &list);
    world.all().0.db.settle().unwrap();
    let files = files(world.dir.path());
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for secret in [NIK.as_bytes(), b"x7654321", b"X7654321"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
        if file.ends_with("nik.key") {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[test]
fn a_list_takes_few_numbers_over_and_never_an_operators_whole_base() {
    let world = World::new();
    let rows = |numbers: std::ops::Range<u32>| -> String {
        let rows = numbers.map(|nth| format!("0812345{nth:05},unregistered\n"));
        format!("msisdn,state\n{}", rows.collect::<String>())
    };
    world.full("telkomsel", &rows(0..3000));
    let xl = |percent: u8, list: &str| {
        let by = person("xena", Some("xl"));
        let order = ListOrder { by, max_takeover_percent: percent, ..order("xl", Mode::Full) };
        world.take_in(&order, list).map(|taken| taken.record.outcome.unwrap().ported_in)
    };
    // 1000 of anybody's numbers are few.
    assert_eq!(xl(20, &rows(0..1000)).unwrap(), 1000);
    let refused = xl(20, &rows(1000..2100)).unwrap_err().to_string();
    assert!(refused.contains("would take 1100 of the 2000 numbers that telkomsel holds"), "{refused}");
    assert_eq!(world.all().lists(None, None, 9).unwrap().len(), 2, "it is not on record");
    assert_eq!(std::fs::read_dir(world.all().0.db.incoming().unwrap()).unwrap().count(), 0);
    assert_eq!(xl(55, &rows(1000..2100)).unwrap(), 1100);
    // New numbers are nobody's.
    assert_eq!(xl(0, &rows(5000..7000)).unwrap(), 0);
    assert_eq!(xl(100, &rows(2100..3000)).unwrap(), 900);
}

#[test]
fn a_calendar_that_blocks_nobody_is_told_so() {
    let blocks_nobody = |document: &str| Calendar::read(document).unwrap().blocks_nobody();
    assert!(Calendar::default().blocks_nobody());
    let stage = "[stages.data]\non = \"2018-03-01\"\n";
    for nobody in ["", "limit = 3\n", "grace_days = 3\n", "states = [\"unregistered\"]\n", stage] {
        assert!(blocks_nobody(nobody), "{nobody}");
    }
    for somebody in [
        format!("states = [\"unregistered\"]\n{stage}"),
        "states = [\"unregistered\"]\n[operator.xl.stages.data]\nafter_days = 3\n".to_owned(),
        "[operator.xl]\nstates = [\"kk-mismatch\"]\n[city.3171.stages.total]\non = \"2018-03-01\"\n".to_owned(),
        "[operator.xl.city.3171]\nstates = [\"kk-mismatch\"]\n[operator.xl.city.3171.stages.total]\non = \"2018-03-01\"\n".to_owned(),
    ] {
        assert!(!blocks_nobody(&somebody), "{somebody}");
    }
}
