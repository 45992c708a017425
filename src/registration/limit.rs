//! Identities with more numbers than the limit.
//!
//! Hashes are sorted part by part, by their first byte, in bounded memory. What always holds: hashes that were made with
//! different keys are different identities until a list brings them again; nobody's identity can be told from what is
//! shown.

use super::{RegistrationError, Registrations, State, page};
use crate::identity::Msisdn;
use std::collections::BTreeMap;

/// Hashes that are sorted at a time: about a quarter of a gigabyte.
const HASHES_AT_ONCE: u64 = 12 << 20;
/// Identities that are told one by one.
const TOLD_MAX: usize = 100;
/// Numbers of an identity that are told.
const NUMBERS_MAX: usize = 20;

/// An operator, then a keyed hash.
type Holder = [u8; 18];

/// Identities above the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AboveLimit {
    /// The limit; none: the calendar has none, and nobody is above it.
    pub limit: Option<u32>,
    /// By operator, those that have some.
    pub operators: Vec<OperatorAbove>,
    /// The largest: operator, the beginning of the hash, how many numbers, the first of them.
    pub largest: Vec<(String, String, u64, Vec<Msisdn>)>,
}

/// Identities above the limit with one operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorAbove {
    /// The operator.
    pub operator: String,
    /// Identities with more numbers than the limit.
    pub identities: u64,
    /// Their numbers.
    pub numbers: u64,
    /// Numbers of the one with most.
    pub most: u64,
}

impl Registrations {
    /// Counts identities with more numbers than a limit (none: that of the calendar) with one operator. `only`: of this
    /// operator.
    ///
    /// # Errors
    /// When pages cannot be read.
    pub fn above_limit(&self, limit: Option<u32>, only: Option<&str>) -> Result<AboveLimit, RegistrationError> {
        self.above_limit_by(limit, only, HASHES_AT_ONCE)
    }

    pub(super) fn above_limit_by(
        &self,
        limit: Option<u32>,
        only: Option<&str>,
        at_once: u64,
    ) -> Result<AboveLimit, RegistrationError> {
        let names = self.names();
        let Some(limit) = limit.or(self.calendar_on(super::today())?.1.limit) else { return Ok(AboveLimit::default()) };
        let hashes: u64 = self.cells()?.by_key().iter().map(|(_, count)| count).sum();
        let parts = hashes.div_ceil(at_once.max(1)).clamp(1, 256) as usize;
        let own = |operator: u8| only.is_none_or(|own| own.eq_ignore_ascii_case(names.operator(operator)));
        let mut by_operator: BTreeMap<String, OperatorAbove> = BTreeMap::new();
        let mut largest: Vec<(u64, Holder)> = Vec::new();
        for part in 0..parts {
            let first_bytes = 256 * part / parts..256 * (part + 1) / parts;
            let mut holders: Vec<Holder> = Vec::new();
            self.each_page(true, |_, page| {
                let held = page.rows.iter().filter(|(_, row)| row.state != State::Withdrawn && own(row.operator));
                let hashed = held.filter_map(|(_, row)| Some((row.operator, row.hash?)));
                let here = hashed.filter(|(_, hash)| first_bytes.contains(&usize::from(hash[1])));
                holders.extend(here.map(|(operator, hash)| holder(operator, &hash)));
            })?;
            holders.sort_unstable();
            for same in holders.chunk_by(|a, b| a == b) {
                let count = same.len() as u64;
                if count <= u64::from(limit) {
                    continue;
                }
                let operator = names.operator(same[0][0]);
                let above = by_operator
                    .entry(operator.to_owned())
                    .or_insert_with(|| OperatorAbove { operator: operator.to_owned(), ..OperatorAbove::default() });
                above.identities += 1;
                above.numbers += count;
                above.most = above.most.max(count);
                largest.push((count, same[0]));
            }
            largest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            largest.truncate(TOLD_MAX);
        }
        let mut numbers: BTreeMap<Holder, Vec<Msisdn>> =
            largest.iter().map(|(_, holder)| (*holder, Vec::new())).collect();
        if !numbers.is_empty() {
            self.each_page(true, |number, page| {
                for (place, row) in &page.rows {
                    let Some(hash) = row.hash.filter(|_| row.state != State::Withdrawn) else { continue };
                    let Some(found) = numbers.get_mut(&holder(row.operator, &hash)) else { continue };
                    if found.len() < NUMBERS_MAX {
                        found.push(Msisdn::of_checked(page::number(number, *place)));
                    }
                }
            })?;
        }
        let largest = largest.into_iter().map(|(count, holder)| {
            let beginning = holder[2..6].iter().map(|byte| format!("{byte:02x}")).collect();
            (names.operator(holder[0]).to_owned(), beginning, count, numbers.remove(&holder).unwrap_or_default())
        });
        let largest = largest.collect();
        Ok(AboveLimit { limit: Some(limit), operators: by_operator.into_values().collect(), largest })
    }
}

fn holder(operator: u8, hash: &crate::store::Keyed) -> Holder {
    let mut holder = Holder::default();
    holder[0] = operator;
    holder[1..].copy_from_slice(hash);
    holder
}
