//! What is told of registrations, for people and for programs.

use super::{Told, some};
use crate::{
    cli::{
        change::hex,
        grouped,
        table::{lines, table, time},
    },
    proto,
};
use serde_json::{Value, json};

/// Bad rows that people are shown.
const REJECTS_SHOWN: usize = 10;

/// For people.
pub(super) fn text(told: &Told, seconds: f64) -> String {
    match told {
        Told::List(taken) => list(taken, seconds),
        Told::Lists(lists) => listed(lists),
        Told::Counts(counts) => counted(counts),
        Told::Number(number) => match &number.registration {
            Some(registration) => shown(registration),
            None => "nobody handed this number in, or it is another operator's".to_owned(),
        },
        Told::AboveLimit(above) => above_limit(above),
        Told::Calendars(told) => calendars(told),
        Told::Document(document) => document.trim_end().to_owned(),
        Told::Calendar(calendar) => {
            let told = lines(&[
                ("calendar", calendar.number.to_string()),
                ("state", calendar.state.clone()),
                ("proposed by", calendar.proposed_by.clone()),
                ("decided by", calendar.decided_by.clone()),
                ("sha256", hex(&calendar.sha256)),
            ]);
            if calendar.blocks_nobody { format!("{told}\n{BLOCKS_NOBODY}") } else { told }
        }
        Told::Moved(moved) => preview(moved),
        Told::Key(version) => format!("key {version} is the newest: rows get it when a list brings them again"),
    }
}

fn list(taken: &proto::SubmitListResponse, seconds: f64) -> String {
    let list = taken.list.clone().unwrap_or_default();
    let rejects = taken.rejects.iter().take(REJECTS_SHOWN);
    let rejects: Vec<_> = rejects
        .map(|reject| format!("line {}, {} {:?}: {}", reject.line, reject.column, reject.value, reject.rule))
        .collect();
    let from = list.ported_from.iter().map(|from| format!(", {} from {}", grouped(from.numbers), from.operator));
    let ported = format!("{}{}", grouped(list.ported_in), from.collect::<String>());
    let count = |number: u64| if number == 0 { String::new() } else { grouped(number) };
    let rate = if seconds > 0.0 { (list.rows as f64 / seconds) as u64 } else { 0 };
    lines(&[
        ("list", format!("{} of {}, {} ({})", list.number, list.operator, list.mode, list.state)),
        ("rows", format!("{}, {} rejected", grouped(list.rows), grouped(list.rejected))),
        ("added", grouped(list.added)),
        ("updated", grouped(list.updated)),
        ("unchanged", grouped(list.unchanged)),
        ("withdrawn", withdrawn(list.withdrawn, list.unnamed)),
        ("ported in", if list.ported_in == 0 { String::new() } else { ported }),
        ("not held", count(list.absent)),
        ("of others", count(list.not_own)),
        ("rejected", rejects.join("\n")),
        ("audit entry", list.audit_entry.to_string()),
        ("repeated", if taken.repeated { "this request had been carried out before".into() } else { String::new() }),
        ("took", format!("{seconds:.1} s, {} rows a second", grouped(rate))),
    ])
}

/// How many numbers left, and how many of them because a full list did not name them.
fn withdrawn(named: u64, unnamed: u64) -> String {
    let why =
        if unnamed == 0 { String::new() } else { format!(", {} of them not named by the list", grouped(unnamed)) };
    format!("{}{why}", grouped(named + unnamed))
}

fn listed(lists: &[proto::RegistrationList]) -> String {
    let row = |list: &proto::RegistrationList| {
        [
            list.number.to_string(),
            time(list.unix_s),
            list.operator.clone(),
            list.mode.clone(),
            list.state.clone(),
            list.by.clone(),
            grouped(list.rows),
            grouped(list.rejected),
            grouped(list.added),
            grouped(list.updated),
            grouped(list.withdrawn + list.unnamed),
            grouped(list.ported_in),
        ]
    };
    let head = [
        "list",
        "time",
        "operator",
        "mode",
        "state",
        "by",
        "rows",
        "rejected",
        "added",
        "updated",
        "withdrawn",
        "ported in",
    ];
    table(head, &lists.iter().map(row).collect::<Vec<_>>())
}

fn counted(counts: &proto::GetCountsResponse) -> String {
    let mut rows = Vec::new();
    for day in &counts.days {
        for one in &day.counts {
            rows.push([
                day.day.clone(),
                one.operator.clone(),
                one.city.clone(),
                one.state.clone(),
                one.identity.clone(),
                one.stage.clone(),
                grouped(one.numbers),
            ]);
        }
    }
    table(["day", "operator", "city", "state", "identity", "stage", "numbers"], &rows)
}

/// The registration of a number, which stands beside an equipment's answer.
pub(in crate::cli) fn shown(one: &proto::NumberRegistration) -> String {
    let next =
        if one.next_day.is_empty() { String::new() } else { format!("{} from {}", one.next_stage, one.next_day) };
    let contact = if one.contact == "-" { String::new() } else { one.contact.clone() };
    let text = lines(&[
        ("number", one.number.clone()),
        ("operator", one.operator.clone()),
        ("city", one.city.clone()),
        ("state", format!("{}, since {}", one.state, one.since)),
        ("identity", one.identity.clone()),
        ("blocked", one.stage.clone()),
        ("next", next),
        ("say", one.say.clone()),
        ("do", one.next_step.clone()),
        ("contact", contact),
    ]);
    format!("{}\n\n{text}", one.headline)
}

fn above_limit(above: &proto::GetAboveLimitResponse) -> String {
    if above.limit == 0 {
        return "the calendar has no limit: name one (--limit 3)".to_owned();
    }
    let operators = above
        .operators
        .iter()
        .map(|one| [one.operator.clone(), grouped(one.identities), grouped(one.numbers), grouped(one.most)]);
    let largest = above
        .largest
        .iter()
        .take(20)
        .map(|one| [one.operator.clone(), one.hash.clone(), grouped(one.count), one.numbers.join(" ")]);
    let operators = table(["operator", "identities", "numbers", "most"], &operators.collect::<Vec<_>>());
    let largest = table(["operator", "identity", "count", "numbers"], &largest.collect::<Vec<_>>());
    format!("more than {} numbers\n{operators}\n\n{largest}", above.limit)
}

/// Said of a calendar that is no mistake of form, and maybe one of meaning.
const BLOCKS_NOBODY: &str = "warning: this calendar blocks nobody: no state with a stage that begins stands in it";

fn calendars(told: &proto::GetCalendarsResponse) -> String {
    let row = |one: &proto::BlockingCalendar| {
        let in_force = if one.number == told.in_force { "in force" } else { "" };
        [
            one.number.to_string(),
            one.state.clone(),
            in_force.to_owned(),
            one.proposed_by.clone(),
            time(one.proposed_unix_s),
            one.decided_by.clone(),
            time(one.decided_unix_s),
            hex(one.sha256.get(..8).unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = told.calendars.iter().map(row).collect();
    let head = ["calendar", "state", "now", "proposed by", "proposed", "decided by", "decided", "sha256"];
    let found = told.calendars.iter().find(|one| one.number == told.in_force);
    let document = found.map_or_else(String::new, |one| format!("\n\n{}", one.document.trim_end()));
    format!("{}{document}", table(head, &rows))
}

fn preview(moved: &proto::PreviewCalendarResponse) -> String {
    let row = |one: &proto::StageMove| {
        [one.operator.clone(), one.city.clone(), one.from.clone(), one.to.clone(), grouped(one.numbers)]
    };
    let rows: Vec<_> = moved.moves.iter().map(row).collect();
    let head = lines(&[
        ("day", moved.day.clone()),
        ("numbers", format!("{} of {} move", grouped(moved.moved), grouped(moved.numbers))),
        ("in force", if moved.calendar == 0 { "none".to_owned() } else { moved.calendar.to_string() }),
        ("sha256", hex(&moved.sha256)),
    ]);
    let head = if moved.blocks_nobody { format!("{head}\n{BLOCKS_NOBODY}") } else { head };
    if rows.is_empty() {
        head
    } else {
        format!("{head}\n{}", table(["operator", "city", "from", "to", "numbers"], &rows))
    }
}

/// For programs.
pub(super) fn json(told: &Told, seconds: f64) -> Value {
    match told {
        Told::List(taken) => {
            let rejects = taken.rejects.iter().map(|reject| {
                json!({"line": reject.line, "column": reject.column, "value": reject.value, "rule": reject.rule})
            });
            json!({
                "list": taken.list.as_ref().map(list_json),
                "rejects": rejects.collect::<Vec<_>>(),
                "repeated": taken.repeated,
                "seconds": seconds,
            })
        }
        Told::Lists(lists) => lists.iter().map(list_json).collect::<Vec<_>>().into(),
        Told::Counts(counts) => {
            let count = |one: &proto::RegistrationCount| {
                json!({
                    "operator": some(&one.operator), "city": one.city, "state": some(&one.state),
                    "identity": some(&one.identity), "stage": some(&one.stage), "numbers": one.numbers,
                })
            };
            let days = counts.days.iter().map(|day| {
                let counts: Vec<_> = day.counts.iter().map(count).collect();
                json!({"day": day.day, "calendar": day.calendar, "counts": counts})
            });
            let keys = counts.keys.iter().map(|key| json!({"version": key.version, "numbers": key.numbers}));
            json!({"days": days.collect::<Vec<_>>(), "keys": keys.collect::<Vec<_>>(), "seconds": seconds})
        }
        Told::Number(number) => json!({
            "registration": number.registration.as_ref().map(number_json),
            "audit_entry": number.audit_entry,
        }),
        Told::AboveLimit(above) => {
            let operators = above.operators.iter().map(|one| {
                json!({"operator": one.operator, "identities": one.identities, "numbers": one.numbers, "most": one.most})
            });
            let largest = above.largest.iter().map(|one| {
                json!({"operator": one.operator, "identity": one.hash, "count": one.count, "numbers": one.numbers})
            });
            json!({
                "limit": above.limit, "operators": operators.collect::<Vec<_>>(), "largest": largest.collect::<Vec<_>>(),
                "audit_entry": above.audit_entry, "seconds": seconds,
            })
        }
        Told::Calendars(told) => {
            json!({"in_force": told.in_force, "calendars": told.calendars.iter().map(calendar_json).collect::<Vec<_>>()})
        }
        Told::Document(document) => json!({"document": document}),
        Told::Calendar(calendar) => calendar_json(calendar),
        Told::Moved(moved) => {
            let moves = moved.moves.iter().map(|one| {
                json!({"operator": one.operator, "city": one.city, "from": one.from, "to": one.to, "numbers": one.numbers})
            });
            json!({
                "day": moved.day, "in_force": moved.calendar, "sha256": hex(&moved.sha256), "moved": moved.moved,
                "numbers": moved.numbers, "blocks_nobody": moved.blocks_nobody,
                "moves": moves.collect::<Vec<_>>(), "seconds": seconds,
            })
        }
        Told::Key(version) => json!({"key": version}),
    }
}

fn list_json(list: &proto::RegistrationList) -> Value {
    let from = list.ported_from.iter().map(|from| json!({"operator": from.operator, "numbers": from.numbers}));
    json!({
        "number": list.number, "time": time(list.unix_s), "by": list.by, "operator": list.operator, "mode": list.mode,
        "state": list.state, "applied": time(list.applied_unix_s), "rows": list.rows, "rejected": list.rejected,
        "added": list.added, "updated": list.updated, "unchanged": list.unchanged, "withdrawn": list.withdrawn,
        "unnamed": list.unnamed, "ported_in": list.ported_in, "ported_from": from.collect::<Vec<_>>(),
        "absent": list.absent, "not_own": list.not_own, "audit_entry": list.audit_entry,
    })
}

/// The registration of a number, for programs.
pub(in crate::cli) fn number_json(one: &proto::NumberRegistration) -> Value {
    json!({
        "number": one.number, "operator": one.operator, "city": one.city, "state": one.state,
        "identity": some(&one.identity), "since": one.since, "stage": one.stage, "next_stage": some(&one.next_stage),
        "next_day": some(&one.next_day), "calendar": one.calendar, "key_version": one.key_version,
        "headline": one.headline, "say": one.say, "next_step": one.next_step, "contact": one.contact,
    })
}

fn calendar_json(one: &proto::BlockingCalendar) -> Value {
    json!({
        "number": one.number, "state": one.state, "sha256": hex(&one.sha256), "document": one.document,
        "proposed_by": one.proposed_by, "proposed": time(one.proposed_unix_s), "decided_by": one.decided_by,
        "decided": time(one.decided_unix_s), "reason": one.reason, "audit_entries": one.audit_entries,
        "blocks_nobody": one.blocks_nobody,
    })
}
