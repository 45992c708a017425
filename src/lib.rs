#![doc = "Saring."]
#![allow(missing_docs)]
pub mod batch;
pub mod day;
pub mod digest;
pub mod fold;
pub mod hot;
pub mod identity;
pub mod journal;
pub mod listing;
pub mod load;
pub mod page;
pub mod pairing;
pub mod policy;
pub mod registry;
pub mod revision;
pub mod sample;
pub mod store;
