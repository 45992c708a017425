//! The naive model: batches as lists of statements, and what follows of them.

use crate::{
    batch::{BatchNumber, BatchState, PersonHash},
    day::Day,
    door_limits::Limits,
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{DeviceRow, Gathered, Kind, Mode, PairingRow},
    ledger::OverrideAnswer,
    listing::{Class, Door, Mark},
    pairing::{Number, Pair, Pairs, Subscriber},
    policy::{Asked, Evidence, Question, Reason, Settings, Status, decide},
    principal::Role,
    registry::Order,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a batch says of one device: last day, first day, number.
pub(super) type Said = (Option<Day>, Option<Day>, Option<Msisdn>);

/// A device and a number; the SIM that came with it, and the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paired {
    pub(super) key: EquipmentKey,
    pub(super) number: Number,
    pub(super) sim: Option<Imsi>,
    pub(super) until: Option<Day>,
}

/// A batch with all that it says.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) door: Door,
    pub(super) kind: Kind,
    pub(super) operator: String,
    pub(super) document: String,
    pub(super) until: Option<Day>,
    pub(super) submitter: String,
    pub(super) outlet: String,
    pub(super) is_single: bool,
    /// Where an authority lifts a report: the door of the other one.
    pub(super) lifted_by: Option<Door>,
    pub(super) planned: bool,
    pub(super) lapses: Option<Day>,
    pub(super) state: BatchState,
    pub(super) black_from: Option<Day>,
    /// Approvals of this state's next step that were not the last ones: the state to come, by whom, what was seen.
    pub(super) endorsed: Vec<(BatchState, String, Vec<u8>)>,
    pub(super) devices: BTreeMap<EquipmentKey, Said>,
    pub(super) takes: BTreeSet<(BatchNumber, EquipmentKey)>,
    pub(super) pairs: Vec<Paired>,
    pub(super) parts: Vec<(BatchNumber, Paired)>,
    pub(super) links: BTreeMap<EquipmentKey, BTreeSet<EquipmentKey>>,
    pub(super) holders: BTreeMap<EquipmentKey, PersonHash>,
    /// Removals of what was not there.
    pub(super) missed: u64,
}

impl Batch {
    pub(super) fn class(&self) -> Option<Class> {
        self.kind.class(self.door)
    }

    pub(super) fn added(&self) -> u64 {
        (self.devices.len() + self.pairs.len()) as u64
    }

    fn is_nothing(&self) -> bool {
        self.added() == 0 && self.takes.is_empty() && self.parts.is_empty() && self.links.is_empty()
    }

    fn is_of_list(&self, other: &Self) -> bool {
        let family = |batch: &Self| (batch.class(), batch.class().is_none().then_some(batch.kind));
        self.state == BatchState::Active
            && (self.door, &self.operator, family(self)) == (other.door, &other.operator, family(other))
    }
}

/// How a list is handed in.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) mode: Mode,
    pub(super) document: String,
    pub(super) submitter: String,
    pub(super) outlet: String,
    pub(super) is_single: bool,
    pub(super) lifted_by: Option<Door>,
    pub(super) planned: bool,
    pub(super) lapses: Option<Day>,
    pub(super) state: BatchState,
}

/// A question of which the answers are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) msisdn: Option<Msisdn>,
    pub(super) imsi: Option<Imsi>,
    pub(super) operator: Option<&'static str>,
}

/// The register as a list of batches, and who may do what.
#[derive(Default)]
pub(super) struct Model {
    pub(super) batches: BTreeMap<BatchNumber, Batch>,
    /// Name and own operator.
    pub(super) operators: BTreeMap<String, String>,
    /// Number of the grant, whose, which and for which doors.
    pub(super) grants: BTreeMap<u64, (String, Role, Vec<Door>)>,
    pub(super) documents: BTreeMap<(Door, String), (u64, Option<Day>)>,
    /// Open ones by number: who asked, and for what.
    pub(super) proposals: BTreeMap<u64, (String, Order)>,
    pub(super) decided: BTreeSet<u64>,
    /// Operator, answer, and whether it was ended.
    pub(super) overrides: BTreeMap<u64, (String, OverrideAnswer, bool)>,
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    /// Whose request, and its name.
    pub(super) requests: BTreeSet<(String, String)>,
}

fn is_evidence(batch: &Batch) -> bool {
    matches!(batch.state, BatchState::Active | BatchState::Suspended)
}

fn is_about(row: &PairingRow, known: &Paired) -> bool {
    let number = row.msisdn.map(Number::from).or(row.imsi.map(Number::from));
    let sim = row.imsi.filter(|_| row.msisdn.is_some());
    row.key == known.key && number == Some(known.number) && (sim.is_none() || sim == known.sim)
}

fn paired(row: &PairingRow) -> Paired {
    let number = row.msisdn.map(Number::from).or(row.imsi.map(Number::from)).unwrap();
    Paired { key: row.key, number, sim: row.imsi.filter(|_| row.msisdn.is_some()), until: row.valid_until }
}

impl Model {
    pub(super) fn has(&self, name: &str, role: Role) -> bool {
        self.grants.values().any(|(whose, which, _)| whose == name && *which == role)
    }

    pub(super) fn has_for(&self, name: &str, role: Role, door: Door) -> bool {
        self.grants.values().any(|(whose, which, doors)| whose == name && *which == role && doors.contains(&door))
    }

    /// The operator for which somebody acts; none: another's.
    pub(super) fn operator_of(&self, name: &str, named: &str) -> Option<String> {
        let own = self.operators.get(name).map_or("", String::as_str);
        (own.is_empty() || named.is_empty() || own == named)
            .then(|| if own.is_empty() { named } else { own }.to_owned())
    }

    /// Whether a batch in force has taken a device off another.
    pub(super) fn is_taken(&self, number: BatchNumber, key: EquipmentKey) -> bool {
        self.batches.values().any(|batch| is_evidence(batch) && batch.takes.contains(&(number, key)))
    }

    pub(super) fn is_parted(&self, number: BatchNumber, pair: &Paired) -> bool {
        let is_it = |(of, gone): &(BatchNumber, Paired)| {
            (*of, gone.key, gone.number, gone.sim) == (number, pair.key, pair.number, pair.sim)
        };
        self.batches.values().any(|batch| is_evidence(batch) && batch.parts.iter().any(is_it))
    }

    /// What a list amounts to, one batch an operator, in their order. Batches that say nothing new are left out;
    /// the second value counts the removals of what was not there.
    pub(super) fn difference(&self, list: &Gathered, way: &Way) -> (Vec<Batch>, u64) {
        let own = list.operator.as_deref().unwrap_or_default();
        let mut operators: BTreeSet<&str> = BTreeSet::from([own]);
        let named = list.pairings.operators();
        operators.extend(named.iter().flatten().map(|name| &**name));
        let batches: Vec<Batch> = operators.into_iter().map(|name| self.part(list, way, name, name == own)).collect();
        let missed = batches.iter().map(|batch| batch.missed).sum();
        (batches.into_iter().filter(|batch| !batch.is_nothing()).collect(), missed)
    }

    fn part(&self, list: &Gathered, way: &Way, operator: &str, is_own: bool) -> Batch {
        let mut new = Batch {
            door: list.door,
            kind: list.kind,
            operator: operator.to_owned(),
            document: way.document.clone(),
            until: list.valid_until,
            submitter: way.submitter.clone(),
            outlet: way.outlet.clone(),
            is_single: way.is_single,
            lifted_by: way.lifted_by,
            planned: way.planned,
            lapses: way.lapses,
            state: way.state,
            black_from: None,
            endorsed: Vec::new(),
            devices: BTreeMap::new(),
            takes: BTreeSet::new(),
            pairs: Vec::new(),
            parts: Vec::new(),
            links: BTreeMap::new(),
            holders: BTreeMap::new(),
            missed: 0,
        };
        if is_own {
            self.devices_of(list, way.mode, &mut new);
        }
        let rows: Vec<PairingRow> = list.pairings.iter().map(Result::unwrap).collect();
        let rows = rows.iter().filter(|row| row.operator.as_deref().map_or(is_own, |name| name == operator));
        self.pairs_of(&rows.collect::<Vec<_>>(), way.mode, &mut new);
        new
    }

    fn devices_of(&self, list: &Gathered, mode: Mode, new: &mut Batch) {
        let mut said: BTreeMap<EquipmentKey, Said> = BTreeMap::new();
        for (id, bits) in &list.pages {
            said.extend(bits.iter().map(|place| (id.key(place).unwrap(), Said::default())));
        }
        let row = |row: &DeviceRow| (row.key, (row.valid_until, row.since, row.number));
        said.extend(list.devices.iter().map(row));
        let removed: BTreeSet<EquipmentKey> = list.removed.iter().map(|row| row.key).collect();
        let (mut known, mut takes) = (BTreeSet::new(), BTreeSet::new());
        for (number, batch) in self.batches.iter().filter(|(_, batch)| batch.is_of_list(new)) {
            let same_source = batch.until == new.until && (mode == Mode::Full || batch.document == new.document);
            for (key, what) in batch.devices.iter().filter(|(key, _)| !self.is_taken(*number, **key)) {
                let same = same_source && said.get(key) == Some(what);
                let goes = match mode {
                    Mode::Add => removed.contains(key),
                    Mode::Delta => removed.contains(key) || said.contains_key(key) && !same,
                    Mode::Full => !same,
                };
                if same {
                    known.insert(*key);
                }
                if goes {
                    takes.insert((*number, *key));
                }
            }
        }
        new.takes = takes;
        new.missed += removed.iter().filter(|key| !new.takes.iter().any(|(_, gone)| gone == *key)).count() as u64;
        new.devices = said.into_iter().filter(|(key, _)| !known.contains(key)).collect();
        for group in &list.links {
            for key in group {
                let others: BTreeSet<EquipmentKey> = group.iter().copied().filter(|other| other != key).collect();
                let linked = self.batches.values().filter(|batch| is_evidence(batch)).filter_map(|b| b.links.get(key));
                let linked: BTreeSet<EquipmentKey> = linked.flatten().copied().collect();
                if !others.is_subset(&linked) {
                    new.links.insert(*key, others);
                }
            }
        }
        let holders = list.holders.iter().copied();
        new.holders = holders.filter(|(key, _)| new.devices.contains_key(key)).collect();
    }

    fn pairs_of(&self, rows: &[&PairingRow], mode: Mode, new: &mut Batch) {
        let mut standing = Vec::new();
        for (number, batch) in self.batches.iter().filter(|(_, batch)| batch.is_of_list(new)) {
            let same_source = batch.until == new.until && (mode == Mode::Full || batch.document == new.document);
            let left = batch.pairs.iter().filter(|pair| !self.is_parted(*number, pair));
            standing.extend(left.map(|pair| (*number, same_source, *pair)));
        }
        for row in rows {
            let says = |(_, same_source, pair): &&(BatchNumber, bool, Paired)| *same_source && *pair == paired(row);
            if !row.remove && standing.iter().find(says).is_none() {
                new.pairs.push(paired(row));
            } else if row.remove && !standing.iter().any(|(_, _, pair)| is_about(row, pair)) {
                new.missed += 1;
            }
        }
        for (number, same_source, pair) in standing {
            let named = || rows.iter().filter(|row| is_about(row, &pair));
            let same = same_source && named().any(|row| !row.remove && paired(row) == pair);
            let goes = match mode {
                Mode::Add => named().any(|row| row.remove),
                Mode::Delta => named().next().is_some(),
                Mode::Full => new.kind == Kind::Pairing,
            };
            if goes && !same {
                new.parts.push((number, pair));
            }
        }
    }

    /// What every one of these questions about a device is answered at a moment.
    pub(super) fn answers(&self, key: EquipmentKey, asks: &[Ask], today: Day) -> Vec<(Status, Reason)> {
        let (mut marks, mut pairs) = (Vec::new(), Vec::new());
        for (number, batch) in self.batches.iter().filter(|(_, batch)| is_evidence(batch)) {
            let suspended = batch.state == BatchState::Suspended;
            let listed = batch.devices.get(&key).filter(|_| !self.is_taken(*number, key));
            if let (Some((until, since, bound)), Some(class)) = (listed, batch.class()) {
                let dated = suspended && class != Class::Grandfathered;
                let mark = Mark::new(class, batch.door)
                    .with_until(until.or(batch.until))
                    .with_since(if dated { batch.black_from } else { *since })
                    .with_number(bound.map(Number::from))
                    .with_suspended(suspended);
                marks.push(mark);
            }
            for pair in batch.pairs.iter().filter(|pair| pair.key == key && !self.is_parted(*number, pair)) {
                let until = pair.until.or(batch.until);
                pairs.push(Pair::allowance(pair.number).with_until(until));
                pairs.extend(pair.sim.map(|sim| Pair::allowance(sim.into()).with_until(until).with_second(true)));
            }
        }
        let evidence = Evidence { marks: &marks, pairs: Pairs::in_full(&pairs), ..Evidence::default() };
        asks.iter().map(|ask| self.answer(ask, &evidence, today)).collect()
    }

    fn answer(&self, ask: &Ask, evidence: &Evidence<'_>, today: Day) -> (Status, Reason) {
        let subscriber = Subscriber { msisdn: ask.msisdn, imsi: ask.imsi, sim_changed: false };
        let question = Question { asked: Asked::Device { test_tac: false }, subscriber, emergency: false };
        let verdict = decide(&question, evidence, self.settings.policy(ask.operator), today);
        let of = |operator: &str| {
            let mut found = self.overrides.values().rev().filter(|(of, _, ended)| of == operator && !ended);
            found.next().map(|(_, answer, _)| *answer)
        };
        let own = ask.operator.and_then(of);
        let status = match own.or_else(|| of("")) {
            Some(OverrideAnswer::White) => Status::Whitelisted,
            Some(OverrideAnswer::Grey) => Status::Greylisted,
            Some(OverrideAnswer::AsUsual) | None => verdict.status,
        };
        (status, verdict.reason)
    }
}
