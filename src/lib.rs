#![doc = "Saring."]
#![allow(missing_docs)]
/// The command line, one file a verb.
pub mod cli {
    pub mod import;
}
pub mod day;
pub mod hot;
pub mod identity;
pub mod import;
pub mod listing;
pub mod page;
pub mod pairing;
pub mod policy;
pub mod revision;
