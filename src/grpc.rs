//! The gRPC door: what travels down a check arrives here.
//!
//! `server` deals connections to check runtimes; on each of them a `gate` lets calls in or refuses them before they
//! are decoded; `service` hands them to the [`crate::check`] operation, with `convert` as the only place where wire
//! types become checked ones. What always holds: a verdict is never an error and an error is never a verdict; a
//! check runtime never blocks, waits or reads a disk; personal values in messages are masked.

mod acceptor;
mod client;
mod convert;
mod gate;
mod lag;
mod server;
mod service;
mod status;
mod stream;

pub use client::{ClientError, ExplainClient};
pub(crate) use convert::explanation as explanation_to_wire;
pub use lag::Lag;
pub use server::{GrpcConfig, GrpcError, GrpcServer};
