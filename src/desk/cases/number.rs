//! The number of a case: short, said on the telephone, and with a check digit that finds every wrong digit and every
//! two that changed places (Damm).

use std::{fmt, str::FromStr};

/// Digits of a number without its check digit; later ones may have more.
const DIGITS: usize = 6;
/// Most digits that are read.
const DIGITS_MAX: usize = 16;

/// The quasigroup of order 10 by H. M. Damm.
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The number of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber(u64);

/// A text that is no number of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseNumberError {
    /// Not of that form.
    #[error("a case has a number like K000-0174: a K and at least seven digits")]
    Form,
    /// A digit is wrong, or two changed places.
    #[error("this number of a case has a wrong digit, or two that changed places: have it read out once more")]
    Check,
}

impl CaseNumber {
    /// The case of this number without check digit.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number without check digit.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The case that a text of the search box names outright: `K000-0174`, `kasus 0000174`, `case 0000174`. `None`: the
    /// text is about something else.
    pub fn asked(text: &str) -> Option<Result<Self, CaseNumberError>> {
        let lower = text.trim().to_lowercase();
        let named = ["kasus", "case"].iter().find_map(|word| lower.strip_prefix(word));
        let short = lower.strip_prefix('k').filter(|rest| {
            rest.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ')
                && rest.chars().filter(char::is_ascii_digit).count() > DIGITS
        });
        let rest = named.or(short)?;
        rest.chars().any(|c| c.is_ascii_digit()).then(|| rest.trim_start_matches([' ', ':', '#']).parse())
    }
}

fn check(digits: &str) -> u8 {
    digits.bytes().fold(0, |interim, digit| TABLE[usize::from(interim)][usize::from(digit.wrapping_sub(b'0')) % 10])
}

impl fmt::Display for CaseNumber {
    /// `K000-0174`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0DIGITS$}", self.0);
        let digits = format!("{digits}{}", check(&digits));
        let (head, tail) = digits.split_at(digits.len() - 4);
        f.pad(&format!("K{head}-{tail}"))
    }
}

impl FromStr for CaseNumber {
    type Err = CaseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_start_matches(['K', 'k']);
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
        let well = (DIGITS + 1..=DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !well {
            return Err(CaseNumberError::Form);
        }
        if check(&digits) != 0 {
            return Err(CaseNumberError::Check);
        }
        digits[..digits.len() - 1].parse().map(Self).map_err(|_| CaseNumberError::Form)
    }
}
