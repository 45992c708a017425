//! Lists on record, cut off and gone on with; counts over time; keys; previews.

use super::*;
use crate::identity::Msisdn;

const LIST: &str = "msisdn;nik;identity;state;city;since\n\
    081234567801;9912341501900001;ktp-el;registered;3171;2018-01-02\n\
    62812-3456-7802;9912341501900001;suket;kk-mismatch;3171;2018-01-02\n\
    +6281234567803;;;unregistered;3273;2018-02-01\n";

fn msisdn(text: &str) -> Msisdn {
    text.parse().unwrap()
}

#[test]
fn a_list_is_on_record_with_its_entry_and_its_bytes_can_be_recognised() {
    let world = World::new();
    let order = ListOrder { request: "request-1".into(), ..order("telkomsel", Mode::Full) };
    let taken = world.take_in(&order, LIST).unwrap();
    assert_eq!((taken.record.number, taken.record.rows, taken.record.rejected), (1, 3, 0));
    assert_eq!(taken.record.state(), ListState::Applied);
    let entry = crate::desk::Desk::open(&world.all().0.store).unwrap();
    let entries = entry.audits(&person("udin", None), &crate::desk::AuditFilter::default()).unwrap();
    assert_eq!(entries[0].seq, taken.record.audit_entry);
    assert_eq!(entries[0].text, "list 1 of telkomsel, full: 3 rows, 0 rejected");
    let again = world.take_in(&order, LIST).unwrap();
    assert!(again.repeated && again.record == taken.record);
    let other = world.take_in(&order, &LIST.replace("3171", "3172")).unwrap_err().to_string();
    assert!(other.starts_with("request_id: this request brought another list"), "{other}");
    assert_eq!(world.all().lists(Some("telkomsel"), Some(&taken.sha256), 9).unwrap().len(), 1);
    assert_eq!(world.all().lists(None, Some(&[7; 32]), 9).unwrap().len(), 0);
    assert_eq!(world.all().lists(Some("xl"), None, 9).unwrap().len(), 0);
    assert!(!taken.record.content.ends_with(&taken.sha256[16..]), "the digest is kept as a keyed hash");
}

#[test]
fn a_list_that_was_cut_off_is_gone_on_with() {
    let mut world = World::new();
    world.full("telkomsel", LIST);
    // It is on record and its rows lie there: then the power goes.
    let all = world.all();
    let order = order("telkomsel", Mode::Full);
    let staged = all.0.db.incoming().unwrap().join("staged");
    let row = |line, msisdn| sort::Record {
        msisdn,
        line,
        state: Some(State::Inactive),
        kind: None,
        city: 0,
        since: day("2018-03-01"),
        hash: None,
    };
    let rows = [row(2, 6_281_234_567_803).to_bytes(), row(3, 6_281_299_999_999).to_bytes()];
    let mut sorter = sort::Sorter::new(&all.0.db.incoming().unwrap(), 1 << 20);
    sorter.add(&rows).unwrap();
    let sorted = sorter.finish(&staged).unwrap();
    let reading = import::Reading { rows: 2, sorted, ..import::Reading::default() };
    let record = all.begin(&order, &reading, &staged).unwrap();
    assert_eq!((record.number, record.state()), (2, ListState::Applying));
    world.reopen();
    let record = world.all().lists(None, None, 1).unwrap().remove(0);
    assert_eq!((record.number, record.state()), (2, ListState::Applied));
    let outcome = record.outcome.unwrap();
    assert_eq!((outcome.added, outcome.updated, outcome.unnamed), (1, 1, 2));
    let held = |text| world.all().held(msisdn(text), today(), None).unwrap().unwrap();
    assert_eq!(held("081234567801").state, State::Withdrawn);
    assert_eq!(
        (held("081234567801").identity, held("081234567801").key_version),
        (None, 0),
        "nothing is kept of who left"
    );
    assert_eq!(held("081234567803").state, State::Inactive);
    assert_eq!(std::fs::read_dir(world.all().0.db.incoming().unwrap()).unwrap().count(), 0);

    // Without its rows it is one that broke off; handed in again it is taken in.
    let broken = ListRecord { number: 3, state_code: ListState::Applying.code().into(), ..record_of(&world) };
    world.all().0.db.write(vec![broken.change()]).unwrap();
    world.reopen();
    assert_eq!(world.all().lists(None, None, 1).unwrap()[0].state(), ListState::BrokenOff);
    assert_eq!(world.full("telkomsel", LIST).added, 2);
}

fn record_of(world: &World) -> ListRecord {
    world.all().lists(None, None, 1).unwrap().remove(0)
}

#[test]
fn counts_of_days_are_kept_with_the_calendar_of_then() {
    let world = World::new();
    world.full("telkomsel", LIST);
    let by = By::read(["stage", "identity"]).unwrap();
    let then = CountFilter { on: Some(day("2018-03-15")), ..CountFilter::default() };
    assert_eq!(world.all().count(by, &then).unwrap(), [], "nothing was held then");
    // As if a node had served on earlier days.
    for (on, stage) in [("2026-01-01", Stage::Open), ("2026-01-02", Stage::Open)] {
        let row = world.all().snapshot(&world.all().cells().unwrap(), day(on)).unwrap();
        world.all().0.db.write(vec![row]).unwrap();
        let counted = world.all().count(by, &CountFilter { on: Some(day("2026-01-02")), ..then.clone() }).unwrap();
        assert!(counted[0].lines.iter().all(|line| line.stage == Some(stage)), "{counted:?}");
    }
    let number = world.calendar("states = [\"unregistered\"]\n[stages.data]\non = \"2018-05-01\"");
    let now = world.all().count(by, &CountFilter::default()).unwrap().remove(0);
    assert_eq!(now.calendar, number);
    let lines: Vec<_> =
        now.lines.iter().map(|line| (line.identity.unwrap(), line.stage.unwrap(), line.numbers)).collect();
    let expected =
        [(None, Stage::Data, 1), (Some(Identity::KtpEl), Stage::Open, 1), (Some(Identity::Suket), Stage::Open, 1)];
    assert_eq!(lines, expected);
    let series = CountFilter { from: Some(day("2026-01-01")), city: Some("3171".into()), ..CountFilter::default() };
    let series = world.all().count(By::default(), &series).unwrap();
    let days: Vec<_> = series.iter().map(|one| (one.day.to_string(), one.calendar, one.lines[0].numbers)).collect();
    let today = today().to_string();
    assert_eq!(days, [("2026-01-01".to_owned(), 0, 2), ("2026-01-02".to_owned(), 0, 2), (today, number, 2)]);
}

#[test]
fn the_turn_of_the_day_moves_stages_and_keeps_counts() {
    let world = World::new();
    world.calendar(
        "states = [\"unregistered\"]\n[stages.outgoing]\non = \"2030-01-01\"\n[stages.data]\non = \"2030-02-01\"",
    );
    world.full("telkomsel", LIST);
    world.all().turn(day("2029-12-31")).unwrap();
    assert!(world.all().live().load().is_none(), "where nothing is loaded nothing is turned");
    world.all().warm(day("2029-12-31")).unwrap();
    for (on, stage) in [("2029-12-31", Stage::Open), ("2030-01-01", Stage::Outgoing), ("2030-02-01", Stage::Data)] {
        world.all().turn(day(on)).unwrap();
        let hot = world.all().live().load().unwrap();
        assert_eq!((hot.day(), hot.at(msisdn("081234567803")).unwrap().stage), (day(on), stage));
        let filter = CountFilter { on: Some(day(on)), ..CountFilter::default() };
        let counted = world.all().count(By::read(["stage"]).unwrap(), &filter).unwrap();
        assert!(counted[0].lines.iter().any(|line| line.stage == Some(stage)), "{counted:?}");
    }
}

#[test]
fn a_new_key_holds_for_rows_that_come_again() {
    let mut world = World::new();
    world.full("telkomsel", LIST);
    assert_eq!(world.all().cells().unwrap().by_key(), [(1, 2)]);
    assert_eq!(world.all().rotate_key(&person("admin", None), "yearly").unwrap(), 2);
    assert_eq!(world.full("telkomsel", &LIST.replace("+6281234567803;;", "+6281234567804;;")).unnamed, 1);
    assert_eq!(world.all().cells().unwrap().by_key(), [(2, 2)], "what came again has the new key");
    world.reopen();
    assert_eq!(world.all().held(msisdn("081234567801"), today(), None).unwrap().unwrap().key_version, 2);
    // An operator that has the key may hash by itself.
    let hash = world.all().0.db.keys().hash(format!("nik:{OTHER_NIK}").as_bytes());
    let hex: String = hash[1..].iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!(
        "msisdn,identity,nik_hash,state\n081234567801,ktp-el,v2:{hex},registered\n081234567802,ktp-el,v3:{hex},registered\n"
    );
    let taken = world.take_in(&order("telkomsel", Mode::Full), &list).unwrap();
    assert_eq!((taken.record.rejected, taken.rejects[0].value.as_str()), (1, "(35 characters)"));
    let plain =
        format!("msisdn,identity,nik,state\n081234567801,ktp-el,{OTHER_NIK},registered\n081234567802,,,unregistered\n");
    let outcome = world.full("telkomsel", &plain);
    assert_eq!(
        (outcome.unchanged, outcome.updated),
        (1, 1),
        "the hash that was handed in is the one that is made here"
    );
}

#[test]
fn a_preview_tells_the_numbers_that_move() {
    let world = World::new();
    world.full("telkomsel", LIST);
    world.full("xl", "msisdn,state,city,since\n087812345678,unregistered,3171,2018-01-01\n");
    let document = "states = [\"unregistered\", \"kk-mismatch\"]\n[stages.outgoing]\non = \"2018-03-01\"\n\
        [city.3171]\nextension_days = 31\n";
    let on = day("2018-03-10");
    let moved = world.all().preview(document, on, true).unwrap();
    let lines: Vec<_> =
        moved.lines.iter().map(|line| (line.operator.as_str(), line.city.as_deref(), line.to, line.numbers)).collect();
    assert_eq!(lines, [("telkomsel", Some("3273"), Stage::Outgoing, 1)]);
    assert_eq!((moved.moved, moved.numbers), (1, 4));
    let moved = world.all().preview(document, day("2018-04-01"), false).unwrap();
    let lines: Vec<_> = moved.lines.iter().map(|line| (line.operator.as_str(), line.to, line.numbers)).collect();
    assert_eq!(lines, [("telkomsel", Stage::Outgoing, 2), ("xl", Stage::Outgoing, 1)]);
    world.calendar(document);
    assert_eq!(world.all().preview(document, on, true).unwrap().moved, 0);
}
