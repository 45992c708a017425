//! What is answered: equipment status and reason, with their names and codes.
//!
//! What always holds: names and codes are on the wire, in journals and in reports, and are forever; reasons
//! have one total order, their precedence, here, in the proto comments and on every screen.

use crate::listing::{TermError, coded};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Equipment status: what a network element is told (TS 29.272 Equipment-Status, TS 29.511).
/// Ordered from best to worst for the subscriber, which is not the order of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// May be served.
    Whitelisted,
    /// May be served, and is watched.
    Greylisted,
    /// Unknown equipment: an answer of its own.
    Unknown,
    /// May not be served.
    Blacklisted,
}

impl Status {
    /// All of them, from best to worst.
    pub const ALL: &'static [Self] = &[Self::Whitelisted, Self::Greylisted, Self::Unknown, Self::Blacklisted];

    /// The code on the wire: that of TS 29.272 clause 7.3.51, and 3 for unknown equipment.
    pub const fn code(self) -> u8 {
        match self {
            Self::Whitelisted => 0,
            Self::Blacklisted => 1,
            Self::Greylisted => 2,
            Self::Unknown => 3,
        }
    }

    /// The status of a code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Whitelisted),
            1 => Some(Self::Blacklisted),
            2 => Some(Self::Greylisted),
            3 => Some(Self::Unknown),
            _ => None,
        }
    }

    /// The name on the wire and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whitelisted => "WHITELISTED",
            Self::Greylisted => "GREYLISTED",
            Self::Unknown => "UNKNOWN",
            Self::Blacklisted => "BLACKLISTED",
        }
    }

    /// The word of the settings document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whitelisted => "white",
            Self::Greylisted => "grey",
            Self::Unknown => "unknown",
            Self::Blacklisted => "black",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Status {
    type Err = TermError;

    /// Reads the name (`WHITELISTED`) or the word of the settings (`white`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = ["WHITELISTED", "GREYLISTED", "UNKNOWN", "BLACKLISTED", "white", "grey", "unknown", "black"];
        let status = Self::ALL.iter().find(|status| status.name() == text || status.word() == text);
        status.copied().ok_or_else(|| TermError::new(text, "a status", &known))
    }
}

coded! {
    /// Why: the first rank that applied. Ordered by precedence, and so are the codes. Code 0 is none;
    /// code 20 is kept for `GRACE`, rank 16.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    Reason, "a reason", {
        /// The value is no IMEI, or all zeros.
        Malformed = 1, "MALFORMED";
        /// Barred by a court.
        Court = 2, "COURT";
        /// Barred by the regulator.
        Barred = 3, "BARRED";
        /// Reported stolen.
        Stolen = 4, "STOLEN";
        /// Reported lost.
        Lost = 5, "LOST";
        /// The model is barred: hard at rank 2, soft at rank 11.
        TacBarred = 6, "TAC_BARRED";
        /// Exempt from every rule but the black list.
        Exempt = 7, "EXEMPT";
        /// A foreign SIM.
        Roamer = 8, "ROAMER";
        /// The TAC is of the test ranges.
        TestTac = 9, "TEST_TAC";
        /// An allowance pairs the device with this number.
        Paired = 10, "PAIRED";
        /// Under suspicion of duplication.
        Duplicate = 11, "DUPLICATE";
        /// Listed without end.
        Registered = 12, "REGISTERED";
        /// Listed, with an end date.
        Temporary = 13, "TEMPORARY";
        /// The model is outside the rule.
        ExemptType = 14, "EXEMPT_TYPE";
        /// In the base before the cut-off.
        Grandfathered = 15, "GRANDFATHERED";
        /// The best listing is suspended for investigation.
        Suspended = 16, "SUSPENDED";
        /// Listed or allowed for other numbers only.
        PairingMismatch = 17, "PAIRING_MISMATCH";
        /// Listed or allowed for some numbers, and the question brought none.
        NumberNeeded = 18, "NUMBER_NEEDED";
        /// The best listing has ended.
        Expired = 19, "EXPIRED";
        /// Nothing of the above.
        NotRegistered = 21, "NOT_REGISTERED";
    }
}

impl Reason {
    /// The rank of the decision, from 1 to 17. For `TAC_BARRED` that of the hard bar, 2; a soft bar
    /// decides at rank 11.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Malformed => 1,
            Self::Court | Self::Barred | Self::Stolen | Self::Lost | Self::TacBarred => 2,
            Self::Exempt => 3,
            Self::Roamer => 4,
            Self::TestTac => 5,
            Self::Paired => 6,
            Self::Duplicate => 7,
            Self::Registered | Self::Temporary => 8,
            Self::ExemptType => 9,
            Self::Grandfathered => 10,
            Self::Suspended => 12,
            Self::PairingMismatch => 13,
            Self::NumberNeeded => 14,
            Self::Expired => 15,
            Self::NotRegistered => 17,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_words_and_codes_lead_back() {
        for &status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
            assert_eq!(status.word().parse(), Ok(status));
            assert_eq!(Status::from_code(status.code()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        for &reason in Reason::ALL {
            assert_eq!(reason.to_string().parse(), Ok(reason));
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }

    #[test]
    fn codes_of_the_wire_never_change() {
        let statuses: Vec<_> = (0..=4).map(|code| Status::from_code(code).map_or("-", Status::name)).collect();
        assert_eq!(statuses, ["WHITELISTED", "BLACKLISTED", "GREYLISTED", "UNKNOWN", "-"]);
        let reasons: Vec<_> = (0..=22).map(|code| Reason::from_code(code).map_or("-", Reason::name)).collect();
        insta::assert_snapshot!(reasons.join(" "), @"- MALFORMED COURT BARRED STOLEN LOST TAC_BARRED EXEMPT ROAMER TEST_TAC PAIRED DUPLICATE REGISTERED TEMPORARY EXEMPT_TYPE GRANDFATHERED SUSPENDED PAIRING_MISMATCH NUMBER_NEEDED EXPIRED - NOT_REGISTERED -");
    }

    #[test]
    fn order_of_reasons_is_their_rank_and_of_statuses_from_best_to_worst() {
        assert!(Reason::ALL.is_sorted_by(|a, b| a < b && a.rank() <= b.rank()));
        assert!(Status::ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn unknown_names_are_told_the_known_ones() {
        insta::assert_snapshot!("WHITE".parse::<Status>().unwrap_err(), @r#""WHITE" is not a status; known are: WHITELISTED, GREYLISTED, UNKNOWN, BLACKLISTED, white, grey, unknown, black"#);
        assert!("GRACE".parse::<Reason>().is_err(), "reserved, not given out");
    }
}
