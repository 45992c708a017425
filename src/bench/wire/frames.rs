//! Frames of HTTP/2 (RFC 9113, section 4.1), read and written in place.

use std::io::{self, ErrorKind};

/// Bytes before the payload of a frame.
pub(super) const HEAD_BYTES: usize = 9;

/// What every client sends first (section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// Bytes of priority in a frame of headers.
const PRIORITY_BYTES: usize = 5;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Reset,
    Settings,
    Ping,
    GoAway,
    Window,
    Continuation,
    /// Nothing that matters here (priority, push, unknown).
    Other,
}

/// Flags of frames.
pub(super) struct Flag;

impl Flag {
    pub(super) const ACK: u8 = 1;
    pub(super) const END_STREAM: u8 = 1;
    pub(super) const END_HEADERS: u8 = 4;
    const PADDED: u8 = 8;
    const PRIORITY: u8 = 0x20;
}

/// A setting of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    HeaderTable(u32),
    Streams(u32),
    Window(u32),
    Other,
}

/// A frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    flags: u8,
    pub(super) stream: u32,
    pub(super) payload: &'a [u8],
}

/// What is no HTTP/2, in words.
pub(super) fn broken(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the server does not speak HTTP/2 as it should: {what}"))
}

impl<'a> Frame<'a> {
    /// The first frame of the bytes and its length; none where more has to come.
    pub(super) fn read(bytes: &'a [u8]) -> io::Result<Option<(Self, usize)>> {
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let [a, b, c, kind, flags, s0, s1, s2, s3] = *head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        // A server that is none (HTTP/1.1 answers "HTTP/1.1 400") must not be waited for.
        if length > super::READ_BYTES {
            return Err(broken("a frame is longer than was allowed: something else may listen there"));
        }
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        let kind = match kind {
            DATA => Kind::Data,
            HEADERS => Kind::Headers,
            RESET => Kind::Reset,
            SETTINGS => Kind::Settings,
            PING => Kind::Ping,
            GO_AWAY => Kind::GoAway,
            WINDOW_UPDATE => Kind::Window,
            CONTINUATION => Kind::Continuation,
            _ => Kind::Other,
        };
        let stream = u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]);
        Ok(Some((Self { kind, flags, stream, payload }, HEAD_BYTES + length)))
    }

    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without padding.
    pub(super) fn data(&self) -> io::Result<&'a [u8]> {
        if !self.has(Flag::PADDED) {
            return Ok(self.payload);
        }
        let padded = self.payload.split_first();
        let bare = padded.and_then(|(pad, rest)| rest.get(..rest.len().checked_sub(usize::from(*pad))?));
        bare.ok_or_else(|| broken("a frame has more padding than bytes"))
    }

    /// The piece of a header block.
    pub(super) fn block(&self) -> io::Result<&'a [u8]> {
        let data = self.data()?;
        if !self.has(Flag::PRIORITY) {
            return Ok(data);
        }
        data.get(PRIORITY_BYTES..).ok_or_else(|| broken("a frame of headers is too short"))
    }

    /// The number that is all of the payload, or begins it.
    pub(super) fn number(&self) -> io::Result<u32> {
        let number = self.payload.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
        number.ok_or_else(|| broken("a frame is too short"))
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = Setting> {
        self.payload.chunks_exact(6).map(|setting| {
            let id = u16::from_be_bytes([setting[0], setting[1]]);
            let value = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
            match id {
                HEADER_TABLE_SIZE => Setting::HeaderTable(value),
                MAX_CONCURRENT_STREAMS => Setting::Streams(value),
                INITIAL_WINDOW_SIZE => Setting::Window(value),
                _ => Setting::Other,
            }
        })
    }
}

fn head(out: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    let [_, a, b, c] = (length as u32).to_be_bytes();
    let [s0, s1, s2, s3] = stream.to_be_bytes();
    out.extend_from_slice(&[a, b, c, kind, flags, s0, s1, s2, s3]);
}

/// The first bytes of a connection: windows as large as they can be.
pub(super) fn greet(out: &mut Vec<u8>, stream_window: u32, more_window: u32) {
    out.extend_from_slice(PREFACE);
    head(out, 12, SETTINGS, 0, 0);
    for (id, value) in [(ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, stream_window)] {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
    window(out, 0, more_window);
}

pub(super) fn settings_ack(out: &mut Vec<u8>) {
    head(out, 0, SETTINGS, Flag::ACK, 0);
}

pub(super) fn pong(out: &mut Vec<u8>, payload: &[u8]) {
    head(out, payload.len(), PING, Flag::ACK, 0);
    out.extend_from_slice(payload);
}

pub(super) fn window(out: &mut Vec<u8>, stream: u32, more: u32) {
    head(out, 4, WINDOW_UPDATE, 0, stream);
    out.extend_from_slice(&more.to_be_bytes());
}

pub(super) fn headers(out: &mut Vec<u8>, stream: u32, block: &[u8]) {
    head(out, block.len(), HEADERS, Flag::END_HEADERS, stream);
    out.extend_from_slice(block);
}

pub(super) fn data(out: &mut Vec<u8>, stream: u32, bytes: &[u8], ends: bool) {
    head(out, bytes.len(), DATA, if ends { Flag::END_STREAM } else { 0 }, stream);
    out.extend_from_slice(bytes);
}

/// Sets the length of the frame that begins there.
pub(super) fn set_length(out: &mut [u8], begin: usize, length: usize) {
    let [_, a, b, c] = (length as u32).to_be_bytes();
    if let Some(head) = out.get_mut(begin..begin + 3) {
        head.copy_from_slice(&[a, b, c]);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        let mut out = Vec::new();
        data(&mut out, 7, b"answer", true);
        for cut in 0..out.len() {
            assert!(Frame::read(&out[..cut]).unwrap().is_none(), "{cut}");
        }
        let (frame, length) = Frame::read(&out).unwrap().unwrap();
        assert_eq!((frame.kind, frame.stream, frame.data().unwrap(), length), (Kind::Data, 7, &b"answer"[..], 15));
        assert!(frame.has(Flag::END_STREAM));
        set_length(&mut out, 0, 3);
        assert_eq!(Frame::read(&out).unwrap().unwrap().0.payload, b"ans");
    }

    #[test]
    fn padding_and_priority_are_left_out() {
        let frame = |flags, payload| Frame { kind: Kind::Headers, flags, stream: 1, payload };
        assert_eq!(frame(Flag::PADDED, &[2, 9, 0, 0]).data().unwrap(), [9]);
        assert_eq!(frame(Flag::PADDED | Flag::PRIORITY, &[1, 0, 0, 0, 0, 0, 8, 0]).block().unwrap(), [8]);
        for bad in [&[3_u8, 0][..], &[]] {
            assert!(frame(Flag::PADDED, bad).data().is_err(), "{bad:?}");
        }
        assert!(frame(Flag::PRIORITY, &[0, 0]).block().is_err());
    }

    #[test]
    fn an_answer_of_another_protocol_is_refused() {
        let error = Frame::read(b"HTTP/1.1 400 Bad Request\r\n").unwrap_err();
        assert!(error.to_string().contains("something else"), "{error}");
    }
}
