//! The service `saring.v1.EquipmentCheck`.

use super::{
    asking::AskerOperator,
    convert::{self, BatchAnswers},
    gate::Deadline,
    lag::Lag,
    status::{self, Violation},
    stream::{Answers, Manner},
};
use crate::{
    check::{Answer, Checker, EquipmentValue, Explain, ExplainError, Inquiry, NotReady, When},
    desk::{BlackAnswer, BlackSender},
    hot::HotSets,
    limits,
    metrics::{Refusal, Tally},
    policy::{Reason, Status::Blacklisted},
    proto::{self, equipment_check_server::EquipmentCheck},
    revision::Revision,
};
use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::sync::{Semaphore, watch};
use tonic::{Request, Response, Status, Streaming};

/// What the calls of one check runtime share. No other runtime writes it.
#[derive(Debug)]
pub(super) struct Runtime {
    /// The read path.
    pub(super) checker: Checker,
    /// How late the runtime runs.
    pub(super) lag: Lag,
    /// What it has done.
    pub(super) tally: Arc<Tally>,
    /// Where black answers go on record.
    black: BlackSender,
    calls: AtomicU64,
}

impl Runtime {
    pub(super) fn new(checker: Checker, tally: Arc<Tally>, black: BlackSender) -> Self {
        Self { checker, lag: Lag::new(Arc::clone(&tally)), tally, black, calls: AtomicU64::new(0) }
    }

    /// Puts a black answer where the desk takes it on record. Never waits.
    fn refuse(&self, inquiry: &Inquiry, operator: Option<&str>, reason: Reason, revision: Revision) {
        if let EquipmentValue::Key(key) = inquiry.equipment {
            let Inquiry { msisdn, imsi, .. } = *inquiry;
            self.black.push(BlackAnswer { key, msisdn, imsi, operator: operator.map(Box::from), reason, revision });
        }
    }

    /// The time, for one call in [`limits::CALLS_PER_TIMED_CALL`].
    fn timed(&self) -> Option<Instant> {
        let call = self.calls.load(Ordering::Relaxed);
        self.calls.store(call.wrapping_add(1), Ordering::Relaxed);
        (call & (limits::CALLS_PER_TIMED_CALL - 1) == 0).then(Instant::now)
    }
}

/// Explanations: apart from the checks, on blocking threads of the side runtime.
pub(super) struct Explanations {
    pub(super) explain: OnceLock<Arc<dyn Explain>>,
    places: Arc<Semaphore>,
    side: tokio::runtime::Handle,
}

impl Explanations {
    pub(super) fn new(side: tokio::runtime::Handle) -> Self {
        Self { explain: OnceLock::new(), places: Arc::new(Semaphore::new(limits::EXPLANATIONS_MAX)), side }
    }
}

/// The service on one check runtime. Cloning copies references only.
#[derive(Clone)]
pub(super) struct CheckService {
    runtime: Arc<Runtime>,
    explanations: Arc<Explanations>,
    draining: watch::Receiver<bool>,
    /// The operator of the one who asks, where it is known.
    asker: Option<Arc<str>>,
}

/// Why a question got no verdict.
#[derive(Debug)]
pub(super) enum Refused {
    Invalid(Violation),
    NotReady,
}

impl From<Violation> for Refused {
    fn from(violation: Violation) -> Self {
        Self::Invalid(violation)
    }
}

impl From<NotReady> for Refused {
    fn from(_: NotReady) -> Self {
        Self::NotReady
    }
}

impl CheckService {
    pub(super) fn new(runtime: Arc<Runtime>, explanations: Arc<Explanations>, draining: watch::Receiver<bool>) -> Self {
        Self { runtime, explanations, draining, asker: None }
    }

    /// The service for the caller of a request.
    fn asked_by(&self, extensions: &http::Extensions) -> Cow<'_, Self> {
        match AskerOperator::of(extensions) {
            None => Cow::Borrowed(self),
            asker => Cow::Owned(Self { asker, ..self.clone() }),
        }
    }

    /// The operator for which a question is: the asker's own, where that is known.
    fn operator<'a>(&'a self, named: &'a str) -> Result<Option<&'a str>, Violation> {
        let named = convert::operator(named)?;
        match (&self.asker, named) {
            (Some(own), Some(named)) if !own.eq_ignore_ascii_case(named) => {
                Err(Violation::new("operator", named, format!("you ask for {own} and for nobody else")))
            }
            (Some(own), _) => Ok(Some(own)),
            (None, named) => Ok(named),
        }
    }

    /// Answers one question.
    pub(super) fn answer(&self, request: &proto::CheckRequest) -> Result<proto::CheckResponse, Refused> {
        let begun = self.runtime.timed();
        fail::fail_point!("check-slow");
        let (inquiry, operator) = (convert::inquiry(request)?, self.operator(&request.operator)?);
        let answer = self.runtime.checker.check(&inquiry, operator)?;
        let response = self.response(&answer, &inquiry, operator, request);
        if let Some(begun) = begun {
            let took = begun.elapsed();
            self.runtime.lag.handled(took);
            self.runtime.tally.time_check(took);
        }
        Ok(response)
    }

    const CHECKS: Manner<proto::CheckRequest, proto::CheckResponse> =
        Manner { answer: Self::answer_run, together: HotSets::TOGETHER, run_max: limits::STREAM_RUN_CHECKS };
    const BATCHES: Manner<proto::CheckBatchRequest, proto::CheckBatchResponse> = Manner {
        answer: |service, requests, answers| {
            let mut given = requests.iter().map(|request| service.answer_batch(request));
            until_refused(&mut given, answers);
        },
        together: 1,
        run_max: limits::STREAM_RUN_BATCHES,
    };

    /// Answers questions of a stream that have arrived together, up to the first one that is refused.
    fn answer_run(
        &self,
        requests: &[proto::CheckRequest],
        answers: &mut VecDeque<Result<proto::CheckResponse, Refused>>,
    ) {
        if let [request] = requests {
            return answers.push_back(self.answer(request));
        }
        let begun = Instant::now();
        // Those of one operator together: nearly always all of them.
        for requests in requests.chunk_by(|one, other| one.operator == other.operator) {
            if !self.answer_together(requests, answers) {
                break;
            }
        }
        let took = begun.elapsed() / requests.len() as u32;
        self.runtime.lag.handled(took);
        self.runtime.tally.time_check(took);
    }

    /// Answers questions of one operator. Gives whether none was refused.
    fn answer_together(
        &self,
        requests: &[proto::CheckRequest],
        answers: &mut VecDeque<Result<proto::CheckResponse, Refused>>,
    ) -> bool {
        let (mut inquiries, mut refused) = (Vec::with_capacity(requests.len()), None);
        let operator = requests.first().map(|request| self.operator(&request.operator)).transpose();
        let operator = operator.map(Option::flatten).unwrap_or_else(|violation| {
            refused = Some(violation.into());
            None
        });
        for request in requests {
            fail::fail_point!("check-slow");
            match convert::inquiry(request) {
                _ if refused.is_some() => break,
                Ok(inquiry) => inquiries.push(inquiry),
                Err(violation) => refused = Some(violation.into()),
            }
        }
        let mut verdicts = Vec::with_capacity(inquiries.len());
        match self.runtime.checker.check_batch(&inquiries, operator, |_, verdict| verdicts.push(*verdict)) {
            Ok(basis) => {
                let given = verdicts.into_iter().zip(&inquiries).zip(requests);
                answers.extend(given.map(|((verdict, inquiry), request)| {
                    Ok(self.response(&Answer { verdict, basis }, inquiry, operator, request))
                }));
            }
            Err(NotReady) => refused = Some(Refused::NotReady),
        }
        let is_refused = refused.is_some();
        answers.extend(refused.map(Err));
        !is_refused
    }

    /// An answer on its way out: counted, black ones put on record.
    fn response(
        &self,
        answer: &Answer,
        inquiry: &Inquiry,
        operator: Option<&str>,
        request: &proto::CheckRequest,
    ) -> proto::CheckResponse {
        self.runtime.tally.count(answer.verdict.status, answer.verdict.reason);
        if answer.verdict.status == Blacklisted {
            self.runtime.refuse(inquiry, operator, answer.verdict.reason, answer.basis.revision);
        }
        let mut response = convert::response(answer);
        if let (true, Some(msisdn)) = (request.with_registration, inquiry.msisdn) {
            let hot = self.runtime.checker.registrations();
            response.registration = Some(convert::checked_registration(hot.as_deref(), msisdn, self.asker.as_deref()));
        }
        response
    }

    /// Answers one batch.
    pub(super) fn answer_batch(
        &self,
        request: &proto::CheckBatchRequest,
    ) -> Result<proto::CheckBatchResponse, Refused> {
        let begun = Instant::now();
        let inquiries = convert::inquiries(request)?;
        let operator = self.operator(&request.operator)?;
        let mut answers = BatchAnswers::new(inquiries.len(), request.with_valid_until);
        let tally = &self.runtime.tally;
        let mut black = Vec::new();
        let basis = self.runtime.checker.check_batch(&inquiries, operator, |i, verdict| {
            tally.count(verdict.status, verdict.reason);
            answers.set(i, verdict);
            if verdict.status == Blacklisted {
                black.push((i, verdict.reason));
            }
        })?;
        for (i, reason) in black {
            self.runtime.refuse(&inquiries[i], operator, reason, basis.revision);
        }
        let took = begun.elapsed();
        self.runtime.lag.handled(took);
        tally.time_batch(took);
        Ok(answers.finish(&basis))
    }

    /// The status of a refused question, counted.
    pub(super) fn refused(&self, refused: Refused) -> Status {
        let (refusal, status) = match refused {
            Refused::Invalid(violation) => (Refusal::Invalid, violation.into()),
            Refused::NotReady => (Refusal::Warming, status::warming()),
        };
        self.runtime.tally.refuse(refusal);
        status
    }

    /// The status of an answer that came too late, counted.
    pub(super) fn late(&self) -> Status {
        self.runtime.tally.refuse(Refusal::Late);
        status::late()
    }

    fn stream<Q, A>(&self, request: Request<Streaming<Q>>, manner: Manner<Q, A>) -> Answers<Q, A> {
        let deadline = request.extensions().get::<Deadline>().copied();
        let service = self.asked_by(request.extensions()).into_owned();
        Answers::new(request.into_inner(), service, manner, deadline, self.draining.clone())
    }

    async fn explanation(
        &self,
        inquiry: Inquiry,
        operator: Option<String>,
        when: When,
    ) -> Result<proto::ExplainResponse, Status> {
        let Explanations { explain, places, side } = &*self.explanations;
        let explain = Arc::clone(explain.get().ok_or_else(status::warming)?);
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| status::busy())?;
        let task = side.spawn_blocking(move || {
            let explanation = explain.explain(&inquiry, operator.as_deref(), when);
            drop(place);
            explanation
        });
        match task.await {
            Ok(Ok(explanation)) => Ok(convert::explanation(&explanation)),
            Ok(Err(ExplainError::NotReady(_))) => Err(status::warming()),
            Ok(Err(ExplainError::AsOf(error))) => Err(Status::out_of_range(error.to_string())),
            Ok(Err(error)) => {
                tracing::error!(%error, "an answer could not be explained");
                Err(Status::internal("the register could not be read; the node's diagnostics say why"))
            }
            Err(error) => {
                tracing::error!(%error, "an explanation broke off");
                Err(Status::internal("the explanation broke off; the node's diagnostics say why"))
            }
        }
    }
}

/// Appends answers up to the first one that is a refusal, and that.
fn until_refused<A>(given: &mut dyn Iterator<Item = Result<A, Refused>>, answers: &mut VecDeque<Result<A, Refused>>) {
    for answer in given {
        let is_refused = answer.is_err();
        answers.push_back(answer);
        if is_refused {
            return;
        }
    }
}

#[tonic::async_trait]
impl EquipmentCheck for CheckService {
    type CheckStreamStream = Answers<proto::CheckRequest, proto::CheckResponse>;
    type CheckBatchStreamStream = Answers<proto::CheckBatchRequest, proto::CheckBatchResponse>;

    async fn check(&self, request: Request<proto::CheckRequest>) -> Result<Response<proto::CheckResponse>, Status> {
        self.asked_by(request.extensions())
            .answer(request.get_ref())
            .map(Response::new)
            .map_err(|refused| self.refused(refused))
    }

    async fn check_batch(
        &self,
        request: Request<proto::CheckBatchRequest>,
    ) -> Result<Response<proto::CheckBatchResponse>, Status> {
        self.asked_by(request.extensions())
            .answer_batch(request.get_ref())
            .map(Response::new)
            .map_err(|refused| self.refused(refused))
    }

    async fn check_stream(
        &self,
        request: Request<Streaming<proto::CheckRequest>>,
    ) -> Result<Response<Self::CheckStreamStream>, Status> {
        Ok(Response::new(self.stream(request, Self::CHECKS)))
    }

    async fn check_batch_stream(
        &self,
        request: Request<Streaming<proto::CheckBatchRequest>>,
    ) -> Result<Response<Self::CheckBatchStreamStream>, Status> {
        Ok(Response::new(self.stream(request, Self::BATCHES)))
    }

    async fn explain(
        &self,
        request: Request<proto::ExplainRequest>,
    ) -> Result<Response<proto::ExplainResponse>, Status> {
        let service = self.asked_by(request.extensions()).into_owned();
        let request = request.into_inner();
        let refused = |violation| self.refused(Refused::Invalid(violation));
        let inquiry = convert::explain_inquiry(&request).map_err(refused)?;
        let when = convert::explain_when(&request).map_err(refused)?;
        let operator = service.operator(&request.operator).map_err(refused)?.map(str::to_owned);
        let mut response = self.explanation(inquiry, operator, when).await?;
        response.malformed = convert::malformed(&request.equipment);
        Ok(Response::new(response))
    }
}
