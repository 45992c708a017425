//! Over a real register and a real desk: nothing shown without a record, and no record altered without being found.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    identity::Msisdn,
    lookup::LookupOrder,
    pairing::Number,
    registry::Registry,
    store::{DeskChange, DeskFamily, Kept},
};
use prost::Message;

const PURPOSE: &str = "letter 17 of the police";
const DAY_MS: i64 = 86_400_000;

pub(super) fn desk() -> (tempfile::TempDir, Desk) {
    let dir = tempfile::tempdir().unwrap();
    let (registry, _) = Registry::open(dir.path(), true).unwrap();
    let desk = Desk::open(registry.store()).unwrap();
    (dir, desk)
}

pub(super) fn agent(name: &str, operator: &str) -> Agent {
    Agent { name: name.to_owned(), operator: Some(operator.to_owned()).filter(|operator| !operator.is_empty()) }
}

fn order(text: &str) -> LookupOrder {
    LookupOrder { text: text.to_owned(), ..LookupOrder::default() }
}

fn number(text: &str) -> Number {
    text.parse::<Msisdn>().unwrap().into()
}

#[test]
fn every_lookup_is_on_record_and_a_number_says_who_looked_at_it() {
    let (_dir, desk) = desk();
    let (agnes, tono) = (agent("agnes", ""), agent("tono", "telkomsel"));
    assert_eq!(desk.look_up(&agnes, order("0812-3456-7890"), "a caller").unwrap().entry, 1);
    assert_eq!(desk.look_up(&tono, order("0812-3456-7890"), "").unwrap().entry, 2);
    assert_eq!(desk.look_up(&agnes, order("352099001761481"), "").unwrap().entry, 3);
    assert!(desk.look_up(&agnes, order("081"), "").is_err());
    let lines = desk.audits(&agnes, &AuditFilter::default()).unwrap();
    assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!((lines[2].text.as_str(), lines[2].why.as_str()), ("62812*****890", "a caller"));
    assert_eq!(lines[2].subjects, [(number("081234567890"), true)]);
    assert_eq!(lines[0].devices.len(), 1);

    // Who belongs to an operator sees the doings of its people.
    let lines = desk.audits(&agent("supri", "TELKOMSEL"), &AuditFilter::default()).unwrap();
    assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [2]);
    let who = |agent: &Agent| desk.who(agent, number("081234567890"), PURPOSE).unwrap();
    assert_eq!(who(&agent("supri", "telkomsel")).iter().map(|line| line.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(who(&agnes).iter().map(|line| line.seq).collect::<Vec<_>>(), [4, 2, 1], "the question is one too");
    assert!(desk.who(&agnes, number("081234567899"), PURPOSE).unwrap().is_empty());
    assert!(matches!(desk.who(&agnes, number("081234567890"), " why "), Err(DeskError::Purpose)));
    let only = |filter: AuditFilter| desk.audits(&agnes, &filter).unwrap().len();
    assert_eq!(only(AuditFilter { principal: Some("tono".into()), ..AuditFilter::default() }), 1);
    assert_eq!(only(AuditFilter { deed: Some(Deed::Who), ..AuditFilter::default() }), 3);
    assert_eq!(only(AuditFilter { before: Some(3), limit: 1, ..AuditFilter::default() }), 1);
    assert_eq!(only(AuditFilter { to: Some(now() - 100), ..AuditFilter::default() }), 0);
    assert_eq!(only(AuditFilter { from: Some(now() - 100), ..AuditFilter::default() }), 6);
    let verified = verify_audit(&desk.desk, None).unwrap();
    assert_eq!((verified.head.size, verified.values, verified.erased), (7 - 1, 6, 0));
}

#[test]
fn what_was_typed_is_shown_as_it_was_understood_only() {
    let (_dir, desk) = desk();
    let agnes = agent("agnes", "");
    // A SIM's number without a word before it reads as an IMEI with a wrong check digit.
    for text in ["510101234567890", "08123456789O12345", "35-209900-176148-1", "imsi-510101234567890"] {
        desk.look_up(&agnes, order(text), "").unwrap();
    }
    let lines = desk.audits(&agnes, &AuditFilter::default()).unwrap();
    let told: Vec<_> = lines.iter().map(|line| (line.text.as_str(), line.devices.len())).collect();
    assert_eq!(told, [("51010*******890", 0), ("352099001761481", 1), ("", 0), ("", 0)]);
}

#[test]
fn a_breach_pack_says_whom_it_concerns() {
    let (_dir, desk) = desk();
    let agnes = agent("agnes", "");
    for text in ["081234567890", "081234567890", "081234567891", "352099001761481"] {
        desk.look_up(&agnes, order(text), "").unwrap();
    }
    desk.look_up(&agent("tono", ""), order("081234567892"), "").unwrap();
    let pack = desk.breach(&agent("admin", ""), "agnes", (now() - 100, now() + 100), PURPOSE).unwrap();
    assert_eq!((pack.lines.len(), pack.subjects.len(), pack.devices.len(), pack.entry), (4, 2, 1, 6));
    let (subject, seen) = pack.subjects[0];
    assert_eq!((subject, seen.times, seen.in_full), (number("081234567890"), 2, 2));
    assert!(pack.lines.is_sorted_by_key(|line| line.seq));
    assert!(desk.breach(&agnes, "agnes", (5, 5), PURPOSE).is_err());
    assert!(desk.breach(&agnes, "", (5, 6), PURPOSE).is_err());
    assert_eq!(desk.breach(&agnes, "agnes", (5, 6), PURPOSE).unwrap().lines.len(), 0);
}

#[test]
fn what_is_over_is_erased_and_the_record_still_holds() {
    let (_dir, desk) = desk();
    let agnes = agent("agnes", "");
    let kept = {
        desk.look_up(&agnes, order("081234567890"), "a caller").unwrap();
        desk.look_up(&agnes, order("081234567891"), "a caller").unwrap();
        desk.desk.audit_checkpoint().unwrap().note().to_owned()
    };
    let rules = "[retention_days]\nlookup = 30\n";
    desk.set_rules(&agent("admin", ""), rules, PURPOSE).unwrap();
    assert_eq!(desk.rules().unwrap().retention_days, Retention { lookup: 30, ..Retention::default() });
    let now_ms = now() * 1000;
    assert_eq!(desk.keep_house(now_ms + 29 * DAY_MS).unwrap(), 0);
    assert_eq!(desk.keep_house(now_ms + 31 * DAY_MS).unwrap(), 2);
    assert_eq!(desk.keep_house(now_ms + 31 * DAY_MS).unwrap(), 0);
    let verified = verify_audit(&desk.desk, Some(&kept)).unwrap();
    assert_eq!((verified.head.size, verified.values, verified.erased), (4, 2, 2));
    let lines = desk.audits(&agnes, &AuditFilter::default()).unwrap();
    assert_eq!(lines.iter().map(|line| line.erased).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!((lines[3].principal.as_str(), lines[3].text.as_str(), lines[3].why.as_str()), ("agnes", "", ""));
    assert!(desk.who(&agnes, number("081234567890"), PURPOSE).unwrap().is_empty());
    // After five years the rules too.
    assert!(desk.keep_house(now_ms + 1830 * DAY_MS).unwrap() > 0);
    verify_audit(&desk.desk, Some(&kept)).unwrap();
    for (document, word) in [("[retention_days]\nlookup = 0", "1 to 3653"), ("weeks = 1", "weeks")] {
        let error = desk.set_rules(&agnes, document, PURPOSE).unwrap_err().to_string();
        assert!(error.starts_with("rules: ") && error.contains(word), "{error}");
    }
}

/// One thing that somebody with the disk in hand may do to a row.
fn tamper(desk: &Desk, family: DeskFamily, seq: u64, value: Option<Vec<u8>>) {
    desk.desk.write(&[DeskChange { family, key: seq.to_be_bytes().to_vec(), value }], Kept::Soon).unwrap();
}

#[test]
fn whatever_is_altered_is_found() {
    let altered: [(&str, &dyn Fn(&Desk)); 6] = [
        ("is not the one that was recorded", &|desk| {
            let row = desk.desk.audit(2).unwrap().unwrap();
            let mut entry = entry::Entry::decode(&row.leaf[..]).unwrap();
            entry.principal = "tono".to_owned();
            tamper(desk, DeskFamily::Audit, 2, Some(entry.encode_to_vec()));
        }),
        ("entry 2 is missing", &|desk| tamper(desk, DeskFamily::Audit, 2, None)),
        ("not those that were recorded", &|desk| {
            let mut value = desk.desk.audit(2).unwrap().unwrap().value.unwrap();
            *value.last_mut().unwrap() ^= 1;
            tamper(desk, DeskFamily::Values, 2, Some(value));
        }),
        ("gone, and no erasure is on record", &|desk| tamper(desk, DeskFamily::Values, 2, None)),
        ("does not find it any more", &|desk| {
            let mut key = desk.desk.keys().hash(&number("081234567890").to_stored().to_be_bytes()).to_vec();
            key.extend(2u64.to_be_bytes());
            let change = DeskChange { family: DeskFamily::Subjects, key, value: None };
            desk.desk.write(&[change], Kept::Soon).unwrap();
        }),
        ("hash 0", &|desk| tamper(desk, DeskFamily::Hashes, 0, None)),
    ];
    for (words, alter) in altered {
        let (_dir, desk) = desk();
        for _ in 0..3 {
            desk.look_up(&agent("agnes", ""), order("081234567890"), "").unwrap();
        }
        verify_audit(&desk.desk, None).unwrap();
        alter(&desk);
        let error = verify_audit(&desk.desk, None).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
    // A record that was written anew from the beginning is none of a checkpoint that somebody kept.
    let (_one, kept) = desk();
    kept.look_up(&agent("agnes", ""), order("081234567890"), "").unwrap();
    let note = kept.desk.audit_checkpoint().unwrap().note().to_owned();
    let (_other, other) = desk();
    other.look_up(&agent("agnes", ""), order("081234567890"), "").unwrap();
    assert!(verify_audit(&other.desk, Some(&note)).is_err());
}

#[test]
fn a_reveal_needs_a_purpose_and_a_number_that_is_shown() {
    let (_dir, desk) = desk();
    let agnes = agent("agnes", "");
    let reveal = |masked: &str, why: &str| desk.reveal(&agnes, order("081234567890"), masked, None, why);
    assert!(matches!(reveal("62812*****890", "why"), Err(DeskError::Purpose)));
    assert!(matches!(reveal("62812*****891", PURPOSE), Err(DeskError::NotShown)));
    assert_eq!(desk.desk.audit_head().size, 0);
    let revealed = reveal("62812*****890", PURPOSE).unwrap();
    assert_eq!(revealed.numbers, [number("081234567890")]);
    let line = &desk.audits(&agnes, &AuditFilter::default()).unwrap()[0];
    assert_eq!((line.seq, line.deed, line.why.as_str()), (revealed.entry, Some(Deed::Reveal), PURPOSE));
}

fn black(key: u64, msisdn: &str, operator: &str, reason: crate::policy::Reason) -> BlackAnswer {
    BlackAnswer {
        key: crate::identity::EquipmentKey::new(key).unwrap(),
        msisdn: msisdn.parse().ok(),
        imsi: None,
        operator: if operator.is_empty() { None } else { Some(Box::from(operator)) },
        reason,
        revision: crate::revision::Revision { epoch: 1, seq: 7 },
    }
}

#[test]
fn refusals_are_found_by_device_and_number_and_go_by_days() {
    use crate::policy::Reason::{NotRegistered, Stolen};
    const DEVICE: u64 = 35_209_900_176_148;
    let (_dir, desk) = desk();
    let (agnes, tono) = (agent("agnes", ""), agent("tono", "telkomsel"));
    let key = crate::identity::EquipmentKey::new(DEVICE).unwrap();
    let ani = "081234567890";
    let today = now();
    let day = DAY_MS / 1000;
    let take = |answers: &[BlackAnswer], at| desk.take_black_answers(answers, at).unwrap();
    assert_eq!(take(&[black(DEVICE, ani, "telkomsel", Stolen), black(DEVICE, "", "xl", Stolen)], today - 2 * day), 2);
    assert_eq!(take(&[black(DEVICE, ani, "telkomsel", Stolen)], today - 1), 1);
    assert_eq!(take(&[black(DEVICE, ani, "Telkomsel", Stolen), black(DEVICE + 1, ani, "", NotRegistered)], today), 2);
    assert_eq!(take(&[black(DEVICE, ani, "telkomsel", Stolen)], today), 1);
    let seen = desk.refusals_of_device(&agnes, key, today).unwrap();
    let told = |seen: &[Refused]| seen.iter().map(|one| (one.last, one.count)).collect::<Vec<_>>();
    // The same second twice: in the order of their beginning.
    assert_eq!(seen.iter().map(|one| one.count).sum::<u64>(), 5);
    assert_eq!((seen[0].last, seen.last().unwrap().last), (today, today - 2 * day));
    assert_eq!(seen[0].revision.seq, 7);
    let own = desk.refusals_of_device(&tono, key, today).unwrap();
    assert!(own.iter().all(|one| one.operator.eq_ignore_ascii_case("telkomsel")) && own.len() == seen.len() - 1);
    let number = number(ani);
    assert_eq!(desk.refusals_of_number(&agnes, number, today).unwrap().len(), 4, "with the other device, without xl");
    assert_eq!(desk.look_up(&agnes, order(&key.to_string()), "").unwrap().refusals, seen);
    assert_eq!(desk.who(&agnes, number, PURPOSE).unwrap().len(), 1, "the number stood on that page, masked");

    // Bounded by device and day, and the days go when their time is over.
    let many: Vec<_> = (0..30).map(|n| black(DEVICE, "", &format!("operator-{n}"), Stolen)).collect();
    take(&many, today + 3 * day);
    let later = desk.refusals_of_device(&agnes, key, today + 3 * day).unwrap();
    assert_eq!(told(&later)[..8], [(today + 3 * day, 1); 8]);
    assert_eq!(later.len(), 8 + seen.len());
    desk.set_rules(&agnes, "[retention_days]\nrefusal = 3\n", PURPOSE).unwrap();
    desk.keep_house((today + 3 * day) * 1000).unwrap();
    assert_eq!(desk.refusals_of_device(&agnes, key, today + 3 * day).unwrap().len(), later.len() - 2);
    desk.keep_house((today + 9 * day) * 1000).unwrap();
    assert!(desk.refusals_of_device(&agnes, key, today + 9 * day).unwrap().is_empty());
    assert!(desk.refusals_of_number(&agnes, number, today + 9 * day).unwrap().is_empty());
    // A desk that is full takes none, and says so.
    desk.set_rules(&agnes, "[refusals]\nrows_max = 0\n", PURPOSE).unwrap();
    take(&many, today + 9 * day);
    assert_eq!(take(&many, today + 9 * day), 0);
}
