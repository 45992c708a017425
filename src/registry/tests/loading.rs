//! A bulk load leaves what an import of the same lists leaves.

use crate::{
    batch::{BatchHeader, BodyRow, Declared},
    identity::EquipmentKey,
    import::{DeviceRow, Gathered, Kind, Mode},
    journal::{BatchActivated, Change, Entry},
    listing::Door,
    page::{PageBits, PageId},
    policy::Settings,
    registry::{self, BulkSource, ImportOrder, Registry, load},
    sample,
    store::{OpenMode, Store, StoreError},
};
use prost::Message;
use std::collections::BTreeMap;

/// Two lists without numbers of persons, so that their digests have no salts in them.
fn lists() -> [Gathered; 2] {
    let pages: Vec<(PageId, PageBits)> = sample::clustered(3, 20_000).collect();
    let stolen = sample::keys(5, pages.iter().cloned(), 50);
    let mut devices: Vec<DeviceRow> = stolen
        .into_iter()
        .map(|key| DeviceRow { key, valid_until: None, number: None, operator: None, since: "2026-01-31".parse().ok() })
        .collect();
    devices.sort_by_key(|row| row.key);
    [
        Gathered { pages, ..Gathered::new(Kind::Registered, Door::TppImport, None, None) },
        Gathered { devices, ..Gathered::new(Kind::Stolen, Door::Stolen, None, None) },
    ]
}

struct Lists([Gathered; 2]);

impl BulkSource for Lists {
    fn parts(&self) -> Vec<Vec<BatchHeader>> {
        let header = |list: &Gathered| BatchHeader {
            kind: list.kind.name().to_owned(),
            door: list.door,
            class: list.kind.class(list.door),
            document: String::new(),
            valid_until: None,
            operator: String::new(),
            submitter: "bootstrap".to_owned(),
            declared: Declared { mode: "add".to_owned(), ..Declared::default() },
        };
        vec![self.0.iter().map(header).collect()]
    }

    fn rows(
        &self,
        _part: usize,
        take: &mut dyn FnMut(usize, &BodyRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for (id, bits) in &self.0[0].pages {
            take(0, &BodyRow::Page { id: *id, target: None, bits: Box::new(bits.clone()) })?;
        }
        for row in &self.0[1].devices {
            take(1, &BodyRow::Mark { key: row.key, until: None, since: row.since, number: None })?;
        }
        Ok(())
    }

    fn name(&self) -> String {
        "lists".to_owned()
    }
}

/// Headers and bodies as the journal has them, by batch in the order in which they came.
fn journalled(store: &Store) -> Vec<(BatchHeader, BatchActivated)> {
    let mut activated = BTreeMap::new();
    for bytes in store.journal(1).unwrap() {
        if let Some(Change::BatchActivated(change)) = Entry::decode(bytes.unwrap().as_slice()).unwrap().change {
            activated.insert(change.batch, BatchActivated { batch: 0, sources: Vec::new(), ..change });
        }
    }
    let batches = store.batches();
    activated.into_iter().map(|(number, change)| (batches.get(number).unwrap().header.clone(), change)).collect()
}

#[test]
fn a_load_is_journalled_and_stored_as_imports_are() {
    let directory = tempfile::tempdir().unwrap();
    let (imported, loaded) = (directory.path().join("imported"), directory.path().join("loaded"));
    let registry = Registry::open(&imported, true).unwrap().0;
    for list in lists() {
        registry.import(list, &ImportOrder::bootstrap(Mode::Add, "", 100)).unwrap();
    }
    let told = load(&loaded, &Settings::default(), &Lists(lists()), 1 << 20, &|_| {}).unwrap();
    let store = Store::open(&loaded, OpenMode::Read).unwrap();
    assert_eq!(journalled(&store), journalled(registry.store()));
    assert_eq!(told.batches, 2);
    let verified = registry::verify(&store).unwrap();
    assert_eq!(verified.digest, registry::verify(registry.store()).unwrap().digest);
    assert_eq!((verified.bodies, verified.revision), (2, told.revision));
}

#[test]
fn a_load_takes_no_rows_out_of_order_and_none_of_others() {
    struct Wrong(usize);
    impl BulkSource for Wrong {
        fn parts(&self) -> Vec<Vec<BatchHeader>> {
            Lists(lists()).parts()
        }

        fn rows(
            &self,
            _part: usize,
            take: &mut dyn FnMut(usize, &BodyRow) -> Result<(), StoreError>,
        ) -> Result<(), StoreError> {
            let mark = |serial: u64| BodyRow::Mark {
                key: EquipmentKey::new(35_000_000_000_000 + serial).unwrap(),
                until: None,
                since: None,
                number: None,
            };
            take(0, &mark(5))?;
            take(self.0, &mark(4))
        }

        fn name(&self) -> String {
            String::new()
        }
    }
    for (batch, words) in [(0, "write a table of a load"), (2, "is not of this load")] {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("register");
        let refused = load(&target, &Settings::default(), &Wrong(batch), 1 << 20, &|_| {}).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(matches!(Store::open(&target, OpenMode::Write), Err(StoreError::HalfLoaded { .. })));
    }
}
