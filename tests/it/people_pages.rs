//! Principals as administrators keep them in the console, over a real socket: two persons for a role, a token shown once.

use crate::support::{
    browser::{Browser, Page},
    office::{Office, register, request_id, run},
};

const SCRIPT: &str = "\"><script>alert(1)</script>";

fn token_of(page: &Page) -> String {
    page.body.split("id=\"new-token\">").nth(1).unwrap_or_default().split('<').next().unwrap().to_owned()
}

fn act(browser: &mut Browser, name: &str, fields: &[(&str, &str)]) -> Page {
    let path = format!("/principal/{name}");
    let request = browser.get(&path).field("request");
    let fields: Vec<_> = [("request", request.as_str())].into_iter().chain(fields.to_vec()).collect();
    browser.post(&path, &fields)
}

#[test]
fn principals_come_and_go_by_pages_and_a_role_takes_two_administrators() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let dewi = office.person(&second, "dewi", "auditor", &[]).await;
        let http = office.server.http;
        let mut admin = Browser::signed_in(http, &office.admin);
        let mut ratna = Browser::signed_in(http, &second);
        let mut auditor = Browser::signed_in(http, &dewi);

        // Added once, however often the form is sent; what it says of itself is shown as text everywhere.
        let request = admin.get("/add-principal").field("request");
        let form =
            [("request", request.as_str()), ("name", "Siti"), ("kind", "person"), ("title", SCRIPT), ("operator", "")];
        let token = token_of(&admin.post("/add-principal", &form));
        assert!(token.starts_with("saring_"), "{token}");
        assert_eq!(admin.post("/add-principal", &form).location(), "/principal/siti");
        let other = admin.get("/add-principal").field("request");
        let taken = admin.post("/add-principal", &[("request", &other), ("name", "siti"), ("kind", "person")]);
        assert!(taken.status == 409 && taken.body.contains("sudah dipakai"), "{}", taken.body);
        for path in ["/principals", "/principal/siti", "/journal"] {
            let page = admin.get(path);
            assert!(page.status == 200 && page.body.contains("siti"), "{path}");
            assert!(!page.body.contains("<script>alert") && !page.body.contains(&token), "{path}: {}", page.body);
        }
        assert_eq!(admin.get("/principal/nobody").status, 404);
        for fields in
            [&[("act", "grant"), ("role", SCRIPT)][..], &[("act", SCRIPT)], &[("act", "withdraw"), ("number", SCRIPT)]]
        {
            let page = act(&mut admin, "siti", fields);
            assert!(page.status == 400 && !page.body.contains("<script>alert"), "{}", page.body);
        }

        // A role takes two.
        let grant = [("act", "grant"), ("role", "agent"), ("reason", "new")];
        assert_eq!(act(&mut admin, "siti", &grant).location(), "/approvals");
        let waiting = admin.get("/approvals").body;
        let proposal = waiting.split("href=\"/proposal/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let path = format!("/proposal/{proposal}");
        let decide = |browser: &mut Browser| {
            let request = browser.get(&path).field("request");
            browser.post(&path, &[("request", &request), ("decision", "approve")]).status
        };
        assert_eq!((decide(&mut admin), decide(&mut ratna)), (403, 303));
        let mut siti = Browser::signed_in(http, &token);
        assert_eq!((siti.get("/cases").status, siti.get("/principals").status), (200, 403));

        // A token of one's own: the old one is out, and so is the session.
        let request = siti.get("/account").field("request");
        let new = token_of(&siti.post("/account/token", &[("request", &request)]));
        assert!(new.starts_with("saring_") && new != token);
        assert_eq!(siti.get("/cases").location(), "/sign-in");
        siti.get("/sign-in");
        assert_eq!(siti.post("/sign-in/token", &[("token", &token)]).status, 401);
        let mut siti = Browser::signed_in(http, &new);

        // Who only reads changes nothing; forged forms neither; who was taken back is out.
        assert!(!auditor.get("/principal/siti").body.contains("name=\"act\""));
        let named = request_id();
        let revoke = [("request", "0123456789abcdef0123456789abcdef"), ("act", "revoke"), ("reason", named.as_str())];
        assert_eq!(auditor.post("/principal/siti", &revoke).status, 403);
        assert_eq!(auditor.get("/add-principal").status, 403);
        assert_eq!(admin.post_with("/principal/siti", &"0".repeat(64), &revoke, &[]).status, 403);
        assert_eq!(siti.get("/cases").status, 200);
        let page = admin.get("/principal/siti");
        let role = page.body.split("name=\"number\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let withdraw = [("act", "withdraw"), ("number", role.as_str()), ("reason", "other work")];
        assert_eq!(act(&mut admin, "siti", &withdraw).location(), "/principal/siti");
        assert_eq!(siti.get("/cases").status, 403);
        assert_eq!(act(&mut admin, "siti", &[("act", "revoke"), ("reason", "left")]).location(), "/principal/siti");
        assert_eq!(siti.get("/account").location(), "/sign-in");
        assert!(admin.get("/principals").body.contains("dicabut"));
        let (_, diagnostics) = office.close();
        for secret in [&token, &new] {
            assert!(!diagnostics.contains(secret.as_str()), "{diagnostics}");
        }
    });
}

#[test]
fn a_suspension_names_the_day_from_which_its_devices_are_black() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let batch = office.submit(&sari, "imei\n35209900177200\n", &request_id()).await.unwrap().batches[0];
        office.step(&agus, "approve", batch).await.unwrap();
        let mut browser = Browser::signed_in(office.server.http, &agus);
        let path = format!("/batch/{batch}/suspend");
        assert_eq!(browser.get(&format!("{path}?black_from=2020-01-01")).status, 422);
        assert_eq!(browser.get(&format!("{path}?black_from=soon")).status, 422);
        let shown = browser.get(&format!("{path}?black_from=2031-02-28"));
        assert_eq!((shown.status, shown.field("black_from")), (200, "2031-02-28".to_owned()), "{}", shown.body);
        let (request, preview) = (shown.field("request"), shown.field("preview"));
        let post = |browser: &mut Browser, day: &str| {
            let fields = [("request", request.as_str()), ("preview", &preview), ("reason", "why"), ("black_from", day)];
            browser.post(&path, &fields).status
        };
        assert_eq!(post(&mut browser, "2020-01-01"), 400);
        assert_eq!(post(&mut browser, "2031-02-28"), 303);
        assert_eq!(office.reason("35209900177200").await, "SUSPENDED");
        let journal = Browser::signed_in(office.server.http, &office.admin).get("/journal").body;
        assert!(journal.contains("diblokir mulai 28 Feb 2031") && journal.contains("ditangguhkan"), "{journal}");
    });
}
