//! Which subscribers of a list are new, and which leave.
//!
//! The list and the map of subscribers are both sorted by IMSI, so they are read side by side, and neither is held.
//! What always holds: a full list takes nothing off that another operator brought, or that the same list gives to
//! another operator.

use super::{Work, rows::Flow};
use crate::{
    batch::BodyRow,
    identity::{Imsi, Msisdn},
    import::{Mode, SubscriberRow},
    registry::Meter,
    store::{StoreError, Stretch},
};

impl Work<'_> {
    /// Every subscriber that this operator has in force, ascending.
    fn own_subscribers(&self, tell: &mut dyn FnMut(Imsi, Msisdn) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let operator = &self.part.header.operator;
        let mut known = None;
        self.store.walk_subscribers(Stretch::ALL, self.seq, &mut |imsi, batch, msisdn| {
            let is_own = match known {
                Some((number, is_own)) if number == batch => is_own,
                _ => self.batches.get(batch).is_some_and(|batch| batch.header.operator == *operator),
            };
            known = Some((batch, is_own));
            if is_own { tell(imsi, msisdn) } else { Ok(()) }
        })
    }

    pub(super) fn count_own_subscribers(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        self.own_subscribers(&mut |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    pub(super) fn subscribers(&mut self, meter: &Meter) -> Result<(), StoreError> {
        if self.part.header.kind != "subscriber" || self.part.subscribers.is_empty() && self.mode != Mode::Full {
            return Ok(());
        }
        let part = self.part;
        meter.begin(false, part.subscribers.len());
        let mut rows = part.subscribers.iter().inspect(|_| meter.advance()).peekable();
        let mut side = Side { work: &*self, flow: Flow::new(self.store), tally: Tally::default() };
        self.own_subscribers(&mut |imsi, msisdn| {
            // What the list names before this one.
            while let Some(row) = rows.next_if(|row| row.as_ref().map_or(true, |row| row.imsi < imsi)) {
                side.take(&row?, None)?;
            }
            match rows.next_if(|row| row.as_ref().is_ok_and(|row| row.imsi == imsi)) {
                Some(row) => side.take(&row?, Some((imsi, msisdn))),
                None => side.unnamed(imsi),
            }
        })?;
        rows.try_for_each(|row| side.take(&row?, None))?;
        let Side { flow, tally, .. } = side;
        self.out.rows = flow.finish()?;
        self.out.added += tally.added;
        self.out.removed += tally.removed;
        self.out.unchanged += tally.unchanged;
        self.out.not_listed += tally.not_listed;
        Ok(())
    }
}

#[derive(Default)]
struct Tally {
    added: u64,
    removed: u64,
    unchanged: u64,
    not_listed: u64,
}

/// Two lists side by side.
struct Side<'a> {
    work: &'a Work<'a>,
    flow: Flow,
    tally: Tally,
}

impl Side<'_> {
    /// A row of the list, of whichever operator, and what this operator has in force of its IMSI.
    fn take(&mut self, row: &SubscriberRow, known: Option<(Imsi, Msisdn)>) -> Result<(), StoreError> {
        let given = row.msisdn.filter(|_| !row.remove);
        if !self.work.part.is_of(row.operator.as_deref()) {
            return match known {
                // One operator's share does not take off what the same list gives to another.
                Some((imsi, _)) if given.is_none() => self.unnamed(imsi),
                _ => Ok(()),
            };
        }
        match (given, known) {
            (None, None) => self.tally.not_listed += 1,
            // Since when a subscriber has a number is not a new statement.
            (Some(msisdn), Some((_, has))) if msisdn == has => self.tally.unchanged += 1,
            _ => {
                *(if given.is_some() { &mut self.tally.added } else { &mut self.tally.removed }) += 1;
                self.flow.push(&BodyRow::Subscriber { imsi: row.imsi, msisdn: given, since: row.since })?;
            }
        }
        Ok(())
    }

    /// The list does not name it.
    fn unnamed(&mut self, imsi: Imsi) -> Result<(), StoreError> {
        if self.work.mode != Mode::Full {
            return Ok(());
        }
        self.tally.removed += 1;
        self.flow.push(&BodyRow::Subscriber { imsi, msisdn: None, since: None })
    }
}
