//! Alarms on record: their words for every reader, and the values to tell them again in another language.
//!
//! What always holds: an entry of an older build, or with a finding of a newer one, keeps the words that it was recorded in.

use super::{AlarmRaised, Figure};
use crate::{
    alarm::Alarm,
    listing::Door,
    words::{About, Finding, Language, Said, Teller, Value},
};

impl AlarmRaised {
    /// The entry of an alarm. `batch`, `door`: 0 where it has none.
    pub fn of(alarm: &Alarm, batch: u64, door: u32) -> Self {
        let about = alarm.subject.said();
        let figures = about.values().iter().chain(alarm.what.values());
        Self {
            kind: alarm.kind.name().to_owned(),
            what: format!("{}: {}", alarm.subject, alarm.what),
            batch,
            door,
            about: about.key().to_owned(),
            finding: alarm.what.key().to_owned(),
            figures: figures.map(|(name, value)| figure(name, value)).collect(),
        }
    }

    /// What it points at and what was found, in somebody's language; none: it is on record in English words only.
    pub fn told(&self, language: Language) -> Option<String> {
        let about = About::ALL.iter().map(|about| about.key()).find(|key| *key == self.about)?;
        let finding = Finding::ALL.iter().map(|finding| finding.key()).find(|key| *key == self.finding)?;
        let values = || self.figures.iter().map(|figure| (figure.name.clone().into(), value(figure))).collect();
        let tell = |key| Said::Of(key, values()).told(Teller::To(language)).unwrap_or_default();
        Some(format!("{}: {}", tell(about), tell(finding)))
    }
}

fn figure(name: &str, value: &Value) -> Figure {
    let (sort, text) = match value {
        Value::Count(count) => (1, count.to_string()),
        Value::Share(share) => (2, share.clone()),
        Value::Day(day) => (3, day.to_string()),
        Value::Term(_, name) => (if name.parse::<Door>().is_ok() { 4 } else { 0 }, name.clone()),
        other => (0, Teller::Record.value(other)),
    };
    Figure { name: name.to_owned(), sort, text }
}

/// What cannot be read is shown as it stands.
fn value(figure: &Figure) -> Value {
    let text = || Value::Text(figure.text.chars().filter(|c| !c.is_control()).collect());
    match figure.sort {
        1 => figure.text.parse().map_or_else(|_| text(), Value::Count),
        2 => Value::Share(figure.text.chars().filter(|c| !c.is_control()).collect()),
        3 => figure.text.parse().map_or_else(|_| text(), Value::Day),
        4 => figure.text.parse::<Door>().map_or_else(|_| text(), Value::from),
        _ => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::{Kind, Severity, Subject};

    fn raised() -> AlarmRaised {
        let values = [
            ("hits", Value::Count(9)),
            ("of", Value::Count(9000)),
            ("share", Value::Share("0.10".into())),
            ("usual", Value::Share("0.00".into())),
            ("tolerated", Value::Share("0.05".into())),
        ];
        let what = Said::of(Finding::Black.key(), values);
        let subject = Subject::Brand { door: Some(Door::TppImport), brand: "Aurora".into() };
        AlarmRaised::of(&Alarm { kind: Kind::AlreadyListed, severity: Severity::Critical, subject, what }, 7, 2)
    }

    #[test]
    fn an_alarm_is_told_in_the_language_of_who_reads_it() {
        let raised = raised();
        let english = "brand Aurora at tpp-import: 9 of 9000 IMEIs (0.10 %) are on the black list; usual here 0.00 %, tolerated 0.05 %";
        assert_eq!(raised.what, english);
        let told = raised.told(Language::Indonesian).unwrap_or_default();
        assert_eq!(
            told,
            "merek Aurora di Kemenperin, impor (TPP): 9 dari 9.000 IMEI (0,10 %) ada di daftar hitam; biasanya di sini 0,00 %, batasnya 0,05 %"
        );
    }

    #[test]
    fn an_alarm_without_figures_keeps_the_words_that_it_was_recorded_in() {
        let old = AlarmRaised { about: String::new(), ..raised() };
        assert_eq!(old.told(Language::Indonesian), None);
        let newer = AlarmRaised { finding: "finding-of-tomorrow".into(), ..raised() };
        assert_eq!(newer.told(Language::Indonesian), None);
        let odd = Figure { name: "hits".into(), sort: 1, text: "nine\n".into() };
        let odd = AlarmRaised { figures: vec![odd], ..raised() };
        assert!(!odd.told(Language::Indonesian).unwrap_or_default().contains('\n'));
    }
}
