//! A protected node from the command line: certificates made, served, asked; and a node that would be open to everybody.

use crate::support::{Register, Run, Server, command, run};
use saring::certs;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

/// A register with certificates beside it.
struct Office(Register);

impl Office {
    fn new() -> Self {
        let register = Register::new();
        register.import("registered", "35440121000001\n", "");
        let office = Self(register);
        office.certs("--operator telkomsel").ok();
        office
    }

    fn certs(&self, options: &str) -> Run {
        let dir = self.dir();
        run(["certs", "init", "--dir", dir.to_str().unwrap()].into_iter().chain(options.split_whitespace()))
    }

    fn dir(&self) -> PathBuf {
        self.0.path("certs")
    }

    fn file(&self, name: &str) -> String {
        self.dir().join(name).to_str().unwrap().to_owned()
    }

    fn serve(&self) -> Server {
        let (cert, key, ca) = (self.file("server.pem"), self.file("server.key"), self.file("ca.pem"));
        Server::start_with(&self.0, &["--tls-cert", &cert, "--tls-key", &key, "--tls-client-ca", &ca])
    }

    fn check(&self, url: &str, options: &[&str]) -> Run {
        run(["check", "35440121000001", "--json", "--server", url].iter().chain(options))
    }
}

#[test]
fn the_certificates_of_one_command_open_a_protected_node() {
    let office = Office::new();
    let server = office.serve();
    let url = format!("https://localhost:{}", server.grpc.port());
    let file = |name: &str| office.file(name);
    let (ca, cert, key) = (file("ca.pem"), file("operator-telkomsel.pem"), file("operator-telkomsel.key"));
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}", server.grpc.port());
        let served = office.check(&url, &["--ca", &ca, "--cert", &cert, "--key", &key]).ok();
        assert_eq!(served.json()["reason"], "REGISTERED");
    }
    // Certificate and key in one file.
    let both = fs::read_to_string(&cert).unwrap() + &fs::read_to_string(&key).unwrap();
    let both = office.0.file("both.pem", both).to_str().unwrap().to_owned();
    fs::set_permissions(&both, fs::Permissions::from_mode(0o600)).unwrap();
    office.check(&url, &["--ca", &ca, "--cert", &both]).ok();
    let refused = |options: &[&str], words: &[&str]| office.check(&url, options).refused(1, words);
    refused(&["--ca", &ca], &["client certificate", "--cert"]);
    refused(&[], &["https needs the authority of the server's certificate: give --ca FILE"]);
    refused(&["--ca", &cert, "--cert", &both], &["no Saring answers at https://localhost:", "authority in --ca"]);
    refused(&["--ca", "nowhere.pem"], &["nowhere.pem: cannot be read"]);
    fs::set_permissions(&both, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&["--ca", &ca, "--cert", &both], &["both.pem: mode 0644 lets others read"]);
    let plain = format!("http://{}", server.grpc);
    office.check(&plain, &["--ca", &ca]).refused(1, &["--ca, --cert and --key are for https://"]);
    office.check(&plain, &[]).refused(1, &["it may want TLS (https://)"]);
    run(["check", "1", "--data", "x", "--ca", &ca]).refused(2, &["cannot be used with"]);
    run(["check", "1", "--server", &url, "--key", &key]).refused(2, &["--cert"]);
    assert!(server.stop().contains("a TLS handshake failed"));
}

#[test]
fn a_token_goes_within_tls_or_on_this_machine_only() {
    let office = Office::new();
    let server = Server::start(&office.0);
    let token = office.0.file("token", "geheim-123\n").to_str().unwrap().to_owned();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    office.check(&server.url(), &["--token-file", &token]).ok();
    let far = ["--token-file", &token];
    office.check("http://192.0.2.1:7400", &far).refused(1, &["would go to http://192.0.2.1:7400 in clear"]);
    let by_environment = command()
        .args(["check", "35440121000001", "--server", "http://192.0.2.1:7400"])
        .env("SARING_TOKEN", "geheim-123")
        .output()
        .unwrap();
    let told = String::from_utf8(by_environment.stderr).unwrap();
    assert!(told.contains("in clear") && !told.contains("geheim"), "{told}");
    fs::write(&token, "two words\n").unwrap();
    office.check(&server.url(), &["--token-file", &token]).refused(1, &["the token is empty or has characters"]);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o640 | 0o004)).unwrap();
    office.check(&server.url(), &["--token-file", &token]).refused(1, &["token: mode 0644 lets others"]);
    server.stop();
}

#[test]
fn certificates_are_never_overwritten_and_operators_can_be_added() {
    let office = Office::new();
    let all = || -> Vec<(PathBuf, Vec<u8>, u32)> {
        let mut files: Vec<_> = fs::read_dir(office.dir()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        files.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap(), mode(&path))).collect()
    };
    let before = all();
    let names: Vec<&str> = before.iter().map(|(path, ..)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        ["ca.key", "ca.pem", "operator-telkomsel.key", "operator-telkomsel.pem", "server.key", "server.pem"]
    );
    for (path, _, mode) in &before {
        assert_eq!(*mode, if path.extension().unwrap() == "key" { 0o600 } else { 0o644 }, "{path:?}");
    }
    assert_eq!(fs::metadata(office.dir()).unwrap().permissions().mode() & 0o777, 0o700);
    office.certs("--operator telkomsel").refused(1, &["operator-telkomsel.pem is there already"]);
    office.certs("--operator xl --name eir.example").refused(1, &["server.pem is there already"]);
    for bad in ["../xl", "XL", "x/l", ""] {
        let run = run(["certs", "init", "--dir", office.dir().to_str().unwrap(), "--operator", bad]);
        run.refused(2, &["is no name of an operator"]);
    }
    office.certs("--name http://eir").refused(2, &["is no name of a host"]);
    assert_eq!(all(), before, "nothing was written");
    let added = office.certs("--operator xl --operator xl --json").ok().json();
    assert_eq!((&added["ca"]["made"], &added["server"]["made"]), (&false.into(), &false.into()));
    assert_eq!(added["operators"].as_array().unwrap().len(), 1);
    assert_eq!(all().into_iter().filter(|file| before.contains(file)).count(), before.len());
    let server = office.serve();
    let (ca, cert, key) = (office.file("ca.pem"), office.file("operator-xl.pem"), office.file("operator-xl.key"));
    let url = format!("https://localhost:{}", server.grpc.port());
    office.check(&url, &["--ca", &ca, "--cert", &cert, "--key", &key]).ok();
    server.stop();
    fs::remove_file(office.file("ca.key")).unwrap();
    office.certs("--operator isat").refused(1, &["ca.key is missing beside its other half"]);
}

#[test]
fn what_was_made_says_that_it_is_for_development_and_how_it_is_used() {
    let register = Register::new();
    let dir = register.path("certs");
    let run = run(["certs", "init", "--dir", dir.to_str().unwrap(), "--operator", "xl", "--name", "eir.example"]).ok();
    for words in ["For development only", "--tls-cert", "--tls-key", "--tls-client-ca", "Ask as xl:", "--ca"] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
    // The library's own view: what is there is kept.
    let kept = certs::init(&dir, &[], &[]).unwrap();
    assert!(!kept.ca.made && !kept.server.made && kept.operators.is_empty());
}

#[test]
fn a_node_that_would_be_open_to_everybody_does_not_start_unless_it_is_told_to_in_plain_words() {
    let register = Register::new();
    register.import("registered", "35440121000001\n", "");
    register.run("serve --listen 0.0.0.0:0 --http 127.0.0.1:0").refused(
        1,
        &["the gRPC door would be open to everybody who reaches 0.0.0.0:0", "--allow-unprotected-beyond-loopback"],
    );
    register.run("serve --listen 127.0.0.1:0 --http 0.0.0.0:0").refused(1, &["the HTTP door would be open"]);
    let file = register.file("node.toml", "allow_unprotected_beyond_loopback = true\nlisten = \"0.0.0.0:0\"\n");
    let server = Server::start_at(&register, "0.0.0.0:0", "0.0.0.0:0", &["--allow-unprotected-beyond-loopback"]);
    let diagnostics = server.stop();
    assert!(diagnostics.contains("open beyond this machine: it has no TLS (--http-tls-cert"), "{diagnostics}");
    let config = run(["config", "--config", file.to_str().unwrap(), "--tls-client-certs", "optional"]).ok().out;
    let origin = |name: &str| {
        let line = config.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(origin("allow_unprotected_beyond_loopback "), ["true", file.to_str().unwrap()]);
    assert_eq!(origin("tls_client_certs "), ["\"optional\"", "flag"]);
    assert_eq!(origin("tls_cert "), ["default"]);
    let output = command().args(["config"]).env("SARING_TLS_CERT", "/x/y.pem").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.lines().any(|line| line.contains("\"/x/y.pem\"") && line.contains("environment SARING_TLS_CERT")),
        "{out}"
    );
}
