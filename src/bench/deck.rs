//! The questions of a run as wire messages, made before the clock runs: while it runs a question costs one copy.

use super::{
    Mode, Script,
    script::{Device, Expected, Question},
};
use crate::proto::{
    CheckBatchRequest, CheckRequest,
    check_request::{Equipment, SubscriberIdentity, SubscriberNumber},
};
use prost::Message as _;
use std::ops::Range;

/// Messages in the order in which they are sent, each with its prefix of gRPC.
#[derive(Debug)]
pub struct Deck {
    bytes: Vec<u8>,
    /// Where each message ends.
    ends: Vec<usize>,
    /// Status and reason of each question.
    expected: Vec<(u8, u8)>,
    mode: Mode,
    per_message: usize,
}

impl Deck {
    /// The first questions of a script, `per_message` in each message.
    pub fn new(script: &dyn Script, mode: Mode, questions: u64, per_message: usize, operator: &str) -> Self {
        let per_message = per_message.max(1);
        let messages = questions.max(1).div_ceil(per_message as u64);
        let mut deck = Self { bytes: Vec::new(), ends: Vec::new(), expected: Vec::new(), mode, per_message };
        let mut asked = Vec::with_capacity(per_message);
        for n in 0..messages * per_message as u64 {
            let (question, Expected { status, reason }) = script.question(n);
            deck.expected.push((status as u8, reason as u8));
            asked.push(question);
            if asked.len() == per_message {
                deck.put(&asked, operator);
                asked.clear();
            }
        }
        deck
    }

    fn put(&mut self, asked: &[Question], operator: &str) {
        let message = match self.mode {
            Mode::Batch => packed(asked, operator).encode_to_vec(),
            Mode::Unary | Mode::Stream => {
                asked.first().map(|question| single(question, operator)).unwrap_or_default().encode_to_vec()
            }
        };
        self.bytes.push(0);
        self.bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(&message);
        self.ends.push(self.bytes.len());
    }

    /// How many messages there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How questions travel.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Questions in one message.
    pub const fn per_message(&self) -> usize {
        self.per_message
    }

    /// One message.
    pub fn message(&self, nth: u32) -> &[u8] {
        let nth = nth as usize;
        let begin = nth.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[nth]]
    }

    /// Numbers of the questions in a message, as the script counts them.
    pub const fn questions(&self, message: u32) -> Range<u64> {
        let first = message as u64 * self.per_message as u64;
        first..first + self.per_message as u64
    }

    /// Status and reason of all questions of a message.
    pub fn expected(&self, message: u32) -> &[(u8, u8)] {
        let first = message as usize * self.per_message;
        &self.expected[first..first + self.per_message]
    }
}

fn single(question: &Question, operator: &str) -> CheckRequest {
    CheckRequest {
        equipment: Some(match &question.device {
            Device::Key(key) => Equipment::EquipmentKey(*key),
            Device::Text(text) => Equipment::EquipmentText(text.clone()),
        }),
        subscriber_number: question.msisdn.map(SubscriberNumber::Msisdn),
        subscriber_identity: question.imsi.map(SubscriberIdentity::Imsi),
        operator: operator.to_owned(),
        ..CheckRequest::default()
    }
}

/// What is no key travels as 0, which is malformed too.
fn packed(asked: &[Question], operator: &str) -> CheckBatchRequest {
    let numbers = |number: fn(&Question) -> Option<u64>| -> Vec<u64> {
        let some = asked.iter().any(|question| number(question).is_some());
        if some { asked.iter().map(|question| number(question).unwrap_or(0)).collect() } else { Vec::new() }
    };
    CheckBatchRequest {
        equipment_key: asked
            .iter()
            .map(|question| match question.device {
                Device::Key(key) => key,
                Device::Text(_) => 0,
            })
            .collect(),
        msisdn: numbers(|question| question.msisdn),
        imsi: numbers(|question| question.imsi),
        operator: operator.to_owned(),
        ..CheckBatchRequest::default()
    }
}
