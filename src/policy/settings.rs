//! Settings: register data that can change a verdict.

/// The policy in force for one operator (or for none) at one time: small, `Copy`, ready to decide with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {}

/// The whole settings document: national policy, operators' choices, bounds, dates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {}

impl Settings {
    /// The canonical text.
    pub fn to_toml(&self) -> String {
        String::new()
    }
}

/// A settings document with its place in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineEntry {
    effective_from: i64,
    seq: u64,
    settings: std::sync::Arc<Settings>,
}

impl TimelineEntry {
    /// The first second at which it is in force.
    pub const fn effective_from(&self) -> i64 {
        self.effective_from
    }

    /// The sequence number of its journal entry.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The document.
    pub const fn settings(&self) -> &std::sync::Arc<Settings> {
        &self.settings
    }
}

/// Every settings document of the register with the time from which it is in force.
#[derive(Debug, Default, PartialEq)]
pub struct Timeline {
    first: TimelineEntry,
}

impl Timeline {
    /// All documents.
    pub fn entries(&self) -> impl Iterator<Item = &TimelineEntry> {
        std::iter::once(&self.first)
    }
}
