//! The figures of a run, and whether they may be told.

use super::{
    Mode, Order, Pace, Profile,
    cpu::Cpu,
    deck::Deck,
    drive::Own,
    judge::{Counts, Wrong, histogram},
    run::BenchError,
    timeline::{Course, Recovery, Timeline},
};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A generator that had a core for more than this share of the time may have kept the server waiting.
const BUSY_MAX: f64 = 0.85;
/// Lateness that is not looked at: a sleep ends so much later on a virtual machine.
const LATE_TOLERATED: Duration = Duration::from_micros(150);
/// Own lateness may be so much of what is told as the server's time.
const LATE_SHARE_MAX: f64 = 0.5;
/// So much of what was to be asked must have been taken up.
const TAKEN_UP_MIN: f64 = 0.98;

/// Why a run gives no figures: it would have told how slow the generator is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Bottleneck {
    /// It worked all the time.
    #[error(
        "no figures: the load generator was busy {percent:.0} % of the time and may have kept the server waiting; \
         give it more threads (--threads) or another machine, or ask for a lower rate"
    )]
    Busy {
        /// Share of the time on a core, of the busiest thread.
        percent: f64,
    },
    /// It took questions up too late.
    #[error(
        "no figures: the load generator was itself {late_us:.0} us late at p99, of {latency_us:.0} us that were measured; \
         {waited:.0} % of the time it waited for a core that others had: ask for a lower rate, schedule it in real time (--realtime), or use an idle machine"
    )]
    Late {
        /// Its lateness, p99.
        late_us: f64,
        /// What was measured, p99.
        latency_us: f64,
        /// Share of the time that it waited for a core.
        waited: f64,
    },
    /// It asked less than it should.
    #[error("no figures: the load generator took up {taken} of {asked} questions that were due; ask for a lower rate")]
    Short {
        /// Taken up.
        taken: u64,
        /// Due.
        asked: u64,
    },
}

impl Bottleneck {
    /// Whether agents at the console had time enough for themselves.
    ///
    /// # Errors
    /// When they had not.
    pub(super) fn of_agents(busy: f64) -> Result<(), Self> {
        if busy > BUSY_MAX { Err(Self::Busy { percent: 100.0 * busy }) } else { Ok(()) }
    }
}

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half are faster.
    pub p50: f64,
    /// 90 of 100 are faster.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1000.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

impl Percentiles {
    /// Of a histogram of nanoseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        let at = |quantile| micros(histogram.value_at_quantile(quantile));
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: micros(histogram.max()),
            mean: histogram.mean() / 1e3,
        }
    }
}

/// CPU of the server while it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerCpu {
    /// Nanoseconds a check of the threads that answer checks; 0 where it is no Saring.
    pub check_threads_ns: f64,
    /// Nanoseconds a check of the whole process.
    pub process_ns: f64,
    /// Share of the clock that the process had, in cores.
    pub cores: f64,
}

/// What the generator itself was like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// How late it took questions up that were to leave, in microseconds. Zero where each answer brings the next.
    pub late_us: Percentiles,
    /// Its own CPU for a message, system included, in nanoseconds.
    pub ns_per_message: f64,
    /// The same for a check.
    pub ns_per_check: f64,
    /// Share of the time that its busiest thread had a core.
    pub busy: f64,
    /// Share of the time that a thread waited for a core at most.
    pub waited: f64,
}

/// A wrong answer as it is shown: no numbers of persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongAnswer {
    /// The question, as the script counts them.
    pub question: u64,
    /// The true answer.
    pub expected: String,
    /// What was answered.
    pub got: String,
}

impl From<&Wrong> for WrongAnswer {
    fn from(wrong: &Wrong) -> Self {
        use crate::proto::{EquipmentStatus, Reason};
        let words = |(status, reason): (u8, u8)| {
            let status = EquipmentStatus::try_from(i32::from(status)).map_or("?", |status| status.as_str_name());
            let reason = Reason::try_from(i32::from(reason)).map_or("?", |reason| reason.as_str_name());
            format!("{status} {reason}")
        };
        let got = wrong.got.map_or_else(|| "nothing that can be read".into(), words);
        Self { question: wrong.question, expected: words(wrong.expected), got }
    }
}

/// The figures of a run. Counts are messages: one check each, or a packed batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The mix.
    #[serde(with = "super::order::by_name")]
    pub profile: Profile,
    /// How questions travelled.
    pub mode: Mode,
    /// Checks in a message.
    pub checks_per_message: usize,
    /// Checks a second that were asked for; none: as many as were answered.
    pub asked_per_second: Option<f64>,
    /// How long what was due was gathered before it left together, in microseconds; 0: each left by itself.
    #[serde(default)]
    pub gathered_us: f64,
    /// Checks a second that were answered right.
    pub checks_per_second: f64,
    /// Connections.
    pub connections: usize,
    /// Seconds that were measured.
    pub seconds: f64,
    /// Messages that were due.
    pub asked: u64,
    /// Answered right.
    pub right: u64,
    /// Answered wrong.
    pub wrong: u64,
    /// Refused as too busy.
    pub refused: u64,
    /// Whose time was over: refused as such, answered later, or not sent any more.
    pub late: u64,
    /// Ended otherwise.
    pub failed: u64,
    /// Without an end.
    pub lost: u64,
    /// Why they ended otherwise, in the server's words.
    pub failures: Vec<String>,
    /// From when a question was due to its right answer, in microseconds.
    pub latency_us: Percentiles,
    /// Bytes of HTTP/2 to the server for a check.
    pub bytes_sent: f64,
    /// Bytes of HTTP/2 from the server for a check.
    pub bytes_received: f64,
    /// The generator.
    pub generator: Generator,
    /// The server, where its process is on this machine.
    pub server: Option<ServerCpu>,
    /// The first wrong answers.
    pub wrong_answers: Vec<WrongAnswer>,
    /// The course of the run, where it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    /// How soon answers were as fast again as before a burst, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
}

impl Measured {
    /// Puts the parts of a run together.
    ///
    /// # Errors
    /// When the generator was the bottleneck.
    pub(super) fn new(
        order: &Order,
        deck: &Deck,
        parts: &[(Counts, Own)],
        server: Option<(Cpu, Cpu)>,
    ) -> Result<Self, BenchError> {
        let (mut counts, mut late) = (Counts::new()?, histogram()?);
        for (of_part, own) in parts {
            counts.add(of_part);
            // All have the same bounds.
            let _ = late.add(&own.late);
        }
        let latency_us = Percentiles::of(&counts.latency);
        let generator = generator(parts, &late, deck.per_message());
        if let Some(bottleneck) = bottleneck(order, &counts, &generator, &latency_us) {
            return Err(bottleneck.into());
        }
        let seconds = order.duration.as_secs_f64();
        let timeline = counts.course.as_ref().map(Course::timeline);
        let recovery = timeline.as_ref().zip(order.burst).and_then(|(timeline, burst)| timeline.recovery(&burst));
        let checks = counts.right as f64 * deck.per_message() as f64;
        let server = server.map(|(threads, process)| ServerCpu {
            check_threads_ns: threads.ran.as_nanos() as f64 / checks.max(1.0),
            process_ns: process.ran.as_nanos() as f64 / checks.max(1.0),
            cores: process.ran.as_secs_f64() / seconds,
        });
        let sent: u64 = parts.iter().map(|(_, own)| own.sent).sum();
        let per_check = |bytes: fn(&Own) -> u64| {
            let bytes: u64 = parts.iter().map(|(_, own)| bytes(own)).sum();
            bytes as f64 / (sent.max(1) * deck.per_message() as u64) as f64
        };
        Ok(Self {
            profile: order.profile,
            mode: order.mode,
            checks_per_message: deck.per_message(),
            asked_per_second: match order.pace {
                Pace::Rate(rate) => Some(rate),
                Pace::Max => None,
            },
            gathered_us: order.gather.as_nanos() as f64 / 1e3,
            checks_per_second: checks / seconds,
            connections: order.connections,
            seconds,
            asked: counts.asked,
            right: counts.right,
            wrong: counts.wrong,
            refused: counts.refused,
            late: counts.late,
            failed: counts.failures(),
            lost: counts.lost(),
            failures: counts.failed.values().map(|(count, words)| format!("{count} times: {words}")).collect(),
            latency_us,
            bytes_sent: per_check(|own| own.traffic.sent),
            bytes_received: per_check(|own| own.traffic.received),
            generator,
            server,
            wrong_answers: counts.shown.iter().map(WrongAnswer::from).collect(),
            timeline,
            recovery,
        })
    }

    /// Whether every question was answered, and right.
    pub const fn is_flawless(&self) -> bool {
        self.right == self.asked
    }
}

fn generator(parts: &[(Counts, Own)], late: &Histogram<u64>, per_message: usize) -> Generator {
    let messages: u64 = parts.iter().map(|(_, own)| own.messages).sum();
    let ran: Duration = parts.iter().map(|(_, own)| own.cpu.ran).sum();
    let share = |part: Duration, own: &Own| part.as_secs_f64() / own.clock.as_secs_f64().max(1e-9);
    let ns_per_message = ran.as_nanos() as f64 / messages.max(1) as f64;
    Generator {
        late_us: Percentiles::of(late),
        ns_per_message,
        ns_per_check: ns_per_message / per_message as f64,
        busy: parts.iter().map(|(_, own)| share(own.cpu.ran, own)).fold(0.0, f64::max),
        waited: parts.iter().map(|(_, own)| share(own.cpu.waited, own)).fold(0.0, f64::max),
    }
}

/// Whether the generator was what was slow. Where nothing was answered right there is no figure to spoil, and what came
/// instead is what has to be told.
fn bottleneck(order: &Order, counts: &Counts, generator: &Generator, latency_us: &Percentiles) -> Option<Bottleneck> {
    if counts.right == 0 {
        return None;
    }
    if generator.busy > BUSY_MAX {
        return Some(Bottleneck::Busy { percent: 100.0 * generator.busy });
    }
    let asked = (order.checks_due()? / order.per_message() as f64) as u64;
    // A Poisson process may well bring a few less: four standard deviations.
    let least = asked as f64 * TAKEN_UP_MIN - 4.0 * (asked as f64).sqrt();
    if (counts.asked as f64) < least {
        return Some(Bottleneck::Short { taken: counts.asked, asked });
    }
    let late_us = generator.late_us.p99;
    let tolerated = LATE_TOLERATED.as_nanos() as f64 / 1e3;
    let is_late = late_us > tolerated && late_us > LATE_SHARE_MAX * latency_us.p99;
    is_late.then_some(Bottleneck::Late { late_us, latency_us: latency_us.p99, waited: 100.0 * generator.waited })
}

#[cfg(test)]
mod tests;
