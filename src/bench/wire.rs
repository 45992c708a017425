//! HTTP/2 as far as a client of the checks needs it, over a socket that never blocks.
//!
//! Calls are written into one buffer and leave together, answers are read as many as have come: at 100,000 calls a
//! second some ten share a packet, and a call costs a few copies of 40 bytes. A library costs 3 to 13 us a call
//! (docs/decisions.md), which is as much as the server: it would measure itself.
//! What always holds: the server's windows and its limit of streams are kept; answers are given out in the order in which
//! they came; nothing is allocated for a call in the usual case.

mod calls;
mod frames;
mod headers;
mod incoming;

pub use headers::{Extra, Outcome};

use crate::grpc::Line;
use calls::Calls;
use headers::{Headers, Preamble};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
};

/// Bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;
/// Bytes that may wait for the socket before no more calls are taken.
const UNSENT_MAX: usize = 256 * 1024;
/// The server may send so many bytes before it has to wait: never, while answers are read.
const WINDOW: u32 = (1 << 31) - 1;
/// What HTTP/2 gives without asking.
const WINDOW_INITIAL: u32 = 65_535;
/// The window is filled up when so much of it is used.
const WINDOW_REFILL: u32 = 1 << 30;
const FRAME_MAX: usize = 16_384;

/// A question that has been sent: when it was due, and which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Nanoseconds since the run began.
    pub due: u64,
    /// Its message in the deck.
    pub message: u32,
}

/// Where answers go.
pub trait Sink {
    /// One message of an answer. Its meaning: whether it was the right one.
    fn message(&mut self, asked: Asked, message: &[u8]) -> bool;
    /// The question is through. `right`: what [`Sink::message`] said; none where no message came.
    fn done(&mut self, asked: Asked, outcome: &Outcome, right: Option<bool>);
}

/// How messages travel on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// A call each.
    Calls,
    /// All in one call, answered in their order.
    Stream,
}

impl Traffic {
    /// Both together.
    pub const fn plus(self, other: Self) -> Self {
        Self { sent: self.sent + other.sent, received: self.received + other.received }
    }
}

/// One connection.
pub struct Connection {
    line: Line,
    preamble: Preamble,
    carriage: Carriage,
    out: Vec<u8>,
    /// What of `out` has been sent.
    sent: usize,
    /// Where in `out` the data frame begins that can still grow.
    growing: Option<usize>,
    into: Vec<u8>,
    /// What of `into` holds bytes that were not understood yet.
    have: usize,
    headers: Headers,
    /// A header block whose rest is to come: its stream, and whether that ends.
    partial: Option<(u32, bool, Vec<u8>)>,
    calls: Calls,
    /// Questions of the stream that wait for their answers.
    waiting: VecDeque<Asked>,
    /// Bytes that the server takes on the connection and on the stream.
    window: i64,
    stream_window: i64,
    stream_window_initial: i64,
    streams_max: u32,
    /// The running stream.
    stream: Option<u32>,
    /// What was read since the window was filled up.
    used: u32,
    used_of_stream: u32,
    greeted: bool,
    gone: bool,
    /// Whether the stream has ended since that was last asked.
    ended: bool,
    traffic: Traffic,
}

/// Bytes of HTTP/2 in each direction, without those of TLS and TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To the server.
    pub sent: u64,
    /// From it.
    pub received: u64,
}

impl Connection {
    /// Speaks HTTP/2 on a line. Nothing waits: the server's greeting is read with its first answers.
    pub fn new(line: Line, path: &str, carriage: Carriage, extra: &Extra) -> Self {
        let preamble = Preamble::new(path, line.authority(), line.is_secure(), extra);
        let mut out = Vec::with_capacity(UNSENT_MAX);
        frames::greet(&mut out, WINDOW, WINDOW - WINDOW_INITIAL);
        Self {
            line,
            preamble,
            carriage,
            out,
            sent: 0,
            growing: None,
            into: vec![0; READ_BYTES],
            have: 0,
            headers: Headers::new(),
            partial: None,
            calls: Calls::new(),
            waiting: VecDeque::new(),
            window: i64::from(WINDOW_INITIAL),
            stream_window: 0,
            stream_window_initial: i64::from(WINDOW_INITIAL),
            // Until the server says how many it takes, as many as HTTP/2 recommends at least.
            streams_max: 100,
            stream: None,
            used: 0,
            used_of_stream: 0,
            greeted: false,
            gone: false,
            ended: false,
            traffic: Traffic::default(),
        }
    }

    /// The socket, to wait for.
    pub const fn line(&self) -> &Line {
        &self.line
    }

    /// What has gone over it.
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Questions without an answer yet.
    pub fn in_flight(&self) -> usize {
        self.calls.len() + self.waiting.len()
    }

    /// Whether the server has ended the connection (GOAWAY): another one has to be opened.
    pub const fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether the server has ended the stream since this was last asked.
    pub const fn stream_ended(&mut self) -> bool {
        std::mem::replace(&mut self.ended, false)
    }

    /// Whether bytes wait for the socket.
    pub fn has_unsent(&self) -> bool {
        self.sent < self.out.len() || self.line.has_unsent()
    }

    /// Asks. False where the server takes no more at present; nothing has happened then.
    ///
    /// # Errors
    /// When the connection's stream numbers are used up.
    pub fn ask(&mut self, asked: Asked, message: &[u8]) -> io::Result<bool> {
        let length = message.len() as i64;
        if length > self.window || self.out.len() - self.sent > UNSENT_MAX || !self.greeted || self.gone {
            return Ok(false);
        }
        match self.carriage {
            Carriage::Calls => {
                if self.calls.len() >= self.streams_max as usize || length > self.stream_window_initial {
                    return Ok(false);
                }
                let stream = self.calls.open(asked)?;
                self.preamble.write(&mut self.out, stream);
                frames::data(&mut self.out, stream, message, true);
            }
            Carriage::Stream => {
                let stream = self.running_stream()?;
                if length > self.stream_window {
                    return Ok(false);
                }
                self.stream_window -= length;
                self.waiting.push_back(asked);
                self.grow(stream, message);
            }
        }
        self.window -= length;
        Ok(true)
    }

    fn running_stream(&mut self) -> io::Result<u32> {
        if let Some(stream) = self.stream {
            return Ok(stream);
        }
        let stream = self.calls.skip()?;
        self.preamble.write(&mut self.out, stream);
        self.stream_window = self.stream_window_initial;
        self.used_of_stream = 0;
        self.growing = None;
        self.stream = Some(stream);
        Ok(stream)
    }

    /// Adds a message to the data frame that is being filled, or begins one.
    fn grow(&mut self, stream: u32, message: &[u8]) {
        if let Some(begin) = self.growing {
            let length = self.out.len() - begin - frames::HEAD_BYTES + message.len();
            if length <= FRAME_MAX {
                self.out.extend_from_slice(message);
                frames::set_length(&mut self.out, begin, length);
                return;
            }
        }
        self.growing = Some(self.out.len());
        frames::data(&mut self.out, stream, message, false);
    }

    /// Sends what can be sent now.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        // What has left cannot grow.
        self.growing = None;
        while self.sent < self.out.len() {
            match self.line.write(&self.out[self.sent..]) {
                Ok(count) => {
                    self.sent += count;
                    self.traffic.sent += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.sent = 0;
        self.line.push()
    }

    /// Reads once and understands what has come. Gives whether there may be more.
    ///
    /// # Errors
    /// When the connection is over, or what comes is no HTTP/2.
    pub fn read(&mut self, sink: &mut impl Sink) -> io::Result<bool> {
        if self.gone {
            return Ok(false);
        }
        if self.have == self.into.len() {
            self.into.resize(self.into.len() * 2, 0);
        }
        let count = match self.line.read(&mut self.into[self.have..]) {
            Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection")),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(false),
            Err(error) => return Err(error),
        };
        self.have += count;
        self.traffic.received += count as u64;
        // Taken out, so that a frame's bytes and the connection's state can be used side by side.
        let into = std::mem::take(&mut self.into);
        let understood = self.understand(&into[..self.have], sink);
        self.into = into;
        let understood = understood?;
        self.into.copy_within(understood..self.have, 0);
        self.have -= understood;
        Ok(self.have + understood == self.into.len())
    }
}
