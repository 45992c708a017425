//! The console in a real browser: keyboard only, scripts off, on a telephone, in the dark, without barriers.

use crate::support::{
    ANI, Register,
    chromium::{Chromium, installed, is_open_to_all},
    office::{Office, request_id, run},
};

const TOURIST: &str = "35880722100001";
/// The box of the search has the focus by itself.
const AT_BOX: &str = "document.activeElement.id === 'q'";
const AT_HEADLINE: &str = "document.querySelector('.verdict h1') !== null";

#[test]
fn an_agent_works_with_the_keyboard_and_without_scripts() {
    let Some(program) = installed() else { return };
    run(async {
        let register = Register::new();
        let list = format!("imei,valid_until,msisdn\n{TOURIST},2099-12-31,{ANI}\n");
        register.import("temporary", &list, "--door operator-tourist --operator telkomsel");
        register.import("stolen", "imei,reporting_date\n35209900176148,2026-01-02\n", "--operator xl");
        let office = Office::open(register);
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let site = format!("http://{}", office.server.http);
        let mut browser = Chromium::start(&program);
        browser.width(1280);
        browser.go(&site);
        browser.wait("location.pathname === '/sign-in'");
        is_open_to_all(&mut browser, "sign-in");
        browser.tab_to("#token");
        browser.write(&agnes);
        browser.press("Enter");
        browser.wait(AT_BOX);
        is_open_to_all(&mut browser, "search");
        for text in ["35-209900-176148-1", "352099001761481", "3520990017614823"] {
            browser.write(text);
            browser.press("Enter");
            browser.wait(AT_HEADLINE);
            assert!(browser.text().contains("DIBLOKIR – LAPORAN HILANG/DICURI"));
            assert!(!browser.value("location.href").as_str().unwrap().contains("352099"));
            browser.go(&site);
            browser.wait(AT_BOX);
        }
        browser.write("352099001764181");
        browser.press("Enter");
        browser.wait(AT_HEADLINE);
        assert!(browser.text().contains("Mungkin maksudnya"));
        is_open_to_all(&mut browser, "device");
        // The suggestion is taken, and the answer read.
        browser.tab_to("form.go button");
        browser.press("Enter");
        browser.wait("document.querySelector('.verdict .reason')?.textContent === 'STOLEN'");
        // From anywhere back to the box.
        browser.press("/");
        browser.wait(AT_BOX);
        browser.write("35-880722-100001-7");
        browser.press("Enter");
        browser.wait("document.querySelector('.verdict .reason')?.textContent === 'NUMBER_NEEDED'");
        browser.tab_to("#number");
        browser.write("0812-3456-7801");
        browser.press("Enter");
        browser.wait("document.querySelector('.verdict .reason')?.textContent === 'TEMPORARY'");
        // In English; the answer stays where it is.
        browser.tab_to("button[lang=en]");
        browser.press("Enter");
        browser.wait("document.documentElement.lang === 'en'");
        assert!(browser.text().contains("REGISTERED FOR A TIME"), "{}", browser.text());
        browser.press("/");
        browser.wait(AT_BOX);
        browser.write("0812-3456-7801");
        browser.press("Enter");
        browser.wait("document.querySelector('#devices') !== null");
        is_open_to_all(&mut browser, "number");
        for page in ["help", "account", "nothing"] {
            browser.go(&format!("{site}/{page}"));
            is_open_to_all(&mut browser, page);
        }
        // Without scripts, on a telephone.
        browser.scripts(false);
        browser.width(390);
        browser.go(&site);
        browser.tab_to("#q");
        browser.write(TOURIST);
        browser.press("Enter");
        browser.wait(AT_HEADLINE);
        assert!(browser.text().contains("NUMBER NEEDED"));
        let complaints = browser.complaints.iter().filter(|text| !text.contains("404"));
        assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&String>::new());
    });
}

#[test]
fn an_approver_sees_what_a_batch_would_do_and_approves_it() {
    let Some(program) = installed() else { return };
    run(async {
        let office = Office::open(crate::support::office::register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let batch = office.submit(&sari, "imei\n35209900177200\n", &request_id()).await.unwrap().batches[0];
        let site = format!("http://{}", office.server.http);
        let mut browser = Chromium::start(&program);
        browser.width(1280);
        browser.go(&format!("{site}/sign-in"));
        browser.tab_to("#token");
        browser.write(&agus);
        browser.press("Enter");
        browser.wait("location.pathname === '/approvals'");
        assert!(browser.text().contains("menunggu Anda"));
        is_open_to_all(&mut browser, "approvals");
        for page in [format!("batch/{batch}"), "batches".to_owned(), "status".to_owned()] {
            browser.go(&format!("{site}/{page}"));
            is_open_to_all(&mut browser, &page);
        }
        browser.go(&format!("{site}/batch/{batch}"));
        browser.tab_to("a.button");
        browser.press("Enter");
        browser.wait("document.querySelector('#preview') !== null");
        assert!(browser.text().contains("IMEI dengan jawaban lain\n1"), "{}", browser.text());
        is_open_to_all(&mut browser, "preview");
        browser.tab_to("#reason");
        browser.write("diperiksa");
        browser.press("Enter");
        browser.wait(&format!("location.pathname === '/batch/{batch}'"));
        assert!(browser.text().contains("disetujui agus"), "{}", browser.text());
        assert_eq!(office.reason("35209900177200").await, "REGISTERED");
        assert_eq!(browser.complaints, Vec::<String>::new());
    });
}
