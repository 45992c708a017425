//! Stories of a register that was changed step by step.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::{
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow, RemovedRow, SubscriberRow, TacClassRow},
    journal::BatchStateChanged,
    pairing::PairingKind,
    registry::{ImportOrder, Registry},
    store::{Draft, Hands},
};
use tempfile::TempDir;

fn key(n: u64) -> EquipmentKey {
    EquipmentKey::new(35_000_001_000_000 + n).unwrap()
}

fn msisdn() -> Msisdn {
    Msisdn::new(62_811_000_001).unwrap()
}

fn imsi() -> Imsi {
    "510101234567890".parse().unwrap()
}

fn device(n: u64) -> DeviceRow {
    DeviceRow { key: key(n), valid_until: None, number: None, operator: None, since: None }
}

fn list(kind: Kind) -> Gathered {
    Gathered::new(kind, kind.default_door(), None, Some("xl".into()))
}

fn paired(remove: bool) -> PairingRow {
    PairingRow {
        key: key(1),
        msisdn: Some(msisdn()),
        imsi: Some(imsi()),
        binding: PairingKind::Allowance,
        valid_until: None,
        operator: None,
        remove,
    }
}

struct World {
    _directory: TempDir,
    registry: Registry,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (registry, _) = Registry::open(directory.path(), true).unwrap();
        Self { _directory: directory, registry }
    }

    fn import(&self, list: Gathered, document: &str, mode: &str) -> u64 {
        let mut order = ImportOrder::bootstrap(Mode::Add, document, 100);
        order.declared.mode = mode.into();
        order.declared.outlet = "counter 4".into();
        self.registry.import(list, &order).unwrap().batches[0]
    }

    fn step(&self, batch: u64, state: BatchState, reason: &str) {
        let changed =
            BatchStateChanged { batch, state: state as u32, reason: reason.into(), ..BatchStateChanged::default() };
        let hands = Hands::of("ani", "").approved_by("budi");
        let draft = Draft { hands, partition: String::new(), change: Change::BatchStateChanged(changed) };
        self.registry.store().writer().unwrap().commit(vec![draft], Vec::new()).unwrap();
    }

    fn words(&self, story: Vec<Event>) -> Vec<String> {
        let show = |number: Number| number.masked();
        story.iter().map(|event| format!("{}: {}", event.said.words(&show), event.step())).collect()
    }

    fn of(&self, n: u64) -> Vec<Event> {
        of_device(self.registry.store(), key(n), u64::MAX).unwrap()
    }
}

#[test]
fn all_that_happened_to_a_device_is_told_in_order_with_who_and_why() {
    let world = World::new();
    let links = vec![vec![key(1), key(2)]];
    let listed = world.import(Gathered { devices: vec![device(1)], links, ..list(Kind::Registered) }, "TPP-1", "");
    world.import(Gathered { devices: vec![device(9)], ..list(Kind::Registered) }, "TPP-2", "");
    world.step(listed, BatchState::Suspended, "under investigation");
    world.step(listed, BatchState::Active, "cleared");
    let stolen = world.import(Gathered { devices: vec![device(1)], ..list(Kind::Stolen) }, "letter 7", "");
    let removed = vec![RemovedRow { key: key(1), operator: None }];
    world.import(Gathered { removed, ..list(Kind::Stolen) }, "found", "");
    let class = TacClassRow { tac: key(1).tac(), hard: false, remove: false };
    world.import(Gathered { tac_classes: vec![class], ..list(Kind::BarredTac) }, "", "");
    world.step(listed, BatchState::Withdrawn, "forged");
    let story = world.of(1);
    assert_eq!(
        world.words(story.clone()),
        [
            "listed: in force",
            "the same phone as 35000001000002: in force",
            "listed: suspended",
            "the same phone as 35000001000002: suspended",
            "listed: restored",
            "the same phone as 35000001000002: restored",
            "listed: in force",
            &format!("taken off batch {stolen}: in force"),
            "its model may not be sold (soft bar): in force",
            "listed: withdrawn",
            "the same phone as 35000001000002: withdrawn",
        ]
    );
    assert!(story.is_sorted_by_key(|event| event.revision));
    let suspended = &story[2];
    let told = [&suspended.principal, &suspended.approver, &suspended.reason, &suspended.document, &suspended.outlet];
    assert_eq!(told, ["ani", "budi", "under investigation", "TPP-1", "counter 4"]);
    assert_eq!((story[0].principal.as_str(), story[0].batch, story[0].door), ("bootstrap", listed, Door::TppImport));
    assert_eq!(of_device(world.registry.store(), key(1), story[2].revision.seq).unwrap(), story[..4]);
    assert_eq!(world.of(5).len(), 1, "what is said of its model only");
}

#[test]
fn a_typing_error_is_told_on_both_devices() {
    let world = World::new();
    world.import(Gathered { devices: vec![device(1)], ..list(Kind::Registered) }, "CD-1", "single");
    let removed = vec![RemovedRow { key: key(1), operator: None }];
    world.import(Gathered { removed, devices: vec![device(4)], ..list(Kind::Registered) }, "CD-1", "single");
    let wrong = ["listed: in force", "taken off as a typing error; 35000001000004 was meant: in force"];
    assert_eq!(world.words(world.of(1)), wrong);
    assert_eq!(world.words(world.of(4)), ["listed instead of 35000001000001, a typing error: in force"]);
}

#[test]
fn a_number_tells_of_its_devices_and_sims_also_when_they_are_no_more() {
    let world = World::new();
    let pairing = world.import(Gathered { pairings: vec![paired(false)].into(), ..list(Kind::Pairing) }, "", "");
    let subscriber = SubscriberRow { imsi: imsi(), msisdn: Some(msisdn()), operator: None, since: None, remove: false };
    world.import(Gathered { subscribers: vec![subscriber].into(), ..list(Kind::Subscriber) }, "", "");
    let bound = DeviceRow { number: Some(msisdn()), ..device(7) };
    world.import(Gathered { devices: vec![bound, device(8)], ..list(Kind::Temporary) }, "", "");
    world.import(Gathered { pairings: vec![paired(true)].into(), ..list(Kind::Pairing) }, "", "");
    let masked = Number::from(msisdn()).masked();
    let sim = Number::from(imsi()).masked();
    let expected = [
        format!("paired with {masked}, SIM {sim}: in force"),
        format!("SIM {sim} has the number {masked}: in force"),
        format!("listed, bound to or seen with {masked}: in force"),
        format!("released from {masked} (batch {pairing}): in force"),
    ];
    for number in [Number::from(msisdn()), Number::from(imsi())] {
        let story = of_number(world.registry.store(), number, u64::MAX).unwrap();
        let devices: Vec<_> = story.iter().map(|event| event.device).collect();
        let expected: Vec<_> =
            expected.iter().filter(|line| number == Number::from(msisdn()) || !line.starts_with("listed")).collect();
        assert_eq!(world.words(story).iter().collect::<Vec<_>>(), expected);
        assert_eq!(devices[0], Some(key(1)));
    }
    assert!(
        of_number(world.registry.store(), Msisdn::new(62_811_000_009).unwrap().into(), u64::MAX).unwrap().is_empty()
    );
}
