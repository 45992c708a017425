//! Every limit of the doors in one place, with the relations between them checked at compile time.
//!
//! A limit here protects the node from what a client may send; nothing here changes a verdict.

use std::time::Duration;

/// Questions of one packed batch. At 50 ns each a full batch holds its runtime for about 0.2 ms, so that a batch
/// does not make single checks wait noticeably.
pub const BATCH_QUESTIONS_MAX: usize = 4096;

/// Bytes of one packed question at most: key, MSISDN and IMSI as `fixed64`.
const BATCH_QUESTION_BYTES: usize = 24;

/// Bytes of one request message after decompression. gRPC's customary limit is 4 MiB; no legal request comes near.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a text value of a request: the longest legal one is a PEI of about 70 characters.
pub const TEXT_BYTES_MAX: usize = 256;

/// Bytes of an operator's name.
pub const OPERATOR_BYTES_MAX: usize = 64;

/// Calls at a time on one connection. With the connections it bounds how much work can wait at all: more streams a
/// connection only move the queue from the client, where a deadline still counts, to the server.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 256;

/// Connections at a time by default. A network element keeps a few open.
pub const CONNECTIONS_MAX: usize = 4096;

/// Connections at a time at a door beside the checks: people's tools and services, each with one.
pub const CONNECTIONS_APART_MAX: usize = 256;

/// Lookups at a time: each reads a few pages and stories. Others wait their turn.
pub const LOOKUPS_MAX: usize = 8;

/// TLS handshakes at a time at one door. Each costs the side runtime public-key work, and memory.
pub const HANDSHAKES_MAX: usize = 256;

/// How long a client has for its TLS handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a TLS handshake runs before it has to give way to one that waits, where as many run as may; and how long
/// a door that closes waits for those that run.
pub const HANDSHAKE_UNDISTURBED: Duration = Duration::from_secs(1);

/// Bytes of the headers of one request.
pub const HEADER_BYTES_MAX: u32 = 16 * 1024;

/// Bytes that one stream may send ahead of its answers.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// Bytes that one connection may send ahead of its answers.
pub const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// Answers that one stream gives in a row before other work of its runtime has its turn: about 0.1 ms.
pub const STREAM_RUN_CHECKS: u32 = 256;

/// Batches that one stream answers in a row.
pub const STREAM_RUN_BATCHES: u32 = 2;

/// Explanations at a time. They read the disk; a check never waits for one.
pub const EXPLANATIONS_MAX: usize = 8;

/// How often an idle connection is asked whether its peer still lives.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// How long a peer has to answer that.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often each check runtime's lag is measured.
pub const LAG_PROBE_INTERVAL: Duration = Duration::from_millis(5);

/// Runtime lag up to which no call is refused.
pub const LAG_TOLERATED: Duration = Duration::from_millis(10);

/// Runtime lag at which as many calls are refused as the shedder ever refuses.
pub const LAG_LIMIT: Duration = Duration::from_millis(60);

/// What a call costs a runtime beside its handler: HTTP/2, framing, wake-ups. A refused call costs about that: 4.8 to
/// 6.2 us in docs/performance.md (`cargo bench --bench grpc`); less errs to the side of answering.
pub const CALL_OVERHEAD: Duration = Duration::from_micros(4);

/// Share of the knee's answers that shedding must leave, of 100.
pub const ANSWERS_KEPT_PERCENT: u32 = 75;

/// When a refused client is asked to come again at the earliest: a few times the lag that made the refusal.
pub const RETRY_BUSY: Duration = Duration::from_millis(250);

/// When a client of a node that loads its register is asked to come again.
pub const RETRY_WARMING: Duration = Duration::from_secs(1);

/// How long a node that shuts down waits for accepted calls by default.
pub const DRAIN_GRACE: Duration = Duration::from_secs(10);

/// One call in so many is timed; a clock read costs as much as the lookup itself. A power of two.
pub const CALLS_PER_TIMED_CALL: u64 = 64;

const _: () = {
    assert!(
        BATCH_QUESTIONS_MAX * BATCH_QUESTION_BYTES + 1024 < MESSAGE_BYTES_MAX,
        "a full batch must be a legal message"
    );
    assert!(MESSAGE_BYTES_MAX <= STREAM_WINDOW_BYTES as usize, "one message must never need two window updates");
    assert!(STREAM_WINDOW_BYTES <= CONNECTION_WINDOW_BYTES, "one stream must not need more than its connection has");
    assert!(OPERATOR_BYTES_MAX <= TEXT_BYTES_MAX, "an operator's name is a text");
    assert!(LAG_PROBE_INTERVAL.as_nanos() < LAG_TOLERATED.as_nanos(), "lag must be seen before it is acted on");
    assert!(LAG_TOLERATED.as_nanos() < LAG_LIMIT.as_nanos(), "shedding must rise between the two");
    assert!(LAG_LIMIT.as_nanos() < RETRY_BUSY.as_nanos(), "a client must not come again into the same lag");
    assert!(KEEPALIVE_TIMEOUT.as_nanos() < KEEPALIVE_INTERVAL.as_nanos(), "one question at a time");
    assert!(HANDSHAKE_UNDISTURBED.as_nanos() < HANDSHAKE_TIMEOUT.as_nanos(), "who waits must not wait for a time-out");
    assert!(HANDSHAKE_UNDISTURBED.as_nanos() < DRAIN_GRACE.as_nanos(), "a silent client must not use up the shutdown");
    assert!(HANDSHAKES_MAX < CONNECTIONS_MAX, "places must not run out by handshakes alone");
    assert!(ANSWERS_KEPT_PERCENT > 70 && ANSWERS_KEPT_PERCENT < 100, "at three times the knee 70 of 100 answers stay");
    assert!(CALLS_PER_TIMED_CALL.is_power_of_two(), "a mask selects the timed calls");
};
