//! The memory: what came before, folded submission by submission.
//!
//! What always holds: folding the same submissions in the same order gives the same memory; it is bounded
//! (brands of a door, models, desks, submitters), whatever comes; a submission of a day that is over counts for
//! the day that is running, and never changes what was judged.

use super::{
    Name, Submission,
    desk::{Desks, Moments, forget},
    rests_on_documents,
    silence::{Rhythm, weekday},
    stream::{CONSIGNMENTS, DAYS_READY, MODELS, PERSONS, Scale, Stream, carried},
    weigh,
};
use crate::{day::Day, listing::Door};
use std::collections::BTreeMap;

/// Brands of one door that have a stream of their own; the rest share one, [`OTHER`].
const BRANDS_MAX: usize = 48;
/// Models with a stream of their own; those beyond are judged by their brand alone.
const MODELS_MAX: usize = 2048;
/// Pairs of submitter and brand that are remembered.
const SUBMITTERS_MAX: usize = 20_000;
/// A submitter is new to a brand until he brought it on so many days,
const KNOWN_AFTER_ACTIVE_DAYS: u32 = 3;
/// and so many days after the first.
const KNOWN_AFTER_DAYS: u16 = 30;
/// What one door may add to a brand's sum over all doors, in deviations: one door is judged by itself.
const POOLED_MAX: f64 = 3.5;
/// The same of a door of persons: what travellers bring moves at all these doors together.
const POOLED_MAX_PERSONS: f64 = 1.5;
/// What is left of a door's shares after a day: about a month counts.
const RATES_KEPT: f64 = 0.97;
/// The brands beyond [`BRANDS_MAX`].
const OTHER: &str = "(other brands)";
/// The brand of TACs that the catalogue does not know.
const UNKNOWN: &str = "(unknown to the catalogue)";

/// How often something holds of the devices of a door.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    hits: f64,
    of: f64,
}

impl Rate {
    /// The usual share; 0 while nothing is known.
    pub(super) fn usual(&self) -> f64 {
        if self.of < 1.0 { 0.0 } else { self.hits / self.of }
    }

    /// Takes counts in. One submission teaches at most four times the usual share and 1 in 100 more.
    fn add(&mut self, hits: u64, of: u64) {
        let most = (4.0 * self.usual() + 0.01) * of as f64;
        self.hits += (hits as f64).min(most);
        self.of += of as f64;
    }

    fn fade(&mut self) {
        self.hits *= RATES_KEPT;
        self.of *= RATES_KEPT;
    }
}

/// The shares of a door.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    pub(super) unknown: Rate,
    pub(super) here: Rate,
    pub(super) elsewhere: Rate,
    pub(super) black: Rate,
    pub(super) lone: Rate,
}

/// What a stream is of: a brand, or a model of a brand.
pub(super) type Key = (Name, Option<Name>);

/// A door's planned or realised devices.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// Days on which something came, that are over.
    pub(super) days: u32,
    active: bool,
    pub(super) streams: BTreeMap<Key, Stream>,
    scale: Scale,
    pub(super) rates: Rates,
    /// Logarithm of the number of TACs of a submission.
    pub(super) spread: Moments,
}

impl Lane {
    pub(super) const fn new(scale: Scale) -> Self {
        let none = Rate { hits: 0.0, of: 0.0 };
        let rates = Rates { unknown: none, here: none, elsewhere: none, black: none, lone: none };
        Self { days: 0, active: false, streams: BTreeMap::new(), scale, rates, spread: Moments::NONE }
    }

    pub(super) const fn of(door: Door) -> Self {
        Self::new(if rests_on_documents(door) { CONSIGNMENTS } else { PERSONS })
    }

    pub(super) const fn is_ready(&self) -> bool {
        self.days >= DAYS_READY
    }

    fn put(&mut self, key: Key, today: u8, part: Part) {
        if !self.streams.contains_key(&key) {
            let fresh = self.fresh(today);
            self.streams.insert(key.clone(), fresh);
        }
        if let Some(stream) = self.streams.get_mut(&key) {
            stream.sum += part.weighted;
            stream.imeis += part.imeis;
            self.active = true;
        }
    }

    /// A stream of something that the door has never had: a past of nothing.
    pub(super) fn fresh(&self, today: u8) -> Stream {
        let mut stream = Stream::new(self.scale);
        stream.open(self.days, today, self.common());
        stream
    }

    /// Where a brand is counted: by itself, or among those for which there was no place.
    pub(super) fn key(&self, brand: &Name) -> Key {
        let key = (brand.clone(), None);
        if self.streams.len() < BRANDS_MAX || self.streams.contains_key(&key) { key } else { (OTHER.into(), None) }
    }

    /// The variance that the streams have in common, with a first guess that counts as three streams.
    pub(super) fn common(&self) -> f64 {
        let known = self.streams.values().map(|stream| stream.moments(self.days)).filter(|(mean, _)| *mean > 0.2);
        let (sum, n) = known.fold((3.0 * self.scale.guess, 3.0), |(sum, n), (_, variance)| (sum + variance, n + 1.0));
        sum / n
    }

    fn close(&mut self, today: u8) {
        if !self.active {
            return;
        }
        let ready = self.is_ready();
        self.streams.values_mut().for_each(|stream| stream.close(today, ready));
        self.streams.retain(|_, stream| !stream.is_empty());
        self.days = self.days.saturating_add(1);
        self.active = false;
        let Rates { unknown, here, elsewhere, black, lone } = &mut self.rates;
        [unknown, here, elsewhere, black, lone].into_iter().for_each(Rate::fade);
    }

    fn open(&mut self, today: u8) {
        let common = self.common();
        self.streams.values_mut().for_each(|stream| stream.open(self.days, today, common));
    }
}

/// What a submission brings of one brand or model.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) weighted: f64,
    pub(super) imeis: u64,
}

#[derive(Clone, Debug)]
struct Known {
    first: u16,
    last: u16,
    days: u32,
}

/// Everything that is remembered of earlier submissions.
#[derive(Clone, Debug)]
pub struct History {
    pub(super) today: Option<Day>,
    pub(super) lanes: BTreeMap<(Door, bool), Lane>,
    /// CUSUM of each brand over all doors.
    pub(super) pools: BTreeMap<Name, f64>,
    /// Models over all doors.
    pub(super) models: Lane,
    pub(super) desks: Desks,
    submitters: BTreeMap<(Door, Name, Name), Known>,
    pub(super) rhythms: BTreeMap<Door, Rhythm>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            today: None,
            lanes: BTreeMap::new(),
            pools: BTreeMap::new(),
            models: Lane::new(MODELS),
            desks: Desks::default(),
            submitters: BTreeMap::new(),
            rhythms: BTreeMap::new(),
        }
    }
}

impl History {
    /// Nothing came yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a submission in, after it was judged. Every one counts, whatever became of it: what was refused teaches
    /// at most what an ordinary busy day does.
    pub fn add(&mut self, submission: &Submission) {
        self.advance(submission.day);
        let Some(day) = self.today else { return };
        let (brands, models) = self.parts(submission);
        let (door, today) = (submission.door, weekday(day));
        for (brand, _) in brands.iter().filter(|_| rests_on_documents(door)) {
            let id = (door, submission.submitter.clone(), brand.clone());
            let known = self.submitters.entry(id).or_insert(Known { first: day.get(), last: 0, days: 0 });
            known.days = known.days.saturating_add(u32::from(known.last != day.get()));
            known.last = day.get();
        }
        let lane = self.lanes.entry((door, submission.planned)).or_insert_with(|| Lane::of(door));
        lane.active = true;
        for (brand, part) in brands {
            lane.put(lane.key(&brand), today, part);
        }
        for counts in &submission.models {
            let imeis = counts.imeis;
            lane.rates.unknown.add(if counts.model.is_none() { imeis } else { 0 }, imeis);
            lane.rates.here.add(counts.listed_here, imeis);
            lane.rates.elsewhere.add(counts.listed_elsewhere, imeis);
            lane.rates.black.add(counts.blacklisted, imeis);
            if weigh::is_dual(counts) {
                lane.rates.lone.add(counts.lone, imeis);
            }
        }
        lane.spread.add((submission.models.len().max(1) as f64).ln(), 500.0);
        for (model, part) in models {
            if self.models.streams.len() < MODELS_MAX || self.models.streams.contains_key(&model) {
                self.models.put(model, today, part);
            }
        }
        self.models.active = true;
        if !rests_on_documents(door) {
            let desk = submission.desk.as_ref().unwrap_or(&submission.submitter);
            self.desks.add(door, &submission.operator, desk, submission.imeis(), day);
        }
        self.rhythms.entry(door).or_insert_with(|| Rhythm::begin(day)).add(day);
    }

    /// Ends the days before this one. Called by [`History::add`]; a caller who judges much on a new day before he adds
    /// anything saves time by calling it first.
    pub fn advance(&mut self, day: Day) {
        let Some(today) = self.today else {
            self.today = Some(day);
            return;
        };
        if day <= today {
            return;
        }
        let pools: BTreeMap<Name, f64> = self
            .brands()
            .into_iter()
            .map(|brand| {
                let z = self.pooled(&brand, None).unwrap_or(0.0);
                let next = carried(self.pools.get(&brand).copied().unwrap_or(0.0), z);
                (brand, next)
            })
            .filter(|(_, cusum)| *cusum > 0.0)
            .collect();
        self.pools = pools;
        let (old, new) = (weekday(today), weekday(day));
        for lane in self.lanes.values_mut() {
            lane.close(old);
            lane.open(new);
        }
        self.models.close(old);
        self.models.open(new);
        self.desks.close();
        forget(&mut self.submitters, SUBMITTERS_MAX, |known| known.last);
        self.today = Some(day);
    }

    fn brands(&self) -> Vec<Name> {
        let mut brands: Vec<Name> =
            self.lanes.values().flat_map(|lane| lane.streams.keys().map(|key| key.0.clone())).collect();
        brands.sort();
        brands.dedup();
        brands
    }

    /// A brand over all doors that have it and are ready: the positive parts of their z, which for normal z have mean
    /// 0.40 and variance 0.34, summed and standardised. A door that is still to come today adds nothing.
    /// `more`: weighted devices that one door would have in addition. `None` for fewer than two doors.
    pub(super) fn pooled(&self, brand: &Name, more: Option<((Door, bool), f64)>) -> Option<f64> {
        let (mut sum, mut doors) = (0.0, 0.0);
        for (id, lane) in self.lanes.iter().filter(|(_, lane)| lane.is_ready()) {
            let added = more.filter(|(door, _)| door == id).map_or(0.0, |(_, added)| added);
            let z = match lane.streams.get(&lane.key(brand)) {
                Some(stream) => stream.z(added),
                None if added > 0.0 => lane.fresh(self.weekday()).z(added),
                None => continue,
            };
            sum += z.clamp(0.0, if rests_on_documents(id.0) { POOLED_MAX } else { POOLED_MAX_PERSONS });
            doors += 1.0;
        }
        (doors >= 2.0).then(|| (sum - 0.40 * doors) / (0.34_f64 * doors).sqrt())
    }

    /// The weekday of the day that is running.
    pub(super) fn weekday(&self) -> u8 {
        self.today.map_or(0, weekday)
    }

    /// Whether a submitter is new to a brand at a door.
    fn is_newcomer(&self, submission: &Submission, brand: &Name) -> bool {
        let id = (submission.door, submission.submitter.clone(), brand.clone());
        self.submitters.get(&id).is_none_or(|known| {
            known.days < KNOWN_AFTER_ACTIVE_DAYS || submission.day.get().saturating_sub(known.first) < KNOWN_AFTER_DAYS
        })
    }

    /// What a submission brings by brand, and by model.
    pub(super) fn parts(&self, submission: &Submission) -> (BTreeMap<Name, Part>, BTreeMap<Key, Part>) {
        let mut brands: BTreeMap<Name, (Part, bool)> = BTreeMap::new();
        let mut models: BTreeMap<Key, Part> = BTreeMap::new();
        for counts in &submission.models {
            let brand = counts.model.as_ref().map_or_else(|| Name::from(UNKNOWN), |model| model.brand.clone());
            let entry =
                brands.entry(brand).or_insert_with_key(|brand| (Part::default(), self.is_newcomer(submission, brand)));
            let weight = weigh::weight(counts, submission, entry.1);
            let part = Part { weighted: weight * counts.imeis as f64, imeis: counts.imeis };
            entry.0.weighted += part.weighted;
            entry.0.imeis += part.imeis;
            if let Some(model) = &counts.model {
                let whole = models.entry((model.brand.clone(), Some(model.model.clone()))).or_default();
                whole.weighted += part.weighted;
                whole.imeis += part.imeis;
            }
        }
        (brands.into_iter().map(|(brand, (part, _))| (brand, part)).collect(), models)
    }

    /// What it holds and the most that it may hold: brands of the fullest door, models, desks, submitters.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> [(usize, usize); 4] {
        let brands = self.lanes.values().map(|lane| lane.streams.len()).max().unwrap_or(0);
        let (desks, most) = self.desks.size();
        [
            (brands, BRANDS_MAX + 1),
            (self.models.streams.len(), MODELS_MAX),
            (desks, most),
            (self.submitters.len(), SUBMITTERS_MAX),
        ]
    }
}
