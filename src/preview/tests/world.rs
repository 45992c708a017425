//! Small random registers in which everything that a decision asks for meets.

use super::super::*;
use crate::{
    hot::Published,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, SubscriberRow, TacClassRow, TacRow},
    load,
    page::{PageBits, PageId},
    pairing::PairingKind,
    registry::{ImportOrder, Registry},
    sample::SplitMix64,
};
use tempfile::TempDir;

/// 2026-03-01.
pub(super) const NOW: i64 = 1_772_300_000;
const TACS: [u32; 4] = [35_000_001, 35_000_002, 35_000_003, 12_345];
const BRANDS: [&str; 3] = ["Nokia", "Advan", ""];
const LISTS: u64 = 9;

pub(super) fn pick<T: Clone>(random: &mut SplitMix64, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}

/// All devices that a register may know.
pub(super) fn keys() -> impl Iterator<Item = EquipmentKey> {
    TACS.into_iter().flat_map(|tac| {
        [0, 1, 2, 3, 9, 2_046, 2_047, 2_048, 2_057, 700_000, 700_009]
            .map(|serial| EquipmentKey::from_parts(Tac::new(tac).unwrap(), serial).unwrap())
    })
}

fn day(random: &mut SplitMix64) -> Option<Day> {
    let today = Day::of_unix_seconds(NOW).get();
    pick(random, &[None, None, Day::from_stored(today - 1), Day::from_stored(today), Day::from_stored(today + 9)])
}

fn msisdn(random: &mut SplitMix64) -> Msisdn {
    Msisdn::new(pick(random, &[62_811_000_001, 62_811_000_002, 6_581_234_567])).unwrap()
}

fn imsi(random: &mut SplitMix64) -> Imsi {
    Imsi::from_number(510_101_234_567_890 + random.below(2)).unwrap()
}

fn list(kind: Kind) -> Gathered {
    Gathered::new(kind, kind.default_door(), None, None)
}

pub(super) struct World {
    _directory: TempDir,
    pub(super) registry: Registry,
    published: Arc<Published>,
}

impl World {
    pub(super) fn random(random: &mut SplitMix64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (registry, _) = Registry::open(directory.path(), true).unwrap();
        let published = Arc::new(Published::new(load::hot_sets(registry.store(), &mut |_| {}).unwrap()));
        registry.keep_published(Arc::clone(&published));
        let world = Self { _directory: directory, registry, published };
        world.import(models());
        world.registry.apply_settings(&random_settings(random), NOW - 5).unwrap();
        for _ in 0..LISTS {
            world.import(random_list(random));
        }
        // Some batches stand elsewhere than at their beginning.
        if random.below(2) == 0
            && let Hypothesis::Steps(steps) = world.random_steps(random)
        {
            world.registry.write_steps(&steps, &crate::store::Hands::bootstrap()).unwrap();
        }
        world
    }

    pub(super) fn store(&self) -> &Store {
        self.registry.store()
    }

    pub(super) fn hot(&self) -> HotSets {
        HotSets::clone(&self.published.load())
    }

    pub(super) fn brand(&self, tac: Tac) -> String {
        let model = self.store().model(tac, u64::MAX).unwrap();
        model.map_or_else(
            String::new,
            |(_, model)| if model.brand.is_empty() { model.manufacturer } else { model.brand },
        )
    }

    fn import(&self, list: Gathered) {
        let order = ImportOrder::bootstrap(Mode::Add, "", 100);
        self.registry.import(list, &order).unwrap();
    }

    /// Steps of one to three batches to a state that is another.
    pub(super) fn random_steps(&self, random: &mut SplitMix64) -> Hypothesis {
        let batches: Vec<(u64, BatchState)> = self.store().with_batches(|batches| {
            // The subscriber map is not followed, and the catalogue decides nothing.
            let is_of_devices = |kind: &str| !matches!(kind, "subscriber" | "tac");
            let of_devices = batches.iter().filter(|(_, batch)| is_of_devices(&batch.header.kind));
            of_devices.map(|(number, batch)| (number, batch.newest().1)).collect()
        });
        let mut steps: Vec<BatchStep> = Vec::new();
        for _ in 0..=random.below(3) {
            if batches.is_empty() {
                break;
            }
            let (batch, now) = pick(random, &batches);
            let states = [BatchState::Suspended, BatchState::Suspended, BatchState::Withdrawn, BatchState::Active];
            let state = pick(random, &states);
            let black_from = day(random).filter(|_| state == BatchState::Suspended && random.below(2) == 0);
            if state != now && steps.iter().all(|step| step.batch != batch) {
                steps.push(BatchStep { batch, state, black_from });
            }
        }
        Hypothesis::Steps(steps)
    }

    /// Something happens to a model that nothing else is about.
    pub(super) fn list_elsewhere(&self) {
        self.list_one(EquipmentKey::from_parts(Tac::new(86_000_001).unwrap(), 5).unwrap());
    }

    pub(super) fn list_one(&self, key: EquipmentKey) {
        let mut bits = PageBits::EMPTY;
        bits.insert(PageId::place(key));
        let door = Door::CustomsParcel;
        self.import(Gathered { door, pages: vec![(PageId::of(key), bits)], ..list(Kind::Registered) });
    }
}

fn models() -> Gathered {
    let model = |(tac, brand): (u32, &str)| TacRow {
        tac: Tac::new(tac).unwrap(),
        manufacturer: "Maker".into(),
        brand: brand.into(),
        model: "X".into(),
        device_type: String::new(),
        allocation_date: None,
        remove: false,
    };
    let tacs = TACS.into_iter().zip(BRANDS).map(model).collect::<Vec<_>>();
    Gathered { tacs, ..list(Kind::Tac) }
}

fn random_list(random: &mut SplitMix64) -> Gathered {
    match random.below(12) {
        0..3 => pairings(random),
        3 => {
            let rows: BTreeMap<Imsi, Msisdn> = [(imsi(random), msisdn(random)), (imsi(random), msisdn(random))].into();
            let row = |(imsi, msisdn)| SubscriberRow {
                imsi,
                msisdn: Some(msisdn),
                operator: None,
                since: None,
                remove: false,
            };
            Gathered { subscribers: rows.into_iter().map(row).collect(), ..list(Kind::Subscriber) }
        }
        4 => {
            let kind = pick(random, &[Kind::ExemptTac, Kind::BarredTac]);
            let tac = Tac::new(pick(random, &TACS)).unwrap();
            let hard = kind == Kind::BarredTac && random.below(2) == 0;
            Gathered { tac_classes: vec![TacClassRow { tac, hard, remove: false }], ..list(kind) }
        }
        _ => devices(random),
    }
}

fn devices(random: &mut SplitMix64) -> Gathered {
    let kinds = [
        (Kind::Registered, Door::TppImport),
        (Kind::Registered, Door::TppImport),
        (Kind::Registered, Door::CustomsPassenger),
        (Kind::Temporary, Door::OperatorTourist),
        (Kind::Grandfathered, Door::Grandfathered),
        (Kind::Stolen, Door::Stolen),
        (Kind::Barred, Door::Court),
        (Kind::Exempt, Door::State),
    ];
    let (kind, door) = pick(random, &kinds);
    let mut list = Gathered { door, ..list(kind) };
    let mut pages: BTreeMap<PageId, PageBits> = BTreeMap::new();
    for key in keys() {
        match random.below(5) {
            0 | 1 if kind != Kind::Temporary => {
                pages.entry(PageId::of(key)).or_default().insert(PageId::place(key));
            }
            2 => {
                let number = (random.below(2) == 0).then(|| msisdn(random));
                let since = pick(random, &[None, "2019-05-05".parse().ok(), "2021-05-05".parse().ok()]);
                let row = DeviceRow { key, valid_until: day(random), number, operator: None, since };
                if (row.valid_until, row.number, row.since) != (None, None, None) {
                    list.devices.push(row);
                }
            }
            _ => {}
        }
    }
    list.pages = pages.into_iter().collect();
    list
}

fn pairings(random: &mut SplitMix64) -> Gathered {
    let mut rows = Vec::new();
    for key in keys() {
        if random.below(4) > 0 {
            continue;
        }
        let with = random.below(4);
        rows.push(PairingRow {
            key,
            msisdn: (with > 0).then(|| msisdn(random)),
            imsi: (with < 2).then(|| imsi(random)),
            binding: pick(random, &[PairingKind::Allowance, PairingKind::Allowance, PairingKind::Binding]),
            valid_until: day(random),
            operator: None,
            remove: false,
        });
    }
    Gathered { pairings: rows.into(), ..list(Kind::Pairing) }
}

pub(super) fn random_settings(random: &mut SplitMix64) -> String {
    let mut text = "[national]\n".to_owned();
    for (key, values) in [
        ("suspended", ["'grey'", "'black'"]),
        ("expired", ["'grey'", "'black'"]),
        ("grandfathered_mode", ["'free'", "'paired-only'"]),
        ("number_needed", ["'grey'", "'black'"]),
        ("not_registered", ["'grey'", "'black'"]),
    ] {
        if random.below(2) == 0 {
            text += &format!("{key} = {}\n", pick(random, &values));
        }
    }
    for operator in ["telkomsel", "xl"] {
        if random.below(2) == 0 {
            text += &format!(
                "[operator.{operator}]\nnot_registered = {}\n",
                pick(random, &["'white'", "'grey'", "'unknown'"])
            );
        }
    }
    text
}
