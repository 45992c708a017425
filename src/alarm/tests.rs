//! Alarms: each rule by itself, the memory, and the rates in a simulated world.
#![allow(clippy::unwrap_used)]

mod fraud;
mod rates;
mod world;
