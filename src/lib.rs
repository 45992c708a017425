#![doc = "Saring."]
#![allow(missing_docs)]
pub mod day;
pub mod digest;
pub mod hot;
pub mod identity;
pub mod listing;
pub mod page;
pub mod pairing;
pub mod policy;
pub mod revision;
pub mod sample;
