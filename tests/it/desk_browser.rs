//! The pages of the desk in a real browser: cases, two agents, numbers in full, the public; keyboard only, scripts off, on a telephone,
//! in the dark, without barriers.

use crate::support::{
    ANI, Register,
    chromium::{Chromium, installed, is_open_to_all},
    office::{Office, request_id, run},
};

const DEVICE: &str = "35-880722-100001-7";
const AT_BOX: &str = "document.activeElement.id === 'q'";

fn register() -> Register {
    let register = Register::new();
    let list = format!("imei,valid_until,msisdn\n35880722100001,2099-12-31,{ANI}\n");
    register.import("temporary", &list, "--door operator-tourist --operator telkomsel");
    register.import("stolen", "imei,reporting_date\n35209900176148,2026-01-02\n", "--operator xl");
    register
}

fn sign_in(browser: &mut Chromium, site: &str, token: &str, at: &str) {
    browser.width(1280);
    browser.go(&format!("{site}/sign-in"));
    browser.tab_to("#token");
    browser.write(token);
    browser.press("Enter");
    browser.wait(at);
}

/// Chooses an entry of a list with the keyboard: by its first letters.
fn choose(browser: &mut Chromium, list: &str, value: &str) {
    browser.tab_to(list);
    let begins = browser.value(&format!("document.querySelector('{list} option[value=\"{value}\"]').textContent"));
    for letter in begins.as_str().unwrap().chars().take(12) {
        browser.call("Input.dispatchKeyEvent", serde_json::json!({"type": "char", "text": letter.to_string()}));
    }
    assert_eq!(browser.value(&format!("document.querySelector('{list}').value")), value, "{begins}");
}

fn text_of(browser: &mut Chromium, selector: &str) -> String {
    browser.value(&format!("document.querySelector('{selector}').textContent")).as_str().unwrap().to_owned()
}

#[test]
fn agents_open_a_case_collide_reveal_and_the_caller_sees_it_with_the_keyboard_alone() {
    let Some(program) = installed() else { return };
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let agnes = office.person(&second, "agnes", "agent", &[]).await;
        let susi = office.person(&second, "susi", "supervisor", &[]).await;
        let site = format!("http://{}", office.server.http);
        let (mut hers, mut his) = (Chromium::start(&program), Chromium::start(&program));
        sign_in(&mut hers, &site, &agnes, AT_BOX);
        sign_in(&mut his, &site, &susi, AT_BOX);

        // From the page of the device with the caller's number.
        hers.write(DEVICE);
        hers.press("Enter");
        hers.wait("document.querySelector('.verdict h1') !== null");
        hers.tab_to("#number");
        hers.write("0812-3456-7801");
        hers.press("Enter");
        hers.wait("document.querySelector('.verdict .reason')?.textContent === 'TEMPORARY'");
        hers.tab_to("a[href^=\"/open-case\"]");
        hers.press("Enter");
        hers.wait("location.pathname.startsWith('/open-case')");
        assert!(!hers.value("location.href").as_str().unwrap().contains("3588"));
        is_open_to_all(&mut hers, "open-case");
        choose(&mut hers, "#kind", "second-slot");
        choose(&mut hers, "#owner", "operator");
        hers.tab_to("#operator");
        hers.write("telkomsel");
        hers.tab_to("#note");
        hers.write("Slot 2 tanpa sinyal sejak kemarin.\nSudah mencoba SIM lain.");
        hers.tab_to("form.card button.main");
        hers.press("Enter");
        hers.wait("document.querySelector('#case-secret') !== null");
        let (number, secret) = (text_of(&mut hers, "#case-number"), text_of(&mut hers, "#case-secret"));
        is_open_to_all(&mut hers, "case-slip");
        hers.tab_to("a.button.main");
        hers.press("Enter");
        hers.wait(&format!("location.pathname === '/case/{number}'"));
        is_open_to_all(&mut hers, "case");

        // The supervisor finds it by its number in the box, and both write.
        his.write(&number);
        his.press("Enter");
        his.wait(&format!("location.pathname === '/case/{number}'"));
        hers.tab_to("button[value=\"take\"]");
        hers.press("Enter");
        hers.wait("document.body.innerText.includes('ditugaskan')");
        his.tab_to("#text");
        his.write("Operator sudah dihubungi, menunggu jawaban.");
        his.tab_to("button[value=\"note\"]");
        his.press("Enter");
        his.wait("document.querySelector('#since') !== null");
        assert!(
            his.text().contains("Orang lain mengubah kasus ini") && his.text().contains("oleh agnes"),
            "{}",
            his.text()
        );
        assert_eq!(his.value("document.querySelector('#text').value"), "Operator sudah dihubungi, menunggu jawaban.");
        is_open_to_all(&mut his, "case-collision");
        his.tab_to("button[value=\"note\"]");
        his.press("Enter");
        his.wait("document.body.innerText.includes('dicatat')");
        his.go(&format!("{site}/cases"));
        assert!(his.text().contains(&number));
        is_open_to_all(&mut his, "cases");
        his.go(&format!("{site}/cases/figures"));
        is_open_to_all(&mut his, "cases/figures");

        // The caller's number, for a purpose.
        hers.tab_to("details.reveal summary");
        hers.press("Enter");
        hers.tab_to("details.reveal input[name=\"purpose\"]");
        hers.write("pelapor minta ditelepon kembali");
        hers.press("Enter");
        hers.wait("location.pathname === '/reveal'");
        assert!(hers.text().contains(&format!("+{ANI}")), "{}", hers.text());
        assert_eq!(hers.value("location.search"), "");
        is_open_to_all(&mut hers, "reveal");
        his.go(&format!("{site}/who"));
        his.tab_to("#q");
        his.write(DEVICE);
        his.tab_to("#purpose");
        his.write("pelanggan bertanya, surat 17");
        his.press("Enter");
        his.wait("document.querySelector('#seen') !== null");
        assert!(his.text().contains("nomor ditampilkan lengkap") && his.text().contains("agnes"), "{}", his.text());
        is_open_to_all(&mut his, "who");

        // The caller, without scripts, on a telephone.
        his.scripts(false);
        his.width(360);
        his.go(&format!("{site}/public"));
        his.tab_to("#number");
        his.write(&number);
        his.tab_to("#secret");
        his.write(&secret.to_lowercase());
        his.press("Enter");
        his.wait("document.querySelector('#case-state') !== null");
        assert!(his.text().contains("sedang ditangani"), "{}", his.text());
        his.picture("public-case-telephone");
        his.tab_to("#imei");
        his.write("352099001761481");
        his.press("Enter");
        his.wait("document.querySelector('.verdict') !== null");
        assert!(his.text().contains("DIBLOKIR – LAPORAN HILANG/DICURI"), "{}", his.text());
        // And a case is written to without scripts.
        his.go(&format!("{site}/case/{number}"));
        his.tab_to("#text");
        his.write("tanpa skrip");
        his.tab_to("button[value=\"wait\"]");
        his.press("Enter");
        his.wait("document.body.innerText.includes('menunggu pelapor')");
        his.scripts(true);
        his.go(&format!("{site}/public"));
        his.tab_to("#imei");
        his.write("352099001761481");
        his.press("Enter");
        his.wait("document.querySelector('.verdict') !== null");
        is_open_to_all(&mut his, "public");
        let told = |browser: &Chromium| browser.complaints.iter().filter(|text| !text.contains("409")).count();
        assert_eq!((told(&hers), told(&his)), (0, 0), "{:?} {:?}", hers.complaints, his.complaints);
    });
}

#[test]
fn an_administrator_adds_somebody_and_an_approver_names_the_day_of_black() {
    let Some(program) = installed() else { return };
    run(async {
        let office = Office::open(crate::support::office::register());
        let second = office.second_administrator().await;
        let doors = ["customs-passenger"];
        let sari = office.person(&second, "sari", "submitter", &doors).await;
        let agus = office.person(&second, "agus", "approver", &doors).await;
        let batch = office.submit(&sari, "imei\n35209900177200\n", &request_id()).await.unwrap().batches[0];
        office.step(&agus, "approve", batch).await.unwrap();
        let site = format!("http://{}", office.server.http);
        let mut browser = Chromium::start(&program);
        sign_in(&mut browser, &site, &office.admin, "location.pathname !== '/sign-in'");
        browser.go(&format!("{site}/add-principal"));
        is_open_to_all(&mut browser, "add-principal");
        browser.tab_to("#name");
        browser.write("siti");
        browser.tab_to("#title");
        browser.write("Siti, Bea Cukai Soekarno-Hatta");
        browser.press("Enter");
        browser.wait("document.querySelector('#new-token') !== null");
        let token = text_of(&mut browser, "#new-token");
        is_open_to_all(&mut browser, "token");
        for page in ["principals", "principal/siti", "journal", "account"] {
            browser.go(&format!("{site}/{page}"));
            is_open_to_all(&mut browser, page);
        }
        browser.go(&format!("{site}/principal/siti"));
        choose(&mut browser, "#role", "submitter");
        browser.tab_to("input[value=\"customs-passenger\"]");
        browser.call("Input.dispatchKeyEvent", serde_json::json!({"type": "char", "text": " "}));
        browser.value("document.querySelector('input[value=\"customs-passenger\"]').checked = true");
        browser.tab_to("#why-grant");
        browser.write("petugas baru");
        browser.press("Enter");
        browser.wait("location.pathname === '/approvals'");
        assert!(browser.text().contains("siti"), "{}", browser.text());
        is_open_to_all(&mut browser, "approvals-of-administrators");

        // The new one signs in with the token and has no role yet.
        let mut hers = Chromium::start(&program);
        sign_in(&mut hers, &site, &token, "location.pathname === '/account'");
        // The day of black is counted before it is decided.
        let mut his = Chromium::start(&program);
        sign_in(&mut his, &site, &agus, "location.pathname === '/approvals'");
        his.go(&format!("{site}/batch/{batch}/suspend?black_from=2031-02-28"));
        assert!(his.text().contains("Diblokir mulai"), "{}", his.text());
        is_open_to_all(&mut his, "suspend");
        his.tab_to("#reason");
        his.write("asal barang diperiksa");
        his.press("Enter");
        his.wait(&format!("location.pathname === '/batch/{batch}'"));
        assert!(his.text().contains("ditangguhkan"), "{}", his.text());
        assert_eq!(office.reason("35209900177200").await, "SUSPENDED");
    });
}
