//! The way of a black answer from a check runtime to the desk: a bounded ring a runtime, and one thread that empties
//! them.
//!
//! The ring is the standard library's bounded channel, whose array takes a value by one exchange; nobody ever waits in
//! a receive, so a sender never has somebody to wake. What always holds: a check never waits for the desk: where the
//! ring is full the answer is given and counted as not recorded.

use super::{BlackAnswer, Desk, DeskError};
use crate::{check::Checker, store::Store};
use metrics::Counter;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Black answers of one runtime that can wait: at 100 ms between turns 40,000 a second.
const SLOTS: usize = 4096;
/// Time between two turns of the thread.
const TURN: Duration = Duration::from_millis(100);
/// How often a desk that cannot be used is told of.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Where one check runtime puts its black answers.
#[derive(Debug)]
pub struct BlackSender {
    ring: SyncSender<BlackAnswer>,
    dropped: Arc<AtomicU64>,
}

/// Where they come out.
#[derive(Debug)]
pub struct BlackRing {
    rings: Vec<Receiver<BlackAnswer>>,
    dropped: Arc<AtomicU64>,
}

/// How many black answers went on record, and how many did not.
pub struct BlackFigures {
    /// On record.
    pub recorded: Counter,
    /// Not: a ring or the desk was full, or failed.
    pub dropped: Counter,
}

/// Rings for so many check runtimes.
pub fn black_ring(runtimes: usize) -> (Vec<BlackSender>, BlackRing) {
    let dropped = Arc::new(AtomicU64::new(0));
    let pairs = (0..runtimes).map(|_| {
        let (ring, out) = sync_channel(SLOTS);
        (BlackSender { ring, dropped: Arc::clone(&dropped) }, out)
    });
    let (senders, rings) = pairs.unzip();
    (senders, BlackRing { rings, dropped })
}

impl BlackSender {
    /// Takes a black answer down, or counts it as dropped. Never waits.
    pub fn push(&self, answer: BlackAnswer) {
        if self.ring.try_send(answer).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl BlackRing {
    /// Empties the rings from now on, into the desk of a register.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn write_to(self, store: Arc<Store>, checker: Checker, figures: BlackFigures) -> io::Result<BlackWriter> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut turns = Turns { ring: self, store, checker, figures, recorded: 0, told: None };
        let stopped = Arc::clone(&stop);
        let work = move || {
            while !stopped.load(Ordering::Acquire) {
                thread::sleep(TURN);
                turns.turn();
            }
            turns.turn();
        };
        let thread = thread::Builder::new().name("black-answers".to_owned()).spawn(work)?;
        Ok(BlackWriter { stop, thread })
    }
}

/// The thread that records.
#[derive(Debug)]
pub struct BlackWriter {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl BlackWriter {
    /// Records what is still in the rings, and ends.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        if self.thread.join().is_err() {
            tracing::error!("the thread that records black answers ended by a panic");
        }
    }
}

struct Turns {
    ring: BlackRing,
    store: Arc<Store>,
    checker: Checker,
    figures: BlackFigures,
    recorded: u64,
    told: Option<Instant>,
}

impl Turns {
    /// Records what the rings hold.
    fn turn(&mut self) {
        let mut answers: Vec<BlackAnswer> = Vec::new();
        for ring in &self.ring.rings {
            answers.extend(ring.try_iter().take(SLOTS));
        }
        if !answers.is_empty() {
            self.with_numbers(&mut answers);
            let count = answers.len() as u64;
            let now = jiff::Timestamp::now().as_second();
            let recorded = match Desk::open(&self.store).and_then(|desk| desk.take_black_answers(&answers, now)) {
                Ok(recorded) => recorded,
                Err(error) => {
                    self.tell(&error);
                    0
                }
            };
            self.recorded += recorded;
            self.ring.dropped.fetch_add(count - recorded.min(count), Ordering::Relaxed);
        }
        self.figures.recorded.absolute(self.recorded);
        self.figures.dropped.absolute(self.ring.dropped.load(Ordering::Relaxed));
    }

    /// A question by SIM alone gets the number that the map of subscribers has for it.
    fn with_numbers(&self, answers: &mut [BlackAnswer]) {
        let Ok(sets) = self.checker.sets() else { return };
        for answer in answers.iter_mut().filter(|answer| answer.msisdn.is_none()) {
            answer.msisdn = answer.imsi.and_then(|imsi| sets.subscriber(imsi)).map(|entry| entry.msisdn);
        }
    }

    fn tell(&mut self, error: &DeskError) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN) {
            self.told = Some(Instant::now());
            tracing::error!(%error, "black answers are not recorded; checks are answered as before");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{identity::EquipmentKey, policy::Reason, revision::Revision};

    #[test]
    fn a_full_ring_drops_and_counts() {
        let (senders, ring) = black_ring(2);
        let answer = || BlackAnswer {
            key: EquipmentKey::new(35_209_900_176_148).unwrap(),
            msisdn: None,
            imsi: None,
            operator: None,
            reason: Reason::Stolen,
            revision: Revision::default(),
        };
        for _ in 0..SLOTS + 5 {
            senders[0].push(answer());
        }
        senders[1].push(answer());
        assert_eq!(ring.dropped.load(Ordering::Relaxed), 5);
        let held: Vec<_> = ring.rings.iter().map(|ring| ring.try_iter().count()).collect();
        assert_eq!(held, [SLOTS, 1]);
        drop(ring);
        // Nobody empties it: the check goes on.
        senders[0].push(answer());
    }
}
