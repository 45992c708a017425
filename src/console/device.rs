//! The page of a device: the answer that every network gets, what to say, and what lies behind it.

use super::verdict::{Badge, imei, spread, words};
use crate::{
    check::{EvidenceLine, Model},
    day::Day,
    history::Event,
    listing::Door,
    lookup::{Asking, DevicePage, OperatorAnswers, deed},
    pairing::{Number, PairingKind},
    words::Language,
};

/// Lines of a story that are shown.
const HISTORY_MAX: usize = 50;

/// See the module.
pub(super) struct DeviceView {
    /// As it stands on the box; empty: the value names no device.
    pub(super) imei: String,
    /// What the value breaks, in English; empty: nothing.
    pub(super) malformed: &'static str,
    pub(super) model: String,
    pub(super) badge: Badge,
    pub(super) say: String,
    pub(super) next_step: String,
    pub(super) contact: String,
    /// What may have been meant, and whether the register knows it.
    pub(super) suggestions: Vec<(String, bool)>,
    /// The operator whose SIM the digits may also be; empty: they are none.
    pub(super) imsi_operator: &'static str,
    /// Whether a number or SIM was asked with: the networks' table has a column for it.
    pub(super) is_with_number: bool,
    pub(super) networks: Vec<NetworkView>,
    pub(super) evidence: Vec<EvidenceView>,
    pub(super) changes: Vec<ChangeView>,
    pub(super) pairings: Vec<PairingView>,
    pub(super) others: Vec<(String, Badge)>,
    pub(super) history: Vec<DeedView>,
    pub(super) history_left: usize,
}

/// What the network of an operator gets.
pub(super) struct NetworkView {
    /// The operator; empty: all others.
    pub(super) name: String,
    pub(super) without_number: Option<Badge>,
    pub(super) with_number: Option<Badge>,
    pub(super) foreign_sim: Option<Badge>,
}

/// A line of evidence.
pub(super) struct EvidenceView {
    pub(super) class: String,
    pub(super) state: String,
    pub(super) until: String,
    pub(super) door: String,
    pub(super) batch: u64,
    pub(super) document: String,
    pub(super) decides: bool,
}

/// What would change the answer.
pub(super) struct ChangeView {
    pub(super) what: String,
    pub(super) badge: Option<Badge>,
}

/// A pairing that may be seen; the number is masked.
pub(super) struct PairingView {
    pub(super) number: String,
    pub(super) kind: String,
    pub(super) until: String,
    pub(super) batch: u64,
    pub(super) asked: bool,
}

/// Something that happened.
pub(super) struct DeedView {
    pub(super) moment: String,
    /// The device, where the story is of a number; empty: none.
    pub(super) imei: String,
    pub(super) what: String,
    pub(super) state: String,
    pub(super) batch: u64,
    pub(super) door: String,
    /// Document, operator and reason, where there are any.
    pub(super) about: String,
    pub(super) principal: String,
    pub(super) approver: String,
}

impl DeviceView {
    pub(super) fn of(page: &DevicePage, language: Language) -> Self {
        let words = words(language, &page.answer.verdict);
        let typing = page.typing.as_ref();
        let suggestions = typing.iter().flat_map(|typing| &typing.suggestions);
        let changes = page.outlook.remedies.iter().map(|(remedy, after)| ChangeView {
            what: language.remedy(*remedy),
            badge: after.as_ref().map(|after| Badge::of(language, after)),
        });
        let turn = page.outlook.next.map(|turn| ChangeView {
            what: language.screen_of("from-moment", &language.moment(turn.unix_seconds)),
            badge: Some(Badge::of(language, &turn.verdict)),
        });
        let pairings = page.pairings.iter().map(|pairing| PairingView {
            number: pairing.number.masked(),
            kind: language.evidence_class(kind_of(pairing.kind)),
            until: until(language, pairing.valid_until),
            batch: pairing.batch,
            asked: pairing.asked,
        });
        let networks: Vec<_> = networks(&page.operators, language);
        Self {
            imei: page.key.map(imei).unwrap_or_default(),
            malformed: page.malformed.unwrap_or_default(),
            model: page.model.as_ref().map(|model| model_of(model, language)).unwrap_or_default(),
            badge: Badge::of_answer(language, &page.answer),
            say: words.say,
            next_step: words.next_step,
            contact: words.contact,
            imsi_operator: typing.and_then(|typing| typing.imsi_operator).unwrap_or_default(),
            suggestions: suggestions.map(|(imei, known)| (spread(&imei.to_string()), *known)).collect(),
            is_with_number: networks.iter().any(|network| network.with_number.is_some()),
            networks,
            evidence: page.evidence.iter().map(|line| evidence(line, language)).collect(),
            changes: changes.chain(turn).collect(),
            pairings: pairings.collect(),
            others: page.linked.iter().map(|(key, answer)| (imei(*key), Badge::of_answer(language, answer))).collect(),
            history: deeds(&page.history, language, false),
            history_left: page.history.len().saturating_sub(HISTORY_MAX),
        }
    }
}

/// Maker, name and rule of a model.
pub(super) fn model_of(model: &Model, language: Language) -> String {
    let rule = match model.rule.as_str() {
        "" => String::new(),
        rule => format!(" ({})", language.evidence_class(rule)),
    };
    format!("{} {}{rule}", model.manufacturer, model.name)
}

/// The catalogue's name of a kind of pairing.
const fn kind_of(kind: PairingKind) -> &'static str {
    match kind {
        PairingKind::Allowance => "allowance",
        PairingKind::Binding => "binding",
    }
}

pub(super) fn until(language: Language, day: Option<Day>) -> String {
    day.map_or_else(String::new, |day| language.date(day))
}

/// The name of a door, in words.
pub(super) fn door(language: Language, name: &str) -> String {
    name.parse::<Door>().map_or_else(|_| name.to_owned(), |door| language.door(door))
}

/// The operators whose network gets other answers than the rest, and what the rest gets.
fn networks(operators: &[OperatorAnswers], language: Language) -> Vec<NetworkView> {
    let Some((national, own)) = operators.split_first() else { return Vec::new() };
    let same = |one: &&OperatorAnswers| {
        let verdicts = |of: &OperatorAnswers| -> Vec<_> {
            of.answers
                .iter()
                .map(|(asking, a)| (*asking, a.verdict.status, a.verdict.reason, a.basis.override_seq))
                .collect()
        };
        verdicts(one) == verdicts(national)
    };
    let view = |one: &OperatorAnswers| {
        let of = |asking: Asking| {
            let answer = one.answers.iter().find(|(asked, _)| *asked == asking);
            answer.map(|(_, answer)| Badge::of_answer(language, answer))
        };
        NetworkView {
            name: one.operator.clone().unwrap_or_default(),
            without_number: of(Asking::WithoutNumber),
            with_number: of(Asking::WithNumber),
            foreign_sim: of(Asking::ForeignSim),
        }
    };
    own.iter().filter(|one| !same(one)).chain([national]).map(view).collect()
}

fn evidence(line: &EvidenceLine, language: Language) -> EvidenceView {
    EvidenceView {
        class: language.evidence_class(&line.class),
        state: language.state(line.state.name()),
        until: until(language, line.valid_until),
        door: door(language, &line.door),
        batch: line.batch,
        document: line.document.clone(),
        decides: line.decisive,
    }
}

/// A story, newest first.
pub(super) fn deeds(story: &[Event], language: Language, with_device: bool) -> Vec<DeedView> {
    let told = story.iter().rev().take(HISTORY_MAX).map(|event| {
        let (what, other) = deed(&event.said, &Number::masked);
        let about = [&event.document, &event.operator, &event.outlet, &event.reason];
        let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).cloned().collect();
        DeedView {
            moment: language.moment(event.unix_seconds),
            imei: event.device.filter(|_| with_device).map(imei).unwrap_or_default(),
            what: language.deed(what, &other),
            state: language.batch_state(event.state),
            batch: event.batch,
            door: language.door(event.door),
            about: about.join(", "),
            principal: event.principal.clone(),
            approver: event.approver.clone(),
        }
    });
    told.collect()
}
