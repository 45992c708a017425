//! Reading: journal, batches, single pages, bodies, and the rows of which the newest counts.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
    rows::StoredRow,
};
use crate::{
    batch::{BatchHeader, BatchNumber, BatchState, Batches, BodyRow, Model, TacClass},
    day::Day,
    fold::Row,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    journal::{BatchStaged, Change, Entry, SettingsApplied},
    listing::{Class, Door, TacBar, TacRule},
    page::PageId,
    pairing::Number,
};
use prost::Message;
use rocksdb::{Direction, IteratorMode, ReadOptions};
use std::collections::BTreeMap;

/// A settings document as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsRow {
    /// The entry.
    pub seq: u64,
    /// From when it holds, in seconds since the Unix epoch.
    pub effective_from_unix_s: i64,
    /// The document in canonical TOML.
    pub toml: String,
}

impl Store {
    /// Entries from a number on, as they were stored.
    ///
    /// # Errors
    /// When the column family is missing; each item when RocksDB cannot read it.
    pub fn journal(&self, from_seq: u64) -> Result<impl Iterator<Item = Result<Vec<u8>, StoreError>> + '_, StoreError> {
        let start = keys::seq(from_seq);
        let rows = self.db.iterator_cf(self.cf(cf::JOURNAL)?, IteratorMode::From(&start, Direction::Forward));
        Ok(rows.map(|row| row.map(|(_, bytes)| bytes.into_vec()).map_err(|error| self.failed_read(&error))))
    }

    /// Entries from a number on, decoded, with a check that no number is missing.
    ///
    /// # Errors
    /// When the column family is missing; each item when an entry is unreadable or a number is missing.
    pub fn entries(&self, from_seq: u64) -> Result<impl Iterator<Item = Result<Entry, StoreError>> + '_, StoreError> {
        let mut expected = from_seq;
        Ok(self.journal(from_seq)?.map(move |bytes| {
            let entry = Entry::decode(bytes?.as_slice())
                .map_err(|error| StoreError::damaged(&self.path, format!("entry {expected} is unreadable: {error}")))?;
            if entry.seq != expected {
                let what = format!("the journal has entry {} where {expected} should be", entry.seq);
                return Err(StoreError::damaged(&self.path, what));
            }
            expected += 1;
            Ok(entry)
        }))
    }

    /// One entry. `None` when there is none of that number.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn entry(&self, seq: u64) -> Result<Option<Entry>, StoreError> {
        let bytes = self.db.get_cf(self.cf(cf::JOURNAL)?, keys::seq(seq)).map_err(|error| self.failed_read(&error))?;
        let decode = |bytes: Vec<u8>| {
            Entry::decode(bytes.as_slice())
                .map_err(|error| StoreError::damaged(&self.path, format!("entry {seq} is unreadable: {error}")))
        };
        bytes.map(decode).transpose()
    }

    /// Number of the last entry that was made before a moment, in milliseconds since the Unix epoch. Entries
    /// are numbered in the order in which they were made, so this is a binary search.
    ///
    /// # Errors
    /// When an entry that is looked at is unreadable.
    pub fn last_entry_before(&self, unix_ms: i64) -> Result<Option<u64>, StoreError> {
        let (mut low, mut high) = (0, self.applied().seq);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let made = self.entry(middle)?.map_or(i64::MAX, |entry| entry.time_unix_ms);
            if made < unix_ms { low = middle } else { high = middle - 1 }
        }
        Ok((low > 0).then_some(low))
    }

    /// Every row about the devices of one page, whatever the state of its batch.
    ///
    /// # Errors
    /// When a row of the page is unreadable.
    pub fn page_rows(&self, id: PageId) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for family in [Family::Pages, Family::Marks, Family::Pairings, Family::Links] {
            self.rows_with_head(family, &keys::page(id), &mut |row| rows.push(row))?;
        }
        Ok(rows)
    }

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
                newest = model.map(|model| (batch, model));
            }
        })?;
        Ok(newest)
    }

    /// What is in force for a model, with the batch of each part.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_rule(&self, tac: Tac, seq: u64) -> Result<(TacRule, Vec<BatchNumber>), StoreError> {
        let mut rule = TacRule::default();
        let mut batches = BTreeMap::new();
        for class in [TacClass::ExemptType, TacClass::Bar] {
            let mut head = tac.get().to_be_bytes().to_vec();
            head.push(class as u8);
            self.rows_with_head(Family::TacClasses, &head, &mut |row| {
                if let (batch, BodyRow::TacClass { class, level, .. }) = row
                    && self.is_evidence(batch, seq)
                {
                    apply_tac_class(&mut rule, class, level);
                    batches.insert(class, batch);
                }
            })?;
        }
        Ok((rule, batches.into_values().collect()))
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

    /// Devices that a number was ever paired with or bound to, and the batches that say so.
    ///
    /// # Errors
    /// When an index row is unreadable.
    pub fn devices_of(&self, number: Number) -> Result<Vec<(EquipmentKey, BatchNumber)>, StoreError> {
        let head = number.to_stored().to_be_bytes();
        let mut devices = Vec::new();
        self.walk(cf::NUMBERS, &head, &mut |key, _| {
            devices.push(keys::read_number_row(key)?);
            Some(())
        })?;
        Ok(devices)
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

    /// The same for the subscribers whose newest row came with a batch of one operator.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn subscribers_of(&self, operator: &str, seq: u64) -> Result<Vec<(Imsi, Msisdn)>, StoreError> {
        let mut newest: BTreeMap<Imsi, (BatchNumber, Option<Msisdn>)> = BTreeMap::new();
        self.walk_family(Family::Subscribers, &mut |(batch, row)| {
            if let BodyRow::Subscriber { imsi, msisdn, .. } = row
                && self.is_evidence(batch, seq)
            {
                newest.insert(imsi, (batch, msisdn));
            }
        })?;
        let is_own = |batch| self.with_batches(|b| b.get(batch).is_some_and(|batch| batch.header.operator == operator));
        let own = newest.into_iter().filter(|(_, (batch, _))| is_own(*batch));
        Ok(own.filter_map(|(imsi, (_, msisdn))| Some((imsi, msisdn?))).collect())
    }

    /// The class rows of models that are in force as of an entry.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_class_rows(&self, seq: u64) -> Result<Vec<BodyRow>, StoreError> {
        let mut newest: BTreeMap<(Tac, TacClass), u8> = BTreeMap::new();
        self.walk_family(Family::TacClasses, &mut |(batch, row)| {
            if let BodyRow::TacClass { tac, class, level } = row
                && self.is_evidence(batch, seq)
            {
                newest.insert((tac, class), level);
            }
        })?;
        newest.retain(|_, level| *level > 0);
        Ok(newest.into_iter().map(|((tac, class), level)| BodyRow::TacClass { tac, class, level }).collect())
    }

    /// Every model with a class in force as of an entry, ascending.
    ///
    /// # Errors
    /// When a row of that family is unreadable.
    pub fn tac_rules(&self, seq: u64) -> Result<Vec<(Tac, TacRule)>, StoreError> {
        let mut rules: BTreeMap<Tac, TacRule> = BTreeMap::new();
        self.walk_family(Family::TacClasses, &mut |(batch, row)| {
            if let BodyRow::TacClass { tac, class, level } = row
                && self.is_evidence(batch, seq)
            {
                apply_tac_class(rules.entry(tac).or_default(), class, level);
            }
        })?;
        rules.retain(|_, rule| *rule != TacRule::default());
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
                    Some(model) => models.insert(tac, model),
                    None => models.remove(&tac),
                };
            }
        })?;
        Ok(models)
    }

    /// Every settings document up to an entry, in the order in which they were taken in.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub fn settings(&self, seq: u64) -> Result<Vec<SettingsRow>, StoreError> {
        let mut documents = Vec::new();
        self.walk(cf::SETTINGS, &[], &mut |key, value| {
            let applied = SettingsApplied::decode(value).ok()?;
            documents.push(SettingsRow {
                seq: keys::read_seq(key)?,
                effective_from_unix_s: applied.effective_from_unix_s,
                toml: applied.toml,
            });
            Some(())
        })?;
        documents.retain(|row| row.seq <= seq);
        Ok(documents)
    }

    /// Where a batch has rows: families and what their keys begin with, in canonical order.
    pub(super) fn touched(
        &self,
        number: BatchNumber,
    ) -> Result<impl Iterator<Item = Result<(Family, Vec<u8>), StoreError>> + '_, StoreError> {
        let from = number.to_be_bytes();
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound((number + 1).to_be_bytes());
        let mode = IteratorMode::From(&from, Direction::Forward);
        let touched = self.db.iterator_cf_opt(self.cf(cf::TOUCHED)?, options, mode);
        Ok(touched.map(move |row| {
            let (key, _) = row.map_err(|error| self.failed_read(&error))?;
            let (family, head) = keys::read_touched(&key).ok_or_else(|| {
                StoreError::damaged(&self.path, format!("an index row of batch {number} is unreadable"))
            })?;
            Ok((family, head.to_vec()))
        }))
    }

    /// The rows of a batch in canonical order.
    pub(super) fn body_rows(
        &self,
        number: BatchNumber,
    ) -> Result<impl Iterator<Item = Result<(StoredRow, BodyRow), StoreError>> + '_, StoreError> {
        let rows_at = move |touched: Result<(Family, Vec<u8>), StoreError>| {
            let (family, head) = touched?;
            let rows = self.rows_of_batch(family, &head, number)?;
            if rows.is_empty() {
                return Err(StoreError::damaged(&self.path, format!("a row of batch {number} is missing")));
            }
            Ok(rows)
        };
        Ok(self.touched(number)?.flat_map(move |touched| match rows_at(touched) {
            Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        }))
    }

    /// The rows of a batch in canonical order, decoded.
    ///
    /// # Errors
    /// When the column family is missing; each item when a row of the batch is unreadable or missing.
    pub fn body(
        &self,
        number: BatchNumber,
    ) -> Result<impl Iterator<Item = Result<BodyRow, StoreError>> + '_, StoreError> {
        Ok(self.body_rows(number)?.map(|row| row.map(|(_, body)| body)))
    }

    /// The rows of a batch with keys that begin with `head`.
    pub(super) fn rows_of_batch(
        &self,
        family: Family,
        head: &[u8],
        number: BatchNumber,
    ) -> Result<Vec<(StoredRow, BodyRow)>, StoreError> {
        let prefix = [head, &number.to_be_bytes()].concat();
        let mut rows = Vec::new();
        self.walk(super::write::family_name(family), &prefix, &mut |key, value| {
            let (_, body) = StoredRow::decode(family, key, value)?;
            rows.push((StoredRow { family, key: key.to_vec(), value: value.to_vec() }, body));
            Some(())
        })?;
        Ok(rows)
    }

    fn walk_family(&self, family: Family, take: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.rows_with_head(family, &[], take)
    }

    fn rows_with_head(&self, family: Family, head: &[u8], take: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.walk(super::write::family_name(family), head, &mut |key, value| {
            take(StoredRow::decode(family, key, value)?);
            Some(())
        })
    }

    /// Walks the rows whose keys begin with `prefix`; a row that `take` does not understand is damage.
    pub(super) fn walk(
        &self,
        name: &'static str,
        prefix: &[u8],
        take: &mut dyn FnMut(&[u8], &[u8]) -> Option<()>,
    ) -> Result<(), StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_range(rocksdb::PrefixRange(prefix));
        let mut rows = self.db.raw_iterator_cf_opt(self.cf(name)?, options);
        rows.seek(prefix);
        while let Some((key, value)) = rows.item() {
            take(key, value)
                .ok_or_else(|| StoreError::damaged(&self.path, format!("a row of {name:?} is unreadable")))?;
            rows.next();
        }
        rows.status().map_err(|error| self.failed_read(&error))
    }

    fn is_evidence(&self, batch: BatchNumber, seq: u64) -> bool {
        self.with_batches(|batches| batches.evidence_at(batch, seq).is_some())
    }
}

fn apply_tac_class(rule: &mut TacRule, class: TacClass, level: u8) {
    match class {
        TacClass::ExemptType => rule.exempt_type = level > 0,
        TacClass::Bar => {
            rule.barred = match level {
                0 => TacBar::None,
                1 => TacBar::Soft,
                _ => TacBar::Hard,
            };
        }
    }
}

/// Takes a row of `batches` into the table. `None` when it is unreadable.
pub(super) fn fold_batch_row(batches: &mut Batches, key: &[u8], value: &[u8]) -> Option<()> {
    let (number, seq) = keys::read_batch_row(key)?;
    let (state, rest) = value.split_first()?;
    let state = BatchState::from_code(*state)?;
    if number == seq {
        batches.open(number, header_of(&BatchStaged::decode(rest).ok()?)?, state);
        Some(())
    } else {
        batches.change(number, seq, state).then_some(())
    }
}

/// Takes an entry into the table of batches.
pub fn fold_entry(batches: &mut Batches, entry: &Entry) {
    match &entry.change {
        Some(Change::BatchStaged(staged)) => {
            if let Some(header) = header_of(staged) {
                batches.open(entry.seq, header, BatchState::Staged);
            }
        }
        Some(Change::BatchActivated(activated)) => {
            batches.change(activated.batch, entry.seq, BatchState::Active);
        }
        Some(Change::BatchDiscarded(discarded)) => {
            batches.change(discarded.batch, entry.seq, BatchState::Discarded);
        }
        Some(Change::SettingsApplied(_) | Change::EpochStarted(_)) | None => {}
    }
}

fn header_of(staged: &BatchStaged) -> Option<BatchHeader> {
    let class = u8::try_from(staged.class).ok()?;
    let valid_until = match staged.valid_until_plus_one {
        0 => None,
        plus_one => Some(Day::from_stored(u16::try_from(plus_one - 1).ok()?)?),
    };
    Some(BatchHeader {
        kind: staged.kind.clone(),
        door: Door::from_code(u8::try_from(staged.door).ok()?)?,
        class: if class == 0 { None } else { Some(Class::from_code(class)?) },
        document: staged.document.clone(),
        valid_until,
        operator: staged.operator.clone(),
    })
}
