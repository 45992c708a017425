//! Holds answers against the truth and counts what came.

use super::{
    Mode,
    deck::Deck,
    timeline::Course,
    wire::{Asked, Outcome, Sink},
};
use hdrhistogram::{CreationError, Histogram};
use prost::Message;
use std::collections::BTreeMap;

/// The longest time that is told apart: a minute.
const LONGEST_NANOS: u64 = 60_000_000_000;
/// Wrong answers that are kept to be shown.
const WRONG_SHOWN: usize = 5;
const CODE_DEADLINE: i32 = 4;
const CODE_EXHAUSTED: i32 = 8;

/// Of an answer, what is held against the truth; the rest is not decoded.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    verdict: Option<AnswerVerdict>,
}

#[derive(Clone, PartialEq, Message)]
struct AnswerVerdict {
    #[prost(int32, tag = "1")]
    status: i32,
    #[prost(int32, tag = "2")]
    reason: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Answers {
    #[prost(bytes = "vec", tag = "1")]
    statuses: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    reasons: Vec<u8>,
}

/// An answer that was not the true one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The question, as the script counts them.
    pub question: u64,
    /// The true status and reason.
    pub expected: (u8, u8),
    /// What was answered; none where the answer could not be read or was too short.
    pub got: Option<(u8, u8)>,
}

/// A histogram of nanoseconds with three digits.
pub(super) fn histogram() -> Result<Histogram<u64>, CreationError> {
    Histogram::new_with_bounds(1, LONGEST_NANOS, 3)
}

/// What came of the questions that were due while it was measured.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Messages that were due.
    pub asked: u64,
    /// Messages whose answers were all true.
    pub right: u64,
    /// Messages with an answer that was not.
    pub wrong: u64,
    /// Refused as too busy.
    pub refused: u64,
    /// Whose time was over: refused as such, answered later, or not sent any more.
    pub late: u64,
    /// Messages that ended otherwise, by code.
    pub failed: BTreeMap<i32, (u64, String)>,
    /// Nanoseconds from when a right one was due to its answer.
    pub latency: Histogram<u64>,
    /// The first wrong answers.
    pub shown: Vec<Wrong>,
    /// The course of the run, where it is kept.
    pub course: Option<Course>,
}

impl Counts {
    /// Nothing yet.
    ///
    /// # Errors
    /// When there is no place for a histogram.
    pub fn new() -> Result<Self, CreationError> {
        let (asked, right, wrong, refused, late) = Default::default();
        let (failed, shown, course) = Default::default();
        Ok(Self { asked, right, wrong, refused, late, failed, latency: histogram()?, shown, course })
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.right += other.right;
        self.wrong += other.wrong;
        self.refused += other.refused;
        self.late += other.late;
        for (code, (count, words)) in &other.failed {
            self.failed.entry(*code).or_insert_with(|| (0, words.clone())).0 += count;
        }
        // Both have the same bounds.
        let _ = self.latency.add(&other.latency);
        let room = WRONG_SHOWN.saturating_sub(self.shown.len());
        self.shown.extend(other.shown.iter().take(room).cloned());
        match (&mut self.course, &other.course) {
            (Some(course), Some(other)) => course.add(other),
            (course @ None, other) => course.clone_from(other),
            (Some(_), None) => {}
        }
    }

    /// Messages that ended otherwise.
    pub fn failures(&self) -> u64 {
        self.failed.values().map(|(count, _)| count).sum()
    }

    /// Messages without an end.
    pub fn lost(&self) -> u64 {
        self.asked - self.right - self.wrong - self.refused - self.late - self.failures()
    }
}

/// Judges the answers of one thread.
#[derive(Debug)]
pub struct Judge<'a> {
    deck: &'a Deck,
    /// Only what is due from here until `until` is counted.
    from: u64,
    until: u64,
    /// An answer is worth nothing after so long.
    timeout: u64,
    /// Nanoseconds since the run began, when the answers at hand were read.
    pub now: u64,
    /// What was counted.
    pub counts: Counts,
}

impl<'a> Judge<'a> {
    /// Counts questions that are due in a stretch of time, in nanoseconds since the run began.
    ///
    /// # Errors
    /// When there is no place for a histogram.
    pub fn new(deck: &'a Deck, from: u64, until: u64, timeout: Option<u64>) -> Result<Self, CreationError> {
        let timeout = timeout.unwrap_or(u64::MAX);
        Ok(Self { deck, from, until, timeout, now: 0, counts: Counts::new()? })
    }

    /// A question was due so long ago that it is not sent any more.
    pub fn give_up(&mut self, asked: Asked) {
        self.counts.late += u64::from(self.counts_at(asked.due));
    }

    /// A question is due.
    pub fn due(&mut self, due: u64) {
        if self.counts_at(due) {
            self.counts.asked += 1;
            if let Some(course) = &mut self.counts.course {
                course.asked(due - self.from);
            }
        }
    }

    const fn counts_at(&self, due: u64) -> bool {
        due >= self.from && due < self.until
    }

    fn is_right(&mut self, message: u32, answer: &[u8]) -> bool {
        let expected = self.deck.expected(message);
        let wrong = match self.deck.mode() {
            Mode::Unary | Mode::Stream => {
                let verdict = Answer::decode(answer).ok().and_then(|answer| answer.verdict);
                let got = verdict.map(|verdict| (verdict.status as u8, verdict.reason as u8));
                (got != expected.first().copied()).then_some((0, got))
            }
            Mode::Batch => first_wrong(expected, answer),
        };
        let Some((place, got)) = wrong else { return true };
        if self.counts.shown.len() < WRONG_SHOWN {
            let question = self.deck.questions(message).start + place as u64;
            self.counts.shown.push(Wrong { question, expected: expected[place], got });
        }
        false
    }
}

fn first_wrong(expected: &[(u8, u8)], answer: &[u8]) -> Option<(usize, Option<(u8, u8)>)> {
    let Ok(Answers { statuses, reasons }) = Answers::decode(answer) else { return Some((0, None)) };
    if statuses.len() != expected.len() || reasons.len() != expected.len() {
        return Some((0, None));
    }
    let got = || statuses.iter().copied().zip(reasons.iter().copied());
    let place = got().zip(expected).position(|(got, expected)| got != *expected)?;
    Some((place, got().nth(place)))
}

impl Sink for Judge<'_> {
    fn message(&mut self, asked: Asked, message: &[u8]) -> bool {
        self.is_right(asked.message, message)
    }

    fn done(&mut self, asked: Asked, outcome: &Outcome, right: Option<bool>) {
        if !self.counts_at(asked.due) {
            return;
        }
        let took = self.now.saturating_sub(asked.due);
        match (outcome.code, right) {
            (0, Some(true)) if took > self.timeout => self.counts.late += 1,
            (0, Some(true)) => {
                self.counts.right += 1;
                self.counts.latency.saturating_record(took.max(1));
                if let Some(course) = &mut self.counts.course {
                    course.right(asked.due - self.from, took);
                }
            }
            (0, _) => self.counts.wrong += 1,
            (CODE_EXHAUSTED, _) => self.counts.refused += 1,
            (CODE_DEADLINE, _) => self.counts.late += 1,
            (code, _) => {
                self.counts.failed.entry(code).or_insert_with(|| (0, outcome.words.clone())).0 += 1;
            }
        }
    }
}
