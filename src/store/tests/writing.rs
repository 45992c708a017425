//! Journal, bodies and what a staged one leaves.

use crate::{
    batch::{BatchNumber, BatchState, BodyRow},
    identity::EquipmentKey,
    journal::{BatchActivated, BatchStaged, Change, Entry, SettingsApplied},
    page::{PageBits, PageId},
    pairing::PairingKind,
    revision::Revision,
    store::{BodyWriter, Draft, Hands, OpenMode, Store, StoreError},
};
use prost::Message;
use tempfile::TempDir;

pub(super) fn store() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), OpenMode::Create).unwrap();
    (directory, store)
}

pub(super) fn draft(change: Change) -> Draft {
    Draft { hands: Hands::bootstrap(), partition: String::new(), change }
}

fn settings(n: i64) -> Draft {
    draft(Change::SettingsApplied(SettingsApplied { toml: String::new(), effective_from_unix_s: n }))
}

pub(super) fn commit_settings(store: &Store) -> Revision {
    store.writer().unwrap().commit(vec![settings(1)], Vec::new()).unwrap()
}

pub(super) fn staged() -> Draft {
    draft(Change::BatchStaged(BatchStaged { kind: "registered".into(), door: 1, class: 1, ..BatchStaged::default() }))
}

pub(super) fn activated(batch: BatchNumber, body: &BodyWriter<'_>) -> Draft {
    let summary = body.summary();
    draft(Change::BatchActivated(BatchActivated {
        batch,
        body_sha256: summary.sha256.to_vec(),
        rows: summary.rows,
        ..BatchActivated::default()
    }))
}

/// Rows of three families in canonical order: enough for two chunks when `many`.
fn rows(many: bool) -> Vec<BodyRow> {
    let key = |n: u64| EquipmentKey::new(35_000_000_000_000 + n * 77).unwrap();
    let count = if many { 90_000 } else { 90 };
    let msisdn = |n: u64| (62_811_000_000 + n).to_string().parse().unwrap();
    let bits = PageBits([0x5555_5555_5555_5555; PageBits::WORDS]);
    let pages =
        (0..20).map(|n| BodyRow::Page { id: PageId::of(key(n * 1_000)), target: None, bits: Box::new(bits.clone()) });
    let marks = (0..count).map(|n| BodyRow::Mark { key: key(n), until: None, since: None, number: Some(msisdn(n)) });
    let pairings = (0..count).map(|n| BodyRow::Pairing {
        key: key(n),
        number: crate::identity::Msisdn::into(msisdn(n + 7)),
        target: None,
        kind: PairingKind::Allowance,
        imsi: "510101234567890".parse().ok(),
        until: None,
    });
    pages.chain(marks).chain(pairings).collect()
}

#[test]
fn numbers_rise_by_one_and_time_never_goes_back() {
    let (_directory, store) = store();
    let mut writer = store.writer().unwrap();
    for group in 0..6 {
        // As if the clock had stood an hour later, and was set back since.
        store.state.write().unwrap().last_entry_unix_ms += if group == 2 { 3_600_000 } else { 0 };
        let next = writer.next_seq();
        let revision = writer.commit((0..=group).map(settings).collect(), Vec::new()).unwrap();
        assert_eq!((revision.epoch, revision.seq), (1, next + group as u64));
        assert_eq!(store.applied(), revision);
    }
    let entries: Vec<Entry> = store.entries(1).unwrap().map(Result::unwrap).collect();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=22).collect::<Vec<_>>());
    assert!(entries.iter().all(|entry| entry.epoch == 1 && entry.principal == "bootstrap"));
    assert!(entries.windows(2).all(|two| two[0].time_unix_ms <= two[1].time_unix_ms));
    assert!(entries[21].time_unix_ms - entries[0].time_unix_ms >= 3_600_000);
    let stored: Vec<Vec<u8>> = store.journal(1).unwrap().map(Result::unwrap).collect();
    assert_eq!(stored, entries.iter().map(Message::encode_to_vec).collect::<Vec<_>>());
    let times = entries.iter().flat_map(|entry| [-1, 0, 1].map(|by| entry.time_unix_ms + by));
    for moment in times.chain([i64::MIN, 0, i64::MAX]) {
        let before = entries.iter().rev().find(|entry| entry.time_unix_ms < moment).map(|entry| entry.seq);
        assert_eq!(store.last_entry_before(moment).unwrap(), before, "{moment}");
    }
}

#[test]
fn time_does_not_go_back_over_a_restart() {
    let (directory, store) = store();
    store.state.write().unwrap().last_entry_unix_ms = 4_000_000_000_000;
    store.writer().unwrap().commit(vec![settings(1)], Vec::new()).unwrap();
    drop(store);
    let store = Store::open(directory.path(), OpenMode::Write).unwrap();
    let revision = store.writer().unwrap().commit(vec![settings(2)], Vec::new()).unwrap();
    assert_eq!(store.entry(revision.seq).unwrap().unwrap().time_unix_ms, 4_000_000_000_000);
}

#[test]
fn a_body_is_the_same_staged_or_at_once() {
    let (directory, store) = store();
    let rows = rows(true);
    let mut summaries = Vec::new();
    for ahead in [true, false] {
        let mut writer = store.writer().unwrap();
        let number = writer.next_seq();
        let mut drafts = vec![staged()];
        if ahead {
            writer.commit(std::mem::take(&mut drafts), Vec::new()).unwrap();
        }
        let mut body = writer.body(number, ahead).unwrap();
        rows.iter().for_each(|row| body.push(row).unwrap());
        assert_eq!(store.audit_rows().unwrap().contains_key(&number), ahead, "written ahead only when staged");
        drafts.push(activated(number, &body));
        summaries.push((number, body.summary()));
        writer.commit(drafts, vec![body]).unwrap();
    }
    drop(store);
    let store = Store::open(directory.path(), OpenMode::Read).unwrap();
    for (number, summary) in summaries {
        assert_eq!(store.audit_body(number).unwrap().summary, summary);
        assert!(store.body(number).unwrap().map(Result::unwrap).eq(rows.iter().cloned()));
        assert_eq!(store.with_batches(|batches| batches.get(number).unwrap().states.clone())[1].1, BatchState::Active);
    }
    assert!(matches!(store.writer().map(drop), Err(StoreError::ReadOnly { .. })));
}

#[test]
fn a_discarded_batch_leaves_its_number_and_nothing_else() {
    let (directory, store) = store();
    let mut writer = store.writer().unwrap();
    let kept = writer.next_seq();
    let mut body = writer.body(kept, false).unwrap();
    rows(false).iter().for_each(|row| body.push(row).unwrap());
    writer.commit(vec![staged(), activated(kept, &body)], vec![body]).unwrap();
    let (one, two) = (writer.next_seq(), writer.next_seq() + 1);
    writer.commit(vec![staged(), staged()], Vec::new()).unwrap();
    let mut body = writer.body(one, true).unwrap();
    rows(true).iter().for_each(|row| body.push(row).unwrap());
    assert!(store.audit_rows().unwrap()[&one] > 80_000);
    drop(body);
    drop(writer);
    drop(store);
    let store = Store::open(directory.path(), OpenMode::Write).unwrap();
    let mut writer = store.writer().unwrap();
    assert_eq!(writer.discard_staged().unwrap(), [one, two]);
    assert!(writer.discard_staged().unwrap().is_empty());
    assert_eq!(writer.next_seq(), two + 3);
    assert_eq!(store.audit_rows().unwrap().into_keys().collect::<Vec<_>>(), [kept]);
    assert_eq!(store.audit_numbers().unwrap(), store.audit_body(kept).unwrap().numbers);
    assert!(store.rows_behind("touched").iter().all(|(key, _)| key.starts_with(&kept.to_be_bytes())));
    for number in [one, two] {
        let last = store.with_batches(|batches| *batches.get(number).unwrap().states.last().unwrap());
        assert_eq!(last.1, BatchState::Discarded);
    }
}

#[test]
fn a_number_finds_its_devices() {
    let (_directory, store) = store();
    let mut writer = store.writer().unwrap();
    let number = writer.next_seq();
    let mut body = writer.body(number, false).unwrap();
    let rows = rows(false);
    rows.iter().for_each(|row| body.push(row).unwrap());
    writer.commit(vec![staged(), activated(number, &body)], vec![body]).unwrap();
    let BodyRow::Mark { key, number: Some(msisdn), .. } = &rows[20 + 7] else { panic!("the eighth mark") };
    let BodyRow::Pairing { key: paired, .. } = &rows[20 + 90] else { panic!("the first pairing") };
    assert_eq!(store.devices_of((*msisdn).into()).unwrap(), [(*paired, number), (*key, number)]);
    let imsi: crate::identity::Imsi = "510101234567890".parse().unwrap();
    assert_eq!(store.devices_of(imsi.into()).unwrap().len(), 90);
}
