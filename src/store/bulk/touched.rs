//! Rows of `touched` as records that sort as their keys do.

use super::super::{keys::Family, ranges::Sum};
use crate::{batch::BatchNumber, spool::Record};

/// The record of a `touched` row: batch (8), family (1), head (up to 8, filled up with zeros), sum (4).
pub(super) fn record_of(batch: BatchNumber, family: Family, row_key: &[u8], sum: Sum) -> Record<3> {
    let mut bytes = [0; Record::<3>::BYTES];
    bytes[..8].copy_from_slice(&batch.to_be_bytes());
    bytes[8] = family as u8;
    for (to, from) in bytes[9..17].iter_mut().zip(row_key.iter().take(family.head_bytes())) {
        *to = *from;
    }
    bytes[17..21].copy_from_slice(&sum);
    Record::of_bytes(&bytes)
}

/// Key and value of the `touched` row.
pub(super) fn row_of(record: Record<3>) -> (Vec<u8>, Sum) {
    let mut bytes = Vec::with_capacity(Record::<3>::BYTES);
    record.put(&mut bytes);
    let head = Family::from_code(bytes[8]).map_or(0, Family::head_bytes);
    let sum = [bytes[17], bytes[18], bytes[19], bytes[20]];
    bytes.truncate(size_of::<BatchNumber>() + 1 + head);
    (bytes, sum)
}

#[cfg(test)]
mod tests {
    use super::{super::super::keys, *};

    #[test]
    fn a_touched_row_comes_back() {
        let key = [2, 25, 66, 172, 0, 86, 0, 0, 0, 0, 0, 0, 0, 3];
        let (touched, sum) = row_of(record_of(3, Family::Pages, &key, [1, 2, 3, 4]));
        assert_eq!((touched, sum), (keys::touched(3, Family::Pages, &key), [1, 2, 3, 4]));
        let key = [0, 61, 207, 239, 50, 226, 202, 210, 0, 0, 0, 0, 0, 0, 0, 3];
        let (touched, _) = row_of(record_of(3, Family::Subscribers, &key, [0; 4]));
        assert_eq!(touched, keys::touched(3, Family::Subscribers, &key));
    }
}
