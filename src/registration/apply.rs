//! A list becomes pages.
//!
//! Its sorted rows are merged with what the pages hold, page after page, and written in large batches, each synced as
//! one with how far the list has come. What always holds: rows of one number count in the order of the list; a list that
//! fits into one batch is in force as a whole or not at all, a larger one is gone on with when the register is opened
//! next; cells, counts and what checks read are those of the pages when a list is told to be in force.

use super::{
    ListOrder, ListRecord, Mode, Outcome, Page, RegistrationError, Registrations, Row, State,
    cells::Cells,
    hot::Touched,
    import::Reading,
    lists::{ListState, PortedFrom},
    page,
    sort::{Record, Rows},
};
use crate::store::{RegistrationChange, RegistrationFamily};
use fail::fail_point;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes of pages that are written as one. Tests write in many steps.
const BATCH_BYTES: usize = if cfg!(test) { 256 } else { 4 << 20 };

/// A list on its way.
struct Applying<'a> {
    all: &'a Registrations,
    record: ListRecord,
    operator: u8,
    cells: Cells,
    touched: Touched,
    changes: Vec<RegistrationChange>,
    bytes: usize,
    /// Numbers taken over, by the code of the operator that held them.
    ported: std::collections::BTreeMap<u8, u64>,
}

impl Registrations {
    /// Puts a list on record. Its rows lie sorted in a file.
    pub(super) fn begin(
        &self,
        order: &ListOrder,
        reading: &Reading,
        staged: &Path,
    ) -> Result<ListRecord, RegistrationError> {
        let last = self.0.db.last(RegistrationFamily::Lists)?;
        let last = last.and_then(|(key, _)| page::of_key(&key)).unwrap_or(0);
        let number = last + 1;
        let text = format!(
            "list {number} of {}, {}: {} rows, {} rejected",
            order.operator, order.mode, reading.rows, reading.rejected
        );
        let audit_entry = self.note(&order.by, "list", &text, "")?;
        let names = {
            let mut growing = self.0.growing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            growing.operator_code(&order.operator).ok_or_else(|| {
                RegistrationError::Invalid("operator: there are as many as a register can hold".into())
            })?;
            growing.clone()
        };
        let record = ListRecord {
            number,
            unix_s: jiff::Timestamp::now().as_second(),
            by: order.by.name.clone(),
            operator: order.operator.clone(),
            mode_code: order.mode.code().into(),
            request: order.request.clone(),
            content: self.content(&reading.sha256),
            rows: reading.rows,
            rejected: reading.rejected,
            state_code: ListState::Applying.code().into(),
            outcome: None,
            audit_entry,
            day: order.today.get().into(),
            applied_unix_s: 0,
            next_page: 0,
            sorted: reading.sorted.rows,
        };
        let path = self.rows_of(number)?;
        fs::rename(staged, &path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())?;
        let mut changes = names.added_since(&self.names());
        changes.push(record.change());
        fail_point!("registration-before-begin");
        self.0.db.write(changes)?;
        fail_point!("registration-after-begin");
        *self.0.names.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(names);
        Ok(record)
    }

    /// The sorted rows of a list.
    fn rows_of(&self, number: u64) -> Result<PathBuf, RegistrationError> {
        Ok(self.0.db.incoming()?.join(format!("{number}.rows")))
    }

    /// Goes on with a list that was cut off, and clears away what nobody goes on with.
    pub(super) fn go_on(&self) -> Result<(), RegistrationError> {
        let last = self.all_lists()?.pop().filter(|list| list.state() == ListState::Applying);
        if let Some(record) = last {
            let number = record.number;
            let whole = fs::metadata(self.rows_of(number)?)
                .is_ok_and(|file| file.len() == record.sorted * super::sort::RECORD_BYTES as u64);
            if whole {
                tracing::warn!(list = number, "a list of registrations was cut off and is gone on with");
                self.apply(record)?;
            } else {
                tracing::warn!(
                    list = number,
                    "a list of registrations was cut off and its rows are gone: hand it in again"
                );
                let broken = ListRecord { state_code: ListState::BrokenOff.code().into(), ..record };
                self.0.db.write(vec![broken.change()])?;
            }
        }
        for entry in fs::read_dir(self.0.db.incoming()?)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Merges the rows of a list into the pages, from where its record says.
    pub(super) fn apply(&self, record: ListRecord) -> Result<ListRecord, RegistrationError> {
        let path = self.rows_of(record.number)?;
        let operator = self.names().operator_of(&record.operator);
        let operator = operator.ok_or_else(|| self.damaged("the operator of a list has no code"))?;
        let cells = Cells::clone(&*self.cells()?);
        // Until all of it is written, counts would be neither those of before nor those of after.
        self.keep_cells(None);
        let mut applying = Applying {
            all: self,
            operator,
            cells,
            touched: self.touched(),
            changes: Vec::new(),
            bytes: 0,
            ported: std::collections::BTreeMap::new(),
            record,
        };
        let mut rows = Rows::open(&path)?;
        match applying.record.mode() {
            Mode::Full => applying.over_all_pages(&mut rows)?,
            Mode::Delta => applying.over_named_pages(&mut rows)?,
        }
        let record = applying.finish()?;
        fail_point!("registration-before-end");
        fs::remove_file(path)?;
        Ok(record)
    }
}

/// The rows of the next page in the list, if it is the wanted one.
fn rows_of_page(rows: &mut Rows, wanted: u64) -> io::Result<Vec<Record>> {
    let mut found = Vec::new();
    while let Some(next) = rows.peek()?
        && page::place(next.msisdn).0 == wanted
    {
        found.extend(rows.take()?);
    }
    Ok(found)
}

impl Applying<'_> {
    /// Skips what was written before the list was cut off.
    fn skip(&self, rows: &mut Rows) -> io::Result<()> {
        while let Some(next) = rows.peek()?
            && page::place(next.msisdn).0 < self.record.next_page
        {
            rows.take()?;
        }
        Ok(())
    }

    fn over_named_pages(&mut self, rows: &mut Rows) -> Result<(), RegistrationError> {
        self.skip(rows)?;
        while let Some(next) = rows.peek()? {
            let number = page::place(next.msisdn).0;
            let incoming = rows_of_page(rows, number)?;
            self.merge(number, self.all.page(number)?, &incoming)?;
        }
        Ok(())
    }

    /// Numbers that the list does not name are withdrawn: it goes over every page.
    fn over_all_pages(&mut self, rows: &mut Rows) -> Result<(), RegistrationError> {
        self.skip(rows)?;
        let all = self.all;
        let held = all.0.db.rows(RegistrationFamily::Pages, &page::key(self.record.next_page))?;
        for row in held {
            let (key, columns) = row?;
            let number = page::of_key(&key).ok_or_else(|| all.damaged("the key of a page is unreadable"))?;
            while let Some(next) = rows.peek()?
                && page::place(next.msisdn).0 < number
            {
                let new = page::place(next.msisdn).0;
                let incoming = rows_of_page(rows, new)?;
                self.merge(new, Page::default(), &incoming)?;
            }
            let incoming = rows_of_page(rows, number)?;
            let is_own = |row: &Row| row.operator == self.operator && row.state != State::Withdrawn;
            let without = Page::decode(&columns, None).ok_or_else(|| all.damaged("a page of numbers is unreadable"))?;
            if !incoming.is_empty() || without.rows.iter().any(|(_, row)| is_own(row)) {
                self.merge(number, all.page_of(&key, &columns)?, &incoming)?;
            }
        }
        while let Some(next) = rows.peek()? {
            let new = page::place(next.msisdn).0;
            let incoming = rows_of_page(rows, new)?;
            self.merge(new, Page::default(), &incoming)?;
        }
        Ok(())
    }

    /// One page: what it holds and what the list says, in the order of numbers.
    fn merge(&mut self, number: u64, old: Page, incoming: &[Record]) -> Result<(), RegistrationError> {
        let mut new = Vec::with_capacity(old.rows.len() + incoming.len());
        let (mut held, mut told) = (old.rows.iter().peekable(), incoming.iter().peekable());
        loop {
            let next = [held.peek().map(|(place, _)| *place), told.peek().map(|one| page::place(one.msisdn).1)];
            let Some(place) = next.into_iter().flatten().min() else { break };
            let mut row = held.next_if(|(held, _)| *held == place).map(|(_, row)| *row);
            let mut is_named = false;
            while let Some(one) = told.next_if(|one| page::place(one.msisdn).1 == place) {
                is_named = true;
                if let Some(said) = one.row(self.operator) {
                    row = self.told(row, said);
                }
            }
            if !is_named && self.record.mode() == Mode::Full {
                row = row.map(|row| self.unnamed(row));
            }
            new.extend(row.map(|row| (place, row)));
        }
        let new = Page { rows: new };
        if new != old {
            old.rows.iter().for_each(|(_, row)| self.cells.remove(row));
            new.rows.iter().for_each(|(_, row)| self.cells.add(row));
            let (columns, hashes) = new.encode();
            self.bytes += columns.len() + hashes.len();
            let key = page::key(number).to_vec();
            for (family, value) in [(RegistrationFamily::Pages, columns), (RegistrationFamily::Identities, hashes)] {
                self.changes.push(RegistrationChange { family, key: key.clone(), value: Some(value) });
            }
            self.touched.page(number, &new);
        }
        if self.bytes >= BATCH_BYTES {
            self.record.next_page = number + 1;
            self.write()?;
        }
        Ok(())
    }

    fn outcome(&mut self) -> &mut Outcome {
        self.record.outcome.get_or_insert_default()
    }

    /// What is held of a number after a row of the list.
    fn told(&mut self, held: Option<Row>, said: Row) -> Option<Row> {
        let gone = said.state == State::Withdrawn;
        let Some(held) = held else {
            let count = self.outcome();
            *(if gone { &mut count.absent } else { &mut count.added }) += 1;
            return Some(said).filter(|_| !gone);
        };
        let (is_own, was_gone) = (held.operator == said.operator, held.state == State::Withdrawn);
        if !is_own && gone {
            self.outcome().not_own += 1;
            return Some(held);
        }
        if !is_own && !was_gone {
            *self.ported.entry(held.operator).or_default() += 1;
        }
        let count = self.outcome();
        let (counter, row) = match (is_own, was_gone, gone) {
            // Gone is gone, whatever the day.
            (true, true, true) => (&mut count.unchanged, held),
            (_, true, _) => (&mut count.added, said),
            (false, false, _) => (&mut count.ported_in, said),
            (true, false, true) => (&mut count.withdrawn, said),
            (true, false, false) if held == said => (&mut count.unchanged, held),
            (true, false, false) => (&mut count.updated, said),
        };
        *counter += 1;
        Some(row)
    }

    /// What is held of a number that a full list does not name.
    fn unnamed(&mut self, held: Row) -> Row {
        if held.operator != self.operator || held.state == State::Withdrawn {
            return held;
        }
        self.outcome().unnamed += 1;
        Row { state: State::Withdrawn, kind: None, city: 0, since: self.record.list_day(), hash: None, ..held }
    }

    fn write(&mut self) -> Result<(), RegistrationError> {
        let names = self.all.names();
        for (operator, numbers) in std::mem::take(&mut self.ported) {
            let (operator, outcome) = (names.operator(operator), self.outcome());
            match outcome.ported_from.iter_mut().find(|from| from.operator == operator) {
                Some(from) => from.numbers += numbers,
                None => outcome.ported_from.push(PortedFrom { operator: operator.to_owned(), numbers }),
            }
        }
        self.bytes = 0;
        let mut changes = std::mem::take(&mut self.changes);
        changes.push(self.record.change());
        self.all.0.db.write(changes)?;
        fail_point!("registration-mid-list");
        Ok(())
    }

    fn finish(mut self) -> Result<ListRecord, RegistrationError> {
        self.outcome();
        self.record.state_code = ListState::Applied.code().into();
        self.record.applied_unix_s = jiff::Timestamp::now().as_second();
        self.changes.push(self.all.snapshot(&self.cells, super::today())?);
        self.write()?;
        let Self { all, record, cells, touched, .. } = self;
        all.keep_cells(Some(cells));
        all.publish(touched);
        Ok(record)
    }
}
