//! What is typed after `saring batch`.

#![allow(clippy::unwrap_used)]

use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    batch: BatchArgs,
}

fn parse(line: &str) -> Result<BatchVerb, String> {
    let words = std::iter::once("saring").chain(line.split(' '));
    Line::try_parse_from(words).map(|line| line.batch.verb).map_err(|error| error.to_string())
}

#[test]
fn a_step_carries_what_was_looked_at() {
    let digest = "ab".repeat(32);
    let BatchVerb::Approve(step) = parse(&format!("approve 12 --preview {digest} --reason ok --request r1")).unwrap()
    else {
        panic!("an approval")
    };
    assert_eq!((step.batch, step.why.reason.as_str()), (12, "ok"));
    assert_eq!(step.why.change.request.as_deref(), Some("r1"));
    let BatchVerb::Suspend { black_from, .. } = parse("suspend 12 --yes --black-from 2027-01-01").unwrap() else {
        panic!("a suspension")
    };
    assert_eq!(black_from, Some("2027-01-01".parse().unwrap()));
    for line in [
        "approve",
        "approve twelve",
        "approve 12 --preview ab",
        &format!("approve 12 --yes --preview {digest}"),
        "approve 12 --yes --no-preview",
        "preview 12",
        "preview 12 --step reject",
        "suspend 12 --black-from soon",
        "list --state lost",
        "list --door nowhere",
        "submit nothing a.csv",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn a_preview_names_the_step() {
    let step = |step| match change(12, step, None) {
        preview_request::Change::Batch(change) => change.step,
        other => panic!("{other:?}"),
    };
    assert_eq!(Step::ALL.map(step), ["approve", "reject", "suspend", "restore", "withdraw", "realise"]);
    assert!(Step::ALL.iter().all(|step| step.name().parse::<Step>().is_ok_and(|read| read == *step)));
    assert!(matches!(parse("preview 12 --step withdraw").unwrap(), BatchVerb::Preview { step: Step::Withdraw, .. }));
}

#[test]
fn flags_of_the_server_stand_anywhere() {
    for line in ["list --server http://localhost:1 --json", "--server http://localhost:1 --json list"] {
        let line = Line::try_parse_from(std::iter::once("saring").chain(line.split(' '))).unwrap();
        assert!(line.batch.there.json, "--json counts before and after the verb");
    }
}
