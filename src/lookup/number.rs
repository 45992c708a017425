//! The page of a number or a SIM.

use super::{Desk, device::answer_of};
use crate::{
    check::{Answer, EquipmentValue, Inquiry, Model},
    history::{self, Event, Said},
    identity::{EquipmentKey, Imsi, Msisdn},
    pairing::{Number, NumberKind},
    store::StoreError,
};
use std::collections::{BTreeMap, BTreeSet};

/// Devices that a page shows: a number has a few.
const DEVICES_MAX: usize = 50;

/// Everything of a number.
#[derive(Clone, Debug)]
pub struct NumberPage {
    /// The number.
    pub number: Number,
    /// The number that the map of subscribers has for a SIM, where it may be seen.
    pub msisdn: Option<Msisdn>,
    /// The SIMs that the map of subscribers has or had for a number, and those that came with pairings of it.
    pub sims: Vec<Imsi>,
    /// The devices that it is or was paired with.
    pub devices: Vec<NumberDevice>,
    /// How many more there are.
    pub devices_left: usize,
    /// What happened, oldest first.
    pub history: Vec<Event>,
}

/// A device of a number.
#[derive(Clone, Debug)]
pub struct NumberDevice {
    /// The device.
    pub key: EquipmentKey,
    /// What the network of the pairing's operator gets when it asks with the number.
    pub answer: Answer,
    /// That operator; none: national.
    pub operator: Option<String>,
    /// Its model.
    pub model: Option<Model>,
    /// Whether a pairing or bound listing with the number, or with a SIM that has it, is in force.
    pub in_force: bool,
    /// The SIM of the number by which the device was found, where no row about the device names the number. The network
    /// was asked with it.
    pub by_sim: Option<Imsi>,
}

impl Desk<'_> {
    /// Whoever sees the subscribers of one operator finds of another's number what is found of one that nobody knows.
    pub(super) fn number(&self, number: Number) -> Result<NumberPage, StoreError> {
        let seq = self.reading.revision.seq;
        let mut inquiry = Inquiry::of(EquipmentValue::Malformed);
        let mut names = BTreeSet::from([number]);
        let (mut msisdn, mut own_sims) = (None, Vec::new());
        match number.kind() {
            NumberKind::Msisdn(asked) => {
                inquiry.msisdn = Some(asked);
                let sims = self.reading.store.sims_of(asked, seq)?.into_iter();
                own_sims = sims.filter(|(_, batch)| self.sees_numbers_of(*batch)).map(|(imsi, _)| imsi).collect();
            }
            NumberKind::Imsi(imsi) => {
                inquiry.imsi = Some(imsi);
                let known = self.reading.store.subscriber(imsi, seq)?.filter(|(batch, _)| self.sees_numbers_of(*batch));
                msisdn = known.map(|(_, msisdn)| msisdn);
                names.extend(msisdn.map(Number::from));
            }
        }
        let mut keys = BTreeSet::new();
        for name in &names {
            let devices = self.reading.store.devices_of(*name)?;
            let began = |batch| self.reading.batches.get(batch).is_some_and(|batch| batch.state_at(seq).is_some());
            let seen = devices.into_iter().filter(|(_, batch)| self.sees_numbers_of(*batch) && began(*batch));
            keys.extend(seen.map(|(key, _)| key));
        }
        let by_sim = self.keys_by_sim(&own_sims, &keys)?;
        let mut devices = Vec::new();
        for &key in keys.iter().take(DEVICES_MAX) {
            devices.push(self.device_of(key, &Inquiry { equipment: EquipmentValue::Key(key), ..inquiry }, &names)?);
        }
        for (&key, &imsi) in by_sim.iter().take(DEVICES_MAX - devices.len()) {
            let inquiry = Inquiry { equipment: EquipmentValue::Key(key), imsi: Some(imsi), ..inquiry };
            let device = self.device_of(key, &inquiry, &BTreeSet::from([Number::from(imsi)]))?;
            devices.push(NumberDevice { by_sim: Some(imsi), ..device });
        }
        devices.sort_by_key(|device| !device.in_force);
        let history = self.seen(history::of_number(self.reading.store, number, seq)?);
        let mut sims: BTreeSet<Imsi> = history.iter().filter_map(|event| sim_of(&event.said)).collect();
        sims.extend(own_sims);
        Ok(NumberPage {
            number,
            msisdn,
            sims: sims.into_iter().filter(|sim| Number::from(*sim) != number).collect(),
            devices_left: (keys.len() + by_sim.len()).saturating_sub(DEVICES_MAX),
            devices,
            history,
        })
    }

    /// The devices that a row names with one of these SIMs alone, and that are not among `known`.
    fn keys_by_sim(
        &self,
        sims: &[Imsi],
        known: &BTreeSet<EquipmentKey>,
    ) -> Result<BTreeMap<EquipmentKey, Imsi>, StoreError> {
        let (store, seq) = (self.reading.store, self.reading.revision.seq);
        let mut found = BTreeMap::new();
        for &imsi in sims {
            let began = |batch| self.reading.batches.get(batch).is_some_and(|batch| batch.state_at(seq).is_some());
            for (key, batch) in store.devices_of(imsi.into())? {
                let is_new = !known.contains(&key) && !found.contains_key(&key);
                if is_new && self.sees_numbers_of(batch) && began(batch) && store.names_alone(key, batch, imsi)? {
                    found.insert(key, imsi);
                }
            }
        }
        Ok(found)
    }

    fn device_of(
        &self,
        key: EquipmentKey,
        inquiry: &Inquiry,
        names: &BTreeSet<Number>,
    ) -> Result<NumberDevice, StoreError> {
        let subject = self.reading.subject(inquiry.equipment)?;
        let (device, today) = (&subject.device, self.reading.today());
        let pairs = device.pairs.iter().zip(&device.pair_batches);
        let pairs = pairs.filter(|(pair, _)| names.contains(&pair.number) && pair.is_current(today));
        let marks = device.marks.iter().zip(&device.mark_batches);
        let marks = marks
            .filter(|(mark, _)| mark.number.is_some_and(|number| names.contains(&number)) && mark.is_current(today));
        let batch = pairs.map(|(_, batch)| *batch).chain(marks.map(|(_, batch)| *batch));
        let batch = batch.into_iter().find(|batch| self.sees_numbers_of(*batch));
        let header = batch.and_then(|batch| self.reading.batches.get(batch)).map(|batch| &batch.header);
        let operator = header.map(|header| header.operator.clone()).filter(|operator| !operator.is_empty());
        let operator = operator.or_else(|| self.operator().map(str::to_owned));
        Ok(NumberDevice {
            key,
            answer: answer_of(self.reading, inquiry, operator.as_deref())?,
            operator,
            model: subject.model()?,
            in_force: batch.is_some(),
            by_sim: None,
        })
    }
}

const fn sim_of(said: &Said) -> Option<Imsi> {
    match said {
        Said::Paired(_, sim) => *sim,
        Said::Subscriber(sim, _) => Some(*sim),
        _ => None,
    }
}
