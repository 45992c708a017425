//! Pages and sorted rows: what is written is read back, and nothing else is taken for it.

use super::*;
use crate::registration::sort::{RECORD_BYTES, Record, Rows, Sorter};
use proptest::prelude::*;

fn row() -> impl Strategy<Value = Row> {
    let hash = prop::option::of((1_u8..=255, any::<[u8; 16]>()));
    (1_u8..6, 0_u8..4, 0_u8..4, 0_u16..600, 15_000_u16..21_000, hash).prop_map(
        |(state, kind, operator, city, since, hash)| Row {
            state: State::from_code(state).unwrap(),
            kind: Identity::from_code(kind),
            operator,
            city,
            since: Day::from_stored(since).unwrap(),
            hash: hash.map(|(version, bytes)| {
                let mut hash = Keyed::default();
                hash[0] = version;
                hash[1..].copy_from_slice(&bytes);
                hash
            }),
        },
    )
}

fn page(numbers: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Page> {
    prop::collection::btree_map(0_u16..PAGE_NUMBERS as u16, row(), numbers)
        .prop_map(|rows| Page { rows: rows.into_iter().collect() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_page_comes_back(page in prop_oneof![page(0..20), page(100..400), page(400..1500)]) {
        let (columns, hashes) = page.encode();
        prop_assert_eq!(Page::decode(&columns, Some(&hashes)), Some(page.clone()));
        let without = Page::decode(&columns, None).unwrap();
        for ((place, row), (same, bare)) in page.rows.iter().zip(&without.rows) {
            prop_assert_eq!((place, Row { hash: None, ..*row }), (same, Row { hash: None, ..*bare }));
            prop_assert_eq!(row.hash.map(|hash| hash[0]), bare.hash.map(|hash| hash[0]));
            prop_assert_eq!(page.at(*place), Some(row));
        }
        prop_assert_eq!(Page::decode(&columns[..columns.len() - 1], Some(&hashes)), None);
        prop_assert_eq!(Page::decode(&columns, Some(&[&hashes[..], &[0]].concat())), None);
    }

    #[test]
    fn any_bytes_are_a_page_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), hashes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Some(page) = Page::decode(&bytes, Some(&hashes)) {
            let (columns, again) = page.encode();
            prop_assert_eq!(Page::decode(&columns, Some(&again)), Some(page));
        }
    }

    #[test]
    fn rows_are_sorted_in_whatever_memory(
        rows in prop::collection::vec((10_000_u64..10_300, row()), 0..6000), kib in 1_usize..400, at_once in 1_usize..700,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), kib << 10);
        let record = |(line, (msisdn, row)): (usize, &(u64, Row))| Record {
            msisdn: *msisdn, line: line as u32, state: Some(row.state), kind: row.kind, city: row.city, since: row.since,
            hash: row.hash,
        };
        let mut records: Vec<Record> = rows.iter().enumerate().map(record).collect();
        let bytes: Vec<[u8; RECORD_BYTES]> = records.iter().map(|record| record.to_bytes()).collect();
        bytes.chunks(at_once).for_each(|some| sorter.add(some).unwrap());
        let path = folder.path().join("sorted");
        let sorted = sorter.finish(&path).unwrap();
        records.sort_by_key(|record| (record.msisdn, record.line));
        let mut read = Rows::open(&path).unwrap();
        for record in &records {
            prop_assert_eq!(read.take().unwrap(), Some(*record));
        }
        prop_assert_eq!(read.take().unwrap(), None);
        records.dedup_by_key(|record| record.msisdn);
        prop_assert_eq!((sorted.rows, sorted.numbers), (rows.len() as u64, records.len() as u64));
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
