//! Files that are no good, each refused with its name, its line and what is wrong.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::certs;
use std::{fs, os::unix::fs::PermissionsExt};

struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let office = Self { dir: tempfile::tempdir().unwrap() };
        certs::init(office.dir.path(), &[], &["xl".into()]).unwrap();
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        self.path(name)
    }

    fn load(&self, change: impl FnOnce(&mut TlsFiles)) -> Result<Tls, String> {
        let clients = Some(ClientRoots { ca: self.path("ca.pem"), required: true });
        let mut files = TlsFiles { cert: self.path("server.pem"), key: self.path("server.key"), clients };
        change(&mut files);
        Tls::load(&files, Speaks::Http2).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn refused(&self, words: &[&str], change: impl FnOnce(&mut TlsFiles)) {
        let error = self.load(change).unwrap_err();
        words.iter().for_each(|word| assert!(error.contains(word), "{word:?} is missing: {error}"));
    }
}

#[test]
fn a_certificate_that_is_none_is_named_with_its_line() {
    let office = Office::new();
    let good = office.text("server.pem");
    let cert = |text: &str| {
        let path = office.file("bad.pem", text);
        move |files: &mut TlsFiles| files.cert = path
    };
    office.refused(&["nowhere.pem: cannot be read"], |files| files.cert = office.path("nowhere.pem"));
    office.refused(&["it is not a file"], |files| files.cert = office.dir.path().to_owned());
    office.refused(&["bad.pem: has no certificate"], cert(""));
    office.refused(&["bad.pem: has no certificate"], cert(&office.text("server.key")));
    let lines = good.lines().count();
    let cut: String = good.lines().take(lines - 1).map(|line| format!("{line}\n")).collect();
    office.refused(&["line 1: ", "-----END CERTIFICATE----- is missing"], cert(&cut));
    let second = format!("{good}-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    office.refused(&[&format!("line {}: ", lines + 1), "no base64"], cert(&second));
    let third = format!("# two\n{good}{good}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    office.refused(&[&format!("line {}: is no certificate", 2 * lines + 2)], cert(&third));
    let bytes = office.file("bad.pem", [0x30, 0x82, 0xff]);
    office.refused(&["is no PEM file"], |files| files.cert = bytes.clone());
    let long = office.file("bad.pem", vec![b'x'; 2 << 20]);
    office.refused(&["longer than 1 MiB"], |files| files.cert = long.clone());
    assert!(office.load(cert(&format!("# a chain\r\n{}", good.replace('\n', "\r\n")))).is_ok());
}

#[test]
fn a_key_that_is_none_or_another_ones_is_named() {
    let office = Office::new();
    let key = |text: &str| {
        let path = office.file("bad.key", text);
        move |files: &mut TlsFiles| files.key = path
    };
    office.refused(&["bad.key: has no private key"], key(&office.text("server.pem")));
    office.refused(&["bad.key: line 2: ", "END"], key("# mine\n-----BEGIN PRIVATE KEY-----\nAAAA\n"));
    office.refused(
        &["bad.key: line 1: the key is encrypted"],
        key("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
    );
    office.refused(
        &["line 2: the key is encrypted"],
        key("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n"),
    );
    office.refused(&["the key in", "bad.key is not that of the certificate in"], key(&office.text("operator-xl.key")));
    // One file may hold both.
    let both = office.file("both.pem", office.text("server.pem") + &office.text("server.key"));
    assert!(office.load(|files| (files.cert, files.key) = (both.clone(), both)).is_ok());
}

#[test]
fn a_key_that_others_can_take_is_refused() {
    let office = Office::new();
    for mode in [0o644, 0o604, 0o602, 0o620, 0o660, 0o777] {
        fs::set_permissions(office.path("server.key"), fs::Permissions::from_mode(mode)).unwrap();
        office.refused(&["server.key: mode 0", "lets others read or change the key: chmod 600"], |_| {});
    }
    for mode in [0o600, 0o400, 0o640] {
        fs::set_permissions(office.path("server.key"), fs::Permissions::from_mode(mode)).unwrap();
        assert!(office.load(|_| {}).is_ok(), "{mode:o}");
    }
}

#[test]
fn only_an_authority_vouches_for_clients() {
    let office = Office::new();
    let text = office.text("ca.pem") + &office.text("operator-xl.pem");
    let line = office.text("ca.pem").lines().count() + 1;
    let ca = office.file("roots.pem", text);
    office.refused(&[&format!("roots.pem: line {line}: "), "CN=xl", "no authority's (CA)"], |files| {
        files.clients = Some(ClientRoots { ca, required: true });
    });
    let two = office.file("roots.pem", office.text("ca.pem") + &Office::new().text("ca.pem"));
    assert!(office.load(|files| files.clients = Some(ClientRoots { ca: two, required: false })).is_ok());
    assert!(office.load(|files| files.clients = None).is_ok());
}
