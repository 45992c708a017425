//! Looking something up at the desk, and revealing a number: on record before anything is shown.

use super::{
    Agent, Case, CaseNumber, Deed, Desk, DeskError, Refused,
    entry::{Entry, SALT_BYTES, Subject, Values, commitment, device_subject},
    now, purpose, without_nik,
};
use crate::{
    check::Clock,
    explain::Explainer,
    history::{Event, Said},
    identity::{EquipmentKey, may_hold_nik},
    lookup::{Finder, Found, Lookup, LookupOrder},
    pairing::Number,
    revision::Revision,
    store::{AuditRecord, StoreError},
};
use prost::Message;
use std::collections::BTreeMap;

/// Numbers of one page that are recorded.
const SUBJECTS_MAX: usize = 256;
/// Characters of what was asked for that are recorded.
const TEXT_CHARS_MAX: usize = 200;

/// What was found, on record.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The page.
    pub lookup: Lookup,
    /// The last refusals of the device or number, newest first.
    pub refusals: Vec<Refused>,
    /// Cases of the device or number that are not closed.
    pub cases: Vec<Case>,
    /// The audit entry.
    pub entry: u64,
}

/// Numbers shown in full, on record.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// Those of the page that look as the masked one.
    pub numbers: Vec<Number>,
    /// The audit entry.
    pub entry: u64,
}

/// What goes into an audit entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded {
    pub(super) about: &'static str,
    pub(super) text: String,
    pub(super) why: String,
    /// Each number with whether it is shown in full.
    pub(super) subjects: BTreeMap<u64, bool>,
    pub(super) devices: Vec<EquipmentKey>,
    pub(super) revision: Revision,
}

impl Desk {
    /// Looks up. The order's `only` is the agent's operator, whatever it says. `why` may be empty.
    ///
    /// # Errors
    /// When nothing can be looked up by that order, or it cannot be recorded.
    pub fn look_up(&self, agent: &Agent, order: LookupOrder, why: &str) -> Result<Looked, DeskError> {
        let (lookup, mut recorded) = self.found(agent, order, why)?;
        let (refusals, cases) = match &lookup.found {
            Found::Device(page) => match page.key {
                Some(key) => (self.refusals_of_device(agent, key, now())?, self.open_cases_of_device(agent, key)?),
                None => (Vec::new(), Vec::new()),
            },
            Found::Number(page) => {
                let number = page.number;
                (self.refusals_of_number(agent, number, now())?, self.open_cases_of_number(agent, number)?)
            }
            Found::Document(_) | Found::Batch(_) => (Vec::new(), Vec::new()),
        };
        let callers = cases.iter().filter_map(Case::caller);
        for number in refusals.iter().filter_map(|refused| refused.number).chain(callers) {
            recorded.subjects.entry(number.to_stored()).or_insert(false);
        }
        let entry = self.record(agent, Deed::LookUp, recorded)?;
        Ok(Looked { lookup, refusals, cases, entry })
    }

    /// Shows in full the numbers of a page, or of a case (`K000-0174`), that look as `masked` there; `batch`: of this
    /// batch only.
    ///
    /// # Errors
    /// When no purpose is stated, the page has no such number, or it cannot be recorded: then nothing is shown.
    pub fn reveal(
        &self,
        agent: &Agent,
        order: LookupOrder,
        masked: &str,
        batch: Option<u64>,
        why: &str,
    ) -> Result<Revealed, DeskError> {
        let why = purpose(why)?;
        if let Some(Ok(number)) = CaseNumber::asked(&order.text) {
            return self.reveal_of_case(agent, number, masked, why);
        }
        let (lookup, mut recorded) = self.found(agent, order, &why)?;
        let on_page: Vec<Number> = match &lookup.found {
            Found::Device(page) => {
                let of_batch = page.pairings.iter().filter(|pair| batch.is_none_or(|batch| pair.batch == batch));
                of_batch.map(|pair| pair.number).collect()
            }
            Found::Number(page) => {
                let sims = page.sims.iter().map(|sim| Number::from(*sim));
                [page.number].into_iter().chain(page.msisdn.map(Number::from)).chain(sims).collect()
            }
            Found::Document(_) | Found::Batch(_) => Vec::new(),
        };
        let mut numbers: Vec<_> = on_page.into_iter().filter(|number| number.masked() == masked.trim()).collect();
        numbers.sort_by_key(|number| number.to_stored());
        numbers.dedup();
        if numbers.is_empty() {
            return Err(DeskError::NotShown);
        }
        recorded.subjects = numbers.iter().map(|number| (number.to_stored(), true)).collect();
        let entry = self.record(agent, Deed::Reveal, recorded)?;
        Ok(Revealed { numbers, entry })
    }

    /// The number of a case's caller: whoever works on it calls back.
    fn reveal_of_case(
        &self,
        agent: &Agent,
        number: CaseNumber,
        masked: &str,
        why: String,
    ) -> Result<Revealed, DeskError> {
        let case = self.seen_case(agent, number)?;
        let caller = case.caller().filter(|caller| caller.masked() == masked.trim()).ok_or(DeskError::NotShown)?;
        let recorded = Recorded {
            about: "case",
            text: number.to_string(),
            why,
            subjects: BTreeMap::from([(caller.to_stored(), true)]),
            devices: case.device().into_iter().collect(),
            revision: self.revision(),
        };
        let entry = self.record(agent, Deed::Reveal, recorded)?;
        Ok(Revealed { numbers: vec![caller], entry })
    }

    fn found(&self, agent: &Agent, order: LookupOrder, why: &str) -> Result<(Lookup, Recorded), DeskError> {
        let order = LookupOrder { only: agent.operator.clone(), ..order };
        let explainer = Explainer::new(std::sync::Arc::clone(&self.store), Clock::fixed(now()));
        let lookup = Finder::new(explainer).find(&order)?;
        let mut recorded = on_page(&lookup);
        for named in [order.msisdn.map(Number::from), order.imsi.map(Number::from)].into_iter().flatten() {
            recorded.subjects.insert(named.to_stored(), true);
        }
        without_nik("purpose", why)?;
        recorded.text = kept_text(&lookup, order.text.trim());
        if lookup.may_be_nik {
            recorded.devices.clear();
        }
        recorded.why = why.trim().chars().take(TEXT_CHARS_MAX).collect();
        Ok((lookup, recorded))
    }

    /// Records a deed, durably.
    pub(super) fn record(&self, agent: &Agent, deed: Deed, recorded: Recorded) -> Result<u64, DeskError> {
        let Recorded { about, text, why, subjects, devices, revision } = recorded;
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(StoreError::from)?;
        let in_full = subjects.values().filter(|in_full| **in_full).count();
        let keys = self.desk.keys();
        let numbers = subjects.keys().map(|number| keys.hash(&number.to_be_bytes()));
        let hashes = numbers.chain(devices.iter().map(|key| keys.hash(&device_subject(key.get())))).collect();
        let masked = subjects.len() - in_full;
        let subjects = subjects.into_iter().map(|(number, in_full)| Subject { number, in_full }).collect();
        let devices = devices.into_iter().map(EquipmentKey::get).collect();
        let value = Values { text, why, subjects, devices }.salted(salt);
        let entry = Entry {
            time_unix_ms: jiff::Timestamp::now().as_millisecond(),
            principal: agent.name.clone(),
            operator: agent.operator.clone().unwrap_or_default(),
            deed: deed.code().into(),
            about: about.to_owned(),
            commitment: commitment(&value).to_vec(),
            masked: u32::try_from(masked).unwrap_or(u32::MAX),
            in_full: u32::try_from(in_full).unwrap_or(u32::MAX),
            epoch: revision.epoch,
            seq: revision.seq,
            erased: None,
        };
        Ok(self.desk.record(AuditRecord { leaf: entry.encode_to_vec(), value, subjects: hashes })?)
    }
}

/// What was typed, as the record keeps it: what names a device, a number, a document or a batch; of anything else only how
/// much it was, because it may be somebody's name or NIK.
fn kept_text(lookup: &Lookup, typed: &str) -> String {
    let is_named = match &lookup.found {
        Found::Device(page) => page.key.is_some() && !lookup.may_be_nik,
        Found::Number(_) | Found::Batch(_) => true,
        Found::Document(_) => !may_hold_nik(typed),
    };
    match is_named {
        true => typed.chars().take(TEXT_CHARS_MAX).collect(),
        false => format!("({} characters that name nothing here)", typed.chars().count()),
    }
}

/// Whom and what a page shows.
fn on_page(lookup: &Lookup) -> Recorded {
    let mut recorded = Recorded { revision: lookup.revision, ..Recorded::default() };
    let (about, numbers): (_, Vec<Number>) = match &lookup.found {
        Found::Device(page) => {
            recorded.devices.extend(page.key);
            let paired = page.pairings.iter().map(|pair| pair.number);
            ("device", paired.chain(page.history.iter().flat_map(numbers_of)).collect())
        }
        Found::Number(page) => {
            recorded.subjects.insert(page.number.to_stored(), true);
            recorded.devices.extend(page.devices.iter().map(|device| device.key));
            let sims = page.sims.iter().map(|sim| Number::from(*sim)).chain(page.msisdn.map(Number::from));
            ("number", sims.chain(page.history.iter().flat_map(numbers_of)).collect())
        }
        Found::Document(_) => ("document", Vec::new()),
        Found::Batch(_) => ("batch", Vec::new()),
    };
    recorded.about = about;
    for number in numbers.into_iter().take(SUBJECTS_MAX) {
        recorded.subjects.entry(number.to_stored()).or_insert(false);
    }
    recorded
}

/// The numbers that a line of a story names.
fn numbers_of(event: &Event) -> Vec<Number> {
    match &event.said {
        Said::Listed(Some(number)) | Said::Released(number, _) => vec![*number],
        Said::Paired(number, sim) => [*number].into_iter().chain(sim.map(Number::from)).collect(),
        Said::Subscriber(sim, msisdn) => [Number::from(*sim)].into_iter().chain(msisdn.map(Number::from)).collect(),
        _ => Vec::new(),
    }
}
