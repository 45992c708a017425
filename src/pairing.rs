//! Pairing: which equipment may be used with which subscriber.
//!
//! Many to many. An *allowance* lets a number use a device although it is unlisted, grandfathered,
//! suspended, expired or suspected. A *binding* makes the listings of one door count with its numbers only.
//! What always holds: a subscriber is compared by MSISDN where both sides know one, else by IMSI.

use crate::{
    day::Day,
    identity::{Imsi, MCC_INDONESIA, Msisdn},
    listing::Door,
};
use std::num::NonZeroU64;

/// A subscriber's number, MSISDN or IMSI, in 8 bytes.
///
/// Bits 63..62: 1 MSISDN, 2 IMSI; bits 53..0: [`Msisdn::get`] or [`Imsi::packed`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(NonZeroU64);

/// A [`Number`] taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// By MSISDN.
    Msisdn(Msisdn),
    /// By IMSI.
    Imsi(Imsi),
}

impl Number {
    const MSISDN: u64 = 1 << 62;
    const IMSI: u64 = 2 << 62;
    const KIND: u64 = 3 << 62;

    /// The stored form.
    pub const fn to_stored(self) -> u64 {
        self.0.get()
    }

    /// The number of a stored form. `None` when it is not one.
    pub fn from_stored(stored: u64) -> Option<Self> {
        let value = stored & !Self::KIND;
        match stored & Self::KIND {
            Self::MSISDN => Msisdn::new(value).ok().map(Self::from),
            Self::IMSI => Imsi::from_packed(value).ok().map(Self::from),
            _ => None,
        }
    }

    /// MSISDN or IMSI.
    pub const fn kind(self) -> NumberKind {
        let value = self.0.get() & !Self::KIND;
        // A Number is made from a checked MSISDN or IMSI only, so nothing is checked again on the hot path.
        if self.0.get() & Self::KIND == Self::MSISDN {
            NumberKind::Msisdn(Msisdn::of_checked(value))
        } else {
            NumberKind::Imsi(Imsi::of_checked(value))
        }
    }

    /// The number with its middle hidden.
    pub fn masked(self) -> String {
        match self.kind() {
            NumberKind::Msisdn(msisdn) => msisdn.masked(),
            NumberKind::Imsi(imsi) => imsi.masked(),
        }
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Number({})", self.masked())
    }
}

impl From<Msisdn> for Number {
    fn from(msisdn: Msisdn) -> Self {
        // Never zero: the kind's bit is set.
        Self(NonZeroU64::new(Self::MSISDN | msisdn.get()).unwrap_or(NonZeroU64::MIN))
    }
}

impl From<Imsi> for Number {
    fn from(imsi: Imsi) -> Self {
        Self(NonZeroU64::new(Self::IMSI | imsi.packed()).unwrap_or(NonZeroU64::MIN))
    }
}

/// What a pairing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PairingKind {
    /// The number may use the device.
    Allowance = 1,
    /// The listings of one door count with this number only.
    Binding = 2,
}

impl PairingKind {
    /// The kind of a stored code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Allowance),
            2 => Some(Self::Binding),
            _ => None,
        }
    }
}

/// One number that a device is paired with. 16 bytes, as the hot sets hold those that are not plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The number.
    pub number: Number,
    /// Last day, as [`Day::to_stored`].
    until: u16,
    /// What it does.
    pub kind: PairingKind,
    /// The door whose listings a binding binds; [`Door::Operator`] for an allowance.
    pub door: Door,
    /// An IMSI that came together with an MSISDN: it counts only where the question has no MSISDN.
    pub second: bool,
}

impl Pair {
    /// An allowance without end date.
    pub const fn allowance(number: Number) -> Self {
        Self { number, until: Day::NONE, kind: PairingKind::Allowance, door: Door::Operator, second: false }
    }

    /// A binding of the listings of a door.
    pub const fn binding(number: Number, door: Door) -> Self {
        Self { number, until: Day::NONE, kind: PairingKind::Binding, door, second: false }
    }

    /// The same pair with a last day.
    #[must_use]
    pub const fn with_until(mut self, until: Option<Day>) -> Self {
        self.until = Day::to_stored(until);
        self
    }

    /// The same pair as the second number of a pairing by both.
    #[must_use]
    pub const fn with_second(mut self, second: bool) -> Self {
        self.second = second;
        self
    }

    /// Last day. `None`: without end.
    pub const fn until(&self) -> Option<Day> {
        Day::from_stored(self.until)
    }

    /// Whether the pairing has not ended on this day.
    pub const fn is_current(&self, today: Day) -> bool {
        self.until == Day::NONE || self.until >= today.get()
    }

    /// Six bytes, where that is enough: an allowance without end by an Indonesian MSISDN or a SIM of Indonesia.
    pub fn to_plain(self) -> Option<PlainPair> {
        if self != (Self { second: self.second, ..Self::allowance(self.number) }) {
            return None;
        }
        let (form, number) = match self.number.kind() {
            NumberKind::Msisdn(msisdn) if !self.second => (PlainPair::MSISDN, msisdn.national()?),
            NumberKind::Msisdn(_) => return None,
            NumberKind::Imsi(imsi) => {
                let form = if self.second { PlainPair::SECOND } else { PlainPair::SIM };
                (form, imsi.packed().checked_sub(PlainPair::FIRST_SIM)?)
            }
        };
        (number >> PlainPair::NUMBER_BITS == 0).then(|| PlainPair::new(form, number))
    }
}

/// A plain allowance, little-endian: the national number of a +62 MSISDN, or an IMSI of 15 digits less 510 and zeros;
/// in the top two bits which of them, and whether the IMSI came together with an MSISDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlainPair([u8; Self::BYTES]);

impl PlainPair {
    /// Its bytes.
    pub const BYTES: usize = 6;
    /// No pair: stands in the hot sets for those of a device that are not plain.
    pub const OTHERS: Self = Self::new(3, 0);
    const MSISDN: u64 = 0;
    const SIM: u64 = 1;
    const SECOND: u64 = 2;
    const NUMBER_BITS: u32 = 46;
    /// The first SIM of Indonesia, as [`Imsi::packed`].
    const FIRST_SIM: u64 = (15 << 50) | (MCC_INDONESIA as u64 * 1_000_000_000_000);

    const fn new(form: u64, number: u64) -> Self {
        let [a, b, c, d, e, f, _, _] = (form << Self::NUMBER_BITS | number).to_le_bytes();
        Self([a, b, c, d, e, f])
    }

    const fn parts(self) -> (u64, u64) {
        let Self([a, b, c, d, e, f]) = self;
        let all = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
        (all >> Self::NUMBER_BITS, all & ((1 << Self::NUMBER_BITS) - 1))
    }

    /// Its six bytes.
    pub const fn to_bytes(self) -> [u8; Self::BYTES] {
        self.0
    }

    /// The pair of six bytes. Bytes that are none stand for no pair.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// By which number it is.
    pub const fn form(self) -> PlainForm {
        match self.parts().0 {
            Self::MSISDN => PlainForm::Msisdn,
            Self::SIM => PlainForm::Sim,
            Self::SECOND => PlainForm::Second,
            _ => PlainForm::Others,
        }
    }

    /// The SIM of a pairing by IMSI alone.
    pub fn sim(self) -> Option<Imsi> {
        let (form, number) = self.parts();
        if form == Self::SIM { Imsi::from_packed(Self::FIRST_SIM + number).ok() } else { None }
    }

    /// The pair in full.
    pub fn to_pair(self) -> Option<Pair> {
        let (form, number) = self.parts();
        if form == Self::MSISDN {
            return Msisdn::from_national(number).ok().map(|msisdn| Pair::allowance(msisdn.into()));
        }
        let imsi = Imsi::from_packed(Self::FIRST_SIM + number).ok().filter(|_| form != Self::OTHERS.parts().0)?;
        Some(Pair::allowance(imsi.into()).with_second(form == Self::SECOND))
    }
}

/// By which number a plain allowance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainForm {
    /// An MSISDN.
    Msisdn,
    /// An IMSI alone.
    Sim,
    /// An IMSI that came together with an MSISDN.
    Second,
    /// None: [`PlainPair::OTHERS`].
    Others,
}

/// The plain allowances of one device, borrowed as bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowances<'a>(&'a [[u8; PlainPair::BYTES]]);

impl<'a> Allowances<'a> {
    /// Of their bytes.
    pub const fn of(bytes: &'a [[u8; PlainPair::BYTES]]) -> Self {
        Self(bytes)
    }

    /// Every one.
    pub fn iter(self) -> impl Iterator<Item = PlainPair> + 'a {
        self.0.iter().copied().map(PlainPair::from_bytes)
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one is among them. Compared as bytes: a cloned device may have many.
    pub fn contains(self, plain: PlainPair) -> bool {
        self.0.contains(&plain.0)
    }
}

/// The pairs of one device, borrowed from wherever they lie. Order means nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairs<'a> {
    /// Plain allowances.
    pub plain: Allowances<'a>,
    /// All others.
    pub others: &'a [Pair],
}

impl<'a> Pairs<'a> {
    /// Pairs of which none is held as a plain one.
    pub const fn in_full(pairs: &'a [Pair]) -> Self {
        Self { plain: Allowances(&[]), others: pairs }
    }

    /// Every pair.
    pub fn iter(self) -> impl Iterator<Item = Pair> + 'a {
        let plain = self.plain.iter().filter_map(|plain| plain.to_pair());
        plain.chain(self.others.iter().copied())
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.plain.is_empty() && self.others.is_empty()
    }
}

/// Pairs as a question by MSISDN alone meets them: a pairing by IMSI alone counts as one by the MSISDN asked, where
/// that is the number of its SIM. Every such pairing does, since any of them may have ended. `None`: there is none,
/// the pairs stand as they are.
pub fn as_asked_by(asked: Msisdn, pairs: Pairs<'_>, mut is_number_of: impl FnMut(Imsi) -> bool) -> Option<Vec<Pair>> {
    let mut is_theirs = |pair: &Pair| match pair.number.kind() {
        NumberKind::Imsi(imsi) => !pair.second && is_number_of(imsi),
        NumberKind::Msisdn(_) => false,
    };
    // Most pairs are by MSISDN: what they are is seen without taking them apart.
    let sims = pairs.plain.iter().filter(|plain| plain.sim().is_some()).filter_map(|plain| plain.to_pair());
    if !sims.chain(pairs.others.iter().copied()).any(|pair| is_theirs(&pair)) {
        return None;
    }
    let mut met: Vec<Pair> = pairs.iter().collect();
    met.iter_mut().filter(|pair| is_theirs(pair)).for_each(|pair| pair.number = asked.into());
    Some(met)
}

/// The subscriber of a question, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscriber {
    /// The MSISDN that was asked, or else the one that the subscriber map has for the IMSI.
    pub msisdn: Option<Msisdn>,
    /// The IMSI that was asked.
    pub imsi: Option<Imsi>,
    /// The MSISDN that was asked is not the one that the subscriber map has for the IMSI: a SIM change.
    pub sim_changed: bool,
}

/// How the pair in a question stands, beside the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairStanding {
    /// The question brought no number.
    NotAsked,
    /// Nothing is known of a pairing of this device.
    Unpaired,
    /// Paired with this number today.
    Paired,
    /// Paired with other numbers only.
    Mismatched,
}

impl PairStanding {
    /// The name on the wire and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAsked => "NOT_ASKED",
            Self::Unpaired => "UNPAIRED",
            Self::Paired => "PAIRED",
            Self::Mismatched => "MISMATCHED",
        }
    }
}

#[cfg(test)]
mod tests;
