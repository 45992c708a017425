//! The status board: revision and age of the data, how full the register is, and what was asked of this node.
//!
//! The figures are those of `/metrics` and `saring capacity`; the plots are drawn here, so that a browser needs no script.

use super::{
    Console,
    approvals::refused,
    entry::AlarmView,
    page::{Frame, Signed, grouped, show},
    verdict::Badge,
};
use crate::{
    capacity::{self, LIMIT_DEFAULT, days_left},
    day::Day,
    metrics::Metrics,
    policy::{Reason, Status},
    words::Language,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Counts that are remembered: one each time that figures are kept up, so half an hour.
const COUNTS_MAX: usize = 360;
/// Size of the plot.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;

/// How many checks had been answered, from time to time.
#[derive(Default)]
pub(super) struct Counts(Mutex<VecDeque<(Instant, u64)>>);

impl Counts {
    pub(super) fn take(&self, metrics: &Metrics) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() == COUNTS_MAX {
            counts.pop_front();
        }
        counts.push_back((Instant::now(), metrics.checks()));
    }

    /// Checks a second between two counts, oldest first.
    fn rates(&self) -> Vec<f64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = counts.iter().zip(counts.iter().skip(1));
        pairs
            .map(|(before, after)| (after.1 - before.1) as f64 / (after.0 - before.0).as_secs_f64().max(1e-3))
            .collect()
    }
}

/// The outline of a plot of rates, and its highest value.
fn outline(rates: &[f64]) -> (String, f64) {
    let highest = rates.iter().copied().fold(1.0, f64::max);
    let step = WIDTH / (COUNTS_MAX - 2) as f64;
    let first = WIDTH - step * rates.len().saturating_sub(1) as f64;
    let points = rates.iter().enumerate().fold(String::new(), |mut points, (at, rate)| {
        // Writing to a String cannot fail.
        let _ = write!(points, "{:.1},{:.1} ", first + step * at as f64, HEIGHT - rate / highest * (HEIGHT - 8.0));
        points
    });
    (points, highest)
}

/// A share of the checks.
struct Share {
    badge: Badge,
    count: String,
    percent: String,
    /// Where its bar begins, and how long it is, of 720.
    at: String,
    long: String,
}

struct DoorRow {
    door: String,
    states: Vec<String>,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    revision: String,
    age_seconds: u32,
    moment: String,
    checks: String,
    rate: String,
    highest: String,
    points: String,
    shares: Vec<Share>,
    used: String,
    limit: String,
    percent: String,
    /// Length of the bar, of 720.
    long: String,
    mean: String,
    peak: String,
    days_mean: String,
    days_peak: String,
    doors: Vec<DoorRow>,
    memory: String,
    disk: String,
    alarms: Vec<AlarmView>,
}

/// Days beyond which nobody plans.
const DAYS_MAX: f64 = 36_500.0;
/// Alarms that the board shows.
const ALARMS_MAX: usize = 10;

/// `GET /status`
pub(super) async fn status(State(console): State<Console>, signed: Signed) -> Response {
    let (guest, language) = (&signed.guest, signed.guest.language);
    let read = console.with_register(|registry| {
        let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
        let store = registry.store();
        Ok((capacity::capacity(store, today)?, store.disk_bytes(), store.applied(), store.ledger()))
    });
    let (found, disk, revision, ledger) = match read.await {
        Some(Ok(read)) => read,
        Some(Err(error)) => return refused(guest, &error),
        None => return guest.trouble(StatusCode::SERVICE_UNAVAILABLE, "busy"),
    };
    let metrics = console.metrics();
    let rates = console.counts().rates();
    let (points, highest) = outline(&rates);
    let used = found.total().used();
    let share = used as f64 / LIMIT_DEFAULT as f64;
    let days = |rate: f64| match days_left(used, LIMIT_DEFAULT, rate) {
        None => "–".to_owned(),
        Some(days) if days > DAYS_MAX => format!("> {}", grouped(language, DAYS_MAX as u64)),
        Some(days) => grouped(language, days as u64),
    };
    let doors = found.doors.iter().map(|(door, figures)| DoorRow {
        door: language.door(*door),
        states: figures.states().iter().map(|(_, count)| grouped(language, *count)).collect(),
    });
    let alarms = ledger.alarms().values().rev().take(ALARMS_MAX);
    let alarms = alarms.map(|alarm| AlarmView::of(alarm, language));
    let memory = console.checker().sets().map_or(0, |sets| sets.stats().total_bytes());
    show(&StatusPage {
        frame: Frame::of(guest),
        revision: revision.to_string(),
        // Every node is a primary: it holds everything that was acknowledged.
        age_seconds: 0,
        moment: language.moment(jiff::Timestamp::now().as_second()),
        checks: grouped(language, metrics.checks()),
        rate: grouped(language, rates.last().copied().unwrap_or(0.0) as u64),
        highest: grouped(language, highest as u64),
        points,
        shares: shares(metrics, language),
        used: grouped(language, used),
        limit: grouped(language, LIMIT_DEFAULT),
        percent: decimal(language, share * 100.0, 2),
        long: format!("{:.1}", WIDTH * share.min(1.0)),
        mean: grouped(language, found.growth.mean.max(0.0) as u64),
        peak: grouped(language, found.growth.peak.max(0.0) as u64),
        days_mean: days(found.growth.mean),
        days_peak: days(found.growth.peak),
        doors: doors.collect(),
        memory: mebibytes(language, memory),
        disk: mebibytes(language, disk),
        alarms: alarms.collect(),
    })
}

/// With so many places behind the sign that the language has.
fn decimal(language: Language, number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    if language == Language::Indonesian { text.replace('.', ",") } else { text }
}

fn mebibytes(language: Language, bytes: u64) -> String {
    format!("{} MiB", decimal(language, bytes as f64 / f64::from(1 << 20), 1))
}

/// The share of each status.
fn shares(metrics: &Metrics, language: Language) -> Vec<Share> {
    let of = |status: Status| -> u64 {
        let tallies = metrics.tallies().iter();
        tallies.map(|tally| Reason::ALL.iter().map(|reason| tally.checks_of(status, *reason)).sum::<u64>()).sum()
    };
    let counts: Vec<(Status, u64)> = Status::ALL.iter().map(|status| (*status, of(*status))).collect();
    let all = counts.iter().map(|(_, count)| count).sum::<u64>().max(1) as f64;
    let mut at = 0.0;
    let share = |(status, count): &(Status, u64)| {
        let long = *count as f64 / all * WIDTH;
        let share = Share {
            count: grouped(language, *count),
            badge: Badge::of_outcome(language, *status, Reason::Registered),
            percent: decimal(language, *count as f64 / all * 100.0, 1),
            at: format!("{at:.1}"),
            long: format!("{long:.1}"),
        };
        at += long;
        share
    };
    counts.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_stays_within_its_frame() {
        for rates in [vec![], vec![0.0], vec![0.0, 5e5, 3.0], vec![7.0; COUNTS_MAX - 1]] {
            let (points, highest) = outline(&rates);
            assert!(rates.iter().all(|rate| *rate <= highest));
            let points: Vec<&str> = points.split_whitespace().collect();
            assert_eq!(points.len(), rates.len());
            for point in points {
                let at: Vec<f64> = point.split(',').filter_map(|number| number.parse().ok()).collect();
                assert!((-0.1..=WIDTH).contains(&at[0]) && (0.0..=HEIGHT).contains(&at[1]), "{point}");
            }
        }
    }
}
