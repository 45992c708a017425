//! The page for everybody: what it tells, what it never tells, and how often it is asked.

use crate::support::{
    Register, assert_masked,
    browser::{Browser, Page},
    office::{Office, phone, run},
};

const STOLEN: &str = "35-209900-176148-1";
const SCRIPT: &str = "\"><script>alert(1)</script>";

fn register() -> Register {
    let register = Register::new();
    register.import("stolen", "imei,reporting_date\n35209900176148,2026-01-02\n", "--operator xl --document LP-17");
    register.import("registered", "imei,valid_until\n35209900176200,2099-12-31\n", "--document PIB-7");
    register
}

/// Sends a form as a proxy on this machine does for somebody at an address.
fn ask(browser: &mut Browser, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
    browser.post_with(path, "", fields, &[("X-Forwarded-For", from)])
}

#[test]
fn anybody_is_told_the_kind_of_answer_and_the_next_step_and_nothing_else() {
    run(async {
        let office = Office::open(register());
        let mut browser = Browser::new(office.server.http);
        let blank = browser.get("/public");
        assert_eq!(blank.status, 200);
        assert!(blank.header("content-security-policy").contains("default-src 'none'"), "{:?}", blank.headers);
        assert_eq!((blank.header("cache-control"), blank.header("x-frame-options")), ("no-store", "DENY"));
        assert!(browser.cookies.is_empty() && blank.header("set-cookie").is_empty());
        // What stands in an address is no question.
        assert_eq!(browser.get("/public?imei=352099001761481").body, blank.body);
        assert!(browser.get("/public?language=en").body.contains("Is my device registered?"));
        assert_eq!(browser.get("/public/case").status, 405);

        let answer = ask(&mut browser, "192.0.2.1", "/public", &[("imei", STOLEN)]);
        assert!(answer.status == 200 && answer.body.contains("DIBLOKIR – LAPORAN HILANG/DICURI"), "{}", answer.body);
        for word in ["STOLEN", "LP-17", "176148", "2026"] {
            assert!(!answer.body.contains(word), "{word}: {}", answer.body);
        }
        let good = ask(
            &mut browser,
            "192.0.2.1",
            "/public",
            &[("imei", &phone(35_209_900_176_200, 1)[0]), ("language", "en")],
        );
        assert!(good.body.contains("REGISTERED") && !good.body.contains("2099") && !good.body.contains("PIB-7"));
        for (imei, words) in
            [("352099001764181", "digit"), ("0812345678901", "bukan IMEI"), ("", "bukan IMEI"), (SCRIPT, "bukan IMEI")]
        {
            let page = ask(&mut browser, "192.0.2.1", "/public", &[("imei", imei)]);
            assert!(page.status == 422 && page.body.contains(words), "{imei}: {} {}", page.status, page.body);
            assert!(!page.body.contains("<script>") && (imei.is_empty() || !page.body.contains(imei)), "{}", page.body);
        }
        let large = "1".repeat(2000);
        assert_eq!(ask(&mut browser, "192.0.2.1", "/public", &[("imei", &large)]).status, 413);

        // Nobody goes through a model's serials: page, cases and endpoint are one door.
        let phones = phone(35_209_900_176_000, 40);
        let statuses: Vec<u16> =
            phones.iter().map(|imei| ask(&mut browser, "198.51.100.7", "/public", &[("imei", imei)]).status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10, "{statuses:?}");
        let late = ask(&mut browser, "198.51.100.7", "/public/case", &[("number", "K000-0017"), ("secret", "x")]);
        assert!(late.status == 429 && late.header("retry-after").parse::<u32>().unwrap() >= 1);
        let query = format!("/public/check?imei={}", phones[0]);
        assert_eq!(browser.send("GET", &query, &[("X-Forwarded-For", "198.51.100.7")], "").status, 429);
        assert!(browser.cookies.is_empty());
        let (_, diagnostics) = office.close();
        assert!(!diagnostics.contains("176148") && !diagnostics.contains("35209900176"), "{diagnostics}");
        assert_masked(&diagnostics);
    });
}

#[test]
fn a_case_is_told_to_who_has_its_secret() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let mut agent = Browser::signed_in(office.server.http, &agnes);
        let request = agent.get("/open-case").field("request");
        let fields = [
            ("request", request.as_str()),
            ("kind", "stolen"),
            ("imei", STOLEN),
            ("owner", "customs"),
            ("note", "layar pecah"),
        ];
        let slip = agent.post("/open-case", &fields);
        let by_id =
            |id: &str| slip.body.split(&format!("id=\"{id}\">")).nth(1).unwrap().split('<').next().unwrap().to_owned();
        let (number, secret) = (by_id("case-number"), by_id("case-secret"));

        let mut browser = Browser::new(office.server.http);
        let told =
            ask(&mut browser, "192.0.2.1", "/public/case", &[("number", &number), ("secret", &secret.to_lowercase())]);
        assert!(
            told.status == 200 && told.body.contains("sedang ditangani") && told.body.contains("Bea Cukai"),
            "{}",
            told.body
        );
        for word in ["layar pecah", "agnes", "176148", "dicuri", &number, &secret] {
            assert!(!told.body.contains(word), "{word}: {}", told.body);
        }
        // A wrong secret, a number that there is not, and one that cannot be: the same answer.
        let wrong = |browser: &mut Browser, number: &str, secret: &str| {
            ask(browser, "192.0.2.2", "/public/case", &[("number", number), ("secret", secret)])
        };
        let first = wrong(&mut browser, &number, "AAAA AAAA");
        for number in ["K000-0026", "K000-0179", SCRIPT, ""] {
            let page = wrong(&mut browser, number, "AAAA AAAA");
            assert_eq!((page.status, &page.body), (422, &first.body), "{number}");
        }
        // After ten wrong ones not even the right one is told, from wherever it comes.
        for at in 0..10 {
            ask(
                &mut browser,
                &format!("203.0.113.{at}"),
                "/public/case",
                &[("number", &number), ("secret", "BBBBBBBB")],
            );
        }
        let page = ask(&mut browser, "192.0.2.3", "/public/case", &[("number", &number), ("secret", &secret)]);
        assert_eq!((page.status, page.body), (422, first.body));
        let (_, diagnostics) = office.close();
        assert!(!diagnostics.contains(&secret.replace(' ', "")) && !diagnostics.contains("BBBB"), "{diagnostics}");
    });
}
