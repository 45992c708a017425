//! Registrations of subscribers over real sockets and by command: lists, the calendar, what is told beside a verdict.

use crate::support::{
    ANI, Asked, BUDI, CITRA, Register, Server, assert_masked,
    browser::Browser,
    check_request, command,
    office::{Office, refused, register, run, shown},
    patiently,
};
use saring::proto::{
    self, BlockingStage, FindRequest, GetCountsRequest, ListEntriesRequest, RegistrationListOrder, RegistrationState,
    ShowNumberRequest, SubmitListRequest, audit_client::AuditClient, find_response::Found, lookup_client::LookupClient,
    registration_client::RegistrationClient, submit_list_request::Part,
};
use sha2::{Digest, Sha256};
use std::path::Path;
use tonic::{Code, Status, transport::Channel};

const PHONE: &str = "352099001762000";
const NIK: &str = "9912341501900001";
/// As those of people look: province, day of birth, serial number.
const TYPED: &str = "3171015501900001";
const CALENDAR: &str = "limit = 1\nstates = [\"unregistered\", \"kk-mismatch\"]\n\n\
    [stages.outgoing]\non = \"2018-03-01\"\n[stages.total]\non = \"2090-01-01\"\n";

fn list() -> String {
    format!(
        "msisdn,city,identity,nik,state,since\n{ANI},3171,ktp-el,{NIK},registered,2017-11-01\n\
         {BUDI},3171,suket,{NIK},kk-mismatch,2017-11-01\nbad,3171,ktp-el,{NIK},registered,2017-11-01\n"
    )
}

async fn client(office: &Office) -> RegistrationClient<Channel> {
    RegistrationClient::connect(format!("http://{}", office.server.registry)).await.unwrap()
}

async fn hand_in(
    office: &Office,
    token: &str,
    list: &str,
    order: RegistrationListOrder,
) -> Result<proto::SubmitListResponse, Status> {
    let mode = if order.mode.is_empty() { "full".into() } else { order.mode };
    let order = RegistrationListOrder { mode, max_drop_percent: Some(100), ..order };
    let mut parts = vec![Part::Order(order)];
    parts.extend(list.as_bytes().chunks(50).map(|piece| Part::Data(piece.to_vec())));
    let parts = parts.into_iter().map(|part| SubmitListRequest { part: Some(part) }).collect::<Vec<_>>();
    Ok(client(office).await.submit_list(shown(token, tokio_stream::iter(parts))).await?.into_inner())
}

/// A verb with a token: exit code, output and errors.
fn verb(office: &Office, token: &str, args: &[&str]) -> (i32, String, String) {
    let url = format!("http://{}", office.server.registry);
    let output = command().env("SARING_TOKEN", token).env("SARING_SERVER", url).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Status and reason of a check, and what it tells beside them.
async fn check(server: &Server, msisdn: &str, with: bool) -> (String, Option<proto::CheckedRegistration>) {
    let asked = Asked { imei: PHONE, msisdn, imsi: "" };
    let answer = patiently(|| async {
        let request = proto::CheckRequest { with_registration: with, ..check_request(&asked, "") };
        server.client().await.check(request).await
    });
    let answer = answer.await;
    (format!("{:?}", answer.verdict), answer.registration)
}

fn files(path: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_list_a_calendar_and_what_is_told_of_them() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
        let siti = office.person(&second, "siti", "submitter", &["customs-passenger"]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let susi = office.person_of(&second, "susi", "telkomsel", "supervisor", &[]).await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;

        // By command, with the bad row told and nobody's number in it.
        let file = office.register.file("list.csv", list());
        let file = file.to_str().unwrap();
        let (code, out, err) = verb(&office, &tina, &["registration", "import", file, "--mode", "full"]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("rows         3, 1 rejected") && out.contains("added        2"), "{out}");
        assert!(out.contains("line 4, msisdn \"(3 characters)\"") && !out.contains(NIK), "{out}");
        let (_, again, _) = verb(&office, &tina, &["registration", "lists", "--file", file, "--json"]);
        assert!(again.contains("\"operator\":\"telkomsel\""), "{again}");

        // Others' numbers, others' doors, another role, other bytes, a transfer that breaks off.
        let other = RegistrationListOrder { operator: "telkomsel".into(), ..Default::default() };
        refused(hand_in(&office, &xena, &list(), other.clone()).await, Code::PermissionDenied, "belongs to xl");
        refused(hand_in(&office, &siti, &list(), other).await, Code::PermissionDenied, "door operator");
        refused(hand_in(&office, &agnes, &list(), Default::default()).await, Code::PermissionDenied, "none of these");
        let digest = RegistrationListOrder { sha256: Sha256::digest("else").to_vec(), ..Default::default() };
        refused(hand_in(&office, &tina, &list(), digest).await, Code::InvalidArgument, "list: the bytes that arrived");
        let whole = RegistrationListOrder { all_or_nothing: true, ..Default::default() };
        refused(hand_in(&office, &tina, &list(), whole).await, Code::FailedPrecondition, "1 of 3 rows are rejected");

        // Two persons of no operator put a calendar in force; the preview says what it will do.
        let document = office.register.file("calendar.toml", CALENDAR);
        let document = document.to_str().unwrap();
        let calendar =
            |token: &str, args: &[&str]| verb(&office, token, &[&["registration", "calendar"], args].concat());
        let (code, out, _) = calendar(&udin, &["preview", document, "--on", "2018-03-01"]);
        assert!(code == 0 && out.contains("1 of 2 move") && out.contains("outgoing"), "{out}");
        assert_eq!(calendar(&office.admin, &["propose", document]).0, 0);
        let (code, _, err) = calendar(&office.admin, &["approve", "1"]);
        assert!(code == 1 && err.contains("another person puts it in force"), "{err}");
        let (code, _, err) = calendar(&office.admin, &["approve", "1", "--sha256", &"0".repeat(64)]);
        assert!(code == 1 && err.contains("another digest"), "{err}");
        assert_eq!(calendar(&second, &["approve", "1"]).0, 0);
        let bad = office.register.file("bad.toml", "[stages.voice]\non = \"2018-03-01\"\n");
        let (code, _, err) = calendar(&office.admin, &["propose", bad.to_str().unwrap()]);
        assert!(code == 2 && err.contains("[stages.voice]: stages are"), "{err}");
        refused(
            client(&office).await.propose_calendar(shown(&tina, proto::ProposeCalendarRequest::default())).await,
            Code::PermissionDenied,
            "none of these",
        );

        // Beside the verdict, and never in it.
        let (without, none) = check(&office.server, BUDI, false).await;
        let (with, told) = check(&office.server, BUDI, true).await;
        let told = told.unwrap();
        assert_eq!((&with, none), (&without, None));
        assert_eq!(told.state(), RegistrationState::RegistrationKkMismatch);
        assert_eq!(told.stage(), BlockingStage::BlockingOutgoing);
        let (_, calm) = check(&office.server, ANI, true).await;
        assert_eq!(calm.unwrap().stage(), BlockingStage::BlockingNone);
        let (_, unknown) = check(&office.server, CITRA, true).await;
        assert_eq!(unknown.unwrap().state(), RegistrationState::Unspecified);

        // On the page of an agent both blocks stand side by side.
        let page = Browser::signed_in(office.server.http, &agnes).find(&[("q", PHONE), ("number", BUDI)]);
        let apart = page.body.split_once("<section class=\"registration\"").unwrap();
        assert!(apart.0.contains("class=\"verdict white") && !apart.0.contains("NIK"), "{}", page.body);
        let block = apart.1.split_once("</section>").unwrap().0;
        assert!(
            block.contains("NIK DAN KK TIDAK COCOK") && block.contains("4444") && block.contains("3171"),
            "{block}"
        );
        let page = Browser::signed_in(office.server.http, &agnes).find(&[("q", CITRA)]);
        assert!(!page.body.contains("class=\"registration\""), "{}", page.body);

        // Another operator takes a number over; each sees its own.
        let taken = format!("msisdn,state,change_type\n{ANI},unregistered,add\n{CITRA},unregistered,add\n");
        let order =
            RegistrationListOrder { mode: "delta".into(), request_id: "the-first-1".into(), ..Default::default() };
        let told = hand_in(&office, &xena, &taken, order.clone()).await.unwrap().list.unwrap();
        assert_eq!((told.added, told.ported_in, told.ported_from[0].operator.as_str()), (1, 1, "telkomsel"));
        assert!(hand_in(&office, &xena, &taken, order).await.unwrap().repeated);
        let show = async |token: &str, msisdn: &str| {
            let request = ShowNumberRequest { msisdn: msisdn.into(), language: "en".into(), ..Default::default() };
            Ok::<_, Status>(client(&office).await.show_number(shown(token, request)).await?.into_inner())
        };
        let budi = show(&tono, BUDI).await.unwrap().registration.unwrap();
        assert_masked(&format!("{budi:?}"));
        assert_eq!(budi.headline, "NIK AND KK DO NOT MATCH – OUTGOING CALLS AND SMS BLOCKED");
        assert_eq!((budi.next_stage.as_str(), budi.next_day.as_str()), ("total", "2090-01-01"));
        assert_eq!(show(&tono, ANI).await.unwrap().registration, None, "the number is XL's now");
        assert_eq!(show(&agnes, ANI).await.unwrap().registration.unwrap().operator, "xl");
        refused(show(&agnes, "0812x").await, Code::InvalidArgument, "msisdn: ");
        let counts = async |token: &str, operator: &str| {
            let by = vec!["operator".to_owned(), "stage".to_owned()];
            let request = GetCountsRequest { by, operator: operator.into(), ..Default::default() };
            Ok::<_, Status>(
                client(&office).await.get_counts(shown(token, request)).await?.into_inner().days.remove(0).counts,
            )
        };
        let own: Vec<_> = counts(&susi, "").await.unwrap();
        assert!(own.len() == 1 && own[0].operator == "telkomsel" && own[0].stage == "outgoing", "{own:?}");
        assert_eq!(counts(&udin, "").await.unwrap().len(), 2);
        refused(counts(&susi, "xl").await, Code::PermissionDenied, "for nobody else");

        // The agent's pages: both blocks side by side.
        let find = async |token: &str, text: &str, msisdn: &str| {
            let request = FindRequest { text: text.into(), msisdn: msisdn.into(), ..Default::default() };
            let mut client = LookupClient::connect(format!("http://{}", office.server.registry)).await.unwrap();
            client.find(shown(token, request)).await.unwrap().into_inner()
        };
        let page = find(&agnes, BUDI, "").await;
        assert!(matches!(page.found, Some(Found::Number(_))));
        assert!(page.registration.unwrap().next_step.contains("4444"));
        let page = find(&agnes, PHONE, BUDI).await;
        assert!(matches!(page.found, Some(Found::Device(_))) && page.registration.unwrap().state == "kk-mismatch");
        assert_eq!(find(&tono, ANI, "").await.registration, None);
        let (code, out, _) =
            verb(&office, &agnes, &["lookup", BUDI, "--server", &format!("http://{}", office.server.registry)]);
        assert!(code == 0 && out.contains("Registrasi kartu NIK DAN KK TIDAK COCOK") && out.contains("4444"), "{out}");

        // An identity number that an agent types finds nothing and is not kept.
        let page = find(&agnes, TYPED, "").await;
        assert!(page.notes.iter().any(|note| note.contains("NIK")), "{page:?}");
        find(&agnes, &format!("NIK {TYPED} Budi"), "").await;
        let note = format!("says 3171 0155 0190 0001 and {TYPED}");
        let open = ["case", "open", "subscriber", "--owner", "dukcapil", "--msisdn", BUDI, "--note", &note];
        let (code, _, err) = verb(&office, &agnes, &open);
        assert!(code == 2 && err.contains("note: 16 digits in it look like a NIK"), "{err}");

        let open = ["case", "open", "subscriber", "--owner", "dukcapil", "--imei", TYPED, "--note", "which it is"];
        let (code, _, err) = verb(&office, &agnes, &open);
        assert!(code == 2 && err.contains("imei: ") && err.contains("it may be a NIK"), "{err}");
        let who = ["audit", "who", "--imei", TYPED, "--purpose", "the owner asks"];
        let (code, _, err) = verb(&office, &udin, &who);
        assert!(code == 2 && err.contains("it may be a NIK"), "{err}");

        // What was done is on the desk's record; keys are the administrators'.
        let entries = ListEntriesRequest { deed: "registration".into(), ..Default::default() };
        let mut audit = AuditClient::connect(format!("http://{}", office.server.registry)).await.unwrap();
        let entries = audit.list_entries(shown(&udin, entries)).await.unwrap().into_inner().entries;
        let texts: Vec<_> = entries.iter().rev().map(|one| format!("{} {}", one.principal, one.text)).collect();
        assert!(texts[0].starts_with("tina list 1 of telkomsel, full: 3 rows, 1 rejected"), "{texts:?}");
        assert!(
            texts[1].starts_with("admin calendar 1 is proposed")
                && texts[2].starts_with("ratna calendar 1 is approved")
        );
        assert_eq!(verb(&office, &udin, &["registration", "rotate-key"]).0, 1);
        let (code, out, _) = verb(&office, &office.admin, &["registration", "rotate-key", "--reason", "yearly"]);
        assert!(code == 0 && out.contains("key 2"), "{out}");

        // No identity number is in any byte; the next start reads all of it again.
        let (register, diagnostics) = office.close();
        assert!(!diagnostics.contains(NIK), "{diagnostics}");
        for file in files(&register.data()) {
            let bytes = std::fs::read(&file).unwrap();
            for nik in [NIK, TYPED, &TYPED[..14]] {
                assert!(!bytes.windows(nik.len()).any(|window| window == nik.as_bytes()), "{}", file.display());
            }
        }
        let server = Server::start(&register);
        for _ in 0..200 {
            let (_, told) = check(&server, BUDI, true).await;
            if !told.as_ref().unwrap().day.is_empty() {
                assert_eq!(told.unwrap().stage(), BlockingStage::BlockingOutgoing);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the registrations were not loaded in ten seconds");
    });
}

#[test]
fn a_directory_is_made_counted_backed_up_and_asked() {
    let register = Register::new();
    let made = register.path("made.csv");
    let generate = |seed: u64, out: &Path| {
        let seed = seed.to_string();
        let args = ["registration", "generate", "--numbers", "3000", "--day", "2026-01-01", "--seed", &seed, "--out"];
        assert!(command().args(args).arg(out).status().unwrap().success());
        std::fs::read_to_string(out).unwrap()
    };
    assert_eq!(generate(7, &made), generate(7, &register.path("again.csv")));
    assert_ne!(generate(8, &register.path("other.csv")), generate(7, &made));
    let json = |line: &str| register.run(&format!("registration {line} --json")).ok().json();
    let list = json("import {}/made.csv --operator indosat --mode full");
    assert_eq!((list["list"]["rows"].as_u64(), list["list"]["rejected"].as_u64()), (Some(3000), Some(0)), "{list}");
    let counts = json("counts --by state,identity");
    let lines = counts["days"][0]["counts"].as_array().unwrap();
    let held = std::fs::read_to_string(&made).unwrap().lines().filter(|line| line.contains(",suket,")).count() as u64;
    let suket = lines.iter().filter(|line| line["identity"] == "suket").map(|line| line["numbers"].as_u64().unwrap());
    assert!(held > 50 && suket.sum::<u64>() == held, "{counts}");
    assert_eq!(counts["keys"][0]["version"], 1);
    let above = json("above-limit --limit 3");
    assert!(above["operators"][0]["identities"].as_u64().unwrap() > 0, "{above}");
    let above = register.run("registration above-limit").ok().out;
    assert!(above.contains("the calendar has no limit"), "{above}");

    // Before there are principals one hand puts a calendar in force.
    register.file("calendar.toml", CALENDAR);
    let moved = json("calendar preview {}/calendar.toml --by-city")["moved"].as_u64().unwrap();
    register.run("registration calendar propose {}/calendar.toml").ok();
    register.run("registration calendar approve 1").ok();
    let stages = json("counts --by stage");
    let outgoing = stages["days"][0]["counts"].as_array().unwrap().iter().find(|line| line["stage"] == "outgoing");
    assert_eq!(outgoing.unwrap()["numbers"].as_u64(), Some(moved));
    assert_eq!(json("calendar preview {}/calendar.toml")["moved"], 0);
    assert_eq!(json("calendar show")["in_force"], 1);

    // A second list with the same bytes changes nothing; a short one is refused.
    let list = json("import {}/made.csv --operator indosat --mode full --all-or-nothing");
    assert_eq!((list["list"]["updated"].as_u64(), list["list"]["added"].as_u64()), (Some(0), Some(0)), "{list}");
    register.file("short.csv", "msisdn,state\n081200000001,unregistered\n");
    let short = "registration import {}/short.csv --operator indosat --mode full";
    register.run(short).refused(1, &["this full list names 1 numbers", "--max-drop 100"]);
    register.file("foreign.csv", "msisdn,state\nx,registered\n12,registered\n");
    let foreign = register.run("registration import {}/foreign.csv --operator indosat --mode full --max-drop 100");
    assert!(foreign.code != 0 && foreign.err.contains("none is good"), "{foreign:?}");
    register.file("wrong.csv", "number,state\n");
    register.run("registration import {}/wrong.csv --operator I!").refused(2, &["operator: name the operator"]);
    register
        .run("registration import {}/short.csv --operator indosat")
        .refused(2, &["line 1: the header lacks change_type"]);
    register.run("registration show 0812x").refused(2, &["msisdn: "]);
    register.run("registration counts --by colour").refused(2, &["by: operator, city"]);

    // A copy has them, and a register that is made of the copy.
    let all = json("counts --by operator,city,state,identity,stage")["days"].clone();
    let backup = register.path("backup");
    register.run(&format!("backup create {}", backup.display())).ok();
    let restored = register.path("restored");
    let args = ["backup", "restore", backup.to_str().unwrap(), "--data", restored.to_str().unwrap()];
    let output = command().args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for data in [&backup, &restored] {
        let args = ["registration", "counts", "--by", "operator,city,state,identity,stage", "--json", "--data"];
        let output = command().args(args).arg(data).output().unwrap();
        let counts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(counts["days"], all, "{}", data.display());
    }
}
