//! Wire to terms: every value of a caller is checked here, once.

mod batch;
mod operation;

pub(super) use batch::{BatchFilter, list_options, submit_order};
pub(super) use operation::operation;

use crate::{
    batch::{BatchNumber, BatchState},
    day::Day,
    grpc::status::Violation,
    identity::{Equipment, EquipmentKey, Imsi, Msisdn},
    ledger::OverrideAnswer,
    listing::{Door, TacBar, TacRule},
    principal::{PrincipalKind, Role},
    proto::{self, preview_request, propose_request::Change},
    registry::{CredentialOrder, NewPrincipal, Order, PreviewOrder, Step, StepOrder},
};
use std::str::FromStr;

/// Longest text of a caller that is not a document.
const TEXT_CHARS_MAX: usize = 500;

/// A term by its name.
pub(super) fn term<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, Violation> {
    text.parse().map_err(|error: T::Err| Violation::new(field, shown(text), error.to_string()))
}

/// A term, or nothing where the text is empty.
pub(super) fn optional<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<Option<T>, Violation> {
    if text.is_empty() { Ok(None) } else { term(field, text).map(Some) }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A text of bearable length.
pub(super) fn text(field: &str, text: String) -> Result<String, Violation> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Violation::new(field, shown(&text), format!("at most {TEXT_CHARS_MAX} characters")));
    }
    Ok(text)
}

/// A device as a person types it: its check digit is verified.
pub(super) fn imei(field: &str, text: &str) -> Result<EquipmentKey, Violation> {
    let equipment =
        Equipment::from_typed(text).map_err(|error| Violation::new(field, shown(text), error.to_string()))?;
    let key = equipment.key();
    if key.is_zero() {
        return Err(Violation::new(field, shown(text), "all zeros is no device"));
    }
    Ok(key)
}

pub(super) fn imeis(field: &str, texts: &[String]) -> Result<Vec<EquipmentKey>, Violation> {
    texts.iter().map(|text| imei(field, text)).collect()
}

pub(super) fn msisdn(field: &str, text: &str) -> Result<Option<Msisdn>, Violation> {
    let bad =
        || Violation::new(field, crate::grpc::status::masked(text), "an MSISDN is 5 to 15 digits with country code");
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| bad()) }
}

pub(super) fn imsi(field: &str, text: &str) -> Result<Option<Imsi>, Violation> {
    let bad = || Violation::new(field, crate::grpc::status::masked(text), "an IMSI is 6 to 15 digits");
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| bad()) }
}

fn credential(subject: String) -> CredentialOrder {
    if subject.is_empty() { CredentialOrder::Token } else { CredentialOrder::Certificate(subject) }
}

/// A principal that is to be known.
pub(super) fn principal(request: proto::AddPrincipalRequest) -> Result<NewPrincipal, Violation> {
    Ok(NewPrincipal {
        kind: term::<PrincipalKind>("kind", &request.kind)?,
        name: request.name,
        title: text("title", request.title)?,
        operator: text("operator", request.operator)?,
        credential: credential(request.certificate_subject),
        days: request.days,
    })
}

/// A change that takes two persons.
pub(super) fn proposal(request: proto::ProposeRequest) -> Result<Order, Violation> {
    text("reason", request.reason)?;
    let absent = || Violation::new("change", "", "name the change that is asked for");
    Ok(match request.change.ok_or_else(absent)? {
        Change::GrantRole(order) => Order::GrantRole {
            principal: order.principal,
            role: term::<Role>("grant_role.role", &order.role)?,
            doors: order.doors.iter().map(|door| term("grant_role.doors", door)).collect::<Result<_, _>>()?,
        },
        Change::IssueCredential(order) => Order::IssueCredential {
            principal: order.principal,
            credential: credential(order.certificate_subject),
            days: order.days,
        },
        Change::RegisterDocument(order) => Order::RegisterDocument {
            door: term("register_document.door", &order.door)?,
            number: text("register_document.number", order.number)?,
            quantity: order.quantity,
            brand: text("register_document.brand", order.brand)?,
            model: text("register_document.model", order.model)?,
            valid_until: optional::<Day>("register_document.valid_until", &order.valid_until)?,
            holder: text("register_document.holder", order.holder)?,
        },
        Change::SetOverride(order) => Order::SetOverride {
            operator: text("set_override.operator", order.operator)?,
            answer: term::<OverrideAnswer>("set_override.answer", &order.answer)?,
            from_unix_s: order.from_unix_s,
            until_unix_s: order.until_unix_s,
        },
        Change::ApplySettings(order) => {
            Order::ApplySettings { toml: order.toml, effective_from_unix_s: order.effective_from_unix_s }
        }
        Change::ApplyLimits(order) => Order::ApplyLimits { toml: order.toml },
    })
}

/// A step of a batch.
pub(super) fn step(request: proto::StepRequest, step: Step) -> Result<StepOrder, Violation> {
    let black_from = black_from(step, &request.black_from)?;
    Ok(StepOrder {
        batch: request.batch,
        step,
        reason: text("reason", request.reason)?,
        preview_sha256: request.preview_sha256,
        black_from,
    })
}

/// A day that is still to come, or today.
pub(super) fn not_over(field: &'static str, text: &str) -> Result<Option<Day>, Violation> {
    let day = optional::<Day>(field, text)?;
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    if day.is_some_and(|day| day < today) {
        return Err(Violation::new(field, text, "this day is over"));
    }
    Ok(day)
}

fn black_from(step: Step, text: &str) -> Result<Option<Day>, Violation> {
    let day = optional::<Day>("black_from", text)?;
    if day.is_some() && step != Step::Suspend {
        return Err(Violation::new("black_from", text, "only a suspension names it"));
    }
    Ok(day)
}

/// What is to be run dry.
pub(super) fn preview(request: proto::PreviewRequest) -> Result<PreviewOrder, Violation> {
    use preview_request::Change as Asked;
    let absent = || Violation::new("change", "", "name what is to be previewed");
    Ok(match request.change.ok_or_else(absent)? {
        Asked::Batch(batch) => {
            let step = step_named(&batch.step)?;
            PreviewOrder::Batch(BatchNumber::from(batch.batch), step, black_from(step, &batch.black_from)?)
        }
        Asked::Door(door) => {
            let state = [BatchState::Active, BatchState::Suspended, BatchState::Withdrawn];
            let state = state.into_iter().find(|state| state.name() == door.state).ok_or_else(|| {
                Violation::new("door.state", shown(&door.state), "a state is active, suspended or withdrawn")
            })?;
            PreviewOrder::Door(term::<Door>("door.door", &door.door)?, state)
        }
        Asked::Settings(settings) => PreviewOrder::Settings(settings.toml),
        Asked::TacRule(asked) => PreviewOrder::TacRule(term("tac_rule.tac", &asked.tac)?, tac_rule(&asked.rule)?),
        Asked::Proposal(number) => PreviewOrder::Proposal(number),
    })
}

/// The name of a backup: of a directory below the server's own, and of none elsewhere.
pub(super) fn backup_name(name: String) -> Result<String, Violation> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(plain) {
        return Ok(name);
    }
    let rule =
        "1 to 64 of a-z, A-Z, 0-9, '.', '-' and '_', not '.' first: it lies below the server's directory of backups";
    Err(Violation::new("name", shown(&name), rule))
}

fn step_named(name: &str) -> Result<Step, Violation> {
    let rule = "a step is approve, suspend, restore, withdraw or realise";
    Ok(match name {
        "approve" => Step::Approve,
        "suspend" => Step::Suspend,
        "restore" => Step::Restore,
        "withdraw" => Step::Withdraw,
        "realise" => Step::Realise,
        _ => return Err(Violation::new("batch.step", shown(name), rule)),
    })
}

fn tac_rule(name: &str) -> Result<TacRule, Violation> {
    let rule = |exempt_type, barred| TacRule { exempt_type, barred };
    Ok(match name {
        "exempt" => rule(true, TacBar::None),
        "bar-soft" => rule(false, TacBar::Soft),
        "bar-hard" => rule(false, TacBar::Hard),
        "none" => rule(false, TacBar::None),
        _ => {
            let words = "a rule is exempt, bar-soft, bar-hard or none";
            return Err(Violation::new("tac_rule.rule", shown(name), words));
        }
    })
}
