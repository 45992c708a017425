//! The check: a question in, an answer with its basis out, from memory alone.
//!
//! A check loads one root of the hot sets and reads everything from it: subscriber map, evidence, settings. So no
//! answer mixes two revisions. What always holds: a node that has not loaded its register yet gives [`NotReady`],
//! never *unknown equipment*; nothing here blocks, waits or reads a disk.

mod clock;
mod explanation;

pub use clock::Clock;
pub use explanation::{
    AsOf, AsOfError, EvidenceKind, EvidenceLine, EvidenceState, Explain, ExplainError, Explanation, HistoryLine, Model,
    PairingLine, When,
};

use crate::{
    day::Day,
    hot::{HotSets, Published},
    identity::{EquipmentKey, Imsi, Msisdn, Pei},
    ledger::{self, OverrideAnswer},
    pairing::{self, Allowances, Pairs, Subscriber},
    policy::{Asked, Evidence, Policy, Question, Status, Verdict, decide},
    registration::{Hot, Live},
    revision::Revision,
};
use std::sync::{Arc, OnceLock};

/// The equipment of a question, as far as a check needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EquipmentValue {
    /// A device.
    Key(EquipmentKey),
    /// A value that is no IMEI, or all zeros.
    Malformed,
    /// A legal PEI that is no IMEI (`mac-…`, `eui-…`).
    Other,
}

impl EquipmentValue {
    /// The 14 digits as a number. Zero, and 10^14 or more, is malformed.
    pub fn from_number(number: u64) -> Self {
        match EquipmentKey::new(number) {
            Ok(key) if !key.is_zero() => Self::Key(key),
            _ => Self::Malformed,
        }
    }

    const fn key(self) -> Option<EquipmentKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Malformed | Self::Other => None,
        }
    }

    fn asked(self) -> Asked {
        match self {
            Self::Key(key) => Asked::Device { test_tac: key.tac().is_test() },
            Self::Malformed => Asked::Malformed,
            Self::Other => Asked::Other,
        }
    }
}

impl From<Pei> for EquipmentValue {
    fn from(pei: Pei) -> Self {
        match pei {
            Pei::Equipment(equipment) => Self::Key(equipment.key()),
            Pei::Other => Self::Other,
            Pei::Malformed(_) => Self::Malformed,
        }
    }
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The equipment.
    pub equipment: EquipmentValue,
    /// The subscriber's number, where the asker knows it.
    pub msisdn: Option<Msisdn>,
    /// The subscriber's identity, where the asker knows it.
    pub imsi: Option<Imsi>,
    /// An emergency attach or call.
    pub emergency: bool,
}

impl Inquiry {
    /// A question about equipment alone.
    pub const fn of(equipment: EquipmentValue) -> Self {
        Self { equipment, msisdn: None, imsi: None, emergency: false }
    }
}

/// What an answer rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The data.
    pub revision: Revision,
    /// The entry that put the settings in force; 0: the built-in ones.
    pub settings_seq: u64,
    /// Number of the override that made the status what it is; 0: none.
    pub override_seq: u64,
    /// Seconds since this node last confirmed that it holds everything acknowledged. Zero on the primary.
    pub age_seconds: u32,
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What to do, and why.
    pub verdict: Verdict,
    /// What it rests on.
    pub basis: Basis,
}

/// The register is still being loaded: no answer can be given yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the register is still being loaded: ask again shortly")]
pub struct NotReady;

/// The read path. Cloning copies references only.
#[derive(Clone, Debug)]
pub struct Checker {
    sets: Arc<OnceLock<Arc<Published>>>,
    registrations: Arc<OnceLock<Arc<Live>>>,
    clock: Clock,
}

impl Checker {
    /// A checker whose register is still being loaded.
    pub fn warming(clock: Clock) -> Self {
        Self { sets: Arc::default(), registrations: Arc::default(), clock }
    }

    /// A checker over hot sets.
    pub fn new(sets: Arc<Published>, clock: Clock) -> Self {
        let checker = Self::warming(clock);
        checker.make_ready(sets);
        checker
    }

    /// Gives the loaded register to this checker and all its clones. A second call changes nothing.
    pub fn make_ready(&self, sets: Arc<Published>) {
        if self.sets.set(sets).is_err() {
            tracing::warn!("the hot sets were given twice; the first stay");
        }
    }

    /// Gives the registrations of subscribers to this checker and all its clones. A second call changes nothing.
    pub fn give_registrations(&self, live: Arc<Live>) {
        // The same ones, for as long as the process runs.
        let _ = self.registrations.set(live);
    }

    /// The registrations of subscribers: beside every verdict, and never in one. `None`: they are not loaded.
    pub fn registrations(&self) -> Option<Arc<Hot>> {
        self.registrations.get()?.load()
    }

    /// Whether checks are answered.
    pub fn is_ready(&self) -> bool {
        self.sets.get().is_some()
    }

    /// The newest root, for figures.
    ///
    /// # Errors
    /// While the register is being loaded.
    pub fn sets(&self) -> Result<Arc<HotSets>, NotReady> {
        Ok(Arc::clone(&self.sets.get().ok_or(NotReady)?.load()))
    }

    /// Answers one question. `operator`: whose settings hold; none: the national ones.
    ///
    /// # Errors
    /// While the register is being loaded.
    pub fn check(&self, inquiry: &Inquiry, operator: Option<&str>) -> Result<Answer, NotReady> {
        let sets = self.sets.get().ok_or(NotReady)?.load();
        let scene = Scene::of(&sets, operator, &self.clock);
        Ok(Answer { verdict: scene.verdict(inquiry), basis: scene.basis })
    }

    /// Answers many questions from one root; `answer` gets each question's index and verdict once, in order.
    ///
    /// # Errors
    /// While the register is being loaded; `answer` is then never called.
    pub fn check_batch(
        &self,
        inquiries: &[Inquiry],
        operator: Option<&str>,
        mut answer: impl FnMut(usize, &Verdict),
    ) -> Result<Basis, NotReady> {
        let sets = self.sets.get().ok_or(NotReady)?.load();
        let scene = Scene::of(&sets, operator, &self.clock);
        let mut sims = Vec::new();
        for (nth, group) in inquiries.chunks(HotSets::TOGETHER).enumerate() {
            let mut keys = [None; HotSets::TOGETHER];
            keys.iter_mut().zip(group).for_each(|(key, inquiry)| *key = inquiry.equipment.key());
            let found = sets.evidence_group(keys.get(..group.len()).unwrap_or(&[]));
            let mut imsis = [None; HotSets::TOGETHER];
            for ((imsi, inquiry), evidence) in imsis.iter_mut().zip(group).zip(&found) {
                *imsi = sim_asked(inquiry, evidence);
                sims.extend(sims_met(inquiry, evidence));
            }
            let known = sets.subscribers_group(imsis.get(..group.len()).unwrap_or(&[]));
            sets.touch_subscribers(&sims);
            sims.clear();
            for (index, ((inquiry, evidence), known)) in group.iter().zip(&found).zip(known).enumerate() {
                let known = known.map(|entry| entry.msisdn);
                answer(nth * HotSets::TOGETHER + index, &scene.decide(inquiry, evidence, known));
            }
        }
        Ok(scene.basis)
    }
}

/// Whether the number of the SIM that asks can change the verdict: it can be the one asked, or one that is known of the
/// device.
fn needs_number(inquiry: &Inquiry, evidence: &Evidence<'_>) -> bool {
    inquiry.msisdn.is_some() || !evidence.pairs.is_empty() || evidence.marks.iter().any(|mark| mark.number.is_some())
}

/// The SIM that asks, where its number can change the verdict. The map is not asked where its answer is not read: most
/// devices have no number.
fn sim_asked(inquiry: &Inquiry, evidence: &Evidence<'_>) -> Option<Imsi> {
    inquiry.imsi.filter(|_| needs_number(inquiry, evidence))
}

/// The SIMs of a device whose numbers a decision asks for, most of them.
fn sims_met(inquiry: &Inquiry, evidence: &Evidence<'_>) -> impl Iterator<Item = Imsi> {
    let is_met = inquiry.imsi.is_none() && inquiry.msisdn.is_some();
    let plain = if is_met { evidence.pairs.plain } else { Allowances::default() };
    plain.iter().filter_map(|pair| pair.sim())
}

/// The verdict under an override: the status is what the override says, the reason is what it would have been.
pub(crate) const fn overridden(mut verdict: Verdict, answer: Option<OverrideAnswer>) -> Verdict {
    match answer {
        Some(OverrideAnswer::White) => verdict.status = Status::Whitelisted,
        Some(OverrideAnswer::Grey) => verdict.status = Status::Greylisted,
        Some(OverrideAnswer::AsUsual) | None => {}
    }
    verdict
}

/// One root, with what holds for all questions of one operator at one time.
struct Scene<'a> {
    sets: &'a HotSets,
    policy: &'a Policy,
    today: Day,
    basis: Basis,
    overriding: Option<OverrideAnswer>,
}

impl<'a> Scene<'a> {
    fn of(sets: &'a HotSets, operator: Option<&str>, clock: &Clock) -> Self {
        let now = clock.unix_seconds();
        let entry = sets.settings().at(now);
        let overriding = ledger::override_at(sets.overrides(), operator, now);
        let basis = Basis {
            revision: sets.revision(),
            settings_seq: entry.seq(),
            override_seq: overriding.map_or(0, |(number, _)| number),
            age_seconds: 0,
        };
        let overriding = overriding.map(|(_, answer)| answer);
        Self { sets, policy: entry.settings().policy(operator), today: Day::of_unix_seconds(now), basis, overriding }
    }

    fn verdict(&self, inquiry: &Inquiry) -> Verdict {
        let evidence = match inquiry.equipment {
            EquipmentValue::Key(key) => self.sets.evidence_beside(key, inquiry.imsi),
            EquipmentValue::Malformed | EquipmentValue::Other => Evidence::default(),
        };
        let known = sim_asked(inquiry, &evidence).and_then(|imsi| self.msisdn_of(imsi));
        self.decide(inquiry, &evidence, known)
    }

    /// `known`: the number that the map has for [`sim_asked`].
    fn decide(&self, inquiry: &Inquiry, evidence: &Evidence<'_>, known: Option<Msisdn>) -> Verdict {
        overridden(self.decide_as_usual(inquiry, evidence, known), self.overriding)
    }

    fn decide_as_usual(&self, inquiry: &Inquiry, evidence: &Evidence<'_>, known: Option<Msisdn>) -> Verdict {
        // Where the map knows another MSISDN for the IMSI than the one asked, the one asked decides and the disagreement
        // is reported.
        let subscriber = Subscriber {
            msisdn: inquiry.msisdn.or(known),
            imsi: inquiry.imsi,
            sim_changed: matches!((inquiry.msisdn, known), (Some(asked), Some(known)) if asked != known),
        };
        let question = Question { asked: inquiry.equipment.asked(), subscriber, emergency: inquiry.emergency };
        if let (None, Some(asked)) = (inquiry.imsi, inquiry.msisdn)
            && let Some(met) = pairing::as_asked_by(asked, evidence.pairs, |imsi| self.msisdn_of(imsi) == Some(asked))
        {
            let pairs = Pairs::in_full(&met);
            return decide(&question, &Evidence { pairs, ..*evidence }, self.policy, self.today);
        }
        decide(&question, evidence, self.policy, self.today)
    }

    fn msisdn_of(&self, imsi: Imsi) -> Option<Msisdn> {
        self.sets.subscriber(imsi).map(|entry| entry.msisdn)
    }
}
