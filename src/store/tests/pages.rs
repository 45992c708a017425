//! Rows of many pages in one pass, against the rows of each.

use super::writing::{activated, draft, store};
use crate::{
    batch::BodyRow,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    journal::{BatchStaged, Change},
    page::{PageBits, PageId},
    pairing::PairingKind,
    sample::SplitMix64,
    store::Store,
};
use std::collections::BTreeSet;

const STORES: u64 = 12;
const BATCHES: u64 = 8;

/// Devices of few models, some in neighbouring pages and some far from all others.
fn key(random: &mut SplitMix64) -> EquipmentKey {
    let tac = Tac::new(35_000_000 + random.below(3) as u32 * 7).unwrap();
    let near = random.below(4) > 0;
    EquipmentKey::from_parts(tac, random.below(if near { 60_000 } else { 1_000_000 }) as u32).unwrap()
}

fn rows(random: &mut SplitMix64) -> Vec<BodyRow> {
    let mut keys = |most: u64| -> BTreeSet<_> { (0..random.below(most)).map(|_| key(random)).collect() };
    let (pages, marks, pairings, links) = (keys(40), keys(20), keys(20), keys(6));
    let pages: BTreeSet<PageId> = pages.into_iter().map(PageId::of).collect();
    let mut bits = PageBits::EMPTY;
    bits.insert(3);
    let pages = pages.into_iter().map(|id| BodyRow::Page { id, target: None, bits: Box::new(bits.clone()) });
    let marks = marks.into_iter().map(|key| BodyRow::Mark { key, until: None, since: None, number: None });
    let pairings = pairings.into_iter().map(|key| BodyRow::Pairing {
        key,
        number: Msisdn::new(62_811_000_000 + key.get() % 9).unwrap().into(),
        target: None,
        kind: PairingKind::Allowance,
        imsi: None,
        until: None,
    });
    let links = links.into_iter().map(|key| BodyRow::Link { key, others: vec![key] });
    let subscriber =
        BodyRow::Subscriber { imsi: Imsi::from_number(510_101_234_567_890).unwrap(), msisdn: None, since: None };
    pages.chain(marks).chain(pairings).chain(links).chain([subscriber]).collect()
}

fn write(store: &Store, rows: &[BodyRow]) -> u64 {
    let mut writer = store.writer().unwrap();
    let number = writer.next_seq();
    let staged = BatchStaged { kind: "registered".into(), door: 1, class: 1, ..BatchStaged::default() };
    let mut body = writer.body(number, false).unwrap();
    rows.iter().for_each(|row| body.push(row).unwrap());
    let active = activated(number, &body);
    writer.commit(vec![draft(Change::BatchStaged(staged)), active], vec![body]).unwrap();
    number
}

fn page_of(row: &BodyRow) -> Option<PageId> {
    match row {
        BodyRow::Page { id, .. } => Some(*id),
        BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } => Some(PageId::of(*key)),
        _ => None,
    }
}

#[test]
fn the_rows_of_pages_are_those_of_each() {
    for seed in 0..STORES {
        let mut random = SplitMix64::new(seed);
        let (_directory, store) = store();
        let mut known = BTreeSet::new();
        for batch in 0..BATCHES {
            let rows = rows(&mut random);
            let number = write(&store, &rows);
            let pages: BTreeSet<PageId> = rows.iter().filter_map(page_of).collect();
            let heads = store.heads_of_batch(number).unwrap();
            assert_eq!(heads.pages, pages.iter().copied().collect::<Vec<_>>());
            assert_eq!((heads.subscribers.len(), heads.class_tacs.len()), (1, 0));
            known.extend(pages);
            if batch == BATCHES / 2 {
                store.flush().unwrap();
            }
        }
        // Some that are there, some that are not, near and far.
        let mut asked: BTreeSet<PageId> = known.into_iter().filter(|_| random.below(3) > 0).collect();
        asked.extend((0..40).map(|_| PageId::of(key(&mut random))));
        let asked: Vec<PageId> = asked.into_iter().collect();
        let mut table = crate::store::BatchTable::new(&store);
        for (id, found) in asked.iter().zip(store.rows_of_pages(&asked).unwrap()) {
            let mut rows = store.page_rows(*id).unwrap();
            rows.retain(|(_, row)| !matches!(row, BodyRow::Link { .. }));
            assert_eq!(found.unwrap(), (*id, rows.clone()), "seed {seed}");
            table.learn(&rows);
            assert_eq!(table.known().only(rows.iter().map(|(number, _)| *number)), store.batches_of(&rows));
        }
        assert_eq!(store.rows_of_pages(&asked).unwrap().count(), asked.len());
    }
}
