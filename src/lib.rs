//! Saring: an equipment identity register that cannot fill up.
//!
//! Two journeys go through this crate, and the modules stand in their order.
//!
//! **A check goes down and an answer comes up.** A network element asks [`grpc`] (the door, with limits and
//! refusals); [`check`] takes the question to the hot sets ([`hot`]) and gathers evidence from memory;
//! [`policy`] decides, as a pure function of evidence, settings and day. People ask the same question through
//! [`cli`] or `Explain`: [`explain`] reads the page of the device from the [`store`], folds it ([`fold`]) and
//! calls the very same decision. What agents do with it is on record at the [`desk`]. Beside it, never in it, stands the [`registration`] of the subscriber.
//!
//! **A change goes down and a revision comes up.** [`cli`] or a service brings a list; [`import`] reads it
//! into checked rows; [`registry`] takes the difference to what is in force, numbers it and writes entry,
//! effects and revision in one atomic synced write of the [`store`]; [`load`] projects the store into hot
//! sets. [`alarm`] says what an approver must see first. [`journal`] has the entries, [`tree`] their Merkle tree,
//! which [`transparency`] proves to others; [`batch`] has the bodies, [`digest`] says whether two states are the same.
//!
//! Arrows point down only: doors (`grpc`, `console`, `cli`) → operations (`check`, `explain`, `registry`,
//! `import`, `load`) → rules and state (`policy`, `fold`, `listing`, `pairing`, `page`, `hot`, `store`) →
//! [`identity`].

// Doors.
pub mod bench;
pub mod cli;
pub mod config;
pub mod console;
pub mod grpc;
pub mod proto;
pub mod serve;

// Operations.
pub mod capacity;
pub mod check;
pub mod desk;
pub mod explain;
pub mod history;
pub mod import;
pub mod load;
pub mod lookup;
pub mod preview;
pub mod registration;
pub mod registry;
pub mod transparency;

// State.
pub mod hot;
pub mod store;

// Rules and terms.
pub mod access;
pub mod alarm;
pub mod batch;
pub mod day;
pub mod digest;
pub mod door_limits;
pub mod fold;
pub mod journal;
pub mod keyed;
pub mod ledger;
pub mod limits;
pub mod listing;
pub mod page;
pub mod pairing;
pub mod policy;
pub mod principal;
pub mod revision;
pub mod tree;
pub mod words;

// Identities.
pub mod identity;

// Beside the way.
pub mod certs;
pub mod metrics;
pub mod national;
pub mod sample;
pub mod scheduling;
pub mod spool;
pub mod telemetry;
pub mod tls;
