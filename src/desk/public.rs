//! What anybody is told: the kind of answer and the next step, so often a minute and no more.
//!
//! What always holds: no number, name, document, date or reason leaves here, and of a block by police, court or
//! regulator no more than its kind; memory does not grow with the number of those who ask; the answer is the one that
//! the network gets.

use crate::{
    check::{Checker, EquipmentValue, Inquiry, NotReady},
    identity::{EquipmentForm, Pei, check_digit},
    policy::Status,
    words::{Audience, Language, Words},
};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// Characters of a question.
const TEXT_CHARS_MAX: usize = 32;

/// What the public is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAnswer {
    /// What networks do.
    pub status: Status,
    /// The answer in a few words, without its reason where that is nobody's business, and without a date.
    pub headline: String,
    /// What to do.
    pub next_step: String,
    /// Whom to turn to.
    pub contact: String,
}

/// Why the public is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicError {
    /// Not an IMEI: the text is not repeated.
    #[error("this is no IMEI: dial *#06# and copy the 15 digits")]
    Unread,
    /// The check digit does not fit: somebody guesses, or mistyped.
    #[error("a digit of this IMEI is wrong: dial *#06# and copy the 15 digits")]
    CheckDigit,
    /// The register is being loaded.
    #[error("the register is being loaded: try again in a minute")]
    NotReady,
}

impl From<NotReady> for PublicError {
    fn from(_: NotReady) -> Self {
        Self::NotReady
    }
}

/// Tells anybody how a device stands. Wants all 15 digits with the right check digit, which makes guessing ten times as
/// long.
///
/// # Errors
/// When the text is no IMEI, or the register is being loaded.
pub fn public_answer(checker: &Checker, text: &str, language: Language) -> Result<PublicAnswer, PublicError> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/')).collect();
    if text.chars().count() > TEXT_CHARS_MAX || plain.len() != 15 {
        return Err(PublicError::Unread);
    }
    let Pei::Equipment(equipment) = Pei::parse(&plain) else { return Err(PublicError::Unread) };
    let EquipmentForm::Imei { spare } = equipment.form() else { return Err(PublicError::Unread) };
    if check_digit(equipment.key()) != spare || equipment.key().is_zero() {
        return Err(PublicError::CheckDigit);
    }
    let answer = checker.check(&Inquiry::of(EquipmentValue::Key(equipment.key())), None)?;
    // Without its last day: a date leads back to a person's journey.
    let verdict = answer.verdict;
    let words = Words::of(language, Audience::Public, verdict.status, verdict.reason, None);
    let Words { headline, next_step, contact, .. } = words;
    Ok(PublicAnswer { status: verdict.status, headline, next_step, contact })
}

/// How many questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicLimits {
    /// Questions of one address (IPv4), or of one network of 64 bits (IPv6), in a row.
    pub burst: u32,
    /// Seconds after which one more is answered.
    pub refill_seconds: u32,
    /// Questions of all together a second.
    pub total_per_second: u32,
    /// Addresses that are remembered.
    pub addresses_max: usize,
}

impl Default for PublicLimits {
    /// A family with its phones; a guesser needs years for one model's million serials.
    fn default() -> Self {
        Self { burst: 10, refill_seconds: 30, total_per_second: 200, addresses_max: 100_000 }
    }
}

/// Whether a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is.
    Answered,
    /// Not now: ask again after so many seconds.
    Later(u32),
}

/// Holds questions to [`PublicLimits`]. Pure: the clock is its caller's.
#[derive(Debug)]
pub struct Limiter {
    limits: PublicLimits,
    /// By address: the second at which all that it has asked is paid off.
    paid_off: HashMap<IpAddr, i64>,
    second: i64,
    in_second: u32,
}

impl Limiter {
    /// A limiter that has seen nobody.
    pub fn new(limits: PublicLimits) -> Self {
        Self { limits, paid_off: HashMap::new(), second: i64::MIN, in_second: 0 }
    }

    /// Takes a question of an address at this second.
    pub fn admit(&mut self, address: IpAddr, now: i64) -> Admission {
        if now > self.second {
            (self.second, self.in_second) = (now, 0);
        }
        if self.in_second >= self.limits.total_per_second {
            return Admission::Later(1);
        }
        let PublicLimits { burst, refill_seconds, addresses_max, .. } = self.limits;
        let address = network(address);
        let refill = i64::from(refill_seconds.max(1));
        if !self.paid_off.contains_key(&address) && self.paid_off.len() >= addresses_max {
            self.paid_off.retain(|_, paid_off| *paid_off > now);
            // Too many who owe: whoever is new waits, and nobody is forgotten who asked too often.
            if self.paid_off.len() >= addresses_max {
                return Admission::Later(refill_seconds.max(1));
            }
        }
        let owed = self.paid_off.get(&address).copied().unwrap_or(now).max(now);
        let last = now + refill * i64::from(burst.max(1) - 1);
        if owed > last {
            return Admission::Later(u32::try_from(owed - last).unwrap_or(u32::MAX));
        }
        self.paid_off.insert(address, owed + refill);
        self.in_second += 1;
        Admission::Answered
    }

    /// Addresses that are remembered.
    pub fn addresses(&self) -> usize {
        self.paid_off.len()
    }
}

/// The address by which somebody is counted: of IPv6 the network, which one household has as a whole.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => {
                let [a, b, c, d, ..] = six.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        },
    }
}

#[cfg(test)]
mod tests;
