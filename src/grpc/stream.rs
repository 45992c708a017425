//! Answers to a stream of questions, in their order.
//!
//! No task and no channel stands between questions and answers: the next question is read when the transport can
//! take the answer, so a client that does not read its answers stops its own questions and nothing queues here. A
//! stream that always has a next question gives the runtime back after a short run, or single checks would wait behind
//! a whole window of its questions: 256 KiB are some 10,000 questions, at half a microsecond each 5 ms for every busy
//! stream. A node that shuts down answers everything that has arrived and then ends the stream.

use super::{
    gate::Deadline,
    service::{CheckService, Refused},
    status,
};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::{Status, Streaming};

/// How a question of a stream is answered.
pub(super) type Answer<Q, A> = fn(&CheckService, &Q) -> Result<A, Refused>;

/// The answers.
pub(super) struct Answers<Q, A> {
    questions: Streaming<Q>,
    service: CheckService,
    answer: Answer<Q, A>,
    deadline: Option<Deadline>,
    drained: Pin<Box<dyn Future<Output = ()> + Send>>,
    count: u64,
    /// Answers in a row before other work has its turn.
    run_max: u32,
    run: u32,
    ended: bool,
}

impl<Q, A> Answers<Q, A> {
    pub(super) fn new(
        questions: Streaming<Q>,
        service: CheckService,
        answer: Answer<Q, A>,
        run_max: u32,
        deadline: Option<Deadline>,
        mut draining: watch::Receiver<bool>,
    ) -> Self {
        let drained = Box::pin(async move {
            // The sender is gone only when the server is: that is the end as well.
            let _ = draining.wait_for(|draining| *draining).await;
        });
        Self { questions, service, answer, deadline, drained, count: 0, run_max, run: 0, ended: false }
    }

    fn reply(&mut self, question: &Q) -> Result<A, Status> {
        let index = self.count;
        self.count += 1;
        let answer = (self.answer)(&self.service, question).map_err(|refused| {
            self.service.refused(match refused {
                Refused::Invalid(violation) => Refused::Invalid(violation.in_message(index)),
                Refused::NotReady => Refused::NotReady,
            })
        })?;
        if self.deadline.is_some_and(Deadline::is_past) { Err(self.service.late()) } else { Ok(answer) }
    }
}

impl<Q, A> Stream for Answers<Q, A> {
    type Item = Result<A, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        if this.run == this.run_max {
            this.run = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let reply = match Pin::new(&mut this.questions).poll_next(cx) {
            Poll::Ready(Some(Ok(question))) => this.reply(&question),
            Poll::Ready(Some(Err(status))) => Err(status),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
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
