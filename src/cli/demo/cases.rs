//! The questions of the demo, with the answer that each must get.

use super::lists;
use crate::policy::{Reason, Status};

/// One question and its answer.
pub(super) struct Case {
    /// What happened to the device.
    pub(super) story: &'static str,
    /// The equipment, as the asker sends it.
    pub(super) equipment: &'static str,
    /// The number. Empty: not known to the asker.
    pub(super) msisdn: &'static str,
    /// The SIM. Empty: not known to the asker.
    pub(super) imsi: &'static str,
    /// Whether it is an emergency call.
    pub(super) emergency: bool,
    pub(super) status: Status,
    pub(super) reason: Reason,
    /// The door of what decided. Empty: nothing listed decided.
    pub(super) door: &'static str,
}

impl Case {
    const fn new(story: &'static str, equipment: &'static str, status: Status, reason: Reason) -> Self {
        Self { story, equipment, msisdn: "", imsi: "", emergency: false, status, reason, door: "" }
    }

    const fn with(mut self, msisdn: &'static str) -> Self {
        self.msisdn = msisdn;
        self
    }

    const fn with_sim(mut self, imsi: &'static str) -> Self {
        self.imsi = imsi;
        self
    }

    const fn through(mut self, door: &'static str) -> Self {
        self.door = door;
        self
    }

    const fn in_emergency(mut self) -> Self {
        self.emergency = true;
        self
    }
}

/// Somebody's number that no list names.
const SOMEBODY: &str = "6281298765432";
/// A phone of a model that nobody imports, on no list.
const UNLISTED: &str = "358807224000014";

const WHITE: Status = Status::Whitelisted;
const GREY: Status = Status::Greylisted;
const BLACK: Status = Status::Blacklisted;

/// All questions, in the order in which they tell a story.
pub(super) const CASES: [Case; 20] = [
    Case::new("made here, listed by its maker", lists::MADE_HERE, WHITE, Reason::Registered)
        .with(SOMEBODY)
        .through("tpp-production"),
    Case::new("the same phone, sent as IMEISV (16 digits)", "3520990100001702", WHITE, Reason::Registered)
        .through("tpp-production"),
    Case::new("on its importer's list, then reported stolen", lists::STOLEN, BLACK, Reason::Stolen)
        .with(SOMEBODY)
        .through("stolen"),
    Case::new("a tourist's, with the number it was bound to", lists::TOURIST, WHITE, Reason::Temporary)
        .with(lists::TOURIST_MSISDN)
        .through("operator-tourist"),
    Case::new("the same phone with another number", lists::TOURIST, BLACK, Reason::PairingMismatch)
        .with(SOMEBODY)
        .through("operator-tourist"),
    Case::new("the same phone, the network sent no number", lists::TOURIST, GREY, Reason::NumberNeeded)
        .through("operator-tourist"),
    Case::new("another tourist's, whose days are over", lists::TOURIST_ENDED, BLACK, Reason::Expired)
        .with("6281710000012")
        .through("operator-tourist"),
    Case::new(
        "a tourist's, over too, but customs registered it later",
        lists::TOURIST_THEN_CUSTOMS,
        WHITE,
        Reason::Registered,
    )
    .with(SOMEBODY)
    .through("customs-passenger"),
    Case::new("on no list, but this number may use it", lists::OF_ONE_NUMBER, WHITE, Reason::Paired)
        .with(lists::PAIRED_MSISDN)
        .through("operator"),
    Case::new("the same, the network sent the SIM only", lists::OF_ONE_NUMBER, WHITE, Reason::Paired)
        .with_sim(lists::PAIRED_IMSI)
        .through("operator"),
    Case::new("in use before the rule began", lists::OLD, WHITE, Reason::Grandfathered)
        .with(SOMEBODY)
        .through("grandfathered"),
    Case::new("a state guest's", lists::EXEMPT, WHITE, Reason::Exempt).with(SOMEBODY).through("state"),
    Case::new("a payment terminal: its model is outside the rule", "867445030008154", WHITE, Reason::ExemptType)
        .with(SOMEBODY)
        .through("non-hkt"),
    Case::new("listed, but every device of its model is barred", lists::COUNTERFEIT, BLACK, Reason::TacBarred)
        .with(SOMEBODY)
        .through("barred"),
    Case::new(
        "a traveller's own, duty paid, of a model that may not be sold",
        lists::BROUGHT_ALONG,
        WHITE,
        Reason::Registered,
    )
    .with(SOMEBODY)
    .through("customs-passenger"),
    Case::new("on no list, with a foreign SIM", UNLISTED, WHITE, Reason::Roamer).with_sim("525011000000001"),
    Case::new("on no list, with a local number", UNLISTED, BLACK, Reason::NotRegistered).with(SOMEBODY),
    Case::new("the same in an emergency call", UNLISTED, GREY, Reason::NotRegistered).with(SOMEBODY).in_emergency(),
    Case::new("a TAC of the test ranges", "004401120000019", GREY, Reason::TestTac).with(SOMEBODY),
    Case::new("what a broken phone sends", "00000000000000", GREY, Reason::Malformed),
];
