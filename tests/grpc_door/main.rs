//! The gRPC door as its clients meet it: a real node, real hot sets, real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod answers;
mod drain;
mod fuzz;
mod node;
mod raw;
mod refusals;
mod standing;
mod tls;
