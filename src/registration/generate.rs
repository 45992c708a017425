//! Lists of a made-up nation's numbers, for trying and measuring.
//!
//! What always holds: the same order gives the same bytes; no identity number is one that anybody has, because its
//! province is none; the numbers of different operators are different.

use crate::{day::Day, sample::SplitMix64};
use std::io::{self, Write};

/// A list to make.
#[derive(Clone, Copy, Debug)]
pub struct Generated {
    /// How many numbers.
    pub numbers: u64,
    /// From which everything follows.
    pub seed: u64,
    /// The how-manieth operator: its numbers begin at a place of their own.
    pub operator: u64,
    /// The day of the list: no state begins later.
    pub day: Day,
}

/// Cities of Indonesia.
const CITIES: u64 = 514;
/// Numbers between which an operator's lie: room for a thousand million.
const ROOM: u64 = 1_600_000_000;
const FIRST_NUMBER: u64 = 6_281_000_000_000;
/// The day from which numbers had to be registered.
const FIRST_DAY: &str = "2017-10-31";

/// Writes a list as an operator hands it in.
///
/// # Errors
/// When it cannot be written.
pub fn generate(order: &Generated, out: &mut dyn Write) -> io::Result<()> {
    let first_day = FIRST_DAY.parse::<Day>().map_or(0, Day::get).min(order.day.get());
    let days = u64::from(order.day.get() - first_day) + 1;
    writeln!(out, "msisdn,city,identity,nik,state,since")?;
    for nth in 0..order.numbers {
        let mut dice = SplitMix64::new(order.seed ^ nth.wrapping_mul(0xd605_1f4b_8a5e_9c71) ^ order.operator << 56);
        // Five of eight numbers of a block are in use.
        let msisdn = FIRST_NUMBER + order.operator % 100 * ROOM + nth * 8 / 5;
        // Most live in few cities.
        let city = dice.below(CITIES).min(dice.below(CITIES)) + 1100;
        let state = match dice.below(1000) {
            0..=959 => "registered",
            960..=979 => "unregistered",
            980..=991 => "kk-mismatch",
            992..=995 => "nik-inactive",
            _ => "withdrawn",
        };
        let identity = match dice.below(100) {
            0..=95 => "ktp-el",
            96..=98 => "suket",
            _ => "passport",
        };
        // Most have one or two numbers, a few have many.
        let people = order.numbers * 3 / 5 + 1;
        let person = dice.below(people).min(dice.below(people * 4));
        let since = Day::from_stored(first_day + dice.below(days) as u16).unwrap_or(order.day);
        let nik = match identity {
            "passport" => format!("X{person:08}"),
            _ => format!(
                "99{:04}{:02}{:02}{:02}{:04}",
                person / 10_000 % 10_000,
                person % 28 + 1,
                person % 12 + 1,
                person / 28 % 100,
                person % 10_000
            ),
        };
        match state {
            "unregistered" | "withdrawn" => writeln!(out, "{msisdn},{city},,,{state},{since}")?,
            _ => writeln!(out, "{msisdn},{city},{identity},{nik},{state},{since}")?,
        }
    }
    Ok(())
}
