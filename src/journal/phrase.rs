//! Entries in words, for people: a line says what was changed.
//!
//! What always holds: every kind of change has words (a new kind does not compile without); texts that people have
//! entered are quoted with control characters escaped, so that no reason can pass for a line of its own.

use super::{BatchActivated, BatchStaged, Change, Entry, Source};
use crate::{
    batch::BatchState,
    day::{Day, WIB_OFFSET_SECONDS},
    ledger::OverrideAnswer,
    listing::{Class, Door},
    principal::{PrincipalKind, Role},
};

/// What an entry changed, in words.
pub fn words(entry: &Entry) -> String {
    entry.change.as_ref().map_or_else(
        || "a change that this build does not know".to_owned(),
        |change| {
            let subject = match change {
                Change::BatchStaged(_) => format!("batch {} staged: ", entry.seq),
                Change::Proposed(_) => format!("proposal {}: ", entry.seq),
                Change::OverrideSet(_) => format!("override {}: ", entry.seq),
                Change::CredentialIssued(_) => format!("credential {}: ", entry.seq),
                Change::RoleGranted(_) => format!("grant {}: ", entry.seq),
                _ => String::new(),
            };
            subject + &change_words(change)
        },
    )
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

fn change_words(change: &Change) -> String {
    words_of(change, "the beginning")
}

/// What a change that waits would do, in words. Without a moment it begins when it is approved.
pub fn order_words(change: &Change) -> String {
    words_of(change, "its approval")
}

/// `start`: when something begins that names no moment.
fn words_of(change: &Change, start: &str) -> String {
    let from_text = |unix_s: i64| match unix_s {
        0 => start.to_owned(),
        _ => time_text(unix_s.saturating_mul(1000)),
    };
    match change {
        Change::EpochStarted(started) if started.parent_epoch == 0 => "the register begins".to_owned(),
        Change::EpochStarted(started) => {
            format!("a new epoch begins behind {}.{}", started.parent_epoch, started.parent_seq)
        }
        Change::BatchStaged(staged) => staged_words(staged),
        Change::BatchActivated(body) => format!("batch {} comes into force: {}", body.batch, body_words(body)),
        Change::BatchDiscarded(discarded) => {
            format!("batch {} is given up{}", discarded.batch, because(&discarded.reason))
        }
        Change::SettingsApplied(settings) => {
            let from = from_text(settings.effective_from_unix_s);
            let lines = settings.toml.lines().filter(|line| !line.trim().is_empty()).count();
            format!("settings ({lines} lines), in force from {from}")
        }
        Change::PrincipalAdded(added) => {
            let kind = coded(added.kind, PrincipalKind::from_code, PrincipalKind::name);
            let of = if added.operator.is_empty() { String::new() } else { format!(" of {}", shown(&added.operator)) };
            format!("{kind} {}{of} is known from now on: {}", shown(&added.name), quoted(&added.title))
        }
        Change::CredentialIssued(issued) => {
            let until = time_text(issued.expires_unix_s.saturating_mul(1000));
            let what = if issued.certificate_subject.is_empty() {
                "a token".to_owned()
            } else {
                format!("certificate {}", quoted(&issued.certificate_subject))
            };
            format!("{what} for {}, until {until}", shown(&issued.principal))
        }
        Change::CredentialRevoked(revoked) => {
            format!("credential {} counts no more{}", revoked.credential, because(&revoked.reason))
        }
        Change::PrincipalRevoked(revoked) => {
            format!("{} counts no more{}", shown(&revoked.name), because(&revoked.reason))
        }
        Change::RoleGranted(granted) => {
            let role = coded(granted.role, Role::from_code, Role::name);
            let doors: Vec<String> = granted.doors.iter().map(|door| door_words(*door)).collect();
            let of = if doors.is_empty() { String::new() } else { format!(" for {}", doors.join(", ")) };
            format!("{} is {role}{of}", shown(&granted.principal))
        }
        Change::RoleWithdrawn(withdrawn) => {
            format!("grant {} ends{}", withdrawn.grant, because(&withdrawn.reason))
        }
        Change::Proposed(proposed) => {
            let what = proposed.change.as_ref().map_or_else(|| "nothing that this build knows".into(), order_words);
            format!("{what}{}", because(&proposed.reason))
        }
        Change::Endorsed(endorsed) if endorsed.state == 0 => {
            format!("proposal {} has one more approver", endorsed.subject)
        }
        Change::Endorsed(endorsed) => {
            format!("batch {} has one more approver for: {}", endorsed.subject, state_words(endorsed.state))
        }
        Change::ProposalClosed(closed) => {
            let how = if closed.approved { "approved" } else { "rejected" };
            format!("proposal {} is {how}{}", closed.proposal, because(&closed.reason))
        }
        Change::BatchSubmitted(submitted) => submitted.body.as_ref().map_or_else(
            || "a batch without body is submitted".to_owned(),
            |body| format!("batch {} is submitted: {}", body.batch, body_words(body)),
        ),
        Change::BatchStateChanged(changed) => {
            let black = day(changed.black_from_plus_one).map_or_else(String::new, |day| format!(", black from {day}"));
            let (number, state) = (changed.batch, state_words(changed.state));
            format!("batch {number} is now {state}{black}{}", because(&changed.reason))
        }
        Change::DocumentRegistered(document) => {
            let until = until(document.valid_until_plus_one);
            let (number, door) = (quoted(&document.number), door_words(document.door));
            let what = model(&document.brand, &document.model);
            format!("document {number} at {door} allows {}{what}{until}", document.quantity)
        }
        Change::OverrideSet(set) => {
            let whom = if set.operator.is_empty() { "all operators".to_owned() } else { shown(&set.operator) };
            let answer = coded(set.answer, OverrideAnswer::from_code, OverrideAnswer::name);
            let (from, until) = (from_text(set.from_unix_s), time_text(set.until_unix_s.saturating_mul(1000)));
            format!("{whom} hear {answer} from {from} until {until}{}", because(&set.reason))
        }
        Change::OverrideEnded(ended) => format!("override {} ends{}", ended.number, because(&ended.reason)),
        Change::AlarmRaised(alarm) => {
            let batch = if alarm.batch == 0 { String::new() } else { format!(" (batch {})", alarm.batch) };
            format!("alarm {}{batch}: {}", shown(&alarm.kind), quoted(&alarm.what))
        }
        Change::LimitsApplied(limits) => {
            let lines = limits.toml.lines().filter(|line| !line.trim().is_empty()).count();
            format!("limits of the doors ({lines} lines)")
        }
    }
}

fn staged_words(staged: &BatchStaged) -> String {
    let mut words = format!("{} through {}", shown(&staged.kind), door_words(staged.door));
    let class = u8::try_from(staged.class).ok().and_then(Class::from_code);
    if let Some(class) = class.filter(|class| class.name() != staged.kind) {
        words.push_str(&format!(" ({class})"));
    }
    if !staged.operator.is_empty() {
        words.push_str(&format!(" of {}", shown(&staged.operator)));
    }
    if !staged.document.is_empty() {
        words.push_str(&format!(", document {}", quoted(&staged.document)));
    }
    if staged.quantity > 0 {
        let plan = if staged.planned { " planned" } else { " declared" };
        words.push_str(&format!(", {}{plan}", staged.quantity));
    }
    words + &model(&staged.brand, &staged.model) + &until(staged.valid_until_plus_one) + &because(&staged.reason)
}

fn body_words(body: &BatchActivated) -> String {
    let names: Vec<String> = body.sources.iter().map(|Source { name, .. }| quoted(name)).collect();
    let from = if names.is_empty() { String::new() } else { format!(", from {}", names.join(", ")) };
    let rejected = if body.rejected == 0 { String::new() } else { format!(", {} rejected", body.rejected) };
    format!("{} added, {} removed{rejected}{from}", body.added, body.removed)
}

fn model(brand: &str, model: &str) -> String {
    match (brand, model) {
        ("", "") => String::new(),
        _ => format!(" of {}", quoted(format!("{brand} {model}").trim())),
    }
}

fn until(plus_one: u32) -> String {
    day(plus_one).map_or_else(String::new, |day| format!(", until {day}"))
}

fn day(plus_one: u32) -> Option<Day> {
    Day::from_stored(u16::try_from(plus_one.checked_sub(1)?).ok()?)
}

fn door_words(code: u32) -> String {
    coded(code, Door::from_code, Door::name)
}

fn state_words(code: u32) -> String {
    coded(code, BatchState::from_code, BatchState::name)
}

/// The name of a code, or the code where this build does not know it.
fn coded<T>(code: u32, from: impl Fn(u8) -> Option<T>, name: impl Fn(T) -> &'static str) -> String {
    let known = u8::try_from(code).ok().and_then(from);
    known.map_or_else(|| format!("code {code}"), |known| name(known).to_owned())
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(", because {}", quoted(reason)) }
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
