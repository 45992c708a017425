//! Keys, rows and leaves as bytes.

use crate::{
    batch::{BatchNumber, BodyRow, Model, TacClass},
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    page::{PAGES_PER_TAC, PageBits, PageId},
    pairing::{Number, PairingKind},
    store::{
        keys::{self, Family},
        rows::{BodyHasher, Salts, StoredRow},
    },
};
use proptest::{collection::vec, option, prelude::*};
use sha2::{Digest, Sha256};

fn tac() -> impl Strategy<Value = Tac> {
    (0..100_000_000_u32).prop_map(|number| Tac::new(number).unwrap())
}

fn page() -> impl Strategy<Value = PageId> {
    (tac(), 0..PAGES_PER_TAC).prop_map(|(tac, page)| PageId::new(tac, page).unwrap())
}

fn device() -> impl Strategy<Value = EquipmentKey> {
    (0..100_000_000_000_000_u64).prop_map(|number| EquipmentKey::new(number).unwrap())
}

fn bits() -> impl Strategy<Value = PageBits> {
    vec(0..2048_u16, 1..60).prop_map(|places| {
        let mut bits = PageBits::EMPTY;
        places.into_iter().for_each(|place| _ = bits.insert(place));
        bits
    })
}

fn day() -> impl Strategy<Value = Option<Day>> {
    option::of((0..Day::NONE).prop_map(|day| Day::from_stored(day).unwrap()))
}

fn msisdn() -> impl Strategy<Value = Msisdn> {
    (10_000..1_000_000_000_000_000_u64).prop_filter_map("E.164", |number| Msisdn::new(number).ok())
}

fn imsi() -> impl Strategy<Value = Imsi> {
    "[0-9]{6,15}".prop_map(|text| text.parse().unwrap())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![msisdn().prop_map(Number::from), imsi().prop_map(Number::from)]
}

fn model() -> impl Strategy<Value = Model> {
    let text = "\\PC{0,40}";
    (text, text, text, text, day()).prop_map(|(manufacturer, brand, name, device_type, allocated)| Model {
        manufacturer,
        brand,
        name,
        device_type,
        allocated,
    })
}

/// A row of any kind.
fn row() -> impl Strategy<Value = BodyRow> {
    let kind = prop_oneof![Just(PairingKind::Allowance), Just(PairingKind::Binding)];
    let class = prop_oneof![Just(TacClass::ExemptType), Just(TacClass::Bar)];
    let target = || option::of(any::<BatchNumber>());
    prop_oneof![
        (page(), target(), bits()).prop_map(|(id, target, bits)| BodyRow::Page { id, target, bits: Box::new(bits) }),
        (device(), day(), day(), option::of(msisdn())).prop_map(|(key, until, since, number)| BodyRow::Mark {
            key,
            until,
            since,
            number
        }),
        (device(), number(), target(), kind, option::of(imsi()), day()).prop_map(
            |(key, number, target, kind, imsi, until)| BodyRow::Pairing { key, number, target, kind, imsi, until }
        ),
        (device(), vec(device(), 0..16)).prop_map(|(key, others)| BodyRow::Link { key, others }),
        (imsi(), option::of(msisdn()), day()).prop_map(|(imsi, msisdn, since)| BodyRow::Subscriber {
            imsi,
            msisdn,
            since
        }),
        (tac(), option::of(model())).prop_map(|(tac, model)| BodyRow::Tac { tac, model: model.map(Box::new) }),
        (tac(), class, 0..=2_u8).prop_map(|(tac, class, level)| BodyRow::TacClass { tac, class, level }),
    ]
}

fn encode(row: &BodyRow, batch: BatchNumber) -> StoredRow {
    StoredRow::encode(row, batch, &mut Salts::random().unwrap())
}

fn decode(stored: &StoredRow) -> Option<(BatchNumber, BodyRow)> {
    StoredRow::decode(stored.family, &stored.key, &stored.value)
}

fn is_personal(row: &BodyRow) -> bool {
    matches!(row, BodyRow::Mark { number: Some(_), .. } | BodyRow::Pairing { .. } | BodyRow::Subscriber { .. })
}

fn digest(rows: &[StoredRow]) -> [u8; 32] {
    let mut hasher = BodyHasher::default();
    rows.iter().for_each(|row| hasher.add(row));
    hasher.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_row_is_its_bytes(row in row(), batch in any::<BatchNumber>()) {
        let stored = encode(&row, batch);
        prop_assert_eq!(decode(&stored), Some((batch, row)));
        prop_assert_eq!(keys::batch_of(stored.family, &stored.key), Some(batch));
        let touched = keys::touched(batch, stored.family, &stored.key);
        let head = &stored.key[..stored.family.head_bytes()];
        prop_assert_eq!(keys::read_touched(&touched), Some((stored.family, head)));
    }

    #[test]
    fn any_bytes_are_a_row_or_none(
        family in prop::sample::select(Family::ALL.to_vec()),
        key in vec(any::<u8>(), 0..40),
        value in vec(any::<u8>(), 0..60),
    ) {
        if let Some((batch, row)) = StoredRow::decode(family, &key, &value) {
            prop_assert_eq!(decode(&encode(&row, batch)), Some((batch, row)));
        }
    }

    #[test]
    fn a_changed_row_is_another_row_or_none(
        row in row(), batch in any::<BatchNumber>(), at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<bool>(),
    ) {
        let mut stored = encode(&row, batch);
        let whole = stored.clone();
        let of_key = at.index(stored.key.len() + stored.value.len());
        let bytes = if of_key < stored.key.len() { &mut stored.key } else { &mut stored.value };
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        if let Some((batch, changed)) = decode(&stored) {
            let again = encode(&changed, batch);
            prop_assert_eq!(&again.key, &stored.key);
            // A key says what it is about: no two keys mean the same row.
            prop_assert!(stored.key == whole.key || (batch, &changed) != decode(&whole).as_ref().map(|(b, r)| (*b, r)).unwrap());
        }
    }

    #[test]
    fn keys_sort_as_values_do(a in (device(), 0..4_u64, number(), option::of(0..3_u64)), b in (device(), 0..4_u64, number(), option::of(0..3_u64)), same in any::<bool>()) {
        let (x, mut y) = (a, b);
        if same {
            y.0 = x.0;
        }
        let by = |(key, batch, number, target): (EquipmentKey, u64, Number, Option<u64>)| {
            (PageId::of(key), batch, PageId::place(key), number.to_stored(), target)
        };
        let pairing = |(key, batch, number, target), sim| keys::pairing_row(key, batch, number, sim, target);
        for sim in [None, Some("510101234567890".parse().unwrap())] {
            prop_assert_eq!(pairing(x, sim).cmp(&pairing(y, sim)), by(x).cmp(&by(y)));
            // Two SIMs of one number are two pairings, the one without SIM first.
            prop_assert_eq!(pairing(x, None).cmp(&pairing(x, sim)), None.cmp(&sim));
        }
        let page = |(key, batch, _, target): (EquipmentKey, u64, Number, Option<u64>)| {
            (keys::page_row(PageId::of(key), batch, target), (PageId::of(key), batch, target))
        };
        prop_assert_eq!(page(x).0.cmp(&page(y).0), page(x).1.cmp(&page(y).1));
        let device = |(key, batch, ..): (EquipmentKey, u64, Number, Option<u64>)| {
            (keys::device_row(key, batch), (PageId::of(key), batch, PageId::place(key)))
        };
        prop_assert_eq!(device(x).0.cmp(&device(y).0), device(x).1.cmp(&device(y).1));
        let number = |(key, batch, number, _): (EquipmentKey, u64, Number, Option<u64>)| {
            (keys::number_row(number, key, batch), (number.to_stored(), key, batch))
        };
        prop_assert_eq!(number(x).0.cmp(&number(y).0), number(x).1.cmp(&number(y).1));
        prop_assert_eq!(keys::batch_row(x.1, y.1).cmp(&keys::batch_row(y.1, x.1)), (x.1, y.1).cmp(&(y.1, x.1)));
    }

    #[test]
    fn keys_are_read_back(key in device(), batch in any::<u64>(), seq in any::<u64>(), number in number(), imsi in imsi(), tac in tac()) {
        let row = keys::device_row(key, batch);
        prop_assert_eq!(keys::read_page(&row), Some(PageId::of(key)));
        prop_assert_eq!(keys::read_device_row(&row), Some((batch, PageId::place(key))));
        prop_assert_eq!(keys::read_number_row(&keys::number_row(number, key, batch)), Some((key, batch)));
        let msisdn = Msisdn::new(62_811_000_000 + key.get() % 1_000_000).unwrap();
        prop_assert_eq!(keys::read_sim_row(&keys::sim_row(msisdn, imsi, batch)), Some((msisdn, imsi, batch)));
        prop_assert_eq!(keys::read_subscriber_row(&keys::subscriber_row(imsi, batch)), Some((imsi, batch)));
        prop_assert_eq!(keys::read_tac_row(&keys::tac_row(tac, batch)), Some((tac, batch)));
        prop_assert_eq!(keys::read_batch_row(&keys::batch_row(batch, seq)), Some((batch, seq)));
        prop_assert_eq!(keys::read_seq(&keys::seq(seq)), Some(seq));
        prop_assert_eq!(keys::read_seq(&row), None);
    }

    #[test]
    fn the_leaf_of_a_page_does_not_depend_on_its_container(id in page(), bits in bits(), batch in any::<u64>()) {
        let stored = encode(&BodyRow::Page { id, target: None, bits: Box::new(bits.clone()) }, batch);
        let bitmap = std::iter::once(3).chain(bits.0.iter().flat_map(|word| word.to_le_bytes())).collect();
        // Runs of one, each: places skipped, none more.
        let mut runs = vec![1];
        let mut next = 0;
        for place in bits.iter() {
            let skipped = place - next;
            runs.extend([skipped as u8 | 128, (skipped >> 7) as u8, 0]);
            next = place + 1;
        }
        for value in [bitmap, runs] {
            let other = StoredRow { value, ..stored.clone() };
            prop_assert_eq!(decode(&other), decode(&stored));
            prop_assert_eq!(other.leaf(), stored.leaf());
        }
    }

    #[test]
    fn a_leaf_is_of_the_row_and_not_of_the_batch(row in row(), batches in any::<[u64; 2]>()) {
        let [one, two] = batches.map(|batch| encode(&row, batch));
        if is_personal(&row) {
            prop_assert_eq!(one.leaf().len(), 32);
            prop_assert_ne!(one.leaf(), two.leaf(), "salts differ");
            let moved = StoredRow { value: one.value.clone(), ..two };
            prop_assert_eq!(one.leaf(), moved.leaf());
        } else {
            prop_assert_eq!(one.leaf(), two.leaf());
        }
    }

    #[test]
    fn every_row_of_a_body_counts(rows in vec(row(), 1..6), other in row(), at in any::<prop::sample::Index>()) {
        let stored: Vec<StoredRow> = rows.iter().map(|row| encode(row, 7)).collect();
        let whole = digest(&stored);
        let at = at.index(rows.len());
        let changed = |change: &dyn Fn(&mut Vec<StoredRow>)| {
            let mut changed = stored.clone();
            change(&mut changed);
            digest(&changed)
        };
        prop_assert_ne!(whole, changed(&|rows| _ = rows.remove(at)));
        prop_assert_ne!(whole, changed(&|rows| rows.insert(at, encode(&other, 7))));
        if rows[at] != other {
            prop_assert_ne!(whole, changed(&|rows| rows[at] = encode(&other, 7)));
        }
        if !stored[at].value.is_empty() && stored[at].family != Family::Pages {
            prop_assert_ne!(whole, changed(&|rows| rows[at].value[0] ^= 1));
        }
    }

    #[test]
    fn leaves_alone_give_the_digest(rows in vec(row(), 0..6)) {
        let stored: Vec<StoredRow> = rows.iter().map(|row| encode(row, 7)).collect();
        let mut of_leaves = Sha256::new();
        for leaf in stored.iter().map(StoredRow::leaf) {
            of_leaves.update((leaf.len() as u32).to_be_bytes());
            of_leaves.update(leaf);
        }
        prop_assert_eq!(<[u8; 32]>::from(of_leaves.finalize()), digest(&stored));
    }
}

#[test]
fn salts_differ_within_and_between_bodies() {
    let row = BodyRow::Subscriber { imsi: "510101234567890".parse().unwrap(), msisdn: None, since: None };
    let mut values = Vec::new();
    for _ in 0..4 {
        let mut salts = Salts::random().unwrap();
        values.extend((0..100).map(|_| StoredRow::encode(&row, 7, &mut salts).value));
    }
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 400);
}

#[test]
fn long_texts_are_cut_at_the_end_of_a_character() {
    let long = format!("{}€€", "x".repeat(253));
    let model = Model { name: long, ..Model::default() };
    let row = BodyRow::Tac { tac: Tac::new(35_000_001).unwrap(), model: Some(Box::new(model)) };
    let Some((_, BodyRow::Tac { model: Some(model), .. })) = decode(&encode(&row, 7)) else { panic!("no model") };
    assert_eq!(model.name, "x".repeat(253));
}
