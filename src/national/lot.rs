//! Lots: stretches of serials of one model that came by one door, in one pattern.
//!
//! Every pattern can be asked from both sides without anything before it: which serial the n-th device has, and
//! whether a serial is a device, and which. What always holds: both say the same, and lots of one model do not overlap.

use super::random::Dice;
use crate::listing::Door;

/// Devices of one cell of a scattered lot.
pub(super) const CELL_DEVICES: u32 = 32;

/// How the devices of a lot lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One behind the other: a production.
    Run,
    /// 32 at random in each cell of so many serials: what came into the country, or was seen on a network.
    Cells(u32),
    /// Phones of two slots, their serials next to each other, one phone every so many serials.
    Phones(u32),
}

/// A stretch of serials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lot {
    /// Rank of its first device in the whole register.
    pub(super) first_rank: u64,
    /// Its model, by number.
    pub(super) model: u32,
    /// Its first serial.
    pub(super) start: u32,
    /// Its devices.
    pub(super) count: u32,
    pub(super) pattern: Pattern,
    pub(super) door: Door,
    /// Each of its devices was registered by itself.
    pub(super) single: bool,
    /// What is drawn for it.
    pub(super) seed: u64,
}

impl Lot {
    /// Serials from its first to behind its last.
    pub(super) const fn span(&self) -> u32 {
        match self.pattern {
            Pattern::Run => self.count,
            Pattern::Cells(serials) => self.count.div_ceil(CELL_DEVICES) * serials,
            Pattern::Phones(stride) => self.count.div_ceil(2) * stride,
        }
    }

    /// The serial of its n-th device.
    pub(super) fn serial(&self, nth: u32) -> u32 {
        self.start
            + match self.pattern {
                Pattern::Run => nth,
                Pattern::Cells(serials) => {
                    let cell = nth / CELL_DEVICES;
                    cell * serials + u32::from(self.cell(cell, serials)[(nth % CELL_DEVICES) as usize])
                }
                Pattern::Phones(stride) => nth / 2 * stride + nth % 2,
            }
    }

    /// Which of its devices a serial is.
    pub(super) fn nth(&self, serial: u32) -> Option<u32> {
        let at = serial.checked_sub(self.start).filter(|at| *at < self.span())?;
        let nth = match self.pattern {
            Pattern::Run => at,
            Pattern::Cells(serials) => {
                let cell = at / serials;
                let place = self.cell(cell, serials).binary_search(&((at % serials) as u16)).ok()?;
                cell * CELL_DEVICES + place as u32
            }
            Pattern::Phones(stride) => at / stride * 2 + Some(at % stride).filter(|slot| *slot < 2)?,
        };
        (nth < self.count).then_some(nth)
    }

    /// The other device of the same phone.
    pub(super) fn other_slot(&self, nth: u32) -> Option<u32> {
        match self.pattern {
            Pattern::Phones(_) => Some(nth ^ 1).filter(|other| *other < self.count),
            _ => None,
        }
    }

    /// What is delivered together: a phone, or a device.
    pub(super) const fn unit(&self, nth: u32) -> u32 {
        match self.pattern {
            Pattern::Phones(_) => nth / 2,
            _ => nth,
        }
    }

    /// The places of the devices of one cell, ascending.
    fn cell(&self, cell: u32, serials: u32) -> [u16; CELL_DEVICES as usize] {
        let mut dice = Dice::new(self.seed, u64::from(cell));
        let mut places = [0; CELL_DEVICES as usize];
        if serials <= 64 {
            let (mut taken, mut left) = (0_u64, CELL_DEVICES);
            while left > 0 {
                let bit = 1 << dice.below(serials);
                left -= u32::from(taken & bit == 0);
                taken |= bit;
            }
            for place in &mut places {
                *place = taken.trailing_zeros() as u16;
                taken &= taken - 1;
            }
            return places;
        }
        let mut count = 0;
        while count < places.len() {
            let place = dice.below(serials) as u16;
            let at = places[..count].partition_point(|other| *other < place);
            if at == count || places[at] != place {
                places.copy_within(at..count, at + 1);
                places[at] = place;
                count += 1;
            }
        }
        places
    }

    /// Every serial, ascending, with which device it is. As [`Lot::serial`], but each cell is drawn once.
    pub(super) fn each(&self, mut take: impl FnMut(u32, u32)) {
        match self.pattern {
            Pattern::Cells(serials) => {
                for cell in 0..self.count.div_ceil(CELL_DEVICES) {
                    let first = cell * CELL_DEVICES;
                    let places = self.cell(cell, serials);
                    for (nth, place) in (first..self.count).zip(places) {
                        take(nth, self.start + cell * serials + u32::from(place));
                    }
                }
            }
            _ => (0..self.count).for_each(|nth| take(nth, self.serial(nth))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_lot_is_the_same_from_both_sides(
            pattern in prop_oneof![
                Just(Pattern::Run),
                prop_oneof![Just(64_u32), Just(256), Just(640), Just(32_000)].prop_map(Pattern::Cells),
                (3_u32..11).prop_map(Pattern::Phones),
            ],
            count in 1_u32..400, start in 0_u32..1000, seed in any::<u64>(),
        ) {
            let door = Door::TppImport;
            let lot = Lot { first_rank: 7, model: 0, start, count, pattern, door, single: false, seed };
            let mut all = Vec::new();
            lot.each(|nth, serial| all.push((nth, serial)));
            prop_assert_eq!(all.len(), count as usize);
            prop_assert!(all.windows(2).all(|two| two[0].1 < two[1].1));
            for (nth, serial) in &all {
                prop_assert_eq!(lot.serial(*nth), *serial);
                prop_assert_eq!(lot.nth(*serial), Some(*nth));
            }
            let listed = (0..start + lot.span() + 100).filter(|serial| lot.nth(*serial).is_some()).count();
            prop_assert_eq!(listed, count as usize);
        }
    }
}
