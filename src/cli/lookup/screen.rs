//! The screen of an agent: the answer first, then what to say, then what lies behind it.

use crate::{
    cli::{cases, grouped},
    day::Day,
    listing::Door,
    policy::Status,
    proto::{self, find_response::Found},
    words::{Label, Language},
};
use std::fmt::Write as _;

/// Lines of a story that are shown.
const HISTORY_MAX: usize = 8;
/// Column at which values begin.
const INDENT: usize = 17;

/// What was found, for people.
pub(super) fn found(found: &proto::FindResponse, language: Language) -> String {
    let mut screen = Screen { text: String::new(), language };
    match &found.found {
        Some(Found::Device(page)) => screen.device(page, &found.notes),
        Some(Found::Number(page)) => screen.number(page),
        Some(Found::Document(page)) => screen.document(page),
        Some(Found::Batch(page)) => screen.batch(page),
        Some(Found::Case(case)) => screen.text.push_str(&format!("{}\n\n", cases::shown(case))),
        None => {}
    }
    if let Some(registration) = &found.registration {
        screen.registration(registration);
    }
    let refusals: Vec<_> = found.refusals.iter().map(|refused| screen.refused(refused)).collect();
    screen.lines(Label::Refusals, refusals);
    screen.lines(Label::Cases, found.cases.iter().map(|case| cases::line(case, language)));
    if !matches!(found.found, Some(Found::Device(_))) {
        screen.lines(Label::Notes, found.notes.iter().cloned());
    }
    let revision = found.revision.unwrap_or_default();
    let label = language.label(Label::Revision);
    let moment = language.moment(found.unix_seconds);
    screen.line(Label::Data, &format!("{label} {}.{}, {moment}", revision.epoch, revision.seq));
    screen.text.truncate(screen.text.trim_end().len());
    screen.text
}

/// The questions of callers, for people.
pub(super) fn help(help: &proto::HelpResponse) -> String {
    let entries = help.entries.iter().map(|entry| {
        let contact = if entry.contact == "-" { String::new() } else { format!(" [{}]", entry.contact) };
        format!("{}\n    {}{contact}", entry.question, entry.answer)
    });
    entries.collect::<Vec<_>>().join("\n")
}

struct Screen {
    text: String,
    language: Language,
}

impl Screen {
    fn line(&mut self, label: Label, value: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:<INDENT$}{value}", self.language.label(label));
    }

    /// Several values below one label.
    fn lines(&mut self, label: Label, values: impl IntoIterator<Item = String>) {
        for (nth, value) in values.into_iter().enumerate() {
            let heading = if nth == 0 { self.language.label(label) } else { String::new() };
            let _ = writeln!(self.text, "{heading:<INDENT$}{value}");
        }
    }

    fn word(&self, label: Label) -> String {
        self.language.label(label)
    }

    fn device(&mut self, page: &proto::DevicePage, notes: &[String]) {
        let advice = page.advice.clone().unwrap_or_default();
        let verdict = page.verdict.clone().unwrap_or_default();
        let _ = writeln!(self.text, "{}  ({})\n", advice.headline, self.status(&verdict));
        let imei = if page.imei.is_empty() { page.malformed.clone() } else { page.imei.clone() };
        self.line(Label::Device, &format!("{imei}{}", self.model(page.model.as_ref())));
        self.line(Label::Say, &advice.say);
        self.line(Label::Do, &advice.next_step);
        self.line(Label::Contact, &advice.contact);
        self.lines(Label::Notes, notes.iter().cloned());
        let suggestions = page.suggestions.iter().map(|suggestion| {
            let known = if suggestion.known { format!(" ({})", self.word(Label::Known)) } else { String::new() };
            format!("{}{known}", suggestion.imei)
        });
        let suggestions: Vec<_> = suggestions.collect();
        self.lines(Label::Suggestion, suggestions);
        self.text.push('\n');
        let operators = self.operators(&page.operators);
        self.lines(Label::Operators, operators);
        let evidence = if page.evidence.is_empty() {
            vec![self.word(Label::Nothing)]
        } else {
            page.evidence.iter().map(|line| self.evidence(line)).collect()
        };
        self.lines(Label::Evidence, evidence);
        let changes: Vec<_> = page.changes.iter().map(|change| self.change(change)).collect();
        self.lines(Label::Change, changes);
        let pairings: Vec<_> = page.pairings.iter().map(|pairing| self.pairing(pairing)).collect();
        self.lines(Label::Pairings, pairings);
        let others = page.others.iter().map(|other| format!("{}  {}", other.imei, self.answer(other.answer.as_ref())));
        let others: Vec<_> = others.collect();
        self.lines(Label::OtherImei, others);
        self.history(&page.history);
    }

    /// When, where and why a device was refused.
    fn refused(&self, refused: &proto::RefusedChecks) -> String {
        let when = self.language.moment(refused.last_unix_s);
        let operator = if refused.operator.is_empty() { String::new() } else { format!(" @ {}", refused.operator) };
        let number = if refused.number.is_empty() { String::new() } else { format!(", {}", refused.number) };
        let (imei, reason, count) = (&refused.imei, &refused.reason, grouped(refused.count));
        format!("{when}  {imei}{operator}, {reason}{number} ({count}x)")
    }

    /// `DILAYANI, TEMPORARY`.
    fn status(&self, verdict: &proto::Verdict) -> String {
        let status = verdict.status().as_str_name();
        let words = status.parse::<Status>().map_or_else(|_| status.to_owned(), |status| self.language.status(status));
        format!("{words}, {}", verdict.reason().as_str_name())
    }

    fn answer(&self, answer: Option<&proto::GivenAnswer>) -> String {
        let Some(verdict) = answer.and_then(|answer| answer.verdict.as_ref()) else { return String::new() };
        let overriding = answer.map_or(0, |answer| answer.override_seq);
        let overriding = if overriding > 0 { format!(", override {overriding}") } else { String::new() };
        format!("{}{overriding}", self.status(verdict))
    }

    fn model(&self, model: Option<&proto::Model>) -> String {
        let Some(model) = model else { return String::new() };
        let rule = match model.rule.as_str() {
            "" => String::new(),
            rule => format!(" ({})", self.language.evidence_class(rule)),
        };
        format!("  {} {}{rule}", model.manufacturer, model.name)
    }

    /// The answers of each operator that differ from the national ones, and once those that all others get.
    fn operators(&self, operators: &[proto::OperatorAnswers]) -> Vec<String> {
        let answers = |of: &proto::OperatorAnswers| -> Vec<String> {
            let parts = [
                (Label::WithNumber, &of.with_number),
                (Label::WithoutNumber, &of.without_number),
                (Label::ForeignSim, &of.foreign_sim),
            ];
            let told = parts.into_iter().filter(|(_, answer)| answer.is_some());
            told.map(|(label, answer)| format!("{}: {}", self.word(label), self.answer(answer.as_ref()))).collect()
        };
        let Some((national, own)) = operators.split_first() else { return Vec::new() };
        let usual = answers(national);
        let mut groups: Vec<_> = own.iter().map(|one| (one.operator.clone(), answers(one))).collect();
        groups.retain(|(_, told)| *told != usual);
        let all = if groups.is_empty() { Label::AllOperators } else { Label::OtherOperators };
        groups.push((self.word(all), usual));
        let wide = groups.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let lines = groups.iter().flat_map(|(name, told)| {
            let line = move |(nth, told): (usize, &String)| {
                format!("{:<wide$}  {told}", if nth == 0 { name.as_str() } else { "" })
            };
            told.iter().enumerate().map(line)
        });
        lines.collect()
    }

    fn until(&self, day: &str) -> String {
        match day.parse::<Day>() {
            Ok(day) => format!(" {} {}", self.word(Label::Until), self.language.date(day)),
            Err(_) => String::new(),
        }
    }

    fn door(&self, name: &str) -> String {
        name.parse::<Door>().map_or_else(|_| name.to_owned(), |door| self.language.door(door))
    }

    fn evidence(&self, line: &proto::EvidenceLine) -> String {
        let (class, state) = (self.language.evidence_class(&line.class), self.language.state(&line.state));
        let batch = self.word(Label::Batch).to_lowercase();
        let document = if line.document.is_empty() { String::new() } else { format!(", {}", line.document) };
        let decides = if line.decisive { format!("  <- {}", self.word(Label::Decides)) } else { String::new() };
        let until = self.until(&line.valid_until);
        format!("{class} ({state}){until}, {}, {batch} {}{document}{decides}", self.door(&line.door), line.batch)
    }

    fn change(&self, change: &proto::AnswerChange) -> String {
        let what = match change.unix_seconds {
            0 => change.what.clone(),
            _ => format!("{} {}", self.word(Label::From), change.what),
        };
        match &change.answer {
            Some(answer) => format!("{what}: {}", self.answer(Some(answer))),
            None => what,
        }
    }

    fn pairing(&self, pairing: &proto::PairingLine) -> String {
        let asked = if pairing.asked { format!("  <- {}", self.word(Label::Asked)) } else { String::new() };
        let (class, batch) = (self.language.evidence_class(&pairing.kind), self.word(Label::Batch).to_lowercase());
        format!("{} {class}{}, {batch} {}{asked}", pairing.number, self.until(&pairing.valid_until), pairing.batch)
    }

    fn history(&mut self, deeds: &[proto::Deed]) {
        let mut lines: Vec<_> = deeds.iter().take(HISTORY_MAX).map(|deed| self.deed(deed)).collect();
        if deeds.len() > HISTORY_MAX {
            lines.push(format!("… {} {}", deeds.len() - HISTORY_MAX, self.word(Label::More)));
        }
        self.lines(Label::History, lines);
    }

    fn deed(&self, deed: &proto::Deed) -> String {
        let imei = if deed.imei.is_empty() { String::new() } else { format!("{} ", deed.imei) };
        let batch = format!("{} {}", self.word(Label::Batch).to_lowercase(), deed.batch);
        let mut line = format!(
            "{}  {imei}{}; {batch} {} ({})",
            self.language.moment(deed.unix_seconds),
            deed.what,
            self.language.state(&deed.state),
            self.door(&deed.door)
        );
        for value in [&deed.document, &deed.operator, &deed.reason].into_iter().filter(|value| !value.is_empty()) {
            line += &format!(", {value}");
        }
        line += &format!(", {} {}", self.word(Label::By), deed.principal);
        if !deed.approver.is_empty() {
            line += &format!(", {} {}", self.word(Label::ApprovedBy), deed.approver);
        }
        line
    }

    fn number(&mut self, page: &proto::NumberPage) {
        let others: Vec<_> = page.sims.iter().chain([&page.msisdn]).filter(|text| !text.is_empty()).cloned().collect();
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        self.line(Label::Number, &format!("{}{others}", page.number));
        let mut devices: Vec<_> = page
            .devices
            .iter()
            .map(|device| {
                let released =
                    if device.in_force { String::new() } else { format!(" ({})", self.word(Label::Released)) };
                let operator =
                    if device.operator.is_empty() { String::new() } else { format!(" @ {}", device.operator) };
                let model = self.model(device.model.as_ref());
                let sim = if device.by_sim.is_empty() { String::new() } else { format!(" (SIM {})", device.by_sim) };
                format!("{}{model}  {}{operator}{released}{sim}", device.imei, self.answer(device.answer.as_ref()))
            })
            .collect();
        if devices.is_empty() {
            devices.push(self.word(Label::Nothing));
        }
        if page.devices_left > 0 {
            devices.push(format!("… {} {}", page.devices_left, self.word(Label::More)));
        }
        self.lines(Label::Device, devices);
        self.history(&page.history);
    }

    /// Beside the equipment's answer, and never in it: another block with another cure.
    fn registration(&mut self, one: &proto::NumberRegistration) {
        let of = [&one.operator, &one.city, &one.identity].map(String::as_str);
        let of: Vec<_> = of.into_iter().filter(|text| !text.is_empty()).collect();
        let since = one.since.parse::<Day>().map_or_else(|_| one.since.clone(), |day| self.language.date(day));
        let _ = writeln!(self.text);
        self.line(Label::Registration, &format!("{}  ({}; {since})", one.headline, of.join(", ")));
        self.line(Label::Say, &one.say);
        self.line(Label::Do, &one.next_step);
        self.line(Label::Contact, &one.contact);
        let _ = writeln!(self.text);
    }

    fn document(&mut self, page: &proto::DocumentPage) {
        self.line(Label::Document, &page.name);
        let uses: Vec<_> = page.documents.iter().map(|used| self.used(used)).collect();
        self.lines(Label::Quantity, uses);
        let mut batches: Vec<_> = page.batches.iter().map(|batch| self.batch_line(batch)).collect();
        if batches.is_empty() && page.documents.is_empty() {
            batches.push(self.word(Label::Nothing));
        }
        if page.batches_left > 0 {
            batches.push(format!("… {} {}", page.batches_left, self.word(Label::More)));
        }
        self.lines(Label::Batch, batches);
    }

    fn used(&self, used: &proto::DocumentUse) -> String {
        let left = used.quantity.saturating_sub(used.drawn + used.planned);
        let figures =
            [(Label::Quantity, used.quantity), (Label::Drawn, used.drawn + used.planned), (Label::Left, left)];
        let figures = figures.map(|(label, figure)| format!("{} {}", self.word(label), grouped(figure))).join(", ");
        let goods = if used.goods.is_empty() { String::new() } else { format!("{}, ", used.goods) };
        let until = self.until(&used.valid_until);
        format!("{goods}{figures}{until} ({}; {})", self.door(&used.door), used.holder)
    }

    fn batch_line(&self, batch: &proto::BatchPage) -> String {
        let operator = if batch.operator.is_empty() { String::new() } else { format!(", {}", batch.operator) };
        let (state, devices) = (self.language.state(&batch.state), self.word(Label::Devices));
        let (kind, door) = (self.language.evidence_class(&batch.kind), self.door(&batch.door));
        format!("{}: {kind} ({state}), {} {devices}, {door}{operator}", batch.number, grouped(batch.added))
    }

    fn batch(&mut self, batch: &proto::BatchPage) {
        self.line(Label::Batch, &self.batch_line(batch));
        if !batch.document.is_empty() {
            self.line(Label::Document, &batch.document);
        }
        if !batch.goods.is_empty() {
            self.line(Label::Model, &batch.goods);
        }
        if batch.declared_quantity > 0 {
            self.line(Label::Quantity, &grouped(batch.declared_quantity));
        }
        let steps = batch
            .steps
            .iter()
            .map(|step| format!("{}  {}", self.language.moment(step.unix_seconds), self.language.state(&step.state)));
        let steps: Vec<_> = steps.collect();
        self.lines(Label::History, steps);
    }
}
