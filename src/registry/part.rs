//! One operator's share of an import: every batch has one operator, so that reports stand separately and
//! pairings and subscribers lie in the partition of the operator that holds them.

use super::ImportOrder;
use crate::{
    batch::{BatchHeader, BodyRow, Declared, Model, PersonHash, TacClass},
    identity::EquipmentKey,
    import::{Gathered, Kind, PairingRow, Rows, SubscriberRow},
    page::{PageBits, PageId},
    pairing::Number,
};
use std::{collections::BTreeMap, io, sync::Arc};

/// What an import brings for one operator.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) header: BatchHeader,
    /// Plain devices.
    pub(super) pages: BTreeMap<PageId, PageBits>,
    /// Devices with attributes, as rows.
    pub(super) marks: BTreeMap<EquipmentKey, BodyRow>,
    /// Devices that leave the list.
    pub(super) removed: Vec<EquipmentKey>,
    /// Pairings of all operators.
    pub(super) pairings: Rows<PairingRow>,
    /// Subscribers of all operators, by IMSI.
    pub(super) subscribers: Rows<SubscriberRow>,
    /// The operator of rows that name none.
    own: Arc<str>,
    /// The other IMEIs of a phone.
    pub(super) links: BTreeMap<EquipmentKey, Vec<EquipmentKey>>,
    /// Models and classes: the newest row counts, so a removal is a row like any other.
    pub(super) newest: Vec<BodyRow>,
    /// Whose devices they are.
    pub(super) holders: BTreeMap<EquipmentKey, PersonHash>,
}

impl Part {
    fn new(header: BatchHeader, own: Arc<str>) -> Self {
        Self {
            header,
            pages: BTreeMap::new(),
            marks: BTreeMap::new(),
            removed: Vec::new(),
            pairings: Rows::default(),
            subscribers: Rows::default(),
            own,
            links: BTreeMap::new(),
            newest: Vec::new(),
            holders: BTreeMap::new(),
        }
    }

    /// Whether a device is on this list.
    pub(super) fn lists(&self, key: EquipmentKey) -> bool {
        self.marks.contains_key(&key)
            || self.pages.get(&PageId::of(key)).is_some_and(|bits| bits.contains(PageId::place(key)))
    }

    /// Devices, pairings, subscribers, models or classes on this list.
    pub(super) fn entries(&self) -> io::Result<u64> {
        let mut entries: u64 = self.pages.values().map(|bits| u64::from(bits.count())).sum();
        entries += self.marks.len() as u64;
        entries += self.newest.iter().filter(|row| !row.takes_off()).count() as u64;
        for row in self.pairing_rows() {
            entries += u64::from(!row?.1);
        }
        for row in self.subscribers.iter() {
            let row = row?;
            entries += u64::from(self.is_of(row.operator.as_deref()) && !row.remove && row.msisdn.is_some());
        }
        Ok(entries)
    }

    /// Whether a row that names this operator is of this part.
    pub(super) fn is_of(&self, operator: Option<&str>) -> bool {
        operator.unwrap_or(&self.own) == self.header.operator
    }

    /// The pairings of this part by device, each with whether it ends.
    pub(super) fn pairing_rows(&self) -> impl Iterator<Item = io::Result<(BodyRow, bool)>> + '_ {
        self.pairings.iter().filter_map(|row| match row {
            Ok(row) if self.is_of(row.operator.as_deref()) => Some(Ok((pairing_row(&row)?, row.remove))),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

/// What the order declares. A single operation says so itself; a list says what it does to the door's list.
fn declared(order: &ImportOrder) -> Declared {
    let declared = order.declared.clone();
    if declared.mode.is_empty() { Declared { mode: order.mode.name().to_owned(), ..declared } } else { declared }
}

/// Splits an import by operator. The import's own operator (or none) is always among the parts.
pub(super) fn split(gathered: Gathered, order: &ImportOrder) -> Vec<Part> {
    let own = gathered.operator.as_deref().unwrap_or_default().to_owned();
    let header = BatchHeader {
        kind: gathered.kind.name().to_owned(),
        door: gathered.door,
        class: gathered.kind.class(gathered.door),
        document: order.document.clone(),
        valid_until: gathered.valid_until,
        operator: own.clone(),
        submitter: order.hands.principal.clone(),
        declared: declared(order),
    };
    let kind = gathered.kind;
    let mut sorter = Sorter { parts: Vec::new(), places: BTreeMap::new(), header, own };
    sorter.part(None).pages = gathered.pages.into_iter().collect();
    for row in gathered.devices {
        let part = sorter.part(row.operator.as_deref());
        if row.valid_until.is_none() && row.number.is_none() && row.since.is_none() {
            part.pages.entry(PageId::of(row.key)).or_default().insert(PageId::place(row.key));
        } else {
            let mark = BodyRow::Mark { key: row.key, until: row.valid_until, since: row.since, number: row.number };
            part.marks.insert(row.key, mark);
        }
    }
    for row in gathered.removed {
        sorter.part(row.operator.as_deref()).removed.push(row.key);
    }
    for operator in gathered.pairings.operators().iter().chain(&gathered.subscribers.operators()) {
        sorter.part(operator.as_deref());
    }
    for row in gathered.tacs {
        // Cut here, so that a long text is the same when it comes again.
        let model = (!row.remove).then_some(Model {
            manufacturer: Model::clip(row.manufacturer),
            brand: Model::clip(row.brand),
            name: Model::clip(row.model),
            device_type: Model::clip(row.device_type),
            allocated: row.allocation_date,
        });
        sorter.part(None).newest.push(BodyRow::Tac { tac: row.tac, model: model.map(Box::new) });
    }
    for row in gathered.tac_classes {
        let level = if row.remove { 0 } else { 1 + u8::from(row.hard) };
        let class = tac_class(kind);
        sorter.part(None).newest.push(BodyRow::TacClass { tac: row.tac, class, level });
    }
    sorter.part(None).holders = gathered.holders.into_iter().collect();
    let links = &mut sorter.part(None).links;
    for group in &gathered.links {
        for key in group {
            links.entry(*key).or_default().extend(group.iter().filter(|other| *other != key));
        }
    }
    for others in links.values_mut() {
        others.sort_unstable();
        others.dedup();
    }
    sorter.finish(&gathered.pairings, &gathered.subscribers)
}

/// Which class of model a kind of list is about.
pub(super) const fn tac_class(kind: Kind) -> TacClass {
    match kind {
        Kind::ExemptTac => TacClass::ExemptType,
        _ => TacClass::Bar,
    }
}

fn pairing_row(row: &PairingRow) -> Option<BodyRow> {
    let number = row.msisdn.map(Number::from).or(row.imsi.map(Number::from))?;
    Some(BodyRow::Pairing {
        key: row.key,
        number,
        target: None,
        kind: row.binding,
        imsi: row.imsi.filter(|_| row.msisdn.is_some()),
        until: row.valid_until,
    })
}

struct Sorter {
    parts: Vec<Part>,
    /// Where the part of an operator is.
    places: BTreeMap<String, usize>,
    header: BatchHeader,
    own: String,
}

impl Sorter {
    fn part(&mut self, operator: Option<&str>) -> &mut Part {
        let operator = operator.unwrap_or(&self.own);
        let place = self.places.get(operator).copied().unwrap_or_else(|| {
            self.places.insert(operator.to_owned(), self.parts.len());
            let header = BatchHeader { operator: operator.to_owned(), ..self.header.clone() };
            self.parts.push(Part::new(header, self.own.as_str().into()));
            self.parts.len() - 1
        });
        &mut self.parts[place]
    }

    fn finish(self, pairings: &Rows<PairingRow>, subscribers: &Rows<SubscriberRow>) -> Vec<Part> {
        let mut parts = self.parts;
        parts.sort_by(|one, other| one.header.operator.cmp(&other.header.operator));
        for part in &mut parts {
            part.pairings = pairings.clone();
            part.subscribers = subscribers.clone();
        }
        parts
    }
}
