//! The loop of one thread: what is due goes out, what has come is judged, and then it sleeps until either.
//!
//! What always holds: a question that is due is taken up whatever the server does; how late that was is told apart
//! ([`Own`]) from how long the answer took; the clock is read twice a turn, not for each question. What was gathered
//! before it left waited by order: that is part of an answer's time, and not of how late the generator was.

use super::{
    arrivals::{Departure, Departures},
    cpu::Cpu,
    deck::Deck,
    judge::{Counts, Judge, histogram},
    run::BenchError,
    timeline::Course,
    wire::{Asked, Connection, Traffic},
};
use crate::{limits, scheduling};
use hdrhistogram::Histogram;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long answers are waited for after the last question.
const DRAIN: Duration = Duration::from_secs(10);
/// The longest sleep: moments of the run are looked at in between.
const SLEEP_MAX: Duration = Duration::from_millis(20);
/// Of the time in which an answer is worth something, the part in which a question must leave. What is sent in the last
/// moment is answered too late: a client that kept all its questions until then would be served none of them.
const SENT_WITHIN: u64 = 2;
/// How exactly a sleep ends; the kernel's own 50 us would be most of a good answer's time.
const TIMER_SLACK_NANOS: u64 = 1_000;

/// Where questions come from.
#[derive(Debug)]
pub enum Source {
    /// Moments at which messages are due.
    Open(Departures),
    /// So many messages without an answer on each connection at all times.
    Closed(usize),
}

/// One thread's part of a run.
pub struct Part<'a> {
    /// Its connections.
    pub connections: Vec<Connection>,
    /// Opens another one in the place of one that the server has ended.
    pub connect: &'a (dyn Fn() -> Result<Connection, BenchError> + Sync),
    /// What is asked.
    pub deck: &'a Deck,
    /// The first message; the others follow in steps, so that threads do not ask the same.
    pub first: u32,
    /// Steps between messages.
    pub step: u32,
    /// When.
    pub source: Source,
    /// When the run began.
    pub begun: Instant,
    /// What is asked before is not counted.
    pub warm_up: Duration,
    /// How long is measured.
    pub duration: Duration,
    /// How long an answer is worth something: a question that could not be sent within half of that is given up.
    pub timeout: Option<Duration>,
    /// How finely the course of the run is kept; none: it is not.
    pub slice: Option<Duration>,
    /// Whether its thread is scheduled in real time.
    pub realtime: bool,
}

/// What the generator itself cost, and how late it was.
#[derive(Clone, Debug)]
pub struct Own {
    /// Nanoseconds from when a message was to leave until the thread took it up.
    pub late: Histogram<u64>,
    /// While it was measured.
    pub cpu: Cpu,
    /// Messages sent and answered in that time, for the cost of each.
    pub messages: u64,
    /// How long was measured, on the clock.
    pub clock: Duration,
    /// Bytes for all messages, those of the warm-up too.
    pub traffic: Traffic,
    /// All messages.
    pub sent: u64,
}

struct Drive<'a> {
    part: Part<'a>,
    judge: Judge<'a>,
    late: Histogram<u64>,
    /// Messages of each connection that the server does not take yet.
    backlog: Vec<VecDeque<Asked>>,
    /// When a connection may open its stream again.
    paused: Vec<u64>,
    next: u64,
    /// Whose turn it is, and when left what it got.
    turn: usize,
    left: u64,
    /// Of connections that the server has ended.
    traffic: Traffic,
    from: u64,
    until: u64,
}

/// Runs a part to its end.
///
/// # Errors
/// When a connection breaks, or the system does not allow real-time scheduling.
pub fn drive(part: Part<'_>) -> Result<(Counts, Own), BenchError> {
    // Where it is refused, sleeps end later, and that is told as lateness.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(TIMER_SLACK_NANOS));
    if part.realtime {
        scheduling::go_first_here()?;
    }
    let from = nanos(part.warm_up);
    let until = from + nanos(part.duration);
    let count = part.connections.len();
    let mut judge = Judge::new(part.deck, from, until, part.timeout.map(nanos))?;
    judge.counts.course = part.slice.map(|slice| Course::new(slice, part.duration)).transpose()?;
    let (backlog, paused) = (vec![VecDeque::new(); count], vec![0; count]);
    let next = u64::from(part.first);
    let (late, traffic) = (histogram()?, Traffic::default());
    Drive { part, judge, late, backlog, paused, next, turn: 0, left: 0, traffic, from, until }.run()
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}

impl Drive<'_> {
    fn run(mut self) -> Result<(Counts, Own), BenchError> {
        let mut next = self.departure();
        let mut measured: Option<(Cpu, u64)> = None;
        let mut own = None;
        loop {
            let now = self.now();
            if measured.is_none() && now >= self.from {
                measured = Some((Cpu::of_this_thread()?, now));
            }
            if own.is_none()
                && let Some((before, begun)) = measured
                && now >= self.until
            {
                own = Some((Cpu::of_this_thread()?.since(before), Duration::from_nanos(now - begun)));
            }
            self.take_up(now, &mut next);
            self.send(now)?;
            let all_left = next.is_none_or(|next| next.due >= self.until);
            if now >= self.until && all_left && (self.is_quiet() || now >= self.until + nanos(DRAIN)) {
                break;
            }
            self.wait(now, next)?;
        }
        let (cpu, clock) = own.unwrap_or_default();
        let messages = self.judge.counts.asked;
        let traffic = self.part.connections.iter().fold(self.traffic, |sum, one| sum.plus(one.traffic()));
        let sent = (self.next - u64::from(self.part.first)) / u64::from(self.part.step.max(1));
        Ok((self.judge.counts, Own { late: self.late, cpu, messages, clock, traffic, sent }))
    }

    fn now(&self) -> u64 {
        nanos(self.part.begun.elapsed())
    }

    /// The next question; none where each answer brings it.
    fn departure(&mut self) -> Option<Departure> {
        match &mut self.part.source {
            Source::Open(departures) => departures.next(),
            Source::Closed(_) => None,
        }
    }

    fn next_message(&mut self) -> u32 {
        let message = self.next % self.part.deck.len() as u64;
        self.next += u64::from(self.part.step);
        message as u32
    }

    /// What is to leave goes to the connections in turn; what leaves together, to one of them.
    fn take_up(&mut self, now: u64, next: &mut Option<Departure>) {
        if let Source::Closed(in_flight) = self.part.source {
            if now < self.until {
                for at in 0..self.part.connections.len() {
                    let open = self.part.connections[at].in_flight() + self.backlog[at].len();
                    for _ in open..in_flight {
                        self.put(at, now);
                    }
                }
            }
            return;
        }
        while let Some(Departure { due, leaves }) = next.filter(|next| next.leaves <= now && next.due < self.until) {
            if due >= self.from {
                self.late.saturating_record((now - leaves).max(1));
            }
            if leaves != self.left {
                self.left = leaves;
                self.turn = (self.turn + 1) % self.part.connections.len();
            }
            self.put(self.turn, due);
            *next = self.departure();
        }
    }

    fn put(&mut self, at: usize, due: u64) {
        let message = self.next_message();
        self.judge.due(due);
        self.backlog[at].push_back(Asked { due, message });
    }

    fn send(&mut self, now: u64) -> Result<(), BenchError> {
        let worthless = self.part.timeout.map_or(0, |timeout| now.saturating_sub(nanos(timeout) / SENT_WITHIN));
        for (at, connection) in self.part.connections.iter_mut().enumerate() {
            if connection.is_gone() {
                self.traffic = self.traffic.plus(connection.traffic());
                *connection = (self.part.connect)()?;
            }
            while let Some(asked) = self.backlog[at].pop_front_if(|asked| asked.due < worthless) {
                self.judge.give_up(asked);
            }
            if now >= self.paused[at] {
                while let Some(asked) = self.backlog[at].front() {
                    if !connection.ask(*asked, self.part.deck.message(asked.message))? {
                        break;
                    }
                    self.backlog[at].pop_front();
                }
            }
            connection.flush()?;
        }
        Ok(())
    }

    /// Whether everything has been answered.
    fn is_quiet(&self) -> bool {
        self.backlog.iter().all(VecDeque::is_empty) && self.part.connections.iter().all(|one| one.in_flight() == 0)
    }

    /// Sleeps until something is to leave or has come, and takes what has come.
    fn wait(&mut self, now: u64, next: Option<Departure>) -> Result<(), BenchError> {
        let leaves = next.filter(|next| next.due < self.until).map(|next| next.leaves.saturating_sub(now));
        let sleep = leaves.map_or(SLEEP_MAX, |nanos| Duration::from_nanos(nanos).min(SLEEP_MAX));
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(sleep.subsec_nanos()) };
        let flags = |connection: &Connection| {
            if connection.has_unsent() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN }
        };
        let mut sockets: Vec<PollFd<'_>> =
            self.part.connections.iter().map(|one| PollFd::new(one.line(), flags(one))).collect();
        match poll(&mut sockets, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        let ready: Vec<bool> = sockets.iter().map(|socket| socket.revents() != PollFlags::empty()).collect();
        drop(sockets);
        self.judge.now = self.now();
        for (at, _) in ready.iter().enumerate().filter(|(_, ready)| **ready) {
            let connection = &mut self.part.connections[at];
            while connection.read(&mut self.judge)? {}
            // A stream that was refused is not opened again into the same lag; a server that is asked again and again
            // at once ends the connection.
            if connection.stream_ended() {
                self.paused[at] = self.judge.now + nanos(limits::RETRY_BUSY);
            }
        }
        Ok(())
    }
}
