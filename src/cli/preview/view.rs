//! A preview as the command line shows it.

use crate::{
    cli::{
        change::hex,
        grouped,
        table::{lines, or, revision, table},
    },
    proto::{PreviewLine, PreviewResponse},
};
use serde_json::{Value, json};

/// IMEIs of the sample that are shown to people.
const SAMPLE_SHOWN: usize = 10;

/// The preview for people.
pub(super) fn text(preview: &PreviewResponse) -> String {
    let mut parts = Vec::new();
    if preview.lines.is_empty() {
        parts.push("no answer changes".to_owned());
    } else {
        let rows: Vec<[String; 6]> = preview.lines.iter().map(row).collect();
        parts.push(table(["operator", "door", "brand", "from", "to", "IMEIs"], &rows));
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

fn row(line: &PreviewLine) -> [String; 6] {
    let answer = |status: &str, reason: &str| format!("{status} {reason}").trim().to_owned();
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
    json!({
        "sha256": hex(&preview.sha256),
        "revision": revision(preview.revision.as_ref()),
        "imeis_changed": preview.imeis_changed,
        "numbers_changed": preview.numbers_changed,
        "numbers_worse": preview.numbers_worse,
        "sample": preview.sample,
        "lines": lines.collect::<Vec<_>>(),
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
        assert_eq!(as_json(&preview)["lines"][0]["imeis"], 191_965);
    }
}
