//! What agents look up: on one screen, in their language, over a real socket, and always the network's answer.

use crate::support::{
    ANI, ANI_SIM, Asked, BUDI, Register, assert_masked, check_request,
    office::{Office, phone, refused, register, run, shown},
    patiently,
};
use saring::proto::{
    self, BatchOrder, DevicePage, FindRequest, FindResponse, HelpRequest, PairOperation, StepRequest,
    find_response::Found, lookup_client::LookupClient, operate_request::Operation,
};
use tonic::{Code, Status};

/// Registered for a time with Ani's number, at Telkomsel's outlet.
const TOURIST: &str = "358807221000017";
const STOLEN: &str = "352099001761481";
const STRANGE: &str = "358807224000014";

fn national() -> Register {
    let register = Register::new();
    register.import("tac", "tac,manufacturer,model\n35880722,PT Aurora,A5\n", "");
    register.import(
        "temporary",
        &format!("imei,valid_until,msisdn\n35880722100001,2026-12-31,{ANI}\n"),
        "--door operator-tourist --operator telkomsel",
    );
    register.import("stolen", "imei,reporting_date\n35209900176148,2026-01-02\n", "--operator xl");
    register.import("registered", "imei,imei2\n35440101000001,35440101000002\n", "--document PIB-7");
    register.import("pairing", &format!("imei,msisdn,imsi\n35440101000009,{ANI},{ANI_SIM}\n"), "--operator telkomsel");
    register.import("pairing", &format!("imei,msisdn\n35440101000009,{BUDI}\n"), "--operator xl");
    register
}

/// A screen without what is another each time: times and the story.
fn steady(screen: &str) -> String {
    let story = |line: &&str| line.starts_with("Riwayat") || line.starts_with("History");
    let lines: Vec<&str> = screen.lines().take_while(|line| !story(line)).collect();
    lines.into_iter().filter(|line| !line.starts_with("Data")).map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_device_on_one_screen_in_both_languages() {
    let register = national();
    let screen = |options: &str| steady(&register.run(&format!("lookup {options}")).ok().out);
    insta::assert_snapshot!("lookup_id", screen(&format!("{TOURIST} --msisdn {ANI} --on 2026-03-01")));
    insta::assert_snapshot!("lookup_en", screen(&format!("{TOURIST} --msisdn {BUDI} --on 2026-03-01 --language en")));
    insta::assert_snapshot!("lookup_stolen", screen(&format!("{STOLEN} --on 2026-03-01")));
    insta::assert_snapshot!("lookup_number", screen(&format!("{ANI} --on 2026-03-01")));
    insta::assert_snapshot!("lookup_batch", screen("#3"));
    let document = register.run("lookup pib-7").ok().out;
    assert!(document.contains("PIB-7") || document.contains("pib-7"), "{document}");
    assert!(document.contains("terdaftar (berlaku), 2 baris"), "{document}");
    let other = register.run("lookup 35440101000001").ok().out;
    assert!(other.contains("IMEI lain") && other.contains("DILAYANI, REGISTERED"), "{other}");
    assert!(other.lines().count() < 25, "it fits on one screen: {other}");
}

#[test]
fn every_form_finds_it_and_a_wrong_check_digit_is_told() {
    let register = national();
    let json = |text: &str| register.run(&format!("lookup {text} --json")).ok().json();
    for text in ["35880722100001", TOURIST, "35-880722-100001-7", "3588072210000199", "imei-358807221000017"] {
        let found = json(text);
        assert_eq!(found["device"]["imei"], TOURIST, "{text}");
        assert_eq!(found["device"]["verdict"]["reason"], "NUMBER_NEEDED", "{text}");
        assert_eq!(found["notes"].as_array().unwrap().len(), 0, "{text}");
    }
    // 1 and 4 of ...1761481 changed places.
    let typed = json("352099001764181");
    assert!(typed["notes"][0].as_str().unwrap().starts_with("ANGKA KE-15 SALAH"), "{typed}");
    assert_eq!(typed["device"]["suggestions"][0], serde_json::json!({ "imei": STOLEN, "known": true }), "{typed}");
    for text in ["0812-3456-7801", "+6281234567801", "imsi-510101234567801"] {
        let found = json(text);
        assert_eq!(found["found"], "number");
        assert_masked(&found.to_string());
        assert!(!found["number"]["devices"].as_array().unwrap().is_empty(), "{text}: {found}");
    }
    assert_eq!(json("35209900176148x")["device"]["verdict"]["reason"], "MALFORMED");
    register.run("lookup 081").refused(2, &["cannot be looked up"]);
    register.run("lookup #99").refused(1, &["no batch 99"]);
    register.run(&format!("lookup {STOLEN} --as-of 9.9")).refused(1, &["9.9"]);
    register.run(&format!("lookup {STOLEN} --msisdn 62812x")).refused(2, &["MSISDN"]);
    let help = crate::support::run(["lookup", "--questions", "--language", "en"]).ok().out;
    assert!(help.contains("Slot 1 has a signal, slot 2 has none"), "{help}");
}

#[test]
fn what_would_change_an_answer_is_decided_and_not_guessed() {
    let register = national();
    let changes = |options: &str| {
        let found = register.run(&format!("lookup {options} --json")).ok().json();
        let told = found["device"]["changes"].as_array().unwrap().iter().map(|change| {
            let reason = change["answer"]["verdict"]["reason"].as_str().unwrap_or("-").to_owned();
            format!("{} {reason}", change["kind"].as_str().unwrap())
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(
        changes(&format!("{TOURIST} --on 2026-03-01")),
        ["remedy-name-number TEMPORARY", "remedy-register REGISTERED", "time EXPIRED"]
    );
    assert_eq!(
        changes(&format!("{TOURIST} --on 2026-03-01 --msisdn {BUDI}")),
        ["remedy-name-number TEMPORARY", "remedy-pair PAIRED", "remedy-register REGISTERED", "time EXPIRED"]
    );
    assert_eq!(
        changes(&format!("{TOURIST} --on 2027-03-01 --msisdn {ANI}")),
        ["remedy-renew TEMPORARY", "remedy-pair PAIRED", "remedy-register REGISTERED"]
    );
    assert_eq!(changes(STOLEN), ["remedy-lift-block NOT_REGISTERED"]);
    assert_eq!(changes(&format!("{STRANGE} --msisdn {ANI}")), ["remedy-pair PAIRED", "remedy-register REGISTERED"]);
    assert_eq!(changes("35440101000001"), Vec::<String>::new());
}

#[test]
fn a_number_finds_what_names_only_a_sim_that_has_it_today() {
    let register = national();
    let by_sim = |register: &Register, number: &str| {
        let found = register.run(&format!("lookup {number} --json")).ok().json();
        assert_masked(&found.to_string());
        let devices = found["number"]["devices"].as_array().unwrap().clone();
        let mut devices: Vec<_> = devices
            .iter()
            .filter(|device| !device["by_sim"].is_null())
            .map(|device| {
                let reason = device["answer"]["verdict"]["reason"].as_str().unwrap().to_owned();
                (device["imei"].as_str().unwrap().to_owned(), device["in_force"].as_bool().unwrap(), reason)
            })
            .collect();
        devices.sort();
        devices
    };
    let sim = "510101234567899";
    register.import("pairing", &format!("imei,imsi\n35440101000011,{sim}\n"), "--operator telkomsel");
    assert!(by_sim(&register, ANI).is_empty() && by_sim(&register, BUDI).is_empty(), "the SIM is nobody's");
    register.import("subscriber", &format!("imsi,msisdn\n{sim},{ANI}\n"), "--operator telkomsel");
    let paired = ("354401010000117".to_owned(), true, "PAIRED".to_owned());
    assert_eq!(by_sim(&register, ANI), std::slice::from_ref(&paired));
    let found = register.run(&format!("lookup {ANI} --language en")).ok().out;
    assert!(found.contains("354401010000117  SERVED, PAIRED @ telkomsel (SIM 51010"), "{found}");
    assert!(found.contains("History"), "{found}");
    // The SIM gets another number: the device goes with it, and the story of the first number keeps that it had the SIM.
    register.import("subscriber", &format!("imsi,msisdn\n{sim},{BUDI}\n"), "--operator telkomsel");
    assert!(by_sim(&register, ANI).is_empty());
    assert_eq!(by_sim(&register, BUDI), [paired]);
    let told = |number: &str| register.run(&format!("lookup {number} --json")).ok().json()["number"]["sims"].clone();
    assert!(told(ANI).to_string().contains("899"), "{}", told(ANI));
    register.run("verify").ok();
}

async fn find(office: &Office, token: &str, request: FindRequest) -> Result<FindResponse, Status> {
    let mut client = LookupClient::connect(format!("http://{}", office.server.registry)).await.unwrap();
    Ok(client.find(shown(token, request)).await?.into_inner())
}

fn asked(text: &str) -> FindRequest {
    FindRequest { text: text.into(), ..FindRequest::default() }
}

fn device(found: FindResponse) -> DevicePage {
    match found.found {
        Some(Found::Device(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn agents_look_up_and_see_the_subscribers_of_their_operator_only() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let imei = &phone(35_209_900_177_100, 1)[0];
        let pair = |msisdn: &str| {
            Operation::Pair(PairOperation { imei: imei.clone(), msisdn: msisdn.into(), ..Default::default() })
        };
        office.operate(&tina, pair(ANI)).await.unwrap();
        office.operate(&xena, pair(BUDI)).await.unwrap();

        refused(find(&office, "", asked(imei)).await, Code::Unauthenticated, "");
        refused(find(&office, &tina, asked(imei)).await, Code::PermissionDenied, "none of these");
        refused(find(&office, &office.admin, asked(imei)).await, Code::PermissionDenied, "none of these");

        // Who belongs to no operator sees both, masked.
        let all = find(&office, &agnes, asked(imei)).await.unwrap();
        assert_masked(&format!("{all:?}"));
        let all = device(all);
        assert_eq!((all.pairings.len(), all.pairings_hidden, all.history.len()), (2, 0, 2));
        let names: Vec<_> = all.operators.iter().map(|one| one.operator.as_str()).collect();
        assert_eq!(names, ["", "telkomsel", "xl"]);

        // Who belongs to one sees its own: nothing tells who the others are.
        let own = find(&office, &tono, asked(imei)).await.unwrap();
        assert!(!format!("{own:?}").to_lowercase().contains("xl"), "{own:?}");
        assert!(own.notes.iter().any(|note| note.starts_with("NOMOR OPERATOR LAIN: 1 ")), "{:?}", own.notes);
        let own = device(own);
        assert_eq!((own.pairings.len(), own.pairings_hidden, own.history.len()), (1, 1, 1));
        assert_eq!(own.evidence.iter().filter(|line| line.kind == "pairing").count(), 1);
        let devices = async |token: &str, number: &str| match find(&office, token, asked(number)).await.unwrap().found {
            Some(Found::Number(page)) => (page.devices.len(), page.history.len()),
            other => panic!("{other:?}"),
        };
        assert_eq!(devices(&tono, ANI).await, (1, 1));
        assert_eq!(devices(&tono, BUDI).await, (0, 0), "another operator's number is as one that nobody knows");
        assert_eq!(devices(&agnes, BUDI).await, (1, 1));
        let for_xl = FindRequest { operator: "xl".into(), ..asked(imei) };
        refused(find(&office, &tono, for_xl).await, Code::InvalidArgument, "you ask for telkomsel");
        let batch = all.pairings.iter().find(|pair| pair.number.ends_with("802")).unwrap().batch;
        refused(find(&office, &tono, asked(&format!("batch {batch}"))).await, Code::NotFound, "no batch");
        assert!(find(&office, &agnes, asked(&format!("batch {batch}"))).await.is_ok());

        // The network's answer, for each operator and question.
        for msisdn in ["", ANI, BUDI] {
            let page =
                device(find(&office, &agnes, FindRequest { msisdn: msisdn.into(), ..asked(imei) }).await.unwrap());
            for one in &page.operators {
                let network = office.answer(&Asked { imei, msisdn, imsi: "" }, &one.operator).await.verdict;
                let told = if msisdn.is_empty() { &one.without_number } else { &one.with_number };
                assert_eq!(told.as_ref().and_then(|answer| answer.verdict.clone()), network, "{msisdn} {one:?}");
                let roaming = Asked { imei, msisdn: "", imsi: "525011234567890" };
                let network = patiently(|| async {
                    office.server.client().await.check(check_request(&roaming, &one.operator)).await
                });
                let told = one.foreign_sim.as_ref().and_then(|answer| answer.verdict.clone());
                assert_eq!(told, network.await.verdict);
            }
        }

        // Bad values name their field and are not repeated.
        let bad = FindRequest { msisdn: format!("{ANI}x"), ..asked(imei) };
        let refusal = find(&office, &agnes, bad).await.unwrap_err();
        assert_masked(&format!("{refusal:?}"));
        refused(find(&office, &agnes, asked("")).await, Code::InvalidArgument, "text: ");
        refused(find(&office, &agnes, asked(&"9".repeat(300))).await, Code::InvalidArgument, "text: ");
        let french = FindRequest { language: "fr".into(), ..asked(imei) };
        refused(find(&office, &agnes, french).await, Code::InvalidArgument, "language: ");
        let late = FindRequest { as_of: "1.99999".into(), ..asked(imei) };
        refused(find(&office, &agnes, late).await, Code::OutOfRange, "never had");
        let mut client = LookupClient::connect(format!("http://{}", office.server.registry)).await.unwrap();
        let help = client.help(shown(&tono, HelpRequest { language: "en".into() })).await.unwrap().into_inner();
        assert_eq!(help.entries.len(), 21);
        let (_, diagnostics) = office.close();
        assert_masked(&diagnostics);
    });
}

#[test]
fn a_device_that_waits_for_approval_is_being_processed() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let sari = office.person(&second, "sari", "submitter", &["customs-passenger"]).await;
        let agus = office.person(&second, "agus", "approver", &["customs-passenger"]).await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let (imei, order) = ("35209900177200", BatchOrder { door: "customs-passenger".into(), ..Default::default() });
        let order = BatchOrder { request_id: "request-in-process".into(), ..order };
        let batch = office.hand_in(&sari, &format!("imei\n{imei}\n"), order).await.unwrap().batches[0];

        let waiting = find(&office, &agnes, asked(imei)).await.unwrap();
        assert!(waiting.notes[0].starts_with(&format!("SEDANG DIPROSES: IMEI ini sudah diterima dalam batch {batch}")));
        let page = device(waiting);
        assert_eq!(
            (page.verdict.unwrap().reason().as_str_name(), page.in_process_batches),
            ("NOT_REGISTERED", vec![batch])
        );

        let step = StepRequest { batch, request_id: "request-approve-it".into(), ..StepRequest::default() };
        office.step_again(&agus, "approve", step).await.unwrap();
        let known = find(&office, &agnes, FindRequest { language: "en".into(), ..asked(imei) }).await.unwrap();
        assert!(known.notes.is_empty(), "{:?}", known.notes);
        let page = device(known);
        assert_eq!(page.advice.clone().unwrap().headline, "REGISTERED");
        assert_eq!(page.history[0].approver, "agus");

        // As of the revision before, and through the command line: the same as then.
        let then = page.history[0].revision.map(|revision| format!("{}.{}", revision.epoch, revision.seq - 1)).unwrap();
        let url = format!("http://{}", office.server.registry);
        let command = crate::support::command()
            .env("SARING_TOKEN", &agnes)
            .args(["lookup", imei, "--server", &url, "--as-of", &then, "--language", "en", "--json"])
            .output()
            .unwrap();
        let told: serde_json::Value = serde_json::from_slice(&command.stdout).unwrap();
        assert_eq!(told["device"]["verdict"]["reason"], "NOT_REGISTERED", "{told}");
        assert!(told["notes"][0].as_str().unwrap().starts_with("NOT NOW"), "{told}");
        let _: proto::FindResponse = find(&office, &agnes, asked("TPP-NONE")).await.unwrap();
    });
}
