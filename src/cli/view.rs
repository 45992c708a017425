//! An answer as the command line shows it, whether it came from a directory or from a server.

use crate::{check::Explanation, identity::Imei, proto};
use serde::Serialize;
use std::fmt::Write as _;

/// One answer. The order of the fields is that of the JSON object.
#[derive(Clone, Debug, Serialize)]
pub(super) struct View {
    /// 15 digits with their check digit; the value as given where it is malformed.
    pub(super) imei: String,
    pub(super) key: Option<String>,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) pairing: String,
    pub(super) valid_until: Option<String>,
    pub(super) door: Option<String>,
    pub(super) batch: Option<u64>,
    pub(super) document: Option<String>,
    pub(super) sim_changed: bool,
    pub(super) revision: String,
    pub(super) settings: u64,
    pub(super) age_seconds: u32,
    /// Number of the override that made the status what it is.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub(super) overriding: Option<u64>,
    /// What is wrong with the value as it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<Behind>,
}

/// What lies behind an answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Behind {
    evidence: Vec<Line>,
    pairings: Vec<Paired>,
    linked_imeis: Vec<String>,
    model: Option<Model>,
    history: Vec<Event>,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    kind: String,
    class: String,
    door: String,
    batch: u64,
    document: String,
    valid_until: String,
    state: String,
    decisive: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Paired {
    kind: String,
    number: String,
    door: String,
    batch: u64,
    valid_until: String,
    asked: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Model {
    tac: String,
    manufacturer: String,
    name: String,
    rule: String,
}

#[derive(Clone, Debug, Serialize)]
struct Event {
    seq: u64,
    time: String,
    what: String,
    door: String,
    batch: u64,
    principal: String,
    approver: String,
}

impl View {
    /// The view of an explanation, in the form in which the door sends it.
    pub(super) fn of(given: &str, response: &proto::ExplainResponse, explain: bool) -> Self {
        let verdict = response.verdict.clone().unwrap_or_default();
        let basis = response.basis.unwrap_or_default();
        let decisive = response.evidence.iter().find(|line| line.decisive);
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let status = verdict.status().as_str_name().to_owned();
        let reason = verdict.reason().as_str_name().to_owned();
        let pairing = verdict.pairing().as_str_name().trim_start_matches("PAIRING_").to_owned();
        Self {
            imei: text(&response.imei).unwrap_or_else(|| given.to_owned()),
            key: text(&response.equipment_key),
            status,
            reason,
            pairing,
            valid_until: text(&verdict.valid_until),
            door: decisive.and_then(|line| text(&line.door)),
            batch: decisive.map(|line| line.batch).filter(|batch| *batch > 0),
            document: decisive.and_then(|line| text(&line.document)),
            sim_changed: verdict.sim_changed,
            revision: basis
                .revision
                .map_or_else(String::new, |revision| format!("{}.{}", revision.epoch, revision.seq)),
            settings: basis.settings_seq,
            age_seconds: basis.age_seconds,
            overriding: (basis.override_seq > 0).then_some(basis.override_seq),
            note: text(&response.malformed),
            explanation: explain.then(|| Behind::of(response)),
        }
    }

    /// The answer for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| _ = writeln!(text, "{name:<12} {value}");
        line("IMEI", &self.imei);
        line("status", &self.status);
        line("reason", &self.reason);
        line("pairing", &self.pairing);
        if let Some(day) = &self.valid_until {
            line("valid until", &format!("{day} (24:00 WIB)"));
        }
        if let Some(door) = &self.door {
            let document = self.document.as_ref().map_or_else(String::new, |document| format!(", document {document}"));
            line("came by", &format!("{door}, batch {}{document}", self.batch.unwrap_or(0)));
        }
        if let Some(number) = self.overriding {
            line("override", &format!("{number}: the status is set for all for a time, whatever the reason says"));
        }
        if self.sim_changed {
            line("SIM", "the number asked is not the one known for this IMSI: a SIM change; the number decided");
        }
        if let Some(note) = &self.note {
            line("note", note);
        }
        line("data", &format!("revision {}, settings {}, age {} s", self.revision, self.settings, self.age_seconds));
        if let Some(behind) = &self.explanation {
            behind.write(&mut text);
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// One line of CSV, after the header [`View::CSV_HEADER`].
    pub(super) fn csv(&self) -> [String; 11] {
        let batch = self.batch.map_or_else(String::new, |batch| batch.to_string());
        [
            self.imei.clone(),
            self.key.clone().unwrap_or_default(),
            self.status.clone(),
            self.reason.clone(),
            self.pairing.clone(),
            self.valid_until.clone().unwrap_or_default(),
            self.door.clone().unwrap_or_default(),
            batch,
            self.revision.clone(),
            self.age_seconds.to_string(),
            match (self.overriding, &self.note) {
                (Some(number), None) => format!("override {number}"),
                (Some(number), Some(note)) => format!("override {number}; {note}"),
                (None, note) => note.clone().unwrap_or_default(),
            },
        ]
    }

    pub(super) const CSV_HEADER: [&'static str; 11] = [
        "imei",
        "key",
        "status",
        "reason",
        "pairing",
        "valid_until",
        "door",
        "batch",
        "revision",
        "age_seconds",
        "note",
    ];
}

impl Behind {
    fn of(response: &proto::ExplainResponse) -> Self {
        let evidence = response.evidence.iter().map(|line| Line {
            kind: line.kind.clone(),
            class: line.class.clone(),
            door: line.door.clone(),
            batch: line.batch,
            document: line.document.clone(),
            valid_until: line.valid_until.clone(),
            state: line.state.clone(),
            decisive: line.decisive,
        });
        let pairings = response.pairings.iter().map(|pair| Paired {
            kind: pair.kind.clone(),
            number: pair.number.clone(),
            door: pair.door.clone(),
            batch: pair.batch,
            valid_until: pair.valid_until.clone(),
            asked: pair.asked,
        });
        let history = response.history.iter().map(|event| Event {
            seq: event.seq,
            time: jiff::Timestamp::from_second(event.unix_seconds).map_or_else(|_| String::new(), |t| t.to_string()),
            what: event.what.clone(),
            door: event.door.clone(),
            batch: event.batch,
            principal: event.principal.clone(),
            approver: event.approver.clone(),
        });
        Self {
            evidence: evidence.collect(),
            pairings: pairings.collect(),
            linked_imeis: response.linked_imeis.clone(),
            model: response.model.as_ref().map(|model| Model {
                tac: model.tac.clone(),
                manufacturer: model.manufacturer.clone(),
                name: model.name.clone(),
                rule: model.rule.clone(),
            }),
            history: history.collect(),
        }
    }

    fn write(&self, text: &mut String) {
        if let Some(model) = &self.model {
            let rule = if model.rule.is_empty() { String::new() } else { format!(" [{}]", model.rule) };
            let _ = writeln!(text, "{:<12} {} {} (TAC {}){rule}", "model", model.manufacturer, model.name, model.tac);
        }
        for imei in &self.linked_imeis {
            let _ = writeln!(text, "{:<12} {imei} is the same phone", "also");
        }
        for (heading, lines) in [("evidence", self.evidence_lines()), ("pairings", self.pairing_lines())] {
            for (index, line) in lines.iter().enumerate() {
                let _ = writeln!(text, "{:<12} {line}", if index == 0 { heading } else { "" });
            }
        }
        for (index, event) in self.history.iter().enumerate() {
            let heading = if index == 0 { "history" } else { "" };
            let _ = writeln!(
                text,
                "{heading:<12} {} {} by {}, batch {} ({})",
                event.time,
                event.what,
                event.door,
                event.batch,
                hands(&event.principal, &event.approver)
            );
        }
    }

    fn evidence_lines(&self) -> Vec<String> {
        let lines = self.evidence.iter().map(|line| {
            let until =
                if line.valid_until.is_empty() { String::new() } else { format!(" until {}", line.valid_until) };
            let decisive = if line.decisive { "  <- decides" } else { "" };
            format!(
                "{} {} ({}){until}, {}, batch {}{decisive}",
                line.kind, line.class, line.state, line.door, line.batch
            )
        });
        lines.collect()
    }

    fn pairing_lines(&self) -> Vec<String> {
        let lines = self.pairings.iter().map(|pair| {
            let until =
                if pair.valid_until.is_empty() { String::new() } else { format!(" until {}", pair.valid_until) };
            let asked = if pair.asked { "  <- the number asked" } else { "" };
            format!("{} {}{until}, batch {}{asked}", pair.kind, pair.number, pair.batch)
        });
        lines.collect()
    }
}

/// The view of an explanation that was made here.
pub(super) fn local(given: &str, explanation: &Explanation, malformed: Option<String>, explain: bool) -> View {
    let mut response = crate::grpc::explanation_to_wire(explanation);
    response.malformed = malformed.unwrap_or_default();
    View::of(given, &response, explain)
}

/// What is odd about a 15-digit value that a person typed: its check digit.
pub(super) fn typing_note(given: &str) -> Option<String> {
    let digits: String = given.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 15 {
        return None;
    }
    let error = Imei::from_typed(given).err()?;
    Some(format!("{}; the answer is for the first 14 digits", error.rule()))
}

/// Who made an entry: one person, or two.
fn hands(principal: &str, approver: &str) -> String {
    if approver.is_empty() { principal.to_owned() } else { format!("{principal}, approved by {approver}") }
}
