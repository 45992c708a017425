//! Cases against a naive model, with several agents who see old versions; and by several threads at once.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    desk::{
        tests::{agent, desk},
        verify_audit,
    },
    identity::Msisdn,
};
use proptest::prelude::*;

fn order(kind: Kind, owner: Owner) -> CaseOrder {
    CaseOrder {
        kind,
        device: Some(EquipmentKey::new(35_209_900_176_148).unwrap()),
        caller: Some("081234567890".parse::<Msisdn>().unwrap().into()),
        owner,
        note: "no signal".to_owned(),
        request: String::new(),
    }
}

fn of(party: Party) -> Owner {
    Owner { party, operator: if party == Party::Operator { "telkomsel".to_owned() } else { String::new() } }
}

#[test]
fn a_number_is_said_and_a_wrong_digit_found() {
    for number in [1, 17, 999_999, 1_000_000, 123_456_789] {
        let text = CaseNumber::new(number).to_string();
        assert_eq!(text.parse::<CaseNumber>(), Ok(CaseNumber::new(number)), "{text}");
        let digits: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
        for (nth, &at) in digits.iter().enumerate() {
            for wrong in ('0'..='9').filter(|digit| !text[at..].starts_with(*digit)) {
                let typed = format!("{}{wrong}{}", &text[..at], &text[at + 1..]);
                assert!(typed.parse::<CaseNumber>().is_err(), "{typed} for {text}");
            }
            let Some(&next) = digits.get(nth + 1) else { continue };
            let mut typed = text.clone().into_bytes();
            typed.swap(at, next);
            let typed = String::from_utf8(typed).unwrap();
            assert!(typed == text || typed.parse::<CaseNumber>().is_err(), "{typed} for {text}");
        }
    }
    let text = CaseNumber::new(17).to_string();
    let plain = text.replace(['K', '-'], "");
    for asked in [text.clone(), text.to_lowercase(), format!("kasus {plain}"), format!("case #{plain}")] {
        assert_eq!(CaseNumber::asked(&asked), Some(Ok(CaseNumber::new(17))), "{asked}");
    }
    for other in ["352099001761481", "081234567890", "KM-7", "case", "K7", "PIB-7", &plain] {
        assert_eq!(CaseNumber::asked(other), None, "{other}");
    }
    assert!(CaseNumber::asked("K000-0000-1").unwrap().is_err());
}

#[test]
fn the_public_sees_a_state_by_its_secret_only() {
    let (_dir, desk) = desk();
    let opened = desk.open_case(&agent("agnes", ""), &order(Kind::PaidUnlisted, of(Party::Customs))).unwrap();
    let (number, secret) = (opened.case.case_number(), opened.secret);
    assert_eq!(secret.len(), 8);
    let seen = desk.case_state(number, &format!(" {}-{} ", &secret[..4].to_lowercase(), &secret[4..])).unwrap();
    assert_eq!((seen.state, seen.owner, seen.due), (State::Open, Party::Customs, opened.case.due));
    assert!(desk.case_state(CaseNumber::new(99), &secret).is_err());
    for _ in 0..9 {
        assert!(matches!(desk.case_state(number, "AAAAAAAA"), Err(DeskError::WrongSecret)));
    }
    assert!(desk.case_state(number, &secret).is_ok(), "the right one ends the count");
    for _ in 0..10 {
        assert!(desk.case_state(number, "AAAAAAAA").is_err());
    }
    assert!(desk.case_state(number, &secret).is_err(), "closed for an hour");
    assert_eq!(desk.seen_case(&agent("agnes", ""), number).unwrap().version, 1);
    let again = desk.open_case(&agent("agnes", ""), &order(Kind::Other, of(Party::Customs))).unwrap();
    assert_ne!(again.secret, secret);
}

#[test]
fn a_request_that_is_sent_again_does_nothing_more() {
    let (_dir, desk) = desk();
    let agnes = agent("agnes", "");
    let named = CaseOrder { request: "request-1".into(), ..order(Kind::Stolen, of(Party::Operator)) };
    let first = desk.open_case(&agnes, &named).unwrap();
    let second = desk.open_case(&agnes, &named).unwrap();
    assert_eq!((first.repeated, second.repeated), (false, true));
    assert_eq!((&first.case, &first.secret), (&second.case, &second.secret));
    assert!(!desk.open_case(&agent("tono", ""), &named).unwrap().repeated, "another's request is another");
    let note = CaseChange::Note("seen".to_owned());
    let change = |seen| desk.change_case(&agnes, first.case.case_number(), seen, &note, "request-2");
    assert!(!change(1).unwrap().repeated);
    let repeated = change(1).unwrap();
    assert_eq!((repeated.repeated, repeated.case.version), (true, 2));
}

#[test]
fn what_is_late_is_listed_and_counted_and_old_texts_go() {
    let (_dir, desk) = desk();
    let (agnes, admin) = (agent("agnes", ""), agent("admin", ""));
    let rules = "due_hours_default = 10\n[retention_days]\ncase = 30\n[due_hours.stolen]\noperator = 2\n";
    desk.set_rules(&admin, rules, "decree 3/2026").unwrap();
    for bad in ["[due_hours.theft]\noperator = 2", "[due_hours.stolen]\npolice = 2", "due_hours_default = 0"] {
        assert!(desk.set_rules(&admin, bad, "decree 3/2026").is_err(), "{bad}");
    }
    let stolen = desk.open_case(&agnes, &order(Kind::Stolen, of(Party::Operator))).unwrap().case;
    let paid = desk.open_case(&agnes, &order(Kind::PaidUnlisted, of(Party::Customs))).unwrap().case;
    assert_eq!((stolen.due - stolen.opened, paid.due - paid.opened), (2 * 3600, 10 * 3600));
    let queues = |now| {
        let queues = desk.case_queues(now).unwrap();
        queues.into_iter().filter(|(_, open, _)| *open > 0).collect::<Vec<_>>()
    };
    let open = |late: [u64; 2]| [(Party::Operator, 1, late[0]), (Party::Customs, 1, late[1])];
    assert_eq!(queues(stolen.due), open([0, 0]));
    assert_eq!(queues(stolen.due + 1), open([1, 0]));
    assert_eq!(queues(paid.due + 1), open([1, 1]));
    let close = CaseChange::Close("given back".to_owned());
    let closed = desk.change_case(&agnes, stolen.case_number(), 1, &close, "").unwrap().case;
    assert_eq!(queues(paid.due + 1), [(Party::Customs, 1, 1)]);
    let all = desk.case_figures(&agnes).unwrap();
    assert_eq!((all[&(Kind::Stolen, of(Party::Operator))].closed, all.len()), (1, 2));
    let day = 86_400;
    assert_eq!(desk.erase_cases(closed.closed + 30 * day).unwrap(), 0);
    assert_eq!(desk.keep_house((closed.closed + 31 * day) * 1000).unwrap(), 1);
    let erased = desk.case(&agnes, stolen.case_number()).unwrap();
    assert!(erased.erased && erased.caller().is_none() && erased.steps.iter().all(|step| step.text.is_empty()));
    assert_eq!(desk.case(&agnes, paid.case_number()).unwrap().steps[0].text, "no signal");
    assert_eq!(desk.erase_cases(closed.closed + 31 * day).unwrap(), 0);
    verify_audit(desk.database(), None).unwrap();
}

#[test]
fn operators_see_their_cases_only() {
    let (_dir, desk) = desk();
    let (agnes, tono, xena) = (agent("agnes", ""), agent("tono", "telkomsel"), agent("xena", "xl"));
    let theirs = desk.open_case(&agnes, &order(Kind::Stolen, of(Party::Operator))).unwrap().case;
    let own = desk.open_case(&xena, &order(Kind::Other, of(Party::Customs))).unwrap().case;
    let numbers = |agent: &Agent| {
        let cases = desk.cases(agent, &CaseFilter::default()).unwrap();
        cases.iter().map(|case| case.number).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&agnes).len(), numbers(&tono), numbers(&xena)), (2, vec![theirs.number], vec![own.number]));
    assert!(matches!(desk.case(&tono, own.case_number()), Err(DeskError::NoCase(_))));
    let key = theirs.device().unwrap();
    assert_eq!(desk.open_cases_of_device(&agnes, key).unwrap().len(), 2);
    assert_eq!(desk.open_cases_of_device(&tono, key).unwrap().len(), 1);
    assert_eq!(desk.open_cases_of_number(&xena, own.caller().unwrap()).unwrap().len(), 1);
    let order = crate::lookup::LookupOrder { text: key.to_string(), ..Default::default() };
    assert_eq!(desk.look_up(&xena, order, "").unwrap().cases.len(), 1);
    // Whoever works on a case calls back, for a purpose.
    let named = crate::lookup::LookupOrder { text: theirs.case_number().to_string(), ..Default::default() };
    let reveal = |agent: &Agent| desk.reveal(agent, named.clone(), "62812*****890", None, "calling back the caller");
    assert_eq!(reveal(&tono).unwrap().numbers, [theirs.caller().unwrap()]);
    assert!(matches!(reveal(&xena), Err(DeskError::NoCase(_))));
    for (party, operator) in [(Party::Operator, " "), (Party::Customs, "xl")] {
        let owner = Owner { party, operator: operator.to_owned() };
        assert!(desk.open_case(&agnes, &self::order(Kind::Other, owner)).is_err());
    }
}

#[test]
fn two_at_a_time_never_overwrite_each_other() {
    let (_dir, desk) = desk();
    let number = desk.open_case(&agent("agnes", ""), &order(Kind::Other, of(Party::CallCentre))).unwrap();
    let number = number.case.case_number();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let desk = desk.clone();
            std::thread::spawn(move || {
                let me = agent(&format!("agent-{thread}"), "");
                let mut done = 0;
                while done < 20 {
                    let seen = desk.seen_case(&me, number).unwrap().version;
                    let note = CaseChange::Note(format!("{thread} {done}"));
                    match desk.change_case(&me, number, seen, &note, "") {
                        Ok(_) => done += 1,
                        Err(DeskError::Stale { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let case = desk.seen_case(&agent("agnes", ""), number).unwrap();
    assert_eq!((case.version, case.steps.len()), (81, 81));
    for thread in 0..4 {
        let told = case.steps.iter().filter(|step| step.by == format!("agent-{thread}"));
        let texts: Vec<_> = told.map(|step| step.text.clone()).collect();
        assert_eq!(texts, (0..20).map(|n| format!("{thread} {n}")).collect::<Vec<_>>());
    }
}

#[test]
fn every_term_has_words_in_every_language() {
    use crate::words::{CaseTerm, Language};
    let kinds = Kind::ALL.iter().map(|kind| (CaseTerm::Kind, kind.name()));
    let states = State::ALL.iter().map(|state| (CaseTerm::State, state.name()));
    let owners = Party::ALL.iter().map(|party| (CaseTerm::Owner, party.name()));
    let acts = Act::ALL.iter().map(|act| (CaseTerm::Act, act.name()));
    for (term, name) in kinds.chain(states).chain(owners).chain(acts) {
        let told = Language::ALL.iter().map(|language| language.case_term(term, name)).collect::<Vec<_>>();
        // A name that the catalogue lacks comes back as it is: in Indonesian few are the same.
        let is_same = told[0] == name && !["operator", "dukcapil"].contains(&name);
        assert!(!is_same && told.iter().all(|words| !words.is_empty()), "{term:?} {name}: {told:?}");
    }
}

/// What one of three agents does: looks, or changes what it last saw.
#[derive(Clone, Debug)]
enum Deed {
    Look,
    Change(CaseChange),
}

fn change() -> impl Strategy<Value = CaseChange> {
    let said = || "[a-z]{1,8}";
    prop_oneof![
        said().prop_map(CaseChange::Note),
        Just(CaseChange::Assign("tono".to_owned())),
        (prop::sample::select(Party::ALL), said()).prop_map(|(party, said)| CaseChange::HandOver(of(party), said)),
        said().prop_map(CaseChange::Wait),
        said().prop_map(CaseChange::Resume),
        said().prop_map(CaseChange::Close),
        said().prop_map(CaseChange::Reopen),
    ]
}

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let deed = prop_oneof![Just(Deed::Look), change().prop_map(Deed::Change)];
    prop::collection::vec((0..3usize, deed), 1..40)
}

/// The same case, told in a few words.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    version: u64,
    state: State,
    owner: Owner,
    assignee: String,
    by: Vec<String>,
}

impl Model {
    /// Whether the change is one.
    fn take(&mut self, name: &str, change: &CaseChange) -> bool {
        let is_closed = self.state == State::Closed;
        let may = match change {
            CaseChange::Note(_) => true,
            CaseChange::Reopen(_) => is_closed,
            CaseChange::Resume(_) => self.state == State::Waiting,
            _ => !is_closed,
        };
        if !may {
            return false;
        }
        match change {
            CaseChange::Note(_) => {}
            CaseChange::Assign(to) => self.assignee = to.clone(),
            CaseChange::HandOver(owner, _) => {
                (self.owner, self.state, self.assignee) = (owner.clone(), State::Open, String::new());
            }
            CaseChange::Wait(_) => self.state = State::Waiting,
            CaseChange::Resume(_) | CaseChange::Reopen(_) => self.state = State::Open,
            CaseChange::Close(_) => self.state = State::Closed,
        }
        self.version += 1;
        self.by.push(name.to_owned());
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_case_is_what_those_made_of_it_who_saw_its_newest_version(deeds in deeds()) {
        let (_dir, desk) = desk();
        let agents = ["agnes", "budi", "citra"].map(|name| agent(name, ""));
        let opened = desk.open_case(&agents[0], &order(Kind::Other, of(Party::CallCentre))).unwrap().case;
        let number = opened.case_number();
        let (owner, assignee) = (of(Party::CallCentre), String::new());
        let mut model = Model { version: 1, state: State::Open, owner, assignee, by: vec!["agnes".to_owned()] };
        let mut seen = [1; 3];
        for (who, deed) in &deeds {
            match deed {
                Deed::Look => seen[*who] = desk.seen_case(&agents[*who], number).unwrap().version,
                Deed::Change(change) => {
                    let done = desk.change_case(&agents[*who], number, seen[*who], change, "");
                    if seen[*who] != model.version {
                        let Err(DeskError::Stale { version, since, .. }) = done else { panic!("{done:?}") };
                        prop_assert_eq!(version, model.version);
                        for by in &model.by[seen[*who] as usize..] {
                            prop_assert!(since.contains(&format!("by {by}")), "{}", since);
                        }
                        continue;
                    }
                    let takes = model.take(&agents[*who].name, change);
                    prop_assert_eq!(done.is_ok(), takes, "{:?}", done);
                    if let Ok(changed) = done {
                        seen[*who] = changed.case.version;
                    }
                }
            }
        }
        let case = desk.seen_case(&agents[0], number).unwrap();
        let by = case.steps.iter().map(|step| step.by.clone()).collect();
        let (state, owner, assignee) = (case.state(), case.owner(), case.assignee.clone());
        prop_assert_eq!(Model { version: case.version, state, owner: owner.clone(), assignee, by }, model);
        // The queues have it where it is, once.
        let filter = |closed| CaseFilter { closed, ..CaseFilter::default() };
        let listed = [false, true].map(|closed| desk.cases(&agents[0], &filter(closed)).unwrap().len());
        prop_assert_eq!(listed, if state == State::Closed { [0, 1] } else { [1, 0] });
        let queued: Vec<_> = desk.case_queues(0).unwrap().into_iter().filter(|(_, open, _)| *open > 0).collect();
        prop_assert_eq!(queued, if state == State::Closed { vec![] } else { vec![(owner.party, 1, 0)] });
    }
}
