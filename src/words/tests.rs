//! The catalogue is complete and the same in every language; who hears what.

#![allow(clippy::unwrap_used)]

use super::{catalogue::formatted, *};
use crate::{
    alarm, desk, import,
    ledger::OverrideAnswer,
    preview::Unlisted,
    principal::{PrincipalKind, Role},
    registration,
    registry::Step,
};
use fluent_bundle::FluentResource;
use std::collections::{BTreeMap, BTreeSet};

/// Every text that code asks for: its key and its parts.
fn asked_for() -> BTreeSet<(String, &'static str)> {
    let mut asked = BTreeSet::new();
    let mut whole = |key: &str, parts: &[&'static str]| {
        asked.insert((key.to_owned(), ""));
        asked.extend(parts.iter().map(|part| (key.to_owned(), *part)));
    };
    for audience in [Audience::Agent, Audience::Public] {
        Reason::ALL.iter().for_each(|&reason| whole(&key_of(audience, reason), &["say", "do", "contact"]));
    }
    Status::ALL.iter().for_each(|status| whole(&format!("status-{}", status.word()), &["say"]));
    HELP.iter().for_each(|name| whole(&format!("help-{name}"), &["answer", "contact"]));
    Note::ALL.iter().for_each(|note| whole(note.key(), &[]));
    Remedy::ALL.iter().for_each(|remedy| whole(remedy.key(), &[]));
    Deed::ALL.iter().for_each(|deed| whole(deed.key(), &[]));
    Label::ALL.iter().for_each(|label| whole(label.key(), &[]));
    Door::ALL.iter().for_each(|door| whole(&format!("door-{door}"), &[]));
    Line::ALL.iter().for_each(|line| whole(line.key(), &[]));
    Finding::ALL.iter().for_each(|finding| whole(finding.key(), &[]));
    About::ALL.iter().for_each(|about| whole(about.key(), &[]));
    Own::ALL.iter().for_each(|own| whole(own.key(), &[]));
    Why::ALL.iter().for_each(|why| whole(why.key(), &[]));
    Role::ALL.iter().for_each(|role| whole(&format!("role-{role}"), &[]));
    PrincipalKind::ALL.iter().for_each(|kind| whole(&format!("principal-{kind}"), &[]));
    import::Kind::ALL.iter().for_each(|kind| whole(&format!("kind-{kind}"), &[]));
    OverrideAnswer::ALL.iter().for_each(|answer| whole(&format!("answer-{answer}"), &[]));
    STEPS.iter().for_each(|step| whole(&format!("step-{}", step.done()), &[]));
    Unlisted::ALL.iter().for_each(|what| whole(what.name(), &[]));
    let alarms = alarm::Kind::ALL.iter().map(|kind| kind.name().to_lowercase().replace('_', "-"));
    alarms.for_each(|kind| whole(&format!("alarm-{kind}"), &[]));
    let others = ["allowance", "binding", "exempt-type", "barred-soft", "barred-hard"];
    let classes = Class::ALL.iter().map(|class| class.name()).chain(others);
    classes.for_each(|class| whole(&format!("class-{class}"), &[]));
    let states = (1..=9).map(|code| BatchState::from_code(code).unwrap().name()).chain(["valid"]);
    states.for_each(|state| whole(&format!("state-{state}"), &[]));
    let registrations = registration::State::ALL.iter().map(|state| state.name()).chain(["unknown"]);
    registrations.for_each(|state| whole(&format!("registration-{state}"), &["say", "do", "contact"]));
    let mut term = |of: &str, name: &str| whole(&format!("{of}-{name}"), &[]);
    registration::State::ALL.iter().for_each(|state| term("holding", state.name()));
    registration::Identity::ALL.iter().for_each(|identity| term("identity", identity.name()));
    registration::Mode::ALL.iter().for_each(|mode| term("mode", mode.name()));
    registration::ListState::ALL.iter().for_each(|state| term("list", state.name()));
    registration::CalendarState::ALL.iter().for_each(|state| term("calendar", state.name()));
    term("calendar", "in-force");
    registration::Stage::ALL.iter().for_each(|stage| term("blocking", stage.name()));
    registration::Stage::ALL.iter().for_each(|stage| whole(&format!("stage-{stage}"), &[]));
    ["date", "moment", "registration-suket", "registration-next"].iter().for_each(|key| whole(key, &[]));
    let mut case = |term: CaseTerm, name: &str| whole(&format!("{}-{}", term.key(), name.replace(' ', "-")), &[]);
    desk::Kind::ALL.iter().for_each(|kind| case(CaseTerm::Kind, kind.name()));
    desk::State::ALL.iter().for_each(|state| case(CaseTerm::State, state.name()));
    desk::Party::ALL.iter().for_each(|owner| case(CaseTerm::Owner, owner.name()));
    desk::Act::ALL.iter().for_each(|act| case(CaseTerm::Act, act.name()));
    of_screens().iter().for_each(|key| whole(&format!("screen-{key}"), &[]));
    asked
}

/// The steps of a batch.
const STEPS: [Step; 6] = [Step::Approve, Step::Reject, Step::Suspend, Step::Restore, Step::Realise, Step::Withdraw];

/// Every text that the console's pages ask for, as their sources name it.
fn of_screens() -> BTreeSet<String> {
    let console = std::path::Path::new("src/console");
    let files = [console.to_owned(), console.join("templates")].map(|folder| std::fs::read_dir(folder).unwrap());
    let files = files.into_iter().flatten().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let asks = [
        ".t(\"",
        ".t_of(\"",
        ".screen(\"",
        ".screen_of(\"",
        "(\"nav-",
        "\"wrong-",
        "\"nav-",
        "\"step-",
        "\"outcome-",
        "(\"by-",
        ", \"by-",
        " wrong(\"",
    ];
    let mut asked = BTreeSet::new();
    for text in files.map(|path| std::fs::read_to_string(path).unwrap()) {
        for ask in asks {
            for (at, _) in text.match_indices(ask) {
                // A word that begins the key belongs to it.
                let start = at + ask.rfind('"').unwrap() + 1;
                asked.insert(text[start..].split('"').next().unwrap().to_owned());
            }
        }
        for (at, ask) in text
            .match_indices("trouble(")
            .chain(text.match_indices("trouble_said("))
            .chain(text.match_indices("refused("))
        {
            let rest = &text[at + ask.len()..];
            let Some((before, key)) = rest.split_once('"') else { continue };
            if before.contains([';', '{', ')']) {
                continue;
            }
            let key = key.split('"').next().unwrap();
            asked.extend(["", "-text"].map(|part| format!("trouble-{key}{part}")));
        }
    }
    asked
}

/// Every text that a file has, with the values that it names.
fn written(language: Language) -> BTreeMap<(String, String), BTreeSet<String>> {
    let (mut written, mut key, mut part) = (BTreeMap::new(), String::new(), String::new());
    for line in catalogue::source(language).lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some((name, _)) = line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            (key, part) = (name.to_owned(), String::new());
        } else if let Some((name, _)) = line.trim_start().strip_prefix('.').and_then(|line| line.split_once(" = ")) {
            part = name.to_owned();
        }
        let names = line
            .match_indices('$')
            .map(|(at, _)| line[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
        written.entry((key.clone(), part.clone())).or_insert_with(BTreeSet::new).extend(names);
    }
    written
}

#[test]
fn no_text_is_missing_and_none_is_unused() {
    for &language in Language::ALL {
        let asked: BTreeSet<_> = asked_for().into_iter().map(|(key, part)| (key, part.to_owned())).collect();
        let written: BTreeSet<_> = written(language).into_keys().collect();
        assert!(asked.len() > 200, "{}", asked.len());
        assert_eq!(
            asked.difference(&written).collect::<Vec<_>>(),
            Vec::<&(String, String)>::new(),
            "{language} misses"
        );
        assert_eq!(
            written.difference(&asked).collect::<Vec<_>>(),
            Vec::<&(String, String)>::new(),
            "{language} unused"
        );
    }
}

#[test]
fn the_files_are_read_whole_and_name_the_same_values() {
    for &language in Language::ALL {
        let source = catalogue::source(language);
        assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{language}");
        let messages = source.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        let keys: Vec<_> = messages.map(|line| line.split(" = ").next().unwrap()).collect();
        assert_eq!(keys.len(), keys.iter().collect::<BTreeSet<_>>().len(), "{language}: a text stands there twice");
    }
    assert_eq!(written(Language::Indonesian), written(Language::English));
}

#[test]
fn every_text_finds_the_values_that_it_names() {
    const VALUES: &str = "ends until status day year date hour minute batch age number moment revision digit count what kind \
        name title operator subject role doors state door answer class model document reason from added removed files days \
        odds imeis own peers weight expected here carried hits of share usual tolerated declared drawn allowed tacs brand \
        desk quantity done most";
    for &language in Language::ALL {
        for (key, part) in asked_for() {
            let texts = VALUES.split_whitespace().chain(["other"]).map(|name| (name, catalogue::Arg::Text("7")));
            let args: Vec<_> = texts.chain([("month", catalogue::Arg::Number(7))]).collect();
            let (text, well) = formatted(language, &key, part, &args);
            assert!(well && !text.as_deref().unwrap_or_default().is_empty(), "{language} {key}.{part}: {text:?}");
        }
    }
}

#[test]
fn every_answer_has_words_for_everybody_in_every_language() {
    for &language in Language::ALL {
        for audience in [Audience::Agent, Audience::Public] {
            for &reason in Reason::ALL {
                for &status in Status::ALL {
                    for until in [None, Some(Day::MAX)] {
                        let words = Words::of(language, audience, status, reason, until);
                        let Words { headline, say, next_step, contact } = &words;
                        assert!(headline.len() > 4 && !headline.contains(['{', '$']), "{reason} {status} {words:?}");
                        assert!(say.ends_with('.') && say.matches('.').count() > 1, "{reason} {status} {words:?}");
                        assert!(next_step.ends_with('.') && !contact.is_empty(), "{reason} {status} {words:?}");
                    }
                }
            }
        }
    }
}

fn headlines(language: Language) -> String {
    let day = Some("2026-05-01".parse().unwrap());
    let line = |&reason: &Reason| {
        let words = Words::of(language, Audience::Agent, Status::Blacklisted, reason, day);
        format!("{reason}: {}", words.headline)
    };
    Reason::ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn headlines_are_those_that_agents_know() {
    insta::assert_snapshot!(headlines(Language::Indonesian), @r"
    MALFORMED: FORMAT IMEI TIDAK SAH
    COURT: DIBLOKIR – KETENTUAN
    BARRED: DIBLOKIR – KETENTUAN
    STOLEN: DIBLOKIR – LAPORAN HILANG/DICURI
    LOST: DIBLOKIR – LAPORAN HILANG/DICURI
    TAC_BARRED: DIBLOKIR – KETENTUAN
    EXEMPT: DIKECUALIKAN s.d. 1 Mei 2026
    ROAMER: KARTU LUAR NEGERI
    TEST_TAC: IMEI UJI
    PAIRED: DIIZINKAN UNTUK NOMOR INI s.d. 1 Mei 2026
    DUPLICATE: IMEI GANDA
    REGISTERED: TERDAFTAR s.d. 1 Mei 2026
    TEMPORARY: TERDAFTAR SEMENTARA s.d. 1 Mei 2026
    EXEMPT_TYPE: DIKECUALIKAN
    GRANDFATHERED: DIIZINKAN – PERANGKAT LAMA
    SUSPENDED: DITANGGUHKAN – DALAM PEMERIKSAAN
    PAIRING_MISMATCH: NOMOR TIDAK SESUAI PASANGAN
    NUMBER_NEEDED: PERLU NOMOR
    EXPIRED: MASA BERLAKU HABIS 1 Mei 2026
    NOT_REGISTERED: DIBLOKIR – TIDAK TERDAFTAR
    ");
}

/// All that an agent may say, by reason, without a date.
fn answers(language: Language) -> String {
    let mut text = String::new();
    for &reason in Reason::ALL {
        let statuses: &[Status] = match reason {
            Reason::NotRegistered => Status::ALL,
            Reason::Malformed | Reason::TestTac | Reason::NumberNeeded | Reason::Suspended => &[Status::Greylisted],
            reason if reason.rank() == 2 => &[Status::Blacklisted],
            Reason::Expired | Reason::PairingMismatch => &[Status::Blacklisted],
            Reason::Duplicate => &[Status::Greylisted, Status::Blacklisted],
            _ => &[Status::Whitelisted],
        };
        for &status in statuses {
            let Words { headline, say, next_step, contact } =
                Words::of(language, Audience::Agent, status, reason, None);
            text += &format!("{reason} {}: {headline}\n  {say}\n  {next_step} [{contact}]\n", status.word());
        }
    }
    text
}

#[test]
fn what_the_register_gives_as_a_reason_is_told_in_words() {
    for own in Own::ALL {
        let (recorded, told) = (own.recorded(), Language::Indonesian.own(&own.recorded()));
        assert!(told != recorded && Language::English.own(&recorded) == recorded, "{recorded}: {told}");
    }
    assert_eq!(Language::Indonesian.own("because I say so"), "because I say so");
    // A constant of the store, which names no catalogue.
    assert_eq!(Own::CutOff.recorded(), "staged by a process that ended before it was done");
}

#[test]
fn what_an_agent_says() {
    insta::assert_snapshot!("answers_id", answers(Language::Indonesian));
    insta::assert_snapshot!("answers_en", answers(Language::English));
}

/// All that an agent may say of the registration of a SIM.
fn registrations(language: Language) -> String {
    let mut text = String::new();
    let day = "2026-05-01".parse().unwrap();
    for state in registration::State::ALL.iter().map(|state| state.name()).chain(["unknown"]) {
        let blocked = matches!(state, "unregistered" | "kk-mismatch" | "nik-inactive");
        let (stage, next) = if blocked { ("outgoing", Some(("incoming", day))) } else { ("none", None) };
        let Words { headline, say, next_step, contact } =
            language.registration(state, stage, state == "registered", next);
        text += &format!("{state}: {headline}\n  {say}\n  {next_step} [{contact}]\n");
    }
    text
}

#[test]
fn what_an_agent_says_of_a_registration() {
    insta::assert_snapshot!("registration_id", registrations(Language::Indonesian));
    insta::assert_snapshot!("registration_en", registrations(Language::English));
}

#[test]
fn the_questions_of_callers() {
    for (name, language) in [("help_id", Language::Indonesian), ("help_en", Language::English)] {
        let help = language.help();
        assert_eq!(help.len(), 21);
        let lines =
            help.iter().map(|help| format!("{}: {}\n  {} [{}]", help.name, help.question, help.answer, help.contact));
        insta::assert_snapshot!(name, lines.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn an_unlisted_device_that_is_served_is_not_said_to_be_blocked() {
    for status in [Status::Whitelisted, Status::Greylisted, Status::Unknown] {
        let words = Words::of(Language::Indonesian, Audience::Agent, status, Reason::NotRegistered, None);
        assert_eq!(words.headline, "BELUM TERDAFTAR");
        assert!(!words.say.contains("tidak dilayani"), "{}", words.say);
    }
}

#[test]
fn of_a_block_the_public_hears_its_kind_only() {
    for &language in Language::ALL {
        let told = |audience, reason| Words::of(language, audience, Status::Blacklisted, reason, Some(Day::MAX));
        let public = |reason| told(Audience::Public, reason);
        assert_eq!(public(Reason::Stolen), public(Reason::Lost));
        assert_eq!(public(Reason::Court), public(Reason::Barred));
        assert_eq!(public(Reason::Court), public(Reason::TacBarred));
        assert_ne!(public(Reason::Stolen), public(Reason::Court));
        for reason in [Reason::Court, Reason::Barred, Reason::Stolen, Reason::Lost, Reason::TacBarred] {
            for words in [public(reason), told(Audience::Agent, reason)] {
                let all = format!("{}{}{}", words.headline, words.say, words.next_step);
                assert!(!all.contains(|c: char| c.is_ascii_digit()), "{reason}: {all}");
            }
            assert_ne!(public(reason).say, told(Audience::Agent, reason).say, "{reason}");
        }
    }
}

#[test]
fn dates_are_written_as_in_the_language() {
    let months = |language: Language| {
        let day = |month: u8| format!("2026-{month:02}-09").parse::<Day>().unwrap();
        (1..=12).map(|month| language.date(day(month))).collect::<Vec<_>>().join(", ")
    };
    insta::assert_snapshot!(months(Language::Indonesian), @"9 Jan 2026, 9 Feb 2026, 9 Mar 2026, 9 Apr 2026, 9 Mei 2026, 9 Jun 2026, 9 Jul 2026, 9 Agu 2026, 9 Sep 2026, 9 Okt 2026, 9 Nov 2026, 9 Des 2026");
    insta::assert_snapshot!(months(Language::English), @"9 Jan 2026, 9 Feb 2026, 9 Mar 2026, 9 Apr 2026, 9 May 2026, 9 Jun 2026, 9 Jul 2026, 9 Aug 2026, 9 Sep 2026, 9 Oct 2026, 9 Nov 2026, 9 Dec 2026");
    // 17:05 UTC is five past midnight in Jakarta.
    assert_eq!(Language::Indonesian.moment(1_798_736_700), "1 Jan 2027 pukul 00.05 WIB");
    assert_eq!(Language::English.moment(1_798_736_700), "1 Jan 2027, 00:05 WIB");
}
