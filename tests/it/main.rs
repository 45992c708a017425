//! End to end: the real binary, a real RocksDB, real sockets. The tests make their own lists.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod access;
mod agreement;
mod backup;
mod bench;
mod browser;
mod case_pages;
mod changes;
mod cli;
mod concurrent;
mod console;
mod desk;
mod desk_browser;
mod documents;
mod edits;
mod evidence;
mod four_eyes;
mod fuzz;
mod https;
mod journal;
mod lists;
mod lookup;
mod national;
mod no_reads;
mod one_phone;
mod overrides;
mod pairings;
mod people_pages;
mod persons;
mod protected;
mod public_page;
mod python;
mod record_pages;
mod refusals;
mod registration;
mod registry_cli;
mod serve;
mod session;
mod settings;
mod story;
mod support;
mod tidy;
mod time;
