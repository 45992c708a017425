//! Cases and numbers in full, as agents and attackers meet their pages over a real socket.

use crate::support::{
    ANI, Register, assert_masked,
    browser::{Browser, Page},
    office::{Office, run, shown},
};
use saring::proto;

const ANI_MASKED: &str = "62812*****801";
const DEVICE: &str = "35-880722-100001-7";
const SCRIPT: &str = "\"></textarea><script>alert(1)</script>";

/// A tourist's phone with its number.
fn register() -> Register {
    let register = Register::new();
    let list = format!("imei,valid_until,msisdn\n35880722100001,2099-12-31,{ANI}\n");
    register.import("temporary", &list, "--door operator-tourist --operator telkomsel");
    register
}

/// The fields of a new case.
fn case<'a>(request: &'a str, note: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("request", request),
        ("kind", "legal-blocked"),
        ("imei", DEVICE),
        ("number", "0812-3456-7801"),
        ("owner", "operator"),
        ("operator", "telkomsel"),
        ("note", note),
    ]
}

/// Opens a case; gives its number and secret.
fn open(browser: &mut Browser, note: &str) -> (String, String) {
    let request = browser.get("/open-case").field("request");
    let slip = browser.post("/open-case", &case(&request, note));
    assert_eq!(slip.status, 200, "{}", slip.body);
    (by_id(&slip, "case-number"), by_id(&slip, "case-secret"))
}

fn by_id(page: &Page, id: &str) -> String {
    let (_, rest) = page.body.split_once(&format!("id=\"{id}\">")).unwrap_or_else(|| panic!("{id}: {}", page.body));
    rest.split('<').next().unwrap().to_owned()
}

fn change(browser: &mut Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
    let (request, seen) = (page.field("request"), page.field("seen"));
    let action = page.body.split("action=\"/case/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields: Vec<_> = [("request", request.as_str()), ("seen", &seen)].into_iter().chain(fields.to_vec()).collect();
    browser.post(&format!("/case/{action}"), &fields)
}

#[test]
fn a_complaint_becomes_one_case_and_two_agents_do_not_overwrite_each_other() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let budi = office.person(&second, "budi", "supervisor", &[]).await;
        let http = office.server.http;
        let (mut hers, mut his) = (Browser::signed_in(http, &agnes), Browser::signed_in(http, &budi));

        // From the page of the device with its number, filled in; nothing of it in the address.
        let device = hers.find(&[("q", DEVICE), ("number", ANI)]);
        let address = device.body.split("href=\"/open-case/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = hers.get(&format!("/open-case/{address}"));
        assert_eq!((form.field("request").len(), form.status), (32, 200));
        assert!(form.body.contains("value=\"358807221000017\"") && form.body.contains(ANI), "{}", form.body);
        assert_eq!(his.get(&format!("/open-case/{address}")).status, 404, "a search belongs to its session");

        // What is wrong is said, and nothing of what was typed is lost.
        let request = form.field("request");
        for (field, value, words) in [
            ("kind", "", "Pilih kasus ini tentang apa"),
            ("owner", "nobody", "Pilih siapa"),
            ("operator", "", "Sebutkan operator"),
            ("imei", "35880722100009 1", "IMEI tidak terbaca"),
            ("number", "12", "Nomor pelanggan tidak terbaca"),
            ("note", "", "Tulis 1 sampai 2000"),
        ] {
            let fields = case(&request, "tidak ada sinyal");
            let fields: Vec<_> =
                fields.iter().map(|(name, was)| (*name, if *name == field { value } else { was })).collect();
            let page = hers.post("/open-case", &fields);
            assert!(page.status == 422 && page.body.contains(words), "{field}: {} {}", page.status, page.body);
            assert!(field == "note" || page.body.contains("tidak ada sinyal</textarea>"), "{field}");
            assert_eq!(page.field("request"), request, "the same form goes on");
        }
        let slip = hers.post("/open-case", &case(&request, "tidak ada sinyal"));
        let (number, secret) = (by_id(&slip, "case-number"), by_id(&slip, "case-secret"));
        assert!(slip.status == 200 && secret.len() == 9, "{}", slip.body);
        // Sent again, it opens no second one.
        let again = hers.post("/open-case", &case(&request, "tidak ada sinyal"));
        assert_eq!((by_id(&again, "case-number"), by_id(&again, "case-secret")), (number.clone(), secret.clone()));
        assert!(again.body.contains("tidak membuka kasus kedua"));

        // It is found by its number, from the device, and in the queue.
        let found = hers.post("/search", &[("q", &number.to_lowercase())]);
        assert_eq!(found.location(), format!("/case/{number}"));
        assert_eq!(hers.post("/search", &[("q", "K000-0179")]).status, 422);
        assert!(hers.find(&[("q", DEVICE)]).body.contains(&number));
        assert!(hers.find(&[("q", ANI)]).body.contains(&number));
        for (filter, is_there) in [
            ("", true),
            ("?kind=legal-blocked&owner=operator&operator=Telkomsel&state=open", true),
            ("?kind=cloned", false),
            ("?owner=customs", false),
            ("?state=waiting", false),
            ("?state=closed", false),
            ("?late=1", false),
            ("?mine=1", false),
        ] {
            let page = hers.get(&format!("/cases{filter}"));
            assert_eq!((page.status, page.body.contains(&number)), (200, is_there), "{filter}");
        }
        let path = format!("/case/{number}");
        let hers_seen = hers.get(&path);
        assert!(!hers_seen.body.contains(&secret) && hers_seen.body.contains(ANI_MASKED), "{}", hers_seen.body);
        assert_masked(&hers_seen.body);

        // Two agents: the second is told what the first did, and has what was typed.
        let his_seen = his.get(&path);
        assert_eq!(change(&mut hers, &hers_seen, &[("act", "take")]).location(), path);
        let hers_seen = hers.get(&path);
        assert_eq!(change(&mut hers, &hers_seen, &[("act", "note"), ("text", "SIM sudah dicoba")]).location(), path);
        let late = [("act", "hand-over"), ("owner", "customs"), ("operator", ""), ("text", "pajak sudah dibayar")];
        let told = change(&mut his, &his_seen, &late);
        assert_eq!(told.status, 409, "{}", told.body);
        for words in
            ["Orang lain mengubah", "ditugaskan", "agnes", "SIM sudah dicoba", "pajak sudah dibayar</textarea>"]
        {
            assert!(told.body.contains(words), "{words}: {}", told.body);
        }
        assert!(told.body.contains("value=\"customs\" selected"), "{}", told.body);
        assert_eq!(change(&mut his, &told, &late).location(), path, "having seen it, he goes on");
        // The form that he sends a second time changes nothing more.
        assert_eq!(change(&mut his, &told, &late).location(), path);
        let page = hers.get(&path);
        assert_eq!(page.body.matches("dialihkan").count(), 1, "{}", page.body);
        assert!(page.body.contains("Bea Cukai"));
        let stale = change(&mut hers, &page, &[("act", "resume"), ("text", "lanjut")]);
        assert!(stale.status == 422 && stale.body.contains("lanjut</textarea>"), "{}", stale.body);
        for act in ["wait", "resume", "close"] {
            let page = his.get(&path);
            assert_eq!(change(&mut his, &page, &[("act", act), ("text", "selesai di sini")]).location(), path, "{act}");
        }
        assert!(hers.get("/cases?state=closed").body.contains(&number));
        let figures = hers.get("/cases/figures");
        assert!(
            figures.body.contains("perangkat resmi yang diblokir") && figures.body.contains("1 jam"),
            "{}",
            figures.body
        );
        // In English by the switch, from the same catalogue.
        hers.post("/language", &[("language", "en"), ("to", &path)]);
        assert!(hers.get(&path).body.contains("handed over → Bea Cukai (customs)"));
        let (_, diagnostics) = office.close();
        assert_masked(&diagnostics);
        assert!(!diagnostics.contains(&secret) && !diagnostics.contains("pajak"), "{diagnostics}");
    });
}

#[test]
fn cases_are_of_those_who_may_see_them_and_forms_of_their_session() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let dewi = office.person(&second, "dewi", "auditor", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let xena = office.person_of(&second, "xena", "xl", "agent", &[]).await;
        let http = office.server.http;
        let mut hers = Browser::signed_in(http, &agnes);
        // Stored script in every field comes back as text.
        let (number, _) = open(&mut hers, SCRIPT);
        let path = format!("/case/{number}");
        let page = hers.get(&path);
        for fields in [
            &[("act", "note"), ("text", SCRIPT)][..],
            &[("act", "assign"), ("to", SCRIPT)],
            &[("act", "hand-over"), ("owner", SCRIPT), ("operator", SCRIPT), ("text", SCRIPT)],
            &[("act", SCRIPT), ("text", SCRIPT)],
        ] {
            let page = hers.get(&path);
            change(&mut hers, &page, fields);
        }
        let mut pages = vec![hers.get(&path), change(&mut hers, &page, &[("act", "note"), ("text", SCRIPT)])];
        let request = hers.get("/open-case").field("request");
        for field in ["kind", "imei", "number", "owner", "operator"] {
            let fields = case(&request, SCRIPT);
            let fields: Vec<_> =
                fields.iter().map(|(name, was)| (*name, if *name == field { SCRIPT } else { was })).collect();
            pages.push(hers.post("/open-case", &fields));
        }
        pages.push(hers.get("/cases?operator=%22%3E%3Cscript%3Ealert(1)&kind=%3Cscript%3Ealert"));
        for masked in [SCRIPT, ANI_MASKED] {
            pages.push(hers.post("/reveal", &[("from", &number), ("masked", masked), ("purpose", SCRIPT)]));
        }
        for page in &pages {
            assert!(!page.body.contains("<script>alert"), "{}", page.body);
        }

        // Forged and foreign forms.
        let token = hers.csrf.clone();
        for (path, fields) in
            [("/open-case", &case(&request, "x")[..]), (path.as_str(), &[("act", "take")]), ("/reveal", &[])]
        {
            assert_eq!(hers.post_with(path, &"0".repeat(64), fields, &[]).status, 403, "{path}");
            let elsewhere = [("Origin", "https://evil.example")];
            assert_eq!(hers.post_with(path, &token, fields, &elsewhere).status, 403, "{path}");
        }
        assert_eq!(hers.post(&path, &[("act", "take"), ("seen", "1")]).status, 400, "without the name of its request");
        assert_eq!(hers.get("/reveal").status, 405);

        // Who only reads has no forms; who is of another operator is told what one is told who guesses a number.
        let mut auditor = Browser::signed_in(http, &dewi);
        let seen = auditor.get(&path);
        assert!(seen.status == 200 && !seen.body.contains("name=\"act\"") && !seen.body.contains("/reveal"));
        let fields = [("request", request.as_str()), ("seen", "1"), ("act", "note"), ("text", "von mir")];
        assert_eq!(auditor.get("/open-case").status, 403);
        assert_eq!(auditor.post("/reveal", &[]).status, 403);
        let mut own = Browser::signed_in(http, &tono);
        assert_eq!(own.get(&path).status, 200);
        let mut other = Browser::signed_in(http, &xena);
        let strip = |page: Page| page.body.split("<main").nth(1).unwrap().to_owned();
        assert_eq!(strip(other.get(&path)), strip(other.get("/case/K000-0026")));
        assert_eq!(other.get(&path).status, 404);
        assert_eq!(other.post(&path, &fields).status, 404);
        assert!(!other.get("/cases").body.contains(&number));
    });
}

#[test]
fn a_number_is_shown_in_full_for_a_purpose_that_is_on_record_before() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let xena = office.person_of(&second, "xena", "xl", "agent", &[]).await;
        let dewi = office.person(&second, "dewi", "auditor", &[]).await;
        let http = office.server.http;
        let mut hers = Browser::signed_in(http, &agnes);
        let device = hers.find(&[("q", DEVICE)]);
        assert_masked(&device.body);
        let (from, batch) =
            (device.body.split("name=\"from\" value=\"").nth(1).unwrap()[..16].to_owned(), device.field("batch"));
        let ask = |browser: &mut Browser, from: &str, purpose: &str| {
            browser.post("/reveal", &[("from", from), ("masked", ANI_MASKED), ("batch", &batch), ("purpose", purpose)])
        };
        for purpose in ["", "kepo", &"x".repeat(201)] {
            let page = ask(&mut hers, &from, purpose);
            assert_eq!(page.status, 422, "{}", page.body);
            assert_masked(&page.body);
        }
        let purpose = "pelapor minta ditelepon kembali";
        let page = ask(&mut hers, &from, purpose);
        assert!(page.status == 200 && page.body.contains(&format!("+{ANI}")), "{}", page.body);
        assert_eq!(page.header("cache-control"), "no-store");
        let other = hers.post("/reveal", &[("from", &from), ("masked", "62811*****999"), ("purpose", purpose)]);
        assert_eq!(other.status, 422, "a number that is not on the page");
        // The case's caller, by the case.
        let (number, _) = open(&mut hers, "minta ditelepon");
        assert!(ask(&mut hers, &number, purpose).body.contains(&format!("+{ANI}")));
        // Another's search, another operator's subscriber.
        let mut other = Browser::signed_in(http, &xena);
        assert_eq!(ask(&mut other, &from, purpose).status, 404);
        let hidden = other.find(&[("q", DEVICE)]);
        assert!(!hidden.body.contains(ANI_MASKED));
        let own = hidden.body.split("name=\"from\" value=\"").nth(1).unwrap()[..16].to_owned();
        assert_eq!(ask(&mut other, &own, purpose).status, 422);
        assert_eq!(ask(&mut other, &number, purpose).status, 404);

        let endpoint = format!("http://{}", office.server.registry);
        let mut audit = proto::audit_client::AuditClient::connect(endpoint).await.unwrap();
        let asked = proto::ListEntriesRequest { deed: "reveal".into(), ..Default::default() };
        let lines = audit.list_entries(shown(&dewi, asked)).await.unwrap().into_inner().entries;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.why == purpose && line.principal == "agnes" && line.subjects[0].in_full));
        let (_, diagnostics) = office.close();
        assert_masked(&diagnostics);
    });
}

#[test]
fn supervisors_see_who_looked_and_what_was_done_with_cases_and_a_new_key_finds_it_all() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let susi = office.person(&second, "susi", "supervisor", &[]).await;
        let supri = office.person_of(&second, "supri", "telkomsel", "supervisor", &[]).await;
        let http = office.server.http;
        let mut hers = Browser::signed_in(http, &agnes);
        hers.find(&[("q", DEVICE), ("number", ANI)]);
        let (number, secret) = open(&mut hers, "minta ditelepon");
        let page = hers.get(&format!("/case/{number}"));
        change(&mut hers, &page, &[("act", "take")]);
        assert_eq!(hers.get("/who").status, 403);

        let mut supervisor = Browser::signed_in(http, &susi);
        let why = "pelanggan bertanya, surat 17";
        for (q, purpose) in [(ANI, "kepo"), ("PIB-7", why), ("", why), (SCRIPT, why)] {
            let page = supervisor.post("/who", &[("q", q), ("purpose", purpose)]);
            assert!(page.status == 422 && !page.body.contains("<script>alert"), "{q}: {}", page.body);
        }
        for (q, shown) in [(ANI, ANI_MASKED), ("0812-3456-7801", ANI_MASKED), (DEVICE, DEVICE)] {
            let page = supervisor.post("/who", &[("q", q), ("purpose", why)]);
            assert_eq!(page.status, 200, "{}", page.body);
            assert_masked(&page.body);
            for words in [shown, "agnes", "dicari", "kasus dibuka atau diubah", "ditugaskan agnes", &number] {
                assert!(page.body.contains(words), "{q} {words}: {}", page.body);
            }
        }
        // From the page of a device, by the name of the search; the question before is told too.
        let device = supervisor.find(&[("q", DEVICE)]);
        let from = device.body.split("action=\"/who\"").nth(1).unwrap().split("name=\"from\" value=\"").nth(1).unwrap()
            [..16]
            .to_owned();
        let page = supervisor.post("/who", &[("from", &from), ("purpose", why)]);
        assert!(page.body.contains(why) && page.body.contains("ditanyakan siapa yang melihat"), "{}", page.body);
        // An operator's supervisor sees the doings of that operator's people: none here.
        let mut own = Browser::signed_in(http, &supri);
        let page = own.post("/who", &[("q", DEVICE), ("purpose", why)]);
        assert!(page.status == 200 && !page.body.contains("agnes"), "{}", page.body);
        let endpoint = format!("http://{}", office.server.registry);
        let asked = proto::WhoLookedRequest { imei: DEVICE.into(), purpose: why.into(), ..Default::default() };
        let before = who(&endpoint, &susi, asked.clone()).await;
        assert!(before > 5, "{before}");

        // A new key: everything is found by it, and the secret of the case still counts.
        let (register, _) = office.close();
        assert_ne!(register.run("audit rotate-key --purpose kepo").code, 0);
        let done = register.run("audit rotate-key --purpose letter-17-of-the-ministry --json").ok().json();
        assert_eq!((done["key"].as_u64(), &done["kept_keys"]), (Some(2), &serde_json::json!([1])), "{done}");
        let keys = std::fs::read_to_string(register.path("data/desk/number.key")).unwrap();
        assert_eq!(keys.lines().count(), 2);
        register.run("audit verify").ok();
        let done = register.run("audit rotate-key --purpose letter-18-of-the-ministry --json").ok().json();
        assert_eq!(
            (done["key"].as_u64(), done["dropped_keys"].as_u64()),
            (Some(3), Some(1)),
            "key 2 made no secret: {done}"
        );
        register.run("audit verify").ok();

        // A password from a file that its owner alone can read; never from an argument.
        let file = register.file("password", "kuda laut makan sore\n");
        let set = "principal password agnes --password-file {}/password";
        assert!(register.run(set).err.contains("others can read"));
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let told = register.run(set).ok();
        assert!(!told.out.contains("kuda") && !told.err.contains("kuda"));
        assert_ne!(register.run("principal password nobody --password-file {}/password").code, 0);
        register.file("password", "pendek\n");
        assert_ne!(register.run(set).code, 0);

        let server = crate::support::Server::start_with(&register, &[]);
        assert!(who(&format!("http://{}", server.registry), &susi, asked).await > before);
        let mut browser = Browser::new(server.http);
        let told = browser.post_with("/public/case", "", &[("number", &number), ("secret", &secret)], &[]);
        assert_eq!(told.status, 200, "{}", told.body);
        browser.get("/sign-in");
        let entered = browser.post("/sign-in", &[("name", "agnes"), ("password", "kuda laut makan sore")]);
        assert_eq!(entered.status, 303, "{}", entered.body);
    });
}

async fn who(endpoint: &str, token: &str, asked: proto::WhoLookedRequest) -> usize {
    let mut audit = proto::audit_client::AuditClient::connect(endpoint.to_owned()).await.unwrap();
    audit.who_looked(shown(token, asked)).await.unwrap().into_inner().entries.len()
}
