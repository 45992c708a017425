//! A run: makes the questions, connects, asks, and gives the figures, or says why there are none.

use super::{
    Burst, Mode, Order, Pace, Script,
    arrivals::{Arrivals, Departures},
    cpu::OfServer,
    deck::Deck,
    drive::{Own, Part, Source, drive},
    judge::Counts,
    report::{Bottleneck, Measured},
    wire::{Carriage, Connection, Extra},
};
use crate::{
    grpc::{ClientError, Line},
    scheduling::NotRealtime,
};
use std::{
    io, thread,
    time::{Duration, Instant},
};

/// Calls may be gathered for one such part of a run, and of the time in which their answers are worth something.
const GATHER_PARTS: u32 = 4;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The server could not be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A connection broke, or the system refused something.
    #[error("the run broke off: {0}")]
    Broken(#[from] io::Error),
    /// No place for a histogram.
    #[error("the run cannot be counted: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The generator was what was slow.
    #[error(transparent)]
    Bottleneck(#[from] Bottleneck),
    /// The system refuses what was asked for.
    #[error(transparent)]
    NotRealtime(#[from] NotRealtime),
    /// Something of the order makes no sense.
    #[error("{0}")]
    Order(String),
    /// A thread is gone.
    #[error("a thread of the load generator broke off")]
    Thread,
}

/// Does what an order says.
///
/// # Errors
/// When the server cannot be reached, a connection breaks, or the generator was the bottleneck.
pub fn run(order: &Order, script: &dyn Script) -> Result<Measured, BenchError> {
    let deck = Deck::new(script, order.mode, order.questions, order.per_message(), &order.operator);
    run_deck(order, &deck)
}

/// The same with questions that are made already: a sweep asks the same ones at every rate.
///
/// # Errors
/// As [`run`].
pub fn run_deck(order: &Order, deck: &Deck) -> Result<Measured, BenchError> {
    if order.connections == 0 || order.threads == 0 || order.in_flight == 0 {
        return Err(BenchError::Order("connections, threads and questions in flight must be one at least".into()));
    }
    let has_length = |burst: Burst| burst.rate > 0.0 && burst.length > Duration::ZERO && burst.start < order.duration;
    if !order.burst.is_none_or(has_length) {
        return Err(BenchError::Order("a burst needs a rate and a length, and begins while it is measured".into()));
    }
    if order.burst.is_some() && order.pace == Pace::Max {
        return Err(BenchError::Order("a burst is a change of rate: name the usual one".into()));
    }
    if order.gather > Duration::ZERO && order.pace == Pace::Max {
        return Err(BenchError::Order("only what falls due at a rate can be gathered: name the rate".into()));
    }
    let longest = order.timeout.map_or(order.duration, |timeout| timeout.min(order.duration)) / GATHER_PARTS;
    if order.gather > longest {
        return Err(BenchError::Order(format!(
            "calls are gathered for {longest:?} at most here: a quarter of the run, and of the time in which an answer is \
             worth something"
        )));
    }
    let threads = order.threads.min(order.connections);
    let mut lines = (0..order.connections).map(|_| connect(order)).collect::<Result<Vec<_>, _>>()?;
    let mut dealt: Vec<Vec<Connection>> = (0..threads).map(|_| Vec::new()).collect();
    for (nth, line) in lines.drain(..).enumerate() {
        dealt[nth % threads].push(line);
    }
    let pid = order.server_pid;
    let server = move || pid.map(OfServer::of).transpose();
    let begun = Instant::now();
    let again = || connect(order);
    let (parts, server) = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .zip(dealt)
            .map(|(nth, connections)| {
                let part = part(order, deck, (connections, &again), nth, threads, begun);
                scope.spawn(move || drive(part))
            })
            .collect();
        thread::sleep(order.warm_up.saturating_sub(begun.elapsed()));
        let before = server();
        thread::sleep((order.warm_up + order.duration).saturating_sub(begun.elapsed()));
        let after = server();
        let parts: Vec<Result<(Counts, Own), BenchError>> =
            running.into_iter().map(|thread| thread.join().unwrap_or(Err(BenchError::Thread))).collect();
        (parts, before.and_then(|before| Ok((before, after?))))
    });
    let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
    let server = match server? {
        (Some(before), Some(after)) => Some(after.since(&before)),
        _ => None,
    };
    Measured::new(order, deck, &parts, server)
}

fn connect(order: &Order) -> Result<Connection, BenchError> {
    let line = Line::connect(&order.access)?;
    let extra = Extra {
        authorization: order.access.token.as_ref().map(crate::grpc::Token::header),
        // The deadline of a stream is that of all its questions together.
        timeout: order
            .timeout
            .filter(|_| order.mode == Mode::Unary)
            .map(|timeout| format!("{}m", timeout.as_millis().max(1))),
    };
    let carriage = match order.mode {
        Mode::Unary => Carriage::Calls,
        Mode::Stream | Mode::Batch => Carriage::Stream,
    };
    Ok(Connection::new(line, order.mode.path(), carriage, &extra))
}

fn part<'a>(
    order: &Order,
    deck: &'a Deck,
    (connections, connect): (Vec<Connection>, &'a (dyn Fn() -> Result<Connection, BenchError> + Sync)),
    nth: usize,
    threads: usize,
    begun: Instant,
) -> Part<'a> {
    let source = match order.pace {
        Pace::Max => Source::Closed(order.in_flight),
        Pace::Rate(checks) => {
            let messages = checks / order.per_message() as f64 / threads as f64;
            let arrivals = Arrivals::new(order.seed.wrapping_add(nth as u64), messages);
            let arrivals = match order.burst {
                Some(Burst { rate, start, length }) => {
                    let from = order.warm_up + start;
                    arrivals.with_burst(messages * rate / checks, from..from + length)
                }
                None => arrivals,
            };
            Source::Open(Departures::new(arrivals, order.gather))
        }
    };
    let (first, step) = (nth as u32, threads as u32);
    let Order { warm_up, duration, timeout, slice, realtime, .. } = *order;
    Part { connections, connect, deck, first, step, source, begun, warm_up, duration, timeout, slice, realtime }
}
