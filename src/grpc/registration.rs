//! The service `saring.v1.Registration`, at the Registry door: lists of subscribers, the calendar of blocking, counts.
//!
//! What always holds: the bytes of a list go from the wire to the reader and to no file; a transfer that breaks off is no
//! list; whoever belongs to an operator hands in and sees that operator's numbers only; numbers leave masked.

use super::{
    convert::{self, registration as wire},
    desk::{self, agent, request_name},
    registry::{Caller, warming_or},
    status,
};
use crate::{
    day::Day,
    desk::{Agent, Desk},
    identity::Msisdn,
    import::progress::Silent,
    listing::Door,
    principal::Role,
    proto::{self, registration_server::Registration as Service, submit_list_request::Part},
    registration::{self, By, CountFilter, ListOrder, Mode, RegistrationError, Registrations},
    registry::Registry,
};
use std::{
    io::{self, Read},
    sync::{Arc, OnceLock},
};
use tokio::sync::{Semaphore, mpsc};
use tonic::{Request, Response, Status, Streaming};

/// Lists that are read at a time: each sorts in a fifth of a gigabyte.
const LISTS_MAX: usize = 2;
/// Questions at a time that go over everything.
const QUESTIONS_MAX: usize = 4;
/// Messages of a list that wait to be read.
const AHEAD: usize = 16;
/// By how many percent a full list may be shorter, where nothing is said.
const MAX_DROP_PERCENT: u32 = 20;
/// How many percent of another operator's numbers a list may take over, where nothing is said.
const MAX_TAKEOVER_PERCENT: u32 = 20;
/// Lists that one answer has at most.
const LISTED_MAX: usize = 1000;

/// The service. Cloning copies references only.
#[derive(Clone)]
pub(super) struct RegistrationService {
    registry: Arc<OnceLock<Registry>>,
    lists: Arc<Semaphore>,
    questions: Arc<Semaphore>,
}

type Answer<T> = Result<Response<T>, Status>;

impl RegistrationService {
    pub(super) fn new(registry: Arc<OnceLock<Registry>>) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { registry, lists: places(LISTS_MAX), questions: places(QUESTIONS_MAX) }
    }

    /// Runs work on a blocking thread, so many at a time.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registrations, &Registry) -> Result<T, RegistrationError> + Send + 'static,
    ) -> Answer<T> {
        let registry = warming_or(&self.registry)?;
        let place = Arc::clone(&self.questions).acquire_owned().await.map_err(|_| status::busy())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = registry.registrations().and_then(|all| work(&all, &registry));
            drop(place);
            done
        });
        told(done.await)
    }
}

fn told<T>(done: Result<Result<T, RegistrationError>, tokio::task::JoinError>) -> Answer<T> {
    match done {
        Ok(Ok(done)) => Ok(Response::new(done)),
        Ok(Err(error)) => Err(refused(&error)),
        Err(error) => {
            tracing::error!(%error, "a call about registrations broke off");
            Err(Status::internal("the call broke off; the node's diagnostics say why"))
        }
    }
}

fn refused(error: &RegistrationError) -> Status {
    let words = error.to_string();
    match error {
        RegistrationError::Desk(error) => desk::refused(error),
        RegistrationError::List(_) => Status::invalid_argument(format!("list: {words}")),
        RegistrationError::Calendar(_) => Status::invalid_argument(format!("document: {words}")),
        RegistrationError::Invalid(_) => Status::invalid_argument(words),
        RegistrationError::NotAllowed(_) => Status::permission_denied(words),
        RegistrationError::AllOrNothing { .. }
        | RegistrationError::SuddenDrop { .. }
        | RegistrationError::SuddenTakeover { .. }
        | RegistrationError::Conflict(_) => Status::failed_precondition(words),
        RegistrationError::Store(_) | RegistrationError::Sort(_) => {
            tracing::error!(%error, "registrations cannot be used");
            Status::internal("registrations cannot be read or written; the node's diagnostics say why")
        }
    }
}

fn day(field: &str, text: &str) -> Result<Option<Day>, Status> {
    let read = || text.parse().map_err(|error| Status::invalid_argument(format!("{field}: {error}")));
    if text.is_empty() { Ok(None) } else { read().map(Some) }
}

fn given(text: String) -> Option<String> {
    Some(text.trim().to_ascii_lowercase()).filter(|text| !text.is_empty())
}

/// The operator whose numbers somebody may see and asks for.
fn seen(agent: &Agent, asked: String) -> Result<Option<String>, Status> {
    match (&agent.operator, given(asked)) {
        (Some(own), Some(asked)) if !own.eq_ignore_ascii_case(&asked) => {
            Err(Status::permission_denied(format!("operator: you ask for {own} and for nobody else")))
        }
        (Some(own), _) => Ok(Some(own.to_ascii_lowercase())),
        (None, asked) => Ok(asked),
    }
}

fn digest(field: &str, bytes: &[u8]) -> Result<Option<[u8; 32]>, Status> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let read = bytes.try_into().map_err(|_| Status::invalid_argument(format!("{field}: the 32 bytes of a SHA-256")));
    read.map(Some)
}

fn list_order(caller: &Caller, order: proto::RegistrationListOrder) -> Result<ListOrder, Status> {
    let by = Agent::of(caller.principal());
    if !caller.principal().has_for(Role::Submitter, Door::Operator) {
        return Err(Status::permission_denied(format!(
            "{} is no submitter of the door operator, through which lists of subscribers come",
            by.name
        )));
    }
    let operator = given(order.operator).or_else(|| by.operator.clone()).unwrap_or_default();
    let mode = order.mode.parse::<Mode>().map_err(|error| Status::invalid_argument(format!("mode: {error}")))?;
    let drop = order.max_drop_percent.unwrap_or(MAX_DROP_PERCENT);
    let max_drop_percent = u8::try_from(drop).map_err(|_| Status::invalid_argument("max_drop_percent: 0 to 100"))?;
    let takeover = order.max_takeover_percent.unwrap_or(MAX_TAKEOVER_PERCENT);
    let max_takeover_percent =
        u8::try_from(takeover).map_err(|_| Status::invalid_argument("max_takeover_percent: 0 to 100"))?;
    let request = request_name(order.request_id)?;
    let (sha256, today) = (digest("sha256", &order.sha256)?, registration::today());
    let all_or_nothing = order.all_or_nothing;
    Ok(ListOrder { by, operator, mode, all_or_nothing, max_drop_percent, max_takeover_percent, sha256, request, today })
}

/// A list on its way from the wire to the thread that reads it.
enum Piece {
    Data(Vec<u8>),
    /// The client said that this was all.
    End,
}

/// The list, for whoever reads. It ends well only where the client ended it.
struct Pieces {
    from: mpsc::Receiver<Piece>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && !self.ended {
            match self.from.blocking_recv() {
                Some(Piece::Data(data)) => (self.piece, self.at) = (data, 0),
                Some(Piece::End) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the transfer broke off")),
            }
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[tonic::async_trait]
impl Service for RegistrationService {
    async fn submit_list(
        &self,
        request: Request<Streaming<proto::SubmitListRequest>>,
    ) -> Answer<proto::SubmitListResponse> {
        let caller = Caller::of(&request)?;
        let registry = warming_or(&self.registry)?;
        let mut parts = request.into_inner();
        let Some(Part::Order(order)) = parts.message().await?.and_then(|message| message.part) else {
            return Err(Status::invalid_argument("the first message is the order, the bytes of the list follow it"));
        };
        let order = list_order(&caller, order)?;
        let place = Arc::clone(&self.lists).try_acquire_owned().map_err(|_| status::busy())?;
        let (give, from) = mpsc::channel(AHEAD);
        let reader = tokio::task::spawn_blocking(move || {
            let mut pieces = Pieces { from, piece: Vec::new(), at: 0, ended: false };
            let all = registry.registrations()?;
            // Checks read what lists bring, from the first one on.
            if all.live().load().is_none() {
                all.warm(registration::today())?;
            }
            let taken = all.take_in(&order, &mut pieces, &Silent);
            drop(place);
            Ok(wire::taken_in(&taken?))
        });
        loop {
            let piece = match parts.message().await? {
                Some(proto::SubmitListRequest { part: Some(Part::Data(data)) }) => Piece::Data(data),
                Some(_) => return Err(Status::invalid_argument("after the order come bytes")),
                None => Piece::End,
            };
            let is_end = matches!(piece, Piece::End);
            // Whoever reads has gone only with an answer of its own.
            if give.send(piece).await.is_err() || is_end {
                break;
            }
        }
        told(reader.await)
    }

    async fn get_lists(&self, request: Request<proto::GetListsRequest>) -> Answer<proto::GetListsResponse> {
        let by = agent(&request)?;
        let proto::GetListsRequest { operator, sha256, limit } = request.into_inner();
        let (operator, sha256) = (seen(&by, operator)?, digest("sha256", &sha256)?);
        let limit = if limit == 0 { 100 } else { (limit as usize).min(LISTED_MAX) };
        self.run(move |all, _| {
            let lists = all.lists(operator.as_deref(), sha256.as_ref(), limit)?;
            Ok(proto::GetListsResponse { lists: lists.iter().map(wire::list).collect() })
        })
        .await
    }

    async fn get_counts(&self, request: Request<proto::GetCountsRequest>) -> Answer<proto::GetCountsResponse> {
        let who = agent(&request)?;
        let proto::GetCountsRequest { by, operator, city, on, from, to } = request.into_inner();
        let by = By::read(by.iter().map(String::as_str)).map_err(|error| refused(&error))?;
        let (on, from, to) = (day("on", &on)?, day("from", &from)?, day("to", &to)?);
        let filter = CountFilter { operator: seen(&who, operator)?, city: given(city), on, from, to };
        self.run(move |all, _| {
            let keys = if who.operator.is_none() { all.cells()?.by_key() } else { Vec::new() };
            Ok(wire::counts(&all.count(by, &filter)?, &keys))
        })
        .await
    }

    async fn show_number(&self, request: Request<proto::ShowNumberRequest>) -> Answer<proto::ShowNumberResponse> {
        let by = agent(&request)?;
        let proto::ShowNumberRequest { msisdn, purpose, language, on } = request.into_inner();
        // A wrong number may still be somebody's: it is not repeated.
        let read = msisdn.parse::<Msisdn>();
        let msisdn = read.map_err(|error| Status::invalid_argument(format!("msisdn: {}", error.rule())))?;
        let (language, day) = (convert::language(&language)?, day("on", &on)?.unwrap_or_else(registration::today));
        self.run(move |all, registry| {
            let held = all.held(msisdn, day, by.operator.as_deref())?;
            let desk = Desk::open(registry.store())?;
            let audit_entry = desk.note_numbers(&by, "number", &[(msisdn, true)], &purpose)?;
            let registration = held.map(|held| wire::number(&held, language));
            Ok(proto::ShowNumberResponse { registration, audit_entry })
        })
        .await
    }

    async fn get_above_limit(
        &self,
        request: Request<proto::GetAboveLimitRequest>,
    ) -> Answer<proto::GetAboveLimitResponse> {
        let by = agent(&request)?;
        let limit = Some(request.into_inner().limit).filter(|limit| *limit > 0);
        self.run(move |all, registry| {
            let above = all.above_limit(limit, by.operator.as_deref())?;
            let numbers = above.largest.iter().flat_map(|(.., numbers)| numbers);
            let numbers: Vec<_> = numbers.map(|number| (*number, false)).collect();
            let audit_entry = Desk::open(registry.store())?.note_numbers(&by, "limit", &numbers, "")?;
            Ok(wire::above_limit(&above, audit_entry))
        })
        .await
    }

    async fn get_calendars(&self, request: Request<proto::GetCalendarsRequest>) -> Answer<proto::GetCalendarsResponse> {
        let day = day("on", &request.into_inner().on)?.unwrap_or_else(registration::today);
        self.run(move |all, _| {
            let calendars = all.calendars()?.iter().map(wire::calendar).collect();
            Ok(proto::GetCalendarsResponse { in_force: all.calendar_on(day)?.0, calendars })
        })
        .await
    }

    async fn propose_calendar(
        &self,
        request: Request<proto::ProposeCalendarRequest>,
    ) -> Answer<proto::BlockingCalendar> {
        let by = agent(&request)?;
        let proto::ProposeCalendarRequest { document, reason } = request.into_inner();
        self.run(move |all, _| Ok(wire::calendar(&all.propose(&by, &document, &reason)?))).await
    }

    async fn decide_calendar(&self, request: Request<proto::DecideCalendarRequest>) -> Answer<proto::BlockingCalendar> {
        let by = agent(&request)?;
        let proto::DecideCalendarRequest { number, approve, sha256, reason } = request.into_inner();
        let sha256 = digest("sha256", &sha256)?;
        self.run(move |all, _| {
            let seen = sha256.as_ref().map(<[u8; 32]>::as_slice);
            Ok(wire::calendar(&all.decide(&by, number, seen, approve, &reason)?))
        })
        .await
    }

    async fn preview_calendar(
        &self,
        request: Request<proto::PreviewCalendarRequest>,
    ) -> Answer<proto::PreviewCalendarResponse> {
        let proto::PreviewCalendarRequest { document, on, by_city } = request.into_inner();
        let day = day("on", &on)?.unwrap_or_else(registration::today);
        self.run(move |all, _| Ok(wire::moved(&all.preview(&document, day, by_city)?))).await
    }

    async fn rotate_identity_key(
        &self,
        request: Request<proto::RotateIdentityKeyRequest>,
    ) -> Answer<proto::RotateIdentityKeyResponse> {
        let by = agent(&request)?;
        let reason = request.into_inner().reason;
        self.run(move |all, _| {
            let version = all.rotate_key(&by, &reason)?.into();
            Ok(proto::RotateIdentityKeyResponse { version })
        })
        .await
    }
}
