//! Keys of every column family, one encoder and decoder each (docs/storage.md).
//!
//! What always holds: numbers are big-endian, so that bytes sort as the values do; a key of another
//! length is damage, never guessed at.

use crate::{
    batch::{BatchNumber, PersonHash, TacClass},
    identity::{EquipmentKey, Imsi, Msisdn, Tac},
    page::PageId,
    pairing::Number,
};
use sha2::{Digest, Sha256};

/// Bytes of an encoded page: TAC (4) and page (2).
pub(super) const PAGE_BYTES: usize = 6;

/// `TAC(4) page(2)`: the head of every key about devices.
pub(super) fn page(id: PageId) -> [u8; PAGE_BYTES] {
    let [a, b, c, d] = id.tac().get().to_be_bytes();
    let [e, f] = id.page().to_be_bytes();
    [a, b, c, d, e, f]
}

/// The page of a key's first six bytes.
pub(super) fn read_page(key: &[u8]) -> Option<PageId> {
    let tac = Tac::new(u32::from_be_bytes(key.get(0..4)?.try_into().ok()?)).ok()?;
    PageId::new(tac, read_u16(key, 4)?)
}

/// `pages`: page(6) batch(8), and for a removal target(8).
pub(super) fn page_row(id: PageId, batch: BatchNumber, target: Option<BatchNumber>) -> Vec<u8> {
    let mut key = page(id).to_vec();
    key.extend(batch.to_be_bytes());
    if let Some(target) = target {
        key.extend(target.to_be_bytes());
    }
    key
}

/// Batch and target of a `pages` key.
pub(super) fn read_page_row(key: &[u8]) -> Option<(BatchNumber, Option<BatchNumber>)> {
    match key.len() {
        14 => Some((read_u64(key, 6)?, None)),
        22 => Some((read_u64(key, 6)?, Some(read_u64(key, 14)?))),
        _ => None,
    }
}

/// `marks`, `links` and `holders`: page(6) batch(8) place(2).
pub(super) fn device_row(key: EquipmentKey, batch: BatchNumber) -> Vec<u8> {
    let mut row = page(PageId::of(key)).to_vec();
    row.extend(batch.to_be_bytes());
    row.extend(PageId::place(key).to_be_bytes());
    row
}

/// Batch and place of a `marks`, `links` or `holders` key.
pub(super) fn read_device_row(key: &[u8]) -> Option<(BatchNumber, u16)> {
    if key.len() != 16 {
        return None;
    }
    Some((read_u64(key, 6)?, read_place(key, 14)?))
}

/// `pairings`: page(6) batch(8) place(2) number(8) IMSI(8, 0 where none came with the number), and for a removal
/// target(8).
pub(super) fn pairing_row(
    key: EquipmentKey,
    batch: BatchNumber,
    number: Number,
    imsi: Option<Imsi>,
    target: Option<BatchNumber>,
) -> Vec<u8> {
    let mut row = device_row(key, batch);
    row.extend(number.to_stored().to_be_bytes());
    row.extend(imsi.map_or(0, Imsi::packed).to_be_bytes());
    if let Some(target) = target {
        row.extend(target.to_be_bytes());
    }
    row
}

/// A `pairings` key taken apart, but for its page.
pub(super) struct PairingKey {
    pub(super) batch: BatchNumber,
    pub(super) place: u16,
    pub(super) number: Number,
    pub(super) imsi: Option<Imsi>,
    pub(super) target: Option<BatchNumber>,
}

/// The parts of a `pairings` key.
pub(super) fn read_pairing_row(key: &[u8]) -> Option<PairingKey> {
    let target = match key.len() {
        32 => None,
        40 => Some(read_u64(key, 32)?),
        _ => return None,
    };
    let imsi = match read_u64(key, 24)? {
        0 => None,
        packed => Some(Imsi::from_packed(packed).ok()?),
    };
    let number = Number::from_stored(read_u64(key, 16)?)?;
    Some(PairingKey { batch: read_u64(key, 6)?, place: read_place(key, 14)?, number, imsi, target })
}

/// `numbers`: number(8) equipment key(8) batch(8).
pub(super) fn number_row(number: Number, key: EquipmentKey, batch: BatchNumber) -> [u8; 24] {
    let mut row = [0; 24];
    row[..8].copy_from_slice(&number.to_stored().to_be_bytes());
    row[8..16].copy_from_slice(&key.get().to_be_bytes());
    row[16..].copy_from_slice(&batch.to_be_bytes());
    row
}

/// Device and batch of a `numbers` key.
pub(super) fn read_number_row(key: &[u8]) -> Option<(EquipmentKey, BatchNumber)> {
    if key.len() != 24 {
        return None;
    }
    Some((EquipmentKey::new(read_u64(key, 8)?).ok()?, read_u64(key, 16)?))
}

/// `sims`: MSISDN(8) packed IMSI(8) batch(8).
pub(super) fn sim_row(msisdn: Msisdn, imsi: Imsi, batch: BatchNumber) -> [u8; 24] {
    let mut row = [0; 24];
    row[..8].copy_from_slice(&msisdn.get().to_be_bytes());
    row[8..16].copy_from_slice(&imsi.packed().to_be_bytes());
    row[16..].copy_from_slice(&batch.to_be_bytes());
    row
}

/// Number, SIM and batch of a `sims` key.
pub(super) fn read_sim_row(key: &[u8]) -> Option<(Msisdn, Imsi, BatchNumber)> {
    if key.len() != 24 {
        return None;
    }
    Some((Msisdn::new(read_u64(key, 0)?).ok()?, Imsi::from_packed(read_u64(key, 8)?).ok()?, read_u64(key, 16)?))
}

/// `persons`: person(16) equipment key(8) batch(8).
pub(super) fn person_row(person: &PersonHash, key: EquipmentKey, batch: BatchNumber) -> [u8; 32] {
    let mut row = [0; 32];
    row[..16].copy_from_slice(person);
    row[16..24].copy_from_slice(&key.get().to_be_bytes());
    row[24..].copy_from_slice(&batch.to_be_bytes());
    row
}

/// Device and batch of a `persons` key.
pub(super) fn read_person_row(key: &[u8]) -> Option<(EquipmentKey, BatchNumber)> {
    if key.len() != 32 {
        return None;
    }
    Some((EquipmentKey::new(read_u64(key, 16)?).ok()?, read_u64(key, 24)?))
}

/// `requests`: the first 16 bytes of SHA-256 over the principal's name, a zero byte, and the request's name.
pub(super) fn request(principal: &str, request: &str) -> [u8; 16] {
    let hash = Sha256::new().chain_update(principal).chain_update([0]).chain_update(request).finalize();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

/// `subscribers`: packed IMSI(8) batch(8).
pub(super) fn subscriber_row(imsi: Imsi, batch: BatchNumber) -> [u8; 16] {
    pair_of_u64(imsi.packed(), batch)
}

/// IMSI and batch of a `subscribers` key.
pub(super) fn read_subscriber_row(key: &[u8]) -> Option<(Imsi, BatchNumber)> {
    if key.len() != 16 {
        return None;
    }
    Some((Imsi::from_packed(read_u64(key, 0)?).ok()?, read_u64(key, 8)?))
}

/// `tacs`: TAC(4) batch(8).
pub(super) fn tac_row(tac: Tac, batch: BatchNumber) -> Vec<u8> {
    let mut row = tac.get().to_be_bytes().to_vec();
    row.extend(batch.to_be_bytes());
    row
}

/// TAC and batch of a `tacs` key.
pub(super) fn read_tac_row(key: &[u8]) -> Option<(Tac, BatchNumber)> {
    if key.len() != 12 {
        return None;
    }
    Some((read_tac(key)?, read_u64(key, 4)?))
}

/// `tac_classes`: TAC(4) class(1) batch(8).
pub(super) fn tac_class_row(tac: Tac, class: TacClass, batch: BatchNumber) -> Vec<u8> {
    let mut row = tac.get().to_be_bytes().to_vec();
    row.push(class as u8);
    row.extend(batch.to_be_bytes());
    row
}

/// TAC, class and batch of a `tac_classes` key.
pub(super) fn read_tac_class_row(key: &[u8]) -> Option<(Tac, TacClass, BatchNumber)> {
    if key.len() != 13 {
        return None;
    }
    let class = match key[4] {
        1 => TacClass::ExemptType,
        2 => TacClass::Bar,
        _ => return None,
    };
    Some((read_tac(key)?, class, read_u64(key, 5)?))
}

/// `batches`: batch(8) seq(8).
pub(super) fn batch_row(batch: BatchNumber, seq: u64) -> [u8; 16] {
    pair_of_u64(batch, seq)
}

/// Batch and seq of a `batches` key.
pub(super) fn read_batch_row(key: &[u8]) -> Option<(BatchNumber, u64)> {
    if key.len() != 16 {
        return None;
    }
    Some((read_u64(key, 0)?, read_u64(key, 8)?))
}

/// `journal` and `settings`: seq(8).
pub(super) fn seq(seq: u64) -> [u8; 8] {
    seq.to_be_bytes()
}

/// The seq of a `journal` or `settings` key.
pub(super) fn read_seq(key: &[u8]) -> Option<u64> {
    if key.len() != 8 {
        return None;
    }
    read_u64(key, 0)
}

/// Row families in canonical order: the second part of a `touched` key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Family {
    Pages = 1,
    Marks = 2,
    Pairings = 3,
    Links = 4,
    Subscribers = 5,
    Tacs = 6,
    TacClasses = 7,
    Holders = 8,
}

impl Family {
    pub(super) const ALL: [Self; 8] = [
        Self::Pages,
        Self::Marks,
        Self::Pairings,
        Self::Links,
        Self::Subscribers,
        Self::Tacs,
        Self::TacClasses,
        Self::Holders,
    ];

    pub(super) const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Pages,
            2 => Self::Marks,
            3 => Self::Pairings,
            4 => Self::Links,
            5 => Self::Subscribers,
            6 => Self::Tacs,
            7 => Self::TacClasses,
            8 => Self::Holders,
            _ => return None,
        })
    }

    /// How many bytes of a row's key lie before the batch: what `touched` names.
    pub(super) const fn head_bytes(self) -> usize {
        match self {
            Self::Pages | Self::Marks | Self::Pairings | Self::Links | Self::Holders => PAGE_BYTES,
            Self::Subscribers => 8,
            Self::Tacs => 4,
            Self::TacClasses => 5,
        }
    }
}

/// The batch of a row's key: it follows the head in every family.
pub(super) fn batch_of(family: Family, key: &[u8]) -> Option<BatchNumber> {
    read_u64(key, family.head_bytes())
}

/// `touched`: batch(8) family(1) head (what the family's keys begin with, before the batch).
pub(super) fn touched(batch: BatchNumber, family: Family, row_key: &[u8]) -> Vec<u8> {
    let mut key = batch.to_be_bytes().to_vec();
    key.push(family as u8);
    key.extend(row_key.iter().take(family.head_bytes()));
    key
}

/// The batch of a `touched` key.
pub(super) fn batch_of_touched(key: &[u8]) -> Option<BatchNumber> {
    read_u64(key, 0)
}

/// Family and head of a `touched` key.
pub(super) fn read_touched(key: &[u8]) -> Option<(Family, &[u8])> {
    let family = Family::from_code(*key.get(8)?)?;
    let head = key.get(9..)?;
    (head.len() == family.head_bytes()).then_some((family, head))
}

fn pair_of_u64(first: u64, second: u64) -> [u8; 16] {
    let mut row = [0; 16];
    row[..8].copy_from_slice(&first.to_be_bytes());
    row[8..].copy_from_slice(&second.to_be_bytes());
    row
}

/// The model of a key that begins with one.
pub(super) fn read_tac(key: &[u8]) -> Option<Tac> {
    Tac::new(u32::from_be_bytes(key.get(0..4)?.try_into().ok()?)).ok()
}

fn read_place(key: &[u8], at: usize) -> Option<u16> {
    read_u16(key, at).filter(|place| u32::from(*place) < crate::page::PAGE_SERIALS)
}

fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
