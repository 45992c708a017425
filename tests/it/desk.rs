//! The desk over real sockets: lookups on record, numbers revealed for a purpose, who looked at whom.

use crate::support::{
    ANI, Asked, BUDI, Server, assert_masked, batch_request, command,
    office::{Office, phone, refused, register, run, shown},
    patiently,
};
use saring::proto::{
    self, FindRequest, ListEntriesRequest, OpenCaseRequest, PairOperation, RevealRequest, VerifyRecordRequest,
    WhoLookedRequest, audit_client::AuditClient, cases_client::CasesClient, find_response::Found,
    lookup_client::LookupClient, operate_request::Operation,
};
use serde_json::Value;
use tonic::{Code, Status, transport::Channel};

const PURPOSE: &str = "letter 17 of the police";

fn url(office: &Office) -> String {
    format!("http://{}", office.server.registry)
}

async fn lookup(office: &Office) -> LookupClient<Channel> {
    LookupClient::connect(url(office)).await.unwrap()
}

async fn audit(office: &Office) -> AuditClient<Channel> {
    AuditClient::connect(url(office)).await.unwrap()
}

async fn find(office: &Office, token: &str, text: &str) -> proto::FindResponse {
    let request = FindRequest { text: text.into(), purpose: "a caller".into(), ..FindRequest::default() };
    lookup(office).await.find(shown(token, request)).await.unwrap().into_inner()
}

async fn reveal(office: &Office, token: &str, text: &str, number: &str) -> Result<proto::RevealResponse, Status> {
    let request = RevealRequest { text: text.into(), number: number.into(), purpose: PURPOSE.into(), batch: 0 };
    Ok(lookup(office).await.reveal(shown(token, request)).await?.into_inner())
}

/// A verb with a token: exit code, output and errors as they are, numbers and all.
fn verb(office: &Office, token: &str, args: &[&str]) -> (i32, String, String) {
    let output = command().env("SARING_TOKEN", token).env("SARING_SERVER", url(office)).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_agents_see_is_on_record_and_shown_in_full_for_a_purpose_only() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let susi = office.person(&second, "susi", "supervisor", &[]).await;
        let supri = office.person_of(&second, "supri", "telkomsel", "supervisor", &[]).await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;
        let imei = &phone(35_209_900_177_100, 1)[0];
        let pair = |msisdn: &str| {
            Operation::Pair(PairOperation { imei: imei.clone(), msisdn: msisdn.into(), ..Default::default() })
        };
        office.operate(&tina, pair(ANI)).await.unwrap();
        office.operate(&xena, pair(BUDI)).await.unwrap();

        // The page is masked; one number of it is revealed.
        let page = find(&office, &agnes, imei).await;
        assert_eq!(page.audit_entry, 1);
        assert_masked(&format!("{page:?}"));
        let Some(Found::Device(device)) = page.found else { panic!() };
        let masked = |end: &str| device.pairings.iter().find(|pair| pair.number.ends_with(end)).unwrap().number.clone();
        let (ani, budi) = (masked(&ANI[ANI.len() - 3..]), masked(&BUDI[BUDI.len() - 3..]));
        let whole = reveal(&office, &agnes, imei, &budi).await.unwrap();
        assert_eq!((whole.numbers.len(), whole.audit_entry), (1, 2));
        assert!(whole.numbers[0].ends_with(&BUDI[BUDI.len() - 8..]), "{whole:?}");
        refused(reveal(&office, &tono, imei, &budi).await, Code::InvalidArgument, "number: ");
        reveal(&office, &tono, imei, &ani).await.unwrap();
        refused(reveal(&office, &udin, imei, &ani).await, Code::PermissionDenied, "none of these");
        let hasty = RevealRequest { text: imei.clone(), number: ani.clone(), purpose: "why".into(), batch: 0 };
        let hasty = lookup(&office).await.reveal(shown(&agnes, hasty)).await;
        refused(hasty, Code::InvalidArgument, "purpose: ");

        // Who looked at Budi: Agnes, twice; once in full.
        let who = async |token: &str, number: &str| {
            let request =
                WhoLookedRequest { number: number.into(), purpose: PURPOSE.into(), ..WhoLookedRequest::default() };
            Ok::<_, Status>(audit(&office).await.who_looked(shown(token, request)).await?.into_inner().entries)
        };
        let seen = who(&susi, BUDI).await.unwrap();
        assert_masked(&format!("{seen:?}"));
        let told: Vec<_> = seen.iter().map(|one| (one.principal.as_str(), one.deed.as_str(), &one.subjects)).collect();
        assert_eq!(
            told.iter().map(|one| (one.0, one.1)).collect::<Vec<_>>(),
            [("agnes", "reveal"), ("agnes", "lookup")]
        );
        assert_eq!((told[0].2[0].in_full, told[1].2[0].in_full, told[1].2.len()), (true, false, 1));
        assert!(who(&supri, BUDI).await.unwrap().is_empty(), "Telkomsel's people did not look at him");
        let own: Vec<_> = who(&supri, ANI).await.unwrap().into_iter().map(|one| one.principal).collect();
        assert_eq!(own, ["tono"]);
        refused(who(&agnes, BUDI).await, Code::PermissionDenied, "none of these");
        refused(who(&susi, "0812x").await, Code::InvalidArgument, "number: ");

        // The list, the proof, the pack: each for whom it is.
        let list =
            async |token: &str| audit(&office).await.list_entries(shown(token, ListEntriesRequest::default())).await;
        let listed = list(&udin).await.unwrap().into_inner().entries;
        assert_masked(&format!("{listed:?}"));
        assert_eq!(listed.last().unwrap().why, "a caller");
        assert!(list(&supri).await.unwrap().into_inner().entries.iter().all(|one| one.operator == "telkomsel"));
        refused(list(&agnes).await, Code::PermissionDenied, "");
        let verify = async |kept: &str| {
            let request = VerifyRecordRequest { kept: kept.into() };
            audit(&office).await.verify_record(shown(&udin, request)).await.map(tonic::Response::into_inner)
        };
        let verified = verify("").await.unwrap();
        assert_eq!(verified.size, listed.len() as u64);
        verify(&verified.checkpoint).await.unwrap();
        refused(verify("nonsense").await, Code::DataLoss, "checkpoint");

        let pack = |token: &str| {
            let args = ["audit", "breach", "--principal", "agnes", "--from", "2020-01-01", "--to", "2090-01-01"];
            verb(&office, token, &[&args[..], &["--purpose", PURPOSE]].concat())
        };
        assert_eq!(pack(&udin).0, 1);
        let (code, out, err) = pack(&office.admin);
        assert_eq!(code, 0, "{err}");
        let pack: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((pack["subjects"].as_array().unwrap().len(), &pack["made_by"]), (2, &Value::from("admin")));
        assert_eq!(pack["entries"].as_array().unwrap().len(), 2);

        // The command line.
        let (code, out, _) = verb(&office, &susi, &["audit", "list", "--principal", "agnes"]);
        assert!(code == 0 && out.contains("a caller") && out.contains("reveal"), "{out}");
        assert_masked(&out);
        let (code, out, _) = verb(&office, &susi, &["audit", "who", ANI, "--purpose", PURPOSE, "--json"]);
        assert!(code == 0 && out.contains("tono"), "{out}");
        assert_masked(&out);
        let server = url(&office);
        let args = ["lookup", imei, "--server", &server, "--reveal", &ani, "--purpose", PURPOSE];
        let (code, out, _) = verb(&office, &agnes, &args);
        assert!(code == 0 && out.trim().ends_with(&ANI[ANI.len() - 8..]), "{out}");
        assert_eq!(verb(&office, &agnes, &[&args[..6], &["--purpose", "why"]].concat()).0, 2);
        assert_eq!(verb(&office, &susi, &["audit", "list", "--deed", "nothing"]).0, 2);
        let rules = office.register.file("rules.toml", "[retention_days]\nlookup = 30\n");
        let set = ["audit", "rules", "set", rules.to_str().unwrap(), "--purpose", PURPOSE];
        assert_eq!(verb(&office, &susi, &set).0, 1);
        let (code, out, err) = verb(&office, &office.admin, &set);
        assert!(code == 0 && out.contains("lookup = 30"), "{out} {err}");

        let kept = verify("").await.unwrap().checkpoint;
        let (register, diagnostics) = office.close();
        assert_masked(&diagnostics);
        register.file("kept.checkpoint", kept);
        let told = register.run("audit verify --kept {}/kept.checkpoint --json").ok().json();
        assert!(told["size"].as_u64().unwrap() >= 10, "{told}");
        register.run("backup create {}/copy").ok();
        std::fs::remove_dir_all(register.data()).unwrap();
        register.run("backup restore {}/copy").ok();
        assert_eq!(register.run("audit verify --kept {}/kept.checkpoint --json").ok().json()["size"], told["size"]);
    });
}

/// A figure of the node.
fn figure(office: &Office, name: &str) -> u64 {
    let (_, text) = office.server.get("/metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse::<f64>().unwrap() as u64)
}

/// Waits until so many black answers are on record.
async fn recorded(office: &Office, count: u64) {
    for _ in 0..600 {
        if figure(office, "saring_black_answers_recorded_total") >= count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{} of {count} black answers are on record", figure(office, "saring_black_answers_recorded_total"));
}

const STOLEN: &str = "352099001761481";

fn with_a_stolen_phone() -> crate::support::Register {
    let register = register();
    register.import("stolen", "imei,reporting_date\n35209900176148,2026-01-02\n", "--operator xl");
    register
}

#[test]
fn an_agent_sees_when_and_where_a_phone_was_refused() {
    run(async {
        let office = Office::open(with_a_stolen_phone());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let ask = async |msisdn: &str, operator: &str| {
            let asked = Asked { imei: STOLEN, msisdn, imsi: "" };
            office.answer(&asked, operator).await
        };
        ask(ANI, "telkomsel").await;
        ask(ANI, "telkomsel").await;
        ask("", "xl").await;
        // Packed questions too; white answers are none.
        let asked =
            [Asked { imei: STOLEN, msisdn: BUDI, imsi: "" }, Asked { imei: "352099001762000", ..Asked::default() }];
        patiently(|| async { office.server.client().await.check_batch(batch_request(&asked, "telkomsel")).await })
            .await;
        recorded(&office, 4).await;

        let page = find(&office, &agnes, STOLEN).await;
        assert_masked(&format!("{page:?}"));
        let told = |page: &proto::FindResponse| {
            let mut told: Vec<_> = page
                .refusals
                .iter()
                .map(|one| (one.operator.clone(), one.count, one.reason.clone(), one.number.is_empty()))
                .collect();
            told.sort();
            told
        };
        let line = |operator: &str, count, is_alone| (operator.to_owned(), count, "STOLEN".to_owned(), is_alone);
        assert_eq!(told(&page), [line("telkomsel", 1, false), line("telkomsel", 2, false), line("xl", 1, true)]);
        assert!(page.refusals.iter().all(|one| one.headline.starts_with("DIBLOKIR") && one.imei == STOLEN));
        let page = find(&office, &tono, STOLEN).await;
        assert_eq!(told(&page).len(), 2, "an operator's agent sees its own network's");
        let page = find(&office, &agnes, ANI).await;
        assert_eq!(told(&page), [line("telkomsel", 2, false)]);
        // What agents look up is no refusal.
        assert_eq!(figure(&office, "saring_black_answers_recorded_total"), 4);
        assert_eq!(figure(&office, "saring_black_answers_dropped_total"), 0);
        let server = url(&office);
        let (code, out, _) = verb(&office, &agnes, &["lookup", STOLEN, "--server", &server]);
        assert!(code == 0 && out.contains("Penolakan terakhir") && out.contains("@ telkomsel, STOLEN"), "{out}");
        // What was still in the rings is recorded before the node ends.
        ask(BUDI, "xl").await;
        let (register, diagnostics) = office.close();
        assert_masked(&diagnostics);
        let office = Office { server: Server::start(&register), register, admin: String::new() };
        assert_eq!(told(&find(&office, &agnes, STOLEN).await).len(), 4);
    });
}

#[test]
fn a_complaint_is_a_case_that_two_agents_never_overwrite() {
    run(async {
        let office = Office::open(with_a_stolen_phone());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let budi = office.person(&second, "budi", "agent", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;
        let json = |token: &str, args: &[&str]| -> Value {
            let (code, out, err) = verb(&office, token, &[&["case"], args, &["--json"]].concat());
            assert_eq!(code, 0, "{out} {err}");
            assert_masked(&out);
            serde_json::from_str(&out).unwrap()
        };
        let refuses = |token: &str, args: &[&str], code: i32, words: &str| {
            let (ended, out, err) = verb(&office, token, &[&["case"], args].concat());
            assert!(ended == code && err.contains(words), "{args:?}: {ended} {out} {err}");
        };
        let open = ["open", "paid-unlisted", "--imei", STOLEN, "--msisdn", ANI, "--owner", "customs", "--note", "paid"];
        let opened = json(&agnes, &[&open[..], &["--request", "request-open-1"]].concat());
        let number = opened["case"]["number"].as_str().unwrap();
        assert_eq!(json(&agnes, &[&open[..], &["--request", "request-open-1"]].concat())["repeated"], true);
        refuses(&udin, &open, 1, "none of these");
        refuses(&agnes, &["open", "theft", "--note", "x"], 2, "kind: ");
        refuses(&agnes, &["open", "other", "--imei", "12", "--note", "x"], 2, "imei: ");
        refuses(&agnes, &["show", "K000-0001"], 2, "number: ");

        // Two look at version 1; the second change is refused and told what the first one was.
        assert_eq!(json(&budi, &["show", number])["version"], 1);
        json(&agnes, &["note", number, "--seen", "1", "the receipt came"]);
        refuses(&budi, &["close", number, "--seen", "1", "done"], 1, "noted by agnes");
        refuses(&budi, &["assign", number, "--seen", "2", "nemo"], 2, "nobody is called \"nemo\" here");
        assert_eq!(json(&budi, &["assign", number, "--seen", "2", "budi"])["case"]["assignee"], "budi");
        refuses(&tono, &["show", number], 1, "there is no case");
        let to = ["hand-over", number, "--seen", "3", "--to", "operator", "--operator", "telkomsel", "listed by now"];
        assert_eq!(json(&budi, &to)["case"]["owner"], "operator");
        assert_eq!(json(&tono, &["list"]).as_array().unwrap().len(), 1);
        assert_eq!(json(&udin, &["list", "--owner", "customs"]).as_array().unwrap().len(), 0);
        let stats = json(&udin, &["stats"]);
        assert_eq!((&stats[0]["kind"], &stats[0]["open"]), (&"paid-unlisted".into(), &1.into()));

        // It stands on the pages of the device and the number, and is found by its number.
        for text in [STOLEN, ANI, number] {
            let page = find(&office, &tono, text).await;
            assert_masked(&format!("{page:?}"));
            let case = match page.found {
                Some(Found::Case(case)) => case,
                _ => page.cases[0].clone(),
            };
            assert_eq!((case.number.as_str(), case.owner.as_str()), (number, "operator"));
        }
        let server = url(&office);
        let (code, out, _) = verb(&office, &tono, &["lookup", STOLEN, "--server", &server, "--language", "en"]);
        assert!(code == 0 && out.contains("Open cases") && out.contains(number), "{out}");

        // The caller asks by number and secret.
        let secret = opened["secret"].as_str().unwrap();
        let state = json(&udin, &["state", number, "--secret", secret]);
        assert_eq!(
            (&state["state"], &state["owner"], state.get("operator")),
            (&"open".into(), &"operator".into(), None)
        );
        refuses(&udin, &["state", number, "--secret", "AAAAAAAA"], 1, "not those of a case");
        json(&tono, &["close", number, "--seen", "4", "works again"]);
        assert!(find(&office, &tono, STOLEN).await.cases.is_empty());
        assert_eq!(json(&udin, &["state", number, "--secret", secret])["state"], "closed");
        refuses(&tono, &["assign", number, "--seen", "5", "tono"], 2, "is closed: reopen it first");
        let (_, diagnostics) = office.close();
        assert_masked(&diagnostics);
        assert!(!diagnostics.contains(secret));
    });
}

/// Looks up and opens cases until the server is gone: the last audit entry, and the cases, that were told.
async fn work(url: String, token: String) -> (u64, Vec<String>) {
    let (mut last, mut cases) = (0, Vec::new());
    let Ok(mut lookup) = LookupClient::connect(url.clone()).await else { return (last, cases) };
    let Ok(mut desk) = CasesClient::connect(url).await else { return (last, cases) };
    loop {
        let request = FindRequest { text: ANI.into(), ..FindRequest::default() };
        let Ok(found) = lookup.find(shown(&token, request)).await else { return (last, cases) };
        last = found.into_inner().audit_entry.max(last);
        let (kind, owner, note) = ("other".to_owned(), "159".to_owned(), "x".to_owned());
        let request = OpenCaseRequest { kind, owner, note, ..OpenCaseRequest::default() };
        let Ok(opened) = desk.open_case(shown(&token, request)).await else { return (last, cases) };
        cases.push(opened.into_inner().case.unwrap().number);
    }
}

#[test]
fn a_server_killed_at_any_moment_loses_nothing_of_the_desk_that_it_told() {
    run(async {
        let mut office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let mut told = Vec::new();
        for round in 0..4u64 {
            let agents: Vec<_> = (0..3).map(|_| tokio::spawn(work(url(&office), agnes.clone()))).collect();
            tokio::time::sleep(std::time::Duration::from_millis(100 + 130 * round)).await;
            office.server.signal("KILL");
            let mut last = 0;
            for agent in agents {
                let (entry, cases) = agent.await.unwrap();
                last = entry.max(last);
                told.extend(cases);
            }
            let Office { server, register, admin } = office;
            server.ended();
            let verified = register.run("audit verify --json").ok().json();
            assert!(verified["size"].as_u64().unwrap() >= last, "round {round}: {verified}, {last}");
            office = Office { server: Server::start(&register), register, admin };
            for number in &told {
                let found = find(&office, &agnes, number).await.found;
                assert!(matches!(found, Some(Found::Case(_))), "round {round}: {number}");
            }
        }
        assert!(told.len() > 4, "{told:?}");
        told.sort();
        let count = told.len();
        told.dedup();
        assert_eq!(told.len(), count, "a number is given once");
    });
}

#[test]
fn the_public_hears_the_kind_of_answer_and_no_more_than_it_may() {
    run(async {
        let register = with_a_stolen_phone();
        register.import("pairing", &format!("imei,msisdn\n35209900176300,{ANI}\n"), "--operator xl");
        let office = Office::open(register);
        let known = &phone(35_209_900_176_200, 1)[0];
        let ask = |imei: &str| office.server.get(&format!("/public/check?imei={imei}&language=en"));
        for imei in [known.as_str(), STOLEN, &phone(35_209_900_176_300, 1)[0], &phone(35_880_722_400_001, 1)[0]] {
            let network = office.answer(&Asked { imei, ..Asked::default() }, "").await.verdict.unwrap();
            let (code, body) = ask(imei);
            let told: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((code, told["status"].as_str()), (200, Some(network.status().as_str_name())), "{body}");
            let names: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
            assert_eq!(names, ["answer", "contact", "next_step", "status"]);
            assert!(!body.contains(&imei[8..]) && !body.contains("2026"), "{body}");
            assert!(!body.to_lowercase().contains("xl") && !body.contains("police report"), "{body}");
        }
        assert_eq!(ask("352099001761482").0, 400);
        assert_eq!(ask(&ANI[..10]).0, 400);
        // Guessing ends after ten; nothing of it is on record, and no lookup either.
        let codes: Vec<u16> = (0..10).map(|n| ask(&phone(35_209_900_100_000 + n, 1)[0]).0).collect();
        assert_eq!(codes, [200, 200, 200, 200, 429, 429, 429, 429, 429, 429]);
        let (_, metrics) = office.server.get("/metrics");
        assert!(metrics.contains("saring_public_checks_total{outcome=\"limited\"} 6"), "{metrics}");
        let (_, diagnostics) = office.close();
        assert!(!diagnostics.contains("3520990017"), "{diagnostics}");
    });
}
