//! Readers beside a writer that moves devices from set to set: every check finds each device in exactly
//! one of them. Under shuttle, which tries interleavings, and with real threads.

use super::*;
use arc_swap::ArcSwap;
use shuttle::sync::RwLock;
use std::{
    ops::Deref,
    sync::atomic::{AtomicBool, Ordering},
};

/// A cell whose every access is a point at which shuttle may switch threads.
struct ShuttleCell(RwLock<Arc<HotSets>>);

struct Loaded(Arc<HotSets>);

impl Deref for Loaded {
    type Target = Arc<HotSets>;
    fn deref(&self) -> &Arc<HotSets> {
        &self.0
    }
}

impl RootCell for ShuttleCell {
    type Guard = Loaded;

    fn new(root: Arc<HotSets>) -> Self {
        Self(RwLock::new(root))
    }

    fn load(&self) -> Loaded {
        Loaded(Arc::clone(&self.0.read().unwrap()))
    }

    fn swap(&self, root: Arc<HotSets>) -> Arc<HotSets> {
        std::mem::replace(&mut self.0.write().unwrap(), root)
    }
}

const SETS: u64 = 5;
const PLACES: [u16; 4] = [0, 700, 701, 2047];

/// Devices of three pages, two chunks apart, all in one of the sets: registered, grandfathered, marked, suspended,
/// paired.
fn devices_in(set: u64) -> Vec<(PageId, PageContent)> {
    let content = || {
        let mut content = PageContent::default();
        for place in PLACES {
            match set {
                0 => drop(content.registered.insert(place)),
                1 => drop(content.grandfathered.insert(place)),
                2 => content.marks.push((place, Mark::new(Class::Exempt, Door::State))),
                3 => drop(content.suspended.insert(place)),
                _ => content.pairs.push((place, Pair::allowance(Msisdn::new(62_811_000_001).unwrap().into()))),
            }
        }
        content
    };
    [page_id(35_000_001, 0), page_id(35_000_001, 40), page_id(35_000_002, 0)].map(|id| (id, content())).into()
}

fn keys() -> Vec<EquipmentKey> {
    devices_in(0).iter().flat_map(|(id, _)| PLACES.map(|place| id.key(place).unwrap())).collect()
}

/// In which sets a device is, one bit each.
fn sets_of(evidence: &Evidence<'_>) -> u64 {
    let (marked, paired) = (!evidence.marks.is_empty(), !evidence.pairs.is_empty());
    let has = [evidence.registered, evidence.grandfathered, marked, evidence.suspended, paired];
    (0..).zip(has).map(|(set, has)| u64::from(has) << set).sum()
}

fn move_devices<C: RootCell>(published: &Published<C>, seq: u64) {
    let revision = Revision { epoch: 1, seq };
    let next = published.load().apply(Update { revision, pages: devices_in(seq % SETS), ..Update::default() });
    published.publish(next);
}

/// One check of every device: all are in the set that the revision names, and in no other.
fn check_all(hot: &HotSets) {
    let expected = 1 << (hot.revision().seq % SETS);
    let keys = keys();
    keys.iter().for_each(|key| assert_eq!(sets_of(&hot.evidence(*key)), expected, "a device in both or in neither"));
    hot.evidence_batch(&keys, |_, evidence| assert_eq!(sets_of(&evidence), expected));
}

fn first() -> HotSets {
    let mut builder = Builder::new();
    devices_in(0).into_iter().for_each(|(id, content)| builder.page(id, content).unwrap());
    builder.finish(Revision { epoch: 1, seq: 0 }, Arc::default())
}

/// A writer beside two readers; `load_again` makes readers do what they must not: read one check from two roots.
fn readers_beside_a_writer(load_again: bool) {
    let published = shuttle::sync::Arc::new(Published::<ShuttleCell>::new(first()));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let published = shuttle::sync::Arc::clone(&published);
            shuttle::thread::spawn(move || {
                let mut last = 0;
                for _ in 0..3 {
                    let hot = published.load();
                    assert!(hot.revision().seq >= last, "a reader went back in time");
                    last = hot.revision().seq;
                    check_all(&hot);
                    if load_again {
                        let again = published.load();
                        let key = keys()[0];
                        assert_eq!(sets_of(&hot.evidence(key)), sets_of(&again.evidence(key)));
                    }
                }
            })
        })
        .collect();
    (1..=3).for_each(|seq| move_devices(&published, seq));
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    assert_eq!(published.load().revision().seq, 3);
}

#[test]
fn no_interleaving_shows_a_device_in_both_sets_or_in_neither() {
    shuttle::check_random(|| readers_beside_a_writer(false), 300);
}

#[test]
#[should_panic(expected = "left == right")]
fn the_interleavings_would_show_a_check_that_reads_two_roots() {
    shuttle::check_random(|| readers_beside_a_writer(true), 300);
}

#[test]
fn real_readers_beside_a_real_writer() {
    let published = Published::<ArcSwap<HotSets>>::new(first());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let hot = published.load();
                    assert!(hot.revision().seq >= last);
                    last = hot.revision().seq;
                    check_all(&hot);
                }
            });
        }
        (1..=5_000).for_each(|seq| move_devices(&published, seq));
        done.store(true, Ordering::Release);
    });
    check_all(&published.load());
}

#[test]
fn old_roots_go_when_no_reader_holds_them() {
    let published = Published::<ArcSwap<HotSets>>::new(first());
    let held = Arc::clone(&published.load());
    let weak = Arc::downgrade(&held);
    move_devices(&published, 1);
    drop(held);
    assert!(weak.upgrade().is_some(), "a reader gave memory back");
    move_devices(&published, 2);
    assert!(weak.upgrade().is_none(), "a root that nobody reads is still there");
}
