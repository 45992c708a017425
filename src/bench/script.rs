//! What is asked, and what the true answer is.

use crate::{
    day::Day,
    identity::{EquipmentKey, Imsi, Msisdn},
    national::{National, Profile},
    policy,
    proto::{EquipmentStatus, Reason},
    sample::{self, SplitMix64},
};

/// A device as a network sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The 14 digits of the key.
    Key(u64),
    /// As it came over the air; what can be no key.
    Text(String),
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The device.
    pub device: Device,
    /// The subscriber's number.
    pub msisdn: Option<u64>,
    /// The subscriber's identity.
    pub imsi: Option<u64>,
}

/// The true answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What to do.
    pub status: EquipmentStatus,
    /// Why.
    pub reason: Reason,
}

impl Expected {
    /// The answer that a decision is on the wire.
    pub fn of(verdict: &policy::Verdict) -> Self {
        Self {
            status: EquipmentStatus::from_str_name(verdict.status.name()).unwrap_or_default(),
            reason: Reason::from_str_name(verdict.reason.name()).unwrap_or_default(),
        }
    }
}

/// Questions in an order that a seed fixes, with their true answers.
pub trait Script: Send + Sync {
    /// The nth one.
    fn question(&self, n: u64) -> (Question, Expected);
}

/// The script for a register that `saring generate` made.
#[derive(Debug)]
pub struct NationalScript {
    national: National,
    profile: Profile,
    today: Day,
    settings: policy::Settings,
}

impl NationalScript {
    /// The checks of a profile. `today`: the server's, in WIB, for end dates count.
    pub fn new(national: National, profile: Profile, today: Day) -> Self {
        Self { national, profile, today, settings: policy::Settings::default() }
    }
}

impl Script for NationalScript {
    fn question(&self, n: u64) -> (Question, Expected) {
        let asked = self.national.question(self.profile, n);
        let verdict = self.national.expected(&asked, self.settings.policy(None), self.today);
        let question = Question {
            device: Device::Key(asked.equipment),
            msisdn: asked.msisdn.map(Msisdn::get),
            imsi: asked.imsi.map(Imsi::number),
        };
        (question, Expected::of(&verdict))
    }
}

/// One in so many devices of a sample is asked about.
const SAMPLE_KEYS: u64 = 1 << 16;

/// The script for a register that holds [`sample::clustered`] and nothing else.
#[derive(Debug)]
pub struct SampleScript {
    seed: u64,
    profile: Profile,
    keys: Vec<EquipmentKey>,
}

impl SampleScript {
    /// The script for `sample::clustered(seed, devices)`.
    pub fn new(seed: u64, devices: u64, profile: Profile) -> Self {
        let one_in = (devices / SAMPLE_KEYS).max(1);
        Self { seed, profile, keys: sample::keys(seed, sample::clustered(seed, devices), one_in) }
    }
}

impl Script for SampleScript {
    fn question(&self, n: u64) -> (Question, Expected) {
        let mut random = SplitMix64::new(self.seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (unknown, malformed) = match self.profile {
            Profile::Attach => (5, 1),
            Profile::Storm => (2, 0),
            Profile::Attack => (60, 30),
        };
        let of_hundred = random.below(100);
        let asked = |device| Question { device, msisdn: None, imsi: None };
        if of_hundred < malformed {
            let expected = Expected { status: EquipmentStatus::Greylisted, reason: Reason::Malformed };
            return (asked(Device::Text(random.below(10_000_000_000_000).to_string())), expected);
        }
        if of_hundred < malformed + unknown || self.keys.is_empty() {
            // No TAC of a sample begins with 99.
            let expected = Expected { status: EquipmentStatus::Blacklisted, reason: Reason::NotRegistered };
            return (asked(Device::Key(99_000_000_000_000 + random.below(1_000_000_000_000))), expected);
        }
        let key = self.keys[random.below(self.keys.len() as u64) as usize];
        let expected = Expected { status: EquipmentStatus::Whitelisted, reason: Reason::Registered };
        (asked(Device::Key(key.get())), expected)
    }
}
