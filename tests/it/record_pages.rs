//! Pages of the record, of breach packs and of registrations; and what pages say in the reader's language.

use crate::support::{
    ANI, BUDI, CITRA,
    browser::{Browser, Page},
    chromium::{Chromium, installed, is_open_to_all},
    command,
    office::{Office, register, request_id, run},
};
use std::{collections::BTreeSet, path::Path};

const PHONE: &str = "352099001762000";
const NIK: &str = "9912341501900001";
const CALENDAR: &str =
    "limit = 1\nstates = [\"unregistered\", \"kk-mismatch\"]\n\n[stages.outgoing]\non = \"2018-03-01\"\n";

fn list() -> String {
    format!(
        "msisdn,city,identity,nik,state,since\n{ANI},3171,ktp-el,{NIK},registered,2017-11-01\n\
         {BUDI},3273,suket,{NIK},kk-mismatch,2017-11-01\nbad,3171,ktp-el,{NIK},registered,2017-11-01\n"
    )
}

/// Hands a list of subscribers in by command.
fn hand_in(office: &Office, token: &str, list: &str) {
    let file = office.register.file("subscribers.csv", list);
    let url = format!("http://{}", office.server.registry);
    let mut verb = command();
    verb.env("SARING_TOKEN", token).env("SARING_SERVER", url).args(["registration", "import", "--mode", "full"]);
    let output = verb.arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A register with two administrators (the office's own and `second`), people of two operators whose lists are handed in,
/// and an agent.
struct Crew {
    office: Office,
    second: String,
    tina: String,
    xena: String,
    agnes: String,
}

async fn crew() -> Crew {
    let office = Office::open(register());
    let second = office.second_administrator().await;
    let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
    let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
    let agnes = office.person(&second, "agnes", "agent", &[]).await;
    hand_in(&office, &tina, &list());
    let of_xl = format!("{CITRA},3171,passport,A1234567,registered,2017-11-01");
    hand_in(&office, &xena, &format!("msisdn,city,identity,nik,state,since\n{of_xl}\n"));
    Crew { office, second, tina, xena, agnes }
}

/// Sentences, and parts of sentences between values, that a catalogue has.
fn sentences(language: &str) -> BTreeSet<String> {
    let words = Path::new("src/words");
    let mut found = BTreeSet::new();
    for file in ["", "pages.", "record."] {
        let text = std::fs::read_to_string(words.join(format!("{file}{language}.ftl"))).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let told = line.split_once(" = ").map_or(line, |(_, told)| told);
            let parts = told.split(['{', '}']).map(str::trim).filter(|part| !part.starts_with('$'));
            let says = |part: &&str| part.len() > 14 && part.split(' ').count() > 2;
            found.extend(parts.filter(says).map(str::to_owned));
        }
    }
    found
}

/// What a page says in the other language.
fn strange(page: &Page, english: &BTreeSet<String>) -> Vec<String> {
    let plain = page.body.replace("&#39;", "'").replace("&#34;", "\"").replace("&quot;", "\"");
    english.iter().filter(|sentence| plain.contains(sentence.as_str())).cloned().collect()
}

#[test]
fn indonesian_pages_have_no_english_sentence() {
    run(async {
        let both = sentences("id");
        let english: BTreeSet<_> = sentences("en").into_iter().filter(|text| !both.contains(text)).collect();
        assert!(
            english.len() > 300 && english.iter().any(|text| text.contains("comes into force")),
            "{}",
            english.len()
        );
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        hand_in(&office, &tina, &list());
        // Phones of which the catalogue knows nothing: alarms with figures.
        let list = (0..60).map(|nth| format!("8612340500{nth:04}0\n")).collect::<String>();
        let batch = office.submit(&sari, &format!("imei\n{list}"), &request_id()).await.unwrap().batches[0];
        let open = office.propose(&office.admin, "sari", "agent", &[]).await.unwrap();

        let mut all = Vec::new();
        let (http, administrator) = (office.server.http, office.admin.clone());
        let mut looks = |token: &str, paths: &[String]| {
            let mut browser = Browser::signed_in(http, token);
            for path in paths {
                all.push((path.clone(), browser.get(path)));
            }
            browser
        };
        let paths = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut admin = looks(
            &administrator,
            &paths(
                "/approvals /journal /principals /principal/sari /add-principal /account /status /batches /breach \
                    /registrations /registrations/lists /registrations/limit /calendars /propose-calendar",
            ),
        );
        let mut approver = looks(&agus, &paths(&format!("/approvals /batch/{batch} /batch/{batch}/approve")));
        let mut submitter = looks(&sari, &paths(&format!("/batch/{batch}")));
        looks(&udin, &paths("/record /journal /who /cases /help"));
        // What an administrator, an approver, a submitter and an auditor are refused.
        let request = "0".repeat(32);
        let proposal = [("request", &*request), ("preview", ""), ("reason", "x"), ("decision", "approve")];
        all.push(("own proposal".into(), admin.post(&format!("/proposal/{open}"), &proposal)));
        all.push(("no such step".into(), approver.get(&format!("/batch/{batch}/restore"))));
        all.push(("own batch".into(), submitter.get(&format!("/batch/{batch}/approve"))));
        let revoke = [("request", &*request), ("act", "revoke"), ("reason", "x")];
        let add = [("request", &*request), ("name", "Ani Yang Baru!"), ("kind", "person"), ("days", "")];
        all.push(("last administrators".into(), admin.post("/principal/ratna", &revoke)));
        all.push(("bad name".into(), admin.post("/add-principal", &add)));
        let add = [("request", &*request), ("name", "sari"), ("kind", "person"), ("days", "")];
        all.push(("name is taken".into(), admin.post("/add-principal", &add)));
        let days = [("request", &*request), ("name", "baru"), ("kind", "person"), ("days", "90000")];
        all.push(("too many days".into(), admin.post("/add-principal", &days)));
        let grant = [("request", &*request), ("act", "grant"), ("role", "submitter"), ("reason", "x")];
        all.push(("role without doors".into(), admin.post("/principal/udin", &grant)));

        let told = |path: &str| &all.iter().find(|(known, _)| known == path).unwrap().1;
        for (path, page) in &all {
            assert_eq!(strange(page, &english), Vec::<String>::new(), "{path}: {}", page.body);
            assert!(!page.body.contains("lang=\"en\"><") && page.body.contains("<html lang=\"id\">"), "{path}");
        }
        for (path, says) in [
            ("/approvals", "sari menjadi agen"),
            ("/journal", "mulai berlaku"),
            ("/principals", "penyetuju: Bea Cukai, barang penumpang"),
            ("/add-principal", "elemen jaringan"),
            ("own proposal", "orang lain yang harus menyetujuinya"),
            ("no such step", "tidak bisa dipulihkan"),
            ("own batch", "orang lain yang harus memutuskannya"),
            ("last administrators", "Harus tersisa dua administrator"),
            ("bad name", "bukan nama pemegang peran"),
            ("name is taken", "Nama sari sudah dipakai"),
            ("too many days", "Tanda pengenal berlaku paling lama"),
            ("role without doors", "harus menyebut pintunya"),
        ] {
            assert!(told(path).body.contains(says), "{path} does not say {says:?}: {}", told(path).body);
        }
        let alarmed = told(&format!("/batch/{batch}"));
        assert!(alarmed.body.contains("memakai TAC yang tidak ada di katalog"), "{}", alarmed.body);
        // In English the same pages are English, and the journal over gRPC stays what it was.
        admin.post("/language", &[("language", "en"), ("to", "/journal")]);
        let journal = admin.get("/journal");
        assert!(journal.body.contains("comes into force") && !journal.body.contains("mulai berlaku"));
    });
}

#[test]
fn the_record_and_the_breach_pack_are_for_those_who_may_and_on_record() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let tono = office.person_of(&second, "tono", "telkomsel", "agent", &[]).await;
        let susi = office.person_of(&second, "susi", "telkomsel", "supervisor", &[]).await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;
        let http = office.server.http;
        for (token, text) in [(&agnes, PHONE), (&agnes, ANI), (&tono, ANI)] {
            Browser::signed_in(http, token).find(&[("q", text)]);
        }
        let mut auditor = Browser::signed_in(http, &udin);
        let all = auditor.get("/record");
        assert!(
            all.body.contains("agnes") && all.body.contains("tono @ telkomsel") || all.body.contains("tono"),
            "{}",
            all.body
        );
        assert!(!all.body.contains(ANI), "a number stands in clear: {}", all.body);
        let hers = auditor.get("/record?principal=agnes&deed=lookup&from=2020-01-01T00:00");
        assert!(hers.body.contains("agnes") && !hers.body.contains(">tono"), "{}", hers.body);
        assert!(auditor.get("/record?from=2030-01-01T00%3A00").body.contains("Tidak ada entri"));
        assert_eq!(auditor.get("/record?from=soon").status, 422);
        assert_eq!(auditor.get("/record?before=18446744073709551615&principal=%3Cscript%3E").status, 200);
        assert!(!auditor.get("/record?principal=%3Cscript%3Ealert(1)").body.contains("<script>alert"));
        // An operator's supervisor sees the doings of that operator's people.
        let own = Browser::signed_in(http, &susi).get("/record");
        assert!(own.body.contains("tono") && !own.body.contains("agnes"), "{}", own.body);

        // Administrators make packs; others do not, and nobody without a purpose.
        assert_eq!(auditor.get("/breach").status, 403);
        let mut admin = Browser::signed_in(http, &office.admin);
        assert!(admin.get("/breach").body.contains("<option value=\"agnes\">"));
        let form = |name: &'static str, purpose: &'static str, to: &'static str| {
            [("principal", name), ("from", "2020-01-01T00:00"), ("to", to), ("purpose", purpose)]
        };
        assert_eq!(auditor.post("/breach", &form("agnes", "laporan 4/2026", "2099-01-01T00:00")).status, 403);
        assert_eq!(admin.post("/breach", &form("agnes", "x", "2099-01-01T00:00")).status, 422);
        assert_eq!(admin.post("/breach", &form("nobody", "laporan 4/2026", "2099-01-01T00:00")).status, 422);
        assert_eq!(admin.post("/breach", &form("agnes", "laporan 4/2026", "2019-01-01T00:00")).status, 422);
        let forged = admin.post_with("/breach", "0", &form("agnes", "laporan 4/2026", "2099-01-01T00:00"), &[]);
        assert_eq!(forged.status, 403);
        let pack = admin.post("/breach", &form("agnes", "laporan 4/2026", "2099-01-01T00:00"));
        assert_eq!((pack.status, pack.header("content-type")), (200, "application/json"), "{}", pack.body);
        assert!(pack.header("content-disposition").starts_with("attachment; filename=\"saring-breach-"));
        assert_eq!(pack.header("cache-control"), "no-store");
        let read: serde_json::Value = serde_json::from_str(&pack.body).unwrap();
        assert!(read["subjects"].to_string().contains(ANI) && read["devices"].to_string().contains(PHONE), "{read}");
        assert!(!read["entries"].to_string().contains("tono"), "{read}");
        // By command it has the same form.
        let url = format!("http://{}", office.server.registry);
        let mut verb = command();
        verb.env("SARING_TOKEN", &office.admin).env("SARING_SERVER", url);
        let by = ["audit", "breach", "--principal", "agnes", "--from", "2020-01-01", "--to", "2099-01-01", "--purpose"];
        let output = verb.args(by).arg("laporan 4/2026").output().unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let same = ["principal", "from", "to", "made_by", "subjects", "devices", "erased_before", "entries"];
        for field in same {
            assert_eq!(said[field], read[field], "{field}");
        }
        let recorded = auditor.get("/record?deed=breach").body;
        assert_eq!(recorded.matches("laporan 4/2026").count(), 2, "{recorded}");
        let (_, diagnostics) = office.close();
        assert!(!diagnostics.contains(ANI), "a number stands in the diagnostics");
    });
}

#[test]
fn registrations_are_counted_and_a_calendar_takes_two() {
    run(async {
        let Crew { office, second, xena, agnes, .. } = crew().await;
        let http = office.server.http;
        let mut admin = Browser::signed_in(http, &office.admin);
        let counts = admin.get("/registrations").body;
        assert!(
            counts.contains("telkomsel") && counts.contains("xl") && counts.contains("NIK dan KK tidak cocok"),
            "{counts}"
        );
        assert!(counts.contains("Belum ada kalender yang berlaku"), "{counts}");
        let cities = admin.get("/registrations?by=city&by=identity&operator=telkomsel").body;
        assert!(cities.contains("3273") && cities.contains("Suket") && !cities.contains("paspor"), "{cities}");
        assert!(admin.get("/registrations?by=state&from=2020-01-01").body.contains("terdaftar"));
        assert_eq!(admin.get("/registrations?from=soon").status, 422);
        assert_eq!(admin.get("/registrations?by=nik").status, 422);
        let lists = admin.get("/registrations/lists").body;
        assert!(lists.contains("sudah dimasukkan") && lists.contains("tina") && lists.contains("xena"), "{lists}");
        assert!(!admin.get("/registrations/lists?operator=xl").body.contains("tina"));
        assert!(admin.get("/registrations/limit").body.contains("tidak memuat batas"));
        let above = admin.get("/registrations/limit?limit=1").body;
        assert!(above.contains("telkomsel") && !above.contains(ANI) && !above.contains(NIK), "{above}");
        assert_eq!(admin.get("/registrations/limit?limit=many").status, 422);
        // An operator's people see its numbers only, whatever they ask for.
        let mut own = Browser::signed_in(http, &xena);
        let counts = own.get("/registrations?by=operator&operator=telkomsel").body;
        assert!(counts.contains(">xl<") && !counts.contains(">telkomsel<"), "{counts}");
        assert!(!own.get("/registrations/lists?operator=telkomsel").body.contains("tina"));
        assert_eq!(own.get("/registrations/limit").status, 403);
        let mut agent = Browser::signed_in(http, &agnes);
        assert_eq!((agent.get("/registrations").status, agent.get("/calendars").status), (403, 200));
        assert_eq!(agent.get("/propose-calendar").status, 403);

        // A calendar that blocks nobody says so; one that cannot be read says why.
        let propose = |document: &'static str, act: &'static str, reason: &'static str| {
            [("document", document), ("act", act), ("reason", reason)]
        };
        admin.get("/propose-calendar");
        let empty = admin.post("/propose-calendar", &propose("", "preview", "")).body;
        assert!(empty.contains("tidak memblokir siapa pun"), "{empty}");
        // As long as a form takes, and a line longer.
        let long = format!("{CALENDAR}{}", "# \"§\"\n".repeat(6600));
        let post = |browser: &mut Browser, text: &str| {
            browser.post("/propose-calendar", &[("document", text), ("act", "preview")])
        };
        assert_eq!((long.len() > 45_000, post(&mut admin, &long).status), (true, 200));
        assert_eq!(post(&mut admin, &long.repeat(2)).status / 100, 4);
        let bad = admin.post("/propose-calendar", &propose("[stages.voice]\non = \"2018-03-01\"\n", "preview", ""));
        assert!(bad.status == 422 && bad.body.contains("Dokumen ini ditolak"), "{}", bad.body);
        let seen = admin.post("/propose-calendar", &propose(CALENDAR, "preview", "")).body;
        assert!(!seen.contains("tidak memblokir siapa pun") && seen.contains("panggilan dan SMS keluar"), "{seen}");
        assert_eq!(admin.post("/propose-calendar", &propose(CALENDAR, "propose", "")).status, 422);
        assert_eq!(agent.post("/propose-calendar", &propose(CALENDAR, "propose", "x")).status, 403);
        let made = admin.post("/propose-calendar", &propose(CALENDAR, "propose", "SE 3/2026"));
        assert_eq!((made.status, made.location()), (303, "/calendar/1"), "{}", made.body);
        let shown = admin.get("/calendar/1");
        assert!(shown.body.contains("SE 3/2026") && !shown.body.contains("value=\"approve\""), "{}", shown.body);
        let digest = shown.field("seen");
        let decide = |decision: &'static str, seen: &str| {
            [("decision", decision.to_owned()), ("seen", seen.to_owned()), ("reason", "x".to_owned())]
        };
        let post = |browser: &mut Browser, fields: &[(&str, String)]| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post("/calendar/1/decide", &fields)
        };
        let own = post(&mut admin, &decide("approve", &digest));
        assert!(own.status == 403 && own.body.contains("orang lain yang memberlakukannya"), "{}", own.body);
        assert_eq!(post(&mut agent, &decide("approve", &digest)).status, 403);
        let mut other = Browser::signed_in(http, &second);
        other.get("/calendar/1");
        let stale = post(&mut other, &decide("approve", &"0".repeat(64)));
        assert!(stale.status == 409 && stale.body.contains("bukan lagi yang Anda lihat"), "{}", stale.body);
        assert_eq!(post(&mut other, &decide("approve", "")).status, 400);
        let fields = [("decision", "approve"), ("seen", digest.as_str()), ("reason", "x")];
        assert_eq!(other.post_with("/calendar/1/decide", "0", &fields, &[]).status, 403);
        assert_eq!(post(&mut other, &decide("approve", &digest)).location(), "/calendars");
        let again = post(&mut other, &decide("reject", &digest));
        assert!(again.status == 409 && again.body.contains("sudah diputuskan"), "{}", again.body);
        assert!(other.get("/registrations").body.contains("href=\"/calendar/1\""));
        assert!(other.get("/registrations/limit").body.contains("Batasnya: 1 nomor"));
        assert_eq!(other.get("/calendar/9").status, 404);
    });
}

#[test]
fn digits_that_may_be_an_imei_or_an_imsi_are_offered_both_ways() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let mut agent = Browser::signed_in(office.server.http, &agnes);
        // 510 10: Telkomsel. The 15th digit of an IMEI would be another one.
        let typed = "510101234567890";
        let page = agent.find(&[("q", typed)]);
        assert!(
            page.body.contains("Angka ini dapat dibaca dua cara") && page.body.contains("kartu Telkomsel"),
            "{}",
            page.body
        );
        assert!(!page.body.contains(&format!("imsi-{typed}")), "the IMSI stands in clear");
        let id = page.field("from");
        let sim = agent.find(&[("from", &id), ("q", "imsi"), ("as", "imsi")]);
        assert!(sim.body.contains("51010*******890") && !sim.body.contains("dua cara"), "{}", sim.body);
        // A right check digit is an IMEI, and 510 77 nobody's SIM.
        let right = format!("51010123456789{}", crate::support::check_digit("51010123456789"));
        assert!(right != typed && !agent.find(&[("q", &right)]).body.contains("dua cara"));
        let unknown = agent.find(&[("q", "510771234567890")]);
        assert!(!unknown.body.contains("dua cara") && unknown.body.contains("MUNGKIN IMSI"), "{}", unknown.body);
    });
}

#[test]
fn the_new_pages_are_open_to_all() {
    let Some(program) = installed() else { return };
    run(async {
        let Crew { office, second, tina, agnes, .. } = crew().await;
        let udin = office.person(&second, "udin", "auditor", &[]).await;
        hand_in(&office, &tina, &list());
        let http = office.server.http;
        let mut agent = Browser::signed_in(http, &agnes);
        [PHONE, ANI, "imsi-510101234567890"].iter().for_each(|text| drop(agent.find(&[("q", text)])));
        let site = format!("http://{http}");
        let enter = |token: &str| {
            let mut browser = Chromium::start(&program);
            browser.width(1280);
            browser.go(&format!("{site}/sign-in"));
            browser.tab_to("#token");
            browser.write(token);
            browser.press("Enter");
            browser.wait("location.pathname !== '/sign-in'");
            browser
        };
        let mut auditor = enter(&udin);
        auditor.go(&format!("{site}/record"));
        is_open_to_all(&mut auditor, "record");
        auditor.tab_to("#principal");
        auditor.write("agnes");
        auditor.press("Enter");
        auditor.wait("location.search.includes('principal=agnes')");
        assert!(auditor.text().contains("dicari") && !auditor.text().contains(ANI), "{}", auditor.text());

        // By keyboard, without scripts: see what a calendar would do, propose it, and another person decides.
        let mut admin = enter(&office.admin);
        admin.go(&format!("{site}/breach"));
        is_open_to_all(&mut admin, "breach");
        admin.scripts(false);
        admin.go(&format!("{site}/propose-calendar"));
        admin.tab_to("#document");
        admin.write(CALENDAR);
        admin.tab_to("#reason");
        admin.write("SE 3/2026");
        admin.tab_to("button[value=\"preview\"]");
        admin.press("Enter");
        admin.wait("document.querySelector('#preview') !== null");
        admin.scripts(true);
        is_open_to_all(&mut admin, "propose-calendar");
        admin.tab_to("button[value=\"propose\"]");
        admin.press("Enter");
        admin.wait("location.pathname === '/calendar/1'");
        let mut other = enter(&second);
        other.go(&format!("{site}/calendar/1"));
        is_open_to_all(&mut other, "calendar");
        other.tab_to("button[value=\"approve\"]");
        other.press("Enter");
        other.wait("location.pathname === '/calendars'");
        is_open_to_all(&mut other, "calendars");
        for (page, name) in [
            ("registrations", "registrations"),
            ("registrations?by=city&by=state&by=identity&by=stage&from=2020-01-01", "registrations-by-city"),
            ("registrations/lists", "registration-lists"),
            ("registrations/limit?limit=1", "registration-limit"),
            ("journal", "journal-told"),
            ("principals", "principals-told"),
        ] {
            other.go(&format!("{site}/{page}"));
            is_open_to_all(&mut other, name);
            other.width(1280);
        }
        assert_eq!(
            (admin.complaints.len(), other.complaints.len()),
            (0, 0),
            "{:?} {:?}",
            admin.complaints,
            other.complaints
        );
    });
}
