//! Identities: what a network, a list or a person may call a device or a subscriber.
//!
//! Every value here is checked when it is made, so the floors above never meet a number that is too
//! long, has letters in it, or means two things. Text in and text out agree: `x.to_string().parse()`
//! gives `x` again. Errors name the value and the rule that it breaks.
//!
//! What always holds: an [`EquipmentKey`] is the 14 digits TAC + SNR and the only thing that is ever
//! stored or compared; the 14-, 15- and 16-digit forms of one phone give the same key. The standard
//! library only: no floor is below this one.

mod decimal;
mod equipment;
mod imei;
mod imeisv;
mod imsi;
mod msisdn;
mod nik;
mod tac;

pub use equipment::{Equipment, EquipmentForm, EquipmentKey, Pei};
pub use imei::{Imei, check_digit};
pub use imeisv::{Imeisv, Svn};
pub use imsi::{Imsi, MCC_INDONESIA};
pub use msisdn::{COUNTRY_INDONESIA, Msisdn};
pub use nik::may_hold_nik;
pub use tac::Tac;

use std::fmt;

/// Why a text or a number is not the identity it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityError {
    what: &'static str,
    value: String,
    rule: &'static str,
}

impl IdentityError {
    /// Values longer than this are cut in messages, so that hostile input cannot flood a log.
    const SHOWN_CHARS_MAX: usize = 40;

    pub(crate) fn new(what: &'static str, value: impl fmt::Display, rule: &'static str) -> Self {
        Self::of_text(what, &value.to_string(), rule)
    }

    fn of_text(what: &'static str, value: &str, rule: &'static str) -> Self {
        let mut shown: String = value.chars().take(Self::SHOWN_CHARS_MAX).collect();
        if value.chars().nth(Self::SHOWN_CHARS_MAX).is_some() {
            shown.push('…');
        }
        Self { what, value: shown, rule }
    }

    /// The identity that was expected, for example `IMEI`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The value as it was given, cut after 40 characters.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The rule that the value breaks, as a phrase.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not {}: {}", self.value, self.what, self.rule)
    }
}

impl std::error::Error for IdentityError {}

/// Reads ASCII digits only. `None` when empty, longer than 18 digits or anything else is in it.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.bytes().try_fold(0_u64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))
}

/// Drops what people put between digits: blanks, hyphens, dots, slashes, brackets.
fn without_separators(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}'))
        .collect()
}
