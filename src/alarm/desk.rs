//! Clerks, outlets, officers and submitters: who brings how much, against his own past and his peers.
//!
//! A desk is far above when today is beyond [`PEERS_KNOWN`] deviations of all desks of its door *and* beyond
//! [`OWN`] of its own past, at once or, a little a day, by a CUSUM. A desk without a past of its own needs
//! [`PEERS_UNKNOWN`]. Sizes of desks and days of a desk are near log-normal; 5.5 deviations on one side are
//! 2e-8, and 3 with 5 less than 1e-8 if they were independent. They are not, which the simulation accounts for.
//! What always holds: at most [`DESKS_MAX`] desks and as many submitters are remembered; those not seen longest
//! are forgotten first, in an order that does not depend on the machine.

use super::Name;
use crate::{day::Day, listing::Door};
use std::collections::BTreeMap;

/// Deviations above the peers that are asked of a desk with a past.
pub(super) const PEERS_KNOWN: f64 = 3.0;
/// Deviations above its own past that are asked as well.
pub(super) const OWN: f64 = 6.0;
/// Deviations above the peers that are asked of a desk without a past.
pub(super) const PEERS_UNKNOWN: f64 = 5.5;
/// The sum of a desk's CUSUM that alarms, with reference 1, for desks [`PEERS_KNOWN`] above their peers.
const CUSUM_AT: f64 = 12.0;
/// Fewer IMEIs a day are never far above anything.
pub(super) const IMEIS_MIN: u64 = 50;
/// Active days after which a desk has a past.
const DAYS_KNOWN: u32 = 5;
/// Desk-days after which a door's peers are known.
const PEERS_READY: f64 = 50.0;
/// Desks remembered.
const DESKS_MAX: usize = 20_000;
/// No deviation of logarithms is smaller.
const DEVIATION_MIN: f64 = 0.35;

/// Mean and variance that forget.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub(super) n: f64,
    mean: f64,
    var: f64,
}

impl Moments {
    pub(super) const NONE: Self = Self { n: 0.0, mean: 0.0, var: 0.0 };

    /// Takes a value in; the past counts for at most `memory` values.
    pub(super) fn add(&mut self, value: f64, memory: f64) {
        self.n = (self.n + 1.0).min(memory);
        let step = 1.0 / self.n;
        let off = value - self.mean;
        self.mean += step * off;
        self.var += step * (off * (value - self.mean) - self.var);
    }

    pub(super) fn deviation(&self, least: f64) -> f64 {
        self.var.max(0.0).sqrt().max(least)
    }

    pub(super) fn z(&self, value: f64, least: f64) -> f64 {
        (value - self.mean) / self.deviation(least)
    }

    pub(super) const fn mean(&self) -> f64 {
        self.mean
    }
}

fn level(imeis: u64) -> f64 {
    (imeis as f64 / 5.0).ln_1p()
}

#[derive(Clone, Debug, Default)]
struct Desk {
    own: Moments,
    days: u32,
    last: u16,
    today: u64,
    cusum: f64,
}

type DeskId = (Door, Name, Name);

/// All desks.
#[derive(Clone, Debug, Default)]
pub(super) struct Desks {
    desks: BTreeMap<DeskId, Desk>,
    peers: BTreeMap<Door, Moments>,
    active: Vec<DeskId>,
}

/// What is said of a desk that is far above.
pub(super) struct FarAbove {
    pub(super) today: u64,
    pub(super) own_usual: Option<f64>,
    pub(super) peers_usual: f64,
    pub(super) times_threshold: f64,
}

impl Desks {
    /// Adds what a desk brings today.
    pub(super) fn add(&mut self, door: Door, operator: &Name, name: &Name, imeis: u64, day: Day) {
        let id = (door, operator.clone(), name.clone());
        let desk = self.desks.entry(id.clone()).or_default();
        if desk.today == 0 && imeis > 0 {
            self.active.push(id);
        }
        desk.today += imeis;
        desk.last = day.get();
    }

    /// Judges a desk with what it would have today.
    pub(super) fn judge(&self, door: Door, operator: &Name, name: &Name, imeis: u64) -> Option<FarAbove> {
        let peers = self.peers.get(&door).filter(|peers| peers.n >= PEERS_READY)?;
        let desk = self.desks.get(&(door, operator.clone(), name.clone()));
        let today = desk.map_or(0, |desk| desk.today) + imeis;
        if today < IMEIS_MIN {
            return None;
        }
        let above_peers = peers.z(level(today), DEVIATION_MIN);
        let known = desk.filter(|desk| desk.days >= DAYS_KNOWN);
        let times_threshold = match known {
            Some(desk) if above_peers >= PEERS_KNOWN => {
                let own = desk.own.z(level(today), DEVIATION_MIN);
                (own / OWN).max((desk.cusum + own - 1.0) / CUSUM_AT)
            }
            Some(_) => 0.0,
            None => above_peers / PEERS_UNKNOWN,
        };
        let usual = |moments: &Moments| moments.mean().exp_m1() * 5.0;
        (times_threshold >= 1.0).then(|| FarAbove {
            today,
            own_usual: known.map(|desk| usual(&desk.own)),
            peers_usual: usual(peers),
            times_threshold,
        })
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        (self.desks.len(), DESKS_MAX)
    }

    /// Ends the day.
    pub(super) fn close(&mut self) {
        for id in std::mem::take(&mut self.active) {
            let Some(desk) = self.desks.get_mut(&id) else { continue };
            let peers = self.peers.entry(id.0).or_default();
            let mut value = level(desk.today);
            if desk.days >= DAYS_KNOWN {
                let z = desk.own.z(value, DEVIATION_MIN);
                desk.cusum = (desk.cusum + z - 1.0).clamp(0.0, CUSUM_AT);
                value = value.min(desk.own.mean() + 3.0 * desk.own.deviation(DEVIATION_MIN));
            }
            desk.own.add(value, 20.0);
            peers.add(value, 5_000.0);
            desk.days = desk.days.saturating_add(1);
            desk.today = 0;
        }
        forget(&mut self.desks, DESKS_MAX, |desk| desk.last);
    }
}

/// Forgets those that were not seen longest, a twentieth more than needed so that it is rare.
pub(super) fn forget<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, most: usize, last: impl Fn(&V) -> u16) {
    if map.len() <= most {
        return;
    }
    let mut order: Vec<(u16, K)> = map.iter().map(|(key, value)| (last(value), key.clone())).collect();
    order.sort();
    for (_, key) in order.into_iter().take(map.len() - (most - most / 20)) {
        map.remove(&key);
    }
}
