//! The wire's words, generated from proto/saring/v1.
//!
//! Nothing but `grpc` and clients of the server use these types; every value of theirs is checked there before it
//! goes further down.

#![allow(missing_docs, unreachable_pub, clippy::doc_markdown, clippy::large_enum_variant)]

include!(concat!(env!("OUT_DIR"), "/saring.v1.rs"));

/// The compiled descriptors of all of proto/, for the reflection service.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/saring_descriptor.bin"));
