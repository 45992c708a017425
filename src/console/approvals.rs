//! Batches: those that wait for a decision, the page of one, and the steps that it can take.
//!
//! A step is shown before it is taken: what it would do, counted by the same dry run as over gRPC, with the alarms of the batch; the form
//! carries the digest of what was shown, and the name of a request, so that sending it twice does it once. What always holds: who may
//! decide is decided by the write path; what changed since it was shown is refused.

use super::{
    Console,
    entry::{self, AlarmView},
    fields::Fields,
    page::{Frame, Guest, Signed, grouped, show},
    preview::PreviewView,
    sessions::{hex, random},
};
use crate::{
    batch::{Batch, BatchNumber, BatchState},
    day::Day,
    ledger::Ledger,
    registry::{PreviewOrder, Registry, RegistryError, Step, StepOrder},
    store::{Hands, StoreError},
    words::Language,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// Batches that a list shows.
const LISTED_MAX: usize = 100;

/// A batch in a list.
pub(super) struct Row {
    pub(super) number: BatchNumber,
    pub(super) kind: String,
    pub(super) door: String,
    pub(super) state: String,
    pub(super) added: String,
    pub(super) document: String,
    pub(super) submitter: String,
    pub(super) alarms: usize,
    /// Who looks may decide on it.
    pub(super) is_mine: bool,
}

/// A proposal in a list.
pub(super) struct Proposed {
    pub(super) number: u64,
    pub(super) what: String,
    pub(super) proposer: String,
    pub(super) reason: String,
    pub(super) moment: String,
    /// Who looks made it: another person approves.
    pub(super) is_own: bool,
}

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    batches: Vec<Row>,
    proposals: Vec<Proposed>,
}

/// `GET /approvals`: what waits, first what waits for who looks.
pub(super) async fn approvals(State(console): State<Console>, signed: Signed) -> Response {
    let (guest, name) = (&signed.guest, signed.principal.name.as_str());
    let Some(registry) = console.registry() else { return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading") };
    let (ledger, language) = (registry.store().ledger(), guest.language);
    let mut batches = rows(registry, language, name, |batch| batch.newest().1 == BatchState::Submitted);
    batches.sort_by_key(|row| !row.is_mine);
    let proposals = ledger.open_proposals().iter().map(|(number, proposal)| Proposed {
        number: *number,
        what: crate::journal::order_told(&proposal.change, language),
        proposer: proposal.proposer.clone(),
        reason: proposal.reason.clone(),
        moment: language.moment(proposal.time_unix_ms.div_euclid(1000)),
        is_own: proposal.proposer == name,
    });
    show(&ApprovalsPage { frame: Frame::of(guest), batches, proposals: proposals.collect() })
}

#[derive(Template)]
#[template(path = "batches.html")]
struct BatchesPage {
    frame: Frame,
    batches: Vec<Row>,
}

/// `GET /batches`: the newest.
pub(super) async fn batches(State(console): State<Console>, signed: Signed) -> Response {
    let guest = &signed.guest;
    let Some(registry) = console.registry() else { return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "loading") };
    let batches = rows(registry, guest.language, &signed.principal.name, |_| true);
    show(&BatchesPage { frame: Frame::of(guest), batches })
}

/// The newest batches that are wanted.
fn rows(registry: &Registry, language: Language, name: &str, wanted: impl Fn(&Batch) -> bool) -> Vec<Row> {
    let (all, ledger) = (registry.store().batches(), registry.store().ledger());
    let found = all.iter().rev().filter(|(_, batch)| wanted(batch)).take(LISTED_MAX);
    found.map(|(number, batch)| row(&ledger, language, number, batch, is_mine(registry, name, number))).collect()
}

fn is_mine(registry: &Registry, name: &str, number: BatchNumber) -> bool {
    registry.may_take(name, number, Step::Approve).is_ok()
}

fn row(ledger: &Ledger, language: Language, number: BatchNumber, batch: &Batch, is_mine: bool) -> Row {
    Row {
        number,
        kind: language.list_kind(&batch.header.kind),
        door: language.door(batch.header.door),
        state: language.batch_state(batch.newest().1),
        added: grouped(language, batch.added),
        document: batch.header.document.clone(),
        submitter: batch.header.submitter.clone(),
        alarms: ledger.alarms().values().filter(|alarm| alarm.batch == number).count(),
        is_mine,
    }
}

/// Everything of a batch that a page shows.
struct Facts {
    row: Row,
    operator: String,
    goods: String,
    declared: String,
    mode: String,
    until: String,
    lapses: String,
    /// Why a single operation was asked for; may be empty.
    reason: String,
    steps: Vec<StepRow>,
    alarms: Vec<AlarmView>,
    endorsed_by: String,
    /// Steps that who looks may take: name in the address, and word.
    open: Vec<(&'static str, String)>,
}

/// A state that a batch took.
struct StepRow {
    moment: String,
    state: String,
    by: String,
    approver: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "batch_page.html")]
struct BatchPage {
    frame: Frame,
    batch: Facts,
}

/// `GET /batch/{number}`
pub(super) async fn batch(State(console): State<Console>, signed: Signed, Path(number): Path<BatchNumber>) -> Response {
    let (guest, name) = (&signed.guest, signed.principal.name.clone());
    let language = guest.language;
    match console.with_register(move |registry| Ok(facts(registry, language, &name, number)?)).await {
        Some(Ok(Some(batch))) => show(&BatchPage { frame: Frame::of(guest), batch }),
        Some(Ok(None)) => guest.trouble(StatusCode::NOT_FOUND, "no-batch"),
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

fn facts(
    registry: &Registry,
    language: Language,
    name: &str,
    number: BatchNumber,
) -> Result<Option<Facts>, StoreError> {
    let all = registry.store().batches();
    let Some(batch) = all.get(number) else { return Ok(None) };
    let mut steps = Vec::new();
    for (seq, state) in &batch.states {
        let entry = registry.store().entry(*seq)?.unwrap_or_default();
        let reason = match &entry.change {
            Some(crate::journal::Change::BatchStateChanged(changed)) => language.own(&changed.reason),
            _ => String::new(),
        };
        steps.push(StepRow {
            moment: language.moment(entry.time_unix_ms.div_euclid(1000)),
            state: language.batch_state(*state),
            by: entry.principal,
            approver: entry.approver,
            reason,
        });
    }
    let (header, ledger) = (&batch.header, registry.store().ledger());
    let declared = &header.declared;
    let alarms = ledger.alarms().values().filter(|alarm| alarm.batch == number);
    let open = STEPS
        .iter()
        .filter(|(step, ..)| step.leads_to(batch).is_some() && registry.may_take(name, number, *step).is_ok());
    Ok(Some(Facts {
        row: row(&ledger, language, number, batch, is_mine(registry, name, number)),
        operator: header.operator.clone(),
        goods: format!("{} {}", declared.brand, declared.model).trim().to_owned(),
        declared: if declared.quantity == 0 { String::new() } else { grouped(language, declared.quantity) },
        mode: declared.mode.clone(),
        until: header.valid_until.map(|day| language.date(day)).unwrap_or_default(),
        lapses: declared.lapses.map(|day| language.date(day)).unwrap_or_default(),
        reason: declared.reason.clone(),
        steps,
        alarms: alarms.map(|alarm| AlarmView::of(alarm, language)).collect(),
        endorsed_by: endorsed_by(&ledger, number, batch),
        open: open.map(|(_, name, word)| (*name, language.screen(word))).collect(),
    }))
}

/// Who has approved the step under way already.
fn endorsed_by(ledger: &Ledger, number: BatchNumber, batch: &Batch) -> String {
    let states = [BatchState::Active, BatchState::Suspended, BatchState::Withdrawn, BatchState::Planned];
    let endorsed = states.into_iter().flat_map(|state| ledger.endorsements(number, Some(state)));
    let names = endorsed.filter(|one| one.seq > batch.newest().0).map(|one| one.by.clone());
    names.collect::<Vec<_>>().join(", ")
}

/// Steps: name in the address, and the text of their button.
const STEPS: &[(Step, &str, &str)] = &[
    (Step::Approve, "approve", "step-approve"),
    (Step::Reject, "reject", "step-reject"),
    (Step::Suspend, "suspend", "step-suspend"),
    (Step::Restore, "restore", "step-restore"),
    (Step::Realise, "realise", "step-realise"),
    (Step::Withdraw, "withdraw", "step-withdraw"),
];

#[derive(Template)]
#[template(path = "step.html")]
struct StepPage {
    frame: Frame,
    batch: Facts,
    /// Name of the step in the address, and its word.
    step: &'static str,
    word: String,
    /// The form is sent to the page's own address.
    action: String,
    preview: Option<PreviewView>,
    request: String,
    /// The day of a suspension from which its devices are black (2026-12-31); empty: the policy says.
    black_from: String,
    /// What is wrong with that day; empty: nothing.
    wrong: String,
}

/// `GET /batch/{number}/{step}`: what it would do, and the form that does it.
pub(super) async fn step(
    State(console): State<Console>,
    signed: Signed,
    Path((number, named)): Path<(BatchNumber, String)>,
    Form(asked): Form<Vec<(String, String)>>,
) -> Response {
    let (guest, name) = (&signed.guest, signed.principal.name.clone());
    let language = guest.language;
    let Some((step, named, word)) = STEPS.iter().find(|(_, known, _)| *known == named).copied() else {
        return guest.trouble(StatusCode::NOT_FOUND, "no-such-page");
    };
    let Ok(request) = random::<16>() else { return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken") };
    let (black_from, wrong) = match black_from(&Fields::new(asked), step) {
        Ok(day) => (day, String::new()),
        Err(key) => (None, language.screen(key)),
    };
    let looked = console.with_preview(move |registry| {
        registry.may_take(&name, number, step)?;
        let Some(facts) = facts(registry, language, &name, number)? else { return Ok(None) };
        // What is refused changes no answer.
        let preview = match step {
            Step::Reject => None,
            _ => Some(PreviewView::of(&registry.preview(&PreviewOrder::Batch(number, step, black_from))?, language)),
        };
        Ok(Some((facts, preview)))
    });
    match looked.await {
        Some(Ok(Some((batch, preview)))) => {
            let (word, action) = (language.screen(word), format!("/batch/{number}/{named}"));
            let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let black_from = black_from.map(|day| day.to_string()).unwrap_or_default();
            let frame = Frame::of(guest);
            let page = StepPage { frame, batch, step: named, word, action, preview, request, black_from, wrong };
            (status, show(&page)).into_response()
        }
        Some(Ok(None)) => guest.trouble(StatusCode::NOT_FOUND, "no-batch"),
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// `POST /batch/{number}/{step}`
pub(super) async fn take(
    State(console): State<Console>,
    signed: Signed,
    Path((number, named)): Path<(BatchNumber, String)>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let guest = &signed.guest;
    let step = STEPS.iter().find(|(_, known, _)| *known == named).map(|(step, ..)| *step);
    let (Some(step), Some(preview_sha256)) = (step, unhex(fields.get("preview"))) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let (Some(request), Ok(black_from)) = (request_of(&fields), black_from(&fields, step)) else {
        return guest.trouble(StatusCode::BAD_REQUEST, "unread-form");
    };
    let hands = Hands::of(&signed.principal.name, &request);
    let reason = fields.get("reason").trim().chars().take(REASON_CHARS_MAX).collect();
    let order = StepOrder { batch: number, step, reason, preview_sha256, black_from };
    match console.with_preview(move |registry| registry.step(&hands, &order)).await {
        Some(Ok(_)) => Redirect::to(&format!("/batch/{number}")).into_response(),
        Some(Err(error)) => refused(guest, &error),
        None => guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    }
}

/// The day from which a suspension makes its devices black; else the text that says what is wrong with it.
fn black_from(fields: &Fields, step: Step) -> Result<Option<Day>, &'static str> {
    let Some(text) = fields.text("black_from").filter(|_| step == Step::Suspend) else { return Ok(None) };
    let day: Day = text.parse().map_err(|_| "wrong-day")?;
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    if day < today { Err("wrong-day-over") } else { Ok(Some(day)) }
}

/// Longest reason that somebody gives.
pub(super) const REASON_CHARS_MAX: usize = 500;

/// The name of the request that a form was given: so a form that is sent twice does what it does once.
pub(super) fn request_of(fields: &Fields) -> Option<String> {
    let named = fields.get("request");
    (named.len() == 32 && named.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| format!("console-{named}"))
}

/// Bytes from hexadecimal digits; none from nothing.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    if text.len() > 64 {
        return None;
    }
    (0..text.len()).step_by(2).map(pair).collect()
}

/// Why the register did not do it.
pub(super) fn refused(guest: &Guest, error: &RegistryError) -> Response {
    use crate::registry::Refusal;
    let status = match error {
        RegistryError::Refused(Refusal::NotAllowed(_)) => StatusCode::FORBIDDEN,
        RegistryError::Refused(Refusal::NotFound(_)) => StatusCode::NOT_FOUND,
        RegistryError::Refused(Refusal::Invalid(_)) | RegistryError::Settings(_) => StatusCode::UNPROCESSABLE_ENTITY,
        RegistryError::Refused(_) | RegistryError::SuddenDrop { .. } => StatusCode::CONFLICT,
        RegistryError::Store(_) | RegistryError::Group(_) => {
            tracing::error!(%error, "a page of the console failed");
            return guest.trouble(StatusCode::INTERNAL_SERVER_ERROR, "broken");
        }
    };
    let (heading, because) = (guest.language.screen("trouble-refused"), entry::because(error, guest.language));
    let (said, english) = entry::said(error, guest.language);
    guest.trouble_in(status, heading, because, said, english)
}

impl Console {
    /// Reads or writes the register on a blocking thread. `None`: it is not loaded, or the work broke off.
    pub(super) async fn with_register<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Option<Result<T, RegistryError>> {
        let registry = self.registry()?.clone();
        let done = tokio::task::spawn_blocking(move || work(&registry)).await;
        done.inspect_err(|error| tracing::error!(%error, "a page broke off")).ok()
    }

    /// The same for what takes both cores for a second and more: few at a time.
    pub(super) async fn with_preview<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> Result<T, RegistryError> + Send + 'static,
    ) -> Option<Result<T, RegistryError>> {
        let place = self.preview_places().acquire_owned().await.ok()?;
        self.with_register(move |registry| {
            let done = work(registry);
            drop(place);
            done
        })
        .await
    }
}

/// The digest of a preview, for a form.
pub(super) fn digest(bytes: &[u8; 32]) -> String {
    hex(bytes)
}
