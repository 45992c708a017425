//! Reading: journal, batches, single pages, settings and bodies.

use super::{
    Store, StoreError, cf,
    keys::{self, Family},
    ranges,
    rows::StoredRow,
};
use crate::{
    batch::{BatchHeader, BatchNumber, BatchState, Batches, BodyRow, Declared, PersonHash},
    day::Day,
    fold::Row,
    identity::EquipmentKey,
    journal::{BatchStaged, Change, Entry, SettingsApplied},
    listing::{Class, Door},
    page::PageId,
    pairing::Number,
};
use prost::Message;
use rocksdb::{Direction, IteratorMode, ReadOptions};

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

/// Takes a row's key and value; `None`: it does not understand them.
type TakeRow<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Option<()>;

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

    /// The entry that carried out a request. `None` when there is none.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn request(&self, principal: &str, request: &str) -> Result<Option<u64>, StoreError> {
        let key = keys::request(principal, request);
        let row = self.db.get_cf(self.cf(cf::REQUESTS)?, key).map_err(|error| self.failed_read(&error))?;
        let damaged = || StoreError::damaged(&self.path, "a row of \"requests\" is unreadable");
        row.map(|row| keys::read_seq(&row).ok_or_else(damaged)).transpose()
    }

    /// The devices of a person, each with the batch that says so.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub fn devices_of_person(&self, person: &PersonHash) -> Result<Vec<(EquipmentKey, BatchNumber)>, StoreError> {
        let mut devices = Vec::new();
        self.walk(cf::PERSONS, person, &mut |key, _| {
            devices.push(keys::read_person_row(key)?);
            Some(())
        })?;
        Ok(devices)
    }

    /// Whether any hash of a person is stored.
    ///
    /// # Errors
    /// When the index is unreadable.
    pub fn knows_persons(&self) -> Result<bool, StoreError> {
        let mut rows = self.db.raw_iterator_cf(self.cf(cf::PERSONS)?);
        rows.seek_to_first();
        rows.status().map_err(|error| self.failed_read(&error))?;
        Ok(rows.valid())
    }

    /// Reads the families that nothing else of a verification reads, so that a flipped bit is found there too.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub fn read_the_rest(&self) -> Result<(), StoreError> {
        [cf::META, cf::REQUESTS, cf::PERSONS, cf::TACS]
            .iter()
            .try_for_each(|name| self.walk(name, &[], &mut |_, _| Some(())))
    }

    /// The entries of the ledger as they are stored beside the journal, up to an entry.
    ///
    /// # Errors
    /// When a row is unreadable.
    pub fn ledger_entries(&self, seq: u64) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        self.walk(cf::LEDGER, &[], &mut |key, value| {
            let entry = Entry::decode(value).ok()?;
            (keys::read_seq(key)? == entry.seq).then_some(())?;
            if entry.seq <= seq {
                entries.push(entry);
            }
            Some(())
        })?;
        Ok(entries)
    }

    /// Where a batch has rows: families, what their keys begin with, and the sum of the rows there (empty where format 1
    /// wrote none), in canonical order.
    pub(super) fn touched(
        &self,
        number: BatchNumber,
    ) -> Result<impl Iterator<Item = Result<(Family, Vec<u8>, Vec<u8>), StoreError>> + '_, StoreError> {
        let from = number.to_be_bytes();
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound((number + 1).to_be_bytes());
        let mode = IteratorMode::From(&from, Direction::Forward);
        let touched = self.db.iterator_cf_opt(self.cf(cf::TOUCHED)?, options, mode);
        Ok(touched.map(move |row| {
            let (key, sum) = row.map_err(|error| self.failed_read(&error))?;
            let (family, head) = keys::read_touched(&key).ok_or_else(|| {
                StoreError::damaged(&self.path, format!("an index row of batch {number} is unreadable"))
            })?;
            Ok((family, head.to_vec(), sum.into_vec()))
        }))
    }

    /// The rows of a batch in canonical order.
    pub(super) fn body_rows(
        &self,
        number: BatchNumber,
    ) -> Result<impl Iterator<Item = Result<(StoredRow, BodyRow), StoreError>> + '_, StoreError> {
        let rows_at = move |touched: Result<(Family, Vec<u8>, Vec<u8>), StoreError>| {
            let (family, head, sum) = touched?;
            let rows = self.rows_of_batch(family, &head, number)?;
            if rows.is_empty() {
                return Err(StoreError::damaged(&self.path, format!("a row of batch {number} is missing")));
            }
            if !sum.is_empty() && sum != ranges::sum_of(rows.iter().map(|(stored, _)| stored)) {
                return Err(StoreError::damaged(&self.path, format!("a row of batch {number} was altered or lost")));
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

    pub(super) fn walk_family(&self, family: Family, take: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.rows_with_head(family, &[], take)
    }

    pub(super) fn rows_with_head(
        &self,
        family: Family,
        head: &[u8],
        take: &mut dyn FnMut(Row),
    ) -> Result<(), StoreError> {
        self.walk(super::write::family_name(family), head, &mut |key, value| {
            take(StoredRow::decode(family, key, value)?);
            Some(())
        })
    }

    /// Walks the rows whose keys begin with `prefix`; a row that `take` does not understand is damage.
    pub(super) fn walk(&self, name: &'static str, prefix: &[u8], take: TakeRow<'_>) -> Result<(), StoreError> {
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

    pub(super) fn is_evidence(&self, batch: BatchNumber, seq: u64) -> bool {
        self.with_batches(|batches| batches.evidence_at(batch, seq).is_some())
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
        // Format 1 says no more than the state; else it is how much the batch brings, or from when on it is black.
        let (mut added, mut black_from) = (None, None);
        match (state, rest.len()) {
            (_, 0) => {}
            (BatchState::Active | BatchState::Submitted, 8) => added = Some(u64::from_be_bytes(rest.try_into().ok()?)),
            (BatchState::Suspended, 4) => {
                let day = u16::try_from(u32::from_be_bytes(rest.try_into().ok()?)).ok()?;
                black_from = Some(Day::from_stored(day)?);
            }
            _ => return None,
        }
        batches.change(number, seq, state, black_from).then_some(())?;
        if let Some(added) = added {
            batches.count(number, added);
        }
        Some(())
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
            batches.change(activated.batch, entry.seq, BatchState::Active, None);
            batches.count(activated.batch, activated.added);
        }
        Some(Change::BatchDiscarded(discarded)) => {
            batches.change(discarded.batch, entry.seq, BatchState::Discarded, None);
        }
        Some(Change::BatchSubmitted(submitted)) => {
            let (number, added) = submitted.body.as_ref().map_or((0, 0), |body| (body.batch, body.added));
            batches.change(number, entry.seq, BatchState::Submitted, None);
            batches.count(number, added);
        }
        Some(Change::BatchStateChanged(changed)) => {
            let state = u8::try_from(changed.state).ok().and_then(BatchState::from_code);
            if let Some(state) = state {
                batches.change(changed.batch, entry.seq, state, stored_day(changed.black_from_plus_one));
            }
        }
        _ => {}
    }
}

fn header_of(staged: &BatchStaged) -> Option<BatchHeader> {
    let class = u8::try_from(staged.class).ok()?;
    if staged.valid_until_plus_one > 0 && stored_day(staged.valid_until_plus_one).is_none() {
        return None;
    }
    Some(BatchHeader {
        kind: staged.kind.clone(),
        door: Door::from_code(u8::try_from(staged.door).ok()?)?,
        class: if class == 0 { None } else { Some(Class::from_code(class)?) },
        document: staged.document.clone(),
        valid_until: stored_day(staged.valid_until_plus_one),
        operator: staged.operator.clone(),
        submitter: staged.submitter.clone(),
        declared: Declared {
            quantity: staged.quantity,
            brand: staged.brand.clone(),
            model: staged.model.clone(),
            planned: staged.planned,
            lapses: stored_day(staged.lapses_plus_one),
            mode: staged.mode.clone(),
            outlet: staged.outlet.clone(),
            reason: staged.reason.clone(),
        },
    })
}

/// A day of an entry: days since 1970-01-01 plus 1. `None` for 0, and for what is no day.
fn stored_day(plus_one: u32) -> Option<Day> {
    Day::from_stored(u16::try_from(plus_one.checked_sub(1)?).ok()?)
}
