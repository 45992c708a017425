//! Rows of which the newest counts: models, classes of models, subscribers.
//!
//! What always holds: a row counts while its batch is evidence; of several about one subject that of the newest
//! batch counts. What is said of a model's class stands by itself for each door, and the strictest bar holds, so that
//! a list of the regulator's never softens what a court ordered.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
};
use crate::{
    batch::{BatchNumber, BodyRow, Model, TacClass},
    fold::Row,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    listing::{Door, TacBar, TacRule},
    page::PageId,
    pairing::Number,
};
use std::collections::BTreeMap;

/// The newest row of each model, class and door: its level and batch.
type Classes = BTreeMap<(Tac, TacClass, Door), (u8, BatchNumber)>;

impl Store {
    /// Models of the catalogue that are in force for a TAC.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn model(&self, tac: Tac, seq: u64) -> Result<Option<(BatchNumber, Model)>, StoreError> {
        let mut newest = None;
        self.rows_with_head(Family::Tacs, &tac.get().to_be_bytes(), &mut |row| {
            if let (batch, BodyRow::Tac { model, .. }) = row
                && self.is_evidence(batch, seq)
            {
                newest = model.map(|model| (batch, *model));
            }
        })?;
        Ok(newest)
    }

    /// What is in force for a model, with the batch of each part.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_rule(&self, tac: Tac, seq: u64) -> Result<(TacRule, Vec<BatchNumber>), StoreError> {
        let classes = self.classes(&tac.get().to_be_bytes(), &|batch| self.evidence_door(batch, seq))?;
        let mut rule = TacRule::default();
        let mut decisive = BTreeMap::new();
        for ((_, class, _), (level, batch)) in classes {
            apply_tac_class(&mut rule, class, level);
            let strictest = decisive.entry(class).or_insert((level, batch));
            *strictest = (*strictest).max((level, batch));
        }
        Ok((rule, decisive.into_values().map(|(_, batch)| batch).collect()))
    }

    /// What would be in force for a model, if the batches with a door by `door_of` were evidence and no others.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_rule_by(&self, tac: Tac, door_of: &dyn Fn(BatchNumber) -> Option<Door>) -> Result<TacRule, StoreError> {
        let mut rule = TacRule::default();
        for ((_, class, _), (level, _)) in self.classes(&tac.get().to_be_bytes(), door_of)? {
            apply_tac_class(&mut rule, class, level);
        }
        Ok(rule)
    }

    /// What is in force of classes, of the rows whose keys begin with `head`.
    fn classes(&self, head: &[u8], door_of: &dyn Fn(BatchNumber) -> Option<Door>) -> Result<Classes, StoreError> {
        let mut classes = Classes::new();
        self.rows_with_head(Family::TacClasses, head, &mut |row| {
            if let (batch, BodyRow::TacClass { tac, class, level }) = row
                && let Some(door) = door_of(batch)
            {
                classes.insert((tac, class, door), (level, batch));
            }
        })?;
        classes.retain(|_, (level, _)| *level > 0);
        Ok(classes)
    }

    fn evidence_door(&self, batch: BatchNumber, seq: u64) -> Option<Door> {
        self.with_batches(|batches| batches.evidence_at(batch, seq).map(|(batch, _)| batch.header.door))
    }

    /// Every row about a model's classes, oldest batch first, whatever became of the batches.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn model_rows(&self, tac: Tac) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.rows_with_head(Family::TacClasses, &tac.get().to_be_bytes(), &mut |row| rows.push(row))?;
        Ok(rows)
    }

    /// Every row about a SIM, oldest batch first, whatever became of the batches.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn subscriber_rows(&self, imsi: Imsi) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.rows_with_head(Family::Subscribers, &imsi.packed().to_be_bytes(), &mut |row| rows.push(row))?;
        Ok(rows)
    }

    /// The number of an IMSI as of an entry, with its batch.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn subscriber(&self, imsi: Imsi, seq: u64) -> Result<Option<(BatchNumber, Msisdn)>, StoreError> {
        let mut newest = None;
        self.rows_with_head(Family::Subscribers, &imsi.packed().to_be_bytes(), &mut |row| {
            if let (batch, BodyRow::Subscriber { msisdn, .. }) = row
                && self.is_evidence(batch, seq)
            {
                newest = msisdn.map(|msisdn| (batch, msisdn));
            }
        })?;
        Ok(newest)
    }

    /// Every SIM that a list ever gave a number, ascending, whatever became of the lists.
    ///
    /// # Errors
    /// When an index row is unreadable.
    pub fn sims_named_with(&self, msisdn: Msisdn) -> Result<Vec<Imsi>, StoreError> {
        let mut sims = Vec::new();
        self.walk(cf::SIMS, &msisdn.get().to_be_bytes(), &mut |key, _| {
            let (_, imsi, _) = keys::read_sim_row(key)?;
            if sims.last() != Some(&imsi) {
                sims.push(imsi);
            }
            Some(())
        })?;
        Ok(sims)
    }

    /// The SIMs of a number as of an entry, ascending, each with the batch that says so: what [`Store::subscriber`]
    /// says of every IMSI, asked the other way round.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub fn sims_of(&self, msisdn: Msisdn, seq: u64) -> Result<Vec<(Imsi, BatchNumber)>, StoreError> {
        let mut sims = Vec::new();
        for imsi in self.sims_named_with(msisdn)? {
            let known = self.subscriber(imsi, seq)?;
            sims.extend(known.filter(|(_, has)| *has == msisdn).map(|(batch, _)| (imsi, batch)));
        }
        Ok(sims)
    }

    /// Whether a batch pairs a device with a SIM, and names no number beside it.
    ///
    /// # Errors
    /// When a row of the page is unreadable.
    pub fn names_alone(&self, key: EquipmentKey, batch: BatchNumber, imsi: Imsi) -> Result<bool, StoreError> {
        let rows = self.page_rows(PageId::of(key))?;
        Ok(rows.iter().any(|(number, row)| {
            matches!(row, BodyRow::Pairing { key: about, number: paired, target: None, .. }
                if (*number, *about, *paired) == (batch, key, Number::from(imsi)))
        }))
    }

    /// Every IMSI of the subscriber map that has a number as of an entry, ascending.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn subscribers(&self, seq: u64) -> Result<Vec<(Imsi, Msisdn)>, StoreError> {
        let mut newest: Vec<(Imsi, Option<Msisdn>)> = Vec::new();
        self.walk_family(Family::Subscribers, &mut |(batch, row)| {
            if let BodyRow::Subscriber { imsi, msisdn, .. } = row
                && self.is_evidence(batch, seq)
            {
                match newest.last_mut() {
                    Some(last) if last.0 == imsi => last.1 = msisdn,
                    _ => newest.push((imsi, msisdn)),
                }
            }
        })?;
        Ok(newest.into_iter().filter_map(|(imsi, msisdn)| Some((imsi, msisdn?))).collect())
    }

    /// The class rows of models that are in force as of an entry, each with the batch that it came with.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_class_rows(&self, seq: u64) -> Result<Vec<(BatchNumber, BodyRow)>, StoreError> {
        let rows = self.classes(&[], &|batch| self.evidence_door(batch, seq))?.into_iter();
        Ok(rows.map(|((tac, class, _), (level, batch))| (batch, BodyRow::TacClass { tac, class, level })).collect())
    }

    /// Every model with a class in force as of an entry, ascending.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_rules(&self, seq: u64) -> Result<Vec<(Tac, TacRule)>, StoreError> {
        let mut rules: BTreeMap<Tac, TacRule> = BTreeMap::new();
        for ((tac, class, _), (level, _)) in self.classes(&[], &|batch| self.evidence_door(batch, seq))? {
            apply_tac_class(rules.entry(tac).or_default(), class, level);
        }
        Ok(rules.into_iter().collect())
    }

    /// Every model of the catalogue in force as of an entry, ascending.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn models(&self, seq: u64) -> Result<BTreeMap<Tac, Model>, StoreError> {
        let mut models = BTreeMap::new();
        self.walk_family(Family::Tacs, &mut |(batch, row)| {
            if let BodyRow::Tac { tac, model } = row
                && self.is_evidence(batch, seq)
            {
                match model {
                    Some(model) => models.insert(tac, *model),
                    None => models.remove(&tac),
                };
            }
        })?;
        Ok(models)
    }
}

/// Adds what one door says of a model.
fn apply_tac_class(rule: &mut TacRule, class: TacClass, level: u8) {
    match (class, level) {
        (_, 0) => {}
        (TacClass::ExemptType, _) => rule.exempt_type = true,
        (TacClass::Bar, 1) => rule.barred = rule.barred.max(TacBar::Soft),
        (TacClass::Bar, _) => rule.barred = TacBar::Hard,
    }
}
