//! What is typed after `saring device`.

#![allow(clippy::unwrap_used)]

use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    device: DeviceArgs,
}

fn parse(line: &str) -> Result<DeviceVerb, String> {
    let words = std::iter::once("saring").chain(line.split(' '));
    Line::try_parse_from(words).map(|line| line.device.verb).map_err(|error| error.to_string())
}

#[test]
fn all_imeis_of_a_phone_are_named_in_either_way() {
    let imeis = |line: &str| match parse(line).unwrap() {
        DeviceVerb::Report { phone, .. } | DeviceVerb::Exempt { phone, .. } => phone.imei,
        other => panic!("{other:?}"),
    };
    let both = ["352099001761481", "35209900176149"];
    assert_eq!(imeis("report --kind stolen --document L-1 --imei 352099001761481,35209900176149"), both);
    assert_eq!(imeis("report --kind lost --document L-1 --imei 35-209900-176148-1 --imei 35209900176149"), both);
    assert_eq!(imeis("exempt --valid-until 2026-12-31 --imei 3520990017614801"), ["3520990017614801"]);
}

#[test]
fn what_is_mistyped_is_refused_here() {
    for line in [
        "report --kind broken --imei 352099001761481 --document L-1",
        "report --kind stolen --imei 352099001761481",
        "report --kind stolen --document L-1",
        "report --kind stolen --document L-1 --imei 352099001761482",
        "report --kind stolen --document L-1 --imei 3520990017614",
        "register --door tpp-import --imei 352099001761481",
        "register --door state --imei 352099001761481 --person X1 --person-file f",
        "exempt --imei 352099001761481",
        "suspect",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
    // What was typed wrong may well have a wrong check digit.
    assert!(parse("correct --door state --batch 3 --wrong 352099001761482 --right 352099001761481").is_ok());
    assert!(parse("correct --door state --batch 3 --wrong 352099001761481 --right 352099001761482").is_err());
}
