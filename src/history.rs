//! The story of a device or a number: everything that any batch ever said of it, in order, and who did it.
//!
//! Rows are never overwritten, so the story is complete: also what was withdrawn, released or taken off is in it.
//! What always holds: each event names the journal entry that brought it about; an event about several devices of one
//! number is told once for each. Numbers are whole here: whoever shows them masks them.

use crate::{
    batch::{Batch, BatchNumber, BatchState, Batches, BodyRow, TacClass},
    fold::Row,
    identity::{EquipmentKey, Imsi, Msisdn},
    journal::{Change, Entry},
    listing::Door,
    page::PageId,
    pairing::{Number, NumberKind},
    revision::Revision,
    store::{Store, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a batch says of its subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// The device is listed; with the number that the listing is bound to.
    Listed(Option<Number>),
    /// The device is listed in the place of another, which was a typing error.
    CorrectedFrom(EquipmentKey),
    /// The device leaves a batch: another was meant.
    CorrectedTo(EquipmentKey),
    /// The device leaves a batch.
    TakenOff(BatchNumber),
    /// Device and number belong together; with the SIM that came with the number.
    Paired(Number, Option<Imsi>),
    /// They do no more; the batch that had paired them.
    Released(Number, BatchNumber),
    /// The other IMEIs of the phone.
    Linked(Vec<EquipmentKey>),
    /// A class of the model, and its level: 0 no more, 1 yes, 2 hard.
    Model(TacClass, u8),
    /// A SIM and its number; none: the SIM leaves the map.
    Subscriber(Imsi, Option<Msisdn>),
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The journal entry.
    pub revision: Revision,
    /// When it was made, in seconds since the Unix epoch.
    pub unix_seconds: i64,
    /// The device; none for a SIM.
    pub device: Option<EquipmentKey>,
    /// What the batch says.
    pub said: Said,
    /// The state that the batch took by this entry.
    pub state: BatchState,
    /// Whether the batch was in force before, suspended, and is again.
    pub again: bool,
    /// The batch.
    pub batch: BatchNumber,
    /// Its door.
    pub door: Door,
    /// Kind of list.
    pub kind: String,
    /// Document that it rests on; may be empty.
    pub document: String,
    /// Operator; may be empty.
    pub operator: String,
    /// Outlet, office or counter; may be empty.
    pub outlet: String,
    /// Why, where that was said; may be empty.
    pub reason: String,
    /// Who did it.
    pub principal: String,
    /// Who approved it; empty: nobody had to.
    pub approver: String,
}

/// The story of a device up to an entry, oldest first.
///
/// # Errors
/// When a row or an entry is unreadable.
pub fn of_device(store: &Store, key: EquipmentKey, seq: u64) -> Result<Vec<Event>, StoreError> {
    let rows = store.page_rows(PageId::of(key))?;
    let mut story = Story::new(store, seq);
    story.device(key, &rows, &|_| true)?;
    for (number, row) in store.model_rows(key.tac())? {
        if let BodyRow::TacClass { class, level, .. } = row {
            story.add(number, Some(key), Said::Model(class, level))?;
        }
    }
    Ok(story.told())
}

/// The story of a number or a SIM up to an entry, oldest first: its devices, and its place in the map of subscribers.
/// Of an MSISDN the SIMs are those that were ever given it, and those that came with a pairing of it; of the SIMs that
/// have it as of the entry, the pairings that name the SIM alone are its own.
///
/// # Errors
/// When a row or an entry is unreadable.
pub fn of_number(store: &Store, number: Number, seq: u64) -> Result<Vec<Event>, StoreError> {
    let mut story = Story::new(store, seq);
    let mut devices: BTreeSet<EquipmentKey> = store.devices_of(number)?.into_iter().map(|(key, _)| key).collect();
    let (mut sims, mut own_sims) = (BTreeSet::new(), BTreeSet::new());
    match number.kind() {
        NumberKind::Imsi(imsi) => _ = sims.insert(imsi),
        NumberKind::Msisdn(msisdn) => {
            sims.extend(store.sims_named_with(msisdn)?);
            for (imsi, _) in store.sims_of(msisdn, seq)? {
                devices.extend(store.devices_of(imsi.into())?.into_iter().map(|(key, _)| key));
                own_sims.insert(Number::from(imsi));
            }
        }
    }
    for key in devices {
        let rows = store.page_rows(PageId::of(key))?;
        let names = |row: &BodyRow| match row {
            BodyRow::Mark { number: bound, .. } => bound.map(Number::from) == Some(number),
            BodyRow::Pairing { number: paired, imsi, .. } => {
                *paired == number || imsi.map(Number::from) == Some(number) || own_sims.contains(paired)
            }
            _ => false,
        };
        story.device(key, &rows, &names)?;
        sims.extend(rows.iter().filter(|(_, row)| names(row)).filter_map(|(_, row)| match row {
            BodyRow::Pairing { imsi, .. } => *imsi,
            _ => None,
        }));
    }
    for sim in sims {
        for (batch, row) in store.subscriber_rows(sim)? {
            if let BodyRow::Subscriber { imsi, msisdn, .. } = row {
                story.add(batch, None, Said::Subscriber(imsi, msisdn))?;
            }
        }
    }
    Ok(story.told())
}

/// A story while it is gathered.
struct Story<'a> {
    store: &'a Store,
    batches: Arc<Batches>,
    seq: u64,
    events: BTreeMap<(u64, BatchNumber, Option<EquipmentKey>, Said), Event>,
    entries: BTreeMap<u64, Entry>,
}

impl<'a> Story<'a> {
    fn new(store: &'a Store, seq: u64) -> Self {
        Self { store, batches: store.batches(), seq, events: BTreeMap::new(), entries: BTreeMap::new() }
    }

    /// What the rows of a page say of one of its devices.
    fn device(
        &mut self,
        about: EquipmentKey,
        rows: &[Row],
        counts: &dyn Fn(&BodyRow) -> bool,
    ) -> Result<(), StoreError> {
        for (number, row) in rows.iter().filter(|(_, row)| counts(row)) {
            let Some(said) = said(row, about) else { continue };
            let said = match self.corrected(*number, about, &said)? {
                Some(corrected) => corrected,
                None => said,
            };
            self.add(*number, Some(about), said)?;
        }
        Ok(())
    }

    /// Whether a row is one half of a correction: a single operation that lists one device and takes off another.
    fn corrected(&self, number: BatchNumber, about: EquipmentKey, said: &Said) -> Result<Option<Said>, StoreError> {
        let is_single = |batch: &Batch| batch.header.declared.mode == SINGLE && batch.header.class.is_some();
        if !matches!(said, Said::Listed(_) | Said::TakenOff(_)) || !self.batches.get(number).is_some_and(is_single) {
            return Ok(None);
        }
        let (mut wrong, mut right) = (Vec::new(), Vec::new());
        for row in self.store.body(number)? {
            match row? {
                BodyRow::Page { id, target: Some(_), bits } => wrong.extend(bits.iter().filter_map(|at| id.key(at))),
                BodyRow::Page { id, target: None, bits } => right.extend(bits.iter().filter_map(|at| id.key(at))),
                BodyRow::Mark { key, .. } => right.push(key),
                _ => {}
            }
        }
        Ok(match (wrong.as_slice(), right.as_slice()) {
            ([wrong], [right]) if wrong == &about => Some(Said::CorrectedTo(*right)),
            ([wrong], [right]) if right == &about => Some(Said::CorrectedFrom(*wrong)),
            _ => None,
        })
    }

    /// One event for each state of a batch but the first, in which nobody saw it.
    fn add(&mut self, number: BatchNumber, device: Option<EquipmentKey>, said: Said) -> Result<(), StoreError> {
        let batches = Arc::clone(&self.batches);
        let Some(batch) = batches.get(number) else { return Ok(()) };
        let (mut before, last) = (BatchState::Staged, self.seq);
        for &(seq, state) in batch.states.iter().filter(|(seq, _)| *seq <= last) {
            let again = (before, state) == (BatchState::Suspended, BatchState::Active);
            before = state;
            if state == BatchState::Staged {
                continue;
            }
            let event = self.event(seq, number, batch, device, said.clone(), state, again)?;
            self.events.insert((seq, number, device, said.clone()), event);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one event, gathered where they are known")]
    fn event(
        &mut self,
        seq: u64,
        number: BatchNumber,
        batch: &Batch,
        device: Option<EquipmentKey>,
        said: Said,
        state: BatchState,
        again: bool,
    ) -> Result<Event, StoreError> {
        let entry = match self.entries.get(&seq) {
            Some(entry) => entry,
            None => {
                let entry = self.store.entry(seq)?.unwrap_or_default();
                self.entries.entry(seq).or_insert(entry)
            }
        };
        let told = match &entry.change {
            Some(Change::BatchStateChanged(changed)) => changed.reason.clone(),
            Some(Change::BatchDiscarded(discarded)) => discarded.reason.clone(),
            _ => String::new(),
        };
        let header = &batch.header;
        Ok(Event {
            revision: Revision { epoch: entry.epoch, seq },
            unix_seconds: entry.time_unix_ms.div_euclid(1000),
            device,
            said,
            state,
            again,
            batch: number,
            door: header.door,
            kind: header.kind.clone(),
            document: header.document.clone(),
            operator: header.operator.clone(),
            outlet: header.declared.outlet.clone(),
            reason: if told.is_empty() { header.declared.reason.clone() } else { told },
            principal: entry.principal.clone(),
            approver: entry.approver.clone(),
        })
    }

    fn told(self) -> Vec<Event> {
        self.events.into_values().collect()
    }
}

/// The mode of a batch that a single operation made.
const SINGLE: &str = "single";

/// What a row says of a device; `None`: nothing.
fn said(row: &BodyRow, about: EquipmentKey) -> Option<Said> {
    let place = PageId::place(about);
    match row {
        BodyRow::Page { target: None, bits, .. } if bits.contains(place) => Some(Said::Listed(None)),
        BodyRow::Page { target: Some(target), bits, .. } if bits.contains(place) => Some(Said::TakenOff(*target)),
        BodyRow::Mark { key, number, .. } if *key == about => Some(Said::Listed(number.map(Number::from))),
        BodyRow::Pairing { key, number, target: None, imsi, .. } if *key == about => Some(Said::Paired(*number, *imsi)),
        BodyRow::Pairing { key, number, target: Some(target), .. } if *key == about => {
            Some(Said::Released(*number, *target))
        }
        BodyRow::Link { key, others } if *key == about => Some(Said::Linked(others.clone())),
        _ => None,
    }
}

impl Said {
    /// In words; `show` writes a number.
    pub fn words(&self, show: &dyn Fn(Number) -> String) -> String {
        let imei = |key: &EquipmentKey| key.to_string();
        match self {
            Self::Listed(None) => "listed".to_owned(),
            Self::Listed(Some(number)) => format!("listed, bound to or seen with {}", show(*number)),
            Self::CorrectedFrom(wrong) => format!("listed instead of {}, a typing error", imei(wrong)),
            Self::CorrectedTo(right) => format!("taken off as a typing error; {} was meant", imei(right)),
            Self::TakenOff(target) => format!("taken off batch {target}"),
            Self::Paired(number, None) => format!("paired with {}", show(*number)),
            Self::Paired(number, Some(imsi)) => format!("paired with {}, SIM {}", show(*number), show((*imsi).into())),
            Self::Released(number, target) => format!("released from {} (batch {target})", show(*number)),
            Self::Linked(others) => {
                format!("the same phone as {}", others.iter().map(imei).collect::<Vec<_>>().join(", "))
            }
            Self::Model(TacClass::ExemptType, 0) => "its model is inside the rule again".to_owned(),
            Self::Model(TacClass::ExemptType, _) => "its model is outside the rule".to_owned(),
            Self::Model(TacClass::Bar, 0) => "its model is barred no more".to_owned(),
            Self::Model(TacClass::Bar, 1) => "its model may not be sold (soft bar)".to_owned(),
            Self::Model(TacClass::Bar, _) => "its model is barred (hard bar)".to_owned(),
            Self::Subscriber(sim, Some(msisdn)) => {
                format!("SIM {} has the number {}", show((*sim).into()), show((*msisdn).into()))
            }
            Self::Subscriber(sim, None) => format!("SIM {} leaves the map", show((*sim).into())),
        }
    }
}

impl Event {
    /// What became of the batch.
    pub const fn step(&self) -> &'static str {
        match self.state {
            BatchState::Active if self.again => "restored",
            BatchState::Active => "in force",
            state => state.name(),
        }
    }
}

#[cfg(test)]
mod tests;
