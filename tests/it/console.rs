//! The console as people and attackers meet it over a real socket.

use crate::support::{
    ANI, Asked, BUDI, Register, assert_masked,
    browser::Browser,
    office::{Office, phone, register, request_id, run, shown},
};
use saring::{
    access::{PAGES, Rule, Who},
    principal::{Principal, PrincipalKind, Role},
    proto::{self, PairOperation, operate_request::Operation},
};

const PASSWORD: &str = "kuda laut makan sore";
const STOLEN: &str = "352099001761481";
const SCRIPT: &str = "\"><script>alert(1)</script>";

#[test]
fn who_signs_in_gets_a_new_session_that_ends_when_it_should() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let token = office.person(&second, "agnes", "agent", &[]).await;
        let http = office.server.http;

        // Nobody is let in without signing in, and what says so says nothing else.
        let mut stranger = Browser::new(http);
        for path in ["/", "/help", "/result/0011223344556677", "/status", "/principals"] {
            let page = stranger.get(path);
            assert_eq!((page.status, page.location()), (303, "/sign-in"), "{path}");
        }
        assert_eq!(stranger.get("/nothing").status, 404);
        let page = stranger.get("/sign-in");
        for (name, part) in [
            ("content-security-policy", "default-src 'none'"),
            ("content-security-policy", "frame-ancestors 'none'"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert!(page.header(name).contains(part), "{name}: {:?}", page.header(name));
        }
        assert!(!page.header("content-security-policy").contains("unsafe"));

        // A session that somebody planted is no session, and does not become one.
        let mut agnes = Browser::new(http);
        agnes.cookies.insert("saring_session".into(), "0".repeat(64));
        agnes.get("/sign-in");
        let entered = agnes.post("/sign-in/token", &[("token", &token)]);
        let cookie = entered.headers.iter().find(|(_, value)| value.starts_with("saring_session=")).unwrap().1.clone();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"),
            "{cookie}"
        );
        let first = agnes.cookies["saring_session"].clone();
        assert!(first.len() == 64 && first != "0".repeat(64));
        assert_eq!(agnes.get("/").status, 200);

        // Weak passwords are refused, a good one counts from now on and ends the other sessions.
        let mut elsewhere = Browser::signed_in(http, &token);
        agnes.get("/account");
        for (new, again) in [
            ("short", "short"),
            (PASSWORD, "another one that differs"),
            ("agnes agnes agnes 123", "agnes agnes agnes 123"),
        ] {
            let refused = agnes.post("/account", &[("new", new), ("again", again)]);
            assert_eq!(refused.status, 422, "{}", refused.body);
            assert!(!refused.body.contains(new));
        }
        assert_eq!(agnes.post("/account", &[("new", PASSWORD), ("again", PASSWORD)]).status, 200);
        assert_eq!(elsewhere.get("/").status, 303);
        assert_eq!(agnes.post("/sign-out", &[]).location(), "/sign-in");
        agnes.cookies.insert("saring_session".into(), first);
        assert_eq!(agnes.get("/").status, 303, "what was signed out is not taken again");

        // By password; the present one is asked for to set another.
        agnes.get("/sign-in");
        assert_eq!(agnes.post("/sign-in", &[("name", "agnes"), ("password", "kuda laut makan pagi")]).status, 401);
        assert_eq!(agnes.post("/sign-in", &[("name", "strange-name"), ("password", PASSWORD)]).status, 401);
        assert_eq!(agnes.post("/sign-in", &[("name", "Agnes"), ("password", PASSWORD)]).status, 303);
        agnes.get("/account");
        let new = "ikan terbang minum teh";
        let wrong = agnes.post("/account", &[("new", new), ("again", new), ("present", "not the one")]);
        assert_eq!(wrong.status, 422);
        assert_eq!(agnes.post("/account", &[("new", new), ("again", new), ("present", PASSWORD)]).status, 200);

        // A language is a cookie.
        assert!(agnes.get("/").body.contains("<html lang=\"id\">"));
        let page = agnes.post("/language", &[("language", "en"), ("to", "//evil.example")]);
        assert_eq!(page.location(), "/");
        assert!(agnes.get("/").body.contains("Search for a device"));

        // Revoked: out at the next request, and the password opens nothing.
        let revoke =
            proto::RevokePrincipalRequest { request_id: request_id(), name: "agnes".into(), ..Default::default() };
        office.client().await.revoke_principal(shown(&office.admin, revoke)).await.unwrap();
        assert_eq!(agnes.get("/").location(), "/sign-in");
        agnes.get("/sign-in");
        assert_eq!(agnes.post("/sign-in", &[("name", "agnes"), ("password", new)]).status, 401);
        assert_eq!(agnes.post("/sign-in/token", &[("token", &token)]).status, 401);

        let (register, diagnostics) = office.close();
        for secret in [PASSWORD, new, &token, "not the one", "strange-name"] {
            assert!(!diagnostics.contains(secret), "{diagnostics}");
        }
        let kept = std::fs::read_to_string(register.data().join("passwords")).unwrap();
        assert!(kept.starts_with("agnes $argon2id$") && !kept.contains(new), "{kept}");
    });
}

#[test]
fn forged_replayed_and_repeated_forms_do_nothing() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let budi = office.person(&second, "budi", "agent", &[]).await;
        let http = office.server.http;
        let (mut hers, mut his) = (Browser::signed_in(http, &agnes), Browser::signed_in(http, &budi));
        let search = [("q", STOLEN)];
        let his_token = his.csrf.clone();
        for wrong in ["", "0", &"0".repeat(64), &his_token] {
            let page = hers.post_with("/search", wrong, &search, &[]);
            assert_eq!((page.status, page.location()), (403, ""), "{wrong}");
        }
        let token = hers.csrf.clone();
        let own = format!("http://{http}");
        let elsewhere =
            [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site")];
        for (name, value) in elsewhere {
            assert_eq!(hers.post_with("/search", &token, &search, &[(name, value)]).status, 403, "{name} {value}");
        }
        assert_eq!(hers.get("/search").status, 405);
        let found = hers.post_with("/search", &token, &search, &[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]);
        assert_eq!(found.status, 303);
        // A page that forbids a referrer has its own forms sent with the origin null.
        let silent =
            hers.post_with("/search", &token, &search, &[("Origin", "null"), ("Sec-Fetch-Site", "same-origin")]);
        assert_eq!(silent.status, 303);
        // The result is of the session that asked, and says nothing in its address.
        let address = found.location().to_owned();
        assert!(!address.contains(&STOLEN[..8]));
        assert_eq!(hers.get(&address).verdict(), ("black".into(), "NOT_REGISTERED".into()));
        assert_eq!(his.get(&address).status, 404);
        let large = "x".repeat(100_000);
        assert_eq!(hers.post("/search", &[("q", &large)]).status, 413);

        // The form of a sign-in counts for one sign-in, and for the browser that was given it.
        let mut browser = Browser::new(http);
        browser.get("/sign-in");
        let form = browser.csrf.clone();
        let mut other = Browser::new(http);
        assert_eq!(other.post_with("/sign-in/token", &form, &[("token", &agnes)], &[]).status, 403);
        assert_eq!(browser.post("/sign-in/token", &[("token", &agnes)]).status, 303);
        assert_eq!(browser.post_with("/sign-in/token", &form, &[("token", &budi)], &[]).status, 403);
        let signed_out = browser.get("/account");
        assert!(signed_out.body.contains("agnes"));
    });
}

#[test]
fn every_field_and_address_comes_back_escaped() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let http = office.server.http;
        let mut browser = Browser::new(http);
        browser.get("/sign-in");
        let mut pages = vec![browser.post("/sign-in", &[("name", SCRIPT), ("password", SCRIPT)])];
        pages.push(browser.post("/sign-in/token", &[("token", SCRIPT)]));
        let mut agent = Browser::signed_in(http, &agnes);
        for field in ["q", "number", "operator", "on", "as_of", "from", "with"] {
            let fields = [("q", STOLEN), (field, SCRIPT)];
            let fields = if field == "q" { &fields[1..] } else { &fields[..] };
            let page = agent.post("/search", fields);
            let result = page.location().to_owned();
            pages.push(page);
            if !result.is_empty() {
                pages.push(agent.get(&result));
            }
        }
        for field in ["new", "again", "present"] {
            pages.push(agent.post("/account", &[(field, SCRIPT)]));
        }
        pages.push(agent.post("/language", &[("language", SCRIPT), ("to", SCRIPT)]));
        for path in
            ["/%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/result/%22%3E%3Cscript%3Ealert(1)", "/static/%3Cscript%3E"]
        {
            pages.push(agent.get(path));
        }
        for page in pages {
            assert!(!page.body.contains("<script>alert"), "{}", page.body);
            assert!(!page.headers.iter().any(|(_, value)| value.contains("<script>")), "{:?}", page.headers);
        }
        // Stored: a document that a list names is shown as text.
        let found = agent.find(&[("q", &format!("dokumen {SCRIPT}"))]);
        assert!(found.body.contains("&#60;script&#62;") || found.body.contains("&lt;script&gt;"), "{}", found.body);
    });
}

#[test]
fn guessing_a_password_takes_longer_each_time() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let token = office.person(&second, "agnes", "agent", &[]).await;
        let mut agnes = Browser::signed_in(office.server.http, &token);
        agnes.post("/account", &[("new", PASSWORD), ("again", PASSWORD)]);
        let mut thief = Browser::new(office.server.http);
        thief.get("/sign-in");
        let statuses: Vec<u16> = (0..9)
            .map(|at| {
                thief.post("/sign-in", &[("name", "agnes"), ("password", &format!("guess number {at:04}"))]).status
            })
            .collect();
        assert_eq!(statuses[..5], [401; 5]);
        assert!(statuses.contains(&429), "{statuses:?}");
        // While it waits not even the right one is looked at; the token lets her in all the same.
        while thief.post("/sign-in", &[("name", "agnes"), ("password", "guess again and again")]).status != 429 {}
        let right = thief.post("/sign-in", &[("name", "agnes"), ("password", PASSWORD)]);
        assert_eq!(right.status, 429);
        assert!(right.header("retry-after").parse::<u64>().unwrap() >= 1);
        Browser::signed_in(office.server.http, &token);
    });
}

#[test]
fn each_role_sees_its_pages_and_no_others() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let roles = [
            (Role::NetworkElement, &[][..]),
            (Role::Submitter, &doors),
            (Role::Approver, &doors),
            (Role::Agent, &[]),
            (Role::Supervisor, &[]),
            (Role::Auditor, &[]),
            (Role::Administrator, &[]),
        ];
        for (role, doors) in roles {
            let name = format!("one-{}", role.name());
            let token = office.person(&second, &name, role.name(), doors).await;
            let mut browser = Browser::signed_in(office.server.http, &token);
            let principal = as_granted(&name, role);
            let start = browser.get("/");
            assert!([200, 303].contains(&start.status), "{role:?}");
            let first = if start.status == 303 { browser.get(start.location()) } else { start };
            assert_eq!(first.status, 200, "{role:?}");
            for rule in PAGES.iter().filter(|rule| rule.who != Who::Everybody) {
                let path = rule
                    .path
                    .replace("{number}", "1")
                    .replace("{step}", "approve")
                    .replace("{id}", "00")
                    .replace("{last}", "9");
                let seen = browser.get(&path).status;
                let posted = browser.post_with(&path, &"0".repeat(64), &[], &[]).status;
                let lets_in = Rule::of_page(rule.path).unwrap().lets_in(&principal);
                // What is let in may be there or not; what is not let in is told the same whatever there is.
                let well =
                    if lets_in { seen != 403 || rule.path.ends_with("{step}") } else { [403, 405].contains(&seen) };
                assert!(well && [403, 405].contains(&posted), "{role:?} {path}: {seen} {posted}");
                let is_linked = path.len() > 1 && first.body.contains(&format!("<a href=\"{path}\" accesskey"));
                assert!(lets_in || !is_linked, "{role:?} is led to {path}");
            }
        }
    });
}

fn as_granted(name: &str, role: Role) -> Principal {
    let grant = saring::principal::Grant { role, doors: Default::default() };
    Principal {
        name: name.into(),
        kind: PrincipalKind::Person,
        title: String::new(),
        operator: String::new(),
        revoked: false,
        grants: [(1, grant)].into(),
        credentials: Default::default(),
    }
}

#[test]
fn an_agent_finds_everything_by_every_form_and_no_number_in_clear() {
    run(async {
        let office = Office::open(national());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let mut browser = Browser::signed_in(office.server.http, &agnes);
        for text in ["35-209900-176148-1", STOLEN, "35209900176148", "3520990017614823", "IMEI: 35 209900 176148 1"] {
            let page = browser.find(&[("q", text)]);
            assert_eq!(page.verdict(), ("black".into(), "STOLEN".into()), "{text}");
            assert!(page.body.contains("DIBLOKIR – LAPORAN HILANG/DICURI") && page.body.contains("35-209900-176148-1"));
        }
        let typed = browser.find(&[("q", "352099001764181")]);
        assert!(typed.body.contains("ANGKA KE-15 SALAH") && typed.body.contains("Mungkin maksudnya"), "{}", typed.body);
        let with = browser.find(&[("q", "35880722100001"), ("number", ANI)]);
        assert_eq!(with.verdict().1, "TEMPORARY");
        let without = browser.find(&[("q", "35880722100001")]);
        assert_eq!(without.verdict().1, "NUMBER_NEEDED");
        let id = without.field("from");
        let again = browser.find(&[("q", "35-880722-100001-7"), ("from", &id), ("number", BUDI)]);
        assert_eq!(again.verdict().1, "PAIRING_MISMATCH");
        let number = browser.find(&[("q", "0812-3456-7801")]);
        assert!(number.body.contains("35-880722-100001-7"), "{}", number.body);
        let device = browser.find(&[("q", "35-880722-100001-7"), ("from", &number.field("from")), ("with", "number")]);
        assert_eq!(device.verdict().1, "TEMPORARY", "a device of a number is asked with that number");
        let document = browser.find(&[("q", "PIB-7")]);
        assert!(document.body.contains("Batch"));
        let batch = browser.find(&[("q", "#3")]);
        for page in [with, without, again, number, device, document, batch.clone()] {
            assert_eq!(page.status, 200);
            assert_masked(&page.body);
        }
        for (text, status) in [("081", 422), ("batch 9999", 404), ("+62 812 3456 789 012 34", 422)] {
            let sent = browser.post("/search", &[("q", text)]);
            let page = browser.get(sent.location());
            assert_eq!(page.status, status, "{text}: {}", page.body);
        }
        assert!(browser.get("/help").body.contains("Slot 1 ada sinyal, slot 2 tidak"));
        // Each page that was shown is on record.
        let mut audit =
            proto::audit_client::AuditClient::connect(format!("http://{}", office.server.registry)).await.unwrap();
        let dewi = office.person(&second, "dewi", "auditor", &[]).await;
        let lines = audit.list_entries(shown(&dewi, proto::ListEntriesRequest::default())).await.unwrap().into_inner();
        let hers = lines.entries.iter().filter(|entry| entry.principal == "agnes").count();
        assert!(hers >= 13, "{hers}");
        let (_, diagnostics) = office.close();
        assert_masked(&diagnostics);
        assert!(!diagnostics.contains("35209900176148"), "{diagnostics}");
    });
}

fn national() -> Register {
    let register = Register::new();
    register.import(
        "temporary",
        &format!("imei,valid_until,msisdn\n35880722100001,2099-12-31,{ANI}\n"),
        "--door operator-tourist --operator telkomsel",
    );
    register.import("stolen", "imei,reporting_date\n35209900176148,2026-01-02\n", "--operator xl");
    register.import("registered", "imei,imei2\n35440101000001,35440101000002\n", "--document PIB-7");
    register.import("pairing", &format!("imei,msisdn\n35440101000009,{BUDI}\n"), "--operator xl");
    register
}

#[test]
fn an_operators_agent_sees_its_subscribers_only() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let imei = &phone(35_209_900_177_100, 1)[0];
        for (token, msisdn) in [(&tina, ANI), (&xena, BUDI)] {
            let pair = PairOperation { imei: imei.clone(), msisdn: msisdn.into(), ..Default::default() };
            office.operate(token, Operation::Pair(pair)).await.unwrap();
        }
        let mut browser = Browser::signed_in(office.server.http, &tono);
        let page = browser.find(&[("q", imei)]);
        assert!(page.body.contains("NOMOR OPERATOR LAIN: 1"), "{}", page.body);
        assert!(!page.body.contains("xena") && !page.body.contains(">xl<"), "{}", page.body);
        let other = browser.find(&[("q", BUDI)]);
        assert!(other.body.contains("Tidak ada catatan."), "{}", other.body);
        let sent = browser.post("/search", &[("q", imei), ("operator", "xl")]);
        assert_eq!(browser.get(sent.location()).status, 403);
    });
}

#[test]
fn a_batch_is_approved_after_a_preview_by_another_person_once() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let imei = "35209900177200";
        let batch = office.submit(&sari, &format!("imei\n{imei}\n"), &request_id()).await.unwrap().batches[0];
        let path = format!("/batch/{batch}/approve");

        let mut hers = Browser::signed_in(office.server.http, &sari);
        let own = hers.get(&path);
        assert_eq!(own.status, 403);
        assert!(own.body.contains("orang lain yang harus memutuskannya"), "{}", own.body);
        let mut his = Browser::signed_in(office.server.http, &agus);
        assert!(his.get("/approvals").body.contains("menunggu Anda"));
        let shown = his.get(&path);
        assert!(shown.body.contains("NOT_REGISTERED") && shown.body.contains("REGISTERED"), "{}", shown.body);
        let (request, preview) = (shown.field("request"), shown.field("preview"));
        assert_eq!((request.len(), preview.len()), (32, 64));

        let post = |browser: &mut Browser, preview: &str, request: &str| {
            browser.post(&path, &[("preview", preview), ("request", request), ("reason", "checked")])
        };
        assert_eq!(post(&mut his, &"0".repeat(64), &request).status, 409, "something else was looked at");
        assert_eq!(post(&mut his, "xyz", &request).status, 400);
        assert_eq!(post(&mut his, &preview, "").status, 400);
        assert_eq!(post(&mut hers, &preview, &request).status, 403);
        assert_eq!(office.reason(imei).await, "NOT_REGISTERED");
        assert_eq!(post(&mut his, &preview, &request).location(), format!("/batch/{batch}"));
        assert_eq!(office.reason(imei).await, "REGISTERED");
        let page = his.get(&format!("/batch/{batch}"));
        assert!(page.body.contains("disetujui agus") && page.body.contains("checked"), "{}", page.body);

        // Suspended meanwhile; the form of the approval that is sent again does not put it back.
        office.step(&agus, "suspend", batch).await.unwrap();
        assert_eq!(post(&mut his, &preview, &request).status, 303);
        assert_eq!(office.reason(imei).await, "SUSPENDED");
        assert_eq!(his.get(&path).status, 409, "an approved batch is not approved again");

        // A proposal: who made it takes it back and does not approve it.
        let mut admin = Browser::signed_in(office.server.http, &office.admin);
        let proposal = office.propose(&office.admin, "sari", "auditor", &[]).await.unwrap();
        let path = format!("/proposal/{proposal}");
        let decide = |browser: &mut Browser, decision: &str| {
            let request = browser.get(&path).field("request");
            browser.post(&path, &[("request", &request), ("decision", decision)])
        };
        assert!(!admin.get(&path).body.contains("value=\"approve\""));
        assert_eq!(decide(&mut admin, "approve").status, 403);
        let mut ratna = Browser::signed_in(office.server.http, &second);
        assert_eq!(decide(&mut ratna, "approve").location(), "/approvals");
        assert_eq!(ratna.get(&path).status, 404);
        for (path, word) in
            [("/journal", "Kepala jurnal"), ("/principals", "sari"), ("/status", "Kapasitas"), ("/batches", "customs")]
        {
            let page = ratna.get(path);
            assert!(page.status == 200 && (page.body.contains(word) || path == "/batches"), "{path}: {}", page.body);
        }
        assert!(ratna.get("/journal/3").body.contains("Lebih baru"));
    });
}

/// Registers that differ by chance; the page of each device tells what its network is told.
#[test]
fn a_page_never_disagrees_with_a_check() {
    let mut seed = 0x5eed_u64;
    let mut draw = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..3 {
        let register = Register::new();
        let mut rows = |kind: &str, header: &str, row: &dyn Fn(u64, u64) -> String, options: &str| {
            let list: String = (0..12).map(|_| row(35_209_900_000_000 + draw(24), draw(3))).collect();
            register.import(kind, &format!("{header}\n{list}"), options);
        };
        let number = |which: u64| [ANI, BUDI][usize::try_from(which % 2).unwrap()];
        rows("registered", "imei", &|key, _| format!("{key}\n"), "");
        rows(
            "temporary",
            "imei,valid_until,msisdn",
            &|key, by| {
                let day = ["2020-01-01", "2099-12-31", "2026-01-01"][usize::try_from(by).unwrap()];
                format!("{key},{day},{}\n", number(by))
            },
            "--door operator-tourist --operator telkomsel",
        );
        rows("pairing", "imei,msisdn", &|key, by| format!("{key},{}\n", number(by)), "--operator xl");
        rows("stolen", "imei,reporting_date", &|key, _| format!("{key},2026-01-02\n"), "--operator xl");
        rows("grandfathered", "imei,first_seen", &|key, _| format!("{key},2019-05-01\n"), "--operator xl");
        run(async {
            let office = Office::open(register);
            let second = office.second_administrator().await;
            let agnes = office.person(&second, "agnes", "agent", &[]).await;
            let mut browser = Browser::signed_in(office.server.http, &agnes);
            for key in 35_209_900_000_000_u64..35_209_900_000_024 {
                let imei = &phone(key, 1)[0];
                for (msisdn, operator) in [("", ""), (ANI, "telkomsel"), (BUDI, "xl")] {
                    let page = browser.find(&[("q", imei), ("number", msisdn), ("operator", operator)]);
                    let verdict = office.answer(&Asked { imei, msisdn, imsi: "" }, operator).await.verdict.unwrap();
                    let status = match verdict.status().as_str_name() {
                        "WHITELISTED" => "white",
                        "GREYLISTED" => "grey",
                        "BLACKLISTED" => "black",
                        _ => "unknown",
                    };
                    let network = (status.to_owned(), verdict.reason().as_str_name().to_owned());
                    assert_eq!(page.verdict(), network, "{imei} {msisdn} {operator}");
                }
            }
        });
    }
}

#[test]
fn behind_a_proxy_cookies_are_of_this_host_and_failures_of_the_address_that_it_names() {
    run(async {
        let office = Office::open_with(register(), &["--console-url", "https://saring.example/"]);
        let mut browser = Browser::new(office.server.http);
        browser.get("/sign-in");
        assert!(browser.cookies.contains_key("__Host-saring_form"), "{:?}", browser.cookies);
        let token = [("token", office.admin.as_str())];
        let form = browser.csrf.clone();
        let strange = browser.post_with("/sign-in/token", &form, &token, &[("Origin", "https://evil.example")]);
        assert_eq!(strange.status, 403);
        // Whoever asks names addresses as it likes; the last one is the proxy's word.
        let guess = |browser: &mut Browser, from: &str| {
            browser.post_with("/sign-in/token", &form, &[("token", "saring_00")], &[("X-Forwarded-For", from)]).status
        };
        while guess(&mut browser, "192.0.2.1, 198.51.100.7") != 429 {}
        assert_eq!(guess(&mut browser, "203.0.113.9, 198.51.100.7"), 429);
        assert_eq!(guess(&mut browser, "198.51.100.7, 192.0.2.1"), 401);
        let own = [("Origin", "https://saring.example"), ("X-Forwarded-For", "192.0.2.2")];
        let entered = browser.post_with("/sign-in/token", &form, &token, &own);
        let is_session = |value: &str| value.starts_with("__Host-saring_session=") && value.contains("; Secure");
        assert!(entered.status == 303 && entered.headers.iter().any(|(_, value)| is_session(value)), "{entered:?}");
        assert_eq!(browser.get("/account").status, 200);
    });
}

#[test]
fn a_backup_has_the_passwords() {
    run(async {
        let office = Office::open(register());
        let mut admin = Browser::signed_in(office.server.http, &office.admin);
        assert_eq!(admin.post("/account", &[("new", PASSWORD), ("again", PASSWORD)]).status, 200);
        let (register, _) = office.close();
        register.run("backup create {}/copy").ok();
        let of = |folder: &str| std::fs::read_to_string(register.path(folder).join("passwords")).unwrap();
        assert_eq!(of("copy"), of("data"));
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(register.path("copy").join("passwords")).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    });
}
