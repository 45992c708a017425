//! Entries in words, for people: a line says what was changed.
//!
//! The words are those of the catalogue ([`crate::words`]), for records in English and for pages in the reader's language.
//! What always holds: every kind of change has words (a new kind does not compile without); texts that people have
//! entered are quoted with control characters escaped, so that no reason can pass for a line of its own.

use super::{AlarmRaised, BatchActivated, BatchStaged, Change, CredentialIssued, Entry, Source};
use crate::{
    batch::BatchState,
    day::{Day, WIB_OFFSET_SECONDS},
    ledger::OverrideAnswer,
    listing::{Class, Door},
    principal::{PrincipalKind, Role},
    words::{Language, Line, Teller, Value},
};

/// What an entry changed, in words for records and the command line.
pub fn words(entry: &Entry) -> String {
    Phrase(Teller::Record).entry(entry)
}

/// What an entry changed, in somebody's language.
pub fn told(entry: &Entry, language: Language) -> String {
    Phrase(Teller::To(language)).entry(entry)
}

/// What a change that waits would do, in words. Without a moment it begins when it is approved.
pub fn order_words(change: &Change) -> String {
    Phrase(Teller::Record).change(change, Line::Approval)
}

/// The same in somebody's language.
pub fn order_told(change: &Change, language: Language) -> String {
    Phrase(Teller::To(language)).change(change, Line::Approval)
}

/// The kind of an entry's change, as JSON names it.
pub fn kind(entry: &Entry) -> &'static str {
    let Some(change) = &entry.change else { return "unknown" };
    match change {
        Change::EpochStarted(_) => "epoch_started",
        Change::BatchStaged(_) => "batch_staged",
        Change::BatchActivated(_) => "batch_activated",
        Change::BatchDiscarded(_) => "batch_discarded",
        Change::SettingsApplied(_) => "settings_applied",
        Change::PrincipalAdded(_) => "principal_added",
        Change::CredentialIssued(_) => "credential_issued",
        Change::CredentialRevoked(_) => "credential_revoked",
        Change::PrincipalRevoked(_) => "principal_revoked",
        Change::RoleGranted(_) => "role_granted",
        Change::RoleWithdrawn(_) => "role_withdrawn",
        Change::Proposed(_) => "proposed",
        Change::Endorsed(_) => "endorsed",
        Change::ProposalClosed(_) => "proposal_closed",
        Change::BatchSubmitted(_) => "batch_submitted",
        Change::BatchStateChanged(_) => "batch_state_changed",
        Change::DocumentRegistered(_) => "document_registered",
        Change::OverrideSet(_) => "override_set",
        Change::OverrideEnded(_) => "override_ended",
        Change::AlarmRaised(_) => "alarm_raised",
        Change::LimitsApplied(_) => "limits_applied",
    }
}

/// Who made it, and who approved it.
pub fn hands(entry: &Entry) -> String {
    let (principal, approver) = (shown(&entry.principal), shown(&entry.approver));
    if approver.is_empty() || approver == principal { principal } else { format!("{principal} + {approver}") }
}

/// A moment in WIB, from milliseconds since the Unix epoch.
pub fn time_text(unix_ms: i64) -> String {
    let local = unix_ms.saturating_add(WIB_OFFSET_SECONDS * 1000);
    let shown = jiff::Timestamp::from_millisecond(local);
    shown.map_or_else(|_| format!("{unix_ms} ms"), |time| time.strftime("%Y-%m-%d %H:%M:%S WIB").to_string())
}

/// Entries in the words of a teller.
#[derive(Clone, Copy)]
struct Phrase(Teller);

impl Phrase {
    fn line(self, line: Line, values: &[(&'static str, Value)]) -> String {
        self.0.tell(line.key(), values)
    }

    /// A line that names a number only.
    fn of(self, line: Line, number: u64) -> String {
        self.line(line, &[("number", Value::number(number))])
    }

    fn entry(self, entry: &Entry) -> String {
        let Some(change) = &entry.change else { return self.line(Line::Unknown, &[]) };
        let what = self.change(change, Line::Beginning);
        let line = match change {
            Change::BatchStaged(_) => Line::Staged,
            Change::Proposed(_) => Line::Proposal,
            Change::OverrideSet(_) => Line::Override,
            Change::CredentialIssued(_) => Line::Credential,
            Change::RoleGranted(_) => Line::Grant,
            _ => return what,
        };
        self.line(line, &[("number", Value::number(entry.seq)), ("what", what.into())])
    }

    /// `start`: when something begins that names no moment.
    fn change(self, change: &Change, start: Line) -> String {
        let from = |unix_s: i64| match unix_s {
            0 => self.line(start, &[]).into(),
            _ => Value::Moment(unix_s),
        };
        match change {
            Change::EpochStarted(started) if started.parent_epoch == 0 => self.line(Line::Begins, &[]),
            Change::EpochStarted(started) => {
                let number = format!("{}.{}", started.parent_epoch, started.parent_seq);
                self.line(Line::Epoch, &[("number", number.into())])
            }
            Change::BatchStaged(staged) => self.staged(staged),
            Change::BatchActivated(body) => self.body(Line::Active, body),
            Change::BatchDiscarded(discarded) => {
                self.of(Line::Discarded, discarded.batch) + &self.because(&discarded.reason)
            }
            Change::SettingsApplied(settings) => {
                let moment = from(settings.effective_from_unix_s);
                self.line(Line::Settings, &[("count", lines_of(&settings.toml)), ("moment", moment)])
            }
            Change::PrincipalAdded(added) => {
                let kind = coded(added.kind, PrincipalKind::from_code, Value::principal_kind);
                let line = if added.operator.is_empty() { Line::Principal } else { Line::PrincipalOf };
                let (name, operator) = (shown(&added.name).into(), shown(&added.operator).into());
                let title = self.quoted(&added.title).into();
                self.line(line, &[("kind", kind), ("name", name), ("operator", operator), ("title", title)])
            }
            Change::CredentialIssued(issued) => self.issued(issued),
            Change::CredentialRevoked(revoked) => {
                self.of(Line::CredentialRevoked, revoked.credential) + &self.because(&revoked.reason)
            }
            Change::PrincipalRevoked(revoked) => {
                let name = shown(&revoked.name).into();
                self.line(Line::PrincipalRevoked, &[("name", name)]) + &self.because(&revoked.reason)
            }
            Change::RoleGranted(granted) => {
                let role = coded(granted.role, Role::from_code, Value::role);
                let doors: Vec<String> = granted.doors.iter().map(|code| self.0.value(&door(*code))).collect();
                let line = if doors.is_empty() { Line::Role } else { Line::RoleFor };
                let (name, doors) = (shown(&granted.principal).into(), doors.join(", ").into());
                self.line(line, &[("name", name), ("role", role), ("doors", doors)])
            }
            Change::RoleWithdrawn(withdrawn) => {
                self.of(Line::GrantEnds, withdrawn.grant) + &self.because(&withdrawn.reason)
            }
            Change::Proposed(proposed) => {
                let what = proposed.change.as_ref();
                let what = what
                    .map_or_else(|| self.line(Line::UnknownOrder, &[]), |change| self.change(change, Line::Approval));
                what + &self.because(&proposed.reason)
            }
            Change::Endorsed(endorsed) if endorsed.state == 0 => self.of(Line::EndorsedProposal, endorsed.subject),
            Change::Endorsed(endorsed) => {
                let number = Value::number(endorsed.subject);
                self.line(Line::EndorsedBatch, &[("number", number), ("state", state(endorsed.state))])
            }
            Change::ProposalClosed(closed) => {
                let line = if closed.approved { Line::Approved } else { Line::Rejected };
                self.of(line, closed.proposal) + &self.because(&closed.reason)
            }
            Change::BatchSubmitted(submitted) => match &submitted.body {
                None => self.line(Line::SubmittedBare, &[]),
                Some(body) => self.body(Line::Submitted, body),
            },
            Change::BatchStateChanged(changed) => {
                let black = |day: Day| self.line(Line::BlackFrom, &[("from", day.into())]);
                let black = day(changed.black_from_plus_one).map_or_else(String::new, black);
                let number = Value::number(changed.batch);
                let now = self.line(Line::State, &[("number", number), ("state", state(changed.state))]);
                now + &black + &self.because(&changed.reason)
            }
            Change::DocumentRegistered(document) => {
                let values = [
                    ("number", quoted(&document.number).into()),
                    ("door", door(document.door)),
                    ("count", Value::Count(document.quantity)),
                ];
                let what = self.model(&document.brand, &document.model);
                self.line(Line::Document, &values) + &what + &self.until(document.valid_until_plus_one)
            }
            Change::OverrideSet(set) => {
                let operator =
                    if set.operator.is_empty() { self.line(Line::AllOperators, &[]) } else { shown(&set.operator) };
                let answer = |answer: OverrideAnswer| Value::term("answer", answer.name());
                let values = [
                    ("operator", operator.into()),
                    ("answer", coded(set.answer, OverrideAnswer::from_code, answer)),
                    ("moment", from(set.from_unix_s)),
                    ("until", Value::Moment(set.until_unix_s)),
                ];
                self.line(Line::Answer, &values) + &self.because(&set.reason)
            }
            Change::OverrideEnded(ended) => self.of(Line::OverrideEnds, ended.number) + &self.because(&ended.reason),
            Change::AlarmRaised(alarm) => self.alarm(alarm),
            Change::LimitsApplied(limits) => self.line(Line::Limits, &[("count", lines_of(&limits.toml))]),
        }
    }

    fn issued(self, issued: &CredentialIssued) -> String {
        let subject = &issued.certificate_subject;
        let line = if subject.is_empty() { Line::Token } else { Line::Certificate };
        let (name, until) = (shown(&issued.principal).into(), Value::Moment(issued.expires_unix_s));
        self.line(line, &[("subject", quoted(subject).into()), ("name", name), ("moment", until)])
    }

    fn alarm(self, alarm: &AlarmRaised) -> String {
        let (kind, what) = match self.0 {
            Teller::Record => (shown(&alarm.kind), quoted(&alarm.what)),
            Teller::To(language) => {
                (shown(&language.alarm(&alarm.kind)), alarm.told(language).unwrap_or_else(|| quoted(&alarm.what)))
            }
        };
        let line = if alarm.batch == 0 { Line::Alarm } else { Line::AlarmOf };
        self.line(line, &[("kind", kind.into()), ("number", Value::number(alarm.batch)), ("what", what.into())])
    }

    fn staged(self, staged: &BatchStaged) -> String {
        let kind = Value::Term(format!("kind-{}", staged.kind), shown(&staged.kind));
        let mut words = self.line(Line::Through, &[("kind", kind), ("door", door(staged.door))]);
        let class = u8::try_from(staged.class).ok().and_then(Class::from_code);
        if let Some(class) = class.filter(|class| class.name() != staged.kind) {
            words = format!("{words} {}", self.line(Line::Class, &[("class", Value::term("class", class.name()))]));
        }
        if !staged.operator.is_empty() {
            words = format!("{words} {}", self.line(Line::Of, &[("operator", shown(&staged.operator).into())]));
        }
        if !staged.document.is_empty() {
            words += &self.line(Line::ByDocument, &[("document", quoted(&staged.document).into())]);
        }
        if staged.quantity > 0 {
            let line = if staged.planned { Line::Planned } else { Line::Declared };
            words += &self.line(line, &[("count", Value::Count(staged.quantity))]);
        }
        let what = self.model(&staged.brand, &staged.model);
        words + &what + &self.until(staged.valid_until_plus_one) + &self.because(&staged.reason)
    }

    fn body(self, line: Line, body: &BatchActivated) -> String {
        let (added, removed) = (Value::Count(body.added), Value::Count(body.removed));
        let mut what = self.line(Line::Rows, &[("added", added), ("removed", removed)]);
        if body.rejected > 0 {
            what += &self.line(Line::RejectedRows, &[("count", Value::Count(body.rejected))]);
        }
        let names: Vec<String> = body.sources.iter().map(|Source { name, .. }| quoted(name)).collect();
        if !names.is_empty() {
            what += &self.line(Line::FromFiles, &[("files", names.join(", ").into())]);
        }
        self.line(line, &[("number", Value::number(body.batch)), ("what", what.into())])
    }

    fn model(self, brand: &str, model: &str) -> String {
        let name = format!("{brand} {model}");
        match name.trim() {
            "" => String::new(),
            name => format!(" {}", self.line(Line::OfModel, &[("model", quoted(name).into())])),
        }
    }

    fn until(self, plus_one: u32) -> String {
        day(plus_one).map_or_else(String::new, |day| self.line(Line::Until, &[("until", day.into())]))
    }

    /// A text that somebody gave; the register's own words in the reader's language, and a dash for nothing on a page.
    fn quoted(self, text: &str) -> String {
        match self.0 {
            Teller::To(_) if text.is_empty() => "–".to_owned(),
            Teller::To(language) => quoted(&language.own(text)),
            Teller::Record => quoted(text),
        }
    }

    fn because(self, reason: &str) -> String {
        if reason.is_empty() {
            String::new()
        } else {
            self.line(Line::Because, &[("reason", self.quoted(reason).into())])
        }
    }
}

/// How many lines of a document say something.
fn lines_of(toml: &str) -> Value {
    Value::Count(toml.lines().filter(|line| !line.trim().is_empty()).count() as u64)
}

fn day(plus_one: u32) -> Option<Day> {
    Day::from_stored(u16::try_from(plus_one.checked_sub(1)?).ok()?)
}

fn door(code: u32) -> Value {
    coded(code, Door::from_code, Value::from)
}

fn state(code: u32) -> Value {
    coded(code, BatchState::from_code, Value::state)
}

/// The term of a code, or the code where this build does not know it.
fn coded<T>(code: u32, from: impl Fn(u8) -> Option<T>, term: impl Fn(T) -> Value) -> Value {
    let known = u8::try_from(code).ok().and_then(from);
    known.map_or_else(|| format!("code {code}").into(), term)
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A name that was checked when it was taken in; whatever it is, it stays on its line.
fn shown(name: &str) -> String {
    if name.chars().any(char::is_control) { quoted(name) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{
        AlarmRaised, BatchDiscarded, BatchStateChanged, CredentialIssued, OverrideSet, Proposed, RoleGranted,
    };

    fn of(seq: u64, change: Change) -> String {
        words(&Entry { seq, change: Some(change), ..Entry::default() })
    }

    #[test]
    fn changes_are_told_in_words() {
        let staged = BatchStaged {
            kind: "registered".into(),
            door: 2,
            class: 1,
            document: "TPP-7".into(),
            quantity: 40,
            brand: "Aurora".into(),
            valid_until_plus_one: 20_001,
            ..BatchStaged::default()
        };
        let want = r#"batch 9 staged: registered through tpp-import, document "TPP-7", 40 declared of "Aurora", until 2024-10-04"#;
        assert_eq!(of(9, Change::BatchStaged(staged)), want);
        let changed =
            BatchStateChanged { batch: 9, state: 4, reason: "too many".into(), ..BatchStateChanged::default() };
        let changed = Change::BatchStateChanged(changed);
        assert_eq!(of(12, changed.clone()), r#"batch 9 is now suspended, because "too many""#);
        let proposed = Proposed { reason: "court".into(), change: Some(changed) };
        let want = r#"proposal 12: batch 9 is now suspended, because "too many", because "court""#;
        assert_eq!(of(12, Change::Proposed(Box::new(proposed))), want);
        let granted = RoleGranted { principal: "ani".into(), role: 3, doors: vec![1, 99] };
        assert_eq!(of(5, Change::RoleGranted(granted)), "grant 5: ani is approver for tpp-production, code 99");
        let token = CredentialIssued { principal: "ani".into(), ..CredentialIssued::default() };
        assert_eq!(
            of(6, Change::CredentialIssued(token)),
            "credential 6: a token for ani, until 1970-01-01 07:00:00 WIB"
        );
        let set = OverrideSet { answer: 1, reason: "fire".into(), until_unix_s: 60, ..OverrideSet::default() };
        let want =
            r#"override 8: all operators hear white from the beginning until 1970-01-01 07:01:00 WIB, because "fire""#;
        assert_eq!(of(8, Change::OverrideSet(set)), want);
        let unknown = words(&Entry::default());
        assert_eq!(unknown, "a change that this build does not know");
    }

    #[test]
    fn no_text_leaves_its_line() {
        let reason = "x\n7  2026-01-01 somebody else".to_owned();
        let discarded = Change::BatchDiscarded(BatchDiscarded { batch: 1, reason });
        assert!(!of(2, discarded).contains('\n'));
        let alarm = AlarmRaised { kind: "mix\u{1b}[2J".into(), what: "a\rb".into(), ..AlarmRaised::default() };
        assert!(!of(2, Change::AlarmRaised(alarm)).chars().any(char::is_control));
        let entry = Entry { principal: "a\nb".into(), approver: "c".into(), ..Entry::default() };
        assert_eq!(hands(&entry), "\"a\\nb\" + c");
    }
}
