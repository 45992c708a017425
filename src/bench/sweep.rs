//! Looks for the knee: the highest rate at which nearly everything is answered, and not much later than usual.
//!
//! First as many as are answered, which says where the end is about; then open loop at shares of that, ascending. A rate
//! at which the generator was the bottleneck is told as such and counts for nothing.

use super::{
    Bottleneck, Measured, Order, Pace,
    deck::Deck,
    run::{BenchError, run_deck},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Shares of what is answered in a closed loop. Beyond 1 shows what an overload is like.
const SHARES: [f64; 12] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2];
/// Of a hundred questions so many must be answered at the knee.
const ANSWERED_MIN: f64 = 0.99;
/// The slowest of a hundred may take so many times as long as at the lowest rate,
const SLOWER_MAX: f64 = 10.0;
/// or so many microseconds, whichever is more.
const P99_US_ALLOWED: f64 = 2_000.0;

/// How long an answer is worth something, where nobody said.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How often the first run is tried.
const TRIES: usize = 3;

/// One rate of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Checks a second that were asked.
    pub rate: f64,
    /// The figures.
    pub measured: Option<Measured>,
    /// Why there are none.
    pub bottleneck: Option<String>,
}

/// All rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// As many as are answered.
    pub most: Measured,
    /// Ascending.
    pub steps: Vec<Step>,
    /// The highest rate that is answered well, in checks a second; none where no rate was.
    pub knee: Option<f64>,
}

impl Sweep {
    /// Puts steps together.
    pub fn new(most: Measured, steps: Vec<Step>) -> Self {
        let measured = || steps.iter().filter_map(|step| Some((step.rate, step.measured.as_ref()?)));
        let usual = measured().map(|(_, one)| one.latency_us.p99).next().unwrap_or(0.0);
        let allowed = (SLOWER_MAX * usual).max(P99_US_ALLOWED);
        let is_well = |one: &Measured| {
            one.right as f64 >= ANSWERED_MIN * one.asked as f64 && one.right > 0 && one.latency_us.p99 <= allowed
        };
        let knee = measured().take_while(|(_, one)| is_well(one)).map(|(rate, _)| rate).last();
        Self { most, steps, knee }
    }

    /// Whether an answer was wrong.
    pub fn wrong(&self) -> u64 {
        let of_steps: u64 = self.steps.iter().filter_map(|step| step.measured.as_ref()).map(|one| one.wrong).sum();
        self.most.wrong + of_steps
    }
}

/// Runs a sweep. `order.pace` is not used. `tell` hears of each step.
///
/// # Errors
/// As [`super::run`], but for a bottleneck of a single step.
pub fn sweep(order: &Order, deck: &Deck, mut tell: impl FnMut(&Step)) -> Result<Sweep, BenchError> {
    // Beyond the knee what waits grows without end; nobody waits for ever.
    let order = &Order { timeout: order.timeout.or(Some(TIMEOUT)), ..order.clone() };
    let most = most(&Order { pace: Pace::Max, gather: Duration::ZERO, ..order.clone() }, deck)?;
    let mut steps = Vec::new();
    for share in SHARES {
        let rate = (most.checks_per_second * share).max(1.0);
        let step = match run_deck(&Order { pace: Pace::Rate(rate), ..order.clone() }, deck) {
            Ok(measured) => Step { rate, measured: Some(measured), bottleneck: None },
            Err(BenchError::Bottleneck(why)) => Step { rate, measured: None, bottleneck: Some(of(&why)) },
            Err(error) => return Err(error),
        };
        tell(&step);
        steps.push(step);
    }
    Ok(Sweep::new(most, steps))
}

/// As many as are answered. A machine may be disturbed for a moment, and all rates hang on this one.
fn most(order: &Order, deck: &Deck) -> Result<Measured, BenchError> {
    for _ in 1..TRIES {
        match run_deck(order, deck) {
            Err(BenchError::Bottleneck(_)) => {}
            done => return done,
        }
    }
    run_deck(order, deck)
}

fn of(why: &Bottleneck) -> String {
    match why {
        Bottleneck::Busy { percent } => format!("the load generator was busy {percent:.0} % of the time"),
        Bottleneck::Late { late_us, .. } => format!("the load generator was {late_us:.0} us late at p99"),
        Bottleneck::Short { taken, asked } => format!("the load generator asked {taken} of {asked} questions"),
    }
}
