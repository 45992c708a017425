#![doc = "Saring."]
#![allow(missing_docs)]
pub mod day;
pub mod identity;
pub mod hot;
pub mod listing;
pub mod page;
pub mod pairing;
pub mod policy;
pub mod revision;
