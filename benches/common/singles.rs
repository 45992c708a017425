//! One device more, durable and visible to checks, and a raw sync beside it: two benches print it.

use saring::{
    check::{Checker, Clock, EquipmentValue, Inquiry},
    hot::Published,
    identity::EquipmentKey,
    import::{Gathered, Kind, Mode},
    listing::Door,
    national::National,
    page::{PageBits, PageId},
    registry::{ImportOrder, Registry},
    sample::SplitMix64,
};
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes of a raw write: about what the log of the store grows by.
const RAW_BYTES: usize = 512;

/// What it took.
pub struct Singles {
    /// The middle of the registrations.
    pub registered: Duration,
    /// The middle of the raw syncs.
    pub synced: Duration,
}

impl Singles {
    /// How many times as long a registration takes.
    pub fn ratio(&self) -> f64 {
        self.registered.as_secs_f64() / self.synced.as_secs_f64()
    }

    /// In words.
    pub fn told(&self) -> String {
        let (registered, synced) = (self.registered.as_micros(), self.synced.as_micros());
        format!("{registered} us, {synced} us: {:.2} times", self.ratio())
    }
}

/// Registers so many devices of listed models, each beside a raw sync of a file next to the register.
pub fn singles(
    national: &National,
    directory: &Path,
    registry: &Registry,
    published: &Arc<Published>,
    count: u32,
) -> Singles {
    registry.keep_published(Arc::clone(published));
    let checker = Checker::new(Arc::clone(published), Clock::system().unwrap());
    let mut raw = File::create(directory.with_extension("raw")).unwrap();
    let mut random = SplitMix64::new(national.scale().seed);
    let (mut registered, mut synced) = (Vec::new(), Vec::new());
    while registered.len() < count as usize {
        let near = national.device(random.below(national.devices())).unwrap();
        let key = EquipmentKey::from_parts(near.tac(), random.below(1_000_000) as u32).unwrap();
        let asked = || checker.check(&Inquiry::of(EquipmentValue::Key(key)), None).unwrap();
        if national.truth(key) != Default::default() || asked().verdict.reason.name() != "NOT_REGISTERED" {
            continue;
        }
        let list = list_of(&[key]);
        let began = Instant::now();
        registry.import(list, &ImportOrder::bootstrap(Mode::Add, "", 100)).unwrap();
        registered.push(began.elapsed());
        assert_eq!(asked().verdict.reason.name(), "REGISTERED");
        let began = Instant::now();
        raw.write_all(&[1; RAW_BYTES]).unwrap();
        raw.sync_data().unwrap();
        synced.push(began.elapsed());
    }
    fs::remove_file(directory.with_extension("raw")).unwrap();
    Singles { registered: middle(registered), synced: middle(synced) }
}

/// A list of devices.
pub fn list_of(keys: &[EquipmentKey]) -> Gathered {
    let mut pages = std::collections::BTreeMap::<PageId, PageBits>::new();
    for key in keys {
        pages.entry(PageId::of(*key)).or_insert(PageBits::EMPTY).insert(PageId::place(*key));
    }
    Gathered {
        pages: pages.into_iter().collect(),
        ..Gathered::new(Kind::Registered, Door::CustomsPassenger, None, None)
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
