//! A client that shares no line with this crate: Python's grpcio, with code made from proto/ at run time.
//!
//! Runs where a Python with `grpcio` and `grpcio-tools` is found: `$SARING_PYTHON`, the virtual environment
//! `python` in the folder for files of tests (target/tmp), or `python3`. Else it says why it does not run; with
//! `SARING_PYTHON` set it must run.

use crate::support::{ANI, Register, Server};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn has_grpc(python: &Path) -> bool {
    let probe = Command::new(python).args(["-c", "import grpc, grpc_tools"]).output();
    probe.is_ok_and(|output| output.status.success())
}

/// A Python that can speak gRPC.
fn python() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SARING_PYTHON") {
        let named = PathBuf::from(named);
        assert!(has_grpc(&named), "{} has no grpcio and grpcio-tools", named.display());
        return Some(named);
    }
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python/bin/python");
    [venv, PathBuf::from("python3")].into_iter().find(|python| has_grpc(python))
}

#[test]
fn a_python_client_gets_the_same_answers() {
    let Some(python) = python() else {
        return println!("skipped: no Python with grpcio and grpcio-tools (set SARING_PYTHON to name one)");
    };
    let register = Register::new();
    register.import("registered", "35440121000001\n", "");
    register.import("stolen", "35440121000002\n", "");
    register.import("temporary", "imei,valid_until\n35440121000003,2090-12-31\n", "");
    register.import("pairing", &format!("imei,msisdn\n35440121000004,{ANI}\n"), "--operator xl");
    let server = Server::start(&register);
    let expected = json!([
        {"key": "35440121000001", "msisdn": "", "status": "WHITELISTED", "reason": "REGISTERED", "until": ""},
        {"key": "35440121000002", "msisdn": ANI, "status": "BLACKLISTED", "reason": "STOLEN", "until": ""},
        {"key": "35440121000003", "msisdn": "", "status": "WHITELISTED", "reason": "TEMPORARY", "until": "2090-12-31"},
        {"key": "35440121000004", "msisdn": ANI, "status": "WHITELISTED", "reason": "PAIRED", "until": ""},
        {"key": "35440121000004", "msisdn": "6281234567802", "status": "BLACKLISTED", "reason": "PAIRING_MISMATCH", "until": ""},
        {"key": "35440121000005", "msisdn": "", "status": "BLACKLISTED", "reason": "NOT_REGISTERED", "until": ""},
        {"key": "00123456000001", "msisdn": "", "status": "GREYLISTED", "reason": "TEST_TAC", "until": ""},
    ]);
    let root = Path::new(".");
    let output = Command::new(&python)
        .arg(root.join("tests/python/check_client.py"))
        .arg("--proto")
        .arg(root.join("proto"))
        .args(["--server", &server.grpc.to_string(), "--expected", &expected.to_string(), "--revision", "1.13"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.trim_end().ends_with("all answers are as expected"), "{out}\n{err}");
    server.stop();
}
