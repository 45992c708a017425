//! The truth: what the register says of one device, from the seed alone.

use super::{
    National, day,
    lot::Lot,
    people::People,
    random::{drawn, mixed},
};
use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    listing::{Class, Door, Mark, TacBar, TacRule},
    pairing::{Pair, Pairs},
    policy::Evidence,
};

/// One device in so many is reported stolen.
pub(super) const STOLEN_ONE_IN: u64 = 2_000;
/// One model in so many is outside the rule, may not be sold, and is barred altogether.
const RULED_ONE_IN: u64 = 3_000;

/// What is known of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// An unbound listing without end.
    pub registered: bool,
    /// In use before the cut-off.
    pub grandfathered: bool,
    /// Other listings.
    pub marks: Vec<Mark>,
    /// Its pairings.
    pub pairs: Vec<Pair>,
    /// What is said of its model.
    pub tac: TacRule,
}

impl Truth {
    /// The same as the decision wants it.
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence {
            registered: self.registered,
            grandfathered: self.grandfathered,
            suspended: false,
            marks: &self.marks,
            pairs: Pairs::in_full(&self.pairs),
            tac: self.tac,
        }
    }
}

/// A listing with more than its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) until: Option<Day>,
    pub(super) since: Option<Day>,
    pub(super) number: Option<Msisdn>,
}

impl National {
    /// What the register knows of a device; nothing of one that it does not have.
    pub fn truth(&self, key: EquipmentKey) -> Truth {
        let Some(model) = self.plan.model(key.tac()) else { return Truth::default() };
        let mut truth = Truth { tac: self.tac_rule(model), ..Truth::default() };
        let Some((lot, nth)) = self.plan.find(key) else { return truth };
        let rank = lot.first_rank + u64::from(nth);
        match (lot.door, self.listed(lot, rank)) {
            (Door::Grandfathered, _) => truth.grandfathered = true,
            (_, None) => truth.registered = true,
            (door, Some(listed)) => {
                let class = if door == Door::State { Class::Exempt } else { Class::Registered };
                let number = listed.number.map(crate::pairing::Number::from);
                truth.marks.push(Mark::new(class, door).with_until(listed.until).with_number(number));
            }
        }
        if self.is_stolen(rank) {
            truth.marks.push(Mark::new(Class::Stolen, Door::Stolen).with_since(self.stolen(rank).since));
        }
        let pairings = self.people.pairings_of_rank(rank).filter_map(|pairing| self.people.pairing(pairing));
        truth.pairs.extend(pairings.flat_map(|pairing| pairing.pairs().collect::<Vec<_>>()));
        truth
    }

    /// The number that the subscriber map has for a SIM.
    pub fn msisdn_of(&self, imsi: Imsi) -> Option<Msisdn> {
        self.people.msisdn(self.people.of_imsi(imsi)?)
    }

    /// What is said of a model, by number.
    pub(super) const fn tac_rule(&self, model: usize) -> TacRule {
        let mut rule = TacRule { exempt_type: false, barred: TacBar::None };
        match drawn(self.scale.seed ^ 0x7e1, model as u64, RULED_ONE_IN) {
            0 => rule.exempt_type = true,
            1 => rule.barred = TacBar::Soft,
            2 => rule.barred = TacBar::Hard,
            _ => {}
        }
        rule
    }

    /// What a listing says beyond its bit; none where the bit is all.
    pub(super) fn listed(&self, lot: &Lot, rank: u64) -> Option<Listed> {
        let ends = |from: i64, days: u64| day(from + drawn(self.scale.seed ^ 0xe4d, rank, days) as i64);
        match lot.door {
            // Of a year of visits, a quarter is still running.
            Door::OperatorTourist => {
                Some(Listed { until: ends(-275, 366), since: None, number: People::tourist_msisdn(rank) })
            }
            Door::State => Some(Listed { until: ends(-365, 1095), since: None, number: None }),
            _ => None,
        }
    }

    /// Whether a device is reported stolen: one of each 2,000.
    pub(super) const fn is_stolen(&self, rank: u64) -> bool {
        self.rank_of_stolen(rank / STOLEN_ONE_IN) == rank
    }

    /// The rank of the n-th stolen device; the last one may lie behind the register.
    pub(super) const fn rank_of_stolen(&self, nth: u64) -> u64 {
        nth * STOLEN_ONE_IN + drawn(self.scale.seed ^ 0x570, nth, STOLEN_ONE_IN)
    }

    /// What the report says.
    pub(super) fn stolen(&self, rank: u64) -> Listed {
        let ago = drawn(self.scale.seed ^ 0x571, rank, 700) as i64;
        Listed { until: None, since: day(-ago), number: None }
    }

    /// The operator that reported a stolen device, or registered a visitor's.
    pub(super) const fn reporter(&self, rank: u64) -> usize {
        (mixed(self.scale.seed ^ 0x0e5, rank) % 3) as usize
    }
}
