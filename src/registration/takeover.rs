//! A list that would take very many numbers over from another operator.
//!
//! Numbers change their operator one by one, as people take them along. A list that names a fifth of another operator's numbers
//! is that operator's list, or one that was mixed up. What always holds: it is looked at before the list is on record and before
//! a page is written; few numbers are never held up, whatever share they are of a small operator.

use super::{
    ListOrder, Page, RegistrationError, Registrations, State,
    import::Reading,
    page,
    sort::{Record, Rows},
};
use crate::store::RegistrationFamily;
use std::{collections::BTreeMap, path::Path};

/// As many numbers as nobody is asked about.
const NUMBERS_MIN: u64 = 1000;

impl Registrations {
    /// Refuses a list that takes more numbers over from one operator than is allowed. Its rows lie sorted in a file.
    pub(super) fn check_takeover(
        &self,
        order: &ListOrder,
        reading: &Reading,
        staged: &Path,
    ) -> Result<(), RegistrationError> {
        if reading.sorted.numbers <= NUMBERS_MIN || order.max_takeover_percent >= 100 {
            return Ok(());
        }
        let (names, cells) = (self.names(), self.cells()?);
        let own = names.operator_of(&order.operator);
        let others = (0..=u8::MAX).filter(|code| Some(*code) != own && usize::from(*code) < names.operators().len());
        let held: BTreeMap<u8, u64> =
            others.map(|code| (code, cells.held_by(code))).filter(|(_, held)| *held > NUMBERS_MIN).collect();
        if held.is_empty() {
            return Ok(());
        }
        let mut taken: BTreeMap<u8, u64> = BTreeMap::new();
        let mut rows = Rows::open(staged)?;
        while let Some(next) = rows.peek()? {
            let number = page::place(next.msisdn).0;
            let columns = self.0.db.get(RegistrationFamily::Pages, &page::key(number))?;
            let page = columns.map(|columns| Page::decode(&columns, None));
            let page =
                page.map(|page| page.ok_or_else(|| self.damaged("a page of numbers is unreadable"))).transpose()?;
            let mut last: Option<u64> = None;
            while let Some(one) = rows.peek()?.filter(|one| page::place(one.msisdn).0 == number) {
                rows.take()?;
                // A number counts once, however many rows it has.
                if keeps(&one) && last != Some(one.msisdn) {
                    last = Some(one.msisdn);
                    let row = page.as_ref().and_then(|page| page.at(page::place(one.msisdn).1));
                    if let Some(row) = row.filter(|row| row.state != State::Withdrawn && Some(row.operator) != own) {
                        *taken.entry(row.operator).or_default() += 1;
                    }
                }
            }
        }
        let percent = u64::from(order.max_takeover_percent);
        let most = taken.into_iter().filter_map(|(code, taken)| Some((code, taken, *held.get(&code)?)));
        let mut beyond = most.filter(|(_, taken, held)| {
            *taken > NUMBERS_MIN && taken.saturating_mul(100) > held.saturating_mul(percent)
        });
        match beyond.next() {
            None => Ok(()),
            Some((code, taken, held)) => Err(RegistrationError::SuddenTakeover {
                operator: order.operator.clone(),
                from: names.operator(code).to_owned(),
                taken,
                held,
                max_takeover_percent: order.max_takeover_percent,
            }),
        }
    }
}

/// Whether a row says that the operator of the list has the number.
fn keeps(one: &Record) -> bool {
    one.state.is_some_and(|state| state != State::Withdrawn)
}
