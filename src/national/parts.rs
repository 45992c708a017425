//! Parts: the batches of the register, in portions that can be made by themselves.
//!
//! A part is a group of models with all that lies about their devices, a stretch of one operator's subscribers, or the
//! lists of models. What always holds: a batch lies in one part, has rows, and no two parts have rows of one page or
//! subscriber; parts and the batches in them are always the same ones, in the same order.

use super::{National, lot::Lot, people::OPERATOR_NAMES, plan::SINGLES, random::mixed, truth::STOLEN_ONE_IN};
use crate::{
    batch::{BatchHeader, Declared},
    import::{Kind, Mode},
    journal::BOOTSTRAP,
    listing::{Class, Door, TacBar},
};
use std::ops::Range;

/// Batches of a door in a group, where a page is not shared by more.
const WAVES_MIN: u16 = 8;
/// Subscribers of a part.
const SUBSCRIBERS: u64 = 2_000_000;
/// Doors whose batches come in waves, and what each lists.
const WAVE_DOORS: [(Door, Kind, Class); 5] = [
    (Door::TppProduction, Kind::Registered, Class::Registered),
    (Door::TppImport, Kind::Registered, Class::Registered),
    (Door::Grandfathered, Kind::Grandfathered, Class::Grandfathered),
    (Door::CustomsPassenger, Kind::Registered, Class::Registered),
    (Door::CustomsParcel, Kind::Registered, Class::Registered),
];

/// What a part is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The models of a group, by number.
    Models(Range<usize>),
    /// Subscribers of an operator.
    Subscribers(usize, Range<u64>),
    /// Names and classes of models.
    Catalogue,
}

/// A part of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub(super) subject: Subject,
    /// The number of each slot that has rows among the part's batches.
    pub(super) numbers: Vec<Option<u32>>,
    /// The headers of its batches, in the order of their numbers.
    pub batches: Vec<BatchHeader>,
}

/// A batch of a group before it is known whether it has rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Wave(usize, u16),
    Visitors(usize),
    State,
    Stolen(usize),
    Single(u32),
    Pairings(usize),
}

impl National {
    /// Every part of the register.
    pub fn parts(&self) -> Vec<Part> {
        let groups = self.plan.groups.windows(2).map(|ends| self.group(ends[0] as usize..ends[1] as usize));
        let subscribers = (0..OPERATOR_NAMES.len()).flat_map(|operator| self.subscriber_parts(operator));
        groups.chain(subscribers).chain([self.catalogue()]).filter(|part| !part.batches.is_empty()).collect()
    }

    const fn waves(&self) -> u16 {
        if self.scale.shared > WAVES_MIN { self.scale.shared } else { WAVES_MIN }
    }

    /// The place of a slot among those of a group.
    pub(super) const fn place(&self, slot: Slot) -> usize {
        let waves = self.waves() as usize;
        let after = WAVE_DOORS.len() * waves;
        match slot {
            Slot::Wave(door, wave) => door * waves + wave as usize,
            Slot::Visitors(operator) => after + operator,
            Slot::State => after + 3,
            Slot::Stolen(operator) => after + 4 + operator,
            Slot::Pairings(operator) => after + 7 + operator,
            Slot::Single(nth) => after + 10 + nth as usize,
        }
    }

    fn slots(&self) -> Vec<Slot> {
        let waves = (0..WAVE_DOORS.len()).flat_map(|door| (0..self.waves()).map(move |wave| Slot::Wave(door, wave)));
        let operators = 0..OPERATOR_NAMES.len();
        let rest = operators.clone().map(Slot::Visitors).chain([Slot::State]);
        let rest = rest.chain(operators.clone().map(Slot::Stolen)).chain(operators.map(Slot::Pairings));
        waves.chain(rest).chain((0..SINGLES).map(Slot::Single)).collect()
    }

    /// The batch that lists a device.
    pub(super) fn slot(&self, lot: &Lot, nth: u32) -> Slot {
        match lot.door {
            _ if lot.single => Slot::Single(nth),
            Door::OperatorTourist => Slot::Visitors(self.reporter(lot.first_rank + u64::from(nth))),
            Door::State => Slot::State,
            door => {
                let door = WAVE_DOORS.iter().position(|(other, ..)| *other == door).unwrap_or_default();
                Slot::Wave(door, self.wave(lot, nth))
            }
        }
    }

    /// The delivery that a device came with.
    pub(super) fn wave(&self, lot: &Lot, nth: u32) -> u16 {
        match self.scale.shared {
            1 => (lot.seed % u64::from(WAVES_MIN)) as u16,
            shared => (mixed(lot.seed ^ 0x3a7e, u64::from(lot.unit(nth))) % u64::from(shared)) as u16,
        }
    }

    /// Ranks of the devices of models.
    pub(super) fn ranks(&self, models: &Range<usize>) -> Range<u64> {
        let first = |model: usize| {
            let lot = self.plan.lots_of(model).first();
            lot.map_or(self.plan.devices, |lot| lot.first_rank)
        };
        first(models.start)..first(models.end)
    }

    fn group(&self, models: Range<usize>) -> Part {
        let slots = self.slots();
        let mut used = vec![false; slots.len()];
        let waves = usize::from(self.waves());
        for lot in models.clone().flat_map(|model| self.plan.lots_of(model)) {
            if self.scale.shared == 1 && !lot.single && !matches!(lot.door, Door::OperatorTourist | Door::State) {
                used[self.place(self.slot(lot, 0))] = true;
                continue;
            }
            for nth in 0..lot.count {
                let place = self.place(self.slot(lot, nth));
                used[place] = true;
                // Most lots are long enough to meet every delivery soon.
                let door = place / waves * waves;
                if nth % 1024 == 1023 && used.get(door..door + waves).is_some_and(|all| all.iter().all(|used| *used)) {
                    break;
                }
            }
        }
        let ranks = self.ranks(&models);
        for rank in self.stolen_within(&ranks) {
            used[self.place(Slot::Stolen(self.reporter(rank)))] = true;
        }
        let operators: Vec<usize> = (0..OPERATOR_NAMES.len()).map(|nth| self.place(Slot::Pairings(nth))).collect();
        for pairing in self.people.pairings_within(&ranks).filter_map(|pairing| self.people.pairing(pairing)) {
            used[operators[pairing.operator]] = true;
            if operators.iter().all(|place| used[*place]) {
                break;
            }
        }
        let numbers = numbered(&used);
        let batches = slots.iter().zip(&used).filter(|(_, used)| **used).map(|(slot, _)| header_of(*slot)).collect();
        Part { subject: Subject::Models(models), numbers, batches }
    }

    /// Ranks of stolen devices.
    pub(super) fn stolen_within(&self, ranks: &Range<u64>) -> impl Iterator<Item = u64> {
        let (ranks, within) = (ranks.clone(), ranks.start / STOLEN_ONE_IN..ranks.end.div_ceil(STOLEN_ONE_IN));
        within.map(|nth| self.rank_of_stolen(nth)).filter(move |rank| ranks.contains(rank))
    }

    fn subscriber_parts(&self, operator: usize) -> impl Iterator<Item = Part> {
        let all = self.people.of_operator(operator);
        let starts = (all.start..all.end).step_by(SUBSCRIBERS as usize);
        starts.map(move |start| Part {
            subject: Subject::Subscribers(operator, start..(start + SUBSCRIBERS).min(all.end)),
            numbers: vec![Some(0)],
            batches: vec![header(Kind::Subscriber, Door::Operator, None, OPERATOR_NAMES[operator])],
        })
    }

    /// Names of models, models outside the rule, and barred ones: small registers have none of those.
    fn catalogue(&self) -> Part {
        let rules = || (0..self.plan.models.len()).map(|model| self.tac_rule(model));
        let used = [true, rules().any(|rule| rule.exempt_type), rules().any(|rule| rule.barred != TacBar::None)];
        let kinds = [(Kind::Tac, Door::GsmaTac), (Kind::ExemptTac, Door::NonHkt), (Kind::BarredTac, Door::Barred)];
        let batches = kinds.into_iter().zip(used).filter(|(_, used)| *used);
        Part {
            subject: Subject::Catalogue,
            numbers: numbered(&used),
            batches: batches.map(|((kind, door), _)| header(kind, door, None, "")).collect(),
        }
    }
}

/// Those that are used, numbered.
fn numbered(used: &[bool]) -> Vec<Option<u32>> {
    let mut next = 0..;
    used.iter().map(|used| if *used { next.next() } else { None }).collect()
}

fn header_of(slot: Slot) -> BatchHeader {
    let registered = Some(Class::Registered);
    match slot {
        Slot::Wave(door, _) => {
            let (door, kind, class) = WAVE_DOORS[door];
            header(kind, door, Some(class), "")
        }
        Slot::Visitors(operator) => {
            header(Kind::Temporary, Door::OperatorTourist, registered, OPERATOR_NAMES[operator])
        }
        Slot::State => header(Kind::Exempt, Door::State, Some(Class::Exempt), ""),
        Slot::Stolen(operator) => header(Kind::Stolen, Door::Stolen, Some(Class::Stolen), OPERATOR_NAMES[operator]),
        Slot::Single(_) => header(Kind::Registered, Door::CustomsPassenger, registered, ""),
        Slot::Pairings(operator) => header(Kind::Pairing, Door::Operator, None, OPERATOR_NAMES[operator]),
    }
}

/// As an import makes it.
fn header(kind: Kind, door: Door, class: Option<Class>, operator: &str) -> BatchHeader {
    BatchHeader {
        kind: kind.name().to_owned(),
        door,
        class,
        document: String::new(),
        valid_until: None,
        operator: operator.to_owned(),
        submitter: BOOTSTRAP.to_owned(),
        declared: Declared { mode: Mode::Add.name().to_owned(), ..Declared::default() },
    }
}
