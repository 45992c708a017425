//! A preview as the command line shows it.

use crate::{
    cli::{
        change::hex,
        grouped,
        table::{lines, or, revision, table},
    },
    proto::{PreviewLine, PreviewResponse, UnlistedLine},
};
use serde_json::{Value, json};

/// IMEIs of the sample that are shown to people.
const SAMPLE_SHOWN: usize = 10;

/// The preview for people.
pub(super) fn text(preview: &PreviewResponse) -> String {
    let mut parts = Vec::new();
    if preview.lines.is_empty() && preview.unlisted.is_empty() {
        parts.push("no answer changes".to_owned());
    }
    if !preview.lines.is_empty() {
        let rows: Vec<[String; 6]> = preview.lines.iter().map(row).collect();
        parts.push(table(["operator", "door", "brand", "from", "to", "IMEIs"], &rows));
    }
    if !preview.unlisted.is_empty() {
        let rows: Vec<[String; 4]> = preview.unlisted.iter().map(unlisted_row).collect();
        parts.push(table(["operator", "on no list, so not counted", "from", "to"], &rows));
    }
    parts.push(lines(&[
        ("IMEIs", format!("{} get another answer (national policy)", grouped(preview.imeis_changed))),
        (
            "numbers",
            format!(
                "{} paired numbers get another answer, {} a worse one",
                grouped(preview.numbers_changed),
                grouped(preview.numbers_worse)
            ),
        ),
        ("for example", preview.sample.iter().take(SAMPLE_SHOWN).cloned().collect::<Vec<_>>().join(" ")),
        ("data", format!("revision {}", revision(preview.revision.as_ref()))),
        ("digest", hex(&preview.sha256)),
    ]));
    parts.join("\n")
}

fn answer(status: &str, reason: &str) -> String {
    format!("{status} {reason}").trim().to_owned()
}

fn unlisted_row(line: &UnlistedLine) -> [String; 4] {
    let what = match line.what.as_str() {
        "unlisted-without-number" => "every other phone, asked without a number",
        "unlisted-with-number" => "every other phone, asked with its number",
        "test-tac" => "every phone of a test TAC",
        "malformed" => "every value that is no IMEI",
        other => other,
    };
    [
        or(&line.operator, "(national)").to_owned(),
        what.to_owned(),
        answer(&line.from_status, &line.from_reason),
        answer(&line.to_status, &line.to_reason),
    ]
}

fn row(line: &PreviewLine) -> [String; 6] {
    [
        or(&line.operator, "(national)").to_owned(),
        or(&line.door, "-").to_owned(),
        or(&line.brand, "-").to_owned(),
        answer(&line.from_status, &line.from_reason),
        answer(&line.to_status, &line.to_reason),
        grouped(line.imeis),
    ]
}

pub(super) fn as_json(preview: &PreviewResponse) -> Value {
    let lines = preview.lines.iter().map(|line| {
        json!({
            "operator": line.operator,
            "door": line.door,
            "brand": line.brand,
            "from_status": line.from_status,
            "from_reason": line.from_reason,
            "to_status": line.to_status,
            "to_reason": line.to_reason,
            "imeis": line.imeis,
        })
    });
    let unlisted = preview.unlisted.iter().map(|line| {
        json!({
            "operator": line.operator,
            "what": line.what,
            "from_status": line.from_status,
            "from_reason": line.from_reason,
            "to_status": line.to_status,
            "to_reason": line.to_reason,
        })
    });
    json!({
        "sha256": hex(&preview.sha256),
        "revision": revision(preview.revision.as_ref()),
        "imeis_changed": preview.imeis_changed,
        "numbers_changed": preview.numbers_changed,
        "numbers_worse": preview.numbers_worse,
        "sample": preview.sample,
        "lines": lines.collect::<Vec<_>>(),
        "unlisted": unlisted.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_says_what_changes_and_for_how_many() {
        let line = PreviewLine {
            door: "tpp-import".into(),
            brand: "Aurora".into(),
            from_status: "WHITELISTED".into(),
            from_reason: "REGISTERED".into(),
            to_status: "GREYLISTED".into(),
            to_reason: "UNDER_INVESTIGATION".into(),
            imeis: 191_965,
            ..PreviewLine::default()
        };
        let preview = PreviewResponse {
            sha256: vec![0xab; 32],
            lines: vec![line],
            imeis_changed: 191_965,
            numbers_changed: 12,
            numbers_worse: 11,
            sample: vec!["352099001761481".into()],
            revision: Some(crate::proto::Revision { epoch: 1, seq: 42 }),
            unlisted: Vec::new(),
        };
        insta::assert_snapshot!(text(&preview), @r"
        operator    door        brand   from                    to                                IMEIs
        (national)  tpp-import  Aurora  WHITELISTED REGISTERED  GREYLISTED UNDER_INVESTIGATION  191,965
        IMEIs        191,965 get another answer (national policy)
        numbers      12 paired numbers get another answer, 11 a worse one
        for example  352099001761481
        data         revision 1.42
        digest       abababababababababababababababababababababababababababababababab
        ");
        assert!(text(&PreviewResponse::default()).starts_with("no answer changes\n"));
        let unlisted = UnlistedLine {
            what: "unlisted-with-number".into(),
            from_status: "BLACKLISTED".into(),
            from_reason: "NOT_REGISTERED".into(),
            to_status: "GREYLISTED".into(),
            to_reason: "NOT_REGISTERED".into(),
            ..UnlistedLine::default()
        };
        let told = text(&PreviewResponse { unlisted: vec![unlisted], ..PreviewResponse::default() });
        let line = "every other phone, asked with its number  BLACKLISTED NOT_REGISTERED  GREYLISTED NOT_REGISTERED";
        assert!(told.contains(line) && !told.contains("no answer changes"), "{told}");
        assert_eq!(as_json(&preview)["lines"][0]["imeis"], 191_965);
    }
}
