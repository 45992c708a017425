//! The rhythm of a door: how long a silence is usual.
//!
//! For each weekday a door has a share of days on which something came. A silence is surprising by the sum of
//! -ln(1 - share) over its days: a Sunday on which little ever comes adds nothing, a missing Tuesday much.
//! What always holds: a silence teaches only when it is over, so that it never becomes usual while it lasts.

use crate::day::Day;

/// Sum at which a silence is an alarm: about three working days of a door that has something every day. One or two
/// public holidays stay below it; a week of them is told, once a year.
pub(super) const ALARM_AT: f64 = 7.0;
/// What is left of a weekday's past after a week: ten weeks count.
const KEPT: f64 = 0.9;
/// Calendar days of history before silence is judged.
const DAYS_READY: u16 = 14;

/// 0 for Monday to 6 for Sunday. 1970-01-01 was a Thursday.
pub(super) const fn weekday(day: Day) -> u8 {
    ((day.get() as u32 + 3) % 7) as u8
}

/// When something comes through one door.
#[derive(Clone, Debug)]
pub(super) struct Rhythm {
    first: u16,
    last: u16,
    seen: [f64; 7],
    of: [f64; 7],
}

impl Rhythm {
    pub(super) fn begin(day: Day) -> Self {
        let mut rhythm = Self { first: day.get(), last: day.get(), seen: [0.0; 7], of: [0.0; 7] };
        rhythm.count(day, true);
        rhythm
    }

    fn count(&mut self, day: Day, active: bool) {
        let at = usize::from(weekday(day));
        self.of[at] = self.of[at] * KEPT + 1.0;
        self.seen[at] = self.seen[at] * KEPT + f64::from(u8::from(active));
    }

    /// Something came.
    pub(super) fn add(&mut self, day: Day) {
        if day.get() <= self.last {
            return;
        }
        // Beyond ten weeks of silence nothing of the past is left to teach.
        let from = (self.last + 1).max(day.get().saturating_sub(70));
        (from..day.get()).filter_map(Day::from_stored).for_each(|silent| self.count(silent, false));
        self.count(day, true);
        self.last = day.get();
    }

    /// Days of silence up to and with a day that is over, and how surprising they are. `None` while too little is
    /// known.
    pub(super) fn silence(&self, day: Day) -> Option<(u16, f64)> {
        if self.last.saturating_sub(self.first) < DAYS_READY {
            return None;
        }
        let days = day.get().saturating_sub(self.last);
        let surprise = (1..=days.min(70)).filter_map(|ahead| Day::from_stored(self.last + ahead)).map(|silent| {
            let at = usize::from(weekday(silent));
            -(1.0 - self.seen[at] / (self.of[at] + 1.0)).ln()
        });
        Some((days, surprise.sum()))
    }

    /// The last day on which something came.
    pub(super) const fn last(&self) -> u16 {
        self.last
    }
}
