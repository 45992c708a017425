//! Checks: what networks ask of a national register, and what they must hear.
//!
//! What always holds: the n-th check of a profile follows from the seed and n; its answer from the seed, the policy
//! and the day.

use super::{
    National,
    random::{Dice, Shuffle},
    truth::STOLEN_ONE_IN,
};
use crate::{
    check::EquipmentValue,
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn, Tac, check_digit},
    listing::{Door, coded},
    pairing::{self, Pairs, Subscriber},
    policy::{self, Asked, Evidence, Policy, Verdict, decide},
};

coded! {
    /// What networks go through.
    Profile, "a profile", {
        /// An ordinary busy hour.
        Attach = 1, "attach";
        /// Everybody comes back after an outage: each subscriber once, in random order.
        Storm = 2, "storm";
        /// Unknown and malformed IMEIs, and stolen and copied ones.
        Attack = 3, "attack";
    }
}

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The 14 digits as a number, as the fast calls send them; malformed values are 0, or 10^14 and more.
    pub equipment: u64,
    /// The subscriber's number, where the network knows it.
    pub msisdn: Option<Msisdn>,
    /// The SIM, where the network knows it.
    pub imsi: Option<Imsi>,
}

impl Question {
    /// The equipment as a network sends it in text: 15 digits, or what a broken phone sends.
    pub fn equipment_text(&self) -> String {
        const BROKEN: [&str; 5] = ["00000000000000", "35209O001761481", "*#06#", "3520990017614", "352099001761481352"];
        match EquipmentValue::from_number(self.equipment) {
            EquipmentValue::Key(key) => format!("{key}{}", check_digit(key)),
            _ => BROKEN[(self.equipment % BROKEN.len() as u64) as usize].to_owned(),
        }
    }

    fn of(equipment: EquipmentKey) -> Self {
        Self { equipment: equipment.get(), msisdn: None, imsi: None }
    }
}

/// What a check is about.
enum Case {
    /// A subscriber with the device it is paired with.
    Own,
    /// A listed device with any subscriber's SIM.
    Listed,
    /// A listed device with a visitor's foreign SIM.
    Roamer,
    /// A device that is on no list, of a model that has listed ones.
    Unlisted,
    /// A device of an unknown model.
    UnknownModel,
    /// A stolen device, or a copy of it.
    Stolen,
    /// A paired device with another subscriber's SIM: a copied IMEI.
    Copied,
    /// A visitor's device with the number that it was bound to.
    Visitor,
    /// No IMEI.
    Malformed,
}

/// Thousandths of each case.
const ATTACH: [(u32, Case); 8] = [
    (700, Case::Own),
    (220, Case::Listed),
    (30, Case::Roamer),
    (25, Case::Unlisted),
    (5, Case::UnknownModel),
    (5, Case::Stolen),
    (10, Case::Visitor),
    (5, Case::Malformed),
];
const STORM: [(u32, Case); 4] = [(960, Case::Own), (20, Case::Listed), (15, Case::Roamer), (5, Case::Unlisted)];
const ATTACK: [(u32, Case); 5] =
    [(450, Case::Unlisted), (250, Case::UnknownModel), (150, Case::Malformed), (50, Case::Stolen), (100, Case::Copied)];

/// Models of other ranges than those of the register.
const UNKNOWN_TAC_FIRST: u32 = 99_000_000;
/// Networks that roamers come from: Singapore, Malaysia, Saudi Arabia.
const FOREIGN: [u64; 3] = [52_501, 50_212, 42_001];
const MSINS: u64 = 10_000_000_000;
/// Tries to find a serial that is not listed, before another model is taken.
const TRIES: u32 = 8;

impl National {
    /// The n-th check of a profile.
    pub fn question(&self, profile: Profile, index: u64) -> Question {
        let mut dice = Dice::new(self.scale.seed ^ 0xc4ec << 8 ^ u64::from(profile.code()), index);
        let cases: &[(u32, Case)] = match profile {
            Profile::Attach => &ATTACH,
            Profile::Storm => &STORM,
            Profile::Attack => &ATTACK,
        };
        let mut drawn = dice.below(1000);
        let case = cases.iter().find(|(share, _)| {
            let here = drawn < *share;
            drawn = drawn.wrapping_sub(*share);
            here
        });
        let case = case.map_or(&Case::Listed, |(_, case)| case);
        match case {
            Case::Own if self.people.pairs > 0 => self.own(profile, index, &mut dice),
            Case::Copied if self.people.pairs > 0 => {
                let pairing = dice.below_u64(self.people.pairs);
                let question = self.of_rank(self.people.rank_of_pairing(pairing));
                self.with_numbers(question, dice.below_u64(self.people.pairs), &mut dice)
            }
            Case::Unlisted => {
                let key = self.unlisted(&mut dice);
                self.of_anybody(key.map(Question::of), &mut dice)
            }
            Case::UnknownModel => {
                let tac = Tac::new(UNKNOWN_TAC_FIRST + dice.below(1_000_000)).ok();
                let key = tac.and_then(|tac| EquipmentKey::from_parts(tac, dice.below(EquipmentKey::SERIALS)).ok());
                self.of_anybody(key.map(Question::of), &mut dice)
            }
            Case::Malformed => {
                let equipment = if dice.below(3) == 0 { 0 } else { EquipmentKey::LIMIT + dice.below_u64(1 << 40) };
                self.of_anybody(Some(Question { equipment, msisdn: None, imsi: None }), &mut dice)
            }
            Case::Roamer => {
                let question = self.of_rank(dice.below_u64(self.plan.devices));
                let network = FOREIGN[dice.below(FOREIGN.len() as u32) as usize];
                let imsi = Imsi::from_number(network * MSINS + dice.below_u64(MSINS)).ok();
                Question { imsi, ..question.unwrap_or(NOTHING) }
            }
            Case::Stolen => {
                let rank = self.rank_of_stolen(dice.below_u64(self.plan.devices.div_ceil(STOLEN_ONE_IN)));
                self.of_anybody(self.of_rank(rank), &mut dice)
            }
            Case::Visitor => self.visitor(&mut dice),
            Case::Own | Case::Copied | Case::Listed => {
                let question = self.of_rank(dice.below_u64(self.plan.devices));
                self.of_anybody(question, &mut dice)
            }
        }
    }

    /// What a network must hear on a day: of a register with this policy and nothing but what was generated.
    pub fn expected(&self, question: &Question, policy: &Policy, today: Day) -> Verdict {
        let equipment = EquipmentValue::from_number(question.equipment);
        let (asked, truth) = match equipment {
            EquipmentValue::Key(key) => (Asked::Device { test_tac: key.tac().is_test() }, self.truth(key)),
            EquipmentValue::Malformed | EquipmentValue::Other => (Asked::Malformed, super::Truth::default()),
        };
        let known = question.imsi.and_then(|imsi| self.msisdn_of(imsi));
        let subscriber = Subscriber {
            msisdn: question.msisdn.or(known),
            imsi: question.imsi,
            sim_changed: matches!((question.msisdn, known), (Some(asked), Some(known)) if asked != known),
        };
        let met = match (question.imsi, question.msisdn) {
            (None, Some(asked)) => {
                pairing::as_asked_by(asked, truth.evidence().pairs, |imsi| self.msisdn_of(imsi) == Some(asked))
            }
            _ => None,
        };
        let evidence = truth.evidence();
        let pairs = met.as_deref().map_or(evidence.pairs, Pairs::in_full);
        let question = policy::Question { asked, subscriber, emergency: false };
        decide(&question, &Evidence { pairs, ..evidence }, policy, today)
    }

    /// A subscriber with its own device.
    fn own(&self, profile: Profile, index: u64, dice: &mut Dice) -> Question {
        let pairs = self.people.pairs;
        let pairing = match profile {
            Profile::Storm => Shuffle::new(self.scale.seed ^ 0x570f, pairs).forth(index % pairs),
            _ => dice.below_u64(pairs),
        };
        let question = self.of_rank(self.people.rank_of_pairing(pairing));
        self.with_numbers(question, self.people.subscriber_of(pairing), dice)
    }

    fn of_rank(&self, rank: u64) -> Option<Question> {
        // The last stolen device may lie behind the register.
        Some(Question::of(self.plan.key(rank % self.plan.devices)?))
    }

    fn of_anybody(&self, question: Option<Question>, dice: &mut Dice) -> Question {
        match self.people.pairs {
            0 => question.unwrap_or(NOTHING),
            pairs => self.with_numbers(question, dice.below_u64(pairs), dice),
        }
    }

    /// Half of the questions bring the SIM alone, as over S13; a quarter both, some the number alone, some nothing.
    fn with_numbers(&self, question: Option<Question>, subscriber: u64, dice: &mut Dice) -> Question {
        let mut question = question.unwrap_or(NOTHING);
        let drawn = dice.below(20);
        if drawn < 15 {
            question.imsi = self.people.imsi(subscriber);
        }
        if (10..18).contains(&drawn) {
            question.msisdn = self.people.msisdn(subscriber);
        }
        question
    }

    /// A serial that is not listed.
    fn unlisted(&self, dice: &mut Dice) -> Option<EquipmentKey> {
        for _ in 0..TRIES {
            let tac = self.plan.models.get(dice.below(self.plan.models.len() as u32) as usize)?.tac;
            let key = EquipmentKey::from_parts(tac, dice.below(EquipmentKey::SERIALS)).ok()?;
            if self.plan.find(key).is_none() {
                return Some(key);
            }
        }
        EquipmentKey::from_parts(Tac::new(UNKNOWN_TAC_FIRST).ok()?, 1).ok()
    }

    /// The lots of visitors are few: the one that is nearest behind a random one is taken.
    fn visitor(&self, dice: &mut Dice) -> Question {
        const LOTS: usize = 64;
        let rank = dice.below_u64(self.plan.devices);
        let lot = self.plan.lot_of_rank(rank).and_then(|(at, _)| {
            self.plan.lots.iter().cycle().skip(at).take(LOTS).find(|lot| lot.door == Door::OperatorTourist)
        });
        let Some(lot) = lot else { return self.of_anybody(self.of_rank(rank), dice) };
        let rank = lot.first_rank + u64::from(dice.below(lot.count));
        let number = self.listed(lot, rank).and_then(|listed| listed.number);
        Question { msisdn: number.filter(|_| dice.below(4) > 0), ..self.of_rank(rank).unwrap_or(NOTHING) }
    }
}

/// What is asked where nothing can be: all zeros.
const NOTHING: Question = Question { equipment: 0, msisdn: None, imsi: None };
