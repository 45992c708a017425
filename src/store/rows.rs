//! Body rows as bytes: key, value, and what the body's digest is taken over (docs/storage.md, "Bodies").
//!
//! What always holds: a row that carries a personal value begins its value with a salt of its own, and
//! enters the digest as SHA-256 of salt and row. So the row can be erased later and replaced by that leaf
//! without breaking the digest, and nobody can guess the value from the leaf.

use super::{
    keys::{self, Family},
    sets,
};
use crate::{
    batch::{BatchNumber, BodyRow, Model, PersonHash},
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    page::PageBits,
    pairing::{Number, NumberKind, PairingKind},
};
use sha2::{Digest, Sha256};

/// Bytes of a row's salt.
const SALT_BYTES: usize = 8;

/// Salt of one row: 64 random bits, so that a leaf cannot be searched for its number.
pub(super) type Salt = [u8; SALT_BYTES];

/// Makes salts from one random seed, which is dropped with it: four of each hash.
pub(super) struct Salts {
    seed: [u8; 32],
    hashes: u64,
    ready: [u8; 32],
    taken: usize,
}

impl Salts {
    /// Salts of a new random seed.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self { seed, hashes: 0, ready: [0; 32], taken: size_of::<[u8; 32]>() })
    }

    fn next(&mut self) -> Salt {
        if self.taken == self.ready.len() {
            self.hashes += 1;
            let hash = Sha256::new().chain_update(self.seed).chain_update(self.hashes.to_be_bytes());
            self.ready = hash.finalize().into();
            self.taken = 0;
        }
        let mut salt = Salt::default();
        salt.copy_from_slice(&self.ready[self.taken..self.taken + SALT_BYTES]);
        self.taken += SALT_BYTES;
        salt
    }
}

/// A row as RocksDB holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredRow {
    pub(super) family: Family,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl StoredRow {
    /// Encodes a row of a batch.
    pub(super) fn encode(row: &BodyRow, batch: BatchNumber, salts: &mut Salts) -> Self {
        match row {
            BodyRow::Page { id, target, bits } => {
                Self { family: Family::Pages, key: keys::page_row(*id, batch, *target), value: sets::encode(bits) }
            }
            BodyRow::Mark { key, until, since, number } => {
                let mut value = Vec::new();
                if let Some(number) = number {
                    value.push(1);
                    value.extend(salts.next());
                    value.extend(number.get().to_be_bytes());
                } else {
                    value.push(0);
                }
                value.extend(Day::to_stored(*until).to_be_bytes());
                value.extend(Day::to_stored(*since).to_be_bytes());
                Self { family: Family::Marks, key: keys::device_row(*key, batch), value }
            }
            BodyRow::Pairing { key, number, target, kind, imsi, until } => {
                let mut value = salts.next().to_vec();
                value.push(*kind as u8);
                value.extend(Day::to_stored(*until).to_be_bytes());
                Self { family: Family::Pairings, key: keys::pairing_row(*key, batch, *number, *imsi, *target), value }
            }
            BodyRow::Link { key, others } => Self {
                family: Family::Links,
                key: keys::device_row(*key, batch),
                value: others.iter().flat_map(|other| other.get().to_be_bytes()).collect(),
            },
            BodyRow::Subscriber { imsi, msisdn, since } => {
                let mut value = salts.next().to_vec();
                value.extend(Day::to_stored(*since).to_be_bytes());
                value.extend(msisdn.map_or(0, Msisdn::get).to_be_bytes());
                Self { family: Family::Subscribers, key: keys::subscriber_row(*imsi, batch).to_vec(), value }
            }
            BodyRow::Tac { tac, model } => {
                let mut value = Vec::new();
                if let Some(model) = model {
                    value.extend(Day::to_stored(model.allocated).to_be_bytes());
                    for text in [&model.manufacturer, &model.brand, &model.name, &model.device_type] {
                        push_text(&mut value, text);
                    }
                }
                Self { family: Family::Tacs, key: keys::tac_row(*tac, batch), value }
            }
            BodyRow::Holder { key, person } => {
                let mut value = salts.next().to_vec();
                value.extend(person);
                Self { family: Family::Holders, key: keys::device_row(*key, batch), value }
            }
            BodyRow::TacClass { tac, class, level } => {
                Self { family: Family::TacClasses, key: keys::tac_class_row(*tac, *class, batch), value: vec![*level] }
            }
        }
    }

    /// Takes a stored row apart. `None` when its bytes are not a row of its family.
    pub(super) fn decode(family: Family, key: &[u8], value: &[u8]) -> Option<(BatchNumber, BodyRow)> {
        let mut rest = Reader(value);
        let decoded = match family {
            Family::Pages => {
                let (batch, target) = keys::read_page_row(key)?;
                (
                    batch,
                    BodyRow::Page { id: keys::read_page(key)?, target, bits: Box::new(sets::decode(rest.take_all())?) },
                )
            }
            Family::Marks => {
                let (batch, place) = keys::read_device_row(key)?;
                let number = match rest.u8()? {
                    0 => None,
                    1 => {
                        rest.take(SALT_BYTES)?;
                        Some(Msisdn::new(rest.u64()?).ok()?)
                    }
                    _ => return None,
                };
                let (until, since) = (rest.day()?, rest.day()?);
                (batch, BodyRow::Mark { key: keys::read_page(key)?.key(place)?, until, since, number })
            }
            Family::Pairings => {
                let keys::PairingKey { batch, place, number, imsi, target } = keys::read_pairing_row(key)?;
                rest.take(SALT_BYTES)?;
                let kind = PairingKind::from_code(rest.u8()?)?;
                let until = rest.day()?;
                let key = keys::read_page(key)?.key(place)?;
                (batch, BodyRow::Pairing { key, number, target, kind, imsi, until })
            }
            Family::Links => {
                let (batch, place) = keys::read_device_row(key)?;
                let mut others = Vec::new();
                while !rest.0.is_empty() {
                    others.push(EquipmentKey::new(rest.u64()?).ok()?);
                }
                (batch, BodyRow::Link { key: keys::read_page(key)?.key(place)?, others })
            }
            Family::Subscribers => {
                let (imsi, batch) = keys::read_subscriber_row(key)?;
                rest.take(SALT_BYTES)?;
                let since = rest.day()?;
                let msisdn = match rest.u64()? {
                    0 => None,
                    number => Some(Msisdn::new(number).ok()?),
                };
                (batch, BodyRow::Subscriber { imsi, msisdn, since })
            }
            Family::Holders => {
                let (batch, place) = keys::read_device_row(key)?;
                rest.take(SALT_BYTES)?;
                let person = rest.take(size_of::<PersonHash>())?.try_into().ok()?;
                (batch, BodyRow::Holder { key: keys::read_page(key)?.key(place)?, person })
            }
            Family::Tacs => {
                let (tac, batch) = keys::read_tac_row(key)?;
                let model = if value.is_empty() { None } else { Some(Box::new(rest.model()?)) };
                (batch, BodyRow::Tac { tac, model })
            }
            Family::TacClasses => {
                let (tac, class, batch) = keys::read_tac_class_row(key)?;
                (batch, BodyRow::TacClass { tac, class, level: rest.u8().filter(|level| *level <= 2)? })
            }
        };
        rest.0.is_empty().then_some(decoded)
    }

    /// What the body's digest is taken over: a salted leaf where the row is personal, else the row.
    pub(super) fn leaf(&self) -> Vec<u8> {
        let mut leaf = self.leaf_head();
        if self.is_personal() {
            leaf.extend(&self.value);
            return Sha256::digest(&leaf).to_vec();
        }
        match (self.family, sets::decode(&self.value)) {
            // The places, not the container that was smallest.
            (Family::Pages, Some(bits)) => leaf.extend(bits.0.iter().flat_map(|word| word.to_le_bytes())),
            _ => leaf.extend(&self.value),
        }
        leaf
    }

    /// What every leaf begins with: family, and the key without the batch.
    fn leaf_head(&self) -> Vec<u8> {
        let head = self.family.head_bytes();
        let mut leaf = Vec::with_capacity(self.key.len() + PageBits::WORDS * 8);
        leaf.push(self.family as u8);
        leaf.extend(&self.key[..head]);
        leaf.extend(&self.key[head + 8..]);
        leaf
    }

    fn is_personal(&self) -> bool {
        match self.family {
            Family::Marks => self.value.first() == Some(&1),
            Family::Pairings | Family::Subscribers | Family::Holders => true,
            Family::Pages | Family::Links | Family::Tacs | Family::TacClasses => false,
        }
    }
}

/// The index rows of `numbers` that a row brings.
pub(super) fn numbers_of(row: &BodyRow) -> Vec<(Number, EquipmentKey)> {
    match row {
        BodyRow::Mark { key, number: Some(number), .. } => vec![((*number).into(), *key)],
        BodyRow::Pairing { key, number, imsi, target: None, .. } => {
            let second = imsi.filter(|_| matches!(number.kind(), NumberKind::Msisdn(_)));
            std::iter::once(*number).chain(second.map(Number::from)).map(|number| (number, *key)).collect()
        }
        _ => Vec::new(),
    }
}

/// The index row of `sims` that a row brings.
pub(super) const fn sim_of(row: &BodyRow) -> Option<(Msisdn, Imsi)> {
    match row {
        BodyRow::Subscriber { imsi, msisdn: Some(msisdn), .. } => Some((*msisdn, *imsi)),
        _ => None,
    }
}

/// The digest of a body: SHA-256 over its leaves in canonical order, each after its length.
#[derive(Clone, Default)]
pub(super) struct BodyHasher(Sha256);

impl BodyHasher {
    pub(super) fn add(&mut self, row: &StoredRow) {
        self.add_leaf(&row.leaf());
    }

    /// The same for a row and what it was encoded from: sets need not be decoded again.
    pub(super) fn add_encoded(&mut self, row: &StoredRow, from: &BodyRow) {
        match from {
            BodyRow::Page { bits, .. } => {
                let mut leaf = row.leaf_head();
                leaf.extend(bits.0.iter().flat_map(|word| word.to_le_bytes()));
                self.add_leaf(&leaf);
            }
            _ => self.add(row),
        }
    }

    fn add_leaf(&mut self, leaf: &[u8]) {
        self.0.update((leaf.len() as u32).to_be_bytes());
        self.0.update(leaf);
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    let text = Model::clip(text.to_owned());
    out.push(text.len() as u8);
    out.extend(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(head)
    }

    fn take_all(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    fn day(&mut self) -> Option<Option<Day>> {
        Some(Day::from_stored(u16::from_be_bytes(self.take(2)?.try_into().ok()?)))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u8()?;
        String::from_utf8(self.take(usize::from(length))?.to_vec()).ok()
    }

    fn model(&mut self) -> Option<Model> {
        Some(Model {
            allocated: self.day()?,
            manufacturer: self.text()?,
            brand: self.text()?,
            name: self.text()?,
            device_type: self.text()?,
        })
    }
}
