//! What happens at the desk by the passing of time: personal values whose time is over are erased, and old refusals go.
//!
//! What always holds: an erasure is on record before it is made; if it is cut off it is made the next time.

use super::{
    Agent, Deed, Desk, DeskError,
    entry::{Entry, Erased, SALT_BYTES, Values, commitment, device_subject},
};
use crate::{
    day::Day,
    store::{AuditRecord, DeskChange, DeskFamily, Kept, StoreError},
};
use prost::Message;

const DAY_MS: i64 = 86_400_000;
/// Entries that are looked at in one turn, so that a lookup waits for none.
const ENTRIES_MAX: usize = 4096;
/// The day on which personal values were last looked after.
const META_DAY: &[u8] = b"house_day";

impl Desk {
    /// Does at this moment what is to be done: refusals are looked after each time, personal values once a day, because
    /// to take them out of the files is to write the files anew. Gives how many were erased.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn keep_house(&self, now_unix_ms: i64) -> Result<u64, DeskError> {
        let now = now_unix_ms.div_euclid(1000);
        self.keep_refusals(now)?;
        let today = Day::of_unix_seconds(now).get().to_be_bytes().to_vec();
        if self.desk.get(DeskFamily::Meta, META_DAY)?.as_ref() == Some(&today) {
            return Ok(0);
        }
        let retention = self.rules()?.retention_days;
        let mut count = 0;
        for deed in Deed::ALL.iter().copied().filter(|deed| !matches!(deed, Deed::Erased)) {
            let end = now_unix_ms.saturating_sub(i64::from(retention.of(deed)) * DAY_MS);
            while let Some(erased) = self.erase_of(deed, end)? {
                count += erased;
            }
        }
        count += self.erase_cases(now)?;
        self.desk.clean()?;
        let done = DeskChange { family: DeskFamily::Meta, key: META_DAY.to_vec(), value: Some(today) };
        self.desk.write(&[done], Kept::Soon)?;
        Ok(count)
    }

    /// Erases the next values of a deed that are so old. `None`: there are no more.
    fn erase_of(&self, deed: Deed, end_unix_ms: i64) -> Result<Option<u64>, DeskError> {
        let mark = [b"erased ", deed.name().as_bytes()].concat();
        let done = self.desk.get(DeskFamily::Meta, &mark)?;
        let done = done.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        let (mut last, mut erased) = (done, Vec::new());
        for row in self.desk.audits(done + 1, ENTRIES_MAX)? {
            let entry = self.entry(&row)?;
            if entry.time_unix_ms >= end_unix_ms {
                break;
            }
            last = row.seq;
            let Some(value) = row.value.filter(|_| entry.deed() == Some(deed)) else { continue };
            let numbers = Values::read(&value).unwrap_or_default();
            let keys = self.desk.keys();
            let of_numbers = numbers.subjects.iter().flat_map(|one| keys.all(&one.number.to_be_bytes()));
            let of_devices = numbers.devices.iter().flat_map(|key| keys.all(&device_subject(*key)));
            let hashes = of_numbers.chain(of_devices).collect();
            erased.push((row.seq, hashes));
        }
        if last == done {
            return Ok(None);
        }
        let count = erased.len() as u64;
        if count > 0 {
            self.record_erasure(Erased { deed: deed.code().into(), first: done + 1, last, count })?;
            self.desk.erase(&erased)?;
        }
        let value = Some(last.to_be_bytes().to_vec());
        self.desk.write(&[DeskChange { family: DeskFamily::Meta, key: mark, value }], Kept::Soon)?;
        Ok(Some(count))
    }

    fn record_erasure(&self, erased: Erased) -> Result<(), DeskError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(StoreError::from)?;
        let value = Values::default().salted(salt);
        let entry = Entry {
            time_unix_ms: jiff::Timestamp::now().as_millisecond(),
            principal: Agent::register().name,
            deed: Deed::Erased.code().into(),
            commitment: commitment(&value).to_vec(),
            erased: Some(erased),
            ..Entry::default()
        };
        self.desk.record(AuditRecord { leaf: entry.encode_to_vec(), value, subjects: Vec::new() })?;
        Ok(())
    }
}
