//! The plan: which models there are, how many devices each has, and in which lots they came.
//!
//! It is small (a few lots a model) and lies in memory as a whole; everything else follows from it and the seed.
//! What always holds: models ascend by TAC, lots by model and first serial, ranks without gaps from zero.

use super::{
    Scale, Shape,
    lot::{CELL_DEVICES, Lot, Pattern},
    random::{Dice, mixed},
};
use crate::{
    identity::{EquipmentKey, Tac},
    listing::Door,
    sample,
};

/// Devices of a thousand that came by a rare door. Of the others 530 in a thousand came by domestic makers, 200 by
/// official importers, the rest was in use before the cut-off: Indonesia assembles most of what is sold there.
const RARE: [(Door, u64); 3] = [(Door::CustomsPassenger, 12), (Door::CustomsParcel, 3), (Door::OperatorTourist, 1)];
const PRODUCTION: u32 = 530;
const IMPORT: u32 = 200;
/// Serials of a cell of devices that people bring one by one, and from one phone of two slots to the next.
const RARE_CELL: u32 = 640;
const RARE_STRIDE: u32 = 40;
/// One device in so many is a state guest's.
const STATE_ONE_IN: u64 = 100_000;
/// Devices of a lot.
const LOT_MIN: u32 = 200;
const LOT_MORE: u32 = 20_000;
/// Devices in a group that were registered one by one, each with a batch of its own.
pub(super) const SINGLES: u32 = 16;
/// Devices of a group of models: a part that can be made by itself.
const GROUP_DEVICES: u64 = 5_000_000;
/// Ranks of one step of the index into lots.
const STEP: u64 = 4096;

/// A model.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModelPlan {
    pub(super) tac: Tac,
    /// Its first lot.
    pub(super) first_lot: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) models: Vec<ModelPlan>,
    pub(super) lots: Vec<Lot>,
    /// The first model of each group, and the number of models at the end.
    pub(super) groups: Vec<u32>,
    pub(super) devices: u64,
    /// The lot of every 4,096th rank.
    steps: Vec<u32>,
}

impl Plan {
    pub(super) fn new(scale: &Scale, catalogue: &[Tac]) -> Self {
        let sizes = match scale.shape {
            Shape::Mix => sample::zipf_sizes(scale.seed, scale.imeis),
            Shape::Worst => even_sizes(scale.imeis, 50_000),
            Shape::Sparse => even_sizes(scale.imeis, 1_000),
        };
        let tacs = tacs(scale.seed, sizes.len(), catalogue);
        let mut plan = Self { models: Vec::new(), lots: Vec::new(), groups: vec![0], devices: 0, steps: Vec::new() };
        let mut group_end = GROUP_DEVICES;
        for (model, (tac, size)) in tacs.into_iter().zip(sizes).enumerate() {
            if plan.devices >= group_end {
                group_end = plan.devices + GROUP_DEVICES;
                plan.groups.push(model as u32);
            }
            let begins_group = plan.groups.last() == Some(&(model as u32));
            let mut random = Dice::new(scale.seed ^ 0x7ac, u64::from(tac.get()));
            let lots = match scale.shape {
                Shape::Mix => mixed_lots(&mut random, size, begins_group),
                Shape::Worst | Shape::Sparse => {
                    let serials = EquipmentKey::SERIALS / (size as u32).div_ceil(CELL_DEVICES).max(1);
                    let serials = serials.min(u32::from(u16::MAX));
                    vec![Draft {
                        count: size as u32,
                        pattern: Pattern::Cells(serials),
                        ..Draft::run(0, Door::TppImport)
                    }]
                }
            };
            plan.models.push(ModelPlan { tac, first_lot: plan.lots.len() as u32 });
            plan.place(&mut random, lots, scale.seed);
        }
        plan.groups.push(plan.models.len() as u32);
        plan
    }

    /// Puts the lots of a model one behind the other, with gaps between them.
    fn place(&mut self, random: &mut Dice, mut lots: Vec<Draft>, seed: u64) {
        for index in (1..lots.len()).rev() {
            lots.swap(index, random.below(index as u32 + 1) as usize);
        }
        let taken: u32 = lots.iter().map(Draft::span).sum();
        let mut free = EquipmentKey::SERIALS.saturating_sub(taken);
        let each = 2 * free / (lots.len() as u32 + 1);
        let mut start = 0;
        for draft in lots {
            let gap = random.below(each + 1).min(free);
            free -= gap;
            start += gap;
            let Draft { count, pattern, door, single } = draft;
            let seed = mixed(seed ^ 0x107, self.lots.len() as u64);
            let model = self.models.len() as u32 - 1;
            let lot = Lot { first_rank: self.devices, model, start, count, pattern, door, single, seed };
            start += lot.span();
            self.devices += u64::from(count);
            while self.steps.len() as u64 * STEP < self.devices {
                self.steps.push(self.lots.len() as u32);
            }
            self.lots.push(lot);
        }
    }

    /// The lot of a rank; of a rank beyond the register the last one.
    pub(super) fn lot_of_rank(&self, rank: u64) -> Option<(usize, &Lot)> {
        let step = (rank / STEP) as usize;
        let first = *self.steps.get(step)? as usize;
        let last = self.steps.get(step + 1).map_or(self.lots.len(), |last| *last as usize + 1);
        let at = first + self.lots[first..last].partition_point(|lot| lot.first_rank <= rank) - 1;
        self.lots.get(at).map(|lot| (at, lot))
    }

    /// The device of a rank.
    pub(super) fn key(&self, rank: u64) -> Option<EquipmentKey> {
        let (_, lot) = self.lot_of_rank(rank)?;
        let nth = (rank - lot.first_rank) as u32;
        if nth < lot.count { self.key_in(lot, nth) } else { None }
    }

    pub(super) fn key_in(&self, lot: &Lot, nth: u32) -> Option<EquipmentKey> {
        let model = self.models.get(lot.model as usize)?;
        EquipmentKey::from_parts(model.tac, lot.serial(nth)).ok()
    }

    /// The lots of a model.
    pub(super) fn lots_of(&self, model: usize) -> &[Lot] {
        let first = |model: usize| self.models.get(model).map_or(self.lots.len(), |model| model.first_lot as usize);
        self.lots.get(first(model)..first(model + 1)).unwrap_or(&[])
    }

    /// The number of a TAC among the models.
    pub(super) fn model(&self, tac: Tac) -> Option<usize> {
        self.models.binary_search_by_key(&tac, |model| model.tac).ok()
    }

    /// The lot of a device, and which of its devices it is.
    pub(super) fn find(&self, key: EquipmentKey) -> Option<(&Lot, u32)> {
        let lots = self.lots_of(self.model(key.tac())?);
        let lot = lots.get(lots.partition_point(|lot| lot.start <= key.serial()).checked_sub(1)?)?;
        Some((lot, lot.nth(key.serial())?))
    }
}

/// A lot before it has a place.
#[derive(Clone, Copy, Debug)]
struct Draft {
    count: u32,
    pattern: Pattern,
    door: Door,
    single: bool,
}

impl Draft {
    const fn run(count: u32, door: Door) -> Self {
        Self { count, pattern: Pattern::Run, door, single: false }
    }

    const fn span(&self) -> u32 {
        let Self { count, pattern, door, single } = *self;
        Lot { first_rank: 0, model: 0, start: 0, count, pattern, door, single, seed: 0 }.span()
    }
}

fn mixed_lots(random: &mut Dice, size: u64, begins_group: bool) -> Vec<Draft> {
    let mut lots = Vec::new();
    let mut left = size;
    let mut rare = |count: u64, door: Door, single: bool, left: &mut u64| {
        let (count, pattern) = match door {
            // A parcel's documents name both IMEIs of a phone.
            Door::CustomsParcel => (count.min(*left) & !1, Pattern::Phones(RARE_STRIDE)),
            _ => (count.min(*left), Pattern::Cells(RARE_CELL)),
        };
        *left -= count;
        if count > 0 {
            lots.push(Draft { count: count as u32, pattern, door, single });
        }
    };
    if begins_group {
        rare(u64::from(SINGLES).min(size / 4), Door::CustomsPassenger, true, &mut left);
    }
    for (door, per_mille) in RARE {
        rare((size * per_mille + random.below_u64(1000)) / 1000, door, false, &mut left);
    }
    rare((size + random.below_u64(STATE_ONE_IN)) / STATE_ONE_IN, Door::State, false, &mut left);
    while left > 0 {
        let count = (LOT_MIN + random.below(LOT_MORE)).min(left as u32);
        let door = match random.below(1000) {
            0..PRODUCTION => Door::TppProduction,
            drawn if drawn < PRODUCTION + IMPORT => Door::TppImport,
            _ => Door::Grandfathered,
        };
        let pattern = match random.below(10) {
            0..4 => Pattern::Run,
            4..7 => Pattern::Cells(CELL_DEVICES * (2 + random.below(7))),
            _ => Pattern::Phones(3 + random.below(8)),
        };
        // Phones of two slots come whole.
        let count = if matches!(pattern, Pattern::Phones(_)) { (count & !1).max(1) } else { count };
        left -= u64::from(count);
        lots.push(Draft { count, pattern, door, single: false });
    }
    shrink(&mut lots);
    lots
}

/// What does not fit into a model's serials is closed up, the widest lots first.
fn shrink(lots: &mut [Draft]) {
    const ROOM: u32 = EquipmentKey::SERIALS / 100 * 98;
    let mut taken: u32 = lots.iter().map(Draft::span).sum();
    while taken > ROOM {
        let Some(widest) = lots.iter_mut().max_by_key(|lot| lot.span() - lot.count) else { return };
        taken -= widest.span() - widest.count;
        widest.pattern = Pattern::Run;
    }
}

fn even_sizes(devices: u64, each: u64) -> Vec<u64> {
    let count = devices.div_ceil(each);
    (0..count).map(|model| each.min(devices - model * each)).collect()
}

/// The models of a catalogue first, then others, ascending.
fn tacs(seed: u64, count: usize, catalogue: &[Tac]) -> Vec<Tac> {
    let mut known: Vec<Tac> = catalogue.iter().copied().filter(|tac| !tac.is_test()).collect();
    known.sort_unstable();
    known.dedup();
    if known.len() >= count {
        return (0..count).map(|at| known[at * known.len() / count]).collect();
    }
    let more = sample::tacs(seed, 2 * count).filter(|tac| known.binary_search(tac).is_err());
    let mut tacs: Vec<Tac> = more.take(count - known.len()).chain(known.iter().copied()).collect();
    tacs.sort_unstable();
    tacs
}
