//! Rows: what the batches of a part bring, streaming.
//!
//! What always holds: rows come family by family, and within a family in the order in which the register stores them
//! (page, then batch, then place), so that each batch's rows come in canonical order too; what is held at a time is a
//! model's pages, and marks and links of a part.

use super::{
    National, Part,
    lot::{Lot, Pattern},
    parts::{Slot, Subject},
};
use crate::{
    batch::{BodyRow, Model, TacClass},
    identity::{EquipmentKey, Tac},
    listing::{Door, TacBar},
    page::{PAGE_SERIALS, PageBits, PageId},
};
use std::ops::Range;

/// Takes rows with the number of their batch within the part.
pub type Take<'a, E> = &'a mut dyn FnMut(usize, BodyRow) -> Result<(), E>;

/// What is known of a model by its name.
const MAKERS: [&str; 6] = ["Nusantara", "Garuda", "Borobudur", "Krakatau", "Merapi", "Rinjani"];

impl National {
    /// The rows of a part.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn rows<E>(&self, part: &Part, take: Take<'_, E>) -> Result<(), E> {
        match &part.subject {
            Subject::Models(models) => {
                for model in models.clone() {
                    self.page_rows(part, model, take)?;
                }
                self.mark_rows(part, models, take)?;
                self.pairing_rows(part, models, take)?;
                self.link_rows(part, models, take)
            }
            Subject::Subscribers(_, range) => {
                for subscriber in range.clone() {
                    if let Some(imsi) = self.people.imsi(subscriber) {
                        take(0, BodyRow::Subscriber { imsi, msisdn: self.people.msisdn(subscriber), since: None })?;
                    }
                }
                Ok(())
            }
            Subject::Catalogue => self.catalogue_rows(part, take),
        }
    }

    fn number(&self, part: &Part, slot: Slot) -> usize {
        part.numbers.get(self.place(slot)).copied().flatten().unwrap_or_default() as usize
    }

    fn page_rows<E>(&self, part: &Part, model: usize, take: Take<'_, E>) -> Result<(), E> {
        let Some(tac) = self.plan.models.get(model).map(|model| model.tac) else { return Ok(()) };
        let mut sets = Sets::default();
        for lot in self.plan.lots_of(model).iter().filter(|lot| is_plain(lot)) {
            self.add_lot(part, lot, &mut sets);
        }
        for ((page, number), bits) in sets.sorted() {
            if let Some(id) = PageId::new(tac, page) {
                take(number as usize, BodyRow::Page { id, target: None, bits: Box::new(bits) })?;
            }
        }
        Ok(())
    }

    fn add_lot(&self, part: &Part, lot: &Lot, sets: &mut Sets) {
        if lot.single || self.scale.shared > 1 {
            lot.each(|nth, serial| sets.add(serial, self.number(part, self.slot(lot, nth)) as u32));
            return sets.flush();
        }
        let number = self.number(part, self.slot(lot, 0)) as u32;
        if lot.pattern == Pattern::Run {
            sets.add_run(lot.start..lot.start + lot.count, number);
        } else {
            lot.each(|_, serial| sets.add(serial, number));
        }
        sets.flush();
    }

    fn mark_rows<E>(&self, part: &Part, models: &Range<usize>, take: Take<'_, E>) -> Result<(), E> {
        let mut rows = Vec::new();
        for lot in models.clone().flat_map(|model| self.plan.lots_of(model)).filter(|lot| !is_plain(lot)) {
            for nth in 0..lot.count {
                let listed = self.listed(lot, lot.first_rank + u64::from(nth));
                if let (Some(key), Some(listed)) = (self.plan.key_in(lot, nth), listed) {
                    let number = self.number(part, self.slot(lot, nth));
                    rows.push((key, number, listed));
                }
            }
        }
        for rank in self.stolen_within(&self.ranks(models)) {
            if let Some(key) = self.plan.key(rank) {
                rows.push((key, self.number(part, Slot::Stolen(self.reporter(rank))), self.stolen(rank)));
            }
        }
        rows.sort_unstable_by_key(|(key, number, _)| (PageId::of(*key), *number, *key));
        rows.into_iter().try_for_each(|(key, batch, listed)| {
            take(batch, BodyRow::Mark { key, until: listed.until, since: listed.since, number: listed.number })
        })
    }

    fn pairing_rows<E>(&self, part: &Part, models: &Range<usize>, take: Take<'_, E>) -> Result<(), E> {
        let mut waiting: Vec<(EquipmentKey, usize, super::people::Pairing)> = Vec::new();
        for pairing in self.people.pairings_within(&self.ranks(models)) {
            let (Some(key), Some(paired)) =
                (self.plan.key(self.people.rank_of_pairing(pairing)), self.people.pairing(pairing))
            else {
                continue;
            };
            if waiting.last().is_some_and(|(last, ..)| PageId::of(*last) != PageId::of(key)) {
                take_pairings(&mut waiting, take)?;
            }
            waiting.push((key, self.number(part, Slot::Pairings(paired.operator)), paired));
        }
        take_pairings(&mut waiting, take)
    }

    fn link_rows<E>(&self, part: &Part, models: &Range<usize>, take: Take<'_, E>) -> Result<(), E> {
        let lots = models.clone().flat_map(|model| self.plan.lots_of(model));
        let mut waiting: Vec<(EquipmentKey, usize, EquipmentKey)> = Vec::new();
        for lot in lots.filter(|lot| lot.door == Door::CustomsParcel) {
            for nth in 0..lot.count {
                let other = lot.other_slot(nth).and_then(|other| self.plan.key_in(lot, other));
                if let (Some(key), Some(other)) = (self.plan.key_in(lot, nth), other) {
                    waiting.push((key, self.number(part, self.slot(lot, nth)), other));
                }
            }
        }
        waiting.sort_unstable_by_key(|(key, number, _)| (PageId::of(*key), *number, *key));
        let mut waiting = waiting.into_iter();
        waiting.try_for_each(|(key, number, other)| take(number, BodyRow::Link { key, others: vec![other] }))
    }

    fn catalogue_rows<E>(&self, part: &Part, take: Take<'_, E>) -> Result<(), E> {
        let batch = |slot: usize| part.numbers.get(slot).copied().flatten().unwrap_or_default() as usize;
        for (number, model) in self.plan.models.iter().enumerate() {
            take(batch(0), BodyRow::Tac { tac: model.tac, model: Some(Box::new(self.name(number, model.tac))) })?;
        }
        for (number, model) in self.plan.models.iter().enumerate() {
            let rule = self.tac_rule(number);
            if rule.exempt_type {
                take(batch(1), BodyRow::TacClass { tac: model.tac, class: TacClass::ExemptType, level: 1 })?;
            }
            let level = match rule.barred {
                TacBar::None => continue,
                TacBar::Soft => 1,
                TacBar::Hard => 2,
            };
            take(batch(2), BodyRow::TacClass { tac: model.tac, class: TacClass::Bar, level })?;
        }
        Ok(())
    }

    fn name(&self, number: usize, tac: Tac) -> Model {
        self.names.get(&tac).cloned().unwrap_or_else(|| Model {
            manufacturer: MAKERS[number % MAKERS.len()].to_owned(),
            name: format!("Model {number}"),
            ..Model::default()
        })
    }
}

/// Whether the devices of a lot need no more than their bit.
fn is_plain(lot: &Lot) -> bool {
    !matches!(lot.door, Door::OperatorTourist | Door::State)
}

fn take_pairings<E>(
    waiting: &mut Vec<(EquipmentKey, usize, super::people::Pairing)>,
    take: Take<'_, E>,
) -> Result<(), E> {
    waiting.sort_unstable_by_key(|(key, number, paired)| (*number, *key, paired.number, paired.imsi));
    waiting.drain(..).try_for_each(|(key, batch, paired)| {
        let super::people::Pairing { number, imsi, kind, until, .. } = paired;
        take(batch, BodyRow::Pairing { key, number, target: None, kind, imsi, until })
    })
}

/// The sets of one model, by page and batch.
#[derive(Default)]
struct Sets {
    done: Vec<((u16, u32), PageBits)>,
    page: u16,
    open: Vec<(u32, PageBits)>,
}

impl Sets {
    /// Adds a device. Those of a lot ascend.
    fn add(&mut self, serial: u32, number: u32) {
        let page = (serial / PAGE_SERIALS) as u16;
        if page != self.page {
            self.flush();
            self.page = page;
        }
        self.bits(number).insert((serial % PAGE_SERIALS) as u16);
    }

    fn bits(&mut self, number: u32) -> &mut PageBits {
        let at = self.open.iter().position(|(other, _)| *other == number).unwrap_or_else(|| {
            self.open.push((number, PageBits::EMPTY));
            self.open.len() - 1
        });
        &mut self.open[at].1
    }

    /// Adds serials next to each other.
    fn add_run(&mut self, serials: Range<u32>, number: u32) {
        let mut next = serials.start;
        while next < serials.end {
            let page = next / PAGE_SERIALS;
            let end = serials.end.min((page + 1) * PAGE_SERIALS);
            self.flush();
            self.page = page as u16;
            let bits = self.bits(number);
            let (first, last) = (next % PAGE_SERIALS, (end - 1) % PAGE_SERIALS);
            for (at, word) in bits.0.iter_mut().enumerate() {
                let start = at as u32 * 64;
                if start + 63 >= first && start <= last {
                    let from = first.saturating_sub(start);
                    let to = (last - start).min(63);
                    *word |= u64::MAX >> (63 - to) & u64::MAX << from;
                }
            }
            next = end;
        }
    }

    fn flush(&mut self) {
        self.done.extend(self.open.drain(..).map(|(number, bits)| ((self.page, number), bits)));
    }

    /// Page by page and batch by batch; lots may meet in a page.
    fn sorted(mut self) -> impl Iterator<Item = ((u16, u32), PageBits)> {
        self.flush();
        self.done.sort_by_key(|(place, _)| *place);
        self.done.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1.union(&later.1);
            }
            same
        });
        self.done.into_iter()
    }
}
