//! Settings documents over time: which one is in force when, and where each value came from.

use super::{Key, Settings, Value};
use std::{fmt, sync::Arc};

/// A settings document with its place in the journal and the moment from which it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    effective_from: i64,
    seq: u64,
    settings: Arc<Settings>,
}

impl TimelineEntry {
    /// A document. `effective_from` is in seconds since the Unix epoch, `seq` that of its journal entry.
    pub const fn new(effective_from: i64, seq: u64, settings: Arc<Settings>) -> Self {
        Self { effective_from, seq, settings }
    }

    /// The first second at which it is in force, since the Unix epoch.
    pub const fn effective_from(&self) -> i64 {
        self.effective_from
    }

    /// The sequence number of its journal entry: the revision of the settings. 0 where none was journalled.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The document.
    pub const fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Every setting with its value and where that came from: the national policy, the bounds, then each
    /// operator's choices.
    pub fn effective(&self) -> Vec<EffectiveSetting> {
        let settings = &self.settings;
        let document = |is_set: bool| if is_set { Origin::Document { seq: self.seq } } else { Origin::Default };
        let shown = |value: Option<Value>| value.map_or_else(|| "not set".to_owned(), |value| value.to_string());
        let national = Key::ALL.iter().map(|key| EffectiveSetting {
            name: format!("national.{key}"),
            value: shown(key.of(settings.policy(None))),
            origin: document(settings.national.contains_key(key)),
        });
        let open = Key::ALL.iter().filter(|key| settings.bounds.contains_key(key) || !settings.bound(**key).is_empty());
        let bounds = open.map(|key| EffectiveSetting {
            name: format!("bounds.{key}"),
            value: words(settings.bound(*key)),
            origin: document(settings.bounds.contains_key(key)),
        });
        let operators = settings.operators.iter().flat_map(|(operator, values)| {
            values.iter().map(move |(key, value)| EffectiveSetting {
                name: format!("operator.{operator}.{key}"),
                value: value.to_string(),
                origin: Origin::Operator { seq: self.seq },
            })
        });
        national.chain(bounds).chain(operators).collect()
    }
}

fn words(bound: &[Value]) -> String {
    match bound {
        [] => "none".to_owned(),
        _ => bound.iter().map(Value::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// A setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveSetting {
    /// Its place in a document, for example `operator.telkomsel.not_registered`.
    pub name: String,
    /// Its value, as a document writes it but without quotes; a bound's values with commas between them,
    /// `none` where operators may not choose; `not set` for a date that is not set.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

/// Where the value of a setting came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default for Indonesia.
    Default,
    /// The document of a journal entry.
    Document {
        /// Its sequence number.
        seq: u64,
    },
    /// An operator's choice in the document of a journal entry.
    Operator {
        /// Its sequence number.
        seq: u64,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Document { seq } => write!(f, "document {seq}"),
            Self::Operator { seq } => write!(f, "operator's choice in document {seq}"),
        }
    }
}

/// All settings documents of a register, by the moment from which each is in force.
///
/// A document with a date in the future is in it from the start and takes effect by itself. Cloning copies
/// one reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    first: TimelineEntry,
    later: Arc<[TimelineEntry]>,
}

impl Timeline {
    /// A timeline of documents in any order. Without any, the defaults are in force.
    pub fn new(mut entries: Vec<TimelineEntry>) -> Self {
        entries.sort_by_key(|entry| (entry.effective_from, entry.seq));
        let mut entries = entries.into_iter();
        let first = entries.next().unwrap_or_else(|| TimelineEntry::new(i64::MIN, 0, Arc::default()));
        Self { first, later: entries.collect() }
    }

    /// The document in force at a moment in seconds since the Unix epoch: of those in force the one with the
    /// latest date, of several with one date the one journalled last. Before the first: the first.
    pub fn at(&self, unix_seconds: i64) -> &TimelineEntry {
        let past = self.later.partition_point(|entry| entry.effective_from <= unix_seconds);
        past.checked_sub(1).and_then(|index| self.later.get(index)).unwrap_or(&self.first)
    }

    /// All documents, in the order in which they take effect.
    pub fn entries(&self) -> impl Iterator<Item = &TimelineEntry> {
        std::iter::once(&self.first).chain(self.later.iter())
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}
