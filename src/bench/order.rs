//! What a run shall do.

use super::Profile;
use crate::grpc::Access;
use std::{fmt, str::FromStr, time::Duration};

/// How questions travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A call each.
    Unary,
    /// One a message of a stream; one stream a connection.
    Stream,
    /// Packed arrays, one a message of a stream; one stream a connection.
    Batch,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unary, Self::Stream, Self::Batch];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unary => "unary",
            Self::Stream => "stream",
            Self::Batch => "batch",
        }
    }

    /// Messages without an answer on one connection, where each answer brings the next: enough that the server always has
    /// the next one at hand, few enough that what waits is not all that is measured.
    pub const fn in_flight(self) -> usize {
        match self {
            Self::Unary => 32,
            Self::Stream => 512,
            Self::Batch => 4,
        }
    }

    /// The method of the service.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Unary => "/saring.v1.EquipmentCheck/Check",
            Self::Stream => "/saring.v1.EquipmentCheck/CheckStream",
            Self::Batch => "/saring.v1.EquipmentCheck/CheckBatchStream",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == text);
        found.ok_or_else(|| format!("{text:?} is no way of asking: write unary, stream or batch"))
    }
}

/// How many questions are asked.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// So many checks a second on average, whatever the server does (open loop, Poisson).
    Rate(f64),
    /// As many as are answered: each answer brings the next question (closed loop).
    Max,
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
        rate.map(Self::Rate).ok_or_else(|| format!("{text:?} is no rate: write checks a second (50000, 5e4) or max"))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate) => write!(f, "{rate:.0} checks/s"),
            Self::Max => f.write_str("as many as are answered"),
        }
    }
}

/// A stretch of time with another rate: everybody comes back after an outage.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Burst {
    /// Checks a second on average.
    pub rate: f64,
    /// When it begins, from when it is measured.
    pub start: Duration,
    /// How long it lasts.
    pub length: Duration,
}

impl Burst {
    /// When it is over.
    pub fn end(&self) -> Duration {
        self.start.saturating_add(self.length)
    }
}

/// What a run shall do.
#[derive(Clone, Debug)]
pub struct Order {
    /// The server.
    pub access: Access,
    /// The mix of questions; for the report.
    pub profile: Profile,
    /// How they travel.
    pub mode: Mode,
    /// How many there are.
    pub pace: Pace,
    /// With [`Pace::Rate`]: for a while another rate.
    pub burst: Option<Burst>,
    /// How finely the course of the run is kept; none: it is not.
    pub slice: Option<Duration>,
    /// With [`Pace::Rate`]: what falls due within so long leaves together, when that is over; zero: each by itself.
    pub gather: Duration,
    /// How long is measured.
    pub duration: Duration,
    /// How long is asked before, unmeasured.
    pub warm_up: Duration,
    /// Connections in all.
    pub connections: usize,
    /// Threads that they are dealt to.
    pub threads: usize,
    /// Whether these are scheduled in real time, so that other programs do not make them late.
    pub realtime: bool,
    /// Messages without an answer on one connection, where each answer brings the next.
    pub in_flight: usize,
    /// Questions in a message of [`Mode::Batch`].
    pub packed: usize,
    /// Different questions; asked again from the first when they are used up.
    pub questions: u64,
    /// How long an answer is worth something; none: for ever. What could not be sent within half of it is given up.
    pub timeout: Option<Duration>,
    /// The operator for which is asked; empty: none.
    pub operator: String,
    /// Seed of the moments.
    pub seed: u64,
    /// The server's process on this machine, whose CPU is read.
    pub server_pid: Option<u32>,
}

impl Order {
    /// An order with usual values: 4 connections, 10 seconds after one.
    pub fn new(access: Access, profile: Profile, mode: Mode, pace: Pace) -> Self {
        Self {
            access,
            profile,
            mode,
            pace,
            burst: None,
            slice: None,
            gather: Duration::ZERO,
            duration: Duration::from_secs(10),
            warm_up: Duration::from_secs(1),
            connections: 4,
            threads: 1,
            realtime: false,
            in_flight: mode.in_flight(),
            packed: 256,
            questions: 1 << 20,
            timeout: None,
            operator: String::new(),
            seed: 1,
            server_pid: None,
        }
    }

    /// Checks that are due while it is measured, on average; none where each answer brings the next.
    pub fn checks_due(&self) -> Option<f64> {
        let Pace::Rate(rate) = self.pace else { return None };
        let more = self.burst.map_or(0.0, |burst| {
            let within = burst.end().min(self.duration).saturating_sub(burst.start);
            (burst.rate - rate) * within.as_secs_f64()
        });
        Some(rate * self.duration.as_secs_f64() + more)
    }

    /// Questions in one message.
    pub const fn per_message(&self) -> usize {
        match self.mode {
            Mode::Unary | Mode::Stream => 1,
            Mode::Batch => self.packed,
        }
    }
}

/// A profile in JSON is its name.
pub(super) mod by_name {
    use super::Profile;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::bench) fn serialize<S: Serializer>(profile: &Profile, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(profile.name())
    }

    pub(in crate::bench) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Profile, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
