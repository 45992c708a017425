//! The terms of cases.

use crate::listing::coded;
use std::fmt;

coded! {
    /// What a case is about.
    Kind, "a kind of case", {
        /// A legal device that is blocked.
        LegalBlocked = 1, "legal-blocked";
        /// Paid at customs, and not listed yet.
        PaidUnlisted = 2, "paid-unlisted";
        /// The second slot has no signal.
        SecondSlot = 3, "second-slot";
        /// Stolen or lost.
        Stolen = 4, "stolen";
        /// Found again.
        Recovered = 5, "recovered";
        /// Others use the same IMEI.
        Cloned = 6, "cloned";
        /// The registration of the subscriber: NIK and KK.
        Subscriber = 7, "subscriber";
        /// Something else.
        Other = 8, "other";
    }
}

coded! {
    /// Who must act.
    Party, "an owner of cases", {
        /// An operator.
        Operator = 1, "operator";
        /// Bea Cukai.
        Customs = 2, "customs";
        /// Kemenperin.
        Ministry = 3, "ministry";
        /// Dukcapil.
        Dukcapil = 4, "dukcapil";
        /// The call centre 159.
        CallCentre = 5, "159";
    }
}

coded! {
    /// How a case stands.
    State, "a state of a case", {
        /// Its owner must act.
        Open = 1, "open";
        /// The caller must bring something.
        Waiting = 2, "waiting";
        /// Done.
        Closed = 3, "closed";
    }
}

coded! {
    /// What was done with a case.
    Act, "an act on a case", {
        /// Opened.
        Opened = 1, "opened";
        /// A note.
        Noted = 2, "noted";
        /// Given to a person.
        Assigned = 3, "assigned";
        /// Given to another owner.
        HandedOver = 4, "handed over";
        /// The caller must bring something.
        Waits = 5, "waits for the caller";
        /// The owner must act again.
        Resumed = 6, "resumed";
        /// Done.
        Closed = 7, "closed";
        /// Not done after all.
        Reopened = 8, "reopened";
        /// Texts and number were erased: their time was over.
        Erased = 9, "erased";
    }
}

/// Who must act: a party, and which operator where it is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The party.
    pub party: Party,
    /// The operator; empty for the other parties.
    pub operator: String,
}

impl fmt::Display for Owner {
    /// `customs`, `operator telkomsel`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operator.is_empty() { self.party.fmt(f) } else { write!(f, "{} {}", self.party, self.operator) }
    }
}
