//! The fold: from body rows and batch states to what is in force.
//!
//! Pure. The store reads rows, this decides which of them count as of an entry, and hot sets, digests and
//! explanations are made of the result. What always holds: a row counts while its batch is in force (or
//! suspended, and then says so), and a removal counts while the batch that removes is.

use crate::{
    batch::{Batch, BatchNumber, BatchState, Batches, BodyRow},
    day::Day,
    identity::{EquipmentKey, Imsi},
    listing::{Class, Door, Mark},
    page::{PageBits, PageContent, PageId},
    pairing::{Number, NumberKind, Pair, PairingKind},
    policy::Evidence,
};
use std::collections::{BTreeMap, BTreeSet};

/// A row and the batch that it came with.
pub type Row = (BatchNumber, BodyRow);

/// What is in force on one page as of an entry.
pub fn page_content(id: PageId, rows: &[Row], batches: &Batches, seq: u64) -> PageContent {
    let removals = Removals::of(rows, batches, seq);
    let mut content = PageContent::default();
    // Rows of one batch come one behind the other.
    let mut known = None;
    for (number, row) in rows {
        let evidence = match known {
            Some((known, evidence)) if known == *number => evidence,
            _ => batches.evidence_at(*number, seq),
        };
        known = Some((*number, evidence));
        let Some((batch, state)) = evidence else { continue };
        let suspended = state == BatchState::Suspended;
        match row {
            BodyRow::Page { target: None, bits, .. } => {
                let mut bits = bits.clone();
                removals.subtract_from(*number, &mut bits);
                match (plain_class(batch, suspended, seq), batch.header.class) {
                    (Some(Class::Registered), _) if suspended => content.suspended.union(&bits),
                    (Some(Class::Registered), _) => content.registered.union(&bits),
                    (Some(_), _) => content.grandfathered.union(&bits),
                    (None, Some(class)) => {
                        let mark = Mark::new(class, batch.header.door)
                            .with_until(batch.header.valid_until)
                            .with_since(dated(class, None, batch, seq))
                            .with_suspended(suspended);
                        content.marks.extend(bits.iter().map(|place| (place, mark)));
                    }
                    (None, None) => {}
                }
            }
            BodyRow::Mark { key, .. } if removals.takes(*number, *key) => {}
            BodyRow::Mark { key, until, since, number: bound } => {
                if let Some(class) = batch.header.class {
                    let mark = Mark::new(class, batch.header.door)
                        .with_until(until.or(batch.header.valid_until))
                        .with_since(dated(class, *since, batch, seq))
                        .with_number(bound.map(Number::from))
                        .with_suspended(suspended);
                    content.marks.push((PageId::place(*key), mark));
                }
            }
            BodyRow::Pairing { key, target: None, .. } if !removals.unpairs(*number, row) => {
                let pairs = pairs_of(row, &batch.header);
                content.pairs.extend(pairs.into_iter().flatten().map(|pair| (PageId::place(*key), pair)));
            }
            _ => {}
        }
    }
    debug_assert!(rows.iter().all(|(_, row)| row_page(row).is_none_or(|page| page == id)));
    content.marks.sort_unstable();
    content.marks.dedup();
    content.pairs.sort_unstable();
    content.pairs.dedup();
    content
}

/// The class of which a row of this batch is one bit in the hot sets. A listing of a tourist is never
/// plain: a binding may bind the listings of its door. Suspended, a registered listing stays one bit unless
/// it has a day on which it turns black; a grandfathered one becomes a mark.
fn plain_class(batch: &Batch, suspended: bool, seq: u64) -> Option<Class> {
    let class = batch.header.class?;
    let plain = batch.header.valid_until.is_none() && batch.header.door != Door::OperatorTourist;
    let one_bit = match class {
        Class::Registered => !suspended || batch.black_from_at(seq).is_none(),
        Class::Grandfathered => !suspended,
        _ => false,
    };
    (plain && one_bit).then_some(class)
}

/// The first day that a mark names: of a suspended listing the day on which it turns black. A grandfathered entry keeps
/// the day on which the device was first seen, because that is what it rests on.
fn dated(class: Class, since: Option<Day>, batch: &Batch, seq: u64) -> Option<Day> {
    let suspended = batch.state_at(seq) == Some(BatchState::Suspended);
    if suspended && class != Class::Grandfathered { batch.black_from_at(seq) } else { since }
}

fn pairs_of(row: &BodyRow, header: &crate::batch::BatchHeader) -> [Option<Pair>; 2] {
    let BodyRow::Pairing { number, kind, imsi, until, .. } = row else { return [None, None] };
    let make = |number| match kind {
        PairingKind::Allowance => Pair::allowance(number),
        PairingKind::Binding => Pair::binding(number, bound_door(header.door)),
    };
    let until = until.or(header.valid_until);
    let second = imsi.filter(|_| matches!(number.kind(), NumberKind::Msisdn(_)));
    [Some(make(*number).with_until(until)), second.map(|imsi| make(imsi.into()).with_until(until).with_second(true))]
}

/// The door whose listings a binding binds: the batch's own, and a visitor's where it is an operator's list.
const fn bound_door(door: Door) -> Door {
    match door {
        Door::Operator => Door::OperatorTourist,
        door => door,
    }
}

fn row_page(row: &BodyRow) -> Option<PageId> {
    match row {
        BodyRow::Page { id, .. } => Some(*id),
        BodyRow::Mark { key, .. }
        | BodyRow::Pairing { key, .. }
        | BodyRow::Link { key, .. }
        | BodyRow::Holder { key, .. } => Some(PageId::of(*key)),
        _ => None,
    }
}

/// What later batches took off earlier ones, on one page.
#[derive(Default)]
struct Removals {
    devices: BTreeMap<BatchNumber, PageBits>,
    pairings: BTreeSet<(BatchNumber, EquipmentKey, Number, Option<Imsi>)>,
}

impl Removals {
    fn of(rows: &[Row], batches: &Batches, seq: u64) -> Self {
        let mut removals = Self::default();
        for (number, row) in rows {
            match row {
                BodyRow::Page { target: Some(target), bits, .. } if batches.evidence_at(*number, seq).is_some() => {
                    removals.devices.entry(*target).or_default().union(bits);
                }
                BodyRow::Pairing { target: Some(target), key, number: paired, imsi, .. }
                    if batches.evidence_at(*number, seq).is_some() =>
                {
                    removals.pairings.insert((*target, *key, *paired, *imsi));
                }
                _ => {}
            }
        }
        removals
    }

    fn subtract_from(&self, batch: BatchNumber, bits: &mut PageBits) {
        if let Some(gone) = self.devices.get(&batch) {
            bits.subtract(gone);
        }
    }

    fn takes(&self, batch: BatchNumber, key: EquipmentKey) -> bool {
        self.devices.get(&batch).is_some_and(|gone| gone.contains(PageId::place(key)))
    }

    fn unpairs(&self, batch: BatchNumber, row: &BodyRow) -> bool {
        match row {
            BodyRow::Pairing { key, number, imsi, .. } => self.pairings.contains(&(batch, *key, *number, *imsi)),
            _ => false,
        }
    }
}

/// Everything in force for one device as of an entry, each with its batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceEvidence {
    /// Batches that list it as plainly registered.
    pub registered: Vec<BatchNumber>,
    /// Batches that list it as plainly grandfathered.
    pub grandfathered: Vec<BatchNumber>,
    /// Suspended batches that list it plainly.
    pub suspended: Vec<BatchNumber>,
    /// Other listings; `mark_batches` has the batch of each.
    pub marks: Vec<Mark>,
    /// The batch of each mark.
    pub mark_batches: Vec<BatchNumber>,
    /// Pairs; `pair_batches` has the batch of each.
    pub pairs: Vec<Pair>,
    /// The batch of each pair.
    pub pair_batches: Vec<BatchNumber>,
    /// The other IMEIs of the phone.
    pub links: Vec<EquipmentKey>,
}

impl DeviceEvidence {
    /// Whether any list names it, in force or suspended.
    pub fn is_listed(&self) -> bool {
        let plain = [&self.registered, &self.grandfathered, &self.suspended];
        !self.marks.is_empty() || plain.iter().any(|batches| !batches.is_empty())
    }

    /// The same as the decision wants it.
    pub fn evidence(&self, tac: crate::listing::TacRule) -> Evidence<'_> {
        Evidence {
            registered: !self.registered.is_empty(),
            grandfathered: !self.grandfathered.is_empty(),
            suspended: !self.suspended.is_empty(),
            marks: &self.marks,
            pairs: crate::pairing::Pairs::in_full(&self.pairs),
            tac,
        }
    }
}

/// What is in force for one device, of the rows of its page.
pub fn device_evidence(key: EquipmentKey, rows: &[Row], batches: &Batches, seq: u64) -> DeviceEvidence {
    let mut device = DeviceEvidence::default();
    let place = PageId::place(key);
    // What a batch says of the device, and what others take off that. A page has many rows about other devices.
    let (mut order, mut of_batches) = (Vec::new(), BTreeMap::<BatchNumber, Vec<Row>>::new());
    for row in rows.iter().filter(|(_, row)| is_about(row, key)) {
        let number = target_of(&row.1).unwrap_or(row.0);
        if target_of(&row.1).is_none() && !order.contains(&number) {
            order.push(number);
        }
        of_batches.entry(number).or_default().push(row.clone());
    }
    // One batch at a time, so that each effect has its batch.
    for number in order {
        let Some(of_batch) = of_batches.remove(&number) else { continue };
        let content = page_content(PageId::of(key), &of_batch, batches, seq);
        if content.registered.contains(place) {
            device.registered.push(number);
        }
        if content.grandfathered.contains(place) {
            device.grandfathered.push(number);
        }
        if content.suspended.contains(place) {
            device.suspended.push(number);
        }
        for (_, mark) in content.marks.iter().filter(|(at, _)| *at == place) {
            device.marks.push(*mark);
            device.mark_batches.push(number);
        }
        for (_, pair) in content.pairs.iter().filter(|(at, _)| *at == place) {
            device.pairs.push(*pair);
            device.pair_batches.push(number);
        }
        if batches.evidence_at(number, seq).is_some() {
            let links = of_batch.iter().filter_map(|(_, row)| match row {
                BodyRow::Link { key: about, others } if *about == key => Some(others),
                _ => None,
            });
            device.links.extend(links.flatten());
        }
    }
    device.links.sort_unstable();
    device.links.dedup();
    device
}

fn is_about(row: &BodyRow, about: EquipmentKey) -> bool {
    match row {
        BodyRow::Page { bits, .. } => bits.contains(PageId::place(about)),
        BodyRow::Mark { key, .. } | BodyRow::Pairing { key, .. } | BodyRow::Link { key, .. } => *key == about,
        _ => false,
    }
}

/// The batch that a removal takes from.
const fn target_of(row: &BodyRow) -> Option<BatchNumber> {
    match row {
        BodyRow::Page { target, .. } | BodyRow::Pairing { target, .. } => *target,
        _ => None,
    }
}

#[cfg(test)]
mod tests;
