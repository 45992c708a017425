//! Answers to a stream of questions, in their order.
//!
//! No task and no channel stands between questions and answers: the next questions are read when the transport can
//! take an answer, so a client that does not read its answers stops its own questions. Questions that have arrived
//! together are answered together, a few at a time: a check that waits for memory alone costs three times as much. A
//! stream that always has a next question gives the runtime back after a short run, or single checks would wait behind
//! a whole window of its questions: 256 KiB are some 10,000 questions, at half a microsecond each 5 ms for every busy
//! stream. A node that shuts down answers everything that has arrived and then ends the stream.

use super::{
    gate::Deadline,
    service::{CheckService, Refused},
    status,
};
use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::{Status, Streaming};

/// How questions of a stream are answered: appends what each of them gets, the first one that is refused last.
pub(super) type Answer<Q, A> = fn(&CheckService, &[Q], &mut VecDeque<Result<A, Refused>>);

/// How a stream is answered.
#[derive(Clone, Copy)]
pub(super) struct Manner<Q, A> {
    pub(super) answer: Answer<Q, A>,
    /// Questions that are answered together, at most.
    pub(super) together: usize,
    /// Answers in a row before other work has its turn.
    pub(super) run_max: u32,
}

/// The answers.
pub(super) struct Answers<Q, A> {
    questions: Streaming<Q>,
    service: CheckService,
    manner: Manner<Q, A>,
    deadline: Option<Deadline>,
    drained: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Questions that have arrived, and answers that wait for the transport.
    arrived: Vec<Q>,
    waiting: VecDeque<Result<A, Refused>>,
    /// What came behind the questions: the end, or why there are no more.
    behind: Option<Option<Status>>,
    count: u64,
    run: u32,
    ended: bool,
}

impl<Q, A> Answers<Q, A> {
    pub(super) fn new(
        questions: Streaming<Q>,
        service: CheckService,
        manner: Manner<Q, A>,
        deadline: Option<Deadline>,
        mut draining: watch::Receiver<bool>,
    ) -> Self {
        let drained = Box::pin(async move {
            // The sender is gone only when the server is: that is the end as well.
            let _ = draining.wait_for(|draining| *draining).await;
        });
        let (arrived, waiting) = (Vec::with_capacity(manner.together), VecDeque::with_capacity(manner.together));
        let (behind, count, run, ended) = (None, 0, 0, false);
        Self { questions, service, manner, deadline, drained, arrived, waiting, behind, count, run, ended }
    }

    /// Takes questions that have arrived, and answers them.
    fn take(&mut self, cx: &mut Context<'_>) {
        while self.arrived.len() < self.manner.together && self.behind.is_none() {
            match Pin::new(&mut self.questions).poll_next(cx) {
                Poll::Ready(Some(Ok(question))) => self.arrived.push(question),
                Poll::Ready(Some(Err(status))) => self.behind = Some(Some(status)),
                Poll::Ready(None) => self.behind = Some(None),
                Poll::Pending => break,
            }
        }
        if !self.arrived.is_empty() {
            (self.manner.answer)(&self.service, &self.arrived, &mut self.waiting);
            self.arrived.clear();
        }
    }

    fn reply(&mut self, answer: Result<A, Refused>) -> Result<A, Status> {
        let index = self.count;
        self.count += 1;
        let answer = answer.map_err(|refused| {
            self.service.refused(match refused {
                Refused::Invalid(violation) => Refused::Invalid(violation.in_message(index)),
                Refused::NotReady => Refused::NotReady,
            })
        })?;
        if self.deadline.is_some_and(Deadline::is_past) { Err(self.service.late()) } else { Ok(answer) }
    }
}

impl<Q: Unpin, A: Unpin> Stream for Answers<Q, A> {
    type Item = Result<A, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        if this.run == this.manner.run_max {
            this.run = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.waiting.is_empty() {
            this.take(cx);
        }
        let reply = match (this.waiting.pop_front(), this.behind.take()) {
            (Some(answer), behind) => {
                this.behind = behind;
                this.reply(answer)
            }
            (None, Some(Some(status))) => Err(status),
            (None, Some(None)) => {
                this.ended = true;
                return Poll::Ready(None);
            }
            (None, None) => {
                this.run = 0;
                ready!(this.drained.as_mut().poll(cx));
                Err(status::draining())
            }
        };
        this.run += 1;
        this.ended = reply.is_err();
        Poll::Ready(Some(reply))
    }
}
