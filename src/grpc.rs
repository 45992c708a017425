//! The gRPC door: what travels down a check arrives here.
//!
//! `reception` takes connections and does their handshakes ([`crate::tls`]) on the side runtime; `acceptor` deals them to the
//! check runtimes of `server`, `incoming` gives them to a second door; `peer` says who is at their other end. On each
//! check runtime a `gate` lets calls in or refuses them before they
//! are decoded; `service` hands them to the [`crate::check`] operation, with `convert` as the only place where wire
//! types become checked ones. What always holds: a verdict is never an error and an error is never a verdict; a
//! check runtime never blocks, waits or reads a disk; personal values in messages are masked.

mod acceptor;
mod asking;
mod audit;
mod cases;
mod client;
mod connection;
mod convert;
mod desk;
mod gate;
mod incoming;
mod lag;
mod lookup;
mod peer;
mod reception;
mod registration;
mod registry;
mod server;
mod service;
mod status;
mod stream;

pub use client::{
    Access, AuditCaller, Authorised, Bearer, CasesCaller, ClientError, Dialled, ExplainClient, Line, LookupCaller,
    RegistrationCaller, RegistryCaller, Token, Transfer,
};
pub use connection::Connection;
pub(crate) use convert::{
    explanation as explanation_to_wire, help as help_to_wire, lookup as lookup_to_wire,
    registration as registrations_to_wire,
};
pub use incoming::{DoorConfig, Incoming};
pub use lag::Lag;
pub use peer::{Peer, PeerCertificate};
pub use registry::RegistryDoor;
pub use server::{GrpcConfig, GrpcError, GrpcServer};
