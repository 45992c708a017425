//! Header blocks: those of requests, written once; those of answers, understood once.
//!
//! A request says the same each time, so after the first one a connection's table has all of it and a block is eight
//! bytes. An answer's end is one byte where the server's table has it; such a block is looked up, not decoded.

use super::frames::{self, broken};
use loona_hpack::Decoder;
use std::io;

/// Entries of HPACK's static table (RFC 7541, appendix A).
const AUTHORITY: u8 = 1;
const METHOD_POST: u8 = 3;
const PATH: u8 = 4;
const SCHEME_HTTP: u8 = 6;
const SCHEME_HTTPS: u8 = 7;
const AUTHORIZATION: u8 = 23;
const CONTENT_TYPE: u8 = 31;
/// The newest entry of the dynamic table.
const DYNAMIC_FIRST: u8 = 62;

const INDEXED: u8 = 0x80;
const LITERAL_KEPT: u8 = 0x40;
const LITERAL: u8 = 0x00;
const LITERAL_SECRET: u8 = 0x10;
/// The server's table has no place: nothing is kept in it (section 6.3).
const NO_TABLE: u8 = 0x20;

/// Bytes that all kept headers take at most; a smaller table is not used.
const TABLE_MIN: u32 = 1024;
/// Blocks whose meaning is remembered.
const KNOWN_MAX: usize = 8;

/// What a request carries beside its path.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// The value of `authorization`.
    pub authorization: Option<String>,
    /// How long an answer is worth something, as `grpc-timeout` says it.
    pub timeout: Option<String>,
}

/// The header block of every request of a connection.
#[derive(Debug)]
pub(super) struct Preamble {
    first: Vec<u8>,
    next: Vec<u8>,
    without_table: Vec<u8>,
    begun: bool,
    has_table: bool,
}

impl Preamble {
    /// The block of calls of one method.
    pub(super) fn new(path: &str, authority: &str, secure: bool, extra: &Extra) -> Self {
        let timeout = extra.timeout.as_deref().map(|timeout| (None, "grpc-timeout", timeout));
        let kept: Vec<(Option<u8>, &str, &str)> = [
            (Some(PATH), "", path),
            (Some(AUTHORITY), "", authority),
            (Some(CONTENT_TYPE), "", "application/grpc"),
            (None, "te", "trailers"),
            (None, "user-agent", "saring-bench"),
        ]
        .into_iter()
        .chain(timeout)
        .collect();
        let scheme = if secure { SCHEME_HTTPS } else { SCHEME_HTTP };
        let fixed = [INDEXED | METHOD_POST, INDEXED | scheme];
        let mut secret = Vec::new();
        if let Some(value) = &extra.authorization {
            // A token stays out of the tables, as it does in every client of this crate.
            name_of(&mut secret, LITERAL_SECRET, 4, Some(AUTHORIZATION), "");
            text(&mut secret, value);
        }
        let block = |kind: u8, bits: u32| {
            let mut block = fixed.to_vec();
            for (index, name, value) in &kept {
                name_of(&mut block, kind, bits, *index, name);
                text(&mut block, value);
            }
            block
        };
        let (mut first, mut without_table) = (block(LITERAL_KEPT, 6), vec![NO_TABLE]);
        without_table.extend(block(LITERAL, 4));
        let mut next = fixed.to_vec();
        next.extend((0..kept.len() as u8).rev().map(|age| INDEXED | (DYNAMIC_FIRST + age)));
        for block in [&mut first, &mut next, &mut without_table] {
            block.extend_from_slice(&secret);
        }
        Self { first, next, without_table, begun: false, has_table: true }
    }

    /// The server's table is so large.
    pub(super) const fn table(&mut self, bytes: u32) {
        self.has_table = bytes >= TABLE_MIN;
    }

    pub(super) fn write(&mut self, out: &mut Vec<u8>, stream: u32) {
        let block = match (self.has_table, self.begun) {
            (false, _) => &self.without_table,
            (true, false) => &self.first,
            (true, true) => &self.next,
        };
        self.begun = true;
        frames::headers(out, stream, block);
    }
}

fn name_of(block: &mut Vec<u8>, kind: u8, bits: u32, index: Option<u8>, name: &str) {
    number(block, kind, bits, usize::from(index.unwrap_or(0)));
    if index.is_none() {
        text(block, name);
    }
}

/// A number with a prefix of so many bits (section 5.1).
fn number(block: &mut Vec<u8>, kind: u8, bits: u32, value: usize) {
    let most = (1_usize << bits) - 1;
    if value < most {
        block.push(kind | value as u8);
        return;
    }
    block.push(kind | most as u8);
    let mut rest = value - most;
    while rest >= 128 {
        block.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    block.push(rest as u8);
}

fn text(block: &mut Vec<u8>, value: &str) {
    number(block, 0, 7, value.len());
    block.extend_from_slice(value.as_bytes());
}

/// `:status: 200` of the static table (RFC 7541, appendix A).
const STATUS_200: u8 = INDEXED | 8;

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The code of gRPC: 0 is an answer.
    pub code: i32,
    /// The server's words.
    pub words: String,
}

impl Outcome {
    /// An answer.
    pub const OK: Self = Self { code: 0, words: String::new() };
    /// The code of gRPC for what broke on the way.
    pub const UNAVAILABLE: i32 = 14;
    /// The code of gRPC for what nobody can explain.
    pub const UNKNOWN: i32 = 2;

    pub(super) fn reset(code: u32) -> Self {
        Self { code: Self::UNAVAILABLE, words: format!("the call was reset (HTTP/2 error {code})") }
    }

    /// The payload: the last stream that was looked at, an error, and words for people.
    pub(super) fn gone(payload: &[u8]) -> Self {
        let code =
            payload.get(4..8).and_then(|code| code.first_chunk::<4>()).map_or(0, |code| u32::from_be_bytes(*code));
        let said = String::from_utf8_lossy(payload.get(8..).unwrap_or_default());
        let words = format!("the server ended the connection (HTTP/2 error {code}) {said}");
        Self { code: Self::UNAVAILABLE, words: words.trim_end().to_owned() }
    }

    pub(super) fn no_status() -> Self {
        Self { code: Self::UNKNOWN, words: "the call ended without a status".into() }
    }

    fn of(headers: &[(Vec<u8>, Vec<u8>)]) -> Self {
        let find = |name: &str| {
            let found = headers.iter().find(|(header, _)| header == name.as_bytes());
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        match find("grpc-status").map(|code| code.parse()) {
            Some(Ok(0)) => Self::OK,
            Some(Ok(code)) => Self { code, words: find("grpc-message").unwrap_or_default() },
            Some(Err(_)) | None => {
                let status = find(":status").unwrap_or_default();
                Self { words: format!("the call ended without a status of gRPC (HTTP {status})"), ..Self::no_status() }
            }
        }
    }
}

/// The header blocks of a server.
pub(super) struct Headers {
    decoder: Decoder<'static>,
    /// Blocks that only point into the table, and what they mean while it stays as it is.
    known: Vec<(Vec<u8>, Outcome)>,
}

impl Headers {
    pub(super) fn new() -> Self {
        Self { decoder: Decoder::new(), known: Vec::new() }
    }

    /// Reads a block. Gives the outcome where the stream ends with it, or where what follows is no answer of gRPC.
    pub(super) fn read(&mut self, block: &[u8], ends: bool) -> io::Result<Option<Outcome>> {
        if only_points(block) {
            if !ends && block.first() == Some(&STATUS_200) {
                return Ok(None);
            }
            if let Some((_, outcome)) = self.known.iter().find(|(known, _)| known == block) {
                return Ok(Some(outcome.clone()));
            }
        } else {
            self.known.clear();
        }
        let headers = self.decoder.decode(block).map_err(|error| broken(&error.to_string()))?;
        let is_good = || headers.iter().any(|(name, value)| name == b":status" && value == b"200");
        if !ends && is_good() {
            return Ok(None);
        }
        let outcome = Outcome::of(&headers);
        if only_points(block) && self.known.len() < KNOWN_MAX {
            self.known.push((block.to_vec(), outcome.clone()));
        }
        Ok(Some(outcome))
    }
}

/// Whether a block changes no table: all of it are indexes. The bytes that continue a long one may look otherwise; such
/// a block is decoded.
fn only_points(block: &[u8]) -> bool {
    block.iter().all(|byte| byte & INDEXED != 0 && *byte != 0xff)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn decoded(decoder: &mut Decoder<'_>, block: &[u8]) -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        decoder.decode(block).unwrap().into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn every_block_of_a_request_says_the_same() {
        let extra = Extra { authorization: Some(format!("Bearer {}", "t".repeat(200))), timeout: Some("50m".into()) };
        let preamble = Preamble::new("/saring.v1.EquipmentCheck/Check", "node:7400", false, &extra);
        let mut decoder = Decoder::new();
        let first = decoded(&mut decoder, &preamble.first);
        let value = |name: &str| first.iter().find(|(header, _)| header == name).unwrap().1.clone();
        assert_eq!(value(":method"), "POST");
        assert_eq!(value(":scheme"), "http");
        assert_eq!(value(":path"), "/saring.v1.EquipmentCheck/Check");
        assert_eq!((value(":authority"), value("te")), ("node:7400".into(), "trailers".into()));
        assert_eq!((value("grpc-timeout"), value("authorization").len()), ("50m".into(), 207));
        assert_eq!(decoded(&mut decoder, &preamble.next), first);
        assert_eq!(decoded(&mut decoder, &preamble.next), first);
        assert_eq!(decoded(&mut Decoder::new(), &preamble.without_table), first);
    }

    #[test]
    fn an_outcome_is_remembered_only_while_the_table_stays() {
        let mut headers = Headers::new();
        let kept = |name: &str, value: &str| {
            let mut block = Vec::new();
            name_of(&mut block, LITERAL_KEPT, 6, None, name);
            text(&mut block, value);
            block
        };
        assert_eq!(headers.read(&kept("grpc-status", "0"), true).unwrap(), Some(Outcome::OK));
        let newest = [INDEXED | DYNAMIC_FIRST];
        assert_eq!(headers.read(&newest, true).unwrap(), Some(Outcome::OK));
        assert_eq!(headers.known.len(), 1);
        // The same byte means something else now.
        let busy = Outcome { code: 8, words: String::new() };
        assert_eq!(headers.read(&kept("grpc-status", "8"), true).unwrap(), Some(busy.clone()));
        assert_eq!(headers.read(&newest, true).unwrap(), Some(busy));
        assert_eq!(headers.read(&[INDEXED | 8], true).unwrap().unwrap().code, Outcome::UNKNOWN);
        assert!(headers.read(&[INDEXED | 100], true).is_err(), "beyond the table");
    }
}
