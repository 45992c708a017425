//! Sentences with values, told twice from one text: for the record in English with names as files write them, and for
//! people in their language with every term in words.
//!
//! What always holds: a sentence carries its values, so that it can be told in any language later; what has no key (texts of
//! older entries and of libraries) is told in English and nowhere else.

use super::{
    Language, Own, Why,
    catalogue::{Arg, known, text},
};
use crate::{
    batch::BatchState,
    day::Day,
    listing::Door,
    principal::{PrincipalKind, Role},
};
use std::{borrow::Cow, fmt};

/// A value that a sentence names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// As it is.
    Text(String),
    /// How many.
    Count(u64),
    /// A share in percent, with a point: `0.34`.
    Share(String),
    /// A day.
    Day(Day),
    /// A moment, in seconds since the Unix epoch.
    Moment(i64),
    /// A term: its key in the catalogue, and its name in files.
    Term(String, String),
}

impl Value {
    /// A number that names something: no figure, so nothing stands between its digits.
    pub fn number(number: u64) -> Self {
        Self::Text(number.to_string())
    }

    /// A role.
    pub fn role(role: Role) -> Self {
        Self::term("role", role.name())
    }

    /// A kind of principal.
    pub fn principal_kind(kind: PrincipalKind) -> Self {
        Self::term("principal", kind.name())
    }

    /// The state of a batch.
    pub fn state(state: BatchState) -> Self {
        Self::term("state", state.name())
    }

    /// A term of the catalogue by what its keys begin with, and its name.
    pub fn term(of: &str, name: &str) -> Self {
        Self::Term(format!("{of}-{name}"), name.to_owned())
    }

    fn told(&self, teller: Teller) -> String {
        match (self, teller) {
            (Self::Text(text), _) => text.clone(),
            (Self::Count(count), Teller::Record) => count.to_string(),
            (Self::Count(count), Teller::To(language)) => language.grouped(*count),
            (Self::Share(share), Teller::To(Language::Indonesian)) => share.replace('.', ","),
            (Self::Share(share), _) => share.clone(),
            (Self::Day(day), Teller::Record) => day.to_string(),
            (Self::Day(day), Teller::To(language)) => language.date(*day),
            (Self::Moment(unix_s), Teller::Record) => crate::journal::time_text(unix_s.saturating_mul(1000)),
            (Self::Moment(unix_s), Teller::To(language)) => language.moment(*unix_s),
            (Self::Term(_, name), Teller::Record) => name.clone(),
            (Self::Term(key, name), Teller::To(language)) => known(language, key).unwrap_or_else(|| name.clone()),
        }
    }
}

impl From<Door> for Value {
    fn from(door: Door) -> Self {
        Self::term("door", door.name())
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        Self::Day(day)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Who tells a sentence, to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// For records and the command line: in English, with names as files write them.
    Record,
    /// To somebody on a page.
    To(Language),
}

impl Teller {
    /// The text of a key with its values.
    pub fn tell(self, key: &str, values: &[(&'static str, Value)]) -> String {
        self.tell_all(key, values.iter().map(|(name, value)| (*name, value)))
    }

    /// A value by itself.
    pub fn value(self, value: &Value) -> String {
        value.told(self)
    }

    fn tell_all<'a>(self, key: &str, values: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
        let language = match self {
            Self::Record => Language::English,
            Self::To(language) => language,
        };
        let told: Vec<(&str, String)> = values.map(|(name, value)| (name, value.told(self))).collect();
        let args: Vec<_> = told.iter().map(|(name, value)| (*name, Arg::Text(value))).collect();
        text(language, key, "", &args)
    }
}

/// A sentence with its values, or a text that only English has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Of the catalogue: key, and values by name.
    Of(&'static str, Vec<(Cow<'static, str>, Value)>),
    /// In English.
    Plain(String),
}

impl Said {
    /// A sentence of the catalogue.
    pub fn of<const N: usize>(key: &'static str, values: [(&'static str, Value); N]) -> Self {
        Self::Of(key, values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    }

    /// Its key in the catalogue; empty: it has none.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Of(key, _) => key,
            Self::Plain(_) => "",
        }
    }

    /// Its values.
    pub fn values(&self) -> &[(Cow<'static, str>, Value)] {
        match self {
            Self::Of(_, values) => values,
            Self::Plain(_) => &[],
        }
    }

    /// The same with a value more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        if let Self::Of(_, values) = &mut self {
            values.push((name.into(), value.into()));
        }
        self
    }

    /// As it is told; none: it has no words in that language.
    pub fn told(&self, teller: Teller) -> Option<String> {
        match self {
            Self::Of(key, values) => {
                Some(teller.tell_all(key, values.iter().map(|(name, value)| (name.as_ref(), value))))
            }
            Self::Plain(text) if teller != Teller::To(Language::Indonesian) => Some(text.clone()),
            Self::Plain(_) => None,
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(Teller::Record).unwrap_or_default())
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<Why> for Said {
    fn from(why: Why) -> Self {
        Self::Of(why.key(), Vec::new())
    }
}

impl Own {
    /// As it is recorded.
    pub fn recorded(self) -> String {
        Teller::Record.tell(self.key(), &[])
    }
}

impl Why {
    /// The sentence with its values.
    pub fn of<const N: usize>(self, values: [(&'static str, Value); N]) -> Said {
        Said::of(self.key(), values)
    }
}

impl Language {
    /// A figure with a sign between thousands.
    pub fn grouped(self, number: u64) -> String {
        let sign = match self {
            Self::Indonesian => '.',
            Self::English => ',',
        };
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(sign);
            }
            text.push(digit);
        }
        text
    }

    /// A reason or a title: what the register itself gave in its own words, what people wrote as it is.
    pub fn own(self, text: &str) -> String {
        let own = Own::ALL.iter().find(|own| known(Self::English, own.key()).as_deref() == Some(text));
        own.and_then(|own| known(self, own.key())).unwrap_or_else(|| text.to_owned())
    }

    /// A role in words.
    pub fn role(self, role: Role) -> String {
        Value::role(role).told(Teller::To(self))
    }

    /// A kind of principal in words.
    pub fn principal_kind(self, kind: PrincipalKind) -> String {
        Value::principal_kind(kind).told(Teller::To(self))
    }

    /// The kind of an alarm in words, by its name; one that the catalogue does not have stays as it is.
    pub fn alarm(self, name: &str) -> String {
        Value::Term(format!("alarm-{}", name.to_lowercase().replace('_', "-")), name.to_owned()).told(Teller::To(self))
    }

    /// The kind of a list in words, by its name.
    pub fn list_kind(self, name: &str) -> String {
        Value::term("kind", name).told(Teller::To(self))
    }

    /// A question about what no list names, by its name.
    pub fn unlisted(self, name: &str) -> String {
        Value::Term(name.to_owned(), name.to_owned()).told(Teller::To(self))
    }
}
