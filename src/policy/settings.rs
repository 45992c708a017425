//! Settings: register data that can change a verdict.
//!
//! A settings document is TOML: `[national]` policy, `[bounds]` within which the regulator lets operators
//! choose, and the choices of each operator, `[operator.NAME]`. What a document leaves out has the default
//! for Indonesia. What always holds: a [`Settings`] is valid as a whole, keeps to the laws of the decision
//! and to its own bounds; its canonical text reads back as the same settings. Documents are journalled and
//! name only what they set, so defaults are part of the format and never change: another value comes as a
//! document.

mod key;
mod policy;
mod read;
mod timeline;

pub use key::{Key, Value};
pub use policy::{GrandfatheredMode, Policy};
pub use read::SettingsError;
pub use timeline::{EffectiveSetting, Origin, Timeline, TimelineEntry};

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

/// The values that a part of a document sets.
type Values = BTreeMap<Key, Value>;

/// The whole settings document: national policy, operators' choices, bounds, dates.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    national: Values,
    bounds: BTreeMap<Key, Vec<Value>>,
    operators: BTreeMap<String, Values>,
    national_policy: Policy,
    operator_policies: Vec<(String, Policy)>,
}

impl Settings {
    /// Longest document, in bytes.
    pub const SIZE_BYTES_MAX: usize = 64 * 1024;
    /// Most operators that may have settings of their own: a check looks through all of them.
    pub const OPERATORS_MAX: usize = 32;

    /// Reads a document.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown key, a value that is not allowed, or an operator's choice
    /// outside the regulator's bounds. Nothing of a wrong document is used.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        read::document(text)
    }

    /// The document in its canonical form: equal settings give equal text, and it reads back as the same.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let operators = self.operators.iter().map(|(name, values)| (format!("operator.{name}"), values));
        for (table, values) in std::iter::once(("national".to_owned(), &self.national)).chain(operators) {
            write_table(&mut text, &table, values.iter().map(|(key, value)| (key, value.toml())));
        }
        write_table(&mut text, "bounds", self.bounds.iter().map(|(key, bound)| (key, toml_list(bound))));
        text
    }

    /// The policy in force for an operator; the national one for none, or for one without settings of its
    /// own. Names are compared without regard to letter case.
    pub fn policy(&self, operator: Option<&str>) -> &Policy {
        let own =
            operator.and_then(|name| self.operator_policies.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)));
        own.map_or(&self.national_policy, |(_, policy)| policy)
    }

    /// The values among which operators may choose; empty where they may not.
    pub fn bound(&self, key: Key) -> &[Value] {
        self.bounds.get(&key).map_or_else(|| key.default_bound(), Vec::as_slice)
    }

    /// Names of the operators with settings of their own, ascending.
    pub fn operators(&self) -> impl Iterator<Item = &str> {
        self.operators.keys().map(String::as_str)
    }

    /// Settings of checked parts, with the policies worked out.
    fn new(national: Values, bounds: BTreeMap<Key, Vec<Value>>, operators: BTreeMap<String, Values>) -> Self {
        let national_policy = Policy::default().with_all(&national);
        let operator_policies =
            operators.iter().map(|(name, values)| (name.clone(), national_policy.with_all(values))).collect();
        Self { national, bounds, operators, national_policy, operator_policies }
    }
}

fn toml_list(values: &[Value]) -> String {
    format!("[{}]", values.iter().map(Value::toml).collect::<Vec<_>>().join(", "))
}

fn write_table(text: &mut String, name: &str, lines: impl Iterator<Item = (impl fmt::Display, String)>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let gap = if text.is_empty() { "" } else { "\n" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{gap}[{name}]");
    for (key, value) in lines {
        let _ = writeln!(text, "{key} = {value}");
    }
}

#[cfg(test)]
mod tests;
