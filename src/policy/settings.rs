//! Settings: register data that can change a verdict.

/// The policy in force for one operator (or for none) at one time: small, `Copy`, ready to decide with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {}

/// The whole settings document: national policy, operators' choices, bounds, dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {}
