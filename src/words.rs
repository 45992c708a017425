//! What an agent says: answers, notes, names and questions in the languages of the people who ask.
//!
//! One catalogue for agents, screens and the public (Project Fluent: one .ftl file a language, in the program), so that
//! nobody words the same answer differently. What always holds: every reason has words, a next step and somebody to
//! turn to in every language; of a block by police, court or regulator the public hears no more than its kind, and
//! nobody hears a number, a name or a date of it.

mod catalogue;
mod said;
mod sentences;
mod terms;

pub use said::{Said, Teller, Value};
pub use sentences::{About, Finding, Line, Own, Why};
pub use terms::{CaseTerm, Deed, Label, Note, Remedy};

use crate::{
    batch::BatchState,
    day::Day,
    listing::{Class, Door},
    policy::{Reason, Status},
};
use catalogue::{Arg, text};
use std::{fmt, str::FromStr};

/// A language of the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Indonesian, the first language.
    #[default]
    Indonesian,
    /// English.
    English,
}

impl Language {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Indonesian, Self::English];

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

/// A language that the catalogue does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such language: known are id (Indonesian) and en (English)")]
pub struct LanguageError;

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|language| language.tag() == text).ok_or(LanguageError)
    }
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// An agent, who tells the subscriber.
    Agent,
    /// Anybody.
    Public,
}

/// An answer as it is told to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The answer in a few words, with its last day where it has one.
    pub headline: String,
    /// What it means, to be said.
    pub say: String,
    /// What the subscriber can do.
    pub next_step: String,
    /// Whom to turn to.
    pub contact: String,
}

/// A question that callers ask, with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// Its name, the same in every language.
    pub name: &'static str,
    /// The question.
    pub question: String,
    /// The core of the answer.
    pub answer: String,
    /// Whom to turn to; a hyphen: nobody.
    pub contact: String,
}

/// The questions, in the order in which they are shown.
#[rustfmt::skip]
const HELP: [&str; 21] = [
    "signal-lost", "customs-not-ministry", "how-long", "sent-no-signal", "before-rule", "second-slot", "change-sim",
    "tourist", "roaming", "from-abroad", "after-60-days", "second-hand", "unlock", "stolen", "recovered", "mistyped",
    "machines", "batam", "new-no-signal", "nik", "policy",
];

impl Words {
    /// The words of an answer. `until`: the last day of what decided; for `EXPIRED` the day on which it ended.
    pub fn of(language: Language, audience: Audience, status: Status, reason: Reason, until: Option<Day>) -> Self {
        let key = key_of(audience, reason);
        let day = until.map_or_else(String::new, |day| language.date(day));
        let ends = if until.is_some() { "yes" } else { "no" };
        let args = [("ends", Arg::Text(ends)), ("until", Arg::Text(&day)), ("status", Arg::Text(status.word()))];
        let part = |part: &str| text(language, &key, part, &args);
        let state = text(language, &format!("status-{}", status.word()), "say", &[]);
        Self {
            headline: part(""),
            say: format!("{state} {}", part("say")),
            next_step: part("do"),
            contact: part("contact"),
        }
    }
}

/// Where the words of a reason stand.
fn key_of(audience: Audience, reason: Reason) -> String {
    match (audience, reason) {
        (Audience::Public, Reason::Stolen | Reason::Lost) => "public-police".to_owned(),
        (Audience::Public, Reason::Court | Reason::Barred | Reason::TacBarred) => "public-regulation".to_owned(),
        _ => reason.name().to_lowercase().replace('_', "-"),
    }
}

impl Language {
    /// A status in a word or two.
    pub fn status(self, status: Status) -> String {
        text(self, &format!("status-{}", status.word()), "", &[])
    }

    /// A text of the console's pages, by its name there.
    pub fn screen(self, key: &str) -> String {
        text(self, &format!("screen-{key}"), "", &[])
    }

    /// A text of the console's pages that names something.
    pub fn screen_of(self, key: &str, other: &str) -> String {
        text(self, &format!("screen-{key}"), "", &[("other", Arg::Text(other))])
    }

    /// The name of a field.
    pub fn label(self, label: Label) -> String {
        text(self, label.key(), "", &[])
    }

    /// A note beside a verdict, with the values that it names.
    pub fn note(self, note: Note, values: &[(&'static str, &str)]) -> String {
        let args: Vec<_> = values.iter().map(|(name, value)| (*name, Arg::Text(value))).collect();
        text(self, note.key(), "", &args)
    }

    /// What would change an answer.
    pub fn remedy(self, remedy: Remedy) -> String {
        text(self, remedy.key(), "", &[])
    }

    /// What happened; `other`: the number, device or batch that it is about besides.
    pub fn deed(self, deed: Deed, other: &str) -> String {
        text(self, deed.key(), "", &[("other", Arg::Text(other))])
    }

    /// Whose door it is.
    pub fn door(self, door: Door) -> String {
        text(self, &format!("door-{}", door.name()), "", &[])
    }

    /// What a listing says.
    pub fn class(self, class: Class) -> String {
        text(self, &format!("class-{}", class.name()), "", &[])
    }

    /// The class of a line of evidence, which may also be the kind of a pairing or the rule of a model. A word that the
    /// catalogue does not have stays as it is.
    pub fn evidence_class(self, class: &str) -> String {
        catalogue::known(self, &format!("class-{class}")).unwrap_or_else(|| class.to_owned())
    }

    /// The state of a batch.
    pub fn batch_state(self, state: BatchState) -> String {
        self.state(state.name())
    }

    /// The state of a batch or of a line of evidence, by its name.
    pub fn state(self, name: &str) -> String {
        catalogue::known(self, &format!("state-{name}")).unwrap_or_else(|| name.to_owned())
    }

    /// A term of a case, by the name that wire and files use; one that the catalogue does not have stays as it is.
    pub fn case_term(self, term: CaseTerm, name: &str) -> String {
        let key = format!("{}-{}", term.key(), name.replace(' ', "-"));
        catalogue::known(self, &key).unwrap_or_else(|| name.to_owned())
    }

    /// What a stage of blocking means, by its name on the wire.
    pub fn stage(self, name: &str) -> String {
        catalogue::known(self, &format!("stage-{name}")).unwrap_or_else(|| name.to_owned())
    }

    /// The registration of a SIM as it is told, by the names of state and stage (`unknown`: nobody handed the number in).
    /// `suket`: it rests on a temporary letter; `next`: the stage that follows, with its first day.
    pub fn registration(self, state: &str, stage: &str, suket: bool, next: Option<(&str, Day)>) -> Words {
        let key = format!("registration-{state}");
        let part = |part: &str| text(self, &key, part, &[]);
        let blocked = if stage == "none" { String::new() } else { format!(" – {}", self.stage(stage)) };
        let then = next.map_or_else(String::new, |(stage, day)| {
            let (stage, day) = (self.stage(stage), self.date(day));
            format!(
                " {}",
                text(self, "registration-next", "", &[("other", Arg::Text(&stage)), ("until", Arg::Text(&day))])
            )
        });
        let suket = if suket { format!(" {}", text(self, "registration-suket", "", &[])) } else { String::new() };
        Words {
            headline: format!("{}{blocked}", part("")),
            say: format!("{}{then}", part("say")),
            next_step: format!("{}{suket}", part("do")),
            contact: part("contact"),
        }
    }

    /// A day: `31 Des 2026`, `31 Dec 2026`.
    pub fn date(self, day: Day) -> String {
        let date = day.date();
        let (of_month, year) = (date.day().to_string(), date.year().to_string());
        let args =
            [("day", Arg::Text(&of_month)), ("month", Arg::Number(date.month().into())), ("year", Arg::Text(&year))];
        text(self, "date", "", &args)
    }

    /// A moment in Western Indonesia Time, to the minute.
    pub fn moment(self, unix_seconds: i64) -> String {
        let wib = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
        let Ok(time) = jiff::Timestamp::from_second(unix_seconds) else { return String::new() };
        let time = time.to_zoned(wib);
        let (hour, minute) = (format!("{:02}", time.hour()), format!("{:02}", time.minute()));
        let date = self.date(Day::of_unix_seconds(unix_seconds));
        let args = [("date", Arg::Text(&date)), ("hour", Arg::Text(&hour)), ("minute", Arg::Text(&minute))];
        text(self, "moment", "", &args)
    }

    /// The questions that callers ask, with their answers.
    pub fn help(self) -> Vec<Help> {
        let help = HELP.iter().map(|name| {
            let part = |part| text(self, &format!("help-{name}"), part, &[]);
            Help { name, question: part(""), answer: part("answer"), contact: part("contact") }
        });
        help.collect()
    }
}

#[cfg(test)]
mod tests;
